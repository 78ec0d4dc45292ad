//! How much may move between two payments: a window lasts about two round trips, so that the voucher for one half of it
//! arrives while the other half moves.

use crate::{Micros, MILLI};

/// The smallest window.
pub const LEAST_BYTES: u64 = 4 << 20;
/// The largest window.
pub const MOST_BYTES: u64 = 64 << 20;
/// Round trip to a side that was not asked yet.
pub const START_ROUND_TRIP: Micros = 100 * MILLI;

/// Beside the round trip: a voucher has to be signed, sent and stored on two disks, TCP may have to repeat it, and the
/// control plane takes eight requests a second from one prefix.
const HANDLING: Micros = 250 * MILLI;
/// Longer round trips are no line's.
const MOST_ROUND_TRIP: Micros = 2_000 * MILLI;
/// Bytes are counted for this long before they say something about the rate. TCP may double it with each round trip.
const SLICE: Micros = 25 * MILLI;
/// How fast an old rate is forgotten.
const MEMORY: Micros = 1_000 * MILLI;
const SECOND: Micros = 1_000 * MILLI;

/// clamp(2 · rate · (round trip + handling), 4 MiB, 64 MiB).
pub fn window_bytes(rate: u64, round_trip: Micros) -> u64 {
	let lasts = round_trip.min(MOST_ROUND_TRIP).saturating_add(HANDLING);
	// Saturating: the largest window is far below.
	(rate.saturating_mul(2).saturating_mul(lasts) / SECOND).clamp(LEAST_BYTES, MOST_BYTES)
}

/// What moves per second. It follows a rise at once, for a window has to be there before it is used, and a fall slowly.
#[derive(Clone, Debug)]
pub(crate) struct Meter {
	rate: u64,
	since: Micros,
	bytes: u64,
}

impl Meter {
	/// A meter that has seen nothing.
	pub(crate) fn new(now: Micros) -> Self {
		Self { rate: 0, since: now, bytes: 0 }
	}

	/// Bytes per second.
	pub(crate) fn rate(&self) -> u64 {
		self.rate
	}

	/// Counts what moved; whether the rate is another now.
	pub(crate) fn count(&mut self, now: Micros, bytes: u64) -> bool {
		self.bytes = self.bytes.saturating_add(bytes);
		let lasted = now.saturating_sub(self.since);
		if lasted < SLICE {
			return false;
		}
		let sample = self.bytes.saturating_mul(SECOND).checked_div(lasted).unwrap_or(0);
		let fall = u128::from(self.rate.saturating_sub(sample)).saturating_mul(lasted.into());
		let fall = fall.checked_div(u128::from(lasted.saturating_add(MEMORY))).unwrap_or(0);
		// It fits: no more than the rate.
		let fallen = self.rate.saturating_sub(u64::try_from(fall).unwrap_or(u64::MAX));
		*self = Self { rate: fallen.max(sample), since: now, bytes: 0 };
		true
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn window_should_last_two_round_trips_within_its_bounds() {
		assert_eq!(window_bytes(0, 0), LEAST_BYTES);
		assert_eq!(window_bytes(u64::MAX, Micros::MAX), MOST_BYTES);
		// 20 MB/s for 2 · (50 + 250) ms.
		assert_eq!(window_bytes(20_000_000, 50 * MILLI), 12_000_000);
		// A side cannot make the window longer by answering late without end.
		assert_eq!(window_bytes(10_000_000, 2 * SECOND), window_bytes(10_000_000, 60 * SECOND));
	}

	#[test]
	fn meter_should_say_the_rate_of_a_steady_line() {
		let mut meter = Meter::new(0);
		for now in (1_000..=3_000_000).step_by(1_000) {
			meter.count(now, 1_250);
		}
		assert_eq!(meter.rate(), 1_250_000);
	}

	#[test]
	fn meter_should_follow_a_rise_at_once_and_a_fall_slowly() {
		let mut meter = Meter::new(0);
		assert!(!meter.count(SLICE - 1, 50_000));
		assert!(meter.count(SLICE, 50_000));
		assert_eq!(meter.rate(), 4_000_000);
		assert!(meter.count(2 * SLICE, 400_000));
		assert_eq!(meter.rate(), 16_000_000);
		assert!(meter.count(3 * SLICE, 0));
		assert!((15_500_000..15_700_000).contains(&meter.rate()), "{}", meter.rate());
		assert!(meter.count(3 * SLICE + 10 * SECOND, 0));
		assert!(meter.rate() < 1_500_000, "{}", meter.rate());
	}

	#[test]
	fn meter_should_keep_its_rate_when_the_clock_goes_back() {
		let mut meter = Meter::new(SECOND);
		assert!(!meter.count(0, 1_000_000));
		assert_eq!(meter.rate(), 0);
	}
}
