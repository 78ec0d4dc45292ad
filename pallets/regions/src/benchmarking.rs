//! Worst cases of the calls and of what other pallets ask. Origins, clock and pot are the runtime's own.

use crate::{pallet::*, EpochDemand, RegionState, MAX_OPEN_EPOCHS, MAX_PREFIXES_PER_CALL};
use alloc::vec::Vec;
use frame_benchmarking::v2::*;
use frame_support::{
	traits::{
		fungible::{Inspect, Mutate},
		EnsureOrigin, Get,
	},
	BoundedVec,
};
use frame_system::RawOrigin;
use polkadot_sdk::*;
use weir_math::economy::{groups::Network, units::PRICE_ONE};
use weir_primitives::{
	economy::{CloseTerms, RegionId, RegionObserved, Tokens},
	seams::{
		economy::{Placement, RegionalDemand, RegionalTerms},
		EpochClock,
	},
	Endpoint, LineKind, Region,
};

const LEAST: u64 = 1_000_000_000;

fn origin<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
	T::RegionOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)
}

/// A region that the table does not have.
fn fresh<T: Config>() -> Region {
	let codes = (b'A'..=b'Z').flat_map(|first| (b'A'..=b'Z').map(move |second| [first, second]));
	let mut regions = codes.map(|country| Region { country, kind: LineKind::Hosting });
	let unknown = |region: &Region| region.is_valid() && !IdOf::<T>::contains_key(region);
	regions.find(unknown).expect("a benchmark needs two of 249")
}

fn opened<T: Config>() -> (RegionId, Region) {
	let region = fresh::<T>();
	assert!(Pallet::<T>::do_open_region(region, LEAST).is_ok());
	(IdOf::<T>::get(region).expect("opened above"), region)
}

fn funded<T: Config>(n: u32) -> T::AccountId {
	let who: T::AccountId = account("sponsor", n, 0);
	let balance = T::MinBounty::get().saturating_mul(100).saturating_add(T::Currency::minimum_balance());
	T::Currency::set_balance(&who, balance);
	who
}

/// As many bounties as there may be, each of another sponsor and larger than the one before.
fn with_bounties<T: Config>(region: &Region) {
	T::Currency::set_balance(&T::RewardsPot::get(), T::Currency::minimum_balance());
	for n in 0..T::MaxBounties::get() {
		let amount = T::MinBounty::get().saturating_add(Tokens::from(n).saturating_add(2));
		let posted = Pallet::<T>::do_post_bounty(funded::<T>(n), region, amount, 1_000, T::Clock::epoch());
		assert!(posted.is_ok());
	}
}

/// Demand in as many epochs as may wait.
fn with_demand<T: Config>(id: RegionId) {
	let epochs: Vec<_> = (0..MAX_OPEN_EPOCHS).map(|epoch| EpochDemand { epoch, credits: 1 << 60 }).collect();
	Demands::<T>::insert(id, BoundedVec::truncate_from(epochs));
}

fn prefixes(n: u32) -> BoundedVec<Network, frame_support::traits::ConstU32<MAX_PREFIXES_PER_CALL>> {
	let all: Vec<_> = (0..n).map(|prefix| Network::V6(prefix.to_be_bytes())).collect();
	BoundedVec::truncate_from(all)
}

fn v6(last: u8) -> Endpoint {
	Endpoint::V6 { addr: [0x20, 0x01, 0x0a, 0, 0, 0, last, 0, 0, 0, 0, 0, 0, 0, 0, last], port: 1 }
}

const OBSERVED: RegionObserved = RegionObserved { weight: 1_000_000_000_000, proven: 100_000_000 };

fn terms() -> CloseTerms {
	CloseTerms {
		epoch: MAX_OPEN_EPOCHS,
		price: Some(PRICE_ONE),
		availability: 10_000,
		coverage_budget: 1_000_000_000,
	}
}

/// A region with enough lines, operators and networks for its multiplier to be computed.
fn peopled<T: Config>(region: &Region) {
	for n in 0..6u8 {
		let operator: T::AccountId = account("operator", n.into(), 0);
		let endpoint = Endpoint::V4 { addr: [9, n, 1, 1], port: 1 };
		Pallet::<T>::place((n as u32).saturating_add(1_000), &operator, region, &endpoint, 250_000);
	}
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn open_region() -> Result<(), BenchmarkError> {
		let origin = origin::<T>()?;
		let region = fresh::<T>();
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, region, LEAST);
		assert!(Pallet::<T>::id_of(&region).is_some());
		Ok(())
	}

	#[benchmark]
	fn close_region() -> Result<(), BenchmarkError> {
		let origin = origin::<T>()?;
		let (id, region) = opened::<T>();
		with_demand::<T>(id);
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, region);
		assert!(Pallet::<T>::id_of(&region).is_none());
		Ok(())
	}

	#[benchmark]
	fn set_least_weight() -> Result<(), BenchmarkError> {
		let origin = origin::<T>()?;
		let (id, region) = opened::<T>();
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, region, 1);
		assert_eq!(Regions::<T>::get(id).map(|state| state.least_weight), Some(1));
		Ok(())
	}

	#[benchmark]
	fn list_hosting(n: Linear<1, MAX_PREFIXES_PER_CALL>) -> Result<(), BenchmarkError> {
		let origin = origin::<T>()?;
		let n = n.min(T::MaxHosting::get());
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, prefixes(n));
		assert!(Hosting::<T>::count() >= n);
		Ok(())
	}

	#[benchmark]
	fn unlist_hosting(n: Linear<1, MAX_PREFIXES_PER_CALL>) -> Result<(), BenchmarkError> {
		let origin = origin::<T>()?;
		let n = n.min(T::MaxHosting::get());
		assert!(Pallet::<T>::do_list_hosting(&prefixes(n)).is_ok());
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, prefixes(n));
		assert!(!Hosting::<T>::contains_key(Network::V6([0; 4])));
		Ok(())
	}

	/// All places are taken: the smallest bounty is returned.
	#[benchmark]
	fn post_bounty() {
		let (id, region) = opened::<T>();
		with_bounties::<T>(&region);
		let sponsor = funded::<T>(u32::MAX);
		let amount = T::MinBounty::get().saturating_mul(50);
		#[extrinsic_call]
		_(RawOrigin::Signed(sponsor.clone()), region, amount, 1, T::Clock::epoch());
		let last = Bounties::<T>::get(id).last().map(|bounty| bounty.sponsor.clone());
		assert!(last == Some(sponsor));
	}

	#[benchmark]
	fn reclaim_bounty() {
		let (id, region) = opened::<T>();
		with_bounties::<T>(&region);
		BountiesPaidFor::<T>::insert(id, T::Clock::epoch());
		let number = NextBounty::<T>::get().saturating_sub(1);
		#[extrinsic_call]
		_(RawOrigin::Signed(funded::<T>(0)), region, number);
		assert!(Bounties::<T>::get(id).iter().all(|bounty| bounty.id != number));
	}

	/// A new epoch where as many wait as may.
	#[benchmark]
	fn paid() {
		let (id, region) = opened::<T>();
		with_demand::<T>(id);
		#[block]
		{
			<Pallet<T> as RegionalDemand>::paid(&region, MAX_OPEN_EPOCHS, 1);
		}
		assert_eq!(Pallet::<T>::paid_in(id, MAX_OPEN_EPOCHS), 1);
	}

	#[benchmark]
	fn survey() {
		let (id, region) = opened::<T>();
		peopled::<T>(&region);
		with_demand::<T>(id);
		let gap;
		#[block]
		{
			gap = <Pallet<T> as RegionalTerms>::survey(id, &OBSERVED, &terms());
		}
		assert_eq!(gap, 900_000);
		assert!(!Demands::<T>::contains_key(id));
	}

	#[benchmark]
	fn rate() {
		let (id, region) = opened::<T>();
		peopled::<T>(&region);
		Regions::<T>::mutate(id, |state| {
			if let Some(state) = state {
				*state = RegionState { counted_gap: 900_000, gap: 900_000, ..state.clone() };
			}
		});
		let rate;
		#[block]
		{
			rate = <Pallet<T> as RegionalTerms>::rate(id, &OBSERVED, &terms(), 900_000);
		}
		assert_eq!(Regions::<T>::get(id).map(|state| state.rate), Some(rate));
	}

	/// As many bounties as there may be, each of another sponsor: each pays a part.
	#[benchmark]
	fn draw_bounty() {
		let (_, region) = opened::<T>();
		with_bounties::<T>(&region);
		let id = IdOf::<T>::get(region).expect("opened above");
		let drawn;
		#[block]
		{
			drawn = <Pallet<T> as RegionalTerms>::draw_bounty(id, T::Clock::epoch(), 1);
		}
		assert_eq!(drawn, T::MaxBounties::get().into());
	}

	/// From one region to another, from one address to another, under another operator.
	#[benchmark]
	fn place() {
		let (_, from) = opened::<T>();
		let (_, to) = opened::<T>();
		peopled::<T>(&from);
		let (old, new): (T::AccountId, T::AccountId) = (account("old", 0, 0), account("new", 0, 0));
		Pallet::<T>::place(7, &old, &from, &v6(1), 100_000);
		let placed;
		#[block]
		{
			placed = <Pallet<T> as Placement<T::AccountId>>::place(7, &new, &to, &v6(2), 100_000);
		}
		assert_eq!(placed.weight, 100_000);
	}

	#[benchmark]
	fn is_hosting() {
		assert!(Pallet::<T>::do_list_hosting(&[Network::V6([0x20, 0x01, 0x0a, 0])]).is_ok());
		let is_hosting;
		#[block]
		{
			is_hosting = <Pallet<T> as Placement<T::AccountId>>::is_hosting(&v6(1));
		}
		assert!(is_hosting);
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
