//! The off-chain worker of a node with a reporter's key.
//!
//! Once a round it asks all sources of the price that the node was given, drops what is far from the others, and reports the
//! median of the rest. It does so some blocks into the round, each reporter at a time of its own, so that the newest of their
//! prices is never much older than a round. A majority of the sources has to agree, two at least; otherwise it says nothing
//! and logs which source failed and why, because silence costs a reporter less than a lie. What failed is tried again two
//! blocks later, and a report that has not arrived is sent again, as long as the round lasts. A node with the keys of several
//! reporters, as on a network of one machine, reports for each of them.
//!
//! Where sources are kept: `weir_primitives::price`. Answers are JSON of at most 64 kB and have to be whole within three
//! seconds, all together. Redirections are not followed: where an answer comes from is what the operator chose.

mod trouble;

pub use trouble::{Fault, Trouble};

use crate::*;

use alloc::{string::String, vec::Vec};
use codec::{Decode, Encode};
use frame_support::traits::{Authorize, Get};
use frame_system::offchain::{CreateAuthorizedTransaction, SubmitTransaction};
use sp_application_crypto::RuntimeAppPublic;
use sp_core::offchain::{Duration, StorageKind, Timestamp};
use sp_io::hashing::blake2_256;
use sp_runtime::{
	offchain::{
		http,
		storage::StorageValueRef,
		storage_lock::{StorageLock, Time},
	},
	transaction_validity::{InvalidTransaction, TransactionSource, TransactionValidityError},
};
use weir_math::economy::{decimal::parse_price, price::agreed};
use weir_primitives::{
	economy::{Price, Round},
	price::{report_payload, PriceSource, ReporterKey, LEAST_SOURCES, MOST_SOURCES, PRICE_SOURCES_KEY},
	seams::EpochClock,
	EpochIndex,
};

const LOG_TARGET: &str = "weir::price";
/// How long all sources together may take.
pub const HTTP_DEADLINE_MILLIS: u64 = 3_000;
/// How long one run may hold the lock: the deadline and some work.
const LOCK_MILLIS: u64 = 5_000;
/// Bytes an answer may have.
pub const MAX_ANSWER_BYTES: usize = 65_536;
/// Blocks before a failed look-up, or a report that has not arrived, is repeated.
const RETRY_BLOCKS: u32 = 2;
/// What one worker at a time holds.
const LOCK_KEY: &[u8] = b"weir::price-lock";
/// Where it is kept of which keys without a reporter, and when, the log has told.
const KEYLESS_KEY: &[u8] = b"weir::price-keyless";

/// What the worker remembers between blocks and restarts: the last attempt's round and block.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct Attempt {
	/// The round it was for.
	pub round: Round,
	/// The block after which it was made.
	pub block: u32,
}

impl<T: Config> Pallet<T> {
	/// Reports for the local reporters, and logs why if it could not.
	pub(crate) fn serve_reporters() {
		if let Err(trouble) = Self::serve_local_reporters() {
			log::warn!(target: LOG_TARGET, "block {}: {trouble}", Self::block());
		}
	}

	/// Reports the price for each local reporter whose time in the round has come. Returns what was reported, if it was.
	pub(crate) fn serve_local_reporters() -> Result<Option<Price>, Trouble> {
		let keys = ReporterKey::all();
		if keys.is_empty() {
			return Ok(None);
		}
		let with_reporter = |key: &ReporterKey| ReporterOfKey::<T>::get(key).map(|who| (key.clone(), who));
		let local: Vec<_> = keys.iter().filter_map(with_reporter).collect();
		if local.is_empty() {
			return Self::tell_keyless(keys);
		}
		// What is sent now comes with the next block at the earliest.
		let next = Self::block().saturating_add(1);
		let round = Self::round_of(next);
		let due: Vec<_> =
			local.into_iter().filter(|(_, who)| Self::is_report_due(who, round, next)).collect();
		if due.is_empty() {
			return Ok(None);
		}
		let mut lock = StorageLock::<Time>::with_deadline(LOCK_KEY, Duration::from_millis(LOCK_MILLIS));
		// Workers of two blocks may overlap: the first one does the work.
		let Ok(_guard) = lock.try_lock() else { return Ok(None) };
		for (_, who) in &due {
			StorageValueRef::persistent(&attempt_key(who)).set(&Attempt { round, block: next });
		}
		let price = look_up(&sources()?)?;
		// One that fails is not in the way of the others.
		due.into_iter().map(|(key, who)| Self::hand_in(round, price, &key, who)).fold(Ok(()), Result::and)?;
		log::info!(target: LOG_TARGET, "round {round}: reported {} dollars", trouble::Dollars(price));
		Ok(Some(price))
	}

	/// Whether a report of `who` may be sent that comes with block `next` of `round`.
	pub(crate) fn is_report_due(who: &T::AccountId, round: Round, next: u32) -> bool {
		let length = T::Pace::get().round_blocks;
		let passed = next.checked_rem(length).unwrap_or(0);
		if passed < report_offset(who, round, length) || Self::reported_in(who) == Some(round) {
			return false;
		}
		let last = StorageValueRef::persistent(&attempt_key(who)).get::<Attempt>().ok().flatten();
		!last.is_some_and(|last| last.round == round && next < last.block.saturating_add(RETRY_BLOCKS))
	}

	/// Why nothing is reported: once per epoch, and again when the keys have changed.
	fn tell_keyless(keys: Vec<ReporterKey>) -> Result<Option<Price>, Trouble> {
		let telling: (EpochIndex, _) = (T::Clock::epoch(), keys);
		let storage = StorageValueRef::persistent(KEYLESS_KEY);
		if storage.get().ok().flatten().as_ref() == Some(&telling) {
			return Ok(None);
		}
		storage.set(&telling);
		telling.1.into_iter().next().map_or(Ok(None), |key| Err(Trouble::NoReporter(key)))
	}

	fn hand_in(round: Round, price: Price, key: &ReporterKey, who: T::AccountId) -> Result<(), Trouble> {
		let payload = report_payload(&Self::genesis_hash(), round, &who, price);
		let signature = key.sign(&payload).ok_or(Trouble::NotSigned)?;
		let call = Call::<T>::report { round, price, who, signature };
		let transaction =
			<T as CreateAuthorizedTransaction<Call<T>>>::create_authorized_transaction(call.clone().into());
		SubmitTransaction::<T, Call<T>>::submit_transaction(transaction)
			.map_err(|()| Self::why_not_submitted(&call))
	}

	/// Why the pool may not have taken a call, which it does not tell itself.
	fn why_not_submitted(call: &Call<T>) -> Trouble {
		match call.authorize(TransactionSource::Local) {
			Some(Err(TransactionValidityError::Invalid(InvalidTransaction::Custom(code)))) => {
				Error::<T>::decode(&mut &[code][..])
					.map_or(Trouble::NotSubmitted, |rule| Trouble::Refused(rule.into()))
			}
			Some(Err(TransactionValidityError::Invalid(other))) => Trouble::Refused(other.into()),
			_ => Trouble::NotSubmitted,
		}
	}
}

/// Where the last attempt for a reporter is kept.
fn attempt_key<AccountId: Encode>(who: &AccountId) -> Vec<u8> {
	[b"weir::price::", who.encode().as_slice()].concat()
}

/// Blocks into a round of `length` after which `who` reports: anywhere in its first three quarters, so that a quarter is left
/// for attempts to arrive.
fn report_offset<AccountId: Encode>(who: &AccountId, round: Round, length: u32) -> u32 {
	let draw = (who, round).using_encoded(blake2_256);
	let draw = draw.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
	let span = length.saturating_mul(3).checked_div(4).unwrap_or(0).max(1);
	draw.checked_rem(span).unwrap_or(0)
}

/// The sources as the node stored them.
fn sources() -> Result<Vec<PriceSource>, Trouble> {
	let bytes = sp_io::offchain::local_storage_get(StorageKind::PERSISTENT, PRICE_SOURCES_KEY)
		.ok_or(Trouble::NoSources)?;
	let sources = Vec::<PriceSource>::decode(&mut &bytes[..]).map_err(|_| Trouble::NoSources)?;
	if !(LEAST_SOURCES..=MOST_SOURCES).contains(&sources.len()) {
		return Err(Trouble::WrongSourceCount(sources.len()));
	}
	Ok(sources)
}

/// Asks all sources at once, and makes one price of their answers.
fn look_up(sources: &[PriceSource]) -> Result<Price, Trouble> {
	let deadline = sp_io::offchain::timestamp().add(Duration::from_millis(HTTP_DEADLINE_MILLIS));
	let started: Vec<_> = sources.iter().map(|source| start(source, deadline)).collect();
	let answers: Vec<_> = started
		.into_iter()
		.zip(sources)
		.map(|(request, source)| request.and_then(|request| finish(request, source, deadline)))
		.collect();
	let mut prices: Vec<Price> = answers.iter().flatten().copied().collect();
	let price = agreed(&mut prices, sources.len());
	let named = sources.iter().map(name).zip(answers);
	let Some(price) = price else { return Err(Trouble::Sources(named.collect())) };
	for (source, answer) in named {
		if let Err(fault) = answer {
			log::warn!(target: LOG_TARGET, "a source of the price failed, the others agree: {source}: {fault}");
		}
	}
	Ok(price)
}

/// A source as the log names it: without what may be a secret of the operator.
fn name(source: &PriceSource) -> String {
	let url = source.url.split(|byte| matches!(byte, b'?' | b'#')).next().unwrap_or_default();
	String::from_utf8_lossy(url).into_owned()
}

fn start(source: &PriceSource, deadline: Timestamp) -> Result<http::PendingRequest, Fault> {
	source.check().map_err(Fault::BadSource)?;
	let url = core::str::from_utf8(&source.url).map_err(|_| Fault::Unreachable)?;
	Ok(http::Request::get(url).add_header("accept", "application/json").deadline(deadline).send()?)
}

fn finish(request: http::PendingRequest, source: &PriceSource, deadline: Timestamp) -> Result<Price, Fault> {
	let response =
		request.try_wait(deadline).map_err(|_| Fault::TimedOut)?.map_err(|_| Fault::Unreachable)?;
	// Not even other successes: what they hold is not what was asked for.
	if response.code != 200 {
		return Err(Fault::Status(response.code));
	}
	let mut bytes = response.body();
	bytes.deadline(deadline);
	let body: Vec<u8> = bytes.by_ref().take(MAX_ANSWER_BYTES.saturating_add(1)).collect();
	if body.len() > MAX_ANSWER_BYTES {
		return Err(Fault::TooLarge);
	}
	if let Some(error) = bytes.error() {
		return Err((*error).into());
	}
	let text = json::find(&body, &source.pointer).map_err(Fault::Json)?;
	parse_price(text).map_err(Fault::NotAPrice)
}
