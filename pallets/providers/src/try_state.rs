//! The invariants of the pallet's documentation, by their numbers.

use crate::{impls::later, pallet::*, RegistrationOf, Versioned};
use alloc::{
	collections::{BTreeMap, BTreeSet},
	vec::Vec,
};
use polkadot_sdk::{frame_support::ensure, sp_runtime::TryRuntimeError};
use weir_primitives::{
	seams::EpochClock, Admission, EpochIndex, Prefix, ProviderIndex, Region, OWNER_DELAY_EPOCHS,
};

impl<T: Config> Pallet<T> {
	/// Checks every invariant of the pallet.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let registrations: Vec<_> = Providers::<T>::iter().collect();
		Self::check_indexes(&registrations)?;
		Self::check_places(&registrations)?;
		registrations.iter().try_for_each(|(_, registration)| Self::check_registration(registration))
	}

	fn check_indexes(registrations: &[(ProviderIndex, RegistrationOf<T>)]) -> Result<(), TryRuntimeError> {
		for (index, registration) in registrations {
			ensure!(
				IndexOf::<T>::get(&registration.account) == Some(*index),
				"invariant 1: account of another index"
			);
		}
		ensure!(
			IndexOf::<T>::iter().count() == registrations.len(),
			"invariant 1: account without registration"
		);
		ensure!(
			Providers::<T>::count() as usize == registrations.len(),
			"invariant 1: miscounted registrations"
		);

		let (head, tail) = FreeQueue::<T>::get();
		let queued = FreeIndexes::<T>::iter().collect::<BTreeMap<_, _>>();
		ensure!(queued.keys().copied().eq(head..tail), "invariant 2: hole in the queue of free indexes");
		let known = registrations
			.iter()
			.map(|(index, _)| *index)
			.chain(queued.values().map(|(index, _)| *index))
			.collect::<BTreeSet<_>>();
		ensure!(
			known.len() == registrations.len().saturating_add(queued.len()),
			"invariant 2: index queued twice, or while registered"
		);
		ensure!(known.into_iter().eq(0..NextIndex::<T>::get()), "invariant 2: index lost or never opened");
		Ok(())
	}

	fn check_places(registrations: &[(ProviderIndex, RegistrationOf<T>)]) -> Result<(), TryRuntimeError> {
		let mut direct = 0usize;
		let mut prefixes = BTreeMap::<Prefix, BTreeSet<ProviderIndex>>::new();
		for (index, registration) in registrations {
			let Some(prefix) = registration.terms.endpoint.prefix() else { continue };
			ensure!(
				EndpointOwner::<T>::get(registration.terms.endpoint) == Some(*index),
				"invariant 3: endpoint of another index"
			);
			direct = direct.saturating_add(1);
			prefixes.entry(prefix).or_default().insert(*index);
		}
		ensure!(EndpointOwner::<T>::iter().count() == direct, "invariant 3: endpoint without registration");
		let kept = PrefixLines::<T>::iter().map(|(prefix, lines)| (prefix, lines.into_iter().collect()));
		ensure!(
			kept.collect::<BTreeMap<_, _>>() == prefixes,
			"invariant 4: registrations of a prefix lost or foreign to it"
		);
		let is_shared = |registration: &RegistrationOf<T>| {
			let prefix = registration.terms.endpoint.prefix();
			prefix.and_then(|prefix| prefixes.get(&prefix)).is_some_and(|lines| lines.len() > 1)
		};
		ensure!(
			registrations
				.iter()
				.all(|(_, registration)| *registration.shared.latest() == is_shared(registration)),
			"invariant 4: alone on its prefix and not aware of it, or the other way round"
		);
		let mut regions = BTreeMap::<Region, u32>::new();
		for (_, registration) in registrations {
			let count = regions.entry(registration.terms.region).or_default();
			*count = count.saturating_add(1);
		}
		ensure!(
			RegionCount::<T>::iter().collect::<BTreeMap<_, _>>() == regions,
			"invariant 4: miscounted region"
		);
		Ok(())
	}

	fn check_registration(registration: &RegistrationOf<T>) -> Result<(), TryRuntimeError> {
		let now = T::Clock::epoch();
		let claims = [
			registration.claim.at(now.saturating_sub(1)),
			registration.claim.at(now),
			registration.claim.latest(),
		];
		claims.into_iter().try_for_each(Self::check_claim).map_err(|_| "invariant 5: claim out of range")?;
		Self::check_terms(&registration.terms).map_err(|_| "invariant 5: terms break a rule")?;
		ensure!(
			*registration.direct.latest() == registration.terms.endpoint.port().is_some(),
			"invariant 5: direct without an endpoint, or an endpoint that is not used"
		);

		ensure!(
			is_ordered(&registration.claim, now)
				&& is_ordered(&registration.probe_key, now)
				&& is_ordered(&registration.admission, now)
				&& is_ordered(&registration.paused, now)
				&& is_ordered(&registration.direct, now)
				&& is_ordered(&registration.bonded, now)
				&& is_ordered(&registration.shared, now),
			"invariant 6: steps out of order or too far ahead"
		);
		ensure!(
			registration.listed == registration.is_due(),
			"invariant 7: listed while not due, or due and not listed"
		);
		ensure!(
			!matches!(registration.admission.at(now), Admission::Jailed { until } if *until > now)
				|| registration.admission.pending(now).is_none(),
			"invariant 8: a pending change would end the jail"
		);
		Ok(())
	}
}

fn is_ordered<V: Clone>(value: &Versioned<V>, now: EpochIndex) -> bool {
	let horizon = later(now, OWNER_DELAY_EPOCHS);
	let steps = value.steps();
	steps.windows(2).all(|pair| matches!(pair, [earlier, later] if earlier.from < later.from))
		&& steps.iter().all(|step| step.from <= horizon)
}
