//! Namespaces and links. The lab's own namespace is the internet between the machines: every machine has a link to it,
//! and every packet from one machine to another passes the delay line.
//!
//! ```text
//! machine 10.n.0.1 ── tbf up ──> (lab) ─> delay line ─> nft loss ──> tbf down ── machine 10.m.0.1
//! ```
//!
//! All of it lives in namespaces of the lab's own process, so that nothing of it outlives the lab.

use anyhow::{ensure, Context, Result};
use std::{
	fs,
	io::Write,
	net::Ipv4Addr,
	process::{Command, Stdio},
};

/// Network device of the delay line.
pub const DELAY_DEVICE: &str = "delay";
/// What tc counts of a packet beyond its IP bytes: the Ethernet header.
const ETHERNET_BYTES: u32 = 14;
/// IP bytes of a probe's packet (docs/protocol.md, 4.1): what a cap is made of.
pub const PROBE_BYTES: u32 = 1_308;
/// How long a full queue before a shaped link takes to empty, in milliseconds: a home router's.
const QUEUE_MILLIS: u32 = 60;
/// Address of a machine behind a router.
pub const BEHIND: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 2);
/// Routing table of what has not passed the delay line yet.
const DELAYED_TABLE: &str = "100";

/// Makes the lab's namespace the internet. The delay line's device must exist.
pub fn prepare() -> Result<()> {
	// `ip netns` binds names there; the lab's own mount keeps them out of the machine's.
	fs::create_dir_all("/run/netns")?;
	run("mount", &["-t", "tmpfs", "weir-lab", "/run/netns"])?;
	for (key, value) in [("ip_forward", "1"), ("conf/all/rp_filter", "0"), ("conf/default/rp_filter", "0")] {
		let file = format!("/proc/sys/net/ipv4/{key}");
		fs::write(&file, value).with_context(|| format!("writing {file}"))?;
	}
	ip("link set lo up")?;
	ip(&format!("link set {DELAY_DEVICE} up mtu 1500 txqueuelen 10000"))?;
	fs::write(format!("/proc/sys/net/ipv4/conf/{DELAY_DEVICE}/rp_filter"), "0")?;
	ip(&format!("route add default dev {DELAY_DEVICE} table {DELAYED_TABLE}"))?;
	// What comes out of the delay line, and the lab's own packets, go to their machine; the rest goes into the line.
	ip(&format!("rule add pref 100 iif {DELAY_DEVICE} lookup main"))?;
	ip("rule add pref 200 iif lo lookup main")?;
	ip(&format!("rule add pref 300 to 10.0.0.0/8 lookup {DELAYED_TABLE}"))
}

/// Address of the machine behind link `net`: each in another /16.
pub fn address(net: u8) -> Ipv4Addr {
	Ipv4Addr::new(10, net, 0, 1)
}

/// Makes the namespace `name` behind link `net`; with `kbps`, its link is that fast at the IP layer, both ways.
pub fn add_machine(name: &str, net: u8, kbps: Option<u32>) -> Result<()> {
	ip(&format!("netns add {name}"))?;
	ip(&format!("link add {name} type veth peer name eth0 netns {name}"))?;
	ip(&format!("address add 10.{net}.0.254/24 dev {name}"))?;
	ip(&format!("link set {name} up"))?;
	ip(&format!("-n {name} link set lo up"))?;
	ip(&format!("-n {name} address add {}/24 dev eth0", address(net)))?;
	ip(&format!("-n {name} link set eth0 up"))?;
	ip(&format!("-n {name} route add default via 10.{net}.0.254"))?;
	match kbps {
		Some(kbps) => shape_link(name, Shape::steady(kbps), Shape::steady(kbps)),
		None => Ok(()),
	}
}

/// What a link lets through in one direction, at the IP layer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shape {
	/// In the long run.
	pub kbps: u32,
	/// A faster rate, and for how long it lasts after a rest, in milliseconds of the long run's rate.
	pub peak: Option<(u32, u32)>,
}

impl Shape {
	/// The same rate always.
	pub fn steady(kbps: u32) -> Self {
		Self { kbps, peak: None }
	}

	/// As tc wants it: a token bucket.
	fn words(self) -> String {
		let bits = |kbps: u32| {
			u64::from(kbps) * 1_000 * u64::from(PROBE_BYTES + ETHERNET_BYTES) / u64::from(PROBE_BYTES)
		};
		let rate = bits(self.kbps);
		// Two packets, or what a timer tick lets pass.
		let least = (rate / 8 / 1_000).max(2 * 1_514);
		match self.peak {
			None => format!("tbf rate {rate}bit burst {least} latency {QUEUE_MILLIS}ms"),
			Some((peak, millis)) => {
				let (burst, peak) = ((rate * u64::from(millis) / 8_000).max(least), bits(peak));
				// What waits at the peak rate; its own burst is what a timer tick lets pass.
				let limit = peak * u64::from(QUEUE_MILLIS) / 8_000 + 2 * 1_514;
				format!("tbf rate {rate}bit burst {burst} limit {limit} peakrate {peak}bit mtu 3028")
			}
		}
	}
}

/// Shapes the link of a machine: what comes to it, and what it sends.
pub fn shape_link(name: &str, towards: Shape, from: Shape) -> Result<()> {
	run_words("tc", &format!("qdisc replace dev {name} root {}", towards.words()))?;
	run_words("tc", &format!("-n {name} qdisc replace dev eth0 root {}", from.words()))
}

/// Gives a machine another address on its link.
pub fn add_address(name: &str, address: Ipv4Addr) -> Result<()> {
	ip(&format!("-n {name} address add {address}/32 dev eth0"))
}

/// Makes the namespace `name` behind the machine `router`, at 192.168.0.2 of a network of its own: the outside sees the
/// router's address alone, and reaches through it what `forwarded` names, TCP and UDP.
pub fn add_behind(router: &str, name: &str, forwarded: Option<u16>) -> Result<()> {
	ip(&format!("netns add {name}"))?;
	ip(&format!("-n {router} link add inside type veth peer name eth0 netns {name}"))?;
	ip(&format!("-n {router} address add 192.168.0.1/24 dev inside"))?;
	ip(&format!("-n {router} link set inside up"))?;
	ip(&format!("-n {name} link set lo up"))?;
	ip(&format!("-n {name} address add {BEHIND}/24 dev eth0"))?;
	ip(&format!("-n {name} link set eth0 up"))?;
	ip(&format!("-n {name} route add default via 192.168.0.1"))?;
	let forward = forwarded.map_or(String::new(), |port| {
		format!("iifname \"eth0\" meta l4proto {{ tcp, udp }} th dport {port} dnat to {BEHIND}")
	});
	forward_packets(router)?;
	rules(
		Some(router),
		&format!(
			"table ip nat {{\nchain in {{\ntype nat hook prerouting priority -100;\n{forward}\n}}\n\
			chain out {{\ntype nat hook postrouting priority 100;\noifname \"eth0\" masquerade\n}}\n}}\n"
		),
	)
}

/// Lets a machine pass on what is not for itself.
pub fn forward_packets(name: &str) -> Result<()> {
	run("ip", &["netns", "exec", name, "sysctl", "-qw", "net.ipv4.ip_forward=1"])
}

/// Loads rules of nft into a machine's namespace, or into the lab's.
pub fn rules(name: Option<&str>, rules: &str) -> Result<()> {
	let mut command = match name {
		Some(name) => {
			let mut command = Command::new("ip");
			command.args(["netns", "exec", name, "nft"]);
			command
		}
		None => Command::new("nft"),
	};
	let mut nft = command.args(["-f", "-"]).stdin(Stdio::piped()).spawn().context("starting nft")?;
	nft.stdin.take().context("nft takes no input")?.write_all(rules.as_bytes())?;
	let status = nft.wait()?;
	ensure!(status.success(), "nft refused the rules of the lab ({status})");
	Ok(())
}

/// Lets `per_ten_thousand` packets between machines get lost.
pub fn set_loss(per_ten_thousand: u32) -> Result<()> {
	let drop = match per_ten_thousand {
		0 => String::new(),
		loss => format!("iifname \"{DELAY_DEVICE}\" numgen random mod 10000 < {loss} counter drop"),
	};
	rules(
		None,
		&format!(
			"table ip lab\ndelete table ip lab\n\
			table ip lab {{ chain loss {{ type filter hook forward priority 0; policy accept; {drop}\n }}\n }}\n"
		),
	)
}

fn ip(arguments: &str) -> Result<()> {
	run_words("ip", arguments)
}

fn run_words(program: &str, arguments: &str) -> Result<()> {
	run(program, &arguments.split_whitespace().collect::<Vec<_>>())
}

fn run(program: &str, arguments: &[&str]) -> Result<()> {
	let output = Command::new(program)
		.args(arguments)
		.output()
		.with_context(|| format!("starting {program}: run scripts/setup.sh"))?;
	let reason = String::from_utf8_lossy(&output.stderr);
	ensure!(output.status.success(), "{program} {}: {}", arguments.join(" "), reason.trim());
	Ok(())
}
