//! Providers tested epoch by epoch: who is flagged within five tests, whom the escalation confirms, whose claim falls.
//!
//! A window is five tests with a result, and the next one begins empty; were a window to end with its third strike, a
//! run of limited length would complete more of those that end early. Void tests are drawn again by lot. A lowered
//! claim is raised again at once, so that every test is held against the same claim: a cheat's best case. An escalation
//! without a result is repeated in every second epoch until it lapses.

use crate::{
	config::{Class, Config, BETAS, ESCALATION_ATTEMPTS, ESCALATION_EVERY},
	line::Seat,
	stats::Count,
	strategy::{Scenario, SCENARIOS},
	table::{conclude, line_of, Conditions, Judged, Table},
	world::{random, Committee, Epoch, Stream, World},
};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use weir_math::{
	estimate::Member,
	verdict::{Outcome, StrikeWindow, WINDOW},
};

/// Providers that one thread takes at a time.
const CHUNK: u32 = 128;

/// Ordinary and escalation tables of one class, one pair per scenario.
pub struct Tables {
	/// The class.
	pub class: Class,
	/// In the order of the scenarios.
	pub pairs: Vec<(Table, Table)>,
}

impl Tables {
	/// Finds the best plays for some scenarios of a class.
	pub fn new(class: &Class, conditions: &Conditions, scenarios: &[Scenario]) -> Self {
		let pair = |scenario: &Scenario| {
			(Table::new(scenario, class, false, conditions), Table::new(scenario, class, true, conditions))
		};
		Self { class: *class, pairs: scenarios.iter().map(pair).collect() }
	}
}

/// What became of one scenario at one share.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
	/// Tests drawn.
	pub tests: u64,
	/// Without a result.
	pub voids: u64,
	/// Strikes.
	pub strikes: u64,
	/// Windows.
	pub windows: u64,
	/// Of these, with an escalation.
	pub flagged: u64,
	/// Tests with a result until it was due; all five of a window without one.
	pub until_flagged: u64,
	/// Confirmed by it.
	pub confirmed: u64,
	/// Losing a part of the bond at the first offence.
	pub slashed: u64,
	/// First two tests of a window taken.
	pub pairs: u64,
	/// Of these, one lowered the claim or was a strike.
	pub derated: u64,
}

impl Tally {
	fn add(&mut self, more: &Self) {
		self.tests += more.tests;
		self.voids += more.voids;
		self.strikes += more.strikes;
		self.windows += more.windows;
		self.flagged += more.flagged;
		self.until_flagged += more.until_flagged;
		self.confirmed += more.confirmed;
		self.slashed += more.slashed;
		self.pairs += more.pairs;
		self.derated += more.derated;
	}

	fn close(&mut self, progress: &Progress) {
		self.windows += 1;
		self.flagged += u64::from(progress.flagged);
		self.until_flagged += progress.until_flagged;
		self.confirmed += u64::from(progress.confirmed);
		self.slashed += u64::from(progress.slashed);
	}

	/// Windows with an escalation.
	pub fn flag_rate(&self) -> Count {
		Count { hits: self.flagged, trials: self.windows }
	}

	/// Tests with a result until an escalation was due, on average over windows that follow each other; 0 if none was.
	pub fn tests_to_flag(&self) -> f64 {
		if self.flagged == 0 {
			0.0
		} else {
			self.until_flagged as f64 / self.flagged as f64
		}
	}

	/// Windows without one.
	pub fn miss_rate(&self) -> Count {
		Count { hits: self.windows - self.flagged, trials: self.windows }
	}

	/// Windows whose escalation agreed.
	pub fn confirm_rate(&self) -> Count {
		Count { hits: self.confirmed, trials: self.windows }
	}

	/// Windows that cost a part of the bond at the first offence.
	pub fn slash_rate(&self) -> Count {
		Count { hits: self.slashed, trials: self.windows }
	}

	/// Windows whose first two tests lowered the claim.
	pub fn derate_rate(&self) -> Count {
		Count { hits: self.derated, trials: self.pairs }
	}

	/// Tests without a result.
	pub fn void_rate(&self) -> Count {
		Count { hits: self.voids, trials: self.tests }
	}

	/// Strikes among tests with a result.
	pub fn strike_rate(&self) -> Count {
		Count { hits: self.strikes, trials: self.tests - self.voids }
	}
}

/// Per class, per scenario, per share.
pub type Tallies = Vec<[[Tally; BETAS.len()]; SCENARIOS.len()]>;

fn add(mut sum: Tallies, more: Tallies) -> Tallies {
	for (sum, more) in sum.iter_mut().flatten().flatten().zip(more.iter().flatten().flatten()) {
		sum.add(more);
	}
	sum
}

/// Simulates all epochs, with tables of all [`SCENARIOS`].
pub fn run(config: &Config, tables: &[Tables], world: &World) -> Tallies {
	let classes: Vec<Class> = tables.iter().map(|tables| tables.class).collect();
	// The escalation of a flag in the last epoch may be attempted as often as any.
	let last = config.epochs + ESCALATION_ATTEMPTS * ESCALATION_EVERY;
	let epochs: Vec<Epoch> =
		(0..last).into_par_iter().map(|number| Epoch::new(config, &classes, number)).collect();
	let empty = || vec![[[Tally::default(); BETAS.len()]; SCENARIOS.len()]; tables.len()];
	let chunk = |chunk: u32| {
		let mut tallies = empty();
		let first = chunk * CHUNK;
		for provider in first..config.providers.min(first.saturating_add(CHUNK)) {
			for (class, (tables, tally)) in tables.iter().zip(&mut tallies).enumerate() {
				Target::new(config, tables, world, &epochs, class, provider).live(tally);
			}
		}
		tallies
	};
	(0..config.providers.div_ceil(CHUNK)).into_par_iter().map(chunk).reduce(empty, add)
}

/// A window in progress.
#[derive(Clone, Copy, Default)]
struct Progress {
	strikes: StrikeWindow,
	taken: usize,
	derated: bool,
	/// Tests taken until an escalation was due.
	until_flagged: u64,
	flagged: bool,
	confirmed: bool,
	slashed: bool,
}

/// One provider of one class in all scenarios at all shares.
struct Target<'a> {
	config: &'a Config,
	tables: &'a Tables,
	world: &'a World,
	epochs: &'a [Epoch],
	class: usize,
	provider: u32,
	rng: ChaCha8Rng,
	/// Committees of the escalation's attempts from the current epoch, drawn when first asked for.
	attempts: Vec<Committee>,
	seats: Vec<Seat>,
	buffer: Vec<Member>,
}

impl<'a> Target<'a> {
	fn new(
		config: &'a Config,
		tables: &'a Tables,
		world: &'a World,
		epochs: &'a [Epoch],
		class: usize,
		provider: u32,
	) -> Self {
		let mut rng = random(config.seed, Stream::Noise(provider));
		// Far beyond what one class can use.
		rng.set_word_pos((class as u128) << 40);
		Self {
			config,
			tables,
			world,
			epochs,
			class,
			provider,
			rng,
			attempts: Vec::new(),
			seats: Vec::new(),
			buffer: Vec::new(),
		}
	}

	fn live(mut self, tallies: &mut [[Tally; BETAS.len()]; SCENARIOS.len()]) {
		let mut progress = [[Progress::default(); BETAS.len()]; SCENARIOS.len()];
		let mut committee = Committee::new();
		for number in 0..self.config.epochs {
			if !self.epochs[number as usize].test(self.world, self.class, self.provider, &mut committee) {
				continue;
			}
			self.weigh(&mut committee);
			self.attempts.clear();
			for (scenario, (tallies, progress)) in tallies.iter_mut().zip(&mut progress).enumerate() {
				for (beta, (tally, progress)) in tallies.iter_mut().zip(progress).enumerate() {
					let judged = self.judge(&committee, scenario, beta, false);
					if self.remember(judged, tally, progress) {
						self.escalate(number, scenario, beta, progress);
					}
					if progress.taken == WINDOW {
						tally.close(&std::mem::take(progress));
					}
				}
			}
		}
	}

	/// Enters a test; whether an escalation is due.
	fn remember(&self, judged: Judged, tally: &mut Tally, progress: &mut Progress) -> bool {
		tally.tests += 1;
		if matches!(judged.outcome, Outcome::Void | Outcome::Unreachable) {
			tally.voids += 1;
			return false;
		}
		let strike = judged.outcome == Outcome::Strike;
		let claim = self.tables.class.claim_kbps;
		progress.strikes.push(progress.taken as u32, strike, claim, claim);
		progress.taken += 1;
		progress.until_flagged += u64::from(!progress.flagged);
		progress.derated |= strike || judged.outcome == Outcome::ClaimLowered;
		tally.strikes += u64::from(strike);
		if progress.taken == 2 {
			tally.pairs += 1;
			tally.derated += u64::from(progress.derated);
		}
		let due = progress.strikes.should_escalate() && !progress.flagged;
		progress.flagged |= due;
		due
	}

	fn escalate(&mut self, number: u32, scenario: usize, beta: usize, progress: &mut Progress) {
		for attempt in 0..ESCALATION_ATTEMPTS as usize {
			if attempt == self.attempts.len() {
				let epoch = number + 1 + attempt as u32 * ESCALATION_EVERY;
				let mut committee = Committee::new();
				let epoch = &self.epochs[epoch as usize];
				epoch.escalation(self.world, self.class, self.provider, &mut committee);
				self.weigh(&mut committee);
				self.attempts.push(committee);
			}
			let committee = std::mem::take(&mut self.attempts[attempt]);
			let judged = self.judge(&committee, scenario, beta, true);
			self.attempts[attempt] = committee;
			if !matches!(judged.outcome, Outcome::Void | Outcome::Unreachable) {
				progress.confirmed = judged.outcome == Outcome::Strike;
				progress.slashed = judged.is_slash();
				return;
			}
		}
	}

	fn weigh(&mut self, committee: &mut Committee) {
		if self.config.noise > 0.0 {
			committee.weigh(&mut self.rng, self.config.noise);
		}
	}

	fn judge(&mut self, committee: &Committee, scenario: usize, beta: usize, escalation: bool) -> Judged {
		let (ordinary, larger) = &self.tables.pairs[scenario];
		let table = if escalation { larger } else { ordinary };
		let cell = table.cell(committee.corrupt[beta], committee.absent[beta]);
		if self.config.noise == 0.0 {
			return cell.judged;
		}
		committee.seats(beta, &mut self.seats);
		let line = line_of(&SCENARIOS[scenario], self.tables.class.claim_kbps);
		conclude(&line, &self.seats, self.config.absence, &cell.play, escalation, &mut self.buffer)
	}
}
