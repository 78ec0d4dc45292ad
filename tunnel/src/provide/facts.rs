//! What the chain says of this provider and of channels to it, as of the last finalised block that could be asked.

use crate::{
	chain::{slot_begins, socket_address, ChainError, ChainView, Payments, Silence},
	clock,
};
use futures::{stream, StreamExt};
use std::{
	collections::{BTreeMap, HashMap},
	net::IpAddr,
	ops::Range,
	sync::{Arc, Mutex, MutexGuard, PoisonError},
	time::Duration,
};
use tokio::sync::watch;
use weir_primitives::{
	api::ProviderInfo,
	chain::{AccountId, Balance},
	channel::ChannelId,
	channels_api::{ChannelInfo, ChannelState},
	EpochIndex, ExitClass, Timing,
};
use weir_tunnel_core::{Micros, MILLI};

/// A channel as the chain has it.
pub(super) type Info = ChannelInfo<AccountId>;

/// Channels that are asked for at a finalised block: with more of them each has its turn later.
const ASKED_AT_ONCE: usize = 32;
/// Of these, at the same time.
const ABREAST: usize = 4;

/// What the provider is registered as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Registration {
	/// Where its customers may go.
	pub exit: ExitClass,
	/// Its own address.
	pub address: Option<IpAddr>,
	/// Whether it takes customers.
	pub in_service: bool,
}

/// The clock of the chain, which goes on when the chain cannot be asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Epochs {
	epoch: EpochIndex,
	begins: Micros,
	lasts: Micros,
}

impl Epochs {
	fn at(&self, now: Micros) -> EpochIndex {
		let since = now.saturating_sub(self.begins).checked_div(self.lasts).unwrap_or(0);
		self.epoch.saturating_add(EpochIndex::try_from(since).unwrap_or(EpochIndex::MAX))
	}
}

#[derive(Default)]
struct Known {
	registration: Option<Registration>,
	timing: Option<Timing>,
	epochs: Option<Epochs>,
	/// Channels that somebody wants to know of, and by how many.
	wanted: BTreeMap<ChannelId, u32>,
	/// None inside: it is not on the chain.
	channels: HashMap<ChannelId, Option<Info>>,
	/// The last channel that was asked for in turn.
	turn: ChannelId,
}

/// Shared by those who serve and those who claim.
pub(super) struct Facts {
	chain: Arc<dyn ChainView>,
	payments: Arc<dyn Payments>,
	account: AccountId,
	known: Mutex<Known>,
	changed: watch::Sender<()>,
}

impl Facts {
	pub(super) fn new(chain: Arc<dyn ChainView>, payments: Arc<dyn Payments>, account: AccountId) -> Self {
		Self { chain, payments, account, known: Mutex::default(), changed: watch::channel(()).0 }
	}

	fn known(&self) -> MutexGuard<'_, Known> {
		self.known.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// Where claims and channels are.
	pub(super) fn payments(&self) -> &Arc<dyn Payments> {
		&self.payments
	}

	/// The provider's account.
	pub(super) fn account(&self) -> &AccountId {
		&self.account
	}

	/// The registration of a provider.
	pub(super) async fn provider(
		&self,
		account: &AccountId,
	) -> Result<Option<ProviderInfo<AccountId, Balance>>, ChainError> {
		self.chain.provider(account).await
	}

	/// Changes whenever the chain was asked.
	pub(super) fn changed(&self) -> watch::Receiver<()> {
		self.changed.subscribe()
	}

	/// What the provider is registered as; none if it is not, or the chain was never reached.
	pub(super) fn registration(&self) -> Option<Registration> {
		self.known().registration
	}

	/// The running epoch. None before the chain was reached.
	pub(super) fn epoch(&self, now: Micros) -> Option<EpochIndex> {
		self.known().epochs.map(|epochs| epochs.at(now))
	}

	/// Asks for this channel at finalised blocks from now on.
	pub(super) fn want(&self, channel: ChannelId) {
		let mut known = self.known();
		let wanted = known.wanted.entry(channel).or_default();
		*wanted = wanted.saturating_add(1);
	}

	/// Takes one [`Self::want`] back.
	pub(super) fn release(&self, channel: ChannelId) {
		let mut known = self.known();
		let Some(wanted) = known.wanted.get_mut(&channel) else { return };
		*wanted = wanted.saturating_sub(1);
		if *wanted == 0 {
			known.wanted.remove(&channel);
			known.channels.remove(&channel);
		}
	}

	/// What was last heard of a channel that is wanted: none if nothing was, none inside if it is not on the chain.
	pub(super) fn channel(&self, channel: ChannelId) -> Option<Option<Info>> {
		self.known().channels.get(&channel).cloned()
	}

	/// Asks for a channel now. When the chain does not answer, what was last heard of it stands.
	pub(super) async fn fetch(&self, channel: ChannelId) -> Result<Option<Info>, ChainError> {
		match self.payments.channel(channel).await {
			Ok(info) => {
				let mut known = self.known();
				if known.wanted.contains_key(&channel) {
					known.channels.insert(channel, info.clone());
				}
				Ok(info)
			}
			Err(error) => self.channel(channel).ok_or(error),
		}
	}

	/// Asks the chain at each block that becomes final, but while the line is measured.
	pub(super) async fn follow(self: Arc<Self>, mut measured: watch::Receiver<Option<Range<Micros>>>) {
		let (mut finalised, mut silence) = (self.chain.finalised(), Silence::default());
		loop {
			let busy = super::follow::measured_until(&measured.borrow_and_update(), clock::now());
			if let Some(until) = busy {
				let rest = Duration::from_micros(until.saturating_sub(clock::now()));
				tokio::select! {
					() = tokio::time::sleep(rest) => {}
					changed = measured.changed() => if changed.is_err() { return },
				}
				continue;
			}
			let refreshed = self.refresh().await;
			silence.hear(&refreshed, "customers are served as far as their channels are known to hold");
			self.changed.send_replace(());
			if finalised.changed().await.is_err() {
				return;
			}
		}
	}

	async fn refresh(&self) -> Result<(), ChainError> {
		let timing = self.known().timing;
		let timing = match timing {
			Some(timing) => timing,
			None => self.chain.timing().await?,
		};
		let clock = self.chain.clock().await?;
		let registered = self.chain.provider(&self.account).await?;
		let asked = {
			let mut known = self.known();
			known.timing = Some(timing);
			known.epochs = Some(Epochs {
				epoch: clock.epoch,
				begins: slot_begins(clock.first_slot, timing.slot_millis, 0),
				lasts: timing.slot_millis.saturating_mul(timing.epoch_slots.into()).saturating_mul(MILLI),
			});
			known.registration = registered.map(|info| Registration {
				exit: info.exit,
				address: socket_address(&info.endpoint).map(|address| address.ip()),
				in_service: info.in_service && !info.paused,
			});
			known.next_turn()
		};
		let each = stream::iter(asked.into_iter().map(|channel| self.fetch(channel)));
		each.buffer_unordered(ABREAST).fold(Ok(()), |all, one| async { all.and(one.map(|_| ())) }).await
	}
}

impl Known {
	/// The channels whose turn it is.
	fn next_turn(&mut self) -> Vec<ChannelId> {
		let after = self.wanted.range(self.turn.saturating_add(1)..);
		let turn: Vec<_> = after
			.chain(self.wanted.range(..=self.turn))
			.map(|(channel, _)| *channel)
			.take(ASKED_AT_ONCE)
			.collect();
		self.turn = turn.last().copied().unwrap_or(0);
		turn
	}
}

/// Whether a channel is at its end in `epoch`, or within one of it: who is served then may not be able to pay any more.
pub(super) fn is_ending(info: &Info, epoch: EpochIndex) -> bool {
	info.state != ChannelState::Open || epoch.saturating_add(1) >= info.expiry
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::chain::{
		fake::{Bank, Fake},
		Clock,
	};
	use weir_primitives::channel::VoucherKey;

	#[test]
	fn epochs_should_go_on_when_the_chain_cannot_be_asked() {
		let epochs = Epochs { epoch: 7, begins: 1_000, lasts: 500 };
		let at = [0, 1_000, 1_499, 1_500, 3_000].map(|now| epochs.at(now));
		assert_eq!(at, [7, 7, 7, 8, 11]);
	}

	#[tokio::test]
	async fn channels_should_be_asked_for_in_turn_and_stay_known_when_the_chain_is_silent() {
		let bank = Arc::new(Bank::default());
		let account = AccountId::from([2; 32]);
		let numbers: Vec<_> =
			(0..40u8).map(|n| bank.put(&account, VoucherKey::Ed25519([n; 32]), 50_000, 10_000)).collect();
		let chain = Arc::new(Fake::new([Clock { epoch: 5, slot: 0, first_slot: 0 }]));
		let facts = Facts::new(chain, bank.clone(), account);
		numbers.iter().for_each(|number| facts.want(*number));
		facts.refresh().await.unwrap();
		let heard = || numbers.iter().filter(|number| facts.channel(**number).is_some()).count();
		assert_eq!(heard(), ASKED_AT_ONCE);
		facts.refresh().await.unwrap();
		assert_eq!(heard(), 40);
		bank.books().is_offline = true;
		assert!(facts.refresh().await.is_ok(), "what was heard stands");
		assert!(facts.fetch(numbers[3]).await.unwrap().is_some());
		facts.release(numbers[3]);
		assert!(facts.fetch(numbers[3]).await.is_err() && facts.channel(numbers[3]).is_none());
	}

	#[test]
	fn channel_should_be_ending_when_asked_to_or_within_an_epoch_of_its_expiry() {
		let bank = Bank::default();
		let number = bank.put(&[2; 32].into(), VoucherKey::Ed25519([1; 32]), 50_000, 10_000);
		let info = bank.books().channels[&number].clone();
		assert_eq!(info.expiry, 100);
		assert!(!is_ending(&info, 98) && is_ending(&info, 99));
		assert!(is_ending(&Info { state: ChannelState::Closing, ..info }, 0));
	}
}
