//! What the runtime API reads.

use super::*;
use crate::Error;
use frame_support::{assert_noop, weights::Weight};
use weir_math::economy::{units::TOKEN, wide::tokens_ceil};
use weir_primitives::{
	economy::GateReason,
	economy_api::{
		CloseInfo, ClosePhase, CloseProgress, PoolInfo, PurchaseRefusal, RequestInfo, SliceWait,
		StablePathInfo,
	},
	seams::economy::StablePool,
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
			assert_ok!(BurnMint::request_credits(signed(who), DOLLAR, 20 * TOKEN));
			assert_ok!(BurnMint::request_credits(signed(who), DOLLAR, 20 * TOKEN));
		}
		assert_eq!(refusal(DOLLAR), Some(PurchaseRefusal::QueueFull));
		assert_eq!(BurnMint::quote(DOLLAR).queued, 6 * DOLLAR);
		market(|market| market.last = None);
		assert_eq!(refusal(DOLLAR), Some(PurchaseRefusal::NeverPriced));
		Paused::set(&true);
		assert_eq!(refusal(DOLLAR), Some(PurchaseRefusal::Paused));
	});
}

/// Property 17: a request that allows what was quoted is taken or waits, unless a refusal was named.
#[test]
fn request_should_be_taken_when_no_refusal_but_a_gate_was_named() {
	ExtBuilder::default().build_and_execute(|| {
		let gates = [None, Some(GateReason::NoQuorum), Some(GateReason::Spread), Some(GateReason::Stale)];
		let caps = [DOLLAR - 1, DOLLAR, 100 * DOLLAR, BurnMint::round_cap(), BurnMint::round_cap() + 1];
		for (gate, credits) in gates.into_iter().flat_map(|gate| caps.map(|credits| (gate, credits))) {
			for (price, last) in [PRICE, PRICE * 3, PRICE / 3]
				.into_iter()
				.flat_map(|price| [Some(PRICE), None].map(|last| (price, last)))
			{
				market(|market| {
					market.purchases = gate;
					market.payouts = gate.filter(|gate| *gate != GateReason::Spread);
					(market.price, market.last) = (price, last);
				});
				let quote = BurnMint::quote(credits);
				let waits = quote.refusal.is_none_or(|refusal| matches!(refusal, PurchaseRefusal::Gate(_)));
				// Without a price to quote, the least that is taken; before the first price nothing is.
				let allowed = quote.tokens.or(quote.least).unwrap_or(TOKEN);
				let asked = frame_support::storage::with_transaction(|| {
					let asked = BurnMint::request_credits(signed(ALICE), credits, allowed);
					sp_runtime::TransactionOutcome::Rollback(Ok::<_, sp_runtime::DispatchError>(asked))
				});
				assert_eq!(asked.unwrap().is_ok(), waits, "{gate:?} {credits} {price} {last:?} {quote:?}");
			}
		}
	});
}

#[test]
fn quote_should_say_what_a_request_must_allow_at_least() {
	ExtBuilder::default().build_and_execute(|| {
		let ask = |tokens| BurnMint::request_credits(signed(ALICE), 10 * DOLLAR, tokens);
		for gate in [None, Some(GateReason::NoQuorum)] {
			market(|market| {
				(market.purchases, market.payouts) = (gate, gate);
				market.last = Some(PRICE / 2);
			});
			let quote = BurnMint::quote(10 * DOLLAR);
			assert_eq!(quote.tokens.is_some(), gate.is_none());
			let least = quote.least.unwrap();
			assert_noop!(ask(least - 1), Error::<Test>::BelowHalfOfCost);
			assert_ok!(ask(least));
		}
		market(|market| market.last = None);
		assert_eq!(BurnMint::quote(10 * DOLLAR).least, None);
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
		assert_ok!(BurnMint::request_credits(signed(ALICE), DOLLAR, 20 * TOKEN));
		let credits = BurnMint::credits_of(&ALICE);
		assert_eq!((credits.free, credits.locked), (6 * DOLLAR, 4 * DOLLAR));
		assert_eq!((credits.last_used, credits.sweep), (Some(0), Some(35)));
		let request =
			RequestInfo { id: 1, credits: DOLLAR, max_tokens: 20 * TOKEN, round: 3, executes_from: 5 };
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

#[test]
fn close_should_be_shown_with_what_it_waits_for_and_how_far_it_is() {
	ExtBuilder::default().build_and_execute(|| {
		let idle = |epoch, running| CloseInfo { epoch, running, waits_for_price: false, progress: None };
		assert_eq!(BurnMint::close_info(), idle(0, 0));
		Bound::set(&3);
		begin_epoch();
		assert_eq!(BurnMint::close_info(), CloseInfo { waits_for_price: true, ..idle(0, 1) });
		// There is one, and no block yet that closes by it.
		market(|market| market.round += FORWARD);
		assert_eq!(BurnMint::close_info(), idle(0, 1));
		let mut seen = Vec::new();
		for _ in 0..40 {
			run_block(BurnMint::largest_step());
			let info = BurnMint::close_info();
			let Some(CloseProgress { price, phase, next, regions }) = info.progress else { break };
			assert_eq!((price, regions, info.epoch, info.waits_for_price), (Some(high()), 3, 0, false));
			assert!(next <= 3, "{next}");
			seen.push(phase);
		}
		seen.dedup();
		assert!(seen.starts_with(&[ClosePhase::Survey]), "{seen:?}");
		assert!(seen.contains(&ClosePhase::Pay) && seen.len() >= 3, "{seen:?}");
		assert_eq!(BurnMint::close_info(), idle(1, 1));
		// Without any price epochs are closed, and none is waited for.
		begin_epoch();
		market(|market| market.payouts = Some(GateReason::Stale));
		assert!(BurnMint::close_info().waits_for_price);
		market(|market| market.is_lost = true);
		assert!(!BurnMint::close_info().waits_for_price);
	});
}

/// What payees are paid at by the price of the tests.
fn high() -> u128 {
	PRICE / 10_000 * 10_025
}

#[test]
fn stable_path_should_show_as_its_limit_what_can_be_bought() {
	ExtBuilder::default().build_and_execute(|| {
		let buys = |credits| {
			frame_support::storage::with_transaction(|| {
				let bought = BurnMint::buy_with_stable(signed(ALICE), credits);
				sp_runtime::TransactionOutcome::Rollback(Ok::<_, sp_runtime::DispatchError>(bought.is_ok()))
			})
			.unwrap()
		};
		let agrees = |limit| {
			assert_eq!(BurnMint::stable_path().limit, limit);
			assert!(limit == 0 || buys(limit), "{limit}");
			assert!(!buys(limit + 1) && (limit > 0 || !buys(DOLLAR)), "{limit}");
		};
		let cap = POOL_STABLE / 400 * u128::from(TestPace::get().rounds_per_day);
		agrees(cap);
		let (tokens, stable) = Pool::reserves().unwrap();
		let expected = StablePathInfo {
			round: BurnMint::stable_path().round,
			pool: Some(PoolInfo { tokens, stable }),
			average: Prices::get().average,
			paused: false,
			limit: cap,
			pending: 0,
			slice: 0,
			tried: None,
			waits: None,
		};
		assert_eq!(BurnMint::stable_path(), expected);
		assert_ok!(BurnMint::buy_with_stable(signed(ALICE), cap - 3 * DOLLAR / 2));
		agrees(3 * DOLLAR / 2);
		// Half a dollar is left, and nobody buys that little.
		assert_ok!(BurnMint::buy_with_stable(signed(ALICE), DOLLAR));
		agrees(0);
		Paused::set(&true);
		agrees(0);
		assert!(BurnMint::stable_path().paused);
		Paused::set(&false);
		HasPool::set(&false);
		agrees(0);
		assert_eq!(BurnMint::stable_path().pool, None);
		HasPool::set(&true);
	});
}

#[test]
fn stable_path_should_say_why_slices_wait_until_they_are_spent() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(BurnMint::buy_with_stable(signed(ALICE), 120 * DOLLAR));
		let shown = BurnMint::stable_path();
		assert_eq!((shown.pending, shown.slice, shown.waits), (120 * DOLLAR, 10 * DOLLAR, None));
		let waits = || {
			run_round();
			let StablePathInfo { waits, tried, round, pending, .. } = BurnMint::stable_path();
			assert_eq!((tried, pending), (Some(round), 120 * DOLLAR));
			waits
		};
		market(|market| market.purchases = Some(GateReason::Spread));
		assert_eq!(waits(), Some(SliceWait::PricesDisagree));
		market(|market| (market.purchases, market.average) = (Some(GateReason::Stale), None));
		assert_eq!(waits(), Some(SliceWait::NoPoolAverage));
		market(|market| market.average = Some(0));
		assert_eq!(waits(), Some(SliceWait::NoPrice));
		// Half the price: the pool gives half as many tokens as that.
		market(|market| market.average = Some(PRICE / 2));
		assert_eq!(waits(), Some(SliceWait::Refused));
		set_stable(POOL, 0);
		assert_eq!(waits(), Some(SliceWait::PoolTooShallow));
		HasPool::set(&false);
		assert_eq!(waits(), Some(SliceWait::NoPool));
		HasPool::set(&true);
		set_stable(POOL, POOL_STABLE);
		market(|market| (market.purchases, market.average) = (None, Some(PRICE)));
		run_round();
		let shown = BurnMint::stable_path();
		assert_eq!((shown.pending, shown.waits), (110 * DOLLAR, None));
	});
}

#[test]
fn summary_should_count_everything_destroyed_since_the_close_before() {
	ExtBuilder::default().build_and_execute(|| {
		want(&[0]);
		buy(ALICE, 100 * DOLLAR);
		let destroy = |tokens| {
			use frame_support::traits::{
				fungible::Balanced,
				tokens::{Fortitude, Precision, Preservation},
				OnUnbalanced,
			};
			let (exact, polite) = (Precision::Exact, Fortitude::Polite);
			let taken = Balances::withdraw(&BOB, tokens, exact, Preservation::Preserve, polite).unwrap();
			BurnMint::on_unbalanced(taken);
		};
		let mut known = ledger().ever_destroyed();
		for epoch in 0..4u32 {
			destroy(u128::from(epoch) * TOKEN);
			if epoch == 2 {
				pay(ALICE, 50 * DOLLAR);
			}
			end_epoch();
			let summary = crate::Summaries::<Test>::get(epoch).unwrap();
			let all = ledger().ever_destroyed();
			assert_eq!(summary.destroyed_in_all, all - known);
			assert_eq!(summary.destroyed_in_all - summary.destroyed, u128::from(epoch) * TOKEN);
			assert_eq!(summary.destroyed > 0, epoch == 2);
			known = all;
		}
	});
}
