//! Layer B2: supply that answers late. A model of one region without agents, for what multipliers do to it.

use super::control::{Control, Rule, PI, RAW};
use weir_math::economy::{
	incentive::{slope, Census},
	units::DOLLAR,
	Parameters,
};

/// Delay in epochs, elasticity, and by how much demand rises.
pub const PLANTS: [(usize, f64, f64); 7] = [
	(4, 1.0, 2.0),
	(16, 1.0, 2.0),
	(8, 2.0, 2.0),
	(16, 2.0, 2.0),
	(8, 3.0, 2.0),
	(8, 2.0, 4.0),
	(16, 2.0, 4.0),
];
const EPOCHS: usize = 900;
/// Epoch in which demand rises.
pub const STEP: usize = 100;
/// Availability pay, credits per gigabyte.
const AVAILABILITY: u64 = 8_500;
/// Capacity at the beginning, bytes.
const CAPACITY: f64 = 1e15;

/// What came of a rule.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Swing {
	/// Highest multiplier.
	pub peak: f64,
	/// Between the highest and the lowest utilisation of the last 300 epochs.
	pub swing: f64,
	/// Their mean.
	pub utilisation: f64,
}

/// How a plant goes, epoch by epoch.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Course {
	/// Multiplier.
	pub multiplier: Vec<f64>,
	/// Dollars per gigabyte of capacity.
	pub income: Vec<f64>,
	/// Capacity, of what there was at the beginning.
	pub capacity: Vec<f64>,
	/// Part of the demand that was served.
	pub service: Vec<f64>,
	/// Part of the capacity that was used.
	pub utilisation: Vec<f64>,
}

impl Course {
	fn swing(&self) -> Swing {
		let tail = &self.utilisation[EPOCHS - 300..];
		let (most, least) =
			tail.iter().fold((0.0f64, 1.0f64), |(most, least), value| (most.max(*value), least.min(*value)));
		Swing {
			peak: self.multiplier[STEP..].iter().copied().fold(0.0, f64::max),
			swing: most - least,
			utilisation: super::random::mean(tail.iter().copied()),
		}
	}
}

/// Rules that swing farthest.
pub const WILD: [&str; 2] = ["line, fast, twice as steep", "raw integrator"];

/// Rules by name.
pub fn rules() -> [(&'static str, Rule, Parameters); 7] {
	let defaults = Parameters::default();
	let fast = Parameters { utilisation_alpha: 350_000, ..defaults };
	let [steep, raw] = WILD;
	[
		("no multiplier", Rule::None, defaults),
		("line (default)", Rule::Line, defaults),
		("line, over the larger capacity", Rule::OverLarger, defaults),
		("line, fast average", Rule::Line, fast),
		(steep, Rule::Steep(2), fast),
		("memory with dead band (PI)", PI, defaults),
		(raw, RAW, defaults),
	]
}

/// Lets supply follow income with a delay and a lag of six epochs.
pub fn course(rule: Rule, parameters: &Parameters, plant: (usize, f64, f64)) -> Course {
	let (delay, elasticity, demand) = plant;
	let target = f64::from(parameters.target_utilisation) / 1e6;
	let price = parameters.list_price as f64;
	let share = f64::from(parameters.provider_share) / 1e6;
	let slope = slope(parameters.kappa, parameters.list_price, AVAILABILITY, parameters.target_utilisation);
	let census = Census { nodes: 1_000, operators: 1_000, networks: 1_000 };
	let mut control = Control::new(rule);
	let mut supply = 0.0f64;
	let mut answers = vec![0.0; delay + 1];
	let usual = share * price * target + AVAILABILITY as f64;
	let mut course = Course::default();
	for epoch in 0..EPOCHS {
		let capacity = CAPACITY * supply.exp();
		let wanted = CAPACITY * target * if epoch >= STEP { demand } else { 1.0 };
		let paid = wanted.min(capacity);
		let multiplier = control.step(paid as u128, capacity as u128, &census, slope, parameters);
		let multiplier = f64::from(multiplier) / 1e6;
		let income = share * price * paid / capacity + AVAILABILITY as f64 * multiplier;
		course.multiplier.push(multiplier);
		course.income.push(income / DOLLAR as f64);
		course.capacity.push(capacity / CAPACITY);
		course.service.push(paid / wanted);
		course.utilisation.push(paid / capacity);
		answers.push(elasticity * (income / usual).ln());
		supply += (answers.remove(0) - supply) / 6.0;
	}
	course
}

/// All rules in all plants.
pub fn run() -> Vec<(&'static str, [Swing; PLANTS.len()])> {
	let rows = rules().into_iter();
	rows.map(|(name, rule, parameters)| (name, PLANTS.map(|plant| course(rule, &parameters, plant).swing())))
		.collect()
}

/// The plant that is drawn: the slow one whose demand grows most.
pub const DRAWN: usize = PLANTS.len() - 1;

/// All rules in the plant that is drawn.
pub fn courses() -> Vec<(&'static str, Course)> {
	let rows = rules().into_iter();
	rows.map(|(name, rule, parameters)| (name, course(rule, &parameters, PLANTS[DRAWN]))).collect()
}

/// The most that a row adds to the swing without any multiplier, which is the first row.
pub fn added(rows: &[(&'static str, [Swing; PLANTS.len()])], row: usize) -> f64 {
	let pairs = rows[0].1.iter().zip(&rows[row].1);
	pairs.map(|(without, with)| with.swing - without.swing).fold(f64::NEG_INFINITY, f64::max)
}
