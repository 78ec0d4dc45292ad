//! What the pallet stores and hands around.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::marker::PhantomData;
use frame_support::traits::Time;
use frame_system::pallet_prelude::BlockNumberFor;
use polkadot_sdk::*;
use scale_info::TypeInfo;
use sp_runtime::traits::UniqueSaturatedInto;
use weir_primitives::{
	economy::{Price, Round},
	price::ReporterKey,
	EpochIndex,
};

/// What reporters feed the oracle with.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Feed {
	/// Dollars per token.
	#[codec(index = 0)]
	Token,
}

/// The oracle's clock: numbers of blocks, so that the age of a report is one of rounds.
pub struct BlockTime<T>(PhantomData<T>);

impl<T: frame_system::Config> Time for BlockTime<T> {
	type Moment = u32;

	fn now() -> u32 {
		block_number::<T>(frame_system::Pallet::<T>::block_number())
	}
}

/// The number of a block as every type here has it. At six seconds a block the type lasts for eight centuries.
pub(crate) fn block_number<T: frame_system::Config>(number: BlockNumberFor<T>) -> u32 {
	number.unique_saturated_into()
}

/// Somebody with a reporter's bond.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Reporter<Balance> {
	/// Signs its reports.
	pub key: ReporterKey,
	/// What is on hold.
	pub bond: Balance,
	/// First epoch in which the bond of one that has left is free; none while it reports.
	pub free_at: Option<EpochIndex>,
}

/// How a reporter's reports compare with others', era by era.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Standing {
	/// Whether its reports count. One that has left is kept until its last era was judged.
	pub is_active: bool,
	/// The era that is counted.
	pub era: u32,
	/// Priced rounds in which it reported.
	pub judged: u32,
	/// Of them, those in which it was too far from the median.
	pub deviated: u32,
}

/// The time in which deviations are counted together.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct EraInfo {
	/// Its number.
	pub number: u32,
	/// Its first epoch.
	pub from_epoch: EpochIndex,
}

/// A price that governance set because there was none for so long.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct PostedPrice {
	/// The price.
	pub price: Price,
	/// Block in which it was posted.
	pub at_block: u32,
}

/// A report as the oracle holds it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report<AccountId> {
	/// Whose.
	pub who: AccountId,
	/// What it says.
	pub price: Price,
	/// Block in which it was made.
	pub block: u32,
	/// Rounds since the one in which it was made.
	pub age: Round,
}
