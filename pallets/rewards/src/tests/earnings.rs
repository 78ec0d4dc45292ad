//! Fees and points.

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok, traits::fungible::Mutate};
use polkadot_sdk::*;
use weir_primitives::seams::{economy::Earnings, OnVerdict};

fn scored(who: AccountId, tested: u32, assigned: u32, accepted: u32) {
	<Rewards as OnVerdict<_>>::attested(&who, tested, assigned, accepted);
}

/// Closes the work of an epoch with so many tokens.
fn share(epoch: u32, validators: u128, attestors: u128) -> (u128, u128) {
	let back = Rewards::share(epoch, validators, attestors);
	Balances::mint_into(&POT, validators - back.0 + attestors - back.1).unwrap();
	back
}

/// The part of an epoch's entries that was accepted.
fn part(epoch: u32) -> u32 {
	<Rewards as Earnings<_>>::attested(epoch)
}

fn next() {
	Epoch::mutate(|epoch| *epoch += 1);
}

#[test]
fn fees_should_be_converted_at_the_rate_of_their_epoch() {
	build_and_execute(|| {
		assert_ok!(Rewards::earned(&ALICE, START, 30));
		assert_ok!(Rewards::earned(&ALICE, START, 10));
		assert_ok!(Rewards::earned(&BOB, START, 60));
		next();
		assert_ok!(Rewards::earned(&ALICE, START + 1, 7));
		assert_eq!(Rewards::fee_epochs(&ALICE), [(START, 40, None), (START + 1, 7, None)]);
		assert_eq!(account(ALICE).owed.fees, 0);
		settle_fees(START, 100, 1_003);
		assert_eq!(Rewards::fee_epochs(&ALICE), [(START, 40, Some(401)), (START + 1, 7, None)]);
		assert_eq!((account(ALICE).owed.fees, account(BOB).owed.fees), (401, 601));
		assert_eq!((claim(ALICE), claim(BOB)), (401, 601));
		// The other epoch waits for its rate.
		assert_eq!(claim(ALICE), 0);
		settle_fees(START + 1, 7, 70);
		assert_eq!(claim(ALICE), 70);
		assert_eq!(Fees::<Test>::iter().count(), 0);
	});
}

#[test]
fn fees_of_epochs_settled_together_should_all_be_converted() {
	build_and_execute(|| {
		// No price for so long that nothing is settled; nobody is refused.
		for epoch in START..START + 200 {
			Epoch::set(epoch);
			assert_ok!(Rewards::earned(&ALICE, epoch, 10));
		}
		assert_eq!(account(ALICE).fees.open, 200);
		for epoch in START..START + 200 {
			Settled::mutate(|all| {
				let (credits, provider_tokens) = (2_000, 4_000);
				let rate = weir_primitives::economy::SettlementRate {
					credits,
					provider_tokens,
					attestor_tokens: 0,
					treasury_tokens: 0,
				};
				all.insert(epoch, rate)
			});
		}
		Balances::mint_into(&POT, 4_000).unwrap();
		next();
		// The next voucher converts some of them, each claim more.
		assert_ok!(Rewards::earned(&ALICE, START + 200, 10));
		assert_eq!(Accounts::<Test>::get(ALICE).unwrap().owed.fees, 4 * 20);
		assert_eq!(claim(ALICE), 68 * 20);
		assert_eq!((0..3).map(|_| claim(ALICE)).collect::<Vec<_>>(), [64 * 20, 64 * 20, 4 * 20]);
		assert_eq!(account(ALICE).fees.open, 1);
	});
}

#[test]
fn earned_should_fail_when_the_epoch_has_a_rate_or_the_sum_does_not_fit() {
	build_and_execute(|| {
		settle_fees(START, 1, 1);
		assert_noop!(Rewards::earned(&ALICE, START, 5), Error::<Test>::EpochSettled);
		assert_ok!(Rewards::earned(&ALICE, START + 1, u128::MAX));
		assert_noop!(Rewards::earned(&ALICE, START + 1, 1), Error::<Test>::Overflow);
		assert_ok!(Rewards::earned(&BOB, START + 1, 0));
		assert_eq!(Accounts::<Test>::get(BOB), None);
	});
}

#[test]
fn fees_should_come_to_nothing_when_nothing_was_settled_for_them() {
	build_and_execute(|| {
		assert_ok!(Rewards::earned(&ALICE, START, 5));
		settle_fees(START, 0, 0);
		next();
		assert_eq!(claim(ALICE), 0);
		assert_eq!(account(ALICE).fees.open, 0);
		// More than was settled is all of it.
		assert_ok!(Rewards::earned(&ALICE, START + 1, 5));
		settle_fees(START + 1, 1, 100);
		next();
		assert_eq!(claim(ALICE), 100);
	});
}

#[test]
fn blocks_should_be_paid_by_their_number() {
	build_and_execute(|| {
		(0..3).for_each(|_| Rewards::note_author(ALICE));
		Rewards::note_author(BOB);
		next();
		Rewards::note_author(BOB);
		assert_eq!(share(START, 1_000, 500), (0, 500));
		assert_eq!((account(ALICE).owed.authoring, account(BOB).owed.authoring), (750, 250));
		assert_eq!((claim(ALICE), claim(BOB)), (750, 250));
		next();
		assert_eq!(share(START + 1, 300, 0), (0, 0));
		assert_eq!((claim(ALICE), claim(BOB)), (0, 300));
		assert_eq!((PointsOf::<Test>::iter().count(), Works::<Test>::iter().count()), (0, 0));
	});
}

#[test]
fn entries_should_count_in_the_epoch_after_they_were_scored() {
	build_and_execute(|| {
		let tested = START - 1;
		scored(ALICE, tested, 100, 90);
		scored(BOB, tested, 50, 30);
		assert_eq!(part(START), 0);
		assert_eq!(part(START + 1), 800_000);
		next();
		assert_eq!(share(START, 0, 1_200), (0, 1_200));
		next();
		assert_eq!(share(START + 1, 0, 1_200), (0, 0));
		assert_eq!((claim(ALICE), claim(BOB)), (900, 300));
	});
}

#[test]
fn entries_should_be_void_when_they_are_not_proven() {
	build_and_execute(|| {
		let tested = START - 1;
		scored(ALICE, tested, 100, 90);
		scored(BOB, tested, 100, 60);
		next();
		Rewards::unproven(&ALICE, tested);
		// The new scores of the epoch come after its audits.
		scored(ALICE, tested + 1, 10, 10);
		// Told again, or of an epoch of which nothing is known, it changes nothing.
		Rewards::unproven(&ALICE, tested);
		Rewards::unproven(&BOB, tested - 1);
		Rewards::unproven(&STRANGER, tested);
		assert_eq!(part(START + 1), 300_000);
		assert!(events().contains(&Event::AttestationVoided { who: ALICE, epoch: tested, entries: 90 }));
		next();
		assert_eq!(share(START + 1, 0, 600), (0, 0));
		assert_eq!((claim(ALICE), claim(BOB)), (0, 600));
		next();
		assert_eq!(share(START + 2, 0, 70), (0, 0));
		assert_eq!(claim(ALICE), 70);
	});
}

#[test]
fn entries_should_stand_when_they_are_found_unproven_after_they_were_paid() {
	build_and_execute(|| {
		scored(ALICE, START - 1, 10, 10);
		next();
		next();
		share(START + 1, 0, 100);
		Rewards::unproven(&ALICE, START - 1);
		assert!(events().contains(&Event::AttestationKept { who: ALICE, epoch: START - 1 }));
		assert_eq!(claim(ALICE), 100);
	});
}

#[test]
fn attestor_without_an_accepted_entry_should_lower_what_is_paid() {
	build_and_execute(|| {
		scored(ALICE, START - 1, 100, 0);
		scored(BOB, START - 1, 100, 400);
		assert_eq!(part(START + 1), 500_000);
		Rewards::unproven(&ALICE, START - 1);
		next();
		next();
		share(START + 1, 0, 100);
		assert_eq!((claim(ALICE), claim(BOB)), (0, 100));
	});
}

#[test]
fn share_should_go_back_when_nobody_worked_or_it_was_given_already() {
	build_and_execute(|| {
		next();
		assert_eq!(Rewards::share(START, 10, 20), (10, 20));
		Rewards::note_author(ALICE);
		next();
		assert_eq!(share(START + 1, 10, 20), (0, 20));
		assert_eq!(Rewards::share(START + 1, 10, 20), (10, 20));
		assert_eq!(Rewards::share(START, 10, 20), (10, 20));
		assert_eq!(unexpected(), [Expectation::SharedInOrder; 2]);
		assert_eq!(claim(ALICE), 10);
	});
}
