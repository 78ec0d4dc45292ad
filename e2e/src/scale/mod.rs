//! What the measuring protocol costs the chain at the size of a public network: an epoch of 3,600 slots through the real
//! runtime, with every commit, reveal and proof of an audit that its seats owe.
//!
//! Providers are registered, admitted and seated by the pallets themselves before the first block, without signatures:
//! they are the stage, not the load. Everything after is what nodes send, in the slots in which their workers send it.
//!
//! Lines are in as many regions as asked for, which are countries and kinds of lines in the order of their codes, and claim what
//! lines of homes commonly do. A third of those of a region are in one network, so that what neighbours may weigh together
//! counts. What the economy does at the end of a block, the close of an epoch and the tour of all accounts, is summed apart.
//!
//! * [`load`]: what the seats report.
//! * [`outages`]: lines that fall, and what watchers and confirmers say of them.
//! * [`drive`]: the slots of an epoch.
//! * [`closing`]: the close of an epoch, and what it takes of a block.
//! * [`regional`]: many lines of a region that fall at once.
//! * [`storage`]: what is kept of a provider; [`struck`]: after many tests, and of one that was caught.
//! * [`figures`]: sums, bars, the table.

pub mod closing;
pub mod drive;
pub mod figures;
pub mod load;
pub mod outages;
pub mod regional;
pub mod storage;
pub mod struck;

use crate::blocks::{
	genesis::{Genesis, Line},
	node::{address_in, Node, WIDE_PREFIXES},
	Blocks,
};
use figures::Figures;
use std::time::Instant;
use weir_math::region::is_assigned;
use weir_primitives::{Claim, Kbps, LineKind, Region, Timing};

/// Most large lines in a hundred.
const HUNDRED: u32 = 100;
/// What a line of the larger class claims: its committee has 31 members.
const LARGE_CLAIM: Claim = Claim { down_kbps: 1_000_000, up_kbps: 200_000 };
/// What lines of the smaller class claim, and how many in a hundred of them: asymmetric lines as homes have them, by telephone
/// line, cable and fibre; 183 Mbps down and 40 up on average. Bonds, weights and seats go by the smaller direction.
const SMALL_CLAIMS: [(u32, Claim); 4] = [
	(30, Claim { down_kbps: 50_000, up_kbps: 10_000 }),
	(30, Claim { down_kbps: 100_000, up_kbps: 40_000 }),
	(25, Claim { down_kbps: 250_000, up_kbps: 40_000 }),
	(15, Claim { down_kbps: 500_000, up_kbps: 100_000 }),
];
/// The largest uplink that a seat declares: more is asked of nobody.
const MOST_UPLINK_KBPS: Kbps = 50_000;
/// Multiples of this, as parts of 2³², are spread evenly whatever stretch of them is looked at: 2³² by the golden ratio.
const SPREAD: u32 = 0x9E37_79B9;
/// At most one line in so many of a region is in the region's own network,
const NETWORK_EVERY: u32 = 3;
/// and one in so many of all lines that came before, so that seats of a network never are more than a fiftieth of all.
const NETWORK_SPACING: u32 = 128;
/// Lines of a network, each in a /24.
const NETWORK_LINES: u32 = 256;
/// Public wide prefixes for the networks of regions.
const NETWORKS: u32 = 193 * 256 - WIDE_PREFIXES;
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
	/// Regions that they are in.
	pub regions: u32,
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
		Self {
			providers: 200,
			seats: 200,
			large_percent: 10,
			regions: 8,
			epochs: 1,
			sample: 40,
			outage_percent: 0,
		}
	}

	/// A chain with these providers, the first `silent` of them in a region of their own; and who they are.
	fn start(&self, silent: u32) -> anyhow::Result<(Blocks, Vec<Node>)> {
		anyhow::ensure!(self.seats <= self.providers, "a seat belongs to a provider");
		anyhow::ensure!(self.large_percent <= HUNDRED, "of a hundred lines at most a hundred are large");
		anyhow::ensure!((1..=most_regions()).contains(&self.regions), "there are {} regions", most_regions());
		let regions = regions();
		let node = |n| match silent {
			0 => self.spread(n, &regions),
			_ if n < silent => Node::nth(n).claiming(SILENT_COUNTRY),
			_ => Node::nth(n),
		};
		let line = |n| Line {
			node: node(n),
			claim: self.claim(n),
			admitted: true,
			uplink_kbps: (n < self.seats).then(|| self.claim(n).effective_kbps().min(MOST_UPLINK_KBPS)),
		};
		let lines: Vec<_> = (0..self.providers).map(line).collect();
		let nodes = lines.iter().map(|line| line.node.clone()).collect();
		let genesis = Genesis { timing: Timing::public(), authors: 4, funded: Vec::new(), lines };
		Ok((Blocks::start(&genesis), nodes))
	}

	/// What the `n`-th provider claims. Each claim is as frequent among some of them as among all.
	fn claim(&self, n: u32) -> Claim {
		// Of a hundred, as parts of 2³².
		let (place, large) =
			(u64::from(n.wrapping_mul(SPREAD)) * u64::from(HUNDRED), u64::from(self.large_percent) << 32);
		let Some(place) = place.checked_sub(large) else { return LARGE_CLAIM };
		// Of a hundred among the others.
		let place = place / (u64::from(HUNDRED - self.large_percent) << 32).div_ceil(HUNDRED.into());
		let mut until = 0;
		let claim = SMALL_CLAIMS.iter().find(|(share, _)| {
			until += u64::from(*share);
			place < until
		});
		claim.expect("a hundred of a hundred claim something").1
	}

	/// The `n`-th provider in its region: the regions take turns.
	fn spread(&self, n: u32, regions: &[Region]) -> Node {
		let (region, place) = (n % self.regions, n / self.regions);
		let Region { country, kind } = regions[region as usize];
		let node = Node::nth(n).claiming(country).of_kind(kind);
		let every = NETWORK_EVERY.max(NETWORK_SPACING.div_ceil(self.regions));
		let (inside, beside) = (place / every, place % every);
		if beside == 0 && inside < NETWORK_LINES {
			// Below 256.
			node.at(address_in(WIDE_PREFIXES + region % NETWORKS, inside as u8))
		} else {
			node
		}
	}
}

/// Every region that there may be: each country, and homes and data centres in it.
fn regions() -> Vec<Region> {
	let letters = || b'A'..=b'Z';
	let codes = letters().flat_map(|first| letters().map(move |second| [first, second]));
	let kinds = [LineKind::Residential, LineKind::Hosting];
	let of = |country| kinds.map(|kind| Region { country, kind });
	codes.filter(|code| is_assigned(*code)).flat_map(of).collect()
}

/// How many regions there may be: fewer than the table has room for.
pub fn most_regions() -> u32 {
	regions().len() as u32
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
	closing::weigh(&mut chain, &nodes, size);
	say(&format!("{} providers and {} seats are there", size.providers, size.seats));
	let mut drive = drive::Drive::new(&mut chain, nodes.clone(), *size);
	let mut epochs = Vec::new();
	for number in 0..size.epochs {
		let epoch = drive.epoch(&mut say)?;
		say(&format!("epoch {} of {} is over", number + 1, size.epochs));
		epochs.push(epoch);
	}
	let loaded = storage::sampled(&mut chain, &nodes);
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
			assert!(!epoch.closings.is_empty(), "no epoch was closed in epoch {}", epoch.number);
			for closing in &epoch.closings {
				assert!(closing.is_priced && closing.regions == 8 && closing.lines >= 150, "{closing:?}");
				assert!(closing.share() > 0.0 && closing.share() <= closing::MOST_SHARE, "{closing:?}");
			}
		}
		assert!(second.closings.iter().all(|closing| closing.availability > 0), "{second:?}");
		assert!(second.answered > 0 && second.unproven == 0, "{second:?}");
		let is_counted = |bar: &&figures::Bar| {
			["%", "blocks", "epochs"].contains(&bar.unit) || bar.name.starts_with("bytes")
		};
		for bar in figures.bars().iter().filter(is_counted) {
			assert!(bar.is_met(), "{}: {:?}", bar.name, bar.found);
		}
		for bar in figures.bars().iter().filter(|bar| bar.name.ends_with(", values")) {
			assert!(bar.is_met(), "{}: {:?}", bar.name, bar.found);
		}
	}

	#[test]
	fn sampled_slots_should_show_what_all_of_them_do() {
		let sampled = run(&Size::check(), |_| {}).expect("it runs");
		let whole = run(&Size { sample: 0, ..Size::check() }, |_| {}).expect("it runs");
		let average = |figures: &Figures| figures.bars()[0].found.expect("blocks were made");
		let (sampled, whole) = (average(&sampled), average(&whole));
		assert!((sampled - whole).abs() < whole / 4.0, "{sampled} against {whole}");
	}

	#[test]
	fn claims_should_be_as_frequent_as_said_and_their_bonds_fit() {
		let size = Size { providers: 10_000, ..Size::check() };
		let claims: Vec<_> = (0..size.providers).map(|n| size.claim(n)).collect();
		let frequency = |claim: Claim| claims.iter().filter(|other| **other == claim).count();
		assert!(frequency(LARGE_CLAIM).abs_diff(1_000) <= 10, "{}", frequency(LARGE_CLAIM));
		for (share, claim) in SMALL_CLAIMS {
			let expected = share as usize * 90;
			assert!(frequency(claim).abs_diff(expected) <= 20, "{claim:?}: {}", frequency(claim));
		}
		// A hundred thousand of them, with what everybody has beside a bond, are in what public networks begin with.
		let bonds: u128 = claims.iter().map(Genesis::bond_of).sum();
		let tokens = u128::from(weir_runtime::presets::GENESIS_TOKENS);
		assert!(bonds * 10 + 100_000_000 * weir_runtime::WEIR < tokens * weir_runtime::WEIR, "{bonds}");
	}

	#[test]
	fn lines_should_have_addresses_of_their_own_and_regions_take_turns() {
		use std::collections::{BTreeMap, BTreeSet};
		let all = regions();
		assert_eq!((all.len(), all.iter().collect::<BTreeSet<_>>().len()), (498, 498));
		assert!(all.iter().all(Region::is_valid));
		for (providers, regions) in [(100_000, 498), (3_000, 8), (200, 1)] {
			let size = Size { providers, regions, ..Size::check() };
			let nodes: Vec<_> = (0..providers).map(|n| size.spread(n, &all)).collect();
			let prefixes: BTreeSet<_> = nodes.iter().map(|node| node.endpoint.prefix()).collect();
			assert_eq!(prefixes.len(), nodes.len());
			assert!(nodes.iter().all(|node| node.endpoint.is_public()));
			let mut lines: BTreeMap<Region, u32> = BTreeMap::new();
			nodes.iter().for_each(|node| *lines.entry(node.region()).or_default() += 1);
			assert_eq!(lines.len(), regions as usize);
			let (least, most) = (lines.values().min(), lines.values().max());
			assert!(most.zip(least).is_some_and(|(most, least)| most - least <= 1), "{lines:?}");
		}
	}
}
