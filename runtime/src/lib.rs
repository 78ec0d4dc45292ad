//! The state transition function of Weir. Wiring only: every rule lives in a pallet or in `weir-math`.
//!
//! * [`configs`]: one file per concern, each configuring the pallets of that concern.
//! * [`apis`]: what the node and other readers may ask.
//! * [`presets`]: genesis states: `development`, `local`, `staging`.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
	not(test),
	deny(
		clippy::unwrap_used,
		clippy::expect_used,
		clippy::indexing_slicing,
		clippy::arithmetic_side_effects
	)
)]
// The runtime macro generates calls and metadata deeper than the default limit.
#![recursion_limit = "256"]

extern crate alloc;

#[cfg(feature = "std")]
include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));

pub mod apis;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
// Here and in `apis` macros of the SDK write items without documentation, so that the lint guards the rest by module.
#[deny(missing_docs)]
pub mod configs;
#[deny(missing_docs)]
pub mod presets;
#[cfg(test)]
mod tests;

use alloc::vec::Vec;
use polkadot_sdk::*;
use sp_runtime::{generic, impl_opaque_keys, MultiAddress};
use sp_version::RuntimeVersion;

#[cfg(feature = "std")]
pub use apis::api;
pub use apis::RuntimeApi;
pub use weir_primitives::chain::{
	AccountId, Balance, BlockNumber, Hash, Header, Nonce, OpaqueBlock, Signature, MILLIWEIR, SS58_PREFIX,
	WEIR,
};

/// Addresses extrinsics name accounts by.
pub type Address = MultiAddress<AccountId, ()>;
/// A block with decoded extrinsics.
pub type Block = generic::Block<Header, UncheckedExtrinsic>;
/// What surrounds every transaction. `AuthorizeCall` comes first: it gives fee-less calls their origin.
pub type TxExtension = (
	frame_system::AuthorizeCall<Runtime>,
	frame_system::CheckNonZeroSender<Runtime>,
	frame_system::CheckSpecVersion<Runtime>,
	frame_system::CheckTxVersion<Runtime>,
	frame_system::CheckGenesis<Runtime>,
	frame_system::CheckMortality<Runtime>,
	frame_system::CheckNonce<Runtime>,
	frame_system::CheckWeight<Runtime>,
	pallet_transaction_payment::ChargeTransactionPayment<Runtime>,
	frame_metadata_hash_extension::CheckMetadataHash<Runtime>,
	frame_system::WeightReclaim<Runtime>,
);
/// An extrinsic as it travels.
pub type UncheckedExtrinsic = generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, TxExtension>;
/// What a wallet signs.
pub type SignedPayload = generic::SignedPayload<RuntimeCall, TxExtension>;
/// Executes blocks.
pub type Executive = frame_executive::Executive<
	Runtime,
	Block,
	frame_system::ChainContext<Runtime>,
	Runtime,
	AllPalletsWithSystem,
>;

impl_opaque_keys! {
	/// Keys a validator hands to the session: block production, finality, discovery.
	pub struct SessionKeys {
		/// Block production.
		pub babe: Babe,
		/// Finality.
		pub grandpa: Grandpa,
		/// Discovery of validators' addresses.
		pub authority_discovery: AuthorityDiscovery,
	}
}

/// Version of the state transition function.
#[sp_version::runtime_version]
pub const VERSION: RuntimeVersion = RuntimeVersion {
	spec_name: alloc::borrow::Cow::Borrowed("weir"),
	impl_name: alloc::borrow::Cow::Borrowed("weir-node"),
	authoring_version: 1,
	spec_version: 1,
	impl_version: 1,
	apis: apis::RUNTIME_API_VERSIONS,
	transaction_version: 1,
	system_version: 1,
};

// Indices are part of the wire format: explicit, never reused. SDK pallets below 50, ours from 50. Genesis and hooks run
// in the order of the indices, whatever the order of the lines: ours after Session's and BABE's, so that the measuring
// protocol sees the session that just began and, at the end of a block, the randomness of that block. The parameters come
// before those who go by them, the ledger after those who mint at genesis.
#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeFreezeReason,
		RuntimeHoldReason,
		RuntimeSlashReason,
		RuntimeLockId,
		RuntimeTask,
		RuntimeViewFunction
	)]
	pub struct Runtime;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(1)]
	pub type Timestamp = pallet_timestamp;
	#[runtime::pallet_index(2)]
	pub type Babe = pallet_babe;
	#[runtime::pallet_index(3)]
	pub type Authorship = pallet_authorship;
	#[runtime::pallet_index(4)]
	pub type Balances = pallet_balances;
	#[runtime::pallet_index(5)]
	pub type TransactionPayment = pallet_transaction_payment;

	#[runtime::pallet_index(50)]
	pub type NodeStaking = pallet_node_staking;
	#[runtime::pallet_index(51)]
	pub type Validators = pallet_validators;

	#[runtime::pallet_index(6)]
	pub type Offences = pallet_offences;
	#[runtime::pallet_index(7)]
	pub type Historical = pallet_session::historical;
	#[runtime::pallet_index(8)]
	pub type Session = pallet_session;
	#[runtime::pallet_index(9)]
	pub type Grandpa = pallet_grandpa;
	#[runtime::pallet_index(10)]
	pub type AuthorityDiscovery = pallet_authority_discovery;

	#[runtime::pallet_index(52)]
	pub type Providers = pallet_providers;
	#[runtime::pallet_index(53)]
	pub type ProofOfBandwidth = pallet_proof_of_bandwidth;

	#[runtime::pallet_index(11)]
	pub type Utility = pallet_utility;
	#[runtime::pallet_index(12)]
	pub type Proxy = pallet_proxy;
	#[runtime::pallet_index(13)]
	pub type Multisig = pallet_multisig;
	#[runtime::pallet_index(14)]
	pub type Preimage = pallet_preimage;
	#[runtime::pallet_index(15)]
	pub type Scheduler = pallet_scheduler;
	#[runtime::pallet_index(16)]
	pub type MultiBlockMigrations = pallet_migrations;
	#[runtime::pallet_index(17)]
	pub type SafeMode = pallet_safe_mode;
	#[runtime::pallet_index(18)]
	pub type TxPause = pallet_tx_pause;
	#[runtime::pallet_index(19)]
	pub type Sudo = pallet_sudo;

	#[runtime::pallet_index(20)]
	pub type Assets = pallet_assets;
	// Shares of the pool stay with who gave what they stand for.
	#[runtime::pallet_index(21)]
	#[runtime::disable_call]
	pub type PoolAssets = pallet_assets<Instance2>;
	#[runtime::pallet_index(22)]
	pub type AssetConversion = pallet_asset_conversion;
	// Prices are reported to our own pallet, which checks who, when and how far.
	#[runtime::pallet_index(23)]
	#[runtime::disable_call]
	pub type Oracle = pallet_oracle;
	#[runtime::pallet_index(24)]
	pub type Treasury = pallet_treasury;
	#[runtime::pallet_index(25)]
	pub type ConvictionVoting = pallet_conviction_voting;
	#[runtime::pallet_index(26)]
	pub type Referenda = pallet_referenda;

	#[runtime::pallet_index(54)]
	pub type Governance = pallet_governance;
	#[runtime::pallet_index(55)]
	pub type Price = pallet_price;
	#[runtime::pallet_index(56)]
	pub type Regions = pallet_regions;
	#[runtime::pallet_index(57)]
	pub type Rewards = pallet_rewards;
	#[runtime::pallet_index(58)]
	pub type Laws = configs::laws;
	// After all that may mint at genesis: the ledger counts what there is then.
	#[runtime::pallet_index(59)]
	pub type BurnMint = pallet_burn_mint;
	#[runtime::pallet_index(60)]
	pub type Channels = pallet_channels;
}

impl<LocalCall> frame_system::offchain::CreateTransactionBase<LocalCall> for Runtime
where
	RuntimeCall: From<LocalCall>,
{
	type Extrinsic = UncheckedExtrinsic;
	type RuntimeCall = RuntimeCall;
}

impl<LocalCall> frame_system::offchain::CreateTransaction<LocalCall> for Runtime
where
	RuntimeCall: From<LocalCall>,
{
	type Extension = TxExtension;

	fn create_transaction(call: RuntimeCall, extension: TxExtension) -> UncheckedExtrinsic {
		UncheckedExtrinsic::new_transaction(call, extension)
	}
}

impl<LocalCall> frame_system::offchain::CreateBare<LocalCall> for Runtime
where
	RuntimeCall: From<LocalCall>,
{
	fn create_bare(call: RuntimeCall) -> UncheckedExtrinsic {
		UncheckedExtrinsic::new_bare(call)
	}
}

impl<LocalCall> frame_system::offchain::CreateAuthorizedTransaction<LocalCall> for Runtime
where
	RuntimeCall: From<LocalCall>,
{
	fn create_extension() -> TxExtension {
		// The call itself names its epoch, and the pool drops it when that has passed. The era is there so that a
		// repetition has other bytes than what was sent before, which the pool would take for the same transaction. It
		// begins with the parent, which other heads of the chain have as well.
		let parent = System::block_number().saturating_sub(1);
		let era = generic::Era::mortal(u64::from(configs::system::BlockHashCount::get() / 2), parent.into());
		(
			frame_system::AuthorizeCall::new(),
			frame_system::CheckNonZeroSender::new(),
			frame_system::CheckSpecVersion::new(),
			frame_system::CheckTxVersion::new(),
			frame_system::CheckGenesis::new(),
			frame_system::CheckMortality::from(era),
			frame_system::CheckNonce::from(0),
			frame_system::CheckWeight::new(),
			pallet_transaction_payment::ChargeTransactionPayment::from(0),
			frame_metadata_hash_extension::CheckMetadataHash::new(false),
			frame_system::WeightReclaim::new(),
		)
	}
}
