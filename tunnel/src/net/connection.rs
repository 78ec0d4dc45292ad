//! One TCP connection as a state machine: packets and the time go in, packets come out through a channel.

use super::packet::checksums;
use smoltcp::{
	iface::{Config, Interface, SocketHandle, SocketSet},
	phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken},
	socket::tcp::{CongestionControl, RecvError, Socket, SocketBuffer, State},
	time,
	wire::{HardwareAddress, IpAddress, IpEndpoint, IpListenEndpoint},
};
use std::{collections::VecDeque, io, net::SocketAddrV4, time::Duration};
use tokio::{
	sync::mpsc::{self, OwnedPermit},
	time::Instant,
};

/// smoltcp's clock runs so much faster than the world's. It sends again after a second at the earliest, as RFC 6298 wants it;
/// Linux does after a fifth of one. Without selective acknowledgements every second loss within a window comes to that, and
/// a second of silence each time is most of a transfer over a lossy line. Its cubic window grows faster with the clock.
const CLOCK_RATE: u32 = 4;
/// An acknowledgement waits so long for a second segment.
const ACK_DELAY: Duration = Duration::from_millis(10);
/// A peer that owes an acknowledgement for so long is gone.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a connection that both have closed answers a peer that has not heard of it. smoltcp would forget what is not
/// read yet after 2.5 s.
const LINGER: Duration = Duration::from_secs(1);
/// Nothing is asked again sooner: what smoltcp wants to do at once and does not must not become a loop.
const LEAST_WAIT: Duration = Duration::from_millis(1);

fn scaled(duration: Duration) -> time::Duration {
	let duration = duration.saturating_mul(CLOCK_RATE);
	time::Duration::from_micros(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
}

/// What comes in and goes out.
struct Link {
	mtu: usize,
	incoming: VecDeque<Vec<u8>>,
	out: mpsc::Sender<Vec<u8>>,
	/// Room that was waited for.
	permit: Option<OwnedPermit<Vec<u8>>>,
}

impl Link {
	fn has_room(&self) -> bool {
		self.permit.is_some() || self.out.capacity() > 0
	}
}

struct Received(Vec<u8>);

impl RxToken for Received {
	fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
		read(&self.0)
	}
}

struct Sending<'a> {
	out: &'a mpsc::Sender<Vec<u8>>,
	permit: &'a mut Option<OwnedPermit<Vec<u8>>>,
}

impl TxToken for Sending<'_> {
	fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, write: F) -> R {
		let mut packet = vec![0; length];
		let result = write(&mut packet);
		match self.permit.take() {
			Some(permit) => drop(permit.send(packet)),
			// Somebody else may have taken the room: then it is lost, as on a line.
			None => drop(self.out.try_send(packet)),
		}
		result
	}
}

impl Device for Link {
	type RxToken<'a> = Received;
	type TxToken<'a> = Sending<'a>;

	fn receive(&mut self, _: time::Instant) -> Option<(Received, Sending<'_>)> {
		let packet = self.incoming.pop_front()?;
		Some((Received(packet), Sending { out: &self.out, permit: &mut self.permit }))
	}

	fn transmit(&mut self, _: time::Instant) -> Option<Sending<'_>> {
		Some(Sending { out: &self.out, permit: &mut self.permit })
	}

	fn capabilities(&self) -> DeviceCapabilities {
		let mut capabilities = DeviceCapabilities::default();
		capabilities.medium = Medium::Ip;
		capabilities.max_transmission_unit = self.mtu;
		capabilities.checksum = checksums();
		capabilities
	}
}

/// What there is to be read of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Incoming {
	/// Something.
	Bytes,
	/// Nothing yet.
	Nothing,
	/// Nothing any more: all of it has been read.
	End,
	/// Nothing any more, and there may have been more of it.
	Broken,
}

/// A connection. Whoever drives it calls [`Self::advance`] after each change, and again at [`Self::deadline`].
pub(crate) struct Connection {
	interface: Interface,
	sockets: SocketSet<'static>,
	socket: SocketHandle,
	link: Link,
	began: Instant,
	/// Since when the peer owes an answer.
	waiting_since: Option<Instant>,
	/// When both had closed.
	closed_at: Option<Instant>,
	is_over: bool,
	gave_up: bool,
	is_blocked: bool,
}

impl Connection {
	fn new(now: Instant, buffer_bytes: usize, mtu: u16, out: mpsc::Sender<Vec<u8>>) -> Self {
		let mut link = Link { mtu: mtu.into(), incoming: VecDeque::new(), out, permit: None };
		let mut config = Config::new(HardwareAddress::Ip);
		config.random_seed = rand::random();
		let mut interface = Interface::new(config, &mut link, time::Instant::ZERO);
		// Whoever drives it hands it what is its own and nothing else.
		interface.set_any_ip(true);
		let buffer = || SocketBuffer::new(vec![0; buffer_bytes / 2]);
		let mut socket = Socket::new(buffer(), buffer());
		socket.set_congestion_control(CongestionControl::Cubic);
		socket.set_nagle_enabled(false);
		socket.set_ack_delay(Some(scaled(ACK_DELAY)));
		let mut sockets = SocketSet::new(Vec::with_capacity(1));
		let socket = sockets.add(socket);
		Self {
			interface,
			sockets,
			socket,
			link,
			began: now,
			waiting_since: None,
			closed_at: None,
			is_over: false,
			gave_up: false,
			is_blocked: false,
		}
	}

	/// One that calls. `keep_alive`: how often a peer that says nothing is asked whether it is there.
	pub(crate) fn connect(
		now: Instant,
		(local, remote): (SocketAddrV4, SocketAddrV4),
		(buffer_bytes, mtu, keep_alive): (usize, u16, Duration),
		out: mpsc::Sender<Vec<u8>>,
	) -> io::Result<Self> {
		let mut this = Self::new(now, buffer_bytes, mtu, out);
		let endpoint =
			|address: SocketAddrV4| IpEndpoint::new(IpAddress::Ipv4(*address.ip()), address.port());
		let socket = this.sockets.get_mut::<Socket<'_>>(this.socket);
		socket.set_keep_alive(Some(scaled(keep_alive)));
		socket
			.connect(this.interface.context(), endpoint(remote), endpoint(local))
			.map_err(|_| io::Error::from(io::ErrorKind::AddrNotAvailable))?;
		Ok(this)
	}

	/// One that answers at `local` and nowhere else: the next packet begins it.
	pub(crate) fn listen(
		now: Instant,
		local: SocketAddrV4,
		(buffer_bytes, mtu): (usize, u16),
		out: mpsc::Sender<Vec<u8>>,
	) -> io::Result<Self> {
		let mut this = Self::new(now, buffer_bytes, mtu, out);
		let endpoint = IpListenEndpoint { addr: Some(IpAddress::Ipv4(*local.ip())), port: local.port() };
		this.socket().listen(endpoint).map_err(|_| io::Error::from(io::ErrorKind::AddrNotAvailable))?;
		Ok(this)
	}

	/// smoltcp's socket: what is read and written.
	pub(crate) fn socket(&mut self) -> &mut Socket<'static> {
		self.sockets.get_mut(self.socket)
	}

	fn clock(&self, now: Instant) -> time::Instant {
		let since = now.saturating_duration_since(self.began).saturating_mul(CLOCK_RATE);
		time::Instant::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
	}

	/// Takes a packet of this connection, and sends what it calls for.
	pub(crate) fn input(&mut self, now: Instant, packet: Vec<u8>) {
		if self.is_over {
			return;
		}
		self.waiting_since = None;
		self.link.incoming.push_back(packet);
		let clock = self.clock(now);
		// Not `poll`: it would acknowledge many segments by one, and a sender's window grows by the acknowledgement.
		let _ = self.interface.poll_ingress_single(clock, &mut self.link, &mut self.sockets);
		// A SYN that was taken back.
		if self.socket().state() == State::Listen {
			self.is_over = true;
		}
		self.advance(now);
	}

	/// Sends what is due and fits.
	pub(crate) fn advance(&mut self, now: Instant) {
		self.give_up_if_alone(now);
		let clock = self.clock(now);
		self.is_blocked = false;
		while !self.is_over {
			let socket = self.socket();
			match socket.state() {
				State::Closed if socket.remote_endpoint().is_none() => self.is_over = true,
				State::TimeWait => {
					let closed_at = *self.closed_at.get_or_insert(now);
					self.is_over = now.saturating_duration_since(closed_at) >= LINGER;
				}
				_ => {}
			}
			if self.is_over {
				break;
			}
			// smoltcp counts a packet that it could not send as sent.
			if !self.link.has_room() {
				self.is_blocked = true;
				break;
			}
			let sent = self.interface.poll_egress(clock, &mut self.link, &mut self.sockets);
			if sent == smoltcp::iface::PollResult::None {
				break;
			}
		}
	}

	/// Ends it when the peer has owed an answer for too long.
	fn give_up_if_alone(&mut self, now: Instant) {
		let socket = self.socket();
		let is_owed = socket.send_queue() > 0
			|| matches!(
				socket.state(),
				State::SynSent | State::SynReceived | State::FinWait1 | State::Closing | State::LastAck
			);
		if !is_owed {
			self.waiting_since = None;
			return;
		}
		let since = *self.waiting_since.get_or_insert(now);
		if now.saturating_duration_since(since) >= PATIENCE {
			self.gave_up = true;
			self.socket().abort();
		}
	}

	/// When it is to be advanced again if nothing else happens.
	pub(crate) fn deadline(&mut self, now: Instant) -> Option<Instant> {
		if self.is_over {
			return None;
		}
		let patience = self.waiting_since.map(|since| since + PATIENCE);
		let linger = self.closed_at.map(|closed| closed + LINGER);
		let clock = self.clock(now);
		let own = self.interface.poll_at(clock, &self.sockets).map(|at| {
			let micros = u64::try_from(at.total_micros()).unwrap_or(0) / u64::from(CLOCK_RATE);
			self.began + Duration::from_micros(micros)
		});
		// When it waits for room, that is what it waits for.
		let own = own.filter(|_| !self.is_blocked);
		let next = [own, patience, linger].into_iter().flatten().min()?;
		Some(next.max(now + LEAST_WAIT))
	}

	/// Whether it has something to send, and there is no room.
	pub(crate) fn is_blocked(&self) -> bool {
		self.is_blocked
	}

	/// Room for one packet, which was waited for.
	pub(crate) fn give_room(&mut self, permit: OwnedPermit<Vec<u8>>) {
		self.link.permit = Some(permit);
	}

	/// Where its packets go: what to wait for when it is blocked.
	pub(crate) fn out(&self) -> &mpsc::Sender<Vec<u8>> {
		&self.link.out
	}

	/// Whether nothing of it will be sent or received any more. What has been received can still be read.
	pub(crate) fn is_over(&self) -> bool {
		self.is_over
	}

	/// What there is to be read.
	pub(crate) fn incoming(&mut self) -> Incoming {
		let socket = self.socket();
		if socket.can_recv() {
			return Incoming::Bytes;
		}
		if matches!(socket.state(), State::Listen | State::SynSent | State::SynReceived) {
			return Incoming::Nothing;
		}
		match socket.recv(|_| (0, ())) {
			Ok(()) => Incoming::Nothing,
			Err(RecvError::Finished) => Incoming::End,
			Err(RecvError::InvalidState) => Incoming::Broken,
		}
	}

	/// Why it broke.
	pub(crate) fn error(&self) -> io::Error {
		if self.gave_up { io::ErrorKind::TimedOut } else { io::ErrorKind::ConnectionReset }.into()
	}
}
