//! Who pays for a transaction with what: tokens, or credits where a customer has no token.

use super::accounts::{FeesAndTips, Loose};
use crate::*;
use frame_support::traits::{Contains, NoDrop};
use pallet_transaction_payment::{FungibleAdapter, OnChargeTransaction, TxCreditHold};
use sp_runtime::{
	traits::{DispatchInfoOf, PostDispatchInfoOf},
	transaction_validity::TransactionValidityError,
};
use weir_math::economy::wide::value_ceil;
use weir_primitives::{
	economy::{Credits, GateReason, Quote},
	seams::economy::{CreditAccounts, Pricing},
};

/// Calls that may be paid for with credits: what a customer needs who has bought credits and holds no token.
///
/// What a call holds within itself (`utility`, `proxy`, `multisig`) is not looked at: it would have to be a customer's call in
/// all its parts, at any depth. Requests for credits are no such call, because who has the tokens to put on hold has those for
/// the fee; nor is what anybody may do about the unused credits of others in `burnMint`.
pub struct CustomerCalls;

impl Contains<RuntimeCall> for CustomerCalls {
	fn contains(call: &RuntimeCall) -> bool {
		matches!(
			call,
			// All tokens of a customer may be on hold in a request. While the emergency track has paused purchases it would
			// stay there for want of a fee.
			RuntimeCall::BurnMint(pallet_burn_mint::Call::cancel_request { .. })
				// Credits run low: the stable asset buys more, and needs no token to be held.
				| RuntimeCall::BurnMint(pallet_burn_mint::Call::buy_with_stable { .. })
				// What credits are for. A claim too: a provider that was paid no token yet may buy its first credits.
				| RuntimeCall::Channels(_)
		)
	}
}

/// Fees out of tokens.
type InTokens = FungibleAdapter<Balances, FeesAndTips>;

/// How a fee was paid.
pub enum Payment {
	/// With tokens: of these the tip is still loose, if there was a fee.
	Tokens(Option<Loose>),
	/// With credits, in full.
	Credits,
}

impl Default for Payment {
	fn default() -> Self {
		Self::Tokens(None)
	}
}

/// Takes fees out of tokens and, where the signer's tokens do not pay for one of the [`CustomerCalls`], out of credits.
///
/// A fee of `f` grains costs `⌈f · high ÷ 10²⁴⌉` credits at the running quote for purchases. At the high price they are worth no
/// less than the fee at any price of the quote, and to buy them burns no less. At the low one, at which they are bought, a
/// fee would be cheaper than in tokens, and who has both would move the tokens away first.
///
/// They are charged before the call is executed, for after it nothing may fail. The ledger gives no credits back: what the
/// call weighs less than it may is not refunded, nor is a fee that a call turns out not to owe. There are no tips in credits,
/// because the author is paid in tokens. Without a quote, or without the credits, the refusal is that of the tokens.
pub struct TokensOrCredits;

impl TokensOrCredits {
	/// What the fee costs in credits. None if it cannot be paid with them.
	fn credits_for(call: &RuntimeCall, fee_with_tip: Balance, tip: Balance) -> Option<Credits> {
		if tip > 0 || !CustomerCalls::contains(call) {
			return None;
		}
		value_ceil(fee_with_tip, Self::quote()?.high)
	}

	/// The running quote for purchases. The pool checks transactions as if in the next block, but before that has begun: where
	/// it is the first of a round, by the quote of the round before, for there is no other yet. In a block there is.
	fn quote() -> Option<Quote> {
		match Price::purchase_quote() {
			Ok(quote) => Some(quote),
			Err(GateReason::Stale) => Price::last_quote().filter(|quote| {
				quote.gate.is_none() && quote.round.checked_add(1) == Some(<Price as Pricing>::round())
			}),
			Err(_) => None,
		}
	}
}

impl OnChargeTransaction<Runtime> for TokensOrCredits {
	type Balance = Balance;
	type LiquidityInfo = Payment;

	fn withdraw_fee(
		who: &AccountId,
		call: &RuntimeCall,
		info: &DispatchInfoOf<RuntimeCall>,
		fee_with_tip: Balance,
		tip: Balance,
	) -> Result<Payment, TransactionValidityError> {
		let can = <InTokens as OnChargeTransaction<Runtime>>::can_withdraw_fee;
		let Err(refusal) = can(who, call, info, fee_with_tip, tip) else {
			let withdraw = <InTokens as OnChargeTransaction<Runtime>>::withdraw_fee;
			return withdraw(who, call, info, fee_with_tip, tip).map(Payment::Tokens);
		};
		let credits = Self::credits_for(call, fee_with_tip, tip).ok_or(refusal)?;
		BurnMint::charge_fee(who, credits).map_err(|_| refusal)?;
		Ok(Payment::Credits)
	}

	fn can_withdraw_fee(
		who: &AccountId,
		call: &RuntimeCall,
		info: &DispatchInfoOf<RuntimeCall>,
		fee_with_tip: Balance,
		tip: Balance,
	) -> Result<(), TransactionValidityError> {
		let can = <InTokens as OnChargeTransaction<Runtime>>::can_withdraw_fee;
		let Err(refusal) = can(who, call, info, fee_with_tip, tip) else { return Ok(()) };
		let credits = Self::credits_for(call, fee_with_tip, tip).ok_or(refusal)?;
		BurnMint::can_charge_fee(who, credits).map_err(|_| refusal)
	}

	fn correct_and_deposit_fee(
		who: &AccountId,
		info: &DispatchInfoOf<RuntimeCall>,
		post_info: &PostDispatchInfoOf<RuntimeCall>,
		corrected_fee_with_tip: Balance,
		tip: Balance,
		payment: Payment,
	) -> Result<(), TransactionValidityError> {
		match payment {
			Payment::Tokens(loose) => {
				let deposit = <InTokens as OnChargeTransaction<Runtime>>::correct_and_deposit_fee;
				deposit(who, info, post_info, corrected_fee_with_tip, tip, loose)
			}
			Payment::Credits => Ok(()),
		}
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn endow_account(who: &AccountId, amount: Balance) {
		<InTokens as OnChargeTransaction<Runtime>>::endow_account(who, amount);
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn minimum_balance() -> Balance {
		<InTokens as OnChargeTransaction<Runtime>>::minimum_balance()
	}
}

impl TxCreditHold<Runtime> for TokensOrCredits {
	type Credit = NoDrop<Loose>;
}
