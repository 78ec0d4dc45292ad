//! A TUN device of Linux with offloads: the kernel hands over up to 64 KiB of a flow at once and takes as much, so that its
//! network stack is passed once per batch and not once per packet.

mod coalesce;
mod split;

use crate::tasks::Task;
use bytes::BytesMut;
use coalesce::{groups, WHOLE};
use gotatun::{
	packet::{Ip, Packet, PacketBufPool},
	tun::{IpRecv, IpSend, MtuWatcher},
};
use nix::errno::Errno;
use split::split;
use std::{
	io::{self, IoSlice},
	sync::Arc,
};
use tokio::sync::mpsc;
use tun_rs::{AsyncDevice, DeviceBuilder, VIRTIO_NET_HDR_LEN};

/// What the kernel hands over at once, at most: a header of the offload and a packet.
const MOST_BYTES: usize = VIRTIO_NET_HDR_LEN + 65_535;
/// Packets of the kernel's that are taken at once, at most: small ones come one by one.
const MOST_READS: usize = 32;
/// With so many packets in hand no more are taken.
const ENOUGH: usize = 128;
/// Packets that are written at once, at most: several super-packets of several flows.
const MOST_WRITTEN: usize = 512;
/// So often nothing came before what is there is written.
const MOST_IN_VAIN: u32 = 2;
/// Packets of an engine that wait for the kernel.
const WAITING: usize = 1_024;
/// Packets of a burst that wait for us in the kernel.
const QUEUE_PACKETS: u32 = 1_000;

/// A TUN device of the network namespace in which it was opened. It goes when both halves are gone.
pub struct Tun {
	device: Arc<AsyncDevice>,
	name: String,
	mtu: u16,
}

impl Tun {
	/// Makes the device `name` with its link up, in the current network namespace and for the current runtime. Needs
	/// CAP_NET_ADMIN.
	pub fn open(name: &str, mtu: u16) -> io::Result<Self> {
		let builder = DeviceBuilder::new().name(name).mtu(mtu).offload(true);
		let device = builder.tx_queue_len(QUEUE_PACKETS).enable(true).build_async()?;
		let name = device.name()?;
		Ok(Self { device: Arc::new(device), name, mtu })
	}

	/// What the kernel calls it.
	pub fn name(&self) -> &str {
		&self.name
	}

	/// What it hands over and what it takes.
	pub fn split(self) -> (TunReader, TunWriter) {
		let reader = TunReader {
			device: self.device.clone(),
			raw: vec![0; MOST_BYTES].into_boxed_slice(),
			ready: Vec::new(),
			mtu: self.mtu,
		};
		let joins_udp = self.device.udp_gso();
		let kernel = Kernel { device: self.device, joins_udp, joins: true };
		(reader, TunWriter { kernel, queue: None })
	}
}

/// Packets from the kernel.
pub struct TunReader {
	device: Arc<AsyncDevice>,
	/// What the kernel handed over last.
	raw: Box<[u8]>,
	/// Packets of it that nobody has yet.
	ready: Vec<BytesMut>,
	mtu: u16,
}

impl TunReader {
	/// Waits until packets are in hand, and takes what is there with them. Nothing is lost when it is no longer waited for.
	pub(crate) async fn fill(&mut self) -> io::Result<()> {
		while self.ready.is_empty() {
			let length = self.device.recv(&mut self.raw).await?;
			self.take(length);
		}
		for _ in 0..MOST_READS {
			if self.ready.len() >= ENOUGH {
				break;
			}
			// An error shows again when the next packet is waited for.
			let Ok(length) = self.device.try_recv(&mut self.raw) else { break };
			self.take(length);
		}
		Ok(())
	}

	fn take(&mut self, length: usize) {
		let Some(raw) = self.raw.get_mut(..length) else { return };
		if let Err(error) = split(raw, &mut self.ready) {
			tracing::debug!(%error, "packet of the TUN device not understood");
		}
	}

	/// The packets in hand.
	pub(crate) fn drain(&mut self) -> impl Iterator<Item = Packet> + Send + '_ {
		self.ready.drain(..).map(Packet::from_bytes)
	}

	/// Waits for packets and appends them to `batch`, their checksums complete, none larger than the MTU. Returns how many.
	pub async fn read(&mut self, batch: &mut Vec<Vec<u8>>) -> io::Result<usize> {
		self.fill().await?;
		let count = self.ready.len();
		batch.extend(self.ready.drain(..).map(Vec::from));
		Ok(count)
	}
}

impl IpRecv for TunReader {
	async fn recv<'a>(
		&'a mut self,
		_: &mut PacketBufPool,
	) -> io::Result<impl Iterator<Item = Packet<Ip>> + Send + 'a> {
		self.fill().await?;
		Ok(self.drain().filter_map(|packet| packet.try_into_ip().ok()))
	}

	fn mtu(&self) -> MtuWatcher {
		MtuWatcher::new(self.mtu)
	}
}

/// Packets to the kernel.
pub struct TunWriter {
	kernel: Kernel,
	/// Packets of an engine, and who writes them: one that waits for the kernel takes what came meanwhile at once.
	queue: Option<(mpsc::Sender<Packet>, Task)>,
}

impl TunWriter {
	/// Hands one packet to the kernel.
	pub async fn write(&mut self, packet: &[u8]) -> io::Result<()> {
		self.kernel.put(packet).await
	}

	/// Hands packets to the kernel, joined where they follow each other. What the kernel does not take is dropped, as a full
	/// line would drop it; an error means that the device is gone.
	pub async fn write_many<P: AsRef<[u8]>>(&mut self, packets: &[P]) -> io::Result<()> {
		self.kernel.put_many(packets).await
	}

	/// Queues a packet of an engine. An error means that the device is gone.
	pub(crate) async fn queue(&mut self, packet: Packet) -> io::Result<()> {
		let kernel = &self.kernel;
		let (queue, _) = self.queue.get_or_insert_with(|| {
			let (queue, waiting) = mpsc::channel(WAITING);
			(queue, Task::spawn("TUN writer", pump(kernel.clone(), waiting)))
		});
		queue.send(packet).await.map_err(|_| Errno::ENODEV.into())
	}
}

impl IpSend for TunWriter {
	/// Queues the packet. An error means that the device is gone.
	async fn send(&mut self, packet: Packet<Ip>) -> io::Result<()> {
		self.queue(packet.into_bytes()).await
	}
}

/// Writes what waits until the device is gone.
async fn pump(mut kernel: Kernel, mut waiting: mpsc::Receiver<Packet>) {
	let mut batch = Vec::with_capacity(MOST_WRITTEN);
	while waiting.recv_many(&mut batch, MOST_WRITTEN).await > 0 {
		gather(&mut batch, &mut waiting).await;
		if let Err(error) = kernel.put_many(&batch).await {
			tracing::error!(%error, "the TUN device is gone");
			return;
		}
		batch.clear();
	}
}

/// Lets those who open packets go on as long as more come of it: the more packets there are at once, the fewer the kernel
/// has to handle. That takes microseconds, and no timer.
async fn gather(batch: &mut Vec<Packet>, waiting: &mut mpsc::Receiver<Packet>) {
	let mut in_vain = 0;
	while in_vain < MOST_IN_VAIN && batch.len() < MOST_WRITTEN {
		tokio::task::yield_now().await;
		let before = batch.len();
		while let Some(packet) = (batch.len() < MOST_WRITTEN).then(|| waiting.try_recv().ok()).flatten() {
			batch.push(packet);
		}
		in_vain = if batch.len() > before { 0 } else { in_vain + 1 };
	}
}

/// The kernel's side of the device.
#[derive(Clone)]
struct Kernel {
	device: Arc<AsyncDevice>,
	/// Whether it takes several datagrams as one, which Linux does since 6.2.
	joins_udp: bool,
	/// Whether it takes several packets as one at all.
	joins: bool,
}

/// Whether the device has gone away.
fn is_gone(error: &io::Error) -> bool {
	error.raw_os_error().is_some_and(|code| matches!(Errno::from_raw(code), Errno::EBADFD | Errno::EBADF))
}

impl Kernel {
	async fn put(&self, packet: &[u8]) -> io::Result<()> {
		self.device.send_vectored(&[IoSlice::new(&WHOLE), IoSlice::new(packet)]).await?;
		Ok(())
	}

	async fn put_many<P: AsRef<[u8]>>(&mut self, packets: &[P]) -> io::Result<()> {
		for group in groups(packets) {
			let may_join = self.joins && group.is_joined() && (self.joins_udp || !group.is_udp());
			if let Some(head) = may_join.then(|| group.head(packets)).flatten() {
				let parts = group.gather(&head, packets);
				match self.device.send_vectored(&parts).await {
					Ok(_) => continue,
					Err(error) if is_gone(&error) => return Err(error),
					Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
						tracing::info!(%error, "the kernel takes packets one by one only");
						if group.is_udp() {
							self.joins_udp = false;
						} else {
							self.joins = false;
						}
					}
					Err(error) => {
						tracing::trace!(%error, "packets not taken by the kernel");
						continue;
					}
				}
			}
			for packet in group.members(packets) {
				match self.put(packet).await {
					Err(error) if is_gone(&error) => return Err(error),
					Err(error) => tracing::trace!(%error, "packet not taken by the kernel"),
					Ok(()) => {}
				}
			}
		}
		Ok(())
	}
}
