//! The control plane: requests and answers of `weir_tunnel_core::wire` over libp2p (TCP, Noise, Yamux).
//!
//! A node's PeerId is on chain, and dialing verifies it. Serving and asking use separate swarms: one listens on the
//! registered port and never dials, the other dials and never listens. Anyone may connect and ask, within the share of
//! an address prefix.

mod codec;
mod refused;
mod shares;
mod streams;
mod transport;

use crate::{
	advice,
	net::{Stack, Stream},
	tasks::Task,
};
use anyhow::{anyhow, Result};
use codec::Frames;
use futures::{stream::FuturesUnordered, AsyncRead, AsyncWrite, FutureExt, StreamExt};
use libp2p::{
	core::{
		muxing::StreamMuxerBox,
		transport::{Boxed, TransportError},
		upgrade::{NegotiationError, Version},
	},
	identity::Keypair,
	multiaddr::Protocol,
	noise,
	request_response::{self, Message, OutboundFailure, OutboundRequestId, ProtocolSupport, ResponseChannel},
	swarm::{NetworkBehaviour, SwarmEvent},
	yamux, Multiaddr, PeerId, StreamProtocol, Swarm, SwarmBuilder, Transport,
};
pub use refused::{Refused, Rule};
use shares::{Connections, Requests};
use std::{
	collections::{HashMap, HashSet},
	net::{IpAddr, SocketAddr},
	sync::Arc,
	time::{Duration, Instant},
};
use streams::FewStreams;
use tokio::sync::{mpsc, oneshot};
use transport::{BoundTcp, RelayedTcp, TunnelTcp};
use weir_tunnel_core::{
	target::Prefix,
	wire::{self, Refusal, Request, Response, WireError},
	IDLE_CLOSE,
};

/// Requests that wait to be sent or answered.
const CHANNEL: usize = 1_024;
/// A request without an answer by then has none.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// Requests one connection may have under way, and streams its other end may have open.
const MAX_STREAMS: usize = 64;
/// Between two warnings of messages that are not understood: logs must not be filled from outside.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// A request that came in.
pub struct Incoming {
	/// Who asks.
	pub peer: PeerId,
	/// From where.
	pub source: IpAddr,
	/// What.
	pub request: Request,
	/// Takes the answer; dropped, there is none.
	pub reply: oneshot::Sender<Response>,
}

enum Command {
	Ask {
		peer: PeerId,
		address: Option<SocketAddr>,
		request: Vec<u8>,
		/// Takes the answer, or its absence.
		reply: oneshot::Sender<Option<Response>>,
	},
	HangUp(PeerId),
	Expect(HashSet<Prefix>),
}

/// Asks peers. Cloned freely; the swarm ends with the last clone of it and the receiver of incoming requests.
#[derive(Clone)]
pub struct Control {
	commands: mpsc::Sender<Command>,
	refused: Arc<Refused>,
	_task: Arc<Task>,
}

impl Control {
	/// What it refused, by rules.
	pub fn refused(&self) -> Arc<Refused> {
		self.refused.clone()
	}

	/// Counts an answer that is not of whom it should be, or not of the question.
	pub fn count_forged(&self) {
		self.refused.count(Rule::ForgedAnswer);
	}

	/// Asks `peer`, dialing `address` if it is not connected. None without an answer within five seconds.
	pub async fn ask(&self, peer: PeerId, address: Option<SocketAddr>, request: Request) -> Option<Response> {
		let (reply, answer) = oneshot::channel();
		let request = wire::encode(&request);
		self.commands.send(Command::Ask { peer, address, request, reply }).await.ok()?;
		answer.await.ok().flatten()
	}

	/// Closes the connection to `peer`, if there is one on which nobody waits for an answer. The next request dials: one on
	/// a connection whose other end has vanished would wait for TCP, which tries ever more rarely.
	pub async fn hang_up(&self, peer: PeerId) {
		// Without a swarm there is no connection.
		let _ = self.commands.send(Command::HangUp(peer)).await;
	}

	/// Takes connections from `prefixes`, and from no earlier ones, even when strangers have all there are.
	pub async fn expect(&self, prefixes: HashSet<Prefix>) {
		// Without a swarm nobody connects.
		let _ = self.commands.send(Command::Expect(prefixes)).await;
	}
}

#[derive(NetworkBehaviour)]
struct Behaviour {
	connections: Connections,
	messages: request_response::Behaviour<Frames>,
}

/// A connection that came by a relay, and where it comes from.
pub(crate) type Relayed = (Stream, SocketAddr);

/// Where connections are made from.
enum Source {
	/// An address of this machine.
	Here(IpAddr),
	/// The same; and taken from whoever hands them in, who says where they come from.
	HereAndBy(IpAddr, mpsc::Receiver<Relayed>),
	/// The inside of a tunnel.
	Tunnel(Arc<Stack>),
}

/// Noise and Yamux over a transport of streams.
fn secured<T>(transport: T, key: &Keypair) -> Result<Boxed<(PeerId, StreamMuxerBox)>, noise::Error>
where
	T: Transport + Send + Unpin + 'static,
	T::Output: AsyncRead + AsyncWrite + Unpin + Send + 'static,
	T::Error: Send + Sync + 'static,
	T::Dial: Send,
	T::ListenerUpgrade: Send,
{
	let transport = transport.upgrade(Version::V1Lazy).authenticate(noise::Config::new(key)?);
	let transport = transport.multiplex(yamux::Config::default());
	Ok(transport.map(|(peer, muxer), _| (peer, StreamMuxerBox::new(FewStreams::new(muxer)))).boxed())
}

fn swarm(identity: &Keypair, source: Source, refused: &Arc<Refused>) -> Result<Swarm<Behaviour>> {
	let frames = Frames { refused: refused.clone() };
	let swarm = SwarmBuilder::with_existing_identity(identity.clone())
		.with_tokio()
		.with_other_transport(|key| {
			let transport = match source {
				Source::Here(address) => secured(BoundTcp::new(address), key)?,
				Source::HereAndBy(address, relayed) => {
					secured(BoundTcp::new(address).or_transport(RelayedTcp::new(relayed)), key)?
				}
				Source::Tunnel(stack) => secured(TunnelTcp::new(stack), key)?,
			};
			Ok::<_, Box<dyn std::error::Error + Send + Sync>>(transport)
		})
		.map_err(|error| anyhow!("control plane: {error}"))?
		.with_behaviour(|_| {
			let config = request_response::Config::default()
				.with_request_timeout(REQUEST_TIMEOUT)
				.with_max_concurrent_streams(MAX_STREAMS);
			let protocol = (StreamProtocol::new(wire::PROTOCOL), ProtocolSupport::Full);
			Behaviour {
				connections: Connections::default(),
				messages: request_response::Behaviour::with_codec(frames, [protocol], config),
			}
		})?
		.with_swarm_config(|config| {
			// One protocol, so nothing to negotiate: no request waits for a round trip first.
			config
				.with_idle_connection_timeout(Duration::from_micros(IDLE_CLOSE))
				.with_substream_upgrade_protocol_override(Version::V1Lazy)
		})
		.build();
	Ok(swarm)
}

/// Serves on TCP `address`:`port`.
pub async fn serve(
	identity: &Keypair,
	address: IpAddr,
	port: u16,
) -> Result<(Control, mpsc::Receiver<Incoming>)> {
	serve_from(identity, Source::Here(address), address, port).await
}

/// As [`serve`]; also takes connections that came another way.
pub(crate) async fn serve_and_take(
	identity: &Keypair,
	address: IpAddr,
	port: u16,
	relayed: mpsc::Receiver<Relayed>,
) -> Result<(Control, mpsc::Receiver<Incoming>)> {
	serve_from(identity, Source::HereAndBy(address, relayed), address, port).await
}

async fn serve_from(
	identity: &Keypair,
	source: Source,
	address: IpAddr,
	port: u16,
) -> Result<(Control, mpsc::Receiver<Incoming>)> {
	let refused = Arc::default();
	let mut swarm = swarm(identity, source, &refused)?;
	let listen = Multiaddr::from(address).with(Protocol::Tcp(port));
	let cannot =
		|error: &std::io::Error| advice::bind("TCP", (address, port).into(), Some("provide.port"), error);
	// libp2p wraps the system's error beyond recognition; a plain listener shows it.
	std::net::TcpListener::bind((address, port)).map_err(|error| cannot(&error))?;
	swarm.listen_on(listen).map_err(|error| match error {
		TransportError::Other(error) => cannot(&error),
		TransportError::MultiaddrNotSupported(address) => anyhow!("{address} is not a TCP address"),
	})?;
	// Listening begins with the first poll; errors show there.
	loop {
		match swarm.select_next_some().await {
			SwarmEvent::NewListenAddr { .. } => break,
			SwarmEvent::ListenerError { error, .. } => return Err(cannot(&error)),
			SwarmEvent::ListenerClosed { reason: Err(error), .. } => return Err(cannot(&error)),
			_ => {}
		}
	}
	Ok(start(swarm, refused))
}

/// Asks from `address`; also takes what connected peers ask in turn.
pub fn connect(identity: &Keypair, address: IpAddr) -> Result<(Control, mpsc::Receiver<Incoming>)> {
	let refused = Arc::default();
	Ok(start(swarm(identity, Source::Here(address), &refused)?, refused))
}

/// As [`connect`], from the inside of a tunnel.
pub fn connect_through(identity: &Keypair, stack: Arc<Stack>) -> Result<(Control, mpsc::Receiver<Incoming>)> {
	let refused = Arc::default();
	Ok(start(swarm(identity, Source::Tunnel(stack), &refused)?, refused))
}

fn start(swarm: Swarm<Behaviour>, refused: Arc<Refused>) -> (Control, mpsc::Receiver<Incoming>) {
	let (commands, todo) = mpsc::channel(CHANNEL);
	let (to_us, incoming) = mpsc::channel(CHANNEL);
	let service = Service::new(swarm, refused.clone(), to_us);
	let task = Task::spawn("control plane", service.run(todo));
	(Control { commands, refused, _task: Arc::new(task) }, incoming)
}

type Answer = futures::future::BoxFuture<'static, (ResponseChannel<Vec<u8>>, Option<Response>)>;

struct Service {
	swarm: Swarm<Behaviour>,
	refused: Arc<Refused>,
	incoming: mpsc::Sender<Incoming>,
	asked: HashMap<OutboundRequestId, (PeerId, oneshot::Sender<Option<Response>>)>,
	requests: Requests,
	/// When a message that was not understood was last warned of.
	warned: Option<Instant>,
	/// At most [`CHANNEL`].
	answers: FuturesUnordered<Answer>,
}

impl Service {
	fn new(swarm: Swarm<Behaviour>, refused: Arc<Refused>, incoming: mpsc::Sender<Incoming>) -> Self {
		let (asked, requests, answers) = (HashMap::new(), Requests::default(), FuturesUnordered::new());
		Self { swarm, refused, incoming, asked, requests, warned: None, answers }
	}

	async fn run(mut self, mut todo: mpsc::Receiver<Command>) {
		loop {
			tokio::select! {
				command = todo.recv() => match command {
					Some(Command::Ask { peer, address, request, reply }) => self.ask(peer, address, request, reply),
					Some(Command::HangUp(peer)) => self.hang_up(&peer),
					Some(Command::Expect(prefixes)) => self.swarm.behaviour_mut().connections.expect(prefixes),
					None => return,
				},
				event = self.swarm.select_next_some() => self.handle(event),
				Some((channel, response)) = self.answers.next(), if !self.answers.is_empty() => {
					if let Some(response) = response {
						self.respond(channel, &response);
					}
				},
			}
		}
	}

	fn ask(
		&mut self,
		peer: PeerId,
		address: Option<SocketAddr>,
		request: Vec<u8>,
		reply: oneshot::Sender<Option<Response>>,
	) {
		if let Some(address) = address.filter(|_| !self.swarm.is_connected(&peer)) {
			let address = Multiaddr::from(address.ip()).with(Protocol::Tcp(address.port()));
			// The registered address replaces whatever an earlier epoch said.
			self.swarm.add_peer_address(peer, address);
		}
		let id = self.swarm.behaviour_mut().messages.send_request(&peer, request);
		self.asked.insert(id, (peer, reply));
	}

	fn hang_up(&mut self, peer: &PeerId) {
		let is_in_use = self.asked.values().any(|(asked, reply)| asked == peer && !reply.is_closed());
		if !is_in_use {
			// Not connected is just as well.
			let _ = self.swarm.disconnect_peer_id(*peer);
		}
	}

	fn handle(&mut self, event: SwarmEvent<BehaviourEvent>) {
		match event {
			SwarmEvent::OutgoingConnectionError { peer_id, error, .. } => {
				tracing::debug!(?peer_id, %error, "not connected");
			}
			SwarmEvent::IncomingConnectionError { error, send_back_addr, .. } => {
				tracing::debug!(from = %send_back_addr, %error, "connection not taken");
				self.count(Rule::of_connection(&error));
			}
			SwarmEvent::Behaviour(BehaviourEvent::Messages(event)) => self.handle_message(event),
			_ => {}
		}
	}

	fn handle_message(&mut self, event: request_response::Event<Vec<u8>, Vec<u8>>) {
		match event {
			request_response::Event::Message { peer, message: Message::Request { request, channel, .. } } => {
				self.take_request(peer, &request, channel);
			}
			request_response::Event::Message {
				peer,
				message: Message::Response { request_id, response },
			} => {
				let response = wire::decode(&response);
				if let Err(error) = &response {
					self.not_understood(peer, error);
					self.refused.count(Rule::MalformedAnswer);
				}
				self.conclude(request_id, response.ok());
			}
			request_response::Event::OutboundFailure { request_id, peer, error } => {
				if is_of_another_protocol(&error) {
					let version = wire::PROTOCOL;
					let error =
						format!("it does not speak {version}; upgrade whichever weir-tunnel is older");
					self.not_understood(peer, &error);
				} else {
					tracing::debug!(%peer, %error, "no answer");
				}
				self.conclude(request_id, None);
			}
			request_response::Event::InboundFailure { peer, error, .. } => {
				tracing::debug!(%peer, %error, "request failed");
			}
			request_response::Event::ResponseSent { .. } => {}
		}
	}

	fn count(&self, rule: Option<Rule>) {
		if let Some(rule) = rule {
			self.refused.count(rule);
		}
	}

	fn respond(&mut self, channel: ResponseChannel<Vec<u8>>, response: &Response) {
		if let Response::Refuse(refusal) = response {
			self.count(Some(Rule::Answered(*refusal)));
		}
		// The asker may have gone.
		let _ = self.swarm.behaviour_mut().messages.send_response(channel, wire::encode(response));
	}

	fn not_understood(&mut self, peer: PeerId, error: &dyn std::fmt::Display) {
		let now = Instant::now();
		if self.warned.is_none_or(|at| now.saturating_duration_since(at) >= WARN_EVERY) {
			self.warned = Some(now);
			tracing::warn!(%peer, %error, "peer not understood");
		} else {
			tracing::debug!(%peer, %error, "peer not understood");
		}
	}

	fn conclude(&mut self, id: OutboundRequestId, response: Option<Response>) {
		if let Some((_, reply)) = self.asked.remove(&id) {
			// Whoever asked may no longer wait.
			let _ = reply.send(response);
		}
	}

	fn take_request(&mut self, peer: PeerId, bytes: &[u8], channel: ResponseChannel<Vec<u8>>) {
		let Some(source) = self.swarm.behaviour().connections.source(&peer) else { return };
		// Before anything is read. Without an answer the asker tries again, if it is one of ours.
		if !self.requests.admit(source, Instant::now()) {
			tracing::debug!(%peer, %source, "request dropped: too many from its address prefix");
			self.count(Some(Rule::TooManyRequests));
			return;
		}
		let request = match wire::decode::<Request>(bytes) {
			Ok(request) => request,
			Err(error) => {
				self.not_understood(peer, &error);
				let refusal = match error {
					WireError::UnknownVersion(_) => Refusal::UnknownVersion,
					WireError::Oversized(_) | WireError::Malformed => Refusal::Malformed,
				};
				self.respond(channel, &Response::Refuse(refusal));
				return;
			}
		};
		// Nobody but the holder of the connection can tell.
		if let (Request::Address { .. }, Some(seen)) =
			(&request, self.swarm.behaviour().connections.address(&peer))
		{
			self.respond(channel, &Response::address(seen));
			return;
		}
		let (reply, answer) = oneshot::channel();
		// When too many wait, there is no answer.
		if self.answers.len() < CHANNEL
			&& self.incoming.try_send(Incoming { peer, source, request, reply }).is_ok()
		{
			self.answers.push(answer.map(|answer| (channel, answer.ok())).boxed());
		} else {
			self.count(Some(Rule::TooManyWaiting));
		}
	}
}

/// Whether a peer does not speak the protocol of a request. With one protocol and [`Version::V1Lazy`] that is not known
/// before the peer's answer is read, and is an error of reading.
fn is_of_another_protocol(failure: &OutboundFailure) -> bool {
	let OutboundFailure::Io(error) = failure else { return false };
	let reason = error.get_ref().and_then(|reason| reason.downcast_ref::<NegotiationError>());
	matches!(reason, Some(NegotiationError::Failed))
}

fn port_of(address: &Multiaddr) -> u16 {
	let port = address.iter().find_map(|part| match part {
		Protocol::Tcp(port) => Some(port),
		_ => None,
	});
	port.unwrap_or_default()
}

fn ip_of(address: &Multiaddr) -> Option<IpAddr> {
	address.iter().find_map(|part| match part {
		Protocol::Ip4(ip) => Some(ip.into()),
		Protocol::Ip6(ip) => Some(ip.into()),
		_ => None,
	})
}

#[cfg(test)]
mod tests;
