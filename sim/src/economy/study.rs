//! All layers in one run.

use super::{
	attacks::{self, Crowd, Memory, Rules, HIDERS, NUDGERS},
	fuzz::{self, Fuzzed, Schedule},
	oracle::{watch, Watched},
	peg::{self, Peg, RoundTrip, CASES},
	plant::{self, Course, Swing, PLANTS},
	shocks::{self, Cover, Farm, Regional, Shock, Spoof},
};
use anyhow::Result;
use rayon::prelude::*;
use weir_math::economy::Parameters;

/// What self-dealing brings back of a dollar.
#[derive(Clone, Debug)]
pub struct Washed {
	/// By which rules.
	pub name: &'static str,
	/// Own traffic for ever.
	pub steady: f64,
	/// Own traffic, then another capacity.
	pub pumped: f64,
	/// Gain of moving between idle regions.
	pub hopped: f64,
	/// Whether these are the chain's rules.
	pub is_chain: bool,
}

/// Everything that a run found.
pub struct Study {
	/// Seeds of each layer.
	pub seeds: u64,
	/// Layer A.
	pub pegs: Vec<Peg>,
	/// Layer A2.
	pub trips: Vec<RoundTrip>,
	/// A path of each of its cases with the quotes, for plots.
	pub watched: Vec<Watched>,
	/// Layer C.
	pub washed: Vec<Washed>,
	/// Layer C2: gains by share of the region, first by the chain's line.
	pub withheld: Vec<(&'static str, [f64; HIDERS.len()])>,
	/// Layer C3.
	pub nudged: Vec<(&'static str, [f64; NUDGERS.len()])>,
	/// Saturation of groups.
	pub crowds: [Crowd; 3],
	/// Layer B2.
	pub swings: Vec<(&'static str, [Swing; PLANTS.len()])>,
	/// One of its plants by every rule, for a plot.
	pub courses: Vec<(&'static str, Course)>,
	/// Layer B.
	pub shocks: Vec<Shock>,
	/// Layer B2b.
	pub regional: Vec<Regional>,
	/// Layer B5.
	pub cover: Vec<Cover>,
	/// Layer B3.
	pub farm: Vec<Farm>,
	/// Layer B4.
	pub spoof: Vec<Spoof>,
	/// Random operations.
	pub fuzzed: Fuzzed,
	/// The schedule over years.
	pub schedule: Schedule,
}

impl Study {
	/// Runs everything. An error is a law of the ledger that broke.
	pub fn run(seeds: u64) -> Result<Self> {
		let parameters = Parameters::default();
		let maps = attacks::maps();
		Ok(Self {
			seeds,
			pegs: peg::run(seeds, &parameters),
			trips: peg::round_trips(seeds, &parameters),
			watched: CASES.map(|case| watch(case.shock, &case.attack, &parameters, 1)).into(),
			washed: washed(),
			withheld: [0, 2].map(|at| (maps[at].0, attacks::withhold(&maps[at].1))).into(),
			nudged: maps.iter().map(|(name, map)| (*name, attacks::nudge(map))).collect(),
			crowds: attacks::crowds(),
			swings: plant::run(),
			courses: plant::courses(),
			shocks: shocks::shocks(seeds)?,
			regional: shocks::regional(seeds)?,
			cover: shocks::cover(seeds)?,
			farm: shocks::farm(seeds)?,
			spoof: shocks::spoof(seeds)?,
			fuzzed: fuzz::fuzz(seeds)?,
			schedule: fuzz::schedule()?,
		})
	}
}

/// The chain's rules, then rules with a fault.
pub fn washed() -> Vec<Washed> {
	let chain = Rules::default();
	let kappa =
		|kappa| Rules { parameters: weir_math::economy::Parameters { kappa, ..chain.parameters }, ..chain };
	let rules = [
		("the chain's", chain, true),
		("without multiplier (kappa 0)", kappa(0), false),
		("kappa 0.22", kappa(220_000), false),
		("kappa 0.30", kappa(300_000), false),
		("line twice as steep", Rules { steepness: 2, ..chain }, false),
		("utilisation as the average of a ratio", Rules { memory: Memory::Ratio, ..chain }, false),
		("average demand over the larger capacity", Rules { memory: Memory::OverLarger, ..chain }, false),
		("multiplier on fees", Rules { multiplies_fees: true, ..chain }, false),
	];
	let found = rules.into_par_iter().map(|(name, rules, is_chain)| Washed {
		name,
		steady: attacks::wash(&rules),
		pumped: attacks::pump(&rules),
		hopped: attacks::hop(&rules),
		is_chain,
	});
	found.collect()
}
