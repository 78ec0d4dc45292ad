//! Genesis states. `development` is one validator that restarts from nothing; `local` is the network on one machine;
//! `staging` has public parameters and no key that could run it.

use crate::*;
use alloc::{string::String, vec::Vec};
use frame_support::build_struct_json_patch;
use sp_genesis_builder::PresetId;
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};
use weir_primitives::{Endpoint, ProbeKey, Role, Timing};

/// One validator, `sudo`, short epochs.
pub const DEVELOPMENT: &str = sp_genesis_builder::DEV_RUNTIME_PRESET;
/// Four validators, short epochs, loopback endpoints.
pub const LOCAL: &str = "local";
/// Public parameters. Not to be launched before economy and governance exist.
pub const STAGING: &str = "staging";

/// What each development account starts with.
const ENDOWMENT: Balance = 1_000_000 * WEIR;
/// What each genesis validator has bonded.
const VALIDATOR_BOND: Balance = 100_000 * WEIR;
/// Country the local validators' seats declare.
const LOCAL_COUNTRY: [u8; 2] = *b"DE";
/// Uplink the local validators' seats declare, kbps.
const LOCAL_UPLINK_KBPS: u32 = 50_000;
/// Port of the local validators' sidecars.
const LOCAL_SIDECAR_PORT: u16 = 9_600;

/// A validator of a development network: account and keys derive from one well-known name.
struct Authority {
	account: AccountId,
	keys: SessionKeys,
	seat_key: ProbeKey,
	endpoint: Endpoint,
}

impl Authority {
	/// The `n`-th local validator. Its sidecar is at 127.(11+n).0.1: each another /24 and another /16.
	fn local(n: u8, accounts: Sr25519Keyring, finality: Ed25519Keyring) -> Self {
		Self {
			account: accounts.to_account_id(),
			keys: SessionKeys {
				babe: accounts.public().into(),
				grandpa: finality.public().into(),
				authority_discovery: accounts.public().into(),
			},
			seat_key: accounts.public().into(),
			endpoint: Endpoint::V4 { addr: [127, n.saturating_add(11), 0, 1], port: LOCAL_SIDECAR_PORT },
		}
	}
}

fn local_authorities() -> Vec<Authority> {
	[
		(0, Sr25519Keyring::Alice, Ed25519Keyring::Alice),
		(1, Sr25519Keyring::Bob, Ed25519Keyring::Bob),
		(2, Sr25519Keyring::Charlie, Ed25519Keyring::Charlie),
		(3, Sr25519Keyring::Dave, Ed25519Keyring::Dave),
	]
	.into_iter()
	.map(|(n, accounts, finality)| Authority::local(n, accounts, finality))
	.collect()
}

fn genesis(
	timing: Timing,
	authorities: &[Authority],
	endowed: &[AccountId],
	root: Option<AccountId>,
) -> serde_json::Value {
	let private = !authorities.is_empty();
	build_struct_json_patch!(RuntimeGenesisConfig {
		balances: BalancesConfig {
			balances: endowed.iter().cloned().map(|who| (who, ENDOWMENT)).collect::<Vec<_>>()
		},
		babe: BabeConfig { epoch_config: apis::BABE_GENESIS_EPOCH_CONFIG },
		node_staking: NodeStakingConfig {
			bonds: authorities
				.iter()
				.map(|authority| (authority.account.clone(), Role::Validator, VALIDATOR_BOND))
				.collect::<Vec<_>>(),
		},
		validators: ValidatorsConfig {
			candidates: authorities.iter().map(|authority| authority.account.clone()).collect::<Vec<_>>(),
		},
		session: SessionConfig {
			keys: authorities
				.iter()
				.map(|authority| (
					authority.account.clone(),
					authority.account.clone(),
					authority.keys.clone()
				))
				.collect::<Vec<_>>(),
		},
		providers: ProvidersConfig { allow_private_endpoints: private },
		proof_of_bandwidth: ProofOfBandwidthConfig {
			timing,
			allow_private_endpoints: private,
			seats: authorities
				.iter()
				.map(|authority| {
					let Authority { account, seat_key, endpoint, .. } = authority;
					(account.clone(), seat_key.clone(), *endpoint, LOCAL_UPLINK_KBPS, LOCAL_COUNTRY)
				})
				.collect::<Vec<_>>(),
		},
		sudo: SudoConfig { key: root },
	})
}

fn development() -> serde_json::Value {
	let authorities: Vec<_> = local_authorities().into_iter().take(1).collect();
	let root = Sr25519Keyring::Alice.to_account_id();
	genesis(Timing::local(), &authorities, &development_accounts(), Some(root))
}

fn local() -> serde_json::Value {
	genesis(Timing::local(), &local_authorities(), &development_accounts(), None)
}

fn staging() -> serde_json::Value {
	genesis(Timing::public(), &[], &[], None)
}

fn development_accounts() -> Vec<AccountId> {
	Sr25519Keyring::iter().map(Sr25519Keyring::to_account_id).collect()
}

/// The preset's genesis as JSON.
pub fn get_preset(id: &PresetId) -> Option<Vec<u8>> {
	let patch = match id.as_ref() {
		DEVELOPMENT => development(),
		LOCAL => local(),
		STAGING => staging(),
		_ => return None,
	};
	serde_json::to_string(&patch).ok().map(String::into_bytes)
}

/// Names of all presets.
pub fn names() -> Vec<PresetId> {
	[DEVELOPMENT, LOCAL, STAGING].into_iter().map(PresetId::from).collect()
}
