//! A2: one owner of many accounts wants seats: from one address prefix, or from as many as it can get.

use super::finding;
use crate::{
	attacks::{Finding, Scenario},
	blocks::{
		genesis::{Genesis, Line},
		node::Node,
		reports::drawn,
		world::{line, CLAIM_KBPS},
		Blocks,
	},
};
use pallet_proof_of_bandwidth::{Seats, FIRST_TESTED_EPOCH};
use std::collections::HashSet;
use weir_primitives::{Claim, Timing};
use weir_runtime::{AccountId, Runtime};
use weir_sim::{
	exact::Draws,
	stats::{Count, Z_999},
};

pub(super) const SCENARIOS: [Scenario; 3] = [
	Scenario { id: "A2", title: "500 accounts on one /24", run: |()| one_prefix() },
	Scenario { id: "A2-wide", title: "500 accounts on the /24s of one /16", run: |()| one_wide_prefix() },
	Scenario { id: "A2-control", title: "500 accounts, each on a prefix of its own", run: |()| spread() },
];

const SYBILS: u32 = 500;
const HONEST: u32 = 1_500;
/// Corrupt members of 15 that keep a cheat from being struck (docs/protocol.md, section 11).
const CAPTURE: u16 = 7;

fn honest() -> impl Iterator<Item = Line> {
	(0..HONEST).map(|n| line(n, true))
}

/// What came of sybils that registered and asked for seats by signed transactions.
struct Outcome {
	registered: u32,
	seated: HashSet<AccountId>,
	/// Sybils in the committee that has most of them.
	most: usize,
	/// Committees drawn.
	committees: usize,
}

/// Everything a sybil can do, in the order in which it can: bond and register, then take a seat, then wait.
fn join(sybils: &[Node]) -> anyhow::Result<Outcome> {
	const PER_BLOCK: usize = 100;
	let timing = Timing { test_every: 1, ..Timing::public() };
	let funded = sybils.to_vec();
	let mut chain = Blocks::start(&Genesis { timing, authors: 4, funded, lines: honest().collect() });
	let claim = Claim { down_kbps: CLAIM_KBPS, up_kbps: CLAIM_KBPS };
	for some in sybils.chunks(PER_BLOCK) {
		chain.next(|making| {
			for sybil in some {
				let bond = sybil.signed(0, sybil.bond(Genesis::bond_of(&claim)));
				let _ = making.include(bond);
				let _ = making.include(sybil.signed(1, sybil.register(claim)));
			}
		});
	}
	let registered = chain.look(|| {
		let is_registered =
			|sybil: &&Node| pallet_providers::IndexOf::<Runtime>::contains_key(&sybil.account);
		sybils.iter().filter(is_registered).count() as u32
	});
	chain.until_epoch(1);
	for some in sybils.chunks(PER_BLOCK) {
		chain.next(|making| {
			for sybil in some {
				let _ = making.include(sybil.signed(2, sybil.take_seat(CLAIM_KBPS)));
			}
		});
	}
	let seated: HashSet<AccountId> = chain.look(|| {
		let seats = sybils.iter().filter(|sybil| Seats::<Runtime>::contains_key(&sybil.account));
		seats.map(|sybil| sybil.account.clone()).collect()
	});
	// Whatever seats they have are drawn from now on.
	let epoch = 1 + timing.maturity_epochs;
	chain.until_epoch(epoch);
	let tests = chain.look(|| drawn(epoch, 0..HONEST));
	let count = |test: &crate::blocks::reports::Drawn| {
		test.members.iter().filter(|member| seated.contains(&member.account)).count()
	};
	let most = tests.iter().map(count).max().unwrap_or(0);
	anyhow::ensure!(tests.len() == HONEST as usize, "every honest line is tested, not {}", tests.len());
	Ok(Outcome { registered, most, committees: tests.len(), seated })
}

fn one_prefix() -> anyhow::Result<Finding> {
	let sybils: Vec<_> = (0..SYBILS).map(|n| Node::nth(HONEST + n).at([23, 1, 1, (n % 254) as u8])).collect();
	let Outcome { registered, seated, most, committees } = join(&sybils)?;
	finding(
		format!("{SYBILS} accounts bond, register and ask for seats; {HONEST} honest seats"),
		format!(
			"{registered} lines, {} seat; at most {most} in any of {committees} committees",
			seated.len()
		),
		"at most one seat, one member",
		seated.len() <= 1 && most <= 1 && registered > 0,
	)
}

fn one_wide_prefix() -> anyhow::Result<Finding> {
	let sybils: Vec<_> = (0..SYBILS).map(|n| Node::nth(HONEST + n).at([23, 1, n as u8, 1])).collect();
	let Outcome { registered, seated, most, committees } = join(&sybils)?;
	// A fiftieth of all seats, those of the sybils included.
	let share = (HONEST as usize + seated.len()) / 50;
	finding(
		format!("{SYBILS} accounts on 256 prefixes of one /16; {HONEST} honest seats"),
		format!(
			"{registered} lines, {} seats; at most {most} in any of {committees} committees",
			seated.len()
		),
		"at most one seat in fifty",
		seated.len() <= share && registered > share as u32,
	)
}

/// With addresses all over the Internet the only limit is what seats cost: capture is what the tables say for β.
fn spread() -> anyhow::Result<Finding> {
	let seats = HONEST + SYBILS;
	let timing = Timing { test_every: 1, ..Timing::public() };
	let lines: Vec<_> = (0..seats).map(|n| line(n, true)).collect();
	// Which seats are corrupt is of no importance to the draw: every fourth.
	let corrupt: HashSet<AccountId> =
		lines.iter().step_by((seats / SYBILS) as usize).map(|line| line.node.account.clone()).collect();
	let mut chain = Blocks::start(&Genesis { timing, authors: 4, funded: Vec::new(), lines });
	let mut drawn_so_far = Count::default();
	let mut k = 0;
	for epoch in FIRST_TESTED_EPOCH..FIRST_TESTED_EPOCH + 4 {
		chain.until_epoch(epoch);
		// One turn of the circle of seats: later committees meet the same seats again.
		for test in chain.look(|| drawn(epoch, 0..seats)) {
			k = test.test.committee.members;
			if test.test.ordinal < seats / u32::from(k) {
				let hits = test.members.iter().filter(|member| corrupt.contains(&member.account)).count();
				drawn_so_far.trials += 1;
				drawn_so_far.hits += u64::from(hits >= usize::from(CAPTURE));
			}
		}
	}
	let table = Draws::new(seats).at_least(corrupt.len() as u32, k, CAPTURE);
	finding(
		format!("{} of {seats} seats, {} committees of {k}", corrupt.len(), drawn_so_far.trials),
		format!("{} with {CAPTURE} or more: {:.2} %", drawn_so_far.hits, drawn_so_far.rate() * 100.0),
		&format!("as the table says within 99.9 %: {:.2} %", table * 100.0),
		drawn_so_far.agrees_with(table, Z_999) && k == 15,
	)
}
