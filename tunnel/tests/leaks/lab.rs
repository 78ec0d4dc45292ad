//! The provider that the chain knows, and what plays in the other processes: provider, customer, and programs that want out.

use super::{
	chain::{LabChain, DEPOSIT, PRICE},
	wire::{NODE, PORT, SECRET},
};
use nix::sys::socket::{setsockopt, sockopt};
use std::{
	io::{Read, Write},
	net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, ToSocketAddrs, UdpSocket},
	path::{Path, PathBuf},
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc,
	},
	time::Duration,
};
use subxt_signer::sr25519::Keypair as Signer;
use tokio::{io::AsyncWriteExt, sync::mpsc};
use weir_primitives::{chain::AccountId, Endpoint};
use weir_tunnel::{
	chain::Account,
	connect::{Budget, Connection, Ending, Machine, Settings, Whole, Whom},
	engine::Caps,
	exit::{Exit, Limits, Policy, Resolver},
	keys,
	provide::{self, Bound, Outlet, Paid},
	store::Store,
};

/// The server's name, as the exit's resolver has it.
const NAME: &str = "files.example.org";
/// Where it is: the provider reaches it, and so would the customer without a tunnel.
const SERVER: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 80);
/// What it sends.
const BYTES: usize = 64 << 10;
/// The device's name.
pub(crate) const TUN: &str = "weir-leaks";

/// A provider of these tests.
pub(crate) struct Lab {
	folder: PathBuf,
	number: u8,
	address: Ipv4Addr,
}

impl Lab {
	/// Of `number@address`.
	pub(crate) fn new(folder: &Path, what: &str) -> Self {
		let (number, address) = what.split_once('@').unwrap();
		Self { folder: folder.into(), number: number.parse().unwrap(), address: address.parse().unwrap() }
	}

	/// Of a list.
	fn all(folder: &Path, what: &str) -> Vec<Self> {
		what.split(',').map(|what| Self::new(folder, what)).collect()
	}

	/// Keys of the provider, once for all processes.
	pub(crate) fn make_keys(&self) {
		for (name, seed) in [("identity.key", 1), ("probe.key", 101)] {
			keys::write_seed(&self.provider_state().join(name), &[seed + self.number; 32]).unwrap();
		}
	}

	fn provider_state(&self) -> PathBuf {
		self.folder.join(format!("provider{}", self.number))
	}

	pub(crate) fn provider_account(&self) -> AccountId {
		[7 + self.number; 32].into()
	}

	pub(crate) fn country(&self) -> [u8; 2] {
		*[b"DE", b"NL"][usize::from(self.number)]
	}

	pub(crate) fn endpoint(&self) -> Endpoint {
		Endpoint::V4 { addr: self.address.octets(), port: PORT }
	}

	pub(crate) fn peer_id(&self) -> Vec<u8> {
		let identity = keys::load_identity(&self.provider_state().join("identity.key")).unwrap();
		identity.public().to_peer_id().to_bytes()
	}
}

fn chain(folder: &Path, labs: &[Lab]) -> Arc<LabChain> {
	let labs = labs.iter().collect::<Vec<_>>();
	Arc::new(LabChain::of(&labs).kept_in(folder.join("channels")))
}

fn runtime() -> tokio::runtime::Runtime {
	tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap()
}

struct LabExit(Exit);

impl Outlet for LabExit {
	fn take(&mut self, packet: Vec<u8>) {
		self.0.take(packet);
	}

	fn forget(&mut self, guest: Ipv4Addr) {
		self.0.forget(guest);
	}
}

/// The first provider of a list, with a userspace exit, its resolver and the server. It lets guests on to the others.
pub(crate) fn provider(folder: &Path, what: &str) {
	let labs = Lab::all(folder, what);
	let lab = &labs[0];
	runtime().block_on(async {
		let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
		let resolver = socket.local_addr().unwrap();
		tokio::spawn(answer_questions(socket));
		tokio::spawn(serve_files());
		let (chain, state) = (chain(folder, &labs), lab.provider_state());
		let settings = provide::Settings {
			bind: lab.address.into(),
			port: PORT,
			caps: Caps::default(),
			account: lab.provider_account(),
			probe: keys::load_probe(&state.join("probe.key")).unwrap(),
			identity: keys::load_identity(&state.join("identity.key")).unwrap(),
		};
		let open = move |registered: provide::Registration, to_guests: mpsc::Sender<Vec<u8>>| {
			let reachable = vec!["203.0.113.0/24".parse()?, "198.51.100.0/24".parse()?];
			let policy = Policy::new(registered.exit, vec![], [], reachable);
			let exit = Exit::start(policy, Limits::default(), Resolver::new(vec![resolver])?, to_guests);
			Ok(Box::new(LabExit(exit)) as Box<dyn Outlet>)
		};
		let claim = Account::of(Signer::from_secret_key([9; 32]).unwrap());
		let paid = Paid {
			payments: chain.clone(),
			claim,
			sessions: 4,
			month_gb: 0,
			hours: Default::default(),
			switch: Arc::new(provide::Switch::open(&state)),
			exit: Box::new(open),
		};
		let bound = Bound::bind(settings).await.unwrap();
		let store = Arc::new(Store::open(&state).unwrap());
		let _provider = bound.serve(chain, store, Arc::default(), Some(paid));
		std::future::pending::<()>().await;
	});
}

/// Says where [`NAME`] is, and that there is no other name.
async fn answer_questions(socket: tokio::net::UdpSocket) {
	let mut buffer = [0; 1_500];
	loop {
		let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
		let question = &buffer[..length];
		let labels = question[12..].iter().position(|byte| *byte == 0).unwrap();
		let end = 12 + labels + 1 + 4;
		let asked = question[12..12 + labels].to_ascii_lowercase();
		let name = NAME.split('.').flat_map(|label| [&[label.len() as u8], label.as_bytes()].concat());
		let is_known = asked == name.collect::<Vec<_>>();
		let answers = u8::from(is_known && question[end - 4..end] == [0, 1, 0, 1]);
		let code = if is_known { 0x80 } else { 0x83 };
		let header = [&question[..2], &[0x81, code, 0, 1, 0, answers, 0, 0, 0, 0]].concat();
		let mut answer = [&header[..], &question[12..end]].concat();
		if answers == 1 {
			answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
			answer.extend(SERVER.octets());
		}
		socket.send_to(&answer, from).await.unwrap();
	}
}

async fn serve_files() {
	// Another provider may have begun.
	let Ok(listener) = tokio::net::TcpListener::bind((SERVER, 80)).await else { return };
	loop {
		let (mut client, _) = listener.accept().await.unwrap();
		tokio::spawn(async move {
			// Whoever asked may have gone.
			let _ = client.write_all(&[7; BYTES]).await;
		});
	}
}

/// A customer that takes its whole machine through the providers of a list, until it is told to stop. Its status is in a file.
pub(crate) fn customer(folder: &Path, what: &str) {
	let (labs, lan) = what.strip_suffix("+lan").map_or((what, false), |labs| (labs, true));
	let labs = Lab::all(folder, labs);
	let exit = labs.last().unwrap();
	runtime().block_on(async {
		let mut terminate =
			tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).unwrap();
		let whole = Whole { tun: TUN.into(), lan, chain: vec![NODE.into()] };
		let machine = Arc::new(Machine::lock(&whole).await.unwrap());
		let settings = Settings {
			whom: Whom::Account(exit.provider_account()),
			hops: labs.len(),
			is_disguised: false,
			budget: Budget { deposit: DEPOSIT, most_price: PRICE },
			socks: ([127, 0, 0, 1], 0).into(),
			socks_open: false,
			state: folder.join("customer"),
		};
		let account = Account::of(Signer::from_secret_key([3; 32]).unwrap());
		let started =
			Connection::start_for(Some(machine.clone()), settings, chain(folder, &labs), account).await;
		let mut connection = started.unwrap();
		let mut status = connection.status();
		let shown = folder.join("status");
		let show = tokio::spawn(async move {
			loop {
				let now = serde_json::to_string(&*status.borrow_and_update()).unwrap();
				std::fs::write(&shown, now).unwrap();
				if status.changed().await.is_err() {
					return;
				}
			}
		});
		tokio::select! {
			_ = terminate.recv() => {}
			error = machine.failed() => panic!("{error}"),
		}
		let stopped = connection.stop().await;
		assert!(matches!(stopped.ending, Ending::Asked), "{stopped:?}");
		assert!(!machine.finish(true).await.unwrap());
		show.abort();
	});
}

/// Programs that want out: those that use the tunnel, and those that go around it if they can. Counts are in a file.
pub(crate) fn programs(folder: &Path) {
	let fetched = Arc::new(AtomicU64::new(0));
	let count = fetched.clone();
	std::thread::spawn(move || loop {
		if fetch().is_some() {
			count.fetch_add(1, Ordering::Relaxed);
		}
		std::thread::sleep(Duration::from_millis(200));
	});
	let counted = folder.join("fetched");
	loop {
		try_everything();
		std::fs::write(&counted, fetched.load(Ordering::Relaxed).to_string()).unwrap();
		std::thread::sleep(Duration::from_millis(50));
	}
}

/// A file, by name.
fn fetch() -> Option<()> {
	let address = (NAME, 80).to_socket_addrs().ok()?.next()?;
	let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(2)).ok()?;
	stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
	let mut content = Vec::new();
	stream.read_to_end(&mut content).ok()?;
	assert!(content.len() <= BYTES && content.iter().all(|byte| *byte == 7));
	(content.len() == BYTES).then_some(())
}

/// What must not arrive: errors are what is hoped for.
fn try_everything() {
	let datagrams: [(&str, &str); 10] = [
		("0.0.0.0:0", "9.9.9.9:53"),
		("0.0.0.0:0", "192.168.77.1:53"),
		("0.0.0.0:0", "192.168.77.9:4000"),
		("0.0.0.0:0", "192.168.77.255:4000"),
		("0.0.0.0:0", "224.0.0.251:5353"),
		("192.168.77.2:0", "203.0.113.80:4000"),
		// The provider's own port, without our mark.
		("0.0.0.0:0", "198.51.100.2:9600"),
		("0.0.0.0:0", "198.51.100.1:9944"),
		("[::]:0", "[2001:db8:77::1]:53"),
		("[::]:0", "[2001:db8:ffff::1]:4000"),
	];
	for (from, to) in datagrams {
		let Ok(socket) = UdpSocket::bind(from) else { continue };
		let _ = socket.set_broadcast(true);
		let _ = socket.send_to(SECRET, to);
	}
	// A program that names the device.
	if let Ok(socket) = UdpSocket::bind("0.0.0.0:0") {
		let _ = setsockopt(&socket, sockopt::BindToDevice, &"eth0".into());
		let _ = socket.send_to(SECRET, "9.9.9.9:53");
	}
	for to in ["9.9.9.9:853", "192.168.77.1:80", "198.51.100.2:22", "[2001:db8:77::1]:443"] {
		let to = to.parse::<SocketAddr>().unwrap();
		if let Ok(mut stream) = TcpStream::connect_timeout(&to, Duration::from_millis(30)) {
			let _ = stream.write_all(SECRET);
		}
	}
}

/// Whether the node of the chain answers a program of this namespace.
pub(crate) fn node_answers() {
	let to = SocketAddr::from((IpAddr::from(NODE.0), NODE.1));
	let mut stream = TcpStream::connect_timeout(&to, Duration::from_secs(5)).unwrap();
	let mut answer = [0; 2];
	stream.read_exact(&mut answer).unwrap();
	assert_eq!(&answer, b"ok");
}
