//! Datagrams and finals that are dropped, counted by the rule they broke.
//!
//! Nothing else is said of a single one: what comes out of a tunnel must not fill a log. Late and repeated ones are counted
//! as well, which a line brings without anybody's fault.

use std::sync::atomic::{AtomicU64, Ordering};

/// Defines [`Rule`], so that no rule is without a name and a counter.
macro_rules! rules {
	($($(#[$doc:meta])* $rule:ident,)*) => {
		/// A rule of what comes out of the tunnel.
		#[derive(Clone, Copy, PartialEq, Eq, Debug)]
		pub enum Rule {
			$($(#[$doc])* $rule,)*
		}

		impl Rule {
			/// Every rule, in the order of their numbers.
			pub const ALL: &'static [Self] = &[$(Self::$rule,)*];

			/// Its name in metrics, which does not change.
			pub const fn name(self) -> &'static str {
				match self {
					$(Self::$rule => stringify!($rule),)*
				}
			}
		}
	};
}

rules! {
	/// It is one of the kinds of [`crate::wire::data`], of this version, neither shorter nor longer.
	Malformed,
	/// An inner packet is UDP over IPv4 on the tunnel's port.
	NotADatagram,
	/// No more wait to be read than there is room for.
	TooManyWaiting,
	/// A WireGuard packet comes from a port other than 0: to that one, nothing can be sent back.
	NoPort,
	/// WireGuard packets for an attestor come from the target's registered address.
	ForeignEndpoint,
	/// It comes from the inner address of its session.
	ForeignSource,
	/// It belongs to an open session; those of other chains, epochs and tests do not.
	UnknownSession,
	/// It is of a kind that the other side sends.
	WrongKind,
	/// An offer comes before loads and countersignatures.
	NotOffered,
	/// It comes in the step or phase of the test that it is for.
	WrongTime,
	/// A session that stopped for want of countersignatures, or is over, takes no loads.
	Stopped,
	/// No more arrives than was offered.
	OverQuota,
	/// A payload's number is one that may be sent, and its receipt has room for it.
	OutOfRange,
	/// A payload's number counts once.
	Replayed,
	/// A countersignature is newer than the last one.
	StaleCountersignature,
	/// It is for a receipt that was sent.
	UnknownReceipt,
	/// It is signed with the member's key.
	BadSignature,
	/// A greeting or ping is answered with what it said.
	BadNonce,
	/// A receipt names what was sent, and its digest is that of the payloads.
	BadReceipt,
	/// An echo is the payload, re-keyed.
	BadEcho,
	/// A target signs what was counted, with its registered key.
	BadFinal,
	/// It is a message of WireGuard, or one that is scrambled under this line's key.
	NotWireGuard,
}

/// How often each rule was broken.
#[derive(Debug, Default)]
pub struct Dropped([AtomicU64; Rule::ALL.len()]);

impl Dropped {
	/// Counts a datagram that broke `rule`.
	pub fn count(&self, rule: Rule) {
		if let Some(counter) = self.0.get(rule as usize) {
			counter.fetch_add(1, Ordering::Relaxed);
		}
	}

	/// How often `rule` was broken.
	pub fn of(&self, rule: Rule) -> u64 {
		self.0.get(rule as usize).map_or(0, |counter| counter.load(Ordering::Relaxed))
	}

	/// Every rule by its name, and how often it was broken.
	pub fn rows(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
		Rule::ALL.iter().map(move |rule| (rule.name(), self.of(*rule)))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::collections::BTreeSet;

	#[test]
	fn every_rule_should_have_a_row_of_its_own() {
		let dropped = Dropped::default();
		for rule in Rule::ALL {
			dropped.count(*rule);
			assert_eq!(dropped.of(*rule), 1);
		}
		assert!(dropped.rows().all(|(_, count)| count == 1));
		let names: BTreeSet<_> = dropped.rows().map(|(name, _)| name).collect();
		assert_eq!(names.len(), Rule::ALL.len());
		assert!(names.contains("OverQuota"));
	}
}
