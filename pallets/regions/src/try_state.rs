//! The invariants of the pallet's documentation, by their numbers.

use crate::{pallet::*, Count, LineOf, PastWeight, RegionState, MAX_MOVES};
use alloc::{
	collections::{BTreeMap, BTreeSet},
	vec::Vec,
};
use codec::Encode;
use frame_support::{ensure, traits::fungible::hold::Inspect as _};
use polkadot_sdk::*;
use sp_runtime::{traits::Get, TryRuntimeError};
use weir_math::economy::{
	groups::{block_cap, Block, Group, Network, Site, Standing},
	least_weight::{self, MOST_LEAST_WEIGHT},
	parameters::{LEAST_MULTIPLIER, MOST_MULTIPLIER},
};
use weir_primitives::{
	economy::{RegionId, Tokens},
	seams::EpochClock,
	ProviderIndex,
};

const MISCOUNTED: TryRuntimeError = TryRuntimeError::Other("invariant 3: a sum that does not fit");

/// Groups and counts, anew.
struct Recount<AccountId> {
	sites: BTreeMap<Site, Group>,
	blocks: BTreeMap<Block, Group>,
	networks: BTreeMap<(RegionId, Network), Group>,
	operators: BTreeMap<(RegionId, AccountId), u32>,
	counts: BTreeMap<RegionId, Count>,
}

impl<AccountId: Ord + Clone> Recount<AccountId> {
	fn add(&mut self, line: &crate::Line<AccountId>) -> Option<()> {
		let Standing { raw, site, block, weight } = line.standing;
		let at = self.sites.entry(line.site).or_default();
		*at = at.with(raw, site)?;
		let at = self.blocks.entry(line.site.block()).or_default();
		*at = at.with(site, block)?;
		let network = (line.region, line.site.block().network());
		let count = self.counts.entry(line.region).or_default();
		let at = self.networks.entry(network).or_default();
		count.census.networks = count.census.networks.checked_add(at.is_empty().into())?;
		*at = at.with(block, weight)?;
		let lines = self.operators.entry((line.region, line.operator.clone())).or_default();
		count.census.operators = count.census.operators.checked_add((*lines == 0).into())?;
		*lines = lines.checked_add(1)?;
		count.census.nodes = count.census.nodes.checked_add(1)?;
		count.offered = count.offered.checked_add(block.into())?;
		Some(())
	}
}

impl<T: Config> Pallet<T> {
	/// Panics where constants do not fit: such a runtime must not be built.
	pub(crate) fn check_constants() {
		assert!(T::MaxRegions::get() > 0, "MaxRegions of 0 would refuse every region");
		assert!(T::NodeCap::get() > 0, "with a NodeCap of 0 nothing would weigh anything");
		assert!(T::MaxBounties::get() > 0, "MaxBounties of 0 would refuse every bounty");
		assert!(T::MinBounty::get() > 0, "empty bounties would take places");
		assert!(T::MaxBountyEpochs::get() > 0, "MaxBountyEpochs of 0 would refuse every bounty");
	}

	/// Checks every invariant of the pallet.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::check_table()?;
		Self::check_pending()?;
		let lines: Vec<_> = Lines::<T>::iter().collect();
		Self::check_lines(&lines)?;
		Self::check_counts(&lines)?;
		Self::check_demands()?;
		Self::check_bounties()?;
		ensure!(Hosting::<T>::count() <= T::MaxHosting::get(), "invariant 8: too many prefixes");
		ensure!(
			Hosting::<T>::iter_keys().count() == Hosting::<T>::count() as usize,
			"invariant 8: miscounted prefixes"
		);
		ensure!(!Hosting::<T>::contains_key(Network::Relayed), "invariant 8: not a prefix");
		Ok(())
	}

	fn check_table() -> Result<(), TryRuntimeError> {
		let regions: BTreeMap<_, _> = Regions::<T>::iter().collect();
		ensure!(regions.keys().copied().eq(0..Self::next_id()), "invariant 1: hole in the table");
		ensure!(Self::next_id() <= T::MaxRegions::get(), "invariant 1: too many regions");
		ensure!(IdOf::<T>::iter().count() == regions.len(), "invariant 1: number of no region");
		for (id, state) in regions {
			ensure!(IdOf::<T>::get(state.region) == Some(id), "invariant 1: region of another number");
			let bounds = LEAST_MULTIPLIER..=MOST_MULTIPLIER;
			ensure!(bounds.contains(&state.multiplier), "invariant 5: multiplier out of bounds");
			ensure!(bounds.contains(&state.rate.multiplier), "invariant 5: paid multiplier out of bounds");
			ensure!(
				state.rate.multiplier.saturating_add(state.rate.floor) <= MOST_MULTIPLIER,
				"invariant 5: floor too high"
			);
			ensure!(
				state.demand.paid <= state.demand.capacity,
				"invariant 5: more demand than there was capacity"
			);
			ensure!(state.counted_gap <= state.gap, "invariant 5: more counted than is missing");
			let is_open = state.closed_from.is_none() || state.reopened_from.is_some();
			ensure!(state.open == is_open, "invariant 1: open and closed at once");
			ensure!(
				state.reopened_from >= state.closed_from || !is_open,
				"invariant 1: opened before closed"
			);
			Self::check_past(id, &state)?;
		}
		Ok(())
	}

	fn check_past(id: RegionId, state: &RegionState) -> Result<(), TryRuntimeError> {
		let (now, pace, past) = (T::Clock::epoch(), T::Pace::get(), PastWeights::<T>::get(id));
		ensure!(state.least_weight <= MOST_LEAST_WEIGHT, "invariant 9: more asked than may be");
		let later = past.iter().skip(1);
		ensure!(past.iter().zip(later).all(|(a, b)| a.until <= b.from), "invariant 9: past out of order");
		let is_over = |past: &PastWeight| past.from <= past.until && past.until <= now;
		ensure!(past.iter().all(is_over), "invariant 9: past weights still in force");
		ensure!(state.since <= now, "invariant 9: a weight not yet in force");
		let present = state.open.then_some((state.least_weight, state.since));
		for (place, old) in past.iter().enumerate() {
			let later = past.iter().skip(place).skip(1).map(|past| (past.least_weight, past.from));
			for (new, from) in later.chain(present) {
				ensure!(old.until <= from, "invariant 9: two weights at once");
				let may = least_weight::check([old.least_weight], new).is_ok();
				ensure!(may || !pace.is_in_window(old.until, from), "invariant 9: too far within a window");
			}
		}
		Ok(())
	}

	fn check_pending() -> Result<(), TryRuntimeError> {
		let (now, pace, pending) = (T::Clock::epoch(), T::Pace::get(), Pending::<T>::get());
		let later = pending.iter().skip(1);
		ensure!(pending.iter().zip(later).all(|(a, b)| a.at <= b.at), "invariant 10: changes out of order");
		let regions: BTreeSet<_> = pending.iter().map(|waiting| waiting.region.encode()).collect();
		ensure!(regions.len() == pending.len(), "invariant 10: a region has two changes");
		let moves = pending.iter().filter(|waiting| waiting.change.moves_the_table()).count();
		ensure!(moves <= MAX_MOVES, "invariant 10: too many regions come and go");
		let mut ahead: RegionId = 0;
		for waiting in &pending {
			ensure!(waiting.at <= pace.takes_effect(now), "invariant 10: a change waits for too long");
			let may = Self::check_change(&waiting.region, &waiting.change, waiting.at, ahead);
			ensure!(may.is_ok(), "invariant 10: a change waits that may not be");
			let is_new = !IdOf::<T>::contains_key(waiting.region);
			ahead = ahead.saturating_add(is_new.into());
		}
		Ok(())
	}

	fn check_lines(lines: &[(ProviderIndex, LineOf<T>)]) -> Result<(), TryRuntimeError> {
		for (_, line) in lines {
			let Standing { raw, site, block, weight } = line.standing;
			ensure!(Regions::<T>::contains_key(line.region), "invariant 2: line in no region");
			ensure!(raw > 0, "invariant 2: line without weight");
			ensure!(
				site <= raw && block <= site && weight <= block,
				"invariant 2: a level lets through more than it was offered"
			);
		}
		Ok(())
	}

	fn check_counts(lines: &[(ProviderIndex, LineOf<T>)]) -> Result<(), TryRuntimeError> {
		let mut all = Recount {
			sites: BTreeMap::new(),
			blocks: BTreeMap::new(),
			networks: BTreeMap::new(),
			operators: BTreeMap::new(),
			counts: BTreeMap::new(),
		};
		for (_, line) in lines {
			all.add(line).ok_or(MISCOUNTED)?;
		}
		let cap = u128::from(T::NodeCap::get());
		ensure!(all.sites.values().all(|group| group.weight <= cap), "invariant 4: site above its cap");
		let cap = block_cap(T::NodeCap::get());
		ensure!(all.blocks.values().all(|group| group.weight <= cap), "invariant 4: block above its cap");

		ensure!(Sites::<T>::iter().collect::<BTreeMap<_, _>>() == all.sites, "invariant 3: sites");
		ensure!(Blocks::<T>::iter().collect::<BTreeMap<_, _>>() == all.blocks, "invariant 3: blocks");
		let networks = Networks::<T>::iter().map(|(id, network, group)| ((id, network), group));
		ensure!(networks.collect::<BTreeMap<_, _>>() == all.networks, "invariant 3: networks");
		let operators = OperatorLines::<T>::iter().map(|(id, who, lines)| ((id, who), lines));
		ensure!(operators.collect::<BTreeMap<_, _>>() == all.operators, "invariant 3: operators");
		ensure!(Counts::<T>::iter().collect::<BTreeMap<_, _>>() == all.counts, "invariant 3: counts");
		Ok(())
	}

	fn check_demands() -> Result<(), TryRuntimeError> {
		for (id, open) in Demands::<T>::iter() {
			let state = Regions::<T>::get(id).ok_or("invariant 6: demand of no region")?;
			let is_open_in = |demand: &crate::EpochDemand| state.open || !state.was_closed_in(demand.epoch);
			ensure!(
				Self::is_demand_awaited(&state) && open.iter().all(is_open_in),
				"invariant 6: demand where no region is open"
			);
			let is_rising = |pair: &[crate::EpochDemand]| matches!(pair, [a, b] if a.epoch < b.epoch);
			ensure!(!open.is_empty(), "invariant 6: no demand kept");
			ensure!(open.windows(2).all(is_rising), "invariant 6: epochs out of order");
		}
		Ok(())
	}

	fn check_bounties() -> Result<(), TryRuntimeError> {
		let mut held = BTreeMap::<T::AccountId, Tokens>::new();
		let mut numbers = BTreeSet::new();
		for (id, bounties) in Bounties::<T>::iter() {
			ensure!(Regions::<T>::contains_key(id), "invariant 7: bounty for no region");
			ensure!(!bounties.is_empty(), "invariant 7: no bounty kept");
			for bounty in bounties {
				ensure!(bounty.left > 0, "invariant 7: empty bounty");
				ensure!(
					bounty.id < NextBounty::<T>::get() && numbers.insert(bounty.id),
					"invariant 7: number used twice, or not yet"
				);
				let sum = held.entry(bounty.sponsor).or_default();
				*sum = sum.saturating_add(bounty.left);
			}
		}
		for (sponsor, left) in held {
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::Bounty.into(), &sponsor) == left,
				"invariant 7: not on hold what is left"
			);
		}
		ensure!(
			BountiesPaidFor::<T>::iter_keys().all(Bounties::<T>::contains_key),
			"invariant 7: paid epoch without a bounty"
		);
		Ok(())
	}
}
