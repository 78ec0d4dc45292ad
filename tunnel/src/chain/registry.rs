//! What it takes to become a provider: what the chain wants bonded, what an account has, and the calls, all of them in one
//! transaction, so that no crash leaves a bond without its registration.

use super::{
	bytes32,
	client::{check_fields, online},
	submission::Submission,
	survey::timed,
	Account, ChainError, Client, MAX_VOUCHERS,
};
use async_trait::async_trait;
use blake2::{digest::consts::U16, Blake2b, Digest};
use codec::{Compact, Decode, Encode};
use subxt::{utils::AccountId32, Metadata};
use weir_primitives::{
	chain::{AccountId, Balance},
	channel::{SignedVoucher, Voucher, VoucherSignature},
	economy_api::{BondsInfo, ClaimBond},
	outage::Gap,
	Caps, Claim, Endpoint, ExitClass, Kbps, ProviderIndex, Region, Role,
};

/// The runtime API of bonds.
const ECONOMY: &str = "EconomyApi";
/// Runs calls one after the other, or none of them.
const BATCH: (&str, &str) = ("Utility", "batch_all");
/// Where the pallet System keeps accounts: twox128 of `System` and of `Account`, the same on every chain of the SDK.
const ACCOUNTS: [u8; 32] = [
	0x26, 0xaa, 0x39, 0x4e, 0xea, 0x56, 0x30, 0xe0, 0x7c, 0x48, 0xae, 0x0c, 0x95, 0x58, 0xce, 0xf7, 0xb9,
	0x9d, 0x88, 0x0e, 0xc6, 0x81, 0x79, 0x9c, 0x0c, 0xf3, 0x0e, 0x88, 0x86, 0x37, 0x1d, 0xa9,
];
/// The part of a fee that is added to what the chain says of the bare call: measured, it is a seventieth.
const UNASKED: Balance = 20;
/// Signature, signer and extensions of a transaction have no more bytes than this.
const ENVELOPE_BYTES: usize = 160;

/// Where a line is reached and what it is sold for, in the order in which the chain reads it.
#[derive(Clone, PartialEq, Eq, Debug, Encode)]
pub struct Terms {
	/// Where the sidecar is reached.
	pub endpoint: Endpoint,
	/// Identity of the control plane, multihash.
	pub peer_id: Vec<u8>,
	/// Country and kind of line.
	pub region: Region,
	/// What the exit lets out.
	pub exit: ExitClass,
	/// Credits per 10⁹ bytes.
	pub price: u64,
	/// Limits the provider sets itself.
	pub caps: Caps,
}

/// The terms to change; what is `None` stays.
#[derive(Clone, PartialEq, Eq, Default, Debug, Encode)]
pub struct TermsUpdate {
	/// Where the sidecar is reached.
	pub endpoint: Option<Endpoint>,
	/// Identity of the control plane, multihash.
	pub peer_id: Option<Vec<u8>>,
	/// Country and kind of line.
	pub region: Option<Region>,
	/// What the exit lets out.
	pub exit: Option<ExitClass>,
	/// Credits per 10⁹ bytes.
	pub price: Option<u64>,
	/// Limits the provider sets itself.
	pub caps: Option<Caps>,
}

/// A call that its owner signs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RegistryCall {
	/// Bonds as a provider, grains.
	Bond(Balance),
	/// Adds to that bond, grains.
	BondMore(Balance),
	/// Registers a line.
	Register {
		/// What it claims.
		claim: Claim,
		/// Where and on which terms.
		terms: Terms,
		/// Signs its receipts.
		probe_key: [u8; 32],
	},
	/// Changes terms.
	Update(TermsUpdate),
	/// Claims otherwise.
	SetClaim(Claim),
	/// Announces another probe key.
	SetProbeKey([u8; 32]),
	/// No more tests from the epoch after the next on.
	Pause,
	/// Tests again.
	Resume,
	/// Sends tokens to another account.
	Transfer {
		/// Who gets them.
		to: [u8; 32],
		/// Grains.
		amount: Balance,
	},
}

impl RegistryCall {
	/// Pallet, call and its fields.
	fn names(&self) -> (&'static str, &'static str, &'static [&'static str]) {
		match self {
			Self::Bond(_) => ("NodeStaking", "bond", &["role", "amount"]),
			Self::BondMore(_) => ("NodeStaking", "bond_more", &["role", "amount"]),
			Self::Register { .. } => ("Providers", "register", &["claim", "terms", "probe_key"]),
			Self::Update(_) => ("Providers", "update", &["changes"]),
			Self::SetClaim(_) => ("Providers", "set_claim", &["claim"]),
			Self::SetProbeKey(_) => ("Providers", "set_probe_key", &["key"]),
			Self::Pause => ("Providers", "pause", &[]),
			Self::Resume => ("Providers", "resume", &[]),
			Self::Transfer { .. } => ("Balances", "transfer_keep_alive", &["dest", "value"]),
		}
	}

	/// As documentation and wallets name it.
	pub fn name(&self) -> String {
		let (pallet, call, _) = self.names();
		format!("{pallet}.{call}")
	}

	fn arguments(&self) -> Vec<u8> {
		// An account, of the ways in which the chain can be told of one.
		const BY_ID: u8 = 0;
		match self {
			Self::Bond(amount) | Self::BondMore(amount) => (Role::Provider, Compact(*amount)).encode(),
			Self::Register { claim, terms, probe_key } => (claim, terms, Some(probe_key)).encode(),
			Self::Update(changes) => changes.encode(),
			Self::SetClaim(claim) => claim.encode(),
			Self::SetProbeKey(key) => key.encode(),
			Self::Pause | Self::Resume => vec![],
			Self::Transfer { to, amount } => (BY_ID, to, Compact(*amount)).encode(),
		}
	}

	/// With the indices that the runtime has for it.
	fn encoded(&self, metadata: &Metadata) -> Result<Vec<u8>, ChainError> {
		let (pallet, call, fields) = self.names();
		check_fields(metadata, pallet, call, fields)?;
		let mut bytes = index(metadata, pallet, call)?.to_vec();
		bytes.extend(self.arguments());
		Ok(bytes)
	}
}

/// The indices of a call.
fn index(metadata: &Metadata, pallet: &str, call: &'static str) -> Result<[u8; 2], ChainError> {
	let pallet = metadata.pallet_by_name(pallet).ok_or(ChainError::Incompatible(call))?;
	let variant = pallet.call_variant_by_name(call).ok_or(ChainError::Incompatible(call))?;
	Ok([pallet.call_index(), variant.index])
}

/// The arguments of a batch.
fn batch(encoded: &[Vec<u8>]) -> Vec<u8> {
	let mut bytes = Compact(u32::try_from(encoded.len()).unwrap_or(u32::MAX)).encode();
	encoded.iter().for_each(|call| bytes.extend(call));
	bytes
}

/// What an account has, in the best block.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Holding {
	/// Transactions of it that were included.
	pub nonce: u64,
	/// Tokens that it may give away or bond, grains: all but what keeps it alive and what is frozen.
	pub usable: Balance,
}

/// Prices that may be registered, credits per 10⁹ bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PriceRange {
	/// The lowest.
	pub least: u64,
	/// The highest.
	pub most: u64,
}

/// What a registration needs of the chain: the seam that tests replace. Reads are of the best block; what is submitted is in a
/// finalised one when the call returns.
#[async_trait]
pub trait Registry: Send + Sync + 'static {
	/// What a claim of so much needs bonded.
	async fn claim_bond(&self, kbps: Kbps) -> Result<ClaimBond, ChainError>;
	/// What an account has bonded.
	async fn bonds(&self, who: &AccountId) -> Result<BondsInfo<AccountId>, ChainError>;
	/// What an account has.
	async fn holding(&self, who: &AccountId) -> Result<Holding, ChainError>;
	/// Number of the next transaction of an account, those that wait in the node's pool counted.
	async fn next_nonce(&self, who: &AccountId) -> Result<u64, ChainError>;
	/// Prices that may be registered.
	async fn prices(&self) -> Result<PriceRange, ChainError>;
	/// What the transaction of these calls costs, grains.
	async fn fee(&self, calls: &[RegistryCall]) -> Result<Balance, ChainError>;
	/// What a claim of the most vouchers that one takes costs, grains.
	async fn claim_fee(&self) -> Result<Balance, ChainError>;
	/// Slot since which a provider is recorded as down, and its last outages, oldest first.
	async fn outages(&self, provider: ProviderIndex) -> Result<(Option<u64>, Vec<Gap>), ChainError>;
	/// Has all calls done, or none.
	async fn submit(&self, by: &Account, calls: &[RegistryCall]) -> Result<(), ChainError>;
}

/// An account as the pallet System stores it: nonce and three counts of references; free, reserved, frozen, flags.
type StoredAccount = ([u32; 4], [Balance; 4]);

/// Where an account is stored.
fn account_key(who: &AccountId) -> Vec<u8> {
	let who = bytes32(who);
	let hash = Blake2b::<U16>::digest(who);
	[&ACCOUNTS[..], &hash[..], &who[..]].concat()
}

/// A constant of a pallet.
fn constant<T: Decode>(metadata: &Metadata, pallet: &str, name: &'static str) -> Result<T, ChainError> {
	let constant = metadata.pallet_by_name(pallet).and_then(|pallet| pallet.constant_by_name(name));
	let value = constant.and_then(|constant| T::decode(&mut constant.value()).ok());
	value.ok_or(ChainError::Incompatible(name))
}

/// What may be given away of what is stored.
fn usable((_, [free, reserved, frozen, _]): &StoredAccount, least: Balance) -> Balance {
	// What is on hold counts towards what is frozen.
	free.saturating_sub(frozen.saturating_sub(*reserved).max(least))
}

impl Client {
	/// The metadata of now, to encode calls by.
	async fn metadata(&self) -> Result<subxt::ArcMetadata, ChainError> {
		let link = self.link()?;
		let client = online(&link).await?;
		let at = timed(client.at_current_block()).await?;
		Ok(at.metadata())
	}

	/// What a call costs by today's fees.
	async fn fee_of(&self, index: [u8; 2], arguments: &[u8]) -> Result<Balance, ChainError> {
		const FUNCTION: &str = "query_call_info";
		let bytes = [&index[..], arguments].concat();
		let length = u32::try_from(bytes.len().saturating_add(ENVELOPE_BYTES)).unwrap_or(u32::MAX);
		let asked = [bytes, length.encode()].concat();
		let link = self.link()?;
		let function = format!("TransactionPaymentCallApi_{FUNCTION}");
		let answer = timed(link.methods.state_call(&function, Some(&asked), None)).await?;
		// Two parts of the weight, the class of the call, the fee.
		type Info = (Compact<u64>, Compact<u64>, u8, Balance);
		let (.., fee) = Info::decode(&mut &answer[..]).map_err(|_| ChainError::Incompatible(FUNCTION))?;
		// What signature and extensions weigh is not asked of a call without them.
		Ok(fee.saturating_add(fee / UNASKED))
	}

	async fn encode_all(&self, calls: &[RegistryCall]) -> Result<([u8; 2], Vec<u8>), ChainError> {
		let metadata = self.metadata().await?;
		check_fields(&metadata, BATCH.0, BATCH.1, &["calls"])?;
		let encoded: Vec<_> = calls.iter().map(|call| call.encoded(&metadata)).collect::<Result<_, _>>()?;
		Ok((index(&metadata, BATCH.0, BATCH.1)?, batch(&encoded)))
	}
}

#[async_trait]
impl Registry for Client {
	async fn claim_bond(&self, kbps: Kbps) -> Result<ClaimBond, ChainError> {
		self.call_at(ECONOMY, "claim_bond", kbps, None).await
	}

	async fn bonds(&self, who: &AccountId) -> Result<BondsInfo<AccountId>, ChainError> {
		self.call_at(ECONOMY, "bonds", who, None).await
	}

	async fn holding(&self, who: &AccountId) -> Result<Holding, ChainError> {
		let link = self.link()?;
		let stored = timed(link.methods.state_get_storage(&account_key(who), None)).await?;
		let Some(stored) = stored else { return Ok(Holding::default()) };
		let stored = StoredAccount::decode(&mut &stored[..]);
		let stored = stored.map_err(|_| ChainError::Incompatible("System.Account"))?;
		let least = constant(&*self.metadata().await?, "Balances", "ExistentialDeposit")?;
		let ([nonce, ..], _) = stored;
		Ok(Holding { nonce: nonce.into(), usable: usable(&stored, least) })
	}

	async fn next_nonce(&self, who: &AccountId) -> Result<u64, ChainError> {
		let account = AccountId32(bytes32(who));
		timed(self.link()?.methods.system_account_next_index(&account)).await
	}

	async fn prices(&self) -> Result<PriceRange, ChainError> {
		let metadata = self.metadata().await?;
		let price = |name| constant(&metadata, "Providers", name);
		Ok(PriceRange { least: price("MinPriceCreditsPerGb")?, most: price("MaxPriceCreditsPerGb")? })
	}

	async fn fee(&self, calls: &[RegistryCall]) -> Result<Balance, ChainError> {
		let (index, arguments) = self.encode_all(calls).await?;
		self.fee_of(index, &arguments).await
	}

	async fn claim_fee(&self) -> Result<Balance, ChainError> {
		let voucher = Voucher { channel: 0, bytes_down: 0, bytes_up: 0, credits: 0, sequence: 0 };
		let signed = SignedVoucher { voucher, signature: VoucherSignature::Sr25519([0; 64]) };
		let claim = Submission::claim(&[0; 32].into(), &[signed; MAX_VOUCHERS]);
		let metadata = self.metadata().await?;
		check_fields(&metadata, claim.pallet, claim.call, claim.fields)?;
		self.fee_of(index(&metadata, claim.pallet, claim.call)?, &claim.arguments).await
	}

	async fn outages(&self, provider: ProviderIndex) -> Result<(Option<u64>, Vec<Gap>), ChainError> {
		self.call_at("ProofOfBandwidthApi", "outages", provider, None).await
	}

	async fn submit(&self, by: &Account, calls: &[RegistryCall]) -> Result<(), ChainError> {
		let (pallet, call) = BATCH;
		let (_, arguments) = self.encode_all(calls).await?;
		self.send_signed(by, Submission { pallet, call, fields: &["calls"], arguments }).await.map(drop)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use weir_primitives::{chain::WEIR, LineKind};

	/// A call as the runtime's own tests pin it: fields, and bytes with both indices.
	fn golden(name: &str) -> (&'static str, &'static str) {
		let lines = include_str!("../../../runtime/golden/wire.txt").lines();
		let found =
			lines.map(|line| line.split(' ').collect::<Vec<_>>()).find(|line| line[..2] == ["call", name]);
		let found = found.unwrap_or_else(|| panic!("runtime/golden/wire.txt has no call {name}"));
		(found[2], found[3])
	}

	fn assert_call(call: &RegistryCall) -> String {
		let (fields, bytes) = golden(&call.name());
		assert_eq!(call.names().2.join(","), fields, "{}", call.name());
		assert_eq!(hex::encode(call.arguments()), bytes[4..], "{}", call.name());
		bytes.to_owned()
	}

	#[test]
	fn calls_should_be_encoded_as_the_runtime_decodes_them() {
		let terms = Terms {
			endpoint: Endpoint::V4 { addr: [127, 1, 2, 3], port: 9_600 },
			peer_id: vec![2; 38],
			region: Region { country: *b"DE", kind: LineKind::Hosting },
			exit: ExitClass::Web,
			price: 50_000,
			caps: Caps { rate_kbps: 0, gb_per_month: 0, sessions: 0 },
		};
		let claim = Claim { down_kbps: 20_000, up_kbps: 10_000 };
		assert_call(&RegistryCall::Register { claim, terms, probe_key: [3; 32] });
		let calls =
			[RegistryCall::Transfer { to: [1; 32], amount: 2_000 * WEIR }, RegistryCall::Bond(1_000 * WEIR)];
		let encoded: Vec<_> = calls.iter().map(|call| hex::decode(assert_call(call)).unwrap()).collect();
		let (fields, bytes) = golden("Utility.batch_all");
		assert_eq!((fields, &hex::encode(batch(&encoded))[..]), ("calls", &bytes[4..]));
	}

	#[test]
	fn changes_should_be_encoded_in_the_order_of_the_terms() {
		let changes = TermsUpdate { price: Some(50_000), ..TermsUpdate::default() };
		assert_eq!(hex::encode(RegistryCall::Update(changes).arguments()), "000000000150c300000000000000");
		assert_eq!(hex::encode(RegistryCall::BondMore(1).arguments()), "0104");
	}

	#[test]
	fn usable_should_leave_out_what_is_frozen_and_what_keeps_the_account() {
		let stored = |free, reserved, frozen| ([0; 4], [free, reserved, frozen, 0]);
		for (free, reserved, frozen, expected) in
			[(100, 0, 0, 90), (100, 0, 40, 60), (100, 30, 40, 90), (5, 0, 0, 0), (100, 0, 500, 0)]
		{
			assert_eq!(usable(&stored(free, reserved, frozen), 10), expected, "{free} {reserved} {frozen}");
		}
	}
}
