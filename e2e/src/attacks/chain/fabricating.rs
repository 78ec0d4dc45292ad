//! A8, A9: attestors that do not measure: one invents its reports, others copy somebody's.

use super::{broken, finding, refusal, refusals, Rule, Trial};
use crate::{
	attacks::{Finding, Scenario},
	blocks::{
		reports::{authorized, commit, commit_to, entry, hash_of, reveal, salt},
		world::{line, World},
	},
};
use pallet_proof_of_bandwidth::{Call, Event, Rejection, Seats, MIN_SCORE_PPM};
use polkadot_sdk::*;
use sp_core::Pair;
use sp_runtime::transaction_validity::InvalidTransaction;
use weir_primitives::report::commit_payload;
use weir_runtime::{ProofOfBandwidth, Runtime, RuntimeEvent};

pub(super) const SCENARIOS: [Scenario; 4] = [
	Scenario { id: "A8", title: "an attestor reports what it never measured", run: |()| fabricate(true) },
	Scenario { id: "A8-control", title: "the same seat measures", run: |()| fabricate(false) },
	Scenario { id: "A9", title: "an attestor copies another's report", run: |()| copy() },
	Scenario { id: "A9-control", title: "entries of tests it has no part in", run: |()| foreign() },
];

const SEATS: u32 = 60;
/// Lines without a seat, so that each seat has enough entries for an audit in every second epoch.
const LINES: u32 = 60;
/// Who invents.
const LAZY: usize = 0;
/// Epochs in which it tries.
const EPOCHS: u32 = 16;

/// A seat says of every line what the line claims: the likeliest truth, so that no estimate gives it away.
fn fabricate(invents: bool) -> anyhow::Result<Finding> {
	let lines = (0..SEATS + LINES).map(|n| {
		let line = line(n, true);
		crate::blocks::genesis::Line { uplink_kbps: line.uplink_kbps.filter(|_| n < SEATS), ..line }
	});
	let mut world = World::new(lines.collect());
	let lazy = world.nodes[LAZY].account.clone();
	let (mut reported, mut missed, mut proven, mut others) = (0u32, 0u32, 0u32, 0u32);
	let mut dismissed_after = None;
	for epoch in 1..=EPOCHS {
		let judged = world.epoch(
			&|test, _| {
				let loading =
					test.measuring().count() - usize::from(invents && test.measuring().any(|m| *m == lazy));
				Some(test.share(test.test.claim.down_kbps, loading))
			},
			&|_| true,
			&|member| !(invents && member == LAZY),
		);
		reported += judged.reports[LAZY].0.len() as u32;
		for event in &judged.events {
			match event {
				RuntimeEvent::ProofOfBandwidth(Event::AuditMissed { node, .. }) if *node == lazy => {
					missed += 1
				}
				RuntimeEvent::ProofOfBandwidth(Event::AuditMissed { .. }) => others += 1,
				RuntimeEvent::ProofOfBandwidth(Event::AuditAnswered { node, proven: entries, .. })
					if *node == lazy =>
				{
					proven += entries;
				}
				RuntimeEvent::ProofOfBandwidth(Event::SeatDismissed { who, .. }) if *who == lazy => {
					dismissed_after = dismissed_after.or(Some(epoch));
				}
				_ => {}
			}
		}
	}
	let score = world.chain.look(|| Seats::<Runtime>::get(&lazy).map_or(0, |seat| seat.score_ppm));
	let end = dismissed_after.map_or("never dismissed".into(), |epoch| format!("dismissed in epoch {epoch}"));
	let tried = format!("{reported} entries in {EPOCHS} epochs");
	let measured = format!(
		"{missed} epochs' pay void for want of a proof; {proven} proven; score {:.2}, {end}; {others} others missed",
		f64::from(score) / 1e6
	);
	if invents {
		let passed = missed >= 3 && proven == 0 && dismissed_after.is_some() && others == 0;
		finding(tried, measured, "no audit answered; the seat is dismissed", passed)
	} else {
		let passed = missed == 0 && proven > 0 && dismissed_after.is_none() && score >= MIN_SCORE_PPM;
		finding(tried, measured, "every audit answered; the seat stays", passed)
	}
}

/// B has measured nothing and sees what A sends before it is in a block.
fn copy() -> anyhow::Result<Finding> {
	let mut world = World::new((0..SEATS).map(|n| line(n, true)).collect());
	let (epoch, tests) = world.measure();
	let reports = world.reports(epoch, &tests, &|test, _| {
		Some(test.share(test.test.claim.down_kbps, test.measuring().count()))
	});
	let timing = world.chain.timing();
	let (a, b, c) = (world.nodes[1].clone(), world.nodes[2].clone(), world.nodes[3].clone());
	let entries = &reports[1].0;
	let mut trials = Vec::new();
	world.chain.block_at(epoch + 1, timing.commit_from, |making| {
		let hash = hash_of(&a, epoch, entries, &salt(&a, epoch));
		let stolen = authorized(Call::commit {
			epoch,
			node: b.account.clone(),
			commitment: hash,
			signature: a
				.pair
				.sign(&commit_payload(&ProofOfBandwidth::genesis_hash(), epoch, &a.account, &hash))
				.into(),
		});
		trials.push(Trial {
			name: "A's commit with its signature, as B's",
			came_to: refusal(making.include(stolen)),
			has_to: Err(InvalidTransaction::BadProof),
		});
		trials.push(Trial {
			name: "A's own commit",
			came_to: refusal(making.include(commit(&a, epoch, entries))),
			has_to: Ok(()),
		});
		trials.push(Trial {
			name: "the same again",
			came_to: refusal(making.include(commit(&a, epoch, entries))),
			has_to: Err(broken(Rule::AlreadyCommitted)),
		});
		trials.push(Trial {
			name: "A's commitment, signed by B",
			came_to: refusal(making.include(commit_to(&b, epoch, hash))),
			has_to: Ok(()),
		});
	});
	world.chain.block_at(epoch + 1, timing.reveal_from, |making| {
		let copied = Call::reveal {
			epoch,
			node: b.account.clone(),
			entries: entries.clone().try_into().expect("few entries"),
			salt: salt(&a, epoch),
		};
		trials.push(Trial {
			name: "A's preimage, as B's",
			came_to: refusal(making.include(authorized(copied))),
			has_to: Err(InvalidTransaction::BadProof),
		});
		trials.push(Trial {
			name: "A's reveal",
			came_to: refusal(making.include(reveal(&a, epoch, entries))),
			has_to: Ok(()),
		});
		trials.push(Trial {
			name: "C commits to what A revealed",
			came_to: refusal(making.include(commit(&c, epoch, entries))),
			has_to: Err(InvalidTransaction::Stale),
		});
		trials.push(Trial {
			name: "C reveals it without a commitment",
			came_to: refusal(making.include(reveal(&c, epoch, entries))),
			has_to: Err(broken(Rule::NotCommitted)),
		});
	});
	refusals("commits and reveals of another, from the pool and from blocks", &trials)
}

/// B guesses what A will say and commits to that in time: of lines it was not drawn for.
fn foreign() -> anyhow::Result<Finding> {
	let mut world = World::new((0..SEATS).map(|n| line(n, true)).collect());
	let (epoch, tests) = world.measure();
	let timing = world.chain.timing();
	let b = world.nodes[2].clone();
	let others: Vec<_> = tests
		.iter()
		.filter(|test| test.members.iter().all(|member| member.account != b.account))
		.map(|test| entry(test.test.provider, test.quotas()))
		.collect();
	let mut taken = false;
	world.chain.block_at(epoch + 1, timing.commit_from, |making| {
		taken = refusal(making.include(commit(&b, epoch, &others))).is_ok();
	});
	let block = world.chain.block_at(epoch + 1, timing.reveal_from, |making| {
		taken &= refusal(making.include(reveal(&b, epoch, &others))).is_ok();
	});
	let found = block.events.iter().find_map(|event| match event {
		RuntimeEvent::ProofOfBandwidth(Event::Revealed { accepted, rejected, .. }) => {
			let unassigned = rejected.iter().filter(|(_, why)| *why == Rejection::NotAssigned).count();
			Some((*accepted, unassigned))
		}
		_ => None,
	});
	let (accepted, unassigned) = found.ok_or_else(|| anyhow::anyhow!("nothing was revealed"))?;
	finding(
		format!("{} entries of tests of others", others.len()),
		format!("{accepted} accepted, {unassigned} rejected as NotAssigned"),
		"none accepted, each named",
		taken && accepted == 0 && unassigned == others.len() && !others.is_empty(),
	)
}
