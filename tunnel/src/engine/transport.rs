//! UDP under WireGuard: bound to the configured address, with the line's caps on the data path.

use super::segments::{self, Received};
use crate::clock;
use bytes::BytesMut;
use gotatun::{
	packet::{Packet, PacketBufPool, WgCookieReply, WgData, WgHandshakeInit, WgHandshakeResp, WgPacketType},
	udp::{
		socket::{SockOpt, UdpSocket},
		UdpRecv, UdpSend, UdpTransportFactory, UdpTransportFactoryParams,
	},
};
use nix::{
	errno::Errno,
	sys::socket::{setsockopt, sockopt},
};
use std::{
	collections::VecDeque,
	io,
	net::{IpAddr, SocketAddr},
	sync::{
		atomic::{AtomicBool, AtomicU64, Ordering},
		Arc,
	},
	time::Duration,
};
use tokio::{io::Interest, sync::mpsc};
use weir_tunnel_core::{
	dropped::{Dropped, Rule},
	pacer::Bucket,
};

use crate::tasks::Task;

/// Outer IP and UDP headers, counted against a cap as the line counts them.
const HEADERS: usize = 28;
/// What waits for a capped line at most, as time: longer queues only add delay.
const QUEUE_MILLIS: u64 = 50;
/// Datagrams handed over at once.
const BATCH: usize = 128;
/// Room for a burst while the process is not scheduled.
const BUFFER_BYTES: usize = 4 << 20;

/// What a line lets through, kbps at the IP layer; 0 means no cap.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Caps {
	/// Towards this node.
	pub ingress_kbps: u32,
	/// From this node.
	pub egress_kbps: u32,
}

/// Bytes, packets and drops of a device.
#[derive(Debug, Default)]
pub struct Counters {
	/// Received, IP layer.
	pub received_bytes: AtomicU64,
	/// Sent, IP layer.
	pub sent_bytes: AtomicU64,
	/// Dropped by a cap.
	pub dropped_packets: AtomicU64,
	/// Handed to WireGuard to be opened, which its own messages are not.
	pub sealed_packets: AtomicU64,
	/// Of these, opened. WireGuard drops the others and says nothing; but some may be on their way.
	pub opened_packets: AtomicU64,
}

/// Whether a packet has the form of one of WireGuard's own messages: of a handshake, a cookie or a keepalive. No inner
/// packet comes out of those.
pub(super) fn is_upkeep(packet: &[u8]) -> bool {
	matches!(
		(packet.first().copied().map(WgPacketType), packet.len()),
		(Some(WgPacketType::HandshakeInit), WgHandshakeInit::LEN)
			| (Some(WgPacketType::HandshakeResp), WgHandshakeResp::LEN)
			| (Some(WgPacketType::CookieReply), WgCookieReply::LEN)
			| (Some(WgPacketType::Data), WgData::OVERHEAD)
	)
}

/// Binds sockets to one address.
pub(super) struct LineFactory {
	pub(super) address: IpAddr,
	/// Where packets may come from; none: from anywhere.
	pub(super) only: Option<IpAddr>,
	pub(super) caps: Caps,
	pub(super) counters: Arc<Counters>,
	pub(super) dropped: Arc<Dropped>,
}

impl UdpTransportFactory for LineFactory {
	type Send = LineSend;
	type Recv = LineRecv;

	async fn bind(&mut self, params: &UdpTransportFactoryParams) -> io::Result<(LineSend, LineRecv)> {
		let options = SockOpt {
			// Beside a kill switch nothing else of ours gets out.
			fwmark: crate::firewall::outer_mark(),
			recv_buffer_size: Some(BUFFER_BYTES),
			send_buffer_size: Some(BUFFER_BYTES),
			only_v6: self.address.is_ipv6().then_some(true),
		};
		let socket = UdpSocket::bind((self.address, params.port).into(), options)?;
		// Beyond the system's limit, for those who may; and several at once, where the kernel can.
		let _ = setsockopt(&socket, sockopt::RcvBufForce, &BUFFER_BYTES);
		let _ = setsockopt(&socket, sockopt::SndBufForce, &BUFFER_BYTES);
		let _ = setsockopt(&socket, sockopt::UdpGroSegment, &true);
		let receive = socket.clone();
		let now = clock::now();
		let queue = (self.caps.egress_kbps > 0).then(|| {
			let bucket = Bucket::new(now, self.caps.egress_kbps);
			let packets = u64::from(self.caps.egress_kbps) * QUEUE_MILLIS / 8 / 1_500;
			let (queue, waiting) =
				mpsc::channel(usize::try_from(packets).unwrap_or(usize::MAX).clamp(8, 4_096));
			let shaper = Task::spawn("egress shaper", shape(socket.clone(), waiting, bucket));
			Arc::new((queue, shaper))
		});
		let segments = Arc::new(AtomicBool::new(true));
		let send = LineSend { socket, segments, queue, counters: self.counters.clone() };
		let bucket = (self.caps.ingress_kbps > 0).then(|| Bucket::new(now, self.caps.ingress_kbps));
		let (counters, dropped) = (self.counters.clone(), self.dropped.clone());
		let receive = LineRecv {
			socket: receive,
			scratch: vec![0; segments::MOST_BYTES].into_boxed_slice(),
			ready: VecDeque::new(),
			only: self.only,
			bucket,
			counters,
			dropped,
		};
		Ok((send, receive))
	}
}

/// Sends what waits, as fast as the cap allows.
async fn shape(socket: UdpSocket, mut waiting: mpsc::Receiver<(Packet, SocketAddr)>, mut bucket: Bucket) {
	while let Some((packet, destination)) = waiting.recv().await {
		let bytes = packet.len() + HEADERS;
		while !bucket.take(clock::now(), bytes) {
			let wait = bucket.wait(clock::now(), bytes);
			tokio::time::sleep(Duration::from_micros(wait.max(100))).await;
		}
		if let Err(error) = socket.send_to(packet, destination).await {
			tracing::trace!(%error, "datagram not sent");
		}
	}
}

type Queue = (mpsc::Sender<(Packet, SocketAddr)>, Task);

/// The sending half.
#[derive(Clone)]
pub(super) struct LineSend {
	socket: UdpSocket,
	/// Whether the kernel cuts datagrams out of one (UDP_SEGMENT).
	segments: Arc<AtomicBool>,
	queue: Option<Arc<Queue>>,
	counters: Arc<Counters>,
}

impl LineSend {
	/// Counts what left, `bytes` at the IP layer.
	fn count(&self, bytes: usize) {
		self.counters.sent_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
	}

	/// Sends each packet by itself, after a batch that failed: one that cannot be sent stops the batch at it, and those behind
	/// it are of other peers. Those before it may leave twice, which WireGuard's replay window drops. An error only if none
	/// could be sent: then it may be the socket's own.
	async fn send_each(&self, packets: impl Iterator<Item = &(Packet, SocketAddr)>) -> io::Result<()> {
		let (mut is_sent, mut last) = (false, Ok(()));
		for (packet, destination) in packets {
			match self.socket.socket().send_to(packet, *destination).await {
				Ok(_) => {
					is_sent = true;
					self.count(packet.len() + HEADERS);
				}
				Err(error) => {
					tracing::trace!(%error, "datagram not sent");
					last = Err(error);
				}
			}
		}
		if is_sent {
			Ok(())
		} else {
			last
		}
	}

	/// Sends packets without a cap, in as few calls as the kernel allows.
	async fn send_now(&self, packets: &[(Packet, SocketAddr)]) -> io::Result<()> {
		let (mut is_sent, mut last) = (false, Ok(()));
		for run in segments::runs(packets) {
			let members = || run.members.iter().filter_map(|place| packets.get(*place));
			let mut sent = Err(io::ErrorKind::Unsupported.into());
			if run.members.len() > 1 && self.segments.load(Ordering::Relaxed) {
				sent = segments::send(self.socket.socket(), &run, packets).await;
				match &sent {
					Ok(()) => self.count(members().map(|(packet, _)| packet.len() + HEADERS).sum()),
					// The device below has no checksums to give away.
					Err(error) if error.raw_os_error() == Some(Errno::EIO as i32) => {
						tracing::info!("datagrams leave one by one: the network device cannot cut them");
						self.segments.store(false, Ordering::Relaxed);
					}
					Err(error) => tracing::trace!(%error, "datagrams not sent as one"),
				}
			}
			if sent.is_err() {
				sent = self.send_each(members()).await;
			}
			match sent {
				Ok(()) => is_sent = true,
				Err(error) => last = Err(error),
			}
		}
		if is_sent {
			Ok(())
		} else {
			last
		}
	}
}

impl UdpSend for LineSend {
	type SendManyBuf = ();

	async fn send_to(&self, packet: Packet, destination: SocketAddr) -> io::Result<()> {
		let bytes = packet.len() + HEADERS;
		match &self.queue {
			None => self.socket.send_to(packet, destination).await?,
			Some(queue) => {
				// A full queue drops, as a line does.
				if queue.0.try_send((packet, destination)).is_err() {
					self.counters.dropped_packets.fetch_add(1, Ordering::Relaxed);
					return Ok(());
				}
			}
		}
		self.count(bytes);
		Ok(())
	}

	fn max_number_of_packets_to_send(&self) -> usize {
		BATCH
	}

	async fn send_many_to(&self, (): &mut (), packets: &mut Vec<(Packet, SocketAddr)>) -> io::Result<()> {
		if self.queue.is_none() {
			let sent = self.send_now(packets).await;
			packets.clear();
			return sent;
		}
		for (packet, destination) in packets.drain(..) {
			self.send_to(packet, destination).await?;
		}
		Ok(())
	}

	fn local_addr(&self) -> io::Result<Option<SocketAddr>> {
		self.socket.local_addr().map(Some)
	}
}

/// The rule that a packet from `source` breaks: `only` is where packets may come from, if not from anywhere.
fn rule_against(source: SocketAddr, only: Option<IpAddr>) -> Option<Rule> {
	if source.port() == 0 {
		// WireGuard would answer it, or follow a peer there; but nothing can be sent to port 0.
		Some(Rule::NoPort)
	} else if only.is_some_and(|only| only != source.ip().to_canonical()) {
		Some(Rule::ForeignEndpoint)
	} else {
		None
	}
}

/// The receiving half.
pub(super) struct LineRecv {
	socket: UdpSocket,
	/// What the kernel handed over last: several datagrams of one sender, if they came together (UDP_GRO).
	scratch: Box<[u8]>,
	/// Let in, and not handed on yet.
	ready: VecDeque<(Packet, SocketAddr)>,
	only: Option<IpAddr>,
	bucket: Option<Bucket>,
	counters: Arc<Counters>,
	dropped: Arc<Dropped>,
}

impl LineRecv {
	/// Whether the cap lets a datagram in.
	fn admits(&mut self, packet: &Packet) -> bool {
		let bytes = packet.len() + HEADERS;
		let admitted = self.bucket.as_mut().is_none_or(|bucket| bucket.take(clock::now(), bytes));
		if admitted {
			self.counters.received_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
		} else {
			self.counters.dropped_packets.fetch_add(1, Ordering::Relaxed);
		}
		admitted
	}

	/// Takes in what the kernel handed over.
	fn take(&mut self, received: Received) {
		let Received { length, segment, source } = received;
		// One copy and one allocation for all of them.
		let mut bytes = BytesMut::from(self.scratch.get(..length).unwrap_or_default());
		loop {
			let packet = Packet::from_bytes(bytes.split_to(segment.min(bytes.len())));
			if let Some(rule) = rule_against(source, self.only) {
				self.dropped.count(rule);
			} else if self.admits(&packet) {
				self.ready.push_back((packet, source));
			}
			if bytes.is_empty() {
				break;
			}
		}
	}

	/// Waits for a datagram that is let in, and takes what is there with it.
	async fn fill(&mut self) -> io::Result<()> {
		while self.ready.is_empty() {
			let (socket, scratch) = (self.socket.socket(), &mut self.scratch);
			let received = socket.async_io(Interest::READABLE, || segments::receive(socket, scratch)).await?;
			self.take(received);
		}
		for _ in 0..BATCH {
			if self.ready.len() >= BATCH {
				break;
			}
			let (socket, scratch) = (self.socket.socket(), &mut self.scratch);
			// An error shows again when the next one is waited for, or was of one datagram.
			let Ok(received) = socket.try_io(Interest::READABLE, || segments::receive(socket, scratch))
			else {
				break;
			};
			self.take(received);
		}
		Ok(())
	}
}

impl UdpRecv for LineRecv {
	type RecvManyBuf = ();

	async fn recv_from(&mut self, _: &mut PacketBufPool) -> io::Result<(Packet, SocketAddr)> {
		loop {
			if let Some(packet) = self.ready.pop_front() {
				return Ok(packet);
			}
			self.fill().await?;
		}
	}

	async fn recv_many_from(
		&mut self,
		(): &mut (),
		_: &mut PacketBufPool,
		packets: &mut Vec<(Packet, SocketAddr)>,
	) -> io::Result<()> {
		self.fill().await?;
		packets.extend(self.ready.drain(..));
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 37, 1));
	/// Nothing can be sent there.
	const NOWHERE: SocketAddr = SocketAddr::new(HERE, 0);

	/// A line without caps.
	async fn ends() -> (LineSend, LineRecv) {
		let (counters, dropped) = (Arc::default(), Arc::default());
		let mut factory = LineFactory { address: HERE, only: None, caps: Caps::default(), counters, dropped };
		let params = UdpTransportFactoryParams { addr: None, port: 0, fwmark: None };
		factory.bind(&params).await.unwrap()
	}

	/// The sending half of one, and a socket to send to.
	async fn line() -> (LineSend, tokio::net::UdpSocket) {
		(ends().await.0, tokio::net::UdpSocket::bind((HERE, 0)).await.unwrap())
	}

	#[tokio::test]
	async fn datagrams_should_arrive_one_by_one_when_the_kernel_has_them_together() {
		let (send, mut receive) = ends().await;
		let sender = std::net::UdpSocket::bind((HERE, 0)).unwrap();
		// Three as one, as a network card hands them on; loopback leaves them so for a socket that asks for it.
		setsockopt(&sender, sockopt::UdpGsoSegment, &100).unwrap();
		sender.send_to(&[7; 300], send.local_addr().unwrap().unwrap()).unwrap();
		let mut pool = PacketBufPool::new(4);
		for _ in 0..3 {
			let received = tokio::time::timeout(Duration::from_secs(2), receive.recv_from(&mut pool)).await;
			assert_eq!(received.expect("all of them").unwrap().0.len(), 100);
		}
	}

	fn packet(bytes: &[u8]) -> Packet {
		Packet::copy_from(bytes)
	}

	#[tokio::test]
	async fn send_many_to_should_send_what_is_behind_a_packet_when_that_cannot_be_sent() {
		let (send, there) = line().await;
		let to = there.local_addr().unwrap();
		let mut packets = vec![(packet(b"before"), to), (packet(b"lost"), NOWHERE), (packet(b"behind"), to)];
		send.send_many_to(&mut (), &mut packets).await.unwrap();
		assert!(packets.is_empty());
		let mut buffer = [0; 64];
		let arrives = async {
			loop {
				let length = there.recv(&mut buffer).await.unwrap();
				if buffer[..length] == *b"behind" {
					break;
				}
			}
		};
		tokio::time::timeout(Duration::from_secs(2), arrives).await.expect("what is behind it arrives");
	}

	#[tokio::test]
	async fn send_many_to_should_fail_when_nothing_could_be_sent() {
		let (send, _there) = line().await;
		let mut packets = vec![(packet(b"one"), NOWHERE), (packet(b"two"), NOWHERE)];
		assert!(send.send_many_to(&mut (), &mut packets).await.is_err());
		assert_eq!(send.counters.sent_bytes.load(Ordering::Relaxed), 0);
	}

	#[tokio::test]
	async fn datagrams_should_arrive_in_order_when_they_leave_as_one_and_when_the_kernel_cannot_cut() {
		for cuts in [true, false] {
			let (send, there) = line().await;
			send.segments.store(cuts, Ordering::Relaxed);
			let to = there.local_addr().unwrap();
			let sizes = [900, 900, 900, 40, 1_200, 1_200, 7];
			let datagrams: Vec<Vec<u8>> = (1u8..).zip(sizes).map(|(mark, size)| vec![mark; size]).collect();
			let mut packets = datagrams.iter().map(|bytes| (packet(bytes), to)).collect();
			send.send_many_to(&mut (), &mut packets).await.unwrap();
			let mut buffer = [0; 2_000];
			for expected in &datagrams {
				let length = tokio::time::timeout(Duration::from_secs(2), there.recv(&mut buffer)).await;
				assert_eq!(&buffer[..length.expect("all of them").unwrap()], expected, "{cuts}");
			}
			let bytes: usize = sizes.iter().map(|size| size + HEADERS).sum();
			assert_eq!(send.counters.sent_bytes.load(Ordering::Relaxed), bytes as u64);
			assert_eq!(send.segments.load(Ordering::Relaxed), cuts, "the loopback cuts");
		}
	}

	#[test]
	fn packets_should_be_dropped_when_their_source_cannot_be_answered_or_is_not_the_targets() {
		let (from, elsewhere) = (SocketAddr::new(HERE, 7), IpAddr::from([127, 0, 38, 1]));
		assert_eq!(rule_against(from, None), None);
		assert_eq!(rule_against(from, Some(HERE)), None);
		assert_eq!(rule_against(from, Some(elsewhere)), Some(Rule::ForeignEndpoint));
		for only in [None, Some(HERE)] {
			assert_eq!(rule_against(NOWHERE, only), Some(Rule::NoPort));
		}
	}
}
