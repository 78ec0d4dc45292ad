//! All experiments of one run, and the exact sums beside them.

use crate::{
	accuracy::{self, Accuracy},
	bounds::{self, Found},
	capture::{self, Event},
	config::{classes, corrupt_seats, Absence, Class, Config, BETAS, LAB_NOISE},
	exact::{self, Draws, Odds, Window},
	grinding::{self, Ground},
	strategy::{Scenario, SCENARIOS, VARIED},
	table::Conditions,
	windows::{self, Tables, Tallies},
	world::World,
};

/// Windows of one scenario at every share.
pub type Windows = [Window; BETAS.len()];

/// Exact windows of the scenarios in [`VARIED`] under one assumption.
#[derive(Clone, Debug)]
pub struct Variant {
	/// What is assumed.
	pub name: &'static str,
	/// Per class, per scenario.
	pub windows: Vec<Vec<Windows>>,
}

/// Position among a study's variants of that in which nobody is absent.
pub const NOBODY_ABSENT: usize = 0;

/// What a run found.
pub struct Study {
	/// What it was asked for.
	pub config: Config,
	/// Both classes.
	pub classes: [Class; 2],
	/// Capture of committees.
	pub events: Vec<Event>,
	/// Simulated windows.
	pub tallies: Tallies,
	/// Exact windows under the assumptions of the simulation.
	pub exact: Vec<Vec<Windows>>,
	/// Exact windows under other assumptions.
	pub variants: Vec<Variant>,
	/// Ground seeds.
	pub grounds: Vec<Ground>,
	/// Random adversaries.
	pub found: Vec<Found>,
	/// Estimates beside what lines carry.
	pub accuracy: Vec<Accuracy>,
}

impl Study {
	/// Runs everything.
	pub fn run(config: Config) -> Self {
		let classes = classes();
		let tables_of = |absence, noise, scenarios: &[Scenario]| {
			let conditions = Conditions { absence, noise, draws: config.noise_draws, seed: config.seed };
			classes.map(|class| Tables::new(&class, &conditions, scenarios))
		};
		let away = tables_of(Absence::Away, 0.0, &VARIED);
		let unrevealed = tables_of(Absence::Unrevealed, 0.0, &VARIED);
		let unequal = tables_of(Absence::Away, LAB_NOISE, &VARIED);
		let draws = Draws::new(config.providers);
		let world = World::new(&config);
		let share = config.absent;
		let variants = vec![
			Variant { name: "nobody absent", windows: sums(&away, &draws, 0.0) },
			Variant { name: "10 % away", windows: sums(&away, &draws, 0.1) },
			Variant { name: "10 % load, do not reveal", windows: sums(&unrevealed, &draws, 0.1) },
			Variant { name: "10 % away, unequal shares", windows: sums(&unequal, &draws, 0.1) },
			Variant { name: "10 % away, seeds ground", windows: ground(&away, &draws, 0.1) },
		];
		let tables = tables_of(config.absence, config.noise, &SCENARIOS);
		Self {
			events: capture::run(&config, &classes, &world, &draws),
			tallies: windows::run(&config, &tables, &world),
			exact: sums(&tables, &draws, share),
			variants,
			grounds: grinding::run(&config, &classes, &world, &draws),
			found: bounds::run(&config, &classes),
			accuracy: accuracy::run(&config, &classes, &draws),
			classes,
			config,
		}
	}
}

fn each(tables: &[Tables], window: impl Fn(&Tables, usize, f64) -> Window) -> Vec<Vec<Windows>> {
	let class = |tables: &Tables| {
		(0..tables.pairs.len()).map(|pair| BETAS.map(|beta| window(tables, pair, beta))).collect()
	};
	tables.iter().map(class).collect()
}

/// Exact windows with seeds nobody could choose.
fn sums(tables: &[Tables], draws: &Draws, absent: f64) -> Vec<Vec<Windows>> {
	each(tables, |tables, pair, beta| {
		let odds = Odds::unbent(corrupt_seats(draws.seats(), beta), absent);
		let (ordinary, larger) = &tables.pairs[pair];
		exact::window(&exact::test(draws, ordinary, &odds), &exact::test(draws, larger, &odds))
	})
}

/// Exact windows with every seed ground.
fn ground(tables: &[Tables], draws: &Draws, absent: f64) -> Vec<Vec<Windows>> {
	each(tables, |tables, pair, beta| grinding::window(tables, pair, draws, beta, absent))
}
