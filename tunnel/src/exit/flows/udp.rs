//! Datagrams: from a socket of the host's that is connected to one place, so that nobody else can answer.

use super::Flow;
use crate::{
	exit::{counters::Event, policy::Transport},
	net::{
		packet::{self, Body},
		MTU,
	},
};
use std::{
	net::{Ipv4Addr, SocketAddrV4},
	time::Duration,
};
use tokio::{net::UdpSocket, time::Instant};

/// After so long without a datagram a flow ends that was never answered,
const IDLE_UNANSWERED: Duration = Duration::from_secs(30);
/// or that was (RFC 4787 wants two minutes at least).
const IDLE: Duration = Duration::from_secs(120);
/// The resolver is mostly asked once from a port.
const IDLE_QUESTION: Duration = Duration::from_secs(2);
/// One byte more than fits into the tunnel, so that larger ones are told from the largest.
const ROOM: usize = MTU as usize - 28 + 1;

/// What a packet says, if it is a datagram.
fn payload(packet: &[u8]) -> Option<&[u8]> {
	match packet::parse(packet)?.body {
		Body::Udp { payload, .. } => Some(payload),
		_ => None,
	}
}

impl Flow {
	/// Sends a datagram to the guest, from where it sent its own.
	fn reply(&self, payload: &[u8]) {
		let (_, port, destination) = self.key;
		match packet::datagram(destination, SocketAddrV4::new(self.guest, port), payload, MTU) {
			Some(packet) => self.inside.send(Some(packet)),
			None => self.inside.counters.count(Event::TooLarge),
		}
	}
}

/// A socket that speaks with `destination` alone.
async fn socket(destination: SocketAddrV4) -> std::io::Result<UdpSocket> {
	let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await?;
	socket.connect(destination).await?;
	Ok(socket)
}

pub(super) async fn to_host(mut flow: Flow) {
	let Ok(socket) = socket(flow.key.2).await else {
		flow.inside.counters.count(Event::NoSocket);
		return;
	};
	flow.inside.counters.count(Event::UdpFlow);
	let mut room = [0; ROOM];
	let (mut last, mut idle) = (Instant::now(), IDLE_UNANSWERED);
	let timer = tokio::time::sleep_until(last + idle);
	tokio::pin!(timer);
	loop {
		tokio::select! {
			queued = flow.packets.recv() => {
				let Some(queued) = queued else { return };
				last = Instant::now();
				if let Some(payload) = payload(&queued.packet) {
					// An earlier one may have been refused, which is said here.
					let _ = socket.send(payload).await;
				}
			}
			received = socket.recv(&mut room) => {
				if let Some(payload) = received.ok().and_then(|length| room.get(..length)) {
					(last, idle) = (Instant::now(), IDLE);
					flow.reply(payload);
				}
			}
			() = &mut timer => {
				if last.elapsed() >= idle {
					return;
				}
				timer.as_mut().reset(last + idle);
			}
		}
	}
}

pub(super) async fn to_resolver(mut flow: Flow) {
	while let Ok(Some(queued)) = tokio::time::timeout(IDLE_QUESTION, flow.packets.recv()).await {
		let Some(question) = payload(&queued.packet) else { continue };
		let (inside, policy) = (&flow.inside, flow.inside.policy());
		let answer = inside.resolver.answer(question, Transport::Udp, &policy, &inside.counters).await;
		if let Some(answer) = answer {
			flow.reply(&answer);
		}
	}
}
