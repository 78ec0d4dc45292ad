//! The command line.

use crate::{
	advice,
	config::Config,
	connect::options::{self, ChannelsCommand, ConnectOptions},
	doctor::{self, Check, Verdict},
	keys,
	run::{Roles, Sidecar},
	setup::{self, InitOptions, PauseOptions},
};
use anyhow::{bail, Context, Result};
use clap::{Args, Parser, Subcommand};
use nix::sys::resource::{getrlimit, setrlimit, Resource};
use sd_notify::NotifyState;
use serde_json::json;
use std::{
	fmt::Display,
	future::Future,
	io::{ErrorKind, IsTerminal, Write},
	path::{Path, PathBuf},
	process::ExitCode,
};
use tokio::signal::unix::{signal, SignalKind};

/// The Weir sidecar: takes programs through other people's lines, lets its own line be measured and sells what it carries, and
/// measures the lines of others, in WireGuard sessions in userspace. Needs no root, but for `connect --tun`.
#[derive(Debug, Parser)]
#[command(
	name = "weir-tunnel",
	version,
	after_help = "First steps as a customer:\n  \
		weir-tunnel connect --key FILE --region DE               then set programs to the SOCKS5 proxy 127.0.0.1:1080\n  \
		weir-tunnel connect --tun --key FILE --region DE         all programs, with a kill switch; as root\n\n\
		First steps as a provider:\n  \
		weir-tunnel provide init --key FILE --down 100 --up 40 --region DE --price 0.05         shows the bill; --yes does it\n  \
		weir-tunnel run                                          or: systemctl enable --now weir-tunnel\n\n\
		First steps as an attestor:\n  \
		weir-tunnel key generate --folder /var/lib/weir-tunnel   then register what it shows on chain\n  \
		weir-tunnel check --config FILE                          is the configuration well formed?\n  \
		weir-tunnel doctor --config FILE                         is everything else as it should be?\n  \
		weir-tunnel run --config FILE\n\n\
		The configuration is explained in docs/sidecar.md, an example is tunnel/example.toml. Customers: docs/customer.md.\n\n\
		Exit codes: 0 success, 1 failure (one line on stderr says why and what to do), 2 wrong usage; of connect also 3 the channel is \
		used up or ends, 4 a dispute with the provider.\n\
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
	#[arg(long, short, value_name = "FILE", default_value = "/etc/weir-tunnel/config.toml")]
	config: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
	/// Runs every role the configuration has a table for (`[provide]`, `[attest]`).
	///
	/// Keys, token, state and ports are checked first; then it waits until the chain is reachable and logs `ready`. Ends
	/// with SIGINT or SIGTERM.
	Run(ConfigFile),
	/// Runs only `[provide]`: lets this line be measured on the registered port and serves customers.
	///
	/// `provide init` makes a provider of an account, `provide pause` and `resume` stop and go on.
	#[command(args_conflicts_with_subcommands = true)]
	Provide {
		#[command(flatten)]
		config: ConfigFile,
		#[command(subcommand)]
		command: Option<ProvideCommand>,
	},
	/// Runs only `[attest]`: measures providers, for the node beside it or alone.
	Attest(ConfigFile),
	/// Checks configuration, keys, ports, chain, clock, registration and seat; each finding with its fix.
	///
	/// Exit code 1 if a check failed; warnings do not count.
	Doctor(ConfigFile),
	/// Checks only that the configuration file is well formed; looks at nothing else.
	Check(ConfigFile),
	/// Makes or shows the two keys of a node.
	#[command(subcommand)]
	Key(KeyCommand),
	/// Takes programs through a provider's line, paid by a channel: they go out by a SOCKS5 proxy on this machine, or all of them with
	/// --tun.
	///
	/// Uses an open channel if there is one, else opens one. While there is no tunnel it refuses programs, and never lets them go
	/// around it. Ctrl-C pays what was used and leaves the rest in the channel for the next time.
	Connect(Box<ConnectOptions>),
	/// The kill switch of `connect --tun`.
	#[command(subcommand)]
	Firewall(FirewallCommand),
	/// Shows, tops up and closes payment channels.
	#[command(subcommand)]
	Channels(ChannelsCommand),
}

#[derive(Debug, Subcommand)]
enum FirewallCommand {
	/// Removes what a `connect --tun` has left that was killed or failed: programs go out by the line again.
	Clear,
}

#[derive(Debug, Subcommand)]
enum ProvideCommand {
	/// Bonds and registers a line, and writes keys and configuration. Without --yes it shows what that costs, and does nothing.
	///
	/// It can be run again at any time: what is done is not done twice, and what differs is changed.
	Init(Box<InitOptions>),
	/// Lets nobody in any more; customers who are here are told, and served for two minutes. Stands until `resume`.
	Pause(PauseOptions),
	/// Lets customers in again.
	Resume(PauseOptions),
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
	/// Makes identity.key and probe.key where they are missing, and shows them; never overwrites one.
	Generate(KeyFiles),
	/// Shows what to register on chain: PeerId and probe public key. The secrets are not shown.
	Show(KeyFiles),
}

#[derive(Debug, Args)]
struct KeyFiles {
	/// Folder of identity.key and probe.key; made if it is missing. Usually `node.state` of the configuration.
	#[arg(long, short, value_name = "DIR")]
	folder: PathBuf,
}

/// Runs the command line; what it returns is the exit code.
pub fn main() -> ExitCode {
	let cli = Cli::parse();
	start_logs(cli.json);
	end_on_panic(cli.json);
	raise_open_files();
	match execute(&cli) {
		Ok(code) => code,
		Err(error) => {
			say_error(&format!("{error:#}"), cli.json);
			ExitCode::FAILURE
		}
	}
}

pub(crate) fn say_error(error: &str, json: bool) {
	let error = advice::one_line(error);
	if json {
		let _ = writeln!(std::io::stdout(), "{}", json!({ "error": error }));
	}
	// Where nobody can be told, the exit code is what is left.
	let _ = writeln!(std::io::stderr(), "error: {error}");
}

/// Lets a panic in any task end the process with one line and exit code 1: tokio would end the task alone and leave a
/// process that looks alive and no longer measures or serves. A supervisor starts it anew.
fn end_on_panic(json: bool) {
	std::panic::set_hook(Box::new(move |panic| {
		let reason = panic.payload_as_str().unwrap_or("no reason given");
		let at = panic.location().map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
		say_error(&format!("internal error{at}: {reason}; this is a defect, please report it"), json);
		std::process::exit(1);
	}));
}

/// Lets this process have as many files as its user may: each customer of a provider is a connection, and each of theirs is one.
fn raise_open_files() {
	if let Ok((_, most)) = getrlimit(Resource::RLIMIT_NOFILE) {
		// With fewer it works as well, for fewer.
		let _ = setrlimit(Resource::RLIMIT_NOFILE, most, most);
	}
}

/// Writes a line to stdout. A reader that has gone away, like `head`, is no failure.
fn say(line: impl Display) -> Result<()> {
	match writeln!(std::io::stdout(), "{line}") {
		Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
		Err(error) => bail!("standard output: not written: {} ({error})", advice::file(&error)),
		Ok(()) => Ok(()),
	}
}

/// What is logged without `RUST_LOG`. libp2p warns of every stream above a limit, and yamux calls it an error when a stranger
/// breaks its protocol: others could fill the log with either.
const DEFAULT_LOGS: &str = "info,gotatun=warn,libp2p=error,subxt=warn,yamux=off";

fn start_logs(json: bool) {
	let filter =
		tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| DEFAULT_LOGS.into());
	let logs = tracing_subscriber::fmt()
		.with_env_filter(filter)
		.with_writer(std::io::stderr)
		.with_ansi(std::io::stderr().is_terminal())
		// It would tell of a full disk under stderr by a panic.
		.log_internal_errors(false);
	if json {
		logs.json().init();
	} else {
		logs.init();
	}
}

fn execute(cli: &Cli) -> Result<ExitCode> {
	match &cli.command {
		Command::Run(ConfigFile { config }) => run(config, Roles::Configured),
		Command::Provide { config: ConfigFile { config }, command: None } => run(config, Roles::Provide),
		Command::Provide { command: Some(command), .. } => runtime()?.block_on(async {
			match command {
				ProvideCommand::Init(options) => setup::init(options, cli.json, say).await,
				ProvideCommand::Pause(options) => setup::pause(options, true, cli.json, say).await,
				ProvideCommand::Resume(options) => setup::pause(options, false, cli.json, say).await,
			}
		}),
		Command::Attest(ConfigFile { config }) => run(config, Roles::Attest),
		Command::Doctor(ConfigFile { config }) => examine(config, cli.json),
		Command::Check(ConfigFile { config }) => {
			Config::load(config)?;
			if cli.json {
				say(json!({ "config": config, "ok": true }))?;
			} else {
				say(format_args!("{}: ok; `weir-tunnel doctor` checks the rest", config.display()))?;
			}
			Ok(ExitCode::SUCCESS)
		}
		Command::Key(KeyCommand::Generate(KeyFiles { folder })) => {
			keys::generate_missing(folder)?;
			show_keys(folder, cli.json)
		}
		Command::Key(KeyCommand::Show(KeyFiles { folder })) => show_keys(folder, cli.json),
		Command::Connect(options) => runtime()?.block_on(async {
			let stop = stop_signal()?;
			options::connect(options, cli.json, stop, say).await
		}),
		Command::Firewall(FirewallCommand::Clear) => {
			runtime()?.block_on(options::clear_firewall(cli.json, say))
		}
		Command::Channels(command) => runtime()?.block_on(options::channels(command, cli.json, say)),
	}
}

fn show_keys(folder: &Path, json: bool) -> Result<ExitCode> {
	let identity = keys::load_identity(&folder.join("identity.key"))?;
	let probe = keys::load_probe(&folder.join("probe.key"))?;
	let (peer_id, probe) = (keys::peer_id_hex(&identity), format!("0x{}", hex::encode(probe.public())));
	if json {
		say(json!({ "peer_id": peer_id, "probe_key": probe }))?;
	} else {
		say(format_args!("peer id    {peer_id}\nprobe key  {probe}"))?;
	}
	Ok(ExitCode::SUCCESS)
}

fn runtime() -> Result<tokio::runtime::Runtime> {
	let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
	runtime.context("no threads or file descriptors left; raise the limits of this user")
}

/// Waits for SIGINT or SIGTERM, and names it. From now on they no longer end the process by themselves.
fn stop_signal() -> Result<impl Future<Output = &'static str>> {
	let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
	Ok(async move {
		tokio::select! {
			_ = interrupt.recv() => "SIGINT",
			_ = terminate.recv() => "SIGTERM",
		}
	})
}

/// Tells systemd, if it has started this process and wants to know.
fn tell_supervisor(state: &[NotifyState<'_>]) {
	if let Err(error) = sd_notify::notify(state) {
		tracing::debug!(%error, "the supervisor was not told");
	}
}

fn run(config: &Path, roles: Roles) -> Result<ExitCode> {
	let config = Config::load(config)?;
	runtime()?.block_on(async {
		let stop = stop_signal()?;
		tokio::pin!(stop);
		tell_supervisor(&[NotifyState::Status("waiting for the chain")]);
		let sidecar = tokio::select! {
			started = Sidecar::start(&config, roles) => started?,
			signal = &mut stop => {
				tracing::info!(signal, "stopped before it was ready");
				return Ok(ExitCode::SUCCESS);
			},
		};
		tracing::info!("ready");
		tell_supervisor(&[NotifyState::Ready, NotifyState::Status("ready")]);
		tokio::select! {
			signal = &mut stop => {
				tracing::info!(signal, "stopping");
				tell_supervisor(&[NotifyState::Stopping, NotifyState::Status("writing down what was paid")]);
			},
			() = sidecar.failed() => bail!("a role stopped; the log says why"),
		}
		sidecar.stop().await;
		Ok(ExitCode::SUCCESS)
	})
}

fn examine(path: &Path, json: bool) -> Result<ExitCode> {
	let config = Config::load(path)?;
	let mut checks = vec![Check::configuration(path)];
	checks.extend(runtime()?.block_on(doctor::examine(&config)));
	let failed = checks.iter().any(|check| check.verdict == Verdict::Failed);
	if json {
		say(serde_json::to_string(&checks)?)?;
	} else {
		for check in &checks {
			let verdict = match check.verdict {
				Verdict::Ok => "ok     ",
				Verdict::Warning => "warning",
				Verdict::Failed => "FAILED ",
			};
			say(format_args!("{verdict}  {}: {}", check.name, check.detail))?;
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

	#[test]
	fn default_logs_should_leave_out_what_strangers_can_fill_them_with() {
		use tracing::Level;
		let filter = tracing_subscriber::EnvFilter::new(DEFAULT_LOGS);
		let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::sink).finish();
		tracing::subscriber::with_default(logs, || {
			assert!(!tracing::enabled!(target: "yamux::connection", Level::ERROR));
			assert!(!tracing::enabled!(target: "libp2p_request_response::handler", Level::WARN));
			assert!(tracing::enabled!(target: "libp2p_swarm", Level::ERROR));
			assert!(tracing::enabled!(target: "weir_tunnel::control", Level::INFO));
		});
	}

	/// Set in the process that is to panic.
	const PANICS: &str = "WEIR_TEST_PANICS";

	#[test]
	fn process_should_end_with_one_line_when_a_task_panics() {
		if std::env::var_os(PANICS).is_some() {
			end_on_panic(false);
			return runtime().unwrap().block_on(async {
				let task = crate::tasks::Task::spawn("doomed", async { panic!("two\nlines") });
				task.ended().await;
				// As a role that waits for others: nothing here ends by itself.
				std::future::pending().await
			});
		}
		let name = "cli::tests::process_should_end_with_one_line_when_a_task_panics";
		let output = std::process::Command::new(std::env::current_exe().unwrap())
			.args(["--exact", name, "--nocapture"])
			.env(PANICS, "1")
			.output()
			.unwrap();
		let err = String::from_utf8(output.stderr).unwrap();
		assert_eq!((output.status.code(), err.lines().count()), (Some(1), 1), "{err}");
		assert!(err.starts_with("error: internal error at ") && err.contains("src/cli.rs:"), "{err}");
		assert!(err.ends_with(": two\\nlines; this is a defect, please report it\n"), "{err}");
	}
}
