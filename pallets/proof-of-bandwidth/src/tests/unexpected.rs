//! What the pallet says when a neighbour or its own storage does not keep a promise, and how its invariants name it.

use super::{
	outages::{break_down, raise, watched},
	*,
};
use frame_support::{
	storage::{with_transaction, TransactionOutcome},
	weights::WeightMeter,
};
use weir_math::{location::WRONG_REGION_TESTS, verdict::Outcome};

const LINE: ProviderIndex = 0;
const OWNER: AccountId = 100;
const CLAIM: Kbps = 100_000;

fn said(expectation: Expectation) -> bool {
	events().contains(&Event::Unexpected { expectation })
}

fn broken(invariant: &'static str) {
	assert_eq!(Pob::do_try_state(), Err(invariant.into()));
}

/// Asserts that the invariant is named after this change, which is undone.
fn breaks(invariant: &'static str, change: impl FnOnce()) {
	let undone = with_transaction(|| {
		change();
		broken(invariant);
		TransactionOutcome::Rollback(Ok::<_, DispatchError>(()))
	});
	undone.unwrap();
	assert_eq!(Pob::do_try_state(), Ok(()));
}

fn with_provider(test: impl FnOnce()) {
	ExtBuilder::default().build_and_execute(|| {
		register(LINE, OWNER, symmetric(CLAIM));
		run_to(FIRST_TESTED_EPOCH, 0);
		RegistryRefuses::set(true);
		test();
	});
}

#[test]
fn verdict_should_stand_when_the_registry_refuses_a_lower_claim() {
	with_provider(|| {
		cycle(|_, task| honest(task, symmetric(CLAIM / 100 * 60)));
		assert!(said(Expectation::ClaimLowered));
		assert_eq!(last_verdict(LINE).outcome, Outcome::ClaimLowered);
		assert_eq!(Registered::get()[&LINE].claim, symmetric(CLAIM));
	});
}

#[test]
fn verdict_should_stand_when_the_registry_refuses_a_standing() {
	with_provider(|| {
		cycle(|_, task| honest(task, symmetric(CLAIM)));
		assert!(said(Expectation::AdmissionSet));
		assert_eq!(last_verdict(LINE).outcome, Outcome::Good);
	});
}

#[test]
fn provider_should_stay_listed_when_its_list_refuses_the_change() {
	ExtBuilder::default().build_and_execute(|| {
		register(LINE, OWNER, symmetric(CLAIM));
		register(1, 101, symmetric(CLAIM));
		run_to(FIRST_TESTED_EPOCH + 9, 0);
		let last = ProviderListSlots::<Runtime>::take(0, 1).unwrap();
		change(LINE, |facts| facts.in_service = false).unwrap();
		assert!(said(Expectation::ListChanged));
		ProviderListSlots::<Runtime>::insert(0, 1, last);
		assert!(epochs::ProviderIndices::<Runtime>::is_wanted(0, &LINE));
	});
}

#[test]
fn waiting_change_should_be_retried_when_its_list_refuses_it() {
	ExtBuilder::default().build_and_execute(|| {
		use epochs::SeatIndices;
		run_to(2, 0);
		// Its indices rest until epoch 8.
		Pob::leave_seat(RuntimeOrigin::signed(3)).unwrap();
		Epoch::set(8);
		let last = SeatListSlots::<Runtime>::take(SMALLEST_TIER, 7).unwrap();
		Pob::work_queues(&mut WeightMeter::new());
		assert!(said(Expectation::ListChanged));
		assert_eq!((0..TIERS).map(SeatIndices::<Runtime>::queue_len).collect::<Vec<_>>(), [1, 0, 0, 0]);
		SeatListSlots::<Runtime>::insert(SMALLEST_TIER, 7, last);
		System::reset_events();
		Pob::work_queues(&mut WeightMeter::new());
		assert!(events().is_empty());
		assert_eq!(SeatIndices::<Runtime>::queue_len(SMALLEST_TIER), 0);
		assert!(!Pob::is_on_duty(11, &3));
		Epoch::set(2);
	});
}

// Where debug assertions are on, the broken expectation also stops the program.
#[test]
#[cfg_attr(debug_assertions, should_panic(expected = "six versions hold every epoch"))]
fn terms_should_stay_when_their_history_has_no_room() {
	ExtBuilder::default().build_and_execute(|| {
		register(LINE, OWNER, symmetric(CLAIM));
		let mut target = Targets::<Runtime>::get(LINE).unwrap();
		let terms = target.terms.latest().unwrap();
		for epoch in 1..=6 {
			assert!(target.terms.set(epoch, terms, 0));
		}
		let before = target.clone();
		Pob::set_terms(&mut target, 7, Terms { standing: Standing::Out, ..terms });
		assert_eq!(target, before);
		assert!(said(Expectation::TermsKept));
	});
}

#[test]
fn try_state_should_fail_when_a_leaving_seat_is_not_queued() {
	ExtBuilder::default().build().execute_with(|| {
		run_to(2, 0);
		Pob::leave_seat(RuntimeOrigin::signed(3)).unwrap();
		assert_eq!(Pob::do_try_state(), Ok(()));
		let (epoch, leaver) = Leavers::<Runtime>::iter_keys().next().unwrap();
		Leavers::<Runtime>::remove(epoch, &leaver);
		broken("2: a seat that is leaving is not queued");
		// Nor is it where the sweep has been.
		Swept::<Runtime>::mutate(|swept| swept.leavers = epoch + 1);
		Leavers::<Runtime>::insert(epoch, leaver, ());
		broken("2: a seat that is leaving is not queued");
	});
}

#[test]
fn try_state_should_fail_when_a_provider_that_is_gone_is_not_queued() {
	ExtBuilder::default().build().execute_with(|| {
		use weir_primitives::seams::OnProviderChange;
		register(LINE, OWNER, symmetric(CLAIM));
		Registered::mutate(|all| all.remove(&LINE));
		broken("4: a provider that is gone is not queued");
		Pob::provider_left(LINE, &OWNER);
		assert_eq!(Pob::do_try_state(), Ok(()));
	});
}

#[test]
fn try_state_should_fail_when_an_epoch_is_judged_before_it_is_over() {
	ExtBuilder::default().build().execute_with(|| {
		run_to(FIRST_TESTED_EPOCH + 1, 29);
		EstimateCursor::<Runtime>::mutate_extant(|cursor| cursor.epoch += 1);
		broken("5: an epoch is judged before it is over");
	});
}

#[test]
fn try_state_should_fail_when_a_seat_is_not_on_the_lists_of_its_uplink_and_country() {
	ExtBuilder::default().build().execute_with(|| {
		let seat = |change: fn(&mut Seat)| move || Seats::<Runtime>::mutate_extant(3, change);
		breaks("3: a seat is not wanted in the tiers it covers", seat(|seat| seat.uplink_kbps = 5_000));
		breaks("3: a seat is not wanted in its country", seat(|seat| seat.country = *b"FR"));
		breaks("3: a seat of no country", seat(|seat| seat.country = *b"ZZ"));
	});
}

#[test]
fn try_state_should_fail_when_records_of_epochs_are_missing_or_too_many() {
	ExtBuilder::default().build().execute_with(|| {
		let now = RETAINED_EPOCHS + 3;
		run_to(now, 29);
		let record = Epochs::<Runtime>::get(now).unwrap();
		breaks("6: the running epoch is not recorded", || Epochs::<Runtime>::remove(now));
		breaks("6: a record of a later epoch", || Epochs::<Runtime>::insert(now + 1, record.clone()));
		let old = now - RETAINED_EPOCHS - 1;
		breaks("6: an old record was kept", || Epochs::<Runtime>::insert(old, record.clone()));
		let groups = Groups::<Runtime>::get(now);
		assert!(groups.len() > 1);
		let mut backwards = groups.to_vec();
		backwards.reverse();
		breaks("6: groups of an epoch that is not recorded", || Groups::<Runtime>::insert(now + 1, groups));
		breaks("6: groups out of order", || {
			Groups::<Runtime>::insert(now, GroupSeeds::truncate_from(backwards));
		});
	});
}

#[test]
fn try_state_should_fail_when_a_conduct_or_its_review_has_no_end() {
	ExtBuilder::default().build().execute_with(|| {
		let review = 99;
		let insert = |review: Option<EpochIndex>| {
			Conducts::<Runtime>::insert(OWNER, Conduct { review, ..Default::default() });
		};
		let queue = |epoch: EpochIndex| Leavers::<Runtime>::insert(epoch, Leaver::Conduct(OWNER), ());
		breaks("7: a conduct without registration has no end", || insert(None));
		breaks("7: a review is not queued", || insert(Some(review)));
		breaks("7: a review of nothing", || queue(review));
		insert(Some(review));
		queue(review);
		breaks("7: a review of nothing", || queue(review + 1));
	});
}

#[test]
fn try_state_should_fail_when_a_wrong_country_is_none_or_counts_for_nothing() {
	ExtBuilder::default().build().execute_with(|| {
		register(LINE, OWNER, symmetric(CLAIM));
		let keep = |all: &[Misplaced]| {
			let misplaced = all.to_vec().try_into().unwrap();
			Conducts::<Runtime>::insert(OWNER, Conduct { misplaced, ..Default::default() });
		};
		let row = Misplaced { refutations: 1, ..Misplaced::new(COUNTRY) };
		keep(&[row, Misplaced { country: *b"FR", ..row }]);
		Pob::do_try_state().unwrap();
		breaks("9: a wrong country is kept twice", || keep(&[row, row]));
		breaks("9: a wrong country that is none", || keep(&[Misplaced { country: *b"ZZ", ..row }]));
		breaks("9: a row that is longer than one", || {
			keep(&[Misplaced { refutations: WRONG_REGION_TESTS + 1, ..row }]);
		});
		breaks("9: a wrong country without row or ban", || keep(&[Misplaced { refutations: 0, ..row }]));
		breaks("9: a slash without ban", || keep(&[Misplaced { slash: Some(0), ..row }]));
		breaks("9: an earned ban that outlasts the last one", || {
			keep(&[Misplaced { banned_until: Some(8), earned_until: Some(9), ..row }]);
		});
	});
}

#[test]
fn try_state_should_fail_when_a_verdict_or_its_evidence_is_another() {
	ExtBuilder::default().build().execute_with(|| {
		register(LINE, OWNER, symmetric(CLAIM));
		run_to(FIRST_TESTED_EPOCH, 0);
		cycle(|_, task| honest(task, symmetric(CLAIM / 10)));
		let struck = last_verdict(LINE);
		assert_eq!(struck.outcome, Outcome::Strike);
		let epoch = struck.epoch;
		breaks("8: verdicts out of order", || {
			Verdicts::<Runtime>::mutate_extant(LINE, |verdicts| _ = verdicts.push(struck));
		});
		let evidence = |change: fn(&mut Evidence<AccountId>)| {
			move || Evidences::<Runtime>::mutate(LINE, epoch, |kept| change(kept.as_mut().unwrap()))
		};
		breaks("8: evidence of no strike", evidence(|kept| kept.verdict.outcome = Outcome::Good));
		breaks("8: evidence of no strike", evidence(|kept| kept.verdict.epoch += 1));
		breaks("8: evidence of another verdict", evidence(|kept| kept.verdict.ratio_ppm += 1));
		breaks("8: evidence that stays for ever", evidence(|kept| kept.until += 1));
		breaks("8: evidence of another committee", evidence(|kept| _ = kept.voices.pop()));
		breaks("8: evidence of a strike that has left", || Verdicts::<Runtime>::remove(LINE));
		breaks("8: an appeal nobody made", || {
			Targets::<Runtime>::mutate_extant(LINE, |target| {
				let (due, cause) = (epoch + 2, Cause::Appeal(epoch));
				target.escalation = Some(Escalation { due, claim: struck.claim, attempts: 0, cause });
			});
		});
	});
}

#[test]
fn try_state_should_fail_when_a_location_is_of_nobody_nowhere_or_never() {
	ExtBuilder::default().build().execute_with(|| {
		register(LINE, OWNER, symmetric(CLAIM));
		run_to(FIRST_TESTED_EPOCH, 0);
		let found = Found { proofs: 1, last_proof: Some(2), ..Default::default() };
		let locate = |provider: ProviderIndex, country: [u8; 2], facts: Found| {
			Locations::<Runtime>::insert(provider, Located { country, facts });
		};
		breaks("9: a location of nobody", || locate(LINE + 1, COUNTRY, found));
		breaks("9: a location in no country", || locate(LINE, *b"ZZ", found));
		let without_epoch = Found { last_proof: None, contradicted: Some(2), ..found };
		breaks("9: proofs without an epoch", || locate(LINE, COUNTRY, without_epoch));
		let of_now = Found { last_proof: Some(Pob::epoch()), ..found };
		breaks("9: a location found too early", || locate(LINE, COUNTRY, of_now));
		breaks("9: a location found too early", || locate(LINE, COUNTRY, Found::default()));
		locate(LINE, COUNTRY, found);
		breaks("9: a location of a private address", || PrivateEndpointsAllowed::<Runtime>::put(true));
	});
}

#[test]
fn try_state_should_fail_when_an_alarm_does_not_end_as_it_has_to() {
	watched(1, || {
		raise(0);
		let (head, tail) = LapseBounds::<Runtime>::get();
		breaks("10: the order of alarms has a gap", || Lapses::<Runtime>::remove(head));
		breaks("10: an alarm that never ends", || LapseBounds::<Runtime>::put((tail, tail)));
		let alarm = |change: fn(&mut Alarm<AccountId>)| move || Alarms::<Runtime>::mutate_extant(0, change);
		let raised = "10: an alarm of too few, or one not raised";
		breaks(raised, alarm(|alarm| alarm.raised = None));
		breaks(raised, alarm(|alarm| _ = alarm.reporters.pop()));
		breaks(
			"10: an alarm nobody reported",
			alarm(|alarm| {
				alarm.raised = None;
				alarm.reporters = Default::default();
			}),
		);
	});
}

#[test]
fn try_state_should_fail_when_outages_are_not_counted_or_watched() {
	watched(2, || {
		break_down(0);
		let outage = Outages::<Runtime>::get(0).unwrap();
		let (region, operator) = (outage.region, outage.operator);
		breaks("10: an outage that nobody would see the end of", || {
			Targets::<Runtime>::mutate_extant(0, |target| {
				let terms = Terms { standing: Standing::Out, ..target.terms.latest().unwrap() };
				assert!(target.terms.set(Pob::epoch() + 1, terms, 0));
			});
		});
		breaks("10: outages of a region miscounted", || {
			RegionOutages::<Runtime>::mutate(region, |state| state.down += 1);
		});
		breaks("10: operators of a region miscounted", || {
			RegionOutages::<Runtime>::mutate(region, |state| state.operators += 1);
		});
		breaks("10: outages of an operator miscounted", || {
			OperatorOutages::<Runtime>::mutate(region, operator, |count| *count += 1);
		});
		raise(1);
		breaks("10: an alarm about an outage", || Outages::<Runtime>::insert(1, outage.clone()));
	});
}
