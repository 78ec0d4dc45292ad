//! The command line.

use crate::{
	config::Config,
	doctor::{self, Verdict},
	keys,
	run::{Roles, Sidecar},
};
use anyhow::{bail, Result};
use clap::{Args, Parser, Subcommand};
use serde_json::json;
use std::{
	path::{Path, PathBuf},
	process::ExitCode,
};
use tokio::signal::unix::{signal, SignalKind};

/// The Weir sidecar: serves tunnels, measures those of others.
#[derive(Debug, Parser)]
#[command(
	name = "weir-tunnel",
	version,
	after_help = "Exit codes: 0 success, 1 failure (the reason is on stderr), 2 wrong usage.\n\
		Logs go to stderr; set the level with RUST_LOG (default: info)."
)]
struct Cli {
	/// Machine-readable output: JSON on stdout, logs as JSON on stderr.
	#[arg(long, global = true)]
	json: bool,
	#[command(subcommand)]
	command: Command,
}

#[derive(Debug, Args)]
struct ConfigFile {
	/// The configuration file (TOML).
	#[arg(long, short, default_value = "/etc/weir-tunnel/config.toml")]
	config: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
	/// Runs every role the configuration has a table for.
	Run(ConfigFile),
	/// Serves as a provider: answers tests on the registered port.
	Provide(ConfigFile),
	/// Measures providers, for the node beside it or alone.
	Attest(ConfigFile),
	/// Checks keys, clock, chain, registration, seat and ports; each finding with its fix.
	Doctor(ConfigFile),
	/// Checks the configuration file.
	Check(ConfigFile),
	/// Makes or shows keys.
	#[command(subcommand)]
	Key(KeyCommand),
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
	/// Makes the identity and the probe key; never overwrites one.
	Generate(KeyFiles),
	/// Shows what to register: PeerId and probe public key.
	Show(KeyFiles),
}

#[derive(Debug, Args)]
struct KeyFiles {
	/// Folder of identity.key and probe.key.
	#[arg(long, short)]
	folder: PathBuf,
}

/// Runs the command line; what it returns is the exit code.
pub fn main() -> ExitCode {
	let cli = Cli::parse();
	start_logs(cli.json);
	match execute(&cli) {
		Ok(code) => code,
		Err(error) => {
			if cli.json {
				println!("{}", json!({ "error": format!("{error:#}") }));
			}
			eprintln!("error: {error:#}");
			ExitCode::FAILURE
		}
	}
}

fn start_logs(json: bool) {
	let filter = tracing_subscriber::EnvFilter::try_from_default_env()
		// The device says what failed through its handle; what it logs is the order in which its tasks end.
		.unwrap_or_else(|_| "info,gotatun=off,libp2p=warn,subxt=warn".into());
	let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
	if json {
		logs.json().init();
	} else {
		logs.init();
	}
}

fn execute(cli: &Cli) -> Result<ExitCode> {
	match &cli.command {
		Command::Run(ConfigFile { config }) => run(config, Roles::Configured),
		Command::Provide(ConfigFile { config }) => run(config, Roles::Provide),
		Command::Attest(ConfigFile { config }) => run(config, Roles::Attest),
		Command::Doctor(ConfigFile { config }) => examine(config, cli.json),
		Command::Check(ConfigFile { config }) => {
			Config::load(config)?;
			if cli.json {
				println!("{}", json!({ "config": config, "ok": true }));
			} else {
				println!("{}: ok", config.display());
			}
			Ok(ExitCode::SUCCESS)
		}
		Command::Key(KeyCommand::Generate(KeyFiles { folder })) => {
			keys::generate(&folder.join("identity.key"))?;
			keys::generate(&folder.join("probe.key"))?;
			show_keys(folder, cli.json)
		}
		Command::Key(KeyCommand::Show(KeyFiles { folder })) => show_keys(folder, cli.json),
	}
}

fn show_keys(folder: &Path, json: bool) -> Result<ExitCode> {
	let identity = keys::load_identity(&folder.join("identity.key"))?;
	let probe = keys::load_probe(&folder.join("probe.key"))?;
	let (peer_id, probe) = (keys::peer_id_hex(&identity), format!("0x{}", hex::encode(probe.public())));
	if json {
		println!("{}", json!({ "peer_id": peer_id, "probe_key": probe }));
	} else {
		println!("peer id    {peer_id}\nprobe key  {probe}");
	}
	Ok(ExitCode::SUCCESS)
}

fn runtime() -> Result<tokio::runtime::Runtime> {
	Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

fn run(config: &Path, roles: Roles) -> Result<ExitCode> {
	let config = Config::load(config)?;
	runtime()?.block_on(async {
		let (mut interrupt, mut terminate) =
			(signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
		let stop = async {
			tokio::select! {
				_ = interrupt.recv() => "SIGINT",
				_ = terminate.recv() => "SIGTERM",
			}
		};
		tokio::pin!(stop);
		let sidecar = tokio::select! {
			started = Sidecar::start(&config, roles) => started?,
			signal = &mut stop => {
				tracing::info!(signal, "stopped before it was ready");
				return Ok(ExitCode::SUCCESS);
			},
		};
		tracing::info!("ready");
		tokio::select! {
			signal = &mut stop => {
				tracing::info!(signal, "stopping");
				drop(sidecar);
				Ok(ExitCode::SUCCESS)
			},
			() = sidecar.failed() => bail!("a role stopped; the log says why"),
		}
	})
}

fn examine(path: &Path, json: bool) -> Result<ExitCode> {
	let config = Config::load(path)?;
	let checks = runtime()?.block_on(doctor::examine(&config));
	let failed = checks.iter().any(|check| check.verdict == Verdict::Failed);
	if json {
		println!("{}", serde_json::to_string(&checks)?);
	} else {
		println!("ok       configuration: {}", path.display());
		for check in &checks {
			let verdict = match check.verdict {
				Verdict::Ok => "ok     ",
				Verdict::Warning => "warning",
				Verdict::Failed => "FAILED ",
			};
			println!("{verdict}  {}: {}", check.name, check.detail);
		}
	}
	Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::CommandFactory;

	#[test]
	fn command_line_should_be_consistent() {
		Cli::command().debug_assert();
	}
}
