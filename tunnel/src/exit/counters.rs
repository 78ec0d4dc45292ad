//! What an exit did and dropped, counted without saying for whom or where to.

use super::policy::Denied;
use std::sync::atomic::{AtomicU64, Ordering};

/// Defines [`Event`], so that nothing is without a name and a counter.
macro_rules! events {
	($($(#[$doc:meta])* $event:ident,)*) => {
		/// What is counted.
		#[derive(Clone, Copy, PartialEq, Eq, Debug)]
		pub enum Event {
			$($(#[$doc])* $event,)*
		}

		impl Event {
			/// Everything that is counted, in the order of its numbers.
			pub const ALL: &'static [Self] = &[$(Self::$event,)*];

			/// Its name in metrics, which does not change.
			pub const fn name(self) -> &'static str {
				match self {
					$(Self::$event => stringify!($event),)*
				}
			}
		}
	};
}

events! {
	/// A TCP connection began.
	TcpFlow,
	/// A UDP one.
	UdpFlow,
	/// A question to the resolver was answered.
	Answered,
	/// An answer held addresses that guests must not go to.
	Rebinding,
	/// A ping to the gateway was answered.
	Pong,
	/// A packet was not one.
	Malformed,
	/// It came from no guest's address.
	ForeignSource,
	/// It was a part of one.
	Fragment,
	/// It bore options of IPv4, which ask hosts on the way for something.
	Options,
	/// It was neither TCP nor UDP nor a ping to the gateway.
	OtherProtocol,
	/// A segment belonged to no connection.
	NoFlow,
	/// A destination is not of the public Internet: the local network, metadata of clouds, other guests.
	DeniedAddress,
	/// It is the host's own or of its networks.
	DeniedOwn,
	/// Its port is closed at every exit.
	DeniedPort,
	/// The class does not let its port out.
	DeniedClass,
	/// It is none of the registered providers, which are all that a relay takes guests to.
	DeniedNotRegistered,
	/// A guest began too many connections at a time.
	TooFast,
	/// A guest went to too many destinations that it had not been to of late.
	Scan,
	/// It has as many as it may have, or all guests have.
	TooMany,
	/// No memory was left for it.
	NoMemory,
	/// More waited for a connection than there is room for.
	TooManyWaiting,
	/// No more could be sent into the tunnel.
	TunnelFull,
	/// A datagram for a guest was larger than the tunnel carries.
	TooLarge,
	/// The host could not make a socket.
	NoSocket,
}

impl Event {
	/// As what a destination that is denied is counted.
	pub(super) fn denied(why: Denied) -> Self {
		match why {
			Denied::Address => Self::DeniedAddress,
			Denied::Own => Self::DeniedOwn,
			Denied::Port => Self::DeniedPort,
			Denied::Class => Self::DeniedClass,
			Denied::NotRegistered => Self::DeniedNotRegistered,
		}
	}
}

/// How often each happened.
#[derive(Debug, Default)]
pub struct Counters {
	events: [AtomicU64; Event::ALL.len()],
	flows: AtomicU64,
}

impl Counters {
	pub(super) fn count(&self, event: Event) {
		self.add(event, 1);
	}

	pub(super) fn add(&self, event: Event, times: u64) {
		if let Some(counter) = self.events.get(event as usize) {
			counter.fetch_add(times, Ordering::Relaxed);
		}
	}

	/// How often it happened.
	pub fn of(&self, event: Event) -> u64 {
		self.events.get(event as usize).map_or(0, |counter| counter.load(Ordering::Relaxed))
	}

	pub(super) fn set_flows(&self, flows: u64) {
		self.flows.store(flows, Ordering::Relaxed);
	}

	/// Connections of guests that there are.
	pub fn flows(&self) -> u64 {
		self.flows.load(Ordering::Relaxed)
	}

	/// Everything by its name, and how often it happened.
	pub fn rows(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
		Event::ALL.iter().map(move |event| (event.name(), self.of(*event)))
	}
}
