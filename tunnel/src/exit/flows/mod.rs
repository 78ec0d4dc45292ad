//! One guest's connections, each a task.

mod tcp;
mod udp;

use super::{
	policy::Transport,
	userspace::{Inside, Key},
};
use crate::net::{
	budget::{Budget, Share},
	packet,
};
use std::{net::Ipv4Addr, sync::Arc};
use tokio::sync::mpsc;

/// A packet that waits, and the memory that it takes.
pub(super) struct Queued {
	pub(super) packet: Vec<u8>,
	pub(super) _memory: Share,
}

/// A connection of a guest's.
pub(super) struct Flow {
	pub(super) inside: Arc<Inside>,
	pub(super) guest: Ipv4Addr,
	pub(super) key: Key,
	/// Its packets, the first one already there.
	pub(super) packets: mpsc::Receiver<Queued>,
	/// The guest's.
	pub(super) memory: Arc<Budget>,
	/// How many it had when this one began, and may have.
	pub(super) flows: (usize, usize),
}

impl Flow {
	/// Goes on until it ends.
	pub(super) async fn run(self) {
		let is_question = self.key.2 == packet::resolver();
		match (self.key.0, is_question) {
			(Transport::Tcp, false) => tcp::to_host(self).await,
			(Transport::Tcp, true) => tcp::to_resolver(self).await,
			(Transport::Udp, false) => udp::to_host(self).await,
			(Transport::Udp, true) => udp::to_resolver(self).await,
		}
	}

	/// Answers the packet that began it with a reset.
	fn refuse(&mut self) {
		if let Ok(first) = self.packets.try_recv() {
			self.inside.send(packet::reset(&first.packet));
		}
	}
}
