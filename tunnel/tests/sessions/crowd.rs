//! Many customers of one provider at once. The provider is a process of its own; the customers are lean, and speak the real
//! protocol: a control plane, a WireGuard device and a payer each, from an address prefix of their own.

use super::{
	chain::{DEPOSIT, GENESIS, PRICE},
	extent,
	lab::{hash, Files, Lab},
	remote::ChainServer,
	roles::{Process, ProviderPlace, Role},
};
use futures::{future::join_all, stream, StreamExt};
use libp2p::{identity::Keypair, PeerId};
use rand::Rng;
use std::{
	net::{IpAddr, Ipv4Addr, SocketAddr},
	sync::{Arc, Mutex},
	time::{Duration, Instant},
};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	sync::mpsc,
	task::JoinHandle,
};
use weir_math::economy::channel::Funds;
use weir_primitives::{
	channel::{ChannelId, SignedVoucher, VoucherKey},
	economy::Credits,
};
use weir_tunnel::{
	chain::Opening,
	clock,
	control::{self, Control, Incoming},
	engine::{Engine, PacketSender},
	net::Stack,
	store::Store,
};
use weir_tunnel_core::{
	keys::ProbeKeypair,
	session::{sign_join, Direction, Journal, Order, Payer, Terms},
	wire::{Join, Joined, Request, Response, Usage},
};

/// What each fetches: more than is served before anything is paid.
const BYTES: u64 = 160 << 10;
/// Customers that fetch at once.
const ABREAST: usize = 64;

/// Of a provider, what customers need.
#[derive(Clone)]
struct Target {
	account: [u8; 32],
	address: SocketAddr,
	peer: PeerId,
}

/// One customer.
struct Lean {
	control: Control,
	_incoming: mpsc::Receiver<Incoming>,
	target: Target,
	engine: Engine,
	packets: Option<mpsc::Receiver<Vec<u8>>>,
	key: ProbeKeypair,
	channel: ChannelId,
	payer: Arc<Mutex<Payer>>,
	tasks: Vec<JoinHandle<()>>,
}

impl Drop for Lean {
	fn drop(&mut self) {
		self.tasks.iter().for_each(JoinHandle::abort);
	}
}

/// The `number`-th of the addresses: each in a prefix of its own.
fn address_of(number: usize) -> IpAddr {
	Ipv4Addr::new(127, 100 + (number / 250) as u8, (number % 250) as u8, 1).into()
}

impl Lean {
	async fn new(number: usize, target: Target, channel: ChannelId, key: ProbeKeypair) -> Self {
		let own = address_of(number);
		let (control, incoming) = control::connect(&Keypair::generate_ed25519(), own).unwrap();
		let (engine, packets) = Engine::start_guest(target.address.ip(), own).await.unwrap();
		let funds = Funds { deposited: DEPOSIT, paid: 0 };
		let terms = Terms { genesis: GENESIS, channel, price_per_gb: PRICE, funds };
		let payer = Payer::new(clock::now(), terms, key.clone(), Journal::default());
		Self {
			control,
			_incoming: incoming,
			target,
			engine,
			packets: Some(packets),
			key,
			channel,
			payer: Arc::new(Mutex::new(payer)),
			tasks: vec![],
		}
	}

	async fn ask(&self, request: Request) -> Option<Response> {
		self.control.ask(self.target.peer, Some(self.target.address), request).await
	}

	/// Joins as customers do, again and again, later and later. Returns after how long and how many attempts.
	async fn join(&mut self) -> (Joined, Duration, u32) {
		let began = Instant::now();
		for attempt in 1..=12u32 {
			let join = Join {
				genesis: GENESIS,
				provider: self.target.account,
				channel: self.channel,
				wireguard: self.engine.public(),
				at: clock::now(),
			};
			let request = Request::Join { join, signature: sign_join(&self.key, &join) };
			if let Some(Response::Joined(joined)) = self.ask(request).await {
				let endpoint = SocketAddr::new(self.target.address.ip(), joined.port);
				self.engine.add_peer_for_all(joined.wireguard, Some(endpoint)).await.unwrap();
				self.payer.lock().unwrap().joined(clock::now(), &joined.standing);
				return (joined, began.elapsed(), attempt);
			}
			let wait = Duration::from_millis(250 << attempt.min(6)).min(Duration::from_secs(10));
			tokio::time::sleep(wait.mul_f64(rand::thread_rng().gen_range(0.5..1.5))).await;
		}
		panic!("channel {} was not let in", self.channel);
	}

	/// A stack whose packets are counted.
	fn stack(&mut self, joined: &Joined) -> Stack {
		let (to_tunnel, mut from_stack) = mpsc::channel(256);
		let (to_stack, from_tunnel) = mpsc::channel(256);
		let stack = Stack::start(joined.address.into(), joined.mtu, to_tunnel, from_tunnel);
		let (sender, payer): (PacketSender, _) = (self.engine.packet_sender(), self.payer.clone());
		self.tasks.push(tokio::spawn(async move {
			while let Some(packet) = from_stack.recv().await {
				let bytes = Vec::len(&packet);
				if sender.send(packet) {
					payer.lock().unwrap().count(clock::now(), Direction::Up, bytes);
				}
			}
		}));
		let (mut packets, payer) = (self.packets.take().unwrap(), self.payer.clone());
		self.tasks.push(tokio::spawn(async move {
			while let Some(packet) = packets.recv().await {
				payer.lock().unwrap().count(clock::now(), Direction::Down, packet.len());
				let _ = to_stack.send(packet).await;
			}
		}));
		stack
	}

	/// Does what the payer says until that is nothing; whether it has left.
	async fn obey(&self) -> bool {
		loop {
			let order = self.payer.lock().unwrap().poll(clock::now());
			match order {
				None => return false,
				Some(Order::Store(_)) => self.payer.lock().unwrap().stored(),
				Some(Order::Ask(asked, request)) => {
					let answer = self.ask(request).await;
					self.payer.lock().unwrap().answered(clock::now(), asked, answer.as_ref());
				}
				Some(Order::Leave(request)) => {
					self.ask(request).await;
					return true;
				}
				Some(other) => panic!("channel {}: {other:?}", self.channel),
			}
		}
	}

	/// Pays while `work` is done.
	async fn paying<T>(&self, work: impl std::future::Future<Output = T>) -> T {
		tokio::pin!(work);
		loop {
			tokio::select! {
				done = &mut work => return done,
				() = async {
					self.obey().await;
					tokio::time::sleep(Duration::from_millis(20)).await;
				} => {}
			}
		}
	}

	/// Pays what is owed and leaves. Returns the last voucher and what was counted.
	async fn leave(&self) -> (SignedVoucher, Usage) {
		self.payer.lock().unwrap().leave(clock::now());
		for _ in 0..1_000 {
			if self.obey().await {
				let payer = self.payer.lock().unwrap();
				return (*payer.voucher().expect("a voucher"), payer.counted());
			}
			tokio::time::sleep(Duration::from_millis(20)).await;
		}
		panic!("channel {} does not leave", self.channel);
	}
}

async fn fetch(stack: &Stack, from: SocketAddr) -> [u8; 32] {
	let fetched = async {
		let mut stream = stack.connect(from).await?;
		stream.write_u64(0).await?;
		stream.write_u64(BYTES).await?;
		let mut received = vec![];
		stream.read_to_end(&mut received).await?;
		Ok::<_, std::io::Error>(hash(&received))
	};
	tokio::time::timeout(Duration::from_secs(120), fetched).await.expect("within two minutes").unwrap()
}

/// Median, 95th of a hundred, and the most.
fn spread(mut times: Vec<Duration>) -> String {
	times.sort();
	let at = |part: usize| times[(times.len() - 1) * part / 100].as_millis();
	format!("{} ms (p95 {}, most {})", at(50), at(95), at(100))
}

#[tokio::test(flavor = "multi_thread")]
async fn provider_should_serve_many_channels_at_once_and_be_paid_by_each() {
	let customers = extent(60, 1_000);
	let lab = Lab::in_network(8, 30).await;
	let server = ChainServer::of(&[&lab]).await;
	let files = Files::start(lab.server()).await;
	let place = ProviderPlace { sessions: customers as u32, ..ProviderPlace::of(&lab, &server) };
	let target = Target {
		account: place.account,
		address: SocketAddr::new(lab.provider_address().into(), lab.port()),
		peer: PeerId::from_bytes(&lab.peer_id()).unwrap(),
	};
	let keys: Vec<_> = (0..customers)
		.map(|number| {
			let mut seed = [11; 32];
			seed[..8].copy_from_slice(&(number as u64).to_le_bytes());
			ProbeKeypair::from_seed(&seed).unwrap()
		})
		.collect();
	let channels: Vec<_> = keys
		.iter()
		.map(|key| {
			let opening = Opening {
				provider: lab.provider_account(),
				credits: DEPOSIT,
				voucher_key: VoucherKey::Sr25519(key.public()),
				expiry: 200,
				boost: 100,
				terms_hash: [5; 32],
				from_plan: false,
			};
			server.chain.open_for(&[66; 32].into(), &opening)
		})
		.collect();
	let provider = Process::start(&Role::Provider(place.clone()));
	provider.wait_for("serving");
	let empty = provider.memory().0;

	let mut leans: Vec<_> = stream::iter(keys.into_iter().zip(&channels).enumerate())
		.then(|(number, (key, channel))| Lean::new(number, target.clone(), *channel, key))
		.collect()
		.await;
	let began = Instant::now();
	// All at the same moment, as when a provider comes back.
	let joined = join_all(leans.iter_mut().map(Lean::join)).await;
	let all_in = began.elapsed();
	let attempts = joined.iter().map(|(_, _, attempts)| attempts).max().unwrap();
	println!(
		"{customers} customers in after {:.1} s; each after {}; at most {attempts} attempts",
		all_in.as_secs_f64(),
		spread(joined.iter().map(|(_, took, _)| *took).collect())
	);
	let full = provider.memory().0;

	let from = SocketAddr::new(lab.server().into(), files.port());
	let expected = hash(&Files::content(0, BYTES));
	let began = Instant::now();
	let stacks: Vec<_> =
		leans.iter_mut().zip(&joined).map(|(lean, (joined, ..))| lean.stack(joined)).collect();
	let fetches = leans.iter().zip(&stacks).map(|(lean, stack)| async move {
		assert_eq!(lean.paying(fetch(stack, from)).await, expected, "channel {}", lean.channel);
	});
	stream::iter(fetches).buffer_unordered(ABREAST).collect::<Vec<()>>().await;
	let took = began.elapsed().as_secs_f64();
	println!("each fetched {} KiB, {ABREAST} at once: all in {took:.1} s", BYTES >> 10);
	let used = provider.memory();
	// The stacks say no more: what was sent again late is not to move a count while it is paid.
	drop(stacks);
	tokio::time::sleep(Duration::from_millis(500)).await;
	let paid: Vec<_> = stream::iter(&leans).map(Lean::leave).buffered(ABREAST).collect().await;
	println!(
		"memory of the provider's process, MiB: {} empty, {} with all in, {} after, {} at most",
		empty >> 10,
		full >> 10,
		used.0 >> 10,
		used.1 >> 10
	);
	println!("{} KiB for each", (full - empty) as usize / customers);
	provider.stop("stopped");

	let kept = Store::open(place.state.as_ref()).unwrap().kept().unwrap();
	assert_eq!(kept.len(), customers);
	for (channel, (voucher, counted)) in channels.iter().zip(&paid) {
		let record = kept[channel].record;
		assert_eq!(record.voucher.as_ref(), Some(voucher), "channel {channel}");
		assert_eq!(server.chain.channel_info(*channel).unwrap().paid, voucher.voucher.credits);
		assert!(counted.total() >= BYTES && counted.total().abs_diff(record.served.total()) <= 256 << 10);
		let owed = weir_math::economy::channel::charge(counted.total(), 0, PRICE).unwrap();
		assert!(voucher.voucher.credits >= owed.saturating_sub(20), "{voucher:?} for {counted:?}");
	}
	let claimed: Credits = paid.iter().map(|(voucher, _)| voucher.voucher.credits).sum();
	assert_eq!(server.chain.paid(), claimed);
	// Of the resident memory; what the tunnel itself may take is bounded elsewhere.
	assert!((used.1 as usize) < (48 << 10) + customers * 512, "{used:?} KiB");
}
