//! The target's side: lets members of its committee in, acknowledges, echoes, signs.
//!
//! It spends nothing before the membership check: a request that fails it costs one signature check at most and is
//! answered by a few bytes. What it sends into a session is at most twice what came out of it: an answer is as long as
//! its datagram, and all receipts together are no longer than the loads taken. One test at a time.

mod session;

use crate::{
	dropped::{Dropped, Rule},
	keys::{self, ProbeKeypair},
	keystream, windows_end,
	wire::{
		self,
		data::{self, Body, Datagram},
		Bilateral, Refusal, Request, Response, Test, TestKind,
	},
	Micros, MILLI,
};
use session::Session;
pub(crate) use session::REPEATED;
use std::{
	collections::{BTreeMap, VecDeque},
	net::{IpAddr, Ipv4Addr},
	ops::Range,
	sync::Arc,
};

/// The target inside every tunnel (RFC 6598 shared address space, never routed).
pub const ADDRESS: Ipv4Addr = Ipv4Addr::new(100, 64, 0, 1);
/// Sessions of a test that never began or ended are dropped this long after its windows.
const LINGER: Micros = 20_000 * MILLI;
/// A session without an accepted offer is dropped after this long.
const IDLE: Micros = 60_000 * MILLI;
/// A load earlier than this before T0 is not the ramp's.
const EARLY: Micros = 1_000 * MILLI;
/// An attestor that counts less than this part of what was received, in per cent, is not signed for. Receipts that
/// reach a busy attestor late do not count for it; what it then reports is less than the truth and far more than the
/// nothing that stands without a signature.
const LEAST_PERCENT: u64 = 75;

/// The part of an address that counts as one place.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Prefix {
	/// IPv4 /24.
	V4([u8; 3]),
	/// IPv6 /48.
	V6([u8; 6]),
}

impl Prefix {
	/// Prefix of an address; IPv4-mapped addresses count as IPv4.
	pub fn of(address: IpAddr) -> Self {
		match address.to_canonical() {
			IpAddr::V4(address) => {
				let [a, b, c, _] = address.octets();
				Self::V4([a, b, c])
			}
			IpAddr::V6(address) => {
				let [a, b, c, d, e, f, ..] = address.octets();
				Self::V6([a, b, c, d, e, f])
			}
		}
	}
}

/// A member of the committee, from the chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Member {
	/// The seat's node.
	pub account: [u8; 32],
	/// Signs its offers.
	pub key: [u8; 32],
	/// Where its probes come from; none for a seat reached through a relay.
	pub prefix: Option<Prefix>,
}

/// The test to answer, from the chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Assignment {
	/// Epoch of the test.
	pub epoch: u32,
	/// Kind of test.
	pub kind: TestKind,
	/// Ordinal in its list.
	pub ordinal: u32,
	/// Load each member may offer, kbps.
	pub down_kbps: u32,
	/// Load each member may have echoed, kbps.
	pub up_kbps: u32,
	/// T.
	pub window: Micros,
	/// T0, as each branch of the chain reveals it; none until a block has.
	pub starts: Vec<Micros>,
	/// Who may measure.
	pub committee: Vec<Member>,
}

/// Who the target is.
#[derive(Clone)]
pub struct Config {
	/// Hash of the chain's first block.
	pub genesis: [u8; 32],
	/// The target's account.
	pub account: [u8; 32],
	/// Signs finals; registered on chain.
	pub key: ProbeKeypair,
	/// The target's x25519 key.
	pub wireguard: [u8; 32],
	/// The target's UDP port.
	pub port: u16,
}

impl Config {
	/// The answer to [`Request::Clock`]. It needs no more than this, so a driver may give it beside a running test.
	pub fn tell_time(&self, now: Micros, nonce: &[u8; 16]) -> Response {
		let account = self.account;
		let signature = self.key.sign(&wire::clock_payload(nonce, now, &account));
		Response::Clock { nonce: *nonce, unix_micros: now, account, signature }
	}
}

/// What the driver has to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Output {
	/// Accept this WireGuard peer.
	AddPeer {
		/// Its session.
		session: [u8; 8],
		/// Its x25519 key.
		wireguard: [u8; 32],
		/// Its only inner address.
		address: Ipv4Addr,
	},
	/// Forget this WireGuard peer.
	RemovePeer {
		/// Its session.
		session: [u8; 8],
		/// Its x25519 key.
		wireguard: [u8; 32],
	},
	/// Send through the tunnel.
	Datagram {
		/// To this inner address.
		address: Ipv4Addr,
		/// These bytes.
		bytes: Vec<u8>,
	},
	/// A final has both signatures: keep it.
	Settled(Box<Bilateral>),
	/// A session stopped answering because countersignatures are missing.
	Stopped {
		/// Which session.
		session: [u8; 8],
	},
}

/// The target's side.
pub struct Target {
	config: Config,
	assignment: Option<Assignment>,
	sessions: BTreeMap<[u8; 8], Session>,
	outputs: VecDeque<Output>,
	dropped: Arc<Dropped>,
}

impl Target {
	/// A target that knows of no test yet.
	pub fn new(config: Config) -> Self {
		let (sessions, outputs) = (BTreeMap::new(), VecDeque::new());
		Self { config, assignment: None, sessions, outputs, dropped: Arc::default() }
	}

	/// The same target, which counts what it drops in `dropped`.
	pub fn counting_in(self, dropped: Arc<Dropped>) -> Self {
		Self { dropped, ..self }
	}

	/// The next thing to do; none until more input arrives.
	pub fn poll(&mut self) -> Option<Output> {
		self.outputs.pop_front()
	}

	/// Sessions that are open.
	pub fn sessions(&self) -> usize {
		self.sessions.len()
	}

	/// The measurement that most of the committee has come for, from T0 until the end of its last window. Of two T0s, which
	/// branches of the chain may have, one can have that.
	pub fn measurement(&self) -> Option<Range<Micros>> {
		let committee = self.assignment.as_ref()?.committee.len();
		let windows = || self.sessions.values().filter_map(Session::windows);
		let is_of_most = |one: &Range<Micros>| windows().filter(|other| other == one).count() > committee / 2;
		windows().find(is_of_most)
	}

	/// What the chain says now. Running sessions keep what they were accepted with.
	pub fn set_assignment(&mut self, assignment: Option<Assignment>) {
		self.assignment = assignment;
	}

	/// When [`Self::handle_timeout`] is due.
	pub fn timeout(&self) -> Option<Micros> {
		self.sessions.values().map(Session::timeout).min()
	}

	/// Closes receipt windows, stops and forgets sessions that are due.
	pub fn handle_timeout(&mut self, now: Micros) {
		for session in self.sessions.values_mut() {
			session.tick(now, &mut self.outputs);
		}
		let over: Vec<_> =
			self.sessions.iter().filter(|(_, s)| now >= s.expires).map(|(id, _)| *id).collect();
		for id in over {
			self.forget(&id);
		}
	}

	/// Answers a request that came from `source`.
	pub fn handle_request(&mut self, now: Micros, source: IpAddr, request: &Request) -> Response {
		let answer = match request {
			Request::Clock { nonce } => Ok(self.config.tell_time(now, nonce)),
			Request::Open { test, wireguard, signature } => {
				self.open(now, source, test, wireguard, signature)
			}
			Request::Offer { session, .. } => self.offer(now, session, request),
			Request::Finish { session, down_bytes, up_bytes, signature } => {
				self.finish(session, *down_bytes, *up_bytes, signature)
			}
			Request::Settle { session, seed, signature } => self.settle(session, seed, signature),
			// Whoever has the connection answers the last one.
			Request::Join { .. }
			| Request::Pay { .. }
			| Request::Leave { .. }
			| Request::Disguise { .. }
			| Request::Reach { .. }
			| Request::Punch { .. }
			| Request::Address { .. } => Err(Refusal::WrongRole),
		};
		answer.unwrap_or_else(Response::Refuse)
	}

	/// Takes a datagram that came out of the tunnel from `source`. What does not belong here is dropped and counted.
	pub fn handle_datagram(&mut self, now: Micros, source: Ipv4Addr, bytes: &[u8]) {
		match self.answer(now, source, bytes) {
			Ok(Some(bytes)) => self.outputs.push_back(Output::Datagram { address: source, bytes }),
			Ok(None) => {}
			Err(rule) => self.dropped.count(rule),
		}
	}

	/// The datagram that answers one from `source`, if one does; or the rule that it breaks.
	fn answer(&mut self, now: Micros, source: Ipv4Addr, bytes: &[u8]) -> Result<Option<Vec<u8>>, Rule> {
		let datagram = data::decode(bytes).ok_or(Rule::Malformed)?;
		let session = self.sessions.get_mut(&datagram.session).ok_or(Rule::UnknownSession)?;
		if session.address != source {
			return Err(Rule::ForeignSource);
		}
		let body = match datagram.body {
			Body::Hello(stamp) => Body::Welcome(stamp),
			Body::Ping(stamp) => Body::Pong(stamp),
			Body::Load(payload) => {
				session.take_load(now, datagram.number, payload)?;
				return Ok(None);
			}
			Body::EchoLoad(payload) => {
				let echo = session.take_echo_load(now, datagram.number, payload)?;
				return Ok(Some(Datagram { body: Body::Echo(&echo), ..datagram }.encode()));
			}
			Body::Countersign { digest, signature } => {
				session.countersign(now, datagram.number, &digest, &signature)?;
				return Ok(None);
			}
			Body::Welcome(_) | Body::Pong(_) | Body::Echo(_) | Body::Receipts(_) => {
				return Err(Rule::WrongKind)
			}
		};
		Ok(Some(Datagram { body, ..datagram }.encode()))
	}

	/// Whether the session's tunnel may come from `source`: the seat's prefix, as for its requests.
	pub fn is_allowed(&self, session: &[u8; 8], source: IpAddr) -> bool {
		self.sessions.get(session).is_some_and(|s| s.prefix.is_none_or(|prefix| prefix == Prefix::of(source)))
	}

	/// Ends a session at once.
	pub fn forget(&mut self, session: &[u8; 8]) {
		if let Some(gone) = self.sessions.remove(session) {
			self.outputs.push_back(Output::RemovePeer { session: *session, wireguard: gone.wireguard });
		}
	}

	fn open(
		&mut self,
		now: Micros,
		source: IpAddr,
		test: &Test,
		wireguard: &[u8; 32],
		signature: &[u8; 64],
	) -> Result<Response, Refusal> {
		if test.genesis != self.config.genesis {
			return Err(Refusal::ForeignGenesis);
		}
		if test.target != self.config.account {
			return Err(Refusal::NotTheTarget);
		}
		let assignment = self.assignment.as_ref().ok_or(Refusal::UnknownTest)?;
		if (test.epoch, test.kind, test.ordinal) != (assignment.epoch, assignment.kind, assignment.ordinal) {
			return Err(Refusal::UnknownTest);
		}
		let place = assignment
			.committee
			.iter()
			.position(|m| m.account == test.attestor)
			.ok_or(Refusal::NotAMember)?;
		let member = *assignment.committee.get(place).ok_or(Refusal::NotAMember)?;
		if member.prefix.is_some_and(|prefix| prefix != Prefix::of(source)) {
			return Err(Refusal::OutsidePrefix);
		}
		if !keys::verify(&member.key, &wire::open_payload(test, wireguard), signature) {
			return Err(Refusal::BadSignature);
		}
		let busy = |s: &Session| {
			(s.test.epoch, s.test.kind, s.test.ordinal) != (test.epoch, test.kind, test.ordinal)
		};
		if self.sessions.values().any(|s| busy(s) && s.is_running(now)) {
			return Err(Refusal::Busy);
		}
		// One member must not push another's session or peer out.
		let is_anothers = |s: &Session| s.test.session == test.session || s.wireguard == *wireguard;
		if self.sessions.values().any(|s| s.test.attestor != test.attestor && is_anothers(s)) {
			return Err(Refusal::Busy);
		}
		let known =
			self.sessions.values().find(|s| s.test.attestor == test.attestor).map(|s| (s.test, s.wireguard));
		let octet =
			u8::try_from(place).ok().and_then(|place| place.checked_add(1)).ok_or(Refusal::NotAMember)?;
		let address = Ipv4Addr::new(100, 64, 1, octet);
		match known {
			// The answer got lost: the same answer again.
			Some((known, key)) if known == *test && key == *wireguard => {}
			known => {
				if let Some((known, _)) = known {
					self.forget(&known.session);
				}
				let session = Session::new(now, *test, *wireguard, address, &member);
				self.sessions.insert(test.session, session);
				self.outputs.push_back(Output::AddPeer {
					session: test.session,
					wireguard: *wireguard,
					address,
				});
			}
		}
		Ok(Response::Opened {
			wireguard: self.config.wireguard,
			port: self.config.port,
			target_address: ADDRESS.octets(),
			attestor_address: address.octets(),
		})
	}

	fn offer(&mut self, now: Micros, id: &[u8; 8], request: &Request) -> Result<Response, Refusal> {
		let Request::Offer { seed_hash, down_kbps, up_kbps, start_millis, window_millis, signature, .. } =
			request
		else {
			return Err(Refusal::Malformed);
		};
		let assignment = self.assignment.as_ref();
		let session = self.sessions.get_mut(id).ok_or(Refusal::UnknownSession)?;
		let test = session.test;
		let assignment = assignment
			.filter(|a| (a.epoch, a.kind, a.ordinal) == (test.epoch, test.kind, test.ordinal))
			.ok_or(Refusal::UnknownTest)?;
		if assignment.starts.is_empty() {
			return Err(Refusal::NotScheduled);
		}
		let start = start_millis.saturating_mul(MILLI);
		let window = Micros::from(*window_millis).saturating_mul(MILLI);
		// While the chain has branches, members may follow another than this target's node does: each is served at its T0.
		if !assignment.starts.contains(&start) || window != assignment.window {
			return Err(Refusal::WrongStart);
		}
		if *down_kbps > assignment.down_kbps || *up_kbps > assignment.up_kbps {
			return Err(Refusal::WrongLoad);
		}
		if now >= windows_end(start, window) {
			return Err(Refusal::TooLate);
		}
		let payload =
			wire::offer_payload(&test, seed_hash, *down_kbps, *up_kbps, *start_millis, *window_millis);
		if !keys::verify(&session.key, &payload, signature) {
			return Err(Refusal::BadSignature);
		}
		session.accept(start, window, seed_hash, [*down_kbps, *up_kbps])?;
		Ok(Response::Accept)
	}

	fn finish(
		&mut self,
		id: &[u8; 8],
		down: u64,
		up: u64,
		signature: &[u8; 64],
	) -> Result<Response, Refusal> {
		let session = self.sessions.get_mut(id).ok_or(Refusal::UnknownSession)?;
		let seed_hash = session.check_counts(down, up)?;
		if !keys::verify(&session.key, &wire::finish_payload(&session.test, &seed_hash, down, up), signature)
		{
			return Err(Refusal::BadSignature);
		}
		Ok(Response::Final { signature: session.sign(&self.config.key, down, up)? })
	}

	/// Ends a session whose final has both signatures now.
	fn settle(&mut self, id: &[u8; 8], seed: &[u8; 32], signature: &[u8; 64]) -> Result<Response, Refusal> {
		let session = self.sessions.get(id).ok_or(Refusal::UnknownSession)?;
		let bilateral = session.bilateral(*signature).ok_or(Refusal::UnknownSession)?;
		if bilateral.seed_hash != keystream::seed_hash(seed) {
			return Err(Refusal::WrongSeed);
		}
		if !keys::verify(&session.key, &bilateral.payload(), signature) {
			return Err(Refusal::BadSignature);
		}
		self.outputs.push_back(Output::Settled(Box::new(bilateral)));
		self.forget(id);
		Ok(Response::Noted)
	}
}

#[cfg(test)]
mod tests;
