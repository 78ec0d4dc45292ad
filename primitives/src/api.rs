//! Runtime APIs: how node, sidecar, wallet and explorer read the measuring protocol.

use crate::{
	outage::{Gap, Watch},
	Admission, Caps, Claim, Endpoint, EpochIndex, ExitClass, Kbps, LineKind, ProbeKey, ProviderIndex, Region,
	SlotOffset, Timing,
};
use alloc::vec::Vec;
use codec::{Codec, Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::sp_api;
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
pub use weir_math::verdict::{Outcome, Reason};

/// Which kind of test it was.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub enum TestKind {
	/// Drawn by lot among the admitted.
	#[codec(index = 0)]
	Scheduled,
	/// Every epoch before admission.
	#[codec(index = 1)]
	Admission,
	/// By a fresh, larger committee after three strikes.
	#[codec(index = 2)]
	Escalation,
}

/// What the chain concluded from one test, with why.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub struct VerdictRecord {
	/// Epoch that was measured.
	pub epoch: EpochIndex,
	/// Kind of test.
	pub kind: TestKind,
	/// Claim the ratio was taken against.
	pub claim: Claim,
	/// Estimate of the capacity towards the provider, kbps.
	pub down_kbps: Kbps,
	/// Estimate of the capacity from the provider, kbps.
	pub up_kbps: Kbps,
	/// The smaller of both directions' estimate ÷ min(claim, quotas present), in millionths.
	pub ratio_ppm: u32,
	/// Committee size k.
	pub members: u16,
	/// Members present k′.
	pub present: u16,
	/// Median of the members' round-trip times, 10 µs.
	pub rtt_10us: u16,
	/// Median of the members' loss, per ten thousand.
	pub loss_pptt: u16,
	/// Parts of the epoch (of 40) in which a majority saw the target alive.
	pub alive_parts: u8,
	/// What follows.
	pub outcome: Outcome,
	/// Why.
	pub reason: Reason,
}

/// What stays of a verdict once there is a newer one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct VerdictSummary {
	/// Epoch that was measured.
	pub epoch: EpochIndex,
	/// Kind of test.
	pub kind: TestKind,
	/// Estimate of the capacity towards the provider, kbps.
	pub down_kbps: Kbps,
	/// Estimate of the capacity from the provider, kbps.
	pub up_kbps: Kbps,
	/// What follows.
	pub outcome: Outcome,
	/// Why.
	pub reason: Reason,
}

impl From<&VerdictRecord> for VerdictSummary {
	fn from(record: &VerdictRecord) -> Self {
		let VerdictRecord { epoch, kind, down_kbps, up_kbps, outcome, reason, .. } = *record;
		Self { epoch, kind, down_kbps, up_kbps, outcome, reason }
	}
}

/// What is known of where a provider is, since it claims the country it claims.
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
	Serialize,
	Deserialize,
)]
pub struct LocationFacts {
	/// Location proofs passed; stays at the largest number.
	pub proofs: u16,
	/// Epoch of the last one.
	pub last_proof: Option<EpochIndex>,
	/// Epoch of the last contradiction.
	pub contradicted: Option<EpochIndex>,
	/// Epoch of the last test that measured something, if the majority of its committee refuted the claim.
	pub refuted: Option<EpochIndex>,
	/// Tests in a row that refuted a claim of the account to be there, since the last slash for that.
	pub refutations: u8,
	/// First epoch in which a line of the account may weigh something there; none if it may.
	pub banned_until: Option<EpochIndex>,
}

impl LocationFacts {
	/// Whether no proof has followed the last contradiction.
	pub fn stand_contradicted(&self) -> bool {
		self.contradicted > self.last_proof
	}
}

impl VerdictRecord {
	/// What was measured of the claim: per direction no more than that.
	pub fn measured(&self) -> Claim {
		Claim {
			down_kbps: self.claim.down_kbps.min(self.down_kbps),
			up_kbps: self.claim.up_kbps.min(self.up_kbps),
		}
	}
}

/// A strike that can be disputed, and what it stands on.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct EvidenceInfo<AccountId> {
	/// The provider's index.
	pub provider: ProviderIndex,
	/// Epoch that was measured.
	pub epoch: EpochIndex,
	/// Kind of test.
	pub kind: TestKind,
	/// Ordinal of the test in its list.
	pub ordinal: u32,
	/// Window of each phase in milliseconds.
	pub window_millis: u32,
	/// Last epoch in which it can be disputed.
	pub until: EpochIndex,
	/// Number of the slash that waits, for an escalation that queued one.
	pub slash: Option<u32>,
	/// First epoch in which that applies.
	pub due: Option<EpochIndex>,
	/// Whether it was appealed against.
	pub appealed: bool,
	/// Members whose reports count, with the rates down and up they are taken to have reported, kbps.
	pub members: Vec<(AccountId, Kbps, Kbps)>,
}

/// One task of a seat: measure `provider` in this epoch.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct Task<AccountId> {
	/// The target.
	pub provider: ProviderIndex,
	/// Its account.
	pub account: AccountId,
	/// Where it is reached.
	pub endpoint: Endpoint,
	/// Its control-plane identity: a libp2p PeerId as multihash bytes.
	pub peer_id: Vec<u8>,
	/// Signs its receipts.
	pub probe_key: Option<ProbeKey>,
	/// What it claims.
	pub claim: Claim,
	/// Kind of test.
	pub kind: TestKind,
	/// Ordinal of the test in its list.
	pub ordinal: u32,
	/// Committee size k.
	pub members: u16,
	/// Load this member offers, kbps, towards the target.
	pub quota_down_kbps: Kbps,
	/// Load this member asks to be echoed, kbps.
	pub quota_up_kbps: Kbps,
	/// Window of the measurement in milliseconds: 3,000 or 20,000.
	pub window_millis: u32,
	/// Slot at whose start T0 falls; none until the block that reveals it.
	pub start_slot: Option<SlotOffset>,
}

/// A seat as others see it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct SeatInfo<AccountId> {
	/// Its node.
	pub account: AccountId,
	/// Signs its commits and offers.
	pub key: ProbeKey,
	/// Probes come from this endpoint's prefix.
	pub endpoint: Endpoint,
	/// Declared uplink, kbps.
	pub uplink_kbps: Kbps,
	/// Where it measures from: ISO 3166-1 alpha-2, upper case.
	pub country: [u8; 2],
	/// First epoch it may be drawn.
	pub from_epoch: EpochIndex,
	/// Accepted ÷ assigned entries, in millionths, averaged.
	pub score_ppm: u32,
}

/// A seat with what is recorded of it beside how it measures.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct SeatRecord<AccountId> {
	/// The seat.
	pub seat: SeatInfo<AccountId>,
	/// Who operates its node in the running epoch; none if the node is its own operator.
	pub operator: Option<AccountId>,
	/// Epochs in a row in which it fell short of its highest tier.
	pub shortfalls: u8,
}

/// A member of a committee as the target checks it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct CommitteeMember<AccountId> {
	/// The seat's node.
	pub account: AccountId,
	/// Signs its offers.
	pub key: ProbeKey,
	/// Its probes come from this endpoint's prefix.
	pub endpoint: Endpoint,
}

/// The test a provider has to answer in an epoch.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct TargetTest<AccountId> {
	/// Epoch of the test.
	pub epoch: EpochIndex,
	/// Kind of test.
	pub kind: TestKind,
	/// Ordinal of the test in its list.
	pub ordinal: u32,
	/// Load each member offers, kbps.
	pub quota_down_kbps: Kbps,
	/// Load each member asks to be echoed, kbps.
	pub quota_up_kbps: Kbps,
	/// Window in milliseconds.
	pub window_millis: u32,
	/// Slot at whose start T0 falls; none until revealed.
	pub start_slot: Option<SlotOffset>,
	/// Who may measure.
	pub committee: Vec<CommitteeMember<AccountId>>,
}

/// Rows of a list, and where the next page begins.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct Page<Row> {
	/// The rows, at most 100.
	pub rows: Vec<Row>,
	/// What the next page is asked with; none at the end of the list. A page may be empty and not be the last: only so
	/// many places are looked at for one.
	pub next: Option<u32>,
}

/// Which regions a page shows.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct RegionFilter {
	/// Only this country (ISO 3166-1 alpha-2, upper case); none for all.
	pub country: Option<[u8; 2]>,
	/// Only this kind of line; none for all.
	pub kind: Option<LineKind>,
}

impl RegionFilter {
	/// Whether the page shows `region`.
	pub fn admits(&self, region: &Region) -> bool {
		self.country.is_none_or(|country| country == region.country)
			&& self.kind.is_none_or(|kind| kind == region.kind)
	}
}

/// A change that was announced and does not count yet.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct Announced<V> {
	/// First epoch in which it counts.
	pub from_epoch: EpochIndex,
	/// What counts from then on.
	pub value: V,
}

/// A provider as a page shows it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, Serialize, Deserialize)]
pub struct ProviderInfo<AccountId, Balance> {
	/// Dense index.
	pub index: ProviderIndex,
	/// Account.
	pub account: AccountId,
	/// Claim.
	pub claim: Claim,
	/// Endpoint.
	pub endpoint: Endpoint,
	/// libp2p PeerId as multihash bytes.
	pub peer_id: Vec<u8>,
	/// Region.
	pub region: Region,
	/// What its exit lets out.
	pub exit: ExitClass,
	/// Price in credits (micro-dollars) per 10⁹ bytes.
	pub price_credits_per_gb: u64,
	/// Limits it sets itself.
	pub caps: Caps,
	/// Signs its receipts.
	pub probe_key: Option<ProbeKey>,
	/// Where it stands.
	pub admission: Admission,
	/// Whether its owner stopped it.
	pub paused: bool,
	/// Whether tests are due.
	pub in_service: bool,
	/// The claim to come.
	pub next_claim: Option<Announced<Claim>>,
	/// The probe key to come.
	pub next_probe_key: Option<Announced<Option<ProbeKey>>>,
	/// Where it will stand.
	pub next_admission: Option<Announced<Admission>>,
	/// The pause or resumption to come.
	pub next_paused: Option<Announced<bool>>,
	/// Active bond.
	pub bond: Balance,
	/// Whether the bond covers what it claims or has announced to claim.
	pub bond_sufficient: bool,
	/// Strikes among its last five tests.
	pub strikes: u8,
	/// The last verdict on it.
	pub last_verdict: Option<VerdictRecord>,
	/// What stays of those before, oldest first, at most seven.
	pub past_verdicts: Vec<VerdictSummary>,
	/// What is known of where it is.
	pub location: LocationFacts,
	/// Who operates it in the running epoch; none if it is its own operator.
	pub operator: Option<AccountId>,
}

impl<AccountId, Balance> ProviderInfo<AccountId, Balance> {
	/// Its last verdicts with what stays of each, oldest first, at most eight.
	pub fn verdicts(&self) -> impl Iterator<Item = VerdictSummary> + '_ {
		self.past_verdicts.iter().copied().chain(self.last_verdict.as_ref().map(VerdictSummary::from))
	}
}

sp_api::decl_runtime_apis! {
	/// Reads of the measuring protocol. Pages hold at most 100 rows, whatever is asked.
	pub trait ProofOfBandwidthApi<AccountId, Balance> where AccountId: Codec, Balance: Codec {
		/// Timing of this network.
		fn timing() -> Timing;
		/// Running epoch, slot in it, and the slot number of its first slot.
		fn clock() -> (EpochIndex, SlotOffset, u64);
		/// Tasks of the node's seat in the running epoch.
		fn tasks(node: AccountId) -> Vec<Task<AccountId>>;
		/// The test the provider has to answer in the running epoch, if any.
		fn target_test(provider: AccountId) -> Option<TargetTest<AccountId>>;
		/// Nodes assigned to measure `provider` in a retained epoch.
		fn assignment(epoch: EpochIndex, provider: ProviderIndex) -> Vec<AccountId>;
		/// The node's seat.
		fn seat(node: AccountId) -> Option<SeatInfo<AccountId>>;
		/// The node's seat with what is recorded of it.
		fn seat_record(node: AccountId) -> Option<SeatRecord<AccountId>>;
		/// The same of seats from position `start` of the smallest tier.
		fn seats(start: u32, count: u32) -> Page<SeatRecord<AccountId>>;
		/// Providers of the regions asked for, from index `start`. At most 1,000 indexes are looked at for one page.
		fn providers(
			start: ProviderIndex,
			count: u32,
			regions: RegionFilter,
		) -> Page<ProviderInfo<AccountId, Balance>>;
		/// One provider by its account.
		fn provider(who: AccountId) -> Option<ProviderInfo<AccountId, Balance>>;
		/// One provider by its index.
		fn provider_at(index: ProviderIndex) -> Option<ProviderInfo<AccountId, Balance>>;
		/// The node's commitment for `epoch`, whether it stands, and whether it was revealed.
		fn report_state(epoch: EpochIndex, node: AccountId) -> (bool, bool);
		/// Positions in the node's report on `epoch` that an audit has drawn and that are not proven yet. They are known
		/// when the epoch after is over.
		fn audited(epoch: EpochIndex, node: AccountId) -> Vec<u32>;
		/// Strikes of the provider that can be disputed, at most eight.
		fn evidence(provider: AccountId) -> Vec<EvidenceInfo<AccountId>>;
		/// What the node's seat has to look at now.
		fn watch(node: AccountId) -> Watch<AccountId>;
		/// Number of the slot since which the provider is recorded as down, and its last outages, oldest first, at most
		/// eight.
		fn outages(provider: ProviderIndex) -> (Option<u64>, Vec<Gap>);
	}
}
