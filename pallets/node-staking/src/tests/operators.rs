//! Operators, as nodes and they themselves declare them.

use super::*;
use crate::{Declarations, Error, Event, NodesOf};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;
use weir_primitives::seams::Operators;

const START: u32 = 10;
const MATURE: u32 = START + 3;

fn bonded() -> ExtBuilder {
	let bond = |all: ExtBuilder, who| all.bond(who, Role::Provider, MIN_PROVIDER);
	[ALICE, BOB, CAROL].into_iter().fold(ExtBuilder::default(), bond)
}

/// Bob's node gets Alice as its operator.
fn declared() {
	assert_ok!(NodeStaking::set_operator(signed(BOB), Some(ALICE)));
	assert_ok!(NodeStaking::accept_node(signed(ALICE), BOB));
}

fn operator_at(epoch: u32) -> AccountId {
	NodeStaking::operator_at(&BOB, epoch)
}

#[test]
fn operator_should_count_when_both_have_said_so_and_the_maturity_has_passed() {
	bonded().build_and_execute(|| {
		assert_ok!(NodeStaking::set_operator(signed(BOB), Some(ALICE)));
		System::assert_last_event(Event::OperatorAsked { node: BOB, operator: Some(ALICE) }.into());
		assert_eq!((NodeStaking::operator_of(&BOB), operator_at(1_000)), (BOB, BOB));
		assert_ok!(NodeStaking::accept_node(signed(ALICE), BOB));
		let changed = Event::OperatorChanged { node: BOB, old: None, new: Some(ALICE), since: MATURE };
		System::assert_last_event(changed.into());
		assert_eq!((operator_at(MATURE - 1), operator_at(MATURE)), (BOB, ALICE));
		assert_eq!(NodeStaking::operator_of(&BOB), ALICE);
		assert_eq!(NodesOf::<Test>::get(ALICE), 1);
		assert_eq!(OperatorChanges::get(), [(BOB, BOB, ALICE)]);
		assert_eq!(NodeStaking::operator_of(&ALICE), ALICE);
	});
}

#[test]
fn set_operator_should_fail_when_the_account_is_no_node() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(NodeStaking::set_operator(signed(BOB), Some(ALICE)), Error::<Test>::NotANode);
	});
}

#[test]
fn set_operator_should_fail_when_it_names_itself() {
	bonded().build_and_execute(|| {
		assert_noop!(NodeStaking::set_operator(signed(BOB), Some(BOB)), Error::<Test>::OwnOperator);
	});
}

#[test]
fn set_operator_should_fail_when_it_says_nothing_new() {
	bonded().build_and_execute(|| {
		assert_noop!(NodeStaking::set_operator(signed(BOB), None), Error::<Test>::NothingChanges);
		assert_ok!(NodeStaking::set_operator(signed(BOB), Some(ALICE)));
		assert_noop!(NodeStaking::set_operator(signed(BOB), Some(ALICE)), Error::<Test>::NothingChanges);
		assert_ok!(NodeStaking::accept_node(signed(ALICE), BOB));
		assert_noop!(NodeStaking::set_operator(signed(BOB), Some(ALICE)), Error::<Test>::NothingChanges);
	});
}

#[test]
fn set_operator_should_withdraw_a_request() {
	bonded().build_and_execute(|| {
		assert_ok!(NodeStaking::set_operator(signed(BOB), Some(ALICE)));
		assert_ok!(NodeStaking::set_operator(signed(BOB), None));
		System::assert_last_event(Event::OperatorAsked { node: BOB, operator: None }.into());
		assert_noop!(NodeStaking::accept_node(signed(ALICE), BOB), Error::<Test>::NotAsked);
		assert!(!Declarations::<Test>::contains_key(BOB));
	});
}

#[test]
fn set_operator_should_end_the_operator_after_the_maturity() {
	bonded().build_and_execute(|| {
		declared();
		Epoch::set(MATURE + 8);
		assert_ok!(NodeStaking::set_operator(signed(BOB), None));
		let since = MATURE + 8 + 3;
		let changed = Event::OperatorChanged { node: BOB, old: Some(ALICE), new: None, since };
		System::assert_last_event(changed.into());
		assert_eq!((operator_at(MATURE), operator_at(since - 1), operator_at(since)), (ALICE, ALICE, BOB));
		assert!(!NodesOf::<Test>::contains_key(ALICE));
		assert_eq!(OperatorChanges::get(), [(BOB, BOB, ALICE), (BOB, ALICE, BOB)]);
	});
}

#[test]
fn operator_should_change_at_once_when_another_one_accepts() {
	bonded().build_and_execute(|| {
		declared();
		Epoch::set(MATURE + 8);
		assert_ok!(NodeStaking::set_operator(signed(BOB), Some(CAROL)));
		assert_eq!(NodeStaking::operator_of(&BOB), ALICE);
		assert_ok!(NodeStaking::accept_node(signed(CAROL), BOB));
		assert_eq!(NodeStaking::operator_of(&BOB), CAROL);
		assert_eq!((NodesOf::<Test>::get(ALICE), NodesOf::<Test>::get(CAROL)), (0, 1));
	});
}

#[test]
fn operator_should_not_change_again_within_eight_epochs() {
	bonded().build_and_execute(|| {
		declared();
		for epoch in [START, MATURE, MATURE + 7] {
			Epoch::set(epoch);
			assert_noop!(NodeStaking::set_operator(signed(BOB), None), Error::<Test>::OperatorChanging);
			assert_noop!(NodeStaking::release_node(signed(ALICE), BOB), Error::<Test>::OperatorChanging);
		}
		assert_ok!(NodeStaking::set_operator(signed(BOB), Some(CAROL)));
		assert_noop!(NodeStaking::accept_node(signed(CAROL), BOB), Error::<Test>::OperatorChanging);
		Epoch::set(MATURE + 8);
		assert_ok!(NodeStaking::accept_node(signed(CAROL), BOB));
	});
}

#[test]
fn accept_node_should_fail_when_it_was_not_asked() {
	bonded().build_and_execute(|| {
		assert_noop!(NodeStaking::accept_node(signed(ALICE), BOB), Error::<Test>::NotAsked);
		assert_ok!(NodeStaking::set_operator(signed(BOB), Some(CAROL)));
		assert_noop!(NodeStaking::accept_node(signed(ALICE), BOB), Error::<Test>::NotAsked);
	});
}

#[test]
fn accept_node_should_fail_when_operators_would_have_operators() {
	bonded().build_and_execute(|| {
		declared();
		assert_ok!(NodeStaking::set_operator(signed(CAROL), Some(BOB)));
		assert_noop!(NodeStaking::accept_node(signed(BOB), CAROL), Error::<Test>::HasOperator);
		assert_ok!(NodeStaking::set_operator(signed(ALICE), Some(CAROL)));
		assert_noop!(NodeStaking::accept_node(signed(CAROL), ALICE), Error::<Test>::IsOperator);
	});
}

#[test]
fn accept_node_should_fail_when_a_listener_refuses() {
	bonded().build_and_execute(|| {
		assert_ok!(NodeStaking::set_operator(signed(BOB), Some(ALICE)));
		Full::set(true);
		assert_noop!(NodeStaking::accept_node(signed(ALICE), BOB), DispatchError::Exhausted);
	});
}

#[test]
fn release_node_should_let_it_go() {
	bonded().build_and_execute(|| {
		declared();
		Epoch::set(MATURE + 8);
		assert_ok!(NodeStaking::release_node(signed(ALICE), BOB));
		assert_eq!(NodeStaking::operator_of(&BOB), BOB);
		assert_eq!(operator_at(MATURE + 8 + 2), ALICE);
	});
}

#[test]
fn release_node_should_decline_a_request() {
	bonded().build_and_execute(|| {
		assert_ok!(NodeStaking::set_operator(signed(BOB), Some(ALICE)));
		assert_ok!(NodeStaking::release_node(signed(ALICE), BOB));
		System::assert_last_event(Event::OperatorAsked { node: BOB, operator: None }.into());
		assert_noop!(NodeStaking::accept_node(signed(ALICE), BOB), Error::<Test>::NotAsked);
	});
}

#[test]
fn release_node_should_fail_when_it_is_anothers() {
	bonded().build_and_execute(|| {
		assert_noop!(NodeStaking::release_node(signed(ALICE), BOB), Error::<Test>::NotYourNode);
		declared();
		assert_noop!(NodeStaking::release_node(signed(CAROL), BOB), Error::<Test>::NotYourNode);
	});
}
