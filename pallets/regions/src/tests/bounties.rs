//! Tokens set aside for regions.

use super::*;
use crate::{Bounties, BountiesPaidFor, Error, HoldReason, NextBounty};
use frame_support::{
	assert_noop, assert_ok,
	traits::fungible::{Inspect, InspectHold, MutateFreeze},
};
use sp_runtime::TokenError;
use weir_primitives::economy::Tokens;

fn post(who: AccountId, amount: Tokens, rate: Tokens, until: EpochIndex) -> DispatchResult {
	Table::post_bounty(signed(who), DE, amount, rate, until)
}

fn reclaim(bounty: u32) -> DispatchResult {
	Table::reclaim_bounty(signed(CAROL), DE, bounty)
}

fn held(who: AccountId) -> Tokens {
	Balances::balance_on_hold(&HoldReason::Bounty.into(), &who)
}

fn pot() -> Tokens {
	Balances::balance(&POT) - ED
}

#[test]
fn post_bounty_should_hold_the_tokens_of_the_sponsor() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		assert_ok!(post(ALICE, 1_000, 3, 12));
		assert_eq!(held(ALICE), 1_000);
		assert_eq!(
			events(),
			vec![Event::BountyPosted { id: 0, bounty: 0, sponsor: ALICE, amount: 1_000, rate: 3, until: 12 }]
		);
	});
}

#[test]
fn post_bounty_should_refuse_what_breaks_a_rule() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		assert_noop!(Table::post_bounty(signed(ALICE), FR, 1_000, 1, 10), Error::<Test>::NotOpen);
		assert_noop!(post(ALICE, 0, 1, 10), Error::<Test>::BountyTooSmall);
		assert_noop!(post(ALICE, MIN_BOUNTY - 1, 1, 10), Error::<Test>::BountyTooSmall);
		assert_noop!(post(ALICE, 1_000, 0, 10), Error::<Test>::ZeroRate);
		assert_noop!(post(ALICE, 1_000, 1, 9), Error::<Test>::AlreadyOver);
		assert_noop!(post(ALICE, 1_000, 1, 10 + LONGEST), Error::<Test>::BountyTooLong);
		assert_noop!(post(ALICE, 1_000, 1, EpochIndex::MAX), Error::<Test>::BountyTooLong);
		assert_noop!(post(ALICE, FUNDS + 1, 1, 10), TokenError::FundsUnavailable);
		assert_ok!(post(ALICE, MIN_BOUNTY, 1, 10 + LONGEST - 1));
		assert_ok!(shut(DE));
		assert_noop!(post(ALICE, 1_000, 1, 10), Error::<Test>::NotOpen);
	});
}

#[test]
fn post_bounty_should_fail_when_no_number_is_left() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		NextBounty::<Test>::put(u32::MAX - 1);
		assert_ok!(post(ALICE, 1_000, 1, 10));
		assert_noop!(post(ALICE, 1_000, 1, 10), Error::<Test>::NoNumberLeft);
		assert_eq!(held(ALICE), 1_000);
	});
}

#[test]
fn bounty_should_pay_by_proven_weight_in_each_of_its_epochs() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		assert_ok!(post(ALICE, 1_000, 3, 12));
		// An epoch before it was posted is closed after.
		assert_eq!(Table::draw_bounty(0, 9, 50_000), 0);
		events();
		assert_eq!(Table::draw_bounty(0, 10, 50_000), 150);
		assert_eq!(events(), vec![Event::BountiesPaid { id: 0, epoch: 10, amount: 150 }]);
		assert_eq!((held(ALICE), pot()), (850, 150));
		assert_eq!(Table::draw_bounty(0, 10, 50_000), 0, "nothing is paid twice");
		assert_eq!(Table::draw_bounty(0, 11, 0), 0, "nobody to pay");
		assert_eq!(Table::draw_bounty(0, 12, 999), 2, "rounded down");
		assert_eq!(Table::draw_bounty(0, 13, 50_000), 0, "over");
		assert_eq!((held(ALICE), pot()), (848, 152));
		// The freeing of the rest is another's to ask for, the tokens are the sponsor's.
		assert_ok!(reclaim(0));
		assert_eq!(
			events().pop(),
			Some(Event::BountyReturned { id: 0, bounty: 0, sponsor: ALICE, amount: 848 })
		);
		assert_eq!((held(ALICE), Balances::balance(&ALICE)), (0, FUNDS - 152));
		assert_eq!((Bounties::<Test>::iter().count(), BountiesPaidFor::<Test>::iter().count()), (0, 0));
	});
}

#[test]
fn bounty_should_pay_no_more_than_is_left() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		assert_ok!(post(ALICE, 1_000, 3, 20));
		assert_ok!(post(BOB, 500, Tokens::MAX, 20));
		assert_eq!(Table::draw_bounty(0, 10, 250_000), 750 + 500);
		assert_eq!(Table::bounties(0).len(), 1, "the empty one is gone");
		assert_eq!(Table::draw_bounty(0, 11, u128::MAX), 250);
		assert_eq!((held(ALICE), held(BOB), pot()), (0, 0, 1_500));
		assert_noop!(reclaim(0), Error::<Test>::UnknownBounty);
	});
}

#[test]
fn reclaim_bounty_should_wait_for_the_last_epoch_to_be_paid() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		assert_ok!(post(ALICE, 1_000, 3, 12));
		assert_noop!(reclaim(1), Error::<Test>::UnknownBounty);
		assert_noop!(Table::reclaim_bounty(signed(ALICE), FR, 0), Error::<Test>::UnknownRegion);
		Epoch::set(14);
		assert_noop!(reclaim(0), Error::<Test>::StillRunning);
		Table::draw_bounty(0, 11, 1);
		assert_noop!(reclaim(0), Error::<Test>::StillRunning);
		Table::draw_bounty(0, 12, 1);
		assert_ok!(reclaim(0));
	});
}

#[test]
fn reclaim_bounty_should_not_wait_for_ever_when_epochs_are_not_closed() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		assert_ok!(post(ALICE, 1_000, 3, 12));
		Epoch::set(12 + 16);
		assert_noop!(reclaim(0), Error::<Test>::StillRunning);
		Epoch::set(12 + 17);
		assert_ok!(reclaim(0));
		assert_eq!(held(ALICE), 0);
	});
}

#[test]
fn closed_region_should_pay_no_bounty_and_give_it_back_at_once() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		assert_ok!(post(ALICE, 1_000, 3, 12));
		assert_ok!(shut(DE));
		assert_eq!(Table::draw_bounty(0, 10, 50_000), 0);
		assert_ok!(reclaim(0));
		assert_eq!(held(ALICE), 0);
	});
}

#[test]
fn sponsor_should_not_escape_by_freezing_its_tokens() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		assert_ok!(post(ALICE, FUNDS / 2, 1_000, 12));
		assert_ok!(Balances::set_freeze(&7, &ALICE, FUNDS));
		assert_eq!(Table::draw_bounty(0, 10, 1_000), 1_000);
		assert_eq!(pot(), 1_000);
	});
}

#[test]
fn larger_bounty_should_take_the_place_of_the_smallest() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		assert_ok!(post(ALICE, 300, 1, 12));
		assert_ok!(post(ALICE, 200, 1, 12));
		assert_ok!(post(BOB, 400, 1, 12));
		assert_noop!(post(CAROL, 200, 1, 12), Error::<Test>::NoPlaceLeft);
		events();
		assert_ok!(post(CAROL, 201, 1, 12));
		let returned = Event::BountyReturned { id: 0, bounty: 1, sponsor: ALICE, amount: 200 };
		assert_eq!(events().first(), Some(&returned));
		assert_eq!((held(ALICE), held(BOB), held(CAROL)), (300, 400, 201));
		// One that is over yields first, however large.
		Table::draw_bounty(0, 12, 1);
		assert_ok!(post(CAROL, MIN_BOUNTY, 1, 13));
		assert_eq!((held(ALICE), held(CAROL)), (0, 301));
	});
}

#[test]
fn refused_bounty_should_displace_nobody() {
	ExtBuilder::with(&[DE]).build_and_execute(|| {
		for _ in 0..3 {
			assert_ok!(post(ALICE, 300, 1, 12));
		}
		assert_noop!(post(BOB, FUNDS + 1, 1, 12), TokenError::FundsUnavailable);
	});
}
