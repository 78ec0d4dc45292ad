//! The chain's side of an epoch: every figure comes from `weir-math`, put together in the order of the specification
//! (research, economics, section 2.16).

use super::control::{Control, Rule};
use anyhow::{anyhow, Result};
use weir_math::economy::{
	accrual::{Accrued, Pay, Totals, SCALE},
	emission::{
		availability_mint, coverage_budget, insurance_limit, recredit_limit, wanted_tokens, Schedule,
	},
	incentive::{
		availability_rate, capacity_bytes, coverage_floor, fee_income_update, gap, kept_floor, paid_bytes,
		region_want, slope, Census, FeeIncome, MULTIPLIER_ONE,
	},
	ledger::Settlement,
	parameters::MOST_MULTIPLIER,
	units::{Credits, Ppm, Price, Tokens, TOKEN},
	wide::{mul_div_floor, part_floor, tokens_ceil},
	Ledger, Pace, Parameters,
};

/// Tokens at genesis.
pub const GENESIS: Tokens = 400_000_000 * TOKEN;
/// Of the slice, what the classic design mints out of the reserve, tenths: the slice and what the others get of all emission.
const CLASSIC_TENTHS: u128 = 29;

/// Who is compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Design {
	/// The specification.
	Recommended,
	/// The same fees, but as many tokens for availability whatever their price.
	Fixed,
	/// First-generation burn and mint: fees are burned, a pool of as many tokens pays for everything.
	Classic,
}

/// All of them.
pub const DESIGNS: [Design; 3] = [Design::Recommended, Design::Fixed, Design::Classic];

impl Design {
	/// Its name in tables and files.
	pub fn name(self) -> &'static str {
		match self {
			Self::Recommended => "rec",
			Self::Fixed => "fixed",
			Self::Classic => "classic",
		}
	}

	/// Its name in pictures.
	pub fn title(self) -> &'static str {
		match self {
			Self::Recommended => "recommended",
			Self::Fixed => "fixed tokens",
			Self::Classic => "classic burn and mint",
		}
	}
}

/// What both sides of the price are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Prices {
	/// Buyers'.
	pub low: Price,
	/// Payees'.
	pub high: Price,
}

/// What happened in an epoch.
pub struct Epoch<'a> {
	/// Weights of each region.
	pub totals: &'a [Totals],
	/// Who they belong to.
	pub census: &'a [Census],
	/// Credits claimed for traffic in each.
	pub paid: &'a [Credits],
	/// None while the price is lost.
	pub prices: Option<Prices>,
}

/// What the close of an epoch came to.
#[derive(Clone, Debug, Default)]
pub struct Closed {
	/// What fees came to; empty while the price is lost.
	pub settlement: Settlement,
	/// Credits of each region that were settled.
	pub settled: Vec<Credits>,
	/// Minted for availability and floors.
	pub minted: Tokens,
	/// Availability pay, credits per gigabyte.
	pub availability: u64,
	/// Multipliers.
	pub multipliers: Vec<Ppm>,
	/// Coverage floors.
	pub floors: Vec<Ppm>,
	/// Tokens that a kbps was paid for availability, floor included.
	pub per_weight: Vec<f64>,
	/// Tokens that a credit of want was paid with.
	pub tokens_per_credit: f64,
	/// What coverage floors might have cost, and did, credits.
	pub coverage: (Credits, Credits),
}

struct Region {
	control: Control,
	accrued: Accrued,
	multiplier: Ppm,
	floor: Ppm,
	/// Weight that the floor was computed for.
	floor_weight: u128,
	/// Credits that were claimed and not settled.
	open: Credits,
}

/// The chain.
pub struct Chain {
	/// The supply ledger.
	pub ledger: Ledger,
	/// By what it goes.
	pub parameters: Parameters,
	pace: Pace,
	design: Design,
	has_floors: bool,
	/// The region's proven weight below which coverage floors pay, kbps.
	least_weight: u64,
	fee_income: FeeIncome,
	/// Minted for availability in the last epoch that was closed at a price.
	last_priced: Tokens,
	regions: Vec<Region>,
}

impl Chain {
	/// A chain at genesis.
	pub fn new(
		design: Design,
		rule: Rule,
		parameters: Parameters,
		regions: usize,
		least_weight: u64,
		has_floors: bool,
	) -> Result<Self> {
		let ledger = Ledger::genesis(GENESIS).map_err(|error| anyhow!("genesis: {error:?}"))?;
		let region = || Region {
			control: Control::new(rule),
			accrued: Accrued::default(),
			multiplier: MULTIPLIER_ONE,
			floor: 0,
			floor_weight: 0,
			open: 0,
		};
		let regions = (0..regions).map(|_| region()).collect();
		let pace = Pace::public();
		let (fee_income, last_priced) = (0, 0);
		Ok(Self {
			ledger,
			parameters,
			pace,
			design,
			has_floors,
			least_weight,
			fee_income,
			last_priced,
			regions,
		})
	}

	/// What a unit of weight has earned in a region so far.
	pub fn accrued(&self, region: usize) -> Accrued {
		self.regions[region].accrued
	}

	/// Burns tokens for credits. Nothing happens if there are too few.
	pub fn buy(&mut self, credits: Credits, low: Price) -> bool {
		tokens_ceil(credits, low).is_some_and(|tokens| self.ledger.buy(credits, tokens).is_ok())
	}

	/// Sells credits for the stable asset.
	pub fn buy_stable(&mut self, credits: Credits) -> Result<()> {
		if credits > 0 {
			self.ledger.buy_stable(credits).map_err(|error| anyhow!("stable purchase: {error:?}"))?;
		}
		Ok(())
	}

	/// Burns tokens that were bought for the stable asset.
	pub fn back(&mut self, credits: Credits, tokens: Tokens) -> Result<()> {
		if credits > 0 && tokens > 0 {
			self.ledger.back(credits, tokens).map_err(|error| anyhow!("backing: {error:?}"))?;
		}
		Ok(())
	}

	/// Credits that nobody has claimed.
	pub fn free_credits(&self) -> Credits {
		self.ledger.credits - self.regions.iter().map(|region| region.open).sum::<Credits>()
	}

	/// Closes an epoch.
	pub fn close(&mut self, epoch: &Epoch<'_>) -> Result<Closed> {
		let wrong = |what: &'static str| move |error| anyhow!("{what}: {error:?}");
		let parameters = self.parameters;
		let before = self.ledger.ever_destroyed();
		let schedule = self.ledger.schedule(&parameters).map_err(wrong("schedule"))?;
		for (region, paid) in self.regions.iter_mut().zip(epoch.paid) {
			region.open += paid;
		}
		let mut closed = Closed { settled: vec![0; self.regions.len()], ..Closed::default() };
		if let Some(prices) = epoch.prices {
			self.settle(&schedule, prices, &mut closed)?;
			self.observe(epoch, &schedule, prices, &mut closed);
		} else {
			self.observe_unpriced(epoch, &mut closed);
		}
		self.pay(epoch, &schedule, &mut closed)?;
		let others = schedule.validators + schedule.attestors + schedule.treasury;
		self.ledger.emit_reserve(others).map_err(wrong("emission"))?;
		let fresh = self.ledger.ever_destroyed() - before;
		let limit = recredit_limit(self.ledger.genesis, &parameters).min(fresh);
		self.ledger.recredit(limit).map_err(wrong("recredit"))?;
		self.ledger.check().map_err(|broken| anyhow!("the ledger broke {broken:?}"))?;
		Ok(closed)
	}

	fn availability(&self) -> u64 {
		let p = &self.parameters;
		availability_rate(p.availability_most, p.availability_least, p.taper, self.fee_income)
	}

	/// Converts what was claimed, as far as its credits have tokens behind them.
	fn settle(&mut self, schedule: &Schedule, prices: Prices, closed: &mut Closed) -> Result<()> {
		let parameters = match self.design {
			// Nothing is minted again.
			Design::Classic => {
				Parameters { provider_share: 0, attestor_share: 0, treasury_share: 0, ..self.parameters }
			}
			Design::Recommended | Design::Fixed => self.parameters,
		};
		let claimed: Credits = self.regions.iter().map(|region| region.open).sum();
		let limit = insurance_limit(schedule.slice, &parameters);
		let settlement = self.ledger.settle(claimed, &parameters, prices.high, limit);
		closed.settlement = settlement.map_err(|error| anyhow!("settlement: {error:?}"))?;
		for (region, settled) in self.regions.iter_mut().zip(&mut closed.settled) {
			*settled = mul_div_floor(region.open, closed.settlement.credits, claimed).unwrap_or(0);
			region.open -= *settled;
		}
		Ok(())
	}

	/// Utilisation, multipliers, gaps and floors.
	fn observe(&mut self, epoch: &Epoch<'_>, schedule: &Schedule, prices: Prices, closed: &mut Closed) {
		let parameters = self.parameters;
		let bytes = |weight: u128| capacity_bytes(weight, self.pace.bytes_per_kbps);
		let all = bytes(epoch.totals.iter().map(|totals| totals.weight).sum());
		let earned = part_floor(closed.settlement.credits, parameters.provider_share);
		self.fee_income = fee_income_update(self.fee_income, earned, all);
		let availability = self.availability();
		let (kappa, target) = (parameters.kappa, parameters.target_utilisation);
		let slope = slope(kappa, parameters.list_price, availability, target);
		let observed = self.regions.iter_mut().zip(epoch.totals).zip(epoch.census).zip(epoch.paid);
		let mut gaps = Vec::with_capacity(epoch.totals.len());
		for (((region, totals), census), paid) in observed {
			let paid = paid_bytes(*paid, parameters.list_price);
			region.multiplier = region.control.step(paid, bytes(totals.weight), census, slope, &parameters);
			// Without weight there is nobody to pay.
			let is_counted = self.has_floors && self.design == Design::Recommended && totals.weight > 0;
			gaps.push(if is_counted { gap(totals.proven, self.least_weight) } else { 0 });
		}
		let sum = gaps.iter().map(|gap| u64::from(*gap)).sum();
		let budget = coverage_budget(schedule.slice, prices.high, &parameters);
		let mut spent = 0;
		for ((region, totals), gap) in self.regions.iter_mut().zip(epoch.totals).zip(gaps) {
			let capacity = bytes(totals.weight);
			region.floor = coverage_floor(region.multiplier, gap, sum, budget, capacity, availability);
			region.floor_weight = totals.weight;
			spent += region_want(bytes(totals.floor), availability, region.floor);
		}
		closed.availability = availability;
		closed.coverage = (budget, spent);
		closed.multipliers = self.regions.iter().map(|region| region.multiplier).collect();
		closed.floors = self.regions.iter().map(|region| region.floor).collect();
	}

	/// Demand goes on being averaged while the price is lost; multipliers stay, and floors cost no more than they did.
	fn observe_unpriced(&mut self, epoch: &Epoch<'_>, closed: &mut Closed) {
		let parameters = self.parameters;
		let observed = self.regions.iter_mut().zip(epoch.totals).zip(epoch.census).zip(epoch.paid);
		for (((region, totals), census), paid) in observed {
			let capacity = capacity_bytes(totals.weight, self.pace.bytes_per_kbps);
			let paid = paid_bytes(*paid, parameters.list_price);
			region.control.step(paid, capacity, census, 0, &parameters);
			if !census.is_sample() {
				region.multiplier = MULTIPLIER_ONE;
			}
			let most = MOST_MULTIPLIER.saturating_sub(region.multiplier);
			region.floor = kept_floor(region.floor, region.floor_weight, totals.weight).min(most);
			region.floor_weight = totals.weight;
		}
		closed.availability = self.availability();
		closed.multipliers = self.regions.iter().map(|region| region.multiplier).collect();
		closed.floors = self.regions.iter().map(|region| region.floor).collect();
	}

	/// Mints availability pay, region by region.
	fn pay(&mut self, epoch: &Epoch<'_>, schedule: &Schedule, closed: &mut Closed) -> Result<()> {
		let availability = closed.availability;
		let wants: Vec<(Credits, Credits)> = self
			.regions
			.iter()
			.zip(epoch.totals)
			.map(|(region, totals)| {
				let want = |weight: u128, rate: Ppm| {
					region_want(capacity_bytes(weight, self.pace.bytes_per_kbps), availability, rate)
				};
				(want(totals.weight, region.multiplier), want(totals.floor, region.floor))
			})
			.collect();
		let want: Credits = wants.iter().map(|(pay, floor)| pay + floor).sum();
		let (slice, bucket) = (schedule.slice, self.ledger.bucket);
		let total = match self.design {
			Design::Recommended => {
				let price = epoch.prices.map(|prices| prices.high);
				let wanted = wanted_tokens(want, price, slice, self.last_priced, None);
				availability_mint(wanted, bucket, slice, self.parameters.bucket_slices)
			}
			Design::Fixed => slice.min(bucket),
			Design::Classic => (slice * CLASSIC_TENTHS / 10).min(self.ledger.reserve),
		};
		for ((region, totals), (pay, floor)) in self.regions.iter_mut().zip(epoch.totals).zip(&wants) {
			let part = |wanted: Credits| mul_div_floor(total, wanted, want).unwrap_or(0);
			let offered = Pay { availability: part(*pay), floor: part(*floor), bounty: 0 };
			let (accrued, paid) = region.accrued.paid(&offered, totals);
			let earned =
				(accrued.availability - region.accrued.availability) + (accrued.floor - region.accrued.floor);
			closed.per_weight.push(earned as f64 / SCALE as f64 / TOKEN as f64);
			region.accrued = accrued;
			let minted = match self.design {
				Design::Classic => self.ledger.emit_reserve(paid.total()),
				Design::Recommended | Design::Fixed => self.ledger.emit_bucket(paid.total()),
			};
			minted.map_err(|error| anyhow!("availability pay: {error:?}"))?;
			closed.minted += paid.total();
		}
		if epoch.prices.is_some() {
			self.last_priced = closed.minted;
		}
		closed.tokens_per_credit = total as f64 / want.max(1) as f64 / TOKEN as f64;
		Ok(())
	}

	/// What a line of `weight` kbps alone in a region would be paid by the rate, multiplier and floor together, in
	/// millionths: what newcomers look at where nobody is.
	pub fn rate_of_first(&self, weight: u64, closed: &Closed) -> Ppm {
		let has_floor = self.has_floors && self.design == Design::Recommended;
		let missing = if has_floor { gap(0, self.least_weight) } else { 0 };
		let capacity = capacity_bytes(weight.into(), self.pace.bytes_per_kbps);
		let budget = closed.coverage.0;
		let gaps = u64::from(missing);
		let floor = coverage_floor(MULTIPLIER_ONE, missing, gaps, budget, capacity, closed.availability);
		MULTIPLIER_ONE + floor
	}
}
