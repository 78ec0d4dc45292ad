//! What bytes over a window are worth, as both sides of a test, the chain and an audit compute it; and how the chain stores
//! a rate of which it keeps many.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Bytes over a window as a rate, in kbps rounded down: `bytes · 8,000 ÷ window`. Zero for an empty window; saturating.
pub fn kbps(bytes: u64, window_micros: u64) -> u32 {
	let rate = u128::from(bytes).saturating_mul(8_000).checked_div(u128::from(window_micros)).unwrap_or(0);
	u32::try_from(rate).unwrap_or(u32::MAX)
}

/// A rate in three bytes, least significant first: kbps up to [`Self::MAX_KBPS`], which is what larger ones become. That is
/// 16 times the largest claim, and more than six times what the quotas of the largest committee add up to.
#[derive(
	Clone, Copy, Default, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[cfg_attr(
	feature = "serde",
	derive(serde::Serialize, serde::Deserialize),
	serde(from = "u32", into = "u32")
)]
pub struct PackedKbps([u8; 3]);

impl PackedKbps {
	/// The largest rate that fits, kbps.
	pub const MAX_KBPS: u32 = 0x00ff_ffff;
}

impl From<u32> for PackedKbps {
	fn from(kbps: u32) -> Self {
		let [a, b, c, _] = kbps.min(Self::MAX_KBPS).to_le_bytes();
		Self([a, b, c])
	}
}

impl From<PackedKbps> for u32 {
	fn from(PackedKbps([a, b, c]): PackedKbps) -> Self {
		Self::from_le_bytes([a, b, c, 0])
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::committee::{MAX_CLAIM_KBPS, MAX_COMMITTEE, TIERS_KBPS};

	#[test]
	fn kbps_should_divide_by_the_common_window() {
		// 3.75 MB in 3 s are 10 Mbps.
		assert_eq!(kbps(3_750_000, 3_000_000), 10_000);
		assert_eq!(kbps(0, 3_000_000), 0);
		assert_eq!(kbps(1, 0), 0);
		assert_eq!(kbps(u64::MAX, 1), u32::MAX);
	}

	#[test]
	fn packed_rates_should_be_exact_for_every_claim_and_estimate() {
		let largest_estimate = u32::from(MAX_COMMITTEE) * TIERS_KBPS[3];
		for kbps in [0, 1, 255, 256, 65_536, MAX_CLAIM_KBPS, largest_estimate, PackedKbps::MAX_KBPS] {
			let packed = PackedKbps::from(kbps);
			assert_eq!(u32::from(packed), kbps);
			assert_eq!(packed.encode(), kbps.to_le_bytes()[..3]);
			assert_eq!(PackedKbps::decode(&mut &packed.encode()[..]), Ok(packed));
		}
		for beyond in [PackedKbps::MAX_KBPS + 1, u32::MAX] {
			assert_eq!(u32::from(PackedKbps::from(beyond)), PackedKbps::MAX_KBPS);
		}
		assert_eq!(PackedKbps::max_encoded_len(), 3);
	}
}
