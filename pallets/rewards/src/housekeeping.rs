//! What a block does when its transactions are done: a tour settles one account after the other, and what nobody needs
//! any more is removed.
//!
//! The tour makes sure that no line keeps its place among its neighbours long after it has expired, and that what is kept of
//! old epochs may go: nothing is removed that an account was not settled for.

use crate::*;
use polkadot_sdk::*;

use frame_support::{
	traits::Get,
	weights::{Weight, WeightMeter},
};
use weir_math::economy::weight::TESTS;
use weir_primitives::seams::economy::{Placement, RegionalPay};

/// The hook uses at most one part in this many of a block.
pub const IDLE_SHARE: u64 = 20;
/// Accounts settled per block at most.
pub(crate) const ACCOUNTS_PER_BLOCK: u32 = 4;
/// Regions of which an old sum is removed per block at most.
pub(crate) const SUMS_PER_BLOCK: u32 = 64;

impl<T: Config> Pallet<T> {
	/// Relations between constants.
	pub(crate) fn check_constants() {
		const {
			assert!(
				MAX_STEPS > 8,
				"a line needs room for the steps to come and for those of a few epochs that are not closed"
			);
			assert!(
				HORIZON > weir_primitives::OWNER_DELAY_EPOCHS,
				"what owners say must be within the horizon"
			);
		}
		assert_eq!(TESTS, 8, "the history has eight tests");
	}

	/// All that the hook does.
	pub(crate) fn idle(meter: &mut WeightMeter) {
		Self::prune(meter);
		for _ in 0..ACCOUNTS_PER_BLOCK {
			// Clock, last closed epoch, and where the tour is.
			if meter.try_consume(T::DbWeight::get().reads(3)).is_err() {
				return;
			}
			let Some(tour) = Self::running_tour() else { return };
			let most = Self::weight_of_settling(MAX_CLAIM_EPOCHS, MAX_CLAIM_EPOCHS);
			if !meter.can_consume(most) {
				return;
			}
			let (fees, points) = Self::settle_next(tour);
			meter.consume(Self::weight_of_settling(fees, points).min(most));
		}
	}

	/// What settling the next account of the tour costs at most, if fees and points of so many epochs are looked at.
	pub(crate) fn weight_of_settling(fees: u32, points: u32) -> Weight {
		T::WeightInfo::settle_next(fees, points).saturating_add(T::Placement::weight())
	}

	/// The tour to go on with: the running one, or a new one if there was none in this epoch.
	pub(crate) fn running_tour() -> Option<Tour<T::AccountId>> {
		let now = Self::now();
		match CurrentTour::<T>::get() {
			Some(tour) if !tour.is_over => Some(tour),
			Some(tour) if tour.begun >= now => None,
			_ => Some(Tour { last: None, begun: now, closed: LastClosed::<T>::get(), is_over: false }),
		}
	}

	/// Settles the next account of the tour, or ends it. Returns of how many epochs it looked at fees and points.
	pub(crate) fn settle_next(tour: Tour<T::AccountId>) -> (u32, u32) {
		let next = match &tour.last {
			Some(last) => Accounts::<T>::iter_keys_from_key(last).next(),
			None => Accounts::<T>::iter_keys().next(),
		};
		let Some(who) = next else {
			// An account that came meanwhile has nothing older than the tour.
			SettledUntil::<T>::set(tour.closed);
			CurrentTour::<T>::put(Tour { last: None, is_over: true, ..tour });
			return (0, 0);
		};
		if let Some(mut line) = Lines::<T>::get(&who) {
			Self::tidy_line(&who, &mut line);
			Self::settle_and_tell(&who, &mut line);
			Self::store_line(&who, line);
		}
		let (fees, points) = Self::with_account(&who, |account| {
			let fees = Self::convert_fees(&who, account, MAX_CLAIM_EPOCHS);
			(fees, Self::convert_points(&who, account, MAX_CLAIM_EPOCHS))
		});
		// As long as it has more, it stays next.
		let is_done = fees < MAX_CLAIM_EPOCHS && points < MAX_CLAIM_EPOCHS;
		let last = if is_done { Some(who) } else { tour.last.clone() };
		CurrentTour::<T>::put(Tour { last, ..tour });
		(fees, points)
	}

	/// Removes sums and shares of the oldest epoch, if every account was settled for it.
	pub(crate) fn prune(meter: &mut WeightMeter) {
		if meter.try_consume(T::DbWeight::get().reads(4)).is_err() {
			return;
		}
		let mut pruned = PrunedUntil::<T>::get();
		let history = T::Pace::get().history_epochs;
		let is_old = pruned.epoch.saturating_add(history) < Self::now();
		// The sums of the last epoch that all are settled for are where unsettled steps begin.
		let is_settled = SettledUntil::<T>::get().is_some_and(|settled| pruned.epoch < settled);
		if !is_old || !is_settled || meter.try_consume(T::WeightInfo::prune(SUMS_PER_BLOCK)).is_err() {
			return;
		}
		let end = Self::bound().min(pruned.region.saturating_add(SUMS_PER_BLOCK as u16));
		(pruned.region..end).for_each(|region| Sums::<T>::remove(region, pruned.epoch));
		pruned.region = end;
		if end >= Self::bound() {
			Shares::<T>::remove(pruned.epoch);
			pruned = Pruned { epoch: pruned.epoch.saturating_add(1), region: 0 };
		}
		PrunedUntil::<T>::put(pruned);
	}
}
