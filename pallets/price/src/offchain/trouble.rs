//! What can keep the worker from reporting, in words that say what to do.

use super::{HTTP_DEADLINE_MILLIS, MAX_ANSWER_BYTES};
use crate::json::JsonError;
use polkadot_sdk::*;

use alloc::{string::String, vec::Vec};
use codec::Encode;
use core::fmt;
use sp_core::offchain::HttpError;
use weir_math::economy::{decimal::DecimalError, units::PRICE_ONE};
use weir_primitives::{
	economy::Price,
	price::{BadSource, ReporterKey, LEAST_SOURCES, MOST_SOURCES},
	sidecar::to_hex,
};

/// Why a source has no answer that counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
	/// It cannot be asked.
	BadSource(BadSource),
	/// It cannot be reached, or hung up.
	Unreachable,
	/// It did not answer in time.
	TimedOut,
	/// It answered with this HTTP status. Redirections are not followed.
	Status(u16),
	/// It answered with more than an answer may have.
	TooLarge,
	/// Its answer is no JSON, or has no number there.
	Json(JsonError),
	/// What it has there is no price.
	NotAPrice(DecimalError),
}

/// Why the worker could not report.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trouble {
	/// No reporter has one of the keystore's keys, of which this is the first.
	NoReporter(ReporterKey),
	/// The node was given no sources.
	NoSources,
	/// The node was given too few or too many sources.
	WrongSourceCount(usize),
	/// Too few sources answered, or agree. Each with what it said.
	Sources(Vec<(String, Result<Price, Fault>)>),
	/// The keystore did not sign.
	NotSigned,
	/// The pool did not take the transaction.
	NotSubmitted,
	/// The pool did not take the transaction, which breaks this rule.
	Refused(&'static str),
}

/// A price as a person reads it.
pub(crate) struct Dollars(pub(crate) Price);

impl fmt::Display for Dollars {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let whole = self.0.checked_div(PRICE_ONE).unwrap_or(0);
		// Nine decimals: the lowest price that counts is one of the last.
		let rest = self.0.checked_rem(PRICE_ONE).unwrap_or(0).checked_div(1_000_000_000).unwrap_or(0);
		write!(f, "{whole}.{rest:09}")
	}
}

impl fmt::Display for Fault {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::BadSource(reason) => reason.fmt(f),
			Self::Unreachable => f.write_str("cannot be reached, or hung up"),
			Self::TimedOut => write!(f, "did not answer within {HTTP_DEADLINE_MILLIS} ms"),
			Self::Status(status @ 300..=399) => {
				write!(f, "answered HTTP {status}: redirections are not followed, give the final address")
			}
			Self::Status(status) => write!(f, "answered HTTP {status}"),
			Self::TooLarge => write!(f, "answered with more than {MAX_ANSWER_BYTES} bytes"),
			Self::Json(error) => error.fmt(f),
			Self::NotAPrice(error) => error.fmt(f),
		}
	}
}

impl fmt::Display for Trouble {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::NoReporter(key) => write!(
				f,
				"no reporter has the keystore's wrep key {}, so no price is reported: join or setKey with it",
				key.using_encoded(to_hex)
			),
			Self::NoSources => {
				f.write_str("no sources of the price, so nothing is reported: give the node at least three")
			}
			Self::WrongSourceCount(count) => write!(
				f,
				"{count} sources of the price, so nothing is reported: between {LEAST_SOURCES} and \
				{MOST_SOURCES} are needed"
			),
			Self::Sources(answers) => {
				f.write_str("too few sources of the price agree, so nothing is reported:")?;
				for (number, (url, answer)) in answers.iter().enumerate() {
					f.write_str(if number == 0 { " " } else { "; " })?;
					match answer {
						Ok(price) => write!(f, "{url}: {} dollars", Dollars(*price))?,
						Err(fault) => write!(f, "{url}: {fault}")?,
					}
				}
				Ok(())
			}
			Self::NotSigned => f.write_str("the keystore did not sign: is the reporter's key still in it?"),
			Self::NotSubmitted => f.write_str("the pool did not take the transaction"),
			Self::Refused(rule) => write!(f, "the pool did not take the transaction: {rule}"),
		}
	}
}

impl From<HttpError> for Fault {
	fn from(error: HttpError) -> Self {
		match error {
			HttpError::DeadlineReached => Self::TimedOut,
			HttpError::IoError | HttpError::Invalid => Self::Unreachable,
		}
	}
}
