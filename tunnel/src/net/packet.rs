//! Inner packets: what they are, and those that belong to no connection.

use super::DNS_PORT;
use smoltcp::{
	phy::{Checksum, ChecksumCapabilities},
	wire::{
		Icmpv4Packet, Icmpv4Repr, IpAddress, IpProtocol, Ipv4Packet, Ipv4Repr, TcpControl, TcpPacket,
		TcpRepr, TcpSeqNumber, UdpPacket, UdpRepr, IPV4_HEADER_LEN, TCP_HEADER_LEN, UDP_HEADER_LEN,
	},
};
use std::net::{Ipv4Addr, SocketAddrV4};

/// Hops that a packet of ours may take. It takes one.
const HOPS: u8 = 64;

/// Sums are made and not checked: WireGuard has authenticated every bit.
pub(super) fn checksums() -> ChecksumCapabilities {
	let mut checksums = ChecksumCapabilities::ignored();
	checksums.ipv4 = Checksum::Tx;
	checksums.tcp = Checksum::Tx;
	checksums.udp = Checksum::Tx;
	checksums.icmpv4 = Checksum::Tx;
	checksums
}

/// What an inner packet carries.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body<'a> {
	/// A TCP segment.
	Tcp {
		/// Source and destination port.
		ports: (u16, u16),
		/// Whether it begins a connection.
		is_first: bool,
	},
	/// A datagram.
	Udp {
		/// Source and destination port.
		ports: (u16, u16),
		/// What it says.
		payload: &'a [u8],
	},
	/// A ping.
	Echo,
	/// A part of a packet.
	Fragment,
	/// Whatever it is, with options of IPv4 before it.
	Options,
	/// Anything else.
	Other,
}

/// An inner IPv4 packet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Inner<'a> {
	/// From here.
	pub(crate) source: Ipv4Addr,
	/// To there.
	pub(crate) destination: Ipv4Addr,
	/// What it carries.
	pub(crate) body: Body<'a>,
}

/// Reads a packet; none if it is not a whole IPv4 packet with a whole header of what it carries.
pub(crate) fn parse(bytes: &[u8]) -> Option<Inner<'_>> {
	let packet = Ipv4Packet::new_checked(bytes).ok()?;
	if packet.version() != 4 {
		return None;
	}
	let (source, destination) = (packet.src_addr(), packet.dst_addr());
	let body = if packet.more_frags() || packet.frag_offset() != 0 {
		Body::Fragment
	} else if usize::from(packet.header_len()) != IPV4_HEADER_LEN {
		Body::Options
	} else {
		match packet.next_header() {
			IpProtocol::Tcp => {
				let segment = TcpPacket::new_checked(packet.payload()).ok()?;
				Body::Tcp {
					ports: ports(segment.src_port(), segment.dst_port())?,
					is_first: segment.syn() && !segment.ack() && !segment.rst(),
				}
			}
			IpProtocol::Udp => {
				let datagram = UdpPacket::new_checked(packet.payload()).ok()?;
				Body::Udp {
					ports: ports(datagram.src_port(), datagram.dst_port())?,
					payload: datagram.payload(),
				}
			}
			IpProtocol::Icmp => match ping(packet.payload()) {
				Some(Icmpv4Repr::EchoRequest { .. }) => Body::Echo,
				_ => Body::Other,
			},
			_ => Body::Other,
		}
	};
	Some(Inner { source, destination, body })
}

/// Both, if they can be answered.
fn ports(source: u16, destination: u16) -> Option<(u16, u16)> {
	(source != 0 && destination != 0).then_some((source, destination))
}

fn ping(payload: &[u8]) -> Option<Icmpv4Repr<'_>> {
	let packet = Icmpv4Packet::new_checked(payload).ok()?;
	Icmpv4Repr::parse(&packet, &checksums()).ok()
}

/// An IPv4 packet with room for `payload_len`, filled by `emit`.
fn build(
	source: Ipv4Addr,
	destination: Ipv4Addr,
	next_header: IpProtocol,
	payload_len: usize,
	emit: impl FnOnce(&mut [u8], &ChecksumCapabilities),
) -> Vec<u8> {
	let header =
		Ipv4Repr { src_addr: source, dst_addr: destination, next_header, payload_len, hop_limit: HOPS };
	let mut bytes = vec![0; IPV4_HEADER_LEN.saturating_add(payload_len)];
	let mut packet = Ipv4Packet::new_unchecked(&mut bytes);
	header.emit(&mut packet, &checksums());
	emit(packet.payload_mut(), &checksums());
	bytes
}

/// A datagram; none if the packet would be larger than `mtu`.
pub(crate) fn datagram(
	source: SocketAddrV4,
	destination: SocketAddrV4,
	payload: &[u8],
	mtu: u16,
) -> Option<Vec<u8>> {
	let length = payload.len().checked_add(UDP_HEADER_LEN)?;
	if length.checked_add(IPV4_HEADER_LEN)? > usize::from(mtu) {
		return None;
	}
	let header = UdpRepr { src_port: source.port(), dst_port: destination.port() };
	let (from, to) = (IpAddress::Ipv4(*source.ip()), IpAddress::Ipv4(*destination.ip()));
	Some(build(*source.ip(), *destination.ip(), IpProtocol::Udp, length, |bytes, checksums| {
		let mut packet = UdpPacket::new_unchecked(bytes);
		header.emit(&mut packet, &from, &to, payload.len(), |room| room.copy_from_slice(payload), checksums);
	}))
}

/// The reset that answers a segment that belongs to no connection (RFC 9293, 3.5.2); none if it is one itself, or not one
/// that smoltcp reads.
pub(crate) fn reset(bytes: &[u8]) -> Option<Vec<u8>> {
	let packet = Ipv4Packet::new_checked(bytes).ok()?;
	let (source, destination) = (packet.src_addr(), packet.dst_addr());
	let (from, to) = (IpAddress::Ipv4(source), IpAddress::Ipv4(destination));
	let segment = TcpPacket::new_checked(packet.payload()).ok()?;
	let segment = TcpRepr::parse(&segment, &from, &to, &checksums()).ok()?;
	if segment.control == TcpControl::Rst {
		return None;
	}
	let (seq_number, ack_number) = match segment.ack_number {
		Some(expected) => (expected, None),
		None => (TcpSeqNumber(0), Some(segment.seq_number + segment.segment_len())),
	};
	let answer = TcpRepr {
		src_port: segment.dst_port,
		dst_port: segment.src_port,
		control: TcpControl::Rst,
		seq_number,
		ack_number,
		window_len: 0,
		window_scale: None,
		max_seg_size: None,
		sack_permitted: false,
		sack_ranges: [None; 3],
		timestamp: None,
		payload: &[],
	};
	Some(build(destination, source, IpProtocol::Tcp, TCP_HEADER_LEN, |bytes, checksums| {
		answer.emit(&mut TcpPacket::new_unchecked(bytes), &to, &from, checksums);
	}))
}

/// The answer to a ping.
pub(crate) fn pong(bytes: &[u8]) -> Option<Vec<u8>> {
	let packet = Ipv4Packet::new_checked(bytes).ok()?;
	let Icmpv4Repr::EchoRequest { ident, seq_no, data } = ping(packet.payload())? else { return None };
	let answer = Icmpv4Repr::EchoReply { ident, seq_no, data };
	let (source, destination) = (packet.src_addr(), packet.dst_addr());
	Some(build(destination, source, IpProtocol::Icmp, answer.buffer_len(), |bytes, checksums| {
		answer.emit(&mut Icmpv4Packet::new_unchecked(bytes), checksums);
	}))
}

/// Where the resolver of the gateway is asked.
pub(crate) const fn resolver() -> SocketAddrV4 {
	SocketAddrV4::new(super::GATEWAY, DNS_PORT)
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	const A: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(100, 96, 0, 2), 4_000);
	const B: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(198, 51, 100, 7), 53);

	#[test]
	fn datagram_should_be_read_as_it_was_written() {
		let bytes = datagram(A, B, b"question", 1_280).unwrap();
		let inner = parse(&bytes).unwrap();
		assert_eq!((inner.source, inner.destination), (*A.ip(), *B.ip()));
		assert!(inner.body == Body::Udp { ports: (4_000, 53), payload: b"question" });
		assert!(Ipv4Packet::new_checked(&bytes[..]).unwrap().verify_checksum());
		let packet = UdpPacket::new_checked(&bytes[20..]).unwrap();
		assert!(packet.verify_checksum(&IpAddress::Ipv4(*A.ip()), &IpAddress::Ipv4(*B.ip())));
	}

	#[test]
	fn datagram_should_not_be_built_when_it_is_larger_than_the_mtu() {
		assert!(datagram(A, B, &[0; 1_252], 1_280).is_some());
		assert!(datagram(A, B, &[0; 1_253], 1_280).is_none());
	}

	#[test]
	fn options_should_be_told_from_what_comes_after_them() {
		let mut bytes = datagram(A, B, b"question", 1_280).unwrap();
		// Four times "no operation".
		bytes.splice(20..20, [1; 4]);
		bytes[0] = 0x46;
		let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
		bytes[2..4].copy_from_slice(&length);
		assert!(parse(&bytes).unwrap().body == Body::Options);
	}

	#[test]
	fn fragments_should_be_told_from_whole_packets() {
		let mut bytes = datagram(A, B, b"question", 1_280).unwrap();
		bytes[6] = 0x20;
		assert!(parse(&bytes).unwrap().body == Body::Fragment);
	}

	/// A SYN that smoltcp does not check.
	fn syn() -> Vec<u8> {
		let segment = TcpRepr {
			src_port: A.port(),
			dst_port: B.port(),
			control: TcpControl::Syn,
			seq_number: TcpSeqNumber(77),
			ack_number: None,
			window_len: 1_000,
			window_scale: Some(3),
			max_seg_size: Some(1_240),
			sack_permitted: true,
			sack_ranges: [None; 3],
			timestamp: None,
			payload: &[],
		};
		build(*A.ip(), *B.ip(), IpProtocol::Tcp, segment.buffer_len(), |bytes, checksums| {
			let (from, to) = (IpAddress::Ipv4(*A.ip()), IpAddress::Ipv4(*B.ip()));
			segment.emit(&mut TcpPacket::new_unchecked(bytes), &from, &to, checksums);
		})
	}

	#[test]
	fn reset_should_acknowledge_the_syn_and_never_answer_a_reset() {
		let syn = syn();
		assert!(parse(&syn).unwrap().body == Body::Tcp { ports: (4_000, 53), is_first: true });
		let answer = reset(&syn).unwrap();
		let inner = parse(&answer).unwrap();
		assert_eq!((inner.source, inner.destination), (*B.ip(), *A.ip()));
		let segment = TcpPacket::new_checked(&answer[20..]).unwrap();
		assert!(segment.rst() && segment.ack() && segment.ack_number() == TcpSeqNumber(78));
		assert!(segment.verify_checksum(&IpAddress::Ipv4(*B.ip()), &IpAddress::Ipv4(*A.ip())));
		assert!(reset(&answer).is_none());
	}

	proptest! {
		#[test]
		fn readers_should_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), kind in 0usize..3) {
			let _ = parse(&bytes);
			// With a header that is read.
			let mut packet = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, [6, 17, 1][kind], 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
			packet.extend_from_slice(&bytes);
			let length = u16::try_from(packet.len()).unwrap().to_be_bytes();
			packet[2..4].copy_from_slice(&length);
			let _ = (parse(&packet), reset(&packet), pong(&packet));
		}
	}
}
