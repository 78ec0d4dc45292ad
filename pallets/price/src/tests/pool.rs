//! The pool: when it has a say, and what skewing or draining it does.

use super::*;
use weir_primitives::economy::{Credits, Tokens};

/// The pool after somebody paid dollars for tokens, without fees: its product stays.
fn skewed_by(dollars: Credits) -> (Tokens, Credits) {
	let (tokens, credits) = POOL;
	let after = credits + dollars * DOLLAR;
	(tokens / 1_000_000 * credits / after * 1_000_000, after)
}

#[test]
fn pool_should_be_averaged_over_rounds() {
	ExtBuilder::default().build_and_execute(|| {
		rounds_of(1, 1..=15, WORTH);
		assert_eq!(latest().twap, Some(WORTH));
		Reserves::set(Some((POOL.0, POOL.1 * 2)));
		rounds_of(1, 1..=15, WORTH);
		// The first block of the round was sampled before.
		assert_eq!(latest().twap, Some(WORTH + WORTH * 9 / 10 / 2));
		rounds_of(6, 1..=15, WORTH);
		assert_eq!(latest().twap, Some(WORTH * 2));
		assert_eq!(PriceFeed::purchases_closed(), Some(GateReason::Spread));
	});
}

#[test]
fn pool_skewed_inside_a_block_should_not_be_seen() {
	ExtBuilder::default().build_and_execute(|| {
		rounds_of(1, 1..=15, WORTH);
		all_report(1..=15, WORTH);
		for _ in 0..10 {
			// Within the block: bought up and sold back.
			Reserves::set(Some(skewed_by(1_000_000)));
			Reserves::set(Some(POOL));
			next_block();
		}
		assert_eq!(latest().twap, Some(WORTH));
	});
}

#[test]
fn pool_left_skewed_for_a_block_should_hardly_be_seen() {
	ExtBuilder::default().build_and_execute(|| {
		rounds_of(6, 1..=15, WORTH);
		Reserves::set(Some(skewed_by(10_000_000)));
		next_block();
		Reserves::set(Some(POOL));
		rounds_of(1, 1..=15, WORTH);
		let quote = latest();
		// One of the window's samples counted double.
		let samples = u128::from(Parameters::default().twap_rounds) * 10;
		assert!(quote.twap.unwrap() <= WORTH + WORTH / samples + 1, "{quote:?}");
		assert_eq!(quote.gate, None);
	});
}

/// Whoever holds the pool away from the price closes purchases, and gets no better price for it: it only widens the quote.
#[test]
fn pool_held_away_should_only_close_purchases() {
	ExtBuilder::default().build_and_execute(|| {
		rounds_of(2, 1..=15, WORTH);
		let honest = latest();
		Reserves::set(Some(skewed_by(50_000)));
		rounds_of(4, 1..=15, WORTH);
		let quote = latest();
		assert_eq!(quote.gate, Some(GateReason::Spread));
		assert!(quote.low <= honest.low && quote.high >= honest.high);
	});
}

#[test]
fn drained_pool_should_have_no_say() {
	ExtBuilder::default().build_and_execute(|| {
		rounds_of(2, 1..=15, WORTH);
		for empty in [None, Some((POOL.0, 0)), Some((0, POOL.1)), Some((0, 0)), Some((Tokens::MAX, 1))] {
			Reserves::set(empty);
			rounds_of(2, 1..=15, WORTH);
			let quote = PriceFeed::purchase_quote().unwrap();
			assert_eq!(quote.twap, None, "{empty:?}");
		}
		// Back again, it counts when most of its rounds do.
		Reserves::set(Some(POOL));
		rounds_of(Parameters::default().twap_rounds / 2, 1..=15, WORTH);
		assert_eq!(latest().twap, None);
		rounds_of(1, 1..=15, WORTH);
		assert_eq!(latest().twap, Some(WORTH));
	});
}

#[test]
fn shallow_pool_should_have_no_say() {
	ExtBuilder::default().build_and_execute(|| {
		let least = Credits::from(Parameters::default().least_depth);
		// Twice the price, on a cent less than it takes.
		let shallow = (least / 2 * TOKEN / (4 * DOLLAR / 100), least - 1);
		Reserves::set(Some(shallow));
		rounds_of(7, 1..=15, WORTH);
		assert_eq!(latest().twap, None);
		assert_eq!(PriceFeed::purchases_closed(), None);
		Reserves::set(Some((shallow.0, least)));
		rounds_of(7, 1..=15, WORTH);
		assert_eq!(latest().twap, Some(WORTH * 2));
		assert_eq!(PriceFeed::purchases_closed(), Some(GateReason::Spread));
	});
}

#[test]
fn averages_should_be_bounded() {
	ExtBuilder::default().build_and_execute(|| {
		rounds_of(20, 1..=15, WORTH);
		assert_eq!(PoolAverages::<Runtime>::get().len(), 16);
		assert_eq!(PoolSamples::<Runtime>::get().blocks, 1);
	});
}

/// What slices of the stable path go by while nobody reports.
#[test]
fn pool_average_should_go_on_when_nobody_reports() {
	ExtBuilder::default().build_and_execute(|| {
		// No round is over.
		assert_eq!(PriceFeed::pool_average(), None);
		next_round();
		assert_eq!(PriceFeed::pool_average(), Some(WORTH));
		rounds_of(3, 1..=15, WORTH / 2);
		for _ in 0..20 {
			next_round();
		}
		assert!(PriceFeed::purchase_quote().is_err() && PriceFeed::payout_quote().is_err());
		assert_eq!(PriceFeed::pool_average(), Some(WORTH));
	});
}

#[test]
fn pool_average_should_not_know_the_running_round() {
	ExtBuilder::default().build_and_execute(|| {
		rounds_of(6, 1..=15, WORTH);
		Reserves::set(Some(skewed_by(1_000_000)));
		for _ in 0..9 {
			assert_eq!(PriceFeed::pool_average(), Some(WORTH));
			next_block();
		}
		// It is over with the next block: whoever holds the pool for a whole round moves one of five averages.
		next_block();
		let moved = PriceFeed::pool_average().unwrap();
		assert!(moved > WORTH && moved <= WORTH + WORTH / 5, "{moved}");
	});
}

#[test]
fn pool_average_should_be_none_when_the_pool_does_not_count() {
	ExtBuilder::default().build_and_execute(|| {
		rounds_of(6, 1..=15, WORTH);
		let least = Credits::from(Parameters::default().least_depth);
		for shallow in [None, Some((POOL.0, 0)), Some((POOL.0, least - 1))] {
			Reserves::set(Some(POOL));
			rounds_of(6, 1..=15, WORTH);
			assert!(PriceFeed::pool_average().is_some());
			Reserves::set(shallow);
			rounds_of(1, 1..=15, WORTH);
			assert_eq!(PriceFeed::pool_average(), None, "{shallow:?}");
		}
	});
}
