//! The chain of the tests: providers, a clock, and channels by the chain's rules. What is said at once is final.

use super::lab::Lab;
use async_trait::async_trait;
use codec::{Decode, Encode};
use std::{
	collections::BTreeMap,
	ops::{Deref, DerefMut},
	path::{Path, PathBuf},
	sync::{Mutex, MutexGuard},
};
use tokio::sync::{broadcast, watch};
use weir_math::economy::channel::{charge, closes_from, Funds};
use weir_primitives::{
	api::{
		EvidenceInfo, Outcome, Page, ProviderInfo, Reason, RegionFilter, SeatInfo, TargetTest, Task,
		TestKind, VerdictRecord,
	},
	chain::{AccountId, Balance},
	channel::{ChannelId, SignedVoucher, VoucherRefusal},
	channels_api::{
		AccountChannel, ChannelInfo, ChannelState, OfferInfo, ProviderChannels, ProviderEarnings,
	},
	economy::Credits,
	economy_api::{CreditsInfo, Earned},
	outage::{Sighting, Watch},
	report::Entry,
	Admission, Caps, Claim, Endpoint, EpochIndex, ExitClass, LineKind, ProviderIndex, Region, Timing,
};
use weir_tunnel::{
	chain::{Account, ChainError, ChainView, Clock, Directory, Ended, Handed, Opening, Payments},
	clock,
};
use weir_tunnel_core::wire::Bilateral;

pub(crate) const GENESIS: [u8; 32] = [7; 32];
pub(crate) const PRICE: u64 = 50_000;
pub(crate) const DEPOSIT: Credits = 500_000;
const EPOCH: EpochIndex = 5;

type Channels = BTreeMap<ChannelId, ChannelInfo<AccountId>>;

/// The channels; changed, they are on the shelf as well.
struct Books<'a> {
	channels: MutexGuard<'a, Channels>,
	shelf: Option<&'a Path>,
}

impl Deref for Books<'_> {
	type Target = Channels;

	fn deref(&self) -> &Channels {
		&self.channels
	}
}

impl DerefMut for Books<'_> {
	fn deref_mut(&mut self) -> &mut Channels {
		&mut self.channels
	}
}

impl Drop for Books<'_> {
	fn drop(&mut self) {
		if let Some(shelf) = self.shelf {
			let (draft, bytes) =
				(shelf.with_extension(std::process::id().to_string()), self.channels.encode());
			if std::fs::read(shelf).ok().as_ref() != Some(&bytes) {
				std::fs::write(&draft, bytes).unwrap();
				std::fs::rename(draft, shelf).unwrap();
			}
		}
	}
}

pub(crate) struct LabChain {
	providers: Vec<ProviderInfo<AccountId, Balance>>,
	timing: Timing,
	first_slot: u64,
	channels: Mutex<Channels>,
	heads: watch::Sender<u64>,
	blocks: broadcast::Sender<[u8; 32]>,
	/// Of processes that share the channels: a file of them.
	shelf: Option<PathBuf>,
	_blocks: tokio::task::JoinHandle<()>,
}

impl Drop for LabChain {
	fn drop(&mut self) {
		self._blocks.abort();
	}
}

impl LabChain {
	pub(crate) fn new(lab: &Lab) -> Self {
		Self::of(&[lab])
	}

	/// With the provider of each.
	pub(crate) fn of(labs: &[&Lab]) -> Self {
		let heads = watch::channel(0).0;
		let news = heads.clone();
		let blocks = tokio::spawn(async move {
			loop {
				tokio::time::sleep(std::time::Duration::from_millis(500)).await;
				news.send_modify(|head| *head += 1);
			}
		});
		Self {
			providers: (3..).zip(labs).map(|(index, lab)| provider(index, lab)).collect(),
			timing: Timing { slot_millis: 1_000, ..Timing::local() },
			first_slot: clock::now() / 1_000_000,
			channels: Mutex::default(),
			heads,
			blocks: broadcast::channel(8).0,
			shelf: None,
			_blocks: blocks,
		}
	}

	/// With the channels in a file, for several processes.
	#[allow(dead_code, reason = "not every binary of tests has several processes")]
	pub(crate) fn kept_in(mut self, shelf: PathBuf) -> Self {
		self.shelf = Some(shelf);
		self
	}

	fn books(&self) -> Books<'_> {
		let mut channels = self.channels.lock().unwrap();
		if let Some(bytes) = self.shelf.as_ref().and_then(|shelf| std::fs::read(shelf).ok()) {
			*channels = Channels::decode(&mut &bytes[..]).unwrap();
		}
		Books { channels, shelf: self.shelf.as_deref() }
	}

	/// How many channels there are.
	pub(crate) fn channels(&self) -> usize {
		self.books().len()
	}

	/// Credits that all of them have paid.
	pub(crate) fn paid(&self) -> Credits {
		self.books().values().map(|channel| channel.paid).sum()
	}

	/// Credits that those to one provider have paid.
	pub(crate) fn paid_to(&self, provider: &AccountId) -> Credits {
		let books = self.books();
		let to = books.values().filter(|channel| channel.provider == *provider);
		to.map(|channel| channel.paid).sum()
	}

	/// A channel as it is now.
	pub(crate) fn channel_info(&self, channel: ChannelId) -> Option<ChannelInfo<AccountId>> {
		self.books().get(&channel).cloned()
	}

	/// Opens a channel that `payer` pays.
	pub(crate) fn open_for(&self, payer: &AccountId, opening: &Opening) -> ChannelId {
		let mut books = self.books();
		let id = books.last_key_value().map_or(1, |(last, _)| last + 1);
		let channel = ChannelInfo {
			id,
			state: ChannelState::Open,
			payer: payer.clone(),
			customer: payer.clone(),
			provider: opening.provider.clone(),
			voucher_key: opening.voucher_key,
			price: PRICE,
			boost: opening.boost,
			terms_hash: opening.terms_hash,
			region: self.registered(&opening.provider).unwrap().region,
			from_plan: opening.from_plan,
			deposited: opening.credits,
			paid: 0,
			left: opening.credits,
			expiry: opening.expiry,
			closes_from: closes_from(opening.expiry),
			bytes_down: 0,
			bytes_up: 0,
			sequence: 0,
		};
		books.insert(id, channel);
		id
	}

	fn registered(&self, account: &AccountId) -> Option<&ProviderInfo<AccountId, Balance>> {
		self.providers.iter().find(|provider| provider.account == *account)
	}

	fn hand_in(&self, provider: &AccountId, signed: &SignedVoucher) -> Result<Handed, VoucherRefusal> {
		let voucher = signed.voucher;
		let mut books = self.books();
		let channel = books.get_mut(&voucher.channel).ok_or(VoucherRefusal::UnknownChannel)?;
		if channel.provider != *provider {
			return Err(VoucherRefusal::WrongProvider);
		}
		if !signed.verify(&GENESIS, &channel.voucher_key) {
			return Err(VoucherRefusal::BadSignature);
		}
		let most = charge(voucher.bytes_down, voucher.bytes_up, channel.price).unwrap();
		let funds = Funds { deposited: channel.deposited, paid: channel.paid };
		let credits = funds.claim(voucher.credits, most)?;
		(channel.paid, channel.left) = (channel.paid + credits, channel.left - credits);
		Ok(Handed::Paid { credits, paid: channel.paid, left: channel.left })
	}
}

/// Admitted, measured, and with an exit that is open.
fn provider(index: ProviderIndex, lab: &Lab) -> ProviderInfo<AccountId, Balance> {
	let claim = Claim { down_kbps: 100_000, up_kbps: 100_000 };
	let verdict = VerdictRecord {
		epoch: EPOCH - 1,
		kind: TestKind::Scheduled,
		claim,
		down_kbps: 100_000,
		up_kbps: 100_000,
		ratio_ppm: 1_000_000,
		members: 9,
		present: 9,
		rtt_10us: 100,
		loss_pptt: 0,
		alive_parts: 40,
		outcome: Outcome::Good,
		reason: Reason::WithinClaim,
	};
	ProviderInfo {
		index,
		account: lab.provider_account(),
		claim,
		endpoint: lab.endpoint(),
		peer_id: lab.peer_id(),
		region: Region { country: lab.country(), kind: LineKind::Residential },
		exit: ExitClass::Open,
		price_credits_per_gb: PRICE,
		caps: Caps { rate_kbps: 0, gb_per_month: 0, sessions: 0 },
		probe_key: None,
		admission: Admission::Admitted { since: 1 },
		paused: false,
		in_service: true,
		next_claim: None,
		next_probe_key: None,
		next_admission: None,
		next_paused: None,
		bond: 1,
		bond_sufficient: true,
		strikes: 0,
		last_verdict: Some(verdict),
		past_verdicts: vec![],
		location: Default::default(),
		operator: None,
	}
}

#[async_trait]
impl Directory for LabChain {
	async fn page(
		&self,
		start: ProviderIndex,
		regions: RegionFilter,
	) -> Result<Page<ProviderInfo<AccountId, Balance>>, ChainError> {
		let those = self.providers.iter().filter(|one| one.index >= start && regions.admits(&one.region));
		Ok(Page { rows: those.cloned().collect(), next: None })
	}
}

#[async_trait]
impl Payments for LabChain {
	async fn epoch(&self) -> Result<EpochIndex, ChainError> {
		Ok(EPOCH)
	}

	async fn channel(&self, channel: ChannelId) -> Result<Option<ChannelInfo<AccountId>>, ChainError> {
		Ok(self.books().get(&channel).cloned())
	}

	async fn channels(
		&self,
		who: &AccountId,
		after: Option<ChannelId>,
	) -> Result<Vec<AccountChannel<AccountId>>, ChainError> {
		let rows = self
			.books()
			.values()
			.filter(|channel| after.is_none_or(|after| channel.id > after))
			.cloned()
			.collect::<Vec<_>>();
		let rows = rows.into_iter().map(|channel| AccountChannel {
			pays: channel.payer == *who,
			uses: channel.customer == *who,
			provides: channel.provider == *who,
			channel,
		});
		Ok(rows.filter(|row| row.pays || row.uses || row.provides).collect())
	}

	async fn offer(&self, provider: &AccountId, boost: u16) -> Result<Option<OfferInfo>, ChainError> {
		Ok(self.registered(provider).map(|provider| OfferInfo {
			price: PRICE,
			boost,
			boosted_price: Some(PRICE),
			terms_hash: [5; 32],
			region: provider.region,
			probe_key: None,
			in_service: true,
			least_credits: 10_000,
			epoch: EPOCH,
			latest_expiry: EPOCH + 360,
		}))
	}

	async fn earnings(&self, _: &AccountId) -> Result<ProviderEarnings, ChainError> {
		let channels = ProviderChannels { open: 0, ending: 0, left: 0, first_close: None, all_counted: true };
		let fees = Earned { pending: 0, paid: 0 };
		Ok(ProviderEarnings { epoch: EPOCH, fees, fee_epochs: vec![], channels })
	}

	async fn credits(&self, _: &AccountId) -> Result<CreditsInfo, ChainError> {
		Ok(CreditsInfo { free: 1_000_000, locked: 0, last_used: None, sweep: None, requests: vec![] })
	}

	async fn open(&self, by: &Account, opening: &Opening) -> Result<ChannelId, ChainError> {
		Ok(self.open_for(by.id(), opening))
	}

	async fn top_up(&self, _: &Account, _: ChannelId, _: Credits) -> Result<Credits, ChainError> {
		Err(ChainError::Offline)
	}

	async fn close(&self, _: &Account, _: ChannelId, _: Option<&SignedVoucher>) -> Result<Ended, ChainError> {
		Err(ChainError::Offline)
	}

	async fn claim(
		&self,
		_: &Account,
		provider: &AccountId,
		vouchers: &[SignedVoucher],
	) -> Result<Vec<Handed>, ChainError> {
		let handed = |signed| self.hand_in(provider, signed).unwrap_or_else(Handed::Refused);
		Ok(vouchers.iter().map(handed).collect())
	}
}

#[async_trait]
impl ChainView for LabChain {
	fn genesis(&self) -> [u8; 32] {
		GENESIS
	}

	fn heads(&self) -> watch::Receiver<u64> {
		self.heads.subscribe()
	}

	fn blocks(&self) -> broadcast::Receiver<[u8; 32]> {
		self.blocks.subscribe()
	}

	fn finalised(&self) -> watch::Receiver<u64> {
		self.heads.subscribe()
	}

	async fn timing(&self) -> Result<Timing, ChainError> {
		Ok(self.timing)
	}

	async fn clock(&self) -> Result<Clock, ChainError> {
		Ok(Clock { epoch: EPOCH, slot: 1, first_slot: self.first_slot })
	}

	async fn tasks(&self, _: &AccountId) -> Result<Vec<Task<AccountId>>, ChainError> {
		Ok(vec![])
	}

	async fn target_test(
		&self,
		_: &AccountId,
		_: Option<[u8; 32]>,
	) -> Result<Option<TargetTest<AccountId>>, ChainError> {
		Ok(None)
	}

	async fn seat(&self, _: &AccountId) -> Result<Option<SeatInfo<AccountId>>, ChainError> {
		Ok(None)
	}

	async fn provider(
		&self,
		node: &AccountId,
	) -> Result<Option<ProviderInfo<AccountId, Balance>>, ChainError> {
		let mut found = self.registered(node).cloned();
		// A provider of another process may have moved.
		let moved =
			self.shelf.as_ref().and_then(|shelf| std::fs::read_to_string(shelf.with_file_name("moved")).ok());
		if let (Some(provider), Some(address)) = (&mut found, moved) {
			let addr = address.parse::<std::net::Ipv4Addr>().unwrap().octets();
			provider.endpoint = Endpoint::V4 { addr, port: provider.endpoint.port().unwrap() };
		}
		Ok(found)
	}

	async fn report_state(&self, _: EpochIndex, _: &AccountId) -> Result<(bool, bool), ChainError> {
		Ok((false, false))
	}

	async fn audited(&self, _: EpochIndex, _: &AccountId) -> Result<Vec<u32>, ChainError> {
		Ok(vec![])
	}

	async fn evidence(&self, _: &AccountId) -> Result<Vec<EvidenceInfo<AccountId>>, ChainError> {
		Ok(vec![])
	}

	async fn watch(&self, _: &AccountId) -> Result<Watch<AccountId>, ChainError> {
		Err(ChainError::Offline)
	}

	async fn say(&self, _: u32, _: &AccountId, _: Sighting, _: [u8; 64]) -> Result<(), ChainError> {
		Err(ChainError::Offline)
	}

	async fn answer_audit(
		&self,
		_: EpochIndex,
		_: &AccountId,
		_: &[Entry],
		_: [u8; 32],
		_: &[Bilateral],
	) -> Result<(), ChainError> {
		Err(ChainError::Offline)
	}

	async fn dispute(&self, _: u32, _: EpochIndex, _: &[Bilateral]) -> Result<(), ChainError> {
		Err(ChainError::Offline)
	}

	async fn assignment(&self, _: EpochIndex, _: u32) -> Result<Vec<AccountId>, ChainError> {
		Ok(vec![])
	}

	async fn commit(&self, _: EpochIndex, _: &AccountId, _: [u8; 32], _: [u8; 64]) -> Result<(), ChainError> {
		Err(ChainError::Offline)
	}

	async fn reveal(&self, _: EpochIndex, _: &AccountId, _: &[Entry], _: [u8; 32]) -> Result<(), ChainError> {
		Err(ChainError::Offline)
	}
}
