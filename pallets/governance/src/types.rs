//! What the pallet stores and says.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::traits::PalletError;
use polkadot_sdk::*;
use scale_info::TypeInfo;
use weir_math::economy::parameters::Broken;
use weir_primitives::{
	economy::{Pace, Parameters, RegionId, Tokens},
	EpochIndex,
};

/// The rule that parameters would break, as an error.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Rule(pub Broken);

impl PalletError for Rule {
	/// A rule, and the parameter that it is about.
	const MAX_ENCODED_SIZE: usize = 2;
}

/// A change of parameters that was announced.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Change {
	/// What the parameters become.
	pub new: Parameters,
	/// First epoch in which they are in force.
	pub at: EpochIndex,
}

/// Parameters that were replaced.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Past {
	/// What they were.
	pub parameters: Parameters,
	/// First epoch in which they no longer were in force.
	pub until: EpochIndex,
}

impl Past {
	/// Whether they were in force in any epoch of the window before `epoch`.
	pub fn limits(&self, epoch: EpochIndex, pace: &Pace) -> bool {
		pace.is_in_window(self.until, epoch)
	}
}

/// What the track of the economy spent in an epoch.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Spent {
	/// How much.
	pub amount: Tokens,
	/// The epoch.
	pub epoch: EpochIndex,
}

impl Spent {
	/// Whether less than a whole window has passed between its epoch and `epoch`.
	pub fn limits(&self, epoch: EpochIndex, pace: &Pace) -> bool {
		// Both epochs count in part: the window begins after its own.
		pace.is_in_window(self.epoch.saturating_add(1), epoch)
	}
}

/// Why a change was dropped.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum Dropped {
	/// It would break this rule.
	#[codec(index = 0)]
	Broken(Broken),
	/// The window has seen more changes than can be remembered.
	#[codec(index = 1)]
	TooManyChanges,
}

/// What the emergency track may pause.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Brake {
	/// Purchases of credits.
	#[codec(index = 0)]
	Purchases,
	/// Slashes of 30 % and more.
	#[codec(index = 1)]
	Slashes,
	/// A region.
	#[codec(index = 2)]
	Region(RegionId),
}
