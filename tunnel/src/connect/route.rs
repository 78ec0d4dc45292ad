//! The hops of a connection: whom each goes through, what pays for it, and who carries the next one.
//!
//! Every hop is a session and a channel of its own, with keys of its own. The second one's WireGuard and control plane run inside
//! the first one's tunnel: the first provider sees where the customer is and which provider comes next, the last one sees what
//! leaves, and neither sees both.

use super::{
	choice::Provider,
	session::{self, Outlook, Outside, Over, Purse, Session},
	status::Status,
	Market,
};
use crate::{chain::Silence, net::Stack, socks::Socks, tasks::Task};
use std::{
	sync::{Arc, Mutex, PoisonError},
	time::Duration,
};
use tokio::sync::{watch, Notify};
use weir_primitives::{chain::AccountId, channel::ChannelId, channels_api::ChannelInfo, economy::Credits};

/// A hop that carried others waits so long for its last voucher to arrive.
const FAREWELL: Duration = Duration::from_secs(10);

/// Between two looks at what the chain says of a channel, when nothing asks for one.
const LOOK_EVERY: Duration = Duration::from_secs(15);

/// A hop: through whom, and what pays for it.
pub(super) struct Hop {
	pub(super) provider: Provider,
	pub(super) purse: Purse,
	/// The channel as the chain has it; none once it is closed.
	pub(super) channel: watch::Receiver<Option<ChannelInfo<AccountId>>>,
	/// Has the chain asked at once.
	pub(super) look: Arc<Notify>,
	_watching: Task,
}

/// What a hop came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HopEnd {
	/// The channel that paid.
	pub channel: ChannelId,
	/// Inner bytes of this run.
	pub bytes: u64,
	/// Credits that were signed in it.
	pub spent: Credits,
	/// Credits that stay in the channel.
	pub left: Credits,
}

impl Hop {
	pub(super) fn new(chain: Arc<dyn Market>, provider: Provider, purse: Purse) -> Self {
		let (news, channel) = watch::channel(Some(purse.info.clone()));
		let look = Arc::new(Notify::new());
		let watching = watch_channel(chain, purse.info.id, news, look.clone());
		Self { provider, purse, channel, look, _watching: Task::spawn("channel", watching) }
	}

	pub(super) fn end(&self) -> HopEnd {
		let payer = self.purse.payer();
		let signed = payer.voucher().map_or(0, |signed| signed.voucher.credits);
		let (bytes_before, spent_before) = self.purse.before;
		let info = &self.purse.info;
		let deposited = self.channel.borrow().as_ref().map_or(info.deposited, |info| info.deposited);
		HopEnd {
			channel: info.id,
			bytes: payer.counted().total().saturating_sub(bytes_before),
			spent: signed.saturating_sub(spent_before),
			left: deposited.saturating_sub(signed.max(info.paid)),
		}
	}
}

/// A session that carries the next hop's, until it is told to stop.
pub(super) struct Carrier {
	stack: Arc<Stack>,
	stop: watch::Sender<bool>,
	/// Closed when it is over.
	gone: watch::Receiver<()>,
	over: Arc<Mutex<Option<Over>>>,
	_task: Task,
}

impl Carrier {
	fn start(session: Session, hop: &Hop, outer: Option<watch::Receiver<()>>, socks: Arc<Socks>) -> Self {
		let (stop, mut stopped) = watch::channel(false);
		let (alive, gone) = watch::channel(());
		let over = Arc::new(Mutex::new(None));
		let (stack, told) = (session.stack(), over.clone());
		let (purse, mut channel, look) = (hop.purse.clone(), hop.channel.clone(), hop.look.clone());
		let task = Task::spawn("carrying hop", async move {
			// Nothing but the next hop goes through it, and it is that one's status that is shown.
			let (gate, status) = (watch::channel(None).0, watch::channel(Status::default()).0);
			let outlook = Outlook {
				status: &status,
				gate: &gate,
				channel: &mut channel,
				look: &look,
				stop: &mut stopped,
				socks: Some(&socks),
				outer,
			};
			let ended = session.run(&purse, outlook).await;
			*told.lock().unwrap_or_else(PoisonError::into_inner) = Some(ended);
			drop(alive);
		});
		Self { stack, stop, gone, over, _task: task }
	}

	/// Why it is over; none if it is not, or was asked before.
	pub(super) fn take_over(&self) -> Option<Over> {
		self.over.lock().unwrap_or_else(PoisonError::into_inner).take()
	}

	/// Pays what was used, and leaves.
	async fn stop(mut self) {
		self.stop.send_replace(true);
		let _ = tokio::time::timeout(FAREWELL, self.gone.changed()).await;
	}
}

/// A session at the end of the route, and those that carry it, the first one first.
pub(super) struct Route {
	pub(super) session: Session,
	pub(super) carriers: Carriers,
}

/// Those that carry the last session.
#[derive(Default)]
pub(super) struct Carriers(Vec<Carrier>);

impl Carriers {
	/// Closed when the last of them is gone; none without any.
	pub(super) fn gone(&self) -> Option<watch::Receiver<()>> {
		self.0.last().map(|carrier| carrier.gone.clone())
	}

	/// Which of them ended first, and why.
	pub(super) fn first_over(&self) -> Option<(usize, Over)> {
		self.0.iter().enumerate().find_map(|(hop, carrier)| Some((hop, carrier.take_over()?)))
	}

	/// The last one first: the others carry its last voucher.
	pub(super) async fn stop(self) {
		for carrier in self.0.into_iter().rev() {
			carrier.stop().await;
		}
	}
}

/// Joins all hops, each through those before it. An error says which one let nobody in.
pub(super) async fn join(
	hops: &[Hop],
	is_disguised: bool,
	socks: &Arc<Socks>,
) -> Result<Route, (usize, Outside)> {
	let mut carriers = Carriers::default();
	for (number, hop) in hops.iter().enumerate() {
		let outer = carriers.0.last().map(|carrier| carrier.stack.clone());
		// Nobody on the line sees those inside another tunnel.
		let is_disguised = is_disguised && outer.is_none();
		let session = match session::join(&hop.provider, &hop.purse, outer.as_ref(), is_disguised).await {
			Ok(session) => session,
			Err(outside) => {
				// A carrier may have gone meanwhile; what it has carried is paid.
				carriers.stop().await;
				return Err((number, outside));
			}
		};
		if number.saturating_add(1) == hops.len() {
			return Ok(Route { session, carriers });
		}
		let gone = carriers.gone();
		carriers.0.push(Carrier::start(session, hop, gone, socks.clone()));
	}
	Err((0, Outside::Odd("no hop at all")))
}

/// Looks now and then at what the chain says of a channel, and whenever `look` asks for it.
async fn watch_channel(
	chain: Arc<dyn Market>,
	channel: ChannelId,
	news: watch::Sender<Option<ChannelInfo<AccountId>>>,
	look: Arc<Notify>,
) {
	let mut silence = Silence::default();
	loop {
		let _ = tokio::time::timeout(LOOK_EVERY, look.notified()).await;
		let read = chain.channel(channel).await;
		silence.hear(&read, "the session goes on as long as its channel holds");
		if let Ok(info) = read {
			news.send_replace(info);
		}
	}
}
