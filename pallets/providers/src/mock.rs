//! A chain of this pallet alone: clock, bonds and lists are variables a test sets and reads.

#![allow(unreachable_pub, reason = "what a runtime plugs into a Config may not be private")]

use crate as pallet_providers;
use crate::*;
use polkadot_sdk::{
	frame_support::{derive_impl, parameter_types, traits::ConstU32, traits::ConstU64, weights::Weight},
	sp_core::sr25519,
	sp_runtime::BuildStorage,
	*,
};
use std::collections::{BTreeMap, BTreeSet};
use weir_primitives::{
	seams::{Bonds, EpochClock, OnBondChange, OnProviderChange, ProviderFacts, RoleDuty},
	Caps, Claim, Endpoint, ExitClass, LineKind, ProbeKey, ProviderIndex, Region, Role, SlotOffset,
};

pub(crate) type AccountId = u64;

pub(crate) const ALICE: AccountId = 1;
pub(crate) const BOB: AccountId = 2;
pub(crate) const CAROL: AccountId = 3;
pub(crate) const START: EpochIndex = 10;
pub(crate) const MAX_PER_PREFIX: u32 = 3;
pub(crate) const MIN_PRICE: u64 = 100;
pub(crate) const MAX_PRICE: u64 = 10_000_000;

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		Providers: pallet_providers,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = frame_system::mocking::MockBlock<Test>;
}

parameter_types! {
	pub(crate) static Epoch: EpochIndex = START;
	pub(crate) static BondOf: BTreeMap<AccountId, u32> = BTreeMap::new();
	/// Bond that a new claim needs for each kbps.
	pub(crate) static Rate: u32 = 1;
	pub(crate) static Needed: BTreeSet<ProviderIndex> = BTreeSet::new();
	pub(crate) static Changes: Vec<Change> = Vec::new();
}

/// What `OnProviderChange` was told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Change {
	Changed(ProviderIndex, ProviderFacts<AccountId>),
	Left(ProviderIndex, AccountId),
	Leaving(ProviderIndex, ProviderFacts<AccountId>),
}

/// What it costs to be told of one change.
pub(crate) const FOLLOWING: Weight = Weight::from_parts(7_000_000, 11);

pub struct Clock;
impl EpochClock for Clock {
	fn epoch() -> EpochIndex {
		Epoch::get()
	}
	fn slot_in_epoch() -> SlotOffset {
		0
	}
}

/// One unit of bond is enough for one kbps that is claimed already; a new one needs the rate of the day.
pub struct OneUnitPerKbps;
impl Bonds<AccountId> for OneUnitPerKbps {
	type Balance = u32;
	fn active_bond(who: &AccountId, _: Role) -> u32 {
		BondOf::get().get(who).copied().unwrap_or_default()
	}
	fn slashable_bond(who: &AccountId, role: Role) -> u32 {
		Self::active_bond(who, role)
	}
	fn is_sufficient(who: &AccountId, role: Role) -> bool {
		Self::active_bond(who, role) >= Providers::claimed_kbps(who, role).max(1)
	}
	fn suffices_anew(who: &AccountId, role: Role) -> bool {
		Self::active_bond(who, role) >= (Providers::claimed_kbps(who, role) * Rate::get()).max(1)
	}
	fn covered_kbps(who: &AccountId) -> u32 {
		Self::active_bond(who, Role::Provider) / Rate::get()
	}
	#[cfg(feature = "runtime-benchmarks")]
	fn bond_for_benchmark(who: &AccountId, role: Role) {
		bond(*who, Providers::claimed_kbps(who, role));
	}
}

pub struct Lists;
impl OnProviderChange<AccountId> for Lists {
	fn provider_changed(index: ProviderIndex, facts: &ProviderFacts<AccountId>) {
		Changes::mutate(|changes| changes.push(Change::Changed(index, facts.clone())));
	}
	fn provider_left(index: ProviderIndex, who: &AccountId) {
		Changes::mutate(|changes| changes.push(Change::Left(index, *who)));
	}
	fn leaving_changed(index: ProviderIndex, facts: &ProviderFacts<AccountId>) {
		Changes::mutate(|changes| changes.push(Change::Leaving(index, facts.clone())));
	}
	fn is_needed(index: ProviderIndex, _: &AccountId) -> bool {
		Needed::get().contains(&index)
	}
	fn weight() -> Weight {
		FOLLOWING
	}
}

impl Config for Test {
	type Clock = Clock;
	type Bonds = OneUnitPerKbps;
	type OnProviderChange = Lists;
	type MaxPerPrefix = ConstU32<MAX_PER_PREFIX>;
	type MinPriceCreditsPerGb = ConstU64<MIN_PRICE>;
	type MaxPriceCreditsPerGb = ConstU64<MAX_PRICE>;
	type WeightInfo = ();
}

#[derive(Default)]
pub(crate) struct ExtBuilder {
	allow_private_endpoints: bool,
}

impl ExtBuilder {
	pub(crate) fn allow_private_endpoints(mut self) -> Self {
		self.allow_private_endpoints = true;
		self
	}

	pub(crate) fn build(self) -> sp_io::TestExternalities {
		Epoch::set(START);
		BondOf::set(BTreeMap::new());
		Rate::set(1);
		Needed::set(BTreeSet::new());
		Changes::set(Vec::new());
		let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
		GenesisConfig::<Test> { allow_private_endpoints: self.allow_private_endpoints, ..Default::default() }
			.assimilate_storage(&mut storage)
			.unwrap();
		let mut ext = sp_io::TestExternalities::from(storage);
		// Events are not kept in the genesis block.
		ext.execute_with(|| System::set_block_number(1));
		ext
	}

	pub(crate) fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			Providers::do_try_state().unwrap();
		});
	}
}

/// Sets the bond of `who` and tells the pallet, as node-staking would.
pub(crate) fn bond(who: AccountId, amount: u32) {
	BondOf::mutate(|bonds| bonds.insert(who, amount));
	Providers::bond_changed(&who, Role::Provider);
}

pub(crate) fn advance(epochs: EpochIndex) {
	Epoch::mutate(|epoch| *epoch += epochs);
}

pub(crate) fn mbps(down: u32, up: u32) -> Claim {
	Claim { down_kbps: down * 1_000, up_kbps: up * 1_000 }
}

pub(crate) fn key(seed: u8) -> ProbeKey {
	sr25519::Public::from_raw([seed; 32]).into()
}

pub(crate) fn v4(addr: [u8; 4], port: u16) -> Endpoint {
	Endpoint::V4 { addr, port }
}

pub(crate) fn ed25519_peer_id(seed: u8) -> PeerId {
	let mut bytes = vec![0x00, 0x24, 0x08, 0x01, 0x12, 0x20];
	bytes.extend([seed; 32]);
	PeerId::try_from(bytes).unwrap()
}

/// Valid terms at `45.0.n.1`.
pub(crate) fn terms(n: u8) -> Terms {
	Terms {
		endpoint: v4([45, 0, n, 1], 51_820),
		peer_id: ed25519_peer_id(n),
		region: Region { country: *b"DE", kind: LineKind::Residential },
		exit: ExitClass::Web,
		price_credits_per_gb: 50_000,
		caps: Caps { rate_kbps: 0, gb_per_month: 0, sessions: 0 },
	}
}

pub(crate) fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

/// Registers `who` with a claim of 100/50 Mbps, exactly bonded, and returns its index.
pub(crate) fn register(who: AccountId) -> ProviderIndex {
	bond(who, 50_000);
	Providers::register(signed(who), mbps(100, 50), terms(who as u8), Some(key(who as u8))).unwrap();
	IndexOf::<Test>::get(who).unwrap()
}

/// Registers `who` and waits until it has been in service for an epoch.
pub(crate) fn in_service(who: AccountId) -> ProviderIndex {
	let index = register(who);
	advance(2);
	index
}

/// Takes everything `OnProviderChange` was told so far.
pub(crate) fn take_changes() -> Vec<Change> {
	Changes::take()
}

pub(crate) fn stored(index: ProviderIndex) -> RegistrationOf<Test> {
	pallet::Providers::<Test>::get(index).unwrap()
}

pub(crate) fn last_event() -> Event<Test> {
	match System::events().pop().unwrap().event {
		RuntimeEvent::Providers(event) => event,
		other => panic!("{other:?}"),
	}
}

pub(crate) fn emitted(event: Event<Test>) -> bool {
	System::events().into_iter().any(|record| record.event == RuntimeEvent::Providers(event.clone()))
}
