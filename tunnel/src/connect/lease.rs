//! A session that somebody else in this process uses: a provider that is reached through another one.

use super::{
	choice,
	funding::{self, Budget, Funded},
	journal::Journal,
	route::Hop,
	session::{self, Asker, Outlook, Over, Purse, Session},
	status::Status,
	why_outside, Market,
};
use crate::{
	chain::{bytes32, Account, Payments},
	clock,
	net::Stack,
	tasks::on_disk,
};
use anyhow::{anyhow, Result};
use rand::Rng;
use std::{
	net::SocketAddr,
	path::Path,
	sync::{Arc, Mutex},
};
use tokio::sync::watch;
use weir_primitives::{api::RegionFilter, chain::AccountId, channel::ChannelId};
use weir_tunnel_core::{
	session::Payer,
	wire::{Request, Response},
};

/// A session with a provider, which its channel pays for.
pub(crate) struct Leased {
	hop: Hop,
	session: Session,
	asker: Arc<Asker>,
	stack: Arc<Stack>,
}

/// Draws a provider to be reached through, apart from `own`.
pub(crate) async fn relay(market: &dyn Market, own: &AccountId, budget: Budget) -> Result<AccountId> {
	let mut candidates = choice::candidates(market, RegionFilter::default()).await?;
	candidates.retain(|candidate| candidate.account != bytes32(own));
	choice::carrier(&candidates, &[], budget.most_price, rand::thread_rng().gen())
}

/// Opens a channel to the provider `by`, or goes on with an open one, and joins.
pub(crate) async fn take(
	market: Arc<dyn Market>,
	payer: &Account,
	by: &AccountId,
	budget: Budget,
	state: &Path,
) -> Result<Leased> {
	let chain = market.as_ref();
	let (folder, genesis) = (state.to_owned(), chain.genesis());
	let journal = Arc::new(on_disk(move || Journal::open(&folder, genesis)).await?);
	let known = funding::known(chain, &journal, payer.id()).await?;
	let epoch = Payments::epoch(chain).await?;
	let provider = choice::registered(chain, by).await?;
	let funded = match funding::usable(&known, epoch, budget.most_price, |provider| provider == by) {
		Some(funded) => funded.clone(),
		None => {
			let offer = funding::offer(chain, by, budget).await?;
			funding::open(chain, &journal, payer, by, &offer, budget.deposit).await?
		}
	};
	let purse = purse(genesis, &journal, &funded)?;
	let hop = Hop::new(market.clone(), provider, purse);
	let session = session::join(&hop.provider, &hop.purse, None, false).await.map_err(why_outside)?;
	let (asker, stack) = (session.asker(), session.stack());
	Ok(Leased { hop, session, asker, stack })
}

fn purse(genesis: [u8; 32], journal: &Arc<Journal>, funded: &Funded) -> Result<Purse> {
	let (key, paid) = (funded.kept.key()?, funded.kept.paid);
	let info = &funded.info;
	let payer = Payer::new(clock::now(), session::terms(genesis, info), key.clone(), paid);
	Ok(Purse {
		genesis,
		info: info.clone(),
		key,
		journal: journal.clone(),
		payer: Arc::new(Mutex::new(payer)),
		before: (paid.counted.total(), funded.kept.signed()),
	})
}

impl Leased {
	/// The channel that pays.
	pub(crate) fn channel(&self) -> ChannelId {
		self.hop.purse.info.id
	}

	/// Where the provider is registered.
	pub(crate) fn address(&self) -> SocketAddr {
		self.hop.provider.address
	}

	/// What goes through the tunnel.
	pub(crate) fn stack(&self) -> Arc<Stack> {
		self.stack.clone()
	}

	/// Asks the provider. None without an answer.
	pub(crate) async fn ask(&self, request: Request) -> Option<Response> {
		self.asker.ask(request).await.0
	}

	/// Carries and pays until it is over; an error says why.
	pub(crate) async fn run(self) -> Result<()> {
		let Self { hop, session, asker: _, stack } = self;
		drop(stack);
		let (_stop, mut stopped) = watch::channel(false);
		let (gate, status) = (watch::channel(None).0, watch::channel(Status::default()).0);
		let mut channel = hop.channel.clone();
		let outlook = Outlook {
			status: &status,
			gate: &gate,
			channel: &mut channel,
			look: &hop.look,
			stop: &mut stopped,
			socks: None,
			outer: None,
		};
		match session.run(&hop.purse, outlook).await {
			Over::Asked => Ok(()),
			Over::Lost(lost) => Err(anyhow!("{lost}")),
			Over::Dispute(dispute) => Err(anyhow!("{dispute}")),
			Over::UsedUp => Err(anyhow!("the channel to it is used up; another one is opened")),
			Over::Ending => Err(anyhow!("the channel to it ends; another one is opened")),
			Over::Failed(error) => Err(error),
		}
	}
}
