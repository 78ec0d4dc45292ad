//! Uplinks that do not carry what their tier has to.

use super::*;
use crate::epochs::SeatIndices;
use frame_support::assert_ok;
use weir_primitives::api::Outcome;

/// 40 Mbps each of five, so that the highest tier is needed.
const CLAIM: Kbps = 160_000;
const TOP: u8 = TIERS - 1;

/// Five seats, all of them members of every committee, and one provider.
fn story(test: impl FnOnce()) {
	story_of(50_000, CLAIM, test);
}

fn story_of(uplink_kbps: Kbps, claim: Kbps, test: impl FnOnce()) {
	ExtBuilder::default().seats(5).uplink(uplink_kbps).build_and_execute(|| {
		register(0, 100, symmetric(claim));
		run_to(FIRST_TESTED_EPOCH, 0);
		test();
	});
}

/// All of the quota, and this many percent of it for seat 1.
fn shows(node: AccountId, task: &Task<AccountId>, percent: Kbps) -> Option<Entry> {
	let percent = if node == 1 { percent } else { 100 };
	let down_kbps = task.quota_down_kbps * percent / 100;
	Some(Entry { down_kbps, up_kbps: task.quota_up_kbps, ..entry(task.provider) })
}

fn seat() -> Seat {
	Seats::<Runtime>::get(1).unwrap()
}

fn drops() -> Vec<Event<Runtime>> {
	let is_drop =
		|event: &Event<Runtime>| matches!(event, Event::SeatTierDropped { .. } | Event::SeatDismissed { .. });
	events().into_iter().filter(is_drop).collect()
}

#[test]
fn seat_should_lose_its_tier_when_it_falls_short_in_three_epochs() {
	story(|| {
		for shortfalls in 1..=2 {
			let epoch = Pob::epoch();
			cycle(|node, task| shows(node, task, 50));
			assert_eq!(last_verdict(0).outcome, Outcome::Good);
			let short = Event::SeatFellShort { who: 1, epoch, provider: 0, shortfalls };
			assert!(events().contains(&short));
			assert_eq!((seat().shortfalls.count(), seat().uplink_kbps), (shortfalls, 50_000));
			assert_eq!(Pob::seat_record(&1).unwrap().shortfalls, shortfalls);
		}
		cycle(|node, task| shows(node, task, 50));
		assert_eq!(drops(), [Event::SeatTierDropped { who: 1, from: 50_000, to: 25_000 }]);
		assert_eq!((seat().shortfalls.count(), seat().uplink_kbps), (0, 25_000));
		assert!(!SeatIndices::<Runtime>::is_wanted(TOP, &1));
		assert!(SeatIndices::<Runtime>::is_wanted(TOP - 1, &1));
	});
}

#[test]
fn seat_should_serve_in_a_lost_tier_until_the_list_has_changed() {
	story(|| {
		for _ in 0..3 {
			cycle(|node, task| shows(node, task, 50));
		}
		let lost = Pob::epoch();
		let gone = SeatIndices::<Runtime>::place_at(TOP, &1, lost + 3).is_none();
		assert!(gone && SeatIndices::<Runtime>::place_at(TOP, &1, lost + 2).is_some());
		while Pob::epoch() < lost + 3 {
			assert_eq!(Pob::tasks(&1).len(), 1);
			cycle(|node, task| shows(node, task, 50));
		}
		assert_eq!(Pob::tasks(&1).len(), 0);
		// It measured all it had to, and what it showed there says nothing about the tier it has now.
		assert_eq!((seat().score_ppm, seat().shortfalls.count()), (FULL_SCORE_PPM, 0));
		assert_eq!(drops().len(), 1);
	});
}

#[test]
fn seat_should_be_forgotten_in_the_lost_tier_too() {
	story(|| {
		for _ in 0..3 {
			cycle(|node, task| shows(node, task, 50));
		}
		run_to(Pob::epoch() + 9, 0);
		assert_ok!(Pob::leave_seat(RuntimeOrigin::signed(1)));
		run_to(Pob::epoch() + 6, 0);
		assert!(!Seats::<Runtime>::contains_key(1));
		assert!((0..TIERS).all(|tier| SeatListPlaces::<Runtime>::get(tier, 1).is_none()));
	});
}

#[test]
fn seat_should_keep_its_tier_when_it_reaches_its_quota_between() {
	story(|| {
		for percent in [50, 50, 80, 50, 79, 100] {
			cycle(|node, task| shows(node, task, percent));
		}
		assert_eq!(drops(), []);
		assert_eq!(seat().shortfalls.count(), 0);
	});
}

#[test]
fn seat_should_keep_its_tier_when_only_one_target_starves_it() {
	story(|| {
		register(1, 101, symmetric(CLAIM));
		run_to(Pob::epoch() + 3, 0);
		for _ in 0..5 {
			cycle(|node, task| shows(node, task, if task.provider == 0 { 0 } else { 100 }));
			assert_eq!(last_verdict(0).outcome, Outcome::Good);
		}
		assert_eq!(drops(), []);
		assert_eq!(seat().shortfalls.count(), 0);
	});
}

#[test]
fn epoch_should_count_once_when_a_seat_falls_short_of_several_tests() {
	story(|| {
		register(1, 101, symmetric(CLAIM));
		run_to(Pob::epoch() + 3, 0);
		cycle(|node, task| shows(node, task, 50));
		assert_eq!((last_verdict(0).outcome, last_verdict(1).outcome), (Outcome::Good, Outcome::Good));
		assert_eq!(seat().shortfalls.count(), 1);
	});
}

#[test]
fn nobody_should_fall_short_when_the_line_had_no_room() {
	story(|| {
		for _ in 0..4 {
			cycle(|node, task| match node {
				1 => shows(node, task, 50),
				_ => honest(task, symmetric(CLAIM)),
			});
			assert_eq!(last_verdict(0).outcome, Outcome::Good);
		}
		assert_eq!(seat().shortfalls.count(), 0);
	});
}

#[test]
fn seat_should_be_dismissed_when_it_falls_short_of_the_smallest_tier() {
	story_of(5_000, 16_000, || {
		for _ in 0..3 {
			assert!(!seat().leaving);
			cycle(|node, task| shows(node, task, 50));
		}
		assert!(seat().leaving);
		let reason = Dismissal::FellShort;
		assert_eq!(drops(), [Event::SeatDismissed { who: 1, score_ppm: FULL_SCORE_PPM, reason }]);
		let dismissed = Pob::epoch();
		run_to(dismissed + 3 + 2 + DISMISSAL_EPOCHS - 1, 29);
		assert!(Seats::<Runtime>::contains_key(1));
		run_to(dismissed + 3 + 2 + DISMISSAL_EPOCHS, 20);
		assert!(!Seats::<Runtime>::contains_key(1));
	});
}
