//! What is stored of a line after many tests: of an honest one, without outages and with some, and of one that was caught:
//! strikes, evidence, an escalation by 51 members, the slash that waits, and outages beside.

use super::{
	figures::{both, own},
	outages::{next_alarm_slot, Fallen},
	storage::{mean, of, Stored},
};
use crate::blocks::{
	genesis::Line,
	node::Node,
	reports::Drawn,
	world::{line, World},
	Blocks,
};
use pallet_proof_of_bandwidth::{Dismissed, Event, Gaps, Locations, Watchers, KEPT_GAPS, KEPT_VERDICTS};
use std::collections::HashMap;
use weir_math::outage::ALARM;
use weir_primitives::{EpochIndex, ProviderIndex};
use weir_runtime::{AccountId, ProofOfBandwidth, Runtime, RuntimeEvent};

/// Providers, each with a seat: enough for an escalation's committee.
const PROVIDERS: u32 = 60;
/// The one that delivers a tenth of what it claims, once as many verdicts as are kept were good. It is down for a while after
/// every test, and was called down once when it was not.
const LIAR: ProviderIndex = 0;
/// An honest one that is down as often: as many outages are kept as may be.
const OFTEN: ProviderIndex = 1;
/// An honest one that is down once.
const ONCE: ProviderIndex = 2;
/// Until the verdicts are kept, strikes, an escalation, and the delay of the slash.
const EPOCHS: u32 = KEPT_VERDICTS + 8;
/// Every second line is in another country, so that locations are proven.
const FAR_COUNTRY: [u8; 2] = *b"US";
/// Round-trip time of everybody, 10 µs: longer than light takes from the one country to the other.
const ROUND_TRIP_10US: u16 = 15_000;
/// Slots for which a line is down: long enough to be recorded.
const DOWN_SLOTS: u64 = 80;
/// Slots from the beginning of an alarm slot until everybody knows that those lines are back, at most.
const MOST_SLOTS: u32 = 800;

/// What is kept of lines that were tested often.
pub struct Kept {
	/// Of honest ones without an outage.
	pub steady: Stored,
	/// Of an honest one that was down once.
	pub once: Stored,
	/// Of an honest one that was down as often as is remembered, or oftener.
	pub often: Stored,
	/// The most after any block of one that is caught, until its slash is due.
	pub struck: Stored,
}

/// The lines are in two countries by turns. Their own tests admit them, as on any network.
fn near_or_far(n: u32) -> Line {
	let line = line(n, false);
	let is_far = n % 2 == 1;
	let node = if is_far { line.node.clone().claiming(FAR_COUNTRY) } else { line.node.clone() };
	Line { node, ..line }
}

/// Tests a small network until everything that is kept is there.
pub fn kept() -> anyhow::Result<Kept> {
	let mut world = World::new((0..PROVIDERS).map(near_or_far).collect());
	let numbers: HashMap<AccountId, u32> =
		world.nodes.iter().zip(0..).map(|(node, number)| (node.account.clone(), number)).collect();
	let liar = world.nodes[LIAR as usize].clone();
	call_down(&mut world.chain, LIAR);
	let (mut struck, mut is_caught) = (Stored::new(), false);
	for number in 0..EPOCHS {
		let says = |test: &Drawn, _: usize| {
			let claim = test.test.claim.down_kbps;
			let lies = test.test.provider == LIAR && number >= KEPT_VERDICTS;
			let kbps = if lies { claim / 10 } else { claim };
			Some(test.share(kbps, test.measuring().count()))
		};
		let (epoch, tests) = world.measure();
		let mut reports = world.reports(epoch, &tests, &says);
		for entry in reports.iter_mut().flat_map(|(entries, _)| entries) {
			entry.rtt_10us = ROUND_TRIP_10US;
		}
		let judged = world.hand_in(epoch, tests, reports, &|_| true, &|_| true);
		is_caught |= judged.events.iter().any(|event| {
			matches!(
				event,
				RuntimeEvent::ProofOfBandwidth(Event::FalseClaimConfirmed {
					provider: LIAR,
					slash: Some(_),
					..
				})
			)
		});
		let down: &[ProviderIndex] = if number + 1 < EPOCHS { &[LIAR, OFTEN] } else { &[LIAR, OFTEN, ONCE] };
		let mut look = |chain: &mut Blocks| {
			let stored = of(chain, LIAR, &liar);
			if both(own(&stored)) >= both(own(&struck)) {
				struck = stored;
			}
		};
		look(&mut world.chain);
		be_down(&mut world.chain, &world.nodes, &numbers, down, look)?;
	}
	anyhow::ensure!(is_caught, "the liar was not caught within {EPOCHS} epochs");
	let gaps =
		world.chain.look(|| [OFTEN, ONCE].map(|provider| Gaps::<Runtime>::get(provider).to_vec().len()));
	anyhow::ensure!(gaps == [KEPT_GAPS as usize, 1], "{gaps:?} outages are kept");
	let steady = (ONCE + 1)..PROVIDERS;
	let is_located = |provider: ProviderIndex| Locations::<Runtime>::contains_key(provider);
	anyhow::ensure!(
		world.chain.look(|| (ONCE..PROVIDERS).all(is_located)),
		"not every location was proven within {EPOCHS} epochs"
	);
	let mut stored = |n: ProviderIndex| of(&mut world.chain, n, &world.nodes[n as usize]);
	let (once, often) = (stored(ONCE), stored(OFTEN));
	Ok(Kept { steady: mean(steady.map(stored)), once, often, struck })
}

/// Leaves what three watchers leave that called a line down when it was not: in an epoch that is over, and as long as the line
/// is registered.
fn call_down(chain: &mut Blocks, provider: ProviderIndex) {
	const OVER: EpochIndex = 1;
	chain.look(|| {
		let mut watchers = ProofOfBandwidth::watchers(provider);
		watchers.truncate(ALARM as usize);
		let watchers: Watchers<AccountId> = watchers.try_into().expect("three are no more than five");
		Dismissed::<Runtime>::insert(provider, (OVER, watchers));
	});
}

/// Lets lines fall together, and looks at the chain after each block until everybody knows that they are back.
fn be_down(
	chain: &mut Blocks,
	nodes: &[Node],
	numbers: &HashMap<AccountId, u32>,
	lines: &[ProviderIndex],
	mut look: impl FnMut(&mut Blocks),
) -> anyhow::Result<()> {
	let falls = next_alarm_slot(chain);
	let mut fallen = Fallen::default();
	lines.iter().for_each(|provider| fallen.fall(*provider, falls, falls + DOWN_SLOTS));
	for _ in 0..MOST_SLOTS {
		if fallen.is_empty() {
			return Ok(());
		}
		fallen.block(chain, nodes, numbers)?;
		look(chain);
	}
	anyhow::bail!("a line was down for more than {MOST_SLOTS} slots: {:?}", fallen.tally())
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::scale::storage::Part;

	#[test]
	fn outages_should_be_stored_of_lines_that_were_down() {
		let Kept { steady, once, often, struck } = kept().expect("it runs");
		let gaps = |stored: &Stored| stored.get(&(Part::Outages, "last outages")).map(|bytes| bytes.values);
		assert_eq!(gaps(&steady), None);
		let (one, eight) = (gaps(&once).expect("one"), gaps(&often).expect("eight"));
		assert!(one < eight, "{one}, {eight}");
		assert!(gaps(&struck).is_some_and(|bytes| bytes > one), "{struck:?}");
		assert!(struck.contains_key(&(Part::Outages, "last false alarm")), "{struck:?}");
		// Whoever is jailed is watched no more.
		let open = |map| struck.contains_key(&(Part::Outages, map));
		assert!(!open("open alarm") && !open("open outage"), "{struck:?}");
		for stored in [&steady, &once, &often, &struck] {
			assert!(stored.contains_key(&(Part::Provider, "where it is")), "{stored:?}");
		}
	}
}
