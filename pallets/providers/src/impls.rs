//! What the calls do.

use crate::{pallet::*, RegistrationOf, Terms, TermsUpdate, MAX_PAGE, MAX_PAGE_SCAN};
use polkadot_sdk::{
	frame_support::{ensure, traits::Get, weights::Weight},
	sp_runtime::{DispatchError, DispatchResult},
};
use weir_math::committee::{MAX_CLAIM_KBPS, MIN_CLAIM_KBPS};
use weir_primitives::{
	api::Page,
	seams::{Bonds, EpochClock, OnProviderChange},
	Admission, Claim, Endpoint, EpochIndex, ProbeKey, ProviderIndex, Region, Role, OWNER_DELAY_EPOCHS,
};

/// Multihash and protobuf header of an inlined ed25519 key: identity, 36 bytes, key type 1, 32 bytes.
const ED25519_PEER_ID: [u8; 6] = [0x00, 0x24, 0x08, 0x01, 0x12, 0x20];
/// Multihash header of a SHA-256 hash of 32 bytes.
const SHA256_PEER_ID: [u8; 2] = [0x12, 0x20];
const DIGEST_BYTES: usize = 32;

// Saturating because it stays total: no chain lives for 2³² epochs.
pub(crate) fn later(now: EpochIndex, epochs: EpochIndex) -> EpochIndex {
	now.saturating_add(epochs)
}

/// Counts one less, and nothing instead of none.
fn one_less(count: &mut Option<u32>) {
	*count = count.and_then(|count| count.checked_sub(1)).filter(|count| *count > 0);
}

/// Whether `bytes` are a PeerId in one of the two multihash forms: <https://github.com/libp2p/specs> peer-ids.
fn is_peer_id(bytes: &[u8]) -> bool {
	let digest = bytes.strip_prefix(&ED25519_PEER_ID).or_else(|| bytes.strip_prefix(&SHA256_PEER_ID));
	digest.is_some_and(|digest| digest.len() == DIGEST_BYTES)
}

/// Whether a single host can have the address: not unspecified, multicast or reserved.
fn is_unicast(endpoint: &Endpoint) -> bool {
	match endpoint {
		Endpoint::V4 { addr: [first, ..], .. } => (1..224).contains(first),
		Endpoint::V6 { addr, .. } => *addr != [0; 16] && !matches!(addr, [0xff, ..]),
		Endpoint::RelayOnly => true,
	}
}

impl<T: Config> Pallet<T> {
	/// The registration of `who` with its index.
	pub fn registration(who: &T::AccountId) -> Option<(ProviderIndex, RegistrationOf<T>)> {
		let index = IndexOf::<T>::get(who)?;
		Some((index, Providers::<T>::get(index)?))
	}

	/// Up to `count` registrations that `is_wanted`, with indexes from `start`, in their order: at most [`MAX_PAGE`],
	/// found among the next [`MAX_PAGE_SCAN`] indexes.
	pub fn page(
		start: ProviderIndex,
		count: u32,
		is_wanted: impl Fn(&RegistrationOf<T>) -> bool,
	) -> Page<(ProviderIndex, RegistrationOf<T>)> {
		let end = NextIndex::<T>::get();
		let mut rest = start..end.min(start.saturating_add(MAX_PAGE_SCAN));
		let rows = rest
			.by_ref()
			.filter_map(|index| Some((index, Providers::<T>::get(index)?)))
			.filter(|(_, registration)| is_wanted(registration))
			.take(count.min(MAX_PAGE) as usize)
			.collect();
		// An exhausted range begins where it ends.
		let next = Some(rest.start).filter(|next| *next < end);
		Page { rows, next }
	}

	pub(crate) fn do_register(
		who: T::AccountId,
		claim: Claim,
		terms: Terms,
		probe_key: Option<ProbeKey>,
	) -> DispatchResult {
		ensure!(!IndexOf::<T>::contains_key(&who), Error::<T>::AlreadyRegistered);
		Self::check_claim(&claim)?;
		Self::check_terms(&terms)?;
		let index = Self::take_index()?;
		let shared = Self::occupy(index, &terms.endpoint)?;
		RegionCount::<T>::mutate(terms.region, |count| *count = count.saturating_add(1));
		let mut registration = RegistrationOf::<T>::new(who.clone(), claim, terms.clone(), probe_key.clone());
		IndexOf::<T>::insert(&who, index);
		Providers::<T>::insert(index, &registration);
		// What is sufficient follows the claim just written; the call's storage layer undoes it on failure.
		ensure!(T::Bonds::suffices_anew(&who, Role::Provider), Error::<T>::InsufficientBond);
		let now = T::Clock::epoch();
		registration.bonded.set(now, later(now, 1), true);
		Self::deposit_event(Event::Registered { index, who, claim, terms, probe_key });
		Self::note_shared(index, &mut registration, shared);
		Self::store(index, registration, false);
		Ok(())
	}

	pub(crate) fn do_update(who: T::AccountId, changes: TermsUpdate) -> DispatchResult {
		let (index, mut registration) = Self::registered(&who)?;
		let new = changes.apply(&registration.terms);
		ensure!(new != registration.terms, Error::<T>::NothingChanges);
		Self::check_terms(&new)?;
		let moved = new.endpoint != registration.terms.endpoint;
		if moved {
			if new.endpoint == Endpoint::RelayOnly {
				Self::ensure_out_of_service(&registration)?;
			}
			let now = T::Clock::epoch();
			registration.direct.set(now, later(now, 1), new.endpoint != Endpoint::RelayOnly);
			let shared = Self::relocate(index, &registration.terms.endpoint, &new.endpoint)?;
			Self::note_shared(index, &mut registration, shared);
		}
		let old = core::mem::replace(&mut registration.terms, new.clone());
		let renamed = old.region != new.region;
		if renamed {
			Self::leave_region(&old.region);
			RegionCount::<T>::mutate(new.region, |count| *count = count.saturating_add(1));
		}
		Self::deposit_event(Event::Updated { index, old, new });
		Self::store(index, registration, moved || renamed);
		Ok(())
	}

	pub(crate) fn do_set_claim(who: T::AccountId, new: Claim) -> DispatchResult {
		let (index, mut registration) = Self::registered(&who)?;
		let old = *registration.claim.latest();
		ensure!(new != old, Error::<T>::NothingChanges);
		Self::check_claim(&new)?;
		let now = T::Clock::epoch();
		let from = later(now, 1);
		registration.claim.set(now, from, new);
		if new.down_kbps > old.down_kbps || new.up_kbps > old.up_kbps {
			// A jail ends by its term, not by a bolder claim.
			if !matches!(registration.admission.latest(), Admission::Jailed { .. }) {
				registration.admission.set(now, from, Admission::Pending { passed: 0 });
			}
			Providers::<T>::insert(index, &registration);
			ensure!(T::Bonds::suffices_anew(&who, Role::Provider), Error::<T>::InsufficientBond);
			Self::note_bonded(index, &mut registration, true);
			Self::deposit_event(Event::ClaimRaised { index, old, new, from });
		} else {
			Self::deposit_event(Event::ClaimLowered { index, old, new, from });
		}
		Self::store(index, registration, true);
		Ok(())
	}

	pub(crate) fn do_pause(who: T::AccountId) -> DispatchResult {
		let (index, mut registration) = Self::registered(&who)?;
		ensure!(!*registration.paused.latest(), Error::<T>::AlreadyPaused);
		let now = T::Clock::epoch();
		let from = later(now, OWNER_DELAY_EPOCHS);
		registration.paused.set(now, from, true);
		Self::deposit_event(Event::Paused { index, from });
		Self::store(index, registration, false);
		Ok(())
	}

	pub(crate) fn do_resume(who: T::AccountId) -> DispatchResult {
		let (index, mut registration) = Self::registered(&who)?;
		let now = T::Clock::epoch();
		let paused = *registration.paused.latest();
		let jailed = *registration.admission.latest();
		let bonded = *registration.bonded.latest();
		ensure!(paused || !bonded || matches!(jailed, Admission::Jailed { .. }), Error::<T>::NothingToResume);
		let from = later(now, 1);
		if paused {
			registration.paused.set(now, from, false);
		}
		if let Admission::Jailed { until } = jailed {
			ensure!(until <= now, Error::<T>::Jailed);
			let new = Admission::Pending { passed: 0 };
			registration.admission.set(now, from, new);
			Self::deposit_event(Event::AdmissionChanged { index, old: jailed, new, from });
		}
		if !bonded {
			ensure!(T::Bonds::is_sufficient(&who, Role::Provider), Error::<T>::InsufficientBond);
			Self::note_bonded(index, &mut registration, true);
		}
		Self::deposit_event(Event::Resumed { index, from });
		Self::store(index, registration, false);
		Ok(())
	}

	pub(crate) fn do_deregister(who: T::AccountId) -> DispatchResult {
		let (index, registration) = Self::registered(&who)?;
		Self::ensure_out_of_service(&registration)?;
		if let Admission::Jailed { until } = registration.admission.latest() {
			ensure!(*until <= T::Clock::epoch(), Error::<T>::Jailed);
		}
		ensure!(!T::OnProviderChange::is_needed(index, &who), Error::<T>::StillNeeded);
		Self::remove(index, &registration);
		T::OnProviderChange::provider_left(index, &who);
		Self::deposit_event(Event::Deregistered { index, who });
		Ok(())
	}

	pub(crate) fn do_set_probe_key(who: T::AccountId, new: ProbeKey) -> DispatchResult {
		let (index, mut registration) = Self::registered(&who)?;
		let old = registration.probe_key.latest().clone();
		ensure!(old.as_ref() != Some(&new), Error::<T>::NothingChanges);
		let now = T::Clock::epoch();
		ensure!(!registration.former_keys.is_full(now), Error::<T>::TooManyKeys);
		let from = later(now, 1);
		if let Some(key) = registration.probe_key.at(now).clone() {
			registration.former_keys.retire(key, now);
		}
		registration.probe_key.set(now, from, Some(new.clone()));
		Providers::<T>::insert(index, registration);
		Self::deposit_event(Event::ProbeKeySet { index, old, new, from });
		Ok(())
	}

	pub(crate) fn do_revoke_probe_key(who: T::AccountId) -> DispatchResult {
		let (index, mut registration) = Self::registered(&who)?;
		let old = registration.probe_key.latest().clone().ok_or(Error::<T>::NoProbeKey)?;
		let now = T::Clock::epoch();
		if let Some(key) = registration.probe_key.at(now).clone() {
			registration.former_keys.retire(key, now);
		}
		registration.probe_key.set(now, now, None);
		Providers::<T>::insert(index, registration);
		Self::deposit_event(Event::ProbeKeyRevoked { index, old });
		Ok(())
	}

	pub(crate) fn do_lower_claim(index: ProviderIndex, measured: Claim) -> DispatchResult {
		let mut registration = Providers::<T>::get(index).ok_or(Error::<T>::NotRegistered)?;
		let old = *registration.claim.latest();
		let new = old.lowered_to(&measured);
		if new == old {
			return Ok(());
		}
		let now = T::Clock::epoch();
		let from = later(now, 1);
		registration.claim.set(now, from, new);
		Self::deposit_event(Event::ClaimLoweredByVerdict { index, old, new, from });
		Self::store(index, registration, true);
		Ok(())
	}

	pub(crate) fn do_set_admission(index: ProviderIndex, new: Admission) -> DispatchResult {
		let mut registration = Providers::<T>::get(index).ok_or(Error::<T>::NotRegistered)?;
		let now = T::Clock::epoch();
		let old = *registration.admission.at(now);
		match new {
			Admission::Jailed { .. } => registration.admission.set(now, now, new),
			// The new admission that comes with a raised claim stays ahead of it.
			_ => registration.admission.set_until_pending(now, new),
		}
		if new != old {
			Self::deposit_event(Event::AdmissionChanged { index, old, new, from: now });
		}
		Self::store(index, registration, false);
		Ok(())
	}

	pub(crate) fn do_reinstate(index: ProviderIndex, claim: Option<Claim>, new: Admission) -> DispatchResult {
		let mut registration = Providers::<T>::get(index).ok_or(Error::<T>::NotRegistered)?;
		let now = T::Clock::epoch();
		let from = later(now, 1);
		let old = *registration.admission.latest();
		if new != old {
			if matches!(registration.admission.at(now), Admission::Jailed { until } if *until > now) {
				// Its term is over, and service begins with the next epoch, as after every other jail.
				registration.admission.set(now, now, Admission::Jailed { until: now });
			}
			registration.admission.set(now, from, new);
			Self::deposit_event(Event::AdmissionChanged { index, old, new, from });
		}
		let old_claim = *registration.claim.latest();
		let claim = claim.filter(|claim| *claim != old_claim);
		if let Some(claim) = claim {
			registration.claim.set(now, from, claim);
			Self::deposit_event(Event::ClaimReinstated { index, old: old_claim, new: claim, from });
		}
		// The larger claim may ask for more than is bonded by now.
		Providers::<T>::insert(index, &registration);
		let sufficient = T::Bonds::is_sufficient(&registration.account, Role::Provider);
		Self::note_bonded(index, &mut registration, sufficient);
		Self::store(index, registration, claim.is_some() || new != old);
		Ok(())
	}

	pub(crate) fn do_bond_changed(who: &T::AccountId) {
		let Some((index, mut registration)) = Self::registration(who) else { return };
		let sufficient = T::Bonds::is_sufficient(who, Role::Provider);
		if sufficient != *registration.bonded.latest() {
			Self::note_bonded(index, &mut registration, sufficient);
			Self::store(index, registration, false);
		}
	}

	/// `own` weight, and what it costs at most to tell [`OnProviderChange`] so many times. What the benchmarks measure of that
	/// on a whole runtime is counted twice: they have no follower at its dearest in each place.
	pub(crate) fn with_followers(own: Weight, changes: u64) -> Weight {
		own.saturating_add(T::OnProviderChange::weight().saturating_mul(changes))
	}

	/// Writes the registration and tells [`OnProviderChange`] what follows for the lists, once at most. `changed`: claim,
	/// endpoint or region did.
	fn store(index: ProviderIndex, mut registration: RegistrationOf<T>, changed: bool) {
		let was_listed = registration.listed;
		registration.listed = registration.is_due();
		Providers::<T>::insert(index, &registration);
		let now = T::Clock::epoch();
		match (was_listed, registration.listed) {
			(false, true) => {
				let wait = if registration.in_service_at(now) { 0 } else { 1 };
				Self::deposit_event(Event::EnteredService { index, from: later(now, wait) });
				T::OnProviderChange::provider_changed(index, &registration.facts_at(later(now, 1)));
			}
			(true, true) if changed => {
				T::OnProviderChange::provider_changed(index, &registration.facts_at(later(now, 1)));
			}
			(true, false) => {
				// In service in the next epoch means that only the pause after it ends service.
				let delay = if registration.in_service_at(later(now, 1)) { OWNER_DELAY_EPOCHS } else { 0 };
				Self::deposit_event(Event::LeftService { index, from: later(now, delay) });
				T::OnProviderChange::provider_left(index, &registration.account);
			}
			// A pause was announced, and until it takes effect the line earns where it is.
			(false, false)
				if changed
					&& (registration.in_service_at(now) || registration.in_service_at(later(now, 1))) =>
			{
				T::OnProviderChange::leaving_changed(index, &registration.facts_at(later(now, 1)));
			}
			_ => {}
		}
	}

	fn note_bonded(index: ProviderIndex, registration: &mut RegistrationOf<T>, new: bool) {
		let old = *registration.bonded.latest();
		if new != old {
			let now = T::Clock::epoch();
			let from = if new { later(now, 1) } else { now };
			registration.bonded.set(now, from, new);
			Self::deposit_event(Event::BondSufficiencyChanged { index, old, new, from });
		}
	}

	fn registered(who: &T::AccountId) -> Result<(ProviderIndex, RegistrationOf<T>), DispatchError> {
		Ok(Self::registration(who).ok_or(Error::<T>::NotRegistered)?)
	}

	/// Neither the running epoch's tests nor the verdicts on the previous one may be escaped.
	fn ensure_out_of_service(registration: &RegistrationOf<T>) -> DispatchResult {
		let now = T::Clock::epoch();
		let before = now.saturating_sub(1);
		ensure!(
			!registration.in_service_at(now) && !registration.in_service_at(before),
			Error::<T>::InService
		);
		Ok(())
	}

	pub(crate) fn check_claim(claim: &Claim) -> DispatchResult {
		ensure!(claim.effective_kbps() >= MIN_CLAIM_KBPS, Error::<T>::ClaimTooLow);
		ensure!(claim.largest_kbps() <= MAX_CLAIM_KBPS, Error::<T>::ClaimTooHigh);
		Ok(())
	}

	pub(crate) fn check_terms(terms: &Terms) -> DispatchResult {
		ensure!(terms.endpoint.port() != Some(0), Error::<T>::ZeroPort);
		ensure!(is_unicast(&terms.endpoint), Error::<T>::NotUnicast);
		ensure!(terms.endpoint.is_public() || AllowPrivateEndpoints::<T>::get(), Error::<T>::PrivateEndpoint);
		ensure!(is_peer_id(&terms.peer_id), Error::<T>::InvalidPeerId);
		ensure!(terms.region.is_valid(), Error::<T>::InvalidRegion);
		ensure!(terms.price_credits_per_gb >= T::MinPriceCreditsPerGb::get(), Error::<T>::PriceTooLow);
		ensure!(terms.price_credits_per_gb <= T::MaxPriceCreditsPerGb::get(), Error::<T>::PriceTooHigh);
		Ok(())
	}

	/// The index that was freed first, if nothing refers to it any more, else a new one.
	fn take_index() -> Result<ProviderIndex, DispatchError> {
		let (head, tail) = FreeQueue::<T>::get();
		if let Some((index, last)) = FreeIndexes::<T>::get(head) {
			if !T::OnProviderChange::is_needed(index, &last) {
				FreeIndexes::<T>::remove(head);
				FreeQueue::<T>::put((head.saturating_add(1), tail));
				return Ok(index);
			}
		}
		let index = NextIndex::<T>::get();
		NextIndex::<T>::put(index.checked_add(1).ok_or(Error::<T>::NoIndexLeft)?);
		Ok(index)
	}

	/// Removes the registration and queues its index for reuse.
	pub(crate) fn remove(index: ProviderIndex, registration: &RegistrationOf<T>) {
		Self::vacate(index, &registration.terms.endpoint);
		Self::leave_region(&registration.terms.region);
		Providers::<T>::remove(index);
		IndexOf::<T>::remove(&registration.account);
		let (head, tail) = FreeQueue::<T>::get();
		FreeIndexes::<T>::insert(tail, (index, registration.account.clone()));
		// Saturating because 2⁶⁴ registrations do not happen.
		FreeQueue::<T>::put((head, tail.saturating_add(1)));
	}

	/// Gives `endpoint` to `index`. Whether others have its prefix.
	fn occupy(index: ProviderIndex, endpoint: &Endpoint) -> Result<bool, DispatchError> {
		let Some(prefix) = endpoint.prefix() else { return Ok(false) };
		ensure!(!EndpointOwner::<T>::contains_key(endpoint), Error::<T>::EndpointTaken);
		EndpointOwner::<T>::insert(endpoint, index);
		let lines = PrefixLines::<T>::try_mutate(prefix, |lines| {
			lines.try_push(index).map_err(|_| Error::<T>::PrefixFull)?;
			Ok::<_, DispatchError>(lines.clone())
		})?;
		if let [other, _] = lines.as_slice() {
			Self::tell_neighbour(*other, true);
		}
		Ok(lines.len() > 1)
	}

	fn vacate(index: ProviderIndex, endpoint: &Endpoint) {
		let Some(prefix) = endpoint.prefix() else { return };
		EndpointOwner::<T>::remove(endpoint);
		let rest = PrefixLines::<T>::mutate_exists(prefix, |lines| {
			let mut rest = lines.take().unwrap_or_default();
			rest.retain(|line| *line != index);
			*lines = Some(rest.clone()).filter(|rest| !rest.is_empty());
			rest
		});
		if let [last] = rest.as_slice() {
			Self::tell_neighbour(*last, false);
		}
	}

	/// Exchanges one endpoint of `index` for another. Whether others have the new prefix.
	fn relocate(index: ProviderIndex, old: &Endpoint, new: &Endpoint) -> Result<bool, DispatchError> {
		let prefix = new.prefix().filter(|prefix| old.prefix().as_ref() == Some(prefix));
		let Some(prefix) = prefix else {
			Self::vacate(index, old);
			return Self::occupy(index, new);
		};
		// Nothing changes for the neighbours.
		ensure!(!EndpointOwner::<T>::contains_key(new), Error::<T>::EndpointTaken);
		EndpointOwner::<T>::remove(old);
		EndpointOwner::<T>::insert(new, index);
		Ok(PrefixLines::<T>::decode_len(prefix).is_some_and(|lines| lines > 1))
	}

	/// The registration that was alone on a prefix no longer is, or is again.
	fn tell_neighbour(index: ProviderIndex, shared: bool) {
		let Some(mut registration) = Providers::<T>::get(index) else { return };
		Self::note_shared(index, &mut registration, shared);
		Self::store(index, registration, true);
	}

	fn note_shared(index: ProviderIndex, registration: &mut RegistrationOf<T>, shared: bool) {
		if shared != *registration.shared.latest() {
			let now = T::Clock::epoch();
			let from = later(now, 1);
			registration.shared.set(now, from, shared);
			Self::deposit_event(Event::SharingChanged { index, shared, from });
		}
	}

	fn leave_region(region: &Region) {
		RegionCount::<T>::mutate_exists(region, one_less);
	}
}
