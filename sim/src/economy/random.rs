//! Random numbers of the economy's simulation: one stream per use, so that equal seeds give equal figures on any number
//! of cores, and scenarios of one seed share their population.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::f64::consts::TAU;

/// What a stream of random numbers is for: no two uses share one.
#[derive(Clone, Copy, Debug)]
pub enum Use {
	/// The price's path, minute by minute.
	Path,
	/// Noise of the reporters.
	Reports,
	/// Who lives where and pays what.
	Population,
	/// The price, epoch by epoch.
	Market,
	/// What agents decide.
	Decisions,
	/// Operations on the ledger.
	Ledger,
	/// Traces for another implementation.
	Traces,
}

/// The random numbers of one use.
pub fn random(seed: u64, purpose: Use) -> ChaCha8Rng {
	let mut rng = ChaCha8Rng::seed_from_u64(seed);
	rng.set_stream(0x0ec0_0000 + purpose as u64);
	rng
}

/// A draw from the normal distribution (Box and Muller, 1958).
pub fn normal(rng: &mut ChaCha8Rng, mean: f64, deviation: f64) -> f64 {
	let (radius, angle): (f64, f64) = (rng.gen(), rng.gen());
	// The radius is below one, so that the logarithm's argument is above zero.
	mean + deviation * (-2.0 * (1.0 - radius).ln()).sqrt() * (TAU * angle).cos()
}

/// The mean; 0 of nothing.
pub fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
	let (sum, count) = values.into_iter().fold((0.0, 0u32), |(sum, count), value| (sum + value, count + 1));
	sum / f64::from(count.max(1))
}
