//! What the pallet says when a neighbour or its own storage does not keep a promise, and how its invariants name it.

use super::*;
use frame_support::weights::WeightMeter;
use weir_math::verdict::Outcome;

const LINE: ProviderIndex = 0;
const OWNER: AccountId = 100;
const CLAIM: Kbps = 100_000;

fn said(expectation: Expectation) -> bool {
	events().contains(&Event::Unexpected { expectation })
}

fn broken(invariant: &'static str) {
	assert_eq!(Pob::do_try_state(), Err(invariant.into()));
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
