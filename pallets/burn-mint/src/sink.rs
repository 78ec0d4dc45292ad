//! Tokens that others destroy, and tokens that nobody earned.

use crate::{types::Surprise, Config, Event, Pallet, SupplyLedger};
use frame_support::{
	storage::with_storage_layer,
	traits::{
		fungible::{Credit, Mutate},
		tokens::{Fortitude, Imbalance, Precision, Preservation},
		OnUnbalanced,
	},
};
use polkadot_sdk::*;
use sp_runtime::DispatchResult;
use weir_primitives::{economy::Tokens, seams::economy::Supply};

/// The last owner of every token that is destroyed: dust, fees, slashes, lost deposits.
impl<T: Config> OnUnbalanced<Credit<T::AccountId, T::Currency>> for Pallet<T> {
	fn on_nonzero_unbalanced(amount: Credit<T::AccountId, T::Currency>) {
		let tokens = amount.peek();
		// Dropping it lowers the issuance.
		drop(amount);
		// Before the ledger is built there is nothing to book: it begins with what exists then.
		if SupplyLedger::<T>::exists() && Self::book(|ledger| ledger.destroy(tokens)).is_err() {
			Self::deposit_event(Event::Unexpected { what: Surprise::DestroyedBeyondIssuance, tokens });
		}
	}
}

impl<T: Config> Supply<T::AccountId> for Pallet<T> {
	/// Fails with [`Error::AboveEmitted`](crate::Error::AboveEmitted), or when the account has not that much beside its
	/// existential deposit.
	fn give_back(from: &T::AccountId, tokens: Tokens) -> DispatchResult {
		if tokens == 0 {
			return Ok(());
		}
		with_storage_layer(|| {
			Self::burn_of(from, tokens)?;
			Self::book(|ledger| ledger.give_back(tokens))
		})?;
		Self::deposit_event(Event::GivenBack { from: from.clone(), tokens });
		Ok(())
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn emit_for_benchmark(to: &T::AccountId, tokens: Tokens) {
		assert!(Self::mint_for(to, tokens).is_ok());
		assert!(Self::book(|ledger| ledger.emit_reserve(tokens)).is_ok());
	}
}

impl<T: Config> Pallet<T> {
	/// Burns tokens of a pot, which keeps its existential deposit. The caller books it.
	pub(crate) fn burn_of(pot: &T::AccountId, tokens: Tokens) -> DispatchResult {
		T::Currency::burn_from(pot, tokens, Preservation::Preserve, Precision::Exact, Fortitude::Force)?;
		Ok(())
	}

	/// Mints tokens for `who`. The caller books it.
	pub(crate) fn mint_for(who: &T::AccountId, tokens: Tokens) -> DispatchResult {
		if tokens > 0 {
			T::Currency::mint_into(who, tokens)?;
		}
		Ok(())
	}
}
