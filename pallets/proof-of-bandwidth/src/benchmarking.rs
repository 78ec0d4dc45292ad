//! Benchmarks of every call and hook in its worst case, with the timing and committees of a public network.

#![allow(clippy::expect_used, clippy::arithmetic_side_effects)]

mod alarms;
mod fixtures;

use crate::{
	assignment::{Draw, Test},
	receipts::ReceiptOf,
	reports::Step,
	*,
};
use polkadot_sdk::*;

use alarms::Watched;
use alloc::vec::Vec;
use codec::Encode;
use fixtures::*;
pub(crate) use fixtures::{encumber, fill_history};
use frame_benchmarking::v2::*;
use frame_support::{
	pallet_prelude::*,
	traits::{Authorize, ConstU32},
	weights::WeightMeter,
	BoundedVec,
};
use frame_system::RawOrigin;
use sp_application_crypto::RuntimeAppPublic;
use sp_core::{sr25519, H256};
use sp_io::hashing::blake2_256;
use sp_runtime::traits::UniqueSaturatedInto;
use weir_math::{estimate::Member, location::WRONG_REGION_TESTS, schedule::Run, uplink::Showing};
use weir_primitives::{
	api::{Outcome, Reason, TestKind, VerdictRecord},
	outage::Sighting,
	receipt::TestPart,
	report::{commit_payload, commitment, entries_root, Entry, EntryKind, MAX_ENTRIES},
	seams::{Bonds, Deposits, OnBondChange, OnOperatorChange, OnSlashDecided, Operators, ProviderRegistry},
	Admission, Claim, Endpoint, EpochIndex, ProbeKey, ProbeSignature, ProviderIndex, Role, SlashReason,
	SlotOffset, Timing, SEAT_KEY_TYPE,
};

const UPLINK_KBPS: u32 = 50_000;
const COUNTRY: [u8; 2] = *b"DE";
const CLAIM: Claim = Claim { down_kbps: 100_000, up_kbps: 100_000 };
/// Every list has rested and every provider is mature.
const TESTED: EpochIndex = 12;
const SALT: [u8; 32] = [7; 32];
/// Of as many tests as a report names, those that can meet one test: at most two begin in each of 148 slots, and a long
/// one lasts seven.
const MAX_COLLISIONS: u32 = 24;

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
		_(RawOrigin::Signed(who.clone()), new_key(), endpoint(900), UPLINK_KBPS, COUNTRY);

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
		Reports::<T>::insert(TESTED, &who, Report { commitment, revealed: None });

		#[extrinsic_call]
		_(RawOrigin::Authorized, TESTED, who.clone(), entries, SALT);

		let revealed = Reports::<T>::get(TESTED, who).and_then(|report| report.revealed).expect("just done");
		assert!(revealed.own_run.is_some());
		// All but those that run at the time of its own.
		assert!(u32::from(revealed.accepted).saturating_add(MAX_COLLISIONS) >= n);
	}

	#[benchmark]
	fn authorize_reveal(n: Linear<0, MAX_ENTRIES>) -> Result<(), BenchmarkError> {
		let (who, _, entries) = report::<T>(n);
		open::<T>(Step::Reveal);
		let commitment = hash_of::<T>(&who, &entries);
		Reports::<T>::insert(TESTED, &who, Report { commitment, revealed: None });
		let call = Call::<T>::reveal { epoch: TESTED, node: who, entries, salt: SALT };

		#[block]
		{
			call.authorize(TransactionSource::External).ok_or("the call is authorised")??;
		}

		Ok(())
	}

	/// Both halves, as `on_initialize` charges for what `on_finalize` does.
	#[benchmark]
	fn on_initialize() {
		let _ = seats::<T>(5);
		for epoch in 1..TESTED {
			set_clock::<T>(epoch, Pallet::<T>::timing().measure_from);
		}
		T::BenchmarkHelper::set_clock(TESTED, Pallet::<T>::timing().measure_from);
		// An alarm was raised in this block, so that its randomness is asked for.
		let number = frame_system::Pallet::<T>::block_number();
		let raised: u32 = number.unique_saturated_into();
		LastRaised::<T>::put(raised);

		#[block]
		{
			Pallet::<T>::record_epoch();
			Pallet::<T>::record_group();
			Pallet::<T>::record_randomness();
		}

		assert_eq!(BlockSeeds::<T>::iter().count(), 1);
		assert_eq!(Groups::<T>::get(TESTED).len(), 1);
	}

	#[benchmark]
	fn estimate_open() {
		let _ = report::<T>(1);
		set_clock::<T>(TESTED + 1, Pallet::<T>::timing().reveal_until);
		judged_before::<T>(TESTED);
		let mut meter = WeightMeter::with_limit(T::WeightInfo::estimate_open());

		#[block]
		{
			Pallet::<T>::estimate(&mut meter);
		}

		assert!(EstimateCursor::<T>::get().is_some_and(|cursor| cursor.epoch == TESTED));
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
	/// the lower claim, the jail and the end of the provider's outage and own seat that follow cost the most writes.
	#[benchmark]
	fn estimate_test(k: Linear<7, MAX_MEMBERS>) -> Result<(), BenchmarkError> {
		let all = seats::<T>(k);
		let liar: T::AccountId = account("provider", 0, 1);
		let provider = providers::<T>([liar.clone()]).into_iter().next().ok_or("there is one")?;
		// In lists that were drawn from without it, so that it is no member of its own committee.
		seat_in_the_middle::<T>(&liar);
		let own_run = Some(Run { group: u8::MAX, start_slot: 0, window_millis: 0 });
		for (who, _) in all {
			let revealed = Some(Revealed { own_run, ..Default::default() });
			Reports::<T>::insert(TESTED, who, Report { commitment: H256::zero(), revealed });
		}
		set_clock::<T>(TESTED + 1, Pallet::<T>::timing().reveal_until);
		// The oldest verdict leaves, with what it stands on.
		let oldest = TESTED - KEPT_VERDICTS;
		let test = Draw::<T>::of(TESTED).and_then(|mut draw| draw.test_of(provider)).ok_or("it is tested")?;
		keep_evidence::<T>(&test, oldest);
		remember_strikes::<T>(&test, TESTED - 1);
		alarms::outage::<T>(provider, &liar);
		alarms::fill_gaps::<T>(provider);
		let mut draw = Draw::<T>::of(TESTED).ok_or("a recorded epoch")?;
		let mut cursor = cursor(Stage::Judge { class: 0, position: 0 });

		#[block]
		{
			Pallet::<T>::advance(&mut cursor, &mut draw);
		}

		assert_eq!(cursor.tests, 1);
		assert!(!Evidences::<T>::contains_key(provider, oldest));
		assert!(Seats::<T>::get(liar).is_some_and(|seat| seat.leaving));
		assert!(!Outages::<T>::contains_key(provider));
		Ok(())
	}

	/// A scheduled test that changes nothing but the record: `r` members reported, `s` did not, and of `w` it shows something
	/// new. As many of each as leave it a test; whoever asked for it owes it no longer.
	#[benchmark]
	fn estimate_routine(r: Linear<10, 46>, s: Linear<0, 5>, w: Linear<0, 7>) -> Result<(), BenchmarkError> {
		let all = seats::<T>(r + s);
		let target: T::AccountId = account("provider", 0, 1);
		let own_lines = all.iter().map(|(who, _)| who.clone());
		let lines = providers::<T>(core::iter::once(target.clone()).chain(own_lines));
		let (provider, others) = lines.split_first().ok_or("there is one")?;
		witnesses::<T>(&all, others);
		Targets::<T>::mutate_extant(provider, |target| {
			target.escalation = None;
			let terms = target.terms.latest().expect("it is followed");
			assert!(terms.prefix.is_some() && terms.shared);
			target.terms = Default::default();
			assert!(target.terms.set(0, Terms { standing: Standing::Owing, ..terms }, 0));
		});
		for (who, _) in &all {
			Reports::<T>::insert(TESTED, who, Report { commitment: H256::zero(), revealed: None });
		}
		let mut draw = Draw::<T>::of(TESTED).ok_or("a recorded epoch")?;
		let mut test = draw.test_of(*provider).ok_or("it is tested")?;
		test.committee.members = (r + s) as u16;
		file_quotas(&mut draw, &mut test, r, w);
		// Whatever this test finds, it is something else than the one before.
		let refuted = Some(1);
		let facts = Found { contradicted: refuted, refuted, ..Default::default() };
		Locations::<T>::insert(provider, Located { country: test.country, facts });
		let mut cursor = cursor(Stage::Judge { class: 0, position: 0 });

		#[block]
		{
			let _ = draw.provider_at(test.class, 0).and_then(|provider| draw.test_of(provider));
			Pallet::<T>::judge_test(&mut cursor, &mut draw, &test);
		}

		let verdict = *Verdicts::<T>::get(provider).ok_or("it was judged")?.last();
		assert_eq!((verdict.outcome, verdict.kind), (Outcome::Good, TestKind::Scheduled));
		assert_eq!(Missed::<T>::iter_prefix(TESTED).count() as u32, s);
		assert!(Locations::<T>::get(provider).is_some_and(|located| located.facts.refuted != refuted));
		Ok(())
	}

	/// A seat that keeps what it has.
	#[benchmark]
	fn score_seat() -> Result<(), BenchmarkError> {
		let (who, mut cursor) = to_score::<T>();
		let before = Seats::<T>::get(&who).ok_or("it has a seat")?.score_ppm;
		let mut draw = Draw::<T>::of(TESTED).ok_or("a recorded epoch")?;

		#[block]
		{
			Pallet::<T>::advance(&mut cursor, &mut draw);
		}

		assert!(Seats::<T>::get(who).is_some_and(|seat| !seat.leaving && seat.score_ppm < before));
		Ok(())
	}

	/// The last straw: the seat is dismissed from all of its lists.
	#[benchmark]
	fn score_seat_dismissing() -> Result<(), BenchmarkError> {
		let (who, mut cursor) = to_score::<T>();
		Seats::<T>::mutate_extant(&who, |seat| seat.score_ppm = MIN_SCORE_PPM);
		let mut draw = Draw::<T>::of(TESTED).ok_or("a recorded epoch")?;

		#[block]
		{
			Pallet::<T>::advance(&mut cursor, &mut draw);
		}

		assert!(Seats::<T>::get(who).is_some_and(|seat| seat.leaving));
		Ok(())
	}

	/// Nothing of the report was drawn.
	#[benchmark]
	fn audit_seat() -> Result<(), BenchmarkError> {
		let (who, mut cursor) = to_audit::<T>(0);
		let before = Seats::<T>::get(&who);
		let mut draw = Draw::<T>::of(TESTED).ok_or("a recorded epoch")?;

		#[block]
		{
			Pallet::<T>::advance(&mut cursor, &mut draw);
		}

		assert!(cursor.stage == Stage::Audit { position: 1 } && Seats::<T>::get(who) == before);
		Ok(())
	}

	/// The last straw, as for [`score_seat_dismissing`].
	#[benchmark]
	fn audit_seat_dismissing() -> Result<(), BenchmarkError> {
		let (who, mut cursor) = to_audit::<T>(MAX_ENTRIES as u16);
		Seats::<T>::mutate_extant(&who, |seat| seat.score_ppm = MIN_SCORE_PPM);
		let mut draw = Draw::<T>::of(TESTED).ok_or("a recorded epoch")?;

		#[block]
		{
			Pallet::<T>::advance(&mut cursor, &mut draw);
		}

		assert!(Seats::<T>::get(who).is_some_and(|seat| seat.leaving));
		Ok(())
	}

	#[benchmark]
	fn answer_audit(r: Linear<0, { audits::MAX_PROOFS }>) {
		let (who, entries, receipts) = audited::<T>(r);
		let receipts = BoundedVec::truncate_from(receipts);

		#[extrinsic_call]
		_(RawOrigin::Authorized, TESTED, who.clone(), entries, SALT, receipts);

		assert!(Pallet::<T>::audited(TESTED, &who).is_empty());
	}

	#[benchmark]
	fn authorize_answer_audit(r: Linear<0, { audits::MAX_PROOFS }>) -> Result<(), BenchmarkError> {
		let (node, entries, receipts) = audited::<T>(r);
		let receipts = BoundedVec::truncate_from(receipts);
		let call = Call::<T>::answer_audit { epoch: TESTED, node, entries, salt: SALT, receipts };

		#[block]
		{
			call.authorize(TransactionSource::External).ok_or("the call is authorised")??;
		}

		Ok(())
	}

	/// All that followed from an escalation is undone.
	#[benchmark]
	fn dispute(k: Linear<7, MAX_MEMBERS>) {
		let (provider, target, receipts) = struck::<T>(k);
		let receipts = BoundedVec::truncate_from(receipts);

		#[extrinsic_call]
		_(RawOrigin::Authorized, provider, TESTED, receipts);

		assert!(Conducts::<T>::get(target).is_some_and(|conduct| conduct.offences.is_empty()));
	}

	#[benchmark]
	fn authorize_dispute(k: Linear<7, MAX_MEMBERS>) -> Result<(), BenchmarkError> {
		let (provider, _, receipts) = struck::<T>(k);
		let receipts = BoundedVec::truncate_from(receipts);
		let call = Call::<T>::dispute { provider, epoch: TESTED, receipts };

		#[block]
		{
			call.authorize(TransactionSource::External).ok_or("the call is authorised")??;
		}

		Ok(())
	}

	#[benchmark]
	fn appeal() {
		let (provider, target, _) = struck::<T>(7);
		T::Deposits::fund_for_benchmark(&target);

		#[extrinsic_call]
		_(RawOrigin::Signed(target), TESTED);

		assert!(Targets::<T>::get(provider).is_some_and(|target| target.escalation.is_some()));
	}

	#[benchmark]
	fn request_test() -> Result<(), BenchmarkError> {
		let (who, _, _) = report::<T>(1);
		let provider = T::Registry::index_of(&who).ok_or("it is a provider, too")?;
		Targets::<T>::mutate_extant(provider, |target| target.escalation = None);
		T::Registry::set_admission(provider, Admission::Admitted { since: TESTED })?;
		Pallet::<T>::follow(provider, |_, new| new);
		T::Deposits::fund_for_benchmark(&who);

		#[extrinsic_call]
		_(RawOrigin::Signed(who));

		let terms = Targets::<T>::get(provider).and_then(|target| target.terms.latest());
		assert!(terms.is_some_and(|terms| terms.standing == Standing::Owing));
		Ok(())
	}

	/// Every member reported on a line that had room, and `w` of them showed something new about their uplinks. It is the
	/// last of a row that refutes where the line is, of an account with as many wrong countries as are kept.
	#[benchmark]
	fn note_members(k: Linear<15, MAX_MEMBERS>, w: Linear<0, 7>) -> Result<(), BenchmarkError> {
		let all = seats::<T>(k);
		let target: T::AccountId = account("provider", 0, 1);
		let own_lines = all.iter().map(|(who, _)| who.clone());
		let lines = providers::<T>(core::iter::once(target.clone()).chain(own_lines));
		let (provider, others) = lines.split_first().ok_or("there is one")?;
		witnesses::<T>(&all, others);
		let mut draw = Draw::<T>::of(TESTED).ok_or("a recorded epoch")?;
		let mut test = draw.test_of(*provider).ok_or("it is tested")?;
		file_quotas(&mut draw, &mut test, k, w);
		let (verdict, heard) = Pallet::<T>::verdict_on(&mut draw, &test);
		almost_misplaced::<T>(&test);
		Targets::<T>::mutate_extant(*provider, |target| {
			let terms = target.terms.latest().expect("it is followed");
			assert!(target.terms.set(TESTED, Terms { standing: Standing::Admitted, ..terms }, TESTED));
		});
		let decided;

		#[block]
		{
			decided = Pallet::<T>::note_members(&test, &verdict, &heard);
			Pallet::<T>::owe_another_test(*provider);
		}

		assert_eq!(decided, (w, Some(misplacement::Ruling::Slashed)));
		let terms = Targets::<T>::get(provider).and_then(|target| target.terms.latest());
		assert!(terms.is_some_and(|terms| terms.standing == Standing::Owing));
		let short = all.iter().filter_map(|(who, _)| Seats::<T>::get(who));
		let short = short.filter(|seat| seat.shortfalls.count() == 1).count();
		assert_eq!(short as u32, w / 4);
		assert!(Locations::<T>::get(provider).is_some_and(|located| located.facts.stand_contradicted()));
		Ok(())
	}

	#[benchmark]
	fn conclude_epoch() -> Result<(), BenchmarkError> {
		let _ = report::<T>(1);
		let mut draw = Draw::<T>::of(TESTED).ok_or("a recorded epoch")?;
		let mut cursor = cursor(Stage::Score { position: MAX_MEMBERS });

		#[block]
		{
			Pallet::<T>::advance(&mut cursor, &mut draw);
		}

		assert_eq!(cursor.stage, Stage::Done);
		Ok(())
	}

	#[benchmark]
	fn look_at_queues() {
		let _ = report::<T>(1);
		let mut meter = WeightMeter::new();

		#[block]
		{
			Pallet::<T>::work_queues(&mut meter);
		}

		assert_eq!(meter.consumed(), T::WeightInfo::look_at_queues());
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
		let worked;

		#[block]
		{
			worked = epochs::SeatIndices::<T>::work(SMALLEST_TIER, 1, moment);
		}

		assert_eq!(worked, Ok(1));
		assert_eq!(epochs::SeatIndices::<T>::queue_len(SMALLEST_TIER), 0);
		Ok(())
	}

	/// Seats that left are forgotten: the dearest of what is swept.
	#[benchmark]
	fn sweep(n: Linear<0, { housekeeping::LEAVERS_PER_BLOCK }>) -> Result<(), BenchmarkError> {
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

	/// Results: the largest of what is swept by epoch.
	#[benchmark]
	fn sweep_reports(n: Linear<0, { housekeeping::REPORTS_PER_BLOCK }>) {
		let swept = Sweep { reports: 1, leavers: TESTED };
		set_clock::<T>(TESTED, 1);
		Swept::<T>::put(swept);
		judged_before::<T>(TESTED);
		for provider in 0..n {
			let filed = (0u8..).zip(0..MAX_MEMBERS).map(|(place, _)| Filed { place, entry: entry(provider) });
			Filings::<T>::insert(swept.reports, provider, Results::truncate_from(filed.collect()));
		}
		let mut meter = WeightMeter::new();

		#[block]
		{
			Pallet::<T>::sweep(&mut meter);
		}

		assert_eq!(Filings::<T>::iter_prefix(swept.reports).count(), 0);
	}

	/// The bond behind a seat is gone.
	#[benchmark]
	fn bond_changed() {
		let _ = seats::<T>(5);
		let who: T::AccountId = account("unbonded", 0, 0);
		seat_in_the_middle::<T>(&who);
		set_clock::<T>(TESTED, 1);

		#[block]
		{
			Pallet::<T>::bond_changed(&who, Role::Validator);
		}

		assert!(Seats::<T>::get(who).is_some_and(|seat| seat.leaving));
	}

	/// A node with a seat changes from one operator to another.
	#[benchmark]
	fn operator_changed() -> Result<(), BenchmarkError> {
		let (node, _) = seats::<T>(1).into_iter().next().ok_or("there is one")?;
		let (old, new): (T::AccountId, T::AccountId) = (account("old", 0, 0), account("new", 0, 0));
		Pallet::<T>::operator_changed(&node, &node, &old)?;

		#[block]
		{
			Pallet::<T>::operator_changed(&node, &old, &new)?;
		}

		assert_eq!(SeatsOfOperator::<T>::get(new), 1);
		Ok(())
	}

	/// Of a wrong country, of as many as are kept: to lift a ban is as dear as to void an offence.
	#[benchmark]
	fn slash_cancelled() {
		let who: T::AccountId = account("provider", 0, 1);
		set_clock::<T>(TESTED, 1);
		Conducts::<T>::insert(&who, Conduct { misplaced: misplaced(COUNTRY), ..offences() });
		let reason = SlashReason::WrongRegion { epoch: TESTED, country: COUNTRY };

		#[block]
		{
			Pallet::<T>::slash_cancelled(&who, &reason);
		}

		let kept = Conducts::<T>::get(who).map(|conduct| conduct.misplaced.len() as u32);
		assert_eq!(kept, Some(KEPT_COUNTRIES.saturating_sub(1)));
	}

	/// The report that raises an alarm, where another one has passed without being decided.
	#[benchmark]
	fn report_down() {
		let watched = Watched::<T>::new();
		let _ = watched.raise();
		Watched::<T>::let_it_pass();
		let node = watched.watchers().pop().expect("five watchers");
		let alarm_slot = Pallet::<T>::alarm_slot();
		let signature = watched.signed(&node, Sighting::Down { alarm_slot });

		#[extrinsic_call]
		_(RawOrigin::Authorized, watched.provider, node, alarm_slot, signature);

		assert!(Alarms::<T>::get(watched.provider).is_some_and(|alarm| alarm.alarm_slot == alarm_slot));
	}

	#[benchmark]
	fn authorize_report_down() -> Result<(), BenchmarkError> {
		let watched = Watched::<T>::new();
		let provider = watched.provider;
		let node = watched.almost_raised();
		let alarm_slot = Pallet::<T>::alarm_slot();
		let signature = watched.signed(&node, Sighting::Down { alarm_slot });
		let call = Call::<T>::report_down { provider, node, alarm_slot, signature };

		#[block]
		{
			call.authorize(TransactionSource::External).ok_or("the call is authorised")??;
		}

		Ok(())
	}

	/// The report that ends an outage.
	#[benchmark]
	fn report_up() {
		let watched = Watched::<T>::new();
		let node = watched.almost_back();
		let alarm_slot = Pallet::<T>::alarm_slot();
		let signature = watched.signed(&node, Sighting::Up { alarm_slot });

		#[extrinsic_call]
		_(RawOrigin::Authorized, watched.provider, node, alarm_slot, signature);

		assert!(!Outages::<T>::contains_key(watched.provider));
	}

	#[benchmark]
	fn authorize_report_up() -> Result<(), BenchmarkError> {
		let watched = Watched::<T>::new();
		let provider = watched.provider;
		let node = watched.almost_back();
		let alarm_slot = Pallet::<T>::alarm_slot();
		let signature = watched.signed(&node, Sighting::Up { alarm_slot });
		let call = Call::<T>::report_up { provider, node, alarm_slot, signature };

		#[block]
		{
			call.authorize(TransactionSource::External).ok_or("the call is authorised")??;
		}

		Ok(())
	}

	/// The vote that records an outage.
	#[benchmark]
	fn confirm() {
		let watched = Watched::<T>::new();
		let node = watched.almost_decided(true, 5);
		let raised = watched.raised_in();
		let signature = watched.signed(&node, Sighting::Confirm { raised, is_down: true });

		#[extrinsic_call]
		_(RawOrigin::Authorized, watched.provider, node, raised, true, signature);

		assert!(Outages::<T>::contains_key(watched.provider));
	}

	/// The vote that dismisses an alarm.
	#[benchmark]
	fn confirm_dismissing() {
		let watched = Watched::<T>::new();
		let node = watched.almost_decided(false, 3);
		let raised = watched.raised_in();

		#[block]
		{
			Pallet::<T>::do_confirm(watched.provider, node, raised, false).expect("it may vote");
		}

		assert!(Dismissed::<T>::contains_key(watched.provider));
	}

	#[benchmark]
	fn authorize_confirm() -> Result<(), BenchmarkError> {
		let watched = Watched::<T>::new();
		let provider = watched.provider;
		let node = watched.almost_decided(true, 5);
		let raised = watched.raised_in();
		let signature = watched.signed(&node, Sighting::Confirm { raised, is_down: true });
		let call = Call::<T>::confirm { provider, node, raised, is_down: true, signature };

		#[block]
		{
			call.authorize(TransactionSource::External).ok_or("the call is authorised")??;
		}

		Ok(())
	}

	/// An alarm on which too few have voted.
	#[benchmark]
	fn lapse_alarm() {
		let watched = Watched::<T>::new();
		let _ = watched.raise();
		Watched::<T>::let_it_pass();
		let mut meter = WeightMeter::with_limit(Weight::MAX);

		#[block]
		{
			Pallet::<T>::lapse_alarms(&mut meter);
		}

		assert!(!Alarms::<T>::contains_key(watched.provider));
	}

	/// A jail, which the registry tells of: it takes a list, a seat and an outage along.
	#[benchmark]
	fn follow_provider() -> Result<(), BenchmarkError> {
		let who: T::AccountId = account("provider", 0, 1);
		let provider = providers::<T>([who.clone()]).into_iter().next().ok_or("there is one")?;
		Targets::<T>::mutate_extant(provider, |target| target.escalation = None);
		seat_in_the_middle::<T>(&who);
		set_clock::<T>(TESTED + 1, 1);
		alarms::outage::<T>(provider, &who);
		alarms::fill_gaps::<T>(provider);

		#[block]
		{
			T::Registry::set_admission(provider, Admission::Jailed { until: TESTED + 1_000 })?;
		}

		assert!(Seats::<T>::get(who).is_some_and(|seat| seat.leaving));
		assert!(!Outages::<T>::contains_key(provider));
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::with_keystore(), crate::mock::Runtime);
}
