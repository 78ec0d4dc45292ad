//! What tools that never link the runtime encode and decode by hand: pinned in `golden/wire.txt`, which the tests of
//! `weir-tunnel` and `weir-e2e` read as well.
//!
//! A change of that file is a change of the chain's interface. For calls and extensions it needs a new
//! `transaction_version`; for runtime APIs a new `api_version`.
//! `WEIR_WRITE_GOLDEN=1 cargo test -p weir-runtime golden` writes it anew.

mod channels;
mod economy;

use super::chain::genesis;
use crate::*;
use codec::{Decode, DecodeAll, Encode};
use core::fmt::Debug;
use frame_support::traits::GetCallMetadata;
use scale_info::{TypeDef, TypeInfo};
use weir_primitives::{
	api::{
		runtime_decl_for_proof_of_bandwidth_api::ProofOfBandwidthApi, Announced, CommitteeMember,
		EvidenceInfo, LocationFacts, Outcome, Page, ProviderInfo, Reason, RegionFilter, SeatInfo, SeatRecord,
		TargetTest, Task, TestKind, VerdictRecord, VerdictSummary,
	},
	outage::{Gap, OpenAlarm, Watch, Watched},
	receipt::{Bilateral, TestPart},
	report::{Entry, EntryKind},
	Admission, Caps, Claim, Endpoint, ExitClass, LineKind, ProbeKey, ProbeSignature, Region, Role, Timing,
};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/wire.txt");
const HEADER: &str = "\
# What tools encode and decode without linking the runtime. Written by runtime/src/tests/wire.rs; all numbers are hex.
# call NAME FIELDS BYTES              an encoded call: index of the pallet, index of the call, arguments
# api FUNCTION ARGUMENTS ANSWER       a runtime API call: encoded arguments (- for none), an answer it may give
# errors PALLET NAMES                 rules of a pallet by their indices, from 0: a code of what the pool refuses is one
# extensions NAMES BYTES              what surrounds a transaction, in order: identifiers, and one that never expires,
#                                     with nonce 0 and without tip and metadata hash
";

fn account(n: u8) -> AccountId {
	[n; 32].into()
}

fn key(n: u8) -> ProbeKey {
	sp_core::sr25519::Public::from_raw([n; 32]).into()
}

fn endpoint() -> Endpoint {
	Endpoint::V4 { addr: [127, 1, 2, 3], port: 9_600 }
}

fn claim() -> Claim {
	Claim { down_kbps: 20_000, up_kbps: 10_000 }
}

fn region() -> Region {
	Region { country: *b"DE", kind: LineKind::Hosting }
}

fn entry() -> Entry {
	Entry {
		provider: 6,
		kind: EntryKind::Measured,
		down_kbps: 9_000,
		up_kbps: 8_000,
		rtt_10us: 700,
		loss_pptt: 60,
		liveness: [5; 5],
		receipt: [4; 5],
	}
}

fn hex(bytes: &[u8]) -> String {
	if bytes.is_empty() {
		return "-".into();
	}
	bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Names of a call's fields, as metadata shows them.
fn fields(pallet: &str, call: &str) -> String {
	let variants = |definition| match definition {
		TypeDef::Variant(variants) => variants.variants,
		other => panic!("calls are variants, not {other:?}"),
	};
	let named = |variants: Vec<scale_info::Variant>, name: &str| {
		variants.into_iter().find(|variant| variant.name == name).expect("the call exists")
	};
	let pallet = named(variants(RuntimeCall::type_info().type_def), pallet);
	let call = named(variants(pallet.fields[0].ty.type_info().type_def), call);
	call.fields.iter().filter_map(|field| field.name).collect::<Vec<_>>().join(",")
}

fn call(call: impl Into<RuntimeCall>) -> String {
	let call = call.into();
	let bytes = call.encode();
	assert_eq!(RuntimeCall::decode_all(&mut &bytes[..]).as_ref(), Ok(&call));
	let metadata = call.get_call_metadata();
	let (pallet, name) = (metadata.pallet_name, metadata.function_name);
	format!("call {pallet}.{name} {} {}\n", fields(pallet, name), hex(&bytes))
}

fn calls() -> Vec<String> {
	let transfer =
		pallet_balances::Call::transfer_keep_alive { dest: account(1).into(), value: 2_000 * WEIR };
	let bond = pallet_node_staking::Call::bond { role: Role::Provider, amount: 1_000 * WEIR };
	let terms = pallet_providers::Terms {
		endpoint: endpoint(),
		peer_id: vec![2; 38].try_into().expect("38 bytes"),
		region: region(),
		exit: ExitClass::Web,
		price_credits_per_gb: 50_000,
		caps: Caps { rate_kbps: 0, gb_per_month: 0, sessions: 0 },
	};
	let register = pallet_providers::Call::register { claim: claim(), terms, probe_key: Some(key(3)) };
	let seat = pallet_proof_of_bandwidth::Call::take_seat {
		key: key(3),
		endpoint: endpoint(),
		uplink_kbps: 20_000,
		country: *b"DE",
	};
	let commit = pallet_proof_of_bandwidth::Call::commit {
		epoch: 5,
		node: account(7),
		commitment: [8; 32].into(),
		signature: ProbeSignature::from(sp_core::sr25519::Signature::from_raw([9; 64])),
	};
	let reveal = pallet_proof_of_bandwidth::Call::reveal {
		epoch: 5,
		node: account(7),
		entries: vec![entry()].try_into().expect("one entry"),
		salt: [10; 32],
	};
	let receipt = Bilateral {
		test: TestPart {
			genesis: [11; 32],
			epoch: 5,
			kind: TestKind::Admission,
			ordinal: 11,
			target: account(6),
			attestor: account(7),
			session: [12; 8],
		},
		seed_hash: [13; 32],
		down_bytes: 1_500_000,
		up_bytes: 750_000,
		by_target: [14; 64],
		by_attestor: [15; 64],
	};
	let audit = pallet_proof_of_bandwidth::Call::answer_audit {
		epoch: 5,
		node: account(7),
		entries: vec![entry()].try_into().expect("one entry"),
		salt: [10; 32],
		receipts: vec![receipt.clone()].try_into().expect("one receipt"),
	};
	let receipts = vec![receipt].try_into().expect("one receipt");
	let dispute = pallet_proof_of_bandwidth::Call::dispute { provider: 6, epoch: 5, receipts };
	let appeal = pallet_proof_of_bandwidth::Call::appeal { epoch: 5 };
	let request = pallet_proof_of_bandwidth::Call::request_test {};
	let signature = || ProbeSignature::from(sp_core::sr25519::Signature::from_raw([9; 64]));
	let (provider, node, alarm_slot) = (6, account(7), 9_000_000);
	let down = pallet_proof_of_bandwidth::Call::report_down {
		provider,
		node: node.clone(),
		alarm_slot,
		signature: signature(),
	};
	let up = pallet_proof_of_bandwidth::Call::report_up {
		provider,
		node: node.clone(),
		alarm_slot,
		signature: signature(),
	};
	let confirm = pallet_proof_of_bandwidth::Call::confirm {
		provider,
		node,
		raised: 77,
		is_down: true,
		signature: signature(),
	};
	let batch = pallet_utility::Call::batch_all { calls: vec![transfer.clone().into(), bond.clone().into()] };
	vec![
		call(transfer),
		call(batch),
		call(bond),
		call(register),
		call(seat),
		call(commit),
		call(reveal),
		call(audit),
		call(dispute),
		call(appeal),
		call(request),
		call(down),
		call(up),
		call(confirm),
	]
}

/// One function of the measuring protocol's API.
fn api<A, R>(method: &str, function: fn(A) -> R, arguments: A, answer: R) -> String
where
	A: Encode + Clone,
	R: Encode + Decode + PartialEq + Debug,
{
	api_of("ProofOfBandwidthApi", method, function, arguments, answer)
}

/// One function of an API: found by its name with exactly these arguments, and answering in exactly this type.
fn api_of<A, R>(of: &str, method: &str, function: fn(A) -> R, arguments: A, answer: R) -> String
where
	A: Encode + Clone,
	R: Encode + Decode + PartialEq + Debug,
{
	let name = format!("{of}_{method}");
	let encoded = arguments.encode();
	genesis(presets::LOCAL).execute_with(|| {
		let live = api::dispatch(&name, &encoded).expect("the function exists");
		assert_eq!(live, function(arguments).encode(), "{name}");
	});
	assert_eq!(R::decode_all(&mut &answer.encode()[..]).as_ref(), Ok(&answer), "{name}");
	format!("api {name} {} {}\n", hex(&encoded), hex(&answer.encode()))
}

fn apis() -> Vec<String> {
	let verdict = VerdictRecord {
		epoch: 4,
		kind: TestKind::Escalation,
		claim: claim(),
		down_kbps: 9_000,
		up_kbps: 8_000,
		ratio_ppm: 450_000,
		members: 7,
		present: 6,
		rtt_10us: 700,
		loss_pptt: 60,
		alive_parts: 39,
		outcome: Outcome::Strike,
		reason: Reason::BelowHalf,
	};
	let past = VerdictSummary {
		epoch: 3,
		kind: TestKind::Scheduled,
		down_kbps: 21_000,
		up_kbps: 11_000,
		outcome: Outcome::Good,
		reason: Reason::WithinClaim,
	};
	let provider = ProviderInfo {
		index: 6,
		account: account(7),
		claim: claim(),
		endpoint: endpoint(),
		peer_id: vec![2; 38],
		region: region(),
		exit: ExitClass::Web,
		price_credits_per_gb: 50_000,
		caps: Caps { rate_kbps: 15_000, gb_per_month: 200, sessions: 10 },
		probe_key: Some(key(3)),
		admission: Admission::Admitted { since: 3 },
		paused: false,
		in_service: true,
		next_claim: Some(Announced { from_epoch: 6, value: claim() }),
		next_probe_key: Some(Announced { from_epoch: 6, value: None }),
		next_admission: Some(Announced { from_epoch: 6, value: Admission::Pending { passed: 0 } }),
		next_paused: Some(Announced { from_epoch: 7, value: true }),
		bond: 1_000 * WEIR,
		bond_sufficient: true,
		strikes: 3,
		last_verdict: Some(verdict),
		past_verdicts: vec![past],
		location: LocationFacts {
			proofs: 2,
			last_proof: Some(4),
			contradicted: Some(3),
			refuted: Some(2),
			refutations: 5,
			banned_until: Some(400),
		},
		operator: Some(account(8)),
	};
	let seat = SeatInfo {
		account: account(7),
		key: key(3),
		endpoint: endpoint(),
		uplink_kbps: 20_000,
		country: *b"DE",
		from_epoch: 3,
		score_ppm: 900_000,
	};
	let record = SeatRecord { seat: seat.clone(), operator: Some(account(8)), shortfalls: 2 };
	let task = Task {
		provider: 6,
		account: account(7),
		endpoint: endpoint(),
		peer_id: vec![2; 38],
		probe_key: Some(key(3)),
		claim: claim(),
		kind: TestKind::Admission,
		ordinal: 11,
		members: 5,
		quota_down_kbps: 4_000,
		quota_up_kbps: 2_000,
		window_millis: 3_000,
		start_slot: Some(12),
	};
	let test = TargetTest {
		epoch: 5,
		kind: TestKind::Scheduled,
		ordinal: 11,
		quota_down_kbps: 4_000,
		quota_up_kbps: 2_000,
		window_millis: 3_000,
		start_slot: None,
		committee: vec![CommitteeMember { account: account(7), key: key(3), endpoint: endpoint() }],
	};
	let evidence = EvidenceInfo {
		provider: 6,
		epoch: 5,
		kind: TestKind::Escalation,
		ordinal: 11,
		window_millis: 3_000,
		until: 9,
		slash: Some(2),
		due: Some(10),
		appealed: false,
		members: vec![(account(8), 1_000, 500)],
	};
	let watched = Watched {
		provider: 6,
		account: account(8),
		endpoint: endpoint(),
		peer_id: vec![2; 38],
		down_since: Some(90_000_000),
		has_spoken: true,
	};
	let alarm = OpenAlarm {
		provider: 6,
		account: account(8),
		endpoint: endpoint(),
		peer_id: vec![2; 38],
		raised: 77,
		until_slot: 90_000_010,
	};
	let watch = Watch { epoch: 5, alarm_slot: 9_000_000, watched: vec![watched], alarms: vec![alarm] };
	let gap = Gap { from_slot: 90_000_000, until_slot: 90_000_009, is_regional: true };
	vec![
		api("timing", |()| Runtime::timing(), (), Timing::local()),
		api("clock", |()| Runtime::clock(), (), (5, 12, 900_000_000)),
		api("tasks", Runtime::tasks, account(7), vec![task]),
		api("target_test", Runtime::target_test, account(7), Some(test)),
		api("assignment", |(epoch, provider)| Runtime::assignment(epoch, provider), (5, 6), vec![account(7)]),
		api("seat", Runtime::seat, account(7), Some(seat)),
		api("seat_record", Runtime::seat_record, account(7), Some(record.clone())),
		api(
			"seats",
			|(start, count)| Runtime::seats(start, count),
			(0, 100),
			Page { rows: vec![record], next: None },
		),
		api(
			"providers",
			|(start, count, regions)| Runtime::providers(start, count, regions),
			(0, 100, RegionFilter { country: Some(*b"DE"), kind: None }),
			Page { rows: vec![provider.clone()], next: Some(7) },
		),
		api("provider", Runtime::provider, account(7), Some(provider.clone())),
		api("provider_at", Runtime::provider_at, 6, Some(provider)),
		api(
			"report_state",
			|(epoch, node)| Runtime::report_state(epoch, node),
			(5, account(7)),
			(true, false),
		),
		api("audited", |(epoch, node)| Runtime::audited(epoch, node), (5, account(7)), vec![3]),
		api("evidence", Runtime::evidence, account(7), vec![evidence]),
		api("watch", Runtime::watch, account(7), watch),
		api("outages", Runtime::outages, 6, (Some(90_000_000), vec![gap])),
	]
}

/// Rules by which the pool refuses calls that are authorised by themselves.
fn errors() -> String {
	let TypeDef::Variant(rules) = pallet_proof_of_bandwidth::Error::<Runtime>::type_info().type_def else {
		panic!("errors are an enum")
	};
	let mut names: Vec<_> = rules.variants.iter().filter(|rule| !rule.name.starts_with("__")).collect();
	names.sort_by_key(|rule| rule.index);
	assert!(names.iter().zip(0..).all(|(rule, index)| rule.index == index), "none is left out");
	let names: Vec<_> = names.into_iter().map(|rule| rule.name).collect();
	format!("errors ProofOfBandwidth {}\n", names.join(","))
}

fn extensions() -> String {
	use sp_runtime::traits::TransactionExtension;
	let names: Vec<_> = <TxExtension as TransactionExtension<RuntimeCall>>::metadata()
		.into_iter()
		.map(|extension| extension.identifier)
		.collect();
	let plain = super::fees::extension(0, generic::Era::Immortal);
	format!("extensions {} {}\n", names.join(","), hex(&plain.encode()))
}

#[test]
fn golden_file_should_say_what_the_runtime_says() {
	let current = calls().concat()
		+ &economy::calls().concat()
		+ &channels::calls().concat()
		+ &apis().concat()
		+ &economy::apis().concat()
		+ &channels::apis().concat()
		+ &errors()
		+ &extensions();
	let current = format!("{HEADER}{current}");
	if std::env::var_os("WEIR_WRITE_GOLDEN").is_some() {
		std::fs::write(FILE, &current).expect("the golden file can be written");
	}
	let written = std::fs::read_to_string(FILE).expect("the golden file is there");
	let drift = written.lines().zip(current.lines()).find(|(written, current)| written != current);
	assert!(written == current, "runtime/golden/wire.txt has drifted, first here: {drift:#?}");
}
