//! Inside the tunnel: UDP over IPv4 between the two inner addresses, both on port [`PORT`].
//!
//! Every datagram starts with 16 bytes: version (1) ‖ kind (1) ‖ zero (2) ‖ session (8) ‖ number (4, little-endian).
//!
//! | kind | name | after the header | from |
//! |---|---|---|---|
//! | 0 | Hello | nonce (16) ‖ sent at, µs (8, little-endian) ‖ zero (24) | attestor |
//! | 1 | Welcome | the Hello's | target |
//! | 2 | Ping | as Hello | attestor |
//! | 3 | Pong | the Ping's | target |
//! | 4 | Load | payload (1,200) | attestor |
//! | 5 | EchoLoad | payload (1,200), to be echoed | attestor |
//! | 6 | Echo | the payload re-keyed (1,200) | target |
//! | 7 | Countersign | digest (32) ‖ signature (64) | attestor |
//! | 8 | Receipts | SCALE vector of 1 to 32 [`Receipt`]s, ascending, at most 1,200 bytes | target |
//!
//! Receipts and countersignatures travel here and not on the control plane, because they must arrive while the line is
//! full: a byte stream that waits for a lost segment would count its own stalls. The number of a countersignature is
//! the receipt's window, that of receipts is 0. An answer is as long as what it answers. Anything else is dropped
//! without an answer.

use super::{Receipt, PAYLOAD_BYTES};
use crate::{keystream::Payload, Micros};
use codec::DecodeAll;
use std::net::Ipv4Addr;

/// Version of the datagrams, their first byte.
const VERSION: u8 = 1;
/// UDP port on both inner addresses (echo).
pub const PORT: u16 = 7;
/// Length of the datagram header.
pub const HEADER_BYTES: usize = 16;
/// Length of Hello, Welcome, Ping and Pong.
pub const PING_BYTES: usize = 64;
/// Length of a load or echo.
pub const LOAD_BYTES: usize = HEADER_BYTES + PAYLOAD_BYTES;
/// Receipts one datagram may carry.
pub const MAX_RECEIPTS: usize = 32;
/// Length of a countersignature.
pub const COUNTERSIGN_BYTES: usize = HEADER_BYTES + 96;
/// Length of the inner IPv4 and UDP headers.
const INNER_BYTES: usize = 28;
/// WireGuard fills inner packets up to a multiple of this.
const BLOCK_BYTES: usize = 16;
/// What WireGuard adds to a packet, and IPv4 and UDP around it.
const OUTER_BYTES: usize = 32 + 28;

/// What a datagram of so many bytes weighs on the line: its outer IPv4 datagram.
pub const fn line_bytes(datagram: usize) -> u64 {
	let blocks = datagram.saturating_add(INNER_BYTES).div_ceil(BLOCK_BYTES);
	blocks.saturating_mul(BLOCK_BYTES).saturating_add(OUTER_BYTES) as u64
}

/// Nonce and time of a greeting or ping, returned as they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stamp {
	/// Binds the answer.
	pub nonce: [u8; 16],
	/// The sender's clock when it was sent.
	pub sent_at: Micros,
}

/// What a datagram says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Body<'a> {
	/// First datagram of a session.
	Hello(Stamp),
	/// Its answer.
	Welcome(Stamp),
	/// Round-trip time.
	Ping(Stamp),
	/// Its answer.
	Pong(Stamp),
	/// Payload to be acknowledged.
	Load(&'a Payload),
	/// Payload to be acknowledged and echoed.
	EchoLoad(&'a Payload),
	/// Re-keyed payload.
	Echo(&'a Payload),
	/// I believe your receipts up to this one.
	Countersign {
		/// The receipt's digest.
		digest: [u8; 32],
		/// By the attestor.
		signature: [u8; 64],
	},
	/// What arrived, as SCALE: see [`receipts`].
	Receipts(&'a [u8]),
}

/// A datagram.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Datagram<'a> {
	/// Session it belongs to.
	pub session: [u8; 8],
	/// Sequence number of a payload, number of a ping, window of a countersigned receipt.
	pub number: u32,
	/// What it says.
	pub body: Body<'a>,
}

impl Datagram<'_> {
	/// As bytes.
	pub fn encode(&self) -> Vec<u8> {
		let (kind, length) = match self.body {
			Body::Hello(_) => (0, PING_BYTES),
			Body::Welcome(_) => (1, PING_BYTES),
			Body::Ping(_) => (2, PING_BYTES),
			Body::Pong(_) => (3, PING_BYTES),
			Body::Load(_) => (4, LOAD_BYTES),
			Body::EchoLoad(_) => (5, LOAD_BYTES),
			Body::Echo(_) => (6, LOAD_BYTES),
			Body::Countersign { .. } => (7, COUNTERSIGN_BYTES),
			Body::Receipts(receipts) => (8, HEADER_BYTES.saturating_add(receipts.len())),
		};
		let mut bytes = Vec::with_capacity(length);
		bytes.extend_from_slice(&[VERSION, kind, 0, 0]);
		bytes.extend_from_slice(&self.session);
		bytes.extend_from_slice(&self.number.to_le_bytes());
		match self.body {
			Body::Hello(stamp) | Body::Welcome(stamp) | Body::Ping(stamp) | Body::Pong(stamp) => {
				bytes.extend_from_slice(&stamp.nonce);
				bytes.extend_from_slice(&stamp.sent_at.to_le_bytes());
			}
			Body::Load(payload) | Body::EchoLoad(payload) | Body::Echo(payload) => {
				bytes.extend_from_slice(payload)
			}
			Body::Countersign { digest, signature } => {
				bytes.extend_from_slice(&digest);
				bytes.extend_from_slice(&signature);
			}
			Body::Receipts(receipts) => bytes.extend_from_slice(receipts),
		}
		bytes.resize(length, 0);
		bytes
	}
}

/// Reads a datagram; none if it is not exactly one of the kinds above.
pub fn decode(bytes: &[u8]) -> Option<Datagram<'_>> {
	let (&[VERSION, kind, 0, 0], rest) = bytes.split_first_chunk()? else { return None };
	let (session, rest) = rest.split_first_chunk::<8>()?;
	let (number, rest) = rest.split_first_chunk::<4>()?;
	let stamp = || {
		let (nonce, rest) = rest.split_first_chunk::<16>()?;
		let (sent_at, rest) = rest.split_first_chunk::<8>()?;
		let padding = rest.len() == PING_BYTES - HEADER_BYTES - 24 && rest.iter().all(|byte| *byte == 0);
		padding.then_some(Stamp { nonce: *nonce, sent_at: Micros::from_le_bytes(*sent_at) })
	};
	let payload = || <&Payload>::try_from(rest).ok();
	let body = match kind {
		0 => Body::Hello(stamp()?),
		1 => Body::Welcome(stamp()?),
		2 => Body::Ping(stamp()?),
		3 => Body::Pong(stamp()?),
		4 => Body::Load(payload()?),
		5 => Body::EchoLoad(payload()?),
		6 => Body::Echo(payload()?),
		7 => {
			let (digest, signature) = rest.split_first_chunk::<32>()?;
			Body::Countersign { digest: *digest, signature: signature.try_into().ok()? }
		}
		8 if rest.len() <= PAYLOAD_BYTES => Body::Receipts(rest),
		_ => return None,
	};
	Some(Datagram { session: *session, number: u32::from_le_bytes(*number), body })
}

/// What [`Body::Receipts`] holds: 1 to [`MAX_RECEIPTS`]; none if it is not exactly that.
pub fn receipts(bytes: &[u8]) -> Option<Vec<Receipt>> {
	let receipts = Vec::<Receipt>::decode_all(&mut &bytes[..]).ok()?;
	(1..=MAX_RECEIPTS).contains(&receipts.len()).then_some(receipts)
}

/// Wraps a datagram in inner UDP (checksum 0, which RFC 768 allows) and IPv4. None if it does not fit.
pub fn wrap(source: Ipv4Addr, destination: Ipv4Addr, datagram: &[u8]) -> Option<Vec<u8>> {
	let udp_length = u16::try_from(datagram.len().checked_add(8)?).ok()?;
	let total_length = udp_length.checked_add(20)?;
	let mut header = [0u8; 20];
	let fields: [&[u8]; 6] = [
		&[0x45, 0],
		&total_length.to_be_bytes(),
		// No identification, don't fragment, 64 hops, UDP.
		&[0, 0, 0x40, 0, 64, 17],
		&[0, 0],
		&source.octets(),
		&destination.octets(),
	];
	for (to, from) in header.iter_mut().zip(fields.concat()) {
		*to = from;
	}
	let checksum = internet_checksum(&header).to_be_bytes();
	for (to, from) in header.iter_mut().skip(10).zip(checksum) {
		*to = from;
	}
	let mut bytes = Vec::with_capacity(usize::from(total_length));
	bytes.extend_from_slice(&header);
	for field in [PORT, PORT, udp_length, 0] {
		bytes.extend_from_slice(&field.to_be_bytes());
	}
	bytes.extend_from_slice(datagram);
	Some(bytes)
}

/// Source, destination and datagram of an inner packet; none unless it is UDP over IPv4 without options on [`PORT`].
pub fn unwrap(packet: &[u8]) -> Option<(Ipv4Addr, Ipv4Addr, &[u8])> {
	let (header, rest) = packet.split_first_chunk::<20>()?;
	let [0x45, _, l1, l2, _, _, f1, f2, _, 17, _, _, s1, s2, s3, s4, d1, d2, d3, d4] = *header else {
		return None;
	};
	let total = usize::from(u16::from_be_bytes([l1, l2]));
	// Neither more fragments nor an offset.
	if internet_checksum(header) != 0 || f1 & 0x3f != 0 || f2 != 0 || total > packet.len() {
		return None;
	}
	let rest = rest.get(..total.checked_sub(20)?)?;
	let (&[p1, p2, q1, q2, u1, u2, _, _], datagram) = rest.split_first_chunk::<8>()?;
	let ports = (u16::from_be_bytes([p1, p2]), u16::from_be_bytes([q1, q2]));
	let length = usize::from(u16::from_be_bytes([u1, u2]));
	if ports != (PORT, PORT) || length != rest.len() {
		return None;
	}
	Some((Ipv4Addr::new(s1, s2, s3, s4), Ipv4Addr::new(d1, d2, d3, d4), datagram))
}

/// RFC 1071, over an even number of bytes.
fn internet_checksum(bytes: &[u8; 20]) -> u16 {
	let mut sum = bytes.chunks_exact(2).fold(0u32, |sum, pair| match *pair {
		[high, low] => sum.saturating_add(u32::from(u16::from_be_bytes([high, low]))),
		_ => sum,
	});
	while sum > 0xffff {
		sum = (sum & 0xffff).saturating_add(sum >> 16);
	}
	!u16::try_from(sum).unwrap_or(0)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::wire::{Range, MAX_RANGES};
	use codec::Encode;
	use proptest::prelude::*;

	const A: Ipv4Addr = Ipv4Addr::new(100, 64, 0, 1);
	const B: Ipv4Addr = Ipv4Addr::new(100, 64, 1, 2);

	#[test]
	fn datagrams_should_match_the_golden_vectors() {
		let stamp = Stamp { nonce: [0xab; 16], sent_at: 0x0102030405060708 };
		let stamped = "ab".repeat(16) + "0807060504030201" + &"00".repeat(24);
		let (payload, paid) = ([5; PAYLOAD_BYTES], "05".repeat(1_200));
		let (digest, signature) = ([0x0d; 32], [0xff; 64]);
		let vectors = [
			(Body::Hello(stamp), "00", &stamped),
			(Body::Welcome(stamp), "01", &stamped),
			(Body::Ping(stamp), "02", &stamped),
			(Body::Pong(stamp), "03", &stamped),
			(Body::Load(&payload), "04", &paid),
			(Body::EchoLoad(&payload), "05", &paid),
			(Body::Echo(&payload), "06", &paid),
			(Body::Countersign { digest, signature }, "07", &("0d".repeat(32) + &"ff".repeat(64))),
		];
		for (body, kind, rest) in vectors {
			let datagram = Datagram { session: [0x11; 8], number: 0x030201, body };
			let bytes = datagram.encode();
			let golden = "01".to_owned() + kind + "0000" + &"11".repeat(8) + "01020300" + rest;
			assert_eq!(hex::encode(&bytes), golden);
			assert_eq!(decode(&bytes), Some(datagram));
			assert_eq!(decode(&bytes[..bytes.len() - 1]), None);
		}
	}

	#[test]
	fn receipts_should_match_the_golden_vector() {
		let ranges = vec![Range { first: 1, count: 2 }, Range { first: 9, count: 0x102 }];
		let sent = vec![Receipt { window: 3, ranges, digest: [0x0d; 32] }];
		let encoded = sent.encode();
		let bytes = Datagram { session: [0x11; 8], number: 0, body: Body::Receipts(&encoded) }.encode();
		let golden = "01080000".to_owned()
			+ &"11".repeat(8)
			+ "00000000"
			+ "04" + "03000000"
			+ "08" + "010000000200"
			+ "090000000201"
			+ &"0d".repeat(32);
		assert_eq!(hex::encode(&bytes), golden);
		let Some(Datagram { body: Body::Receipts(body), .. }) = decode(&bytes) else { panic!("no receipts") };
		assert_eq!(receipts(body), Some(sent));
		let smallest = Receipt { window: 0, ranges: vec![], digest: [0; 32] };
		let of = |count: usize| vec![smallest.clone(); count];
		assert_eq!(HEADER_BYTES + of(1).encoded_size(), 54);
		for (count, taken) in [(0, None), (1, Some(of(1))), (32, Some(of(32))), (33, None)] {
			assert_eq!(receipts(&of(count).encode()), taken);
		}
		assert_eq!(receipts(&body[..body.len() - 1]), None);
		// A length that promises more than is there.
		assert_eq!(receipts(&[0xfe, 0xff, 0xff, 0xff]), None);
	}

	#[test]
	fn largest_receipt_should_fit_a_datagram() {
		let ranges = vec![Range { first: u32::MAX, count: 1 }; MAX_RANGES];
		assert!(vec![Receipt { window: 0, ranges, digest: [0; 32] }].encoded_size() <= PAYLOAD_BYTES);
	}

	#[test]
	fn load_should_be_packet_bytes_on_the_wire() {
		let payload = [5; PAYLOAD_BYTES];
		let bytes = Datagram { session: [0x11; 8], number: 3, body: Body::EchoLoad(&payload) }.encode();
		let inner = wrap(A, B, &bytes).unwrap();
		let padded = inner.len().div_ceil(16) * 16;
		assert_eq!(padded + 32 + 28, crate::wire::PACKET_BYTES as usize);
		assert_eq!(line_bytes(bytes.len()), u64::from(crate::wire::PACKET_BYTES));
	}

	#[test]
	fn inner_packet_should_match_the_golden_vector() {
		let packet = wrap(A, B, &[0xff; 4]).unwrap();
		assert_eq!(hex::encode(&packet), "45000020000040004011714a644000016440010200070007000c0000ffffffff");
		assert_eq!(unwrap(&packet), Some((A, B, &[0xff; 4][..])));
	}

	#[test]
	fn decode_should_refuse_wrong_lengths_and_versions() {
		let payload = [5; PAYLOAD_BYTES];
		let mut bytes = Datagram { session: [1; 8], number: 3, body: Body::Load(&payload) }.encode();
		assert!(decode(&bytes[..bytes.len() - 1]).is_none());
		bytes.push(0);
		assert!(decode(&bytes).is_none());
		bytes.pop();
		bytes[0] = 2;
		assert!(decode(&bytes).is_none());
	}

	proptest! {
		#[test]
		fn decoders_should_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..1_600)) {
			let _ = decode(&bytes);
			let _ = receipts(&bytes);
			let _ = unwrap(&bytes);
		}

		#[test]
		fn damaged_datagrams_should_not_panic(at in 0usize..64, value: u8, cut in 0usize..=64) {
			let stamp = Stamp { nonce: [1; 16], sent_at: 2 };
			let mut bytes = Datagram { session: [1; 8], number: 3, body: Body::Hello(stamp) }.encode();
			bytes[at] = value;
			let _ = decode(&bytes[..cut]);
			let mut packet = wrap(A, B, &bytes).unwrap();
			packet[at] = value;
			let _ = unwrap(&packet[..cut]);
		}
	}
}
