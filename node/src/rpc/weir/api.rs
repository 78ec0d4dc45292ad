//! The methods. `docs/openrpc.json` is generated from this file: first line of a comment, the rest, names and types of
//! parameters and results.

use super::{
	attesting::{Assignment, ReportState, Seat, SeatPage, TargetTest, Task},
	channels::{Channel, ChannelPage, Offer, Plan, ProviderEarnings},
	contesting::{Audit, Evidence},
	earning::{EpochSummaryPage, Rewards},
	figures::{Bonds, ClaimBond, CloseState, Pots, QuoteList, StablePath},
	inputs::{Account, AccountOrIndex, Blocks, Credits},
	money::{Cost, CreditAccount, Price, Reporter, Supply},
	outages::Outages,
	regional::{RegionPage, RegionRow},
	results::{Clock, Provider, ProviderPage, Timing},
	rules::Rules,
};
use jsonrpsee::{core::RpcResult, proc_macros::rpc, SubscriptionCloseResponse};
use serde_json::value::RawValue;
use weir_runtime::Hash;

/// Reads of the measuring protocol and of the economy. `at` is the block whose state is read: the best one unless given.
#[rpc(server)]
pub(crate) trait WeirApi {
	/// The running epoch and where in it the block lies.
	#[method(name = "weir_clock", blocking)]
	fn clock(&self, at: Option<Hash>) -> RpcResult<Clock>;

	/// Lengths of slots, epochs and phases of this network.
	/// They are fixed by the first block.
	#[method(name = "weir_timing", blocking)]
	fn timing(&self, at: Option<Hash>) -> RpcResult<Timing>;

	/// One page of the registered providers, in the order of their indexes.
	/// Ask for the next page with `cursor` set to `nextCursor`, until that is null, and with `at` set to the page's block
	/// hash, so that all pages show one state. At most 1,000 indexes are looked at for one page, hence a page may be short
	/// or empty and not be the last. `limit` is 1 to 100, and 100 unless given. `region` is a country (`DE`) or a country
	/// with a kind of line (`DE-res`, `DE-host`).
	#[method(name = "weir_providers", blocking)]
	fn providers(
		&self,
		cursor: Option<u32>,
		limit: Option<u32>,
		region: Option<String>,
		at: Option<Hash>,
	) -> RpcResult<ProviderPage>;

	/// One provider with its terms, where it stands, and its last verdicts.
	#[method(name = "weir_provider", blocking)]
	fn provider(&self, provider: AccountOrIndex, at: Option<Hash>) -> RpcResult<Provider>;

	/// One page of the seats that may be drawn.
	/// `limit` is 1 to 100, and 100 unless given. Ask for the next page as with `weir_providers`.
	#[method(name = "weir_seats", blocking)]
	fn seats(&self, cursor: Option<u32>, limit: Option<u32>, at: Option<Hash>) -> RpcResult<SeatPage>;

	/// The seat of an account, whether or not it may be drawn yet.
	#[method(name = "weir_seat", blocking)]
	fn seat(&self, account: Account, at: Option<Hash>) -> RpcResult<Seat>;

	/// Who was drawn to measure a provider in an epoch.
	/// Nobody if the provider was not tested in it. Sure of the running epoch and the two before it; of five more as long as
	/// the provider's terms have not changed since: else ask at a block of that epoch.
	#[method(name = "weir_assignment", blocking)]
	fn assignment(&self, epoch: u32, provider: AccountOrIndex, at: Option<Hash>) -> RpcResult<Assignment>;

	/// What the seat of an account has to measure in the running epoch.
	#[method(name = "weir_tasks", blocking)]
	fn tasks(&self, account: Account, at: Option<Hash>) -> RpcResult<Vec<Task>>;

	/// The test that a provider has to answer in the running epoch; null if there is none.
	#[method(name = "weir_targetTest", blocking)]
	fn target_test(&self, provider: AccountOrIndex, at: Option<Hash>) -> RpcResult<Option<TargetTest>>;

	/// Whether an account committed to its report on an epoch, and whether it revealed it.
	/// Reports are removed some time after the epoch was judged; both are false from then on.
	#[method(name = "weir_reportState", blocking)]
	fn report_state(&self, epoch: u32, account: Account, at: Option<Hash>) -> RpcResult<ReportState>;

	/// The strikes of a provider that can be disputed, and what each stands on.
	/// At most eight, of at most 51 members each. A strike can be disputed for one epoch after its verdict, one of an
	/// escalation until the epoch before its slash is due; then what it stood on is forgotten.
	#[method(name = "weir_evidence", blocking)]
	fn evidence(&self, provider: AccountOrIndex, at: Option<Hash>) -> RpcResult<Vec<Evidence>>;

	/// What an audit has drawn of the report of an account on an epoch and is not proven yet.
	/// At most four entries of a report are drawn, when the epoch after the measured one is over, and proofs are taken in
	/// the reveal window of the next one. Nothing of an account that revealed no report on that epoch.
	#[method(name = "weir_audit", blocking)]
	fn audit(&self, epoch: u32, account: Account, at: Option<Hash>) -> RpcResult<Audit>;

	/// Since when a provider is recorded as down, and its last outages.
	/// Recorded is what three of five watchers reported and two thirds of nine confirmers saw as well.
	#[method(name = "weir_outages", blocking)]
	fn outages(&self, provider: AccountOrIndex, at: Option<Hash>) -> RpcResult<Outages>;

	/// The token's price, and why nothing is priced in tokens if that is so.
	#[method(name = "weir_price", blocking)]
	fn price(&self, at: Option<Hash>) -> RpcResult<Price>;

	/// Who reports the price: bonds, last reports, how often each was too far from the median.
	/// Those that were added, those that are not judged yet, and of those whose bond is not released yet at most 256.
	#[method(name = "weir_reporters", blocking)]
	fn reporters(&self, at: Option<Hash>) -> RpcResult<Vec<Reporter>>;

	/// The supply ledger, and whether it adds up.
	#[method(name = "weir_supply", blocking)]
	fn supply(&self, at: Option<Hash>) -> RpcResult<Supply>;

	/// What credits cost in tokens now, or why they cannot be bought.
	/// `credits` are micro-dollars. A request is executed at the price of a later round: give it a limit somewhat above this.
	#[method(name = "weir_quote", blocking)]
	fn quote(&self, credits: Credits, at: Option<Hash>) -> RpcResult<Cost>;

	/// One page of the regions, in the order of their numbers.
	/// `limit` is 1 to 100, and 100 unless given. Ask for the next page as with `weir_providers`.
	#[method(name = "weir_regions", blocking)]
	fn regions(&self, cursor: Option<u32>, limit: Option<u32>, at: Option<Hash>) -> RpcResult<RegionPage>;

	/// One region: utilisation, multiplier, coverage floor, weights, who is there, bounties.
	/// `region` is a country with a kind of line: `DE-res`, `DE-host`.
	#[method(name = "weir_region", blocking)]
	fn region(&self, region: String, at: Option<Hash>) -> RpcResult<RegionRow>;

	/// What an account has earned and can claim, by cause, and what is still locked.
	#[method(name = "weir_rewards", blocking)]
	fn rewards(&self, account: Account, at: Option<Hash>) -> RpcResult<Rewards>;

	/// Credits of an account, and its requests for more.
	#[method(name = "weir_credits", blocking)]
	fn credits(&self, account: Account, at: Option<Hash>) -> RpcResult<CreditAccount>;

	/// One page of closed epochs, oldest first: price, fees, pay, and what was minted and destroyed.
	/// They are kept for 90 days. `cursor` is the first epoch to show, and the oldest that is kept unless given. `limit` is 1
	/// to 100, and 100 unless given. Ask for the next page as with `weir_providers`.
	#[method(name = "weir_epochSummaries", blocking)]
	fn epoch_summaries(
		&self,
		cursor: Option<u32>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<EpochSummaryPage>;

	/// The parameters of the economy, what was announced to change in them, its clock, and the brakes that are on.
	#[method(name = "weir_parameters", blocking)]
	fn parameters(&self, at: Option<Hash>) -> RpcResult<Rules>;

	/// The last quotes, newest first, of the last 288 rounds: a day on public networks.
	/// `limit` is 1 to 288, and 288 unless given. A round without a price has none.
	#[method(name = "weir_quotes", blocking)]
	fn quotes(&self, limit: Option<u32>, at: Option<Hash>) -> RpcResult<QuoteList>;

	/// What a claim needs as a bond now.
	/// `kbps` is the smaller direction of the claim.
	#[method(name = "weir_claimBond", blocking)]
	fn claim_bond(&self, kbps: u32, at: Option<Hash>) -> RpcResult<ClaimBond>;

	/// Bonds of an account: what is active, what unbonds and when it is free, and the slashes that wait.
	#[method(name = "weir_bonds", blocking)]
	fn bonds(&self, account: Account, at: Option<Hash>) -> RpcResult<Bonds>;

	/// Credits for the stable asset: how many can be bought now, what waits for its tokens and why, and the pool.
	#[method(name = "weir_stablePath", blocking)]
	fn stable_path(&self, at: Option<Hash>) -> RpcResult<StablePath>;

	/// What the treasury and the pots hold.
	#[method(name = "weir_pots", blocking)]
	fn pots(&self, at: Option<Hash>) -> RpcResult<Pots>;

	/// How far epochs are closed: whether the next waits for a price, or how far its close is.
	#[method(name = "weir_close", blocking)]
	fn close(&self, at: Option<Hash>) -> RpcResult<CloseState>;

	/// One payment channel that is not closed.
	#[method(name = "weir_channel", blocking)]
	fn channel(&self, channel: u64, at: Option<Hash>) -> RpcResult<Channel>;

	/// One page of the channels that an account pays for, uses or is paid by.
	/// `limit` is 1 to 100, and 100 unless given. Ask for the next page as with `weir_providers`; the last one may be empty.
	/// The order is not that of the numbers: a channel that was opened meanwhile may stand before the cursor.
	#[method(name = "weir_channels", blocking)]
	fn channels(
		&self,
		account: Account,
		cursor: Option<u64>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<ChannelPage>;

	/// Credits that an account has put aside for months of use; null if there are none.
	#[method(name = "weir_plan", blocking)]
	fn plan(&self, account: Account, at: Option<Hash>) -> RpcResult<Option<Plan>>;

	/// What a provider asks for traffic, and what a channel to it has to say when it is opened.
	/// `boost` is the boost class in per cent of the provider's price, 100 to 300, and 100 unless given.
	#[method(name = "weir_offer", blocking)]
	fn offer(&self, provider: AccountOrIndex, boost: Option<u16>, at: Option<Hash>) -> RpcResult<Offer>;

	/// What a provider has earned by vouchers, and what the channels to it still hold.
	/// At most 4,096 channels are counted. An account that is no provider any more may still have earned something.
	#[method(name = "weir_providerEarnings", blocking)]
	fn provider_earnings(&self, provider: AccountOrIndex, at: Option<Hash>) -> RpcResult<ProviderEarnings>;

	/// This description.
	#[method(name = "rpc.discover")]
	fn discover(&self) -> RpcResult<&'static RawValue>;

	/// Verdicts of every new block, one notification per block that has any.
	/// A verdict that is revised after a dispute is sent again, as it is then.
	/// `provider`: only verdicts on this one. `blocks`: `finalized`, or `best` for verdicts that may still be undone; after
	/// a change of forks the blocks of the new one follow. A subscriber that reads too slowly, or whose blocks this node did
	/// not get one by one, is sent an error with its code and then nothing more.
	/// A connection holds at most 32 subscriptions of this method and of `weir_subscribeOutages` together.
	#[subscription(
		name = "weir_subscribeVerdicts" => "weir_verdicts",
		unsubscribe = "weir_unsubscribeVerdicts",
		item = super::verdicts::BlockVerdicts
	)]
	async fn subscribe_verdicts(
		&self,
		provider: Option<AccountOrIndex>,
		blocks: Option<Blocks>,
	) -> SubscriptionCloseResponse;

	/// Outages that begin or end in every new block, one notification per block that has any.
	/// An outage is sent when it is recorded, and again when it is over. `provider` and `blocks`: as with
	/// `weir_subscribeVerdicts`.
	#[subscription(
		name = "weir_subscribeOutages" => "weir_outage",
		unsubscribe = "weir_unsubscribeOutages",
		item = super::outages::BlockOutages
	)]
	async fn subscribe_outages(
		&self,
		provider: Option<AccountOrIndex>,
		blocks: Option<Blocks>,
	) -> SubscriptionCloseResponse;
}
