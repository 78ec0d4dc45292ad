//! Whole inner packets: customers', and all of a customer's device.

use super::tun::ToTun;
use gotatun::packet::Packet;
use std::{io, net::Ipv4Addr};
use tokio::sync::mpsc::{self, error::TrySendError};
use weir_tunnel_core::dropped::{Dropped, Rule};

/// Inner addresses of customers, 100.96.0.0/11: the part of the shared address space that tests leave free.
const GUESTS: (u32, u32) = (0x6460_0000, 0xffe0_0000);

/// Whether an inner IPv4 address is a customer's.
pub(crate) fn is_guest(address: Ipv4Addr) -> bool {
	let (network, mask) = GUESTS;
	address.to_bits() & mask == network
}

/// The address that an inner IPv4 packet says it comes from.
pub(crate) fn source_of(packet: &[u8]) -> Option<Ipv4Addr> {
	address_at(packet, 12)
}

/// The address that an inner IPv4 packet goes to.
pub(crate) fn destination_of(packet: &[u8]) -> Option<Ipv4Addr> {
	address_at(packet, 16)
}

fn address_at(packet: &[u8], offset: usize) -> Option<Ipv4Addr> {
	let is_v4 = packet.first().is_some_and(|first| first >> 4 == 4);
	let bytes = packet.get(offset..)?.first_chunk::<4>()?;
	is_v4.then(|| Ipv4Addr::from(*bytes))
}

/// Which inner packets are handed over whole.
pub(super) enum Whole {
	/// None: datagrams of tests are all there is.
	Nothing,
	/// Those of customers; the others are datagrams of tests.
	Guests(mpsc::Sender<Vec<u8>>),
	/// All of them.
	All(mpsc::Sender<Vec<u8>>),
	/// Those of customers, to the kernel.
	GuestsToTun(ToTun),
	/// All of them, to the kernel.
	AllToTun(ToTun),
}

impl Whole {
	/// Hands a packet over if it is handed over whole, and else gives it back. Counts in `dropped` what nobody takes. An error
	/// means that nothing can be handed over any more.
	pub(super) async fn take(&mut self, packet: Packet, dropped: &Dropped) -> io::Result<Option<Packet>> {
		let is_guests = |packet: &Packet| source_of(packet).is_some_and(is_guest);
		match self {
			Self::Guests(taker) if is_guests(&packet) => hand(taker, &packet, dropped),
			Self::All(taker) => hand(taker, &packet, dropped),
			Self::GuestsToTun(tun) if is_guests(&packet) => tun.send(packet).await?,
			Self::AllToTun(tun) => tun.send(packet).await?,
			Self::Nothing | Self::Guests(_) | Self::GuestsToTun(_) => return Ok(Some(packet)),
		}
		Ok(None)
	}
}

/// A reader that lags loses packets.
fn hand(taker: &mpsc::Sender<Vec<u8>>, packet: &[u8], dropped: &Dropped) {
	if let Err(TrySendError::Full(_)) = taker.try_send(packet.to_vec()) {
		dropped.count(Rule::TooManyWaiting);
	}
}

/// Sends whole inner packets through a device. Cloned freely; it keeps no device alive.
#[derive(Clone)]
pub struct PacketSender(pub(super) mpsc::WeakSender<Vec<u8>>);

impl PacketSender {
	/// Whether the queue takes a packet. Of one sender alone it still does when that comes to send.
	pub fn has_room(&self) -> bool {
		self.0.upgrade().is_some_and(|queue| queue.capacity() > 0)
	}

	/// Sends a whole inner packet; dropped when the queue is full or the device has stopped.
	pub fn send(&self, packet: Vec<u8>) -> bool {
		self.0.upgrade().is_some_and(|queue| queue.try_send(packet).is_ok())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn guests_should_be_those_of_their_network_alone() {
		for (address, is) in [
			([100, 95, 255, 255], false),
			([100, 96, 0, 0], true),
			([100, 127, 255, 255], true),
			([100, 128, 0, 0], false),
			([100, 64, 1, 1], false),
		] {
			assert_eq!(is_guest(address.into()), is, "{address:?}");
		}
		let (guest, server) = (Ipv4Addr::new(100, 96, 0, 2), Ipv4Addr::new(100, 64, 0, 1));
		let packet = weir_tunnel_core::wire::data::wrap(guest, server, &[]).unwrap();
		assert_eq!((source_of(&packet), destination_of(&packet)), (Some(guest), Some(server)));
		assert_eq!(source_of(&packet[..15]), None);
		assert_eq!(source_of(&[0x60; 40]), None);
	}
}
