//! Keys that were replaced lately: what they signed may still be asked for.

use crate::{EpochIndex, ProbeKey};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::{sp_core::ConstU32, sp_runtime::BoundedVec};
use scale_info::TypeInfo;

/// Keys that may be replaced within [`RECEIPT_EPOCHS`].
pub const MAX_REPLACED: usize = 3;
/// Former keys that are remembered: the replaced ones, and one that was revoked, which must never have to wait.
const MAX_FORMER_KEYS: u32 = 4;
/// Epochs for which a receipt may be asked for: an escalation is judged in the epoch after it, and its slash can be
/// disputed for four more on a public network.
pub const RECEIPT_EPOCHS: EpochIndex = 8;

/// Keys an account signed receipts with before the one it has now, each with the last epoch it signed in, oldest first.
#[derive(
	Clone, PartialEq, Eq, Debug, Default, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct FormerKeys(BoundedVec<(ProbeKey, EpochIndex), ConstU32<MAX_FORMER_KEYS>>);

impl FormerKeys {
	/// Whether another key has to wait in epoch `now`.
	pub fn is_full(&self, now: EpochIndex) -> bool {
		self.since(now.saturating_sub(RECEIPT_EPOCHS)).count() >= MAX_REPLACED
	}

	/// Remembers `key`, which signs in epoch `now` for the last time, and forgets those of which no receipt can be asked
	/// for. Whoever sets keys asks [`Self::is_full`] before; a revocation does not, and finds room, because there is
	/// nothing to revoke until the next key was set.
	pub fn retire(&mut self, key: ProbeKey, now: EpochIndex) {
		let oldest = now.saturating_sub(RECEIPT_EPOCHS);
		self.0.retain(|(known, until)| *until >= oldest && *known != key);
		if self.0.is_full() {
			self.0.remove(0);
		}
		// Room was just made.
		let _ = self.0.try_push((key, now));
	}

	/// Those that may have signed in `epoch` or later, newest first.
	pub fn since(&self, epoch: EpochIndex) -> impl Iterator<Item = &ProbeKey> {
		self.0.iter().rev().filter(move |(_, until)| *until >= epoch).map(|(key, _)| key)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn key(n: u8) -> ProbeKey {
		ProbeKey::decode(&mut &[n; 32][..]).unwrap()
	}

	#[test]
	fn keys_should_be_remembered_as_long_as_a_receipt_may_be_asked_for() {
		let mut former = FormerKeys::default();
		for (n, epoch) in [(1, 10), (2, 11), (3, 12)] {
			assert!(!former.is_full(epoch));
			former.retire(key(n), epoch);
		}
		assert_eq!(former.since(11).cloned().collect::<Vec<_>>(), [key(3), key(2)]);
		assert!(former.is_full(12) && former.is_full(18) && !former.is_full(19));
		former.retire(key(4), 19);
		assert_eq!(former.since(0).cloned().collect::<Vec<_>>(), [key(4), key(3), key(2)]);
		// A revocation waits for nobody, and takes nothing away.
		former.retire(key(5), 19);
		assert_eq!(former.since(0).cloned().collect::<Vec<_>>(), [key(5), key(4), key(3), key(2)]);
		// A key that comes back is one key.
		former.retire(key(4), 20);
		assert_eq!(former.since(0).cloned().collect::<Vec<_>>(), [key(4), key(5), key(3)]);
	}
}
