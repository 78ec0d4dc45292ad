//! The real runtime in this process, block by block: no node, no network, no Wasm, and no rule of its own.
//!
//! Blocks carry the claims of real authors to their slots, transactions pass `Executive` as in a node, and what a block
//! weighs is what the runtime says. Slots may be left empty, as on a real chain.
//!
//! * [`genesis`]: the state a chain begins with.
//! * [`node`]: who signs what: accounts, seats, lines.
//! * [`reports`]: who measures whom, and the transactions that say what was measured, or seen.
//! * [`world`]: a small network, an epoch at a time.

pub mod genesis;
pub mod node;
pub mod reports;
pub mod world;

use crate::blocks::{genesis::Genesis, node::Node};
use codec::Encode;
use polkadot_sdk::*;
use sp_consensus_babe::{
	digests::{PreDigest, SecondaryVRFPreDigest},
	make_vrf_transcript, BABE_ENGINE_ID,
};
use sp_core::{crypto::VrfSecret, Get, Pair, U256};
use sp_runtime::{traits::Header as _, ApplyExtrinsicResult, Digest, DigestItem};
use weir_primitives::{seams::EpochClock, EpochIndex, SlotOffset, Timing};
use weir_runtime::{
	Babe, Executive, Hash, Header, ProofOfBandwidth, Runtime, RuntimeCall, RuntimeEvent, System,
	UncheckedExtrinsic,
};

/// Number of the slot of the first block.
const FIRST_SLOT: u64 = 1_000_000;

/// A chain in this process.
pub struct Blocks {
	state: sp_io::TestExternalities,
	authors: Vec<Node>,
	/// Of the last block.
	slot: u64,
	parent: Hash,
	timing: Timing,
}

/// What a block was.
#[derive(Clone, Debug)]
pub struct Block {
	/// Its epoch.
	pub epoch: EpochIndex,
	/// Its slot in the epoch.
	pub slot: SlotOffset,
	/// Number of its slot.
	pub at: u64,
	/// Computation it weighs, picoseconds.
	pub ref_time: u64,
	/// Computation a block may weigh, picoseconds.
	pub most_ref_time: u64,
	/// Bytes of its transactions.
	pub bytes: u64,
	/// Number of its transactions, without the inherent one.
	pub transactions: u32,
	/// What happened in it.
	pub events: Vec<RuntimeEvent>,
}

impl Block {
	/// Share of what a block may weigh.
	pub fn share(&self) -> f64 {
		self.ref_time as f64 / self.most_ref_time as f64
	}
}

/// A block while it is made.
pub struct Making {
	/// Who makes it: position among the authors.
	pub author: u32,
	bytes: u64,
	transactions: u32,
}

impl Making {
	/// Puts a transaction into the block, if it is valid.
	pub fn include(&mut self, transaction: UncheckedExtrinsic) -> ApplyExtrinsicResult {
		let bytes = transaction.encoded_size() as u64;
		let applied = Executive::apply_extrinsic(transaction);
		if applied.is_ok() {
			self.bytes += bytes;
			self.transactions += 1;
		}
		applied
	}
}

impl Blocks {
	/// A chain that begins with `genesis`, and its first block.
	pub fn start(genesis: &Genesis) -> Self {
		let mut state = sp_io::TestExternalities::from(genesis.storage());
		let (parent, timing) = state.execute_with(|| (System::block_hash(0), ProofOfBandwidth::timing()));
		let mut chain = Self { state, authors: genesis.authors(), slot: FIRST_SLOT - 1, parent, timing };
		chain.make(FIRST_SLOT, |_| {});
		chain
	}

	/// Timing of the chain.
	pub fn timing(&self) -> Timing {
		self.timing
	}

	/// Reads the state after the last block, and may prepare it where nothing but preparation is meant.
	pub fn look<R>(&mut self, look: impl FnOnce() -> R) -> R {
		let seen = self.state.execute_with(look);
		self.state.commit_all().expect("no transaction of the storage is open");
		seen
	}

	/// Epoch and slot of the last block.
	pub fn clock(&mut self) -> (EpochIndex, SlotOffset) {
		self.look(|| (ProofOfBandwidth::epoch(), ProofOfBandwidth::slot_in_epoch()))
	}

	/// A block in `slot` of `epoch`, which is the running one or the next. Slots before it stay empty.
	pub fn block_at(
		&mut self,
		epoch: EpochIndex,
		slot: SlotOffset,
		inside: impl FnOnce(&mut Making),
	) -> Block {
		let (now, start) = self.look(|| (ProofOfBandwidth::epoch(), *Babe::current_epoch_start()));
		let ahead = u64::from(epoch.checked_sub(now).expect("time goes forward"));
		assert!(ahead <= 1, "an epoch without a block is none");
		let slot = start + ahead * u64::from(self.timing.epoch_slots) + u64::from(slot);
		self.make(slot, inside)
	}

	/// The block of the next slot.
	pub fn next(&mut self, inside: impl FnOnce(&mut Making)) -> Block {
		self.make(self.slot + 1, inside)
	}

	/// Blocks in as few slots of an epoch as it needs: its first slot, and one in each group of tests, so that every
	/// test gets its start.
	pub fn measure(&mut self, epoch: EpochIndex) {
		let Timing { measure_from, group_slots, .. } = self.timing;
		let (now, last) = self.clock();
		let groups = (0..weir_math::timing::GROUPS).map(|group| measure_from + group * group_slots);
		for slot in core::iter::once(0).chain(groups.filter(|slot| *slot > 0)) {
			if epoch > now || slot > last {
				self.block_at(epoch, slot, |_| {});
			}
		}
	}

	/// Empty blocks until one of `epoch` was made.
	pub fn until_epoch(&mut self, epoch: EpochIndex) {
		let (now, _) = self.clock();
		for epoch in now + 1..=epoch {
			self.block_at(epoch, 0, |_| {});
		}
	}

	fn make(&mut self, slot: u64, inside: impl FnOnce(&mut Making)) -> Block {
		assert!(slot > self.slot, "slot {slot} comes after {}", self.slot);
		let (parent, timing) = (self.parent, self.timing);
		let authors = &self.authors;
		let (block, hash) = self.state.execute_with(|| {
			let (author, claim) = claim(authors, slot);
			let number = System::block_number() + 1;
			let header =
				Header::new(number, Hash::default(), Hash::default(), parent, Digest { logs: vec![claim] });
			Executive::initialize_block(&header);
			let now = slot * timing.slot_millis;
			let time =
				UncheckedExtrinsic::new_bare(RuntimeCall::Timestamp(pallet_timestamp::Call::set { now }));
			let bytes = time.encoded_size() as u64;
			Executive::apply_extrinsic(time).expect("the time is valid").expect("the time is set");
			let mut making = Making { author, bytes, transactions: 0 };
			inside(&mut making);
			let hash = Executive::finalize_block().hash();
			let weights = <Runtime as frame_system::Config>::BlockWeights::get();
			let block = Block {
				epoch: ProofOfBandwidth::epoch(),
				slot: ProofOfBandwidth::slot_in_epoch(),
				at: slot,
				ref_time: System::block_weight().total().ref_time(),
				most_ref_time: weights.max_block.ref_time(),
				bytes: making.bytes,
				transactions: making.transactions,
				events: System::read_events_no_consensus().map(|record| record.event).collect(),
			};
			(block, hash)
		});
		self.state.commit_all().expect("a finished block leaves no transaction of the storage open");
		(self.slot, self.parent) = (slot, hash);
		block
	}
}

/// Who may make the block of a slot, and its claim: the slot's secondary author, as every node computes it.
fn claim(authors: &[Node], slot: u64) -> (u32, DigestItem) {
	let epoch = epoch_of(slot);
	let draw = (epoch.randomness, slot).using_encoded(sp_io::hashing::blake2_256);
	let authority_index = (U256::from_big_endian(&draw) % U256::from(epoch.authorities.len())).as_u32();
	let (authority, _) = &epoch.authorities[authority_index as usize];
	let author = authors
		.iter()
		.position(|author| *authority == author.pair.public().into())
		.expect("every authority is one of the genesis");
	let input = make_vrf_transcript(&epoch.randomness, slot.into(), epoch.epoch_index);
	let vrf_signature = authors[author].pair.vrf_sign(&input.into());
	let pre_digest =
		PreDigest::SecondaryVRF(SecondaryVRFPreDigest { authority_index, slot: slot.into(), vrf_signature });
	(author as u32, DigestItem::PreRuntime(BABE_ENGINE_ID, pre_digest.encode()))
}

/// The epoch of a block in `slot`, as the state before that block foretells it.
fn epoch_of(slot: u64) -> sp_consensus_babe::Epoch {
	let epoch = Babe::current_epoch();
	// The first block sets the slot from which epochs count.
	let begun = *pallet_babe::GenesisSlot::<Runtime>::get() > 0;
	if begun && slot >= *epoch.start_slot + epoch.duration {
		Babe::next_epoch()
	} else {
		epoch
	}
}
