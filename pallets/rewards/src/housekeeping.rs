//! What a block does when its transactions are done: a tour settles one account after the other, and what nobody needs
//! any more is removed.
//!
//! The tour makes sure that no line keeps its place among its neighbours long after it has expired, and that what is kept of
//! old epochs may go: nothing is removed that an account was not settled for.
//!
//! **What a tour promises.** When it ends, every account has been credited with all that was known when the last epoch was
//! closed that was closed before it began: the tour does not leave an account as long as that has fees or points to convert;
//! fees without a rate stop the queue, and rates come in the order of epochs; a rate that is set later is of a later close;
//! and an account that appears meanwhile has earned nothing in an epoch that was closed.

use crate::*;
use polkadot_sdk::*;

use frame_support::{
	traits::{fungible::Inspect, Get},
	weights::{Weight, WeightMeter},
};
use weir_math::economy::weight::TESTS;
use weir_primitives::{
	seams::{
		economy::{Placement, RegionalPay},
		ProviderRegistry,
	},
	EpochIndex,
};

/// The hook uses at most one part in this many of a block.
pub const IDLE_SHARE: u64 = 20;
/// Accounts settled per block at most. Weight ends it earlier: this only bounds the loop.
pub(crate) const ACCOUNTS_PER_BLOCK: u32 = 256;
/// Regions of which an old sum is removed per block at most.
pub(crate) const SUMS_PER_BLOCK: u32 = 64;

/// What settling an account came to.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Effort {
	/// Epochs of which it looked at fees.
	pub fees: u32,
	/// Epochs of which it looked at points.
	pub points: u32,
	/// Whether a line lost its place.
	pub displaced: bool,
}

impl Effort {
	/// What one account takes at most.
	const MOST: Self = Self { fees: MAX_CLAIM_EPOCHS, points: MAX_CLAIM_EPOCHS, displaced: true };
}

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
		assert!(
			Self::weight_of_settling(&Effort::MOST).all_lte(Self::idle_share()),
			"an account might never be settled"
		);
	}

	/// What the hook uses of a block at most.
	pub(crate) fn idle_share() -> Weight {
		T::BlockWeights::get().max_block.saturating_div(IDLE_SHARE)
	}

	/// All that the hook does.
	pub(crate) fn idle(meter: &mut WeightMeter) {
		Self::prune(meter);
		let most = Self::weight_of_settling(&Effort::MOST);
		for _ in 0..ACCOUNTS_PER_BLOCK {
			// Clock, last epoch that is closed and shared, and where the tour is.
			if meter.try_consume(T::DbWeight::get().reads(4)).is_err() {
				return;
			}
			let Some(tour) = Self::running_tour() else { return };
			if !meter.can_consume(most) {
				return;
			}
			let effort = Self::settle_next(tour);
			meter.consume(Self::weight_of_settling(&effort).min(most));
		}
	}

	/// What settling the next account of the tour costs with so much effort.
	pub(crate) fn weight_of_settling(effort: &Effort) -> Weight {
		let placing = if effort.displaced { T::Placement::weight() } else { Weight::zero() };
		T::WeightInfo::settle_next(effort.fees, effort.points).saturating_add(placing)
	}

	/// The tour to go on with: the running one, or a new one if there was none in this epoch.
	pub(crate) fn running_tour() -> Option<Tour<T::AccountId>> {
		let now = Self::now();
		match CurrentTour::<T>::get() {
			Some(tour) if !tour.is_over => Some(tour),
			Some(tour) if tour.begun >= now => None,
			_ => {
				// None is less than any.
				let closed = LastClosed::<T>::get().min(LastShared::<T>::get());
				Some(Tour { last: None, begun: now, closed, is_over: false })
			}
		}
	}

	/// Settles the next account of the tour, or ends it.
	pub(crate) fn settle_next(tour: Tour<T::AccountId>) -> Effort {
		let next = match &tour.last {
			Some(last) => Accounts::<T>::iter_keys_from_key(last).next(),
			None => Accounts::<T>::iter_keys().next(),
		};
		let Some(who) = next else {
			// An account that came meanwhile has nothing older than the tour.
			SettledUntil::<T>::set(tour.closed);
			CurrentTour::<T>::put(Tour { last: None, is_over: true, ..tour });
			return Effort::default();
		};
		let mut effort = Effort::default();
		if let Some(mut line) = Lines::<T>::get(&who) {
			let stood = line.raw > 0;
			Self::tidy_line(&who, &mut line);
			effort.displaced = stood && line.raw == 0;
			Self::settle_and_tell(&who, &mut line);
			Self::store_line(&who, line);
		}
		let account = Self::with_account(&who, |account| {
			effort.fees = Self::convert_fees(&who, account, MAX_CLAIM_EPOCHS);
			effort.points = Self::convert_points(&who, account, MAX_CLAIM_EPOCHS);
			*account
		});
		// As long as it has more, it stays next.
		let is_done = effort.fees < MAX_CLAIM_EPOCHS && effort.points < MAX_CLAIM_EPOCHS;
		if is_done {
			Self::tidy_account(&who, account);
		}
		let last = if is_done { Some(who) } else { tour.last.clone() };
		CurrentTour::<T>::put(Tour { last, ..tour });
		effort
	}

	/// Drops an account of which nothing is needed any more.
	///
	/// Who comes back begins with an empty one, and gains nothing by that: nothing was locked that could be released earlier,
	/// nobody is dropped who could still leave early, and what a line or an attestor did wrong is kept for as long as it
	/// counts.
	fn tidy_account(who: &T::AccountId, account: Account) {
		// What decides in most cases comes first.
		if account.owed != Causes::default() || Lines::<T>::contains_key(who) {
			return;
		}
		if T::Registry::index_of(who).is_some() {
			return;
		}
		if Self::is_done_with(&account) {
			Accounts::<T>::remove(who);
			Self::deposit_event(Event::AccountDropped { who: who.clone(), paid: account.paid });
		} else if Self::is_dust(&account) {
			Self::with_account(who, |account| {
				let dust = core::mem::take(&mut account.vesting.pot.locked);
				account.owed.vested = account.owed.vested.saturating_add(dust);
			});
		}
	}

	/// Whether so little is locked of somebody who has left that it could not even be paid alone. A pot halves for years until
	/// the last grain is out.
	fn is_dust(account: &Account) -> bool {
		let locked = account.vesting.pot.locked;
		let left = account.vesting.pot.locked_in(Self::now(), T::Parameters::get().vest_half_life_epochs);
		locked > 0 && left < T::Currency::minimum_balance()
	}

	/// Whether nothing of the account of somebody without a registration and a line is needed any more.
	fn is_done_with(account: &Account) -> bool {
		let now = Self::now();
		let is_past = |epoch: EpochIndex, epochs: EpochIndex| epoch.saturating_add(epochs) < now;
		let is_scored = account.attested.is_none_or(|of| Some(of.counted) <= LastShared::<T>::get());
		let is_forgiven = account.fined.is_none_or(|of| is_past(of.at, Self::repeat_epochs()));
		// What was paid can be read for as long as anything of its epoch.
		let is_shown = !account.has_a_past() || is_past(account.changed, T::Pace::get().history_epochs);
		account.is_empty() && is_scored && is_forgiven && is_shown
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
		for region in pruned.region..end {
			// Lines wait for a region that closes have missed, and need the sums of all regions since.
			let needed = Supplies::<T>::get(region).map(|supply| supply.open.saturating_sub(2));
			if needed.is_some_and(|needed| needed <= pruned.epoch) {
				break;
			}
			Sums::<T>::remove(region, pruned.epoch);
			pruned.region = region.saturating_add(1);
		}
		if pruned.region >= Self::bound() {
			Shares::<T>::remove(pruned.epoch);
			// Left where an epoch was never shared.
			Works::<T>::remove(pruned.epoch);
			pruned = Pruned { epoch: pruned.epoch.saturating_add(1), region: 0 };
		}
		PrunedUntil::<T>::put(pruned);
	}
}
