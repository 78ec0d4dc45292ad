//! What this machine has: room, time, resolvers, the way out, and what the kernel would give a tunnel of its own.

use super::{Report, Verdict};
use crate::{
	advice,
	config::Config,
	engine::MTU,
	exit::resolver::nameservers,
	net::{dns, DNS_PORT},
};
use hickory_proto::{
	op::{Message, Query},
	rr::{Name, RecordType},
};
use nix::sys::socket::{getsockopt, sockopt::IpMtu};
use std::{
	fs::{self, OpenOptions},
	io,
	net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
	path::Path,
	time::Duration,
};
use tokio::{net::UdpSocket, process::Command};

/// With less room the state cannot grow for long: vouchers, receipts, what others are measured at.
const LITTLE_ROOM: u64 = 1 << 30;
/// With less, hours decide.
const NO_ROOM: u64 = 128 << 20;
/// Each resolver answers by then.
const DNS_PATIENCE: Duration = Duration::from_secs(3);
/// A program of the system answers by then.
const PROGRAM_PATIENCE: Duration = Duration::from_secs(5);
/// What a tunnel's packet has around it: IPv4, UDP and WireGuard, and over IPv6 20 more.
const AROUND: u16 = 60;
const AROUND_V6: u16 = 80;
/// Nobody's: nothing is sent there, the kernel only says which way it would go.
const SOMEWHERE: (Ipv4Addr, u16) = (Ipv4Addr::new(192, 0, 2, 1), 9);
const TUN: &str = "/dev/net/tun";
const RESOLV_CONF: &str = "/etc/resolv.conf";

/// Looks at all of it.
pub(super) async fn look(config: &Config, report: &mut Report) {
	room(&config.node.state, report);
	if config.provide.as_ref().is_some_and(|provide| provide.claim_key.is_some()) {
		resolvers(config, report).await;
	}
	mtu(config.node.bind, report).await;
	kernel(report).await;
}

/// Room on the disk of the state folder, or of the nearest folder above it that is there.
fn room(folder: &Path, report: &mut Report) {
	let Some(there) = folder.ancestors().find(|folder| folder.exists()) else { return };
	let (verdict, detail) = match fs2::available_space(there) {
		Ok(bytes) => said_of_room(bytes, there),
		Err(error) => (
			Verdict::Warning,
			format!("{} cannot be asked: {} ({error})", there.display(), advice::file(&error)),
		),
	};
	report.add("disk", verdict, detail);
}

fn said_of_room(bytes: u64, folder: &Path) -> (Verdict, String) {
	let left = format!("{} MiB free for {}", bytes >> 20, folder.display());
	match bytes {
		..NO_ROOM => (
			Verdict::Failed,
			format!("{left}: vouchers that cannot be written are not served; free some space"),
		),
		NO_ROOM..LITTLE_ROOM => (Verdict::Warning, format!("{left}; free some space")),
		_ => (Verdict::Ok, left),
	}
}

/// Whether customers' names can be looked up.
async fn resolvers(config: &Config, report: &mut Report) {
	let named = config.provide.as_ref().map(|provide| provide.resolver.clone()).unwrap_or_default();
	let asked: Vec<SocketAddr> = match &named[..] {
		[] => nameservers(&fs::read_to_string(RESOLV_CONF).unwrap_or_default()),
		named => named.iter().map(|ip| SocketAddr::new(*ip, DNS_PORT)).collect(),
	};
	if asked.is_empty() {
		let detail = format!(
			"{RESOLV_CONF} names none, so customers can look nothing up; name one as provide.resolver"
		);
		return report.add("DNS", Verdict::Failed, detail);
	}
	let mut good = 0;
	for resolver in &asked {
		match tokio::time::timeout(DNS_PATIENCE, ask(*resolver)).await {
			Ok(Ok(())) => good += 1,
			Ok(Err(error)) => said_of_resolver(*resolver, &error.to_string(), report),
			Err(_) => said_of_resolver(*resolver, "no answer within 3 s", report),
		}
	}
	match good {
		0 => {
			let detail =
				"no resolver answers, so customers can look nothing up: name others as provide.resolver";
			report.add("DNS", Verdict::Failed, detail);
		}
		good => report.add("DNS", Verdict::Ok, format!("{good} of {} resolvers answer", asked.len())),
	}
}

fn said_of_resolver(resolver: SocketAddr, reason: &str, report: &mut Report) {
	let detail = format!(
		"{resolver} does not answer ({reason}): have UDP port 53 let out, or name others as provide.resolver"
	);
	report.add("DNS resolver", Verdict::Warning, detail);
}

/// Asks for the name servers of the root, which nobody's habits show in.
async fn ask(resolver: SocketAddr) -> io::Result<()> {
	let query = Query::query(Name::root(), RecordType::NS);
	let mut question = Message::query();
	question.metadata.id = rand::random();
	question.metadata.recursion_desired = true;
	question.add_query(query.clone());
	let id = question.metadata.id;
	let bytes = dns::write(&question).ok_or_else(|| io::Error::other("the question cannot be written"))?;
	let any: IpAddr =
		if resolver.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
	let socket = UdpSocket::bind((any, 0)).await?;
	socket.connect(resolver).await?;
	socket.send(&bytes).await?;
	let mut room = vec![0; 4_096];
	loop {
		let length = socket.recv(&mut room).await?;
		let answer = room.get(..length).and_then(dns::read);
		if answer.is_some_and(|answer| dns::is_answer(&answer, id, &query)) {
			return Ok(());
		}
	}
}

/// Whether a tunnel's packet fits the interface that leads out.
async fn mtu(bind: IpAddr, report: &mut Report) {
	if bind.is_ipv6() {
		// IPv6 carries 1,280 bytes everywhere, and the kernel says so of no socket before something was too long.
		let detail = format!("IPv6: {} bytes are needed on the way for a customer's packet", MTU + AROUND_V6);
		return report.add("MTU", Verdict::Ok, detail);
	}
	let asked = async {
		let socket = UdpSocket::bind((bind, 0)).await?;
		socket.connect(SOMEWHERE).await?;
		getsockopt(&socket, IpMtu).map_err(io::Error::from)
	};
	let (verdict, detail) = match asked.await {
		Ok(mtu) => said_of_mtu(mtu),
		Err(error) => (
			Verdict::Warning,
			format!("there is no way to the Internet from {bind} ({error}): look at the default route"),
		),
	};
	report.add("MTU", verdict, detail);
}

fn said_of_mtu(mtu: i32) -> (Verdict, String) {
	let needed = MTU + AROUND;
	if mtu >= needed.into() {
		return (Verdict::Ok, format!("{mtu} bytes on the way out, {needed} are needed"));
	}
	let detail = format!(
		"{mtu} bytes on the way out are less than the {needed} that a customer's packet needs: raise the interface's MTU, or take \
		 another line"
	);
	(Verdict::Failed, detail)
}

/// Whether the kernel's part of a tunnel could be used. Nothing fails without it: the exit and the proxy are in userspace.
async fn kernel(report: &mut Report) {
	let tun = match OpenOptions::new().read(true).write(true).open(TUN) {
		Ok(_) => format!("{TUN} can be opened"),
		Err(error) if error.kind() == io::ErrorKind::NotFound => {
			format!("{TUN} is not there (`modprobe tun`)")
		}
		Err(error) => format!("{TUN} cannot be opened ({error}): it takes root or CAP_NET_ADMIN"),
	};
	report.add("TUN", Verdict::Ok, format!("{tun}; needed for a device of its own alone"));
	let mut nft = Command::new("nft");
	let nft = nft.arg("--version").kill_on_drop(true).output();
	let nft = match tokio::time::timeout(PROGRAM_PATIENCE, nft).await {
		Ok(Ok(output)) if output.status.success() => {
			advice::one_line(&String::from_utf8_lossy(&output.stdout))
		}
		Ok(_) | Err(_) => "not found (Debian: package nftables)".into(),
	};
	report.add("nft", Verdict::Ok, format!("{nft}; needed for a device of its own alone"));
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::tasks::Task;

	#[test]
	fn room_should_warn_before_it_fails() {
		let folder = Path::new("/x");
		let verdict = |bytes| said_of_room(bytes, folder).0;
		assert_eq!(
			[2 << 30, 1 << 30, (1 << 30) - 1, 128 << 20, (128 << 20) - 1].map(verdict),
			[Verdict::Ok, Verdict::Ok, Verdict::Warning, Verdict::Warning, Verdict::Failed]
		);
		let mut report = Report::default();
		room(Path::new("/nowhere/at/all"), &mut report);
		assert!(report.0[0].detail.ends_with("free for /"), "{:?}", report.0);
	}

	#[test]
	fn mtu_should_fail_when_a_customers_packet_does_not_fit() {
		assert_eq!(said_of_mtu(1_500).0, Verdict::Ok);
		assert_eq!(said_of_mtu((MTU + AROUND).into()).0, Verdict::Ok);
		let (verdict, detail) = said_of_mtu((MTU + AROUND - 1).into());
		assert!(verdict == Verdict::Failed && detail.contains("raise the interface's MTU"), "{detail}");
	}

	#[tokio::test]
	async fn resolver_should_be_good_when_it_answers_and_named_when_it_does_not() {
		let (good, silent) =
			(UdpSocket::bind("127.0.0.1:0").await.unwrap(), UdpSocket::bind("127.0.0.1:0").await.unwrap());
		let address = good.local_addr().unwrap();
		let _answers = Task::spawn("resolver", async move {
			let mut room = [0; 512];
			while let Ok((length, from)) = good.recv_from(&mut room).await {
				let mut answer = dns::read(&room[..length]).unwrap();
				assert!(answer.queries[0].name().is_root(), "no name of anybody's is asked for");
				answer.metadata.message_type = hickory_proto::op::MessageType::Response;
				good.send_to(&dns::write(&answer).unwrap(), from).await.unwrap();
			}
		});
		ask(address).await.unwrap();
		let asked = ask(silent.local_addr().unwrap());
		assert!(tokio::time::timeout(Duration::from_millis(200), asked).await.is_err());
		let mut report = Report::default();
		said_of_resolver(address, "no answer within 3 s", &mut report);
		assert!(report.0[0].detail.contains("name others as provide.resolver"), "{:?}", report.0);
	}
}
