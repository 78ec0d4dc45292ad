use crate::{mock::*, Error, Event, FreeIndexes, IndexOf};
use polkadot_sdk::frame_support::{assert_noop, assert_ok};
use weir_primitives::{seams::ProviderRegistry, Admission, OWNER_DELAY_EPOCHS};

fn serves_at(index: u32, epoch: u32) -> bool {
	Providers::facts_at(index, epoch).unwrap().in_service
}

fn jail(index: u32, until: u32) {
	assert_ok!(Providers::set_admission(index, Admission::Jailed { until }));
}

#[test]
fn pause_should_take_effect_two_epochs_later() {
	ExtBuilder::default().build_and_execute(|| {
		let index = in_service(ALICE);
		take_changes();
		assert_ok!(Providers::pause(signed(ALICE)));

		let now = START + 2;
		let from = now + OWNER_DELAY_EPOCHS;
		assert_eq!([now, now + 1, from].map(|epoch| serves_at(index, epoch)), [true, true, false]);
		assert!(emitted(Event::Paused { index, from }));
		assert_eq!(last_event(), Event::LeftService { index, from });
		assert_eq!(take_changes(), [Change::Left(index, ALICE)]);
		advance(2);
		assert!(!Providers::facts(index).unwrap().in_service);
	});
}

#[test]
fn pause_should_fail_when_announced_already() {
	ExtBuilder::default().build_and_execute(|| {
		in_service(ALICE);
		assert_ok!(Providers::pause(signed(ALICE)));
		assert_noop!(Providers::pause(signed(ALICE)), Error::<Test>::AlreadyPaused);
	});
}

#[test]
fn pause_should_fail_when_account_is_not_registered() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Providers::pause(signed(ALICE)), Error::<Test>::NotRegistered);
	});
}

#[test]
fn resume_should_cancel_pause_that_has_no_effect_yet() {
	ExtBuilder::default().build_and_execute(|| {
		let index = in_service(ALICE);
		assert_ok!(Providers::pause(signed(ALICE)));
		advance(1);
		assert_ok!(Providers::resume(signed(ALICE)));
		let now = START + 3;
		assert!([now - 1, now, now + 1, now + 2].into_iter().all(|epoch| serves_at(index, epoch)));
		assert_eq!(last_event(), Event::EnteredService { index, from: now });
	});
}

#[test]
fn resume_should_take_effect_next_epoch_when_paused() {
	ExtBuilder::default().build_and_execute(|| {
		let index = in_service(ALICE);
		assert_ok!(Providers::pause(signed(ALICE)));
		advance(5);
		take_changes();
		assert_ok!(Providers::resume(signed(ALICE)));

		let now = START + 7;
		assert_eq!([now - 1, now, now + 1].map(|epoch| serves_at(index, epoch)), [false, false, true]);
		assert!(emitted(Event::Resumed { index, from: now + 1 }));
		assert_eq!(take_changes(), [Change::Changed(index, Providers::facts_at(index, now + 1).unwrap())]);
	});
}

#[test]
fn resume_should_keep_history_when_paused_again_in_same_epoch() {
	ExtBuilder::default().build_and_execute(|| {
		let index = in_service(ALICE);
		assert_ok!(Providers::pause(signed(ALICE)));
		advance(2);
		assert_ok!(Providers::resume(signed(ALICE)));
		assert_ok!(Providers::pause(signed(ALICE)));

		let now = START + 4;
		// The epoch before the pause took effect stays one in service: its verdicts are due.
		assert_eq!(
			[now - 1, now, now + 1, now + 2].map(|epoch| serves_at(index, epoch)),
			[true, false, true, false]
		);
		assert_eq!(last_event(), Event::LeftService { index, from: now + 2 });
	});
}

#[test]
fn resume_should_fail_when_nothing_keeps_it_out_of_service() {
	ExtBuilder::default().build_and_execute(|| {
		in_service(ALICE);
		assert_noop!(Providers::resume(signed(ALICE)), Error::<Test>::NothingToResume);
		assert_noop!(Providers::resume(signed(BOB)), Error::<Test>::NotRegistered);
	});
}

#[test]
fn set_admission_should_leave_service_at_once_when_jailed() {
	ExtBuilder::default().build_and_execute(|| {
		let index = in_service(ALICE);
		take_changes();
		let now = START + 2;
		let new = Admission::Jailed { until: now + 28 };
		assert_ok!(Providers::set_admission(index, new));

		assert_eq!([now - 1, now].map(|epoch| serves_at(index, epoch)), [true, false]);
		let old = Admission::Pending { passed: 0 };
		assert!(emitted(Event::AdmissionChanged { index, old, new, from: now }));
		assert_eq!(last_event(), Event::LeftService { index, from: now });
		assert_eq!(take_changes(), [Change::Left(index, ALICE)]);
	});
}

#[test]
fn set_admission_should_keep_announced_admission_when_claim_was_raised() {
	ExtBuilder::default().build_and_execute(|| {
		let index = in_service(ALICE);
		bond(ALICE, 60_000);
		assert_ok!(Providers::set_claim(signed(ALICE), mbps(100, 60)));
		let admitted = Admission::Admitted { since: START };
		assert_ok!(Providers::set_admission(index, admitted));

		assert_eq!(Providers::facts(index).unwrap().admission, admitted);
		advance(1);
		assert_eq!(Providers::facts(index).unwrap().admission, Admission::Pending { passed: 0 });
	});
}

#[test]
fn set_admission_should_jail_in_spite_of_announced_admission() {
	ExtBuilder::default().build_and_execute(|| {
		let index = in_service(ALICE);
		bond(ALICE, 60_000);
		assert_ok!(Providers::set_claim(signed(ALICE), mbps(100, 60)));
		jail(index, START + 30);
		advance(1);
		assert_eq!(Providers::facts(index).unwrap().admission, Admission::Jailed { until: START + 30 });
	});
}

#[test]
fn set_admission_should_fail_when_index_is_free() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			Providers::set_admission(0, Admission::Pending { passed: 1 }),
			Error::<Test>::NotRegistered
		);
	});
}

#[test]
fn resume_should_begin_new_admission_when_jail_term_is_over() {
	ExtBuilder::default().build_and_execute(|| {
		let index = in_service(ALICE);
		let old = Admission::Jailed { until: START + 10 };
		assert_ok!(Providers::set_admission(index, old));
		assert_noop!(Providers::resume(signed(ALICE)), Error::<Test>::Jailed);
		Epoch::set(START + 10);
		// The term alone ends nothing.
		assert!(!serves_at(index, START + 11));
		assert_ok!(Providers::resume(signed(ALICE)));

		let new = Admission::Pending { passed: 0 };
		assert!(emitted(Event::AdmissionChanged { index, old, new, from: START + 11 }));
		advance(1);
		assert_eq!(Providers::facts(index).unwrap().admission, new);
		assert!(Providers::facts(index).unwrap().in_service);
	});
}

#[test]
fn reinstate_should_end_the_jail_with_the_epoch_when_a_verdict_is_refuted() {
	ExtBuilder::default().build_and_execute(|| {
		let index = in_service(ALICE);
		let (before, jailed) = (Providers::facts(index).unwrap(), Admission::Jailed { until: START + 30 });
		assert_ok!(Providers::set_admission(index, jailed));
		assert_ok!(Providers::lower_claim(index, mbps(10, 10)));
		take_changes();
		assert_ok!(Providers::reinstate(index, Some(before.claim), before.admission));

		let from = START + 3;
		let (old, new) = (jailed, before.admission);
		assert!(emitted(Event::AdmissionChanged { index, old, new, from }));
		assert!(emitted(Event::ClaimReinstated { index, old: mbps(10, 10), new: before.claim, from }));
		assert_eq!([from - 1, from].map(|epoch| serves_at(index, epoch)), [false, true]);
		assert_eq!(take_changes(), [Change::Changed(index, Providers::facts_at(index, from).unwrap())]);
		advance(1);
		assert_eq!(Providers::facts(index).unwrap(), before);
		assert_noop!(Providers::reinstate(index + 1, None, new), Error::<Test>::NotRegistered);
	});
}

#[test]
fn bond_changed_should_leave_service_at_once_when_under_bonded() {
	ExtBuilder::default().build_and_execute(|| {
		let index = in_service(ALICE);
		take_changes();
		bond(ALICE, 49_999);

		let now = START + 2;
		assert_eq!([now - 1, now].map(|epoch| serves_at(index, epoch)), [true, false]);
		assert!(emitted(Event::BondSufficiencyChanged { index, old: true, new: false, from: now }));
		assert_eq!(take_changes(), [Change::Left(index, ALICE)]);
	});
}

#[test]
fn bond_changed_should_enter_service_next_epoch_when_topped_up() {
	ExtBuilder::default().build_and_execute(|| {
		let index = in_service(ALICE);
		bond(ALICE, 49_999);
		take_changes();
		bond(ALICE, 50_000);

		let now = START + 2;
		assert_eq!([now, now + 1].map(|epoch| serves_at(index, epoch)), [false, true]);
		assert_eq!(take_changes(), [Change::Changed(index, Providers::facts_at(index, now + 1).unwrap())]);
	});
}

#[test]
fn bond_changed_should_tell_nobody_when_sufficiency_stays() {
	ExtBuilder::default().build_and_execute(|| {
		let index = in_service(ALICE);
		take_changes();
		let before = stored(index);
		bond(ALICE, 90_000);
		bond(BOB, 1);
		assert_eq!(stored(index), before);
		assert_eq!(take_changes(), []);
	});
}

#[test]
fn bond_changed_should_not_enter_service_when_paused() {
	ExtBuilder::default().build_and_execute(|| {
		let index = in_service(ALICE);
		assert_ok!(Providers::pause(signed(ALICE)));
		bond(ALICE, 1);
		take_changes();
		bond(ALICE, 50_000);
		advance(2);
		assert!(!Providers::facts(index).unwrap().in_service);
		assert_eq!(take_changes(), []);
	});
}

#[test]
fn deregister_should_free_everything_when_out_of_service() {
	ExtBuilder::default().build_and_execute(|| {
		let index = in_service(ALICE);
		assert_ok!(Providers::pause(signed(ALICE)));
		advance(3);
		take_changes();
		assert_ok!(Providers::deregister(signed(ALICE)));

		assert_eq!(Providers::facts(index), None);
		assert_eq!(IndexOf::<Test>::get(ALICE), None);
		assert_eq!(FreeIndexes::<Test>::get(0), Some((index, ALICE)));
		assert!(!crate::EndpointOwner::<Test>::contains_key(terms(1).endpoint));
		assert_eq!(take_changes(), [Change::Left(index, ALICE)]);
		assert_eq!(last_event(), Event::Deregistered { index, who: ALICE });
	});
}

#[test]
fn deregister_should_fail_when_in_service_now_or_in_previous_epoch() {
	ExtBuilder::default().build_and_execute(|| {
		in_service(ALICE);
		assert_noop!(Providers::deregister(signed(ALICE)), Error::<Test>::InService);
		assert_ok!(Providers::pause(signed(ALICE)));
		advance(2);
		assert_noop!(Providers::deregister(signed(ALICE)), Error::<Test>::InService);
		advance(1);
		assert_ok!(Providers::deregister(signed(ALICE)));
	});
}

#[test]
fn deregister_should_succeed_when_service_has_not_begun() {
	ExtBuilder::default().build_and_execute(|| {
		register(ALICE);
		assert_ok!(Providers::deregister(signed(ALICE)));
	});
}

#[test]
fn deregister_should_fail_when_jail_term_runs() {
	ExtBuilder::default().build_and_execute(|| {
		let index = in_service(ALICE);
		jail(index, START + 10);
		Epoch::set(START + 9);
		assert_noop!(Providers::deregister(signed(ALICE)), Error::<Test>::Jailed);
		advance(1);
		assert_ok!(Providers::deregister(signed(ALICE)));
	});
}

#[test]
fn deregister_should_fail_when_facts_refer_to_it() {
	ExtBuilder::default().build_and_execute(|| {
		let index = register(ALICE);
		Needed::mutate(|needed| needed.insert(index));
		assert_noop!(Providers::deregister(signed(ALICE)), Error::<Test>::StillNeeded);
	});
}

#[test]
fn deregister_should_fail_when_account_is_not_registered() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Providers::deregister(signed(ALICE)), Error::<Test>::NotRegistered);
	});
}
