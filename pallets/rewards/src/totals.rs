//! Sums of weights by region and epoch: what is, what is to come, and what is not closed yet.
//!
//! The totals of a region belong to one epoch. When something changes in a later one they are rolled there: what was
//! scheduled for the epochs between is worked in, and the sums of epochs that are not closed are kept as checkpoints, each
//! of which stands until the next one. The close of an epoch reads its sums wherever they are.

use crate::{closing::MISSED_PER_CLOSE, *};
use core::marker::PhantomData;
use polkadot_sdk::*;

use frame_support::BoundedVec;
use weir_math::economy::accrual::{Accrued, Book, Step, Totals};
use weir_primitives::{economy::RegionId, EpochIndex};

/// Epochs through which one line's new weight rolls totals at most: those of its old region and of its new one.
pub(crate) const MOST_ROLLED: u32 = 2 * HORIZON;

/// The sums of all regions as settling reads them.
pub(crate) struct RegionBook<T>(PhantomData<T>);

impl<T> Default for RegionBook<T> {
	fn default() -> Self {
		Self(PhantomData)
	}
}

impl<T: Config> Book for RegionBook<T> {
	fn open_epoch(&self, region: RegionId) -> Option<EpochIndex> {
		Supplies::<T>::get(region).map(|supply| supply.open)
	}

	fn accrued(&self, region: RegionId, epoch: Option<EpochIndex>) -> Option<Accrued> {
		let since = Supplies::<T>::get(region)?.since;
		match epoch.filter(|epoch| *epoch >= since) {
			Some(epoch) => Sums::<T>::get(region, epoch),
			None => Some(Accrued::default()),
		}
	}
}

impl Change {
	/// What the change makes of totals.
	fn of(&self, totals: Totals) -> Option<Totals> {
		totals.with(self.joins).without(self.leaves)
	}
}

impl<T: Config> Pallet<T> {
	/// Takes `part` out of `totals`, which hold it.
	fn without(totals: Totals, part: Totals) -> Totals {
		totals.without(part).unwrap_or_else(|| {
			Self::deposit_event(Event::Unexpected { expectation: Expectation::TotalsHold });
			totals
		})
	}

	/// Rolls the totals of a region to `to`, unless they are there. Returns through how many epochs, [`HORIZON`] at most.
	pub(crate) fn roll(region: RegionId, supply: &mut Supply, to: EpochIndex) -> u32 {
		if supply.at >= to {
			return 0;
		}
		let keep = |epoch: EpochIndex, totals: Totals| {
			if epoch >= supply.open {
				Checkpoints::<T>::insert(region, epoch, totals);
			}
		};
		let mut totals = supply.totals;
		keep(supply.at, totals);
		// Nothing is scheduled beyond.
		let last = to.min(supply.at.saturating_add(HORIZON));
		for epoch in supply.at.saturating_add(1)..=last {
			let change = Scheduled::<T>::take(epoch, region);
			if change == Change::default() {
				continue;
			}
			totals = change.of(totals).unwrap_or_else(|| {
				Self::deposit_event(Event::Unexpected { expectation: Expectation::TotalsHold });
				totals
			});
			if epoch < to {
				keep(epoch, totals);
			}
		}
		let rolled = last.saturating_sub(supply.at);
		supply.totals = totals;
		supply.at = to;
		rolled
	}

	/// Sums of the weights of a region in `epoch`, which is not closed. If closes have missed no more epochs before it than one
	/// makes up for, they are exact.
	pub(crate) fn totals_in(region: RegionId, supply: &Supply, epoch: EpochIndex) -> Totals {
		if epoch < supply.since {
			return Totals::default();
		}
		if epoch < supply.at {
			let first = supply.open.max(epoch.saturating_sub(MISSED_PER_CLOSE));
			let kept = (first..=epoch).rev().find_map(|epoch| Checkpoints::<T>::get(region, epoch));
			return kept.unwrap_or(supply.closed);
		}
		let last = epoch.min(supply.at.saturating_add(HORIZON));
		(supply.at.saturating_add(1)..=last).fold(supply.totals, |totals, epoch| {
			Scheduled::<T>::get(epoch, region).of(totals).unwrap_or(totals)
		})
	}

	/// Changes what a region's lines weigh in `now`. Returns through how many epochs that rolled its totals.
	fn change_supply(region: RegionId, now: EpochIndex, change: impl FnOnce(Totals) -> Totals) -> u32 {
		let mut supply = Supplies::<T>::get(region).unwrap_or_else(|| {
			// Its first line.
			Supply { since: now, at: now, open: now, ..Default::default() }
		});
		let rolled = Self::roll(region, &mut supply, now);
		supply.totals = change(supply.totals);
		Supplies::<T>::insert(region, supply);
		rolled
	}

	/// Adds what begins and ends with the step that follows `before`.
	fn schedule(before: &Step, step: &Step) {
		Self::change_schedule(before, step.from, |change| change.leaves = change.leaves.with(before.into()));
		Self::change_schedule(step, step.from, |change| change.joins = change.joins.with(step.into()));
	}

	/// Takes back what [`Self::schedule`] added.
	fn unschedule(before: &Step, step: &Step) {
		Self::change_schedule(before, step.from, |change| {
			change.leaves = Self::without(change.leaves, before.into());
		});
		Self::change_schedule(step, step.from, |change| {
			change.joins = Self::without(change.joins, step.into())
		});
	}

	fn change_schedule(of: &Step, from: EpochIndex, apply: impl FnOnce(&mut Change)) {
		if of.weight == 0 {
			return;
		}
		let mut change = Scheduled::<T>::get(from, of.region);
		apply(&mut change);
		if change == Change::default() {
			Scheduled::<T>::remove(from, of.region);
		} else {
			Scheduled::<T>::insert(from, of.region, change);
		}
	}

	/// Makes `steps`, which ascend, are of one region and of which the first begins in `now`, what the line weighs from `now`
	/// on, in its own record, in the totals and in the schedule. Returns through how many epochs that rolled totals,
	/// [`MOST_ROLLED`] at most.
	pub(crate) fn replace_steps(line: &mut Line, now: EpochIndex, steps: &[Step]) -> u32 {
		let mut rolled = 0u32;
		let current = line.step_at(now);
		let mut before = current;
		for step in line.steps.iter().filter(|step| step.from > now) {
			Self::unschedule(&before, step);
			before = *step;
		}
		line.steps.retain(|step| step.from < now);
		for step in steps {
			Self::append(line, *step);
		}
		let new = line.step_at(now);
		if current.weight > 0 {
			let old = Self::change_supply(current.region, now, |all| Self::without(all, (&current).into()));
			rolled = rolled.saturating_add(old);
		}
		if new.weight > 0 {
			rolled =
				rolled.saturating_add(Self::change_supply(new.region, now, |all| all.with((&new).into())));
		}
		let mut before = new;
		for step in line.steps.iter().filter(|step| step.from > now) {
			// What is scheduled lies within the horizon of the totals: they follow, also where nothing begins today.
			if step.weight > 0 {
				rolled = rolled.saturating_add(Self::change_supply(step.region, now, |totals| totals));
			}
			Self::schedule(&before, step);
			before = *step;
		}
		rolled
	}

	/// Adds a step to those of a line. If there is no room, because closes are many epochs late, the two oldest become one
	/// that claims no more than either.
	fn append(line: &mut Line, step: Step) {
		let last = line.steps.last().copied().unwrap_or(Step::none(0));
		if step.weighs_as(&last) {
			return;
		}
		if line.steps.is_full() {
			if let [first, second, rest @ ..] = line.steps.as_slice() {
				let steps = core::iter::once(first.joined(second)).chain(rest.iter().copied()).collect();
				line.steps = BoundedVec::truncate_from(steps);
			}
		}
		// Room was just made.
		let _ = line.steps.try_push(step);
	}
}
