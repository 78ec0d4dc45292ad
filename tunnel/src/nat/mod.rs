//! Providers behind routers, and how customers get to them all the same.
//!
//! The ladder, best rung first: a public address or a forwarded port; a port that the router maps when it is asked
//! (`mapping`); a way that both sides open at once (`punch`); another provider that is paid to pass on what comes
//! (`relay`). The last one always works, and what customers and a provider say to one another goes by it until there is a
//! better way: so the third needs no rendezvous of its own.
//!
//! * `mapping`: a port of the router's.
//! * `reflex`: how the routers before us translate, as others see it.
//! * `inbound`: the port that a relay keeps for a guest.
//! * `relay`: the provider that is reached by one. `punch`: both ends of a direct way around it.

pub(crate) mod inbound;
mod mapping;
pub(crate) mod punch;
pub(crate) mod reflex;
mod relay;

pub use reflex::{Kind, Seen};
pub(crate) use relay::{run, Parts};
pub use relay::{Reaching, Relaying};

use crate::{engine::side::Side, net::Stream, tasks::Task};
use std::{
	net::{IpAddr, SocketAddr},
	sync::{
		atomic::{AtomicU16, Ordering},
		Arc, Mutex,
	},
};
use tokio::sync::{mpsc, watch, Semaphore};
use weir_primitives::{
	api::ProviderInfo,
	chain::{AccountId, Balance},
};

/// Customers to whom a direct way is opened at once.
const MOST_PUNCHES: usize = 64;

/// How customers get to a provider.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Rung {
	/// Not known yet, or not at all.
	#[default]
	Unknown,
	/// At the registered address, which is this machine's or forwarded to it.
	Registered,
	/// At this address, which the router has mapped.
	Mapped {
		/// The router's.
		at: SocketAddr,
	},
	/// Through another provider, and around it where the routers let them.
	Relayed {
		/// By this one,
		by: AccountId,
		/// at this address.
		at: SocketAddr,
	},
}

/// Where a provider stands.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Standpoint {
	/// How its routers translate.
	pub seen: Seen,
	/// How customers get to it.
	pub rung: Rung,
}

/// What the parts of a provider share of where it stands.
pub(crate) struct Behind {
	pub(crate) side: Arc<Side>,
	/// The address that sockets are bound to.
	pub(crate) bind: IpAddr,
	/// The port that customers and attestors come to; 0: the one that is bound.
	port: AtomicU16,
	standpoint: watch::Sender<Standpoint>,
	/// Takes connections to the control plane that came by a relay.
	to_control: mpsc::Sender<(Stream, SocketAddr)>,
	punches: Arc<Semaphore>,
	punching: Mutex<Vec<Task>>,
}

/// How the routers before `account`'s machine translate, as some of the `listed` providers see it.
pub(crate) async fn examine(
	bind: IpAddr,
	account: &AccountId,
	listed: &[ProviderInfo<AccountId, Balance>],
) -> anyhow::Result<Seen> {
	reflex::examine(bind, &relay::addresses(account, listed)).await
}

impl Behind {
	pub(crate) fn new(
		side: Arc<Side>,
		bind: IpAddr,
		to_control: mpsc::Sender<(Stream, SocketAddr)>,
	) -> Arc<Self> {
		Arc::new(Self {
			side,
			bind,
			port: AtomicU16::new(0),
			standpoint: watch::channel(Standpoint::default()).0,
			to_control,
			punches: Arc::new(Semaphore::new(MOST_PUNCHES)),
			punching: Mutex::default(),
		})
	}

	/// The port that customers and attestors come to, where `bound` is bound.
	pub(crate) fn port(&self, bound: u16) -> u16 {
		match self.port.load(Ordering::Acquire) {
			0 => bound,
			port => port,
		}
	}

	/// Where it stands.
	pub(crate) fn standpoint(&self) -> watch::Receiver<Standpoint> {
		self.standpoint.subscribe()
	}

	fn is_relayed(&self) -> bool {
		matches!(self.standpoint.borrow().rung, Rung::Relayed { .. })
	}

	/// Whether others can be reached through it: whoever is reached through others itself has nothing to give.
	pub(crate) fn may_relay(&self) -> bool {
		!self.is_relayed()
	}
}
