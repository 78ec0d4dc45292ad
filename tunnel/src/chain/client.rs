//! The chain over JSON-RPC: one endpoint at a time, the next one when it fails, for ever.

use super::{ChainError, ChainView, Clock};
use crate::{clock, tasks::Task};
use async_trait::async_trait;
use codec::{Decode, DecodeAll, Encode};
use rand::Rng;
use std::{sync::Arc, time::Duration};
use subxt::{
	backend::LegacyBackend,
	config::{
		ClientState, DefaultExtrinsicParamsBuilder, DefaultTransactionExtensions, RpcConfigFor,
		SubstrateConfig, TransactionExtensions,
	},
	ext::{frame_decode, scale_encode, scale_type_resolver},
	rpcs::{methods::LegacyRpcMethods, Error as RpcError, RpcClient, UserError},
	OnlineClient,
};
use tokio::sync::watch;
use weir_primitives::{
	api::{ProviderInfo, SeatInfo, TargetTest},
	chain::{AccountId, Balance},
	report::Entry,
	EpochIndex, Timing,
};

/// The measuring protocol's pallet.
const PALLET: &str = "ProofOfBandwidth";
/// A request without an answer by then has failed.
const RPC_TIMEOUT: Duration = Duration::from_secs(10);
/// An endpoint without a new block for this long is given up.
const STALE: Duration = Duration::from_secs(120);
/// Before the first and the last of many attempts to connect.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

type Rpc = LegacyRpcMethods<RpcConfigFor<SubstrateConfig>>;

struct Link {
	client: RpcClient,
	methods: Rpc,
}

/// A chain client that reconnects.
pub struct Client {
	genesis: [u8; 32],
	link: watch::Receiver<Option<Arc<Link>>>,
	heads: watch::Receiver<u64>,
	_task: Task,
}

impl Client {
	/// Connects to the first endpoint that answers, and keeps trying until one does. A chain other than `genesis`, if
	/// one is given, is an error.
	pub async fn connect(endpoints: Vec<String>, genesis: Option<[u8; 32]>) -> Result<Self, ChainError> {
		let mut attempt = 0;
		let (link, found) = loop {
			match connect_any(&endpoints, attempt, genesis).await {
				Ok(found) => break found,
				Err(error @ ChainError::ForeignGenesis { .. }) => return Err(error),
				Err(error) => {
					tracing::warn!(%error, "chain not reachable; trying again");
					backoff(attempt).await;
					attempt += 1;
				}
			}
		};
		let (links, link) = watch::channel(Some(link));
		let (new_heads, heads) = watch::channel(0);
		let task = Task::spawn("chain", follow(endpoints, found, links, new_heads));
		Ok(Self { genesis: found, link, heads, _task: task })
	}

	/// Connects once and asks for the genesis; for checks that must not wait.
	pub async fn try_connect(endpoint: &str) -> Result<[u8; 32], ChainError> {
		connect(endpoint, None).await.map(|(_, genesis)| genesis)
	}

	fn link(&self) -> Result<Arc<Link>, ChainError> {
		self.link.borrow().clone().ok_or(ChainError::Offline)
	}

	async fn call<T: Decode>(&self, method: &'static str, arguments: impl Encode) -> Result<T, ChainError> {
		let link = self.link()?;
		let function = format!("ProofOfBandwidthApi_{method}");
		let arguments = arguments.encode();
		let answer = timed(link.methods.state_call(&function, Some(&arguments), None)).await?;
		T::decode_all(&mut &answer[..]).map_err(|_| ChainError::Incompatible(method))
	}

	/// Sends a fee-less call as a v5 general transaction without a signature: what `#[pallet::authorize]` expects. Its
	/// field names are compared with the runtime's, so that a changed call is never sent in the old shape.
	async fn submit(&self, call: &'static str, names: &[&str], arguments: Vec<u8>) -> Result<(), ChainError> {
		let link = self.link()?;
		let backend = LegacyBackend::<SubstrateConfig>::builder().build(link.client.clone());
		let client = timed(OnlineClient::<SubstrateConfig>::from_backend(Arc::new(backend))).await?;
		let at = timed(client.at_current_block()).await?;
		let metadata = at.metadata_ref();
		let variant = metadata
			.pallet_by_name(PALLET)
			.and_then(|pallet| pallet.call_variant_by_name(call))
			.ok_or(ChainError::Incompatible(call))?;
		if !variant.fields.iter().map(|field| field.name.as_deref()).eq(names.iter().map(|name| Some(*name)))
		{
			return Err(ChainError::Incompatible(call));
		}
		let state = ClientState {
			genesis_hash: client.genesis_hash(),
			spec_version: at.spec_version(),
			transaction_version: at.transaction_version(),
			metadata: at.metadata(),
		};
		let parameters = DefaultExtrinsicParamsBuilder::<SubstrateConfig>::new().immortal().nonce(0).build();
		let extensions = <DefaultTransactionExtensions<SubstrateConfig> as TransactionExtensions<
			SubstrateConfig,
		>>::new(&state, parameters)
		.map_err(rpc)?;
		let bytes = frame_decode::extrinsics::encode_v5_general(
			PALLET,
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
			Ok(Err(RpcError::User(UserError { message, data, .. }))) => Err(rpc(format!(
				"{message}: {}",
				data.map_or_else(String::new, |data| data.get().to_owned())
			))),
			Ok(Err(error)) => Err(rpc(error)),
			Err(_) => Err(rpc("no answer within 10 s")),
		}
	}
}

/// Call data that is encoded already.
struct Encoded(Vec<u8>);

impl scale_encode::EncodeAsFields for Encoded {
	fn encode_as_fields_to<R: scale_type_resolver::TypeResolver>(
		&self,
		_: &mut dyn scale_encode::FieldIter<'_, R::TypeId>,
		_: &R,
		out: &mut Vec<u8>,
	) -> Result<(), scale_encode::Error> {
		out.extend_from_slice(&self.0);
		Ok(())
	}
}

fn rpc(error: impl std::fmt::Display) -> ChainError {
	ChainError::Rpc(error.to_string())
}

async fn timed<T, E: std::fmt::Display>(
	work: impl std::future::Future<Output = Result<T, E>>,
) -> Result<T, ChainError> {
	match tokio::time::timeout(RPC_TIMEOUT, work).await {
		Ok(result) => result.map_err(rpc),
		Err(_) => Err(ChainError::Rpc("no answer within 10 s".into())),
	}
}

async fn connect(url: &str, expected: Option<[u8; 32]>) -> Result<(Arc<Link>, [u8; 32]), ChainError> {
	let client =
		timed(RpcClient::from_insecure_url(url)).await.map_err(|error| rpc(format!("{url}: {error}")))?;
	let methods = Rpc::new(client.clone());
	let genesis = timed(methods.genesis_hash()).await?.0;
	match expected {
		Some(expected) if expected != genesis => Err(ChainError::ForeignGenesis {
			url: url.to_owned(),
			found: hex::encode(genesis),
			expected: hex::encode(expected),
		}),
		_ => Ok((Arc::new(Link { client, methods }), genesis)),
	}
}

async fn connect_any(
	endpoints: &[String],
	attempt: usize,
	genesis: Option<[u8; 32]>,
) -> Result<(Arc<Link>, [u8; 32]), ChainError> {
	match endpoints.get(attempt.checked_rem(endpoints.len()).unwrap_or(0)) {
		Some(url) => connect(url, genesis).await,
		None => Err(ChainError::Offline),
	}
}

/// Waits twice as long each time, up to half a minute, ± 50 %, so that nodes do not return all at once.
async fn backoff(attempt: usize) {
	let (least, most) = BACKOFF;
	let wait = least.saturating_mul(1 << attempt.min(6)).min(most);
	let jitter = rand::thread_rng().gen_range(0.5..1.5);
	tokio::time::sleep(wait.mul_f64(jitter)).await;
}

/// Follows best blocks; connects anew whenever that ends.
async fn follow(
	endpoints: Vec<String>,
	genesis: [u8; 32],
	links: watch::Sender<Option<Arc<Link>>>,
	heads: watch::Sender<u64>,
) {
	let mut attempt = 0;
	loop {
		let link = links.borrow().clone();
		if let Some(link) = link {
			let began = clock::now();
			if let Err(error) = follow_heads(&link.methods, &heads).await {
				tracing::warn!(%error, "chain connection lost");
			}
			links.send_replace(None);
			// A connection that held for a minute earns a fresh start.
			attempt = if clock::now() > began.saturating_add(60_000_000) { 0 } else { attempt + 1 };
		}
		match connect_any(&endpoints, attempt, Some(genesis)).await {
			Ok((link, _)) => {
				tracing::info!("chain connected");
				links.send_replace(Some(link));
			}
			Err(error) => {
				tracing::warn!(%error, "chain not reachable; trying again");
				backoff(attempt).await;
				attempt += 1;
			}
		}
	}
}

async fn follow_heads(methods: &Rpc, heads: &watch::Sender<u64>) -> Result<(), ChainError> {
	let mut stream = timed(methods.chain_subscribe_new_heads()).await?;
	loop {
		let head = tokio::time::timeout(STALE, stream.next()).await;
		let head = head.map_err(|_| rpc("no new block for two minutes"))?;
		let head = head.ok_or_else(|| rpc("the endpoint closed the connection"))?.map_err(rpc)?;
		heads.send_replace(head.number);
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

	async fn target_test(&self, provider: &AccountId) -> Result<Option<TargetTest<AccountId>>, ChainError> {
		self.call("target_test", provider).await
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
		let arguments = (epoch, node, hash, signature).encode();
		self.submit("commit", &["epoch", "node", "commitment", "signature"], arguments).await
	}

	async fn reveal(
		&self,
		epoch: EpochIndex,
		node: &AccountId,
		entries: &[Entry],
		salt: [u8; 32],
	) -> Result<(), ChainError> {
		let arguments = (epoch, node, entries, salt).encode();
		self.submit("reveal", &["epoch", "node", "entries", "salt"], arguments).await
	}
}
