//! What a network begins with, and what shows that it is kept.

use crate::{mock::*, *};
use frame_support::traits::{Get, Hooks};
use sp_runtime::BuildStorage;
use weir_primitives::economy;

#[test]
fn genesis_should_set_parameters_and_pace() {
	let parameters = economy::Parameters { list_price: 40_000, ..Default::default() };
	ExtBuilder::default().parameters(parameters).pace(economy::Pace::local()).build_and_execute(|| {
		assert_eq!(<Governance as Get<economy::Parameters>>::get(), parameters);
		assert_eq!(<Governance as Get<economy::Pace>>::get(), economy::Pace::local());
		assert_eq!((Governance::parameters(), Governance::pace()), (parameters, economy::Pace::local()));
		assert_eq!(Governance::pending_change(), None);
	});
}

#[test]
fn unset_state_should_mean_the_public_defaults() {
	sp_io::TestExternalities::default().execute_with(|| {
		assert_eq!(<Governance as Get<economy::Parameters>>::get(), economy::Parameters::default());
		assert_eq!(<Governance as Get<economy::Pace>>::get(), economy::Pace::public());
		Governance::do_try_state().unwrap();
	});
}

#[test]
fn genesis_should_round_trip_through_json() {
	let text = serde_json::to_value(GenesisConfig::<Test>::default()).unwrap();
	assert_eq!(text["parameters"]["listPrice"], 50_000);
	assert_eq!(text["pace"]["roundBlocks"], 50);
	let read: GenesisConfig<Test> = serde_json::from_value(text).unwrap();
	assert_eq!((read.parameters, read.pace), (Default::default(), economy::Pace::public()));
}

#[test]
#[should_panic(expected = "invalid parameters: EarningsAboveMost")]
fn genesis_should_refuse_parameters_that_break_a_law() {
	let parameters = economy::Parameters { kappa: 170_001, ..Default::default() };
	let _ = GenesisConfig::<Test> { parameters, ..Default::default() }.build_storage();
}

#[test]
#[should_panic(expected = "invalid pace")]
fn genesis_should_refuse_an_invalid_pace() {
	let pace = economy::Pace { epochs_per_day: 0, ..economy::Pace::public() };
	let _ = GenesisConfig::<Test> { pace, ..Default::default() }.build_storage();
}

#[test]
fn integrity_test_should_pass() {
	ExtBuilder::default().build_and_execute(Governance::integrity_test);
}

/// Breaks the state, looks for the invariant that says so, and mends it.
fn broken(why: &'static str, with: impl FnOnce()) {
	ExtBuilder::default().build().execute_with(|| {
		Governance::do_try_state().unwrap();
		with();
		assert_eq!(Governance::do_try_state(), Err(why.into()));
	});
}

#[test]
fn try_state_should_name_the_invariant_that_is_broken() {
	let defaults = economy::Parameters::default();
	let past = |list: &[(u32, economy::Parameters)]| {
		let list: Vec<_> =
			list.iter().map(|(until, parameters)| Past { parameters: *parameters, until: *until }).collect();
		PastParameters::<Test>::put(frame_support::BoundedVec::truncate_from(list));
	};
	broken("1: the pace differs from its genesis copy", || Pace::<Test>::put(economy::Pace::local()));
	broken("1: the pace is invalid", || {
		let pace = economy::Pace { round_blocks: 0, ..economy::Pace::public() };
		Pace::<Test>::put(pace);
		GenesisPace::<Test>::put(pace);
	});
	broken("2: the parameters break a rule", || {
		Parameters::<Test>::put(economy::Parameters { quorum: 500_000, ..defaults });
	});
	broken("3: past parameters out of order", || past(&[(START, defaults), (START, defaults)]));
	broken("3: past parameters are still in force", || past(&[(START + 1, defaults)]));
	broken("3: past parameters break a rule", || {
		past(&[(START, economy::Parameters { spread: 0, ..defaults })]);
	});
	broken("3: the parameters moved too far within a window", || {
		past(&[(START, economy::Parameters { list_price: 40_000, ..defaults })]);
	});
	broken("3: the parameters moved too far within a window", || {
		// Each step is small enough, both together are not.
		let half = economy::Parameters { list_price: 46_000, ..defaults };
		past(&[(START - 10, economy::Parameters { list_price: 42_000, ..defaults }), (START, half)]);
	});
	broken("3: lambda rose", || {
		// A window ago, so that it is not the speed.
		let lower = economy::Parameters { lambda: defaults.lambda / 2, ..defaults };
		past(&[(START - 2 * WINDOW, lower), (START, defaults)]);
	});
	broken("4: a change waits for too long", || {
		Pending::<Test>::put(Change { new: defaults, at: START + NOTICE + 1 });
	});
	broken("4: a change waits that may not be", || {
		let new = economy::Parameters { list_price: 60_000, ..defaults };
		Pending::<Test>::put(Change { new, at: START + NOTICE });
	});
	broken("5: a pause is too long", || Pauses::<Test>::insert(Brake::Purchases, START + 13));
	broken("5: a region is paused that cannot be", || Pauses::<Test>::insert(Brake::Region(REGIONS), START));
	let spent = |list: &[(u32, economy::Tokens)]| {
		let list: Vec<_> =
			list.iter().map(|(epoch, amount)| Spent { amount: *amount, epoch: *epoch }).collect();
		SmallSpends::<Test>::put(frame_support::BoundedVec::truncate_from(list));
	};
	broken("6: spends out of order", || spent(&[(START, 1), (START, 1)]));
	broken("6: not spent", || spent(&[(START + 1, 1)]));
	broken("6: not spent", || spent(&[(START, 0)]));
	broken("6: a window saw more small spends than its budget", || {
		spent(&[(START - WINDOW, BUDGET), (START, 1)]);
	});
}
