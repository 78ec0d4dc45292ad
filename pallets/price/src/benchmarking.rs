//! Benchmarks of every call and hook step, with as many reporters as there may be.

use crate::*;

use alloc::vec::Vec;
use codec::Encode;
use frame_benchmarking::v2::*;
use frame_support::{
	dispatch::RawOrigin,
	pallet_prelude::TransactionSource,
	traits::{
		fungible::{Inspect, Mutate},
		Authorize, EnsureOrigin, Get,
	},
	weights::WeightMeter,
};
use frame_system::pallet_prelude::BlockNumberFor;
use pallet_oracle::TimestampedValue;
use sp_application_crypto::RuntimeAppPublic;
use sp_core::sr25519;
use sp_io::hashing::blake2_256;
use sp_runtime::traits::{Saturating, Zero};
use weir_math::economy::{
	pace::MAX_TWAP_ROUNDS,
	price::{Average, MAX_REPORTERS},
	units::{DOLLAR, PRICE_ONE},
};
use weir_primitives::{
	economy::{Price, Quote, Round},
	price::{report_payload, ReporterKey},
	seams::{
		economy::{Pricing, StablePool},
		EpochClock,
	},
};

const PRICE: Price = PRICE_ONE / 25;

fn key_of<T: Config>(who: &T::AccountId) -> ReporterKey {
	sr25519::Public::from_raw((b"reporter", who).using_encoded(blake2_256)).into()
}

fn fund<T: Config>(who: &T::AccountId) {
	let amount = T::ReporterBond::get().saturating_mul(2u32.into());
	let amount = amount.saturating_add(T::Currency::minimum_balance());
	let funded = T::Currency::mint_into(who, amount);
	assert!(funded.is_ok(), "{funded:?}");
}

/// Makes `who` an active reporter.
pub(crate) fn activate<T: Config>(who: &T::AccountId) {
	fund::<T>(who);
	let joined = Pallet::<T>::do_add_reporter(who.clone())
		.and_then(|()| Pallet::<T>::do_join(who.clone(), key_of::<T>(who)));
	assert!(joined.is_ok(), "{joined:?}");
}

/// Moves the chain to a block of round `round`, with nothing but the clock.
fn set_round<T: Config>(round: Round) {
	let block = T::Pace::get().round_blocks.saturating_mul(round);
	frame_system::Pallet::<T>::set_block_number(BlockNumberFor::<T>::from(block));
}

/// Clears what genesis has, so that numbers are those of the benchmark.
fn clear<T: Config>() {
	let genesis: Vec<T::AccountId> = Admitted::<T>::get().into_inner();
	for who in genesis {
		let removed = Pallet::<T>::do_remove_reporter(who.clone());
		assert!(removed.is_ok(), "{removed:?}");
		Standings::<T>::mutate(|standings| standings.remove(&who));
	}
}

/// So many active reporters, each of which reported in round `round`, at prices of which the last deviate.
fn reported<T: Config>(reporters: u32, round: Round) -> Vec<T::AccountId> {
	clear::<T>();
	let all: Vec<T::AccountId> = (0..reporters).map(|n| account("reporter", n, 0)).collect();
	for (n, who) in all.iter().enumerate() {
		activate::<T>(who);
		let step = PRICE / 500;
		let value = PRICE.saturating_add(step.saturating_mul(n as u128));
		let timestamp = T::Pace::get().round_blocks.saturating_mul(round);
		pallet_oracle::RawValues::<T>::insert(who, Feed::Token, TimestampedValue { value, timestamp });
	}
	all
}

/// A quote as of `round`, and averages of the pool.
fn priced<T: Config>(round: Round) {
	let at_block = T::Pace::get().round_blocks.saturating_mul(round);
	let quote = Quote {
		round,
		median: PRICE,
		ema: PRICE,
		twap: Some(PRICE),
		low: PRICE / 400 * 399,
		high: PRICE / 400 * 401,
		reports: 1,
		oldest_block: at_block.saturating_sub(1),
		at_block,
		gate: None,
	};
	LatestQuote::<T>::put(quote);
	Quotes::<T>::insert(Pallet::<T>::place_of(round), quote);
	LastRound::<T>::put(round);
	let average = Some(Average { price: PRICE, is_deep: true });
	PoolAverages::<T>::put(frame_support::BoundedVec::truncate_from(alloc::vec![
		average;
		MAX_TWAP_ROUNDS as usize
	]));
}

fn deepen<T: Config>() {
	let who: T::AccountId = account("funder", 0, 0);
	T::Pool::fund_for_benchmark(&who, 100_000 * DOLLAR);
}

fn origin<O, E: EnsureOrigin<O>>() -> Result<O, BenchmarkError> {
	E::try_successful_origin().map_err(|()| BenchmarkError::Weightless)
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn add_reporter() -> Result<(), BenchmarkError> {
		clear::<T>();
		for n in 1..MAX_REPORTERS {
			Pallet::<T>::do_add_reporter(account("reporter", n, 0))?;
		}
		let who: T::AccountId = account("reporter", 0, 0);
		let origin = origin::<_, T::ReporterOrigin>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, who);
		assert_eq!(Admitted::<T>::get().len(), MAX_REPORTERS as usize);
		Ok(())
	}

	/// One that reports.
	#[benchmark]
	fn remove_reporter() -> Result<(), BenchmarkError> {
		let all = reported::<T>(MAX_REPORTERS, 1);
		let who = all.first().ok_or("there is one")?.clone();
		let origin = origin::<_, T::ReporterOrigin>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, who.clone());
		assert!(Reporters::<T>::get(who).is_some_and(|reporter| reporter.free_at.is_some()));
		Ok(())
	}

	#[benchmark]
	fn join() -> Result<(), BenchmarkError> {
		let _ = reported::<T>(MAX_REPORTERS - 1, 1);
		let who: T::AccountId = whitelisted_caller();
		fund::<T>(&who);
		Pallet::<T>::do_add_reporter(who.clone())?;
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), key_of::<T>(&who));
		assert!(Pallet::<T>::active(&who).is_ok());
		Ok(())
	}

	#[benchmark]
	fn leave() -> Result<(), BenchmarkError> {
		let all = reported::<T>(MAX_REPORTERS, 1);
		let who = all.first().ok_or("there is one")?.clone();
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));
		assert!(Pallet::<T>::active(&who).is_err());
		Ok(())
	}

	/// One that is slashed on its way out.
	#[benchmark]
	fn withdraw() -> Result<(), BenchmarkError> {
		let all = reported::<T>(MAX_REPORTERS, 1);
		let who = all.first().ok_or("there is one")?.clone();
		Pallet::<T>::do_leave(who.clone())?;
		Reporters::<T>::mutate_extant(&who, |reporter| reporter.free_at = Some(T::Clock::epoch()));
		Standings::<T>::mutate(|standings| {
			if let Some(standing) = standings.get_mut(&who) {
				(standing.judged, standing.deviated) = (1_000, 1_000);
			}
		});
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));
		assert!(!Reporters::<T>::contains_key(who));
		Ok(())
	}

	#[benchmark]
	fn set_key() {
		let who: T::AccountId = whitelisted_caller();
		clear::<T>();
		activate::<T>(&who);
		let key: ReporterKey = sr25519::Public::from_raw([7; 32]).into();
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), key.clone());
		assert!(ReporterOfKey::<T>::get(key) == Some(who));
	}

	/// The last of all reporters, so that all reports are combined.
	#[benchmark]
	fn report() -> Result<(), BenchmarkError> {
		let all = reported::<T>(MAX_REPORTERS, 1);
		set_round::<T>(2);
		let who = all.first().ok_or("there is one")?.clone();
		// Verified by the authorisation, which has a benchmark of its own.
		let signature = sr25519::Signature::from_raw([0; 64]).into();
		#[extrinsic_call]
		_(RawOrigin::Authorized, 2, PRICE, who.clone(), signature);
		assert_eq!(Pallet::<T>::reported_in(&who), Some(2));
		Ok(())
	}

	#[benchmark]
	fn authorize_report() -> Result<(), BenchmarkError> {
		let all = reported::<T>(MAX_REPORTERS, 1);
		set_round::<T>(2);
		let who = all.first().ok_or("there is one")?.clone();
		let key = ReporterKey::generate_pair(None);
		Pallet::<T>::do_set_key(who.clone(), key.clone())?;
		let payload = report_payload(&Pallet::<T>::genesis_hash(), 2, &who, PRICE);
		let signature = key.sign(&payload).ok_or("the key was generated in this keystore")?;
		let call = Call::<T>::report { round: 2, price: PRICE, who, signature };
		#[block]
		{
			call.authorize(TransactionSource::External).ok_or("the call is authorised")??;
		}
		Ok(())
	}

	#[benchmark]
	fn post_price() -> Result<(), BenchmarkError> {
		priced::<T>(1);
		let gone = T::Pace::get().gone_blocks.saturating_add(T::Pace::get().round_blocks.saturating_mul(2));
		frame_system::Pallet::<T>::set_block_number(BlockNumberFor::<T>::from(gone));
		let origin = origin::<_, T::PostOrigin>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, PRICE);
		assert_eq!(Posted::<T>::get().map(|posted| posted.price), Some(PRICE));
		Ok(())
	}

	/// What every block begins with.
	#[benchmark]
	fn sample_pool() {
		deepen::<T>();
		priced::<T>(1);
		set_round::<T>(1);
		let before = PoolSamples::<T>::get().blocks;
		#[block]
		{
			let _ = Pallet::<T>::round_of(Pallet::<T>::block()) > LastRound::<T>::get();
			Pallet::<T>::sample_pool();
		}
		assert_eq!(PoolSamples::<T>::get().blocks, before.saturating_add(1));
	}

	/// What a round begins with, after so long a time without a price that the average catches up.
	#[benchmark]
	fn begin_round(n: Linear<1, { MAX_REPORTERS }>) {
		const ROUND: Round = 66;
		let _ = reported::<T>(n, ROUND - 1);
		priced::<T>(2);
		set_round::<T>(ROUND);
		#[block]
		{
			Pallet::<T>::begin_round(ROUND);
		}
		assert_eq!(
			LatestQuote::<T>::get().map(|quote| (quote.round, u32::from(quote.reports))),
			Some((ROUND, n))
		);
	}

	/// Without anybody to judge.
	#[benchmark]
	fn on_idle_base() {
		let _ = reported::<T>(MAX_REPORTERS, 1);
		#[block]
		{
			Pallet::<T>::judge_reporters(&mut WeightMeter::new());
		}
		assert!(<Pallet<T> as Pricing>::round() <= 1);
	}

	/// One that is slashed.
	#[benchmark]
	fn judge_reporter() -> Result<(), BenchmarkError> {
		let all = reported::<T>(MAX_REPORTERS, 1);
		let who = all.last().ok_or("there is one")?.clone();
		Standings::<T>::mutate(|standings| {
			for standing in standings.iter_mut().map(|(_, standing)| standing) {
				(standing.era, standing.judged, standing.deviated) = (1, 1_000, 1_000);
			}
			if let Some(standing) = standings.get_mut(&who) {
				standing.era = 0;
			}
		});
		Era::<T>::put(EraInfo { number: 1, from_epoch: T::Clock::epoch() });
		let step = <T as Config>::WeightInfo::on_idle_base()
			.saturating_add(<T as Config>::WeightInfo::judge_reporter());
		#[block]
		{
			Pallet::<T>::judge_reporters(&mut WeightMeter::with_limit(step));
		}
		let bond = Reporters::<T>::get(&who).map(|reporter| reporter.bond).unwrap_or_default();
		assert!(!bond.is_zero() && bond < T::ReporterBond::get());
		Ok(())
	}

	/// What others ask for, all of it where each is dearest: the running round found no quorum, governance has posted a price,
	/// and the pool has as many averages as are kept.
	#[benchmark]
	fn ask_quote() {
		let _ = reported::<T>(MAX_REPORTERS, 1);
		deepen::<T>();
		priced::<T>(1);
		let round = T::Pace::get().gone_blocks.saturating_add(2);
		set_round::<T>(round);
		LastRound::<T>::put(round);
		Posted::<T>::put(PostedPrice { price: PRICE, at_block: Pallet::<T>::block() });
		let purchase;
		let payout;
		let is_lost;
		let last;
		let average;
		#[block]
		{
			purchase = <Pallet<T> as Pricing>::purchase_quote();
			payout = <Pallet<T> as Pricing>::payout_quote();
			is_lost = <Pallet<T> as Pricing>::is_lost();
			last = <Pallet<T> as Pricing>::last_quote();
			average = <Pallet<T> as Pricing>::pool_average();
		}
		assert!(purchase.is_err() && payout.is_ok_and(|quote| quote.median == PRICE) && !is_lost);
		assert_eq!((last.map(|quote| quote.round), average), (Some(1), Some(PRICE)));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::with_keystore(), crate::mock::Runtime);
}
