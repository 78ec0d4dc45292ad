use crate::{mock::*, Error, Event};
use polkadot_sdk::frame_support::{assert_noop, assert_ok};
use weir_primitives::{
	seams::{ProviderRegistry, RoleDuty},
	Admission, Claim, Role,
};

const ADMITTED: Admission = Admission::Admitted { since: START };
const AFRESH: Admission = Admission::Pending { passed: 0 };

fn admission_at(index: u32, epoch: u32) -> Admission {
	Providers::facts_at(index, epoch).unwrap().admission
}

fn claim_at(index: u32, epoch: u32) -> Claim {
	Providers::facts_at(index, epoch).unwrap().claim
}

#[test]
fn set_claim_should_take_effect_next_epoch_when_lowered() {
	ExtBuilder::default().build_and_execute(|| {
		let index = in_service(ALICE);
		assert_ok!(Providers::set_admission(index, ADMITTED));
		take_changes();
		let now = START + 2;
		assert_ok!(Providers::set_claim(signed(ALICE), mbps(40, 50)));

		assert_eq!(claim_at(index, now), mbps(100, 50));
		assert_eq!(claim_at(index, now + 1), mbps(40, 50));
		assert_eq!(admission_at(index, now + 1), ADMITTED);
		assert_eq!(
			last_event(),
			Event::ClaimLowered { index, old: mbps(100, 50), new: mbps(40, 50), from: now + 1 }
		);
		assert_eq!(take_changes(), [Change::Changed(index, Providers::facts_at(index, now + 1).unwrap())]);
		advance(1);
		// Verdicts on the epoch before still see what was claimed in it.
		assert_eq!(claim_at(index, now), mbps(100, 50));
		assert_eq!(Providers::facts(index).unwrap().claim, mbps(40, 50));
	});
}

#[test]
fn set_claim_should_restart_admission_next_epoch_when_raised() {
	ExtBuilder::default().build_and_execute(|| {
		let index = in_service(ALICE);
		assert_ok!(Providers::set_admission(index, ADMITTED));
		bond(ALICE, 60_000);
		assert_ok!(Providers::set_claim(signed(ALICE), mbps(90, 60)));

		let now = START + 2;
		assert_eq!((claim_at(index, now), admission_at(index, now)), (mbps(100, 50), ADMITTED));
		assert_eq!((claim_at(index, now + 1), admission_at(index, now + 1)), (mbps(90, 60), AFRESH));
		assert_eq!(
			last_event(),
			Event::ClaimRaised { index, old: mbps(100, 50), new: mbps(90, 60), from: now + 1 }
		);
	});
}

#[test]
fn set_claim_should_count_as_raise_when_above_announced_claim() {
	ExtBuilder::default().build_and_execute(|| {
		let index = in_service(ALICE);
		assert_ok!(Providers::set_admission(index, ADMITTED));
		assert_ok!(Providers::lower_claim(index, mbps(30, 30)));
		assert_ok!(Providers::set_claim(signed(ALICE), mbps(100, 50)));

		assert_eq!(admission_at(index, START + 3), AFRESH);
	});
}

#[test]
fn set_claim_should_fail_when_bond_does_not_cover_raise() {
	ExtBuilder::default().build_and_execute(|| {
		in_service(ALICE);
		assert_noop!(Providers::set_claim(signed(ALICE), mbps(100, 51)), Error::<Test>::InsufficientBond);
	});
}

#[test]
fn set_claim_should_accept_lower_claim_when_under_bonded() {
	ExtBuilder::default().build_and_execute(|| {
		let index = in_service(ALICE);
		bond(ALICE, 20_000);
		assert_ok!(Providers::set_claim(signed(ALICE), mbps(20, 20)));
		assert_noop!(Providers::resume(signed(ALICE)), Error::<Test>::InsufficientBond);
		advance(1);
		assert_ok!(Providers::resume(signed(ALICE)));
		advance(1);
		assert!(Providers::facts(index).unwrap().in_service);
	});
}

#[test]
fn set_claim_should_fail_when_nothing_changes() {
	ExtBuilder::default().build_and_execute(|| {
		register(ALICE);
		assert_noop!(Providers::set_claim(signed(ALICE), mbps(100, 50)), Error::<Test>::NothingChanges);
	});
}

#[test]
fn set_claim_should_fail_when_out_of_range_or_not_registered() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Providers::set_claim(signed(ALICE), mbps(1, 1)), Error::<Test>::NotRegistered);
		register(ALICE);
		assert_noop!(Providers::set_claim(signed(ALICE), mbps(1, 0)), Error::<Test>::ClaimTooLow);
		assert_noop!(Providers::set_claim(signed(ALICE), mbps(1_001, 1)), Error::<Test>::ClaimTooHigh);
	});
}

#[test]
fn set_claim_should_not_end_jail_when_raised() {
	ExtBuilder::default().build_and_execute(|| {
		let index = in_service(ALICE);
		let jailed = Admission::Jailed { until: START + 30 };
		assert_ok!(Providers::set_admission(index, jailed));
		bond(ALICE, 90_000);
		assert_ok!(Providers::set_claim(signed(ALICE), mbps(90, 90)));
		advance(1);
		assert_eq!(Providers::facts(index).unwrap().admission, jailed);
	});
}

#[test]
fn claimed_kbps_should_cover_the_larger_of_current_and_announced_claim() {
	ExtBuilder::default().build_and_execute(|| {
		in_service(ALICE);
		let claimed = || Providers::claimed_kbps(&ALICE, Role::Provider);
		assert_ok!(Providers::set_claim(signed(ALICE), mbps(20, 20)));
		assert_eq!(claimed(), 50_000);
		advance(1);
		assert_eq!(claimed(), 20_000);
		assert_ok!(Providers::set_claim(signed(ALICE), mbps(30, 30)));
		assert_eq!(claimed(), 30_000);
	});
}

#[test]
fn lower_claim_should_lower_each_direction_and_never_raise() {
	ExtBuilder::default().build_and_execute(|| {
		let index = in_service(ALICE);
		assert_ok!(Providers::lower_claim(index, mbps(200, 20)));

		let (now, new) = (START + 2, mbps(100, 20));
		assert_eq!([claim_at(index, now), claim_at(index, now + 1)], [mbps(100, 50), new]);
		assert_eq!(
			last_event(),
			Event::ClaimLoweredByVerdict { index, old: mbps(100, 50), new, from: now + 1 }
		);
	});
}

#[test]
fn lower_claim_should_stop_at_protocol_minimum() {
	ExtBuilder::default().build_and_execute(|| {
		let index = in_service(ALICE);
		assert_ok!(Providers::lower_claim(index, Claim { down_kbps: 0, up_kbps: 0 }));
		assert_eq!(claim_at(index, START + 3), mbps(1, 1));
	});
}

#[test]
fn lower_claim_should_change_nothing_when_claim_is_lower_already() {
	ExtBuilder::default().build_and_execute(|| {
		let index = in_service(ALICE);
		take_changes();
		let before = stored(index);
		assert_ok!(Providers::lower_claim(index, mbps(100, 50)));
		assert_eq!(stored(index), before);
		assert_eq!(take_changes(), []);
	});
}

#[test]
fn lower_claim_should_fail_when_index_is_free() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Providers::lower_claim(7, mbps(1, 1)), Error::<Test>::NotRegistered);
	});
}

#[test]
fn rise_of_the_rate_should_only_concern_new_claims() {
	ExtBuilder::default().build_and_execute(|| {
		let index = in_service(ALICE);
		Rate::set(2);
		// The line stays, and one more or less token bonded does not change that.
		bond(ALICE, 50_001);
		advance(1);
		assert!(Providers::facts(index).unwrap().in_service);
		// A larger claim is a new one: all of it is asked for by today's rate.
		assert_noop!(Providers::set_claim(signed(ALICE), mbps(100, 51)), Error::<Test>::InsufficientBond);
		assert_ok!(Providers::set_claim(signed(ALICE), mbps(100, 25)));
		assert_noop!(Providers::set_claim(signed(ALICE), mbps(100, 26)), Error::<Test>::InsufficientBond);
		bond(ALICE, 102_000);
		assert_ok!(Providers::set_claim(signed(ALICE), mbps(100, 51)));
		bond(BOB, 99_999);
		let register = || Providers::register(signed(BOB), mbps(100, 50), terms(2), Some(key(2)));
		assert_noop!(register(), Error::<Test>::InsufficientBond);
		bond(BOB, 100_000);
		assert_ok!(register());
	});
}
