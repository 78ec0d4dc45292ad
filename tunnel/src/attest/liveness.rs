//! Whether the targets of an epoch answer through it: a bit for each of its parts, in the entries.

use super::{fellows::ask_time, is_recent, lock, watching::Contact, Attestor};
use crate::{
	chain::{bytes32, slot_begins},
	clock,
	tasks::{on_disk, Task},
};
use rand::Rng;
use std::{
	sync::{atomic::AtomicU64, Arc, Weak},
	time::Duration,
};
use weir_math::estimate::LIVENESS_PARTS;
use weir_primitives::{api, chain::AccountId, EpochIndex};
use weir_tunnel_core::{Micros, MILLI};

/// Equal parts of an epoch in which a target is asked whether it lives.
pub(super) const PARTS: u32 = LIVENESS_PARTS as u32;
/// What was seen of liveness is on disk after this at the latest: a write in each part of each target's epoch would wear
/// out a memory card.
const KEEP_LIVENESS_EVERY: Duration = Duration::from_secs(60);

/// Writes what was seen, as long as the attestor is there.
pub(super) async fn keep_for_ever(kept: Weak<Attestor>) {
	loop {
		tokio::time::sleep(KEEP_LIVENESS_EVERY).await;
		let Some(attestor) = kept.upgrade() else { return };
		attestor.keep_liveness().await;
	}
}

impl Attestor {
	/// Writes what was seen of liveness since the last time.
	pub(super) async fn keep_liveness(&self) {
		let unsaved: Vec<_> = lock(&self.epochs)
			.iter_mut()
			.filter_map(|(epoch, known)| {
				std::mem::take(&mut known.unsaved).then(|| (*epoch, known.alive.clone()))
			})
			.collect();
		for (epoch, alive) in unsaved {
			let store = self.store.clone();
			if let Err(error) = on_disk(move || store.add_liveness(epoch, &alive)).await {
				tracing::error!(epoch, %error, "liveness not on disk yet; kept in memory until the next write");
				if let Some(known) = lock(&self.epochs).get_mut(&epoch) {
					known.unsaved = true;
				}
			}
		}
	}

	/// Asks the target once in each part of the epoch, at a time of its own.
	pub(super) fn ask_through_epoch(
		self: &Arc<Self>,
		epoch: EpochIndex,
		first_slot: u64,
		task: &api::Task<AccountId>,
		heard: Arc<AtomicU64>,
	) -> Option<Task> {
		let Contact { provider, account, peer, address } =
			Contact::of(task.provider, &task.account, &task.peer_id, &task.endpoint)?;
		let key = bytes32(task.probe_key.as_ref()?);
		let begins = slot_begins(first_slot, self.timing.slot_millis, 0);
		let part = u64::from(self.timing.epoch_slots)
			.saturating_mul(self.timing.slot_millis)
			.saturating_mul(MILLI)
			.checked_div(PARTS.into())
			.unwrap_or(0);
		let (control, attestor) = (self.links.control.clone(), Arc::downgrade(self));
		Some(Task::spawn("liveness", async move {
			for number in 0..PARTS {
				let (at, until) = ask_at(begins, part, number);
				if clock::now() >= until {
					continue;
				}
				clock::sleep_until(at).await;
				let ask = || async { ask_time(&control, peer, address, &account, &key).await.is_some() };
				// A second try in the part, for a packet that was lost.
				let answered = is_recent(&heard) || ask().await || (clock::now() < until && ask().await);
				let Some(attestor) = attestor.upgrade() else { return };
				if !answered {
					tracing::debug!(epoch, provider, part = number, "target did not answer");
					continue;
				}
				let mut epochs = lock(&attestor.epochs);
				if let Some(epoch) = epochs.get_mut(&epoch) {
					set_part(epoch.alive.entry(provider).or_default(), number);
					epoch.unsaved = true;
				}
			}
		}))
	}
}

/// When to ask in a part of an epoch, in its first half, and when the part ends. The chain says when the epoch begins, and
/// may say anything.
pub(super) fn ask_at(begins: Micros, part: Micros, number: u32) -> (Micros, Micros) {
	let from = begins.saturating_add(part.saturating_mul(number.into()));
	let half = from.saturating_add(part / 2);
	let at = if from < half { rand::thread_rng().gen_range(from..half) } else { from };
	(at, from.saturating_add(part))
}

pub(super) fn set_part(map: &mut [u8; 5], part: u32) {
	if let Some(byte) = map.get_mut((part / 8) as usize) {
		*byte |= 1 << (part % 8);
	}
}
