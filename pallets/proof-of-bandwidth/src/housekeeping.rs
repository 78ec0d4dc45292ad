//! What a block does when its transactions are done: alarms end, what nobody asks for is cleared, waiting changes of lists are
//! tried, and the rest of the hook's share goes to the estimates.

use crate::{
	dense_index::{DenseIndexError, Moment},
	epochs::{ProviderIndices, SeatIndices},
	*,
};
use polkadot_sdk::*;

use alloc::vec::Vec;
use frame_support::{pallet_prelude::*, weights::WeightMeter};
use weir_primitives::{seams::EpochClock, EpochIndex};

/// The hook begins nothing more once it has used one part in this many of a block. With the step that ends beyond it, what a
/// block costs beside it, and reports of outages, that is less than a tenth.
pub const IDLE_SHARE: u64 = 16;
/// Waiting list changes tried per list and block.
const QUEUE_STEPS: u32 = 4;
/// Leavers looked at per block.
pub(crate) const LEAVERS_PER_BLOCK: u32 = 32;
/// Records of an old epoch removed per block: the reports of 400,000 seats in the blocks of a public epoch.
pub(crate) const REPORTS_PER_BLOCK: u32 = 128;
/// Epochs for which reports are kept after the one that took them.
const REPORTS_KEPT: EpochIndex = 2;

impl<T: Config> Pallet<T> {
	/// All that the hook does. The estimates come last, because they take all that they get: what the others need for a
	/// block is a bounded part of it.
	pub(crate) fn idle(meter: &mut WeightMeter) {
		Self::lapse_alarms(meter);
		Self::sweep(meter);
		Self::work_queues(meter);
		Self::estimate(meter);
	}

	/// The part of a block after which the hook begins nothing more.
	pub(crate) fn idle_share() -> Weight {
		T::BlockWeights::get().max_block.saturating_div(IDLE_SHARE)
	}

	/// What the hook uses at most. A verdict may weigh several times what most of them do: if the dearest had to fit before one
	/// is begun, a fifth of the share would never be used.
	pub(crate) fn idle_limit() -> Weight {
		Self::idle_share().saturating_add(Self::weight_of_dearest_step())
	}

	/// What the hook costs at most before it comes to the estimates.
	pub(crate) fn weight_of_housekeeping() -> Weight {
		let lists = u32::from(TIERS).saturating_add(u32::from(CLASSES)).saturating_add(1);
		let changes = u64::from(lists.saturating_mul(QUEUE_STEPS));
		Self::weight_of_lapses()
			.saturating_add(Self::weight_of_sweep())
			.saturating_add(T::WeightInfo::look_at_queues())
			.saturating_add(T::WeightInfo::work_queue().saturating_mul(changes))
	}

	fn weight_of_sweep() -> Weight {
		T::WeightInfo::sweep(LEAVERS_PER_BLOCK).max(T::WeightInfo::sweep_reports(REPORTS_PER_BLOCK))
	}

	/// Retries waiting changes of the lists.
	pub(crate) fn work_queues(meter: &mut WeightMeter) {
		let moment = Self::moment();
		type Work = fn(u8, u32, Moment) -> Result<u32, DenseIndexError>;
		let lists = (0..TIERS)
			.map(|tier| (SeatIndices::<T>::queue_len as fn(u8) -> u32, SeatIndices::<T>::work as Work, tier))
			.chain((0..CLASSES).map(|class| {
				(ProviderIndices::<T>::queue_len as fn(u8) -> u32, ProviderIndices::<T>::work as Work, class)
			}));
		if meter.try_consume(T::WeightInfo::look_at_queues()).is_err() {
			return;
		}
		for (queue_len, work, list) in lists {
			for _ in 0..queue_len(list).min(QUEUE_STEPS) {
				if meter.try_consume(T::WeightInfo::work_queue()).is_err() {
					return;
				}
				if work(list, 1, moment).is_err() {
					Self::deposit_event(Event::Unexpected { expectation: Expectation::ListChanged });
				}
			}
		}
		if WaitingCountries::<T>::get() != Countries::default() {
			for _ in 0..QUEUE_STEPS {
				if meter.try_consume(T::WeightInfo::work_queue()).is_err() {
					return;
				}
				match Self::work_country(1, moment) {
					Ok(0) => break,
					Ok(_) => {}
					Err(_) => {
						Self::deposit_event(Event::Unexpected { expectation: Expectation::ListChanged });
					}
				}
			}
		}
	}

	/// Clears what no rule can ask for any more: reports first, then leavers, one kind per block.
	pub(crate) fn sweep(meter: &mut WeightMeter) {
		let most = Self::weight_of_sweep();
		if !meter.can_consume(most) {
			return;
		}
		let now = Self::epoch();
		let mut swept = Swept::<T>::get();
		let before = swept;
		// The seats' audits are asked for with the verdicts on the epoch after.
		let asked = EstimateCursor::<T>::get().map_or(0, |cursor| match cursor.stage {
			Stage::Done => cursor.epoch,
			_ => cursor.epoch.saturating_sub(1),
		});
		let weight = if swept.reports.saturating_add(REPORTS_KEPT) < now && swept.reports < asked {
			let removed = Self::clear_reports(&mut swept);
			T::WeightInfo::sweep_reports(removed.min(REPORTS_PER_BLOCK))
		} else {
			let looked_at = if swept.leavers <= now { Self::forget_leavers(&mut swept, now) } else { 0 };
			T::WeightInfo::sweep(looked_at.min(LEAVERS_PER_BLOCK))
		};
		if swept != before {
			Swept::<T>::put(swept);
		}
		meter.consume(weight.min(most));
	}

	/// Removes reports and results of the first epoch that has any, one map at a time.
	fn clear_reports(swept: &mut Sweep) -> u32 {
		let epoch = swept.reports;
		let filings = Filings::<T>::clear_prefix(epoch, REPORTS_PER_BLOCK, None);
		if filings.loops > 0 {
			return filings.loops;
		}
		let missed = Missed::<T>::clear_prefix(epoch, REPORTS_PER_BLOCK, None);
		if missed.loops > 0 {
			return missed.loops;
		}
		let reports = Reports::<T>::clear_prefix(epoch, REPORTS_PER_BLOCK, None);
		if reports.maybe_cursor.is_none() {
			swept.reports = epoch.saturating_add(1);
		}
		reports.loops
	}

	fn forget_leavers(swept: &mut Sweep, now: EpochIndex) -> u32 {
		let epoch = swept.leavers;
		let leavers: Vec<Leaver<T::AccountId>> =
			Leavers::<T>::iter_key_prefix(epoch).take(LEAVERS_PER_BLOCK as usize).collect();
		if leavers.is_empty() {
			swept.leavers = epoch.saturating_add(1);
		}
		let looked_at = leavers.len() as u32;
		for leaver in leavers {
			Leavers::<T>::remove(epoch, &leaver);
			let released = match &leaver {
				Leaver::Seat(who) => Self::release_seat(who),
				Leaver::Provider(index) => Self::release_provider(*index),
				Leaver::Conduct(who) => Self::review_conduct(who, epoch),
				Leaver::Evidence(provider, of) => {
					Evidences::<T>::remove(*provider, *of);
					true
				}
			};
			if !released {
				Leavers::<T>::insert(now.saturating_add(1), leaver, ());
			}
		}
		looked_at
	}
}
