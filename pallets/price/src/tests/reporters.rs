//! Who may report, bonds and keys.

use super::*;
use frame_support::traits::SortedMembers;
use sp_runtime::{DispatchError, TokenError};
use weir_primitives::EpochIndex;

#[test]
fn genesis_reporters_should_be_bonded_and_active() {
	ExtBuilder::default().reporters(3).build_and_execute(|| {
		assert_eq!(PriceFeed::sorted_members(), vec![1, 2, 3]);
		assert_eq!(PriceFeed::quorum(), Some(2));
		for who in 1..=3 {
			assert_eq!(on_hold(who), BOND);
			assert_eq!(ReporterOfKey::<Runtime>::get(key(who)), Some(who));
		}
	});
}

#[test]
fn reporters_should_be_added_and_removed_by_the_origin_only() {
	ExtBuilder::default().build_and_execute(|| {
		for who in [1, ROOM, 20] {
			assert_noop!(PriceFeed::add_reporter(signed(who), 20), DispatchError::BadOrigin);
			assert_noop!(PriceFeed::remove_reporter(signed(who), 1), DispatchError::BadOrigin);
		}
		assert_ok!(PriceFeed::add_reporter(signed(COUNCIL), 20));
		assert_noop!(PriceFeed::add_reporter(signed(COUNCIL), 20), Error::<Runtime>::AlreadyAdded);
		assert_eq!(events().last(), Some(&Event::ReporterAdded { who: 20, reporters: 16 }));
		// It has not joined, so that it only raises the quorum.
		assert_eq!(PriceFeed::quorum(), Some(10));
		assert!(!PriceFeed::contains(&20));
		assert_ok!(PriceFeed::remove_reporter(signed(COUNCIL), 20));
		assert_noop!(PriceFeed::remove_reporter(signed(COUNCIL), 20), Error::<Runtime>::NotAdded);
		assert_eq!(PriceFeed::quorum(), Some(9));
	});
}

#[test]
fn reporters_should_be_51_at_most() {
	ExtBuilder::default().reporters(51).build_and_execute(|| {
		assert_noop!(PriceFeed::add_reporter(signed(COUNCIL), 52), Error::<Runtime>::TooManyReporters);
		// The place of one that has left is taken until its era was judged.
		assert_ok!(PriceFeed::remove_reporter(signed(COUNCIL), 51));
		assert_ok!(PriceFeed::add_reporter(signed(COUNCIL), 52));
		assert_noop!(PriceFeed::join(signed(52), key(52)), Error::<Runtime>::TooManyReporters);
		Epoch::set(ERA);
		next_block();
		assert_ok!(PriceFeed::join(signed(52), key(52)));
		assert!(PriceFeed::contains(&52) && !PriceFeed::contains(&51));
	});
}

#[test]
fn join_should_need_to_be_added_and_a_key_of_its_own() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(PriceFeed::join(signed(20), key(20)), Error::<Runtime>::NotAdded);
		assert_noop!(PriceFeed::join(signed(1), key(20)), Error::<Runtime>::AlreadyJoined);
		assert_ok!(PriceFeed::add_reporter(signed(COUNCIL), 20));
		assert_noop!(PriceFeed::join(signed(20), key(1)), Error::<Runtime>::KeyTaken);
		assert_ok!(PriceFeed::join(signed(20), key(20)));
		assert_eq!(on_hold(20), BOND);
		assert_eq!(events().last(), Some(&Event::ReporterJoined { who: 20, key: key(20), bond: BOND }));
	});
}

#[test]
fn join_should_fail_when_the_bond_cannot_be_held() {
	ExtBuilder::default().build_and_execute(|| {
		// Without an account.
		assert_ok!(PriceFeed::add_reporter(signed(COUNCIL), 99));
		assert_noop!(
			PriceFeed::join(signed(99), key(99)),
			DispatchError::Token(TokenError::FundsUnavailable)
		);
	});
}

#[test]
fn bond_should_be_free_after_the_unbonding_time() {
	ExtBuilder::default().build_and_execute(|| {
		Epoch::set(5);
		assert_noop!(PriceFeed::withdraw(signed(1)), Error::<Runtime>::NotLeaving);
		assert_noop!(PriceFeed::withdraw(signed(20)), Error::<Runtime>::NotAReporter);
		report(1, WORTH);
		assert_ok!(PriceFeed::leave(signed(1)));
		assert_eq!(events().last(), Some(&Event::ReporterLeft { who: 1, free_at: 5 + UNBONDING }));
		assert_noop!(PriceFeed::leave(signed(1)), Error::<Runtime>::NotAReporter);
		assert_noop!(PriceFeed::join(signed(1), key(1)), Error::<Runtime>::StillUnbonding);
		// Its report is gone with it.
		assert_eq!(PriceFeed::last_report(1), None);
		Epoch::set(5 + UNBONDING - 1);
		assert_noop!(PriceFeed::withdraw(signed(1)), Error::<Runtime>::BondNotFree);
		assert_eq!(on_hold(1), BOND);
		Epoch::set(5 + UNBONDING);
		assert_ok!(PriceFeed::withdraw(signed(1)));
		assert_eq!(events().last(), Some(&Event::BondReleased { who: 1, amount: BOND }));
		assert_eq!(on_hold(1), 0);
		assert_noop!(PriceFeed::withdraw(signed(1)), Error::<Runtime>::NotAReporter);
		// It was not removed: it may come back, and counts for the quorum meanwhile.
		assert_eq!(PriceFeed::quorum(), Some(9));
		assert_ok!(PriceFeed::join(signed(1), key(1)));
	});
}

#[test]
fn leave_should_fail_when_no_epoch_is_late_enough() {
	ExtBuilder::default().build_and_execute(|| {
		Epoch::set(EpochIndex::MAX - UNBONDING + 1);
		assert_noop!(PriceFeed::leave(signed(1)), Error::<Runtime>::Overflow);
		Epoch::set(EpochIndex::MAX - UNBONDING);
		assert_ok!(PriceFeed::leave(signed(1)));
		assert_eq!(events().last(), Some(&Event::ReporterLeft { who: 1, free_at: EpochIndex::MAX }));
	});
}

#[test]
fn removed_reporter_should_leave_and_keep_its_bond() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(PriceFeed::remove_reporter(signed(COUNCIL), 7));
		assert!(!PriceFeed::contains(&7));
		assert_eq!(on_hold(7), BOND);
		Epoch::set(UNBONDING);
		assert_ok!(PriceFeed::withdraw(signed(7)));
		assert_noop!(PriceFeed::join(signed(7), key(7)), Error::<Runtime>::NotAdded);
	});
}

#[test]
fn key_should_be_replaced_at_once() {
	ExtBuilder::default().build_and_execute(|| {
		let old = report_of(1, WORTH);
		assert_noop!(PriceFeed::set_key(signed(1), key(2)), Error::<Runtime>::KeyTaken);
		assert_noop!(PriceFeed::set_key(signed(20), key(20)), Error::<Runtime>::NotAReporter);
		assert_ok!(PriceFeed::set_key(signed(1), key(20)));
		assert_eq!(events().last(), Some(&Event::KeySet { who: 1, old: key(1), new: key(20) }));
		assert!(validity(&old).is_err());
		// The old one is free.
		assert_ok!(PriceFeed::set_key(signed(2), key(1)));
	});
}
