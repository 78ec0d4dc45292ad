//! Tests by topic; every one ends in the invariants.

mod bonding;
mod deposits;
mod operators;
mod properties;
mod rate;
mod slashing;

use crate::mock::*;
use frame_support::traits::fungible::InspectHold;
use polkadot_sdk::*;
use weir_primitives::{Role, SlashReason};

pub(crate) const LIE: SlashReason = SlashReason::FalseClaim { epoch: 9, ratio_ppm: 100_000 };

pub(crate) fn active(who: AccountId, role: Role) -> Balance {
	crate::Ledgers::<Test>::get(who, role).map(|ledger| ledger.active).unwrap_or_default()
}

pub(crate) fn held(who: AccountId, role: Role) -> Balance {
	Balances::balance_on_hold(&NodeStaking::hold_reason(role), &who)
}

pub(crate) fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}
