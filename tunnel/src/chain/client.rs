//! The chain over JSON-RPC: the best of the configured endpoints, another one when it lags or fails, for ever.

use super::{
	endpoints::Choice,
	submission::{Encoded, Submission},
	survey::{rpc, timed, Answer, Found, Link, Rpc, Survey, RPC_TIMEOUT},
	ChainError, ChainView, Clock,
};
use crate::{advice, tasks::Task};
use async_trait::async_trait;
use blake2::{digest::consts::U32, Blake2b, Digest};
use codec::{Decode, DecodeAll, Encode};
use rand::Rng;
use std::{sync::Arc, time::Duration};
use subxt::{
	backend::LegacyBackend,
	config::{
		ClientState, DefaultExtrinsicParamsBuilder, DefaultTransactionExtensions, SubstrateConfig,
		TransactionExtensions,
	},
	ext::frame_decode,
	rpcs::{Error as RpcError, UserError},
	utils::H256,
	Metadata, OnlineClient,
};
use tokio::sync::{broadcast, watch, Notify};
use weir_primitives::{
	api::{EvidenceInfo, ProviderInfo, SeatInfo, TargetTest},
	chain::{AccountId, Balance},
	outage::{Sighting, Watch},
	report::Entry,
	EpochIndex, ProviderIndex, Timing,
};
use weir_tunnel_core::wire::Bilateral;

/// The runtime API of the measuring protocol.
const MEASURING: &str = "ProofOfBandwidthApi";
/// An endpoint without a new block for this long is looked at again.
const STALE: Duration = Duration::from_secs(120);
/// Between two comparisons of what the endpoints have finalised.
const COMPARE_EVERY: Duration = Duration::from_secs(12);
/// New blocks that wait for a listener.
const NEW_BLOCKS: usize = 64;
/// Blocks for which a transaction is good: more than it waits before it is repeated.
pub(super) const ERA_BLOCKS: u64 = 64;
/// Before the first and the last of many attempts to connect.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// What there is to work with.
#[derive(Clone)]
enum State {
	Offline,
	Split(ChainError),
	On(Arc<Link>),
}

/// A chain client that reconnects.
pub struct Client {
	genesis: [u8; 32],
	state: watch::Receiver<State>,
	heads: watch::Receiver<u64>,
	finalised: watch::Receiver<u64>,
	blocks: broadcast::Sender<[u8; 32]>,
	_tasks: [Task; 2],
}

/// Where what is heard of blocks goes.
struct News {
	heads: watch::Sender<u64>,
	finalised: watch::Sender<u64>,
	blocks: broadcast::Sender<[u8; 32]>,
}

impl Client {
	/// Connects to all endpoints and works with one, as [`endpoints`](super::endpoints) says; keeps trying until one
	/// answers and no two disagree. A chain other than `genesis`, or without one than the first endpoint's, is an error.
	pub async fn connect(endpoints: &[String], genesis: Option<[u8; 32]>) -> Result<Self, ChainError> {
		Self::connect_comparing(endpoints, genesis, COMPARE_EVERY).await
	}

	/// As [`Self::connect`], with another time between two comparisons of the endpoints.
	pub async fn connect_comparing(
		endpoints: &[String],
		genesis: Option<[u8; 32]>,
		every: Duration,
	) -> Result<Self, ChainError> {
		let mut survey = Survey::new(endpoints, genesis);
		let mut attempt = 0;
		let link = loop {
			match survey.round(true).await? {
				Found::Use(link) => break link,
				Found::Nobody(error) => {
					tracing::warn!(%error, "chain not reachable; trying again");
				}
				Found::Split(error) => tracing::error!(%error, "not starting"),
			}
			backoff(attempt).await;
			attempt += 1;
		};
		let genesis = survey.genesis().ok_or(ChainError::Offline)?;
		let (states, state) = watch::channel(State::On(link));
		let (new_heads, heads) = watch::channel(0);
		let (new_finalised, finalised) = watch::channel(0);
		let (blocks, _) = broadcast::channel(NEW_BLOCKS);
		let news = News { heads: new_heads, finalised: new_finalised, blocks: blocks.clone() };
		let look = Arc::new(Notify::new());
		let compare = Task::spawn("chain endpoints", compare(survey, states, look.clone(), every));
		let follow = Task::spawn("chain", follow(state.clone(), news, look));
		Ok(Self { genesis, state, heads, finalised, blocks, _tasks: [compare, follow] })
	}

	/// Asks every endpoint once, for checks that must not wait; and says what follows if they disagree.
	pub async fn look(endpoints: &[String], genesis: Option<[u8; 32]>) -> (Vec<Answer>, Option<ChainError>) {
		let mut survey = Survey::new(endpoints, genesis);
		let answers = survey.ask().await;
		let split = match survey.decide(&answers).await {
			Choice::Split(split) => Some(survey.describe(&split)),
			Choice::Nobody | Choice::Use(_) => None,
		};
		(answers, split)
	}

	pub(super) fn link(&self) -> Result<Arc<Link>, ChainError> {
		match &*self.state.borrow() {
			State::On(link) => Ok(link.clone()),
			State::Offline => Err(ChainError::Offline),
			State::Split(error) => Err(error.clone()),
		}
	}

	async fn call<T: Decode>(&self, method: &'static str, arguments: impl Encode) -> Result<T, ChainError> {
		self.call_at(MEASURING, method, arguments, None).await
	}

	/// Asks `api` of the runtime as of the block `at`, or the best one.
	pub(super) async fn call_at<T: Decode>(
		&self,
		api: &'static str,
		method: &'static str,
		arguments: impl Encode,
		at: Option<[u8; 32]>,
	) -> Result<T, ChainError> {
		let link = self.link()?;
		let function = format!("{api}_{method}");
		let arguments = arguments.encode();
		let answer = timed(link.methods.state_call(&function, Some(&arguments), at.map(Into::into))).await?;
		T::decode_all(&mut &answer[..]).map_err(|_| ChainError::Incompatible(method))
	}

	/// The block that a transaction's era begins with: the parent of the best one, which other heads of the chain have as
	/// well. A call without a signature has nothing else that differs when it is repeated, and the pool would take the same
	/// bytes for the same transaction.
	async fn era_start(&self, link: &Link) -> Result<(u64, H256), ChainError> {
		let head = timed(link.methods.chain_get_header(None)).await?.ok_or(ChainError::Offline)?;
		Ok((head.number.saturating_sub(1), head.parent_hash))
	}

	/// Sends a fee-less call as a v5 general transaction without a signature: what `#[pallet::authorize]` expects. Its
	/// field names are compared with the runtime's, so that a changed call is never sent in the old shape.
	async fn submit(
		&self,
		Submission { pallet, call, fields, arguments }: Submission,
	) -> Result<(), ChainError> {
		let link = self.link()?;
		let client = online(&link).await?;
		let at = timed(client.at_current_block()).await?;
		let metadata = at.metadata_ref();
		check_fields(metadata, pallet, call, fields)?;
		let state = ClientState {
			genesis_hash: client.genesis_hash(),
			spec_version: at.spec_version(),
			transaction_version: at.transaction_version(),
			metadata: at.metadata(),
		};
		let (number, hash) = self.era_start(&link).await?;
		let parameters = DefaultExtrinsicParamsBuilder::<SubstrateConfig>::new()
			.mortal_from_unchecked(ERA_BLOCKS, number, hash)
			.nonce(0)
			.build();
		let extensions = <DefaultTransactionExtensions<SubstrateConfig> as TransactionExtensions<
			SubstrateConfig,
		>>::new(&state, parameters)
		.map_err(rpc)?;
		let bytes = frame_decode::extrinsics::encode_v5_general(
			pallet,
			call,
			&Encoded(arguments),
			metadata.extrinsic().transaction_extension_version_to_use_for_encoding(),
			&extensions,
			metadata,
			metadata.types(),
		)
		.map_err(rpc)?;
		let submitted = tokio::time::timeout(RPC_TIMEOUT, link.methods.author_submit_extrinsic(&bytes)).await;
		match submitted {
			Ok(Ok(_)) => Ok(()),
			// The pool's reason is in the data.
			Ok(Err(RpcError::User(UserError { message, data, .. }))) => {
				let said = data.map_or(message, |data| data.get().trim_matches('"').to_owned());
				let name_of = |code| {
					let errors = metadata.pallet_by_name(pallet)?;
					Some(errors.error_variant_by_index(code)?.name.clone())
				};
				Err(ChainError::Refused { call, rule: broken_rule(&said, name_of) })
			}
			Ok(Err(error)) => Err(rpc(error)),
			Err(_) => Err(rpc("no answer within 10 s")),
		}
	}
}

/// A client with the metadata of now, over a connection.
pub(super) async fn online(link: &Link) -> Result<OnlineClient<SubstrateConfig>, ChainError> {
	let backend = LegacyBackend::<SubstrateConfig>::builder().build(link.client.clone());
	timed(OnlineClient::<SubstrateConfig>::from_backend(Arc::new(backend))).await
}

/// Fails unless the runtime's call has these fields.
pub(super) fn check_fields(
	metadata: &Metadata,
	pallet: &str,
	call: &'static str,
	fields: &[&str],
) -> Result<(), ChainError> {
	let variant = metadata
		.pallet_by_name(pallet)
		.and_then(|pallet| pallet.call_variant_by_name(call))
		.ok_or(ChainError::Incompatible(call))?;
	let names = variant.fields.iter().map(|field| field.name.as_deref());
	names.eq(fields.iter().map(|name| Some(*name))).then_some(()).ok_or(ChainError::Incompatible(call))
}

/// The rule that a transaction breaks, of what the pool says of it: a rule of the measuring protocol comes as the index of
/// its error.
fn broken_rule(said: &str, name_of: impl FnOnce(u8) -> Option<String>) -> String {
	let code = said.strip_prefix("Custom error: ").and_then(|code| code.parse().ok());
	code.and_then(name_of).unwrap_or_else(|| advice::one_line(said))
}

/// Waits twice as long each time, up to half a minute, ± 50 %, so that nodes do not return all at once.
async fn backoff(attempt: usize) {
	let (least, most) = BACKOFF;
	let wait = least.saturating_mul(1 << attempt.min(6)).min(most);
	let jitter = rand::thread_rng().gen_range(0.5..1.5);
	tokio::time::sleep(wait.mul_f64(jitter)).await;
}

/// Compares the endpoints now and then, and whenever `look` asks for it.
async fn compare(mut survey: Survey, states: watch::Sender<State>, look: Arc<Notify>, every: Duration) {
	let mut attempt = 0;
	loop {
		if attempt == 0 {
			let _ = tokio::time::timeout(every, look.notified()).await;
		} else {
			backoff(attempt).await;
		}
		let found = survey.round(false).await.unwrap_or_else(Found::Nobody);
		attempt = match &found {
			Found::Nobody(error) => {
				tracing::warn!(%error, "chain not reachable; trying again");
				attempt + 1
			}
			Found::Use(_) | Found::Split(_) => 0,
		};
		states.send_if_modified(|state| {
			let next = match found {
				Found::Nobody(_) => State::Offline,
				Found::Split(error) => State::Split(error),
				Found::Use(link) => State::On(link),
			};
			let changed = match (&*state, &next) {
				(State::On(known), State::On(link)) => !Arc::ptr_eq(known, link),
				(State::Split(_), State::Split(_)) | (State::Offline, State::Offline) => false,
				(_, State::Split(error)) => {
					tracing::error!(%error, "chain not used");
					true
				}
				_ => true,
			};
			*state = next;
			changed
		});
	}
}

/// Follows best blocks of whatever endpoint is in use.
async fn follow(mut states: watch::Receiver<State>, news: News, look: Arc<Notify>) {
	loop {
		let state = states.borrow_and_update().clone();
		let failed = async {
			let State::On(link) = state else { return std::future::pending().await };
			if let Err(error) = follow_heads(&link.methods, &news).await {
				tracing::warn!(%error, "chain connection lost");
			}
			look.notify_one();
			// Until the comparison has found another connection, or this one good.
			tokio::time::sleep(Duration::from_secs(1)).await;
		};
		tokio::select! {
			changed = states.changed() => if changed.is_err() {
				return;
			},
			() = failed => {}
		}
	}
}

async fn follow_heads(methods: &Rpc, News { heads, finalised, blocks }: &News) -> Result<(), ChainError> {
	let mut best = timed(methods.chain_subscribe_new_heads()).await?;
	let mut all = timed(methods.chain_subscribe_all_heads()).await?;
	let mut last = timed(methods.chain_subscribe_finalized_heads()).await?;
	// The first one is what it knew already.
	let mut is_news = false;
	let closed = || rpc("the endpoint closed the connection");
	let stale = tokio::time::sleep(STALE);
	tokio::pin!(stale);
	loop {
		tokio::select! {
			head = best.next() => {
				heads.send_replace(head.ok_or_else(closed)?.map_err(rpc)?.number);
				stale.as_mut().reset(tokio::time::Instant::now() + STALE);
			}
			head = last.next() => {
				let number = head.ok_or_else(closed)?.map_err(rpc)?.number;
				finalised.send_if_modified(|known| {
					let is_higher = number > *known;
					*known = number.max(*known);
					is_higher && std::mem::replace(&mut is_news, true)
				});
			}
			block = all.next() => {
				let header = block.ok_or_else(closed)?.map_err(rpc)?;
				// Nobody may be listening.
				let _ = blocks.send(Blake2b::<U32>::digest(header.encode()).into());
			}
			() = &mut stale => return Err(rpc("no new block for two minutes")),
		}
	}
}

#[async_trait]
impl ChainView for Client {
	fn genesis(&self) -> [u8; 32] {
		self.genesis
	}

	fn heads(&self) -> watch::Receiver<u64> {
		self.heads.clone()
	}

	fn blocks(&self) -> broadcast::Receiver<[u8; 32]> {
		self.blocks.subscribe()
	}

	fn finalised(&self) -> watch::Receiver<u64> {
		self.finalised.clone()
	}

	fn agreement(&self) -> Result<(), ChainError> {
		match &*self.state.borrow() {
			State::Split(error) => Err(error.clone()),
			State::On(_) | State::Offline => Ok(()),
		}
	}

	async fn timing(&self) -> Result<Timing, ChainError> {
		self.call("timing", ()).await
	}

	async fn clock(&self) -> Result<Clock, ChainError> {
		let (epoch, slot, first_slot) = self.call("clock", ()).await?;
		Ok(Clock { epoch, slot, first_slot })
	}

	async fn tasks(
		&self,
		node: &AccountId,
	) -> Result<Vec<weir_primitives::api::Task<AccountId>>, ChainError> {
		self.call("tasks", node).await
	}

	async fn target_test(
		&self,
		provider: &AccountId,
		at: Option<[u8; 32]>,
	) -> Result<Option<TargetTest<AccountId>>, ChainError> {
		self.call_at(MEASURING, "target_test", provider, at).await
	}

	async fn seat(&self, node: &AccountId) -> Result<Option<SeatInfo<AccountId>>, ChainError> {
		self.call("seat", node).await
	}

	async fn provider(
		&self,
		node: &AccountId,
	) -> Result<Option<ProviderInfo<AccountId, Balance>>, ChainError> {
		self.call("provider", node).await
	}

	async fn report_state(&self, epoch: EpochIndex, node: &AccountId) -> Result<(bool, bool), ChainError> {
		self.call("report_state", (epoch, node)).await
	}

	async fn audited(&self, epoch: EpochIndex, node: &AccountId) -> Result<Vec<u32>, ChainError> {
		self.call("audited", (epoch, node)).await
	}

	async fn evidence(&self, provider: &AccountId) -> Result<Vec<EvidenceInfo<AccountId>>, ChainError> {
		self.call("evidence", provider).await
	}

	async fn watch(&self, node: &AccountId) -> Result<Watch<AccountId>, ChainError> {
		self.call("watch", node).await
	}

	async fn say(
		&self,
		provider: ProviderIndex,
		node: &AccountId,
		sighting: Sighting,
		signature: [u8; 64],
	) -> Result<(), ChainError> {
		self.submit(Submission::sighting(provider, node, sighting, signature)).await
	}

	async fn answer_audit(
		&self,
		epoch: EpochIndex,
		node: &AccountId,
		entries: &[Entry],
		salt: [u8; 32],
		receipts: &[Bilateral],
	) -> Result<(), ChainError> {
		self.submit(Submission::answer_audit(epoch, node, entries, salt, receipts)).await
	}

	async fn dispute(
		&self,
		provider: ProviderIndex,
		epoch: EpochIndex,
		receipts: &[Bilateral],
	) -> Result<(), ChainError> {
		self.submit(Submission::dispute(provider, epoch, receipts)).await
	}

	async fn assignment(&self, epoch: EpochIndex, provider: u32) -> Result<Vec<AccountId>, ChainError> {
		self.call("assignment", (epoch, provider)).await
	}

	async fn commit(
		&self,
		epoch: EpochIndex,
		node: &AccountId,
		hash: [u8; 32],
		signature: [u8; 64],
	) -> Result<(), ChainError> {
		self.submit(Submission::commit(epoch, node, hash, signature)).await
	}

	async fn reveal(
		&self,
		epoch: EpochIndex,
		node: &AccountId,
		entries: &[Entry],
		salt: [u8; 32],
	) -> Result<(), ChainError> {
		self.submit(Submission::reveal(epoch, node, entries, salt)).await
	}
}

#[cfg(test)]
mod tests;
