//! Buying credits for the stable asset, and spending that asset for tokens that are burned.

use crate::{Config, Error, Event, Pallet, StableSpending, SupplyLedger, WeightInfo};
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
		let (_, pool_stable) = T::StablePool::reserves().ok_or(Error::<T>::NoPool)?;
		let cap = purchase::pending_cap(pool_stable, T::Pace::get().rounds_per_day);
		let waiting = SupplyLedger::<T>::get().pending_credits.checked_add(credits);
		ensure!(waiting.is_some_and(|waiting| waiting <= cap), Error::<T>::BeyondPool);
		T::StablePool::transfer(&who, &T::StablePot::get(), credits)?;
		let pending = Self::book(|ledger| {
			ledger.buy_stable(credits)?;
			Ok(ledger.pending_credits)
		})?;
		StableSpending::<T>::mutate(|spending| spending.slice = purchase::equal_slice(pending));
		let balance = Self::add_credits(&who, credits)?;
		Self::deposit_event(Event::StableCreditsBought { who, credits, balance });
		Ok(())
	}

	/// Spends the round's slice of the stable asset, once per round.
	pub(crate) fn spend_slice(meter: &mut WeightMeter) {
		let round = T::Pricing::round();
		let pending = SupplyLedger::<T>::get().pending_credits;
		let spending = StableSpending::<T>::get();
		if pending == 0 || spending.round == Some(round) {
			return;
		}
		let step = T::WeightInfo::spend_slice().saturating_add(T::StablePool::swap_weight());
		if meter.try_consume(step).is_err() {
			return;
		}
		StableSpending::<T>::mutate(|spending| spending.round = Some(round));
		match with_storage_layer(|| Self::back_slice(spending.slice, pending)) {
			Ok((credits, tokens, pending)) => {
				Self::deposit_event(Event::SliceSpent { credits, tokens, pending })
			}
			Err(error) => Self::deposit_event(Event::SliceDeferred { round, error }),
		}
	}

	/// Buys tokens for a slice and burns them. Returns the slice, the tokens and what still waits.
	pub(crate) fn back_slice(
		planned: Credits,
		pending: Credits,
	) -> Result<(Credits, Tokens, Credits), DispatchError> {
		let (pool_tokens, pool_stable) = T::StablePool::reserves().ok_or(Error::<T>::NoPool)?;
		let credits = purchase::next_slice(planned, pending, pool_stable);
		ensure!(credits > 0, Error::<T>::PoolTooShallow);
		let least = match T::Pricing::purchase_quote() {
			Ok(quote) => purchase::least_tokens(credits, quote.median),
			Err(GateReason::Spread) => return Err(Error::<T>::PricesDisagree.into()),
			// Nobody reports: the pool's own price has to do. Slices are too small for moving it to pay.
			Err(GateReason::NoQuorum | GateReason::Stale) => {
				purchase::least_of_pool(credits, pool_tokens, pool_stable)
			}
		};
		let pot = T::StablePot::get();
		let tokens = T::StablePool::swap(&pot, credits, least.ok_or(Error::<T>::NoPrice)?)?;
		T::Currency::burn_from(&pot, tokens, Preservation::Preserve, Precision::Exact, Fortitude::Force)?;
		let pending = Self::book(|ledger| {
			ledger.back(credits, tokens)?;
			Ok(ledger.pending_credits)
		})?;
		Ok((credits, tokens, pending))
	}
}
