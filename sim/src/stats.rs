//! Intervals for simulated rates.

/// Two-sided 95 %.
pub const Z_95: f64 = 1.959_964;
/// Two-sided 99.9 %.
pub const Z_999: f64 = 3.290_527;

/// More hits than this, of one expected, have a chance of 8·10⁻⁵.
const RARE: u64 = 6;

/// Successes among trials.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Count {
	/// How often it happened.
	pub hits: u64,
	/// How often it could have.
	pub trials: u64,
}

impl Count {
	/// The simulated rate; 0 without trials.
	pub fn rate(&self) -> f64 {
		if self.trials == 0 {
			0.0
		} else {
			self.hits as f64 / self.trials as f64
		}
	}

	/// Wilson's score interval for the rate behind the count (Wilson 1927), `z` standard deviations wide to each side.
	/// Unlike the textbook's interval it says something when nothing happened. Without trials it is everything.
	pub fn wilson(&self, z: f64) -> (f64, f64) {
		if self.trials == 0 {
			return (0.0, 1.0);
		}
		let (n, p) = (self.trials as f64, self.rate());
		let centre = p + z * z / (2.0 * n);
		let spread = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
		let scale = 1.0 + z * z / n;
		// Rounding must not exclude the ends that were observed.
		let low = if self.hits == 0 { 0.0 } else { (centre - spread) / scale };
		let high = if self.hits == self.trials { 1.0 } else { (centre + spread) / scale };
		(low, high)
	}

	/// Whether the interval of `z` holds `probability`. What is expected less than once may be seen `RARE` times: there
	/// the interval is too narrow.
	pub fn agrees_with(&self, probability: f64, z: f64) -> bool {
		let expected = probability * self.trials as f64;
		if expected < 1.0 {
			return self.hits <= RARE;
		}
		if self.trials as f64 - expected < 1.0 {
			return self.trials - self.hits <= RARE;
		}
		let (low, high) = self.wilson(z);
		(low..=high).contains(&probability)
	}
}
