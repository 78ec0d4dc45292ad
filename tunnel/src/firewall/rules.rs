//! The one nftables table, as text for `nft`.

use super::mark::MARK;
use std::{
	fmt::Write,
	net::{IpAddr, Ipv4Addr, SocketAddr},
};

/// Its name, of the family inet.
pub(super) const TABLE: &str = "weir_tunnel";
/// Where a local network is, and its multicast and broadcast.
const LAN4: &str =
	"10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 169.254.0.0/16, 224.0.0.0/24, 239.0.0.0/8, 255.255.255.255";
/// The same of IPv6.
const LAN6: &str = "fe80::/10, fc00::/7, ff01::/16, ff02::/16, ff03::/16, ff04::/16, ff05::/16";
/// Where a DHCP server is that is asked for more time.
const DHCP4: &str = "10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 169.254.0.0/16, 255.255.255.255";
/// What programs are told at once, instead of waiting.
const REJECT: &str = "reject with icmpx type admin-prohibited";

/// What may leave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Rules {
	/// The tunnel's device.
	pub(crate) tun: String,
	/// The user of this process: others do not reach the chain's endpoints.
	pub(crate) user: u32,
	/// Whether the local network is reached.
	pub(crate) lan: bool,
	/// Nodes of the chain.
	pub(crate) chain: Vec<SocketAddr>,
	/// The provider that is asked, or carries.
	pub(crate) entry: Option<IpAddr>,
	/// This machine's address inside the tunnel.
	pub(crate) inner: Option<Ipv4Addr>,
}

/// A set; nft takes none that is written empty.
fn set(name: &str, kind: &str, elements: &[String]) -> String {
	let elements = match elements {
		[] => String::new(),
		some => format!("\t\telements = {{ {} }}\n", some.join(", ")),
	};
	format!("\tset {name} {{\n\t\ttype {kind}\n{elements}\t}}\n")
}

impl Rules {
	/// One transaction that replaces the table.
	pub(super) fn script(&self) -> String {
		let Self { tun, user, .. } = self;
		let mut text = removal();
		let _ = writeln!(text, "table inet {TABLE} {{");
		text += "\tcomment \"kill switch; weir-tunnel firewall clear removes it\"\n";
		text += &self.sets();
		// DNS stands before the local network: a resolver there would tell its operator where programs go.
		let lan_out = self.lan_rules("daddr");
		let lan_in = self.lan_rules("saddr");
		// The exit is a stranger: only answers come out of the tunnel.
		let _ = write!(
			text,
			"	chain leaving {{
		type filter hook output priority 0; policy drop;
		oifname \"lo\" accept
		oifname \"{tun}\" meta nfproto ipv4 tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu
		oifname \"{tun}\" meta nfproto ipv4 accept
		meta mark {MARK:#x} ip daddr @entry4 meta l4proto {{ tcp, udp }} accept
		meta mark {MARK:#x} ip6 daddr @entry6 meta l4proto {{ tcp, udp }} accept
		meta skuid {user} ip daddr . tcp dport @chain4 accept
		meta skuid {user} ip6 daddr . tcp dport @chain6 accept
		ip daddr {{ {DHCP4} }} udp sport 68 udp dport 67 accept
		ip6 saddr fe80::/10 ip6 daddr {{ ff02::1:2, fe80::/10 }} udp sport 546 udp dport 547 accept
		icmpv6 type {{ nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert }} ip6 hoplimit 255 accept
		meta l4proto {{ tcp, udp }} th dport {{ 53, 853 }} {REJECT}
{lan_out}		{REJECT}
	}}
	chain arriving {{
		type filter hook input priority 0; policy drop;
		iifname \"lo\" accept
		ct state established,related accept
		iifname \"{tun}\" drop
		udp sport 67 udp dport 68 accept
		ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept
		icmpv6 type {{ nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert }} ip6 hoplimit 255 accept
{lan_in}	}}
	chain crossing {{
		type filter hook forward priority 0; policy drop;
		oifname \"{tun}\" meta nfproto ipv4 tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu
		oifname \"{tun}\" meta nfproto ipv4 accept
		iifname \"{tun}\" ct state established,related accept
		meta l4proto {{ tcp, udp }} th dport {{ 53, 853 }} drop
{lan_out}	}}
	chain answered {{
		type filter hook prerouting priority -150; policy accept;
		iifname != \"{tun}\" ip daddr @inner fib saddr type != local drop
		ct mark {MARK:#x} meta mark set ct mark
	}}
	chain asked {{
		type filter hook postrouting priority -150; policy accept;
		meta mark {MARK:#x} ct mark set meta mark
	}}
}}
"
		);
		text
	}

	fn sets(&self) -> String {
		let entry = |is_v4: bool| {
			let entry = self.entry.iter().map(IpAddr::to_canonical).filter(|ip| ip.is_ipv4() == is_v4);
			entry.map(|ip| ip.to_string()).collect::<Vec<_>>()
		};
		let chain = |is_v4: bool| {
			let those = self.chain.iter().filter(|address| address.is_ipv4() == is_v4);
			those.map(|address| format!("{} . {}", address.ip(), address.port())).collect::<Vec<_>>()
		};
		let inner = self.inner.iter().map(Ipv4Addr::to_string).collect::<Vec<_>>();
		[
			set("entry4", "ipv4_addr", &entry(true)),
			set("entry6", "ipv6_addr", &entry(false)),
			set("chain4", "ipv4_addr . inet_service", &chain(true)),
			set("chain6", "ipv6_addr . inet_service", &chain(false)),
			set("inner", "ipv4_addr", &inner),
		]
		.concat()
	}

	/// The local network, if it is let in and out.
	fn lan_rules(&self, end: &str) -> String {
		if !self.lan {
			return String::new();
		}
		format!("\t\tip {end} {{ {LAN4} }} accept\n\t\tip6 {end} {{ {LAN6} }} accept\n")
	}
}

/// Removes the table, whether or not it stands.
pub(super) fn removal() -> String {
	format!("table inet {TABLE}\ndelete table inet {TABLE}\n")
}

#[cfg(test)]
mod tests {
	use super::*;

	fn rules() -> Rules {
		Rules {
			tun: "weir0".into(),
			user: 0,
			lan: false,
			chain: vec!["198.51.100.9:9944".parse().unwrap(), "[2001:db8::9]:443".parse().unwrap()],
			entry: Some([198, 51, 100, 7].into()),
			inner: None,
		}
	}

	#[test]
	fn script_should_replace_the_table_and_drop_what_it_does_not_name() {
		let script = rules().script();
		assert!(script.starts_with("table inet weir_tunnel\ndelete table inet weir_tunnel\n"), "{script}");
		for hook in ["output", "input", "forward"] {
			assert!(script.contains(&format!("hook {hook} priority 0; policy drop;")), "{hook}");
		}
		assert!(
			script.contains("elements = { 198.51.100.9 . 9944 }") && script.contains("2001:db8::9 . 443")
		);
		assert!(script.contains("elements = { 198.51.100.7 }") && !script.contains("192.168.0.0/16 }"));
		assert!(!script.contains("{  }"), "nft takes no empty set: {script}");
	}

	#[test]
	fn script_should_refuse_names_before_it_lets_the_local_network_pass() {
		let script = Rules { lan: true, ..rules() }.script();
		let leaving = script.split("chain ").nth(1).unwrap();
		let at = |text: &str| leaving.find(text).unwrap_or_else(|| panic!("{text} in {leaving}"));
		assert!(at("dport { 53, 853 }") < at("224.0.0.0/24"));
		assert!(at("oifname \"weir0\" meta nfproto ipv4 accept") < at("dport { 53, 853 }"));
		assert!(script.contains("ip saddr { 10.0.0.0/8"));
	}
}
