//! Channels that are a map: opened, paid and closed by the chain's rules, without blocks.

use crate::chain::{Account, ChainError, Ended, Handed, Opening, Payments};
use async_trait::async_trait;
use std::{
	collections::BTreeMap,
	sync::{Mutex, MutexGuard},
};
use weir_math::economy::channel::{self as rules, Funds};
use weir_primitives::{
	chain::AccountId,
	channel::{ChannelId, SignedVoucher, VoucherKey, VoucherRefusal},
	channels_api::{
		AccountChannel, ChannelInfo, ChannelState, OfferInfo, ProviderChannels, ProviderEarnings,
	},
	economy::Credits,
	economy_api::{CreditsInfo, Earned},
	EpochIndex, LineKind, Region,
};

/// The fake chain's first block.
pub(crate) const GENESIS: [u8; 32] = [7; 32];

#[derive(Default)]
pub(crate) struct Books {
	pub(crate) epoch: EpochIndex,
	pub(crate) channels: BTreeMap<ChannelId, ChannelInfo<AccountId>>,
	/// Every claim as it came.
	pub(crate) claims: Vec<Vec<SignedVoucher>>,
	/// Nothing is answered.
	pub(crate) is_offline: bool,
	opened: ChannelId,
}

/// Payments on chain, for tests.
#[derive(Default)]
pub(crate) struct Bank(Mutex<Books>);

impl Bank {
	pub(crate) fn books(&self) -> MutexGuard<'_, Books> {
		self.0.lock().unwrap()
	}

	/// Puts a channel there: of `provider`, at `price` credits per 10⁹ bytes.
	pub(crate) fn put(
		&self,
		provider: &AccountId,
		voucher_key: VoucherKey,
		price: u64,
		credits: Credits,
	) -> ChannelId {
		let expiry = self.books().epoch.saturating_add(100);
		let terms_hash = [5; 32];
		let provider = provider.clone();
		let opening =
			Opening { provider, credits, voucher_key, expiry, boost: 100, terms_hash, from_plan: false };
		self.open_at(&[8; 32].into(), &opening, price)
	}

	fn open_at(&self, payer: &AccountId, opening: &Opening, price: u64) -> ChannelId {
		let mut books = self.books();
		books.opened += 1;
		let id = books.opened;
		let channel = ChannelInfo {
			id,
			state: ChannelState::Open,
			payer: payer.clone(),
			customer: payer.clone(),
			provider: opening.provider.clone(),
			voucher_key: opening.voucher_key,
			price,
			boost: opening.boost,
			terms_hash: opening.terms_hash,
			region: Region { country: *b"DE", kind: LineKind::Residential },
			from_plan: opening.from_plan,
			deposited: opening.credits,
			paid: 0,
			left: opening.credits,
			expiry: opening.expiry,
			closes_from: rules::closes_from(opening.expiry),
			bytes_down: 0,
			bytes_up: 0,
			sequence: 0,
		};
		books.channels.insert(id, channel);
		id
	}

	/// The books, if the chain answers.
	fn ask(&self) -> Result<MutexGuard<'_, Books>, ChainError> {
		let books = self.books();
		if books.is_offline {
			return Err(ChainError::Offline);
		}
		Ok(books)
	}
}

fn hand_in(
	books: &mut Books,
	provider: &AccountId,
	SignedVoucher { voucher, signature }: &SignedVoucher,
) -> Result<Handed, VoucherRefusal> {
	let channel = books.channels.get_mut(&voucher.channel).ok_or(VoucherRefusal::UnknownChannel)?;
	if channel.provider != *provider {
		return Err(VoucherRefusal::WrongProvider);
	}
	let signed = SignedVoucher { voucher: *voucher, signature: *signature };
	if !signed.verify(&GENESIS, &channel.voucher_key) {
		return Err(VoucherRefusal::BadSignature);
	}
	let charge = rules::charge(voucher.bytes_down, voucher.bytes_up, channel.price).unwrap();
	let funds = Funds { deposited: channel.deposited, paid: channel.paid };
	let credits = funds.claim(voucher.credits, charge)?;
	channel.paid += credits;
	channel.left -= credits;
	(channel.bytes_down, channel.bytes_up) = (voucher.bytes_down, voucher.bytes_up);
	channel.sequence = voucher.sequence;
	Ok(Handed::Paid { credits, paid: channel.paid, left: channel.left })
}

#[async_trait]
impl Payments for Bank {
	async fn epoch(&self) -> Result<EpochIndex, ChainError> {
		Ok(self.ask()?.epoch)
	}

	async fn channel(&self, channel: ChannelId) -> Result<Option<ChannelInfo<AccountId>>, ChainError> {
		Ok(self.ask()?.channels.get(&channel).cloned())
	}

	async fn channels(
		&self,
		who: &AccountId,
		after: Option<ChannelId>,
	) -> Result<Vec<AccountChannel<AccountId>>, ChainError> {
		let rows = self
			.ask()?
			.channels
			.clone()
			.into_values()
			.filter(|channel| after.is_none_or(|after| channel.id > after));
		let parts = rows.map(|channel| AccountChannel {
			pays: channel.payer == *who,
			uses: channel.customer == *who,
			provides: channel.provider == *who,
			channel,
		});
		Ok(parts.filter(|row| row.pays || row.uses || row.provides).take(2).collect())
	}

	async fn offer(&self, _: &AccountId, _: u16) -> Result<Option<OfferInfo>, ChainError> {
		self.ask().map(|_| None)
	}

	async fn earnings(&self, provider: &AccountId) -> Result<ProviderEarnings, ChainError> {
		let books = self.ask()?;
		let of: Vec<_> = books.channels.values().filter(|channel| channel.provider == *provider).collect();
		let channels = ProviderChannels {
			open: of.len().try_into().unwrap(),
			ending: 0,
			left: of.iter().map(|channel| channel.left).sum(),
			first_close: of.iter().map(|channel| channel.closes_from).min(),
			all_counted: true,
		};
		let fees = Earned { pending: 0, paid: 0 };
		Ok(ProviderEarnings { epoch: books.epoch, fees, fee_epochs: vec![], channels })
	}

	async fn credits(&self, _: &AccountId) -> Result<CreditsInfo, ChainError> {
		drop(self.ask()?);
		Ok(CreditsInfo { free: 1_000_000, locked: 0, last_used: None, sweep: None, requests: vec![] })
	}

	async fn open(&self, by: &Account, opening: &Opening) -> Result<ChannelId, ChainError> {
		drop(self.ask()?);
		if let Some(known) = crate::chain::find_channel(self, by.id(), &opening.voucher_key).await? {
			return Ok(known.id);
		}
		Ok(self.open_at(by.id(), opening, 50_000))
	}

	async fn top_up(&self, _: &Account, channel: ChannelId, credits: Credits) -> Result<Credits, ChainError> {
		let mut books = self.ask()?;
		let channel = books.channels.get_mut(&channel).ok_or(ChainError::NotIncluded("top_up"))?;
		channel.deposited += credits;
		channel.left += credits;
		Ok(channel.deposited)
	}

	async fn close(
		&self,
		by: &Account,
		channel: ChannelId,
		last: Option<&SignedVoucher>,
	) -> Result<Ended, ChainError> {
		let mut books = self.ask()?;
		let until = rules::challenge_until(books.epoch);
		let known = books.channels.get_mut(&channel).ok_or(ChainError::NotIncluded("close"))?;
		if known.provider != *by.id() {
			known.state = ChannelState::Closing;
			known.closes_from = known.closes_from.min(until);
			return Ok(Ended::Until(known.closes_from));
		}
		let provider = by.id().clone();
		last.map(|last| hand_in(&mut books, &provider, last));
		let closed = books.channels.remove(&channel).ok_or(ChainError::NotIncluded("close"))?;
		Ok(Ended::Closed { paid: closed.paid, returned: closed.left })
	}

	async fn claim(
		&self,
		_: &Account,
		provider: &AccountId,
		vouchers: &[SignedVoucher],
	) -> Result<Vec<Handed>, ChainError> {
		let mut books = self.ask()?;
		books.claims.push(vouchers.to_vec());
		let handed = |voucher| hand_in(&mut books, provider, voucher).unwrap_or_else(Handed::Refused);
		Ok(vouchers.iter().map(handed).collect())
	}
}

#[tokio::test]
async fn find_channel_should_look_through_every_page() {
	let bank = Bank::default();
	let key = |n: u8| VoucherKey::Ed25519([n; 32]);
	let numbers: Vec<_> = (0..5).map(|n| bank.put(&[2; 32].into(), key(n), 50_000, 10_000)).collect();
	let payer = AccountId::from([8; 32]);
	for (n, number) in (0..).zip(numbers) {
		let found = crate::chain::find_channel(&bank, &payer, &key(n)).await.unwrap();
		assert_eq!(found.map(|found| found.id), Some(number));
	}
	assert!(crate::chain::find_channel(&bank, &payer, &key(9)).await.unwrap().is_none());
	// The provider of a channel is not its payer.
	assert!(crate::chain::find_channel(&bank, &[2; 32].into(), &key(1)).await.unwrap().is_none());
}
