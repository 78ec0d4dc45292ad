//! Seats and targets of different address families.

use super::*;
use frame_support::assert_ok;
use weir_math::verdict::{Outcome, Reason};
use weir_primitives::{Endpoint, Role};

const LINE: ProviderIndex = 0;
const OWNER: AccountId = 100;
const CLAIM: Kbps = 100_000;

/// A provider that is reached over IPv6 only, at the start of its first tested epoch.
fn register_v6() {
	register(LINE, OWNER, symmetric(CLAIM));
	change(LINE, |facts| facts.endpoint = endpoint_v6(OWNER)).unwrap();
	run_to(FIRST_TESTED_EPOCH, 0);
}

#[test]
fn target_should_stay_untouched_when_no_seat_is_of_its_address_family() {
	ExtBuilder::default().build_and_execute(|| {
		register_v6();
		assert_eq!(Pob::assignment(3, LINE).len(), 5);
		assert!(Pob::target_test(&OWNER).unwrap().committee.is_empty());
		for _ in 0..4 {
			assert!(tasks_of_all().iter().all(|(_, tasks)| tasks.is_empty()));
			cycle_with(|_, _| Some(Vec::new()));
			let verdict = last_verdict(LINE);
			assert_eq!((verdict.outcome, verdict.reason), (Outcome::Void, Reason::TooFewMembers));
			assert_eq!((verdict.members, verdict.present), (5, 0));
		}
		assert_eq!(Pob::strikes(&OWNER), 0);
		assert!((1..=8).all(|node| Pob::seat(&node).unwrap().score_ppm == FULL_SCORE_PPM));
	});
}

#[test]
fn seats_of_the_other_address_family_should_be_absent() {
	ExtBuilder::default().build_and_execute(|| {
		for node in 9..=24u64 {
			set_bond(node, Role::Validator, SEAT_BOND);
			assert_ok!(Pob::take_seat(
				RuntimeOrigin::signed(node),
				key(node),
				endpoint_v6(node),
				50_000,
				COUNTRY
			));
		}
		register_v6();
		let mut outcomes = Vec::new();
		for epoch in FIRST_TESTED_EPOCH..FIRST_TESTED_EPOCH + 10 {
			let able = Pob::assignment(epoch, LINE).into_iter().filter(|node| *node > 8).count();
			assert_eq!(Pob::target_test(&OWNER).unwrap().committee.len(), able);
			run_to(epoch, 29);
			cycle(|_, task| honest(task, symmetric(CLAIM)));
			spare_audits(epoch);
			let verdict = last_verdict(LINE);
			assert_eq!((verdict.epoch, usize::from(verdict.present)), (epoch, able));
			outcomes.push(verdict.outcome);
			assert_eq!(verdict.outcome == Outcome::Void, able < 4, "{able} of 5: {verdict:?}");
		}
		assert!(outcomes.iter().any(|outcome| *outcome != Outcome::Void), "{outcomes:?}");
		assert!(!outcomes.contains(&Outcome::Strike), "{outcomes:?}");
		assert!((1..=24).all(|node| Pob::seat(&node).unwrap().score_ppm == FULL_SCORE_PPM));
	});
}

#[test]
fn reveal_should_reject_an_entry_when_the_seat_is_of_the_other_address_family() {
	ExtBuilder::default().build_and_execute(|| {
		register_v6();
		run_to(FIRST_TESTED_EPOCH, 29);
		let node = Pob::assignment(FIRST_TESTED_EPOCH, LINE)[0];
		run_to(FIRST_TESTED_EPOCH + 1, opens(Step::Commit));
		submit(commit_call(FIRST_TESTED_EPOCH, node, &[unreachable(LINE)]));
		run_to(FIRST_TESTED_EPOCH + 1, opens(Step::Reveal));
		submit(reveal_call(FIRST_TESTED_EPOCH, node, &[unreachable(LINE)]));
		let rejected = vec![(LINE, Rejection::Barred)].try_into().unwrap();
		System::assert_last_event(
			Event::Revealed { epoch: FIRST_TESTED_EPOCH, node, accepted: 0, rejected }.into(),
		);
	});
}

#[test]
fn test_of_a_relayed_target_should_bar_nobody_when_an_escalation_keeps_it_listed() {
	ExtBuilder::default().build_and_execute(|| {
		register(LINE, OWNER, symmetric(CLAIM));
		run_to(FIRST_TESTED_EPOCH, 0);
		Targets::<Runtime>::mutate_extant(LINE, |target| {
			target.escalation =
				Some(Escalation { due: 5, claim: symmetric(CLAIM), attempts: 0, cause: Cause::Strikes });
		});
		change(LINE, |facts| facts.endpoint = Endpoint::RelayOnly).unwrap();
		run_to(5, 0);
		let committee = Pob::target_test(&OWNER).unwrap().committee;
		assert_eq!(committee.len(), Pob::assignment(5, LINE).len());
	});
}
