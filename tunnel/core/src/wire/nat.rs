//! What sidecars send one another beside WireGuard on its UDP port, to learn how their routers translate it and to open a
//! way through them. All have one length, so that no answer is larger than its question.
//!
//! ```text
//! "weir" (4) ‖ version (1: 01) ‖ kind (1) ‖ port (2) ‖ token (16) ‖ address (16)
//! ```
//!
//! | kind | name | port and address |
//! |---|---|---|
//! | 0 | [`Probe::Ask`] | zeros |
//! | 1 | [`Probe::Told`] | where the question came from, each XORed with the first bytes of the token |
//! | 2 | [`Probe::Ping`] | zeros |
//! | 3 | [`Probe::Pong`] | zeros |
//!
//! A WireGuard message begins with 1 to 4 and three zero bytes, so that neither is taken for the other. The address is IPv6 or
//! IPv4-mapped, big-endian as the port is; it is XORed because some routers rewrite their own address wherever they see it.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Every datagram's length.
pub const PROBE_BYTES: usize = 40;
/// Drawn anew for each question; who answers has seen it.
pub type Token = [u8; 16];

const MAGIC: [u8; 4] = *b"weir";
const PROBE_VERSION: u8 = 1;

/// A datagram beside WireGuard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Probe {
	/// Where do you see me?
	Ask(Token),
	/// There.
	Told(Token, SocketAddr),
	/// Do you hear me? Only whoever was told the token on the control plane answers.
	Ping(Token),
	/// Yes.
	Pong(Token),
}

impl Probe {
	/// The question that it is or answers.
	pub fn token(&self) -> Token {
		match self {
			Self::Ask(token) | Self::Told(token, _) | Self::Ping(token) | Self::Pong(token) => *token,
		}
	}

	/// Its bytes.
	pub fn encode(&self) -> [u8; PROBE_BYTES] {
		let (kind, seen) = match self {
			Self::Ask(_) => (0, None),
			Self::Told(_, seen) => (1, Some(*seen)),
			Self::Ping(_) => (2, None),
			Self::Pong(_) => (3, None),
		};
		let token = self.token();
		let (mut port, mut address) = ([0; 2], [0; 16]);
		if let Some(seen) = seen {
			port = xor(seen.port().to_be_bytes(), token);
			let ip = match seen.ip() {
				IpAddr::V4(ip) => ip.to_ipv6_mapped(),
				IpAddr::V6(ip) => ip,
			};
			address = xor(ip.octets(), token);
		}
		let mut bytes = [0; PROBE_BYTES];
		let parts = MAGIC.into_iter().chain([PROBE_VERSION, kind]).chain(port).chain(token).chain(address);
		bytes.iter_mut().zip(parts).for_each(|(byte, part)| *byte = part);
		bytes
	}

	/// From bytes; none if they are not one.
	pub fn decode(bytes: &[u8]) -> Option<Self> {
		let bytes: &[u8; PROBE_BYTES] = bytes.try_into().ok()?;
		let [m0, m1, m2, m3, version, kind, p0, p1, rest @ ..] = bytes;
		let (token, address) = (rest.first_chunk::<16>()?, rest.last_chunk::<16>()?);
		if [*m0, *m1, *m2, *m3] != MAGIC || *version != PROBE_VERSION {
			return None;
		}
		let is_blank = [*p0, *p1] == [0; 2] && *address == [0; 16];
		match kind {
			0 if is_blank => Some(Self::Ask(*token)),
			1 => {
				let ip = IpAddr::from(Ipv6Addr::from(xor(*address, *token))).to_canonical();
				Some(Self::Told(*token, SocketAddr::new(ip, u16::from_be_bytes(xor([*p0, *p1], *token)))))
			}
			2 if is_blank => Some(Self::Ping(*token)),
			3 if is_blank => Some(Self::Pong(*token)),
			_ => None,
		}
	}
}

fn xor<const N: usize>(mut bytes: [u8; N], token: Token) -> [u8; N] {
	bytes.iter_mut().zip(token).for_each(|(byte, key)| *byte ^= key);
	bytes
}

/// What a provider signs with its identity to be reached through another one: not of use for another channel, with another
/// relay or on another chain.
pub fn reach_payload(genesis: &[u8; 32], relay: &[u8; 32], provider: &[u8; 32], channel: u64) -> Vec<u8> {
	codec::Encode::encode(&(b"weir/reach/v1\0\0\0", genesis, relay, provider, channel))
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn probes_should_match_the_golden_vectors() {
		let token: Token = std::array::from_fn(|n| n as u8 + 1);
		let t = "0102030405060708090a0b0c0d0e0f10";
		let blank = "00".repeat(16);
		let v4 = "192.0.2.7:513".parse().unwrap();
		let v6 = "[2001:db8::1]:65535".parse().unwrap();
		for (probe, golden) in [
			(Probe::Ask(token), format!("7765697201000000{t}{blank}")),
			(Probe::Told(token, v4), format!("7765697201010303{t}0102030405060708090af4f3cd0e0d17")),
			(Probe::Told(token, v6), format!("776569720101fefd{t}21030ebc05060708090a0b0c0d0e0f11")),
			(Probe::Ping(token), format!("7765697201020000{t}{blank}")),
			(Probe::Pong(token), format!("7765697201030000{t}{blank}")),
		] {
			assert_eq!(hex::encode(probe.encode()), golden, "{probe:?}");
			assert_eq!(Probe::decode(&probe.encode()), Some(probe));
		}
		let payload = reach_payload(&[1; 32], &[2; 32], &[3; 32], 0x0405);
		let fields = format!("{}{}{}0504000000000000", "01".repeat(32), "02".repeat(32), "03".repeat(32));
		assert_eq!(hex::encode(payload), format!("776569722f72656163682f7631000000{fields}"));
	}

	#[test]
	fn decode_should_refuse_what_is_not_a_probe() {
		let good = Probe::Ping([9; 16]).encode();
		assert!(Probe::decode(&good[..39]).is_none() && Probe::decode(&[&good[..], &[0]].concat()).is_none());
		for (at, to) in [(0, 1), (4, 2), (5, 4), (6, 1), (39, 1)] {
			let mut bytes = good;
			bytes[at] = to;
			assert_eq!(Probe::decode(&bytes), None, "byte {at}");
		}
	}

	proptest! {
		#[test]
		fn decode_should_be_the_inverse_of_encode_when_bytes_are_a_probe(bytes: [u8; PROBE_BYTES], kind in 0..4u8) {
			let mut bytes = bytes;
			bytes[..4].copy_from_slice(&MAGIC);
			(bytes[4], bytes[5]) = (PROBE_VERSION, kind);
			if kind != 1 {
				bytes[6..8].fill(0);
				bytes[24..].fill(0);
			}
			prop_assert_eq!(Probe::decode(&bytes).unwrap().encode(), bytes);
		}
	}
}
