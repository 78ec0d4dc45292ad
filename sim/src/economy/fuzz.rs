//! The ledger under random operations and over years of nothing.

use super::{
	chain::GENESIS,
	random::{random, Use},
	traces::Trace,
};
use anyhow::{anyhow, Result};
use rayon::prelude::*;
use weir_math::economy::{
	emission::BUCKET_SLICES,
	units::{Tokens, TOKEN},
	Ledger, Parameters,
};

/// Operations of one seed.
const OPERATIONS: u32 = 60_000;
/// Epochs of a year.
const YEAR: u32 = 1_461;
const YEARS: u32 = 20;

/// What random operations came to, over all seeds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fuzzed {
	/// Operations that were done.
	pub done: u64,
	/// And refused.
	pub refused: u64,
	/// The most that existed.
	pub issuance: Tokens,
	/// What was burned,
	pub burned: f64,
	/// and minted again.
	pub reminted: f64,
}

/// Applies random operations to one ledger per seed. An error is a broken law.
pub fn fuzz(seeds: u64) -> Result<Fuzzed> {
	let one = |seed: u64| -> Result<Fuzzed> {
		let mut rng = random(seed, Use::Ledger);
		let mut trace = Trace::new(true, &mut rng)?;
		let mut found = Fuzzed::default();
		for _ in 0..OPERATIONS {
			match trace.step(false, &mut rng)?.1 {
				Some(_) => found.done += 1,
				None => found.refused += 1,
			}
			found.issuance = found.issuance.max(trace.ledger().issuance);
		}
		found.burned = trace.ledger().burned as f64 / TOKEN as f64;
		found.reminted = trace.ledger().reminted as f64 / TOKEN as f64;
		Ok(found)
	};
	let all: Result<Vec<Fuzzed>> = (1..=seeds).into_par_iter().map(one).collect();
	let add = |a: Fuzzed, b: Fuzzed| Fuzzed {
		done: a.done + b.done,
		refused: a.refused + b.refused,
		issuance: a.issuance.max(b.issuance),
		burned: a.burned + b.burned,
		reminted: a.reminted + b.reminted,
	};
	Ok(all?.into_iter().fold(Fuzzed::default(), add))
}

/// What the schedule releases.
#[derive(Clone, Debug, Default)]
pub struct Schedule {
	/// Tokens of the first epoch.
	pub first: f64,
	/// Millions of tokens after each year, if everything is minted that may be.
	pub years: Vec<f64>,
	/// The most slices that the bucket ever held when nothing was wanted.
	pub fullest: f64,
	/// Whether it ever held more than it may.
	pub is_above: bool,
	/// First epoch in which some of it flowed back.
	pub first_overflow: u32,
}

/// Twenty years in which everything is minted, and twenty in which nobody wants anything.
pub fn schedule() -> Result<Schedule> {
	let parameters = Parameters::default();
	let wrong = |error| anyhow!("schedule: {error:?}");
	let mut ledger = Ledger::genesis(GENESIS).map_err(wrong)?;
	let mut found = Schedule::default();
	for epoch in 1..=YEAR * YEARS {
		let released = ledger.schedule(&parameters).map_err(wrong)?;
		let others = released.validators + released.attestors + released.treasury;
		ledger.emit_bucket(released.slice).map_err(wrong)?;
		ledger.emit_reserve(others).map_err(wrong)?;
		if epoch == 1 {
			found.first = released.emission as f64 / TOKEN as f64;
		}
		if epoch.is_multiple_of(YEAR) {
			found.years.push(ledger.emitted as f64 / TOKEN as f64 / 1e6);
		}
	}
	ledger.check().map_err(|broken| anyhow!("the schedule broke {broken:?}"))?;
	let mut idle = Ledger::genesis(GENESIS).map_err(wrong)?;
	for epoch in 1..=YEAR * YEARS {
		let before = idle.bucket;
		let released = idle.schedule(&parameters).map_err(wrong)?;
		let most = released.slice * BUCKET_SLICES;
		found.fullest = found.fullest.max(idle.bucket as f64 / released.slice as f64);
		found.is_above |= idle.bucket > most;
		if before + released.slice > most && found.first_overflow == 0 {
			found.first_overflow = epoch;
		}
		let others = released.validators + released.attestors + released.treasury;
		idle.emit_reserve(others).map_err(wrong)?;
		idle.check().map_err(|broken| anyhow!("an idle year broke {broken:?}"))?;
	}
	Ok(found)
}
