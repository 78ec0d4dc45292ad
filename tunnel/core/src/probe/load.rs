//! The load over time: a ramp of 0.25 s in three steps, then the window.
//!
//! The full load is sent from T0 − s − lead − 25 ms, so that it has reached the target when the first receipt of the
//! window begins, a lead before T0; and for 50 ms beyond the window's end, so that its last receipt is not short.

use super::{Config, SETTLE_AFTER};
use crate::{cadence::Cadence, second_start, Micros, MILLI, PHASE_GAP, RAMP};

/// 10 % until here, counted from the phase's first packet.
const HALF_FROM: Micros = 50 * MILLI;
/// 50 % until here, the full load from here.
const FULL_FROM: Micros = RAMP.saturating_sub(50 * MILLI);
/// The full load is ahead of what counts by this much.
const AHEAD: Micros = 25 * MILLI;
/// The load goes on for this long after the window.
const TAIL: Micros = 50 * MILLI;
/// Phase U counts from this long before its window: its rate comes from echoes and needs no beat.
const UP_LEAD: Micros = 25 * MILLI;
/// Between two pings of the half step.
const PING_EVERY: Micros = 30 * MILLI;

/// Pings of a half step.
pub(super) const PINGS: u64 = FULL_FROM.saturating_sub(HALF_FROM).div_ceil(PING_EVERY);

/// What the loads of phases D and U are worth in a test that offers `down_kbps` in phase D, as time at the full load: the
/// ramp, what is ahead of the window, the window and the tail.
pub fn load_times(window: Micros, down_kbps: u32) -> [Micros; 2] {
	let ramp = (HALF_FROM / 10).saturating_add(FULL_FROM.saturating_sub(HALF_FROM) / 2);
	let around = ramp.saturating_add(AHEAD).saturating_add(TAIL);
	[Cadence::down(down_kbps).lead(), UP_LEAD].map(|lead| window.saturating_add(around).saturating_add(lead))
}

/// For how long receipts and countersignatures keep the rhythms of phases D and U: from the first packet to the middle
/// of the gap between the windows, and from there until the counts are settled.
pub fn rhythm_times(window: Micros, down_kbps: u32) -> [Micros; 2] {
	let half = window.saturating_add(PHASE_GAP / 2);
	let before = Cadence::down(down_kbps).lead().saturating_add(AHEAD).saturating_add(FULL_FROM);
	[half.saturating_add(before), half.saturating_add(SETTLE_AFTER)]
}

/// How much of the load is due.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
	/// Before the first or after the last packet.
	Silent,
	/// 10 %.
	Tenth,
	/// 50 %, with pings.
	Half,
	/// 100 %, or 50 % where queues grew.
	Full,
}

/// When a phase of a test sends and counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
	/// First packet.
	pub(super) first: Micros,
	/// Last packet.
	pub(super) last: Micros,
	/// Start of the window at the attestor.
	pub(super) from: Micros,
	/// End of the window at the attestor.
	pub(super) until: Micros,
}

impl Schedule {
	/// For a window of `length` that starts at `start` for the target, `shift` away from the attestor, and that counts
	/// what arrives there from `lead` before it on.
	pub(super) fn new(start: Micros, length: Micros, shift: Micros, lead: Micros) -> Self {
		let sent = start.saturating_sub(shift);
		Self {
			first: sent.saturating_sub(lead).saturating_sub(AHEAD).saturating_sub(FULL_FROM),
			last: sent.saturating_add(length).saturating_add(TAIL),
			from: start.saturating_add(shift),
			until: start.saturating_add(shift).saturating_add(length),
		}
	}

	/// The step due at `now`.
	pub(super) fn step(&self, now: Micros) -> Step {
		match now.checked_sub(self.first) {
			_ if now >= self.last => Step::Silent,
			None => Step::Silent,
			Some(since) if since < HALF_FROM => Step::Tenth,
			Some(since) if since < FULL_FROM => Step::Half,
			Some(_) => Step::Full,
		}
	}

	/// When the step after the one at `now` begins.
	pub(super) fn next_change(&self, now: Micros) -> Option<Micros> {
		[self.first, self.first.saturating_add(HALF_FROM), self.first.saturating_add(FULL_FROM), self.last]
			.into_iter()
			.find(|at| *at > now)
	}

	/// When the `number`-th ping of the half step is due; none once it would leave the step.
	pub(super) fn ping_at(&self, number: u32) -> Option<Micros> {
		let since = HALF_FROM.saturating_add(PING_EVERY.saturating_mul(number.into()));
		(since < FULL_FROM).then(|| self.first.saturating_add(since))
	}

	/// Whether an acknowledgement at `now` counts.
	pub(super) fn counts(&self, now: Micros) -> bool {
		(self.from..self.until).contains(&now)
	}
}

/// One phase of a test.
pub(super) struct Phase {
	pub(super) schedule: Schedule,
	pub(super) kbps: u32,
	pub(super) limited: bool,
	/// Pings of the half step sent so far.
	pub(super) pings: u32,
	/// Those whose answer was late.
	pub(super) delayed: u32,
	/// Sequence numbers sent at the half step.
	pub(super) half: std::ops::Range<u32>,
	/// First sequence number after the ramp, once it is over: what the ramp brought does not count, whenever it is
	/// acknowledged. Held back until the window, it was up to a tenth more than the line carries.
	pub(super) counts_from: Option<u32>,
	pub(super) cadence: Cadence,
	pub(super) bytes: u64,
}

impl Phase {
	/// Phases D and U of a test whose target is `shift` away.
	pub(super) fn both(config: &Config, shift: Micros) -> [Self; 2] {
		let Config { start, window, down_kbps, up_kbps, .. } = *config;
		let phase = |start, kbps, cadence, lead| Self {
			schedule: Schedule::new(start, window, shift, lead),
			kbps,
			limited: false,
			pings: 0,
			delayed: 0,
			half: 0..0,
			counts_from: None,
			cadence,
			bytes: 0,
		};
		let (down, up) = (Cadence::down(down_kbps), Cadence::up(up_kbps));
		[phase(start, down_kbps, down, down.lead()), phase(second_start(start, window), up_kbps, up, UP_LEAD)]
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn schedule_should_reach_the_target_with_full_load_when_its_window_starts() {
		let phase = Schedule::new(10_000_000, 3_000_000, 20_000, 25_000);
		assert_eq!(phase.first, 10_000_000 - 20_000 - 250_000);
		assert_eq!(phase.step(phase.first - 1), Step::Silent);
		assert_eq!(phase.step(phase.first), Step::Tenth);
		assert_eq!(phase.step(phase.first + 50_000), Step::Half);
		assert_eq!(phase.step(phase.first + 200_000), Step::Full);
		// 50 ms before the window, so that receipts of that time already show the full load.
		assert_eq!(phase.step(10_000_000 - 20_000 - 50_000), Step::Full);
		assert_eq!(phase.step(phase.last), Step::Silent);
		assert_eq!((phase.from, phase.until), (10_020_000, 13_020_000));
	}

	#[test]
	fn load_times_should_be_what_the_steps_add_up_to() {
		for (window, down_kbps) in [(3_000_000, 100), (3_000_000, 500), (20_000_000, 10_000)] {
			let leads = [Cadence::down(down_kbps).lead(), UP_LEAD];
			for (lead, time) in leads.into_iter().zip(load_times(window, down_kbps)) {
				let phase = Schedule::new(10_000_000, window, 20_000, lead);
				let worth = |now| match phase.step(now) {
					Step::Silent => 0,
					Step::Tenth => MILLI / 10,
					Step::Half => MILLI / 2,
					Step::Full => MILLI,
				};
				assert_eq!((0..40_000).map(|millis| worth(millis * MILLI)).sum::<Micros>(), time);
			}
		}
	}

	#[test]
	fn full_load_should_begin_earlier_when_receipts_are_rarer() {
		let (often, rarely) = (
			Schedule::new(10_000_000, 3_000_000, 0, 25_000),
			Schedule::new(10_000_000, 3_000_000, 0, 125_000),
		);
		assert_eq!(often.first - rarely.first, 100_000);
		assert_eq!((often.from, often.until, often.last), (rarely.from, rarely.until, rarely.last));
		assert_eq!(rarely.step(10_000_000 - 150_000), Step::Full);
	}

	#[test]
	fn pings_should_stay_in_the_half_step() {
		let phase = Schedule::new(10_000_000, 3_000_000, 0, 25_000);
		let pings: Vec<_> = (0..20).map_while(|number| phase.ping_at(number)).collect();
		assert_eq!((pings.len(), PINGS), (5, 5));
		assert!(pings.iter().all(|at| phase.step(*at) == Step::Half));
	}
}
