//! An engine's inner packets straight from and to a TUN device, counted on their way.

use crate::tun::{Tun, TunReader, TunWriter};
use gotatun::{
	packet::{Ip, Packet},
	tun::{IpRecv, MtuWatcher},
};
use std::{
	io,
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc,
	},
};

/// Sees every packet between a tunnel and a TUN device. It is asked in the middle of the way, so it must answer at once.
pub trait Meter: Send + Sync + 'static {
	/// A packet came out of the tunnel; whether the kernel gets it.
	fn is_let_out(&self, packet: &[u8]) -> bool;

	/// A packet came from the kernel; whether it goes into the tunnel.
	fn is_let_in(&self, packet: &[u8]) -> bool;
}

/// What passed, inner bytes and packets: a meter that stops nothing.
#[derive(Debug, Default)]
pub struct Traffic {
	/// Bytes that came out of the tunnel.
	pub out_bytes: AtomicU64,
	/// Packets that came out of the tunnel.
	pub out_packets: AtomicU64,
	/// Bytes that went into the tunnel.
	pub in_bytes: AtomicU64,
	/// Packets that went into the tunnel.
	pub in_packets: AtomicU64,
}

impl Meter for Traffic {
	fn is_let_out(&self, packet: &[u8]) -> bool {
		self.out_bytes.fetch_add(packet.len() as u64, Ordering::Relaxed);
		self.out_packets.fetch_add(1, Ordering::Relaxed);
		true
	}

	fn is_let_in(&self, packet: &[u8]) -> bool {
		self.in_bytes.fetch_add(packet.len() as u64, Ordering::Relaxed);
		self.in_packets.fetch_add(1, Ordering::Relaxed);
		true
	}
}

/// Both ways between an engine and a TUN device.
pub(super) fn on_tun(tun: Tun, meter: Arc<dyn Meter>) -> (FromTun, ToTun) {
	let (reader, writer) = tun.split();
	(FromTun { reader, meter: meter.clone() }, ToTun { writer, meter })
}

/// Packets of the kernel's.
pub(super) struct FromTun {
	reader: TunReader,
	meter: Arc<dyn Meter>,
}

impl FromTun {
	/// What was waited for.
	pub(super) fn drain(&mut self) -> impl Iterator<Item = Packet<Ip>> + Send + '_ {
		let meter = &self.meter;
		let packets = self.reader.drain().filter(|packet| meter.is_let_in(packet));
		packets.filter_map(|packet| packet.try_into_ip().ok())
	}

	pub(super) fn mtu(&self) -> MtuWatcher {
		self.reader.mtu()
	}
}

/// Waits for packets of the kernel's; forever without a device.
pub(super) async fn from_kernel(tun: &mut Option<FromTun>) -> io::Result<()> {
	match tun {
		Some(tun) => tun.reader.fill().await,
		None => std::future::pending().await,
	}
}

/// Packets to the kernel.
pub(super) struct ToTun {
	writer: TunWriter,
	meter: Arc<dyn Meter>,
}

impl ToTun {
	/// An error means that the device is gone.
	pub(super) async fn send(&mut self, packet: Packet) -> io::Result<()> {
		if self.meter.is_let_out(&packet) {
			self.writer.queue(packet).await?;
		}
		Ok(())
	}
}
