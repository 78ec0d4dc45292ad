//! Tables of layer B: shocks, demand in one region, an empty region, farming, spoofing.

use super::{
	chain::{Design, DESIGNS},
	control::{Rule, PI},
	curves::{drawn, Curves},
	epochs::{run, History},
	random::mean,
	scenario::{Scenario, Setting, Spoofers, SHOCK},
};
use anyhow::Result;
use rayon::prelude::*;
use weir_math::economy::Parameters;

/// Service that counts as served.
const SERVED: f64 = 0.95;
/// First epoch after the shock.
const START: usize = SHOCK as usize;

/// Runs every setting with every seed, and takes from each run what is asked for.
pub fn runs<T: Send>(
	settings: &[Setting],
	seeds: u64,
	take: impl Fn(&History) -> T + Sync,
) -> Result<Vec<Vec<T>>> {
	let jobs: Vec<(&Setting, u64)> =
		settings.iter().flat_map(|setting| (1..=seeds).map(move |seed| (setting, seed))).collect();
	let taken: Result<Vec<T>> = jobs
		.into_par_iter()
		.map(|(setting, seed)| run(setting, seed).map(|history| take(&history)))
		.collect();
	let mut taken = taken?.into_iter();
	Ok(settings.iter().map(|_| taken.by_ref().take(seeds as usize).collect()).collect())
}

/// Epochs after the shock from which a day's service stays at 95 %; those that are left if it never does.
fn recovery(service: &[f64]) -> f64 {
	let days = service.windows(4).skip(START);
	let found = days.clone().position(|day| day.iter().all(|part| *part >= SERVED));
	found.unwrap_or(service.len().saturating_sub(START)) as f64
}

fn average(series: &[f64], range: std::ops::Range<usize>) -> f64 {
	mean(series[range].iter().copied())
}

/// What a shock did, against the ten days before it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
	/// Income in seven days,
	pub week: f64,
	/// on the worst of fifteen,
	pub worst_day: f64,
	/// in thirty.
	pub month: f64,
	/// Honest nodes.
	pub nodes: f64,
	/// Least service afterwards.
	pub least_service: f64,
	/// Epochs until 95 % are served, everywhere and in the region of the shock.
	pub recovery: f64,
	/// The same in the region of the shock.
	pub hot_recovery: f64,
	/// The largest part of an epoch's fees that nothing paid for in thirty days.
	pub shortfall: f64,
	/// The most that ever existed, of the cap.
	pub issuance: f64,
	/// Change of what exists in thirty days.
	pub supply: f64,
}

impl Outcome {
	/// Reads it off a run.
	pub fn of(history: &History) -> Self {
		let h = history;
		let before = average(&h.income, START - 40..START);
		let day = |day: usize| average(&h.income, START + 4 * day..START + 4 * day + 4);
		let most = |series: &[f64]| series.iter().copied().fold(0.0, f64::max);
		let least = |series: &[f64]| series.iter().copied().fold(f64::INFINITY, f64::min);
		Self {
			week: average(&h.income, START..START + 28) / before - 1.0,
			worst_day: (0..15).map(day).fold(f64::INFINITY, f64::min) / before - 1.0,
			month: average(&h.income, START..START + 120) / before - 1.0,
			nodes: average(&h.honest, START + 28..START + 60) / average(&h.honest, START - 20..START) - 1.0,
			least_service: least(&h.service[START..]),
			recovery: recovery(&h.service),
			hot_recovery: recovery(&h.hot_service),
			shortfall: most(&h.shortfall[START..START + 120]),
			issuance: most(&h.issuance),
			supply: h.issuance[START + 120] / h.issuance[START] - 1.0,
		}
	}

	/// All figures, for files.
	pub fn figures(&self) -> [f64; 10] {
		[
			self.week,
			self.worst_day,
			self.month,
			self.nodes,
			self.least_service,
			self.recovery,
			self.hot_recovery,
			self.shortfall,
			self.issuance,
			self.supply,
		]
	}
}

/// Means of several outcomes.
pub fn mean_of(outcomes: &[Outcome]) -> Outcome {
	let of = |take: fn(&Outcome) -> f64| mean(outcomes.iter().map(take));
	Outcome {
		week: of(|o| o.week),
		worst_day: of(|o| o.worst_day),
		month: of(|o| o.month),
		nodes: of(|o| o.nodes),
		least_service: of(|o| o.least_service),
		recovery: of(|o| o.recovery),
		hot_recovery: of(|o| o.hot_recovery),
		shortfall: of(|o| o.shortfall),
		issuance: of(|o| o.issuance),
		supply: of(|o| o.supply),
	}
}

/// One row of the shocks.
#[derive(Clone, Debug)]
pub struct Shock {
	/// What happens.
	pub name: &'static str,
	/// A short name, for files.
	pub file: &'static str,
	/// By which design.
	pub design: Design,
	/// Of each seed.
	pub outcomes: Vec<Outcome>,
	/// Means over seeds.
	pub curves: Curves,
}

/// What happens, in the order of the research; then what it did not simulate.
pub const SHOCKS: [(&str, &str, Scenario, u32, f64); 12] = [
	("none (drift)", "base", Scenario::Base, 40, 0.0),
	("-50 % in a day", "bear", Scenario::Bear, 40, 0.0),
	("-75 % in two days", "bear2", Scenario::DoubleBear, 40, 0.0),
	("-50 %, 30 days of credits", "bear30", Scenario::Bear, 120, 0.0),
	("+50 % on three days", "bull", Scenario::Bull, 40, 0.0),
	("halve/double daily, 20 d", "seesaw", Scenario::Seesaw, 40, 0.0),
	("12 h frozen oracle in a crash", "frozen", Scenario::Frozen, 40, 0.0),
	("x10 demand in one region", "demand", Scenario::Demand, 40, 0.0),
	("churn 60 % / 25 %", "churn", Scenario::Churn, 40, 0.0),
	("crash + churn + x10", "combined", Scenario::Combined, 40, 0.0),
	("-50 %, half bought with the stable asset", "bear-stable", Scenario::Bear, 40, 0.5),
	("12 h frozen oracle, half stable", "frozen-stable", Scenario::Frozen, 40, 0.5),
];

/// Runs all shocks by all designs.
pub fn shocks(seeds: u64) -> Result<Vec<Shock>> {
	let rows: Vec<_> = SHOCKS.iter().flat_map(|row| DESIGNS.map(|design| (row, design))).collect();
	let settings: Vec<Setting> = rows
		.iter()
		.map(|((_, _, scenario, runway, stable), design)| Setting {
			runway: *runway,
			stable: *stable,
			..Setting::new(*scenario, *design)
		})
		.collect();
	let found = drawn(&settings, seeds, Outcome::of)?;
	let rows = rows.into_iter().zip(found).map(|((row, design), (outcomes, curves))| Shock {
		name: row.0,
		file: row.1,
		design,
		outcomes,
		curves,
	});
	Ok(rows.collect())
}

/// Ten times the demand in one region, by list price and by what moves the multiplier.
#[derive(Clone, Debug)]
pub struct Regional {
	/// The variant.
	pub name: &'static str,
	/// Its list price, credits per gigabyte.
	pub list_price: u64,
	/// Epochs until 95 % are served, of each seed.
	pub recovery: Vec<f64>,
	/// Least service in the five days after.
	pub least: f64,
	/// Service from day 40 after on.
	pub later: f64,
	/// Highest multiplier, and in the last twenty days.
	pub multiplier: (f64, f64),
	/// Dollars a day for availability, before and after.
	pub dollars: (f64, f64),
	/// Means over seeds.
	pub curves: Curves,
}

/// Runs all variants.
pub fn regional(seeds: u64) -> Result<Vec<Regional>> {
	let defaults = Parameters::default();
	let cheap = Parameters { list_price: 20_000, ..defaults };
	let fast = Parameters { utilisation_alpha: 350_000, ..defaults };
	let variants = [
		("$0.05 default", defaults, Rule::Line),
		("$0.05 fast average", fast, Rule::Line),
		("$0.05 memory (PI)", defaults, PI),
		("$0.05 no multiplier", defaults, Rule::None),
		("$0.02 default", cheap, Rule::Line),
		("$0.02 memory (PI)", cheap, PI),
		("$0.02 no multiplier", cheap, Rule::None),
	];
	let settings = variants.map(|(_, parameters, rule)| Setting {
		parameters,
		rule,
		epochs: 640,
		..Setting::recommended(Scenario::Demand)
	});
	let found = drawn(&settings, seeds, |h| {
		let least = h.hot_service[START..START + 20].iter().copied().fold(1.0, f64::min);
		let peak = h.hot_rate[START..].iter().copied().fold(0.0, f64::max);
		(
			recovery(&h.hot_service),
			least,
			average(&h.hot_service, 400..640),
			(peak, average(&h.hot_rate, 560..640)),
			(average(&h.minted_dollars, 120..START) * 4.0, average(&h.minted_dollars, START..640) * 4.0),
		)
	})?;
	let rows = variants.iter().zip(found).map(|((name, parameters, _), (found, curves))| Regional {
		name,
		list_price: parameters.list_price,
		recovery: found.iter().map(|row| row.0).collect(),
		least: mean(found.iter().map(|row| row.1)),
		later: mean(found.iter().map(|row| row.2)),
		multiplier: (mean(found.iter().map(|row| row.3 .0)), mean(found.iter().map(|row| row.3 .1))),
		dollars: (mean(found.iter().map(|row| row.4 .0)), mean(found.iter().map(|row| row.4 .1))),
		curves,
	});
	Ok(rows.collect())
}

/// An expensive region without demand for sixty days.
#[derive(Clone, Debug)]
pub struct Cover {
	/// The variant.
	pub name: &'static str,
	/// Capacity before demand comes, gigabytes per epoch.
	pub capacity: f64,
	/// Service on the first day of demand, on the tenth, and in the last thirty.
	pub service: [f64; 3],
	/// Whether the floors ever cost more than their budget.
	pub is_over_budget: bool,
	/// Means over seeds.
	pub curves: Curves,
}

/// Runs all variants.
pub fn cover(seeds: u64) -> Result<Vec<Cover>> {
	let setting = Setting::recommended(Scenario::Cover);
	let variants = [
		("coverage floor on", setting),
		("coverage floor off", Setting { has_floors: false, ..setting }),
		("classic", Setting::new(Scenario::Cover, Design::Classic)),
	];
	let found = drawn(&variants.map(|(_, setting)| setting), seeds, |h| {
		let service = [START..START + 4, START + 36..START + 40, START + 120..START + 240]
			.map(|range| average(&h.hot_service, range));
		(average(&h.hot_capacity, START - 40..START), service, h.is_over_budget)
	})?;
	let rows = variants.iter().zip(found).map(|((name, _), (found, curves))| Cover {
		name,
		capacity: mean(found.iter().map(|row| row.0)),
		service: [0, 1, 2].map(|at| mean(found.iter().map(|row| row.1[at]))),
		is_over_budget: found.iter().any(|row| row.2),
		curves,
	});
	Ok(rows.collect())
}

/// A cold start, with nodes that farm and dump and without.
#[derive(Clone, Debug)]
pub struct Farm {
	/// By which design.
	pub design: Design,
	/// Millions of tokens minted for availability in forty days.
	pub minted: f64,
	/// Millions that mercenaries sold.
	pub dumped: f64,
	/// The price's trough in fifty days, with them and without.
	pub trough: (f64, f64),
	/// Honest nodes on day 40, with them and without.
	pub honest: (f64, f64),
	/// Service from day 90 on.
	pub service: f64,
	/// Means over seeds, with them and without.
	pub curves: (Curves, Curves),
}

/// Runs all designs.
pub fn farm(seeds: u64) -> Result<Vec<Farm>> {
	let settings: Vec<Setting> = DESIGNS
		.iter()
		.flat_map(|design| {
			[Scenario::Farm, Scenario::ColdStart].map(|scenario| Setting::new(scenario, *design))
		})
		.collect();
	let found = drawn(&settings, seeds, |h| {
		let trough = h.price[..200].iter().copied().fold(f64::INFINITY, f64::min) / h.price[0] - 1.0;
		let minted: f64 = h.minted[..160].iter().sum();
		[minted / 1e6, h.dumped / 1e6, trough, h.honest[160] * 10.0, average(&h.service, 360..480)]
	})?;
	let of = |rows: &[[f64; 5]], at: usize| mean(rows.iter().map(|row| row[at]));
	let rows = DESIGNS.iter().zip(found.chunks(2)).map(|(design, pair)| {
		let ((farm, with), (cold, without)) = (&pair[0], &pair[1]);
		Farm {
			design: *design,
			minted: of(farm, 0),
			dumped: of(farm, 1),
			trough: (of(farm, 2), of(cold, 2)),
			honest: (of(farm, 3), of(cold, 3)),
			service: of(farm, 4),
			curves: (with.clone(), without.clone()),
		}
	});
	Ok(rows.collect())
}

/// Nodes that pretend to be in the region that pays.
#[derive(Clone, Debug)]
pub struct Spoof {
	/// Where, and by which rule.
	pub name: &'static str,
	/// A short name, for files.
	pub file: &'static str,
	/// The chance of each to be found out in an epoch.
	pub detection: f64,
	/// Dollars per node and year that it was paid,
	pub accrued: f64,
	/// and that it lost.
	pub lost: f64,
	/// Service on the first day of demand.
	pub first_day: f64,
	/// Epochs until 95 % are served.
	pub recovery: f64,
	/// Means over seeds.
	pub curves: Curves,
}

/// Chances to be found out in an epoch.
pub const RATES: [f64; 6] = [0.0, 0.01, 0.02, 0.05, 0.10, 0.20];

/// Runs all detection rates.
pub fn spoof(seeds: u64) -> Result<Vec<Spoof>> {
	let variants = [
		("2,000 fakes, x10 region", "spoof", Scenario::Demand, 200, true),
		("400 fakes, empty region, no tenure", "spoof-empty", Scenario::Cover, 40, false),
		("400 fakes, empty region, tenure", "spoof-tenure", Scenario::Cover, 40, true),
	];
	let rows: Vec<_> = variants.iter().flat_map(|variant| RATES.map(|rate| (variant, rate))).collect();
	let settings: Vec<Setting> = rows
		.iter()
		.map(|((_, _, scenario, agents, has_tenure), detection)| Setting {
			has_tenure: *has_tenure,
			spoofers: Some(Spoofers { agents: *agents, detection: *detection }),
			..Setting::recommended(*scenario)
		})
		.collect();
	let found = drawn(&settings, seeds, |h| {
		(h.spoofed, average(&h.hot_service, START..START + 4), recovery(&h.hot_service))
	})?;
	let rows = rows.into_iter().zip(found).map(|((variant, detection), (found, curves))| {
		let epochs: f64 = found.iter().map(|row| row.0 .0).sum();
		let yearly = |dollars: f64| dollars / epochs.max(1.0) * 1_461.0;
		Spoof {
			name: variant.0,
			file: variant.1,
			detection,
			accrued: yearly(found.iter().map(|row| row.0 .1).sum()),
			lost: yearly(found.iter().map(|row| row.0 .2).sum()),
			first_day: mean(found.iter().map(|row| row.1)),
			recovery: mean(found.iter().map(|row| row.2)),
			curves,
		}
	});
	Ok(rows.collect())
}
