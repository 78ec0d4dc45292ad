//! A provider that cheats: the product's WireGuard device, control plane and target core, with a driver between them
//! that decides what leaves, when, and what time the core believes it is.

use super::{
	chain::OneTest,
	machine::Machine,
	trial::{Trial, PORT},
};
use anyhow::Result;
use std::{
	cmp::Reverse,
	collections::{BTreeMap, BinaryHeap},
	net::Ipv4Addr,
	sync::{Arc, Mutex, PoisonError},
};
use tokio::{
	sync::{mpsc, oneshot},
	task::JoinHandle,
};
use weir_tunnel::{
	clock,
	control::{self, Control, Incoming},
	engine::{Caps, Engine, Inbound},
	keys,
};
use weir_tunnel_core::{
	target::{self, Output, Target, ADDRESS},
	wire::{
		data::{self, Body, Datagram},
		final_payload, Refusal, Request, Response, Test, PACKET_BYTES,
	},
	Micros,
};

/// How it cheats. As it stands, it does not.
pub trait Trick: Send + 'static {
	/// By how much the core's time is behind.
	fn late(&self) -> Micros {
		0
	}

	/// When a datagram of the member at `place` leaves; none if it never does.
	fn leave(&mut self, now: Micros, _place: usize, _body: &Body<'_>) -> Option<Micros> {
		Some(now)
	}

	/// Whether requests are answered.
	fn answers(&self, _now: Micros) -> bool {
		true
	}
}

/// No trick at all.
pub struct Plain;
impl Trick for Plain {}

/// What a member could have seen of a provider: when it acknowledged or echoed how many bytes.
pub type Acknowledged = Vec<(Micros, u64)>;

/// What left, by member: of phase D, and of phase U.
#[derive(Clone, Default)]
pub struct Log {
	/// Acknowledged in receipts.
	pub down: BTreeMap<usize, Acknowledged>,
	/// Echoed.
	pub up: BTreeMap<usize, Acknowledged>,
	/// Last receipt seen of each member.
	receipts: BTreeMap<usize, u32>,
}

impl Log {
	fn note(&mut self, at: Micros, place: usize, body: &Body<'_>) {
		match body {
			Body::Receipts(bytes) => {
				for receipt in data::receipts(bytes).unwrap_or_default() {
					let is_new = self.receipts.get(&place).is_none_or(|last| receipt.window > *last);
					if is_new {
						self.receipts.insert(place, receipt.window);
						let bytes = receipt.packets() * u64::from(PACKET_BYTES);
						self.down.entry(place).or_default().push((at, bytes));
					}
				}
			}
			Body::Echo(_) => self.up.entry(place).or_default().push((at, PACKET_BYTES.into())),
			_ => {}
		}
	}
}

/// A running cheat.
pub struct Cheat {
	log: Arc<Mutex<Log>>,
	_stop: oneshot::Sender<()>,
	_serving: JoinHandle<()>,
}

/// Where a provider's parts are: its control plane at the registered address, its tunnel perhaps elsewhere.
pub struct Place<'a> {
	/// Has the registered address.
	pub home: &'a Machine,
	/// Has the WireGuard device, at this address.
	pub tunnel: (&'a Machine, Ipv4Addr),
}

impl<'a> Place<'a> {
	/// All of it at the registered address.
	pub fn whole(home: &'a Machine) -> Self {
		Self { home, tunnel: (home, home.bind) }
	}
}

impl Cheat {
	/// Starts one.
	pub fn start(trial: &Trial, Place { home, tunnel }: Place<'_>, trick: impl Trick) -> Result<Self> {
		let (machine, address) = tunnel;
		let identity = keys::load_identity(&trial.target.identity_file())?;
		let bind = home.bind.into();
		let (control, incoming) = home.run(async move { control::serve(&identity, bind, PORT).await })??;
		let (engine, inbound) =
			machine.run(async move { Engine::start(address.into(), PORT, Caps::default()).await })??;
		let log = Arc::<Mutex<Log>>::default();
		let (stop, stopped) = oneshot::channel();
		let serving = Serving {
			target: target(trial.target_config(engine.public()), &trial.chain),
			key: trial.target.probe.clone(),
			engine,
			_control: control,
			trick: Box::new(trick),
			known: BTreeMap::new(),
			waiting: BinaryHeap::new(),
			numbered: 0,
			log: log.clone(),
		};
		let serving = machine.spawn(serving.run(inbound, incoming, stopped));
		Ok(Self { log, _stop: stop, _serving: serving })
	}

	/// What left so far.
	pub fn log(&self) -> Log {
		self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
	}
}

fn target(config: target::Config, chain: &OneTest) -> Target {
	let mut target = Target::new(config);
	target.set_assignment(Some(chain.assignment()));
	target
}

/// What leaves later: when, in which order, to whom.
type Waiting = (Micros, u64, Ipv4Addr, Vec<u8>);

struct Serving {
	target: Target,
	key: weir_tunnel_core::keys::ProbeKeypair,
	engine: Engine,
	_control: Control,
	trick: Box<dyn Trick>,
	/// Test and H(seed) of each session.
	known: BTreeMap<[u8; 8], (Test, [u8; 32])>,
	waiting: BinaryHeap<Reverse<Waiting>>,
	numbered: u64,
	log: Arc<Mutex<Log>>,
}

impl Serving {
	async fn run(
		mut self,
		mut inbound: mpsc::Receiver<Inbound>,
		mut requests: mpsc::Receiver<Incoming>,
		mut stopped: oneshot::Receiver<()>,
	) {
		let late = self.trick.late();
		loop {
			let now = clock::now();
			if self.target.timeout().is_some_and(|due| due <= now - late) {
				self.target.handle_timeout(now - late);
			}
			self.drain(now).await;
			self.release(now);
			let held = self.waiting.peek().map(|Reverse((at, ..))| *at);
			let due = self.target.timeout().map(|due| due.saturating_add(late)).into_iter().chain(held).min();
			tokio::select! {
				biased;
				_ = &mut stopped => break,
				() = clock::sleep_until_some(due) => {}
				Some(Incoming { source, request, reply, .. }) = requests.recv() => {
					let now = clock::now();
					if self.trick.answers(now) {
						let response = self.target.handle_request(now - late, source, &request);
						let response = self.insist(&request, response);
						self.drain(now).await;
						// Whoever asked may no longer wait.
						let _ = reply.send(response);
					}
				}
				Some(Inbound { at, source, bytes }) = inbound.recv() => {
					self.target.handle_datagram(at - late, source, &bytes);
				}
			}
		}
		self.engine.stop().await;
	}

	/// Signs whatever is asked for: what a core finds too little or too much is still better for a cheat than nothing.
	fn insist(&mut self, request: &Request, response: Response) -> Response {
		match (request, response) {
			(Request::Open { test, .. }, response) => {
				self.known.insert(test.session, (*test, [0; 32]));
				response
			}
			(Request::Offer { session, seed_hash, .. }, response) => {
				if let Some((_, known)) = self.known.get_mut(session) {
					*known = *seed_hash;
				}
				response
			}
			(
				Request::Finish { session, down_bytes, up_bytes, .. },
				Response::Refuse(Refusal::BytesMismatch),
			) => match self.known.get(session) {
				Some((test, seed_hash)) => {
					let signature = self.key.sign(&final_payload(test, seed_hash, *down_bytes, *up_bytes));
					Response::Final { signature }
				}
				None => Response::Refuse(Refusal::BytesMismatch),
			},
			(_, response) => response,
		}
	}

	async fn drain(&mut self, now: Micros) {
		while let Some(output) = self.target.poll() {
			match output {
				Output::Datagram { address, bytes } => {
					let Some(Datagram { body, .. }) = data::decode(&bytes) else { continue };
					if let Some(at) = self.trick.leave(now, place(address), &body) {
						self.numbered += 1;
						self.waiting.push(Reverse((at, self.numbered, address, bytes)));
					}
				}
				Output::AddPeer { wireguard, address, .. } => {
					if let Err(error) = self.engine.add_peer(wireguard, address, None).await {
						eprintln!("the cheat takes no member: {error:#}");
					}
				}
				Output::RemovePeer { wireguard, .. } => self.engine.remove_peer(wireguard).await,
				Output::Stopped { .. } | Output::Settled(_) => {}
			}
		}
	}

	fn release(&mut self, now: Micros) {
		while self.waiting.peek().is_some_and(|Reverse((at, ..))| *at <= now) {
			let Some(Reverse((_, _, address, bytes))) = self.waiting.pop() else { return };
			if let Some(datagram) = data::decode(&bytes) {
				let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
				log.note(now, place(address), &datagram.body);
			}
			self.engine.send(ADDRESS, address, &bytes);
		}
	}
}

/// Place of the member with this inner address (docs/protocol.md, 4.1).
fn place(address: Ipv4Addr) -> usize {
	usize::from(address.octets()[3]).saturating_sub(1)
}
