//! The economy on paper: what the chain's rules promise holds in small runs, and rules with a fault are found out.

use std::sync::OnceLock;
use weir_math::economy::Parameters;
use weir_sim::economy::{
	attacks::{self, Memory, Rules},
	chain::Design,
	epochs, fuzz,
	market::Shock,
	oracle::{watch, Attack, Watched},
	peg::{self, Peg},
	plant,
	scenario::{Scenario, Setting, Spoofers, SHOCK},
	shocks::{mean_of, runs, Outcome},
};

const SEEDS: u64 = 3;
/// What rounding may add to a part of a dollar.
const ROUNDING: f64 = 1e-4;

fn pegs() -> &'static [Peg] {
	static PEGS: OnceLock<Vec<Peg>> = OnceLock::new();
	PEGS.get_or_init(|| peg::run(SEEDS, &Parameters::default()))
}

fn of(scenario: Scenario, design: Design) -> Outcome {
	mean_of(&runs(&[Setting::new(scenario, design)], SEEDS, Outcome::of).unwrap()[0])
}

fn watched(shock: Shock, liars: usize) -> Watched {
	watch(shock, &Attack { liars, lie: 0.5, push: 0.0 }, &Parameters::default(), 1)
}

#[test]
fn run_should_repeat_itself_when_the_seed_is_the_same() {
	let setting = Setting { epochs: 60, ..Setting::recommended(Scenario::Base) };
	let [first, again, other] =
		[1, 1, 2].map(|seed| epochs::run(&setting, seed).map(|history| history.price).unwrap());
	assert_eq!(first, again);
	assert_ne!(first, other);
}

#[test]
fn peg_should_stay_within_two_percent_when_purchases_are_open() {
	for peg in pegs() {
		let name = peg.case.name;
		assert!(peg.error.p99 <= 0.02, "{name}: {}", peg.error.p99);
		assert!(!peg.case.stays_open || peg.open_outside >= 0.95, "{name}: {}", peg.open_outside);
	}
}

#[test]
fn purchases_should_be_closed_when_most_reporters_lie() {
	assert!(watched(Shock::Calm, 8).quotes.iter().skip(20).flatten().all(|quote| !quote.is_open));
	// Seven move the median to the edge of what honest ones say, and no farther.
	let Watched { path, quotes } = watched(Shock::Calm, 7);
	for (round, quote) in quotes.iter().enumerate().skip(20) {
		let quote = quote.unwrap();
		assert!(quote.is_open && (quote.low / path[round * 5] - 1.0).abs() < 0.03, "round {round}");
	}
}

#[test]
fn quotes_should_be_missing_when_most_reporters_are_silent() {
	let quotes = watched(Shock::Outage, 0).quotes;
	// Reports count for fifteen minutes after the last one.
	assert!(quotes[288 + 4..288 + 144].iter().all(Option::is_none));
	assert!(quotes[1..288].iter().chain(&quotes[288 + 146..]).all(Option::is_some));
}

#[test]
fn round_trips_should_lose_when_prices_are_two_sided_and_forward() {
	for trip in peg::round_trips(SEEDS, &Parameters::default()) {
		assert!(trip.chain < -0.15, "{}: {}", trip.name, trip.chain);
	}
}

#[test]
fn round_trips_should_win_when_everything_is_minted_again_at_an_average() {
	let trips = peg::round_trips(1, &Parameters::default());
	let best = |take: fn(&peg::RoundTrip) -> f64| trips.iter().map(take).fold(f64::MIN, f64::max);
	assert!(best(|trip| trip.vault) > 0.2);
	assert!(best(|trip| trip.announced) > 0.2);
	assert!(best(|trip| trip.one_sided) > 0.0);
}

#[test]
fn own_traffic_should_lose_a_twentieth_when_the_rules_are_the_chains() {
	let rules = Rules::default();
	for found in [attacks::wash(&rules), attacks::pump(&rules)] {
		assert!((0.94..=0.95 + ROUNDING).contains(&found), "{found}");
	}
}

#[test]
fn own_traffic_should_pay_when_a_rule_is_broken() {
	let chain = Rules::default();
	let kappa = Parameters { kappa: 300_000, ..chain.parameters };
	assert!(attacks::wash(&Rules { multiplies_fees: true, ..chain }) > 1.3);
	assert!(attacks::wash(&Rules { parameters: kappa, ..chain }) > 1.0);
	assert!(attacks::wash(&Rules { steepness: 2, ..chain }) > 1.0);
	assert!(attacks::pump(&Rules { memory: Memory::Ratio, ..chain }) > 10.0);
}

#[test]
fn multiplier_should_pay_neither_nudges_nor_hiding_when_it_is_the_chains() {
	let maps = attacks::maps();
	assert!(attacks::nudge(&maps[0].1).iter().all(|gain| *gain <= 0.0));
	assert!(attacks::withhold(&maps[0].1).iter().all(|gain| *gain <= ROUNDING));
	for (name, map) in &maps[1..] {
		assert!(attacks::nudge(map)[3] > 0.5, "{name}");
	}
	assert!(attacks::withhold(&maps[2].1).iter().all(|gain| *gain > 0.2));
}

#[test]
fn crowds_should_weigh_what_they_may_when_they_share_a_prefix() {
	for crowd in attacks::crowds() {
		let part = crowd.together / crowd.most;
		assert!((0.99..=1.0).contains(&part) && crowd.apart > 2.0 * crowd.together, "{crowd:?}");
	}
}

#[test]
fn default_line_should_swing_no_more_than_without_multiplier_when_supply_is_late() {
	let rows = plant::run();
	assert_eq!((rows[0].0, rows[1].0), ("no multiplier", "line (default)"));
	assert!(plant::added(&rows, 1) <= 0.10, "{}", plant::added(&rows, 1));
}

#[test]
fn income_should_fall_by_a_twentieth_at_most_when_the_price_halves_in_a_day() {
	let (recommended, classic) =
		(of(Scenario::Bear, Design::Recommended), of(Scenario::Bear, Design::Classic));
	assert!(recommended.week >= -0.05, "{recommended:?}");
	assert!(classic.week < -0.2, "{classic:?}");
}

#[test]
fn region_should_be_served_within_twenty_epochs_when_its_demand_grows_tenfold() {
	let found = runs(&[Setting::recommended(Scenario::Demand)], SEEDS, Outcome::of).unwrap();
	for outcome in &found[0] {
		assert!((1.0..=20.0).contains(&outcome.hot_recovery), "{outcome:?}");
	}
}

#[test]
fn stable_purchases_should_go_on_when_the_price_is_lost() {
	let setting = Setting::recommended(Scenario::Frozen);
	let settings = [setting, Setting { stable: 0.5, runway: 1, ..setting }, Setting { runway: 1, ..setting }];
	let start = SHOCK as usize;
	let found = runs(&settings, 1, |history| {
		let missing = history.shortfall[start..start + 8].iter().copied().fold(0.0, f64::max);
		(missing, Outcome::of(history))
	})
	.unwrap();
	// With little in stock, users without the stable asset run dry: providers are paid for less.
	let week = |row: usize| found[row][0].1.week;
	assert!(week(1) > week(2), "{} {}", week(1), week(2));
	assert!(found.iter().all(|row| row[0].0 < 0.2));
}

#[test]
fn empty_region_should_be_covered_when_floors_are_paid_and_never_beyond_their_budget() {
	let setting = Setting::recommended(Scenario::Cover);
	let start = SHOCK as usize;
	let found = runs(&[setting, Setting { has_floors: false, ..setting }], SEEDS, |history| {
		let first_day = history.hot_service[start..start + 4].iter().sum::<f64>() / 4.0;
		(first_day, history.is_over_budget)
	})
	.unwrap();
	let mean = |row: usize| found[row].iter().map(|(service, _)| service).sum::<f64>() / SEEDS as f64;
	assert!(mean(0) > 0.8 && mean(1) < 0.4, "{} {}", mean(0), mean(1));
	assert!(found.iter().flatten().all(|(_, is_over_budget)| !is_over_budget));
}

#[test]
fn spoofing_should_lose_when_one_in_twenty_is_found_out_per_epoch() {
	let with = |detection| {
		let spoofers = Some(Spoofers { agents: 200, detection });
		let setting = Setting { spoofers, ..Setting::recommended(Scenario::Demand) };
		let (epochs, paid, lost) = epochs::run(&setting, 1).unwrap().spoofed;
		assert!(epochs > 1_000.0);
		lost / paid
	};
	assert!(with(0.0) == 0.0 && with(0.05) > 1.2);
}

#[test]
fn ledger_should_keep_its_laws_when_operations_are_random_and_when_nobody_wants_anything() {
	let fuzzed = fuzz::fuzz(1).unwrap();
	assert!(fuzzed.done > 30_000 && fuzzed.refused > 1_000);
	assert!(fuzzed.reminted < fuzzed.burned);
	let schedule = fuzz::schedule().unwrap();
	assert!(!schedule.is_above && schedule.fullest > 364.0 && schedule.first_overflow > 300);
	for (year, millions) in [(1usize, 95.5), (2, 175.7), (4, 300.0), (8, 450.0)] {
		assert!((schedule.years[year - 1] - millions).abs() < 0.1, "year {year}");
	}
}
