//! What the calls, the hook and the seams do.
//!
//! * **Slashing.** [`SlashQueue::queue_slash`] queues a slash for `timing.slash_delay_epochs` epochs. Its amount is the
//!   fraction of everything bonded in the role at that moment, chunks included, rounded up: unbonding or withdrawing
//!   afterwards cannot shrink it, and a withdrawal leaves behind what the queued slashes will take. When it is due it
//!   takes that amount, or what is left. Chunks stay within reach until they are withdrawn.
//!   While [`Config::HeavySlashesPaused`] says so, a slash of [`HEAVY_SLASH`] or more waits at the head of the queue, and so
//!   do those behind it; what they will take stays withheld.
//! * **Order.** The delay is the same for every slash, so the queue is first in, first out: a cursor in `on_idle`
//!   applies at most [`Config::MaxSlashesPerBlock`] slashes per block, as weight allows. The queue has no length at
//!   which it refuses: small offences could otherwise be used to shut out a large one. It grows by proven offences
//!   only, and each entry is one storage item that the cursor removes.
//! * **Sink.** What a slash takes goes to [`Config::SlashSink`], with the account that reported the offence, if any:
//!   [`SplitSink`](crate::SplitSink) is one that drops nothing.
//! * **Appeal.** Until it is applied, [`Config::CancelOrigin`] may cancel a slash. [`Config::OnSlashDecided`] hears of
//!   either end.

use crate::{
	types::{Ledger, QueuedSlash, UnbondError},
	BalanceOf, Config, Deposits, Error, Event, FirstSlash, HoldReason, Ledgers, NextSlash, Pallet,
	QueuedSlashOf, Rate, Slashes, SlashesOf, WeightInfo, HEAVY_SLASH,
};
use frame_support::{
	defensive, ensure,
	traits::{
		fungible::{hold::Balanced as _, InspectHold, MutateHold},
		tokens::Precision,
		Imbalance,
	},
	weights::WeightMeter,
};
use polkadot_sdk::*;
use sp_runtime::{
	traits::{Get, Zero},
	DispatchError, DispatchResult, Perbill, TryRuntimeError,
};
use weir_primitives::{
	seams::{
		Bonds, EpochClock, OnBondChange, OnSlashDecided, QueuedSlashes, RoleDuty, SlashQueue, SlashSink,
	},
	EpochIndex, Kbps, Role, SlashReason,
};

type HoldReasonOf<T> =
	<<T as Config>::Currency as InspectHold<<T as frame_system::Config>::AccountId>>::Reason;

impl<T: Config> Pallet<T> {
	/// The reason under which a bond in `role` is on hold.
	pub fn hold_reason(role: Role) -> HoldReasonOf<T> {
		match role {
			Role::Validator => HoldReason::ValidatorBond.into(),
			Role::Provider => HoldReason::ProviderBond.into(),
		}
	}

	pub(crate) fn do_bond(who: &T::AccountId, role: Role, amount: BalanceOf<T>) -> DispatchResult {
		let ledger = Ledgers::<T>::get(who, role).unwrap_or_default();
		ensure!(ledger.active.is_zero(), Error::<T>::AlreadyBonded);
		ensure!(amount >= Self::new_minimum_of(who, role), Error::<T>::BelowMinimum);
		Self::add(who, role, ledger, amount)?;
		T::OnBondChange::bond_changed(who, role);
		Ok(())
	}

	pub(crate) fn do_bond_more(who: &T::AccountId, role: Role, amount: BalanceOf<T>) -> DispatchResult {
		ensure!(!amount.is_zero(), Error::<T>::ZeroAmount);
		let ledger = Self::bonded(who, role)?;
		Self::add(who, role, ledger, amount)?;
		T::OnBondChange::bond_changed(who, role);
		Ok(())
	}

	/// Bonds at genesis: the owners of the roles are not built yet, so none of them is asked or told.
	pub(crate) fn bond_at_genesis(who: &T::AccountId, role: Role, amount: BalanceOf<T>) -> DispatchResult {
		ensure!(!Ledgers::<T>::contains_key(who, role), Error::<T>::AlreadyBonded);
		ensure!(amount >= Self::minimum_for(role, 0), Error::<T>::BelowMinimum);
		Self::add(who, role, Ledger::default(), amount)
	}

	/// Epochs before what is unbonded in `role` is free.
	fn unbonding_epochs(role: Role) -> EpochIndex {
		let timing = T::Timing::get();
		match role {
			Role::Validator => timing.unbonding_epochs,
			Role::Provider => timing.provider_unbonding_epochs(),
		}
	}

	pub(crate) fn do_unbond(who: &T::AccountId, role: Role, amount: BalanceOf<T>) -> DispatchResult {
		ensure!(!amount.is_zero(), Error::<T>::ZeroAmount);
		let mut ledger = Self::bonded(who, role)?;
		let free_at = T::Clock::epoch().saturating_add(Self::unbonding_epochs(role));
		ledger.unbond(amount, free_at).map_err(|error| match error {
			UnbondError::ExceedsActive => Error::<T>::ExceedsActiveBond,
			UnbondError::TooManyChunks => Error::<T>::TooManyChunks,
		})?;
		let active = ledger.active;
		if T::Duty::in_service(who, role) {
			// By today's rate: whoever could take out what it had to put in would have bonded at the old one.
			ensure!(active >= Self::new_minimum_of(who, role), Error::<T>::BelowMinimumInService);
		} else {
			ensure!(active.is_zero() || active >= Self::minimum_for(role, 0), Error::<T>::RemainderTooSmall);
		}
		Self::store(who, role, ledger);
		Self::deposit_event(Event::Unbonding { who: who.clone(), role, amount, active, free_at });
		T::OnBondChange::bond_changed(who, role);
		Ok(())
	}

	pub(crate) fn do_withdraw(who: &T::AccountId, role: Role) -> DispatchResult {
		let now = T::Clock::epoch();
		let mut ledger = Ledgers::<T>::get(who, role).ok_or(Error::<T>::NothingFree)?;
		ensure!(!ledger.free(now).is_zero(), Error::<T>::NothingFree);
		let amount = ledger.withdraw(now);
		ensure!(!amount.is_zero(), Error::<T>::WithheldForSlashes);
		T::Currency::release(&Self::hold_reason(role), who, amount, Precision::Exact)?;
		let left = ledger.total();
		Self::store(who, role, ledger);
		Self::deposit_event(Event::Withdrawn { who: who.clone(), role, amount, left });
		Ok(())
	}

	/// Removes the slash from the queue and frees what it withheld.
	pub(crate) fn do_cancel_slash(id: u32) -> DispatchResult {
		let slash = Self::dequeue(id).ok_or(Error::<T>::NoSuchSlash)?;
		let QueuedSlash { who, role, amount, reason, .. } = slash;
		let mut ledger = Ledgers::<T>::get(&who, role).unwrap_or_default();
		ledger.pending = ledger.pending.saturating_sub(amount);
		Self::store(&who, role, ledger);
		T::OnSlashDecided::slash_cancelled(&who, &reason);
		Self::deposit_event(Event::SlashCancelled { id, who, role, amount });
		Ok(())
	}

	/// Applies the slashes that are due, oldest first, while `meter` and the bound per block allow.
	pub(crate) fn apply_due_slashes(meter: &mut WeightMeter) {
		if meter.try_consume(T::WeightInfo::on_idle_base()).is_err() {
			return;
		}
		let now = T::Clock::epoch();
		// Followers included: a bond that falls may end a service and a seat.
		let step = T::WeightInfo::apply_slash()
			.saturating_add(T::OnBondChange::weight())
			.saturating_add(T::OnSlashDecided::weight());
		let (first, end) = (FirstSlash::<T>::get(), NextSlash::<T>::get());
		let mut cursor = first;
		for _ in 0..T::MaxSlashesPerBlock::get() {
			if cursor >= end || meter.try_consume(step).is_err() {
				break;
			}
			match Slashes::<T>::get(cursor) {
				Some(slash) if slash.due > now => break,
				// It waits, and so do those behind it: they are applied in order.
				Some(slash) if slash.fraction >= HEAVY_SLASH && T::HeavySlashesPaused::get() => break,
				Some(_) => Self::apply(cursor),
				None => {}
			}
			cursor = cursor.saturating_add(1);
		}
		if cursor != first {
			FirstSlash::<T>::put(cursor);
		}
	}

	/// Takes what the slash asks for, or what is left, and hands it to the sink.
	fn apply(id: u32) {
		let Some(QueuedSlash { who, role, amount, reason, reporter, .. }) = Self::dequeue(id) else { return };
		let mut ledger = Ledgers::<T>::get(&who, role).unwrap_or_default();
		let reachable = amount.min(ledger.total());
		let (credit, missing) = T::Currency::slash(&Self::hold_reason(role), &who, reachable);
		if !missing.is_zero() {
			defensive!("less on hold than the ledger says");
		}
		let taken = credit.peek();
		ledger.take(taken);
		ledger.pending = ledger.pending.saturating_sub(amount);
		let active = ledger.active;
		Self::store(&who, role, ledger);
		T::SlashSink::receive(credit, reporter.as_ref());
		T::OnBondChange::bond_changed(&who, role);
		T::OnSlashDecided::slash_applied(&who, &reason);
		Self::deposit_event(Event::SlashApplied { id, who, role, amount, taken, active });
	}

	fn dequeue(id: u32) -> Option<QueuedSlashOf<T>> {
		let slash = Slashes::<T>::take(id)?;
		SlashesOf::<T>::remove(&slash.who, id);
		Some(slash)
	}

	fn add(who: &T::AccountId, role: Role, mut ledger: Ledger<T>, amount: BalanceOf<T>) -> DispatchResult {
		ledger.active = ledger.active.checked_add(amount).ok_or(Error::<T>::Overflow)?;
		T::Currency::hold(&Self::hold_reason(role), who, amount)?;
		let active = ledger.active;
		Self::store(who, role, ledger);
		Self::deposit_event(Event::Bonded { who: who.clone(), role, amount, active });
		Ok(())
	}

	fn bonded(who: &T::AccountId, role: Role) -> Result<Ledger<T>, Error<T>> {
		Ledgers::<T>::get(who, role).filter(|ledger| !ledger.active.is_zero()).ok_or(Error::<T>::NotBonded)
	}

	fn store(who: &T::AccountId, role: Role, ledger: Ledger<T>) {
		if ledger.is_empty() {
			Ledgers::<T>::remove(who, role);
		} else {
			Ledgers::<T>::insert(who, role, ledger);
		}
	}

	/// What the calls need of the constants.
	pub(crate) fn check_constants() {
		assert!(T::MaxUnbondingChunks::get() > 0, "a bond could never be left");
		assert!(T::MaxSlashesPerBlock::get() > 0, "a slash could never be applied");
		assert!(T::MinValidatorBond::get() > BalanceOf::<T>::default(), "a validator could bond nothing");
		assert!(T::MinProviderBond::get() > BalanceOf::<T>::default(), "a provider could bond nothing");
		assert!(T::MinBondPerMbps::get() > BalanceOf::<T>::default(), "a claim could need no bond");
		assert!(
			T::MinBondPerMbps::get() <= T::MaxBondPerMbps::get(),
			"the floor of the rate exceeds its ceiling"
		);
	}

	/// Checks the invariants:
	///
	/// 1. The balance an account has on hold for a role is the total of its ledger in that role.
	/// 2. A stored ledger has something bonded or a slash queued against it; its chunks are not empty and become free in
	///    strictly rising epochs.
	/// 3. A ledger's `pending` is the sum of the queued slashes against it.
	/// 4. The index of an account's slashes names exactly the queued slashes against it.
	/// 5. Queued slashes lie between the queue's cursors, and none is due before an older one.
	/// 6. What an account has on hold as deposits is their sum, and none of them is nothing.
	/// 7. Nobody is declared as its own operator, no operator has an operator, and each one's nodes are counted.
	/// 8. The rate was last set in no epoch to come.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		for (who, role, ledger) in Ledgers::<T>::iter() {
			ensure!(
				T::Currency::balance_on_hold(&Self::hold_reason(role), &who) == ledger.total(),
				"1: on hold differs from the ledger's total"
			);
			ensure!(!ledger.is_empty(), "2: empty ledger stored");
			ensure!(ledger.chunks.iter().all(|chunk| !chunk.amount.is_zero()), "2: empty chunk");
			ensure!(
				ledger.chunks.iter().zip(ledger.chunks.iter().skip(1)).all(|(a, b)| a.free_at < b.free_at),
				"2: chunks out of order"
			);
			let queued = SlashesOf::<T>::iter_key_prefix(&who)
				.filter_map(Slashes::<T>::get)
				.filter(|slash| slash.role == role)
				.fold(BalanceOf::<T>::zero(), |sum, slash| sum.saturating_add(slash.amount));
			ensure!(ledger.pending == queued, "3: pending differs from the queued slashes");
		}
		for role in [Role::Validator, Role::Provider] {
			let unaccounted = frame_system::Account::<T>::iter_keys()
				.filter(|who| !Ledgers::<T>::contains_key(who, role))
				.any(|who| !T::Currency::balance_on_hold(&Self::hold_reason(role), &who).is_zero());
			ensure!(!unaccounted, "1: on hold without a ledger");
		}
		for (who, _, (count, sum)) in Deposits::<T>::iter() {
			ensure!(count > 0 && !sum.is_zero(), "6: empty deposit stored");
			let all = Deposits::<T>::iter_prefix(&who)
				.fold(BalanceOf::<T>::zero(), |all, (_, (_, sum))| all.saturating_add(sum));
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::Deposit.into(), &who) == all,
				"6: on hold differs from the deposits"
			);
		}
		let unaccounted = frame_system::Account::<T>::iter_keys()
			.filter(|who| Deposits::<T>::iter_key_prefix(who).next().is_none())
			.any(|who| !T::Currency::balance_on_hold(&HoldReason::Deposit.into(), &who).is_zero());
		ensure!(!unaccounted, "6: on hold without a deposit");
		for (who, id) in SlashesOf::<T>::iter_keys() {
			ensure!(
				Slashes::<T>::get(id).is_some_and(|slash| slash.who == who),
				"4: index names no slash of its account"
			);
		}
		let (first, end) = (FirstSlash::<T>::get(), NextSlash::<T>::get());
		for (id, slash) in Slashes::<T>::iter() {
			ensure!(SlashesOf::<T>::contains_key(&slash.who, id), "4: slash missing from the index");
			ensure!(Ledgers::<T>::contains_key(&slash.who, slash.role), "3: slash without a ledger");
			ensure!((first..end).contains(&id), "5: slash outside the cursors");
		}
		ensure!(Rate::<T>::get().moved_in <= T::Clock::epoch(), "8: the rate moved in an epoch to come");
		let mut latest = 0;
		for due in (first..end).filter_map(Slashes::<T>::get).map(|slash| slash.due) {
			ensure!(due >= latest, "5: slash due before an older one");
			latest = due;
		}
		Self::check_operators()
	}
}

impl<T: Config> Bonds<T::AccountId> for Pallet<T> {
	type Balance = BalanceOf<T>;

	fn active_bond(who: &T::AccountId, role: Role) -> BalanceOf<T> {
		Ledgers::<T>::get(who, role).map(|ledger| ledger.active).unwrap_or_default()
	}

	fn slashable_bond(who: &T::AccountId, role: Role) -> BalanceOf<T> {
		Ledgers::<T>::get(who, role).map(|ledger| ledger.total()).unwrap_or_default()
	}

	fn is_sufficient(who: &T::AccountId, role: Role) -> bool {
		Self::active_bond(who, role) >= Self::minimum_of(who, role)
	}

	fn suffices_anew(who: &T::AccountId, role: Role) -> bool {
		Self::active_bond(who, role) >= Self::new_minimum_of(who, role)
	}

	fn covered_kbps(who: &T::AccountId) -> Kbps {
		Self::do_covered_kbps(who)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn bond_for_benchmark(who: &T::AccountId, role: Role) {
		use frame_support::traits::fungible::{Inspect, Mutate};
		let minimum = Self::new_minimum_of(who, role);
		let funded = T::Currency::mint_into(who, minimum.saturating_add(T::Currency::minimum_balance()));
		let bonded = Self::do_bond(who, role, minimum);
		assert!(funded.is_ok() && bonded.is_ok(), "benchmark bond: {funded:?} {bonded:?}");
	}
}

impl<T: Config> SlashQueue<T::AccountId> for Pallet<T> {
	/// Fails with [`Error::ZeroFraction`], [`Error::NothingToSlash`] or [`Error::SlashNumbersExhausted`]. Whoever reports
	/// itself is no reporter.
	fn queue_reported_slash(
		who: &T::AccountId,
		role: Role,
		fraction: Perbill,
		reason: SlashReason,
		reporter: Option<&T::AccountId>,
	) -> Result<u32, DispatchError> {
		ensure!(!fraction.is_zero(), Error::<T>::ZeroFraction);
		let mut ledger = Ledgers::<T>::get(who, role).unwrap_or_default();
		let base = ledger.total();
		ensure!(!base.is_zero(), Error::<T>::NothingToSlash);
		let amount = fraction.mul_ceil(base);
		let id = NextSlash::<T>::get();
		let next = id.checked_add(1).ok_or(Error::<T>::SlashNumbersExhausted)?;
		ledger.pending = ledger.pending.checked_add(amount).ok_or(Error::<T>::Overflow)?;
		let due = T::Clock::epoch().saturating_add(T::Timing::get().slash_delay_epochs);
		let reporter = reporter.filter(|reporter| *reporter != who).cloned();

		Ledgers::<T>::insert(who, role, ledger);
		let slash =
			QueuedSlash { who: who.clone(), role, amount, fraction, reason, due, reporter: reporter.clone() };
		Slashes::<T>::insert(id, slash);
		SlashesOf::<T>::insert(who, id, ());
		NextSlash::<T>::put(next);
		let who = who.clone();
		Self::deposit_event(Event::SlashQueued { id, who, role, fraction, amount, reason, due, reporter });
		Ok(id)
	}
}

impl<T: Config> QueuedSlashes for Pallet<T> {
	/// Fails with [`Error::NoSuchSlash`].
	fn cancel_slash(number: u32) -> DispatchResult {
		Self::do_cancel_slash(number)
	}

	fn due_of(number: u32) -> Option<EpochIndex> {
		Slashes::<T>::get(number).map(|slash| slash.due)
	}
}
