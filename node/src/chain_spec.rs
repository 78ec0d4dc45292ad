//! Chain specifications from the runtime's genesis presets.

use polkadot_sdk::*;
use sc_chain_spec::ChainSpecExtension;
use sc_service::{ChainType, Properties};
use serde_json::Value;
use sp_io::hashing::twox_128;
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

/// The network that `--chain` names; none if it names a file.
fn named(chain: &str) -> Option<Network> {
	match chain {
		"dev" | "development" => Some(DEVELOPMENT),
		"" | "local" => Some(LOCAL),
		"staging" => Some(STAGING),
		_ => None,
	}
}

/// The specification named by `--chain`: a preset or a file.
pub(crate) fn load(chain: &str) -> Result<Box<dyn sc_service::ChainSpec>, String> {
	let spec = match named(chain) {
		Some(network) => build(&network)?,
		None => {
			let (bytes, _) = read(chain)?;
			ChainSpec::from_json_bytes(bytes).map_err(|error| unreadable(chain, &error))?
		}
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

/// A file's bytes, and what they say.
fn read(path: &str) -> Result<(Vec<u8>, Value), String> {
	let bytes = std::fs::read(path).map_err(|error| unreadable(path, &error.to_string()))?;
	let spec = complete(&bytes).map_err(|error| unreadable(path, &error))?;
	Ok((bytes, spec))
}

fn unreadable(path: &str, error: &str) -> String {
	format!("--chain {path}: neither dev, local nor staging, and as a file: {error}")
}

/// The SDK looks at the genesis much later, and then names neither the file nor the key.
fn complete(json: &[u8]) -> Result<Value, String> {
	let spec: Value = serde_json::from_slice(json).map_err(|error| error.to_string())?;
	let genesis = spec.get("genesis").ok_or("missing field `genesis`")?;
	if ["raw", "stateRootHash"].iter().any(|form| genesis.get(form).is_some()) {
		return Ok(spec);
	}
	let plain = genesis.get("runtimeGenesis").ok_or("field `genesis`: neither `runtimeGenesis` nor `raw`")?;
	match plain.get("code").and_then(Value::as_str) {
		None | Some("" | "0x") => Err("missing field `genesis.runtimeGenesis.code`, the runtime's Wasm: \
			'weir-node export-chain-spec' writes a complete specification"
			.into()),
		Some(_) => Ok(spec),
	}
}

/// Refuses a network that begins without validators, as `staging` does until somebody puts in theirs: nobody could make
/// a block of it. `chain` is what `--chain` says.
pub(crate) fn ensure_launchable(chain: &str) -> Result<(), String> {
	let has_validators = match named(chain) {
		Some(network) => {
			let patch = presets::get_preset(&network.preset.into())
				.ok_or_else(|| format!("--chain {chain}: the runtime has no such preset"))?;
			gives_session_keys(&serde_json::from_slice(&patch).map_err(|error| error.to_string())?)
		}
		None => has_validators(&read(chain)?.1),
	};
	if !has_validators {
		return Err(format!(
			"--chain {chain}: its genesis has no session keys, so that nobody could make a block: export it and put \
			in those of your validators (docs/governance.md, 'From sudo to none'), or use --chain local or --dev"
		));
	}
	Ok(())
}

/// Whether a complete specification begins with validators.
fn has_validators(spec: &Value) -> bool {
	if let Some(top) = spec.pointer("/genesis/raw/top") {
		// The first state of this runtime always has the list, be it empty; one that lacks it is none of this runtime's.
		let list = [twox_128(b"Session"), twox_128(b"Validators")].concat();
		let list = top.get(sp_core::bytes::to_hex(&list, false));
		return list.and_then(Value::as_str) != Some("0x00");
	}
	let forms = ["/genesis/runtimeGenesis/patch", "/genesis/runtimeGenesis/config"];
	match forms.iter().find_map(|form| spec.pointer(form)) {
		Some(config) => gives_session_keys(config),
		// No genesis that the SDK takes; it says so.
		None => true,
	}
}

/// Whether a genesis in plain form, or a patch of one that has none, gives anybody session keys.
fn gives_session_keys(config: &Value) -> bool {
	config.pointer("/session/keys").and_then(Value::as_array).is_some_and(|keys| !keys.is_empty())
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::json;

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
		let reason = |json: &str| complete(json.as_bytes()).unwrap_err();
		assert_eq!(reason("{}"), "missing field `genesis`");
		assert_eq!(reason(r#"{"genesis": null}"#), "field `genesis`: neither `runtimeGenesis` nor `raw`");
		assert!(reason(EXPORTED[1].2).contains("`genesis.runtimeGenesis.code`"));
		assert!(reason(r#"{"genesis": {"runtimeGenesis": {"code": "0x"}}}"#).contains("export-chain-spec"));
		assert!(reason("{").contains("line 1"));
	}

	#[test]
	fn network_should_be_refused_when_its_preset_has_no_session_keys() {
		let refusal = ensure_launchable("staging").unwrap_err();
		for part in ["--chain staging: ", "no session keys", "docs/governance.md", "--chain local"] {
			assert!(refusal.contains(part), "{refusal}");
		}
		for chain in ["", "local", "dev", "development"] {
			assert_eq!(ensure_launchable(chain), Ok(()));
		}
	}

	#[test]
	fn validators_should_be_found_in_a_plain_genesis_when_it_gives_session_keys() {
		let found = EXPORTED.map(|(_, _, text)| has_validators(&serde_json::from_str(text).unwrap()));
		assert_eq!(found, [true, true, false]);
		let plain = |form: &str, config: Value| json!({ "genesis": { "runtimeGenesis": { form: config } } });
		for form in ["patch", "config"] {
			assert!(has_validators(&plain(form, json!({ "session": { "keys": [["who", "who", {}]] } }))));
			assert!(!has_validators(&plain(form, json!({ "session": { "keys": [] } }))));
			// What a patch leaves out is the default.
			assert!(!has_validators(&plain(form, json!({ "validators": { "candidates": ["who"] } }))));
		}
	}

	#[test]
	fn validators_should_be_found_in_a_raw_genesis_when_their_list_is_not_empty() {
		const LIST: &str = "0xcec5070d609dd3497f72bde07fc96ba088dcde934c658227ee1dfafcd6e16903";
		let raw = |top: Value| has_validators(&json!({ "genesis": { "raw": { "top": top } } }));
		assert!(!raw(json!({ LIST: "0x00" })));
		assert!(raw(json!({ LIST: format!("0x04{}", "01".repeat(32)) })));
		assert!(raw(json!({ "0x01": "0x00" })), "the list is no other key");
	}

	#[test]
	fn file_should_be_refused_as_such_when_it_cannot_be_read() {
		let refusals = [ensure_launchable("nowhere.json").unwrap_err(), load("nowhere.json").err().unwrap()];
		assert_eq!(refusals[0], refusals[1]);
		assert!(refusals[0].starts_with("--chain nowhere.json: neither dev, local nor staging"));
	}
}
