//! Each way in which tokens can cease to exist: the ledger hears of every one, to the grain.

use super::{
	chain::*,
	fees::{paid_by, signed_with_tip},
};
use crate::*;
use codec::Encode;
use configs::{
	accounts::{ExistentialDeposit, FeesAndTips, FormerImbalances, ToAuthor, TreasuryAccount},
	governance::{EconomicsDeposit, SubmissionDeposit},
	pool::STABLE,
};
use frame_support::{
	assert_noop, assert_ok,
	traits::{
		fungible::Balanced,
		fungibles,
		schedule::DispatchTime,
		tokens::{Fortitude, Precision, Preservation},
		Bounded, Currency, Get, Imbalance, OnUnbalanced,
	},
};
use pallet_governance::Origin as Decision;
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Eve};
use sp_runtime::{
	traits::{Dispatchable, Hash as _},
	DispatchError, DispatchResult, Perbill,
};
use weir_math::economy::{slash, Ledger};
use weir_primitives::{
	seams::{Bonds, Deposit, Deposits, EpochClock, SlashQueue},
	Role, SlashReason,
};

fn nothing(_: Sr25519Keyring, _: u32, _: u32) -> Option<u32> {
	None
}

fn free(who: &AccountId) -> Balance {
	Balances::free_balance(who)
}

/// What `act` destroys: of the ledger's other counters only the issuance may change, by as much.
fn destroyed_by(act: impl FnOnce()) -> Balance {
	let before = ledger();
	act();
	check_supply();
	let after = ledger();
	let destroyed = after.destroyed - before.destroyed;
	assert_eq!(before.issuance - after.issuance, destroyed);
	assert_eq!(after.burned - before.burned, destroyed);
	let rest = |ledger: &Ledger| (ledger.reserve, ledger.bucket, ledger.basis, ledger.buffer, ledger.emitted);
	assert_eq!(rest(&after), rest(&before));
	destroyed
}

fn well(result: DispatchResult) {
	assert_ok!(result);
}

fn decided(decision: Decision, call: impl Into<RuntimeCall>) -> DispatchResult {
	call.into().dispatch(decision.into()).map(|_| ()).map_err(|failed| failed.error)
}

/// The local network, on which a block was made.
fn at_work(test: impl FnOnce(&mut Chain)) {
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = Chain::start();
		chain.block(&nothing);
		test(&mut chain);
	});
}

#[test]
fn dust_should_be_destroyed_when_an_account_is_left_with_too_little() {
	at_work(|_| {
		let dust = ExistentialDeposit::get() - 1;
		let value = free(&Eve.to_account_id()) - dust;
		let transfer =
			pallet_balances::Call::transfer_allow_death { dest: Bob.to_account_id().into(), value };
		assert_eq!(destroyed_by(|| well(dispatch(Eve, transfer))), dust);
		assert_eq!(free(&Eve.to_account_id()), 0);
	});
}

#[test]
fn fee_should_be_destroyed_and_tip_reach_the_author() {
	at_work(|chain| {
		let tip = 7 * MILLIWEIR;
		let (mut fee, mut gained) = (0, 0);
		let destroyed = ledger().destroyed;
		chain.block_with(&nothing, || {
			let author = Authorship::author().expect("a block has one");
			// Who pays is not who gains.
			let payer = if author == Eve.to_account_id() { Bob } else { Eve };
			let before = free(&author);
			let remark = frame_system::Call::remark { remark: vec![1; 9] };
			assert_eq!(Executive::apply_extrinsic(signed_with_tip(payer, 0, tip, remark)), Ok(Ok(())));
			let (paid, tipped) = paid_by(&payer.to_account_id());
			assert_eq!(tipped, tip);
			(fee, gained) = (paid, free(&author) - before);
		});
		assert!(fee >= MILLIWEIR);
		assert_eq!(gained, tip, "no part of the fee");
		assert_eq!(ledger().destroyed - destroyed, fee);
		check_supply();
	});
}

#[test]
fn fee_should_be_accounted_for_when_its_payer_cannot_take_the_refund() {
	at_work(|chain| {
		let destroyed = ledger().destroyed;
		chain.block_with(&nothing, || {
			let all =
				pallet_balances::Call::transfer_all { dest: Bob.to_account_id().into(), keep_alive: false };
			let sent = signed_with_tip(Eve, 0, 0, all);
			assert_eq!(Executive::apply_extrinsic(sent), Ok(Ok(())));
		});
		assert!(ledger().destroyed > destroyed);
		check_supply();
	});
}

#[test]
fn tip_should_be_destroyed_when_nobody_can_take_it() {
	genesis(presets::LOCAL).execute_with(|| {
		assert_eq!(Authorship::author(), None, "there was no block yet");
		let take = |value| {
			let all = (Precision::Exact, Preservation::Preserve, Fortitude::Polite);
			let eve = Eve.to_account_id();
			<Balances as Balanced<AccountId>>::withdraw(&eve, value, all.0, all.1, all.2)
				.expect("Eve has as much")
		};
		assert_eq!(destroyed_by(|| ToAuthor::on_unbalanced(take(WEIR))), WEIR);
		assert_eq!(destroyed_by(|| FeesAndTips::on_unbalanceds([take(3), take(5)].into_iter())), 8);
		assert_eq!(destroyed_by(|| FeesAndTips::on_unbalanced(take(9))), 9);
	});
}

#[test]
fn slash_should_be_destroyed_but_for_the_treasurys_part() {
	at_work(|chain| {
		let (fraction, reason) = (Perbill::from_percent(10), SlashReason::Equivocation { session: 0 });
		let node = Alice.to_account_id();
		let bond = NodeStaking::active_bond(&node, Role::Validator);
		assert_ok!(<NodeStaking as SlashQueue<AccountId>>::queue_slash(
			&node,
			Role::Validator,
			fraction,
			reason
		));
		let due = ProofOfBandwidth::epoch() + ProofOfBandwidth::timing().slash_delay_epochs;
		chain.until_epoch(due, &nothing);
		let (burned, treasury) = (ledger().burned, free(&TreasuryAccount::get()));
		let taken = fraction * bond;
		let mut blocks = 0;
		while NodeStaking::active_bond(&node, Role::Validator) == bond {
			blocks += 1;
			assert!(blocks < 10, "it is due");
			chain.block(&nothing);
			check_invariants();
		}
		let parts = slash::split(taken, None);
		assert_eq!(bond - NodeStaking::active_bond(&node, Role::Validator), taken);
		assert_eq!(ledger().burned - burned, taken - parts.treasury);
		assert!(free(&TreasuryAccount::get()) - treasury >= parts.treasury);
	});
}

#[test]
fn slash_of_a_price_reporter_should_go_the_way_of_a_slash() {
	at_work(|chain| {
		let reporter = Alice.to_account_id();
		let bond = || pallet_price::Reporters::<Runtime>::get(&reporter).map(|reporter| reporter.bond);
		let before = bond().expect("a reporter from genesis");
		// It was too far from the others in each round of an era that is over.
		pallet_price::Standings::<Runtime>::mutate(|standings| {
			let standing = standings.get_mut(&reporter).expect("it is active");
			(standing.judged, standing.deviated) = (10_000, 10_000);
		});
		pallet_price::Era::<Runtime>::mutate(|era| era.number += 1);
		let (burned, treasury) = (ledger().burned, free(&TreasuryAccount::get()));
		let mut blocks = 0;
		while bond() == Some(before) {
			blocks += 1;
			assert!(blocks < 10, "it is judged when there is room");
			chain.block(&nothing);
			check_invariants();
		}
		let taken = before - bond().expect("it goes on");
		assert_eq!(taken, before / 100, "one per cent");
		let parts = slash::split(taken, None);
		assert_eq!(ledger().burned - burned, taken - parts.treasury);
		assert_eq!(free(&TreasuryAccount::get()) - treasury, parts.treasury);
	});
}

#[test]
fn forfeited_deposit_and_price_of_a_test_should_go_the_way_of_a_slash() {
	at_work(|_| {
		let watcher = Eve.to_account_id();
		let treasury = free(&TreasuryAccount::get());
		let destroyed = destroyed_by(|| {
			assert_ok!(<NodeStaking as Deposits<AccountId>>::hold(&watcher, Deposit::Alarm));
			<NodeStaking as Deposits<AccountId>>::forfeit(&watcher, Deposit::Alarm);
			assert_ok!(<NodeStaking as Deposits<AccountId>>::charge_test(&watcher));
		});
		let alarm = slash::split(configs::measuring::AlarmDeposit::get(), None);
		let price = slash::split(configs::measuring::TestPrice::get(), None);
		let kept = alarm.treasury + price.treasury;
		let all = configs::measuring::AlarmDeposit::get() + configs::measuring::TestPrice::get();
		assert!(kept > 0);
		assert_eq!((destroyed, free(&TreasuryAccount::get()) - treasury), (all - kept, kept));
	});
}

#[test]
fn deposits_of_a_killed_referendum_should_be_destroyed() {
	at_work(|_| {
		use pallet_referenda::Call as Poll;
		let remark: RuntimeCall = frame_system::Call::remark { remark: vec![1] }.into();
		let submit = Poll::submit {
			proposal_origin: Box::new(Decision::Economics.into()),
			proposal: Bounded::Inline(remark.encode().try_into().expect("a short call")),
			enactment_moment: DispatchTime::After(1),
		};
		let held = SubmissionDeposit::get() + EconomicsDeposit::get();
		let killed = destroyed_by(|| {
			assert_ok!(dispatch(Alice, submit));
			assert_ok!(dispatch(Alice, Poll::place_decision_deposit { index: 0 }));
			assert_eq!(Balances::reserved_balance(Alice.to_account_id()), held + bonded_by_alice());
			assert_noop!(decided(Decision::Economics, Poll::kill { index: 0 }), DispatchError::BadOrigin);
			assert_ok!(decided(Decision::Upgrade, Poll::kill { index: 0 }));
		});
		assert_eq!(killed, held);
	});
}

/// What Alice had on hold at genesis: as a validator, as a reporter, and for her keys.
fn bonded_by_alice() -> Balance {
	genesis(presets::LOCAL).execute_with(|| Balances::reserved_balance(Alice.to_account_id()))
}

#[test]
fn former_imbalances_should_be_destroyed_by_the_ledger() {
	at_work(|_| {
		let eve = Eve.to_account_id();
		let (taken, missing) = <Balances as Currency<AccountId>>::slash(&eve, 5 * WEIR);
		assert_eq!((taken.peek(), missing), (5 * WEIR, 0));
		FormerImbalances::on_unbalanced(taken);
		check_supply();
	});
}

#[test]
fn treasury_should_burn_nothing_and_keep_the_existential_deposit() {
	at_work(|chain| {
		use pallet_treasury::Call as Treasurer;
		assert!(<Runtime as pallet_treasury::Config>::Burn::get().is_zero());
		let period = <Runtime as pallet_treasury::Config>::SpendPeriod::get();
		let before = ledger();
		for _ in 0..=period {
			chain.block(&nothing);
		}
		let (after, burned) = (ledger(), ledger().burned - before.burned);
		assert_eq!(burned, 0, "{after:?}");

		let (all, least) = (free(&TreasuryAccount::get()), ExistentialDeposit::get());
		let spend = |amount| Treasurer::spend {
			asset_kind: Box::new(()),
			amount,
			beneficiary: Box::new(Eve.to_account_id()),
			valid_from: None,
		};
		for amount in [all, all - least] {
			assert_ok!(decided(Decision::Upgrade, spend(amount)));
		}
		assert_noop!(
			dispatch(Bob, Treasurer::payout { index: 0 }),
			pallet_treasury::Error::<Runtime>::PayoutError
		);
		assert_eq!(destroyed_by(|| well(dispatch(Bob, Treasurer::payout { index: 1 }))), 0);
		assert_eq!(free(&TreasuryAccount::get()), least);
	});
}

#[test]
fn safe_mode_should_take_no_deposit_that_could_be_slashed() {
	at_work(|_| {
		let not_configured: DispatchError = pallet_safe_mode::Error::<Runtime>::NotConfigured.into();
		assert_noop!(dispatch(Eve, pallet_safe_mode::Call::enter {}), not_configured);
		assert_ok!(decided(Decision::Upgrade, pallet_safe_mode::Call::force_enter {}));
		assert_noop!(dispatch(Eve, pallet_safe_mode::Call::extend {}), not_configured);
		let slash = pallet_safe_mode::Call::force_slash_deposit { account: Eve.to_account_id(), block: 1 };
		// Not even by Root, which passes the filter.
		let call: RuntimeCall = slash.into();
		let by_root = call.dispatch(RuntimeOrigin::root()).map(|_| ()).map_err(|failed| failed.error);
		assert_eq!(by_root, Err(DispatchError::BadOrigin));
	});
}

#[test]
fn fee_for_a_pool_should_be_destroyed_by_the_ledger_if_there_were_one() {
	type Target = <Runtime as pallet_asset_conversion::Config>::PoolSetupFeeTarget;
	use configs::pool::{Native, NativeAndAssets, Stable};
	at_work(|_| {
		let take = |asset, value| {
			let all = (Precision::Exact, Preservation::Preserve, Fortitude::Polite);
			let eve = Eve.to_account_id();
			<NativeAndAssets as fungibles::Balanced<AccountId>>::withdraw(
				asset, &eve, value, all.0, all.1, all.2,
			)
			.expect("Eve has as much")
		};
		let fee = 5 * WEIR;
		assert_eq!(destroyed_by(|| Target::on_unbalanced(take(Native::get(), fee))), fee);
		// What is paid in another asset is no token of the ledger's.
		let supply = Assets::total_supply(STABLE);
		assert_eq!(destroyed_by(|| Target::on_unbalanced(take(Stable::get(), 7))), 0);
		assert_eq!(supply - Assets::total_supply(STABLE), 7);
	});
}

#[test]
fn nobody_should_set_up_a_pool_and_nobody_pays_for_one() {
	at_work(|_| {
		let fee: Balance = <Runtime as pallet_asset_conversion::Config>::PoolSetupFee::get();
		assert_eq!(fee, 0);
		assert!(<Runtime as pallet_asset_conversion::Config>::LiquidityWithdrawalFee::get().is_zero());
		let (asset1, asset2) = (Box::new(configs::pool::Native::get()), Box::new(9.into()));
		let create = pallet_asset_conversion::Call::create_pool { asset1, asset2 };
		assert_noop!(dispatch(Eve, create), frame_system::Error::<Runtime>::CallFiltered);
	});
}

#[test]
fn swap_of_all_that_somebody_has_should_destroy_no_more_than_dust() {
	at_work(|_| {
		let (native, stable) =
			(Box::new(configs::pool::Native::get()), Box::new(configs::pool::Stable::get()));
		let dust = 3;
		let swap = pallet_asset_conversion::Call::swap_exact_tokens_for_tokens {
			path: vec![native, stable],
			amount_in: free(&Eve.to_account_id()) - dust,
			amount_out_min: 1,
			send_to: Eve.to_account_id(),
			keep_alive: false,
		};
		let before = Assets::balance(STABLE, Eve.to_account_id());
		assert_eq!(destroyed_by(|| well(dispatch(Eve, swap))), dust);
		assert!(Assets::balance(STABLE, Eve.to_account_id()) > before);
	});
}

/// A call that takes a deposit, and the one that gives it back.
fn deposits() -> Vec<(RuntimeCall, RuntimeCall)> {
	let (delegate, proxy_type, delay) =
		(Address::from(Bob.to_account_id()), configs::wallets::ProxyType::Any, 0);
	let bytes = vec![1; 300];
	let hash = <Runtime as frame_system::Config>::Hashing::hash(&bytes);
	let call: RuntimeCall = frame_system::Call::remark { remark: vec![2] }.into();
	let call_hash = sp_io::hashing::blake2_256(&call.encode());
	let mut others = vec![Bob.to_account_id(), Charlie.to_account_id()];
	others.sort();
	let approve = pallet_multisig::Call::approve_as_multi {
		threshold: 2,
		other_signatories: others.clone(),
		maybe_timepoint: None,
		call_hash,
		max_weight: Default::default(),
	};
	let cancel = pallet_multisig::Call::cancel_as_multi {
		threshold: 2,
		other_signatories: others,
		timepoint: Multisig::timepoint(),
		call_hash,
	};
	vec![
		(
			pallet_proxy::Call::add_proxy { delegate: delegate.clone(), proxy_type, delay }.into(),
			pallet_proxy::Call::remove_proxy { delegate: delegate.clone(), proxy_type, delay }.into(),
		),
		(
			pallet_preimage::Call::note_preimage { bytes }.into(),
			pallet_preimage::Call::unnote_preimage { hash }.into(),
		),
		(approve.into(), cancel.into()),
		(
			pallet_assets::Call::approve_transfer { id: STABLE, delegate: delegate.clone(), amount: 5 }
				.into(),
			pallet_assets::Call::cancel_approval { id: STABLE, delegate }.into(),
		),
	]
}

#[test]
fn deposits_should_come_back_whole() {
	at_work(|_| {
		let eve = Eve.to_account_id();
		for (take, give) in deposits() {
			let name = super::filters::name(&take);
			let before = free(&eve);
			let destroyed = destroyed_by(|| {
				assert_ok!(dispatch(Eve, take));
				assert!(free(&eve) < before, "{name:?} takes a deposit");
				assert_ok!(dispatch(Eve, give));
			});
			assert_eq!((destroyed, free(&eve)), (0, before), "{name:?}");
		}
	});
}
