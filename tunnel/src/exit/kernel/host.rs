//! The host's side of the exit: one link to its namespace, one table, and as much forwarding as that takes.
//!
//! What is made here is numbered: link `weirx0`, table `weir_exit0`. A process that is killed leaves the table, and its link
//! is gone with the namespace; that is how the next one knows that nobody has it, and takes it away. The table says as well
//! for which links forwarding was switched on, so that it can be switched off.

use super::{
	commands::{ask_ip, ask_nft, get, ip, nft, set},
	OUTSIDE,
};
use crate::exit::surroundings;
use anyhow::{Context, Result};
use ipnet::{IpNet, Ipv4Net};
use serde_json::Value;
use std::{collections::BTreeSet, net::Ipv4Addr, path::Path};

/// Every link of an exit begins with this.
const LINK: &str = "weirx";
/// And every table, which is of family `inet`.
const TABLE: &str = "weir_exit";
/// Exits on one host at most.
const MOST: u8 = 64;
/// Where prefixes for links are taken from: ends of private networks, which are used least.
const PRIVATE: [Ipv4Net; 3] = [
	Ipv4Net::new_assert(Ipv4Addr::new(10, 255, 240, 0), 20),
	Ipv4Net::new_assert(Ipv4Addr::new(172, 31, 240, 0), 20),
	Ipv4Net::new_assert(Ipv4Addr::new(192, 168, 240, 0), 20),
];
/// Two addresses, and the two that are none.
const LINK_BITS: u8 = 30;

/// Routes of fewer bits than these are parts of a default one.
const PARTS_BITS: u8 = 4;

/// The host's side, until it is dropped: then [`Self::remove`].
#[derive(Debug)]
pub(super) struct Host {
	number: u8,
	/// The host's address on the link, and the namespace's.
	near: Ipv4Addr,
	far: Ipv4Addr,
	/// Links that forwarding was switched on for.
	switched: BTreeSet<String>,
}

impl Host {
	/// Makes it, with the other end of the link in `namespace`.
	pub(super) fn make(namespace: &Path) -> Result<Self> {
		clean();
		let (near, far) = free_pair()?;
		let number = (0..MOST)
			.find(|number| add_link(*number, namespace).is_ok())
			// Again, for the reason.
			.map_or_else(|| add_link(0, namespace).map(|()| 0), Ok)
			.context("no link to the exit's namespace can be made")?;
		let mut host = Self { number, near, far, switched: BTreeSet::new() };
		if let Err(error) = host.set_up() {
			host.remove();
			return Err(error);
		}
		Ok(host)
	}

	fn set_up(&mut self) -> Result<()> {
		let (link, near) = (self.link(), self.near);
		// Nothing of IPv6: not even an address of the link's own.
		if get(&format!("ipv6/conf/{link}/disable_ipv6")).is_some() {
			set(&format!("ipv6/conf/{link}/disable_ipv6"), "1")?;
		}
		nft(&self.table(&self.switched))?;
		ip(&format!("address add {near}/{LINK_BITS} dev {link}\nlink set {link} up\n"))?;
		for (switch, value) in [("forwarding", "1"), ("rp_filter", "1"), ("accept_redirects", "0")] {
			set(&format!("ipv4/conf/{link}/{switch}"), value)?;
		}
		self.renew()
	}

	/// Has the links forward by which the Internet is reached now.
	pub(super) fn renew(&mut self) -> Result<()> {
		clean();
		let others = switched_by(|number| number != self.number);
		let mut switched = self.switched.clone();
		for uplink in uplinks()? {
			let is_off = get(&format!("ipv4/conf/{uplink}/forwarding")).as_deref() == Some("0");
			if is_off || others.contains(&uplink) {
				switched.insert(uplink);
			}
		}
		if switched == self.switched {
			return Ok(());
		}
		// First what says so, then the deed: whoever finds one of them finds the other.
		nft(&self.table(&switched))?;
		for link in switched.difference(&self.switched) {
			set(&format!("ipv4/conf/{link}/forwarding"), "1")?;
		}
		self.switched = switched;
		Ok(())
	}

	/// Takes everything away again.
	pub(super) fn remove(&self) {
		let others = switched_by(|number| number != self.number);
		switch_off(self.switched.difference(&others));
		// Each may be gone already.
		let _ = nft(&format!("delete table inet {TABLE}{}\n", self.number));
		let _ = ip(&format!("link delete {}\n", self.link()));
	}

	/// The host's end of the link.
	pub(super) fn link(&self) -> String {
		format!("{LINK}{}", self.number)
	}

	/// What the namespace is to do with its end of the link.
	pub(super) fn far_end(&self) -> String {
		let Self { near, far, .. } = self;
		format!(
			"address add {far}/{LINK_BITS} dev {OUTSIDE}\nlink set {OUTSIDE} up\nroute add default via {near} dev {OUTSIDE}\n"
		)
	}

	/// Nothing but what the namespace has translated goes from the link to the Internet, and nothing to the host; what links
	/// forward that forwarded nothing before goes to exits, or nowhere.
	fn table(&self, switched: &BTreeSet<String>) -> String {
		let (table, link, far) = (format!("inet {TABLE}{}", self.number), self.link(), self.far);
		let names: Vec<_> = switched.iter().map(|name| format!("\"{name}\"")).collect();
		let elements = match names.is_empty() {
			true => String::new(),
			false => format!("elements = {{ {} }}", names.join(", ")),
		};
		format!(
			"table {table}\ndelete table {table}\ntable {table} {{\n\
			set switched {{ type ifname; {elements}\n}}\n\
			chain input {{ type filter hook input priority -5; policy accept;\niifname \"{link}\" drop\n}}\n\
			chain forward {{ type filter hook forward priority -5; policy accept;\n\
			iifname \"{link}\" meta nfproto ipv6 drop\n\
			iifname \"{link}\" ip saddr != {far} drop\n\
			iifname \"{link}\" oifname \"{LINK}*\" drop\n\
			iifname \"{link}\" accept\n\
			oifname \"{link}\" ct state established, related accept\n\
			oifname \"{link}\" drop\n\
			meta nfproto ipv4 iifname @switched oifname != \"{LINK}*\" drop\n}}\n\
			chain translate {{ type nat hook postrouting priority 100; policy accept;\n\
			ip saddr {far} oifname != \"{LINK}*\" masquerade\n}}\n}}\n"
		)
	}
}

fn add_link(number: u8, namespace: &Path) -> Result<()> {
	let namespace = namespace.display();
	ip(&format!("link add {LINK}{number} type veth peer name {OUTSIDE} netns {namespace}\n"))
}

/// Takes away what processes have left that were killed.
fn clean() {
	let left =
		tables().into_iter().filter(|number| !is_there(&format!("{LINK}{number}"))).collect::<Vec<_>>();
	if left.is_empty() {
		return;
	}
	let used = switched_by(|number| !left.contains(&number));
	let switched = switched_by(|number| left.contains(&number));
	switch_off(switched.difference(&used));
	for number in left {
		tracing::info!(table = format!("{TABLE}{number}"), "what an exit that was killed left is taken away");
		let _ = nft(&format!("delete table inet {TABLE}{number}\n"));
	}
}

fn switch_off<'a>(links: impl Iterator<Item = &'a String>) {
	for link in links {
		// One that is gone forwards nothing.
		if let Err(error) = set(&format!("ipv4/conf/{link}/forwarding"), "0") {
			tracing::debug!(link, error = format!("{error:#}"), "forwarding not switched off");
		}
	}
}

fn is_there(link: &str) -> bool {
	get(&format!("ipv4/conf/{link}/forwarding")).is_some()
}

/// Numbers of the tables of exits there are.
fn tables() -> Vec<u8> {
	let answer = ask_nft(&["list", "tables", "inet"]).unwrap_or_default();
	let name = |entry: &Value| Some(entry.get("table")?.get("name")?.as_str()?.to_owned());
	let number = |name: String| name.strip_prefix(TABLE)?.parse().ok();
	entries(&answer).filter_map(name).filter_map(number).collect()
}

/// Links that the tables with these numbers say forwarding was switched on for.
fn switched_by(numbers: impl Fn(u8) -> bool) -> BTreeSet<String> {
	let mut switched = BTreeSet::new();
	for number in tables().into_iter().filter(|number| numbers(*number)) {
		let table = format!("{TABLE}{number}");
		let answer = ask_nft(&["list", "set", "inet", &table, "switched"]).unwrap_or_default();
		let elements = entries(&answer).filter_map(|entry| entry.get("set")?.get("elem")?.as_array());
		switched.extend(elements.flatten().filter_map(Value::as_str).map(str::to_owned));
	}
	switched
}

/// What nft lists.
pub(super) fn entries(answer: &Value) -> impl Iterator<Item = &Value> {
	answer.get("nftables").and_then(Value::as_array).into_iter().flatten()
}

/// Every IPv4 route of this host.
fn routes() -> Result<Vec<Value>> {
	let answer = ask_ip(&["-4", "route", "show", "table", "all"])?;
	Ok(answer.as_array().cloned().unwrap_or_default())
}

/// Links by which the Internet is reached.
fn uplinks() -> Result<BTreeSet<String>> {
	let is_default = |route: &&Value| {
		let destination = route.get("dst").and_then(Value::as_str);
		destination == Some("default")
			|| destination.and_then(network).is_some_and(|network| is_half(&network))
	};
	let device = |hop: &Value| Some(hop.get("dev")?.as_str()?.to_owned());
	let of = |route: &Value| -> Vec<String> {
		let several = route.get("nexthops").and_then(Value::as_array).into_iter().flatten();
		several.chain([route]).filter_map(device).collect()
	};
	Ok(routes()?.iter().filter(is_default).flat_map(of).collect())
}

/// A destination as `ip` writes it.
fn network(text: &str) -> Option<Ipv4Net> {
	text.parse().ok().or_else(|| text.parse::<Ipv4Addr>().ok().map(Ipv4Net::from))
}

/// Whether a route is a default one in parts, as programs make them that leave the other where it is.
fn is_half(network: &Ipv4Net) -> bool {
	network.prefix_len() < PARTS_BITS
}

/// Two addresses in a prefix in which nothing of this host's lies, and to which no route of its leads.
fn free_pair() -> Result<(Ipv4Addr, Ipv4Addr)> {
	let mut used: Vec<Ipv4Net> = surroundings::discover()
		.context("the addresses of this machine cannot be read")?
		.into_iter()
		.filter_map(|network| match network {
			IpNet::V4(network) => Some(network),
			IpNet::V6(_) => None,
		})
		.collect();
	let routes = routes()?;
	let destinations = routes.iter().filter_map(|route| route.get("dst")?.as_str());
	used.extend(destinations.filter_map(network).filter(|network| !is_half(network)));
	first_free(&used)
}

fn first_free(used: &[Ipv4Net]) -> Result<(Ipv4Addr, Ipv4Addr)> {
	let overlaps = |one: &Ipv4Net, other: &Ipv4Net| one.contains(other) || other.contains(one);
	let mut links = PRIVATE.iter().flat_map(|range| range.subnets(LINK_BITS)).flatten();
	let free = links.find(|link| !used.iter().any(|used| overlaps(link, used)));
	let mut hosts = free.iter().flat_map(Ipv4Net::hosts);
	hosts
		.next()
		.zip(hosts.next())
		.context("every private prefix is in use or routed on this host; use provide.exit = \"userspace\"")
}

/// The chain of another firewall that drops what is forwarded unless it is told otherwise, if there is one: what this exit
/// lets pass, that one drops.
pub(super) fn other_firewall() -> Option<String> {
	let answer = ask_nft(&["list", "chains"]).ok()?;
	let found = entries(&answer).find_map(|entry| {
		let chain = entry.get("chain")?;
		let text = |key: &str| chain.get(key).and_then(Value::as_str);
		let family = text("family").filter(|family| matches!(*family, "ip" | "inet"))?;
		let table = text("table").filter(|table| !table.starts_with(TABLE))?;
		let drops = text("hook") == Some("forward") && text("policy") == Some("drop");
		drops.then(|| format!("{family} {table} {}", text("name").unwrap_or_default()))
	});
	found
}

#[cfg(test)]
mod tests {
	use super::*;

	fn net(text: &str) -> Ipv4Net {
		text.parse().unwrap()
	}

	#[test]
	fn first_free_should_avoid_what_is_used_within_and_around() {
		let pair = |used: &[&str]| {
			let used: Vec<_> = used.iter().map(|text| net(text)).collect();
			first_free(&used).map(|(near, far)| format!("{near} {far}")).ok()
		};
		assert_eq!(pair(&["0.0.0.0/32"]).unwrap(), "10.255.240.1 10.255.240.2");
		assert_eq!(pair(&["10.255.240.2/32", "10.255.240.4/30"]).unwrap(), "10.255.240.9 10.255.240.10");
		assert_eq!(pair(&["10.0.0.0/8"]).unwrap(), "172.31.240.1 172.31.240.2");
		assert_eq!(pair(&["10.0.0.0/8", "172.16.0.0/12"]).unwrap(), "192.168.240.1 192.168.240.2");
		assert_eq!(pair(&["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]), None);
	}

	#[test]
	fn networks_should_be_read_as_ip_writes_them() {
		assert_eq!(network("10.1.0.0/16"), Some(net("10.1.0.0/16")));
		assert_eq!(network("10.1.2.3"), Some(net("10.1.2.3/32")));
		assert_eq!(network("default"), None);
		assert!(is_half(&net("128.0.0.0/1")) && !is_half(&net("10.0.0.0/8")));
	}

	#[test]
	fn table_should_forward_nothing_between_others_when_forwarding_was_switched_on() {
		let host = Host {
			number: 3,
			near: Ipv4Addr::new(10, 255, 240, 1),
			far: Ipv4Addr::new(10, 255, 240, 2),
			switched: BTreeSet::new(),
		};
		let none = host.table(&BTreeSet::new());
		assert!(none.contains("set switched { type ifname; \n}"), "{none}");
		let one = host.table(&BTreeSet::from(["eth0".to_owned()]));
		assert!(one.contains("elements = { \"eth0\" }"), "{one}");
		assert!(one.contains("meta nfproto ipv4 iifname @switched oifname != \"weirx*\" drop"), "{one}");
	}
}
