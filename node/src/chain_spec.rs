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
	let spec = match id {
		"dev" | "development" => build(&DEVELOPMENT)?,
		"" | "local" => build(&LOCAL)?,
		"staging" => build(&STAGING)?,
		path => read(path).map_err(|error| {
			format!("--chain {path}: neither dev, local nor staging, and as a file: {error}")
		})?,
	};
	Ok(Box::new(spec))
}

fn build(network: &Network) -> Result<ChainSpec, String> {
	let wasm = WASM_BINARY
		.ok_or("this binary was built without the runtime's Wasm: build it without SKIP_WASM_BUILD")?;
	Ok(describe(network, wasm).with_genesis_config_preset_name(network.preset).build())
}

/// All of a specification but its genesis.
fn describe(network: &Network, wasm: &[u8]) -> sc_chain_spec::ChainSpecBuilder<Extensions> {
	let mut properties = Properties::new();
	properties.insert("tokenSymbol".into(), "WEIR".into());
	properties.insert("tokenDecimals".into(), 12.into());
	properties.insert("ss58Format".into(), SS58_PREFIX.into());
	ChainSpec::builder(wasm, Extensions::default())
		.with_name(network.name)
		.with_id(network.id)
		.with_chain_type(network.kind.clone())
		.with_protocol_id("weir")
		.with_properties(properties)
}

fn read(path: &str) -> Result<ChainSpec, String> {
	let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
	ensure_complete(&bytes)?;
	ChainSpec::from_json_bytes(bytes)
}

/// The SDK looks at the genesis much later, and then names neither the file nor the key.
fn ensure_complete(json: &[u8]) -> Result<(), String> {
	let spec: serde_json::Value = serde_json::from_slice(json).map_err(|error| error.to_string())?;
	let genesis = spec.get("genesis").ok_or("missing field `genesis`")?;
	if ["raw", "stateRootHash"].iter().any(|form| genesis.get(form).is_some()) {
		return Ok(());
	}
	let plain = genesis.get("runtimeGenesis").ok_or("field `genesis`: neither `runtimeGenesis` nor `raw`")?;
	match plain.get("code").and_then(serde_json::Value::as_str) {
		None | Some("" | "0x") => Err("missing field `genesis.runtimeGenesis.code`, the runtime's Wasm: \
			'weir-node export-chain-spec' writes a complete specification"
			.into()),
		Some(_) => Ok(()),
	}
}

/// Refuses a network that must not be launched yet, by what `--chain` calls it or by its id.
pub(crate) fn ensure_launchable(network: &str) -> Result<(), String> {
	if network == STAGING.preset || network == STAGING.id {
		return Err("the staging network cannot be launched: it has public parameters but no economy and no governance yet; \
			use --chain local or --dev"
			.into());
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::Value;

	const EXPORTED: [(&Network, &str, &str); 3] = [
		(&DEVELOPMENT, "development", include_str!("../../chain-specs/development.json")),
		(&LOCAL, "local", include_str!("../../chain-specs/local.json")),
		(&STAGING, "staging", include_str!("../../chain-specs/staging.json")),
	];

	/// What `export-chain-spec` writes of a network, without the Wasm: the preset comes from the native runtime.
	fn exported(network: &Network) -> Value {
		let patch = presets::get_preset(&network.preset.into()).expect("the preset exists");
		let patch = serde_json::from_slice(&patch).expect("presets are JSON");
		let spec = describe(network, &[]).with_genesis_config_patch(patch).build();
		let mut json: Value = serde_json::from_str(&spec.as_json(false).unwrap()).unwrap();
		json["genesis"]["runtimeGenesis"].as_object_mut().unwrap().remove("code");
		json
	}

	#[test]
	fn exported_specifications_should_say_what_the_presets_say() {
		for (network, name, text) in EXPORTED {
			let pretty = |json: &Value| serde_json::to_string_pretty(json).unwrap();
			let (written, current) =
				(pretty(&serde_json::from_str(text).unwrap()), pretty(&exported(network)));
			let drift = written.lines().zip(current.lines()).find(|(written, current)| written != current);
			assert!(
				written == current,
				"chain-specs/{name}.json has drifted, first here: {drift:?}; scripts/specs.sh writes it anew"
			);
		}
	}

	#[test]
	fn exported_specifications_should_be_those_of_all_presets() {
		assert_eq!(presets::names(), EXPORTED.map(|(network, ..)| network.preset));
	}

	#[test]
	fn specification_should_be_refused_when_its_genesis_or_code_is_missing() {
		let reason = |json: &str| ensure_complete(json.as_bytes()).unwrap_err();
		assert_eq!(reason("{}"), "missing field `genesis`");
		assert_eq!(reason(r#"{"genesis": null}"#), "field `genesis`: neither `runtimeGenesis` nor `raw`");
		assert!(reason(EXPORTED[1].2).contains("`genesis.runtimeGenesis.code`"));
		assert!(reason(r#"{"genesis": {"runtimeGenesis": {"code": "0x"}}}"#).contains("export-chain-spec"));
		assert!(reason("{").contains("line 1"));
	}

	#[test]
	fn staging_should_not_be_launchable_by_any_of_its_names() {
		for name in ["staging", "weir_staging"] {
			assert!(ensure_launchable(name).unwrap_err().contains("--chain local"));
		}
		assert_eq!(ensure_launchable("local"), Ok(()));
	}
}
