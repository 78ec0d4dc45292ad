//! How the routers before a provider translate its UDP port: other providers say where they see it.

use crate::engine::{side::Side, Caps, Engine};
use futures::{stream, StreamExt};
use rand::Rng;
use std::{
	fmt,
	net::{IpAddr, SocketAddr, UdpSocket},
	sync::Arc,
	time::Duration,
};
use weir_tunnel_core::wire::nat::Probe;

/// A question is asked so often, and each time waits so long.
const TRIES: usize = 3;
const PATIENCE: Duration = Duration::from_millis(700);
/// Answers that are compared.
const ENOUGH: usize = 2;
/// Of those who are asked for them; some may be gone.
const MOST_ASKED: usize = 6;

/// How routers translate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Kind {
	/// Fewer than two have answered.
	#[default]
	Unknown,
	/// Not at all.
	Public,
	/// To one address and port, whomever packets go to ("cone"): a way can be opened from both sides.
	Same,
	/// To another port or address for each ("symmetric"): only to those who can be reached.
	Changing,
}

impl fmt::Display for Kind {
	fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
		formatter.write_str(match self {
			Self::Unknown => "unknown: fewer than two providers have answered; UDP may be blocked",
			Self::Public => "none: the address is public",
			Self::Same => {
				"one port for all (cone): customers come directly where their own router allows it, else by a relay; \
				 forwarding provide.port, UDP and TCP, in the router needs none"
			}
			Self::Changing => {
				"another port for each (symmetric): customers behind routers come by a relay; forwarding provide.port, UDP \
				 and TCP, in the router needs none"
			}
		})
	}
}

/// How a provider is seen from outside.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Seen {
	/// How its routers translate.
	pub kind: Kind,
	/// Where the last one that answered saw it.
	pub at: Option<SocketAddr>,
}

/// Where `whom` sees the device's socket. None without an answer: one from elsewhere, or to another question, is none.
pub(crate) async fn ask(side: &Arc<Side>, whom: SocketAddr) -> Option<SocketAddr> {
	for _ in 0..TRIES {
		let token = rand::thread_rng().gen();
		let mut heard = side.listen(token)?;
		side.send(Probe::Ask(token), whom).await;
		let answer = async {
			loop {
				if let (Probe::Told(_, seen), from) = heard.next().await {
					if from == whom {
						return seen;
					}
				}
			}
		};
		if let Ok(seen) = tokio::time::timeout(PATIENCE, answer).await {
			return Some(seen);
		}
	}
	None
}

/// Asks some of `those`, each at another address, until two have answered.
pub(crate) async fn look(side: &Arc<Side>, port: u16, those: &[SocketAddr]) -> Seen {
	let mut apart: Vec<SocketAddr> = Vec::new();
	for one in those {
		if apart.len() < MOST_ASKED && apart.iter().all(|known| known.ip() != one.ip()) {
			apart.push(*one);
		}
	}
	let questions = apart.into_iter().map(|one| {
		let side = side.clone();
		async move { Some((local(one), ask(&side, one).await?)) }
	});
	let answers = stream::iter(questions);
	let answers = answers.buffer_unordered(ENOUGH).filter_map(std::future::ready).take(ENOUGH);
	let answers: Vec<_> = answers.collect().await;
	classify(port, &answers)
}

/// Looks from a port of its own, which is translated as any other is.
pub(crate) async fn examine(bind: IpAddr, those: &[SocketAddr]) -> anyhow::Result<Seen> {
	let (engine, _inbound) = Engine::start(bind, 0, Caps::default()).await?;
	let seen = look(&engine.side(), engine.port(), those).await;
	engine.stop().await;
	Ok(seen)
}

/// The address of this machine that packets to `there` come from.
fn local(there: SocketAddr) -> Option<IpAddr> {
	let any: SocketAddr = if there.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0u16; 8], 0).into() };
	let socket = UdpSocket::bind(any).ok()?;
	socket.connect(there).ok()?;
	Some(socket.local_addr().ok()?.ip())
}

/// By pairs of the address here and the one that was seen.
fn classify(port: u16, answers: &[(Option<IpAddr>, SocketAddr)]) -> Seen {
	let at = answers.last().map(|(_, seen)| *seen);
	let is_own =
		|(local, seen): &(Option<IpAddr>, SocketAddr)| seen.port() == port && *local == Some(seen.ip());
	let kind = match answers {
		[] | [_] => Kind::Unknown,
		_ if answers.iter().all(is_own) => Kind::Public,
		[(_, first), rest @ ..] if rest.iter().all(|(_, seen)| seen == first) => Kind::Same,
		_ => Kind::Changing,
	};
	Seen { kind, at }
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::net::Ipv4Addr;
	use tokio::net::UdpSocket as Socket;

	const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

	#[test]
	fn kind_should_follow_from_two_answers() {
		let (own, public): (IpAddr, _) = ("192.0.2.1".parse().unwrap(), "192.0.2.1:9".parse().unwrap());
		let (one, other): (SocketAddr, _) =
			("203.0.113.1:9".parse().unwrap(), "203.0.113.1:10".parse().unwrap());
		for (answers, kind) in [
			(&[][..], Kind::Unknown),
			(&[(Some(own), public)], Kind::Unknown),
			(&[(Some(own), public), (Some(own), public)], Kind::Public),
			(&[(Some(own), one), (Some(own), one)], Kind::Same),
			(&[(Some(own), one), (Some(own), other)], Kind::Changing),
			(&[(None, public), (None, public)], Kind::Same),
		] {
			assert_eq!(classify(9, answers).kind, kind, "{answers:?}");
		}
		assert_eq!(
			classify(10, &[(Some(own), public), (Some(own), public)]).kind,
			Kind::Same,
			"another port"
		);
	}

	#[tokio::test]
	async fn ask_should_take_no_answer_but_that_of_whom_it_asked() {
		let (engine, _inbound, _guests) = Engine::start_serving(HERE, 0, Caps::default()).await.unwrap();
		let [asked, forger] =
			[Socket::bind((HERE, 0)).await.unwrap(), Socket::bind((HERE, 0)).await.unwrap()];
		let whom = asked.local_addr().unwrap();
		let truth: SocketAddr = "192.0.2.1:1".parse().unwrap();
		let lie: SocketAddr = "198.51.100.66:6".parse().unwrap();
		let answer = async {
			let mut buffer = [0; 100];
			let (length, from) = asked.recv_from(&mut buffer).await.unwrap();
			let Some(Probe::Ask(token)) = Probe::decode(&buffer[..length]) else { panic!("a question") };
			// From elsewhere with the token, from there with another, then the right one.
			forger.send_to(&Probe::Told(token, lie).encode(), from).await.unwrap();
			asked.send_to(&Probe::Told([0; 16], lie).encode(), from).await.unwrap();
			tokio::time::sleep(Duration::from_millis(100)).await;
			asked.send_to(&Probe::Told(token, truth).encode(), from).await.unwrap();
		};
		let side = engine.side();
		let (seen, ()) = tokio::join!(ask(&side, whom), answer);
		assert_eq!(seen, Some(truth));
	}

	#[tokio::test]
	async fn providers_should_tell_one_another_where_they_are_with_no_more_bytes_than_were_asked() {
		let (one, _inbound, _guests) = Engine::start_serving(HERE, 0, Caps::default()).await.unwrap();
		let (other, _inbound2, _guests2) = Engine::start_serving(HERE, 0, Caps::default()).await.unwrap();
		let there = SocketAddr::new(HERE, other.port());
		assert_eq!(ask(&one.side(), there).await, Some(SocketAddr::new(HERE, one.port())));
		// A flood of questions gets a few answers, each as long as a question.
		let socket = Socket::bind((HERE, 0)).await.unwrap();
		for n in 0..200u128 {
			socket.send_to(&Probe::Ask(n.to_be_bytes()).encode(), there).await.unwrap();
		}
		let (mut answers, mut buffer) = (0, [0; 100]);
		let count = async {
			loop {
				assert_eq!(socket.recv(&mut buffer).await.unwrap(), weir_tunnel_core::wire::nat::PROBE_BYTES);
				answers += 1;
			}
		};
		let _ = tokio::time::timeout(Duration::from_millis(400), count).await;
		assert!((1..=10).contains(&answers), "{answers}");
	}
}
