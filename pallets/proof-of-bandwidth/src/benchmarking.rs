//! Benchmarks of every call and hook in its worst case, with the timing and committees of a public network.

#![allow(clippy::expect_used, clippy::arithmetic_side_effects)]

use crate::{assignment::Draw, reports::Step, *};
use polkadot_sdk::*;

use alloc::vec::Vec;
use frame_benchmarking::v2::*;
use frame_support::{
	pallet_prelude::*,
	traits::{Authorize, ConstU32},
	weights::WeightMeter,
	BoundedVec,
};
use frame_system::RawOrigin;
use sp_application_crypto::RuntimeAppPublic;
use sp_core::H256;
use weir_primitives::{
	report::{commit_payload, commitment, entries_root, Entry, EntryKind, MAX_ENTRIES},
	seams::{Bonds, ProviderRegistry},
	Claim, Endpoint, EpochIndex, ProbeKey, ProbeSignature, ProviderIndex, Role, SlotOffset, Timing,
	SEAT_KEY_TYPE,
};

const UPLINK_KBPS: u32 = 50_000;
const CLAIM: Claim = Claim { down_kbps: 100_000, up_kbps: 100_000 };
/// Every list has rested and every provider is mature.
const TESTED: EpochIndex = 12;
const SALT: [u8; 32] = [7; 32];

fn endpoint(n: u32) -> Endpoint {
	let [_, _, high, low] = n.to_be_bytes();
	Endpoint::V4 { addr: [77, high, low, 1], port: 9_700 }
}

fn new_key() -> ProbeKey {
	ProbeKey::from(sp_io::crypto::sr25519_generate(SEAT_KEY_TYPE, None))
}

/// Forgets the seats and providers of the genesis state, so that lists are as long as a benchmark says.
fn clear<T: Config>() {
	NetworkTiming::<T>::put(Timing::public());
	GenesisTiming::<T>::put(Timing::public());
	SeatCount::<T>::kill();
	let _ = Seats::<T>::clear(u32::MAX, None);
	let _ = SeatOfKey::<T>::clear(u32::MAX, None);
	let _ = SeatOfPrefix::<T>::clear(u32::MAX, None);
	let _ = SeatsInWidePrefix::<T>::clear(u32::MAX, None);
	let _ = SeatListState::<T>::clear(u32::MAX, None);
	let _ = SeatListSlots::<T>::clear(u32::MAX, None);
	let _ = SeatListPlaces::<T>::clear(u32::MAX, None);
	let _ = ProviderListState::<T>::clear(u32::MAX, None);
	let _ = ProviderListSlots::<T>::clear(u32::MAX, None);
	let _ = ProviderListPlaces::<T>::clear(u32::MAX, None);
}

/// Seats in every tier since epoch 0, and no others.
fn seats<T: Config>(count: u32) -> Vec<(T::AccountId, ProbeKey)> {
	clear::<T>();
	(0..count)
		.map(|n| {
			let (who, key) = (account::<T::AccountId>("seat", n, 0), new_key());
			T::Bonds::bond_for_benchmark(&who, Role::Validator);
			Pallet::<T>::seat_at_genesis(&who, &key, &endpoint(n), UPLINK_KBPS).expect("a fresh seat");
			(who, key)
		})
		.collect()
}

fn set_clock<T: Config>(epoch: EpochIndex, slot: SlotOffset) {
	T::BenchmarkHelper::set_clock(epoch, slot);
	Pallet::<T>::record_clock();
}

/// Providers under an escalation, which no lack of seats puts off. The clock ends in the last slot of [`TESTED`].
fn providers<T: Config>(count: u32) -> Vec<ProviderIndex> {
	set_clock::<T>(1, 1);
	let indices: Vec<ProviderIndex> = (0..count)
		.map(|n| T::Registry::register_for_benchmark(&account("provider", n, 1), n, CLAIM))
		.collect();
	for provider in &indices {
		Targets::<T>::mutate_extant(provider, |target| {
			target.escalation = Some(Escalation { due: TESTED, claim: CLAIM, attempts: 0 });
		});
	}
	let timing = Pallet::<T>::timing();
	set_clock::<T>(TESTED, timing.measure_from);
	set_clock::<T>(TESTED, timing.epoch_slots.saturating_sub(1));
	// The randomness of the last group decides every test that is left.
	Groups::<T>::mutate(TESTED, |groups| groups.try_push((23, [1; 32])))
		.expect("one group of twenty-four is there");
	indices
}

fn open<T: Config>(step: Step) {
	set_clock::<T>(TESTED + 1, Pallet::<T>::window_of(step).0);
}

fn entry(provider: ProviderIndex) -> Entry {
	Entry {
		provider,
		kind: EntryKind::Measured,
		down_kbps: 6_000,
		up_kbps: 6_000,
		rtt_10us: 1_000,
		loss_pptt: 0,
		liveness: [0xff; 5],
		receipt: [0; 5],
	}
}

/// As many seats as the committee has members, so that each seat measures every provider.
fn report<T: Config>(n: u32) -> (T::AccountId, ProbeKey, BoundedVec<Entry, ConstU32<MAX_ENTRIES>>) {
	let all = seats::<T>(MAX_MEMBERS);
	let indices = providers::<T>(n);
	let (who, key) = all.into_iter().next().expect("a committee has members");
	let entries: Vec<Entry> = indices.into_iter().map(entry).collect();
	(who, key, entries.try_into().expect("as many as fit"))
}

fn hash_of<T: Config>(who: &T::AccountId, entries: &[Entry]) -> H256 {
	commitment(&Pallet::<T>::genesis_hash(), TESTED, who, &entries_root(entries), &SALT)
}

fn sign_commit<T: Config>(who: &T::AccountId, key: &ProbeKey) -> (H256, ProbeSignature) {
	let hash = hash_of::<T>(who, &[]);
	let payload = commit_payload(&Pallet::<T>::genesis_hash(), TESTED, who, &hash);
	(hash, key.sign(&payload).expect("the key was generated in this keystore"))
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn take_seat() {
		let _ = seats::<T>(20);
		set_clock::<T>(TESTED, 1);
		let who: T::AccountId = account("taker", 0, 0);
		T::Bonds::bond_for_benchmark(&who, Role::Validator);

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), new_key(), endpoint(900), UPLINK_KBPS);

		assert!(Seats::<T>::contains_key(who));
	}

	#[benchmark]
	fn leave_seat() {
		let all = seats::<T>(20);
		set_clock::<T>(TESTED, 1);
		// In the middle: the last one of each tier moves into the hole.
		let (who, _) = all.into_iter().nth(7).expect("there are twenty");

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));

		assert!(Seats::<T>::get(who).is_some_and(|seat| seat.leaving));
	}

	#[benchmark]
	fn set_seat_key() {
		let (who, _) = seats::<T>(1).into_iter().next().expect("there is one");
		let key = new_key();

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), key.clone());

		assert_eq!(SeatOfKey::<T>::get(key), Some(who));
	}

	#[benchmark]
	fn commit() {
		let (who, key, _) = report::<T>(1);
		open::<T>(Step::Commit);
		let (commitment, signature) = sign_commit::<T>(&who, &key);

		#[extrinsic_call]
		_(RawOrigin::Authorized, TESTED, who.clone(), commitment, signature);

		assert!(Reports::<T>::contains_key(TESTED, who));
	}

	#[benchmark]
	fn authorize_commit() -> Result<(), BenchmarkError> {
		let (who, key, _) = report::<T>(1);
		open::<T>(Step::Commit);
		let (commitment, signature) = sign_commit::<T>(&who, &key);
		let call = Call::<T>::commit { epoch: TESTED, node: who, commitment, signature };

		#[block]
		{
			call.authorize(TransactionSource::External).ok_or("the call is authorised")??;
		}

		Ok(())
	}

	#[benchmark]
	fn reveal(n: Linear<0, MAX_ENTRIES>) {
		let (who, _, entries) = report::<T>(n);
		open::<T>(Step::Reveal);
		let commitment = hash_of::<T>(&who, &entries);
		Reports::<T>::insert(TESTED, &who, Report { commitment, accepted: None });

		#[extrinsic_call]
		_(RawOrigin::Authorized, TESTED, who.clone(), entries, SALT);

		let accepted = Reports::<T>::get(TESTED, who).and_then(|report| report.accepted);
		assert_eq!(accepted.map(u32::from), Some(n));
	}

	#[benchmark]
	fn authorize_reveal(n: Linear<0, MAX_ENTRIES>) -> Result<(), BenchmarkError> {
		let (who, _, entries) = report::<T>(n);
		open::<T>(Step::Reveal);
		let commitment = hash_of::<T>(&who, &entries);
		Reports::<T>::insert(TESTED, &who, Report { commitment, accepted: None });
		let call = Call::<T>::reveal { epoch: TESTED, node: who, entries, salt: SALT };

		#[block]
		{
			call.authorize(TransactionSource::External).ok_or("the call is authorised")??;
		}

		Ok(())
	}

	#[benchmark]
	fn on_initialize() {
		let _ = seats::<T>(5);
		for epoch in 1..TESTED {
			set_clock::<T>(epoch, Pallet::<T>::timing().measure_from);
		}
		T::BenchmarkHelper::set_clock(TESTED, Pallet::<T>::timing().measure_from);

		#[block]
		{
			Pallet::<T>::record_clock();
		}

		assert_eq!(Groups::<T>::get(TESTED).len(), 1);
	}

	#[benchmark]
	fn estimate_open() {
		let _ = report::<T>(1);
		set_clock::<T>(TESTED + 1, Pallet::<T>::timing().reveal_until);
		let mut meter = WeightMeter::with_limit(T::WeightInfo::estimate_open());

		#[block]
		{
			Pallet::<T>::estimate(&mut meter);
		}

		assert!(EstimateCursor::<T>::exists());
	}

	#[benchmark]
	fn estimate_skip() -> Result<(), BenchmarkError> {
		let (_, _, entries) = report::<T>(1);
		let provider = entries.first().ok_or("one provider")?.provider;
		Targets::<T>::mutate_extant(provider, |target| {
			target.terms = Default::default();
			target.escalation = None;
		});
		let mut draw = Draw::<T>::of(TESTED).ok_or("a recorded epoch")?;
		let test;

		#[block]
		{
			test = draw.provider_at(0, 0).and_then(|provider| draw.test_of(provider));
		}

		assert!(test.is_none());
		Ok(())
	}

	/// An escalation in which every member revealed and none has an entry: each costs the most reads, and the slash,
	/// the lower claim and the jail that follow cost the most writes.
	#[benchmark]
	fn estimate_test(k: Linear<7, MAX_MEMBERS>) -> Result<(), BenchmarkError> {
		let all = seats::<T>(k);
		let _ = providers::<T>(1);
		for (who, _) in all {
			Reports::<T>::insert(TESTED, who, Report { commitment: H256::zero(), accepted: Some(0) });
		}
		set_clock::<T>(TESTED + 1, Pallet::<T>::timing().reveal_until);
		let mut draw = Draw::<T>::of(TESTED).ok_or("a recorded epoch")?;
		let stage = Stage::Judge { class: 0, position: 0 };
		let mut cursor = Cursor { epoch: TESTED, stage, tests: 0, voids: 0, strikes: 0 };

		#[block]
		{
			Pallet::<T>::advance(&mut cursor, &mut draw);
		}

		assert_eq!(cursor.tests, 1);
		Ok(())
	}

	#[benchmark]
	fn score_seat() -> Result<(), BenchmarkError> {
		let (who, _, _) = report::<T>(1);
		Reports::<T>::insert(TESTED, &who, Report { commitment: H256::zero(), accepted: Some(0) });
		Missed::<T>::insert(TESTED, &who, 9);
		// The last straw: the seat is dismissed from all of its lists.
		Seats::<T>::mutate_extant(&who, |seat| seat.score_ppm = MIN_SCORE_PPM);
		let mut draw = Draw::<T>::of(TESTED).ok_or("a recorded epoch")?;
		let stage = Stage::Score { position: 0 };
		let mut cursor = Cursor { epoch: TESTED, stage, tests: 0, voids: 0, strikes: 0 };

		#[block]
		{
			Pallet::<T>::advance(&mut cursor, &mut draw);
		}

		assert!(Seats::<T>::get(who).is_some_and(|seat| seat.leaving));
		Ok(())
	}

	#[benchmark]
	fn work_queue() -> Result<(), BenchmarkError> {
		let all = seats::<T>(20);
		set_clock::<T>(2, 1);
		let (who, _) = all.into_iter().nth(7).ok_or("there are twenty")?;
		// Too early for its index: it waits.
		Pallet::<T>::do_leave_seat(who)?;
		set_clock::<T>(TESTED, 1);
		let moment = Pallet::<T>::moment();

		#[block]
		{
			epochs::SeatIndices::<T>::work(SMALLEST_TIER, 1, moment);
		}

		assert_eq!(epochs::SeatIndices::<T>::queue_len(SMALLEST_TIER), 0);
		Ok(())
	}

	/// Seats that left are forgotten: the dearest of what is swept.
	#[benchmark]
	fn sweep(n: Linear<0, 32>) -> Result<(), BenchmarkError> {
		let all = seats::<T>(n);
		set_clock::<T>(TESTED, 1);
		// From the end, so that every leave is effective at once.
		for (who, _) in all.into_iter().rev() {
			Pallet::<T>::do_leave_seat(who)?;
		}
		let gone = TESTED + Pallet::<T>::timing().maturity_epochs + 2;
		set_clock::<T>(gone, 1);
		Swept::<T>::put(Sweep { reports: gone, leavers: gone });
		let mut meter = WeightMeter::with_limit(Weight::MAX);

		#[block]
		{
			Pallet::<T>::sweep(&mut meter);
		}

		assert_eq!(SeatCount::<T>::get(), 0);
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::with_keystore(), crate::mock::Runtime);
}
