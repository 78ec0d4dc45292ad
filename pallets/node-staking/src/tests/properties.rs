//! Random call sequences: the invariants hold after each step, and no token appears or vanishes.

use super::*;
use crate::{FirstSlash, NextSlash};
use frame_support::{
	traits::{fungible::Inspect, Hooks},
	weights::Weight,
};
use proptest::prelude::*;
use sp_runtime::Perbill;
use weir_math::economy::units::GRAINS_PER_CREDIT;
use weir_primitives::seams::{economy::OnEpochPaid, Deposit, Deposits as _, SlashQueue};

#[derive(Clone, Debug)]
enum Step {
	Bond(AccountId, Role, Balance),
	BondMore(AccountId, Role, Balance),
	Unbond(AccountId, Role, Balance),
	Withdraw(AccountId, Role),
	Queue(AccountId, Role, u32, Option<AccountId>),
	Cancel(u32),
	Serve(AccountId, Role, u32),
	SetOperator(AccountId, Option<AccountId>),
	AcceptNode(AccountId, AccountId),
	ReleaseNode(AccountId, AccountId),
	Hold(AccountId, Deposit),
	Release(AccountId, Deposit),
	Forfeit(AccountId, Deposit),
	PayTest(AccountId),
	Leave,
	Paid(Balance, u128),
	Pause(bool),
	Price(Option<u32>),
	Epochs(u32),
	Idle(u64),
}

fn step() -> impl Strategy<Value = Step> {
	let who = ALICE..=CAROL;
	let role = prop_oneof![Just(Role::Validator), Just(Role::Provider)];
	let amount = prop_oneof![0..3_000u128, Just(FUNDS)];
	let pair = (who.clone(), who.clone());
	let deposit = (who.clone(), prop_oneof![Just(Deposit::Appeal), Just(Deposit::Alarm)]);
	let node = (who.clone(), role);
	prop_oneof![
		3 => (node.clone(), amount.clone()).prop_map(|((who, role), amount)| Step::Bond(who, role, amount)),
		2 => (node.clone(), amount.clone()).prop_map(|((who, role), amount)| Step::BondMore(who, role, amount)),
		4 => (node.clone(), amount).prop_map(|((who, role), amount)| Step::Unbond(who, role, amount)),
		3 => node.clone().prop_map(|(who, role)| Step::Withdraw(who, role)),
		3 => (node.clone(), 1..=1_000_000_000u32, prop::option::of(who.clone()))
			.prop_map(|((who, role), ppb, reporter)| Step::Queue(who, role, ppb, reporter)),
		1 => (0..8u32).prop_map(Step::Cancel),
		1 => (node, 0..100_000u32).prop_map(|((who, role), kbps)| Step::Serve(who, role, kbps)),
		4 => deposit.clone().prop_map(|(who, what)| Step::Hold(who, what)),
		2 => deposit.clone().prop_map(|(who, what)| Step::Release(who, what)),
		2 => deposit.prop_map(|(who, what)| Step::Forfeit(who, what)),
		1 => who.clone().prop_map(Step::PayTest),
		3 => (who.clone(), prop::option::weighted(0.8, who)).prop_map(|(who, operator)| Step::SetOperator(who, operator)),
		4 => pair.clone().prop_map(|(who, node)| Step::AcceptNode(who, node)),
		1 => pair.prop_map(|(who, node)| Step::ReleaseNode(who, node)),
		1 => Just(Step::Leave),
		2 => (0..1_000u128, 0..3_000u128).prop_map(|(tokens, weight)| Step::Paid(tokens, weight)),
		1 => any::<bool>().prop_map(Step::Pause),
		1 => prop::option::of(1..2_000_000u32).prop_map(Step::Price),
		2 => (1..6u32).prop_map(Step::Epochs),
		3 => (0..4_000_000_000u64).prop_map(Step::Idle),
	]
}

fn run(step: Step) {
	// Refusals are part of the sequence: what matters is the state they leave.
	let _ = match step {
		Step::Bond(who, role, amount) => NodeStaking::bond(signed(who), role, amount),
		Step::BondMore(who, role, amount) => NodeStaking::bond_more(signed(who), role, amount),
		Step::Unbond(who, role, amount) => NodeStaking::unbond(signed(who), role, amount),
		Step::Withdraw(who, role) => NodeStaking::withdraw(signed(who), role),
		Step::Queue(who, role, ppb, reporter) => {
			let fraction = Perbill::from_parts(ppb);
			NodeStaking::queue_reported_slash(&who, role, fraction, LIE, reporter.as_ref()).map(|_| ())
		}
		Step::Cancel(back) => {
			NodeStaking::cancel_slash(signed(APPEALS), NextSlash::<Test>::get().saturating_sub(back))
		}
		Step::Serve(who, role, kbps) => {
			serve(who, role, kbps);
			Ok(())
		}
		Step::SetOperator(who, operator) => NodeStaking::set_operator(signed(who), operator),
		Step::AcceptNode(who, node) => NodeStaking::accept_node(signed(who), node),
		Step::ReleaseNode(who, node) => NodeStaking::release_node(signed(who), node),
		Step::Hold(who, what) => NodeStaking::hold(&who, what),
		Step::Release(who, what) => {
			NodeStaking::release(&who, what);
			Ok(())
		}
		Step::Forfeit(who, what) => {
			NodeStaking::forfeit(&who, what);
			Ok(())
		}
		Step::PayTest(who) => NodeStaking::charge_test(&who),
		Step::Leave => {
			InService::set(vec![]);
			Ok(())
		}
		Step::Paid(tokens, weight) => {
			NodeStaking::epoch_paid(Epoch::get(), tokens, weight);
			Ok(())
		}
		Step::Pause(paused) => {
			Paused::set(paused);
			Ok(())
		}
		Step::Price(micro_dollars) => {
			PayoutPrice::set(micro_dollars.map(|micro| u128::from(micro) * GRAINS_PER_CREDIT));
			Ok(())
		}
		Step::Epochs(count) => {
			Epoch::mutate(|epoch| *epoch += count);
			Ok(())
		}
		Step::Idle(ref_time) => {
			NodeStaking::on_idle(1, Weight::from_parts(ref_time, u64::MAX));
			Ok(())
		}
	};
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(96))]

	/// Property 37: what is bonded, unbonding, slashed, paid out and free is what there was at the beginning.
	#[test]
	fn invariants_should_hold_after_any_sequence(steps in prop::collection::vec(step(), 1..80)) {
		ExtBuilder::default().build_and_execute(|| {
			let issued = Balances::total_issuance();
			for step in steps {
				run(step);
				NodeStaking::do_try_state().unwrap();
				let sum: Balance =
					[ALICE, BOB, CAROL, TREASURY, APPEALS].iter().map(Balances::total_balance).sum();
				assert_eq!(Balances::total_issuance(), sum);
				assert_eq!(sum + Destroyed::get(), issued);
			}
		});
	}

	/// Property 40, as far as bonds go: nothing but a slash, a lost deposit or a price takes tokens from a node, whatever it
	/// earns, claims or is measured at, and whatever is paused.
	#[test]
	fn nothing_but_a_slash_should_cost_a_node(steps in prop::collection::vec(step(), 1..80)) {
		ExtBuilder::default().build_and_execute(|| {
			let taking = |step: &Step| matches!(step, Step::Queue(..) | Step::Forfeit(..) | Step::PayTest(_));
			for step in steps.into_iter().filter(|step| !taking(step)) {
				run(step);
				for who in [ALICE, BOB, CAROL] {
					assert_eq!(Balances::total_balance(&who), FUNDS);
				}
			}
			assert_eq!(Destroyed::get(), 0);
		});
	}

	/// The rate never leaves its bounds, never moves twice in a day, and by a twentieth at most (a grain, if that is less).
	#[test]
	fn rate_should_keep_its_bounds_in_any_sequence(
		epochs in prop::collection::vec((0..3u32, 0..1_000_000u128, 0..100_000u128), 1..120),
	) {
		ExtBuilder::default().build_and_execute(|| {
			let (mut old, mut moved_in) = (NodeStaking::rate_per_mbps(), 0);
			for (passed, tokens, weight) in epochs {
				Epoch::mutate(|epoch| *epoch += passed);
				NodeStaking::epoch_paid(Epoch::get(), tokens, weight);
				let new = NodeStaking::rate_per_mbps();
				assert!((PER_MBPS..=MOST_PER_MBPS).contains(&new));
				if new != old {
					assert!(new.abs_diff(old) <= (old / 20).max(1));
					assert!(Epoch::get() >= moved_in + 4);
					(old, moved_in) = (new, Epoch::get());
				}
			}
		});
	}

	/// Property 38: what unbonds is within reach of a slash until it is withdrawn, however the slash is paused.
	#[test]
	fn slash_should_take_its_share_whatever_the_node_does_meanwhile(
		percent in 1..=100u32,
		steps in prop::collection::vec((0..3u8, 1..1_000u128, 0..2u32), 0..12),
		paused_epochs in 0..=12u32,
	) {
		ExtBuilder::default().bond(ALICE, Role::Provider, 1_000).build_and_execute(|| {
			assert!(NodeStaking::unbond(signed(ALICE), Role::Provider, 400).is_ok());
			Epoch::mutate(|epoch| *epoch += UNBONDING);
			let before = Balances::total_balance(&ALICE);
			let fraction = Perbill::from_percent(percent);
			assert!(NodeStaking::queue_slash(&ALICE, Role::Provider, fraction, LIE).is_ok());
			for (call, amount, epochs) in steps {
				let _ = match call {
					0 => NodeStaking::unbond(signed(ALICE), Role::Provider, amount),
					1 => NodeStaking::withdraw(signed(ALICE), Role::Provider),
					_ => NodeStaking::bond_more(signed(ALICE), Role::Provider, amount),
				};
				Epoch::mutate(|epoch| *epoch += epochs);
			}
			Epoch::mutate(|epoch| *epoch += DELAY);
			Paused::set(paused_epochs > 0);
			for _ in 0..paused_epochs {
				idle();
				Epoch::mutate(|epoch| *epoch += 1);
				let _ = NodeStaking::withdraw(signed(ALICE), Role::Provider);
			}
			Paused::set(false);
			idle();
			assert_eq!(FirstSlash::<Test>::get(), 1);
			assert_eq!(before - Balances::total_balance(&ALICE), fraction.mul_ceil(1_000));
		});
	}
}
