//! The dense index against a model that keeps every epoch's list in full.

use crate::{
	dense_index::{Change, DenseIndexError, History, Moment, HISTORY_EPOCHS, SIZE_VERSIONS},
	epochs::ProviderIndices,
	mock::*,
	ProviderListPlaces, ProviderListQueue, ProviderListSlots, ProviderListState,
};
use polkadot_sdk::*;

use frame_support::{assert_noop, traits::ConstU32};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use weir_primitives::{EpochIndex, ProviderIndex};

type Index = ProviderIndices<Runtime>;
const LIST: u8 = 0;
const MATURITY: u32 = 3;

fn at(now: EpochIndex) -> Moment {
	Moment { now, maturity: MATURITY }
}

fn list_at(epoch: EpochIndex) -> Vec<ProviderIndex> {
	(0..Index::size_at(LIST, epoch)).map(|index| Index::occupant_at(LIST, index, epoch).unwrap()).collect()
}

#[test]
fn join_should_append_when_mature() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(Index::join(LIST, &70, at(10)), Ok(Change::Effective(13)));
		assert_eq!(Index::join(LIST, &71, at(11)), Ok(Change::Effective(14)));
		assert_eq!(list_at(12), Vec::<u32>::new());
		assert_eq!(list_at(13), vec![70]);
		assert_eq!(list_at(14), vec![70, 71]);
		assert_eq!(Index::place_at(LIST, &71, 13), None);
		assert_eq!(Index::place_at(LIST, &71, 14), Some(1));
		clear();
	});
}

#[test]
fn join_should_fail_when_listed() {
	ExtBuilder::default().build_and_execute(|| {
		Index::join(LIST, &70, at(10)).unwrap();
		assert_eq!(Index::join(LIST, &70, at(10)), Err(DenseIndexError::AlreadyListed));
		clear();
	});
}

#[test]
fn leave_should_fail_when_not_listed_or_leaving() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(Index::leave(LIST, &70, at(10)), Err(DenseIndexError::NotListed));
		Index::join(LIST, &70, at(10)).unwrap();
		Index::leave(LIST, &70, at(10)).unwrap();
		assert_eq!(Index::leave(LIST, &70, at(10)), Err(DenseIndexError::NotListed));
	});
}

#[test]
fn leave_should_move_the_last_into_the_hole_when_mature() {
	ExtBuilder::default().build_and_execute(|| {
		for who in 70..74 {
			Index::join(LIST, &who, at(0)).unwrap();
		}
		assert_eq!(Index::leave(LIST, &71, at(20)), Ok(Change::Effective(23)));
		assert_eq!(list_at(22), vec![70, 71, 72, 73]);
		assert_eq!(list_at(23), vec![70, 73, 72]);
		assert_eq!(Index::place_at(LIST, &73, 22), Some(3));
		assert_eq!(Index::place_at(LIST, &73, 23), Some(1));
		assert_eq!(Index::place_at(LIST, &71, 23), None);
		clear();
	});
}

#[test]
fn leave_should_queue_when_the_index_changed_recently() {
	ExtBuilder::default().build_and_execute(|| {
		for who in 70..75 {
			Index::join(LIST, &who, at(0)).unwrap();
		}
		Index::leave(LIST, &71, at(20)).unwrap();
		// 74 sits in the hole from 23 on.
		assert_eq!(Index::leave(LIST, &74, at(21)), Ok(Change::Queued));
		assert_eq!(Index::work(LIST, 4, at(27)), Ok(1));
		assert_eq!(list_at(30), vec![70, 74, 72, 73]);
		assert_eq!(Index::work(LIST, 4, at(28)), Ok(1));
		assert_eq!(Index::queue_len(LIST), 0);
		assert_eq!(list_at(31), vec![70, 73, 72]);
		clear();
	});
}

#[test]
fn join_should_take_back_a_leave_when_it_waits() {
	ExtBuilder::default().build_and_execute(|| {
		for who in 70..75 {
			Index::join(LIST, &who, at(0)).unwrap();
		}
		Index::leave(LIST, &71, at(20)).unwrap();
		assert_eq!(Index::leave(LIST, &74, at(21)), Ok(Change::Queued));
		Index::join(LIST, &74, at(22)).unwrap();
		assert_eq!(Index::work(LIST, 4, at(40)), Ok(1));
		assert_eq!(list_at(60), vec![70, 74, 72, 73]);
		assert_eq!(Index::queue_len(LIST), 0);
		clear();
	});
}

/// Five occupants, one of whom waits to leave until epoch 28.
fn with_a_waiting_leave(test: impl FnOnce()) {
	ExtBuilder::default().build().execute_with(|| {
		for who in 70..75 {
			Index::join(LIST, &who, at(0)).unwrap();
		}
		Index::leave(LIST, &71, at(20)).unwrap();
		assert_eq!(Index::leave(LIST, &74, at(21)), Ok(Change::Queued));
		assert_eq!(Index::check(LIST), Ok(()));
		test();
	});
}

#[test]
fn changes_should_fail_when_the_epochs_end() {
	ExtBuilder::default().build_and_execute(|| {
		Index::join(LIST, &70, at(10)).unwrap();
		let end = at(EpochIndex::MAX - MATURITY + 1);
		assert_noop!(Index::join(LIST, &71, end), DenseIndexError::Overflow);
		assert_noop!(Index::leave(LIST, &70, end), DenseIndexError::Overflow);
		clear();
	});
}

#[test]
fn join_should_fail_when_the_list_is_full() {
	ExtBuilder::default().build().execute_with(|| {
		ProviderListState::<Runtime>::mutate(LIST, |state| assert!(state.size.set(0, u32::MAX, 0)));
		assert_noop!(Index::join(LIST, &70, at(10)), DenseIndexError::Overflow);
	});
}

#[test]
fn changes_should_fail_whole_when_the_list_is_inconsistent() {
	ExtBuilder::default().build().execute_with(|| {
		for who in 70..73 {
			Index::join(LIST, &who, at(0)).unwrap();
		}
		ProviderListSlots::<Runtime>::remove(LIST, 2);
		assert_noop!(Index::leave(LIST, &70, at(20)), DenseIndexError::Inconsistent);
		ProviderListState::<Runtime>::remove(LIST);
		assert_noop!(Index::leave(LIST, &70, at(20)), DenseIndexError::Inconsistent);
		// As many sizes as there is room for, all of them after the horizon.
		ProviderListState::<Runtime>::mutate(LIST, |state| {
			(0..SIZE_VERSIONS).for_each(|passed| assert!(state.size.set(18 + passed, 1, 0)));
		});
		let far = Moment { now: 25, maturity: 20 };
		assert_noop!(Index::leave(LIST, &70, far), DenseIndexError::Inconsistent);
		assert_noop!(Index::join(LIST, &73, far), DenseIndexError::Inconsistent);
	});
}

#[test]
fn work_should_keep_a_change_in_the_queue_when_it_fails() {
	with_a_waiting_leave(|| {
		let last = ProviderListSlots::<Runtime>::take(LIST, 3).unwrap();
		assert_eq!(Index::work(LIST, 4, at(28)), Err(DenseIndexError::Inconsistent));
		ProviderListSlots::<Runtime>::insert(LIST, 3, last);
		assert_eq!((Index::queue_len(LIST), Index::check(LIST)), (1, Ok(())));
		assert_eq!(Index::work(LIST, 4, at(28)), Ok(1));
		assert_eq!(list_at(31), vec![70, 73, 72]);
		assert_eq!((Index::queue_len(LIST), Index::check(LIST)), (0, Ok(())));
	});
}

fn says_it_waits(who: ProviderIndex, queued: bool) {
	ProviderListPlaces::<Runtime>::mutate(LIST, who, |place| place.as_mut().unwrap().queued = queued);
}

#[test]
fn check_should_fail_when_an_occupant_does_not_wait_as_it_says() {
	let once = Err("D3: an occupant does not wait once as it says");
	with_a_waiting_leave(|| {
		// Sure to be in the queue, and not there.
		says_it_waits(70, true);
		assert_eq!(Index::check(LIST), once);
	});
	with_a_waiting_leave(|| {
		says_it_waits(74, false);
		assert_eq!(Index::check(LIST), Err("D3: a wish is not queued"));
	});
	with_a_waiting_leave(|| {
		let tail = ProviderListState::<Runtime>::mutate(LIST, |state| {
			state.tail += 1;
			state.tail - 1
		});
		ProviderListQueue::<Runtime>::insert(LIST, tail, 74);
		assert_eq!(Index::check(LIST), once);
		ProviderListQueue::<Runtime>::insert(LIST, tail, 99);
		assert_eq!(Index::check(LIST), Err("D3: an occupant without a place is queued"));
		ProviderListQueue::<Runtime>::remove(LIST, tail);
		assert_eq!(Index::check(LIST), Err("D3: the queue has a gap"));
	});
}

#[test]
fn forget_should_keep_who_is_seen() {
	ExtBuilder::default().build_and_execute(|| {
		Index::join(LIST, &70, at(0)).unwrap();
		Index::leave(LIST, &70, at(10)).unwrap();
		assert!(!Index::forget(LIST, &70, 12));
		assert!(Index::forget(LIST, &70, 13));
		assert_eq!(Index::place_at(LIST, &70, 12), None);
	});
}

#[test]
fn history_should_refuse_when_needed_versions_leave_no_room() {
	let mut history = History::<u32, ConstU32<2>>::default();
	assert!(history.set(5, 50, 0) && history.set(6, 60, 0));
	assert!(!history.set(7, 70, 0), "epochs 5 and 6 are still asked for");
	assert_eq!((history.at(4), history.at(5), history.at(9)), (None, Some(50), Some(60)));
	assert!(history.set(7, 70, 6));
	assert_eq!((history.at(5), history.at(6), history.at(7)), (None, Some(60), Some(70)));
}

/// Lists here hold providers nobody follows, which the pallet's own invariants would rightly complain about.
fn clear() {
	Index::check(LIST).unwrap();
	let _ = ProviderListPlaces::<Runtime>::clear(u32::MAX, None);
	let _ = ProviderListSlots::<Runtime>::clear(u32::MAX, None);
	let _ = ProviderListQueue::<Runtime>::clear(u32::MAX, None);
	let _ = ProviderListState::<Runtime>::clear(u32::MAX, None);
}

#[derive(Clone, Debug)]
enum Step {
	Join(ProviderIndex),
	Leave(ProviderIndex),
	Work,
	NextEpoch,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
	let step = prop_oneof![
		4 => (0u32..14).prop_map(Step::Join),
		3 => (0u32..14).prop_map(Step::Leave),
		2 => Just(Step::Work),
		3 => Just(Step::NextEpoch),
	];
	prop::collection::vec(step, 1..160)
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(96))]

	#[test]
	fn lists_should_never_change_in_retrospect(steps in steps()) {
		ExtBuilder::default().build().execute_with(|| {
			let mut now: EpochIndex = 9;
			let mut seen: BTreeMap<EpochIndex, Vec<ProviderIndex>> = BTreeMap::new();
			let mut wanted = BTreeSet::new();
			for step in steps {
				match step {
					Step::Join(who) => {
						let expected = wanted.insert(who);
						assert_eq!(Index::join(LIST, &who, at(now)).is_ok(), expected);
					},
					Step::Leave(who) => {
						let expected = wanted.remove(&who);
						assert_eq!(Index::leave(LIST, &who, at(now)).is_ok(), expected);
					},
					Step::Work => assert!(Index::work(LIST, 3, at(now)).is_ok()),
					Step::NextEpoch => {
						now += 1;
						seen.insert(now, list_at(now));
					},
				}
				Index::check(LIST).unwrap();
				// Fixed for every epoch up to maturity, and remembered for the epochs a report may name.
				for (epoch, list) in seen.range(now.saturating_sub(HISTORY_EPOCHS - MATURITY)..) {
					assert_eq!(&list_at(*epoch), list, "epoch {epoch} seen from {now}");
					let distinct: BTreeSet<_> = list.iter().collect();
					assert_eq!(distinct.len(), list.len());
					for (index, who) in list.iter().enumerate() {
						assert_eq!(Index::place_at(LIST, who, *epoch), Some(index as u32));
					}
				}
				for ahead in 0..MATURITY {
					seen.entry(now + ahead).or_insert_with(|| list_at(now + ahead));
				}
			}
			// Once every index has rested, the queue empties and the list is what was asked for.
			for _ in 0..40 {
				now += HISTORY_EPOCHS;
				Index::work(LIST, 16, at(now)).unwrap();
			}
			let settled: BTreeSet<_> = list_at(now + MATURITY).into_iter().collect();
			assert_eq!(settled, wanted);
			assert_eq!(Index::queue_len(LIST), 0);
		});
	}
}
