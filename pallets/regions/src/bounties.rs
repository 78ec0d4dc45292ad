//! Tokens that somebody set aside for a region.

use crate::{pallet::*, types::Unexpected, Bounty, BountyOf};
use frame_support::{
	ensure,
	traits::{
		fungible::hold::Mutate as _,
		tokens::{Fortitude, Precision, Restriction},
	},
};
use polkadot_sdk::*;
use sp_runtime::{traits::Get, DispatchResult};
use weir_math::economy::wide::mul_div_floor;
use weir_primitives::{
	economy::{RegionId, Tokens},
	seams::EpochClock,
	EpochIndex, Region,
};

/// What a rate is for: kbps of proven weight.
const RATE_UNIT_KBPS: u128 = 1_000;

impl<T: Config> Pallet<T> {
	/// Whether a bounty has no epoch left to pay, in a region that was open last in `last_open` if it is closed. Epochs are
	/// paid some time after they end, and might not be closed for long: nobody's tokens wait longer than weights last.
	fn is_over(bounty: &BountyOf<T>, last_open: Option<EpochIndex>, paid_for: Option<EpochIndex>) -> bool {
		let until = last_open.map_or(bounty.until, |last| last.min(bounty.until));
		let waited = until.saturating_add(T::Pace::get().weight_epochs);
		until < bounty.from || paid_for.is_some_and(|paid| paid >= until) || T::Clock::epoch() > waited
	}

	pub(crate) fn do_post_bounty(
		sponsor: T::AccountId,
		region: &Region,
		amount: Tokens,
		rate: Tokens,
		until: EpochIndex,
	) -> DispatchResult {
		let id = Self::open_id(region).ok_or(Error::<T>::NotOpen)?;
		let from = T::Clock::epoch();
		ensure!(amount >= T::MinBounty::get(), Error::<T>::BountyTooSmall);
		ensure!(rate > 0, Error::<T>::ZeroRate);
		let more = until.checked_sub(from).ok_or(Error::<T>::AlreadyOver)?;
		ensure!(more < T::MaxBountyEpochs::get(), Error::<T>::BountyTooLong);
		let number = NextBounty::<T>::get();
		let next = number.checked_add(1).ok_or(Error::<T>::NoNumberLeft)?;

		let mut bounties = Bounties::<T>::get(id);
		if bounties.is_full() {
			let paid_for = BountiesPaidFor::<T>::get(id);
			let yielding = bounties
				.iter()
				.position(|bounty| Self::is_over(bounty, None, paid_for))
				.or_else(|| {
					let (place, least) = bounties.iter().enumerate().min_by_key(|(_, bounty)| bounty.left)?;
					(least.left < amount).then_some(place)
				})
				.ok_or(Error::<T>::NoPlaceLeft)?;
			Self::give_back(id, bounties.remove(yielding))?;
		}
		T::Currency::hold(&HoldReason::Bounty.into(), &sponsor, amount)?;
		let bounty = Bounty { id: number, sponsor: sponsor.clone(), left: amount, rate, from, until };
		bounties.try_push(bounty).map_err(|_| Error::<T>::NoPlaceLeft)?;
		Bounties::<T>::insert(id, bounties);
		NextBounty::<T>::put(next);
		Self::deposit_event(Event::BountyPosted { id, bounty: number, sponsor, amount, rate, until });
		Ok(())
	}

	pub(crate) fn do_reclaim_bounty(region: &Region, number: u32) -> DispatchResult {
		let id = IdOf::<T>::get(region).ok_or(Error::<T>::UnknownRegion)?;
		let last_open = Regions::<T>::get(id).and_then(|state| state.last_open());
		let mut bounties = Bounties::<T>::get(id);
		let place = bounties.iter().position(|bounty| bounty.id == number);
		let place = place.ok_or(Error::<T>::UnknownBounty)?;
		let bounty = bounties.remove(place);
		let paid_for = BountiesPaidFor::<T>::get(id);
		ensure!(Self::is_over(&bounty, last_open, paid_for), Error::<T>::StillRunning);
		Self::give_back(id, bounty)?;
		Self::keep_bounties(id, bounties);
		Ok(())
	}

	fn give_back(id: RegionId, bounty: BountyOf<T>) -> DispatchResult {
		let Bounty { id: bounty, sponsor, left: amount, .. } = bounty;
		T::Currency::release(&HoldReason::Bounty.into(), &sponsor, amount, Precision::Exact)?;
		Self::deposit_event(Event::BountyReturned { id, bounty, sponsor, amount });
		Ok(())
	}

	/// Nothing is kept of a region without bounties.
	fn keep_bounties(id: RegionId, bounties: frame_support::BoundedVec<BountyOf<T>, T::MaxBounties>) {
		if bounties.is_empty() {
			Bounties::<T>::remove(id);
			BountiesPaidFor::<T>::remove(id);
		} else {
			Bounties::<T>::insert(id, bounties);
		}
	}

	/// Pays `epoch` out of the region's bounties into the pot of rewards. Returns what came there. Nothing is paid twice.
	pub(crate) fn do_draw_bounty(id: RegionId, epoch: EpochIndex, proven: u128) -> Tokens {
		let mut bounties = Bounties::<T>::get(id);
		let is_paid = BountiesPaidFor::<T>::get(id).is_some_and(|last| last >= epoch);
		let is_closed = Regions::<T>::get(id).is_none_or(|state| state.was_closed_in(epoch));
		if bounties.is_empty() || is_paid || is_closed {
			return 0;
		}
		let mut drawn: Tokens = 0;
		for bounty in bounties.iter_mut() {
			if !(bounty.from..=bounty.until).contains(&epoch) {
				continue;
			}
			let paid = Self::pay_out(bounty, proven);
			bounty.left = bounty.left.saturating_sub(paid);
			// Less than there are tokens.
			drawn = drawn.saturating_add(paid);
		}
		bounties.retain(|bounty| bounty.left > 0);
		BountiesPaidFor::<T>::insert(id, epoch);
		Self::keep_bounties(id, bounties);
		if drawn > 0 {
			Self::deposit_event(Event::BountiesPaid { id, epoch, amount: drawn });
		}
		drawn
	}

	/// Moves what a bounty pays for `proven` kbps into the pot of rewards. Returns how much moved.
	fn pay_out(bounty: &BountyOf<T>, proven: u128) -> Tokens {
		// More than a `u128` is more than is left.
		let due = mul_div_floor(bounty.rate, proven, RATE_UNIT_KBPS).unwrap_or(Tokens::MAX).min(bounty.left);
		if due == 0 {
			return 0;
		}
		// By force: a sponsor that locks its whole balance, to vote for instance, would not pay.
		let moved = T::Currency::transfer_on_hold(
			&HoldReason::Bounty.into(),
			&bounty.sponsor,
			&T::RewardsPot::get(),
			due,
			Precision::Exact,
			Restriction::Free,
			Fortitude::Force,
		);
		moved.unwrap_or_else(|_| {
			Self::unexpected(Unexpected::Bounty);
			0
		})
	}
}
