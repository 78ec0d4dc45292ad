//! Taking, keeping and leaving a seat.

use super::*;
use frame_support::{assert_noop, assert_ok};
use weir_primitives::{keys::RECEIPT_EPOCHS, seams::OnBondChange, Endpoint, Role};

const NEW: AccountId = 50;

fn take(who: AccountId) -> sp_runtime::DispatchResult {
	Pob::take_seat(RuntimeOrigin::signed(who), key(who), endpoint(who), 10_000, COUNTRY)
}

fn validator(who: AccountId) {
	set_bond(who, Role::Validator, SEAT_BOND);
}

#[test]
fn take_seat_should_enter_the_tiers_the_uplink_covers_when_mature() {
	ExtBuilder::default().build_and_execute(|| {
		validator(NEW);
		assert_ok!(take(NEW));
		System::assert_last_event(
			Event::SeatTaken {
				who: NEW,
				key: key(NEW),
				endpoint: endpoint(NEW),
				uplink_kbps: 10_000,
				country: COUNTRY,
				from_epoch: 3,
			}
			.into(),
		);
		assert!(!Pob::is_on_duty(2, &NEW));
		assert!(Pob::is_on_duty(3, &NEW));
		run_to(3, 0);
		assert_eq!(Epochs::<Runtime>::get(3).unwrap().seats, [9, 9, 8, 8]);
	});
}

#[test]
fn take_seat_should_fail_when_the_account_holds_one() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(take(1), Error::<Runtime>::SeatHeld);
	});
}

#[test]
fn take_seat_should_fail_when_neither_validator_nor_provider() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(take(NEW), Error::<Runtime>::NotActive);
	});
}

#[test]
fn take_seat_should_fail_when_the_bond_is_below_the_minimum() {
	ExtBuilder::default().build_and_execute(|| {
		set_bond(NEW, Role::Validator, SEAT_BOND - 1);
		assert_noop!(take(NEW), Error::<Runtime>::BondBelowSeatMinimum);
		register(0, 51, symmetric(20_000));
		set_bond(51, Role::Provider, SEAT_BOND - 1);
		assert_noop!(take(51), Error::<Runtime>::BondBelowSeatMinimum);
	});
}

#[test]
fn take_seat_should_bound_a_providers_uplink_by_its_claim() {
	ExtBuilder::default().build_and_execute(|| {
		set_bond(51, Role::Provider, SEAT_BOND);
		register(0, 51, symmetric(9_000));
		assert_noop!(take(51), Error::<Runtime>::UplinkAboveClaim);
		assert_ok!(Pob::take_seat(RuntimeOrigin::signed(51), key(51), endpoint(51), 9_000, COUNTRY));
	});
}

#[test]
fn take_seat_should_fail_when_the_provider_is_out_of_service() {
	ExtBuilder::default().build_and_execute(|| {
		set_bond(51, Role::Provider, SEAT_BOND);
		register(0, 51, symmetric(90_000));
		change(0, |facts| facts.in_service = false).unwrap();
		assert_noop!(take(51), Error::<Runtime>::NotActive);
	});
}

#[test]
fn take_seat_should_fail_when_the_endpoint_cannot_measure() {
	ExtBuilder::default().build_and_execute(|| {
		validator(NEW);
		let with = |endpoint| Pob::take_seat(RuntimeOrigin::signed(NEW), key(NEW), endpoint, 10_000, COUNTRY);
		assert_noop!(with(Endpoint::RelayOnly), Error::<Runtime>::SeatNeedsAddress);
		assert_noop!(with(Endpoint::V4 { addr: [45, 99, 7, 1], port: 0 }), Error::<Runtime>::PortMissing);
		assert_noop!(with(Endpoint::V4 { addr: [10, 0, 0, 1], port: 1 }), Error::<Runtime>::PrivateEndpoint);
	});
}

#[test]
fn take_seat_should_fail_when_the_prefix_is_taken() {
	ExtBuilder::default().build_and_execute(|| {
		validator(NEW);
		let neighbour = Endpoint::V4 { addr: [45, 1, 7, 99], port: 1 };
		assert_noop!(
			Pob::take_seat(RuntimeOrigin::signed(NEW), key(NEW), neighbour, 10_000, COUNTRY),
			Error::<Runtime>::PrefixTaken
		);
	});
}

#[test]
fn take_seat_should_fail_when_the_wide_prefix_is_full() {
	ExtBuilder::default().build_and_execute(|| {
		validator(NEW);
		let neighbour = Endpoint::V4 { addr: [45, 1, 8, 1], port: 1 };
		assert_noop!(
			Pob::take_seat(RuntimeOrigin::signed(NEW), key(NEW), neighbour, 10_000, COUNTRY),
			Error::<Runtime>::WidePrefixFull
		);
	});
}

#[test]
fn take_seat_should_bound_the_seats_of_an_ipv6_prefix_of_32_bits_by_their_share() {
	let take = |who: AccountId, wide: u8, narrow: u8| {
		validator(who);
		let addr = [0x2a, 1, 0, wide, 0, narrow, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
		let endpoint = Endpoint::V6 { addr, port: 9_700 };
		Pob::take_seat(RuntimeOrigin::signed(who), key(who), endpoint, 10_000, COUNTRY)
	};
	ExtBuilder::default().seats(97).build_and_execute(|| {
		assert_ok!(take(200, 7, 0));
		// Of 99 seats a fiftieth is one, of a hundred it is two.
		assert_noop!(take(201, 7, 1), Error::<Runtime>::WidePrefixFull);
		assert_ok!(take(201, 8, 0));
		assert_ok!(take(202, 7, 1));
		assert_noop!(take(203, 7, 2), Error::<Runtime>::WidePrefixFull);
		assert_ok!(take(203, 9, 0));
	});
}

#[test]
fn take_seat_should_allow_neighbours_when_endpoints_are_private() {
	ExtBuilder::default().private().build_and_execute(|| {
		for (n, who) in (60u64..64).enumerate() {
			validator(who);
			let local = Endpoint::V4 { addr: [127, 0, n as u8, 1], port: 9_700 };
			assert_ok!(Pob::take_seat(RuntimeOrigin::signed(who), key(who), local, 10_000, COUNTRY));
		}
	});
}

#[test]
fn take_seat_should_fail_when_the_key_is_taken() {
	ExtBuilder::default().build_and_execute(|| {
		validator(NEW);
		assert_noop!(
			Pob::take_seat(RuntimeOrigin::signed(NEW), key(1), endpoint(NEW), 10_000, COUNTRY),
			Error::<Runtime>::KeyTaken
		);
	});
}

#[test]
fn take_seat_should_fail_when_the_uplink_is_below_the_tiers() {
	ExtBuilder::default().build_and_execute(|| {
		validator(NEW);
		assert_noop!(
			Pob::take_seat(RuntimeOrigin::signed(NEW), key(NEW), endpoint(NEW), 4_999, COUNTRY),
			Error::<Runtime>::UplinkBelowTiers
		);
	});
}

#[test]
fn take_seat_should_fail_when_the_country_is_not_assigned() {
	ExtBuilder::default().build_and_execute(|| {
		validator(NEW);
		for country in [*b"ZZ", *b"de"] {
			assert_noop!(
				Pob::take_seat(RuntimeOrigin::signed(NEW), key(NEW), endpoint(NEW), 10_000, country),
				Error::<Runtime>::InvalidCountry
			);
		}
	});
}

#[test]
fn take_seat_should_fail_when_seats_cannot_be_counted() {
	ExtBuilder::default().build_and_execute(|| {
		validator(NEW);
		SeatCount::<Runtime>::put(u32::MAX);
		assert_noop!(take(NEW), Error::<Runtime>::Overflow);
		SeatCount::<Runtime>::put(8);
	});
}

#[test]
fn leave_seat_should_serve_out_its_epochs_and_then_free_prefix_and_key() {
	ExtBuilder::default().build_and_execute(|| {
		run_to(5, 0);
		assert_ok!(Pob::leave_seat(RuntimeOrigin::signed(3)));
		System::assert_last_event(Event::SeatLeft { who: 3, reason: LeaveReason::GivenBack }.into());
		assert_noop!(Pob::leave_seat(RuntimeOrigin::signed(3)), Error::<Runtime>::SeatLeaving);
		assert_noop!(take(3), Error::<Runtime>::SeatHeld);
		assert!(Pob::is_on_duty(7, &3));
		assert!(!Pob::is_on_duty(8, &3));
		run_to(9, 29);
		assert!(Seats::<Runtime>::contains_key(3));
		run_to(10, 5);
		assert!(!Seats::<Runtime>::contains_key(3));
		assert!(events().contains(&Event::SeatReleased { who: 3 }));
		assert_ok!(take(3));
	});
}

#[test]
fn leave_seat_should_fail_when_there_is_none() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Pob::leave_seat(RuntimeOrigin::signed(NEW)), Error::<Runtime>::NoSeat);
	});
}

#[test]
fn set_seat_key_should_replace_the_key_at_once() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Pob::set_seat_key(RuntimeOrigin::signed(1), key(99)));
		System::assert_last_event(Event::SeatKeySet { who: 1, old: key(1), new: key(99) }.into());
		assert_eq!(SeatOfKey::<Runtime>::get(key(1)), None);
		assert_eq!(Pob::seat(&1).unwrap().key, key(99));
	});
}

#[test]
fn set_seat_key_should_fail_when_taken_or_without_seat() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Pob::set_seat_key(RuntimeOrigin::signed(1), key(2)), Error::<Runtime>::KeyTaken);
		assert_noop!(Pob::set_seat_key(RuntimeOrigin::signed(NEW), key(99)), Error::<Runtime>::NoSeat);
	});
}

#[test]
fn set_seat_key_should_wait_when_three_keys_may_have_signed_a_receipt() {
	ExtBuilder::default().build_and_execute(|| {
		let set = |n| Pob::set_seat_key(RuntimeOrigin::signed(1), key(n));
		for n in 91..94 {
			assert_ok!(set(n));
		}
		assert_noop!(set(94), Error::<Runtime>::TooManyKeys);
		run_to(RECEIPT_EPOCHS, 29);
		assert_noop!(set(94), Error::<Runtime>::TooManyKeys);
		run_to(RECEIPT_EPOCHS + 1, 0);
		assert_ok!(set(94));
	});
}

#[test]
fn bond_changed_should_retire_the_seat_when_the_bond_is_gone() {
	ExtBuilder::default().build_and_execute(|| {
		Pob::bond_changed(&2, Role::Validator);
		assert!(!Seats::<Runtime>::get(2).unwrap().leaving);
		set_bond(2, Role::Validator, 0);
		Pob::bond_changed(&2, Role::Validator);
		assert!(Seats::<Runtime>::get(2).unwrap().leaving);
		let reason = LeaveReason::EntitlementLost;
		System::assert_last_event(Event::SeatLeft { who: 2, reason }.into());
	});
}

#[test]
fn score_should_dismiss_a_seat_when_it_falls_below_the_minimum() {
	ExtBuilder::default().build_and_execute(|| {
		for _ in 0..20 {
			Pob::score_seat(&4, 10, 0);
		}
		assert!(!Seats::<Runtime>::get(4).unwrap().leaving);
		Pob::score_seat(&4, 10, 0);
		let seat = Seats::<Runtime>::get(4).unwrap();
		assert!(seat.leaving && seat.score_ppm < MIN_SCORE_PPM);
		System::assert_last_event(
			Event::SeatDismissed { who: 4, score_ppm: seat.score_ppm, reason: Dismissal::LowScore }.into(),
		);
		run_to(3 + 2 + DISMISSAL_EPOCHS - 1, 29);
		assert_noop!(take(4), Error::<Runtime>::SeatHeld);
		run_to(3 + 2 + DISMISSAL_EPOCHS, 20);
		assert_ok!(take(4));
		assert_eq!(Pob::seat(&4).unwrap().score_ppm, FULL_SCORE_PPM);
	});
}

#[test]
fn seats_should_be_paged_by_position() {
	ExtBuilder::default().build_and_execute(|| {
		run_to(1, 0);
		let page = |start, count| {
			let page = Pob::seats(start, count);
			(page.rows.into_iter().map(|row| row.seat.account).collect::<Vec<_>>(), page.next)
		};
		assert_eq!(page(2, 3), (vec![3, 4, 5], Some(5)));
		assert_eq!(page(6, 1_000), (vec![7, 8], None));
		assert_eq!(page(u32::MAX, 1), (vec![], None));
	});
}
