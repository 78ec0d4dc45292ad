//! A chain for customers: the books of channels, one provider in service, and a purse.

use crate::chain::{fake::Bank, Account, ChainError, Ended, Handed, Opening, Payments};
use async_trait::async_trait;
use std::sync::{
	atomic::{AtomicBool, AtomicU64, Ordering},
	Arc,
};
use weir_primitives::{
	chain::AccountId,
	channel::{ChannelId, SignedVoucher, VoucherKey},
	channels_api::{AccountChannel, ChannelInfo, OfferInfo, ProviderEarnings},
	economy::Credits,
	economy_api::CreditsInfo,
	EpochIndex, LineKind, Region,
};

/// The account that signs with 32 times `n` as its seed.
pub(crate) fn account(n: u8) -> Account {
	Account::of(subxt_signer::sr25519::Keypair::from_secret_key([n; 32]).unwrap())
}

/// A channel of half a dollar to `provider`.
pub(crate) fn channel(id: ChannelId, provider: [u8; 32], key: VoucherKey) -> ChannelInfo<AccountId> {
	let bank = Bank::default();
	let number = bank.put(&provider.into(), key, 50_000, 500_000);
	let mut info = bank.books().channels.remove(&number).unwrap();
	info.id = id;
	info
}

pub(crate) struct FakeChannels {
	pub(crate) bank: Arc<Bank>,
	free: AtomicU64,
	fails: AtomicBool,
}

impl FakeChannels {
	/// In epoch 10, with the provider of 32 ones.
	pub(crate) fn new() -> Self {
		let bank = Arc::new(Bank::default());
		bank.books().epoch = 10;
		Self { bank, free: AtomicU64::new(2_000_000), fails: AtomicBool::new(false) }
	}

	pub(crate) fn set_credits(&self, free: u64) {
		self.free.store(free, Ordering::Relaxed);
	}

	/// Whether the next openings come through without anybody's hearing of them.
	pub(crate) fn fail_after_opening(&self, fails: bool) {
		self.fails.store(fails, Ordering::Relaxed);
	}

	pub(crate) fn count(&self) -> usize {
		self.bank.books().channels.len()
	}

	pub(crate) fn last(&self) -> ChannelId {
		*self.bank.books().channels.last_key_value().unwrap().0
	}

	pub(crate) fn remove(&self, id: ChannelId) {
		self.bank.books().channels.remove(&id).unwrap();
	}
}

#[async_trait]
impl Payments for FakeChannels {
	async fn epoch(&self) -> Result<EpochIndex, ChainError> {
		self.bank.epoch().await
	}

	async fn channel(&self, channel: ChannelId) -> Result<Option<ChannelInfo<AccountId>>, ChainError> {
		self.bank.channel(channel).await
	}

	async fn channels(
		&self,
		who: &AccountId,
		after: Option<ChannelId>,
	) -> Result<Vec<AccountChannel<AccountId>>, ChainError> {
		self.bank.channels(who, after).await
	}

	async fn offer(&self, provider: &AccountId, boost: u16) -> Result<Option<OfferInfo>, ChainError> {
		let epoch = self.bank.epoch().await?;
		Ok((*provider == AccountId::from([1; 32])).then_some(OfferInfo {
			price: 50_000,
			boost,
			boosted_price: Some(50_000),
			terms_hash: [5; 32],
			region: Region { country: *b"DE", kind: LineKind::Residential },
			probe_key: None,
			in_service: true,
			least_credits: 10_000,
			epoch,
			latest_expiry: epoch + 360,
		}))
	}

	async fn earnings(&self, provider: &AccountId) -> Result<ProviderEarnings, ChainError> {
		self.bank.earnings(provider).await
	}

	async fn credits(&self, who: &AccountId) -> Result<CreditsInfo, ChainError> {
		let free = self.free.load(Ordering::Relaxed).into();
		Ok(CreditsInfo { free, ..self.bank.credits(who).await? })
	}

	async fn open(&self, by: &Account, opening: &Opening) -> Result<ChannelId, ChainError> {
		let opened = self.bank.open(by, opening).await;
		if self.fails.load(Ordering::Relaxed) {
			return Err(ChainError::Unknown("open"));
		}
		opened
	}

	async fn top_up(
		&self,
		by: &Account,
		channel: ChannelId,
		credits: Credits,
	) -> Result<Credits, ChainError> {
		self.bank.top_up(by, channel, credits).await
	}

	async fn close(
		&self,
		by: &Account,
		channel: ChannelId,
		last: Option<&SignedVoucher>,
	) -> Result<Ended, ChainError> {
		self.bank.close(by, channel, last).await
	}

	async fn claim(
		&self,
		by: &Account,
		provider: &AccountId,
		vouchers: &[SignedVoucher],
	) -> Result<Vec<Handed>, ChainError> {
		self.bank.claim(by, provider, vouchers).await
	}
}
