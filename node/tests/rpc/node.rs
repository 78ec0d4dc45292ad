//! A node of a network of its own, on the loopback, and what a wallet sends it.

use codec::{Compact, Decode, Encode};
use jsonrpsee::{
	core::{client::ClientT, traits::ToRpcParams, ClientError},
	http_client::{HttpClient, HttpClientBuilder},
};
use polkadot_sdk::*;
use serde_json::{
	json,
	value::{to_raw_value, RawValue},
	Value,
};
use sp_keyring::Sr25519Keyring;
use std::{
	fmt::Debug,
	fs,
	path::PathBuf,
	process::{Child, Command, Stdio},
	time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::TcpStream,
};
use weir_primitives::{Caps, Claim, Endpoint, ExitClass, LineKind, Region, Role};
use weir_runtime::{AccountId, Hash, RuntimeCall, Signature, SignedPayload, TxExtension, UncheckedExtrinsic};

/// What a node does, it has done by then, on a busy machine as well. Slots have two seconds.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);
/// The provider that registers here, with its index.
pub(crate) const PROVIDER: (Sr25519Keyring, u32) = (Sr25519Keyring::Eve, 0);

/// Parameters, in a list or by name.
struct Params(Value);

impl ToRpcParams for Params {
	fn to_rpc_params(self) -> Result<Option<Box<RawValue>>, serde_json::Error> {
		to_raw_value(&self.0).map(Some)
	}
}

/// A running node, ended with the value.
pub(crate) struct Node {
	child: Child,
	folder: TempDir,
	address: String,
	/// Where it serves metrics, if it does.
	metrics: Option<String>,
	http: HttpClient,
}

impl Drop for Node {
	fn drop(&mut self) {
		let _ = self.child.kill();
		let _ = self.child.wait();
	}
}

impl Node {
	/// Starts a development network of one validator, with these flags beside the usual ones.
	pub(crate) async fn start(flags: &[&str]) -> Self {
		Self::launch(&[&["--no-prometheus"][..], flags].concat()).await
	}

	/// As [`Self::start`], with metrics.
	pub(crate) async fn start_with_metrics() -> Self {
		let mut node = Self::launch(&["--prometheus-port=0"]).await;
		node.metrics = Some(node.address_after("Prometheus exporter started at ").await);
		node
	}

	async fn launch(flags: &[&str]) -> Self {
		assert!(
			weir_runtime::WASM_BINARY.is_some(),
			"a node runs only with the runtime's Wasm: build without SKIP_WASM_BUILD, as scripts/test.sh does"
		);
		let folder = tempfile::tempdir().unwrap();
		let log = fs::File::create(folder.path().join("log")).unwrap();
		let child = Command::new(env!("CARGO_BIN_EXE_weir-node"))
			.args(["--dev", "--rpc-port=0", "--listen-addr=/ip4/127.0.0.1/tcp/0"])
			.args(["--no-mdns", "--no-telemetry", "--db-storage-threshold=0"])
			.args(flags)
			.arg(format!("--base-path={}", folder.path().join("data").display()))
			.stdin(Stdio::null())
			.stdout(log.try_clone().unwrap())
			.stderr(log)
			.spawn()
			.unwrap();
		let http = HttpClientBuilder::default().build("http://127.0.0.1:1").unwrap();
		let mut node = Self { child, folder, address: String::new(), metrics: None, http };
		node.address = node.address_after("Running JSON-RPC server: addr=").await;
		node.http = HttpClientBuilder::default().build(format!("http://{}", node.address)).unwrap();
		node
	}

	/// The address that the node's log says after these words.
	async fn address_after(&mut self, words: &str) -> String {
		let began = Instant::now();
		loop {
			let log = self.log();
			let said = log.split(words).nth(1);
			if let Some((address, _)) = said.and_then(|rest| rest.split_once([',', '\n', ' '])) {
				return address.to_owned();
			}
			let ended = self.child.try_wait().unwrap();
			assert!(ended.is_none() && began.elapsed() < PATIENCE, "no {words}, ended: {ended:?}\n{log}");
			tokio::time::sleep(Duration::from_millis(50)).await;
		}
	}

	fn log(&self) -> String {
		let file: PathBuf = self.folder.path().join("log");
		fs::read_to_string(file).unwrap()
	}

	/// Where subscribers connect.
	pub(crate) fn ws(&self) -> String {
		format!("ws://{}", self.address)
	}

	/// What the node tells Prometheus.
	pub(crate) async fn metrics(&self) -> String {
		let address = self.metrics.as_ref().expect("a node with metrics");
		let mut stream = TcpStream::connect(address).await.unwrap();
		stream
			.write_all(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
			.await
			.unwrap();
		let mut answer = String::new();
		stream.read_to_string(&mut answer).await.unwrap();
		answer
	}

	/// An answer over HTTP.
	pub(crate) async fn ask(&self, method: &str, params: Value) -> Result<Value, ClientError> {
		self.http.request(method, Params(params)).await
	}

	/// An answer that is no error.
	pub(crate) async fn get(&self, method: &str, params: Value) -> Value {
		self.ask(method, params).await.unwrap_or_else(|error| panic!("{method}: {error}"))
	}

	/// Asserts that the answer is the error with this code and this name, and says these words.
	pub(crate) async fn assert_refuses(
		&self,
		method: &str,
		params: Value,
		code: i32,
		name: &str,
		words: &str,
	) {
		let asked = format!("{method} {params}");
		assert_refused(self.ask(method, params).await, (code, name, words), &asked);
	}

	/// Asks until the answer is as wanted.
	pub(crate) async fn until(&self, method: &str, params: Value, is_it: impl Fn(&Value) -> bool) -> Value {
		let began = Instant::now();
		loop {
			let answer = self.ask(method, params.clone()).await;
			match answer {
				Ok(answer) if is_it(&answer) => return answer,
				answer => {
					assert!(began.elapsed() < PATIENCE, "{method} {params}: {answer:?}\n{}", self.log())
				}
			}
			tokio::time::sleep(Duration::from_millis(200)).await;
		}
	}

	/// Signs and sends a call.
	pub(crate) async fn submit(&self, signer: Sr25519Keyring, call: RuntimeCall) {
		let genesis: Hash = serde_json::from_value(self.get("chain_getBlockHash", json!([0])).await).unwrap();
		let nonce = self.get("system_accountNextIndex", json!([address(signer)])).await;
		let nonce = u32::try_from(nonce.as_u64().unwrap()).unwrap();
		self.send(signed(signer, nonce, genesis, call)).await.unwrap();
	}

	/// Sends a transaction.
	pub(crate) async fn send(&self, extrinsic: UncheckedExtrinsic) -> Result<Value, ClientError> {
		let bytes = sp_core::bytes::to_hex(&extrinsic.encode(), false);
		self.ask("author_submitExtrinsic", json!([bytes])).await
	}

	/// Bonds and registers [`PROVIDER`], and waits until the best block shows it.
	pub(crate) async fn with_provider(self) -> Self {
		let (who, index) = PROVIDER;
		self.submit(who, join(1)).await;
		let provider = self.until("weir_provider", json!([index]), |_| true).await;
		assert_eq!(provider["account"], address(who));
		self
	}
}

/// Asserts that an answer is the error with this code and this name, and says these words.
pub(crate) fn assert_refused(
	answer: Result<impl Debug, ClientError>,
	(code, name, words): (i32, &str, &str),
	asked: &str,
) {
	match answer {
		Err(ClientError::Call(error)) => {
			assert_eq!(error.code(), code, "{asked}: {}", error.message());
			let data = error.data().map(|data| data.get());
			assert_eq!(data, Some(format!("\"{name}\"").as_str()), "{asked}");
			assert!(error.message().contains(words), "{asked}: {}", error.message());
		}
		other => panic!("{asked} gave {other:?}"),
	}
}

/// The address of a well-known account.
pub(crate) fn address(who: Sr25519Keyring) -> String {
	who.to_account_id().to_string()
}

/// What surrounds a transaction.
fn extension(nonce: u32) -> TxExtension {
	(
		frame_system::AuthorizeCall::new(),
		frame_system::CheckNonZeroSender::new(),
		frame_system::CheckSpecVersion::new(),
		frame_system::CheckTxVersion::new(),
		frame_system::CheckGenesis::new(),
		frame_system::CheckMortality::from(sp_runtime::generic::Era::Immortal),
		frame_system::CheckNonce::from(nonce),
		frame_system::CheckWeight::new(),
		pallet_transaction_payment::ChargeTransactionPayment::from(0),
		frame_metadata_hash_extension::CheckMetadataHash::new(false),
		frame_system::WeightReclaim::new(),
	)
}

/// A transaction for the chain that begins with `genesis`.
pub(crate) fn signed(
	who: Sr25519Keyring,
	nonce: u32,
	genesis: Hash,
	call: RuntimeCall,
) -> UncheckedExtrinsic {
	let extension = extension(nonce);
	let version = weir_runtime::VERSION;
	let implied =
		((), (), version.spec_version, version.transaction_version, genesis, genesis, (), (), (), None, ());
	let payload = SignedPayload::from_raw(call.clone(), extension.clone(), implied);
	let signature = Signature::from(payload.using_encoded(|bytes| who.sign(bytes)));
	UncheckedExtrinsic::new_signed(call, who.to_account_id().into(), signature, extension)
}

/// A transaction without a signature, of a call that is authorised by itself.
pub(crate) fn general(call: RuntimeCall) -> UncheckedExtrinsic {
	UncheckedExtrinsic::new_transaction(call, extension(0))
}

/// A call from its indices and arguments, as `runtime/golden/wire.txt` pins them.
pub(crate) fn call(indices: [u8; 2], arguments: impl Encode) -> RuntimeCall {
	RuntimeCall::decode(&mut &(indices, arguments).encode()[..]).unwrap()
}

fn batch(calls: &[RuntimeCall]) -> RuntimeCall {
	call([11, 2], calls)
}

fn bond(role: Role, tokens: u128) -> RuntimeCall {
	call([50, 0], (role, Compact(tokens * weir_runtime::WEIR)))
}

/// Bonds as a provider, and registers a residential line of 20/10 Mbps at 127.n.2.3 in Germany.
pub(crate) fn join(n: u8) -> RuntimeCall {
	batch(&[bond(Role::Provider, 1_000), register(n)])
}

/// Bonds as a validator, and takes a seat of 50 Mbps at 127.n.0.1 in Germany with the account's key.
pub(crate) fn sit(who: Sr25519Keyring, n: u8) -> RuntimeCall {
	let endpoint = Endpoint::V4 { addr: [127, n, 0, 1], port: 9_600 };
	let seat = call([53, 0], (who.to_raw_public(), endpoint, 50_000u32, *b"DE"));
	batch(&[bond(Role::Validator, 10_000), seat])
}

fn register(n: u8) -> RuntimeCall {
	let claim = Claim { down_kbps: 20_000, up_kbps: 10_000 };
	let mut peer_id = vec![0x00u8, 0x24, 0x08, 0x01, 0x12, 0x20];
	peer_id.extend([n + 6; 32]);
	let region = Region { country: *b"DE", kind: LineKind::Residential };
	let endpoint = Endpoint::V4 { addr: [127, n, 2, 3], port: 9_600 };
	let caps = Caps { rate_kbps: 15_000, gb_per_month: 200, sessions: 10 };
	call([52, 0], (claim, (endpoint, peer_id, region, ExitClass::Web, 50_000u64, caps), Some([3u8; 32])))
}

/// Writes storage as the owner of a development network may.
pub(crate) fn set_storage(items: Vec<(Vec<u8>, Vec<u8>)>) -> RuntimeCall {
	call([19, 0], RuntimeCall::System(frame_system::Call::set_storage { items }))
}

/// An account as the chain stores it.
pub(crate) fn account(who: Sr25519Keyring) -> AccountId {
	who.to_account_id()
}
