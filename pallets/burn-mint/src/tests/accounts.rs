//! Locks, fees paid with credits, and the sweep of what nobody uses.

use super::*;
use crate::{CreditAccount, Error};
use frame_support::{
	assert_noop,
	storage::{with_transaction, TransactionOutcome},
	traits::{fungible::Mutate, tokens::Preservation},
};
use sp_runtime::DispatchResult;
use weir_math::economy::ledger::LedgerError;

const SWEEP: u32 = 30;
const NOTICE: u32 = 5;

fn pass(epochs: u32) {
	Epoch::set(&(Epoch::get() + epochs));
}

#[test]
fn lock_and_unlock_should_move_credits() {
	ExtBuilder::default().build_and_execute(|| {
		buy(ALICE, 10 * DOLLAR);
		assert_noop!(BurnMint::lock(&ALICE, 0), Error::<Test>::ZeroAmount);
		assert_noop!(BurnMint::lock(&ALICE, 10 * DOLLAR + 1), Error::<Test>::InsufficientCredits);
		assert_ok!(BurnMint::lock(&ALICE, 4 * DOLLAR));
		assert_eq!((BurnMint::free(&ALICE), BurnMint::locked(&ALICE)), (6 * DOLLAR, 4 * DOLLAR));
		assert_eq!((BurnMint::free(&BOB), BurnMint::locked(&BOB)), (0, 0));
		let event = Event::LockChanged { who: ALICE, old: 0, new: 4 * DOLLAR, balance: 6 * DOLLAR };
		assert!(emitted(event));
		assert_noop!(BurnMint::unlock(&ALICE, 0), Error::<Test>::ZeroAmount);
		assert_noop!(BurnMint::unlock(&ALICE, 5 * DOLLAR), Error::<Test>::InsufficientLock);
		assert_ok!(BurnMint::unlock(&ALICE, DOLLAR));
		let event = Event::LockChanged { who: ALICE, old: 4 * DOLLAR, new: 3 * DOLLAR, balance: 7 * DOLLAR };
		assert!(emitted(event));
		assert_noop!(BurnMint::lock(&BOB, 1), Error::<Test>::InsufficientCredits);
	});
}

#[test]
fn notice_should_be_given_only_after_a_year_without_use() {
	ExtBuilder::default().build_and_execute(|| {
		let notify = || BurnMint::notify_inactive(signed(BOB), ALICE);
		assert_noop!(notify(), Error::<Test>::NoCredits);
		buy(ALICE, 10 * DOLLAR);
		pass(SWEEP - 1);
		assert_noop!(notify(), Error::<Test>::StillActive);
		pass(1);
		assert_ok!(notify());
		let from = SWEEP + NOTICE;
		assert!(emitted(Event::InactivityNoticed { who: ALICE, credits: 10 * DOLLAR, from }));
		assert_noop!(notify(), Error::<Test>::AlreadyNoticed);
	});
}

#[test]
fn sweep_should_destroy_the_basis_of_unused_credits_after_the_notice() {
	ExtBuilder::default().build_and_execute(|| {
		let sweep = || BurnMint::sweep(signed(BOB), ALICE);
		assert_noop!(sweep(), Error::<Test>::NoCredits);
		buy(ALICE, 10 * DOLLAR);
		buy(BOB, 30 * DOLLAR);
		let basis = ledger().basis;
		pass(SWEEP);
		assert_noop!(sweep(), Error::<Test>::NotNoticed);
		assert_ok!(BurnMint::notify_inactive(signed(BOB), ALICE));
		pass(NOTICE - 1);
		assert_noop!(sweep(), Error::<Test>::NoticeRuns);
		pass(1);
		assert_ok!(sweep());
		let tokens = basis.div_ceil(4);
		assert!(emitted(Event::CreditsSwept { who: ALICE, credits: 10 * DOLLAR, tokens }));
		assert_eq!((ledger().destroyed, ledger().credits), (tokens, 30 * DOLLAR));
		assert_eq!(Accounts::<Test>::get(ALICE), None);
	});
}

#[test]
fn any_use_should_cancel_the_notice() {
	let uses: [fn() -> DispatchResult; 3] = [
		|| BurnMint::lock(&ALICE, DOLLAR),
		|| BurnMint::buy_with_stable(signed(ALICE), DOLLAR),
		|| BurnMint::charge_fee(&ALICE, 1).map(|_| ()),
	];
	for usage in uses {
		ExtBuilder::default().build_and_execute(|| {
			buy(ALICE, 10 * DOLLAR);
			pass(SWEEP);
			assert_ok!(BurnMint::notify_inactive(signed(BOB), ALICE));
			assert_ok!(usage());
			pass(NOTICE);
			assert_noop!(BurnMint::sweep(signed(BOB), ALICE), Error::<Test>::NotNoticed);
			assert_noop!(BurnMint::notify_inactive(signed(BOB), ALICE), Error::<Test>::StillActive);
		});
	}
}

#[test]
fn sweep_should_leave_what_is_locked() {
	ExtBuilder::default().build_and_execute(|| {
		buy(ALICE, 10 * DOLLAR);
		assert_ok!(BurnMint::lock(&ALICE, 4 * DOLLAR));
		pass(SWEEP);
		assert_ok!(BurnMint::notify_inactive(signed(BOB), ALICE));
		pass(NOTICE);
		assert_ok!(BurnMint::sweep(signed(BOB), ALICE));
		let left = CreditAccount { balance: 0, locked: 4 * DOLLAR, last_used: 0, sweep_from: None };
		assert_eq!(Accounts::<Test>::get(ALICE), Some(left));
		// The owner of the lock gets it back later.
		assert_ok!(BurnMint::unlock(&ALICE, 4 * DOLLAR));
		assert_eq!(credits_of(ALICE), 4 * DOLLAR);
	});
}

#[test]
fn sweep_should_wait_for_the_tokens_of_pending_credits() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(BurnMint::buy_with_stable(signed(ALICE), 10 * DOLLAR));
		pass(SWEEP);
		assert_ok!(BurnMint::notify_inactive(signed(BOB), ALICE));
		pass(NOTICE);
		assert_noop!(BurnMint::sweep(signed(BOB), ALICE), Error::<Test>::NotBacked);
		run_rounds(12);
		assert_ok!(BurnMint::sweep(signed(BOB), ALICE));
		assert_eq!((ledger().credits, ledger().basis), (0, 0));
	});
}

#[test]
fn each_refusal_of_the_ledger_should_have_its_error() {
	type Refusal = Error<Test>;
	let cases = [
		(LedgerError::Overflow, Refusal::Overflow),
		(LedgerError::AboveCap, Refusal::AboveCap),
		(LedgerError::Issuance, Refusal::AboveIssuance),
		(LedgerError::Reserve, Refusal::AboveReserve),
		(LedgerError::Bucket, Refusal::AboveBucket),
		(LedgerError::Credits, Refusal::NotBacked),
		(LedgerError::Pending, Refusal::NotPending),
		(LedgerError::Emitted, Refusal::AboveEmitted),
		(LedgerError::Empty, Refusal::NothingBooked),
		(LedgerError::NoPrice, Refusal::NoPrice),
	];
	ExtBuilder::default().build_and_execute(|| {
		for (refusal, error) in cases {
			let before = ledger();
			let booked = BurnMint::book(|ledger| {
				// What an operation did before it was refused does not count.
				ledger.destroyed += 1;
				Err::<(), _>(refusal)
			});
			assert_eq!(booked, Err(error.into()), "{refusal:?}");
			assert_eq!(ledger(), before, "{refusal:?}");
		}
	});
}

/// What the system knows an account without tokens by.
fn references(who: AccountId) -> (u32, u32) {
	(System::providers(&who), System::sufficients(&who))
}

/// Sends all tokens of `who` away.
fn give_all(who: AccountId) {
	assert_ok!(<Balances as Mutate<_>>::transfer(&who, &BOB, free(who), Preservation::Expendable));
	assert_eq!(free(who), 0);
}

#[test]
fn account_should_outlive_its_tokens_as_long_as_it_has_credits() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(references(ALICE), (1, 0));
		buy(ALICE, 10 * DOLLAR);
		buy(ALICE, 10 * DOLLAR);
		assert_eq!(references(ALICE), (1, 1));
		System::inc_account_nonce(ALICE);
		give_all(ALICE);
		assert_eq!((references(ALICE), System::account_nonce(ALICE)), ((0, 1), 1));

		pay(ALICE, 8 * DOLLAR);
		assert_ok!(BurnMint::charge_fee(&ALICE, DOLLAR));
		assert_ok!(BurnMint::lock(&ALICE, 11 * DOLLAR));
		assert_eq!((credits_of(ALICE), references(ALICE), System::account_nonce(ALICE)), (0, (0, 1), 1));
		assert_ok!(BurnMint::unlock(&ALICE, 5 * DOLLAR));
		assert_eq!(references(ALICE), (0, 1));
		assert_ok!(BurnMint::lock(&ALICE, 5 * DOLLAR));
		assert_ok!(BurnMint::paid(&ALICE, &PROVIDER, &REGION, 11 * DOLLAR));
		// Whoever handed the vouchers in did not take the nonce.
		assert_eq!((references(ALICE), System::account_nonce(ALICE)), ((0, 1), 1));
		BurnMint::forget_empty(&ALICE);
		assert!(!System::account_exists(&ALICE));
		// As that of an account whose last token goes.
		assert_eq!(System::account_nonce(ALICE), 0);
	});
}

#[test]
fn account_should_keep_its_nonce_by_its_tokens_when_its_credits_are_gone() {
	ExtBuilder::default().build_and_execute(|| {
		buy(ALICE, 10 * DOLLAR);
		System::inc_account_nonce(ALICE);
		pay(ALICE, 10 * DOLLAR);
		BurnMint::forget_empty(&ALICE);
		assert_eq!((references(ALICE), System::account_nonce(ALICE)), ((1, 0), 1));
		buy(ALICE, 10 * DOLLAR);
		assert_eq!((references(ALICE), System::account_nonce(ALICE)), ((1, 1), 1));
	});
}

#[test]
fn sweep_should_end_an_account_without_tokens_unless_something_is_locked() {
	for locked in [0, DOLLAR] {
		ExtBuilder::default().build_and_execute(|| {
			buy(ALICE, 10 * DOLLAR);
			if locked > 0 {
				assert_ok!(BurnMint::lock(&ALICE, locked));
			}
			give_all(ALICE);
			pass(SWEEP);
			assert_ok!(BurnMint::notify_inactive(signed(BOB), ALICE));
			assert_eq!(references(ALICE), (0, 1));
			pass(NOTICE);
			assert_ok!(BurnMint::sweep(signed(BOB), ALICE));
			assert_eq!(System::account_exists(&ALICE), locked > 0);
		});
	}
}

#[test]
fn refused_use_should_leave_no_reference() {
	ExtBuilder::default().build_and_execute(|| {
		let stranger = 77;
		assert!(BurnMint::lock(&stranger, DOLLAR).is_err());
		assert!(BurnMint::charge_fee(&stranger, DOLLAR).is_err());
		assert!(BurnMint::buy_with_stable(signed(stranger), DOLLAR).is_err());
		assert!(!System::account_exists(&stranger));
	});
}

#[test]
fn fee_should_leave_a_credit_that_keeps_the_account() {
	ExtBuilder::default().build_and_execute(|| {
		buy(ALICE, 10 * DOLLAR);
		give_all(ALICE);
		let all = 10 * DOLLAR;
		assert_noop!(BurnMint::charge_fee(&ALICE, all), Error::<Test>::InsufficientCredits);
		assert_ok!(BurnMint::charge_fee(&ALICE, all - 2));
		assert_ok!(BurnMint::lock(&ALICE, 1));
		assert_ok!(BurnMint::charge_fee(&ALICE, 1));
		let account = Accounts::<Test>::get(ALICE).unwrap();
		assert_eq!((account.balance, account.locked, references(ALICE)), (0, 1, (0, 1)));
	});
}

#[test]
fn whether_a_fee_can_be_charged_should_be_told_without_charging_it() {
	ExtBuilder::default().build_and_execute(|| {
		buy(ALICE, 10 * DOLLAR);
		assert_ok!(BurnMint::buy_with_stable(signed(BOB), 20 * DOLLAR));
		let cases = [
			(ALICE, 0),
			(ALICE, 1),
			(ALICE, 10 * DOLLAR - 1),
			(ALICE, 10 * DOLLAR),
			(ALICE, Credits::MAX),
			(BOB, 10 * DOLLAR),
			(BOB, 10 * DOLLAR + 1),
			(CAROL, 1),
		];
		for (who, credits) in cases {
			let before = (ledger(), credits_of(who));
			let told = BurnMint::can_charge_fee(&who, credits);
			assert_eq!((ledger(), credits_of(who)), before, "{who}: {credits}");
			let charged = with_transaction(|| {
				TransactionOutcome::Rollback(BurnMint::charge_fee(&who, credits).map(|_| ()))
			});
			assert_eq!(told, charged, "{who}: {credits}");
		}
	});
}

#[test]
fn try_state_should_fail_when_credits_do_not_keep_their_account() {
	ExtBuilder::default().build().execute_with(|| {
		buy(ALICE, 10 * DOLLAR);
		System::dec_sufficients(&ALICE);
		let broken = "8: credits of an account that they do not keep alive";
		assert_eq!(BurnMint::do_try_state(), Err(broken.into()));
	});
}

#[test]
fn charged_fee_should_destroy_its_part_of_the_basis() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(BurnMint::charge_fee(&ALICE, 0), Error::<Test>::ZeroAmount);
		assert_noop!(BurnMint::charge_fee(&ALICE, 1), Error::<Test>::InsufficientCredits);
		buy(ALICE, 10 * DOLLAR);
		let basis = ledger().basis;
		let tokens = basis.div_ceil(10);
		assert_eq!(BurnMint::charge_fee(&ALICE, DOLLAR), Ok(tokens));
		assert!(emitted(Event::FeeCharged { who: ALICE, credits: DOLLAR, tokens }));
		assert_eq!(
			(credits_of(ALICE), ledger().basis, ledger().destroyed),
			(9 * DOLLAR, basis - tokens, tokens)
		);
		assert_ok!(BurnMint::buy_with_stable(signed(BOB), 20 * DOLLAR));
		assert_noop!(BurnMint::charge_fee(&BOB, 10 * DOLLAR), Error::<Test>::NotBacked);
	});
}

#[test]
fn lapsed_credits_should_leave_half_of_their_basis_to_insurance() {
	ExtBuilder::default().build_and_execute(|| {
		buy(ALICE, 10 * DOLLAR);
		assert_ok!(BurnMint::lock(&ALICE, 4 * DOLLAR));
		assert_noop!(BurnMint::lapse(&ALICE, 0), Error::<Test>::ZeroAmount);
		assert_noop!(BurnMint::lapse(&ALICE, 4 * DOLLAR + 1), Error::<Test>::InsufficientLock);
		assert_noop!(BurnMint::lapse(&BOB, 1), Error::<Test>::InsufficientLock);
		let basis = ledger().basis;
		let tokens = basis.div_ceil(10);
		assert_eq!(BurnMint::lapse(&ALICE, DOLLAR), Ok(tokens));
		assert!(emitted(Event::CreditsLapsed { who: ALICE, credits: DOLLAR, tokens }));
		assert_eq!((BurnMint::free(&ALICE), BurnMint::locked(&ALICE)), (6 * DOLLAR, 3 * DOLLAR));
		let Ledger { basis: left, buffer, destroyed, .. } = ledger();
		assert_eq!((left, buffer, destroyed), (basis - tokens, tokens / 2, tokens - tokens / 2));
	});
}

#[test]
fn lapse_should_change_nothing_when_the_credits_wait_for_tokens() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(BurnMint::buy_with_stable(signed(ALICE), 10 * DOLLAR));
		assert_ok!(BurnMint::lock(&ALICE, 10 * DOLLAR));
		assert_noop!(BurnMint::lapse(&ALICE, 10 * DOLLAR), Error::<Test>::NotBacked);
		run_rounds(12);
		assert_ok!(BurnMint::lapse(&ALICE, 10 * DOLLAR));
		// Nothing is left of the account.
		assert_eq!((Accounts::<Test>::get(ALICE), ledger().credits), (None, 0));
	});
}
