//! The invariants of the pallet's documentation, by their numbers.

use crate::*;

use frame_support::{
	ensure,
	traits::{fungible::InspectHold, Get},
};
use sp_runtime::{traits::Zero, TryRuntimeError};

impl<T: Config> Pallet<T> {
	/// Checks every invariant of the pallet.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::check_reporters()?;
		Self::check_reports()?;
		Self::check_quotes()?;
		Self::check_standings()
	}

	fn check_reporters() -> Result<(), TryRuntimeError> {
		let admitted = Admitted::<T>::get();
		ensure!(
			admitted.iter().zip(admitted.iter().skip(1)).all(|(a, b)| a < b),
			"1: added reporters out of order, or twice"
		);
		let standings = Standings::<T>::get();
		let is_active = |who: &T::AccountId| standings.get(who).is_some_and(|standing| standing.is_active);
		for (who, _) in standings.iter().filter(|(_, standing)| standing.is_active) {
			ensure!(admitted.binary_search(who).is_ok(), "1: active and not added");
			ensure!(Self::active(who).is_ok(), "1: active without a bond, or has left");
		}
		let mut keys = 0usize;
		for (who, reporter) in Reporters::<T>::iter() {
			let on_hold = T::Currency::balance_on_hold(&Self::hold_reason(), &who);
			ensure!(on_hold == reporter.bond, "2: on hold differs from the bond");
			if reporter.free_at.is_none() {
				ensure!(is_active(&who), "1: bonded and not active");
				let of_key = ReporterOfKey::<T>::get(&reporter.key);
				ensure!(of_key.as_ref() == Some(&who), "3: key of another reporter");
				keys = keys.saturating_add(1);
			} else {
				ensure!(!is_active(&who), "1: active and has left");
			}
		}
		ensure!(ReporterOfKey::<T>::iter_keys().count() == keys, "3: key without an active reporter");
		let unaccounted = frame_system::Account::<T>::iter_keys()
			.filter(|who| !Reporters::<T>::contains_key(who))
			.any(|who| !T::Currency::balance_on_hold(&Self::hold_reason(), &who).is_zero());
		ensure!(!unaccounted, "2: on hold without a bond");
		Ok(())
	}

	fn check_reports() -> Result<(), TryRuntimeError> {
		let own: T::AccountId = sp_runtime::traits::AccountIdConversion::into_account_truncating(
			&<T as pallet_oracle::Config>::PalletId::get(),
		);
		for (who, _, report) in pallet_oracle::RawValues::<T>::iter() {
			ensure!(who == own || Self::active(&who).is_ok(), "4: report of nobody who reports");
			ensure!(report.timestamp <= Self::block(), "4: report of a block that has not been");
		}
		Ok(())
	}

	fn check_quotes() -> Result<(), TryRuntimeError> {
		let pace = T::Pace::get();
		let latest = LatestQuote::<T>::get();
		if let Some(quote) = latest {
			ensure!(Self::quote_of(quote.round) == Some(quote), "5: latest quote not kept");
			ensure!(quote.round <= LastRound::<T>::get(), "5: quote of a round that has not begun");
			let references = [Some(quote.median), Some(quote.ema), quote.twap];
			ensure!(
				references.iter().flatten().all(|price| (quote.low..=quote.high).contains(price)),
				"5: reference outside of the quote"
			);
			ensure!(quote.reports > 0, "5: quote without reports");
			ensure!(
				quote.oldest_block < quote.at_block && quote.at_block <= Self::block(),
				"5: reports younger than their quote"
			);
		}
		for (place, quote) in Quotes::<T>::iter() {
			ensure!(place == Self::place_of(quote.round), "5: quote out of place");
			ensure!(
				latest.is_some_and(|latest| quote.round <= latest.round),
				"5: quote newer than the latest"
			);
		}
		let samples = PoolSamples::<T>::get();
		ensure!(samples.blocks <= pace.round_blocks, "6: more samples than blocks");
		ensure!(
			samples.priced <= samples.blocks && samples.deep <= samples.priced,
			"6: more priced or deep samples than there are"
		);
		if let Some(posted) = Posted::<T>::get() {
			let since = latest.map_or(0, |quote| quote.at_block);
			ensure!(
				posted.at_block.saturating_sub(since) > pace.gone_blocks,
				"8: posted while there was a price"
			);
		}
		Ok(())
	}

	fn check_standings() -> Result<(), TryRuntimeError> {
		let era = Era::<T>::get().number;
		for standing in Standings::<T>::get().values() {
			ensure!(standing.deviated <= standing.judged, "7: deviated more often than judged");
			ensure!(standing.era <= era, "7: counted in an era that has not begun");
		}
		Ok(())
	}
}
