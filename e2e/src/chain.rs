//! The chain as a wallet sees it: signed extrinsics in, runtime API out.

use anyhow::{Context, Result};
use codec::{Decode, Encode};
use subxt::{
	rpcs::{rpc_params, RpcClient},
	OnlineClient, PolkadotConfig,
};
use subxt_signer::sr25519::Keypair;
use weir_primitives::{
	api::{Page, ProviderInfo, RegionFilter, TargetTest},
	chain::Balance,
	outage::Gap,
	Caps, Claim, Endpoint, EpochIndex, ExitClass, ProbeKey, ProviderIndex, Region, Role, SlotOffset, Timing,
};

/// Indices of pallets and calls: part of the wire format, see `runtime/src/lib.rs`.
mod index {
	pub(super) const BALANCES_TRANSFER_KEEP_ALIVE: [u8; 2] = [4, 3];
	pub(super) const UTILITY_BATCH_ALL: [u8; 2] = [11, 2];
	pub(super) const NODE_STAKING_BOND: [u8; 2] = [50, 0];
	pub(super) const PROVIDERS_REGISTER: [u8; 2] = [52, 0];
	pub(super) const PROOF_OF_BANDWIDTH_TAKE_SEAT: [u8; 2] = [53, 0];
}

/// A provider's row as the runtime API hands it out.
pub type Provider = ProviderInfo<[u8; 32], Balance>;

/// An extrinsic's call, encoded.
pub struct Call(Vec<u8>);

impl Call {
	fn new(index: [u8; 2], arguments: impl Encode) -> Self {
		Self((index, arguments).encode())
	}

	/// Sends `amount` to `to`.
	pub fn transfer(to: [u8; 32], amount: Balance) -> Self {
		const BY_ID: u8 = 0;
		Self::new(index::BALANCES_TRANSFER_KEEP_ALIVE, (BY_ID, to, codec::Compact(amount)))
	}

	/// Bonds `amount` in `role`.
	pub fn bond(role: Role, amount: Balance) -> Self {
		Self::new(index::NODE_STAKING_BOND, (role, codec::Compact(amount)))
	}

	/// Registers a line.
	pub fn register(
		claim: Claim,
		endpoint: Endpoint,
		peer_id: &[u8],
		region: Region,
		price: u64,
		key: ProbeKey,
	) -> Self {
		let caps = Caps { rate_kbps: 0, gb_per_month: 0, sessions: 0 };
		let terms = (endpoint, peer_id, region, ExitClass::Web, price, caps);
		Self::new(index::PROVIDERS_REGISTER, (claim, terms, Some(key)))
	}

	/// All of `calls`, or none.
	pub fn batch(calls: &[Self]) -> Self {
		let mut bytes = (index::UTILITY_BATCH_ALL, codec::Compact(calls.len() as u32)).encode();
		calls.iter().for_each(|call| bytes.extend(&call.0));
		Self(bytes)
	}

	/// Takes a seat.
	pub fn take_seat(key: ProbeKey, endpoint: Endpoint, uplink_kbps: u32, country: [u8; 2]) -> Self {
		Self::new(index::PROOF_OF_BANDWIDTH_TAKE_SEAT, (key, endpoint, uplink_kbps, country))
	}
}

/// A connection to one node.
pub struct Chain {
	rpc: RpcClient,
	client: OnlineClient<PolkadotConfig>,
}

impl Chain {
	/// Connects to the node's JSON-RPC.
	pub async fn connect(url: &str) -> Result<Self> {
		let connecting = || format!("connecting to {url}");
		let rpc = RpcClient::from_insecure_url(url).await.with_context(connecting)?;
		let client = OnlineClient::from_rpc_client(rpc.clone()).await.with_context(connecting)?;
		Ok(Self { rpc, client })
	}

	/// Hash of the first block.
	pub fn genesis(&self) -> [u8; 32] {
		self.client.genesis_hash().0
	}

	/// Number of the last finalised block.
	pub async fn finalized(&self) -> Result<u64> {
		Ok(self.client.at_current_block().await?.block_number())
	}

	/// Number of the best block.
	pub async fn best(&self) -> Result<u64> {
		let header: serde_json::Value = self.rpc.request("chain_getHeader", rpc_params![]).await?;
		let number = header["number"].as_str().context("a header without a number")?;
		u64::from_str_radix(number.trim_start_matches("0x"), 16).context("the number of the best block")
	}

	/// Signs and sends a call, and waits until it is in a finalised block. The broken rule is the error.
	pub async fn submit(&self, signer: &Keypair, Call(bytes): &Call) -> Result<()> {
		let at = self.client.at_current_block().await?;
		let payload = at.transactions().from_call_data_bytes(bytes)?;
		let progress = at.transactions().sign_and_submit_then_watch_default(&payload, signer).await?;
		progress.wait_for_finalized_success().await?;
		Ok(())
	}

	/// Running epoch, slot in it, and the slot number of its first slot.
	pub async fn clock(&self) -> Result<(EpochIndex, SlotOffset, u64)> {
		self.read("clock", ()).await
	}

	/// Length of slots, epochs and phases.
	pub async fn timing(&self) -> Result<Timing> {
		self.read("timing", ()).await
	}

	/// All providers.
	pub async fn providers(&self) -> Result<Vec<Provider>> {
		let page: Page<Provider> = self.read("providers", (0u32, 100u32, RegionFilter::default())).await?;
		Ok(page.rows)
	}

	/// Slot of T0 of the test that `provider` has in the running epoch, once it is revealed.
	pub async fn test_start(&self, provider: &[u8; 32]) -> Result<Option<SlotOffset>> {
		let test: Option<TargetTest<[u8; 32]>> = self.read("target_test", provider).await?;
		Ok(test.and_then(|test| test.start_slot))
	}

	/// Slot since which the provider is recorded as down, if it is, and its last outages.
	pub async fn outages(&self, provider: ProviderIndex) -> Result<(Option<u64>, Vec<Gap>)> {
		self.read("outages", provider).await
	}

	/// Whether the node's commitment for `epoch` stands, and whether it was revealed.
	pub async fn report_state(&self, epoch: EpochIndex, node: &[u8; 32]) -> Result<(bool, bool)> {
		self.read("report_state", (epoch, node)).await
	}

	async fn read<Answer: Decode>(&self, method: &str, arguments: impl Encode) -> Result<Answer> {
		let at = self.client.at_current_block().await?;
		let name = format!("ProofOfBandwidthApi_{method}");
		let answer = at.runtime_apis().call_raw(&name, Some(&arguments.encode())).await?;
		Answer::decode(&mut &answer[..]).with_context(|| format!("decoding the answer of {name}"))
	}
}

#[cfg(test)]
mod tests;
