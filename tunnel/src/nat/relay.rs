//! A provider behind a router that takes nothing from outside is reached through another one: it buys an ordinary session
//! there, and with it a port. That port is what it registers, so that customers, attestors and watchers need not know.

use super::{
	mapping::{self, Mapped},
	reflex::{self, Kind},
	Behind, Rung,
};
use crate::{
	chain::{bytes32, providers, socket_address, Account, Directory},
	connect::{lease, Budget, Market},
	net::Opened,
	tasks::Task,
};
use anyhow::{anyhow, bail, Context, Result};
use libp2p::identity::Keypair;
use std::{
	net::SocketAddr,
	path::PathBuf,
	sync::{atomic::Ordering, Arc},
	time::Duration,
};
use tokio::sync::{mpsc, watch};
use weir_primitives::{
	api::{ProviderInfo, RegionFilter},
	chain::{AccountId, Balance},
};
use weir_tunnel_core::wire::{nat::reach_payload, Refusal, Request, Response};

/// Others are asked where they see this node so often: the questions keep the router's translation as well.
const LOOK_EVERY: Duration = Duration::from_secs(25);
/// Who is registered is asked so often.
const LIST_EVERY: Duration = Duration::from_secs(600);
/// Before the first and the last of many attempts to be reached.
const BACKOFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// A lease that lasted so long was a good one: the next attempt is the first again.
const GOOD: Duration = Duration::from_secs(60);
/// What is not as registered is said again so often.
const SAY_EVERY: Duration = Duration::from_secs(600);

/// How a provider may be reached if its router lets nobody in by itself.
pub struct Reaching {
	/// Where providers and channels are.
	pub market: Arc<dyn Market>,
	/// Whether the router is asked to map a port.
	pub maps: bool,
	/// Whom it pays; none: nobody.
	pub relay: Option<Relaying>,
}

/// Whom a provider pays to be reached.
pub struct Relaying {
	/// Its credits pay.
	pub payer: Account,
	/// For how much.
	pub budget: Budget,
	/// Through this one; none: the one at whose address it is registered, or any.
	pub by: Option<AccountId>,
	/// Folder of voucher keys and vouchers.
	pub state: PathBuf,
}

/// What the task works with.
pub(crate) struct Parts {
	pub(crate) reaching: Reaching,
	pub(crate) behind: Arc<Behind>,
	pub(crate) account: AccountId,
	pub(crate) identity: Keypair,
	/// The bound port.
	pub(crate) port: u16,
}

type Registered = ProviderInfo<AccountId, Balance>;

/// How customers are to get here.
#[derive(PartialEq, Eq, Debug)]
enum Plan {
	/// At the registered address.
	Registered,
	/// By this one, at this port of it if that can be had.
	Relay { by: AccountId, port: u16 },
	/// By anybody.
	AnyRelay,
	/// At this port of the router.
	Mapped(SocketAddr),
}

/// Where others are.
pub(super) fn addresses(account: &AccountId, listed: &[Registered]) -> Vec<SocketAddr> {
	let others = listed.iter().filter(|one| one.account != *account && one.in_service);
	others.filter_map(|one| socket_address(&one.endpoint)).collect()
}

/// By what is registered, and where others see this node.
fn plan(account: &AccountId, wish: Option<&AccountId>, listed: &[Registered], seen: reflex::Seen) -> Plan {
	let at = |one: &Registered| socket_address(&one.endpoint);
	let own = listed.iter().find(|one| one.account == *account).and_then(at);
	let others = || listed.iter().filter(|one| one.account != *account);
	let port_at = |relay: &Registered| {
		let shared = own.filter(|own| at(relay).is_some_and(|at| at.ip() == own.ip()));
		shared.map(|own| own.port())
	};
	if let Some(relay) = wish.and_then(|wish| others().find(|one| one.account == *wish)) {
		return Plan::Relay { by: relay.account.clone(), port: port_at(relay).unwrap_or(0) };
	}
	// Of several at that address it is the one that has no relay itself: who is there with a port that routers can be told of.
	let is_here = own.is_some_and(|own| seen.at.is_some_and(|seen| seen.ip() == own.ip()));
	if is_here {
		return Plan::Registered;
	}
	let relay = others().filter_map(|one| Some((one, port_at(one)?))).min_by_key(|(one, _)| one.index);
	match relay {
		Some((relay, port)) => Plan::Relay { by: relay.account.clone(), port },
		// Nobody has said where this node is: what is registered stands.
		None if seen.at.is_none() && own.is_some() => Plan::Registered,
		None => Plan::AnyRelay,
	}
}

/// Keeps the provider reachable.
pub(crate) async fn run(parts: Parts) {
	let (list, listed) = watch::channel(Vec::new());
	let _look = Task::spawn(
		"where we are seen",
		look(parts.behind.clone(), parts.port, parts.account.clone(), listed.clone()),
	);
	let _list = Task::spawn("providers", follow(parts.reaching.market.clone(), list));
	let mut backoff = BACKOFF.0;
	let mut mapping = None;
	let mut listed = listed;
	let mut standpoint = parts.behind.standpoint();
	// Before anybody was listed and has answered, or could have, there is nothing to go by.
	let _ = listed.wait_for(|listed| !listed.is_empty()).await;
	let _ =
		tokio::time::timeout(Duration::from_secs(5), standpoint.wait_for(|known| known.seen.at.is_some()))
			.await;
	loop {
		let (known, seen) = (listed.borrow().clone(), standpoint.borrow().seen);
		let wish = parts.reaching.relay.as_ref().and_then(|relay| relay.by.as_ref());
		let plan = plan(&parts.account, wish, &known, seen);
		let mapped = parts.mapped(&mut mapping, seen).await;
		let plan = with_mapping(&parts.account, plan, &known, mapped);
		let began = tokio::time::Instant::now();
		let ended = match plan {
			Plan::AnyRelay | Plan::Relay { .. } if parts.reaching.relay.is_none() => {
				Err(anyhow!("add [provide.relay], or forward provide.port, UDP and TCP, in the router"))
			}
			Plan::Mapped(at) => {
				parts.behind.port.store(at.port(), Ordering::Release);
				let rung = Rung::Mapped { at };
				let is_new = parts
					.behind
					.standpoint
					.send_if_modified(|known| std::mem::replace(&mut known.rung, rung.clone()) != rung);
				let own = known.iter().find(|one| one.account == parts.account);
				if is_new && own.and_then(|own| socket_address(&own.endpoint)) != Some(at) {
					tracing::warn!(
						"nobody finds this provider: register {at} as its endpoint (providers.update)"
					);
				}
				// Until it is so no more.
				let Some((_, mapped)) = &mut mapping else { continue };
				let _ = mapped.wait_for(|now| *now != Mapped::At(at)).await;
				parts.behind.port.store(0, Ordering::Release);
				continue;
			}
			Plan::Registered => {
				let is_new = parts.behind.standpoint.send_if_modified(|known| {
					std::mem::replace(&mut known.rung, Rung::Registered) != Rung::Registered
				});
				if is_new {
					tracing::info!(router = %seen.kind, "customers come to the registered address");
				}
				// Until it is registered elsewhere, or seen elsewhere.
				let changed = tokio::select! {
					changed = listed.changed() => changed,
					changed = standpoint.changed() => changed,
				};
				match changed {
					Ok(()) => continue,
					Err(_) => return,
				}
			}
			Plan::Relay { by, port } => parts.be_relayed(&by, port, &known).await,
			Plan::AnyRelay => match parts.any_relay().await {
				Ok(by) => parts.be_relayed(&by, 0, &known).await,
				Err(error) => Err(error),
			},
		};
		parts.leave();
		let reason =
			ended.err().map_or_else(|| "the session there is over".to_owned(), |error| format!("{error:#}"));
		if began.elapsed() >= GOOD {
			backoff = BACKOFF.0;
		}
		tracing::warn!(again_in = ?backoff, "not reached by a relay: {reason}");
		tokio::time::sleep(backoff).await;
		backoff = backoff.saturating_mul(2).min(BACKOFF.1);
	}
}

/// Lists providers.
async fn follow(market: Arc<dyn Market>, list: watch::Sender<Vec<Registered>>) {
	loop {
		let directory: &dyn Directory = market.as_ref();
		let wait = match providers(directory, RegionFilter::default()).await {
			Ok(listed) => {
				list.send_if_modified(|known| {
					let is_new = *known != listed;
					*known = listed;
					is_new
				});
				LIST_EVERY
			}
			Err(error) => {
				tracing::debug!(%error, "providers not listed");
				LOOK_EVERY
			}
		};
		tokio::time::sleep(wait).await;
	}
}

/// Asks others where they see this node, again and again.
async fn look(
	behind: Arc<Behind>,
	port: u16,
	account: AccountId,
	mut listed: watch::Receiver<Vec<Registered>>,
) {
	let mut kind = None;
	loop {
		let others = addresses(&account, &listed.borrow_and_update());
		let seen = reflex::look(&behind.side, port, &others).await;
		if kind != Some(seen.kind) && !others.is_empty() {
			kind = Some(seen.kind);
			tracing::info!(router = %seen.kind, "translation by routers");
		}
		behind.standpoint.send_if_modified(|known| {
			// That nobody answered now does not say that it has changed.
			let is_new = seen.at.is_some() && known.seen != seen;
			if is_new {
				known.seen = seen;
			}
			is_new
		});
		// Nothing has to be kept open where nothing is translated.
		let wait = if seen.kind == Kind::Public { LIST_EVERY } else { LOOK_EVERY };
		tokio::select! {
			() = tokio::time::sleep(wait) => {}
			changed = listed.changed() => if changed.is_err() { return },
		}
	}
}

/// A mapped port is better than a relay, and than an address that may be registered for nothing; but customers come to where
/// this node is registered.
fn with_mapping(account: &AccountId, plan: Plan, listed: &[Registered], mapped: Mapped) -> Plan {
	let Mapped::At(at) = mapped else { return plan };
	let own = listed.iter().find(|one| one.account == *account).and_then(|own| socket_address(&own.endpoint));
	match plan {
		Plan::Relay { .. } => {
			tracing::info!("no relay is needed when {at} is registered as the endpoint (providers.update)");
			plan
		}
		// A port that somebody forwards by hand.
		Plan::Registered if own != Some(at) => plan,
		_ => Plan::Mapped(at),
	}
}

/// The task that keeps a port mapped, and what it says.
type Keeping = Option<(Task, watch::Receiver<Mapped>)>;

impl Parts {
	/// What the router has mapped, if there is one and it may be asked.
	async fn mapped(&self, keeping: &mut Keeping, seen: reflex::Seen) -> Mapped {
		let is_behind = matches!(seen.kind, Kind::Same | Kind::Changing);
		let Some(at) = seen.at.filter(|_| self.reaching.maps && is_behind) else { return Mapped::No };
		let (_, mapped) = keeping.get_or_insert_with(|| {
			let (tell, mapped) = watch::channel(Mapped::Trying);
			(Task::spawn("port of the router", mapping::keep(self.port, at.ip(), tell)), mapped)
		});
		match mapped.wait_for(|now| *now != Mapped::Trying).await {
			Ok(now) => *now,
			Err(_) => Mapped::No,
		}
	}

	async fn any_relay(&self) -> Result<AccountId> {
		let Reaching { market, relay, .. } = &self.reaching;
		let relay = relay.as_ref().context("nobody may be paid for it")?;
		lease::relay(market.as_ref(), &self.account, relay.budget).await
	}

	/// Buys a session and a port, and takes what comes there until the session is over.
	async fn be_relayed(&self, by: &AccountId, wish: u16, listed: &[Registered]) -> Result<()> {
		let Reaching { market, relay, .. } = &self.reaching;
		let relay = relay.as_ref().context("nobody may be paid for it")?;
		let Relaying { payer, budget, state, .. } = relay;
		let leased = lease::take(market.clone(), payer, by, *budget, state).await?;
		let (channel, genesis) = (leased.channel(), market.genesis());
		let payload = reach_payload(&genesis, &bytes32(by), &bytes32(&self.account), channel);
		let signature = self.identity.sign(&payload).context("the identity's signature")?;
		let signature = signature.try_into().ok().context("the identity is not an Ed25519 key")?;
		let request = Request::Reach { channel, provider: bytes32(&self.account), port: wish, signature };
		let port = match leased.ask(request).await {
			Some(Response::Reached { port }) if port != 0 => port,
			Some(Response::Refuse(refusal)) => bail!("provider {by} gives no port: {}", why(refusal)),
			Some(_) => bail!("provider {by} answers what no provider should"),
			None => bail!("provider {by} does not answer"),
		};
		let at = SocketAddr::new(leased.address().ip(), port);
		let Opened { accepted, datagrams, sender } = leased.stack().open_door(port);
		self.behind.side.set_relay(Some(sender));
		self.behind.port.store(port, Ordering::Release);
		self.behind.standpoint.send_modify(|known| known.rung = Rung::Relayed { by: by.clone(), at });
		tracing::info!(relay = %by, %at, "reached through another provider");
		let own = listed.iter().find(|one| one.account == self.account);
		let is_registered = own.is_some_and(|own| socket_address(&own.endpoint) == Some(at));
		let say = async {
			// What is registered may be so in a moment; a port that is kept need be said once.
			let mut wait = tokio::time::interval(SAY_EVERY);
			loop {
				wait.tick().await;
				if !is_registered {
					tracing::warn!(
						"nobody finds this provider: register {at} as its endpoint (providers.update)"
					);
				}
			}
		};
		tokio::select! {
			over = leased.run() => over,
			() = pass_streams(accepted, &self.behind) => Ok(()),
			() = pass_datagrams(datagrams, &self.behind) => Ok(()),
			() = say => Ok(()),
		}
	}

	/// Is not reached by a relay any more.
	fn leave(&self) {
		self.behind.side.set_relay(None);
		self.behind.standpoint.send_modify(|known| known.rung = Rung::Unknown);
	}
}

fn why(refusal: Refusal) -> String {
	match refusal {
		Refusal::WrongRole => {
			"it is behind a router itself, or does not know this provider; take another one".into()
		}
		Refusal::Full => "it keeps ports for as many as it can; take another one".into(),
		other => other.to_string(),
	}
}

async fn pass_streams(mut accepted: mpsc::Receiver<(crate::net::Stream, SocketAddr)>, behind: &Behind) {
	while let Some(stream) = accepted.recv().await {
		// When too many wait, it is closed.
		let _ = behind.to_control.try_send(stream);
	}
}

async fn pass_datagrams(mut datagrams: mpsc::Receiver<(Vec<u8>, std::net::SocketAddrV4)>, behind: &Behind) {
	while let Some((bytes, from)) = datagrams.recv().await {
		behind.side.take_relayed(bytes, from);
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::chain::fake::provider;
	use reflex::Seen;
	use weir_primitives::Endpoint;

	fn listed(of: &[(u8, &str)]) -> Vec<Registered> {
		let one = |(index, (account, at)): (u32, &(u8, &str))| {
			let at: std::net::SocketAddrV4 = at.parse().unwrap();
			Registered {
				account: [*account; 32].into(),
				index,
				endpoint: Endpoint::V4 { addr: at.ip().octets(), port: at.port() },
				..provider(&libp2p::PeerId::random())
			}
		};
		(0..).zip(of).map(one).collect()
	}

	#[test]
	fn plan_should_follow_from_what_is_registered_and_where_others_see_us() {
		let (us, relay): (AccountId, AccountId) = ([1; 32].into(), [2; 32].into());
		let seen = |at: &str| Seen { kind: Kind::Same, at: Some(at.parse().unwrap()) };
		let others = (2, "203.0.113.2:9600");
		for (own, seen, expected) in [
			// As registered, whatever the port: it may be forwarded.
			(Some("198.51.100.1:9600"), seen("198.51.100.1:40000"), Plan::Registered),
			(
				Some("203.0.113.2:41000"),
				seen("198.51.100.1:1"),
				Plan::Relay { by: relay.clone(), port: 41_000 },
			),
			(Some("192.0.2.9:1"), seen("198.51.100.1:1"), Plan::AnyRelay),
			(None, seen("198.51.100.1:1"), Plan::AnyRelay),
			(Some("192.0.2.9:1"), Seen::default(), Plan::Registered),
		] {
			let mut those = vec![others];
			those.extend(own.map(|own| (1, own)));
			assert_eq!(plan(&us, None, &listed(&those), seen), expected, "{own:?}");
		}
		let those = listed(&[others, (3, "203.0.113.3:9600"), (1, "203.0.113.2:41000")]);
		let wished = plan(&us, Some(&[3; 32].into()), &those, seen("198.51.100.1:1"));
		assert_eq!(wished, Plan::Relay { by: [3; 32].into(), port: 0 });
		assert_eq!(addresses(&us, &those).len(), 2);

		let (ours, mapped) = ("198.51.100.1:41000", Mapped::At("198.51.100.1:41000".parse().unwrap()));
		let those = listed(&[others, (1, ours)]);
		let at = ours.parse().unwrap();
		assert_eq!(with_mapping(&us, Plan::Registered, &those, mapped), Plan::Mapped(at));
		assert_eq!(with_mapping(&us, Plan::AnyRelay, &[], mapped), Plan::Mapped(at));
		assert_eq!(with_mapping(&us, Plan::AnyRelay, &[], Mapped::No), Plan::AnyRelay);
		let forwarded = listed(&[(1, "198.51.100.1:9600")]);
		assert_eq!(with_mapping(&us, Plan::Registered, &forwarded, mapped), Plan::Registered);
		let relayed = || Plan::Relay { by: [3; 32].into(), port: 0 };
		assert_eq!(with_mapping(&us, relayed(), &those, mapped), relayed());
	}
}
