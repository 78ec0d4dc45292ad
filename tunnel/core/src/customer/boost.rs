//! What is paid for more speed: the boost class of the channel to the exit, within a budget.
//!
//! Too slow is a line on which something is going on and which stays below what is needed for half a minute. Nobody
//! can tell from outside whether more was wanted, so an eighth of the need counts as something going on. A class is
//! fixed when its channel is opened: each step is another channel, and whoever drives this opens it and moves over.

use crate::Micros;
use weir_primitives::economy::Credits;

/// Per cent of the provider's price; the first one is no boost.
pub const CLASSES: [u16; 4] = [100, 150, 200, 300];
/// Too slow for so long, and the next class is tried.
const SLOW: Micros = 30_000_000;
/// In a raised class for so long, and the one below is tried again; twice as long each time that was too little, up to
/// [`LAST_CALM`].
const CALM: Micros = 600_000_000;
const LAST_CALM: Micros = 8 * CALM;
/// A class shows what it is worth in so long.
const TRIAL: Micros = 60_000_000;
/// It is worth it if the rate has grown by one part in so many.
const GAIN_PART: u64 = 10;
/// What is not worth it is left alone for so long.
const USELESS: Micros = 3_600_000_000;
/// Nothing going on for so long, and nothing is paid for.
const IDLE: Micros = 300_000_000;
/// One part in so many of the need counts as something going on.
const BUSY_PART: u64 = 8;

/// What was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wish {
	/// Both ways together, bits per second.
	pub need_bits_per_second: u64,
	/// Credits that boosts may cost, beyond the price without one.
	pub budget: Credits,
}

/// What of `spent` credits in a class is paid for the class.
pub fn extra(spent: Credits, class: u16) -> Credits {
	let class = Credits::from(class.max(1));
	spent.saturating_mul(class.saturating_sub(100)).checked_div(class).unwrap_or(0)
}

/// The class to pay for.
#[derive(Clone, Debug)]
pub struct Boost {
	wish: Wish,
	/// Position in [`CLASSES`].
	step: usize,
	/// Extra credits of channels before this one.
	spent_before: Credits,
	/// Too slow since.
	slow_since: Option<Micros>,
	/// Nothing going on since.
	idle_since: Option<Micros>,
	/// In this class since.
	since: Micros,
	/// How long to stay before the class below is tried.
	calm: Micros,
	/// The rate before the class was raised, until the trial is over.
	trial: Option<u64>,
	/// The highest rate in this class.
	best: u64,
	/// When a lower class was last taken.
	lowered_at: Option<Micros>,
	/// No raise before this.
	not_before: Micros,
	/// No move at all before this.
	held_until: Micros,
	/// The budget is used up.
	is_spent: bool,
}

impl Boost {
	/// Without a boost, from `now` on.
	pub fn new(wish: Wish, now: Micros) -> Self {
		Self {
			wish,
			step: 0,
			spent_before: 0,
			slow_since: None,
			idle_since: None,
			since: now,
			calm: CALM,
			trial: None,
			best: 0,
			lowered_at: None,
			not_before: 0,
			held_until: 0,
			is_spent: false,
		}
	}

	/// The class that is paid for.
	pub fn class(&self) -> u16 {
		CLASSES.get(self.step).copied().unwrap_or(100)
	}

	/// Whether the budget is used up.
	pub fn is_spent(&self) -> bool {
		self.is_spent
	}

	/// What boosts have cost, with `spent` credits in this class.
	pub fn cost(&self, spent: Credits) -> Credits {
		self.spent_before.saturating_add(extra(spent, self.class()))
	}

	/// What was measured just now, with the `spent` credits of this class; the class to move to, if that is another one. Tell
	/// [`Self::moved`] when it is done, or [`Self::stayed`] when it could not be.
	pub fn measured(&mut self, now: Micros, bits_per_second: u64, spent: Credits) -> Option<u16> {
		let need = self.wish.need_bits_per_second;
		let is_busy = bits_per_second >= (need / BUSY_PART).max(1);
		self.best = self.best.max(bits_per_second);
		let since = |was: Option<Micros>, is: bool| is.then(|| was.unwrap_or(now));
		self.slow_since = since(self.slow_since, is_busy && bits_per_second < need);
		self.idle_since = since(self.idle_since, !is_busy);
		let has_been =
			|since: Option<Micros>, long: Micros| since.is_some_and(|at| now.saturating_sub(at) >= long);
		if now < self.held_until {
			return None;
		}
		if self.step > 0 {
			if self.cost(spent) >= self.wish.budget {
				self.is_spent = true;
				return Some(100);
			}
			if has_been(self.idle_since, IDLE) {
				return Some(100);
			}
			// Nobody can judge a class in which nothing was wanted.
			let is_over = now.saturating_sub(self.since) >= TRIAL && self.best >= need / BUSY_PART;
			if let Some(before) = self.trial.filter(|_| is_over) {
				self.trial = None;
				let least = before.saturating_add(before / GAIN_PART);
				if self.best < least.min(need) {
					self.not_before = now.saturating_add(USELESS);
					return self.below();
				}
			}
			if now.saturating_sub(self.since) >= self.calm && bits_per_second >= need {
				return self.below();
			}
		}
		let may_raise = !self.is_spent && now >= self.not_before && self.trial.is_none();
		(may_raise && has_been(self.slow_since, SLOW)).then(|| self.above()).flatten()
	}

	fn above(&self) -> Option<u16> {
		CLASSES.get(self.step.saturating_add(1)).copied()
	}

	fn below(&self) -> Option<u16> {
		self.step.checked_sub(1).and_then(|step| CLASSES.get(step)).copied()
	}

	/// The class is `class` now; `spent` credits were spent in the one before, and `bits_per_second` were measured there.
	pub fn moved(&mut self, now: Micros, class: u16, spent: Credits, bits_per_second: u64) {
		self.spent_before = self.cost(spent);
		let step = CLASSES.iter().position(|one| *one == class).unwrap_or(0);
		let is_raise = step > self.step;
		if is_raise {
			// The class below had its time to show that it is enough, and was not.
			let was_too_little = self.lowered_at.is_some_and(|at| now.saturating_sub(at) < CALM);
			self.calm = if was_too_little { self.calm.saturating_mul(2).min(LAST_CALM) } else { CALM };
		} else {
			self.lowered_at = Some(now);
		}
		self.trial = is_raise.then_some(bits_per_second);
		(self.step, self.since, self.best) = (step, now, 0);
		(self.slow_since, self.idle_since) = (None, None);
	}

	/// It could not be moved: not again for a while.
	pub fn stayed(&mut self, now: Micros) {
		self.held_until = now.saturating_add(CALM);
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const SECOND: Micros = 1_000_000;
	const WISH: Wish = Wish { need_bits_per_second: 80_000_000, budget: 100_000 };

	/// Measures every second until a move or for `seconds`; what it moves to, and when.
	fn run(boost: &mut Boost, now: &mut Micros, seconds: u64, rate: u64, spent: Credits) -> Option<u16> {
		for _ in 0..seconds {
			*now += SECOND;
			if let Some(class) = boost.measured(*now, rate, spent) {
				boost.moved(*now, class, spent, rate);
				return Some(class);
			}
		}
		None
	}

	fn boost() -> (Boost, Micros) {
		(Boost::new(WISH, SECOND), SECOND)
	}

	#[test]
	fn boost_should_rise_when_the_line_is_too_slow_for_half_a_minute() {
		let (mut boost, mut now) = boost();
		assert_eq!(run(&mut boost, &mut now, 29, 40_000_000, 0), None);
		// A good second begins anew.
		assert_eq!(run(&mut boost, &mut now, 1, 90_000_000, 0), None);
		assert_eq!(run(&mut boost, &mut now, 30, 40_000_000, 0), None);
		assert_eq!(run(&mut boost, &mut now, 1, 40_000_000, 0), Some(150));
		// It helped, and is not enough yet.
		assert_eq!(run(&mut boost, &mut now, 59, 60_000_000, 0), None);
		assert_eq!(run(&mut boost, &mut now, 1, 60_000_000, 0), Some(200));
		assert_eq!(run(&mut boost, &mut now, 100, 70_000_000, 0), Some(300));
		assert_eq!(run(&mut boost, &mut now, 500, 79_000_000, 0), None, "there is no higher one");
	}

	#[test]
	fn boost_should_not_rise_when_nothing_is_going_on() {
		let (mut boost, mut now) = boost();
		assert_eq!(run(&mut boost, &mut now, 1_000, 9_000_000, 0), None);
		assert_eq!(run(&mut boost, &mut now, 1_000, 0, 0), None);
	}

	#[test]
	fn boost_should_go_back_and_leave_it_when_it_is_worth_nothing() {
		let (mut boost, mut now) = boost();
		assert_eq!(run(&mut boost, &mut now, 40, 40_000_000, 0), Some(150));
		assert_eq!(run(&mut boost, &mut now, 61, 42_000_000, 0), Some(100));
		assert_eq!(run(&mut boost, &mut now, 3_500, 40_000_000, 0), None, "for an hour");
		assert_eq!(run(&mut boost, &mut now, 200, 40_000_000, 0), Some(150));
	}

	#[test]
	fn boost_should_end_for_good_when_its_budget_is_used_up() {
		let (mut boost, mut now) = boost();
		assert_eq!(run(&mut boost, &mut now, 40, 40_000_000, 500_000), Some(150));
		assert_eq!(boost.cost(0), 0, "no boost, no cost");
		// A third of what a class of 150 costs is its own.
		assert_eq!(run(&mut boost, &mut now, 10, 80_000_000, 299_999), None);
		assert_eq!(run(&mut boost, &mut now, 1, 80_000_000, 300_000), Some(100));
		assert!(boost.is_spent() && boost.cost(900_000) == 100_000);
		assert_eq!(run(&mut boost, &mut now, 10_000, 40_000_000, 0), None);
	}

	#[test]
	fn boost_should_try_the_class_below_less_and_less_often() {
		let (mut boost, mut now) = boost();
		assert_eq!(run(&mut boost, &mut now, 40, 40_000_000, 0), Some(150));
		for minutes in [10, 20, 40] {
			assert_eq!(run(&mut boost, &mut now, minutes * 60 - 1, 90_000_000, 0), None, "{minutes}");
			assert_eq!(run(&mut boost, &mut now, 1, 90_000_000, 0), Some(100), "{minutes}");
			assert_eq!(run(&mut boost, &mut now, 40, 40_000_000, 0), Some(150), "{minutes}");
		}
	}

	#[test]
	fn boost_should_end_when_nothing_goes_on_any_more_and_wait_after_a_failure() {
		let (mut boost, mut now) = boost();
		assert_eq!(run(&mut boost, &mut now, 40, 40_000_000, 0), Some(150));
		assert_eq!(run(&mut boost, &mut now, 400, 0, 0), Some(100));
		now += 40 * SECOND;
		for _ in 0..31 {
			now += SECOND;
			let step = boost.measured(now, 40_000_000, 0);
			assert!(step.is_none() || step == Some(150));
		}
		boost.stayed(now);
		assert_eq!(run(&mut boost, &mut now, 599, 40_000_000, 0), None);
		assert_eq!(run(&mut boost, &mut now, 2, 40_000_000, 0), Some(150));
	}

	#[test]
	fn extra_should_be_the_part_above_the_price() {
		for (spent, class, expected) in [(300, 150, 100), (300, 300, 200), (300, 100, 0), (0, 200, 0)] {
			assert_eq!(extra(spent, class), expected);
		}
	}
}
