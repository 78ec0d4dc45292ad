//! What a measured line weighs. Research, economics, section 2.7.
//!
//! ```text
//! weight = min(measured, claim, what the bond covers, 250 Mbps) · a² · s · l · rel · cls
//! ```
//!
//! | factor | range | from |
//! |---|---|---|
//! | measured | kbps | lower quintile of the last [`TESTS`] tests, each the smaller of both directions ([`lower_quintile`]) |
//! | `a`, uptime | 0–1 | parts of the tested epochs in which the line was seen alive ([`seen_uptime`]), and recorded outages of the last [`UPTIME_EPOCHS`] epochs ([`recorded_uptime`]): the smaller one |
//! | `s`, steadiness | 0.05–1 | the same two sources: the share of a sixth of an epoch each (an hour on public networks) without a break |
//! | `l`, latency | 0.7–1.1 | 50 ms ÷ the median of the round-trip times of the last tests |
//! | `rel`, reliability | 0.9–1.25 | clean days and faults ([`Reliability`]) |
//! | `cls`, class | 0.5 or 1 | hosting or residential |
//!
//! Everything is rounded down, step by step, so that no input that gets better makes a line weigh less.

use super::units::{Ppm, Weight, MILLION};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Tests that a weight goes by.
pub const TESTS: usize = 8;
/// A lower quintile below this weighs nothing: idle lines do not earn. Kbps.
pub const LEAST_MEASURED_KBPS: u32 = 8_000;
/// What one line may weigh at most before its quality counts, kbps.
pub const NODE_CAP_KBPS: u32 = 250_000;
/// Parts of an epoch in each of which a target is asked whether it is alive.
pub const PARTS: u8 = 40;
/// Windows of an epoch, each of which is steady or has a break.
pub const WINDOWS: u8 = 6;
/// Epochs of which recorded outages count.
pub const UPTIME_EPOCHS: u32 = 28;
/// The least that breaks leave of a weight.
pub const LEAST_STEADINESS: Ppm = 50_000;
/// Round-trip time that neither raises nor lowers a weight, 10 µs.
pub const REFERENCE_RTT_10US: u32 = 5_000;
/// What the longest round-trip times leave of a weight.
pub const LEAST_LATENCY: Ppm = 700_000;
/// What the shortest round-trip times make of a weight.
pub const MOST_LATENCY: Ppm = 1_100_000;
/// Reliability of a line that nothing is known of.
pub const FIRST_RELIABILITY: Ppm = 1_000_000;
/// The lowest reliability.
pub const LEAST_RELIABILITY: Ppm = 900_000;
/// The highest reliability.
pub const MOST_RELIABILITY: Ppm = 1_250_000;
/// What a clean day adds to it.
pub const CLEAN_DAY: Ppm = 10_000;
/// What a fault takes from it.
pub const FAULT: Ppm = 100_000;
/// Class of a residential line.
pub const RESIDENTIAL: Ppm = 1_000_000;
/// Class of a line in a data centre.
pub const HOSTING: Ppm = 500_000;

/// A whole, in millionths.
const WHOLE: Ppm = 1_000_000;

/// What is known of a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Line {
	/// Lower quintile of its last tests, kbps.
	pub measured_kbps: u32,
	/// The smaller direction of its claim, kbps.
	pub claimed_kbps: u32,
	/// What its bond covers, kbps.
	pub covered_kbps: u32,
	/// Its uptime.
	pub uptime: Ppm,
	/// The share of windows without a break.
	pub steadiness: Ppm,
	/// Median of its round-trip times, 10 µs.
	pub rtt_10us: u32,
	/// Its reliability.
	pub reliability: Ppm,
	/// Whether it ends in a data centre.
	pub is_hosting: bool,
}

/// What a weight is made of.
#[derive(
	Clone, Copy, PartialEq, Eq, Default, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Factors {
	/// Capacity that counts, kbps.
	pub capacity_kbps: u32,
	/// Uptime; counts twice.
	pub uptime: Ppm,
	/// Steadiness.
	pub steadiness: Ppm,
	/// Latency.
	pub latency: Ppm,
	/// Reliability.
	pub reliability: Ppm,
	/// Class.
	pub class: Ppm,
}

impl Line {
	/// What its weight is made of, each factor within its range.
	pub fn factors(&self) -> Factors {
		let capacity = if self.measured_kbps < LEAST_MEASURED_KBPS {
			0
		} else {
			self.measured_kbps.min(self.claimed_kbps).min(self.covered_kbps).min(NODE_CAP_KBPS)
		};
		Factors {
			capacity_kbps: capacity,
			uptime: self.uptime.min(WHOLE),
			steadiness: self.steadiness.clamp(LEAST_STEADINESS, WHOLE),
			latency: latency(self.rtt_10us),
			reliability: self.reliability.clamp(LEAST_RELIABILITY, MOST_RELIABILITY),
			class: if self.is_hosting { HOSTING } else { RESIDENTIAL },
		}
	}

	/// What it weighs.
	pub fn weight(&self) -> Weight {
		self.factors().weight()
	}
}

impl Factors {
	/// The product, rounded down.
	pub fn weight(&self) -> Weight {
		let factors = [self.uptime, self.uptime, self.steadiness, self.latency, self.reliability, self.class];
		// In millionths of a kbps between, at most 10²¹ times a factor of at most 10⁷.
		let fine = u128::from(self.capacity_kbps).saturating_mul(MILLION);
		let product = factors.into_iter().fold(fine, |product, factor| {
			product.saturating_mul(factor.into()).checked_div(MILLION).unwrap_or_default()
		});
		// No factor is above 1.25, and the capacity is a `u32`.
		Weight::try_from(product.checked_div(MILLION).unwrap_or_default()).unwrap_or(Weight::MAX)
	}
}

/// `clamp(50 ms ÷ rtt, 0.7, 1.1)`.
pub fn latency(rtt_10us: u32) -> Ppm {
	let share = u64::from(REFERENCE_RTT_10US)
		.saturating_mul(WHOLE.into())
		.checked_div(rtt_10us.into())
		.and_then(|share| Ppm::try_from(share).ok());
	share.unwrap_or(MOST_LATENCY).clamp(LEAST_LATENCY, MOST_LATENCY)
}

/// The last [`TESTS`] of the values in rising order, and how many there are.
fn sorted(values: &[u32]) -> ([u32; TESTS], usize) {
	let mut sorted = [u32::MAX; TESTS];
	let last = values.iter().rev().take(TESTS);
	let count = sorted.iter_mut().zip(last).map(|(place, value)| *place = *value).count();
	// What is not filled stays at the end.
	sorted.sort_unstable();
	(sorted, count)
}

/// Of the last [`TESTS`] estimates the one that at least a fifth of them do not exceed (nearest rank: the smallest of up
/// to five, the second smallest of six to eight). None without any.
pub fn lower_quintile(estimates_kbps: &[u32]) -> Option<u32> {
	let (sorted, count) = sorted(estimates_kbps);
	let rank = count.checked_sub(1)?.checked_div(5)?;
	sorted.get(rank).copied()
}

/// The upper median of the last [`TESTS`] values; none without any.
pub fn upper_median(values: &[u32]) -> Option<u32> {
	let (sorted, count) = sorted(values);
	sorted.get(..count)?.get(count / 2).copied()
}

/// Uptime and steadiness by the parts of tested epochs in which a line was seen alive, one number per test. How many
/// parts were missed is known, not which: each counts as a break in another window, until all have one. Without a test
/// nothing was missed.
pub fn seen_uptime(alive_parts: &[u8]) -> (Ppm, Ppm) {
	let tests = u32::try_from(alive_parts.len()).unwrap_or(u32::MAX);
	let sum =
		|of: fn(u8) -> u8| alive_parts.iter().map(|alive| u32::from(of(*alive))).fold(0, u32::saturating_add);
	let alive = sum(|alive| alive.min(PARTS));
	let broken = sum(|alive| PARTS.saturating_sub(alive).min(WINDOWS));
	let windows = tests.saturating_mul(WINDOWS.into());
	(
		share(alive.into(), tests.saturating_mul(PARTS.into()).into()),
		share(windows.saturating_sub(broken).into(), windows.into()),
	)
}

/// Uptime and steadiness by recorded outages, each the numbers of its first slot and of the slot in which it ended, in
/// the last [`UPTIME_EPOCHS`] epochs before the slot `now`. An outage breaks every window it reaches into. Outages of one
/// line do not overlap; if they did, each would count.
pub fn recorded_uptime(outages: &[(u64, u64)], now: u64, epoch_slots: u32) -> (Ppm, Ppm) {
	let span = u64::from(epoch_slots).saturating_mul(UPTIME_EPOCHS.into());
	let window = u64::from(epoch_slots).checked_div(WINDOWS.into()).unwrap_or(0).max(1);
	let first = now.saturating_sub(span);
	let (mut down, mut broken) = (0u64, 0u64);
	for (from, until) in outages {
		let (from, until) = ((*from).max(first), (*until).min(now));
		if until < from || (until == from && until == first) {
			continue;
		}
		down = down.saturating_add(until.saturating_sub(from));
		let place = |slot: u64| slot.checked_div(window).unwrap_or(0);
		let reached = place(until).saturating_sub(place(from)).saturating_add(1);
		broken = broken.saturating_add(reached);
	}
	let windows = span.checked_div(window).unwrap_or(0);
	(share(span.saturating_sub(down), span), share(windows.saturating_sub(broken), windows))
}

/// A whole if there is nothing to share.
fn share(part: u64, whole: u64) -> Ppm {
	part.saturating_mul(WHOLE.into())
		.checked_div(whole)
		.and_then(|share| Ppm::try_from(share).ok())
		.unwrap_or(WHOLE)
		.min(WHOLE)
}

/// How reliable a line was: grows by [`CLEAN_DAY`] per clean day, falls by [`FAULT`] per fault.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Reliability {
	/// As of `at`.
	pub ppm: Ppm,
	/// The epoch up to which clean time is counted. One to come: no time counts until then.
	pub at: u32,
}

impl Reliability {
	/// Of a line of which nothing is known, whose clean time counts from `at` on.
	pub const fn new(at: u32) -> Self {
		Self { ppm: FIRST_RELIABILITY, at }
	}

	/// With the time until `now` counted as clean, but no more than `most_epochs`: time in which nobody measured is
	/// neither clean nor not.
	pub fn clean(self, now: u32, most_epochs: u32, epochs_per_day: u32) -> Self {
		let passed = now.saturating_sub(self.at).min(most_epochs);
		let gain = u64::from(passed)
			.saturating_mul(CLEAN_DAY.into())
			.checked_div(epochs_per_day.into())
			.and_then(|gain| Ppm::try_from(gain).ok())
			.unwrap_or_default();
		Self { ppm: self.ppm.saturating_add(gain).min(MOST_RELIABILITY), at: self.at.max(now) }
	}

	/// With a fault found in `now`. The time before it is not clean.
	pub fn fault(self, now: u32) -> Self {
		Self { ppm: self.ppm.saturating_sub(FAULT).max(LEAST_RELIABILITY), at: self.at.max(now) }
	}

	/// With what a fault took given back.
	pub fn forgiven(self, taken: Ppm) -> Self {
		Self { ppm: self.ppm.saturating_add(taken).min(MOST_RELIABILITY), ..self }
	}

	/// With no time counted until `now`, which was not clean.
	pub fn wait(self, now: u32) -> Self {
		Self { at: self.at.max(now), ..self }
	}

	/// The least there is, after a proven fraud.
	pub fn lowest(self, now: u32) -> Self {
		Self { ppm: LEAST_RELIABILITY, at: self.at.max(now) }
	}
}
