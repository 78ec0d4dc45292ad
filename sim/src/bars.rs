//! What must be reached (design, "What it must reach"), and whether it is.
//!
//! Rare events are judged by exact sums under the conditions of the run, which no run length could replace; the
//! simulation must not contradict them. The bars are set for one honest member in ten away and equal shares, the
//! default; other conditions are held against the same limits.

use crate::{
	config::{BAR_BETA, BETAS},
	exact::Window,
	stats::Z_999,
	strategy::{SCENARIOS, VARIED},
	study::{Study, NOBODY_ABSENT},
};

/// Least chance to flag a cheat at a tenth of its claim within five tests.
pub const FLAGGED: f64 = 0.999;
/// Largest chance to slash an honest line, attacked continuously, per window of five tests.
pub const FALSE_SLASH: f64 = 2e-8;

/// What a gross cheat delivers of its claim, percent.
pub const GROSS_PERCENT: u32 = 10;

/// One bar.
#[derive(Clone, Debug)]
pub struct Bar {
	/// What is asked.
	pub asks: String,
	/// The limit.
	pub limit: String,
	/// What was found.
	pub found: String,
	/// Whether that is within the limit.
	pub met: bool,
}

/// All bars of a study.
pub fn all(study: &Study) -> Vec<Bar> {
	let mut bars = vec![bounds(study), agreement(study)];
	let beta = BETAS[BAR_BETA];
	for (class, windows) in study.classes.iter().zip(&study.exact) {
		for (scenario, windows) in SCENARIOS.iter().zip(windows) {
			let window = windows[BAR_BETA];
			let (k, name) = (class.k, scenario.strategy.name());
			if scenario.is_honest() {
				bars.push(Bar {
					asks: format!("false slash, β = {beta}, {name}, k = {k}"),
					limit: format!("<= {FALSE_SLASH:.0e}"),
					found: format!("{:.1e}", window.confirmed),
					met: window.confirmed <= FALSE_SLASH,
				});
			} else if scenario.delivers_percent == GROSS_PERCENT {
				bars.push(flagged(&format!("β = {beta}, {name}, k = {k}"), &window));
			}
		}
	}
	// The bar does not say whether members are absent: it is held with and without.
	let nobody = &study.variants[NOBODY_ABSENT].windows;
	for (class, windows) in study.classes.iter().zip(nobody) {
		for (scenario, windows) in VARIED.iter().zip(windows) {
			if scenario.delivers_percent == GROSS_PERCENT {
				let (k, name) = (class.k, scenario.strategy.name());
				let conditions = format!("β = {beta}, {name}, k = {k}, nobody absent");
				bars.push(flagged(&conditions, &windows[BAR_BETA]));
			}
		}
	}
	bars
}

fn flagged(conditions: &str, window: &Window) -> Bar {
	Bar {
		asks: format!("cheat at 10 % flagged in five, {conditions}"),
		limit: format!(">= {FLAGGED}"),
		found: format!("{:.6}", window.flagged),
		met: window.flagged >= FLAGGED,
	}
}

fn bounds(study: &Study) -> Bar {
	let violations: u64 = study.found.iter().map(|found| found.violations).sum();
	let trials: u64 = study.found.iter().map(|found| found.trials).sum();
	Bar {
		asks: format!("bounds with liars, {trials} random adversaries"),
		limit: "0 violations".into(),
		found: violations.to_string(),
		met: violations == 0,
	}
}

/// Simulated rates beside exact sums: with some hundred intervals of 99.9 % one may miss by chance.
fn agreement(study: &Study) -> Bar {
	let captures = study.events.iter().flat_map(|event| event.drawn.iter().zip(event.exact));
	let mut pairs: Vec<_> = captures.map(|(count, exact)| (*count, exact)).collect();
	if study.config.noise == 0.0 {
		for (tallies, windows) in study.tallies.iter().flatten().zip(study.exact.iter().flatten()) {
			for (tally, window) in tallies.iter().zip(windows) {
				pairs.push((tally.flag_rate(), window.flagged));
				pairs.push((tally.confirm_rate(), window.confirmed));
				pairs.push((tally.derate_rate(), window.derated_within_two));
			}
		}
	}
	pairs.retain(|(count, _)| count.trials > 0);
	let outside = pairs.iter().filter(|(count, exact)| !count.agrees_with(*exact, Z_999)).count();
	let allowed = 1 + pairs.len() / 200;
	Bar {
		asks: format!("simulated rates whose 99.9 % interval misses the exact sum, of {}", pairs.len()),
		limit: format!("<= {allowed}"),
		found: outside.to_string(),
		met: outside <= allowed,
	}
}
