//! Calls and reads of the economy, as tools encode and decode them.

use super::{account, api_of, call, key, region};
use crate::*;
use weir_math::economy::weight::Factors;
use weir_primitives::{
	economy::{GateReason, Pace, Parameters, Quote, PRICE_ONE},
	economy_api::{
		runtime_decl_for_economy_api::EconomyApi, BondInfo, BondsInfo, BountyInfo, BrakeInfo, ClaimBond,
		CloseInfo, ClosePhase, CloseProgress, CreditsInfo, Earned, EpochSummary, FeeInfo, LineInfo, Page,
		ParametersInfo, Paused, PendingChange, PendingRegion, PoolInfo, PotInfo, PotsInfo, PriceInfo,
		PurchaseQuote, PurchaseRefusal, RegionInfo, ReporterInfo, RequestInfo, RewardsInfo, SlashInfo,
		SliceWait, StablePathInfo, SupplyInfo, Unbonding, VestingInfo,
	},
	Role, SlashReason,
};

const API: &str = "EconomyApi";

pub(super) fn calls() -> Vec<String> {
	let request = pallet_burn_mint::Call::request_credits { credits: 5_000_000, max_tokens: 140 * WEIR };
	let stable = pallet_burn_mint::Call::buy_with_stable { credits: 5_000_000 };
	let claim = pallet_rewards::Call::claim { who: account(7), limit: 64 };
	let report = pallet_price::Call::report {
		round: 9,
		price: PRICE_ONE / 25,
		who: account(7),
		signature: sp_core::sr25519::Signature::from_raw([9; 64]).into(),
	};
	vec![call(request), call(stable), call(claim), call(report)]
}

fn price() -> PriceInfo {
	let quote = Quote {
		round: 8,
		median: PRICE_ONE / 25,
		ema: PRICE_ONE / 25 + 1,
		twap: Some(PRICE_ONE / 25 + 2),
		low: PRICE_ONE / 26,
		high: PRICE_ONE / 24,
		reports: 3,
		oldest_block: 37,
		at_block: 40,
		gate: Some(GateReason::Spread),
	};
	PriceInfo {
		round: 8,
		round_blocks: 5,
		quote: Some(quote),
		purchases_closed: Some(GateReason::Spread),
		payouts_closed: None,
		lost: false,
		paused: true,
		reporters: 3,
		quorum: 2,
	}
}

fn supply() -> SupplyInfo {
	SupplyInfo {
		cap: 1,
		genesis: 2,
		issuance: 3,
		total_issuance: 4,
		reserve: 5,
		bucket: 6,
		basis: 7,
		buffer: 8,
		destroyed: 9,
		credits: 10,
		pending_credits: 11,
		burned: 12,
		reminted: 13,
		insured: 14,
		emitted: 15,
		recredited: 16,
		balanced: true,
	}
}

fn region_info() -> RegionInfo<AccountId> {
	let bounty = BountyInfo { id: 1, sponsor: account(8), left: 100 * WEIR, rate: WEIR, until: 90 };
	RegionInfo {
		id: 4,
		region: region(),
		open: true,
		paused: false,
		utilisation: 250_000,
		multiplier: 1_100_000,
		floor: 900_000,
		gap: 600_000,
		weight: 90_000,
		proven: 1_000,
		least_weight: 2_500_000,
		nodes: 9,
		operators: 4,
		networks: 5,
		paid: 1_200_000,
		bounties: vec![bounty],
	}
}

fn rewards() -> RewardsInfo {
	let earned = |pending, paid| Earned { pending, paid };
	RewardsInfo {
		closed: Some(4),
		line: Some(LineInfo { region: 4, weight: 9_500, proven: true, expires: 21 }),
		factors: Some(Factors {
			capacity_kbps: 10_000,
			uptime: 990_000,
			steadiness: 980_000,
			latency: 1_100_000,
			reliability: 1_010_000,
			class: 500_000,
		}),
		claimable: 21,
		worth: Some(2),
		availability: earned(1, 2),
		vesting: VestingInfo { granted: 9, locked: 4, releasable: 3, released: 1, forfeited: 1, floor: 2 },
		bounties: earned(3, 4),
		fees: earned(5, 6),
		fee_epochs: vec![FeeInfo { epoch: 5, credits: 700, tokens: Some(17) }],
		validating: earned(7, 8),
		attesting: earned(9, 10),
	}
}

fn summary() -> EpochSummary {
	EpochSummary {
		epoch: 4,
		closed_at: 170,
		price: Some(PRICE_ONE / 24),
		settled: 1,
		fees: 2,
		attestor_fees: 3,
		treasury_fees: 4,
		haircut: 5,
		destroyed: 6,
		scheduled: 7,
		availability_rate: 15_000,
		wanted: 8,
		availability: 9,
		validators: 10,
		attestors: 11,
		treasury: 12,
		recredited: 13,
		weight: 14,
		destroyed_in_all: 15,
	}
}

fn bonds() -> BondsInfo<AccountId> {
	let unbonding = vec![Unbonding { tokens: 300 * WEIR, free_at: 90 }];
	let bond = |active| BondInfo {
		active,
		needed: 2,
		lasting: 3,
		unbonding: unbonding.clone(),
		free: 4,
		withheld: 5,
	};
	let slash = SlashInfo {
		id: 6,
		role: Role::Provider,
		tokens: 30 * WEIR,
		fraction: 300_000,
		reason: SlashReason::WrongRegion { epoch: 4, country: *b"BR" },
		due: 33,
		reporter: Some(account(8)),
	};
	BondsInfo {
		epoch: 5,
		provider: bond(100 * WEIR),
		validator: bond(0),
		covered: 10_000,
		slashes: vec![slash],
	}
}

/// Answers of the functions that came last.
fn figures() -> Vec<String> {
	let pot = |n| PotInfo { account: account(n), tokens: u128::from(n) * WEIR, stable: 7 };
	let pots = PotsInfo { treasury: pot(1), small_spend_left: 2, rewards: pot(3), stable: pot(4) };
	let path = StablePathInfo {
		round: 8,
		pool: Some(PoolInfo { tokens: 9 * WEIR, stable: 360_000 }),
		average: Some(PRICE_ONE / 25),
		paused: false,
		limit: 1,
		pending: 2,
		slice: 3,
		tried: Some(8),
		waits: Some(SliceWait::PricesDisagree),
	};
	let progress =
		CloseProgress { price: Some(PRICE_ONE / 24), phase: ClosePhase::Pay, next: 40, regions: 240 };
	let close = CloseInfo { epoch: 4, running: 5, waits_for_price: false, progress: Some(progress) };
	let claim = ClaimBond { kbps: 10_000, needed: 1, lasting: 2, per_mbps: 3, least: 4 };
	let quotes: Vec<Quote> = price().quote.into_iter().collect();
	vec![
		api_of(API, "quotes", Runtime::quotes, 288, quotes),
		api_of(API, "claim_bond", Runtime::claim_bond, 10_000, claim),
		api_of(API, "bonds", Runtime::bonds, account(7), bonds()),
		api_of(API, "stable_path", |()| Runtime::stable_path(), (), path),
		api_of(API, "pots", |()| Runtime::pots(), (), pots),
		api_of(API, "close", |()| Runtime::close(), (), close),
	]
}

pub(super) fn apis() -> Vec<String> {
	let reporter = ReporterInfo {
		account: account(7),
		added: true,
		active: true,
		key: Some(key(3).into_inner().0),
		bond: 10_000 * WEIR,
		free_at: None,
		last_price: Some(PRICE_ONE / 25),
		last_block: Some(39),
		rounds: 20,
		deviations: 1,
	};
	let cost = PurchaseQuote {
		credits: 5_000_000,
		tokens: None,
		price: None,
		refusal: Some(PurchaseRefusal::Gate(GateReason::NoQuorum)),
		executes_from: 10,
		round_cap: 10_000_000_000,
		queued: 7_000_000,
		least: Some(62 * WEIR),
	};
	let request =
		RequestInfo { id: 3, credits: 5_000_000, max_tokens: 140 * WEIR, round: 8, executes_from: 10 };
	let credits =
		CreditsInfo { free: 1, locked: 2, last_used: Some(3), sweep: None, requests: vec![request] };
	let parameters = Parameters::default();
	let pending =
		PendingChange { parameters: Parameters { list_price: 55_000, ..parameters }, from_epoch: 40 };
	let closed = PendingRegion { region: region(), least_weight: None, from_epoch: 41 };
	let asked = PendingRegion { least_weight: Some(2_500_000), ..closed.clone() };
	let (pending, pending_regions) = (Some(pending), vec![asked, closed]);
	let brakes = [Paused::Purchases, Paused::Region(region())];
	let brakes = brakes.map(|what| BrakeInfo { what, until: 44 }).into();
	let safe_mode_until = Some(9);
	let pace = Pace::local();
	let rules = ParametersInfo { pace, parameters, pending, pending_regions, brakes, safe_mode_until };
	let mut all = vec![
		api_of(API, "price", |()| Runtime::price(), (), price()),
		api_of(API, "reporters", |()| Runtime::reporters(), (), vec![reporter]),
		api_of(API, "supply", |()| Runtime::supply(), (), supply()),
		api_of(API, "quote", Runtime::quote, 5_000_000, cost),
		api_of(
			API,
			"regions",
			|(start, count)| Runtime::regions(start, count),
			(0, 100),
			Page { rows: vec![region_info()], next: Some(5) },
		),
		api_of(API, "region", Runtime::region, region(), Some(region_info())),
		api_of(API, "rewards", Runtime::rewards, account(7), rewards()),
		api_of(API, "credits", Runtime::credits, account(7), credits),
		api_of(
			API,
			"epoch_summaries",
			|(start, count)| Runtime::epoch_summaries(start, count),
			(4, 1),
			Page { rows: vec![summary()], next: None },
		),
		api_of(API, "parameters", |()| Runtime::parameters(), (), rules),
	];
	all.extend(figures());
	all
}
