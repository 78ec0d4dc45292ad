//! A runtime of balances and this pallet, with clock, parameters and pauses the tests set.

use crate as pallet_regions;
use frame_support::{derive_impl, parameter_types, traits::Contains};
use polkadot_sdk::*;
use sp_runtime::BuildStorage;
use weir_math::economy::groups::Network;
use weir_primitives::{
	economy::{LineWeight, Pace, Parameters, RegionId, Tokens},
	seams::EpochClock,
	EpochIndex, LineKind, Region, SlotOffset,
};

pub(crate) type AccountId = u64;
type Block = frame_system::mocking::MockBlock<Test>;

pub(crate) const ALICE: AccountId = 1;
pub(crate) const BOB: AccountId = 2;
pub(crate) const CAROL: AccountId = 3;
pub(crate) const GOVERNANCE: AccountId = 100;
pub(crate) const POT: AccountId = 101;
pub(crate) const ED: Tokens = 10;
pub(crate) const FUNDS: Tokens = 1_000_000;
pub(crate) const NODE_CAP: LineWeight = 250_000;
pub(crate) const MIN_BOUNTY: Tokens = 100;
pub(crate) const LONGEST: EpochIndex = 20;
pub(crate) const LEAST: LineWeight = 1_000_000;

pub(crate) const DE: Region = Region { country: *b"DE", kind: LineKind::Residential };
pub(crate) const FR: Region = Region { country: *b"FR", kind: LineKind::Residential };
pub(crate) const CH: Region = Region { country: *b"CH", kind: LineKind::Hosting };

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		Balances: pallet_balances,
		Table: pallet_regions,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountData = pallet_balances::AccountData<Tokens>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type Balance = Tokens;
	type ExistentialDeposit = ExistentialDeposit;
	type AccountStore = System;
	type RuntimeHoldReason = RuntimeHoldReason;
	type RuntimeFreezeReason = RuntimeFreezeReason;
	type FreezeIdentifier = u8;
	type MaxFreezes = frame_support::traits::ConstU32<2>;
}

parameter_types! {
	pub const ExistentialDeposit: Tokens = ED;
	pub const NodeCap: LineWeight = NODE_CAP;
	pub const MaxHosting: u32 = 5;
	pub const MaxBounties: u32 = 3;
	pub const MinBounty: Tokens = MIN_BOUNTY;
	pub const MaxBountyEpochs: EpochIndex = LONGEST;
	pub const RewardsPot: AccountId = POT;
	pub static TestPace: Pace = Pace::public();
	pub static MaxRegions: RegionId = 512;
	pub static TestParameters: Parameters = Parameters::default();
	pub static Epoch: EpochIndex = 10;
	pub static PausedRegions: Vec<RegionId> = vec![];
}

pub struct TestClock;
impl EpochClock for TestClock {
	fn epoch() -> EpochIndex {
		Epoch::get()
	}
	fn slot_in_epoch() -> SlotOffset {
		0
	}
}

pub struct Paused;
impl Contains<RegionId> for Paused {
	fn contains(id: &RegionId) -> bool {
		PausedRegions::get().contains(id)
	}
}

pub struct GovernanceOnly;
impl frame_support::traits::SortedMembers<AccountId> for GovernanceOnly {
	fn sorted_members() -> Vec<AccountId> {
		vec![GOVERNANCE]
	}
	#[cfg(feature = "runtime-benchmarks")]
	fn add(_: &AccountId) {}
}

impl pallet_regions::Config for Test {
	type Currency = Balances;
	type RegionOrigin = frame_system::EnsureSignedBy<GovernanceOnly, AccountId>;
	type Clock = TestClock;
	type Pace = TestPace;
	type Parameters = TestParameters;
	type Paused = Paused;
	type RewardsPot = RewardsPot;
	type NodeCap = NodeCap;
	type MaxRegions = MaxRegions;
	type MaxHosting = MaxHosting;
	type MaxBounties = MaxBounties;
	type MinBounty = MinBounty;
	type MaxBountyEpochs = MaxBountyEpochs;
	type WeightInfo = ();
}

#[derive(Default)]
pub(crate) struct ExtBuilder {
	regions: Vec<(Region, LineWeight)>,
	hosting: Vec<Network>,
}

impl ExtBuilder {
	/// With these regions, in this order: the first has number 0.
	pub(crate) fn with(regions: &[Region]) -> Self {
		Self::asking(regions, LEAST)
	}

	/// The same, each asked for so much.
	pub(crate) fn asking(regions: &[Region], least_weight: LineWeight) -> Self {
		let regions = regions.iter().map(|region| (*region, least_weight)).collect();
		Self { regions, hosting: vec![] }
	}

	pub(crate) fn hosting(mut self, prefixes: &[Network]) -> Self {
		self.hosting = prefixes.to_vec();
		self
	}

	pub(crate) fn build(self) -> sp_io::TestExternalities {
		MaxRegions::set(512);
		TestPace::set(Pace::public());
		TestParameters::set(Parameters::default());
		Epoch::set(10);
		PausedRegions::set(vec![]);
		let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
		pallet_balances::GenesisConfig::<Test> {
			balances: [ALICE, BOB, CAROL].map(|who| (who, FUNDS)).into_iter().chain([(POT, ED)]).collect(),
			..Default::default()
		}
		.assimilate_storage(&mut storage)
		.unwrap();
		pallet_regions::GenesisConfig::<Test> {
			regions: self.regions,
			hosting: self.hosting,
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
			Table::do_try_state().unwrap();
		});
	}
}

#[cfg(feature = "runtime-benchmarks")]
pub(crate) fn new_test_ext() -> sp_io::TestExternalities {
	ExtBuilder::default().build()
}
