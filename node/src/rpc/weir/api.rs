//! The methods. `docs/openrpc.json` is generated from this file: first line of a comment, the rest, names and types of
//! parameters and results.

use super::{
	attesting::{Assignment, ReportState, Seat, SeatPage, TargetTest, Task},
	contesting::{Audit, Evidence},
	inputs::{Account, AccountOrIndex, Blocks},
	outages::Outages,
	results::{Clock, Provider, ProviderPage, Timing},
};
use jsonrpsee::{core::RpcResult, proc_macros::rpc, SubscriptionCloseResponse};
use serde_json::value::RawValue;
use weir_runtime::Hash;

/// Reads of the measuring protocol. `at` is the block whose state is read: the best one unless given.
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
