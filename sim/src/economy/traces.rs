//! Random traces of operations on the ledger, with its state after every step, for a second implementation to replay
//! (`scripts/ledger.py`).
//!
//! ```text
//! trace <number> <issuance> <shares: provider attestor treasury> <buffer target> <buffer fill> <insurance>
//!       <bucket slices> <lambda> <recredit> = <state>
//! <operation> <given> = <results> ; <state>
//! <operation> <given> = refused ; <state>
//! end <traces> <operations>
//! ```
//!
//! The state is I R D B Z X C C_pending, then what was ever burned, reminted, insured, emitted and recredited.

use super::random::{random, Use};
use anyhow::{anyhow, Result};
use rand::{seq::SliceRandom, Rng};
use rand_chacha::ChaCha8Rng;
use std::{
	fmt::{self, Display, Formatter},
	io::Write,
};
use weir_math::economy::{
	emission::{availability_mint, insurance_limit, recredit_limit, wanted_tokens},
	parameters::{Parameters, MOST_EARNED},
	units::{Credits, Price, Tokens, DOLLAR, SUPPLY_CAP, TOKEN},
	wide::tokens_ceil,
	Ledger,
};

/// Most operations of one trace.
pub const LONGEST: u32 = 39;
/// Tokens at genesis of shared traces: those of the research's model.
pub const SHARED_GENESIS: Tokens = 400_000_000 * TOKEN;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Options {
	/// Every draw follows from it.
	pub seed: u64,
	/// Traces.
	pub count: u64,
	/// Whether only operations are drawn that the research's model has, with its parameters.
	pub is_shared: bool,
}

/// An operation with what it is given.
#[derive(Clone, Copy, Debug)]
pub enum Operation {
	/// Tokens are burned for credits at a price.
	Buy(Credits, Price),
	/// Credits are sold for the stable asset.
	Stable(Credits),
	/// Tokens were bought for it, and burned.
	Back(Credits, Tokens),
	/// Credits are settled at a price.
	Settle(Credits, Price),
	/// What was destroyed since the last time goes back to the reserve, up to its most.
	Recredit,
	/// An epoch's emission is released.
	Schedule,
	/// Minted out of the reserve.
	EmitReserve(Tokens),
	/// Minted out of the reserve and not earned.
	ReturnReserve(Tokens),
	/// Minted out of the bucket.
	EmitBucket(Tokens),
	/// Minted out of the bucket as far as an epoch may, for so many credits at a price.
	Availability(Credits, Price),
	/// Burned for nothing.
	Destroy(Tokens),
	/// Forfeited.
	GiveBack(Tokens),
	/// Credits that nobody used.
	Sweep(Credits),
	/// Credits that paid a fee.
	Sponsor(Credits),
}

/// One trace as it grows.
pub struct Trace {
	ledger: Ledger,
	parameters: Parameters,
	/// The newest epoch's slice for availability pay, and what it has for everybody else.
	slice: Tokens,
	others: Tokens,
	/// What had ever been destroyed at the last recredit.
	seen_destroyed: Tokens,
	price: Price,
	/// Whether epochs pass with little else, so that the bucket overflows.
	is_idle: bool,
	/// Whether somebody buys all credits that a number can hold.
	is_extreme: bool,
	/// Operations that follow, last first.
	queue: Vec<Operation>,
}

/// Writes traces as text. Ends with an error if the ledger breaks a law.
pub fn write(options: &Options, out: &mut impl Write) -> Result<()> {
	let mut rng = random(options.seed, Use::Traces);
	let mut operations = 0u64;
	for number in 0..options.count {
		let mut trace = Trace::new(options.is_shared, &mut rng)?;
		writeln!(out, "trace {number} {} = {}", trace.terms(), trace.state())?;
		for _ in 0..rng.gen_range(1..=LONGEST) {
			let (operation, result) = trace.step(options.is_shared, &mut rng)?;
			let result = result.as_deref().unwrap_or("refused");
			writeln!(out, "{operation} = {result} ; {}", trace.state())?;
			operations += 1;
		}
	}
	writeln!(out, "end {} {operations}", options.count)?;
	Ok(())
}

impl Display for Operation {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		match self {
			Self::Buy(credits, price) => write!(f, "buy {credits} {price}"),
			Self::Stable(credits) => write!(f, "stable {credits}"),
			Self::Back(credits, tokens) => write!(f, "back {credits} {tokens}"),
			Self::Settle(credits, price) => write!(f, "settle {credits} {price}"),
			Self::Recredit => f.write_str("recredit"),
			Self::Schedule => f.write_str("schedule"),
			Self::EmitReserve(tokens) => write!(f, "emit_reserve {tokens}"),
			Self::ReturnReserve(tokens) => write!(f, "return_reserve {tokens}"),
			Self::EmitBucket(tokens) => write!(f, "emit_bucket {tokens}"),
			Self::Availability(credits, price) => write!(f, "availability {credits} {price}"),
			Self::Destroy(tokens) => write!(f, "destroy {tokens}"),
			Self::GiveBack(tokens) => write!(f, "give_back {tokens}"),
			Self::Sweep(credits) => write!(f, "sweep {credits}"),
			Self::Sponsor(credits) => write!(f, "sponsor {credits}"),
		}
	}
}

impl Trace {
	/// Draws a beginning.
	pub fn new(is_shared: bool, rng: &mut ChaCha8Rng) -> Result<Self> {
		let issuance = match rng.gen_range(0..12) {
			_ if is_shared => SHARED_GENESIS,
			0 => rng.gen_range(0..2),
			1 => SUPPLY_CAP,
			2 => rng.gen_range(0..10 * TOKEN),
			3..=5 => rng.gen_range(0..SUPPLY_CAP),
			_ => SHARED_GENESIS,
		};
		let parameters = if is_shared { Parameters::default() } else { drawn(rng) };
		let ledger = Ledger::genesis(issuance).map_err(|error| anyhow!("genesis: {error:?}"))?;
		let price = between(rng, 1e9, 1e24);
		let is_idle = !is_shared && rng.gen_bool(0.1);
		let is_extreme = !is_shared && rng.gen_bool(0.05);
		Ok(Self {
			ledger,
			parameters,
			slice: 0,
			others: 0,
			seen_destroyed: 0,
			price,
			is_idle,
			is_extreme,
			queue: Vec::new(),
		})
	}

	fn terms(&self) -> String {
		let p = &self.parameters;
		let (shares, buffer) =
			((p.provider_share, p.attestor_share, p.treasury_share), (p.buffer_target, p.buffer_fill));
		format!(
			"{} {} {} {} {} {} {} {} {} {}",
			self.ledger.genesis,
			shares.0,
			shares.1,
			shares.2,
			buffer.0,
			buffer.1,
			p.insurance,
			p.bucket_slices,
			p.lambda,
			p.recredit
		)
	}

	fn state(&self) -> String {
		let l = &self.ledger;
		[
			l.issuance,
			l.reserve,
			l.bucket,
			l.basis,
			l.buffer,
			l.destroyed,
			l.credits,
			l.pending_credits,
			l.burned,
			l.reminted,
			l.insured,
			l.emitted,
			l.recredited,
		]
		.map(|counter| counter.to_string())
		.join(" ")
	}

	/// The ledger as it is.
	pub fn ledger(&self) -> &Ledger {
		&self.ledger
	}

	/// Draws an operation and applies it. Returns it and what came of it, nothing if the ledger refused. An error is a broken
	/// law.
	pub fn step(&mut self, is_shared: bool, rng: &mut ChaCha8Rng) -> Result<(Operation, Option<String>)> {
		self.drift(rng);
		if self.queue.is_empty() {
			self.draw(is_shared, rng);
		}
		let operation = match self.queue.pop().ok_or_else(|| anyhow!("nothing was drawn"))? {
			// The epoch of the research's model is three operations that follow on each other.
			Operation::EmitReserve(0) if is_shared => Operation::EmitReserve(self.others),
			other => other,
		};
		let result = self.apply(operation);
		self.ledger.check().map_err(|broken| anyhow!("{operation} broke {broken:?}"))?;
		Ok((operation, result))
	}

	/// Moves the price, seldom to anywhere.
	fn drift(&mut self, rng: &mut ChaCha8Rng) {
		self.price = if rng.gen_bool(0.1) {
			between(rng, 1e9, 1e24)
		} else {
			((self.price as f64 * rng.gen_range(0.5..2.0)) as u128).clamp(1_000_000_000, 10u128.pow(24))
		};
	}

	/// Credits that some of what exists would buy: mostly fewer than all, sometimes more.
	fn affordable(&self, rng: &mut ChaCha8Rng) -> Credits {
		let all = self.ledger.issuance as f64 * self.price as f64 / 1e24;
		match rng.gen_range(0..6) {
			0 => *[1, 7, 999, DOLLAR, 1_000 * DOLLAR].choose(rng).unwrap_or(&1),
			1 => (all * rng.gen_range(0.9..1.1)) as u128,
			2 => rng.gen_range(1..10_000_000_000),
			_ => (all * 0.2 * rng.gen::<f64>().powi(3)) as u128 + 1,
		}
	}

	/// A part of a counter: mostly some, sometimes all, none or more.
	fn part(of: u128, rng: &mut ChaCha8Rng) -> u128 {
		match rng.gen_range(0..10) {
			0 => 0,
			1 => of,
			2 => of.saturating_add(rng.gen_range(1..1_000)),
			3 => of.min(rng.gen_range(1..1_000)),
			_ => rng.gen_range(0..=of),
		}
	}

	/// Puts the next operation into the queue, last first.
	fn draw(&mut self, is_shared: bool, rng: &mut ChaCha8Rng) {
		let l = self.ledger;
		let kind = rng.gen_range(0..100);
		if is_shared {
			match kind {
				0..=44 => self.queue.push(Operation::Buy(self.affordable(rng), self.price)),
				45..=84 => self.queue.push(Operation::Settle(Self::part(l.credits, rng), self.price)),
				85..=92 => {
					self.queue.extend([Operation::EmitReserve(0), Operation::Schedule, Operation::Recredit])
				}
				_ => self.queue.push(Operation::Availability(self.affordable(rng), self.price)),
			}
			return;
		}
		if self.is_idle && rng.gen_bool(0.9) {
			self.queue.push(Operation::Schedule);
			return;
		}
		self.queue.push(match kind {
			0..=19 => Operation::Buy(self.affordable(rng), self.price),
			20..=37 if kind < 28 || l.pending_credits == 0 => {
				Operation::Stable(if self.is_extreme && rng.gen_bool(0.5) {
					u128::MAX - rng.gen_range(0..10)
				} else {
					self.affordable(rng)
				})
			}
			28..=37 => {
				let credits = Self::part(l.pending_credits, rng);
				// The pool's price is not the ledger's business.
				let tokens = tokens_ceil(credits, self.price).map_or(l.issuance, |tokens| match kind {
					28 => tokens.saturating_mul(2),
					_ => tokens,
				});
				Operation::Back(credits, tokens)
			}
			38..=57 => Operation::Settle(
				Self::part(l.backed_credits(), rng),
				if rng.gen_bool(0.01) { 0 } else { self.price },
			),
			58..=63 => Operation::Recredit,
			64..=71 => Operation::Schedule,
			72..=74 => Operation::EmitReserve(if rng.gen_bool(0.9) {
				self.others
			} else {
				Self::part(l.reserve, rng)
			}),
			75..=76 => Operation::EmitBucket(Self::part(l.bucket, rng)),
			77..=83 => Operation::Availability(self.affordable(rng), self.price),
			84..=87 => Operation::Destroy(Self::part(l.issuance, rng)),
			88..=89 => Operation::ReturnReserve(Self::part(l.emitted, rng)),
			90..=91 => Operation::GiveBack(Self::part(l.emitted, rng)),
			92..=95 => Operation::Sweep(Self::part(l.backed_credits(), rng)),
			_ => Operation::Sponsor(Self::part(l.backed_credits(), rng)),
		});
	}

	/// Applies it, and says what came of it; nothing if the ledger refused.
	fn apply(&mut self, operation: Operation) -> Option<String> {
		let (ledger, parameters) = (&mut self.ledger, &self.parameters);
		match operation {
			Operation::Buy(credits, price) => {
				let tokens = tokens_ceil(credits, price)?;
				ledger.buy(credits, tokens).ok().map(|()| tokens.to_string())
			}
			Operation::Stable(credits) => done(ledger.buy_stable(credits)),
			Operation::Back(credits, tokens) => done(ledger.back(credits, tokens)),
			Operation::Settle(credits, price) => {
				let limit = insurance_limit(self.slice, parameters);
				let s = ledger.settle(credits, parameters, price, limit).ok()?;
				Some(
					[
						s.credits,
						s.needed,
						s.provider,
						s.attestor,
						s.treasury,
						s.basis,
						s.to_buffer,
						s.destroyed,
						s.from_buffer,
						s.insured,
						s.haircut_ppm.into(),
					]
					.map(|figure| figure.to_string())
					.join(" "),
				)
			}
			Operation::Recredit => {
				let fresh = ledger.ever_destroyed() - self.seen_destroyed;
				let limit = recredit_limit(ledger.genesis, parameters).min(fresh);
				let tokens = ledger.recredit(limit).ok()?;
				self.seen_destroyed = ledger.ever_destroyed();
				Some(tokens.to_string())
			}
			Operation::Schedule => {
				let s = ledger.schedule(parameters).ok()?;
				self.slice = s.slice;
				self.others = s.validators + s.attestors + s.treasury;
				let parts = [s.emission, s.slice, s.validators, s.attestors, s.treasury];
				Some(parts.map(|part| part.to_string()).join(" "))
			}
			Operation::EmitReserve(tokens) => done(ledger.emit_reserve(tokens)),
			Operation::ReturnReserve(tokens) => done(ledger.return_reserve(tokens)),
			Operation::EmitBucket(tokens) => done(ledger.emit_bucket(tokens)),
			Operation::Availability(credits, price) => {
				let wanted = wanted_tokens(credits, Some(price), self.slice, 0, None);
				let tokens = availability_mint(wanted, ledger.bucket, self.slice, parameters.bucket_slices);
				ledger.emit_bucket(tokens).ok().map(|()| format!("{wanted} {tokens}"))
			}
			Operation::Destroy(tokens) => done(ledger.destroy(tokens)),
			Operation::GiveBack(tokens) => done(ledger.give_back(tokens)),
			Operation::Sweep(credits) => ledger.sweep(credits).ok().map(|tokens| tokens.to_string()),
			Operation::Sponsor(credits) => ledger.sponsor(credits).ok().map(|tokens| tokens.to_string()),
		}
	}
}

fn done<E>(result: Result<(), E>) -> Option<String> {
	result.ok().map(|()| "done".into())
}

/// A price between two, evenly by its logarithm.
fn between(rng: &mut ChaCha8Rng, low: f64, high: f64) -> Price {
	(rng.gen_range(low.ln()..high.ln()).exp() as u128).max(1)
}

/// Parameters within the bounds of the laws, at their ends more often than chance would have it.
fn drawn(rng: &mut ChaCha8Rng) -> Parameters {
	let mut pick = |low: u32, high: u32| match rng.gen_range(0..4) {
		0 => low,
		1 => high,
		_ => rng.gen_range(low..=high),
	};
	let defaults = Parameters::default();
	let (attestor_share, treasury_share) = (pick(0, 50_000), pick(0, 50_000));
	let provider_share = pick(600_000, 850_000).min(MOST_EARNED - attestor_share - treasury_share);
	Parameters {
		provider_share,
		attestor_share,
		treasury_share,
		buffer_target: pick(0, 1_000_000),
		buffer_fill: pick(0, 500_000),
		insurance: pick(0, 200_000),
		bucket_slices: pick(0, 3),
		recredit: pick(0, 20_000),
		// As if years had passed: so that the bucket overflows and the reserve runs low.
		lambda: if pick(0, 9) == 9 {
			defaults.lambda
		} else {
			defaults.lambda.saturating_mul(u64::from(pick(1, 4_000)))
		},
		..defaults
	}
}
