//! The channel that pays: one that is there already, or a new one.

use super::{
	journal::{Journal, Kept},
	money::{dollars, per_gb},
};
use crate::chain::{bytes32, Account, Opening, Payments};
use anyhow::{bail, Context, Result};
use weir_math::economy::channel::charge;
use weir_primitives::{
	chain::AccountId,
	channel::{ChannelId, VoucherKey},
	channels_api::{ChannelInfo, ChannelState, OfferInfo},
	economy::Credits,
	EpochIndex,
};

/// No boost: what a class buys is between customer and provider, and this one sells none yet.
pub(crate) const BOOST: u16 = 100;
/// Epochs that a new channel lives, if the chain takes that much: a month where an epoch is six hours. What is left comes
/// back sooner by `channels close`.
const LIFE_EPOCHS: EpochIndex = 120;
/// A channel that expires sooner is not used any more: a provider lets nobody in within an epoch of it.
const MARGIN_EPOCHS: EpochIndex = 2;
/// What a channel has to have left to be gone on with: some windows.
const LEAST_BYTES: u64 = 16 << 20;
/// Pages of channels of one account, at most: a hundred channels each.
const MAX_PAGES: usize = 100;

/// A channel that this machine can sign for.
#[derive(Clone)]
pub(crate) struct Funded {
	/// As the chain has it.
	pub(crate) info: ChannelInfo<AccountId>,
	/// As the journal has it.
	pub(crate) kept: Kept,
}

impl Funded {
	/// Credits that were signed away in all: by the newest voucher, or by what the chain has paid if that is more.
	pub(crate) fn signed(&self) -> Credits {
		self.kept.signed().max(self.info.paid)
	}

	/// Credits that no voucher has yet.
	pub(crate) fn left(&self) -> Credits {
		self.info.deposited.saturating_sub(self.signed())
	}
}

/// What may be spent, and on what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Budget {
	/// Credits that a new channel is opened with.
	pub deposit: Credits,
	/// Credits per 10⁹ bytes at most.
	pub most_price: u64,
}

/// Channels of `account` whose voucher keys are in the journal. Records of those that are closed are forgotten.
pub(crate) async fn known(
	chain: &(impl Payments + ?Sized),
	journal: &Journal,
	account: &AccountId,
) -> Result<Vec<Funded>> {
	let mut found = Vec::new();
	let mut after = None;
	for _ in 0..MAX_PAGES {
		let page = chain.channels(account, after).await?;
		let Some(last) = page.last() else { break };
		after = Some(last.channel.id);
		for row in page.into_iter().filter(|row| row.pays || row.uses) {
			let key = row.channel.voucher_key;
			if journal.of(&key)?.is_some() {
				found.push(Funded { kept: adopt(journal, &row.channel)?, info: row.channel });
			}
		}
	}
	forget_closed(chain, journal).await?;
	Ok(found)
}

/// Notes the number of a channel.
fn adopt(journal: &Journal, info: &ChannelInfo<AccountId>) -> Result<Kept> {
	let read = || journal.of(&info.voucher_key)?.context("state: no such voucher key");
	let kept = read()?;
	if kept.channel == Some(info.id) {
		return Ok(kept);
	}
	journal.update(&info.voucher_key, |kept| kept.channel = Some(info.id))?;
	read()
}

/// Only of channels that were on the chain: the call that opens one may still be on its way.
async fn forget_closed(chain: &(impl Payments + ?Sized), journal: &Journal) -> Result<()> {
	for (key, kept) in journal.all()? {
		if let Some(channel) = kept.channel {
			if chain.channel(channel).await?.is_none() {
				journal.forget(&key)?;
			}
		}
	}
	Ok(())
}

/// Of `channels` the one to go on with: open, long-lived, not dearer than the limit, with a little left, and to a provider
/// that `fits`. Of several the one that expires first, so that none is forgotten.
pub(crate) fn usable(
	channels: &[Funded],
	epoch: EpochIndex,
	most_price: u64,
	fits: impl Fn(&AccountId) -> bool,
) -> Option<&Funded> {
	let is_usable = |channel: &&Funded| {
		let info = &channel.info;
		info.state == ChannelState::Open
			&& info.expiry > epoch.saturating_add(MARGIN_EPOCHS)
			&& info.price <= most_price
			&& charge(LEAST_BYTES, 0, info.price).is_some_and(|least| channel.left() >= least)
			&& fits(&info.provider)
	};
	channels.iter().filter(is_usable).min_by_key(|channel| (channel.info.expiry, channel.info.id))
}

/// What `provider` offers, if a channel may be opened within `budget`; an error says why not, and what to do.
pub(crate) async fn offer(
	chain: &(impl Payments + ?Sized),
	provider: &AccountId,
	budget: Budget,
) -> Result<OfferInfo> {
	let offer = chain.offer(provider, BOOST).await?;
	let offer = offer.with_context(|| {
		format!("{provider} is not registered as a provider; correct --provider, or take --region instead")
	})?;
	if !offer.in_service {
		bail!("provider {provider} is not in service now; take another one, or try later");
	}
	let price = offer.boosted_price.context("the provider's price does not fit; take another one")?;
	if price > budget.most_price {
		bail!(
			"provider {provider} asks for {}, which is above the limit of {}; raise --max-price or take another one",
			per_gb(price),
			per_gb(budget.most_price)
		);
	}
	if budget.deposit < offer.least_credits {
		bail!(
			"--deposit {} is less than a channel has to be opened with, {}",
			dollars(budget.deposit),
			dollars(offer.least_credits)
		);
	}
	Ok(offer)
}

/// Opens a channel by `offer`, and returns it when it is final. Its voucher key is on disk before the call is sent; the key of
/// an earlier attempt is used again, so that a channel which came through unheard of is found instead of paid twice.
pub(crate) async fn open(
	chain: &(impl Payments + ?Sized),
	journal: &Journal,
	by: &Account,
	provider: &AccountId,
	offer: &OfferInfo,
	deposit: Credits,
) -> Result<Funded> {
	let credits = chain.credits(by.id()).await?.free;
	if credits < deposit {
		bail!(
			"account {} has {} of free credits, and the channel is to hold {}; buy credits (docs/customer.md), or take a \
			 smaller --deposit",
			by.id(),
			dollars(credits),
			dollars(deposit)
		);
	}
	let unused = |(key, kept): (VoucherKey, Kept)| {
		(kept.channel.is_none() && kept.provider == bytes32(provider)).then_some(key)
	};
	let voucher_key = match journal.all()?.into_iter().find_map(unused) {
		Some(key) => key,
		None => journal.new_key(bytes32(provider))?,
	};
	let expiry = offer.latest_expiry.min(offer.epoch.saturating_add(LIFE_EPOCHS));
	let opening = Opening {
		provider: provider.clone(),
		credits: deposit,
		voucher_key,
		expiry,
		boost: BOOST,
		terms_hash: offer.terms_hash,
		from_plan: false,
	};
	let id = chain.open(by, &opening).await?;
	let info = found(chain, id).await?;
	Ok(Funded { kept: adopt(journal, &info)?, info })
}

/// A channel that was opened a moment ago.
async fn found(chain: &(impl Payments + ?Sized), id: ChannelId) -> Result<ChannelInfo<AccountId>> {
	let info = chain.channel(id).await?;
	info.with_context(|| {
		format!("channel {id} was opened and is not on the chain; run the same command again")
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::connect::fake::{account, channel, FakeChannels};
	use weir_primitives::channel::{SignedVoucher, Voucher, VoucherSignature};

	const BUDGET: Budget = Budget { deposit: 500_000, most_price: 60_000 };
	const PROVIDER: [u8; 32] = [1; 32];

	fn journal() -> (tempfile::TempDir, Journal) {
		let folder = tempfile::tempdir().unwrap();
		let journal = Journal::open(folder.path(), [7; 32]).unwrap();
		(folder, journal)
	}

	async fn opened(chain: &FakeChannels, journal: &Journal) -> Result<Funded> {
		let offer = offer(chain, &PROVIDER.into(), BUDGET).await?;
		open(chain, journal, &account(2), &PROVIDER.into(), &offer, BUDGET.deposit).await
	}

	#[tokio::test]
	async fn open_should_leave_a_channel_that_this_machine_can_sign_for() {
		let (_folder, journal) = journal();
		let chain = FakeChannels::new();
		let channel = opened(&chain, &journal).await.unwrap();
		assert_eq!((channel.info.deposited, channel.info.expiry), (500_000, 10 + LIFE_EPOCHS));
		assert_eq!(channel.info.voucher_key, VoucherKey::Sr25519(channel.kept.key().unwrap().public()));
		let known = known(&chain, &journal, account(2).id()).await.unwrap();
		assert_eq!(known.len(), 1);
		assert_eq!((known[0].info.id, known[0].left()), (channel.info.id, 500_000));
	}

	#[tokio::test]
	async fn open_should_use_the_key_of_a_failed_attempt_so_that_nothing_is_paid_twice() {
		let (_folder, journal) = journal();
		let chain = FakeChannels::new();
		// It comes through, and nobody hears of it.
		chain.fail_after_opening(true);
		assert!(opened(&chain, &journal).await.is_err());
		assert_eq!(journal.all().unwrap().len(), 1, "the key is on disk");
		chain.fail_after_opening(false);
		let channel = opened(&chain, &journal).await.unwrap();
		assert_eq!((chain.count(), journal.all().unwrap().len()), (1, 1));
		assert_eq!(channel.info.id, chain.last());
		// The next one is another, with another key.
		let next = opened(&chain, &journal).await.unwrap();
		assert_ne!(next.info.voucher_key, channel.info.voucher_key);
	}

	#[tokio::test]
	async fn offer_and_open_should_say_what_to_do_when_they_refuse() {
		let (_folder, journal) = journal();
		let chain = FakeChannels::new();
		let refused = |deposit, most_price| {
			let chain = &chain;
			async move {
				let budget = Budget { deposit, most_price };
				offer(chain, &PROVIDER.into(), budget).await.unwrap_err().to_string()
			}
		};
		assert!(refused(500_000, 49_999).await.contains("raise --max-price"));
		assert!(refused(9_999, 60_000).await.contains("--deposit $0.009999 is less than"));
		let unknown = offer(&chain, &[8; 32].into(), BUDGET).await.unwrap_err().to_string();
		assert!(unknown.contains("not registered"), "{unknown}");
		chain.set_credits(499_999);
		let poor = opened(&chain, &journal).await.map(|_| ()).unwrap_err().to_string();
		assert!(poor.contains("buy credits") && poor.contains("$0.499999"), "{poor}");
		assert!(journal.all().unwrap().is_empty(), "no key is made for nothing");
	}

	#[tokio::test]
	async fn records_should_be_forgotten_when_their_channel_is_closed_and_not_before_it_is_open() {
		let (_folder, journal) = journal();
		let chain = FakeChannels::new();
		let channel = opened(&chain, &journal).await.unwrap();
		let pending = journal.new_key([3; 32]).unwrap();
		chain.remove(channel.info.id);
		assert!(known(&chain, &journal, account(2).id()).await.unwrap().is_empty());
		assert!(journal.of(&channel.info.voucher_key).unwrap().is_none());
		assert!(journal.of(&pending).unwrap().is_some());
	}

	#[test]
	fn usable_should_leave_out_what_ends_is_dear_or_empty() {
		let (_folder, journal) = journal();
		let funded = |change: &dyn Fn(&mut ChannelInfo<AccountId>)| {
			let key = journal.new_key(PROVIDER).unwrap();
			let mut info = channel(4, PROVIDER, key);
			change(&mut info);
			Funded { info, kept: journal.of(&key).unwrap().unwrap() }
		};
		let found = |channels: &[Funded]| {
			usable(channels, 10, 60_000, |provider| *provider == PROVIDER.into()).map(|one| one.info.id)
		};
		assert_eq!(found(&[funded(&|_| {})]), Some(4));
		assert_eq!(found(&[funded(&|info| info.state = ChannelState::Closing)]), None);
		assert_eq!(found(&[funded(&|info| info.expiry = 12)]), None);
		assert_eq!(found(&[funded(&|info| info.price = 60_001)]), None);
		assert_eq!(found(&[funded(&|info| info.provider = [9; 32].into())]), None);
		assert_eq!(found(&[funded(&|info| info.paid = 499_162)]), None);
		assert_eq!(found(&[funded(&|info| info.paid = 499_161)]), Some(4));
		let mut signed = funded(&|_| {});
		let voucher = Voucher { channel: 4, bytes_down: 0, bytes_up: 0, credits: 499_162, sequence: 1 };
		signed.kept.paid.voucher =
			Some(SignedVoucher { voucher, signature: VoucherSignature::Sr25519([0; 64]) });
		assert_eq!((signed.left(), found(&[signed])), (838, None));
		let sooner = funded(&|info| (info.id, info.expiry) = (5, 50));
		assert_eq!(found(&[funded(&|_| {}), sooner]), Some(5));
	}
}
