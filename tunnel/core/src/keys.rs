//! sr25519 signatures in the signing context the chain's `sr25519_verify` uses.

use schnorrkel::{ExpansionMode, Keypair, MiniSecretKey, PublicKey, Signature};

/// Signing context of every Substrate sr25519 signature.
const CONTEXT: &[u8] = b"substrate";

/// A probe key: signs offers and countersignatures (attestor), receipts (target).
#[derive(Clone)]
pub struct ProbeKeypair(Keypair);

impl ProbeKeypair {
	/// The key pair of a 32-byte seed, expanded as Substrate keystores expand it.
	pub fn from_seed(seed: &[u8; 32]) -> Option<Self> {
		let secret = MiniSecretKey::from_bytes(seed).ok()?;
		Some(Self(secret.expand_to_keypair(ExpansionMode::Ed25519)))
	}

	/// The public half, as registered on chain.
	pub fn public(&self) -> [u8; 32] {
		self.0.public.to_bytes()
	}

	/// Signs `message`.
	pub fn sign(&self, message: &[u8]) -> [u8; 64] {
		self.0.sign_simple(CONTEXT, message).to_bytes()
	}
}

/// Whether `signature` is `key`'s over `message`. False for malformed keys and signatures.
pub fn verify(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
	match (PublicKey::from_bytes(key), Signature::from_bytes(signature)) {
		(Ok(key), Ok(signature)) => key.verify_simple(CONTEXT, message, &signature).is_ok(),
		_ => false,
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn from_seed_should_match_substrates_derivation() {
		// The public key behind `//Alice`, whose mini secret is well known.
		let seed = hex::decode("e5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a").unwrap();
		let pair = ProbeKeypair::from_seed(&seed.try_into().unwrap()).unwrap();
		assert_eq!(
			hex::encode(pair.public()),
			"d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d"
		);
	}

	#[test]
	fn verify_should_accept_a_signature_of_another_implementation() {
		// By `//Alice` in polkadot-js, from the tests of its wasm-crypto.
		let key = hex::decode("d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d").unwrap();
		let signature = hex::decode(concat!(
			"1037eb7e51613d0dcf5930ae518819c87d655056605764840d9280984e1b7063",
			"c4566b55bf292fcab07b369d01095879b50517beca4d26e6a65866e25fec0d83",
		));
		let message = b"I hereby verify that I control 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
		assert!(verify(&key.try_into().unwrap(), message, &signature.unwrap().try_into().unwrap()));
	}

	#[test]
	fn verify_should_fail_when_key_message_or_signature_differ() {
		let pair = ProbeKeypair::from_seed(&[1; 32]).unwrap();
		let other = ProbeKeypair::from_seed(&[2; 32]).unwrap();
		let mut signature = pair.sign(b"weir");
		assert!(verify(&pair.public(), b"weir", &signature));
		assert!(!verify(&other.public(), b"weir", &signature));
		assert!(!verify(&pair.public(), b"wier", &signature));
		signature[5] ^= 1;
		assert!(!verify(&pair.public(), b"weir", &signature));
		assert!(!verify(&[0xff; 32], b"weir", &[0xff; 64]));
	}
}
