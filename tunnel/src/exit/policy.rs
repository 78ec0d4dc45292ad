//! Where guests may go.

#[cfg(test)]
mod tests;

use ipnet::{IpNet, Ipv4Net};
use std::{
	collections::BTreeSet,
	net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4},
	ops::RangeInclusive,
};
use weir_primitives::ExitClass;

/// Inner addresses of guests.
pub(super) const GUESTS: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(100, 96, 0, 0), 11);
/// Mail submission: what abuses it begins connections by the thousand.
pub(super) const MAIL: [u16; 2] = [465, 587];
/// Every port that can be named.
const ALL: &[RangeInclusive<u16>] = &[0..=u16::MAX];
/// No port.
const NONE: &[RangeInclusive<u16>] = &[];

/// Prefixes that are not of the public Internet, or are other machines' than they seem: the IANA registries of special
/// addresses, what RFCs 6890 and 5735 name, and for IPv6 every prefix of addresses that embed an IPv4 one. Those are denied
/// whatever they embed: what comes out at the other end of a translator or relay is not seen here.
const DENIED: &[(IpAddr, u8)] = &[
	// This network, private, shared (RFC 6598), loopback, link-local with the metadata of clouds.
	v4([0, 0, 0, 0], 8),
	v4([10, 0, 0, 0], 8),
	v4([100, 64, 0, 0], 10),
	v4([127, 0, 0, 0], 8),
	v4([169, 254, 0, 0], 16),
	v4([172, 16, 0, 0], 12),
	// Protocol assignments, documentation, relays of 6to4, private, benchmarks, documentation.
	v4([192, 0, 0, 0], 24),
	v4([192, 0, 2, 0], 24),
	v4([192, 88, 99, 0], 24),
	v4([192, 168, 0, 0], 16),
	v4([198, 18, 0, 0], 15),
	v4([198, 51, 100, 0], 24),
	v4([203, 0, 113, 0], 24),
	// Multicast, reserved and broadcast.
	v4([224, 0, 0, 0], 4),
	v4([240, 0, 0, 0], 4),
	// IETF protocol assignments, among them Teredo (2001::/32), benchmarks and ORCHID; documentation; 6to4; documentation.
	v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
	v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
	v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16),
	v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
];

/// What of IPv6 is given out for the public Internet. Outside it lie loopback, IPv4-mapped and IPv4-compatible, NAT64
/// (64:ff9b::/96 and 64:ff9b:1::/48), discard-only, unique local, link-local, site-local and multicast addresses.
const GLOBAL_V6: (IpAddr, u8) = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// Closed in every class: mail relay, Windows' file sharing, and services that answer a question with a flood.
const CLOSED: &[RangeInclusive<u16>] =
	&[0..=0, 25..=25, 135..=139, 445..=445, 1_900..=1_900, 5_353..=5_353, 11_211..=11_211];

/// The web.
const WEB_TCP: &[RangeInclusive<u16>] = &[80..=80, 443..=443];
/// And QUIC.
const WEB_UDP: &[RangeInclusive<u16>] = &[443..=443];

/// What `Reduced` lets out over TCP, after Tor's reduced exit policy: shells, web, mail to be read and submitted, chat,
/// calls, calendars, keys, code, tunnels. File sharing among strangers takes ports of its own, which are not here.
const REDUCED_TCP: &[RangeInclusive<u16>] = &[
	20..=23,
	43..=43,
	53..=53,
	79..=81,
	88..=88,
	110..=110,
	143..=143,
	194..=194,
	220..=220,
	389..=389,
	443..=443,
	464..=465,
	531..=531,
	543..=544,
	554..=554,
	563..=563,
	587..=587,
	636..=636,
	706..=706,
	749..=749,
	853..=853,
	873..=873,
	902..=904,
	981..=981,
	989..=995,
	1_194..=1_194,
	1_220..=1_220,
	1_293..=1_293,
	1_500..=1_500,
	1_533..=1_533,
	1_677..=1_677,
	1_723..=1_723,
	1_755..=1_755,
	1_863..=1_863,
	2_082..=2_083,
	2_086..=2_087,
	2_095..=2_096,
	2_102..=2_104,
	3_128..=3_128,
	3_478..=3_481,
	3_690..=3_690,
	4_321..=4_321,
	4_643..=4_643,
	5_050..=5_050,
	5_190..=5_190,
	5_222..=5_223,
	5_228..=5_230,
	5_269..=5_269,
	5_349..=5_349,
	6_660..=6_669,
	6_679..=6_679,
	6_697..=6_697,
	8_000..=8_000,
	8_008..=8_008,
	8_074..=8_074,
	8_080..=8_080,
	8_082..=8_082,
	8_087..=8_088,
	8_232..=8_233,
	8_332..=8_333,
	8_443..=8_443,
	8_888..=8_888,
	9_418..=9_418,
	9_999..=10_000,
	11_371..=11_371,
	19_294..=19_294,
	19_638..=19_638,
	50_002..=50_002,
	64_738..=64_738,
];
/// And over UDP: names, time, QUIC, IPsec, OpenVPN, calls by way of their relays, WireGuard.
const REDUCED_UDP: &[RangeInclusive<u16>] = &[
	53..=53,
	123..=123,
	443..=443,
	500..=500,
	853..=853,
	1_194..=1_194,
	3_478..=3_481,
	4_500..=4_500,
	5_349..=5_349,
	19_302..=19_309,
	51_820..=51_820,
	64_738..=64_738,
];

const fn v4([a, b, c, d]: [u8; 4], length: u8) -> (IpAddr, u8) {
	(IpAddr::V4(Ipv4Addr::new(a, b, c, d)), length)
}

const fn v6([a, b, c, d, e, f, g, h]: [u16; 8], length: u8) -> (IpAddr, u8) {
	(IpAddr::V6(Ipv6Addr::new(a, b, c, d, e, f, g, h)), length)
}

fn of_v4(network: &IpNet) -> Option<Ipv4Net> {
	match network {
		IpNet::V4(network) => Some(*network),
		IpNet::V6(_) => None,
	}
}

/// Whether `address` lies in `prefix`.
fn is_in(prefix: &(IpAddr, u8), address: IpAddr) -> bool {
	IpNet::new(prefix.0, prefix.1).is_ok_and(|prefix| prefix.contains(&address))
}

/// What carries a guest's bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Transport {
	/// TCP.
	Tcp,
	/// UDP.
	Udp,
}

/// Why a guest may not go somewhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Denied {
	/// The address is not of the public Internet, or embeds another.
	#[error("the address is not of the public Internet")]
	Address,
	/// It is the host's own, or of its network.
	#[error("the address is the provider's own or of its network")]
	Own,
	/// The port is closed in every class.
	#[error("the port is closed at every exit")]
	Port,
	/// The exit's class does not let it out.
	#[error("the exit's class does not let this port out")]
	Class,
	/// A relay takes guests to registered providers only.
	#[error("the exit takes its guests to registered providers only")]
	NotRegistered,
}

/// What an exit lets out. It is replaced, never changed.
#[derive(Clone, Debug)]
pub struct Policy {
	class: ExitClass,
	own: Vec<IpNet>,
	registered: BTreeSet<SocketAddr>,
	allowed_lab: Vec<IpNet>,
}

impl Policy {
	/// An exit of `class` on a host with the addresses and networks `own`; every class takes guests to
	/// `registered` endpoints, a relay to nothing else.
	/// Addresses in `allowed_lab` count as public, whatever else is said of them: for networks on one machine,
	/// whose Internet is the loopback.
	pub fn new(
		class: ExitClass,
		own: Vec<IpNet>,
		registered: impl IntoIterator<Item = SocketAddr>,
		allowed_lab: Vec<IpNet>,
	) -> Self {
		Self { class, own, registered: registered.into_iter().collect(), allowed_lab }
	}

	/// Its class.
	pub fn class(&self) -> ExitClass {
		self.class
	}

	/// Whether a guest may go to `destination`.
	pub fn verdict(&self, destination: SocketAddr, transport: Transport) -> Result<(), Denied> {
		self.address(destination.ip())?;
		let port = destination.port();
		let is_among = |ports: &[RangeInclusive<u16>]| ports.iter().any(|range| range.contains(&port));
		if is_among(CLOSED) {
			return Err(Denied::Port);
		}
		// An entry for another hop, in every class: WireGuard on the UDP port, the control plane on the TCP port of the same
		// number.
		if self.registered.contains(&destination) || is_among(self.ports(transport)) {
			return Ok(());
		}
		Err(self.beyond())
	}

	/// What the class lets out, besides registered endpoints and but for what is closed in every class.
	pub(super) fn ports(&self, transport: Transport) -> &'static [RangeInclusive<u16>] {
		match (self.class, transport) {
			(ExitClass::Relay, _) => NONE,
			(ExitClass::Web, Transport::Tcp) => WEB_TCP,
			(ExitClass::Web, Transport::Udp) => WEB_UDP,
			(ExitClass::Reduced, Transport::Tcp) => REDUCED_TCP,
			(ExitClass::Reduced, Transport::Udp) => REDUCED_UDP,
			(ExitClass::Open, _) => ALL,
		}
	}

	/// Why what the class does not let out is denied.
	pub(super) fn beyond(&self) -> Denied {
		match self.class {
			ExitClass::Relay => Denied::NotRegistered,
			_ => Denied::Class,
		}
	}

	/// What is closed in every class.
	pub(super) fn closed() -> &'static [RangeInclusive<u16>] {
		CLOSED
	}

	/// Prefixes of IPv4 that are not of the public Internet.
	pub(super) fn special() -> impl Iterator<Item = Ipv4Net> {
		DENIED.iter().filter_map(|(address, length)| match address {
			IpAddr::V4(address) => Ipv4Net::new(*address, *length).ok(),
			IpAddr::V6(_) => None,
		})
	}

	/// The host's own, of IPv4.
	pub(super) fn own(&self) -> impl Iterator<Item = Ipv4Net> + '_ {
		self.own.iter().filter_map(of_v4)
	}

	/// What counts as public in a lab, of IPv4.
	pub(super) fn lab(&self) -> impl Iterator<Item = Ipv4Net> + '_ {
		self.allowed_lab.iter().filter_map(of_v4)
	}

	/// Endpoints of registered providers, of IPv4.
	pub(super) fn registered(&self) -> impl Iterator<Item = SocketAddrV4> + '_ {
		self.registered.iter().filter_map(|endpoint| match endpoint {
			SocketAddr::V4(endpoint) => Some(*endpoint),
			SocketAddr::V6(_) => None,
		})
	}

	/// Whether `address` is one that guests may learn of and go to at all.
	pub fn address(&self, address: IpAddr) -> Result<(), Denied> {
		if self.allowed_lab.iter().any(|lab| lab.contains(&address)) {
			return Ok(());
		}
		let is_special = DENIED.iter().any(|prefix| is_in(prefix, address))
			|| address.is_ipv6() && !is_in(&GLOBAL_V6, address)
			|| matches!(address, IpAddr::V6(address) if is_isatap(address));
		if is_special {
			Err(Denied::Address)
		} else if self.own.iter().any(|own| own.contains(&address)) {
			Err(Denied::Own)
		} else {
			Ok(())
		}
	}

	/// Whether guests may ask the resolver: a relay's have no use for it.
	pub(crate) fn resolves(&self) -> bool {
		self.class != ExitClass::Relay
	}
}

/// Whether an address embeds an IPv4 one by ISATAP (RFC 5214), which may lie in any prefix.
fn is_isatap(address: Ipv6Addr) -> bool {
	let [.., high, low, _, _] = address.segments();
	high & !0x0200 == 0 && low == 0x5efe
}
