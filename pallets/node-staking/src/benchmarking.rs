//! Worst cases of the calls, the hook and the slash queue. Roles, listeners and sink are the runtime's own.

use crate::{
	types::{BondRate, Chunk},
	BalanceOf, Call, Config, Declarations, FirstSlash, Ledgers, NextSlash, Pallet, Rate, Slashes, SlashesOf,
};
use frame_benchmarking::v2::*;
use frame_support::{
	traits::{
		fungible::{Inspect, Mutate},
		EnsureOrigin,
	},
	weights::WeightMeter,
};
use frame_system::RawOrigin;
use polkadot_sdk::*;
use sp_runtime::{
	traits::{Get, One, Zero},
	Perbill,
};
use weir_primitives::{
	seams::{economy::OnEpochPaid, EpochClock, Operators, SlashQueue},
	Role, SlashReason,
};

const ROLE: Role = Role::Provider;
const REASON: SlashReason = SlashReason::FalseClaim { epoch: 1, ratio_ppm: 100_000 };

/// An amount a node may bond, and leave, in one step.
fn step<T: Config>() -> BalanceOf<T> {
	Pallet::<T>::minimum_for(ROLE, 0).saturating_mul(10u32.into())
}

fn funded<T: Config>(name: &'static str) -> T::AccountId {
	let who: T::AccountId = account(name, 0, 0);
	let balance = step::<T>().saturating_mul(10u32.into()).saturating_add(T::Currency::minimum_balance());
	T::Currency::set_balance(&who, balance);
	who
}

fn bonded<T: Config>(name: &'static str) -> T::AccountId {
	let who = funded::<T>(name);
	assert!(Pallet::<T>::do_bond(&who, ROLE, step::<T>().saturating_mul(2u32.into())).is_ok());
	who
}

/// Turns part of the active bond into `count` chunks that are free now.
fn with_chunks<T: Config>(who: &T::AccountId, count: u32) {
	Ledgers::<T>::mutate(who, ROLE, |ledger| {
		let ledger = ledger.as_mut().expect("bonded above");
		for _ in 0..count {
			let chunk = Chunk { amount: BalanceOf::<T>::one(), free_at: 0 };
			ledger.chunks.try_push(chunk).expect("count is within the bound");
			ledger.active = ledger.active.saturating_sub(One::one());
		}
	});
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn bond() {
		let who = funded::<T>("node");
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), ROLE, step::<T>());
		assert_eq!(Ledgers::<T>::get(&who, ROLE).map(|l| l.active), Some(step::<T>()));
	}

	#[benchmark]
	fn bond_more() {
		let who = bonded::<T>("node");
		with_chunks::<T>(&who, T::MaxUnbondingChunks::get());
		let before = Ledgers::<T>::get(&who, ROLE).map(|l| l.active).unwrap_or_default();
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), ROLE, step::<T>());
		let after = Ledgers::<T>::get(&who, ROLE).map(|l| l.active).unwrap_or_default();
		assert_eq!(after, before.saturating_add(step::<T>()));
	}

	#[benchmark]
	fn unbond() {
		let who = bonded::<T>("node");
		with_chunks::<T>(&who, T::MaxUnbondingChunks::get().saturating_sub(1));
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), ROLE, step::<T>());
		let chunks = Ledgers::<T>::get(&who, ROLE).map(|l| l.chunks.len() as u32);
		assert_eq!(chunks, Some(T::MaxUnbondingChunks::get()));
	}

	#[benchmark]
	fn withdraw() {
		let who = bonded::<T>("node");
		with_chunks::<T>(&who, T::MaxUnbondingChunks::get());
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), ROLE);
		assert_eq!(Ledgers::<T>::get(&who, ROLE).map(|l| l.chunks.len()), Some(0));
	}

	#[benchmark]
	fn cancel_slash() -> Result<(), BenchmarkError> {
		let origin = T::CancelOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		let who = bonded::<T>("node");
		with_chunks::<T>(&who, T::MaxUnbondingChunks::get());
		let id = Pallet::<T>::queue_slash(&who, ROLE, Perbill::from_percent(5), REASON)?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id);
		assert!(Slashes::<T>::get(id).is_none());
		Ok(())
	}

	#[benchmark]
	fn queue_slash() -> Result<(), BenchmarkError> {
		let (who, reporter) = (bonded::<T>("node"), funded::<T>("reporter"));
		with_chunks::<T>(&who, T::MaxUnbondingChunks::get());
		let id;
		#[block]
		{
			id = Pallet::<T>::queue_reported_slash(
				&who,
				ROLE,
				Perbill::from_percent(5),
				REASON,
				Some(&reporter),
			)?;
		}
		assert!(SlashesOf::<T>::contains_key(&who, id));
		Ok(())
	}

	#[benchmark]
	fn on_idle_base() {
		#[block]
		{
			Pallet::<T>::apply_due_slashes(&mut WeightMeter::new());
		}
		assert_eq!(FirstSlash::<T>::get(), NextSlash::<T>::get());
	}

	#[benchmark]
	fn apply_slash() -> Result<(), BenchmarkError> {
		let (who, reporter) = (bonded::<T>("node"), funded::<T>("reporter"));
		with_chunks::<T>(&who, T::MaxUnbondingChunks::get());
		let all = Perbill::from_percent(100);
		let id = Pallet::<T>::queue_reported_slash(&who, ROLE, all, REASON, Some(&reporter))?;
		Slashes::<T>::mutate(id, |slash| {
			if let Some(slash) = slash {
				slash.due = T::Clock::epoch();
			}
		});
		#[block]
		{
			Pallet::<T>::apply_due_slashes(&mut WeightMeter::new());
		}
		assert_eq!(FirstSlash::<T>::get(), id.saturating_add(1));
		assert!(Ledgers::<T>::get(&who, ROLE).is_none_or(|ledger| ledger.total().is_zero()));
		Ok(())
	}

	/// The rate moves, which is dearer than an average that waits for its day.
	#[benchmark]
	fn epoch_paid() {
		let tokens = T::MaxBondPerMbps::get();
		Rate::<T>::put(BondRate { reward: tokens, ..Default::default() });
		let before = Pallet::<T>::rate_per_mbps();
		// At genesis no day has passed yet.
		let day = T::Pace::get().epochs_per_day;
		let is_due = T::Clock::epoch() >= day;
		#[block]
		{
			<Pallet<T> as OnEpochPaid>::epoch_paid(1, tokens, 1);
		}
		assert!(Rate::<T>::get().reward > 0);
		assert!(!is_due || Pallet::<T>::rate_per_mbps() > before);
	}

	/// Ending an operator is dearer than asking for one.
	#[benchmark]
	fn set_operator() {
		let (node, operator) = (bonded::<T>("node"), bonded::<T>("operator"));
		Pallet::<T>::declare_for_benchmark(&node, &operator);
		#[extrinsic_call]
		_(RawOrigin::Signed(node.clone()), None);
		assert!(Pallet::<T>::operator_of(&node) == node);
	}

	#[benchmark]
	fn accept_node() {
		let (node, old, operator) = (bonded::<T>("node"), bonded::<T>("old"), bonded::<T>("operator"));
		Pallet::<T>::declare_for_benchmark(&node, &old);
		Declarations::<T>::mutate_extant(&node, |declaration| declaration.asked = Some(operator.clone()));
		#[extrinsic_call]
		_(RawOrigin::Signed(operator.clone()), node.clone());
		assert!(Pallet::<T>::operator_of(&node) == operator);
	}

	#[benchmark]
	fn release_node() {
		let (node, operator) = (bonded::<T>("node"), bonded::<T>("operator"));
		Pallet::<T>::declare_for_benchmark(&node, &operator);
		#[extrinsic_call]
		_(RawOrigin::Signed(operator), node.clone());
		assert!(Pallet::<T>::operator_of(&node) == node);
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
