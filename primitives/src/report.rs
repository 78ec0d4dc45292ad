//! What an attestor commits to and reveals. Versioned by [`REPORT_DOMAIN`]; docs/protocol.md describes the bytes and
//! the tests pin them.

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
	/// First bytes of the BLAKE3 hash of the bilateral receipt.
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
