//! What the runtime's API shows of the economy: read out of the pallets, decided nowhere else.

use super::{
	accounts::{RewardsPot, StablePot, TreasuryAccount},
	pool::STABLE,
};
use crate::*;
use alloc::{collections::BTreeSet, vec::Vec};
use codec::Encode;
use frame_support::traits::{fungible, Contains};
use pallet_governance::Brake;
use pallet_node_staking::{Chunk, QueuedSlash};
use pallet_regions::{Change, PendingChange as PendingTable, RegionState};
use sp_core::Get;
use weir_math::economy::wide::value_floor;
use weir_primitives::{
	channels_api::ProviderEarnings,
	economy::{Credits, Pace, Ppm, Quote, RegionId, Tokens},
	economy_api::{
		BondInfo, BondsInfo, BountyInfo, BrakeInfo, ClaimBond, Earned, FeeInfo, Page, ParametersInfo, Paused,
		PendingChange, PendingRegion, PotInfo, PotsInfo, PriceInfo, RegionInfo, ReporterInfo, RewardsInfo,
		SlashInfo, Unbonding, VestingInfo,
	},
	seams::{economy::Pricing, EpochClock},
	EpochIndex, Kbps, Region, Role,
};

/// Rows a page holds at most.
const MAX_PAGE: u32 = 100;
/// Of those that have left and were not given their bond back yet, how many reporters are shown at most.
const MAX_LEFT: usize = 256;

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

/// Reporters of prices: those that were added, those that are not judged yet, and of those whose bond is not released yet
/// at most 256.
pub fn reporters() -> Vec<ReporterInfo<AccountId>> {
	let added: BTreeSet<_> = pallet_price::Admitted::<Runtime>::get().into_iter().collect();
	let standings = pallet_price::Standings::<Runtime>::get();
	let bonded = pallet_price::Reporters::<Runtime>::iter_keys().take(MAX_LEFT);
	let known: BTreeSet<_> = added.iter().cloned().chain(standings.keys().cloned()).chain(bonded).collect();
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
			floor: vesting.floor,
		},
		bounties: earned(owed.bounty, paid.bounty),
		fees: earned(owed.fees, paid.fees),
		fee_epochs: fee_epochs(who),
		validating: earned(owed.authoring, paid.authoring),
		attesting: earned(owed.attestation, paid.attestation),
	}
}

/// Fees that are not converted yet, by epoch.
fn fee_epochs(who: &AccountId) -> Vec<FeeInfo> {
	let fee = |(epoch, credits, tokens)| FeeInfo { epoch, credits, tokens };
	Rewards::fee_epochs(who).into_iter().map(fee).collect()
}

/// What a provider has earned by vouchers, and what its channels hold.
pub fn provider_earnings(provider: &AccountId) -> ProviderEarnings {
	let pallet_rewards::Account { owed, paid, .. } = Rewards::account(provider).unwrap_or_default();
	ProviderEarnings {
		epoch: ProofOfBandwidth::epoch(),
		fees: Earned { pending: owed.fees, paid: paid.fees },
		fee_epochs: fee_epochs(provider),
		channels: Channels::channels_to(provider),
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
		pending_regions: Regions::pending_changes().into_iter().map(pending_region).collect(),
		brakes: brakes(),
		safe_mode_until: pallet_safe_mode::EnteredUntil::<Runtime>::get(),
	}
}

/// The brakes that are on: at most one for purchases, one for slashes, and one for each region.
fn brakes() -> Vec<BrakeInfo> {
	let now = ProofOfBandwidth::epoch();
	let mut on: Vec<_> =
		pallet_governance::Pauses::<Runtime>::iter().filter(|(_, until)| now < *until).collect();
	// In the order of their encoding: purchases, slashes, then regions by number.
	on.sort_by_key(|(brake, _)| match brake {
		Brake::Purchases => (0, 0),
		Brake::Slashes => (1, 0),
		Brake::Region(id) => (2, *id),
	});
	let shown = |(brake, until): (Brake, EpochIndex)| {
		let what = match brake {
			Brake::Purchases => Paused::Purchases,
			Brake::Slashes => Paused::Slashes,
			// A number that no region has yet may be paused: that stops nothing.
			Brake::Region(id) => Paused::Region(Regions::region(id)?.region),
		};
		Some(BrakeInfo { what, until })
	};
	on.into_iter().filter_map(shown).collect()
}

fn pending_region(waiting: PendingTable) -> PendingRegion {
	let PendingTable { region, change, at } = waiting;
	let least_weight = match change {
		Change::Open { least_weight } | Change::LeastWeight { new: least_weight } => {
			Some(least_weight.into())
		}
		Change::Close => None,
	};
	PendingRegion { region, least_weight, from_epoch: at }
}

/// The last quotes, newest first: at most `count`, of the rounds of which quotes are kept.
pub fn quotes(count: u32) -> Vec<Quote> {
	let newest = Price::round();
	let oldest = newest.saturating_sub(pallet_price::KEPT_QUOTES.saturating_sub(1));
	let count = usize::try_from(count).unwrap_or(usize::MAX);
	(oldest..=newest).rev().filter_map(Price::quote_of).take(count).collect()
}

/// What a claim of `kbps` in its smaller direction needs as a bond now.
pub fn claim_bond(kbps: Kbps) -> ClaimBond {
	ClaimBond {
		kbps,
		needed: NodeStaking::new_minimum_for(Role::Provider, kbps),
		lasting: NodeStaking::minimum_for(Role::Provider, kbps),
		per_mbps: NodeStaking::rate_per_mbps(),
		least: NodeStaking::minimum_for(Role::Provider, 0),
	}
}

/// Bonds of an account, and the slashes that wait for them.
pub fn bonds(who: &AccountId) -> BondsInfo<AccountId> {
	let mut slashes = NodeStaking::pending_slashes(who.clone());
	slashes.sort_by_key(|(id, _)| *id);
	BondsInfo {
		epoch: ProofOfBandwidth::epoch(),
		provider: bond(who, Role::Provider),
		validator: bond(who, Role::Validator),
		covered: NodeStaking::covered(who.clone()),
		slashes: slashes.into_iter().map(slash_info).collect(),
	}
}

fn bond(who: &AccountId, role: Role) -> BondInfo {
	let ledger = NodeStaking::ledger(who.clone(), role).unwrap_or_default();
	let unbonding =
		|Chunk { amount, free_at }: &Chunk<Balance>| Unbonding { tokens: *amount, free_at: *free_at };
	BondInfo {
		active: ledger.active,
		needed: NodeStaking::new_minimum_of(who, role),
		lasting: NodeStaking::minimum_of(who, role),
		unbonding: ledger.chunks.iter().map(unbonding).collect(),
		// What a withdrawal would take out, of a copy.
		free: ledger.clone().withdraw(ProofOfBandwidth::epoch()),
		withheld: ledger.pending,
	}
}

fn slash_info((id, slash): (u32, QueuedSlash<AccountId, Balance>)) -> SlashInfo<AccountId> {
	let QueuedSlash { who: _, role, amount, fraction, reason, due, reporter } = slash;
	// Parts per thousand million.
	let fraction = fraction.deconstruct() / 1_000;
	SlashInfo { id, role, tokens: amount, fraction, reason, due, reporter }
}

/// The treasury and the pots.
pub fn pots() -> PotsInfo<AccountId> {
	PotsInfo {
		treasury: pot(TreasuryAccount::get()),
		small_spend_left: Governance::small_spend_left(),
		rewards: pot(RewardsPot::get()),
		stable: pot(StablePot::get()),
	}
}

fn pot(account: AccountId) -> PotInfo<AccountId> {
	PotInfo {
		tokens: <Balances as fungible::Inspect<AccountId>>::balance(&account),
		stable: Assets::balance(STABLE, &account),
		account,
	}
}
