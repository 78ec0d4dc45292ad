//! A WireGuard that is none of ours carries a paid tunnel: wireguard-go, set up by `wg` with what is written for it.

use super::{
	lab::{hash, Files, Lab},
	links::inside,
	remote::ChainServer,
	roles::{kept, CustomerPlace, Process, ProviderPlace, Role},
};
use std::{
	net::Ipv4Addr,
	path::PathBuf,
	process::{Child, Command, Stdio},
	time::Duration,
};
use weir_primitives::economy::Credits;
use weir_tunnel::connect::{Ending, Phase, Stock, Tunnel};
use weir_tunnel_core::session::window;

/// Where the file is, outside the loopback: the client is in another namespace.
const SERVER: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 10);
const BYTES: u64 = 24 << 20;

/// Killed when dropped.
struct Ours(Child);

impl Drop for Ours {
	fn drop(&mut self) {
		let _ = self.0.kill();
		let _ = self.0.wait();
	}
}

/// The one named, that of the path, or that in the cache of the scripts.
fn wireguard_go() -> Option<PathBuf> {
	let named = std::env::var_os("WIREGUARD_GO").map(PathBuf::from);
	let path = std::env::var_os("PATH").unwrap_or_default();
	let found = std::env::split_paths(&path).map(|folder| folder.join("wireguard-go"));
	let caches = [
		std::env::var_os("WEIR_CACHE").map(PathBuf::from),
		std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache/weir")),
	];
	let cached = caches.into_iter().flatten().map(|cache| cache.join("wireguard-go/usr/bin/wireguard-go"));
	named.into_iter().chain(cached).chain(found).find(|program| program.is_file())
}

fn sh(script: &str) {
	let done = Command::new("sh").args(["-ec", script]).status().unwrap();
	assert!(done.success(), "{script}");
}

async fn carries(interface: Option<&str>) {
	let lab = Lab::in_network(60, 10).await;
	let server = ChainServer::of(&[&lab]).await;
	let files = Files::start(SERVER).await;
	let mut place = ProviderPlace::of(&lab, &server);
	place.open.push("198.51.100.0/24".into());
	let provider = place.provide(server.remote()).await;
	let customer = CustomerPlace::of(&lab, &server, 1);
	let folder = tempfile::tempdir().unwrap();
	let file = folder.path().join("weir0.conf");
	let stock = Stock { file: file.clone(), interface: interface.map(str::to_owned) };
	let mut tunnel =
		Tunnel::start(customer.settings(), server.remote(), customer.account(), stock).await.unwrap();
	let status = tunnel.status();
	super::lab::until("connected", || status.borrow().phase == Phase::Connected).await;
	assert!(status.borrow().note.as_ref().is_some_and(|note| note.contains("wg-quick up")));

	// Its socket is here; its device goes to where nothing else leads out.
	let log = std::fs::File::create(folder.path().join("go")).unwrap();
	let mut command = Command::new(wireguard_go().expect("looked for before"));
	command.args(["-f", "weir0"]).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
	let _go = Ours(command.spawn().unwrap());
	let away = Ours(Command::new("unshare").args(["--net", "sleep", "600"]).spawn().unwrap());
	let pid = away.0.id();
	for _ in 0..100 {
		let made = Command::new("wg").args(["show", "weir0"]).output().unwrap().status.success();
		let namespace = |pid: &str| std::fs::read_link(format!("/proc/{pid}/ns/net")).unwrap();
		if made && namespace(&pid.to_string()) != namespace("self") {
			break;
		}
		tokio::time::sleep(Duration::from_millis(50)).await;
	}
	let text = std::fs::read_to_string(&file).unwrap();
	let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
	let (path, inside) = (file.display(), format!("nsenter -t {pid} -n"));
	sh(&format!(
		"wg-quick strip {path} > {path}.wg\nwg setconf weir0 {path}.wg\nip link set weir0 netns {pid}\n\
		 {inside} ip address add {address} dev weir0\n{inside} ip link set weir0 mtu {mtu} up\n\
		 {inside} ip route add default dev weir0",
		address = value("Address = "),
		mtu = value("MTU = "),
	));
	let pid = pid.to_string();
	let fetcher = Process::start_as(
		&Role::Fetcher(format!("{SERVER}:{}", files.port()), 5, BYTES),
		&["nsenter", "-t", &pid, "-n", "--"],
	);
	let received = tokio::task::block_in_place(|| fetcher.wait_for("fetched "));
	assert_eq!(received, hex::encode(hash(&Files::content(5, BYTES))));
	tokio::time::sleep(Duration::from_millis(1_200)).await;
	let stopped = tunnel.stop().await;
	assert!(matches!(stopped.ending, Ending::Asked), "{stopped:?}");
	provider.stop().await;

	let record = kept(&place).await;
	let charge = |bytes: u64| -> Credits {
		weir_math::economy::channel::charge(bytes, 0, super::chain::PRICE).unwrap()
	};
	let (owed, paid) = (charge(record.served.total()), server.chain.paid());
	println!("interface {interface:?}: {stopped:?}; served {:?}, owed {owed}, paid {paid}", record.served);
	assert!(record.served.total() > BYTES);
	assert_eq!(paid, stopped.hops[0].spent);
	// And at first for a window ahead, by the rate of then, which is not used up here.
	let ahead = charge(window::MOST_BYTES);
	assert!(paid >= owed - owed / 50 && paid <= owed + owed / 20 + ahead, "{paid} paid, {owed} owed");
}

#[tokio::test(flavor = "multi_thread")]
async fn wireguard_go_should_carry_a_paid_tunnel_that_is_paid_by_the_providers_count() {
	run("stock::wireguard_go_should_carry_a_paid_tunnel_that_is_paid_by_the_providers_count", None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wireguard_go_should_carry_a_paid_tunnel_that_is_paid_by_its_own_count() {
	run("stock::wireguard_go_should_carry_a_paid_tunnel_that_is_paid_by_its_own_count", Some("weir0")).await;
}

async fn run(name: &str, interface: Option<&str>) {
	let has_wg = Command::new("wg").arg("--version").output().is_ok();
	if wireguard_go().is_none() || !has_wg {
		println!("skipped {name}: it needs wireguard-go and wg (wireguard-tools)");
		assert!(std::env::var_os("CI").is_none(), "CI may skip nothing");
		return;
	}
	if inside(name, &format!("ip address add {SERVER}/32 dev lo\nmkdir -p /var/run/wireguard")) {
		carries(interface).await;
	}
}
