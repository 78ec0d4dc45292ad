//! One test: drives `weir_tunnel_core::probe` with a WireGuard device of its own and the control plane.

use super::Links;
use crate::{
	clock,
	engine::{Engine, Inbound},
};
use anyhow::{anyhow, bail, Result};
use futures::{future::BoxFuture, stream::FuturesUnordered, FutureExt, StreamExt};
use libp2p::PeerId;
use std::{
	net::{Ipv4Addr, SocketAddr},
	sync::{
		atomic::{AtomicBool, AtomicU64, Ordering},
		Arc,
	},
};
use tokio::sync::mpsc;
use weir_tunnel_core::{
	keys::ProbeKeypair,
	probe::{Config, Outcome, Output, Probe, Ticket},
	target::Prefix,
	wire::{Request, Response, Test, TestKind},
	Micros,
};

/// Times the signature under a final is sent if no answer comes.
const SETTLE_ATTEMPTS: u32 = 3;

/// What to measure.
#[derive(Clone)]
pub(super) struct Order {
	pub(super) genesis: [u8; 32],
	pub(super) epoch: u32,
	pub(super) kind: TestKind,
	pub(super) ordinal: u32,
	pub(super) target: [u8; 32],
	pub(super) target_key: [u8; 32],
	pub(super) peer: PeerId,
	pub(super) address: SocketAddr,
	pub(super) attestor: [u8; 32],
	pub(super) down_kbps: u32,
	pub(super) up_kbps: u32,
	pub(super) start: Micros,
	pub(super) window: Micros,
	/// When the target was last heard in the tunnel.
	pub(super) heard: Arc<AtomicU64>,
	/// Whether the target has agreed to the T0.
	pub(super) agreed: Arc<AtomicBool>,
}

fn random<const N: usize>() -> Result<[u8; N]> {
	let mut bytes = [0; N];
	getrandom::getrandom(&mut bytes).map_err(|error| anyhow!("the system's randomness: {error}"))?;
	Ok(bytes)
}

/// Addresses of the session inside the tunnel, once it is open.
#[derive(Clone, Copy)]
struct Inner {
	target: Ipv4Addr,
	attestor: Ipv4Addr,
}

type Answer = BoxFuture<'static, (Ticket, Option<Response>)>;

/// Runs a test to its end; none if the process stops before.
pub(super) async fn measure(order: Order, key: ProbeKeypair, links: Arc<Links>) -> Result<Option<Outcome>> {
	let (mut engine, inbound) =
		Engine::start_towards(order.address.ip(), links.bind, links.dropped.clone()).await?;
	let outcome = drive(&mut engine, inbound, order, key, &links).await;
	// However it ended, the device's tasks end before what they read from.
	engine.stop().await;
	outcome
}

pub(super) async fn drive(
	engine: &mut Engine,
	mut inbound: mpsc::Receiver<Inbound>,
	order: Order,
	key: ProbeKeypair,
	links: &Links,
) -> Result<Option<Outcome>> {
	let session = random()?;
	let test = Test {
		genesis: order.genesis,
		epoch: order.epoch,
		kind: order.kind,
		ordinal: order.ordinal,
		target: order.target,
		attestor: order.attestor,
		session,
	};
	let config = Config {
		test,
		key,
		target_key: order.target_key,
		seed: random()?,
		wireguard: engine.public(),
		down_kbps: order.down_kbps,
		up_kbps: order.up_kbps,
		start: order.start,
		window: order.window,
	};
	let mut probe = Probe::new(clock::now(), config).counting_in(links.dropped.clone());
	let mut answers: FuturesUnordered<Answer> = FuturesUnordered::new();
	let mut inner = None;
	let stopped = links.stopped();
	tokio::pin!(stopped);
	loop {
		let now = clock::now();
		// Not left to the timer below, which may need a turn of the runtime that arriving packets delay.
		if probe.timeout().is_some_and(|due| due <= now) {
			probe.handle_timeout(now);
		}
		while let Some(output) = probe.poll() {
			match output {
				Output::Request(ticket, request) => {
					let (control, peer, address) = (links.control.clone(), order.peer, order.address);
					answers.push(
						async move { (ticket, control.ask(peer, Some(address), request).await) }.boxed(),
					);
				}
				Output::Tunnel { wireguard, port, target_address, attestor_address } => {
					// The packets go to the registered address, whatever the answer says.
					let endpoint = SocketAddr::new(order.address.ip(), port);
					let known = Inner { target: target_address.into(), attestor: attestor_address.into() };
					engine.add_peer(wireguard, known.target, Some(endpoint)).await?;
					inner = Some(known);
				}
				Output::Datagram(bytes) => {
					if let Some(Inner { target, attestor }) = inner {
						engine.send(attestor, target, &bytes);
					}
				}
				Output::Done(outcome) => return Ok(Some(*outcome)),
			}
		}
		let due = probe.timeout();
		tokio::select! {
			biased;
			() = &mut stopped => return Ok(None),
			Some((ticket, response)) = answers.next(), if !answers.is_empty() => {
				probe.handle_response(clock::now(), ticket, response);
				if probe.is_agreed() {
					order.agreed.store(true, Ordering::Relaxed);
				}
			},
			() = clock::sleep_until_some(due) => {},
			Some(Inbound { at, bytes, .. }) = inbound.recv() => {
				order.heard.store(at, Ordering::Relaxed);
				probe.handle_datagram(at, &bytes);
				while let Ok(Inbound { at, bytes, .. }) = inbound.try_recv() {
					probe.handle_datagram(at, &bytes);
					// A packet that is due does not wait behind what arrived.
					if probe.timeout().is_some_and(|due| due <= at) {
						break;
					}
				}
			},
			// Nothing that follows would say anything about the target.
			() = engine.failed() => bail!("the WireGuard device failed; nothing is reported of this target"),
		}
	}
}

/// Sends the attestor's signature under the final, once the result is kept. A target that it does not reach can prove
/// nothing against us, and we need nothing from it any more.
pub(super) async fn settle(order: &Order, links: &Links, request: Request) {
	for _ in 0..SETTLE_ATTEMPTS {
		if links.control.ask(order.peer, Some(order.address), request.clone()).await.is_some() {
			return;
		}
	}
	tracing::debug!(target = %order.address, "the signature under the final did not reach the target");
}

/// Whether a seat at `seat` may probe from `bind`: a target refuses other places.
pub(super) fn is_in_place(seat: Option<Prefix>, bind: std::net::IpAddr) -> bool {
	bind.is_unspecified() || seat.is_none_or(|seat| seat == Prefix::of(bind))
}
