//! The one way out: the tunnel if there is one, and nothing if there is none.

use crate::{
	net::Stack,
	socks::{Destination, Outbound, Stream},
};
use async_trait::async_trait;
use std::{
	io,
	net::{IpAddr, SocketAddr},
	sync::Arc,
	time::Duration,
};
use tokio::sync::watch;

/// Addresses of a name that are tried, one after the other.
const MOST_ADDRESSES: usize = 4;
/// An address that has not answered by then is given up if there is another.
const PATIENCE: Duration = Duration::from_secs(8);

/// What SOCKS clients go through. It holds no tunnel open.
pub(super) struct Gate(pub(super) watch::Receiver<Option<Arc<Stack>>>);

#[async_trait]
impl Outbound for Gate {
	async fn connect(&self, to: Destination) -> io::Result<Box<dyn Stream>> {
		let mut gate = self.0.clone();
		// Nothing of it is left when the tunnel goes away: a new one has another exit.
		let Some(stack) = gate.borrow_and_update().clone() else { return Err(no_tunnel()) };
		tokio::select! {
			connected = through(&stack, to) => connected,
			_ = gate.changed() => Err(no_tunnel()),
		}
	}
}

fn no_tunnel() -> io::Error {
	io::ErrorKind::NetworkUnreachable.into()
}

async fn through(stack: &Stack, to: Destination) -> io::Result<Box<dyn Stream>> {
	let (addresses, port) = match to {
		Destination::Address(address, port) => (vec![IpAddr::from(address)], port),
		Destination::Name(name, port) => (stack.resolve(&name).await?, port),
	};
	let addresses = addresses.into_iter().filter(IpAddr::is_ipv4).take(MOST_ADDRESSES).collect::<Vec<_>>();
	let mut last = io::ErrorKind::HostUnreachable.into();
	for (tried, address) in addresses.iter().enumerate() {
		let connect = stack.connect(SocketAddr::from((*address, port)));
		let connected = if tried.saturating_add(1) == addresses.len() {
			connect.await
		} else {
			tokio::time::timeout(PATIENCE, connect)
				.await
				.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
		};
		match connected {
			Ok(stream) => return Ok(Box::new(stream)),
			Err(error) => last = error,
		}
	}
	Err(last)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::net::MTU;
	use tokio::sync::mpsc;

	#[tokio::test]
	async fn gate_should_let_nobody_out_when_there_is_no_tunnel_or_it_goes_away() {
		let (tunnel, gate) = watch::channel(None);
		let gate = Gate(gate);
		let to = || Destination::Address([198, 51, 100, 7].into(), 80);
		let refused = |result: io::Result<Box<dyn Stream>>| result.map(|_| ()).unwrap_err().kind();
		assert_eq!(refused(gate.connect(to()).await), io::ErrorKind::NetworkUnreachable);
		// A tunnel in which nobody answers.
		let (to_tunnel, mut packets) = mpsc::channel(8);
		let (_silent, from_tunnel) = mpsc::channel(8);
		let stack = Stack::start([100, 96, 0, 2].into(), MTU, to_tunnel, from_tunnel);
		tunnel.send_replace(Some(Arc::new(stack)));
		let connect = async { refused(gate.connect(to()).await) };
		let go_away = async {
			let asked = packets.recv().await.unwrap();
			assert_eq!(asked[16..20], [198, 51, 100, 7]);
			tunnel.send_replace(None);
		};
		let (kind, ()) = tokio::join!(connect, go_away);
		assert_eq!(kind, io::ErrorKind::NetworkUnreachable);
	}
}
