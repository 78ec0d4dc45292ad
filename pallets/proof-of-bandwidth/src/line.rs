//! What the weight of a line goes by, out of what is stored of it anyway.

use crate::*;

use frame_support::{traits::Get, weights::Weight};
use weir_primitives::{
	api::{Outcome, VerdictSummary},
	outage::Gap,
	seams::{
		economy::{LineFacts, LineHistory},
		ProviderFacts, ProviderRegistry,
	},
	EpochIndex, ProviderIndex, Region,
};

/// Storage items that are read of one line: verdicts, registration, gaps, outage, location, timing, slot, the
/// epoch's record, its region, whether private endpoints are allowed, the account's conduct, and the epoch.
const READS: u64 = 12;

impl<T: Config> LineHistory for Pallet<T> {
	fn line(provider: ProviderIndex) -> Option<LineFacts> {
		let verdicts = Verdicts::<T>::get(provider)?;
		let ProviderFacts { account, region, .. } = T::Registry::facts(provider)?;
		let (last, mut tests) = (VerdictSummary::from(verdicts.last()), verdicts.past());
		let last_epoch = last.epoch;
		tests.push(last);
		tests.retain(|test| measures(test.outcome));
		let last_test = tests.last().map(|test| test.epoch);
		let (down_since, gaps) = Self::outages(provider);
		let location = Self::found_of(provider, region.country);
		let is_judged = !PrivateEndpointsAllowed::<T>::get();
		Some(LineFacts {
			measured: tests.iter().map(|test| (test.epoch, test.down_kbps.min(test.up_kbps))).collect(),
			last_test,
			is_excused: Self::is_excused(last_epoch, &region, &gaps, down_since),
			gaps,
			down_since,
			slot: T::CurrentSlot::get(),
			epoch_slots: Self::timing().epoch_slots,
			proof: if is_judged { location.last_proof } else { last_test },
			is_refuted: is_judged && location.refuted.is_some(),
			banned_until: Self::banned_until(&account, region.country).filter(|_| is_judged),
		})
	}

	fn weight() -> Weight {
		T::DbWeight::get().reads(READS)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn line_for_benchmark(provider: ProviderIndex, epoch: EpochIndex) {
		crate::benchmarking::fill_history::<T>(provider, epoch);
	}
}

impl<T: Config> Pallet<T> {
	/// Whether `epoch` fell into an outage of the provider that was one of its region.
	fn is_excused(epoch: EpochIndex, region: &Region, gaps: &[Gap], down_since: Option<u64>) -> bool {
		let Some(EpochRecord { first_slot, .. }) = Epochs::<T>::get(epoch) else { return false };
		let end = first_slot.saturating_add(Self::timing().epoch_slots.into());
		let is_down = down_since.is_some_and(|from| from < end);
		gaps.iter().any(|gap| gap.is_regional && gap.from_slot < end && gap.until_slot >= first_slot)
			|| (is_down && RegionOutages::<T>::get(region).is_regional)
	}
}

/// Whether a test said what the line carries. An outage says only that it was not there.
pub(crate) fn measures(outcome: Outcome) -> bool {
	match outcome {
		Outcome::Good | Outcome::PaidAsMeasured | Outcome::ClaimLowered | Outcome::Strike => true,
		Outcome::Unreachable | Outcome::Void => false,
	}
}
