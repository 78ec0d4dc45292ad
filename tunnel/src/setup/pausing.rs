//! `weir-tunnel provide pause` and `resume`: customers by the running sidecar, tests by the chain.

use crate::{
	advice,
	chain::{Account, Client, Registry, RegistryCall},
	config::{self, Config},
	keys::{self, Secret},
};
use anyhow::{anyhow, bail, Context, Result};
use clap::Args;
use serde_json::{json, Value};
use std::{net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::TcpStream,
};

/// The sidecar answers by then.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest answer.
const ANSWER_BYTES: u64 = 65_536;

/// `provide pause` and `provide resume`
#[derive(Debug, Args)]
pub(crate) struct PauseOptions {
	/// The configuration file (TOML) of the running sidecar.
	#[arg(long, short, value_name = "FILE", default_value = "/etc/weir-tunnel/config.toml")]
	config: PathBuf,
	/// Say it on chain as well, so that tests stop two epochs later, or begin again: file of the account that bonded.
	#[arg(long, value_name = "FILE")]
	key: Option<PathBuf>,
}

/// Runs `provide pause` or, for false, `provide resume`.
pub(crate) async fn pause(
	options: &PauseOptions,
	paused: bool,
	json: bool,
	say: impl Fn(String) -> Result<()>,
) -> Result<ExitCode> {
	let config = Config::load(&options.config)?;
	let api = config.api.as_ref().with_context(|| {
		format!(
			"{}: has no [api] table, by which the running sidecar is told; add one",
			options.config.display()
		)
	})?;
	let token = keys::read_secret(&api.token_file, Secret::Token)?;
	let owner = options.key.as_deref().map(Account::load).transpose()?;
	if owner.as_ref().is_some_and(|owner| config.account().is_ok_and(|account| *owner.id() != account)) {
		bail!("--key: is not the key of node.account");
	}
	let path = if paused { "/v1/provider/pause" } else { "/v1/provider/resume" };
	let answer = ask(api.listen, path, &token).await?;
	let mut standing: Value = serde_json::from_str(&answer).map_err(|_| {
		anyhow!("the sidecar at {} answers in another shape; make both of one version", api.listen)
	})?;
	if let Some(owner) = &owner {
		let genesis = config.genesis()?;
		config::check_endpoints(&config.chain.endpoints)
			.map_err(|error| anyhow!("chain.endpoints: {error}"))?;
		let chain = Client::connect(&config.chain.endpoints, genesis).await?;
		let call = if paused { RegistryCall::Pause } else { RegistryCall::Resume };
		let name = call.name();
		chain.submit(owner, &[call]).await?;
		standing["chain"] = json!(name);
	}
	if json {
		say(standing.to_string())?;
		return Ok(ExitCode::SUCCESS);
	}
	say(match (paused, standing["service"].as_str()) {
		(true, Some("ending")) => {
			let sessions = standing["sessions"].as_u64().unwrap_or(0);
			format!(
				"paused: nobody is let in; {sessions} customers are told, and served for two minutes more"
			)
		}
		(true, _) => "paused: nobody is let in".to_owned(),
		(false, Some("open")) => "resumed: customers are let in".into(),
		(false, _) => {
			let why = standing["why"].as_str().unwrap_or("unknown").to_owned();
			format!("resumed, but nobody is let in yet: {why}")
		}
	})?;
	match (&owner, paused) {
		(Some(_), true) => say("said on chain: tests stop from the epoch after the next on".into())?,
		(Some(_), false) => say("said on chain: tests begin with the next epoch".into())?,
		(None, true) => {
			say("The line is still tested. For longer than some hours say it on chain: the same with --key FILE.".into())?;
		}
		(None, false) => {}
	}
	Ok(ExitCode::SUCCESS)
}

/// Tells the running sidecar; the body of its answer.
async fn ask(listen: SocketAddr, path: &str, token: &str) -> Result<String> {
	let exchange = async {
		let mut stream = TcpStream::connect(listen).await?;
		// Of version 1.0, so that the answer is one piece and then over.
		let request = format!(
			"POST {path} HTTP/1.0\r\nHost: {listen}\r\nAuthorization: Bearer {token}\r\nContent-Length: 0\r\n\r\n"
		);
		stream.write_all(zeroize::Zeroizing::new(request).as_bytes()).await?;
		let mut answer = String::new();
		stream.take(ANSWER_BYTES).read_to_string(&mut answer).await?;
		Ok::<_, std::io::Error>(answer)
	};
	let answer = match tokio::time::timeout(PATIENCE, exchange).await {
		Ok(Ok(answer)) => answer,
		Ok(Err(error)) => bail!(
			"no sidecar answers at {listen} (api.listen): start it, or correct the configuration ({error})"
		),
		Err(_) => bail!("the sidecar at {listen} (api.listen) does not answer within 10 s; look at its log"),
	};
	let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
	match head.split(' ').nth(1) {
		Some("200") => Ok(body.to_owned()),
		_ => bail!(
			"the sidecar at {listen} refuses: {}",
			advice::one_line(if body.is_empty() { head } else { body })
		),
	}
}
