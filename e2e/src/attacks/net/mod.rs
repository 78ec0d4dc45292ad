//! Attacks on the network's side of the protocol: real sidecars and real WireGuard over shaped lines in network
//! namespaces. Whoever cheats does so with code of this module between the product's own parts; the product has no
//! switches for it. What a committee found becomes an estimate by the chain's own arithmetic.
//!
//! * [`machine`]: machines. [`chain`]: a chain with one test. [`trial`]: that test, carried out.
//! * [`cheat`]: a provider that cheats. [`flow`]: plain packets at a rate, for floods, customers and controls.
//! * [`lines`]: what lines can pretend. [`time`]: what a provider can do to the clock of a test. [`words`]: what either
//!   side can leave unsaid or deny. [`helpers`]: a data centre or a relay beside a slow line. [`doors`]: who gets in.
//!   [`customers`]: who else is on the line.

pub mod chain;
pub mod cheat;
pub mod customers;
pub mod doors;
pub mod flow;
pub mod helpers;
pub mod lines;
pub mod machine;
pub mod time;
pub mod trial;
pub mod words;

use super::{Row, Scenario};
use crate::{
	lab::{
		delay::DelayLine,
		ground::{self, Shape},
	},
	load::Load,
};
use anyhow::{anyhow, ensure, Result};
use machine::Machine;
use std::{
	fs,
	path::{Path, PathBuf},
	sync::{
		atomic::{AtomicU32, AtomicU8, Ordering},
		Arc,
	},
	thread,
};
use trial::{Found, Terms, Trial};
use weir_tunnel::clock;
use weir_tunnel_core::{Micros, MILLI};

/// Members of each committee: two of them are trimmed.
const MEMBERS: u8 = 9;
/// First links of the members, and of all other machines.
const SEAT_NETS: u8 = 11;
const OTHER_NETS: u8 = 31;
/// Round-trip time between any two machines of which one is no member's, in milliseconds.
const RTT_MILLIS: u32 = 20;
/// What sequential service, held receipts and delayed pings may gain (specification, "What it must reach").
const MOST_GAIN: f64 = 1.07;
/// What of a line shows at least in a test that worked, whatever was tried on it: one that shows nothing would be below
/// every bound.
const LEAST_SHOWN: f64 = 0.25;
/// How often a scenario that failed while the machine was disturbed is carried out again, alone and when the machine has
/// come to rest. One that fails undisturbed has failed.
const REPEATS: usize = 3;

/// What scenarios share: the internet between machines, and the members' machines.
#[derive(Clone)]
pub struct Bench(Arc<Shared>);

struct Shared {
	folder: PathBuf,
	delay: DelayLine,
	load: Load,
	seats: Vec<Arc<Machine>>,
	nets: AtomicU8,
	folders: AtomicU32,
}

impl Bench {
	/// Makes this process's network namespace the internet, and the members.
	fn new(folder: &Path) -> Result<Self> {
		let (delay, load) = (DelayLine::start()?, Load::watch()?);
		ground::prepare()?;
		let seat = |number| Machine::add("seat", SEAT_NETS + number).map(Arc::new);
		let seats = (0..MEMBERS).map(seat).collect::<Result<_>>()?;
		let (nets, folders) = (AtomicU8::new(OTHER_NETS), AtomicU32::new(0));
		Ok(Self(Arc::new(Shared { folder: folder.into(), delay, load, seats, nets, folders })))
	}

	/// A folder that nobody else has.
	fn folder(&self) -> PathBuf {
		self.0.folder.join(self.0.folders.fetch_add(1, Ordering::Relaxed).to_string())
	}

	/// The members' machines.
	fn seats(&self) -> &[Arc<Machine>] {
		&self.0.seats
	}

	fn net(&self) -> Result<u8> {
		let net = self.0.nets.fetch_add(1, Ordering::Relaxed);
		ensure!((OTHER_NETS..u8::MAX).contains(&net), "no links are left");
		self.0.delay.set_rtt(net, RTT_MILLIS);
		Ok(net)
	}

	/// A machine on a fast line.
	fn machine(&self, kind: &str) -> Result<Machine> {
		Machine::add(kind, self.net()?)
	}

	/// A machine on a line with the same rate both ways, kbps.
	fn line(&self, kbps: u32) -> Result<Machine> {
		self.shaped(Shape::steady(kbps), Shape::steady(kbps))
	}

	/// A machine whose line lets through `towards` it and `from` it.
	fn shaped(&self, towards: Shape, from: Shape) -> Result<Machine> {
		Machine::add_line(self.net()?, towards, from)
	}

	/// What all members find of an honest provider on a line.
	fn honest(&self, line: &Machine, terms: Terms) -> Result<Found> {
		let trial = Trial::new(self, line.address, terms, self.seats())?;
		let provider = trial.provide(line)?;
		let found = trial.measure()?;
		line.run(provider.stop())?;
		Ok(found)
	}
}

/// The scenarios; those of one lane one after the other, the lanes beside each other. None disturbs another: each has
/// lines of its own, and all members together load less than half of what this machine can carry.
const LANES: [&[Scenario<Bench>]; 3] = [
	&[
		time::TURNS,
		time::HELD,
		helpers::HANDED_OVER,
		helpers::COMPRESSED,
		words::DENIED,
		doors::FLOODED,
		customers::SERVED,
	],
	&[lines::BURST, time::SPANS, words::MUTE, lines::SLOW_SEATS, words::WITHHELD],
	&[lines::SHARED, time::PINGS, helpers::FORWARDED, words::LAZY, lines::CLAIMED, doors::NAT],
];

/// Names of all scenarios.
pub fn names() -> Vec<&'static str> {
	LANES.iter().flat_map(|lane| lane.iter()).map(|scenario| scenario.id).collect()
}

/// Carries out the scenarios named in `only`, or all. The namespace must be the lab's own.
pub fn run(folder: &Path, only: &[String]) -> Result<Vec<Row>> {
	let folder = folder.join("attacks");
	if folder.exists() {
		fs::remove_dir_all(&folder)?;
	}
	let bench = Bench::new(&folder)?;
	let wanted = |scenario: &&Scenario<Bench>| only.is_empty() || only.iter().any(|id| id == scenario.id);
	let mut rows = thread::scope(|scope| {
		let run = |lane: &'static [Scenario<Bench>]| {
			let (bench, scenarios) = (bench.clone(), lane.iter().filter(wanted).collect::<Vec<_>>());
			scope.spawn(move || scenarios.into_iter().map(|scenario| carried_out(&bench, scenario)).collect())
		};
		let lanes: Vec<_> = LANES.into_iter().map(run).collect();
		let rows = |lane: thread::ScopedJoinHandle<'_, Vec<_>>| lane.join().unwrap_or_default();
		lanes.into_iter().flat_map(rows).collect::<Vec<_>>()
	});
	for _ in 0..REPEATS {
		for (scenario, row, disturbed) in rows.iter_mut().filter(|(_, row, _)| !row.finding.passed) {
			if *disturbed {
				println!("{row}\n        the machine was disturbed meanwhile; again, alone");
				bench.0.load.wait_for_calm();
				(_, *row, *disturbed) = carried_out(&bench, scenario);
			}
		}
	}
	let mut rows: Vec<_> = rows.into_iter().map(|(_, row, _)| row).collect();
	add_missing(LANES.into_iter().flatten().filter(wanted), &mut rows);
	rows.sort_by_key(|row| (number(row.id), row.id));
	Ok(rows)
}

/// Adds a failed row for each of `wanted` that has none: its lane ended before it.
fn add_missing(wanted: impl Iterator<Item = &'static Scenario<Bench>>, rows: &mut Vec<Row>) {
	for Scenario { id, title, .. } in wanted {
		if !rows.iter().any(|row| row.id == *id) {
			rows.push(Row::new(id, title, Err(anyhow!("its lane ended early"))));
		}
	}
}

fn carried_out<'a>(bench: &Bench, scenario: &'a Scenario<Bench>) -> (&'a Scenario<Bench>, Row, bool) {
	let from = clock::now() / MILLI;
	let row = scenario.row(&mut bench.clone());
	let strain = bench.0.load.worst(from, clock::now() / MILLI);
	println!("{row}");
	(scenario, row, strain.is_none_or(|strain| strain.disturbs()))
}

/// The number in a scenario's name.
fn number(id: &str) -> u32 {
	id.chars().filter_map(|letter| letter.to_digit(10)).fold(0, |number, digit| number * 10 + digit)
}

/// How many times `truth_kbps` an estimate is.
fn times(kbps: u32, truth_kbps: u32) -> f64 {
	f64::from(kbps) / f64::from(truth_kbps)
}

/// Whether both directions show no more of a line than a trick may gain, and as much as they do if the test worked.
fn is_bounded(parts: [f64; 2], least: f64) -> bool {
	parts.iter().all(|part| (least..=MOST_GAIN).contains(part))
}

/// Half a round trip.
const ONE_WAY: Micros = RTT_MILLIS as Micros * MILLI / 2;

#[cfg(test)]
mod tests {
	use super::*;
	use crate::attacks::Finding;
	use std::collections::BTreeSet;

	#[test]
	fn names_should_be_unique_and_sort_by_number() {
		let names = names();
		assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
		assert!(number("A4-withheld") < number("A16") && number("A27-held") == 27);
	}

	#[test]
	fn rows_should_be_added_as_failed_when_their_lane_ended_early() {
		let done =
			Finding { tried: "1 time".into(), measured: "0".into(), criterion: "≤ 1".into(), passed: true };
		let mut rows = vec![Row::new(lines::BURST.id, lines::BURST.title, Ok(done))];
		add_missing([&lines::BURST, &time::SPANS].into_iter(), &mut rows);
		let found: Vec<_> = rows.iter().map(|row| (row.id, row.finding.passed)).collect();
		assert_eq!(found, [(lines::BURST.id, true), (time::SPANS.id, false)]);
	}

	#[test]
	fn bounds_should_exclude_gains_and_tests_that_show_nothing() {
		assert!(is_bounded([LEAST_SHOWN, MOST_GAIN], LEAST_SHOWN));
		for parts in [[0.0, 0.9], [0.9, 0.0], [1.08, 0.9], [0.9, 1.08]] {
			assert!(!is_bounded(parts, LEAST_SHOWN), "{parts:?}");
		}
	}

	#[test]
	fn committees_should_trim_two() {
		assert_eq!(weir_math::committee::trim(MEMBERS.into()), 2);
	}
}
