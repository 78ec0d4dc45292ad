//! Checks that name the cause and the fix.

use crate::{
	advice,
	attest::{Checker, ClockCheck},
	chain::{bytes32, endpoints::MAX_LAG, prefix, socket_address, Answer, ChainView, Client},
	clock,
	config::Config,
	control,
	keys::{self, Secret},
	store,
};
use anyhow::Result;
use libp2p::PeerId;
use serde::Serialize;
use std::{
	fs::{self, File, OpenOptions, TryLockError},
	io::{self, Write},
	net::{IpAddr, TcpListener, UdpSocket},
	path::Path,
	sync::Arc,
	time::Duration,
};
use weir_primitives::{chain::AccountId, Admission};
use weir_tunnel_core::{target::Prefix, wire::Request};

/// Room the state folder should have: some years of records of a seat with many tasks.
const ROOM_BYTES: usize = 16 << 20;

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

/// Runs every check. Nobody is asked anything but the configured endpoints, the node's registered one and, for the time,
/// those whom an attestor asks.
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
	state(&config.node.state, &mut report);
	ports(config, &mut report);
	if let Some(chain) = reach_chain(config, &mut report).await {
		let chain = Arc::new(chain);
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

/// Whether what must survive a restart can be written. Changes nothing that is there.
fn state(folder: &Path, report: &mut Report) {
	let path = folder.display();
	match fs::metadata(folder) {
		Ok(_) => {}
		Err(error) if error.kind() == io::ErrorKind::NotFound => {
			let detail = format!("{path} does not exist; it is made at the first start");
			return report.add("state folder", Verdict::Warning, detail);
		}
		Err(error) => {
			let detail = format!("{path} cannot be read: {} ({error})", advice::file(&error));
			return report.add("state folder", Verdict::Failed, detail);
		}
	}
	if let Err(error) = try_room(folder) {
		let detail = format!("{path} takes no {} MiB: {} ({error})", ROOM_BYTES >> 20, advice::file(&error));
		return report.add("state folder", Verdict::Failed, detail);
	}
	match try_lock(&folder.join(store::FILE)) {
		Ok(true) => report.add("state folder", Verdict::Ok, format!("{path} can be written and is free")),
		Ok(false) => {
			let detail = format!("{path} is in use: this sidecar is running already, or another one has it");
			report.add("state folder", Verdict::Warning, detail);
		}
		Err(error) => {
			let detail =
				format!("{path}/{} cannot be opened: {} ({error})", store::FILE, advice::file(&error));
			report.add("state folder", Verdict::Failed, detail);
		}
	}
}

/// Writes and removes a file of [`ROOM_BYTES`].
fn try_room(folder: &Path) -> io::Result<()> {
	let path = folder.join(format!("doctor-{}.tmp", std::process::id()));
	let mut file = File::create_new(&path)?;
	let written = file.write_all(&vec![0; ROOM_BYTES]).and_then(|()| file.sync_all());
	fs::remove_file(&path)?;
	written
}

/// Whether nobody holds the database; true as well if there is none.
fn try_lock(path: &Path) -> io::Result<bool> {
	let file = match OpenOptions::new().read(true).write(true).open(path) {
		Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
		file => file?,
	};
	match file.try_lock() {
		Ok(()) => Ok(true),
		Err(TryLockError::WouldBlock) => Ok(false),
		Err(TryLockError::Error(error)) => Err(error),
	}
}

/// Compares this clock with those the attestor would ask in this epoch, if it has tasks.
async fn fellows_clock(bind: IpAddr, chain: Arc<dyn ChainView>, account: AccountId, report: &mut Report) {
	let (Ok(now), Ok(tasks)) = (chain.clock().await, chain.tasks(&account).await) else { return };
	if tasks.is_empty() {
		return;
	}
	let stranger = libp2p::identity::Keypair::generate_ed25519();
	let Ok((control, _incoming)) = control::connect(&stranger, bind) else { return };
	let (asked, check) = Checker { chain, control, account }.ask(now.epoch, &tasks).await;
	let (verdict, detail) = match check {
		ClockCheck::Unknown { answers } => (
			Verdict::Warning,
			format!("{answers} of {asked} others told their time, five are needed; usual in a small network"),
		),
		ClockCheck::Agrees { offset_micros } => {
			(Verdict::Ok, format!("{} ms from the median of up to {asked} others", offset_micros / 1_000))
		}
		ClockCheck::Off { offset_micros } => (
			Verdict::Failed,
			format!("{} ms from the median of up to {asked} others: set up NTP", offset_micros / 1_000),
		),
	};
	report.add("fellows' clocks", verdict, detail);
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
	chain: &Arc<Client>,
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
	if config.attest.is_some() {
		fellows_clock(config.node.bind, chain.clone(), account.clone(), report).await;
	}
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
			if let Some(last) = &provider.last_verdict {
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

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		chain::{
			fake::{keypair, task, Fake},
			Clock,
		},
		store::Store,
		tasks::Task,
	};
	use libp2p::identity::Keypair;
	use weir_primitives::Endpoint;
	use weir_tunnel_core::target;

	fn verdict(folder: &Path) -> (Verdict, String) {
		let mut report = Report::default();
		state(folder, &mut report);
		let [check] = &report.0[..] else { panic!("{report:?}", report = report.0) };
		(check.verdict, check.detail.clone())
	}

	#[test]
	fn state_should_say_whether_the_folder_is_there_free_and_writable() {
		let folder = tempfile::tempdir().unwrap();
		assert_eq!(verdict(folder.path()).0, Verdict::Ok);
		let (missing, detail) = verdict(&folder.path().join("missing"));
		assert!(missing == Verdict::Warning && detail.contains("does not exist"), "{detail}");
		let store = Store::open(folder.path()).unwrap();
		let (held, detail) = verdict(folder.path());
		assert!(held == Verdict::Warning && detail.contains("is in use"), "{detail}");
		drop(store);
		assert_eq!(verdict(folder.path()).0, Verdict::Ok);
		// Nothing of it stays behind.
		assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
		let file = folder.path().join("file");
		fs::write(&file, "no folder").unwrap();
		assert_eq!(verdict(&file).0, Verdict::Failed);
	}

	/// What is said of this clock when `count` targets tell a time `skew_micros` from it.
	async fn clock_verdict(net: u8, count: u8, skew_micros: i64) -> Vec<(Verdict, String)> {
		let chain = Fake::new([Clock { epoch: 5, slot: 1, first_slot: 1 }]);
		let mut others = vec![];
		for n in 1..=count {
			let (identity, address) = (Keypair::generate_ed25519(), [127, 0, net, n]);
			let port = TcpListener::bind((IpAddr::from(address), 0)).unwrap().local_addr().unwrap().port();
			let (serving, mut incoming) = control::serve(&identity, address.into(), port).await.unwrap();
			let config = target::Config {
				genesis: [7; 32],
				account: [100 + n; 32],
				key: keypair(2),
				wireguard: [0; 32],
				port,
			};
			others.push(Task::spawn("clock answers", async move {
				let _serving = serving;
				while let Some(asked) = incoming.recv().await {
					let Request::Clock { nonce } = asked.request else { continue };
					let now = clock::now().saturating_add_signed(skew_micros);
					let _ = asked.reply.send(config.tell_time(now, &nonce));
				}
			}));
			let mut task = task(None);
			task.account = [100 + n; 32].into();
			task.endpoint = Endpoint::V4 { addr: address, port };
			task.peer_id = identity.public().to_peer_id().to_bytes();
			chain.tasks.lock().unwrap().push(task);
		}
		let mut report = Report::default();
		fellows_clock([127, 0, 59, 1].into(), Arc::new(chain), [1; 32].into(), &mut report).await;
		report.0.into_iter().map(|check| (check.verdict, check.detail)).collect()
	}

	#[tokio::test]
	async fn fellows_clock_should_say_when_this_clock_is_off_or_too_few_answer() {
		assert_eq!(clock_verdict(60, 0, 0).await, vec![]);
		assert_eq!(clock_verdict(60, 5, 0).await[0].0, Verdict::Ok);
		let (verdict, detail) = clock_verdict(61, 5, -300_000).await.remove(0);
		assert!(verdict == Verdict::Failed && detail.contains("set up NTP"), "{detail}");
		let (verdict, detail) = clock_verdict(62, 4, -300_000).await.remove(0);
		assert!(verdict == Verdict::Warning && detail.starts_with("4 of 4 others"), "{detail}");
	}
}
