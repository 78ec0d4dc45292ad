//! What follows from an offence.

use crate::{
	types::{Departure, Exclusion},
	Config, Event, Excluded, Identification, Offences, Pallet, WeightInfo,
};
use frame_support::{traits::Get, weights::Weight};
use polkadot_sdk::*;
use sp_runtime::{traits::Saturating, Perbill};
use sp_staking::{
	offence::{OffenceDetails, OffenceSeverity, OnOffenceHandler},
	SessionIndex,
};
use weir_primitives::{seams::SlashQueue, Role, SlashReason};

type OffenderOf<T> = (<T as frame_system::Config>::AccountId, Identification);

impl<T: Config> OnOffenceHandler<T::AccountId, OffenderOf<T>, Weight> for Pallet<T> {
	/// Called with all offenders of one incident whenever one more is reported, so most are known already.
	fn on_offence(
		offenders: &[OffenceDetails<T::AccountId, OffenderOf<T>>],
		fractions: &[Perbill],
		session: SessionIndex,
	) -> Weight {
		let now = pallet_session::CurrentIndex::<T>::get();
		if session < Self::oldest_remembered(now) {
			return T::DbWeight::get().reads(1);
		}
		for (details, fraction) in offenders.iter().zip(fractions) {
			let who = &details.offender.0;
			let old_fraction = Offences::<T>::get(session, who);
			if old_fraction.is_some_and(|old| old >= *fraction) {
				continue;
			}
			let reporter = details.reporters.first();
			Self::slash(who, old_fraction.unwrap_or_default(), *fraction, session, reporter);
			Self::exclude(who, *fraction, now);
			pallet_session::Pallet::<T>::report_offence(who.clone(), OffenceSeverity(*fraction));
		}
		<T as Config>::WeightInfo::on_offence(u32::try_from(offenders.len()).unwrap_or(u32::MAX))
	}
}

impl<T: Config> Pallet<T> {
	/// Queues what `fraction` exceeds the offender's largest fraction of the session by.
	fn slash(
		who: &T::AccountId,
		old_fraction: Perbill,
		fraction: Perbill,
		session: SessionIndex,
		reporter: Option<&T::AccountId>,
	) {
		let difference = fraction.saturating_sub(old_fraction);
		let reason = SlashReason::Equivocation { session };
		let queued = T::Slashes::queue_reported_slash(who, Role::Validator, difference, reason, reporter);
		let who = who.clone();
		Self::deposit_event(match queued {
			Ok(_) => {
				Offences::<T>::insert(session, &who, fraction);
				Event::OffenceRecorded { who, session, old_fraction, fraction }
			}
			Err(error) => Event::OffenceNotSlashed { who, session, error },
		});
	}

	/// Ends the offender's candidacy and keeps it out. In a full list the exclusion that ends first gives way.
	fn exclude(who: &T::AccountId, severity: Perbill, now: SessionIndex) {
		Self::remove(who, Departure::Offended);
		let until = now.saturating_add(T::ExclusionSessions::get());
		Excluded::<T>::mutate(|excluded| {
			if let Some(known) = excluded.iter_mut().find(|exclusion| exclusion.who == *who) {
				known.until = known.until.max(until);
				known.severity = known.severity.max(severity);
				return;
			}
			if excluded.is_full() {
				let first = excluded.iter().enumerate().min_by_key(|(_, exclusion)| exclusion.until);
				if let Some((index, _)) = first {
					excluded.remove(index);
				}
			}
			let _ = excluded.try_push(Exclusion { who: who.clone(), until, severity });
		});
	}
}
