use crate::{mock::*, Error, Event};
use polkadot_sdk::frame_support::{assert_noop, assert_ok};
use weir_primitives::{keys::RECEIPT_EPOCHS, seams::ProviderRegistry};

fn key_at(index: u32, epoch: u32) -> Option<weir_primitives::ProbeKey> {
	Providers::facts_at(index, epoch).unwrap().probe_key
}

#[test]
fn set_probe_key_should_sign_from_next_epoch() {
	ExtBuilder::default().build_and_execute(|| {
		let index = register(ALICE);
		assert_ok!(Providers::set_probe_key(signed(ALICE), key(9)));

		assert_eq!(key_at(index, START), Some(key(1)));
		assert_eq!(key_at(index, START + 1), Some(key(9)));
		assert_eq!(
			last_event(),
			Event::ProbeKeySet { index, old: Some(key(1)), new: key(9), from: START + 1 }
		);
		advance(1);
		assert_eq!(Providers::facts(index).unwrap().probe_key, Some(key(9)));
	});
}

#[test]
fn set_probe_key_should_replace_announced_key() {
	ExtBuilder::default().build_and_execute(|| {
		let index = register(ALICE);
		assert_ok!(Providers::set_probe_key(signed(ALICE), key(8)));
		assert_ok!(Providers::set_probe_key(signed(ALICE), key(9)));
		assert_eq!([key_at(index, START), key_at(index, START + 1)], [Some(key(1)), Some(key(9))]);
	});
}

#[test]
fn set_probe_key_should_fail_when_key_is_the_same() {
	ExtBuilder::default().build_and_execute(|| {
		register(ALICE);
		assert_noop!(Providers::set_probe_key(signed(ALICE), key(1)), Error::<Test>::NothingChanges);
	});
}

#[test]
fn set_probe_key_should_wait_when_three_keys_may_have_signed_a_receipt() {
	ExtBuilder::default().build_and_execute(|| {
		register(ALICE);
		for n in 7..10 {
			assert_ok!(Providers::set_probe_key(signed(ALICE), key(n)));
			advance(1);
		}
		let set_fourth = || Providers::set_probe_key(signed(ALICE), key(10));
		assert_noop!(set_fourth(), Error::<Test>::TooManyKeys);
		// The first one signed for the last time in the epoch in which it was replaced.
		Epoch::set(START + RECEIPT_EPOCHS);
		assert_noop!(set_fourth(), Error::<Test>::TooManyKeys);
		advance(1);
		assert_ok!(set_fourth());
	});
}

#[test]
fn set_probe_key_should_fail_when_account_is_not_registered() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Providers::set_probe_key(signed(ALICE), key(1)), Error::<Test>::NotRegistered);
	});
}

#[test]
fn revoke_probe_key_should_void_every_key_at_once() {
	ExtBuilder::default().build_and_execute(|| {
		let index = in_service(ALICE);
		assert_ok!(Providers::set_probe_key(signed(ALICE), key(9)));
		assert_ok!(Providers::revoke_probe_key(signed(ALICE)));

		assert_eq!(key_at(index, START + 1), Some(key(1)));
		assert_eq!(key_at(index, START + 2), None);
		assert_eq!(key_at(index, START + 3), None);
		assert_eq!(last_event(), Event::ProbeKeyRevoked { index, old: key(9) });
	});
}

#[test]
fn revoke_probe_key_should_keep_tests_due() {
	ExtBuilder::default().build_and_execute(|| {
		let index = in_service(ALICE);
		take_changes();
		assert_ok!(Providers::revoke_probe_key(signed(ALICE)));
		assert!(Providers::facts(index).unwrap().in_service);
		assert_eq!(take_changes(), []);
	});
}

#[test]
fn revoke_probe_key_should_fail_when_there_is_none() {
	ExtBuilder::default().build_and_execute(|| {
		register(ALICE);
		assert_ok!(Providers::revoke_probe_key(signed(ALICE)));
		assert_noop!(Providers::revoke_probe_key(signed(ALICE)), Error::<Test>::NoProbeKey);
	});
}
