//! How an exit by the kernel begins and ends, and what a guest may have of it.

use crate::{
	guests::{policy, unlimited, Guests, GUEST, OTHER_GUEST},
	lab::{self, Capture, Lab, Links, SERVER},
	packets::{destination, segment, syn, udp},
};
use std::{
	env,
	io::Read,
	net::{Ipv4Addr, SocketAddrV4, UdpSocket},
	process::{Command, Stdio},
	sync::Arc,
	thread,
	time::Duration,
};
use tokio::sync::mpsc;
use weir_primitives::ExitClass;
use weir_tunnel::exit::{counters::Event, KernelExit, Kind, Limits, Policy, Resolver};

const CHILD: &str = "WEIR_TEST_KILLED_EXIT";

fn tables(lab: &Lab) -> Vec<String> {
	let tables = lab.host.output("nft list tables");
	tables.lines().filter(|line| line.contains("weir_exit")).map(str::to_owned).collect()
}

fn links(lab: &Lab) -> usize {
	lab.host.output("ip -o link").lines().filter(|line| line.contains("weirx")).count()
}

/// What forwards on the host: its line, its local network.
fn forwards(lab: &Lab) -> [String; 2] {
	[lab.host.switch("conf/wan/forwarding"), lab.host.switch("conf/lan/forwarding")]
}

#[test]
fn host_should_be_as_before_when_the_exit_is_closed() {
	if !lab::is_possible("clean removal") {
		return;
	}
	let lab = Lab::build();
	let look = |lab: &Lab| {
		["nft list ruleset", "ip -o link", "ip -o address", "ip route show table all", "ip rule"]
			.map(|command| lab.host.output(command))
	};
	let before = look(&lab);
	let exit = Guests::behind(&lab.host, Kind::Kernel, ExitClass::Open, Limits::default());
	assert_eq!((tables(&lab).len(), links(&lab)), (1, 1));
	// As far as it is needed and no further.
	assert_eq!((forwards(&lab), lab.host.switch("ip_forward")), (["1".into(), "0".into()], "0".into()));
	// A second one does not take the first one's way.
	let second = Guests::behind(&lab.host, Kind::Kernel, ExitClass::Web, Limits::default());
	assert_eq!((tables(&lab).len(), links(&lab)), (2, 2));
	exit.close(&lab.host);
	assert_eq!(forwards(&lab), ["1", "0"]);
	second.close(&lab.host);
	assert_eq!((look(&lab), forwards(&lab)), (before, ["0".into(), "0".into()]));
}

#[test]
fn host_should_forward_nothing_else_when_an_exit_is_open() {
	if !lab::is_possible("forwarding") {
		return;
	}
	let lab = Lab::build();
	// A machine on the provider's line takes the host for a router into its local network.
	lab.internet.ip("route add 192.168.7.0/24 via 81.2.69.2");
	let capture = Capture::start(&lab.lan, Links::Others);
	let try_it = || {
		capture.take();
		lab.internet.run(async {
			let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
			socket.send_to(b"in", ("192.168.7.10", 9_999)).unwrap();
		});
		thread::sleep(Duration::from_millis(200));
		capture.take().iter().any(|packet| destination(packet) == Some(lab::PRINTER))
	};
	assert!(!try_it());
	let guests = Guests::behind(&lab.host, Kind::Kernel, ExitClass::Open, Limits::default());
	assert!(!try_it(), "what the host did not forward before it does not forward now");
	guests.close(&lab.host);
	// Who is a router stays one.
	lab.host.run(async { std::fs::write("/proc/sys/net/ipv4/ip_forward", "1").unwrap() });
	assert!(try_it());
	let guests = Guests::behind(&lab.host, Kind::Kernel, ExitClass::Open, Limits::default());
	assert!(try_it());
	guests.close(&lab.host);
	assert!(try_it());
}

/// What holds when the policy errs: it knows nothing of the host, and takes guests' addresses for public ones.
#[test]
fn host_and_guests_should_hear_nothing_when_the_policy_lets_it_out() {
	if !lab::is_possible("second line") {
		return;
	}
	let lab = Lab::build();
	let everything = || Policy::new(ExitClass::Open, vec![], [], vec!["100.96.0.0/11".parse().unwrap()]);
	let guests = Guests::with(&lab.host, Kind::Kernel, everything, unlimited());
	let socket = lab.host.run(async { UdpSocket::bind("0.0.0.0:9700").unwrap() });
	socket.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
	let source = SocketAddrV4::new(GUEST, 5_000);
	let on_link = Capture::start(&lab.host, Links::OfExits);
	let to_host = udp(source, SocketAddrV4::new(lab::PUBLIC, 9_700), b"guest");
	let to_guest = udp(source, SocketAddrV4::new(OTHER_GUEST, 9_700), b"guest");
	guests.send(&lab.host, vec![to_host, to_guest]);
	lab::until("the exit lets it out", || {
		on_link.take().iter().any(|packet| destination(packet) == Some(lab::PUBLIC))
	});
	assert!(socket.recv(&mut [0; 16]).is_err(), "the host hears a guest");
	assert!(!guests.heard().iter().any(|packet| destination(packet) == Some(OTHER_GUEST)));
	// It would hear others.
	lab.internet.run(async {
		UdpSocket::bind("0.0.0.0:0").unwrap().send_to(b"other", (lab::PUBLIC, 9_700)).unwrap();
	});
	assert_eq!(socket.recv(&mut [0; 16]).unwrap(), 5);
	guests.close(&lab.host);
}

#[test]
fn exit_should_be_taken_over_when_its_process_was_killed() {
	if env::var_os(CHILD).is_some() {
		return be_killed();
	}
	if !lab::is_possible("kill -9") {
		return;
	}
	let lab = Lab::build();
	let mut child = lab.host.run(async {
		Command::new(env::current_exe().unwrap())
			.args(["--exact", "life::exit_should_be_taken_over_when_its_process_was_killed", "--nocapture"])
			.env(CHILD, "1")
			.stdout(Stdio::piped())
			.spawn()
			.unwrap()
	});
	let mut said = vec![0; 4_096];
	let mut text = String::new();
	let mut stdout = child.stdout.take().unwrap();
	while !text.contains("the exit is open") {
		let length = stdout.read(&mut said).unwrap();
		assert!(length > 0, "the child ended: {text}");
		text += &String::from_utf8_lossy(&said[..length]);
	}
	assert_eq!((tables(&lab).len(), links(&lab), forwards(&lab)), (1, 1, ["1".into(), "0".into()]));
	child.kill().unwrap();
	child.wait().unwrap();
	lab::until("its namespace is gone, and the link with it", || links(&lab) == 0);
	// What is left lets nothing through that did not go through before.
	assert_eq!((tables(&lab).len(), forwards(&lab)), (1, ["1".into(), "0".into()]));
	let exit = Guests::behind(&lab.host, Kind::Kernel, ExitClass::Open, Limits::default());
	assert_eq!((tables(&lab).len(), links(&lab), forwards(&lab)), (1, 1, ["1".into(), "0".into()]));
	exit.close(&lab.host);
	assert_eq!((tables(&lab).len(), links(&lab), forwards(&lab)), (0, 0, ["0".into(), "0".into()]));
}

/// Opens an exit and waits for the end.
fn be_killed() {
	let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
	runtime.block_on(async {
		let (to_guests, _for_guests) = mpsc::channel(16);
		let resolver = Resolver::new(vec![(lab::UPSTREAM, 53).into()]).unwrap();
		let policy = policy(ExitClass::Open, vec![]);
		let counters = Arc::default();
		let _exit = KernelExit::open(policy, &Limits::default(), resolver, to_guests, counters).unwrap();
		println!("the exit is open");
		// The parent kills it long before.
		tokio::time::sleep(Duration::from_secs(120)).await;
	});
}

/// So many connections that a guest begins, from ports of its own, to an address that depends on the number.
fn begin(guest: Ipv4Addr, count: u16, there: impl Fn(u16) -> SocketAddrV4) -> Vec<Vec<u8>> {
	(0..count).map(|n| syn(SocketAddrV4::new(guest, 10_000 + n), there(n), 1)).collect()
}

fn limits_should_hold(kind: Kind) {
	if !lab::is_possible("limits") {
		return;
	}
	let lab = Lab::build();
	// Neither answers, so that every connection is there as long as the test.
	let one = |_| SocketAddrV4::new(SERVER, 443);
	let other = |n: u16| SocketAddrV4::new(Ipv4Addr::from(0x0909_0000 + u32::from(n)), 443);
	let mail = |_| SocketAddrV4::new(SERVER, 587);
	type Row = (&'static str, Limits, Vec<Vec<u8>>, u64, Event);
	let rows: [Row; 5] = [
		(
			"concurrent connections of a guest",
			Limits { flows_per_guest: 20, ..unlimited() },
			begin(GUEST, 100, other),
			20,
			Event::TooMany,
		),
		(
			"of all guests",
			Limits { flows_total: 30, ..unlimited() },
			[begin(GUEST, 20, other), begin(OTHER_GUEST, 80, other)].concat(),
			30,
			Event::TooMany,
		),
		(
			"new connections",
			Limits { new_flows_per_second: 1, new_flows_burst: 40, ..unlimited() },
			begin(GUEST, 100, one),
			40,
			Event::TooFast,
		),
		(
			"mail",
			Limits { mail_flows_per_minute: 10, ..unlimited() },
			begin(GUEST, 100, mail),
			20,
			Event::TooFast,
		),
		(
			"destinations",
			Limits { new_destinations_per_second: 1, new_destinations_burst: 25, ..unlimited() },
			begin(GUEST, 100, other),
			25,
			Event::Scan,
		),
	];
	// Without it the addresses would be refused at once, and their connections gone.
	lab.internet.ip("route add blackhole 9.9.0.0/16");
	lab.internet.run(async {
		let silent =
			"table ip silent { chain in { type filter hook prerouting priority -500; policy drop; }; }";
		assert!(Command::new("nft").arg(silent).status().unwrap().success());
	});
	for (name, limits, packets, most, event) in rows {
		let sent = packets.len() as u64;
		let guests = Guests::behind(&lab.host, kind, ExitClass::Open, limits);
		guests.send(&lab.host, packets);
		lab::until(name, || guests.count(event) >= sent - most - 2);
		let refused = guests.count(event);
		// One or two more by the clock while they were sent.
		assert!((sent - most - 2..=sent - most).contains(&refused), "{name}: {refused} of {sent}");
		assert!(guests.flows() <= most + 2, "{name}: {} flows", guests.flows());
		println!("{} {name}: {refused} of {sent} refused", kind.name());
		guests.close(&lab.host);
	}
}

#[test]
fn limits_should_hold_when_the_exit_is_in_the_kernel() {
	limits_should_hold(Kind::Kernel);
}

#[test]
fn limits_should_hold_when_the_exit_is_in_userspace() {
	limits_should_hold(Kind::Userspace);
}

#[test]
fn connections_should_end_when_their_guest_is_forgotten() {
	if !lab::is_possible("forgetting") {
		return;
	}
	let lab = Lab::build();
	let guests = Guests::behind(&lab.host, Kind::Kernel, ExitClass::Open, unlimited());
	let there = |n: u16| SocketAddrV4::new(SERVER, 1_000 + n);
	let datagrams = |guest: Ipv4Addr| -> Vec<Vec<u8>> {
		(0..50).map(|n| udp(SocketAddrV4::new(guest, 5_000 + n), there(n), b"x")).collect()
	};
	let capture = Capture::start(&lab.internet, Links::Others);
	guests.send(&lab.host, [datagrams(GUEST), datagrams(OTHER_GUEST)].concat());
	lab::until("they have begun", || guests.flows() == 100);
	guests.forget(&lab.host, GUEST);
	lab::until("those of one have ended", || guests.flows() == 50);
	assert!(!capture.take().is_empty());
	guests.close(&lab.host);
}

#[test]
fn rules_should_follow_the_policy_and_let_go_on_what_has_begun() {
	if !lab::is_possible("renewal") {
		return;
	}
	let lab = Lab::build();
	let guests = Guests::behind(&lab.host, Kind::Kernel, ExitClass::Relay, unlimited());
	let capture = Capture::start(&lab.host, Links::OfExits);
	let entry = SocketAddrV4::new(Ipv4Addr::new(9, 9, 9, 9), 51_820);
	let goes = |port: u16, there: SocketAddrV4| {
		capture.take();
		guests.send(&lab.host, vec![udp(SocketAddrV4::new(GUEST, port), there, b"hop")]);
		thread::sleep(Duration::from_millis(150));
		capture.take().iter().any(|packet| destination(packet) == Some(*there.ip()) && packet[12] == 10)
	};
	assert!(!goes(5_001, entry));
	guests.replace_policy(&lab.host, ExitClass::Relay, vec![entry.into()]);
	lab::until("the entry is known", || goes(5_002, entry));
	assert!(!goes(5_003, SocketAddrV4::new(*entry.ip(), 51_821)));
	assert!(!goes(5_004, SocketAddrV4::new(SERVER, 443)));
	// The provider comes to a network in which the entry lies: nothing new goes there.
	lab.host.ip("address add 9.9.9.1/24 dev lan");
	guests.replace_policy(&lab.host, ExitClass::Relay, vec![entry.into()]);
	let mut port = 6_000;
	lab::until("it is the host's own network", || {
		port += 1;
		!goes(port, entry)
	});
	// A segment of no connection is answered, and goes nowhere.
	guests.heard();
	let stray = segment(SocketAddrV4::new(GUEST, 7_000), SocketAddrV4::new(SERVER, 443), 7, 0x10);
	guests.send(&lab.host, vec![stray]);
	lab::until("it is refused", || guests.heard().iter().any(|packet| packet[9] == 6 && packet[33] & 4 == 4));
	guests.close(&lab.host);
}
