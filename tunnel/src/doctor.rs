//! Checks that name the cause and the fix.

use crate::{
	chain::{bytes32, endpoints::MAX_LAG, prefix, socket_address, Answer, ChainView, Client},
	clock,
	config::Config,
	control,
	keys::{self, Secret},
};
use anyhow::Result;
use libp2p::PeerId;
use serde::Serialize;
use std::{
	net::{TcpListener, UdpSocket},
	path::Path,
	time::Duration,
};
use weir_primitives::Admission;
use weir_tunnel_core::{target::Prefix, wire::Request};

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

impl Check {
	/// That the configuration was read: nothing else is checked without it.
	pub fn configuration(path: &Path) -> Self {
		Self { name: "configuration", verdict: Verdict::Ok, detail: path.display().to_string() }
	}
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
		report.result("API token", keys::read_secret(&api.token_file, Secret::Token), |_| {
			api.token_file.display().to_string()
		});
	}
	ports(config, &mut report);
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

fn ports(config: &Config, report: &mut Report) {
	let bind = config.node.bind;
	if let Some(provide) = &config.provide {
		let address = (bind, provide.port);
		let free = UdpSocket::bind(address).and_then(|_| TcpListener::bind(address));
		port(report, "port", format!("UDP and TCP {bind}:{}", provide.port), free.err());
	}
	if let Some(api) = &config.api {
		port(report, "API port", format!("TCP {}", api.listen), TcpListener::bind(api.listen).err());
	}
}

fn port(report: &mut Report, name: &'static str, what: String, error: Option<std::io::Error>) {
	match error {
		None => report.add(name, Verdict::Ok, format!("{what} can be bound")),
		Some(error) => {
			let detail = format!(
				"{what} cannot be bound ({error}): this sidecar is running already, another program uses the port, or the \
				 address is not this machine's"
			);
			report.add(name, Verdict::Warning, detail);
		}
	}
}

async fn reach_chain(config: &Config, report: &mut Report) -> Option<Client> {
	let expected = config.genesis().ok().flatten();
	let (answers, split) = Client::look(&config.chain.endpoints, expected).await;
	let best = answers.iter().filter_map(|answer| Some(answer.said.as_ref().ok()?.1.number)).max();
	for Answer { name, said } in &answers {
		match said {
			Ok((genesis, head)) => {
				let behind = best.unwrap_or(0).saturating_sub(head.number);
				let mut detail =
					format!("{name}, genesis 0x{}, block {} finalised", hex::encode(genesis), head.number);
				let mut verdict = Verdict::Ok;
				if behind > MAX_LAG {
					detail +=
						&format!("; {behind} behind the best endpoint, not used until it has caught up");
					verdict = Verdict::Warning;
				}
				report.add("chain endpoint", verdict, detail);
			}
			Err(error) => report.add("chain endpoint", Verdict::Failed, error.to_string()),
		}
	}
	if let Some(split) = split {
		report.add("chain endpoints", Verdict::Failed, split.to_string());
		return None;
	}
	best?;
	// A foreign endpoint keeps the sidecar from starting, so there is nothing to ask either.
	let connect = Client::connect(&config.chain.endpoints, expected);
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
		match now.disagrees(&timing, clock::now()) {
			None => report.add(
				"clock",
				Verdict::Ok,
				format!("epoch {}, slot {}; this clock agrees", now.epoch, now.slot),
			),
			Some(millis) => {
				let detail = format!(
					"this clock reads {millis} ms after the start of the best block's slot: set up NTP, or the endpoint is not in \
					 sync"
				);
				report.add("clock", Verdict::Failed, detail);
			}
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
			let fix = if provider.in_service {
				""
			} else {
				"; out of service: raise the bond, resume, or wait until the jail ends"
			};
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
					let detail =
						format!("provide.port is {}, registered is {port}: make them equal", provide.port);
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
						"the seat's key on chain is not this probe key: register it (setSeatKey), or use the right key file",
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
