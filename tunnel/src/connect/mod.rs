//! The customer's role: one to three paid hops, and a SOCKS5 proxy in front of them.
//!
//! * `choice`, `funding`: whom to buy from, and the channel that pays.
//! * `route`: the hops, each inside the one before.
//! * `session`: let in, carry, pay. `journal`: what of it must not be lost.
//! * `machine`: all programs instead of those that are set to the proxy.
//! * `direct`: around the relay of a provider behind a router. `lease`: a session for such a provider itself.
//! * `gate`: the one way out. There is no other: without a tunnel programs are told that the network is unreachable.
//! * `options`, `status`, `money`: what the user types and sees.

pub(crate) mod choice;
mod clocks;
mod direct;
#[cfg(test)]
pub(crate) mod fake;
mod funding;
mod gate;
pub mod journal;
pub(crate) mod lease;
mod machine;
pub(crate) mod metrics;
pub(crate) mod money;
pub(crate) mod options;
mod route;
mod session;
mod status;
mod stock;

pub(crate) use choice::account;
pub use choice::Whom;
pub use funding::Budget;
pub use machine::{is_locked, unlock, Machine, Whole};
pub(crate) use money::credits;
pub use route::HopEnd;
pub use status::{Phase, Status};
pub use stock::{Stock, Tunnel};

use crate::{
	chain::{bytes32, Account, ChainView, Directory, Payments},
	clock,
	net::Stack,
	socks::{self, Socks},
	tasks::{on_disk, Task},
};
use anyhow::{anyhow, Context, Result};
use choice::Provider;
use funding::Funded;
use journal::Journal;
use rand::Rng;
use route::{Hop, Route};
use session::{Lost, Outlook, Outside, Over, Purse};
use std::{
	net::SocketAddr,
	path::PathBuf,
	sync::{Arc, Mutex},
	time::Duration,
};
use tokio::sync::{oneshot, watch};
use weir_primitives::{api::RegionFilter, chain::AccountId, channel::ChannelId, channels_api::OfferInfo};
use weir_tunnel_core::{session::Payer, wire::Refusal, Micros, MILLI};

/// Before the first and the last of many attempts to join.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));
/// A session that lasted so long was a good one: the next attempt is the first again.
const GOOD: Micros = 30_000 * MILLI;
/// Joins in a row that a provider may not know the channel of, or call stale: its chain may lag, and so may a clock.
const MOST_REFUSED: u32 = 12;
/// Providers that are asked whether they serve, before one is paid.
const MOST_ASKED: usize = 8;
/// A process that stops waits so long for the last voucher to arrive.
const STOP_PATIENCE: Duration = Duration::from_secs(20);

/// The chain as customers need it.
pub trait Market: ChainView + Payments + Directory {}
impl<T: ChainView + Payments + Directory> Market for T {}

/// Hops at most: with more of them an inner packet would be too short to be of use.
pub const MOST_HOPS: usize = 3;

/// What a connection is asked to be.
#[derive(Clone, Debug)]
pub struct Settings {
	/// To whom.
	pub whom: Whom,
	/// Through how many providers, that one included: 1 to [`MOST_HOPS`].
	pub hops: usize,
	/// Whether the line shall not show that it carries WireGuard.
	pub is_disguised: bool,
	/// For how much.
	pub budget: Budget,
	/// Where the proxy listens.
	pub socks: SocketAddr,
	/// Whether that may be an address which others reach.
	pub socks_open: bool,
	/// Folder of voucher keys and vouchers.
	pub state: PathBuf,
}

/// Why a connection is over.
#[derive(Debug)]
pub enum Ending {
	/// It was asked to.
	Asked,
	/// The channel is used up or ends: what to do.
	UsedUp(String),
	/// The provider wants more than was used, or breaks the rules otherwise: what to do.
	Dispute(String),
	/// Something else.
	Failed(anyhow::Error),
}

/// What a connection came to.
#[derive(Debug)]
pub struct Stopped {
	/// Why it is over.
	pub ending: Ending,
	/// Each hop, the exit last; none if there was no channel yet.
	pub hops: Vec<HopEnd>,
}

/// A connection that runs. Dropped, it ends without a last voucher, and the next one goes on from what is on disk.
pub struct Connection {
	status: watch::Receiver<Status>,
	socks: Arc<Socks>,
	stop: watch::Sender<bool>,
	over: oneshot::Receiver<Stopped>,
	_task: Task,
}

impl Connection {
	/// Listens at once, and refuses until there is a tunnel.
	pub async fn start(settings: Settings, chain: Arc<dyn Market>, account: Account) -> Result<Self> {
		Self::start_for(None, settings, chain, account).await
	}

	/// As [`Self::start`], for all programs of a locked machine as well.
	pub async fn start_for(
		machine: Option<Arc<Machine>>,
		settings: Settings,
		chain: Arc<dyn Market>,
		account: Account,
	) -> Result<Self> {
		let listener = socks::bind(settings.socks, settings.socks_open).await?;
		let (folder, genesis) = (settings.state.clone(), chain.genesis());
		let journal = Arc::new(on_disk(move || Journal::open(&folder, genesis)).await?);
		let (gate, way_out) = watch::channel(None);
		if let Some(machine) = &machine {
			machine.start(way_out.clone());
		}
		let socks = Arc::new(Socks::start(listener, Arc::new(gate::Gate(way_out)))?);
		let (tell, status) = watch::channel(Status::default());
		let (stop, stopped) = watch::channel(false);
		let (say, over) = oneshot::channel();
		let customer =
			Customer { settings, chain, account, journal, machine, status: tell, gate, stop: stopped };
		let counted = socks.clone();
		let task = Task::spawn("customer", async move {
			let stopped = customer.run(&counted).await;
			// Nobody may be waiting.
			let _ = say.send(stopped);
		});
		Ok(Self { status, socks, stop, over, _task: task })
	}

	/// Where it stands.
	pub fn status(&self) -> watch::Receiver<Status> {
		self.status.clone()
	}

	/// Where the proxy listens.
	pub fn socks(&self) -> SocketAddr {
		self.socks.address()
	}

	/// Waits until it is over.
	pub async fn ended(&mut self) -> Stopped {
		(&mut self.over).await.unwrap_or_else(|_| lost(anyhow!("the connection ended without a reason")))
	}

	/// Takes no more connections, pays what was used, and leaves.
	pub async fn stop(&mut self) -> Stopped {
		self.stop.send_replace(true);
		match tokio::time::timeout(STOP_PATIENCE, self.ended()).await {
			Ok(stopped) => stopped,
			Err(_) => lost(anyhow!(
				"it did not end in time; what is on disk is good, and the next run goes on from it"
			)),
		}
	}
}

fn lost(error: anyhow::Error) -> Stopped {
	Stopped { ending: Ending::Failed(error), hops: Vec::new() }
}

/// Whoever runs it.
struct Customer {
	settings: Settings,
	chain: Arc<dyn Market>,
	account: Account,
	journal: Arc<Journal>,
	/// None: only programs that are set to the proxy go through.
	machine: Option<Arc<Machine>>,
	status: watch::Sender<Status>,
	gate: watch::Sender<Option<Arc<Stack>>>,
	stop: watch::Receiver<bool>,
}

impl Customer {
	async fn run(self, socks: &Arc<Socks>) -> Stopped {
		let mut stop = self.stop.clone();
		let funded = tokio::select! {
			funded = self.fund_route() => funded,
			_ = stop.changed() => {
				return Stopped { ending: Ending::Asked, hops: Vec::new() };
			}
		};
		let hops = funded.and_then(|route| {
			let hop = |(provider, funded): (Provider, Funded)| {
				Ok(Hop::new(self.chain.clone(), provider, self.purse(&funded)?))
			};
			route.into_iter().map(hop).collect::<Result<Vec<_>>>()
		});
		let mut hops = match hops {
			Ok(hops) => hops,
			Err(error) => return lost(error),
		};
		let ending = self.connect(&mut hops, socks).await;
		// Nothing goes out any more, whoever still holds the other end.
		self.gate.send_replace(None);
		Stopped { ending, hops: hops.iter().map(Hop::end).collect() }
	}

	fn purse(&self, funded: &Funded) -> Result<Purse> {
		let (key, paid) = (funded.kept.key()?, funded.kept.paid);
		let genesis = self.chain.genesis();
		let payer = Payer::new(clock::now(), session::terms(genesis, &funded.info), key.clone(), paid);
		Ok(Purse {
			genesis,
			info: funded.info.clone(),
			key,
			journal: self.journal.clone(),
			payer: Arc::new(Mutex::new(payer)),
			before: (paid.counted.total(), funded.kept.signed()),
		})
	}

	/// The hops, the first one first, and the channels that pay for them.
	async fn fund_route(&self) -> Result<Vec<(Provider, Funded)>> {
		let mut route = vec![self.fund().await?];
		while route.len() < self.settings.hops {
			let carrier = self.fund_carrier(&route).await.context("a hop before the exit")?;
			route.insert(0, carrier);
		}
		Ok(route)
	}

	/// A hop before those of `after`, apart from all of them.
	async fn fund_carrier(&self, after: &[(Provider, Funded)]) -> Result<(Provider, Funded)> {
		let (chain, budget) = (self.chain.as_ref(), self.settings.budget);
		let mut candidates = choice::candidates(chain, RegionFilter::default()).await?;
		let after = after.iter().map(|(provider, _)| bytes32(&provider.account)).collect::<Vec<_>>();
		let known = funding::known(chain, &self.journal, self.account.id()).await?;
		let epoch = Payments::epoch(chain).await?;
		let fits = |provider: &AccountId| {
			choice::carrier_fits(&candidates, &after, &bytes32(provider), budget.most_price)
		};
		if let Some(funded) = funding::usable(&known, epoch, budget.most_price, fits) {
			tracing::info!(channel = funded.info.id, "going on with an open channel of another hop");
			return Ok((choice::registered(chain, &funded.info.provider).await?, funded.clone()));
		}
		let is_first = after.len().saturating_add(1) == self.settings.hops;
		let mut last = None;
		for _ in 0..MOST_ASKED {
			let seed = rand::thread_rng().gen();
			let account = match (choice::carrier(&candidates, &after, budget.most_price, seed), last.take()) {
				(Ok(account), _) => account,
				(Err(_), Some(last)) => return Err(last),
				(Err(error), None) => return Err(error),
			};
			let attempt = async {
				let offer = funding::offer(chain, &account, budget).await?;
				let provider = choice::registered(chain, &account).await?;
				// Only the first hop may learn where the customer is.
				if is_first {
					self.serves(&provider).await.map_err(why_outside)?;
				}
				self.open(provider, &offer).await
			};
			match attempt.await {
				Ok(chosen) => return Ok(chosen),
				Err(error) => {
					tracing::info!(provider = %account, error = format!("{error:#}"), "asking another provider");
					last = Some(error);
					candidates.retain(|candidate| candidate.account != bytes32(&account));
				}
			}
		}
		Err(last.unwrap_or_else(|| anyhow!("no provider serves customers now; try later")))
	}

	/// Opens a channel.
	async fn open(&self, provider: Provider, offer: &OfferInfo) -> Result<(Provider, Funded)> {
		let deposit = self.settings.budget.deposit;
		tracing::info!(
			provider = %provider.account,
			price = money::per_gb(offer.boosted_price.unwrap_or(offer.price)),
			deposit = money::dollars(deposit),
			"opening a channel; it is used when it is final, which takes a minute"
		);
		let chain = self.chain.as_ref();
		let funded =
			funding::open(chain, &self.journal, &self.account, &provider.account, offer, deposit).await?;
		tracing::info!(channel = funded.info.id, "the channel is open and final");
		Ok((provider, funded))
	}

	/// The exit and the channel to it.
	async fn fund(&self) -> Result<(Provider, Funded)> {
		let chain = self.chain.as_ref();
		let known = funding::known(chain, &self.journal, self.account.id()).await?;
		let epoch = Payments::epoch(chain).await?;
		let most_price = self.settings.budget.most_price;
		let found = match &self.settings.whom {
			Whom::Account(account) => {
				funding::usable(&known, epoch, most_price, |provider| provider == account)
			}
			Whom::Anywhere(regions) => {
				let there = self.those_in(&known, regions).await?;
				funding::usable(&known, epoch, most_price, |provider| there.contains(provider))
			}
		};
		if let Some(funded) = found {
			tracing::info!(channel = funded.info.id, "going on with an open channel");
			return Ok((choice::registered(chain, &funded.info.provider).await?, funded.clone()));
		}
		let (provider, offer) = self.choose().await?;
		self.open(provider, &offer).await
	}

	/// Of the providers of `known` channels those who still stand where the user wants to go out.
	async fn those_in(&self, known: &[Funded], regions: &RegionFilter) -> Result<Vec<AccountId>> {
		let mut there = Vec::new();
		for channel in known {
			let provider = &channel.info.provider;
			let info = ChainView::provider(self.chain.as_ref(), provider).await?;
			if info.is_some_and(|info| regions.admits(&info.region) && info.in_service) {
				there.push(provider.clone());
			}
		}
		Ok(there)
	}

	/// Whether an exit serves customers. Behind other hops it is not asked: it would see where the customer is.
	async fn may_be_paid(&self, exit: &Provider) -> Result<()> {
		if self.settings.hops > 1 {
			return Ok(());
		}
		self.serves(exit).await.map_err(why_outside)
	}

	/// A provider that serves customers now, and its offer: nobody is paid before it has answered.
	async fn choose(&self) -> Result<(Provider, OfferInfo)> {
		let (chain, budget) = (self.chain.as_ref(), self.settings.budget);
		let regions = match &self.settings.whom {
			Whom::Account(account) => {
				let offer = funding::offer(chain, account, budget).await?;
				let provider = choice::registered(chain, account).await?;
				return match self.may_be_paid(&provider).await {
					Ok(()) => Ok((provider, offer)),
					Err(error) => Err(error).context("no channel was opened"),
				};
			}
			Whom::Anywhere(regions) => *regions,
		};
		let mut candidates = choice::candidates(chain, regions).await?;
		let mut last = None;
		for _ in 0..MOST_ASKED {
			let drawn = choice::exit(&candidates, regions, budget.most_price, rand::thread_rng().gen());
			let account = match (drawn, last.take()) {
				(Ok(account), _) => account,
				// Those who were left have been asked.
				(Err(_), Some(last)) => return Err(last),
				(Err(error), None) => return Err(error),
			};
			let attempt = async {
				let offer = funding::offer(chain, &account, budget).await?;
				let provider = choice::registered(chain, &account).await?;
				self.may_be_paid(&provider).await?;
				Ok::<_, anyhow::Error>((provider, offer))
			};
			match attempt.await {
				Ok(chosen) => return Ok(chosen),
				Err(error) => {
					tracing::info!(provider = %account, error = format!("{error:#}"), "asking another provider");
					last = Some(error.context("none of the providers that were asked serves customers now"));
					candidates.retain(|candidate| candidate.account != bytes32(&account));
				}
			}
		}
		Err(last.unwrap_or_else(|| anyhow!("no provider serves customers now; try later")))
	}

	/// Joins, and joins again whenever a hop is lost.
	async fn connect(&self, hops: &mut [Hop], socks: &Arc<Socks>) -> Ending {
		let mut stop = self.stop.clone();
		let mut attempts = Attempts::default();
		loop {
			self.tell(hops, attempts.has_joined);
			let joined = tokio::select! {
				joined = self.join(hops, socks) => joined,
				_ = stop.changed() => return Ending::Asked,
			};
			let note = match joined {
				Ok(route) => {
					let began = clock::now();
					attempts.joined();
					tracing::info!(hops = hops.len(), "connected");
					self.status.send_modify(|status| (status.phase, status.note) = (Phase::Connected, None));
					let (over, hop) = self.carry(route, hops, &mut stop, socks).await;
					if clock::now().saturating_sub(began) >= GOOD {
						attempts = Attempts { has_joined: true, ..Attempts::default() };
					}
					match self.ending(over, hop) {
						Ok(ending) => return ending,
						Err(lost) => lost.to_string(),
					}
				}
				Err((number, outside)) => {
					let channel = hops.get(number).map_or(0, |hop| hop.purse.info.id);
					match outside {
						Outside::Refused(refusal) => {
							if let (Refusal::StaleJoin, Some(hop)) = (refusal, hops.get(number)) {
								if let Some(error) =
									clocks::why_stale(self.chain.as_ref(), hop, number == 0).await
								{
									return Ending::Failed(error);
								}
							}
							match attempts.refused(refusal, channel) {
								Ok(note) => note,
								Err(ending) => return ending,
							}
						}
						Outside::Silent => Lost::Silent.to_string(),
						outside @ (Outside::Odd(_) | Outside::Failed(_)) => {
							return Ending::Failed(why_outside(outside));
						}
					}
				}
			};
			tracing::warn!(reason = note, "no tunnel; programs are refused until there is one");
			self.status.send_modify(|status| {
				(status.phase, status.note) = (Phase::Reconnecting, Some(note));
				(status.down_bits_per_second, status.up_bits_per_second) = (0, 0);
			});
			tokio::select! {
				() = tokio::time::sleep(attempts.pause()) => {}
				_ = stop.changed() => return Ending::Asked,
			}
			for hop in hops.iter_mut() {
				// It may have moved. A chain that does not answer stops no session.
				match choice::registered(self.chain.as_ref(), &hop.provider.account).await {
					Ok(found) => hop.provider = found,
					Err(error) => tracing::debug!(%error, "registration not read"),
				}
			}
		}
	}

	/// Lets programs out at the end of a route until a hop of it is over. Says which hop that was.
	async fn carry<'a>(
		&self,
		route: Route,
		hops: &'a mut [Hop],
		stop: &mut watch::Receiver<bool>,
		socks: &Socks,
	) -> (Over, &'a Hop) {
		let Route { session, carriers } = route;
		let exit = hops.len().saturating_sub(1);
		let mut over = Over::Lost(Lost::Outer);
		if let Some(Hop { purse, channel, look, .. }) = hops.get_mut(exit) {
			let outlook = Outlook {
				status: &self.status,
				gate: &self.gate,
				channel,
				look,
				stop,
				socks: Some(socks),
				outer: carriers.gone(),
			};
			over = session.run(purse, outlook).await;
		}
		let (mut number, mut over) = (exit, over);
		if matches!(over, Over::Lost(Lost::Outer)) {
			// The reason is that of the hop that was lost first.
			if let Some(first) = carriers.first_over() {
				(number, over) = first;
			}
		}
		carriers.stop().await;
		(over, &hops[number])
	}

	fn tell(&self, hops: &[Hop], has_joined: bool) {
		let Some(exit) = hops.last() else { return };
		let name = |hop: &Hop| {
			let country = String::from_utf8_lossy(&hop.provider.region.country).into_owned();
			format!("{country} {}", status::short(&hop.provider.account.to_string()))
		};
		self.status.send_modify(|status| {
			status.phase = if has_joined { Phase::Reconnecting } else { Phase::Joining };
			status.hop = hops.iter().map(name).collect::<Vec<_>>().join(" > ");
			(status.channel, status.price) = (Some(exit.purse.info.id), exit.purse.info.price);
			status.spent = exit.purse.payer().voucher().map_or(0, |signed| signed.voucher.credits);
		});
	}

	/// What a session's end means for the connection; an error if another session is to follow.
	fn ending(&self, over: Over, hop: &Hop) -> Result<Ending, Lost> {
		let channel = hop.purse.info.id;
		Ok(match over {
			Over::Lost(lost) => return Err(lost),
			Over::Asked => Ending::Asked,
			Over::UsedUp => Ending::UsedUp(format!(
				"channel {channel} is used up; run the same command again to open another, or put more in with \
				 `weir-tunnel channels top-up {channel} 0.50 --key FILE`"
			)),
			Over::Ending => Ending::UsedUp(channel_ends(channel)),
			Over::Dispute(dispute) => Ending::Dispute(format!(
				"{dispute}. At most what was paid ahead is lost; `weir-tunnel channels close {channel} --key FILE` brings the \
				 rest back"
			)),
			Over::Failed(error) => Ending::Failed(error),
		})
	}
}

fn channel_ends(channel: ChannelId) -> String {
	format!(
		"channel {channel} is closed, closing or about to expire; run the same command again to open another. What was not used \
		 comes back by itself, or sooner with `weir-tunnel channels close {channel} --key FILE`"
	)
}

/// Why nobody is let in, and what to do.
fn why_outside(outside: Outside) -> anyhow::Error {
	match outside {
		Outside::Silent => {
			anyhow!("the provider does not answer at its registered address; try later, or take another one")
		}
		Outside::Refused(Refusal::WrongRole) => {
			anyhow!("the provider serves no customers, it is only measured; take another one")
		}
		Outside::Refused(refusal) => {
			anyhow!("the provider refuses: {refusal}; try later, or take another one")
		}
		Outside::Odd(what) => session::odd(what),
		Outside::Failed(error) => error,
	}
}

/// Attempts to join since the last good session.
#[derive(Default)]
struct Attempts {
	count: u32,
	/// In a row, for a reason that may pass and may not.
	refused: u32,
	has_joined: bool,
}

impl Attempts {
	fn joined(&mut self) {
		(self.refused, self.has_joined) = (0, true);
	}

	/// What to tell the user while it is tried again; an error if that is of no use.
	fn refused(&mut self, refusal: Refusal, channel: ChannelId) -> Result<String, Ending> {
		self.refused = self.refused.saturating_add(1);
		let note = format!("the provider refuses: {refusal}");
		match refusal {
			Refusal::ChannelEnding => Err(Ending::UsedUp(channel_ends(channel))),
			Refusal::UnknownChannel if self.refused >= MOST_REFUSED => Err(Ending::Failed(anyhow!(
				"the provider does not know channel {channel}, which is open: its node is behind or on another chain; try later, or \
				 take another provider and `weir-tunnel channels close {channel} --key FILE`"
			))),
			Refusal::StaleJoin if self.refused >= MOST_REFUSED => Err(Ending::Failed(anyhow!(
				"the provider finds our joins stale: this machine's clock is a minute off (set up NTP), or channel {channel} is in \
				 use on another machine"
			))),
			Refusal::WrongRole | Refusal::UnknownVersion | Refusal::Malformed | Refusal::ForeignGenesis | Refusal::BadSignature => {
				Err(Ending::Failed(anyhow!(
					"{note}; take another provider, and `weir-tunnel channels close {channel} --key FILE`"
				)))
			}
			_ => Ok(note),
		}
	}

	/// The first one follows at once; then it waits twice as long each time, ± 50 %, so that customers of a provider that was
	/// away do not return all at once.
	fn pause(&mut self) -> Duration {
		let (least, most) = BACKOFF;
		let Some(doublings) = self.count.checked_sub(1) else {
			self.count = 1;
			return Duration::from_millis(50);
		};
		self.count = self.count.saturating_add(1);
		let wait = least.saturating_mul(1 << doublings.min(6)).min(most);
		wait.mul_f64(rand::thread_rng().gen_range(0.5..1.5))
	}
}

#[cfg(test)]
mod tests;
