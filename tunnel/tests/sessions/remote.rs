//! The chain of the tests as several processes see it: served over TCP by the process that has it. It can be down, and it can
//! answer as a runtime that was upgraded.

use super::{
	chain::{LabChain, GENESIS},
	lab::Lab,
};
use async_trait::async_trait;
use codec::{Decode, Encode};
use std::{
	collections::BTreeMap,
	net::SocketAddr,
	sync::{Arc, Mutex},
	time::Duration,
};
use subxt_signer::sr25519::Keypair as Signer;
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::{TcpListener, TcpStream},
	sync::{broadcast, watch},
	task::JoinHandle,
};
use weir_primitives::{
	api::{EvidenceInfo, Page, ProviderInfo, RegionFilter, SeatInfo, TargetTest, Task},
	chain::{AccountId, Balance},
	channel::{ChannelId, SignedVoucher, VoucherKey, VoucherRefusal},
	channels_api::{AccountChannel, ChannelInfo, OfferInfo, ProviderEarnings},
	economy::Credits,
	economy_api::CreditsInfo,
	outage::{Sighting, Watch},
	report::Entry,
	Endpoint, EpochIndex, ProviderIndex, Timing,
};
use weir_tunnel::chain::{
	Account, ChainError, ChainView, Clock, Directory, Ended, Handed, Opening, Payments,
};
use weir_tunnel_core::wire::Bilateral;

/// What the chain does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mood {
	/// It answers.
	Up,
	/// Nobody answers.
	Down,
	/// It answers what this version does not understand.
	Upgraded,
}

#[derive(Encode, Decode)]
enum Question {
	Clock,
	Providers,
	Channel(ChannelId),
	Channels(AccountId, Option<ChannelId>),
	Offer(AccountId, u16),
	Credits(AccountId),
	Open(AccountId, Wish),
	Claim(AccountId, Vec<SignedVoucher>),
}

/// An [`Opening`] that can be read.
#[derive(Encode, Decode)]
struct Wish {
	provider: AccountId,
	credits: Credits,
	voucher_key: VoucherKey,
	expiry: EpochIndex,
	boost: u16,
	terms_hash: [u8; 32],
	from_plan: bool,
}

type Paid = Result<(Credits, Credits, Credits), VoucherRefusal>;

/// A chain that others reach.
pub(crate) struct ChainServer {
	pub(crate) chain: Arc<LabChain>,
	address: SocketAddr,
	mood: Arc<Mutex<Mood>>,
	/// Registered instead of where the provider is: a line that lies before it.
	endpoints: Arc<Mutex<BTreeMap<AccountId, Endpoint>>>,
	task: JoinHandle<()>,
}

impl Drop for ChainServer {
	fn drop(&mut self) {
		self.task.abort();
	}
}

impl ChainServer {
	pub(crate) async fn of(labs: &[&Lab]) -> Self {
		Self::start(Arc::new(LabChain::of(labs))).await
	}

	async fn start(chain: Arc<LabChain>) -> Self {
		let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
		let address = listener.local_addr().unwrap();
		let mood = Arc::new(Mutex::new(Mood::Up));
		let endpoints = Arc::<Mutex<BTreeMap<AccountId, Endpoint>>>::default();
		let (shared, feels, moved) = (chain.clone(), mood.clone(), endpoints.clone());
		let task = tokio::spawn(async move {
			loop {
				let (stream, _) = listener.accept().await.unwrap();
				let mood = *feels.lock().unwrap();
				tokio::spawn(serve(stream, shared.clone(), mood, moved.clone()));
			}
		});
		Self { chain, address, mood, endpoints, task }
	}

	pub(crate) fn address(&self) -> SocketAddr {
		self.address
	}

	pub(crate) fn feel(&self, mood: Mood) {
		*self.mood.lock().unwrap() = mood;
	}

	pub(crate) fn register(&self, provider: AccountId, endpoint: Endpoint) {
		self.endpoints.lock().unwrap().insert(provider, endpoint);
	}

	/// As a process sees it.
	pub(crate) fn remote(&self) -> Arc<RemoteChain> {
		Arc::new(RemoteChain::new(self.address))
	}
}

async fn serve(
	mut stream: TcpStream,
	chain: Arc<LabChain>,
	mood: Mood,
	endpoints: Arc<Mutex<BTreeMap<AccountId, Endpoint>>>,
) {
	if mood == Mood::Down {
		return;
	}
	let Ok(length) = stream.read_u32().await else { return };
	let mut bytes = vec![0; length as usize];
	if stream.read_exact(&mut bytes).await.is_err() {
		return;
	}
	let answer = match mood {
		Mood::Upgraded => vec![0xff; 3],
		_ => answer(&chain, Question::decode(&mut &bytes[..]).unwrap(), &endpoints).await,
	};
	// Whoever asked may be dead.
	let _ = stream.write_u32(answer.len() as u32).await;
	let _ = stream.write_all(&answer).await;
}

async fn answer(
	chain: &LabChain,
	question: Question,
	endpoints: &Mutex<BTreeMap<AccountId, Endpoint>>,
) -> Vec<u8> {
	match question {
		Question::Clock => {
			let clock = chain.clock().await.unwrap();
			(clock.epoch, clock.slot, clock.first_slot).encode()
		}
		Question::Providers => {
			let mut rows = chain.page(0, RegionFilter::default()).await.unwrap().rows;
			for row in &mut rows {
				if let Some(endpoint) = endpoints.lock().unwrap().get(&row.account) {
					row.endpoint = *endpoint;
				}
			}
			rows.encode()
		}
		Question::Channel(channel) => chain.channel_info(channel).encode(),
		Question::Channels(who, after) => Payments::channels(chain, &who, after).await.unwrap().encode(),
		Question::Offer(provider, boost) => chain.offer(&provider, boost).await.unwrap().encode(),
		Question::Credits(who) => chain.credits(&who).await.unwrap().encode(),
		Question::Open(by, wish) => {
			let Wish { provider, credits, voucher_key, expiry, boost, terms_hash, from_plan } = wish;
			let opening = Opening { provider, credits, voucher_key, expiry, boost, terms_hash, from_plan };
			chain.open_for(&by, &opening).encode()
		}
		Question::Claim(provider, vouchers) => {
			let anybody = Account::of(Signer::from_secret_key([9; 32]).unwrap());
			let handed = chain.claim(&anybody, &provider, &vouchers).await.unwrap();
			let paid = handed.into_iter().map(|handed| -> Paid {
				match handed {
					Handed::Paid { credits, paid, left } => Ok((credits, paid, left)),
					Handed::Refused(refusal) => Err(refusal),
				}
			});
			paid.collect::<Vec<_>>().encode()
		}
	}
}

/// The chain, asked over TCP.
pub(crate) struct RemoteChain {
	address: SocketAddr,
	heads: watch::Sender<u64>,
	blocks: broadcast::Sender<[u8; 32]>,
	task: JoinHandle<()>,
}

impl Drop for RemoteChain {
	fn drop(&mut self) {
		self.task.abort();
	}
}

impl RemoteChain {
	pub(crate) fn new(address: SocketAddr) -> Self {
		let heads = watch::channel(0).0;
		let news = heads.clone();
		let task = tokio::spawn(async move {
			loop {
				tokio::time::sleep(Duration::from_millis(500)).await;
				news.send_modify(|head| *head += 1);
			}
		});
		Self { address, heads, blocks: broadcast::channel(8).0, task }
	}

	async fn ask<T: Decode>(&self, question: Question) -> Result<T, ChainError> {
		let question = question.encode();
		let exchange = async {
			let mut stream = TcpStream::connect(self.address).await?;
			stream.write_u32(question.len() as u32).await?;
			stream.write_all(&question).await?;
			let mut answer = vec![0; stream.read_u32().await? as usize];
			stream.read_exact(&mut answer).await?;
			Ok::<_, std::io::Error>(answer)
		};
		match tokio::time::timeout(Duration::from_secs(10), exchange).await {
			Ok(Ok(answer)) => T::decode(&mut &answer[..]).map_err(|_| ChainError::Incompatible("answer")),
			_ => Err(ChainError::Offline),
		}
	}
}

#[async_trait]
impl Directory for RemoteChain {
	async fn page(
		&self,
		start: ProviderIndex,
		regions: RegionFilter,
	) -> Result<Page<ProviderInfo<AccountId, Balance>>, ChainError> {
		let mut rows: Vec<ProviderInfo<AccountId, Balance>> = self.ask(Question::Providers).await?;
		rows.retain(|one| one.index >= start && regions.admits(&one.region));
		Ok(Page { rows, next: None })
	}
}

#[async_trait]
impl Payments for RemoteChain {
	async fn epoch(&self) -> Result<EpochIndex, ChainError> {
		Ok(self.clock().await?.epoch)
	}

	async fn channel(&self, channel: ChannelId) -> Result<Option<ChannelInfo<AccountId>>, ChainError> {
		self.ask(Question::Channel(channel)).await
	}

	async fn channels(
		&self,
		who: &AccountId,
		after: Option<ChannelId>,
	) -> Result<Vec<AccountChannel<AccountId>>, ChainError> {
		self.ask(Question::Channels(who.clone(), after)).await
	}

	async fn offer(&self, provider: &AccountId, boost: u16) -> Result<Option<OfferInfo>, ChainError> {
		self.ask(Question::Offer(provider.clone(), boost)).await
	}

	async fn earnings(&self, _: &AccountId) -> Result<ProviderEarnings, ChainError> {
		Err(ChainError::Offline)
	}

	async fn credits(&self, who: &AccountId) -> Result<CreditsInfo, ChainError> {
		self.ask(Question::Credits(who.clone())).await
	}

	async fn open(&self, by: &Account, opening: &Opening) -> Result<ChannelId, ChainError> {
		let Opening { provider, credits, voucher_key, expiry, boost, terms_hash, from_plan } =
			opening.clone();
		let wish = Wish { provider, credits, voucher_key, expiry, boost, terms_hash, from_plan };
		self.ask(Question::Open(by.id().clone(), wish)).await
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
		let paid: Vec<Paid> = self.ask(Question::Claim(provider.clone(), vouchers.to_vec())).await?;
		let handed = |paid: Paid| match paid {
			Ok((credits, paid, left)) => Handed::Paid { credits, paid, left },
			Err(refusal) => Handed::Refused(refusal),
		};
		Ok(paid.into_iter().map(handed).collect())
	}
}

#[async_trait]
impl ChainView for RemoteChain {
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
		Ok(Timing { slot_millis: 1_000, ..Timing::local() })
	}

	async fn clock(&self) -> Result<Clock, ChainError> {
		let (epoch, slot, first_slot) = self.ask(Question::Clock).await?;
		Ok(Clock { epoch, slot, first_slot })
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
		let rows: Vec<ProviderInfo<AccountId, Balance>> = self.ask(Question::Providers).await?;
		Ok(rows.into_iter().find(|row| row.account == *node))
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
