//! Layer C: what attackers win by their own traffic, by a nudge of the multiplier, by hiding capacity, by moving it, and by
//! splitting lines. Searched over strategies, on the chain's own formulas.

use super::control::over_larger;
use weir_math::economy::{
	groups::{Group, Standing, Surroundings},
	incentive::{
		multiplier, paid_bytes, region_want, slope, Billionths, Census, Demand, BILLION, MULTIPLIER_ONE,
	},
	units::{Credits, Ppm, GIGABYTE},
	weight::NODE_CAP_KBPS,
	wide::part_floor,
	Parameters,
};

/// Capacity of the region that is looked at, bytes: so much that rounding says nothing.
const CAPACITY: u128 = 1_000_000 * GIGABYTE;
/// Availability pay of the closed searches, credits per gigabyte: what fees usually leave of it.
pub const AVAILABILITY: u64 = 8_500;
/// Enough lines for a multiplier.
const CENSUS: Census = Census { nodes: 1_000, operators: 1_000, networks: 1_000 };

/// How a region's utilisation is remembered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Memory {
	/// The chain's: demand and capacity apart.
	Apart,
	/// The average of their ratio.
	Ratio,
	/// As [`over_larger`] has it.
	OverLarger,
}

/// The chain's rules, or rules with a fault.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Rules {
	/// Its parameters.
	pub parameters: Parameters,
	/// How much steeper than by the laws the line is.
	pub steepness: u64,
	/// Whether the multiplier raises fees as well.
	pub multiplies_fees: bool,
	/// How utilisation is remembered.
	pub memory: Memory,
}

impl Default for Rules {
	fn default() -> Self {
		Self {
			parameters: Parameters::default(),
			steepness: 1,
			multiplies_fees: false,
			memory: Memory::Apart,
		}
	}
}

impl Rules {
	fn multiplier(&self, utilisation: Billionths, availability: u64) -> Ppm {
		let p = &self.parameters;
		let slope = slope(p.kappa, p.list_price, availability, p.target_utilisation);
		multiplier(&CENSUS, slope.saturating_mul(self.steepness), utilisation, p.target_utilisation)
	}

	/// Pay of a region at a utilisation, credits.
	fn pay(&self, capacity: u128, utilisation: Billionths, availability: u64) -> Credits {
		region_want(capacity, availability, self.multiplier(utilisation, availability))
	}

	/// Credits of fees that come back of `spent`, `attestors` being the part of them that the attacker has.
	fn fees(&self, spent: Credits, attestors: Ppm, utilisation: Billionths, availability: u64) -> Credits {
		let p = &self.parameters;
		let own = part_floor(spent, p.provider_share);
		let own = if self.multiplies_fees {
			own * u128::from(self.multiplier(utilisation, availability)) / u128::from(MULTIPLIER_ONE)
		} else {
			own
		};
		own + part_floor(part_floor(spent, p.attestor_share), attestors)
	}
}

/// Hundredths as billionths.
fn percent(part: u64) -> Billionths {
	part * BILLION / 100
}

/// Credits that fill such a part of the capacity.
fn price_of(utilisation: Billionths, parameters: &Parameters) -> Credits {
	let bytes = CAPACITY / u128::from(BILLION) * u128::from(utilisation);
	bytes * u128::from(parameters.list_price) / GIGABYTE
}

/// The most that comes back of a dollar of wash traffic that goes on for ever, over utilisation, its share of the traffic,
/// the attacker's share of the region and of the attestors, and availability pay.
pub fn wash(rules: &Rules) -> f64 {
	let p = &rules.parameters;
	let mut best = 0.0f64;
	for availability in [p.availability_least, AVAILABILITY, p.availability_most] {
		for honest in (0..100).map(percent) {
			for added in [1, 2, 5, 10, 25, 50, 100].map(percent) {
				let with = honest + added;
				if with > BILLION {
					continue;
				}
				let spent = price_of(added, p);
				let before = rules.pay(CAPACITY, honest, availability) as f64;
				let after = rules.pay(CAPACITY, with, availability) as f64;
				for attestors in [0, 330_000, 1_000_000] {
					let fees = rules.fees(spent, attestors, with, availability) as f64;
					for share in [0.01, 0.1, 0.5, 1.0] {
						best = best.max((fees + share * (after - before)) / spent as f64);
					}
				}
			}
		}
	}
	best
}

/// The most that comes back of a dollar when traffic is bought in a region of one size, which then becomes another: over
/// both sizes, how long and how much is bought, and honest demand. The attacker has all of the region. Two millionths of
/// what the region is paid anyway are not counted: multipliers are rounded to one, and where a region grows a thousand times
/// that is much for what was spent in it before.
pub fn pump(rules: &Rules) -> f64 {
	const AFTER: u32 = 300;
	let p = &rules.parameters;
	let mut best = 0.0f64;
	for availability in [p.availability_least, AVAILABILITY, p.availability_most] {
		for (small, large) in [(1, 1), (3, 1), (1, 3), (1, 10), (1, 30), (1, 100), (1, 1_000)] {
			for epochs in [1, 3, 10, 30, 100] {
				for (honest, wash) in [(0, 100), (0, 50), (50, 50), (50, 10), (80, 20)] {
					let (first, later) = (CAPACITY / 1_000 * small, CAPACITY / 1_000 * large);
					let history = |with_wash: bool| {
						let mut paid = 0u128;
						let mut region = Remembered::new(rules);
						for epoch in 0..epochs + AFTER {
							let capacity = if epoch < epochs { first } else { later };
							let wash = if epoch < epochs && with_wash { wash } else { 0 };
							let traffic = capacity / 100 * (honest + wash);
							let utilisation = region.after(traffic, capacity);
							paid += rules.pay(capacity, utilisation, availability);
						}
						paid
					};
					let bytes = first / 100 * wash * u128::from(epochs);
					let spent = bytes * u128::from(p.list_price) / GIGABYTE;
					let without = history(false) as f64;
					let more = history(true) as f64 - without * (1.0 + 2e-6);
					let fees = rules.fees(spent, 1_000_000, BILLION, availability) as f64;
					best = best.max((fees + more) / spent as f64);
				}
			}
		}
	}
	best
}

/// What a group that is all of ten idle regions gains by being in one after the other, an epoch each, as a part of what it is
/// paid for staying.
pub fn hop(rules: &Rules) -> f64 {
	const REGIONS: u32 = 10;
	const SETTLED: u32 = 400;
	let paid = |regions: u32| {
		let mut all: Vec<Remembered<'_>> = (0..regions).map(|_| Remembered::new(rules)).collect();
		let mut paid = 0u128;
		for epoch in 0..2 * SETTLED {
			for (region, number) in all.iter_mut().zip(0..) {
				let capacity = if epoch % regions == number { CAPACITY } else { 0 };
				let utilisation = region.after(0, capacity);
				if epoch >= SETTLED {
					paid += rules.pay(capacity, utilisation, AVAILABILITY);
				}
			}
		}
		paid as f64
	};
	paid(REGIONS) / paid(1) - 1.0
}

/// What a region remembers.
struct Remembered<'a> {
	rules: &'a Rules,
	demand: Demand,
	ratio: f64,
}

impl<'a> Remembered<'a> {
	fn new(rules: &'a Rules) -> Self {
		let ratio = f64::from(rules.parameters.target_utilisation) / 1e6;
		Self { rules, demand: Demand::default(), ratio }
	}

	fn after(&mut self, bytes: u128, capacity: u128) -> Billionths {
		let p = &self.rules.parameters;
		match self.rules.memory {
			Memory::Apart | Memory::OverLarger => {
				let credits = bytes * u128::from(p.list_price) / GIGABYTE;
				let paid = paid_bytes(credits, p.list_price);
				self.demand = self.demand.after(paid, capacity, p.utilisation_alpha, p.target_utilisation);
				if self.rules.memory == Memory::OverLarger {
					return over_larger(&self.demand, capacity, p.target_utilisation);
				}
				self.demand.utilisation(capacity, p.target_utilisation)
			}
			Memory::Ratio => {
				if capacity == 0 {
					return 0;
				}
				let seen = (bytes as f64 / capacity as f64).min(1.0);
				self.ratio += f64::from(p.utilisation_alpha) / 1e6 * (seen - self.ratio);
				(self.ratio * BILLION as f64) as Billionths
			}
		}
	}
}

/// A map from utilisation to multiplier, by name.
pub type Map = (&'static str, Box<dyn Fn(Billionths) -> f64>);

fn line(steepness: u64) -> Box<dyn Fn(Billionths) -> f64> {
	let rules = Rules { steepness, ..Rules::default() };
	Box::new(move |utilisation| f64::from(rules.multiplier(utilisation, AVAILABILITY)) / 1e6)
}

fn part(utilisation: Billionths) -> f64 {
	utilisation as f64 / BILLION as f64
}

/// Where a controller with memory and dead band ends up, limited by `most`.
fn remembered(most: impl Fn(f64) -> f64 + 'static) -> Box<dyn Fn(Billionths) -> f64> {
	Box::new(move |utilisation| match part(utilisation) {
		used if used > 0.55 => most(used).min(3.0),
		used if used < 0.45 => 0.5,
		_ => 1.0,
	})
}

/// The chain's line, then rules that were rejected.
pub fn maps() -> [Map; 5] {
	let p = Parameters::default();
	let burned = 1.0 - f64::from(p.provider_share + p.attestor_share + p.treasury_share) / 1e6;
	let price = p.list_price as f64 / AVAILABILITY as f64;
	[
		("line (default)", line(1)),
		("line, twice as steep", line(2)),
		("memory with dead band, unbounded", remembered(|_| 3.0)),
		("the same, boost <= half of the burn", remembered(move |used| 1.0 + 0.5 * burned * price * used)),
		("pay <= 6x demand", Box::new(|utilisation| (6.0 * part(utilisation)).min(1.0))),
	]
}

/// Shares of a region that nudges are tried with.
pub const NUDGERS: [f64; 4] = [0.1, 0.25, 0.5, 1.0];
/// Shares of a region that hide capacity.
pub const HIDERS: [f64; 5] = [0.1, 0.25, 0.5, 0.75, 1.0];

/// The best gain of steady own traffic, over honest utilisation and what is added, as a part of the group's availability pay
/// without it: for each of [`NUDGERS`].
pub fn nudge(map: &dyn Fn(Billionths) -> f64) -> [f64; 4] {
	let p = Parameters::default();
	let lost = 1.0 - f64::from(p.provider_share + p.attestor_share) / 1e6;
	let (price, pay) = (p.list_price as f64, AVAILABILITY as f64);
	NUDGERS.map(|share| {
		let mut best = f64::NEG_INFINITY;
		for honest in 1..100u64 {
			for added in 1..=100 - honest {
				let (before, after) = (map(percent(honest)), map(percent(honest + added)));
				let gain = share * pay * (after - before) - lost * price * added as f64 / 100.0;
				best = best.max(gain / (share * pay * before));
			}
		}
		best
	})
}

/// The best gain of hiding a part of the group's capacity for ever when nobody else comes, over utilisation and that part:
/// for each of [`HIDERS`].
pub fn withhold(map: &dyn Fn(Billionths) -> f64) -> [f64; 5] {
	let p = Parameters::default();
	let (price, pay) = (p.list_price as f64, AVAILABILITY as f64);
	let fees = f64::from(p.provider_share) / 1e6 * price;
	HIDERS.map(|share| {
		let mut best = f64::NEG_INFINITY;
		for used in [10, 20, 30, 40, 44, 50, 54, 60, 70u64] {
			let u = used as f64 / 100.0;
			let behaving = share * (pay * map(percent(used)) + fees * u);
			for hidden in (1..50).map(|step| f64::from(step) / 50.0) {
				let left = 1.0 - share * hidden;
				if u / left <= 1.0 {
					let own = share * (1.0 - hidden);
					let rate = map((u / left * BILLION as f64) as Billionths);
					best = best.max((own * pay * rate + fees * u * own / left) / behaving - 1.0);
				}
			}
		}
		best
	})
}

/// Lines of one prefix, and what they weigh together after each was placed several times.
#[derive(Clone, Copy, Debug)]
pub struct Crowd {
	/// What is tried.
	pub name: &'static str,
	/// What they would weigh apart, node caps.
	pub apart: f64,
	/// What they weigh together, node caps.
	pub together: f64,
	/// What they may.
	pub most: f64,
}

/// Saturation of groups: one line shown as ten of the same address; a hundred lines in a /24; a thousand in a /16 of a
/// region that weighs a thousand node caps without them.
pub fn crowds() -> [Crowd; 3] {
	let cap = u64::from(NODE_CAP_KBPS);
	[
		crowd("one line shown as ten of one address", 10, cap, |_| (0, 0), 0, 1.0),
		crowd("a hundred lines in a /24", 100, cap, |line| (line, 0), 0, 4.0),
		crowd("a thousand lines in a /16", 1_000, cap, |line| (line, line / 4), 1_000, 400.0),
	]
}

/// `place` says in which site and block a line is.
fn crowd(
	name: &'static str,
	lines: usize,
	raw: u64,
	place: impl Fn(usize) -> (usize, usize),
	others: u128,
	most: f64,
) -> Crowd {
	let cap = u64::from(NODE_CAP_KBPS);
	let mut sites = vec![Group::default(); lines];
	let mut blocks = vec![Group::default(); lines];
	let mut network = Group::default();
	let mut offered = others * u128::from(cap);
	let mut standings = vec![None; lines];
	for _ in 0..8 {
		for (line, standing) in standings.iter_mut().enumerate() {
			let (site, block) = place(line);
			if let Some(Standing { raw, site: here, block: there, weight }) = *standing {
				sites[site] = sites[site].without(raw, here).unwrap_or_default();
				blocks[block] = blocks[block].without(here, there).unwrap_or_default();
				network = network.without(there, weight).unwrap_or_default();
				offered -= u128::from(there);
			}
			let around =
				Surroundings { site: sites[site], block: blocks[block], network, region_offered: offered };
			let found = around.standing(raw, cap);
			sites[site] = sites[site].with(found.raw, found.site).unwrap_or_default();
			blocks[block] = blocks[block].with(found.site, found.block).unwrap_or_default();
			network = network.with(found.block, found.weight).unwrap_or_default();
			offered += u128::from(found.block);
			*standing = Some(found);
		}
	}
	let caps = |weight: u128| weight as f64 / cap as f64;
	Crowd { name, apart: caps(u128::from(raw) * lines as u128), together: caps(network.weight), most }
}
