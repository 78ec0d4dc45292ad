//! Random lives of providers and seats, the invariants checked after each step.

use super::{
	outages::{confirmers_of, down, up, vote, watchers_of},
	proofs::{Drawer, Receipt},
	*,
};
use crate::audits::AUDIT_DELAY;
use proptest::prelude::*;
use std::collections::BTreeMap;
use weir_primitives::{
	api::EvidenceInfo,
	seams::{OnBondChange, OnOperatorChange, OnProviderChange},
	Role, Timing,
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
	/// Epochs in which everybody denies what was signed on a line, as many as it takes to be slashed for it.
	Deny(u8),
	/// The next window in which audits are answered, by whom this number says.
	Audit(u64),
	/// Receipts of the members that this number says, against every strike.
	Dispute(u64),
	/// Appeals against all slashes of the owners that this number says.
	Appeal(u8),
	RequestTest(u8),
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
		2 => (0u8..6).prop_map(Act::Deny),
		3 => any::<u64>().prop_map(Act::Audit),
		3 => any::<u64>().prop_map(Act::Dispute),
		2 => any::<u8>().prop_map(Act::Appeal),
		2 => (0u8..6).prop_map(Act::RequestTest),
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

/// Three strikes, a test while the third one is found, and the escalation.
const DENIED_EPOCHS: u32 = 5;

/// What the world outside remembers.
#[derive(Default)]
struct Life {
	next_index: ProviderIndex,
	drawer: Drawer,
	/// What seats had to reveal.
	reports: BTreeMap<(EpochIndex, AccountId), Vec<Entry>>,
}

/// Half of the owners may have a seat as well.
fn owner(who: u8) -> AccountId {
	u64::from(who) + if who < 3 { 1 } else { 100 }
}

fn perform(act: Act, life: &mut Life) {
	let index_of = |who: u8| {
		let registered = Registered::get();
		registered.iter().find(|(_, facts)| facts.account == owner(who)).map(|(index, _)| *index)
	};
	match act {
		Act::Register(who, claim) => {
			if index_of(who).is_none() {
				set_bond(owner(who), Role::Provider, SEAT_BOND);
				register(life.next_index, owner(who), symmetric(CLAIMS[claim as usize]));
				life.next_index += 1;
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
		Act::Measure(noise) => measure_by(life, noise),
		Act::Deny(who) => {
			if index_of(who).is_some() {
				(0..DENIED_EPOCHS).for_each(|_| deny(life, owner(who)));
				run_to(Pob::epoch(), 29);
			}
		}
		Act::Audit(noise) => answer_audits(life, noise),
		Act::Dispute(noise) => dispute(life, noise),
		Act::Appeal(owners) => {
			for owner in (0..6u8).filter(|who| owners >> *who & 1 == 1).map(owner) {
				for evidence in Pob::evidence(&owner).iter().filter(|evidence| evidence.slash.is_some()) {
					let _ = Pob::appeal(RuntimeOrigin::signed(owner), evidence.epoch);
				}
			}
		}
		Act::RequestTest(who) => drop(Pob::request_test(RuntimeOrigin::signed(owner(who)))),
		Act::Watch(noise) => watch(noise, life.next_index),
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

/// One epoch in which seats that `reports` hand in what they make of the truth about each target, which both have signed.
fn measure(
	life: &mut Life,
	reports: impl Fn(AccountId) -> bool,
	says: impl Fn(AccountId, &Task<AccountId>, Entry) -> Option<Entry>,
) {
	let epoch = Pob::epoch();
	run_to(epoch, 29);
	let reported: Vec<(AccountId, Vec<Entry>)> = tasks_of_all()
		.into_iter()
		.filter(|(node, _)| reports(*node))
		.map(|(node, tasks)| {
			let entries = tasks
				.iter()
				.filter_map(|task| says(node, task, life.drawer.measure(node, task, task.claim)))
				.collect();
			(node, entries)
		})
		.collect();
	run_to(epoch + 1, opens(Step::Commit));
	for (node, entries) in &reported {
		submit_unsigned(commit_call(epoch, *node, entries));
	}
	run_to(epoch + 1, opens(Step::Reveal));
	for (node, entries) in &reported {
		submit_unsigned(reveal_call(epoch, *node, entries));
	}
	life.reports.extend(reported.into_iter().map(|(node, entries)| ((epoch, node), entries)));
	run_to(epoch + 1, 20);
}

/// One epoch in which seats are honest, silent, absent or lie, by the bits of `noise`.
fn measure_by(life: &mut Life, noise: u64) {
	let says = |node: AccountId, task: &Task<AccountId>, truth: Entry| {
		let entry = match noise.rotate_right((node % 7) as u32 * 5 + task.provider * 3) & 7 {
			0 => None,
			1 => Some(unreachable(task.provider)),
			2 => Some(Entry { down_kbps: 0, up_kbps: 0, ..entry(task.provider) }),
			3 => honest(task, symmetric(task.claim.down_kbps / 10)),
			_ => Some(truth),
		};
		let rtt_10us = RTTS_10US[(noise.rotate_right(node as u32 * 11) & 3) as usize];
		entry.map(|entry| Entry { rtt_10us, ..entry })
	};
	measure(life, |node| noise >> (node % 16) & 3 != 3, says);
}

/// One epoch in which everybody denies what was signed on the line of `owner`, and is honest about all others.
fn deny(life: &mut Life, owner: AccountId) {
	let denied = |truth: Entry| Entry { down_kbps: 0, up_kbps: 0, receipt: [0; 5], ..truth };
	measure(life, |_| true, |_, task, truth| Some(if task.account == owner { denied(truth) } else { truth }));
}

/// In the window in which they are due, or the next one, answers the audits of three in four seats, by the bits of `noise`.
fn answer_audits(life: &Life, noise: u64) {
	let (from, until) = Pob::window_of(Step::Audit);
	let slot = Pob::slot_in_epoch();
	if !(from..until).contains(&slot) {
		run_to(Pob::epoch() + u32::from(slot >= until), from);
	}
	let Some(epoch) = Pob::epoch().checked_sub(AUDIT_DELAY) else { return };
	for ((_, node), entries) in life.reports.range((epoch, 0)..=(epoch, AccountId::MAX)) {
		let drawn = Pob::audited(epoch, node);
		if drawn.is_empty() || noise >> (node % 16) & 3 == 0 {
			continue;
		}
		let receipts: Vec<Receipt> = drawn
			.into_iter()
			.map(|position| entries[position as usize])
			.filter(|entry| entry.down_kbps > 0 || entry.up_kbps > 0 || entry.receipt != [0; 5])
			.filter_map(|entry| life.drawer.find(epoch, entry.provider, *node))
			.collect();
		submit_unsigned(Call::answer_audit {
			epoch,
			node: *node,
			entries: bounded(entries.clone()),
			salt: SALT,
			receipts: receipts.try_into().unwrap(),
		});
	}
}

/// Posts against each strike what shows more than was reported, of the members that the bits of `noise` choose.
fn dispute(life: &Life, noise: u64) {
	for facts in Registered::get().into_values() {
		for EvidenceInfo { provider, epoch, members, .. } in Pob::evidence(&facts.account) {
			let shows_more = |(n, (node, down, up)): (usize, (AccountId, Kbps, Kbps))| {
				let receipt = life.drawer.find(epoch, provider, node)?;
				let (shown_down, shown_up) = Pob::rates_of(&receipt);
				let is_chosen = noise.rotate_right(epoch * 7) >> n & 1 == 1;
				(is_chosen && (shown_down > down || shown_up > up)).then_some(receipt)
			};
			let receipts: Vec<Receipt> = members.into_iter().enumerate().filter_map(shows_more).collect();
			submit_unsigned(Call::dispute { provider, epoch, receipts: receipts.try_into().unwrap() });
		}
	}
}

/// Eight seats on a network whose slashes wait for so long: one epoch is too short for an appeal.
fn chain(slash_delay_epochs: EpochIndex) -> sp_io::TestExternalities {
	let unbonding_epochs = 2 * (slash_delay_epochs + 8);
	let timing = Timing { slash_delay_epochs, unbonding_epochs, ..Timing::local() };
	ExtBuilder { timing, ..ExtBuilder::default() }.build()
}

fn check(act: &Act) {
	if let Err(error) = Pob::do_try_state() {
		panic!("{error:?} after {act:?}");
	}
	for event in events() {
		assert!(!matches!(event, Event::Unexpected { .. }), "{event:?} after {act:?}");
	}
}

#[test]
fn acts_should_come_to_audits_disputes_appeals_and_requested_tests() {
	chain(4).execute_with(|| {
		let mut life = Life::default();
		let act = |life: &mut Life, act: Act| {
			perform(act.clone(), life);
			check(&act);
		};
		let honest_epoch = |life: &mut Life| measure(life, |_| true, |_, _, truth| Some(truth));
		let came = |what: fn(&Event<Runtime>) -> bool| events().iter().any(what);
		for who in 3..6 {
			act(&mut life, Act::Register(who, 2));
		}
		run_to(FIRST_TESTED_EPOCH, 0);
		(0..3).for_each(|_| honest_epoch(&mut life));
		act(&mut life, Act::Idle);
		act(&mut life, Act::RequestTest(3));
		assert!(came(|event| matches!(event, Event::TestRequested { .. })));
		while !came(|event| matches!(event, Event::AuditAnswered { proven: 1.., .. })) {
			assert!(Pob::epoch() < 60, "no entry was drawn");
			honest_epoch(&mut life);
			act(&mut life, Act::Audit(u64::MAX));
		}
		act(&mut life, Act::Deny(4));
		act(&mut life, Act::Appeal(u8::MAX));
		assert!(came(|event| matches!(event, Event::Appealed { .. })));
		act(&mut life, Act::Deny(5));
		assert!(!came(|event| matches!(event, Event::VerdictRevised { .. })));
		act(&mut life, Act::Dispute(u64::MAX));
		assert!(came(|event| matches!(event, Event::VerdictRevised { .. })));
		assert!(came(|event| matches!(event, Event::AppealConcluded { .. })));
	});
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(24))]

	#[test]
	fn invariants_should_hold_whatever_happens(
		acts in acts(),
		slash_delay_epochs in prop_oneof![Just(1u32), Just(4)],
	) {
		chain(slash_delay_epochs).execute_with(|| {
			let mut life = Life::default();
			for act in acts {
				perform(act.clone(), &mut life);
				check(&act);
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
