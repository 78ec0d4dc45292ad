//! Seats: who may and must measure.

use crate::{
	dense_index::{Change, DenseIndexError, Moment},
	epochs::{CountryIndices, SeatIndices},
	*,
};
use polkadot_sdk::*;

use alloc::vec::Vec;

use frame_support::{dispatch::DispatchResult, ensure, traits::Get, weights::Weight};
use sp_runtime::DispatchError;
use weir_math::{committee::TIERS_KBPS, region, score};
use weir_primitives::{
	seams::{Bonds, EpochClock, OnBondChange, Operators, ProviderRegistry},
	Endpoint, EpochIndex, Kbps, Prefix, ProbeKey, Role,
};

/// One seat in this many may share a wide prefix (2 %).
const WIDE_PREFIX_SHARE: u32 = 50;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_take_seat(
		who: T::AccountId,
		key: ProbeKey,
		endpoint: Endpoint,
		uplink_kbps: Kbps,
		country: [u8; 2],
	) -> DispatchResult {
		ensure!(!Seats::<T>::contains_key(&who), Error::<T>::SeatHeld);
		let claimed = Self::entitlement(&who)?;
		ensure!(claimed.is_none_or(|kbps| uplink_kbps <= kbps), Error::<T>::UplinkAboveClaim);
		let prefix = Self::check_seat(&key, &endpoint, uplink_kbps, country)?;
		let wide = WidePrefix::of(&prefix);
		let beside = SeatsInWidePrefix::<T>::get(wide);
		let total = SeatCount::<T>::get().checked_add(1).ok_or(Error::<T>::Overflow)?;
		let share = total.checked_div(WIDE_PREFIX_SHARE).unwrap_or(0).max(1);
		// On one machine all addresses are neighbours.
		ensure!(beside < share || !endpoint.is_public(), Error::<T>::WidePrefixFull);
		Self::ensure_operator_share(&T::Operators::operator_of(&who), total)?;
		let seat = Seat::new(key.clone(), endpoint, uplink_kbps, country);
		let from_epoch = Self::admit_seat(&who, seat, prefix, Self::moment())?;
		Self::deposit_event(Event::SeatTaken { who, key, endpoint, uplink_kbps, country, from_epoch });
		Ok(())
	}

	pub(crate) fn do_leave_seat(who: T::AccountId) -> DispatchResult {
		let seat = Seats::<T>::get(&who).ok_or(Error::<T>::NoSeat)?;
		ensure!(!seat.leaving, Error::<T>::SeatLeaving);
		Self::retire(&who, seat, 0);
		Self::deposit_event(Event::SeatLeft { who, reason: LeaveReason::GivenBack });
		Ok(())
	}

	pub(crate) fn do_set_seat_key(who: T::AccountId, new: ProbeKey) -> DispatchResult {
		let mut seat = Seats::<T>::get(&who).ok_or(Error::<T>::NoSeat)?;
		ensure!(!SeatOfKey::<T>::contains_key(&new), Error::<T>::KeyTaken);
		let now = Self::epoch();
		ensure!(!seat.former_keys.is_full(now), Error::<T>::TooManyKeys);
		let old = core::mem::replace(&mut seat.key, new.clone());
		seat.former_keys.retire(old.clone(), now);
		SeatOfKey::<T>::remove(&old);
		SeatOfKey::<T>::insert(&new, &who);
		Seats::<T>::insert(&who, seat);
		Self::deposit_event(Event::SeatKeySet { who, old, new });
		Ok(())
	}

	/// The bond a seat of `who` stands on.
	pub(crate) fn seat_role(who: &T::AccountId) -> Role {
		let as_validator = T::Bonds::is_sufficient(who, Role::Validator)
			&& T::Bonds::active_bond(who, Role::Validator) >= T::MinimumSeatBond::get();
		if as_validator {
			Role::Validator
		} else {
			Role::Provider
		}
	}

	/// The bond a false report is fined from: what the seat stands on or, once its owner has unbonded that, what has more.
	pub(crate) fn fined_role(who: &T::AccountId) -> Role {
		let role = Self::seat_role(who);
		let bonded = |role| T::Bonds::slashable_bond(who, role);
		match role {
			Role::Provider if bonded(Role::Validator) > bonded(role) => Role::Validator,
			_ => role,
		}
	}

	/// Whether `who` may hold a seat, and the uplink that limits it: none for a validator.
	fn entitlement(who: &T::AccountId) -> Result<Option<Kbps>, DispatchError> {
		if Self::seat_role(who) == Role::Validator {
			return Ok(None);
		}
		let facts = T::Registry::index_of(who).and_then(T::Registry::facts).filter(|facts| facts.in_service);
		let active = T::Bonds::is_sufficient(who, Role::Validator) || facts.is_some();
		ensure!(active, Error::<T>::NotActive);
		let facts = facts.ok_or(Error::<T>::BondBelowSeatMinimum)?;
		ensure!(
			T::Bonds::active_bond(who, Role::Provider) >= T::MinimumSeatBond::get(),
			Error::<T>::BondBelowSeatMinimum
		);
		Ok(Some(facts.claim.up_kbps))
	}

	fn check_seat(
		key: &ProbeKey,
		endpoint: &Endpoint,
		uplink_kbps: Kbps,
		country: [u8; 2],
	) -> Result<Prefix, DispatchError> {
		let prefix = endpoint.prefix().ok_or(Error::<T>::SeatNeedsAddress)?;
		ensure!(endpoint.port().is_some_and(|port| port != 0), Error::<T>::PortMissing);
		ensure!(endpoint.is_public() || PrivateEndpointsAllowed::<T>::get(), Error::<T>::PrivateEndpoint);
		ensure!(!SeatOfPrefix::<T>::contains_key(prefix), Error::<T>::PrefixTaken);
		ensure!(!SeatOfKey::<T>::contains_key(key), Error::<T>::KeyTaken);
		ensure!(TIERS_KBPS.first().is_some_and(|least| uplink_kbps >= *least), Error::<T>::UplinkBelowTiers);
		ensure!(region::index_of(country).is_some(), Error::<T>::InvalidCountry);
		Ok(prefix)
	}

	/// Tiers an uplink covers.
	pub(crate) fn tiers_of(uplink_kbps: Kbps) -> impl Iterator<Item = u8> {
		(0u8..).zip(TIERS_KBPS).filter(move |(_, kbps)| uplink_kbps >= *kbps).map(|(tier, _)| tier)
	}

	fn admit_seat(
		who: &T::AccountId,
		mut seat: Seat,
		prefix: Prefix,
		moment: Moment,
	) -> Result<EpochIndex, DispatchError> {
		let mut from_epoch = moment.now.checked_add(moment.maturity).ok_or(Error::<T>::Overflow)?;
		for tier in Self::tiers_of(seat.uplink_kbps) {
			match SeatIndices::<T>::join(tier, who, moment) {
				Ok(Change::Effective(from)) => from_epoch = from_epoch.max(from),
				Ok(Change::Queued) => {}
				Err(_) => return Err(Error::<T>::Overflow.into()),
			}
		}
		if let Some(country) = region::index_of(seat.country) {
			let change = CountryIndices::<T>::join(country, who, moment);
			Self::note_waiting(country, change.map_err(|_| Error::<T>::Overflow)?);
		}
		SeatCount::<T>::mutate(|count| *count = count.saturating_add(1));
		SeatsInWidePrefix::<T>::mutate(WidePrefix::of(&prefix), |count| *count = count.saturating_add(1));
		Self::count_for_operator(who);
		SeatOfPrefix::<T>::insert(prefix, who);
		SeatOfKey::<T>::insert(&seat.key, who);
		seat.from_epoch = from_epoch;
		Seats::<T>::insert(who, seat);
		Ok(from_epoch)
	}

	/// Remembers that the list of a country has a change that waits.
	fn note_waiting(country: u8, change: Change) {
		if change == Change::Queued {
			WaitingCountries::<T>::mutate(|waiting| waiting.insert(country));
		}
	}

	/// Retries `steps` waiting changes in the list of one country that has any, another one with each slot, so that a
	/// change that has to wait long holds up nobody elsewhere.
	pub(crate) fn work_country(steps: u32, moment: Moment) -> Result<u32, DenseIndexError> {
		let [turn, ..] = T::CurrentSlot::get().to_le_bytes();
		let Some(country) = WaitingCountries::<T>::get().next_from(turn) else { return Ok(0) };
		let outcome = CountryIndices::<T>::work(country, steps, moment);
		if CountryIndices::<T>::queue_len(country) == 0 {
			WaitingCountries::<T>::mutate(|waiting| waiting.remove(country));
		}
		outcome
	}

	pub(crate) fn seat_at_genesis(
		who: &T::AccountId,
		key: &ProbeKey,
		endpoint: &Endpoint,
		uplink_kbps: Kbps,
		country: [u8; 2],
	) -> DispatchResult {
		ensure!(!Seats::<T>::contains_key(who), Error::<T>::SeatHeld);
		let prefix = Self::check_seat(key, endpoint, uplink_kbps, country)?;
		let seat = Seat::new(key.clone(), *endpoint, uplink_kbps, country);
		Self::admit_seat(who, seat, prefix, Moment { now: 0, maturity: 0 }).map(|_| ())
	}

	/// Takes a seat off every list and lets it be forgotten `wait` epochs after its last duty.
	pub(crate) fn retire(who: &T::AccountId, mut seat: Seat, wait: EpochIndex) {
		let moment = Self::moment();
		for tier in Self::tiers_of(seat.uplink_kbps) {
			if SeatIndices::<T>::leave(tier, who, moment).is_err() {
				Self::deposit_event(Event::Unexpected { expectation: Expectation::ListChanged });
			}
		}
		if let Some(country) = region::index_of(seat.country) {
			match CountryIndices::<T>::leave(country, who, moment) {
				Ok(change) => Self::note_waiting(country, change),
				Err(_) => Self::deposit_event(Event::Unexpected { expectation: Expectation::ListChanged }),
			}
		}
		seat.leaving = true;
		Seats::<T>::insert(who, seat);
		// Its last epoch is measured before the leave takes effect, and reported on in the epoch after that.
		let gone = moment.now.saturating_add(moment.maturity).saturating_add(2).saturating_add(wait);
		Leavers::<T>::insert(gone, Leaver::Seat(who.clone()), ());
	}

	/// Forgets a seat that no epoch from the last measured one on can name. False if one still can.
	pub(crate) fn release_seat(who: &T::AccountId) -> bool {
		let Some(seat) = Seats::<T>::get(who) else { return true };
		let since = Self::epoch().saturating_sub(1);
		let country = region::index_of(seat.country);
		if !seat.leaving
			|| (0..TIERS).any(|tier| SeatIndices::<T>::is_seen_since(tier, who, since))
			|| country.is_some_and(|country| CountryIndices::<T>::is_seen_since(country, who, since))
		{
			return false;
		}
		if let Some(country) = country {
			CountryIndices::<T>::forget(country, who, since);
		}
		// All: it may have lost one.
		for tier in 0..TIERS {
			SeatIndices::<T>::forget(tier, who, since);
		}
		if let Some(prefix) = seat.endpoint.prefix() {
			SeatOfPrefix::<T>::remove(prefix);
			let wide = WidePrefix::of(&prefix);
			let beside = SeatsInWidePrefix::<T>::get(wide).saturating_sub(1);
			if beside == 0 {
				SeatsInWidePrefix::<T>::remove(wide);
			} else {
				SeatsInWidePrefix::<T>::insert(wide, beside);
			}
		}
		Self::uncount_for_operator(who);
		SeatOfKey::<T>::remove(&seat.key);
		Seats::<T>::remove(who);
		SeatCount::<T>::mutate(|count| *count = count.saturating_sub(1));
		Self::deposit_event(Event::SeatReleased { who: who.clone() });
		true
	}

	/// Retires the seat of an account that no longer may hold one.
	pub(crate) fn reconsider_seat(who: &T::AccountId) {
		let Some(seat) = Seats::<T>::get(who).filter(|seat| !seat.leaving) else { return };
		if Self::entitlement(who).is_err() {
			Self::retire(who, seat, 0);
			let reason = LeaveReason::EntitlementLost;
			Self::deposit_event(Event::SeatLeft { who: who.clone(), reason });
		}
	}

	/// Works entries `accepted` of `assigned` into the score of a seat, and dismisses it below the minimum.
	pub(crate) fn score_seat(who: &T::AccountId, assigned: u32, accepted: u32) -> Scored {
		Self::change_score(who, |score_ppm| score::update_ppm(score_ppm, assigned, accepted))
	}

	/// The same for an audit without an answer.
	pub(crate) fn score_unproven(who: &T::AccountId) -> Scored {
		Self::change_score(who, score::unproven_ppm)
	}

	fn change_score(who: &T::AccountId, change: impl FnOnce(u32) -> u32) -> Scored {
		let Some(mut seat) = Seats::<T>::get(who) else { return Scored::default() };
		let score_ppm = change(seat.score_ppm);
		seat.score_ppm = score_ppm;
		let dismissed = score_ppm < MIN_SCORE_PPM && !seat.leaving;
		if dismissed {
			Self::retire(who, seat, DISMISSAL_EPOCHS);
			let reason = Dismissal::LowScore;
			Self::deposit_event(Event::SeatDismissed { who: who.clone(), score_ppm, reason });
		} else {
			Seats::<T>::insert(who, seat);
		}
		Scored { score_ppm, dismissed }
	}

	/// Keys whose signatures under receipts of `epoch` count.
	pub(crate) fn seat_keys(who: &T::AccountId, epoch: EpochIndex) -> Vec<ProbeKey> {
		let Some(seat) = Seats::<T>::get(who) else { return Vec::new() };
		core::iter::once(seat.key).chain(seat.former_keys.since(epoch).cloned()).collect()
	}
}

impl<T: Config> OnBondChange<T::AccountId> for Pallet<T> {
	fn bond_changed(who: &T::AccountId, _: Role) {
		Self::reconsider_seat(who);
	}

	fn weight() -> Weight {
		T::WeightInfo::bond_changed()
	}
}
