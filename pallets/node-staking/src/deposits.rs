//! Deposits and prices of what the measuring protocol is asked for.

use crate::{BalanceOf, Config, Deposits, Error, Event, HoldReason, Pallet};
use frame_support::{
	defensive,
	traits::{
		fungible::{hold::Balanced as _, hold::Inspect as _, Balanced as _, MutateHold},
		tokens::{Fortitude, Precision, Preservation},
		Imbalance,
	},
};
use polkadot_sdk::*;
use sp_runtime::{
	traits::{Get, Zero},
	DispatchResult,
};
use weir_primitives::seams::{Deposit, SlashSink};

impl<T: Config> Pallet<T> {
	fn amount_of(what: Deposit) -> BalanceOf<T> {
		match what {
			Deposit::Appeal => T::AppealDeposit::get(),
			Deposit::Alarm => T::AlarmDeposit::get(),
		}
	}

	/// Takes one deposit off the books. What it amounts to is what was put up, whatever one costs by now.
	fn take_deposit(who: &T::AccountId, what: Deposit) -> Option<BalanceOf<T>> {
		let (count, sum) = Deposits::<T>::get(who, what)?;
		let amount = sum.checked_div(count.into())?;
		match count.saturating_sub(1) {
			0 => Deposits::<T>::remove(who, what),
			left => Deposits::<T>::insert(who, what, (left, sum.saturating_sub(amount))),
		}
		Some(amount)
	}
}

impl<T: Config> weir_primitives::seams::Deposits<T::AccountId> for Pallet<T> {
	fn can_hold(who: &T::AccountId, what: Deposit) -> bool {
		T::Currency::can_hold(&HoldReason::Deposit.into(), who, Self::amount_of(what))
	}

	/// Fails with [`Error::Overflow`], or when the account cannot hold that much.
	fn hold(who: &T::AccountId, what: Deposit) -> DispatchResult {
		let amount = Self::amount_of(what);
		let (count, sum) = Deposits::<T>::get(who, what).unwrap_or_default();
		let count = count.checked_add(1).ok_or(Error::<T>::Overflow)?;
		let sum = sum.checked_add(amount).ok_or(Error::<T>::Overflow)?;
		T::Currency::hold(&HoldReason::Deposit.into(), who, amount)?;
		Deposits::<T>::insert(who, what, (count, sum));
		Self::deposit_event(Event::DepositHeld { who: who.clone(), what, amount });
		Ok(())
	}

	fn release(who: &T::AccountId, what: Deposit) {
		let Some(amount) = Self::take_deposit(who, what) else { return };
		let released = T::Currency::release(&HoldReason::Deposit.into(), who, amount, Precision::Exact);
		if released.is_err() {
			defensive!("less on hold than was put up");
		}
		Self::deposit_event(Event::DepositReleased { who: who.clone(), what, amount });
	}

	fn forfeit(who: &T::AccountId, what: Deposit) {
		let Some(amount) = Self::take_deposit(who, what) else { return };
		let (credit, missing) = T::Currency::slash(&HoldReason::Deposit.into(), who, amount);
		if !missing.is_zero() {
			defensive!("less on hold than was put up");
		}
		let amount = credit.peek();
		T::SlashSink::receive(credit, None);
		Self::deposit_event(Event::DepositForfeited { who: who.clone(), what, amount });
	}

	/// Fails when the account cannot pay.
	fn charge_test(who: &T::AccountId) -> DispatchResult {
		let amount = T::TestPrice::get();
		let credit =
			T::Currency::withdraw(who, amount, Precision::Exact, Preservation::Preserve, Fortitude::Polite)?;
		T::SlashSink::receive(credit, None);
		Self::deposit_event(Event::TestPaid { who: who.clone(), amount });
		Ok(())
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn fund_for_benchmark(who: &T::AccountId) {
		use frame_support::traits::fungible::{Inspect, Mutate};
		let amount = T::AppealDeposit::get().saturating_add(T::AlarmDeposit::get());
		let amount = amount.saturating_add(T::TestPrice::get());
		let amount = amount.saturating_add(T::Currency::minimum_balance());
		let funded = T::Currency::mint_into(who, amount);
		assert!(funded.is_ok(), "benchmark deposit: {funded:?}");
	}
}
