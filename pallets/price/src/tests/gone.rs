//! Without a price: when it counts as lost, and what governance may do when it is gone.

use super::*;
use sp_runtime::DispatchError;

fn run_to(block: u64) {
	while System::block_number() < block {
		next_block();
	}
}

#[test]
fn price_should_be_lost_when_there_is_none_for_long() {
	ExtBuilder::default().build_and_execute(|| {
		rounds_of(1, 1..=15, WORTH);
		assert_eq!(latest().at_block, 10);
		// Reports of round 0 count for rounds 1, 2 and 3.
		let last = 30;
		run_to(last + 50);
		assert!(!PriceFeed::is_lost());
		assert_eq!(PriceFeed::payouts_closed(), Some(GateReason::NoQuorum));
		next_block();
		assert!(PriceFeed::is_lost());
		rounds_of(1, 1..=9, WORTH);
		assert!(!PriceFeed::is_lost());
	});
}

#[test]
fn price_should_be_lost_when_there_never_was_one() {
	ExtBuilder::default().build_and_execute(|| {
		run_to(50);
		assert!(!PriceFeed::is_lost());
		run_to(51);
		assert!(PriceFeed::is_lost());
		run_to(300);
		assert_noop!(PriceFeed::post_price(signed(ROOM), WORTH), Error::<Runtime>::NoLastPrice);
	});
}

#[test]
fn price_should_be_posted_only_when_it_is_gone() {
	ExtBuilder::default().build_and_execute(|| {
		rounds_of(1, 1..=15, WORTH);
		run_to(230);
		assert_noop!(PriceFeed::post_price(signed(ROOM), WORTH), Error::<Runtime>::PriceNotGone);
		next_block();
		for who in [1, COUNCIL] {
			assert_noop!(PriceFeed::post_price(signed(who), WORTH), DispatchError::BadOrigin);
		}
		assert_ok!(PriceFeed::post_price(signed(ROOM), WORTH));
		assert_eq!(events().last(), Some(&Event::PricePosted { old: WORTH, new: WORTH }));
	});
}

#[test]
fn posted_price_should_be_within_a_fifth_of_the_last_one_formed() {
	ExtBuilder::default().build_and_execute(|| {
		rounds_of(1, 1..=15, WORTH);
		run_to(231);
		for price in [0, WORTH * 79 / 100, WORTH * 121 / 100, Price::MAX] {
			assert_noop!(PriceFeed::post_price(signed(ROOM), price), Error::<Runtime>::TooFarFromLast);
		}
		assert_ok!(PriceFeed::post_price(signed(ROOM), WORTH * 8 / 10));
		// Of the last one formed: no second step from there.
		assert_noop!(PriceFeed::post_price(signed(ROOM), WORTH * 7 / 10), Error::<Runtime>::TooFarFromLast);
		assert_ok!(PriceFeed::post_price(signed(ROOM), WORTH * 12 / 10));
		assert_eq!(events().last(), Some(&Event::PricePosted { old: WORTH * 8 / 10, new: WORTH * 12 / 10 }));
	});
}

#[test]
fn posted_price_should_serve_payouts_only_until_there_is_a_price() {
	ExtBuilder::default().build_and_execute(|| {
		rounds_of(1, 1..=15, WORTH);
		run_to(231);
		assert!(PriceFeed::is_lost());
		let posted = WORTH * 9 / 10;
		assert_ok!(PriceFeed::post_price(signed(ROOM), posted));
		for _ in 0..25 {
			let quote = PriceFeed::payout_quote().unwrap();
			assert_eq!((quote.median, quote.reports, quote.round), (posted, 0, PriceFeed::round()));
			assert!(quote.low < posted && quote.high > posted);
			assert_eq!(PriceFeed::purchase_quote(), Err(GateReason::NoQuorum));
			assert_eq!(quote.gate, Some(GateReason::NoQuorum));
			assert!(!PriceFeed::is_lost());
			next_block();
		}
		rounds_of(1, 1..=9, WORTH);
		assert_eq!(Posted::<Runtime>::get(), None);
		assert_eq!(PriceFeed::payout_quote().map(|quote| quote.median), Ok(WORTH));
		// And not again when it is missing for a moment.
		for _ in 0..3 {
			next_round();
		}
		assert_eq!(PriceFeed::payout_quote(), Err(GateReason::NoQuorum));
	});
}
