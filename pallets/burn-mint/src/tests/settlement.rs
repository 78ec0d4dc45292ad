//! Traffic that was paid for: claims, one rate per epoch, claims that wait.

use super::*;
use crate::{Carried, Claims, Error, FirstRate, FirstUnsettled, Rates};
use frame_support::assert_noop;
use sp_runtime::DispatchError;
use weir_math::economy::wide::{tokens_floor, value_floor};
use weir_primitives::{
	economy::{GateReason, SettlementRate},
	seams::economy::SettlementRates,
	EpochIndex,
};

const HIGH: u128 = PRICE / 10_000 * 10_025;

fn rate(epoch: EpochIndex) -> Option<SettlementRate> {
	BurnMint::rate(epoch)
}

fn lose_price(is_lost: bool) {
	market(|market| {
		market.is_lost = is_lost;
		market.payouts = is_lost.then_some(GateReason::NoQuorum);
		market.purchases = market.payouts;
	});
}

/// A rate to within the grains that shares lose by rounding.
fn assert_rate(epoch: EpochIndex, credits: Credits, price: u128) {
	let rate = rate(epoch).unwrap();
	assert_eq!(rate.credits, credits);
	let near = |tokens: Tokens, share: Credits| {
		let due = tokens_floor(credits * share / 1_000, price).unwrap();
		assert!(tokens <= due && due - tokens < 10, "{tokens} of {due}");
	};
	near(rate.provider_tokens, 750);
	near(rate.attestor_tokens, 30);
	near(rate.treasury_tokens, 20);
}

#[test]
fn paid_should_move_locked_credits_into_the_claims_of_the_running_epoch() {
	ExtBuilder::default().build_and_execute(|| {
		buy(ALICE, 10 * DOLLAR);
		Epoch::set(&7);
		crate::NextClose::<Test>::put(7);
		FirstUnsettled::<Test>::put(7);
		assert_ok!(BurnMint::lock(&ALICE, 4 * DOLLAR));
		assert_eq!(BurnMint::paid(&ALICE, &PROVIDER, &REGION, 3 * DOLLAR), Ok(7));
		let event = Event::TrafficPaid { customer: ALICE, provider: PROVIDER, epoch: 7, credits: 3 * DOLLAR };
		assert!(emitted(event));
		assert_eq!(Accounts::<Test>::get(ALICE).unwrap().locked, DOLLAR);
		assert_eq!(Claims::<Test>::get(7).credits, 3 * DOLLAR);
		assert_eq!(WorkMock::get().earned[&(PROVIDER, 7)], 3 * DOLLAR);
		assert_eq!(RegionsMock::get().demand[&7], 3 * DOLLAR);
		assert_eq!(ledger().credits, 10 * DOLLAR);
	});
}

#[test]
fn paid_should_change_nothing_when_it_fails() {
	ExtBuilder::default().build_and_execute(|| {
		buy(ALICE, 10 * DOLLAR);
		assert_ok!(BurnMint::lock(&ALICE, 4 * DOLLAR));
		let pay = |credits| BurnMint::paid(&ALICE, &PROVIDER, &REGION, credits);
		assert_noop!(pay(0), Error::<Test>::ZeroAmount);
		assert_noop!(pay(4 * DOLLAR + 1), Error::<Test>::InsufficientLock);
		work(|work| work.is_full = true);
		assert_noop!(pay(DOLLAR), DispatchError::Other("full"));
	});
}

#[test]
fn paid_by_many_should_count_for_the_provider_once_and_name_everybody() {
	ExtBuilder::default().build_and_execute(|| {
		let payers = [(ALICE, 3 * DOLLAR), (BOB, DOLLAR), (ALICE, 2 * DOLLAR)];
		for who in [ALICE, BOB] {
			buy(who, 10 * DOLLAR);
			assert_ok!(BurnMint::lock(&who, 6 * DOLLAR));
		}
		take_events();
		assert_eq!(BurnMint::paid_by_many(&payers, &PROVIDER, Some((&REGION, 5 * DOLLAR))), Ok(0));
		let event =
			|(customer, credits)| Event::TrafficPaid { customer, provider: PROVIDER, epoch: 0, credits };
		assert_eq!(take_events(), payers.map(event));
		assert_eq!([ALICE, BOB].map(|who| BurnMint::locked(&who)), [DOLLAR, 5 * DOLLAR]);
		assert_eq!([ALICE, BOB].map(credits_of), [4 * DOLLAR; 2]);
		assert_eq!(Claims::<Test>::get(0).credits, 6 * DOLLAR);
		assert_eq!(WorkMock::get().earned[&(PROVIDER, 0)], 6 * DOLLAR);
		assert_eq!(RegionsMock::get().demand[&0], 5 * DOLLAR);
	});
}

#[test]
fn paid_by_many_should_count_for_no_region_when_none_is_named() {
	ExtBuilder::default().build_and_execute(|| {
		buy(ALICE, 10 * DOLLAR);
		assert_ok!(BurnMint::lock(&ALICE, 4 * DOLLAR));
		assert_ok!(BurnMint::paid_by_many(&[(ALICE, 4 * DOLLAR)], &PROVIDER, None));
		assert_eq!(WorkMock::get().earned[&(PROVIDER, 0)], 4 * DOLLAR);
		assert!(RegionsMock::get().demand.is_empty());
	});
}

#[test]
fn claim_should_leave_an_emptied_account_until_it_is_to_be_forgotten() {
	ExtBuilder::default().build_and_execute(|| {
		buy(ALICE, 4 * DOLLAR);
		assert_ok!(BurnMint::lock(&ALICE, 4 * DOLLAR));
		let references = || System::sufficients(&ALICE);
		let before = references();
		assert_ok!(BurnMint::paid(&ALICE, &PROVIDER, &REGION, 3 * DOLLAR));
		BurnMint::forget_empty(&ALICE);
		assert_eq!((BurnMint::locked(&ALICE), references()), (DOLLAR, before));
		assert_ok!(BurnMint::paid(&ALICE, &PROVIDER, &REGION, DOLLAR));
		assert!(Accounts::<Test>::contains_key(ALICE));
		assert_eq!(references(), before);
		for _ in 0..2 {
			BurnMint::forget_empty(&ALICE);
			assert!(!Accounts::<Test>::contains_key(ALICE));
			assert_eq!(references(), before - 1);
		}
	});
}

#[test]
fn paid_by_many_should_change_nothing_when_one_cannot_pay() {
	ExtBuilder::default().build_and_execute(|| {
		for who in [ALICE, BOB] {
			buy(who, 10 * DOLLAR);
			assert_ok!(BurnMint::lock(&who, 4 * DOLLAR));
		}
		let pay = |payments: &[_]| BurnMint::paid_by_many(payments, &PROVIDER, Some((&REGION, DOLLAR)));
		assert_noop!(pay(&[]), Error::<Test>::ZeroAmount);
		assert_noop!(pay(&[(ALICE, DOLLAR), (BOB, 0)]), Error::<Test>::ZeroAmount);
		let beyond = [(ALICE, DOLLAR), (BOB, 4 * DOLLAR + 1)];
		assert_noop!(pay(&beyond), Error::<Test>::InsufficientLock);
		// Twice the same is twice as much.
		assert_noop!(pay(&[(ALICE, 3 * DOLLAR), (ALICE, 2 * DOLLAR)]), Error::<Test>::InsufficientLock);
		assert_noop!(pay(&[(ALICE, DOLLAR), (CAROL, 1)]), Error::<Test>::InsufficientLock);
		work(|work| work.is_full = true);
		assert_noop!(pay(&[(ALICE, DOLLAR), (BOB, DOLLAR)]), DispatchError::Other("full"));
	});
}

#[test]
fn claims_of_an_epoch_should_be_settled_at_one_rate() {
	ExtBuilder::default().build_and_execute(|| {
		buy(ALICE, 100 * DOLLAR);
		buy(BOB, 100 * DOLLAR);
		pay(ALICE, 40 * DOLLAR);
		pay(BOB, 20 * DOLLAR);
		assert_eq!(rate(0), None);
		let (treasury, pot) = (free(TREASURY), free(REWARDS));
		end_epoch();
		assert_rate(0, 60 * DOLLAR, HIGH);
		assert_eq!((ledger().credits, Claims::<Test>::iter().count()), (140 * DOLLAR, 0));
		// What the claims were converted into is where they are paid from.
		let rate = rate(0).unwrap();
		assert!(free(REWARDS) - pot >= rate.provider_tokens + rate.attestor_tokens);
		assert!(free(TREASURY) - treasury >= rate.treasury_tokens);
		assert_eq!(ledger().reminted, rate.provider_tokens + rate.attestor_tokens + rate.treasury_tokens);
		let worth = value_floor(rate.provider_tokens, HIGH).unwrap();
		assert!(worth.abs_diff(45 * DOLLAR) <= 1);
	});
}

#[test]
fn epoch_without_claims_should_have_no_rate() {
	ExtBuilder::default().build_and_execute(|| {
		buy(ALICE, 100 * DOLLAR);
		let before = ledger();
		end_epoch();
		assert_eq!(rate(0), None);
		assert_eq!((ledger().basis, ledger().credits), (before.basis, before.credits));
		assert_eq!(FirstUnsettled::<Test>::get(), 1);
	});
}

#[test]
fn claims_should_count_for_the_running_epoch_while_the_last_is_closed() {
	ExtBuilder::default().build_and_execute(|| {
		buy(ALICE, 100 * DOLLAR);
		pay(ALICE, 10 * DOLLAR);
		begin_epoch();
		pay(ALICE, 5 * DOLLAR);
		run_rounds(FORWARD);
		assert_eq!(rate(0).unwrap().credits, 10 * DOLLAR);
		assert_eq!(Claims::<Test>::get(1).credits, 5 * DOLLAR);
		end_epoch();
		assert_eq!(rate(1).unwrap().credits, 5 * DOLLAR);
	});
}

#[test]
fn claims_beyond_what_is_backed_should_be_carried_and_settled_oldest_first() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(BurnMint::buy_with_stable(signed(ALICE), 120 * DOLLAR));
		assert_ok!(BurnMint::buy_with_stable(signed(BOB), 120 * DOLLAR));
		// Two slices of 20 dollars before the first close.
		pay(ALICE, 70 * DOLLAR);
		end_epoch();
		assert_eq!(ledger().backed_credits(), 0);
		assert_eq!((rate(0), Carried::<Test>::get()), (None, 10 * DOLLAR));
		assert_eq!(Claims::<Test>::get(0).settled, 60 * DOLLAR);
		// The rest of the first epoch comes before the second.
		pay(BOB, 90 * DOLLAR);
		end_epoch();
		assert_rate(0, 70 * DOLLAR, HIGH);
		assert_eq!((rate(1), Carried::<Test>::get()), (None, 60 * DOLLAR));
		end_epoch();
		assert_eq!((rate(1), Carried::<Test>::get()), (None, 20 * DOLLAR));
		assert_eq!(Claims::<Test>::get(1).settled, 70 * DOLLAR);
		end_epoch();
		assert_rate(1, 90 * DOLLAR, HIGH);
		assert_eq!((Carried::<Test>::get(), FirstUnsettled::<Test>::get()), (0, 4));
	});
}

#[test]
fn claims_should_wait_while_the_price_is_lost_and_share_the_rate_of_its_return() {
	ExtBuilder::default().build_and_execute(|| {
		buy(ALICE, 100 * DOLLAR);
		lose_price(true);
		pay(ALICE, 10 * DOLLAR);
		end_epoch();
		pay(ALICE, 20 * DOLLAR);
		end_epoch();
		assert_eq!((rate(0), rate(1), Carried::<Test>::get()), (None, None, 30 * DOLLAR));
		assert_eq!(ledger().credits, 100 * DOLLAR);
		lose_price(false);
		market(|market| market.price = PRICE * 2);
		end_epoch();
		assert_rate(0, 10 * DOLLAR, 2 * HIGH);
		assert_rate(1, 20 * DOLLAR, 2 * HIGH);
		assert_eq!((rate(2), Carried::<Test>::get()), (None, 0));
	});
}

#[test]
fn all_should_share_one_haircut_when_the_price_fell_too_far() {
	ExtBuilder::default().build_and_execute(|| {
		buy(ALICE, 100 * DOLLAR);
		pay(ALICE, 50 * DOLLAR);
		pay(ALICE, 50 * DOLLAR);
		market(|market| market.price = PRICE / 100);
		end_epoch();
		let summary = crate::Summaries::<Test>::get(0).unwrap();
		assert!(summary.haircut > 0);
		// Nothing of the basis is left, and insurance paid its share of the slice.
		assert_eq!((ledger().basis, ledger().buffer, ledger().credits), (0, 0, 0));
		assert!(ledger().insured > 0);
		assert_eq!(rate(0).unwrap().credits, 100 * DOLLAR);
	});
}

#[test]
fn settlement_should_survive_the_ends_of_the_price_range() {
	use weir_math::economy::units::{HIGHEST_PRICE, LOWEST_PRICE};
	for price in [LOWEST_PRICE, HIGHEST_PRICE, 1, u128::MAX] {
		ExtBuilder::default().build_and_execute(|| {
			buy(ALICE, 100 * DOLLAR);
			pay(ALICE, 50 * DOLLAR);
			want(&[1, 2, 3]);
			market(|market| market.price = price);
			end_epoch();
			assert_eq!(ledger().credits, 50 * DOLLAR);
			assert_eq!(rate(0).unwrap().credits, 50 * DOLLAR);
		});
	}
}

#[test]
fn rates_should_be_forgotten_after_the_history() {
	ExtBuilder::default().build_and_execute(|| {
		buy(ALICE, 100 * DOLLAR);
		pay(ALICE, DOLLAR);
		end_epoch();
		let history = TestPace::get().history_epochs;
		for _ in 1..history {
			end_epoch();
			assert!(rate(0).is_some());
		}
		end_epoch();
		assert_eq!(rate(0), None);
		// The cursor keeps up with epochs without rates.
		for _ in 0..10 {
			end_epoch();
		}
		assert_eq!(FirstRate::<Test>::get(), FirstUnsettled::<Test>::get());
		assert_eq!(Rates::<Test>::iter().count(), 0);
	});
}

#[test]
fn rate_should_be_kept_until_everybody_is_settled_for_it() {
	ExtBuilder::default().build_and_execute(|| {
		buy(ALICE, 100 * DOLLAR);
		pay(ALICE, DOLLAR);
		end_epoch();
		let history = TestPace::get().history_epochs;
		for lag in [None, Some(2 * history)] {
			work(|work| work.lag = lag);
			for _ in 0..history - 1 {
				end_epoch();
				assert!(rate(0).is_some());
			}
		}
		// The close of epoch 2 · history is the first of which the tour says that it is past epoch 0.
		end_epoch();
		assert!(rate(0).is_some());
		end_epoch();
		assert_eq!((rate(0), Rates::<Test>::iter().count()), (None, 0));
		// Each close forgets a few: it catches up.
		for _ in 0..history {
			end_epoch();
		}
		assert_eq!(FirstRate::<Test>::get(), FirstUnsettled::<Test>::get());
	});
}

/// What counts is when a rate became known: who was settled before that was not settled for it.
#[test]
fn late_rate_should_be_kept_until_everybody_is_settled_since_it_is_known() {
	ExtBuilder::default().build_and_execute(|| {
		buy(ALICE, 100 * DOLLAR);
		lose_price(true);
		pay(ALICE, DOLLAR);
		end_epoch();
		end_epoch();
		lose_price(false);
		end_epoch();
		assert_eq!(Rates::<Test>::get(0).unwrap().since, 2);
		let history = TestPace::get().history_epochs;
		work(|work| work.lag = Some(history + 1));
		// Of epoch 2 somebody is settled first by the close of epoch history + 3.
		while crate::NextClose::<Test>::get() < history + 3 {
			end_epoch();
			assert!(rate(0).is_some());
		}
		end_epoch();
		assert_eq!(rate(0), None);
	});
}
