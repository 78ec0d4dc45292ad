//! Many lines of a region that fall silent in the same slot, for an hour: what that costs, and how long it takes until all of
//! them are recorded as down.
//!
//! Nothing else happens meanwhile: seats report no tests, so that the weights are those of the event.

use super::{
	drive::Cost,
	outages::{next_alarm_slot, Fallen, Tally},
	Size,
};
use crate::blocks::{node::Node, Blocks};
use pallet_proof_of_bandwidth::{Alarms, FIRST_TESTED_EPOCH};
use std::{collections::HashMap, fmt::Write, hint::black_box, time::Instant};
use weir_runtime::{AccountId, ProofOfBandwidth, Runtime};

/// That any block may weigh, as a share.
const WORST_SHARE: f64 = 0.10;
/// Slots between two words about how far it is.
const SAID_EVERY: u32 = 50;

/// What falls.
#[derive(Clone, Copy, Debug)]
pub struct Event {
	/// Lines that fall silent.
	pub silent: u32,
	/// Lines of their region.
	pub lines: u32,
}

/// What came of it.
pub struct Found {
	/// What fell.
	pub event: Event,
	/// Providers of the network.
	pub providers: u32,
	/// Blocks from the fall to the last record.
	pub falling: Vec<Cost>,
	/// Blocks from when the lines are back until the last outage was closed.
	pub returning: Vec<Cost>,
	/// What was said and recorded.
	pub tally: Tally,
	/// Alarms open at once, at most.
	pub most_alarms: u32,
	/// What a worker takes to find out what its seat has to look at while about so many are open, ms: in this process,
	/// without Wasm.
	pub look_millis: f64,
	/// Wall time, seconds.
	pub seconds: f64,
}

/// Lets the lines fall in the first slot of an alarm slot, and waits until all of them are back, or the epoch is over.
pub fn run(size: &Size, event: Event, mut say: impl FnMut(&str)) -> anyhow::Result<Found> {
	anyhow::ensure!(event.silent <= event.lines, "a region has the lines that fall silent");
	anyhow::ensure!(event.lines <= size.providers, "a network has the lines of its region");
	anyhow::ensure!(size.seats > 0, "without seats nobody watches");
	let begun = Instant::now();
	let (mut chain, nodes) = size.start(event.lines)?;
	let numbers: HashMap<AccountId, u32> =
		nodes.iter().zip(0..).map(|(node, number)| (node.account.clone(), number)).collect();
	say(&format!("{} providers are there, {} of them in a region", size.providers, event.lines));
	chain.until_epoch(FIRST_TESTED_EPOCH);
	let timing = chain.timing();
	let falls = next_alarm_slot(&mut chain);
	let back = falls + Fallen::hour(&timing);
	let mut fallen = Fallen::default();
	(0..event.silent).for_each(|provider| fallen.fall(provider, falls, back));

	let mut blocks = Vec::new();
	let (mut last_record, mut last_return) = (falls, back);
	let (mut most_alarms, mut timed_alarms, mut look_millis) = (0, 0, 0.0);
	while !fallen.is_empty() {
		let Tally { recorded, closed, .. } = *fallen.tally();
		let block = fallen.block(&mut chain, &nodes, &numbers)?;
		if fallen.tally().recorded > recorded {
			last_record = block.at;
		}
		if fallen.tally().closed > closed {
			last_return = block.at;
		}
		let alarms = open_alarms(&mut chain);
		most_alarms = alarms.max(most_alarms);
		// Not for each one more: a look reads all of them.
		if alarms > timed_alarms + timed_alarms / 10 {
			look_millis = look_of(&mut chain, &nodes[size.seats as usize - 1]);
			timed_alarms = alarms;
		}
		blocks.push((block.at, Cost::of(&block)));
		if block.slot.is_multiple_of(SAID_EVERY) {
			let Tally { recorded, closed, .. } = fallen.tally();
			say(&format!("slot {}: {recorded} recorded, {closed} closed", block.slot));
		}
		if block.slot + 1 >= timing.epoch_slots {
			break;
		}
	}
	let between = |from: u64, until: u64| -> Vec<Cost> {
		blocks.iter().filter(|(at, _)| (from..=until).contains(at)).map(|(_, cost)| *cost).collect()
	};
	Ok(Found {
		event,
		providers: size.providers,
		falling: between(falls, last_record),
		returning: between(back, last_return),
		tally: fallen.take_tally(),
		most_alarms,
		look_millis,
		seconds: begun.elapsed().as_secs_f64(),
	})
}

fn open_alarms(chain: &mut Blocks) -> u32 {
	chain.look(|| Alarms::<Runtime>::iter_keys().count() as u32)
}

fn look_of(chain: &mut Blocks, node: &Node) -> f64 {
	chain.look(|| {
		let begun = Instant::now();
		black_box(ProofOfBandwidth::watch(&node.account));
		begun.elapsed().as_secs_f64() * 1e3
	})
}

impl Found {
	/// Everything, as a page of the handbook shows it.
	pub fn render(&self) -> String {
		let mut text = String::new();
		let _ = writeln!(
			text,
			"\n| slots | number | weight, average | worst | above {:.0} % | bytes, average | worst |\n\
			 |---|---|---|---|---|---|---|",
			WORST_SHARE * 100.0
		);
		for (name, blocks) in
			[("from the fall to the last record", &self.falling), ("of the return", &self.returning)]
		{
			let count = blocks.len().max(1) as f64;
			let above = blocks.iter().filter(|block| block.share > WORST_SHARE).count();
			let _ = writeln!(
				text,
				"| {name} | {} | {:.2} % | {:.2} % | {above} | {:.0} | {} |",
				blocks.len(),
				blocks.iter().map(|block| block.share).sum::<f64>() / count * 100.0,
				blocks.iter().map(|block| block.share).fold(0.0, f64::max) * 100.0,
				blocks.iter().map(|block| block.bytes as f64).sum::<f64>() / count,
				blocks.iter().map(|block| block.bytes).max().unwrap_or(0),
			);
		}
		let _ = writeln!(text, "\n{}", self.tally.render());
		let Self { event: Event { silent, lines }, providers, most_alarms, look_millis, seconds, .. } = self;
		let _ = writeln!(
			text,
			"{silent} of {lines} lines of a region, {providers} providers; {most_alarms} alarms open at once, among which a \
			 worker takes {look_millis:.0} ms to find its own; {seconds:.0} s"
		);
		text
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn region_should_be_recorded_and_excused_when_a_third_of_it_falls_silent() {
		let event = Event { silent: 20, lines: 60 };
		let found = run(&Size::check(), event, |_| {}).expect("it runs");
		let Tally { fallen, recorded, closed, excused, dismissed, unwatched, .. } = found.tally;
		assert_eq!((fallen, dismissed), (20, 0));
		// Two of five watchers are of the region, and a third of those are down themselves.
		assert!(recorded >= 15 && recorded + unwatched >= 20, "{:?}", found.tally);
		assert_eq!((closed, excused), (recorded, recorded));
		assert!(found.falling.len() < 400 && found.returning.len() < 50, "{:?}", found.tally);
		assert!(found.tally.downs.number >= 3 * recorded && found.tally.votes.number >= 6 * recorded);
		assert!(found.most_alarms > 0 && found.look_millis > 0.0);
	}
}
