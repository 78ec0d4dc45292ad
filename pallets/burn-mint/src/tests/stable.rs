//! The stable path: credits at once, tokens slice by slice.

use super::*;
use crate::Error;
use frame_support::{
	assert_noop,
	traits::{fungible::Mutate, tokens::Preservation},
	weights::Weight,
};
use sp_runtime::{DispatchError, TokenError};
use weir_math::economy::{
	purchase::SLICE_ROUNDS,
	wide::{mul_div_floor, value_floor},
};
use weir_primitives::{economy::GateReason, seams::economy::StablePool};

fn buy_stable(who: AccountId, dollars: u128) {
	assert_ok!(BurnMint::buy_with_stable(signed(who), dollars * DOLLAR));
}

fn last_deferral() -> Option<DispatchError> {
	take_events().into_iter().rev().find_map(|event| match event {
		Event::SliceDeferred { error, .. } => Some(error),
		_ => None,
	})
}

fn close_gate(gate: GateReason) {
	market(|market| {
		market.purchases = Some(gate);
		market.payouts = Some(gate);
	});
}

#[test]
fn buy_with_stable_should_credit_at_once_without_a_price() {
	ExtBuilder::default().build_and_execute(|| {
		close_gate(GateReason::NoQuorum);
		buy_stable(ALICE, 120);
		assert_eq!(credits_of(ALICE), 120 * DOLLAR);
		assert_eq!(
			(ledger().credits, ledger().pending_credits, ledger().basis),
			(120 * DOLLAR, 120 * DOLLAR, 0)
		);
		assert_eq!((stable_of(ALICE), stable_of(POT)), (STABLE_FUNDS - 120 * DOLLAR, 120 * DOLLAR));
	});
}

#[test]
fn buy_with_stable_should_be_refused_with_the_broken_rule() {
	ExtBuilder::default().build_and_execute(|| {
		let refused = |credits| BurnMint::buy_with_stable(signed(ALICE), credits);
		assert_noop!(refused(DOLLAR - 1), Error::<Test>::BelowLeastPurchase);
		set_stable(ALICE, DOLLAR);
		assert_noop!(refused(DOLLAR + 1), TokenError::FundsUnavailable);
		Paused::set(&true);
		assert_noop!(refused(DOLLAR), Error::<Test>::PurchasesPaused);
		Paused::set(&false);
		HasPool::set(&false);
		assert_noop!(refused(DOLLAR), Error::<Test>::NoPool);
	});
}

#[test]
fn buy_with_stable_should_be_refused_beyond_what_the_pool_backs_in_a_day() {
	ExtBuilder::default().build_and_execute(|| {
		let cap = POOL_STABLE / 400 * u128::from(TestPace::get().rounds_per_day);
		assert_ok!(BurnMint::buy_with_stable(signed(ALICE), cap - DOLLAR));
		let refused = |credits| BurnMint::buy_with_stable(signed(BOB), credits);
		assert_noop!(refused(DOLLAR + 1), Error::<Test>::BeyondPool);
		assert_noop!(refused(Credits::MAX), Error::<Test>::BeyondPool);
		assert_ok!(refused(DOLLAR));
		// What is backed makes room.
		run_round();
		assert_ok!(refused(DOLLAR));
	});
}

#[test]
fn pot_should_be_spent_in_equal_slices_and_burned() {
	ExtBuilder::default().build_and_execute(|| {
		buy_stable(ALICE, 120);
		let issuance = ledger().issuance;
		let mut basis = 0;
		for round in 1..=SLICE_ROUNDS {
			run_round();
			// Once per round.
			run_block(Weight::MAX);
			assert_eq!(ledger().pending_credits, 120 * DOLLAR - round * 10 * DOLLAR);
			assert_eq!(stable_of(POT), ledger().pending_credits);
			assert!(ledger().basis > basis);
			basis = ledger().basis;
		}
		assert_eq!(ledger().issuance, issuance - basis);
		assert_eq!((free(POT), stable_of(POOL)), (ED, POOL_STABLE + 120 * DOLLAR));
		// At four cents 120 dollars buy 3,000 tokens; the pool keeps its fee.
		assert!(basis > 2_970 * weir_math::economy::units::TOKEN);
		take_events();
		run_round();
		assert_eq!(take_events(), vec![]);
	});
}

#[test]
fn slices_should_be_bounded_by_the_depth_of_the_pool() {
	ExtBuilder::default().build_and_execute(|| {
		buy_stable(ALICE, 120_000);
		run_round();
		assert_eq!(120_000 * DOLLAR - ledger().pending_credits, POOL_STABLE / 400);
	});
}

#[test]
fn slice_should_wait_when_the_pool_is_dearer_than_the_price() {
	ExtBuilder::default().build_and_execute(|| {
		buy_stable(ALICE, 120);
		market(|market| market.price = PRICE * 98 / 100);
		run_round();
		assert!(matches!(last_deferral(), Some(DispatchError::Other(_))));
		// What the failed swap moved is back.
		assert_eq!((stable_of(POT), ledger().pending_credits), (120 * DOLLAR, 120 * DOLLAR));
		market(|market| market.price = PRICE);
		run_round();
		assert_eq!(ledger().pending_credits, 110 * DOLLAR);
	});
}

#[test]
fn slices_should_go_by_the_pools_average_while_nobody_reports() {
	ExtBuilder::default().build_and_execute(|| {
		buy_stable(ALICE, 120);
		for gate in [GateReason::NoQuorum, GateReason::Stale] {
			let before = ledger().pending_credits;
			close_gate(gate);
			market(|market| market.price = PRICE / 2);
			run_round();
			assert_eq!(ledger().pending_credits, before - 10 * DOLLAR);
		}
		close_gate(GateReason::Spread);
		take_events();
		run_round();
		assert_eq!(last_deferral(), Some(Error::<Test>::PricesDisagree.into()));
	});
}

#[test]
fn slice_should_wait_when_nobody_reports_and_the_pool_has_no_average() {
	ExtBuilder::default().build_and_execute(|| {
		buy_stable(ALICE, 120);
		close_gate(GateReason::NoQuorum);
		market(|market| market.average = None);
		for _ in 0..3 {
			run_round();
			assert_eq!(last_deferral(), Some(Error::<Test>::NoPoolAverage.into()));
			assert_eq!((stable_of(POT), ledger().pending_credits), (120 * DOLLAR, 120 * DOLLAR));
		}
		// One of zero is none.
		market(|market| market.average = Some(0));
		run_round();
		assert_eq!(last_deferral(), Some(Error::<Test>::NoPrice.into()));
		market(|market| market.average = Some(PRICE));
		run_round();
		assert_eq!(ledger().pending_credits, 110 * DOLLAR);
	});
}

/// Sells tokens to the pool for what it gives, less its fee.
fn sell(who: AccountId, tokens: Tokens) -> Credits {
	let (pool_tokens, stable) = Pool::reserves().unwrap();
	let paid = tokens * 997;
	let got = mul_div_floor(stable, paid, pool_tokens * 1_000 + paid).unwrap();
	<Balances as Mutate<_>>::transfer(&who, &POOL, tokens, Preservation::Preserve).unwrap();
	assert_ok!(Pool::transfer(&POOL, &who, got));
	got
}

/// Buys the pool up, waits for the slice, and sells back.
#[test]
fn skewing_the_pool_around_a_slice_should_gain_nothing() {
	for gate in [None, Some(GateReason::NoQuorum), Some(GateReason::Stale)] {
		for dollars in [1, 100, 500, 700, 1_000, 2_000, 10_000, 100_000, 900_000] {
			ExtBuilder::default().build_and_execute(|| {
				buy_stable(ALICE, 120_000);
				market(|market| (market.purchases, market.payouts) = (gate, gate));
				let before = stable_of(CAROL);
				let bought = Pool::swap(&CAROL, dollars * DOLLAR, 0).unwrap();
				run_round();
				let spent = take_events().into_iter().find_map(|event| match event {
					Event::SliceSpent { credits, tokens, .. } => Some((credits, tokens)),
					_ => None,
				});
				sell(CAROL, bought);
				assert!(stable_of(CAROL) < before, "{gate:?}: {dollars} dollars gained");
				// Whoever owns the pool and gets its fee back gains no more than the hundredth either.
				if let Some((credits, tokens)) = spent {
					assert!(value_floor(tokens, PRICE).unwrap() >= credits / 100 * 99, "{dollars} dollars");
				}
				// Two thousand dollars make the pool more than a hundredth dearer: then the slice waits.
				assert!(spent.is_some() == (dollars <= 700) || (700..2_000).contains(&dollars), "{dollars}");
				assert_eq!(stable_of(POT), ledger().pending_credits);
			});
		}
	}
}

#[test]
fn slices_should_wait_when_the_pool_is_drained() {
	ExtBuilder::default().build_and_execute(|| {
		buy_stable(ALICE, 120);
		set_stable(POOL, 0);
		run_round();
		assert_eq!(last_deferral(), Some(Error::<Test>::PoolTooShallow.into()));
		HasPool::set(&false);
		run_round();
		assert_eq!(last_deferral(), Some(Error::<Test>::NoPool.into()));
		// The credits are there, and nothing of them is settled.
		pay(ALICE, 50 * DOLLAR);
		end_epoch();
		assert_eq!((ledger().credits, ledger().pending_credits), (120 * DOLLAR, 120 * DOLLAR));
		HasPool::set(&true);
		set_stable(POOL, POOL_STABLE);
		run_round();
		assert_eq!(ledger().pending_credits, 110 * DOLLAR);
	});
}

#[test]
fn slices_should_go_on_while_purchases_are_paused() {
	ExtBuilder::default().build_and_execute(|| {
		buy_stable(ALICE, 120);
		Paused::set(&true);
		run_round();
		assert_eq!(ledger().pending_credits, 110 * DOLLAR);
	});
}

#[test]
fn slice_should_wait_when_a_block_has_nothing_left() {
	ExtBuilder::default().build_and_execute(|| {
		buy_stable(ALICE, 120);
		market(|market| market.round += 1);
		run_block(Weight::zero());
		assert_eq!(ledger().pending_credits, 120 * DOLLAR);
		run_block(Weight::MAX);
		assert_eq!(ledger().pending_credits, 110 * DOLLAR);
	});
}
