//! Genesis states. `development` is one validator that restarts from nothing; `local` is the network on one machine;
//! `staging` has public parameters and no key that could run it. In each there are 4·10⁸ tokens: what nobody is given is
//! the treasury's, and two of a hundred meet the stable asset in a pool.

use crate::*;
use alloc::{string::String, vec, vec::Vec};
use configs::{
	accounts::{ExistentialDeposit, StableIssuer, TreasuryAccount},
	economy::ReporterBond,
	pool::{Native, Stable, STABLE, STABLE_DECIMALS},
};
use frame_support::{build_struct_json_patch, PalletId};
use sp_genesis_builder::PresetId;
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};
use sp_runtime::traits::AccountIdConversion;
use weir_primitives::{
	economy::{Credits, LineWeight, Pace, Parameters},
	price::ReporterKey,
	Endpoint, LineKind, ProbeKey, Region, Role, Timing,
};

/// One validator, `sudo`, short epochs.
pub const DEVELOPMENT: &str = sp_genesis_builder::DEV_RUNTIME_PRESET;
/// Four validators, short epochs, loopback endpoints.
pub const LOCAL: &str = "local";
/// Public parameters. Whoever launches it puts in validators, and keys of reporters, of its own.
pub const STAGING: &str = "staging";

/// Whole tokens at genesis.
pub const GENESIS_TOKENS: u64 = 400_000_000;
/// What the pool begins with: two of a hundred tokens,
pub const POOL_TOKENS: Balance = 8_000_000 * WEIR;
/// and four cents for each, in micro-dollars.
pub const POOL_CREDITS: Credits = 320_000_000_000;
/// What each development account starts with,
const ENDOWMENT: Balance = 1_000_000 * WEIR;
/// and of the stable asset: 10,000 dollars.
const STABLE_ENDOWMENT: Credits = 10_000_000_000;
/// What each genesis validator has bonded.
const VALIDATOR_BOND: Balance = 100_000 * WEIR;
/// Country the local validators' seats declare.
const LOCAL_COUNTRY: [u8; 2] = *b"DE";
/// Uplink the local validators' seats declare, kbps.
const LOCAL_UPLINK_KBPS: u32 = 50_000;
/// Port of the local validators' sidecars.
const LOCAL_SIDECAR_PORT: u16 = 9_600;
/// Countries of the local network's lines.
const LOCAL_COUNTRIES: [[u8; 2]; 4] = [*b"DE", *b"NL", *b"BR", *b"JP"];
/// Countries with a region of either kind on a public network; governance opens others.
#[rustfmt::skip]
const PUBLIC_COUNTRIES: [[u8; 2]; 40] = [
	*b"AE", *b"AR", *b"AT", *b"AU", *b"BD", *b"BE", *b"BR", *b"CA", *b"CH", *b"CL", *b"CO", *b"CZ", *b"DE", *b"DK",
	*b"EG", *b"ES", *b"FI", *b"FR", *b"GB", *b"ID", *b"IN", *b"IT", *b"JP", *b"KE", *b"KR", *b"MX", *b"NG", *b"NL",
	*b"NO", *b"PK", *b"PL", *b"RO", *b"SE", *b"SG", *b"TH", *b"TR", *b"UA", *b"US", *b"VN", *b"ZA",
];
/// What a region of homes should weigh on one machine: a few lines,
const LOCAL_LEAST_WEIGHT: LineWeight = 40_000;
/// and on a public network: 250 small nodes of 10 Mbps.
const PUBLIC_LEAST_WEIGHT: LineWeight = 2_500_000;
/// Reporters of a public network.
const PUBLIC_REPORTERS: u16 = 15;

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

/// What networks differ in.
struct Network {
	timing: Timing,
	pace: Pace,
	authorities: Vec<Authority>,
	/// Accounts with tokens and the stable asset.
	endowed: Vec<AccountId>,
	/// Those who report the price, with the keys they report with. Bonded from their balances.
	reporters: Vec<(AccountId, ReporterKey)>,
	/// Countries with a region of either kind.
	countries: Vec<[u8; 2]>,
	/// Weight below which a region of homes lacks some.
	least_weight: LineWeight,
	root: Option<AccountId>,
}

impl Network {
	fn balances(&self) -> Vec<(AccountId, Balance)> {
		// Which passes the tokens on to the pool.
		let treasury = (TreasuryAccount::get(), POOL_TOKENS.saturating_add(ExistentialDeposit::get()));
		let reporters = self.reporters.iter().filter(|(who, _)| !self.endowed.contains(who));
		let bonds = reporters.map(|(who, _)| (who.clone(), ReporterBond::get().saturating_add(WEIR)));
		let endowed = self.endowed.iter().map(|who| (who.clone(), ENDOWMENT));
		endowed.chain(bonds).chain([treasury]).collect()
	}

	fn assets(&self) -> AssetsConfig {
		let pool = (STABLE, TreasuryAccount::get(), POOL_CREDITS.saturating_add(1));
		let accounts = self.endowed.iter().map(|who| (STABLE, who.clone(), STABLE_ENDOWMENT)).chain([pool]);
		AssetsConfig {
			assets: vec![(STABLE, StableIssuer::get(), true, 1)],
			metadata: vec![(STABLE, b"Test dollar".to_vec(), b"TUSD".to_vec(), STABLE_DECIMALS)],
			accounts: accounts.collect(),
			..Default::default()
		}
	}

	fn genesis(self) -> serde_json::Value {
		let private = !self.authorities.is_empty();
		// Data centres come without being asked for.
		let kinds = [(LineKind::Residential, self.least_weight), (LineKind::Hosting, 0)];
		let regions: Vec<_> = self
			.countries
			.iter()
			.flat_map(|country| kinds.map(|(kind, least)| (Region { country: *country, kind }, least)))
			.collect();
		build_struct_json_patch!(RuntimeGenesisConfig {
			balances: BalancesConfig { balances: self.balances() },
			babe: BabeConfig { epoch_config: apis::BABE_GENESIS_EPOCH_CONFIG },
			node_staking: NodeStakingConfig {
				bonds: self
					.authorities
					.iter()
					.map(|authority| (authority.account.clone(), Role::Validator, VALIDATOR_BOND))
					.collect::<Vec<_>>(),
			},
			validators: ValidatorsConfig {
				candidates: self
					.authorities
					.iter()
					.map(|authority| authority.account.clone())
					.collect::<Vec<_>>(),
			},
			session: SessionConfig {
				keys: self
					.authorities
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
				timing: self.timing,
				allow_private_endpoints: private,
				seats: self
					.authorities
					.iter()
					.map(|authority| {
						let Authority { account, seat_key, endpoint, .. } = authority;
						(account.clone(), seat_key.clone(), *endpoint, LOCAL_UPLINK_KBPS, LOCAL_COUNTRY)
					})
					.collect::<Vec<_>>(),
			},
			sudo: SudoConfig { key: self.root.clone() },
			assets: self.assets(),
			asset_conversion: AssetConversionConfig {
				pools: vec![(
					Native::get(),
					Stable::get(),
					TreasuryAccount::get(),
					POOL_TOKENS,
					POOL_CREDITS
				)],
			},
			governance: GovernanceConfig { parameters: Parameters::default(), pace: self.pace },
			price: PriceConfig { reporters: self.reporters.clone() },
			regions: RegionsConfig { regions, hosting: Vec::new() },
			laws: LawsConfig { issuance: GENESIS_TOKENS },
		})
	}
}

/// A network on one machine with so many validators.
fn on_one_machine(authorities: usize, root: Option<AccountId>) -> Network {
	let reporters = [Sr25519Keyring::Alice, Sr25519Keyring::Bob, Sr25519Keyring::Charlie];
	Network {
		timing: Timing::local(),
		pace: Pace::local(),
		authorities: local_authorities().into_iter().take(authorities).collect(),
		endowed: Sr25519Keyring::iter().map(Sr25519Keyring::to_account_id).collect(),
		reporters: reporters.map(|who| (who.to_account_id(), who.public().into())).into(),
		countries: LOCAL_COUNTRIES.into(),
		least_weight: LOCAL_LEAST_WEIGHT,
		root,
	}
}

fn development() -> serde_json::Value {
	on_one_machine(1, Some(Sr25519Keyring::Alice.to_account_id())).genesis()
}

fn local() -> serde_json::Value {
	on_one_machine(usize::MAX, None).genesis()
}

fn staging() -> serde_json::Value {
	Network {
		timing: Timing::public(),
		pace: Pace::public(),
		authorities: Vec::new(),
		endowed: Vec::new(),
		reporters: (0..PUBLIC_REPORTERS).map(nobody).collect(),
		countries: PUBLIC_COUNTRIES.into(),
		least_weight: PUBLIC_LEAST_WEIGHT,
		root: None,
	}
	.genesis()
}

/// The `n`-th reporter of a network that is not launched: an account and a key without secrets.
fn nobody(n: u16) -> (AccountId, ReporterKey) {
	let account: AccountId = PalletId(*b"weir/rep").into_sub_account_truncating(n);
	let key = sp_core::sr25519::Public::from_raw(*account.as_ref());
	(account, key.into())
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
