//! Lines on one prefix are tested together.

use super::*;
use crate::assignment::Draw;
use weir_math::{committee::ListKind, schedule::Run};
use weir_primitives::{api::TestKind, Admission, Endpoint, SlotOffset, Timing};

const NEIGHBOURS: [ProviderIndex; 3] = [0, 1, 2];
const ALONE: ProviderIndex = 3;
const FIRST: AccountId = 101;

/// Lines on one prefix, of two classes, and one by itself; a public network's rhythm, in which one admitted line in four is tested.
fn among_neighbours(test: impl FnOnce()) {
	let timing = Timing { test_every: 4, ..Timing::local() };
	ExtBuilder { timing, ..ExtBuilder::default().seats(16).uplink(200_000) }.build_and_execute(|| {
		let claims = [20_000, 40_000, 600_000, 20_000].map(symmetric);
		for (index, claim) in (0u32..).zip(claims) {
			let account = FIRST + u64::from(index);
			register(index, account, claim);
		}
		for (index, host) in NEIGHBOURS.into_iter().zip(1..) {
			change(index, |facts| {
				facts.endpoint = Endpoint::V4 { addr: [45, 200, 7, host], port: 9_700 };
				facts.shared = true;
			})
			.unwrap();
		}
		test();
	});
}

/// Kind, list and run of the test that a provider has.
fn test_of(index: ProviderIndex) -> Option<(TestKind, ListKind, Run)> {
	let mut draw = Draw::<Runtime>::of(Pob::epoch())?;
	let test = draw.test_of(index)?;
	let run = draw.run_of(&test)?;
	Some((test.kind, test.list, run))
}

fn runs() -> Vec<(u8, SlotOffset)> {
	let of = |index| test_of(index).map(|(_, _, run)| (run.group, run.start_slot));
	NEIGHBOURS.into_iter().filter_map(of).collect()
}

/// To where every test of the epoch has a start.
fn run_to_all_started(epoch: EpochIndex) {
	run_to(epoch, Pob::timing().measure_from + 24 * Pob::timing().group_slots);
}

#[test]
fn neighbours_should_begin_together_in_every_epoch() {
	among_neighbours(|| {
		let mut slots = Vec::new();
		for epoch in FIRST_TESTED_EPOCH..FIRST_TESTED_EPOCH + 8 {
			run_to_all_started(epoch);
			if epoch == FIRST_TESTED_EPOCH + 2 {
				for index in NEIGHBOURS {
					change(index, |facts| facts.admission = Admission::Admitted { since: 0 }).unwrap();
				}
			}
			let runs = runs();
			assert_eq!(runs.len(), NEIGHBOURS.len(), "each is tested in epoch {epoch}");
			assert!(runs.iter().all(|run| *run == runs[0]), "{runs:?}");
			slots.push(runs[0]);
		}
		let (kind, list, _) = test_of(NEIGHBOURS[0]).unwrap();
		assert_eq!((kind, list), (TestKind::Scheduled, ListKind::Admission));
		slots.dedup();
		assert!(slots.len() > 4, "another turn in each epoch: {slots:?}");
	});
}

#[test]
fn escalation_should_be_held_together_with_the_tests_of_neighbours() {
	among_neighbours(|| {
		let epoch = FIRST_TESTED_EPOCH + 1;
		run_to(epoch - 1, 0);
		let cause = Cause::Strikes;
		let escalation = Escalation { due: epoch, claim: symmetric(20_000), attempts: 0, cause };
		Targets::<Runtime>::mutate_extant(NEIGHBOURS[0], |target| target.escalation = Some(escalation));
		run_to_all_started(epoch);
		assert_eq!(test_of(NEIGHBOURS[0]).unwrap().0, TestKind::Escalation);
		let runs = runs();
		assert_eq!(runs.len(), NEIGHBOURS.len());
		assert!(runs.iter().all(|run| *run == runs[0]), "{runs:?}");
	});
}

#[test]
fn line_alone_should_keep_its_own_turn_and_rhythm() {
	among_neighbours(|| {
		change(ALONE, |facts| facts.admission = Admission::Admitted { since: 0 }).unwrap();
		let (mut tested, mut met) = (0, 0);
		for epoch in FIRST_TESTED_EPOCH..FIRST_TESTED_EPOCH + 16 {
			run_to_all_started(epoch);
			if let Some((_, list, run)) = test_of(ALONE) {
				assert_eq!(list, ListKind::Test);
				tested += 1;
				met += u32::from(runs().contains(&(run.group, run.start_slot)));
			}
		}
		// Of 16: four expected, and hardly ever in the slot of the others.
		assert!((1..12).contains(&tested), "{tested}");
		assert!(met < tested, "{met}");
	});
}
