mod reaching;

use super::*;
use crate::{
	chain::{
		fake::{provider, Bank, Fake},
		Clock, Payments,
	},
	provide::{doors::GRACE, month::month_of},
	store::{tests::on_disk_that_fills, Store},
	tasks::Task,
};
use libp2p::identity::Keypair;
use std::sync::{
	atomic::{AtomicBool, Ordering},
	Mutex,
};
use weir_primitives::{
	channel::{Voucher, VoucherKey},
	channels_api::ChannelState,
	economy::Credits,
};
use weir_tunnel_core::{
	keys::ProbeKeypair,
	session::{sign_join, sign_voucher, GREETING_BYTES},
	wire::{data, Disguise, Standing},
};

const GENESIS: [u8; 32] = [7; 32];
const PROVIDER: [u8; 32] = [2; 32];
const DISGUISE: Disguise = Disguise { key: [3; 32], first_port: 7, ports: 1 };
/// A credit a byte.
const PRICE: u64 = 1_000_000_000;
const MUCH: Credits = 100_000_000;
const SECOND: Micros = 1_000_000;
const OUTSIDE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

fn key(n: u8) -> ProbeKeypair {
	ProbeKeypair::from_seed(&[n; 32]).unwrap()
}

/// Packets that came to the outlet, and whom it was told to forget.
type Heard = (Vec<Vec<u8>>, Vec<Ipv4Addr>);
/// Keys that the device knows, and their inner addresses.
type Peers = Arc<Mutex<Vec<([u8; 32], Ipv4Addr)>>>;

/// What comes to the outlet.
#[derive(Clone, Default)]
struct Outside(Arc<Mutex<Heard>>);

impl Outlet for Outside {
	fn take(&mut self, packet: Vec<u8>) {
		self.0.lock().unwrap().0.push(packet);
	}

	fn forget(&mut self, guest: Ipv4Addr) {
		self.0.lock().unwrap().1.push(guest);
	}
}

/// The task's state without its loop: a test says when what happens.
struct Desk {
	guests: Guests,
	bank: Arc<Bank>,
	store: Arc<Store>,
	is_full: Arc<AtomicBool>,
	outside: Outside,
	device: Peers,
	engine: crate::engine::Engine,
	_folder: tempfile::TempDir,
	_tasks: [Task; 2],
}

/// Of every registered provider.
fn identity() -> Keypair {
	Keypair::ed25519_from_bytes([5; 32]).unwrap()
}

/// Does what a device would.
async fn keep_peers(mut changes: mpsc::Receiver<PeerChange>, peers: Peers) {
	while let Some(change) = changes.recv().await {
		let mut peers = peers.lock().unwrap();
		match change {
			PeerChange::Add { wireguard, address, done } => {
				peers.push((wireguard, address));
				let _ = done.send(true);
			}
			PeerChange::Find { done, .. } => drop(done.send(None)),
			PeerChange::Remove { wireguard } => peers.retain(|(known, _)| *known != wireguard),
		}
	}
}

impl Desk {
	/// For `sessions` at once and a cap of `month_gb`.
	async fn open(sessions: usize, month_gb: u64) -> Self {
		let is_full = Arc::new(AtomicBool::new(false));
		let store = Arc::new(on_disk_that_fills(is_full.clone()));
		let bank = Arc::new(Bank::default());
		bank.books().epoch = 5;
		let chain = Arc::new(Fake::new([Clock { epoch: 5, slot: 0, first_slot: clock::now() / SECOND }]));
		*chain.provider.lock().unwrap() = Some(provider(&identity().public().to_peer_id()));
		let facts = Arc::new(Facts::new(chain, bank.clone() as Arc<dyn Payments>, PROVIDER.into()));
		let mut heard = facts.changed();
		let follow = Task::spawn("facts", facts.clone().follow(watch::channel(None).1));
		tokio::time::timeout(Duration::from_secs(5), heard.changed()).await.unwrap().unwrap();
		let (peers, changes) = mpsc::channel(8);
		let (device, outside) = (Peers::default(), Outside::default());
		let folder = tempfile::tempdir().unwrap();
		let keeper = Task::spawn("device", keep_peers(changes, device.clone()));
		let (engine, _) =
			crate::engine::Engine::start([127, 0, 60, 1].into(), 0, Default::default()).await.unwrap();
		let exit = outside.clone();
		let guests = Guests::new(Parts {
			config: Config {
				genesis: GENESIS,
				account: PROVIDER,
				wireguard: [1; 32],
				port: 7,
				disguise: DISGUISE,
				sessions,
			},
			facts,
			writer: Writer::start(store.clone()),
			owed: Arc::default(),
			metrics: Arc::default(),
			peers,
			to_guests: engine.packet_sender(),
			to_outlet: mpsc::channel(16).0,
			behind: crate::nat::Behind::new(engine.side(), [127, 0, 60, 1].into(), mpsc::channel(1).0),
			open_outlet: Box::new(move |_| Ok(Box::new(exit.clone()))),
			kept: HashMap::new(),
			month: Month::new(month_of(clock::now()), 0, month_gb),
			hours: Default::default(),
			switch: Arc::new(Switch::open(folder.path())),
		});
		let mut desk = Self {
			guests,
			bank,
			store,
			is_full,
			outside,
			device,
			engine,
			_folder: folder,
			_tasks: [follow, keeper],
		};
		desk.guests.review(clock::now());
		desk
	}

	/// A channel whose vouchers the key of this number signs.
	fn channel(&self, n: u8, credits: Credits) -> ChannelId {
		self.bank.put(&PROVIDER.into(), VoucherKey::Sr25519(key(n).public()), PRICE, credits)
	}

	/// Asks, and does what follows; none without an answer.
	async fn ask(&mut self, peer: PeerId, request: Request) -> Option<Response> {
		let (reply, answer) = oneshot::channel();
		self.guests.take(Incoming { peer, source: [127, 0, 0, 1].into(), request, reply });
		self.settle().await;
		answer.await.ok()
	}

	/// Waits for disk, chain and device.
	async fn settle(&mut self) {
		let all = async {
			while let Some((channel, done)) = self.guests.jobs.next().await {
				self.guests.conclude(channel, done);
			}
		};
		tokio::time::timeout(Duration::from_secs(10), all).await.expect("all is done in time");
	}

	async fn join_as(&mut self, peer: PeerId, join: Join, n: u8) -> Response {
		let signature = sign_join(&key(n), &join);
		self.ask(peer, Request::Join { join, signature }).await.unwrap()
	}

	/// Joins with the key of this number; the inner address.
	async fn join(&mut self, peer: PeerId, channel: ChannelId, n: u8) -> Ipv4Addr {
		match self.join_as(peer, join(channel, n), n).await {
			Response::Joined(joined) => joined.address.into(),
			refused => panic!("{refused:?}"),
		}
	}

	async fn pay(&mut self, peer: PeerId, channel: ChannelId, voucher: Option<SignedVoucher>) -> Response {
		let counted = self.guests.session(channel).map_or_else(Usage::default, |it| it.earner.served());
		self.ask(peer, Request::Pay { channel, voucher, counted }).await.unwrap()
	}

	/// Carries packets of a customer until one does not pass; bytes that did.
	fn carry(&mut self, now: Micros, address: Ipv4Addr, most: u64) -> u64 {
		let mut bytes = 0;
		while bytes < most {
			let packet = packet(address, OUTSIDE);
			let length = packet.len() as u64;
			let before = self.outside.0.lock().unwrap().0.len();
			self.guests.carry_up(now, packet);
			if self.outside.0.lock().unwrap().0.len() == before {
				break;
			}
			bytes += length;
		}
		bytes
	}

	fn peers(&self) -> Vec<Ipv4Addr> {
		self.device.lock().unwrap().iter().map(|(_, address)| *address).collect()
	}
}

fn packet(source: Ipv4Addr, destination: Ipv4Addr) -> Vec<u8> {
	data::wrap(source, destination, &[0; 1_172]).unwrap()
}

fn join(channel: ChannelId, n: u8) -> Join {
	Join { genesis: GENESIS, provider: PROVIDER, channel, wireguard: [100 + n; 32], at: clock::now() }
}

fn voucher(n: u8, channel: ChannelId, credits: u64, sequence: u64) -> SignedVoucher {
	let voucher = Voucher { channel, bytes_down: credits, bytes_up: 0, credits: credits.into(), sequence };
	sign_voucher(&key(n), &GENESIS, voucher)
}

fn standing(response: &Response) -> &Standing {
	match response {
		Response::Standing(standing) => standing,
		other => panic!("{other:?}"),
	}
}

#[tokio::test]
async fn customer_should_be_served_as_far_as_it_has_paid() {
	let mut desk = Desk::open(4, 0).await;
	let (peer, channel) = (PeerId::random(), desk.channel(1, MUCH));
	let address = desk.join(peer, channel, 1).await;
	assert!(crate::engine::is_guest(address) && desk.peers() == [address]);
	let now = clock::now();
	let greeted = desk.carry(now, address, 1 << 20);
	assert!(greeted > GREETING_BYTES - 1_200 && greeted < GREETING_BYTES + 20_000, "{greeted}");
	let answer = desk.pay(peer, channel, Some(voucher(1, channel, 1_000_000, 1))).await;
	assert_eq!((standing(&answer).credits, standing(&answer).sequence), (1_000_000, 1));
	assert_eq!(standing(&answer).charged, Usage { down: 0, up: greeted });
	let paid = desk.carry(clock::now(), address, 1_000_000 - greeted - 2_400);
	assert!(greeted + paid > 990_000, "{paid}");
	// Nobody else's packets pass, with whatever address.
	assert_eq!(desk.carry(clock::now(), Ipv4Addr::new(100, 96, 9, 9), 10_000), 0);
	assert_eq!(desk.store.kept().unwrap()[&channel].record.voucher, Some(voucher_of(&desk, channel)));
	let metrics = &desk.guests.parts.metrics;
	assert_eq!((metrics.vouchers.get(), metrics.paid_joins.get()), (1, 1));
	assert_eq!(metrics.paid_up.get(), greeted + paid);
	// What is for it is counted as well, and for an address that nobody has not.
	let before = desk.guests.session(channel).unwrap().earner.served().down;
	desk.guests.carry_down(clock::now(), packet(OUTSIDE, address));
	desk.guests.carry_down(clock::now(), packet(OUTSIDE, Ipv4Addr::new(100, 96, 9, 9)));
	assert_eq!(desk.guests.session(channel).unwrap().earner.served().down, before + 1_200);
	assert_eq!(desk.ask(peer, Request::Leave { channel }).await, Some(Response::Noted));
	desk.settle().await;
	assert_eq!(desk.store.kept().unwrap()[&channel].record.served.up, greeted + paid);
	assert_eq!(desk.pay(peer, channel, None).await, Response::Refuse(Refusal::NotJoined));
	assert_eq!(desk.outside.0.lock().unwrap().1, [address]);
	desk.engine.stop().await;
}

fn voucher_of(desk: &Desk, channel: ChannelId) -> SignedVoucher {
	desk.guests.parts.kept[&channel].record.voucher.unwrap()
}

#[tokio::test]
async fn vouchers_should_count_for_nothing_when_they_are_forged_foreign_or_of_no_use() {
	let mut desk = Desk::open(4, 0).await;
	let peer = PeerId::random();
	let (channel, other) = (desk.channel(1, 1_000_000), desk.channel(2, MUCH));
	desk.join(peer, channel, 1).await;
	let above = sign_voucher(
		&key(1),
		&GENESIS,
		Voucher { channel, bytes_down: 10, bytes_up: 0, credits: 11, sequence: 1 },
	);
	let of_another_chain = sign_voucher(&key(1), &[8; 32], voucher(1, channel, 10, 1).voucher);
	let bad = [
		voucher(2, channel, 10, 1),
		voucher(1, other, 10, 1),
		voucher(2, other, 10, 1),
		above,
		of_another_chain,
	];
	for voucher in bad {
		let answer = desk.pay(peer, channel, Some(voucher)).await;
		assert_eq!(answer, Response::Refuse(Refusal::BadVoucher), "{voucher:?}");
	}
	assert_eq!(standing(&desk.pay(peer, channel, None).await).credits, 0);
	let good = voucher(1, channel, 500_000, 2);
	for again in [good, voucher(1, channel, 400_000, 1), good] {
		let answer = desk.pay(peer, channel, Some(again)).await;
		assert_eq!((standing(&answer).credits, standing(&answer).sequence), (500_000, 2));
	}
	assert_eq!(desk.guests.parts.metrics.vouchers.get(), 1, "nothing is written twice");
	// All that is there, and more than there is.
	desk.pay(peer, channel, Some(voucher(1, channel, 1_000_000, 3))).await;
	let more = Some(voucher(1, channel, 1_200_000, 4));
	assert_eq!(desk.pay(peer, channel, more).await, Response::Refuse(Refusal::Overdrawn));
	desk.bank.books().channels.get_mut(&channel).unwrap().deposited = 2_000_000;
	// The chain is asked before the answer, not at the next block.
	assert_eq!(standing(&desk.pay(peer, channel, more).await).credits, 1_200_000);
	// Another peer has no say, whatever it has overheard.
	let next = Some(voucher(1, channel, 1_300_000, 5));
	assert_eq!(desk.pay(PeerId::random(), channel, next).await, Response::Refuse(Refusal::NotJoined));
	for request in [Request::Leave { channel }, Request::Disguise { channel }] {
		let answer = desk.ask(PeerId::random(), request).await;
		assert_eq!(answer, Some(Response::Refuse(Refusal::NotJoined)));
	}
	let answer = desk.ask(peer, Request::Disguise { channel }).await;
	assert_eq!(answer, Some(Response::Disguise(DISGUISE)));
}

#[tokio::test]
async fn join_should_be_refused_when_it_breaks_a_rule() {
	let mut desk = Desk::open(1, 0).await;
	let (peer, channel) = (PeerId::random(), desk.channel(1, MUCH));
	let foreign = desk.bank.put(&[9; 32].into(), VoucherKey::Sr25519(key(1).public()), PRICE, MUCH);
	let closing = desk.channel(1, MUCH);
	desk.bank.books().channels.get_mut(&closing).unwrap().state = ChannelState::Closing;
	let expiring = desk.channel(1, MUCH);
	desk.bank.books().channels.get_mut(&expiring).unwrap().expiry = 6;
	let good = join(channel, 1);
	let now = clock::now();
	for (join, n, refusal) in [
		(Join { genesis: [8; 32], ..good }, 1, Refusal::ForeignGenesis),
		(Join { provider: [9; 32], ..good }, 1, Refusal::UnknownChannel),
		(Join { channel: 99, ..good }, 1, Refusal::UnknownChannel),
		(Join { channel: foreign, ..good }, 1, Refusal::UnknownChannel),
		(Join { channel: closing, ..good }, 1, Refusal::ChannelEnding),
		(Join { channel: expiring, ..good }, 1, Refusal::ChannelEnding),
		(Join { at: now - 61 * SECOND, ..good }, 1, Refusal::StaleJoin),
		(Join { at: now + 63 * SECOND, ..good }, 1, Refusal::StaleJoin),
		(Join { wireguard: [1; 32], ..good }, 1, Refusal::Malformed),
		(good, 2, Refusal::BadSignature),
	] {
		assert_eq!(desk.join_as(peer, join, n).await, Response::Refuse(refusal), "{join:?}");
	}
	assert!(desk.peers().is_empty() && desk.guests.addresses.is_empty());
	desk.join(peer, channel, 1).await;
	let other = desk.channel(2, MUCH);
	assert_eq!(desk.join_as(peer, join(other, 2), 2).await, Response::Refuse(Refusal::Full));
}

#[tokio::test]
async fn second_join_should_replace_the_first_and_a_copy_of_an_old_one_nothing() {
	let mut desk = Desk::open(1, 0).await;
	let (first, second, channel) = (PeerId::random(), PeerId::random(), desk.channel(1, MUCH));
	let old = join(channel, 1);
	let Response::Joined(joined) = desk.join_as(first, old, 1).await else { panic!("not joined") };
	let address = Ipv4Addr::from(joined.address);
	assert_eq!(desk.carry(clock::now(), address, 12_000), 12_000);
	let newer = Join { wireguard: [50; 32], at: old.at + 1, ..old };
	let Response::Joined(again) = desk.join_as(second, newer, 1).await else { panic!("not joined") };
	// Its bytes stay counted; its place is the new one's.
	assert_eq!(again.standing.charged, Usage { down: 0, up: 12_000 });
	assert_ne!(again.address, joined.address);
	assert_eq!(desk.carry(clock::now(), address, 12_000), 0);
	assert_eq!(desk.pay(first, channel, None).await, Response::Refuse(Refusal::NotJoined));
	tokio::time::sleep(Duration::from_millis(50)).await;
	assert_eq!(desk.peers(), [Ipv4Addr::from(again.address)]);
	for copy in [old, newer] {
		assert_eq!(desk.join_as(first, copy, 1).await, Response::Refuse(Refusal::StaleJoin));
	}
	// After a restart as well.
	assert_eq!(desk.store.kept().unwrap()[&channel].joined, newer.at);
	// With the key that it had before: the device knows it afterwards.
	let back = Join { at: newer.at + 1, ..newer };
	assert!(matches!(desk.join_as(second, back, 1).await, Response::Joined(_)));
	desk.guests.tick(clock::now());
	tokio::time::sleep(Duration::from_millis(50)).await;
	assert_eq!(desk.device.lock().unwrap().iter().filter(|(key, _)| *key == [50; 32]).count(), 1);
}

#[tokio::test]
async fn customer_that_does_not_pay_should_be_throttled_then_stopped_and_come_back_by_joining() {
	let mut desk = Desk::open(1, 0).await;
	let (peer, channel) = (PeerId::random(), desk.channel(1, MUCH));
	let address = desk.join(peer, channel, 1).await;
	let mut now = clock::now();
	desk.carry(now, address, 1 << 20);
	assert_eq!(standing(&desk.pay(peer, channel, None).await).service, Service::Throttled);
	let mut carried = 0;
	for _ in 0..100 {
		now += SECOND;
		carried += desk.carry(now, address, 1 << 20);
		desk.guests.tick(now);
		desk.settle().await;
		// It asks, as one does that is there.
		desk.guests.session(channel).unwrap().heard_at = now;
	}
	tokio::time::sleep(Duration::from_millis(50)).await;
	// 64 kbit/s for a minute at most.
	assert!((100_000..600_000).contains(&carried), "{carried}");
	assert!(desk.peers().is_empty(), "the device has forgotten it");
	let answer = desk.pay(peer, channel, Some(voucher(1, channel, 10_000_000, 1))).await;
	// What it pays counts, and it has to join again.
	assert_eq!((standing(&answer).credits, standing(&answer).service), (10_000_000, Service::Stopped));
	assert_eq!(desk.carry(now, address, 12_000), 0);
	let address = desk.join(peer, channel, 1).await;
	assert_eq!(desk.carry(clock::now(), address, 120_000), 120_000);
}

#[tokio::test]
async fn place_should_be_free_when_its_customer_has_gone_without_a_word() {
	let mut desk = Desk::open(1, 0).await;
	let (peer, channel) = (PeerId::random(), desk.channel(1, MUCH));
	let address = desk.join(peer, channel, 1).await;
	desk.carry(clock::now(), address, 12_000);
	desk.guests.tick(clock::now() + IDLE + SECOND);
	desk.settle().await;
	assert!(desk.guests.sessions.is_empty() && desk.guests.addresses.is_empty());
	assert_eq!(desk.store.kept().unwrap()[&channel].record.served.up, 12_000);
	let other = desk.channel(2, MUCH);
	desk.join(peer, other, 2).await;
}

#[tokio::test]
async fn nothing_should_be_served_on_a_voucher_that_the_disk_does_not_take() {
	let mut desk = Desk::open(2, 0).await;
	let (peer, channel) = (PeerId::random(), desk.channel(1, MUCH));
	let address = desk.join(peer, channel, 1).await;
	desk.carry(clock::now(), address, GREETING_BYTES - 1_200);
	desk.is_full.store(true, Ordering::SeqCst);
	let paying = Some(voucher(1, channel, 1_000_000, 1));
	assert_eq!(desk.pay(peer, channel, paying).await, Response::Refuse(Refusal::DiskFull));
	assert_eq!(standing(&desk.pay(peer, channel, None).await).credits, 0);
	assert!(desk.carry(clock::now(), address, 1 << 20) < 20_000);
	let other = desk.channel(2, MUCH);
	assert_eq!(desk.join_as(peer, join(other, 2), 2).await, Response::Refuse(Refusal::DiskFull));
	assert_eq!(desk.guests.addresses.len(), 1, "a place that is not taken is free");
	desk.is_full.store(false, Ordering::SeqCst);
	assert_eq!(standing(&desk.pay(peer, channel, paying).await).credits, 1_000_000);
	assert_eq!(desk.carry(clock::now(), address, 120_000), 120_000);
	desk.join(peer, other, 2).await;
}

#[tokio::test]
async fn tunnel_should_be_closed_and_the_last_voucher_taken_when_the_channel_ends_or_the_month_is_used_up() {
	let mut desk = Desk::open(2, 1).await;
	let peer = PeerId::random();
	let (ending, other) = (desk.channel(1, MUCH), desk.channel(2, MUCH));
	let first = desk.join(peer, ending, 1).await;
	let second = desk.join(peer, other, 2).await;
	desk.bank.books().channels.get_mut(&ending).unwrap().state = ChannelState::Closing;
	desk.guests.parts.facts.fetch(ending).await.unwrap();
	desk.guests.review(clock::now());
	assert_eq!(
		(desk.carry(clock::now(), first, 12_000), desk.carry(clock::now(), second, 12_000)),
		(0, 12_000)
	);
	let answer = desk.pay(peer, ending, Some(voucher(1, ending, 5_000, 1))).await;
	assert_eq!((standing(&answer).credits, standing(&answer).service), (5_000, Service::Stopped));
	// When the chain is silent, sessions live on.
	desk.bank.books().is_offline = true;
	desk.guests.review(clock::now());
	assert_eq!(desk.carry(clock::now(), second, 12_000), 12_000);
	desk.guests.parts.month.carry(1_000_000_000);
	desk.guests.tick(clock::now());
	assert_eq!(desk.carry(clock::now(), second, 12_000), 0);
	let answer = desk.pay(peer, other, Some(voucher(2, other, 24_000, 1))).await;
	assert_eq!((standing(&answer).credits, standing(&answer).service), (24_000, Service::Stopped));
	desk.bank.books().is_offline = false;
	let late = join(other, 2);
	assert_eq!(desk.join_as(peer, late, 2).await, Response::Refuse(Refusal::NotServing));
}

#[tokio::test]
async fn customers_should_be_told_pay_and_have_their_vouchers_claimed_when_the_provider_pauses() {
	let mut desk = Desk::open(2, 0).await;
	let (peer, channel) = (PeerId::random(), desk.channel(1, MUCH));
	let address = desk.join(peer, channel, 1).await;
	let now = clock::now();
	desk.guests.tick(now);
	desk.guests.parts.switch.set(true).unwrap();
	desk.guests.tick(now + 1);
	let shown = desk.guests.parts.switch.standing().unwrap();
	assert_eq!((shown.service, shown.sessions, shown.until), ("ending", 1, Some(now + 1 + GRACE)));
	// Who is inside is served on and told; nobody new comes in, and it does not either.
	assert_eq!(desk.carry(now, address, 12_000), 12_000);
	let answer = desk.pay(peer, channel, Some(voucher(1, channel, 12_000, 1))).await;
	assert_eq!((standing(&answer).service, standing(&answer).credits), (Service::Ending, 12_000));
	let other = desk.channel(2, MUCH);
	assert_eq!(desk.join_as(peer, join(other, 2), 2).await, Response::Refuse(Refusal::NotServing));
	assert!(!desk.guests.parts.owed.is_settling(), "not before the end");
	desk.guests.tick(now + 1 + GRACE);
	assert_eq!(desk.carry(now, address, 12_000), 0);
	let answer = desk.pay(peer, channel, Some(voucher(1, channel, 13_000, 2))).await;
	assert_eq!((standing(&answer).service, standing(&answer).credits), (Service::Stopped, 13_000));
	desk.guests.session(channel).unwrap().heard_at = now + 1 + GRACE;
	desk.guests.tick(now + 1 + GRACE + LAST_VOUCHERS);
	assert!(desk.guests.parts.owed.is_settling(), "what was paid is claimed");
	desk.guests.parts.switch.set(false).unwrap();
	desk.guests.tick(now + 2 + GRACE + LAST_VOUCHERS);
	let back = Join { at: clock::now() + 1, ..join(channel, 1) };
	assert!(matches!(desk.join_as(peer, back, 1).await, Response::Joined(_)));
}

#[tokio::test]
async fn nobody_should_be_let_in_outside_the_hours() {
	let mut desk = Desk::open(2, 0).await;
	let (peer, channel) = (PeerId::random(), desk.channel(1, MUCH));
	// Hours that are not now, whenever now is: an hour that begins in two.
	let hour = |ahead: u64| format!("{:02}:00", (clock::now() / 3_600 / SECOND + ahead) % 24);
	let spans = [format!("{}-{}", hour(2), hour(3))];
	desk.guests.parts.hours = crate::provide::Hours::parse(&spans, "UTC").unwrap();
	desk.guests.tick(clock::now());
	assert_eq!(desk.join_as(peer, join(channel, 1), 1).await, Response::Refuse(Refusal::NotServing));
}

#[tokio::test]
async fn requests_of_a_channel_should_have_their_turn_and_too_many_no_answer() {
	let mut desk = Desk::open(2, 0).await;
	let (peer, channel) = (PeerId::random(), desk.channel(1, MUCH));
	desk.join(peer, channel, 1).await;
	let mut answers = vec![];
	for sequence in 1..=20 {
		let (reply, answer) = oneshot::channel();
		let voucher = Some(voucher(1, channel, sequence * 1_000, sequence));
		let request = Request::Pay { channel, voucher, counted: Usage::default() };
		desk.guests.take(Incoming { peer, source: [127, 0, 0, 1].into(), request, reply });
		answers.push(answer);
	}
	desk.settle().await;
	let mut heard = vec![];
	for answer in answers {
		heard.push(answer.await.ok().map(|answer| standing(&answer).sequence));
	}
	let served: Vec<_> = (1..=9).map(Some).chain([None; 11]).collect();
	assert_eq!(heard, served);
	assert!(desk.guests.busy.is_empty());
}

#[tokio::test]
async fn count_should_be_written_down_as_it_grows_and_nothing_served_that_cannot_be() {
	let mut desk = Desk::open(1, 0).await;
	let (peer, channel) = (PeerId::random(), desk.channel(1, MUCH));
	let address = desk.join(peer, channel, 1).await;
	desk.pay(peer, channel, Some(voucher(1, channel, MUCH.try_into().unwrap(), 1))).await;
	assert_eq!(desk.carry(clock::now(), address, 6_000_000), 6_000_000);
	desk.settle().await;
	let written = desk.store.kept().unwrap()[&channel].record;
	assert!((1 << 20..=6_000_000).contains(&written.served.up), "{written:?}");
	assert_eq!(written.voucher.map(|signed| signed.voucher.sequence), Some(1), "the voucher stays");
	desk.is_full.store(true, Ordering::SeqCst);
	let more = desk.carry(clock::now(), address, 90_000_000);
	desk.settle().await;
	assert!((60_000_000..=64 << 20).contains(&more), "{more}");
	assert_eq!(desk.carry(clock::now(), address, 1_200), 0);
	desk.is_full.store(false, Ordering::SeqCst);
	let answer = desk.ask(peer, Request::Leave { channel }).await;
	assert_eq!(answer, Some(Response::Noted));
	assert_eq!(desk.store.kept().unwrap()[&channel].record.served.up, 6_000_000 + more);
}
