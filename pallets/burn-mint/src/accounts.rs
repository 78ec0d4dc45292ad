//! Credits of accounts: locks for payment channels, fees, and the sweep of what nobody uses.
//!
//! Who has credits needs no token to send transactions: as long as there are some, free or locked, the system keeps the
//! account and its nonce. Which transactions may be paid for with credits, and at what price, is the runtime's.

use crate::{types::CreditAccount, Accounts, Config, Error, Event, Pallet, SupplyLedger};
use frame_support::{ensure, traits::Get};
use polkadot_sdk::*;
use sp_runtime::{DispatchError, DispatchResult};
use weir_math::economy::ledger::{Ledger, LedgerError};
use weir_primitives::{
	economy::{Credits, Tokens},
	seams::{economy::CreditAccounts, EpochClock},
};

impl<T: Config> Pallet<T> {
	/// Books an operation of the ledger. Call it after the tokens have moved, and in one storage layer with them: what
	/// moves tokens may book dust of its own.
	pub(crate) fn book<R>(
		operation: impl FnOnce(&mut Ledger) -> Result<R, LedgerError>,
	) -> Result<R, DispatchError> {
		SupplyLedger::<T>::try_mutate(operation).map_err(|error| Error::<T>::from(error).into())
	}

	/// Adds credits that were bought. Returns the free ones.
	pub(crate) fn add_credits(who: &T::AccountId, credits: Credits) -> Result<Credits, DispatchError> {
		Self::use_account(who, |account| {
			account.balance = account.balance.checked_add(credits).ok_or(Error::<T>::Overflow)?;
			Ok(account.balance)
		})
	}

	/// Changes an account. That is a use of it: whatever notice there was is void.
	pub(crate) fn use_account<R>(
		who: &T::AccountId,
		change: impl FnOnce(&mut CreditAccount) -> Result<R, Error<T>>,
	) -> Result<R, DispatchError> {
		let mut account = Accounts::<T>::get(who).unwrap_or_default();
		let result = change(&mut account)?;
		account.last_used = T::Clock::epoch();
		account.sweep_from = None;
		Self::store(who, account);
		Ok(result)
	}

	/// Takes credits out of the lock of an account, which is kept even if nothing is left in it: who hands vouchers in does not
	/// take a nonce from those who signed them. It is forgotten by [`CreditAccounts::forget_empty`].
	pub(crate) fn spend_lock(who: &T::AccountId, credits: Credits) -> DispatchResult {
		let mut account = Accounts::<T>::get(who).ok_or(Error::<T>::InsufficientLock)?;
		account.locked = account.locked.checked_sub(credits).ok_or(Error::<T>::InsufficientLock)?;
		account.last_used = T::Clock::epoch();
		account.sweep_from = None;
		Accounts::<T>::insert(who, account);
		Ok(())
	}

	/// Keeps the account, or forgets it if it is empty. As long as it is kept it holds a reference that is sufficient for the
	/// system to know `who`: without one, an account that has no token cannot send a transaction.
	fn store(who: &T::AccountId, account: CreditAccount) {
		Accounts::<T>::mutate_exists(who, |stored| {
			match (stored.is_some(), account.is_empty()) {
				(false, false) => {
					frame_system::Pallet::<T>::inc_sufficients(who);
				}
				(true, true) => {
					frame_system::Pallet::<T>::dec_sufficients(who);
				}
				_ => {}
			}
			*stored = Some(account).filter(|account| !account.is_empty());
		});
	}

	fn change_lock(
		who: &T::AccountId,
		credits: Credits,
		change: impl FnOnce(&mut CreditAccount) -> Result<(), Error<T>>,
	) -> DispatchResult {
		ensure!(credits > 0, Error::<T>::ZeroAmount);
		let (old, new, balance) = Self::use_account(who, |account| {
			let old = account.locked;
			change(account)?;
			Ok((old, account.locked, account.balance))
		})?;
		Self::deposit_event(Event::LockChanged { who: who.clone(), old, new, balance });
		Ok(())
	}

	/// The account of `who`, if it has free credits.
	pub(crate) fn with_credits(who: &T::AccountId) -> Result<CreditAccount, Error<T>> {
		Accounts::<T>::get(who).filter(|account| account.balance > 0).ok_or(Error::<T>::NoCredits)
	}

	pub(crate) fn do_notify_inactive(who: T::AccountId) -> DispatchResult {
		let account = Self::with_credits(&who)?;
		ensure!(account.sweep_from.is_none(), Error::<T>::AlreadyNoticed);
		let idle_until = account.last_used.saturating_add(T::Pace::get().sweep_epochs);
		ensure!(T::Clock::epoch() >= idle_until, Error::<T>::StillActive);
		Self::give_notice(who, account);
		Ok(())
	}

	pub(crate) fn give_notice(who: T::AccountId, account: CreditAccount) {
		let from = T::Clock::epoch().saturating_add(T::Pace::get().notice_epochs);
		let credits = account.balance;
		Accounts::<T>::insert(&who, CreditAccount { sweep_from: Some(from), ..account });
		Self::deposit_event(Event::InactivityNoticed { who, credits, from });
	}

	pub(crate) fn do_sweep(who: T::AccountId) -> DispatchResult {
		let account = Self::with_credits(&who)?;
		let from = account.sweep_from.ok_or(Error::<T>::NotNoticed)?;
		ensure!(T::Clock::epoch() >= from, Error::<T>::NoticeRuns);
		let credits = account.balance;
		let tokens = Self::book(|ledger| ledger.sweep(credits))?;
		// What is locked belongs to a channel.
		Self::store(&who, CreditAccount { balance: 0, sweep_from: None, ..account });
		Self::deposit_event(Event::CreditsSwept { who, credits, tokens });
		Ok(())
	}

	/// Takes a fee out of the account, which has to outlive it: with its last credit it might lose the nonce that the
	/// transaction has just used, and could repeat it.
	fn take_fee(account: &mut CreditAccount, credits: Credits) -> Result<(), Error<T>> {
		ensure!(credits > 0, Error::<T>::ZeroAmount);
		account.balance = account.balance.checked_sub(credits).ok_or(Error::<T>::InsufficientCredits)?;
		ensure!(!account.is_empty(), Error::<T>::InsufficientCredits);
		Ok(())
	}

	/// Whether a fee of `credits` can be charged to `who`: fails as [`CreditAccounts::charge_fee`] would, and changes nothing.
	pub fn can_charge_fee(who: &T::AccountId, credits: Credits) -> DispatchResult {
		Self::take_fee(&mut Accounts::<T>::get(who).unwrap_or_default(), credits)?;
		SupplyLedger::<T>::get().sponsor(credits).map_err(Error::<T>::from)?;
		Ok(())
	}
}

impl<T: Config> CreditAccounts<T::AccountId> for Pallet<T> {
	fn free(who: &T::AccountId) -> Credits {
		Accounts::<T>::get(who).map(|account| account.balance).unwrap_or_default()
	}

	fn locked(who: &T::AccountId) -> Credits {
		Accounts::<T>::get(who).map(|account| account.locked).unwrap_or_default()
	}

	/// Fails with [`Error::ZeroAmount`] or [`Error::InsufficientCredits`].
	fn lock(who: &T::AccountId, credits: Credits) -> DispatchResult {
		Self::change_lock(who, credits, |account| {
			account.balance = account.balance.checked_sub(credits).ok_or(Error::<T>::InsufficientCredits)?;
			account.locked = account.locked.checked_add(credits).ok_or(Error::<T>::Overflow)?;
			Ok(())
		})
	}

	/// Fails with [`Error::ZeroAmount`] or [`Error::InsufficientLock`].
	fn unlock(who: &T::AccountId, credits: Credits) -> DispatchResult {
		Self::change_lock(who, credits, |account| {
			account.locked = account.locked.checked_sub(credits).ok_or(Error::<T>::InsufficientLock)?;
			account.balance = account.balance.checked_add(credits).ok_or(Error::<T>::Overflow)?;
			Ok(())
		})
	}

	fn forget_empty(who: &T::AccountId) {
		if let Some(account) = Accounts::<T>::get(who).filter(CreditAccount::is_empty) {
			Self::store(who, account);
		}
	}

	fn all_locked() -> Credits {
		// Saturating: invariant 3 says that all of them fit.
		Accounts::<T>::iter_values().fold(0, |sum, account| sum.saturating_add(account.locked))
	}

	/// Fails with [`Error::ZeroAmount`], [`Error::InsufficientLock`] or [`Error::NotBacked`].
	fn lapse(who: &T::AccountId, credits: Credits) -> Result<Tokens, DispatchError> {
		ensure!(credits > 0, Error::<T>::ZeroAmount);
		frame_support::storage::with_storage_layer(|| {
			Self::use_account(who, |account| {
				account.locked = account.locked.checked_sub(credits).ok_or(Error::<T>::InsufficientLock)?;
				Ok(())
			})?;
			let tokens = Self::book(|ledger| ledger.lapse(credits))?;
			Self::deposit_event(Event::CreditsLapsed { who: who.clone(), credits, tokens });
			Ok(tokens)
		})
	}

	/// Fails with [`Error::ZeroAmount`], with [`Error::InsufficientCredits`], also if not a credit would be left, free or
	/// locked, or with [`Error::NotBacked`].
	fn charge_fee(who: &T::AccountId, credits: Credits) -> Result<Tokens, DispatchError> {
		frame_support::storage::with_storage_layer(|| {
			Self::use_account(who, |account| Self::take_fee(account, credits))?;
			let tokens = Self::book(|ledger| ledger.sponsor(credits))?;
			Self::deposit_event(Event::FeeCharged { who: who.clone(), credits, tokens });
			Ok(tokens)
		})
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn fund_for_benchmark(who: &T::AccountId, credits: Credits) {
		crate::benchmarking::credit::<T>(who, credits);
	}
}
