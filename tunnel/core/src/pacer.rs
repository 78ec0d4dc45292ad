//! When the next packet leaves, and what a capped line lets through.

use crate::{keystream, Micros, MILLI};

/// A sender that was held up makes up for at most this much, so that a stall never becomes a burst.
const CATCH_UP: Micros = 20 * MILLI;

/// Spaces packets at a rate with ±20 % jitter on every gap, so that no two members' loads lock step.
#[derive(Clone)]
pub struct Pacer {
	seed: [u8; 32],
	drawn: u32,
	/// In nanoseconds, because a gap of a fast load is not a whole number of microseconds.
	next_nanos: u64,
	gap_nanos: u64,
}

impl Pacer {
	/// A stopped pacer whose jitter follows from `seed`.
	pub fn new(seed: [u8; 32]) -> Self {
		Self { seed, drawn: 0, next_nanos: 0, gap_nanos: u64::MAX }
	}

	/// Sends packets of `packet_bytes` at `kbps` from now on; 0 stops. What is left of the running gap shrinks or grows
	/// with the rate: at a tenth of a slow load it would outlast the ramp.
	pub fn set_rate(&mut self, now: Micros, kbps: u32, packet_bytes: u32) {
		let gap = u64::from(packet_bytes).saturating_mul(8_000_000).checked_div(u64::from(kbps));
		let gap = gap.unwrap_or(u64::MAX);
		let before = std::mem::replace(&mut self.gap_nanos, gap);
		let now_nanos = now.saturating_mul(1_000);
		if before == u64::MAX {
			self.next_nanos = now_nanos;
		} else if gap != before && gap != u64::MAX {
			let left = u128::from(self.next_nanos.saturating_sub(now_nanos)).saturating_mul(gap.into());
			let left = u64::try_from(left.checked_div(before.into()).unwrap_or(0)).unwrap_or(u64::MAX);
			self.next_nanos = self.next_nanos.min(now_nanos).saturating_add(left);
		}
	}

	/// Takes the permission to send one packet, if it is due.
	pub fn take(&mut self, now: Micros) -> bool {
		if self.gap_nanos == u64::MAX {
			return false;
		}
		let now_nanos = now.saturating_mul(1_000);
		if self.next_nanos > now_nanos {
			return false;
		}
		self.next_nanos = self.next_nanos.max(now_nanos.saturating_sub(CATCH_UP.saturating_mul(1_000)));
		let gap = self.jitter();
		self.next_nanos = self.next_nanos.saturating_add(gap);
		true
	}

	/// When the next packet is due; none when stopped.
	pub fn next(&self) -> Option<Micros> {
		(self.gap_nanos != u64::MAX).then(|| self.next_nanos.div_ceil(1_000))
	}

	fn jitter(&mut self) -> u64 {
		let mut word = [0; 4];
		keystream::apply(&self.seed, self.drawn, &mut word);
		self.drawn = self.drawn.wrapping_add(1);
		// 80 % plus up to 40 % in steps of 2^-32: the mean stays the gap.
		let part =
			u128::from(u32::from_le_bytes(word)).saturating_mul(u128::from(self.gap_nanos).saturating_mul(4));
		let part = u64::try_from(part.checked_div(10 << 32).unwrap_or(0)).unwrap_or(u64::MAX);
		self.gap_nanos.saturating_mul(8).checked_div(10).unwrap_or(0).saturating_add(part)
	}
}

/// A token bucket: what a line capped at a rate lets through.
#[derive(Clone, Debug)]
pub struct Bucket {
	kbps: u32,
	depth_bytes: u64,
	/// Bytes × 8,000, so that a microsecond of one kbps is one unit.
	level: u64,
	filled: Micros,
}

impl Bucket {
	/// A full bucket that fills at `kbps` and holds 20 ms of it, at least ten packets of 1,500 bytes.
	pub fn new(now: Micros, kbps: u32) -> Self {
		Self::holding(now, kbps, 20 * MILLI, 15_000)
	}

	/// A full bucket that fills at `kbps` and holds `depth` of it, at least `least_bytes`.
	pub fn holding(now: Micros, kbps: u32, depth: Micros, least_bytes: u64) -> Self {
		let depth_bytes = (u64::from(kbps).saturating_mul(depth) / 8_000).max(least_bytes);
		Self { kbps, depth_bytes, level: depth_bytes.saturating_mul(8_000), filled: now }
	}

	/// Takes `bytes` if they are there.
	pub fn take(&mut self, now: Micros, bytes: usize) -> bool {
		self.fill(now);
		let wanted = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(8_000);
		match self.level.checked_sub(wanted) {
			Some(rest) => {
				self.level = rest;
				true
			}
			None => false,
		}
	}

	/// How long until `bytes` are there; 0 if they are, or never will fit.
	pub fn wait(&mut self, now: Micros, bytes: usize) -> Micros {
		self.fill(now);
		let wanted = u64::try_from(bytes).unwrap_or(u64::MAX).min(self.depth_bytes).saturating_mul(8_000);
		let missing = wanted.saturating_sub(self.level);
		missing.div_ceil(u64::from(self.kbps.max(1)))
	}

	fn fill(&mut self, now: Micros) {
		let gained = now.saturating_sub(self.filled).saturating_mul(u64::from(self.kbps));
		self.level = self.level.saturating_add(gained).min(self.depth_bytes.saturating_mul(8_000));
		self.filled = self.filled.max(now);
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn sent_in(pacer: &mut Pacer, from: Micros, until: Micros) -> Vec<Micros> {
		let mut sent = vec![];
		let mut now = from;
		while now < until {
			while pacer.take(now) {
				sent.push(now);
			}
			now = pacer.next().unwrap().max(now + 1);
		}
		sent
	}

	#[test]
	fn pacer_should_hold_its_rate_within_one_percent() {
		for kbps in [250, 5_000, 50_000] {
			let mut pacer = Pacer::new([3; 32]);
			pacer.set_rate(0, kbps, 1_308);
			let sent = sent_in(&mut pacer, 0, 20_000_000);
			let rate = sent.len() as u64 * 1_308 * 8 / 20_000;
			assert!(rate.abs_diff(kbps.into()) * 100 <= u64::from(kbps), "{rate} for {kbps}");
		}
	}

	#[test]
	fn pacer_should_jitter_each_gap_within_a_fifth() {
		let mut pacer = Pacer::new([4; 32]);
		pacer.set_rate(0, 1_000, 1_308);
		let sent = sent_in(&mut pacer, 0, 5_000_000);
		let gaps: Vec<_> = sent.windows(2).map(|pair| pair[1] - pair[0]).collect();
		let gap = 1_308 * 8 * 1_000 / 1_000;
		assert!(gaps.iter().all(|g| (gap * 8 / 10 - 1..=gap * 12 / 10 + 1).contains(g)), "{gaps:?}");
		assert!(gaps.iter().any(|g| *g < gap * 9 / 10) && gaps.iter().any(|g| *g > gap * 11 / 10));
	}

	#[test]
	fn gap_should_shrink_when_the_rate_grows() {
		let mut pacer = Pacer::new([1; 32]);
		pacer.set_rate(0, 25, 1_308);
		assert!(pacer.take(0));
		// A tenth of 250 kbps: the next one would be due after 418 ms ± 20 %.
		assert!(pacer.next().unwrap() > 300_000);
		pacer.set_rate(50_000, 250, 1_308);
		let next = pacer.next().unwrap();
		assert!((50_000..100_000).contains(&next), "{next}");
	}

	#[test]
	fn pacer_should_not_burst_when_held_up() {
		let mut pacer = Pacer::new([5; 32]);
		pacer.set_rate(0, 10_000, 1_250);
		assert!(pacer.take(0));
		let burst = (0..1_000).take_while(|_| pacer.take(1_000_000)).count();
		// 20 ms of 1 packet/ms.
		assert!((15..=28).contains(&burst), "{burst}");
	}

	#[test]
	fn bucket_should_pass_its_rate_when_overloaded() {
		let mut bucket = Bucket::new(0, 8_000);
		let passed: u64 =
			(0..4_000_000u64).step_by(500).filter(|now| bucket.take(*now, 1_308)).count() as u64 * 1_308;
		let rate = passed * 8 / 4_000;
		assert!((8_000..8_100).contains(&rate), "{rate}");
	}

	#[test]
	fn bucket_should_let_through_its_depth_at_once() {
		for (kbps, least, packets) in [(8_000, 0, 250), (8_000, 300_000, 300), (8, 32_000, 32)] {
			let mut bucket = Bucket::holding(0, kbps, 250 * MILLI, least);
			assert_eq!((0..1_000).take_while(|_| bucket.take(0, 1_000)).count(), packets);
		}
	}

	#[test]
	fn bucket_should_say_how_long_to_wait() {
		let mut bucket = Bucket::new(0, 8_000);
		while bucket.take(0, 1_000) {}
		let wait = bucket.wait(0, 1_000);
		assert!(wait > 0 && wait <= 1_000, "{wait}");
		assert!(bucket.take(wait, 1_000));
	}
}
