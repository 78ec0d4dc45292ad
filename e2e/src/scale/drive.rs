//! The slots of an epoch, each with what nodes send in it.

use super::{
	closing::{Closes, Closing, Idle, Reporters},
	load::Reports,
	outages::{Fallen, Tally},
	Size,
};
use crate::blocks::{node::Node, reports, Block, Blocks, Making};
use pallet_proof_of_bandwidth::Event;
use polkadot_sdk::*;
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionValidityError};
use std::{
	collections::{HashMap, HashSet, VecDeque},
	ops::Range,
	time::Instant,
};
use weir_math::schedule::submit_until;
use weir_primitives::{EpochIndex, SlotOffset, Timing};
use weir_runtime::{AccountId, ProofOfBandwidth, Runtime, RuntimeEvent, UncheckedExtrinsic};

/// Epochs until seats and providers of the genesis are on lists that an epoch draws from.
const FIRST_MEASURED: EpochIndex = pallet_proof_of_bandwidth::FIRST_TESTED_EPOCH;

const ESTIMATES: &str = "estimates";

/// A stretch of slots with the same kind of load.
#[derive(Clone, Debug)]
pub struct Phase {
	/// As written in the table.
	pub name: &'static str,
	/// Its slots.
	pub slots: Range<SlotOffset>,
}

/// Phases of an epoch in their order. Nodes submit in the first part of a window.
pub fn phases(timing: &Timing) -> Vec<Phase> {
	let (commits, reveals) = (
		submit_until((timing.commit_from, timing.commit_until)),
		submit_until((timing.reveal_from, timing.reveal_until)),
	);
	let phase = |name, slots| Phase { name, slots };
	vec![
		phase("session change", 0..timing.commit_from),
		phase("commits", timing.commit_from..commits),
		phase("rest of the commit window", commits..timing.reveal_from),
		phase("reveals and audits", timing.reveal_from..reveals),
		phase("rest of the reveal window", reveals..timing.reveal_until),
		phase(ESTIMATES, timing.reveal_until..timing.epoch_slots),
	]
}

/// What a block cost.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
	/// Its slot.
	pub slot: SlotOffset,
	/// Share of what a block may weigh: all but what the economy does at its end.
	pub share: f64,
	/// Share of what it may weigh that the close of an epoch takes.
	pub close: f64,
	/// Share of what it may weigh that the tour of all accounts takes.
	pub tour: f64,
	/// Bytes of its transactions.
	pub bytes: u64,
	/// Their number.
	pub transactions: u32,
}

impl Cost {
	/// Of a block.
	pub fn of(block: &Block) -> Self {
		Self::beside(block, &Idle::default())
	}

	/// Of a block at the end of which the economy did `idle`.
	pub fn beside(block: &Block, idle: &Idle) -> Self {
		let Block { slot, bytes, transactions, most_ref_time, .. } = *block;
		let share = |ref_time: u64| ref_time as f64 / most_ref_time as f64;
		let (close, tour) = (share(idle.ref_time), share(idle.tour_ref_time));
		// Where the hooks found less room than was foretold, nothing is less than nothing.
		Self { slot, share: (block.share() - close - tour).max(0.0), close, tour, bytes, transactions }
	}

	/// Share of what a block may weigh, of everything in it.
	pub fn whole(&self) -> f64 {
		self.share + self.close + self.tour
	}
}

/// An epoch under load.
#[derive(Clone, Debug, Default)]
pub struct Epoch {
	/// Its number.
	pub number: EpochIndex,
	/// Its blocks, as far as they were looked at.
	pub blocks: Vec<Cost>,
	/// Tests that were reported on, and entries about them.
	pub tests: u32,
	/// Entries about them.
	pub entries: u32,
	/// Entries that the chain did not take.
	pub rejected: u32,
	/// Reports that were revealed.
	pub revealed: u32,
	/// Proofs of audits that were answered.
	pub answered: u32,
	/// Seats that owed a proof and did not bring one.
	pub unproven: u32,
	/// Tests concluded, and how many of them void.
	pub concluded: (u32, u32),
	/// Slot in which the last epoch was judged and its seats scored; none if the epoch ended before.
	pub judged_at: Option<SlotOffset>,
	/// Slot in which the epoch before that was, if it had not been in time.
	pub late_at: Option<SlotOffset>,
	/// Reports that no rule asks for any more and that are still stored at its end.
	pub kept_reports: u32,
	/// Transactions that found no room in the block of their slot.
	pub delayed: u32,
	/// What came of lines that fell.
	pub outages: Tally,
	/// Epochs that were closed.
	pub closings: Vec<Closing>,
}

#[derive(Clone, Copy)]
enum Job {
	Commit(u32),
	Reveal(u32),
	Audit(u32),
}

/// Drives a chain.
pub struct Drive<'a> {
	chain: &'a mut Blocks,
	nodes: Vec<Node>,
	numbers: HashMap<AccountId, u32>,
	size: Size,
	next: EpochIndex,
	last: Option<Reports>,
	queue: VecDeque<Job>,
	fallen: Fallen,
	reporters: Reporters,
	closes: Closes,
}

impl<'a> Drive<'a> {
	/// On a chain whose providers are `nodes`.
	pub fn new(chain: &'a mut Blocks, nodes: Vec<Node>, size: Size) -> Self {
		let numbers = nodes.iter().zip(0..).map(|(node, number)| (node.account.clone(), number)).collect();
		chain.until_epoch(FIRST_MEASURED);
		chain.measure(FIRST_MEASURED);
		Self {
			chain,
			nodes,
			numbers,
			size,
			next: FIRST_MEASURED + 1,
			last: None,
			queue: VecDeque::new(),
			fallen: Fallen::default(),
			reporters: Reporters::default(),
			closes: Closes::default(),
		}
	}

	/// The next epoch, slot by slot.
	pub fn epoch(&mut self, say: &mut impl FnMut(&str)) -> anyhow::Result<Epoch> {
		let timing = self.chain.timing();
		let phases = phases(&timing);
		let epoch = self.next;
		let mut found = Epoch { number: epoch, ..Epoch::default() };
		let first = self.chain.block_at(epoch, 0, |_| {});
		found.note(&first, &Idle::default());
		self.fallen.note(&first);
		let Size { providers, outage_percent, .. } = self.size;
		self.fallen.fall_by_chance(first.at - u64::from(first.slot), &timing, providers, outage_percent);

		let looked_at = self.looked_at(&phases);
		let slots: Vec<_> = (0..self.size.seats)
			.map(|seat| reports::slots_of(&timing, &self.nodes[seat as usize], epoch - 1))
			.collect();
		// Whoever reveals in a slot that is looked at has to have committed before, in whichever slot.
		let reveals: HashSet<u32> =
			(0..self.size.seats).filter(|seat| looked_at.contains(&slots[*seat as usize].1)).collect();
		let wanted = |seat: u32| {
			seat < self.size.seats && (reveals.contains(&seat) || looked_at.contains(&slots[seat as usize].0))
		};
		let current = Reports::on(self.chain, epoch - 1, &self.nodes, &self.numbers, wanted);
		(found.tests, found.entries) = (current.tests, current.entries());
		say(&format!("epoch {epoch}: {} tests, {} entries", found.tests, found.entries));

		let mut jobs: HashMap<SlotOffset, Vec<Job>> = HashMap::new();
		for (seat, (commit, reveal)) in (0..).zip(&slots) {
			if looked_at.contains(commit) || reveals.contains(&seat) {
				jobs.entry(*commit).or_default().push(Job::Commit(seat));
			}
			if reveals.contains(&seat) {
				jobs.entry(*reveal).or_default().push(Job::Reveal(seat));
			}
		}
		for (seat, slot) in self.audits(epoch) {
			jobs.entry(slot).or_default().push(Job::Audit(seat));
		}

		for slot in 1..timing.epoch_slots {
			self.queue.extend(jobs.remove(&slot).unwrap_or_default());
			let is_looked_at = looked_at.contains(&slot);
			if !is_looked_at && self.queue.is_empty() {
				continue;
			}
			self.fallen.look(self.chain, &self.nodes, &self.numbers);
			let (block, idle) = self.block(epoch, slot, &current, &mut found)?;
			self.fallen.note(&block);
			// Between the slots that are looked at blocks carry only what those will need.
			if is_looked_at {
				found.note(&block, &idle);
			}
		}
		found.kept_reports = self.kept_reports(epoch);
		found.outages = self.fallen.take_tally();
		found.closings = self.closes.take();
		self.last = Some(current);
		self.next += 1;
		Ok(found)
	}

	/// Slots that are looked at: all, or as many as asked for in each phase, evenly. Those of the estimates are looked at
	/// in any case: each goes on where the one before has stopped.
	fn looked_at(&self, phases: &[Phase]) -> HashSet<SlotOffset> {
		let some = |phase: &Phase| {
			let slots = phase.slots.clone();
			let is_whole = self.size.sample == 0 || phase.name == ESTIMATES;
			let step = if is_whole { 1 } else { (slots.end - slots.start).div_ceil(self.size.sample) };
			slots.step_by(step.max(1) as usize)
		};
		phases.iter().flat_map(some).collect()
	}

	/// Seats that have to prove something of their reports on the epoch before the last, and the slots in which they do.
	fn audits(&mut self, epoch: EpochIndex) -> Vec<(u32, SlotOffset)> {
		let Some(last) = &self.last else { return Vec::new() };
		let (nodes, measured, timing) = (&self.nodes, last.epoch, self.chain.timing());
		debug_assert_eq!(measured + 2, epoch);
		let seats = self.size.seats;
		self.chain.look(|| {
			let owes =
				|seat: &u32| !ProofOfBandwidth::audited(measured, &nodes[*seat as usize].account).is_empty();
			(0..seats)
				.filter(owes)
				.map(|seat| (seat, reports::slots_of(&timing, &nodes[seat as usize], measured).1))
				.collect()
		})
	}

	fn block(
		&mut self,
		epoch: EpochIndex,
		slot: SlotOffset,
		current: &Reports,
		found: &mut Epoch,
	) -> anyhow::Result<(Block, Idle)> {
		let (nodes, last, queue, fallen) =
			(&self.nodes, self.last.as_ref(), &mut self.queue, &mut self.fallen);
		let reporters = &mut self.reporters;
		let (mut broken, mut idle, begun) = (None, Idle::default(), Instant::now());
		let block = self.chain.block_at(epoch, slot, |making: &mut Making| {
			while let Some(job) = queue.pop_front() {
				match making.include(transaction(job, nodes, current, last)) {
					Ok(Ok(())) => {}
					Err(TransactionValidityError::Invalid(InvalidTransaction::ExhaustsResources)) => {
						found.delayed += 1;
						queue.push_front(job);
						break;
					}
					other => {
						broken = Some(anyhow::anyhow!("a transaction of slot {slot} came to {other:?}"));
						break;
					}
				}
			}
			// Reports go first: the pool gives them the higher priority.
			if broken.is_none() && queue.is_empty() {
				broken = fallen.hand_in(making, nodes).err();
			}
			if broken.is_none() {
				broken = reporters.report(making).err();
			}
			idle = Idle::ahead();
		});
		broken.map_or(Ok(()), Err)?;
		self.closes.note(self.chain, slot, &idle, begun.elapsed().as_secs_f64() * 1e3)?;
		Ok((block, idle))
	}

	/// Reports that no rule asks for any more and that are still stored: of a thousand seats, scaled.
	fn kept_reports(&mut self, epoch: EpochIndex) -> u32 {
		let seats = self.size.seats;
		let step = (seats / 1_000).max(1);
		let nodes = &self.nodes;
		let kept = self.chain.look(|| {
			(FIRST_MEASURED..epoch - 2)
				.flat_map(|measured| (0..seats).step_by(step as usize).map(move |seat| (measured, seat)))
				.filter(|(measured, seat)| {
					let account = &nodes[*seat as usize].account;
					pallet_proof_of_bandwidth::Reports::<Runtime>::contains_key(measured, account)
				})
				.count()
		});
		kept as u32 * step
	}
}

fn transaction(job: Job, nodes: &[Node], current: &Reports, last: Option<&Reports>) -> UncheckedExtrinsic {
	match job {
		Job::Commit(seat) => {
			reports::commit(&nodes[seat as usize], current.epoch, &current.of[seat as usize].0)
		}
		Job::Reveal(seat) => {
			reports::reveal(&nodes[seat as usize], current.epoch, &current.of[seat as usize].0)
		}
		Job::Audit(seat) => {
			let last = last.expect("audits are of the reports before");
			let (node, (entries, receipts)) = (&nodes[seat as usize], &last.of[seat as usize]);
			let drawn = ProofOfBandwidth::audited(last.epoch, &node.account);
			let proofs = drawn.iter().map(|position| receipts[*position as usize].clone()).collect();
			reports::answer_audit(node, last.epoch, entries, proofs)
		}
	}
}

impl Epoch {
	fn note(&mut self, block: &Block, idle: &Idle) {
		let slot = block.slot;
		self.blocks.push(Cost::beside(block, idle));
		for event in &block.events {
			let RuntimeEvent::ProofOfBandwidth(event) = event else { continue };
			match event {
				Event::Revealed { rejected, .. } => {
					self.revealed += 1;
					self.rejected += rejected.len() as u32;
				}
				Event::AuditAnswered { proven, .. } => self.answered += proven,
				Event::AuditMissed { .. } => self.unproven += 1,
				Event::EpochConcluded { epoch, tests, voids, .. } if epoch + 1 == self.number => {
					self.concluded = (*tests, *voids);
					self.judged_at = Some(slot);
				}
				Event::EpochConcluded { .. } => self.late_at = Some(slot),
				_ => {}
			}
		}
	}
}
