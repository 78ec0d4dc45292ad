//! A runtime of sessions and this pallet, with bonds the tests set and a slash queue they read.

use crate::{self as pallet_validators, IdentificationOf};
use frame_support::{derive_impl, parameter_types};
use pallet_session::{disabling::UpToLimitDisablingStrategy, historical as pallet_session_historical};
use polkadot_sdk::*;
use sp_runtime::{
	impl_opaque_keys, testing::UintAuthorityId, traits::ConvertInto, BuildStorage, DispatchError, Perbill,
};
use sp_staking::offence::{OffenceDetails, OnOffenceHandler};
use std::collections::BTreeMap;
use weir_primitives::{
	seams::{Bonds, OnBondChange, SlashQueue},
	Role, SlashReason,
};

pub(crate) type AccountId = u64;
pub(crate) type Balance = u128;
type Block = frame_system::mocking::MockBlock<Test>;

pub(crate) const MIN_BOND: Balance = 100;

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		Balances: pallet_balances,
		Validators: pallet_validators,
		Historical: pallet_session_historical,
		Session: pallet_session,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type Balance = Balance;
	type ExistentialDeposit = ExistentialDeposit;
	type AccountStore = System;
	type RuntimeHoldReason = RuntimeHoldReason;
}

impl_opaque_keys! {
	pub struct MockKeys {
		pub dummy: UintAuthorityId,
	}
}

pub struct NeverEnds;
impl pallet_session::ShouldEndSession<u64> for NeverEnds {
	fn should_end_session(_: u64) -> bool {
		false
	}
}

impl pallet_session::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type ValidatorId = AccountId;
	type ValidatorIdOf = ConvertInto;
	type ShouldEndSession = NeverEnds;
	type NextSessionRotation = ();
	type SessionManager = pallet_session_historical::NoteHistoricalRoot<Test, Validators>;
	type SessionHandler = pallet_session::TestSessionHandler;
	type Keys = MockKeys;
	type DisablingStrategy = UpToLimitDisablingStrategy;
	type WeightInfo = ();
	type Currency = Balances;
	type KeyDeposit = KeyDeposit;
}

impl pallet_session_historical::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type FullIdentification = pallet_validators::Identification;
	type FullIdentificationOf = IdentificationOf<Test>;
}

parameter_types! {
	pub const ExistentialDeposit: Balance = 1;
	pub const KeyDeposit: Balance = 0;
	pub const MaxValidators: u32 = 6;
	pub const MinValidators: u32 = 3;
	pub const MaxCandidates: u32 = 8;
	pub const ChurnLimit: u32 = 2;
	pub const ExclusionSessions: u32 = 5;
	pub const OffenceSessions: u32 = 10;
	pub static BondOf: BTreeMap<AccountId, Balance> = BTreeMap::new();
	pub static Queued: Vec<(AccountId, Perbill, SlashReason)> = vec![];
	pub static QueueFails: bool = false;
	pub static Reporters: Vec<Option<AccountId>> = vec![];
}

pub struct TestBonds;
impl Bonds<AccountId> for TestBonds {
	type Balance = Balance;
	fn active_bond(who: &AccountId, role: Role) -> Balance {
		BondOf::get().get(who).copied().filter(|_| role == Role::Validator).unwrap_or(0)
	}
	fn slashable_bond(who: &AccountId, role: Role) -> Balance {
		Self::active_bond(who, role)
	}
	fn is_sufficient(who: &AccountId, role: Role) -> bool {
		Self::active_bond(who, role) >= MIN_BOND
	}
	fn suffices_anew(who: &AccountId, role: Role) -> bool {
		Self::is_sufficient(who, role)
	}
	fn covered_kbps(_: &AccountId) -> u32 {
		0
	}
	#[cfg(feature = "runtime-benchmarks")]
	fn bond_for_benchmark(who: &AccountId, _: Role) {
		BondOf::mutate(|bonds| bonds.insert(*who, MIN_BOND));
	}
}

pub struct TestQueue;
impl SlashQueue<AccountId> for TestQueue {
	fn queue_reported_slash(
		who: &AccountId,
		role: Role,
		fraction: Perbill,
		reason: SlashReason,
		reporter: Option<&AccountId>,
	) -> Result<u32, DispatchError> {
		assert_eq!(role, Role::Validator);
		if QueueFails::get() {
			return Err(DispatchError::Unavailable);
		}
		Queued::mutate(|queued| queued.push((*who, fraction, reason)));
		Reporters::mutate(|reporters| reporters.push(reporter.copied()));
		Ok(Queued::get().len() as u32)
	}
}

impl pallet_validators::Config for Test {
	type Balance = Balance;
	type Bonds = TestBonds;
	type Slashes = TestQueue;
	type MaxValidators = MaxValidators;
	type MinValidators = MinValidators;
	type MaxCandidates = MaxCandidates;
	type ChurnLimit = ChurnLimit;
	type ExclusionSessions = ExclusionSessions;
	type OffenceSessions = OffenceSessions;
	type WeightInfo = ();
}

pub(crate) fn keys(seed: u64) -> MockKeys {
	MockKeys { dummy: UintAuthorityId(seed) }
}

/// Sets the bond and tells the pallet, as node-staking does.
pub(crate) fn set_bond(who: AccountId, bond: Balance) {
	BondOf::mutate(|bonds| bonds.insert(who, bond));
	Validators::bond_changed(&who, Role::Validator);
}

/// A bonded node with keys, not yet a candidate.
pub(crate) fn prepare(who: AccountId, bond: Balance) {
	set_bond(who, bond);
	pallet_session::NextKeys::<Test>::insert(who, keys(who));
}

/// A bonded node with keys that is a candidate.
pub(crate) fn join(who: AccountId, bond: Balance) {
	prepare(who, bond);
	frame_support::assert_ok!(Validators::validate(RuntimeOrigin::signed(who)));
}

pub(crate) fn chill(who: AccountId) {
	frame_support::assert_ok!(Validators::chill(RuntimeOrigin::signed(who)));
}

pub(crate) fn candidates() -> Vec<AccountId> {
	Validators::candidates().into_iter().map(|candidate| candidate.who).collect()
}

/// Rotates `count` times. A set that is planned in one rotation serves after the next.
pub(crate) fn rotate(count: u32) {
	for _ in 0..count {
		Session::rotate_session();
	}
}

/// The set that serves after the next rotation.
pub(crate) fn planned() -> Vec<AccountId> {
	pallet_session::QueuedKeys::<Test>::get().into_iter().map(|(who, _)| who).collect()
}

pub(crate) fn offend(session: u32, offenders: &[AccountId], percent: u32) {
	let details: Vec<_> =
		offenders.iter().map(|who| OffenceDetails { offender: (*who, ()), reporters: vec![] }).collect();
	let fractions = vec![Perbill::from_percent(percent); offenders.len()];
	Validators::on_offence(&details, &fractions, session);
}

/// Four validators with bonds of 1,000, candidates in the order of their numbers.
pub(crate) struct ExtBuilder {
	candidates: Vec<AccountId>,
}

impl Default for ExtBuilder {
	fn default() -> Self {
		Self { candidates: vec![1, 2, 3, 4] }
	}
}

impl ExtBuilder {
	pub(crate) fn candidates(mut self, candidates: Vec<AccountId>) -> Self {
		self.candidates = candidates;
		self
	}

	pub(crate) fn build(self) -> sp_io::TestExternalities {
		BondOf::set((1..=4).map(|who| (who, 1_000)).collect());
		Queued::set(vec![]);
		Reporters::set(vec![]);
		QueueFails::set(false);
		let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
		pallet_validators::GenesisConfig::<Test> { candidates: self.candidates }
			.assimilate_storage(&mut storage)
			.unwrap();
		pallet_session::GenesisConfig::<Test> {
			keys: (1..=4).map(|who| (who, who, keys(who))).collect(),
			..Default::default()
		}
		.assimilate_storage(&mut storage)
		.unwrap();
		let mut ext = sp_io::TestExternalities::new(storage);
		ext.execute_with(|| System::set_block_number(1));
		ext
	}

	/// Runs the test, then checks the invariants.
	pub(crate) fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			Validators::do_try_state().unwrap();
		});
	}
}

#[cfg(feature = "runtime-benchmarks")]
pub(crate) fn new_test_ext() -> sp_io::TestExternalities {
	ExtBuilder::default().build()
}
