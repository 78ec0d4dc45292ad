//! What is locked, released and forfeited.

use crate::{mock::*, *};
use frame_support::traits::fungible::Inspect;
use polkadot_sdk::*;
use weir_primitives::{seams::OnSlashDecided, SlashReason};

const HALF_LIFE: u32 = 240;
const FALSE_CLAIM: SlashReason = SlashReason::FalseClaim { epoch: START, ratio_ppm: 100_000 };

/// Alice has earned 1,000 tokens in the first epoch.
fn earned() {
	serve(ALICE, DE);
	close_running(1_000 * TOKEN);
}

#[test]
fn quarter_should_be_liquid_and_the_rest_be_released_by_half_lives() {
	build_and_execute(|| {
		earned();
		assert_eq!(claim(ALICE), 250 * TOKEN);
		let granted = Epoch::get();
		assert_eq!(account(ALICE).vesting.pot.locked, 750 * TOKEN);
		Epoch::set(granted + HALF_LIFE);
		assert_eq!(account(ALICE).owed.vested, 375 * TOKEN);
		assert_eq!(claim(ALICE), 375 * TOKEN);
		Epoch::set(granted + 2 * HALF_LIFE);
		assert_eq!(claim(ALICE), 187_500_000_000_000);
		assert_eq!(account(ALICE).paid.vested, 562_500_000_000_000);
		assert_eq!(account(ALICE).vesting.granted, 750 * TOKEN);
	});
}

#[test]
fn parameters_should_decide_what_is_liquid_and_how_fast_the_rest_is() {
	build_and_execute(|| {
		TestParameters::mutate(|p| (p.vest_liquid, p.vest_half_life_epochs) = (500_000, 10));
		earned();
		assert_eq!(claim(ALICE), 500 * TOKEN);
		Epoch::mutate(|epoch| *epoch += 10);
		assert_eq!(claim(ALICE), 250 * TOKEN);
	});
}

#[test]
fn early_exit_should_cost_half_of_what_is_locked() {
	build_and_execute(|| {
		earned();
		claim(ALICE);
		let pot = Balances::balance(&POT);
		deregister(ALICE);
		assert_eq!(GivenBack::get(), 375 * TOKEN);
		assert_eq!(Balances::balance(&POT), pot - 375 * TOKEN);
		let Vesting { pot, forfeited, .. } = account(ALICE).vesting;
		assert_eq!((pot.locked, forfeited), (375 * TOKEN, 375 * TOKEN));
		assert!(events().contains(&Event::Forfeited {
			who: ALICE,
			tokens: 375 * TOKEN,
			locked: 375 * TOKEN,
			cause: ForfeitCause::EarlyExit
		}));
		// Told again, it costs nothing more.
		use weir_primitives::seams::OnProviderChange;
		Rewards::provider_left(1, &ALICE);
		assert_eq!(GivenBack::get(), 375 * TOKEN);
	});
}

#[test]
fn exit_should_cost_nothing_after_a_half_life() {
	build_and_execute(|| {
		earned();
		claim(ALICE);
		Epoch::mutate(|epoch| *epoch += HALF_LIFE);
		deregister(ALICE);
		assert_eq!(GivenBack::get(), 0);
		assert_eq!(claim(ALICE), 375 * TOKEN);
	});
}

#[test]
fn pause_should_cost_nothing() {
	build_and_execute(|| {
		earned();
		change(ALICE, |facts| facts.in_service = false);
		use weir_primitives::seams::OnProviderChange;
		Rewards::provider_left(1, &ALICE);
		assert_eq!(GivenBack::get(), 0);
	});
}

#[test]
fn false_claim_should_cost_all_that_is_locked() {
	build_and_execute(|| {
		earned();
		Rewards::slash_applied(&ALICE, &FALSE_CLAIM);
		assert_eq!(GivenBack::get(), 750 * TOKEN);
		assert_eq!(account(ALICE).vesting.pot.locked, 0);
		assert_eq!(Lines::<Test>::get(ALICE).unwrap().reliability.ppm, 900_000);
		// What was liquid is its own.
		assert_eq!(claim(ALICE), 250 * TOKEN);
	});
}

#[test]
fn nothing_should_be_forfeited_for_other_reasons_or_when_a_slash_is_cancelled() {
	build_and_execute(|| {
		earned();
		Rewards::slash_applied(&ALICE, &SlashReason::Equivocation { session: 1 });
		Rewards::slash_applied(&ALICE, &SlashReason::FalseReport { epoch: 1, provider: 1 });
		Rewards::slash_cancelled(&ALICE, &FALSE_CLAIM);
		assert_eq!(GivenBack::get(), 0);
		// Of somebody without pay there is nothing to take.
		Rewards::slash_applied(&STRANGER, &FALSE_CLAIM);
		assert_eq!(Accounts::<Test>::get(STRANGER), None);
	});
}

#[test]
fn nothing_should_be_taken_when_the_ledger_does_not_take_it_back() {
	build_and_execute(|| {
		earned();
		LedgerRefuses::set(true);
		Rewards::slash_applied(&ALICE, &FALSE_CLAIM);
		assert_eq!(account(ALICE).vesting.pot.locked, 750 * TOKEN);
		assert_eq!(unexpected(), [Expectation::GivenBack]);
	});
}

#[test]
fn what_was_due_before_a_slash_should_be_released() {
	build_and_execute(|| {
		earned();
		claim(ALICE);
		Epoch::mutate(|epoch| *epoch += HALF_LIFE);
		Rewards::slash_applied(&ALICE, &FALSE_CLAIM);
		assert_eq!(GivenBack::get(), 375 * TOKEN);
		assert_eq!(claim(ALICE), 375 * TOKEN);
	});
}
