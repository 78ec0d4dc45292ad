//! The close of an epoch: what it takes of each block beside everything else, and with every line in it.
//!
//! Lines weigh what they claim from the beginning, but for class and neighbours, as if a test had just found all of it, and
//! fifteen reporters say in each round what a token is worth: so each epoch is closed at a price, region by region. What the
//! hooks take is what they say themselves. They run for it once more than in the block, on the state that they will find at its
//! end, and what they did is undone: the block goes on as if nobody had looked. Nothing has run before them there, so that they
//! find no less room than in the block.
//!
//! A quarter of a block is what the hook allows itself. That it keeps to that says nothing: what is held against bars is the time
//! that it takes here, natively, what it says itself against that time, and how many blocks a close takes.

use super::{figures::Bar, Size};
use crate::blocks::{genesis::Genesis, node::Node, Blocks, Making};
use frame_support::{
	dispatch::CallableCallFor,
	storage::{with_transaction_unchecked, TransactionOutcome},
	traits::{Get, Hooks},
	weights::Weight,
};
use pallet_proof_of_bandwidth::{LastVerdicts, Verdicts};
use polkadot_sdk::*;
use sp_core::Pair;
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionValidityError};
use std::{fmt::Write, time::Instant};
use weir_math::committee;
use weir_primitives::{
	api::{Outcome, Reason, TestKind, VerdictRecord},
	economy::{Price as TokenPrice, Round, Tokens, PRICE_ONE},
	price::report_payload,
	seams::{economy::Pricing, OnVerdict},
	EpochIndex, Timing,
};
use weir_runtime::{
	configs::economy_reads, AccountId, BurnMint, Price, Rewards, Runtime, RuntimeCall, System,
	UncheckedExtrinsic, WEIR,
};

/// Of any block that the close of an epoch may take (specification, economics): of its weight, and of its time.
pub const MOST_SHARE: f64 = 0.25;
/// Of an epoch's blocks those that the close of the one before may take: it must end long before the next one begins.
const MOST_OF_EPOCH: f64 = 0.25;
/// What a token is worth: four cents.
const PRICE: TokenPrice = PRICE_ONE / 25;
/// Round-trip time of the test that lines are weighed by, 10 µs: the one at which latency takes nothing from a weight and adds
/// nothing.
const ROUND_TRIP_10US: u16 = 5_000;
/// Parts of an epoch, in all of which the lines were seen.
const PARTS: u8 = 40;
/// Blocks of an epoch in which the one before must be closed when nothing else happens.
const MOST_BLOCKS: u32 = 1_000;
/// Lines that are weighed before what they changed is written.
const CHUNK: usize = 10_000;
/// Regions that are asked for at once.
const PAGE: u32 = 100;

/// Lets each line weigh what it claims, but for its class and its neighbours: by verdicts as of tests in which all of it was found.
pub fn weigh(chain: &mut Blocks, nodes: &[Node], size: &Size) {
	let timing = chain.timing();
	for (chunk, first) in nodes.chunks(CHUNK).zip((0..).step_by(CHUNK)) {
		chain.look(|| {
			for (node, index) in chunk.iter().zip(first..) {
				let claim = size.claim(index);
				let class = committee::class_of(claim.largest_kbps()).expect("claims are within the limits");
				let members = committee::size(&timing, class, false);
				let verdict = VerdictRecord {
					epoch: 0,
					kind: TestKind::Scheduled,
					claim,
					down_kbps: claim.down_kbps,
					up_kbps: claim.up_kbps,
					ratio_ppm: 1_000_000,
					members,
					present: members,
					rtt_10us: ROUND_TRIP_10US,
					loss_pptt: 0,
					alive_parts: PARTS,
					outcome: Outcome::Good,
					reason: Reason::WithinClaim,
				};
				Verdicts::<Runtime>::insert(index, LastVerdicts::new(verdict));
				<Rewards as OnVerdict<AccountId>>::verdict(&node.account, index, verdict.epoch, &verdict);
			}
		});
	}
}

/// Those who report the price.
pub struct Reporters {
	nodes: Vec<Node>,
	round: Round,
	/// How many of them have reported in that round.
	done: usize,
}

impl Default for Reporters {
	fn default() -> Self {
		Self { nodes: Genesis::reporters(), round: Round::MAX, done: 0 }
	}
}

impl Reporters {
	/// Hands in a report of the next one that has not reported in this round: one in a block.
	pub fn report(&mut self, making: &mut Making) -> anyhow::Result<()> {
		let round = Price::round();
		if self.round != round {
			(self.round, self.done) = (round, 0);
		}
		let Some(node) = self.nodes.get(self.done) else { return Ok(()) };
		match making.include(report(node, round)) {
			Ok(Ok(())) => self.done += 1,
			// It comes with the next block.
			Err(TransactionValidityError::Invalid(InvalidTransaction::ExhaustsResources)) => {}
			other => anyhow::bail!("a report of the price came to {other:?}"),
		}
		Ok(())
	}
}

fn report(node: &Node, round: Round) -> UncheckedExtrinsic {
	use frame_system::offchain::CreateAuthorizedTransaction;
	let who = node.account.clone();
	let payload = report_payload(&Price::genesis_hash(), round, &who, PRICE);
	let signature = node.pair.sign(&payload).into();
	let call = <CallableCallFor<Price, Runtime>>::new_call_variant_report(round, PRICE, who, signature);
	<Runtime as CreateAuthorizedTransaction<RuntimeCall>>::create_authorized_transaction(call.into())
}

/// What the economy's hooks take of the end of a block.
#[derive(Clone, Copy, Debug, Default)]
pub struct Idle {
	/// Epoch whose close begins, goes on or ends in it.
	pub closes: Option<EpochIndex>,
	/// What the hook of the close takes, picoseconds.
	pub ref_time: u64,
	/// The same, bytes of proof.
	pub proof_size: u64,
	/// What it took here, ms.
	pub millis: f64,
	/// What a block may take: picoseconds, and bytes of proof.
	pub most: (u64, u64),
	/// What the tour of all accounts takes, picoseconds.
	pub tour_ref_time: u64,
	/// What it took to find all this out, ms: no part of the block.
	pub asking_millis: f64,
}

impl Idle {
	/// What the hooks are about to do in the block that is being made: everything else in it is done.
	pub fn ahead() -> Self {
		let most = <Runtime as frame_system::Config>::BlockWeights::get().max_block;
		let remaining = most.saturating_sub(System::block_weight().total());
		let number = System::block_number();
		let (epoch, running) = BurnMint::next_close();
		let begun = Instant::now();
		let (taken, next, goes_on, millis) = undone(|| {
			let taken = <BurnMint as Hooks<_>>::on_idle(number, remaining);
			let millis = begun.elapsed().as_secs_f64() * 1e3;
			let (next, running) = BurnMint::next_close();
			(taken, next, running.is_some(), millis)
		});
		let tour: Weight = undone(|| <Rewards as Hooks<_>>::on_idle(number, remaining));
		Self {
			closes: (running.is_some() || goes_on || next != epoch).then_some(epoch),
			ref_time: taken.ref_time(),
			proof_size: taken.proof_size(),
			millis,
			most: (most.ref_time(), most.proof_size()),
			tour_ref_time: tour.ref_time(),
			asking_millis: begun.elapsed().as_secs_f64() * 1e3,
		}
	}
}

/// Does something and undoes it.
fn undone<R>(something: impl FnOnce() -> R) -> R {
	with_transaction_unchecked(|| TransactionOutcome::Rollback(something()))
}

/// How an epoch was closed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Closing {
	/// The epoch.
	pub epoch: EpochIndex,
	/// Slot of the following epoch in which the close began.
	pub slot: u32,
	/// Blocks that it took.
	pub blocks: u32,
	/// The most that it took of a block, picoseconds.
	pub ref_time: u64,
	/// All that it took, picoseconds.
	pub whole_ref_time: u64,
	/// The most proof of a block, bytes.
	pub proof_size: u64,
	/// The longest that it took in a block, ms: here, natively.
	pub millis: f64,
	/// All that it took, ms: here, natively.
	pub whole_millis: f64,
	/// The longest that a block of it took to be made and written, ms: here, natively, with the signing of its transactions by
	/// those who send them and with the tour, but without asking what the hooks are about to do.
	pub block_millis: f64,
	/// Regions of the table.
	pub regions: u32,
	/// Lines that stand in them.
	pub lines: u32,
	/// What all lines weighed, kbps.
	pub weight: u128,
	/// Availability pay.
	pub availability: Tokens,
	/// Whether there was a price.
	pub is_priced: bool,
	/// What a block may take: picoseconds, and bytes of proof.
	most: (u64, u64),
}

impl Closing {
	/// The largest share of a block that it took: of computation and of proof.
	pub fn shares(&self) -> (f64, f64) {
		let (ref_time, proof_size) = self.most;
		(self.ref_time as f64 / ref_time as f64, self.proof_size as f64 / proof_size as f64)
	}

	/// The larger of both.
	pub fn share(&self) -> f64 {
		let (computation, proof) = self.shares();
		computation.max(proof)
	}

	/// The longest that it took in a block, here, as a share of the time that a block may take.
	fn time_share(&self) -> f64 {
		let (ref_time, _) = self.most;
		self.millis / (ref_time as f64 / 1e9)
	}

	/// What it took here of the time that it says itself: more than one if the weights say too little.
	fn time_of_weight(&self) -> f64 {
		self.whole_millis / (self.whole_ref_time as f64 / 1e9)
	}
}

/// Follows closes from block to block.
#[derive(Default)]
pub struct Closes {
	running: Option<Closing>,
	over: Vec<Closing>,
}

impl Closes {
	/// Notes the block in `slot` that was just made since `millis`, in which the hooks did `idle`.
	pub fn note(&mut self, chain: &mut Blocks, slot: u32, idle: &Idle, millis: f64) -> anyhow::Result<()> {
		let Some(epoch) = idle.closes else { return Ok(()) };
		let (supply, (next, running)) = chain.look(|| (BurnMint::supply(), BurnMint::next_close()));
		anyhow::ensure!(supply.balanced, "the supply's equations do not hold in the close of epoch {epoch}");
		let is_over = next > epoch;
		if !is_over && running.is_none() {
			// What runs first in a block may leave less room than was found without it: the close begins in the next one.
			return Ok(());
		}
		let mut closing =
			self.running.take().unwrap_or(Closing { epoch, slot, most: idle.most, ..Closing::default() });
		anyhow::ensure!(closing.epoch == epoch, "the close of epoch {} never ended", closing.epoch);
		closing.blocks += 1;
		closing.ref_time = closing.ref_time.max(idle.ref_time);
		closing.whole_ref_time += idle.ref_time;
		closing.proof_size = closing.proof_size.max(idle.proof_size);
		closing.millis = closing.millis.max(idle.millis);
		closing.whole_millis += idle.millis;
		closing.block_millis = closing.block_millis.max(millis - idle.asking_millis);
		if is_over {
			chain.look(|| end(&mut closing))?;
			self.over.push(closing);
		} else {
			self.running = Some(closing);
		}
		Ok(())
	}

	/// Closes that ended since this was asked last.
	pub fn take(&mut self) -> Vec<Closing> {
		core::mem::take(&mut self.over)
	}
}

/// What there is to say of an epoch once it is closed.
fn end(closing: &mut Closing) -> anyhow::Result<()> {
	let summary = BurnMint::epoch_summaries(closing.epoch, 1).rows.into_iter().next();
	let summary = summary.filter(|summary| summary.epoch == closing.epoch);
	let summary = summary.ok_or_else(|| anyhow::anyhow!("epoch {} has no summary", closing.epoch))?;
	(closing.weight, closing.availability) = (summary.weight, summary.availability);
	closing.is_priced = summary.price.is_some();
	let mut start = Some(0);
	while let Some(from) = start {
		let page = economy_reads::regions(from, PAGE);
		closing.regions += page.rows.len() as u32;
		closing.lines += page.rows.iter().map(|region| region.nodes).sum::<u32>();
		start = page.next;
	}
	Ok(())
}

/// Closes so many epochs, with nothing else in their blocks than what reporters say, and prints what that takes.
pub fn run(size: &Size, epochs: u32, mut say: impl FnMut(&str)) -> anyhow::Result<Vec<Closing>> {
	anyhow::ensure!(epochs > 0, "at least one epoch is closed");
	// Without seats nobody is tested: no verdict touches a region.
	let size = Size { seats: 0, ..*size };
	let (mut chain, nodes) = size.start(0)?;
	weigh(&mut chain, &nodes, &size);
	say(&format!("{} lines are there and weighed", nodes.len()));
	let (mut reporters, mut closes) = (Reporters::default(), Closes::default());
	let mut found = Vec::new();
	for epoch in 0..epochs {
		chain.block_at(epoch + 1, 0, |_| {});
		for _ in 0..MOST_BLOCKS {
			let begun = Instant::now();
			let (mut idle, mut broken) = (Idle::default(), None);
			let block = chain.next(|making| {
				broken = reporters.report(making).err();
				idle = Idle::ahead();
			});
			broken.map_or(Ok(()), Err)?;
			closes.note(&mut chain, block.slot, &idle, begun.elapsed().as_secs_f64() * 1e3)?;
			let over = closes.take();
			if !over.is_empty() {
				found.extend(over);
				break;
			}
		}
		anyhow::ensure!(found.len() == epoch as usize + 1, "epoch {epoch} was not closed");
		say(&format!("epoch {epoch} is closed"));
	}
	Ok(found)
}

/// A table of closes.
pub fn render(closings: &[Closing]) -> String {
	let mut text = String::new();
	let _ = writeln!(
		text,
		"\n| close of epoch | began in slot | blocks | weight, largest block | all blocks | proof, largest block | hook, \
		 slowest | all of it | block, slowest | regions | lines | weight of all lines | availability pay | price |\n\
		 |---|---|---|---|---|---|---|---|---|---|---|---|---|---|"
	);
	for closing in closings {
		let Closing { epoch, slot, blocks, whole_ref_time, proof_size, millis, .. } = closing;
		let Closing { whole_millis, block_millis, regions, lines, weight, availability, is_priced, .. } =
			closing;
		let (computation, proof) = closing.shares();
		let _ = writeln!(
			text,
			"| {epoch} | {slot} | {blocks} | {:.2} % | {:.2} s | {:.1} MB, {:.2} % | {millis:.0} ms | \
			 {whole_millis:.0} ms | {block_millis:.0} ms | {regions} | {lines} | {:.0} Gbps | {} tokens | {} |",
			computation * 100.0,
			*whole_ref_time as f64 / 1e12,
			*proof_size as f64 / 1e6,
			proof * 100.0,
			*weight as f64 / 1e6,
			availability / WEIR,
			if *is_priced { "yes" } else { "none" },
		);
	}
	text
}

/// The bars of the close of epochs. `missing`: epochs under load in which none was closed. Without a close none of them is met.
pub fn bars(closings: &[Closing], missing: usize) -> Vec<Bar> {
	let most = |value: fn(&Closing) -> f64| closings.iter().map(value).reduce(f64::max);
	let bar = |name, found, most, unit| Bar { name, found, most, unit, of_any_size: true };
	let unpriced = closings.iter().filter(|closing| !closing.is_priced).count();
	let most_blocks = f64::from(Timing::public().epoch_slots) * MOST_OF_EPOCH;
	let percent = |share: f64| share * 100.0;
	vec![
		bar(
			"close of an epoch, time in any block",
			most(Closing::time_share).map(percent),
			percent(MOST_SHARE),
			"% of its time",
		),
		bar(
			"close of an epoch, all of its time",
			most(Closing::time_of_weight).map(percent),
			percent(1.0),
			"% of its weight",
		),
		bar("close of an epoch", most(|closing| closing.blocks.into()), most_blocks, "blocks"),
		bar("epochs not closed, or without a price", Some((missing + unpriced) as f64), 0.0, "epochs"),
	]
}

/// The largest share of any block that any of them took, by weight: no bar, for the hook allows itself no more.
pub fn worst(closings: &[Closing]) -> Option<f64> {
	closings.iter().map(Closing::share).reduce(f64::max)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn close_should_leave_three_quarters_of_every_block_and_pay_every_line() {
		let size = Size { providers: 600, regions: 300, ..Size::check() };
		let closings = run(&size, 3, |_| {}).expect("it runs");
		for (closing, epoch) in closings.iter().zip(0..) {
			assert_eq!((closing.epoch, closing.regions, closing.lines), (epoch, 300, 600));
			assert!(closing.is_priced && closing.blocks > 1 && closing.ref_time > 0, "{closing:?}");
			// As far as the hook allows itself: what else it costs is held against the bars of a run.
			assert!(closing.share() <= MOST_SHARE, "{closing:?}");
		}
		// Lines are in service from the first epoch on, and none is tested meanwhile.
		let [first, second, third] = &closings[..] else { panic!("three epochs") };
		assert_eq!((first.weight, first.availability), (0, 0));
		assert!(second.weight > 0 && second.weight == third.weight, "{closings:?}");
		assert!(second.availability > 0 && third.availability > 0, "{closings:?}");
	}

	#[test]
	fn bars_should_be_missed_when_a_close_is_slow_dear_long_unpriced_or_none() {
		let met = |closings: &[Closing], missing| -> Vec<bool> {
			bars(closings, missing).iter().map(Bar::is_met).collect()
		};
		let good = Closing {
			blocks: 900,
			ref_time: 500_000_000_000,
			whole_ref_time: 600_000_000_000,
			millis: 500.0,
			whole_millis: 600.0,
			is_priced: true,
			most: (2_000_000_000_000, u64::MAX),
			..Closing::default()
		};
		assert_eq!(met(&[good, good], 0), [true; 4]);
		assert_eq!(met(&[good, Closing { millis: 501.0, ..good }], 0), [false, true, true, true]);
		assert_eq!(met(&[Closing { whole_millis: 601.0, ..good }, good], 0), [true, false, true, true]);
		assert_eq!(met(&[good, Closing { blocks: 901, ..good }], 0), [true, true, false, true]);
		assert_eq!(met(&[Closing { is_priced: false, ..good }, good], 0), [true, true, true, false]);
		assert_eq!(met(&[good], 1), [true, true, true, false]);
		assert_eq!(met(&[], 1), [false; 4]);
		assert_eq!((worst(&[]), worst(&[good])), (None, Some(0.25)));
	}

	#[test]
	fn close_should_weigh_the_same_when_there_are_more_lines() {
		let closings = |providers| {
			let size = Size { providers, regions: 40, ..Size::check() };
			run(&size, 2, |_| {}).expect("it runs")
		};
		let (few, many) = (closings(80), closings(800));
		for (few, many) in few.iter().zip(&many) {
			assert_eq!((few.lines, many.lines), (80, 800));
			assert_eq!((few.blocks, few.whole_ref_time), (many.blocks, many.whole_ref_time));
		}
	}
}
