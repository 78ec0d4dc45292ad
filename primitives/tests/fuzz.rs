//! Decoders of what strangers send: no bytes make them panic, and what they take is written back as the same bytes, so
//! that nothing has two encodings and no signature or hash covers more than one meaning.

use codec::{Decode, DecodeAll, Encode, MaxEncodedLen};
use weir_fuzz::Fuzz;
use weir_primitives::{
	api::{
		CommitteeMember, EvidenceInfo, Page, ProviderInfo, RegionFilter, SeatInfo, SeatRecord, TargetTest,
		Task, TestKind, VerdictRecord,
	},
	outage::{sighting_payload, OpenAlarm, Sighting, Watch, Watched},
	receipt::{Bilateral, TestPart},
	report::{entries_root, Entry, EntryKind, MAX_ENTRIES},
	sidecar::{
		from_hex, to_hex, ReceiptsResponse, ReportResponse, ReportState, TasksRequest, WatchRequest,
		WatchResponse,
	},
	Admission, Caps, Claim, Endpoint, LineKind, ProbeKey, Region, Timing,
};

type Account = [u8; 32];

/// True if the bytes are a `T`, and then the only ones that are this `T`.
fn is_one<T: Decode + Encode>(bytes: &[u8], look: impl FnOnce(&T)) -> bool {
	let Ok(value) = T::decode_all(&mut &bytes[..]) else { return false };
	assert_eq!(value.encode(), bytes, "two encodings of one value");
	look(&value);
	true
}

/// As [`is_one`], of what has a largest encoding.
fn is_bounded<T: Decode + Encode + MaxEncodedLen>(bytes: &[u8], look: impl FnOnce(&T)) -> bool {
	is_one(bytes, |value| {
		assert!(bytes.len() <= T::max_encoded_len(), "longer than the longest");
		look(value);
	})
}

/// Asks a value a question whose answer does not matter.
fn see<T>(_: T) {}

fn test_part() -> TestPart<Account> {
	TestPart {
		genesis: [1; 32],
		epoch: 4,
		kind: TestKind::Escalation,
		ordinal: 7,
		target: [2; 32],
		attestor: [3; 32],
		session: [4; 8],
	}
}

fn receipt() -> Bilateral<Account> {
	let (down_bytes, up_bytes) = (3_750_000, 1);
	Bilateral {
		test: test_part(),
		seed_hash: [5; 32],
		down_bytes,
		up_bytes,
		by_target: [6; 64],
		by_attestor: [7; 64],
	}
}

fn entry(provider: u32) -> Entry {
	Entry {
		provider,
		kind: EntryKind::Measured,
		down_kbps: 10_000,
		up_kbps: 5_000,
		rtt_10us: 250,
		loss_pptt: 12,
		liveness: [0xff; 5],
		receipt: [1, 2, 3, 4, 5],
	}
}

fn key() -> ProbeKey {
	ProbeKey::decode(&mut &[9u8; 32][..]).expect("any 32 bytes are a public key")
}

const V4: Endpoint = Endpoint::V4 { addr: [203, 0, 113, 7], port: 9_600 };
const V6: Endpoint = Endpoint::V6 { addr: [0x20; 16], port: 9_600 };
const CLAIM: Claim = Claim { down_kbps: 20_000, up_kbps: 10_000 };

fn seat<Id>(account: Id) -> SeatInfo<Id> {
	SeatInfo {
		account,
		key: key(),
		endpoint: V6,
		uplink_kbps: 5_000,
		country: *b"DE",
		from_epoch: 3,
		score_ppm: 1_000_000,
	}
}

fn task<Id>(account: Id) -> Task<Id> {
	Task {
		provider: 3,
		account,
		endpoint: V4,
		peer_id: vec![0, 36, 8, 1],
		probe_key: Some(key()),
		claim: CLAIM,
		kind: TestKind::Scheduled,
		ordinal: 7,
		members: 15,
		quota_down_kbps: 1_667,
		quota_up_kbps: 834,
		window_millis: 3_000,
		start_slot: Some(12),
	}
}

fn watch<Id: Clone>(account: Id) -> Watch<Id> {
	let peer_id = vec![0, 36, 8, 1];
	let watched = Watched {
		provider: 3,
		account: account.clone(),
		endpoint: V4,
		peer_id: peer_id.clone(),
		down_since: Some(897_644_462),
		has_spoken: false,
	};
	let alarm =
		OpenAlarm { provider: 4, account, endpoint: V6, peer_id, raised: 259, until_slot: 897_644_472 };
	Watch { epoch: 4, alarm_slot: 258, watched: vec![watched; 2], alarms: vec![alarm] }
}

#[test]
fn fuzz_reports_and_receipts_should_have_one_encoding() {
	let reports = [vec![], vec![entry(7)], vec![entry(1), entry(2), entry(3)]];
	let samples = reports.map(|report| report.encode()).into_iter().chain([
		entry(7).encode(),
		test_part().encode(),
		receipt().encode(),
		vec![receipt(); 2].encode(),
	]);
	let ran = Fuzz::new("reports", 60_000).samples(samples).run(|bytes| {
		let taken = [
			is_bounded::<Entry>(bytes, |_| {}),
			is_one::<Vec<Entry>>(bytes, |entries| see(entries_root(entries))),
			is_bounded::<TestPart<Account>>(bytes, |_| {}),
			is_bounded::<Bilateral<Account>>(bytes, |receipt| see((receipt.payload(), receipt.prefix()))),
			is_one::<Vec<Bilateral<Account>>>(bytes, |_| {}),
		];
		[taken]
	});
	for decoder in 0..5 {
		assert!(ran.seen.keys().any(|taken| taken[decoder]), "nothing was taken by decoder {decoder}");
	}
	assert!(ran.count(&[false; 5]) > 0, "nothing was refused");
}

#[test]
fn fuzz_terms_should_have_one_encoding_and_be_looked_at_without_panic() {
	let region = Region { country: *b"DE", kind: LineKind::Hosting };
	let samples = [
		V4.encode(),
		V6.encode(),
		Endpoint::RelayOnly.encode(),
		CLAIM.encode(),
		region.encode(),
		Caps { rate_kbps: 1, gb_per_month: 2, sessions: 3 }.encode(),
		Admission::Jailed { until: 9 }.encode(),
		Timing::local().encode(),
		RegionFilter { country: Some(*b"DE"), kind: None }.encode(),
	];
	let ran = Fuzz::new("terms", 80_000).samples(samples).longest(128).run(|bytes| {
		[[
			is_bounded::<Endpoint>(bytes, |endpoint| {
				see((endpoint.prefix(), endpoint.port(), endpoint.is_public()));
			}),
			is_bounded::<Claim>(bytes, |claim| {
				assert!(claim.effective_kbps() <= claim.largest_kbps());
			}),
			is_bounded::<Region>(bytes, |region| see(region.is_valid())),
			is_bounded::<Caps>(bytes, |_| {}),
			is_bounded::<Admission>(bytes, |_| {}),
			is_bounded::<Timing>(bytes, |timing| see(timing.validate())),
			is_one::<RegionFilter>(bytes, |filter| {
				see(filter.admits(&Region { country: *b"DE", kind: LineKind::Hosting }));
			}),
		]]
	});
	for decoder in 0..7 {
		assert!(ran.seen.keys().any(|taken| taken[decoder]), "nothing was taken by decoder {decoder}");
	}
	assert!(ran.count(&[false; 7]) > 0, "nothing was refused");
}

#[test]
fn fuzz_answers_of_the_runtime_should_have_one_encoding() {
	// Of bytes: a bare literal would be of i32, and no decoder would take the sample.
	let account: Account = [8; 32];
	let member = CommitteeMember { account, key: key(), endpoint: V4 };
	let target = TargetTest {
		epoch: 4,
		kind: TestKind::Admission,
		ordinal: 1,
		quota_down_kbps: 2,
		quota_up_kbps: 3,
		window_millis: 3_000,
		start_slot: None,
		committee: vec![member; 2],
	};
	let evidence = EvidenceInfo {
		provider: 1,
		epoch: 4,
		kind: TestKind::Escalation,
		ordinal: 1,
		window_millis: 3_000,
		until: 6,
		slash: Some(1),
		due: None,
		appealed: false,
		members: vec![(account, 1, 2)],
	};
	let record = SeatRecord { seat: seat(account), operator: Some([9; 32]), shortfalls: 2 };
	let samples = [
		vec![task(account)].encode(),
		Some(target).encode(),
		Some(seat(account)).encode(),
		Page { rows: vec![record], next: Some(1) }.encode(),
		vec![evidence].encode(),
		watch(account).encode(),
		// No verdicts, and as the same byte no provider.
		Vec::<VerdictRecord>::new().encode(),
	];
	let taken = |bytes: &[u8]| {
		[
			is_one::<Vec<Task<Account>>>(bytes, |_| {}),
			is_one::<Option<TargetTest<Account>>>(bytes, |_| {}),
			is_one::<Option<SeatInfo<Account>>>(bytes, |_| {}),
			is_one::<Page<SeatRecord<Account>>>(bytes, |_| {}),
			is_one::<Vec<EvidenceInfo<Account>>>(bytes, |_| {}),
			is_one::<Option<ProviderInfo<Account, u128>>>(bytes, |_| {}),
			is_one::<Vec<VerdictRecord>>(bytes, |_| {}),
			is_one::<Watch<Account>>(bytes, |_| {}),
		]
	};
	for sample in &samples {
		assert!(taken(sample).contains(&true), "a sample that nothing takes: {sample:?}");
	}
	let ran = Fuzz::new("answers", 60_000).samples(samples).run(|bytes| [taken(bytes)]);
	for decoder in 0..8 {
		assert!(ran.seen.keys().any(|taken| taken[decoder]), "nothing was taken by decoder {decoder}");
	}
	assert!(ran.count(&[false; 8]) > 0, "nothing was refused");
}

/// What JSON says, if it is a `T`: written and read again, it is the same.
fn is_json<T: serde::de::DeserializeOwned + serde::Serialize + PartialEq + std::fmt::Debug>(
	bytes: &[u8],
	look: impl FnOnce(&T),
) -> bool {
	let Ok(value) = serde_json::from_slice::<T>(bytes) else { return false };
	let written = serde_json::to_vec(&value).expect("what was read can be written");
	assert_eq!(serde_json::from_slice::<T>(&written).expect("and read again"), value);
	look(&value);
	true
}

#[test]
fn fuzz_bodies_between_node_and_sidecar_should_be_read_without_panic() {
	let hex = to_hex(&[2; 32]);
	let tasks = TasksRequest {
		genesis: hex.clone(),
		epoch: 4,
		slot_millis: 2_000,
		epoch_first_slot: 897_644_462,
		node: hex.clone(),
		seat: seat(hex.clone()),
		tasks: vec![task(hex.clone())],
	};
	let report = ReportResponse { epoch: 4, state: ReportState::Ready, entries: vec![entry(7)] };
	let receipts = ReceiptsResponse { epoch: 4, receipts: vec![to_hex(&receipt().encode())] };
	let request =
		WatchRequest { genesis: hex.clone(), node: hex.clone(), seat: seat(hex.clone()), watch: watch(hex) };
	let seen = [
		Sighting::Down { alarm_slot: 258 },
		Sighting::Up { alarm_slot: 258 },
		Sighting::Confirm { raised: 259, is_down: true },
	];
	let sightings = WatchResponse { sightings: seen.map(|sighting| (3, sighting)).to_vec() };
	let samples = [
		serde_json::to_vec(&tasks).unwrap(),
		serde_json::to_vec(&report).unwrap(),
		serde_json::to_vec(&receipts).unwrap(),
		serde_json::to_vec(&request).unwrap(),
		serde_json::to_vec(&sightings).unwrap(),
	];
	let words = ["null", "-1", "4294967296", "1e99", "\"V4\"", "[]", "{}", "\\u0000", "\"pending\"", "[[[["];
	let ran = Fuzz::new("bodies", 60_000).samples(samples).words(words).run(|bytes| {
		[[
			is_json::<TasksRequest>(bytes, |request| {
				see((from_hex(&request.genesis), from_hex(&request.node)));
			}),
			is_json::<ReportResponse>(bytes, |report| {
				see(entries_root(&report.entries[..report.entries.len().min(MAX_ENTRIES as usize)]));
			}),
			is_json::<ReceiptsResponse>(bytes, |receipts| {
				for hex in &receipts.receipts {
					let Some(bytes) = from_hex(hex) else { continue };
					assert_eq!(to_hex(&bytes), hex.to_lowercase());
					is_one::<Bilateral<Account>>(&bytes, |_| {});
				}
			}),
			is_json::<WatchRequest>(bytes, |request| {
				see((from_hex(&request.genesis), from_hex(&request.node)));
			}),
			is_json::<WatchResponse>(bytes, |response| {
				for (provider, sighting) in &response.sightings {
					see(sighting_payload(&Default::default(), *provider, &[8u8; 32], sighting));
				}
			}),
		]]
	});
	for body in 0..5 {
		assert!(ran.seen.keys().any(|taken| taken[body]), "no body {body} was taken");
	}
	assert!(ran.count(&[false; 5]) > 0, "nothing was refused");
}
