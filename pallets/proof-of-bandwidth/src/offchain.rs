//! The off-chain worker of a node with a seat key.
//!
//! Each block it finds the seat whose key is in the keystore and does at most one thing to measure: post new tasks to the
//! local sidecar, fetch a finished report, commit, reveal, or prove what an audit has drawn; and beside it one to
//! [watch](watching). Entries and salt are written to the persistent off-chain
//! database before the commit, so that a restart cannot lose what a commitment binds. Nothing the sidecar does or says
//! can make it panic: trouble is logged with its reason and met again with the next block. A missing key or seat, which
//! only a person can mend, is logged once per epoch.
//!
//! What is exchanged, and why the worker never sees the sidecar's token: `weir_primitives::sidecar`. One sidecar
//! serves one seat: of several seat keys in a keystore the first one with a seat is served.

mod trouble;
pub mod watching;

pub use trouble::Trouble;

use crate::{audits::AUDIT_DELAY, receipts::ReceiptOf, reports::Step, *};
use polkadot_sdk::*;

use alloc::{format, string::String, vec, vec::Vec};
use codec::{Decode, Encode};
use frame_support::{traits::Authorize, BoundedVec};
use frame_system::offchain::{CreateAuthorizedTransaction, SubmitTransaction};
use sp_application_crypto::RuntimeAppPublic;
use sp_core::offchain::{Duration, StorageKind};
use sp_io::hashing::blake2_256;
use sp_runtime::{
	offchain::{
		http,
		storage::StorageValueRef,
		storage_lock::{StorageLock, Time},
	},
	transaction_validity::{InvalidTransaction, TransactionSource, TransactionValidityError},
};
use weir_math::schedule::submit_offset;
use weir_primitives::{
	api::{SeatInfo, Task},
	report::{commit_payload, commitment, entries_root, Entry, MAX_ENTRIES},
	seams::EpochClock,
	sidecar::{
		from_hex, to_hex, ReceiptsResponse, ReportResponse, ReportState, TasksRequest, MAX_BODY_BYTES,
		RECEIPTS_PATH, REPORTS_PATH, TASKS_PATH, URL_KEY,
	},
	EpochIndex, ProbeKey, ProviderIndex, SlotOffset,
};

const LOG_TARGET: &str = "weir::seat";
/// How long the sidecar may take to answer.
const HTTP_DEADLINE_MILLIS: u64 = 1_000;
/// How long one run may hold the lock: two deadlines and some work.
const LOCK_MILLIS: u64 = 4_000;
/// Slots before a submission that has not arrived is repeated.
const RETRY_SLOTS: SlotOffset = 2;
/// Tasks in one request.
const TASKS_PER_REQUEST: usize = 100;

/// Where it is kept of which missing key or seat, and when, the log has told.
const SEATLESS_KEY: &[u8] = b"weir::seatless";
/// What the node's forwarder answers for a sidecar it cannot reach. A sidecar never answers so itself.
const BAD_GATEWAY: u16 = 502;
/// What the forwarder answers for a sidecar that does not answer in time. A sidecar never answers so itself.
const GATEWAY_TIMEOUT: u16 = 504;

/// What the worker remembers between blocks and restarts.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct Notebook {
	/// Running epoch of the notes below.
	pub epoch: EpochIndex,
	/// Tasks the sidecar knows, with their start slots.
	pub posted: Vec<(ProviderIndex, Option<SlotOffset>)>,
	/// Whether the last thing done was to post tasks: reports come next, so that neither starves the other.
	pub posted_last: bool,
	/// The last step sent, and its slot.
	pub submitted_at: Option<(Step, SlotOffset)>,
	/// The report on the epoch before, and its salt.
	pub report: Option<(Vec<Entry>, [u8; 32])>,
	/// The report on the epoch before that, for audits.
	pub earlier: Option<(Vec<Entry>, [u8; 32])>,
	/// Receipts that an audit of it asks for, encoded, once the sidecar has shown them.
	pub receipts: Option<Vec<Vec<u8>>>,
}

impl<T: Config> Pallet<T> {
	/// Measures and watches for the local seat, and logs why if it could not.
	pub(crate) fn serve_seats() {
		let measured = Self::serve_local_seat();
		let watched = Self::watch_for_local_seat();
		// One sidecar has one trouble, mostly.
		let again = watched.as_ref().err().filter(|trouble| measured.as_ref().err() != Some(*trouble));
		for trouble in measured.as_ref().err().into_iter().chain(again) {
			log::warn!(target: LOG_TARGET, "epoch {}: {trouble}", Self::epoch());
		}
	}

	/// The seat whose key is among the keystore's, with that key.
	fn local_seat(keys: Vec<ProbeKey>) -> Option<(ProbeKey, T::AccountId)> {
		keys.into_iter().find_map(|key| SeatOfKey::<T>::get(&key).map(|node| (key, node)))
	}

	/// Does one thing to measure for the local seat, if there is one and something is due. What failed is due again with
	/// the next block.
	pub(crate) fn serve_local_seat() -> Result<(), Trouble> {
		let Some(url) = sidecar_url() else { return Ok(()) };
		let keys = ProbeKey::all();
		let first = keys.first().cloned();
		let Some((key, node)) = Self::local_seat(keys) else {
			return Self::tell_seatless(url, first.as_ref());
		};
		let lock_key = [b"weir::seat-lock::", node.encode().as_slice()].concat();
		let mut lock = StorageLock::<Time>::with_deadline(&lock_key, Duration::from_millis(LOCK_MILLIS));
		// Workers of two blocks may overlap: the first one does the work.
		let Ok(_guard) = lock.try_lock() else { return Ok(()) };
		let notes_key = [b"weir::seat::", node.encode().as_slice()].concat();
		let storage = StorageValueRef::persistent(&notes_key);
		let stored = storage.get::<Notebook>().ok().flatten().unwrap_or_default();
		let mut notes = stored.clone();
		let outcome = Self::serve_seat(&url, &key, &node, &mut notes);
		if notes != stored {
			storage.set(&notes);
		}
		outcome
	}

	/// Why there is no seat to serve: once per epoch, and again when the key has changed or, which gives the forwarder
	/// another address, the node was restarted.
	fn tell_seatless(url: String, key: Option<&ProbeKey>) -> Result<(), Trouble> {
		let telling = (Self::epoch(), key.cloned(), url);
		let storage = StorageValueRef::persistent(SEATLESS_KEY);
		if storage.get().ok().flatten().as_ref() == Some(&telling) {
			return Ok(());
		}
		storage.set(&telling);
		Err(key.cloned().map_or(Trouble::NoSeatKey, Trouble::NoSeat))
	}

	fn serve_seat(
		url: &str,
		key: &ProbeKey,
		node: &T::AccountId,
		notes: &mut Notebook,
	) -> Result<(), Trouble> {
		let now = Self::epoch();
		// Another branch has become the best one, and begins this epoch anew: there, too, an audit may ask for what the notes
		// hold. Notes from further ahead are of no branch, and would silence the seat for as long.
		if notes.epoch.checked_sub(1) == Some(now) {
			return Ok(());
		}
		if notes.epoch != now {
			let earlier = notes.report.take().filter(|_| notes.epoch.checked_add(1) == Some(now));
			*notes = Notebook { epoch: now, earlier, ..Default::default() };
		}
		if notes.posted_last && Self::report_step(url, key, node, notes)? {
			notes.posted_last = false;
			return Ok(());
		}
		if Self::post_tasks(url, node, notes)? {
			notes.posted_last = true;
			return Ok(());
		}
		notes.posted_last = false;
		if !Self::report_step(url, key, node, notes)? {
			Self::audit_step(url, node, notes)?;
		}
		Ok(())
	}

	/// Posts tasks the sidecar does not know yet. False if there are none.
	fn post_tasks(url: &str, node: &T::AccountId, notes: &mut Notebook) -> Result<bool, Trouble> {
		let (mut fresh, known): (Vec<_>, Vec<_>) = Self::tasks(node)
			.into_iter()
			.partition(|task| !notes.posted.contains(&(task.provider, task.start_slot)));
		if fresh.is_empty() {
			return Ok(false);
		}
		let Some(seat) = Self::seat(node) else { return Ok(false) };
		// Known ones fill up the request, so that a sidecar that was restarted learns of them again.
		fresh.extend(known);
		fresh.truncate(TASKS_PER_REQUEST);
		let body = loop {
			let body = Self::encode_tasks(node, &seat, &fresh)?;
			if body.len() <= MAX_BODY_BYTES || fresh.len() < 2 {
				break body;
			}
			fresh.truncate(fresh.len() / 2);
		};
		call(http::Request::post(&format!("{url}{TASKS_PATH}"), vec![body]))?;
		for task in fresh {
			notes.posted.retain(|(provider, _)| *provider != task.provider);
			notes.posted.push((task.provider, task.start_slot));
		}
		Ok(true)
	}

	fn encode_tasks(
		node: &T::AccountId,
		seat: &SeatInfo<T::AccountId>,
		tasks: &[Task<T::AccountId>],
	) -> Result<Vec<u8>, Trouble> {
		let (epoch, _, epoch_first_slot) = Self::clock();
		let request = TasksRequest {
			genesis: to_hex(Self::genesis_hash().as_bytes()),
			epoch,
			slot_millis: Self::timing().slot_millis,
			epoch_first_slot,
			node: node.using_encoded(to_hex),
			seat: with_hex_node(seat),
			tasks: tasks.iter().map(with_hex_account).collect(),
		};
		Ok(serde_json::to_vec(&request)?)
	}

	/// Takes the report on the epoch before one step further. False if nothing is due.
	fn report_step(
		url: &str,
		key: &ProbeKey,
		node: &T::AccountId,
		notes: &mut Notebook,
	) -> Result<bool, Trouble> {
		let Some(epoch) = notes.epoch.checked_sub(1).filter(|epoch| *epoch >= FIRST_TESTED_EPOCH) else {
			return Ok(false);
		};
		if !Self::is_on_duty(epoch, node) {
			return Ok(false);
		}
		match (Self::report_state(epoch, node), notes.report.is_some()) {
			((_, true), _) | ((true, false), false) => Ok(false),
			((true, false), true) => Self::submit(Step::Reveal, epoch, key, node, notes),
			((false, false), true) => Self::submit(Step::Commit, epoch, key, node, notes),
			((false, false), false) if Self::slot_in_epoch() < Self::timing().commit_until => {
				Self::fetch_report(url, epoch, notes)
			}
			_ => Ok(false),
		}
	}

	fn fetch_report(url: &str, epoch: EpochIndex, notes: &mut Notebook) -> Result<bool, Trouble> {
		let body = call(http::Request::get(&format!("{url}{REPORTS_PATH}/{epoch}")))?;
		let response: ReportResponse = serde_json::from_slice(&body)?;
		if response.epoch != epoch {
			return Err(Trouble::WrongEpoch(response.epoch));
		}
		if response.state == ReportState::Pending {
			return Ok(true);
		}
		if response.entries.len() > MAX_ENTRIES as usize {
			return Err(Trouble::TooManyEntries(response.entries.len()));
		}
		notes.report = Some((response.entries, sp_io::offchain::random_seed()));
		Ok(true)
	}

	/// Takes the answer to an audit one step further: fetches the receipts, then hands them in.
	fn audit_step(url: &str, node: &T::AccountId, notes: &mut Notebook) -> Result<(), Trouble> {
		let Some(epoch) = notes.epoch.checked_sub(AUDIT_DELAY) else { return Ok(()) };
		let Some((entries, salt)) = &notes.earlier else { return Ok(()) };
		if !Self::is_submission_due(Step::Audit, epoch, node, notes) {
			return Ok(());
		}
		let drawn = Self::audited(epoch, node);
		if drawn.is_empty() {
			return Ok(());
		}
		let Some(receipts) = &notes.receipts else {
			let prefixes = drawn
				.iter()
				.filter_map(|position| entries.get(*position as usize))
				.filter(|entry| entry.receipt != [0; 5])
				.map(|entry| String::from(to_hex(&entry.receipt).trim_start_matches("0x")))
				.collect::<Vec<_>>();
			notes.receipts = Some(Self::fetch_receipts(url, epoch, &prefixes)?);
			return Ok(());
		};
		let receipts: Vec<ReceiptOf<T>> = receipts
			.iter()
			.map(|bytes| Decode::decode(&mut &bytes[..]))
			.collect::<Result<_, _>>()
			.map_err(|_| Trouble::Malformed(String::from("not a receipt")))?;
		let call = Call::<T>::answer_audit {
			epoch,
			node: node.clone(),
			entries: BoundedVec::try_from(entries.clone())
				.map_err(|entries: Vec<Entry>| Trouble::TooManyEntries(entries.len()))?,
			salt: *salt,
			receipts: BoundedVec::try_from(receipts)
				.map_err(|receipts: Vec<ReceiptOf<T>>| Trouble::TooManyEntries(receipts.len()))?,
		};
		Self::hand_in(Step::Audit, epoch, call, notes)
	}

	fn fetch_receipts(url: &str, epoch: EpochIndex, prefixes: &[String]) -> Result<Vec<Vec<u8>>, Trouble> {
		if prefixes.is_empty() {
			return Ok(Vec::new());
		}
		let path = format!("{url}{RECEIPTS_PATH}/{epoch}/{}", prefixes.join(","));
		let response: ReceiptsResponse = serde_json::from_slice(&call(http::Request::get(&path))?)?;
		if response.epoch != epoch {
			return Err(Trouble::WrongEpoch(response.epoch));
		}
		if response.receipts.len() != prefixes.len() {
			return Err(Trouble::Malformed(format!("{} receipts", response.receipts.len())));
		}
		let bytes = response.receipts.iter().map(|hex| from_hex(hex)).collect::<Option<_>>();
		bytes.ok_or_else(|| Trouble::Malformed(String::from("not hex")))
	}

	/// Whether the node's own slot in the window has come, and the last attempt is some slots ago.
	fn is_submission_due(step: Step, epoch: EpochIndex, node: &T::AccountId, notes: &Notebook) -> bool {
		let slot = Self::slot_in_epoch();
		let window = Self::window_of(step);
		let offset = submit_offset(window, &(node, epoch).using_encoded(blake2_256));
		let waits = notes
			.submitted_at
			.is_some_and(|(what, sent)| what == step && slot < sent.saturating_add(RETRY_SLOTS));
		slot >= offset && slot < window.1 && !waits
	}

	fn hand_in(step: Step, epoch: EpochIndex, call: Call<T>, notes: &mut Notebook) -> Result<(), Trouble> {
		let transaction =
			<T as CreateAuthorizedTransaction<Call<T>>>::create_authorized_transaction(call.clone().into());
		SubmitTransaction::<T, Call<T>>::submit_transaction(transaction)
			.map_err(|()| Self::why_not_submitted(&call))?;
		notes.submitted_at = Some((step, Self::slot_in_epoch()));
		log::info!(target: LOG_TARGET, "epoch {epoch}: {step:?} submitted");
		Ok(())
	}

	pub(crate) fn submit(
		step: Step,
		epoch: EpochIndex,
		key: &ProbeKey,
		node: &T::AccountId,
		notes: &mut Notebook,
	) -> Result<bool, Trouble> {
		if !Self::is_submission_due(step, epoch, node, notes) {
			return Ok(false);
		}
		let Some((entries, salt)) = &notes.report else { return Ok(false) };
		let call = match step {
			Step::Commit => {
				let genesis = Self::genesis_hash();
				let hash = commitment(&genesis, epoch, node, &entries_root(entries), salt);
				let signature =
					key.sign(&commit_payload(&genesis, epoch, node, &hash)).ok_or(Trouble::NotSigned)?;
				Call::<T>::commit { epoch, node: node.clone(), commitment: hash, signature }
			}
			// A report is audited when it is no longer the last one.
			Step::Audit => return Ok(false),
			Step::Reveal => {
				let entries = BoundedVec::try_from(entries.clone())
					.map_err(|entries: Vec<Entry>| Trouble::TooManyEntries(entries.len()))?;
				Call::<T>::reveal { epoch, node: node.clone(), entries, salt: *salt }
			}
		};
		Self::hand_in(step, epoch, call, notes)?;
		Ok(true)
	}
}

impl<T: Config> Pallet<T> {
	/// Why the pool may not have taken a call, which it does not tell itself.
	pub(crate) fn why_not_submitted(call: &Call<T>) -> Trouble {
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

/// The sidecar's address as the node stored it.
fn sidecar_url() -> Option<String> {
	let bytes = sp_io::offchain::local_storage_get(StorageKind::PERSISTENT, URL_KEY)?;
	String::from_utf8(bytes).ok().filter(|url| url.starts_with("http://"))
}

fn with_hex_node<AccountId: Encode>(seat: &SeatInfo<AccountId>) -> SeatInfo<String> {
	SeatInfo {
		account: seat.account.using_encoded(to_hex),
		key: seat.key.clone(),
		endpoint: seat.endpoint,
		uplink_kbps: seat.uplink_kbps,
		country: seat.country,
		from_epoch: seat.from_epoch,
		score_ppm: seat.score_ppm,
	}
}

fn with_hex_account<AccountId: Encode>(task: &Task<AccountId>) -> Task<String> {
	Task {
		provider: task.provider,
		account: task.account.using_encoded(to_hex),
		endpoint: task.endpoint,
		peer_id: task.peer_id.clone(),
		probe_key: task.probe_key.clone(),
		claim: task.claim,
		kind: task.kind,
		ordinal: task.ordinal,
		members: task.members,
		quota_down_kbps: task.quota_down_kbps,
		quota_up_kbps: task.quota_up_kbps,
		window_millis: task.window_millis,
		start_slot: task.start_slot,
	}
}

/// Sends a request and returns the body of a 2xx answer.
fn call<B, I>(request: http::Request<'_, B>) -> Result<Vec<u8>, Trouble>
where
	B: Default + IntoIterator<Item = I>,
	I: AsRef<[u8]>,
{
	let deadline = sp_io::offchain::timestamp().add(Duration::from_millis(HTTP_DEADLINE_MILLIS));
	let pending = request.add_header("content-type", "application/json").deadline(deadline).send()?;
	let response =
		pending.try_wait(deadline).map_err(|_| Trouble::TimedOut)?.map_err(|_| Trouble::Unreachable)?;
	match response.code {
		200..300 => {}
		BAD_GATEWAY => return Err(Trouble::Unreachable),
		GATEWAY_TIMEOUT => return Err(Trouble::TimedOut),
		code => return Err(Trouble::Status(code)),
	}
	let mut bytes = response.body();
	bytes.deadline(deadline);
	let body: Vec<u8> = bytes.by_ref().take(MAX_BODY_BYTES.saturating_add(1)).collect();
	if body.len() > MAX_BODY_BYTES {
		return Err(Trouble::TooLarge);
	}
	match bytes.error() {
		None => Ok(body),
		Some(error) => Err((*error).into()),
	}
}
