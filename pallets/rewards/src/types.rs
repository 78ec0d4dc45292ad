//! What is stored of earners, lines and regions.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use weir_math::economy::{
	accrual::{Step, Totals},
	groups::Site,
	vesting::Pot,
	weight::{Reliability, TESTS},
};
use weir_primitives::{
	economy::{Credits, LineWeight, Ppm, Tokens},
	EpochIndex, ProviderIndex, Region,
};

/// Steps kept of a line: those of the epochs that are not closed and settled, and at most three to come. Each epoch in
/// which a weight changes is one.
pub const MAX_STEPS: u32 = 24;
/// Epochs ahead of the running one for which weights are scheduled at most.
pub const HORIZON: EpochIndex = 20;
/// Epochs of fees and of points that one claim may convert.
pub const MAX_CLAIM_EPOCHS: u32 = 64;

macro_rules! stored {
	($item:item) => {
		#[derive(
			Clone,
			Copy,
			PartialEq,
			Eq,
			Default,
			Debug,
			Encode,
			Decode,
			DecodeWithMemTracking,
			MaxEncodedLen,
			TypeInfo,
		)]
		$item
	};
}

stored! {
	/// Tokens by what they were earned with.
	pub struct Causes {
		/// Availability pay that was liquid at once.
		pub availability: Tokens,
		/// Availability pay and coverage floors that were released over time.
		pub vested: Tokens,
		/// Bounties.
		pub bounty: Tokens,
		/// Fees for traffic.
		pub fees: Tokens,
		/// Blocks made.
		pub authoring: Tokens,
		/// Entries of reports that were accepted.
		pub attestation: Tokens,
	}
}

impl Causes {
	/// All of them.
	pub fn total(&self) -> Tokens {
		let Self { availability, vested, bounty, fees, authoring, attestation } = *self;
		[availability, vested, bounty, fees, authoring, attestation]
			.into_iter()
			// All tokens there are fit many times.
			.fold(0, Tokens::saturating_add)
	}

	/// Both together. Saturating: all tokens there are fit many times.
	pub fn with(&self, other: &Self) -> Self {
		Self {
			availability: self.availability.saturating_add(other.availability),
			vested: self.vested.saturating_add(other.vested),
			bounty: self.bounty.saturating_add(other.bounty),
			fees: self.fees.saturating_add(other.fees),
			authoring: self.authoring.saturating_add(other.authoring),
			attestation: self.attestation.saturating_add(other.attestation),
		}
	}
}

stored! {
	/// What is released over time.
	pub struct Vesting {
		/// What is locked.
		pub pot: Pot,
		/// All that was ever locked.
		pub granted: Tokens,
		/// Of that, what was taken back.
		pub forfeited: Tokens,
		/// Epoch of the first grant since the registration.
		pub since: Option<EpochIndex>,
		/// Of what was granted, the coverage floors.
		pub floor: Tokens,
	}
}

stored! {
	/// Epochs of which something waits to be converted, in rising order.
	pub struct Queue {
		/// No later than the first of them.
		pub from: EpochIndex,
		/// How many.
		pub open: u32,
	}
}

impl Queue {
	/// With one more epoch of which something waits.
	pub fn push(&mut self, epoch: EpochIndex) {
		self.from = if self.open == 0 { epoch } else { self.from.min(epoch) };
		// Each has a storage item of its own: 2³² do not exist.
		self.open = self.open.saturating_add(1);
	}

	/// Past its first epoch, of which something waited if `taken`.
	pub fn advance(&mut self, taken: bool) {
		self.from = self.from.saturating_add(1);
		self.open = self.open.saturating_sub(u32::from(taken));
	}
}

stored! {
	/// The last entries of an attestor, until their audits are over.
	pub struct Attested {
		/// The epoch whose tests they are on.
		pub epoch: EpochIndex,
		/// The epoch they count in.
		pub counted: EpochIndex,
		/// How many were accepted.
		pub accepted: u32,
	}
}

stored! {
	/// The last fine for a false report.
	pub struct Fined {
		/// The epoch whose test the report was on.
		pub epoch: EpochIndex,
		/// The epoch in which the fine was taken.
		pub at: EpochIndex,
	}
}

stored! {
	/// What an account has earned.
	pub struct Account {
		/// Can be claimed.
		pub owed: Causes,
		/// Was claimed.
		pub paid: Causes,
		/// Is released over time.
		pub vesting: Vesting,
		/// Fees not converted yet.
		pub fees: Queue,
		/// Points not converted yet.
		pub points: Queue,
		/// Its last entries.
		pub attested: Option<Attested>,
		/// Its last fine for a false report.
		pub fined: Option<Fined>,
		/// Epoch of the last change of any of these.
		pub changed: EpochIndex,
	}
}

impl Account {
	/// What is owed and locked. Saturating: all tokens there are fit many times.
	pub fn left(&self) -> Tokens {
		self.owed.total().saturating_add(self.vesting.pot.locked)
	}

	/// Whether something was ever paid to it or locked for it, which its owner may want to read.
	pub fn has_a_past(&self) -> bool {
		self.paid != Causes::default() || self.vesting.granted > 0
	}
}

stored! {
	/// What one test showed beside the capacity.
	pub struct Seen {
		/// Parts of the epoch in which the line was alive.
		pub alive_parts: u8,
		/// Median of the round-trip times, 10 µs; 0 if there is none.
		pub rtt_10us: u16,
	}
}

stored! {
	/// What the last strike took, until a dispute may no longer refute it.
	pub struct Struck {
		/// The epoch whose test it was.
		pub epoch: EpochIndex,
		/// What it took from the line's reliability.
		pub taken: Ppm,
	}
}

/// Weights of a line, by the epochs from which they hold.
pub type Steps = BoundedVec<Step, ConstU32<MAX_STEPS>>;

/// The line of an account.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Line {
	/// Its index in the registry.
	pub index: ProviderIndex,
	/// The region it was in when it was last looked at.
	pub region: Region,
	/// First epoch in which the coverage floor pays for it: it moved a tenure before.
	pub settled_from: EpochIndex,
	/// Epoch in which its location proofs began, unless one was contradicted since or none came for a tenure.
	pub proven_since: Option<EpochIndex>,
	/// Epoch of the last proof that was looked at.
	pub proof: Option<EpochIndex>,
	/// How reliable it was.
	pub reliability: Reliability,
	/// The last strike.
	pub struck: Option<Struck>,
	/// Epoch in which it earns nothing, because a test reached no answer or less than half of the claim.
	pub void: Option<EpochIndex>,
	/// The last tests, oldest first.
	pub seen: BoundedVec<Seen, ConstU32<{ TESTS as u32 }>>,
	/// What it weighs before its neighbours count, as it was placed.
	pub raw: LineWeight,
	/// First epoch in which that counts no more, whatever its neighbours leave of it.
	pub until: EpochIndex,
	/// What it weighs when.
	pub steps: Steps,
	/// The site it was on when it was last looked at.
	pub site: Site,
	/// First epoch whose tests and proofs count for it: it moved to its site or its region [`OWNER_DELAY_EPOCHS`] before, or
	/// its registration was new then.
	///
	/// [`OWNER_DELAY_EPOCHS`]: weir_primitives::OWNER_DELAY_EPOCHS
	pub tests_from: EpochIndex,
}

impl Line {
	/// A line that has not been weighed, and of which every test counts.
	pub fn new(index: ProviderIndex, region: Region, site: Site, now: EpochIndex) -> Self {
		Self {
			index,
			region,
			settled_from: now,
			proven_since: None,
			proof: None,
			reliability: Reliability::new(now),
			struck: None,
			void: None,
			seen: Default::default(),
			raw: 0,
			until: now,
			steps: Default::default(),
			site,
			tests_from: 0,
		}
	}

	/// The step that holds in `epoch`.
	pub fn step_at(&self, epoch: EpochIndex) -> Step {
		let step = self.steps.iter().rev().find(|step| step.from <= epoch);
		step.copied().unwrap_or(Step::none(epoch))
	}

	/// First epoch of those to come, or the running one, in which it weighs nothing and never will again.
	pub fn expires(&self, now: EpochIndex) -> EpochIndex {
		self.steps.last().filter(|step| step.weight == 0).map_or(now, |step| step.from.max(now))
	}

	/// Forgets what tests showed before `tests_from`, the first epoch whose tests count from now on.
	pub fn begin(&mut self, tests_from: EpochIndex) {
		self.tests_from = tests_from;
		self.seen = Default::default();
	}

	/// As [`Self::begin`], for another registration. What the line is known for stays.
	pub fn begin_anew(&mut self, tests_from: EpochIndex) {
		self.begin(tests_from);
		self.proven_since = None;
		self.struck = None;
	}

	/// Adds what a test showed; the oldest gives way.
	pub fn see(&mut self, seen: Seen) {
		if self.seen.is_full() {
			self.seen.remove(0);
		}
		// Room was just made.
		let _ = self.seen.try_push(seen);
	}
}

stored! {
	/// What lines of a region weigh.
	pub struct Supply {
		/// First epoch in which a line could weigh something here.
		pub since: EpochIndex,
		/// The epoch of `totals`.
		pub at: EpochIndex,
		/// Sums of the weights in that epoch.
		pub totals: Totals,
		/// First epoch that is not closed.
		pub open: EpochIndex,
		/// Sums of the epoch before that one.
		pub closed: Totals,
	}
}

stored! {
	/// Weights that begin and end with an epoch.
	pub struct Change {
		/// Those that begin.
		pub joins: Totals,
		/// Those that end.
		pub leaves: Totals,
	}
}

stored! {
	/// What a region wants of an epoch's availability pay.
	pub struct Want {
		/// The epoch.
		pub epoch: EpochIndex,
		/// By its multiplier.
		pub availability: Credits,
		/// By its coverage floor.
		pub floor: Credits,
	}
}

stored! {
	/// What an account did in an epoch.
	pub struct Points {
		/// Blocks it made.
		pub blocks: u32,
		/// Entries of its that were accepted.
		pub entries: u32,
	}
}

stored! {
	/// What all accounts did in an epoch.
	pub struct Work {
		/// Blocks made.
		pub blocks: u64,
		/// Entries assigned.
		pub assigned: u64,
		/// Entries accepted.
		pub accepted: u64,
	}
}

stored! {
	/// What an epoch's work is paid.
	pub struct Share {
		/// For all blocks.
		pub validators: Tokens,
		/// How many they were.
		pub blocks: u64,
		/// For all accepted entries.
		pub attestors: Tokens,
		/// How many they were.
		pub accepted: u64,
	}
}

/// A tour of all accounts, so that each is settled once in a while.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Tour<AccountId> {
	/// The account settled last; none before the first one.
	pub last: Option<AccountId>,
	/// The epoch in which it began. The next one begins in a later epoch.
	pub begun: EpochIndex,
	/// The last epoch that was closed and whose work was shared by then.
	pub closed: Option<EpochIndex>,
	/// Whether it is over.
	pub is_over: bool,
}

stored! {
	/// How far what nobody needs any more was removed.
	pub struct Pruned {
		/// First epoch of which something may be left.
		pub epoch: EpochIndex,
		/// First region of which a sum of that epoch may be left.
		pub region: u16,
	}
}
