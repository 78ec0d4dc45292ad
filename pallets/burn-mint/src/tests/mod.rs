//! Tests by topic; every one ends in the invariants.

mod accounts;
mod closing;
mod properties;
mod queries;
mod requests;
mod rules;
mod settlement;
mod stable;
mod supply;

use crate::{mock::*, Accounts, Event};
use frame_support::{assert_ok, traits::fungible::InspectHold};
use polkadot_sdk::*;
use weir_math::economy::{units::DOLLAR, Ledger, Parameters};
use weir_primitives::{
	economy::{Credits, Tokens},
	seams::economy::{CreditAccounts, PaidTraffic},
};

pub(crate) fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

pub(crate) fn ledger() -> Ledger {
	BurnMint::ledger()
}

pub(crate) fn parameters() -> Parameters {
	TestParameters::get()
}

pub(crate) fn held(who: AccountId) -> Tokens {
	Balances::balance_on_hold(&BurnMint::hold_reason(), &who)
}

pub(crate) fn free(who: AccountId) -> Tokens {
	Balances::free_balance(who)
}

pub(crate) fn credits_of(who: AccountId) -> Credits {
	Accounts::<Test>::get(who).map(|account| account.balance).unwrap_or_default()
}

pub(crate) fn emitted(event: Event<Test>) -> bool {
	System::events().into_iter().any(|record| record.event == RuntimeEvent::BurnMint(event.clone()))
}

/// This pallet's events since the last time.
pub(crate) fn take_events() -> Vec<Event<Test>> {
	let events = System::events()
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::BurnMint(event) => Some(event),
			_ => None,
		})
		.collect();
	System::reset_events();
	events
}

/// Buys credits for tokens and waits until they are there.
pub(crate) fn buy(who: AccountId, credits: Credits) {
	let before = credits_of(who);
	assert_ok!(BurnMint::request_credits(signed(who), credits, free(who) / 2));
	run_rounds(FORWARD);
	assert_eq!(credits_of(who), before + credits);
}

/// Locks credits of `who` and pays the provider with them.
pub(crate) fn pay(who: AccountId, credits: Credits) {
	assert_ok!(BurnMint::lock(&who, credits));
	assert_ok!(BurnMint::paid(&who, &PROVIDER, &REGION, credits));
}

/// What a dollar's worth of each region wants.
pub(crate) fn want(dollars: &[u128]) {
	Bound::set(&(dollars.len() as u16));
	regions(|regions| {
		regions.wants = dollars.iter().enumerate().map(|(id, want)| (id as u16, want * DOLLAR)).collect();
	});
}
