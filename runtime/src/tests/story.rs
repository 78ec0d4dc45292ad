//! Register → admission → cheat → strikes → escalation → slash, and what happens to the honest beside it.

use super::chain::*;
use crate::*;
use core::cell::Cell;
use pallet_node_staking::Event as StakingEvent;
use pallet_proof_of_bandwidth::Event as MeasuringEvent;
use sp_keyring::Sr25519Keyring;
use weir_math::economy::slash;
use weir_primitives::{
	api::{Outcome, ProviderInfo, Reason, TestKind, VerdictSummary},
	seams::{Bonds, EpochClock},
	Admission, EpochIndex, ProviderIndex, Role, OWNER_DELAY_EPOCHS,
};

const LIAR: ProviderIndex = 7;

fn bond_of(provider: Sr25519Keyring) -> Balance {
	NodeStaking::active_bond(&provider.to_account_id(), Role::Provider)
}

fn info(provider: Sr25519Keyring) -> ProviderInfo<AccountId, Balance> {
	configs::measuring::provider(&provider.to_account_id()).expect("registered")
}

fn is_admitted(provider: Sr25519Keyring) -> bool {
	matches!(info(provider).admission, Admission::Admitted { .. })
}

/// The last verdicts, with what stays of each.
fn verdicts(provider: &ProviderInfo<AccountId, Balance>) -> Vec<VerdictSummary> {
	provider.verdicts().collect()
}

/// Verdicts that something was measured for.
fn measured(verdicts: &[VerdictSummary]) -> usize {
	verdicts.iter().filter(|verdict| !matches!(verdict.outcome, Outcome::Void | Outcome::Unreachable)).count()
}

/// Everybody delivers the claim of 20 Mbps, but for the liar, which delivers 2 from an epoch on.
fn delivery(lies_from: EpochIndex) -> impl Fn(Sr25519Keyring, ProviderIndex, EpochIndex) -> Option<u32> {
	move |_, provider, epoch| {
		let lies = provider == LIAR && epoch >= lies_from;
		Some(share(if lies { CLAIM_KBPS / 10 } else { CLAIM_KBPS + 1_000 }, provider, epoch))
	}
}

/// What befalls the liar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
	Struck(TestKind),
	EscalationOpened,
	SlashQueued,
	Confirmed,
	SlashApplied,
}

/// The steps in the events of the last block, with slashes of whomever: nobody else is to be slashed.
fn steps() -> Vec<Step> {
	let step = |event: RuntimeEvent| match event {
		RuntimeEvent::ProofOfBandwidth(event) => match event {
			MeasuringEvent::VerdictReached { provider: LIAR, verdict, .. } => {
				(verdict.outcome == Outcome::Strike).then_some(Step::Struck(verdict.kind))
			}
			MeasuringEvent::EscalationOpened { provider: LIAR, .. } => Some(Step::EscalationOpened),
			MeasuringEvent::FalseClaimConfirmed { provider: LIAR, .. } => Some(Step::Confirmed),
			_ => None,
		},
		RuntimeEvent::NodeStaking(StakingEvent::SlashQueued { .. }) => Some(Step::SlashQueued),
		RuntimeEvent::NodeStaking(StakingEvent::SlashApplied { .. }) => Some(Step::SlashApplied),
		_ => None,
	};
	System::events().into_iter().filter_map(|record| step(record.event)).collect()
}

#[test]
fn liar_should_be_slashed_and_the_honest_left_alone() {
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = Chain::with_providers();
		let burned = ledger().burned;
		let liar = PROVIDERS[LIAR as usize];
		let honest = delivery(EpochIndex::MAX);
		while !is_admitted(liar) && ProofOfBandwidth::epoch() < 12 {
			chain.block(&honest);
			check_invariants();
			assert!(steps().is_empty(), "nothing befalls who delivers");
		}
		let admitted = info(liar);
		assert!(is_admitted(liar), "{:?}", verdicts(&admitted));
		assert_eq!((admitted.bond, admitted.strikes), (BOND, 0));
		let passed = admitted.verdicts().filter(|verdict| verdict.outcome == Outcome::Good);
		assert_eq!(passed.count(), 3, "three tests of admission");

		let lies = delivery(ProofOfBandwidth::epoch() + 1);
		let last = ProofOfBandwidth::epoch() + 16;
		let mut story = Vec::new();
		while story.last() != Some(&Step::SlashApplied) && ProofOfBandwidth::epoch() < last {
			chain.block(&lies);
			check_invariants();
			story.extend(steps());
			if !story.contains(&Step::SlashApplied) {
				assert_eq!(bond_of(liar), BOND, "strikes alone cost nothing, and the slash waits");
			}
		}
		let struck = Step::Struck(TestKind::Scheduled);
		let expected = [
			struck,
			struck,
			struck,
			Step::EscalationOpened,
			// Of the test that ran while the third strike was found.
			struck,
			Step::Struck(TestKind::Escalation),
			Step::SlashQueued,
			Step::Confirmed,
			Step::SlashApplied,
		];
		assert_eq!(story, expected);
		assert_eq!(bond_of(liar), BOND - BOND / 20, "five percent");
		assert!(matches!(info(liar).admission, Admission::Jailed { .. }), "{:?}", info(liar).admission);
		for honest in &PROVIDERS[..LIAR as usize] {
			assert!(is_admitted(*honest));
			let honest = info(*honest);
			assert_eq!((honest.bond, honest.strikes), (BOND, 0));
			// Whoever is drawn for its own line, or while its own is tested, is absent; with two such of five the test
			// is void and held again.
			let (good, other): (Vec<VerdictSummary>, Vec<VerdictSummary>) =
				honest.verdicts().partition(|verdict| verdict.outcome == Outcome::Good);
			assert!(good.len() >= 3);
			assert!(other.iter().all(|verdict| verdict.reason == Reason::TooFewMembers), "{other:?}");
		}
		let taken = BOND / 20;
		let treasury = slash::split(taken, None).treasury;
		assert!(treasury > 0 && treasury < taken / 2);
		assert_eq!(ledger().burned - burned, taken - treasury, "the rest is in the treasury");
	});
}

/// Everybody delivers what it claims, but for one, which delivers six tenths: paid as measured, and the claim is lowered.
fn falling_short(_: Sr25519Keyring, provider: ProviderIndex, epoch: EpochIndex) -> Option<u32> {
	let kbps = if provider == LIAR { CLAIM_KBPS / 10 * 6 } else { CLAIM_KBPS + 1_000 };
	Some(share(kbps, provider, epoch))
}

fn was_lowered() -> bool {
	let lowered = |event| {
		matches!(event, RuntimeEvent::Providers(pallet_providers::Event::ClaimLoweredByVerdict { .. }))
	};
	System::events().into_iter().any(|record| lowered(record.event))
}

#[test]
fn pause_should_hold_when_a_verdict_of_the_same_epoch_lowers_the_claim() {
	let mut lowered_in = 0;
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = Chain::with_providers();
		while !was_lowered() {
			chain.block(&falling_short);
			lowered_in = ProofOfBandwidth::epoch();
			assert!(lowered_in < 12, "{:?}", verdicts(&info(PROVIDERS[LIAR as usize])));
		}
	});
	genesis(presets::LOCAL).execute_with(|| {
		let (mut chain, line) = (Chain::with_providers(), PROVIDERS[LIAR as usize]);
		chain.until_epoch(lowered_in, &falling_short);
		dispatch(line, pallet_providers::Call::pause {}).expect("it may pause");
		let paused_from = lowered_in + OWNER_DELAY_EPOCHS;
		while !was_lowered() {
			chain.block(&falling_short);
			assert_eq!(ProofOfBandwidth::epoch(), lowered_in);
		}
		for epoch in paused_from..paused_from + 4 {
			chain.until_epoch(epoch, &falling_short);
			assert_eq!(ProofOfBandwidth::target_test(&line.to_account_id()), None, "epoch {epoch}");
			assert_eq!(ProofOfBandwidth::watchers(LIAR), vec![], "epoch {epoch}");
		}
		while dispatch(line, pallet_providers::Call::deregister {}).is_err() {
			assert!(ProofOfBandwidth::epoch() < paused_from + 8, "it may leave");
			chain.until_epoch(ProofOfBandwidth::epoch() + 1, &falling_short);
		}
	});
}

#[test]
fn honest_node_should_keep_its_bond_when_as_many_liars_as_are_trimmed_grief_it() {
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = Chain::with_providers();
		let griefed = Cell::new(0);
		// One of five: what the estimate trims. It reports 0 of everybody.
		let says = |seat: Sr25519Keyring, provider: ProviderIndex, epoch: u32| {
			if seat == Sr25519Keyring::Bob {
				griefed.set(griefed.get() + 1);
				return Some(0);
			}
			// The line is loaded beyond its claim, so the others' shares grow when one takes none.
			Some(share(CLAIM_KBPS * 5 / 4, provider, epoch))
		};
		chain.until_epoch(10, &says);
		assert!(griefed.get() >= PROVIDERS.len(), "the liar sat in {} committees", griefed.get());
		for honest in PROVIDERS {
			let honest = info(honest);
			assert_eq!((honest.bond, honest.strikes), (BOND, 0));
			let verdicts = verdicts(&honest);
			assert!(measured(&verdicts) >= 3, "{verdicts:?}");
			let struck = |verdict: &VerdictSummary| verdict.outcome == Outcome::Strike;
			assert!(!verdicts.iter().any(struck), "{verdicts:?}");
		}
	});
}

#[test]
fn nobody_should_be_struck_when_no_report_arrives() {
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = Chain::with_providers();
		chain.silence();
		chain.until_epoch(8, &|_, _, _| None);
		for provider in PROVIDERS {
			let provider = info(provider);
			assert_eq!((provider.bond, provider.strikes), (BOND, 0));
			let verdicts = verdicts(&provider);
			assert!(verdicts.len() >= 3, "{verdicts:?}");
			let void = |verdict: &VerdictSummary| {
				(verdict.outcome, verdict.reason) == (Outcome::Void, Reason::TooFewMembers)
			};
			assert!(verdicts.iter().all(void), "{verdicts:?}");
			assert_eq!(provider.admission, Admission::Pending { passed: 0 });
		}
	});
}
