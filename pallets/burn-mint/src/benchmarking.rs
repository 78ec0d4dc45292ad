//! Worst cases of the calls and of each step of the hooks. Prices, regions and earnings weigh what they say themselves.

#![allow(clippy::expect_used, clippy::arithmetic_side_effects)]

use crate::{
	types::{Close, EpochStart, KeptRate, Request},
	Accounts, Call, Carried, Claims, Config, FirstRate, FirstUnsettled, LastPriced, NextClose, Pallet, Rates,
	RequestQueue, Requests, RunningClose, RunningEpoch, StableSpending, Summaries, SupplyLedger,
};
use alloc::vec::Vec;
use frame_benchmarking::v2::*;
use frame_support::{
	traits::{fungible::Inspect, Get},
	weights::WeightMeter,
};
use frame_system::RawOrigin;
use polkadot_sdk::*;
use weir_math::economy::{
	units::{DOLLAR, PRICE_ONE, TOKEN},
	wide::tokens_ceil,
};
use weir_primitives::{
	economy::{Credits, Price, Quote, SettlementRate},
	seams::{
		economy::{CreditAccounts, Pricing, StablePool},
		EpochClock,
	},
	EpochIndex,
};

const PRICE: Price = PRICE_ONE / 25;
const CREDITS: Credits = 10 * DOLLAR;

/// Payments that are measured at once.
const MAX_PAYMENTS: u32 = 64;

/// An account with tokens that the ledger knows of.
fn funded<T: Config>(name: &'static str) -> T::AccountId {
	funded_nth::<T>(name, 0)
}

fn funded_nth<T: Config>(name: &'static str, n: u32) -> T::AccountId {
	let who: T::AccountId = account(name, n, 0);
	let tokens = T::Currency::minimum_balance() + 100_000 * TOKEN;
	assert!(Pallet::<T>::mint_for(&who, tokens).is_ok());
	assert!(Pallet::<T>::book(|ledger| ledger.emit_reserve(tokens)).is_ok());
	who
}

/// An account with credits that were bought for tokens.
fn credited<T: Config>(name: &'static str) -> T::AccountId {
	credited_nth::<T>(name, 0)
}

fn credited_nth<T: Config>(name: &'static str, n: u32) -> T::AccountId {
	let who = funded_nth::<T>(name, n);
	credit::<T>(&who, CREDITS);
	who
}

/// Gives `who` credits, and beside the tokens that are burned for them what an account has to have.
pub(crate) fn credit<T: Config>(who: &T::AccountId, credits: Credits) {
	let cost = tokens_ceil(credits, PRICE).expect("tokens for all credits of a benchmark");
	let tokens = T::Currency::minimum_balance() + cost;
	assert!(Pallet::<T>::mint_for(who, tokens).is_ok());
	assert!(Pallet::<T>::book(|ledger| ledger.emit_reserve(tokens)).is_ok());
	assert!(Pallet::<T>::burn_of(who, cost).is_ok());
	assert!(Pallet::<T>::book(|ledger| ledger.buy(credits, cost)).is_ok());
	assert!(Pallet::<T>::add_credits(who, credits).is_ok());
}

/// As many requests of `who` as it may have. Returns the number of the last.
fn requested<T: Config>(who: &T::AccountId) -> u64 {
	// Measured by it.
	T::Pricing::quote_for_benchmark(PRICE);
	for _ in 0..T::MaxRequestsPerAccount::get() {
		assert!(Pallet::<T>::do_request(who.clone(), DOLLAR, 100 * TOKEN).is_ok());
	}
	RequestQueue::<T>::get().tail - 1
}

fn quote<T: Config>() -> Quote {
	Quote {
		round: T::Pricing::round(),
		median: PRICE,
		ema: PRICE,
		twap: None,
		low: PRICE,
		high: PRICE,
		reports: 9,
		oldest_block: 0,
		at_block: 0,
		gate: None,
	}
}

/// The close of the next epoch, in which credits were claimed, as it begins.
fn begun<T: Config>() -> Close {
	let customer = credited::<T>("customer");
	let epoch = NextClose::<T>::get();
	assert!(Pallet::<T>::lock(&customer, CREDITS).is_ok());
	assert!(Pallet::<T>::claim(&[(customer.clone(), CREDITS)], epoch).is_ok());
	let close = Pallet::<T>::begin(epoch, T::Parameters::get(), Some(PRICE));
	let close = close.expect("the ledger and the pots are there");
	RunningClose::<T>::put(close);
	close
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn request_credits() {
		let who = funded::<T>("customer");
		// All but one, so that the list is as long as it may be.
		let all = requested::<T>(&who);
		let request = Requests::<T>::get(all).expect("requested above");
		assert!(Pallet::<T>::dequeue(all, &request).is_ok());
		#[extrinsic_call]
		_(RawOrigin::Signed(who), DOLLAR, 100 * TOKEN);
		assert!(Requests::<T>::contains_key(all + 1));
	}

	/// While purchases are closed, which those of a chain with a quote are not: so it is taken back without being asked.
	#[benchmark]
	fn cancel_request() {
		let who = funded::<T>("customer");
		let id = requested::<T>(&who);
		let request = Requests::<T>::get(id).expect("requested above");
		#[block]
		{
			let _ = Pallet::<T>::open_quote();
			assert!(Pallet::<T>::take_back(id, &request).is_ok());
		}
		assert!(!Requests::<T>::contains_key(id));
	}

	#[benchmark]
	fn buy_with_stable() {
		let who = funded::<T>("customer");
		T::StablePool::fund_for_benchmark(&who, CREDITS);
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), CREDITS);
		assert_eq!(Pallet::<T>::free(&who), CREDITS);
	}

	#[benchmark]
	fn notify_inactive() -> Result<(), BenchmarkError> {
		let who = credited::<T>("customer");
		#[block]
		{
			let account = Pallet::<T>::with_credits(&who).map_err(sp_runtime::DispatchError::from)?;
			// A chain that has just begun knows no inactive account.
			Pallet::<T>::give_notice(who.clone(), account);
		}
		assert!(Accounts::<T>::get(&who).is_some_and(|account| account.sweep_from.is_some()));
		Ok(())
	}

	#[benchmark]
	fn sweep() {
		let (who, anybody) = (credited::<T>("customer"), funded::<T>("anybody"));
		Accounts::<T>::mutate(&who, |account| {
			if let Some(account) = account {
				account.sweep_from = Some(T::Clock::epoch());
			}
		});
		#[extrinsic_call]
		_(RawOrigin::Signed(anybody), who.clone());
		assert_eq!(Pallet::<T>::free(&who), 0);
	}

	#[benchmark]
	fn paid(n: Linear<1, MAX_PAYMENTS>) {
		let provider: T::AccountId = account("provider", 0, 0);
		let payments: Vec<_> = (0..n)
			.map(|payer| {
				let who = credited_nth::<T>("customer", payer);
				assert!(Pallet::<T>::lock(&who, CREDITS).is_ok());
				(who, CREDITS)
			})
			.collect();
		let epoch = T::Clock::epoch();
		#[block]
		{
			let claimed = Pallet::<T>::claim(&payments, epoch);
			assert!(claimed.is_ok());
			Pallet::<T>::name_payers(&payments, &provider, epoch);
		}
		assert_eq!(Claims::<T>::get(epoch).credits, CREDITS * Credits::from(n));
		assert!(payments.iter().all(|(who, _)| Pallet::<T>::locked(who) == 0));
	}

	#[benchmark]
	fn on_initialize() {
		RunningEpoch::<T>::put(EpochStart { epoch: EpochIndex::MAX, round: 0 });
		#[block]
		{
			Pallet::<T>::note_epoch();
		}
		assert_eq!(RunningEpoch::<T>::get().epoch, T::Clock::epoch());
	}

	#[benchmark]
	fn on_idle_base() {
		NextClose::<T>::put(T::Clock::epoch());
		#[block]
		{
			let mut meter = WeightMeter::new();
			Pallet::<T>::execute_requests(&mut meter);
			Pallet::<T>::spend_slice(&mut meter);
			Pallet::<T>::close_epochs(&mut meter);
		}
		assert!(!RunningClose::<T>::exists());
	}

	#[benchmark]
	fn quote_requests() {
		#[block]
		{
			// Whether there is one depends on the chain.
			let _ = Pallet::<T>::open_quote();
			// Where the block stops looking for what is too dear.
			RequestQueue::<T>::mutate(|queue| queue.scanned = queue.head);
		}
	}

	#[benchmark]
	fn execute_request() {
		let who = funded::<T>("customer");
		let last = requested::<T>(&who);
		let head = RequestQueue::<T>::get().head;
		let quote = quote::<T>();
		#[block]
		{
			let queue = RequestQueue::<T>::get();
			let request: Request<T::AccountId> = Requests::<T>::get(queue.head).expect("requested above");
			let outcome = Pallet::<T>::outcome_of(&request, &quote).expect("the round sells a dollar");
			Pallet::<T>::conclude(queue.head, &request, &quote, outcome);
		}
		assert_eq!(Pallet::<T>::free(&who), DOLLAR);
		assert!(head < last || RequestQueue::<T>::get().count == 0);
	}

	/// The swap weighs what the pool says; that it is counted here as well makes it an upper bound.
	#[benchmark]
	fn spend_slice() {
		let pot = T::StablePot::get();
		assert!(Pallet::<T>::mint_for(&pot, T::Currency::minimum_balance()).is_ok());
		T::StablePool::fund_for_benchmark(&pot, CREDITS);
		T::Pricing::quote_for_benchmark(PRICE);
		assert!(Pallet::<T>::book(|ledger| {
			// Whatever backs the pool of a benchmark.
			ledger.emit_reserve(TOKEN)?;
			ledger.buy_stable(CREDITS)
		})
		.is_ok());
		let spent;
		#[block]
		{
			let spending = StableSpending::<T>::get();
			StableSpending::<T>::put(spending);
			spent = Pallet::<T>::back_slice(DOLLAR, CREDITS);
		}
		assert!(spent.is_ok());
	}

	#[benchmark]
	fn close_begin() {
		let customer = credited::<T>("customer");
		let epoch = NextClose::<T>::get();
		assert!(Pallet::<T>::lock(&customer, CREDITS).is_ok());
		assert!(Pallet::<T>::claim(&[(customer.clone(), CREDITS)], epoch).is_ok());
		#[block]
		{
			let close = Pallet::<T>::begin(epoch, T::Parameters::get(), Some(PRICE));
			RunningClose::<T>::put(close.expect("the ledger and the pots are there"));
		}
		assert!(RunningClose::<T>::get().is_some_and(|close| close.settlement.credits == CREDITS));
	}

	#[benchmark]
	fn close_rate() {
		let mut close = begun::<T>();
		let epoch = close.epoch();
		#[block]
		{
			assert!(Pallet::<T>::divide(&mut close, epoch).is_ok());
			RunningClose::<T>::put(close);
		}
		assert!(Rates::<T>::contains_key(epoch));
	}

	#[benchmark]
	fn close_region() {
		let mut close = begun::<T>();
		(close.total, close.wanted) = (TOKEN, 1);
		let pot = T::RewardsPot::get();
		let before = T::Currency::balance(&pot);
		#[block]
		{
			// The step between the passes is charged as a region.
			let _ = Pallet::<T>::total_of(&close);
			assert!(Pallet::<T>::mint_pay(&mut close, TOKEN).is_ok());
			RunningClose::<T>::put(close);
		}
		assert_eq!(T::Currency::balance(&pot), before + TOKEN);
	}

	#[benchmark]
	fn close_shares() {
		let mut close = begun::<T>();
		#[block]
		{
			assert!(Pallet::<T>::pay_shares(&mut close).is_ok());
			RunningClose::<T>::put(close);
		}
		assert!(close.treasury > 0);
	}

	#[benchmark]
	fn close_finish(n: Linear<0, 4>) {
		let close = begun::<T>();
		let epoch = close.epoch();
		Carried::<T>::put(0);
		FirstRate::<T>::put(0);
		FirstUnsettled::<T>::put(n);
		for old in 0..n {
			let rate =
				SettlementRate { credits: 1, provider_tokens: 1, attestor_tokens: 1, treasury_tokens: 1 };
			// Older than any history.
			Rates::<T>::insert(old, KeptRate { rate, since: 0 });
		}
		#[block]
		{
			assert!(Pallet::<T>::finish(&close).is_ok());
			// Whatever the history of the network, and whoever is still to be paid: each is read, and goes.
			for old in 0..n {
				Rates::<T>::take(old);
			}
			RunningClose::<T>::kill();
		}
		assert!(Summaries::<T>::contains_key(epoch) && LastPriced::<T>::exists());
		assert!(SupplyLedger::<T>::get().check().is_ok());
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
