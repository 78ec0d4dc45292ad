//! Words of the economy as types.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

pub use weir_math::economy::{
	units::{Credits, Ppm, Price, Tokens, Weight as LineWeight, PRICE_ONE},
	Pace, Parameters,
};

/// Number of a region in the table of regions. A region keeps its number for ever, also while it is closed.
pub type RegionId = u16;
/// Number of a price round, counted from genesis.
pub type Round = u32;

macro_rules! economy_type {
	($item:item) => {
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
		$item
	};
}

economy_type! {
	/// Why nothing is priced in tokens now.
	pub enum GateReason {
		/// Too few reporters have reported lately.
		#[codec(index = 0)]
		NoQuorum,
		/// The references disagree by more than the spread allows.
		#[codec(index = 1)]
		Spread,
		/// No round has been priced yet, or rounds have stopped.
		#[codec(index = 2)]
		Stale,
	}
}

economy_type! {
	/// The price of one round.
	pub struct Quote {
		/// The round that it begins.
		pub round: Round,
		/// Median of the valid reports.
		pub median: Price,
		/// Running average of the medians.
		pub ema: Price,
		/// Average price of the pool; none if the pool is too shallow to count.
		pub twap: Option<Price>,
		/// The lowest reference less the margin: what buyers' tokens count for.
		pub low: Price,
		/// The highest reference and the margin: what payees are paid at.
		pub high: Price,
		/// Valid reports that it stands on.
		pub reports: u16,
		/// Block of the oldest of them.
		pub oldest_block: u32,
		/// Block in which it was formed.
		pub at_block: u32,
		/// Why token purchases wait; none if they are open. Payouts ask for a quote only.
		pub gate: Option<GateReason>,
	}
}

economy_type! {
	/// What the voucher claims of one epoch were converted at.
	pub struct SettlementRate {
		/// Credits settled.
		pub credits: Credits,
		/// Tokens minted for the providers that earned them: each gets its part, rounded down.
		pub provider_tokens: Tokens,
		/// Tokens minted for the attestors.
		pub attestor_tokens: Tokens,
		/// Tokens minted for the treasury.
		pub treasury_tokens: Tokens,
	}
}

economy_type! {
	/// By what the pay of one epoch is computed in every region.
	pub struct CloseTerms {
		/// The epoch that is closed.
		pub epoch: crate::EpochIndex,
		/// What payees are paid at; none if the price is lost: multipliers stay, and the scheduled slice is paid.
		pub price: Option<Price>,
		/// Availability pay, credits per gigabyte of capacity.
		pub availability: u64,
		/// What coverage floors may cost together.
		pub coverage_budget: Credits,
	}
}

economy_type! {
	/// What a region had in an epoch.
	pub struct RegionObserved {
		/// Weight of all unexpired lines.
		pub weight: u128,
		/// The part of it with long enough location proofs.
		pub proven: u128,
	}
}

economy_type! {
	/// What a region adds to availability pay.
	pub struct RegionRate {
		/// The multiplier.
		pub multiplier: Ppm,
		/// The coverage floor on top of it, vested in full.
		pub floor: Ppm,
	}
}

economy_type! {
	/// What a line weighs after its neighbours were counted.
	pub struct Placed {
		/// Its region; none if the region is not in the table, so that it earns nothing.
		pub region: Option<RegionId>,
		/// What it weighs.
		pub weight: LineWeight,
	}
}
