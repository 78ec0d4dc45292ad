//! Checks that name the cause and the fix.

use crate::{
	chain::{bytes32, prefix, socket_address, ChainView, Client},
	clock,
	config::Config,
	control, keys,
};
use anyhow::Result;
use libp2p::PeerId;
use serde::Serialize;
use std::{
	net::{TcpListener, UdpSocket},
	time::Duration,
};
use weir_primitives::Admission;
use weir_tunnel_core::{target::Prefix, wire::Request, MILLI};

/// How a check ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
	/// As it should be.
	Ok,
	/// Works, but not as it should.
	Warning,
	/// Does not work.
	Failed,
}

/// One check.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
	/// What was looked at.
	pub name: &'static str,
	/// How it ended.
	pub verdict: Verdict,
	/// What was found, and what to do about it.
	pub detail: String,
}

/// All checks, collected as they are made.
#[derive(Default)]
struct Report(Vec<Check>);

impl Report {
	fn add(&mut self, name: &'static str, verdict: Verdict, detail: impl Into<String>) {
		self.0.push(Check { name, verdict, detail: detail.into() });
	}

	fn result<T>(
		&mut self,
		name: &'static str,
		result: Result<T>,
		good: impl FnOnce(&T) -> String,
	) -> Option<T> {
		match result {
			Ok(value) => {
				self.add(name, Verdict::Ok, good(&value));
				Some(value)
			}
			Err(error) => {
				self.add(name, Verdict::Failed, format!("{error:#}"));
				None
			}
		}
	}
}

/// Runs every check. None but those on this machine's sockets and the configured endpoints are asked anything.
pub async fn examine(config: &Config) -> Vec<Check> {
	let mut report = Report::default();
	let identity = report.result("identity key", keys::load_identity(&config.identity_key()), |key| {
		format!("PeerId {}", keys::peer_id_hex(key))
	});
	let probe = report.result("probe key", keys::load_probe(&config.probe_key()), |key| {
		format!("public key 0x{}", hex::encode(key.public()))
	});
	if let Some(api) = &config.api {
		report.result("API token", keys::read_secret(&api.token_file), |_| {
			api.token_file.display().to_string()
		});
	}
	ports(config, &mut report).await;
	if let Some(chain) = reach_chain(config, &mut report).await {
		chain_facts(
			config,
			&chain,
			probe.map(|key| key.public()),
			identity.map(|key| key.public().to_peer_id()),
			&mut report,
		)
		.await;
	}
	report.0
}

async fn ports(config: &Config, report: &mut Report) {
	let Some(provide) = &config.provide else { return };
	let address = (config.node.bind, provide.port);
	let free = UdpSocket::bind(address).and_then(|_| TcpListener::bind(address));
	match free {
		Ok(_) => report.add("port", Verdict::Ok, format!("UDP and TCP {} are free", provide.port)),
		Err(error) => {
			let detail = format!(
				"{}:{} cannot be bound ({error}): this sidecar is running already, or another program uses the port",
				config.node.bind, provide.port
			);
			report.add("port", Verdict::Warning, detail);
		}
	}
}

async fn reach_chain(config: &Config, report: &mut Report) -> Option<Client> {
	let mut reached = false;
	let expected = config.genesis().ok().flatten();
	for endpoint in &config.chain.endpoints {
		match Client::try_connect(endpoint).await {
			Ok(genesis) if expected.is_some_and(|expected| expected != genesis) => {
				let detail = format!(
					"{endpoint} serves chain 0x{}; chain.genesis names another",
					hex::encode(genesis)
				);
				report.add("chain endpoint", Verdict::Failed, detail);
			}
			Ok(genesis) => {
				reached = true;
				report.add(
					"chain endpoint",
					Verdict::Ok,
					format!("{endpoint}, genesis 0x{}", hex::encode(genesis)),
				);
			}
			Err(error) => {
				report.add("chain endpoint", Verdict::Failed, format!("{error}; is the node running?"))
			}
		}
	}
	if !reached {
		return None;
	}
	let connect = Client::connect(config.chain.endpoints.clone(), expected);
	tokio::time::timeout(Duration::from_secs(15), connect).await.ok()?.ok()
}

async fn chain_facts(
	config: &Config,
	chain: &Client,
	probe: Option<[u8; 32]>,
	identity: Option<PeerId>,
	report: &mut Report,
) {
	let timing = report.result("runtime", chain.timing().await.map_err(Into::into), |timing| {
		format!("slots of {} ms, {} an epoch", timing.slot_millis, timing.epoch_slots)
	});
	if let (Some(timing), Ok(now)) = (timing, chain.clock().await) {
		let begins = now.begins(&timing, now.slot);
		let ends = now.begins(&timing, now.slot.saturating_add(1));
		let here = clock::now();
		// A block is made and travels within its slot; two more may be empty.
		let late = ends.saturating_add(timing.slot_millis.saturating_mul(2 * MILLI));
		if (begins..late).contains(&here) {
			report.add(
				"clock",
				Verdict::Ok,
				format!("epoch {}, slot {}; this clock agrees", now.epoch, now.slot),
			);
		} else {
			let millis = i128::from(here) / 1_000 - i128::from(begins) / 1_000;
			let detail = format!(
				"the best block's slot began {millis} ms ago by this clock: set up NTP, or the endpoint is not in sync"
			);
			report.add("clock", Verdict::Failed, detail);
		}
	}
	let Ok(account) = config.account() else { return };
	let provider = chain.provider(&account).await;
	match provider {
		Ok(Some(provider)) => {
			let admission = match provider.admission {
				Admission::Pending { passed } => format!("admission pending, {passed} tests passed"),
				Admission::Admitted { since } => format!("admitted since epoch {since}"),
				Admission::Jailed { until } => format!("jailed until epoch {until}"),
			};
			let detail = format!(
				"provider {}, {}/{} kbps claimed, bond {} grains, {admission}",
				provider.index, provider.claim.down_kbps, provider.claim.up_kbps, provider.bond
			);
			let verdict = if provider.in_service { Verdict::Ok } else { Verdict::Failed };
			let fix =
				if provider.in_service { "" } else { "; out of service: bond too small, paused or jailed" };
			report.add("registration", verdict, detail + fix);
			if let Some(identity) = identity {
				let same = provider.peer_id == identity.to_bytes();
				let (verdict, detail) = if same {
					(Verdict::Ok, "as registered".to_owned())
				} else {
					(
						Verdict::Failed,
						"differs from the registered one: update the registration or use its key file".into(),
					)
				};
				report.add("PeerId", verdict, detail);
			}
			if let (Some(provide), Some(port)) = (&config.provide, provider.endpoint.port()) {
				if provide.port != port {
					let detail = format!("provide.port is {}, registered is {port}", provide.port);
					report.add("registered port", Verdict::Failed, detail);
				}
			}
			reach_control(config, &provider.peer_id, &provider.endpoint, report).await;
			if let Some(last) = provider.verdicts.last() {
				let detail = format!(
					"epoch {}: {}/{} kbps measured, {:?} ({:?})",
					last.epoch, last.down_kbps, last.up_kbps, last.outcome, last.reason
				);
				report.add("last test", Verdict::Ok, detail);
			}
		}
		Ok(None) if config.provide.is_some() => {
			report.add(
				"registration",
				Verdict::Failed,
				"this account is not registered as a provider; register it on chain",
			);
		}
		Ok(None) => {}
		Err(error) => report.add("registration", Verdict::Failed, error.to_string()),
	}
	if config.attest.is_some() {
		match chain.seat(&account).await {
			Ok(Some(seat)) => {
				let detail = format!(
					"from epoch {}, uplink {} kbps, score {} ppm",
					seat.from_epoch, seat.uplink_kbps, seat.score_ppm
				);
				report.add("seat", Verdict::Ok, detail);
				if probe.is_some_and(|probe| probe != bytes32(&seat.key)) {
					report.add(
						"seat key",
						Verdict::Failed,
						"the seat's key on chain is not this probe key; register it",
					);
				}
				let bind = config.node.bind;
				if !bind.is_unspecified()
					&& prefix(&seat.endpoint).is_some_and(|seat| seat != Prefix::of(bind))
				{
					let detail = format!(
						"node.bind {bind} lies outside the seat's prefix; targets will refuse its probes"
					);
					report.add("seat address", Verdict::Failed, detail);
				}
			}
			Ok(None) => report.add("seat", Verdict::Failed, "this node has no seat; take one on chain"),
			Err(error) => report.add("seat", Verdict::Failed, error.to_string()),
		}
	}
}

/// Whether the registered endpoint answers, when this sidecar is running.
async fn reach_control(
	config: &Config,
	peer: &[u8],
	endpoint: &weir_primitives::Endpoint,
	report: &mut Report,
) {
	let (Ok(peer), Some(address)) = (PeerId::from_bytes(peer), socket_address(endpoint)) else { return };
	let stranger = libp2p::identity::Keypair::generate_ed25519();
	let Ok((control, _incoming)) = control::connect(&stranger, config.node.bind) else { return };
	match control.ask(peer, Some(address), Request::Clock { nonce: [0; 16] }).await {
		Some(_) => report.add(
			"control plane",
			Verdict::Ok,
			format!("{address} answers with the registered identity"),
		),
		None => {
			let detail = format!(
				"{address} does not answer with the registered identity: start the sidecar, forward the port, or register the \
				 endpoint it has"
			);
			report.add("control plane", Verdict::Warning, detail);
		}
	}
}
