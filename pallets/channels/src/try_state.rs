//! The numbered invariants.

use crate::{Channels, Closing, Config, NextId, OfAccount, Pallet, Plans, SweptUntil};
use alloc::{collections::BTreeMap, vec::Vec};
use frame_support::{ensure, traits::Get};
use polkadot_sdk::*;
use sp_runtime::TryRuntimeError;
use weir_primitives::{
	economy::Credits,
	seams::{economy::CreditAccounts, EpochClock},
};

impl<T: Config> Pallet<T> {
	/// Checks the numbered invariants of the pallet's documentation.
	///
	/// # Errors
	///
	/// Names the first that does not hold.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let (now, next, swept) = (T::Clock::epoch(), NextId::<T>::get(), SweptUntil::<T>::get());
		let mut locked = BTreeMap::<T::AccountId, Credits>::new();
		let mut lock = |who: &T::AccountId, credits: Credits| {
			let sum = locked.entry(who.clone()).or_default();
			*sum = sum.saturating_add(credits);
		};
		let mut listed = 0usize;
		for (channel, record) in Channels::<T>::iter() {
			ensure!(
				record.funds.paid <= record.funds.deposited,
				"1: a channel has paid more than was put in"
			);
			lock(&record.payer, record.funds.left());
			let mut whose: Vec<_> = alloc::vec![&record.payer, &record.customer, &record.provider];
			whose.sort();
			whose.dedup();
			listed = listed.saturating_add(whose.len());
			ensure!(
				whose.into_iter().all(|who| OfAccount::<T>::contains_key(who, channel)),
				"3: a channel is not listed with its accounts"
			);
			ensure!(
				Closing::<T>::contains_key(record.closes_from, channel),
				"3: a channel is not listed where it closes"
			);
			ensure!(channel < next, "4: a channel has a number that was not given out");
			ensure!(record.closes_from >= swept, "4: a channel closes in an epoch that was swept");
		}
		ensure!(
			OfAccount::<T>::iter_keys().count() == listed,
			"3: an account lists a channel that is not there"
		);
		ensure!(
			Closing::<T>::iter_keys().count() == Channels::<T>::iter_keys().count(),
			"3: an epoch lists a channel that is not there"
		);
		for (who, held) in Plans::<T>::iter() {
			ensure!(held.plan.left() > 0, "5: an empty plan");
			ensure!(
				held.plan.until <= now.saturating_add(T::PlanEpochs::get()),
				"5: a plan ends later than a month from now"
			);
			lock(&who, held.plan.left());
		}
		let mut sum: Credits = 0;
		for (who, credits) in locked {
			ensure!(
				T::Credits::locked(&who) == credits,
				"2: locked credits are not those of channels and plan"
			);
			sum = sum.saturating_add(credits);
		}
		ensure!(T::Credits::all_locked() == sum, "2: credits are locked for no channel and no plan");
		Ok(())
	}
}
