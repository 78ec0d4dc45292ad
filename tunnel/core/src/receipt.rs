//! Receipts: what the target got, proven by a digest over every payload byte.
//!
//! The chain starts at BLAKE3 derive_key("weir/receipt/v1", test ‖ H(seed)) with the SCALE encoding of the test.
//! Window w's digest is BLAKE3(digest of w − 1 ‖ w (4 bytes, little-endian) ‖ the payloads that arrived in w, in
//! ascending order of their sequence numbers). The receipt names those numbers as ranges. A number counts once, in
//! the window of its first arrival.

use crate::{
	dropped::Rule,
	keystream::{self, Payload},
	wire::{Range, Receipt, Test, MAX_RANGES},
};
use codec::Encode;
use std::collections::BTreeMap;

/// Packets a session may carry: 20 s in both phases at the largest quota, with room.
pub const MAX_PACKETS: u32 = 1 << 20;
/// Payloads held for one receipt; more than a receipt of the largest quota ever covers.
const MAX_WINDOW_PACKETS: usize = 4_096;

/// Which sequence numbers were seen.
#[derive(Clone, Default)]
pub(crate) struct Seen(Vec<u64>);

impl Seen {
	pub(crate) fn contains(&self, seq: u32) -> bool {
		self.0.get((seq / 64) as usize).is_some_and(|word| word >> (seq % 64) & 1 == 1)
	}

	pub(crate) fn insert(&mut self, seq: u32) {
		let at = (seq / 64) as usize;
		if at >= self.0.len() {
			self.0.resize(at.saturating_add(1), 0);
		}
		if let Some(word) = self.0.get_mut(at) {
			*word |= 1 << (seq % 64);
		}
	}
}

fn first_digest(test: &Test, seed_hash: &[u8; 32]) -> [u8; 32] {
	let mut hasher = blake3::Hasher::new_derive_key("weir/receipt/v1");
	hasher.update(&test.encode()).update(seed_hash);
	*hasher.finalize().as_bytes()
}

fn next_hasher(previous: &[u8; 32], window: u32) -> blake3::Hasher {
	let mut hasher = blake3::Hasher::new();
	hasher.update(previous).update(&window.to_le_bytes());
	hasher
}

/// The target's side: collects payloads and closes windows.
#[derive(Clone)]
pub struct Collector {
	digest: [u8; 32],
	window: u32,
	seen: Seen,
	open: BTreeMap<u32, Box<Payload>>,
	packets: u32,
}

impl Collector {
	/// For a session whose offer was accepted.
	pub fn new(test: &Test, seed_hash: &[u8; 32]) -> Self {
		Self {
			digest: first_digest(test, seed_hash),
			window: 0,
			seen: Seen::default(),
			open: BTreeMap::new(),
			packets: 0,
		}
	}

	/// Takes a payload. Refused if its number was seen before, lies out of range, or the window is full.
	pub fn insert(&mut self, seq: u32, payload: &Payload) -> Result<(), Rule> {
		if seq >= MAX_PACKETS || self.open.len() >= MAX_WINDOW_PACKETS {
			return Err(Rule::OutOfRange);
		}
		if self.seen.contains(seq) {
			return Err(Rule::Replayed);
		}
		self.seen.insert(seq);
		self.open.insert(seq, Box::new(*payload));
		self.packets = self.packets.saturating_add(1);
		Ok(())
	}

	/// Packets taken so far.
	pub fn packets(&self) -> u32 {
		self.packets
	}

	/// Number and digest of the last closed window; none before the first.
	pub fn last(&self) -> Option<(u32, [u8; 32])> {
		self.window.checked_sub(1).map(|window| (window, self.digest))
	}

	/// Closes the window. What does not fit [`MAX_RANGES`] stays for the next one.
	pub fn close(&mut self) -> Receipt {
		let mut ranges: Vec<Range> = Vec::new();
		let mut hasher = next_hasher(&self.digest, self.window);
		while let Some(entry) = self.open.first_entry() {
			let seq = *entry.key();
			let room = ranges.len() < MAX_RANGES;
			match ranges.last_mut() {
				Some(range) if range.end() == Some(seq) && range.count < u16::MAX => {
					range.count = range.count.saturating_add(1);
				}
				_ if room => ranges.push(Range { first: seq, count: 1 }),
				_ => break,
			}
			hasher.update(entry.remove().as_slice());
		}
		self.digest = *hasher.finalize().as_bytes();
		let receipt = Receipt { window: self.window, ranges, digest: self.digest };
		self.window = self.window.saturating_add(1);
		receipt
	}
}

/// Why a receipt was not believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReceiptError {
	/// Not the window that follows.
	#[error("window {0} instead of the next one")]
	OutOfOrder(u32),
	/// Ranges overlap, run backwards, are empty or too many.
	#[error("ranges are not ascending and disjoint")]
	Ranges,
	/// A number that was never sent or was acknowledged before.
	#[error("packet {0} was not outstanding")]
	NotOutstanding(u32),
	/// The digest is not the one these payloads give.
	#[error("digest does not match the payloads")]
	Digest,
}

/// The attestor's side: recomputes every digest.
#[derive(Clone)]
pub struct Verifier {
	seed: [u8; 32],
	digest: [u8; 32],
	window: u32,
	acknowledged: Seen,
}

impl Verifier {
	/// For the session that offered `seed`.
	pub fn new(test: &Test, seed: &[u8; 32]) -> Self {
		let digest = first_digest(test, &keystream::seed_hash(seed));
		Self { seed: *seed, digest, window: 0, acknowledged: Seen::default() }
	}

	/// The window that has to come next.
	pub fn next_window(&self) -> u32 {
		self.window
	}

	/// Number and digest of the last believed receipt; none before the first.
	pub fn last(&self) -> Option<(u32, [u8; 32])> {
		self.window.checked_sub(1).map(|window| (window, self.digest))
	}

	/// Whether packet `seq` was acknowledged.
	pub fn is_acknowledged(&self, seq: u32) -> bool {
		self.acknowledged.contains(seq)
	}

	/// Checks `receipt` against the `sent` first packets; from then on they are acknowledged. Nothing changes on an error.
	pub fn verify(&mut self, receipt: &Receipt, sent: u32) -> Result<(), ReceiptError> {
		if receipt.window != self.window {
			return Err(ReceiptError::OutOfOrder(receipt.window));
		}
		if receipt.ranges.len() > MAX_RANGES {
			return Err(ReceiptError::Ranges);
		}
		let mut floor = 0;
		for range in &receipt.ranges {
			let end = range
				.end()
				.filter(|end| *end > range.first && range.first >= floor)
				.ok_or(ReceiptError::Ranges)?;
			if end > sent {
				return Err(ReceiptError::NotOutstanding(end.saturating_sub(1)));
			}
			if let Some(seq) = (range.first..end).find(|seq| self.acknowledged.contains(*seq)) {
				return Err(ReceiptError::NotOutstanding(seq));
			}
			floor = end;
		}
		let mut hasher = next_hasher(&self.digest, self.window);
		for seq in receipt.ranges.iter().flat_map(Range::iter) {
			hasher.update(&keystream::payload(&self.seed, seq));
		}
		if hasher.finalize() != receipt.digest {
			return Err(ReceiptError::Digest);
		}
		for seq in receipt.ranges.iter().flat_map(Range::iter) {
			self.acknowledged.insert(seq);
		}
		self.digest = receipt.digest;
		self.window = self.window.saturating_add(1);
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::wire::{golden, TestKind};

	const SEED: [u8; 32] = [9; 32];

	fn test() -> Test {
		Test {
			genesis: [1; 32],
			epoch: 4,
			kind: TestKind::Scheduled,
			ordinal: 7,
			target: [2; 32],
			attestor: [3; 32],
			session: [4; 8],
		}
	}

	fn pair() -> (Collector, Verifier) {
		(Collector::new(&test(), &keystream::seed_hash(&SEED)), Verifier::new(&test(), &SEED))
	}

	fn insert(collector: &mut Collector, seqs: impl IntoIterator<Item = u32>) {
		for seq in seqs {
			assert_eq!(collector.insert(seq, &keystream::payload(&SEED, seq)), Ok(()));
		}
	}

	#[test]
	fn verify_should_count_what_arrived_when_packets_are_lost_and_reordered() {
		let (mut collector, mut verifier) = pair();
		insert(&mut collector, [3, 0, 1, 6]);
		let receipt = collector.close();
		assert_eq!(
			receipt.ranges,
			vec![Range { first: 0, count: 2 }, Range { first: 3, count: 1 }, Range { first: 6, count: 1 }]
		);
		assert_eq!((verifier.verify(&receipt, 10), receipt.packets()), (Ok(()), 4));
		insert(&mut collector, [5, 4]);
		let receipt = collector.close();
		assert_eq!((verifier.verify(&receipt, 10), receipt.packets()), (Ok(()), 2));
		let empty = collector.close();
		assert_eq!((verifier.verify(&empty, 10), empty.packets()), (Ok(()), 0));
		assert!(verifier.is_acknowledged(5) && !verifier.is_acknowledged(2));
		assert_eq!(collector.last(), verifier.last());
	}

	#[test]
	fn verify_should_fail_when_a_payload_was_not_received() {
		let (mut collector, mut verifier) = pair();
		insert(&mut collector, [0, 1]);
		let mut receipt = collector.close();
		receipt.ranges[0].count = 3;
		assert_eq!(verifier.verify(&receipt, 10), Err(ReceiptError::Digest));
	}

	#[test]
	fn verify_should_fail_when_a_packet_was_never_sent_or_counts_twice() {
		let (mut collector, mut verifier) = pair();
		insert(&mut collector, [0, 1]);
		let receipt = collector.close();
		assert_eq!(verifier.verify(&receipt, 1), Err(ReceiptError::NotOutstanding(1)));
		assert_eq!(verifier.verify(&receipt, 2), Ok(()));
		assert_eq!(verifier.verify(&receipt, 2), Err(ReceiptError::OutOfOrder(0)));
		let again = Receipt { window: 1, ..receipt };
		assert_eq!(verifier.verify(&again, 2), Err(ReceiptError::NotOutstanding(0)));
	}

	#[test]
	fn verify_should_fail_when_ranges_overlap_or_are_empty() {
		let (_, mut verifier) = pair();
		for ranges in [
			vec![Range { first: 0, count: 0 }],
			vec![Range { first: 4, count: 1 }, Range { first: 2, count: 1 }],
			vec![Range { first: 0, count: 3 }, Range { first: 2, count: 1 }],
			vec![Range { first: u32::MAX, count: 9 }],
		] {
			let receipt = Receipt { window: 0, ranges, digest: [0; 32] };
			assert_eq!(verifier.verify(&receipt, 100), Err(ReceiptError::Ranges));
		}
	}

	#[test]
	fn insert_should_refuse_duplicates_and_numbers_out_of_range() {
		let (mut collector, _) = pair();
		insert(&mut collector, [5]);
		collector.close();
		assert_eq!(collector.insert(5, &keystream::payload(&SEED, 5)), Err(Rule::Replayed));
		assert_eq!(collector.insert(MAX_PACKETS, &keystream::payload(&SEED, 6)), Err(Rule::OutOfRange));
	}

	#[test]
	fn receipts_should_match_the_golden_vectors() {
		let (mut collector, _) = pair();
		let empty = collector.clone().close();
		assert_eq!(hex::encode(empty.encode()), "00000000".to_owned() + "00" + golden::EMPTY_RECEIPT_DIGEST);
		insert(&mut collector, [0, 2]);
		assert_eq!(hex::encode(collector.close().digest), golden::RECEIPT_DIGEST);
	}
}
