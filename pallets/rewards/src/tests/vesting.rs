//! What is locked, released and forfeited.

use crate::{mock::*, *};
use frame_support::traits::fungible::{Inspect, Mutate};
use polkadot_sdk::*;
use weir_math::economy::accrual::Pay;
use weir_primitives::{
	seams::{economy::Earnings, OnSlashDecided, OnVerdict},
	SlashReason,
};

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

/// A fine for a false report on a test of `epoch`.
fn fine(who: AccountId, epoch: u32) {
	Rewards::slash_applied(&who, &SlashReason::FalseReport { epoch, provider: 7 });
}

#[test]
fn wrong_region_should_cost_all_that_is_locked_and_the_lines_good_name() {
	build_and_execute(|| {
		earned();
		let before = weight_of(ALICE);
		Rewards::slash_applied(&ALICE, &SlashReason::WrongRegion { epoch: START, country: *b"DE" });
		assert_eq!(GivenBack::get(), 750 * TOKEN);
		assert!(events().contains(&Event::Forfeited {
			who: ALICE,
			tokens: 750 * TOKEN,
			locked: 0,
			cause: ForfeitCause::WrongRegion
		}));
		assert_eq!(Lines::<Test>::get(ALICE).unwrap().reliability.ppm, 900_000);
		// It counts at once.
		assert_eq!(weight_of(ALICE), before * 9 / 10);
		assert_eq!(claim(ALICE), 250 * TOKEN);
	});
}

#[test]
fn second_false_report_within_ninety_days_should_cost_all_that_is_locked() {
	for (later, forfeited) in [(1, 750), (360, 750), (361, 0)] {
		build_and_execute(|| {
			TestParameters::mutate(|p| p.vest_half_life_epochs = 1 << 30);
			earned();
			let good = Lines::<Test>::get(ALICE).unwrap().reliability;
			fine(ALICE, START);
			assert_eq!(GivenBack::get(), 0);
			Epoch::mutate(|epoch| *epoch += later);
			fine(ALICE, START + 1);
			// What is released in a year of so long a half-life is less than a thousandth.
			assert_eq!(GivenBack::get().div_ceil(TOKEN), forfeited, "{later}");
			let cause = |event: &Event<Test>| match event {
				Event::Forfeited { who, cause, .. } => Some((*who, *cause)),
				_ => None,
			};
			let causes: Vec<_> = events().iter().filter_map(cause).collect();
			let expected = (forfeited > 0).then_some((ALICE, ForfeitCause::FalseReports));
			assert_eq!(causes, expected.into_iter().collect::<Vec<_>>());
			// Its line measures as well as before.
			assert_eq!(Lines::<Test>::get(ALICE).unwrap().reliability, good);
			// The next one is a repetition again.
			let pay = Pay { availability: 100 * TOKEN, ..Default::default() };
			Rewards::with_account(&ALICE, |account| Rewards::credit(account, &pay));
			Balances::mint_into(&POT, pay.total()).unwrap();
			let before = GivenBack::get();
			fine(ALICE, START + 2);
			assert!(GivenBack::get() > before);
		});
	}
}

#[test]
fn false_reports_on_tests_of_one_epoch_should_count_once() {
	build_and_execute(|| {
		earned();
		(0..5).for_each(|_| fine(ALICE, START));
		assert_eq!(GivenBack::get(), 0);
		// An older one counts as well as a later one.
		fine(ALICE, START - 1);
		assert_eq!(GivenBack::get(), 750 * TOKEN);
	});
}

#[test]
fn fine_should_be_remembered_of_an_attestor_that_has_earned_nothing_yet() {
	build_and_execute(|| {
		fine(ALICE, START - 1);
		earned();
		fine(ALICE, START);
		assert_eq!(GivenBack::get(), 750 * TOKEN);
	});
}

#[test]
fn repeated_false_report_should_void_entries_that_are_not_paid() {
	build_and_execute(|| {
		let scored = |who, accepted| {
			<Rewards as OnVerdict<_>>::attested(&who, Epoch::get() - 1, 10, accepted);
		};
		let share = |epoch| {
			assert_eq!(Rewards::share(epoch, 0, 300), (0, 0));
			Balances::mint_into(&POT, 300).unwrap();
		};
		for _ in 0..3 {
			scored(ALICE, 10);
			scored(BOB, 5);
			Epoch::mutate(|epoch| *epoch += 1);
		}
		Rewards::note_author(ALICE);
		// What was scored in the first two epochs counts in the second and in the third one.
		share(START + 1);
		fine(ALICE, START);
		assert!(!events().iter().any(|event| matches!(event, Event::EntriesForfeited { .. })));
		fine(ALICE, START + 1);
		assert!(events().contains(&Event::EntriesForfeited { who: ALICE, entries: 20 }));
		// They are void once, whatever else is found.
		Rewards::unproven(&ALICE, START + 1);
		fine(ALICE, START + 2);
		assert_eq!(
			events().iter().filter(|event| matches!(event, Event::EntriesForfeited { .. })).count(),
			1
		);
		Rewards::do_try_state().unwrap();
		assert_eq!(<Rewards as Earnings<_>>::attested(START + 2), 250_000);
		share(START + 2);
		share(START + 3);
		// What was paid stays paid, and its block counts.
		assert_eq!(claim(ALICE), 200);
		assert_eq!(claim(BOB), 700);
		assert_eq!(PointsOf::<Test>::iter().count(), 0);
	});
}
