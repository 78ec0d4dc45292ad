//! A direct way around a relay: provider and customer ping each other at the same time, each where the other's tunnel or
//! socket is seen, so that both routers take what comes back.
//!
//! The customer asks by the control plane, which the relay passes on and cannot read; the token of the pings is in the
//! question. The provider pings where the customer's tunnel comes from, as the relay sees it: WireGuard has authenticated that, so
//! that nobody has it ping others. Nothing changes until a ping was answered, and then the relay is left only for as long as
//! they are.

use super::{Behind, Kind};
use crate::{
	engine::side::{Heard, Side},
	net::lock,
	tasks::Task,
};
use std::{
	net::{IpAddr, Ipv6Addr, SocketAddr},
	sync::Arc,
	time::Duration,
};
use tokio::time::{interval, sleep, timeout, MissedTickBehavior};
use weir_tunnel_core::wire::{
	nat::{Probe, Token},
	Refusal, Response,
};

/// Between two pings, and for how long they are tried.
const PING_EVERY: Duration = Duration::from_millis(200);
const TRY_FOR: Duration = Duration::from_secs(3);
/// Pings of a provider to one customer.
const PINGS: u32 = 15;
/// Whoever goes directly pings so often; it keeps the way open as well.
const HOLD_EVERY: Duration = Duration::from_secs(10);
/// An answer is waited for so long,
const PATIENCE: Duration = Duration::from_secs(1);
/// and asked for so often before the way is given up.
const TRIES: u32 = 4;

impl Behind {
	/// Opens a direct way to the customer whose tunnel comes from `customer`, if customers come by a relay.
	pub(crate) fn punch(self: &Arc<Self>, customer: SocketAddr, token: Token) -> Response {
		let seen = self.standpoint.borrow().seen;
		let Some(at) = seen.at.filter(|_| self.is_relayed() && seen.kind != Kind::Unknown) else {
			// No refusal: customers ask before they know.
			return Response::Noted;
		};
		let Ok(permit) = self.punches.clone().try_acquire_owned() else {
			return Response::Refuse(Refusal::Busy);
		};
		if !self.side.answer_pings(token) {
			return Response::Refuse(Refusal::Busy);
		}
		let side = self.side.clone();
		let pings = Task::spawn("opening a direct way", async move {
			let _permit = permit;
			let mut tick = interval(PING_EVERY);
			for _ in 0..PINGS {
				tick.tick().await;
				side.send(Probe::Ping(token), customer).await;
			}
		});
		let mut punching = lock(&self.punching);
		punching.retain(|task| !task.is_finished());
		punching.push(pings);
		let address = match at.ip() {
			IpAddr::V4(ip) => ip.to_ipv6_mapped(),
			IpAddr::V6(ip) => ip,
		};
		Response::Punch { address: address.octets(), port: at.port() }
	}
}

/// Where a provider wants to be pinged.
pub(crate) fn told(address: [u8; 16], port: u16) -> Option<SocketAddr> {
	let ip = IpAddr::from(Ipv6Addr::from(address)).to_canonical();
	let is_usable = port != 0 && !ip.is_unspecified() && !ip.is_multicast() && !ip.is_loopback();
	is_usable.then(|| SocketAddr::new(ip, port))
}

/// Pings the provider until it answers, and returns from where it does. A router that gives each of its partners another port
/// shows it by the provider's own pings.
pub(crate) async fn open(
	side: &Arc<Side>,
	heard: &mut Heard,
	token: Token,
	at: SocketAddr,
) -> Option<SocketAddr> {
	let mut there = at;
	let mut tick = interval(PING_EVERY);
	tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
	let opening = async {
		loop {
			tokio::select! {
				_ = tick.tick() => side.send(Probe::Ping(token), there).await,
				(probe, from) = heard.next() => match probe {
					_ if from.ip() != at.ip() => {}
					Probe::Pong(_) => return from,
					Probe::Ping(_) if from != there => {
						there = from;
						side.send(Probe::Ping(token), there).await;
					}
					_ => {}
				},
			}
		}
	};
	timeout(TRY_FOR, opening).await.ok()
}

/// Keeps a direct way open; returns when nobody answers there any more.
pub(crate) async fn hold(side: &Arc<Side>, heard: &mut Heard, token: Token, direct: SocketAddr) {
	loop {
		sleep(HOLD_EVERY).await;
		let mut is_answered = false;
		// What was answered long ago says nothing of now.
		heard.forget();
		for _ in 0..TRIES {
			side.send(Probe::Ping(token), direct).await;
			let answer = async { while heard.next().await != (Probe::Pong(token), direct) {} };
			is_answered = timeout(PATIENCE, answer).await.is_ok();
			if is_answered {
				break;
			}
		}
		if !is_answered {
			return;
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		engine::{Caps, Engine},
		nat::{Rung, Seen},
	};
	use std::net::Ipv4Addr;
	use tokio::{net::UdpSocket, sync::mpsc};

	const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 41, 1));
	const TOKEN: Token = [7; 16];

	/// A provider as if it were reached by a relay.
	async fn provider() -> (Engine, Arc<Behind>) {
		let (engine, _, _) = Engine::start_serving(HERE, 0, Caps::default()).await.unwrap();
		let behind = Behind::new(engine.side(), HERE, mpsc::channel(1).0);
		let at = SocketAddr::new(HERE, engine.port());
		behind.standpoint.send_modify(|known| {
			known.seen = Seen { kind: Kind::Same, at: Some(at) };
			known.rung = Rung::Relayed { by: [1; 32].into(), at };
		});
		(engine, behind)
	}

	#[tokio::test]
	async fn direct_way_should_open_when_both_ping() {
		let (engine, behind) = provider().await;
		let (customer, _packets) = Engine::start_guest(HERE, HERE).await.unwrap();
		let side = customer.side();
		let mut heard = side.listen(TOKEN).unwrap();
		let Response::Punch { address, port } = behind.punch(SocketAddr::new(HERE, customer.port()), TOKEN)
		else {
			panic!("refused");
		};
		let at = SocketAddr::new(IpAddr::from(Ipv6Addr::from(address)).to_canonical(), port);
		assert_eq!(at, SocketAddr::new(HERE, engine.port()));
		assert_eq!(
			told(address, port),
			None,
			"no customer goes to its own loopback because a provider says so"
		);
		assert_eq!(open(&side, &mut heard, TOKEN, at).await, Some(at));
	}

	#[tokio::test]
	async fn open_should_fail_when_answers_are_not_of_the_provider_or_not_to_its_token() {
		let (customer, _packets) = Engine::start_guest(HERE, HERE).await.unwrap();
		let side = customer.side();
		let mut heard = side.listen(TOKEN).unwrap();
		let there = UdpSocket::bind((HERE, 0)).await.unwrap();
		let elsewhere = UdpSocket::bind((Ipv4Addr::new(127, 0, 41, 2), 0)).await.unwrap();
		let (at, to) = (there.local_addr().unwrap(), SocketAddr::new(HERE, customer.port()));
		let forge = async {
			for _ in 0..20 {
				there.send_to(&Probe::Pong([8; 16]).encode(), to).await.unwrap();
				elsewhere.send_to(&Probe::Pong(TOKEN).encode(), to).await.unwrap();
				sleep(Duration::from_millis(100)).await;
			}
		};
		let (opened, ()) = tokio::join!(open(&side, &mut heard, TOKEN, at), forge);
		assert_eq!(opened, None);
	}

	#[tokio::test]
	async fn punches_should_be_bounded_and_not_needed_where_customers_come_straight() {
		let (_engine, behind) = provider().await;
		let victim = UdpSocket::bind((HERE, 0)).await.unwrap();
		let to = victim.local_addr().unwrap();
		let answers: Vec<_> = (0..200u128).map(|n| behind.punch(to, n.to_be_bytes())).collect();
		let opened = answers.iter().filter(|answer| matches!(answer, Response::Punch { .. })).count();
		assert_eq!(opened, super::super::MOST_PUNCHES);
		assert!(answers.contains(&Response::Refuse(Refusal::Busy)));
		behind.standpoint.send_modify(|known| known.rung = Rung::Registered);
		assert_eq!(behind.punch(to, TOKEN), Response::Noted);
	}
}
