//! What the control plane refuses, counted by the rule that was broken.

use super::shares::Denied;
use crate::metrics::Counter;
use libp2p::swarm::{ConnectionDenied, ListenError};
use std::io::{self, ErrorKind};
use weir_tunnel_core::wire::Refusal;

/// A rule of the control plane.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rule {
	/// The request was answered with this refusal.
	Answered(Refusal),
	/// A frame is no longer than a message may be.
	Oversized,
	/// A stream does not end inside a frame.
	Truncated,
	/// An address prefix asks no more often than its share.
	TooManyRequests,
	/// No more requests than this wait for an answer.
	TooManyWaiting,
	/// No more connections than this in all.
	TooManyConnections,
	/// And no more of one address prefix.
	TooManyOfPrefix,
	/// A connection comes from an IP address.
	NoAddress,
	/// All connections of a peer come from one address.
	OtherAddress,
	/// An answer is of a version and a kind that are known, and nothing follows it.
	MalformedAnswer,
	/// An answer says who gives it, and is of the question.
	ForgedAnswer,
}

impl Rule {
	const UNANSWERED: [Self; 10] = [
		Self::Oversized,
		Self::Truncated,
		Self::TooManyRequests,
		Self::TooManyWaiting,
		Self::TooManyConnections,
		Self::TooManyOfPrefix,
		Self::NoAddress,
		Self::OtherAddress,
		Self::MalformedAnswer,
		Self::ForgedAnswer,
	];

	fn name(self) -> String {
		match self {
			Self::Answered(refusal) => format!("{refusal:?}"),
			rule => format!("{rule:?}"),
		}
	}

	/// The rule behind a frame that was not read; none if its connection failed.
	pub(super) fn of_read(error: &io::Error) -> Option<Self> {
		match error.kind() {
			ErrorKind::InvalidData => Some(Self::Oversized),
			ErrorKind::UnexpectedEof => Some(Self::Truncated),
			_ => None,
		}
	}

	/// The rule behind a connection that was not taken; none if it failed otherwise.
	pub(super) fn of_connection(error: &ListenError) -> Option<Self> {
		let ListenError::Denied { cause } = error else { return None };
		ConnectionDenied::downcast_ref::<Denied>(cause).map(|denied| match denied {
			Denied::Full => Self::TooManyConnections,
			Denied::FullPrefix => Self::TooManyOfPrefix,
			Denied::NoAddress => Self::NoAddress,
			Denied::OtherAddress => Self::OtherAddress,
		})
	}
}

/// How often each rule was broken.
#[derive(Debug)]
pub struct Refused(Vec<(Rule, Counter)>);

impl Default for Refused {
	fn default() -> Self {
		let rules = Refusal::all().map(Rule::Answered).chain(Rule::UNANSWERED);
		Self(rules.map(|rule| (rule, Counter::default())).collect())
	}
}

impl Refused {
	/// Counts a request, an answer or a connection that was refused by `rule`.
	pub(super) fn count(&self, rule: Rule) {
		if let Some((_, counter)) = self.0.iter().find(|(known, _)| *known == rule) {
			counter.inc();
		}
	}

	/// Every rule by its name, and how often it was broken.
	pub fn rows(&self) -> impl Iterator<Item = (String, u64)> + '_ {
		self.0.iter().map(|(rule, counter)| (rule.name(), counter.get()))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::collections::BTreeSet;

	#[test]
	fn every_rule_should_have_a_row_of_its_own() {
		let refused = Refused::default();
		let rules: Vec<Rule> = refused.0.iter().map(|(rule, _)| *rule).collect();
		for rule in &rules {
			refused.count(*rule);
		}
		let rows: Vec<_> = refused.rows().collect();
		assert!(rows.iter().all(|(_, count)| *count == 1), "{rows:?}");
		let names: BTreeSet<_> = rows.iter().map(|(name, _)| name.clone()).collect();
		assert_eq!((names.len(), rows.len()), (rules.len(), rules.len()));
		for name in
			["UnknownVersion", "Malformed", "ForeignGenesis", "WrongRole", "Oversized", "TooManyRequests"]
		{
			assert!(names.contains(name), "{name}");
		}
	}
}
