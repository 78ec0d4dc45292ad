//! What the simulator promises: the same figures for the same seed, agreement with exact sums, and bounds that hold.

use std::sync::OnceLock;
use weir_sim::{
	accuracy::Spread,
	bars::{self, GROSS_PERCENT},
	capture,
	config::{classes, Absence, Config, BAR_BETA, BETAS},
	exact::{window, Draws, Test},
	report,
	stats::{Count, Z_999},
	strategy::SCENARIOS,
	study::Study,
	table::{Conditions, Table},
	world::World,
};

/// Seats of the published tails below.
const SEATS: u32 = 1_000;

fn small(seed: u64) -> Config {
	Config { committees: 40_000, noise_draws: 5, ..Config::new(2_000, seed, 40) }
}

/// One study for all tests that only read it.
fn study() -> &'static Study {
	static STUDY: OnceLock<Study> = OnceLock::new();
	STUDY.get_or_init(|| Study::run(small(7)))
}

#[test]
fn run_should_repeat_itself_when_the_seed_is_the_same_on_fewer_threads() {
	let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
	let again = alone.install(|| Study::run(small(7)));
	assert_eq!(report::text(study()), report::text(&again));
	assert_eq!(study().tallies, again.tallies);
}

#[test]
fn run_should_differ_when_the_seed_does() {
	let hits = |seed| -> Vec<u64> {
		let config = small(seed);
		let draws = Draws::new(config.providers);
		let events = capture::run(&config, &classes(), &World::new(&config), &draws);
		events.iter().map(|event| event.drawn[BAR_BETA].hits).collect()
	};
	assert_ne!(hits(7), hits(8));
}

#[test]
fn capture_should_agree_with_exact_sums() {
	for event in &study().events {
		for ((beta, drawn), exact) in BETAS.iter().zip(event.drawn).zip(event.exact) {
			let (name, k) = (event.name, event.k);
			assert!(drawn.trials >= 40_000);
			assert!(drawn.agrees_with(exact, Z_999), "{name}, k = {k}, β = {beta}: {drawn:?} beside {exact}");
		}
	}
}

#[test]
fn ground_seeds_should_agree_with_exact_sums() {
	for ground in &study().grounds {
		for (slots, (drawn, exact)) in ground.drawn.iter().zip(ground.exact).enumerate() {
			let (drawn, exact) = (drawn[BAR_BETA], exact[BAR_BETA]);
			assert!(
				drawn.agrees_with(exact, Z_999),
				"{}, ℓ = {slots}: {drawn:?} beside {exact}",
				ground.name
			);
		}
	}
}

#[test]
fn windows_should_agree_with_exact_sums() {
	let bars = bars::all(study());
	let agreement = bars.iter().find(|bar| bar.asks.starts_with("simulated rates")).unwrap();
	assert!(agreement.met, "{agreement:?}");
}

#[test]
fn cheat_should_be_flagged_after_as_many_tests_as_the_exact_sums_say() {
	for (tallies, windows) in study().tallies.iter().zip(&study().exact) {
		for ((scenario, tallies), windows) in SCENARIOS.iter().zip(tallies).zip(windows) {
			if scenario.delivers_percent != GROSS_PERCENT {
				continue;
			}
			for ((beta, tally), window) in BETAS.iter().zip(tallies).zip(windows) {
				assert!(tally.windows > 500, "{scenario:?}, β = {beta}: {tally:?}");
				let count = tally.windows as f64;
				let mean = tally.until_flagged as f64 / count;
				// Each takes three to five tests: a deviation of 1 at most. Four of the mean's.
				let most = 4.0 / count.sqrt();
				let exact = window.tests;
				assert!((mean - exact).abs() < most, "{scenario:?}, β = {beta}: {mean} beside {exact}");
			}
			// Metrics of the research: a little more than the three strikes it takes.
			let tests = windows[BAR_BETA].tests_to_flag();
			assert!((3.0..=3.2).contains(&tests), "{scenario:?}: {tests}");
		}
	}
}

#[test]
fn rounds_should_be_those_of_the_tests_and_attempts_it_takes() {
	let end = |void: f64, strike: f64| Test {
		void,
		strike,
		no_strike: 1.0 - strike,
		derated: strike,
		not_derated: 1.0 - strike,
		slash: strike,
	};
	// Three tests, and one escalation that agrees.
	let sure = window(&end(0.0, 1.0), &end(0.0, 1.0));
	assert_eq!((sure.tests_to_flag(), sure.rounds_to_slash()), (3.0, 4.0));
	// Every other one is void: twice as many tests, and 255 of 128 attempts until one of eight has a result.
	let half = window(&end(0.5, 1.0), &end(0.5, 1.0));
	assert_eq!(half.tests_to_flag(), 3.0);
	let expected = (6.0 + 255.0 / 128.0) / (255.0 / 256.0);
	assert!((half.rounds_to_slash() - expected).abs() < 1e-12, "{half:?}");
	// Of five coins the third head is the third toss in 4 of 32 cases, the fourth in 6, the fifth in 6; 16 have none.
	let coin = window(&end(0.0, 0.5), &end(0.0, 1.0));
	assert!((coin.tests - (4.0 * 3.0 + 6.0 * 4.0 + 6.0 * 5.0 + 16.0 * 5.0) / 32.0).abs() < 1e-12, "{coin:?}");
	assert!((coin.tests_to_flag() - 2.0 * coin.tests).abs() < 1e-12);
}

#[test]
fn bounds_should_never_be_left() {
	for found in &study().found {
		assert!(found.trials >= 10_000);
		assert_eq!(found.violations, 0, "k = {}", found.k);
	}
}

#[test]
fn estimates_should_stay_below_what_the_research_allows_when_no_more_lie_than_are_trimmed() {
	for accuracy in &study().accuracy {
		let scenario = accuracy.scenario;
		for (beta, spread) in BETAS.iter().zip(&accuracy.trimmed) {
			// How far liars deflate a line is measured, and more than the research hoped (docs/measurements.md).
			assert!(spread.median <= 1.29, "{scenario:?}, k = {}, β = {beta}: {spread:?}", accuracy.k);
		}
		for spreads in [&accuracy.all, &accuracy.trimmed] {
			let is_ordered = |spread: &Spread| spread.low <= spread.median && spread.median <= spread.high;
			assert!(spreads.iter().all(is_ordered), "{scenario:?}: {spreads:?}");
			let moves_on = |pair: &[Spread]| match scenario.is_honest() {
				true => pair[1].median <= pair[0].median,
				false => pair[1].median >= pair[0].median,
			};
			assert!(spreads.windows(2).all(moves_on), "{scenario:?}: {spreads:?}");
		}
		assert_eq!(accuracy.all[0], accuracy.trimmed[0], "{scenario:?}");
		// Measured by honest members an estimate reads a little low, for the larger shares are trimmed.
		let alone = accuracy.all[0];
		assert!((0.95..=1.0).contains(&alone.median), "{scenario:?}: {alone:?}");
		assert!(alone.low >= 0.9 && alone.high <= 1.05, "{scenario:?}: {alone:?}");
	}
}

#[test]
fn nobody_honest_should_be_flagged_when_nobody_lies() {
	for tallies in &study().tallies {
		for (scenario, tallies) in SCENARIOS.iter().zip(tallies) {
			let tally = &tallies[0];
			if scenario.is_honest() {
				assert!(tally.windows > 0);
				assert_eq!((tally.strikes, tally.derated), (0, 0));
			} else if scenario.delivers_percent < 50 {
				assert_eq!(tally.flagged, tally.windows, "{scenario:?}");
			}
		}
	}
}

#[test]
fn adaptive_should_serve_the_corrupt_at_least_as_well_as_any_other_strategy() {
	let [class, _] = classes();
	for pair in SCENARIOS.chunk_by(|a, b| a.delivers_percent == b.delivers_percent) {
		let (adaptive, others) = pair.split_last().unwrap();
		let best = Table::new(adaptive, &class, false, &Conditions::exact(Absence::Away));
		for other in others {
			let table = Table::new(other, &class, false, &Conditions::exact(Absence::Away));
			for corrupt in 0..=class.k {
				for absent in 0..=class.k - corrupt {
					let gain = |table: &Table| {
						let judged = table.cell(corrupt, absent).judged;
						adaptive.gain(judged.outcome, judged.ratio_ppm)
					};
					assert!(gain(&best) >= gain(&table), "{other:?}, {corrupt} corrupt, {absent} absent");
				}
			}
		}
	}
}

#[test]
fn interval_should_hold_what_was_seen() {
	for (hits, trials) in [(0, 0), (0, 10), (10, 10), (3, 7), (1, 1_000_000)] {
		let count = Count { hits, trials };
		let (low, high) = count.wilson(Z_999);
		assert!((0.0..=1.0).contains(&low) && (0.0..=1.0).contains(&high));
		assert!(low <= count.rate() && count.rate() <= high, "{count:?}");
	}
	// Wilson 1927, for 15 of 20 at 95 %.
	let (low, high) = Count { hits: 15, trials: 20 }.wilson(weir_sim::stats::Z_95);
	assert!((low - 0.5313).abs() < 1e-4 && (high - 0.8881).abs() < 1e-4, "{low} {high}");
}

#[test]
fn count_should_agree_with_what_is_likely_only() {
	let seen = |hits, trials| Count { hits, trials };
	assert!(seen(105, 1_000).agrees_with(0.1, Z_999) && !seen(160, 1_000).agrees_with(0.1, Z_999));
	assert!(seen(1, 1_000).agrees_with(1e-5, Z_999) && !seen(7, 1_000).agrees_with(1e-5, Z_999));
	assert!(seen(999, 1_000).agrees_with(1.0, Z_999) && !seen(990, 1_000).agrees_with(1.0, Z_999));
}

#[test]
fn exact_sums_should_match_the_published_tails() {
	// Hypergeometric tails of 1,000 seats, published with the derivation of the bounds.
	let draws = Draws::new(SEATS);
	for (k, needed, corrupt, tail) in
		[(15, 8, 200, 4.0e-3), (15, 7, 200, 1.7e-2), (31, 15, 200, 2.9e-4), (51, 24, 250, 3.7e-4)]
	{
		let sum = draws.at_least(corrupt, k, needed);
		assert!((sum / tail - 1.0).abs() < 0.03, "k = {k}, {needed}: {sum} instead of {tail}");
	}
}
