//! Where the token's price goes, minute by minute, over four days of which the second has the shock.

use super::random::normal;
use rand_chacha::ChaCha8Rng;

/// Minutes of a day.
pub const DAY: usize = 1_440;
/// Minutes of a path.
pub const MINUTES: usize = 4 * DAY;
/// Minutes for which most reporters are silent in [`Shock::Outage`].
pub const OUTAGE: usize = 720;
/// Standard deviation of a day's logarithm.
const VOLATILITY: f64 = 0.05;

/// What happens to the price on the second day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shock {
	/// Nothing.
	Calm,
	/// It halves in a day.
	Bear,
	/// It rises by half in a day.
	Bull,
	/// It doubles in a day.
	Double,
	/// It falls by 30 % at once.
	Fall,
	/// It rises by 30 % at once.
	Rise,
	/// It jumps by 15 % every two hours, down and up in turns.
	Whipsaw,
	/// It halves in twelve hours in which four of five reporters are silent.
	Outage,
}

impl Shock {
	/// Whether most reporters are silent in this minute.
	pub fn silences(self, minute: usize) -> bool {
		self == Self::Outage && (DAY..DAY + OUTAGE).contains(&minute)
	}

	/// What is added to the price's logarithm, `since` minutes after the shock began.
	fn drift(self, since: usize) -> f64 {
		let over = |minutes: usize, factor: f64| {
			if since < minutes {
				factor.ln() / minutes as f64
			} else {
				0.0
			}
		};
		match self {
			Self::Calm => 0.0,
			Self::Bear => over(DAY, 0.5),
			Self::Bull => over(DAY, 1.5),
			Self::Double => over(DAY, 2.0),
			Self::Fall => over(1, 0.7),
			Self::Rise => over(1, 1.3),
			Self::Whipsaw if since < DAY && since.is_multiple_of(120) => {
				let down = (since / 120).is_multiple_of(2);
				if down {
					0.85f64.ln()
				} else {
					-0.85f64.ln()
				}
			}
			Self::Whipsaw => 0.0,
			Self::Outage => over(OUTAGE, 0.5),
		}
	}

	/// Draws a path that begins at one dollar.
	pub fn path(self, rng: &mut ChaCha8Rng) -> Vec<f64> {
		let deviation = VOLATILITY / (DAY as f64).sqrt();
		let mut price = 1.0f64;
		(0..MINUTES)
			.map(|minute| {
				let drift = minute.checked_sub(DAY).map_or(0.0, |since| self.drift(since));
				price *= (normal(rng, 0.0, deviation) + drift).exp();
				price
			})
			.collect()
	}
}
