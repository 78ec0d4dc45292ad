//! The table of regions and the list of hosting prefixes.

use crate::{pallet::*, types::Unexpected, RegionState};
use alloc::vec::Vec;
use frame_support::{defensive, ensure};
use polkadot_sdk::*;
use sp_runtime::{traits::Get, DispatchResult};
use weir_math::economy::{groups::Network, least_weight::MOST_LEAST_WEIGHT};
use weir_primitives::{
	economy::{LineWeight, RegionId},
	seams::EpochClock,
	EpochIndex, Region,
};

impl<T: Config> Pallet<T> {
	/// Number and state of an open region.
	pub(crate) fn open_state(region: &Region) -> Option<(RegionId, RegionState)> {
		let id = IdOf::<T>::get(region)?;
		Regions::<T>::get(id).filter(|state| state.open).map(|state| (id, state))
	}

	/// Number of an open region.
	pub(crate) fn open_id(region: &Region) -> Option<RegionId> {
		Self::open_state(region).map(|(id, _)| id)
	}

	/// One more than the largest number: numbers are dense and never given back.
	pub(crate) fn next_id() -> RegionId {
		// `id_to_open` keeps the table within `MaxRegions`.
		RegionId::try_from(Regions::<T>::count()).unwrap_or(RegionId::MAX)
	}

	/// Number that a region has when it is opened, with `ahead` regions that are not in the table opened before.
	pub(crate) fn id_to_open(region: &Region, ahead: RegionId) -> Result<RegionId, Error<T>> {
		ensure!(region.is_valid(), Error::<T>::InvalidRegion);
		let id = match IdOf::<T>::get(region) {
			Some(id) => {
				let is_open = Regions::<T>::get(id).is_some_and(|state| state.open);
				ensure!(!is_open, Error::<T>::AlreadyOpen);
				id
			}
			// Saturating: far beyond the table.
			None => Self::next_id().saturating_add(ahead),
		};
		ensure!(id < T::MaxRegions::get(), Error::<T>::TooManyRegions);
		Ok(id)
	}

	/// Opens a region now: at genesis, or when its notice is over.
	pub(crate) fn do_open_region(region: Region, least_weight: LineWeight) -> DispatchResult {
		let id = Self::id_to_open(&region, 0)?;
		ensure!(least_weight <= MOST_LEAST_WEIGHT, Error::<T>::OutOfBounds);
		let (before, now) = (Regions::<T>::get(id), T::Clock::epoch());
		let mut state = RegionState::new(region, least_weight, now);
		if let Some(before) = before {
			// The epoch that was surveyed last stays: none is surveyed twice, also if the region was closed meanwhile. So do
			// the epochs in which it was closed: they may still wait for their close.
			state.surveyed = before.surveyed;
			state.closed_from = before.closed_from;
			state.reopened_from = Some(now);
		}
		Regions::<T>::insert(id, state);
		IdOf::<T>::insert(region, id);
		Self::deposit_event(Event::RegionOpened { id, region, least_weight });
		Ok(())
	}

	/// Closes a region from the running epoch on. What was asked of it is remembered: to close it and to open it again is no
	/// way around the window. Demand of epochs in which it was open stays until they are surveyed.
	pub(crate) fn do_close_region(region: &Region) -> DispatchResult {
		let (id, state) = Self::open_state(region).ok_or(Error::<T>::NotOpen)?;
		Self::remember(id, &state)?;
		let now = T::Clock::epoch();
		let state = RegionState { open: false, closed_from: Some(now), reopened_from: None, ..state };
		let waits = |epoch: EpochIndex| epoch < now && Self::is_demand_awaited(&state);
		Demands::<T>::mutate_exists(id, |demands| {
			if let Some(open) = demands {
				open.retain(|demand| waits(demand.epoch));
			}
			if demands.as_ref().is_some_and(|open| open.is_empty()) {
				*demands = None;
			}
		});
		Regions::<T>::insert(id, state);
		Self::deposit_event(Event::RegionClosed { id, region: *region });
		Ok(())
	}

	/// Whether a survey still takes demand of the region: while it is open, and until its last open epoch was surveyed.
	pub(crate) fn is_demand_awaited(state: &RegionState) -> bool {
		state.last_open().is_none_or(|last| state.surveyed.is_none_or(|surveyed| surveyed < last))
	}

	/// Asks for more or less of a region now.
	pub(crate) fn do_set_least_weight(region: &Region, new: LineWeight) -> DispatchResult {
		let (id, state) = Self::open_state(region).ok_or(Error::<T>::NotOpen)?;
		let old = state.least_weight;
		Self::remember(id, &state)?;
		Regions::<T>::insert(id, RegionState { least_weight: new, since: T::Clock::epoch(), ..state });
		Self::deposit_event(Event::LeastWeightChanged { id, old, new });
		Ok(())
	}

	pub(crate) fn do_list_hosting(prefixes: &[Network]) -> DispatchResult {
		for prefix in prefixes {
			ensure!(*prefix != Network::Relayed, Error::<T>::NotAPrefix);
			ensure!(!Hosting::<T>::contains_key(prefix), Error::<T>::AlreadyListed);
			ensure!(Hosting::<T>::count() < T::MaxHosting::get(), Error::<T>::TooManyPrefixes);
			Hosting::<T>::insert(prefix, ());
		}
		Self::deposit_event(Event::HostingListed { prefixes: Vec::from(prefixes) });
		Ok(())
	}

	pub(crate) fn do_unlist_hosting(prefixes: &[Network]) -> DispatchResult {
		for prefix in prefixes {
			ensure!(Hosting::<T>::take(prefix).is_some(), Error::<T>::NotListed);
		}
		Self::deposit_event(Event::HostingUnlisted { prefixes: Vec::from(prefixes) });
		Ok(())
	}

	/// Says where everybody can see it that something is not as it must be.
	pub(crate) fn unexpected(what: Unexpected) {
		defensive!("regions: count or bounty is not what it must be", what);
		Self::deposit_event(Event::Unexpected { what });
	}
}
