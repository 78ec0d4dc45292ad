//! Verdicts that come late, twice or not at all.

use super::*;
use crate::assignment::Draw;
use frame_support::weights::{Weight, WeightMeter};
use weir_math::verdict::Outcome;
use weir_primitives::api::TestKind;

const LINE: ProviderIndex = 0;
const OWNER: AccountId = 100;
const CLAIM: Kbps = 100_000;

/// A provider at the start of its first tested epoch.
fn with_provider(story: impl FnOnce()) {
	ExtBuilder::default().build_and_execute(|| {
		register(LINE, OWNER, symmetric(CLAIM));
		run_to(FIRST_TESTED_EPOCH, 0);
		story();
	});
}

fn concluded() -> Vec<EpochIndex> {
	let epoch_of = |event| match event {
		Event::EpochConcluded { epoch, .. } => Some(epoch),
		_ => None,
	};
	events().into_iter().filter_map(epoch_of).collect()
}

fn skipped() -> Vec<EpochIndex> {
	let epoch_of = |event| match event {
		Event::EpochSkipped { epoch } => Some(epoch),
		_ => None,
	};
	events().into_iter().filter_map(epoch_of).collect()
}

fn verdicts() -> Vec<(EpochIndex, Outcome)> {
	Pob::verdicts_of(LINE).iter().map(|verdict| (verdict.epoch, verdict.outcome)).collect()
}

#[test]
fn epoch_should_be_judged_in_the_next_one_when_no_block_came_after_its_reveals() {
	with_provider(|| {
		report(|_, task| honest(task, symmetric(CLAIM)));
		run_to(4, 18);
		stall();
		assert_eq!((Pob::epoch(), Pob::slot_in_epoch()), (5, 0));
		assert_eq!(verdicts(), [(3, Outcome::Good)]);
		assert_eq!(concluded(), [3]);
		// The one after is judged when its own reveals have closed.
		run_to(5, 18);
		assert_eq!(concluded(), [3]);
		run_to(5, 20);
		assert_eq!(concluded(), [3, 4]);
	});
}

#[test]
fn epochs_should_be_judged_in_order_when_blocks_were_full_for_long() {
	with_provider(|| {
		Idle::set(Weight::zero());
		for _ in 0..3 {
			cycle(|_, task| honest(task, symmetric(CLAIM)));
		}
		run_to(7, 1);
		assert!(verdicts().is_empty());
		Idle::set(Weight::MAX);
		next_slot();
		assert_eq!(verdicts(), [(3, Outcome::Good)]);
		next_slot();
		next_slot();
		assert_eq!(verdicts(), [(3, Outcome::Good), (4, Outcome::Good), (5, Outcome::Good)]);
		assert!((1..=8).all(|node| Pob::seat(&node).unwrap().score_ppm == FULL_SCORE_PPM));
		run_to(7, 18);
		assert_eq!(concluded(), [3, 4, 5]);
		run_to(7, 19);
		assert_eq!(concluded(), [3, 4, 5, 6]);
	});
}

#[test]
fn epoch_should_be_skipped_by_name_when_its_record_is_gone() {
	with_provider(|| {
		Idle::set(Weight::zero());
		run_to(14, 1);
		Idle::set(Weight::MAX);
		for _ in 0..3 {
			next_slot();
		}
		assert_eq!((skipped(), concluded()), (vec![3, 4, 5], vec![]));
		run_to(14, 18);
		assert_eq!((skipped(), concluded()), (vec![3, 4, 5], (6..=12).collect()));
		run_to(14, 29);
		assert_eq!(concluded().last(), Some(&13));
	});
}

#[test]
fn skipping_should_wait_until_there_is_weight_for_it() {
	with_provider(|| {
		Idle::set(Weight::zero());
		run_to(14, 1);
		let opened = <Runtime as Config>::WeightInfo::estimate_open();
		let mut meter = WeightMeter::with_limit(opened);
		Pob::estimate(&mut meter);
		assert_eq!((skipped(), meter.consumed()), (vec![], opened));
		let needed = opened + <Runtime as Config>::WeightInfo::conclude_epoch();
		let mut meter = WeightMeter::with_limit(needed);
		Pob::estimate(&mut meter);
		assert_eq!((skipped(), meter.consumed()), (vec![3], needed));
	});
}

#[test]
fn reports_should_be_kept_until_they_are_judged() {
	with_provider(|| {
		Idle::set(Weight::zero());
		cycle(|_, task| honest(task, symmetric(CLAIM)));
		run_to(9, 1);
		let open = <Runtime as Config>::WeightInfo::estimate_open();
		Pob::estimate(&mut WeightMeter::with_limit(open));
		for _ in 0..6 {
			Pob::sweep(&mut WeightMeter::new());
		}
		assert_eq!(Swept::<Runtime>::get().reports, 2);
		assert!(!Filings::<Runtime>::get(3, LINE).is_empty());
		Idle::set(Weight::MAX);
		run_to(9, 29);
		assert_eq!(verdicts().first(), Some(&(3, Outcome::Good)));
		assert_eq!(Reports::<Runtime>::iter_key_prefix(3).count(), 0);
	});
}

#[test]
fn escalation_should_decide_nothing_when_the_next_one_has_begun() {
	with_provider(|| {
		for _ in 0..4 {
			cycle(|_, task| honest(task, symmetric(CLAIM / 10)));
		}
		assert_eq!(Pob::target_test(&OWNER).unwrap().kind, TestKind::Escalation);
		report(|_, task| honest(task, symmetric(CLAIM / 10)));
		run_to(8, 18);
		stall();
		let verdict = last_verdict(LINE);
		assert_eq!(
			(verdict.epoch, verdict.kind, verdict.outcome),
			(7, TestKind::Escalation, Outcome::Strike)
		);
		assert!(Queued::get().is_empty());
		// The test of the running epoch stays what it was when the epoch began.
		assert_eq!(Pob::epoch(), 9);
		assert_eq!(Pob::target_test(&OWNER).unwrap().kind, TestKind::Escalation);
		assert_eq!(Pob::strikes(&OWNER), 4);
		cycle(|_, task| honest(task, symmetric(CLAIM / 10)));
		assert_eq!(last_verdict(LINE).epoch, 9);
		assert_eq!(Queued::get().len(), 1);
	});
}

#[test]
fn provider_should_be_judged_once_when_its_escalation_ends_between_two_lists() {
	ExtBuilder::default().build_and_execute(|| {
		register(LINE, OWNER, symmetric(CLAIM));
		register(1, 101, symmetric(CLAIM));
		run_to(4, 0);
		// It joins the other list in epoch 7 and leaves this one in epoch 11, when its index has rested.
		change(LINE, |facts| facts.claim = symmetric(900_000)).unwrap();
		run_to(8, 0);
		let lists = |epoch| {
			(0..CLASSES)
				.filter(|class| epochs::ProviderIndices::<Runtime>::place_at(*class, &LINE, epoch).is_some())
				.count()
		};
		assert_eq!(lists(8), 2);
		Targets::<Runtime>::mutate_extant(LINE, |target| {
			target.escalation =
				Some(Escalation { due: 8, claim: symmetric(CLAIM), attempts: 0, cause: Cause::Strikes });
		});
		cycle(|_, task| honest(task, symmetric(CLAIM)));
		let of_the_epoch: Vec<_> =
			Pob::verdicts_of(LINE).into_iter().filter(|verdict| verdict.epoch == 8).collect();
		assert_eq!(of_the_epoch.len(), 1);
		assert_eq!((of_the_epoch[0].kind, of_the_epoch[0].outcome), (TestKind::Escalation, Outcome::Good));
		assert_eq!(Targets::<Runtime>::get(LINE).unwrap().escalation, None);
		let again = Draw::<Runtime>::of(8).unwrap().test_of(LINE).unwrap();
		assert_eq!(again.class, 1, "what is computed now is a test of the other list");
		assert_eq!(Pob::strikes(&OWNER), 0);
		// Its own and its neighbour's.
		assert!(events().contains(&Event::EpochConcluded { epoch: 8, tests: 2, voids: 0, strikes: 0 }));
	});
}
