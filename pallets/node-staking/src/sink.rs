//! Where slashed tokens go.

use core::marker::PhantomData;
use frame_support::traits::{
	fungible::{Balanced, Credit},
	Imbalance,
};
use polkadot_sdk::*;
use sp_runtime::{traits::Get, Perbill};
use weir_primitives::seams::SlashSink;

/// Burns `BurnShare` of what it receives, rounded up, and resolves the rest into the account `Treasury`.
///
/// What the account cannot take (less than the existential deposit while it does not exist) is burned too, so that
/// issuance stays the sum of all balances.
pub struct SplitSink<AccountId, Currency, Treasury, BurnShare>(
	PhantomData<(AccountId, Currency, Treasury, BurnShare)>,
);

impl<AccountId, Currency, Treasury, BurnShare> SlashSink<Credit<AccountId, Currency>>
	for SplitSink<AccountId, Currency, Treasury, BurnShare>
where
	Currency: Balanced<AccountId>,
	Treasury: Get<AccountId>,
	BurnShare: Get<Perbill>,
{
	fn receive(amount: Credit<AccountId, Currency>) {
		let burned = BurnShare::get().mul_ceil(amount.peek());
		let (burned, kept) = amount.split(burned);
		drop(burned);
		// An error hands the credit back; dropping it burns it.
		let _ = Currency::resolve(&Treasury::get(), kept);
	}
}
