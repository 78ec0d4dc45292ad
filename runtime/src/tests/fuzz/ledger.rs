//! What became of tokens in a block, by its events: what the balances say they minted and burned, and what of it the
//! ledger counts as burned.

use crate::*;
use pallet_balances::Event as Money;
use pallet_node_staking::Event as Staking;
use weir_primitives::seams::Deposit;

/// Issuance after `events`, if it was `before`. The events are all by which the balances change it, but for root's order to
/// set it, which nobody gives here. Dust and imbalances that nobody takes are among them, as debt that was burned.
pub(super) fn issuance_after(before: Balance, events: &[RuntimeEvent]) -> Balance {
	events.iter().fold(before, |issuance, event| {
		let RuntimeEvent::Balances(event) = event else { return issuance };
		match event {
			Money::Minted { amount, .. }
			| Money::MintedCredit { amount }
			| Money::Issued { amount }
			| Money::Restored { amount, .. } => issuance + amount,
			Money::Burned { amount, .. }
			| Money::BurnedDebt { amount }
			| Money::BurnedHeld { amount, .. }
			| Money::Rescinded { amount }
			| Money::Suspended { amount, .. } => issuance - amount,
			_ => issuance,
		}
	})
}

/// Whether a watcher lost its deposit to the dismissal of its alarm.
pub(super) fn is_alarm_forfeited(event: &RuntimeEvent) -> bool {
	matches!(event, RuntimeEvent::NodeStaking(Staking::DepositForfeited { what: Deposit::Alarm, .. }))
}
