//! Plain packets at a rate: floods, customers' traffic, and what a test would be without the proofs that this one has.

use anyhow::Result;
use std::{net::SocketAddr, time::Duration};
use tokio::net::UdpSocket;
use weir_tunnel::clock;
use weir_tunnel_core::Micros;

/// IPv4 and UDP headers.
pub const HEADERS: usize = 28;
/// A packet as long as a load: IP bytes less headers.
pub const PACKET: usize = 1_308 - HEADERS;
/// A sender that was held up makes up for at most this much.
const CATCH_UP: Micros = 20_000;
const TICK: Duration = Duration::from_millis(1);

/// Sends `packets` in turn to `to` at `kbps` of IP until then. Bytes sent, IP.
pub async fn send(
	socket: &UdpSocket,
	to: SocketAddr,
	packets: &[Vec<u8>],
	kbps: u32,
	until: Micros,
) -> Result<u64> {
	let (mut sent, mut due) = (0, clock::now());
	for packet in packets.iter().cycle() {
		while clock::now() < due.min(until) {
			tokio::time::sleep(TICK).await;
		}
		let now = clock::now();
		if now >= until {
			break;
		}
		let bytes = (packet.len() + HEADERS) as u64;
		socket.send_to(packet, to).await?;
		sent += bytes;
		due = due.max(now.saturating_sub(CATCH_UP)) + bytes * 8_000 / u64::from(kbps);
	}
	Ok(sent)
}

/// Takes what comes until then. Bytes that came from `from` on, IP.
pub async fn count(socket: &UdpSocket, from: Micros, until: Micros) -> Result<u64> {
	let (mut buffer, mut counted) = (vec![0; 2_048], 0);
	loop {
		tokio::select! {
			() = clock::sleep_until(until) => return Ok(counted),
			received = socket.recv_from(&mut buffer) => {
				if clock::now() >= from {
					counted += (received?.0 + HEADERS) as u64;
				}
			}
		}
	}
}
