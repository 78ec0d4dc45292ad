//! What accounts are credited with, what of it is locked, and how they get it.

use crate::{totals::RegionBook, *};
use polkadot_sdk::*;

use alloc::vec::Vec;
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{fungible::Mutate, tokens::Preservation, Get},
	weights::Weight,
	BoundedVec,
};
use sp_runtime::DispatchError;
use weir_math::economy::{
	accrual::{settle, Forgotten, Pay},
	vesting::EARLY_EXIT,
	wide::part_floor,
};
use weir_primitives::{
	economy::{Ppm, Tokens},
	seams::{
		economy::{LineHistory, Placement, Supply as _},
		EpochClock, OnSlashDecided, ProviderRegistry,
	},
	EpochIndex, SlashReason,
};

/// All of a pot.
const ALL: Ppm = 1_000_000;
/// Days within which two fines for false reports are no accident.
pub const REPEAT_DAYS: u32 = 90;

impl Account {
	/// Notes that a fine for a false report on a test of `epoch` was taken in `now`. Returns whether it repeats one of the
	/// last `window` epochs. Reports on the tests of one epoch are made by one run of one machine: they count once.
	pub(crate) fn note_fine(&mut self, epoch: EpochIndex, now: EpochIndex, window: EpochIndex) -> bool {
		let before = self.fined.replace(Fined { epoch, at: now });
		before.is_some_and(|last| last.epoch != epoch && now <= last.at.saturating_add(window))
	}
}

impl<T: Config> Pallet<T> {
	pub(crate) fn now() -> EpochIndex {
		T::Clock::epoch()
	}

	fn half_life() -> u32 {
		T::Parameters::get().vest_half_life_epochs
	}

	/// Epochs within which a second fine for a false report costs the pot.
	pub(crate) fn repeat_epochs() -> EpochIndex {
		T::Pace::get().epochs_per_day.saturating_mul(REPEAT_DAYS)
	}

	/// Changes what is stored of an account, which exists from then on, and notes when it did.
	pub(crate) fn with_account<R>(who: &T::AccountId, change: impl FnOnce(&mut Account) -> R) -> R {
		Accounts::<T>::mutate(who, |stored| {
			let before = *stored;
			let account = stored.get_or_insert_default();
			let result = change(account);
			if before != Some(*account) {
				account.changed = Self::now();
			}
			result
		})
	}

	/// Moves what the pot has released by now to what is owed.
	pub(crate) fn release(account: &mut Account) {
		let released = account.vesting.pot.release(Self::now(), Self::half_life());
		account.owed.vested = account.owed.vested.saturating_add(released);
	}

	/// Credits what a line has earned: of availability pay the liquid part at once; the rest, and floors, over time.
	/// Returns what was locked.
	pub(crate) fn credit(account: &mut Account, pay: &Pay) -> Tokens {
		let liquid = part_floor(pay.availability, T::Parameters::get().vest_liquid);
		let locked = pay.availability.saturating_sub(liquid).saturating_add(pay.floor);
		let now = Self::now();
		account.owed.availability = account.owed.availability.saturating_add(liquid);
		account.owed.bounty = account.owed.bounty.saturating_add(pay.bounty);
		if locked == 0 {
			return 0;
		}
		match account.vesting.pot.grant(now, Self::half_life(), locked) {
			Some(released) => {
				account.owed.vested = account.owed.vested.saturating_add(released);
				account.vesting.granted = account.vesting.granted.saturating_add(locked);
				account.vesting.floor = account.vesting.floor.saturating_add(pay.floor);
				account.vesting.since.get_or_insert(now);
			}
			// More than all tokens there are.
			None => Self::deposit_event(Event::Unexpected { expectation: Expectation::Granted }),
		}
		locked
	}

	/// Credits what the closed epochs of a line came to. What a line has not been settled for is what it weighs from then
	/// on: this comes before every change of its weight. Fails, and changes nothing, if a sum it needs is forgotten.
	pub(crate) fn settle_line(
		line: &mut Line,
		account: &mut Account,
	) -> Result<Option<(Pay, Tokens)>, Forgotten> {
		let mut steps: Vec<_> = line.steps.to_vec();
		let (pay, done) = settle(&mut steps, &RegionBook::<T>::default()).inspect_err(|_| {
			Self::deposit_event(Event::Unexpected { expectation: Expectation::SumsKept });
		})?;
		line.steps = BoundedVec::truncate_from(steps.into_iter().skip(done).collect());
		Ok((pay.total() > 0).then(|| (pay, Self::credit(account, &pay))))
	}

	/// Settles the line of an account and tells of it.
	///
	/// Returns how many steps it went through.
	pub(crate) fn settle_and_tell(who: &T::AccountId, line: &mut Line) -> u32 {
		let before = line.steps.len();
		let settled = Self::with_account(who, |account| Self::settle_line(line, account));
		if let Ok(Some((pay, locked))) = settled {
			Self::deposit_event(Event::Accrued { who: who.clone(), pay, locked });
		}
		let steps = match settled {
			// The one that goes on is looked at too.
			Ok(_) => before.saturating_sub(line.steps.len()).saturating_add(1),
			// It may have been the last one whose sums are forgotten.
			Err(Forgotten) => before,
		};
		u32::try_from(steps).unwrap_or(MAX_STEPS).min(MAX_STEPS)
	}

	/// Settles the line of an account, if it has one.
	fn settle_stored(who: &T::AccountId) {
		if let Some(mut line) = Lines::<T>::get(who) {
			Self::settle_and_tell(who, &mut line);
			Self::store_line(who, line);
		}
	}

	/// Brings everything an account has earned up to date, of at most `limit` epochs its fees and its points each. Returns
	/// of how many epochs it looked at fees and points.
	pub(crate) fn touch(who: &T::AccountId, limit: u32) -> (u32, u32) {
		Self::settle_stored(who);
		Self::with_account(who, |account| {
			let fees = Self::convert_fees(who, account, limit);
			let points = Self::convert_points(who, account, limit);
			Self::release(account);
			(fees, points)
		})
	}

	/// Returns of how many epochs it looked at fees and points.
	pub(crate) fn do_claim(who: &T::AccountId, limit: u32) -> Result<(u32, u32), DispatchError> {
		ensure!((1..=MAX_CLAIM_EPOCHS).contains(&limit), Error::<T>::LimitOutOfRange);
		ensure!(Accounts::<T>::contains_key(who), Error::<T>::NothingEarned);
		let looked_at = Self::touch(who, limit);
		Self::pay_out(who)?;
		Ok(looked_at)
	}

	fn pay_out(who: &T::AccountId) -> DispatchResult {
		let (paid, locked) = Self::with_account(who, |account| {
			let paid = core::mem::take(&mut account.owed);
			account.paid = account.paid.with(&paid);
			(paid, account.vesting.pot.locked)
		});
		let total = paid.total();
		if total > 0 {
			T::Currency::transfer(&T::Pot::get(), who, total, Preservation::Preserve)?;
			Self::deposit_event(Event::Claimed { who: who.clone(), paid, locked });
		}
		Ok(())
	}

	/// Takes `share` of what is locked back into the bucket.
	pub(crate) fn forfeit(who: &T::AccountId, account: &mut Account, share: Ppm, cause: ForfeitCause) {
		Self::release(account);
		let before = account.vesting;
		let tokens = account.vesting.pot.forfeit(share);
		if tokens == 0 {
			return;
		}
		if Self::give_back(tokens).is_err() {
			account.vesting = before;
			return;
		}
		account.vesting.forfeited = account.vesting.forfeited.saturating_add(tokens);
		let locked = account.vesting.pot.locked;
		Self::deposit_event(Event::Forfeited { who: who.clone(), tokens, locked, cause });
	}

	/// Gives tokens of the pot back, and says so if that fails, when nothing has moved.
	pub(crate) fn give_back(tokens: Tokens) -> DispatchResult {
		let given = T::Supply::give_back(&T::Pot::get(), tokens);
		if given.is_err() {
			Self::deposit_event(Event::Unexpected { expectation: Expectation::GivenBack });
		}
		given
	}

	/// The registration ended: before the first half-life is over that costs half of what is locked.
	pub(crate) fn leave(who: &T::AccountId) {
		if !Accounts::<T>::contains_key(who) {
			return;
		}
		Self::with_account(who, |account| {
			let since = account.vesting.since.take();
			if since.is_some_and(|since| Self::now().saturating_sub(since) < Self::half_life()) {
				Self::forfeit(who, account, EARLY_EXIT, ForfeitCause::EarlyExit);
			}
		});
	}

	/// Takes all that is locked.
	fn forfeit_all(who: &T::AccountId, cause: ForfeitCause) {
		if Accounts::<T>::contains_key(who) {
			Self::with_account(who, |account| Self::forfeit(who, account, ALL, cause));
		}
	}

	/// What a provider said of its line was false: that costs its pot and the line's good name.
	fn discredit(who: &T::AccountId, cause: ForfeitCause) {
		if let Some(mut line) = Lines::<T>::get(who) {
			Self::settle_and_tell(who, &mut line);
			line.reliability = line.reliability.lowest(Self::now());
			Self::store_line(who, line);
		}
		Self::forfeit_all(who, cause);
	}

	/// A false report may be an accident. Who is fined again within [`REPEAT_DAYS`] loses what is locked and what its
	/// entries would be paid. What it did wrong as an attestor is no fault of its line.
	fn fined(who: &T::AccountId, epoch: EpochIndex) {
		let (now, window) = (Self::now(), Self::repeat_epochs());
		if Self::with_account(who, |account| account.note_fine(epoch, now, window)) {
			Self::settle_stored(who);
			Self::forfeit_all(who, ForfeitCause::FalseReports);
			Self::forfeit_entries(who);
		}
	}
}

impl<T: Config> OnSlashDecided<T::AccountId> for Pallet<T> {
	fn slash_applied(who: &T::AccountId, reason: &SlashReason) {
		match reason {
			SlashReason::FalseClaim { .. } => Self::discredit(who, ForfeitCause::FalseClaim),
			SlashReason::WrongRegion { .. } => {
				Self::discredit(who, ForfeitCause::WrongRegion);
				if let Some(index) = T::Registry::index_of(who) {
					Self::reweigh(who, index);
				}
			}
			SlashReason::FalseReport { epoch, .. } => Self::fined(who, *epoch),
			// What a validator did wrong is no fault of its line.
			SlashReason::Equivocation { .. } => {}
		}
	}

	fn slash_cancelled(_: &T::AccountId, _: &SlashReason) {
		// Nothing was taken.
	}

	fn weight() -> Weight {
		// The line is weighed anew, and may be placed.
		T::WeightInfo::slash_applied()
			.max(T::WeightInfo::fined())
			.saturating_add(T::History::weight())
			.saturating_add(T::Placement::weight())
	}
}
