//! How often a watcher asks, how long it waits, and how many answers or their absence it takes for a word.

use crate::{Micros, MILLI};
use std::ops::Range;

/// Consecutive pings that must be lost.
const LOST: u32 = 3;
/// Consecutive pings that must be answered.
const ANSWERED: u32 = 2;
/// Bounds of the patience with one ping. The upper one is that of every request on the control plane.
const PATIENCE: (Micros, Micros) = (2_000 * MILLI, 5_000 * MILLI);

/// Times that follow from the length of an alarm slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rhythm {
	alarm_slot: Micros,
}

impl Rhythm {
	/// For alarm slots of this length; none is shorter than ten seconds.
	pub fn of(alarm_slot: Micros) -> Self {
		Self { alarm_slot: alarm_slot.max(10_000 * MILLI) }
	}

	/// The alarm slot.
	pub const fn alarm_slot(&self) -> Micros {
		self.alarm_slot
	}

	/// Between two pings of a provider that answers.
	pub const fn period(&self) -> Micros {
		self.alarm_slot / 10
	}

	/// Bounds of the time from one ping of a provider that answers to the next, which is drawn evenly.
	pub const fn gaps(&self) -> Range<Micros> {
		spread(self.period())
	}

	/// A ping without an answer by then is lost.
	pub fn patience(&self) -> Micros {
		let (least, most) = PATIENCE;
		(self.alarm_slot / 8).clamp(least, most)
	}

	/// Between two pings of a provider of which nothing is certain.
	pub(super) const fn hurried(&self) -> Micros {
		self.period() / 2
	}

	/// What was found longer ago than this says nothing of now.
	pub(super) fn stale(&self) -> Micros {
		self.period().saturating_add(self.patience()).saturating_mul(2)
	}

	/// Whether so many pings were lost, over at least a quarter of an alarm slot.
	pub(super) fn is_down(&self, losses: &Losses) -> bool {
		losses.count >= LOST && losses.last.saturating_sub(losses.since) >= self.alarm_slot / 4
	}
}

/// ±20 %, so that watchers do not ask in step.
pub(super) const fn spread(every: Micros) -> Range<Micros> {
	every.saturating_sub(every / 5)..every.saturating_add(every / 5)
}

/// Consecutive pings lost while this line worked.
#[derive(Clone, Copy, Default)]
pub(super) struct Losses {
	count: u32,
	/// When the first of them was sent.
	since: Micros,
	/// When the last of them was given up.
	pub(super) last: Micros,
}

impl Losses {
	pub(super) fn count_one(&mut self, sent: Micros, now: Micros) {
		if self.count == 0 {
			self.since = sent;
		}
		self.count = self.count.saturating_add(1);
		self.last = now;
	}
}

/// Consecutive pings answered.
#[derive(Clone, Copy, Default)]
pub(super) struct Answers {
	pub(super) count: u32,
	/// When the last of them was.
	pub(super) last: Micros,
}

impl Answers {
	pub(super) fn count_one(&mut self, now: Micros) {
		self.count = self.count.saturating_add(1);
		self.last = now;
	}

	pub(super) fn are_enough(&self) -> bool {
		self.count >= ANSWERED
	}
}
