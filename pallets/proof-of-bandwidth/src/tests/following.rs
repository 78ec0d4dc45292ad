//! How lists and terms follow the registry.

use super::*;
use weir_primitives::{seams::OnProviderChange, Admission, Endpoint};

const CLAIM: Kbps = 100_000;

fn standing_in(provider: ProviderIndex, epoch: EpochIndex) -> Option<Standing> {
	Targets::<Runtime>::get(provider)?.terms.at(epoch).map(|terms| terms.standing)
}

fn listed_in(provider: ProviderIndex, epoch: EpochIndex) -> Vec<u8> {
	(0..CLASSES)
		.filter(|class| epochs::ProviderIndices::<Runtime>::place_at(*class, &provider, epoch).is_some())
		.collect()
}

fn admit(provider: ProviderIndex) {
	change(provider, |facts| facts.admission = Admission::Admitted { since: 0 }).unwrap();
}

#[test]
fn provider_should_be_listed_when_mature() {
	ExtBuilder::default().build_and_execute(|| {
		register(0, 100, symmetric(CLAIM));
		register(1, 101, symmetric(800_000));
		assert_eq!((listed_in(0, 2), listed_in(0, 3), listed_in(1, 3)), (vec![], vec![0], vec![1]));
		run_to(3, 0);
		assert_eq!(Epochs::<Runtime>::get(3).unwrap().providers, [1, 1]);
	});
}

#[test]
fn provider_should_not_be_listed_when_relay_only() {
	ExtBuilder::default().build_and_execute(|| {
		register(0, 100, symmetric(CLAIM));
		change(0, |facts| facts.endpoint = Endpoint::RelayOnly).unwrap();
		assert_eq!(listed_in(0, 9), Vec::<u8>::new());
	});
}

#[test]
fn claim_should_change_list_and_terms_when_it_changes_class() {
	ExtBuilder::default().build_and_execute(|| {
		register(0, 100, symmetric(CLAIM));
		run_to(5, 0);
		change(0, |facts| facts.claim = symmetric(900_000)).unwrap();
		assert_eq!((listed_in(0, 7), listed_in(0, 8)), (vec![0], vec![1]));
		let claim_in = |epoch| Targets::<Runtime>::get(0).unwrap().terms.at(epoch).unwrap().claim;
		// The committee of epoch 6 can be computed in epoch 5: it still measures the claim that it was drawn for.
		assert_eq!((claim_in(6), claim_in(7)), (symmetric(CLAIM), symmetric(900_000)));
		run_to(6, 0);
		assert!(Pob::target_test(&100).is_some());
		// Neither list measures a claim of the other's class.
		run_to(7, 0);
		assert_eq!(Pob::target_test(&100), None);
		run_to(8, 0);
		assert_eq!(Pob::target_test(&100).unwrap().ordinal, 0);
	});
}

#[test]
fn return_should_owe_a_test_when_service_was_left() {
	ExtBuilder::default().build_and_execute(|| {
		register(0, 100, symmetric(CLAIM));
		admit(0);
		run_to(4, 10);
		change(0, |facts| facts.in_service = false).unwrap();
		// The registry of this mock knows no future: what left is out at once, as for a lost bond.
		assert_eq!((standing_in(0, 4), standing_in(0, 5)), (Some(Standing::Admitted), Some(Standing::Out)));
		run_to(6, 0);
		assert_eq!(Pob::target_test(&100), None);
		change(0, |facts| facts.in_service = true).unwrap();
		assert_eq!((standing_in(0, 7), standing_in(0, 8)), (Some(Standing::Out), Some(Standing::Owing)));
		// Alone on its list, it waits until the only index has rested.
		run_to(11, 0);
		assert_eq!(Pob::target_test(&100).unwrap().kind, weir_primitives::api::TestKind::Scheduled);
		cycle(|_, task| honest(task, symmetric(CLAIM / 100 * 70)));
		assert_eq!(standing_in(0, 12), Some(Standing::Owing));
		assert_eq!(standing_in(0, 13), Some(Standing::Admitted));
	});
}

#[test]
fn return_should_not_owe_a_test_when_the_pause_never_began() {
	ExtBuilder::default().build_and_execute(|| {
		register(0, 100, symmetric(CLAIM));
		admit(0);
		run_to(4, 10);
		// To begin in two epochs: the next one is in service all the same.
		Pob::provider_left(0, &100);
		change(0, |facts| facts.in_service = true).unwrap();
		assert_eq!([5, 6].map(|epoch| standing_in(0, epoch)), [Some(Standing::Admitted); 2]);
	});
}

#[test]
fn return_should_owe_a_test_when_the_next_epoch_was_left() {
	ExtBuilder::default().build_and_execute(|| {
		register(0, 100, symmetric(CLAIM));
		admit(0);
		run_to(4, 10);
		// Out at once, as for a lost bond: of the next epoch it is known who would have measured it.
		change(0, |facts| facts.in_service = false).unwrap();
		change(0, |facts| facts.in_service = true).unwrap();
		assert_eq!([5, 6].map(|epoch| standing_in(0, epoch)), [Some(Standing::Out), Some(Standing::Owing)]);
	});
}

#[test]
fn owed_test_should_stay_owed_when_it_is_void() {
	ExtBuilder::default().build_and_execute(|| {
		register(0, 100, symmetric(CLAIM));
		admit(0);
		run_to(4, 0);
		change(0, |facts| facts.in_service = false).unwrap();
		run_to(6, 0);
		change(0, |facts| facts.in_service = true).unwrap();
		run_to(11, 0);
		cycle_with(|_, _| None);
		assert_eq!(standing_in(0, 13), Some(Standing::Owing));
	});
}

#[test]
fn is_needed_should_hold_until_no_report_can_name_the_provider() {
	ExtBuilder::default().build_and_execute(|| {
		register(0, 100, symmetric(CLAIM));
		assert!(!Pob::is_needed(0, &55), "another account's index");
		run_to(4, 0);
		assert!(Pob::is_needed(0, &100));
		change(0, |facts| facts.in_service = false).unwrap();
		run_to(8, 29);
		assert!(Pob::is_needed(0, &100), "epoch 6 is audited in epoch 8");
		run_to(9, 0);
		assert!(!Pob::is_needed(0, &100));
		assert!(!Pob::is_needed(42, &100));
	});
}

#[test]
fn provider_should_be_forgotten_when_it_deregistered() {
	ExtBuilder::default().build_and_execute(|| {
		register(0, 100, symmetric(CLAIM));
		run_to(3, 0);
		cycle(|_, task| honest(task, symmetric(CLAIM)));
		change(0, |facts| facts.in_service = false).unwrap();
		run_to(8, 20);
		Registered::mutate(|all| all.remove(&0));
		Pob::provider_left(0, &100);
		run_to(14, 20);
		assert_eq!(Targets::<Runtime>::get(0), None);
		assert!(Verdicts::<Runtime>::get(0).is_none());
		assert_eq!(ProviderListPlaces::<Runtime>::iter().count(), 0);
		assert_eq!(Conducts::<Runtime>::get(100), None);
	});
}

#[test]
fn index_should_start_afresh_when_another_account_uses_it() {
	ExtBuilder::default().build_and_execute(|| {
		register(0, 100, symmetric(CLAIM));
		run_to(3, 0);
		cycle(|_, task| honest(task, symmetric(CLAIM)));
		change(0, |facts| facts.in_service = false).unwrap();
		run_to(9, 0);
		Registered::mutate(|all| all.remove(&0));
		Pob::provider_left(0, &100);
		register(0, 123, symmetric(CLAIM));
		assert_eq!(Targets::<Runtime>::get(0).unwrap().account, 123);
		assert!(Verdicts::<Runtime>::get(0).is_none());
	});
}

#[test]
fn seat_should_be_retired_when_its_provider_leaves_service() {
	ExtBuilder::default().build_and_execute(|| {
		set_bond(100, weir_primitives::Role::Provider, SEAT_BOND);
		register(0, 100, symmetric(CLAIM));
		Pob::take_seat(RuntimeOrigin::signed(100), key(100), endpoint(100), 20_000, COUNTRY).unwrap();
		change(0, |facts| facts.in_service = false).unwrap();
		assert!(Seats::<Runtime>::get(100).unwrap().leaving);
	});
}

#[test]
fn scheduled_tests_should_take_a_share_of_the_list() {
	let timing = weir_primitives::Timing { test_every: 4, ..weir_primitives::Timing::local() };
	ExtBuilder { timing, ..Default::default() }.build_and_execute(|| {
		for index in 0..12 {
			register(index, 100 + u64::from(index), symmetric(CLAIM));
			admit(index);
		}
		for epoch in 3..9 {
			run_to(epoch, 0);
			let tested = (0..12).filter(|index| Pob::target_test(&(100 + index)).is_some()).count();
			assert_eq!(tested, 3, "epoch {epoch}");
		}
	});
}

#[test]
fn tests_should_be_fewer_when_seats_are_few() {
	ExtBuilder::default().seats(5).build_and_execute(|| {
		let providers = 450u32;
		for index in 0..providers {
			register(index, 1_000 + u64::from(index), symmetric(CLAIM));
		}
		run_to(3, 29);
		// Each seat is in every committee: one provider in three is tested, instead of each.
		let tested = (0..providers).filter(|index| !Pob::assignment(3, *index).is_empty()).count() as u32;
		assert_eq!(tested, providers / 3);
		// But for those on its own prefix.
		assert!((140..=150).contains(&Pob::tasks(&1).len()));
		(0..providers).for_each(admit);
		run_to(4, 29);
		let scheduled = (0..providers).filter(|index| !Pob::assignment(4, *index).is_empty()).count() as u32;
		assert_eq!(scheduled, providers / 3);
	});
}

#[test]
fn move_should_not_void_the_test_of_a_known_committee() {
	ExtBuilder::default().build_and_execute(|| {
		register(0, 100, symmetric(CLAIM));
		admit(0);
		run_to(5, 10);
		let here = Registered::get()[&0].endpoint;
		change(0, |facts| facts.endpoint = endpoint_v6(100)).unwrap();
		let prefix_in = |epoch| Targets::<Runtime>::get(0).unwrap().terms.at(epoch).unwrap().prefix;
		assert_eq!((prefix_in(6), prefix_in(7)), (here.prefix(), endpoint_v6(100).prefix()));
		run_to(6, 20);
		assert!(tasks_of_all().iter().any(|(_, tasks)| !tasks.is_empty()));
		run_to(7, 20);
		assert!(tasks_of_all().iter().all(|(_, tasks)| tasks.is_empty()));
	});
}

#[test]
fn move_should_owe_a_test_until_one_was_taken() {
	ExtBuilder::default().build_and_execute(|| {
		register(0, 100, symmetric(CLAIM));
		admit(0);
		run_to(5, 10);
		let here = Registered::get()[&0].endpoint;
		change(0, |facts| facts.endpoint = endpoint_v6(100)).unwrap();
		assert_eq!((standing_in(0, 6), standing_in(0, 7)), (Some(Standing::Admitted), Some(Standing::Owing)));
		run_to(8, 10);
		// Back where it was, and nobody could measure it meanwhile.
		change(0, |facts| facts.endpoint = here).unwrap();
		assert_eq!(standing_in(0, 10), Some(Standing::Owing));
		run_to(10, 0);
		cycle(|_, task| honest(task, symmetric(CLAIM)));
		assert_eq!(standing_in(0, 12), Some(Standing::Admitted));
	});
}

#[test]
fn move_should_owe_a_test_although_it_is_taken_back() {
	ExtBuilder::default().build_and_execute(|| {
		register(0, 100, symmetric(CLAIM));
		admit(0);
		run_to(5, 10);
		let here = Registered::get()[&0].endpoint;
		change(0, |facts| facts.endpoint = endpoint_v6(100)).unwrap();
		change(0, |facts| facts.endpoint = here).unwrap();
		assert_eq!((standing_in(0, 6), standing_in(0, 7)), (Some(Standing::Admitted), Some(Standing::Owing)));
	});
}

#[test]
fn verdict_should_count_at_once_and_leave_what_the_owner_announced() {
	ExtBuilder::default().build_and_execute(|| {
		register(0, 100, symmetric(CLAIM));
		admit(0);
		run_to(5, 10);
		let here = Registered::get()[&0].endpoint.prefix();
		change(0, |facts| facts.endpoint = endpoint_v6(100)).unwrap();
		Registered::mutate(|all| all.get_mut(&0).unwrap().claim = symmetric(CLAIM / 2));
		Pob::follow(0, |held, new| Terms { claim: new.claim, ..held });
		let terms_in = |epoch| Targets::<Runtime>::get(0).unwrap().terms.at(epoch).unwrap();
		assert_eq!((terms_in(6).claim, terms_in(6).prefix), (symmetric(CLAIM / 2), here));
		assert_eq!(terms_in(7).prefix, endpoint_v6(100).prefix());
		// What is owed from epoch 7 on is not lost when a test of before is judged.
		Pob::discharge(0, 4);
		assert_eq!((terms_in(7).prefix, terms_in(7).standing), (endpoint_v6(100).prefix(), Standing::Owing));
	});
}

/// Owes a test from `epoch` on, for it was asked for.
fn owe(provider: ProviderIndex, epoch: EpochIndex) {
	Pob::change_standing(provider, epoch, Standing::Admitted, Standing::Owing);
}

#[test]
fn discharge_should_be_of_the_test_that_was_held() {
	ExtBuilder::default().build_and_execute(|| {
		register(0, 100, symmetric(CLAIM));
		admit(0);
		run_to(5, 10);
		owe(0, 7);
		// The tests of before do not pay for it.
		Pob::discharge(0, 4);
		run_to(6, 10);
		Pob::discharge(0, 5);
		assert_eq!(
			[6, 7].map(|epoch| standing_in(0, epoch)),
			[Some(Standing::Admitted), Some(Standing::Owing)]
		);
		run_to(8, 10);
		Pob::discharge(0, 7);
		assert_eq!(
			[8, 9].map(|epoch| standing_in(0, epoch)),
			[Some(Standing::Owing), Some(Standing::Admitted)]
		);
	});
}

#[test]
fn discharge_should_leave_what_a_move_owes() {
	ExtBuilder::default().build_and_execute(|| {
		register(0, 100, symmetric(CLAIM));
		admit(0);
		run_to(5, 10);
		owe(0, 7);
		run_to(7, 10);
		change(0, |facts| facts.endpoint = endpoint_v6(100)).unwrap();
		run_to(8, 10);
		Pob::discharge(0, 7);
		assert_eq!(standing_in(0, 9), Some(Standing::Owing));
	});
}

#[test]
fn discharge_should_leave_what_a_return_owes() {
	ExtBuilder::default().build_and_execute(|| {
		register(0, 100, symmetric(CLAIM));
		admit(0);
		run_to(2, 10);
		owe(0, 4);
		run_to(4, 10);
		change(0, |facts| facts.in_service = false).unwrap();
		change(0, |facts| facts.in_service = true).unwrap();
		run_to(5, 10);
		Pob::discharge(0, 4);
		assert_eq!([5, 6].map(|epoch| standing_in(0, epoch)), [Some(Standing::Out), Some(Standing::Owing)]);
	});
}

#[test]
fn verdict_should_leave_a_pause_that_was_announced() {
	ExtBuilder::default().build_and_execute(|| {
		register(0, 100, symmetric(CLAIM));
		admit(0);
		run_to(5, 10);
		PausedFrom::mutate(|all| all.insert(0, 7));
		Pob::provider_left(0, &100);
		Registered::mutate(|all| all.get_mut(&0).unwrap().claim = symmetric(CLAIM / 2));
		Pob::follow(0, |held, new| Terms { claim: new.claim, ..held });
		let claim_in = |epoch| Targets::<Runtime>::get(0).unwrap().terms.at(epoch).unwrap().claim;
		assert_eq!((claim_in(5), claim_in(6)), (symmetric(CLAIM), symmetric(CLAIM / 2)));
		assert_eq!(
			[6, 7].map(|epoch| standing_in(0, epoch)),
			[Some(Standing::Admitted), Some(Standing::Out)]
		);
		assert_eq!((listed_in(0, 7), listed_in(0, 8)), (vec![0], vec![]));
	});
}

#[test]
fn verdict_should_forget_terms_that_no_epoch_asks_for() {
	ExtBuilder::default().build_and_execute(|| {
		register(0, 100, symmetric(CLAIM));
		admit(0);
		let begins =
			|| Targets::<Runtime>::get(0).unwrap().terms.iter().map(|(from, _)| *from).collect::<Vec<_>>();
		let [before, after] = begins()[..] else { panic!("{:?}", begins()) };
		// An audit still asks what held two epochs ago.
		run_to(after + 1, 0);
		Pob::discharge(0, after);
		assert_eq!(begins(), [before, after]);
		run_to(after + 2, 0);
		Pob::discharge(0, after + 1);
		assert_eq!(begins(), [after]);
		assert_eq!(standing_in(0, after), Some(Standing::Admitted));
	});
}

#[test]
fn pass_should_not_count_when_more_is_claimed_by_now() {
	ExtBuilder::default().build_and_execute(|| {
		register(0, 100, symmetric(CLAIM));
		Pob::note_passed(0, &symmetric(CLAIM / 2));
		assert_eq!(Registered::get()[&0].admission, Admission::Pending { passed: 0 });
		Pob::note_passed(0, &symmetric(CLAIM));
		assert_eq!(Registered::get()[&0].admission, Admission::Pending { passed: 1 });
	});
}

#[test]
fn pause_should_end_tests_two_epochs_later() {
	ExtBuilder::default().build_and_execute(|| {
		register(0, 100, symmetric(CLAIM));
		run_to(4, 10);
		// A registry that knows the pause to begin in two epochs still calls the next one in service.
		Pob::provider_left(0, &100);
		assert_eq!((standing_in(0, 5), standing_in(0, 6)), (Some(Standing::Pending), Some(Standing::Out)));
		run_to(5, 0);
		assert!(Pob::target_test(&100).is_some());
		run_to(6, 0);
		assert_eq!(Pob::target_test(&100), None);
	});
}

#[test]
fn tests_of_all_seats_should_cover_every_committee_once() {
	ExtBuilder::default().seats(23).build_and_execute(|| {
		for index in 0..40 {
			register(index, 100 + u64::from(index), symmetric(if index % 3 == 0 { 700_000 } else { CLAIM }));
			if index % 2 == 0 {
				admit(index);
			}
		}
		run_to(4, 20);
		let mut by_seat: Vec<(ProviderIndex, AccountId)> = tasks_of_all()
			.into_iter()
			.flat_map(|(node, tasks)| tasks.into_iter().map(move |task| (task.provider, node)))
			.collect();
		let mut by_target: Vec<(ProviderIndex, AccountId)> = (0..40)
			.flat_map(|index| Pob::assignment(4, index).into_iter().map(move |node| (index, node)))
			.collect();
		by_seat.sort_unstable();
		by_target.sort_unstable();
		assert_eq!(by_seat, by_target);
		assert!(!by_seat.is_empty());
	});
}

#[test]
fn provider_should_have_no_test_when_seats_are_too_few() {
	ExtBuilder::default().seats(2).build_and_execute(|| {
		register(0, 100, symmetric(20_000));
		run_to(4, 0);
		assert_eq!(Pob::target_test(&100), None);
		assert!(Pob::tasks(&1).is_empty());
	});
}
