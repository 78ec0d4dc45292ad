//! Probe traffic: what the line of a provider carries in a day because it is measured and watched, and what that of a
//! member does (design, "What it must reach": at most [`MOST`] of what is sold).
//!
//! A sum, for which nothing is drawn. Sizes on the line are those of [`weir_tunnel_core::cost`]; how often, how long and
//! by how many follows from `weir-math` and the sidecar's own constants. There are as many seats as providers, which is
//! what makes means of what each seat does.
//!
//! *Load*: payloads of both phases and their echoes. *Talk*: all else that goes through the tunnels of a test, and what
//! its members ask on the control plane for it. *Watch*: pings of the watchers, day and night. *Liveness*: questions of
//! the members through the epoch of a test. *Clock*: others that compare theirs with it.
//!
//! Not counted is what passes (admission, an escalation, void tests that are drawn again) or goes wrong (lost packets,
//! alarms), and what sidecar and node have to say to the chain: blocks, reports.

use crate::{bars::Bar, report};
use weir_math::{
	committee::{class_of, quota_kbps, size},
	estimate::LIVENESS_PARTS,
	outage::WATCHERS,
	schedule::{window_millis, LONG_EVERY},
	Timing,
};
use weir_tunnel_core::{
	cost::{self, Carried},
	watching::Rhythm,
	Micros, CLOCK_FELLOWS, CLOCK_QUESTIONS, IDLE_CLOSE, MILLI,
};

/// Largest part of its claim that a line may carry for probing, in each direction.
pub const MOST: f64 = 1e-4;
/// Lines that measure less are not paid for being there, and the bar is not set for them (design, economics), kbps.
pub const PAID_FROM_KBPS: u32 = 8_000;
/// Claims that are looked at, kbps.
pub const CLAIMS_KBPS: [u32; 8] = [1_000, 5_000, PAID_FROM_KBPS, 10_000, 25_000, 50_000, 100_000, 1_000_000];
/// Uplink of the seat that is looked at, the largest that is asked for, kbps.
pub const SEAT_KBPS: u32 = 50_000;
/// Claims it measures, kbps: slow lines, lines like its own, the research's example, and those of the largest claim that 15
/// share.
const MEASURED_KBPS: [u32; 4] = [10_000, 50_000, 100_000, 500_000];

const DAY_MILLIS: f64 = 86_400_000.0;

/// Bytes of a day in each direction of a line.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Bytes {
	/// Towards it.
	pub down: f64,
	/// From it.
	pub up: f64,
}

impl Bytes {
	fn of(Carried { down, up }: Carried) -> Self {
		Self { down: down as f64, up: up as f64 }
	}

	fn times(self, number: f64) -> Self {
		Self { down: self.down * number, up: self.up * number }
	}

	fn and(self, other: Self) -> Self {
		Self { down: self.down + other.down, up: self.up + other.up }
	}

	/// As the other end of it has them.
	fn turned(self) -> Self {
		Self { down: self.up, up: self.down }
	}

	/// As parts of what a line of `kbps` each way carries in a day.
	pub fn parts(self, kbps: u32) -> Self {
		self.times(1.0 / (f64::from(kbps) / 8.0 * DAY_MILLIS))
	}
}

/// What a line carries in a day for probing, by what it is for (see the module's documentation).
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Day {
	/// Payloads.
	pub load: Bytes,
	/// All else of the tests.
	pub talk: Bytes,
	/// Pings of watchers.
	pub watch: Bytes,
	/// Questions whether it lives.
	pub liveness: Bytes,
	/// Questions for the time, to compare clocks.
	pub clock: Bytes,
}

impl Day {
	fn columns(&self) -> [Bytes; 5] {
		[self.load, self.talk, self.watch, self.liveness, self.clock]
	}

	/// All of it.
	pub fn total(&self) -> Bytes {
		self.columns().into_iter().fold(Bytes::default(), Bytes::and)
	}

	fn turned(self) -> Self {
		let Self { load, talk, watch, liveness, clock } = self;
		Self {
			load: load.turned(),
			talk: talk.turned(),
			watch: watch.turned(),
			liveness: liveness.turned(),
			clock: clock.turned(),
		}
	}
}

/// A provider's line, the same in both directions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Line {
	/// What it claims, kbps.
	pub claim_kbps: u32,
	/// What it carries, kbps.
	pub capacity_kbps: u32,
	/// Whether a neighbour has the same address prefix: then it is tested in every epoch.
	pub is_on_shared_prefix: bool,
}

impl Line {
	/// One that carries whatever a committee offers.
	pub fn with_room(claim_kbps: u32, is_on_shared_prefix: bool) -> Self {
		Self { claim_kbps, capacity_kbps: claim_kbps.saturating_mul(2), is_on_shared_prefix }
	}

	/// One that carries no more than it claims.
	pub fn exact(claim_kbps: u32, is_on_shared_prefix: bool) -> Self {
		Self { claim_kbps, capacity_kbps: claim_kbps, is_on_shared_prefix }
	}
}

/// Members of the committees for a claim.
fn members(timing: &Timing, claim_kbps: u32) -> u16 {
	size(timing, class_of(claim_kbps).unwrap_or_default(), false)
}

fn epochs_a_day(timing: &Timing) -> f64 {
	DAY_MILLIS / (f64::from(timing.epoch_slots) * timing.slot_millis as f64)
}

/// What one member's tests of this offer weigh, in the mean over short and long windows: load, and talk.
fn mean_test(timing: &Timing, quota_kbps: u32) -> [Bytes; 2] {
	let window = |ordinal| Micros::from(window_millis(timing, ordinal)).saturating_mul(MILLI);
	let windows: Vec<Micros> = (0..LONG_EVERY).map(window).collect();
	let mean = |sum: Carried| Bytes::of(sum).times(1.0 / f64::from(LONG_EVERY));
	let sum = |cost: fn(Micros, u32, u32) -> Carried| {
		let add = |sum: Carried, window: &Micros| sum.and(cost(*window, quota_kbps, quota_kbps));
		windows.iter().fold(Carried::default(), add)
	};
	[mean(sum(cost::load)), mean(sum(cost::talk)).and(Bytes::of(cost::requests()))]
}

/// Pings of one watcher of one provider in a day. One that comes after [`IDLE_CLOSE`] finds the connection closed.
fn watch_of_one(timing: &Timing) -> Bytes {
	let alarm_slot = timing.slot_millis.saturating_mul(timing.alarm_slots.into()).saturating_mul(MILLI);
	let rhythm = Rhythm::of(alarm_slot);
	let gaps = rhythm.gaps();
	let late = gaps.end.saturating_sub(IDLE_CLOSE.max(gaps.start)) as f64;
	let closed = late / gaps.end.saturating_sub(gaps.start) as f64;
	let rested = Bytes::of(cost::rest().on_line()).times(1.0 - closed);
	let ping =
		Bytes::of(cost::clock().on_line()).and(rested).and(Bytes::of(cost::connection()).times(closed));
	let pings = DAY_MILLIS * MILLI as f64 / rhythm.period() as f64;
	ping.times(pings)
}

/// Questions of one member of one test through its epoch. Each dials: it comes minutes after the one before.
fn liveness_of_one() -> Bytes {
	Bytes::of(cost::clock().on_line().and(cost::connection())).times(LIVENESS_PARTS.into())
}

/// Questions in an epoch of those who compare their clocks, at most: each asks others once.
fn clock_of_epoch() -> Bytes {
	let asked = cost::connection().and(cost::clock().on_line().times(CLOCK_QUESTIONS as u64));
	Bytes::of(asked.times(CLOCK_FELLOWS as u64))
}

/// What a provider's line carries.
pub fn provider(timing: &Timing, line: &Line) -> Day {
	let k = members(timing, line.claim_kbps);
	let quota_kbps = quota_kbps(line.claim_kbps, k);
	let every = if line.is_on_shared_prefix { 1 } else { timing.test_every };
	let epochs = epochs_a_day(timing);
	let parts = epochs / f64::from(every) * f64::from(k);
	let offered = f64::from(quota_kbps) * f64::from(k);
	let served = (f64::from(line.capacity_kbps) / offered).min(1.0);
	let [load, talk] = mean_test(timing, quota_kbps);
	Day {
		load: load.times(parts * served),
		talk: talk.times(parts),
		watch: watch_of_one(timing).times(WATCHERS.into()),
		liveness: liveness_of_one().times(parts),
		clock: clock_of_epoch().times(epochs),
	}
}

/// What the line of a seat carries that measures lines of this claim, none of them on a shared prefix. It has the mean
/// number of entries: the members of one committee for every provider that is tested.
pub fn member(timing: &Timing, claim_kbps: u32) -> Day {
	let epochs = epochs_a_day(timing);
	let entries = epochs * mean_entries(timing, claim_kbps);
	let [load, talk] = mean_test(timing, quota_kbps(claim_kbps, members(timing, claim_kbps)));
	let at_targets = Day {
		load: load.times(entries),
		talk: talk.times(entries),
		watch: watch_of_one(timing).times(WATCHERS.into()),
		liveness: liveness_of_one().times(entries),
		clock: clock_of_epoch().times(epochs),
	};
	at_targets.turned()
}

/// Entries of a seat in an epoch, in the mean.
fn mean_entries(timing: &Timing, claim_kbps: u32) -> f64 {
	f64::from(members(timing, claim_kbps)) / f64::from(timing.test_every)
}

fn prefix(is_shared: bool) -> &'static str {
	if is_shared {
		"shared"
	} else {
		"alone"
	}
}

/// Both directions in MB.
fn megabytes(Bytes { down, up }: Bytes) -> String {
	format!("{:.2} / {:.2}", down / 1e6, up / 1e6)
}

/// Both directions in percent.
fn percent(Bytes { down, up }: Bytes) -> String {
	format!("{:.4} / {:.4}", down * 100.0, up * 100.0)
}

const COLUMNS: [&str; 5] = ["load", "talk", "watch", "liveness", "clock"];

/// The tables. Each cell has down, then up.
pub fn text(timing: &Timing) -> String {
	let headings = |first: &[&str], last: &[&str]| -> Vec<String> {
		first.iter().chain(&COLUMNS).chain(last).map(ToString::to_string).collect()
	};
	let cells = |first: Vec<String>, day: &Day, last: Vec<String>| -> Vec<String> {
		first.into_iter().chain(day.columns().map(megabytes)).chain(last).collect()
	};
	let mut providers = Vec::new();
	for is_shared in [false, true] {
		for claim_kbps in CLAIMS_KBPS {
			let day = provider(timing, &Line::with_room(claim_kbps, is_shared));
			let exact = provider(timing, &Line::exact(claim_kbps, is_shared));
			let parts = [day, exact].map(|day| percent(day.total().parts(claim_kbps)));
			let first = vec![mbps(claim_kbps), prefix(is_shared).into()];
			providers.push(cells(first, &day, parts.into()));
		}
	}
	let seat = |claim_kbps: u32| {
		let day = member(timing, claim_kbps);
		let first = vec![mbps(claim_kbps), mean_entries(timing, claim_kbps).to_string()];
		cells(first, &day, vec![percent(day.total().parts(SEAT_KBPS))])
	};
	report::table(
		"## A provider's line: MB a day down / up, and percent of what it claims",
		&headings(
			&["claim, Mbps", "prefix"],
			&["%, with room for all that is offered", "%, exactly its claim"],
		),
		providers,
	) + &report::table(
		&format!(
			"## The line of a seat of {} Mbps: MB a day down / up, and percent of that uplink",
			mbps(SEAT_KBPS)
		),
		&headings(&["measures claims of, Mbps", "entries in an epoch"], &["%"]),
		MEASURED_KBPS.map(seat).into(),
	)
}

fn mbps(kbps: u32) -> String {
	(kbps / 1_000).to_string()
}

/// The bar for each claim that is paid, on lines with room, in the worse direction.
pub fn bars(timing: &Timing) -> Vec<Bar> {
	let bar = |claim_kbps: u32, is_shared: bool| {
		let Bytes { down, up } =
			provider(timing, &Line::with_room(claim_kbps, is_shared)).total().parts(claim_kbps);
		Bar {
			asks: format!("probe traffic, claim of {} Mbps, prefix {}", mbps(claim_kbps), prefix(is_shared)),
			limit: format!("<= {:.4} %", MOST * 100.0),
			found: format!("{} %", percent(Bytes { down, up })),
			met: down.max(up) <= MOST,
		}
	};
	let paid = || CLAIMS_KBPS.into_iter().filter(|claim_kbps| *claim_kbps >= PAID_FROM_KBPS);
	[false, true]
		.into_iter()
		.flat_map(|is_shared| paid().map(move |claim_kbps| (claim_kbps, is_shared)))
		.map(|(claim_kbps, is_shared)| bar(claim_kbps, is_shared))
		.collect()
}
