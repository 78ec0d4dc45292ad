//! What strangers may take of the control plane: of connections and requests, each place has its share, so that none
//! takes what the others need. A PeerId costs nothing and is no place; an address prefix is.

use super::{ip_of, port_of};
use libp2p::{
	core::{transport::PortUse, Endpoint},
	swarm::{
		dummy, ConnectionClosed, ConnectionDenied, ConnectionId, FromSwarm, ListenFailure, NetworkBehaviour,
		THandler, THandlerInEvent, THandlerOutEvent, ToSwarm,
	},
	Multiaddr, PeerId,
};
use std::{
	collections::{HashMap, HashSet},
	convert::Infallible,
	net::{IpAddr, SocketAddr},
	task::{Context, Poll},
	time::{Duration, Instant},
};
use weir_tunnel_core::target::Prefix;

/// Incoming connections in all, those whose handshake is under way included: each of a provider's customers has one. Expected
/// prefixes may exceed it.
const MAX_CONNECTIONS: usize = 2_048;
/// Of these, from one prefix. A seat needs one, and a second one while the first is being given up.
const MAX_OF_PREFIX: usize = 8;
/// A prefix may ask this often in the long run: an attestor asks at most every 250 ms in a test, and its clock and
/// liveness questions besides.
const REQUEST_EVERY: Duration = Duration::from_millis(125);
/// And this many times at once.
const BURST: u32 = 32;
/// Prefixes whose requests are counted.
const MAX_COUNTED: usize = 1_024;

/// Why a connection is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum Denied {
	#[error("too many connections")]
	Full,
	#[error("too many connections from its address prefix")]
	FullPrefix,
	#[error("not an IP address")]
	NoAddress,
	#[error("its peer is connected from another address")]
	OtherAddress,
}

/// Shares of connections. All connections of a peer come from one address, so that a request, of which only the peer is
/// known, has one as well.
#[derive(Default)]
pub(super) struct Connections {
	/// Incoming ones, from when they begin.
	incoming: HashMap<ConnectionId, Prefix>,
	/// Where connected peers are, with the port of their newest connection.
	peers: HashMap<PeerId, SocketAddr>,
	/// For these there is room when the connections in all are taken, which 256 prefixes can do.
	expected: HashSet<Prefix>,
}

impl Connections {
	/// Where a connected peer is.
	pub(super) fn source(&self, peer: &PeerId) -> Option<IpAddr> {
		self.address(peer).map(|address| address.ip())
	}

	/// That, with the port of its newest connection.
	pub(super) fn address(&self, peer: &PeerId) -> Option<SocketAddr> {
		self.peers.get(peer).copied()
	}

	/// Keeps room for these prefixes from now on, and for no others.
	pub(super) fn expect(&mut self, prefixes: HashSet<Prefix>) {
		self.expected = prefixes;
	}

	/// Takes an incoming connection, if there is a share of them left for where it comes from.
	pub(super) fn begin(&mut self, id: ConnectionId, remote: &Multiaddr) -> Result<(), Denied> {
		let prefix = Prefix::of(ip_of(remote).ok_or(Denied::NoAddress)?);
		if self.incoming.len() >= MAX_CONNECTIONS && !self.expected.contains(&prefix) {
			return Err(Denied::Full);
		}
		if self.incoming.values().filter(|known| **known == prefix).count() >= MAX_OF_PREFIX {
			return Err(Denied::FullPrefix);
		}
		self.incoming.insert(id, prefix);
		Ok(())
	}

	fn check_source(&self, peer: &PeerId, remote: &Multiaddr) -> Result<(), Denied> {
		let source = ip_of(remote).ok_or(Denied::NoAddress)?;
		match self.peers.get(peer) {
			Some(known) if known.ip() != source => Err(Denied::OtherAddress),
			_ => Ok(()),
		}
	}
}

impl NetworkBehaviour for Connections {
	type ConnectionHandler = dummy::ConnectionHandler;
	type ToSwarm = Infallible;

	fn handle_pending_inbound_connection(
		&mut self,
		id: ConnectionId,
		_: &Multiaddr,
		remote: &Multiaddr,
	) -> Result<(), ConnectionDenied> {
		self.begin(id, remote).map_err(ConnectionDenied::new)
	}

	fn handle_established_inbound_connection(
		&mut self,
		_: ConnectionId,
		peer: PeerId,
		_: &Multiaddr,
		remote: &Multiaddr,
	) -> Result<THandler<Self>, ConnectionDenied> {
		self.check_source(&peer, remote).map_err(ConnectionDenied::new)?;
		Ok(dummy::ConnectionHandler)
	}

	fn handle_established_outbound_connection(
		&mut self,
		_: ConnectionId,
		peer: PeerId,
		remote: &Multiaddr,
		_: Endpoint,
		_: PortUse,
	) -> Result<THandler<Self>, ConnectionDenied> {
		self.check_source(&peer, remote).map_err(ConnectionDenied::new)?;
		Ok(dummy::ConnectionHandler)
	}

	fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
		match event {
			FromSwarm::ConnectionEstablished(established) => {
				let remote = established.endpoint.get_remote_address();
				if let Some(source) = ip_of(remote) {
					self.peers.insert(established.peer_id, SocketAddr::new(source, port_of(remote)));
				}
			}
			FromSwarm::ConnectionClosed(ConnectionClosed {
				peer_id,
				connection_id,
				remaining_established,
				..
			}) => {
				self.incoming.remove(&connection_id);
				if remaining_established == 0 {
					self.peers.remove(&peer_id);
				}
			}
			FromSwarm::ListenFailure(ListenFailure { connection_id, .. }) => {
				self.incoming.remove(&connection_id);
			}
			_ => {}
		}
	}

	fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, event: THandlerOutEvent<Self>) {
		match event {}
	}

	fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
		Poll::Pending
	}
}

/// Shares of requests: a token bucket per prefix, kept as the time at which it is full again.
#[derive(Default)]
pub(super) struct Requests(HashMap<Prefix, Instant>);

impl Requests {
	/// Whether `source` may ask at `now`; if so, it has.
	pub(super) fn admit(&mut self, source: IpAddr, now: Instant) -> bool {
		let prefix = Prefix::of(source);
		if self.0.len() >= MAX_COUNTED && !self.0.contains_key(&prefix) {
			// The one that is full again, or the next to be.
			if let Some(fullest) = self.0.iter().min_by_key(|(_, full)| **full).map(|(prefix, _)| *prefix) {
				self.0.remove(&fullest);
			}
		}
		let full = self.0.entry(prefix).or_insert(now);
		let after = (*full).max(now) + REQUEST_EVERY;
		let admitted = after <= now + REQUEST_EVERY * BURST;
		if admitted {
			*full = after;
		}
		admitted
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn address(text: &str) -> Multiaddr {
		Multiaddr::from(text.parse::<IpAddr>().unwrap())
	}

	#[test]
	fn begin_should_deny_a_prefix_what_is_above_its_share_and_nobody_else() {
		let mut connections = Connections::default();
		for n in 0..MAX_OF_PREFIX {
			let id = ConnectionId::new_unchecked(n);
			assert_eq!(connections.begin(id, &address(&format!("192.0.2.{n}"))), Ok(()));
		}
		let id = ConnectionId::new_unchecked(100);
		assert_eq!(connections.begin(id, &address("192.0.2.99")), Err(Denied::FullPrefix));
		assert_eq!(connections.begin(id, &address("::ffff:192.0.2.99")), Err(Denied::FullPrefix));
		assert_eq!(connections.begin(id, &address("198.51.100.1")), Ok(()));
		assert_eq!(connections.begin(id, &Multiaddr::empty()), Err(Denied::NoAddress));
	}

	/// With all connections taken.
	fn full() -> Connections {
		let mut connections = Connections::default();
		for n in 0..MAX_CONNECTIONS {
			let id = ConnectionId::new_unchecked(n);
			let remote = address(&format!("10.{}.{}.1", n / 256, n % 256));
			assert_eq!(connections.begin(id, &remote), Ok(()));
		}
		connections
	}

	#[test]
	fn begin_should_deny_everybody_when_all_connections_are_taken() {
		let id = ConnectionId::new_unchecked(MAX_CONNECTIONS);
		assert_eq!(full().begin(id, &address("192.0.2.1")), Err(Denied::Full));
	}

	#[test]
	fn begin_should_take_the_share_of_an_expected_prefix_when_all_connections_are_taken() {
		let (mut connections, expected) = (full(), address("192.0.2.1"));
		let mut ids = (MAX_CONNECTIONS..).map(ConnectionId::new_unchecked);
		let mut begin = |connections: &mut Connections, remote: &Multiaddr| {
			connections.begin(ids.next().unwrap(), remote)
		};
		connections.expect([Prefix::of("192.0.2.9".parse().unwrap())].into());
		for _ in 0..MAX_OF_PREFIX {
			assert_eq!(begin(&mut connections, &expected), Ok(()));
		}
		assert_eq!(begin(&mut connections, &expected), Err(Denied::FullPrefix));
		assert_eq!(begin(&mut connections, &address("198.51.100.1")), Err(Denied::Full));
		// With the next test, others are expected.
		connections.expect([Prefix::of("198.51.100.9".parse().unwrap())].into());
		assert_eq!(begin(&mut connections, &expected), Err(Denied::Full));
		assert_eq!(begin(&mut connections, &address("198.51.100.1")), Ok(()));
	}

	#[test]
	fn admit_should_refill_by_time_and_count_prefixes_apart() {
		let (mut requests, now) = (Requests::default(), Instant::now());
		let (one, same, other) =
			("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap(), "2001:db8::1".parse().unwrap());
		assert!((0..BURST).all(|_| requests.admit(one, now)));
		assert!(!requests.admit(one, now) && !requests.admit(same, now) && requests.admit(other, now));
		let later = now + REQUEST_EVERY;
		assert!(requests.admit(same, later) && !requests.admit(one, later));
		let long_after = now + 1_000 * REQUEST_EVERY;
		assert_eq!((0..1_000).filter(|_| requests.admit(one, long_after)).count(), BURST as usize);
	}

	#[test]
	fn admit_should_stay_bounded_and_remember_who_floods_when_prefixes_are_many() {
		let (mut requests, now) = (Requests::default(), Instant::now());
		let flooder = "192.0.2.1".parse().unwrap();
		while requests.admit(flooder, now) {}
		for n in 0..10_000u32 {
			assert!(requests.admit(IpAddr::from((0x0a00_0000 + n * 256).to_be_bytes()), now));
		}
		assert_eq!(requests.0.len(), MAX_COUNTED);
		assert!(!requests.admit(flooder, now));
	}
}
