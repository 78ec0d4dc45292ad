//! What the runtime API reads.

use crate::{pallet::*, types::PendingChange, BountyOf, RegionState};
use alloc::vec::Vec;
use weir_math::economy::incentive::Census;
use weir_primitives::{
	economy::{Credits, RegionId},
	EpochIndex, ProviderIndex,
};

impl<T: Config> Pallet<T> {
	/// The region of this number, open or closed.
	pub fn region(id: RegionId) -> Option<RegionState> {
		Regions::<T>::get(id)
	}

	/// At most `count` regions of the table from number `start` on.
	pub fn regions(start: RegionId, count: u16) -> Vec<(RegionId, RegionState)> {
		let end = start.saturating_add(count).min(Self::next_id());
		(start..end).filter_map(|id| Regions::<T>::get(id).map(|state| (id, state))).collect()
	}

	/// Changes of the table that were announced, in the order in which they take effect.
	pub fn pending_changes() -> Vec<PendingChange> {
		Pending::<T>::get().into_inner()
	}

	/// Lines, operators and networks of a region.
	pub fn census(id: RegionId) -> Census {
		Counts::<T>::get(id).census
	}

	/// Credits claimed in `epoch` for traffic in a region, as long as the epoch is not closed.
	pub fn paid_in(id: RegionId, epoch: EpochIndex) -> Credits {
		let demands = Demands::<T>::get(id);
		demands.iter().find(|demand| demand.epoch == epoch).map_or(0, |demand| demand.credits)
	}

	/// What is set aside for a region.
	pub fn bounties(id: RegionId) -> Vec<BountyOf<T>> {
		Bounties::<T>::get(id).into_inner()
	}

	/// Where a line stands: its region, what it weighs alone and what it weighs beside its neighbours.
	pub fn line(provider: ProviderIndex) -> Option<(RegionId, u64, u64)> {
		let line = Lines::<T>::get(provider)?;
		Some((line.region, line.standing.raw, line.standing.weight))
	}
}
