//! A25: authors that leave the reports of others out of their blocks.

use super::finding;
use crate::{
	attacks::{Finding, Scenario},
	blocks::{
		genesis::Genesis,
		node::Node,
		reports::{commit, reveal, slots_of},
		world::line,
		Blocks, Making,
	},
};
use pallet_proof_of_bandwidth::{Event, FIRST_TESTED_EPOCH};
use std::collections::BTreeMap;
use weir_primitives::{EpochIndex, SlotOffset, Timing};
use weir_runtime::{RuntimeEvent, UncheckedExtrinsic};

pub(super) const SCENARIOS: [Scenario; 2] = [
	Scenario { id: "A25", title: "three authors in ten censor every report", run: |()| censor(3) },
	Scenario { id: "A25-control", title: "all of them do", run: |()| censor(AUTHORS) },
];

const AUTHORS: u32 = 10;
const SEATS: u32 = 1_000;

/// What is in the pool, and since when.
type Pool = BTreeMap<usize, SlotOffset>;

struct Included {
	reports: u32,
	latest: SlotOffset,
	censored_blocks: u32,
}

/// Commits and reveals of every seat, in the slots in which nodes send them, through authors of whom some take none.
fn censor(censors: u32) -> anyhow::Result<Finding> {
	let lines: Vec<_> = (0..SEATS).map(|n| line(n, true)).collect();
	let nodes: Vec<_> = lines.iter().map(|line| line.node.clone()).collect();
	let timing = Timing::public();
	let mut chain = Blocks::start(&Genesis { timing, authors: AUTHORS, funded: Vec::new(), lines });
	chain.until_epoch(FIRST_TESTED_EPOCH + 1);
	let measured = FIRST_TESTED_EPOCH;
	let slots: Vec<_> = nodes.iter().map(|node| slots_of(&timing, node, measured)).collect();
	let window = (timing.commit_from, timing.commit_until);
	let sent = |n: usize| slots[n].0;
	let commits = phase(&mut chain, censors, window, sent, |n| commit(&nodes[n], measured, &[]), &nodes);
	let window = (timing.reveal_from, timing.reveal_until);
	let sent = |n: usize| slots[n].1;
	let reveals = phase(&mut chain, censors, window, sent, |n| reveal(&nodes[n], measured, &[]), &nodes);
	let share = f64::from(reveals.reports) / f64::from(SEATS);
	let tried = format!(
		"{censors} of {AUTHORS} authors, {SEATS} seats, {} blocks without reports",
		commits.censored_blocks + reveals.censored_blocks
	);
	let measured = format!(
		"{} commits and {} reveals included ({:.2} %), at most {} slots late",
		commits.reports,
		reveals.reports,
		share * 100.0,
		commits.latest.max(reveals.latest)
	);
	if censors < AUTHORS {
		finding(tried, measured, "≥ 99.9 % of reveals included", share >= 0.999)
	} else {
		finding(tried, measured, "none: nobody else can include them", reveals.reports == 0)
	}
}

/// A window, slot by slot as far as something waits. What a node has sent stays in the pool until an author takes it.
fn phase(
	chain: &mut Blocks,
	censors: u32,
	(from, until): (SlotOffset, SlotOffset),
	sent: impl Fn(usize) -> SlotOffset,
	transaction: impl Fn(usize) -> UncheckedExtrinsic,
	nodes: &[Node],
) -> Included {
	let epoch: EpochIndex = FIRST_TESTED_EPOCH + 1;
	let mut pool = Pool::new();
	let mut included = Included { reports: 0, latest: 0, censored_blocks: 0 };
	for slot in from..until {
		pool.extend((0..nodes.len()).filter(|n| sent(*n) == slot).map(|n| (n, slot)));
		if pool.is_empty() {
			continue;
		}
		let block = chain.block_at(epoch, slot, |making: &mut Making| {
			if making.author < censors {
				included.censored_blocks += 1;
				return;
			}
			pool.retain(|n, since| {
				let is_in = making.include(transaction(*n)) == Ok(Ok(()));
				if is_in {
					included.latest = included.latest.max(slot - *since);
				}
				!is_in
			});
		});
		included.reports += block
			.events
			.iter()
			.filter(|event| {
				matches!(
					event,
					RuntimeEvent::ProofOfBandwidth(Event::Committed { .. } | Event::Revealed { .. })
				)
			})
			.count() as u32;
	}
	included
}
