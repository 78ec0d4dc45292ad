//! What a kbps has to be bonded with, and what follows from it.

use super::*;
use crate::{BondRate, Error, Event, Rate, WeightInfo};
use frame_support::{assert_noop, assert_ok};
use weir_primitives::{
	seams::{economy::OnEpochPaid, Bonds},
	Role::{Provider, Validator},
};

/// Tells of an epoch in which a thousand units of weight earned `tokens`.
fn paid(tokens: Balance) {
	NodeStaking::epoch_paid(Epoch::get() - 1, tokens, 1_000);
}

fn rate() -> Balance {
	NodeStaking::rate_per_mbps()
}

/// Days of four epochs of that pay, until the rate no longer moves.
fn settle_at(tokens: Balance) {
	for _ in 0..2_000 {
		Epoch::mutate(|epoch| *epoch += 1);
		paid(tokens);
	}
}

#[test]
fn rate_should_begin_at_the_floor_and_follow_the_reward_to_the_ceiling() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(rate(), PER_MBPS);
		settle_at(1_000);
		// Averages are rounded down: the last grains never arrive.
		assert!((75_000..=80_000).contains(&rate()), "{}", rate());
		settle_at(1_000_000);
		assert_eq!(rate(), MOST_PER_MBPS);
		settle_at(0);
		assert_eq!(rate(), PER_MBPS);
	});
}

#[test]
fn rate_should_move_once_a_day_by_a_twentieth_at_most() {
	ExtBuilder::default().build_and_execute(|| {
		Rate::<Test>::put(BondRate { per_mbps: 200, reward: 1_000, moved_in: 8 });
		// Many epochs closed within one: the average follows, the rate waits for its day.
		(0..3).for_each(|_| paid(1_000));
		assert_eq!(rate(), 200);
		Epoch::set(12);
		System::reset_events();
		paid(1_000);
		assert_eq!(rate(), 210);
		let reward = Rate::<Test>::get().reward;
		System::assert_last_event(Event::BondRateChanged { old: 200, new: 210, reward }.into());
		paid(1_000);
		Epoch::set(15);
		paid(1_000);
		assert_eq!(rate(), 210);
		Epoch::set(16);
		paid(0);
		assert_eq!(rate(), 220);
	});
}

#[test]
fn epoch_without_weight_should_say_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		Rate::<Test>::put(BondRate { per_mbps: 200, reward: 50, moved_in: 10 });
		NodeStaking::epoch_paid(9, 1_000_000, 0);
		assert_eq!(Rate::<Test>::get(), BondRate { per_mbps: 200, reward: 50, moved_in: 10 });
	});
}

#[test]
fn risen_rate_should_ask_new_claims_and_leave_old_ones_in_service() {
	ExtBuilder::default().bond(ALICE, Provider, 1_000).build_and_execute(|| {
		serve(ALICE, Provider, 100_000);
		assert!(NodeStaking::suffices_anew(&ALICE, Provider));
		assert_eq!(NodeStaking::covered_kbps(&ALICE), 100_000);
		Rate::<Test>::put(BondRate { per_mbps: 40, reward: 0, moved_in: 10 });
		// It stays, and earns for a quarter of its line.
		assert!(NodeStaking::is_sufficient(&ALICE, Provider));
		assert!(!NodeStaking::suffices_anew(&ALICE, Provider));
		assert_eq!((NodeStaking::covered_kbps(&ALICE), NodeStaking::covered(ALICE)), (25_000, 25_000));
		assert_eq!((NodeStaking::minimum_bond(ALICE, Provider), NodeStaking::bond_per_mbps()), (4_000, 40));
		// What it could take out by the old rate stays: nobody bonds at one rate to leave at another.
		assert_noop!(NodeStaking::unbond(signed(ALICE), Provider, 1), Error::<Test>::BelowMinimumInService);
		assert_ok!(NodeStaking::bond_more(signed(ALICE), Provider, 3_000));
		assert!(NodeStaking::suffices_anew(&ALICE, Provider));
		assert_eq!(NodeStaking::covered_kbps(&ALICE), 100_000);
		// A bond that begins is new.
		serve(BOB, Provider, 100_000);
		assert_noop!(NodeStaking::bond(signed(BOB), Provider, 3_999), Error::<Test>::BelowMinimum);
		assert_ok!(NodeStaking::bond(signed(BOB), Provider, 4_000));
	});
}

#[test]
fn rate_should_not_concern_validators_nor_those_who_leave() {
	ExtBuilder::default().bond(ALICE, Validator, 1_000).bond(BOB, Provider, 500).build_and_execute(|| {
		Rate::<Test>::put(BondRate { per_mbps: 1_000, reward: 0, moved_in: 10 });
		assert!(
			NodeStaking::suffices_anew(&ALICE, Validator) && NodeStaking::is_sufficient(&ALICE, Validator)
		);
		assert_eq!(NodeStaking::covered_kbps(&ALICE), 0);
		// Out of service, everything may go.
		assert_ok!(NodeStaking::unbond(signed(BOB), Provider, 500));
		assert_eq!(NodeStaking::covered_kbps(&BOB), 0);
	});
}

#[test]
fn stored_rate_should_count_within_floor_and_ceiling_only() {
	ExtBuilder::default().build_and_execute(|| {
		Rate::<Test>::put(BondRate { per_mbps: MOST_PER_MBPS + 1, reward: 0, moved_in: 10 });
		assert_eq!(rate(), MOST_PER_MBPS);
		Rate::<Test>::put(BondRate { per_mbps: 1, reward: 0, moved_in: 10 });
		assert_eq!(rate(), PER_MBPS);
	});
}

#[test]
fn epoch_paid_should_say_what_it_costs() {
	assert_eq!(<NodeStaking as OnEpochPaid>::weight(), <() as WeightInfo>::epoch_paid());
}

#[test]
fn try_state_should_fail_when_the_rate_is_of_an_epoch_to_come() {
	ExtBuilder::default().build_and_execute(|| {
		Rate::<Test>::put(BondRate { per_mbps: 200, reward: 0, moved_in: 11 });
		assert_eq!(NodeStaking::do_try_state(), Err("8: the rate moved in an epoch to come".into()));
		Rate::<Test>::kill();
	});
}
