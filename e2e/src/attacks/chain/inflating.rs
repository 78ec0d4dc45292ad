//! A3: members of a committee invent rates for a line that cannot deliver what it claims.

use super::finding;
use crate::{
	attacks::{Finding, Scenario},
	blocks::world::{line, World, CLAIM_KBPS},
};
use rand::{rngs::StdRng, Rng, SeedableRng};
use weir_math::{
	committee::{quota_kbps, trim},
	estimate::{estimate, upper_bound, Member},
};
use weir_sim::bounds::{report, split};

pub(super) const SCENARIOS: [Scenario; 3] = [
	Scenario { id: "A3", title: "colluding members inflate", run: |()| on_paper(true) },
	Scenario { id: "A3-control", title: "the same without trimming", run: |()| on_paper(false) },
	Scenario { id: "A3-chain", title: "colluding members inflate, on the chain", run: |()| on_chain() },
];

/// Committee of an ordinary test on a public network.
const MEMBERS: u16 = 15;
/// Most liars tried.
const MOST_LIARS: u16 = 9;
/// Trials for each number of liars.
const SEEDS: u64 = 2_000;
const CLAIM: u32 = 100_000;

/// What the estimate makes of liars that see everything before they speak, next to the bound.
fn on_paper(is_trimmed: bool) -> anyhow::Result<Finding> {
	let quota = quota_kbps(CLAIM, MEMBERS);
	let (mut beyond, mut nearest) = (0u32, 0.0f64);
	for liars in 0..=MOST_LIARS {
		for seed in 0..SEEDS {
			let mut rng = StdRng::seed_from_u64(u64::from(liars) << 32 | seed);
			let capacity = rng.gen_range(CLAIM / 20..=CLAIM);
			// The target serves whom it likes.
			let honest = split(&mut rng, capacity, MEMBERS - liars);
			let highest = honest.iter().copied().max().unwrap_or(0);
			let invented = (0..liars).map(|_| match rng.gen_range(0..4) {
				0 => quota,
				1 => u32::MAX,
				2 => highest.saturating_add(1),
				_ => rng.gen_range(0..=quota * 2),
			});
			let rates: Vec<u32> = invented.chain(honest).collect();
			let shown = if is_trimmed {
				let members: Vec<Member> = rates.iter().map(|rate| report(*rate, *rate)).collect();
				let result = estimate(&members, CLAIM, CLAIM);
				u64::from(result.map_err(|why| anyhow::anyhow!("{why:?}"))?.down_kbps)
			} else {
				rates.iter().map(|rate| u64::from((*rate).min(quota))).sum()
			};
			let bound = upper_bound(MEMBERS, liars, quota, capacity);
			beyond += u32::from(shown > bound);
			nearest = nearest.max(shown as f64 / bound as f64);
		}
	}
	let trials = u64::from(MOST_LIARS + 1) * SEEDS;
	finding(
		format!("0 to {MOST_LIARS} liars of {MEMBERS} (t = {}), {SEEDS} seeds each", trim(MEMBERS)),
		format!("{beyond} of {trials} beyond the bound; nearest {nearest:.3} of it"),
		if is_trimmed { "estimate ≤ bound, always" } else { "some beyond it: the trimming is what holds" },
		(beyond == 0) == is_trimmed,
	)
}

/// A quarter of the seats invent full quotas for every line, all of which have a tenth of what they claim.
fn on_chain() -> anyhow::Result<Finding> {
	const SEATS: u32 = 60;
	const EPOCHS: u32 = 4;
	let is_liar = |member: usize| member.is_multiple_of(4);
	let capacity = CLAIM_KBPS / 10;
	let mut world = World::new((0..SEATS).map(|n| line(n, true)).collect());
	let (mut tests, mut beyond, mut most_liars, mut nearest) = (0u32, 0u32, 0, 0.0f64);
	for _ in 0..EPOCHS {
		let judged = world.epoch(
			&|test, member| {
				let honest = test.measuring().count();
				Some(if is_liar(member) { test.quotas() } else { test.share(capacity, honest) })
			},
			&|_| true,
			&|_| true,
		);
		for (test, verdict) in judged.judged().filter(|(_, verdict)| verdict.ratio_ppm > 0) {
			let liars = world.measuring(test).filter(|member| is_liar(*member)).count() as u16;
			// Quotas are set by the whole committee, of which some are excused.
			let bound = upper_bound(verdict.present, liars, test.quotas().0, capacity);
			tests += 1;
			most_liars = most_liars.max(liars);
			beyond += u32::from(u64::from(verdict.down_kbps) > bound);
			nearest = nearest.max(f64::from(verdict.down_kbps) / bound as f64);
		}
	}
	finding(
		format!("15 of {SEATS} seats, {tests} tests, up to {most_liars} liars in one"),
		format!("{beyond} beyond the bound; nearest {nearest:.3} of it"),
		"estimate ≤ bound, always, with more liars than are trimmed among them",
		beyond == 0 && tests >= SEATS * EPOCHS / 2 && most_liars > trim(MEMBERS),
	)
}
