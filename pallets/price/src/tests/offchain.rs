//! The off-chain worker against sources that answer in every way one can. The SDK's double always answers 200.

use super::*;
use crate::offchain::{Fault, Trouble, HTTP_DEADLINE_MILLIS, MAX_ANSWER_BYTES};
use codec::{Decode, Encode};
use frame_support::traits::Hooks;
use sp_core::{
	offchain::{
		testing::{TestOffchainExt, TestTransactionPoolExt},
		Externalities, HttpError, HttpRequestId, HttpRequestStatus, OffchainDbExt, OffchainWorkerExt,
		OpaqueNetworkState, StorageKind, Timestamp, TransactionPool, TransactionPoolExt,
	},
	OpaquePeerId,
};
use sp_io::hashing::blake2_256;
use sp_keystore::{testing::MemoryKeystore, Keystore, KeystoreExt};
use std::{
	collections::BTreeMap,
	sync::{Arc, Mutex},
};
use weir_fuzz::Fuzz;
use weir_primitives::{
	price::{PriceSource, ReporterKey, PRICE_SOURCES_KEY, REPORTER_KEY_TYPE},
	sidecar::to_hex,
};

const WHO: AccountId = 1;
const NOW_MILLIS: u64 = 1_000_000;
const A: &str = "https://a.example/p?secret=7";
const B: &str = "https://b.example/v2/last";
const C: &str = "http://127.0.0.1:9711/c.json";

/// What becomes of a request.
#[derive(Clone, Debug)]
enum Answer {
	/// Nobody listens.
	Refused,
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

fn says(text: &str) -> Answer {
	Answer::Says(200, text.as_bytes().to_vec())
}

#[derive(Default)]
struct Script {
	answers: BTreeMap<String, Answer>,
	asked: Vec<String>,
	open: BTreeMap<u16, (Answer, usize)>,
	next: u16,
	/// Bytes read of bodies.
	read: usize,
}

/// The world outside as the worker's host shows it.
#[derive(Clone, Default)]
struct Web(Arc<Mutex<Script>>);

impl Web {
	fn set(&self, url: &str, answer: Answer) {
		self.0.lock().unwrap().answers.insert(url.into(), answer);
	}

	/// What was asked since the last time.
	fn asked(&self) -> usize {
		std::mem::take(&mut self.0.lock().unwrap().asked).len()
	}

	fn answer(&self, id: HttpRequestId) -> Answer {
		self.0.lock().unwrap().open[&id.0].0.clone()
	}
}

fn check_deadline(deadline: Option<Timestamp>) {
	assert_eq!(
		deadline.map(|deadline| deadline.unix_millis()),
		Some(NOW_MILLIS + HTTP_DEADLINE_MILLIS),
		"nothing waits longer than all of it may take"
	);
}

impl Externalities for Web {
	fn is_validator(&self) -> bool {
		false
	}

	fn network_state(&self) -> Result<OpaqueNetworkState, ()> {
		Err(())
	}

	fn timestamp(&mut self) -> Timestamp {
		Timestamp::from_unix_millis(NOW_MILLIS)
	}

	fn sleep_until(&mut self, _: Timestamp) {}

	fn random_seed(&mut self) -> [u8; 32] {
		[0; 32]
	}

	fn http_request_start(&mut self, method: &str, uri: &str, _: &[u8]) -> Result<HttpRequestId, ()> {
		let mut script = self.0.lock().unwrap();
		assert_eq!(method, "GET");
		let answer = script.answers.get(uri).unwrap_or_else(|| panic!("unexpected {uri}")).clone();
		script.asked.push(uri.into());
		let id = script.next;
		script.next += 1;
		script.open.insert(id, (answer, 0));
		Ok(HttpRequestId(id))
	}

	fn http_request_add_header(&mut self, _: HttpRequestId, name: &str, _: &str) -> Result<(), ()> {
		assert_eq!(name, "accept");
		Ok(())
	}

	fn http_request_write_body(
		&mut self,
		id: HttpRequestId,
		_: &[u8],
		deadline: Option<Timestamp>,
	) -> Result<(), HttpError> {
		check_deadline(deadline);
		match self.answer(id) {
			Answer::Stuck => Err(HttpError::DeadlineReached),
			_ => Ok(()),
		}
	}

	fn http_response_wait(
		&mut self,
		ids: &[HttpRequestId],
		deadline: Option<Timestamp>,
	) -> Vec<HttpRequestStatus> {
		check_deadline(deadline);
		let status = |id: &HttpRequestId| match self.answer(*id) {
			Answer::Refused => HttpRequestStatus::IoError,
			Answer::Silence => HttpRequestStatus::DeadlineReached,
			Answer::Says(code, _) => HttpRequestStatus::Finished(code),
			_ => HttpRequestStatus::Finished(200),
		};
		ids.iter().map(status).collect()
	}

	fn http_response_headers(&mut self, _: HttpRequestId) -> Vec<(Vec<u8>, Vec<u8>)> {
		panic!("nobody follows where a header points")
	}

	fn http_response_read_body(
		&mut self,
		id: HttpRequestId,
		buffer: &mut [u8],
		deadline: Option<Timestamp>,
	) -> Result<usize, HttpError> {
		check_deadline(deadline);
		let mut script = self.0.lock().unwrap();
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

	fn set_authorized_nodes(&mut self, _: Vec<OpaquePeerId>, _: bool) {
		panic!("not the worker's business");
	}
}

/// A node with the key of [`WHO`], and sources that all say four cents.
struct Machine {
	ext: sp_io::TestExternalities,
	web: Web,
	pool: Box<dyn Fn() -> Vec<Call<Runtime>>>,
}

impl Machine {
	fn new() -> Self {
		let (database, _) = TestOffchainExt::new();
		let (pool, transactions) = TestTransactionPoolExt::new();
		let web = Web::default();
		let mut ext = ExtBuilder::default().build();
		ext.register_extension(OffchainDbExt::new(database));
		ext.register_extension(OffchainWorkerExt::new(web.clone()));
		ext.register_extension(TransactionPoolExt::new(pool));
		let pool = move || {
			let encoded = std::mem::take(&mut transactions.write().transactions);
			let calls = encoded.iter().map(|bytes| Extrinsic::decode(&mut &bytes[..]).unwrap().function);
			calls
				.map(|call| match call {
					RuntimeCall::PriceFeed(call) => call,
					other => panic!("{other:?}"),
				})
				.collect()
		};
		let mut machine = Self { ext, web, pool: Box::new(pool) };
		machine.keep(&[WHO]);
		machine.give(&[(A, "/price"), (B, "/data/0/last"), (C, "")]);
		machine.web.set(A, says(r#"{"price": 0.04}"#));
		machine.web.set(B, says(r#"{"data": [{"last": "0.0400"}]}"#));
		machine.web.set(C, says("4e-2"));
		machine
	}

	/// Puts other keys into the keystore.
	fn keep(&mut self, reporters: &[AccountId]) {
		let keystore = MemoryKeystore::new();
		for who in reporters {
			let seed = (b"reporter", who).using_encoded(blake2_256);
			let public = keystore.sr25519_generate_new(REPORTER_KEY_TYPE, Some(&to_hex(&seed))).unwrap();
			assert_eq!(ReporterKey::from(public), key(*who));
		}
		self.ext.register_extension(KeystoreExt::new(keystore));
	}

	/// Gives the node other sources.
	fn give(&mut self, sources: &[(&str, &str)]) {
		let sources: Vec<_> = sources
			.iter()
			.map(|(url, pointer)| PriceSource { url: (*url).into(), pointer: (*pointer).into() })
			.collect();
		self.store(&sources.encode());
	}

	fn store(&mut self, bytes: &[u8]) {
		self.ext.execute_with(|| {
			sp_io::offchain::local_storage_set(StorageKind::PERSISTENT, PRICE_SOURCES_KEY, bytes);
		});
	}

	/// One run of the worker.
	fn work(&mut self) -> Result<Option<Price>, Trouble> {
		self.ext.execute_with(PriceFeed::serve_local_reporters)
	}

	/// Runs blocks and the worker after each, up to its first attempt in the next round.
	fn attempt(&mut self) -> Result<Option<Price>, Trouble> {
		self.ext.execute_with(|| {
			next_round();
		});
		for _ in 0..10 {
			let outcome = self.work();
			if outcome != Ok(None) {
				return outcome;
			}
			self.ext.execute_with(next_block);
		}
		Ok(None)
	}

	/// What the log says of an attempt with another answer of one source, while the third is silent.
	fn trouble(&mut self, answer: Answer) -> String {
		self.web.set(B, answer);
		self.web.set(C, Answer::Silence);
		self.attempt().unwrap_err().to_string()
	}
}

#[test]
fn worker_should_report_the_median_once_a_round() {
	let mut machine = Machine::new();
	machine.web.set(A, says(r#"{"price": 0.0401}"#));
	machine.web.set(B, says(r#"{"data": [{"last": "0.0399"}]}"#));
	// The worker of the last block of a round reports for the next one.
	machine.ext.execute_with(|| (2..10).for_each(|_| next_block()));
	for _ in 0..3 {
		let mut reported = 0;
		for _ in 0..10 {
			reported += usize::from(machine.work().unwrap().is_some());
			let calls = (machine.pool)();
			machine.ext.execute_with(|| {
				next_block();
				for call in calls {
					assert!(matches!(&call, Call::report { price, who: WHO, .. } if *price == WORTH));
					validity(&call).unwrap();
					assert_ok!(dispatch(call));
				}
			});
		}
		assert_eq!(reported, 1);
		assert_eq!(machine.web.asked(), 3);
	}
	machine.ext.execute_with(|| PriceFeed::do_try_state().unwrap());
}

#[test]
fn reporters_should_report_at_different_times() {
	Machine::new().ext.execute_with(|| {
		let first = |who: AccountId, round: u32| {
			(0..10).find(|passed| PriceFeed::is_report_due(&who, round, round * 10 + passed))
		};
		let times: Vec<_> = (1..=15).map(|who| first(who, 7).unwrap()).collect();
		assert!(times.iter().all(|time| *time < 7), "a quarter of the round is left: {times:?}");
		let distinct: std::collections::BTreeSet<_> = times.iter().collect();
		assert!(distinct.len() > 3, "{times:?}");
		assert!((1..=15).any(|who| first(who, 7) != first(who, 8)));
	});
}

#[test]
fn worker_should_report_for_every_reporter_whose_key_it_has() {
	let mut machine = Machine::new();
	machine.keep(&[1, 2, 3, 20]);
	machine.ext.execute_with(|| (2..10).for_each(|_| next_block()));
	for _ in 0..7 {
		machine.work().unwrap();
		let calls = (machine.pool)();
		machine.ext.execute_with(|| {
			next_block();
			for call in calls {
				validity(&call).unwrap();
				assert_ok!(dispatch(call));
			}
		});
	}
	machine.ext.execute_with(|| {
		for who in 1..=3 {
			assert_eq!(PriceFeed::last_report(who).map(|(price, _)| price), Some(WORTH));
		}
	});
	// Those who report at the same time share a look-up.
	let asked = machine.web.asked();
	assert!(asked > 0 && asked <= 9 && asked.is_multiple_of(3), "{asked}");
}

#[test]
fn worker_should_send_again_when_the_report_did_not_arrive() {
	let mut machine = Machine::new();
	assert_eq!(machine.attempt(), Ok(Some(WORTH)));
	assert_eq!((machine.pool)().len(), 1);
	// Not with the next block,
	machine.ext.execute_with(next_block);
	assert_eq!(machine.work(), Ok(None));
	// but with the one after it, and what is lost with the round is not of the next one.
	machine.ext.execute_with(next_block);
	assert_eq!(machine.work(), Ok(Some(WORTH)));
	let call = (machine.pool)().pop().unwrap();
	machine.ext.execute_with(|| {
		next_round();
		assert!(validity(&call).is_err());
	});
}

#[test]
fn worker_should_do_nothing_without_a_key() {
	let mut machine = Machine::new();
	machine.keep(&[]);
	assert_eq!(machine.attempt(), Ok(None));
	assert_eq!(machine.web.asked(), 0);
}

#[test]
fn worker_should_say_once_an_epoch_that_its_key_is_nobodys() {
	let mut machine = Machine::new();
	machine.keep(&[20]);
	assert_eq!(machine.work(), Err(Trouble::NoReporter(key(20))));
	assert_eq!(machine.attempt(), Ok(None));
	Epoch::set(1);
	let said = machine.work().unwrap_err().to_string();
	assert_eq!(
		said,
		format!(
			"no reporter has the keystore's wrep key {}, so no price is reported: join or setKey with it",
			key(20).using_encoded(to_hex)
		)
	);
	machine.keep(&[20, WHO]);
	assert_eq!(machine.attempt(), Ok(Some(WORTH)));
}

#[test]
fn worker_should_refuse_to_report_without_three_sources() {
	let mut machine = Machine::new();
	machine.give(&[(A, "/price"), (B, "/data/0/last")]);
	assert_eq!(
		machine.attempt().unwrap_err().to_string(),
		"2 sources of the price, so nothing is reported: between 3 and 16 are needed"
	);
	machine.give(&[(A, "/price"); 17]);
	assert_eq!(machine.attempt(), Err(Trouble::WrongSourceCount(17)));
	for garbage in [&b"https://a.example"[..], &[], &[0xff; 40]] {
		machine.store(garbage);
		assert!(matches!(machine.attempt(), Err(Trouble::NoSources | Trouble::WrongSourceCount(_))));
	}
	machine.ext.execute_with(|| {
		sp_io::offchain::local_storage_clear(StorageKind::PERSISTENT, PRICE_SOURCES_KEY);
	});
	assert_eq!(machine.attempt(), Err(Trouble::NoSources));
	assert_eq!(machine.web.asked(), 0);
}

#[test]
fn worker_should_report_when_a_majority_of_sources_agrees() {
	let mut machine = Machine::new();
	// One of three fails.
	for answer in [Answer::Refused, Answer::Silence, says("<html>"), says("9"), Answer::Endless] {
		machine.web.set(C, answer);
		assert_eq!(machine.attempt(), Ok(Some(WORTH)));
	}
}

#[test]
fn worker_should_say_nothing_to_the_chain_when_too_few_sources_agree() {
	let mut machine = Machine::new();
	// The others contradict each other.
	machine.web.set(B, says(r#"{"data": [{"last": "0.08"}]}"#));
	machine.web.set(C, Answer::Silence);
	assert_eq!(
		machine.attempt().unwrap_err().to_string(),
		"too few sources of the price agree, so nothing is reported: https://a.example/p: 0.040000000 dollars; \
		https://b.example/v2/last: 0.080000000 dollars; http://127.0.0.1:9711/c.json: did not answer within \
		3000 ms"
	);
	// All fail.
	for url in [A, B, C] {
		machine.web.set(url, Answer::Refused);
	}
	let faults = Err(Fault::Unreachable);
	let names = ["https://a.example/p", B, C].map(|url| (url.to_string(), faults)).to_vec();
	assert_eq!(machine.attempt(), Err(Trouble::Sources(names)));
	assert!((machine.pool)().is_empty());
}

#[test]
fn worker_should_name_what_is_wrong_with_a_source() {
	let mut machine = Machine::new();
	let good = br#"{"data": [{"last": "0.04"}]}"#.to_vec();
	let huge = [good.clone(), vec![b' '; MAX_ANSWER_BYTES]].concat();
	for (answer, words) in [
		(Answer::Refused, "cannot be reached, or hung up"),
		(Answer::Stuck, "did not answer within 3000 ms"),
		(Answer::Silence, "did not answer within 3000 ms"),
		(
			Answer::Says(302, good.clone()),
			"answered HTTP 302: redirections are not followed, give the final address",
		),
		(
			Answer::Says(308, Vec::new()),
			"answered HTTP 308: redirections are not followed, give the final address",
		),
		(Answer::Says(204, Vec::new()), "answered HTTP 204"),
		(Answer::Says(429, good.clone()), "answered HTTP 429"),
		(Answer::Says(500, good.clone()), "answered HTTP 500"),
		(Answer::Says(200, huge), "answered with more than 65536 bytes"),
		(Answer::Endless, "answered with more than 65536 bytes"),
		(Answer::BreaksOff(good.clone()), "cannot be reached, or hung up"),
		(Answer::Stalls(good[..9].to_vec()), "did not answer within 3000 ms"),
		(Answer::Says(200, good[..9].to_vec()), "the answer is no JSON at byte 9"),
		(says(""), "the answer is no JSON at byte 0"),
		(says("<html>"), "the answer is no JSON at byte 0"),
		(says(&"[".repeat(1_000)), "the answer nests deeper than 64"),
		(says("{}"), "the answer has nothing where the pointer points"),
		(
			says(r#"{"data":[{"last":null}]}"#),
			"the answer has neither a number nor a string where the pointer points",
		),
		(says(r#"{"data":[{"last":0}]}"#), "the price is zero, or below a billionth of a dollar"),
		(says(r#"{"data":[{"last":-0.04}]}"#), "the price is negative"),
		(says(r#"{"data":[{"last":1e300}]}"#), "the price is above a million dollars"),
		(says(r#"{"data":[{"last":"NaN"}]}"#), "the price is not a decimal number"),
		(says(r#"{"data":[{"last":""}]}"#), "the price is empty"),
	] {
		let said = machine.trouble(answer.clone());
		assert!(said.contains(&format!("; https://b.example/v2/last: {words};")), "{answer:?}: {said}");
	}
	assert!((machine.pool)().is_empty());
	// However long an answer is, little of it is read.
	machine.web.0.lock().unwrap().read = 0;
	machine.trouble(Answer::Endless);
	assert!(machine.web.0.lock().unwrap().read < 3 * MAX_ANSWER_BYTES / 2);
}

#[test]
fn worker_should_not_ask_where_others_can_listen() {
	let mut machine = Machine::new();
	machine.give(&[("http://a.example/p", "/price"), ("https://b.example/\u{e4}", ""), (C, "x")]);
	let said = machine.attempt().unwrap_err().to_string();
	for words in [
		"http://a.example/p: an address begins with https://, or with http:// and is on the loopback",
		"an address has at most 512 visible ASCII characters",
		"a pointer has at most 128 bytes of UTF-8 and begins with a slash",
	] {
		assert!(said.contains(words), "{said}");
	}
	assert_eq!(machine.web.asked(), 0);
}

#[test]
fn failed_attempts_should_be_repeated_every_second_block() {
	let mut machine = Machine::new();
	machine.web.set(B, Answer::Refused);
	machine.web.set(C, Answer::Refused);
	assert!(machine.attempt().is_err());
	for _ in 0..2 {
		machine.ext.execute_with(next_block);
		assert_eq!(machine.work(), Ok(None));
		machine.ext.execute_with(next_block);
		let outcome = machine.work();
		assert!(outcome.is_err() || outcome == Ok(None));
	}
	machine.web.set(B, says(r#"{"data": [{"last": 0.04}]}"#));
	assert_eq!(machine.attempt(), Ok(Some(WORTH)));
}

#[test]
fn worker_should_not_report_twice_in_a_round() {
	let mut machine = Machine::new();
	machine.ext.execute_with(|| {
		next_round();
		report(WHO, WORTH);
	});
	for _ in 0..9 {
		assert_eq!(machine.work(), Ok(None));
		machine.ext.execute_with(next_block);
	}
	assert_eq!(machine.web.asked(), 0);
}

#[test]
fn pool_should_be_quoted_when_it_refuses() {
	struct Full;

	impl TransactionPool for Full {
		fn submit_transaction(&mut self, _: Vec<u8>) -> Result<(), ()> {
			Err(())
		}
	}

	let mut machine = Machine::new();
	machine.ext.register_extension(TransactionPoolExt::new(Full));
	assert_eq!(machine.attempt(), Err(Trouble::NotSubmitted));
}

#[test]
fn hook_should_run_the_worker_and_survive_its_trouble() {
	let mut machine = Machine::new();
	machine.ext.execute_with(|| {
		next_round();
	});
	for _ in 0..9 {
		machine.ext.execute_with(|| {
			PriceFeed::offchain_worker(System::block_number());
			next_block();
		});
	}
	assert!(!(machine.pool)().is_empty());
	machine.store(&[]);
	for _ in 0..20 {
		machine.ext.execute_with(|| {
			PriceFeed::offchain_worker(System::block_number());
			next_block();
		});
	}
	assert!((machine.pool)().is_empty());
}

/// Whatever a source says: the worker reports a price that counts, or says why not.
#[test]
fn answers_should_be_prices_or_named_faults() {
	let machine = std::cell::RefCell::new(Machine::new());
	let samples =
		[r#"{"data": [{"last": "0.0400"}]}"#, r#"{"data": [{"last": 4.1e-2}, 7], "b": {"c": [true, null]}}"#];
	let ran = Fuzz::new("price_source", 10_000)
		.samples(samples)
		.words(["0", "-1", "1e9", "\"\"", "null", "{}", "[", "\"last\":", "0.0400"])
		.longest(80)
		.run(|bytes| {
			let mut machine = machine.borrow_mut();
			machine.web.set(A, Answer::Says(200, bytes.to_vec()));
			machine.web.set(B, Answer::Says(200, bytes.to_vec()));
			machine.give(&[(A, "/data/0/last"), (B, "/data/0/last"), (C, "")]);
			machine.web.set(C, Answer::Refused);
			match machine.attempt() {
				Ok(price) => {
					let price = price.expect("each round has an attempt");
					assert!((LOWEST_PRICE..=HIGHEST_PRICE).contains(&price));
					[String::from("a price")]
				}
				// Wherever it is malformed.
				Err(Trouble::Sources(answers)) => [format!("{:?}", answers[0].1.map(drop))
					.chars()
					.filter(|char| !char.is_numeric())
					.collect()],
				Err(other) => panic!("{other}"),
			}
		});
	assert!(ran.seen.len() > 5, "{:?}", ran.seen);
}
