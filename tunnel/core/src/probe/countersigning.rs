//! When countersignatures are sent, and how often: a full line loses some, and a target that gets none for long stops.

use crate::{wire::Receipt, Micros, QUEUE_LIMIT};
use std::collections::VecDeque;

/// How often one is sent at most, where the line loses most of what it gets.
const MAX_COPIES: u8 = 8;
/// As many are remembered.
const MAX_SIGNED: usize = 8;
/// Of this many packets in a row one may have a countersignature ahead of it.
const TURNS: u32 = 4;
/// How long a queue may hold one back before it counts as lost.
const QUEUED: Micros = QUEUE_LIMIT.saturating_mul(2);

/// The last countersignature.
struct Last {
	/// Of the receipts up to this window.
	window: u32,
	datagram: Vec<u8>,
	/// How often it is still to be sent.
	copies: u8,
	/// When it was sent last.
	sent_at: Micros,
}

/// Countersignatures of one test.
pub(super) struct Countersigning {
	/// Where in a row of packets this member begins.
	turn: u32,
	next: Option<Micros>,
	last: Option<Last>,
	/// How often the last one was to be sent.
	copies: u8,
	/// Windows that were countersigned, and when.
	signed: VecDeque<(u32, Micros)>,
	/// Whether one of these got lost since the last one.
	is_unheard: bool,
}

impl Countersigning {
	pub(super) fn new(seed: &[u8; 32]) -> Self {
		let [turn, ..] = *seed;
		Self {
			turn: turn.into(),
			next: None,
			last: None,
			copies: 0,
			signed: VecDeque::new(),
			is_unheard: false,
		}
	}

	/// The first receipt was believed.
	pub(super) fn begin(&mut self, now: Micros) {
		self.next.get_or_insert(now);
	}

	/// No more are due.
	pub(super) fn end(&mut self) {
		self.next = None;
	}

	/// When the next one is due.
	pub(super) fn next(&self) -> Option<Micros> {
		self.next
	}

	/// Takes a new one, for the receipts up to `window`, to be sent `least` times or, if one got lost meanwhile, twice as
	/// often as that one.
	pub(super) fn sign(&mut self, now: Micros, window: u32, datagram: Vec<u8>, least: u8) {
		self.copies = if core::mem::take(&mut self.is_unheard) {
			self.copies.saturating_mul(2).clamp(least, MAX_COPIES)
		} else {
			least
		};
		self.last = Some(Last { window, datagram, copies: self.copies, sent_at: now });
		if self.signed.len() >= MAX_SIGNED {
			self.signed.pop_front();
		}
		self.signed.push_back((window, now));
	}

	/// The next one is due at `at`.
	pub(super) fn again_at(&mut self, at: Micros) {
		self.next = Some(at);
	}

	/// Finds out whether one got lost: the target still repeats receipts that it was for, although it had the time to
	/// arrive. Then the last one is to be sent again.
	pub(super) fn hear(&mut self, now: Micros, rtt: Micros, receipts: &[Receipt]) {
		let Some(oldest) = receipts.iter().map(|receipt| receipt.window).min() else { return };
		let is_overdue = |at: Micros| now >= at.saturating_add(rtt).saturating_add(QUEUED);
		if !self.signed.iter().any(|(window, at)| oldest <= *window && is_overdue(*at)) {
			return;
		}
		self.is_unheard = true;
		if let Some(last) = self.last.as_mut().filter(|last| is_overdue(last.sent_at)) {
			last.copies = last.copies.max(1);
		}
	}

	/// Whether one may go ahead of the packet with this number. Receipts reach all members at once: each takes another
	/// packet, and another one each time, or they would fill the queue of a slow line together and the same one would
	/// always find it full.
	pub(super) fn is_turn(&self, seq: u32) -> bool {
		let turn = self.last.as_ref().map_or(0, |last| last.window).wrapping_add(self.turn);
		seq % TURNS == turn % TURNS
	}

	/// The next datagram to send; none if all copies were sent.
	pub(super) fn take(&mut self, now: Micros) -> Option<Vec<u8>> {
		let last = self.last.as_mut()?;
		last.copies = last.copies.checked_sub(1)?;
		last.sent_at = now;
		Some(last.datagram.clone())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const RTT: Micros = 30_000;

	fn receipts(windows: impl IntoIterator<Item = u32>) -> Vec<Receipt> {
		windows.into_iter().map(|window| Receipt { window, ranges: vec![], digest: [0; 32] }).collect()
	}

	fn sent(countersigning: &mut Countersigning, now: Micros) -> usize {
		std::iter::from_fn(|| countersigning.take(now)).count()
	}

	#[test]
	fn lost_countersignature_should_be_sent_again_when_it_had_the_time_to_arrive() {
		let mut countersigning = Countersigning::new(&[0; 32]);
		countersigning.sign(0, 4, vec![1], 1);
		assert_eq!(sent(&mut countersigning, 1_000), 1);
		countersigning.hear(1_000 + RTT + QUEUED - 1, RTT, &receipts(4..6));
		assert_eq!(sent(&mut countersigning, 300_000), 0);
		countersigning.hear(1_000 + RTT + QUEUED, RTT, &receipts(5..7));
		assert_eq!(sent(&mut countersigning, 300_000), 0);
		countersigning.hear(1_000 + RTT + QUEUED, RTT, &receipts(4..7));
		assert_eq!(sent(&mut countersigning, 300_000), 1);
		// Once per way there and back.
		countersigning.hear(300_001, RTT, &receipts(4..8));
		assert_eq!(sent(&mut countersigning, 300_001), 0);
	}

	#[test]
	fn copies_should_double_as_long_as_countersignatures_get_lost() {
		let mut countersigning = Countersigning::new(&[0; 32]);
		let mut copies = Vec::new();
		for round in 0..6u32 {
			let now = Micros::from(round) * 1_000_000;
			countersigning.sign(now, 5 * round, vec![1], 2);
			copies.push(sent(&mut countersigning, now));
			countersigning.hear(now + 900_000, RTT, &receipts([5 * round.min(4)]));
			sent(&mut countersigning, now);
		}
		assert_eq!(copies, [2, 4, 8, 8, 8, 8]);
		countersigning.hear(5_950_000, RTT, &receipts([26]));
		countersigning.sign(6_000_000, 26, vec![1], 2);
		countersigning.sign(7_000_000, 27, vec![1], 2);
		assert_eq!(sent(&mut countersigning, 7_000_000), 2);
	}

	#[test]
	fn members_should_take_turns() {
		let turns = |first: u8, window| {
			let mut countersigning = Countersigning::new(&[first; 32]);
			countersigning.sign(0, window, vec![1], 1);
			(0..8).filter(|seq| countersigning.is_turn(*seq)).collect::<Vec<_>>()
		};
		assert_eq!(turns(0, 0), [0, 4]);
		assert_eq!(turns(1, 0), [1, 5]);
		assert_eq!(turns(1, 5), [2, 6]);
	}
}
