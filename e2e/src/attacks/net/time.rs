//! What a provider can do to the clock of a test: serve its members one after the other, hold back what it acknowledges
//! until it counts, answer pings late so that windows move.

use super::{
	cheat::{Acknowledged, Cheat, Log, Place, Trick},
	is_bounded, times,
	trial::{Terms, Trial},
	Bench, Machine, LEAST_SHOWN, MEMBERS, MOST_GAIN, ONE_WAY,
};
use crate::{
	attacks::{Finding, Scenario},
	lab::ground,
};
use anyhow::{Context, Result};
use std::{collections::BTreeMap, sync::Arc, thread, time::Duration};
use weir_math::{committee::quota_kbps, rate::kbps};
use weir_tunnel::clock;
use weir_tunnel_core::{
	cadence::Cadence, second_start, windows_end, wire::data::Body, Micros, MAX_SHIFT, MILLI,
};

/// What is held back leaves this long after it counts.
const SAFELY: Micros = 3 * MILLI;
/// The last receipts of a window leave this long before its end: all members' at once, over one line.
const TOGETHER: Micros = 12 * MILLI;
/// Pings before this much before T0 are those that round-trip times come from.
const GREETINGS: Micros = 1_000 * MILLI;

/// Where holding back gains most: a claim that fills the line from half of the load on, and quotas whose receipts are
/// rarest. Few members, because the more there are the more of a gain is trimmed away again.
const HELD_LINE: u32 = 1_000;
const HELD_CLAIM: u32 = 1_600;
const HELD_MEMBERS: usize = 5;
/// What is held back is acknowledged all the same, so that more of the line shows than where members wait for their turn.
const LEAST_HELD: f64 = 0.5;

/// How late a core has to be for a receipt to close at the end of a window that is moved by `shift`.
fn late_for(shift: Micros) -> Micros {
	let cadence = Cadence::down(quota_kbps(HELD_CLAIM, HELD_MEMBERS as u16));
	(cadence.lead() + shift + cadence.receipt - TOGETHER) % cadence.receipt
}

/// Which member is served when.
#[derive(Clone, Copy)]
struct Turns {
	start: Micros,
	each: Micros,
}

impl Turns {
	/// The first member's turn begins at T0.
	fn served(&self, now: Micros) -> usize {
		let round = self.each * Micros::from(MEMBERS);
		let since = (now + 100 * round).saturating_sub(self.start);
		usize::try_from(since % round / self.each).unwrap_or(0)
	}

	/// When the turn at `now` ends.
	fn next(&self, now: Micros) -> Micros {
		let round = self.each * Micros::from(MEMBERS);
		now + self.each - (now + 100 * round).saturating_sub(self.start) % self.each
	}
}

/// A provider that plays with time.
struct Clockwork {
	start: Micros,
	window: Micros,
	/// By how much its core is late: receipts close at the very end of the window.
	late: Micros,
	/// Receipts and echoes of before this long after T0 or T1 leave then.
	hold_until: Option<Micros>,
	/// Greetings and pings are answered this late.
	pings: Micros,
	turns: Option<Turns>,
}

impl Clockwork {
	fn new(trial: &Trial) -> Self {
		let (start, window) = (trial.chain.start(), trial.chain.window());
		Self { start, window, late: 0, hold_until: None, pings: 0, turns: None }
	}
}

impl Trick for Clockwork {
	fn late(&self) -> Micros {
		self.late
	}

	fn leave(&mut self, now: Micros, place: usize, body: &Body<'_>) -> Option<Micros> {
		let from = |start: Micros| self.hold_until.map_or(now, |hold| now.max(start + hold));
		match body {
			Body::Welcome(_) | Body::Pong(_) if now + GREETINGS < self.start => Some(now + self.pings),
			Body::Receipts(_) => Some(from(self.start)),
			Body::Echo(_) if self.turns.is_some_and(|turns| turns.served(now) != place) => None,
			Body::Echo(_) => Some(from(second_start(self.start, self.window))),
			_ => Some(now),
		}
	}
}

/// Lets only the member whose turn it is load the line, upstream of where it is slow, until both windows are over.
fn gate(line: &Machine, turns: Turns, until: Micros, seats: &[Arc<Machine>]) -> Result<()> {
	let table = format!("turns-{}", line.name);
	let to = line.address;
	ground::rules(
		None,
		&format!(
			"table ip {table} {{\nset served {{\ntype ipv4_addr\n}}\nchain turns {{\n\
			type filter hook forward priority -10; policy accept;\n\
			ip daddr {to} udp length > 1000 ip saddr != @served drop\n}}\n}}\n"
		),
	)?;
	while clock::now() < until {
		let now = clock::now();
		let Some(seat) = seats.get(turns.served(now)) else { break };
		let (set, from) = (format!("ip {table} served"), seat.address);
		ground::rules(None, &format!("flush set {set}\nadd element {set} {{ {from} }}\n"))?;
		thread::sleep(Duration::from_micros(turns.next(now).saturating_sub(clock::now())));
	}
	ground::rules(None, &format!("delete table ip {table}\n"))
}

/// Carries out a test of a provider that plays with time: estimates, and what left the provider when.
fn play(
	bench: &Bench,
	line: &Machine,
	claim: u32,
	members: usize,
	tune: impl FnOnce(&mut Clockwork),
) -> Result<([u32; 2], Log, Arc<super::chain::OneTest>)> {
	let seats = bench.seats().get(..members).context("too few members")?;
	let trial = Trial::new(bench, line.address, Terms::short(claim), seats)?;
	let mut trick = Clockwork::new(&trial);
	tune(&mut trick);
	let (turns, until) = (trick.turns, windows_end(trick.start, trick.window));
	let cheat = Cheat::start(&trial, Place::whole(line), trick)?;
	let found = thread::scope(|scope| {
		let gating = turns.map(|turns| scope.spawn(move || gate(line, turns, until, bench.seats())));
		let found = trial.measure();
		match gating.map(|gating| gating.join()) {
			Some(Err(_)) => anyhow::bail!("turns were not kept"),
			Some(Ok(kept)) => kept?,
			None => {}
		}
		found
	})?;
	Ok((found.kbps()?, cheat.log(), trial.chain.clone()))
}

/// Sum of what members would see if each counted from T0 to its own last acknowledgement, kbps.
fn own_spans(log: &BTreeMap<usize, Acknowledged>, start: Micros, window: Micros, quota: u32) -> u32 {
	let span = |acknowledged: &Acknowledged| {
		let counted = || acknowledged.iter().filter(|(at, n)| (start..start + window).contains(at) && *n > 0);
		let (bytes, last) = counted().fold((0, start), |(sum, _), (at, bytes)| (sum + bytes, *at));
		kbps(bytes, (last - start).max(MILLI)).min(quota)
	};
	log.values().map(span).sum()
}

fn gain(seen: [u32; 2], line: u32) -> [f64; 2] {
	seen.map(|kbps| times(kbps, line))
}

/// Turns of 200 ms, and what arrived before the window acknowledged within.
pub const TURNS: Scenario<Bench> = Scenario {
	id: "A27",
	title: "members served in turns of 200 ms, receipts held back",
	run: |bench| {
		let (has, claims) = (1_000, 8_000);
		let line = bench.line(has)?;
		let (seen, ..) = play(bench, &line, claims, MEMBERS.into(), |trick| {
			trick.turns = Some(Turns { start: trick.start, each: 200 * MILLI });
			trick.hold_until = Some(SAFELY);
		})?;
		let [down, up] = gain(seen, has);
		Ok(Finding {
			tried: format!("line of {has} kbps, claims {claims}: each turn can show all of it"),
			measured: format!("{down:.3} of the line down, {up:.3} up"),
			criterion: format!("{LEAST_SHOWN} to {MOST_GAIN} of the line"),
			passed: is_bounded([down, up], LEAST_SHOWN),
		})
	},
};

/// One member after the other, once each; and what their own spans would have shown.
pub const SPANS: Scenario<Bench> = Scenario {
	id: "A27-spans",
	title: "members served one after the other; control: own spans",
	run: |bench| {
		let (has, claims) = (1_000, 8_000);
		let line = bench.line(has)?;
		let (seen, log, chain) = play(bench, &line, claims, MEMBERS.into(), |trick| {
			trick.turns = Some(Turns { start: trick.start, each: trick.window / Micros::from(MEMBERS) });
		})?;
		let [down, up] = gain(seen, has);
		let (quota, _) = chain.quotas();
		let spans = times(own_spans(&log.down, chain.start(), chain.window(), quota), has);
		Ok(Finding {
			tried: format!(
				"line of {has} kbps, claims {claims}; a ninth of the window for each of {MEMBERS}"
			),
			measured: format!("{down:.3} of the line down, {up:.3} up; control, by own spans: {spans:.2}"),
			criterion: format!("{LEAST_SHOWN} to {MOST_GAIN} of the line; the control ≥ 2 (about 2.8)"),
			passed: is_bounded([down, up], LEAST_SHOWN) && spans >= 2.0,
		})
	},
};

/// All that arrives during the ramp acknowledged within the window, and the last receipt closed at its very end.
pub const HELD: Scenario<Bench> = Scenario {
	id: "A27-held",
	title: "what the ramp brought is acknowledged in the window",
	run: |bench| {
		let line = bench.line(HELD_LINE)?;
		let (seen, ..) = play(bench, &line, HELD_CLAIM, HELD_MEMBERS, |trick| {
			trick.late = late_for(0);
			trick.hold_until = Some(SAFELY);
		})?;
		let [down, up] = gain(seen, HELD_LINE);
		Ok(Finding {
			tried: format!(
				"line of {HELD_LINE} kbps, claims {HELD_CLAIM}; the core's clock late by half a receipt"
			),
			measured: format!("{down:.3} of the line down, {up:.3} up"),
			criterion: format!("{LEAST_HELD} to {MOST_GAIN} of the line"),
			passed: is_bounded([down, up], LEAST_HELD),
		})
	},
};

/// Windows moved as late as they go by slow answers to pings, and all that was held back until then.
pub const PINGS: Scenario<Bench> = Scenario {
	id: "A27-pings",
	title: "pings answered late, receipts and echoes held back",
	run: |bench| {
		let line = bench.line(HELD_LINE)?;
		let (seen, ..) = play(bench, &line, HELD_CLAIM, HELD_MEMBERS, |trick| {
			trick.pings = 2 * MAX_SHIFT;
			trick.late = late_for(MAX_SHIFT - ONE_WAY);
			trick.hold_until = Some(MAX_SHIFT - ONE_WAY + SAFELY);
		})?;
		let [down, up] = gain(seen, HELD_LINE);
		Ok(Finding {
			tried: format!(
				"line of {HELD_LINE} kbps, claims {HELD_CLAIM}; pings take {} ms more",
				2 * MAX_SHIFT / MILLI
			),
			measured: format!("{down:.3} of the line down, {up:.3} up"),
			criterion: format!("{LEAST_HELD} to {MOST_GAIN} of the line"),
			passed: is_bounded([down, up], LEAST_HELD),
		})
	},
};

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn turns_should_go_round_from_t0_on() {
		let turns = Turns { start: 100_000_000, each: 200_000 };
		let served = |at: i64| turns.served(100_000_000u64.saturating_add_signed(at));
		assert_eq!([-1, 0, 199_999, 200_000, 1_799_999, 1_800_000].map(served), [8, 0, 0, 1, 8, 0]);
		assert_eq!(turns.next(100_000_000), 100_200_000);
		assert_eq!(turns.next(99_999_999), 100_000_000);
	}

	#[test]
	fn late_cores_should_close_receipts_at_the_end_of_the_window() {
		// Every 200 ms from 100 ms before T0 on; 12 ms before the end of windows that end with T0 + T, and 90 ms later.
		assert_eq!([0, 90 * MILLI].map(late_for), [88 * MILLI, 178 * MILLI]);
	}

	#[test]
	fn own_spans_should_show_a_line_many_times_when_it_is_served_in_turns() {
		// Three turns of a second at 800 kbps: 1 + 1/2 + 1/3.
		let log = (0..3).map(|n| (n as usize, vec![(1_000_000 + (n + 1) * 1_000_000, 100_000)])).collect();
		assert_eq!(own_spans(&log, 1_000_000, 3_000_001, 10_000), 800 + 400 + 266);
		assert_eq!(own_spans(&log, 1_000_000, 3_000_001, 500), 500 + 400 + 266);
	}
}
