//! What must be reached (design, economics, "What it must reach"; research, economics, section 4.3), and whether it is.

use super::chain::Design;
use super::{
	published,
	random::mean,
	shocks::{mean_of, Shock},
	study::Study,
};
use crate::bars::Bar;

/// Largest error of the peg, 99th percentile.
pub const PEG: f64 = 0.02;
/// Least part of the minutes in which purchases are open.
pub const OPEN: f64 = 0.95;
/// Least income in the seven days after the price has halved in one.
pub const INCOME: f64 = -0.05;
/// Most epochs until 95 % of ten times the demand are served.
pub const RECOVERY: f64 = 20.0;
/// The same after churn.
pub const CHURN: f64 = 40.0;
/// Most that a dollar of self-dealing brings back.
pub const WASH: f64 = 0.95;
/// Least service on the first day of demand in a region that was empty.
pub const COVER: f64 = 0.80;
/// What rounding may add to a part of a dollar.
const ROUNDING: f64 = 1e-4;

fn bar(asks: impl Into<String>, limit: impl Into<String>, found: impl Into<String>, met: bool) -> Bar {
	Bar { asks: asks.into(), limit: limit.into(), found: found.into(), met }
}

fn percent(part: f64) -> String {
	format!("{:.2} %", part * 100.0)
}

/// A row of the shocks by its file.
fn shock<'a>(study: &'a Study, file: &str) -> Option<&'a Shock> {
	study.shocks.iter().find(|shock| shock.file == file && shock.design == Design::Recommended)
}

/// All bars of a study.
pub fn all(study: &Study) -> Vec<Bar> {
	let mut bars = pegs(study);
	let best = study.trips.iter().map(|trip| trip.chain).fold(f64::NEG_INFINITY, f64::max);
	bars.push(bar("best round trip", "<= 0", percent(best), best <= 0.0));
	for washed in study.washed.iter().filter(|washed| washed.is_chain) {
		for (case, found) in
			[("for ever", washed.steady), ("before the region's capacity changes", washed.pumped)]
		{
			bars.push(bar(
				format!("a dollar of own traffic {case} brings back"),
				format!("<= {WASH}"),
				format!("{found:.4}"),
				found <= WASH + ROUNDING,
			));
		}
	}
	let most = |gains: &[f64]| gains.iter().copied().fold(f64::NEG_INFINITY, f64::max);
	let nudged = most(&study.nudged[0].1);
	bars.push(bar("best nudge", "<= 0", percent(nudged), nudged <= 0.0));
	let withheld = most(&study.withheld[0].1);
	// The multiplier is rounded to millionths.
	bars.push(bar("best withholding", "<= 0", percent(withheld), withheld <= ROUNDING));
	for crowd in &study.crowds {
		bars.push(bar(
			format!("{}: node caps", crowd.name),
			format!("<= {}", crowd.most),
			format!("{:.3}", crowd.together),
			crowd.together <= crowd.most,
		));
	}
	for (file, limit) in [("bear", INCOME), ("frozen", INCOME)] {
		if let Some(shock) = shock(study, file) {
			let weeks: Vec<f64> = shock.outcomes.iter().map(|outcome| outcome.week).collect();
			let week = mean(weeks.iter().copied());
			let worst = weeks.iter().copied().fold(f64::INFINITY, f64::min);
			bars.push(bar(
				format!("income in 7 days, {}", shock.name),
				format!(">= {}", percent(limit)),
				format!("{}; worst seed {}", percent(week), percent(worst)),
				week >= limit,
			));
		}
	}
	bars.extend(recoveries(study));
	let added = super::plant::added(&study.swings, 1);
	let (limit, _) = published::SWING;
	bars.push(bar(
		"swing added to utilisation",
		format!("<= {limit:.2}"),
		format!("{added:.3}"),
		added <= limit,
	));
	if let Some(cover) = study.cover.first() {
		bars.push(bar(
			"empty region, service on the first day",
			format!(">= {}", percent(COVER)),
			percent(cover.service[0]),
			cover.service[0] >= COVER,
		));
		let is_over = study.cover.iter().any(|cover| cover.is_over_budget);
		bars.push(bar(
			"coverage floors beyond their budget",
			"never",
			if is_over { "yes" } else { "never" },
			!is_over,
		));
	}
	let schedule = &study.schedule;
	bars.push(bar("slices in the bucket", "<= 365", format!("{:.1}", schedule.fullest), !schedule.is_above));
	let operations = study.fuzzed.done + study.fuzzed.refused;
	// A broken law ends the run before it comes here.
	bars.push(bar(format!("laws of the ledger, {operations} operations"), "0 broken", "0", true));
	bars
}

fn pegs(study: &Study) -> Vec<Bar> {
	let mut bars = Vec::new();
	let mut outside: Vec<(&str, f64)> = Vec::new();
	for peg in &study.pegs {
		if peg.open == 0.0 {
			continue;
		}
		bars.push(bar(
			format!("peg error p99, {}", peg.case.name),
			format!("<= {}", percent(PEG)),
			format!("{}; worst seed {}", percent(peg.error.p99), percent(peg.worst_p99)),
			peg.error.p99 <= PEG,
		));
		if peg.case.stays_open {
			outside.push((peg.case.name, peg.open_outside));
		}
	}
	for (name, open) in outside {
		bars.push(bar(
			format!("purchases open outside outages, {name}"),
			format!(">= {}", percent(OPEN)),
			percent(open),
			open >= OPEN,
		));
	}
	let lying = study.pegs.iter().filter(|peg| !peg.case.stays_open);
	bars.extend(lying.map(|peg| {
		bar(format!("purchases open, {}", peg.case.name), "never", percent(peg.open), peg.open == 0.0)
	}));
	bars
}

fn recoveries(study: &Study) -> Vec<Bar> {
	let mut bars = Vec::new();
	let mut add = |name: &str, epochs: &[f64], limit: f64| {
		let found = mean(epochs.iter().copied());
		let worst = epochs.iter().copied().fold(0.0, f64::max);
		bars.push(bar(
			format!("epochs until 95 % are served, {name}"),
			format!("<= {limit}"),
			format!("{found:.1}; worst seed {worst}"),
			found <= limit,
		));
	};
	for (file, limit) in [("demand", RECOVERY), ("combined", RECOVERY), ("churn", CHURN)] {
		if let Some(shock) = shock(study, file) {
			let hot: Vec<f64> = shock.outcomes.iter().map(|outcome| outcome.hot_recovery).collect();
			let all: Vec<f64> = shock.outcomes.iter().map(|outcome| outcome.recovery).collect();
			match file {
				"churn" => add(shock.name, &all, limit),
				_ => add(&format!("{} (that region)", shock.name), &hot, limit),
			}
		}
	}
	if let Some(default) = study.regional.first() {
		add(&format!("x10, {}", default.name), &default.recovery, RECOVERY);
	}
	bars
}

/// Means of a row.
pub fn summary(shock: &Shock) -> super::shocks::Outcome {
	mean_of(&shock.outcomes)
}
