//! Operators: their share of seats, and whom they may not measure.

use super::*;
use frame_support::{assert_noop, assert_ok};
use weir_math::location::LocationFinding;
use weir_primitives::{seams::OnOperatorChange, Role};

const OPERATOR: AccountId = 250;
const NEW: AccountId = 50;

fn take(who: AccountId) -> sp_runtime::DispatchResult {
	set_bond(who, Role::Validator, SEAT_BOND);
	Pob::take_seat(RuntimeOrigin::signed(who), key(who), endpoint(who), 10_000, COUNTRY)
}

/// As the registry of operators does.
fn declare(node: AccountId, operator: AccountId) -> sp_runtime::DispatchResult {
	let old = OperatorOf::get().get(&node).copied().unwrap_or(node);
	Pob::operator_changed(&node, &old, &operator)?;
	OperatorOf::mutate(|all| all.insert(node, operator));
	Ok(())
}

#[test]
fn take_seat_should_fail_when_the_operator_has_its_share() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(declare(1, OPERATOR));
		assert_ok!(declare(NEW, OPERATOR));
		assert_noop!(take(NEW), Error::<Runtime>::OperatorFull);
		// The operator is one of its own nodes.
		assert_noop!(take(OPERATOR), Error::<Runtime>::OperatorFull);
		assert_ok!(declare(NEW, NEW));
		assert_ok!(take(NEW));
	});
}

#[test]
fn seat_should_be_shown_with_its_operator_when_it_has_one() {
	ExtBuilder::default().build_and_execute(|| {
		run_to(1, 0);
		let operators = || {
			let rows = Pob::seats(0, 2).rows;
			assert_eq!(rows, [1, 2].map(|node| Pob::seat_record(&node).unwrap()));
			[rows[0].operator, rows[1].operator]
		};
		assert_eq!(operators(), [None, None]);
		assert_ok!(declare(1, OPERATOR));
		assert_eq!(operators(), [Some(OPERATOR), None]);
		assert_eq!(Pob::seat_record(&OPERATOR), None);
	});
}

#[test]
fn share_should_be_one_seat_in_a_hundred() {
	ExtBuilder::default().seats(199).build_and_execute(|| {
		assert_ok!(declare(1, OPERATOR));
		assert_noop!(declare(2, OPERATOR), Error::<Runtime>::OperatorFull);
		assert_ok!(declare(200, OPERATOR));
		assert_ok!(take(200));
		assert_noop!(declare(2, OPERATOR), Error::<Runtime>::OperatorFull);
		assert_eq!(SeatsOfOperator::<Runtime>::get(OPERATOR), 2);
	});
}

#[test]
fn declaration_should_be_refused_when_a_seat_would_exceed_the_share() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(declare(1, OPERATOR));
		assert_noop!(declare(2, OPERATOR), Error::<Runtime>::OperatorFull);
		// A seat that is leaving counts until it is released.
		run_to(5, 0);
		assert_ok!(Pob::leave_seat(RuntimeOrigin::signed(1)));
		assert_noop!(declare(2, OPERATOR), Error::<Runtime>::OperatorFull);
		run_to(10, 5);
		assert!(!Seats::<Runtime>::contains_key(1));
		assert_ok!(declare(2, OPERATOR));
		assert_ok!(declare(2, 2));
		assert!(!SeatsOfOperator::<Runtime>::contains_key(OPERATOR));
	});
}

#[test]
fn members_of_one_operator_should_be_barred_from_each_others_lines() {
	ExtBuilder::default().seats(5).build_and_execute(|| {
		register(0, 100, symmetric(100_000));
		assert_ok!(declare(1, OPERATOR));
		assert_ok!(declare(100, OPERATOR));
		run_to(FIRST_TESTED_EPOCH, 0);
		let committee = Pob::target_test(&100).unwrap().committee;
		assert_eq!(committee.len(), 4);
		assert!(committee.iter().all(|member| member.account != 1));
		assert_eq!((Pob::tasks(&1).len(), Pob::tasks(&2).len()), (0, 1));
		// It reports all the same.
		report_with(|_, _| honest(&Pob::tasks(&2)[0], symmetric(100_000)).map(|entry| vec![entry]));
		let rejected = events().into_iter().find_map(|event| match event {
			Event::Revealed { node: 1, rejected, .. } => Some(rejected.into_inner()),
			_ => None,
		});
		assert_eq!(rejected, Some(vec![(0, Rejection::Barred)]));
		run_to(Pob::epoch(), 29);
		assert_eq!(last_verdict(0).present, 4);
		assert_eq!(Seats::<Runtime>::get(1).unwrap().score_ppm, FULL_SCORE_PPM);
	});
}

#[test]
fn region_should_not_be_contradicted_by_one_operator() {
	ExtBuilder::default().seats(5).build_and_execute(|| {
		register(0, 100, symmetric(100_000));
		change(0, |facts| facts.region.country = *b"JP").unwrap();
		// A share of three seats would take three hundred.
		for node in [1, 2, 3] {
			OperatorOf::mutate(|all| all.insert(node, OPERATOR));
			SeatsOfOperator::<Runtime>::remove(node);
		}
		SeatsOfOperator::<Runtime>::insert(OPERATOR, 3);
		run_to(FIRST_TESTED_EPOCH, 0);
		let finding_when = |close: fn(AccountId) -> bool| {
			let rtt_10us = move |node| if close(node) { 3_000 } else { 20_000 };
			cycle(|node, task| Some(Entry { rtt_10us: rtt_10us(node), ..honest(task, task.claim)? }));
			events().into_iter().rev().find_map(|event| match event {
				Event::LocationJudged { finding, .. } => Some(finding),
				_ => None,
			})
		};
		assert_eq!(finding_when(|node| node <= 3), Some(LocationFinding::Inconclusive));
		assert_eq!(finding_when(|node| node <= 4), Some(LocationFinding::Contradicted));
	});
}
