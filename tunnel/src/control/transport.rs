//! TCP that dials from the configured address, so that a target sees a seat's requests come from its prefix; or through a
//! tunnel, so that a provider does not see where its customer is.

use crate::net::{Stack, Stream};
use libp2p::{
	core::transport::{DialOpts, ListenerId, TransportError, TransportEvent},
	multiaddr::Protocol,
	tcp, Multiaddr, Transport,
};
use std::{
	future::Future,
	io,
	net::{IpAddr, SocketAddr},
	pin::Pin,
	sync::Arc,
	task::{Context, Poll},
};
use tokio::{net::TcpSocket, sync::mpsc};
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};

/// libp2p's TCP, with dials bound to an address.
pub(super) struct BoundTcp {
	inner: tcp::tokio::Transport,
	source: IpAddr,
}

impl BoundTcp {
	pub(super) fn new(source: IpAddr) -> Self {
		Self { inner: tcp::tokio::Transport::new(tcp::Config::new().nodelay(true)), source }
	}
}

/// An address of the form `/ip4|ip6/…/tcp/…[/p2p/…]`.
fn socket_address(address: &Multiaddr) -> Option<SocketAddr> {
	let mut parts = address.iter();
	let ip: IpAddr = match parts.next()? {
		Protocol::Ip4(ip) => ip.into(),
		Protocol::Ip6(ip) => ip.into(),
		_ => return None,
	};
	match (parts.next()?, parts.next()) {
		(Protocol::Tcp(port), None | Some(Protocol::P2p(_))) => Some(SocketAddr::new(ip, port)),
		_ => None,
	}
}

impl Transport for BoundTcp {
	type Output = tcp::tokio::TcpStream;
	type Error = io::Error;
	type ListenerUpgrade = <tcp::tokio::Transport as Transport>::ListenerUpgrade;
	type Dial = Pin<Box<dyn Future<Output = io::Result<Self::Output>> + Send>>;

	fn listen_on(&mut self, id: ListenerId, address: Multiaddr) -> Result<(), TransportError<io::Error>> {
		self.inner.listen_on(id, address)
	}

	fn remove_listener(&mut self, id: ListenerId) -> bool {
		self.inner.remove_listener(id)
	}

	fn dial(&mut self, address: Multiaddr, _: DialOpts) -> Result<Self::Dial, TransportError<io::Error>> {
		let Some(destination) = socket_address(&address) else {
			return Err(TransportError::MultiaddrNotSupported(address));
		};
		let source = self.source;
		Ok(Box::pin(async move {
			let socket = if destination.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
			if let Some(mark) = crate::firewall::outer_mark() {
				nix::sys::socket::setsockopt(&socket, nix::sys::socket::sockopt::Mark, &mark)?;
			}
			if source.is_ipv4() == destination.is_ipv4() {
				socket.bind((source, 0).into())?;
			}
			let stream = socket.connect(destination).await?;
			stream.set_nodelay(true)?;
			Ok(tcp::tokio::TcpStream(stream))
		}))
	}

	fn poll(
		mut self: Pin<&mut Self>,
		context: &mut Context<'_>,
	) -> Poll<TransportEvent<Self::ListenerUpgrade, io::Error>> {
		Pin::new(&mut self.inner).poll(context)
	}
}

/// TCP in userspace, through a tunnel. It never listens.
pub(super) struct TunnelTcp {
	stack: Arc<Stack>,
}

impl TunnelTcp {
	pub(super) fn new(stack: Arc<Stack>) -> Self {
		Self { stack }
	}
}

impl Transport for TunnelTcp {
	type Output = Compat<Stream>;
	type Error = io::Error;
	type ListenerUpgrade = std::future::Pending<io::Result<Self::Output>>;
	type Dial = Pin<Box<dyn Future<Output = io::Result<Self::Output>> + Send>>;

	fn listen_on(&mut self, _: ListenerId, address: Multiaddr) -> Result<(), TransportError<io::Error>> {
		Err(TransportError::MultiaddrNotSupported(address))
	}

	fn remove_listener(&mut self, _: ListenerId) -> bool {
		false
	}

	fn dial(&mut self, address: Multiaddr, _: DialOpts) -> Result<Self::Dial, TransportError<io::Error>> {
		let Some(destination) = socket_address(&address) else {
			return Err(TransportError::MultiaddrNotSupported(address));
		};
		let stack = self.stack.clone();
		Ok(Box::pin(async move { Ok(stack.connect(destination).await?.compat()) }))
	}

	fn poll(
		self: Pin<&mut Self>,
		_: &mut Context<'_>,
	) -> Poll<TransportEvent<Self::ListenerUpgrade, io::Error>> {
		Poll::Pending
	}
}

/// Connections that others hand in. It neither dials nor listens.
pub(super) struct RelayedTcp {
	relayed: mpsc::Receiver<(Stream, SocketAddr)>,
	listener: ListenerId,
}

impl RelayedTcp {
	pub(super) fn new(relayed: mpsc::Receiver<(Stream, SocketAddr)>) -> Self {
		Self { relayed, listener: ListenerId::next() }
	}
}

impl Transport for RelayedTcp {
	type Output = Compat<Stream>;
	type Error = io::Error;
	type ListenerUpgrade = std::future::Ready<io::Result<Self::Output>>;
	type Dial = std::future::Pending<io::Result<Self::Output>>;

	fn listen_on(&mut self, _: ListenerId, address: Multiaddr) -> Result<(), TransportError<io::Error>> {
		Err(TransportError::MultiaddrNotSupported(address))
	}

	fn remove_listener(&mut self, _: ListenerId) -> bool {
		false
	}

	fn dial(&mut self, address: Multiaddr, _: DialOpts) -> Result<Self::Dial, TransportError<io::Error>> {
		Err(TransportError::MultiaddrNotSupported(address))
	}

	fn poll(
		mut self: Pin<&mut Self>,
		context: &mut Context<'_>,
	) -> Poll<TransportEvent<Self::ListenerUpgrade, io::Error>> {
		match self.relayed.poll_recv(context) {
			Poll::Ready(Some((stream, from))) => Poll::Ready(TransportEvent::Incoming {
				listener_id: self.listener,
				upgrade: std::future::ready(Ok(stream.compat())),
				local_addr: Multiaddr::empty(),
				send_back_addr: Multiaddr::from(from.ip()).with(Protocol::Tcp(from.port())),
			}),
			// Nobody hands any in any more.
			Poll::Ready(None) | Poll::Pending => Poll::Pending,
		}
	}
}
