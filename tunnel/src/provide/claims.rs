//! Hands vouchers in on chain: when a tenth of a channel is owed, when the channel comes to its end, when the process stops,
//! and when it has started again. The hot account pays the fees; the credits go to the provider, whoever sends the claim.

use super::facts::{is_ending, Facts, Info};
use crate::{
	chain::{Account, ChainError, Handed, MAX_VOUCHERS},
	clock,
	metrics::Metrics,
	store::Store,
	tasks::on_disk,
};
use std::{
	collections::{BTreeMap, BTreeSet},
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc, Mutex, MutexGuard, PoisonError,
	},
	time::Duration,
};
use tokio::sync::{oneshot, Notify};
use weir_primitives::{
	channel::{ChannelId, SignedVoucher, VoucherRefusal},
	economy::Credits,
	EpochIndex,
};

/// This part of what was put into a channel is owed at most before it is claimed.
const PART: Credits = 10;
/// Before the first and the last of many attempts after one that failed.
const BACKOFF: (Duration, Duration) = (Duration::from_secs(15), Duration::from_secs(600));

/// The highest stored voucher of each channel.
#[derive(Default)]
pub(super) struct Owed {
	vouchers: Mutex<BTreeMap<ChannelId, SignedVoucher>>,
	news: Notify,
	/// Whether all of them are to be claimed now, whatever they come to.
	is_settling: AtomicBool,
}

impl Owed {
	fn vouchers(&self) -> MutexGuard<'_, BTreeMap<ChannelId, SignedVoucher>> {
		self.vouchers.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// Has all of them claimed now, whatever they come to.
	pub(super) fn settle(&self) {
		self.is_settling.store(true, Ordering::Relaxed);
		self.news.notify_one();
	}

	/// Whether that is still to be done.
	#[cfg(test)]
	pub(super) fn is_settling(&self) -> bool {
		self.is_settling.load(Ordering::Relaxed)
	}

	/// A voucher that is on the disk.
	pub(super) fn add(&self, signed: SignedVoucher) {
		let channel = signed.voucher.channel;
		let mut vouchers = self.vouchers();
		if vouchers.get(&channel).is_none_or(|known| known.voucher.credits < signed.voucher.credits) {
			vouchers.insert(channel, signed);
			self.news.notify_one();
		}
	}
}

/// What a claim of `credits` in all would be paid now.
fn unclaimed(info: &Info, credits: Credits) -> Credits {
	credits.min(info.deposited).saturating_sub(info.paid)
}

/// Whether it is time to claim `credits` in all.
fn is_due(info: &Info, credits: Credits, epoch: EpochIndex, is_forced: bool) -> bool {
	let unclaimed = unclaimed(info, credits);
	let is_much = unclaimed.saturating_mul(PART) >= info.deposited;
	unclaimed > 0 && (is_forced || is_much || is_ending(info, epoch))
}

/// Files claims.
pub(super) struct Claims {
	account: Account,
	facts: Arc<Facts>,
	owed: Arc<Owed>,
	store: Arc<Store>,
	metrics: Arc<Metrics>,
	/// Claimed whatever they come to.
	forced: BTreeSet<ChannelId>,
	/// Channels that are wanted of the facts.
	wanted: BTreeSet<ChannelId>,
	/// What was last claimed of a channel and has an answer, and what the channel had been given then.
	answered: BTreeMap<ChannelId, (Credits, Credits)>,
	/// On its way: what became of it is not known yet.
	sent: BTreeMap<ChannelId, Credits>,
}

impl Claims {
	/// Files for what `owed` holds now whatever it comes to: what an earlier process left.
	pub(super) fn new(
		account: Account,
		facts: Arc<Facts>,
		owed: Arc<Owed>,
		store: Arc<Store>,
		metrics: Arc<Metrics>,
	) -> Self {
		let forced = owed.vouchers().keys().copied().collect();
		Self {
			account,
			facts,
			owed,
			store,
			metrics,
			forced,
			wanted: BTreeSet::new(),
			answered: BTreeMap::new(),
			sent: BTreeMap::new(),
		}
	}

	/// Goes on until it is stopped; then files for everything once more.
	pub(super) async fn run(mut self, stopped: oneshot::Receiver<()>) {
		tokio::pin!(stopped);
		let mut changed = self.facts.changed();
		let mut failures = 0u32;
		loop {
			tokio::select! {
				// A claim that is on its way needs nobody who waits for it.
				is_good = self.file_due() => failures = if is_good { 0 } else { failures.saturating_add(1) },
				_ = &mut stopped => break,
			}
			let pause = async {
				if failures > 0 {
					let (least, most) = BACKOFF;
					tokio::time::sleep(least.saturating_mul(1 << failures.min(8)).min(most)).await;
					return true;
				}
				tokio::select! {
					changed = changed.changed() => changed.is_ok(),
					() = self.owed.news.notified() => true,
				}
			};
			tokio::select! {
				goes_on = pause => if !goes_on { break },
				_ = &mut stopped => break,
			}
		}
		let sent = std::mem::take(&mut self.sent);
		let is_sent =
			|signed: &SignedVoucher| sent.get(&signed.voucher.channel) == Some(&signed.voucher.credits);
		self.forced = {
			let mut vouchers = self.owed.vouchers();
			vouchers.retain(|_, signed| !is_sent(signed));
			vouchers.keys().copied().collect()
		};
		self.file_due().await;
	}

	/// Claims what is due, batch by batch. False if the chain took one not.
	async fn file_due(&mut self) -> bool {
		let vouchers: Vec<_> = self.owed.vouchers().values().copied().collect();
		if self.owed.is_settling.swap(false, Ordering::Relaxed) {
			self.forced.extend(vouchers.iter().map(|signed| signed.voucher.channel));
		}
		let (mut due, mut is_good) = (Vec::new(), true);
		for signed in vouchers {
			let channel = signed.voucher.channel;
			if self.wanted.insert(channel) {
				self.facts.want(channel);
			}
			let info = match self.facts.channel(channel) {
				Some(info) => info,
				None => match self.facts.fetch(channel).await {
					Ok(info) => info,
					Err(error) => {
						tracing::debug!(channel, %error, "channel not asked for");
						is_good = false;
						continue;
					}
				},
			};
			let Some(info) = info else {
				self.forget(channel).await;
				continue;
			};
			let Some(epoch) = self.facts.epoch(clock::now()) else { continue };
			// An endpoint may lag behind the block that has the answer.
			let is_answered = self.answered.get(&channel) == Some(&(signed.voucher.credits, info.deposited));
			if !is_answered && is_due(&info, signed.voucher.credits, epoch, self.forced.contains(&channel)) {
				due.push((signed, info.deposited));
			} else {
				self.forced.remove(&channel);
			}
		}
		for batch in due.chunks(MAX_VOUCHERS) {
			is_good &= self.file(batch).await;
		}
		is_good
	}

	/// Files one claim, of vouchers and what their channels had been given.
	async fn file(&mut self, batch: &[(SignedVoucher, Credits)]) -> bool {
		let vouchers: Vec<_> = batch.iter().map(|(signed, _)| *signed).collect();
		self.sent = vouchers.iter().map(|signed| (signed.voucher.channel, signed.voucher.credits)).collect();
		let payments = self.facts.payments();
		let claimed = payments.claim(&self.account, self.facts.account(), &vouchers).await;
		self.sent.clear();
		let handed = match claimed {
			Ok(handed) => handed,
			Err(error) => {
				if let ChainError::Refused { rule, .. } = &error {
					self.metrics.submissions_refused.inc(rule);
				}
				tracing::warn!(%error, vouchers = batch.len(), "vouchers not claimed; trying again");
				return false;
			}
		};
		for ((SignedVoucher { voucher, .. }, deposited), handed) in batch.iter().zip(handed) {
			let channel = voucher.channel;
			self.answered.insert(channel, (voucher.credits, *deposited));
			self.forced.remove(&channel);
			match handed {
				Handed::Paid { credits, left, .. } => {
					tracing::info!(channel, %credits, %left, "voucher claimed");
					self.metrics.credits_claimed.add(u64::try_from(credits).unwrap_or(u64::MAX));
				}
				// Somebody else has handed it in: anybody may.
				Handed::Refused(VoucherRefusal::NothingNew) => {
					tracing::debug!(channel, "voucher was claimed already");
				}
				Handed::Refused(reason) => {
					tracing::warn!(channel, ?reason, "voucher refused; see docs/channels.md, section 3");
				}
			}
			// What it holds now.
			if self.facts.fetch(channel).await.is_ok_and(|info| info.is_none()) {
				self.forget(channel).await;
			}
		}
		true
	}

	/// The chain has closed a channel: nothing is left to claim.
	async fn forget(&mut self, channel: ChannelId) {
		self.owed.vouchers().remove(&channel);
		self.forced.remove(&channel);
		self.answered.remove(&channel);
		if self.wanted.remove(&channel) {
			self.facts.release(channel);
		}
		let store = self.store.clone();
		if let Err(error) = on_disk(move || store.forget_kept(&[channel])).await {
			tracing::warn!(channel, error = format!("{error:#}"), "closed channel not removed");
		}
	}
}

#[cfg(test)]
mod tests;
