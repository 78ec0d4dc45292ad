//! What can keep the worker from doing what is due, in words that say what to do.

use super::HTTP_DEADLINE_MILLIS;
use polkadot_sdk::*;

use alloc::string::{String, ToString};
use codec::Encode;
use core::fmt;
use sp_core::offchain::HttpError;
use weir_primitives::{
	report::MAX_ENTRIES,
	sidecar::{to_hex, MAX_BODY_BYTES},
	EpochIndex, ProbeKey,
};

/// Characters kept of what a parser says, which may quote the answer.
const QUOTED_CHARS: usize = 200;

/// Why the worker could not do what was due.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trouble {
	/// The keystore holds no seat key.
	NoSeatKey,
	/// No seat has one of the keystore's keys, of which this is the first.
	NoSeat(ProbeKey),
	/// The sidecar cannot be reached, or hung up.
	Unreachable,
	/// It did not answer in time.
	TimedOut,
	/// It answered with this HTTP status.
	Status(u16),
	/// It answered with more than the body may have.
	TooLarge,
	/// Its answer is not what the schema says.
	Malformed(String),
	/// It answered for another epoch.
	WrongEpoch(EpochIndex),
	/// Its report has more entries than a reveal may carry.
	TooManyEntries(usize),
	/// The keystore did not sign.
	NotSigned,
	/// The pool did not take the transaction.
	NotSubmitted,
	/// The pool did not take the transaction, which breaks this rule.
	Refused(&'static str),
}

impl fmt::Display for Trouble {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::NoSeatKey => f.write_str(
				"no wpob key in the keystore, so nothing is measured: insert one with 'weir-node key insert \
				--key-type wpob --scheme sr25519', then takeSeat with it",
			),
			Self::NoSeat(key) => write!(
				f,
				"no seat has the keystore's wpob key {}, so nothing is measured: takeSeat or setSeatKey with it",
				key.using_encoded(to_hex)
			),
			Self::Unreachable => {
				f.write_str("the sidecar cannot be reached: is it running, at --tunnel-url?")
			}
			Self::TimedOut => write!(f, "the sidecar did not answer within {HTTP_DEADLINE_MILLIS} ms"),
			Self::Status(status @ (401 | 403)) => {
				write!(
					f,
					"the sidecar refused the token (HTTP {status}): is it the one in --tunnel-token-file?"
				)
			}
			Self::Status(status) => write!(f, "the sidecar answered HTTP {status}: its log says why"),
			Self::TooLarge => write!(f, "the sidecar's answer exceeds {MAX_BODY_BYTES} bytes"),
			Self::Malformed(reason) => {
				write!(f, "the sidecar's answer is malformed: {reason}; are both programs of one release?")
			}
			Self::WrongEpoch(epoch) => write!(f, "the sidecar answered for epoch {epoch}"),
			Self::TooManyEntries(entries) => {
				write!(f, "the sidecar's report has {entries} entries, {MAX_ENTRIES} fit")
			}
			Self::NotSigned => f.write_str("the keystore did not sign: is the seat key still in it?"),
			Self::NotSubmitted => f.write_str("the pool did not take the transaction"),
			Self::Refused(rule) => write!(f, "the pool did not take the transaction: {rule}"),
		}
	}
}

impl From<HttpError> for Trouble {
	fn from(error: HttpError) -> Self {
		match error {
			HttpError::DeadlineReached => Self::TimedOut,
			HttpError::IoError | HttpError::Invalid => Self::Unreachable,
		}
	}
}

impl From<serde_json::Error> for Trouble {
	fn from(error: serde_json::Error) -> Self {
		Self::Malformed(
			error.to_string().chars().filter(|char| !char.is_control()).take(QUOTED_CHARS).collect(),
		)
	}
}
