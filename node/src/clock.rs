//! Whether this machine's clock agrees with the chain's.
//!
//! A slot begins at one moment everywhere. A node whose clock is behind refuses blocks whose slot is still to come; one
//! whose clock is ahead makes blocks that the others refuse. BABE says neither in words that point at the clock.

use crate::service::FullClient;
use futures::StreamExt;
use polkadot_sdk::*;
use sc_client_api::BlockchainEvents;
use sc_service::{error::Error as ServiceError, SpawnTaskHandle};
use sp_blockchain::HeaderBackend;
use sp_consensus::BlockOrigin;
use sp_runtime::traits::Header as _;
use std::{collections::VecDeque, fmt, sync::Arc};
use weir_runtime::{Block, Header};

/// How long before its slot a block may come. Clocks set by NTP differ by much less.
const EARLIEST_MILLIS: i128 = 500;
/// How many slots after the beginning of its slot a block may come.
const LATEST_SLOTS: i128 = 3;
/// Blocks of which more than half must say the same: more than a node fetches at once without calling it a sync.
const WITNESSES: usize = 15;
/// How long the log says nothing more of it.
const PAUSE_MILLIS: u64 = 600_000;

/// How far the clock is off, in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Skew {
	/// By at least this much: what comes earlier still is refused.
	Behind(i128),
	/// By about this much, unless it is the blocks that are slow.
	Ahead(i128),
}

impl Skew {
	/// What a block says that comes so long after its slot began, or before if that is negative.
	fn of(late_millis: i128, slot_millis: u64) -> Option<Self> {
		if late_millis < -EARLIEST_MILLIS {
			Some(Self::Behind(-late_millis))
		} else if late_millis > LATEST_SLOTS * i128::from(slot_millis) {
			Some(Self::Ahead(late_millis))
		} else {
			None
		}
	}
}

impl fmt::Display for Skew {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Behind(millis) => write!(
				f,
				"clock off: blocks are {millis} ms ahead of this machine's clock, so it is behind and blocks get refused; \
				set it by NTP ('timedatectl status' says whether it is)"
			),
			Self::Ahead(millis) => write!(
				f,
				"clock off: blocks come {millis} ms after their time, so this machine's clock is ahead, or the machine or \
				its line too slow; set it by NTP ('timedatectl status' says whether it is)"
			),
		}
	}
}

/// Looks at the newest block there is and then at every block that comes, and says so if the clock is off.
pub(crate) fn watch(
	client: Arc<FullClient>,
	slot_millis: u64,
	spawner: &SpawnTaskHandle,
) -> Result<(), ServiceError> {
	// This block may be old, so that it can only tell of a clock that is behind.
	let best = client.header(client.info().best_hash)?;
	let late = best.as_ref().and_then(|best| late_millis(best, slot_millis, now_millis()));
	if let Some(skew @ Skew::Behind(_)) = late.and_then(|late| Skew::of(late, slot_millis)) {
		log::warn!("{skew}");
	}
	spawner.spawn("clock", None, async move {
		let mut blocks = client.every_import_notification_stream();
		let mut witnesses = Witnesses { slot_millis, late_millis: VecDeque::new(), quiet_until: 0 };
		while let Some(block) = blocks.next().await {
			let now = now_millis();
			let late = late_millis(&block.header, slot_millis, now);
			if let Some(skew) = late.and_then(|late| witnesses.hear(block.origin, late, now)) {
				log::warn!("{skew}");
			}
		}
	});
	Ok(())
}

fn now_millis() -> u64 {
	sp_timestamp::Timestamp::current().as_millis()
}

/// How long ago a block's slot began; none for the first block, which has no slot.
fn late_millis(header: &Header, slot_millis: u64, now_millis: u64) -> Option<i128> {
	if *header.number() == 0 {
		return None;
	}
	let slot = sc_consensus_babe::find_pre_digest::<Block>(header).ok()?.slot();
	let began = i128::from(*slot).saturating_mul(slot_millis.into());
	Some(i128::from(now_millis).saturating_sub(began))
}

/// What the last blocks said.
struct Witnesses {
	slot_millis: u64,
	late_millis: VecDeque<i128>,
	quiet_until: u64,
}

impl Witnesses {
	/// Takes down how late a block is. Some if it is time to say that the clock is off.
	fn hear(&mut self, origin: BlockOrigin, late_millis: i128, now_millis: u64) -> Option<Skew> {
		let is_new = matches!(origin, BlockOrigin::NetworkBroadcast | BlockOrigin::ConsensusBroadcast);
		// Others' old blocks tell nothing, and one's own agree with any clock.
		if origin == BlockOrigin::Own || !(is_new || late_millis < 0) {
			return None;
		}
		self.late_millis.push_back(late_millis);
		if self.late_millis.len() > WITNESSES {
			self.late_millis.pop_front();
		}
		if self.late_millis.len() < WITNESSES || now_millis < self.quiet_until {
			return None;
		}
		let mut sorted: Vec<_> = self.late_millis.iter().copied().collect();
		sorted.sort_unstable();
		let skew = Skew::of(sorted[WITNESSES / 2], self.slot_millis)?;
		self.quiet_until = now_millis.saturating_add(PAUSE_MILLIS);
		Some(skew)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use sp_consensus_babe::digests::{CompatibleDigestItem, PreDigest, SecondaryPlainPreDigest};
	use sp_runtime::{Digest, DigestItem};

	const SLOT: u64 = 6_000;

	fn header(number: u32, slot: u64) -> Header {
		let digest =
			PreDigest::SecondaryPlain(SecondaryPlainPreDigest { authority_index: 0, slot: slot.into() });
		let digest = Digest { logs: vec![<DigestItem as CompatibleDigestItem>::babe_pre_digest(digest)] };
		Header::new(number, Default::default(), Default::default(), Default::default(), digest)
	}

	fn witnesses() -> Witnesses {
		Witnesses { slot_millis: SLOT, late_millis: VecDeque::new(), quiet_until: 0 }
	}

	/// What is said after so many blocks.
	fn hear(witnesses: &mut Witnesses, origin: BlockOrigin, late: i128, blocks: usize) -> Vec<Skew> {
		(0..blocks).filter_map(|_| witnesses.hear(origin, late, 1)).collect()
	}

	#[test]
	fn lateness_should_be_counted_from_the_beginning_of_the_slot() {
		assert_eq!(late_millis(&header(1, 100), SLOT, 601_234), Some(1_234));
		assert_eq!(late_millis(&header(1, 100), SLOT, 590_000), Some(-10_000));
		assert_eq!(late_millis(&header(0, 100), SLOT, 601_234), None);
		assert_eq!(late_millis(&header(1, u64::MAX), u64::MAX, 0), Some(-i128::MAX));
	}

	#[test]
	fn skew_should_be_seen_when_blocks_come_before_or_long_after_their_slot() {
		assert_eq!(Skew::of(-500, SLOT), None);
		assert_eq!(Skew::of(-501, SLOT), Some(Skew::Behind(501)));
		assert_eq!(Skew::of(18_000, SLOT), None);
		assert_eq!(Skew::of(18_001, SLOT), Some(Skew::Ahead(18_001)));
	}

	#[test]
	fn clock_should_be_called_off_once_when_most_blocks_say_so() {
		let broadcast = BlockOrigin::NetworkBroadcast;
		let mut all = witnesses();
		assert_eq!(hear(&mut all, broadcast, -2_000, WITNESSES - 1), []);
		assert_eq!(hear(&mut all, broadcast, -2_000, 100), [Skew::Behind(2_000)]);
		assert_eq!(all.hear(broadcast, -2_000, PAUSE_MILLIS), None);
		assert_eq!(all.hear(broadcast, -2_000, PAUSE_MILLIS + 1), Some(Skew::Behind(2_000)));
		// Seven blocks of fifteen may come from authors whose own clock is off, or late from a short sync.
		let mut some = witnesses();
		assert_eq!(hear(&mut some, broadcast, 200, 8), []);
		assert_eq!(hear(&mut some, broadcast, 60_000, 7), []);
		assert_eq!(hear(&mut some, broadcast, 60_000, 1), [Skew::Ahead(60_000)]);
	}

	#[test]
	fn clock_should_not_be_called_off_by_old_or_own_blocks() {
		let mut witnesses = witnesses();
		assert_eq!(hear(&mut witnesses, BlockOrigin::NetworkInitialSync, 3_600_000, 100), []);
		assert_eq!(hear(&mut witnesses, BlockOrigin::Own, -3_600_000, 100), []);
		assert_eq!(witnesses.late_millis.len(), 0);
		// A sync that ends before blocks whose slot is still to come meets a clock that is behind.
		assert_eq!(
			hear(&mut witnesses, BlockOrigin::NetworkInitialSync, -5_000, WITNESSES),
			[Skew::Behind(5_000)]
		);
	}

	#[test]
	fn line_should_say_what_to_do() {
		for skew in [Skew::Behind(2_000), Skew::Ahead(60_000)] {
			let line = skew.to_string();
			assert!(
				line.starts_with("clock off: ") && line.contains("NTP") && !line.contains('\n'),
				"{line}"
			);
		}
	}
}
