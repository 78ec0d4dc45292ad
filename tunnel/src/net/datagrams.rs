//! Datagrams to one address and back, through the tunnel: what a second tunnel inside the first is made of.

use super::{
	packet,
	stack::{Asked, Inside},
	Stack,
};
use std::{
	io,
	net::{SocketAddr, SocketAddrV4},
	sync::Arc,
};
use tokio::sync::mpsc;

/// Datagrams that wait for their reader: beyond them they are dropped, as behind a full socket buffer.
const WAITING: usize = 1_024;

/// Sends datagrams from one port to one address. Cloned freely.
#[derive(Clone)]
pub struct DatagramSender {
	inside: Arc<Inside>,
	from: SocketAddrV4,
	to: SocketAddrV4,
}

impl DatagramSender {
	/// Sends one; whether it fits an inner packet and the queue took it.
	pub fn send(&self, payload: &[u8]) -> bool {
		packet::datagram(self.from, self.to, payload, self.inside.mtu)
			.is_some_and(|packet| self.inside.to_tunnel.try_send(packet).is_ok())
	}
}

/// Receives what comes back from there. Dropped, the port is free.
pub struct DatagramReceiver {
	_port: Asked,
	received: mpsc::Receiver<Vec<u8>>,
}

impl DatagramReceiver {
	/// The next one; none when the tunnel is gone.
	pub async fn recv(&mut self) -> Option<Vec<u8>> {
		self.received.recv().await
	}

	/// The next one, if there is one.
	pub fn try_recv(&mut self) -> Option<Vec<u8>> {
		self.received.try_recv().ok()
	}
}

impl Stack {
	/// A port from which datagrams go to `to`, and which takes those that come from there.
	pub fn datagrams(&self, to: SocketAddr) -> io::Result<(DatagramSender, DatagramReceiver)> {
		let to = self.inside.reachable(to)?;
		let (hand_on, received) = mpsc::channel(WAITING);
		let port = self.inside.ask(to, hand_on)?;
		let from = SocketAddrV4::new(self.inside.address, port.port);
		let sender = DatagramSender { inside: self.inside.clone(), from, to };
		Ok((sender, DatagramReceiver { _port: port, received }))
	}

	/// The longest datagram that fits an inner packet, IP and UDP headers included.
	pub fn mtu(&self) -> u16 {
		self.inside.mtu
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::net::MTU;
	use packet::Body;

	const HERE: [u8; 4] = [100, 96, 0, 2];

	#[tokio::test]
	async fn datagrams_should_go_to_one_address_and_come_from_there_alone() {
		let (to_tunnel, mut sent) = mpsc::channel(8);
		let (answer, from_tunnel) = mpsc::channel(8);
		let stack = Stack::start(HERE.into(), MTU, to_tunnel, from_tunnel);
		let there = SocketAddrV4::new([198, 51, 100, 7].into(), 9_600);
		let (sender, mut receiver) = stack.datagrams(there.into()).unwrap();
		assert!(sender.send(b"question"));
		let packet = sent.recv().await.unwrap();
		let inner = packet::parse(&packet).unwrap();
		let Body::Udp { ports: (port, to), payload } = inner.body else { panic!("no datagram") };
		assert_eq!((inner.destination, to, payload), (*there.ip(), 9_600, &b"question"[..]));
		assert!(!sender.send(&[0; 1_300]), "longer than an inner packet");

		let here = SocketAddrV4::new(HERE.into(), port);
		let elsewhere = SocketAddrV4::new([198, 51, 100, 8].into(), 9_600);
		for (from, text) in [(elsewhere, &b"forged"[..]), (there, b"answer")] {
			answer.send(packet::datagram(from, here, text, MTU).unwrap()).await.unwrap();
		}
		assert_eq!(receiver.recv().await.unwrap(), b"answer");
		drop(stack);
		assert_eq!(receiver.recv().await, None);
	}
}
