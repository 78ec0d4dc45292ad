//! Whole stories: from a registration to what follows from its tests.

use super::*;
use sp_runtime::Perbill;
use weir_math::verdict::{Outcome, Reason};
use weir_primitives::{
	api::TestKind, seams::OnProviderChange, seams::OnSlashDecided, Admission, SlashReason,
};

const LINE: ProviderIndex = 0;
const OWNER: AccountId = 100;
const CLAIM: Kbps = 100_000;

/// A provider that claims [`CLAIM`], at the end of the last epoch before its first test.
fn with_provider(seats: u64, story: impl FnOnce()) {
	ExtBuilder::default().seats(seats).build_and_execute(|| {
		register(LINE, OWNER, symmetric(CLAIM));
		run_to(FIRST_TESTED_EPOCH, 0);
		story();
	});
}

fn delivers(kbps: Kbps) {
	cycle(|_, task| honest(task, symmetric(kbps)));
}

fn admission() -> Admission {
	Registered::get()[&LINE].admission
}

#[test]
fn honest_provider_should_be_admitted_after_three_good_tests() {
	with_provider(8, || {
		delivers(CLAIM);
		let verdict = last_verdict(LINE);
		assert_eq!((verdict.outcome, verdict.reason), (Outcome::Good, Reason::WithinClaim));
		assert_eq!((verdict.kind, verdict.members, verdict.present), (TestKind::Admission, 5, 5));
		assert_eq!((verdict.down_kbps, verdict.up_kbps, verdict.ratio_ppm), (CLAIM, CLAIM, 1_000_000));
		assert_eq!((verdict.rtt_10us, verdict.loss_pptt, verdict.alive_parts), (1_200, 10, 40));
		assert!(events().contains(&Event::VerdictReached { provider: LINE, account: OWNER, verdict }));
		assert_eq!(admission(), Admission::Pending { passed: 1 });
		delivers(CLAIM);
		assert_eq!(admission(), Admission::Pending { passed: 2 });
		delivers(CLAIM);
		assert_eq!(admission(), Admission::Admitted { since: 7 });
		assert!(events().contains(&Event::ProviderAdmitted { provider: LINE, since: 7 }));
		assert_eq!(Heard::get().len(), 3);
		// The running epoch was opened before the admission: its test still is one.
		assert_eq!(Pob::target_test(&OWNER).unwrap().kind, TestKind::Admission);
		run_to(7, 0);
		assert_eq!(Pob::target_test(&OWNER).unwrap().kind, TestKind::Scheduled);
		delivers(CLAIM);
		assert_eq!(last_verdict(LINE).kind, TestKind::Scheduled);
	});
}

#[test]
fn slower_line_should_be_paid_as_measured_and_keep_its_claim() {
	with_provider(8, || {
		delivers(CLAIM / 100 * 80);
		let verdict = last_verdict(LINE);
		assert_eq!((verdict.outcome, verdict.reason), (Outcome::PaidAsMeasured, Reason::BelowClaim));
		assert_eq!(Registered::get()[&LINE].claim, symmetric(CLAIM));
		assert_eq!(admission(), Admission::Pending { passed: 1 });
	});
}

#[test]
fn much_slower_line_should_have_its_claim_lowered_for_the_next_epoch() {
	with_provider(8, || {
		delivers(CLAIM / 100 * 60);
		let verdict = last_verdict(LINE);
		assert_eq!((verdict.outcome, verdict.reason), (Outcome::ClaimLowered, Reason::BelowThreeQuarters));
		assert_eq!(Registered::get()[&LINE].claim, symmetric(60_000));
		// The test of the running epoch was announced with the old claim.
		assert_eq!(Pob::tasks(&Pob::assignment(4, LINE)[0])[0].claim, symmetric(CLAIM));
		run_to(5, 0);
		assert_eq!(Pob::tasks(&Pob::assignment(5, LINE)[0])[0].claim, symmetric(60_000));
		assert_eq!(admission(), Admission::Pending { passed: 0 });
	});
}

#[test]
fn liar_should_be_struck_escalated_slashed_and_jailed() {
	with_provider(8, || {
		for struck in 1..=3 {
			delivers(CLAIM / 10);
			let verdict = last_verdict(LINE);
			assert_eq!((verdict.outcome, verdict.reason), (Outcome::Strike, Reason::BelowHalf));
			assert_eq!(Pob::strikes(&OWNER), struck);
		}
		assert!(events().contains(&Event::EscalationOpened {
			provider: LINE,
			account: OWNER,
			due: 7,
			claim: symmetric(CLAIM)
		}));
		assert!(Pob::is_needed(LINE, &OWNER));
		// The running epoch keeps the test it began with; the fresh committee sits in the next one.
		delivers(CLAIM / 10);
		assert_eq!(last_verdict(LINE).kind, TestKind::Admission);
		assert_eq!(Pob::epoch(), 7);
		assert_eq!(Pob::target_test(&OWNER).unwrap().kind, TestKind::Escalation);
		assert_eq!(Pob::assignment(7, LINE).len(), 7);
		assert!(Queued::get().is_empty());
		delivers(CLAIM / 10);
		let verdict = last_verdict(LINE);
		assert_eq!((verdict.kind, verdict.outcome), (TestKind::Escalation, Outcome::Strike));
		let reason = SlashReason::FalseClaim { epoch: 7, ratio_ppm: verdict.ratio_ppm };
		assert_eq!(Queued::get(), vec![(OWNER, Perbill::from_percent(5), reason)]);
		assert!(events().contains(&Event::FalseClaimConfirmed {
			provider: LINE,
			account: OWNER,
			ratio_ppm: verdict.ratio_ppm,
			fraction: Perbill::from_percent(5),
			slash: Some(0),
		}));
		assert_eq!(admission(), Admission::Jailed { until: 8 + 10_080 });
		assert_eq!(Registered::get()[&LINE].claim.down_kbps, verdict.down_kbps);
		assert_eq!(Pob::strikes(&OWNER), 0);
		run_to(9, 0);
		assert_eq!(Pob::target_test(&OWNER), None);
	});
}

#[test]
fn half_liar_should_lose_its_claim_first_and_money_only_when_repeated() {
	with_provider(8, || {
		for _ in 0..5 {
			delivers(CLAIM / 100 * 40);
		}
		assert_eq!(last_verdict(LINE).kind, TestKind::Escalation);
		assert!(Queued::get().is_empty());
		assert!(events().contains(&Event::FalseClaimConfirmed {
			provider: LINE,
			account: OWNER,
			ratio_ppm: last_verdict(LINE).ratio_ppm,
			fraction: Perbill::zero(),
			slash: None,
		}));
		let claim = Registered::get()[&LINE].claim;
		// Seven members share what the line has, each rounded down.
		assert!((39_990..=40_000).contains(&claim.down_kbps), "{claim:?}");
		assert_eq!(admission(), Admission::Pending { passed: 0 });
		assert_eq!(Conducts::<Runtime>::get(OWNER).unwrap().offences.to_vec(), vec![7]);
		// A bolder claim again, and the same again.
		change(LINE, |facts| facts.claim = symmetric(CLAIM)).unwrap();
		while Queued::get().is_empty() && Pob::epoch() < 20 {
			delivers(CLAIM / 100 * 40);
		}
		let (who, fraction, _) = Queued::get()[0];
		assert_eq!((who, fraction), (OWNER, Perbill::from_percent(1)));
		assert!(!matches!(admission(), Admission::Jailed { .. }));
	});
}

#[test]
fn slash_cancelled_should_take_back_the_offence() {
	with_provider(8, || {
		for _ in 0..5 {
			delivers(CLAIM / 10);
		}
		let (_, _, reason) = Queued::get()[0];
		Pob::slash_cancelled(&OWNER, &reason);
		assert!(Conducts::<Runtime>::get(OWNER).unwrap().offences.is_empty());
		System::assert_last_event(Event::OffenceVoided { account: OWNER, epoch: 7 }.into());
		Pob::slash_cancelled(&OWNER, &reason);
		Pob::slash_applied(&OWNER, &reason);
	});
}

#[test]
fn slash_queue_refusal_should_keep_the_escalation_open() {
	with_provider(8, || {
		SlashQueueFull::set(true);
		for _ in 0..5 {
			delivers(CLAIM / 10);
		}
		assert!(events().contains(&Event::Unexpected { expectation: Expectation::SlashQueued }));
		assert!(Targets::<Runtime>::get(LINE).unwrap().escalation.is_some());
		SlashQueueFull::set(false);
		delivers(CLAIM / 10);
		delivers(CLAIM / 10);
		assert_eq!(Queued::get().len(), 1);
	});
}

#[test]
fn honest_provider_should_keep_its_bond_when_a_minority_lies() {
	with_provider(8, || {
		// Two seats of eight deny everything they received; no committee of five or seven has a majority of them.
		for _ in 0..12 {
			cycle(|node, task| match node {
				1 | 2 => Some(Entry { down_kbps: 0, up_kbps: 0, ..entry(task.provider) }),
				_ => honest(task, symmetric(CLAIM)),
			});
			assert_ne!(last_verdict(LINE).outcome, Outcome::Strike);
		}
		assert_eq!(Pob::strikes(&OWNER), 0);
		assert!(Queued::get().is_empty());
	});
}

#[test]
fn capacity_should_not_be_inflated_when_one_of_five_invents_rates() {
	with_provider(8, || {
		for _ in 0..3 {
			let liars: Vec<AccountId> = Pob::assignment(Pob::epoch(), LINE).into_iter().take(1).collect();
			cycle(|node, task| match liars.contains(&node) {
				true => Some(Entry { down_kbps: 1_000_000, up_kbps: 1_000_000, ..entry(task.provider) }),
				false => honest(task, symmetric(CLAIM / 10)),
			});
			// One of five is trimmed: at most k/(k − 1) of the truth.
			assert!(last_verdict(LINE).down_kbps <= CLAIM / 10 * 5 / 4);
			assert_eq!(last_verdict(LINE).outcome, Outcome::Strike);
		}
	});
}

#[test]
fn escalation_should_void_the_strikes_when_it_does_not_confirm_them() {
	with_provider(8, || {
		for _ in 0..4 {
			delivers(CLAIM / 10);
		}
		delivers(CLAIM);
		let verdict = last_verdict(LINE);
		assert_eq!((verdict.kind, verdict.outcome), (TestKind::Escalation, Outcome::Good));
		let ratio_ppm = verdict.ratio_ppm;
		assert!(events().contains(&Event::EscalationRefuted { provider: LINE, account: OWNER, ratio_ppm }));
		assert_eq!(Pob::strikes(&OWNER), 0);
		assert!(Queued::get().is_empty());
		assert_eq!(Targets::<Runtime>::get(LINE).unwrap().escalation, None);
	});
}

#[test]
fn escalation_should_never_slash_when_the_committee_is_small() {
	with_provider(6, || {
		for _ in 0..5 {
			delivers(CLAIM / 10);
		}
		let verdict = last_verdict(LINE);
		assert_eq!((verdict.kind, verdict.members), (TestKind::Escalation, 6));
		assert_eq!((verdict.outcome, verdict.reason), (Outcome::ClaimLowered, Reason::CommitteeTooSmall));
		assert!(Queued::get().is_empty());
	});
}

#[test]
fn test_should_be_void_when_few_reveal() {
	with_provider(8, || {
		let present: Vec<AccountId> = Pob::assignment(3, LINE).into_iter().take(3).collect();
		cycle_with(|node, tasks| {
			let entries = tasks.iter().filter_map(|task| honest(task, symmetric(CLAIM))).collect();
			present.contains(&node).then_some(entries)
		});
		let verdict = last_verdict(LINE);
		assert_eq!((verdict.outcome, verdict.reason), (Outcome::Void, Reason::TooFewMembers));
		assert_eq!((verdict.members, verdict.present, verdict.ratio_ppm), (5, 3, 0));
		assert_eq!(admission(), Admission::Pending { passed: 0 });
		assert!(events().contains(&Event::EpochConcluded { epoch: 3, tests: 1, voids: 1, strikes: 0 }));
	});
}

#[test]
fn absent_members_should_lose_score_and_silent_ones_count_nothing() {
	with_provider(8, || {
		let members = Pob::assignment(3, LINE);
		let (absent, silent) = (members[0], members[1]);
		cycle_with(|node, tasks| match node {
			_ if node == absent => None,
			_ if node == silent => Some(Vec::new()),
			_ => Some(tasks.iter().filter_map(|task| honest(task, symmetric(CLAIM))).collect()),
		});
		let verdict = last_verdict(LINE);
		assert_eq!(verdict.present, 4);
		assert!(verdict.ratio_ppm < 1_000_000);
		for node in 1..=8 {
			let whole = Pob::seat(&node).unwrap().score_ppm == FULL_SCORE_PPM;
			assert_eq!(whole, node != absent && node != silent, "seat {node}");
		}
	});
}

#[test]
fn outage_should_bring_neither_strike_nor_pass_when_a_majority_gets_no_answer() {
	with_provider(8, || {
		for _ in 0..4 {
			cycle(|_, task| Some(unreachable(task.provider)));
			let verdict = last_verdict(LINE);
			assert_eq!(
				(verdict.outcome, verdict.reason),
				(Outcome::Unreachable, Reason::UnreachableByMajority)
			);
		}
		assert_eq!(Pob::strikes(&OWNER), 0);
		assert_eq!(admission(), Admission::Pending { passed: 0 });
	});
}

#[test]
fn escalation_should_lapse_when_nobody_can_conclude_it() {
	with_provider(8, || {
		for _ in 0..4 {
			delivers(CLAIM / 10);
		}
		for _ in 0..2 * ESCALATION_ATTEMPTS {
			cycle(|_, task| Some(unreachable(task.provider)));
		}
		assert!(events().contains(&Event::EscalationLapsed { provider: LINE, account: OWNER }));
		assert_eq!(Targets::<Runtime>::get(LINE).unwrap().escalation, None);
		assert_eq!(admission(), Admission::Pending { passed: 0 });
		assert!(Queued::get().is_empty());
	});
}

#[test]
fn escalation_should_not_be_paused_away() {
	with_provider(8, || {
		for _ in 0..3 {
			delivers(CLAIM / 10);
		}
		change(LINE, |facts| facts.in_service = false).unwrap();
		for _ in 0..4 {
			delivers(CLAIM / 10);
		}
		assert_eq!(Queued::get().len(), 1);
		assert!(!ProviderListPlaces::<Runtime>::get(0, LINE).unwrap().wanted);
	});
}

#[test]
fn test_without_a_start_should_be_void() {
	with_provider(8, || {
		// No block in the measuring part of the epoch.
		Slot::set(FirstSlot::get() + 29);
		cycle_with(|_, _| Some(Vec::new()));
		let verdict = last_verdict(LINE);
		assert_eq!((verdict.outcome, verdict.reason), (Outcome::Void, Reason::NotStarted));
		assert!((1..=8).all(|node| Pob::seat(&node).unwrap().score_ppm == FULL_SCORE_PPM));
	});
}

#[test]
fn verdicts_should_be_kept_for_the_last_eight_tests() {
	with_provider(8, || {
		for _ in 0..10 {
			delivers(CLAIM);
		}
		let epochs: Vec<EpochIndex> = Pob::verdicts_of(LINE).iter().map(|verdict| verdict.epoch).collect();
		assert_eq!(epochs, (5..=12).collect::<Vec<_>>());
	});
}

#[test]
fn strikes_should_outlive_the_registration() {
	with_provider(8, || {
		delivers(CLAIM / 10);
		delivers(CLAIM / 10);
		change(LINE, |facts| facts.in_service = false).unwrap();
		Registered::mutate(|all| all.remove(&LINE));
		Pob::provider_left(LINE, &OWNER);
		register(7, OWNER, symmetric(CLAIM));
		assert_eq!(Pob::strikes(&OWNER), 2);
		while Targets::<Runtime>::get(7).unwrap().escalation.is_none() && Pob::epoch() < 14 {
			delivers(CLAIM / 10);
		}
		assert!(Targets::<Runtime>::get(7).unwrap().escalation.is_some());
		assert_eq!(Pob::verdicts_of(7).len(), 1);
	});
}

#[test]
fn test_should_be_void_when_the_provider_is_gone_or_jailed() {
	with_provider(8, || {
		run_to(3, 29);
		Registered::mutate(|all| {
			all.get_mut(&LINE).unwrap().admission = Admission::Jailed { until: 99 };
		});
		cycle_with(|_, _| Some(Vec::new()));
		let verdict = last_verdict(LINE);
		assert_eq!((verdict.outcome, verdict.reason), (Outcome::Void, Reason::NotInService));
		assert_eq!(Pob::strikes(&OWNER), 0);
		Registered::mutate(|all| all.remove(&LINE));
		Pob::provider_left(LINE, &OWNER);
		cycle_with(|_, _| Some(Vec::new()));
		assert_eq!(last_verdict(LINE).reason, Reason::NotInService);
		assert!((1..=8).all(|node| Pob::seat(&node).unwrap().score_ppm == FULL_SCORE_PPM));
	});
}

#[test]
fn cursor_should_resume_where_the_weight_ran_out() {
	ExtBuilder::default().build_and_execute(|| {
		use frame_support::{
			traits::Hooks,
			weights::{Weight, WeightMeter},
		};
		for index in 0..4 {
			register(index, 100 + u64::from(index), symmetric(CLAIM));
		}
		run_to(FIRST_TESTED_EPOCH, 0);
		cycle(|_, task| honest(task, symmetric(CLAIM)));
		run_to(5, 18);
		assert_eq!(EstimateCursor::<Runtime>::get().unwrap().stage, Stage::Done);
		let step =
			Pob::weight_of_test(MAX_MEMBERS, MAX_MEMBERS) + <Runtime as Config>::WeightInfo::estimate_open();
		Slot::set(Slot::get() + 1);
		Pob::estimate(&mut WeightMeter::with_limit(step));
		let cursor = EstimateCursor::<Runtime>::get().unwrap();
		assert_eq!((cursor.epoch, cursor.tests), (4, 1));
		assert_ne!(cursor.stage, Stage::Done);
		Pob::on_idle(0, Weight::MAX);
		assert_eq!(EstimateCursor::<Runtime>::get().unwrap().stage, Stage::Done);
		assert!(events().contains(&Event::EpochConcluded { epoch: 4, tests: 4, voids: 4, strikes: 0 }));
	});
}
