//! What a guest tries, in packets.

use crate::{
	guests::{GUEST, OTHER_GUEST},
	lab::{AT_HOME, BEYOND, METADATA, NEIGHBOUR, PRINTER, PUBLIC, SERVER},
	packets::{header, icmp, over_v6, ping, syn, udp, Header, ICMP, MORE_FRAGMENTS, TCP, UDP},
};
use std::net::{Ipv4Addr, SocketAddrV4};

/// One way to where guests must not go.
pub(crate) struct Attempt {
	pub(crate) name: &'static str,
	pub(crate) packets: Vec<Vec<u8>>,
}

const GATEWAY: Ipv4Addr = Ipv4Addr::new(100, 64, 0, 1);
/// Where exits' links are, if nothing else is there.
const LINK: [Ipv4Addr; 2] = [Ipv4Addr::new(10, 255, 240, 1), Ipv4Addr::new(10, 255, 240, 2)];

fn from(port: u16) -> SocketAddrV4 {
	SocketAddrV4::new(GUEST, port)
}

/// A connection, a datagram and a ping to each of the addresses; the first two to each of the ports.
fn all_of(addresses: &[Ipv4Addr], ports: &[u16]) -> Vec<Vec<u8>> {
	let mut packets = vec![];
	for (number, address) in addresses.iter().enumerate() {
		for port in ports {
			let (source, there) =
				(from(20_000 + port % 10_000 + number as u16), SocketAddrV4::new(*address, *port));
			packets.push(syn(source, there, 1));
			packets.push(udp(source, there, b"guest"));
		}
		packets.push(ping(GUEST, *address));
	}
	packets
}

fn spoofed() -> Vec<Vec<u8>> {
	let sources =
		[SERVER, PRINTER, PUBLIC, GATEWAY, LINK[0], LINK[1], Ipv4Addr::LOCALHOST, Ipv4Addr::UNSPECIFIED];
	let there = SocketAddrV4::new(SERVER, 443);
	let packets = |source: &Ipv4Addr| {
		let source = SocketAddrV4::new(*source, 4_000);
		[syn(source, there, 1), udp(source, there, b"spoofed"), ping(*source.ip(), SERVER)]
	};
	sources.iter().flat_map(packets).collect()
}

fn fragments() -> Vec<Vec<u8>> {
	let whole = udp(from(4_001), SocketAddrV4::new(SERVER, 443), &[7; 64]);
	let segment = syn(from(4_001), SocketAddrV4::new(SERVER, 443), 1);
	let of = |body: &[u8], protocol: u8, fragment: u16| {
		Header { fragment, ..header(GUEST, SERVER, protocol) }.with(body)
	};
	vec![
		of(&whole[20..44], UDP, MORE_FRAGMENTS),
		of(&whole[44..], UDP, 3),
		// A header of TCP in two, so that its ports come later than its first part.
		of(&segment[20..28], TCP, MORE_FRAGMENTS),
		of(&segment[28..], TCP, 1),
		// The last one first, and one over the other.
		of(&whole[36..], UDP, 2),
		of(&whole[20..52], UDP, MORE_FRAGMENTS),
	]
}

fn options() -> Vec<Vec<u8>> {
	let body = &udp(from(4_002), SocketAddrV4::new(SERVER, 443), b"options")[20..];
	let [a, b, c, d] = PRINTER.octets();
	let with = |options: &[u8]| Header { options, ..header(GUEST, SERVER, UDP) }.with(body);
	vec![
		// Loose and strict source route by the printer, record route, time stamps, router alert, nothing.
		with(&[131, 7, 4, a, b, c, d, 0]),
		with(&[137, 7, 4, a, b, c, d, 0]),
		with(&[7, 7, 4, 0, 0, 0, 0, 0]),
		with(&[68, 8, 5, 0, 0, 0, 0, 0]),
		with(&[148, 4, 0, 0]),
		with(&[1, 1, 1, 0]),
	]
}

/// Errors and redirects, which hosts believe.
fn messages() -> Vec<Vec<u8>> {
	let inner = udp(SocketAddrV4::new(PUBLIC, 53), SocketAddrV4::new(SERVER, 53), b"");
	let [a, b, c, d] = PRINTER.octets();
	let redirect = [&[a, b, c, d][..], &inner[..28]].concat();
	let error = [&[0, 0, 0, 0][..], &inner[..28]].concat();
	let to = |address: Ipv4Addr, message: &[u8]| header(GUEST, address, ICMP).with(message);
	let mut packets = vec![];
	for address in [PUBLIC, AT_HOME, PRINTER, LINK[0], GATEWAY, SERVER] {
		packets.push(to(address, &icmp(5, 1, &redirect)));
		packets.push(to(address, &icmp(3, 1, &error)));
		packets.push(to(address, &icmp(11, 0, &error)));
		// Time stamps, masks, routers.
		packets.push(to(address, &icmp(13, 0, &[0; 16])));
		packets.push(to(address, &icmp(17, 0, &[0; 8])));
		packets.push(to(address, &icmp(10, 0, &[0; 4])));
	}
	packets
}

fn protocols() -> Vec<Vec<u8>> {
	// IGMP, IPv4 and IPv6 in IPv4, GRE, ESP, AH, OSPF, SCTP, UDP-Lite.
	let protocols = [2, 4, 41, 47, 50, 51, 89, 132, 136];
	let inner = syn(from(4_003), SocketAddrV4::new(PRINTER, 80), 1);
	let to = |protocol: u8| [SERVER, PRINTER].map(|there| header(GUEST, there, protocol).with(&inner));
	protocols.into_iter().flat_map(to).collect()
}

fn many() -> Vec<Vec<u8>> {
	let everybody = [
		[224, 0, 0, 1],
		[224, 0, 0, 251],
		[239, 255, 255, 250],
		[255, 255, 255, 255],
		[192, 168, 7, 255],
		[81, 2, 69, 255],
		[100, 127, 255, 255],
	];
	all_of(&everybody.map(Ipv4Addr::from), &[67, 80, 137, 1_900, 5_353])
}

fn over_six() -> Vec<Vec<u8>> {
	[
		[0, 0, 0, 0, 0, 0, 0, 1],
		[0xfe80, 0, 0, 0, 0, 0, 0, 1],
		[0xff02, 0, 0, 0, 0, 0, 0, 0xfb],
		[0xfd00, 0, 0, 0, 0, 0, 0, 2],
		[0, 0, 0, 0, 0, 0xffff, 0xc0a8, 0x70a],
		[0x64, 0xff9b, 0, 0, 0, 0, 0xc0a8, 0x70a],
		[0x2001, 0x4860, 0x4860, 0, 0, 0, 0, 0x8888],
	]
	.map(|there| over_v6(there, 443))
	.to_vec()
}

fn malformed() -> Vec<Vec<u8>> {
	let good = udp(from(4_004), SocketAddrV4::new(SERVER, 443), b"good");
	let changed = |change: &dyn Fn(&mut Vec<u8>)| {
		let mut packet = good.clone();
		change(&mut packet);
		packet
	};
	vec![
		vec![],
		vec![0x45; 19],
		vec![0x60; 40],
		changed(&|packet| packet[0] = 0x44),
		changed(&|packet| packet[0] = 0x55),
		changed(&|packet| packet[3] = 200),
		changed(&|packet| packet.truncate(24)),
		// A datagram longer than its packet.
		changed(&|packet| packet[24] = 9),
	]
}

pub(crate) fn attempts() -> Vec<Attempt> {
	let usual = &[22, 53, 80, 443, 9_700, 9_944][..];
	let closed: Vec<u16> = (135..=139).chain([25, 445, 1_900, 5_353, 11_211, 0]).collect();
	let mut to_server = all_of(&[SERVER], &closed);
	// The ping at its end, which is another attempt's.
	to_server.pop();
	let attempt = |name, packets| Attempt { name, packets };
	vec![
		attempt("host of the local network", all_of(&[PRINTER], usual)),
		attempt("metadata of clouds, 169.254.169.254", all_of(&[METADATA], usual)),
		attempt("the host at its address at home", all_of(&[AT_HOME], usual)),
		attempt("the host at its public address", all_of(&[PUBLIC], usual)),
		attempt("the host at its loopback", all_of(&[Ipv4Addr::LOCALHOST, [127, 0, 0, 53].into()], usual)),
		attempt("the host by the exit's own link", all_of(&LINK, usual)),
		attempt("machines on the provider's line", all_of(&[NEIGHBOUR, [81, 2, 69, 1].into()], usual)),
		attempt("special prefixes behind the default route", all_of(&BEYOND, usual)),
		attempt("other ports of the gateway", {
			let mut packets = all_of(&[GATEWAY], &[22, 80, 443, 9_700]);
			packets.pop();
			packets
		}),
		attempt("another guest", all_of(&[OTHER_GUEST, [100, 100, 1, 1].into()], usual)),
		attempt("closed ports, SMTP among them", to_server),
		attempt("spoofed source", spoofed()),
		attempt("fragments", fragments()),
		attempt("options of IPv4", options()),
		attempt("ICMP redirects, errors and questions", messages()),
		attempt("ping beyond the gateway", vec![ping(GUEST, SERVER)]),
		attempt("other protocols", protocols()),
		attempt("multicast and broadcast", many()),
		attempt("IPv6", over_six()),
		attempt("what is no packet", malformed()),
	]
}
