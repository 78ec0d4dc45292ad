//! The invariants of the pallet's documentation, by their numbers.

use crate::{pallet::*, totals::RegionBook, types::*};
use alloc::{
	collections::{BTreeMap, BTreeSet},
	vec::Vec,
};
use polkadot_sdk::{
	frame_support::{
		ensure,
		traits::{fungible::Inspect, Get},
	},
	sp_runtime::TryRuntimeError,
};
use weir_math::economy::accrual::{settle, Step, Totals};
use weir_primitives::{
	economy::{RegionId, Tokens},
	seams::economy::SettlementRates,
	EpochIndex,
};

impl<T: Config> Pallet<T> {
	/// Checks every invariant of the pallet.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let lines: Vec<Line> = Lines::<T>::iter_values().collect();
		ensure!(Self::pot_balance() >= Self::pending_of_all()?, "invariant 1: the pot holds too little");
		Self::check_totals(&lines)?;
		Self::check_schedule(&lines)?;
		Self::check_open_epochs(&lines)?;
		lines.iter().try_for_each(Self::check_line)?;
		Accounts::<T>::iter().try_for_each(|(who, account)| Self::check_account(&who, &account))?;
		let mut waiting = Fees::<T>::iter_keys().chain(PointsOf::<T>::iter_keys());
		ensure!(
			waiting.all(|(who, _)| Accounts::<T>::contains_key(who)),
			"invariant 7: something waits for no account"
		);
		Self::check_sums()?;
		Self::check_work()
	}

	/// What the pot holds beside its existential deposit.
	pub(crate) fn pot_balance() -> Tokens {
		T::Currency::balance(&T::Pot::get()).saturating_sub(T::Currency::minimum_balance())
	}

	/// What all accounts together may claim of what was paid until now, locked pay included.
	pub(crate) fn pending_of_all() -> Result<Tokens, TryRuntimeError> {
		let mut sum: Tokens = 0;
		for (who, account) in Accounts::<T>::iter() {
			let mut add = |tokens: Tokens| sum = sum.saturating_add(tokens);
			add(account.owed.total());
			add(account.vesting.pot.locked);
			if let Some(line) = Lines::<T>::get(&who) {
				let mut steps = line.steps.to_vec();
				let (pay, _) = settle(&mut steps, &RegionBook::<T>::default())
					.map_err(|_| "invariant 1: a line can no longer be settled")?;
				add(pay.total());
			}
			for (epoch, credits) in Fees::<T>::iter_prefix(&who) {
				if let Some(rate) = T::Rates::rate(epoch) {
					add(crate::earnings::converted(credits, &rate));
				}
			}
			for (epoch, points) in PointsOf::<T>::iter_prefix(&who) {
				let (blocks, entries) = Shares::<T>::get(epoch).unwrap_or_default().of(&points);
				add(blocks.saturating_add(entries));
			}
		}
		Ok(sum)
	}

	fn check_totals(lines: &[Line]) -> Result<(), TryRuntimeError> {
		for (region, supply) in Supplies::<T>::iter() {
			// Of an epoch that is closed lines may have been settled.
			let epoch = supply.at.max(supply.open);
			ensure!(
				Self::totals_in(region, &supply, epoch) == sum_of(lines, region, epoch),
				"invariant 2: totals differ from the weights in them"
			);
			ensure!(supply.at <= Self::now(), "invariant 2: totals of an epoch to come");
		}
		for step in lines.iter().flat_map(|line| &line.steps).filter(|step| step.weight > 0) {
			ensure!(
				Supplies::<T>::contains_key(step.region),
				"invariant 2: weight in a region without totals"
			);
		}
		Ok(())
	}

	fn check_schedule(lines: &[Line]) -> Result<(), TryRuntimeError> {
		let mut expected = BTreeMap::<(EpochIndex, RegionId), Change>::new();
		for line in lines {
			let mut before = Step::none(0);
			for step in &line.steps {
				for (of, joins) in [(before, false), (*step, true)] {
					let reached =
						Supplies::<T>::get(of.region).map_or(0, |supply| supply.at.max(supply.open));
					if of.weight == 0 || step.from <= reached {
						continue;
					}
					let change = expected.entry((step.from, of.region)).or_default();
					if joins {
						change.joins = change.joins.with((&of).into());
					} else {
						change.leaves = change.leaves.with((&of).into());
					}
				}
				before = *step;
			}
		}
		let mut stored = BTreeMap::<(EpochIndex, RegionId), Change>::new();
		for (epoch, region, change) in Scheduled::<T>::iter() {
			let supply = Supplies::<T>::get(region).ok_or("invariant 3: scheduled for no region")?;
			ensure!(epoch > supply.at, "invariant 3: scheduled for an epoch that is there");
			ensure!(epoch <= supply.at.saturating_add(HORIZON), "invariant 3: scheduled beyond the horizon");
			if epoch > supply.open {
				stored.insert((epoch, region), change);
			}
		}
		ensure!(stored == expected, "invariant 3: the schedule differs from the steps to come");
		Ok(())
	}

	fn check_open_epochs(lines: &[Line]) -> Result<(), TryRuntimeError> {
		for (region, supply) in Supplies::<T>::iter() {
			let mut held = supply.closed;
			for epoch in supply.open..=supply.at {
				held = if epoch == supply.at {
					supply.totals
				} else {
					Checkpoints::<T>::get(region, epoch).unwrap_or(held)
				};
				ensure!(
					held.without(sum_of(lines, region, epoch)).is_some(),
					"invariant 4: lines claim more of an open epoch than is in its sums"
				);
			}
			ensure!(
				Checkpoints::<T>::iter_key_prefix(region)
					.all(|epoch| (supply.open..supply.at).contains(&epoch)),
				"invariant 4: checkpoint of an epoch that needs none"
			);
		}
		Ok(())
	}

	fn check_line(line: &Line) -> Result<(), TryRuntimeError> {
		let steps = line.steps.as_slice();
		ensure!(
			steps.windows(2).all(|pair| matches!(pair, [a, b] if a.from < b.from)),
			"invariant 5: steps out of order"
		);
		ensure!(steps.last().is_none_or(|last| last.weight == 0), "invariant 5: a weight without an end");
		Ok(())
	}

	fn check_account(who: &T::AccountId, account: &Account) -> Result<(), TryRuntimeError> {
		let Vesting { pot, granted, forfeited, floor, .. } = account.vesting;
		let released = account.owed.vested.saturating_add(account.paid.vested);
		let parts = released.saturating_add(pot.locked).saturating_add(forfeited);
		ensure!(parts == granted, "invariant 6: granted is not what became of it");
		ensure!(floor <= granted, "invariant 6: more floors than were granted");
		let fees: BTreeSet<_> = Fees::<T>::iter_key_prefix(who).collect();
		let points: BTreeSet<_> = PointsOf::<T>::iter_key_prefix(who).collect();
		for (queue, epochs) in [(&account.fees, fees), (&account.points, points)] {
			ensure!(queue.open as usize == epochs.len(), "invariant 7: miscounted epochs");
			ensure!(
				epochs.first().is_none_or(|first| *first >= queue.from),
				"invariant 7: an epoch before the queue"
			);
		}
		Ok(())
	}

	fn check_sums() -> Result<(), TryRuntimeError> {
		let pruned = PrunedUntil::<T>::get();
		for (region, supply) in Supplies::<T>::iter() {
			let kept: BTreeSet<EpochIndex> = Sums::<T>::iter_key_prefix(region).collect();
			let first = pruned.epoch.saturating_add(u32::from(region < pruned.region));
			let expected: BTreeSet<EpochIndex> = (supply.since.max(first)..supply.open).collect();
			ensure!(kept == expected, "invariant 8: sums missing, or kept too long");
		}
		Ok(())
	}

	fn check_work() -> Result<(), TryRuntimeError> {
		let mut counted = BTreeMap::<EpochIndex, (u64, u64)>::new();
		for (_, epoch, points) in PointsOf::<T>::iter() {
			let (blocks, entries) = counted.entry(epoch).or_default();
			*blocks = blocks.saturating_add(points.blocks.into());
			*entries = entries.saturating_add(points.entries.into());
		}
		for (epoch, work) in Works::<T>::iter() {
			let found = counted.get(&epoch).copied().unwrap_or_default();
			ensure!(found == (work.blocks, work.accepted), "invariant 9: work differs from its points");
			ensure!(work.accepted <= work.assigned, "invariant 9: more accepted than assigned");
		}
		let has_totals =
			|epoch: &EpochIndex| Some(*epoch) <= LastShared::<T>::get() || Works::<T>::contains_key(epoch);
		ensure!(counted.keys().all(has_totals), "invariant 9: points without work");
		Ok(())
	}
}

/// Sums of the weights that lines have in a region in an epoch.
fn sum_of(lines: &[Line], region: RegionId, epoch: EpochIndex) -> Totals {
	lines
		.iter()
		.map(|line| line.step_at(epoch))
		.filter(|step| step.weight > 0 && step.region == region)
		.fold(Totals::default(), |sum, step| sum.with((&step).into()))
}
