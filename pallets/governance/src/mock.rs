//! A chain of this pallet alone, with a clock and a list of calls that tests set.

#![allow(unreachable_pub, reason = "what a runtime plugs into a Config may not be private")]

use crate as pallet_governance;
use crate::*;
use frame_support::{
	derive_impl, parameter_types,
	traits::{
		tokens::{Pay, PaymentStatus},
		Contains, Hooks,
	},
	weights::Weight,
};
use sp_runtime::{BuildStorage, DispatchError, TokenError};
use weir_math::economy::parameters::ParameterName;
use weir_primitives::{
	economy::{self, RegionId, Tokens},
	seams::EpochClock,
	EpochIndex, SlotOffset,
};

pub(crate) const START: EpochIndex = 1_000;
/// Epochs between a proposal and its effect.
pub(crate) const NOTICE: EpochIndex = 29;
pub(crate) const WINDOW: EpochIndex = 112;
pub(crate) const REGIONS: RegionId = 8;
/// What may be spent in a window.
pub(crate) const BUDGET: Tokens = 1_000;
/// Who is paid.
pub(crate) const PAYEE: u64 = 7;

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		Governance: pallet_governance,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = frame_system::mocking::MockBlock<Test>;
}

parameter_types! {
	pub static Epoch: EpochIndex = START;
	pub const MaxRegions: RegionId = REGIONS;
	pub const SmallSpend: Tokens = BUDGET;
	/// What is in the treasury.
	pub static Treasury: Tokens = 0;
	/// What was paid out of it.
	pub static Paid: Vec<(u64, Tokens)> = vec![];
}

/// A treasury that only counts.
pub struct FromTreasury;
impl Pay for FromTreasury {
	type Balance = Tokens;
	type Beneficiary = u64;
	type AssetKind = ();
	type Id = ();
	type Error = DispatchError;

	fn pay(who: &u64, _: (), amount: Tokens) -> Result<(), DispatchError> {
		let left = Treasury::get().checked_sub(amount).ok_or(TokenError::FundsUnavailable)?;
		Treasury::set(left);
		Paid::mutate(|paid| paid.push((*who, amount)));
		Ok(())
	}

	fn check_payment(_: ()) -> PaymentStatus {
		PaymentStatus::Success
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn ensure_successful(_: &u64, _: (), amount: Tokens) {
		Treasury::mutate(|treasury| *treasury += amount);
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn ensure_concluded(_: ()) {}
}

pub struct Clock;
impl EpochClock for Clock {
	fn epoch() -> EpochIndex {
		Epoch::get()
	}
	fn slot_in_epoch() -> SlotOffset {
		0
	}
}

/// New code, and a call that fails in every block but the first.
pub struct Listed;
impl Contains<RuntimeCall> for Listed {
	fn contains(call: &RuntimeCall) -> bool {
		use frame_system::Call;
		matches!(
			call,
			RuntimeCall::System(
				Call::authorize_upgrade_without_checks { .. } | Call::apply_authorized_upgrade { .. }
			)
		)
	}
}

impl Config for Test {
	type RuntimeCall = RuntimeCall;
	type Clock = Clock;
	type EconomicsOrigin = EnsureEconomics;
	type EmergencyOrigin = EnsureEmergency;
	type UpgradeOrigin = EnsureUpgrade;
	type EnactableCalls = Listed;
	type MaxRegions = MaxRegions;
	type Paymaster = FromTreasury;
	type SmallSpend = SmallSpend;
	type WeightInfo = ();
}

/// Begins an epoch, as the first block of it does. Returns what the hook cost.
pub(crate) fn enter(epoch: EpochIndex) -> Weight {
	Epoch::set(epoch);
	let number = System::block_number() + 1;
	System::set_block_number(number);
	Governance::on_initialize(number)
}

/// Enters the epochs up to and including `epoch`, one by one.
pub(crate) fn run_to(epoch: EpochIndex) {
	while Epoch::get() < epoch {
		enter(Epoch::get() + 1);
	}
}

pub(crate) fn as_(origin: Origin) -> RuntimeOrigin {
	origin.into()
}

/// Proposes new values on the track of the economy.
pub(crate) fn propose(changes: &[(ParameterName, u64)]) -> sp_runtime::DispatchResult {
	Governance::propose_parameters(as_(Origin::Economics), changes.to_vec().try_into().unwrap())
}

#[derive(Default)]
pub(crate) struct ExtBuilder {
	genesis: GenesisConfig<Test>,
}

impl ExtBuilder {
	pub(crate) fn parameters(mut self, parameters: economy::Parameters) -> Self {
		self.genesis.parameters = parameters;
		self
	}

	pub(crate) fn pace(mut self, pace: economy::Pace) -> Self {
		self.genesis.pace = pace;
		self
	}

	pub(crate) fn build(self) -> sp_io::TestExternalities {
		Epoch::set(START);
		Treasury::set(1_000 * BUDGET);
		Paid::set(vec![]);
		let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
		self.genesis.assimilate_storage(&mut storage).unwrap();
		let mut ext = sp_io::TestExternalities::from(storage);
		// Events are not kept in the genesis block.
		ext.execute_with(|| System::set_block_number(1));
		ext
	}

	/// Runs the test, then checks the invariants.
	pub(crate) fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			Governance::do_try_state().unwrap();
		});
	}
}

#[cfg(feature = "runtime-benchmarks")]
pub(crate) fn new_test_ext() -> sp_io::TestExternalities {
	ExtBuilder::default().build()
}
