//! Network namespaces of one test: an "Internet" that is one Ethernet, machines on it, and routers with machines behind.

use std::{
	fs::File,
	future::Future,
	io::Write,
	net::Ipv4Addr,
	process::{Command, Stdio},
	sync::atomic::{AtomicU32, Ordering},
};

use tokio::net::UdpSocket;

/// How a router translates.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Nat {
	/// One port for all, and whatever comes to one port goes to the machine behind: UDP alone, as full-cone routers do.
	FullCone(u16),
	/// The same for TCP as well: a forwarded port.
	Forwarded(u16),
	/// One port for all; only those who were spoken to may answer.
	PortRestricted,
	/// Another port for each.
	Symmetric,
}

impl Nat {
	/// In the words of nft; `inside` is the machine behind.
	fn rules(self, inside: Ipv4Addr) -> String {
		let forward = match self {
			Self::FullCone(port) => format!("udp dport {port} dnat to {inside}"),
			Self::Forwarded(port) => format!("meta l4proto {{ tcp, udp }} th dport {port} dnat to {inside}"),
			Self::PortRestricted | Self::Symmetric => String::new(),
		};
		let masquerade = if self == Self::Symmetric { "masquerade fully-random" } else { "masquerade" };
		format!(
			"table ip nat {{\n\
			 chain before {{\ntype nat hook prerouting priority dstnat;\niifname \"out\" {forward};\n}}\n\
			 chain after {{\ntype nat hook postrouting priority srcnat;\noifname \"out\" {masquerade};\n}}\n\
			 chain own {{\ntype filter hook input priority filter; policy drop;\n\
			 iifname \"in\" accept;\nct state established,related accept;\n}}\n\
			 chain pass {{\ntype filter hook forward priority filter; policy drop;\n\
			 iifname \"in\" accept;\nct state established,related accept;\nct status dnat accept;\n}}\n}}\n"
		)
	}
}

fn run(command: &mut Command) {
	let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
	assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn ip(arguments: &str) {
	run(Command::new("ip").args(arguments.split_whitespace()));
}

/// Whether this machine can have namespaces. With CI set it has to.
pub(crate) fn can_run() -> bool {
	let is_root = nix::unistd::geteuid().is_root();
	let has = |program: &str| Command::new(program).arg("-V").output().is_ok();
	if is_root && has("ip") && has("nft") {
		return true;
	}
	assert!(std::env::var_os("CI").is_none(), "root, ip and nft are needed for network namespaces");
	eprintln!("SKIPPED: root, ip and nft are needed for network namespaces; nothing was tested");
	false
}

/// All namespaces of a test; removed when dropped.
pub(crate) struct Net {
	prefix: String,
	names: Vec<String>,
	links: u32,
}

impl Drop for Net {
	fn drop(&mut self) {
		for name in &self.names {
			let _ = Command::new("ip").args(["netns", "del", name]).output();
		}
	}
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Net {
	pub(crate) fn new() -> Self {
		let number = NUMBER.fetch_add(1, Ordering::Relaxed);
		let prefix = format!("weirnat{}x{number}", std::process::id());
		let mut net = Self { prefix, names: vec![], links: 0 };
		let internet = net.namespace("internet");
		ip(&format!("-n {internet} link add br0 type bridge"));
		ip(&format!("-n {internet} link set br0 up"));
		net
	}

	fn namespace(&mut self, role: &str) -> String {
		let name = format!("{}{role}", self.prefix);
		ip(&format!("netns add {name}"));
		self.names.push(name.clone());
		ip(&format!("-n {name} link set lo up"));
		name
	}

	/// A line from a namespace to the Internet, named `out`.
	fn line(&mut self, name: &str, address: Ipv4Addr) {
		self.links += 1;
		let (internet, port) = (&self.names[0], format!("p{}", self.links));
		ip(&format!("link add out netns {name} type veth peer name {port} netns {internet}"));
		ip(&format!("-n {internet} link set {port} master br0"));
		ip(&format!("-n {internet} link set {port} up"));
		ip(&format!("-n {name} addr add {address}/16 dev out"));
		ip(&format!("-n {name} link set out up"));
	}

	/// A machine on the Internet.
	pub(crate) fn public(&mut self, role: &str, address: Ipv4Addr) -> String {
		let name = self.namespace(role);
		self.line(&name, address);
		name
	}

	/// The router before `role` maps ports for whoever asks, as long as the machine is there.
	pub(crate) fn map_ports(&self, role: &str) -> Machine {
		let router = format!("{}{role}r1", self.prefix);
		let machine = Machine::new(&router);
		machine.0.spawn(map(router));
		machine
	}

	/// A machine behind routers, the outermost first, each with what it is called to the Internet or to the one before.
	pub(crate) fn behind(&mut self, role: &str, address: Ipv4Addr, nats: &[Nat]) -> String {
		let mut outer: Option<String> = None;
		for (depth, nat) in (1u8..).zip(nats) {
			let router = self.namespace(&format!("{role}r{depth}"));
			match &outer {
				None => self.line(&router, address),
				Some(outer) => link(outer, &router, depth - 1),
			}
			run(Command::new("ip").args([
				"netns",
				"exec",
				&router,
				"sh",
				"-c",
				"echo 1 > /proc/sys/net/ipv4/ip_forward",
			]));
			let mut nft = Command::new("ip")
				.args(["netns", "exec", &router, "nft", "-f", "-"])
				.stdin(Stdio::piped())
				.spawn()
				.unwrap();
			nft.stdin.take().unwrap().write_all(nat.rules(inside(depth)).as_bytes()).unwrap();
			assert!(nft.wait().unwrap().success(), "{nat:?}");
			outer = Some(router);
		}
		let name = self.namespace(role);
		link(&outer.expect("a router"), &name, nats.len() as u8);
		name
	}
}

/// A small NAT-PMP server (RFC 6886), and the rules that it makes.
async fn map(router: String) {
	let socket = UdpSocket::bind("10.1.0.1:5351").await.unwrap();
	let mut buffer = [0; 1_100];
	loop {
		let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
		let answer = match buffer[..length] {
			[0, 0] => [&[0, 128, 0, 0, 0, 0, 0, 9][..], &[203, 0, 40, 1]].concat(),
			[0, kind @ 1..=2, _, _, i0, i1, e0, e1, ..] if length == 12 => {
				let protocol = if kind == 1 { "udp" } else { "tcp" };
				let (inside, port) = (from.ip(), u16::from_be_bytes([e0, e1]));
				let to = u16::from_be_bytes([i0, i1]);
				let rule = format!(
					"add rule ip nat before iifname out {protocol} dport {port} dnat to {inside}:{to}"
				);
				let nft = ["netns", "exec", &router, "nft"].into_iter().chain(rule.split(' '));
				run(Command::new("ip").args(nft));
				[&[0, 128 + kind, 0, 0, 0, 0, 0, 9, i0, i1, e0, e1][..], &buffer[8..12]].concat()
			}
			// PCP is not spoken: version 0 is.
			_ => [&[0, 128, 0, 1, 0, 0, 0, 9][..], &[0; 16]].concat(),
		};
		socket.send_to(&answer, from).await.unwrap();
	}
}

/// What is behind the router at this depth.
fn inside(depth: u8) -> Ipv4Addr {
	Ipv4Addr::new(10, depth, 0, 2)
}

/// From a router's `in` to the `out` of what is behind it.
fn link(router: &str, behind: &str, depth: u8) {
	ip(&format!("link add in netns {router} type veth peer name out netns {behind}"));
	ip(&format!("-n {router} addr add 10.{depth}.0.1/24 dev in"));
	ip(&format!("-n {router} link set in up"));
	ip(&format!("-n {behind} addr add {}/24 dev out", inside(depth)));
	ip(&format!("-n {behind} link set out up"));
	ip(&format!("-n {behind} route add default via 10.{depth}.0.1"));
}

/// Threads that live in a namespace.
pub(crate) struct Machine(tokio::runtime::Runtime);

impl Machine {
	pub(crate) fn new(namespace: &str) -> Self {
		let path = format!("/run/netns/{namespace}");
		let start = move || {
			let namespace = File::open(&path).unwrap();
			nix::sched::setns(namespace, nix::sched::CloneFlags::CLONE_NEWNET).unwrap();
			// Its threads are this one's, and so are theirs.
			tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
		};
		Self(std::thread::spawn(start).join().unwrap())
	}

	/// Runs something there.
	pub(crate) fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> T {
		let (done, told) = std::sync::mpsc::channel();
		self.0.spawn(async move {
			let _ = done.send(work.await);
		});
		told.recv_timeout(std::time::Duration::from_secs(150)).expect("it ends")
	}
}
