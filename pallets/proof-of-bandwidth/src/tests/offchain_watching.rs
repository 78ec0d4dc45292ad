//! The off-chain worker's part in the watch, against a sidecar made of expectations.

use super::{
	offchain::{hex, request, set_url, with_worker, with_worker_among, Outside, NODE, URL},
	outages::{confirmers_of, down, watchers_of},
	*,
};
use crate::offchain::{watching::Watchbook, Trouble};
use codec::{Decode, Encode};
use frame_support::traits::Hooks;
use sp_core::{offchain::testing::PendingRequest, sr25519};
use sp_runtime::offchain::storage::StorageValueRef;
use weir_primitives::{
	api::SeatInfo,
	outage::{OpenAlarm, Sighting, Watch, Watched},
	sidecar::{to_hex, WatchRequest, WatchResponse, MAX_BODY_BYTES, WATCHED_PER_REQUEST},
	ProbeSignature,
};

impl Outside<'_> {
	/// The request the schema asks for, built from what the runtime API tells anybody.
	fn expect_watch(&self, response: Vec<u8>) {
		let body = serde_json::to_vec(&expected()).unwrap();
		(self.expect)(PendingRequest {
			method: "POST".into(),
			uri: format!("{URL}/v1/watch"),
			body,
			response: Some(response),
			..request()
		});
	}
}

fn expected() -> WatchRequest {
	let Watch { epoch, alarm_slot, watched, alarms } = Pob::watch(&NODE);
	let seat = Pob::seat(&NODE).unwrap();
	let watched = watched.into_iter().map(|watched| Watched {
		provider: watched.provider,
		account: hex(&watched.account),
		endpoint: watched.endpoint,
		peer_id: watched.peer_id,
		down_since: watched.down_since,
		has_spoken: watched.has_spoken,
	});
	let alarms = alarms.into_iter().map(|alarm| OpenAlarm {
		provider: alarm.provider,
		account: hex(&alarm.account),
		endpoint: alarm.endpoint,
		peer_id: alarm.peer_id,
		raised: alarm.raised,
		until_slot: alarm.until_slot,
	});
	WatchRequest {
		genesis: to_hex(Pob::genesis_hash().as_bytes()),
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
		watch: Watch { epoch, alarm_slot, watched: watched.collect(), alarms: alarms.collect() },
	}
}

fn seen(sightings: &[(ProviderIndex, Sighting)]) -> Vec<u8> {
	serde_json::to_vec(&WatchResponse { sightings: sightings.to_vec() }).unwrap()
}

fn look() -> Result<(), Trouble> {
	Pob::watch_for_local_seat()
}

fn book() -> Watchbook {
	StorageValueRef::persistent(&[b"weir::watch::".as_slice(), &NODE.encode()].concat())
		.get::<Watchbook>()
		.unwrap()
		.unwrap_or_default()
}

fn down_now() -> Sighting {
	Sighting::Down { alarm_slot: Pob::alarm_slot() }
}

#[test]
fn watch_request_should_fit_a_body_when_every_field_is_as_long_as_it_gets() {
	let account = to_hex(&[0xff; 32]);
	let endpoint = weir_primitives::Endpoint::V6 { addr: [0xff; 16], port: u16::MAX };
	let watched = Watched {
		provider: u32::MAX,
		account: account.clone(),
		endpoint,
		peer_id: vec![0xff; 38],
		down_since: Some(u64::MAX),
		has_spoken: false,
	};
	let alarm = OpenAlarm {
		provider: u32::MAX,
		account: account.clone(),
		endpoint,
		peer_id: vec![0xff; 38],
		raised: u32::MAX,
		until_slot: u64::MAX,
	};
	let request = WatchRequest {
		genesis: account.clone(),
		node: account.clone(),
		seat: SeatInfo {
			account,
			key: Decode::decode(&mut &[0xff; 32][..]).unwrap(),
			endpoint,
			uplink_kbps: u32::MAX,
			country: [0xff; 2],
			from_epoch: u32::MAX,
			score_ppm: u32::MAX,
		},
		watch: Watch {
			epoch: u32::MAX,
			alarm_slot: u64::MAX,
			watched: vec![watched; WATCHED_PER_REQUEST],
			alarms: vec![alarm; 64],
		},
	};
	let bytes = serde_json::to_vec(&request).unwrap().len();
	assert!(bytes <= MAX_BODY_BYTES, "{bytes}");
	let sighting = (u32::MAX, Sighting::Up { alarm_slot: u64::MAX });
	let response = WatchResponse { sightings: vec![sighting; 64] };
	assert!(serde_json::to_vec(&response).unwrap().len() <= MAX_BODY_BYTES);
}

#[test]
fn watch_schema_should_stay() {
	let sightings = vec![
		(7, Sighting::Down { alarm_slot: 258 }),
		(7, Sighting::Up { alarm_slot: 258 }),
		(8, Sighting::Confirm { raised: 259, is_down: true }),
	];
	let json = r#"{"sightings":[[7,{"Down":{"alarm_slot":258}}],[7,{"Up":{"alarm_slot":258}}],[8,{"Confirm":{"raised":259,"is_down":true}}]]}"#;
	let response = WatchResponse { sightings };
	assert_eq!(serde_json::to_string(&response).unwrap(), json);
	assert_eq!(serde_json::from_str::<WatchResponse>(json).unwrap(), response);
}

/// The calls but for their signatures, which sr25519 makes anew each time. Whether those are right the pool says.
fn unsigned(calls: impl IntoIterator<Item = Call<Runtime>>) -> Vec<Call<Runtime>> {
	let nothing = || ProbeSignature::from(sr25519::Signature::from_raw([0; 64]));
	let without = |call| match call {
		Call::report_down { provider, node, alarm_slot, .. } => {
			Call::report_down { provider, node, alarm_slot, signature: nothing() }
		}
		Call::report_up { provider, node, alarm_slot, .. } => {
			Call::report_up { provider, node, alarm_slot, signature: nothing() }
		}
		Call::confirm { provider, node, raised, is_down, .. } => {
			Call::confirm { provider, node, raised, is_down, signature: nothing() }
		}
		other => other,
	};
	calls.into_iter().map(without).collect()
}

/// Three other watchers raise an alarm, and its confirmers are drawn.
fn alarm_by_others() {
	let others: Vec<_> = watchers_of(0).into_iter().filter(|node| *node != NODE).take(3).collect();
	others.iter().for_each(|node| submit(down(0, *node)));
	(0..2).for_each(|_| next_slot());
}

#[test]
fn worker_should_measure_and_watch_in_one_block() {
	with_worker(|outside| {
		outside.expect_tasks();
		outside.expect_watch(seen(&[]));
		Pob::offchain_worker(System::block_number());
		assert!((outside.pool)().is_empty());
	});
}

#[test]
fn worker_should_report_down_once_until_it_is_due_again() {
	with_worker(|outside| {
		assert!(watchers_of(0).contains(&NODE));
		outside.expect_watch(seen(&[(0, down_now())]));
		look().unwrap();
		assert_eq!(unsigned((outside.pool)()), unsigned([down(0, NODE)]));
		// It is on its way.
		next_slot();
		outside.expect_watch(seen(&[(0, down_now())]));
		look().unwrap();
		assert!((outside.pool)().is_empty());
		// And did not arrive.
		next_slot();
		outside.expect_watch(seen(&[(0, down_now())]));
		look().unwrap();
		let calls = (outside.pool)();
		assert_eq!(unsigned(calls.clone()), unsigned([down(0, NODE)]));
		assert_eq!(book().sent.len(), 1);
		submit(calls[0].clone());
		assert!(Pob::watch(&NODE).watched[0].has_spoken);
	});
}

#[test]
fn worker_should_report_up_when_the_outage_is_recorded() {
	with_worker_among(8, |outside| {
		// Five of eight are drawn in each epoch.
		while !watchers_of(0).contains(&NODE) {
			assert!(Pob::epoch() < FIRST_TESTED_EPOCH + 20);
			run_to(Pob::epoch() + 1, 0);
		}
		alarm_by_others();
		let confirmers = confirmers_of(0);
		confirmers[..4].iter().for_each(|node| submit(outages::vote(0, *node, true)));
		assert!(Pob::watch(&NODE).watched[0].down_since.is_some());
		let up = Sighting::Up { alarm_slot: Pob::alarm_slot() };
		outside.expect_watch(seen(&[(0, up)]));
		look().unwrap();
		let calls = (outside.pool)();
		assert_eq!(unsigned(calls.clone()), unsigned([outages::up(0, NODE)]));
		submit(calls[0].clone());
	});
}

#[test]
fn worker_should_vote_on_an_alarm_it_is_asked_about() {
	with_worker(|outside| {
		alarm_by_others();
		assert!(confirmers_of(0).contains(&NODE));
		// Its own report would change nothing any more.
		assert!(Pob::watch(&NODE).watched[0].has_spoken);
		let raised = Pob::watch(&NODE).alarms[0].raised;
		outside.expect_watch(seen(&[(0, Sighting::Confirm { raised, is_down: true })]));
		look().unwrap();
		let calls = (outside.pool)();
		assert_eq!(unsigned(calls.clone()), unsigned([outages::vote(0, NODE, true)]));
		submit(calls[0].clone());
		assert_eq!(Pob::watch(&NODE).alarms, vec![]);
	});
}

#[test]
fn worker_should_sign_nothing_when_a_sighting_was_not_asked_for() {
	with_worker(|outside| {
		let down = down_now();
		let earlier = Sighting::Down { alarm_slot: Pob::alarm_slot() - 1 };
		let unasked = Sighting::Confirm { raised: 1, is_down: true };
		for wrong in [(7, down), (0, earlier), (0, unasked)] {
			outside.expect_watch(seen(&[(0, down), wrong]));
			assert!(matches!(look(), Err(Trouble::Malformed(_))), "{wrong:?}");
		}
		outside.expect_watch(seen(&vec![(0, down); 65]));
		assert!(matches!(look(), Err(Trouble::Malformed(_))));
		for answer in [b"<html>busy</html>".to_vec(), b"{}".to_vec()] {
			outside.expect_watch(answer);
			assert!(matches!(look(), Err(Trouble::Malformed(_))));
		}
		outside.expect_watch(vec![0xff; 70_000]);
		assert_eq!(look(), Err(Trouble::TooLarge));
		assert!((outside.pool)().is_empty());
		assert_eq!(book(), Watchbook::default());
	});
}

#[test]
fn worker_should_ask_nobody_without_sidecar_seat_or_lock() {
	with_worker(|_| {
		set_url("ftp://elsewhere");
		look().unwrap();
		set_url(URL);
		Pob::set_seat_key(RuntimeOrigin::signed(NODE), key(200)).unwrap();
		look().unwrap();
		Pob::set_seat_key(RuntimeOrigin::signed(NODE), key(NODE)).unwrap();
		let lock_key = [b"weir::watch-lock::".as_slice(), &NODE.encode()].concat();
		let mut lock = sp_runtime::offchain::storage_lock::StorageLock::<
			sp_runtime::offchain::storage_lock::Time,
		>::new(&lock_key);
		let _held = lock.try_lock().unwrap();
		look().unwrap();
	});
}

#[test]
fn watch_request_should_keep_its_names() {
	with_worker(|_| {
		let json = serde_json::to_value(expected()).unwrap();
		let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
		assert_eq!(keys(&json), ["genesis", "node", "seat", "watch"]);
		assert_eq!(keys(&json["watch"]), ["alarm_slot", "alarms", "epoch", "watched"]);
		assert_eq!(
			keys(&json["watch"]["watched"][0]),
			["account", "down_since", "endpoint", "has_spoken", "peer_id", "provider"]
		);
		assert_eq!(json["watch"]["watched"][0]["account"], "0x6400000000000000");
		assert_eq!(serde_json::from_value::<WatchRequest>(json).unwrap(), expected());
	});
}
