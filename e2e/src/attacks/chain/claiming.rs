//! A1: a line claims ten times what it delivers. All members are honest, and report what it shows them.

use super::finding;
use crate::{
	attacks::{Finding, Scenario},
	blocks::{
		genesis::Genesis,
		reports::Drawn,
		world::{line, World, CLAIM_KBPS},
	},
};
use anyhow::Context;
use pallet_node_staking::Event as Staking;
use pallet_proof_of_bandwidth::Event;
use polkadot_sdk::*;
use sp_runtime::Perbill;
use weir_math::verdict::STRIKES_TO_ESCALATE;
use weir_primitives::{
	api::{Outcome, TestKind, VerdictRecord},
	seams::{EpochClock, ProviderRegistry},
	Admission, Claim, Kbps, ProviderIndex, Role,
};
use weir_runtime::{AccountId, Balance, ProofOfBandwidth, Providers, RuntimeEvent};

pub(super) const SCENARIOS: [Scenario; 2] = [
	Scenario {
		id: "A1-chain",
		title: "claims ten times what it delivers, until it is slashed",
		run: |()| overclaim(),
	},
	Scenario { id: "A1-chain-control", title: "the same line delivers its claim", run: |()| deliver() },
];

const SEATS: u32 = 60;
/// The line in question.
const LINE: ProviderIndex = 0;
/// What it has when it claims ten times as much, both ways.
const CAPACITY_KBPS: Kbps = CLAIM_KBPS / 10;
/// Three strikes, the test that runs while the third is found, the escalation and its second attempt, and some more.
const EPOCHS: u32 = 8;
/// Share of the bond that a first offence below a quarter of the claim costs (specification, "Verdict").
const SLASH: Perbill = Perbill::from_percent(5);
/// Tests of an honest line that say something of it: as many as strikes are counted in.
const LEAST_TESTS: usize = 5;

/// What came of the line, and of the others.
struct Seen {
	/// Verdicts on the line that are not void, in their order.
	verdicts: Vec<VerdictRecord>,
	/// How many of them came before each escalation that was opened.
	escalated_after: Vec<usize>,
	/// Slashes queued against it: share of the bond, and tokens.
	slashes: Vec<(Perbill, Balance)>,
	/// What befell anybody else: verdicts below good, escalations, slashes.
	others: u32,
	/// What it claims in the end, and where it stands.
	claim: Claim,
	admission: Admission,
}

impl Seen {
	fn count(&self, outcome: Outcome) -> usize {
		self.verdicts.iter().filter(|verdict| verdict.outcome == outcome).count()
	}
}

/// Measures a network in which all lines but one deliver what they claim, and that one has `kbps` both ways.
fn watch(kbps: Kbps) -> anyhow::Result<Seen> {
	let mut world = World::new((0..SEATS).map(|n| line(n, true)).collect());
	let account = world.nodes[LINE as usize].account.clone();
	let (mut verdicts, mut escalated_after, mut slashes, mut others) =
		(Vec::new(), Vec::new(), Vec::new(), 0);
	let says = |test: &Drawn, _: usize| {
		let has = if test.test.provider == LINE { kbps } else { CLAIM_KBPS };
		Some(test.share(has, test.measuring().count()))
	};
	for _ in 0..EPOCHS {
		for event in world.epoch(&says, &|_| true, &|_| true).events {
			match event {
				RuntimeEvent::ProofOfBandwidth(Event::VerdictReached { provider, verdict, .. }) => {
					match (provider, verdict.outcome) {
						(_, Outcome::Void) => {}
						(LINE, _) => verdicts.push(verdict),
						(_, Outcome::Good) => {}
						_ => others += 1,
					}
				}
				RuntimeEvent::ProofOfBandwidth(Event::EscalationOpened { provider: LINE, .. }) => {
					escalated_after.push(verdicts.len());
				}
				RuntimeEvent::ProofOfBandwidth(Event::EscalationOpened { .. }) => others += 1,
				RuntimeEvent::NodeStaking(Staking::SlashQueued {
					who,
					role: Role::Provider,
					fraction,
					amount,
					..
				}) if who == account => slashes.push((fraction, amount)),
				RuntimeEvent::NodeStaking(Staking::SlashQueued { .. }) => others += 1,
				_ => {}
			}
		}
	}
	let facts = world.chain.look(|| {
		let next = ProofOfBandwidth::epoch() + 1;
		<Providers as ProviderRegistry<AccountId>>::facts_at(LINE, next)
	});
	let facts = facts.context("the line is not registered any more")?;
	let (claim, admission) = (facts.claim, facts.admission);
	Ok(Seen { verdicts, escalated_after, slashes, others, claim, admission })
}

fn overclaim() -> anyhow::Result<Finding> {
	let seen = watch(CAPACITY_KBPS)?;
	let bond = Genesis::bond_of(&Claim { down_kbps: CLAIM_KBPS, up_kbps: CLAIM_KBPS });
	let first = seen.verdicts.iter().position(|verdict| verdict.outcome == Outcome::Strike);
	let strikes = seen.count(Outcome::Strike);
	let is_escalated = seen.verdicts.last().is_some_and(|verdict| verdict.kind == TestKind::Escalation);
	let is_jailed = matches!(seen.admission, Admission::Jailed { .. });
	let has = CAPACITY_KBPS * 9 / 10..=CAPACITY_KBPS;
	let fractions: Vec<_> = seen.slashes.iter().map(|(fraction, _)| format!("{fraction:?}")).collect();
	finding(
		format!("a line of {CAPACITY_KBPS} kbps claims {CLAIM_KBPS}; {SEATS} honest seats, {EPOCHS} epochs"),
		format!(
			"struck in {strikes} of {} tests, first in test {}; escalation after {:?}; slashes queued of [{}] of the \
			 bond; claims {} kbps in the end, jailed: {is_jailed}; {} of others",
			seen.verdicts.len(),
			first.map_or(0, |first| first + 1),
			seen.escalated_after,
			fractions.join(", "),
			seen.claim.largest_kbps(),
			seen.others,
		),
		"struck in test 1 and in each; escalation after three; it confirms, and 5 % of the bond are queued once; jailed, \
		 the claim lowered to the line; nobody else touched",
		first == Some(0)
			&& strikes == seen.verdicts.len()
			&& seen.escalated_after == [usize::from(STRIKES_TO_ESCALATE)]
			&& is_escalated
			&& seen.slashes == [(SLASH, SLASH.mul_ceil(bond))]
			&& has.contains(&seen.claim.down_kbps)
			&& has.contains(&seen.claim.up_kbps)
			&& is_jailed
			&& seen.others == 0,
	)
}

fn deliver() -> anyhow::Result<Finding> {
	let seen = watch(CLAIM_KBPS)?;
	let (tests, good, strikes) =
		(seen.verdicts.len(), seen.count(Outcome::Good), seen.count(Outcome::Strike));
	let is_admitted = matches!(seen.admission, Admission::Admitted { .. });
	finding(
		format!("a line of {CLAIM_KBPS} kbps claims as much; {SEATS} honest seats, {EPOCHS} epochs"),
		format!(
			"{good} of {tests} tests good, {strikes} struck; {} escalations, {} slashes queued; claims {} kbps in the \
			 end, admitted: {is_admitted}; {} of others",
			seen.escalated_after.len(),
			seen.slashes.len(),
			seen.claim.effective_kbps(),
			seen.others,
		),
		"good in each of five or more tests, never struck; claim and admission as they were; nobody else touched",
		tests >= LEAST_TESTS
			&& good == tests
			&& seen.escalated_after.is_empty()
			&& seen.slashes.is_empty()
			&& seen.claim == Claim { down_kbps: CLAIM_KBPS, up_kbps: CLAIM_KBPS }
			&& is_admitted
			&& seen.others == 0,
	)
}
