//! Watches the providers the chain names and looks at those of open alarms: drives [`weir_tunnel_core::watching`] over the
//! control plane.
//!
//! A ping is the question for the time that liveness and clock are asked with. Its answer comes over a connection that
//! has proven the PeerId on chain, so that nobody can answer in a provider's place.

use super::{fellows::is_alive, lock, Settings};
use crate::{
	chain::{bytes32, slot_begins, socket_address, ChainView},
	clock,
	control::Control,
	metrics::Metrics,
	tasks::Task,
};
use futures::{stream::FuturesUnordered, StreamExt};
use libp2p::PeerId;
use std::{
	collections::VecDeque,
	net::{IpAddr, SocketAddr},
	sync::{Arc, Mutex},
	time::Duration,
};
use tokio::{
	sync::{watch, Notify},
	time::Instant,
};
use weir_primitives::{
	chain::AccountId,
	outage::{OpenAlarm, Sighting, Watch},
	Endpoint, ProviderIndex, Timing,
};
use weir_tunnel_core::{
	target::Prefix,
	watching::{Finding, Output, Question, Rhythm, Subject, Watching},
	Micros, MILLI,
};

/// Sightings told at once.
const MAX_SIGHTINGS: usize = 64;
/// Sightings that are remembered, so that none is counted twice.
const REMEMBERED: usize = 512;
/// Slots before the end of the votes on an alarm in which a vote may still be on its way into a block.
const VOTE_SLOTS: u64 = 3;

/// Whom the seat watches, and from where.
pub struct WatchOrder {
	/// The seat's place; answers from there do not prove this line.
	pub here: Option<Prefix>,
	/// What the chain says.
	pub watch: Watch<AccountId>,
}

/// The way to a provider.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Contact {
	pub(super) provider: ProviderIndex,
	pub(super) account: [u8; 32],
	pub(super) peer: PeerId,
	pub(super) address: SocketAddr,
}

impl Contact {
	/// None if there is no way: reached through a relay, or with an identity that is not one.
	pub(super) fn of(
		provider: ProviderIndex,
		account: &AccountId,
		peer_id: &[u8],
		endpoint: &Endpoint,
	) -> Option<Self> {
		let peer = PeerId::from_bytes(peer_id)
			.inspect_err(
				|error| tracing::warn!(provider, %error, "the provider's PeerId on chain is not one"),
			)
			.ok()?;
		Some(Self { provider, account: bytes32(account), peer, address: socket_address(endpoint)? })
	}
}

/// Sits between the chain's words and the core.
pub(super) struct Watcher {
	shared: Arc<Shared>,
	_task: Task,
}

struct Shared {
	watching: Mutex<Watching<Contact>>,
	/// Sightings told already, oldest first.
	told: Mutex<VecDeque<(ProviderIndex, Sighting)>>,
	/// Something is due earlier than it was.
	wake: Notify,
	/// Of the monotonic clock.
	began: Instant,
	metrics: Arc<Metrics>,
	account: [u8; 32],
	bind: IpAddr,
	slot_millis: u64,
}

impl Shared {
	fn now(&self) -> Micros {
		// Not 0 at the start: what is to be done then is due.
		Micros::try_from(self.began.elapsed().as_micros()).unwrap_or(Micros::MAX).saturating_add(1)
	}

	/// Whether this process, which speaks one IP version, can reach it, and is not it.
	fn can_reach(&self, contact: &Contact) -> bool {
		contact.address.is_ipv4() == self.bind.is_ipv4() && contact.account != self.account
	}

	fn subject(
		&self,
		here: Option<Prefix>,
		provider: ProviderIndex,
		account: &AccountId,
		peer_id: &[u8],
		endpoint: &Endpoint,
	) -> Option<Subject<Contact>> {
		let contact =
			Contact::of(provider, account, peer_id, endpoint).filter(|contact| self.can_reach(contact))?;
		let is_elsewhere = is_elsewhere(here, &contact);
		Some(Subject { contact, is_elsewhere })
	}

	fn question(
		&self,
		here: Option<Prefix>,
		alarm: &OpenAlarm<AccountId>,
		now: Micros,
	) -> Option<Question<Contact>> {
		let OpenAlarm { provider, account, endpoint, peer_id, raised, until_slot } = alarm;
		let subject = self.subject(here, *provider, account, peer_id, endpoint)?;
		let until = slot_begins(until_slot.saturating_sub(VOTE_SLOTS), self.slot_millis, 0);
		let until = now.saturating_add(until.saturating_sub(clock::now()));
		Some(Question { provider: *provider, raised: *raised, subject, until })
	}

	fn count(&self, sightings: &[(ProviderIndex, Sighting)]) {
		let mut told = lock(&self.told);
		for said in sightings {
			if told.contains(said) {
				continue;
			}
			let (provider, sighting) = said;
			tracing::info!(provider, ?sighting, "seen");
			match sighting {
				Sighting::Down { .. } | Sighting::Up { .. } => self.metrics.outage_reports.inc(),
				Sighting::Confirm { .. } => self.metrics.outage_votes.inc(),
			}
			told.push_back(*said);
			if told.len() > REMEMBERED {
				told.pop_front();
			}
		}
	}

	fn gauge(&self, watching: &Watching<Contact>, now: Micros) {
		let (watched, down) = watching.counts(now);
		self.metrics.watched.set(watched as u64);
		self.metrics.watched_down.set(down as u64);
	}
}

/// Whether an answer of the contact proves a line at `here`.
fn is_elsewhere(here: Option<Prefix>, contact: &Contact) -> bool {
	here.is_some_and(|here| here != Prefix::of(contact.address.ip()))
}

impl Watcher {
	/// Watches nobody yet. `is_heard` tells whether a test hears a provider just now.
	pub(super) fn start(
		settings: &Settings,
		timing: &Timing,
		chain: &dyn ChainView,
		control: Control,
		metrics: Arc<Metrics>,
		is_heard: impl Fn(ProviderIndex) -> bool + Send + Sync + 'static,
	) -> Self {
		let slot = timing.slot_millis.saturating_mul(MILLI);
		let rhythm = Rhythm::of(slot.saturating_mul(timing.alarm_slots.into()));
		let shared = Arc::new(Shared {
			watching: Mutex::new(Watching::new(rhythm, rand::random())),
			told: Mutex::default(),
			wake: Notify::new(),
			began: Instant::now(),
			metrics,
			account: bytes32(&settings.account),
			bind: settings.bind,
			slot_millis: timing.slot_millis,
		});
		let patience = Duration::from_micros(rhythm.patience());
		let work = ping_for_ever(shared.clone(), control, patience, chain.finalised(), is_heard);
		Self { shared, _task: Task::spawn("watch", work) }
	}

	/// Takes whom to watch and which alarms to look at. What there is to say of them, votes first.
	pub(super) fn take(
		&self,
		WatchOrder { here, watch }: WatchOrder,
		targets: Vec<Contact>,
	) -> Vec<(ProviderIndex, Sighting)> {
		let shared = &self.shared;
		let now = shared.now();
		let mut watching = lock(&shared.watching);
		// What is over by now is not to be told any more.
		watching.handle_timeout(now);
		for watched in &watch.watched {
			let (account, endpoint) = (&watched.account, &watched.endpoint);
			let subject = shared.subject(here, watched.provider, account, &watched.peer_id, endpoint);
			if let Some(subject) = subject {
				watching.name(now, watched.provider, subject);
			}
		}
		watching
			.ask(now, watch.alarms.iter().filter_map(|alarm| shared.question(here, alarm, now)).collect());
		let proves = |contact: &Contact| shared.can_reach(contact) && is_elsewhere(here, contact);
		watching.set_witnesses(targets.into_iter().filter(proves).collect());
		let votes = watch.alarms.iter().filter_map(|alarm| {
			let is_down = watching.vote(alarm.provider, alarm.raised)?;
			Some((alarm.provider, Sighting::Confirm { raised: alarm.raised, is_down }))
		});
		let alarm_slot = watch.alarm_slot;
		let reports = watch.watched.iter().filter(|watched| !watched.has_spoken).filter_map(|watched| {
			let sighting = match (watching.finding(now, watched.provider)?, watched.down_since) {
				(Finding::Down, None) => Sighting::Down { alarm_slot },
				(Finding::Up, Some(_)) => Sighting::Up { alarm_slot },
				(Finding::Down, Some(_)) | (Finding::Up, None) => return None,
			};
			Some((watched.provider, sighting))
		});
		let sightings: Vec<_> = votes.chain(reports).take(MAX_SIGHTINGS).collect();
		shared.gauge(&watching, now);
		drop(watching);
		shared.wake.notify_one();
		shared.count(&sightings);
		sightings
	}
}

async fn ping_for_ever(
	shared: Arc<Shared>,
	control: Control,
	patience: Duration,
	mut finalised: watch::Receiver<u64>,
	is_heard: impl Fn(ProviderIndex) -> bool,
) {
	let mut pings = FuturesUnordered::new();
	loop {
		let mut outputs = vec![];
		let due = {
			let (mut watching, now) = (lock(&shared.watching), shared.now());
			watching.handle_timeout(now);
			while let Some(output) = watching.poll() {
				match output {
					Output::Ping { number, contact } if is_heard(contact.provider) => {
						watching.handle_answer(now, number);
					}
					output => outputs.push(output),
				}
			}
			shared.gauge(&watching, now);
			watching.timeout().map(|due| due.saturating_sub(now))
		};
		for output in outputs {
			match output {
				Output::Ping { number, contact } => {
					let control = control.clone();
					pings.push(async move {
						let Contact { account, peer, address, .. } = contact;
						let answer = is_alive(&control, peer, address, &account);
						(number, tokio::time::timeout(patience, answer).await.unwrap_or(false))
					});
				}
				Output::HangUp(Contact { peer, .. }) => control.hang_up(peer).await,
			}
		}
		tokio::select! {
			Some((number, is_answered)) = pings.next(), if !pings.is_empty() => {
				if is_answered {
					lock(&shared.watching).handle_answer(shared.now(), number);
				}
			}
			() = sleep_for(due) => {}
			() = shared.wake.notified() => {}
			Ok(()) = finalised.changed() => lock(&shared.watching).handle_proof(shared.now()),
		}
	}
}

/// Sleeps; for ever without an end.
async fn sleep_for(span: Option<Micros>) {
	match span {
		Some(span) => tokio::time::sleep(Duration::from_micros(span)).await,
		None => std::future::pending().await,
	}
}

#[cfg(test)]
mod tests;
