//! The bilateral receipt: what attestor and target signed of one test. Sidecars exchange it, audits and disputes post it.
//! docs/protocol.md describes the bytes; golden vectors pin them.

use crate::{api::TestKind, EpochIndex};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::sp_io::hashing::blake2_256;
use scale_info::TypeInfo;

/// Separates finals from every other signature of the protocol, and one version from the next.
pub const FINAL_DOMAIN: &[u8; 16] = b"weir/final/v1\0\0\0";

/// One member's part of one test. It is in every signature of the test, so that none is of use on another chain, in
/// another epoch or in another test.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct TestPart<AccountId> {
	/// Hash of the chain's first block.
	pub genesis: [u8; 32],
	/// Epoch of the test.
	pub epoch: EpochIndex,
	/// Kind of test.
	pub kind: TestKind,
	/// Ordinal of the test in its list.
	pub ordinal: u32,
	/// Account of the target.
	pub target: AccountId,
	/// Account of the attestor.
	pub attestor: AccountId,
	/// Drawn by the attestor.
	pub session: [u8; 8],
}

/// A final with both signatures.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Bilateral<AccountId> {
	/// Which test, and whose part of it.
	pub test: TestPart<AccountId>,
	/// H(seed) of the payload.
	pub seed_hash: [u8; 32],
	/// Acknowledged towards the target inside the common window.
	pub down_bytes: u64,
	/// Echoed by the target inside the common window.
	pub up_bytes: u64,
	/// The target's sr25519 signature over [`final_payload`].
	pub by_target: [u8; 64],
	/// The attestor's over the same.
	pub by_attestor: [u8; 64],
}

/// What both sign at the end of a test. The entry on chain must equal it.
pub fn final_payload<AccountId: Encode>(
	test: &TestPart<AccountId>,
	seed_hash: &[u8; 32],
	down_bytes: u64,
	up_bytes: u64,
) -> Vec<u8> {
	(FINAL_DOMAIN, test, seed_hash, down_bytes, up_bytes).encode()
}

impl<AccountId: Encode> Bilateral<AccountId> {
	/// What both signed.
	pub fn payload(&self) -> Vec<u8> {
		final_payload(&self.test, &self.seed_hash, self.down_bytes, self.up_bytes)
	}

	/// First bytes of the blake2-256 hash of the SCALE encoding: what the entry carries.
	pub fn prefix(&self) -> [u8; 5] {
		let [a, b, c, d, e, ..] = self.using_encoded(blake2_256);
		[a, b, c, d, e]
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn receipt_should_encode_as_published() {
		let receipt = Bilateral {
			test: TestPart {
				genesis: [1; 32],
				epoch: 4,
				kind: TestKind::Escalation,
				ordinal: 7,
				target: [2u8; 32],
				attestor: [3u8; 32],
				session: [4; 8],
			},
			seed_hash: [5; 32],
			down_bytes: 3_750_000,
			up_bytes: 1,
			by_target: [6; 64],
			by_attestor: [7; 64],
		};
		let test = [&[1; 32][..], &[4, 0, 0, 0, 2, 7, 0, 0, 0], &[2; 32], &[3; 32], &[4; 8]].concat();
		let counts = [&[5; 32][..], &3_750_000u64.to_le_bytes(), &1u64.to_le_bytes()].concat();
		assert_eq!(receipt.payload(), [FINAL_DOMAIN.as_slice(), &test, &counts].concat());
		let bytes = [test, counts, vec![6; 64], vec![7; 64]].concat();
		assert_eq!(receipt.encode(), bytes);
		assert_eq!(bytes.len(), 289);
		assert_eq!(Bilateral::<[u8; 32]>::max_encoded_len(), 289);
		assert_eq!(receipt.prefix()[..], blake2_256(&bytes)[..5]);
	}
}
