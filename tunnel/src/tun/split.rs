//! Super-packets of the kernel cut into packets.

use bytes::BytesMut;
use std::io;
use tun_rs::{
	checksum, gso_split, VirtioNetHdr, VIRTIO_NET_HDR_GSO_TCPV4, VIRTIO_NET_HDR_GSO_TCPV6,
	VIRTIO_NET_HDR_GSO_UDP_L4, VIRTIO_NET_HDR_LEN,
};

/// Of `virtio_net_hdr`: the packet is none of several, and its checksum is to be completed.
const GSO_NONE: u8 = 0;
const NEEDS_CHECKSUM: u8 = 1;
const UDP_HEADER: u16 = 8;
/// Where a TCP header says how long it is, in words of four bytes.
const TCP_LENGTH_AT: usize = 12;
const LEAST_TCP_HEADER: u16 = 20;
/// A flow marked for congestion: nothing in the segments differs by it.
const ECN: u8 = 0x80;

fn odd(what: &'static str) -> io::Error {
	io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Completes a checksum that `offset` bytes behind `start` begins with the sum over the addresses.
fn complete(packet: &mut [u8], start: usize, offset: usize) -> io::Result<()> {
	let summed = packet.get_mut(start..).ok_or_else(|| odd("a checksum beyond the packet"))?;
	let field = |summed: &mut [u8]| summed.get_mut(offset..)?.first_chunk_mut::<2>().map(std::mem::take);
	let begun = field(summed).ok_or_else(|| odd("a checksum beyond the packet"))?;
	// Of UDP zero would mean that there is none; to both, all ones are the same number.
	let sum = match !checksum(summed, u16::from_be_bytes(begun).into()) {
		0 => u16::MAX,
		sum => sum,
	};
	if let Some(place) = summed.get_mut(offset..).and_then(|rest| rest.first_chunk_mut::<2>()) {
		*place = sum.to_be_bytes();
	}
	Ok(())
}

/// Appends the packets of `raw`, a header of the offload and what it speaks of, each with its checksums.
pub(super) fn split(raw: &mut [u8], packets: &mut Vec<BytesMut>) -> io::Result<()> {
	let mut header = VirtioNetHdr::decode(raw)?;
	let packet = raw.get_mut(VIRTIO_NET_HDR_LEN..).filter(|packet| !packet.is_empty());
	let packet = packet.ok_or_else(|| odd("no packet"))?;
	if header.gso_type == GSO_NONE {
		if header.flags & NEEDS_CHECKSUM != 0 {
			complete(packet, header.csum_start.into(), header.csum_offset.into())?;
		}
		packets.push(BytesMut::from(&*packet));
		return Ok(());
	}
	let is_v6 = packet.first().is_some_and(|first| first >> 4 == 6);
	header.gso_type &= !ECN;
	// As long as the headers are, and not as it says: of a packet that is forwarded it may be the length of the first segment.
	let transport = match (header.gso_type, is_v6) {
		(VIRTIO_NET_HDR_GSO_UDP_L4, _) => UDP_HEADER,
		(VIRTIO_NET_HDR_GSO_TCPV4, false) | (VIRTIO_NET_HDR_GSO_TCPV6, true) => {
			let at = usize::from(header.csum_start) + TCP_LENGTH_AT;
			let words = packet.get(at).ok_or_else(|| odd("no TCP header"))? >> 4;
			u16::from(words) * 4
		}
		_ => return Err(odd("an offload that nobody asked for")),
	};
	if transport < LEAST_TCP_HEADER && header.gso_type != VIRTIO_NET_HDR_GSO_UDP_L4 {
		return Err(odd("a short TCP header"));
	}
	header.hdr_len = header.csum_start.checked_add(transport).ok_or_else(|| odd("long headers"))?;
	let (headers, size) = (usize::from(header.hdr_len), usize::from(header.gso_size));
	let payload = packet.len().checked_sub(headers).filter(|payload| *payload > 0);
	let payload = payload.ok_or_else(|| odd("no payload"))?;
	if size == 0 {
		return Err(odd("segments of no size"));
	}
	let (count, segment) = (payload.div_ceil(size), headers + size.min(payload));
	// One allocation for all of them; each is a part of it.
	let mut slab = BytesMut::zeroed(count * segment);
	let mut sizes = vec![0; count];
	let mut parts: Vec<&mut [u8]> = slab.chunks_mut(segment).collect();
	let count = gso_split(packet, header, &mut parts, &mut sizes, 0, is_v6)?;
	packets.extend(sizes.into_iter().take(count).map(|length| {
		let mut part = slab.split_to(segment);
		part.truncate(length);
		part
	}));
	Ok(())
}
