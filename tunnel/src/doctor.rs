//! Checks that name the cause and the fix.

mod chain;
mod machine;
mod provider;

use crate::{
	advice,
	chain::{endpoints::MAX_LAG, providers, Answer, ChainView, Client, Directory},
	config::Config,
	exit::{self, kernel, Kind},
	keys::{self, Secret},
	nat, store,
};
use anyhow::Result;
use serde::Serialize;
use std::{
	fs::{self, File, OpenOptions, TryLockError},
	io::{self, Write},
	net::{TcpListener, UdpSocket},
	path::Path,
	sync::Arc,
	time::Duration,
};
use weir_primitives::api::RegionFilter;

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

/// Runs every check. Nobody is asked anything but the configured endpoints, the node's registered one, the resolvers of a
/// provider that serves customers, for the time those whom an attestor asks, and a few providers where they see a provider's
/// machine.
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
	exit(config, &mut report);
	machine::look(config, &mut report).await;
	provider::doors(config, &mut report);
	if let Some(client) = reach_chain(config, &mut report).await {
		router(config, &client, &mut report).await;
		let client = Arc::new(client);
		let view: Arc<dyn ChainView> = client.clone();
		let identity = identity.map(|key| key.public().to_peer_id());
		let keys = chain::Keys { probe: probe.map(|key| key.public()), identity };
		chain::facts(config, &view, Some(&*client), keys, &mut report).await;
		provider::claim_key(config, Some(&*client), &mut report).await;
	} else {
		provider::claim_key(config, None, &mut report).await;
	}
	report.0
}

/// How the routers before a provider translate, as some other providers see it.
async fn router(config: &Config, directory: &dyn Directory, report: &mut Report) {
	let (Some(provide), Ok(account)) = (&config.provide, config.account()) else { return };
	let listed = match providers(directory, RegionFilter::default()).await {
		Ok(listed) => listed,
		Err(error) => {
			return report.add("router", Verdict::Warning, format!("providers not listed: {error}"))
		}
	};
	match nat::examine(config.node.bind, &account, &listed).await {
		Ok(seen) => {
			let mut detail = format!("translation: {}", seen.kind);
			if let Some(at) = seen.at {
				detail += &format!("; this machine is seen at {}", at.ip());
			}
			let needs_help = matches!(seen.kind, nat::Kind::Same | nat::Kind::Changing);
			let is_fine = seen.kind == nat::Kind::Public || (needs_help && provide.relay.is_some());
			if needs_help && provide.relay.is_none() {
				detail += "; or add [provide.relay], to be reached through another provider";
			}
			report.add("router", if is_fine { Verdict::Ok } else { Verdict::Warning }, detail);
		}
		Err(error) => report.add("router", Verdict::Warning, format!("{error:#}")),
	}
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

/// Which exit customers would have, and why.
fn exit(config: &Config, report: &mut Report) {
	let Some(provide) = config.provide.as_ref().filter(|provide| provide.claim_key.is_some()) else { return };
	let choice = exit::choose(provide.exit, config.node.bind);
	let hindrance =
		choice.as_ref().ok().filter(|choice| choice.kind == Kind::Kernel).and_then(|_| kernel::hindrance());
	match hindrance {
		Some(hindrance) => report.add("exit", Verdict::Warning, format!("kernel; {hindrance}")),
		None => {
			report.result("exit", choice, |choice| format!("{}: {}", choice.kind.name(), choice.reason));
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

#[cfg(test)]
mod tests {
	use super::*;
	use crate::store::Store;

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
}
