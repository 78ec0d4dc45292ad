//! What became of tokens in a block, by its events: what the balances say they minted and burned, and what our rules burn.

use crate::*;
use configs::{accounts::TreasuryAccount, measuring::SlashBurnShare};
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

/// What the rules burn: their share of slashes, forfeited deposits and prices; what its owner wants burned; and of what is
/// the treasury's, the rest of those and dust, as much as it cannot take because there is too little of it to begin with.
/// Fees go to somebody, whole.
pub(super) fn burned_by_rule(events: &[RuntimeEvent]) -> Balance {
	let treasury = TreasuryAccount::get();
	let mut burned: Balance = 0;
	let mut due: Balance = 0;
	let mut received: Balance = 0;
	for (place, event) in events.iter().enumerate() {
		match event {
			RuntimeEvent::NodeStaking(
				Staking::SlashApplied { taken: amount, .. }
				| Staking::DepositForfeited { amount, .. }
				| Staking::TestPaid { amount, .. },
			) => {
				let share = SlashBurnShare::get().mul_ceil(*amount);
				burned += share;
				due += *amount - share;
			}
			RuntimeEvent::Balances(Money::Burned { amount, .. }) => burned += *amount,
			RuntimeEvent::Balances(Money::DustLost { amount, .. }) => due += *amount,
			RuntimeEvent::Balances(Money::Deposit { who, amount }) if *who == treasury => {
				// The fees of a block without an author are the treasury's, too; that they are paid is said next.
				let is_fee = matches!(events.get(place + 1), Some(RuntimeEvent::TransactionPayment(_)));
				if !is_fee {
					received += *amount;
				}
			}
			_ => {}
		}
	}
	burned + due.checked_sub(received).expect("the treasury gets what is due to it")
}

/// Whether a watcher lost its deposit to the dismissal of its alarm.
pub(super) fn is_alarm_forfeited(event: &RuntimeEvent) -> bool {
	matches!(event, RuntimeEvent::NodeStaking(Staking::DepositForfeited { what: Deposit::Alarm, .. }))
}
