//! Who makes blocks, who finalises them, and what happens to those who do it twice.

use super::*;
use crate::*;
use frame_support::{parameter_types, traits::ConstU32};
use sp_runtime::traits::{ConvertInto, OpaqueKeys};

parameter_types! {
	/// Most validators of a session.
	pub const MaxAuthorities: u32 = 100;
	/// Held while session keys are registered: 1 token.
	pub const KeyDeposit: Balance = WEIR;
}

/// For how many sessions after its own an equivocation may be reported: as long as the bond that stood behind it is
/// certainly still on hold.
///
/// What a validator unbonds in the session of its offence is free [`Timing::unbonding_epochs`] later. The window ends
/// the delay of a slash before that, so that even the slash is decided before the tokens would have been free.
pub struct ReportSessions;

impl Get<u32> for ReportSessions {
	fn get() -> u32 {
		let timing = NetworkTiming::get();
		timing.unbonding_epochs.saturating_sub(timing.slash_delay_epochs).max(1)
	}
}

/// How long a report of an equivocation is worth keeping in the pool, in slots of the running network.
pub struct ReportLongevity;

impl Get<u64> for ReportLongevity {
	fn get() -> u64 {
		EpochSlots::get().saturating_mul(ReportSessions::get().into())
	}
}

/// Sets of voters whose last session is remembered. A report names the set of its votes, and is checked against that
/// set and the one before it; in each session of the window a new set may begin.
pub struct VoterSets;

impl Get<u64> for VoterSets {
	fn get() -> u64 {
		u64::from(ReportSessions::get()).saturating_add(2)
	}
}

impl pallet_babe::Config for Runtime {
	type EpochDuration = EpochSlots;
	type ExpectedBlockTime = SlotMillis;
	type EpochChangeTrigger = pallet_babe::ExternalTrigger;
	type DisabledValidators = Session;
	type WeightInfo = ();
	type MaxAuthorities = MaxAuthorities;
	type MaxNominators = ConstU32<0>;
	type KeyOwnerProof = sp_session::MembershipProof;
	type EquivocationReportSystem =
		pallet_babe::EquivocationReportSystem<Self, Offences, Historical, ReportLongevity>;
}

impl pallet_grandpa::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = ();
	type MaxAuthorities = MaxAuthorities;
	type MaxNominators = ConstU32<0>;
	type MaxSetIdSessionEntries = VoterSets;
	type KeyOwnerProof = sp_session::MembershipProof;
	type EquivocationReportSystem =
		pallet_grandpa::EquivocationReportSystem<Self, Offences, Historical, ReportLongevity>;
}

impl pallet_authorship::Config for Runtime {
	type FindAuthor = pallet_session::FindAccountFromAuthorIndex<Self, Babe>;
	// Who made a block earns a part of its epoch's emission.
	type EventHandler = economy::Authors;
}

impl pallet_session::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type ValidatorId = AccountId;
	type ValidatorIdOf = ConvertInto;
	type ShouldEndSession = Babe;
	type NextSessionRotation = Babe;
	type SessionManager = pallet_session::historical::NoteHistoricalRoot<Self, Validators>;
	type SessionHandler = <SessionKeys as OpaqueKeys>::KeyTypeIdProviders;
	type Keys = SessionKeys;
	type DisablingStrategy = pallet_session::disabling::UpToLimitDisablingStrategy;
	type WeightInfo = pallet_session::weights::SubstrateWeight<Runtime>;
	type Currency = Balances;
	type KeyDeposit = KeyDeposit;
}

impl pallet_session::historical::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type FullIdentification = pallet_validators::Identification;
	type FullIdentificationOf = pallet_validators::IdentificationOf<Self>;
}

impl pallet_offences::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type IdentificationTuple = pallet_session::historical::IdentificationTuple<Self>;
	type OnOffenceHandler = Validators;
}

impl pallet_authority_discovery::Config for Runtime {
	type MaxAuthorities = MaxAuthorities;
}
