//! [`Policy`] and [`Limits`] as rules of nft, for the exit's own namespace.
//!
//! The table is loaded once. What changes later are its sets: the host's own networks, and the registered endpoints.

use super::{INSIDE, OUTSIDE};
use crate::{
	exit::{
		counters::Event,
		limits::{Limits, REMEMBERED},
		policy::{Policy, Transport, GUESTS, MAIL},
	},
	net::{DNS_PORT, GATEWAY, MTU},
};
use ipnet::Ipv4Net;
use std::{
	fmt::{Display, Write},
	ops::RangeInclusive,
};

/// Name of the table, in a namespace of its own.
pub(super) const TABLE: &str = "inet weir_exit";
/// Guests that limits are kept for at once, at least as many as there can be sessions.
const GUESTS_AT_ONCE: u32 = 65_535;
/// Pairs of a guest and where it was that are known at once. Beyond that every destination counts as new.
const DESTINATIONS_AT_ONCE: u32 = 1 << 20;
/// Mark of connections that were let out: what belongs to one is neither decided nor counted again, though nobody has answered yet.
const LET_OUT: u32 = 1;
/// Bytes of headers in the largest segment of TCP.
const HEADERS: u16 = 40;

/// What the rules count, each in a counter of the event's name.
pub(super) const COUNTED: [Event; 17] = [
	Event::TcpFlow,
	Event::UdpFlow,
	Event::Pong,
	Event::Malformed,
	Event::ForeignSource,
	Event::Fragment,
	Event::Options,
	Event::OtherProtocol,
	Event::NoFlow,
	Event::DeniedAddress,
	Event::DeniedOwn,
	Event::DeniedPort,
	Event::DeniedClass,
	Event::DeniedNotRegistered,
	Event::TooFast,
	Event::Scan,
	Event::TooMany,
];

/// Elements of a set, or of one that stands in a rule.
fn list<T: Display>(elements: impl IntoIterator<Item = T>) -> String {
	let mut list = String::new();
	for element in elements {
		let _ = write!(list, "{}{element}", if list.is_empty() { "" } else { ", " });
	}
	list
}

/// Ports, and ranges of them. One port is no range to nft.
fn ports(ranges: &[RangeInclusive<u16>]) -> String {
	list(ranges.iter().map(|range| match (range.start(), range.end()) {
		(start, end) if start == end => start.to_string(),
		(start, end) => format!("{start}-{end}"),
	}))
}

/// Networks, none of them within another.
fn networks(networks: impl Iterator<Item = Ipv4Net>) -> String {
	list(Ipv4Net::aggregate(&networks.collect()))
}

/// A set with these elements; without any it is empty.
fn set(name: &str, kind: &str, elements: &str) -> String {
	let elements = if elements.is_empty() { String::new() } else { format!("elements = {{ {elements} }};") };
	format!("set {name} {{ type {kind}; {elements} }}\n")
}

fn count(event: Event) -> String {
	format!("counter name {}", event.name())
}

/// What changes while the exit is open, as rules that replace it.
pub(super) fn renewed(policy: &Policy) -> String {
	let mut rules = String::new();
	for (name, elements) in [("own", own(policy)), ("registered", registered(policy))] {
		let _ = writeln!(rules, "flush set {TABLE} {name}");
		if !elements.is_empty() {
			let _ = writeln!(rules, "add element {TABLE} {name} {{ {elements} }}");
		}
	}
	rules
}

fn own(policy: &Policy) -> String {
	networks(policy.own())
}

fn registered(policy: &Policy) -> String {
	list(policy.registered().map(|endpoint| format!("{} . {}", endpoint.ip(), endpoint.port())))
}

/// The whole table.
pub(super) fn table(policy: &Policy, limits: &Limits) -> String {
	let mut rules = format!("table {TABLE} {{\n");
	for event in COUNTED {
		let _ = writeln!(rules, "counter {} {{ }}", event.name());
	}
	sets(&mut rules, policy);
	let _ = write!(
		rules,
		"chain early {{ type filter hook prerouting priority -450; policy drop;\n{}}}\n\
		chain input {{ type filter hook input priority 0; policy drop;\n{}}}\n\
		chain output {{ type filter hook output priority 0; policy drop;\noifname \"{INSIDE}\" accept\n}}\n\
		chain forward {{ type filter hook forward priority 0; policy drop;\n{}}}\n\
		chain beginning {{\n{}}}\nchain limits {{\n{}}}\n\
		chain leaving {{\n{}}}\nchain answers {{\n{}}}\n\
		chain deciding {{\n{}}}\nchain refuse {{\n{}}}\n\
		chain translate {{ type nat hook postrouting priority 100; policy accept;\n\
		oifname \"{OUTSIDE}\" ip saddr {GUESTS} masquerade\n}}\n}}\n",
		early(),
		input(policy),
		forward(),
		beginning(limits),
		limiting(limits),
		leaving(),
		answers(),
		deciding(policy),
		refusing(),
	);
	rules
}

fn sets(rules: &mut String, policy: &Policy) {
	let interval = "ipv4_addr; flags interval";
	*rules += &set("lab", interval, &networks(policy.lab()));
	*rules += &set("special", interval, &networks(Policy::special()));
	*rules += &set("own", interval, &own(policy));
	*rules += &set("registered", "ipv4_addr . inet_service", &registered(policy));
	let seconds = REMEMBERED.as_secs();
	let per_guest = format!("ipv4_addr; size {GUESTS_AT_ONCE}; flags dynamic");
	for name in ["beginning", "mailing", "looking"] {
		*rules += &set(name, &format!("{per_guest}, timeout; timeout {seconds}s"), "");
	}
	*rules += &set("flows", &per_guest, "");
	let pairs = format!("ipv4_addr . ipv4_addr; size {DESTINATIONS_AT_ONCE}; flags dynamic, timeout");
	*rules += &set("seen", &format!("{pairs}; timeout {seconds}s"), "");
}

/// What is no packet of a guest's, before anything is put together or followed. Where it goes comes later.
fn early() -> String {
	format!(
		"meta nfproto ipv6 {malformed} drop\n\
		iifname \"{OUTSIDE}\" accept\n\
		iifname != \"{INSIDE}\" drop\n\
		ip saddr != {GUESTS} {foreign} drop\n\
		fib saddr . iif oif eq 0 {foreign} drop\n\
		ip frag-off & 0x3fff != 0 {fragment} drop\n\
		ip hdrlength != 5 {options} drop\n\
		ip ttl set 64 accept\n",
		malformed = count(Event::Malformed),
		foreign = count(Event::ForeignSource),
		fragment = count(Event::Fragment),
		options = count(Event::Options),
	)
}

/// What is for the gateway itself: questions to the resolver, and pings.
fn input(policy: &Policy) -> String {
	let questions = if policy.resolves() {
		format!(
			"ct state new ip daddr {GATEWAY} udp dport {DNS_PORT} jump beginning\n\
			ip daddr {GATEWAY} udp dport {DNS_PORT} accept\n\
			ct state new ip daddr {GATEWAY} tcp dport {DNS_PORT} tcp flags & (fin | syn | rst | ack) == syn jump beginning\n\
			ip daddr {GATEWAY} tcp dport {DNS_PORT} accept\n"
		)
	} else {
		String::new()
	};
	format!(
		"iifname != \"{INSIDE}\" drop\n\
		ct state invalid {no_flow} drop\n\
		{questions}\
		ip daddr {GATEWAY} icmp type echo-request {pong} accept\n\
		meta l4proto != {{ tcp, udp }} {other} drop\n\
		jump deciding\n\
		goto refuse\n",
		no_flow = count(Event::NoFlow),
		pong = count(Event::Pong),
		other = count(Event::OtherProtocol),
	)
}

fn forward() -> String {
	format!("iifname \"{INSIDE}\" goto leaving\niifname \"{OUTSIDE}\" oifname \"{INSIDE}\" goto answers\n")
}

/// What guests send. What goes to another guest never leaves, whatever else is said of its address.
fn leaving() -> String {
	format!(
		"meta l4proto != {{ tcp, udp }} {other} drop\n\
		oifname \"{OUTSIDE}\" ct mark {LET_OUT} {clamp}\n\
		oifname \"{OUTSIDE}\" ct mark {LET_OUT} accept\n\
		ct state != new {no_flow} goto refuse\n\
		tcp flags & (fin | syn | rst | ack) != syn {no_flow} goto refuse\n\
		jump deciding\n\
		oifname != \"{OUTSIDE}\" {address} goto refuse\n\
		jump limits\n\
		{clamp}\n\
		ct mark set {LET_OUT} meta l4proto tcp {tcp} accept\n\
		meta l4proto udp {udp} accept\n",
		other = count(Event::OtherProtocol),
		no_flow = count(Event::NoFlow),
		address = count(Event::DeniedAddress),
		tcp = count(Event::TcpFlow),
		udp = count(Event::UdpFlow),
		clamp = clamp(),
	)
}

/// No segment larger than the tunnel carries.
fn clamp() -> String {
	format!("tcp flags & (syn | rst) == syn tcp option maxseg size set {}", MTU.saturating_sub(HEADERS))
}

/// What comes back. Of errors those alone that say that something is not reached, from addresses that guests may learn of: a
/// router of the provider's would tell them its network.
fn answers() -> String {
	format!(
		"ct state established {clamp}\n\
		ct state established accept\n\
		ip saddr @lab ct state related icmp type destination-unreachable accept\n\
		ip saddr @special drop\n\
		ip saddr @own drop\n\
		ct state related icmp type destination-unreachable accept\n",
		clamp = clamp(),
	)
}

/// What a guest may have of this host.
fn limiting(limits: &Limits) -> String {
	format!(
		"add @flows {{ ip saddr ct count over {} }} {too_many} drop\n\
		ct count over {} {too_many} drop\n\
		goto beginning\n",
		limits.flows_per_guest,
		limits.flows_total,
		too_many = count(Event::TooMany)
	)
}

/// How fast a guest may begin connections, and to how many places.
fn beginning(limits: &Limits) -> String {
	let mail = limits.mail_flows_per_minute;
	let over = |set: &str, rate: String, burst: u32, event: Event| {
		let counter = count(event);
		format!("add @{set} {{ ip saddr limit rate over {rate} burst {burst} packets }} {counter} drop\n")
	};
	let all = over(
		"beginning",
		format!("{}/second", limits.new_flows_per_second),
		limits.new_flows_burst,
		Event::TooFast,
	);
	let mail = over("mailing", format!("{mail}/minute"), mail.saturating_mul(2), Event::TooFast);
	let looking = over(
		"looking",
		format!("{}/second", limits.new_destinations_per_second),
		limits.new_destinations_burst,
		Event::Scan,
	);
	format!(
		"{all}tcp dport {{ {} }} {mail}\
		ip saddr . ip daddr @seen update @seen {{ ip saddr . ip daddr }} return\n\
		{looking}add @seen {{ ip saddr . ip daddr }}\n",
		list(MAIL),
	)
}

/// [`Policy::verdict`]: returns if a new connection may go on.
fn deciding(policy: &Policy) -> String {
	let mut rules = format!(
		"ip daddr @lab goto ports\n\
		ip daddr @special {address} goto refuse\n\
		ip daddr @own {own} goto refuse\n\
		goto ports\n}}\nchain ports {{\n\
		th dport {{ {closed} }} {port} goto refuse\n\
		ip daddr . th dport @registered return\n",
		address = count(Event::DeniedAddress),
		own = count(Event::DeniedOwn),
		port = count(Event::DeniedPort),
		closed = ports(Policy::closed()),
	);
	for (transport, name) in [(Transport::Tcp, "tcp"), (Transport::Udp, "udp")] {
		let open = policy.ports(transport);
		let _ = match open {
			[] => Ok(()),
			[all] if *all == (0..=u16::MAX) => writeln!(rules, "meta l4proto {name} return"),
			some => writeln!(rules, "{name} dport {{ {} }} return", ports(some)),
		};
	}
	let _ = writeln!(rules, "{} goto refuse", count(Event::denied(policy.beyond())));
	rules
}

/// A connection is refused at once; of the rest nothing is said.
fn refusing() -> &'static str {
	"tcp flags & rst == 0 reject with tcp reset\ndrop\n"
}
