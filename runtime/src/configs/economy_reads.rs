//! What the runtime's API shows of the economy: read out of the pallets, decided nowhere else.

use crate::*;
use alloc::{collections::BTreeSet, vec::Vec};
use codec::Encode;
use frame_support::traits::Contains;
use pallet_regions::RegionState;
use sp_core::Get;
use weir_math::economy::wide::value_floor;
use weir_primitives::{
	economy::{Credits, Pace, Ppm, RegionId, Tokens},
	economy_api::{
		BountyInfo, Earned, FeeInfo, Page, ParametersInfo, PendingChange, PriceInfo, RegionInfo,
		ReporterInfo, RewardsInfo, VestingInfo,
	},
	seams::{economy::Pricing, EpochClock},
	Region,
};

/// Rows a page holds at most.
const MAX_PAGE: u32 = 100;

/// The price, its gates, and why they are closed.
pub fn price() -> PriceInfo {
	PriceInfo {
		round: Price::round(),
		round_blocks: <Governance as Get<Pace>>::get().round_blocks,
		quote: pallet_price::LatestQuote::<Runtime>::get(),
		purchases_closed: Price::purchases_closed(),
		payouts_closed: Price::payouts_closed(),
		lost: Price::is_lost(),
		paused: pallet_governance::PurchasesPaused::<Runtime>::get(),
		reporters: u32::try_from(pallet_price::Admitted::<Runtime>::decode_len().unwrap_or(0))
			.unwrap_or(u32::MAX),
		quorum: Price::quorum().unwrap_or(0),
	}
}

/// Reporters of prices: those that were added, and those that were and are not judged yet.
pub fn reporters() -> Vec<ReporterInfo<AccountId>> {
	let added: BTreeSet<_> = pallet_price::Admitted::<Runtime>::get().into_iter().collect();
	let standings = pallet_price::Standings::<Runtime>::get();
	let known: BTreeSet<_> = added.iter().cloned().chain(standings.keys().cloned()).collect();
	let shown = |account: AccountId| {
		let bonded = pallet_price::Reporters::<Runtime>::get(&account);
		let standing = standings.get(&account);
		let last = Price::last_report(account.clone());
		ReporterInfo {
			added: added.contains(&account),
			active: standing.is_some_and(|standing| standing.is_active),
			key: bonded.as_ref().and_then(|bonded| bonded.key.encode().try_into().ok()),
			bond: bonded.as_ref().map(|bonded| bonded.bond).unwrap_or_default(),
			free_at: bonded.and_then(|bonded| bonded.free_at),
			last_price: last.map(|(price, _)| price),
			last_block: last.map(|(_, block)| block),
			rounds: standing.map_or(0, |standing| standing.judged),
			deviations: standing.map_or(0, |standing| standing.deviated),
			account,
		}
	};
	known.into_iter().map(shown).collect()
}

/// What an account has earned, by cause.
pub fn rewards(who: &AccountId) -> RewardsInfo {
	let pallet_rewards::Account { owed, paid, vesting, .. } = Rewards::account(who).unwrap_or_default();
	let earned = |pending, paid| Earned { pending, paid };
	let fee = |(epoch, credits, tokens)| FeeInfo { epoch, credits, tokens };
	let claimable = owed.total();
	RewardsInfo {
		closed: Rewards::last_closed(),
		line: Rewards::line_of(who),
		factors: Rewards::factors_of(who),
		claimable,
		worth: worth(claimable),
		availability: earned(owed.availability, paid.availability),
		vesting: VestingInfo {
			granted: vesting.granted,
			locked: vesting.pot.locked,
			releasable: owed.vested,
			released: paid.vested,
			forfeited: vesting.forfeited,
		},
		bounties: earned(owed.bounty, paid.bounty),
		fees: earned(owed.fees, paid.fees),
		fee_epochs: Rewards::fee_epochs(who).into_iter().map(fee).collect(),
		validating: earned(owed.authoring, paid.authoring),
		attesting: earned(owed.attestation, paid.attestation),
	}
}

/// What tokens are worth at the newest median; none without one.
fn worth(tokens: Tokens) -> Option<Credits> {
	value_floor(tokens, pallet_price::LatestQuote::<Runtime>::get()?.median)
}

/// Regions from number `start`.
pub fn regions(start: u32, count: u32) -> Page<RegionInfo<AccountId>> {
	let (start, count) = (narrow(start), narrow(count.min(MAX_PAGE)));
	let rows: Vec<_> =
		Regions::regions(start, count).into_iter().map(|(id, state)| region_info(id, state)).collect();
	let end = pallet_regions::Regions::<Runtime>::count();
	let next = u32::from(start).saturating_add(count.into());
	Page { rows, next: (next < end && count > 0).then_some(next) }
}

/// One region of the table.
pub fn region(region: Region) -> Option<RegionInfo<AccountId>> {
	let id = pallet_regions::IdOf::<Runtime>::get(region)?;
	Regions::region(id).map(|state| region_info(id, state))
}

fn narrow(number: u32) -> RegionId {
	RegionId::try_from(number).unwrap_or(RegionId::MAX)
}

fn region_info(id: RegionId, state: RegionState) -> RegionInfo<AccountId> {
	let census = Regions::census(id);
	let bounties = Regions::bounties(id).into_iter().map(|bounty| BountyInfo {
		id: bounty.id,
		sponsor: bounty.sponsor,
		left: bounty.left,
		rate: bounty.rate,
		until: bounty.until,
	});
	RegionInfo {
		id,
		region: state.region,
		open: state.open,
		paused: pallet_governance::RegionPaused::<Runtime>::contains(&id),
		// A utilisation is one at most.
		utilisation: Ppm::try_from(state.utilisation / 1_000).unwrap_or(Ppm::MAX),
		multiplier: state.rate.multiplier,
		floor: state.rate.floor,
		gap: state.gap,
		weight: state.observed.weight,
		proven: state.observed.proven,
		least_weight: state.least_weight.into(),
		nodes: census.nodes,
		operators: census.operators,
		networks: census.networks,
		paid: Regions::paid_in(id, ProofOfBandwidth::epoch()),
		bounties: bounties.collect(),
	}
}

/// Parameters in force and announced.
pub fn parameters() -> ParametersInfo {
	let pending = pallet_governance::Pending::<Runtime>::get();
	ParametersInfo {
		pace: Governance::get(),
		parameters: Governance::get(),
		pending: pending.map(|change| PendingChange { parameters: change.new, from_epoch: change.at }),
	}
}
