//! Traffic that was paid for, and what its claims are converted at.

use crate::{
	types::{Close, EpochClaims, KeptRate, Phase},
	Carried, Claims, Config, Error, Event, FirstRate, FirstUnsettled, Pallet, Rates, WeightInfo,
};
use frame_support::{ensure, storage::with_storage_layer, traits::Get, weights::Weight};
use polkadot_sdk::*;
use sp_runtime::{DispatchError, DispatchResult};
use weir_math::economy::{emission::insurance_limit, ledger::Settlement, wide::mul_div_floor};
use weir_primitives::{
	economy::{Credits, Parameters, Price, SettlementRate, Tokens},
	seams::{
		economy::{Earnings, PaidTraffic, RegionalDemand, SettlementRates},
		EpochClock,
	},
	EpochIndex, Region,
};

/// Rates that one close forgets at most. It adds one or a few; the rest is forgotten with the next.
pub(crate) const MAX_FORGOTTEN: u32 = 4;

impl<T: Config> PaidTraffic<T::AccountId> for Pallet<T> {
	/// Fails with [`Error::ZeroAmount`], [`Error::InsufficientLock`], or when [`Config::Earnings`] refuses.
	fn paid_by_many(
		payments: &[(T::AccountId, Credits)],
		provider: &T::AccountId,
		demand: Option<(&Region, Credits)>,
	) -> Result<EpochIndex, DispatchError> {
		let epoch = T::Clock::epoch();
		with_storage_layer(|| {
			let credits = Self::claim(payments, epoch)?;
			T::Earnings::earned(provider, epoch, credits)?;
			if let Some((region, credits)) = demand {
				T::RegionalDemand::paid(region, epoch, credits);
			}
			Self::name_payers(payments, provider, epoch);
			Ok(epoch)
		})
	}

	fn weight_of_many(payments: u32) -> Weight {
		T::WeightInfo::paid(payments)
			.saturating_add(T::Earnings::weight())
			.saturating_add(T::RegionalDemand::weight())
	}
}

impl<T: Config> SettlementRates for Pallet<T> {
	fn rate(epoch: EpochIndex) -> Option<SettlementRate> {
		Rates::<T>::get(epoch).map(|kept| kept.rate)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn set_rate_for_benchmark(epoch: EpochIndex, rate: SettlementRate) {
		Rates::<T>::insert(epoch, crate::types::KeptRate { rate, since: epoch });
	}
}

impl<T: Config> Pallet<T> {
	pub(crate) fn name_payers(
		payments: &[(T::AccountId, Credits)],
		provider: &T::AccountId,
		epoch: EpochIndex,
	) {
		for (customer, credits) in payments.iter().cloned() {
			let provider = provider.clone();
			Self::deposit_event(Event::TrafficPaid { customer, provider, epoch, credits });
		}
	}

	/// Moves locked credits into the claims of the epoch. Returns how many in all.
	pub(crate) fn claim(
		payments: &[(T::AccountId, Credits)],
		epoch: EpochIndex,
	) -> Result<Credits, DispatchError> {
		let mut sum: Credits = 0;
		for (customer, credits) in payments {
			ensure!(*credits > 0, Error::<T>::ZeroAmount);
			Self::spend_lock(customer, *credits)?;
			sum = sum.checked_add(*credits).ok_or(Error::<T>::Overflow)?;
		}
		ensure!(sum > 0, Error::<T>::ZeroAmount);
		Claims::<T>::try_mutate(epoch, |claims| {
			claims.credits = claims.credits.checked_add(sum).ok_or(Error::<T>::Overflow)?;
			Ok(sum)
		})
	}

	/// Settles what `epoch` and those before it claimed, as far as it is backed, and mints the shares.
	pub(crate) fn settle(
		epoch: EpochIndex,
		parameters: &Parameters,
		price: Option<Price>,
		slice: Tokens,
	) -> Result<Settlement, DispatchError> {
		let claimed = Claims::<T>::get(epoch).credits;
		let waiting = Carried::<T>::get().checked_add(claimed).ok_or(Error::<T>::Overflow)?;
		let settlement = match price {
			Some(price) => {
				let most = insurance_limit(slice, parameters);
				Self::book(|ledger| ledger.settle(waiting, parameters, price, most))?
			}
			None => Settlement::default(),
		};
		let for_pot = settlement.provider.checked_add(settlement.attestor).ok_or(Error::<T>::Overflow)?;
		Self::mint_for(&T::RewardsPot::get(), for_pot)?;
		Self::mint_for(&T::Treasury::get(), settlement.treasury)?;
		Carried::<T>::put(waiting.checked_sub(settlement.credits).ok_or(Error::<T>::Overflow)?);
		Ok(settlement)
	}

	/// Gives the claims of the epoch their part of the settlement. Their rate is known once that is all of them.
	pub(crate) fn divide(close: &mut Close, epoch: EpochIndex) -> DispatchResult {
		let mut claims = Claims::<T>::get(epoch);
		let credits = claims.unsettled().min(close.undivided);
		let settlement = close.settlement;
		// Rounded down: what no epoch gets stays in the pot.
		let part = |tokens: Tokens| mul_div_floor(tokens, credits, settlement.credits).unwrap_or(0);
		let grow = |sum: &mut u128, tokens: Tokens| {
			*sum = sum.checked_add(tokens).ok_or(Error::<T>::Overflow)?;
			Ok::<_, Error<T>>(())
		};
		grow(&mut claims.settled, credits)?;
		grow(&mut claims.provider_tokens, part(settlement.provider))?;
		grow(&mut claims.attestor_tokens, part(settlement.attestor))?;
		grow(&mut claims.treasury_tokens, part(settlement.treasury))?;
		close.undivided = close.undivided.checked_sub(credits).ok_or(Error::<T>::Overflow)?;
		if claims.unsettled() > 0 {
			Claims::<T>::insert(epoch, claims);
		} else {
			Self::complete(epoch, &claims, close.epoch());
		}
		close.phase = match epoch.checked_add(1) {
			Some(next) if next <= close.epoch() && close.undivided > 0 => Phase::Rates { next },
			_ => Phase::Survey { next: 0 },
		};
		Ok(())
	}

	fn complete(epoch: EpochIndex, claims: &EpochClaims, since: EpochIndex) {
		Claims::<T>::remove(epoch);
		FirstUnsettled::<T>::put(epoch.saturating_add(1));
		if claims.credits > 0 {
			let rate = claims.rate();
			Rates::<T>::insert(epoch, KeptRate { rate, since });
			Self::deposit_event(Event::RateSet { epoch, rate });
		}
	}

	/// Forgets rates that are known for longer than the history lasts, and by which everybody was paid who earned at them: a
	/// rate that went before would take that epoch's fees with it.
	pub(crate) fn forget_rates(closed: EpochIndex) {
		let history = T::Pace::get().history_epochs;
		let unsettled = FirstUnsettled::<T>::get();
		let settled = T::Earnings::settled_until();
		let may_go = |kept: KeptRate| {
			kept.since.saturating_add(history) <= closed && settled.is_some_and(|until| kept.since <= until)
		};
		FirstRate::<T>::mutate(|first| {
			for _ in 0..MAX_FORGOTTEN {
				if *first >= unsettled || Rates::<T>::get(*first).is_some_and(|kept| !may_go(kept)) {
					break;
				}
				Rates::<T>::remove(*first);
				*first = first.saturating_add(1);
			}
		});
	}
}
