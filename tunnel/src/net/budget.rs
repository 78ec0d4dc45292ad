//! Memory of many flows, within one bound.

use std::sync::{
	atomic::{AtomicUsize, Ordering},
	Arc,
};

/// No flow has larger buffers, both directions together: half of it in flight is 168 Mbit/s at 50 ms.
pub(crate) const MOST_BYTES: usize = 2 << 20;
/// Nor smaller ones.
pub(crate) const LEAST_BYTES: usize = 32 << 10;

/// So many bytes, of which parts are given out and come back.
#[derive(Debug)]
pub(crate) struct Budget {
	limit_bytes: usize,
	taken_bytes: AtomicUsize,
	/// What is taken here is taken there as well, and no further.
	within: Option<Arc<Budget>>,
}

impl Budget {
	/// `limit_bytes`, and no more than is left `within` another one.
	pub(crate) fn new(limit_bytes: usize, within: Option<Arc<Budget>>) -> Arc<Self> {
		Arc::new(Self { limit_bytes, taken_bytes: AtomicUsize::new(0), within })
	}

	/// What is given out.
	pub(crate) fn taken_bytes(&self) -> usize {
		self.taken_bytes.load(Ordering::Relaxed)
	}

	/// `bytes` of it, if they are left.
	pub(crate) fn take(self: &Arc<Self>, bytes: usize) -> Option<Share> {
		if !self.add(bytes) {
			return None;
		}
		if let Some(within) = &self.within {
			if !within.add(bytes) {
				self.subtract(bytes);
				return None;
			}
		}
		Some(Share { bytes, of: self.clone() })
	}

	fn add(&self, bytes: usize) -> bool {
		let add = |taken: usize| taken.checked_add(bytes).filter(|taken| *taken <= self.limit_bytes);
		self.taken_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).is_ok()
	}

	fn subtract(&self, bytes: usize) {
		self.taken_bytes.fetch_sub(bytes, Ordering::Relaxed);
	}

	/// The buffers of one more flow where there are `flows` and may be `most_flows`: as large as they can be, so that the
	/// least is still there for every flow that may come.
	pub(crate) fn take_buffers(self: &Arc<Self>, flows: usize, most_flows: usize) -> Option<Share> {
		let bytes = buffer_bytes(self.limit_bytes, self.taken_bytes(), flows, most_flows);
		let bytes = self.within.as_ref().map_or(bytes, |within| bytes.min(within.part()));
		// The budget around it may have less.
		self.take(bytes).or_else(|| self.take(LEAST_BYTES))
	}

	/// What one of very many flows may take of the first half: a sixty-fourth of what is left of it, so that no few take all of it.
	/// The other half is there for the least of those that come later.
	fn part(&self) -> usize {
		let left = (self.limit_bytes / 2).saturating_sub(self.taken_bytes());
		(left / 64).max(LEAST_BYTES)
	}
}

/// An eighth of what is left beyond the least of the flows that may still come, so that early flows have most of it and
/// many flows share what remains.
fn buffer_bytes(limit: usize, taken: usize, flows: usize, most_flows: usize) -> usize {
	let others = most_flows.saturating_sub(flows.saturating_add(1)).saturating_mul(LEAST_BYTES);
	let spare = limit.saturating_sub(taken).saturating_sub(others);
	(spare / 8).clamp(LEAST_BYTES, MOST_BYTES)
}

/// A part of a budget; dropped, it goes back.
#[derive(Debug)]
pub(crate) struct Share {
	bytes: usize,
	of: Arc<Budget>,
}

impl Share {
	/// How much it is.
	pub(crate) fn bytes(&self) -> usize {
		self.bytes
	}
}

impl Drop for Share {
	fn drop(&mut self) {
		self.of.subtract(self.bytes);
		if let Some(within) = &self.of.within {
			within.subtract(self.bytes);
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn take_should_fail_when_nothing_is_left_here_or_around_it() {
		let all = Budget::new(100, None);
		let (one, other) = (Budget::new(80, Some(all.clone())), Budget::new(80, Some(all.clone())));
		let share = one.take(70).unwrap();
		assert!(one.take(11).is_none(), "more than its own");
		assert!(other.take(31).is_none(), "more than is left of all");
		assert_eq!((all.taken_bytes(), other.taken_bytes()), (70, 0), "what failed took nothing");
		assert_eq!(other.take(30).unwrap().bytes(), 30);
		drop(share);
		assert_eq!((all.taken_bytes(), one.taken_bytes()), (0, 0));
	}

	#[test]
	fn a_thousand_guests_should_each_have_a_flow_and_the_first_ones_a_large_one() {
		let all = Budget::new(512 << 20, None);
		let guests: Vec<_> = (0..4_096).map(|_| Budget::new(32 << 20, Some(all.clone()))).collect();
		let flow = |guest: &Arc<Budget>, flows| guest.take_buffers(flows, 512).expect("the least at least");
		let mut shares: Vec<_> = guests.iter().map(|guest| flow(guest, 0)).collect();
		assert!(shares[63].bytes() >= 1 << 20 && shares[255].bytes() > LEAST_BYTES);
		// And as many again, which are all that an exit has.
		shares.extend(guests.iter().map(|guest| flow(guest, 1)));
		assert!(all.taken_bytes() <= 512 << 20);
	}

	#[test]
	fn every_flow_should_have_the_least_and_the_first_ones_far_more() {
		for (limit, most_flows) in [(32 << 20, 512), (64 << 20, 512), (16 << 20, 512)] {
			let budget = Budget::new(limit, None);
			let shares: Vec<_> = (0..most_flows)
				.map(|flows| budget.take_buffers(flows, most_flows).expect("the least at least"))
				.collect();
			assert!(shares.iter().all(|share| (LEAST_BYTES..=MOST_BYTES).contains(&share.bytes())));
			assert!(budget.taken_bytes() <= limit);
			if limit > most_flows * LEAST_BYTES {
				assert!(shares[0].bytes() >= 2 << 20 && shares[7].bytes() >= 512 << 10);
			}
		}
	}
}
