//! The roles together in one process.

use crate::{
	api::{self, Api, Shared},
	attest::{self, Attestor},
	chain::{Account, ChainView, Client, Directory, Payments},
	config::{self, AttestMode, Config},
	exit,
	keys::{self, Secret},
	metrics::Metrics,
	nat::{Reaching, Relaying},
	provide::{self, chosen_exit, Bound, Paid, Provider, Switch, Way},
	store::Store,
	tasks::Task,
};
use anyhow::{anyhow, bail, Result};
use libp2p::identity::Keypair;
use std::sync::{Arc, OnceLock};
use tokio::net::TcpListener;
use weir_primitives::chain::AccountId;
use weir_tunnel_core::keys::ProbeKeypair;
use zeroize::Zeroizing;

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

/// A running sidecar. Dropped, everything in it stops; [`Self::stop`] does so in an orderly way.
pub struct Sidecar {
	provider: Option<Provider>,
	api: Option<Api>,
	alone: Option<Task>,
	attestor: Option<Arc<Attestor>>,
}

/// What can fail on this machine, done before the chain is waited for: keys, token, state, ports.
struct Prepared {
	account: AccountId,
	identity: Keypair,
	probe: ProbeKeypair,
	store: Arc<Store>,
	api: Option<(TcpListener, Zeroizing<String>)>,
	provider: Option<Bound>,
	/// Claims what customers pay, if they are served.
	claim: Option<Account>,
	attest: Option<config::Attest>,
}

impl Prepared {
	async fn new(config: &Config, roles: Roles) -> Result<Self> {
		let provide = config.provide.as_ref().filter(|_| roles != Roles::Attest);
		let attest = config.attest.filter(|_| roles != Roles::Provide);
		if provide.is_none() && attest.is_none() {
			bail!(
				"nothing to do: the configuration has no table for this role; add [provide] or [attest], or use another command"
			);
		}
		let account = config.account()?;
		let identity = keys::load_identity(&config.identity_key())?;
		let probe = keys::load_probe(&config.probe_key())?;
		let token =
			config.api.as_ref().map(|api| keys::read_secret(&api.token_file, Secret::Token)).transpose()?;
		let store = Arc::new(Store::open(&config.node.state)?);
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
				Some(Bound::bind(settings).await?)
			}
			None => None,
		};
		let claim_key = provide.and_then(|provide| provide.claim_key.as_ref());
		let claim = claim_key.map(|path| Account::load(path)).transpose()?;
		if claim.as_ref().is_some_and(|claim| *claim.id() == account) {
			bail!(
				"provide.claim_key: is the key of node.account, which is bonded; make another account for claims and give it \
				 what fees cost"
			);
		}
		if let (Some(provide), true) = (provide, claim.is_some()) {
			exit::choose(provide.exit, config.node.bind)?;
		}
		let api = match (&config.api, token) {
			(Some(api), Some(token)) => Some((api::bind(api.listen).await?, token)),
			_ => None,
		};
		Ok(Self { account, identity, probe, store, api, provider, claim, attest })
	}
}

/// Has a provider reached by its router, or through another provider if it may pay for that.
fn reached(bound: Bound, config: &Config, market: &Arc<Client>) -> Result<Bound> {
	let Some(provide) = &config.provide else { return Ok(bound) };
	let relay = provide.relay.as_ref().map(|relay| relaying(relay, config)).transpose()?;
	Ok(bound.reached_by(Reaching { market: market.clone(), maps: provide.map_port, relay }))
}

fn relaying(relay: &config::Relay, config: &Config) -> Result<Relaying> {
	let payer = Account::load(&relay.key)?;
	if *payer.id() == config.account()? {
		bail!("provide.relay.key: is the key of node.account, which is bonded; make another account and give it credits");
	}
	let state = config.node.state.join("relay");
	Ok(Relaying { payer, budget: relay.budget()?, by: relay.by()?, state })
}

impl Sidecar {
	/// Starts the roles against the configured chain; waits until it is reachable.
	pub async fn start(config: &Config, roles: Roles) -> Result<Self> {
		let prepared = Prepared::new(config, roles).await?;
		let client = Client::connect(&config.chain.endpoints, config.genesis()?).await?;
		if let (Ok(timing), Ok(clock)) = (client.timing().await, client.clock().await) {
			if let Some(millis) = clock.disagrees(&timing, crate::clock::now()) {
				tracing::warn!(
					"clock off: this clock reads {millis} ms after the start of the best block's slot; set up NTP, or the \
					 endpoint is not in sync"
				);
			}
		}
		let client = Arc::new(client);
		let mut prepared = prepared;
		prepared.provider = prepared.provider.map(|bound| reached(bound, config, &client)).transpose()?;
		Self::with(prepared, config, client.clone(), Some(client.clone()), Some(client)).await
	}

	/// Starts the roles against any chain; nobody pays for anything on it.
	pub async fn start_with(config: &Config, roles: Roles, chain: Arc<dyn ChainView>) -> Result<Self> {
		Self::with(Prepared::new(config, roles).await?, config, chain, None, None).await
	}

	/// Starts the roles against any chain with payment channels.
	pub async fn start_with_payments(
		config: &Config,
		roles: Roles,
		chain: Arc<dyn ChainView>,
		payments: Arc<dyn Payments>,
	) -> Result<Self> {
		Self::with(Prepared::new(config, roles).await?, config, chain, Some(payments), None).await
	}

	async fn with(
		prepared: Prepared,
		config: &Config,
		chain: Arc<dyn ChainView>,
		payments: Option<Arc<dyn Payments>>,
		directory: Option<Arc<dyn Directory>>,
	) -> Result<Self> {
		let Prepared { account, identity, probe, store, api, provider, claim, attest } = prepared;
		let metrics = Arc::<Metrics>::default();
		// Not before the chain was found: whoever cannot start has one reason.
		if provider.is_some() && claim.is_none() {
			tracing::warn!(
				"customers are not served: nothing claims what they pay; name the file of a hot account as provide.claim_key"
			);
		}
		let mut switch = None;
		let paid = match (payments, claim, &config.provide) {
			(Some(payments), Some(claim), Some(provide)) => Some(Paid {
				hours: provide.hours().map_err(|error| anyhow!("provide.hours: {error:?}"))?,
				switch: switch.insert(Arc::new(Switch::open(&config.node.state))).clone(),
				payments,
				claim,
				sessions: provide.sessions,
				month_gb: provide.month_gb,
				exit: chosen_exit(Way {
					resolvers: provide.resolver.clone(),
					bind: config.node.bind,
					directory,
					wanted: provide.exit,
					choice: exit::choose(provide.exit, config.node.bind)?,
					status: metrics.exit.clone(),
				}),
			}),
			_ => None,
		};
		let provider = provider.map(|bound| bound.serve(chain.clone(), store.clone(), metrics.clone(), paid));
		if let Some(provider) = &provider {
			let _ = metrics.line.set(provider.counters());
		}
		let genesis = chain.genesis();
		let attestor = match attest {
			Some(_) => {
				let account = account.clone();
				let settings = attest::Settings { bind: config.node.bind, account, probe, identity };
				Some(Attestor::start(settings, chain, store, metrics.clone()).await?)
			}
			None => None,
		};
		let alone =
			attestor.clone().filter(|_| attest.is_some_and(|attest| attest.mode == AttestMode::Alone));
		let api = match api {
			Some((listener, token)) => {
				let shared = Shared { token, genesis, account, attestor: OnceLock::new(), switch, metrics };
				if let (Some(attestor), None) = (&attestor, &alone) {
					let _ = shared.attestor.set(attestor.clone());
				}
				Some(Api::start(listener, Arc::new(shared))?)
			}
			None => None,
		};
		let alone = alone.map(|attestor| Task::spawn("attest alone", attest::run_alone(attestor)));
		Ok(Self { provider, api, alone, attestor })
	}

	/// Ends everything in an orderly way: no more tasks, then the tests, then the line.
	pub async fn stop(self) {
		let Self { provider, api, alone, attestor } = self;
		drop((api, alone));
		if let Some(attestor) = attestor {
			attestor.stop().await;
		}
		if let Some(provider) = provider {
			provider.stop().await;
		}
	}

	/// Returns when a role can no longer be played; the process had better start anew.
	pub async fn failed(&self) {
		let provider = async {
			match &self.provider {
				Some(provider) => provider.failed().await,
				None => std::future::pending().await,
			}
		};
		let alone = async {
			match &self.alone {
				Some(alone) => alone.ended().await,
				None => std::future::pending().await,
			}
		};
		let attestor = async {
			match &self.attestor {
				Some(attestor) => attestor.failed().await,
				None => std::future::pending().await,
			}
		};
		tokio::select! {
			() = provider => {}
			() = alone => {}
			() = attestor => {}
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
