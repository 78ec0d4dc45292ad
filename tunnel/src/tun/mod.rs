//! A TUN device of Linux with offloads: the kernel hands over up to 64 KiB of a flow at once and takes as much, so that its
//! network stack is passed once per batch and not once per packet.

mod split;

use bytes::BytesMut;
use gotatun::{
	packet::{Ip, Packet, PacketBufPool},
	tun::{IpRecv, IpSend, MtuWatcher},
};
use split::split;
use std::{
	io::{self, IoSlice},
	sync::Arc,
};
use tun_rs::{AsyncDevice, DeviceBuilder, VIRTIO_NET_HDR_LEN};

/// What the kernel hands over at once, at most: a header of the offload and a packet.
const MOST_BYTES: usize = VIRTIO_NET_HDR_LEN + 65_535;
/// Packets of the kernel's that are taken at once, at most: small ones come one by one.
const MOST_READS: usize = 32;
/// With so many packets in hand no more are read.
const ENOUGH: usize = 128;
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
		(reader, TunWriter { device: self.device })
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
	/// Waits for a packet, and takes what is there with it.
	async fn fill(&mut self) -> io::Result<()> {
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
		Ok(self.ready.drain(..).filter_map(|bytes| Packet::from_bytes(bytes).try_into_ip().ok()))
	}

	fn mtu(&self) -> MtuWatcher {
		MtuWatcher::new(self.mtu)
	}
}

/// Packets to the kernel.
pub struct TunWriter {
	device: Arc<AsyncDevice>,
}

/// Says that a packet is whole, and its checksums in it.
const WHOLE: [u8; VIRTIO_NET_HDR_LEN] = [0; VIRTIO_NET_HDR_LEN];

impl TunWriter {
	/// Hands one packet to the kernel.
	pub async fn write(&mut self, packet: &[u8]) -> io::Result<()> {
		self.device.send_vectored(&[IoSlice::new(&WHOLE), IoSlice::new(packet)]).await?;
		Ok(())
	}
}

impl IpSend for TunWriter {
	async fn send(&mut self, packet: Packet<Ip>) -> io::Result<()> {
		self.write(&packet.into_bytes()).await
	}
}
