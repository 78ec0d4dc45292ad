//! A new runtime under a network at work: nothing it holds is lost, and the epoch it interrupts ends with verdicts.

use super::chain::*;
use crate::*;
use frame_support::{
	assert_ok,
	storage::StoragePrefixedMap,
	traits::{GetStorageVersion, PalletInfoAccess},
};
use frame_system::{LastRuntimeUpgrade, LastRuntimeUpgradeInfo};
use pallet_proof_of_bandwidth as pob;
use sp_runtime::traits::{Dispatchable, Hash as _};
use std::collections::BTreeMap;
use weir_primitives::{api::Outcome, seams::EpochClock, EpochIndex, ProviderIndex};

const LIAR: ProviderIndex = 7;
/// Its third test is measured, and reports on it are committed to, when the upgrade comes.
const MEASURED: EpochIndex = 6;
const CODE: &[u8] = b"another runtime";

type Raw = BTreeMap<Vec<u8>, Vec<u8>>;

/// Keys and values below a prefix, as bytes.
fn raw(prefix: &[u8]) -> Raw {
	let mut found = Raw::new();
	let mut key = prefix.to_vec();
	while let Some(next) = sp_io::storage::next_key(&key).filter(|next| next.starts_with(prefix)) {
		let value = sp_io::storage::get(&next).expect("the key exists");
		found.insert(next.clone(), value.to_vec());
		key = next;
	}
	found
}

/// Bonds, slashes, candidates, providers, parameters, seats, strikes, lists and reports: all that no block changes by itself.
fn kept() -> Raw {
	let prefixes = [
		sp_io::hashing::twox_128(NodeStaking::name().as_bytes()).to_vec(),
		sp_io::hashing::twox_128(Validators::name().as_bytes()).to_vec(),
		sp_io::hashing::twox_128(Providers::name().as_bytes()).to_vec(),
		sp_io::hashing::twox_128(Governance::name().as_bytes()).to_vec(),
		pob::Seats::<Runtime>::final_prefix().to_vec(),
		pob::Targets::<Runtime>::final_prefix().to_vec(),
		pob::Conducts::<Runtime>::final_prefix().to_vec(),
		pob::Verdicts::<Runtime>::final_prefix().to_vec(),
		pob::Reports::<Runtime>::final_prefix().to_vec(),
		pob::SeatListSlots::<Runtime>::final_prefix().to_vec(),
		pob::ProviderListSlots::<Runtime>::final_prefix().to_vec(),
	];
	prefixes.iter().flat_map(|prefix| raw(prefix)).collect()
}

/// The liar claims 20 Mbps and delivers 2.
fn says(_: sp_keyring::Sr25519Keyring, provider: ProviderIndex, epoch: EpochIndex) -> Option<u32> {
	Some(share(if provider == LIAR { CLAIM_KBPS / 10 } else { CLAIM_KBPS + 1_000 }, provider, epoch))
}

fn strikes() -> u8 {
	ProofOfBandwidth::strikes(&PROVIDERS[LIAR as usize].to_account_id())
}

fn root(call: frame_system::Call<Runtime>) {
	assert_ok!(RuntimeCall::System(call).dispatch(RuntimeOrigin::root()));
}

#[test]
fn upgrade_should_keep_the_state_and_let_the_epoch_finish() {
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = Chain::with_providers();
		chain.until_epoch(MEASURED + 1, &says);
		while ProofOfBandwidth::slot_in_epoch() <= ProofOfBandwidth::timing().commit_from {
			chain.block(&says);
		}
		let committed: Vec<_> = pob::Reports::<Runtime>::iter_prefix(MEASURED).collect();
		assert!(!committed.is_empty(), "the epoch is half reported");
		let struck = strikes();
		assert!(struck > 0);

		// The code in the state is replaced by the path governance takes: authorised by root, brought by anybody.
		let code_hash = <Runtime as frame_system::Config>::Hashing::hash(CODE);
		chain.block_with(&says, || {
			root(frame_system::Call::authorize_upgrade_without_checks { code_hash });
			let bring = frame_system::Call::apply_authorized_upgrade { code: CODE.to_vec() };
			assert_ok!(dispatch(PROVIDERS[0], bring));
		});
		assert_eq!(
			sp_io::storage::get(sp_storage::well_known_keys::CODE).expect("there is code").as_ref(),
			CODE
		);
		// The blocks before were those of an older version, as far as the next one can tell.
		LastRuntimeUpgrade::<Runtime>::put(LastRuntimeUpgradeInfo {
			spec_version: (VERSION.spec_version - 1).into(),
			spec_name: VERSION.spec_name.clone(),
		});
		let before = kept();
		assert!(before.len() > 80, "{} items", before.len());

		let mut after = Raw::new();
		chain.block_with(&says, || after = kept());
		let upgraded = LastRuntimeUpgrade::<Runtime>::get().expect("written by the upgrade");
		assert_eq!(upgraded.spec_version.0, VERSION.spec_version, "the migrations ran");
		assert!(before == after, "the upgrade changed what nodes own or owe");
		assert_eq!(strikes(), struck);
		check_invariants();
		assert_eq!(NodeStaking::on_chain_storage_version(), NodeStaking::in_code_storage_version());
		assert_eq!(Validators::on_chain_storage_version(), Validators::in_code_storage_version());
		assert_eq!(Providers::on_chain_storage_version(), Providers::in_code_storage_version());
		assert_eq!(ProofOfBandwidth::on_chain_storage_version(), ProofOfBandwidth::in_code_storage_version());
		assert_eq!(Governance::on_chain_storage_version(), Governance::in_code_storage_version());
		assert_eq!(Price::on_chain_storage_version(), Price::in_code_storage_version());
		assert_eq!(Regions::on_chain_storage_version(), Regions::in_code_storage_version());
		assert_eq!(Rewards::on_chain_storage_version(), Rewards::in_code_storage_version());
		assert_eq!(BurnMint::on_chain_storage_version(), BurnMint::in_code_storage_version());

		chain.until_epoch(MEASURED + 2, &says);
		let concluded = |provider: ProviderIndex| {
			ProofOfBandwidth::verdicts_of(provider).into_iter().find(|verdict| verdict.epoch == MEASURED)
		};
		for provider in 0..LIAR {
			let verdict = concluded(provider).expect("the interrupted epoch was judged");
			assert!(matches!(verdict.outcome, Outcome::Good | Outcome::Void), "{verdict:?}");
		}
		assert!((0..LIAR).filter_map(concluded).any(|verdict| verdict.outcome == Outcome::Good));
		let verdict = concluded(LIAR).expect("so was the liar");
		assert!(matches!(verdict.outcome, Outcome::Strike | Outcome::Void), "{verdict:?}");
		for (node, report) in committed {
			assert!(report.revealed.is_none(), "{node} had not revealed yet");
			let revealed = ProofOfBandwidth::report_state(MEASURED, &node);
			assert_eq!(revealed, (true, true), "{node} revealed what it had committed to before");
		}
	});
}
