//! A runtime of balances, the oracle and this pallet, with a clock, a pool and parameters that the tests set.

use crate::{self as pallet_price, *};

use codec::Encode;
use frame_support::{
	derive_impl,
	dispatch::{DispatchResultWithPostInfo, RawOrigin},
	pallet_prelude::{TransactionSource, TransactionValidityError, ValidTransaction},
	parameter_types,
	traits::{fungible::Credit, Authorize, ConstU32, Hooks},
	weights::Weight,
	PalletId,
};
use sp_core::{sr25519, Pair};
use sp_io::hashing::blake2_256;
use sp_runtime::{
	traits::{BlakeTwo256, Dispatchable},
	BuildStorage, DispatchError, DispatchResult,
};
use weir_math::economy::units::{DOLLAR, PRICE_ONE, TOKEN};
use weir_primitives::{
	economy::{Credits, Pace, Parameters, Price, Quote, Round, Tokens},
	price::{report_payload, ReporterKey, ReporterSignature},
	seams::{
		economy::{Pricing, StablePool},
		EpochClock, SlashSink,
	},
	EpochIndex, SlotOffset,
};

pub(crate) type AccountId = u64;
pub(crate) type Balance = u128;
pub(crate) type TxExtension = frame_system::AuthorizeCall<Runtime>;
pub(crate) type Extrinsic = sp_runtime::testing::TestXt<RuntimeCall, TxExtension>;
type Block = sp_runtime::generic::Block<sp_runtime::generic::Header<u64, BlakeTwo256>, Extrinsic>;

pub(crate) const ED: Balance = 10;
pub(crate) const BOND: Balance = 10_000;
pub(crate) const FUNDS: Balance = 100_000;
pub(crate) const UNBONDING: EpochIndex = 112;
pub(crate) const ERA: EpochIndex = 28;
/// Adds reporters.
pub(crate) const COUNCIL: AccountId = 1_000;
/// Posts prices.
pub(crate) const ROOM: AccountId = 1_001;
/// Gets what slashes take.
pub(crate) const SINK: AccountId = 1_002;
pub(crate) const CENT: Price = PRICE_ONE / 100;
/// What the token is worth unless a test says otherwise.
pub(crate) const WORTH: Price = 4 * CENT;
/// A pool of 50,000 dollars at that price.
pub(crate) const POOL: (Tokens, Credits) = (1_250_000 * TOKEN, 50_000 * DOLLAR);

frame_support::construct_runtime!(
	pub enum Runtime {
		System: frame_system,
		Balances: pallet_balances,
		Oracle: pallet_oracle,
		PriceFeed: pallet_price,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Runtime {
	type Block = Block;
	type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Runtime {
	type Balance = Balance;
	type ExistentialDeposit = ExistentialDeposit;
	type AccountStore = System;
	type RuntimeHoldReason = RuntimeHoldReason;
}

parameter_types! {
	pub const ExistentialDeposit: Balance = ED;
	pub const ReporterBond: Balance = BOND;
	pub const EraEpochs: EpochIndex = ERA;
	pub const BasePriority: u64 = 1_000;
	pub const OracleAccount: PalletId = PalletId(*b"weir/orc");
	pub static Epoch: EpochIndex = 0;
	pub static Reserves: Option<(Tokens, Credits)> = Some(POOL);
	pub static TestPace: Pace = PACE;
	pub static TestParameters: Parameters = Parameters::default();
	/// What is left of a block for its idle hook.
	pub static Idle: Weight = Weight::MAX;
}

/// Rounds of ten blocks.
const PACE: Pace = Pace {
	round_blocks: 10,
	lost_blocks: 50,
	gone_blocks: 200,
	reporter_unbonding_epochs: UNBONDING,
	..Pace::public()
};

impl pallet_oracle::Config for Runtime {
	type OnNewData = ();
	type CombineData = FreshMedian<Runtime>;
	type Time = BlockTime<Runtime>;
	type OracleKey = Feed;
	type OracleValue = Price;
	type PalletId = OracleAccount;
	type Members = PriceFeed;
	type WeightInfo = ();
	type MaxHasDispatchedSize = ConstU32<51>;
	type MaxFeedValues = ConstU32<1>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = ();
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

pub struct TestPool;

impl StablePool<AccountId> for TestPool {
	fn reserves() -> Option<(Tokens, Credits)> {
		Reserves::get()
	}

	fn transfer(_: &AccountId, _: &AccountId, _: Credits) -> DispatchResult {
		Err(DispatchError::Unavailable)
	}

	fn swap(_: &AccountId, _: Credits, _: Tokens) -> Result<Tokens, DispatchError> {
		Err(DispatchError::Unavailable)
	}

	fn swap_weight() -> Weight {
		Weight::zero()
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn fund_for_benchmark(_: &AccountId, _: Credits) {
		Reserves::set(Some(POOL));
	}
}

pub struct ToSink;

impl SlashSink<AccountId, Credit<AccountId, Balances>> for ToSink {
	fn receive(amount: Credit<AccountId, Balances>, reporter: Option<&AccountId>) {
		assert_eq!(reporter, None, "nobody is rewarded for a deviation");
		use frame_support::traits::fungible::Balanced;
		Balances::resolve(&SINK, amount).expect("it exists");
	}
}

pub struct Only<const WHO: AccountId>;

impl<const WHO: AccountId> frame_support::traits::SortedMembers<AccountId> for Only<WHO> {
	fn sorted_members() -> Vec<AccountId> {
		vec![WHO]
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn add(_: &AccountId) {}
}

impl Config for Runtime {
	type Currency = Balances;
	type Pool = TestPool;
	type Pace = TestPace;
	type Parameters = TestParameters;
	type Clock = TestClock;
	type SlashSink = ToSink;
	type ReporterOrigin = frame_system::EnsureSignedBy<Only<COUNCIL>, AccountId>;
	type PostOrigin = frame_system::EnsureSignedBy<Only<ROOM>, AccountId>;
	type ReporterBond = ReporterBond;
	type EraEpochs = EraEpochs;
	type BasePriority = BasePriority;
	type WeightInfo = ();
}

impl<LocalCall> frame_system::offchain::CreateTransactionBase<LocalCall> for Runtime
where
	RuntimeCall: From<LocalCall>,
{
	type RuntimeCall = RuntimeCall;
	type Extrinsic = Extrinsic;
}

impl<LocalCall> frame_system::offchain::CreateTransaction<LocalCall> for Runtime
where
	RuntimeCall: From<LocalCall>,
{
	type Extension = TxExtension;

	fn create_transaction(call: RuntimeCall, extension: TxExtension) -> Extrinsic {
		Extrinsic::new_transaction(call, extension)
	}
}

impl<LocalCall> frame_system::offchain::CreateAuthorizedTransaction<LocalCall> for Runtime
where
	RuntimeCall: From<LocalCall>,
{
	fn create_extension() -> TxExtension {
		TxExtension::new()
	}
}

pub(crate) fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

/// The key pair of a reporter.
pub(crate) fn pair(who: AccountId) -> sr25519::Pair {
	sr25519::Pair::from_seed(&(b"reporter", who).using_encoded(blake2_256))
}

pub(crate) fn key(who: AccountId) -> ReporterKey {
	pair(who).public().into()
}

/// What the reporter's key says of a price.
pub(crate) fn signature(round: Round, who: AccountId, price: Price) -> ReporterSignature {
	pair(who).sign(&report_payload(&PriceFeed::genesis_hash(), round, &who, price)).into()
}

/// The report of `who` in the running round.
pub(crate) fn report_of(who: AccountId, price: Price) -> Call<Runtime> {
	let round = PriceFeed::round();
	Call::report { round, price, who, signature: signature(round, who, price) }
}

/// What the pool makes of a call.
pub(crate) fn validity(call: &Call<Runtime>) -> Result<ValidTransaction, TransactionValidityError> {
	call.authorize(TransactionSource::External).expect("needs no signature").map(|(validity, _)| validity)
}

/// Dispatches a call that was authorised.
pub(crate) fn dispatch(call: Call<Runtime>) -> DispatchResultWithPostInfo {
	RuntimeCall::from(call).dispatch(RawOrigin::Authorized.into())
}

/// The way of a report: through the pool into a block.
pub(crate) fn report(who: AccountId, price: Price) {
	let call = report_of(who, price);
	validity(&call).expect("authorised");
	dispatch(call).expect("dispatched");
}

/// All of them report the same.
pub(crate) fn all_report(reporters: impl IntoIterator<Item = AccountId>, price: Price) {
	reporters.into_iter().for_each(|who| report(who, price));
}

/// Runs the hooks of the next block.
pub(crate) fn next_block() {
	let number = System::block_number() + 1;
	System::set_block_number(number);
	PriceFeed::on_initialize(number);
	PriceFeed::on_idle(number, Idle::get());
}

/// Runs up to the first block of the next round.
pub(crate) fn next_round() -> Round {
	let round = PriceFeed::round();
	while PriceFeed::round() == round {
		next_block();
	}
	PriceFeed::round()
}

/// Rounds in which these reporters report the same.
pub(crate) fn rounds_of(rounds: u32, reporters: impl IntoIterator<Item = AccountId> + Clone, price: Price) {
	for _ in 0..rounds {
		all_report(reporters.clone(), price);
		next_round();
	}
}

pub(crate) fn latest() -> Quote {
	LatestQuote::<Runtime>::get().expect("there was a quote")
}

/// Tokens of all accounts.
pub(crate) fn all_tokens() -> Balance {
	frame_system::Account::<Runtime>::iter_values()
		.map(|account| account.data.free + account.data.reserved)
		.sum()
}

pub(crate) struct ExtBuilder {
	reporters: u64,
}

impl Default for ExtBuilder {
	fn default() -> Self {
		Self { reporters: 15 }
	}
}

impl ExtBuilder {
	/// Reporters 1 to so many.
	pub(crate) fn reporters(mut self, reporters: u64) -> Self {
		self.reporters = reporters;
		self
	}

	pub(crate) fn build(self) -> sp_io::TestExternalities {
		Epoch::set(0);
		Reserves::set(Some(POOL));
		TestPace::set(PACE);
		TestParameters::set(Parameters::default());
		Idle::set(Weight::MAX);
		let mut storage = frame_system::GenesisConfig::<Runtime>::default().build_storage().unwrap();
		pallet_balances::GenesisConfig::<Runtime> {
			balances: (1..=60).chain([SINK]).map(|who| (who, FUNDS)).collect(),
			..Default::default()
		}
		.assimilate_storage(&mut storage)
		.unwrap();
		GenesisConfig::<Runtime> { reporters: (1..=self.reporters).map(|who| (who, key(who))).collect() }
			.assimilate_storage(&mut storage)
			.unwrap();
		let mut ext: sp_io::TestExternalities = storage.into();
		ext.execute_with(next_block);
		ext
	}

	/// Runs the test, then checks the invariants.
	pub(crate) fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			PriceFeed::do_try_state().unwrap();
		});
	}
}

/// A chain with a keystore, for benchmarks as tests.
#[cfg(feature = "runtime-benchmarks")]
pub(crate) fn with_keystore() -> sp_io::TestExternalities {
	let mut ext = ExtBuilder::default().reporters(0).build();
	ext.register_extension(sp_keystore::KeystoreExt::new(sp_keystore::testing::MemoryKeystore::new()));
	ext
}
