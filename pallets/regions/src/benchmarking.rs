//! Worst cases of the calls and of what other pallets ask. Origins, clock and pot are the runtime's own.

use crate::{
	pallet::*, Change, EpochDemand, PastWeight, PendingChange, RegionState, CHANGES_PER_BLOCK, MAX_MOVES,
	MAX_OPEN_EPOCHS, MAX_PENDING, MAX_PREFIXES_PER_CALL,
};
use alloc::{vec, vec::Vec};
use frame_benchmarking::v2::*;
use frame_support::{
	traits::{
		fungible::{Inspect, Mutate},
		EnsureOrigin, Get, Hooks,
	},
	BoundedVec,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use polkadot_sdk::*;
use sp_runtime::traits::Zero;
use weir_math::economy::{groups::Network, least_weight::MOST_OPENING, pace::MAX_CHANGES, units::PRICE_ONE};
use weir_primitives::{
	economy::{CloseTerms, RegionId, RegionObserved, Tokens},
	seams::{
		economy::{Placement, RegionalDemand, RegionalTerms},
		EpochClock,
	},
	Endpoint, LineKind, Region,
};

const LEAST: u64 = MOST_OPENING;

fn origin<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
	T::RegionOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)
}

/// Every region, those of data centres first.
fn all_regions() -> impl Iterator<Item = Region> {
	let kinds = [LineKind::Hosting, LineKind::Residential].into_iter();
	let regions = kinds.flat_map(|kind| {
		let codes = (b'A'..=b'Z').flat_map(|first| (b'A'..=b'Z').map(move |second| [first, second]));
		codes.map(move |country| Region { country, kind })
	});
	regions.filter(Region::is_valid)
}

/// A region that the table does not have.
fn fresh<T: Config>() -> Region {
	let unknown = |region: &Region| !IdOf::<T>::contains_key(region);
	all_regions().find(unknown).expect("a benchmark needs ten of 498")
}

/// All places but one taken by waiting changes of regions other than `but`, as many of them new ones as may be.
fn with_pending<T: Config>(but: &Region) {
	let others = all_regions().filter(|region| region != but && !IdOf::<T>::contains_key(region));
	let places = MAX_PENDING.saturating_sub(1) as usize;
	let pending: Vec<_> = others
		.take(places)
		.enumerate()
		.map(|(place, region)| {
			let opens = place < MAX_MOVES.saturating_sub(1);
			let change =
				if opens { Change::Open { least_weight: LEAST } } else { Change::LeastWeight { new: LEAST } };
			PendingChange { region, change, at: T::Clock::epoch().saturating_add(1) }
		})
		.collect();
	assert_eq!(pending.len(), places);
	Pending::<T>::put(BoundedVec::truncate_from(pending));
}

/// As many weights within the window as `free` places allow, each the same.
fn with_past<T: Config>(id: RegionId, free: u32) {
	let epoch = T::Clock::epoch();
	let past = PastWeight { least_weight: LEAST, from: epoch, until: epoch };
	let past = vec![past; MAX_CHANGES.saturating_sub(free) as usize];
	PastWeights::<T>::insert(id, BoundedVec::truncate_from(past));
}

fn waits<T: Config>(region: &Region) -> bool {
	Pending::<T>::get().iter().any(|waiting| waiting.region == *region)
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

const OBSERVED: RegionObserved = RegionObserved { weight: 1_000_000_000_000, proven: 250_000 };

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

	/// A region that was closed within the window, behind as many new ones as may wait.
	#[benchmark]
	fn open_region() -> Result<(), BenchmarkError> {
		let origin = origin::<T>()?;
		let (id, region) = opened::<T>();
		assert!(Pallet::<T>::do_close_region(&region).is_ok());
		with_past::<T>(id, 0);
		with_pending::<T>(&region);
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, region, LEAST);
		assert!(waits::<T>(&region));
		Ok(())
	}

	#[benchmark]
	fn close_region() -> Result<(), BenchmarkError> {
		let origin = origin::<T>()?;
		let (_, region) = opened::<T>();
		with_pending::<T>(&region);
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, region);
		assert!(waits::<T>(&region));
		Ok(())
	}

	#[benchmark]
	fn set_least_weight() -> Result<(), BenchmarkError> {
		let origin = origin::<T>()?;
		let (id, region) = opened::<T>();
		with_past::<T>(id, 0);
		with_pending::<T>(&region);
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, region, LEAST.saturating_sub(1));
		assert!(waits::<T>(&region));
		Ok(())
	}

	#[benchmark]
	fn cancel_change() -> Result<(), BenchmarkError> {
		let origin = origin::<T>()?;
		let (_, region) = opened::<T>();
		with_pending::<T>(&region);
		assert!(Pallet::<T>::do_announce(region, Change::Close).is_ok());
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, region);
		assert!(!waits::<T>(&region));
		Ok(())
	}

	/// As many changes as may wait, none of them due.
	#[benchmark]
	fn on_initialize() {
		let (_, region) = opened::<T>();
		with_pending::<T>(&region);
		let before = Pending::<T>::get();
		#[block]
		{
			Pallet::<T>::on_initialize(BlockNumberFor::<T>::zero());
		}
		assert_eq!(Pending::<T>::get(), before);
	}

	/// Regions with demand and a past are closed, before as many other changes as may wait.
	#[benchmark]
	fn take_effect(n: Linear<1, CHANGES_PER_BLOCK>) {
		let closed: Vec<_> = (0..n)
			.map(|_| {
				let (id, region) = opened::<T>();
				with_past::<T>(id, 1);
				with_demand::<T>(id);
				region
			})
			.collect();
		with_pending::<T>(&fresh::<T>());
		let due =
			|region: &Region| PendingChange { region: *region, change: Change::Close, at: T::Clock::epoch() };
		let all: Vec<_> = closed.iter().map(due).chain(Pending::<T>::get()).collect();
		Pending::<T>::put(BoundedVec::truncate_from(all));
		#[block]
		{
			Pallet::<T>::on_initialize(BlockNumberFor::<T>::zero());
		}
		assert!(closed.iter().all(|region| Pallet::<T>::id_of(region).is_none()));
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
		with_past::<T>(id, 0);
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
		let found;
		#[block]
		{
			found = <Pallet<T> as RegionalTerms>::rate(id, &OBSERVED, &terms(), 900_000);
		}
		assert_eq!(Regions::<T>::get(id).map(|state| state.rate), Some(found));
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
		let is_listed;
		#[block]
		{
			is_listed = <Pallet<T> as Placement<T::AccountId>>::is_hosting(&v6(1));
		}
		assert!(is_listed);
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
