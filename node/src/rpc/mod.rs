//! JSON-RPC beyond what every node serves (chain, state, author, system, and the `*_v1_*` methods).

mod weir;

pub(crate) use weir::{events, News};

use crate::service::{FullBackend, FullClient, FullPool, FullSelectChain};
use jsonrpsee::RpcModule;
use polkadot_sdk::*;
use sc_consensus_babe::BabeWorkerHandle;
use sc_consensus_grandpa::{
	FinalityProofProvider, GrandpaJustificationStream, SharedAuthoritySet, SharedVoterState,
};
use sc_rpc::SubscriptionTaskExecutor;
use sp_keystore::KeystorePtr;
use std::sync::Arc;
use weir_runtime::{Block, BlockNumber, Hash};

/// What the finality methods read.
pub(crate) struct GrandpaDeps {
	pub(crate) shared_voter_state: SharedVoterState,
	pub(crate) shared_authority_set: SharedAuthoritySet<Hash, BlockNumber>,
	pub(crate) justification_stream: GrandpaJustificationStream<Block>,
	pub(crate) finality_provider: Arc<FinalityProofProvider<FullBackend, Block>>,
}

/// What the methods read.
pub(crate) struct FullDeps {
	pub(crate) client: Arc<FullClient>,
	pub(crate) pool: Arc<FullPool>,
	pub(crate) select_chain: FullSelectChain,
	pub(crate) chain_spec: Box<dyn sc_chain_spec::ChainSpec>,
	pub(crate) keystore: KeystorePtr,
	pub(crate) babe_worker: BabeWorkerHandle<Block>,
	pub(crate) grandpa: GrandpaDeps,
	pub(crate) news: News,
	pub(crate) executor: SubscriptionTaskExecutor,
}

/// All methods of this module, merged.
pub(crate) fn create_full(deps: FullDeps) -> Result<RpcModule<()>, Box<dyn std::error::Error + Send + Sync>> {
	use pallet_transaction_payment_rpc::{TransactionPayment, TransactionPaymentApiServer};
	use sc_consensus_babe_rpc::{Babe, BabeApiServer};
	use sc_consensus_grandpa_rpc::{Grandpa, GrandpaApiServer};
	use sc_sync_state_rpc::{SyncState, SyncStateApiServer};
	use substrate_frame_rpc_system::{System, SystemApiServer};
	use weir::{Weir, WeirApiServer};

	let FullDeps { client, pool, select_chain, chain_spec, keystore, babe_worker, grandpa, news, executor } =
		deps;
	let mut module = RpcModule::new(());
	module.merge(System::new(client.clone(), pool).into_rpc())?;
	module.merge(TransactionPayment::new(client.clone()).into_rpc())?;
	module.merge(Weir::new(client.clone(), news)?.into_rpc())?;
	module.merge(Babe::new(client.clone(), babe_worker.clone(), keystore, select_chain).into_rpc())?;
	module.merge(
		Grandpa::new(
			executor,
			grandpa.shared_authority_set.clone(),
			grandpa.shared_voter_state,
			grandpa.justification_stream,
			grandpa.finality_provider,
		)
		.into_rpc(),
	)?;
	module
		.merge(SyncState::new(chain_spec, client, grandpa.shared_authority_set, babe_worker)?.into_rpc())?;
	Ok(module)
}
