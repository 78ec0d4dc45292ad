//! How often receipts and countersignatures are due: the slower the load, the rarer, so that what a test says about
//! itself stays a small part of the line it measures.

use crate::{
	wire::{MAX_RANGES, PACKET_BYTES},
	Micros, MILLI,
};

/// Packets of the load between two receipts, at least, until receipts are as rare as they get.
const LEAST_PACKETS: u64 = 4;
/// Packets of the load between two receipts, at most: every second one lost, they still fit its ranges.
const MOST_PACKETS: u64 = 2 * MAX_RANGES as u64;
/// Between two receipts: the first of these with enough packets, or the last. All divide both windows. What is held
/// back until the window begins, and acknowledged early at its end, gains a target at most half of the last and the
/// ramp, 7 % of the shorter window, where the windows of all members lie alike.
const RECEIPT_EVERY: [Micros; 3] = [50 * MILLI, 100 * MILLI, 200 * MILLI];
/// Receipts of phase D between two countersignatures.
const RECEIPTS_PER_COUNTERSIGNATURE: u64 = 5;
/// Two countersignatures are missing when the third would be due.
const MISSED: u64 = 3;
/// How long a countersignature may wait in the queue of a line that is full.
const QUEUED: Micros = 500 * MILLI;

/// The rhythm of one phase at one load.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cadence {
	/// Between two receipts.
	pub receipt: Micros,
	/// Between two countersignatures.
	pub countersign: Micros,
}

impl Cadence {
	/// Phase D at a load of `kbps`: receipts are what is counted.
	pub fn down(kbps: u32) -> Self {
		let [.., rarest] = RECEIPT_EVERY;
		let enough = RECEIPT_EVERY.into_iter().find(|every| packets(kbps, *every) >= LEAST_PACKETS);
		let receipt = enough.unwrap_or(rarest);
		Self { receipt, countersign: receipt.saturating_mul(RECEIPTS_PER_COUNTERSIGNATURE) }
	}

	/// Phase U at a load of `kbps`: echoes are what is counted, receipts only carry the digest on.
	pub fn up(kbps: u32) -> Self {
		let Self { receipt, countersign } = Self::down(kbps);
		let fits = packets(kbps, countersign) <= MOST_PACKETS;
		Self { receipt: if fits { countersign } else { receipt }, countersign }
	}

	/// How often a countersignature is sent: twice, for a full queue may drop it; once where even that would be a part of
	/// the line, and patience is longest.
	pub const fn copies(&self) -> u8 {
		let [.., rarest] = RECEIPT_EVERY;
		if self.countersign < rarest.saturating_mul(RECEIPTS_PER_COUNTERSIGNATURE) {
			2
		} else {
			1
		}
	}

	/// After this long without a countersignature a target stops.
	pub const fn patience(&self) -> Micros {
		self.countersign.saturating_mul(MISSED).saturating_add(QUEUED)
	}

	/// How long before T0 the receipts' rhythm has its beat: half a receipt, so that one that is late or early by less
	/// falls on the same side of both ends of the window.
	pub const fn lead(&self) -> Micros {
		self.receipt / 2
	}
}

/// Packets of a load of `kbps` in a time.
fn packets(kbps: u32, time: Micros) -> u64 {
	u64::from(kbps).saturating_mul(time) / 8_000 / u64::from(PACKET_BYTES)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn receipts_should_be_rarer_when_the_load_is_small() {
		let millis = |kbps| Cadence::down(kbps).receipt / MILLI;
		assert_eq!([0, 83, 418, 419, 836, 838, 50_000].map(millis), [200, 200, 200, 100, 100, 50, 50]);
	}

	#[test]
	fn countersignatures_should_be_every_250_ms_at_ordinary_loads() {
		assert_eq!(Cadence::down(1_000).countersign, 250 * MILLI);
		assert_eq!(Cadence::down(1_000).patience(), 1_250 * MILLI);
	}

	#[test]
	fn countersignatures_should_be_sent_once_when_the_line_is_slow() {
		let copies = |kbps| (Cadence::down(kbps).copies(), Cadence::up(kbps).copies());
		assert_eq!([100, 500, 1_000].map(copies), [(1, 1), (2, 2), (2, 2)]);
	}

	#[test]
	fn receipts_of_phase_u_should_be_as_rare_as_their_ranges_allow() {
		assert_eq!(Cadence::up(100).receipt, 1_000 * MILLI);
		assert_eq!(Cadence::up(10_000).receipt, 250 * MILLI);
		assert_eq!(Cadence::up(50_000).receipt, 50 * MILLI);
		// The largest quota.
		assert!(packets(50_000, Cadence::up(50_000).receipt) <= MOST_PACKETS);
	}

	#[test]
	fn windows_should_hold_whole_receipts() {
		for kbps in [0, 500, 1_000] {
			for window in [3_000, 20_000] {
				assert_eq!(window * MILLI % Cadence::down(kbps).receipt, 0);
			}
		}
	}
}
