//! Tests by topic.

mod ages;
mod eras;
mod gone;
mod offchain;
mod pool;
mod properties;
mod quotes;
mod reporters;
mod reports;

use crate::{mock::*, *};

use frame_support::{assert_noop, assert_ok, traits::fungible::InspectHold};
use weir_math::economy::units::{DOLLAR, HIGHEST_PRICE, LOWEST_PRICE, PRICE_ONE, TOKEN};
use weir_primitives::{
	economy::{GateReason, Parameters, Price, Quote},
	seams::economy::Pricing,
};

/// The honest ones when seven lie.
const HONEST: std::ops::RangeInclusive<AccountId> = 1..=8;
const LIARS: std::ops::RangeInclusive<AccountId> = 9..=15;

fn on_hold(who: AccountId) -> Balance {
	Balances::balance_on_hold(&PriceFeed::hold_reason(), &who)
}

fn standing(who: AccountId) -> Option<Standing> {
	Standings::<Runtime>::get().get(&who).copied()
}

fn events() -> Vec<Event<Runtime>> {
	System::events()
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::PriceFeed(event) => Some(event),
			_ => None,
		})
		.collect()
}
