//! Locks, fees paid with credits, and the sweep of what nobody uses.

use super::*;
use crate::{CreditAccount, Error};
use frame_support::assert_noop;
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
		assert_eq!(BurnMint::free(&ALICE), 6 * DOLLAR);
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
