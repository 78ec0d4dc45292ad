//! Credits put aside for a month of use.

use crate::{types::Subscription, Config, Error, Event, Pallet, Plans};
use frame_support::{ensure, storage::with_storage_layer, traits::Get};
use polkadot_sdk::*;
use sp_runtime::DispatchResult;
use weir_math::economy::channel::Plan;
use weir_primitives::{
	economy::Credits,
	seams::{economy::CreditAccounts, EpochClock},
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_subscribe(who: &T::AccountId, credits: Credits) -> DispatchResult {
		ensure!(credits >= T::MinDeposit::get(), Error::<T>::BelowMinimum);
		with_storage_layer(|| {
			T::Credits::lock(who, credits)?;
			let mut held = Self::turned(who).unwrap_or_else(Self::new_plan);
			held.plan.current = held.plan.current.checked_add(credits).ok_or(Error::<T>::Overflow)?;
			// What was bought before is worth no less by that, and what is bought now lifts all to a dearer list price.
			held.price = held.price.max(T::Parameters::get().list_price);
			let until = held.plan.until;
			Plans::<T>::insert(who, held);
			Self::deposit_event(Event::Subscribed { who: who.clone(), credits, until });
			Ok(())
		})
	}

	pub(crate) fn do_lapse_plan(who: &T::AccountId) -> DispatchResult {
		let held = Plans::<T>::get(who).ok_or(Error::<T>::NoPlan)?;
		ensure!(T::Clock::epoch() >= held.plan.until, Error::<T>::NotDue);
		let held = Self::turned(who);
		Self::keep(who, held);
		Ok(())
	}

	/// Takes credits out of a plan into a channel: they stay locked.
	pub(crate) fn take_from_plan(who: &T::AccountId, credits: Credits, price: u64) -> DispatchResult {
		let mut held = Self::turned(who).ok_or(Error::<T>::NoPlan)?;
		ensure!(price <= held.price, Error::<T>::AbovePlanPrice);
		held.plan.spend(credits).ok_or(Error::<T>::PlanTooSmall)?;
		Self::keep(who, Some(held));
		Ok(())
	}

	/// Gives credits of a channel back to the plan that they came from. What the plan had is what they lapse with. They go on
	/// buying at the price of the channel, which they could buy at before.
	pub(crate) fn give_to_plan(who: &T::AccountId, credits: Credits, price: u64) -> DispatchResult {
		let mut held = Self::turned(who).unwrap_or_else(Self::new_plan);
		held.plan.put_back(credits).ok_or(Error::<T>::Overflow)?;
		held.price = held.price.max(price);
		Self::keep(who, Some(held));
		Ok(())
	}

	/// The plan as of now: what was not used in time is gone, and with the last of it the plan. The caller stores it.
	fn turned(who: &T::AccountId) -> Option<Subscription> {
		let mut held = Plans::<T>::get(who)?;
		let lapsed = held.plan.turn(T::Clock::epoch(), T::PlanEpochs::get());
		if lapsed == 0 {
			return Some(held);
		}
		if with_storage_layer(|| T::Credits::lapse(who, lapsed)).is_ok() {
			Self::deposit_event(Event::PlanLapsed { who: who.clone(), credits: lapsed });
		} else {
			// Credits whose tokens are still to be bought cannot lapse yet. They are good for one more month: nobody's channel
			// may stay open for that. Saturating: all of it was in the plan before.
			held.plan.rolled = held.plan.rolled.saturating_add(lapsed);
		}
		Some(held).filter(|held| held.plan.left() > 0)
	}

	fn new_plan() -> Subscription {
		let until = T::Clock::epoch().saturating_add(T::PlanEpochs::get());
		Subscription { plan: Plan { current: 0, rolled: 0, until }, price: T::Parameters::get().list_price }
	}

	fn keep(who: &T::AccountId, held: Option<Subscription>) {
		Plans::<T>::set(who, held.filter(|held| held.plan.left() > 0));
	}
}
