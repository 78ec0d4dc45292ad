//! Runtime API of the economy: how node, wallet and explorer read it. Every figure one of them shows is in one answer.

use crate::{
	chain::BlockNumber,
	economy::{Credits, GateReason, Pace, Parameters, Ppm, Price, Quote, RegionId, Round, Tokens},
	types::{EpochIndex, Kbps, Region},
};
use alloc::vec::Vec;
use codec::{Codec, Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::sp_api;
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

macro_rules! answer {
	($item:item) => {
		#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
		$item
	};
}

mod figures;

pub use crate::api::Page;
pub use figures::*;
pub use weir_math::economy::weight::Factors;

answer! {
	/// The token's price, and what is priced at it.
	pub struct PriceInfo {
		/// The running round.
		pub round: Round,
		/// Blocks of a round.
		pub round_blocks: u32,
		/// The quote of the newest round that has one, whether or not anything is priced at it now.
		pub quote: Option<Quote>,
		/// Why token purchases wait; none while they are open.
		pub purchases_closed: Option<GateReason>,
		/// Why payouts wait; none while there is a price for them.
		pub payouts_closed: Option<GateReason>,
		/// Whether there has been no usable price for so long that epochs are closed without one.
		pub lost: bool,
		/// Whether the emergency track has paused purchases.
		pub paused: bool,
		/// Reporters that governance has added.
		pub reporters: u32,
		/// Valid reports that a quote needs.
		pub quorum: u32,
	}
}

answer! {
	/// A reporter of prices.
	pub struct ReporterInfo<AccountId> {
		/// Its account.
		pub account: AccountId,
		/// Whether governance has added it: then it counts for the quorum, whether or not it reports.
		pub added: bool,
		/// Whether its reports count: it was added, has bonded, and has not left.
		pub active: bool,
		/// What signs its reports; none before it has bonded.
		pub key: Option<[u8; 32]>,
		/// What is on hold, grains.
		pub bond: Tokens,
		/// Of one that has left, the first epoch in which its bond is free.
		pub free_at: Option<EpochIndex>,
		/// What it reported last.
		pub last_price: Option<Price>,
		/// Block of that report.
		pub last_block: Option<BlockNumber>,
		/// Priced rounds of the running era in which it reported.
		pub rounds: u32,
		/// Of these, in how many it was too far from the median.
		pub deviations: u32,
	}
}

answer! {
	/// The six counters that add up to the cap, and what moved between them. Tokens are in grains.
	pub struct SupplyInfo {
		/// The cap.
		pub cap: Tokens,
		/// What the first block began with.
		pub genesis: Tokens,
		/// Tokens that exist, as the ledger counts them.
		pub issuance: Tokens,
		/// Tokens that exist, as the pallet of balances counts them.
		pub total_issuance: Tokens,
		/// What emission has not scheduled yet.
		pub reserve: Tokens,
		/// Scheduled and not minted.
		pub bucket: Tokens,
		/// Burned for credits that are outstanding.
		pub basis: Tokens,
		/// Burned, kept for days on which the basis is worth too little.
		pub buffer: Tokens,
		/// Burned for good.
		pub destroyed: Tokens,
		/// Credits outstanding.
		pub credits: Credits,
		/// Of these, bought with the stable asset whose tokens are not burned yet.
		pub pending_credits: Credits,
		/// Burned since the first block.
		pub burned: Tokens,
		/// Minted for paid traffic since the first block.
		pub reminted: Tokens,
		/// Minted for paid traffic out of the bucket since the first block.
		pub insured: Tokens,
		/// Minted by emission since the first block.
		pub emitted: Tokens,
		/// Moved from the destroyed back into the reserve since the first block.
		pub recredited: Tokens,
		/// Whether counters and balances agree, and every law of the ledger holds.
		pub balanced: bool,
	}
}

answer! {
	/// What credits cost now.
	pub struct PurchaseQuote {
		/// The credits asked for.
		pub credits: Credits,
		/// Tokens that they would burn at the newest quote. What is bought now is priced later: see `executes_from`.
		pub tokens: Option<Tokens>,
		/// The price that `tokens` stands on.
		pub price: Option<Price>,
		/// Why tokens cannot buy credits now.
		pub refusal: Option<PurchaseRefusal>,
		/// First round at whose price a request of this block is executed.
		pub executes_from: Round,
		/// Credits that purchases of a round may come to.
		pub round_cap: Credits,
		/// Credits that were requested and are not bought yet.
		pub queued: Credits,
		/// Tokens that a request made now must allow at least, by the newest quote, also one of a closed gate. None before the
		/// first price, or if no balance reaches it.
		pub least: Option<Tokens>,
	}
}

/// Why tokens cannot buy credits now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub enum PurchaseRefusal {
	/// There is no price to buy at; requests are taken and wait.
	#[codec(index = 0)]
	Gate(GateReason),
	/// The emergency track has paused purchases.
	#[codec(index = 1)]
	Paused,
	/// Less than a dollar.
	#[codec(index = 2)]
	TooLittle,
	/// More than a round takes: ask for it in parts.
	#[codec(index = 3)]
	TooMuch,
	/// As many requests wait as may.
	#[codec(index = 4)]
	QueueFull,
	/// There never was a price: nothing says what a request has to allow, and none is taken.
	#[codec(index = 5)]
	NeverPriced,
}

answer! {
	/// Tokens that somebody set aside for proven lines in a region.
	pub struct BountyInfo<AccountId> {
		/// Its number.
		pub id: u32,
		/// Who set it aside.
		pub sponsor: AccountId,
		/// What is left of it, grains.
		pub left: Tokens,
		/// Grains for a thousand kbps of proven weight and epoch.
		pub rate: Tokens,
		/// Last epoch in which it pays.
		pub until: EpochIndex,
	}
}

answer! {
	/// A region of the table.
	pub struct RegionInfo<AccountId> {
		/// Its number.
		pub id: RegionId,
		/// Country and kind of line.
		pub region: Region,
		/// Whether lines are placed in it.
		pub open: bool,
		/// Whether the emergency track has paused it.
		pub paused: bool,
		/// The average of its utilisation.
		pub utilisation: Ppm,
		/// What availability pay was multiplied by in the last closed epoch.
		pub multiplier: Ppm,
		/// Its coverage floor in that epoch, added to the multiplier.
		pub floor: Ppm,
		/// What it lacked of the proven weight it should have.
		pub gap: Ppm,
		/// Weight of all its unexpired lines, kbps.
		pub weight: u128,
		/// The part of it with long enough location proofs.
		pub proven: u128,
		/// Proven weight it should have.
		pub least_weight: u128,
		/// Lines that weigh something.
		pub nodes: u32,
		/// Operators of them.
		pub operators: u32,
		/// Networks (IPv4 /16, IPv6 /32) of them.
		pub networks: u32,
		/// Credits claimed for its traffic in the running epoch.
		pub paid: Credits,
		/// What is set aside for it beside emission.
		pub bounties: Vec<BountyInfo<AccountId>>,
	}
}

answer! {
	/// What an account earned by one cause, grains.
	pub struct Earned {
		/// Can be claimed now.
		pub pending: Tokens,
		/// Claimed so far.
		pub paid: Tokens,
	}
}

answer! {
	/// Claims of one epoch that are not paid out yet.
	pub struct FeeInfo {
		/// The epoch.
		pub epoch: EpochIndex,
		/// Credits earned in it.
		pub credits: Credits,
		/// What they come to; none while the epoch is not settled.
		pub tokens: Option<Tokens>,
	}
}

answer! {
	/// What is released over time.
	pub struct VestingInfo {
		/// Granted so far.
		pub granted: Tokens,
		/// Still locked in the block that is read.
		pub locked: Tokens,
		/// Released and not claimed.
		pub releasable: Tokens,
		/// Released and claimed so far.
		pub released: Tokens,
		/// Taken back so far: by leaving early, or for fraud.
		pub forfeited: Tokens,
		/// Of what was granted, the coverage floors. The rest is availability pay.
		pub floor: Tokens,
	}
}

answer! {
	/// Where a provider's line stands.
	pub struct LineInfo {
		/// Its region.
		pub region: RegionId,
		/// What it weighs in the running epoch, kbps.
		pub weight: u64,
		/// Whether its location is proven for long enough for bounties and floors to count it.
		pub proven: bool,
		/// First epoch in which it weighs nothing unless it is tested again.
		pub expires: EpochIndex,
	}
}

answer! {
	/// What an account has earned, by cause.
	pub struct RewardsInfo {
		/// The last epoch whose pay is known.
		pub closed: Option<EpochIndex>,
		/// Its line, if it has one that weighs something.
		pub line: Option<LineInfo>,
		/// What the weight of its line is made of, before its neighbours count.
		pub factors: Option<Factors>,
		/// What it can claim now, all causes together, grains.
		pub claimable: Tokens,
		/// What that is worth at the newest median.
		pub worth: Option<Credits>,
		/// Availability pay that was liquid at once.
		pub availability: Earned,
		/// Availability pay that is released over time.
		pub vesting: VestingInfo,
		/// Bounties.
		pub bounties: Earned,
		/// Fees for traffic, settled.
		pub fees: Earned,
		/// Fees not paid out yet, epoch by epoch.
		pub fee_epochs: Vec<FeeInfo>,
		/// For blocks made.
		pub validating: Earned,
		/// For entries of reports that were accepted.
		pub attesting: Earned,
	}
}

answer! {
	/// A request for credits that waits for its price.
	pub struct RequestInfo {
		/// Its number: by it, it is taken back while purchases are closed.
		pub id: u64,
		/// Credits asked for.
		pub credits: Credits,
		/// Tokens that it may cost at most, held until then.
		pub max_tokens: Tokens,
		/// Round in which it was made.
		pub round: Round,
		/// First round at whose price it is executed.
		pub executes_from: Round,
	}
}

answer! {
	/// Credits of an account.
	pub struct CreditsInfo {
		/// Free to spend.
		pub free: Credits,
		/// In locks of payment channels.
		pub locked: Credits,
		/// Last epoch in which they moved.
		pub last_used: Option<EpochIndex>,
		/// Epoch from which they may be swept, if notice of that was given.
		pub sweep: Option<EpochIndex>,
		/// Requests that wait, oldest first.
		pub requests: Vec<RequestInfo>,
	}
}

/// What one epoch came to.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub struct EpochSummary {
	/// The epoch.
	pub epoch: EpochIndex,
	/// Block in which it was closed.
	pub closed_at: BlockNumber,
	/// What payees were paid at; none if the price was lost.
	pub price: Option<Price>,
	/// Credits settled.
	pub settled: Credits,
	/// Tokens minted for providers' fees.
	pub fees: Tokens,
	/// Tokens minted for attestors out of fees.
	pub attestor_fees: Tokens,
	/// Tokens minted for the treasury out of fees.
	pub treasury_fees: Tokens,
	/// What was missing of what fees should have been worth.
	pub haircut: Ppm,
	/// Destroyed by settlement.
	pub destroyed: Tokens,
	/// What the schedule released.
	pub scheduled: Tokens,
	/// Availability pay, credits per gigabyte of capacity.
	pub availability_rate: u64,
	/// What all regions wanted, credits.
	pub wanted: Credits,
	/// Availability pay minted.
	pub availability: Tokens,
	/// Minted for validators.
	pub validators: Tokens,
	/// Minted for attestors.
	pub attestors: Tokens,
	/// Minted for the treasury.
	pub treasury: Tokens,
	/// Moved from the destroyed back into the reserve.
	pub recredited: Tokens,
	/// Weight of all regions.
	pub weight: u128,
	/// Everything that was destroyed since the close before this one: by settlement, and of fees, slashes and dust.
	pub destroyed_in_all: Tokens,
}

answer! {
	/// A change of parameters that was announced.
	pub struct PendingChange {
		/// The parameters as they will be.
		pub parameters: Parameters,
		/// First epoch in which they are.
		pub from_epoch: EpochIndex,
	}
}

answer! {
	/// A change of the table of regions that was announced.
	pub struct PendingRegion {
		/// Country and kind of line.
		pub region: Region,
		/// Proven weight it should have from then on; none if it is closed then.
		pub least_weight: Option<u128>,
		/// First epoch in which it is so.
		pub from_epoch: EpochIndex,
	}
}

answer! {
	/// The parameters of the economy.
	pub struct ParametersInfo {
		/// The clock of the economy, fixed by the first block.
		pub pace: Pace,
		/// The parameters in force.
		pub parameters: Parameters,
		/// What was announced; none if nothing is to change.
		pub pending: Option<PendingChange>,
		/// Regions that will be opened, closed or asked for another weight, in the order in which that takes effect.
		pub pending_regions: Vec<PendingRegion>,
		/// The brakes of the emergency track that are on.
		pub brakes: Vec<BrakeInfo>,
		/// Last block in which only calls that nobody may stop are taken; none while the brake of the chain is off.
		pub safe_mode_until: Option<BlockNumber>,
	}
}

sp_api::decl_runtime_apis! {
	/// Reads of the economy. Pages hold at most 100 rows, whatever is asked.
	pub trait EconomyApi<AccountId> where AccountId: Codec {
		/// The price, its gates, and why they are closed.
		fn price() -> PriceInfo;
		/// Reporters of prices: those that were added, those that are not judged yet, and of those whose bond is not released
		/// yet at most 256.
		fn reporters() -> Vec<ReporterInfo<AccountId>>;
		/// The supply ledger, and whether it adds up.
		fn supply() -> SupplyInfo;
		/// What `credits` cost, or why they cannot be bought.
		fn quote(credits: Credits) -> PurchaseQuote;
		/// Regions from number `start`.
		fn regions(start: u32, count: u32) -> Page<RegionInfo<AccountId>>;
		/// One region.
		fn region(region: Region) -> Option<RegionInfo<AccountId>>;
		/// What an account has earned.
		fn rewards(who: AccountId) -> RewardsInfo;
		/// Credits of an account, and its requests for more.
		fn credits(who: AccountId) -> CreditsInfo;
		/// Closed epochs from `start`, oldest first, as far as they are kept.
		fn epoch_summaries(start: EpochIndex, count: u32) -> Page<EpochSummary>;
		/// Parameters in force and announced.
		fn parameters() -> ParametersInfo;
		/// The last quotes, newest first: at most `count`, of the last 288 rounds.
		fn quotes(count: u32) -> Vec<Quote>;
		/// What a claim of `kbps` in its smaller direction needs as a bond now.
		fn claim_bond(kbps: Kbps) -> ClaimBond;
		/// Bonds of an account, and the slashes that wait for them.
		fn bonds(who: AccountId) -> BondsInfo<AccountId>;
		/// Credits for the stable asset: what may be bought, and what waits.
		fn stable_path() -> StablePathInfo;
		/// The treasury and the pots.
		fn pots() -> PotsInfo<AccountId>;
		/// How far epochs are closed.
		fn close() -> CloseInfo;
	}
}
