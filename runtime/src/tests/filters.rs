//! Which calls pass where: the brakes of the chain, and proxies.

use super::chain::*;
use crate::*;
use codec::Decode;
use configs::{
	laws::Lawful,
	system::{NeverPaused, NeverStopped},
	wallets::ProxyType,
};
use frame_support::{
	assert_noop, assert_ok,
	traits::{Contains, GetCallMetadata, InstanceFilter},
};
use sp_keyring::Sr25519Keyring;
use sp_runtime::{
	traits::{Dispatchable, Hash as _},
	DispatchError, DispatchResult,
};
use std::collections::BTreeSet;
use weir_primitives::{
	api::Outcome,
	seams::{Bonds, EpochClock},
	ProviderIndex, Role,
};

/// Calls beside those of [`FREE_PALLETS`] that go on under every brake.
const FREE_CALLS: [(&str, &str); 33] = [
	("Rewards", "claim"),
	("BurnMint", "cancel_request"),
	("Channels", "claim"),
	("Channels", "close"),
	("Channels", "close_agreed"),
	("Channels", "close_due"),
	("Price", "leave"),
	("Price", "withdraw"),
	("Price", "set_key"),
	("Price", "report"),
	("Regions", "reclaim_bounty"),
	("Treasury", "payout"),
	("Treasury", "check_status"),
	("AssetConversion", "remove_liquidity"),
	("Assets", "cancel_approval"),
	("Preimage", "unnote_preimage"),
	("NodeStaking", "unbond"),
	("NodeStaking", "withdraw"),
	("Validators", "chill"),
	("Providers", "pause"),
	("Providers", "deregister"),
	("Providers", "set_probe_key"),
	("Providers", "revoke_probe_key"),
	("ProofOfBandwidth", "leave_seat"),
	("ProofOfBandwidth", "set_seat_key"),
	("ProofOfBandwidth", "commit"),
	("ProofOfBandwidth", "reveal"),
	("ProofOfBandwidth", "answer_audit"),
	("ProofOfBandwidth", "dispute"),
	("ProofOfBandwidth", "appeal"),
	("ProofOfBandwidth", "report_down"),
	("ProofOfBandwidth", "confirm"),
	("ProofOfBandwidth", "report_up"),
];
/// Pallets all of whose calls do.
const FREE_PALLETS: [&str; 14] = [
	"Referenda",
	"ConvictionVoting",
	"Governance",
	"System",
	"Timestamp",
	"Babe",
	"Grandpa",
	"Session",
	"SafeMode",
	"TxPause",
	"Sudo",
	"Utility",
	"Proxy",
	"Multisig",
];

/// Calls of these that do not: they spend what is the treasury's.
const BRAKED_CALLS: [(&str, &str); 1] = [("Governance", "spend_small")];

/// Pallet and call.
pub(crate) fn name(call: &RuntimeCall) -> (&'static str, &'static str) {
	let metadata = call.get_call_metadata();
	(metadata.pallet_name, metadata.function_name)
}

/// The name as tx-pause knows it.
fn pausable((pallet, call): (&str, &str)) -> pallet_tx_pause::RuntimeCallNameOf<Runtime> {
	let bounded = |text: &str| text.as_bytes().to_vec().try_into().expect("a short name");
	(bounded(pallet), bounded(call))
}

/// Each call of the runtime once, with arguments of zeros, or of ones where zeros are none.
pub(crate) fn every_call() -> Vec<RuntimeCall> {
	let decoded = |pallet: u8, call: u8, filler: u8| {
		let mut bytes = vec![filler; 4_096];
		bytes[..2].copy_from_slice(&[pallet, call]);
		RuntimeCall::decode(&mut &bytes[..]).ok()
	};
	let indices = (0..=u8::MAX).flat_map(|pallet| (0..=u8::MAX).map(move |call| (pallet, call)));
	let calls: Vec<_> = indices
		.filter_map(|(pallet, call)| [0, 1].into_iter().find_map(|filler| decoded(pallet, call, filler)))
		.collect();
	let found: BTreeSet<_> = calls.iter().map(name).collect();
	let named: BTreeSet<_> = RuntimeCall::get_module_names()
		.iter()
		.flat_map(|pallet| RuntimeCall::get_call_names(pallet).iter().map(|call| (*pallet, *call)))
		.collect();
	assert_eq!(found, named, "none is left out");
	calls
}

#[test]
fn brakes_should_let_the_same_calls_pass() {
	for call in every_call() {
		let (pallet, function) = name(&call);
		let listed = FREE_PALLETS.contains(&pallet) || FREE_CALLS.contains(&(pallet, function));
		let free = listed && !BRAKED_CALLS.contains(&(pallet, function));
		assert_eq!(NeverStopped::contains(&call), free, "safe mode: {pallet}.{function}");
		let by_name = NeverPaused::contains(&pausable((pallet, function)));
		assert_eq!(by_name, free, "tx-pause: {pallet}.{function}");
	}
}

#[test]
fn exits_should_stay_open_when_the_chain_is_braked() {
	genesis(presets::LOCAL).execute_with(|| {
		let enter = RuntimeCall::SafeMode(pallet_safe_mode::Call::force_enter {});
		assert_ok!(enter.dispatch(RuntimeOrigin::root()));
		for free in FREE_CALLS {
			assert_noop!(
				TxPause::pause(RuntimeOrigin::root(), pausable(free)),
				pallet_tx_pause::Error::<Runtime>::Unpausable
			);
		}
		for call in every_call() {
			let passes = <Runtime as frame_system::Config>::BaseCallFilter::contains(&call);
			let expected = NeverStopped::contains(&call) && Lawful::contains(&call);
			assert_eq!(passes, expected, "{:?}", name(&call));
		}
	});
}

#[test]
fn deposits_should_come_back_when_the_chain_is_braked() {
	use configs::pool::STABLE;
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = Chain::start();
		chain.block(&|_, _, _| None);
		let who = Sr25519Keyring::Eve;
		let free = || Balances::free_balance(who.to_account_id());
		let before = free();
		let delegate = Address::from(Sr25519Keyring::Bob.to_account_id());
		let bytes = vec![1; 300];
		let hash = <Runtime as frame_system::Config>::Hashing::hash(&bytes);
		let approve: RuntimeCall =
			pallet_assets::Call::approve_transfer { id: STABLE, delegate: delegate.clone(), amount: 5 }
				.into();
		let note: RuntimeCall = pallet_preimage::Call::note_preimage { bytes }.into();
		assert_ok!(dispatch(who, approve.clone()));
		assert_ok!(dispatch(who, note.clone()));
		assert!(free() < before);

		let enter = RuntimeCall::SafeMode(pallet_safe_mode::Call::force_enter {});
		assert_ok!(enter.dispatch(RuntimeOrigin::root()));
		for takes in [approve, note] {
			assert_noop!(dispatch(who, takes), frame_system::Error::<Runtime>::CallFiltered);
		}
		assert_ok!(dispatch(who, pallet_assets::Call::cancel_approval { id: STABLE, delegate }));
		assert_ok!(dispatch(who, pallet_preimage::Call::unnote_preimage { hash }));
		assert_eq!(free(), before);
		check_invariants();
	});
}

#[test]
fn measurements_should_be_judged_when_the_chain_is_braked() {
	const MEASURED: u32 = 5;
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = Chain::with_providers();
		let says =
			|_: Sr25519Keyring, provider: ProviderIndex, epoch: u32| Some(share(CLAIM_KBPS, provider, epoch));
		chain.until_epoch(MEASURED, &says);
		let enter = RuntimeCall::SafeMode(pallet_safe_mode::Call::force_enter {});
		assert_ok!(enter.dispatch(RuntimeOrigin::root()));
		chain.until_epoch(MEASURED + 2, &says);
		assert_eq!(ProofOfBandwidth::epoch(), MEASURED + 2);
		let good = (0..PROVIDERS.len() as ProviderIndex)
			.flat_map(ProofOfBandwidth::verdicts_of)
			.filter(|verdict| verdict.epoch == MEASURED && verdict.outcome == Outcome::Good);
		assert!(good.count() >= PROVIDERS.len() / 2);
	});
}

#[test]
fn narrower_proxies_should_never_do_what_wider_ones_may_not() {
	let types = [ProxyType::Any, ProxyType::NonTransfer, ProxyType::Operation];
	for (wider, a) in types.iter().enumerate() {
		for (narrower, b) in types.iter().enumerate() {
			assert_eq!(a.is_superset(b), wider <= narrower, "{a:?} and {b:?}");
		}
	}
	for call in every_call() {
		let [any, non_transfer, operation] = types.map(|kind| kind.filter(&call));
		assert!(any);
		assert!(non_transfer || !operation, "{:?}", name(&call));
		let (pallet, function) = name(&call);
		let spends = matches!(
			pallet,
			"Balances"
				| "Assets" | "AssetConversion"
				| "Treasury" | "Regions"
				| "Sudo" | "Proxy"
				| "Multisig" | "Preimage"
				| "Scheduler"
				| "SafeMode" | "TxPause"
		);
		let buys = pallet == "BurnMint" && function != "cancel_request";
		// To agree to a sum is to pay it.
		let collects = pallet == "Channels" && matches!(function, "claim" | "close" | "close_due");
		let pays = pallet == "Channels" && !collects;
		assert!(!((spends || buys || pays) && non_transfer), "{:?} for who may not transfer", name(&call));
		let bonds = pallet == "NodeStaking" || (pallet == "Price" && function != "set_key");
		let decides = matches!(pallet, "Referenda" | "ConvictionVoting" | "Governance");
		assert!(!((bonds || decides) && operation), "{:?} for who only runs the node", name(&call));
		assert!(!(bonds || decides) || non_transfer, "{:?} for who may do all but transfer", name(&call));
		let runs = matches!(pallet, "Session" | "Validators" | "Providers" | "ProofOfBandwidth" | "Rewards");
		assert!(!(runs || collects) || operation, "{:?} for who runs the node", name(&call));
	}
}

/// Does `call` for Alice as Bob, her proxy.
fn by_proxy(call: impl Into<RuntimeCall>) -> DispatchResult {
	let real = Sr25519Keyring::Alice.to_account_id().into();
	let call = Box::new(call.into());
	assert_ok!(dispatch(
		Sr25519Keyring::Bob,
		pallet_proxy::Call::proxy { real, force_proxy_type: None, call }
	));
	let executed = System::events().into_iter().rev().find_map(|record| match record.event {
		RuntimeEvent::Proxy(pallet_proxy::Event::ProxyExecuted { result }) => Some(result),
		_ => None,
	});
	executed.expect("the proxy acted")
}

#[test]
fn operator_should_run_the_node_but_neither_bond_nor_transfer() {
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = Chain::start();
		chain.block(&|_, _, _| None);
		let alice = Sr25519Keyring::Alice.to_account_id();
		let delegate = Sr25519Keyring::Bob.to_account_id().into();
		let proxy_type = ProxyType::Operation;
		let add = pallet_proxy::Call::add_proxy { delegate, proxy_type, delay: 0 };
		assert_ok!(dispatch(Sr25519Keyring::Alice, add));

		let (free, bond) =
			(Balances::free_balance(&alice), NodeStaking::active_bond(&alice, Role::Validator));
		let transfer: RuntimeCall = pallet_balances::Call::transfer_keep_alive {
			dest: Sr25519Keyring::Bob.to_account_id().into(),
			value: WEIR,
		}
		.into();
		let unbond: RuntimeCall =
			pallet_node_staking::Call::unbond { role: Role::Validator, amount: WEIR }.into();
		let filtered: DispatchError = frame_system::Error::<Runtime>::CallFiltered.into();
		for forbidden in [transfer, unbond] {
			assert_eq!(by_proxy(forbidden.clone()), Err(filtered));
			let batch = pallet_utility::Call::batch_all { calls: vec![forbidden] };
			assert_eq!(by_proxy(batch), Err(filtered), "nor in a batch");
		}
		assert_eq!(Balances::free_balance(&alice), free);
		assert_eq!(NodeStaking::active_bond(&alice, Role::Validator), bond);

		assert_eq!(by_proxy(pallet_validators::Call::chill {}), Ok(()));
		assert!(!Validators::is_candidate(&alice));
	});
}

/// How a call is made for somebody.
type Way = fn(RuntimeCall) -> DispatchResult;

/// Does `call` as Charlie, in a batch.
fn by_batch(call: RuntimeCall) -> DispatchResult {
	let calls = vec![call];
	assert_ok!(dispatch(Sr25519Keyring::Charlie, pallet_utility::Call::<Runtime>::batch { calls }));
	let ended = System::events().into_iter().rev().find_map(|record| match record.event {
		RuntimeEvent::Utility(pallet_utility::Event::BatchCompleted) => Some(Ok(())),
		RuntimeEvent::Utility(pallet_utility::Event::BatchInterrupted { error, .. }) => Some(Err(error)),
		_ => None,
	});
	ended.expect("a batch ends")
}

/// Does `call` as the account that Alice and Bob hold, each of them alone.
fn by_multisig(call: RuntimeCall) -> DispatchResult {
	let other_signatories = vec![Sr25519Keyring::Bob.to_account_id()];
	let call = Box::new(call);
	dispatch(
		Sr25519Keyring::Alice,
		pallet_multisig::Call::<Runtime>::as_multi_threshold_1 { other_signatories, call },
	)
}

/// The account that Alice and Bob hold, with the least bond of a validator and a token more.
fn bonded_multisig() -> AccountId {
	let mut signatories = [Sr25519Keyring::Alice, Sr25519Keyring::Bob].map(|who| who.to_account_id());
	signatories.sort();
	let held = Multisig::multi_account_id(&signatories, 1);
	let amount = configs::measuring::MinValidatorBond::get() + WEIR;
	let transfer = pallet_balances::Call::<Runtime>::transfer_keep_alive {
		dest: held.clone().into(),
		value: amount + WEIR,
	};
	assert_ok!(dispatch(Sr25519Keyring::Alice, transfer));
	let bond = pallet_node_staking::Call::<Runtime>::bond { role: Role::Validator, amount };
	assert_ok!(by_multisig(bond.into()));
	held
}

#[test]
fn call_for_others_should_pass_as_the_call_in_it_does_when_the_chain_is_braked() {
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = Chain::start();
		chain.block(&|_, _, _| None);
		let held = bonded_multisig();
		let add = pallet_proxy::Call::<Runtime>::add_proxy {
			delegate: Sr25519Keyring::Bob.to_account_id().into(),
			proxy_type: ProxyType::Any,
			delay: 0,
		};
		assert_ok!(dispatch(Sr25519Keyring::Alice, add));
		let enter = RuntimeCall::SafeMode(pallet_safe_mode::Call::force_enter {});
		assert_ok!(enter.dispatch(RuntimeOrigin::root()));

		let filtered: DispatchError = frame_system::Error::<Runtime>::CallFiltered.into();
		let transfer: RuntimeCall = pallet_balances::Call::<Runtime>::transfer_keep_alive {
			dest: Sr25519Keyring::Dave.to_account_id().into(),
			value: WEIR,
		}
		.into();
		let exit: RuntimeCall =
			pallet_node_staking::Call::<Runtime>::unbond { role: Role::Validator, amount: WEIR }.into();
		let in_a_batch = |call: &RuntimeCall| -> RuntimeCall {
			pallet_utility::Call::<Runtime>::batch_all { calls: vec![call.clone()] }.into()
		};
		let ways: [(Way, AccountId); 3] = [
			(by_batch, Sr25519Keyring::Charlie.to_account_id()),
			(by_proxy, Sr25519Keyring::Alice.to_account_id()),
			(by_multisig, held),
		];
		for (make, account) in ways {
			let (free, bond) =
				(Balances::free_balance(&account), NodeStaking::active_bond(&account, Role::Validator));
			assert_eq!(make(transfer.clone()), Err(filtered), "{account:?}");
			assert_eq!(make(in_a_batch(&transfer)), Err(filtered), "{account:?}, a batch in it");
			assert_eq!(Balances::free_balance(&account), free, "{account:?}");

			assert_eq!(make(exit.clone()), Ok(()), "{account:?}");
			assert_eq!(NodeStaking::active_bond(&account, Role::Validator), bond - WEIR, "{account:?}");
		}
		check_invariants();
	});
}
