//! Random lives of providers and seats, the invariants checked after each step.

use super::{
	outages::{confirmers_of, down, up, vote, watchers_of},
	*,
};
use proptest::prelude::*;
use weir_primitives::{
	seams::{OnBondChange, OnOperatorChange, OnProviderChange},
	Role,
};

#[derive(Clone, Debug)]
enum Act {
	Register(u8, u8),
	SetClaim(u8, u8),
	Pause(u8),
	Resume(u8),
	Deregister(u8),
	TakeSeat(u8, u8),
	LeaveSeat(u8),
	LoseBond(u8),
	SetKey(u8, u8),
	Move(u8, u8),
	Declare(u8, u8),
	/// An epoch in which each seat does to each target what this number says.
	Measure(u64),
	/// Slots in which watchers and confirmers say what this number tells them.
	Watch(u64),
	Idle,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
	let act = prop_oneof![
		3 => (0u8..6, 0u8..4).prop_map(|(who, claim)| Act::Register(who, claim)),
		1 => (0u8..6, 0u8..4).prop_map(|(who, claim)| Act::SetClaim(who, claim)),
		1 => (0u8..6).prop_map(Act::Pause),
		2 => (0u8..6).prop_map(Act::Resume),
		1 => (0u8..6).prop_map(Act::Deregister),
		2 => (0u8..12, 0u8..3).prop_map(|(who, uplink)| Act::TakeSeat(who, uplink)),
		1 => (0u8..12).prop_map(Act::LeaveSeat),
		1 => (0u8..12).prop_map(Act::LoseBond),
		1 => (0u8..12, 0u8..12).prop_map(|(who, key)| Act::SetKey(who, key)),
		1 => (0u8..6, 0u8..3).prop_map(|(who, country)| Act::Move(who, country)),
		1 => (0u8..12, 0u8..12).prop_map(|(node, operator)| Act::Declare(node, operator)),
		5 => any::<u64>().prop_map(Act::Measure),
		4 => any::<u64>().prop_map(Act::Watch),
		1 => Just(Act::Idle),
	];
	prop::collection::vec(act, 1..40)
}

const CLAIMS: [Kbps; 4] = [5_000, 40_000, 120_000, 900_000];
const UPLINKS: [Kbps; 3] = [5_000, 25_000, 60_000];
const COUNTRIES: [[u8; 2]; 3] = [COUNTRY, *b"JP", *b"NZ"];
/// No measurement, too fast for abroad, slow enough for anywhere.
const RTTS_10US: [u16; 4] = [0, 500, 20_000, 20_000];

/// Half of the owners may have a seat as well.
fn owner(who: u8) -> AccountId {
	u64::from(who) + if who < 3 { 1 } else { 100 }
}

fn perform(act: Act, next_index: &mut ProviderIndex) {
	let index_of = |who: u8| {
		let registered = Registered::get();
		registered.iter().find(|(_, facts)| facts.account == owner(who)).map(|(index, _)| *index)
	};
	match act {
		Act::Register(who, claim) => {
			if index_of(who).is_none() {
				set_bond(owner(who), Role::Provider, SEAT_BOND);
				register(*next_index, owner(who), symmetric(CLAIMS[claim as usize]));
				*next_index += 1;
			}
		}
		Act::SetClaim(who, claim) => {
			if let Some(index) = index_of(who) {
				change(index, |facts| facts.claim = symmetric(CLAIMS[claim as usize])).unwrap();
			}
		}
		Act::Pause(who) => {
			if let Some(index) = index_of(who) {
				change(index, |facts| facts.in_service = false).unwrap();
			}
		}
		Act::Resume(who) => {
			if let Some(index) = index_of(who) {
				change(index, |facts| facts.in_service = true).unwrap();
			}
		}
		Act::Deregister(who) => {
			let index = index_of(who).filter(|index| !Registered::get()[index].in_service);
			if let Some(index) = index.filter(|index| !Pob::is_needed(*index, &owner(who))) {
				Registered::mutate(|all| all.remove(&index));
				Pob::provider_left(index, &owner(who));
			}
		}
		Act::TakeSeat(who, uplink) => {
			let who = u64::from(who) + 1;
			set_bond(who, Role::Validator, SEAT_BOND);
			let _ = Pob::take_seat(
				RuntimeOrigin::signed(who),
				key(who),
				endpoint(who),
				UPLINKS[uplink as usize],
				COUNTRIES[(who % 3) as usize],
			);
		}
		Act::LeaveSeat(who) => drop(Pob::leave_seat(RuntimeOrigin::signed(u64::from(who) + 1))),
		Act::LoseBond(who) => {
			let who = u64::from(who) + 1;
			set_bond(who, Role::Validator, 0);
			Pob::bond_changed(&who, Role::Validator);
		}
		Act::SetKey(who, other) => {
			let fresh = key(1_000 + u64::from(other));
			let _ = Pob::set_seat_key(RuntimeOrigin::signed(u64::from(who) + 1), fresh);
		}
		Act::Move(who, country) => {
			if let Some(index) = index_of(who) {
				change(index, |facts| facts.region.country = COUNTRIES[country as usize]).unwrap();
			}
		}
		Act::Declare(node, operator) => {
			let (node, operator) = (u64::from(node) + 1, u64::from(operator) + 1);
			let old = OperatorOf::get().get(&node).copied().unwrap_or(node);
			if Pob::operator_changed(&node, &old, &operator).is_ok() {
				OperatorOf::mutate(|all| all.insert(node, operator));
			}
		}
		Act::Measure(noise) => measure(noise),
		Act::Watch(noise) => watch(noise, *next_index),
		Act::Idle => run_to(Pob::epoch() + 1, 3),
	}
}

/// Four slots in which seats report outages and vote on alarms, by the bits of `noise`.
fn watch(noise: u64, providers: ProviderIndex) {
	for slot in 0..4u32 {
		for provider in 0..providers {
			let bits = noise.rotate_right(slot * 16 + provider * 5);
			for (n, node) in watchers_of(provider).into_iter().enumerate() {
				match bits >> (2 * n) & 3 {
					0 => _ = dispatch(up(provider, node)),
					1 => {}
					_ => _ = dispatch(down(provider, node)),
				}
			}
			for node in confirmers_of(provider) {
				let _ = dispatch(vote(provider, node, bits >> (node % 8) & 3 != 0));
			}
		}
		next_slot();
	}
}

/// What the pool and then the block do with a call, but for the signature: keys may have been replaced.
fn submit_unsigned(call: Call<Runtime>) {
	let Err(refusal) = authorize(&call) else { return submit(call) };
	if refusal == InvalidTransaction::BadProof.into() {
		dispatch(call).expect("nothing else was wrong with it");
	}
}

/// One epoch in which seats are honest, silent, absent or lie, by the bits of `noise`.
fn measure(noise: u64) {
	let epoch = Pob::epoch();
	run_to(epoch, 29);
	let reports: Vec<(AccountId, Vec<Entry>)> = tasks_of_all()
		.into_iter()
		.filter(|(node, _)| noise >> (node % 16) & 3 != 3)
		.map(|(node, tasks)| {
			let entries = tasks.iter().filter_map(|task| {
				match noise.rotate_right((node % 7) as u32 * 5 + task.provider * 3) & 7 {
					0 => None,
					1 => Some(unreachable(task.provider)),
					2 => Some(Entry { down_kbps: 0, up_kbps: 0, ..entry(task.provider) }),
					3 => honest(task, symmetric(task.claim.down_kbps / 10)),
					_ => honest(task, task.claim),
				}
			});
			let rtt_10us = RTTS_10US[(noise.rotate_right(node as u32 * 11) & 3) as usize];
			(node, entries.map(|entry| Entry { rtt_10us, ..entry }).collect())
		})
		.collect();
	run_to(epoch + 1, opens(Step::Commit));
	for (node, entries) in &reports {
		submit_unsigned(commit_call(epoch, *node, entries));
	}
	run_to(epoch + 1, opens(Step::Reveal));
	for (node, entries) in &reports {
		submit_unsigned(reveal_call(epoch, *node, entries));
	}
	run_to(epoch + 1, 20);
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(24))]

	#[test]
	fn invariants_should_hold_whatever_happens(acts in acts()) {
		ExtBuilder::default().build().execute_with(|| {
			let mut next_index = 0;
			for act in acts {
				perform(act.clone(), &mut next_index);
				if let Err(error) = Pob::do_try_state() {
					panic!("{error:?} after {act:?}");
				}
				for event in events() {
					assert!(!matches!(event, Event::Unexpected { .. }), "{event:?} after {act:?}");
				}
				System::reset_events();
			}
			// Nothing is left of an epoch once every rule has forgotten it.
			let quiet = Pob::epoch() + 6;
			run_to(quiet, 29);
			Pob::do_try_state().unwrap();
			assert_eq!(Filings::<Runtime>::iter().count(), 0);
		});
	}

	#[test]
	fn honest_lines_should_never_be_slashed_by_a_quarter_of_seats(seed in any::<u64>()) {
		// 12 seats, 3 of them corrupt, escalations of 7: no majority of a committee's shares can be denied.
		ExtBuilder::default().seats(12).build().execute_with(|| {
			register(0, 100, symmetric(100_000));
			run_to(FIRST_TESTED_EPOCH, 0);
			let corrupt = |node: AccountId| node.wrapping_add(seed).is_multiple_of(4);
			for _ in 0..6 {
				cycle(|node, task| match corrupt(node) {
					true => Some(Entry { down_kbps: 0, up_kbps: 0, ..entry(task.provider) }),
					false => honest(task, symmetric(100_000)),
				});
			}
			assert!(Queued::get().is_empty());
		});
	}
}
