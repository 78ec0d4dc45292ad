//! What leaves a customer's machine, captured on the wire: a customer with the kill switch in a network namespace, its router in
//! another, and a provider in a third. WireGuard, control plane, payments, exit, firewall and routes are real; the chain is a struct
//! and a file.

#[path = "../connect/chain.rs"]
#[allow(dead_code, reason = "shared with another binary of tests")]
mod chain;
mod ground;
mod lab;
mod wire;

use ground::{until, Ground, ADDRESS, BEFORE, FOLDER, ROLE};
use lab::{Lab, TUN};
use std::{
	collections::BTreeMap,
	fs,
	io::Write,
	net::{Ipv4Addr, TcpListener},
	path::{Path, PathBuf},
	process::Command,
	time::Duration,
};
use wire::{is_leak, Wire, NODE};

/// Where the provider is first,
const FIRST: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 2);
/// and where it goes.
const SECOND: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 3);
/// One that is gone through before it, of another network.
const ENTRY: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 2);
/// How long each state is watched.
const WATCH: Duration = Duration::from_secs(3);

/// Plays a part, if this process is to; whether it did.
fn play() -> bool {
	let Ok(role) = std::env::var(ROLE) else { return false };
	let folder = PathBuf::from(std::env::var(FOLDER).unwrap());
	let what = std::env::var(ADDRESS).unwrap();
	match role.as_str() {
		"provider" => lab::provider(&folder, &what),
		"customer" => lab::customer(&folder, &what),
		"programs" => lab::programs(&folder),
		"node" => lab::node_answers(),
		_ => panic!("no part {role}"),
	}
	true
}

/// A node of the chain: it says two letters to whoever comes.
fn listen_as_node(namespace: &str) {
	let namespace = namespace.to_owned();
	std::thread::spawn(move || {
		wire::enter(&namespace);
		let listener = TcpListener::bind(NODE).unwrap();
		for client in listener.incoming() {
			let _ = client.and_then(|mut client| client.write_all(b"ok"));
		}
	});
}

/// Why there is nothing to test here; where CI is set, that is a failure.
fn skipped() -> bool {
	let Some(why) = ground::lacks() else { return false };
	eprintln!("SKIPPED: what leaves the customer's machine is not tested: {why}");
	assert!(std::env::var_os("CI").is_none(), "CI may skip nothing: {why}");
	true
}

struct Story {
	ground: Ground,
	wire: Wire,
	folder: PathBuf,
}

impl Story {
	fn phase(&self) -> String {
		let text = fs::read_to_string(self.folder.join("status")).unwrap_or_default();
		let status = serde_json::from_str::<serde_json::Value>(&text).unwrap_or_default();
		status["phase"].as_str().unwrap_or_default().to_owned()
	}

	fn fetched(&self) -> u64 {
		fs::read_to_string(self.folder.join("fetched")).ok().and_then(|text| text.parse().ok()).unwrap_or(0)
	}

	fn is_locked(&self) -> bool {
		self.ground.inside(&self.ground.customer, "nft list table inet weir_tunnel").is_some()
	}

	/// Of the provider at `address`.
	fn customer(&self, address: Ipv4Addr) -> ground::Playing {
		self.customer_of(&format!("0@{address}"))
	}

	fn customer_of(&self, providers: &str) -> ground::Playing {
		let _ = fs::remove_file(self.folder.join("status"));
		self.ground.play(&self.ground.customer, "customer", &self.folder, providers)
	}

	fn provider(&self, address: Ipv4Addr) -> ground::Playing {
		self.provider_of(&format!("0@{address}"))
	}

	fn provider_of(&self, providers: &str) -> ground::Playing {
		self.ground.play(&self.ground.provider, "provider", &self.folder, providers)
	}

	/// Ends a kill switch by hand; whether there was one that might be.
	fn clear(&self) -> bool {
		let clear = format!("{} firewall clear", env!("CARGO_BIN_EXE_weir-tunnel"));
		self.ground.inside(&self.ground.customer, &clear).is_some()
	}

	/// Packet size of the device.
	fn mtu(&self) -> String {
		let path = format!("cat /sys/class/net/{TUN}/mtu");
		self.ground.inside(&self.ground.customer, &path).unwrap_or_default().trim().to_owned()
	}

	/// Programs get on: they look a name up, and fetch.
	fn must_fetch(&self, what: &str) {
		let before = self.fetched();
		until(what, || self.fetched() >= before + 3);
	}

	/// Nothing may have left since the last look.
	fn must_be_tight(&self, what: &str) -> BTreeMap<String, u64> {
		let seen = self.wire.look();
		println!("{what}: {seen:?}");
		let leaks = seen.keys().filter(|kind| is_leak(kind)).collect::<Vec<_>>();
		assert!(leaks.is_empty(), "{what}: {leaks:?} of {seen:?}");
		seen
	}

	fn watch(&self, what: &str) -> BTreeMap<String, u64> {
		std::thread::sleep(WATCH);
		self.must_be_tight(what)
	}

	/// What programs send leaves as it is: the capture sees what there is to see.
	fn must_leak(&self, what: &str) {
		self.wire.look();
		std::thread::sleep(WATCH);
		let seen = self.wire.look();
		println!("{what}: {seen:?}");
		assert!(seen.get("LEAK in clear text").is_some_and(|count| *count > 50), "{what}: {seen:?}");
		for leak in ["LEAK IPv4 protocol 6 to 9.9.9.9:853", "LEAK IPv6 protocol 6 to 2001:db8:77::1"] {
			assert!(seen.contains_key(leak), "{what}: no {leak} in {seen:?}");
		}
	}
}

#[test]
fn nothing_should_leave_beside_the_tunnel_whatever_happens() {
	if play() || skipped() {
		return;
	}
	let folder = tempfile::tempdir().unwrap();
	for provider in ["0@198.51.100.2", "1@203.0.113.2"] {
		Lab::new(folder.path(), provider).make_keys();
	}
	let ground = Ground::new();
	let wire = Wire::tap(&ground.wire, &[FIRST]);
	listen_as_node(&ground.wire);
	let story = Story { ground, wire, folder: folder.path().into() };
	let Story { ground, wire, .. } = &story;
	let provider = story.provider(FIRST);
	let _programs = ground.play(&ground.customer, "programs", &story.folder, "");

	// Without the kill switch.
	story.must_leak("without a kill switch");
	assert_eq!(story.fetched(), 0, "the name is known to the exit alone");

	let customer = story.customer(FIRST);
	until("connected", || story.phase() == "connected");
	story.must_fetch("programs use the tunnel, its resolver included");
	wire.look();
	story.must_fetch("while nothing else leaves");
	assert_eq!(story.mtu(), "1280");
	let seen = story.watch("connected");
	assert!(seen["WireGuard to the entry"] > 20, "{seen:?}");
	let node = ground.inside(&ground.customer, &node_command(&story.folder));
	assert!(node.is_some(), "the chain is reached beside the tunnel");
	assert!(story.must_be_tight("a node of the chain is asked").contains_key("node of the chain"));

	// kill -9, and what is left of it.
	customer.kill();
	story.watch("after kill -9");
	assert!(story.is_locked());
	let customer = story.customer(FIRST);
	until("connected again", || story.phase() == "connected");
	story.must_fetch("programs use the tunnel after a crash");
	story.watch("started after kill -9");

	// The cable.
	ground::ip(&format!("-n {} link set eth0 down", ground.customer));
	std::thread::sleep(Duration::from_secs(2));
	ground.plug_in();
	story.must_fetch("programs use the tunnel after the link has flapped");
	story.must_be_tight("link down and up");

	// Somebody names another resolver: a DHCP client.
	fs::write(ground.resolv_conf(), "nameserver 9.9.9.9\n").unwrap();
	story.watch("resolver changed");
	until("ours again", || {
		fs::read_to_string(ground.resolv_conf()).is_ok_and(|text| text.contains("100.64.0.1"))
	});
	fs::write(ground.resolv_conf(), BEFORE).unwrap();
	story.must_fetch("programs use the exit's resolver");
	story.must_be_tight("resolver changed back");

	for round in 0..2 {
		ground.ipv6_off();
		story.watch(&format!("IPv6 off, round {round}"));
		ground.ipv6_on();
		story.watch(&format!("IPv6 on, round {round}"));
	}

	// Somebody flushes all tables. A moment is open until that is seen, which is not ours to close.
	assert!(ground.inside(&ground.customer, "nft flush ruleset").is_some());
	until("the table is there again", || story.is_locked());
	wire.look();
	story.watch("tables flushed and set again");

	provider.kill();
	until("it is seen to be gone", || story.phase() == "reconnecting");
	story.watch("provider killed");
	// It comes back elsewhere.
	fs::write(story.folder.join("moved"), SECOND.to_string()).unwrap();
	let _provider = story.provider(SECOND);
	wire.allow(&[FIRST, SECOND], false);
	until("connected elsewhere", || story.phase() == "connected");
	story.must_fetch("programs use another entry");
	story.must_be_tight("entry switched");
	wire.allow(&[SECOND], false);
	story.watch("connected to the other entry");

	// What it is stopped with, it undoes.
	assert!(customer.stop(), "it ends well");
	assert!(!story.is_locked());
	assert_eq!(fs::read_to_string(ground.resolv_conf()).unwrap(), BEFORE);
	let rules = ground.inside(&ground.customer, "ip rule").unwrap();
	assert!(!rules.contains("206"), "{rules}");
	story.must_leak("stopped");

	// What cannot undo it is undone by hand.
	let customer = story.customer(SECOND);
	until("connected after a stop", || story.phase() == "connected");
	assert!(!story.clear(), "not while it runs");
	customer.kill();
	assert!(story.is_locked() && story.clear() && !story.is_locked());
	assert_eq!(fs::read_to_string(ground.resolv_conf()).unwrap(), BEFORE);
	story.must_leak("cleared");

	// Two hops, and the local network.
	fs::remove_file(story.folder.join("moved")).unwrap();
	let hops = format!("1@{ENTRY},0@{SECOND}");
	let _entry = story.provider_of(&hops);
	let mut customer = story.customer_of(&format!("{hops}+lan"));
	until("connected by two hops", || story.phase() == "connected");
	story.must_fetch("programs use two hops");
	assert_eq!(story.mtu(), "1205");
	wire.allow(&[ENTRY], true);
	wire.look();
	let seen = story.watch("two hops, and the local network allowed");
	assert!(seen["WireGuard to the entry"] > 20 && seen["local network"] > 20, "{seen:?}");
	wire.allow(&[ENTRY], false);

	// Without its device the process ends, and the lock stays.
	ground::ip(&format!("-n {} link del {TUN}", ground.customer));
	assert!(!customer.ended(), "with an error");
	wire.allow(&[ENTRY], true);
	wire.look();
	story.watch("the device was removed");
	assert!(story.is_locked() && story.clear());
}

/// Runs this binary as a program that asks a node of the chain.
fn node_command(folder: &Path) -> String {
	let (binary, folder) = (std::env::current_exe().unwrap(), folder.display());
	format!("env {ROLE}=node {FOLDER}={folder} {ADDRESS}=- {} --exact {}", binary.display(), ground::TEST)
}

#[test]
fn connect_should_name_the_proxy_when_it_may_not_have_a_device() {
	if skipped() {
		return;
	}
	let mut command = Command::new("setpriv");
	command.args(["--bounding-set=-net_admin", "--inh-caps=-net_admin", env!("CARGO_BIN_EXE_weir-tunnel")]);
	let output = command.args(["connect", "--tun", "--key", "/nonexistent"]).output().unwrap();
	let said = String::from_utf8(output.stderr).unwrap();
	assert_eq!((output.status.code(), said.lines().count()), (Some(1), 1), "{said}");
	assert!(said.contains("root or CAP_NET_ADMIN") && said.contains("--socks"), "{said}");
	assert!(!Path::new("/sys/class/net").join(TUN).exists());
}
