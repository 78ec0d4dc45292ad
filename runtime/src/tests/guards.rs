//! What wallets, operators and later versions rely on.

use super::chain::{check_invariants, genesis};
use crate::*;
use frame_support::traits::{Get, PalletInfoAccess};
use weir_primitives::Timing;

#[test]
fn presets_should_build_and_hold_the_invariants() {
	for preset in presets::names() {
		genesis(preset.as_ref()).execute_with(|| {
			check_invariants();
			let timing = ProofOfBandwidth::timing();
			assert!(timing.validate().is_ok());
			let third = timing.slot_millis / 3;
			let limit = configs::system::RuntimeBlockWeights::get().max_block.ref_time() / 1_000_000_000;
			assert!(limit <= third, "{preset:?}: blocks of {limit} ms in slots of {} ms", timing.slot_millis);
		});
	}
}

#[test]
fn staging_should_have_public_timing_and_no_root() {
	genesis(presets::STAGING).execute_with(|| {
		assert_eq!(ProofOfBandwidth::timing(), Timing::public());
		assert_eq!(pallet_sudo::Key::<Runtime>::get(), None);
	});
}

#[test]
fn only_development_should_have_a_root() {
	genesis(presets::LOCAL).execute_with(|| assert_eq!(pallet_sudo::Key::<Runtime>::get(), None));
	genesis(presets::DEVELOPMENT).execute_with(|| assert!(pallet_sudo::Key::<Runtime>::get().is_some()));
}

#[test]
fn block_weights_should_be_sound_on_every_network() {
	for preset in presets::names() {
		genesis(preset.as_ref()).execute_with(|| {
			assert!(configs::system::RuntimeBlockWeights::get().validate().is_ok());
		});
	}
}

// Indices are part of the wire format: tools encode calls by them.
#[test]
fn pallet_indices_should_never_change() {
	let indices = [
		System::index(),
		Timestamp::index(),
		Babe::index(),
		Authorship::index(),
		Balances::index(),
		TransactionPayment::index(),
		Offences::index(),
		Historical::index(),
		Session::index(),
		Grandpa::index(),
		AuthorityDiscovery::index(),
		Utility::index(),
		Proxy::index(),
		Multisig::index(),
		Preimage::index(),
		Scheduler::index(),
		MultiBlockMigrations::index(),
		SafeMode::index(),
		TxPause::index(),
		Sudo::index(),
	];
	assert_eq!(indices.to_vec(), (0..20).collect::<Vec<_>>());
	let ours = [NodeStaking::index(), Validators::index(), Providers::index(), ProofOfBandwidth::index()];
	assert_eq!(ours, [50, 51, 52, 53]);
}

#[test]
fn transfer_should_cost_between_a_thousandth_and_a_tenth_of_a_token() {
	genesis(presets::LOCAL).execute_with(|| {
		let weight = <Runtime as frame_system::Config>::BlockWeights::get()
			.get(frame_support::dispatch::DispatchClass::Normal)
			.base_extrinsic;
		let fee = TransactionPayment::weight_to_fee(weight);
		assert!((MILLIWEIR..=100 * MILLIWEIR).contains(&fee), "a base extrinsic costs {fee}");
	});
}
