//! Who is told of what changes, how often, and what is charged for it.

use crate::{mock::*, Call, Config, TermsUpdate, WeightInfo};
use polkadot_sdk::frame_support::{
	assert_ok,
	dispatch::{DispatchResult, GetDispatchInfo},
	weights::Weight,
};
use weir_primitives::{
	seams::{OnBondChange, ProviderRegistry},
	Admission, Endpoint, EpochIndex, Region,
};

fn to(endpoint: Endpoint) -> TermsUpdate {
	TermsUpdate { endpoint: Some(endpoint), ..Default::default() }
}

fn to_france() -> TermsUpdate {
	TermsUpdate { region: Some(Region { country: *b"FR", ..terms(1).region }), ..Default::default() }
}

/// Registers `who` at `45.0.n.host`.
fn enter(who: AccountId, n: u8, host: u8) -> DispatchResult {
	bond(who, 50_000);
	let terms = crate::Terms { endpoint: v4([45, 0, n, host], 1), ..terms(n) };
	Providers::register(signed(who), mbps(100, 50), terms, None)
}

/// Followers told by `call`.
fn told(call: impl FnOnce() -> DispatchResult) -> u64 {
	take_changes();
	assert_ok!(call());
	take_changes().len() as u64
}

fn update(changes: TermsUpdate) {
	assert_ok!(Providers::update(signed(ALICE), changes));
}

fn with(own: Weight, changes: u64) -> Weight {
	own + FOLLOWING * changes
}

/// Calls, and what each is charged.
fn charged<W: WeightInfo>() -> Vec<(Call<Test>, Weight)> {
	let claim = mbps(50, 50);
	vec![
		(Call::register { claim, terms: terms(1), probe_key: None }, with(W::register(), 2)),
		(Call::update { changes: to_france() }, with(W::update(), 3)),
		(Call::set_claim { claim }, with(W::set_claim(), 1)),
		(Call::pause {}, with(W::pause(), 1)),
		(Call::resume {}, with(W::resume(), 1)),
		(Call::deregister {}, with(W::deregister(), 2)),
		(Call::set_probe_key { key: key(1) }, W::set_probe_key()),
		(Call::revoke_probe_key {}, W::revoke_probe_key()),
	]
}

fn charged_for_a_bond<W: WeightInfo>() -> Weight {
	with(W::bond_changed(), 1)
}

#[test]
fn calls_should_be_charged_for_every_follower_they_tell() {
	type Own = <Test as Config>::WeightInfo;
	for (call, weight) in charged::<Own>() {
		assert_eq!(call.get_dispatch_info().call_weight, weight, "{call:?}");
	}
	assert_eq!(<Providers as OnBondChange<AccountId>>::weight(), charged_for_a_bond::<Own>());
	assert_eq!(<Providers as ProviderRegistry<AccountId>>::change_weight(), FOLLOWING);
}

#[test]
fn calls_should_tell_as_often_as_they_are_charged_for_at_most() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(enter(BOB, 1, 1));
		assert_ok!(enter(CAROL, 2, 1));
		assert_eq!(told(|| enter(ALICE, 1, 2)), 2);
		let (index, _) = Providers::registration(&ALICE).unwrap();
		assert_eq!(told(|| Providers::update(signed(ALICE), to(v4([45, 0, 2, 2], 1)))), 3);
		assert_eq!(told(|| Providers::set_claim(signed(ALICE), mbps(50, 40))), 1);
		assert_eq!(told(|| Providers::set_probe_key(signed(ALICE), key(9))), 0);
		assert_eq!(told(|| Providers::revoke_probe_key(signed(ALICE))), 0);
		for amount in [0, 50_000] {
			let told = told(|| {
				bond(ALICE, amount);
				Ok(())
			});
			assert_eq!(told, 1);
		}
		assert_eq!(told(|| Providers::lower_claim(index, mbps(40, 40))), 1);
		let jail = Admission::Jailed { until: Epoch::get() };
		assert_eq!(told(|| Providers::set_admission(index, jail)), 1);
		let admission = Admission::Pending { passed: 0 };
		assert_eq!(told(|| Providers::reinstate(index, Some(mbps(50, 40)), admission)), 1);
		assert_eq!(told(|| Providers::pause(signed(ALICE))), 1);
		assert_eq!(told(|| Providers::resume(signed(ALICE))), 1);
		assert_ok!(Providers::pause(signed(ALICE)));
		advance(4);
		assert_eq!(told(|| Providers::deregister(signed(ALICE))), 2);
	});
}

#[test]
fn followers_should_be_told_of_a_change_when_a_pause_has_no_effect_yet() {
	ExtBuilder::default().build_and_execute(|| {
		let index = in_service(ALICE);
		assert_ok!(Providers::pause(signed(ALICE)));
		take_changes();
		let next = |now: EpochIndex| Providers::facts_at(index, now + 1).unwrap();
		update(to(v4([46, 0, 0, 1], 1)));
		assert_eq!(take_changes(), [Change::Leaving(index, next(Epoch::get()))]);
		update(to_france());
		assert_eq!(take_changes(), [Change::Leaving(index, next(Epoch::get()))]);
		assert_ok!(Providers::set_claim(signed(ALICE), mbps(50, 40)));
		assert_eq!(take_changes(), [Change::Leaving(index, next(Epoch::get()))]);
		// Its last epoch in service.
		advance(1);
		update(to(v4([46, 0, 1, 1], 1)));
		assert_eq!(take_changes(), [Change::Leaving(index, next(Epoch::get()))]);
	});
}

#[test]
fn nobody_should_be_told_of_a_change_when_service_is_over_or_nothing_that_counts_changed() {
	ExtBuilder::default().build_and_execute(|| {
		let index = in_service(ALICE);
		assert_ok!(Providers::pause(signed(ALICE)));
		take_changes();
		update(TermsUpdate { price_credits_per_gb: Some(70_000), ..Default::default() });
		assert_eq!(take_changes(), []);
		advance(2);
		assert!(!Providers::facts(index).unwrap().in_service);
		update(to(v4([46, 0, 0, 1], 1)));
		update(to_france());
		assert_eq!(take_changes(), []);
	});
}
