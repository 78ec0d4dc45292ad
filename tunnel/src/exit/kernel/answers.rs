//! The resolver on the gateway's address: sockets of the exit's namespace, whose questions go on by those of the host.

use crate::{
	exit::{
		counters::{Counters, Event},
		policy::{Policy, Transport},
		resolver::Resolver,
	},
	net::{DNS_PORT, GATEWAY},
};
use anyhow::{Context, Result};
use std::{
	net::SocketAddr,
	sync::{Arc, PoisonError, RwLock},
	time::Duration,
};
use tokio::{
	net::{TcpListener, TcpStream, UdpSocket},
	task::JoinSet,
};

/// Questions over UDP that are answered at once. The resolver has places for fewer.
const MOST_QUESTIONS: usize = 512;
/// Streams at once.
const MOST_STREAMS: usize = 128;
/// Longest question that is read whole; what is longer is none.
const ROOM: usize = 1_280;
/// After an error of a socket.
const PAUSE: Duration = Duration::from_millis(100);

/// Whom guests ask.
pub(super) struct Answers {
	pub(super) resolver: Resolver,
	pub(super) policy: Arc<RwLock<Arc<Policy>>>,
	pub(super) counters: Arc<Counters>,
}

impl Answers {
	fn policy(&self) -> Arc<Policy> {
		self.policy.read().unwrap_or_else(PoisonError::into_inner).clone()
	}

	async fn answer(self: Arc<Self>, socket: Arc<UdpSocket>, question: Vec<u8>, guest: SocketAddr) {
		let policy = self.policy();
		let answer = self.resolver.answer(&question, Transport::Udp, &policy, &self.counters).await;
		if let Some(answer) = answer {
			// It asks again if it does not arrive.
			let _ = socket.send_to(&answer, guest).await;
		}
	}

	async fn stream(self: Arc<Self>, stream: TcpStream) {
		self.resolver.serve(stream, || self.policy(), &self.counters).await;
	}
}

/// Sockets of a namespace that no runtime drives yet.
pub(super) struct Bound {
	udp: std::net::UdpSocket,
	tcp: std::net::TcpListener,
}

/// Binds both in the namespace of the thread that calls.
pub(super) fn bind() -> Result<Bound> {
	let address = SocketAddr::from((GATEWAY, DNS_PORT));
	let udp = std::net::UdpSocket::bind(address).context("the exit's resolver has no port")?;
	let tcp = std::net::TcpListener::bind(address).context("the exit's resolver has no port")?;
	Ok(Bound { udp, tcp })
}

impl Bound {
	/// Has the runtime that was entered drive them.
	pub(super) fn listen(self) -> Result<Sockets> {
		self.udp.set_nonblocking(true)?;
		self.tcp.set_nonblocking(true)?;
		let udp = Arc::new(UdpSocket::from_std(self.udp)?);
		Ok(Sockets { udp, tcp: TcpListener::from_std(self.tcp)? })
	}
}

/// Where questions arrive.
pub(super) struct Sockets {
	udp: Arc<UdpSocket>,
	tcp: TcpListener,
}

impl Sockets {
	/// Answers until dropped.
	pub(super) async fn serve(self, answers: Arc<Answers>) {
		let (mut questions, mut streams) = (JoinSet::new(), JoinSet::new());
		let mut room = [0; ROOM];
		loop {
			tokio::select! {
				Some(_) = questions.join_next(), if !questions.is_empty() => {}
				Some(_) = streams.join_next(), if !streams.is_empty() => {}
				received = self.udp.recv_from(&mut room) => match received {
					Ok((length, guest)) if questions.len() < MOST_QUESTIONS => {
						let question = room.get(..length).unwrap_or_default().to_vec();
						questions.spawn(answers.clone().answer(self.udp.clone(), question, guest));
					}
					Ok(_) => answers.counters.count(Event::TooManyWaiting),
					// One guest's is no reason to leave the others without an answer.
					Err(_) => tokio::time::sleep(PAUSE).await,
				},
				accepted = self.tcp.accept(), if streams.len() < MOST_STREAMS => match accepted {
					Ok((stream, _)) => {
						streams.spawn(answers.clone().stream(stream));
					}
					Err(_) => tokio::time::sleep(PAUSE).await,
				},
			}
		}
	}
}
