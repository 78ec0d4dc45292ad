//! Who provides: each agent stands for ten nodes, which it switches on and off by what they earn.

use super::{
	chain::{Chain, Design},
	random::normal,
	scenario::{Scenario, Setting, HOT, REGIONS},
};
use anyhow::{anyhow, Result};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use weir_math::economy::{
	accrual::{Accrued, Step},
	units::{Tokens, TOKEN},
	vesting::{Pot, EARLY_EXIT},
	wide::part_floor,
	Pace, Parameters,
};

/// Nodes of an agent.
pub const NODES: u32 = 10;
/// Epochs between two claims of an agent.
const CLAIMS: u32 = 4;
/// Epochs before which whoever leaves loses part of what is locked: 60 days.
const STAY: u32 = 240;
/// Agents of most regions, and of that in which demand jumps.
const AGENTS: (usize, usize) = (220, 900);
/// Agents in that region where it is expensive and empty.
const EXPENSIVE: usize = 200;
/// Median cost of a node, dollars per epoch, and where it is expensive.
const COST: (f64, f64) = (0.20, 0.45);
/// Highest cost of nodes that run at the beginning, and in the region in which demand jumps.
const RUNNING: (f64, f64) = (0.27, 0.10);
/// Agents that come to sell what they are paid and leave.
const MERCENARIES: u32 = 800;
/// Part of its tokens that an honest agent sells in an epoch.
const SOLD: f64 = 0.6;
/// Of a bond, what spoofing costs.
const SLASH: f64 = 0.30;
/// Of a slash, what is destroyed.
const DESTROYED: f64 = 0.6;
/// Epochs of pay that are bonded.
const BONDED: f64 = 80.0;

/// What an agent is up to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
	/// Provides for as long as it pays.
	Honest,
	/// Comes at the start, sells everything, leaves after 60 days or when it no longer pays.
	Mercenary,
	/// Pretends to be in the region that pays.
	Spoofer,
}

/// Gigabytes of an epoch by kbps.
pub fn gigabytes(kbps: f64) -> f64 {
	kbps * Pace::public().bytes_per_kbps as f64 / 1e9
}

/// Kbps that carry so many gigabytes in an epoch.
pub fn kbps(gigabytes: f64) -> u64 {
	(gigabytes * 1e9 / Pace::public().bytes_per_kbps as f64) as u64
}

/// What an agent is paid in an epoch, by its region and by its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rates {
	/// Tokens per kbps for availability, floor included.
	pub availability: f64,
	/// Tokens per kbps for traffic.
	pub fees: f64,
	/// Dollars per gigabyte of weight that newcomers expect.
	pub expected: f64,
}

/// An agent.
pub struct Agent {
	/// Where it is,
	pub home: usize,
	/// and where it says it is.
	pub claim: usize,
	/// What it is up to.
	pub kind: Kind,
	/// Weight of all its nodes, kbps.
	pub weight: u64,
	/// Whether it runs.
	pub on: bool,
	/// Epochs that it has run.
	pub age: u32,
	cost: f64,
	/// Epochs until it runs, or less than zero until it may think of running again.
	wait: i32,
	is_gone: bool,
	income: f64,
	/// Tokens that it may sell.
	liquid: f64,
	pot: Pot,
	bond: f64,
	seen: Accrued,
	seen_fees: f64,
}

/// What all agents did in an epoch.
#[derive(Clone, Copy, Debug, Default)]
pub struct Deeds {
	/// Dollars that honest nodes earned,
	pub income: f64,
	/// with this weight, gigabytes,
	pub weight: f64,
	/// in so many agents.
	pub honest: u32,
	/// Tokens that were sold,
	pub sold: f64,
	/// and of them by mercenaries.
	pub dumped: f64,
	/// Epochs of spoofing nodes, dollars that they were paid, dollars that they lost.
	pub spoofed: (f64, f64, f64),
}

impl Deeds {
	fn sell(&mut self, agent: &mut Agent) {
		let part = if agent.kind == Kind::Honest && agent.on { SOLD } else { 1.0 };
		let sold = agent.liquid * part;
		agent.liquid -= sold;
		self.sold += sold;
		if agent.kind == Kind::Mercenary {
			self.dumped += sold;
		}
	}
}

/// What agents see of the world when an epoch is over.
pub struct View<'a> {
	/// The epoch.
	pub epoch: u32,
	/// The run.
	pub setting: &'a Setting,
	/// Dollars per token.
	pub price: f64,
	/// By region.
	pub rates: &'a [Rates],
	/// Tokens per kbps that traffic has been paid with so far, by region.
	pub fees: &'a [f64],
}

impl Agent {
	fn new(region: usize, gigabytes: f64, cost: f64, quality: f64, kind: Kind) -> Self {
		Self {
			home: region,
			claim: region,
			kind,
			weight: kbps(gigabytes * quality * f64::from(NODES)),
			on: false,
			age: 0,
			cost,
			wait: 0,
			is_gone: false,
			income: 0.0,
			liquid: 0.0,
			pot: Pot::default(),
			bond: 0.0,
			seen: Accrued::default(),
			seen_fees: 0.0,
		}
	}

	/// Begins to run, or to pretend.
	fn begin(&mut self, chain: &Chain, fees: &[f64]) {
		self.on = true;
		self.income = 0.0;
		self.seen = chain.accrued(self.claim);
		self.seen_fees = fees[self.home];
	}

	/// Claims what has accrued, and what the pot releases.
	fn claim_pay(&mut self, chain: &Chain, view: &View<'_>) -> Result<()> {
		let Parameters { vest_liquid, vest_half_life_epochs, .. } = view.setting.parameters;
		let (mut liquid, mut locked): (Tokens, Tokens) = (0, 0);
		if self.on {
			let now = chain.accrued(self.claim);
			let step =
				Step { from: 0, region: self.claim as u16, weight: self.weight, floor: true, proven: false };
			let pay = self.seen.earned(&now, &step);
			self.seen = now;
			if view.setting.design == Design::Recommended {
				liquid = part_floor(pay.availability, vest_liquid);
				locked = pay.total() - liquid;
			} else {
				liquid = pay.total();
			}
			if self.claim == self.home {
				let fees = view.fees[self.home];
				self.liquid += (fees - self.seen_fees) * self.weight as f64;
				self.seen_fees = fees;
			}
		}
		if locked > 0 || self.pot.locked > 0 {
			let released = self.pot.grant(view.epoch, vest_half_life_epochs, locked);
			liquid += released.ok_or_else(|| anyhow!("a pot overflowed"))?;
		}
		self.liquid += liquid as f64 / TOKEN as f64;
		Ok(())
	}

	/// Stops, and loses part of what is locked if it has not stayed for long.
	fn leave(&mut self, chain: &mut Chain, view: &View<'_>) -> Result<()> {
		self.claim_pay(chain, view)?;
		if self.age < STAY {
			self.forfeit(EARLY_EXIT, chain)?;
		}
		self.on = false;
		Ok(())
	}

	fn forfeit(&mut self, share: u32, chain: &mut Chain) -> Result<f64> {
		let tokens = self.pot.forfeit(share);
		chain.ledger.give_back(tokens).map_err(|error| anyhow!("forfeiture: {error:?}"))?;
		Ok(tokens as f64 / TOKEN as f64)
	}

	/// Dollars of a node in this epoch.
	fn earned(&self, view: &View<'_>) -> f64 {
		let mut tokens = view.rates[self.claim].availability;
		if self.claim == self.home {
			tokens += view.rates[self.home].fees;
		}
		tokens * self.weight as f64 / f64::from(NODES) * view.price
	}

	/// One epoch of an agent.
	pub fn act(
		&mut self,
		chain: &mut Chain,
		view: &View<'_>,
		is_due: bool,
		rng: &mut ChaCha8Rng,
		deeds: &mut Deeds,
	) -> Result<()> {
		if is_due && (self.on || self.pot.locked > 0) {
			self.claim_pay(chain, view)?;
		}
		if !self.on {
			self.rest(chain, view, rng);
			deeds.sell(self);
			return Ok(());
		}
		let dollars = self.earned(view);
		if self.kind == Kind::Honest {
			deeds.income += dollars;
			deeds.honest += 1;
			deeds.weight += gigabytes(self.weight as f64) / f64::from(NODES);
		}
		self.age += 1;
		self.income = if self.income == 0.0 { dollars } else { self.income + 0.15 * (dollars - self.income) };
		deeds.sell(self);
		match self.kind {
			Kind::Mercenary => {
				if self.age > STAY || self.income < 0.5 * self.cost {
					self.leave(chain, view)?;
					self.is_gone = true;
				}
			}
			Kind::Spoofer => self.spoof(dollars, chain, view, rng, deeds)?,
			Kind::Honest => {
				if self.income < self.cost * 0.9 && rng.gen_bool(0.12) {
					self.leave(chain, view)?;
					self.wait = -8;
					self.age = 0;
				}
			}
		}
		Ok(())
	}

	fn spoof(
		&mut self,
		dollars: f64,
		chain: &mut Chain,
		view: &View<'_>,
		rng: &mut ChaCha8Rng,
		deeds: &mut Deeds,
	) -> Result<()> {
		if self.bond == 0.0 {
			self.bond = BONDED * dollars;
		}
		deeds.spoofed.0 += 1.0;
		deeds.spoofed.1 += dollars;
		let detection = view.setting.spoofers.map_or(0.0, |spoofers| spoofers.detection);
		if rng.gen_bool(detection) {
			self.claim_pay(chain, view)?;
			let lost = self.forfeit(1_000_000, chain)? / f64::from(NODES) * view.price;
			deeds.spoofed.2 += SLASH * self.bond + lost;
			let slashed = SLASH * self.bond * f64::from(NODES) / view.price;
			let destroyed = (slashed * DESTROYED * TOKEN as f64) as Tokens;
			chain.ledger.destroy(destroyed).map_err(|error| anyhow!("slash: {error:?}"))?;
			(self.on, self.bond, self.age, self.wait) = (false, 0.0, 0, 8);
		}
		Ok(())
	}

	/// An epoch in which it does not run.
	fn rest(&mut self, chain: &Chain, view: &View<'_>, rng: &mut ChaCha8Rng) {
		if self.is_gone {
			return;
		}
		match self.wait {
			..0 => self.wait += 1,
			1.. => {
				self.wait -= 1;
				if self.wait == 0 {
					self.begin(chain, view.fees);
				}
			}
			0 => match self.kind {
				Kind::Mercenary if view.epoch < 20 => self.wait = rng.gen_range(1..=20),
				Kind::Mercenary => {}
				Kind::Spoofer => {
					let begin =
						if view.setting.scenario == Scenario::Cover { 60 } else { super::scenario::SHOCK };
					if view.epoch >= begin {
						self.claim = HOT;
						self.wait = rng.gen_range(1..=8);
					}
				}
				Kind::Honest => {
					let weight = gigabytes(self.weight as f64) / f64::from(NODES);
					let expected = view.rates[self.claim].expected * weight;
					if expected > self.cost * 1.15 && rng.gen_bool(0.08) {
						self.wait = rng.gen_range(4..=12);
					}
				}
			},
		}
	}

	/// Power and lines fail: it comes back after ten days.
	pub fn fail(&mut self, chain: &Chain, view: &View<'_>) -> Result<()> {
		self.claim_pay(chain, view)?;
		(self.on, self.wait) = (false, -40);
		Ok(())
	}
}

/// Whether an agent claims in an epoch.
pub fn is_due(index: usize, epoch: u32) -> bool {
	(index as u32).wrapping_add(epoch).is_multiple_of(CLAIMS)
}

/// Draws all agents of a run.
pub fn population(setting: &Setting, rng: &mut ChaCha8Rng) -> Vec<Agent> {
	let is_expensive = |region| setting.scenario == Scenario::Cover && region == HOT;
	let mut agents = Vec::new();
	for region in 0..REGIONS {
		let count = match region {
			HOT if is_expensive(region) => EXPENSIVE,
			HOT => AGENTS.1,
			_ => AGENTS.0,
		};
		for _ in 0..count {
			let capacity = rng.gen_range(6.0..18.0);
			let median: f64 = if is_expensive(region) { COST.1 } else { COST.0 };
			let cost = normal(rng, median.ln(), 0.5).exp();
			let quality = rng.gen_range(0.8..1.0);
			let mut agent = Agent::new(region, capacity, cost, quality, Kind::Honest);
			let most = if region == HOT { RUNNING.1 } else { RUNNING.0 };
			if cost < most {
				agent.on = true;
				agent.age = setting.parameters.tenure_epochs;
			}
			agents.push(agent);
		}
	}
	if setting.scenario.is_cold() {
		for agent in &mut agents {
			// Drawn for all, so that the two cold starts begin alike.
			agent.on &= !rng.gen_bool(0.7);
		}
	}
	if setting.scenario == Scenario::Farm {
		for _ in 0..MERCENARIES {
			let region = rng.gen_range(0..REGIONS);
			agents.push(Agent::new(region, rng.gen_range(12.0..18.0), 0.05, 0.95, Kind::Mercenary));
		}
	}
	for _ in 0..setting.spoofers.map_or(0, |spoofers| spoofers.agents) {
		let region = (HOT + rng.gen_range(1..REGIONS)) % REGIONS;
		agents.push(Agent::new(region, 12.0, 0.05, 0.95, Kind::Spoofer));
	}
	agents
}
