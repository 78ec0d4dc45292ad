//! Answers, read through the runtime's API.

use super::{
	api::WeirApiServer,
	attesting::{Assignment, ReportState, Seat, SeatPage, TargetTest, Task},
	channels::{Channel, ChannelPage, Offer, Plan, ProviderEarnings},
	contesting::{Audit, Evidence},
	earning::{EpochSummary, EpochSummaryPage, Rewards},
	error::Error,
	figures::{Bonds, ClaimBond, CloseState, Pots, QuoteList, StablePath},
	inputs::{region, regions, Account, AccountOrIndex, Blocks, Credits},
	money::{Cost, CreditAccount, Price, Reporter, Supply},
	news::{BlockNews, News},
	outages::Outages,
	places::Places,
	regional::{RegionPage, RegionRow},
	results::{Block, Clock, Provider, ProviderPage, Timing},
	rules::Rules,
	subscriptions,
	texts::Address,
};
use crate::service::FullClient;
use jsonrpsee::{
	core::{async_trait, RpcResult},
	PendingSubscriptionSink, SubscriptionCloseResponse,
};
use polkadot_sdk::*;
use serde::Serialize;
use serde_json::value::RawValue;
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_consensus::BlockStatus;
use std::sync::Arc;
use weir_primitives::{
	api::{ProofOfBandwidthApi, ProviderInfo, RegionFilter, SeatRecord},
	channels_api::{ChannelsApi, LEAST_BOOST_PERCENT, MOST_BOOST_PERCENT},
	economy_api::EconomyApi,
	EpochIndex,
};
use weir_runtime::{AccountId, Balance, Hash};

/// Rows a page holds at most.
pub(super) const MAX_PAGE: u32 = 100;
/// Quotes that are shown at most: as many as the chain keeps.
pub(super) const MAX_QUOTES: u32 = 288;
/// What describes all of this to machines.
pub(super) const DOCUMENT: &str = include_str!("../../../../docs/openrpc.json");

/// Answers for one node.
pub(crate) struct Weir {
	client: Arc<FullClient>,
	news: News,
	places: Places,
	document: &'static RawValue,
}

impl Weir {
	/// Answers from the chain of `client`, and hands out `news`.
	pub(crate) fn new(client: Arc<FullClient>, news: News) -> Result<Self, serde_json::Error> {
		Ok(Self { client, news, places: Places::default(), document: serde_json::from_str(DOCUMENT)? })
	}

	/// The block to read: the best one unless given. One that cannot be read is named here, not by what fails on it.
	fn block(&self, at: Option<Hash>) -> Result<Hash, Error> {
		let Some(hash) = at else { return Ok(self.client.info().best_hash) };
		match self.client.block_status(hash)? {
			BlockStatus::InChainWithState => Ok(hash),
			BlockStatus::InChainPruned => Err(Error::PrunedState(hash)),
			BlockStatus::Queued | BlockStatus::KnownBad | BlockStatus::Unknown => {
				Err(Error::UnknownBlock(hash))
			}
		}
	}

	/// The block as answers name it.
	fn named(&self, hash: Hash) -> Result<Block, Error> {
		let number = self.client.number(hash)?.ok_or(Error::UnknownBlock(hash))?;
		Ok(Block::new(hash, number))
	}

	fn registered(
		&self,
		provider: &AccountOrIndex,
		at: Hash,
	) -> Result<ProviderInfo<AccountId, Balance>, Error> {
		let api = self.client.runtime_api();
		match provider {
			AccountOrIndex::Index(index) => api
				.provider_at(at, *index)?
				.ok_or_else(|| Error::UnknownProvider(format!("with index {index}"))),
			AccountOrIndex::Account(account) => {
				api.provider(at, account.id()?)?.ok_or_else(|| Error::UnknownProvider(account.shown()))
			}
		}
	}

	/// The account of a provider. One that is named by it may be registered no more.
	fn provider_account(&self, provider: &AccountOrIndex, at: Hash) -> Result<AccountId, Error> {
		match provider {
			AccountOrIndex::Index(_) => Ok(self.registered(provider, at)?.account),
			AccountOrIndex::Account(account) => account.id(),
		}
	}

	/// Serves what `show` makes of each block, of one provider if that is given.
	async fn subscribe<T: Serialize>(
		&self,
		pending: PendingSubscriptionSink,
		provider: Option<AccountOrIndex>,
		blocks: Option<Blocks>,
		show: fn(&BlockNews, Option<&AccountId>) -> Option<T>,
	) -> SubscriptionCloseResponse {
		// Held until nothing more is sent.
		let Some(_place) = self.places.take(pending.connection_id()) else {
			pending.reject(Error::TooManySubscriptions).await;
			return SubscriptionCloseResponse::None;
		};
		let best = self.client.info().best_hash;
		// By account: an index may pass to another provider while the subscription lasts.
		let account = provider.map(|provider| self.registered(&provider, best).map(|info| info.account));
		match account.transpose() {
			Ok(account) => {
				let news = self.news.subscribe(blocks.unwrap_or_default());
				subscriptions::serve(pending, news, |block| show(block, account.as_ref())).await
			}
			Err(error) => {
				pending.reject(error).await;
				SubscriptionCloseResponse::None
			}
		}
	}

	fn seated(&self, account: &Account, at: Hash) -> Result<SeatRecord<AccountId>, Error> {
		let id = account.id()?;
		let record = self.client.runtime_api().seat_record(at, id)?;
		record.ok_or_else(|| Error::UnknownSeat(account.shown()))
	}
}

/// Rows to ask for.
fn rows(limit: Option<u32>) -> Result<u32, Error> {
	rows_of(limit, MAX_PAGE)
}

/// Rows to ask for where there are at most `most`.
fn rows_of(limit: Option<u32>, most: u32) -> Result<u32, Error> {
	match limit.unwrap_or(most) {
		limit if (1..=most).contains(&limit) => Ok(limit),
		limit => Err(Error::PageSize(limit, most)),
	}
}

#[async_trait]
impl WeirApiServer for Weir {
	fn clock(&self, at: Option<Hash>) -> RpcResult<Clock> {
		let at = self.block(at)?;
		let api = self.client.runtime_api();
		let (epoch, slot_in_epoch, first_slot) = api.clock(at).map_err(Error::from)?;
		let timing = api.timing(at).map_err(Error::from)?.into();
		Ok(Clock { block: self.named(at)?, epoch, slot_in_epoch, first_slot, timing })
	}

	fn timing(&self, at: Option<Hash>) -> RpcResult<Timing> {
		let at = self.block(at)?;
		Ok(self.client.runtime_api().timing(at).map_err(Error::from)?.into())
	}

	fn providers(
		&self,
		cursor: Option<u32>,
		limit: Option<u32>,
		region: Option<String>,
		at: Option<Hash>,
	) -> RpcResult<ProviderPage> {
		let regions = region.map_or(Ok(RegionFilter::default()), |region| regions(&region))?;
		let (limit, at) = (rows(limit)?, self.block(at)?);
		let page = self
			.client
			.runtime_api()
			.providers(at, cursor.unwrap_or_default(), limit, regions)
			.map_err(Error::from)?;
		let providers = page.rows.into_iter().map(Provider::from).collect();
		Ok(ProviderPage { block: self.named(at)?, providers, next_cursor: page.next })
	}

	fn provider(&self, provider: AccountOrIndex, at: Option<Hash>) -> RpcResult<Provider> {
		Ok(self.registered(&provider, self.block(at)?)?.into())
	}

	fn seats(&self, cursor: Option<u32>, limit: Option<u32>, at: Option<Hash>) -> RpcResult<SeatPage> {
		let (limit, at) = (rows(limit)?, self.block(at)?);
		let page =
			self.client.runtime_api().seats(at, cursor.unwrap_or_default(), limit).map_err(Error::from)?;
		let seats = page.rows.into_iter().map(Seat::from).collect();
		Ok(SeatPage { block: self.named(at)?, seats, next_cursor: page.next })
	}

	fn seat(&self, account: Account, at: Option<Hash>) -> RpcResult<Seat> {
		Ok(self.seated(&account, self.block(at)?)?.into())
	}

	fn assignment(
		&self,
		epoch: EpochIndex,
		provider: AccountOrIndex,
		at: Option<Hash>,
	) -> RpcResult<Assignment> {
		let at = self.block(at)?;
		let provider = self.registered(&provider, at)?.index;
		let members = self.client.runtime_api().assignment(at, epoch, provider).map_err(Error::from)?;
		Ok(Assignment { epoch, provider, members: members.iter().map(Address::from).collect() })
	}

	fn tasks(&self, account: Account, at: Option<Hash>) -> RpcResult<Vec<Task>> {
		let at = self.block(at)?;
		let node = self.seated(&account, at)?.seat.account;
		let tasks = self.client.runtime_api().tasks(at, node).map_err(Error::from)?;
		Ok(tasks.into_iter().map(Task::from).collect())
	}

	fn target_test(&self, provider: AccountOrIndex, at: Option<Hash>) -> RpcResult<Option<TargetTest>> {
		let at = self.block(at)?;
		let account = self.registered(&provider, at)?.account;
		let test = self.client.runtime_api().target_test(at, account).map_err(Error::from)?;
		Ok(test.map(TargetTest::from))
	}

	fn report_state(&self, epoch: EpochIndex, account: Account, at: Option<Hash>) -> RpcResult<ReportState> {
		let at = self.block(at)?;
		let (committed, revealed) =
			self.client.runtime_api().report_state(at, epoch, account.id()?).map_err(Error::from)?;
		Ok(ReportState { committed, revealed })
	}

	fn evidence(&self, provider: AccountOrIndex, at: Option<Hash>) -> RpcResult<Vec<Evidence>> {
		let at = self.block(at)?;
		let account = self.registered(&provider, at)?.account;
		let evidence = self.client.runtime_api().evidence(at, account).map_err(Error::from)?;
		Ok(evidence.into_iter().map(Evidence::from).collect())
	}

	fn audit(&self, epoch: EpochIndex, account: Account, at: Option<Hash>) -> RpcResult<Audit> {
		let at = self.block(at)?;
		let positions = self.client.runtime_api().audited(at, epoch, account.id()?).map_err(Error::from)?;
		Ok(Audit { epoch, positions })
	}

	fn outages(&self, provider: AccountOrIndex, at: Option<Hash>) -> RpcResult<Outages> {
		let at = self.block(at)?;
		let provider = self.registered(&provider, at)?.index;
		let outages = self.client.runtime_api().outages(at, provider).map_err(Error::from)?;
		Ok(Outages::new(provider, outages))
	}

	fn price(&self, at: Option<Hash>) -> RpcResult<Price> {
		let at = self.block(at)?;
		let info = self.client.runtime_api().price(at).map_err(Error::from)?;
		Ok(Price::new(self.named(at)?, info))
	}

	fn reporters(&self, at: Option<Hash>) -> RpcResult<Vec<Reporter>> {
		let at = self.block(at)?;
		let reporters = self.client.runtime_api().reporters(at).map_err(Error::from)?;
		Ok(reporters.into_iter().map(Reporter::from).collect())
	}

	fn supply(&self, at: Option<Hash>) -> RpcResult<Supply> {
		let at = self.block(at)?;
		let info = self.client.runtime_api().supply(at).map_err(Error::from)?;
		Ok(Supply::new(self.named(at)?, info))
	}

	fn quote(&self, credits: Credits, at: Option<Hash>) -> RpcResult<Cost> {
		let (credits, at) = (credits.count()?, self.block(at)?);
		let quote = self.client.runtime_api().quote(at, credits).map_err(Error::from)?;
		Ok(Cost::new(self.named(at)?, quote))
	}

	fn regions(&self, cursor: Option<u32>, limit: Option<u32>, at: Option<Hash>) -> RpcResult<RegionPage> {
		let (limit, at) = (rows(limit)?, self.block(at)?);
		let page =
			self.client.runtime_api().regions(at, cursor.unwrap_or_default(), limit).map_err(Error::from)?;
		let regions = page.rows.into_iter().map(RegionRow::from).collect();
		Ok(RegionPage { block: self.named(at)?, regions, next_cursor: page.next })
	}

	fn region(&self, name: String, at: Option<Hash>) -> RpcResult<RegionRow> {
		let (wanted, at) = (region(&name)?, self.block(at)?);
		let info = self.client.runtime_api().region(at, wanted).map_err(Error::from)?;
		Ok(info.map(RegionRow::from).ok_or(Error::UnknownRegion(name))?)
	}

	fn rewards(&self, account: Account, at: Option<Hash>) -> RpcResult<Rewards> {
		let (who, at) = (account.id()?, self.block(at)?);
		let info = self.client.runtime_api().rewards(at, who.clone()).map_err(Error::from)?;
		Ok(Rewards::new(self.named(at)?, &who, info))
	}

	fn credits(&self, account: Account, at: Option<Hash>) -> RpcResult<CreditAccount> {
		let (who, at) = (account.id()?, self.block(at)?);
		let info = self.client.runtime_api().credits(at, who.clone()).map_err(Error::from)?;
		Ok(CreditAccount::new(self.named(at)?, &who, info))
	}

	fn epoch_summaries(
		&self,
		cursor: Option<u32>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<EpochSummaryPage> {
		let (limit, at) = (rows(limit)?, self.block(at)?);
		let page = self
			.client
			.runtime_api()
			.epoch_summaries(at, cursor.unwrap_or_default(), limit)
			.map_err(Error::from)?;
		let epochs = page.rows.into_iter().map(EpochSummary::from).collect();
		Ok(EpochSummaryPage { block: self.named(at)?, epochs, next_cursor: page.next })
	}

	fn parameters(&self, at: Option<Hash>) -> RpcResult<Rules> {
		let at = self.block(at)?;
		let info = self.client.runtime_api().parameters(at).map_err(Error::from)?;
		Ok(Rules::new(self.named(at)?, info))
	}

	fn quotes(&self, limit: Option<u32>, at: Option<Hash>) -> RpcResult<QuoteList> {
		let (limit, at) = (rows_of(limit, MAX_QUOTES)?, self.block(at)?);
		let quotes = self.client.runtime_api().quotes(at, limit).map_err(Error::from)?;
		Ok(QuoteList::new(self.named(at)?, quotes))
	}

	fn claim_bond(&self, kbps: u32, at: Option<Hash>) -> RpcResult<ClaimBond> {
		let at = self.block(at)?;
		let bond = self.client.runtime_api().claim_bond(at, kbps).map_err(Error::from)?;
		Ok(ClaimBond::new(self.named(at)?, bond))
	}

	fn bonds(&self, account: Account, at: Option<Hash>) -> RpcResult<Bonds> {
		let (who, at) = (account.id()?, self.block(at)?);
		let info = self.client.runtime_api().bonds(at, who.clone()).map_err(Error::from)?;
		Ok(Bonds::new(self.named(at)?, &who, info))
	}

	fn stable_path(&self, at: Option<Hash>) -> RpcResult<StablePath> {
		let at = self.block(at)?;
		let info = self.client.runtime_api().stable_path(at).map_err(Error::from)?;
		Ok(StablePath::new(self.named(at)?, info))
	}

	fn pots(&self, at: Option<Hash>) -> RpcResult<Pots> {
		let at = self.block(at)?;
		let info = self.client.runtime_api().pots(at).map_err(Error::from)?;
		Ok(Pots::new(self.named(at)?, info))
	}

	fn close(&self, at: Option<Hash>) -> RpcResult<CloseState> {
		let at = self.block(at)?;
		let info = self.client.runtime_api().close(at).map_err(Error::from)?;
		Ok(CloseState::new(self.named(at)?, info))
	}

	fn channel(&self, channel: u64, at: Option<Hash>) -> RpcResult<Channel> {
		let at = self.block(at)?;
		let info = self.client.runtime_api().channel(at, channel).map_err(Error::from)?;
		Ok(info.map(Channel::from).ok_or(Error::UnknownChannel(channel))?)
	}

	fn channels(
		&self,
		account: Account,
		cursor: Option<u64>,
		limit: Option<u32>,
		at: Option<Hash>,
	) -> RpcResult<ChannelPage> {
		let (who, limit, at) = (account.id()?, rows(limit)?, self.block(at)?);
		let rows = self.client.runtime_api().channels(at, who, cursor, limit).map_err(Error::from)?;
		Ok(ChannelPage::new(self.named(at)?, rows, limit))
	}

	fn plan(&self, account: Account, at: Option<Hash>) -> RpcResult<Option<Plan>> {
		let (who, at) = (account.id()?, self.block(at)?);
		let info = self.client.runtime_api().plan(at, who.clone()).map_err(Error::from)?;
		let block = self.named(at)?;
		Ok(info.map(|info| Plan::new(block, &who, info)))
	}

	fn offer(&self, provider: AccountOrIndex, boost: Option<u16>, at: Option<Hash>) -> RpcResult<Offer> {
		let boost = boost.unwrap_or(LEAST_BOOST_PERCENT);
		if !(LEAST_BOOST_PERCENT..=MOST_BOOST_PERCENT).contains(&boost) {
			return Err(Error::NotABoost(boost).into());
		}
		let at = self.block(at)?;
		let who = self.registered(&provider, at)?.account;
		let info = self.client.runtime_api().offer(at, who.clone(), boost).map_err(Error::from)?;
		let info = info.ok_or_else(|| Error::UnknownProvider(who.to_string()))?;
		Ok(Offer::new(self.named(at)?, &who, info))
	}

	fn provider_earnings(&self, provider: AccountOrIndex, at: Option<Hash>) -> RpcResult<ProviderEarnings> {
		let at = self.block(at)?;
		let who = self.provider_account(&provider, at)?;
		let info = self.client.runtime_api().provider_earnings(at, who.clone()).map_err(Error::from)?;
		Ok(ProviderEarnings::new(self.named(at)?, &who, info))
	}

	fn discover(&self) -> RpcResult<&'static RawValue> {
		Ok(self.document)
	}

	async fn subscribe_verdicts(
		&self,
		pending: PendingSubscriptionSink,
		provider: Option<AccountOrIndex>,
		blocks: Option<Blocks>,
	) -> SubscriptionCloseResponse {
		self.subscribe(pending, provider, blocks, subscriptions::verdicts).await
	}

	async fn subscribe_outages(
		&self,
		pending: PendingSubscriptionSink,
		provider: Option<AccountOrIndex>,
		blocks: Option<Blocks>,
	) -> SubscriptionCloseResponse {
		self.subscribe(pending, provider, blocks, subscriptions::outages).await
	}
}
