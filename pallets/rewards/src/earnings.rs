//! Fees and points: what is earned in an epoch and known in tokens when it is settled.

use crate::*;
use polkadot_sdk::*;

use frame_support::{dispatch::DispatchResult, ensure, weights::Weight};
use weir_math::economy::wide::mul_div_floor;
use weir_primitives::{
	economy::{Credits, Ppm, SettlementRate, Tokens},
	seams::economy::{Earnings, SettlementRates},
	EpochIndex,
};

/// Epochs of fees that are converted when more are earned.
const CONVERTED_WHEN_EARNING: u32 = 4;
/// Epochs up to the running one of which entries that are not paid may be voided. They are paid within two, unless closes
/// are late.
pub(crate) const VOIDED_EPOCHS: EpochIndex = 4;

/// Part of `tokens` by `part` of `whole`, rounded down.
fn part_of(tokens: Tokens, part: u128, whole: u128) -> Tokens {
	mul_div_floor(tokens, part.min(whole), whole).unwrap_or_default()
}

/// What `credits` come to at a rate, rounded down.
pub(crate) fn converted(credits: Credits, rate: &SettlementRate) -> Tokens {
	part_of(rate.provider_tokens, credits, rate.credits)
}

impl Share {
	/// What points come to, rounded down: for blocks, for entries.
	pub(crate) fn of(&self, points: &Points) -> (Tokens, Tokens) {
		(
			part_of(self.validators, points.blocks.into(), self.blocks.into()),
			part_of(self.attestors, points.entries.into(), self.accepted.into()),
		)
	}
}

impl<T: Config> Pallet<T> {
	/// Converts fees of at most `limit` epochs that have a rate, in their order. Returns how many epochs it looked at.
	pub(crate) fn convert_fees(who: &T::AccountId, account: &mut Account, limit: u32) -> u32 {
		let mut looked_at = 0u32;
		while looked_at < limit && account.fees.open > 0 {
			let epoch = account.fees.from;
			looked_at = looked_at.saturating_add(1);
			let waiting = Fees::<T>::get(who, epoch);
			if let Some(credits) = waiting {
				let Some(rate) = T::Rates::rate(epoch) else { break };
				Fees::<T>::remove(who, epoch);
				account.owed.fees = account.owed.fees.saturating_add(converted(credits, &rate));
			} else if epoch >= Self::now() {
				Self::queue_broken(&mut account.fees);
				break;
			}
			account.fees.advance(waiting.is_some());
		}
		looked_at
	}

	/// Converts points of at most `limit` epochs that have a share, in their order. Returns how many epochs it looked at; one
	/// that was never shared counts twice, for that is what it costs.
	pub(crate) fn convert_points(who: &T::AccountId, account: &mut Account, limit: u32) -> u32 {
		let last = LastShared::<T>::get();
		let mut looked_at = 0u32;
		while looked_at < limit && account.points.open > 0 && Some(account.points.from) <= last {
			let epoch = account.points.from;
			looked_at = looked_at.saturating_add(1);
			let waiting = PointsOf::<T>::take(who, epoch);
			match waiting.map(|points| (points, Shares::<T>::get(epoch))) {
				Some((points, Some(share))) => {
					let (blocks, entries) = share.of(&points);
					account.owed.authoring = account.owed.authoring.saturating_add(blocks);
					account.owed.attestation = account.owed.attestation.saturating_add(entries);
				}
				// No close has shared that epoch: its work was for nothing.
				Some((points, None)) => {
					looked_at = looked_at.saturating_add(1);
					Self::void_work(epoch, &points);
				}
				None => {}
			}
			account.points.advance(waiting.is_some());
		}
		looked_at.min(limit)
	}

	/// Takes points out of the work of an epoch.
	fn void_work(epoch: EpochIndex, points: &Points) {
		Works::<T>::mutate(epoch, |work| {
			work.blocks = work.blocks.saturating_sub(points.blocks.into());
			work.accepted = work.accepted.saturating_sub(points.entries.into());
		});
	}

	fn queue_broken(queue: &mut Queue) {
		frame_support::defensive!("something waits in an epoch that is over");
		Self::deposit_event(Event::Unexpected { expectation: Expectation::QueueHolds });
		queue.open = 0;
	}

	/// Adds points of `who` in `epoch`.
	fn add_points(who: &T::AccountId, epoch: EpochIndex, more: Points) {
		let known = PointsOf::<T>::get(who, epoch);
		if known.is_none() {
			Self::with_account(who, |account| account.points.push(epoch));
		}
		let known = known.unwrap_or_default();
		// No more blocks and entries than an epoch has room for.
		let blocks = known.blocks.saturating_add(more.blocks);
		let entries = known.entries.saturating_add(more.entries);
		PointsOf::<T>::insert(who, epoch, Points { blocks, entries });
	}

	/// `who` has made the block that is being executed. To be told once per block.
	pub fn note_author(who: T::AccountId) {
		let epoch = Self::now();
		Self::add_points(&who, epoch, Points { blocks: 1, entries: 0 });
		Works::<T>::mutate(epoch, |work| work.blocks = work.blocks.saturating_add(1));
	}

	/// Of the entries of `who` on the tests of `epoch` so many count. They do in the next epoch: by its end the audits are
	/// over, and what is not proven is void.
	pub(crate) fn note_attestation(who: &T::AccountId, epoch: EpochIndex, assigned: u32, accepted: u32) {
		let accepted = accepted.min(assigned);
		let counted = Self::now().saturating_add(1);
		Works::<T>::mutate(counted, |work| {
			work.assigned = work.assigned.saturating_add(assigned.into());
			work.accepted = work.accepted.saturating_add(accepted.into());
		});
		if accepted > 0 {
			Self::add_points(who, counted, Points { blocks: 0, entries: accepted });
		}
		let attested = Attested { epoch, counted, accepted };
		Self::with_account(who, |account| account.attested = Some(attested));
	}

	/// The pay for the entries of `who` on the tests of `epoch` is void. Its part of what was assigned stays, so that nobody
	/// else is paid for it.
	pub(crate) fn void_attestation(who: &T::AccountId, epoch: EpochIndex) {
		let attested = Accounts::<T>::get(who).and_then(|account| account.attested);
		let Some(Attested { counted, accepted, .. }) = attested.filter(|of| of.epoch == epoch) else {
			return;
		};
		if Some(counted) <= LastShared::<T>::get() {
			Self::deposit_event(Event::AttestationKept { who: who.clone(), epoch });
			return;
		}
		Self::with_account(who, |account| account.attested = None);
		if accepted == 0 {
			return;
		}
		Self::void_entries(who, counted, accepted);
		Self::deposit_event(Event::AttestationVoided { who: who.clone(), epoch, entries: accepted });
	}

	/// Voids at most so many entries of `who` in an epoch that is not shared. Returns how many.
	fn void_entries(who: &T::AccountId, epoch: EpochIndex, most: u32) -> u32 {
		let Some(points) = PointsOf::<T>::get(who, epoch) else { return 0 };
		let entries = points.entries.min(most);
		if entries > 0 {
			Self::void_work(epoch, &Points { blocks: 0, entries });
			let left = points.entries.saturating_sub(entries);
			PointsOf::<T>::insert(who, epoch, Points { entries: left, ..points });
		}
		entries
	}

	/// The entries of `who` that are not paid yet are void. Their part of what was assigned stays, so that nobody else is
	/// paid for them.
	pub(crate) fn forfeit_entries(who: &T::AccountId) {
		let now = Self::now();
		let unshared = LastShared::<T>::get().map_or(0, |last| last.saturating_add(1));
		let first = unshared.max(now.saturating_sub(VOIDED_EPOCHS));
		let entries = (first..=now.saturating_add(1))
			.map(|epoch| Self::void_entries(who, epoch, u32::MAX))
			.fold(0, u32::saturating_add);
		if entries == 0 {
			return;
		}
		Self::with_account(who, |account| {
			if let Some(attested) = account.attested.as_mut().filter(|of| of.counted >= first) {
				// What is void cannot be voided again.
				attested.accepted = 0;
			}
		});
		Self::deposit_event(Event::EntriesForfeited { who: who.clone(), entries });
	}
}

impl<T: Config> Earnings<T::AccountId> for Pallet<T> {
	/// Fails with `Overflow`, and with `EpochSettled` if the epoch has a rate: its tokens are minted already.
	fn earned(provider: &T::AccountId, epoch: EpochIndex, credits: Credits) -> DispatchResult {
		if credits == 0 {
			return Ok(());
		}
		ensure!(T::Rates::rate(epoch).is_none(), Error::<T>::EpochSettled);
		let known = Fees::<T>::get(provider, epoch);
		let sum = known.unwrap_or_default().checked_add(credits).ok_or(Error::<T>::Overflow)?;
		Fees::<T>::insert(provider, epoch, sum);
		Self::with_account(provider, |account| {
			if known.is_none() {
				account.fees.push(epoch);
			}
			Self::convert_fees(provider, account, CONVERTED_WHEN_EARNING);
		});
		Ok(())
	}

	fn attested(epoch: EpochIndex) -> Ppm {
		let Work { assigned, accepted, .. } = Works::<T>::get(epoch);
		let part = part_of(1_000_000, accepted.into(), assigned.into());
		Ppm::try_from(part).unwrap_or_default()
	}

	fn share(epoch: EpochIndex, validators: Tokens, attestors: Tokens) -> (Tokens, Tokens) {
		if Some(epoch) <= LastShared::<T>::get() {
			Self::deposit_event(Event::Unexpected { expectation: Expectation::SharedInOrder });
			return (validators, attestors);
		}
		LastShared::<T>::put(epoch);
		let Work { blocks, accepted, .. } = Works::<T>::take(epoch);
		let payable = |tokens, points| if points > 0 { tokens } else { 0 };
		let share = Share {
			validators: payable(validators, blocks),
			blocks,
			attestors: payable(attestors, accepted),
			accepted,
		};
		Shares::<T>::insert(epoch, share);
		Self::deposit_event(Event::WorkPaid { epoch, share });
		(validators.saturating_sub(share.validators), attestors.saturating_sub(share.attestors))
	}

	fn settled_until() -> Option<EpochIndex> {
		SettledUntil::<T>::get()
	}

	fn weight() -> Weight {
		T::WeightInfo::earned().max(T::WeightInfo::share())
	}
}
