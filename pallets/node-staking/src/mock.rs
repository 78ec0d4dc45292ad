//! A runtime of balances and this pallet, with roles, clock and listeners the tests set.

use crate::{self as pallet_node_staking, SplitSink};
use frame_support::{
	derive_impl, ensure, parameter_types,
	traits::{fungible::Credit, Hooks, Imbalance, OnUnbalanced},
	weights::Weight,
};
use polkadot_sdk::*;
use sp_runtime::{BuildStorage, DispatchError, DispatchResult};
use weir_primitives::{
	economy::{GateReason, Pace, Price, Quote, Round},
	seams::{economy::Pricing, EpochClock, OnBondChange, OnOperatorChange, OnSlashDecided, RoleDuty},
	EpochIndex, Kbps, Role, SlashReason, SlotOffset, Timing,
};

pub(crate) type AccountId = u64;
pub(crate) type Balance = u128;
type Block = frame_system::mocking::MockBlock<Test>;

pub(crate) const ALICE: AccountId = 1;
pub(crate) const BOB: AccountId = 2;
pub(crate) const CAROL: AccountId = 3;
pub(crate) const TREASURY: AccountId = 100;
pub(crate) const APPEALS: AccountId = 101;
pub(crate) const ED: Balance = 10;
pub(crate) const FUNDS: Balance = 1_000_000;
pub(crate) const MIN_VALIDATOR: Balance = 1_000;
pub(crate) const MIN_PROVIDER: Balance = 100;
pub(crate) const PER_MBPS: Balance = 10;
pub(crate) const MOST_PER_MBPS: Balance = 1_000_000;
pub(crate) const APPEAL_DEPOSIT: Balance = 500;
pub(crate) const ALARM_DEPOSIT: u128 = 7;
pub(crate) const TEST_PRICE: Balance = 7;
/// Of validators.
pub(crate) const LONG_UNBONDING: EpochIndex = 16;
/// Of providers.
pub(crate) const UNBONDING: EpochIndex = 12;
pub(crate) const DELAY: EpochIndex = 2;
/// What it costs to follow a bond.
pub(crate) const FOLLOWING: Weight = Weight::from_parts(7_000_000, 700);
/// What it costs to hear of the end of a slash.
pub(crate) const DECIDING: Weight = Weight::from_parts(300_000, 30);

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		Balances: pallet_balances,
		NodeStaking: pallet_node_staking,
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

parameter_types! {
	pub const ExistentialDeposit: Balance = ED;
	pub const MinValidatorBond: Balance = MIN_VALIDATOR;
	pub const MinProviderBond: Balance = MIN_PROVIDER;
	pub const MinBondPerMbps: Balance = PER_MBPS;
	pub const MaxBondPerMbps: Balance = MOST_PER_MBPS;
	pub const TestPace: Pace = Pace::public();
	pub const MaxUnbondingChunks: u32 = 4;
	pub const MaxSlashesPerBlock: u32 = 3;
	pub const Treasury: AccountId = TREASURY;
	pub const Appeals: AccountId = APPEALS;
	pub TestTiming: Timing =
		Timing { unbonding_epochs: LONG_UNBONDING, slash_delay_epochs: DELAY, ..Timing::local() };
	pub static Epoch: EpochIndex = 10;
	pub static InService: Vec<(AccountId, Role)> = vec![];
	pub static Claims: Vec<(AccountId, Kbps)> = vec![];
	pub static BondChanges: Vec<(AccountId, Role)> = vec![];
	pub static Decided: Vec<(AccountId, bool)> = vec![];
	pub static OperatorChanges: Vec<(AccountId, AccountId, AccountId)> = vec![];
	pub static Full: bool = false;
	pub static Paused: bool = false;
	pub static Destroyed: Balance = 0;
	/// Dollars per token that payees are paid at.
	pub static PayoutPrice: Option<Price> = None;
}

/// Books what is destroyed, as the supply ledger does.
pub struct Ledger;
impl OnUnbalanced<Credit<AccountId, Balances>> for Ledger {
	fn on_nonzero_unbalanced(amount: Credit<AccountId, Balances>) {
		Destroyed::mutate(|sum| *sum += amount.peek());
	}
}

pub struct Prices;
impl Pricing for Prices {
	fn round() -> Round {
		7
	}
	fn purchase_quote() -> Result<Quote, GateReason> {
		Err(GateReason::Spread)
	}
	fn payout_quote() -> Result<Quote, GateReason> {
		let high = PayoutPrice::get().ok_or(GateReason::NoQuorum)?;
		let low = high / 2;
		Ok(Quote {
			round: 7,
			median: low,
			ema: low,
			twap: None,
			low,
			high,
			reports: 9,
			oldest_block: 1,
			at_block: 1,
			gate: None,
		})
	}
	fn is_lost() -> bool {
		PayoutPrice::get().is_none()
	}
	fn last_quote() -> Option<Quote> {
		Self::payout_quote().ok()
	}
	fn pool_average() -> Option<Price> {
		None
	}
	fn weight() -> Weight {
		Weight::from_parts(1_000, 0)
	}
	#[cfg(feature = "runtime-benchmarks")]
	fn quote_for_benchmark(price: Price) {
		PayoutPrice::set(Some(price));
	}
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

pub struct TestDuty;
impl RoleDuty<AccountId> for TestDuty {
	fn claimed_kbps(who: &AccountId, role: Role) -> Kbps {
		let claims = Claims::get();
		let claim = claims.iter().find(|(account, _)| account == who).map(|(_, kbps)| *kbps);
		claim.filter(|_| role == Role::Provider && Self::in_service(who, role)).unwrap_or(0)
	}
	fn in_service(who: &AccountId, role: Role) -> bool {
		InService::get().contains(&(*who, role))
	}
}

pub struct Listener;
impl OnBondChange<AccountId> for Listener {
	fn bond_changed(who: &AccountId, role: Role) {
		BondChanges::mutate(|changes| changes.push((*who, role)));
	}
	fn weight() -> Weight {
		FOLLOWING
	}
}
impl OnSlashDecided<AccountId> for Listener {
	fn slash_applied(who: &AccountId, _: &SlashReason) {
		Decided::mutate(|decided| decided.push((*who, true)));
	}
	fn slash_cancelled(who: &AccountId, _: &SlashReason) {
		Decided::mutate(|decided| decided.push((*who, false)));
	}
	fn weight() -> Weight {
		DECIDING
	}
}

impl OnOperatorChange<AccountId> for Listener {
	fn operator_changed(node: &AccountId, old: &AccountId, new: &AccountId) -> DispatchResult {
		ensure!(!Full::get(), DispatchError::Exhausted);
		OperatorChanges::mutate(|changes| changes.push((*node, *old, *new)));
		Ok(())
	}
	fn weight() -> Weight {
		FOLLOWING
	}
}

pub(crate) type TestSink = SplitSink<AccountId, Balances, Treasury, Ledger, Prices>;

impl pallet_node_staking::Config for Test {
	type Currency = Balances;
	type Timing = TestTiming;
	type Clock = TestClock;
	type Duty = TestDuty;
	type OnBondChange = Listener;
	type OnSlashDecided = Listener;
	type OnOperatorChange = Listener;
	type SlashSink = TestSink;
	type Pace = TestPace;
	type HeavySlashesPaused = Paused;
	type CancelOrigin = frame_system::EnsureSignedBy<AppealsOnly, AccountId>;
	type MinValidatorBond = MinValidatorBond;
	type MinProviderBond = MinProviderBond;
	type MinBondPerMbps = MinBondPerMbps;
	type MaxBondPerMbps = MaxBondPerMbps;
	type AppealDeposit = frame_support::traits::ConstU128<APPEAL_DEPOSIT>;
	type AlarmDeposit = frame_support::traits::ConstU128<ALARM_DEPOSIT>;
	type TestPrice = frame_support::traits::ConstU128<TEST_PRICE>;
	type MaxUnbondingChunks = MaxUnbondingChunks;
	type MaxSlashesPerBlock = MaxSlashesPerBlock;
	type WeightInfo = ();
}

pub struct AppealsOnly;
impl frame_support::traits::SortedMembers<AccountId> for AppealsOnly {
	fn sorted_members() -> Vec<AccountId> {
		vec![APPEALS]
	}
	#[cfg(feature = "runtime-benchmarks")]
	fn add(_: &AccountId) {}
}

/// Sets the epoch and runs the hook with unlimited weight.
pub(crate) fn enter(epoch: EpochIndex) {
	Epoch::set(epoch);
	idle();
}

/// Runs the hook with unlimited weight.
pub(crate) fn idle() {
	NodeStaking::on_idle(System::block_number(), Weight::MAX);
}

pub(crate) fn serve(who: AccountId, role: Role, claim_kbps: Kbps) {
	InService::mutate(|roles| roles.push((who, role)));
	Claims::mutate(|claims| {
		claims.retain(|(account, _)| *account != who);
		claims.push((who, claim_kbps));
	});
}

#[derive(Default)]
pub(crate) struct ExtBuilder {
	bonds: Vec<(AccountId, Role, Balance)>,
}

impl ExtBuilder {
	pub(crate) fn bond(mut self, who: AccountId, role: Role, amount: Balance) -> Self {
		self.bonds.push((who, role, amount));
		self
	}

	pub(crate) fn build(self) -> sp_io::TestExternalities {
		Epoch::set(10);
		InService::set(vec![]);
		Claims::set(vec![]);
		BondChanges::set(vec![]);
		Decided::set(vec![]);
		OperatorChanges::set(vec![]);
		Full::set(false);
		Paused::set(false);
		Destroyed::set(0);
		PayoutPrice::set(None);
		let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
		pallet_balances::GenesisConfig::<Test> {
			balances: [ALICE, BOB, CAROL, APPEALS].map(|who| (who, FUNDS)).to_vec(),
			..Default::default()
		}
		.assimilate_storage(&mut storage)
		.unwrap();
		pallet_node_staking::GenesisConfig::<Test> { bonds: self.bonds }
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
			NodeStaking::do_try_state().unwrap();
		});
	}
}

#[cfg(feature = "runtime-benchmarks")]
pub(crate) fn new_test_ext() -> sp_io::TestExternalities {
	ExtBuilder::default().build()
}
