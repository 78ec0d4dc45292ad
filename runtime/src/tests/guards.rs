//! What wallets, operators and later versions rely on.

use super::chain::{check_invariants, genesis, ledger, REPORTERS};
use crate::*;
use frame_support::traits::{Get, IntegrityTest, PalletInfoAccess};
use weir_math::economy::units::SUPPLY_CAP;
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

/// What must fit into a block must fit into the blocks of each network: their length is its own.
#[test]
fn presets_should_hold_the_relations_between_constants() {
	for preset in presets::names() {
		genesis(preset.as_ref()).execute_with(AllPalletsWithSystem::integrity_test);
	}
}

#[test]
fn staging_should_have_public_timing_and_no_root() {
	genesis(presets::STAGING).execute_with(|| {
		assert_eq!(ProofOfBandwidth::timing(), Timing::public());
		assert_eq!(pallet_sudo::Key::<Runtime>::get(), None);
		let regions = pallet_regions::Regions::<Runtime>::iter_values().filter(|region| region.open);
		assert_eq!(regions.count(), 80, "homes and data centres of forty countries");
	});
}

#[test]
fn supply_should_begin_the_same_on_every_network() {
	use configs::{
		accounts::{ExistentialDeposit, RewardsPot, StablePot, TreasuryAccount},
		pool::{Pool, STABLE},
	};
	use weir_primitives::seams::economy::StablePool;
	for preset in presets::names() {
		genesis(preset.as_ref()).execute_with(|| {
			let ledger = ledger();
			assert_eq!(ledger.issuance, Balance::from(presets::GENESIS_TOKENS) * WEIR);
			assert_eq!((ledger.genesis, ledger.issuance + ledger.reserve), (ledger.issuance, SUPPLY_CAP));
			assert_eq!(Pool::reserves(), Some((presets::POOL_TOKENS, presets::POOL_CREDITS)));
			let treasury = TreasuryAccount::get();
			for pot in [treasury.clone(), RewardsPot::get(), StablePot::get()] {
				assert!(Balances::free_balance(&pot) >= ExistentialDeposit::get(), "{preset:?}");
				assert!(System::providers(&pot) > 1, "the account stays, whatever leaves it");
			}
			// All shares are the treasury's, but for those that nobody ever gets.
			let shares = pallet_asset_conversion::NextPoolAssetId::<Runtime>::get().map(|next| next - 1);
			let shares = shares.expect("the pool has shares");
			let least = <Runtime as pallet_asset_conversion::Config>::MintMinLiquidity::get();
			let (all, own) = (PoolAssets::total_supply(shares), PoolAssets::balance(shares, &treasury));
			assert!(own > 0 && all - own <= least, "{own} of {all}");
			assert!(Assets::total_supply(STABLE) >= presets::POOL_CREDITS);
		});
	}
}

#[test]
fn price_should_have_reporters_from_the_first_block() {
	let count =
		|preset: &str| genesis(preset).execute_with(|| pallet_price::Admitted::<Runtime>::get().len());
	assert_eq!(count(presets::STAGING), 15);
	assert_eq!(count(presets::LOCAL), REPORTERS.len());
	assert_eq!(count(presets::DEVELOPMENT), REPORTERS.len());
	genesis(presets::LOCAL).execute_with(|| {
		let admitted = pallet_price::Admitted::<Runtime>::get();
		assert!(REPORTERS.iter().all(|reporter| admitted.contains(&reporter.to_account_id())));
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
		Assets::index(),
		PoolAssets::index(),
		AssetConversion::index(),
		Oracle::index(),
		Treasury::index(),
		ConvictionVoting::index(),
		Referenda::index(),
	];
	assert_eq!(indices.to_vec(), (0..27).collect::<Vec<_>>());
	let ours = [
		NodeStaking::index(),
		Validators::index(),
		Providers::index(),
		ProofOfBandwidth::index(),
		Governance::index(),
		Price::index(),
		Regions::index(),
		Rewards::index(),
		Laws::index(),
		BurnMint::index(),
	];
	assert_eq!(ours.to_vec(), (50..60).collect::<Vec<_>>());
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
