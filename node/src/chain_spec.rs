//! Chain specifications from the runtime's genesis presets.

use polkadot_sdk::*;
use sc_chain_spec::ChainSpecExtension;
use sc_service::{ChainType, Properties};
use weir_runtime::{presets, Block, SS58_PREFIX, WASM_BINARY};

/// Node-side additions to a chain specification.
#[derive(Default, Clone, serde::Serialize, serde::Deserialize, ChainSpecExtension)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Extensions {
	/// Blocks with known hashes.
	pub(crate) fork_blocks: sc_client_api::ForkBlocks<Block>,
	/// Blocks never to import.
	pub(crate) bad_blocks: sc_client_api::BadBlocks<Block>,
	/// Checkpoint for light clients.
	pub(crate) light_sync_state: sc_sync_state_rpc::LightSyncStateExtension,
}

/// A Weir chain specification.
pub(crate) type ChainSpec = sc_service::GenericChainSpec<Extensions>;

struct Network {
	name: &'static str,
	id: &'static str,
	kind: ChainType,
	preset: &'static str,
}

const DEVELOPMENT: Network = Network {
	name: "Weir Development",
	id: "weir_dev",
	kind: ChainType::Development,
	preset: presets::DEVELOPMENT,
};
const LOCAL: Network =
	Network { name: "Weir Local", id: "weir_local", kind: ChainType::Local, preset: presets::LOCAL };
const STAGING: Network =
	Network { name: "Weir Staging", id: "weir_staging", kind: ChainType::Live, preset: presets::STAGING };

/// The specification named by `--chain`: a preset or a file.
pub(crate) fn load(id: &str) -> Result<Box<dyn sc_service::ChainSpec>, String> {
	let network = match id {
		"dev" | "development" => DEVELOPMENT,
		"" | "local" => LOCAL,
		"staging" => STAGING,
		path => {
			return ChainSpec::from_json_file(path.into()).map(|spec| Box::new(spec) as _).map_err(|error| {
				format!("--chain {path}: neither dev, local nor staging, and as a file: {error}")
			})
		}
	};
	build(&network).map(|spec| Box::new(spec) as _)
}

fn build(network: &Network) -> Result<ChainSpec, String> {
	let wasm = WASM_BINARY
		.ok_or("this binary was built without the runtime's Wasm: build it without SKIP_WASM_BUILD")?;
	let mut properties = Properties::new();
	properties.insert("tokenSymbol".into(), "WEIR".into());
	properties.insert("tokenDecimals".into(), 12.into());
	properties.insert("ss58Format".into(), SS58_PREFIX.into());
	Ok(ChainSpec::builder(wasm, Extensions::default())
		.with_name(network.name)
		.with_id(network.id)
		.with_chain_type(network.kind.clone())
		.with_protocol_id("weir")
		.with_properties(properties)
		.with_genesis_config_preset_name(network.preset)
		.build())
}

/// Refuses to run a network that must not be launched yet.
pub(crate) fn ensure_launchable(spec: &dyn sc_service::ChainSpec) -> sc_cli::Result<()> {
	if spec.id() == STAGING.id {
		return Err("the staging network cannot be launched: it has public parameters but no economy and no governance yet; \
			use --chain local or --dev"
			.into());
	}
	Ok(())
}
