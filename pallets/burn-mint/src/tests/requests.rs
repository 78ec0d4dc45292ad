//! Requests for credits: waiting, price, cap, refusal.

use super::*;
use crate::{types::RequestFailure, Error, RequestQueue, Requests};
use frame_support::{
	assert_noop,
	traits::{LockableCurrency, WithdrawReasons},
	weights::Weight,
};
use sp_runtime::TokenError;
use weir_math::economy::{
	units::{HIGHEST_PRICE, LOWEST_PRICE, TOKEN},
	wide::tokens_ceil,
};
use weir_primitives::economy::GateReason;

const LOW: u128 = PRICE / 10_000 * 9_975;

fn request(who: AccountId, dollars: u128, tokens: u128) -> u64 {
	let id = RequestQueue::<Test>::get().tail;
	assert_ok!(BurnMint::request_credits(signed(who), dollars * DOLLAR, tokens * TOKEN));
	id
}

fn set_round_cap(dollars: u128) {
	TestParameters::set(&Parameters { round_cap: (dollars * DOLLAR) as u64, ..parameters() });
}

#[test]
fn request_credits_should_hold_tokens_and_wait() {
	ExtBuilder::default().build_and_execute(|| {
		let id = request(ALICE, 10, 300);
		assert_eq!((held(ALICE), free(ALICE)), (300 * TOKEN, FUNDS - 300 * TOKEN));
		let event = Event::CreditsRequested {
			id,
			who: ALICE,
			credits: 10 * DOLLAR,
			max_tokens: 300 * TOKEN,
			from_round: 3,
		};
		assert!(emitted(event));
		run_block(Weight::MAX);
		run_round();
		assert_eq!((credits_of(ALICE), held(ALICE)), (0, 300 * TOKEN));
	});
}

#[test]
fn request_should_be_executed_at_the_low_price_after_the_delay() {
	ExtBuilder::default().build_and_execute(|| {
		let id = request(ALICE, 10, 300);
		// What it costs is the price of then, not of now.
		market(|market| market.price = PRICE * 2);
		run_rounds(FORWARD);
		let tokens = tokens_ceil(10 * DOLLAR, 2 * LOW).unwrap();
		assert_eq!((credits_of(ALICE), held(ALICE), free(ALICE)), (10 * DOLLAR, 0, FUNDS - tokens));
		assert_eq!((ledger().basis, ledger().burned, ledger().credits), (tokens, tokens, 10 * DOLLAR));
		let event = Event::CreditsBought {
			id,
			who: ALICE,
			credits: 10 * DOLLAR,
			tokens,
			price: 2 * LOW,
			balance: 10 * DOLLAR,
		};
		assert!(emitted(event));
		assert!(Requests::<Test>::iter().next().is_none());
	});
}

#[test]
fn request_should_wait_when_a_report_is_no_younger_than_it() {
	ExtBuilder::default().build_and_execute(|| {
		run_block(Weight::MAX);
		let block = System::block_number() as u32;
		request(ALICE, 10, 300);
		for oldest in [block - 1, block] {
			market(|market| market.oldest_block = Some(oldest));
			run_rounds(FORWARD + 3);
			assert_eq!(credits_of(ALICE), 0);
		}
		market(|market| market.oldest_block = Some(block + 1));
		run_block(Weight::MAX);
		assert_eq!(credits_of(ALICE), 10 * DOLLAR);
	});
}

#[test]
fn request_should_fail_and_release_everything_when_credits_are_too_dear() {
	ExtBuilder::default().build_and_execute(|| {
		let id = request(ALICE, 10, 250);
		run_rounds(FORWARD);
		let tokens = tokens_ceil(10 * DOLLAR, LOW);
		assert!(tokens > Some(250 * TOKEN));
		assert_eq!((credits_of(ALICE), held(ALICE), free(ALICE)), (0, 0, FUNDS));
		let reason = RequestFailure::TooDear { tokens };
		assert!(emitted(Event::RequestFailed { id, who: ALICE, credits: 10 * DOLLAR, reason }));
	});
}

#[test]
fn request_should_burn_all_it_allows_when_it_costs_exactly_that() {
	ExtBuilder::default().build_and_execute(|| {
		let tokens = tokens_ceil(10 * DOLLAR, LOW).unwrap();
		assert_ok!(BurnMint::request_credits(signed(ALICE), 10 * DOLLAR, tokens));
		assert_ok!(BurnMint::request_credits(signed(BOB), 10 * DOLLAR, tokens - 1));
		run_rounds(FORWARD);
		assert_eq!((credits_of(ALICE), credits_of(BOB)), (10 * DOLLAR, 0));
		assert_eq!((held(ALICE), held(BOB)), (0, 0));
	});
}

#[test]
fn request_credits_should_be_refused_with_the_broken_rule() {
	ExtBuilder::default().build_and_execute(|| {
		let refused = |credits, tokens| BurnMint::request_credits(signed(ALICE), credits, tokens);
		assert_noop!(refused(DOLLAR - 1, TOKEN), Error::<Test>::BelowLeastPurchase);
		let cap = BurnMint::round_cap();
		assert_noop!(refused(cap + 1, TOKEN), Error::<Test>::AboveRoundCap);
		assert_noop!(refused(DOLLAR, 0), Error::<Test>::NoTokensAllowed);
		assert_noop!(refused(DOLLAR, FUNDS), TokenError::FundsUnavailable);
		Paused::set(&true);
		assert_noop!(refused(DOLLAR, TOKEN), Error::<Test>::PurchasesPaused);
		Paused::set(&false);
		assert_noop!(refused(DOLLAR, TOKEN), Error::<Test>::BelowHalfOfCost);
		for _ in 0..MaxRequestsPerAccount::get() {
			request(ALICE, 1, 20);
		}
		assert_noop!(refused(DOLLAR, 20 * TOKEN), Error::<Test>::TooManyRequests);
		request(BOB, 1, 20);
		request(BOB, 1, 20);
		assert_noop!(BurnMint::request_credits(signed(BOB), DOLLAR, 20 * TOKEN), Error::<Test>::QueueFull);
	});
}

#[test]
fn request_should_allow_half_of_what_its_credits_cost_now() {
	ExtBuilder::default().build_and_execute(|| {
		let ask = |tokens| BurnMint::request_credits(signed(ALICE), 10 * DOLLAR, tokens);
		let half = tokens_ceil(10 * DOLLAR, LOW).unwrap().div_ceil(2);
		assert_noop!(ask(1), Error::<Test>::BelowHalfOfCost);
		assert_noop!(ask(half - 1), Error::<Test>::BelowHalfOfCost);
		assert_ok!(ask(half));
		// Where the references disagree there is a quote all the same.
		market(|market| {
			market.purchases = Some(GateReason::Spread);
			market.price = PRICE * 2;
		});
		assert_noop!(ask(half / 2 - 1), Error::<Test>::BelowHalfOfCost);
		assert_ok!(ask(half / 2 + 1));
	});
}

#[test]
fn request_should_be_measured_by_the_last_price_when_there_is_none() {
	ExtBuilder::default().build_and_execute(|| {
		let ask = |tokens| BurnMint::request_credits(signed(ALICE), 10 * DOLLAR, tokens);
		market(|market| {
			market.purchases = Some(GateReason::NoQuorum);
			market.payouts = Some(GateReason::NoQuorum);
			market.last = Some(PRICE / 2);
		});
		let half = tokens_ceil(10 * DOLLAR, LOW / 2).unwrap().div_ceil(2);
		assert_noop!(ask(half - 1), Error::<Test>::BelowHalfOfCost);
		assert_ok!(ask(half));
		// Before the first price there is nothing to measure by.
		market(|market| market.last = None);
		assert_noop!(ask(FUNDS / 2), Error::<Test>::NeverPriced);
		market(|market| market.last = Some(0));
		assert_noop!(ask(FUNDS / 2), Error::<Test>::NeverPriced);
		// Nobody has what they cost where tokens are worth nearly nothing.
		market(|market| market.last = Some(2));
		assert_noop!(
			BurnMint::request_credits(signed(ALICE), 10_000 * DOLLAR, FUNDS / 2),
			Error::<Test>::BelowHalfOfCost
		);
	});
}

#[test]
fn request_that_is_too_dear_should_keep_nobody_from_the_rest_of_a_round() {
	ExtBuilder::default().build_and_execute(|| {
		set_round_cap(100);
		request(ALICE, 60, 10_000);
		// It costs 1,253 tokens, and there is no room for it either.
		let dear = request(BOB, 50, 700);
		request(CAROL, 40, 10_000);
		run_rounds(FORWARD);
		let reason = RequestFailure::TooDear { tokens: tokens_ceil(50 * DOLLAR, LOW) };
		assert!(emitted(Event::RequestFailed { id: dear, who: BOB, credits: 50 * DOLLAR, reason }));
		assert_eq!((credits_of(ALICE), credits_of(CAROL)), (60 * DOLLAR, 40 * DOLLAR));
		assert_eq!((held(BOB), free(BOB)), (0, FUNDS));
	});
}

#[test]
fn request_that_is_too_dear_should_leave_from_behind_one_that_waits() {
	ExtBuilder::default().build_and_execute(|| {
		set_round_cap(100);
		request(ALICE, 60, 10_000);
		request(BOB, 50, 10_000);
		// It costs 752 tokens.
		let dear = request(CAROL, 30, 600);
		let fitting = request(CAROL, 40, 10_000);
		run_rounds(FORWARD);
		let reason = RequestFailure::TooDear { tokens: tokens_ceil(30 * DOLLAR, LOW) };
		assert!(emitted(Event::RequestFailed { id: dear, who: CAROL, credits: 30 * DOLLAR, reason }));
		// What is affordable waits for its turn, also where there is room for it.
		assert_eq!((credits_of(ALICE), credits_of(BOB), credits_of(CAROL)), (60 * DOLLAR, 0, 0));
		assert!(Requests::<Test>::contains_key(fitting) && !Requests::<Test>::contains_key(dear));
		assert_eq!((RequestQueue::<Test>::get().count, held(CAROL)), (2, 10_000 * TOKEN));
		// The hole that it left keeps nobody.
		run_round();
		assert_eq!((credits_of(BOB), credits_of(CAROL)), (50 * DOLLAR, 40 * DOLLAR));
		assert_eq!(RequestQueue::<Test>::get().count, 0);
	});
}

#[test]
fn every_request_should_be_looked_at_before_one_is_again() {
	ExtBuilder::default().build_and_execute(|| {
		set_round_cap(100);
		request(ALICE, 60, 10_000);
		let waiting = request(BOB, 50, 10_000);
		for who in [ALICE, BOB, CAROL] {
			request(who, 10, 10_000);
		}
		let dear = request(CAROL, 30, 600);
		market(|market| market.round += FORWARD);
		// A block looks at four: one is bought, one waits, two behind it are not too dear.
		run_block(Weight::MAX);
		assert_eq!(RequestQueue::<Test>::get().scanned, waiting + 3);
		assert!(Requests::<Test>::contains_key(dear));
		// The next one goes on there, and comes to the end.
		run_block(Weight::MAX);
		assert!(!Requests::<Test>::contains_key(dear));
		let queue = RequestQueue::<Test>::get();
		assert_eq!((queue.head, queue.count, queue.scanned), (waiting, 4, 0));
		// A block without room looks at nothing, the next one begins anew.
		run_block(Weight::zero());
		assert_eq!(RequestQueue::<Test>::get(), queue);
		run_block(Weight::MAX);
		assert_eq!(RequestQueue::<Test>::get().scanned, waiting + 4);
	});
}

#[test]
fn requests_should_be_looked_at_again_at_another_price() {
	ExtBuilder::default().build_and_execute(|| {
		set_round_cap(100);
		for who in [ALICE, ALICE, BOB] {
			request(who, 60, 10_000);
		}
		// It costs 752 tokens now.
		let tight = request(CAROL, 30, 760);
		run_rounds(FORWARD);
		assert!(Requests::<Test>::contains_key(tight));
		market(|market| market.price = PRICE / 10 * 9);
		run_round();
		run_block(Weight::MAX);
		assert!(!Requests::<Test>::contains_key(tight));
		assert_eq!((credits_of(ALICE), credits_of(BOB), held(CAROL)), (120 * DOLLAR, 0, 0));
	});
}

#[test]
fn request_should_not_fail_behind_one_that_waits_before_it_is_due() {
	ExtBuilder::default().build_and_execute(|| {
		set_round_cap(100);
		request(ALICE, 60, 10_000);
		request(BOB, 50, 10_000);
		run_round();
		let dear = request(CAROL, 30, 600);
		run_rounds(FORWARD - 1);
		assert_eq!((credits_of(ALICE), credits_of(BOB)), (60 * DOLLAR, 0));
		assert!(Requests::<Test>::contains_key(dear));
		run_round();
		assert!(!Requests::<Test>::contains_key(dear));
	});
}

#[test]
fn queue_of_requests_that_are_too_dear_should_be_empty_when_the_first_is_due() {
	ExtBuilder::default().build_and_execute(|| {
		set_round_cap(3);
		for who in [ALICE, BOB, CAROL] {
			request(who, 2, 26);
			request(who, 2, 26);
		}
		let on_hold: Tokens = [ALICE, BOB, CAROL].map(held).iter().sum();
		assert_eq!(on_hold, 6 * 26 * TOKEN);
		run_rounds(FORWARD);
		// A block executes four.
		run_block(Weight::MAX);
		assert_eq!((RequestQueue::<Test>::get().count, ledger().burned), (0, 0));
	});
}

#[test]
fn rounds_should_sell_what_the_cap_allows_in_order() {
	ExtBuilder::default().build_and_execute(|| {
		set_round_cap(100);
		request(ALICE, 60, 10_000);
		request(BOB, 50, 10_000);
		// It would fit, and waits all the same.
		request(CAROL, 10, 10_000);
		run_rounds(FORWARD);
		assert_eq!((credits_of(ALICE), credits_of(BOB), credits_of(CAROL)), (60 * DOLLAR, 0, 0));
		run_block(Weight::MAX);
		assert_eq!(credits_of(BOB), 0);
		run_round();
		assert_eq!((credits_of(BOB), credits_of(CAROL)), (50 * DOLLAR, 10 * DOLLAR));
	});
}

#[test]
fn request_should_fail_when_no_round_would_sell_that_much_any_more() {
	ExtBuilder::default().build_and_execute(|| {
		let id = request(ALICE, 60, 10_000);
		request(BOB, 40, 10_000);
		set_round_cap(50);
		run_rounds(FORWARD);
		let reason = RequestFailure::AboveRoundCap;
		assert!(emitted(Event::RequestFailed { id, who: ALICE, credits: 60 * DOLLAR, reason }));
		assert_eq!((free(ALICE), credits_of(BOB)), (FUNDS, 40 * DOLLAR));
	});
}

#[test]
fn cap_should_follow_the_trailing_day() {
	ExtBuilder::default().build_and_execute(|| {
		set_round_cap(100);
		let rounds = TestPace::get().rounds_per_day;
		assert_eq!(BurnMint::round_cap(), 100 * DOLLAR);
		for _ in 0..rounds {
			request(ALICE, 90, 10_000);
			run_rounds(FORWARD);
		}
		assert_eq!(BurnMint::round_cap(), 5 * 90 * DOLLAR);
		// A day later nothing of it counts any more.
		for _ in 0..TestPace::get().epochs_per_day {
			begin_epoch();
		}
		assert_eq!(BurnMint::round_cap(), 100 * DOLLAR);
	});
}

#[test]
fn cancel_request_should_release_tokens_while_purchases_are_closed() {
	ExtBuilder::default().build_and_execute(|| {
		let (first, second, third) =
			(request(ALICE, 10, 300), request(BOB, 10, 300), request(CAROL, 10, 300));
		assert_noop!(BurnMint::cancel_request(signed(BOB), 99), Error::<Test>::NoSuchRequest);
		assert_noop!(BurnMint::cancel_request(signed(BOB), first), Error::<Test>::NotYourRequest);
		assert_noop!(BurnMint::cancel_request(signed(BOB), second), Error::<Test>::PurchasesOpen);
		market(|market| market.purchases = Some(GateReason::Spread));
		assert_ok!(BurnMint::cancel_request(signed(BOB), second));
		assert!(emitted(Event::RequestCancelled { id: second, who: BOB }));
		assert_eq!((held(BOB), free(BOB)), (0, FUNDS));
		run_rounds(FORWARD);
		// The pause closes them too: whoever waits can always leave.
		market(|market| market.purchases = None);
		Paused::set(&true);
		assert_ok!(BurnMint::cancel_request(signed(ALICE), first));
		Paused::set(&false);
		run_block(Weight::MAX);
		assert_eq!(credits_of(CAROL), 10 * DOLLAR);
		assert_noop!(BurnMint::cancel_request(signed(CAROL), third), Error::<Test>::NoSuchRequest);
	});
}

#[test]
fn requests_should_wait_for_hours_and_go_on_when_the_price_is_back() {
	ExtBuilder::default().build_and_execute(|| {
		for gate in [GateReason::NoQuorum, GateReason::Spread, GateReason::Stale] {
			let before = credits_of(ALICE);
			request(ALICE, 10, 300);
			market(|market| market.purchases = Some(gate));
			run_rounds(72);
			assert_eq!((credits_of(ALICE), held(ALICE)), (before, 300 * TOKEN));
			market(|market| market.purchases = None);
			run_round();
			assert_eq!((credits_of(ALICE), held(ALICE)), (before + 10 * DOLLAR, 0));
		}
	});
}

#[test]
fn requests_should_wait_while_purchases_are_paused() {
	ExtBuilder::default().build_and_execute(|| {
		request(ALICE, 10, 300);
		Paused::set(&true);
		run_rounds(FORWARD);
		assert_eq!(credits_of(ALICE), 0);
		Paused::set(&false);
		run_block(Weight::MAX);
		assert_eq!(credits_of(ALICE), 10 * DOLLAR);
	});
}

#[test]
fn requests_should_be_priced_at_the_ends_of_the_range() {
	ExtBuilder::default().build_and_execute(|| {
		// A billion tokens for a dollar: more than anybody has.
		let dear = request(ALICE, 1, 1_000_000);
		market(|market| market.price = LOWEST_PRICE);
		run_rounds(FORWARD);
		let tokens = tokens_ceil(DOLLAR, LOWEST_PRICE / 10_000 * 9_975);
		let reason = RequestFailure::TooDear { tokens };
		assert!(emitted(Event::RequestFailed { id: dear, who: ALICE, credits: DOLLAR, reason }));
		market(|market| market.price = HIGHEST_PRICE);
		request(ALICE, 1, 1);
		run_rounds(FORWARD);
		assert_eq!(credits_of(ALICE), DOLLAR);
		assert_eq!(ledger().burned, 1_002_507);
	});
}

#[test]
fn requests_should_wait_when_the_price_is_zero() {
	ExtBuilder::default().build_and_execute(|| {
		request(ALICE, 10, 300);
		market(|market| market.price = 0);
		run_rounds(FORWARD);
		assert_eq!(held(ALICE), 300 * TOKEN);
		market(|market| market.price = PRICE);
		run_block(Weight::MAX);
		assert_eq!(credits_of(ALICE), 10 * DOLLAR);
	});
}

#[test]
fn frozen_tokens_should_not_keep_a_request_from_its_price() {
	ExtBuilder::default().build_and_execute(|| {
		request(ALICE, 10, 300);
		// Locks may lie on what is on hold: it must not be a way to cancel.
		Balances::set_lock(*b"election", &ALICE, Tokens::MAX, WithdrawReasons::all());
		run_rounds(FORWARD);
		assert_eq!((credits_of(ALICE), held(ALICE)), (10 * DOLLAR, 0));
	});
}

#[test]
fn requests_should_wait_when_a_block_has_nothing_left() {
	ExtBuilder::default().build_and_execute(|| {
		for who in [ALICE, BOB, CAROL] {
			request(who, 10, 300);
			request(who, 10, 300);
		}
		market(|market| market.round += FORWARD);
		run_block(Weight::zero());
		assert_eq!(RequestQueue::<Test>::get().count, 6);
		// A block executes a bounded number.
		run_block(Weight::MAX);
		assert_eq!(RequestQueue::<Test>::get().count, 2);
		run_block(Weight::MAX);
		assert_eq!(RequestQueue::<Test>::get().count, 0);
	});
}
