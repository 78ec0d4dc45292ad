//! How often corrupt members reach the counts that matter, drawn and summed.
//!
//! Only the first turn of the circle of seats is counted: later ordinals of an epoch meet seats again, so that their
//! committees are no independent evidence. Within one turn committees are disjoint, which makes the intervals a little
//! too wide, not too narrow.

use crate::{
	config::{corrupt_seats, Class, Config, BETAS},
	exact::Draws,
	stats::Count,
	strategy::{Scenario, SCENARIOS},
	table::{Conditions, Table},
	world::{epoch_seed, random, Committee, List, Stream, World},
};
use rayon::prelude::*;
use weir_math::{committee::ListKind, verdict::Outcome};

/// A count of corrupt members that changes what a committee says.
#[derive(Clone, Debug)]
pub struct Event {
	/// What they achieve.
	pub name: &'static str,
	/// Members of the committee.
	pub k: u16,
	/// Fewest corrupt members that achieve it, nobody absent.
	pub needed: u16,
	/// Per share in [`BETAS`], how often they were drawn.
	pub drawn: [Count; BETAS.len()],
	/// Per share, how likely that is.
	pub exact: [f64; BETAS.len()],
}

/// What is looked for.
pub struct Goal {
	/// As written in tables and files.
	pub name: &'static str,
	/// Who aims at it.
	pub scenario: Scenario,
	/// The outcomes that reach it.
	pub reached: fn(Outcome) -> bool,
}

/// A result without a strike for a line at a tenth of its claim.
pub const CHEAT_NOT_STRUCK: Goal = Goal {
	name: "cheat at 10 % not struck",
	scenario: SCENARIOS[4],
	reached: |outcome| !matches!(outcome, Outcome::Strike | Outcome::Void),
};
/// A strike for a line that delivers its claim.
pub const HONEST_STRUCK: Goal = Goal {
	name: "honest line struck",
	scenario: SCENARIOS[2],
	reached: |outcome| outcome == Outcome::Strike,
};
const GOALS: [Goal; 5] = [
	CHEAT_NOT_STRUCK,
	Goal { name: "cheat's test void", scenario: SCENARIOS[4], reached: |outcome| outcome == Outcome::Void },
	Goal {
		name: "cheat at 10 % paid in full",
		scenario: SCENARIOS[4],
		reached: |outcome| outcome == Outcome::Good,
	},
	HONEST_STRUCK,
	Goal {
		name: "honest line's claim lowered",
		scenario: SCENARIOS[2],
		reached: |outcome| matches!(outcome, Outcome::ClaimLowered | Outcome::Strike),
	},
];

impl Goal {
	/// The goal's table, as if every member saw exactly its share.
	pub fn table(&self, class: &Class, kind: ListKind, config: &Config) -> Table {
		let escalation = kind == ListKind::Escalation;
		Table::new(&self.scenario, class, escalation, &Conditions::exact(config.absence))
	}
}

/// Draws committees of every size and counts.
pub fn run(config: &Config, classes: &[Class; 2], world: &World, draws: &Draws) -> Vec<Event> {
	let [small, large] = classes;
	let sizes = [(small, ListKind::Test), (large, ListKind::Test), (large, ListKind::Escalation)];
	let events = sizes.into_iter().zip(0u32..).flat_map(|((class, kind), batch)| {
		let spread = histogram(config, class, kind, world, batch);
		GOALS
			.map(|goal| {
				let table = goal.table(class, kind, config);
				let needed = table.fewest_corrupt(goal.reached)?;
				let k = table.k();
				let count = |of: &Vec<u64>| Count {
					hits: of.iter().skip(needed.into()).sum(),
					trials: of.iter().sum(),
				};
				let exact = |beta| draws.at_least(corrupt_seats(draws.seats(), beta), k, needed);
				Some(Event {
					name: goal.name,
					k,
					needed,
					drawn: spread.each_ref().map(count),
					exact: BETAS.map(exact),
				})
			})
			.into_iter()
			.flatten()
	});
	events.collect()
}

/// Committees by their number of corrupt members, per share.
fn histogram(
	config: &Config,
	class: &Class,
	kind: ListKind,
	world: &World,
	batch: u32,
) -> [Vec<u64>; BETAS.len()] {
	let seats = world.seats();
	let empty = || BETAS.map(|_| vec![0u64; usize::from(class.escalation_k) + 1]);
	let k = if kind == ListKind::Escalation { class.escalation_k } else { class.k };
	let per_epoch = (seats / u32::from(k)).max(1);
	let epoch = |number: u32| {
		let mut rng = random(config.seed, Stream::Capture(batch << 24 | number));
		let list = List::new(&epoch_seed(&mut rng), kind, class, seats);
		let mut committee = Committee::new();
		let mut spread = empty();
		for ordinal in 0..per_epoch {
			list.committee(world, &[], ordinal, &mut committee);
			for (corrupt, counts) in committee.corrupt.iter().zip(&mut spread) {
				counts[usize::from(*corrupt)] += 1;
			}
		}
		spread
	};
	let add = |mut sum: [Vec<u64>; BETAS.len()], more: [Vec<u64>; BETAS.len()]| {
		for (sum, more) in sum.iter_mut().flatten().zip(more.iter().flatten()) {
			*sum += more;
		}
		sum
	};
	(0..config.committees.div_ceil(per_epoch)).into_par_iter().map(epoch).reduce(empty, add)
}
