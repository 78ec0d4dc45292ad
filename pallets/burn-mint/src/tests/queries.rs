//! What the runtime API reads.

use super::*;
use frame_support::weights::Weight;
use weir_math::economy::{units::TOKEN, wide::tokens_ceil};
use weir_primitives::{
	economy::GateReason,
	economy_api::{PurchaseRefusal, RequestInfo},
};

#[test]
fn quote_should_be_what_an_execution_burns() {
	ExtBuilder::default().build_and_execute(|| {
		let quote = BurnMint::quote(10 * DOLLAR);
		assert_eq!(quote.refusal, None);
		assert_eq!((quote.executes_from, quote.queued), (3, 0));
		assert_eq!(quote.tokens, tokens_ceil(10 * DOLLAR, quote.price.unwrap()));
		let before = free(ALICE);
		buy(ALICE, 10 * DOLLAR);
		assert_eq!(before - free(ALICE), quote.tokens.unwrap());
	});
}

#[test]
fn quote_should_name_the_refusal_that_a_request_meets() {
	ExtBuilder::default().build_and_execute(|| {
		let refusal = |credits| BurnMint::quote(credits).refusal;
		assert_eq!(refusal(DOLLAR - 1), Some(PurchaseRefusal::TooLittle));
		let cap = BurnMint::round_cap();
		assert_eq!((refusal(cap), refusal(cap + 1)), (None, Some(PurchaseRefusal::TooMuch)));
		for gate in [GateReason::NoQuorum, GateReason::Spread, GateReason::Stale] {
			market(|market| market.purchases = Some(gate));
			let quote = BurnMint::quote(DOLLAR);
			assert_eq!((quote.refusal, quote.tokens), (Some(PurchaseRefusal::Gate(gate)), None));
		}
		market(|market| {
			market.purchases = None;
			market.price = 0;
		});
		assert_eq!(refusal(DOLLAR), Some(PurchaseRefusal::Gate(GateReason::Stale)));
		market(|market| market.price = PRICE);
		for who in [ALICE, BOB, CAROL] {
			assert_ok!(BurnMint::request_credits(signed(who), DOLLAR, TOKEN));
			assert_ok!(BurnMint::request_credits(signed(who), DOLLAR, TOKEN));
		}
		assert_eq!(refusal(DOLLAR), Some(PurchaseRefusal::QueueFull));
		assert_eq!(BurnMint::quote(DOLLAR).queued, 6 * DOLLAR);
		Paused::set(&true);
		assert_eq!(refusal(DOLLAR), Some(PurchaseRefusal::Paused));
	});
}

#[test]
fn credits_should_show_locks_notice_and_requests() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(BurnMint::credits_of(&ALICE).last_used, None);
		buy(ALICE, 10 * DOLLAR);
		assert_ok!(BurnMint::lock(&ALICE, 4 * DOLLAR));
		Epoch::set(&30);
		assert_ok!(BurnMint::notify_inactive(signed(BOB), ALICE));
		assert_ok!(BurnMint::request_credits(signed(ALICE), DOLLAR, TOKEN));
		let credits = BurnMint::credits_of(&ALICE);
		assert_eq!((credits.free, credits.locked), (6 * DOLLAR, 4 * DOLLAR));
		assert_eq!((credits.last_used, credits.sweep), (Some(0), Some(35)));
		let request = RequestInfo { id: 1, credits: DOLLAR, max_tokens: TOKEN, round: 3, executes_from: 5 };
		assert_eq!(credits.requests, vec![request]);
	});
}

#[test]
fn supply_should_balance() {
	ExtBuilder::default().build_and_execute(|| {
		buy(ALICE, 10 * DOLLAR);
		let supply = BurnMint::supply();
		assert!(supply.balanced);
		assert_eq!((supply.issuance, supply.credits), (supply.total_issuance, 10 * DOLLAR));
	});
}

#[test]
fn summaries_should_be_paged() {
	ExtBuilder::default().build_and_execute(|| {
		want(&[0]);
		for _ in 0..25 {
			end_epoch();
		}
		let page = BurnMint::epoch_summaries(0, 8);
		let epochs: Vec<_> = page.rows.iter().map(|row| row.epoch).collect();
		assert_eq!((epochs, page.next), ((5..13).collect(), Some(13)));
		let page = BurnMint::epoch_summaries(13, 1_000);
		assert_eq!((page.rows.len(), page.next), (12, None));
		assert_eq!(BurnMint::epoch_summaries(99, 5).rows, vec![]);
	});
}

#[test]
fn next_close_should_show_where_a_close_stands() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(BurnMint::next_close(), (0, None));
		begin_epoch();
		market(|market| market.round += FORWARD);
		run_block(BurnMint::largest_step());
		let (epoch, close) = BurnMint::next_close();
		assert_eq!((epoch, close.unwrap().epoch()), (0, 0));
		run_block(Weight::MAX);
		assert_eq!(BurnMint::next_close(), (1, None));
	});
}
