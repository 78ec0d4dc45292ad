//! Calls that nobody may make: not by themselves, not in others, not as any origin but Root, and as Root not at all.

use super::{chain::*, filters::every_call};
use crate::*;
use configs::{
	accounts::StableIssuer,
	governance::Enactable,
	laws::{Forbidden, Lawful, DEEPEST},
	pool::STABLE,
};
use frame_support::{
	assert_noop, assert_ok,
	traits::{Contains, Get, GetCallMetadata},
};
use pallet_governance::Origin as Decision;
use sp_keyring::Sr25519Keyring::{self, Alice, Bob};
use sp_runtime::{traits::Dispatchable, DispatchError, DispatchResult};

/// How a call is put into another.
type Wrap = fn(RuntimeCall) -> RuntimeCall;

fn remark() -> RuntimeCall {
	frame_system::Call::remark { remark: vec![1] }.into()
}

fn address(who: Sr25519Keyring) -> Address {
	who.to_account_id().into()
}

/// Every call that makes others.
fn wraps() -> Vec<(&'static str, Wrap)> {
	use pallet_multisig::Call as Many;
	use pallet_proxy::Call as Delegate;
	use pallet_scheduler::Call as Later;
	use pallet_sudo::Call as Master;
	use pallet_utility::Call as Several;
	fn root() -> Box<OriginCaller> {
		Box::new(frame_system::RawOrigin::Root.into())
	}
	vec![
		("batch", |call| Several::batch { calls: vec![remark(), call] }.into()),
		("batch_all", |call| Several::batch_all { calls: vec![remark(), call] }.into()),
		("force_batch", |call| Several::force_batch { calls: vec![call] }.into()),
		("as_derivative", |call| Several::as_derivative { index: 1, call: call.into() }.into()),
		("dispatch_as", |call| Several::dispatch_as { as_origin: root(), call: call.into() }.into()),
		("dispatch_as_fallible", |call| {
			Several::dispatch_as_fallible { as_origin: root(), call: call.into() }.into()
		}),
		("with_weight", |call| Several::with_weight { call: call.into(), weight: Default::default() }.into()),
		("if_else", |call| Several::if_else { main: call.into(), fallback: remark().into() }.into()),
		("else", |call| Several::if_else { main: remark().into(), fallback: call.into() }.into()),
		("proxy", |call| {
			Delegate::proxy { real: address(Bob), force_proxy_type: None, call: call.into() }.into()
		}),
		("proxy_announced", |call| {
			let (delegate, real) = (address(Alice), address(Bob));
			Delegate::proxy_announced { delegate, real, force_proxy_type: None, call: call.into() }.into()
		}),
		("as_multi_threshold_1", |call| {
			let other_signatories = vec![Bob.to_account_id()];
			Many::as_multi_threshold_1 { other_signatories, call: call.into() }.into()
		}),
		("as_multi", |call| {
			let other_signatories = vec![Bob.to_account_id()];
			let (maybe_timepoint, max_weight) = (None, Default::default());
			Many::as_multi { threshold: 2, other_signatories, maybe_timepoint, call: call.into(), max_weight }
				.into()
		}),
		("sudo", |call| Master::sudo { call: call.into() }.into()),
		("sudo_unchecked_weight", |call| {
			Master::sudo_unchecked_weight { call: call.into(), weight: Default::default() }.into()
		}),
		("sudo_as", |call| Master::sudo_as { who: address(Bob), call: call.into() }.into()),
		("schedule", |call| {
			Later::schedule { when: 9, maybe_periodic: None, priority: 0, call: call.into() }.into()
		}),
		("schedule_named", |call| {
			let (id, when) = ([0; 32], 9);
			Later::schedule_named { id, when, maybe_periodic: None, priority: 0, call: call.into() }.into()
		}),
		("schedule_after", |call| {
			Later::schedule_after { after: 9, maybe_periodic: None, priority: 0, call: call.into() }.into()
		}),
		("schedule_named_after", |call| {
			let (id, after) = ([0; 32], 9);
			Later::schedule_named_after { id, after, maybe_periodic: None, priority: 0, call: call.into() }
				.into()
		}),
		("enact", |call| pallet_governance::Call::enact { call: call.into() }.into()),
	]
}

fn filtered() -> DispatchError {
	frame_system::Error::<Runtime>::CallFiltered.into()
}

fn called_by(origin: RuntimeOrigin, call: RuntimeCall) -> DispatchResult {
	call.dispatch(origin).map(|_| ()).map_err(|failed| failed.error)
}

/// Everybody who is not Root: a stranger, the issuer of the stable asset, whoever holds the key of `sudo`, each decision of
/// referenda, a call that is authorised by itself, and nobody.
fn origins() -> Vec<RuntimeOrigin> {
	let accounts = [Alice.to_account_id(), Bob.to_account_id(), StableIssuer::get()];
	let decisions = [Decision::Economics, Decision::Emergency, Decision::Upgrade];
	accounts
		.into_iter()
		.map(RuntimeOrigin::signed)
		.chain(decisions.into_iter().map(RuntimeOrigin::from))
		.chain([frame_system::RawOrigin::Authorized.into(), RuntimeOrigin::none()])
		.collect()
}

#[test]
fn forbidden_call_should_be_refused_by_itself_and_in_every_other() {
	genesis(presets::DEVELOPMENT).execute_with(|| {
		let master = pallet_sudo::Key::<Runtime>::get();
		assert_eq!(master, Some(Alice.to_account_id()), "who could call as Root");
		for call in Forbidden::get() {
			for origin in origins() {
				assert_eq!(called_by(origin, call.clone()), Err(filtered()), "{call:?}");
			}
			for (way, wrap) in wraps() {
				assert_eq!(
					called_by(RuntimeOrigin::signed(Alice.to_account_id()), wrap(call.clone())),
					Err(filtered()),
					"{call:?} in {way}"
				);
				for (other, outer) in wraps() {
					assert!(!Lawful::contains(&outer(wrap(call.clone()))), "{call:?} in {way} in {other}");
				}
			}
		}
		check_supply();
	});
}

#[test]
fn lawful_call_should_pass_in_others_down_to_a_depth() {
	for (way, wrap) in wraps() {
		assert!(Lawful::contains(&wrap(remark())), "{way}");
		let deep = |levels| (0..levels).fold(remark(), |call, _| wrap(call));
		assert!(Lawful::contains(&deep(DEEPEST)), "{way}");
		assert!(!Lawful::contains(&deep(DEEPEST + 1)), "{way}");
	}
}

/// Pallets of which only some calls are lawful, with the lawful ones.
const PARTLY_LAWFUL: [(&str, &[&str]); 5] = [
	("Balances", &["transfer_allow_death", "transfer_keep_alive", "transfer_all", "upgrade_accounts"]),
	(
		"Assets",
		&[
			"transfer",
			"transfer_keep_alive",
			"transfer_all",
			"approve_transfer",
			"cancel_approval",
			"transfer_approved",
			"mint",
			"burn",
		],
	),
	(
		"AssetConversion",
		&[
			"add_liquidity",
			"remove_liquidity",
			"swap_exact_tokens_for_tokens",
			"swap_tokens_for_exact_tokens",
		],
	),
	("Treasury", &["spend", "payout", "check_status", "void_spend"]),
	(
		"SafeMode",
		&[
			"enter",
			"force_enter",
			"extend",
			"force_extend",
			"force_exit",
			"release_deposit",
			"force_release_deposit",
		],
	),
];

#[test]
fn lawful_calls_should_be_these() {
	for call in every_call() {
		let (pallet, function) = super::filters::name(&call);
		let named = PARTLY_LAWFUL.iter().find(|(name, _)| *name == pallet);
		let expected = named.is_none_or(|(_, lawful)| lawful.contains(&function));
		// What holds other calls is judged by these.
		if !matches!(pallet, "Utility" | "Proxy" | "Multisig" | "Sudo" | "Scheduler" | "Governance") {
			assert_eq!(Lawful::contains(&call), expected, "{pallet}.{function}");
		}
	}
	for pallet in ["Oracle", "PoolAssets"] {
		assert!(!RuntimeCall::get_module_names().contains(&pallet), "{pallet} takes no calls");
	}
}

fn decided(decision: Decision, call: impl Into<RuntimeCall>) -> DispatchResult {
	called_by(decision.into(), call.into())
}

fn enact(call: impl Into<RuntimeCall>) -> DispatchResult {
	decided(Decision::Upgrade, pallet_governance::Call::enact { call: Box::new(call.into()) })
}

fn mint_stable(origin: RuntimeOrigin) -> RuntimeCall {
	let (beneficiary, amount) = (address(Bob), 5_000_000);
	let call = pallet_assets::Call::mint { id: STABLE, beneficiary, amount };
	pallet_utility::Call::dispatch_as { as_origin: Box::new(origin.caller), call: Box::new(call.into()) }
		.into()
}

#[test]
fn nothing_should_be_enacted_as_root_but_an_upgrade_and_what_the_issuer_does() {
	genesis(presets::LOCAL).execute_with(|| {
		Chain::start().block(&|_, _, _| None);
		let not_listed: DispatchError = pallet_governance::Error::<Runtime>::CallNotListed.into();
		for call in every_call() {
			let (pallet, function) = super::filters::name(&call);
			let is_upgrade = (pallet, function) == ("System", "authorize_upgrade");
			assert_eq!(Enactable::contains(&call), is_upgrade, "{pallet}.{function}");
			for (way, wrap) in wraps() {
				assert!(!Enactable::contains(&wrap(call.clone())), "{pallet}.{function} in {way}");
			}
		}
		let storage = frame_system::Call::set_storage { items: vec![] };
		assert_noop!(enact(storage), not_listed);
		for stranger in [RuntimeOrigin::signed(Bob.to_account_id()), RuntimeOrigin::root()] {
			assert_noop!(enact(mint_stable(stranger)), not_listed);
		}

		let before = Assets::balance(STABLE, Bob.to_account_id());
		assert_ok!(enact(mint_stable(RuntimeOrigin::signed(StableIssuer::get()))));
		assert_eq!(Assets::balance(STABLE, Bob.to_account_id()), before + 5_000_000);

		let upgrade = frame_system::Call::authorize_upgrade { code_hash: Hash::repeat_byte(7) };
		assert_noop!(
			decided(
				Decision::Economics,
				pallet_governance::Call::enact { call: Box::new(upgrade.clone().into()) }
			),
			DispatchError::BadOrigin
		);
		assert_ok!(enact(upgrade));
		assert!(System::authorized_upgrade().is_some());
	});
}

#[test]
fn stranger_should_not_mint_or_burn_the_stable_asset() {
	genesis(presets::LOCAL).execute_with(|| {
		let (beneficiary, amount) = (address(Bob), 5);
		let mint = pallet_assets::Call::mint { id: STABLE, beneficiary: beneficiary.clone(), amount };
		let burn = pallet_assets::Call::burn { id: STABLE, who: beneficiary, amount };
		let no_permission: DispatchError = pallet_assets::Error::<Runtime>::NoPermission.into();
		for call in [mint, burn] {
			assert_noop!(dispatch(Alice, call), no_permission);
		}
	});
}
