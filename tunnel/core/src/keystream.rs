//! The payload of a load: full-entropy, addressed by sequence number, committed to before it is sent.
//!
//! Packet `seq` carries [`wire::PAYLOAD_BYTES`](crate::wire::PAYLOAD_BYTES) of ChaCha20 (RFC 8439) keystream under
//! the attestor's seed with nonce = 8 zero bytes ‖ seq (4 bytes, little-endian) and block counter 0. An echo is the
//! received payload XORed with the keystream of [`echo_key`] at the same address, so that bytes from the target need
//! the bytes towards it.

use crate::wire::PAYLOAD_BYTES;
use chacha20::{
	cipher::{KeyIvInit, StreamCipher},
	ChaCha20,
};

/// A payload.
pub type Payload = [u8; PAYLOAD_BYTES];

/// H(seed): what an offer commits to. BLAKE3 in key derivation mode with context `weir/seed/v1`.
pub fn seed_hash(seed: &[u8; 32]) -> [u8; 32] {
	blake3::derive_key("weir/seed/v1", seed)
}

/// Key of a session's echo: BLAKE3 key derivation with context `weir/echo/v1` over H(seed) ‖ session. Both sides know
/// it before the first packet; it vouches for nothing but the order of bytes.
pub fn echo_key(seed_hash: &[u8; 32], session: &[u8; 8]) -> [u8; 32] {
	let mut hasher = blake3::Hasher::new_derive_key("weir/echo/v1");
	hasher.update(seed_hash).update(session);
	*hasher.finalize().as_bytes()
}

/// XORs the keystream of packet `seq` under `key` into `bytes`.
pub fn apply(key: &[u8; 32], seq: u32, bytes: &mut [u8]) {
	let [a, b, c, d] = seq.to_le_bytes();
	let nonce = [0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d];
	ChaCha20::new(key.into(), &nonce.into()).apply_keystream(bytes);
}

/// Payload of packet `seq`.
pub fn payload(seed: &[u8; 32], seq: u32) -> Payload {
	let mut bytes = [0; PAYLOAD_BYTES];
	apply(seed, seq, &mut bytes);
	bytes
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::wire::golden;

	#[test]
	fn payload_should_be_rfc_8439_keystream() {
		// RFC 8439, A.1, test vector 1: zero key, zero nonce, counter 0.
		let start = &payload(&[0; 32], 0)[..32];
		assert_eq!(hex::encode(start), "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7");
	}

	#[test]
	fn payload_and_echo_should_match_the_golden_vectors() {
		let (seed, session) = ([7; 32], [1; 8]);
		let ends = |bytes: &Payload| [&bytes[..16], &bytes[PAYLOAD_BYTES - 16..]].map(hex::encode);
		let hash = seed_hash(&seed);
		assert_eq!(hex::encode(hash), golden::SEED_HASH);
		let key = echo_key(&hash, &session);
		assert_eq!(hex::encode(key), golden::ECHO_KEY);
		let mut bytes = payload(&seed, golden::SEQUENCE);
		assert_eq!(ends(&bytes), golden::PAYLOAD);
		apply(&key, golden::SEQUENCE, &mut bytes);
		assert_eq!(ends(&bytes), golden::ECHO);
	}

	#[test]
	fn echo_should_return_the_payload_when_applied_twice() {
		let (seed, session) = ([7; 32], [1; 8]);
		let key = echo_key(&seed_hash(&seed), &session);
		let sent = payload(&seed, 42);
		let mut echo = sent;
		apply(&key, 42, &mut echo);
		assert_ne!(echo, sent);
		apply(&key, 42, &mut echo);
		assert_eq!(echo, sent);
	}
}
