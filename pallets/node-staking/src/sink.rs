//! Where slashed tokens go.

use core::marker::PhantomData;
use frame_support::traits::{
	fungible::{Balanced, Credit, Inspect},
	Imbalance, OnUnbalanced,
};
use polkadot_sdk::*;
use sp_runtime::traits::Get;
use weir_math::economy::slash;
use weir_primitives::{
	economy::Tokens,
	seams::{economy::Pricing, SlashSink},
};

/// Splits what it receives between the account `Treasury`, the reporter and `Destroyed`
/// ([`split`](weir_math::economy::slash::split)). A reporter's part is limited in dollars, by what payees are paid at in
/// `Prices`: as few tokens as that makes it.
///
/// What an account cannot take (less than the existential deposit while it does not exist) goes to `Destroyed` too:
/// nothing is dropped.
pub struct SplitSink<AccountId, Currency, Treasury, Destroyed, Prices>(
	PhantomData<(AccountId, Currency, Treasury, Destroyed, Prices)>,
);

impl<AccountId, Currency, Treasury, Destroyed, Prices> SlashSink<AccountId, Credit<AccountId, Currency>>
	for SplitSink<AccountId, Currency, Treasury, Destroyed, Prices>
where
	Currency: Balanced<AccountId> + Inspect<AccountId, Balance = Tokens>,
	Treasury: Get<AccountId>,
	Destroyed: OnUnbalanced<Credit<AccountId, Currency>>,
	Prices: Pricing,
{
	fn receive(amount: Credit<AccountId, Currency>, reporter: Option<&AccountId>) {
		let price = reporter.and_then(|_| Prices::payout_quote().ok()).map(|quote| quote.high);
		let parts = slash::split(amount.peek(), price);
		let (treasury, rest) = amount.split(parts.treasury);
		let (reward, destroyed) = rest.split(parts.reporter);
		let refused = [
			Currency::resolve(&Treasury::get(), treasury).err(),
			match reporter {
				Some(who) => Currency::resolve(who, reward).err(),
				None => Some(reward),
			},
		];
		let destroyed = refused.into_iter().flatten().fold(destroyed, Imbalance::merge);
		Destroyed::on_unbalanced(destroyed);
	}
}
