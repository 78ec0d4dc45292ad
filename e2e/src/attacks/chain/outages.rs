//! A11 and A12: outages that are none, and outages that friends hide.

use super::finding;
use crate::{
	attacks::{Finding, Scenario},
	blocks::{genesis::Genesis, node::Node, reports::say, world::line, Blocks, Making},
};
use codec::Encode;
use pallet_proof_of_bandwidth::{Alarms, Event, Outages, FIRST_TESTED_EPOCH};
use polkadot_sdk::*;
use sp_io::hashing::blake2_256;
use weir_math::outage::{ALARM, CONFIRMERS};
use weir_primitives::{outage::Sighting, seams::EpochClock, ProviderIndex, SlotOffset, Timing};
use weir_runtime::{ProofOfBandwidth, Runtime, RuntimeEvent, UncheckedExtrinsic};

pub(super) const SCENARIOS: [Scenario; 6] = [
	Scenario { id: "A11", title: "a tenth of the seats calls everybody down", run: |()| slander(0.10) },
	Scenario { id: "A11-quarter", title: "a quarter of the seats does", run: |()| slander(0.25) },
	Scenario { id: "A11-control", title: "two thirds of the seats do", run: |()| slander(0.67) },
	Scenario { id: "A11-region", title: "the network of a region falls apart", run: |()| partition() },
	Scenario {
		id: "A12",
		title: "2 of 5 watchers and 3 of 9 confirmers hide an outage",
		run: |()| hide(2, 3),
	},
	Scenario { id: "A12-control", title: "3 of 5 watchers hide it", run: |()| hide(3, 0) },
];

const SEATS: u32 = 150;
/// Blocks from the first report to the last vote at most: two that draw the confirmers, and the votes on as many alarms as
/// there may be at once, which do not fit one block.
const CASE_BLOCKS: u32 = 16;
/// A quarter of an hour, in slots of a public network.
const MOST_SLOTS: u64 = 150;

/// A network of seats that are lines as well, in the middle of an epoch of which the watchers are known.
struct Ground {
	chain: Blocks,
	nodes: Vec<Node>,
	slot: SlotOffset,
}

impl Ground {
	fn new() -> Self {
		let lines: Vec<_> = (0..SEATS).map(|n| line(n, true)).collect();
		let nodes = lines.iter().map(|line| line.node.clone()).collect();
		let timing = Timing::public();
		let mut chain = Blocks::start(&Genesis { timing, authors: 4, funded: Vec::new(), lines });
		chain.until_epoch(FIRST_TESTED_EPOCH);
		Self { chain, nodes, slot: 0 }
	}

	/// A block in which every seat says what `says` makes of each provider it watches and each alarm it is asked about.
	fn block(&mut self, says: &dyn Fn(usize, ProviderIndex, Asked) -> bool) -> Vec<RuntimeEvent> {
		let transactions = {
			let nodes = &self.nodes;
			self.chain.look(|| {
				let all = nodes.iter().enumerate();
				all.flat_map(|(n, node)| said_by(n, node, says)).collect::<Vec<_>>()
			})
		};
		self.slot += 1;
		let inside = |making: &mut Making| {
			for transaction in transactions {
				// The alarm may be raised by then, or decided.
				let _ = making.include(transaction);
			}
		};
		self.chain.block_at(FIRST_TESTED_EPOCH, self.slot, inside).events
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
	let mut ground = Ground::new();
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

/// Ten providers of a region are cut off, and come back.
fn partition() -> anyhow::Result<Finding> {
	const CUT: ProviderIndex = 10;
	let mut ground = Ground::new();
	let mut events = Vec::new();
	for _ in 0..CASE_BLOCKS {
		events.extend(ground.block(&|_, provider, asked| provider < CUT && asked != Asked::Back));
	}
	let recorded = count(&events, |event| matches!(event, Event::OutageRecorded { .. }));
	let tagged = count(&events, |event| matches!(event, Event::RegionalOutage { .. }));
	ground.skip(600);
	// Watchers speak of the alarm slot that the last block is in.
	ground.block(&|_, _, _| false);
	let back = ground.block(&|_, _, asked| asked == Asked::Back);
	let free = count(&back, |event| matches!(event, Event::OutageClosed { gap, .. } if gap.is_regional));
	let struck = ground
		.chain
		.look(|| (0..CUT).filter(|provider| !ProofOfBandwidth::verdicts_of(*provider).is_empty()).count());
	finding(
		format!("{CUT} of {SEATS} providers of a region cut off for an hour"),
		format!("{recorded} recorded, {tagged} regional outage, {free} closed as nobody's fault, {struck} judged for it"),
		"all recorded, all regional, nobody struck",
		recorded == CUT as usize && tagged == 1 && free == CUT as usize && struck == 0,
	)
}

/// One provider is down. Friends among its watchers and confirmers say that it is not.
fn hide(friends: usize, friendly_confirmers: usize) -> anyhow::Result<Finding> {
	let mut ground = Ground::new();
	let provider: ProviderIndex = 7;
	let nodes = ground.nodes.clone();
	let watchers: Vec<usize> = ground.chain.look(|| {
		let watches = |node: &Node| {
			ProofOfBandwidth::watch(&node.account).watched.iter().any(|watched| watched.provider == provider)
		};
		(0..nodes.len()).filter(|n| watches(&nodes[*n])).collect()
	});
	let silent = &watchers[..friends];
	let (mut blocks, mut begun) = (0, 0);
	let is_recorded = |chain: &mut Blocks| chain.look(|| Outages::<Runtime>::contains_key(provider));
	while blocks < CASE_BLOCKS && !is_recorded(&mut ground.chain) {
		// Who is asked is known when the alarm has drawn them.
		let asked: Vec<usize> = ground.chain.look(|| {
			let is_asked = |node: &Node| !ProofOfBandwidth::watch(&node.account).alarms.is_empty();
			(0..nodes.len()).filter(|n| is_asked(&nodes[*n])).collect()
		});
		let liars = asked[..friendly_confirmers.min(asked.len())].to_vec();
		ground.block(&|n, of, asked| match asked {
			_ if of != provider => false,
			Asked::Lost => !silent.contains(&n),
			Asked::Down => !liars.contains(&n),
			Asked::Back => false,
		});
		if begun == 0 {
			begun =
				ground.chain.look(|| Alarms::<Runtime>::get(provider).map_or(0, |alarm| alarm.since_slot));
		}
		blocks += 1;
	}
	let slots = ground.chain.look(|| {
		let (_, slot, first) = ProofOfBandwidth::clock();
		first + u64::from(slot) - begun
	});
	let recorded = is_recorded(&mut ground.chain);
	let tried = format!(
		"{friends} of {} watchers silent, {friendly_confirmers} of {CONFIRMERS} confirmers lie",
		watchers.len()
	);
	if friends < ALARM as usize {
		let measured = format!("recorded: {recorded}, {slots} slots after the first report");
		finding(tried, measured, "recorded within 15 minutes (150 slots)", recorded && slots <= MOST_SLOTS)
	} else {
		// With the next epoch come other watchers.
		ground.chain.until_epoch(FIRST_TESTED_EPOCH + 1);
		let others = ground.chain.look(|| {
			let epoch = ProofOfBandwidth::epoch();
			let watches = |node: &Node| {
				ProofOfBandwidth::watch(&node.account)
					.watched
					.iter()
					.any(|watched| watched.provider == provider)
			};
			let now = (0..nodes.len()).filter(|n| watches(&nodes[*n]) && !silent.contains(n)).count();
			(epoch, now)
		});
		let measured =
			format!("recorded: {recorded}; in the next epoch {} watchers are not their friends", others.1);
		finding(
			tried,
			measured,
			"hidden for this epoch, not for the next",
			!recorded && others.1 >= ALARM as usize,
		)
	}
}
