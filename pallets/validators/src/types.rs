//! What the pallet stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::cmp::{Ordering, Reverse};
use polkadot_sdk::*;
use scale_info::TypeInfo;
use sp_runtime::Perbill;
use sp_staking::SessionIndex;

/// A bonded node that is willing to validate.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Candidate<AccountId, Balance> {
	/// Its account.
	pub who: AccountId,
	/// Its active bond.
	pub bond: Balance,
	/// Its place in the order of arrival: decides between equal bonds.
	pub arrival: u64,
}

impl<AccountId, Balance: Ord> Candidate<AccountId, Balance> {
	/// Order of election: the larger bond first, then the earlier arrival. Never equal for two candidates.
	pub fn rank(&self, other: &Self) -> Ordering {
		(Reverse(&self.bond), self.arrival).cmp(&(Reverse(&other.bond), other.arrival))
	}
}

/// An offender that may not be a candidate, and is kept disabled while it is still in the set.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Exclusion<AccountId> {
	/// Its account.
	pub who: AccountId,
	/// First session in which it may be a candidate again.
	pub until: SessionIndex,
	/// The largest fraction it was reported with.
	pub severity: Perbill,
}

/// Why a candidate is none any more.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Departure {
	/// It called `chill`.
	#[codec(index = 0)]
	Chilled,
	/// Its bond fell below the minimum.
	#[codec(index = 1)]
	UnderBonded,
	/// It was reported for an offence.
	#[codec(index = 2)]
	Offended,
	/// The list was full and a node with a larger bond came.
	#[codec(index = 3)]
	Displaced,
}
