//! WireGuard's messages without the bytes that give them away.
//!
//! Every WireGuard message begins with a type from 1 to 4 and three zeros, a handshake has one of three lengths, and its last 16
//! bytes are usually zero: a filter needs to read nothing else. Scrambled, no byte of a message is the same from one to
//! the next, and those of a handshake have no length of their own. What is in it is not any better protected than before: the
//! encryption is WireGuard's. The mask is that of QUIC's header protection (RFC 9001, section 5.4), which
//! samples what is encrypted anyway.
//!
//! | message | scrambled |
//! |---|---|
//! | data (type 4) | the 16 bytes of its header are masked; the sample is its last 16 bytes, the tag of its encryption |
//! | handshake, response, cookie (types 1 to 3) | all of it is masked; then 0 to 255 random bytes; then 16 more, the sample |
//!
//! The mask is the keystream of XChaCha20 under the key of the line, with nonce = sample ‖ `weir/s/1`. Data grows by nothing.
//!
//! Against a filter that knows the key (any customer of the line is told it) this is of no use, nor against one that passes only what it
//! knows: something that looks like nothing at all can be told by that. It hides neither sizes nor times of data.

use chacha20::{
	cipher::{KeyIvInit, StreamCipher},
	XChaCha20,
};

/// Of a line, told on the control plane.
pub type Key = [u8; 32];

/// What a mask is drawn from.
const SAMPLE: usize = 16;
/// Header of data: type, receiver, counter.
const HEADER: usize = 16;
/// The same for every message: separates this use of a key from any other.
const DOMAIN: [u8; 8] = *b"weir/s/1";
/// Lengths of handshake, response and cookie.
const HANDSHAKES: [(u8, usize); 3] = [(1, 148), (2, 92), (3, 64)];
const DATA: u8 = 4;
/// Shortest data: header and tag.
const SHORTEST_DATA: usize = HEADER + SAMPLE;
/// What a handshake grows by at most.
pub const MOST_GROWTH: usize = u8::MAX as usize + SAMPLE;

/// Whether bytes begin as a message of WireGuard. One scrambled message in 10⁹ does, too, and is lost.
pub fn is_plain(message: &[u8]) -> bool {
	kind(message).is_some()
}

/// The type of a plain message.
fn kind(message: &[u8]) -> Option<u8> {
	match message.first_chunk()? {
		[kind @ 1..=4, 0, 0, 0] => Some(*kind),
		_ => None,
	}
}

/// A message of a handshake of this type and length.
fn is_handshake(kind: u8, length: usize) -> bool {
	HANDSHAKES.contains(&(kind, length))
}

/// What became of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Scrambled {
	/// It is scrambled where it is.
	InPlace,
	/// This is to be sent instead.
	Grown(Vec<u8>),
}

/// Scrambles a message of WireGuard. `random` is for handshakes, of which there is one in two minutes. None if it is no such
/// message: it must not be sent.
pub fn scramble(key: &Key, message: &mut [u8], random: impl FnOnce(&mut [u8])) -> Option<Scrambled> {
	match kind(message)? {
		DATA if message.len() >= SHORTEST_DATA => {
			let sample = *message.last_chunk::<SAMPLE>()?;
			mask(key, &sample, message.first_chunk_mut::<HEADER>()?);
			Some(Scrambled::InPlace)
		}
		kind if is_handshake(kind, message.len()) => {
			let mut noise = [0; 1 + MOST_GROWTH];
			random(&mut noise);
			let (growth, noise) = noise.split_first()?;
			let tail = noise.get(..usize::from(*growth).saturating_add(SAMPLE))?;
			let sample = tail.last_chunk::<SAMPLE>()?;
			let mut grown = message.to_vec();
			mask(key, sample, &mut grown);
			grown.extend_from_slice(tail);
			Some(Scrambled::Grown(grown))
		}
		_ => None,
	}
}

/// Makes a message of WireGuard of a scrambled one, in place, and says how long it is; what is behind that is noise. None if it is
/// none under this key; the bytes are then of no use any more.
pub fn unscramble(key: &Key, message: &mut [u8]) -> Option<usize> {
	let length = message.len();
	if length < SHORTEST_DATA {
		return None;
	}
	let sample = *message.last_chunk::<SAMPLE>()?;
	let mut header = *message.first_chunk::<HEADER>()?;
	mask(key, &sample, &mut header);
	match kind(&header)? {
		DATA => {
			*message.first_chunk_mut()? = header;
			Some(length)
		}
		kind => {
			let (_, own) = HANDSHAKES.into_iter().find(|(known, _)| *known == kind)?;
			let noise = length.checked_sub(own)?;
			if !(SAMPLE..=MOST_GROWTH).contains(&noise) {
				return None;
			}
			mask(key, &sample, message.get_mut(..own)?);
			Some(own)
		}
	}
}

/// XORs the mask for a sample into bytes.
fn mask(key: &Key, sample: &[u8; SAMPLE], bytes: &mut [u8]) {
	let mut nonce = [0; SAMPLE + DOMAIN.len()];
	let (first, last) = nonce.split_at_mut(SAMPLE);
	first.copy_from_slice(sample);
	last.copy_from_slice(&DOMAIN);
	XChaCha20::new(key.into(), &nonce.into()).apply_keystream(bytes);
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	const KEY: Key = [7; 32];

	fn message(kind: u8, rest: &[u8]) -> Vec<u8> {
		[&[kind, 0, 0, 0], rest].concat()
	}

	fn fill(seed: u8) -> impl FnOnce(&mut [u8]) {
		move |bytes| {
			let seed = [seed; 32];
			crate::keystream::apply(&seed, 0, bytes);
		}
	}

	/// As it travels.
	fn sent(key: &Key, message: &[u8], seed: u8) -> Option<Vec<u8>> {
		let mut bytes = message.to_vec();
		Some(match scramble(key, &mut bytes, fill(seed))? {
			Scrambled::InPlace => bytes,
			Scrambled::Grown(grown) => grown,
		})
	}

	fn received(key: &Key, mut bytes: Vec<u8>) -> Option<Vec<u8>> {
		let length = unscramble(key, &mut bytes)?;
		bytes.truncate(length);
		Some(bytes)
	}

	/// Fixed for good: a mask of another construction is another protocol.
	#[test]
	fn scrambled_bytes_should_stay_what_they_are() {
		let data = message(4, &(0..44).collect::<Vec<u8>>());
		let golden = "ffd199504cb8033eea63daee23afc1cc0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b";
		assert_eq!(hex::encode(sent(&KEY, &data, 1).unwrap()), golden);
		let cookie = message(3, &[9; 60]);
		let travels = sent(&KEY, &cookie, 1).unwrap();
		let golden = "a450cbed8068117f0b7285eb309acf4fd0f48b9c2b9b688b4e30c96b57e6f8063cfb0850e3e343252f8d33e25f49a7e00de2ef5ac000def342a11a9f05a6876b";
		assert_eq!((travels.len(), hex::encode(&travels[..64])), (82, golden.into()));
	}

	#[test]
	fn handshakes_should_have_neither_constant_bytes_nor_a_length_of_their_own() {
		for (kind, length) in HANDSHAKES {
			// As long as its sender has not been asked for a cookie, the last 16 bytes are zero.
			let plain = message(kind, &vec![0; length - 4]);
			let travels: Vec<_> = (0..64).map(|seed| sent(&KEY, &plain, seed).unwrap()).collect();
			let lengths: std::collections::BTreeSet<_> = travels.iter().map(Vec::len).collect();
			assert!(
				lengths.len() > 32 && lengths.iter().all(|sent| (length + 16..=length + 271).contains(sent))
			);
			for at in 0..length {
				let values: std::collections::BTreeSet<_> = travels.iter().map(|bytes| bytes[at]).collect();
				assert!(values.len() > 32, "byte {at}");
			}
		}
	}

	#[test]
	fn headers_of_data_should_have_no_constant_bytes() {
		let travels =
			(0..=255_u8).map(|tag| sent(&KEY, &message(4, &[[0; 28].as_slice(), &[tag; 16]].concat()), 0));
		let headers: Vec<_> = travels.map(|bytes| *bytes.unwrap().first_chunk::<16>().unwrap()).collect();
		for at in 0..16 {
			let values: std::collections::BTreeSet<_> = headers.iter().map(|header| header[at]).collect();
			assert!(values.len() > 128, "byte {at} has {} values", values.len());
		}
	}

	#[test]
	fn what_is_no_message_should_not_be_sent() {
		for wrong in [
			vec![],
			vec![4],
			message(4, &[0; 27]),
			message(1, &[0; 143]),
			message(5, &[0; 60]),
			vec![4, 1, 0, 0],
		] {
			assert_eq!(sent(&KEY, &wrong, 0), None, "{wrong:?}");
		}
	}

	proptest! {
		#[test]
		fn every_message_should_arrive_as_it_was_sent(
			key: Key,
			(kind, length) in prop_oneof![Just((1, 148)), Just((2, 92)), Just((3, 64)), (32_usize..1_500).prop_map(|length| (4_u8, length))],
			bytes in prop::collection::vec(any::<u8>(), 1_500),
			seed: u8,
		) {
			let plain = message(kind, &bytes[..length - 4]);
			let travels = sent(&key, &plain, seed).unwrap();
			prop_assert!(kind != 4 || travels.len() == plain.len());
			prop_assert_eq!(received(&key, travels), Some(plain));
		}

		#[test]
		fn foreign_bytes_should_be_nothing_or_a_message_and_never_longer(key: Key, bytes in prop::collection::vec(any::<u8>(), 0..600)) {
			let length = bytes.len();
			if let Some(message) = received(&key, bytes) {
				prop_assert!(message.len() <= length && is_plain(&message));
			}
		}

		#[test]
		fn another_key_should_make_nothing_of_it(key: Key, bytes: [u8; 100], seed: u8) {
			prop_assume!(key != KEY);
			prop_assert_eq!(received(&KEY, sent(&key, &message(4, &bytes), seed).unwrap()), None);
		}
	}
}
