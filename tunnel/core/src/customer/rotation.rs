//! When the hops before the exit are replaced: after some time, after some bytes, or both.

use crate::Micros;

/// A way that could not be replaced is tried again after this long, and after twice as long each time, up to the hour.
const RETRY: Micros = 60_000_000;
const LAST_RETRY: Micros = 3_600_000_000;
/// Spread of the time, in parts of it either way: a customer that changes by the clock is known by its clock.
const SPREAD_PART: u64 = 5;

/// What was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Wish {
	/// After this long, give or take a fifth.
	pub every: Option<Micros>,
	/// After so many inner bytes of the exit, both ways.
	pub bytes: Option<u64>,
}

impl Wish {
	/// Whether anything was.
	pub fn is_any(&self) -> bool {
		self.every.is_some() || self.bytes.is_some()
	}
}

/// When it is time.
#[derive(Clone, Debug)]
pub struct Rotation {
	wish: Wish,
	due: Option<Micros>,
	due_bytes: Option<u64>,
	failed: u32,
	/// After a failure, not before this.
	not_before: Micros,
}

impl Rotation {
	/// From `now` on; the exit has carried `bytes` so far. `chance` spreads the time, from 0 to `u32::MAX`.
	pub fn new(wish: Wish, now: Micros, bytes: u64, chance: u32) -> Self {
		let mut rotation = Self { wish, due: None, due_bytes: None, failed: 0, not_before: 0 };
		rotation.rotated(now, bytes, chance);
		rotation
	}

	/// Whether the way is to be replaced now.
	pub fn is_due(&self, now: Micros, bytes: u64) -> bool {
		let is_over =
			self.due.is_some_and(|due| now >= due) || self.due_bytes.is_some_and(|due| bytes >= due);
		is_over && now >= self.not_before
	}

	/// It was: the next one is counted from now.
	pub fn rotated(&mut self, now: Micros, bytes: u64, chance: u32) {
		self.due = self.wish.every.map(|every| {
			let spread = every / SPREAD_PART;
			let part =
				u128::from(spread).saturating_mul(2).saturating_mul(chance.into()) / u128::from(u32::MAX);
			let after = every.saturating_sub(spread).saturating_add(u64::try_from(part).unwrap_or(spread));
			now.saturating_add(after)
		});
		self.due_bytes = self.wish.bytes.map(|more| bytes.saturating_add(more));
		(self.failed, self.not_before) = (0, 0);
	}

	/// Nobody else could be taken; the way stays as it is for now.
	pub fn failed(&mut self, now: Micros) {
		let wait = RETRY.saturating_mul(1 << self.failed.min(6)).min(LAST_RETRY);
		self.not_before = now.saturating_add(wait);
		self.failed = self.failed.saturating_add(1);
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const MINUTE: Micros = 60_000_000;

	#[test]
	fn rotation_should_be_due_after_the_time_give_or_take_a_fifth() {
		let wish = Wish { every: Some(10 * MINUTE), bytes: None };
		for (chance, after) in [(0, 8), (u32::MAX / 2, 10), (u32::MAX, 12)] {
			let rotation = Rotation::new(wish, 1_000, 0, chance);
			assert!(!rotation.is_due(1_000 + after * MINUTE - MINUTE / 100, u64::MAX), "{after}");
			assert!(rotation.is_due(1_000 + after * MINUTE, 0), "{after}");
		}
	}

	#[test]
	fn rotation_should_be_due_after_the_bytes_and_count_anew() {
		let mut rotation = Rotation::new(Wish { every: None, bytes: Some(1_000) }, 0, 500, 0);
		assert!(!rotation.is_due(u64::MAX, 1_499) && rotation.is_due(0, 1_500));
		rotation.rotated(5, 1_700, 0);
		assert!(!rotation.is_due(6, 2_699) && rotation.is_due(6, 2_700));
		let never = Rotation::new(Wish::default(), 0, 0, 0);
		assert!(!never.is_due(u64::MAX, u64::MAX) && !Wish::default().is_any());
	}

	#[test]
	fn failed_rotation_should_be_tried_less_and_less_often() {
		let mut rotation = Rotation::new(Wish { every: None, bytes: Some(1) }, 0, 0, 0);
		let mut now = 0;
		for minutes in [1, 2, 4, 8, 16, 32, 60, 60] {
			assert!(rotation.is_due(now, 1));
			rotation.failed(now);
			assert!(!rotation.is_due(now + minutes * MINUTE - 1, 1), "{minutes}");
			now += minutes * MINUTE;
		}
		rotation.rotated(now, 1, 0);
		assert!(rotation.is_due(now, 2), "a success forgets the failures");
	}
}
