//! Worst cases of the calls and the hook: all parameters move, and the window remembers as many changes as it can.

use crate::{
	Brake, Call, Change, Changes, Config, Pallet, Parameters, Past, PastParameters, Pauses, Pending,
	SmallSpends, Spent, MAX_SPENDS,
};
use alloc::vec::Vec;
use frame_benchmarking::v2::*;
use frame_support::{
	traits::{tokens::Pay, Contains, EnsureOrigin, Get, Hooks},
	BoundedVec,
};
use frame_system::pallet_prelude::BlockNumberFor;
use polkadot_sdk::*;
use sp_runtime::traits::Zero;
use weir_math::economy::{pace::MAX_CHANGES, parameters::ParameterName};
use weir_primitives::{economy, seams::EpochClock};

/// New values for all parameters, each within its limits.
fn changes() -> Changes {
	let old = economy::Parameters::default();
	let lower = |name: ParameterName| {
		let value = old.value(name).saturating_sub(name.allowance(old.value(name)).min(1));
		(name, value.max(name.bounds().least))
	};
	let all: Vec<_> = ParameterName::ALL.into_iter().map(lower).collect();
	BoundedVec::truncate_from(all)
}

fn changed() -> economy::Parameters {
	changes().into_iter().fold(economy::Parameters::default(), |parameters, (name, value)| {
		parameters.with(name, value).expect("within its bounds")
	})
}

/// Past parameters that all count: as many as `free` places allow.
fn remember<T: Config>(free: u32) {
	let parameters = economy::Parameters::default();
	let past = (0..MAX_CHANGES.saturating_sub(free)).map(|_| Past { parameters, until: T::Clock::epoch() });
	PastParameters::<T>::put(BoundedVec::truncate_from(past.collect()));
	Parameters::<T>::put(parameters);
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn propose_parameters() -> Result<(), BenchmarkError> {
		let origin = T::EconomicsOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		remember::<T>(0);
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, changes());
		assert_eq!(Pending::<T>::get().map(|change| change.new), Some(changed()));
		Ok(())
	}

	#[benchmark]
	fn cancel_change() -> Result<(), BenchmarkError> {
		let origin = T::EconomicsOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		Pending::<T>::put(Change { new: changed(), at: 1 });
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin);
		assert!(!Pending::<T>::exists());
		Ok(())
	}

	#[benchmark]
	fn pause() -> Result<(), BenchmarkError> {
		let origin = T::EmergencyOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		#[extrinsic_call]
		pause_region(origin as T::RuntimeOrigin, 0);
		assert!(Pallet::<T>::pause_of(Brake::Region(0)).is_some());
		Ok(())
	}

	#[benchmark]
	fn resume() -> Result<(), BenchmarkError> {
		let origin = T::EmergencyOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		Pallet::<T>::do_pause(Brake::Region(0))?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, Brake::Region(0));
		assert_eq!(Pauses::<T>::get(Brake::Region(0)), Some(T::Clock::epoch()));
		Ok(())
	}

	/// What it takes to enact a call that does nothing, listed or not.
	#[benchmark]
	fn enact() -> Result<(), BenchmarkError> {
		let origin = T::UpgradeOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		let call: <T as Config>::RuntimeCall = frame_system::Call::remark { remark: Vec::new() }.into();
		let (allowed, listed, enacted);
		#[block]
		{
			allowed = T::UpgradeOrigin::ensure_origin(origin).is_ok();
			listed = T::EnactableCalls::contains(&call);
			enacted = Pallet::<T>::dispatch_as_root(call);
		}
		assert!(allowed && enacted.is_ok(), "listed: {listed}");
		Ok(())
	}

	#[benchmark]
	fn on_initialize() {
		Pending::<T>::put(Change { new: changed(), at: T::Clock::epoch().saturating_add(1) });
		#[block]
		{
			Pallet::<T>::on_initialize(BlockNumberFor::<T>::zero());
		}
		assert!(Pending::<T>::exists());
	}

	#[benchmark]
	fn take_effect() {
		remember::<T>(1);
		Pending::<T>::put(Change { new: changed(), at: T::Clock::epoch() });
		#[block]
		{
			Pallet::<T>::on_initialize(BlockNumberFor::<T>::zero());
		}
		assert_eq!(Parameters::<T>::get(), changed());
	}

	/// As many epochs as may have seen spends. They are epochs to come, because the clock may be at its beginning.
	#[benchmark]
	fn spend_small() -> Result<(), BenchmarkError> {
		let origin = T::EconomicsOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		let now = T::Clock::epoch();
		let spent = (1..MAX_SPENDS).map(|ahead| Spent { amount: 1, epoch: now.saturating_add(ahead) });
		SmallSpends::<T>::put(BoundedVec::truncate_from(spent.collect()));
		let beneficiary: T::AccountId = account("beneficiary", 0, 0);
		let amount = T::SmallSpend::get().saturating_sub(MAX_SPENDS.into());
		T::Paymaster::ensure_successful(&beneficiary, (), amount);
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, beneficiary, amount);
		assert_eq!(SmallSpends::<T>::get().last(), Some(&Spent { amount, epoch: now }));
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
