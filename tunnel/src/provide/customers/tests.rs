//! A provider and a customer on loopback addresses: real control plane, real WireGuard, real disk; chain and Internet are
//! structs.

use crate::{
	chain::{
		fake::{keypair as key, provider, Bank, Fake},
		Account, Clock,
	},
	clock,
	control::{self, Control, Incoming},
	engine::{destination_of, source_of, Caps, Engine},
	metrics::Metrics,
	provide::{Bound, Outlet, Paid, Provider, Settings},
	store::Store,
};
use anyhow::Result;
use libp2p::{identity::Keypair, PeerId};
use std::{
	net::{IpAddr, Ipv4Addr, SocketAddr},
	path::Path,
	sync::Arc,
	time::Duration,
};
use tokio::sync::mpsc;
use weir_primitives::{
	channel::{ChannelId, SignedVoucher, Voucher, VoucherKey},
	economy::Credits,
};
use weir_tunnel_core::{
	session::{sign_join, sign_voucher},
	wire::{data, Join, Joined, Refusal, Request, Response, Service, Standing, Usage},
};

const GENESIS: [u8; 32] = [7; 32];
const PROVIDER: [u8; 32] = [2; 32];
/// A credit a byte.
const PRICE: u64 = 1_000_000_000;
const OUTSIDE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const WAIT: Duration = Duration::from_secs(10);

/// Sends every packet back to where it came from.
struct Echo(mpsc::Sender<Vec<u8>>);

impl Outlet for Echo {
	fn take(&mut self, packet: Vec<u8>) {
		let (source, destination) = (source_of(&packet).unwrap(), destination_of(&packet).unwrap());
		let _ = self.0.try_send(data::wrap(destination, source, &packet[28..]).unwrap());
	}

	fn forget(&mut self, _: Ipv4Addr) {}
}

fn echo(to_guests: mpsc::Sender<Vec<u8>>) -> Result<Box<dyn Outlet>> {
	Ok(Box::new(Echo(to_guests)))
}

/// What outlives a provider's process.
struct House {
	address: IpAddr,
	identity: Keypair,
	bank: Arc<Bank>,
	folder: tempfile::TempDir,
}

impl House {
	fn new(host: u8) -> Self {
		let bank = Arc::new(Bank::default());
		bank.books().epoch = 5;
		let (identity, folder) = (Keypair::generate_ed25519(), tempfile::tempdir().unwrap());
		Self { address: [127, 0, 61, host].into(), identity, bank, folder }
	}

	async fn provider(&self, metrics: &Arc<Metrics>, is_paid: bool) -> Provider {
		let settings = Settings {
			bind: self.address,
			port: 0,
			caps: Caps::default(),
			account: PROVIDER.into(),
			probe: key(2),
			identity: self.identity.clone(),
		};
		let chain = Arc::new(Fake::new([Clock { epoch: 5, slot: 0, first_slot: clock::now() / 1_000_000 }]));
		*chain.provider.lock().unwrap() = Some(provider(&self.identity.public().to_peer_id()));
		let paid = is_paid.then(|| Paid {
			payments: self.bank.clone(),
			claim: Account::of(subxt_signer::sr25519::dev::alice()),
			sessions: 4,
			month_gb: 0,
			hours: Default::default(),
			switch: Arc::new(crate::provide::Switch::open(self.folder.path())),
			exit: Box::new(|_, to_guests| echo(to_guests)),
		});
		let store = open(self.folder.path()).await;
		Bound::bind(settings).await.unwrap().serve(chain, store, metrics.clone(), paid)
	}
}

/// A process that was killed lets go of its files when its tasks are gone.
async fn open(folder: &Path) -> Arc<Store> {
	for _ in 0..100 {
		if let Ok(store) = Store::open(folder) {
			return Arc::new(store);
		}
		tokio::time::sleep(Duration::from_millis(50)).await;
	}
	panic!("the state is not let go of");
}

struct Customer {
	control: Control,
	_incoming: mpsc::Receiver<Incoming>,
	engine: Engine,
	packets: mpsc::Receiver<Vec<u8>>,
	provider: (PeerId, SocketAddr),
	channel: ChannelId,
	counted: Usage,
	address: Ipv4Addr,
}

impl Customer {
	async fn new(house: &House, provider: &Provider, channel: ChannelId) -> Self {
		let here = IpAddr::from([127, 0, 62, 1]);
		let (control, incoming) = control::connect(&Keypair::generate_ed25519(), here).unwrap();
		let (engine, packets) = Engine::start_guest(house.address, here).await.unwrap();
		let provider = (house.identity.public().to_peer_id(), (house.address, provider.port()).into());
		let (counted, address) = (Usage::default(), Ipv4Addr::UNSPECIFIED);
		Self { control, _incoming: incoming, engine, packets, provider, channel, counted, address }
	}

	async fn ask(&self, request: Request) -> Response {
		let (peer, address) = self.provider;
		self.control.ask(peer, Some(address), request).await.expect("an answer")
	}

	/// Joins with the key of this number, and opens the tunnel. A provider that has only started does not know the chain yet.
	async fn join(&mut self, n: u8) -> Joined {
		for _ in 0..50 {
			let (wireguard, at) = (self.engine.public(), clock::now());
			let join = Join { genesis: GENESIS, provider: PROVIDER, channel: self.channel, wireguard, at };
			let signature = sign_join(&key(n), &join);
			match self.ask(Request::Join { join, signature }).await {
				Response::Joined(joined) => {
					let there = SocketAddr::new(self.provider.1.ip(), joined.port);
					self.engine.add_peer_for_all(joined.wireguard, Some(there)).await.unwrap();
					self.address = joined.address.into();
					return joined;
				}
				Response::Refuse(Refusal::NotServing) => tokio::time::sleep(Duration::from_millis(200)).await,
				refused => panic!("{refused:?}"),
			}
		}
		panic!("not let in");
	}

	async fn pay(&self, voucher: Option<SignedVoucher>) -> Standing {
		let (channel, counted) = (self.channel, self.counted);
		match self.ask(Request::Pay { channel, voucher, counted }).await {
			Response::Standing(standing) => standing,
			refused => panic!("{refused:?}"),
		}
	}

	/// Sends packets and waits for each to come back, until one does not; how many did.
	async fn exchange(&mut self, most: usize) -> usize {
		for number in 0..most {
			let packet = data::wrap(self.address, OUTSIDE, &[1; 1_172]).unwrap();
			let length = packet.len() as u64;
			self.counted.up += length;
			self.engine.send_packet(packet);
			let wait = if number == 0 { WAIT } else { Duration::from_secs(1) };
			let Ok(Some(back)) = tokio::time::timeout(wait, self.packets.recv()).await else { return number };
			assert_eq!((source_of(&back), destination_of(&back)), (Some(OUTSIDE), Some(self.address)));
			self.counted.down += length;
		}
		most
	}
}

fn voucher(n: u8, channel: ChannelId, credits: u64, sequence: u64) -> SignedVoucher {
	let voucher = Voucher { channel, bytes_down: credits, bytes_up: 0, credits: credits.into(), sequence };
	sign_voucher(&key(n), &GENESIS, voucher)
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
	for _ in 0..200 {
		if is_so() {
			return;
		}
		tokio::time::sleep(Duration::from_millis(50)).await;
	}
	panic!("not within 10 s: {what}");
}

fn paid(house: &House, channel: ChannelId) -> Credits {
	house.bank.books().channels[&channel].paid
}

#[tokio::test(flavor = "multi_thread")]
async fn customer_should_join_pay_and_be_carried_and_the_provider_be_paid() {
	let (house, metrics) = (House::new(1), Arc::<Metrics>::default());
	let channel = house.bank.put(&PROVIDER.into(), VoucherKey::Sr25519(key(5).public()), PRICE, 1_000_000);
	let provider = house.provider(&metrics, true).await;
	let mut customer = Customer::new(&house, &provider, channel).await;
	let joined = customer.join(5).await;
	assert_eq!(
		(joined.gateway, joined.mtu, joined.standing.service),
		([100, 64, 0, 1], 1_280, Service::Full)
	);
	// Both ways of 27 packets are the greeting; of the next ones the first come at the throttled rate.
	assert!(customer.exchange(27).await == 27);
	let standing = customer.pay(Some(voucher(5, channel, 400_000, 1))).await;
	assert_eq!((standing.charged, standing.credits), (customer.counted, 400_000));
	assert_eq!(customer.exchange(120).await, 120);
	let standing = customer.pay(None).await;
	assert_eq!((standing.charged, standing.service), (customer.counted, Service::Full));
	assert_eq!(customer.counted.down, 147 * 1_200);
	until("the voucher is claimed", || paid(&house, channel) == 400_000).await;
	let last = voucher(5, channel, customer.counted.total(), 2);
	// Below what is paid already: it changes nothing.
	assert_eq!(customer.pay(Some(last)).await.credits, 400_000);
	assert_eq!(customer.ask(Request::Leave { channel }).await, Response::Noted);
	assert_eq!(customer.exchange(1).await, 0, "the tunnel is closed");
	let text = metrics.render();
	for row in [
		"weir_tunnel_paid_joins_total 1",
		"weir_tunnel_paid_sessions 0",
		"weir_tunnel_paid_down_bytes_total 176400",
		"weir_tunnel_vouchers_total 1",
		"weir_tunnel_credits_claimed_total 400000",
	] {
		assert!(text.lines().any(|line| line == row), "no {row} in {text}");
	}
	provider.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn vouchers_should_outlive_a_provider_that_is_killed_and_be_claimed_by_the_next() {
	let (house, metrics) = (House::new(2), Arc::<Metrics>::default());
	let channel = house.bank.put(&PROVIDER.into(), VoucherKey::Sr25519(key(5).public()), PRICE, 10_000_000);
	let provider = house.provider(&metrics, true).await;
	let mut customer = Customer::new(&house, &provider, channel).await;
	customer.join(5).await;
	assert_eq!(customer.exchange(10).await, 10);
	assert_eq!(customer.pay(Some(voucher(5, channel, 100_000, 1))).await.sequence, 1);
	assert_eq!(paid(&house, channel), 0, "a tenth is more");
	drop(provider);
	let provider = house.provider(&metrics, true).await;
	// It claims what it finds, however little.
	until("the voucher is claimed", || paid(&house, channel) == 100_000).await;
	let mut customer = Customer::new(&house, &provider, channel).await;
	let standing = customer.join(5).await.standing;
	assert_eq!((standing.credits, standing.sequence), (100_000, 1));
	// What was served before the last entry is known, and no more is asked for than was served.
	assert!(standing.charged.total() <= 24_000, "{:?}", standing.charged);
	// An orderly end claims the rest.
	let standing = customer.pay(Some(voucher(5, channel, 150_000, 2))).await;
	assert_eq!(standing.credits, 150_000);
	provider.stop().await;
	assert_eq!(paid(&house, channel), 150_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_should_be_told_that_they_are_not_served_when_nothing_claims_what_they_pay() {
	let (house, metrics) = (House::new(3), Arc::<Metrics>::default());
	let provider = house.provider(&metrics, false).await;
	let customer = Customer::new(&house, &provider, 1).await;
	let join = Join {
		genesis: GENESIS,
		provider: PROVIDER,
		channel: 1,
		wireguard: customer.engine.public(),
		at: clock::now(),
	};
	let signature = sign_join(&key(5), &join);
	let answer = customer.ask(Request::Join { join, signature }).await;
	assert_eq!(answer, Response::Refuse(Refusal::NotServing));
	provider.stop().await;
}
