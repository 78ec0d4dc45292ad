//! Bond, bond more, unbond, withdraw.

use super::*;
use crate::{Call, Error, Event, Ledgers, WeightInfo};
use frame_support::{assert_noop, assert_ok, dispatch::GetDispatchInfo, traits::fungible::Inspect};
use sp_runtime::TokenError;
use weir_primitives::{
	seams::Bonds,
	Role::{Provider, Validator},
};

type Weights = <Test as crate::Config>::WeightInfo;

#[test]
fn bond_should_hold_the_amount_under_the_reason_of_its_role() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(NodeStaking::bond(signed(ALICE), Validator, MIN_VALIDATOR));
		assert_ok!(NodeStaking::bond(signed(ALICE), Provider, MIN_PROVIDER));
		assert_eq!((held(ALICE, Validator), held(ALICE, Provider)), (MIN_VALIDATOR, MIN_PROVIDER));
		assert_eq!(Balances::balance(&ALICE), FUNDS - MIN_VALIDATOR - MIN_PROVIDER);
		assert_eq!(BondChanges::get(), vec![(ALICE, Validator), (ALICE, Provider)]);
		System::assert_last_event(
			Event::Bonded { who: ALICE, role: Provider, amount: MIN_PROVIDER, active: MIN_PROVIDER }.into(),
		);
	});
}

#[test]
fn bond_should_fail_when_below_the_minimum() {
	ExtBuilder::default().build_and_execute(|| {
		for (role, minimum) in [(Validator, MIN_VALIDATOR), (Provider, MIN_PROVIDER)] {
			assert_noop!(NodeStaking::bond(signed(ALICE), role, minimum - 1), Error::<Test>::BelowMinimum);
		}
	});
}

#[test]
fn bond_should_fail_when_already_bonded() {
	ExtBuilder::default().bond(ALICE, Provider, 500).build_and_execute(|| {
		assert_noop!(NodeStaking::bond(signed(ALICE), Provider, 500), Error::<Test>::AlreadyBonded);
	});
}

#[test]
fn bond_should_fail_when_it_would_take_the_existential_deposit() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(NodeStaking::bond(signed(ALICE), Provider, FUNDS), TokenError::FundsUnavailable);
		assert_ok!(NodeStaking::bond(signed(ALICE), Provider, FUNDS - ED));
	});
}

#[test]
fn bond_should_start_anew_when_the_old_bond_is_still_unbonding() {
	ExtBuilder::default().bond(ALICE, Provider, 500).build_and_execute(|| {
		assert_ok!(NodeStaking::unbond(signed(ALICE), Provider, 500));
		assert_ok!(NodeStaking::bond(signed(ALICE), Provider, 200));
		assert_eq!((active(ALICE, Provider), held(ALICE, Provider)), (200, 700));
	});
}

#[test]
fn bond_more_should_add_to_the_active_bond() {
	ExtBuilder::default().bond(ALICE, Provider, 500).build_and_execute(|| {
		assert_ok!(NodeStaking::bond_more(signed(ALICE), Provider, 1));
		assert_eq!(active(ALICE, Provider), 501);
		assert_eq!(BondChanges::get(), vec![(ALICE, Provider)]);
	});
}

#[test]
fn bond_more_should_fail_when_not_bonded_in_that_role() {
	ExtBuilder::default().bond(ALICE, Provider, 500).build_and_execute(|| {
		assert_noop!(NodeStaking::bond_more(signed(ALICE), Validator, 1), Error::<Test>::NotBonded);
		assert_noop!(NodeStaking::bond_more(signed(ALICE), Provider, 0), Error::<Test>::ZeroAmount);
	});
}

#[test]
fn bond_more_should_fail_when_the_sum_does_not_fit() {
	ExtBuilder::default().bond(ALICE, Provider, 500).build_and_execute(|| {
		assert_noop!(NodeStaking::bond_more(signed(ALICE), Provider, Balance::MAX), Error::<Test>::Overflow);
	});
}

#[test]
fn calls_should_charge_for_those_who_follow_a_bond() {
	let weight = |call: Call<Test>| call.get_dispatch_info().call_weight;
	let (role, amount) = (Provider, 1);
	assert_eq!(weight(Call::bond { role, amount }), Weights::bond() + FOLLOWING);
	assert_eq!(weight(Call::bond_more { role, amount }), Weights::bond_more() + FOLLOWING);
	assert_eq!(weight(Call::unbond { role, amount }), Weights::unbond() + FOLLOWING);
	assert_eq!(weight(Call::withdraw { role }), Weights::withdraw());
	assert_eq!(weight(Call::cancel_slash { id: 0 }), Weights::cancel_slash() + DECIDING);
}

#[test]
fn minimum_should_grow_with_the_claim_when_serving() {
	ExtBuilder::default().bond(ALICE, Provider, 500).build_and_execute(|| {
		assert!(NodeStaking::is_sufficient(&ALICE, Provider));
		serve(ALICE, Provider, 50_000);
		assert_eq!(NodeStaking::minimum_bond(ALICE, Provider), 500);
		assert!(NodeStaking::is_sufficient(&ALICE, Provider));
		serve(ALICE, Provider, 50_001);
		assert_eq!(NodeStaking::minimum_bond(ALICE, Provider), 501);
		assert!(!NodeStaking::is_sufficient(&ALICE, Provider));
		assert!(!NodeStaking::is_sufficient(&BOB, Provider));
	});
}

#[test]
fn unbond_should_fail_when_in_service_and_below_the_minimum_for_the_claim() {
	ExtBuilder::default().bond(ALICE, Provider, 500).build_and_execute(|| {
		serve(ALICE, Provider, 20_000);
		assert_noop!(NodeStaking::unbond(signed(ALICE), Provider, 301), Error::<Test>::BelowMinimumInService);
		assert_noop!(NodeStaking::unbond(signed(ALICE), Provider, 500), Error::<Test>::BelowMinimumInService);
		assert_ok!(NodeStaking::unbond(signed(ALICE), Provider, 300));
	});
}

#[test]
fn unbond_should_leave_nothing_or_the_minimum_when_out_of_service() {
	ExtBuilder::default().bond(ALICE, Provider, 500).build_and_execute(|| {
		assert_noop!(NodeStaking::unbond(signed(ALICE), Provider, 401), Error::<Test>::RemainderTooSmall);
		assert_ok!(NodeStaking::unbond(signed(ALICE), Provider, 400));
		assert_ok!(NodeStaking::unbond(signed(ALICE), Provider, 100));
		assert_eq!((active(ALICE, Provider), held(ALICE, Provider)), (0, 500));
	});
}

#[test]
fn unbond_should_fail_when_there_is_less_or_nothing() {
	ExtBuilder::default().bond(ALICE, Provider, 500).build_and_execute(|| {
		assert_noop!(NodeStaking::unbond(signed(ALICE), Provider, 501), Error::<Test>::ExceedsActiveBond);
		assert_noop!(NodeStaking::unbond(signed(ALICE), Provider, 0), Error::<Test>::ZeroAmount);
		assert_noop!(NodeStaking::unbond(signed(ALICE), Validator, 1), Error::<Test>::NotBonded);
	});
}

#[test]
fn unbond_should_merge_chunks_when_in_one_epoch() {
	ExtBuilder::default().bond(ALICE, Provider, 500).build_and_execute(|| {
		assert_ok!(NodeStaking::unbond(signed(ALICE), Provider, 10));
		assert_ok!(NodeStaking::unbond(signed(ALICE), Provider, 20));
		System::assert_last_event(
			Event::Unbonding { who: ALICE, role: Provider, amount: 20, active: 470, free_at: 10 + UNBONDING }
				.into(),
		);
		enter(11);
		assert_ok!(NodeStaking::unbond(signed(ALICE), Provider, 30));
		let chunks = Ledgers::<Test>::get(ALICE, Provider).unwrap().chunks;
		let chunks: Vec<_> = chunks.iter().map(|chunk| (chunk.amount, chunk.free_at)).collect();
		assert_eq!(chunks, vec![(30, 10 + UNBONDING), (30, 11 + UNBONDING)]);
	});
}

#[test]
fn unbond_should_fail_when_the_ledger_is_full_of_chunks() {
	ExtBuilder::default().bond(ALICE, Provider, 500).build_and_execute(|| {
		for epoch in 10..10 + MaxUnbondingChunks::get() {
			enter(epoch);
			assert_ok!(NodeStaking::unbond(signed(ALICE), Provider, 1));
		}
		assert_ok!(NodeStaking::unbond(signed(ALICE), Provider, 1));
		enter(14);
		assert_noop!(NodeStaking::unbond(signed(ALICE), Provider, 1), Error::<Test>::TooManyChunks);
	});
}

#[test]
fn withdraw_should_release_only_what_is_free() {
	ExtBuilder::default().bond(ALICE, Provider, 500).build_and_execute(|| {
		assert_ok!(NodeStaking::unbond(signed(ALICE), Provider, 100));
		enter(11);
		assert_ok!(NodeStaking::unbond(signed(ALICE), Provider, 50));
		assert_eq!(NodeStaking::active_bond(&ALICE, Provider), 350);
		assert_eq!(NodeStaking::slashable_bond(&ALICE, Provider), 500);
		enter(9 + UNBONDING);
		assert_noop!(NodeStaking::withdraw(signed(ALICE), Provider), Error::<Test>::NothingFree);
		enter(10 + UNBONDING);
		assert_ok!(NodeStaking::withdraw(signed(ALICE), Provider));
		System::assert_last_event(
			Event::Withdrawn { who: ALICE, role: Provider, amount: 100, left: 400 }.into(),
		);
		assert_eq!(Balances::balance(&ALICE), FUNDS - 400);
		assert_noop!(NodeStaking::withdraw(signed(ALICE), Provider), Error::<Test>::NothingFree);
	});
}

#[test]
fn provider_should_be_free_a_quarter_sooner_than_a_validator() {
	let bonds = ExtBuilder::default().bond(ALICE, Provider, 500).bond(ALICE, Validator, 5_000);
	bonds.build_and_execute(|| {
		for (role, wait) in [(Provider, UNBONDING), (Validator, LONG_UNBONDING)] {
			assert_ok!(NodeStaking::unbond(signed(ALICE), role, 100));
			let chunks = Ledgers::<Test>::get(ALICE, role).unwrap().chunks;
			assert_eq!(chunks.iter().map(|chunk| chunk.free_at).collect::<Vec<_>>(), [10 + wait], "{role:?}");
		}
		assert_eq!(UNBONDING * 4, LONG_UNBONDING * 3);
		enter(10 + UNBONDING);
		assert_ok!(NodeStaking::withdraw(signed(ALICE), Provider));
		enter(9 + LONG_UNBONDING);
		assert_noop!(NodeStaking::withdraw(signed(ALICE), Validator), Error::<Test>::NothingFree);
		enter(10 + LONG_UNBONDING);
		assert_ok!(NodeStaking::withdraw(signed(ALICE), Validator));
	});
}

#[test]
fn withdraw_should_remove_the_ledger_when_nothing_is_left() {
	ExtBuilder::default().bond(ALICE, Provider, 500).build_and_execute(|| {
		assert_ok!(NodeStaking::unbond(signed(ALICE), Provider, 500));
		enter(10 + UNBONDING);
		assert_ok!(NodeStaking::withdraw(signed(ALICE), Provider));
		assert!(!Ledgers::<Test>::contains_key(ALICE, Provider));
		assert_eq!((held(ALICE, Provider), Balances::balance(&ALICE)), (0, FUNDS));
		assert_noop!(NodeStaking::withdraw(signed(ALICE), Provider), Error::<Test>::NothingFree);
	});
}

#[test]
fn genesis_should_bond_what_it_lists() {
	ExtBuilder::default().bond(ALICE, Validator, 2_000).bond(ALICE, Provider, 300).build_and_execute(|| {
		assert_eq!((active(ALICE, Validator), active(ALICE, Provider)), (2_000, 300));
		assert_eq!(NodeStaking::active_bond(&ALICE, Validator), 2_000);
		assert!(NodeStaking::ledger(ALICE, Validator).is_some_and(|ledger| ledger.total() == 2_000));
	});
}

#[test]
#[should_panic(expected = "genesis bond of 1 as Validator")]
fn genesis_should_panic_when_a_bond_is_below_the_minimum() {
	ExtBuilder::default().bond(ALICE, Validator, MIN_VALIDATOR - 1).build();
}
