//! Random adversaries against the published bounds of the estimate.
//!
//! Each trial inflates one direction and deflates the other. Honest shares of the inflated one are split at random, as
//! a target may; those of the deflated one are equal. Liars report what they like. In a third of the trials some liars
//! load the line and reveal nothing: counted among the corrupt of the *whole* committee they stay within the bound;
//! the bound of those *present* does not cover them, for it does not know their load.

use crate::{
	config::{Class, Config},
	world::{random, Stream},
};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use weir_math::{
	committee::quota_kbps,
	estimate::{estimate, lower_bound, lower_bound_loaded, upper_bound, Kind, Measurement, Member},
};

/// Trials of one stream of random numbers.
const BATCH: u32 = 10_000;

/// What the trials of one committee size found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Found {
	/// Members.
	pub k: u16,
	/// Trials with a result.
	pub trials: u64,
	/// Estimates outside the bounds.
	pub violations: u64,
	/// Estimates below the bound of those present, where liars had loaded the line and hidden.
	pub below_present: u64,
	/// Trials with such liars.
	pub with_hidden: u64,
}

/// Runs the trials of every size.
pub fn run(config: &Config, classes: &[Class; 2]) -> Vec<Found> {
	let [small, large] = classes;
	let sizes = [small.k, large.k, large.escalation_k];
	let batches = config.bound_trials.div_ceil(BATCH);
	let found = sizes.into_iter().zip([small, large, large]).zip(0u32..).map(|((k, class), size)| {
		let batch = |batch| {
			let mut rng = random(config.seed, Stream::Bounds(size * batches + batch));
			let mut found = Found { k, ..Found::default() };
			(0..BATCH.min(config.bound_trials - batch * BATCH))
				.for_each(|_| trial(&mut rng, k, class.claim_kbps, &mut found));
			found
		};
		let sum = |a: Found, b: Found| Found {
			k,
			trials: a.trials + b.trials,
			violations: a.violations + b.violations,
			below_present: a.below_present + b.below_present,
			with_hidden: a.with_hidden + b.with_hidden,
		};
		(0..batches).into_par_iter().map(batch).reduce(Found::default, sum)
	});
	found.collect()
}

/// What liars do to the deflated direction.
#[derive(Clone, Copy, PartialEq)]
enum Liars {
	Withhold,
	Load,
	LoadAndHide,
}

fn trial(rng: &mut ChaCha8Rng, k: u16, claim: u32, found: &mut Found) {
	let quota = quota_kbps(claim, k);
	let capacity = rng.gen_range(0..=claim + claim / 2);
	let liars = [Liars::Withhold, Liars::Load, Liars::LoadAndHide][rng.gen_range(0..3)];
	let present = rng.gen_range((2 * k).div_ceil(3)..=k);
	let corrupt = rng.gen_range(0..=present);
	let honest = present - corrupt;
	// Those missing hid, or were away and loaded nothing.
	let loading = match liars {
		Liars::Withhold => honest,
		Liars::Load => present,
		Liars::LoadAndHide => k,
	};
	let share = capacity.checked_div(loading.into()).unwrap_or(0).min(quota);
	let split = split(rng, capacity, honest);
	let lie = |rng: &mut ChaCha8Rng| match rng.gen_range(0..3) {
		0 => 0,
		1 => quota,
		_ => rng.gen_range(0..=quota * 2),
	};
	let mut members = vec![Member::Absent; (k - present).into()];
	members.extend((0..corrupt).map(|_| report(lie(rng), lie(rng))));
	members.extend(split.into_iter().map(|rate| report(rate, share)));
	let Ok(result) = estimate(&members, claim, claim) else { return };

	let (inflated, deflated) = (u64::from(result.down_kbps), u64::from(result.up_kbps));
	let loaded = lower_bound_loaded(present, corrupt, quota, capacity);
	let lowest = match liars {
		Liars::Withhold => lower_bound(present, corrupt, quota, capacity),
		Liars::Load => loaded,
		Liars::LoadAndHide => lower_bound_loaded(k, corrupt + k - present, quota, capacity),
	};
	found.trials += 1;
	found.violations += u64::from(inflated > upper_bound(present, corrupt, quota, capacity));
	found.violations += u64::from(deflated < lowest);
	if liars == Liars::LoadAndHide && present < k {
		found.with_hidden += 1;
		found.below_present += u64::from(deflated < loaded);
	}
}

/// A member that reports these rates.
pub fn report(down_kbps: u32, up_kbps: u32) -> Member {
	Member::Reported(Measurement {
		kind: Kind::Measured,
		down_kbps,
		up_kbps,
		rtt_10us: 0,
		loss_pptt: 0,
		liveness: [0; 5],
	})
}

/// `capacity` in `parts`, from nearly equal to nearly all for one.
pub fn split(rng: &mut impl Rng, capacity: u32, parts: u16) -> Vec<u32> {
	let skew = rng.gen_range(0.0..8.0);
	let weights: Vec<f64> = (0..parts).map(|_| rng.gen_range(0.001f64..1.0).powf(skew)).collect();
	let sum: f64 = weights.iter().sum();
	weights.iter().map(|weight| (f64::from(capacity) * weight / sum) as u32).collect()
}
