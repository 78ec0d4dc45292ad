//! What an exit did and dropped, counted without saying for whom or where to.

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
	/// It was neither TCP nor UDP nor a ping to the gateway.
	OtherProtocol,
	/// A segment belonged to no connection.
	NoFlow,
	/// The policy denied a destination.
	Denied,
	/// A guest began too many connections at a time.
	TooFast,
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

/// How often each happened.
#[derive(Debug, Default)]
pub struct Counters([AtomicU64; Event::ALL.len()]);

impl Counters {
	pub(super) fn count(&self, event: Event) {
		if let Some(counter) = self.0.get(event as usize) {
			counter.fetch_add(1, Ordering::Relaxed);
		}
	}

	/// How often it happened.
	pub fn of(&self, event: Event) -> u64 {
		self.0.get(event as usize).map_or(0, |counter| counter.load(Ordering::Relaxed))
	}

	/// Everything by its name, and how often it happened.
	pub fn rows(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
		Event::ALL.iter().map(move |event| (event.name(), self.of(*event)))
	}
}
