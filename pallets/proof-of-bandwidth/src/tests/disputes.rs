//! Disputes: what receipts take back, from whom, and what they cannot.

use super::{proofs::*, *};
use sp_runtime::Perbill;
use weir_math::verdict::{Outcome, Reason};
use weir_primitives::{
	api::{TestKind, VerdictSummary},
	Admission, Role, SlashReason, Timing,
};

const TESTED: EpochIndex = FIRST_TESTED_EPOCH;
const LINE: Kbps = 100_000;
const TARGET: AccountId = 100;

pub(crate) fn dispute(epoch: EpochIndex, receipts: Vec<Receipt>) -> Call<Runtime> {
	Call::dispute { provider: 0, epoch, receipts: receipts.try_into().unwrap() }
}

/// Members of provider 0's committee that lie: as many as make of an honest line a gross lie.
pub(crate) fn liars(epoch: EpochIndex) -> Vec<AccountId> {
	let committee = Pob::assignment(epoch, 0);
	committee[..committee.len() * 4 / 5].to_vec()
}

/// A majority signs what it measured on an honest line, and denies it, until the verdict is there.
pub(crate) fn deny(drawer: &Drawer) -> EpochIndex {
	let epoch = Pob::epoch();
	cycle(|node, task| {
		let entry = drawer.measure(node, task, symmetric(LINE));
		let denied = Entry { down_kbps: 0, up_kbps: 0, receipt: [0; 5], ..entry };
		Some(if liars(epoch).contains(&node) { denied } else { entry })
	});
	epoch
}

fn struck(test: impl FnOnce(&Drawer)) {
	ExtBuilder::default().build_and_execute(|| {
		register(0, TARGET, symmetric(LINE));
		run_to(TESTED, 0);
		let drawer = Drawer::default();
		assert_eq!(deny(&drawer), TESTED);
		assert_eq!(last_verdict(0).outcome, Outcome::Strike);
		assert_eq!(Pob::strikes(&TARGET), 1);
		test(&drawer);
	});
}

#[test]
fn dispute_should_turn_the_strike_and_fine_the_liars() {
	struck(|drawer| {
		let receipts = liars(TESTED).iter().map(|node| drawer.receipt(TESTED, 0, *node)).collect();
		submit(dispute(TESTED, receipts));
		let verdict = last_verdict(0);
		assert_eq!((verdict.outcome, verdict.reason), (Outcome::Good, Reason::WithinClaim));
		assert_eq!((verdict.down_kbps, verdict.ratio_ppm), (LINE, 1_000_000));
		assert_eq!(Pob::strikes(&TARGET), 0);
		let reason = SlashReason::FalseReport { epoch: TESTED, provider: 0 };
		let fined: Vec<_> =
			liars(TESTED).into_iter().map(|node| (node, Perbill::from_percent(5), reason)).collect();
		assert_eq!(Queued::get(), fined);
		assert!(events().contains(&Event::VerdictRevised { provider: 0, account: TARGET, verdict }));
		assert_eq!(Heard::get().last(), Some(&(TARGET, verdict)));
		// The test counts towards admission now.
		assert_eq!(Registered::get()[&0].admission, Admission::Pending { passed: 1 });
		assert!(Evidences::<Runtime>::get(0, TESTED).is_none());
	});
}

#[test]
fn a_fine_should_follow_the_bond_that_its_seat_stood_on_when_all_of_it_unbonds() {
	ExtBuilder::default().seats(2).build_and_execute(|| {
		assert_eq!(Pob::fined_role(&1), Role::Validator);
		set_bond(1, Role::Provider, SEAT_BOND / 2);
		set_bond(1, Role::Validator, 0);
		assert_eq!(Pob::fined_role(&1), Role::Provider);
		Unbonding::mutate(|all| all.insert((1, Role::Validator), SEAT_BOND));
		assert_eq!(Pob::fined_role(&1), Role::Validator);
		set_bond(1, Role::Provider, SEAT_BOND);
		assert_eq!(Pob::fined_role(&1), Role::Provider);
	});
}

#[test]
fn dispute_should_add_up_over_several_calls() {
	struck(|drawer| {
		for (n, node) in liars(TESTED).into_iter().enumerate() {
			assert_eq!(Pob::strikes(&TARGET), 1, "{n}");
			submit(dispute(TESTED, vec![drawer.receipt(TESTED, 0, node)]));
			if last_verdict(0).outcome != Outcome::Strike {
				assert_eq!(Pob::strikes(&TARGET), 0);
				return;
			}
			// The same receipt shows nothing more.
			refused_by(&dispute(TESTED, vec![drawer.receipt(TESTED, 0, node)]), Error::NothingUnderReported);
		}
		panic!("all receipts together do not turn it");
	});
}

#[test]
fn dispute_should_turn_a_strike_that_is_not_the_last_verdict() {
	struck(|drawer| {
		cycle(|node, task| Some(drawer.measure(node, task, symmetric(LINE))));
		let newer = last_verdict(0);
		assert_eq!((newer.epoch, newer.outcome), (TESTED + 1, Outcome::Good));
		let denied = liars(TESTED);
		let (first, others) = denied.split_first().unwrap();
		submit(dispute(TESTED, vec![drawer.receipt(TESTED, 0, *first)]));
		let evidence = Evidences::<Runtime>::get(0, TESTED).unwrap();
		let [struck, _] = Pob::verdicts_of(0)[..] else { panic!("two verdicts") };
		assert_eq!(struck, VerdictSummary::from(&evidence.verdict));
		// Two of five shares, of which one is cut.
		assert_eq!((struck.outcome, struck.down_kbps), (Outcome::Strike, LINE / 4));
		assert_eq!(evidence.verdict.claim, symmetric(LINE));

		submit(dispute(TESTED, others.iter().map(|node| drawer.receipt(TESTED, 0, *node)).collect()));
		let [turned, last] = Pob::verdicts_of(0)[..] else { panic!("two verdicts") };
		assert_eq!(
			(turned.epoch, turned.outcome, turned.reason),
			(TESTED, Outcome::Good, Reason::WithinClaim)
		);
		assert_eq!((turned.down_kbps, turned.up_kbps), (LINE, LINE));
		assert_eq!((last, last_verdict(0)), (VerdictSummary::from(&newer), newer));
		assert_eq!(Pob::strikes(&TARGET), 0);
		assert!(!Evidences::<Runtime>::contains_key(0, TESTED));
	});
}

#[test]
fn dispute_should_be_refused_when_nothing_can_change() {
	struck(|drawer| {
		let liars = liars(TESTED);
		let of = |node| drawer.receipt(TESTED, 0, node);
		let honest = Pob::assignment(TESTED, 0).into_iter().find(|node| !liars.contains(node)).unwrap();
		refused_by(&dispute(TESTED, vec![]), Error::WrongReceiptCount);
		// The epoch before it, the running one, one to come and the last there is: none of them has a strike.
		for epoch in [TESTED - 1, TESTED + 1, TESTED + 2, EpochIndex::MAX] {
			refused_by(&dispute(epoch, vec![of(liars[0])]), Error::NotDisputable);
			let mut of_that_epoch = of(liars[0]);
			of_that_epoch.test.epoch = epoch;
			refused_by(&dispute(epoch, vec![sign(of_that_epoch)]), Error::NotDisputable);
		}
		let call =
			Call::dispute { provider: 1, epoch: TESTED, receipts: vec![of(liars[0])].try_into().unwrap() };
		refused_by(&call, Error::NotDisputable);
		refused_by(&dispute(TESTED, vec![of(honest)]), Error::NothingUnderReported);
		refused_by(&dispute(TESTED, vec![of(liars[0]), of(liars[0])]), Error::NothingUnderReported);
	});
}

#[test]
fn dispute_should_be_refused_when_a_receipt_is_of_another_test_chain_or_hand() {
	struck(|drawer| {
		let receipt = drawer.receipt(TESTED, 0, liars(TESTED)[0]);
		type Bend = fn(&mut Receipt);
		let foreign: [Bend; 5] = [
			|receipt| receipt.test.genesis = [7; 32],
			|receipt| receipt.test.epoch -= 1,
			|receipt| receipt.test.kind = TestKind::Escalation,
			|receipt| receipt.test.ordinal += 1,
			|receipt| receipt.test.target += 1,
		];
		for bend in foreign {
			let mut foreign = receipt.clone();
			bend(&mut foreign);
			refused_by(&dispute(TESTED, vec![sign(foreign)]), Error::ForeignReceipt);
		}
		let outsider = (1..=8).find(|node| !Pob::assignment(TESTED, 0).contains(node)).unwrap();
		let mut others = receipt.clone();
		others.test.attestor = outsider;
		refused_by(&dispute(TESTED, vec![sign(others)]), Error::NotAMember);
		for signed in [sign(receipt.clone()).by_target, [0; 64]] {
			let forged =
				Receipt { down_bytes: receipt.down_bytes + 375, by_target: signed, ..receipt.clone() };
			assert_eq!(refused(&dispute(TESTED, vec![forged])), InvalidTransaction::BadProof);
		}
		let by_one_hand = Receipt { by_attestor: receipt.by_target, ..receipt };
		assert_eq!(refused(&dispute(TESTED, vec![by_one_hand])), InvalidTransaction::BadProof);
	});
}

#[test]
fn dispute_should_be_refused_for_a_member_that_was_absent() {
	ExtBuilder::default().build_and_execute(|| {
		register(0, TARGET, symmetric(LINE));
		run_to(TESTED, 0);
		let (drawer, away) = (Drawer::default(), Pob::assignment(TESTED, 0)[0]);
		// One of five stays away, and three of the others deny.
		cycle_with(|node, tasks| {
			let denies = Pob::assignment(TESTED, 0)[1..4].contains(&node);
			let entries = tasks.iter().map(|task| drawer.measure(node, task, symmetric(LINE)));
			let denied = |entry| Entry { down_kbps: 0, up_kbps: 0, receipt: [0; 5], ..entry };
			let entries: Vec<Entry> =
				entries.map(|entry| if denies { denied(entry) } else { entry }).collect();
			(node != away).then_some(entries)
		});
		assert_eq!(last_verdict(0).outcome, Outcome::Strike);
		refused_by(&dispute(TESTED, vec![drawer.receipt(TESTED, 0, away)]), Error::MemberAbsent);
	});
}

#[test]
fn dispute_should_not_decode_with_more_receipts_than_members() {
	use codec::{Decode, Encode};
	struck(|drawer| {
		let receipts = |count: u32| vec![drawer.receipt(TESTED, 0, liars(TESTED)[0]); count as usize];
		let bytes = |count| (6u8, 0u32, TESTED, receipts(count)).encode();
		let most = Call::<Runtime>::decode(&mut &bytes(MAX_MEMBERS)[..]);
		assert_eq!(most.as_ref(), Ok(&dispute(TESTED, receipts(MAX_MEMBERS))));
		assert!(Call::<Runtime>::decode(&mut &bytes(MAX_MEMBERS + 1)[..]).is_err());
	});
}

#[test]
fn dispute_should_end_with_the_epoch_after_the_verdicts() {
	struck(|drawer| {
		let receipt = drawer.receipt(TESTED, 0, liars(TESTED)[0]);
		run_to(TESTED + 2, 29);
		assert!(authorize(&dispute(TESTED, vec![receipt.clone()])).is_ok());
		run_to(TESTED + 3, 0);
		refused_by(&dispute(TESTED, vec![receipt]), Error::NotDisputable);
		run_to(TESTED + 3, 5);
		assert!(Evidences::<Runtime>::iter().next().is_none(), "what can no longer be disputed is forgotten");
	});
}

#[test]
fn dispute_should_withdraw_the_escalation_before_it_begins() {
	ExtBuilder::default().build_and_execute(|| {
		register(0, TARGET, symmetric(LINE));
		run_to(TESTED, 0);
		let drawer = Drawer::default();
		let third = (0..3).map(|_| deny(&drawer)).last().unwrap();
		assert_eq!(Pob::strikes(&TARGET), 3);
		assert!(Targets::<Runtime>::get(0).unwrap().escalation.is_some());
		submit(dispute(third, liars(third).iter().map(|node| drawer.receipt(third, 0, *node)).collect()));
		assert_eq!(Pob::strikes(&TARGET), 2);
		assert_eq!(Targets::<Runtime>::get(0).unwrap().escalation, None);
		assert!(events().contains(&Event::EscalationWithdrawn { provider: 0, account: TARGET }));
	});
}

#[test]
fn dispute_should_leave_an_escalation_that_has_begun_without_effect() {
	ExtBuilder::default().build_and_execute(|| {
		register(0, TARGET, symmetric(LINE));
		run_to(TESTED, 0);
		let drawer = Drawer::default();
		let third = (0..3).map(|_| deny(&drawer)).last().unwrap();
		// The third verdict came in third + 1; the escalation is held in third + 2.
		run_to(third + 2, 5);
		assert_eq!(Pob::target_test(&TARGET).unwrap().kind, TestKind::Escalation);
		submit(dispute(third, liars(third).iter().map(|node| drawer.receipt(third, 0, *node)).collect()));
		assert_eq!(Pob::target_test(&TARGET).unwrap().kind, TestKind::Escalation);
		let held = deny(&drawer);
		assert_eq!((last_verdict(0).epoch, last_verdict(0).outcome), (held, Outcome::Strike));
		assert_eq!(Targets::<Runtime>::get(0).unwrap().escalation, None);
		assert!(Queued::get().iter().all(|(who, ..)| *who != TARGET), "nothing is queued against it");
		assert_eq!(Pob::strikes(&TARGET), 2);
	});
}

#[test]
fn assignment_should_name_the_committee_of_an_escalation_when_it_is_closed() {
	ExtBuilder::default().build_and_execute(|| {
		register(0, TARGET, symmetric(LINE));
		run_to(TESTED, 0);
		let drawer = Drawer::default();
		let mut committees = Vec::new();
		while committees.last().is_none_or(|(_, kind, _)| *kind != TestKind::Escalation) {
			let epoch = Pob::epoch();
			let kind = Pob::target_test(&TARGET).expect("a provider in admission is tested").kind;
			committees.push((epoch, kind, Pob::assignment(epoch, 0)));
			deny(&drawer);
		}
		assert_eq!(Targets::<Runtime>::get(0).unwrap().escalation, None, "it is closed");
		let (last, _, committee) = committees.last().unwrap();
		assert_eq!(committee.len(), usize::from(Timing::local().escalation_committee));
		assert_eq!(Pob::assignment(*last, 0), *committee);
		cycle_with(|_, _| None);
		assert_ne!(last_verdict(0).epoch, *last, "there is a newer verdict");
		assert!(Pob::epoch() - TESTED <= RETAINED_EPOCHS);
		for (epoch, kind, committee) in committees {
			assert_eq!(Pob::assignment(epoch, 0), committee, "{kind:?} of epoch {epoch}");
		}
	});
}

/// An admitted provider that was slashed because members denied what they signed: how it stood before, the epoch, and
/// who they were.
fn slashed(test: impl FnOnce(&Drawer, Admission, EpochIndex, Vec<AccountId>)) {
	ExtBuilder::default().build_and_execute(|| {
		register(0, TARGET, symmetric(LINE));
		run_to(TESTED, 0);
		let drawer = Drawer::default();
		// Admitted by honest tests first.
		for _ in 0..3 {
			cycle(|node, task| Some(drawer.measure(node, task, symmetric(LINE))));
		}
		let admitted = Registered::get()[&0].admission;
		assert!(matches!(admitted, Admission::Admitted { .. }));
		while Targets::<Runtime>::get(0).unwrap().escalation.is_none() {
			deny(&drawer);
		}
		let mut denied = liars(Pob::epoch());
		let mut held = deny(&drawer);
		while last_verdict(0).kind != TestKind::Escalation || last_verdict(0).epoch != held {
			denied = liars(Pob::epoch());
			held = deny(&drawer);
		}
		assert!(matches!(Registered::get()[&0].admission, Admission::Jailed { .. }));
		assert!(Registered::get()[&0].claim.down_kbps < LINE);
		test(&drawer, admitted, held, denied);
	});
}

#[test]
fn dispute_should_undo_all_that_followed_from_an_escalation() {
	slashed(|drawer, admitted, held, denied| {
		let slash = Queued::get().iter().position(|(who, ..)| *who == TARGET).expect("a slash") as u32;
		assert_eq!(Conducts::<Runtime>::get(TARGET).unwrap().offences.len(), 1);

		submit(dispute(held, denied.iter().map(|node| drawer.receipt(held, 0, *node)).collect()));
		assert_eq!(last_verdict(0).outcome, Outcome::Good);
		assert_eq!(Cancelled::get(), [slash]);
		assert!(Conducts::<Runtime>::get(TARGET).unwrap().offences.is_empty());
		assert_eq!(
			(Registered::get()[&0].admission, Registered::get()[&0].claim),
			(admitted, symmetric(LINE))
		);
	});
}

#[test]
fn dispute_should_undo_the_rest_when_governance_has_cancelled_the_slash() {
	slashed(|drawer, admitted, held, denied| {
		let slash = Queued::get().iter().position(|(who, ..)| *who == TARGET).expect("a slash") as u32;
		Cancelled::mutate(|cancelled| cancelled.push(slash));

		submit(dispute(held, denied.iter().map(|node| drawer.receipt(held, 0, *node)).collect()));
		assert_eq!(Cancelled::get(), [slash], "cancelled once");
		assert!(!events().iter().any(|event| matches!(event, Event::Unexpected { .. })));
		assert!(Conducts::<Runtime>::get(TARGET).unwrap().offences.is_empty());
		assert_eq!(Registered::get()[&0].admission, admitted);
	});
}

#[test]
fn dispute_should_undo_all_when_it_takes_several_calls() {
	slashed(|drawer, admitted, held, denied| {
		let mut calls = 0;
		for node in denied {
			if last_verdict(0).outcome == Outcome::Strike {
				submit(dispute(held, vec![drawer.receipt(held, 0, node)]));
				calls += 1;
			}
		}
		let verdict = last_verdict(0);
		assert!(calls > 1 && verdict.outcome != Outcome::Strike, "{calls} {verdict:?}");
		assert_eq!(Registered::get()[&0].admission, admitted);
		let claim = match verdict.outcome {
			Outcome::ClaimLowered => symmetric(LINE).lowered_to(&verdict.measured()),
			_ => symmetric(LINE),
		};
		assert_eq!(Registered::get()[&0].claim, claim);
	});
}

#[test]
fn dispute_should_admit_nobody_to_more_than_was_measured() {
	for (announced, is_admitted) in [(LINE * 10, false), (LINE / 2, true)] {
		slashed(|drawer, admitted, held, denied| {
			Registered::mutate(|all| all.get_mut(&0).unwrap().claim = symmetric(announced));
			submit(dispute(held, denied.iter().map(|node| drawer.receipt(held, 0, *node)).collect()));
			assert_eq!(last_verdict(0).outcome, Outcome::Good);
			let expected = if is_admitted { admitted } else { Admission::Pending { passed: 0 } };
			assert_eq!(
				(Registered::get()[&0].admission, Registered::get()[&0].claim),
				(expected, symmetric(announced))
			);
		});
	}
}
