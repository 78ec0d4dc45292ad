//! A4: members of a committee deny what an honest line delivered.

use super::finding;
use crate::{
	attacks::{Finding, Scenario},
	blocks::world::{line, World, CLAIM_KBPS},
};
use pallet_node_staking::Event as Staking;
use std::collections::{BTreeSet, HashSet};
use weir_math::estimate::{lower_bound, lower_bound_loaded};
use weir_primitives::api::Outcome;
use weir_runtime::{AccountId, RuntimeEvent};

pub(super) const SCENARIOS: [Scenario; 3] = [
	Scenario {
		id: "A4",
		title: "colluding members withhold their load",
		run: |()| deflate(15, Play::Withhold, Expected::NobodyStruck),
	},
	Scenario {
		id: "A4-loaded",
		title: "colluding members load and deny",
		run: |()| deflate(15, Play::Deny, Expected::NobodyStruck),
	},
	Scenario {
		id: "A4-control",
		title: "the same by four fifths of the seats",
		run: |()| deflate(48, Play::Deny, Expected::Struck),
	},
];

const SEATS: u32 = 60;
const EPOCHS: u32 = 6;

#[derive(Clone, Copy, PartialEq)]
enum Play {
	Withhold,
	Deny,
}

#[derive(Clone, Copy, PartialEq)]
enum Expected {
	NobodyStruck,
	Struck,
}

/// `liars` of 60 seats report 0 of lines that deliver what they claim.
fn deflate(liars: usize, play: Play, expected: Expected) -> anyhow::Result<Finding> {
	let is_liar = |member: usize| member < liars;
	let mut world = World::new((0..SEATS).map(|n| line(n, true)).collect());
	let (mut tests, mut below, mut strikes, mut slashes, mut minority) = (0u32, 0u32, 0u32, 0u32, 0u32);
	let (mut nearest, mut seen) = (f64::MAX, BTreeSet::new());
	let liars_by_account: HashSet<AccountId> =
		world.nodes.iter().take(liars).map(|node| node.account.clone()).collect();
	for _ in 0..EPOCHS {
		let judged = world.epoch(
			&|test, member| {
				let loading = test
					.measuring()
					.filter(|account| play == Play::Deny || !liars_by_account.contains(*account))
					.count();
				Some(if is_liar(member) { (0, 0) } else { test.share(test.test.claim.down_kbps, loading) })
			},
			&|_| true,
			&|_| true,
		);
		let count =
			|event: &&RuntimeEvent| matches!(event, RuntimeEvent::NodeStaking(Staking::SlashQueued { .. }));
		slashes += judged.events.iter().filter(count).count() as u32;
		for (test, verdict) in judged.judged().filter(|(_, verdict)| verdict.outcome != Outcome::Void) {
			let corrupt = world.measuring(test).filter(|member| is_liar(*member)).count() as u16;
			let capacity = test.test.claim.down_kbps;
			let bound = match play {
				Play::Withhold => lower_bound,
				Play::Deny => lower_bound_loaded,
			}(verdict.present, corrupt, test.quotas().0, capacity);
			tests += 1;
			seen.insert(corrupt);
			// Rates are whole numbers: each kept member may lose one.
			let slack = u64::from(verdict.present) * 2;
			below += u32::from(u64::from(verdict.down_kbps) + slack < bound);
			if bound > 0 {
				nearest = nearest.min(f64::from(verdict.down_kbps) / bound as f64);
			}
			let struck = verdict.outcome == Outcome::Strike;
			strikes += u32::from(struck);
			minority += u32::from(struck && corrupt * 2 < verdict.present);
		}
	}
	let most = seen.last().copied().unwrap_or(0);
	let nearest =
		if nearest < f64::MAX { format!("nearest {nearest:.3} of it") } else { "which is 0".into() };
	let (criterion, passed) = match expected {
		Expected::NobodyStruck => (
			"estimate ≥ bound; no strike by less than half of a committee, no slash",
			slashes == 0 && most >= 4,
		),
		Expected::Struck => {
			("a majority strikes honest lines: what the bounds assume is needed", strikes > 0)
		}
	};
	finding(
		format!("{liars} of {SEATS} seats, {tests} tests of lines of {CLAIM_KBPS} kbps, up to {most} liars in one"),
		format!(
			"{below} below the bound, {nearest}; {strikes} strikes, {minority} of them by a minority; \
			 {slashes} slashes"
		),
		criterion,
		below == 0 && minority == 0 && passed,
	)
}
