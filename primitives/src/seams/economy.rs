//! What the pallets of the economy need of each other.

use crate::{
	economy::{
		CloseTerms, Credits, GateReason, LineWeight, Placed, Ppm, Price, Quote, RegionId, RegionObserved,
		RegionRate, Round, SettlementRate, Tokens,
	},
	outage::Gap,
	Endpoint, EpochIndex, Kbps, ProviderIndex, Region,
};
use alloc::vec::Vec;
use polkadot_sdk::sp_runtime::{DispatchError, DispatchResult, Weight};
use weir_math::economy::groups::Site;

/// The token's price as others see it (implemented by price).
pub trait Pricing {
	/// The running round.
	fn round() -> Round;
	/// What a purchase of this block is priced at. An executed purchase also needs every report to be younger than its
	/// request: [`Quote::oldest_block`].
	fn purchase_quote() -> Result<Quote, GateReason>;
	/// What a payout of this block is priced at: a quorum is enough, and a price that governance posted.
	fn payout_quote() -> Result<Quote, GateReason>;
	/// Whether there has been no usable price for so long that epochs are closed without one.
	fn is_lost() -> bool;
	/// The newest quote that was formed, however old it is: what a request is measured by. Nothing is priced at it. None if
	/// there never was one.
	fn last_quote() -> Option<Quote>;
	/// The pool's average price over the last rounds, of which the running one is none: nothing that happens in a block moves
	/// it in that block. None if there is no such average, or the pool was too shallow to count.
	fn pool_average() -> Option<Price>;
	/// What the dearest of these costs at most.
	fn weight() -> Weight;
	/// Makes a quote at this price the running one, for benchmarks.
	#[cfg(feature = "runtime-benchmarks")]
	fn quote_for_benchmark(price: Price);
}

/// The pool of tokens and the stable asset, whose unit is a micro-dollar (implemented by the runtime over the SDK's
/// pool).
pub trait StablePool<AccountId> {
	/// What the pool holds: tokens and credits' worth of the stable asset. None if there is no pool.
	fn reserves() -> Option<(Tokens, Credits)>;
	/// Moves `credits` of the stable asset from one account to another, keeping no one alive who would not be.
	fn transfer(from: &AccountId, to: &AccountId, credits: Credits) -> DispatchResult;
	/// Spends exactly `credits` of the stable asset of `who` in the pool for at least `least` tokens, which arrive in
	/// the same account. Returns how many.
	fn swap(who: &AccountId, credits: Credits, least: Tokens) -> Result<Tokens, DispatchError>;
	/// What one such swap weighs at most.
	fn swap_weight() -> Weight;
	/// Gives `who` that much of the stable asset, and the pool depth, for tests and benchmarks.
	#[cfg(feature = "runtime-benchmarks")]
	fn fund_for_benchmark(who: &AccountId, credits: Credits);
}

/// Credits as payment channels see them (implemented by burn-mint).
pub trait CreditAccounts<AccountId> {
	/// Credits of `who` that are free to spend.
	fn free(who: &AccountId) -> Credits;
	/// Credits of `who` that are locked.
	fn locked(who: &AccountId) -> Credits;
	/// Moves credits of `who` from its balance into a lock.
	fn lock(who: &AccountId, credits: Credits) -> DispatchResult;
	/// Gives locked credits back to the balance of `who`.
	fn unlock(who: &AccountId, credits: Credits) -> DispatchResult;
	/// Forgets the account of `who` if no credits are left in it. What [`PaidTraffic`] takes leaves it there, so that nobody who
	/// hands a voucher in ends somebody else's account.
	fn forget_empty(who: &AccountId);
	/// Locked credits of everybody, for invariants: goes through all accounts.
	fn all_locked() -> Credits;
	/// Takes locked credits of `who` out of circulation that were good for a time that is over. Half of their part of the basis
	/// backs insurance, rounded down, the rest is destroyed. Returns that part.
	fn lapse(who: &AccountId, credits: Credits) -> Result<Tokens, DispatchError>;
	/// Charges a fee to the free credits of `who`, and destroys their part of the basis. Returns that part.
	fn charge_fee(who: &AccountId, credits: Credits) -> Result<Tokens, DispatchError>;
	/// Gives `who` credits that tokens were burned for, for tests and benchmarks.
	#[cfg(feature = "runtime-benchmarks")]
	fn fund_for_benchmark(who: &AccountId, credits: Credits);
}

/// Traffic that was paid for (implemented by burn-mint, called by whoever verifies vouchers). The credits leave the locks
/// of those who pay and wait for the settlement of the running epoch.
pub trait PaidTraffic<AccountId> {
	/// Each of these has paid so many credits, locked before, to `provider`. As many of them all as `demand` says count for
	/// traffic in its region. Returns the epoch at whose rate the provider is paid.
	fn paid_by_many(
		payments: &[(AccountId, Credits)],
		provider: &AccountId,
		demand: Option<(&Region, Credits)>,
	) -> Result<EpochIndex, DispatchError>;
	/// The same for one who pays, and all of it counts.
	fn paid(
		customer: &AccountId,
		provider: &AccountId,
		region: &Region,
		credits: Credits,
	) -> Result<EpochIndex, DispatchError>
	where
		AccountId: Clone,
	{
		Self::paid_by_many(&[(customer.clone(), credits)], provider, Some((region, credits)))
	}
	/// What `payments` at once cost at most.
	fn weight_of_many(payments: u32) -> Weight;
	/// What one costs at most.
	fn weight() -> Weight {
		Self::weight_of_many(1)
	}
}

/// Told what was paid in a region (implemented by regions).
pub trait RegionalDemand {
	/// Vouchers claimed in `epoch` moved `credits` for traffic in `region`.
	fn paid(region: &Region, epoch: EpochIndex, credits: Credits);
	/// What being told costs at most.
	fn weight() -> Weight;
}

/// What claims were converted at (implemented by burn-mint). Rates come in the order of epochs: none is set as long as one
/// before it is still to come, and none goes that somebody still needs ([`Earnings::settled_until`]).
pub trait SettlementRates {
	/// The rate of `epoch`: none while it is not settled, or no longer kept.
	fn rate(epoch: EpochIndex) -> Option<SettlementRate>;
	/// Makes this the rate of `epoch`, for benchmarks.
	#[cfg(feature = "runtime-benchmarks")]
	fn set_rate_for_benchmark(epoch: EpochIndex, rate: SettlementRate);
}

/// Earnings other than availability pay (implemented by rewards, told by burn-mint).
pub trait Earnings<AccountId> {
	/// `provider` earned `credits` by vouchers of `epoch`.
	fn earned(provider: &AccountId, epoch: EpochIndex, credits: Credits) -> DispatchResult;
	/// Of the entries assigned to attestors in `epoch`, the part that was accepted.
	fn attested(epoch: EpochIndex) -> Ppm;
	/// `validators` and `attestors` were minted into the pot for those who worked in `epoch`. Returns the part of either
	/// that nobody can claim, which the caller takes back out of the pot: (validators', attestors').
	fn share(epoch: EpochIndex, validators: Tokens, attestors: Tokens) -> (Tokens, Tokens);
	/// The last closed epoch up to which everybody has been credited with fees that had a rate by its close. None if there is
	/// none yet.
	fn settled_until() -> Option<EpochIndex>;
	/// What the dearest of these costs.
	fn weight() -> Weight;
}

/// What the measuring protocol knows of a line, as far as a weight goes by it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LineFacts {
	/// Of its last verdicts, at most eight, those on tests that measured something: the epoch that each measured, and the
	/// smaller direction of its estimate, kbps, oldest first.
	pub measured: Vec<(EpochIndex, Kbps)>,
	/// Epoch that the newest of them measured.
	pub last_test: Option<EpochIndex>,
	/// Its last outages that are over, oldest first, at most eight.
	pub gaps: Vec<Gap>,
	/// Number of the slot since which it is down.
	pub down_since: Option<u64>,
	/// Number of the running slot.
	pub slot: u64,
	/// Slots of an epoch.
	pub epoch_slots: u32,
	/// Whether the epoch of its last verdict fell into an outage of its region, which costs nobody.
	pub is_excused: bool,
	/// Epoch of its last location proof. Where locations are not judged, of its last test that measured something.
	pub proof: Option<EpochIndex>,
	/// Whether the majority of a committee found in its last test that measured something that it cannot be in the country
	/// it claims.
	pub is_refuted: bool,
	/// First epoch in which the line may weigh something again in the country it claims. None where nothing forbids it.
	pub banned_until: Option<EpochIndex>,
}

/// What is known of lines (implemented by proof-of-bandwidth).
pub trait LineHistory {
	/// What is known of a registered provider that was tested.
	fn line(provider: ProviderIndex) -> Option<LineFacts>;
	/// What that costs at most.
	fn weight() -> Weight;
	/// Makes `epoch` the running one and gives the provider the fullest history of a fast line, tested in the epoch before,
	/// for benchmarks.
	#[cfg(feature = "runtime-benchmarks")]
	fn line_for_benchmark(provider: ProviderIndex, epoch: EpochIndex);
}

/// Availability pay, region by region (implemented by rewards, driven by burn-mint's close of an epoch). The three passes
/// run over all numbers below [`Self::bound`], in rising order, each pass over all regions before the next.
pub trait RegionalPay {
	/// Begins the close of `epoch`: its weights stand. Returns the weight of all regions together.
	fn begin(epoch: EpochIndex) -> u128;
	/// One more than the largest number of a region.
	fn bound() -> RegionId;
	/// First pass: what the region used and lacks. Returns its gap. Nothing happens for a number without a region.
	fn survey(region: RegionId, terms: &CloseTerms) -> Ppm;
	/// Second pass: what the region wants, `gaps` being the sum of all gaps.
	fn appraise(region: RegionId, terms: &CloseTerms, gaps: u64) -> Credits;
	/// Third pass: the region's part of `total`, by what it wants of `wanted`. Returns what the caller mints into the
	/// pot for it: never more than its part.
	fn pay(region: RegionId, epoch: EpochIndex, total: Tokens, wanted: Credits) -> Tokens;
	/// Ends the close of `epoch`.
	fn finish(epoch: EpochIndex);
	/// What one region costs in the dearest pass.
	fn step_weight() -> Weight;
	/// What begin and finish cost, each.
	fn frame_weight() -> Weight;
}

/// What a region is worth (implemented by regions, asked by rewards in its passes).
pub trait RegionalTerms {
	/// One more than the largest number of a region.
	fn bound() -> RegionId;
	/// Number of an open region.
	fn id_of(region: &Region) -> Option<RegionId>;
	/// Works the epoch's demand and supply into utilisation, multiplier and gap. Returns the gap.
	fn survey(region: RegionId, observed: &RegionObserved, terms: &CloseTerms) -> Ppm;
	/// The rate of the region, its floor within its part of the budget by its share of `gaps`.
	fn rate(region: RegionId, observed: &RegionObserved, terms: &CloseTerms, gaps: u64) -> RegionRate;
	/// Moves what bounties pay in `epoch` for `proven` weight into the account of rewards. Returns how much.
	fn draw_bounty(region: RegionId, epoch: EpochIndex, proven: u128) -> Tokens;
	/// What the dearest of these costs.
	fn weight() -> Weight;
	/// Opens a region, unless it is open, and returns its number, for benchmarks.
	#[cfg(feature = "runtime-benchmarks")]
	fn open_for_benchmark(region: &Region) -> RegionId;
}

/// Where lines stand, and what neighbours may weigh together (implemented by regions, asked by rewards).
pub trait Placement<AccountId> {
	/// Places a line of `operator` with the weight `raw`, instead of where it stood. A raw weight of zero takes it away.
	fn place(
		provider: ProviderIndex,
		operator: &AccountId,
		region: &Region,
		endpoint: &Endpoint,
		raw: LineWeight,
	) -> Placed;
	/// The site of a line of `operator` at `endpoint`. A line on another site than before has moved.
	fn site(operator: &AccountId, endpoint: &Endpoint) -> Site;
	/// Whether governance lists the address as one of a hosting provider.
	fn is_hosting(endpoint: &Endpoint) -> bool;
	/// What placing costs at most.
	fn weight() -> Weight;
}

/// Told what an epoch's availability pay came to, so that bonds follow (implemented by node-staking).
pub trait OnEpochPaid {
	/// `tokens` were paid in `epoch` for `weight` altogether.
	fn epoch_paid(epoch: EpochIndex, tokens: Tokens, weight: u128);
	/// What that costs at most.
	fn weight() -> Weight;
}

/// The supply ledger as others may move it (implemented by burn-mint). Each of these moves tokens and the ledger together.
pub trait Supply<AccountId> {
	/// Takes `tokens` out of the account and puts them back into the bucket, unearned: forfeited pay.
	fn give_back(from: &AccountId, tokens: Tokens) -> DispatchResult;
	/// Emits `tokens` into the account, for benchmarks.
	#[cfg(feature = "runtime-benchmarks")]
	fn emit_for_benchmark(to: &AccountId, tokens: Tokens);
}
