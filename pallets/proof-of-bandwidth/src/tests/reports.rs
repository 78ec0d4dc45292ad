//! Commit and reveal: what the pool and the block take, and what they refuse.

use super::*;
use crate::offchain::Trouble;
use frame_support::{assert_noop, assert_ok, traits::Authorize};
use sp_runtime::transaction_validity::InvalidTransaction;
use std::collections::BTreeMap;

const TESTED: EpochIndex = FIRST_TESTED_EPOCH;
const REPORTED: EpochIndex = TESTED + 1;

/// Two providers under test, the tasks of the tested epoch at hand, and the clock at the commit window.
fn in_commit_window(test: impl FnOnce(Vec<(AccountId, Vec<Task<AccountId>>)>)) {
	ExtBuilder::default().build_and_execute(|| {
		register(0, 100, symmetric(100_000));
		register(1, 101, symmetric(50_000));
		run_to(TESTED, 29);
		let tasks = tasks_of_all();
		run_to(REPORTED, opens(Step::Commit));
		test(tasks);
	});
}

fn first_task(tasks: &[(AccountId, Vec<Task<AccountId>>)], provider: ProviderIndex) -> AccountId {
	tasks
		.iter()
		.find(|(_, tasks)| tasks.iter().any(|task| task.provider == provider))
		.map(|(node, _)| *node)
		.expect("somebody measures it")
}

#[test]
fn tasks_should_form_whole_committees() {
	in_commit_window(|tasks| {
		for provider in [0, 1] {
			let members: Vec<AccountId> = tasks
				.iter()
				.filter(|(_, tasks)| tasks.iter().any(|task| task.provider == provider))
				.map(|(node, _)| *node)
				.collect();
			let mut assigned = Pob::assignment(TESTED, provider);
			assigned.sort_unstable();
			assert_eq!(members, assigned);
			assert_eq!(members.len(), 5);
		}
		let task = tasks.iter().flat_map(|(_, tasks)| tasks).find(|task| task.provider == 0).unwrap();
		assert_eq!((task.members, task.quota_down_kbps, task.account), (5, 25_000, 100));
		assert_eq!(task.peer_id, vec![0, 0]);
		assert!(task.start_slot.is_some_and(|slot| slot < 30));
	});
}

#[test]
fn target_test_should_name_the_committee_and_its_keys() {
	ExtBuilder::default().build_and_execute(|| {
		register(0, 100, symmetric(100_000));
		run_to(TESTED, 0);
		let test = Pob::target_test(&100).unwrap();
		assert_eq!(test.start_slot, None);
		let accounts: Vec<AccountId> = test.committee.iter().map(|member| member.account).collect();
		assert_eq!(accounts, Pob::assignment(TESTED, 0));
		assert!(test.committee.iter().all(|member| member.key == key(member.account)));
		run_to(TESTED, 29);
		assert!(Pob::target_test(&100).unwrap().start_slot.is_some());
		assert_eq!(Pob::target_test(&1), None);
	});
}

#[test]
fn tasks_should_be_none_before_the_first_tested_epoch() {
	ExtBuilder::default().build_and_execute(|| {
		register(0, 100, symmetric(100_000));
		run_to(TESTED - 1, 29);
		assert!(tasks_of_all().iter().all(|(_, tasks)| tasks.is_empty()));
	});
}

#[test]
fn commit_should_be_stored_when_authorised() {
	in_commit_window(|_| {
		let call = commit_call(TESTED, 1, &[]);
		let validity = authorize(&call).unwrap();
		assert_eq!(validity.priority, 1_000);
		assert_eq!(validity.longevity, 7);
		assert!(validity.propagate);
		assert_ok!(dispatch(call));
		assert_eq!(Pob::report_state(TESTED, &1), (true, false));
		System::assert_last_event(Event::Committed { epoch: TESTED, node: 1 }.into());
	});
}

#[test]
fn commit_should_carry_one_tag_per_seat_epoch_and_step() {
	in_commit_window(|_| {
		let one = authorize(&commit_call(TESTED, 1, &[])).unwrap().provides;
		let other_report = authorize(&commit_call(TESTED, 1, &[entry(0)])).unwrap().provides;
		let other_seat = authorize(&commit_call(TESTED, 2, &[])).unwrap().provides;
		assert_eq!(one, other_report);
		assert_ne!(one, other_seat);
		assert_eq!(one.len(), 1);
		submit(commit_call(TESTED, 1, &[]));
		run_to(REPORTED, opens(Step::Reveal));
		assert_ne!(one, authorize(&reveal_call(TESTED, 1, &[])).unwrap().provides);
	});
}

#[test]
fn commit_should_rise_in_priority_towards_the_deadline() {
	in_commit_window(|_| {
		run_to(REPORTED, 8);
		let validity = authorize(&commit_call(TESTED, 1, &[])).unwrap();
		assert_eq!((validity.priority, validity.longevity), (1_006, 1));
	});
}

#[test]
fn commit_should_be_refused_when_the_signature_is_wrong() {
	in_commit_window(|_| {
		let Call::commit { epoch, node, commitment, .. } = commit_call(TESTED, 1, &[]) else { panic!() };
		let Call::commit { signature, .. } = commit_call(TESTED, 2, &[]) else { panic!() };
		assert_eq!(
			refused(&Call::commit { epoch, node, commitment, signature }),
			InvalidTransaction::BadProof
		);
	});
}

#[test]
fn commit_should_be_refused_when_signed_for_another_chain() {
	in_commit_window(|_| {
		let commitment = hash_of(TESTED, 1, &[]);
		let payload = commit_payload(&H256::repeat_byte(9), TESTED, &1u64, &commitment);
		let call =
			Call::commit { epoch: TESTED, node: 1, commitment, signature: pair(1).sign(&payload).into() };
		assert_eq!(refused(&call), InvalidTransaction::BadProof);
	});
}

#[test]
fn commit_should_be_refused_when_the_epoch_is_not_the_last() {
	in_commit_window(|_| {
		assert_eq!(refused(&commit_call(REPORTED, 1, &[])), InvalidTransaction::Future);
		assert_eq!(refused(&commit_call(TESTED - 1, 1, &[])), InvalidTransaction::Stale);
		assert_eq!(refused(&commit_call(u32::MAX, 1, &[])), InvalidTransaction::Future);
	});
}

#[test]
fn commit_should_be_refused_outside_its_window() {
	in_commit_window(|_| {
		run_to(REPORTED, 9);
		assert_eq!(refused(&commit_call(TESTED, 1, &[])), InvalidTransaction::Stale);
		run_to(REPORTED + 1, 1);
		assert_eq!(refused(&commit_call(REPORTED, 1, &[])), InvalidTransaction::Future);
	});
}

#[test]
fn commit_should_be_refused_when_repeated() {
	in_commit_window(|_| {
		submit(commit_call(TESTED, 1, &[]));
		refused_by(&commit_call(TESTED, 1, &[entry(0)]), Error::AlreadyCommitted);
		assert_noop!(dispatch(commit_call(TESTED, 1, &[])), Error::<Runtime>::AlreadyCommitted);
	});
}

#[test]
fn commit_should_be_refused_without_a_seat_on_duty() {
	in_commit_window(|_| {
		refused_by(&commit_call(TESTED, 77, &[]), Error::NoSeat);
		set_bond(77, weir_primitives::Role::Validator, SEAT_BOND);
		Pob::take_seat(RuntimeOrigin::signed(77), key(77), endpoint(77), 50_000, COUNTRY).unwrap();
		refused_by(&commit_call(TESTED, 77, &[]), Error::NotOnDuty);
	});
}

#[test]
fn commit_and_reveal_should_need_authorisation() {
	in_commit_window(|_| {
		let Call::commit { epoch, node, commitment, signature } = commit_call(TESTED, 1, &[]) else {
			panic!()
		};
		assert_noop!(
			Pob::commit(RuntimeOrigin::signed(1), epoch, node, commitment, signature),
			DispatchError::BadOrigin
		);
		assert_noop!(
			Pob::reveal(RuntimeOrigin::root(), epoch, node, bounded(vec![]), SALT),
			DispatchError::BadOrigin
		);
		let signed = RuntimeCall::from(Call::leave_seat {});
		assert!(signed.authorize(TransactionSource::External).is_none());
	});
}

#[test]
fn reveal_should_file_entries_when_assigned() {
	in_commit_window(|tasks| {
		let node = first_task(&tasks, 0);
		let entries: Vec<Entry> = tasks
			.iter()
			.find(|(who, _)| *who == node)
			.unwrap()
			.1
			.iter()
			.map(|task| entry(task.provider))
			.collect();
		submit(commit_call(TESTED, node, &entries));
		run_to(REPORTED, opens(Step::Reveal));
		submit(reveal_call(TESTED, node, &entries));
		let accepted = entries.len() as u32;
		System::assert_last_event(
			Event::Revealed { epoch: TESTED, node, accepted, rejected: Default::default() }.into(),
		);
		assert_eq!(Pob::report_state(TESTED, &node), (true, true));
		assert_eq!(Filings::<Runtime>::get(TESTED, 0)[0].entry, entry(0));
	});
}

#[test]
fn reveal_should_name_each_rejected_entry() {
	in_commit_window(|tasks| {
		let node = first_task(&tasks, 0);
		let stranger = entry(999);
		let too_fast = Entry { up_kbps: 2_000_000, ..entry(1) };
		let entries = vec![entry(0), entry(0), stranger, too_fast];
		submit(commit_call(TESTED, node, &entries));
		run_to(REPORTED, opens(Step::Reveal));
		submit(reveal_call(TESTED, node, &entries));
		let rejected =
			vec![(0, Rejection::Duplicate), (999, Rejection::NotAssigned), (1, Rejection::OutOfRange)];
		System::assert_last_event(
			Event::Revealed { epoch: TESTED, node, accepted: 1, rejected: rejected.try_into().unwrap() }
				.into(),
		);
		assert_eq!(Filings::<Runtime>::get(TESTED, 0).len(), 1);
	});
}

#[test]
fn reveal_should_reject_entries_no_measurement_yields() {
	in_commit_window(|tasks| {
		let node = first_task(&tasks, 0);
		let lossy = Entry { loss_pptt: 10_001, ..entry(0) };
		let silent_but_fast = Entry { kind: EntryKind::Unreachable, ..entry(1) };
		submit(commit_call(TESTED, node, &[lossy, silent_but_fast]));
		run_to(REPORTED, opens(Step::Reveal));
		submit(reveal_call(TESTED, node, &[lossy, silent_but_fast]));
		let rejected = vec![(0, Rejection::OutOfRange), (1, Rejection::OutOfRange)];
		System::assert_last_event(
			Event::Revealed { epoch: TESTED, node, accepted: 0, rejected: rejected.try_into().unwrap() }
				.into(),
		);
	});
}

#[test]
fn reveal_should_reject_entries_about_another_committees_target() {
	in_commit_window(|tasks| {
		let outsider = (1..=8).find(|node| !Pob::assignment(TESTED, 0).contains(node)).unwrap();
		assert!(tasks.iter().any(|(node, _)| *node == outsider));
		submit(commit_call(TESTED, outsider, &[entry(0)]));
		run_to(REPORTED, opens(Step::Reveal));
		submit(reveal_call(TESTED, outsider, &[entry(0)]));
		let rejected = vec![(0, Rejection::NotAssigned)].try_into().unwrap();
		System::assert_last_event(
			Event::Revealed { epoch: TESTED, node: outsider, accepted: 0, rejected }.into(),
		);
	});
}

#[test]
fn reveal_should_reject_entries_about_the_own_line() {
	ExtBuilder::default().build_and_execute(|| {
		// Every seat is also a provider, so that somebody is drawn for its own line.
		for node in 1..=8 {
			register(node as u32, node, symmetric(100_000));
		}
		run_to(TESTED, 29);
		let own = (1..=8u64).find(|node| Pob::assignment(TESTED, *node as u32).contains(node)).unwrap();
		assert!(Pob::tasks(&own).iter().all(|task| task.account != own));
		run_to(REPORTED, opens(Step::Commit));
		submit(commit_call(TESTED, own, &[entry(own as u32)]));
		run_to(REPORTED, opens(Step::Reveal));
		submit(reveal_call(TESTED, own, &[entry(own as u32)]));
		let rejected = vec![(own as u32, Rejection::Barred)].try_into().unwrap();
		System::assert_last_event(Event::Revealed { epoch: TESTED, node: own, accepted: 0, rejected }.into());
	});
}

#[test]
fn reveal_should_be_refused_when_the_preimage_is_wrong() {
	in_commit_window(|_| {
		submit(commit_call(TESTED, 1, &[entry(0)]));
		submit(commit_call(TESTED, 2, &[]));
		run_to(REPORTED, opens(Step::Reveal));
		assert_eq!(refused(&reveal_call(TESTED, 1, &[entry(1)])), InvalidTransaction::BadProof);
		let salt = [8; 32];
		let call = Call::reveal { epoch: TESTED, node: 1, entries: bounded(vec![entry(0)]), salt };
		assert_eq!(refused(&call), InvalidTransaction::BadProof);
		// Somebody else's report, copied from the pool, is not this node's preimage.
		assert_eq!(refused(&reveal_call(TESTED, 2, &[entry(0)])), InvalidTransaction::BadProof);
	});
}

#[test]
fn reveal_should_be_refused_without_a_commitment_or_when_repeated() {
	in_commit_window(|_| {
		submit(commit_call(TESTED, 1, &[]));
		run_to(REPORTED, opens(Step::Reveal));
		refused_by(&reveal_call(TESTED, 2, &[]), Error::NotCommitted);
		submit(reveal_call(TESTED, 1, &[]));
		refused_by(&reveal_call(TESTED, 1, &[]), Error::AlreadyRevealed);
		assert_noop!(dispatch(reveal_call(TESTED, 1, &[])), Error::<Runtime>::AlreadyRevealed);
	});
}

#[test]
fn reveal_should_be_refused_outside_its_window() {
	in_commit_window(|_| {
		submit(commit_call(TESTED, 1, &[]));
		assert_eq!(refused(&reveal_call(TESTED, 1, &[])), InvalidTransaction::Future);
		run_to(REPORTED, 19);
		assert_eq!(refused(&reveal_call(TESTED, 1, &[])), InvalidTransaction::Stale);
		assert_noop!(dispatch(reveal_call(TESTED, 1, &[])), Error::<Runtime>::WindowClosed);
	});
}

#[test]
fn reveal_should_not_decode_with_more_entries_than_allowed() {
	use codec::{Decode, Encode};
	let entries = vec![entry(0); MAX_ENTRIES as usize + 1].encode();
	assert!(BoundedVec::<Entry, ConstU32<MAX_ENTRIES>>::decode(&mut &entries[..]).is_err());
}

#[test]
fn reports_should_be_swept_when_no_rule_asks_for_them() {
	in_commit_window(|_| {
		submit(commit_call(TESTED, 1, &[]));
		run_to(TESTED + 2, 29);
		assert_eq!(Pob::report_state(TESTED, &1), (true, false));
		run_to(TESTED + 4, 29);
		assert_eq!(Pob::report_state(TESTED, &1), (false, false));
		assert_eq!(Missed::<Runtime>::iter_key_prefix(TESTED).count(), 0);
	});
}

#[test]
fn worker_should_name_the_rule_when_the_pool_does_not_take_a_call() {
	in_commit_window(|_| {
		let call = commit_call(TESTED, 1, &[]);
		assert_eq!(Pob::why_not_submitted(&call), Trouble::NotSubmitted);
		submit(call.clone());
		assert_eq!(Pob::why_not_submitted(&call), Trouble::Refused("AlreadyCommitted"));
		let early = reveal_call(TESTED, 1, &[]);
		assert_eq!(
			Pob::why_not_submitted(&early),
			Trouble::Refused("Transaction will be valid in the future")
		);
	});
}

#[test]
fn listener_should_hear_once_what_each_seat_owed_and_measured() {
	ExtBuilder::default().build_and_execute(|| {
		(0..3).for_each(|index| register(index, 100 + u64::from(index), symmetric(100_000)));
		run_to(TESTED, 0);
		// What each seat has to file, and how much of what it files measured something: one of three files nothing, one
		// of three finds nothing.
		let owed = std::cell::RefCell::new(BTreeMap::<AccountId, (u32, u32)>::new());
		cycle(|node, task| {
			let mut owed = owed.borrow_mut();
			let (assigned, measured) = owed.entry(node).or_default();
			*assigned += 1;
			match node % 3 {
				0 => None,
				1 => Some(unreachable(task.provider)),
				_ => {
					*measured += 1;
					honest(task, symmetric(100_000))
				}
			}
		});
		let owed = owed.into_inner();
		assert!((0..3).all(|rest| owed.keys().any(|node| node % 3 == rest)), "{owed:?}");
		let mut told: Vec<_> =
			Attested::get().into_iter().filter(|(_, epoch, ..)| *epoch == TESTED).collect();
		told.sort_unstable();
		let expected: Vec<_> =
			owed.into_iter().map(|(node, (assigned, measured))| (node, TESTED, assigned, measured)).collect();
		assert_eq!(told, expected);
		// What counts later is told later, and nothing twice.
		run_to(TESTED + 3, 0);
		assert_eq!(Attested::get().iter().filter(|(_, epoch, ..)| *epoch == TESTED).count(), expected.len());
	});
}
