//! Availability pay of an epoch, region by region.
//!
//! The passes are driven from outside, over as many blocks as they take. Nothing that happens meanwhile changes what they
//! find: what lines weighed in an epoch that is over stands.

use crate::*;
use polkadot_sdk::*;

use frame_support::{traits::Get, weights::Weight};
use weir_math::economy::{
	accrual::{Accrued, Pay, Totals},
	incentive::{capacity_bytes, region_want},
	wide::mul_div_floor,
};
use weir_primitives::{
	economy::{CloseTerms, Credits, Ppm, RegionId, RegionObserved, RegionRate, Tokens},
	seams::economy::{RegionalPay, RegionalTerms},
	EpochIndex,
};

/// Epochs of a region that closes have missed, of which one close makes up for at most so many.
pub(crate) const MISSED_PER_CLOSE: EpochIndex = 8;

impl<T: Config> Pallet<T> {
	/// The sums that a close of `epoch` pays a region for: none if closes have missed more of it than this one makes up for.
	pub(crate) fn payable(region: RegionId, epoch: EpochIndex) -> Totals {
		let supply = Supplies::<T>::get(region);
		let supply = supply.filter(|supply| epoch.saturating_sub(supply.open) <= MISSED_PER_CLOSE);
		supply.map(|supply| Self::totals_in(region, &supply, epoch)).unwrap_or_default()
	}

	/// Closes epochs before `epoch` that were missed, oldest first, with nothing paid. Lines that weighed something in them
	/// can be settled then.
	fn take_up(region: RegionId, supply: &mut Supply, epoch: EpochIndex) {
		let from = supply.open;
		let until = epoch.min(from.saturating_add(MISSED_PER_CLOSE));
		for missed in from..until {
			Self::close_region(region, supply, missed, &Pay::default());
		}
		Self::deposit_event(Event::RegionTakenUp { region, from, until });
	}

	/// Adds what was offered to the sums of a region, and closes the epoch for it. Returns what of it is paid.
	fn close_region(region: RegionId, supply: &mut Supply, epoch: EpochIndex, offered: &Pay) -> Pay {
		Self::roll(region, supply, epoch);
		let totals = Self::totals_in(region, supply, epoch);
		let before = match epoch.checked_sub(1).filter(|before| *before >= supply.since) {
			Some(before) => Sums::<T>::get(region, before).unwrap_or_else(|| {
				Self::deposit_event(Event::Unexpected { expectation: Expectation::SumsKept });
				Accrued::default()
			}),
			None => Accrued::default(),
		};
		let (after, paid) = before.paid(offered, &totals);
		Sums::<T>::insert(region, epoch, after);
		Checkpoints::<T>::remove(region, epoch);
		supply.closed = totals;
		supply.open = epoch.saturating_add(1);
		paid
	}
}

fn seen_as(totals: &Totals) -> RegionObserved {
	RegionObserved { weight: totals.weight, proven: totals.proven }
}

impl<T: Config> RegionalPay for Pallet<T> {
	fn begin(epoch: EpochIndex) -> u128 {
		(0..Self::bound()).fold(0u128, |sum, region| sum.saturating_add(Self::payable(region, epoch).weight))
	}

	fn bound() -> RegionId {
		T::Terms::bound()
	}

	/// A region that is not paid takes no part of what others are paid: its gap does not count either.
	fn survey(region: RegionId, terms: &CloseTerms) -> Ppm {
		T::Terms::survey(region, &seen_as(&Self::payable(region, terms.epoch)), terms)
	}

	/// The multiplier counts for all of the weight, the coverage floor for the part of it that has not moved lately.
	fn appraise(region: RegionId, terms: &CloseTerms, gaps: u64) -> Credits {
		let totals = Self::payable(region, terms.epoch);
		let RegionRate { multiplier, floor } = T::Terms::rate(region, &seen_as(&totals), terms, gaps);
		let bytes_per_kbps = T::Pace::get().bytes_per_kbps;
		let wanted =
			|weight, rate| region_want(capacity_bytes(weight, bytes_per_kbps), terms.availability, rate);
		let want = Want {
			epoch: terms.epoch,
			availability: wanted(totals.weight, multiplier),
			floor: wanted(totals.floor, floor),
		};
		let sum = want.availability.saturating_add(want.floor);
		if sum == 0 {
			Wants::<T>::remove(region);
		} else {
			Wants::<T>::insert(region, want);
		}
		sum
	}

	fn pay(region: RegionId, epoch: EpochIndex, total: Tokens, wanted: Credits) -> Tokens {
		let want = Wants::<T>::take(region).filter(|want| want.epoch == epoch).unwrap_or_default();
		let supply = Supplies::<T>::get(region).filter(|supply| supply.since <= epoch);
		let Some(mut supply) = supply else {
			T::Terms::draw_bounty(region, epoch, 0);
			return 0;
		};
		if supply.open != epoch {
			Self::deposit_event(Event::Unexpected { expectation: Expectation::ClosedInOrder });
		}
		if supply.open < epoch {
			Self::take_up(region, &mut supply, epoch);
			Supplies::<T>::insert(region, supply);
		}
		if supply.open != epoch {
			return 0;
		}
		let totals = Self::totals_in(region, &supply, epoch);
		let bounty = T::Terms::draw_bounty(region, epoch, totals.proven);
		// Of what all want, this region gets no more than its part.
		let part = |of: Credits| mul_div_floor(total, of.min(wanted), wanted).unwrap_or_default();
		let availability = part(want.availability);
		let floor = part(want.floor).min(total.saturating_sub(availability));
		let paid = Self::close_region(region, &mut supply, epoch, &Pay { availability, floor, bounty });
		Supplies::<T>::insert(region, supply);
		PaidOut::<T>::mutate(|sum| *sum = sum.with(paid));
		if paid.total() > 0 {
			Self::deposit_event(Event::RegionPaid { region, epoch, pay: paid, totals });
		}
		paid.availability.saturating_add(paid.floor)
	}

	fn finish(epoch: EpochIndex) {
		let pay = PaidOut::<T>::take();
		LastClosed::<T>::put(epoch);
		Self::deposit_event(Event::EpochPaid { epoch, pay });
	}

	fn step_weight() -> Weight {
		T::WeightInfo::survey()
			.max(T::WeightInfo::appraise())
			.max(T::WeightInfo::pay())
			.saturating_add(T::Terms::weight())
	}

	fn frame_weight() -> Weight {
		T::WeightInfo::begin(Self::bound().into()).max(T::WeightInfo::finish())
	}
}
