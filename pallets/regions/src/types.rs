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

/// Epochs whose demand may wait for their close. What comes beyond is added to the oldest.
pub const MAX_OPEN_EPOCHS: u32 = 8;
/// Prefixes that one call may list or unlist.
pub const MAX_PREFIXES_PER_CALL: u32 = 100;

/// Changes of the table that may wait.
pub const MAX_PENDING: u32 = 64;
/// Of these, how many may open or close a region: with the notice, a few dozen in a window.
pub const MAX_MOVES: usize = 8;
/// Changes that take effect in one block at most.
pub const CHANGES_PER_BLOCK: u32 = 8;

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
	/// Epoch in which so much was first asked of it.
	pub since: EpochIndex,
	/// First epoch in which it was not open any more, if it ever was closed,
	pub closed_from: Option<EpochIndex>,
	/// and the first in which it was open again; none while it is closed.
	pub reopened_from: Option<EpochIndex>,
}

impl RegionState {
	/// A region that is opened in epoch `since`.
	pub fn new(region: Region, least_weight: LineWeight, since: EpochIndex) -> Self {
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
			since,
			closed_from: None,
			reopened_from: None,
		}
	}

	/// Whether the region was closed in `epoch`: what is paid for an epoch goes by the table of that epoch, also if it is
	/// closed later. Only the last time is known that it was closed, at least a notice ago if it was opened since.
	pub fn was_closed_in(&self, epoch: EpochIndex) -> bool {
		let is_from = |from: Option<EpochIndex>| from.is_some_and(|from| from <= epoch);
		is_from(self.closed_from) && !is_from(self.reopened_from)
	}

	/// The last epoch in which a closed region was open; none while it is open.
	pub fn last_open(&self) -> Option<EpochIndex> {
		// A change takes effect after a notice: there is an epoch before it.
		self.closed_from.filter(|_| !self.open).map(|from| from.saturating_sub(1))
	}
}

/// How the table is to change.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Change {
	/// A region is opened.
	#[codec(index = 0)]
	Open {
		/// Proven weight it should have, kbps.
		least_weight: LineWeight,
	},
	/// A region is closed.
	#[codec(index = 1)]
	Close,
	/// The proven weight that a region should have is changed.
	#[codec(index = 2)]
	LeastWeight {
		/// From then on, kbps.
		new: LineWeight,
	},
}

impl Change {
	/// Whether a region comes or goes.
	pub fn moves_the_table(&self) -> bool {
		!matches!(self, Self::LeastWeight { .. })
	}
}

/// A change of the table that was announced.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct PendingChange {
	/// Country and kind of line.
	pub region: Region,
	/// What is to change.
	pub change: Change,
	/// First epoch in which it counts.
	pub at: EpochIndex,
}

/// A least weight that was replaced, or ended with its region.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct PastWeight {
	/// What was asked of the region, kbps.
	pub least_weight: LineWeight,
	/// First epoch in which it was.
	pub from: EpochIndex,
	/// First epoch in which it no longer was.
	pub until: EpochIndex,
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
