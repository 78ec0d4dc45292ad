//! A19: identities of one line, each of which claims all of it.

use super::finding;
use crate::{
	attacks::{Finding, Scenario},
	blocks::{
		genesis::Line,
		reports::Drawn,
		world::{line, World, CLAIM_KBPS},
	},
};
use pallet_proof_of_bandwidth::{assignment::Draw, Event};
use std::{
	collections::{BTreeMap, BTreeSet, HashMap},
	ops::Range,
};
use weir_math::schedule::Run;
use weir_primitives::{
	api::Outcome,
	seams::{EpochClock, ProviderRegistry},
	Admission, EpochIndex, Kbps, ProviderIndex, Timing,
};
use weir_runtime::{ProofOfBandwidth, Providers, Runtime, RuntimeEvent};

pub(super) const SCENARIOS: [Scenario; 4] = [
	Scenario { id: "A19-chain", title: "eight identities of one /24 share a line", run: |()| share(8) },
	Scenario { id: "A19-three", title: "three identities of one /24 share a line", run: |()| share(3) },
	Scenario { id: "A19-control", title: "the same as A19-chain on eight prefixes", run: |()| scatter(8) },
	Scenario {
		id: "A19-honest",
		title: "eight lines of one /24, each with an owner",
		run: |()| neighbours(8),
	},
];

/// Seats, each with a line and a prefix of its own, all of them honest.
const SEATS: u32 = 60;
/// Epochs measured: three strikes, an escalation, and three tests of a new admission.
const EPOCHS: u32 = 10;
/// What a line has, and what each identity on it claims, both ways.
const LINE_KBPS: Kbps = CLAIM_KBPS;
/// Between the two windows of a test, milliseconds (docs/protocol.md, section 5).
const GAP_MILLIS: u64 = 1_000;
/// Most that identities may show of their line together, or claim in the end.
const MOST: f64 = 1.10;

/// What came of the identities.
struct Seen {
	/// Identities.
	count: u32,
	/// Their tests.
	tests: u32,
	/// Most that they showed together, of a line: in tests of equal length, in one epoch and direction.
	most: f64,
	strikes: u32,
	/// Those that were struck.
	struck: BTreeSet<ProviderIndex>,
	slashed: usize,
	jailed: usize,
	/// Claims of those that are admitted in the end, the smaller direction.
	claims: Vec<Kbps>,
}

impl Seen {
	/// What the admitted ones claim together, of a line.
	fn claimed(&self) -> f64 {
		self.claims.iter().copied().map(f64::from).sum::<f64>() / f64::from(LINE_KBPS)
	}

	fn measured(&self) -> String {
		format!(
			"in tests of equal length together at most {:.2} of a line; {} strikes, {} of {} struck; \
			 {} slashed, {} jailed; {} admitted in the end, which claim {:.2} of one",
			self.most,
			self.strikes,
			self.struck.len(),
			self.count,
			self.slashed,
			self.jailed,
			self.claims.len(),
			self.claimed()
		)
	}
}

/// Identities on one /24 and one line, on a public network, where others are tested in one epoch of four.
fn share(count: u32) -> anyhow::Result<Finding> {
	let seen = watch(identities(count, true), Timing::public(), true)?;
	finding(
		tried(&seen, "one line"),
		seen.measured(),
		"≤ 1.10 of the line in every epoch; each struck; in the end they claim ≤ 1.10 of it",
		seen.most <= MOST && seen.struck.len() == count as usize && seen.claimed() <= MOST,
	)
}

/// With addresses all over the Internet nothing says that they share a line. Two may meet by chance.
fn scatter(count: u32) -> anyhow::Result<Finding> {
	let timing = Timing { test_every: 1, ..Timing::public() };
	let seen = watch(identities(count, false), timing, true)?;
	finding(
		tried(&seen, "one line"),
		seen.measured(),
		"more than 4 lines in an epoch, each admitted with all of it in the end: what is not caught",
		seen.most > 4.0 && seen.slashed == 0 && seen.claimed() >= f64::from(count),
	)
}

/// Neighbours that share a prefix and nothing else.
fn neighbours(count: u32) -> anyhow::Result<Finding> {
	let seen = watch(identities(count, true), Timing::public(), false)?;
	let is_whole = seen.claims.len() == count as usize && seen.claims.iter().all(|claim| *claim == LINE_KBPS);
	finding(
		tried(&seen, "a line each"),
		seen.measured(),
		"each tested in every epoch, nobody struck, no claim lowered",
		seen.tests == count * EPOCHS && seen.strikes == 0 && seen.slashed == 0 && is_whole,
	)
}

fn tried(seen: &Seen, behind: &str) -> String {
	format!(
		"{} identities, {behind} of {LINE_KBPS} kbps, each claims {LINE_KBPS}; {} tests in {EPOCHS} epochs, {SEATS} seats",
		seen.count, seen.tests
	)
}

/// Lines without a seat, admitted, on one /24 or each on a prefix of its own.
fn identities(count: u32, on_one_prefix: bool) -> Vec<Line> {
	let identity = |n: u32| {
		let line = line(SEATS + n, true);
		let node = if on_one_prefix { line.node.at([23, 1, 1, n as u8 + 1]) } else { line.node };
		Line { node, claim: line.claim, admitted: line.admitted, uplink_kbps: None }
	};
	(0..count).map(identity).collect()
}

/// Measures for some epochs. All members are honest, and report what the line would have shown them.
fn watch(identities: Vec<Line>, timing: Timing, is_one_line: bool) -> anyhow::Result<Seen> {
	let count = identities.len() as u32;
	let indices = SEATS..SEATS + count;
	let mut world = World::with_timing((0..SEATS).map(|n| line(n, true)).chain(identities).collect(), timing);
	let mut seen = Seen {
		count,
		tests: 0,
		most: 0.0,
		strikes: 0,
		struck: BTreeSet::new(),
		slashed: 0,
		jailed: 0,
		claims: Vec::new(),
	};
	let mut slashed = BTreeSet::new();
	for _ in 0..EPOCHS {
		let (epoch, tests) = world.measure();
		let runs = runs_of(&mut world, epoch, &tests, &indices);
		seen.tests += tests.iter().filter(|test| indices.contains(&test.test.provider)).count() as u32;
		let delivered = if is_one_line { delivered(&runs, timing.slot_millis) } else { HashMap::new() };
		let says = |test: &Drawn, _: usize| {
			let (down, up) = delivered.get(&test.test.provider).copied().unwrap_or((LINE_KBPS, LINE_KBPS));
			let loading = test.measuring().count();
			Some((test.share(down, loading).0, test.share(up, loading).1))
		};
		let judged = world.report(epoch, tests, &says, &|_| true, &|_| true);
		// Down and up, by the length of the window.
		let mut together: BTreeMap<u32, (u64, u64)> = BTreeMap::new();
		for (test, verdict) in judged.judged().filter(|(_, verdict)| verdict.outcome != Outcome::Void) {
			let provider = test.test.provider;
			let Some(run) = runs.get(&provider) else { continue };
			let (down, up) = together.entry(run.window_millis).or_default();
			*down += u64::from(verdict.down_kbps);
			*up += u64::from(verdict.up_kbps);
			if verdict.outcome == Outcome::Strike {
				seen.strikes += 1;
				seen.struck.insert(provider);
			}
		}
		for (down, up) in together.into_values() {
			seen.most = seen.most.max(down.max(up) as f64 / f64::from(LINE_KBPS));
		}
		slashed.extend(judged.events.iter().filter_map(|event| match event {
			RuntimeEvent::ProofOfBandwidth(Event::FalseClaimConfirmed {
				provider, slash: Some(_), ..
			}) if indices.contains(provider) => Some(*provider),
			_ => None,
		}));
	}
	let standing: Vec<_> = world.chain.look(|| {
		let next = ProofOfBandwidth::epoch() + 1;
		indices.filter_map(|index| <Providers as ProviderRegistry<_>>::facts_at(index, next)).collect()
	});
	anyhow::ensure!(standing.len() == count as usize, "{} of {count} are registered", standing.len());
	seen.slashed = slashed.len();
	for facts in standing {
		match facts.admission {
			Admission::Jailed { .. } => seen.jailed += 1,
			Admission::Admitted { .. } => seen.claims.push(facts.claim.down_kbps.min(facts.claim.up_kbps)),
			Admission::Pending { .. } => {}
		}
	}
	Ok(seen)
}

/// When each of these providers is tested, if the epoch has a test of it.
fn runs_of(
	world: &mut World,
	epoch: EpochIndex,
	tests: &[Drawn],
	providers: &Range<ProviderIndex>,
) -> HashMap<ProviderIndex, Run> {
	world.chain.look(|| {
		let Some(draw) = Draw::<Runtime>::of(epoch) else { return HashMap::new() };
		let ours = tests.iter().map(|drawn| &drawn.test).filter(|test| providers.contains(&test.provider));
		ours.filter_map(|test| Some((test.provider, draw.run_of(test)?))).collect()
	})
}

/// What each of these tests shows of one line, down and up, kbps.
fn delivered(runs: &HashMap<ProviderIndex, Run>, slot_millis: u64) -> HashMap<ProviderIndex, (Kbps, Kbps)> {
	let runs: Vec<_> = runs.iter().map(|(provider, run)| (*provider, *run)).collect();
	let windows = |after: fn(u64) -> u64| -> Vec<Range<u64>> {
		let window = |(_, run): &(ProviderIndex, Run)| {
			let length = u64::from(run.window_millis);
			let start = u64::from(run.start_slot) * slot_millis + after(length);
			start..start + length
		};
		runs.iter().map(window).collect()
	};
	let down = shown(LINE_KBPS, &windows(|_| 0));
	let up = shown(LINE_KBPS, &windows(|length| length + GAP_MILLIS));
	runs.iter().map(|(provider, _)| *provider).zip(down.into_iter().zip(up)).collect()
}

/// What each of these windows, in milliseconds, shows of a line that all of them share evenly whenever they run, kbps.
fn shown(line_kbps: Kbps, windows: &[Range<u64>]) -> Vec<Kbps> {
	let mut edges: Vec<u64> = windows.iter().flat_map(|window| [window.start, window.end]).collect();
	edges.sort_unstable();
	edges.dedup();
	let spans: Vec<Range<u64>> = edges.windows(2).map(|edge| edge[0]..edge[1]).collect();
	let covers =
		|window: &Range<u64>, span: &Range<u64>| window.start <= span.start && span.end <= window.end;
	let average = |window: &Range<u64>| {
		let carried = spans.iter().filter(|span| covers(window, span)).map(|span| {
			let running = windows.iter().filter(|other| covers(other, span)).count() as u64;
			u64::from(line_kbps) * (span.end - span.start) / running
		});
		(carried.sum::<u64>() / (window.end - window.start)) as Kbps
	};
	windows.iter().map(average).collect()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn windows_should_share_the_line_while_they_overlap() {
		assert!(shown(40_000, &[]).is_empty());
		assert_eq!(shown(40_000, &[0..3_000, 6_000..9_000]), [40_000; 2]);
		assert_eq!(shown(40_000, &vec![6_000..9_000; 8]), [5_000; 8]);
		// Half of the line for 3 s, and all of it for 17 s.
		assert_eq!(shown(40_000, &[0..3_000, 0..20_000]), [20_000, 37_000]);
		assert_eq!(shown(40_000, &[0..3_000, 2_000..5_000, 3_000..4_000]), [33_333, 26_666, 20_000]);
	}

	#[test]
	fn directions_should_not_share() {
		let run = |start_slot, window_millis| Run { group: 0, start_slot, window_millis };
		let runs = HashMap::from([(0, run(10, 20_000)), (1, run(10, 3_000)), (2, run(10, 3_000))]);
		let delivered = delivered(&runs, 6_000);
		// A third of the line for 3 s, and all of it for 17 s; the long test is alone when it looks at the way up.
		assert_eq!(delivered[&0], (36_000, 40_000));
		assert_eq!(delivered[&1], (13_333, 20_000));
		assert_eq!(delivered[&2], (13_333, 20_000));
	}
}
