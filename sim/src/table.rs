//! The best play against every committee, and what `weir-math` makes of it.
//!
//! A committee without measuring noise is fully described by how many of its members are corrupt and how many of the
//! honest are absent. So there are few, each is judged once, and exact sums and simulation agree by construction on
//! what a committee means; they differ in how its members come about. With noise a committee's ends have chances, taken
//! from repeated draws.

use crate::{
	config::{Absence, Class},
	line::{noisy_weight, reports, Line, Play, Role, Seat},
	strategy::Scenario,
	world::{random, Stream},
};
use rayon::prelude::*;
use weir_math::{
	estimate::{estimate, Member},
	verdict::{judge, sanction, Outcome, Sanction},
};

/// A test's end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Judged {
	/// What follows from it.
	pub outcome: Outcome,
	/// Estimate ÷ claim, millionths; 0 for a void test.
	pub ratio_ppm: u32,
	/// The estimates down and up, kbps, if the test is not void.
	pub estimates_kbps: Option<[u32; 2]>,
}

/// Under which conditions committees meet.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Conditions {
	/// What honest absent members do.
	pub absence: Absence,
	/// Standard deviation of an honest member's share of a line.
	pub noise: f64,
	/// Draws of noise from which the chances of a committee's ends are taken.
	pub draws: u32,
	/// Of these draws.
	pub seed: u64,
}

impl Conditions {
	/// Every member sees exactly its share.
	pub const fn exact(absence: Absence) -> Self {
		Self { absence, noise: 0.0, draws: 0, seed: 0 }
	}
}

/// How the test of one committee ends, as chances: 0 or 1 without measuring noise.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Ends {
	/// Without a result.
	pub void: f64,
	/// With a strike.
	pub strike: f64,
	/// With a lower claim, but no strike.
	pub lowered: f64,
	/// With neither.
	pub stands: f64,
	/// With a strike that costs a part of the bond at the first offence, if it is an escalation.
	pub slash: f64,
}

impl Ends {
	fn add(&mut self, judged: Judged, chance: f64) {
		let end = match judged.outcome {
			Outcome::Void | Outcome::Unreachable => &mut self.void,
			Outcome::Strike => &mut self.strike,
			Outcome::ClaimLowered => &mut self.lowered,
			Outcome::Good | Outcome::PaidAsMeasured => &mut self.stands,
		};
		*end += chance;
		if judged.is_slash() {
			self.slash += chance;
		}
	}
}

/// What the attackers do against one committee, and how it ends.
#[derive(Clone, PartialEq, Debug)]
pub struct Cell {
	/// The play that serves them best, as if every member saw exactly its share.
	pub play: Play,
	/// Its end if every member does.
	pub judged: Judged,
	/// Its ends with the noise there is.
	pub ends: Ends,
	/// Estimates of both directions, kbps, of every draw of noise with a result.
	pub estimates_kbps: Vec<u32>,
}

impl Judged {
	/// Whether this end of an escalation takes a part of the bond of somebody without earlier offences.
	pub fn is_slash(&self) -> bool {
		let confirmed = self.outcome == Outcome::Strike;
		matches!(sanction(self.ratio_ppm, confirmed, 0), Sanction::Slash { .. })
	}
}

/// All committees of one size for one scenario.
#[derive(Clone, Debug)]
pub struct Table {
	k: u16,
	cells: Vec<Option<Cell>>,
}

/// Lets `weir-math` conclude the test of a line by the committee `seats`. `buffer` saves allocations.
pub fn conclude(
	line: &Line,
	seats: &[Seat],
	absence: Absence,
	play: &Play,
	escalation: bool,
	buffer: &mut Vec<Member>,
) -> Judged {
	reports(line, seats, absence, play, buffer);
	let result = estimate(buffer, line.claim_kbps, line.claim_kbps);
	let (outcome, _) = judge(&result, seats.len() as u16, escalation);
	Judged {
		outcome,
		ratio_ppm: result.map_or(0, |estimate| estimate.ratio_ppm),
		estimates_kbps: result.ok().map(|estimate| [estimate.down_kbps, estimate.up_kbps]),
	}
}

/// The line of a scenario.
pub fn line_of(scenario: &Scenario, claim_kbps: u32) -> Line {
	Line { claim_kbps, capacity_kbps: claim_kbps / 100 * scenario.delivers_percent }
}

impl Table {
	/// Judges every committee of a class, or of its escalation, for the best play.
	pub fn new(scenario: &Scenario, class: &Class, escalation: bool, conditions: &Conditions) -> Self {
		let k = if escalation { class.escalation_k } else { class.k };
		let line = line_of(scenario, class.claim_kbps);
		let side = usize::from(k) + 1;
		let cell = |index: usize| {
			let (corrupt, absent) = ((index / side) as u16, (index % side) as u16);
			let honest = k.checked_sub(corrupt + absent)?;
			let roles = [(Role::Corrupt, corrupt), (Role::Absent, absent), (Role::Honest, honest)];
			let seats =
				roles.into_iter().flat_map(|(role, members)| (0..members).map(move |_| Seat::exact(role)));
			let mut seats: Vec<Seat> = seats.collect();
			let mut buffer = Vec::with_capacity(side);
			let conclude = |play: &Play, seats: &[Seat], buffer: &mut Vec<Member>| {
				conclude(&line, seats, conditions.absence, play, escalation, buffer)
			};
			let plays = scenario.plays(corrupt, honest).into_iter();
			let judged = plays.map(|play| (play, conclude(&play, &seats, &mut buffer)));
			let (play, judged) =
				judged.max_by_key(|(_, judged)| scenario.gain(judged.outcome, judged.ratio_ppm))?;
			let mut ends = Ends::default();
			let mut estimates_kbps = Vec::new();
			let mut note = |judged: Judged, chance: f64| {
				ends.add(judged, chance);
				estimates_kbps.extend(judged.estimates_kbps.into_iter().flatten());
			};
			if conditions.noise == 0.0 {
				note(judged, 1.0);
			} else {
				let mut rng = random(conditions.seed, Stream::Table(index as u32));
				for _ in 0..conditions.draws {
					seats.iter_mut().for_each(|seat| seat.weight = noisy_weight(&mut rng, conditions.noise));
					note(conclude(&play, &seats, &mut buffer), 1.0 / f64::from(conditions.draws));
				}
			}
			Some(Cell { play, judged, ends, estimates_kbps })
		};
		Self { k, cells: (0..side * side).into_par_iter().map(cell).collect() }
	}

	/// Members of the committees.
	pub fn k(&self) -> u16 {
		self.k
	}

	/// The best play against a committee of `corrupt` and `absent` members, which may be `k` together at most.
	pub fn cell(&self, corrupt: u16, absent: u16) -> &Cell {
		let side = usize::from(self.k) + 1;
		let cell = self.cells.get(usize::from(corrupt) * side + usize::from(absent));
		cell.and_then(Option::as_ref).expect("more corrupt and absent members than the committee has")
	}

	/// Fewest corrupt members, nobody absent, with whom an outcome fulfils the condition.
	pub fn fewest_corrupt(&self, condition: impl Fn(Outcome) -> bool) -> Option<u16> {
		(0..=self.k).find(|corrupt| condition(self.cell(*corrupt, 0).judged.outcome))
	}
}
