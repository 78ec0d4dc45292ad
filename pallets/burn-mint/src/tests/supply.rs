//! Genesis, tokens that others destroy, and pay that is given back.

use super::*;
use crate::Error;
use frame_support::{
	assert_noop,
	traits::{
		fungible::{Balanced, Mutate},
		tokens::{Fortitude, Precision, Preservation},
		OnUnbalanced,
	},
};
use sp_runtime::TokenError;
use weir_math::economy::units::SUPPLY_CAP;
use weir_primitives::seams::economy::Supply;

#[test]
fn ledger_should_begin_with_what_exists() {
	ExtBuilder::default().build_and_execute(|| {
		let issuance = pallet_balances::TotalIssuance::<Test>::get();
		assert_eq!((ledger().genesis, ledger().issuance), (issuance, issuance));
		assert_eq!(ledger().reserve, SUPPLY_CAP - issuance);
		for pot in [REWARDS, POT] {
			assert_eq!(System::providers(&pot), 2);
		}
	});
}

#[test]
fn chain_without_tokens_should_need_no_pots_and_close_epochs() {
	ExtBuilder::default().balances(vec![]).build_and_execute(|| {
		assert_eq!((ledger().genesis, ledger().reserve), (0, SUPPLY_CAP));
		end_epoch();
		assert!(ledger().emitted > 0);
	});
}

#[test]
#[should_panic(expected = "a pot has less than the existential deposit")]
fn genesis_should_refuse_a_chain_with_tokens_and_without_pots() {
	let _ = ExtBuilder::default().balances(vec![(ALICE, FUNDS), (REWARDS, ED), (POT, ED)]).build();
}

#[test]
#[should_panic(expected = "more tokens than the cap")]
fn genesis_should_refuse_more_tokens_than_the_cap() {
	let _ = ExtBuilder::default().balances(vec![(ALICE, SUPPLY_CAP + 1)]).build();
}

#[test]
fn dust_should_be_booked_as_destroyed() {
	ExtBuilder::default().build_and_execute(|| {
		<Balances as Mutate<_>>::transfer(&ALICE, &77, ED, Preservation::Preserve).unwrap();
		<Balances as Mutate<_>>::transfer(&77, &ALICE, ED - 5, Preservation::Expendable).unwrap();
		assert_eq!((ledger().destroyed, ledger().burned), (5, 5));
	});
}

#[test]
fn destroyed_tokens_should_be_booked() {
	ExtBuilder::default().build_and_execute(|| {
		let before = ledger();
		let fee =
			Balances::withdraw(&ALICE, 777, Precision::Exact, Preservation::Preserve, Fortitude::Polite)
				.unwrap();
		BurnMint::on_unbalanced(fee);
		assert_eq!((ledger().destroyed, ledger().issuance), (777, before.issuance - 777));
	});
}

#[test]
fn dust_of_a_step_should_be_booked_beside_it() {
	ExtBuilder::default().build_and_execute(|| {
		// An account that dies while its tokens are burned for credits.
		assert_ok!(BurnMint::request_credits(signed(ALICE), DOLLAR, 100 * weir_math::economy::units::TOKEN));
		run_rounds(FORWARD);
		<Balances as Mutate<_>>::transfer(&ALICE, &BOB, free(ALICE) - ED / 2, Preservation::Expendable)
			.unwrap();
		assert_eq!(ledger().destroyed, ED / 2);
	});
}

#[test]
fn give_back_should_return_forfeited_pay_to_the_bucket() {
	ExtBuilder::default().build_and_execute(|| {
		want(&[100]);
		end_epoch();
		let before = ledger();
		let forfeited = before.emitted / 100;
		assert_ok!(BurnMint::give_back(&REWARDS, forfeited));
		assert!(emitted(Event::GivenBack { from: REWARDS, tokens: forfeited }));
		assert_eq!(ledger().bucket, before.bucket + forfeited);
		assert_eq!(ledger().issuance, before.issuance - forfeited);
		assert_noop!(BurnMint::give_back(&ALICE, before.emitted), Error::<Test>::AboveEmitted);
		assert_noop!(BurnMint::give_back(&POT, 1), TokenError::FundsUnavailable);
		assert_ok!(BurnMint::give_back(&POT, 0));
	});
}
