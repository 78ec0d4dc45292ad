//! Attesting without a full node: tasks and the watch from the chain; commits, reveals and sightings to it.

use super::{sighting::Speaker, Attestor, EpochTasks};
use crate::{store::Committed, tasks::on_disk};
use anyhow::{bail, Context, Result};
use blake2::{digest::consts::U32, Blake2b, Digest};
use codec::Encode;
use std::{sync::Arc, time::Duration};
use weir_math::schedule::submit_offset;
use weir_primitives::{
	chain::{AccountId, Hash},
	report::{commit_payload, commitment, entries_root, Entry},
	EpochIndex, SlotOffset,
};

/// Slots between two attempts to have the same thing included.
const RETRY_SLOTS: SlotOffset = 3;
/// Slots before the end of the commit window in which an incomplete report is better than none.
const LAST_CALL_SLOTS: SlotOffset = 3;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
	Commit,
	Reveal,
}

/// The node's own slot in a window.
fn submit_slot(window: (SlotOffset, SlotOffset), node: &AccountId, epoch: EpochIndex) -> SlotOffset {
	let hash: [u8; 32] = (node, epoch).using_encoded(|bytes| Blake2b::<U32>::digest(bytes).into());
	submit_offset(window, &hash)
}

/// Runs for ever: at every block, take tasks and do what the clock says is due.
pub async fn run_alone(attestor: Arc<Attestor>) {
	let mut heads = attestor.chain.heads();
	let (mut speaker, mut runner) = (Speaker::new(attestor.clone()), Runner::new(attestor));
	loop {
		for outcome in [speaker.at_block().await, runner.at_block().await] {
			if let Err(error) = outcome {
				runner.attestor.metrics.note_refusal(&error);
				tracing::warn!(error = format!("{error:#}"), "attestor");
			}
		}
		// Without blocks there is nothing to do but wait; the chain client reconnects.
		if let Ok(Err(_)) = tokio::time::timeout(Duration::from_secs(60), heads.changed()).await {
			return;
		}
	}
}

pub(super) struct Runner {
	attestor: Arc<Attestor>,
	/// The last thing sent, and when.
	attempt: Option<(EpochIndex, Step, SlotOffset)>,
	/// The last audit answered, and when.
	proven: Option<(EpochIndex, SlotOffset)>,
	/// Epoch for which the seat was checked.
	checked: Option<EpochIndex>,
}

impl Runner {
	pub(super) fn new(attestor: Arc<Attestor>) -> Self {
		Self { attestor, attempt: None, proven: None, checked: None }
	}

	pub(super) async fn at_block(&mut self) -> Result<()> {
		let (attestor, node) = (self.attestor.clone(), self.attestor.settings.account.clone());
		let clock = attestor.chain.clock().await?;
		let tasks = attestor.chain.tasks(&node).await?;
		// Each call sees the best block of its own moment; tasks of one epoch must not be taken for another's.
		if attestor.chain.clock().await?.epoch != clock.epoch {
			return Ok(());
		}
		if self.checked != Some(clock.epoch) {
			self.checked = Some(clock.epoch);
			self.check(&node, clock.epoch).await?;
		}
		attestor.take_tasks(EpochTasks { epoch: clock.epoch, first_slot: clock.first_slot, tasks });
		let Some(epoch) = clock.epoch.checked_sub(1) else { return Ok(()) };
		self.report(&node, epoch, clock.slot).await?;
		match epoch.checked_sub(1) {
			Some(epoch) => self.answer_audit(&node, epoch, clock.slot).await,
			None => Ok(()),
		}
	}

	/// Once per epoch: whether targets will believe this seat. Forgets old records even when there is no task.
	async fn check(&self, node: &AccountId, epoch: EpochIndex) -> Result<()> {
		let attestor = &self.attestor;
		let store = attestor.store.clone();
		on_disk(move || store.prune(epoch)).await?;
		match attestor.chain.seat(node).await? {
			Some(seat) => {
				if let Err(reason) = attestor.check_seat(&seat) {
					tracing::warn!(reason, "seat");
				}
			}
			None => tracing::info!(epoch, "this node has no seat; nothing to attest"),
		}
		Ok(())
	}

	/// Commits in the commit window from the seat's own slot on, reveals in the reveal window, again until it stands.
	async fn report(&mut self, node: &AccountId, epoch: EpochIndex, slot: SlotOffset) -> Result<()> {
		let attestor = self.attestor.clone();
		let timing = &attestor.timing;
		let commit = (timing.commit_from, timing.commit_until);
		let reveal = (timing.reveal_from, timing.reveal_until);
		let (step, window) = match slot {
			slot if (commit.0..commit.1).contains(&slot) => (Step::Commit, commit),
			slot if (reveal.0..reveal.1).contains(&slot) => (Step::Reveal, reveal),
			_ => return Ok(()),
		};
		let waits = self.attempt.is_some_and(|(of, what, at)| {
			(of, what) == (epoch, step) && slot < at.saturating_add(RETRY_SLOTS)
		});
		if slot < submit_slot(window, node, epoch) || waits {
			return Ok(());
		}
		let (stands, revealed) = attestor.chain.report_state(epoch, node).await?;
		match step {
			Step::Commit if !stands => {
				let (ready, entries) = attestor.report(epoch).await?;
				// A test that still runs is waited for, but not beyond the window.
				let last_call = slot.saturating_add(LAST_CALL_SLOTS) >= window.1;
				if entries.is_empty() || !(ready || last_call) {
					return Ok(());
				}
				self.commit(node, epoch, entries).await?;
			}
			Step::Reveal if stands && !revealed => self.reveal(node, epoch).await?,
			_ => return Ok(()),
		}
		self.attempt = Some((epoch, step, slot));
		Ok(())
	}

	/// Proves in the reveal window what an audit has drawn of the report, again until it stands.
	async fn answer_audit(&mut self, node: &AccountId, epoch: EpochIndex, slot: SlotOffset) -> Result<()> {
		let attestor = self.attestor.clone();
		let window = (attestor.timing.reveal_from, attestor.timing.reveal_until);
		let waits = self.proven.is_some_and(|(of, at)| of == epoch && slot < at.saturating_add(RETRY_SLOTS));
		if slot < submit_slot(window, node, epoch) || slot >= window.1 || waits {
			return Ok(());
		}
		let positions = attestor.chain.audited(epoch, node).await?;
		if positions.is_empty() {
			return Ok(());
		}
		// Whatever comes of it, not again at the next block.
		self.proven = Some((epoch, slot));
		let store = attestor.store.clone();
		let Some(Committed { salt, entries }) = on_disk(move || store.committed(epoch)).await? else {
			bail!("epoch {epoch}: an audit asks for a report that is not in this state folder");
		};
		let prefixes = positions
			.iter()
			.filter_map(|position| entries.get(*position as usize))
			.map(|entry| entry.receipt)
			.filter(|prefix| *prefix != [0; 5])
			.collect();
		let Some(receipts) = attestor.receipts(epoch, prefixes).await? else {
			bail!("epoch {epoch}: an audit asks for a receipt that is not in this state folder");
		};
		attestor.chain.answer_audit(epoch, node, &entries, salt, &receipts).await.context("audit")?;
		tracing::info!(epoch, proofs = receipts.len(), "audit answered");
		Ok(())
	}

	async fn commit(&self, node: &AccountId, epoch: EpochIndex, entries: Vec<Entry>) -> Result<()> {
		let attestor = &self.attestor;
		let mut salt = [0; 32];
		getrandom::getrandom(&mut salt)
			.map_err(|error| anyhow::anyhow!("the system's randomness: {error}"))?;
		// On disk before anything is sent: a restart must reveal what was committed to.
		let store = attestor.store.clone();
		let Committed { salt, entries } =
			on_disk(move || store.commit_once(epoch, Committed { salt, entries })).await?;
		let genesis = Hash::from(attestor.chain.genesis());
		let hash = commitment(&genesis, epoch, node, &entries_root(&entries), &salt);
		let signature = attestor.settings.probe.sign(&commit_payload(&genesis, epoch, node, &hash));
		attestor.chain.commit(epoch, node, hash.0, signature).await.context("commit")?;
		attestor.metrics.reports_sent.inc();
		tracing::info!(epoch, entries = entries.len(), "commit sent");
		Ok(())
	}

	async fn reveal(&self, node: &AccountId, epoch: EpochIndex) -> Result<()> {
		let attestor = &self.attestor;
		let store = attestor.store.clone();
		let Some(Committed { salt, entries }) = on_disk(move || store.committed(epoch)).await? else {
			tracing::warn!(
				epoch,
				"a commitment stands on chain that is not in this state folder; it cannot be revealed"
			);
			return Ok(());
		};
		attestor.chain.reveal(epoch, node, &entries, salt).await.context("reveal")?;
		attestor.metrics.reports_sent.inc();
		tracing::info!(epoch, entries = entries.len(), "reveal sent");
		Ok(())
	}
}
