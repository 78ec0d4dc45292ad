//! The way from the tunnel to the Internet by the kernel: guests' packets go as they are, translated, through a network
//! namespace of their own.
//!
//! ```text
//! tunnel ── guests (TUN, 100.64.0.1) [ namespace: rules, masquerade ] outside ── veth ── weirx0 [ host: masquerade ] ── Internet
//! ```
//!
//! * `rules`: the policy and the limits as one table of nft in the namespace. `host`: the host's end, and what it
//!   leaves when it is killed. `conntrack`: ends a guest's connections.
//! * `worker`: a thread per namespace, in which `commands` run. `answers`: the resolver on the gateway's address, whose
//!   questions go on by the host's sockets.
//!
//! The namespace has no name and no process: it is gone with this one, and with it every way for guests.

mod answers;
mod commands;
mod conntrack;
mod host;
mod rules;
mod worker;

use super::{
	counters::{Counters, Event},
	limits::Limits,
	policy::{Policy, GUESTS},
	resolver::Resolver,
};
use crate::{
	net::{GATEWAY, MTU},
	tasks::Task,
	tun::{Tun, TunReader, TunWriter},
};
use answers::Answers;
use anyhow::{Context, Result};
use host::Host;
use std::{
	collections::HashMap,
	fs,
	net::{IpAddr, Ipv4Addr},
	os::unix::fs::FileTypeExt,
	path::Path,
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc, Mutex, PoisonError, RwLock,
	},
	time::Duration,
};
use tokio::{runtime::Handle, sync::mpsc};
use worker::Worker;

/// The TUN device, in the namespace.
const INSIDE: &str = "guests";
/// The namespace's end of the link to the host.
const OUTSIDE: &str = "outside";
/// Packets that wait for the kernel.
const WAITING: usize = 4_096;
/// Between two looks at what the rules have counted.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Bits of CAP_NET_ADMIN and CAP_SYS_ADMIN.
const NET_ADMIN: u64 = 1 << 12;
const SYS_ADMIN: u64 = 1 << 21;

/// What the namespace is switched to. As long as its connections are idle they are kept as in userspace: two hours and four
/// minutes of TCP (RFC 5382), two minutes of UDP that was answered (RFC 4787).
const SWITCHES: [(&str, &str); 18] = [
	("ipv4/conf/all/rp_filter", "1"),
	("ipv4/conf/default/rp_filter", "1"),
	("ipv4/conf/all/accept_redirects", "0"),
	("ipv4/conf/default/accept_redirects", "0"),
	("ipv4/conf/all/send_redirects", "0"),
	("ipv4/conf/default/send_redirects", "0"),
	("ipv4/conf/all/accept_source_route", "0"),
	("ipv4/conf/default/accept_source_route", "0"),
	// The kernel's log would name destinations.
	("ipv4/conf/all/log_martians", "0"),
	("ipv4/conf/default/log_martians", "0"),
	("ipv4/icmp_echo_ignore_broadcasts", "1"),
	// For the resolver, which is nobody else's port here.
	("ipv4/ip_unprivileged_port_start", "0"),
	("netfilter/nf_conntrack_tcp_loose", "0"),
	("netfilter/nf_conntrack_tcp_timeout_established", "7440"),
	("netfilter/nf_conntrack_udp_timeout", "30"),
	("netfilter/nf_conntrack_udp_timeout_stream", "120"),
	("netfilter/nf_conntrack_icmp_timeout", "10"),
	// Last: from here on packets go through.
	("ipv4/ip_forward", "1"),
];
/// So are those of IPv6, where the kernel has it.
const WITHOUT_V6: [&str; 2] = ["ipv6/conf/all/disable_ipv6", "ipv6/conf/default/disable_ipv6"];

/// What is missing on this machine for such an exit, bound to `bind`; none if nothing is.
pub fn missing(bind: IpAddr) -> Option<String> {
	let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
	let effective = bits(&status, "CapEff:");
	// What it starts has those alone that are ambient, unless it is root's.
	let inherited = if nix::unistd::geteuid().is_root() { effective } else { bits(&status, "CapAmb:") };
	for (bit, name) in [(NET_ADMIN, "CAP_NET_ADMIN"), (SYS_ADMIN, "CAP_SYS_ADMIN")] {
		if effective & bit == 0 {
			return Some(format!("this process has no {name}"));
		}
	}
	if inherited & NET_ADMIN == 0 {
		return Some("CAP_NET_ADMIN is not ambient, so that nft and ip have it not".into());
	}
	for (program, package) in [("nft", "nftables"), ("ip", "iproute2")] {
		if commands::find(program).is_none() {
			return Some(format!("{program} is not installed (package {package})"));
		}
	}
	if !fs::metadata("/dev/net/tun").is_ok_and(|file| file.file_type().is_char_device()) {
		return Some("there is no /dev/net/tun".into());
	}
	// What is there for others only cannot be switched.
	if !Path::new("/proc/sys/net/netfilter").is_dir() {
		return Some("the kernel follows no connections (nf_conntrack)".into());
	}
	bind.is_loopback().then(|| format!("{bind} is the loopback, which no namespace but this one reaches"))
}

/// What keeps it from working as it should although nothing is missing.
pub fn hindrance() -> Option<String> {
	let chain = host::other_firewall()?;
	Some(format!(
		"another firewall drops what is forwarded: nft chain {chain}; let it accept what comes from and goes to the \
		 links weirx* (Docker: in DOCKER-USER)"
	))
}

/// Capabilities in `/proc/self/status`.
fn bits(status: &str, name: &str) -> u64 {
	let line = status.lines().find_map(|line| line.strip_prefix(name));
	line.and_then(|text| u64::from_str_radix(text.trim(), 16).ok()).unwrap_or(0)
}

/// An exit by the kernel. Dropped, everything of it is taken away.
pub struct KernelExit {
	packets: mpsc::Sender<Vec<u8>>,
	policy: Arc<RwLock<Arc<Policy>>>,
	counters: Arc<Counters>,
	/// In the exit's namespace.
	inside: Arc<Worker>,
	/// In the host's.
	outside: Arc<Worker>,
	host: Arc<Mutex<Host>>,
	/// Whether a renewal of the rules waits for its turn: one is enough.
	is_renewing: Arc<AtomicBool>,
	tasks: Vec<Task>,
}

impl KernelExit {
	/// An exit that lets out what `policy` allows and answers guests' questions by `resolver`; what is for guests goes
	/// `to_guests`. Takes some tenths of a second, and must be called within a runtime.
	pub fn open(
		policy: Policy,
		limits: &Limits,
		resolver: Resolver,
		to_guests: mpsc::Sender<Vec<u8>>,
		counters: Arc<Counters>,
	) -> Result<Self> {
		let inside = Arc::new(Worker::apart("weir-exit")?);
		let outside = Arc::new(Worker::here("weir-exit-host")?);
		let (runtime, rules) = (Handle::current(), rules::table(&policy, limits));
		let tun = inside.run(move || {
			let _runtime = runtime.enter();
			prepare(&rules)
		})?;
		let namespace = inside.namespace().clone();
		let host = outside.run(move || Host::make(&namespace))?;
		let link = host.link();
		let far_end = host.far_end();
		let host = Arc::new(Mutex::new(host));
		let (packets, waiting) = mpsc::channel(WAITING);
		let policy = Arc::new(RwLock::new(Arc::new(policy)));
		let mut exit = Self {
			packets,
			policy,
			counters,
			inside,
			outside,
			host,
			is_renewing: Arc::default(),
			tasks: vec![],
		};
		// From here on it is taken away if anything fails.
		let runtime = Handle::current();
		let answers = exit.inside.run(move || {
			commands::ip(&far_end)?;
			let answers = answers::bind()?;
			for (switch, value) in SWITCHES {
				commands::set(switch, value)?;
			}
			let _runtime = runtime.enter();
			answers.listen()
		})?;
		let (reader, writer) = tun.split();
		let resolving = Answers { resolver, policy: exit.policy.clone(), counters: exit.counters.clone() };
		exit.tasks = vec![
			Task::spawn("packets to the kernel", write(writer, waiting, exit.counters.clone())),
			Task::spawn("packets from the kernel", read(reader, to_guests)),
			Task::spawn("exit's resolver", answers.serve(Arc::new(resolving))),
			Task::spawn("exit's counters", look(exit.inside.clone(), exit.counters.clone())),
		];
		let namespace = exit.inside.namespace().display();
		tracing::info!(link, namespace = %namespace, "exit by the kernel is open");
		Ok(exit)
	}

	/// Takes a packet that came out of the tunnel. Never waits. WireGuard has made sure that its source is the guest's.
	pub fn take(&self, packet: Vec<u8>) {
		if self.packets.try_send(packet).is_err() {
			self.counters.count(Event::TooManyWaiting);
		}
	}

	/// Ends everything of a guest's.
	pub fn forget(&self, guest: Ipv4Addr) {
		let is_begun = self.inside.begin(move || match conntrack::forget(guest) {
			Ok(flows) => tracing::debug!(flows, "connections of a guest that has gone are ended"),
			Err(error) => {
				tracing::warn!(error = format!("{error:#}"), "connections of a guest are left to end")
			}
		});
		if !is_begun {
			tracing::warn!("connections of a guest are left to end: too much is to do");
		}
	}

	/// Lets out what `policy` allows from now on, and by the links by which the Internet is reached now. Connections there
	/// are go on.
	pub fn replace_policy(&self, policy: Policy) {
		*self.policy.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(policy);
		if self.is_renewing.swap(true, Ordering::AcqRel) {
			return;
		}
		let (is_renewing, policy) = (self.is_renewing.clone(), self.policy.clone());
		self.inside.begin(move || {
			is_renewing.store(false, Ordering::Release);
			let policy = policy.read().unwrap_or_else(PoisonError::into_inner).clone();
			tell("exit's rules not renewed", commands::nft(&rules::renewed(&policy)));
		});
		let host = self.host.clone();
		self.outside.begin(move || {
			let renewed = host.lock().unwrap_or_else(PoisonError::into_inner).renew();
			tell("exit's links not renewed", renewed);
		});
	}

	/// What was done and dropped, and counted until now.
	pub fn counted(&self) -> Result<()> {
		let counters = self.counters.clone();
		self.inside.run(move || count(&counters))
	}
}

impl Drop for KernelExit {
	fn drop(&mut self) {
		self.tasks.clear();
		// What it lets through meanwhile ends with its namespace.
		let host = self.host.clone();
		let removed = self.outside.run(move || {
			host.lock().unwrap_or_else(PoisonError::into_inner).remove();
			Ok(())
		});
		tell("exit not taken away; the next start does", removed);
	}
}

/// Of what happens beside, a failure is told and nothing else.
fn tell(what: &str, result: Result<()>) {
	if let Err(error) = result {
		tracing::warn!(error = format!("{error:#}"), "{what}");
	}
}

/// Makes everything in the namespace that does not need the host, the rules first: nothing ever passes without them.
fn prepare(rules: &str) -> Result<Tun> {
	commands::nft(rules)?;
	for switch in WITHOUT_V6 {
		if commands::get(switch).is_some() {
			commands::set(switch, "1")?;
		}
	}
	let tun = Tun::open(INSIDE, MTU).context("no TUN device can be made")?;
	commands::ip(&format!(
		"link set lo up\naddress add {GATEWAY}/32 dev {INSIDE}\nlink set {INSIDE} up mtu {MTU}\n\
		route add {GUESTS} dev {INSIDE}\n"
	))?;
	Ok(tun)
}

/// Hands guests' packets to the kernel.
async fn write(mut tun: TunWriter, mut packets: mpsc::Receiver<Vec<u8>>, counters: Arc<Counters>) {
	while let Some(packet) = packets.recv().await {
		// One that the kernel does not take is no packet.
		if tun.write(&packet).await.is_err() {
			counters.count(Event::Malformed);
		}
	}
}

/// Hands the kernel's packets to guests. While they cannot take more, the kernel keeps what it has room for.
async fn read(mut tun: TunReader, to_guests: mpsc::Sender<Vec<u8>>) {
	let mut batch = vec![];
	loop {
		if let Err(error) = tun.read(&mut batch).await {
			tracing::error!(%error, "the exit's TUN device does not answer: no packet comes back");
			return;
		}
		for packet in batch.drain(..) {
			if to_guests.send(packet).await.is_err() {
				return;
			}
		}
	}
}

/// Keeps the counters to what the rules have counted.
async fn look(inside: Arc<Worker>, counters: Arc<Counters>) {
	loop {
		tokio::time::sleep(LOOK_EVERY).await;
		let counters = counters.clone();
		inside.begin(move || tell("exit's counters not read", count(&counters)));
	}
}

/// Adds what the rules have counted since they were last asked.
fn count(counters: &Counters) -> Result<()> {
	let (family, table) = rules::TABLE.split_once(' ').unwrap_or_default();
	// They begin anew as they are read, so that nothing is counted twice.
	let answer = commands::ask_nft(&["reset", "counters", "table", family, table])?;
	let counted: HashMap<&str, u64> = host::entries(&answer)
		.filter_map(|entry| {
			let counter = entry.get("counter")?;
			Some((counter.get("name")?.as_str()?, counter.get("packets")?.as_u64()?))
		})
		.collect();
	for event in rules::COUNTED {
		counters.add(event, counted.get(event.name()).copied().unwrap_or(0));
	}
	let flows = commands::get("netfilter/nf_conntrack_count").and_then(|text| text.parse().ok());
	counters.set_flows(flows.unwrap_or(0));
	Ok(())
}
