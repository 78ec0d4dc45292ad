//! Appeals against a slash, and tests that are asked for.

use super::{
	disputes::{deny, dispute, liars},
	proofs::*,
	*,
};
use frame_support::{assert_noop, assert_ok};
use frame_system::RawOrigin;
use sp_runtime::TokenError;
use weir_math::verdict::Outcome;
use weir_primitives::{api::TestKind, Admission, Timing};

const TARGET: AccountId = 100;
const LINE: Kbps = 100_000;

fn appeal(who: AccountId, epoch: EpochIndex) -> frame_support::dispatch::DispatchResult {
	Pob::appeal(RawOrigin::Signed(who).into(), epoch)
}

/// A network on which slashes wait for four epochs, and a line that a majority denied until it was slashed in an
/// escalation: of this epoch.
fn slashed(who: AccountId, test: impl FnOnce(&Drawer, EpochIndex)) {
	slashed_after(4, who, test);
}

/// The same where slashes wait for this many epochs.
fn slashed_after(slash_delay_epochs: EpochIndex, who: AccountId, test: impl FnOnce(&Drawer, EpochIndex)) {
	let unbonding_epochs = 2 * (slash_delay_epochs + 8);
	let timing = Timing { slash_delay_epochs, unbonding_epochs, ..Timing::local() };
	ExtBuilder { timing, ..ExtBuilder::default() }.build_and_execute(|| {
		register(0, who, symmetric(LINE));
		run_to(FIRST_TESTED_EPOCH, 0);
		let drawer = Drawer::default();
		let mut held = deny(&drawer);
		while last_verdict(0).kind != TestKind::Escalation || last_verdict(0).epoch != held {
			held = deny(&drawer);
		}
		assert!(matches!(Registered::get()[&0].admission, Admission::Jailed { .. }));
		test(&drawer, held);
	});
}

#[test]
fn appeal_should_undo_the_slash_when_the_second_committee_finds_the_claim() {
	slashed(TARGET, |drawer, held| {
		assert_ok!(appeal(TARGET, held));
		assert_eq!(Held::get()[&TARGET], 1);
		let second = held + 2;
		assert!(events().contains(&Event::Appealed {
			provider: 0,
			account: TARGET,
			epoch: held,
			due: second
		}));
		assert_noop!(appeal(TARGET, held), Error::<Runtime>::AlreadyAppealed);
		run_to(second, 5);
		// Held although its jail runs.
		assert_eq!(Pob::target_test(&TARGET).unwrap().kind, TestKind::Escalation);
		cycle(|node, task| Some(drawer.measure(node, task, symmetric(LINE))));
		assert_eq!((last_verdict(0).epoch, last_verdict(0).outcome), (second, Outcome::Good));
		assert_eq!((Held::get()[&TARGET], Cancelled::get().len()), (0, 1));
		assert_eq!(Registered::get()[&0].claim, symmetric(LINE));
		assert_eq!(Registered::get()[&0].admission, Admission::Pending { passed: 0 });
		assert!(Conducts::<Runtime>::get(TARGET).unwrap().offences.is_empty());
		let outcome = Outcome::Good;
		assert!(events().contains(&Event::AppealConcluded {
			provider: 0,
			account: TARGET,
			epoch: held,
			outcome
		}));
	});
}

#[test]
fn appeal_should_forfeit_the_deposit_when_the_second_committee_agrees() {
	slashed(TARGET, |drawer, held| {
		let claim = Registered::get()[&0].claim;
		assert_ok!(appeal(TARGET, held));
		run_to(held + 2, 0);
		deny(drawer);
		assert_eq!((Held::get()[&TARGET], Taken::get()), (0, vec![TARGET]));
		assert!(Cancelled::get().is_empty());
		assert_eq!(Registered::get()[&0].claim, claim);
		assert_eq!(Queued::get().iter().filter(|(who, ..)| *who == TARGET).count(), 1, "no second slash");
		assert_eq!(Targets::<Runtime>::get(0).unwrap().escalation, None);
	});
}

#[test]
fn appeal_should_return_the_deposit_when_receipts_have_undone_the_slash() {
	slashed(TARGET, |drawer, held| {
		let receipts = liars(held).iter().map(|node| drawer.receipt(held, 0, *node)).collect();
		assert_ok!(appeal(TARGET, held));
		submit(dispute(held, receipts));
		assert_eq!(Cancelled::get().len(), 1);
		run_to(held + 2, 0);
		deny(drawer);
		assert_eq!(last_verdict(0).outcome, Outcome::Strike);
		assert_eq!((Held::get()[&TARGET], Taken::get()), (0, vec![]));
	});
}

#[test]
fn appeal_should_return_the_deposit_and_leave_the_slash_when_nobody_can_tell() {
	slashed(TARGET, |_, held| {
		assert_ok!(appeal(TARGET, held));
		run_to(held + 2, 0);
		cycle_with(|_, _| None);
		assert_eq!(last_verdict(0).outcome, Outcome::Void);
		assert_eq!((Held::get()[&TARGET], Taken::get(), Cancelled::get()), (0, vec![], vec![]));
		assert_eq!(Targets::<Runtime>::get(0).unwrap().escalation, None);
	});
}

#[test]
fn appeal_should_undo_the_slash_when_its_strike_is_no_longer_among_the_last_verdicts() {
	slashed_after(30, TARGET, |drawer, held| {
		assert_ok!(appeal(TARGET, held));
		run_to(held + 2, 0);
		let is_kept = || Pob::verdicts_of(0).iter().any(|verdict| verdict.epoch == held);
		assert!(is_kept());
		// Held in every second epoch, because nobody can tell.
		while is_kept() {
			assert!(Pob::epoch() < held + 24, "eight verdicts have come since");
			cycle(|_, task| Some(unreachable(task.provider)));
			run_to(Pob::epoch() + 1, 0);
		}
		assert!(Evidences::<Runtime>::contains_key(0, held), "a deposit stands on it");
		cycle(|node, task| Some(drawer.measure(node, task, symmetric(LINE))));
		assert_eq!((last_verdict(0).kind, last_verdict(0).outcome), (TestKind::Escalation, Outcome::Good));
		assert_eq!((Held::get()[&TARGET], Cancelled::get().len()), (0, 1));
		assert_eq!(Registered::get()[&0].claim, symmetric(LINE));
		assert!(!Evidences::<Runtime>::contains_key(0, held));
	});
}

#[test]
fn appeal_should_fail_when_there_is_nothing_to_appeal_against() {
	slashed(TARGET, |_, held| {
		assert_noop!(appeal(7, held), Error::<Runtime>::NotAProvider);
		assert_noop!(appeal(TARGET, held + 1), Error::<Runtime>::NotDisputable);
		// A strike is no slash.
		assert_noop!(appeal(TARGET, held - 2), Error::<Runtime>::NotDisputable);
	});
	slashed(POOR, |_, held| {
		assert_noop!(appeal(POOR, held), TokenError::FundsUnavailable);
	});
}

#[test]
fn appeal_should_fail_when_it_would_not_be_judged_before_the_slash() {
	slashed(TARGET, |_, held| {
		// Queued in held + 1, due four epochs later; an appeal takes two.
		run_to(held + 3, 0);
		assert_noop!(appeal(TARGET, held), Error::<Runtime>::TooLateToAppeal);
		run_to(held + 5, 0);
		assert_noop!(appeal(TARGET, held), Error::<Runtime>::NotDisputable);
	});
	ExtBuilder::default().build_and_execute(|| {
		register(0, TARGET, symmetric(LINE));
		run_to(FIRST_TESTED_EPOCH, 0);
		let drawer = Drawer::default();
		let mut held = deny(&drawer);
		while last_verdict(0).kind != TestKind::Escalation {
			held = deny(&drawer);
		}
		assert!(!liars(held).is_empty());
		// Slashes of this network wait for one epoch.
		assert_noop!(appeal(TARGET, held), Error::<Runtime>::TooLateToAppeal);
	});
}

#[test]
fn appeal_should_fail_when_an_escalation_is_open() {
	// Slashes wait for longer than it takes to be struck three times more.
	let timing = Timing { slash_delay_epochs: 8, unbonding_epochs: 32, ..Timing::local() };
	ExtBuilder { timing, ..ExtBuilder::default() }.build_and_execute(|| {
		register(0, TARGET, symmetric(LINE));
		run_to(FIRST_TESTED_EPOCH, 0);
		// Two fifths are no cause for a jail, so that it claims the whole line again and again.
		let fail_until = |done: fn() -> bool| {
			while !done() {
				assert!(Pob::epoch() < 20, "never");
				assert_ok!(change(0, |facts| facts.claim = symmetric(LINE)));
				cycle(|_, task| honest(task, symmetric(LINE / 5 * 2)));
			}
		};
		// The first offence costs the claim alone.
		fail_until(|| !Queued::get().is_empty());
		let confirmed = last_verdict(0);
		assert_eq!(confirmed.kind, TestKind::Escalation);
		fail_until(|| Targets::<Runtime>::get(0).unwrap().escalation.is_some());
		assert_noop!(appeal(TARGET, confirmed.epoch), Error::<Runtime>::EscalationOpen);
		assert!(!Held::get().contains_key(&TARGET), "no deposit");
	});
}

fn request_test(who: AccountId) -> frame_support::dispatch::DispatchResult {
	Pob::request_test(RawOrigin::Signed(who).into())
}

/// An admitted line, on a network that tests one in four.
fn admitted(who: AccountId, test: impl FnOnce()) {
	let timing = Timing { test_every: 4, ..Timing::local() };
	ExtBuilder { timing, ..ExtBuilder::default() }.build_and_execute(|| {
		for index in 0..8 {
			register(index, if index == 0 { who } else { 110 + u64::from(index) }, symmetric(LINE));
		}
		run_to(FIRST_TESTED_EPOCH, 0);
		assert_noop!(request_test(who), Error::<Runtime>::NotAdmitted);
		for _ in 0..4 {
			cycle(|_, task| honest(task, symmetric(LINE)));
		}
		assert!(matches!(Registered::get()[&0].admission, Admission::Admitted { .. }));
		test();
	});
}

#[test]
fn request_test_should_bring_a_test_two_epochs_later_and_then_no_more() {
	admitted(TARGET, || {
		// Until a lot spares it.
		while Pob::target_test(&TARGET).is_some() {
			cycle(|_, task| honest(task, symmetric(LINE)));
			run_to(Pob::epoch() + 1, 0);
		}
		assert_ok!(request_test(TARGET));
		assert_eq!(Taken::get(), [TARGET]);
		assert_noop!(request_test(TARGET), Error::<Runtime>::TestDue);
		// The committees of the next epoch are known: nobody may choose between two.
		let from = Pob::epoch() + 2;
		assert!(events().contains(&Event::TestRequested { provider: 0, account: TARGET, from }));
		run_to(from, 5);
		assert_eq!(Pob::target_test(&TARGET).unwrap().kind, TestKind::Scheduled);
		cycle(|_, task| honest(task, symmetric(LINE)));
		assert_eq!((last_verdict(0).epoch, last_verdict(0).outcome), (from, Outcome::Good));
		let terms = Targets::<Runtime>::get(0).unwrap().terms.at(Pob::epoch() + 1).unwrap();
		assert_eq!(terms.standing, Standing::Admitted);
	});
}

#[test]
fn request_test_should_fail_without_a_line_in_service_or_money() {
	admitted(TARGET, || {
		assert_noop!(request_test(7), Error::<Runtime>::NotAProvider);
		assert_ok!(change(0, |facts| facts.in_service = false));
		assert_noop!(request_test(TARGET), Error::<Runtime>::NotInService);
	});
	admitted(POOR, || {
		assert_noop!(request_test(POOR), TokenError::FundsUnavailable);
	});
}

#[test]
fn request_test_should_fail_when_an_escalation_is_open() {
	ExtBuilder::default().build_and_execute(|| {
		register(0, TARGET, symmetric(LINE));
		run_to(FIRST_TESTED_EPOCH, 0);
		for _ in 0..3 {
			cycle(|_, task| honest(task, symmetric(LINE)));
		}
		while Targets::<Runtime>::get(0).unwrap().escalation.is_none() {
			assert!(Pob::epoch() < 20, "never");
			cycle(|_, task| honest(task, symmetric(LINE / 5)));
		}
		assert!(matches!(Registered::get()[&0].admission, Admission::Admitted { .. }));
		assert_noop!(request_test(TARGET), Error::<Runtime>::EscalationOpen);
		assert!(Taken::get().is_empty(), "nobody paid");
	});
}
