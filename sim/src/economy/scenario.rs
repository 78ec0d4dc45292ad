//! What happens to the economy, epoch by epoch.

use super::{
	chain::Design,
	control::{Rule, RAW},
};
use std::f64::consts::PI;
use weir_math::economy::Parameters;

/// Regions.
pub const REGIONS: usize = 10;
/// The region in which demand jumps, or comes late.
pub const HOT: usize = 3;
/// Epoch of the shock.
pub const SHOCK: u32 = 240;
/// Epochs of a run.
pub const EPOCHS: u32 = 480;
/// Epochs of a day.
pub const DAY: u32 = 4;

/// What happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scenario {
	/// Nothing.
	Base,
	/// The price halves in a day.
	Bear,
	/// It halves in each of two days.
	DoubleBear,
	/// It halves and doubles in turns, a day each, for twenty days.
	Seesaw,
	/// It rises by half on each of three days.
	Bull,
	/// It halves in twelve hours without a price.
	Frozen,
	/// Ten times the demand in one region.
	Demand,
	/// Three regions lose 60 % of their nodes, the others 25 %.
	Churn,
	/// The price halves in a day; churn and demand as above.
	Combined,
	/// A start with a tenth of the demand, which grows from day 40 to day 90.
	ColdStart,
	/// The same, with nodes that come to sell what they are paid and leave.
	Farm,
	/// An expensive region without demand until the shock.
	Cover,
}

impl Scenario {
	/// What is added to the price's logarithm in an epoch.
	pub fn drift(self, epoch: u32) -> f64 {
		let Some(since) = epoch.checked_sub(SHOCK) else { return 0.0 };
		let daily = |days: u32, factor: f64| {
			if since < days * DAY {
				factor.ln() / f64::from(DAY)
			} else {
				0.0
			}
		};
		match self {
			Self::Bear | Self::Combined => daily(1, 0.5),
			Self::DoubleBear => daily(2, 0.5),
			Self::Bull => daily(3, 1.5),
			Self::Seesaw if (since / DAY).is_multiple_of(2) => daily(20, 0.5),
			Self::Seesaw => daily(20, 2.0),
			Self::Frozen if since < 2 => 0.5f64.ln() / 2.0,
			_ => 0.0,
		}
	}

	/// Whether there is no price in an epoch.
	pub fn is_frozen(self, epoch: u32) -> bool {
		self == Self::Frozen && (SHOCK..SHOCK + 2).contains(&epoch)
	}

	/// Whether many nodes leave at once in an epoch.
	pub fn churns(self, epoch: u32) -> bool {
		epoch == SHOCK && matches!(self, Self::Churn | Self::Combined)
	}

	/// Whether the network begins with a part of its nodes and of its demand.
	pub fn is_cold(self) -> bool {
		matches!(self, Self::Farm | Self::ColdStart)
	}

	/// Demand of a region in an epoch, gigabytes, where it would be `usual`.
	pub fn demand(self, usual: f64, region: usize, epoch: u32) -> f64 {
		if self == Self::Cover && region == HOT {
			return if epoch >= SHOCK { 1_500.0 } else { 0.0 };
		}
		let epochs = f64::from(epoch);
		let daily = 1.0 + 0.1 * (PI * epochs / 2.0 + region as f64).sin();
		let mut demand = usual * (1.0 + 0.0003 * epochs) * daily;
		if region == HOT {
			demand *= 0.5;
			if epoch >= SHOCK && matches!(self, Self::Demand | Self::Combined) {
				demand *= 10.0;
			}
		}
		if self.is_cold() {
			demand *= 0.1 + 0.9 * ((epochs - 160.0) / 200.0).clamp(0.0, 1.0);
		}
		demand
	}
}

/// Nodes that pretend to be where they are not, and come back with a new bond after each slash.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Spoofers {
	/// Agents: ten nodes each.
	pub agents: u32,
	/// The chance of each to be found out in an epoch.
	pub detection: f64,
}

/// A run.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Setting {
	/// What happens.
	pub scenario: Scenario,
	/// By which design.
	pub design: Design,
	/// What moves the multipliers.
	pub rule: Rule,
	/// By which parameters.
	pub parameters: Parameters,
	/// Epochs.
	pub epochs: u32,
	/// Epochs of use that users hold in credits.
	pub runway: u32,
	/// Of the credits, the part that is bought with the stable asset.
	pub stable: f64,
	/// Whether coverage floors are paid.
	pub has_floors: bool,
	/// Whether floors ask for tenure.
	pub has_tenure: bool,
	/// Nodes that pretend.
	pub spoofers: Option<Spoofers>,
}

impl Setting {
	/// The published run of a scenario and design.
	pub fn new(scenario: Scenario, design: Design) -> Self {
		Self {
			scenario,
			design,
			rule: if design == Design::Classic { RAW } else { Rule::Line },
			parameters: Parameters::default(),
			epochs: EPOCHS,
			runway: 40,
			stable: 0.0,
			has_floors: true,
			has_tenure: true,
			spoofers: None,
		}
	}

	/// The specification in a scenario.
	pub fn recommended(scenario: Scenario) -> Self {
		Self::new(scenario, Design::Recommended)
	}
}
