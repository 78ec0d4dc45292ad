//! Lines that fall silent, and what seats say of them: watchers that lose a line, confirmers that look again, watchers that
//! see it come back.
//!
//! After every block each of them finds on the chain whether it still has something to say, as its worker does. When it
//! knows follows from the sidecar's watch (`weir_tunnel_core::watching`), in slots. A seat beside a line that is down says
//! nothing.

use crate::blocks::{node::Node, reports::say, Block, Blocks, Making};
use codec::Encode;
use pallet_proof_of_bandwidth::{Alarm, Alarms, Dismissed, Event, Outage, Outages, Raised};
use polkadot_sdk::*;
use sp_io::hashing::blake2_256;
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionValidityError};
use std::{
	collections::{btree_map::Entry, BTreeMap, HashMap, HashSet, VecDeque},
	fmt::Write,
};
use weir_math::outage::{closes, confirms, ALARM, CONFIRMERS, CONFIRMERS_DELAY, WATCHERS};
use weir_primitives::{
	outage::{AlarmSlot, Sighting},
	seams::EpochClock,
	EpochIndex, ProviderIndex, Timing,
};
use weir_runtime::{AccountId, Babe, ProofOfBandwidth, Runtime, RuntimeEvent, System};

/// For how long a line is down.
const HOUR_MILLIS: u64 = 3_600_000;
/// What rates of outages are counted by.
pub(super) const DAY_MILLIS: u64 = 24 * HOUR_MILLIS;

/// Transactions of one kind that a block has taken.
#[derive(Clone, Copy, Debug, Default)]
pub struct Taken {
	/// Their number.
	pub number: u32,
	/// What they weigh, picoseconds.
	pub ref_time: u64,
}

impl Taken {
	/// What one of them weighs, ms.
	pub fn millis(&self) -> f64 {
		self.ref_time as f64 / f64::from(self.number.max(1)) / 1e9
	}
}

/// What came of lines that fell.
#[derive(Clone, Debug, Default)]
pub struct Tally {
	/// Lines that fell.
	pub fallen: u32,
	/// Of them, those of whose first watchers too few had a line themselves to raise an alarm.
	pub unwatched: u32,
	/// Alarms raised.
	pub raised: u32,
	/// Of them, those that ended without a decision.
	pub lapsed: u32,
	/// Of them, those whose confirmers saw the line.
	pub dismissed: u32,
	/// Outages recorded.
	pub recorded: u32,
	/// Of them, those that the first alarm brought.
	pub at_once: u32,
	/// Slots from falling to the record, all together.
	pub slots: u64,
	/// The most of them.
	pub most_slots: u64,
	/// Outages that ended.
	pub closed: u32,
	/// Of them, those that are nobody's fault.
	pub excused: u32,
	/// Reports of watchers that have lost a line.
	pub downs: Taken,
	/// Votes.
	pub votes: Taken,
	/// Reports of watchers that see it again.
	pub ups: Taken,
	/// What came too late: the chain no longer asks.
	pub refused: u32,
	/// Blocks that had no room for all.
	pub full_blocks: u32,
	/// What waited for a block at most.
	pub most_waiting: u32,
	/// What a block may weigh, picoseconds.
	pub block_ref_time: u64,
}

impl Tally {
	/// What all that was said weighs, picoseconds.
	pub fn ref_time(&self) -> u64 {
		self.downs.ref_time + self.votes.ref_time + self.ups.ref_time
	}

	/// What an outage weighs that takes so many votes, ms.
	pub fn outage_millis(&self, votes: u32) -> f64 {
		f64::from(ALARM) * self.downs.millis()
			+ f64::from(votes) * self.votes.millis()
			+ f64::from(closes(WATCHERS)) * self.ups.millis()
	}

	/// All of it in a few lines.
	pub fn render(&self) -> String {
		let Self { fallen, unwatched, raised, lapsed, dismissed, recorded, at_once, .. } = self;
		let Self { most_slots, closed, excused, refused, full_blocks, most_waiting, .. } = self;
		let mut text = String::new();
		let mean = self.slots as f64 / f64::from((*recorded).max(1));
		let _ = writeln!(
			text,
			"{fallen} lines fell ({unwatched} of them with fewer than {ALARM} watchers that had a line); {raised} alarms \
			 raised, {lapsed} lapsed, {dismissed} dismissed; {recorded} outages recorded, {at_once} of them by the first \
			 alarm, {mean:.0} slots after the fall, {most_slots} at most; {closed} closed, {excused} of them as nobody's \
			 fault; {refused} reports or votes came too late, {full_blocks} blocks had no room for all, {most_waiting} \
			 waited at most"
		);
		let _ =
			writeln!(text, "\n| what watchers and confirmers said | taken | weight each |\n|---|---|---|");
		for (name, taken) in
			[("lost it", &self.downs), ("vote on an alarm", &self.votes), ("see it again", &self.ups)]
		{
			let _ = writeln!(text, "| {name} | {} | {:.2} ms |", taken.number, taken.millis());
		}
		for votes in [confirms(CONFIRMERS), CONFIRMERS] {
			let _ = writeln!(
				text,
				"| an outage: {ALARM} reports, {votes} votes, {} reports | | {:.1} ms |",
				closes(WATCHERS),
				self.outage_millis(votes)
			);
		}
		text
	}
}

/// What a seat has to say.
#[derive(Clone, Copy)]
struct Said {
	seat: u32,
	provider: ProviderIndex,
	sighting: Sighting,
}

/// Seats that an alarm has drawn.
struct Asked {
	/// Block that raised it.
	raised: u32,
	/// Slot in which they learn of it.
	since: u64,
	seats: Vec<u32>,
}

/// A line that is down, or will be, or is not yet recorded as back.
struct Line {
	/// Slot in which it falls.
	falls: u64,
	/// Slot in which it is back.
	back: u64,
	/// Epoch of its watchers, once they were looked up.
	epoch: Option<EpochIndex>,
	watchers: Vec<u32>,
	/// Slot from which they can know: they begin anew with their epoch.
	since: u64,
	asked: Option<Asked>,
	/// What waits for a block.
	waiting: Vec<(u32, Sighting)>,
	has_lapsed: bool,
}

/// What all workers find after a block.
struct Moment<'a> {
	slot: u64,
	alarm_slot: AlarmSlot,
	epoch: EpochIndex,
	timing: Timing,
	nodes: &'a [Node],
	numbers: &'a HashMap<AccountId, u32>,
}

impl Moment<'_> {
	fn numbers_of(&self, accounts: &[AccountId]) -> Vec<u32> {
		accounts.iter().filter_map(|account| self.numbers.get(account).copied()).collect()
	}

	fn account(&self, seat: u32) -> &AccountId {
		&self.nodes[seat as usize].account
	}

	/// Between two pings of a line that answers; half as much of one of which nothing is certain.
	fn period(&self) -> u64 {
		u64::from(self.timing.alarm_slots) / 10
	}

	/// Slots until a watcher is sure to have lost a line: up to a period before the first ping is lost, losses over a quarter
	/// of an alarm slot, and the ping after that.
	fn to_lose(&self, seat: u32, provider: ProviderIndex) -> u64 {
		let quarter = u64::from(self.timing.alarm_slots) / 4;
		quarter + 1 + drawn_below(&(b"lose", seat, provider), self.period() + self.period() / 2)
	}

	/// Slots until a watcher is sure to see it again: two pings.
	fn to_find(&self, seat: u32, provider: ProviderIndex) -> u64 {
		let hurried = self.period() / 2;
		hurried + 1 + drawn_below(&(b"find", seat, provider), hurried)
	}

	/// Slots that a confirmer takes: three pings and the patience with the last one, if none is answered.
	fn to_vote(&self, is_down: bool) -> u64 {
		if is_down {
			self.period() + 2
		} else {
			1
		}
	}
}

/// A number below `end`, the same whenever it is drawn of the same.
fn drawn_below(of: &impl Encode, end: u64) -> u64 {
	let mut word = [0; 8];
	word.copy_from_slice(&of.using_encoded(blake2_256)[..8]);
	u64::from_le_bytes(word) % end.max(1)
}

impl Line {
	fn new(falls: u64, back: u64) -> Self {
		Self {
			falls,
			back,
			epoch: None,
			watchers: Vec::new(),
			since: falls,
			asked: None,
			waiting: Vec::new(),
			has_lapsed: false,
		}
	}

	fn is_down(&self, slot: u64) -> bool {
		(self.falls..self.back).contains(&slot)
	}

	/// What watchers and confirmers have to say by now.
	fn words(&mut self, provider: ProviderIndex, moment: &Moment) -> Vec<(u32, Sighting)> {
		if self.epoch != Some(moment.epoch) {
			if self.epoch.is_some() {
				self.since = moment.slot;
			}
			self.epoch = Some(moment.epoch);
			self.watchers = moment.numbers_of(&ProofOfBandwidth::watchers(provider));
		}
		if let Some(outage) = Outages::<Runtime>::get(provider) {
			return self.returns(provider, moment, &outage);
		}
		let alarm = Alarms::<Runtime>::get(provider);
		match alarm.as_ref().and_then(|alarm| alarm.raised.as_ref()) {
			Some(raised) => self.votes(provider, moment, raised),
			None => self.losses(provider, moment, alarm.as_ref()),
		}
	}

	fn losses(
		&self,
		provider: ProviderIndex,
		moment: &Moment,
		alarm: Option<&Alarm<AccountId>>,
	) -> Vec<(u32, Sighting)> {
		let Moment { slot, alarm_slot, epoch, .. } = *moment;
		if !self.is_down(slot) {
			return Vec::new();
		}
		let alarm = alarm.filter(|alarm| alarm.alarm_slot == alarm_slot);
		let dismissed = Dismissed::<Runtime>::get(provider).filter(|(of, _)| *of == epoch);
		let has_spoken = |seat: u32| {
			let who = moment.account(seat);
			alarm.is_some_and(|alarm| alarm.reporters.contains(who))
				|| dismissed.as_ref().is_some_and(|(_, reporters)| reporters.contains(who))
		};
		let knows = |seat: u32| slot >= self.since + moment.to_lose(seat, provider);
		let seats = self.watchers.iter().copied().filter(|seat| knows(*seat) && !has_spoken(*seat));
		seats.map(|seat| (seat, Sighting::Down { alarm_slot })).collect()
	}

	fn votes(
		&mut self,
		provider: ProviderIndex,
		moment: &Moment,
		raised: &Raised<AccountId>,
	) -> Vec<(u32, Sighting)> {
		let votes = u64::from(CONFIRMERS_DELAY) + u64::from(moment.timing.confirm_slots);
		if moment.slot >= raised.slot + votes {
			return Vec::new();
		}
		if self.asked.as_ref().is_none_or(|asked| asked.raised != raised.block) {
			let seats = moment.numbers_of(&ProofOfBandwidth::confirmers(provider));
			// Not before the block that draws them.
			if seats.is_empty() {
				return Vec::new();
			}
			self.asked = Some(Asked { raised: raised.block, since: moment.slot, seats });
		}
		let is_down = self.is_down(moment.slot);
		let Some(asked) =
			self.asked.as_ref().filter(|asked| moment.slot >= asked.since + moment.to_vote(is_down))
		else {
			return Vec::new();
		};
		let has_voted = |seat: u32| {
			let who = moment.account(seat);
			raised.down.contains(who) || raised.up.contains(who)
		};
		let seats = asked.seats.iter().copied().filter(|seat| !has_voted(*seat));
		seats.map(|seat| (seat, Sighting::Confirm { raised: raised.block, is_down })).collect()
	}

	fn returns(
		&self,
		provider: ProviderIndex,
		moment: &Moment,
		outage: &Outage<AccountId>,
	) -> Vec<(u32, Sighting)> {
		let Moment { slot, alarm_slot, epoch, .. } = *moment;
		if slot < self.back {
			return Vec::new();
		}
		let from = self.back.max(self.since);
		let has_spoken = |seat: u32| outage.epoch == epoch && outage.up.contains(moment.account(seat));
		let knows = |seat: u32| slot >= from + moment.to_find(seat, provider);
		let seats = self.watchers.iter().copied().filter(|seat| knows(*seat) && !has_spoken(*seat));
		seats.map(|seat| (seat, Sighting::Up { alarm_slot })).collect()
	}
}

fn is_open(provider: ProviderIndex) -> bool {
	Outages::<Runtime>::contains_key(provider) || Alarms::<Runtime>::contains_key(provider)
}

fn weight_so_far() -> u64 {
	System::block_weight().total().ref_time()
}

/// Lines that fall, and what is said of them.
#[derive(Default)]
pub struct Fallen {
	lines: BTreeMap<ProviderIndex, Line>,
	queue: VecDeque<Said>,
	tally: Tally,
}

impl Fallen {
	/// Lets a line fall in one slot and be back in another, unless it is down already.
	pub fn fall(&mut self, provider: ProviderIndex, falls: u64, back: u64) {
		if let Entry::Vacant(free) = self.lines.entry(provider) {
			free.insert(Line::new(falls, back));
			self.tally.fallen += 1;
		}
	}

	/// Lets lines fall by chance in the epoch that begins with the slot `first`, each for an hour: `percent` of all in a day.
	pub fn fall_by_chance(&mut self, first: u64, timing: &Timing, lines: u32, percent: u32) {
		let epoch_slots = u64::from(timing.epoch_slots);
		let chance = u64::from(percent) * epoch_slots * timing.slot_millis;
		for provider in 0..lines {
			if drawn_below(&(b"fall", provider, first), 100 * DAY_MILLIS) < chance {
				let falls = first + drawn_below(&(b"when", provider, first), epoch_slots);
				self.fall(provider, falls, falls + Self::hour(timing));
			}
		}
	}

	/// An hour in slots.
	pub fn hour(timing: &Timing) -> u64 {
		HOUR_MILLIS / timing.slot_millis
	}

	/// Whether every line is back, and everybody knows.
	pub fn is_empty(&self) -> bool {
		self.lines.is_empty()
	}

	/// What came of it since it was last asked.
	pub fn take_tally(&mut self) -> Tally {
		core::mem::take(&mut self.tally)
	}

	/// What came of it so far.
	pub fn tally(&self) -> &Tally {
		&self.tally
	}

	/// Lets everybody look at the chain after its last block.
	pub fn look(&mut self, chain: &mut Blocks, nodes: &[Node], numbers: &HashMap<AccountId, u32>) {
		if self.lines.is_empty() {
			return;
		}
		let timing = chain.timing();
		let Self { lines, queue, tally } = self;
		chain.look(|| {
			let (alarm_slot, epoch) = (ProofOfBandwidth::alarm_slot(), ProofOfBandwidth::epoch());
			let slot = *Babe::current_slot();
			let moment = Moment { slot, alarm_slot, epoch, timing, nodes, numbers };
			let silent: HashSet<u32> =
				lines.iter().filter(|(_, line)| line.is_down(slot)).map(|(provider, _)| *provider).collect();
			for (provider, line) in lines.iter_mut().filter(|(_, line)| line.falls <= slot) {
				let is_new = line.epoch.is_none();
				let words = line.words(*provider, &moment);
				let speaking = line.watchers.iter().filter(|seat| !silent.contains(*seat)).count();
				if is_new && speaking < ALARM as usize {
					tally.unwatched += 1;
				}
				for (seat, sighting) in words {
					if !silent.contains(&seat) && !line.waiting.contains(&(seat, sighting)) {
						line.waiting.push((seat, sighting));
						queue.push_back(Said { seat, provider: *provider, sighting });
					}
				}
			}
			lines.retain(|provider, line| slot < line.back || is_open(*provider));
		});
		self.tally.most_waiting = self.tally.most_waiting.max(self.queue.len() as u32);
	}

	/// Puts what waits into a block, as far as it has room.
	pub fn hand_in(&mut self, making: &mut Making, nodes: &[Node]) -> anyhow::Result<()> {
		while let Some(said) = self.queue.pop_front() {
			let Said { seat, provider, sighting } = said;
			let before = weight_so_far();
			match making.include(say(&nodes[seat as usize], provider, sighting)) {
				Ok(Ok(())) => {
					let taken = match sighting {
						Sighting::Down { .. } => &mut self.tally.downs,
						Sighting::Confirm { .. } => &mut self.tally.votes,
						Sighting::Up { .. } => &mut self.tally.ups,
					};
					taken.number += 1;
					taken.ref_time += weight_so_far().saturating_sub(before);
				}
				Err(TransactionValidityError::Invalid(InvalidTransaction::ExhaustsResources)) => {
					self.tally.full_blocks += 1;
					self.queue.push_front(said);
					break;
				}
				// Others were enough, or another alarm slot has begun: its sender will look again.
				Err(TransactionValidityError::Invalid(InvalidTransaction::Custom(_))) => {
					self.tally.refused += 1;
				}
				other => anyhow::bail!("{sighting:?} of provider {provider} came to {other:?}"),
			}
			if let Some(line) = self.lines.get_mut(&provider) {
				line.waiting.retain(|waiting| *waiting != (seat, sighting));
			}
		}
		Ok(())
	}

	/// Notes what a block has brought.
	pub fn note(&mut self, block: &Block) {
		let Self { lines, tally, .. } = self;
		tally.block_ref_time = block.most_ref_time;
		for event in &block.events {
			let RuntimeEvent::ProofOfBandwidth(event) = event else { continue };
			match event {
				Event::AlarmRaised { .. } => tally.raised += 1,
				Event::AlarmDismissed { .. } => tally.dismissed += 1,
				Event::AlarmLapsed { provider } => {
					tally.lapsed += 1;
					if let Some(line) = lines.get_mut(provider) {
						line.has_lapsed = true;
					}
				}
				Event::OutageRecorded { provider, .. } => {
					let Some(line) = lines.get(provider) else { continue };
					let slots = block.at.saturating_sub(line.falls);
					tally.recorded += 1;
					tally.at_once += u32::from(!line.has_lapsed);
					tally.slots += slots;
					tally.most_slots = tally.most_slots.max(slots);
				}
				Event::OutageClosed { gap, .. } => {
					tally.closed += 1;
					tally.excused += u32::from(gap.is_regional);
				}
				_ => {}
			}
		}
	}

	/// The next block, with what there is to say after the last one.
	pub fn block(
		&mut self,
		chain: &mut Blocks,
		nodes: &[Node],
		numbers: &HashMap<AccountId, u32>,
	) -> anyhow::Result<Block> {
		self.look(chain, nodes, numbers);
		let mut handed_in = Ok(());
		let block = chain.next(|making| handed_in = self.hand_in(making, nodes));
		handed_in?;
		self.note(&block);
		Ok(block)
	}
}

/// Number of the first slot of the next alarm slot.
pub fn next_alarm_slot(chain: &mut Blocks) -> u64 {
	let length = u64::from(chain.timing().alarm_slots);
	chain.look(|| (*Babe::current_slot() / length + 1) * length)
}
