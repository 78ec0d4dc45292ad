//! What a line's packets look like from outside: as WireGuard makes them, or scrambled.
//!
//! A customer that wants it scrambles all it sends, once it knows the key. A provider answers each source as it was
//! last spoken to from there: it holds the key from the start and takes both.

use super::transport::{is_upkeep, Counters};
use crate::clock;
use gotatun::{
	packet::{Packet, PacketBufPool},
	udp::{UdpRecv, UdpSend},
};
use std::{
	collections::HashMap,
	io,
	net::SocketAddr,
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc, Mutex, OnceLock, PoisonError,
	},
};
use weir_tunnel_core::{
	dropped::{Dropped, Rule},
	scramble::{is_plain, scramble, unscramble, Key, Scrambled},
	wire::nat::Probe,
	Micros, MILLI,
};

/// Sources that are answered in disguise, at most: twice the sessions there can be.
const MOST_SOURCES: usize = 8_192;
/// A source that was silent for so long has no WireGuard session any more (REJECT_AFTER_TIME is 180 s).
const FORGOTTEN: Micros = 180_000 * MILLI;
/// When a source spoke is noted as rarely as that.
const NOTED: Micros = 30_000 * MILLI;

/// How a device disguises itself.
#[derive(Debug)]
pub(super) enum Disguise {
	/// A customer: all of it, from when the key is known; nothing else is taken then.
	Customer(OnceLock<Key>),
	/// A provider: towards those who are in disguise themselves.
	Provider(Key, Sources),
}

impl Default for Disguise {
	/// Of a device that does not know a key yet.
	fn default() -> Self {
		Self::Customer(OnceLock::new())
	}
}

impl Disguise {
	/// Of a provider with this key.
	pub(super) fn provider(key: Key) -> Self {
		Self::Provider(key, Sources::default())
	}

	/// The key, once it is known.
	pub(super) fn key(&self) -> Option<&Key> {
		match self {
			Self::Customer(key) => key.get(),
			Self::Provider(key, _) => Some(key),
		}
	}

	/// Tells a customer the key. A device has one for all its life.
	pub(super) fn set_key(&self, key: Key) {
		if let Self::Customer(known) = self {
			let _ = known.set(key);
		}
	}

	/// Disguises what goes to `destination`; false if it must not be sent.
	pub(super) fn dress(&self, packet: &mut Packet, destination: SocketAddr) -> bool {
		// Of none of WireGuard's.
		if Probe::decode(packet).is_some() {
			return true;
		}
		let key = match self {
			Self::Customer(key) => key.get(),
			Self::Provider(key, sources) => sources.has(destination).then_some(key),
		};
		let Some(key) = key else { return true };
		let random = |bytes: &mut [u8]| rand::RngCore::fill_bytes(&mut rand::thread_rng(), bytes);
		match scramble(key, packet, random) {
			Some(Scrambled::InPlace) => true,
			Some(Scrambled::Grown(grown)) => {
				*packet = Packet::copy_from(&grown[..]);
				true
			}
			None => false,
		}
	}

	/// Makes of what came from `source` what WireGuard knows; false if it is nothing of ours.
	pub(super) fn undress(&self, packet: &mut Packet, source: SocketAddr) -> bool {
		if Probe::decode(packet).is_some() {
			return true;
		}
		let key = match self {
			Self::Customer(key) => match key.get() {
				Some(key) => key,
				None => return true,
			},
			Self::Provider(key, sources) => {
				if is_plain(packet) {
					sources.is_plain(source);
					return true;
				}
				key
			}
		};
		let Some(length) = unscramble(key, packet) else { return false };
		packet.truncate(length);
		if let Self::Provider(_, sources) = self {
			sources.is_disguised(source, clock::now());
		}
		true
	}
}

/// Who speaks to a provider in disguise.
///
/// Whoever knows the key can speak from an address that is not its own. So a full table takes no new sources rather than
/// forgetting those that have a session.
#[derive(Debug, Default)]
pub(super) struct Sources {
	/// Nothing is looked up as long as nobody is.
	any: AtomicBool,
	heard: Mutex<HashMap<SocketAddr, Micros>>,
}

impl Sources {
	fn has(&self, source: SocketAddr) -> bool {
		self.any.load(Ordering::Relaxed) && self.lock().contains_key(&source)
	}

	fn is_plain(&self, source: SocketAddr) {
		if self.any.load(Ordering::Relaxed) {
			self.lock().remove(&source);
		}
	}

	fn is_disguised(&self, source: SocketAddr, now: Micros) {
		let mut heard = self.lock();
		if heard.get(&source).is_some_and(|at| now.saturating_sub(*at) < NOTED) {
			return;
		}
		if heard.len() >= MOST_SOURCES && !heard.contains_key(&source) {
			heard.retain(|_, at| now.saturating_sub(*at) < FORGOTTEN);
		}
		if heard.len() < MOST_SOURCES || heard.contains_key(&source) {
			heard.insert(source, now);
		}
		self.any.store(true, Ordering::Relaxed);
	}

	fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<SocketAddr, Micros>> {
		self.heard.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

/// A sending half in disguise.
#[derive(Clone)]
pub(super) struct Dressed<S> {
	pub(super) line: S,
	pub(super) disguise: Arc<Disguise>,
}

impl<S: UdpSend> UdpSend for Dressed<S> {
	type SendManyBuf = S::SendManyBuf;

	async fn send_to(&self, mut packet: Packet, destination: SocketAddr) -> io::Result<()> {
		if self.disguise.dress(&mut packet, destination) {
			self.line.send_to(packet, destination).await?;
		}
		Ok(())
	}

	fn max_number_of_packets_to_send(&self) -> usize {
		self.line.max_number_of_packets_to_send()
	}

	async fn send_many_to(
		&self,
		buffer: &mut Self::SendManyBuf,
		packets: &mut Vec<(Packet, SocketAddr)>,
	) -> io::Result<()> {
		packets.retain_mut(|(packet, destination)| self.disguise.dress(packet, *destination));
		if packets.is_empty() {
			return Ok(());
		}
		self.line.send_many_to(buffer, packets).await
	}

	fn local_addr(&self) -> io::Result<Option<SocketAddr>> {
		self.line.local_addr()
	}
}

/// A receiving half that takes what is in disguise.
pub(super) struct Undressed<R> {
	pub(super) line: R,
	pub(super) disguise: Arc<Disguise>,
	pub(super) counters: Arc<Counters>,
	pub(super) dropped: Arc<Dropped>,
}

impl<R> Undressed<R> {
	/// Whether WireGuard is handed a packet, which then is as it knows it.
	fn admits(&self, packet: &mut Packet, source: SocketAddr) -> bool {
		let is_ours = self.disguise.undress(packet, source);
		if !is_ours {
			self.dropped.count(Rule::NotWireGuard);
		} else if !is_upkeep(packet) {
			self.counters.sealed_packets.fetch_add(1, Ordering::Relaxed);
		}
		is_ours
	}
}

impl<R: UdpRecv> UdpRecv for Undressed<R> {
	type RecvManyBuf = R::RecvManyBuf;

	async fn recv_from(&mut self, pool: &mut PacketBufPool) -> io::Result<(Packet, SocketAddr)> {
		loop {
			let (mut packet, source) = self.line.recv_from(pool).await?;
			if self.admits(&mut packet, source) {
				return Ok((packet, source));
			}
		}
	}

	async fn recv_many_from(
		&mut self,
		buffer: &mut Self::RecvManyBuf,
		pool: &mut PacketBufPool,
		packets: &mut Vec<(Packet, SocketAddr)>,
	) -> io::Result<()> {
		let already = packets.len();
		self.line.recv_many_from(buffer, pool, packets).await?;
		let mut number = 0;
		packets.retain_mut(|(packet, source)| {
			number += 1;
			number <= already || self.admits(packet, *source)
		});
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const KEY: Key = [5; 32];

	fn source(number: u32) -> SocketAddr {
		SocketAddr::from((std::net::Ipv4Addr::from(0x7f00_0000 + number), 9))
	}

	fn data() -> Packet {
		Packet::copy_from(&[&[4, 0, 0, 0][..], &(0..60).collect::<Vec<u8>>()].concat()[..])
	}

	#[test]
	fn a_provider_should_answer_each_source_as_it_speaks() {
		let (provider, customer) = (Disguise::provider(KEY), Disguise::default());
		let (plain, disguised) = (source(1), source(2));
		let mut packet = data();
		assert!(customer.dress(&mut packet, plain) && is_plain(&packet), "it does not know the key yet");
		customer.set_key(KEY);
		assert!(customer.dress(&mut packet, plain) && !is_plain(&packet));
		assert!(provider.undress(&mut packet, disguised));
		assert_eq!(packet.as_ref(), data().as_ref());
		assert!(provider.undress(&mut packet, plain));
		let mut answer = data();
		assert!(provider.dress(&mut answer, plain) && is_plain(&answer));
		assert!(!customer.undress(&mut answer, plain), "what is not in disguise is not the provider's");
		let mut answer = data();
		assert!(provider.dress(&mut answer, disguised) && !is_plain(&answer));
		assert!(customer.undress(&mut answer, plain));
		assert_eq!(answer.as_ref(), data().as_ref());
		// It changes its mind.
		assert!(provider.undress(&mut data(), disguised));
		let mut answer = data();
		assert!(provider.dress(&mut answer, disguised) && is_plain(&answer));
	}

	#[test]
	fn noise_should_be_dropped_and_change_nothing() {
		let provider = Disguise::provider(KEY);
		assert!(!provider.undress(&mut Packet::copy_from(&[9; 80][..]), source(1)));
		assert!(!provider.undress(&mut Packet::copy_from(&[9; 3][..]), source(1)));
		let mut answer = data();
		assert!(provider.dress(&mut answer, source(1)) && is_plain(&answer));
	}

	#[test]
	fn sources_with_a_session_should_be_kept_when_others_flood() {
		let sources = Sources::default();
		for number in 0..u32::try_from(2 * MOST_SOURCES).unwrap() {
			sources.is_disguised(source(number), 1_000);
		}
		assert!(sources.has(source(0)) && !sources.has(source(2 * 8_192 - 1)));
		assert_eq!(sources.lock().len(), MOST_SOURCES);
		sources.is_disguised(source(0), 1_000 + NOTED);
		sources.is_disguised(source(9_000), 1_000 + FORGOTTEN);
		assert!(sources.has(source(0)) && sources.has(source(9_000)) && !sources.has(source(1)));
	}
}
