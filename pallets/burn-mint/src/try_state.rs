//! The numbered invariants of the pallet's documentation.

use crate::{
	Accounts, Carried, Claims, Config, FirstUnsettled, LastPriced, NextClose, Pallet, Rates, RequestQueue,
	Requests, RequestsOf, RunningClose, Summaries, SupplyLedger,
};
use alloc::collections::BTreeMap;
use frame_support::{
	ensure,
	traits::fungible::{Inspect, InspectHold},
};
use polkadot_sdk::*;
use sp_runtime::TryRuntimeError;
use weir_primitives::{
	economy::{Credits, Tokens},
	seams::EpochClock,
};

type Check = Result<(), TryRuntimeError>;

impl<T: Config> Pallet<T> {
	/// Checks the numbered invariants of the pallet's documentation.
	pub fn do_try_state() -> Check {
		let ledger = SupplyLedger::<T>::get();
		ensure!(ledger.check().is_ok(), "1: the ledger does not add up");
		ensure!(ledger.issuance == T::Currency::total_issuance(), "2: the ledger has another issuance");
		Self::check_credits(ledger.credits)?;
		Self::check_claims()?;
		Self::check_requests()?;
		Self::check_close()?;
		Self::check_history()
	}

	/// Settled credits that wait in the running close to be divided among their epochs.
	fn undivided() -> Credits {
		RunningClose::<T>::get().map(|close| close.undivided).unwrap_or_default()
	}

	fn check_credits(outstanding: Credits) -> Check {
		let mut sum = Some(0u128);
		let mut add = |credits: Credits| sum = sum.and_then(|sum| sum.checked_add(credits));
		Accounts::<T>::iter_values().for_each(|account| {
			add(account.balance);
			add(account.locked);
		});
		let exists = |who: &T::AccountId| frame_system::Pallet::<T>::sufficients(who) > 0;
		ensure!(
			Accounts::<T>::iter_keys().all(|who| exists(&who)),
			"8: credits of an account that they do not keep alive"
		);
		Claims::<T>::iter_values().for_each(|claims| add(claims.unsettled()));
		let all = sum.and_then(|sum| sum.checked_sub(Self::undivided()));
		ensure!(all == Some(outstanding), "3: credits do not add up");
		Ok(())
	}

	fn check_claims() -> Check {
		let first = FirstUnsettled::<T>::get();
		// Of an epoch whose close runs, the claims are settled or carried.
		let end = NextClose::<T>::get().saturating_add(u32::from(RunningClose::<T>::exists()));
		let mut carried = Some(0u128);
		for (epoch, claims) in Claims::<T>::iter() {
			ensure!(epoch >= first, "4: an older epoch is unsettled");
			ensure!(epoch <= T::Clock::epoch(), "4: claims of an epoch to come");
			ensure!(claims.settled <= claims.credits, "4: more settled than claimed");
			ensure!(claims.unsettled() > 0, "4: settled claims are kept");
			if epoch < end {
				carried = carried.and_then(|sum| sum.checked_add(claims.unsettled()));
			}
		}
		let carried = carried.and_then(|sum| sum.checked_sub(Self::undivided()));
		ensure!(carried == Some(Carried::<T>::get()), "4: carried credits differ from the claims");
		Ok(())
	}

	fn check_requests() -> Check {
		let queue = RequestQueue::<T>::get();
		let (mut count, mut credits) = (0u32, 0u128);
		let mut held: BTreeMap<T::AccountId, Tokens> = BTreeMap::new();
		for (id, request) in Requests::<T>::iter() {
			ensure!((queue.head..queue.tail).contains(&id), "5: a request outside the queue");
			ensure!(RequestsOf::<T>::get(&request.who).contains(&id), "5: an account misses its request");
			count = count.saturating_add(1);
			credits = credits.saturating_add(request.credits);
			let sum = held.entry(request.who).or_default();
			*sum = sum.saturating_add(request.max_tokens);
		}
		let numbers = [queue.head, queue.scanned];
		ensure!(numbers.iter().all(|number| *number <= queue.tail), "5: a number beyond the queue");
		ensure!(queue.count == count && queue.credits == credits, "5: the queue is counted wrongly");
		for (who, ids) in RequestsOf::<T>::iter() {
			ensure!(!ids.is_empty(), "5: an empty list of requests");
			let own = |id: &u64| Requests::<T>::get(id).is_some_and(|request| request.who == who);
			ensure!(ids.iter().all(own), "5: an account lists a request that is not its own");
			ensure!(ids.iter().zip(ids.iter().skip(1)).all(|(a, b)| a < b), "5: a list out of order");
		}
		for who in frame_system::Account::<T>::iter_keys() {
			ensure!(
				T::Currency::balance_on_hold(&Self::hold_reason(), &who)
					== held.remove(&who).unwrap_or_default(),
				"5: on hold differs from the requests"
			);
		}
		ensure!(held.is_empty(), "5: a request of an account without tokens");
		Ok(())
	}

	fn check_close() -> Check {
		let Some(close) = RunningClose::<T>::get() else { return Ok(()) };
		ensure!(close.epoch() == NextClose::<T>::get(), "6: another epoch is closed");
		ensure!(close.epoch() < T::Clock::epoch(), "6: an epoch is closed that has not ended");
		ensure!(close.availability <= close.total, "6: more availability pay than allowed");
		ensure!(
			close.price().is_some() || close.total <= LastPriced::<T>::get(),
			"6: more availability pay than the last epoch with a price had"
		);
		ensure!(close.undivided <= close.settlement.credits, "6: more to divide than was settled");
		Ok(())
	}

	fn check_history() -> Check {
		let next = NextClose::<T>::get();
		let running = u32::from(RunningClose::<T>::exists());
		ensure!(
			Rates::<T>::iter_keys().all(|epoch| epoch < next.saturating_add(running)),
			"7: a rate of an epoch that has not ended"
		);
		ensure!(Summaries::<T>::iter_keys().all(|epoch| epoch < next), "7: a summary of an open epoch");
		Ok(())
	}
}
