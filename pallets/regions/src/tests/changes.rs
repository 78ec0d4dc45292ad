//! Changes of the table: announced, bounded, taken back, in force after their notice.

use super::*;
use crate::{
	Change, Error, PastWeight, PastWeights, Pending, PendingChange, WeightInfo, CHANGES_PER_BLOCK, MAX_MOVES,
	MAX_PENDING,
};
use frame_support::{assert_noop, assert_ok, BoundedVec};
use weir_math::economy::least_weight::{MOST_OPENING, STEP};
use weir_primitives::{economy::Pace, seams::economy::RegionalDemand, LineKind};

fn set(region: Region, least_weight: LineWeight) -> DispatchResult {
	Table::set_least_weight(governance(), region, least_weight)
}

fn announce_open(region: Region, least_weight: LineWeight) -> DispatchResult {
	Table::open_region(governance(), region, least_weight)
}

fn least(id: RegionId) -> Option<LineWeight> {
	Table::region(id).map(|state| state.least_weight)
}

/// Enters the epochs up to and including `epoch`, one by one.
fn run_to(epoch: EpochIndex) {
	while Epoch::get() < epoch {
		enter(Epoch::get() + 1);
	}
}

/// The `n`-th of all regions.
fn nth(n: usize) -> Region {
	let codes = (b'A'..=b'Z').flat_map(|first| (b'A'..=b'Z').map(move |second| [first, second]));
	let all = codes.map(|country| Region { country, kind: LineKind::Hosting });
	all.filter(Region::is_valid).nth(n).unwrap()
}

#[test]
fn notice_should_be_seven_days_on_a_public_network() {
	assert_eq!(notice(), 29, "28 full epochs after the running one");
}

#[test]
fn opening_should_wait_for_its_notice() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		let at = Epoch::get() + notice();
		assert_ok!(announce_open(FR, 7));
		let change = Change::Open { least_weight: 7 };
		assert_eq!(events(), vec![Event::ChangeAnnounced { region: FR, change, at }]);
		assert_eq!(Table::pending_changes(), vec![PendingChange { region: FR, change, at }]);
		run_to(at - 1);
		assert_eq!((Table::id_of(&FR), events()), (None, vec![]));
		enter(at);
		assert_eq!(events(), vec![Event::RegionOpened { id: 1, region: FR, least_weight: 7 }]);
		assert_eq!((Table::id_of(&FR), Table::pending_changes()), (Some(1), vec![]));
	});
}

#[test]
fn closing_should_leave_lines_demand_and_bounties_until_its_notice_is_over() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		let at = Epoch::get() + notice();
		assert_ok!(Table::close_region(governance(), DE));
		assert_ok!(Table::post_bounty(signed(ALICE), DE, MIN_BOUNTY, 1, Epoch::get() + 5));
		assert_eq!(place(1, ALICE, DE, v4(1, 1, 1), 50_000).weight, 50_000);
		run_to(at - 1);
		<Table as RegionalDemand>::paid(&DE, at - 1, 9);
		assert_eq!(Table::paid_in(0, at - 1), 9);
		assert_ok!(Table::post_bounty(signed(ALICE), DE, MIN_BOUNTY, 1_000, at + 5));
		assert_eq!(Table::draw_bounty(0, at - 2, 10), 0, "it pays from the next one on");
		events();
		enter(at);
		assert_eq!(events(), vec![Event::RegionClosed { id: 0, region: DE }]);
		assert_eq!(place(1, ALICE, DE, v4(1, 1, 1), 50_000).weight, 0);

		// The epoch before is closed later, as that of an open region.
		let reclaim = || Table::reclaim_bounty(signed(BOB), DE, 1);
		assert_eq!(Table::paid_in(0, at - 1), 9);
		assert_noop!(reclaim(), Error::<Test>::StillRunning);
		assert!(close(0, seen(50_000, 0), &super::at(at - 1)).floor > 0);
		assert_eq!(Table::paid_in(0, at - 1), 0, "surveyed");
		assert_noop!(reclaim(), Error::<Test>::StillRunning);
		assert_eq!(Table::draw_bounty(0, at - 1, 10), 10);

		// Then it is as closed as it is.
		assert_ok!(Table::reclaim_bounty(signed(BOB), DE, 0));
		assert_eq!(close(0, seen(50_000, 0), &super::at(at)).floor, 0);
		assert_eq!(Table::draw_bounty(0, at, 10), 0);
		assert_ok!(reclaim());
	});
}

#[test]
fn epoch_before_a_closure_should_keep_its_multiplier() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		people(DE, 0, 1_000);
		let at = Epoch::get() + notice();
		assert_ok!(Table::close_region(governance(), DE));
		let all = seen(6_000, LEAST.into());
		for epoch in [at - 2, at - 1] {
			run_to(epoch);
			<Table as RegionalDemand>::paid(&DE, epoch, Credits::MAX);
		}
		assert_eq!(close(0, all, &super::at(at - 2)).multiplier, 1_025_000);
		enter(at);
		assert_eq!(close(0, all, &super::at(at - 1)).multiplier, 1_048_750);
		assert_eq!(close(0, all, &super::at(at)).multiplier, 1_000_000);
		assert!(Table::region(0).is_some_and(|state| state.multiplier > 1_000_000));
	});
}

#[test]
fn bounties_of_a_closed_region_should_not_wait_for_ever_for_its_last_epoch() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		let at = Epoch::get() + notice();
		assert_ok!(Table::close_region(governance(), DE));
		run_to(at - 1);
		assert_ok!(Table::post_bounty(signed(ALICE), DE, MIN_BOUNTY, 1, at + 18));
		run_to(at - 1 + 16);
		let reclaim = || Table::reclaim_bounty(signed(BOB), DE, 0);
		assert_noop!(reclaim(), Error::<Test>::StillRunning);
		enter(at - 1 + 17);
		assert_ok!(reclaim());
	});
}

#[test]
fn epoch_should_be_judged_by_the_least_weight_of_then() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		let at = Epoch::get() + notice();
		assert_ok!(set(DE, LEAST + LEAST / 4));
		run_to(at);
		assert_eq!(least(0), Some(LEAST + LEAST / 4));
		let proven = seen(50_000, LEAST.into());
		for (epoch, gap) in [(at - 1, 0), (at, 200_000)] {
			assert_eq!(Table::survey(0, &proven, &super::at(epoch)), gap);
		}
	});
}

#[test]
fn epochs_in_which_a_region_was_closed_should_stay_so_when_it_is_opened_again() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		let closed = Epoch::get() + notice();
		assert_ok!(Table::close_region(governance(), DE));
		run_to(closed);
		assert_ok!(announce_open(DE, LEAST));
		let opened = closed + notice();
		run_to(opened);
		let floor = |epoch| close(0, seen(50_000, 0), &super::at(epoch)).floor > 0;
		let epochs = [closed - 1, closed, opened - 1, opened];
		assert_eq!(epochs.map(floor), [true, false, false, true]);
	});
}

#[test]
fn change_should_be_taken_back_before_it_takes_effect_and_not_after() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		let at = Epoch::get() + notice();
		assert_noop!(Table::cancel_change(governance(), DE), Error::<Test>::NoChangePending);
		assert_ok!(Table::close_region(governance(), DE));
		assert_ok!(announce_open(FR, 0));
		events();
		assert_ok!(Table::cancel_change(governance(), DE));
		assert_eq!(events(), vec![Event::ChangeCancelled { region: DE, change: Change::Close, at }]);
		run_to(at);
		assert_eq!((Table::id_of(&DE), Table::id_of(&FR)), (Some(0), Some(1)));
		assert_noop!(Table::cancel_change(governance(), FR), Error::<Test>::NoChangePending);
	});
}

#[test]
fn one_change_of_a_region_should_wait_at_a_time() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		assert_ok!(set(DE, LEAST + 1));
		assert_noop!(set(DE, LEAST + 2), Error::<Test>::ChangePending);
		assert_noop!(Table::close_region(governance(), DE), Error::<Test>::ChangePending);
		assert_ok!(announce_open(FR, 1));
		assert_noop!(announce_open(FR, 1), Error::<Test>::ChangePending);
		assert_ok!(Table::cancel_change(governance(), DE));
		assert_ok!(set(DE, LEAST + 2));
	});
}

#[test]
fn least_weight_should_move_by_a_quarter_within_a_window() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		let start = Epoch::get();
		let more = LEAST + LEAST / 4;
		assert_noop!(set(DE, more + 1), Error::<Test>::TooFast);
		assert_noop!(set(DE, LEAST - LEAST / 4 - 1), Error::<Test>::TooFast);
		assert_ok!(set(DE, more));
		assert_eq!(least(0), Some(LEAST));
		run_to(start + notice());
		assert_eq!(
			events().pop(),
			Some(Event::LeastWeightChanged { id: 0, old: LEAST, new: more }),
			"after its notice"
		);

		// What it was counts for a window after it was replaced.
		let window = TestPace::get().change_window_epochs;
		assert_noop!(set(DE, more + 1), Error::<Test>::TooFast);
		run_to(start + window - 1);
		assert_noop!(set(DE, more + 1), Error::<Test>::TooFast);
		enter(start + window);
		assert_ok!(set(DE, more + 1));
		run_to(start + window + notice());
		assert_eq!(least(0), Some(more + 1));
	});
}

#[test]
fn zero_should_be_no_trap() {
	ExtBuilder::asking(&[DE], 0).build_and_execute(|| {
		assert_noop!(set(DE, STEP + 1), Error::<Test>::TooFast);
		assert_ok!(set(DE, STEP));
		run_to(Epoch::get() + notice());
		assert_eq!(least(0), Some(STEP));
		assert_ok!(set(DE, 0));
	});
}

#[test]
fn region_should_be_opened_with_a_bounded_least_weight() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		assert_noop!(announce_open(FR, MOST_OPENING + 1), Error::<Test>::OutOfBounds);
		assert_noop!(announce_open(FR, u64::MAX), Error::<Test>::OutOfBounds);
		assert_ok!(announce_open(FR, MOST_OPENING));
		assert_noop!(set(DE, u64::MAX), Error::<Test>::OutOfBounds);
	});
}

#[test]
fn region_should_not_escape_its_window_by_being_closed_and_opened_again() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		assert_ok!(Table::close_region(governance(), DE));
		run_to(Epoch::get() + notice());
		let closed = Epoch::get();
		for far in [0, 2 * LEAST] {
			assert_noop!(announce_open(DE, far), Error::<Test>::TooFast);
		}
		let past = PastWeight { least_weight: LEAST, from: closed - notice(), until: closed };
		assert_eq!(PastWeights::<Test>::get(0).into_inner(), vec![past]);
		// Closed for a window when it is opened again, it is as a new one.
		run_to(closed + TestPace::get().change_window_epochs - notice());
		assert_ok!(announce_open(DE, 2 * LEAST));
		run_to(Epoch::get() + notice());
		assert_eq!((Table::id_of(&DE), least(0)), (Some(0), Some(2 * LEAST)));
	});
}

#[test]
fn region_closed_and_opened_again_within_its_window_should_keep_what_it_was_asked_for() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		assert_ok!(Table::close_region(governance(), DE));
		run_to(Epoch::get() + notice());
		assert_ok!(announce_open(DE, LEAST));
		run_to(Epoch::get() + notice());
		assert_eq!((Table::id_of(&DE), least(0)), (Some(0), Some(LEAST)));
	});
}

#[test]
fn few_regions_should_come_and_go_at_once() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		assert_ok!(Table::close_region(governance(), DE));
		for n in 1..MAX_MOVES {
			assert_ok!(announce_open(nth(n), 0));
		}
		assert_noop!(announce_open(nth(MAX_MOVES), 0), Error::<Test>::TooManyPending);
		assert_ok!(Table::cancel_change(governance(), DE));
		assert_ok!(set(DE, LEAST + 1));
		assert_ok!(announce_open(nth(MAX_MOVES), 0));
		assert_noop!(announce_open(nth(MAX_MOVES + 1), 0), Error::<Test>::TooManyPending);
	});
}

#[test]
fn opening_should_count_the_regions_that_wait_to_be_opened() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		MaxRegions::set(3);
		assert_ok!(announce_open(nth(1), 0));
		assert_ok!(announce_open(nth(2), 0));
		assert_noop!(announce_open(nth(3), 0), Error::<Test>::TooManyRegions);
		run_to(Epoch::get() + notice());
		assert_eq!(Table::bound(), 3);
	});
}

#[test]
fn changes_should_take_effect_a_few_in_each_block() {
	let regions: Vec<_> = (0..=MAX_PENDING as usize).map(nth).collect();
	ExtBuilder::with(&regions).build_and_execute(|| {
		let (last, others) = regions.split_last().unwrap();
		for region in others {
			assert_ok!(set(*region, LEAST + 1));
		}
		assert_noop!(set(*last, LEAST + 1), Error::<Test>::TooManyPending);
		let at = Epoch::get() + notice();
		assert_eq!(enter(at - 1), <() as WeightInfo>::on_initialize());
		let changed = || (0..Table::bound()).filter(|id| least(*id) == Some(LEAST + 1)).count();
		for block in 1..=MAX_PENDING / CHANGES_PER_BLOCK {
			assert_eq!(enter(at), <() as WeightInfo>::take_effect(CHANGES_PER_BLOCK));
			assert_eq!(changed() as u32, block * CHANGES_PER_BLOCK);
			Table::do_try_state().unwrap();
		}
		assert_eq!(enter(at), <() as WeightInfo>::on_initialize());
	});
}

#[test]
fn change_that_is_no_longer_allowed_should_be_dropped_with_the_reason() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		assert_ok!(announce_open(FR, 3));
		assert_ok!(set(DE, LEAST + 1));
		MaxRegions::set(1);
		events();
		run_to(Epoch::get() + notice());
		let why = Error::<Test>::TooManyRegions.into();
		let dropped = Event::ChangeDropped { region: FR, change: Change::Open { least_weight: 3 }, why };
		let changed = Event::LeastWeightChanged { id: 0, old: LEAST, new: LEAST + 1 };
		assert_eq!(events(), vec![dropped, changed], "the others take effect");
		assert_eq!(Table::pending_changes(), vec![]);
	});
}

#[test]
fn notice_and_window_should_follow_the_pace() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		TestPace::set(Pace::local());
		let start = Epoch::get();
		assert_ok!(set(DE, LEAST + LEAST / 4));
		enter(start + 2);
		assert_eq!(least(0), Some(LEAST));
		enter(start + 3);
		assert_eq!(least(0), Some(LEAST + LEAST / 4));
		run_to(start + 7);
		assert_noop!(set(DE, LEAST + LEAST / 4 + 1), Error::<Test>::TooFast);
		enter(start + 8);
		assert_ok!(set(DE, LEAST + LEAST / 4 + 1));
	});
}

/// Breaks the state, and looks for the invariant that says so.
fn broken(why: &'static str, with: impl FnOnce()) {
	ExtBuilder::with(&[DE, FR]).build().execute_with(|| {
		Table::do_try_state().unwrap();
		with();
		assert_eq!(Table::do_try_state(), Err(why.into()));
	});
}

#[test]
fn try_state_should_name_the_invariant_that_is_broken() {
	let pending = |changes: &[(Region, Change, EpochIndex)]| {
		let changes: Vec<_> =
			changes.iter().map(|&(region, change, at)| PendingChange { region, change, at }).collect();
		Pending::<Test>::put(BoundedVec::truncate_from(changes));
	};
	let past = |weights: &[(LineWeight, EpochIndex, EpochIndex)]| {
		let weights: Vec<_> = weights
			.iter()
			.map(|&(least_weight, from, until)| PastWeight { least_weight, from, until })
			.collect();
		PastWeights::<Test>::insert(0, BoundedVec::truncate_from(weights));
	};
	broken("invariant 9: past out of order", || past(&[(LEAST, 0, 5), (LEAST, 4, 6)]));
	broken("invariant 9: past weights still in force", || past(&[(LEAST, 0, 11)]));
	broken("invariant 9: too far within a window", || past(&[(2 * LEAST, 0, 5)]));
	broken("invariant 9: too far within a window", || {
		past(&[(LEAST * 5 / 4, 0, 5), (LEAST * 9 / 10, 5, 10)]);
	});
	broken("invariant 10: changes out of order", || {
		pending(&[(DE, Change::Close, 12), (FR, Change::Close, 11)]);
	});
	broken("invariant 10: a region has two changes", || {
		pending(&[(DE, Change::Close, 11), (DE, Change::Close, 11)]);
	});
	broken("invariant 10: too many regions come and go", || {
		let opens: Vec<_> = (0..=MAX_MOVES).map(|n| (nth(n), Change::Open { least_weight: 0 }, 11)).collect();
		pending(&opens);
	});
	broken("invariant 10: a change waits for too long", || pending(&[(DE, Change::Close, 11 + notice())]));
	broken("invariant 10: a change waits that may not be", || pending(&[(CH, Change::Close, 11)]));
	broken("invariant 10: a change waits that may not be", || {
		pending(&[(DE, Change::LeastWeight { new: 2 * LEAST }, 11)]);
	});
}
