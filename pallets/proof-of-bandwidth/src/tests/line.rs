//! What a line is paid by.

use super::*;
use weir_primitives::{
	outage::Gap,
	seams::economy::{LineFacts, LineHistory},
	Admission,
};

const OWNER: AccountId = 100;
const CLAIM: Kbps = 100_000;
const HALF: Claim = Claim { down_kbps: 60_000, up_kbps: 80_000 };

fn line() -> LineFacts {
	Pob::line(0).expect("it was tested")
}

/// Five seats, and a provider that is tested every epoch.
fn story(private: bool, test: impl FnOnce()) {
	let chain = ExtBuilder::default().seats(5);
	let chain = if private { chain.private() } else { chain };
	chain.build_and_execute(|| {
		register(0, OWNER, symmetric(CLAIM));
		change(0, |facts| facts.admission = Admission::Admitted { since: 0 }).unwrap();
		run_to(FIRST_TESTED_EPOCH, 0);
		test();
	});
}

#[test]
fn line_should_be_nothing_when_it_was_never_tested() {
	story(false, || {
		assert_eq!(Pob::line(0), None);
		assert_eq!(Pob::line(7), None);
	});
}

#[test]
fn line_should_hold_the_smaller_direction_of_each_test_that_measured() {
	story(false, || {
		cycle(|_, task| honest(task, task.claim));
		let first = line();
		assert_eq!(first.measured.len(), 1);
		assert_eq!(first.last_test, Some(Pob::epoch() - 1));
		assert_eq!(first.last_test, first.measured.last().map(|(epoch, _)| *epoch));
		cycle(|_, task| honest(task, HALF));
		let verdict = last_verdict(0);
		assert!(verdict.down_kbps < verdict.up_kbps);
		assert_eq!(line().measured, [first.measured[0], (verdict.epoch, verdict.down_kbps)]);
		// Nobody got an answer, and then nobody reported: neither says what the line carries.
		let measured = line().last_test;
		cycle(|_, task| Some(unreachable(task.provider)));
		cycle_with(|_, _| None);
		assert_eq!((line().measured.len(), line().last_test), (2, measured));
		assert_eq!((line().slot, line().epoch_slots), (Slot::get(), Pob::timing().epoch_slots));
		assert_eq!((line().gaps, line().down_since, line().is_excused), (vec![], None, false));
	});
}

#[test]
fn line_should_hold_no_more_than_eight_tests() {
	story(false, || {
		(0..10).for_each(|_| cycle(|_, task| honest(task, task.claim)));
		assert_eq!(line().measured.len(), 8);
	});
}

#[test]
fn test_should_be_excused_when_its_epoch_fell_into_an_outage_of_the_region() {
	story(false, || {
		cycle(|_, task| honest(task, task.claim));
		let measured = Epochs::<Runtime>::get(Pob::epoch() - 1).unwrap().first_slot;
		let gap = |from_slot, until_slot, is_regional| Gap { from_slot, until_slot, is_regional };
		let excused_by = |gap: Gap| {
			Gaps::<Runtime>::mutate(0, |gaps| {
				*gaps = Default::default();
				gaps.push(&gap);
			});
			assert_eq!(line().gaps, [gap]);
			line().is_excused
		};
		let length = u64::from(Pob::timing().epoch_slots);
		assert!(excused_by(gap(measured - 5, measured, true)));
		assert!(excused_by(gap(measured + length - 1, measured + length + 9, true)));
		assert!(!excused_by(gap(measured, measured + length, false)));
		assert!(!excused_by(gap(measured - 5, measured - 1, true)));
		assert!(!excused_by(gap(measured + length, measured + length + 1, true)));
	});
}

#[test]
fn location_should_be_that_of_the_country_claimed() {
	story(false, || {
		change(0, |facts| facts.region.country = *b"JP").unwrap();
		run_to(Pob::epoch() + 2, 0);
		let measure = |rtt_10us| cycle(move |_, task| Some(Entry { rtt_10us, ..honest(task, task.claim)? }));
		measure(20_000);
		let proof = Some(Pob::epoch() - 1);
		assert_eq!((line().proof, line().is_refuted), (proof, false));
		// Five contradict, which is no jury.
		measure(3_000);
		assert_eq!((line().proof, line().is_refuted), (proof, false));
		change(0, |facts| facts.region.country = *b"DE").unwrap();
		assert_eq!((line().proof, line().is_refuted), (None, false));
	});
}

#[test]
fn last_test_should_stand_for_a_proof_when_locations_are_not_judged() {
	story(true, || {
		cycle(|_, task| honest(task, task.claim));
		assert_eq!((line().proof, line().is_refuted), (line().last_test, false));
		assert!(line().proof.is_some());
	});
}
