//! The off-chain worker against a sidecar made of expectations.

use super::*;
use crate::offchain::Notebook;
use codec::{Decode, Encode};
use sp_core::offchain::{
	testing::{PendingRequest, TestOffchainExt, TestTransactionPoolExt},
	OffchainDbExt, OffchainWorkerExt, StorageKind, TransactionPoolExt,
};
use sp_keystore::{testing::MemoryKeystore, Keystore, KeystoreExt};
use sp_runtime::offchain::storage::StorageValueRef;
use weir_primitives::{
	api::{SeatInfo, Task as AnyTask},
	sidecar::{to_hex, ReceiptsResponse, ReportResponse, ReportState, TasksRequest, URL_KEY},
	SEAT_KEY_TYPE,
};

pub(crate) const URL: &str = "http://127.0.0.1:9700";
pub(crate) const NODE: AccountId = 1;
pub(crate) const REPORTED: EpochIndex = FIRST_TESTED_EPOCH;

/// What the tests see of the world outside: requests they expect, and the pool.
pub(crate) struct Outside<'a> {
	pub(crate) expect: &'a dyn Fn(PendingRequest),
	pub(crate) pool: &'a dyn Fn() -> Vec<Call<Runtime>>,
}

impl Outside<'_> {
	pub(super) fn expect_tasks(&self) {
		let body = serde_json::to_vec(&expected_tasks()).unwrap();
		(self.expect)(PendingRequest {
			method: "POST".into(),
			uri: format!("{URL}/v1/tasks"),
			body,
			response: Some(b"{}".to_vec()),
			..request()
		});
	}

	pub(crate) fn expect_report(&self, response: Vec<u8>) {
		(self.expect)(PendingRequest {
			method: "GET".into(),
			uri: format!("{URL}/v1/reports/{REPORTED}"),
			response: Some(response),
			..request()
		});
	}
}

pub(super) fn request() -> PendingRequest {
	PendingRequest {
		headers: vec![("content-type".into(), "application/json".into())],
		sent: true,
		..Default::default()
	}
}

pub(super) fn hex(account: &AccountId) -> String {
	account.using_encoded(to_hex)
}

/// The request the schema asks for, built from what the runtime API tells anybody.
fn expected_tasks() -> TasksRequest {
	let seat = Pob::seat(&NODE).unwrap();
	let tasks = Pob::tasks(&NODE).into_iter().map(|task| AnyTask {
		provider: task.provider,
		account: hex(&task.account),
		endpoint: task.endpoint,
		peer_id: task.peer_id,
		probe_key: task.probe_key,
		claim: task.claim,
		kind: task.kind,
		ordinal: task.ordinal,
		members: task.members,
		quota_down_kbps: task.quota_down_kbps,
		quota_up_kbps: task.quota_up_kbps,
		window_millis: task.window_millis,
		start_slot: task.start_slot,
	});
	TasksRequest {
		genesis: to_hex(Pob::genesis_hash().as_bytes()),
		epoch: Pob::epoch(),
		slot_millis: 2_000,
		epoch_first_slot: FirstSlot::get(),
		node: hex(&NODE),
		seat: SeatInfo {
			account: hex(&NODE),
			key: seat.key,
			endpoint: seat.endpoint,
			uplink_kbps: seat.uplink_kbps,
			country: seat.country,
			from_epoch: seat.from_epoch,
			score_ppm: seat.score_ppm,
		},
		tasks: tasks.collect(),
	}
}

pub(crate) fn ready(entries: Vec<Entry>) -> Vec<u8> {
	let response = ReportResponse { epoch: REPORTED, state: ReportState::Ready, entries };
	serde_json::to_vec(&response).unwrap()
}

/// The part of a run that measures.
fn work() {
	// What was in the way is met again with the next block.
	let _ = Pob::serve_local_seat();
}

pub(crate) fn notes() -> Notebook {
	StorageValueRef::persistent(&notes_key()).get::<Notebook>().unwrap().unwrap_or_default()
}

pub(crate) fn set_notes(notes: &Notebook) {
	StorageValueRef::persistent(&notes_key()).set(notes);
}

fn notes_key() -> Vec<u8> {
	[b"weir::seat::".as_slice(), &NODE.encode()].concat()
}

pub(super) fn set_url(url: &str) {
	sp_io::offchain::local_storage_set(StorageKind::PERSISTENT, URL_KEY, url.as_bytes());
}

/// A node with seat 1's key and a sidecar, one provider, and the clock where the first tested epoch begins.
pub(crate) fn with_worker(test: impl FnOnce(Outside)) {
	with_worker_among(5, test);
}

/// The same among so many seats.
pub(crate) fn with_worker_among(seats: u64, test: impl FnOnce(Outside)) {
	let (worker, outside) = TestOffchainExt::new();
	let (pool, transactions) = TestTransactionPoolExt::new();
	let keystore = MemoryKeystore::new();
	let seed =
		format!("0x{}", to_hex(&(b"seat", NODE).using_encoded(sp_io::hashing::blake2_256)).split_off(2));
	let public = keystore.sr25519_generate_new(SEAT_KEY_TYPE, Some(&seed)).unwrap();
	assert_eq!(public, pair(NODE).public());
	let mut ext = ExtBuilder::default().seats(seats).build();
	ext.register_extension(OffchainDbExt::new(worker.clone()));
	ext.register_extension(OffchainWorkerExt::new(worker));
	ext.register_extension(TransactionPoolExt::new(pool));
	ext.register_extension(KeystoreExt::new(keystore));
	ext.execute_with(|| {
		set_url(URL);
		register(0, 100, symmetric(100_000));
		run_to(FIRST_TESTED_EPOCH, 0);
		test(Outside {
			expect: &|request| outside.write().expect_request(request),
			pool: &|| {
				let encoded = std::mem::take(&mut transactions.write().transactions);
				let calls = encoded.iter().map(|bytes| Extrinsic::decode(&mut &bytes[..]).unwrap().function);
				calls
					.map(|call| match call {
						RuntimeCall::Pob(call) => call,
						other => panic!("{other:?}"),
					})
					.collect()
			},
		});
		Pob::do_try_state().unwrap();
	});
}

/// Posts the tasks of the epoch, then moves into the commit window of the next one, past every seat's offset.
pub(crate) fn posted_and_in_commit_window(outside: &Outside) {
	run_to(REPORTED, 29);
	outside.expect_tasks();
	work();
	run_to(REPORTED + 1, 7);
	outside.expect_tasks();
	work();
}

#[test]
fn worker_should_post_tasks_once_and_again_when_the_start_is_known() {
	with_worker(|outside| {
		outside.expect_tasks();
		work();
		assert_eq!(notes().posted, vec![(0, None)]);
		// Nothing new, nothing sent.
		work();
		run_to(REPORTED, 29);
		outside.expect_tasks();
		work();
		assert!(matches!(notes().posted[..], [(0, Some(_))]));
		work();
	});
}

#[test]
fn worker_should_fetch_commit_and_reveal() {
	with_worker(|outside| {
		let entries = vec![entry(0)];
		posted_and_in_commit_window(&outside);
		outside.expect_report(ready(entries.clone()));
		work();
		let (kept, salt) = notes().report.expect("kept before the commit");
		assert_eq!(kept, entries);
		work();
		let commits = (outside.pool)();
		assert_eq!(commits.len(), 1);
		submit(commits[0].clone());
		// The reveal waits for its window.
		work();
		assert!((outside.pool)().is_empty());
		run_to(REPORTED + 1, 18);
		outside.expect_tasks();
		work();
		work();
		let reveals = (outside.pool)();
		assert_eq!(
			reveals,
			vec![Call::reveal { epoch: REPORTED, node: NODE, entries: bounded(entries), salt }]
		);
		submit(reveals[0].clone());
		assert_eq!(Pob::report_state(REPORTED, &NODE), (true, true));
		assert_eq!(Filings::<Runtime>::get(REPORTED, 0).len(), 1);
	});
}

/// A revealed report of 64 entries on [`REPORTED`], of which exactly one will be drawn, and the receipt for each of them.
pub(super) fn audited_report() -> (Vec<Entry>, proofs::Receipt) {
	let target = Pob::tasks(&NODE).into_iter().next().expect("five seats measure it");
	let (down_kbps, up_kbps) = (20_000, 20_000);
	let receipt = proofs::receipt(REPORTED, &target, NODE, (down_kbps, up_kbps));
	let proven = Entry { receipt: receipt.prefix(), ..honest(&target, symmetric(100_000)).unwrap() };
	let entries = vec![Entry { down_kbps, up_kbps, ..proven }; 64];
	let revealed = Some(Revealed { entries: 64, ..Default::default() });
	let commitment = hash_of(REPORTED, NODE, &entries);
	Reports::<Runtime>::insert(REPORTED, NODE, Report { commitment, revealed });
	(entries, receipt)
}

#[test]
fn worker_should_prove_what_an_audit_has_drawn() {
	with_worker(|outside| {
		let (entries, receipt) = audited_report();
		// What it committed to in the epoch before is what the worker remembers now.
		run_to(REPORTED + 1, 29);
		let kept = Notebook { epoch: REPORTED + 1, report: Some((entries.clone(), SALT)), ..notes() };
		StorageValueRef::persistent(&[b"weir::seat::".as_slice(), &NODE.encode()].concat()).set(&kept);
		run_to(REPORTED + 2, Pob::window_of(Step::Audit).1 - 1);
		assert_eq!(Pob::audited(REPORTED, &NODE).len(), 1);
		outside.expect_tasks();
		work();
		let prefix = to_hex(&receipt.prefix()).split_off(2);
		let response = ReceiptsResponse { epoch: REPORTED, receipts: vec![to_hex(&receipt.encode())] };
		(outside.expect)(PendingRequest {
			method: "GET".into(),
			uri: format!("{URL}/v1/receipts/{REPORTED}/{prefix}"),
			response: Some(serde_json::to_vec(&response).unwrap()),
			..request()
		});
		work();
		work();
		let answers = (outside.pool)();
		let receipts = vec![receipt].try_into().unwrap();
		let expected = Call::answer_audit {
			epoch: REPORTED,
			node: NODE,
			entries: bounded(entries),
			salt: SALT,
			receipts,
		};
		assert_eq!(answers, vec![expected]);
		submit(answers[0].clone());
		assert!(Pob::audited(REPORTED, &NODE).is_empty());
	});
}

#[test]
fn worker_should_keep_what_an_audit_may_ask_for_when_the_best_block_goes_back_an_epoch() {
	with_worker(|outside| {
		let clock = || (Epoch::get(), Slot::get(), FirstSlot::get());
		let set_clock = |(epoch, slot, first_slot)| {
			Epoch::set(epoch);
			Slot::set(slot);
			FirstSlot::set(first_slot);
		};
		let report = Some((vec![entry(0)], SALT));
		run_to(REPORTED + 1, 29);
		set_notes(&Notebook { epoch: REPORTED + 1, report: report.clone(), ..notes() });
		let last_of_the_epoch = clock();
		run_to(REPORTED + 2, 0);
		let first_of_the_next = clock();
		outside.expect_tasks();
		work();
		let kept = notes();
		assert_eq!((kept.epoch, &kept.earlier), (REPORTED + 2, &report));

		set_clock(last_of_the_epoch);
		work();
		assert_eq!(notes(), kept);
		set_clock(first_of_the_next);
	});
}

#[test]
fn worker_should_begin_anew_when_its_notes_are_of_an_epoch_after_the_next() {
	with_worker(|outside| {
		set_notes(&Notebook { epoch: REPORTED + 2, report: Some((vec![entry(0)], SALT)), ..notes() });
		outside.expect_tasks();
		work();
		let Notebook { epoch, posted, report, earlier, .. } = notes();
		assert_eq!((epoch, posted), (REPORTED, vec![(0, None)]));
		assert_eq!((report, earlier), (None, None));
	});
}

#[test]
fn worker_should_repeat_a_commit_when_it_did_not_arrive() {
	with_worker(|outside| {
		run_to(REPORTED, 29);
		outside.expect_tasks();
		work();
		run_to(REPORTED + 1, 2);
		outside.expect_tasks();
		work();
		outside.expect_report(ready(vec![]));
		work();
		let mut sent = Vec::new();
		for slot in 3..9 {
			run_to(REPORTED + 1, slot);
			// A start that became known goes to the sidecar first.
			if notes().posted.iter().any(|(index, start)| {
				Pob::tasks(&NODE).iter().any(|task| task.provider == *index && task.start_slot != *start)
			}) && !notes().posted_last
			{
				outside.expect_tasks();
				work();
			}
			work();
			sent.extend((outside.pool)());
		}
		assert!(sent.len() >= 2, "{sent:?}");
		submit(sent.pop().unwrap());
	});
}

#[test]
fn worker_should_wait_when_the_report_is_pending() {
	with_worker(|outside| {
		posted_and_in_commit_window(&outside);
		let pending = ReportResponse { epoch: REPORTED, state: ReportState::Pending, entries: vec![] };
		outside.expect_report(serde_json::to_vec(&pending).unwrap());
		work();
		assert_eq!(notes().report, None);
		assert!((outside.pool)().is_empty());
	});
}

#[test]
fn worker_should_survive_what_a_sidecar_may_say() {
	with_worker(|outside| {
		posted_and_in_commit_window(&outside);
		let other_epoch = ReportResponse { epoch: 99, state: ReportState::Ready, entries: vec![] };
		let too_many = vec![entry(0); MAX_ENTRIES as usize + 1];
		for answer in [
			b"<html>busy</html>".to_vec(),
			vec![0xff; 70_000],
			b"{}".to_vec(),
			serde_json::to_vec(&other_epoch).unwrap(),
			ready(too_many),
		] {
			outside.expect_report(answer);
			work();
			assert_eq!(notes().report, None);
		}
		outside.expect_report(ready(vec![]));
		work();
		assert!(notes().report.is_some());
	});
}

#[test]
fn worker_should_do_nothing_without_sidecar_seat_or_lock() {
	with_worker(|_| {
		set_url("ftp://elsewhere");
		work();
		set_url(URL);
		Pob::set_seat_key(RuntimeOrigin::signed(NODE), key(200)).unwrap();
		work();
		Pob::set_seat_key(RuntimeOrigin::signed(NODE), key(NODE)).unwrap();
		let lock_key = [b"weir::seat-lock::".as_slice(), &NODE.encode()].concat();
		let mut lock = sp_runtime::offchain::storage_lock::StorageLock::<
			sp_runtime::offchain::storage_lock::Time,
		>::new(&lock_key);
		let _held = lock.try_lock().unwrap();
		work();
		assert_eq!(notes(), Notebook::default());
	});
}

#[test]
fn schema_should_keep_its_names() {
	with_worker(|_| {
		let json = serde_json::to_value(expected_tasks()).unwrap();
		let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
		assert_eq!(
			keys(&json),
			["epoch", "epoch_first_slot", "genesis", "node", "seat", "slot_millis", "tasks"]
		);
		assert_eq!(json["node"], "0x0100000000000000");
		assert_eq!(json["tasks"][0]["account"], "0x6400000000000000");
		assert_eq!(json["tasks"][0]["endpoint"]["V4"]["port"], 9_700);
		assert_eq!(json["tasks"][0]["start_slot"], serde_json::Value::Null);
		let report: ReportResponse =
			serde_json::from_str(r#"{"epoch":3,"state":"ready","entries":[{"provider":0,"kind":"Measured","down_kbps":1,"up_kbps":2,"rtt_10us":3,"loss_pptt":4,"liveness":[1,2,3,4,5],"receipt":[0,0,0,0,0]}]}"#)
				.unwrap();
		assert_eq!(report.entries[0].up_kbps, 2);
		let read: TasksRequest = serde_json::from_value(json).unwrap();
		assert_eq!(read, expected_tasks());
	});
}
