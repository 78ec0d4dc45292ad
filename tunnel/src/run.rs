//! The roles together in one process.

use crate::{
	api::{Api, Shared},
	attest::{self, Attestor},
	chain::{ChainView, Client},
	config::{AttestMode, Config},
	keys,
	metrics::Metrics,
	provide::{self, Provider},
	store::Store,
	tasks::Task,
};
use anyhow::{bail, Context, Result};
use std::sync::{Arc, OnceLock};

/// Which of the configured roles to play.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Roles {
	/// All that have a table.
	Configured,
	/// Only `[provide]`.
	Provide,
	/// Only `[attest]`.
	Attest,
}

/// A running sidecar. Dropped, everything in it stops.
pub struct Sidecar {
	provider: Option<Provider>,
	api: Option<Api>,
	_alone: Option<Task>,
	_attestor: Option<Arc<Attestor>>,
}

impl Sidecar {
	/// Starts the roles against the configured chain; waits until it is reachable.
	pub async fn start(config: &Config, roles: Roles) -> Result<Self> {
		let client = Client::connect(config.chain.endpoints.clone(), config.genesis()?).await?;
		Self::start_with(config, roles, Arc::new(client)).await
	}

	/// Starts the roles against any chain.
	pub async fn start_with(config: &Config, roles: Roles, chain: Arc<dyn ChainView>) -> Result<Self> {
		let provide = config.provide.as_ref().filter(|_| roles != Roles::Attest);
		let attest = config.attest.filter(|_| roles != Roles::Provide);
		if provide.is_none() && attest.is_none() {
			bail!("nothing to do: the configuration has no table for this role ([provide], [attest])");
		}
		let identity = keys::load_identity(&config.identity_key())?;
		let probe = keys::load_probe(&config.probe_key())?;
		let account = config.account()?;
		let store = Arc::new(Store::open(&config.node.state)?);
		let metrics = Arc::<Metrics>::default();
		let shared = match &config.api {
			Some(api) => Some(Arc::new(Shared {
				token: keys::read_secret(&api.token_file).context("api.token_file")?,
				genesis: chain.genesis(),
				account: account.clone(),
				attestor: OnceLock::new(),
				metrics: metrics.clone(),
			})),
			None => None,
		};
		let provider = match provide {
			Some(provide) => {
				let settings = provide::Settings {
					bind: config.node.bind,
					port: provide.port,
					caps: provide.caps(),
					account: account.clone(),
					probe: probe.clone(),
					identity: identity.clone(),
				};
				Some(Provider::start(settings, chain.clone(), store.clone(), metrics.clone()).await?)
			}
			None => None,
		};
		if let Some(provider) = &provider {
			let _ = metrics.line.set(provider.counters());
		}
		let attestor = match attest {
			Some(_) => {
				let settings = attest::Settings { bind: config.node.bind, account, probe, identity };
				Some(Attestor::start(settings, chain, store, metrics).await?)
			}
			None => None,
		};
		let alone =
			attestor.clone().filter(|_| attest.is_some_and(|attest| attest.mode == AttestMode::Alone));
		if let (Some(shared), Some(attestor), None) = (&shared, &attestor, &alone) {
			let _ = shared.attestor.set(attestor.clone());
		}
		let api = match (&config.api, shared) {
			(Some(api), Some(shared)) => Some(Api::start(api.listen, shared).await?),
			_ => None,
		};
		let alone = alone.map(|attestor| Task::spawn("attest alone", attest::run_alone(attestor)));
		Ok(Self { provider, api, _alone: alone, _attestor: attestor })
	}

	/// Returns when a role can no longer be played; the process had better start anew.
	pub async fn failed(&self) {
		match &self.provider {
			Some(provider) => provider.failed().await,
			None => std::future::pending().await,
		}
	}

	/// The provider, if that role is played.
	pub fn provider(&self) -> Option<&Provider> {
		self.provider.as_ref()
	}

	/// The API, if there is one.
	pub fn api(&self) -> Option<&Api> {
		self.api.as_ref()
	}
}
