//! UDP of a device that runs inside another device's tunnel: the second hop of a connection, of which the first one's provider sees
//! datagrams to the second one's address and nothing else.

use super::{
	disguise::{Disguise, Dressed, Undressed},
	transport::{LineFactory, LineRecv, LineSend},
};
use crate::net::{DatagramReceiver, DatagramSender};
use gotatun::{
	packet::{Packet, PacketBufPool},
	udp::{UdpRecv, UdpSend, UdpTransportFactory, UdpTransportFactoryParams},
};
use std::{io, net::SocketAddr, sync::Arc};
use tokio::sync::{Mutex, OwnedMutexGuard};

/// Datagrams handed over at once.
const BATCH: usize = 64;

/// What a device's packets travel by.
pub(super) enum Way {
	/// A socket of this machine, and what its packets look like from outside.
	Line(LineFactory, Arc<Disguise>),
	/// Another tunnel.
	Tunnel(Tunnel),
}

/// A port inside another tunnel.
pub(super) struct Tunnel {
	to: SocketAddr,
	sender: DatagramSender,
	/// Of whichever half receives; a device that binds anew waits until the former is gone.
	receiver: Arc<Mutex<DatagramReceiver>>,
}

impl Tunnel {
	/// Everything goes to `to`, whatever the device thinks, and comes from there.
	pub(super) fn new(to: SocketAddr, (sender, receiver): (DatagramSender, DatagramReceiver)) -> Self {
		Self { to, sender, receiver: Arc::new(Mutex::new(receiver)) }
	}
}

impl UdpTransportFactory for Way {
	type Send = WaySend;
	type Recv = WayRecv;

	async fn bind(&mut self, params: &UdpTransportFactoryParams) -> io::Result<(WaySend, WayRecv)> {
		Ok(match self {
			Self::Line(factory, disguise) => {
				let (send, receive) = factory.bind(params).await?;
				let send = Dressed { line: send, disguise: disguise.clone() };
				let (disguise, counters) = (disguise.clone(), factory.counters.clone());
				let dropped = factory.dropped.clone();
				(WaySend::Line(send), WayRecv::Line(Undressed { line: receive, disguise, counters, dropped }))
			}
			Self::Tunnel(tunnel) => {
				let receiver = tunnel.receiver.clone().lock_owned().await;
				(WaySend::Tunnel(tunnel.sender.clone()), WayRecv::Tunnel(tunnel.to, receiver))
			}
		})
	}
}

/// The sending half.
#[derive(Clone)]
pub(super) enum WaySend {
	Line(Dressed<LineSend>),
	Tunnel(DatagramSender),
}

impl UdpSend for WaySend {
	type SendManyBuf = ();

	async fn send_to(&self, packet: Packet, destination: SocketAddr) -> io::Result<()> {
		match self {
			Self::Line(line) => line.send_to(packet, destination).await,
			Self::Tunnel(tunnel) => {
				// A full tunnel drops, as a line does.
				tunnel.send(&packet);
				Ok(())
			}
		}
	}

	fn max_number_of_packets_to_send(&self) -> usize {
		match self {
			Self::Line(line) => line.max_number_of_packets_to_send(),
			Self::Tunnel(_) => BATCH,
		}
	}

	async fn send_many_to(
		&self,
		buffer: &mut Self::SendManyBuf,
		packets: &mut Vec<(Packet, SocketAddr)>,
	) -> io::Result<()> {
		match self {
			Self::Line(line) => line.send_many_to(buffer, packets).await,
			Self::Tunnel(tunnel) => {
				packets.drain(..).for_each(|(packet, _)| {
					tunnel.send(&packet);
				});
				Ok(())
			}
		}
	}

	fn local_addr(&self) -> io::Result<Option<SocketAddr>> {
		match self {
			Self::Line(line) => line.local_addr(),
			Self::Tunnel(_) => Ok(None),
		}
	}
}

/// The receiving half.
pub(super) enum WayRecv {
	Line(Undressed<LineRecv>),
	Tunnel(SocketAddr, OwnedMutexGuard<DatagramReceiver>),
}

impl UdpRecv for WayRecv {
	type RecvManyBuf = ();

	async fn recv_from(&mut self, pool: &mut PacketBufPool) -> io::Result<(Packet, SocketAddr)> {
		match self {
			Self::Line(line) => line.recv_from(pool).await,
			Self::Tunnel(from, receiver) => match receiver.recv().await {
				Some(bytes) => Ok((Packet::copy_from(&bytes[..]), *from)),
				// The tunnel is gone, and so is this device as soon as somebody looks: nothing else ends it.
				None => std::future::pending().await,
			},
		}
	}

	async fn recv_many_from(
		&mut self,
		buffer: &mut (),
		pool: &mut PacketBufPool,
		packets: &mut Vec<(Packet, SocketAddr)>,
	) -> io::Result<()> {
		match self {
			Self::Line(line) => line.recv_many_from(buffer, pool, packets).await,
			Self::Tunnel(from, receiver) => {
				let Some(first) = receiver.recv().await else { return std::future::pending().await };
				let mut next = Some(first);
				while let Some(bytes) = next {
					packets.push((Packet::copy_from(&bytes[..]), *from));
					next = (packets.len() < BATCH).then(|| receiver.try_recv()).flatten();
				}
				Ok(())
			}
		}
	}
}
