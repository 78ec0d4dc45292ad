//! What an attestor commits to and reveals. Versioned by [`REPORT_DOMAIN`]; docs/protocol.md describes the bytes and
//! the tests below pin them.

use crate::{EpochIndex, Kbps, ProviderIndex};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::{sp_core::H256, sp_io::hashing::blake2_256};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Separates commitments from every other hash of the protocol, and one version from the next.
pub const REPORT_DOMAIN: &[u8; 16] = b"weir/report/v1\0\0";
/// Entries a reveal may carry.
pub const MAX_ENTRIES: u32 = 256;

/// What kind of result an entry is.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub enum EntryKind {
	/// The target answered; rates are what it acknowledged.
	#[codec(index = 0)]
	Measured,
	/// Measured, but the load stayed at its half step because queues grew.
	#[codec(index = 1)]
	Limited,
	/// No handshake or greeting within ten seconds. Rates are 0.
	#[codec(index = 2)]
	Unreachable,
}

/// One attestor's result for one target in one epoch: 27 bytes.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub struct Entry {
	/// The target.
	pub provider: ProviderIndex,
	/// What kind of result this is.
	pub kind: EntryKind,
	/// Acknowledged towards the target, kbps.
	pub down_kbps: Kbps,
	/// Acknowledged from the target, kbps.
	pub up_kbps: Kbps,
	/// Minimum round-trip time in units of 10 µs, saturating.
	pub rtt_10us: u16,
	/// Packets lost at the half load step, per ten thousand.
	pub loss_pptt: u16,
	/// Bit i: the target answered in the i-th of 40 equal parts of the epoch.
	pub liveness: [u8; 5],
	/// First bytes of the hash of the bilateral receipt ([`crate::receipt::Bilateral::prefix`]); zero without one.
	pub receipt: [u8; 5],
}

/// Root over the entries in their order: blake2-256 of their encoding.
pub fn entries_root(entries: &[Entry]) -> H256 {
	entries.using_encoded(|bytes| H256(blake2_256(bytes)))
}

/// H(domain ‖ genesis ‖ epoch ‖ node ‖ root ‖ salt): what `commit` stores.
pub fn commitment<AccountId: Encode>(
	genesis: &H256,
	epoch: EpochIndex,
	node: &AccountId,
	root: &H256,
	salt: &[u8; 32],
) -> H256 {
	H256((REPORT_DOMAIN, genesis, epoch, node, root, salt).using_encoded(|bytes| blake2_256(bytes)))
}

/// What the seat key signs for `commit`: it binds domain, genesis, call kind, epoch, node and payload.
pub fn commit_payload<AccountId: Encode>(
	genesis: &H256,
	epoch: EpochIndex,
	node: &AccountId,
	hash: &H256,
) -> Vec<u8> {
	(REPORT_DOMAIN, genesis, b"commit", epoch, node, hash).encode()
}

#[cfg(test)]
mod tests {
	use super::*;

	// The vectors were computed from docs/protocol.md without this code.
	const FIRST_ENTRY: [u8; 27] =
		[7, 0, 0, 0, 0, 210, 4, 0, 0, 55, 2, 0, 0, 122, 3, 12, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
	const ROOT: [u8; 32] = [
		136, 97, 207, 236, 108, 248, 129, 168, 129, 253, 253, 35, 113, 205, 21, 64, 131, 187, 48, 223, 78,
		244, 54, 228, 229, 15, 3, 12, 2, 145, 9, 28,
	];
	const COMMITMENT: [u8; 32] = [
		42, 100, 169, 164, 4, 85, 229, 120, 186, 185, 117, 220, 188, 19, 199, 143, 150, 45, 124, 17, 233,
		203, 121, 138, 85, 168, 31, 104, 187, 15, 173, 154,
	];

	fn entries() -> [Entry; 2] {
		let measured = Entry {
			provider: 7,
			kind: EntryKind::Measured,
			down_kbps: 1_234,
			up_kbps: 567,
			rtt_10us: 890,
			loss_pptt: 12,
			liveness: [1, 2, 3, 4, 5],
			receipt: [6, 7, 8, 9, 10],
		};
		let unreachable = Entry {
			provider: u32::MAX,
			kind: EntryKind::Unreachable,
			down_kbps: 0,
			up_kbps: 0,
			rtt_10us: u16::MAX,
			loss_pptt: 10_000,
			liveness: [0; 5],
			receipt: [0; 5],
		};
		[measured, unreachable]
	}

	#[test]
	fn entry_should_encode_as_published() {
		assert_eq!(entries()[0].encode(), FIRST_ENTRY);
	}

	#[test]
	fn commitment_should_hash_as_published() {
		let (genesis, node, salt) = (H256([1; 32]), [2u8; 32], [3; 32]);
		let root = entries_root(&entries());
		assert_eq!(root.0, ROOT);
		assert_eq!(commitment(&genesis, 9, &node, &root, &salt).0, COMMITMENT);
		let payload =
			[REPORT_DOMAIN.as_slice(), &genesis.0, b"commit", &9u32.to_le_bytes(), &node, &COMMITMENT]
				.concat();
		assert_eq!(commit_payload(&genesis, 9, &node, &H256(COMMITMENT)), payload);
	}

	#[test]
	fn example_of_the_protocol_should_hold() {
		let entry = Entry {
			provider: 7,
			kind: EntryKind::Measured,
			down_kbps: 10_000,
			up_kbps: 5_000,
			rtt_10us: 250,
			loss_pptt: 12,
			liveness: [0xff; 5],
			receipt: [1, 2, 3, 4, 5],
		};
		let root = entries_root(&[entry]);
		let commitment = commitment(&H256([0xa0; 32]), 4, &[0xa2u8; 32], &root, &[0x0e; 32]);
		let hex = |hash: H256| format!("{hash:?}");
		assert_eq!(hex(root), "0x799aa50d2919e619aa5c9ad68618ec047bff1a5000888db8ad314a7192970176");
		assert_eq!(hex(commitment), "0x1804b7f82d4ffa129f897ca077267680499896842dcecd9035f8190fba872714");
	}
}
