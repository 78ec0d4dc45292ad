use crate::{mock::*, Deposits, Event, HoldReason};
use polkadot_sdk::*;

use frame_support::{
	assert_noop, assert_ok,
	traits::fungible::{Inspect, InspectHold, MutateHold},
};
use weir_primitives::seams::{Deposit, Deposits as _};

fn on_hold(who: AccountId) -> Balance {
	Balances::balance_on_hold(&HoldReason::Deposit.into(), &who)
}

#[test]
fn can_hold_should_say_what_hold_will_do() {
	ExtBuilder::default().build_and_execute(|| {
		assert!(NodeStaking::can_hold(&ALICE, Deposit::Alarm));
		assert_ok!(NodeStaking::hold(&ALICE, Deposit::Alarm));
		assert_eq!(on_hold(ALICE), ALARM_DEPOSIT);
		// One kind does not release the other.
		NodeStaking::release(&ALICE, Deposit::Appeal);
		assert_eq!(on_hold(ALICE), ALARM_DEPOSIT);
		assert!(!NodeStaking::can_hold(&999, Deposit::Alarm));
		assert!(NodeStaking::hold(&999, Deposit::Alarm).is_err());
	});
}

#[test]
fn hold_should_add_up_and_release_one_at_a_time() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(NodeStaking::hold(&ALICE, Deposit::Appeal));
		assert_ok!(NodeStaking::hold(&ALICE, Deposit::Appeal));
		assert_eq!(on_hold(ALICE), 2 * APPEAL_DEPOSIT);
		NodeStaking::release(&ALICE, Deposit::Appeal);
		assert_eq!(on_hold(ALICE), APPEAL_DEPOSIT);
		System::assert_last_event(
			Event::DepositReleased { who: ALICE, what: Deposit::Appeal, amount: APPEAL_DEPOSIT }.into(),
		);
		NodeStaking::release(&ALICE, Deposit::Appeal);
		assert_eq!((on_hold(ALICE), Balances::balance(&ALICE)), (0, FUNDS));
		assert!(Deposits::<Test>::get(ALICE, Deposit::Appeal).is_none());
	});
}

#[test]
fn hold_should_fail_when_the_account_cannot_hold_that_much() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(NodeStaking::hold(&999, Deposit::Appeal), sp_runtime::TokenError::FundsUnavailable);
	});
}

#[test]
fn forfeit_should_go_where_slashes_go() {
	ExtBuilder::default().build_and_execute(|| {
		let issued = Balances::total_issuance();
		assert_ok!(NodeStaking::hold(&ALICE, Deposit::Appeal));
		NodeStaking::forfeit(&ALICE, Deposit::Appeal);
		assert_eq!((on_hold(ALICE), Balances::balance(&ALICE)), (0, FUNDS - APPEAL_DEPOSIT));
		let burned = issued - Balances::total_issuance();
		assert_eq!(burned + Balances::balance(&TREASURY), APPEAL_DEPOSIT);
		// There is no second one to take or to give back.
		NodeStaking::forfeit(&ALICE, Deposit::Appeal);
		NodeStaking::release(&ALICE, Deposit::Appeal);
		assert_eq!(Balances::balance(&ALICE), FUNDS - APPEAL_DEPOSIT);
	});
}

#[test]
fn charge_test_should_be_paid_from_free_money_only() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(NodeStaking::charge_test(&ALICE));
		assert_eq!(Balances::balance(&ALICE), FUNDS - TEST_PRICE);
		System::assert_last_event(Event::TestPaid { who: ALICE, amount: TEST_PRICE }.into());
		assert!(NodeStaking::charge_test(&999).is_err());
	});
}

#[test]
fn try_state_should_fail_when_deposits_and_what_is_on_hold_differ() {
	ExtBuilder::default().build_and_execute(|| {
		let broken = |why: &'static str| assert_eq!(NodeStaking::do_try_state(), Err(why.into()));
		assert_ok!(Balances::hold(&HoldReason::Deposit.into(), &ALICE, ALARM_DEPOSIT));
		broken("6: on hold without a deposit");
		Deposits::<Test>::insert(ALICE, Deposit::Alarm, (1, ALARM_DEPOSIT - 1));
		broken("6: on hold differs from the deposits");
		Deposits::<Test>::insert(ALICE, Deposit::Alarm, (1, ALARM_DEPOSIT));
		Deposits::<Test>::insert(BOB, Deposit::Appeal, (0, 0));
		broken("6: empty deposit stored");
		Deposits::<Test>::remove(BOB, Deposit::Appeal);
	});
}
