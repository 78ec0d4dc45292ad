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
	traits::{
		fungible::Inspect,
		tokens::{DepositConsequence, Provenance},
		Get,
	},
	weights::{Weight, WeightMeter},
};
use weir_math::economy::weight::TESTS;
use weir_primitives::{
	economy::RegionId,
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
/// Clock, what was removed, what is settled, the first region that is left, and how many there are.
const PRUNE_READS: u64 = 5;
/// Clock, last epoch that is closed and shared, and where the tour is.
const TOUR_READS: u64 = 4;
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
		let most = T::WeightInfo::prune(SUMS_PER_BLOCK)
			.saturating_add(Self::weight_of_settling(&Effort::MOST))
			.saturating_add(T::DbWeight::get().reads(PRUNE_READS.saturating_add(TOUR_READS)));
		assert!(
			most.all_lte(Self::idle_share()),
			"what is removed in a block might leave no room to settle an account, in every block"
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
			if meter.try_consume(T::DbWeight::get().reads(TOUR_READS)).is_err() {
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
		let owed = account.owed.total();
		if owed >= T::Currency::minimum_balance() || Lines::<T>::contains_key(who) {
			return;
		}
		if T::Registry::index_of(who).is_some() {
			return;
		}
		if owed > 0 {
			if Self::is_unpayable(who, &account) {
				Self::take_back(who, &account);
			}
		} else if Self::is_done_with(&account) {
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

	/// Whether all that is left of somebody without a registration and a line is too little to be paid to an account that is
	/// not there, and has been for as long as a past is kept: nobody could ever have it.
	fn is_unpayable(who: &T::AccountId, account: &Account) -> bool {
		let left = account.left();
		left < T::Currency::minimum_balance()
			&& Self::is_over(account)
			&& Self::is_unchanged(account)
			&& T::Currency::can_deposit(who, left, Provenance::Extant) == DepositConsequence::BelowMinimum
	}

	/// Gives all that is left of an account back, and drops it.
	fn take_back(who: &T::AccountId, account: &Account) {
		let tokens = account.left();
		if Self::give_back(tokens).is_err() {
			return;
		}
		Accounts::<T>::remove(who);
		let cause = ForfeitCause::Unpayable;
		Self::deposit_event(Event::Forfeited { who: who.clone(), tokens, locked: 0, cause });
		Self::deposit_event(Event::AccountDropped { who: who.clone(), paid: account.paid });
	}

	/// Whether nothing of the account of somebody without a registration and a line is needed any more.
	fn is_done_with(account: &Account) -> bool {
		// What was paid can be read for as long as anything of its epoch.
		let is_shown = !account.has_a_past() || Self::is_unchanged(account);
		account.left() == 0 && Self::is_over(account) && is_shown
	}

	/// Whether nothing of an account waits or may yet be held against it.
	fn is_over(account: &Account) -> bool {
		let is_scored = account.attested.is_none_or(|of| Some(of.counted) <= LastShared::<T>::get());
		let is_forgiven = account.fined.is_none_or(|of| Self::is_past(of.at, Self::repeat_epochs()));
		account.fees.open == 0 && account.points.open == 0 && is_scored && is_forgiven
	}

	/// Whether an account has been as it is for as long as a past is kept.
	fn is_unchanged(account: &Account) -> bool {
		Self::is_past(account.changed, T::Pace::get().history_epochs)
	}

	/// Whether more than so many epochs have passed since.
	fn is_past(epoch: EpochIndex, epochs: EpochIndex) -> bool {
		epoch.saturating_add(epochs) < Self::now()
	}

	/// Whether lines wait for a region that closes have missed, and need the sums of all regions since.
	fn is_awaited(region: RegionId, epoch: EpochIndex) -> bool {
		Supplies::<T>::get(region).is_some_and(|supply| supply.open.saturating_sub(2) <= epoch)
	}

	/// Removes sums and shares of the oldest epoch, if every account was settled for it.
	pub(crate) fn prune(meter: &mut WeightMeter) {
		if meter.try_consume(T::DbWeight::get().reads(PRUNE_READS)).is_err() {
			return;
		}
		let mut pruned = PrunedUntil::<T>::get();
		let history = T::Pace::get().history_epochs;
		let is_old = pruned.epoch.saturating_add(history) < Self::now();
		// The sums of the last epoch that all are settled for are where unsettled steps begin.
		let is_settled = SettledUntil::<T>::get().is_some_and(|settled| pruned.epoch < settled);
		if !is_old || !is_settled || Self::is_awaited(pruned.region, pruned.epoch) {
			return;
		}
		if meter.try_consume(T::WeightInfo::prune(SUMS_PER_BLOCK)).is_err() {
			return;
		}
		let end = Self::bound().min(pruned.region.saturating_add(SUMS_PER_BLOCK as u16));
		for region in pruned.region..end {
			if Self::is_awaited(region, pruned.epoch) {
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
