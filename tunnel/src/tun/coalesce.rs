//! Packets of one flow joined into super-packets, which the kernel takes as one.
//!
//! Joined are packets that the kernel would cut out of the super-packet again just as they are: full segments of TCP in
//! sequence, and datagrams of one size; behind them one that is shorter. All else passes as it is. No packet overtakes another one
//! of its flow.

use std::io::IoSlice;
use tun_rs::{
	checksum, VirtioNetHdr, VIRTIO_NET_HDR_GSO_TCPV4, VIRTIO_NET_HDR_GSO_TCPV6, VIRTIO_NET_HDR_GSO_UDP_L4,
	VIRTIO_NET_HDR_LEN,
};

/// What a super-packet holds at most, headers included: the length field of IPv4.
const MOST_BYTES: usize = 65_535;
/// Of a super-packet, as older kernels limit it.
const MOST_SEGMENTS: usize = 64;
/// Of IPv4 without options, with the longest TCP header behind it; IPv6's are the longer ones.
const MOST_HEADERS: usize = V6_HEADER + 60;
const V4_HEADER: usize = 20;
const V6_HEADER: usize = 40;
const TCP: u8 = 6;
const UDP: u8 = 17;
const UDP_HEADER: usize = 8;
/// Where a transport header has its checksum.
const TCP_CHECKSUM_AT: u16 = 16;
const UDP_CHECKSUM_AT: u16 = 6;
const TCP_FLAGS_AT: usize = 13;
const ACK: u8 = 0x10;
const PUSH: u8 = 0x08;
/// Not to be fragmented, not a fragment.
const WHOLE_FOR_SURE: [u8; 2] = [0x40, 0];
/// The checksum of this packet is to be completed.
const NEEDS_CHECKSUM: u8 = 1;

/// Says that a packet is whole, and its checksums in it.
pub(super) const WHOLE: [u8; VIRTIO_NET_HDR_LEN] = [0; VIRTIO_NET_HDR_LEN];

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
	bytes.get(at..)?.first_chunk().map(|chunk| u16::from_be_bytes(*chunk))
}

/// Between which ends a packet goes.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Flow {
	protocol: u8,
	addresses: [u8; 32],
	ports: [u8; 4],
}

/// A packet that can be a part of a super-packet.
#[derive(Clone, Copy)]
struct Segment {
	protocol: u8,
	/// Where the transport header begins, and where it ends.
	transport_at: usize,
	headers: usize,
	payload: usize,
	/// Of TCP.
	sequence: u32,
	/// Nothing may follow it.
	is_last: bool,
}

/// What is known of a packet.
struct Parsed {
	/// None if that cannot be told, as of a fragment.
	flow: Option<Flow>,
	/// None if it has to pass as it is.
	segment: Option<Segment>,
}

const UNKNOWN: Parsed = Parsed { flow: None, segment: None };

/// The sum over what a transport checksum covers besides the segment.
fn pseudo_sum(addresses: &[u8], protocol: u8, length: usize) -> u64 {
	checksum(addresses, u64::from(protocol) + length as u64).into()
}

fn parse(packet: &[u8]) -> Parsed {
	match packet.first().map(|first| first >> 4) {
		Some(4) => parse_v4(packet).unwrap_or(UNKNOWN),
		Some(6) => parse_v6(packet).unwrap_or(UNKNOWN),
		_ => UNKNOWN,
	}
}

fn parse_v4(packet: &[u8]) -> Option<Parsed> {
	let fragment = u16_at(packet, 6)?;
	if packet.first() != Some(&0x45) || fragment & 0x3fff != 0 {
		return None;
	}
	let (header, transport) = packet.split_at_checked(V4_HEADER)?;
	let is_sound = usize::from(u16_at(packet, 2)?) == packet.len()
		&& header.get(6..8)? == WHOLE_FOR_SURE
		&& checksum(header, 0) == 0xffff;
	parse_transport(*header.get(9)?, header.get(12..20)?, transport, V4_HEADER, is_sound)
}

fn parse_v6(packet: &[u8]) -> Option<Parsed> {
	let (header, transport) = packet.split_at_checked(V6_HEADER)?;
	let is_sound = usize::from(u16_at(packet, 4)?) == transport.len();
	parse_transport(*header.get(6)?, header.get(8..40)?, transport, V6_HEADER, is_sound)
}

fn parse_transport(
	protocol: u8,
	addresses: &[u8],
	transport: &[u8],
	transport_at: usize,
	is_sound: bool,
) -> Option<Parsed> {
	if protocol != TCP && protocol != UDP {
		return None;
	}
	let mut flow = Flow { protocol, addresses: [0; 32], ports: *transport.first_chunk()? };
	flow.addresses.get_mut(..addresses.len())?.copy_from_slice(addresses);
	let segment = is_sound.then(|| segment(protocol, transport, transport_at)).flatten();
	// A packet that was spoilt on its way has to arrive spoilt.
	let intact =
		|_: &Segment| checksum(transport, pseudo_sum(addresses, protocol, transport.len())) == 0xffff;
	Some(Parsed { flow: Some(flow), segment: segment.filter(intact) })
}

fn segment(protocol: u8, transport: &[u8], transport_at: usize) -> Option<Segment> {
	let (header, sequence, is_last) = if protocol == TCP {
		let flags = *transport.get(TCP_FLAGS_AT)?;
		let header = usize::from(transport.get(12)? >> 4) * 4;
		let is_plain = header >= 20 && flags & !PUSH == ACK;
		let sequence = u32::from_be_bytes(*transport.get(4..)?.first_chunk()?);
		(is_plain.then_some(header)?, sequence, flags & PUSH != 0)
	} else {
		let is_plain = usize::from(u16_at(transport, 4)?) == transport.len() && u16_at(transport, 6)? != 0;
		(is_plain.then_some(UDP_HEADER)?, 0, false)
	};
	let payload = transport.len().checked_sub(header).filter(|payload| *payload > 0)?;
	Some(Segment { protocol, transport_at, headers: transport_at + header, payload, sequence, is_last })
}

/// Packets that go to the kernel as one, by their places in the batch.
pub(super) struct Group {
	members: Vec<usize>,
	/// The first one's; none if it passes as it is.
	first: Option<Segment>,
	/// Behind the headers.
	payload: usize,
	is_closed: bool,
}

impl Group {
	/// Takes a packet in if it follows the others.
	fn take<P: AsRef<[u8]>>(&mut self, packets: &[P], place: usize, segment: &Segment) -> bool {
		let Some(first) = self.first.filter(|_| !self.is_closed && self.members.len() < MOST_SEGMENTS) else {
			return false;
		};
		let fits = segment.headers == first.headers
			&& segment.payload <= first.payload
			&& first.headers + self.payload + segment.payload <= MOST_BYTES;
		// What is in the group is below 64 KiB.
		let sequence = first.sequence.wrapping_add(self.payload as u32);
		let follows = segment.protocol != TCP || segment.sequence == sequence;
		let leader = self.members.first().and_then(|place| packets.get(*place));
		let (Some(leader), Some(packet)) = (leader, packets.get(place)) else { return false };
		if !(fits && follows && is_alike(leader.as_ref(), packet.as_ref(), &first)) {
			return false;
		}
		self.members.push(place);
		self.payload += segment.payload;
		self.is_closed = segment.is_last || segment.payload < first.payload;
		true
	}

	/// The packets of the group.
	pub(super) fn members<'a, P: AsRef<[u8]>>(
		&'a self,
		packets: &'a [P],
	) -> impl Iterator<Item = &'a [u8]> + 'a {
		self.members.iter().filter_map(|place| packets.get(*place)).map(AsRef::as_ref)
	}

	/// Whether it is of several packets.
	pub(super) fn is_joined(&self) -> bool {
		self.members.len() > 1
	}

	/// Whether these are datagrams.
	pub(super) fn is_udp(&self) -> bool {
		self.first.is_some_and(|first| first.protocol == UDP)
	}

	/// The headers of the super-packet, for several packets.
	pub(super) fn head<P: AsRef<[u8]>>(&self, packets: &[P]) -> Option<Head> {
		let first = self.first?;
		let mut members = self.members(packets);
		let leader = members.next()?.get(..first.headers)?;
		let flags = members.last()?.get(first.transport_at + TCP_FLAGS_AT);
		let is_pushed = flags.is_some_and(|flags| flags & PUSH != 0);
		let mut head = Head { bytes: [0; HEAD_ROOM], length: VIRTIO_NET_HDR_LEN + first.headers };
		let (offload, headers) = head.bytes.split_at_mut(VIRTIO_NET_HDR_LEN);
		let headers = headers.get_mut(..first.headers)?;
		headers.copy_from_slice(leader);
		let is_v6 = first.transport_at == V6_HEADER;
		let (ip, transport) = headers.split_at_mut_checked(first.transport_at)?;
		let length = transport.len() + self.payload;
		let addresses = if is_v6 {
			put(ip, 4, u16::try_from(length).ok()?)?;
			ip.get(8..40)?
		} else {
			put(ip, 2, u16::try_from(length + V4_HEADER).ok()?)?;
			put(ip, 10, 0)?;
			let sum = !checksum(ip, 0);
			put(ip, 10, sum)?;
			ip.get(12..20)?
		};
		let sum = pseudo_sum(addresses, first.protocol, length);
		let (gso_type, checksum_at) = match (first.protocol, is_v6) {
			(UDP, _) => {
				put(transport, 4, u16::try_from(length).ok()?)?;
				(VIRTIO_NET_HDR_GSO_UDP_L4, UDP_CHECKSUM_AT)
			}
			(_, is_v6) => {
				if is_pushed {
					*transport.get_mut(TCP_FLAGS_AT)? |= PUSH;
				}
				let gso_type = if is_v6 { VIRTIO_NET_HDR_GSO_TCPV6 } else { VIRTIO_NET_HDR_GSO_TCPV4 };
				(gso_type, TCP_CHECKSUM_AT)
			}
		};
		// The kernel completes it.
		put(transport, checksum_at.into(), u16::try_from(sum).ok()?)?;
		VirtioNetHdr {
			flags: NEEDS_CHECKSUM,
			gso_type,
			hdr_len: u16::try_from(first.headers).ok()?,
			gso_size: u16::try_from(first.payload).ok()?,
			csum_start: u16::try_from(first.transport_at).ok()?,
			csum_offset: checksum_at,
		}
		.encode(offload)
		.ok()?;
		Some(head)
	}

	/// What the kernel gets as one: the headers of the super-packet, and the payloads where they are.
	pub(super) fn gather<'a, P: AsRef<[u8]>>(&'a self, head: &'a Head, packets: &'a [P]) -> Vec<IoSlice<'a>> {
		let headers = self.first.map_or(0, |first| first.headers);
		let payloads = self.members(packets).filter_map(|packet| packet.get(headers..)).map(IoSlice::new);
		std::iter::once(IoSlice::new(head.as_ref())).chain(payloads).collect()
	}
}

fn put(bytes: &mut [u8], at: usize, value: u16) -> Option<()> {
	*bytes.get_mut(at..)?.first_chunk_mut()? = value.to_be_bytes();
	Some(())
}

const HEAD_ROOM: usize = VIRTIO_NET_HDR_LEN + MOST_HEADERS;

/// Header of the offload and headers of a super-packet.
pub(super) struct Head {
	bytes: [u8; HEAD_ROOM],
	length: usize,
}

impl AsRef<[u8]> for Head {
	fn as_ref(&self) -> &[u8] {
		self.bytes.get(..self.length).unwrap_or_default()
	}
}

/// Whether two segments of one flow differ in nothing but what the kernel makes anew from the super-packet.
fn is_alike(leader: &[u8], packet: &[u8], first: &Segment) -> bool {
	let same = |range: std::ops::Range<usize>| leader.get(range.clone()) == packet.get(range);
	let is_ip_alike = if first.transport_at == V6_HEADER {
		same(0..4) && same(7..8)
	} else {
		// The identification of what is never a fragment means nothing.
		same(1..2) && same(8..9)
	};
	// The acknowledgement and its offset; the window; the urgent pointer and the options.
	let at = first.transport_at;
	let is_tcp_alike = || same(at + 8..at + 13) && same(at + 14..at + 16) && same(at + 18..first.headers);
	is_ip_alike && (first.protocol != TCP || is_tcp_alike())
}

/// Sorts a batch into what goes to the kernel as one, in the order to be kept.
pub(super) fn groups<P: AsRef<[u8]>>(packets: &[P]) -> Vec<Group> {
	let mut groups: Vec<Group> = Vec::new();
	// The last group of each flow.
	let mut open: Vec<(Flow, usize)> = Vec::new();
	for (place, packet) in packets.iter().enumerate() {
		let Parsed { flow, segment } = parse(packet.as_ref());
		let Some(flow) = flow else {
			// Of whichever flow it is, nothing behind it may go before it.
			open.clear();
			groups.push(alone(place, None));
			continue;
		};
		let known = open.iter().rposition(|(known, _)| *known == flow);
		let group = known.and_then(|known| open.get(known)).and_then(|(_, group)| groups.get_mut(*group));
		if let (Some(group), Some(segment)) = (group, &segment) {
			if group.take(packets, place, segment) {
				continue;
			}
		}
		let group = groups.len();
		groups.push(alone(place, segment));
		match known.and_then(|known| open.get_mut(known)) {
			Some(known) => known.1 = group,
			None => open.push((flow, group)),
		}
	}
	groups
}

fn alone(place: usize, first: Option<Segment>) -> Group {
	let payload = first.map_or(0, |first| first.payload);
	Group { members: vec![place], first, payload, is_closed: first.is_some_and(|first| first.is_last) }
}

#[cfg(test)]
mod tests;
