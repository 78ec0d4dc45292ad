//! Who serves in which session.

use super::*;
use crate::Event;
use frame_support::traits::KeyOwnerProofSystem;
use sp_runtime::{key_types::DUMMY, testing::UintAuthorityId};

fn key_of(seed: u64) -> (sp_runtime::KeyTypeId, Vec<u8>) {
	(DUMMY, codec::Encode::encode(&UintAuthorityId(seed)))
}

#[test]
fn genesis_should_start_with_all_candidates_whatever_the_churn_limit() {
	ExtBuilder::default().candidates(vec![3, 1, 2]).build_and_execute(|| {
		assert_eq!((Session::validators(), planned()), (vec![3, 1, 2], vec![3, 1, 2]));
	});
}

#[test]
fn genesis_should_fall_back_to_the_session_keys_when_there_are_too_few_candidates() {
	ExtBuilder::default().candidates(vec![1, 2]).build_and_execute(|| {
		assert_eq!(Session::validators(), vec![1, 2, 3, 4]);
		for session in [0, 1] {
			assert!(
				Historical::historical_root(session).is_some(),
				"their keys can be proven in session {session}"
			);
		}
	});
}

#[test]
fn election_should_add_the_most_bonded_up_to_the_churn_limit() {
	ExtBuilder::default().build_and_execute(|| {
		join(5, 100);
		join(6, 300);
		join(7, 200);
		rotate(1);
		assert_eq!(planned(), vec![1, 2, 3, 4, 6, 7]);
		System::assert_has_event(Event::SetPlanned { session: 2, validators: 6, joined: 2, left: 0 }.into());
		rotate(1);
		assert_eq!(Session::validators(), vec![1, 2, 3, 4, 6, 7]);
		// The set is full with larger bonds.
		assert_eq!(planned(), vec![1, 2, 3, 4, 6, 7]);
	});
}

#[test]
fn election_should_replace_the_least_bonded_first_when_outbid() {
	ExtBuilder::default().build_and_execute(|| {
		join(5, 900);
		join(6, 800);
		rotate(1);
		for (who, bond) in [(5, 1_100), (6, 1_200)] {
			set_bond(who, bond);
		}
		join(7, 2_000);
		join(8, 3_000);
		rotate(1);
		assert_eq!(planned(), vec![1, 2, 5, 6, 8, 7]);
	});
}

#[test]
fn election_should_let_at_most_the_churn_limit_leave() {
	ExtBuilder::default().build_and_execute(|| {
		for who in 5..=8 {
			join(who, 500);
		}
		rotate(1);
		assert_eq!(planned(), vec![1, 2, 3, 4, 5, 6]);
		for who in 1..=3 {
			chill(who);
		}
		rotate(1);
		assert_eq!(planned(), vec![3, 4, 5, 6, 7, 8]);
		rotate(1);
		assert_eq!(planned(), vec![4, 5, 6, 7, 8]);
	});
}

#[test]
fn election_should_keep_the_old_set_when_candidates_are_too_few() {
	ExtBuilder::default().build_and_execute(|| {
		chill(1);
		chill(2);
		rotate(2);
		assert_eq!((Session::validators(), planned()), (vec![1, 2, 3, 4], vec![1, 2, 3, 4]));
		System::assert_has_event(Event::SetKept { session: 3, eligible: 2 }.into());
		join(2, 1_000);
		rotate(1);
		assert_eq!(planned(), vec![2, 3, 4]);
	});
}

#[test]
fn election_should_pass_over_candidates_without_keys() {
	ExtBuilder::default().build_and_execute(|| {
		join(5, 5_000);
		pallet_session::NextKeys::<Test>::remove(5);
		rotate(1);
		assert_eq!(planned(), vec![1, 2, 3, 4]);
	});
}

#[test]
fn session_should_be_reported_unchanged_when_set_and_keys_are() {
	ExtBuilder::default().build_and_execute(|| {
		rotate(2);
		assert!(!pallet_session::QueuedChanged::<Test>::get());
		pallet_session::NextKeys::<Test>::insert(1, keys(41));
		rotate(1);
		assert!(pallet_session::QueuedChanged::<Test>::get());
		rotate(1);
		assert!(!pallet_session::QueuedChanged::<Test>::get());
	});
}

#[test]
fn key_proof_should_hold_in_later_sessions_when_bonds_and_keys_changed() {
	ExtBuilder::default().build_and_execute(|| {
		set_bond(1, 7_000);
		pallet_session::NextKeys::<Test>::insert(2, keys(42));
		pallet_session::KeyOwner::<Test>::insert((DUMMY, key_of(42).1), 2);
		rotate(2);
		let proof = Historical::prove(key_of(42)).unwrap();
		set_bond(1, 200);
		rotate(3);
		assert_eq!(Historical::check_proof(key_of(42), proof), Some((2, ())));
	});
}

#[test]
fn roots_should_be_pruned_when_offences_are_forgotten() {
	ExtBuilder::default().build_and_execute(|| {
		rotate(OffenceSessions::get() + 3);
		let stored = pallet_session::historical::StoredRange::<Test>::get();
		assert_eq!(stored, Some((3, OffenceSessions::get() + 5)));
	});
}
