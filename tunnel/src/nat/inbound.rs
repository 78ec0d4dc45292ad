//! The port that a relay keeps for a guest who is a provider behind a router: what comes there goes through the guest's tunnel,
//! as if the guest stood there, and back. What it carries is metered and paid as everything in a guest's tunnel is.
//!
//! Datagrams are passed on as they are; TCP ends here and goes on inside, so that no host of the relay's is spoken for. The
//! relay sees who comes and how much; what is said is WireGuard's and Noise's between them and the guest.

use crate::{
	net::{
		doors::{Streams, DOOR_MTU, MOST_STREAMS},
		lock,
		packet::{self, Body},
	},
	tasks::Task,
};
use futures::{stream::FuturesUnordered, FutureExt, StreamExt};
use std::{
	collections::HashMap,
	io,
	net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4},
	sync::{Arc, Mutex},
	time::{Duration, Instant},
};
use tokio::{
	net::{TcpListener, TcpStream, UdpSocket},
	sync::mpsc,
};
use weir_tunnel_core::target::Prefix;

/// Guests whom a provider keeps a port for.
pub(crate) const MOST_INBOUNDS: usize = 16;
/// Of the streams, those from one address prefix: what a customer needs, and a committee on it.
const MOST_OF_PREFIX: usize = 8;
/// Addresses that the guest may answer.
const MOST_PEERS: usize = 2_048;
/// One that it has not answered is forgotten so long after its last datagram,
const FORGET_STRANGER: Duration = Duration::from_secs(30);
/// and one that it has so long after: WireGuard speaks every 25 s.
const FORGET: Duration = Duration::from_secs(180);
/// The guest has not taken a stream by then.
const CONNECT: Duration = Duration::from_secs(10);
/// A port that is free for UDP may be taken for TCP.
const TRIES: usize = 16;
const PORT_WAIT: Duration = Duration::from_millis(50);
/// Longest datagram, and one byte more to tell longer ones.
const ROOM: usize = DOOR_MTU as usize - 28 + 1;

struct Peer {
	heard_at: Instant,
	is_answered: bool,
}

/// Whom the guest may answer: nobody is sent anything who has not asked.
#[derive(Default)]
struct Peers(HashMap<SocketAddrV4, Peer>);

impl Peers {
	/// Notes a datagram of `from`; whether it is passed on. When there is no room left for those who were answered, strangers
	/// go first, the one that was heard of longest ago before the others.
	fn heard(&mut self, from: SocketAddrV4, now: Instant) -> bool {
		if let Some(peer) = self.0.get_mut(&from) {
			peer.heard_at = now;
			return true;
		}
		if self.0.len() >= MOST_PEERS {
			self.0.retain(|_, peer| {
				let patience = if peer.is_answered { FORGET } else { FORGET_STRANGER };
				now.saturating_duration_since(peer.heard_at) < patience
			});
		}
		if self.0.len() >= MOST_PEERS {
			let strangers = self.0.iter().filter(|(_, peer)| !peer.is_answered);
			let Some(oldest) = strangers.min_by_key(|(_, peer)| peer.heard_at).map(|(from, _)| *from) else {
				return false;
			};
			self.0.remove(&oldest);
		}
		self.0.insert(from, Peer { heard_at: now, is_answered: false });
		true
	}

	/// Whether the guest may send to `to`.
	fn answers(&mut self, to: SocketAddrV4, now: Instant) -> bool {
		let Some(peer) = self.0.get_mut(&to) else { return false };
		if now.saturating_duration_since(peer.heard_at) >= FORGET {
			return false;
		}
		peer.is_answered = true;
		true
	}
}

/// A guest's port. Dropped, it is closed.
pub(crate) struct Inbound {
	guest: SocketAddrV4,
	socket: Arc<UdpSocket>,
	streams: Arc<Streams>,
	peers: Arc<Mutex<Peers>>,
	_tasks: [Task; 2],
}

impl Inbound {
	/// Opens `port`, or any if that is 0, at `bind`. What comes there goes `to_guest`.
	pub(crate) async fn open(
		bind: IpAddr,
		port: u16,
		guest: Ipv4Addr,
		to_guest: mpsc::Sender<Vec<u8>>,
	) -> io::Result<Self> {
		let bind = match bind {
			IpAddr::V4(bind) => bind,
			// What stands for all addresses is bound to those of IPv4: a tunnel carries no other.
			IpAddr::V6(bind) if bind.is_unspecified() => Ipv4Addr::UNSPECIFIED,
			IpAddr::V6(_) => return Err(io::ErrorKind::Unsupported.into()),
		};
		let (socket, listener) = both(bind, port).await?;
		let guest = SocketAddrV4::new(guest, socket.local_addr()?.port());
		let (socket, peers) = (Arc::new(socket), Arc::<Mutex<Peers>>::default());
		let streams = Arc::new(Streams::new(to_guest.clone()));
		let tasks = [
			Task::spawn("datagrams for a guest", receive(socket.clone(), peers.clone(), guest, to_guest)),
			Task::spawn("streams for a guest", accept(listener, streams.clone(), guest)),
		];
		Ok(Self { guest, socket, streams, peers, _tasks: tasks })
	}

	/// Which it is.
	pub(crate) fn port(&self) -> u16 {
		self.guest.port()
	}

	/// Takes a packet of the guest's if it comes from the port; else it goes where the guest's others go.
	pub(crate) fn takes(&self, bytes: &[u8]) -> bool {
		let Some(inner) = packet::parse(bytes) else { return false };
		match inner.body {
			Body::Udp { ports: (source, destination), payload } if source == self.guest.port() => {
				let to = SocketAddrV4::new(inner.destination, destination);
				if lock(&self.peers).answers(to, Instant::now()) {
					// A full socket buffer drops, as a line does.
					let _ = self.socket.try_send_to(payload, SocketAddr::V4(to));
				}
				true
			}
			Body::Tcp { ports: (source, destination), .. } if source == self.guest.port() => {
				let local = SocketAddrV4::new(inner.destination, destination);
				self.streams.input(local, self.guest, bytes);
				true
			}
			_ => false,
		}
	}
}

/// A port that is free for both.
async fn both(bind: Ipv4Addr, port: u16) -> io::Result<(UdpSocket, TcpListener)> {
	let mut last = io::ErrorKind::AddrInUse.into();
	for _ in 0..TRIES {
		let socket = UdpSocket::bind((bind, port)).await;
		let port_of = |socket: UdpSocket| Ok::<_, io::Error>((socket.local_addr()?.port(), socket));
		match socket.and_then(port_of) {
			Ok((port, socket)) => match TcpListener::bind((bind, port)).await {
				Ok(listener) => return Ok((socket, listener)),
				Err(error) => last = error,
			},
			Err(error) => last = error,
		}
		// The guest's earlier session may be about to leave it.
		tokio::time::sleep(PORT_WAIT).await;
	}
	Err(last)
}

async fn receive(
	socket: Arc<UdpSocket>,
	peers: Arc<Mutex<Peers>>,
	guest: SocketAddrV4,
	to_guest: mpsc::Sender<Vec<u8>>,
) {
	let mut room = [0; ROOM];
	loop {
		// An error is of a datagram that was sent: nobody may be there any more.
		let Ok((length, SocketAddr::V4(from))) = socket.recv_from(&mut room).await else {
			tokio::task::yield_now().await;
			continue;
		};
		if from.port() == 0 || !lock(&peers).heard(from, Instant::now()) {
			continue;
		}
		let packet = room.get(..length).and_then(|payload| packet::datagram(from, guest, payload, DOOR_MTU));
		if let Some(packet) = packet {
			// A full tunnel drops, as a line does.
			let _ = to_guest.try_send(packet);
		}
	}
}

async fn accept(listener: TcpListener, streams: Arc<Streams>, guest: SocketAddrV4) {
	let mut running = FuturesUnordered::new();
	let mut of_prefix = HashMap::<Prefix, usize>::new();
	loop {
		tokio::select! {
			accepted = listener.accept() => {
				let Ok((near, SocketAddr::V4(from))) = accepted else {
					// Out of files, most likely.
					tokio::time::sleep(Duration::from_millis(100)).await;
					continue;
				};
				let prefix = Prefix::of(IpAddr::V4(*from.ip()));
				let share = of_prefix.entry(prefix).or_default();
				if running.len() >= MOST_STREAMS || *share >= MOST_OF_PREFIX {
					continue;
				}
				*share = share.saturating_add(1);
				let streams = streams.clone();
				running.push(async move { pass_on(near, from, &streams, guest).await; prefix }.boxed());
			}
			Some(prefix) = running.next(), if !running.is_empty() => {
				if let Some(share) = of_prefix.get_mut(&prefix) {
					*share = share.saturating_sub(1);
					if *share == 0 {
						of_prefix.remove(&prefix);
					}
				}
			}
		}
	}
}

async fn pass_on(mut near: TcpStream, from: SocketAddrV4, streams: &Streams, guest: SocketAddrV4) {
	let _ = near.set_nodelay(true);
	let Ok(Ok(mut far)) = tokio::time::timeout(CONNECT, streams.call(from, guest)).await else { return };
	// However it ends, both ends are closed.
	let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
}

#[cfg(test)]
mod tests {
	use super::*;

	fn at(n: usize) -> SocketAddrV4 {
		SocketAddrV4::new(Ipv4Addr::from(0x0a00_0000 + n as u32), 1)
	}

	#[test]
	fn guest_should_answer_those_alone_who_have_asked_a_while_ago_at_most() {
		let (mut peers, now) = (Peers::default(), Instant::now());
		assert!(!peers.answers(at(1), now));
		assert!(peers.heard(at(1), now) && peers.answers(at(1), now));
		assert!(
			peers.answers(at(1), now + FORGET - Duration::from_secs(1))
				&& !peers.answers(at(1), now + FORGET)
		);
	}

	#[test]
	fn strangers_should_not_take_the_room_of_those_who_were_answered() {
		let (mut peers, now) = (Peers::default(), Instant::now());
		assert!(peers.heard(at(0), now) && peers.answers(at(0), now));
		for n in 1..3 * MOST_PEERS {
			assert!(peers.heard(at(n), now + Duration::from_millis(n as u64)));
		}
		assert!(peers.0.len() <= MOST_PEERS && peers.answers(at(0), now + Duration::from_secs(10)));
		for n in 3 * MOST_PEERS - MOST_PEERS..3 * MOST_PEERS {
			peers.answers(at(n), now + Duration::from_secs(10));
		}
		assert!(!peers.heard(at(9 * MOST_PEERS), now + Duration::from_secs(10)), "all of them were answered");
		assert!(peers.heard(at(9 * MOST_PEERS), now + FORGET + Duration::from_secs(30)));
	}

	#[tokio::test]
	async fn port_should_pass_datagrams_to_the_guest_and_back_and_to_nobody_else() {
		let (to_guest, mut packets) = mpsc::channel(16);
		let guest = Ipv4Addr::new(100, 96, 0, 2);
		let inbound = Inbound::open(Ipv4Addr::LOCALHOST.into(), 0, guest, to_guest).await.unwrap();
		let there = SocketAddr::from((Ipv4Addr::LOCALHOST, inbound.port()));
		let customer = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
		let SocketAddr::V4(from) = customer.local_addr().unwrap() else { panic!("IPv4") };
		customer.send_to(b"question", there).await.unwrap();
		let packet = packets.recv().await.unwrap();
		let inner = packet::parse(&packet).unwrap();
		assert_eq!((SocketAddrV4::new(inner.source, from.port()), inner.destination), (from, guest));
		let door = SocketAddrV4::new(guest, inbound.port());
		assert!(inbound.takes(&packet::datagram(door, from, b"answer", DOOR_MTU).unwrap()));
		let mut buffer = [0; 16];
		let length =
			tokio::time::timeout(Duration::from_secs(5), customer.recv(&mut buffer)).await.unwrap().unwrap();
		assert_eq!(&buffer[..length], b"answer");
		// To whoever has not asked nothing goes, and from another port it is none of the port's.
		let stranger = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
		let SocketAddr::V4(there) = stranger.local_addr().unwrap() else { panic!("IPv4") };
		assert!(inbound.takes(&packet::datagram(door, there, b"attack", DOOR_MTU).unwrap()));
		let other = SocketAddrV4::new(guest, inbound.port() ^ 1);
		assert!(!inbound.takes(&packet::datagram(other, from, b"other", DOOR_MTU).unwrap()));
		let nothing = tokio::time::timeout(Duration::from_millis(200), stranger.recv(&mut buffer)).await;
		assert!(nothing.is_err());
	}
}
