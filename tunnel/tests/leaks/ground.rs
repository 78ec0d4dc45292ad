//! Namespaces of a customer, of the network between, and of a provider; and programs in them.

use std::{
	path::Path,
	process::{Child, Command, Output, Stdio},
	time::{Duration, Instant},
};

/// The customer's interface, by which its packets are known.
pub(crate) const CUSTOMER_MAC: [u8; 6] = [2, 0x57, 0, 0, 0, 2];
/// Which part a process of this binary plays.
pub(crate) const ROLE: &str = "WEIR_LEAKS_ROLE";
/// Its folder.
pub(crate) const FOLDER: &str = "WEIR_LEAKS_FOLDER";
/// Of a provider: its number and address. Of a customer: those of the providers it goes through.
pub(crate) const ADDRESS: &str = "WEIR_LEAKS_ADDRESS";
/// The test that plays them.
pub(crate) const TEST: &str = "nothing_should_leave_beside_the_tunnel_whatever_happens";

/// Bounded: a test that waits for what never comes fails.
pub(crate) fn until(what: &str, mut done: impl FnMut() -> bool) {
	let began = Instant::now();
	while !done() {
		assert!(began.elapsed() < Duration::from_secs(90), "not within 90 s: {what}");
		std::thread::sleep(Duration::from_millis(100));
	}
}

fn output(program: &str, arguments: &str) -> Output {
	Command::new(program).args(arguments.split_whitespace()).stdin(Stdio::null()).output().unwrap()
}

pub(crate) fn ip(arguments: &str) {
	let output = output("ip", arguments);
	assert!(output.status.success(), "ip {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Why this machine cannot run the test; none if it can.
pub(crate) fn lacks() -> Option<String> {
	if !nix::unistd::geteuid().is_root() {
		return Some("network namespaces need root".into());
	}
	if !Path::new("/dev/net/tun").exists() {
		return Some("the kernel has no TUN device".into());
	}
	let lacks = |(program, argument): &(&str, &str)| Command::new(program).arg(argument).output().is_err();
	let lacking = [("nft", "--version"), ("ip", "-Version")].into_iter().find(lacks);
	lacking.map(|(program, _)| format!("{program} is not installed"))
}

/// The namespaces; dropped, they are gone.
pub(crate) struct Ground {
	pub(crate) customer: String,
	pub(crate) wire: String,
	pub(crate) provider: String,
}

impl Drop for Ground {
	fn drop(&mut self) {
		for name in [&self.customer, &self.wire, &self.provider] {
			output("ip", &format!("netns del {name}"));
		}
		let _ = std::fs::remove_dir_all(self.names_folder());
	}
}

impl Ground {
	/// A customer at 192.168.77.2, its router at .1 with the Internet behind, and a provider at 198.51.100.2 and .3 that reaches
	/// a server at 203.0.113.80.
	pub(crate) fn new() -> Self {
		let name = |role| format!("weir-leaks-{}-{role}", std::process::id());
		let ground = Self { customer: name("customer"), wire: name("wire"), provider: name("provider") };
		let Self { customer, wire, provider } = &ground;
		for name in [customer, wire, provider] {
			ip(&format!("netns add {name}"));
			ip(&format!("-n {name} link set lo up"));
		}
		let mac = CUSTOMER_MAC.map(|byte| format!("{byte:02x}")).join(":");
		ip(&format!("-n {wire} link add c0 type veth peer name eth0 address {mac} netns {customer}"));
		ip(&format!("-n {wire} link add p0 type veth peer name eth0 netns {provider}"));
		for (name, device, addresses) in [
			(wire, "c0", &["192.168.77.1/24", "2001:db8:77::1/64"][..]),
			(wire, "p0", &["198.51.100.1/24"]),
			(provider, "eth0", &["198.51.100.2/24", "198.51.100.3/24"]),
			(provider, "lo", &["203.0.113.80/32", "203.0.113.2/32"]),
		] {
			ip(&format!("-n {name} link set {device} up"));
			for address in addresses {
				let nodad = if address.contains("::") { "nodad" } else { "" };
				ip(&format!("-n {name} address add {address} dev {device} {nodad}"));
			}
		}
		ip(&format!("-n {provider} route add default via 198.51.100.1"));
		ip(&format!("-n {wire} route add 203.0.113.0/24 via 198.51.100.2"));
		ground.inside(wire, "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
		// As many distributions have it: answers to marked packets pass only if their mark is looked at.
		ground.inside(customer, "sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.default.rp_filter=1");
		ground.plug_in();
		std::fs::create_dir_all(ground.names_folder()).unwrap();
		std::fs::write(ground.resolv_conf(), BEFORE).unwrap();
		ground
	}

	fn names_folder(&self) -> String {
		format!("/etc/netns/{}", self.customer)
	}

	/// What `ip netns exec` shows the customer's programs as /etc/resolv.conf.
	pub(crate) fn resolv_conf(&self) -> String {
		format!("{}/resolv.conf", self.names_folder())
	}

	/// Addresses and routes of the customer, which go when its link does.
	pub(crate) fn plug_in(&self) {
		let customer = &self.customer;
		ip(&format!("-n {customer} link set eth0 up"));
		ip(&format!("-n {customer} address replace 192.168.77.2/24 dev eth0"));
		ip(&format!("-n {customer} route replace default via 192.168.77.1"));
		self.ipv6_on();
	}

	pub(crate) fn ipv6_on(&self) {
		let customer = &self.customer;
		ip(&format!("-n {customer} address replace 2001:db8:77::2/64 dev eth0 nodad"));
		ip(&format!("-n {customer} -6 route replace default via 2001:db8:77::1"));
	}

	pub(crate) fn ipv6_off(&self) {
		ip(&format!("-n {} -6 address flush dev eth0 scope global", self.customer));
	}

	/// What a command in a namespace writes; none if it fails.
	pub(crate) fn inside(&self, name: &str, command: &str) -> Option<String> {
		let output = output("ip", &format!("netns exec {name} {command}"));
		output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
	}

	/// A process of this binary that plays a part in a namespace.
	pub(crate) fn play(&self, name: &str, role: &str, folder: &Path, address: &str) -> Playing {
		let child = Command::new("ip")
			.args(["netns", "exec", name])
			.arg(std::env::current_exe().unwrap())
			.args(["--exact", TEST, "--nocapture"])
			.env(ROLE, role)
			.env(FOLDER, folder)
			.env(ADDRESS, address)
			.stdin(Stdio::null())
			.stdout(Stdio::null())
			.spawn()
			.unwrap();
		Playing(child)
	}
}

/// What the customer's machine asked before.
pub(crate) const BEFORE: &str = "nameserver 192.168.77.1\n";

/// A process; dropped, it is killed.
pub(crate) struct Playing(Child);

impl Playing {
	/// As by `kill -9`.
	pub(crate) fn kill(mut self) {
		self.0.kill().unwrap();
		self.0.wait().unwrap();
	}

	/// As by a service manager; whether it ended well.
	pub(crate) fn stop(mut self) -> bool {
		let pid = nix::unistd::Pid::from_raw(self.0.id().try_into().unwrap());
		nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
		self.ended()
	}

	/// Waits until it ends by itself; whether it ended well.
	pub(crate) fn ended(&mut self) -> bool {
		let mut status = None;
		until("it ends", || {
			status = self.0.try_wait().unwrap();
			status.is_some()
		});
		status.unwrap().success()
	}
}

impl Drop for Playing {
	fn drop(&mut self) {
		let _ = self.0.kill();
		let _ = self.0.wait();
	}
}
