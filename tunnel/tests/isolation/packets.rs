//! Packets as no honest guest sends them, and honest ones.

use std::net::{Ipv4Addr, SocketAddrV4};

pub(crate) const ICMP: u8 = 1;
pub(crate) const TCP: u8 = 6;
pub(crate) const UDP: u8 = 17;
pub(crate) const MORE_FRAGMENTS: u16 = 0x2000;

/// A header of IPv4 as it is wanted.
#[derive(Clone)]
pub(crate) struct Header<'a> {
	pub(crate) source: Ipv4Addr,
	pub(crate) destination: Ipv4Addr,
	pub(crate) protocol: u8,
	/// Flags and offset.
	pub(crate) fragment: u16,
	pub(crate) options: &'a [u8],
}

pub(crate) fn header(source: Ipv4Addr, destination: Ipv4Addr, protocol: u8) -> Header<'static> {
	Header { source, destination, protocol, fragment: 0, options: &[] }
}

fn sum(bytes: &[u8], start: u32) -> u16 {
	let word = |pair: &[u8]| u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0));
	let mut sum = bytes.chunks(2).map(word).fold(start, |sum, word| sum + word);
	while sum > 0xffff {
		sum = (sum >> 16) + (sum & 0xffff);
	}
	!(sum as u16)
}

impl Header<'_> {
	pub(crate) fn with(&self, body: &[u8]) -> Vec<u8> {
		assert_eq!(self.options.len() % 4, 0);
		let length = 20 + self.options.len();
		let mut packet = vec![0; 20];
		packet[0] = 0x40 | (length / 4) as u8;
		packet[2..4].copy_from_slice(&((length + body.len()) as u16).to_be_bytes());
		packet[4..6].copy_from_slice(&0x77u16.to_be_bytes());
		packet[6..8].copy_from_slice(&self.fragment.to_be_bytes());
		packet[8] = 64;
		packet[9] = self.protocol;
		packet[12..16].copy_from_slice(&self.source.octets());
		packet[16..20].copy_from_slice(&self.destination.octets());
		packet.extend(self.options);
		let check = sum(&packet, 0);
		packet[10..12].copy_from_slice(&check.to_be_bytes());
		packet.extend(body);
		packet
	}
}

pub(crate) fn datagram(ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
	let length = (8 + payload.len()) as u16;
	let mut datagram = vec![];
	for word in [ports.0, ports.1, length, 0] {
		datagram.extend(word.to_be_bytes());
	}
	datagram.extend(payload);
	datagram
}

pub(crate) fn udp(source: SocketAddrV4, destination: SocketAddrV4, payload: &[u8]) -> Vec<u8> {
	let body = datagram((source.port(), destination.port()), payload);
	header(*source.ip(), *destination.ip(), UDP).with(&body)
}

pub(crate) fn segment(source: SocketAddrV4, destination: SocketAddrV4, number: u32, flags: u8) -> Vec<u8> {
	let mut segment = vec![];
	segment.extend(source.port().to_be_bytes());
	segment.extend(destination.port().to_be_bytes());
	segment.extend(number.to_be_bytes());
	segment.extend([0, 0, 0, 0, 0x60, flags, 0xff, 0xff, 0, 0, 0, 0]);
	// Largest segment: more than the tunnel carries.
	segment.extend([2, 4, 0x05, 0xb4]);
	let pseudo = [source.ip().octets(), destination.ip().octets()].concat();
	let words = pseudo.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1]));
	let start = words.sum::<u32>() + u32::from(TCP) + segment.len() as u32;
	let check = sum(&segment, start);
	segment[16..18].copy_from_slice(&check.to_be_bytes());
	header(*source.ip(), *destination.ip(), TCP).with(&segment)
}

pub(crate) fn syn(source: SocketAddrV4, destination: SocketAddrV4, number: u32) -> Vec<u8> {
	segment(source, destination, number, 2)
}

pub(crate) fn icmp(kind: u8, code: u8, rest: &[u8]) -> Vec<u8> {
	let mut message = vec![kind, code, 0, 0];
	message.extend(rest);
	let check = sum(&message, 0);
	message[2..4].copy_from_slice(&check.to_be_bytes());
	message
}

pub(crate) fn ping(source: Ipv4Addr, destination: Ipv4Addr) -> Vec<u8> {
	header(source, destination, ICMP).with(&icmp(8, 0, &[0, 1, 0, 1, 5, 5, 5, 5]))
}

/// A datagram over IPv6.
pub(crate) fn over_v6(destination: [u16; 8], port: u16) -> Vec<u8> {
	let body = datagram((4_000, port), b"six");
	let mut packet = vec![0x60, 0, 0, 0];
	packet.extend((body.len() as u16).to_be_bytes());
	packet.extend([UDP, 64]);
	packet.extend([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
	packet.extend(destination.iter().flat_map(|word| word.to_be_bytes()));
	packet.extend(body);
	packet
}

pub(crate) fn destination(packet: &[u8]) -> Option<Ipv4Addr> {
	Some(<[u8; 4]>::try_from(packet.get(16..20)?).ok()?.into())
}
