//! Which of a provider's ports a customer sends to, and for how long.
//!
//! A filter that throttles or forgets a flow by its ports sees a new one every half a minute; WireGuard does not notice.

use crate::{Micros, MILLI};

/// Ports of one provider at most: each is a socket of its.
pub const MOST_PORTS: u8 = 32;
/// A port is used at least so long.
const SHORTEST: Micros = 20_000 * MILLI;
/// And at most that much longer.
const SPREAD: Micros = 20_000 * MILLI;

/// Consecutive ports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ports {
	first: u16,
	count: u8,
}

impl Ports {
	/// From `first` on; none if they are no ports, or not 1 to [`MOST_PORTS`].
	pub fn new(first: u16, count: u8) -> Option<Self> {
		let is_range = first > 0 && (1..=MOST_PORTS).contains(&count);
		let fits = first.checked_add(u16::from(count).checked_sub(1)?).is_some();
		(is_range && fits).then_some(Self { first, count })
	}

	/// The first of them.
	pub fn first(&self) -> u16 {
		self.first
	}

	/// How many they are.
	pub fn count(&self) -> u8 {
		self.count
	}

	/// All of them.
	pub fn iter(&self) -> impl Iterator<Item = u16> {
		let first = self.first;
		(0..u16::from(self.count)).map(move |number| first.saturating_add(number))
	}

	/// Whether a port is one of them.
	pub fn contains(&self, port: u16) -> bool {
		port.checked_sub(self.first).is_some_and(|number| number < self.count.into())
	}

	fn drawn(&self, random: u32) -> u16 {
		let number = random.checked_rem(self.count.into()).unwrap_or(0);
		self.first.saturating_add(u16::try_from(number).unwrap_or(0))
	}
}

/// Hops from one to the next.
#[derive(Debug)]
pub struct Hopping {
	ports: Ports,
	port: u16,
	until: Micros,
}

impl Hopping {
	/// Begins at a random port.
	pub fn new(now: Micros, ports: Ports, random: u64) -> Self {
		let mut this = Self { ports, port: ports.first, until: now };
		this.hop(now, random);
		this
	}

	/// Whether it is time for another port.
	pub fn is_due(&self, now: Micros) -> bool {
		now >= self.until
	}

	/// Takes another port: the same one now and then, so that not even that is certain.
	pub fn hop(&mut self, now: Micros, random: u64) {
		let (draw, spread) = (random as u32, random >> 32);
		self.port = self.ports.drawn(draw);
		let longer = spread.checked_rem(SPREAD).unwrap_or(0);
		self.until = now.saturating_add(SHORTEST).saturating_add(longer);
	}

	/// Where to send now.
	pub fn port(&self) -> u16 {
		self.port
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn ports_should_be_refused_when_they_are_none_or_too_many() {
		for (first, count) in [(0, 1), (1, 0), (1, 33), (65_535, 2)] {
			assert_eq!(Ports::new(first, count), None, "{first} {count}");
		}
		let last = Ports::new(65_504, 32).unwrap();
		assert_eq!(last.iter().last(), Some(65_535));
		assert!(last.contains(65_504) && last.contains(65_535) && !last.contains(65_503));
	}

	#[test]
	fn hops_should_reach_every_port_and_last_between_20_and_40_s() {
		let ports = Ports::new(40_500, 8).unwrap();
		let (mut now, mut seen) = (5, std::collections::BTreeSet::new());
		let draw = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (n << 13);
		let mut hopping = Hopping::new(now, ports, draw(1));
		for n in 2..200 {
			seen.insert(hopping.port());
			assert!(!hopping.is_due(now + SHORTEST - 1) && hopping.is_due(now + SHORTEST + SPREAD));
			now = hopping.until;
			hopping.hop(now, draw(n));
		}
		assert_eq!(seen, ports.iter().collect());
	}
}
