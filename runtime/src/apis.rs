//! What node, sidecar, wallet and explorer may ask of the state.

use crate::*;
use alloc::vec::Vec;
use frame_support::{
	genesis_builder_helper::{build_state, get_preset},
	traits::{Get, KeyOwnerProofSystem},
	weights::Weight,
};
use pallet_grandpa::AuthorityId as GrandpaId;
use sp_api::impl_runtime_apis;
use sp_authority_discovery::AuthorityId as AuthorityDiscoveryId;
use sp_core::{crypto::KeyTypeId, OpaqueMetadata};
use sp_runtime::{
	traits::{Block as BlockT, NumberFor},
	transaction_validity::{TransactionSource, TransactionValidity},
	ApplyExtrinsicResult,
};
use weir_primitives::{
	api::{EvidenceInfo, Page, ProviderInfo, RegionFilter, SeatInfo, SeatRecord, TargetTest, Task},
	channel::ChannelId,
	channels_api::{AccountChannel, ChannelInfo, OfferInfo, PlanInfo, ProviderEarnings},
	economy::{Credits, Quote},
	economy_api::{
		BondsInfo, ClaimBond, CloseInfo, CreditsInfo, EpochSummary, ParametersInfo, PotsInfo, PriceInfo,
		PurchaseQuote, RegionInfo, ReporterInfo, RewardsInfo, StablePathInfo, SupplyInfo,
	},
	outage::{Gap, Watch},
	EpochIndex, Kbps, ProviderIndex, Region, SlotOffset, Timing,
};

/// BABE's leader election: one slot in four has a primary leader; the others fall to a secondary one with a VRF, so
/// that every slot contributes to the randomness.
pub const BABE_GENESIS_EPOCH_CONFIG: sp_consensus_babe::BabeEpochConfiguration =
	sp_consensus_babe::BabeEpochConfiguration {
		c: (1, 4),
		allowed_slots: sp_consensus_babe::AllowedSlots::PrimaryAndSecondaryVRFSlots,
	};

impl_runtime_apis! {
	impl sp_api::Core<Block> for Runtime {
		fn version() -> RuntimeVersion {
			VERSION
		}

		fn execute_block(block: <Block as BlockT>::LazyBlock) {
			Executive::execute_block(block)
		}

		fn initialize_block(header: &<Block as BlockT>::Header) -> sp_runtime::ExtrinsicInclusionMode {
			Executive::initialize_block(header)
		}
	}

	impl sp_api::Metadata<Block> for Runtime {
		fn metadata() -> OpaqueMetadata {
			OpaqueMetadata::new(Runtime::metadata().into())
		}

		fn metadata_at_version(version: u32) -> Option<OpaqueMetadata> {
			Runtime::metadata_at_version(version)
		}

		fn metadata_versions() -> Vec<u32> {
			Runtime::metadata_versions()
		}
	}

	impl frame_support::view_functions::runtime_api::RuntimeViewFunction<Block> for Runtime {
		fn execute_view_function(
			id: frame_support::view_functions::ViewFunctionId,
			input: Vec<u8>,
		) -> Result<Vec<u8>, frame_support::view_functions::ViewFunctionDispatchError> {
			Runtime::execute_view_function(id, input)
		}
	}

	impl sp_block_builder::BlockBuilder<Block> for Runtime {
		fn apply_extrinsic(extrinsic: <Block as BlockT>::Extrinsic) -> ApplyExtrinsicResult {
			Executive::apply_extrinsic(extrinsic)
		}

		fn finalize_block() -> <Block as BlockT>::Header {
			Executive::finalize_block()
		}

		fn inherent_extrinsics(data: sp_inherents::InherentData) -> Vec<<Block as BlockT>::Extrinsic> {
			data.create_extrinsics()
		}

		fn check_inherents(
			block: <Block as BlockT>::LazyBlock,
			data: sp_inherents::InherentData,
		) -> sp_inherents::CheckInherentsResult {
			data.check_extrinsics(&block)
		}
	}

	impl sp_transaction_pool::runtime_api::TaggedTransactionQueue<Block> for Runtime {
		fn validate_transaction(
			source: TransactionSource,
			tx: <Block as BlockT>::Extrinsic,
			block_hash: <Block as BlockT>::Hash,
		) -> TransactionValidity {
			Executive::validate_transaction(source, tx, block_hash)
		}
	}

	impl sp_offchain::OffchainWorkerApi<Block> for Runtime {
		fn offchain_worker(header: &<Block as BlockT>::Header) {
			Executive::offchain_worker(header)
		}
	}

	impl sp_consensus_babe::BabeApi<Block> for Runtime {
		fn configuration() -> sp_consensus_babe::BabeConfiguration {
			let epoch_config = Babe::epoch_config().unwrap_or(BABE_GENESIS_EPOCH_CONFIG);
			sp_consensus_babe::BabeConfiguration {
				slot_duration: Babe::slot_duration(),
				epoch_length: configs::EpochSlots::get(),
				c: epoch_config.c,
				authorities: Babe::authorities().to_vec(),
				randomness: Babe::randomness(),
				allowed_slots: epoch_config.allowed_slots,
			}
		}

		fn current_epoch_start() -> sp_consensus_babe::Slot {
			Babe::current_epoch_start()
		}

		fn current_epoch() -> sp_consensus_babe::Epoch {
			Babe::current_epoch()
		}

		fn next_epoch() -> sp_consensus_babe::Epoch {
			Babe::next_epoch()
		}

		fn generate_key_ownership_proof(
			_slot: sp_consensus_babe::Slot,
			authority_id: sp_consensus_babe::AuthorityId,
		) -> Option<sp_consensus_babe::OpaqueKeyOwnershipProof> {
			use codec::Encode;
			Historical::prove((sp_consensus_babe::KEY_TYPE, authority_id))
				.map(|proof| sp_consensus_babe::OpaqueKeyOwnershipProof::new(proof.encode()))
		}

		fn submit_report_equivocation_unsigned_extrinsic(
			equivocation_proof: sp_consensus_babe::EquivocationProof<<Block as BlockT>::Header>,
			key_owner_proof: sp_consensus_babe::OpaqueKeyOwnershipProof,
		) -> Option<()> {
			Babe::submit_unsigned_equivocation_report(equivocation_proof, key_owner_proof.decode()?)
		}
	}

	impl sp_consensus_grandpa::GrandpaApi<Block> for Runtime {
		fn grandpa_authorities() -> sp_consensus_grandpa::AuthorityList {
			Grandpa::grandpa_authorities()
		}

		fn current_set_id() -> sp_consensus_grandpa::SetId {
			Grandpa::current_set_id()
		}

		fn submit_report_equivocation_unsigned_extrinsic(
			equivocation_proof: sp_consensus_grandpa::EquivocationProof<<Block as BlockT>::Hash, NumberFor<Block>>,
			key_owner_proof: sp_consensus_grandpa::OpaqueKeyOwnershipProof,
		) -> Option<()> {
			Grandpa::submit_unsigned_equivocation_report(equivocation_proof, key_owner_proof.decode()?)
		}

		fn generate_key_ownership_proof(
			_set_id: sp_consensus_grandpa::SetId,
			authority_id: GrandpaId,
		) -> Option<sp_consensus_grandpa::OpaqueKeyOwnershipProof> {
			use codec::Encode;
			Historical::prove((sp_consensus_grandpa::KEY_TYPE, authority_id))
				.map(|proof| sp_consensus_grandpa::OpaqueKeyOwnershipProof::new(proof.encode()))
		}
	}

	impl sp_authority_discovery::AuthorityDiscoveryApi<Block> for Runtime {
		fn authorities() -> Vec<AuthorityDiscoveryId> {
			AuthorityDiscovery::authorities()
		}
	}

	impl sp_session::SessionKeys<Block> for Runtime {
		fn generate_session_keys(owner: Vec<u8>, seed: Option<Vec<u8>>) -> sp_session::OpaqueGeneratedSessionKeys {
			SessionKeys::generate(&owner, seed).into()
		}

		fn decode_session_keys(encoded: Vec<u8>) -> Option<Vec<(Vec<u8>, KeyTypeId)>> {
			SessionKeys::decode_into_raw_public_keys(&encoded)
		}
	}

	impl frame_system_rpc_runtime_api::AccountNonceApi<Block, AccountId, Nonce> for Runtime {
		fn account_nonce(account: AccountId) -> Nonce {
			System::account_nonce(account)
		}
	}

	impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentApi<Block, Balance> for Runtime {
		fn query_info(
			extrinsic: <Block as BlockT>::Extrinsic,
			length: u32,
		) -> pallet_transaction_payment_rpc_runtime_api::RuntimeDispatchInfo<Balance> {
			TransactionPayment::query_info(extrinsic, length)
		}

		fn query_fee_details(
			extrinsic: <Block as BlockT>::Extrinsic,
			length: u32,
		) -> pallet_transaction_payment::FeeDetails<Balance> {
			TransactionPayment::query_fee_details(extrinsic, length)
		}

		fn query_weight_to_fee(weight: Weight) -> Balance {
			TransactionPayment::weight_to_fee(weight)
		}

		fn query_length_to_fee(length: u32) -> Balance {
			TransactionPayment::length_to_fee(length)
		}
	}

	impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentCallApi<Block, Balance, RuntimeCall> for Runtime {
		fn query_call_info(
			call: RuntimeCall,
			length: u32,
		) -> pallet_transaction_payment::RuntimeDispatchInfo<Balance> {
			TransactionPayment::query_call_info(call, length)
		}

		fn query_call_fee_details(call: RuntimeCall, length: u32) -> pallet_transaction_payment::FeeDetails<Balance> {
			TransactionPayment::query_call_fee_details(call, length)
		}

		fn query_weight_to_fee(weight: Weight) -> Balance {
			TransactionPayment::weight_to_fee(weight)
		}

		fn query_length_to_fee(length: u32) -> Balance {
			TransactionPayment::length_to_fee(length)
		}
	}

	impl sp_genesis_builder::GenesisBuilder<Block> for Runtime {
		fn build_state(config: Vec<u8>) -> sp_genesis_builder::Result {
			build_state::<RuntimeGenesisConfig>(config)
		}

		fn get_preset(id: &Option<sp_genesis_builder::PresetId>) -> Option<Vec<u8>> {
			get_preset::<RuntimeGenesisConfig>(id, presets::get_preset)
		}

		fn preset_names() -> Vec<sp_genesis_builder::PresetId> {
			presets::names()
		}
	}

	impl weir_primitives::api::ProofOfBandwidthApi<Block, AccountId, Balance> for Runtime {
		fn timing() -> Timing {
			ProofOfBandwidth::timing()
		}

		fn clock() -> (EpochIndex, SlotOffset, u64) {
			ProofOfBandwidth::clock()
		}

		fn tasks(node: AccountId) -> Vec<Task<AccountId>> {
			ProofOfBandwidth::tasks(&node)
		}

		fn target_test(provider: AccountId) -> Option<TargetTest<AccountId>> {
			ProofOfBandwidth::target_test(&provider)
		}

		fn assignment(epoch: EpochIndex, provider: ProviderIndex) -> Vec<AccountId> {
			ProofOfBandwidth::assignment(epoch, provider)
		}

		fn seat(node: AccountId) -> Option<SeatInfo<AccountId>> {
			ProofOfBandwidth::seat(&node)
		}

		fn seat_record(node: AccountId) -> Option<SeatRecord<AccountId>> {
			ProofOfBandwidth::seat_record(&node)
		}

		fn seats(start: u32, count: u32) -> Page<SeatRecord<AccountId>> {
			ProofOfBandwidth::seats(start, count)
		}

		fn providers(
			start: ProviderIndex,
			count: u32,
			regions: RegionFilter,
		) -> Page<ProviderInfo<AccountId, Balance>> {
			configs::measuring::providers(start, count, regions)
		}

		fn provider(who: AccountId) -> Option<ProviderInfo<AccountId, Balance>> {
			configs::measuring::provider(&who)
		}

		fn provider_at(index: ProviderIndex) -> Option<ProviderInfo<AccountId, Balance>> {
			configs::measuring::provider_at(index)
		}

		fn report_state(epoch: EpochIndex, node: AccountId) -> (bool, bool) {
			ProofOfBandwidth::report_state(epoch, &node)
		}

		fn audited(epoch: EpochIndex, node: AccountId) -> Vec<u32> {
			ProofOfBandwidth::audited(epoch, &node)
		}

		fn evidence(provider: AccountId) -> Vec<EvidenceInfo<AccountId>> {
			ProofOfBandwidth::evidence(&provider)
		}

		fn watch(node: AccountId) -> Watch<AccountId> {
			ProofOfBandwidth::watch(&node)
		}

		fn outages(provider: ProviderIndex) -> (Option<u64>, Vec<Gap>) {
			ProofOfBandwidth::outages(provider)
		}
	}

	impl weir_primitives::economy_api::EconomyApi<Block, AccountId> for Runtime {
		fn price() -> PriceInfo {
			configs::economy_reads::price()
		}

		fn reporters() -> Vec<ReporterInfo<AccountId>> {
			configs::economy_reads::reporters()
		}

		fn supply() -> SupplyInfo {
			BurnMint::supply()
		}

		fn quote(credits: Credits) -> PurchaseQuote {
			BurnMint::quote(credits)
		}

		fn regions(start: u32, count: u32) -> Page<RegionInfo<AccountId>> {
			configs::economy_reads::regions(start, count)
		}

		fn region(region: Region) -> Option<RegionInfo<AccountId>> {
			configs::economy_reads::region(region)
		}

		fn rewards(who: AccountId) -> RewardsInfo {
			configs::economy_reads::rewards(&who)
		}

		fn credits(who: AccountId) -> CreditsInfo {
			BurnMint::credits_of(&who)
		}

		fn epoch_summaries(start: EpochIndex, count: u32) -> Page<EpochSummary> {
			BurnMint::epoch_summaries(start, count)
		}

		fn parameters() -> ParametersInfo {
			configs::economy_reads::parameters()
		}

		fn quotes(count: u32) -> Vec<Quote> {
			configs::economy_reads::quotes(count)
		}

		fn claim_bond(kbps: Kbps) -> ClaimBond {
			configs::economy_reads::claim_bond(kbps)
		}

		fn bonds(who: AccountId) -> BondsInfo<AccountId> {
			configs::economy_reads::bonds(&who)
		}

		fn stable_path() -> StablePathInfo {
			BurnMint::stable_path()
		}

		fn pots() -> PotsInfo<AccountId> {
			configs::economy_reads::pots()
		}

		fn close() -> CloseInfo {
			BurnMint::close_info()
		}
	}

	impl weir_primitives::channels_api::ChannelsApi<Block, AccountId> for Runtime {
		fn channel(channel: ChannelId) -> Option<ChannelInfo<AccountId>> {
			Channels::channel(channel)
		}

		fn channels(who: AccountId, after: Option<ChannelId>, limit: u32) -> Vec<AccountChannel<AccountId>> {
			Channels::channels_of(&who, after, limit)
		}

		fn plan(who: AccountId) -> Option<PlanInfo> {
			Channels::plan(&who)
		}

		fn offer(provider: AccountId, boost: u16) -> Option<OfferInfo> {
			Channels::offer(&provider, boost)
		}

		fn provider_earnings(provider: AccountId) -> ProviderEarnings {
			configs::economy_reads::provider_earnings(&provider)
		}
	}

	#[cfg(feature = "try-runtime")]
	impl frame_try_runtime::TryRuntime<Block> for Runtime {
		fn on_runtime_upgrade(checks: frame_try_runtime::UpgradeCheckSelect) -> (Weight, Weight) {
			// A dry run outside consensus: a panic is how it reports what it found.
			let weight = Executive::try_runtime_upgrade(checks)
				.unwrap_or_else(|error| panic!("the upgrade fails: {error:?}"));
			(weight, configs::system::RuntimeBlockWeights::get().max_block)
		}

		fn execute_block(
			block: <Block as BlockT>::LazyBlock,
			state_root_check: bool,
			signature_check: bool,
			try_state: frame_try_runtime::TryStateSelect,
		) -> Weight {
			Executive::try_execute_block(block, state_root_check, signature_check, try_state)
				.unwrap_or_else(|error| panic!("the block fails: {error:?}"))
		}
	}

	#[cfg(feature = "runtime-benchmarks")]
	impl frame_benchmarking::Benchmark<Block> for Runtime {
		fn benchmark_metadata(
			extra: bool,
		) -> (Vec<frame_benchmarking::BenchmarkList>, Vec<frame_support::traits::StorageInfo>) {
			benchmarking::metadata(extra)
		}

		fn dispatch_benchmark(
			config: frame_benchmarking::BenchmarkConfig,
		) -> Result<Vec<frame_benchmarking::BenchmarkBatch>, alloc::string::String> {
			benchmarking::dispatch(config)
		}
	}
}
