//! What one pallet needs of another. A pallet of ours depends on no other: it names a trait from here in its
//! `Config`, and the runtime plugs the implementation in.

pub mod economy;

use crate::{
	Admission, Claim, Endpoint, EpochIndex, Kbps, ProbeKey, ProviderIndex, Region, Role, SlashReason,
	SlotOffset,
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::sp_runtime::{DispatchError, DispatchResult, Perbill, Weight};
use scale_info::TypeInfo;

/// The protocol's clock: epochs are sessions; slots are counted from the epoch's first slot, so that empty slots
/// stretch nothing.
pub trait EpochClock {
	/// The running epoch.
	fn epoch() -> EpochIndex;
	/// Slots since the first slot of the running epoch.
	fn slot_in_epoch() -> SlotOffset;
}

/// Read access to bonds (implemented by node-staking).
pub trait Bonds<AccountId> {
	/// Token amount.
	type Balance;
	/// The active bond of `who` in `role`: not unbonding, not yet slashed away. Zero without one.
	fn active_bond(who: &AccountId, role: Role) -> Self::Balance;
	/// Everything bonded of `who` in `role`, what unbonds included: what a slash takes its fraction of.
	fn slashable_bond(who: &AccountId, role: Role) -> Self::Balance;
	/// Whether the active bond reaches the lasting minimum of its role and claim. It never rises: a bond that was
	/// enough stays so, whatever a new one has to be.
	fn is_sufficient(who: &AccountId, role: Role) -> bool;
	/// Whether the active bond reaches what its role and claim ask for if they are new, by today's rate.
	fn suffices_anew(who: &AccountId, role: Role) -> bool;
	/// What the active bond of a provider covers by today's rate: no more of its line earns.
	fn covered_kbps(who: &AccountId) -> Kbps;
	/// Funds and bonds `who` in `role` with exactly the minimum, for tests and benchmarks.
	#[cfg(feature = "runtime-benchmarks")]
	fn bond_for_benchmark(who: &AccountId, role: Role);
}

/// What the owner of a role says about leaving it (implemented by providers and validators, asked by node-staking).
pub trait RoleDuty<AccountId> {
	/// Capacity a provider's bond must cover, kbps; 0 for any other role or when out of service.
	fn claimed_kbps(who: &AccountId, role: Role) -> Kbps;
	/// Whether the role is in use (registered or a candidate), so that the bond may not fall below its minimum.
	fn in_service(who: &AccountId, role: Role) -> bool;
}

/// Told when a bond changes, so that candidates and seats follow (implemented by the runtime's fan-out).
pub trait OnBondChange<AccountId> {
	/// The bond of `who` in `role` changed. Never fails: a bond moves whatever others think of it.
	fn bond_changed(who: &AccountId, role: Role);
	/// What following a change costs at most, in any role. Required, so that no listener is free by oversight.
	fn weight() -> Weight;
}

/// The slash queue (implemented by node-staking).
pub trait SlashQueue<AccountId> {
	/// Queues a slash of `fraction` of everything `who` has bonded in `role`, unbonding chunks included. It applies
	/// after the slash delay unless cancelled. Returns the queue's number for it.
	fn queue_slash(
		who: &AccountId,
		role: Role,
		fraction: Perbill,
		reason: SlashReason,
	) -> Result<u32, DispatchError> {
		Self::queue_reported_slash(who, role, fraction, reason, None)
	}
	/// The same for an offence that `reporter` has brought evidence of: it gets its part of what is taken.
	fn queue_reported_slash(
		who: &AccountId,
		role: Role,
		fraction: Perbill,
		reason: SlashReason,
		reporter: Option<&AccountId>,
	) -> Result<u32, DispatchError>;
}

/// The slashes that wait (implemented by node-staking).
pub trait QueuedSlashes {
	/// Takes a slash back: what it stood on was refuted.
	fn cancel_slash(number: u32) -> DispatchResult;
	/// First epoch in which the slash applies; none if it is not queued.
	fn due_of(number: u32) -> Option<EpochIndex>;
}

/// What a deposit is put up for.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Deposit {
	/// Another escalation against a slash.
	#[codec(index = 0)]
	Appeal,
	/// Having seen no sign of a provider: lost if its confirmers do.
	#[codec(index = 1)]
	Alarm,
}

/// Deposits and charges of the measuring protocol (implemented by node-staking).
pub trait Deposits<AccountId> {
	/// Whether the account of `who` has what a deposit takes.
	fn can_hold(who: &AccountId, what: Deposit) -> bool;
	/// Puts the deposit of `who` on hold.
	fn hold(who: &AccountId, what: Deposit) -> DispatchResult;
	/// Gives one such deposit back. Nothing happens without one.
	fn release(who: &AccountId, what: Deposit);
	/// Takes one such deposit, as a slash does. Nothing happens without one.
	fn forfeit(who: &AccountId, what: Deposit);
	/// Takes the price of a test that was asked for.
	fn charge_test(who: &AccountId) -> DispatchResult;
	/// Funds `who` for a deposit and a charge, for tests and benchmarks.
	#[cfg(feature = "runtime-benchmarks")]
	fn fund_for_benchmark(who: &AccountId);
}

/// Told when a queued slash ends.
pub trait OnSlashDecided<AccountId> {
	/// The slash was applied in full or as far as the bond reached.
	fn slash_applied(who: &AccountId, reason: &SlashReason);
	/// A governance origin cancelled it.
	fn slash_cancelled(who: &AccountId, reason: &SlashReason);
	/// What either costs at most. Required, so that no listener is free by oversight.
	fn weight() -> Weight;
}

/// Receives slashed tokens.
pub trait SlashSink<AccountId, Credit> {
	/// Takes all of `amount`, the reporter's part included if there is a `reporter`. Nothing of it may be dropped: what is
	/// destroyed goes to the supply ledger, so that issuance stays what the ledger says.
	fn receive(amount: Credit, reporter: Option<&AccountId>);
}

/// What the measuring protocol reads of a provider.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProviderFacts<AccountId> {
	/// The bonded account. Who runs it says [`Operators`].
	pub account: AccountId,
	/// What it claims now.
	pub claim: Claim,
	/// Where it is reached.
	pub endpoint: Endpoint,
	/// The region it claims.
	pub region: Region,
	/// Signs its receipts.
	pub probe_key: Option<ProbeKey>,
	/// Where it stands.
	pub admission: Admission,
	/// Whether tests are due: registered, sufficiently bonded, not paused, not jailed.
	pub in_service: bool,
	/// Whether other registrations have its address prefix.
	pub shared: bool,
}

/// The provider registry as the measuring protocol sees it (implemented by providers).
pub trait ProviderRegistry<AccountId> {
	/// Facts of the provider with this index; none if it is not registered.
	fn facts(index: ProviderIndex) -> Option<ProviderFacts<AccountId>>;
	/// Facts as of `epoch`: the previous one, which verdicts are about, the running or a later one. Endpoint and
	/// region have no history. A registry that keeps none answers with [`Self::facts`].
	fn facts_at(index: ProviderIndex, _epoch: EpochIndex) -> Option<ProviderFacts<AccountId>> {
		Self::facts(index)
	}
	/// Control-plane identity of the provider: a libp2p PeerId as multihash bytes. Empty if it has none.
	fn peer_id(index: ProviderIndex) -> Vec<u8>;
	/// Keys whose signatures under receipts of `epoch` count: the present one, an announced one, and those replaced
	/// since.
	fn receipt_keys(index: ProviderIndex, epoch: EpochIndex) -> Vec<ProbeKey>;
	/// Providers registered in the region.
	fn count_in(region: &Region) -> u32;
	/// Index of a registered account.
	fn index_of(who: &AccountId) -> Option<ProviderIndex>;
	/// Lowers (never raises) the claim to what a verdict `measured`: [`Claim::lowered_to`].
	fn lower_claim(index: ProviderIndex, measured: Claim) -> DispatchResult;
	/// Records where the provider stands.
	fn set_admission(index: ProviderIndex, admission: Admission) -> DispatchResult;
	/// Gives a provider back what a refuted verdict took, from the next epoch on: where it stood, and its claim if that
	/// is given.
	fn reinstate(index: ProviderIndex, claim: Option<Claim>, admission: Admission) -> DispatchResult;
	/// What telling others of one such change costs at most, beside [`OnVerdict::weight`] for the same provider in the same
	/// block: [`Self::lower_claim`], [`Self::set_admission`] or [`Self::reinstate`]. What the registry itself does is in the
	/// weights of who calls them. Required, so that no listener is free by oversight.
	fn change_weight() -> Weight;
	/// Makes these the keys of [`Self::receipt_keys`], the present one first, for tests and benchmarks.
	#[cfg(feature = "runtime-benchmarks")]
	fn set_receipt_keys_for_benchmark(index: ProviderIndex, keys: Vec<ProbeKey>);
	/// Registers `who` with `claim` in service at the `n`-th test address, for tests and benchmarks.
	#[cfg(feature = "runtime-benchmarks")]
	fn register_for_benchmark(who: &AccountId, n: u32, claim: Claim) -> ProviderIndex;
}

/// What a provider offers now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Offer {
	/// Credits per 10⁹ bytes.
	pub price_credits_per_gb: u64,
	/// Blake2-256 of the SCALE encoding of the registered terms.
	pub terms_hash: [u8; 32],
	/// Where it stands.
	pub region: Region,
	/// Signs what the provider agrees to.
	pub probe_key: Option<ProbeKey>,
	/// Whether it may be bought from.
	pub in_service: bool,
}

/// The market as payment channels see it (implemented by providers).
pub trait Offers<AccountId> {
	/// What `provider` offers; none if it is not registered.
	fn offer(provider: &AccountId) -> Option<Offer>;
	/// Registers `who` in service at the `n`-th test address, and returns what it offers, for tests and benchmarks.
	#[cfg(feature = "runtime-benchmarks")]
	fn offer_for_benchmark(who: &AccountId, n: u32) -> Offer;
}

/// Told when the registry changes, so that the lists tests are drawn from follow (implemented by
/// proof-of-bandwidth).
pub trait OnProviderChange<AccountId> {
	/// `index` entered service, or its claim, endpoint or region changed while in service. The facts are those of the
	/// next epoch, in which an announced claim counts.
	fn provider_changed(index: ProviderIndex, facts: &ProviderFacts<AccountId>);
	/// `index` left service (pause announced, jailed, under-bonded) or deregistered; told again when one that had
	/// left deregisters.
	fn provider_left(index: ProviderIndex, who: &AccountId);
	/// The claim, endpoint or region of `index` changed after its pause was announced and before that takes effect: it was
	/// told of as gone, and serves and earns until then. The facts are those of the next epoch.
	fn leaving_changed(index: ProviderIndex, facts: &ProviderFacts<AccountId>) {
		Self::provider_changed(index, facts);
	}
	/// Whether facts still point at `index` (open strikes, escalation): it may not be reused or deregistered yet.
	fn is_needed(index: ProviderIndex, who: &AccountId) -> bool;
	/// What being told of one change, or of the end, costs at most. Required, so that no listener is free by oversight.
	fn weight() -> Weight;
	/// What being told again of the same provider in one block costs at most: less, where the first telling brings something
	/// up to date that then is.
	fn weight_again() -> Weight {
		Self::weight()
	}
	/// Gives the provider everything that makes its departure dear, and nothing that forbids it.
	#[cfg(feature = "runtime-benchmarks")]
	fn encumber_for_benchmark(_index: ProviderIndex, _who: &AccountId) {}
}

/// Who runs which nodes, as far as they say so (implemented by node-staking). A node without an operator is its own.
pub trait Operators<AccountId> {
	/// Who operates the node in `epoch`: a retained one, the running or a later one.
	fn operator_at(node: &AccountId, epoch: EpochIndex) -> AccountId;
	/// Who operates it when everything announced counts: what limits apply to.
	fn operator_of(node: &AccountId) -> AccountId;
	/// Declares `operator` as the node's since ever, for tests and benchmarks.
	#[cfg(feature = "runtime-benchmarks")]
	fn declare_for_benchmark(node: &AccountId, operator: &AccountId);
}

/// Told when nodes change their operators (implemented by proof-of-bandwidth).
pub trait OnOperatorChange<AccountId> {
	/// What limits `node` counts for `new` from now on, no longer for `old`; either may be the node itself. Fails when
	/// `new` has its share.
	fn operator_changed(node: &AccountId, old: &AccountId, new: &AccountId) -> DispatchResult;
	/// What following a change costs at most. Required, so that no listener is free by oversight.
	fn weight() -> Weight;
}

/// Told of each verdict once (rewards listens).
pub trait OnVerdict<AccountId> {
	/// A test of `who` in `epoch` was concluded. Returns what being told of that cost, at most [`Self::weight`].
	fn verdict(
		who: &AccountId,
		index: ProviderIndex,
		epoch: EpochIndex,
		verdict: &crate::api::VerdictRecord,
	) -> Weight;
	/// A dispute turned the verdict on `epoch` into this one.
	fn revised(who: &AccountId, index: ProviderIndex, epoch: EpochIndex, verdict: &crate::api::VerdictRecord);
	/// The attestor's pay for `epoch` is void: it did not prove an entry that was drawn for an audit.
	fn unproven(attestor: &AccountId, epoch: EpochIndex);
	/// Of the `assigned` entries that `attestor` had to reveal for the tests of `epoch`, `accepted` count: those that
	/// were accepted and measured something. Told once per attestor and epoch, when the epoch's tests are judged; what is
	/// [`Self::unproven`] of it is told an epoch later.
	fn attested(attestor: &AccountId, epoch: EpochIndex, assigned: u32, accepted: u32);
	/// What being told of a verdict, new or revised, costs at most. Required, so that no listener is free by oversight.
	fn weight() -> Weight;
	/// What being told of an attestor costs at most: once per seat and epoch, so that it is counted apart.
	fn attestor_weight() -> Weight;
}

impl<AccountId> OnVerdict<AccountId> for () {
	fn verdict(_: &AccountId, _: ProviderIndex, _: EpochIndex, _: &crate::api::VerdictRecord) -> Weight {
		Weight::zero()
	}
	fn revised(_: &AccountId, _: ProviderIndex, _: EpochIndex, _: &crate::api::VerdictRecord) {}
	fn unproven(_: &AccountId, _: EpochIndex) {}
	fn attested(_: &AccountId, _: EpochIndex, _: u32, _: u32) {}
	fn weight() -> Weight {
		Weight::zero()
	}
	fn attestor_weight() -> Weight {
		Weight::zero()
	}
}

impl<AccountId> OnBondChange<AccountId> for () {
	fn bond_changed(_: &AccountId, _: Role) {}
	fn weight() -> Weight {
		Weight::zero()
	}
}

impl<AccountId> OnSlashDecided<AccountId> for () {
	fn slash_applied(_: &AccountId, _: &SlashReason) {}
	fn slash_cancelled(_: &AccountId, _: &SlashReason) {}
	fn weight() -> Weight {
		Weight::zero()
	}
}

impl<AccountId> OnProviderChange<AccountId> for () {
	fn provider_changed(_: ProviderIndex, _: &ProviderFacts<AccountId>) {}
	fn provider_left(_: ProviderIndex, _: &AccountId) {}
	fn is_needed(_: ProviderIndex, _: &AccountId) -> bool {
		false
	}
	fn weight() -> Weight {
		Weight::zero()
	}
}
