//! What a run found, as Markdown tables.

use crate::{
	accuracy::{Accuracy, Spread},
	bars::{Bar, GROSS_PERCENT},
	config::{BAR_BETA, BETAS, LAB_NOISE},
	exact::Window,
	grinding::{slots_owned, MAX_SLOTS},
	stats::{Count, Z_95},
	strategy::{Strategy, SCENARIOS, VARIED},
	study::Study,
};

/// Writes one table: headings, then rows.
pub(crate) fn table(title: &str, headings: &[String], rows: Vec<Vec<String>>) -> String {
	let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
	let rule = format!("|{}\n", "---|".repeat(headings.len()));
	let rows: String = rows.iter().map(|row| line(row)).collect();
	format!("\n{title}\n\n{}{rule}{rows}", line(headings))
}

fn headings(first: &[&str]) -> Vec<String> {
	first.iter().map(ToString::to_string).chain(BETAS.iter().map(|beta| format!("β = {beta:.2}"))).collect()
}

/// A chance in few characters.
fn short(chance: f64) -> String {
	match chance {
		c if c < 1e-15 => "0".into(),
		c if c < 0.01 => format!("{c:.1e}"),
		c if c > 1.0 - 1e-12 => "1".into(),
		c if c > 0.99 => format!("1 - {:.1e}", 1.0 - c),
		c => format!("{c:.3}"),
	}
}

/// Simulated rate with its interval of 95 %, then the exact sum.
fn beside(count: &Count, exact: f64) -> String {
	let (low, high) = count.wilson(Z_95);
	format!("{} [{}, {}] / {}", short(count.rate()), short(low), short(high), short(exact))
}

/// Everything but the bars.
pub fn text(study: &Study) -> String {
	let config = &study.config;
	let mut text = format!(
		"{} providers with a seat each, seed {}, {} epochs, {} % of the honest absent ({:?}), noise {}\n\
		 Simulated rate [95 % interval] / exact sum.\n",
		config.providers,
		config.seed,
		config.epochs,
		config.absent * 100.0,
		config.absence,
		config.noise,
	);
	text += &capture(study);
	text += &missed(study);
	text += &time_to_slash(study);
	text += &derated(study);
	text += &voided(study);
	text += &honest(study);
	text += &assumptions(study);
	text += &grinding(study);
	text += &bounds(study);
	text += &accuracy(study);
	text
}

fn capture(study: &Study) -> String {
	let row = |event: &crate::capture::Event| {
		let cells = event.drawn.iter().zip(event.exact).map(|(drawn, exact)| beside(drawn, exact));
		let first = [event.name.into(), event.k.to_string(), event.needed.to_string()];
		first.into_iter().chain(cells).collect()
	};
	let rows = study.events.iter().map(row).collect();
	table(
		"## Capture: as many corrupt members as it needs when nobody is absent",
		&headings(&["event", "k", "needs"]),
		rows,
	)
}

/// One row per class and scenario that the filter takes.
fn rows(
	study: &Study,
	takes: impl Fn(&crate::strategy::Scenario) -> bool,
	cell: impl Fn(&crate::windows::Tally, &Window) -> String,
) -> Vec<Vec<String>> {
	let mut rows = Vec::new();
	for ((class, tallies), windows) in study.classes.iter().zip(&study.tallies).zip(&study.exact) {
		for ((scenario, tallies), windows) in SCENARIOS.iter().zip(tallies).zip(windows) {
			if takes(scenario) {
				let cells = tallies.iter().zip(windows).map(|(tally, window)| cell(tally, window));
				let delivers = format!("{} %", scenario.delivers_percent);
				let first = [delivers, scenario.strategy.name().into(), class.k.to_string()];
				rows.push(first.into_iter().chain(cells).collect());
			}
		}
	}
	rows
}

fn missed(study: &Study) -> String {
	let rows = rows(
		study,
		|scenario| scenario.delivers_percent <= 30,
		|tally, window| beside(&tally.miss_rate(), window.missed),
	);
	table("## Cheats not flagged within five tests", &headings(&["delivers", "friends", "k"]), rows)
}

fn time_to_slash(study: &Study) -> String {
	let first = headings(&["delivers", "friends", "k"]);
	let is_gross = |scenario: &crate::strategy::Scenario| scenario.delivers_percent == GROSS_PERCENT;
	let tests = rows(study, is_gross, |tally, window| {
		format!("{:.2} / {:.2}", tally.tests_to_flag(), window.tests_to_flag())
	});
	let rounds = rows(study, is_gross, |_, window| format!("{:.2}", window.rounds_to_slash()));
	table("## Tests with a result until the escalation of a cheat is due, on average", &first, tests)
		+ &table(
			"## Until its slash is queued: void tests and attempts of the escalation as well, exact",
			&first,
			rounds,
		)
}

fn derated(study: &Study) -> String {
	let rows = rows(study, |_| true, |tally, window| beside(&tally.derate_rate(), window.derated_within_two));
	table(
		"## Lines struck or with a lower claim within two tests",
		&headings(&["delivers", "strategy", "k"]),
		rows,
	)
}

fn voided(study: &Study) -> String {
	let rows = rows(
		study,
		|scenario| scenario.strategy == Strategy::Adaptive && !scenario.is_honest(),
		|tally, window| beside(&tally.void_rate(), window.void),
	);
	table("## Tests of cheats that are void and drawn again", &headings(&["delivers", "friends", "k"]), rows)
}

fn honest(study: &Study) -> String {
	let first = headings(&["delivers", "liars", "k"]);
	let is_honest = |scenario: &crate::strategy::Scenario| scenario.is_honest();
	let flagged = rows(study, is_honest, |tally, window| beside(&tally.flag_rate(), window.flagged));
	let confirmed = rows(study, is_honest, |tally, window| beside(&tally.confirm_rate(), window.confirmed));
	table("## Honest lines flagged, per window of five tests", &first, flagged)
		+ &table("## Honest lines flagged and confirmed by the escalation, per window", &first, confirmed)
}

fn assumptions(study: &Study) -> String {
	let mut rows = Vec::new();
	for variant in &study.variants {
		for (class, windows) in study.classes.iter().zip(&variant.windows) {
			for (scenario, windows) in VARIED.iter().zip(windows) {
				let (what, chance): (_, fn(&Window) -> f64) = if scenario.is_honest() {
					("honest, confirmed", |window| window.confirmed)
				} else {
					("cheat at 10 %, not flagged", |window| window.missed)
				};
				let first =
					[variant.name.into(), what.into(), scenario.strategy.name().into(), class.k.to_string()];
				rows.push(
					first.into_iter().chain(windows.iter().map(|window| short(chance(window)))).collect(),
				);
			}
		}
	}
	table(
		"## Exact sums per window of five tests under other assumptions",
		&headings(&["assumption", "what", "strategy", "k"]),
		rows,
	)
}

fn grinding(study: &Study) -> String {
	let mut headings: Vec<String> = ["event", "k", "needs"].map(String::from).into();
	headings.extend((0..=MAX_SLOTS).map(|slots| format!("last {slots} slots")));
	headings.push("averaged".into());
	let weights = slots_owned(BETAS[BAR_BETA]);
	let row = |ground: &crate::grinding::Ground| {
		let exact = |slots: usize| ground.exact[slots][BAR_BETA];
		let cells = (0..=MAX_SLOTS).map(|slots| beside(&ground.drawn[slots][BAR_BETA], exact(slots)));
		let average: f64 = weights.iter().map(|(slots, weight)| weight * exact(*slots as usize)).sum();
		let first = [ground.name.into(), ground.k.to_string(), ground.needed.to_string()];
		first.into_iter().chain(cells).chain([short(average)]).collect()
	};
	let title = format!(
		"## Seed grinding at β = {}: the best of 2^slots committees has enough corrupt members",
		BETAS[BAR_BETA]
	);
	table(&title, &headings, study.grounds.iter().map(row).collect())
}

fn bounds(study: &Study) -> String {
	let row = |found: &crate::bounds::Found| {
		[found.k.into(), found.trials, found.violations, found.with_hidden, found.below_present]
			.map(|figure: u64| figure.to_string())
			.into()
	};
	table(
		"## Bounds of the estimate, random adversaries",
		&["k", "trials", "violations", "with liars that load and hide", "below the bound of those present"]
			.map(String::from),
		study.found.iter().map(row).collect(),
	)
}

fn accuracy(study: &Study) -> String {
	let of = |name: &str, takes: fn(&Accuracy) -> &[Spread; BETAS.len()]| {
		let row = |accuracy: &Accuracy| {
			let first = [
				format!("{} %", accuracy.scenario.delivers_percent),
				accuracy.scenario.strategy.name().into(),
				accuracy.k.to_string(),
			];
			let cells = takes(accuracy)
				.iter()
				.map(|spread| format!("{:.3} [{:.3}, {:.3}]", spread.median, spread.low, spread.high));
			first.into_iter().chain(cells).collect()
		};
		let title = format!(
			"## Estimate ÷ capacity, median [5 %, 95 %], {name}; members share lines unequally, noise {LAB_NOISE}"
		);
		table(&title, &headings(&["delivers", "strategy", "k"]), study.accuracy.iter().map(row).collect())
	};
	of("all committees", |accuracy| &accuracy.all)
		+ &of("no more corrupt members than are trimmed", |accuracy| &accuracy.trimmed)
}

/// The bars.
pub fn bars(bars: &[Bar]) -> String {
	let row = |bar: &Bar| {
		let met = if bar.met { "met" } else { "MISSED" };
		vec![bar.asks.clone(), bar.limit.clone(), bar.found.clone(), met.into()]
	};
	let headings = ["what it asks", "bar", "found", ""].map(String::from);
	table("## Bars", &headings, bars.iter().map(row).collect())
}
