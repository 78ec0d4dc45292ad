//! # Proof-of-Bandwidth
//!
//! Epochs of measurement: who measures whom, what was reported, what follows.
//!
//! ## Overview
//!
//! Each epoch draws tests and committees from a seed that is two epochs old ([`assignment`]). Committees measure
//! through their sidecars. In the next epoch each seat commits to its report and then reveals it ([`reports`]); when
//! the reveal window has closed, a cursor in `on_idle` ([`housekeeping`]) turns what stands into estimates and verdicts
//! ([`estimating`]), which move admission, strikes, escalations and slashes ([`discipline`]). The last verdicts on a
//! provider stay readable ([`history`]). Entries drawn by lot have to be proven ([`audits`]); a strike can be disputed by
//! the receipts of the test ([`disputes`]) and a slash appealed against by another escalation ([`appeals`]). A seat whose
//! uplink does not carry what its tier has to loses the tier ([`uplinks`]). Of all seats, those of one operator stay a small
//! share ([`operators`]). The round-trip times of each test say whether a provider can be where it claims to be
//! ([`locations`]), and enough that say it cannot cost it a part of its bond ([`misplacement`]). Between tests watchers see whether a provider answers at all ([`watching`]); when most of them lose it,
//! and most of those drawn to look again find nothing, that is an outage ([`outages`]), of which the last stay readable
//! ([`gaps`]). What a line is paid by is read out of all that (`line`).
//!
//! ## What is stored and what is computed
//!
//! Assignments are computed, never stored: `weir_math::committee` answers from an epoch's seed and list sizes
//! ([`Epochs`]) who belongs to which committee. The lists are [`dense_index`] structures: seats per uplink tier,
//! providers per claim class. Every change of a list or of a provider's terms begins in a later epoch, so that the
//! assignment of an epoch is the same at its start and when it is judged.
//!
//! ## Interface
//!
//! * [`Call::take_seat`], [`Call::leave_seat`], [`Call::set_seat_key`]: the duty to measure.
//! * [`Call::commit`], [`Call::reveal`]: authorised and fee-less, one each per seat and epoch.
//! * [`Call::answer_audit`], [`Call::dispute`]: authorised and fee-less; the receipts are the proof.
//! * [`Call::report_down`], [`Call::confirm`], [`Call::report_up`]: authorised and fee-less; a deposit stands behind the first.
//! * [`Call::appeal`], [`Call::request_test`]: the provider's, for a deposit or a price.
//! * [`offchain`]: the worker that talks to the local sidecar and hands reports in.
//! * [`queries`]: what the runtime API reads.
//!
//! ## Invariants
//!
//! 1. The timing equals its genesis copy and keeps `Timing::validate`.
//! 2. Keys and prefixes of seats point back at their seat, one each; the counts equal the seats stored. A seat that
//!    is leaving is queued to be forgotten. What a seat fell short in is over.
//! 3. Every list keeps D1 to D3 of [`dense_index`], and a seat that is not leaving is wanted in exactly the tiers its
//!    uplink covers.
//! 4. A provider is wanted in at most one class, and only as long as it is followed; terms ascend. One that the
//!    registry no longer knows is queued to be forgotten.
//! 5. Reports and results belong to an epoch between the sweep and the last one; places in a result are distinct. The
//!    epoch being judged is over.
//! 6. The running epoch is recorded once a block of it has run, and no record is older than the retained epochs.
//! 7. Conduct outlives a registration only as long as a review is queued for it, one each.
//! 8. The last verdicts on a provider are on ascending epochs. Evidence is of a strike among them, or of one that was
//!    appealed against; it has one voice per member, and is queued to be forgotten. That of an open appeal says so.
//! 9. What is known of a location is of a provider that is followed, of an assigned country, and was found in epochs that
//!    are over. Where endpoints may be private nothing is. What is kept of an account's wrong countries is of assigned ones,
//!    one each, with no more refutations than a row has, a row or a ban, and a ban for each slash.
//! 10. An alarm that has three reports is raised, and ends in the order of [`Lapses`]. No provider has an alarm and an
//!     outage. What is down in a region is counted by region and operator.

#![cfg_attr(not(feature = "std"), no_std)]
#![deny(missing_docs)]
#![cfg_attr(
	not(test),
	deny(
		clippy::unwrap_used,
		clippy::expect_used,
		clippy::indexing_slicing,
		clippy::arithmetic_side_effects
	)
)]

extern crate alloc;

pub mod appeals;
pub mod assignment;
pub mod audits;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
pub mod dense_index;
pub mod discipline;
pub mod disputes;
pub mod epochs;
pub mod estimating;
pub mod following;
pub mod gaps;
pub mod history;
pub mod housekeeping;
mod line;
pub mod locations;
pub mod misplacement;
#[cfg(test)]
mod mock;
pub mod offchain;
pub mod operators;
pub mod outages;
pub mod queries;
pub mod receipts;
pub mod reports;
pub mod seats;
#[cfg(test)]
mod tests;
mod try_state;
pub mod types;
pub mod uplinks;
pub mod watching;
pub mod weights;

pub use gaps::{LastGaps, KEPT_GAPS};
pub use history::{LastVerdicts, KEPT_VERDICTS};
pub use locations::{Found, Located};
pub use misplacement::Misplaced;
pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

use polkadot_sdk::*;

// The macro looks up its own name with `expect`: a runtime without this pallet does not call it.
#[allow(clippy::expect_used)]
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use crate::{
		dense_index::{ListState, Place, Slot},
		receipts::{Posted, Proofs},
	};
	use alloc::vec::Vec;
	use frame_support::{pallet_prelude::*, weights::WeightMeter};
	use frame_system::{offchain::CreateAuthorizedTransaction, pallet_prelude::*};
	use sp_core::H256;
	use sp_runtime::Perbill;
	use weir_math::location::LocationFinding;
	use weir_primitives::{
		api::{Outcome, VerdictRecord},
		outage::{AlarmSlot, Gap, Sighting},
		seams::{Bonds, Deposits, OnVerdict, Operators, ProviderRegistry, QueuedSlashes, SlashQueue},
		Claim, Endpoint, EpochIndex, Kbps, Prefix, ProbeKey, ProbeSignature, ProviderIndex, Region, Timing,
	};

	/// Version of the storage layout.
	pub const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// Requires `frame_system::AuthorizeCall` among the runtime's transaction extensions.
	#[pallet::config]
	pub trait Config:
		CreateAuthorizedTransaction<Call<Self>>
		+ polkadot_sdk::frame_system::Config<RuntimeEvent: From<Event<Self>>>
	{
		/// Running session, which is the epoch.
		type SessionIndex: Get<EpochIndex>;
		/// Number of the current slot.
		type CurrentSlot: Get<u64>;
		/// Number of the running epoch's first slot.
		type EpochStart: Get<u64>;
		/// Randomness of two epochs ago: known before the epoch, fixed after its lists were.
		type Seed: Get<[u8; 32]>;
		/// Randomness of the current block, known only with the block: read in `on_finalize`, so that this pallet
		/// stands after the one that sets it there.
		type BlockRandomness: Get<[u8; 32]>;
		/// Token amount.
		type Balance: Parameter + Member + PartialOrd + Copy;
		/// Bonds of nodes.
		type Bonds: Bonds<Self::AccountId, Balance = Self::Balance>;
		/// Who sells bandwidth.
		type Registry: ProviderRegistry<Self::AccountId>;
		/// Who operates which nodes.
		type Operators: Operators<Self::AccountId>;
		/// Where slashes wait.
		type Slashes: SlashQueue<Self::AccountId> + QueuedSlashes;
		/// Deposits of appeals, and the price of a test.
		type Deposits: Deposits<Self::AccountId>;
		/// Who is told of verdicts.
		type OnVerdict: OnVerdict<Self::AccountId>;
		/// Bond a seat asks for at least.
		#[pallet::constant]
		type MinimumSeatBond: Get<Self::Balance>;
		/// Pool priority of commits and reveals when their window opens.
		#[pallet::constant]
		type BasePriority: Get<TransactionPriority>;
		/// Weights of calls and hooks.
		type WeightInfo: WeightInfo;
		/// Sets the clock in benchmarks.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: BenchmarkHelper;
	}

	/// Timing of this network. Unset: `Timing::public()`.
	#[pallet::storage]
	pub type NetworkTiming<T> = StorageValue<_, Timing, OptionQuery>;

	/// The timing as genesis wrote it, so that a change is noticed.
	#[pallet::storage]
	pub type GenesisTiming<T> = StorageValue<_, Timing, OptionQuery>;

	/// Whether private and loopback endpoints are allowed: networks on one machine.
	#[pallet::storage]
	pub type PrivateEndpointsAllowed<T> = StorageValue<_, bool, ValueQuery>;

	/// The running epoch as far as it was recorded.
	#[pallet::storage]
	pub type CurrentProgress<T> = StorageValue<_, Progress, OptionQuery>;

	/// Seed and list sizes of the retained epochs.
	#[pallet::storage]
	pub type Epochs<T> = StorageMap<_, Twox64Concat, EpochIndex, EpochRecord, OptionQuery>;

	/// Randomness of slot groups of the retained epochs.
	#[pallet::storage]
	pub type Groups<T> = StorageMap<_, Twox64Concat, EpochIndex, GroupSeeds, ValueQuery>;

	/// Seats by node.
	#[pallet::storage]
	pub type Seats<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Seat, OptionQuery>;

	/// Node by seat key.
	#[pallet::storage]
	pub type SeatOfKey<T: Config> = StorageMap<_, Blake2_128Concat, ProbeKey, T::AccountId, OptionQuery>;

	/// Node by the prefix its seat occupies.
	#[pallet::storage]
	pub type SeatOfPrefix<T: Config> = StorageMap<_, Blake2_128Concat, Prefix, T::AccountId, OptionQuery>;

	/// Seats per wide prefix.
	#[pallet::storage]
	pub type SeatsInWidePrefix<T> = StorageMap<_, Blake2_128Concat, WidePrefix, u32, ValueQuery>;

	/// Seats stored.
	#[pallet::storage]
	pub type SeatCount<T> = StorageValue<_, u32, ValueQuery>;

	/// Sizes of the seat lists by tier.
	#[pallet::storage]
	pub type SeatListState<T> = StorageMap<_, Twox64Concat, u8, ListState, ValueQuery>;

	/// Seats by tier and index.
	#[pallet::storage]
	pub type SeatListSlots<T: Config> =
		StorageDoubleMap<_, Twox64Concat, u8, Twox64Concat, u32, Slot<T::AccountId>, OptionQuery>;

	/// Indices by tier and seat.
	#[pallet::storage]
	pub type SeatListPlaces<T: Config> =
		StorageDoubleMap<_, Twox64Concat, u8, Blake2_128Concat, T::AccountId, Place, OptionQuery>;

	/// Waiting changes by tier.
	#[pallet::storage]
	pub type SeatListQueue<T: Config> =
		StorageDoubleMap<_, Twox64Concat, u8, Twox64Concat, u32, T::AccountId, OptionQuery>;

	/// Sizes of the seat lists by country.
	#[pallet::storage]
	pub type CountryListState<T> = StorageMap<_, Twox64Concat, u8, ListState, ValueQuery>;

	/// Seats by country and index.
	#[pallet::storage]
	pub type CountryListSlots<T: Config> =
		StorageDoubleMap<_, Twox64Concat, u8, Twox64Concat, u32, Slot<T::AccountId>, OptionQuery>;

	/// Indices by country and seat.
	#[pallet::storage]
	pub type CountryListPlaces<T: Config> =
		StorageDoubleMap<_, Twox64Concat, u8, Blake2_128Concat, T::AccountId, Place, OptionQuery>;

	/// Waiting changes by country.
	#[pallet::storage]
	pub type CountryListQueue<T: Config> =
		StorageDoubleMap<_, Twox64Concat, u8, Twox64Concat, u32, T::AccountId, OptionQuery>;

	/// Countries whose lists may have a waiting change.
	#[pallet::storage]
	pub type WaitingCountries<T> = StorageValue<_, Countries, ValueQuery>;

	/// Sizes of the provider lists by claim class.
	#[pallet::storage]
	pub type ProviderListState<T> = StorageMap<_, Twox64Concat, u8, ListState, ValueQuery>;

	/// Providers by claim class and position.
	#[pallet::storage]
	pub type ProviderListSlots<T> =
		StorageDoubleMap<_, Twox64Concat, u8, Twox64Concat, u32, Slot<ProviderIndex>, OptionQuery>;

	/// Positions by claim class and provider.
	#[pallet::storage]
	pub type ProviderListPlaces<T> =
		StorageDoubleMap<_, Twox64Concat, u8, Twox64Concat, ProviderIndex, Place, OptionQuery>;

	/// Waiting changes by claim class.
	#[pallet::storage]
	pub type ProviderListQueue<T> =
		StorageDoubleMap<_, Twox64Concat, u8, Twox64Concat, u32, ProviderIndex, OptionQuery>;

	/// Providers as tests follow them.
	#[pallet::storage]
	pub type Targets<T: Config> =
		StorageMap<_, Twox64Concat, ProviderIndex, Target<T::AccountId>, OptionQuery>;

	/// The last verdicts on a provider.
	#[pallet::storage]
	pub type Verdicts<T> = StorageMap<_, Twox64Concat, ProviderIndex, LastVerdicts, OptionQuery>;

	/// Strikes and offences by bond account.
	#[pallet::storage]
	pub type Conducts<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Conduct, OptionQuery>;

	/// What strikes stand on, by provider and measured epoch, as long as it can be disputed.
	#[pallet::storage]
	pub type Evidences<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		ProviderIndex,
		Twox64Concat,
		EpochIndex,
		Evidence<T::AccountId>,
		OptionQuery,
	>;

	/// Commitments by measured epoch and node.
	#[pallet::storage]
	pub type Reports<T: Config> =
		StorageDoubleMap<_, Twox64Concat, EpochIndex, Blake2_128Concat, T::AccountId, Report, OptionQuery>;

	/// Accepted entries by measured epoch and provider.
	#[pallet::storage]
	pub type Filings<T> =
		StorageDoubleMap<_, Twox64Concat, EpochIndex, Twox64Concat, ProviderIndex, Results, ValueQuery>;

	/// Entries a node owed and did not deliver, by measured epoch.
	#[pallet::storage]
	pub type Missed<T: Config> =
		StorageDoubleMap<_, Twox64Concat, EpochIndex, Blake2_128Concat, T::AccountId, u16, ValueQuery>;

	/// Where the estimates stand.
	#[pallet::storage]
	pub type EstimateCursor<T> = StorageValue<_, Cursor, OptionQuery>;

	/// How far old records were cleared.
	#[pallet::storage]
	pub type Swept<T> = StorageValue<_, Sweep, ValueQuery>;

	/// Reports of watchers by provider, until an outage is recorded or not.
	#[pallet::storage]
	pub type Alarms<T: Config> = StorageMap<_, Twox64Concat, ProviderIndex, Alarm<T::AccountId>, OptionQuery>;

	/// Outages that are not over, by provider.
	#[pallet::storage]
	pub type Outages<T: Config> =
		StorageMap<_, Twox64Concat, ProviderIndex, Outage<T::AccountId>, OptionQuery>;

	/// The last outages of a provider, oldest first.
	#[pallet::storage]
	pub type Gaps<T> = StorageMap<_, Twox64Concat, ProviderIndex, LastGaps, ValueQuery>;

	/// Who raised the last alarm about a provider that was dismissed, and in which epoch.
	#[pallet::storage]
	pub type Dismissed<T: Config> =
		StorageMap<_, Twox64Concat, ProviderIndex, (EpochIndex, Watchers<T::AccountId>), OptionQuery>;

	/// What is down, by region.
	#[pallet::storage]
	pub type RegionOutages<T> = StorageMap<_, Twox64Concat, Region, RegionState, ValueQuery>;

	/// Providers that are down, by region and operator.
	#[pallet::storage]
	pub type OperatorOutages<T: Config> =
		StorageDoubleMap<_, Twox64Concat, Region, Blake2_128Concat, T::AccountId, u32, ValueQuery>;

	/// Number of the last block that raised an alarm.
	#[pallet::storage]
	pub type LastRaised<T> = StorageValue<_, u32, OptionQuery>;

	/// Numbers and randomness of the blocks after an alarm, by their number modulo 64.
	#[pallet::storage]
	pub type BlockSeeds<T> = StorageMap<_, Twox64Concat, u8, (u32, [u8; 32]), OptionQuery>;

	/// Alarms in the order in which they end: provider, and number of the slot by which that is over.
	#[pallet::storage]
	pub type Lapses<T> = StorageMap<_, Twox64Concat, u32, (ProviderIndex, u64), OptionQuery>;

	/// First and next place in the order of [`Lapses`].
	#[pallet::storage]
	pub type LapseBounds<T> = StorageValue<_, (u32, u32), ValueQuery>;

	/// Who is to be forgotten, by the epoch from which it may be.
	#[pallet::storage]
	pub type Leavers<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		EpochIndex,
		Blake2_128Concat,
		Leaver<T::AccountId>,
		(),
		OptionQuery,
	>;

	/// What is known of where providers are.
	#[pallet::storage]
	pub type Locations<T> = StorageMap<_, Twox64Concat, ProviderIndex, Located, OptionQuery>;

	/// Seats per operator, those of nodes that only have announced it included.
	#[pallet::storage]
	pub type SeatsOfOperator<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, u32, ValueQuery>;

	/// Genesis state of the measuring protocol.
	#[pallet::genesis_config]
	pub struct GenesisConfig<T: Config> {
		/// Timing of the network.
		pub timing: Timing,
		/// Whether private and loopback endpoints are allowed.
		pub allow_private_endpoints: bool,
		/// Seats that may be drawn from the first tested epoch: node, key, endpoint, uplink in kbps, country.
		pub seats: Vec<GenesisSeat<T::AccountId>>,
	}

	impl<T: Config> Default for GenesisConfig<T> {
		fn default() -> Self {
			Self { timing: Timing::public(), allow_private_endpoints: false, seats: Vec::new() }
		}
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			Pallet::<T>::build_genesis(self);
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An epoch began; everything it draws is fixed.
		EpochOpened {
			/// The epoch.
			epoch: EpochIndex,
			/// Its seed.
			seed: [u8; 32],
			/// Seats that may be drawn.
			seats: u32,
			/// Providers on the lists.
			providers: u32,
		},
		/// All tests of an epoch were judged and its seats scored.
		EpochConcluded {
			/// The measured epoch.
			epoch: EpochIndex,
			/// Tests concluded.
			tests: u32,
			/// Of them, void ones.
			voids: u32,
			/// Of them, strikes.
			strikes: u32,
		},
		/// A seat was taken.
		SeatTaken {
			/// The node.
			who: T::AccountId,
			/// Its key.
			key: ProbeKey,
			/// Where its probes come from.
			endpoint: Endpoint,
			/// Declared uplink, kbps.
			uplink_kbps: Kbps,
			/// Where it measures from.
			country: [u8; 2],
			/// First epoch it may be drawn, unless a list makes it wait.
			from_epoch: EpochIndex,
		},
		/// A seat is on its way out and serves out its last epochs.
		SeatLeft {
			/// The node.
			who: T::AccountId,
			/// Why.
			reason: LeaveReason,
		},
		/// A seat is not good enough; it is on its way out, and its account has to wait for another one.
		SeatDismissed {
			/// The node.
			who: T::AccountId,
			/// Its score in millionths.
			score_ppm: u32,
			/// Why.
			reason: Dismissal,
		},
		/// A seat that left is forgotten; its prefix and key are free.
		SeatReleased {
			/// The node.
			who: T::AccountId,
		},
		/// A seat has another key.
		SeatKeySet {
			/// The node.
			who: T::AccountId,
			/// The key before.
			old: ProbeKey,
			/// The key now.
			new: ProbeKey,
		},
		/// A seat committed to its report.
		Committed {
			/// The measured epoch.
			epoch: EpochIndex,
			/// The node.
			node: T::AccountId,
		},
		/// A seat revealed its report.
		Revealed {
			/// The measured epoch.
			epoch: EpochIndex,
			/// The node.
			node: T::AccountId,
			/// Entries that count.
			accepted: u32,
			/// Entries that do not, and why.
			rejected: Rejections,
		},
		/// A test was concluded.
		VerdictReached {
			/// The provider.
			provider: ProviderIndex,
			/// Its account.
			account: T::AccountId,
			/// What was concluded, and why.
			verdict: VerdictRecord,
		},
		/// A provider passed its admission.
		ProviderAdmitted {
			/// The provider.
			provider: ProviderIndex,
			/// First epoch that counts.
			since: EpochIndex,
		},
		/// Three strikes in five tests: a fresh committee is drawn.
		EscalationOpened {
			/// The provider.
			provider: ProviderIndex,
			/// Its account.
			account: T::AccountId,
			/// First epoch it is held in.
			due: EpochIndex,
			/// The claim it is judged against.
			claim: Claim,
		},
		/// The fresh committee did not confirm the strikes; they are void.
		EscalationRefuted {
			/// The provider.
			provider: ProviderIndex,
			/// Its account.
			account: T::AccountId,
			/// Estimate ÷ claim in millionths.
			ratio_ppm: u32,
		},
		/// No committee could conclude; the claim is void and admission starts again.
		EscalationLapsed {
			/// The provider.
			provider: ProviderIndex,
			/// Its account.
			account: T::AccountId,
		},
		/// The fresh committee confirmed a false claim.
		FalseClaimConfirmed {
			/// The provider.
			provider: ProviderIndex,
			/// Its account.
			account: T::AccountId,
			/// Estimate ÷ claim in millionths.
			ratio_ppm: u32,
			/// Share of the bond in the slash queue; zero if only the claim is reset.
			fraction: Perbill,
			/// Number in the slash queue, if queued.
			slash: Option<u32>,
		},
		/// A cancelled slash took its offence with it.
		OffenceVoided {
			/// The account.
			account: T::AccountId,
			/// Epoch the escalation measured.
			epoch: EpochIndex,
		},
		/// A seat proved the entries an audit had drawn, but for those that its receipts contradict.
		AuditAnswered {
			/// The measured epoch.
			epoch: EpochIndex,
			/// The node.
			node: T::AccountId,
			/// Entries proven.
			proven: u32,
		},
		/// A seat did not prove what an audit had drawn: its pay for the epoch is void.
		AuditMissed {
			/// The measured epoch.
			epoch: EpochIndex,
			/// The node.
			node: T::AccountId,
			/// Its score after it, in millionths.
			score_ppm: u32,
		},
		/// A receipt with both signatures shows other counts than the attestor reported.
		FalseReportProven {
			/// The measured epoch.
			epoch: EpochIndex,
			/// The node.
			node: T::AccountId,
			/// The provider it reported on.
			provider: ProviderIndex,
		},
		/// Receipts changed what a strike stands on; this is the verdict now.
		VerdictRevised {
			/// The provider.
			provider: ProviderIndex,
			/// Its account.
			account: T::AccountId,
			/// What is concluded now, and why.
			verdict: VerdictRecord,
		},
		/// Fewer than three strikes are left: the escalation is not held or, if it has begun, decides nothing.
		EscalationWithdrawn {
			/// The provider.
			provider: ProviderIndex,
			/// Its account.
			account: T::AccountId,
		},
		/// A provider asked for another escalation against its slash.
		Appealed {
			/// The provider.
			provider: ProviderIndex,
			/// Its account.
			account: T::AccountId,
			/// Epoch the first escalation measured.
			epoch: EpochIndex,
			/// Epoch it is held in.
			due: EpochIndex,
		},
		/// An appeal is over. Upheld if good, paid as measured or lowered: what had followed is undone. A strike: the
		/// deposit is forfeited. Void or unreachable: the deposit is back, and the slash stands.
		AppealConcluded {
			/// The provider.
			provider: ProviderIndex,
			/// Its account.
			account: T::AccountId,
			/// Epoch the first escalation measured.
			epoch: EpochIndex,
			/// What the second one found.
			outcome: Outcome,
		},
		/// A provider paid for a test.
		TestRequested {
			/// The provider.
			provider: ProviderIndex,
			/// Its account.
			account: T::AccountId,
			/// First epoch in which it is tested, each one until a test was taken.
			from: EpochIndex,
		},
		/// Another part of the runtime did not do what was expected.
		Unexpected {
			/// The expectation.
			expectation: Expectation,
		},
		/// What was left of an epoch is not judged: its record is gone.
		EpochSkipped {
			/// The measured epoch.
			epoch: EpochIndex,
		},
		/// A watcher has lost its pings.
		DownReported {
			/// The provider.
			provider: ProviderIndex,
			/// The watcher.
			node: T::AccountId,
		},
		/// Three watchers agree; the block after the next one draws who confirms it.
		AlarmRaised {
			/// The provider.
			provider: ProviderIndex,
			/// Number of this block.
			block: u32,
		},
		/// A confirmer has looked.
		AlarmVoted {
			/// The provider.
			provider: ProviderIndex,
			/// The confirmer.
			node: T::AccountId,
			/// Whether it got no answer.
			is_down: bool,
		},
		/// Two thirds of the confirmers got no answer.
		OutageRecorded {
			/// The provider.
			provider: ProviderIndex,
			/// Its account.
			account: T::AccountId,
			/// Number of the slot of the first report.
			from_slot: u64,
		},
		/// More than a third of the confirmers got an answer: the watchers' deposits are forfeited.
		AlarmDismissed {
			/// The provider.
			provider: ProviderIndex,
		},
		/// Too few confirmers voted: nothing is recorded, and the deposits are back.
		AlarmLapsed {
			/// The provider.
			provider: ProviderIndex,
		},
		/// A watcher gets answers again.
		UpReported {
			/// The provider.
			provider: ProviderIndex,
			/// The watcher.
			node: T::AccountId,
		},
		/// An outage is over: a majority of watchers gets answers, or the provider has left service.
		OutageClosed {
			/// The provider.
			provider: ProviderIndex,
			/// Its account.
			account: T::AccountId,
			/// From when until when, and whether it is nobody's fault.
			gap: Gap,
		},
		/// So much of a region is down that it costs nobody.
		RegionalOutage {
			/// The region.
			region: Region,
			/// Providers that are down.
			down: u32,
			/// Their operators.
			operators: u32,
		},
		/// A seat showed less of its quota than its tier has to carry, on a line that had room.
		SeatFellShort {
			/// The node.
			who: T::AccountId,
			/// The measured epoch.
			epoch: EpochIndex,
			/// The provider it measured.
			provider: ProviderIndex,
			/// Epochs in a row in which it fell short.
			shortfalls: u8,
		},
		/// A seat fell short of its highest tier in three epochs in a row, and is on its way out of it.
		SeatTierDropped {
			/// The node.
			who: T::AccountId,
			/// Its uplink before, kbps.
			from: Kbps,
			/// Its uplink now, kbps.
			to: Kbps,
		},
		/// The round-trip times of a test said something about where a provider is.
		LocationJudged {
			/// The provider.
			provider: ProviderIndex,
			/// Its account.
			account: T::AccountId,
			/// The measured epoch.
			epoch: EpochIndex,
			/// The country it claims.
			country: [u8; 2],
			/// What was found.
			finding: LocationFinding,
			/// Members that measured less than light needs from their country to that one.
			contradicting: u16,
			/// Far members that did not.
			supporting: u16,
		},
		/// Tests in a row refuted that a provider is where it says: a slash is queued, and no line of the account weighs
		/// anything in that country.
		WrongRegionConfirmed {
			/// The provider.
			provider: ProviderIndex,
			/// Its account.
			account: T::AccountId,
			/// The country it claims.
			country: [u8; 2],
			/// Share of the bond in the slash queue.
			fraction: Perbill,
			/// Number in the slash queue.
			slash: u32,
			/// First epoch in which lines of the account may weigh something there.
			banned_until: EpochIndex,
		},
		/// The slash for a wrong country was taken back, and the ban with it.
		RegionBanLifted {
			/// The account.
			account: T::AccountId,
			/// The country.
			country: [u8; 2],
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The account holds a seat, or one that is still serving out its last epochs.
		SeatHeld,
		/// The account holds no seat.
		NoSeat,
		/// The seat has left already.
		SeatLeaving,
		/// A seat needs an address of its own: relay-only nodes cannot measure.
		SeatNeedsAddress,
		/// The port is 0.
		PortMissing,
		/// The address is private or reserved.
		PrivateEndpoint,
		/// Another seat occupies the prefix.
		PrefixTaken,
		/// Seats of the surrounding prefix have reached their share.
		WidePrefixFull,
		/// Another seat uses the key.
		KeyTaken,
		/// The uplink is below the smallest tier.
		UplinkBelowTiers,
		/// A provider cannot offer more uplink than it claims.
		UplinkAboveClaim,
		/// Neither an active bonded validator nor a provider in service.
		NotActive,
		/// The bond is below the minimum of a seat.
		BondBelowSeatMinimum,
		/// The epoch is not the one reports are taken for.
		WrongEpoch,
		/// The window has not opened or has closed.
		WindowClosed,
		/// The seat was not on duty in that epoch.
		NotOnDuty,
		/// The seat has committed for that epoch.
		AlreadyCommitted,
		/// The seat has not committed for that epoch.
		NotCommitted,
		/// The seat has revealed for that epoch.
		AlreadyRevealed,
		/// A counter or epoch reached the end of its number type.
		Overflow,
		/// The seat has not revealed for that epoch.
		NotRevealed,
		/// No entry of the report was drawn for an audit.
		NotAudited,
		/// What was drawn is proven.
		AlreadyProven,
		/// The entries are not those of the report.
		NotTheReport,
		/// A proof needs one receipt for each entry that was drawn and has one; a dispute needs one at least.
		WrongReceiptCount,
		/// The receipt is of another test, or not the one that was reported.
		ForeignReceipt,
		/// No strike in that epoch, or it can no longer be disputed.
		NotDisputable,
		/// The attestor is not in the committee.
		NotAMember,
		/// The member was absent: nothing it reported counts.
		MemberAbsent,
		/// The receipt shows no more than was reported.
		NothingUnderReported,
		/// Three keys were replaced within 8 epochs, and receipts they signed may still be asked for.
		TooManyKeys,
		/// The account is no registered provider.
		NotAProvider,
		/// The provider is not in service.
		NotInService,
		/// The provider is not admitted yet: it is tested every epoch.
		NotAdmitted,
		/// A test is owed already, or it is no longer admitted by then.
		TestDue,
		/// An escalation is open.
		EscalationOpen,
		/// The slash was appealed against.
		AlreadyAppealed,
		/// An appeal would not be judged before the slash is due.
		TooLateToAppeal,
		/// The country is no assigned ISO 3166-1 alpha-2 code.
		InvalidCountry,
		/// The report is for another alarm slot than the running one.
		WrongAlarmSlot,
		/// The provider is recorded as down already.
		DownAlready,
		/// The provider is not recorded as down.
		NotDown,
		/// The provider is on no list in this epoch, so that nobody watches it.
		NotWatched,
		/// The seat does not watch the provider in this epoch.
		NotAWatcher,
		/// The seat has said so already.
		SaidAlready,
		/// The alarm is raised: its confirmers decide.
		AlarmRaised,
		/// The seat raised an alarm about the provider in this epoch that its confirmers dismissed.
		AlarmDismissed,
		/// The account cannot put up the deposit of a report.
		NoDeposit,
		/// No such alarm.
		NoAlarm,
		/// The votes on the alarm are closed.
		VotesClosed,
		/// The block that draws the confirmers is not over.
		ConfirmersUnknown,
		/// The seat is not asked about this alarm.
		NotAConfirmer,
		/// Seats of the operator have reached their share.
		OperatorFull,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			Self::record_epoch()
		}

		fn on_finalize(_: BlockNumberFor<T>) {
			Self::record_group();
			Self::record_randomness();
		}

		fn on_idle(_: BlockNumberFor<T>, remaining: Weight) -> Weight {
			let mut meter = WeightMeter::with_limit(remaining.min(Self::idle_limit()));
			Self::idle(&mut meter);
			meter.consumed()
		}

		fn offchain_worker(_: BlockNumberFor<T>) {
			Self::serve_seats();
		}

		fn integrity_test() {
			Self::check_constants();
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call(weight = <T as Config>::WeightInfo)]
	impl<T: Config> Pallet<T> {
		/// Takes the seat of the signer's bond: the right and duty to measure from `uplink_kbps` of uplink behind
		/// `endpoint`'s prefix in `country` (ISO 3166-1 alpha-2, upper case). It may be drawn when its maturity has passed.
		#[pallet::call_index(0)]
		pub fn take_seat(
			origin: OriginFor<T>,
			key: ProbeKey,
			endpoint: Endpoint,
			uplink_kbps: Kbps,
			country: [u8; 2],
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_take_seat(who, key, endpoint, uplink_kbps, country)
		}

		/// Gives the signer's seat back. It still serves the epochs it may already be drawn in.
		#[pallet::call_index(1)]
		pub fn leave_seat(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_leave_seat(who)
		}

		/// Replaces the key of the signer's seat at once.
		#[pallet::call_index(2)]
		pub fn set_seat_key(origin: OriginFor<T>, key: ProbeKey) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_set_seat_key(who, key)
		}

		/// Commits `node`'s report of `epoch`, which must be the last one, inside the commit window. Fee-less:
		/// `signature` is the seat key's over `weir_primitives::report::commit_payload`.
		#[pallet::call_index(3)]
		#[pallet::authorize(Self::authorize_commit)]
		pub fn commit(
			origin: OriginFor<T>,
			epoch: EpochIndex,
			node: T::AccountId,
			commitment: H256,
			signature: ProbeSignature,
		) -> DispatchResult {
			ensure_authorized(origin)?;
			// Verified when the call was authorised.
			let _ = signature;
			Self::do_commit(epoch, node, commitment)
		}

		/// Reveals `node`'s report of `epoch` inside the reveal window. Fee-less: the preimage of the commitment is
		/// the proof. Entries that are not the seat's to make are rejected one by one and named in the event.
		#[pallet::call_index(4)]
		#[pallet::weight(<T as Config>::WeightInfo::reveal(entries.len() as u32))]
		#[pallet::weight_of_authorize(<T as Config>::WeightInfo::authorize_reveal(entries.len() as u32))]
		#[pallet::authorize(Self::authorize_reveal)]
		pub fn reveal(
			origin: OriginFor<T>,
			epoch: EpochIndex,
			node: T::AccountId,
			entries: Entries,
			salt: [u8; 32],
		) -> DispatchResult {
			ensure_authorized(origin)?;
			// Part of the preimage, which was checked when the call was authorised.
			let _ = salt;
			Self::do_reveal(epoch, node, entries)
		}

		/// Proves the entries of `node`'s report of `epoch` that an audit has drawn, inside the reveal window of the
		/// second epoch after it. Fee-less: the signatures under `receipts` are the proof, one for each drawn entry that
		/// has a receipt, in their order. `entries` and `salt` are what was revealed. A receipt that shows other counts
		/// than its entry costs the attestor a part of its bond.
		#[pallet::call_index(5)]
		#[pallet::weight(<T as Config>::WeightInfo::answer_audit(receipts.len() as u32))]
		#[pallet::weight_of_authorize(<T as Config>::WeightInfo::authorize_answer_audit(receipts.len() as u32))]
		#[pallet::authorize(Self::authorize_audit)]
		pub fn answer_audit(
			origin: OriginFor<T>,
			epoch: EpochIndex,
			node: T::AccountId,
			entries: Entries,
			salt: [u8; 32],
			receipts: Proofs<T>,
		) -> DispatchResult {
			ensure_authorized(origin)?;
			// Part of the preimage, which was checked when the call was authorised.
			let _ = salt;
			Self::do_answer_audit(epoch, node, &entries, &receipts)
		}

		/// Posts receipts that show more than their attestors reported in the test of `epoch` that struck `provider`.
		/// Fee-less: the signatures are the proof, and each receipt has to change something. Every such attestor is
		/// fined, and the test is judged again.
		#[pallet::call_index(6)]
		#[pallet::weight(Pallet::<T>::weight_of_dispute(receipts.len() as u32))]
		#[pallet::weight_of_authorize(<T as Config>::WeightInfo::authorize_dispute(receipts.len() as u32))]
		#[pallet::authorize(Self::authorize_dispute)]
		pub fn dispute(
			origin: OriginFor<T>,
			provider: ProviderIndex,
			epoch: EpochIndex,
			receipts: Posted<T>,
		) -> DispatchResult {
			ensure_authorized(origin)?;
			Self::do_dispute(provider, epoch, &receipts)
		}

		/// Asks for another escalation against the slash that the one of `epoch` queued for the signer, for a deposit
		/// that comes back unless the new committee agrees with the first.
		#[pallet::call_index(7)]
		pub fn appeal(origin: OriginFor<T>, epoch: EpochIndex) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_appeal(who, epoch)
		}

		/// Pays for a test of the signer's line in the epoch after the next, ahead of its turn. It counts like any other.
		#[pallet::call_index(8)]
		pub fn request_test(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_request_test(who)
		}

		/// Reports that `node`, a watcher of `provider`, has lost its pings in the running alarm slot. Three such reports
		/// raise an alarm. Fee-less, but for a deposit until the alarm is decided: `signature` is the seat key's over
		/// `weir_primitives::outage::sighting_payload`.
		#[pallet::call_index(9)]
		#[pallet::authorize(|_, provider: &ProviderIndex, node: &T::AccountId, alarm_slot: &AlarmSlot, signature: &ProbeSignature| {
			Pallet::<T>::authorize_sighting(*provider, node, Sighting::Down { alarm_slot: *alarm_slot }, signature)
		})]
		pub fn report_down(
			origin: OriginFor<T>,
			provider: ProviderIndex,
			node: T::AccountId,
			alarm_slot: AlarmSlot,
			signature: ProbeSignature,
		) -> DispatchResult {
			ensure_authorized(origin)?;
			// Verified when the call was authorised.
			let _ = signature;
			Self::do_report_down(provider, node, alarm_slot)
		}

		/// Reports that `node`, a watcher of `provider`, which is recorded as down, gets answers again. A majority of the
		/// epoch's watchers ends the outage. Fee-less.
		#[pallet::call_index(10)]
		#[pallet::authorize(|_, provider: &ProviderIndex, node: &T::AccountId, alarm_slot: &AlarmSlot, signature: &ProbeSignature| {
			Pallet::<T>::authorize_sighting(*provider, node, Sighting::Up { alarm_slot: *alarm_slot }, signature)
		})]
		pub fn report_up(
			origin: OriginFor<T>,
			provider: ProviderIndex,
			node: T::AccountId,
			alarm_slot: AlarmSlot,
			signature: ProbeSignature,
		) -> DispatchResult {
			ensure_authorized(origin)?;
			// Verified when the call was authorised.
			let _ = signature;
			Self::do_report_up(provider, node, alarm_slot)
		}

		/// Says whether `node`, drawn to confirm the alarm that block `raised` raised about `provider`, gets no answer
		/// either. Two thirds decide. Fee-less.
		#[pallet::call_index(11)]
		#[pallet::weight(<T as Config>::WeightInfo::confirm().max(<T as Config>::WeightInfo::confirm_dismissing()))]
		#[pallet::authorize(|_, provider: &ProviderIndex, node: &T::AccountId, raised: &u32, is_down: &bool, signature: &ProbeSignature| {
			let sighting = Sighting::Confirm { raised: *raised, is_down: *is_down };
			Pallet::<T>::authorize_sighting(*provider, node, sighting, signature)
		})]
		pub fn confirm(
			origin: OriginFor<T>,
			provider: ProviderIndex,
			node: T::AccountId,
			raised: u32,
			is_down: bool,
			signature: ProbeSignature,
		) -> DispatchResult {
			ensure_authorized(origin)?;
			// Verified when the call was authorised.
			let _ = signature;
			Self::do_confirm(provider, node, raised, is_down)
		}
	}
}
