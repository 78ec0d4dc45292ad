//! Quotes: what reporters can do to them, and when purchases wait.

use super::*;

#[test]
fn round_should_be_priced_with_its_first_block() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(PriceFeed::purchase_quote(), Err(GateReason::Stale));
		assert_eq!(PriceFeed::payout_quote(), Err(GateReason::Stale));
		all_report(1..=15, WORTH);
		// Reports alone change nothing.
		assert_eq!(PriceFeed::purchase_quote(), Err(GateReason::Stale));
		let round = next_round();
		let quote = PriceFeed::purchase_quote().unwrap();
		let expected = Quote {
			round,
			median: WORTH,
			ema: WORTH,
			twap: Some(WORTH),
			low: WORTH / 10_000 * 9_975,
			high: WORTH / 10_000 * 10_025,
			reports: 15,
			oldest_block: 1,
			at_block: 10,
			gate: None,
		};
		assert_eq!(quote, expected);
		assert_eq!(PriceFeed::payout_quote(), Ok(expected));
		assert_eq!(PriceFeed::quote_of(round), Some(expected));
		assert_eq!(events().last(), Some(&Event::RoundPriced { quote }));
		// It holds for its round.
		for _ in 0..9 {
			next_block();
			assert_eq!(PriceFeed::purchase_quote(), Ok(expected));
		}
	});
}

/// Property 15: without a quorum there is no price, and the reason says so.
#[test]
fn silence_should_close_everything_when_there_is_no_quorum() {
	ExtBuilder::default().build_and_execute(|| {
		rounds_of(1, 1..=9, WORTH);
		assert!(PriceFeed::purchase_quote().is_ok());
		// Eight of fifteen, and those of before expire.
		for _ in 0..3 {
			all_report(1..=8, WORTH);
			next_round();
		}
		assert_eq!(PriceFeed::purchase_quote(), Err(GateReason::NoQuorum));
		assert_eq!(PriceFeed::payout_quote(), Err(GateReason::NoQuorum));
		let round = PriceFeed::round();
		let reason = GateReason::NoQuorum;
		assert_eq!(
			events().last(),
			Some(&Event::RoundNotPriced { round, reason, reports: 8, quorum: Some(9) })
		);
		assert_eq!(PriceFeed::quote_of(round), None);
	});
}

/// Property 15: a report counts for three rounds, and no longer.
#[test]
fn reports_should_expire() {
	ExtBuilder::default().build_and_execute(|| {
		rounds_of(1, 1..=9, WORTH);
		for age in 2..=3 {
			next_round();
			let quote = PriceFeed::purchase_quote().unwrap();
			assert_eq!((quote.reports, quote.oldest_block), (9, 1), "{age}");
		}
		next_round();
		assert_eq!(PriceFeed::purchase_quote(), Err(GateReason::NoQuorum));
	});
}

#[test]
fn late_reports_should_fill_up_a_quorum() {
	ExtBuilder::default().build_and_execute(|| {
		rounds_of(1, 1..=15, WORTH);
		all_report(1..=5, 2 * WORTH);
		next_round();
		let quote = latest();
		assert_eq!((quote.reports, quote.median, quote.oldest_block), (15, WORTH, 1));
	});
}

/// Property 16, and why the youngest quorum counts: reporters that report every third round, each in another one, cannot keep
/// the oldest report older than a request for ever.
#[test]
fn few_reporters_should_not_make_requests_wait() {
	ExtBuilder::default().build_and_execute(|| {
		rounds_of(1, 1..=15, WORTH);
		for round in 0..12u64 {
			let start = System::block_number() as u32;
			all_report(1..=9, WORTH);
			for late in 10..=15 {
				if late % 3 == round % 3 {
					report(late, WORTH);
				}
			}
			next_round();
			let quote = PriceFeed::purchase_quote().unwrap();
			// A request of the round before the last is older than all reports.
			assert!(quote.oldest_block >= start, "{round}: {quote:?}");
			assert_eq!(quote.reports, 11);
		}
	});
}

/// Property 14.
#[test]
fn seven_of_fifteen_should_change_nothing() {
	for lie in [LOWEST_PRICE, WORTH * 3 / 2, HIGHEST_PRICE] {
		ExtBuilder::default().build_and_execute(|| {
			for _ in 0..20 {
				all_report(HONEST, WORTH);
				all_report(LIARS, lie);
				next_round();
				let quote = PriceFeed::purchase_quote().unwrap();
				assert_eq!((quote.median, quote.ema), (WORTH, WORTH));
			}
		});
	}
}

#[test]
fn eight_of_fifteen_should_close_purchases_and_gain_no_price() {
	ExtBuilder::default().build_and_execute(|| {
		rounds_of(3, 1..=15, WORTH);
		for _ in 0..20 {
			all_report(1..=7, WORTH);
			all_report(8..=15, WORTH * 3 / 2);
			next_round();
			assert_eq!(PriceFeed::purchase_quote(), Err(GateReason::Spread));
			// Payees are paid at the highest reference: fewer tokens, never more.
			let quote = PriceFeed::payout_quote().unwrap();
			assert!(quote.high > WORTH * 3 / 2 && quote.low < WORTH);
		}
	});
}

#[test]
fn purchases_should_wait_when_references_disagree_and_payouts_not() {
	ExtBuilder::default().build_and_execute(|| {
		rounds_of(2, 1..=15, WORTH);
		// The average follows by half: median and pool are 4 % apart.
		rounds_of(1, 1..=15, WORTH * 104 / 100);
		assert_eq!(PriceFeed::purchases_closed(), Some(GateReason::Spread));
		assert_eq!(PriceFeed::payouts_closed(), None);
		assert_eq!(latest().gate, Some(GateReason::Spread));
		// The pool follows.
		Reserves::set(Some((POOL.0, POOL.1 * 104 / 100)));
		rounds_of(8, 1..=15, WORTH * 104 / 100);
		assert_eq!(PriceFeed::purchases_closed(), None);
	});
}

#[test]
fn false_median_should_not_close_purchases_for_hours() {
	ExtBuilder::default().build_and_execute(|| {
		rounds_of(4, 1..=15, WORTH);
		rounds_of(1, 1..=15, HIGHEST_PRICE);
		let mut closed = 0;
		while PriceFeed::purchases_closed().is_some() {
			rounds_of(1, 1..=15, WORTH);
			closed += 1;
		}
		assert_eq!(closed, 5);
	});
}

#[test]
fn extremes_should_be_priced() {
	for price in [LOWEST_PRICE, PRICE_ONE, HIGHEST_PRICE] {
		ExtBuilder::default().build_and_execute(|| {
			Reserves::set(None);
			rounds_of(2, 1..=15, price);
			let quote = PriceFeed::purchase_quote().unwrap();
			assert_eq!((quote.median, quote.ema, quote.twap), (price, price, None));
			assert!(quote.low > 0 && quote.low < price && quote.high > price);
		});
	}
}

#[test]
fn round_should_be_stale_when_its_first_block_did_not_run() {
	ExtBuilder::default().build_and_execute(|| {
		rounds_of(1, 1..=15, WORTH);
		// A block whose hooks have not run yet.
		System::set_block_number(20);
		assert_eq!(PriceFeed::purchase_quote(), Err(GateReason::Stale));
		assert_eq!(PriceFeed::payout_quote(), Err(GateReason::Stale));
		// Rounds are not lost with blocks.
		System::set_block_number(26);
		next_block();
		assert_eq!(PriceFeed::purchase_quote().map(|quote| (quote.round, quote.at_block)), Ok((2, 27)));
	});
}

#[test]
fn quotes_should_be_kept_for_a_day() {
	ExtBuilder::default().reporters(1).build_and_execute(|| {
		rounds_of(KEPT_QUOTES + 3, [1], WORTH);
		let last = PriceFeed::round();
		assert_eq!(Quotes::<Runtime>::iter().count(), KEPT_QUOTES as usize);
		assert_eq!(PriceFeed::quote_of(last - KEPT_QUOTES), None);
		assert!((last - KEPT_QUOTES + 1..=last).all(|round| PriceFeed::quote_of(round).is_some()));
	});
}

#[test]
fn few_of_many_reporters_should_not_set_the_price() {
	ExtBuilder::default().reporters(3).build_and_execute(|| {
		for who in 4..=15 {
			assert_ok!(PriceFeed::add_reporter(signed(COUNCIL), who));
		}
		rounds_of(1, 1..=3, WORTH);
		assert_eq!(PriceFeed::payout_quote(), Err(GateReason::NoQuorum));
	});
}

#[test]
fn nothing_should_be_priced_when_there_are_no_reporters() {
	ExtBuilder::default().reporters(0).build_and_execute(|| {
		next_round();
		assert_eq!(PriceFeed::payout_quote(), Err(GateReason::NoQuorum));
		let quorum = None;
		assert_eq!(
			events().last(),
			Some(&Event::RoundNotPriced { round: 1, reason: GateReason::NoQuorum, reports: 0, quorum })
		);
	});
}

/// The average goes on forgetting while there is no price.
#[test]
fn average_should_catch_up_after_an_outage() {
	ExtBuilder::default().build_and_execute(|| {
		rounds_of(1, 1..=15, WORTH);
		Reserves::set(None);
		for _ in 0..30 {
			next_round();
		}
		rounds_of(1, 1..=15, WORTH / 2);
		let quote = latest();
		assert!(quote.ema.abs_diff(WORTH / 2) < WORTH / 1_000);
		assert_eq!(quote.gate, None);
	});
}

#[test]
fn last_quote_should_outlast_its_round() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(PriceFeed::last_quote(), None);
		rounds_of(1, 1..=15, WORTH);
		let mut last = None;
		for _ in 0..40 {
			last = PriceFeed::payout_quote().ok().or(last);
			assert_eq!(PriceFeed::last_quote(), last);
			next_round();
		}
		// Reports serve three rounds.
		assert!(PriceFeed::payout_quote().is_err());
		assert_eq!(last.map(|quote| quote.round), Some(3));
		assert_eq!(PriceFeed::last_quote(), last);
		rounds_of(1, 1..=15, WORTH * 2);
		assert_eq!(PriceFeed::last_quote(), PriceFeed::payout_quote().ok());
	});
}

/// Property 17: what is asked and what is done is one answer.
#[test]
fn health_should_agree_with_the_gate() {
	ExtBuilder::default().build_and_execute(|| {
		let agree = || {
			assert_eq!(PriceFeed::purchases_closed(), PriceFeed::purchase_quote().err());
			assert_eq!(PriceFeed::payouts_closed(), PriceFeed::payout_quote().err());
			assert_eq!(PriceFeed::is_price_lost(), PriceFeed::is_lost());
			if let Ok(quote) = PriceFeed::purchase_quote() {
				assert_eq!(quote.gate, None);
				assert_eq!(PriceFeed::payout_quote(), Ok(quote));
			}
		};
		agree();
		for price in [WORTH, WORTH * 2, WORTH, 0, 0, 0, 0, 0, 0, WORTH] {
			if price > 0 {
				all_report(1..=15, price);
			}
			next_round();
			agree();
		}
	});
}

#[test]
fn parameters_should_take_effect_with_the_next_round() {
	ExtBuilder::default().build_and_execute(|| {
		all_report(1..=9, WORTH);
		all_report(10..=15, WORTH * 2);
		TestParameters::set(Parameters { quorum: 1_000_000, spread: 10_000, ..Parameters::default() });
		next_round();
		assert!(PriceFeed::purchase_quote().is_ok());
		rounds_of(1, 1..=14, WORTH);
		// The fifteenth is from the round before.
		assert_eq!(latest().reports, 15);
		rounds_of(3, 1..=14, WORTH);
		assert_eq!(PriceFeed::purchase_quote(), Err(GateReason::NoQuorum));
	});
}
