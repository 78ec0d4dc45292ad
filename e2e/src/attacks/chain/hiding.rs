//! A12: friends among watchers and confirmers hide that a provider has fallen.
//!
//! Seats watch by the rules of the sidecar (`weir_tunnel_core::watching`), so that the time to a recorded outage is
//! counted from the fall, and not from the first report: what pings, an alarm and its votes take is in it.

use super::finding;
use crate::{
	attacks::{Finding, Scenario},
	blocks::{
		reports::say,
		world::{line, World},
		Making,
	},
};
use anyhow::{ensure, Context};
use pallet_proof_of_bandwidth::{Outages, FIRST_TESTED_EPOCH};
use std::collections::BTreeSet;
use weir_math::outage::{ALARM, CONFIRMERS, WATCHERS};
use weir_primitives::{
	outage::{OpenAlarm, Sighting, Watch},
	ProviderIndex, SlotOffset, Timing,
};
use weir_runtime::{AccountId, ProofOfBandwidth, Runtime};
use weir_tunnel_core::{
	watching::{self, Output, Question, Rhythm, Subject, Watching},
	Micros, MILLI,
};

pub(super) const SCENARIOS: [Scenario; 2] = [
	Scenario {
		id: "A12",
		title: "2 of 5 watchers and 3 of 9 confirmers hide an outage",
		run: |()| hide(2, 3),
	},
	Scenario { id: "A12-control", title: "3 of 5 watchers hide it", run: |()| hide(3, 0) },
];

const SEATS: u32 = 150;
/// Who falls, one after the other, and how many slots of an alarm slot are over by then.
const FALLS: [(ProviderIndex, u64); 5] = [(7, 0), (8, 20), (9, 40), (10, 60), (11, 80)];
/// Slots in which watchers hear of a provider before it falls, at least.
const BEFORE: SlotOffset = 30;
/// A quarter of an hour, in slots of a public network.
const MOST_SLOTS: SlotOffset = 150;
/// Slots in which an outage may be recorded: more than it may take, so that one can come late.
const LOOKED_AT: SlotOffset = 2 * MOST_SLOTS;
/// Slots before the end of the votes on an alarm in which a vote may still be on its way into a block.
const VOTE_SLOTS: u64 = 3;

/// A seat's watch, as its sidecar keeps it.
struct Seat {
	watching: Watching<ProviderIndex>,
	/// Whom it watches in this epoch.
	watched: Vec<ProviderIndex>,
	now: Micros,
}

fn subject(provider: ProviderIndex) -> Subject<ProviderIndex> {
	Subject { contact: provider, is_elsewhere: true }
}

impl Seat {
	fn new(n: usize, timing: &Timing, watched: Vec<ProviderIndex>, now: Micros) -> Self {
		let mut seed = [0; 32];
		seed[..8].copy_from_slice(&(n as u64).to_le_bytes());
		let alarm_slot = timing.slot_millis * MILLI * Micros::from(timing.alarm_slots);
		Self { watching: Watching::new(Rhythm::of(alarm_slot), seed), watched, now }
	}

	/// Pings until then, and sees a block. Whoever is up answers at once.
	fn run(&mut self, until: Micros, is_up: &dyn Fn(ProviderIndex, Micros) -> bool) {
		loop {
			self.watching.handle_timeout(self.now);
			while let Some(output) = self.watching.poll() {
				match output {
					Output::Ping { number, contact } if is_up(contact, self.now) => {
						self.watching.handle_answer(self.now, number);
					}
					Output::Ping { .. } | Output::HangUp(_) => {}
				}
			}
			if self.now >= until {
				break;
			}
			self.now = self.watching.timeout().map_or(until, |due| due.clamp(self.now, until));
		}
		self.watching.handle_proof(self.now);
	}

	/// Takes whom to watch, and the alarms that the seat is asked about in `slot`.
	fn take(&mut self, alarms: &[OpenAlarm<AccountId>], slot: u64, slot_micros: Micros) {
		let now = self.now;
		for provider in &self.watched {
			self.watching.name(now, *provider, subject(*provider));
		}
		let question = |alarm: &OpenAlarm<AccountId>| {
			let left = alarm.until_slot.saturating_sub(VOTE_SLOTS).saturating_sub(slot);
			let until = now + left * slot_micros;
			Question {
				provider: alarm.provider,
				raised: alarm.raised,
				subject: subject(alarm.provider),
				until,
			}
		};
		self.watching.ask(now, alarms.iter().map(question).collect());
	}

	/// What there is to say of a provider.
	fn says(&self, provider: ProviderIndex, watch: &Watch<AccountId>) -> Vec<Sighting> {
		let votes = watch.alarms.iter().filter(|alarm| alarm.provider == provider).filter_map(|alarm| {
			let is_down = self.watching.vote(provider, alarm.raised)?;
			Some(Sighting::Confirm { raised: alarm.raised, is_down })
		});
		let is_down = self.watching.finding(self.now, provider) == Some(watching::Finding::Down);
		let reports = watch.watched.iter().filter(|watched| {
			watched.provider == provider && !watched.has_spoken && watched.down_since.is_none() && is_down
		});
		votes.chain(reports.map(|_| Sighting::Down { alarm_slot: watch.alarm_slot })).collect()
	}
}

/// A provider that falls, and its friends.
struct Fall {
	provider: ProviderIndex,
	/// When, in slots of the epoch.
	slot: SlotOffset,
	/// Seats that watch it.
	watchers: Vec<usize>,
	/// Those of them that say nothing.
	silent: BTreeSet<usize>,
	/// Confirmers that say at once that it is up.
	liars: usize,
}

/// A network of seats that are lines as well, in an epoch of which the watchers are known.
struct Ground {
	world: World,
	timing: Timing,
	seats: Vec<Seat>,
	/// Number of the epoch's first slot.
	first: u64,
	/// Of the last block, in the epoch.
	slot: SlotOffset,
}

impl Ground {
	fn new() -> Self {
		let timing = Timing::public();
		let mut world = World::with_timing((0..SEATS).map(|n| line(n, true)).collect(), timing);
		let World { chain, nodes, .. } = &mut world;
		let (_, slot, first) = chain.look(ProofOfBandwidth::clock);
		let now = time_of(slot, &timing);
		let seats = chain.look(|| {
			let seat = |(n, account): (usize, &AccountId)| {
				let watched = ProofOfBandwidth::watch(account).watched;
				Seat::new(n, &timing, watched.into_iter().map(|watched| watched.provider).collect(), now)
			};
			nodes.iter().map(|node| &node.account).enumerate().map(seat).collect()
		});
		Self { world, timing, seats, first, slot }
	}

	/// A fall in the first slot in which `phase` slots of an alarm slot are over, once seats have heard of the provider.
	fn plan(
		&mut self,
		(provider, phase): (ProviderIndex, u64),
		friends: usize,
		liars: usize,
	) -> anyhow::Result<Fall> {
		let accounts = self.world.chain.look(|| ProofOfBandwidth::watchers(provider));
		let watchers: Vec<usize> = accounts.iter().map(|account| self.world.number(account)).collect();
		ensure!(watchers.len() == WATCHERS as usize, "provider {provider} has {} watchers", watchers.len());
		let phase_of = |slot: SlotOffset| (self.first + u64::from(slot)) % u64::from(self.timing.alarm_slots);
		let slot = (self.slot + BEFORE..self.timing.epoch_slots).find(|slot| phase_of(*slot) == phase);
		let slot = slot.context("the epoch is over")?;
		let silent = watchers.iter().take(friends).copied().collect();
		Ok(Fall { provider, slot, watchers, silent, liars })
	}

	/// The block of the next slot, with what seats have to say after the last one.
	fn step(&mut self, fall: &Fall) {
		let (now, falls) = (time_of(self.slot, &self.timing), time_of(fall.slot, &self.timing));
		let is_up = |contact: ProviderIndex, at: Micros| contact != fall.provider || at < falls;
		for seat in &mut self.seats {
			seat.run(now, &is_up);
		}
		let accounts = self.world.chain.look(|| ProofOfBandwidth::confirmers(fall.provider));
		let mut asked: Vec<usize> = accounts.iter().map(|account| self.world.number(account)).collect();
		// Friends that are drawn again are among those that lie.
		asked.sort_by_key(|n| !fall.silent.contains(n));
		let (liars, honest) = asked.split_at(fall.liars.min(asked.len()));
		let (slot, slot_micros) = (self.first + u64::from(self.slot), self.timing.slot_millis * MILLI);
		let (World { chain, nodes, .. }, seats) = (&mut self.world, &mut self.seats);
		let transactions = chain.look(|| {
			let mut transactions = Vec::new();
			for (n, (seat, node)) in seats.iter_mut().zip(nodes.iter()).enumerate() {
				let is_concerned = fall.watchers.contains(&n) || asked.contains(&n);
				let watch = is_concerned.then(|| ProofOfBandwidth::watch(&node.account));
				let alarms = watch.as_ref().map(|watch| watch.alarms.as_slice()).unwrap_or_default();
				seat.take(alarms, slot, slot_micros);
				let Some(watch) = watch else { continue };
				let lies = watch.alarms.iter().filter(|alarm| alarm.provider == fall.provider);
				let lies = lies.map(|alarm| Sighting::Confirm { raised: alarm.raised, is_down: false });
				let may_say = |sighting: &Sighting| match sighting {
					Sighting::Confirm { .. } => honest.contains(&n),
					Sighting::Down { .. } | Sighting::Up { .. } => !fall.silent.contains(&n),
				};
				let says = seat.says(fall.provider, &watch).into_iter().filter(may_say);
				let says = says.chain(lies.filter(|_| liars.contains(&n)));
				transactions.extend(says.map(|sighting| say(node, fall.provider, sighting)));
			}
			transactions
		});
		self.slot += 1;
		let inside = |making: &mut Making| {
			for transaction in transactions {
				// The alarm may be raised by then, or decided.
				let _ = making.include(transaction);
			}
		};
		chain.block_at(FIRST_TESTED_EPOCH, self.slot, inside);
	}

	/// Slots from the fall to the block that records the outage; none if none does.
	fn watch(&mut self, fall: &Fall) -> anyhow::Result<Option<SlotOffset>> {
		while self.slot < fall.slot + LOOKED_AT {
			self.step(fall);
			if self.world.chain.look(|| Outages::<Runtime>::contains_key(fall.provider)) {
				let slots = self.slot.checked_sub(fall.slot);
				return slots.map(Some).context("an outage was recorded before the provider fell");
			}
		}
		Ok(None)
	}
}

/// When the block of a slot of the epoch has arrived, by a clock that does not begin with 0.
fn time_of(slot: SlotOffset, timing: &Timing) -> Micros {
	(Micros::from(slot) * timing.slot_millis + 1) * MILLI
}

/// Providers fall. Friends among their watchers say nothing, and friends among confirmers that they are up.
fn hide(friends: usize, liars: usize) -> anyhow::Result<Finding> {
	let mut ground = Ground::new();
	let (mut falls, mut recorded) = (Vec::new(), Vec::new());
	for place in FALLS {
		let fall = ground.plan(place, friends, liars)?;
		recorded.extend(ground.watch(&fall)?);
		falls.push(fall);
	}
	let all = falls.len();
	let tried = format!(
		"{all} falls, each at another time of an alarm slot; {friends} of {WATCHERS} watchers silent, {liars} of \
		 {CONFIRMERS} confirmers lie"
	);
	if friends < ALARM as usize {
		let (first, last) = (recorded.iter().min(), recorded.iter().max());
		let measured = format!(
			"{} recorded, {} to {} slots after the fall",
			recorded.len(),
			first.unwrap_or(&0),
			last.unwrap_or(&0)
		);
		let is_in_time = recorded.len() == all && recorded.iter().all(|slots| *slots <= MOST_SLOTS);
		return finding(
			tried,
			measured,
			"each recorded within 15 minutes of the fall (150 slots)",
			is_in_time,
		);
	}
	// With the next epoch come other watchers.
	let World { chain, nodes, .. } = &mut ground.world;
	chain.until_epoch(FIRST_TESTED_EPOCH + 1);
	let others = chain.look(|| {
		let is_friend =
			|fall: &Fall, account: &AccountId| fall.silent.iter().any(|n| nodes[*n].account == *account);
		let others = |fall: &Fall| {
			let watchers = ProofOfBandwidth::watchers(fall.provider);
			watchers.iter().filter(|account| !is_friend(fall, account)).count()
		};
		falls.iter().map(others).min().unwrap_or(0)
	});
	let measured = format!(
		"{} recorded within {LOOKED_AT} slots; in the next epoch {others} watchers of each are not its friends, at least",
		recorded.len()
	);
	finding(
		tried,
		measured,
		"hidden from this epoch's watchers, not from the next one's",
		recorded.is_empty() && others >= ALARM as usize,
	)
}
