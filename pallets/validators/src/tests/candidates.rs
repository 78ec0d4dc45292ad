//! Who is willing, and in which order.

use super::*;
use crate::{Departure, Error, Event, NextArrival};
use frame_support::{assert_noop, assert_ok};
use weir_primitives::{
	seams::{OnBondChange, RoleDuty},
	Role,
};

fn validate(who: AccountId) -> sp_runtime::DispatchResult {
	Validators::validate(RuntimeOrigin::signed(who))
}

#[test]
fn validate_should_place_a_candidate_by_bond_and_then_by_arrival() {
	ExtBuilder::default().build_and_execute(|| {
		join(5, 1_000);
		join(6, 2_000);
		join(7, 500);
		assert_eq!(candidates(), vec![6, 1, 2, 3, 4, 5, 7]);
		System::assert_last_event(Event::CandidateAdded { who: 7, bond: 500 }.into());
	});
}

#[test]
fn validate_should_fail_when_the_bond_is_insufficient() {
	ExtBuilder::default().build_and_execute(|| {
		prepare(5, MIN_BOND - 1);
		assert_noop!(validate(5), Error::<Test>::InsufficientBond);
		set_bond(5, MIN_BOND);
		assert_ok!(validate(5));
	});
}

#[test]
fn validate_should_fail_when_the_count_of_arrivals_is_used_up() {
	ExtBuilder::default().build_and_execute(|| {
		prepare(5, 1_000);
		NextArrival::<Test>::put(u64::MAX);
		assert_noop!(validate(5), Error::<Test>::ArrivalsExhausted);
	});
}

#[test]
fn validate_should_fail_when_there_are_no_session_keys() {
	ExtBuilder::default().build_and_execute(|| {
		set_bond(5, 1_000);
		assert_noop!(validate(5), Error::<Test>::NoSessionKeys);
	});
}

#[test]
fn validate_should_fail_when_already_a_candidate() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(validate(1), Error::<Test>::AlreadyCandidate);
	});
}

#[test]
fn validate_should_displace_the_last_only_when_the_bond_is_larger() {
	ExtBuilder::default().build_and_execute(|| {
		for who in 5..=8 {
			join(who, 200);
		}
		prepare(9, 200);
		assert_noop!(validate(9), Error::<Test>::OutbidByAll);
		set_bond(9, 201);
		assert_ok!(validate(9));
		assert_eq!(candidates(), vec![1, 2, 3, 4, 9, 5, 6, 7]);
		System::assert_has_event(Event::CandidateRemoved { who: 8, departure: Departure::Displaced }.into());
	});
}

#[test]
fn chill_should_end_the_candidacy_once() {
	ExtBuilder::default().build_and_execute(|| {
		chill(2);
		assert_eq!(candidates(), vec![1, 3, 4]);
		System::assert_last_event(Event::CandidateRemoved { who: 2, departure: Departure::Chilled }.into());
		assert_noop!(Validators::chill(RuntimeOrigin::signed(2)), Error::<Test>::NotCandidate);
	});
}

#[test]
fn chill_should_lose_seniority_when_the_node_returns() {
	ExtBuilder::default().build_and_execute(|| {
		chill(1);
		assert_ok!(validate(1));
		assert_eq!(candidates(), vec![2, 3, 4, 1]);
	});
}

#[test]
fn bond_change_should_move_a_candidate_to_its_place() {
	ExtBuilder::default().build_and_execute(|| {
		set_bond(3, 1_001);
		assert_eq!(candidates(), vec![3, 1, 2, 4]);
		System::assert_last_event(Event::CandidateMoved { who: 3, old_bond: 1_000, bond: 1_001 }.into());
		set_bond(3, 999);
		assert_eq!(candidates(), vec![1, 2, 4, 3]);
		set_bond(3, 1_000);
		assert_eq!(candidates(), vec![1, 2, 3, 4]);
	});
}

#[test]
fn bond_change_should_remove_a_candidate_when_under_bonded() {
	ExtBuilder::default().build_and_execute(|| {
		set_bond(3, MIN_BOND - 1);
		assert_eq!(candidates(), vec![1, 2, 4]);
		System::assert_last_event(
			Event::CandidateRemoved { who: 3, departure: Departure::UnderBonded }.into(),
		);
	});
}

#[test]
fn bond_change_should_be_ignored_when_it_is_of_another_role_or_no_candidate() {
	ExtBuilder::default().build_and_execute(|| {
		let before = Validators::candidates();
		Validators::bond_changed(&1, Role::Provider);
		set_bond(9, 5_000);
		assert_eq!(Validators::candidates(), before);
	});
}

#[test]
fn duty_should_last_until_a_validator_left_every_set() {
	ExtBuilder::default().build_and_execute(|| {
		assert!(Validators::in_service(&4, Role::Validator));
		assert!(!Validators::in_service(&4, Role::Provider));
		assert!(!Validators::in_service(&5, Role::Validator));
		chill(4);
		assert!(Validators::in_service(&4, Role::Validator));
		rotate(1);
		assert_eq!((planned(), Session::validators()), (vec![1, 2, 3], vec![1, 2, 3, 4]));
		assert!(Validators::in_service(&4, Role::Validator));
		rotate(1);
		assert!(!Validators::in_service(&4, Role::Validator));
		assert_eq!(Validators::claimed_kbps(&1, Role::Validator), 0);
	});
}

#[test]
#[should_panic(expected = "genesis candidate 9")]
fn genesis_should_panic_when_a_candidate_has_no_bond() {
	ExtBuilder::default().candidates(vec![1, 9]).build();
}
