//! What a line can pretend to be, and how much the lines of the members matter.

use super::{
	times,
	trial::{Terms, Trial},
	Bench, Machine, LEAST_SHOWN, MEMBERS,
};
use crate::{
	attacks::{Finding, Scenario},
	lab::ground::{self, Shape},
};
use anyhow::Result;
use std::{net::Ipv4Addr, sync::Arc, thread};
use weir_math::committee::quota_kbps;
use weir_primitives::report::EntryKind;

/// Rates in kbps.
const LINE: u32 = 4_000;

/// A line that claims ten times what it has.
pub const CLAIMED: Scenario<Bench> = Scenario {
	id: "A1",
	title: "claims ten times what it delivers",
	run: |bench| {
		let (has, claims) = (1_000, 10_000);
		let found = bench.honest(&bench.line(has)?, Terms::short(claims))?;
		let estimate = found.estimate()?;
		let ratio = f64::from(estimate.ratio_ppm) / 1e6;
		// Where the load fills the queue it stays at its half, and the entry is flagged; measured it is all the same.
		let measured = found.count(EntryKind::Measured) + found.count(EntryKind::Limited);
		let shown = times(estimate.down_kbps.min(estimate.up_kbps), has);
		Ok(Finding {
			tried: format!("claims {claims} kbps, has {has}, both ways"),
			measured: format!(
				"{} kbps down, {} up: {ratio:.3} of the claim; {measured} of {MEMBERS} entries measured",
				estimate.down_kbps, estimate.up_kbps
			),
			criterion: format!(
				"< 0.25 of the claim, by a majority; measured by a majority, ≥ {LEAST_SHOWN} of the line"
			),
			passed: ratio < 0.25
				&& estimate.below_half_majority
				&& measured * 2 > usize::from(MEMBERS)
				&& shown >= LEAST_SHOWN,
		})
	},
};

/// A line with a token bucket: twice as fast for as long as a short test takes.
pub const BURST: Scenario<Bench> = Scenario {
	id: "A16",
	title: "token bucket: fast for a short test",
	run: |bench| {
		let (rate, peak, millis) = (2_000, 4_000, 2_000);
		let shape = Shape { kbps: rate, peak: Some((peak, millis)) };
		let short = Terms::short(peak);
		let long = Terms { window_millis: 20_000, ..short };
		let (one, other) = (bench.shaped(shape, shape)?, bench.shaped(shape, shape)?);
		let [short, long] = thread::scope(|scope| {
			let short = scope.spawn(|| bench.honest(&one, short)?.kbps());
			let long = bench.honest(&other, long).and_then(|found| found.kbps());
			let short = short.join().unwrap_or_else(|_| anyhow::bail!("the short test did not end"));
			Ok::<_, anyhow::Error>([short?, long?])
		})?;
		let gains = |seen: [u32; 2]| seen.map(|kbps| times(kbps, rate));
		let ([down, up], [slow_down, slow_up]) = (gains(short), gains(long));
		Ok(Finding {
			tried: format!("{rate} kbps, twice as fast for the first {millis} ms of it; claims {peak}"),
			measured: format!(
				"of the long run's rate: 3 s {down:.2} down, {up:.2} up; 20 s {slow_down:.2}, {slow_up:.2}"
			),
			criterion: "3 s > 1.5 down, which is why there are long tests; 20 s within 10 %".into(),
			passed: down > 1.5 && [slow_down, slow_up].iter().all(|gain| (0.9..=1.1).contains(gain)),
		})
	},
};

/// Two identities that sell the same line.
pub const SHARED: Scenario<Bench> = Scenario {
	id: "A19",
	title: "two identities behind one line",
	run: |bench| {
		let line = bench.line(LINE)?;
		let [net, second] = [line.address.octets()[1], 2];
		let other = Ipv4Addr::new(10, net, 0, second);
		ground::add_address(&line.name, other)?;
		let terms = Terms::short(LINE);
		let one = Trial::new(bench, line.address, terms, bench.seats())?;
		let two = one.beside(bench, other, terms)?;
		let providers = (one.provide(&line)?, two.provide_at(&line, other)?);
		let (one, two) = thread::scope(|scope| {
			let one = scope.spawn(|| one.measure());
			let two = two.measure();
			(one.join().unwrap_or_else(|_| anyhow::bail!("a test did not end")), two)
		});
		let ([down, up], [other_down, other_up]) = (one?.kbps()?, two?.kbps()?);
		line.run(async move {
			providers.0.stop().await;
			providers.1.stop().await;
		})?;
		let together = [down + other_down, up + other_up].map(|sum| times(sum, LINE));
		let alone = bench.honest(&line, terms)?.kbps()?.map(|kbps| times(kbps, LINE));
		let [[down, up], [down_alone, up_alone]] = [together, alone];
		Ok(Finding {
			tried: format!("both claim all {LINE} kbps; tested at the same T0, and one of them alone"),
			measured: format!(
				"sum at the same T0 {down:.2} of the line down, {up:.2} up; alone {down_alone:.2}, {up_alone:.2} each"
			),
			criterion: "sum ≤ 1.10 of the line at the same T0".into(),
			passed: together.iter().all(|sum| (0.5..=1.1).contains(sum)),
		})
	},
};

/// Two members whose own lines carry half of their quota.
pub const SLOW_SEATS: Scenario<Bench> = Scenario {
	id: "A22",
	title: "two members' lines carry half of their quota",
	run: |bench| {
		let line = bench.line(LINE)?;
		let quota = quota_kbps(LINE, bench.seats().len() as u16);
		let mut seats = bench.seats().to_vec();
		for seat in seats.iter_mut().take(2) {
			*seat = Arc::new(bench.line(quota / 2)?);
		}
		let [down, up] = measured(bench, &line, &seats)?.map(|kbps| times(kbps, LINE));
		Ok(Finding {
			tried: format!(
				"2 of {} on lines of {} kbps, quota {quota}; line and claim {LINE}",
				seats.len(),
				quota / 2
			),
			measured: format!("{down:.3} of the line down, {up:.3} up"),
			criterion: "within 10 %".into(),
			passed: [down, up].iter().all(|part| (0.9..=1.1).contains(part)),
		})
	},
};

fn measured(bench: &Bench, line: &Machine, seats: &[Arc<Machine>]) -> Result<[u32; 2]> {
	let trial = Trial::new(bench, line.address, Terms::short(LINE), seats)?;
	let provider = trial.provide(line)?;
	let found = trial.measure()?;
	line.run(provider.stop())?;
	found.kbps()
}
