//! Buying credits for the stable asset, and spending that asset for tokens that are burned.

use crate::{types::Spending, Config, Error, Event, Pallet, StableSpending, SupplyLedger, WeightInfo};
use frame_support::{
	ensure,
	storage::with_storage_layer,
	traits::{
		fungible::Mutate,
		tokens::{Fortitude, Precision, Preservation},
		Get,
	},
	weights::WeightMeter,
};
use polkadot_sdk::*;
use sp_runtime::{DispatchError, DispatchResult};
use weir_math::economy::{parameters::LEAST_PURCHASE, purchase};
use weir_primitives::{
	economy::{Credits, GateReason, Tokens},
	seams::economy::{Pricing, StablePool},
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_buy_with_stable(who: T::AccountId, credits: Credits) -> DispatchResult {
		ensure!(!T::PurchasesPaused::get(), Error::<T>::PurchasesPaused);
		ensure!(credits >= LEAST_PURCHASE, Error::<T>::BelowLeastPurchase);
		let room = Self::stable_room().ok_or(Error::<T>::NoPool)?;
		ensure!(credits <= room, Error::<T>::BeyondPool);
		let balance = with_storage_layer(|| {
			// Before its last unit goes, which may be all that the system knows the account by: it would lose its nonce, and
			// what it signed before could be repeated.
			let balance = Self::add_credits(&who, credits)?;
			T::StablePool::transfer(&who, &T::StablePot::get(), credits)?;
			let pending = Self::book(|ledger| {
				ledger.buy_stable(credits)?;
				Ok(ledger.pending_credits)
			})?;
			StableSpending::<T>::mutate(|spending| spending.slice = purchase::equal_slice(pending));
			Ok::<_, DispatchError>(balance)
		})?;
		Self::deposit_event(Event::StableCreditsBought { who, credits, balance });
		Ok(())
	}

	/// Credits that may be bought for the stable asset beside those that wait; none without a pool.
	pub(crate) fn stable_room() -> Option<Credits> {
		let (_, pool_stable) = T::StablePool::reserves()?;
		let cap = purchase::pending_cap(pool_stable, T::Pace::get().rounds_per_day);
		let pending = SupplyLedger::<T>::get().pending_credits;
		// In a pool that lost depth more may wait than may.
		Some(cap.saturating_sub(pending))
	}

	/// Spends the round's slice of the stable asset, once per round.
	pub(crate) fn spend_slice(meter: &mut WeightMeter) {
		let round = T::Pricing::round();
		let pending = SupplyLedger::<T>::get().pending_credits;
		let spending = StableSpending::<T>::get();
		if pending == 0 || spending.round == Some(round) {
			return;
		}
		// Of prices the reporters' and the pool's are asked for.
		let step = T::WeightInfo::spend_slice()
			.saturating_add(T::StablePool::swap_weight())
			.saturating_add(T::Pricing::weight().saturating_mul(2));
		if meter.try_consume(step).is_err() {
			return;
		}
		let deferred = match with_storage_layer(|| Self::back_slice(spending.slice, pending)) {
			Ok((credits, tokens, pending)) => {
				Self::deposit_event(Event::SliceSpent { credits, tokens, pending });
				None
			}
			Err(error) => {
				Self::deposit_event(Event::SliceDeferred { round, error });
				Some(error)
			}
		};
		StableSpending::<T>::put(Spending { round: Some(round), deferred, ..spending });
	}

	/// Buys tokens for a slice and burns them. Returns the slice, the tokens and what still waits.
	pub(crate) fn back_slice(
		planned: Credits,
		pending: Credits,
	) -> Result<(Credits, Tokens, Credits), DispatchError> {
		let (_, pool_stable) = T::StablePool::reserves().ok_or(Error::<T>::NoPool)?;
		let credits = purchase::next_slice(planned, pending, pool_stable);
		ensure!(credits > 0, Error::<T>::PoolTooShallow);
		let price = match T::Pricing::purchase_quote() {
			Ok(quote) => quote.median,
			Err(GateReason::Spread) => return Err(Error::<T>::PricesDisagree.into()),
			// Nobody reports: the pool's own price has to do, but that of rounds that are over. Whoever moves the pool for the
			// moment of the slice only makes it wait.
			Err(GateReason::NoQuorum | GateReason::Stale) => {
				T::Pricing::pool_average().ok_or(Error::<T>::NoPoolAverage)?
			}
		};
		let least = purchase::least_tokens(credits, price).ok_or(Error::<T>::NoPrice)?;
		let pot = T::StablePot::get();
		let tokens = T::StablePool::swap(&pot, credits, least)?;
		T::Currency::burn_from(&pot, tokens, Preservation::Preserve, Precision::Exact, Fortitude::Force)?;
		let pending = Self::book(|ledger| {
			ledger.back(credits, tokens)?;
			Ok(ledger.pending_credits)
		})?;
		Ok((credits, tokens, pending))
	}
}
