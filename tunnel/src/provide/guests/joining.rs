//! Who is let in.

use super::{funds, Done, Guests, Job, Joiner, Session};
use crate::{
	clock,
	engine::MTU,
	provide::{
		facts::{is_ending, Facts, Info},
		serving::PeerChange,
	},
};
use futures::FutureExt;
use std::net::Ipv4Addr;
use tokio::sync::oneshot;
use weir_tunnel_core::{
	session::{Earner, Terms},
	target::ADDRESS,
	wire::{join_payload, Join, Joined, Refusal, Response},
	Micros, MILLI,
};

/// A join is good for this long by the provider's clock, and for as long before it.
const FRESH: Micros = 60_000 * MILLI;
/// Customers' first inner address and how many there are: 100.96.0.2 on.
const FIRST_ADDRESS: u32 = 0x6460_0002;
const ADDRESSES: u32 = 0x001f_fff0;

impl Guests {
	/// What a join breaks that needs neither chain nor signature.
	pub(super) fn may_join(&self, now: Micros, join: &Join) -> Result<(), Refusal> {
		let parts = &self.parts;
		if join.genesis != parts.config.genesis {
			return Err(Refusal::ForeignGenesis);
		}
		if join.provider != parts.config.account {
			return Err(Refusal::UnknownChannel);
		}
		let last = parts.kept.get(&join.channel).map_or(0, |kept| kept.joined);
		if join.at.abs_diff(now) > FRESH || join.at <= last {
			return Err(Refusal::StaleJoin);
		}
		let is_serving = parts.facts.registration().is_some_and(|registered| registered.in_service);
		if !is_serving || self.outlet.is_none() || !self.door.is_open() || parts.month.is_over() {
			return Err(Refusal::NotServing);
		}
		// Those that have an address and no session yet are about to be let in.
		let has_place = |address: &Ipv4Addr| self.sessions.get(address).is_none_or(|session| session.is_open);
		let others = self.addresses.iter().filter(|(channel, _)| **channel != join.channel);
		if others.filter(|(_, address)| has_place(address)).count() >= parts.config.sessions {
			return Err(Refusal::Full);
		}
		// With the key of another customer one could take its packets.
		let is_taken = |session: &Session| {
			session.wireguard == join.wireguard && session.channel != join.channel && session.is_open
		};
		if join.wireguard == parts.config.wireguard || self.sessions.values().any(is_taken) {
			return Err(Refusal::Malformed);
		}
		Ok(())
	}

	/// Asks the chain for the joiner's channel, and compares the signature with its key.
	pub(super) fn look(&self, joiner: Box<Joiner>) -> Job {
		let facts = self.parts.facts.clone();
		async move {
			let found = match facts.fetch(joiner.join.channel).await {
				Ok(Some(info)) => Ok(Box::new(info)),
				Ok(None) => Err(Refusal::UnknownChannel),
				Err(error) => {
					tracing::warn!(channel = joiner.join.channel, %error, "channel not known");
					Err(Refusal::UnknownChannel)
				}
			};
			let found = found.and_then(|info| check_join(&facts, &joiner, info));
			Done::Looked { joiner, found }
		}
		.boxed()
	}

	/// Takes the joiner's place: what it did before ends. It is let in when the join is on the disk, so that no copy of it is ever
	/// good again.
	pub(super) fn admit(&mut self, now: Micros, joiner: Box<Joiner>, info: Box<Info>) -> Option<Job> {
		let Join { channel, wireguard, at, .. } = joiner.join;
		// Others may have joined meanwhile.
		if let Err(refusal) = self.may_join(now, &joiner.join) {
			return self.refuse(channel, joiner.reply, refusal);
		}
		self.close(channel);
		self.remove(channel);
		// Whoever comes back with its old key is not forgotten again when it is in.
		self.tell_leaving();
		self.leaving.retain(|key| *key != wireguard);
		let Some(address) = self.free_address() else {
			return self.refuse(channel, joiner.reply, Refusal::Full);
		};
		self.addresses.insert(channel, address);
		self.parts.facts.want(channel);
		let kept = self.parts.kept.entry(channel).or_default();
		kept.joined = at;
		let (kept, carried) = (*kept, self.carried());
		let (writer, peers) = (self.parts.writer.clone(), self.parts.peers.clone());
		Some(
			async move {
				let result = if writer.put(channel, kept, carried).await {
					let (done, added) = oneshot::channel();
					let change = PeerChange::Add { wireguard, address, done };
					let is_added = peers.send(change).await.is_ok() && added.await.unwrap_or(false);
					is_added.then_some(()).ok_or(Refusal::NotServing)
				} else {
					Err(Refusal::DiskFull)
				};
				Done::Admitted { joiner, info, address, result }
			}
			.boxed(),
		)
	}

	/// Opens the session of a joiner whom the device knows.
	pub(super) fn open(
		&mut self,
		now: Micros,
		joiner: Box<Joiner>,
		info: &Info,
		address: Ipv4Addr,
	) -> Option<Job> {
		let Joiner { peer, join: Join { channel, wireguard, .. }, reply, .. } = *joiner;
		let config = &self.parts.config;
		let record = self.parts.kept.get(&channel).copied().unwrap_or_default().record;
		let terms = Terms { genesis: config.genesis, channel, price_per_gb: info.price, funds: funds(info) };
		let earner = Earner::new(now, terms, info.voucher_key, record);
		let joined = Joined {
			wireguard: config.wireguard,
			port: self.parts.behind.port(config.port),
			gateway: ADDRESS.octets(),
			address: address.octets(),
			mtu: MTU,
			standing: earner.standing(),
		};
		let session =
			Session { channel, peer, wireguard, earner, is_open: true, heard_at: now, record_after: now };
		self.sessions.insert(address, session);
		self.parts.metrics.paid_joins.inc();
		self.tell_sessions();
		tracing::info!(channel, "customer joined");
		// Whoever asked may no longer wait.
		let _ = reply.send(Response::Joined(joined));
		None
	}

	/// An address that nobody has, and nobody had a moment ago.
	pub(super) fn free_address(&mut self) -> Option<Ipv4Addr> {
		(0..=self.addresses.len()).find_map(|_| {
			let address = Ipv4Addr::from(FIRST_ADDRESS.saturating_add(self.given % ADDRESSES));
			self.given = self.given.wrapping_add(1);
			let is_free = !self.addresses.values().any(|known| *known == address);
			is_free.then_some(address)
		})
	}
}

/// What a join breaks of its channel's rules.
fn check_join(facts: &Facts, joiner: &Joiner, info: Box<Info>) -> Result<Box<Info>, Refusal> {
	if info.provider != *facts.account() {
		return Err(Refusal::UnknownChannel);
	}
	if !info.voucher_key.verify(&join_payload(&joiner.join), &joiner.signature) {
		return Err(Refusal::BadSignature);
	}
	match facts.epoch(clock::now()) {
		Some(epoch) if is_ending(&info, epoch) => Err(Refusal::ChannelEnding),
		Some(_) => Ok(info),
		None => Err(Refusal::NotServing),
	}
}
