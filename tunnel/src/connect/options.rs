//! What customers type: `connect` and `channels`.

use super::{
	choice::{account, country, Whom},
	funding::Budget,
	machine::{device_name, is_locked, nodes, unlock, Machine, Whole},
	money::{bytes, credits, dollars, per_gb},
	status, Connection, Ending, HopEnd, Settings, Stock, Stopped, Tunnel,
};
use crate::{
	chain::{Account, Client, Ended, Payments},
	config,
};
use anyhow::{anyhow, bail, Context, Result};
use clap::{Args, Subcommand};
use serde_json::json;
use std::{future::Future, net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};
use weir_primitives::{
	api::RegionFilter, chain::AccountId, channel::ChannelId, channels_api::AccountChannel,
};

/// What is shown ends so long after the connection, at most.
const SHOWN: Duration = Duration::from_secs(2);

/// The account and the chain that it is on.
#[derive(Debug, Args)]
pub(crate) struct Purse {
	/// File of the account whose credits pay: one line, a mnemonic or 64 hex digits, mode 0600. Not an account that holds much.
	#[arg(long, value_name = "FILE")]
	key: PathBuf,
	/// WebSocket endpoint of a node; may be given several times, and then what they have finalised is compared.
	#[arg(long, value_name = "URL", default_value = "ws://127.0.0.1:9944")]
	chain: Vec<String>,
	/// Hash of the chain's first block, hex: refuses to work with another chain.
	#[arg(long, value_name = "HASH")]
	genesis: Option<String>,
}

impl Purse {
	async fn open(&self) -> Result<(Account, Client)> {
		let account = Account::load(&self.key)?;
		let chain = config::Chain { endpoints: self.chain.clone(), genesis: self.genesis.clone() };
		config::check_endpoints(&chain.endpoints).map_err(|error| anyhow!("--chain: {error}"))?;
		let genesis = self.genesis.as_deref().map(config::genesis).transpose().context("--genesis")?;
		Ok((account, Client::connect(&chain.endpoints, genesis).await?))
	}
}

/// `connect`
#[derive(Debug, Args)]
pub(crate) struct ConnectOptions {
	#[command(flatten)]
	purse: Purse,
	/// Where programs find the SOCKS5 proxy.
	#[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:1080")]
	socks: SocketAddr,
	/// Lets --socks be an address that others reach: they then use the tunnel at your expense.
	#[arg(long)]
	socks_open: bool,
	/// Takes everything on this machine through the tunnel, by a TUN device of this name, and lets nothing leave beside it: the kill
	/// switch. It stays when this process is killed; `weir-tunnel firewall clear` removes it then. Needs root or CAP_NET_ADMIN.
	#[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "weir0", value_parser = device_name)]
	tun: Option<String>,
	/// Lets the local network be reached beside the tunnel, but for its resolver.
	#[arg(long, requires = "tun")]
	allow_lan: bool,
	/// The provider to go through: an address or 32 bytes of hex.
	#[arg(long, value_name = "ACCOUNT", conflicts_with = "region")]
	provider: Option<String>,
	/// The country to go out in: two letters. Without it, anywhere.
	#[arg(long, value_name = "COUNTRY")]
	region: Option<String>,
	/// Through how many providers, 1 to 3, each with a channel of its own. With 2 none of them sees both where you are and where
	/// you go; they are of different operators, networks and countries, and --provider or --region name the last one.
	#[arg(long, value_name = "NUMBER", default_value = "1", value_parser = clap::value_parser!(u8).range(1..=3))]
	hops: u8,
	/// Scrambles what the line shows, so that a filter does not know WireGuard by its first bytes and the lengths of its
	/// handshakes. The first connection to the provider (TCP, Noise) is not hidden, nor are sizes and times.
	#[arg(long)]
	obfuscate: bool,
	/// The most that traffic may cost at each hop, dollars per GB (10⁹ bytes).
	#[arg(long, value_name = "DOLLARS", default_value = "0.10")]
	max_price: String,
	/// What a new channel is opened with, dollars. What is not used comes back when it is closed.
	#[arg(long, value_name = "DOLLARS", default_value = "0.50")]
	deposit: String,
	/// Loopback address where Prometheus finds /metrics.
	#[arg(long, value_name = "ADDRESS")]
	metrics: Option<SocketAddr>,
	/// Instead of a proxy, writes a configuration for wg-quick into this file and pays while another WireGuard carries the tunnel:
	/// all that the provider counts, for the packets are not seen here. One hop.
	#[arg(long, value_name = "FILE", conflicts_with = "tun")]
	wireguard_config: Option<PathBuf>,
	/// The interface of --wireguard-config on this machine: no more is paid than WireGuard has counted there (by `wg show`, as root).
	#[arg(long, value_name = "NAME", requires = "wireguard_config")]
	wireguard_interface: Option<String>,
	/// Folder of voucher keys and vouchers. Keep it: without it, what is in a channel comes back only by closing it. Default:
	/// weir-tunnel in $XDG_STATE_HOME or ~/.local/state.
	#[arg(long, value_name = "DIR")]
	state: Option<PathBuf>,
}

/// `channels`
#[derive(Debug, Subcommand)]
pub(crate) enum ChannelsCommand {
	/// Shows the channels of the account.
	List(Purse),
	/// Asks for the end of a channel. The rest is back after four whole epochs (24 to 30 hours), in which the provider
	/// may still claim what was signed.
	Close {
		/// Number of the channel.
		number: ChannelId,
		#[command(flatten)]
		purse: Purse,
	},
	/// Puts more into a channel. A `connect` that runs goes on with it.
	TopUp {
		/// Number of the channel.
		number: ChannelId,
		/// How much, dollars.
		dollars: String,
		#[command(flatten)]
		purse: Purse,
	},
}

/// Folder of the state, if none is named: by `variable`, which reads the environment.
fn default_state(variable: impl Fn(&str) -> Option<PathBuf>) -> Result<PathBuf> {
	let states = variable("XDG_STATE_HOME").filter(|path| path.is_absolute());
	let home = || variable("HOME").filter(|path| path.is_absolute()).map(|home| home.join(".local/state"));
	let folder = states.or_else(home).context("there is no home folder; name a folder with --state")?;
	Ok(folder.join("weir-tunnel"))
}

impl ConnectOptions {
	/// How the machine goes through the tunnel; none if only programs that are set to the proxy do.
	async fn whole(&self) -> Result<Option<Whole>> {
		let Some(tun) = self.tun.clone() else {
			if is_locked().await {
				bail!("the kill switch of an earlier run stands; `weir-tunnel firewall clear` removes it, or use --tun again");
			}
			return Ok(None);
		};
		Machine::check().await?;
		config::check_endpoints(&self.purse.chain).map_err(|error| anyhow!("--chain: {error}"))?;
		Ok(Some(Whole { tun, lan: self.allow_lan, chain: nodes(&self.purse.chain).await? }))
	}

	async fn lock(&self, whole: Option<&Whole>) -> Result<Option<Arc<Machine>>> {
		match whole {
			Some(whole) => Ok(Some(Arc::new(Machine::lock(whole).await?))),
			None => Ok(None),
		}
	}

	fn settings(&self) -> Result<Settings> {
		let whom = match (&self.provider, &self.region) {
			(Some(provider), _) => Whom::Account(account(provider).context("--provider")?),
			(None, Some(region)) => {
				let country = country(region).context("--region")?;
				Whom::Anywhere(RegionFilter { country: Some(country), kind: None })
			}
			(None, None) => Whom::Anywhere(RegionFilter::default()),
		};
		let most_price = credits(&self.max_price).context("--max-price")?;
		let most_price = u64::try_from(most_price).map_err(|_| anyhow!("--max-price: too much"))?;
		let budget = Budget { deposit: credits(&self.deposit).context("--deposit")?, most_price };
		let state = match &self.state {
			Some(state) => state.clone(),
			None => default_state(|name| std::env::var_os(name).map(PathBuf::from))?,
		};
		let hops = self.hops.into();
		Ok(Settings {
			whom,
			hops,
			is_disguised: self.obfuscate,
			budget,
			socks: self.socks,
			socks_open: self.socks_open,
			state,
		})
	}
}

/// Runs `connect` until it ends or `stop` does.
pub(crate) async fn connect(
	options: &ConnectOptions,
	json: bool,
	stop: impl Future<Output = &'static str>,
	say: impl Fn(String) -> Result<()>,
) -> Result<ExitCode> {
	let settings = options.settings()?;
	tokio::pin!(stop);
	if let Some(file) = &options.wireguard_config {
		let stock = Stock { file: file.clone(), interface: options.wireguard_interface.clone() };
		let started = async {
			let (account, chain) = options.purse.open().await?;
			Tunnel::start(settings, Arc::new(chain), account, stock).await
		};
		let mut tunnel = tokio::select! {
			started = started => started?,
			_ = &mut stop => return Ok(ExitCode::SUCCESS),
		};
		let show = crate::tasks::Task::spawn("status", status::show(tunnel.status(), json));
		let stopped = tokio::select! {
			stopped = tunnel.ended() => stopped,
			_ = &mut stop => tunnel.stop().await,
		};
		show.finish(SHOWN).await;
		return conclude(stopped, json, say);
	}
	let mut machine = None;
	let started = async {
		let whole = options.whole().await?;
		// What a run has left that was killed knows other nodes, perhaps.
		if is_locked().await {
			machine = options.lock(whole.as_ref()).await?;
		}
		let (account, chain) = options.purse.open().await?;
		if machine.is_none() {
			// A node that is named is looked up before: now names are known to the exit alone.
			machine = options.lock(whole.as_ref()).await?;
		}
		Connection::start_for(machine.clone(), settings, Arc::new(chain), account).await
	};
	let started = tokio::select! {
		started = started => Some(started),
		_ = &mut stop => None,
	};
	let mut connection = match started {
		Some(Ok(connection)) => connection,
		Some(Err(error)) => {
			finish(machine, false).await?;
			return Err(error);
		}
		None => {
			// It may have been just about to be locked.
			if machine.is_none() && options.tun.is_some() && is_locked().await {
				unlock().await?;
			}
			finish(machine, true).await?;
			return Ok(ExitCode::SUCCESS);
		}
	};
	let _metrics = match options.metrics {
		Some(listen) => Some(super::metrics::serve(listen, connection.status()).await?),
		None => None,
	};
	let show = crate::tasks::Task::spawn("status", status::show(connection.status(), json));
	let stopped = tokio::select! {
		stopped = connection.ended() => stopped,
		_ = &mut stop => connection.stop().await,
		error = failed(machine.as_deref()) => Stopped { ending: Ending::Failed(error), ..connection.stop().await },
	};
	finish(machine, matches!(stopped.ending, Ending::Asked)).await?;
	// So that what follows is on a line of its own.
	show.finish(SHOWN).await;
	conclude(stopped, json, say)
}

/// Says what it came to, and why it ended.
fn conclude(stopped: Stopped, json: bool, say: impl Fn(String) -> Result<()>) -> Result<ExitCode> {
	report(&stopped, json, say)?;
	match stopped.ending {
		Ending::Asked => Ok(ExitCode::SUCCESS),
		Ending::UsedUp(reason) => exit_with(reason, 3, json),
		Ending::Dispute(reason) => exit_with(reason, 4, json),
		Ending::Failed(error) => Err(error),
	}
}

/// Why the machine cannot go through the tunnel any more.
async fn failed(machine: Option<&Machine>) -> anyhow::Error {
	match machine {
		Some(machine) => machine.failed().await,
		None => std::future::pending().await,
	}
}

/// Undoes the kill switch, or says that it stays.
async fn finish(machine: Option<Arc<Machine>>, asked: bool) -> Result<()> {
	let Some(machine) = machine else { return Ok(()) };
	if machine.finish(asked).await? {
		tracing::warn!(
			"the kill switch stays: nothing leaves this machine until `connect --tun` runs again, or `weir-tunnel firewall clear`"
		);
	}
	Ok(())
}

/// Runs `firewall clear`.
pub(crate) async fn clear_firewall(json: bool, say: impl Fn(String) -> Result<()>) -> Result<ExitCode> {
	let was_locked = unlock().await?;
	let text =
		if was_locked { "removed: programs go out by the line again" } else { "there was no kill switch" };
	say(if json { json!({ "removed": was_locked }).to_string() } else { text.into() })?;
	Ok(ExitCode::SUCCESS)
}

/// Says why, and ends with a code of its own.
fn exit_with(reason: String, code: u8, json: bool) -> Result<ExitCode> {
	crate::cli::say_error(&reason, json);
	Ok(ExitCode::from(code))
}

/// What was used and spent, and where the rest is.
fn report(stopped: &Stopped, json: bool, say: impl Fn(String) -> Result<()>) -> Result<()> {
	if json {
		let hops = stopped.hops.iter().map(|hop| {
			let HopEnd { channel, bytes, spent, left } = hop;
			json!({ "channel": channel, "bytes": bytes, "spent": spent, "left": left })
		});
		return say(json!({ "ended": hops.collect::<Vec<_>>() }).to_string());
	}
	for HopEnd { channel, bytes: used, spent, left } in &stopped.hops {
		say(format!(
			"used {}, spent {}; {} stay in channel {channel} for the next time (`weir-tunnel channels close {channel} --key FILE` \
			 brings them back)",
			bytes(*used),
			dollars(*spent),
			dollars(*left)
		))?;
	}
	Ok(())
}

/// Runs `channels`.
pub(crate) async fn channels(
	command: &ChannelsCommand,
	json: bool,
	say: impl Fn(String) -> Result<()>,
) -> Result<ExitCode> {
	match command {
		ChannelsCommand::List(purse) => {
			let (account, chain) = purse.open().await?;
			let mut after = None;
			loop {
				let page = chain.channels(account.id(), after).await?;
				let Some(last) = page.last() else { break };
				after = Some(last.channel.id);
				for row in &page {
					say(if json { serde_json::to_string(row)? } else { line(row) })?;
				}
			}
		}
		ChannelsCommand::Close { number, purse } => {
			let (account, chain) = purse.open().await?;
			say_progress(json, || say(format!("closing channel {number}; a minute until it is final")))?;
			let ended = chain.close(&account, *number, None).await?;
			let (text, value) = match ended {
				Ended::Closed { paid, returned } => (
					format!("closed: {} were paid, {} are back", dollars(paid), dollars(returned)),
					json!({ "closed": { "paid": paid, "returned": returned } }),
				),
				Ended::Until(epoch) => (
					format!("closing: what the provider has not claimed is back in epoch {epoch}, without your doing anything"),
					json!({ "closes_from": epoch }),
				),
			};
			say(if json { value.to_string() } else { text })?;
		}
		ChannelsCommand::TopUp { number, dollars: amount, purse } => {
			let credits = credits(amount)?;
			if credits == 0 {
				bail!("nothing to put in; name an amount in dollars, such as 0.50");
			}
			let (account, chain) = purse.open().await?;
			say_progress(json, || say(format!("topping channel {number} up; a minute until it is final")))?;
			let deposited = chain.top_up(&account, *number, credits).await?;
			let text = format!("{} were put into channel {number} in all", dollars(deposited));
			say(if json { json!({ "deposited": deposited }).to_string() } else { text })?;
		}
	}
	Ok(ExitCode::SUCCESS)
}

fn say_progress(json: bool, say: impl Fn() -> Result<()>) -> Result<()> {
	if json {
		return Ok(());
	}
	say()
}

fn line(row: &AccountChannel<AccountId>) -> String {
	let channel = &row.channel;
	format!(
		"{number}  {state:?}  provider {provider}  {price}  put in {deposited}  paid {paid}  left {left}  expires in epoch {expiry}",
		number = channel.id,
		state = channel.state,
		provider = channel.provider,
		price = per_gb(channel.price),
		deposited = dollars(channel.deposited),
		paid = dollars(channel.paid),
		left = dollars(channel.left),
		expiry = channel.expiry,
	)
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::Parser;
	use std::path::Path;

	#[derive(Parser)]
	struct Line {
		#[command(flatten)]
		options: ConnectOptions,
	}

	fn parse(arguments: &[&str]) -> Result<Settings> {
		let line = ["weir-tunnel", "--key", "k", "--state", "/s"].iter().chain(arguments);
		Line::try_parse_from(line)?.options.settings()
	}

	#[test]
	fn options_should_have_defaults_that_cost_little() {
		let settings = parse(&[]).unwrap();
		assert_eq!(settings.whom, Whom::Anywhere(RegionFilter::default()));
		assert_eq!(settings.budget, Budget { deposit: 500_000, most_price: 100_000 });
		assert!(settings.socks.ip().is_loopback() && !settings.socks_open);
	}

	#[test]
	fn options_should_be_refused_with_their_name_when_they_are_malformed() {
		for (arguments, said) in [
			(&["--region", "Germany"][..], "--region"),
			(&["--provider", "5Grwvb"], "--provider"),
			(&["--max-price", "cheap"], "--max-price"),
			(&["--deposit=-1"], "--deposit"),
			(&["--region", "DE", "--provider", "5Grwvb"], "cannot be used with"),
		] {
			let error = format!("{:#}", parse(arguments).map(|_| ()).unwrap_err());
			assert!(error.contains(said), "{error}");
		}
		let settings = parse(&["--region", "de", "--max-price", "0.02"]).unwrap();
		let there = RegionFilter { country: Some(*b"DE"), kind: None };
		assert_eq!((settings.whom, settings.budget.most_price), (Whom::Anywhere(there), 20_000));
	}

	#[test]
	fn default_state_should_be_in_the_home_folder_or_named() {
		let of = |states: &'static str, home: &'static str| {
			default_state(move |name| match name {
				"XDG_STATE_HOME" => Some(PathBuf::from(states)),
				_ => Some(PathBuf::from(home)),
			})
		};
		assert_eq!(of("/x", "/h").unwrap(), Path::new("/x/weir-tunnel"));
		assert_eq!(of("", "/h").unwrap(), Path::new("/h/.local/state/weir-tunnel"));
		assert!(of("relative", "").unwrap_err().to_string().contains("--state"));
	}
}
