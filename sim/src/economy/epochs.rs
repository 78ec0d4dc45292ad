//! Layer B: providers, users and the chain, epoch by epoch.

use super::{
	agents::{gigabytes, is_due, kbps, population, Agent, Deeds, Rates, View, NODES},
	chain::{Chain, Closed, Epoch, Prices},
	oracle,
	oracle::price,
	random::{normal, random, Use},
	scenario::{Setting, HOT, REGIONS},
};
use anyhow::{Context, Result};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use weir_math::economy::{
	accrual::Totals,
	incentive::Census,
	price::quote,
	units::{Credits, DOLLAR, SUPPLY_CAP, TOKEN},
	wide::{mul_div_floor, tokens_floor},
};

/// Part of all candidates for a node that run at the beginning: what a logarithm's normal distribution with a median of
/// $0.20 and a deviation of 0.5 has below $0.283.
const RUNNING: f64 = 0.756_24;
/// Nodes with which a region is served, each of 12 GB an epoch.
const FOOTPRINT: f64 = 250.0;
/// What the pool loses of a slice of the stable asset.
const SLIPPAGE: f64 = 0.005;
/// Of the stable asset that was paid in an epoch, what has been spent when it closes.
const SPENT: f64 = 0.9;
/// Tokens of the first epoch's slice.
const FIRST_SLICE: f64 = 46_254.5;

/// What a run came to, epoch by epoch.
#[derive(Clone, Debug, Default)]
pub struct History {
	/// Dollars per token.
	pub price: Vec<f64>,
	/// Dollars per gigabyte of honest weight.
	pub income: Vec<f64>,
	/// Honest agents that run.
	pub honest: Vec<f64>,
	/// Part of all demand that was served, and of that in the region of the shock.
	pub service: Vec<f64>,
	/// The same in the region of the shock.
	pub hot_service: Vec<f64>,
	/// Its multiplier with its floor,
	pub hot_rate: Vec<f64>,
	/// its capacity, gigabytes,
	pub hot_capacity: Vec<f64>,
	/// and its utilisation.
	pub hot_utilisation: Vec<f64>,
	/// Tokens that exist, as a part of the cap.
	pub issuance: Vec<f64>,
	/// Part of the fees that nothing paid for.
	pub shortfall: Vec<f64>,
	/// Tokens minted for availability,
	pub minted: Vec<f64>,
	/// and what they were worth.
	pub minted_dollars: Vec<f64>,
	/// Tokens in the bucket, as a part of the cap.
	pub bucket: Vec<f64>,
	/// Whether coverage floors ever cost more than their budget.
	pub is_over_budget: bool,
	/// Tokens that mercenaries sold.
	pub dumped: f64,
	/// Epochs of spoofing nodes, what they were paid and what they lost, dollars.
	pub spoofed: (f64, f64, f64),
}

struct World {
	setting: Setting,
	chain: Chain,
	agents: Vec<Agent>,
	/// Usual demand of each region, gigabytes.
	usual: Vec<f64>,
	price: f64,
	/// Dollars of trade that move the price by one e-fold.
	depth: f64,
	/// Dollars per gigabyte that newcomers expect.
	expected: Vec<f64>,
	/// Tokens per kbps that traffic was paid with.
	fees: Vec<f64>,
	market: ChaCha8Rng,
	decisions: ChaCha8Rng,
	history: History,
}

/// Runs a setting.
pub fn run(setting: &Setting, seed: u64) -> Result<History> {
	let mut world = World::new(setting, seed)?;
	for epoch in 0..setting.epochs {
		world.step(epoch).with_context(|| format!("{setting:?}, seed {seed}, epoch {epoch}"))?;
	}
	Ok(world.history)
}

impl World {
	fn new(setting: &Setting, seed: u64) -> Result<Self> {
		let mut rng = random(seed, Use::Population);
		let agents = population(setting, &mut rng);
		let mut decisions = random(seed, Use::Decisions);
		let target = f64::from(setting.parameters.target_utilisation) / 1e6;
		let usual = (0..REGIONS).map(|_| {
			target * RUNNING * 220.0 * 12.0 * 0.9 * f64::from(NODES) * decisions.gen_range(0.8..1.2)
		});
		let usual = usual.collect();
		let least = kbps(FOOTPRINT * 12.0);
		let chain =
			Chain::new(setting.design, setting.rule, setting.parameters, REGIONS, least, setting.has_floors)?;
		let running: f64 =
			agents.iter().filter(|agent| agent.on).map(|agent| gigabytes(agent.weight as f64)).sum();
		let running = if setting.scenario.is_cold() { running / 0.3 } else { running };
		// The schedule is worth 1.3 times what availability is meant to cost at the start.
		let dearest = setting.parameters.availability_most as f64 / DOLLAR as f64;
		let price = dearest * 0.55 * running * 1.3 / FIRST_SLICE;
		Ok(Self {
			setting: *setting,
			chain,
			agents,
			usual,
			price,
			depth: 2.0 * price * 1e6,
			expected: vec![0.28 / 12.0; REGIONS],
			fees: vec![0.0; REGIONS],
			market: random(seed, Use::Market),
			decisions,
			history: History::default(),
		})
	}

	fn step(&mut self, epoch: u32) -> Result<()> {
		let scenario = self.setting.scenario;
		let shock = scenario.drift(epoch);
		self.price = (self.price * (normal(&mut self.market, 0.0, 0.025) + shock).exp()).max(1e-6);
		let prices = (!scenario.is_frozen(epoch)).then(|| self.quote()).flatten();
		if scenario.churns(epoch) {
			self.churn(epoch)?;
		}
		let demand: Vec<f64> =
			(0..REGIONS).map(|region| scenario.demand(self.usual[region], region, epoch)).collect();
		// Service is where nodes are, pay is where they say they are.
		let mut capacity = vec![0.0; REGIONS];
		let mut totals = vec![Totals::default(); REGIONS];
		let mut census = vec![Census::default(); REGIONS];
		for agent in self.agents.iter().filter(|agent| agent.on) {
			let weight = u128::from(agent.weight);
			let is_proven = !self.setting.has_tenure || agent.age >= self.setting.parameters.tenure_epochs;
			let proven = if is_proven { weight } else { 0 };
			let here = &mut totals[agent.claim];
			*here = here.with(Totals { weight, floor: weight, proven });
			let census = &mut census[agent.claim];
			*census = Census {
				nodes: census.nodes + NODES,
				operators: census.operators + 1,
				networks: census.networks + 1,
			};
			if agent.claim == agent.home {
				capacity[agent.home] += agent.weight as f64;
			}
		}
		let served: Vec<f64> =
			demand.iter().zip(&capacity).map(|(wanted, kbps)| wanted.min(gigabytes(*kbps))).collect();
		let paid = self.pay_for(&served, prices)?;
		let closed = self.chain.close(&Epoch { totals: &totals, census: &census, paid: &paid, prices })?;
		let before = self.fees.clone();
		self.share_fees(&closed, &capacity);
		let rates = self.rates(&closed, &totals, &before);
		let deeds = self.act(epoch, &rates)?;
		let spent = paid.iter().sum::<Credits>() as f64 / DOLLAR as f64;
		self.record(&closed, &demand, &served, &capacity, &deeds);
		let trade = 0.15 * (spent - deeds.sold * self.price) / self.depth;
		self.price *= trade.clamp(-0.2, 0.2).exp();
		for (expected, rates) in self.expected.iter_mut().zip(&rates) {
			*expected += 0.25 * (rates.expected - *expected);
		}
		Ok(())
	}

	/// Both sides of the market's price, by the chain's formula.
	fn quote(&self) -> Option<Prices> {
		let market = price(self.price);
		let quotation = quote(market, market, Some(market), self.setting.parameters.spread)?;
		Some(Prices { low: quotation.low, high: quotation.high })
	}

	fn churn(&mut self, epoch: u32) -> Result<()> {
		let view = View { epoch, setting: &self.setting, price: self.price, rates: &[], fees: &self.fees };
		for agent in self.agents.iter_mut().filter(|agent| agent.on) {
			let chance = if agent.home < 3 { 0.6 } else { 0.25 };
			if self.decisions.gen_bool(chance) {
				agent.fail(&self.chain, &view)?;
			}
		}
		Ok(())
	}

	/// Users fill up their credits and pay for what they were served. Returns what each region was paid.
	fn pay_for(&mut self, served: &[f64], prices: Option<Prices>) -> Result<Vec<Credits>> {
		let list_price = self.setting.parameters.list_price as f64;
		let price: Vec<f64> = served.iter().map(|gigabytes| gigabytes * list_price).collect();
		let spend: f64 = price.iter().sum();
		let missing = f64::from(self.setting.runway) * spend - self.chain.free_credits() as f64;
		if missing > 0.0 {
			let bought = missing.min(2.5 * spend + DOLLAR as f64);
			let stable = (bought * self.setting.stable) as Credits;
			self.chain.buy_stable(stable)?;
			if let Some(prices) = prices {
				self.chain.buy(bought as Credits - stable, prices.low);
			}
		}
		// The pool works without reporters.
		let slice = (self.chain.ledger.pending_credits as f64 * SPENT) as Credits;
		let pool = oracle::price(self.price * (1.0 + SLIPPAGE));
		self.chain.back(slice, tokens_floor(slice, pool).unwrap_or_default())?;
		let (free, all) = (self.chain.free_credits(), spend.ceil() as Credits);
		let affordable = |credits: f64| match credits as Credits {
			credits if all <= free => credits,
			credits => mul_div_floor(credits, free, all).unwrap_or(0),
		};
		Ok(price.iter().map(|credits| affordable(*credits)).collect())
	}

	/// Adds what traffic was paid with, for each kbps that was there to carry it.
	fn share_fees(&mut self, closed: &Closed, capacity: &[f64]) {
		let settlement = &closed.settlement;
		let tokens = settlement.provider as f64 / TOKEN as f64 / settlement.credits.max(1) as f64;
		for ((fees, settled), kbps) in self.fees.iter_mut().zip(&closed.settled).zip(capacity) {
			if *kbps > 0.0 {
				*fees += tokens * *settled as f64 / kbps;
			}
		}
	}

	fn rates(&self, closed: &Closed, totals: &[Totals], fees_before: &[f64]) -> Vec<Rates> {
		let rate = |region: usize| {
			let availability = closed.per_weight[region];
			let fees = self.fees[region] - fees_before[region];
			let per_gigabyte = if totals[region].weight > 0 {
				(availability + fees) / gigabytes(1.0)
			} else {
				let rate = f64::from(self.chain.rate_of_first(kbps(12.0), closed)) / 1e6;
				closed.tokens_per_credit * closed.availability as f64 * rate
			};
			Rates { availability, fees, expected: per_gigabyte * self.price }
		};
		(0..REGIONS).map(rate).collect()
	}

	fn act(&mut self, epoch: u32, rates: &[Rates]) -> Result<Deeds> {
		let view = View { epoch, setting: &self.setting, price: self.price, rates, fees: &self.fees };
		let mut deeds = Deeds::default();
		for (index, agent) in self.agents.iter_mut().enumerate() {
			let is_due = is_due(index, epoch);
			agent.act(&mut self.chain, &view, is_due, &mut self.decisions, &mut deeds)?;
		}
		Ok(deeds)
	}

	fn record(&mut self, closed: &Closed, demand: &[f64], served: &[f64], capacity: &[f64], deeds: &Deeds) {
		let (ledger, history) = (&self.chain.ledger, &mut self.history);
		let part = |served: f64, demand: f64| if demand > 0.0 { served / demand } else { 1.0 };
		let hot_capacity = gigabytes(capacity[HOT]);
		let minted = closed.minted as f64 / TOKEN as f64;
		history.price.push(self.price);
		history.income.push(deeds.income / deeds.weight.max(1e-9));
		history.honest.push(f64::from(deeds.honest));
		history.service.push(part(served.iter().sum(), demand.iter().sum()));
		history.hot_service.push(part(served[HOT], demand[HOT]));
		history.hot_rate.push(f64::from(closed.multipliers[HOT] + closed.floors[HOT]) / 1e6);
		history.hot_capacity.push(hot_capacity);
		history.hot_utilisation.push(served[HOT] / hot_capacity.max(1.0));
		history.issuance.push(ledger.issuance as f64 / SUPPLY_CAP as f64);
		history.shortfall.push(f64::from(closed.settlement.haircut_ppm) / 1e6);
		history.minted.push(minted);
		history.minted_dollars.push(minted * self.price);
		history.bucket.push(ledger.bucket as f64 / SUPPLY_CAP as f64);
		history.is_over_budget |= closed.coverage.1 > closed.coverage.0;
		history.dumped += deeds.dumped;
		let (epochs, paid, lost) = deeds.spoofed;
		history.spoofed.0 += epochs;
		history.spoofed.1 += paid;
		history.spoofed.2 += lost;
	}
}
