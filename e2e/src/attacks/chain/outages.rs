//! A11: outages that are none, and an outage of a region, which is nobody's fault.

use super::finding;
use crate::{
	attacks::{Finding, Scenario},
	blocks::{
		node::Node,
		reports::{entry, say},
		world::{line, World, CLAIM_KBPS},
		Making,
	},
};
use codec::Encode;
use pallet_proof_of_bandwidth::{Event, FIRST_TESTED_EPOCH};
use polkadot_sdk::*;
use sp_io::hashing::blake2_256;
use std::collections::HashSet;
use weir_math::{outage::ALARM, timing::GROUPS};
use weir_primitives::{
	api::Outcome,
	outage::Sighting,
	report::{Entry, EntryKind},
	ProviderIndex, SlotOffset, Timing,
};
use weir_runtime::{AccountId, ProofOfBandwidth, Runtime, RuntimeEvent, UncheckedExtrinsic};

pub(super) const SCENARIOS: [Scenario; 4] = [
	Scenario { id: "A11", title: "a tenth of the seats calls everybody down", run: |()| slander(0.10) },
	Scenario { id: "A11-quarter", title: "a quarter of the seats does", run: |()| slander(0.25) },
	Scenario { id: "A11-control", title: "two thirds of the seats do", run: |()| slander(0.67) },
	Scenario { id: "A11-region", title: "the network of a region falls apart", run: |()| partition() },
];

const SEATS: u32 = 150;
/// Blocks from the first report to the last vote at most: two that draw the confirmers, and the votes on as many alarms as
/// there may be at once, which do not fit one block.
const CASE_BLOCKS: u32 = 16;
/// Slots that the longest test takes from its T0 on, at most.
const TEST_SLOTS: SlotOffset = 10;

/// A network of seats that are lines as well, in the middle of an epoch of which the watchers are known.
struct Ground {
	world: World,
	slot: SlotOffset,
}

impl Ground {
	fn new(timing: Timing) -> Self {
		Self { world: World::with_timing((0..SEATS).map(|n| line(n, true)).collect(), timing), slot: 0 }
	}

	/// A block in which every seat says what `says` makes of each provider it watches and each alarm it is asked about.
	fn block(&mut self, says: &dyn Fn(usize, ProviderIndex, Asked) -> bool) -> Vec<RuntimeEvent> {
		let World { chain, nodes, .. } = &mut self.world;
		let transactions = chain.look(|| {
			let all = nodes.iter().enumerate();
			all.flat_map(|(n, node)| said_by(n, node, says)).collect::<Vec<_>>()
		});
		self.slot += 1;
		let inside = |making: &mut Making| {
			for transaction in transactions {
				// The alarm may be raised by then, or decided.
				let _ = making.include(transaction);
			}
		};
		chain.block_at(FIRST_TESTED_EPOCH, self.slot, inside).events
	}

	fn skip(&mut self, slots: SlotOffset) {
		self.slot += slots;
	}
}

/// What a seat is asked about a provider.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
	/// Whether it has lost its pings.
	Lost,
	/// Whether it, too, gets no answer.
	Down,
	/// Whether it gets answers again.
	Back,
}

fn said_by(
	n: usize,
	node: &Node,
	says: &dyn Fn(usize, ProviderIndex, Asked) -> bool,
) -> Vec<UncheckedExtrinsic> {
	let watch = ProofOfBandwidth::watch(&node.account);
	let alarm_slot = watch.alarm_slot;
	let reports = watch.watched.iter().filter(|watched| !watched.has_spoken).filter_map(|watched| {
		let (asked, sighting) = match watched.down_since {
			None => (Asked::Lost, Sighting::Down { alarm_slot }),
			Some(_) => (Asked::Back, Sighting::Up { alarm_slot }),
		};
		says(n, watched.provider, asked).then(|| say(node, watched.provider, sighting))
	});
	let votes = watch.alarms.iter().map(|alarm| {
		let is_down = says(n, alarm.provider, Asked::Down);
		say(node, alarm.provider, Sighting::Confirm { raised: alarm.raised, is_down })
	});
	reports.chain(votes).collect()
}

/// Corrupt seats, drawn once: a share of all.
fn is_corrupt(n: usize, share: f64) -> bool {
	let draw = (b"corrupt", n as u32).using_encoded(blake2_256);
	f64::from(u16::from_le_bytes([draw[0], draw[1]])) < share * 65_536.0
}

fn count(events: &[RuntimeEvent], wanted: fn(&Event<Runtime>) -> bool) -> usize {
	let ours =
		|event: &&RuntimeEvent| matches!(event, RuntimeEvent::ProofOfBandwidth(event) if wanted(event));
	events.iter().filter(ours).count()
}

/// Corrupt seats say of every provider that it is down. All of them are up, and the honest ones say so.
fn slander(share: f64) -> anyhow::Result<Finding> {
	let mut ground = Ground::new(Timing::public());
	let says = |n: usize, _: ProviderIndex, asked: Asked| match asked {
		Asked::Lost | Asked::Down => is_corrupt(n, share),
		Asked::Back => false,
	};
	let mut events = Vec::new();
	let corrupt = (0..SEATS as usize).filter(|n| is_corrupt(*n, share)).count();
	let rounds = 3;
	for _ in 0..rounds {
		for _ in 0..CASE_BLOCKS {
			events.extend(ground.block(&says));
		}
		ground.skip(100);
	}
	let raised = count(&events, |event| matches!(event, Event::AlarmRaised { .. }));
	let recorded = count(&events, |event| matches!(event, Event::OutageRecorded { .. }));
	let forfeited = events
		.iter()
		.filter(|event| {
			matches!(event, RuntimeEvent::NodeStaking(pallet_node_staking::Event::DepositForfeited { .. }))
		})
		.count();
	let tried = format!("{corrupt} of {SEATS} seats, {SEATS} providers, {rounds} alarm slots");
	let measured =
		format!("{raised} alarms raised, {recorded} outages recorded, {forfeited} deposits forfeited");
	let dismissed = raised - recorded;
	let costs = forfeited == dismissed * ALARM as usize;
	match share {
		share if share > 0.5 => finding(
			tried,
			measured,
			"most of them recorded: what the honest majority is for",
			recorded * 2 > raised,
		),
		share if share > 0.2 => {
			// 0.0010 per provider and epoch: two of 150 would be one time in a hundred.
			let few = recorded <= 1;
			finding(tried, measured, "≤ 1 recorded; each dismissed alarm costs 3 deposits", few && costs)
		}
		_ => finding(
			tried,
			measured,
			"none recorded; each dismissed alarm costs 3 deposits",
			recorded == 0 && costs,
		),
	}
}

/// Ten providers of a region, and their seats, are cut off while every line is tested, and come back. Then the epoch is
/// reported and judged.
fn partition() -> anyhow::Result<Finding> {
	const CUT: ProviderIndex = 10;
	let is_cut = |member: usize| member < CUT as usize;
	let timing = Timing { test_every: 1, ..Timing::public() };
	let mut ground = Ground::new(timing);
	let mut events = Vec::new();
	for _ in 0..CASE_BLOCKS {
		events.extend(ground.block(&|_, provider, asked| provider < CUT && asked != Asked::Back));
	}
	let recorded = count(&events, |event| matches!(event, Event::OutageRecorded { .. }));
	let tagged = count(&events, |event| matches!(event, Event::RegionalOutage { .. }));
	ground.world.chain.measure(FIRST_TESTED_EPOCH);
	ground.slot = timing.measure_from + GROUPS * timing.group_slots + timing.lead_slots + TEST_SLOTS;
	// Watchers speak of the alarm slot that the last block is in.
	ground.block(&|_, _, _| false);
	let back = ground.block(&|_, _, asked| asked == Asked::Back);
	let free = count(&back, |event| matches!(event, Event::OutageClosed { gap, .. } if gap.is_regional));

	let (epoch, tests) = ground.world.measure();
	let behind: HashSet<AccountId> =
		ground.world.nodes.iter().take(CUT as usize).map(|node| node.account.clone()).collect();
	let mut reports = ground.world.reports(epoch, &tests, &|test, member| {
		let loading = test.measuring().filter(|account| !behind.contains(*account)).count();
		let is_heard = test.test.provider >= CUT && !is_cut(member);
		is_heard.then(|| test.share(CLAIM_KBPS, loading))
	});
	for test in &tests {
		let provider = test.test.provider;
		for member in ground.world.measuring(test).filter(|member| provider < CUT || is_cut(*member)) {
			// The worst for the lines of others: seats that are cut off find everybody silent, and say so.
			let nobody = Entry { kind: EntryKind::Unreachable, liveness: [0; 5], ..entry(provider, (0, 0)) };
			reports[member].0.push(nobody);
		}
	}
	let judged = ground.world.hand_in(epoch, tests, reports, &|_| true, &|_| true);
	let with = |outcome: Outcome| judged.judged().filter(move |(_, verdict)| verdict.outcome == outcome);
	let silent = with(Outcome::Unreachable).filter(|(test, _)| test.test.provider < CUT).count();
	let struck = with(Outcome::Strike).count();
	finding(
		format!("{CUT} of {SEATS} providers of a region cut off while all are tested, and their seats"),
		format!(
			"{recorded} recorded, {tagged} regional outage, {free} closed as nobody's fault; {} tests judged, of those \
			 cut off {silent} as an outage; {struck} struck",
			judged.verdicts.len(),
		),
		"all recorded, all regional; all tests judged, theirs as outages; nobody struck",
		recorded == CUT as usize
			&& tagged == 1
			&& free == CUT as usize
			&& judged.verdicts.len() == SEATS as usize
			&& silent == CUT as usize
			&& struck == 0,
	)
}
