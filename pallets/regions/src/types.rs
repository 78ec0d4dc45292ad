//! What is kept of regions, lines and bounties.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use weir_math::economy::{
	groups::{Site, Standing},
	incentive::{Billionths, Census, Demand, MULTIPLIER_ONE},
};
use weir_primitives::{
	economy::{Credits, LineWeight, Ppm, RegionId, RegionObserved, RegionRate, Tokens},
	EpochIndex, Region,
};

/// A region of the table.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct RegionState {
	/// Country and kind of line.
	pub region: Region,
	/// Whether lines may be placed in it.
	pub open: bool,
	/// Proven weight it should have, kbps. Below it the coverage floor begins.
	pub least_weight: LineWeight,
	/// Demand and supply, averaged.
	pub demand: Demand,
	/// Its utilisation by these averages.
	pub utilisation: Billionths,
	/// Its multiplier by that utilisation, neither paused nor closed.
	pub multiplier: Ppm,
	/// What it lacked of its least proven weight.
	pub gap: Ppm,
	/// The part of the gap that takes part in the coverage budget: all of it or, where there is nobody to pay or who may not be
	/// paid, nothing.
	pub counted_gap: Ppm,
	/// What it had when it was surveyed last.
	pub observed: RegionObserved,
	/// The last epoch that was surveyed.
	pub surveyed: Option<EpochIndex>,
	/// What was paid in the last closed epoch.
	pub rate: RegionRate,
	/// Weight that the floor in `rate` was paid to.
	pub floor_weight: u128,
}

impl RegionState {
	/// A region that is opened.
	pub fn new(region: Region, least_weight: LineWeight) -> Self {
		Self {
			region,
			open: true,
			least_weight,
			demand: Demand::default(),
			utilisation: 0,
			multiplier: MULTIPLIER_ONE,
			gap: 0,
			counted_gap: 0,
			observed: RegionObserved { weight: 0, proven: 0 },
			surveyed: None,
			rate: RegionRate { multiplier: MULTIPLIER_ONE, floor: 0 },
			floor_weight: 0,
		}
	}
}

/// What stands in a region.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Count {
	/// Lines, operators, networks.
	pub census: Census,
	/// What the blocks of addresses offer together: what a network's share is taken of.
	pub offered: u128,
}

/// What vouchers of one epoch paid for traffic in a region.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct EpochDemand {
	/// The epoch.
	pub epoch: EpochIndex,
	/// Credits claimed in it.
	pub credits: Credits,
}

/// A line that weighs something.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Line<AccountId> {
	/// Where it was placed.
	pub region: RegionId,
	/// Who operated it then.
	pub operator: AccountId,
	/// Its address, as far as neighbours go.
	pub site: Site,
	/// What it weighs, level by level.
	pub standing: Standing,
}

/// Tokens set aside for a region.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Bounty<AccountId> {
	/// Its number.
	pub id: u32,
	/// Who set it aside, and holds what is left.
	pub sponsor: AccountId,
	/// What is left, grains.
	pub left: Tokens,
	/// Grains for a thousand kbps of proven weight and epoch.
	pub rate: Tokens,
	/// First epoch in which it pays.
	pub from: EpochIndex,
	/// Last epoch in which it pays.
	pub until: EpochIndex,
}

/// What should never happen.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Unexpected {
	/// Less was on hold than is left of a bounty, or it would not move.
	#[codec(index = 0)]
	Bounty,
	/// A group or a count did not hold a line that it should.
	#[codec(index = 1)]
	Count,
}
