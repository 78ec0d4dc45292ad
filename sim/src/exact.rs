//! Exact probabilities: seats are drawn without replacement (hypergeometric), honest members are absent independently
//! (binomial), and windows of tests are independent because each epoch has its own seed.

use crate::{config::ESCALATION_ATTEMPTS, table::Table};
use weir_math::verdict::{StrikeWindow, WINDOW};

/// Natural logarithms of factorials, for one number of seats.
#[derive(Clone, Debug)]
pub struct Draws {
	seats: u32,
	ln_factorial: Vec<f64>,
}

impl Draws {
	/// For committees drawn from `seats`.
	pub fn new(seats: u32) -> Self {
		let mut sum = 0.0;
		let ln_factorial = (0..=seats).map(|n| {
			sum += f64::from(n.max(1)).ln();
			sum
		});
		Self { seats, ln_factorial: ln_factorial.collect() }
	}

	/// Seats drawn from.
	pub fn seats(&self) -> u32 {
		self.seats
	}

	fn ln_choose(&self, n: u32, k: u32) -> Option<f64> {
		let of = |m: u32| self.ln_factorial.get(m as usize);
		Some(of(n)? - of(k)? - of(n.checked_sub(k)?)?)
	}

	/// Chance of exactly `hits` of `corrupt` seats in a committee of `k`.
	pub fn corrupt(&self, corrupt: u32, k: u16, hits: u16) -> f64 {
		let (k, hits) = (u32::from(k), u32::from(hits));
		let ways = || {
			let honest = k.checked_sub(hits)?;
			let good = self.ln_choose(self.seats.checked_sub(corrupt)?, honest)?;
			Some(self.ln_choose(corrupt, hits)? + good - self.ln_choose(self.seats, k)?)
		};
		ways().map_or(0.0, f64::exp)
	}

	/// Chance of at least `hits` of `corrupt` seats in a committee of `k`.
	pub fn at_least(&self, corrupt: u32, k: u16, hits: u16) -> f64 {
		// Smallest terms first, so that none is lost beside a large one.
		(hits..=k).rev().map(|hits| self.corrupt(corrupt, k, hits)).sum()
	}

	/// Chance that exactly `absent` of `members` are, each with chance `share`.
	pub fn absent(&self, members: u16, absent: u16, share: f64) -> f64 {
		let (n, k) = (u32::from(members), u32::from(absent));
		let ways = self.ln_choose(n, k).map_or(0.0, f64::exp);
		ways * share.powi(k as i32) * (1.0 - share).powi((n - k) as i32)
	}
}

/// Which of the corrupt seats come into a committee.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Odds<'a> {
	/// Corrupt seats.
	pub corrupt: u32,
	/// Chance that an honest member is absent.
	pub absent: f64,
	/// Seeds among which a producer may choose: log2 of their number, and how likely that is.
	pub seeds: &'a [(u32, f64)],
}

impl Odds<'_> {
	/// Of a seed nobody could choose.
	pub const fn unbent(corrupt: u32, absent: f64) -> Self {
		Self { corrupt, absent, seeds: &[(0, 1.0)] }
	}
}

/// Chances of one test, per test with a result except for `void`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Test {
	/// It is void and drawn again.
	pub void: f64,
	/// It is a strike.
	pub strike: f64,
	/// It is none. Summed by itself: near 0, one minus the strikes would be rounding.
	pub no_strike: f64,
	/// It is a strike or lowers the claim.
	pub derated: f64,
	/// It is neither.
	pub not_derated: f64,
	/// It is a strike that costs a part of the bond at the first offence, if it was an escalation.
	pub slash: f64,
}

/// Sums a table over all committees.
pub fn test(draws: &Draws, table: &Table, odds: &Odds<'_>) -> Test {
	let mut sums =
		Test { void: 0.0, strike: 0.0, no_strike: 0.0, derated: 0.0, not_derated: 0.0, slash: 0.0 };
	for (corrupt, absent, chance) in committees(draws, table.k(), odds) {
		let ends = &table.cell(corrupt, absent).ends;
		sums.void += chance * ends.void;
		sums.strike += chance * ends.strike;
		sums.no_strike += chance * (ends.lowered + ends.stands);
		sums.derated += chance * (ends.strike + ends.lowered);
		sums.not_derated += chance * ends.stands;
		sums.slash += chance * ends.slash;
	}
	let results = sums.strike + sums.no_strike;
	if results > 0.0 {
		for sum in
			[&mut sums.strike, &mut sums.no_strike, &mut sums.derated, &mut sums.not_derated, &mut sums.slash]
		{
			*sum /= results;
		}
	}
	sums
}

/// Every committee of `k` by its corrupt and its absent members, and the chance of it.
pub(crate) fn committees<'a>(
	draws: &'a Draws,
	k: u16,
	odds: &'a Odds<'_>,
) -> impl Iterator<Item = (u16, u16, f64)> + 'a {
	(0..=k).zip(most_corrupt(draws, k, odds)).flat_map(move |(corrupt, chance)| {
		let honest = k - corrupt;
		(0..=honest).map(move |absent| (corrupt, absent, chance * draws.absent(honest, absent, odds.absent)))
	})
}

/// Distribution of the corrupt members in the committee of that seed, of those to choose from, which has most.
fn most_corrupt(draws: &Draws, k: u16, odds: &Odds<'_>) -> Vec<f64> {
	let single: Vec<f64> = (0..=k).map(|hits| draws.corrupt(odds.corrupt, k, hits)).collect();
	let mut chances = vec![0.0; single.len()];
	for (log_seeds, weight) in odds.seeds {
		let seeds = f64::from(2u32.pow(*log_seeds));
		// P(most ≥ c) = 1 − (1 − P(one ≥ c))^seeds, from above, where the tails are small and exact.
		let mut tail = 0.0;
		let mut above = 0.0;
		for (chance, hit) in chances.iter_mut().zip(&single).rev() {
			tail += hit;
			let most = -(seeds * (-f64::min(tail, 1.0)).ln_1p()).exp_m1();
			*chance += weight * (most - above);
			above = most;
		}
	}
	chances
}

/// Chances of five tests with a result.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Window {
	/// Enough strikes for an escalation.
	pub flagged: f64,
	/// Not enough.
	pub missed: f64,
	/// Flagged, and the escalation agrees.
	pub confirmed: f64,
	/// Not flagged, or the escalation does not agree.
	pub unconfirmed: f64,
	/// Confirmed, and a part of the bond is lost at the first offence.
	pub slashed: f64,
	/// One of the first two tests lowers the claim or is a strike.
	pub derated_within_two: f64,
	/// Neither does.
	pub not_derated_within_two: f64,
	/// A test is void.
	pub void: f64,
	/// A test with a result is a strike.
	pub strike: f64,
	/// Tests with a result until an escalation is due, or all five: on average.
	pub tests: f64,
	/// Tests that are drawn for these, void ones among them, and attempts of the escalation: on average.
	pub rounds: f64,
}

impl Window {
	/// Tests with a result until an escalation is due, on average, if windows follow each other. The chain's window
	/// slides: it never takes longer.
	pub fn tests_to_flag(&self) -> f64 {
		self.tests / self.flagged
	}

	/// Rounds until a part of the bond is in the slash queue, on average, if windows follow each other and every
	/// escalation counts as the first offence: tests, void ones among them, and attempts of the escalation.
	pub fn rounds_to_slash(&self) -> f64 {
		self.rounds / self.slashed
	}
}

/// After how many of five tests, bit `i` set if the i-th is a strike, an escalation is due.
fn flagged_after(strikes: u32) -> Option<usize> {
	let mut window = StrikeWindow::default();
	(1..=WINDOW).find(|tests| {
		let last = *tests - 1;
		// One test an epoch; which one does not matter here.
		window.push(last as u32, (strikes >> last) & 1 == 1, 0, 0);
		window.should_escalate()
	})
}

/// Combines ordinary tests with escalations.
pub fn window(test: &Test, escalation: &Test) -> Window {
	let (mut flagged, mut missed, mut tests) = (0f64, 0f64, 0f64);
	for strikes in 0..1u32 << WINDOW {
		let hits = strikes.count_ones() as i32;
		let chance = test.strike.powi(hits) * test.no_strike.powi(WINDOW as i32 - hits);
		match flagged_after(strikes) {
			Some(after) => {
				flagged += chance;
				tests += chance * after as f64;
			}
			None => {
				missed += chance;
				tests += chance * WINDOW as f64;
			}
		}
	}
	// The n-th attempt takes place if all before it were void.
	let attempts: f64 = (0..ESCALATION_ATTEMPTS as i32).map(|before| escalation.void.powi(before)).sum();
	let lapsed = escalation.void.powi(ESCALATION_ATTEMPTS as i32);
	let result = 1.0 - lapsed;
	let not_derated_within_two = test.not_derated * test.not_derated;
	Window {
		flagged,
		missed,
		confirmed: flagged * result * escalation.strike,
		unconfirmed: missed + flagged * (lapsed + result * escalation.no_strike),
		slashed: flagged * result * escalation.slash,
		derated_within_two: test.derated * (1.0 + test.not_derated),
		not_derated_within_two,
		void: test.void,
		strike: test.strike,
		tests,
		rounds: tests / (1.0 - test.void) + flagged * attempts,
	}
}
