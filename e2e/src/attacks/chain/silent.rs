//! A8: seats that measure nothing and admit as much: every second one reports 0 of every line, the others no answer. What
//! has neither a rate nor a receipt owes no proof, and every entry is accepted: nothing on the chain tells such a seat
//! from one whose targets serve it nothing. What is asked here is what it costs the lines.

use super::finding;
use crate::{
	attacks::{Finding, Scenario},
	blocks::{
		reports::entry,
		world::{line, World, CLAIM_KBPS},
	},
};
use pallet_node_staking::Event as Staking;
use pallet_proof_of_bandwidth::{Event, Seats, FULL_SCORE_PPM};
use weir_math::estimate::lower_bound;
use weir_primitives::{
	api::Outcome,
	report::{Entry, EntryKind},
	ProviderIndex,
};
use weir_runtime::{AccountId, Runtime, RuntimeEvent};

pub(super) const SCENARIOS: [Scenario; 3] = [
	Scenario {
		id: "A8-silent",
		title: "a twentieth of the seats reports 0 or no answer, whatever the line",
		run: |()| keep_silent(3, Most::LessPay),
	},
	Scenario {
		id: "A8-silent-tenth",
		title: "a tenth of the seats does",
		run: |()| keep_silent(6, Most::LowerClaim),
	},
	Scenario {
		id: "A8-silent-quarter",
		title: "a quarter of the seats does",
		run: |()| keep_silent(15, Most::StrikeByHalf),
	},
];

const SEATS: u32 = 60;
const EPOCHS: u32 = 8;

/// The most that may come of it for a line that delivers what it claims.
#[derive(Clone, Copy)]
enum Most {
	/// Pay for what was measured.
	LessPay,
	/// A lower claim.
	LowerClaim,
	/// A strike, where at least half of those present are silent.
	StrikeByHalf,
}

impl Most {
	fn criterion(self) -> &'static str {
		match self {
			Self::LessPay => {
				"estimate ≥ bound, every verdict good or paid as measured; not caught: no silent seat loses anything"
			}
			Self::LowerClaim => "estimate ≥ bound, nobody struck; not caught: no silent seat loses anything",
			Self::StrikeByHalf => {
				"estimate ≥ bound, no strike by less than half of a committee, no slash; not caught: no silent seat \
				 loses anything"
			}
		}
	}
}

/// What came of the tests of lines that deliver what they claim.
#[derive(Default)]
struct Verdicts {
	tests: u32,
	good: u32,
	paid_as_measured: u32,
	lowered: u32,
	struck: u32,
	/// Strikes where fewer than half of those present were silent.
	struck_by_minority: u32,
	/// Void, or an outage.
	unpaid: u32,
	below_bound: u32,
	/// Sum of all estimates, kbps, and the lowest.
	shown_kbps: u64,
	least_kbps: Option<u32>,
}

/// What a silent seat reports of a line.
fn nothing(member: usize, provider: ProviderIndex) -> Entry {
	let measured = entry(provider, (0, 0));
	if member.is_multiple_of(2) {
		measured
	} else {
		Entry { kind: EntryKind::Unreachable, liveness: [0; 5], ..measured }
	}
}

/// The first `silent` of 60 seats measure nothing; all lines deliver what they claimed at first.
fn keep_silent(silent: usize, most: Most) -> anyhow::Result<Finding> {
	let mut world = World::new((0..SEATS).map(|n| line(n, true)).collect());
	let seats: Vec<AccountId> = world.nodes.iter().take(silent).map(|node| node.account.clone()).collect();
	let mut verdicts = Verdicts::default();
	let (mut answered, mut proven, mut noticed, mut slashes) = (0u32, 0u32, 0u32, 0u32);
	let mut claimed_kbps = 0u64;
	for _ in 0..EPOCHS {
		let (epoch, tests) = world.measure();
		let mut reports = world.reports(epoch, &tests, &|test, member| {
			let loading = test.measuring().filter(|account| !seats.contains(*account)).count();
			(member >= silent).then(|| test.share(CLAIM_KBPS, loading))
		});
		for test in &tests {
			for member in world.measuring(test).filter(|member| *member < silent) {
				reports[member].0.push(nothing(member, test.test.provider));
			}
		}
		claimed_kbps = tests.iter().map(|test| u64::from(test.test.claim.down_kbps)).sum();
		let judged = world.hand_in(epoch, tests, reports, &|_| true, &|_| true);
		for event in &judged.events {
			match event {
				RuntimeEvent::ProofOfBandwidth(Event::AuditAnswered { node, proven: entries, .. })
					if seats.contains(node) =>
				{
					answered += 1;
					proven += entries;
				}
				RuntimeEvent::ProofOfBandwidth(
					Event::AuditMissed { .. } | Event::SeatFellShort { .. } | Event::SeatDismissed { .. },
				) => noticed += 1,
				RuntimeEvent::NodeStaking(Staking::SlashQueued { .. }) => slashes += 1,
				_ => {}
			}
		}
		for (test, verdict) in judged.judged() {
			let corrupt = world.measuring(test).filter(|member| *member < silent).count() as u16;
			verdicts.tests += 1;
			match verdict.outcome {
				Outcome::Good => verdicts.good += 1,
				Outcome::PaidAsMeasured => verdicts.paid_as_measured += 1,
				Outcome::ClaimLowered => verdicts.lowered += 1,
				Outcome::Strike => {
					verdicts.struck += 1;
					verdicts.struck_by_minority += u32::from(corrupt * 2 < verdict.present);
				}
				Outcome::Unreachable | Outcome::Void => verdicts.unpaid += 1,
			}
			if verdict.outcome == Outcome::Void {
				continue;
			}
			let bound = lower_bound(verdict.present, corrupt, test.quotas().0, CLAIM_KBPS);
			// Rates are whole numbers: each kept member may lose one.
			let slack = u64::from(verdict.present) * 2;
			verdicts.below_bound += u32::from(u64::from(verdict.down_kbps) + slack < bound);
			verdicts.shown_kbps += u64::from(verdict.down_kbps);
			let least = verdicts.least_kbps.unwrap_or(u32::MAX);
			verdicts.least_kbps = Some(least.min(verdict.down_kbps));
		}
	}
	let lowest_score = world.chain.look(|| {
		let score = |seat: &AccountId| Seats::<Runtime>::get(seat).map_or(0, |seat| seat.score_ppm);
		seats.iter().map(score).min().unwrap_or(0)
	});
	let Verdicts { tests, good, paid_as_measured, lowered, struck, struck_by_minority, .. } = verdicts;
	let Verdicts { unpaid, below_bound, shown_kbps, least_kbps, .. } = verdicts;
	let of_lines = |kbps: u64, lines: u32| kbps as f64 / (f64::from(lines) * f64::from(CLAIM_KBPS));
	let is_bearable = match most {
		Most::LessPay => lowered == 0 && struck == 0,
		Most::LowerClaim => struck == 0,
		Most::StrikeByHalf => struck_by_minority == 0,
	};
	let is_not_caught = answered > 0 && proven == 0 && noticed == 0 && lowest_score == FULL_SCORE_PPM;
	finding(
		format!("{silent} of {SEATS} seats, {tests} tests of lines of {CLAIM_KBPS} kbps in {EPOCHS} epochs"),
		format!(
			"{good} good, {paid_as_measured} paid as measured, {lowered} with the claim lowered, {struck} struck, \
			 {struck_by_minority} of them by a minority, {unpaid} unpaid, {slashes} slashes; {below_bound} below the \
			 bound; shown of a line {:.3} on average, {:.3} at least; claims in the end {:.3} of the lines; not caught: \
			 {answered} audits of silent seats answered with {proven} proofs, {noticed} seats noticed, lowest score of a \
			 silent one {:.2}",
			of_lines(shown_kbps, tests),
			of_lines(u64::from(least_kbps.unwrap_or(0)), 1),
			of_lines(claimed_kbps, SEATS),
			f64::from(lowest_score) / 1e6,
		),
		most.criterion(),
		tests > 0 && below_bound == 0 && unpaid == 0 && slashes == 0 && is_bearable && is_not_caught,
	)
}
