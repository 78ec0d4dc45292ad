//! How far estimates lie from what a line carries, over all committees: who is corrupt and who is absent is summed
//! exactly, how unequally members share the line is drawn.

use crate::{
	config::{corrupt_seats, Absence, Class, Config, BETAS, LAB_NOISE},
	exact::{committees, Draws, Odds},
	strategy::{Scenario, SCENARIOS},
	table::{line_of, Conditions, Table},
};
use weir_math::committee::trim;

/// An honest line that liars deflate: by withholding their load, by denying what it leaves a receipt of, and by whatever
/// its verdict suffers most from. And a line at 70 % of its claim that friends inflate: its quotas leave room for 1.79
/// times what it carries.
pub const DISTORTED: [Scenario; 5] = [SCENARIOS[0], SCENARIOS[1], SCENARIOS[2], SCENARIOS[9], SCENARIOS[10]];

/// Estimate ÷ capacity of tests with a result.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Spread {
	/// One in twenty is below.
	pub low: f64,
	/// Half of them are.
	pub median: f64,
	/// One in twenty is above.
	pub high: f64,
}

/// One scenario judged by one class.
#[derive(Clone, Debug)]
pub struct Accuracy {
	/// The line, and what is done to it.
	pub scenario: Scenario,
	/// Members of the committees.
	pub k: u16,
	/// At each share, by all committees.
	pub all: [Spread; BETAS.len()],
	/// By those with no more corrupt members than are trimmed of all who are there (c ≤ t).
	pub trimmed: [Spread; BETAS.len()],
}

/// Sums the spreads of every scenario in [`DISTORTED`]. Members share lines as unequally as in the lab.
pub fn run(config: &Config, classes: &[Class; 2], draws: &Draws) -> Vec<Accuracy> {
	let conditions =
		Conditions { absence: Absence::Away, noise: LAB_NOISE, draws: config.noise_draws, seed: config.seed };
	let one = |(class, scenario): (&Class, &Scenario)| {
		let table = Table::new(scenario, class, false, &conditions);
		let capacity_kbps = line_of(scenario, class.claim_kbps).capacity_kbps;
		let spreads = |takes: &dyn Fn(u16, u16) -> bool| {
			BETAS.map(|beta| {
				let odds = Odds::unbent(corrupt_seats(draws.seats(), beta), config.absent);
				spread(draws, &table, &odds, capacity_kbps, takes)
			})
		};
		let is_trimmed = |corrupt, absent| corrupt <= trim(class.k.saturating_sub(absent));
		Accuracy {
			scenario: *scenario,
			k: class.k,
			all: spreads(&|_, _| true),
			trimmed: spreads(&is_trimmed),
		}
	};
	classes
		.iter()
		.flat_map(|class| DISTORTED.iter().map(move |scenario| (class, scenario)))
		.map(one)
		.collect()
}

/// The spread over those committees, by corrupt and absent members, that `takes` takes.
fn spread(
	draws: &Draws,
	table: &Table,
	odds: &Odds<'_>,
	capacity_kbps: u32,
	takes: &dyn Fn(u16, u16) -> bool,
) -> Spread {
	let mut weighed: Vec<(u32, f64)> = Vec::new();
	for (corrupt, absent, chance) in committees(draws, table.k(), odds) {
		let cell = table.cell(corrupt, absent);
		if takes(corrupt, absent) {
			let each = chance * (1.0 - cell.ends.void) / cell.estimates_kbps.len() as f64;
			weighed.extend(cell.estimates_kbps.iter().map(|estimate| (*estimate, each)));
		}
	}
	weighed.sort_unstable_by_key(|(estimate, _)| *estimate);
	let sum: f64 = weighed.iter().map(|(_, chance)| chance).sum();
	let quantile = |part: f64| {
		let mut below = 0.0;
		let at = weighed.iter().find(|(_, chance)| {
			below += chance;
			below >= part * sum
		});
		at.or(weighed.last()).map_or(0.0, |(estimate, _)| f64::from(*estimate) / f64::from(capacity_kbps))
	};
	Spread { low: quantile(0.05), median: quantile(0.5), high: quantile(0.95) }
}
