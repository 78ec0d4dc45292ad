//! The node's parts and how they run together.

use crate::{
	clock,
	disk::DiskParams,
	economy, genesis, keys,
	pool::Counted,
	price, rejected, rpc,
	sidecar::{self, Sidecar},
};
use futures::{FutureExt, StreamExt};
use polkadot_sdk::*;
use sc_client_api::{Backend, BlockBackend};
use sc_consensus_babe::{BabeBlockImport, BabeLink, BabeWorkerHandle, SlotProportion};
use sc_consensus_grandpa::{FinalityProofProvider, GrandpaBlockImport, LinkHalf, SharedVoterState};
use sc_network::{event::Event, NetworkBackend, NetworkEventStream};
use sc_service::{
	error::Error as ServiceError, Configuration, RpcHandlers, SpawnTaskHandle, TaskManager, WarpSyncConfig,
};
use sc_telemetry::{Telemetry, TelemetryWorker};
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_core::offchain::OffchainStorage;
use std::{sync::Arc, time::Duration};
use weir_runtime::{Block, Hash, RuntimeApi};

/// Host functions the runtime may call: the standard ones, so that it runs on any Substrate executor.
type HostFunctions = sp_io::SubstrateHostFunctions;
pub(crate) type Executor = sc_executor::WasmExecutor<HostFunctions>;
pub(crate) type FullClient = sc_service::TFullClient<Block, RuntimeApi, Executor>;
pub(crate) type FullBackend = sc_service::TFullBackend<Block>;
pub(crate) type FullSelectChain = sc_consensus::LongestChain<FullBackend, Block>;
pub(crate) type FullPool = Counted<sc_transaction_pool::TransactionPoolHandle<Block, FullClient>>;
type FinalityImport = GrandpaBlockImport<FullBackend, Block, FullClient, FullSelectChain>;
type FinalityLink = LinkHalf<Block, FullClient, FullSelectChain>;
type InherentProviders =
	(sp_consensus_babe::inherents::InherentDataProvider, sp_timestamp::InherentDataProvider);
type CreateInherentProviders =
	Arc<dyn sp_inherents::CreateInherentDataProviders<Block, (), InherentDataProviders = InherentProviders>>;
type BlockImport =
	BabeBlockImport<Block, FullClient, FinalityImport, CreateInherentProviders, FullSelectChain>;

/// What the full node needs of the parts beside the standard ones.
pub(crate) struct ConsensusParts {
	block_import: BlockImport,
	finality_link: FinalityLink,
	babe_link: BabeLink<Block>,
	babe_worker: BabeWorkerHandle<Block>,
	telemetry: Option<Telemetry>,
}

type Partial = sc_service::PartialComponents<
	FullClient,
	FullBackend,
	FullSelectChain,
	sc_consensus::DefaultImportQueue<Block>,
	FullPool,
	ConsensusParts,
>;

/// A justification is kept at least every this many blocks, so that warp sync has something to go by.
const JUSTIFICATION_PERIOD: u32 = 512;
/// Share of a slot within which a block is proposed.
const PROPOSAL_PORTION: f32 = 0.5;

/// Builds the parts that node and data tools share. `chain` is what `--chain` says.
pub(crate) fn partial(config: &Configuration, chain: &str) -> Result<Partial, ServiceError> {
	let telemetry = config
		.telemetry_endpoints
		.clone()
		.filter(|endpoints| !endpoints.is_empty())
		.map(|endpoints| -> Result<_, sc_telemetry::Error> {
			let worker = TelemetryWorker::new(16)?;
			let telemetry = worker.handle().new_telemetry(endpoints);
			Ok((worker, telemetry))
		})
		.transpose()?;

	let executor = sc_service::new_wasm_executor(&config.executor);
	let (backend, genesis) = genesis::open(config, chain, &executor)?;
	let (client, backend, keystore_container, task_manager) =
		sc_service::new_full_parts_with_genesis_builder::<Block, RuntimeApi, _, _>(
			config,
			telemetry.as_ref().map(|(_, telemetry)| telemetry.handle()),
			executor,
			backend,
			genesis,
			false,
		)?;
	let client = Arc::new(client);
	let telemetry = telemetry.map(|(worker, telemetry)| {
		task_manager.spawn_handle().spawn("telemetry", None, worker.run());
		telemetry
	});

	let select_chain = sc_consensus::LongestChain::new(backend.clone());
	let transaction_pool = sc_transaction_pool::Builder::new(
		task_manager.spawn_essential_handle(),
		client.clone(),
		config.role.is_authority().into(),
	)
	.with_options(config.transaction_pool.clone())
	.with_prometheus(config.prometheus_registry())
	.build();
	let transaction_pool = Arc::new(Counted::new(transaction_pool, config.prometheus_registry())?);

	let (finality_import, finality_link) = sc_consensus_grandpa::block_import(
		client.clone(),
		JUSTIFICATION_PERIOD,
		&(client.clone() as Arc<_>),
		select_chain.clone(),
		telemetry.as_ref().map(|telemetry| telemetry.handle()),
	)?;
	let justification_import = finality_import.clone();
	let babe_config = sc_consensus_babe::configuration(&*client)?;
	let slot_duration = babe_config.slot_duration();
	let inherent_providers: CreateInherentProviders = Arc::new(move |_, _| inherents(slot_duration));
	let (block_import, babe_link) = sc_consensus_babe::block_import(
		babe_config,
		finality_import,
		client.clone(),
		inherent_providers,
		select_chain.clone(),
		OffchainTransactionPoolFactory::new(transaction_pool.clone()),
	)?;
	let (import_queue, babe_worker) =
		sc_consensus_babe::import_queue(sc_consensus_babe::ImportQueueParams {
			link: babe_link.clone(),
			block_import: block_import.clone(),
			justification_import: Some(Box::new(justification_import)),
			client: client.clone(),
			slot_duration,
			spawner: &task_manager.spawn_essential_handle(),
			registry: config.prometheus_registry(),
			telemetry: telemetry.as_ref().map(|telemetry| telemetry.handle()),
		})?;

	Ok(sc_service::PartialComponents {
		client,
		backend,
		task_manager,
		import_queue,
		keystore_container,
		select_chain,
		transaction_pool,
		other: ConsensusParts { block_import, finality_link, babe_link, babe_worker, telemetry },
	})
}

async fn inherents(
	slot_duration: sp_consensus_babe::SlotDuration,
) -> Result<InherentProviders, Box<dyn std::error::Error + Send + Sync>> {
	let timestamp = sp_timestamp::InherentDataProvider::from_system_time();
	let slot = sp_consensus_babe::inherents::InherentDataProvider::from_timestamp_and_slot_duration(
		*timestamp,
		slot_duration,
	);
	Ok((slot, timestamp))
}

/// What the off-chain worker is told from outside the chain.
pub(crate) struct Links {
	/// The sidecar that measures for it.
	pub(crate) sidecar: Option<Sidecar>,
	/// Where it looks up the token's price.
	pub(crate) prices: Option<price::Sources>,
}

impl Links {
	/// Tells the worker of them, and makes it forget what an earlier start has told it.
	fn tell(&self, spawner: &SpawnTaskHandle, mut storage: impl OffchainStorage) -> Result<(), ServiceError> {
		match &self.prices {
			Some(prices) => prices.store(&mut storage),
			None => price::forget(&mut storage),
		}
		match &self.sidecar {
			Some(sidecar) => sidecar.link(spawner, storage),
			None => {
				sidecar::unlink(storage);
				Ok(())
			}
		}
	}
}

/// Starts a full node with the network backend the configuration names. `chain` is what `--chain` says.
pub(crate) fn full(
	config: Configuration,
	chain: &str,
	links: Links,
	disk: DiskParams,
) -> Result<TaskManager, ServiceError> {
	match config.network.network_backend {
		sc_network::config::NetworkBackendType::Litep2p => {
			full_with::<sc_network::Litep2pNetworkBackend>(config, chain, links, disk)
		}
		sc_network::config::NetworkBackendType::Libp2p => {
			full_with::<sc_network::NetworkWorker<Block, Hash>>(config, chain, links, disk)
		}
	}
}

fn full_with<N: NetworkBackend<Block, Hash>>(
	config: Configuration,
	chain: &str,
	links: Links,
	disk: DiskParams,
) -> Result<TaskManager, ServiceError> {
	let sc_service::PartialComponents {
		client,
		backend,
		mut task_manager,
		import_queue,
		keystore_container,
		select_chain,
		transaction_pool,
		other: ConsensusParts { block_import, finality_link, babe_link, babe_worker, mut telemetry },
	} = partial(&config, chain)?;
	disk.watch(config.data_path.clone(), &task_manager.spawn_essential_handle());
	let slot_millis = babe_link.config().slot_duration().as_millis();
	clock::watch(client.clone(), slot_millis, &task_manager.spawn_handle())?;
	rejected::watch(client.clone(), config.prometheus_registry(), &task_manager.spawn_handle())?;
	economy::watch(client.clone(), config.prometheus_registry(), &task_manager.spawn_handle())?;
	sidecar::insert_dev_seat_key(&config, &keystore_container.keystore())?;
	if links.prices.is_some() {
		price::insert_dev_keys(&config, &keystore_container.keystore())?;
	}
	if let Some(warning) = price::warning(links.prices.is_some(), &keystore_container.keystore()) {
		log::warn!("{warning}");
	}

	let metrics = N::register_notification_metrics(
		config.prometheus_config.as_ref().map(|prometheus| &prometheus.registry),
	);
	let mut net_config = sc_network::config::FullNetworkConfiguration::<_, _, N>::new(
		&config.network,
		config.prometheus_config.as_ref().map(|prometheus| prometheus.registry.clone()),
	);
	let genesis_hash = client
		.block_hash(0)?
		.ok_or_else(|| ServiceError::Other("the database holds no genesis block".into()))?;
	let grandpa_protocol = sc_consensus_grandpa::protocol_standard_name(&genesis_hash, &config.chain_spec);
	let (grandpa_config, grandpa_notifications) = sc_consensus_grandpa::grandpa_peers_set_config::<_, N>(
		grandpa_protocol.clone(),
		metrics.clone(),
		net_config.peer_store_handle(),
	);
	net_config.add_notification_protocol(grandpa_config);
	let warp_sync = Arc::new(sc_consensus_grandpa::warp_proof::NetworkProvider::new(
		backend.clone(),
		finality_link.shared_authority_set().clone(),
		Vec::new(),
	));

	let (network, system_rpc_tx, tx_handler_controller, sync_service, _bitswap) =
		sc_service::build_network(sc_service::BuildNetworkParams {
			config: &config,
			net_config,
			client: client.clone(),
			transaction_pool: transaction_pool.clone(),
			spawn_handle: task_manager.spawn_handle(),
			spawn_essential_handle: task_manager.spawn_essential_handle(),
			import_queue,
			block_announce_validator_builder: None,
			warp_sync_config: Some(WarpSyncConfig::WithProvider(warp_sync)),
			block_relay: None,
			metrics,
			gap_sync_body_policy: None,
		})?;

	if config.offchain_worker.enabled {
		if let Some(storage) = backend.offchain_storage() {
			links.tell(&task_manager.spawn_handle(), storage)?;
		}
		let workers = sc_offchain::OffchainWorkers::new(sc_offchain::OffchainWorkerOptions {
			runtime_api_provider: client.clone(),
			is_validator: config.role.is_authority(),
			keystore: Some(keystore_container.keystore()),
			offchain_db: backend.offchain_storage(),
			transaction_pool: Some(OffchainTransactionPoolFactory::new(transaction_pool.clone())),
			network_provider: Arc::new(network.clone()),
			enable_http_requests: true,
			custom_extensions: |_| vec![],
		})?;
		task_manager.spawn_handle().spawn(
			"offchain-workers-runner",
			"offchain-worker",
			workers.run(client.clone(), task_manager.spawn_handle()).boxed(),
		);
	}

	let role = config.role;
	let name = config.network.node_name.clone();
	let force_authoring = config.force_authoring;
	let disable_grandpa = config.disable_grandpa;
	let prometheus_registry = config.prometheus_registry().cloned();
	let discovery = sc_authority_discovery::WorkerConfig {
		// Private addresses tell nothing to a public network, except how the operator's own is laid out.
		publish_non_global_ips: config.network.allow_non_globals_in_dht,
		public_addresses: config.network.public_addresses.clone(),
		persisted_cache_directory: config.network.net_config_path.clone(),
		..Default::default()
	};
	let keystore = keystore_container.keystore();
	let shared_voter_state = SharedVoterState::empty();
	let news = rpc::News::watch(client.clone(), &task_manager.spawn_handle());

	let rpc_builder = {
		let client = client.clone();
		let pool = transaction_pool.clone();
		let select_chain = select_chain.clone();
		let keystore = keystore.clone();
		let chain_spec = config.chain_spec.cloned_box();
		let babe_worker = babe_worker.clone();
		let shared_voter_state = shared_voter_state.clone();
		let shared_authority_set = finality_link.shared_authority_set().clone();
		let justification_stream = finality_link.justification_stream();
		let finality_provider =
			FinalityProofProvider::new_for_service(backend.clone(), Some(shared_authority_set.clone()));
		Box::new(move |executor| {
			rpc::create_full(rpc::FullDeps {
				client: client.clone(),
				pool: pool.clone(),
				select_chain: select_chain.clone(),
				chain_spec: chain_spec.cloned_box(),
				keystore: keystore.clone(),
				babe_worker: babe_worker.clone(),
				grandpa: rpc::GrandpaDeps {
					shared_voter_state: shared_voter_state.clone(),
					shared_authority_set: shared_authority_set.clone(),
					justification_stream: justification_stream.clone(),
					finality_provider: finality_provider.clone(),
				},
				news: news.clone(),
				executor,
			})
			.map_err(Into::into)
		})
	};
	let _rpc: RpcHandlers = sc_service::spawn_tasks(sc_service::SpawnTasksParams {
		config,
		client: client.clone(),
		backend,
		task_manager: &mut task_manager,
		keystore: keystore.clone(),
		transaction_pool: transaction_pool.clone(),
		rpc_builder,
		network: network.clone(),
		system_rpc_tx,
		tx_handler_controller,
		sync_service: sync_service.clone(),
		telemetry: telemetry.as_mut(),
		tracing_execute_block: None,
	})?;
	let telemetry_handle = || telemetry.as_ref().map(|telemetry| telemetry.handle());

	if role.is_authority() {
		// Not earlier: those of `--alice` and its like have only just been made.
		keys::warn_of_missing(&keystore);
		let slot_duration = babe_link.config().slot_duration();
		let proposer = sc_basic_authorship::ProposerFactory::new(
			task_manager.spawn_handle(),
			client.clone(),
			transaction_pool.clone(),
			prometheus_registry.as_ref(),
			telemetry_handle(),
		);
		let babe = sc_consensus_babe::start_babe(sc_consensus_babe::BabeParams {
			keystore: keystore.clone(),
			client: client.clone(),
			select_chain,
			env: proposer,
			block_import,
			sync_oracle: sync_service.clone(),
			justification_sync_link: sync_service.clone(),
			create_inherent_data_providers: move |_, _| inherents(slot_duration),
			force_authoring,
			backoff_authoring_blocks: Some(
				sc_consensus_slots::BackoffAuthoringOnFinalizedHeadLagging::default(),
			),
			babe_link,
			block_proposal_slot_portion: SlotProportion::new(PROPOSAL_PORTION),
			max_block_proposal_slot_portion: None,
			telemetry: telemetry_handle(),
		})?;
		task_manager.spawn_essential_handle().spawn_blocking("babe-proposer", Some("block-authoring"), babe);

		let dht_events = network.event_stream("authority-discovery").filter_map(|event| async move {
			match event {
				Event::Dht(event) => Some(event),
				_ => None,
			}
		});
		let (worker, _service) = sc_authority_discovery::new_worker_and_service_with_config(
			discovery,
			client.clone(),
			Arc::new(network.clone()),
			Box::pin(dht_events),
			sc_authority_discovery::Role::PublishAndDiscover(keystore.clone()),
			prometheus_registry.clone(),
			task_manager.spawn_handle(),
		);
		task_manager.spawn_handle().spawn("authority-discovery-worker", Some("networking"), worker.run());
	}

	if !disable_grandpa {
		let voter = sc_consensus_grandpa::run_grandpa_voter(sc_consensus_grandpa::GrandpaParams {
			config: sc_consensus_grandpa::Config {
				gossip_duration: Duration::from_millis(333),
				justification_generation_period: JUSTIFICATION_PERIOD,
				name: Some(name),
				observer_enabled: false,
				keystore: role.is_authority().then_some(keystore),
				local_role: role,
				telemetry: telemetry_handle(),
				protocol_name: grandpa_protocol,
			},
			link: finality_link,
			network: network.clone(),
			sync: Arc::new(sync_service),
			notification_service: grandpa_notifications,
			voting_rule: sc_consensus_grandpa::VotingRulesBuilder::default().build(),
			prometheus_registry,
			shared_voter_state,
			telemetry: telemetry_handle(),
			offchain_tx_pool_factory: OffchainTransactionPoolFactory::new(transaction_pool),
		})?;
		task_manager.spawn_essential_handle().spawn_blocking("grandpa-voter", None, voter);
	}

	Ok(task_manager)
}
