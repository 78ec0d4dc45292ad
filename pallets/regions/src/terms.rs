//! What a region is worth: asked by rewards when an epoch is closed.

use crate::{pallet::*, EpochDemand, RegionState, WeightInfo};
use frame_support::traits::Contains;
use polkadot_sdk::*;
use sp_runtime::{traits::Get, Weight};
use weir_math::economy::{
	incentive::{
		capacity_bytes, coverage_floor, gap, kept_floor, multiplier, paid_bytes, slope, MULTIPLIER_ONE,
	},
	parameters::MOST_MULTIPLIER,
};
use weir_primitives::{
	economy::{CloseTerms, Credits, Ppm, RegionId, RegionObserved, RegionRate, Tokens},
	seams::economy::{RegionalDemand, RegionalTerms},
	EpochIndex, Region,
};

impl<T: Config> Pallet<T> {
	/// Takes what was paid for traffic up to and in `epoch` off the books.
	fn take_demand(id: RegionId, epoch: EpochIndex) -> Credits {
		let mut paid: Credits = 0;
		Demands::<T>::mutate_exists(id, |demands| {
			let Some(open) = demands else { return };
			open.retain(|demand| {
				let is_later = demand.epoch > epoch;
				if !is_later {
					// Far more than all credits is as much as all of them.
					paid = paid.saturating_add(demand.credits);
				}
				is_later
			});
			if open.is_empty() {
				*demands = None;
			}
		});
		paid
	}

	/// Whether nothing may lift what the region is paid for `epoch`: a pause counts at once, a closure from its epoch on.
	fn is_held_back(id: RegionId, state: &RegionState, epoch: EpochIndex) -> bool {
		state.was_closed_in(epoch) || T::Paused::contains(&id)
	}

	/// Works an epoch into the state of a region.
	fn observe(id: RegionId, state: &mut RegionState, observed: &RegionObserved, terms: &CloseTerms) {
		let p = T::Parameters::get();
		let (alpha, target) = (p.utilisation_alpha, p.target_utilisation);
		let capacity = capacity_bytes(observed.weight, T::Pace::get().bytes_per_kbps);
		let paid = paid_bytes(Self::take_demand(id, terms.epoch), p.list_price);
		state.demand = state.demand.after(paid, capacity, alpha, target);
		state.utilisation = state.demand.utilisation(capacity, target);
		state.observed = *observed;
		state.surveyed = Some(terms.epoch);

		let census = Counts::<T>::get(id).census;
		if terms.price.is_some() {
			let k = slope(p.kappa, p.list_price, terms.availability, target);
			state.multiplier = multiplier(&census, k, state.utilisation, target);
			state.gap = gap(observed.proven, Self::asked_in(id, state, terms.epoch));
		} else if !census.is_sample() {
			state.multiplier = MULTIPLIER_ONE;
		}
		let is_counted = observed.weight > 0 && !Self::is_held_back(id, state, terms.epoch);
		state.counted_gap = if is_counted { state.gap } else { 0 };
	}

	/// What the region is paid now, and what its floor is.
	fn rate_of(
		id: RegionId,
		state: &RegionState,
		observed: &RegionObserved,
		terms: &CloseTerms,
		gaps: u64,
	) -> RegionRate {
		if Self::is_held_back(id, state, terms.epoch) {
			return RegionRate { multiplier: state.multiplier.min(MULTIPLIER_ONE), floor: 0 };
		}
		let multiplier = state.multiplier;
		let floor = match terms.price {
			Some(_) => coverage_floor(
				multiplier,
				state.counted_gap,
				gaps,
				terms.coverage_budget,
				capacity_bytes(observed.weight, T::Pace::get().bytes_per_kbps),
				terms.availability,
			),
			None => kept_floor(state.rate.floor, state.floor_weight, observed.weight)
				.min(MOST_MULTIPLIER.saturating_sub(multiplier)),
		};
		RegionRate { multiplier, floor }
	}
}

impl<T: Config> RegionalTerms for Pallet<T> {
	fn bound() -> RegionId {
		Self::next_id()
	}

	fn id_of(region: &Region) -> Option<RegionId> {
		Self::open_id(region)
	}

	/// An epoch that was surveyed, or lies before one that was, changes nothing any more.
	fn survey(id: RegionId, observed: &RegionObserved, terms: &CloseTerms) -> Ppm {
		let Some(mut state) = Regions::<T>::get(id) else { return 0 };
		if state.surveyed.is_some_and(|last| last >= terms.epoch) {
			return state.counted_gap;
		}
		let (old_multiplier, old_gap) = (state.multiplier, state.gap);
		Self::observe(id, &mut state, observed, terms);
		Regions::<T>::insert(id, &state);
		let (new_multiplier, new_gap) = (state.multiplier, state.gap);
		if (old_multiplier, old_gap) != (new_multiplier, new_gap) {
			Self::deposit_event(Event::TermsChanged {
				id,
				epoch: terms.epoch,
				old_multiplier,
				new_multiplier,
				old_gap,
				new_gap,
			});
		}
		state.counted_gap
	}

	/// A number without a region is worth nothing.
	fn rate(id: RegionId, observed: &RegionObserved, terms: &CloseTerms, gaps: u64) -> RegionRate {
		let Some(state) = Regions::<T>::get(id) else { return RegionRate { multiplier: 0, floor: 0 } };
		let rate = Self::rate_of(id, &state, observed, terms, gaps);
		Regions::<T>::insert(id, RegionState { rate, floor_weight: observed.weight, ..state });
		rate
	}

	fn draw_bounty(id: RegionId, epoch: EpochIndex, proven: u128) -> Tokens {
		Self::do_draw_bounty(id, epoch, proven)
	}

	fn weight() -> Weight {
		T::WeightInfo::survey().max(T::WeightInfo::rate()).max(T::WeightInfo::draw_bounty())
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn open_for_benchmark(region: &Region) -> RegionId {
		let _ = Self::do_open_region(*region, 1_000_000);
		Self::open_id(region).unwrap_or_default()
	}
}

impl<T: Config> RegionalDemand for Pallet<T> {
	fn paid(region: &Region, epoch: EpochIndex, credits: Credits) {
		let Some(id) = Self::open_id(region) else { return };
		Demands::<T>::mutate(id, |open| {
			if let Some(known) = open.iter_mut().find(|demand| demand.epoch == epoch) {
				// As above.
				known.credits = known.credits.saturating_add(credits);
				return;
			}
			let mut carried = 0;
			if open.is_full() {
				carried = open.remove(0).credits;
			}
			let place = open.iter().position(|demand| demand.epoch > epoch).unwrap_or(open.len());
			// There is room, hence the result says nothing.
			let _ = open.try_insert(place, EpochDemand { epoch, credits });
			if let Some(oldest) = open.iter_mut().next() {
				oldest.credits = oldest.credits.saturating_add(carried);
			}
		});
	}

	fn weight() -> Weight {
		T::WeightInfo::paid()
	}
}
