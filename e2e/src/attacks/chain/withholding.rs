//! A24: a line that delivers too little keeps its receipts back, so that its test may fail instead of it.

use super::finding;
use crate::{
	attacks::{Finding, Scenario},
	blocks::world::{line, World},
};
use weir_primitives::api::Outcome;

pub(super) const SCENARIOS: [Scenario; 2] = [
	Scenario { id: "A24", title: "a slow line withholds receipts", run: |()| withhold(true) },
	Scenario { id: "A24-control", title: "as many members do not reveal", run: |()| withhold(false) },
];

const SEATS: u32 = 60;
/// The line that has a tenth of what it claims.
const SLOW: u32 = 0;
const EPOCHS: u32 = 3;
/// Of 15 members, those that get nothing signed, or do not reveal: more than a third.
const WITHOUT: usize = 7;

/// Half of the members get no receipt of the slow line, or do not reveal at all.
fn withhold(reveal: bool) -> anyhow::Result<Finding> {
	let mut world = World::new((0..SEATS).map(|n| line(n, true)).collect());
	let (mut void, mut struck, mut tests, mut estimates) = (0u32, 0u32, 0u32, Vec::new());
	for _ in 0..EPOCHS {
		// Seats serve in turn: those without are the first members of the slow line's committee, whoever they are.
		let (epoch, drawn) = world.measure();
		let without: Vec<usize> = drawn
			.iter()
			.filter(|test| test.test.provider == SLOW)
			.flat_map(|test| world.measuring(test).take(WITHOUT).collect::<Vec<_>>())
			.collect();
		let judged = world.report(
			epoch,
			drawn,
			&|test, member| {
				let claim = test.test.claim.down_kbps;
				let loading = test.measuring().count();
				match test.test.provider == SLOW {
					// A session that ends without the target's signature has nothing to show.
					true if without.contains(&member) => Some((0, 0)),
					true => Some(test.share(claim / 10, loading)),
					false => Some(test.share(claim, loading)),
				}
			},
			&|member| reveal || !without.contains(&member),
			&|_| true,
		);
		if let Some(verdict) = judged.verdicts.get(&SLOW) {
			tests += 1;
			void += u32::from(verdict.outcome == Outcome::Void);
			struck += u32::from(verdict.outcome == Outcome::Strike);
			estimates.push(verdict.down_kbps);
		}
	}
	let most = estimates.iter().copied().max().unwrap_or(0);
	let tried = format!("{WITHOUT} of 15 members, {tests} tests of a line at a tenth of its claim");
	let measured = format!("{void} void, {struck} struck, estimates up to {most} kbps");
	if reveal {
		finding(
			tried,
			measured,
			"counted as 0, not void: struck in each test",
			tests == EPOCHS && struck == tests,
		)
	} else {
		finding(
			tried,
			measured,
			"void: only what attestors leave out voids a test",
			tests == EPOCHS && void == tests,
		)
	}
}
