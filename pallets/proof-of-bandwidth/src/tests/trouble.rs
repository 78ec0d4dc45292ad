//! The off-chain worker against a sidecar that fails in every way one can. The SDK's double always answers 200.

use super::{offchain::audited_report, *};
use crate::offchain::{watching::Watchbook, Notebook, Trouble};
use codec::{Decode, Encode};
use sp_core::offchain::{
	testing::{TestOffchainExt, TestPersistentOffchainDB, TestTransactionPoolExt},
	Externalities, HttpError, HttpRequestId, HttpRequestStatus, OffchainDbExt, OffchainWorkerExt,
	OpaqueNetworkState, StorageKind, Timestamp, TransactionPool, TransactionPoolExt,
};
use sp_keystore::{testing::MemoryKeystore, Keystore, KeystoreExt};
use sp_runtime::offchain::storage::StorageValueRef;
use std::{
	cell::RefCell,
	collections::{BTreeMap, VecDeque},
	sync::{Arc, Mutex},
};
use weir_fuzz::Fuzz;
use weir_primitives::{
	outage::Sighting,
	sidecar::{to_hex, ReportResponse, ReportState, MAX_BODY_BYTES, URL_KEY},
	SEAT_KEY_TYPE,
};

const NODE: AccountId = 1;
const REPORTED: EpochIndex = FIRST_TESTED_EPOCH;
const NOW_MILLIS: u64 = 1_000_000;

/// What becomes of a request.
#[derive(Clone, Debug)]
enum Answer {
	/// Nobody listens.
	Refused,
	/// The connection ends before the request was written.
	HungUp,
	/// The request cannot be written in time.
	Stuck,
	/// Nothing comes back in time.
	Silence,
	/// A whole answer.
	Says(u16, Vec<u8>),
	/// The body breaks off.
	BreaksOff(Vec<u8>),
	/// The body stops coming.
	Stalls(Vec<u8>),
	/// The body never ends.
	Endless,
}

#[derive(Default)]
struct Script {
	answers: VecDeque<Answer>,
	asked: Vec<String>,
	open: BTreeMap<u16, (Answer, usize)>,
	/// Bytes read of bodies.
	read: usize,
}

/// The sidecar as the worker's host shows it.
#[derive(Clone, Default)]
struct Sidecar(Arc<Mutex<Script>>);

impl Sidecar {
	fn will(&self, answers: impl IntoIterator<Item = Answer>) {
		self.0.lock().unwrap().answers.extend(answers);
	}

	/// Whatever it was asked, the next request is the first one and finds nobody.
	fn go_down(&self) {
		*self.0.lock().unwrap() = Script::default();
		self.will([Answer::Refused]);
	}

	/// What it was asked since the last time.
	fn asked(&self) -> Vec<String> {
		std::mem::take(&mut self.0.lock().unwrap().asked)
	}

	fn answer(&self, id: HttpRequestId) -> Answer {
		self.0.lock().unwrap().open[&id.0].0.clone()
	}
}

struct Host {
	sidecar: Sidecar,
	/// The salt it would draw next.
	seed: [u8; 32],
}

impl Externalities for Host {
	fn is_validator(&self) -> bool {
		true
	}

	fn network_state(&self) -> Result<OpaqueNetworkState, ()> {
		Err(())
	}

	fn timestamp(&mut self) -> Timestamp {
		Timestamp::from_unix_millis(NOW_MILLIS)
	}

	fn sleep_until(&mut self, _: Timestamp) {}

	fn random_seed(&mut self) -> [u8; 32] {
		self.seed
	}

	fn http_request_start(&mut self, method: &str, uri: &str, _: &[u8]) -> Result<HttpRequestId, ()> {
		let mut script = self.sidecar.0.lock().unwrap();
		let id = script.asked.len() as u16 + script.open.len() as u16;
		let path = uri.strip_prefix("http://127.0.0.1:9").expect("the address that was set");
		script.asked.push(format!("{method} {path}"));
		let answer = script.answers.pop_front().unwrap_or_else(|| panic!("unexpected {method} {uri}"));
		script.open.insert(id, (answer, 0));
		Ok(HttpRequestId(id))
	}

	fn http_request_add_header(&mut self, _: HttpRequestId, name: &str, _: &str) -> Result<(), ()> {
		assert_eq!(name, "content-type", "the worker knows no token to send");
		Ok(())
	}

	fn http_request_write_body(
		&mut self,
		id: HttpRequestId,
		_: &[u8],
		deadline: Option<Timestamp>,
	) -> Result<(), HttpError> {
		assert_eq!(deadline.map(|deadline| deadline.unix_millis()), Some(NOW_MILLIS + 1_000));
		match self.sidecar.answer(id) {
			Answer::HungUp => Err(HttpError::IoError),
			Answer::Stuck => Err(HttpError::DeadlineReached),
			_ => Ok(()),
		}
	}

	fn http_response_wait(
		&mut self,
		ids: &[HttpRequestId],
		deadline: Option<Timestamp>,
	) -> Vec<HttpRequestStatus> {
		assert_eq!(deadline.map(|deadline| deadline.unix_millis()), Some(NOW_MILLIS + 1_000));
		let status = |id: &HttpRequestId| match self.sidecar.answer(*id) {
			Answer::Refused => HttpRequestStatus::IoError,
			Answer::Silence => HttpRequestStatus::DeadlineReached,
			Answer::Says(code, _) => HttpRequestStatus::Finished(code),
			_ => HttpRequestStatus::Finished(200),
		};
		ids.iter().map(status).collect()
	}

	fn http_response_headers(&mut self, _: HttpRequestId) -> Vec<(Vec<u8>, Vec<u8>)> {
		Vec::new()
	}

	fn http_response_read_body(
		&mut self,
		id: HttpRequestId,
		buffer: &mut [u8],
		deadline: Option<Timestamp>,
	) -> Result<usize, HttpError> {
		assert_eq!(deadline.map(|deadline| deadline.unix_millis()), Some(NOW_MILLIS + 1_000));
		let mut script = self.sidecar.0.lock().unwrap();
		let (answer, read) = script.open.get_mut(&id.0).expect("an open request");
		let (body, end) = match answer {
			Answer::Says(_, body) => (body.as_slice(), Ok(0)),
			Answer::BreaksOff(body) => (body.as_slice(), Err(HttpError::IoError)),
			Answer::Stalls(body) => (body.as_slice(), Err(HttpError::DeadlineReached)),
			Answer::Endless => {
				buffer.fill(b' ');
				script.read += buffer.len();
				return Ok(buffer.len());
			}
			other => panic!("{other:?} has no body"),
		};
		let rest = &body[*read..];
		if rest.is_empty() {
			return end;
		}
		let length = rest.len().min(buffer.len());
		buffer[..length].copy_from_slice(&rest[..length]);
		*read += length;
		script.read += length;
		Ok(length)
	}

	fn set_authorized_nodes(&mut self, _: Vec<sp_core::OpaquePeerId>, _: bool) {
		panic!("not the worker's business");
	}
}

/// A node with seat 1's key beside a sidecar. What it keeps on disk survives a restart, and nothing else does.
struct Machine {
	ext: sp_io::TestExternalities,
	disk: TestPersistentOffchainDB,
	sidecar: Sidecar,
	pool: Box<dyn Fn() -> Vec<Call<Runtime>>>,
}

impl Drop for Machine {
	fn drop(&mut self) {
		if !std::thread::panicking() {
			self.ext.execute_with(|| Pob::do_try_state().unwrap());
		}
	}
}

impl Machine {
	/// A chain with one provider, at the start of the first tested epoch.
	fn new() -> Self {
		let mut ext = ExtBuilder::default().seats(5).build();
		ext.execute_with(|| {
			register(0, 100, symmetric(100_000));
			run_to(FIRST_TESTED_EPOCH, 0);
		});
		let mut machine = Self {
			ext,
			disk: TestPersistentOffchainDB::new(),
			sidecar: Sidecar::default(),
			pool: Box::new(Vec::new),
		};
		machine.start([1; 32]);
		machine
	}

	/// Starts the node: a new process with what is on disk.
	fn start(&mut self, seed: [u8; 32]) {
		let (database, _) = TestOffchainExt::with_offchain_db(self.disk.clone());
		let (pool, transactions) = TestTransactionPoolExt::new();
		self.keep(&[NODE]);
		self.ext.register_extension(OffchainDbExt::new(database));
		self.ext.register_extension(OffchainWorkerExt::new(Host { sidecar: self.sidecar.clone(), seed }));
		self.ext.register_extension(TransactionPoolExt::new(pool));
		self.pool = Box::new(move || {
			let encoded = std::mem::take(&mut transactions.write().transactions);
			let calls = encoded.iter().map(|bytes| Extrinsic::decode(&mut &bytes[..]).unwrap().function);
			calls
				.map(|call| match call {
					RuntimeCall::Pob(call) => call,
					other => panic!("{other:?}"),
				})
				.collect()
		});
		self.ext.execute_with(|| {
			sp_io::offchain::local_storage_set(StorageKind::PERSISTENT, URL_KEY, b"http://127.0.0.1:9");
		});
	}

	/// Puts other keys into the keystore.
	fn keep(&mut self, nodes: &[AccountId]) {
		let keystore = MemoryKeystore::new();
		for node in nodes {
			let secret = to_hex(&(b"seat", node).using_encoded(sp_io::hashing::blake2_256)).split_off(2);
			keystore.sr25519_generate_new(SEAT_KEY_TYPE, Some(&format!("0x{secret}"))).unwrap();
		}
		self.ext.register_extension(KeystoreExt::new(keystore));
	}

	fn run_to(&mut self, epoch: EpochIndex, slot: u32) {
		self.ext.execute_with(|| run_to(epoch, slot));
	}

	/// One run of the worker, at most one request, and the trouble it had, in the words of its log.
	fn work(&mut self, answer: Option<Answer>) -> Result<(), String> {
		self.sidecar.will(answer.clone());
		let outcome = self.ext.execute_with(Pob::serve_local_seat);
		assert_eq!(self.sidecar.asked().len(), usize::from(answer.is_some()));
		outcome.map_err(|trouble| trouble.to_string())
	}

	fn notes(&mut self) -> Notebook {
		self.ext.execute_with(|| {
			StorageValueRef::persistent(&[b"weir::seat::".as_slice(), &NODE.encode()].concat())
				.get::<Notebook>()
				.unwrap()
				.unwrap_or_default()
		})
	}

	/// Tells the sidecar of all tasks, and moves to where the report is due.
	fn in_commit_window() -> Self {
		let mut machine = Self::new();
		machine.run_to(REPORTED, 29);
		assert_eq!(machine.work(Some(ok())), Ok(()));
		machine.run_to(REPORTED + 1, 7);
		assert_eq!(machine.work(Some(ok())), Ok(()));
		machine
	}
}

/// A pool that is full.
struct FullPool;

impl TransactionPool for FullPool {
	fn submit_transaction(&mut self, _: Vec<u8>) -> Result<(), ()> {
		Err(())
	}
}

fn ok() -> Answer {
	Answer::Says(200, b"{}".to_vec())
}

fn report(state: ReportState, entries: Vec<Entry>) -> Vec<u8> {
	serde_json::to_vec(&ReportResponse { epoch: REPORTED, state, entries }).unwrap()
}

fn ready(entries: Vec<Entry>) -> Answer {
	Answer::Says(200, report(ReportState::Ready, entries))
}

/// Every way to fail, and what the log says of it.
fn troubles() -> Vec<(Answer, &'static str)> {
	let whole = report(ReportState::Ready, vec![entry(0)]);
	let half = whole[..whole.len() / 2].to_vec();
	vec![
		(Answer::Refused, "the sidecar cannot be reached: is it running, at --tunnel-url?"),
		(Answer::HungUp, "the sidecar cannot be reached: is it running, at --tunnel-url?"),
		(Answer::Stuck, "the sidecar did not answer within 1000 ms"),
		(Answer::Silence, "the sidecar did not answer within 1000 ms"),
		(
			Answer::Says(401, b"who are you?".to_vec()),
			"the sidecar refused the token (HTTP 401): is it the one in --tunnel-token-file?",
		),
		(Answer::Says(500, whole.clone()), "the sidecar answered HTTP 500: its log says why"),
		(Answer::Says(503, Vec::new()), "the sidecar answered HTTP 503: its log says why"),
		// The forwarder's words for a sidecar that is down, and for one that is slow.
		(Answer::Says(502, Vec::new()), "the sidecar cannot be reached: is it running, at --tunnel-url?"),
		(Answer::Says(504, Vec::new()), "the sidecar did not answer within 1000 ms"),
		(Answer::Says(302, Vec::new()), "the sidecar answered HTTP 302: its log says why"),
		(Answer::Stalls(half.clone()), "the sidecar did not answer within 1000 ms"),
		(Answer::BreaksOff(half), "the sidecar cannot be reached: is it running, at --tunnel-url?"),
		(Answer::Endless, "the sidecar's answer exceeds 65536 bytes"),
	]
}

#[test]
fn worker_should_name_the_trouble_and_ask_again_when_a_report_does_not_come() {
	for (answer, line) in troubles() {
		let mut machine = Machine::in_commit_window();
		assert_eq!(machine.work(Some(answer.clone())), Err(line.into()), "{answer:?}");
		assert_eq!(machine.notes().report, None, "{answer:?}");
		// The next block asks again.
		assert_eq!(machine.work(Some(ready(vec![entry(0)]))), Ok(()), "after {answer:?}");
		assert_eq!(machine.notes().report.expect("kept").0, vec![entry(0)]);
	}
}

#[test]
fn worker_should_name_the_trouble_and_post_again_when_tasks_are_not_taken() {
	for (answer, line) in troubles() {
		let mut machine = Machine::new();
		assert_eq!(machine.work(Some(answer.clone())), Err(line.into()), "{answer:?}");
		assert!(machine.notes().posted.is_empty(), "{answer:?}");
		assert_eq!(machine.work(Some(ok())), Ok(()));
		assert_eq!(machine.notes().posted, vec![(0, None)]);
		assert_eq!(machine.work(None), Ok(()), "once is enough");
	}
}

#[test]
fn worker_should_name_what_is_wrong_with_a_body() {
	let other_epoch = ReportResponse { epoch: 99, state: ReportState::Ready, entries: vec![] };
	let unknown_state = br#"{"epoch":3,"state":"perhaps\u0007","entries":[]}"#.to_vec();
	let too_large = {
		// A report that would be valid, had it not one byte too many.
		let mut body = report(ReportState::Ready, vec![]);
		body.resize(MAX_BODY_BYTES + 1, b' ');
		body
	};
	for (body, line) in [
		(Vec::new(), "the sidecar's answer is malformed: EOF while parsing"),
		(b"<html></html>".to_vec(), "the sidecar's answer is malformed: expected value"),
		(vec![0xff; 1_000], "the sidecar's answer is malformed: expected value"),
		(b"{}".to_vec(), "the sidecar's answer is malformed: missing field `epoch`"),
		(unknown_state, "the sidecar's answer is malformed: unknown variant `perhaps`"),
		(too_large, "the sidecar's answer exceeds 65536 bytes"),
		(serde_json::to_vec(&other_epoch).unwrap(), "the sidecar answered for epoch 99"),
		(
			report(ReportState::Ready, vec![entry(0); MAX_ENTRIES as usize + 1]),
			"the sidecar's report has 257 entries, 256 fit",
		),
	] {
		let mut machine = Machine::in_commit_window();
		let named = machine.work(Some(Answer::Says(200, body))).expect_err("refused");
		assert!(named.starts_with(line), "{named} instead of {line}");
		assert_eq!(machine.notes().report, None);
		assert_eq!(machine.work(Some(ready(vec![]))), Ok(()));
		assert!(machine.notes().report.is_some());
	}
}

#[test]
fn worker_should_take_the_largest_body_and_read_no_further() {
	let mut machine = Machine::in_commit_window();
	let mut body = report(ReportState::Ready, vec![entry(0)]);
	body.resize(MAX_BODY_BYTES, b' ');
	assert_eq!(machine.work(Some(Answer::Says(200, body))), Ok(()));
	assert_eq!(machine.notes().report.expect("kept").0.len(), 1);
	let mut machine = Machine::in_commit_window();
	let before = machine.sidecar.0.lock().unwrap().read;
	machine.work(Some(Answer::Endless)).expect_err("refused");
	let read = machine.sidecar.0.lock().unwrap().read - before;
	assert!((MAX_BODY_BYTES..=MAX_BODY_BYTES + 4_096).contains(&read), "{read} bytes");
}

#[test]
fn worker_should_not_quote_a_malformed_answer_at_length() {
	let mut machine = Machine::in_commit_window();
	let state = "x".repeat(10_000);
	let body = format!(r#"{{"epoch":3,"state":"{state}","entries":[]}}"#).into_bytes();
	let named = machine.work(Some(Answer::Says(200, body))).expect_err("refused");
	assert!(named.len() < 400, "{} characters", named.len());
}

#[test]
fn commitment_should_be_revealed_when_the_node_restarts_before_and_after_it() {
	let mut machine = Machine::in_commit_window();
	assert_eq!(machine.work(Some(ready(vec![entry(0)]))), Ok(()));
	assert!((machine.pool)().is_empty(), "kept before anything is committed to");
	let (entries, salt) = machine.notes().report.expect("kept");
	assert_eq!(salt, [1; 32]);

	// The process ends between the two. Drawn anew, the salt would be another one.
	machine.start([2; 32]);
	assert_eq!(machine.work(None), Ok(()));
	let commits = (machine.pool)();
	let [Call::commit { commitment: committed, .. }] = &commits[..] else { panic!("{commits:?}") };
	let bound = machine
		.ext
		.execute_with(|| commitment(&Pob::genesis_hash(), REPORTED, &NODE, &entries_root(&entries), &salt));
	assert_eq!(*committed, bound);
	machine.ext.execute_with(|| submit(commits[0].clone()));

	// And once more between commit and reveal; the sidecar has forgotten everything and is not asked.
	machine.start([3; 32]);
	machine.run_to(REPORTED + 1, 18);
	assert_eq!(machine.work(Some(ok())), Ok(()));
	assert_eq!(machine.work(None), Ok(()));
	let reveals = (machine.pool)();
	assert_eq!(reveals, [Call::reveal { epoch: REPORTED, node: NODE, entries: bounded(entries), salt }]);
	machine.ext.execute_with(|| {
		submit(reveals[0].clone());
		assert_eq!(Pob::report_state(REPORTED, &NODE), (true, true));
		Pob::do_try_state().unwrap();
	});
}

const NO_KEY: &str =
	"no wpob key in the keystore, so nothing is measured: insert one with 'weir-node key insert \
	--key-type wpob --scheme sr25519', then takeSeat with it";

/// The line about a key without a seat.
fn no_seat(node: AccountId) -> String {
	format!(
		"no seat has the keystore's wpob key {}, so nothing is measured: takeSeat or setSeatKey with it",
		key(node).using_encoded(to_hex)
	)
}

#[test]
fn worker_should_say_what_to_do_once_per_epoch_when_the_keystore_has_no_seat_key() {
	let mut machine = Machine::new();
	machine.keep(&[]);
	assert_eq!(machine.work(None), Err(NO_KEY.into()));
	for slot in 1..5 {
		machine.run_to(FIRST_TESTED_EPOCH, slot);
		assert_eq!(machine.work(None), Ok(()), "slot {slot}");
	}
	machine.run_to(FIRST_TESTED_EPOCH + 1, 0);
	assert_eq!(machine.work(None), Err(NO_KEY.into()));
	assert_eq!(machine.work(None), Ok(()));
}

#[test]
fn worker_should_name_the_key_once_per_epoch_when_no_seat_has_it() {
	let mut machine = Machine::new();
	machine.keep(&[200]);
	assert_eq!(machine.work(None), Err(no_seat(200)));
	assert_eq!(machine.work(None), Ok(()));
	machine.run_to(FIRST_TESTED_EPOCH + 1, 0);
	assert_eq!(machine.work(None), Err(no_seat(200)));
}

#[test]
fn worker_should_speak_at_once_when_the_key_or_the_forwarder_is_another() {
	let mut machine = Machine::new();
	machine.keep(&[]);
	assert_eq!(machine.work(None), Err(NO_KEY.into()));
	machine.keep(&[200]);
	assert_eq!(machine.work(None), Err(no_seat(200)));
	assert_eq!(machine.work(None), Ok(()));
	// A node that was restarted has another forwarder.
	machine.ext.execute_with(|| {
		sp_io::offchain::local_storage_set(StorageKind::PERSISTENT, URL_KEY, b"http://127.0.0.1:9/anew");
	});
	assert_eq!(machine.work(None), Err(no_seat(200)));
	assert_eq!(machine.work(None), Ok(()));
}

#[test]
fn worker_should_say_nothing_of_seats_when_one_of_its_keys_has_one_or_no_sidecar_is_named() {
	let mut machine = Machine::new();
	machine.keep(&[200, NODE, 201]);
	assert_eq!(machine.work(Some(ok())), Ok(()));
	machine.keep(&[]);
	machine.ext.execute_with(|| {
		sp_io::offchain::local_storage_clear(StorageKind::PERSISTENT, URL_KEY);
	});
	assert_eq!(machine.work(None), Ok(()));
}

#[test]
fn commit_should_be_repeated_with_the_next_block_when_the_pool_did_not_take_it() {
	let mut machine = Machine::in_commit_window();
	assert_eq!(machine.work(Some(ready(vec![entry(0)]))), Ok(()));
	let kept = machine.notes();
	machine.ext.register_extension(TransactionPoolExt::new(FullPool));
	assert_eq!(machine.work(None), Err(Trouble::NotSubmitted.to_string()));
	assert_eq!(machine.notes(), kept, "it is not noted as sent");
	machine.start([2; 32]);
	assert_eq!(machine.work(None), Ok(()));
	let commits = (machine.pool)();
	assert!(matches!(commits[..], [Call::commit { epoch: REPORTED, node: NODE, .. }]), "{commits:?}");
}

#[test]
fn commit_should_not_be_sent_when_the_keystore_does_not_sign() {
	let mut machine = Machine::in_commit_window();
	assert_eq!(machine.work(Some(ready(vec![entry(0)]))), Ok(()));
	let (kept, mut notes) = (machine.notes(), machine.notes());
	// The key is gone from the keystore between the look for it and the signature.
	machine.keep(&[]);
	let outcome =
		machine.ext.execute_with(|| Pob::submit(Step::Commit, REPORTED, &key(NODE), &NODE, &mut notes));
	assert_eq!(outcome, Err(Trouble::NotSigned));
	assert_eq!(notes, kept, "it is not noted as sent");
	assert!((machine.pool)().is_empty());
}

/// First byte of an input: whether the rest is notes of the seat or of the watch.
const NOTES: u8 = 0;
const BOOK: u8 = 1;

/// One run of the worker on notes that say this, without a sidecar: what it did.
fn measure_by(machine: &mut Machine, value: &[u8]) -> &'static str {
	machine.sidecar.go_down();
	let outcome = machine.ext.execute_with(|| {
		let key = [b"weir::seat::".as_slice(), &NODE.encode()].concat();
		sp_io::offchain::local_storage_set(StorageKind::PERSISTENT, &key, value);
		Pob::serve_local_seat()
	});
	let epoch = machine.notes().epoch;
	assert!(
		[2, 3].contains(&(epoch - REPORTED)),
		"notes of {epoch}: not the running one, nor the next on another branch"
	);
	let calls = (machine.pool)();
	for call in &calls {
		assert!(matches!(call, Call::answer_audit { epoch: REPORTED, node: NODE, .. }), "{call:?}");
	}
	match (outcome, calls.len()) {
		(Ok(()), 0) => "nothing due",
		(Ok(()), 1) => "handed in",
		(Err(Trouble::Malformed(_)), 0) => "no receipts",
		(Err(Trouble::TooManyEntries(_)), 0) => "too many",
		(Err(Trouble::Unreachable), 0) => "the sidecar asked",
		(outcome, calls) => panic!("{outcome:?} and {calls} calls"),
	}
}

/// One run of the watch on notes that say this: whether they are any.
fn watch_by(machine: &mut Machine, value: &[u8]) -> &'static str {
	machine.sidecar.go_down();
	let outcome = machine.ext.execute_with(|| {
		let key = [b"weir::watch::".as_slice(), &NODE.encode()].concat();
		sp_io::offchain::local_storage_set(StorageKind::PERSISTENT, &key, value);
		Pob::watch_for_local_seat()
	});
	assert_eq!(outcome, Err(Trouble::Unreachable), "it asks the sidecar");
	assert!((machine.pool)().is_empty());
	match Watchbook::decode(&mut &value[..]) {
		Ok(_) => "a book",
		Err(_) => "no book",
	}
}

#[test]
fn fuzz_notes_should_be_gone_by_or_begun_anew() {
	let mut machine = Machine::new();
	let ready = machine.ext.execute_with(|| {
		let (entries, receipt) = audited_report();
		run_to(REPORTED + 2, Pob::window_of(Step::Audit).1 - 1);
		assert_eq!(Pob::audited(REPORTED, &NODE).len(), 1);
		Notebook {
			epoch: REPORTED + 2,
			posted: Pob::tasks(&NODE).into_iter().map(|task| (task.provider, task.start_slot)).collect(),
			earlier: Some((entries, SALT)),
			receipts: Some(vec![receipt.encode()]),
			..Default::default()
		}
	});
	let too_long = Some((vec![entry(0); MAX_ENTRIES as usize + 1], SALT));
	let samples = [
		ready.clone(),
		Notebook { receipts: Some(vec![vec![7; 3]]), ..ready.clone() },
		Notebook { receipts: None, ..ready.clone() },
		Notebook { earlier: too_long, ..ready.clone() },
		Notebook { earlier: None, submitted_at: Some((Step::Audit, 17)), ..ready.clone() },
		Notebook { report: ready.earlier.clone(), posted_last: true, ..ready },
	];
	let samples = samples.map(|notes| (NOTES, notes).encode());
	let book = Watchbook { next: 9, sent: vec![(0, Sighting::Down { alarm_slot: 1 }, 7)] };
	let samples = samples.into_iter().chain([(BOOK, book).encode(), vec![BOOK, 1]]);
	let machine = RefCell::new(machine);
	let ran = Fuzz::new("notes", 3_000).samples(samples).run(|bytes| {
		[match bytes.split_first() {
			Some((kind, value)) if kind % 2 == NOTES => measure_by(&mut machine.borrow_mut(), value),
			Some((_, value)) => watch_by(&mut machine.borrow_mut(), value),
			None => "nothing",
		}]
	});
	for saw in
		["nothing due", "handed in", "no receipts", "too many", "the sidecar asked", "a book", "no book"]
	{
		assert!(ran.count(&saw) > 0, "{saw} never came: {:?}", ran.seen);
	}
}
