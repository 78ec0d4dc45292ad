//! What stays of verdicts, in bytes, and what goes with them.

use super::*;
use crate::history::PAST_VERDICTS;
use codec::{Decode, Encode, MaxEncodedLen};
use proptest::prelude::*;
use weir_math::{
	rate::PackedKbps,
	verdict::{Outcome, Reason, StrikeWindow},
};
use weir_primitives::{
	api::{TestKind, VerdictSummary},
	Timing,
};

const LINE: ProviderIndex = 0;
const OWNER: AccountId = 100;
const CLAIM: Kbps = 100_000;

fn record(epoch: EpochIndex, kind: TestKind, reason: Reason) -> VerdictRecord {
	VerdictRecord {
		epoch,
		kind,
		claim: Claim { down_kbps: 20_000, up_kbps: 10_000 },
		down_kbps: 9_000,
		up_kbps: 8_000,
		ratio_ppm: 450_000,
		members: 15,
		present: 14,
		rtt_10us: 700,
		loss_pptt: 60,
		alive_parts: 39,
		outcome: reason.outcome(),
		reason,
	}
}

fn all(records: &[VerdictRecord]) -> LastVerdicts {
	let (first, others) = records.split_first().expect("at least one");
	let mut verdicts = LastVerdicts::new(*first);
	for record in others {
		verdicts.push(*record);
	}
	verdicts
}

fn summaries(records: &[VerdictRecord]) -> Vec<VerdictSummary> {
	records.iter().map(VerdictSummary::from).collect()
}

#[test]
fn last_verdicts_should_keep_their_encoding() {
	let newest = record(107, TestKind::Scheduled, Reason::WithinClaim);
	let verdicts = all(&[
		record(3, TestKind::Escalation, Reason::BelowHalf),
		record(7, TestKind::Admission, Reason::NotStarted),
		newest,
	]);
	let rates: [u8; 6] = [0x28, 0x23, 0, 0x40, 0x1f, 0];
	let escalation = [&[4 << 2, 2, 0x20, 0x4e, 0, 0x10, 0x27, 0][..], &rates, &[3]].concat();
	let admission = [&[0x91, 0x01, 1][..], &rates, &[9]].concat();
	assert_eq!(verdicts.encode(), [newest.encode(), vec![2 << 2], escalation, admission].concat());
}

#[test]
fn steady_line_should_take_a_hundred_bytes_of_verdicts_and_few_of_conduct() {
	let tests: Vec<_> = (1..20).map(|n| record(4 * n, TestKind::Scheduled, Reason::WithinClaim)).collect();
	assert_eq!(all(&tests).encoded_size(), 100);
	assert_eq!((VerdictRecord::max_encoded_len(), LastVerdicts::max_encoded_len()), (36, 170));
	let mut window = StrikeWindow::default();
	(1..20).for_each(|epoch| window.push(epoch, false, CLAIM, CLAIM));
	assert_eq!(Conduct { window, ..Default::default() }.encoded_size(), 25);
}

/// Verdicts on ascending epochs, with any rates that fit.
fn verdicts() -> impl Strategy<Value = Vec<VerdictRecord>> {
	let kbps = || prop_oneof![Just(0u32), Just(PackedKbps::MAX_KBPS), 0..=PackedKbps::MAX_KBPS];
	let claim = (kbps(), kbps()).prop_map(|(down_kbps, up_kbps)| Claim { down_kbps, up_kbps });
	let kind = prop_oneof![Just(TestKind::Scheduled), Just(TestKind::Admission), Just(TestKind::Escalation)];
	let reason = (0u8..10).prop_map(|code| Reason::decode(&mut &[code][..]).expect("ten reasons"));
	// Of one byte, around where one byte ends, and of any number of bytes.
	let epochs = prop_oneof![4 => 1u32..8, 1 => 60u32..70, 1 => 1u32..200_000_000];
	let verdict = (epochs, kind, reason, claim, kbps(), kbps());
	prop::collection::vec(verdict, 1..20).prop_map(|drawn| {
		let mut last: EpochIndex = 0;
		let records = drawn.into_iter().map(|(epochs, kind, reason, claim, down_kbps, up_kbps)| {
			last += epochs;
			VerdictRecord { claim, down_kbps, up_kbps, ..record(last, kind, reason) }
		});
		records.collect::<Vec<_>>()
	})
}

proptest! {
	#[test]
	fn last_verdicts_should_equal_the_last_eight_of_all(records in verdicts()) {
		let mut verdicts = LastVerdicts::new(records[0]);
		for (n, verdict) in records.iter().enumerate().skip(1) {
			let left = n.checked_sub(KEPT_VERDICTS as usize).map(|n| VerdictSummary::from(&records[n]));
			prop_assert_eq!(verdicts.push(*verdict), left);
		}
		let kept = &records[records.len().saturating_sub(KEPT_VERDICTS as usize)..];
		let (newest, past) = kept.split_last().unwrap();
		prop_assert_eq!(verdicts.last(), newest);
		prop_assert_eq!(verdicts.past(), summaries(past));
		for record in &records {
			let escalated = (record.kind == TestKind::Escalation).then_some(record.claim);
			let expected = kept.contains(record).then_some(escalated);
			prop_assert_eq!(verdicts.escalated_in(record.epoch), expected);
		}
		let bytes = verdicts.encode();
		prop_assert!(bytes.len() <= LastVerdicts::max_encoded_len());
		prop_assert_eq!(LastVerdicts::decode(&mut &bytes[..]), Ok(verdicts));
	}

	#[test]
	fn revise_should_change_the_verdict_on_that_epoch_alone(
		mut records in verdicts(),
		chosen in any::<prop::sample::Index>(),
	) {
		let mut verdicts = all(&records);
		records.drain(..records.len().saturating_sub(KEPT_VERDICTS as usize));
		let chosen = chosen.index(records.len());
		let VerdictRecord { epoch, kind, claim, .. } = records[chosen];
		records[chosen] = VerdictRecord { claim, ..record(epoch, kind, Reason::BelowClaim) };
		verdicts.revise(&records[chosen]);
		// One that is not kept changes nothing.
		verdicts.revise(&record(0, TestKind::Scheduled, Reason::WithinClaim));
		prop_assert_eq!(verdicts, all(&records));
	}
}

#[test]
fn evidence_should_go_when_its_strike_leaves_the_last_verdicts() {
	// A slash waits for longer than eight tests take.
	let timing = Timing { slash_delay_epochs: 12, unbonding_epochs: 28, ..Timing::local() };
	ExtBuilder { timing, ..ExtBuilder::default() }.build_and_execute(|| {
		register(LINE, OWNER, symmetric(CLAIM));
		run_to(FIRST_TESTED_EPOCH, 0);
		let delivers_less = || cycle(|_, task| honest(task, symmetric(CLAIM / 100 * 40)));
		(0..5).for_each(|_| delivers_less());
		let held = last_verdict(LINE).epoch;
		assert_eq!(
			(last_verdict(LINE).kind, last_verdict(LINE).outcome),
			(TestKind::Escalation, Outcome::Strike)
		);
		(0..PAST_VERDICTS).for_each(|_| delivers_less());
		assert_eq!(Pob::verdicts_of(LINE).first().map(|oldest| oldest.epoch), Some(held));
		assert_eq!(Pob::disputable(LINE, held).map(|evidence| evidence.verdict.epoch), Ok(held));
		delivers_less();
		assert!(!Evidences::<Runtime>::contains_key(LINE, held));
		assert!(!Leavers::<Runtime>::iter_keys().any(|(_, leaver)| leaver == Leaver::Evidence(LINE, held)));
		let refused = Err(Error::<Runtime>::NotDisputable.into());
		assert_eq!(Pob::disputable(LINE, held).map(|evidence| evidence.verdict.epoch), refused);
	});
}
