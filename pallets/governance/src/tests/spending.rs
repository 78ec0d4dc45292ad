//! What the track of the economy may spend out of the treasury.

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok, dispatch::GetDispatchInfo};
use sp_runtime::{
	traits::{BadOrigin, Dispatchable},
	DispatchResult, TokenError,
};
use weir_primitives::{
	economy::{Pace as PaceOf, Tokens},
	EpochIndex,
};

fn spend(amount: Tokens) -> DispatchResult {
	Governance::spend_small(as_(Origin::Economics), PAYEE, amount)
}

/// What was paid so far, together.
fn paid() -> Tokens {
	Paid::get().iter().map(|(_, amount)| amount).sum()
}

#[test]
fn small_spend_should_be_paid_and_counted() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(Governance::small_spend_left(), BUDGET);
		assert_ok!(spend(300));
		System::assert_last_event(
			Event::SmallSpendPaid { beneficiary: PAYEE, amount: 300, left: BUDGET - 300 }.into(),
		);
		assert_eq!((Paid::get(), Governance::small_spend_left()), (vec![(PAYEE, 300)], BUDGET - 300));
		let call = RuntimeCall::from(Call::spend_small { beneficiary: PAYEE, amount: 1 });
		assert_eq!(call.get_dispatch_info().call_weight, <() as WeightInfo>::spend_small());
	});
}

#[test]
fn several_spends_should_not_exceed_the_budget_together() {
	ExtBuilder::default().build_and_execute(|| {
		// As in a batch: one after the other, as one origin.
		let call = |amount| RuntimeCall::from(Call::spend_small { beneficiary: PAYEE, amount });
		assert!(call(600).dispatch(as_(Origin::Economics)).is_ok());
		assert_noop!(spend(401), Error::<Test>::BudgetExceeded);
		assert_ok!(spend(400));
		assert_noop!(spend(1), Error::<Test>::BudgetExceeded);
		enter(START + 1);
		assert_noop!(spend(1), Error::<Test>::BudgetExceeded);
		assert_eq!(paid(), BUDGET);
	});
}

#[test]
fn budget_should_be_free_again_when_a_whole_window_has_passed() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(spend(600));
		run_to(START + 5);
		assert_ok!(spend(400));
		run_to(START + WINDOW);
		assert_noop!(spend(1), Error::<Test>::BudgetExceeded);
		enter(START + WINDOW + 1);
		assert_noop!(spend(601), Error::<Test>::BudgetExceeded);
		assert_ok!(spend(600));
		run_to(START + WINDOW + 6);
		assert_ok!(spend(400));
		assert_noop!(spend(1), Error::<Test>::BudgetExceeded);
	});
}

#[test]
fn failed_payment_should_leave_the_budget_as_it_is() {
	ExtBuilder::default().build_and_execute(|| {
		Treasury::set(10);
		assert_noop!(spend(11), TokenError::FundsUnavailable);
		assert_noop!(spend(0), Error::<Test>::NothingToSpend);
		assert_eq!(Governance::small_spend_left(), BUDGET);
	});
}

#[test]
fn only_the_track_of_the_economy_should_spend_small() {
	ExtBuilder::default().build_and_execute(|| {
		let others = [
			as_(Origin::Emergency),
			as_(Origin::Upgrade),
			RuntimeOrigin::signed(PAYEE),
			RuntimeOrigin::none(),
		];
		for origin in others {
			assert_noop!(Governance::spend_small(origin, PAYEE, 1), BadOrigin);
		}
	});
}

/// Random amounts in random epochs, for years: no window of them comes to more than the budget, and none is lost.
#[test]
fn no_window_should_see_more_than_its_budget() {
	ExtBuilder::default().build_and_execute(|| {
		let mut spent: Vec<(EpochIndex, Tokens)> = vec![];
		let mut chance = 7u64;
		for _ in 0..20 * WINDOW {
			let now = enter_next();
			chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
			let (amount, is_asked) = (Tokens::from(chance >> 54), (chance >> 32).is_multiple_of(8));
			if !is_asked {
				continue;
			}
			let in_window = spent.iter().filter(|(epoch, _)| epoch + WINDOW >= now).map(|(_, amount)| amount);
			let fits = amount > 0 && in_window.sum::<Tokens>() + amount <= BUDGET;
			assert_eq!(spend(amount).is_ok(), fits, "{amount} in {now}");
			if fits {
				spent.push((now, amount));
			}
			Governance::do_try_state().unwrap();
		}
		assert!(paid() > 10 * BUDGET && paid() <= 21 * BUDGET, "{}", paid());
		run_to(Epoch::get() + WINDOW + 1);
		assert_eq!(Governance::small_spend_left(), BUDGET);
	});
}

#[test]
fn spends_should_be_refused_when_they_cannot_be_remembered() {
	ExtBuilder::default().build_and_execute(|| {
		for _ in 0..MAX_SPENDS {
			enter_next();
			assert_ok!(spend(1));
		}
		// More in the same epoch are remembered with it.
		assert_ok!(spend(1));
		enter_next();
		assert_noop!(spend(1), Error::<Test>::TooManySpends);
		run_to(START + WINDOW + 2);
		assert_ok!(spend(1));
	});
}

fn enter_next() -> EpochIndex {
	enter(Epoch::get() + 1);
	Epoch::get()
}

#[test]
fn window_of_small_spends_should_follow_the_pace() {
	let pace = PaceOf::local();
	ExtBuilder::default().pace(pace).build_and_execute(|| {
		assert_ok!(spend(BUDGET));
		run_to(START + pace.change_window_epochs);
		assert_noop!(spend(1), Error::<Test>::BudgetExceeded);
		enter_next();
		assert_ok!(spend(BUDGET));
	});
}
