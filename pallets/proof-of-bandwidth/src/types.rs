//! What the pallet stores and what its events name.

use crate::{assignment::Committee, dense_index::History, misplacement::Misplaced};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::*;

use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use sp_core::H256;
use weir_math::{
	committee::ListKind,
	outage::{CONFIRMERS, WATCHERS},
	schedule::Run,
	uplink::Shortfalls,
	verdict::StrikeWindow,
};
use weir_primitives::{
	api::VerdictRecord, keys::FormerKeys, outage::AlarmSlot, report::Entry, Admission, Claim, Endpoint,
	EpochIndex, Kbps, Prefix, ProbeKey, ProviderIndex, Region,
};

/// Epochs for which seeds and list sizes are kept.
pub const RETAINED_EPOCHS: EpochIndex = crate::dense_index::HISTORY_EPOCHS;
/// First epoch with tests: earlier ones have no list that was frozen before their seed.
pub const FIRST_TESTED_EPOCH: EpochIndex = 3;
/// Members below which a test is not held: fewer would let one seat decide.
pub const MIN_COMMITTEE: u16 = 3;
/// Uplink tiers of seats.
pub const TIERS: u8 = 4;
/// The tier every seat is in.
pub const SMALLEST_TIER: u8 = 0;
/// Claim classes of providers.
pub const CLASSES: u8 = weir_math::committee::CLASSES;
/// Members a committee may have.
pub const MAX_MEMBERS: u32 = weir_math::committee::MAX_COMMITTEE as u32;
/// Offences kept per account; the penalty stops growing well before.
pub const KEPT_OFFENCES: u32 = 8;
/// Times an escalation is drawn before it lapses without a result.
pub const ESCALATION_ATTEMPTS: u8 = 8;
/// Score below which a seat is dismissed, in millionths.
pub const MIN_SCORE_PPM: u32 = 600_000;
/// Score of a new seat, in millionths.
pub const FULL_SCORE_PPM: u32 = 1_000_000;
/// Epochs a dismissed account waits for another seat: the half-life of the score.
pub const DISMISSAL_EPOCHS: EpochIndex = 28;
/// Days an offence counts towards the next one's penalty.
pub const OFFENCE_DAYS: u32 = 180;
/// Days of jail.
pub const JAIL_DAYS: u32 = 7;
/// Days for which lines of an account weigh nothing in a country that it was not in.
pub const REGION_BAN_DAYS: u32 = 90;
/// Countries of which it is kept, per account, what committees made of its claim to be there.
pub const KEPT_COUNTRIES: u32 = 4;

/// Sets the clock where a benchmark needs it, through whatever the runtime's clock is made of.
#[cfg(feature = "runtime-benchmarks")]
pub trait BenchmarkHelper {
	/// Makes `epoch` the running epoch and the current slot its `slot`-th.
	fn set_clock(epoch: EpochIndex, slot: weir_primitives::SlotOffset);
}

/// Lists and randomness an epoch draws with.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct EpochRecord {
	/// Seed of every permutation of the epoch.
	pub seed: [u8; 32],
	/// Slot number of the epoch's first slot.
	pub first_slot: u64,
	/// Seats per uplink tier.
	pub seats: [u32; TIERS as usize],
	/// Providers per claim class.
	pub providers: [u32; CLASSES as usize],
}

/// The running epoch as far as the hooks have recorded it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Progress {
	/// The epoch.
	pub epoch: EpochIndex,
	/// First slot group whose randomness is not recorded.
	pub next_group: u8,
}

/// A seat. It stays until no retained duty can name it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Seat {
	/// Signs commits and offers.
	pub key: ProbeKey,
	/// Its probes come from this endpoint's prefix.
	pub endpoint: Endpoint,
	/// Declared uplink, kbps.
	pub uplink_kbps: Kbps,
	/// Where it measures from: ISO 3166-1 alpha-2, upper case.
	pub country: [u8; 2],
	/// First epoch it may be drawn.
	pub from_epoch: EpochIndex,
	/// Accepted ÷ assigned entries, in millionths, averaged.
	pub score_ppm: u32,
	/// Whether it has left or was dismissed, and only serves out its last epochs.
	pub leaving: bool,
	/// Signed before `key`.
	pub former_keys: FormerKeys,
	/// Epochs in which it fell short of its highest tier.
	pub shortfalls: Shortfalls,
}

impl Seat {
	/// A seat that nobody has judged yet; its first epoch follows from the lists.
	pub(crate) fn new(key: ProbeKey, endpoint: Endpoint, uplink_kbps: Kbps, country: [u8; 2]) -> Self {
		Self {
			key,
			endpoint,
			uplink_kbps,
			country,
			from_epoch: 0,
			score_ppm: FULL_SCORE_PPM,
			leaving: false,
			former_keys: Default::default(),
			shortfalls: Default::default(),
		}
	}
}

/// A set of countries by their numbers: bit `n mod 8` of byte `n ÷ 8`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Countries([u8; 32]);

impl Countries {
	/// Whether the country is in the set.
	pub fn contains(&self, country: u8) -> bool {
		self.0.get(usize::from(country >> 3)).is_some_and(|byte| byte & (1 << (country & 7)) != 0)
	}

	pub(crate) fn insert(&mut self, country: u8) {
		if let Some(byte) = self.0.get_mut(usize::from(country >> 3)) {
			*byte |= 1 << (country & 7);
		}
	}

	pub(crate) fn remove(&mut self, country: u8) {
		if let Some(byte) = self.0.get_mut(usize::from(country >> 3)) {
			*byte &= !(1 << (country & 7));
		}
	}

	/// The first country of the set from `start` on, and from 0 when there is none.
	pub(crate) fn next_from(&self, start: u8) -> Option<u8> {
		(0..=u8::MAX).map(|passed| start.wrapping_add(passed)).find(|country| self.contains(*country))
	}
}

/// The part of an address of which seats may hold a fiftieth: IPv4 /16 or IPv6 /32.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum WidePrefix {
	/// First two bytes.
	V4([u8; 2]),
	/// First four bytes.
	V6([u8; 4]),
}

impl WidePrefix {
	/// The wide prefix around a prefix.
	pub fn of(prefix: &Prefix) -> Self {
		match *prefix {
			Prefix::V4([a, b, _]) => Self::V4([a, b]),
			Prefix::V6([a, b, c, d, ..]) => Self::V6([a, b, c, d]),
		}
	}
}

/// How tests see a provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum Standing {
	/// Tested every epoch until admitted.
	Pending,
	/// Tested by lot.
	Admitted,
	/// Admitted and back from a pause: tested every epoch until one test is taken.
	Owing,
	/// Not tested.
	Out,
}

/// What tests of one epoch go by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Terms {
	/// What is claimed.
	pub claim: Claim,
	/// How it is tested.
	pub standing: Standing,
	/// Seats of this prefix or of the other address family may not measure it.
	pub prefix: Option<Prefix>,
	/// Whether other registrations have the prefix as well.
	pub shared: bool,
	/// Where it says it is: ISO 3166-1 alpha-2, upper case.
	pub country: [u8; 2],
}

/// A larger test by a fresh committee, due after three strikes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Escalation {
	/// First epoch it is held in; every second epoch after that until it has a result.
	pub due: EpochIndex,
	/// Highest claim of the strike window, against which it is judged.
	pub claim: Claim,
	/// Times it was held without a result.
	pub attempts: u8,
	/// Why it is held.
	pub cause: Cause,
}

/// Why an escalation is held.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum Cause {
	/// Three strikes in five tests.
	Strikes,
	/// The same, but a dispute took strikes back when it had begun: it is held as it was drawn, and decides nothing.
	Withdrawn,
	/// The provider has put up a deposit against the escalation of this epoch.
	Appeal(EpochIndex),
}

impl Escalation {
	/// Whether it is held in `epoch`. The epochs between are for judging the one before.
	pub fn is_held_in(&self, epoch: EpochIndex) -> bool {
		epoch.checked_sub(self.due).is_some_and(|passed| passed & 1 == 0)
	}
}

/// A provider as the measuring protocol follows it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Target<AccountId> {
	/// Its bonded account.
	pub account: AccountId,
	/// Terms by the epoch from which they hold.
	pub terms: History<Terms, ConstU32<6>>,
	/// The open escalation.
	pub escalation: Option<Escalation>,
}

/// Strikes and offences of a bond account. They outlive a registration by [`OFFENCE_DAYS`], the time in which an
/// offence counts towards the next one's penalty.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Conduct {
	/// The last five tests.
	pub window: StrikeWindow,
	/// Epoch in which the last strike was found.
	pub last_strike: Option<EpochIndex>,
	/// Epochs whose escalation confirmed a false claim, oldest first.
	pub offences: BoundedVec<EpochIndex, ConstU32<KEPT_OFFENCES>>,
	/// Epoch in which it is asked whether any of this still counts, once the registration has ended.
	pub review: Option<EpochIndex>,
	/// Countries in which committees did not find it.
	pub misplaced: BoundedVec<Misplaced, ConstU32<KEPT_COUNTRIES>>,
}

/// What a seat handed in for an epoch.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Report {
	/// The commitment.
	pub commitment: H256,
	/// What the reveal brought; none before it.
	pub revealed: Option<Revealed>,
}

/// What a reveal brought.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Revealed {
	/// Entries accepted.
	pub accepted: u16,
	/// Of these, the ones that measured something: what an attestor is paid by.
	pub measured: u16,
	/// Entries of the report.
	pub entries: u16,
	/// Whether those that were drawn for an audit are proven.
	pub proven: bool,
	/// When the node's own line was under test: it was busy then. Noted before the first verdict, which may end what
	/// the test was drawn by.
	pub own_run: Option<Run>,
}

/// An accepted entry by the place of its member in the committee.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Filed {
	/// Place of the member.
	pub place: u8,
	/// What it reported.
	pub entry: Entry,
}

/// What a member of a committee had to say, as far as an estimate and a dispute need it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum Voice {
	/// Barred, busy, or without a standing reveal.
	Absent,
	/// Revealed without this provider.
	Silent,
	/// Got no answer.
	Unreachable,
	/// Rates it reported, kbps.
	Measured {
		/// Towards the target.
		down_kbps: Kbps,
		/// From the target.
		up_kbps: Kbps,
	},
}

/// What a strike stands on, kept as long as it can be disputed.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Evidence<AccountId> {
	/// The provider's account.
	pub account: AccountId,
	/// The strike in full: there may be newer verdicts.
	pub verdict: VerdictRecord,
	/// The list the test was drawn from.
	pub list: ListKind,
	/// Class of the list.
	pub class: u8,
	/// Ordinal in the list.
	pub ordinal: u32,
	/// The committee.
	pub committee: Committee,
	/// What each of its members said, by place.
	pub voices: BoundedVec<Voice, ConstU32<MAX_MEMBERS>>,
	/// Last epoch in which it can be disputed.
	pub until: EpochIndex,
	/// What an escalation took.
	pub before: Option<Before>,
	/// Number of the slash an escalation queued.
	pub slash: Option<u32>,
	/// Whether another escalation was asked for.
	pub appealed: bool,
}

/// Claim and standing of a provider that a confirmed strike takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Before {
	/// Its claim.
	pub claim: Claim,
	/// What the strike makes of that. The strike itself may be revised, and stay one.
	pub lowered: Claim,
	/// Where it stood.
	pub admission: Admission,
}

/// Watchers that have reported a provider as down, and what became of it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Alarm<AccountId> {
	/// The alarm slot it belongs to.
	pub alarm_slot: AlarmSlot,
	/// Number of the slot of the first report.
	pub since_slot: u64,
	/// Who reported, each with a deposit on hold.
	pub reporters: Watchers<AccountId>,
	/// The votes, once enough have reported.
	pub raised: Option<Raised<AccountId>>,
}

/// Votes on an alarm.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Raised<AccountId> {
	/// Number of the block that raised it.
	pub block: u32,
	/// Number of the slot of that block.
	pub slot: u64,
	/// The epoch of that block, of whose seats the confirmers are drawn.
	pub epoch: EpochIndex,
	/// Confirmers that got no answer.
	pub down: BoundedVec<AccountId, ConstU32<CONFIRMERS>>,
	/// Confirmers that got one.
	pub up: BoundedVec<AccountId, ConstU32<CONFIRMERS>>,
}

impl<AccountId: PartialEq> Raised<AccountId> {
	/// An alarm without votes.
	pub(crate) fn new(block: u32, slot: u64, epoch: EpochIndex) -> Self {
		Self { block, slot, epoch, down: Default::default(), up: Default::default() }
	}

	/// Whether the confirmer has voted.
	pub(crate) fn has_voted(&self, node: &AccountId) -> bool {
		self.down.contains(node) || self.up.contains(node)
	}
}

/// A recorded outage that is not over.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Outage<AccountId> {
	/// The provider's account.
	pub account: AccountId,
	/// Its operator.
	pub operator: AccountId,
	/// Number of the slot of the first report.
	pub from_slot: u64,
	/// The region it counts in.
	pub region: Region,
	/// Watchers of `epoch` that see the provider again.
	pub up: Watchers<AccountId>,
	/// The epoch in which they said so.
	pub epoch: EpochIndex,
}

impl<AccountId: PartialEq> Outage<AccountId> {
	/// Watchers of `epoch` that see the provider again.
	pub(crate) fn voted_in(&self, epoch: EpochIndex) -> &[AccountId] {
		if self.epoch == epoch {
			&self.up
		} else {
			&[]
		}
	}

	/// Notes that a watcher sees the provider again; those of an earlier epoch no longer count.
	pub(crate) fn vote_up(&mut self, epoch: EpochIndex, node: AccountId) -> Result<(), AccountId> {
		if self.epoch != epoch {
			self.epoch = epoch;
			self.up = Default::default();
		}
		self.up.try_push(node)
	}
}

/// What is down in a region.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct RegionState {
	/// Providers recorded as down.
	pub down: u32,
	/// Their operators.
	pub operators: u32,
	/// Whether that is an outage of the region.
	pub is_regional: bool,
	/// Number of the last slot in which it was.
	pub last_regional_slot: Option<u64>,
}

/// A seat of the genesis state: node, key, endpoint, uplink in kbps, country.
pub type GenesisSeat<AccountId> = (AccountId, ProbeKey, Endpoint, Kbps, [u8; 2]);
/// Watchers of a provider.
pub type Watchers<AccountId> = BoundedVec<AccountId, ConstU32<WATCHERS>>;
/// Entries of a report.
pub type Entries = BoundedVec<Entry, ConstU32<{ weir_primitives::report::MAX_ENTRIES }>>;
/// Entries filed for one provider in one epoch.
pub type Results = BoundedVec<Filed, ConstU32<MAX_MEMBERS>>;
/// Randomness of the slot groups that had a block, ascending.
pub type GroupSeeds = BoundedVec<(u8, [u8; 32]), ConstU32<{ weir_math::timing::GROUPS }>>;
/// Rejected entries of a reveal.
pub type Rejections =
	BoundedVec<(ProviderIndex, Rejection), ConstU32<{ weir_primitives::report::MAX_ENTRIES }>>;

/// Why an entry was rejected.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Rejection {
	/// The provider had no test that epoch, or the seat was not in its committee.
	NotAssigned,
	/// The reveal or an earlier entry already reported on this provider.
	Duplicate,
	/// A rate, loss or kind that no measurement yields.
	OutOfRange,
	/// The seat may not measure this provider: one of its operator, on its prefix or of the other address family.
	Barred,
	/// The seat's own line was under test at the same time.
	Busy,
}

/// What became of a seat's score.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Scored {
	/// The score, millionths; 0 of a seat that is not known.
	pub score_ppm: u32,
	/// Whether it cost the seat.
	pub dismissed: bool,
}

/// Why a seat left without being dismissed.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum LeaveReason {
	/// Its owner gave it back.
	#[codec(index = 0)]
	GivenBack,
	/// What it stood on is gone: enough of a bond, or the service of the provider.
	#[codec(index = 1)]
	EntitlementLost,
}

/// Why a seat was dismissed.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Dismissal {
	/// Its score fell below the minimum.
	LowScore,
	/// It fell short of the smallest tier in three epochs in a row.
	FellShort,
}

/// An expectation towards another pallet that did not hold. Nothing else was affected.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Expectation {
	/// The registry refused a lower claim.
	ClaimLowered,
	/// The registry refused a new standing.
	AdmissionSet,
	/// The slash queue refused a slash; the escalation stays open.
	SlashQueued,
	/// A list refused a change.
	ListChanged,
	/// The history of a provider's terms had no room.
	TermsKept,
	/// The slash queue did not know a slash that was to be taken back.
	SlashCancelled,
	/// The registry refused what a refuted verdict had taken.
	Reinstated,
}

/// Who is to be forgotten once no retained epoch names it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum Leaver<AccountId> {
	/// A seat.
	Seat(AccountId),
	/// A provider.
	Provider(ProviderIndex),
	/// The conduct of an account that has no registration any more.
	Conduct(AccountId),
	/// What a strike in this epoch stood on.
	Evidence(ProviderIndex, EpochIndex),
}

/// What the estimate cursor does next.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum Stage {
	/// Judge the provider at this position of this class.
	Judge {
		/// Claim class.
		class: u8,
		/// Position in it.
		position: u32,
	},
	/// Ask whether the seat at this position of the smallest tier, as of the epoch before, has proven what it owed.
	Audit {
		/// Position.
		position: u32,
	},
	/// Score the seat at this position of the smallest tier.
	Score {
		/// Position.
		position: u32,
	},
	/// All done.
	Done,
}

/// Where the estimates stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Cursor {
	/// The measured epoch.
	pub epoch: EpochIndex,
	/// What is next.
	pub stage: Stage,
	/// Tests concluded.
	pub tests: u32,
	/// Of them, void ones.
	pub voids: u32,
	/// Of them, strikes.
	pub strikes: u32,
}

/// How far old records were cleared.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Sweep {
	/// First epoch whose reports and results are still stored.
	pub reports: EpochIndex,
	/// First epoch whose leavers are still to be forgotten.
	pub leavers: EpochIndex,
}
