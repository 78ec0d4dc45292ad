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
	channel::ChannelId,
	channels_api::{AccountChannel, ProviderEarnings, MAX_ROWS},
	economy::Credits,
	economy_api::{CreditsInfo, PriceInfo, PurchaseQuote, RegionInfo, RewardsInfo, SupplyInfo},
	outage::Gap,
	Caps, Claim, Endpoint, EpochIndex, ExitClass, ProbeKey, ProviderIndex, Region, Role, SlotOffset, Timing,
};

/// Indices of pallets and calls: part of the wire format, see `runtime/src/lib.rs`.
mod index {
	pub(super) const BURN_MINT_REQUEST_CREDITS: [u8; 2] = [59, 0];
	pub(super) const REWARDS_CLAIM: [u8; 2] = [57, 0];
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
		exit: ExitClass,
		price: u64,
		key: ProbeKey,
	) -> Self {
		let caps = Caps { rate_kbps: 0, gb_per_month: 0, sessions: 0 };
		let terms = (endpoint, peer_id, region, exit, price, caps);
		Self::new(index::PROVIDERS_REGISTER, (claim, terms, Some(key)))
	}

	/// All of `calls`, or none.
	pub fn batch(calls: &[Self]) -> Self {
		let mut bytes = (index::UTILITY_BATCH_ALL, codec::Compact(calls.len() as u32)).encode();
		calls.iter().for_each(|call| bytes.extend(&call.0));
		Self(bytes)
	}

	/// Asks for `credits`, for `max_tokens` at most.
	pub fn request_credits(credits: Credits, max_tokens: Balance) -> Self {
		Self::new(index::BURN_MINT_REQUEST_CREDITS, (codec::Compact(credits), codec::Compact(max_tokens)))
	}

	/// Claims what `who` has earned, of `epochs` epochs of fees and of work at most.
	pub fn claim(who: [u8; 32], epochs: u32) -> Self {
		Self::new(index::REWARDS_CLAIM, (who, epochs))
	}

	/// Takes a seat.
	pub fn take_seat(key: ProbeKey, endpoint: Endpoint, uplink_kbps: u32, country: [u8; 2]) -> Self {
		Self::new(index::PROOF_OF_BANDWIDTH_TAKE_SEAT, (key, endpoint, uplink_kbps, country))
	}
}

/// An extrinsic in a finalised block.
pub struct Included {
	/// Hash of the block.
	pub block: [u8; 32],
	/// What the signer paid for it.
	pub fee: Balance,
}

/// What an account has.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Holding {
	/// Free tokens.
	pub free: Balance,
	/// Tokens on hold.
	pub reserved: Balance,
}

impl Holding {
	/// All of it.
	pub fn total(&self) -> Balance {
		self.free.saturating_add(self.reserved)
	}
}

/// A connection to one node.
#[derive(Clone)]
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
	pub async fn submit(&self, signer: &Keypair, call: &Call) -> Result<()> {
		self.include(signer, call).await.map(drop)
	}

	/// As [`Self::submit`], and says where it was included and what it cost.
	pub async fn include(&self, signer: &Keypair, Call(bytes): &Call) -> Result<Included> {
		let at = self.client.at_current_block().await?;
		let payload = at.transactions().from_call_data_bytes(bytes)?;
		let progress = at.transactions().sign_and_submit_then_watch_default(&payload, signer).await?;
		let included = progress.wait_for_finalized().await?;
		let (block, mut fee) = (included.block_hash().0, 0);
		for event in included.wait_for_success().await?.iter() {
			let event = event?;
			if (event.pallet_name(), event.event_name()) == ("TransactionPayment", "TransactionFeePaid") {
				let (_payer, paid, _tip) = <([u8; 32], Balance, Balance)>::decode(&mut event.field_bytes())?;
				fee = paid;
			}
		}
		Ok(Included { block, fee })
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

	/// Hash of the block of this height.
	pub async fn block_hash(&self, number: u64) -> Result<[u8; 32]> {
		let hash: Option<String> = self.rpc.request("chain_getBlockHash", rpc_params![number]).await?;
		let hash = hash.with_context(|| format!("no block of height {number}"))?;
		let mut bytes = [0; 32];
		hex::decode_to_slice(hash.trim_start_matches("0x"), &mut bytes).context("a hash")?;
		Ok(bytes)
	}

	/// Hash of the block before one.
	pub async fn parent(&self, block: &[u8; 32]) -> Result<[u8; 32]> {
		let header: serde_json::Value =
			self.rpc.request("chain_getHeader", rpc_params![hex_of(block)]).await?;
		let parent = header["parentHash"].as_str().context("a header without a parent")?;
		let mut bytes = [0; 32];
		hex::decode_to_slice(parent.trim_start_matches("0x"), &mut bytes).context("a hash")?;
		Ok(bytes)
	}

	/// The price after a block.
	pub async fn price(&self, block: &[u8; 32]) -> Result<PriceInfo> {
		self.economy(block, "price", ()).await
	}

	/// The supply ledger after a block.
	pub async fn supply(&self, block: &[u8; 32]) -> Result<SupplyInfo> {
		self.economy(block, "supply", ()).await
	}

	/// What credits cost after a block.
	pub async fn quote(&self, block: &[u8; 32], credits: Credits) -> Result<PurchaseQuote> {
		self.economy(block, "quote", credits).await
	}

	/// The first hundred regions after a block.
	pub async fn regions(&self, block: &[u8; 32]) -> Result<Vec<RegionInfo<[u8; 32]>>> {
		let page: Page<RegionInfo<[u8; 32]>> = self.economy(block, "regions", (0u32, 100u32)).await?;
		Ok(page.rows)
	}

	/// What an account has earned after a block.
	pub async fn rewards(&self, block: &[u8; 32], who: &[u8; 32]) -> Result<RewardsInfo> {
		self.economy(block, "rewards", who).await
	}

	/// Credits of an account after a block.
	pub async fn credits(&self, block: &[u8; 32], who: &[u8; 32]) -> Result<CreditsInfo> {
		self.economy(block, "credits", who).await
	}

	/// The first hundred channels of an account after a block, in any part.
	pub async fn channels(&self, block: &[u8; 32], who: &[u8; 32]) -> Result<Vec<AccountChannel<[u8; 32]>>> {
		self.ask(block, "ChannelsApi_channels", (who, None::<ChannelId>, MAX_ROWS)).await
	}

	/// What a provider has earned by vouchers after a block.
	pub async fn earnings(&self, block: &[u8; 32], provider: &[u8; 32]) -> Result<ProviderEarnings> {
		self.ask(block, "ChannelsApi_provider_earnings", provider).await
	}

	/// Tokens that exist after a block, as the pallet of balances has counted them.
	pub async fn total_issuance(&self, block: &[u8; 32]) -> Result<Balance> {
		let stored = self.stored(block, &storage::total_issuance()).await?;
		stored.context("no total issuance is stored")
	}

	/// What an account has after a block. Nothing of one that does not exist.
	pub async fn holding(&self, block: &[u8; 32], who: &[u8; 32]) -> Result<Holding> {
		// Nonce and three counts of references; then free, reserved, frozen, flags.
		type Account = ([u32; 4], [Balance; 4]);
		let stored: Option<Account> = self.stored(block, &storage::account(who)).await?;
		Ok(stored.map_or_else(Holding::default, |(_, [free, reserved, ..])| Holding { free, reserved }))
	}

	async fn economy<Answer: Decode>(
		&self,
		block: &[u8; 32],
		method: &str,
		arguments: impl Encode,
	) -> Result<Answer> {
		self.ask(block, &format!("EconomyApi_{method}"), arguments).await
	}

	async fn ask<Answer: Decode>(
		&self,
		block: &[u8; 32],
		name: &str,
		arguments: impl Encode,
	) -> Result<Answer> {
		let params = rpc_params![name, hex_of(&arguments.encode()), hex_of(block)];
		let answer: String = self.rpc.request("state_call", params).await.with_context(|| name.to_owned())?;
		let bytes = hex::decode(answer.trim_start_matches("0x"))?;
		Answer::decode(&mut &bytes[..]).with_context(|| format!("decoding the answer of {name}"))
	}

	async fn stored<Value: Decode>(&self, block: &[u8; 32], key: &[u8]) -> Result<Option<Value>> {
		let params = rpc_params![hex_of(key), hex_of(block)];
		let stored: Option<String> = self.rpc.request("state_getStorage", params).await?;
		let Some(stored) = stored else { return Ok(None) };
		let bytes = hex::decode(stored.trim_start_matches("0x"))?;
		Value::decode(&mut &bytes[..]).map(Some).context("decoding what is stored")
	}
}

fn hex_of(bytes: &[u8]) -> String {
	format!("0x{}", hex::encode(bytes))
}

/// Where pallets of the SDK store what is read here.
mod storage {
	use polkadot_sdk::*;
	use sp_io::hashing::{blake2_128, twox_128};

	/// All tokens.
	pub(super) fn total_issuance() -> Vec<u8> {
		[twox_128(b"Balances"), twox_128(b"TotalIssuance")].concat()
	}

	/// One account.
	pub(super) fn account(who: &[u8; 32]) -> Vec<u8> {
		let prefix = [twox_128(b"System"), twox_128(b"Account")].concat();
		[&prefix[..], &blake2_128(who), who].concat()
	}
}

#[cfg(test)]
mod tests;
