//! The numbered invariants, and what constants must be to each other.

use crate::{
	Brake, Config, GenesisPace, Pace, Pallet, Parameters, Past, PastParameters, Pauses, Pending, SmallSpends,
};
use frame_support::{ensure, traits::Get};
use polkadot_sdk::*;
use sp_runtime::TryRuntimeError;
use weir_primitives::{
	economy::{self, Tokens},
	seams::EpochClock,
};

impl<T: Config> Pallet<T> {
	/// Panics where constants do not fit: such a runtime must not be built.
	pub(crate) fn check_constants() {
		let laws = economy::Parameters::default().check();
		assert!(laws.is_ok(), "the default parameters break a rule: {laws:?}");
		assert!(economy::Pace::public().is_valid(), "the public pace is invalid");
		assert!(economy::Pace::local().is_valid(), "the local pace is invalid");
		assert!(T::MaxRegions::get() > 0, "no region could be paused");
	}

	/// Checks the numbered invariants of the pallet's documentation.
	///
	/// # Errors
	///
	/// Names the first that does not hold.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let (now, pace) = (T::Clock::epoch(), Self::the_pace());
		ensure!(Pace::<T>::get() == GenesisPace::<T>::get(), "1: the pace differs from its genesis copy");
		ensure!(pace.is_valid(), "1: the pace is invalid");

		let parameters = Parameters::<T>::get();
		ensure!(parameters.check().is_ok(), "2: the parameters break a rule");

		let past = PastParameters::<T>::get();
		let later = past.iter().skip(1);
		ensure!(past.iter().zip(later).all(|(a, b)| a.until < b.until), "3: past parameters out of order");
		ensure!(past.iter().all(|past| past.until <= now), "3: past parameters are still in force");
		ensure!(past.iter().all(|past| past.parameters.check().is_ok()), "3: past parameters break a rule");
		for (place, old) in past.iter().enumerate() {
			// What came after it: the later ones, each in force since the one before it was replaced, and the present ones.
			let since = past.iter().skip(place);
			let after = since.clone().skip(1).map(|past| past.parameters).chain([parameters]);
			for (Past { until: from, .. }, new) in since.zip(after) {
				ensure!(new.lambda <= old.parameters.lambda, "3: lambda rose");
				let moved = economy::Parameters::check_change(&old.parameters, &old.parameters, &new);
				let is_near = old.limits(*from, &pace);
				ensure!(!is_near || moved.is_ok(), "3: the parameters moved too far within a window");
			}
		}

		if let Some(change) = Pending::<T>::get() {
			ensure!(change.at <= pace.takes_effect(now), "4: a change waits for too long");
			ensure!(Self::check_change(&change.new, change.at).is_ok(), "4: a change waits that may not be");
		}

		let latest = now.saturating_add(pace.pause_epochs());
		for (brake, until) in Pauses::<T>::iter() {
			ensure!(until <= latest, "5: a pause is too long");
			let exists = !matches!(brake, Brake::Region(region) if region >= T::MaxRegions::get());
			ensure!(exists, "5: a region is paused that cannot be");
		}

		let spent = SmallSpends::<T>::get();
		let later = spent.iter().skip(1);
		ensure!(spent.iter().zip(later).all(|(a, b)| a.epoch < b.epoch), "6: spends out of order");
		ensure!(spent.iter().all(|spent| spent.epoch <= now && spent.amount > 0), "6: not spent");
		for last in &spent {
			let window = spent.iter().filter(|one| one.epoch <= last.epoch && one.limits(last.epoch, &pace));
			// Saturating: more than all tokens is more than the budget.
			let sum = window.fold(0, |sum: Tokens, one| sum.saturating_add(one.amount));
			ensure!(sum <= T::SmallSpend::get(), "6: a window saw more small spends than its budget");
		}
		Ok(())
	}
}
