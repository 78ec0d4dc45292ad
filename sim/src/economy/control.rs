//! What moves a region's multiplier: the chain's line, and rules that were rejected.

use weir_math::economy::{
	incentive::{multiplier, Billionths, Census, Demand, BILLION, MULTIPLIER_ONE},
	units::Ppm,
	wide::mul_div_floor,
	Parameters,
};

/// A multiplicative controller with memory, by the name its parts have in control theory.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Gains {
	/// By which part of the error the memory grows in an epoch,
	pub integral: f64,
	/// by which part of it the multiplier exceeds the memory,
	pub proportional: f64,
	/// part of the newest utilisation in its average,
	pub alpha: f64,
	/// and the errors that are ignored.
	pub dead_band: f64,
}

/// A rule for multipliers.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Rule {
	/// The chain's.
	Line,
	/// A line so many times as steep as the chain's.
	Steep(u64),
	/// A line on average demand over the larger of average and present capacity.
	OverLarger,
	/// Always one.
	None,
	/// With memory.
	Integrating(Gains),
}

/// An accurate controller with a dead band.
pub const PI: Rule =
	Rule::Integrating(Gains { integral: 0.03, proportional: 0.5, alpha: 0.35, dead_band: 0.1 });
/// An integrator without any care.
pub const RAW: Rule =
	Rule::Integrating(Gains { integral: 0.25, proportional: 0.0, alpha: 1.0, dead_band: 0.0 });

/// A region's controller with what it remembers.
#[derive(Clone, Copy, Debug)]
pub struct Control {
	rule: Rule,
	demand: Demand,
	average: Option<f64>,
	memory: f64,
}

/// Average demand over the larger of average and present capacity: an alternative to the chain's, which answers at once
/// when capacity comes.
pub fn over_larger(demand: &Demand, capacity: u128, target: Ppm) -> Billionths {
	match mul_div_floor(demand.paid, BILLION.into(), demand.capacity.max(capacity)) {
		Some(ratio) => u64::try_from(ratio).unwrap_or(BILLION).min(BILLION),
		None => u64::from(target) * 1_000,
	}
}

fn ppm(multiplier: f64) -> Ppm {
	(multiplier * 1e6) as Ppm
}

impl Control {
	/// One that has seen nothing.
	pub fn new(rule: Rule) -> Self {
		Self { rule, demand: Demand::default(), average: None, memory: 1.0 }
	}

	/// Takes an epoch's paid bytes and capacity in bytes, and says what the multiplier is.
	pub fn step(
		&mut self,
		paid: u128,
		capacity: u128,
		census: &Census,
		slope: Billionths,
		parameters: &Parameters,
	) -> Ppm {
		let target = parameters.target_utilisation;
		self.demand = self.demand.after(paid, capacity, parameters.utilisation_alpha, target);
		let utilisation = self.demand.utilisation(capacity, target);
		match self.rule {
			Rule::Line => multiplier(census, slope, utilisation, target),
			Rule::Steep(times) => multiplier(census, slope.saturating_mul(times), utilisation, target),
			Rule::OverLarger => {
				multiplier(census, slope, over_larger(&self.demand, capacity, target), target)
			}
			Rule::None => MULTIPLIER_ONE,
			Rule::Integrating(gains) if census.is_sample() => {
				let seen = (paid as f64 / capacity.max(1) as f64).min(1.0);
				let average = self.average.unwrap_or(seen);
				let average = average + gains.alpha * (seen - average);
				self.average = Some(average);
				let target = f64::from(target) / 1e6;
				let error = ((average - target) / target).clamp(-1.0, 1.0);
				let error = if error.abs() <= gains.dead_band { 0.0 } else { error };
				self.memory = (self.memory * (1.0 + gains.integral * error)).clamp(0.5, 3.0);
				ppm((self.memory * (1.0 + gains.proportional * error)).clamp(0.5, 3.0))
			}
			Rule::Integrating(_) => MULTIPLIER_ONE,
		}
	}
}
