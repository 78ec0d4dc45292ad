//! What the measuring protocol costs the chain at the size of a public network: an epoch of 3,600 slots through the real
//! runtime, with every commit, reveal and proof of an audit that its seats owe.
//!
//! Providers are registered, admitted and seated by the pallets themselves before the first block, without signatures:
//! they are the stage, not the load. Everything after is what nodes send, in the slots in which their workers send it.
//!
//! * [`load`]: what the seats report.
//! * [`outages`]: lines that fall, and what watchers and confirmers say of them.
//! * [`drive`]: the slots of an epoch.
//! * [`regional`]: many lines of a region that fall at once.
//! * [`storage`]: what is kept of a provider; [`struck`]: after many tests, and of one that was caught.
//! * [`figures`]: sums, bars, the table.

pub mod drive;
pub mod figures;
pub mod load;
pub mod outages;
pub mod regional;
pub mod storage;
pub mod struck;

use crate::blocks::{
	genesis::{Genesis, Line},
	node::Node,
	Blocks,
};
use figures::Figures;
use std::time::Instant;
use weir_primitives::{Claim, Kbps, Timing};

/// Most large lines in a hundred.
const HUNDRED: u32 = 100;
/// What a line of the smaller class claims: its committee has 15 members.
const SMALL_CLAIM: Claim = Claim { down_kbps: 100_000, up_kbps: 40_000 };
/// What a line of the larger class claims: its committee has 31 members.
const LARGE_CLAIM: Claim = Claim { down_kbps: 1_000_000, up_kbps: 200_000 };
/// Uplink that a seat behind a small line declares, and behind a large one.
const UPLINKS_KBPS: (Kbps, Kbps) = (40_000, 50_000);
/// Country of the region that falls silent; all others are somewhere else.
const SILENT_COUNTRY: [u8; 2] = *b"AT";

/// What a run is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Size {
	/// Registered providers.
	pub providers: u32,
	/// How many of them hold a seat.
	pub seats: u32,
	/// How many in a hundred claim a gigabit.
	pub large_percent: u32,
	/// Epochs under load. The first one has no audits to answer, the second one nothing to sweep.
	pub epochs: u32,
	/// Slots looked at in each phase; 0 for all of them.
	pub sample: u32,
	/// How many lines in a hundred go down for an hour each day.
	pub outage_percent: u32,
}

impl Size {
	/// A network small enough for a test. In fewer slots what is done once in an epoch, whatever its length, weighs too much.
	pub fn check() -> Self {
		Self { providers: 200, seats: 200, large_percent: 10, epochs: 1, sample: 40, outage_percent: 0 }
	}

	/// A chain with these providers, the first `silent` of them in a region of their own; and who they are.
	fn start(&self, silent: u32) -> anyhow::Result<(Blocks, Vec<Node>)> {
		anyhow::ensure!(self.seats <= self.providers, "a seat belongs to a provider");
		anyhow::ensure!(self.large_percent <= HUNDRED, "of a hundred lines at most a hundred are large");
		let lines: Vec<_> = (0..self.providers).map(|n| self.line(n, n < silent)).collect();
		let nodes = lines.iter().map(|line| line.node.clone()).collect();
		let genesis = Genesis { timing: Timing::public(), authors: 4, funded: Vec::new(), lines };
		Ok((Blocks::start(&genesis), nodes))
	}

	/// The `n`-th provider.
	fn line(&self, n: u32, is_silent: bool) -> Line {
		// Evenly among the others, so that seats of both kinds are as frequent as lines.
		let large = (n * self.large_percent) % HUNDRED < self.large_percent;
		let (claim, uplink) =
			if large { (LARGE_CLAIM, UPLINKS_KBPS.1) } else { (SMALL_CLAIM, UPLINKS_KBPS.0) };
		let node = Node::nth(n);
		let node = if is_silent { node.claiming(SILENT_COUNTRY) } else { node };
		Line { node, claim, admitted: true, uplink_kbps: (n < self.seats).then_some(uplink) }
	}
}

/// Runs the epochs, and says meanwhile how far it is.
pub fn run(size: &Size, mut say: impl FnMut(&str)) -> anyhow::Result<Figures> {
	anyhow::ensure!(size.epochs >= 1, "at least one epoch is under load");
	anyhow::ensure!(size.outage_percent <= HUNDRED, "of a hundred lines at most a hundred go down");
	anyhow::ensure!(
		size.sample == 0 || size.epochs == 1,
		"one epoch can be sampled: the next one needs all of it"
	);
	anyhow::ensure!(
		size.sample == 0 || size.outage_percent == 0,
		"what is said of an outage goes over many slots: without a sample"
	);
	let begun = Instant::now();
	let (mut chain, nodes) = size.start(0)?;
	say(&format!("{} providers and {} seats are there", size.providers, size.seats));
	let mut drive = drive::Drive::new(&mut chain, nodes, *size);
	let mut epochs = Vec::new();
	for number in 0..size.epochs {
		let epoch = drive.epoch(&mut say)?;
		say(&format!("epoch {} of {} is over", number + 1, size.epochs));
		epochs.push(epoch);
	}
	let loaded = storage::sampled(&mut chain, size.providers);
	let kept = struck::kept()?;
	Ok(Figures { size: *size, epochs, loaded, kept, seconds: begun.elapsed().as_secs_f64() })
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn small_network_should_be_judged_in_time_with_every_report_taken() {
		let size = Size { epochs: 2, sample: 0, outage_percent: 100, ..Size::check() };
		let figures = run(&size, |_| {}).expect("it runs");
		let [first, second] = &figures.epochs[..] else { panic!("two epochs") };
		for epoch in [first, second] {
			assert!(epoch.tests >= 50 && epoch.entries >= 15 * 45, "{epoch:?}");
			assert_eq!((epoch.revealed, epoch.rejected, epoch.delayed), (200, 0, 0));
			assert_eq!(epoch.concluded.0, epoch.tests);
			assert!(epoch.concluded.1 * 10 <= epoch.tests, "{} of {} void", epoch.concluded.1, epoch.tests);
			assert!(epoch.judged_at.is_some());
			assert_eq!(epoch.blocks.len(), 3_600);
			// A quarter of a day; those of the last minutes are recorded in the next epoch.
			let outages = &epoch.outages;
			assert!((25..=75).contains(&outages.fallen), "{outages:?}");
			assert!(outages.recorded * 10 >= outages.fallen * 8 && outages.closed > 0, "{outages:?}");
			assert_eq!((outages.dismissed, outages.full_blocks), (0, 0), "{outages:?}");
		}
		assert!(second.answered > 0 && second.unproven == 0, "{second:?}");
		for bar in figures.bars().iter().filter(|bar| bar.unit == "%" || bar.name.starts_with("bytes")) {
			assert!(bar.is_met(), "{}: {}", bar.name, bar.found);
		}
		for bar in figures.bars().iter().filter(|bar| bar.name.ends_with(", values")) {
			assert!(bar.is_met(), "{}: {}", bar.name, bar.found);
		}
	}

	#[test]
	fn sampled_slots_should_show_what_all_of_them_do() {
		let sampled = run(&Size::check(), |_| {}).expect("it runs");
		let whole = run(&Size { sample: 0, ..Size::check() }, |_| {}).expect("it runs");
		let average = |figures: &Figures| figures.bars()[0].found;
		let (sampled, whole) = (average(&sampled), average(&whole));
		assert!((sampled - whole).abs() < whole / 4.0, "{sampled} against {whole}");
	}
}
