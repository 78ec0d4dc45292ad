//! Towns, and how long an answer takes from one to another.

use rand::{rngs::StdRng, Rng};
use std::ops::RangeInclusive;

/// What queues make of the time light takes: up to 30 % more.
pub(super) const LATE: RangeInclusive<f64> = 1.0..=1.3;
/// 30 % more or less, which no path does.
pub(super) const LATE_OR_EARLY: RangeInclusive<f64> = 0.7..=1.3;
/// What two access lines take, 10 µs: less than most do, so that distance decides.
const LINES_10US: RangeInclusive<f64> = 100.0..=300.0;
/// Mean radius of the earth, km.
const EARTH_KM: f64 = 6_371.0;
/// Light in fibre does 200 km/ms: a km there and back, 10 µs.
const FIBRE_10US_PER_KM: f64 = 1.0;

/// A town.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
	/// Its country.
	pub(super) country: [u8; 2],
	/// Degrees north.
	north: f64,
	/// Degrees east.
	east: f64,
}

impl Place {
	/// Great circle, km.
	pub(super) fn km_to(&self, other: &Self) -> f64 {
		let half = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
		let narrowing = self.north.to_radians().cos() * other.north.to_radians().cos();
		let square = half(self.north - other.north) + narrowing * half(self.east - other.east);
		2.0 * EARTH_KM * square.sqrt().min(1.0).asin()
	}

	/// Round-trip time of light along the great circle, 10 µs.
	pub(super) fn light_10us(&self, other: &Self) -> f64 {
		self.km_to(other) * FIBRE_10US_PER_KM
	}

	/// Round-trip time between a line here and one there, 10 µs.
	pub(super) fn round_trip_10us(&self, other: &Self, jitter: RangeInclusive<f64>, rng: &mut StdRng) -> u16 {
		(self.light_10us(other) * rng.gen_range(jitter) + rng.gen_range(LINES_10US)) as u16
	}
}

const fn place(country: &[u8; 2], north: f64, east: f64) -> Place {
	Place { country: *country, north, east }
}

pub(super) const ALGIERS: Place = place(b"DZ", 36.75, 3.06);
pub(super) const ANKARA: Place = place(b"TR", 39.93, 32.86);
pub(super) const ASTANA: Place = place(b"KZ", 51.17, 71.45);
pub(super) const ATHENS: Place = place(b"GR", 37.98, 23.73);
pub(super) const BERLIN: Place = place(b"DE", 52.52, 13.41);
pub(super) const BRASILIA: Place = place(b"BR", -15.79, -47.88);
pub(super) const BUENOS_AIRES: Place = place(b"AR", -34.60, -58.38);
pub(super) const CAIRO: Place = place(b"EG", 30.04, 31.24);
pub(super) const CANBERRA: Place = place(b"AU", -35.28, 149.13);
pub(super) const DELHI: Place = place(b"IN", 28.61, 77.21);
pub(super) const FRANKFURT: Place = place(b"DE", 50.11, 8.68);
pub(super) const LISBON: Place = place(b"PT", 38.72, -9.14);
pub(super) const LONDON: Place = place(b"GB", 51.51, -0.13);
pub(super) const MADRID: Place = place(b"ES", 40.42, -3.70);
pub(super) const MEXICO_CITY: Place = place(b"MX", 19.43, -99.13);
pub(super) const NAIROBI: Place = place(b"KE", -1.29, 36.82);
pub(super) const PARIS: Place = place(b"FR", 48.86, 2.35);
pub(super) const PRETORIA: Place = place(b"ZA", -25.75, 28.19);
pub(super) const ROME: Place = place(b"IT", 41.90, 12.50);
pub(super) const SINGAPORE: Place = place(b"SG", 1.29, 103.85);
pub(super) const STOCKHOLM: Place = place(b"SE", 59.33, 18.07);
pub(super) const TOKYO: Place = place(b"JP", 35.68, 139.69);
pub(super) const TORSHAVN: Place = place(b"FO", 62.01, -6.77);
pub(super) const TUNIS: Place = place(b"TN", 36.81, 10.18);
pub(super) const WARSAW: Place = place(b"PL", 52.23, 21.05);
pub(super) const WASHINGTON: Place = place(b"US", 38.91, -77.04);
pub(super) const WELLINGTON: Place = place(b"NZ", -41.29, 174.78);

/// Capitals on all continents, half of them in Europe and around it.
pub(super) const WORLD: [Place; 24] = [
	BERLIN,
	PARIS,
	LONDON,
	MADRID,
	ROME,
	WARSAW,
	STOCKHOLM,
	ATHENS,
	ANKARA,
	CAIRO,
	NAIROBI,
	place(b"NG", 9.08, 7.40),
	PRETORIA,
	DELHI,
	ASTANA,
	place(b"CN", 39.90, 116.41),
	TOKYO,
	SINGAPORE,
	CANBERRA,
	place(b"CA", 45.42, -75.70),
	WASHINGTON,
	MEXICO_CITY,
	BRASILIA,
	BUENOS_AIRES,
];

/// Berlin, Hamburg, Munich, Cologne, Dresden, Stuttgart: no farther from Frankfurt than 424 km.
pub(super) const GERMANY: [Place; 6] = [
	BERLIN,
	place(b"DE", 53.55, 9.99),
	place(b"DE", 48.14, 11.58),
	place(b"DE", 50.94, 6.96),
	place(b"DE", 51.05, 13.74),
	place(b"DE", 48.78, 9.18),
];

#[cfg(test)]
mod tests {
	use super::*;
	use rand::SeedableRng;

	#[test]
	fn distance_should_be_as_on_the_globe() {
		for (a, b, km) in [(BERLIN, TOKYO, 8_917.0), (BERLIN, FRANKFURT, 424.0), (PARIS, PARIS, 0.0)] {
			assert!((a.km_to(&b) - km).abs() < 1.0, "{a:?} {b:?}: {}", a.km_to(&b));
			assert!((b.km_to(&a) - km).abs() < 1.0);
		}
	}

	#[test]
	fn round_trip_should_be_shorter_than_that_of_light_only_when_it_may_be_early() {
		let mut rng = StdRng::seed_from_u64(1);
		let light = BERLIN.light_10us(&TOKYO);
		let mut is_early = |jitter: RangeInclusive<f64>| {
			(0..100).any(|_| f64::from(BERLIN.round_trip_10us(&TOKYO, jitter.clone(), &mut rng)) < light)
		};
		assert!(!is_early(LATE));
		assert!(is_early(LATE_OR_EARLY));
	}
}
