//! A runtime of balances and this pallet, with prices, a pool, regions and a clock the tests set.

use crate as pallet_burn_mint;
use alloc::collections::BTreeMap;
use codec::{Decode, Encode};
use frame_support::{
	derive_impl, parameter_types,
	traits::{fungible::Mutate, tokens::Preservation, Hooks},
	weights::Weight,
};
use polkadot_sdk::*;
use sp_runtime::{BuildStorage, DispatchError, DispatchResult, TokenError};
use weir_math::economy::{
	units::{DOLLAR, PRICE_ONE, TOKEN},
	wide::mul_div_floor,
	Pace, Parameters,
};
use weir_primitives::{
	economy::{CloseTerms, Credits, GateReason, Ppm, Price, Quote, RegionId, Round, Tokens},
	seams::{
		economy::{Earnings, OnEpochPaid, Pricing, RegionalDemand, RegionalPay, StablePool},
		EpochClock,
	},
	EpochIndex, LineKind, Region, SlotOffset,
};

pub(crate) type AccountId = u64;
type Block = frame_system::mocking::MockBlock<Test>;

pub(crate) const ALICE: AccountId = 1;
pub(crate) const BOB: AccountId = 2;
pub(crate) const CAROL: AccountId = 3;
pub(crate) const PROVIDER: AccountId = 10;
pub(crate) const REWARDS: AccountId = 100;
pub(crate) const POT: AccountId = 101;
pub(crate) const TREASURY: AccountId = 102;
pub(crate) const POOL: AccountId = 103;
pub(crate) const ED: Tokens = TOKEN / 1_000;
pub(crate) const FUNDS: Tokens = 20_000_000 * TOKEN;
pub(crate) const STABLE_FUNDS: Credits = 1_000_000 * DOLLAR;
pub(crate) const POOL_TOKENS: Tokens = 8_000_000 * TOKEN;
pub(crate) const POOL_STABLE: Credits = 320_000 * DOLLAR;
/// Four cents.
pub(crate) const PRICE: Price = PRICE_ONE / 25;
pub(crate) const FORWARD: Round = 2;
pub(crate) const REGION: Region = Region { country: *b"DE", kind: LineKind::Residential };
const STEP: Weight = Weight::from_parts(10_000_000, 1_000);

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		Balances: pallet_balances,
		BurnMint: pallet_burn_mint,
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
	type DustRemoval = BurnMint;
}

/// What the mock of regions and rewards remembers. In storage, so that it is rolled back with everything else.
#[derive(Clone, Default, Encode, Decode)]
pub(crate) struct Regions {
	/// What each region wants, credits.
	pub(crate) wants: BTreeMap<RegionId, Credits>,
	/// What each region lacks.
	pub(crate) gaps: BTreeMap<RegionId, Ppm>,
	/// Whether every region takes everything.
	pub(crate) is_greedy: bool,
	/// Pass and region of every call.
	pub(crate) calls: Vec<(u8, RegionId)>,
	/// Sum of gaps that was told in the second pass.
	pub(crate) told_gaps: Vec<u64>,
	/// What was paid.
	pub(crate) paid: BTreeMap<(EpochIndex, RegionId), Tokens>,
	/// Terms of the last close.
	pub(crate) terms: Option<CloseTerms>,
	/// Epochs that were begun and finished.
	pub(crate) framed: Vec<(bool, EpochIndex)>,
	/// What `OnEpochPaid` heard.
	pub(crate) heard: Vec<(EpochIndex, Tokens, u128)>,
	/// What was claimed for traffic in the region of the tests.
	pub(crate) demand: BTreeMap<EpochIndex, Credits>,
}

/// What the mock of earnings remembers and does.
#[derive(Clone, Default, Encode, Decode)]
pub(crate) struct Work {
	pub(crate) earned: BTreeMap<(AccountId, EpochIndex), Credits>,
	pub(crate) shares: Vec<(EpochIndex, Tokens, Tokens)>,
	pub(crate) attested: Ppm,
	/// What nobody can claim.
	pub(crate) idle: (Tokens, Tokens),
	pub(crate) is_full: bool,
	/// Epochs that somebody is not settled for, counted back from the last closed one; none: nobody was ever settled.
	pub(crate) lag: Option<u32>,
}

/// The price as the tests set it.
#[derive(Clone, Encode, Decode)]
pub(crate) struct Market {
	pub(crate) price: Price,
	pub(crate) round: Round,
	pub(crate) purchases: Option<GateReason>,
	pub(crate) payouts: Option<GateReason>,
	pub(crate) is_lost: bool,
	/// Oldest report; none: of this block.
	pub(crate) oldest_block: Option<u32>,
	/// What the newest quote said before there was none any more; none: there never was one.
	pub(crate) last: Option<Price>,
	/// The pool's average over rounds that are over.
	pub(crate) average: Option<Price>,
}

parameter_types! {
	pub const ExistentialDeposit: Tokens = ED;
	pub const RewardsPot: AccountId = REWARDS;
	pub const StablePot: AccountId = POT;
	pub const TreasuryAccount: AccountId = TREASURY;
	pub const MaxRequests: u32 = 6;
	pub const MaxRequestsPerAccount: u32 = 4;
	pub const MaxRequestsPerBlock: u32 = 4;
	pub storage TestPace: Pace = Pace { history_epochs: 20, weight_epochs: 16, sweep_epochs: 30, notice_epochs: 5, ..Pace::public() };
	pub storage TestParameters: Parameters = Parameters::default();
	pub storage Epoch: EpochIndex = 0;
	pub storage Paused: bool = false;
	pub(crate) storage Prices: Market = Market {
		price: PRICE,
		round: 1,
		purchases: None,
		payouts: None,
		is_lost: false,
		oldest_block: None,
		last: Some(PRICE),
		average: Some(PRICE),
	};
	pub storage StableBalances: BTreeMap<AccountId, Credits> = BTreeMap::from([
		(ALICE, STABLE_FUNDS),
		(BOB, STABLE_FUNDS),
		(CAROL, STABLE_FUNDS),
		(POOL, POOL_STABLE),
	]);
	pub storage HasPool: bool = true;
	pub(crate) storage RegionsMock: Regions = Regions::default();
	pub storage Bound: RegionId = 3;
	pub storage TotalWeight: u128 = 1_000_000;
	pub(crate) storage WorkMock: Work = Work { attested: 1_000_000, lag: Some(0), ..Work::default() };
}

pub(crate) fn regions<R>(change: impl FnOnce(&mut Regions) -> R) -> R {
	let mut regions = RegionsMock::get();
	let result = change(&mut regions);
	RegionsMock::set(&regions);
	result
}

pub(crate) fn work<R>(change: impl FnOnce(&mut Work) -> R) -> R {
	let mut work = WorkMock::get();
	let result = change(&mut work);
	WorkMock::set(&work);
	result
}

pub(crate) fn market(change: impl FnOnce(&mut Market)) {
	let mut market = Prices::get();
	change(&mut market);
	Prices::set(&market);
}

pub(crate) fn stable_of(who: AccountId) -> Credits {
	StableBalances::get().get(&who).copied().unwrap_or_default()
}

pub(crate) fn set_stable(who: AccountId, credits: Credits) {
	let mut balances = StableBalances::get();
	balances.insert(who, credits);
	StableBalances::set(&balances);
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

pub struct Feed;
impl Feed {
	fn quote() -> Quote {
		Self::quote_at(Prices::get().price)
	}

	fn quote_at(price: Price) -> Quote {
		let Market { round, oldest_block, purchases, .. } = Prices::get();
		let block = System::block_number() as u32;
		Quote {
			round,
			median: price,
			ema: price,
			twap: None,
			low: mul_div_floor(price, 9_975, 10_000).unwrap(),
			high: mul_div_floor(price, 10_025, 10_000).unwrap_or(u128::MAX),
			reports: 9,
			oldest_block: oldest_block.unwrap_or(block),
			at_block: block,
			gate: purchases,
		}
	}
}
impl Pricing for Feed {
	fn round() -> Round {
		Prices::get().round
	}
	fn purchase_quote() -> Result<Quote, GateReason> {
		Prices::get().purchases.map_or_else(|| Ok(Self::quote()), Err)
	}
	fn payout_quote() -> Result<Quote, GateReason> {
		Prices::get().payouts.map_or_else(|| Ok(Self::quote()), Err)
	}
	fn is_lost() -> bool {
		Prices::get().is_lost
	}
	fn last_quote() -> Option<Quote> {
		let Market { price, payouts, last, .. } = Prices::get();
		last.map(|last| Self::quote_at(if payouts.is_none() && price > 0 { price } else { last }))
	}
	fn pool_average() -> Option<Price> {
		Prices::get().average
	}
	fn weight() -> Weight {
		STEP
	}
	#[cfg(feature = "runtime-benchmarks")]
	fn quote_for_benchmark(price: Price) {
		market(|market| (market.price, market.last) = (price, Some(price)));
	}
}

/// A pool that keeps the product of its sides, and 0.3 % of what is swapped.
pub struct Pool;
impl StablePool<AccountId> for Pool {
	fn reserves() -> Option<(Tokens, Credits)> {
		HasPool::get().then(|| (Balances::free_balance(POOL) - ED, stable_of(POOL)))
	}
	fn transfer(from: &AccountId, to: &AccountId, credits: Credits) -> DispatchResult {
		let left = stable_of(*from).checked_sub(credits).ok_or(TokenError::FundsUnavailable)?;
		set_stable(*from, left);
		set_stable(*to, stable_of(*to) + credits);
		Ok(())
	}
	fn swap(who: &AccountId, credits: Credits, least: Tokens) -> Result<Tokens, DispatchError> {
		let (tokens, stable) = Self::reserves().ok_or("no pool")?;
		let paid = credits * 997;
		let bought = mul_div_floor(tokens, paid, stable * 1_000 + paid).unwrap();
		Self::transfer(who, &POOL, credits)?;
		frame_support::ensure!(bought > 0 && bought >= least, "slippage");
		<Balances as Mutate<_>>::transfer(&POOL, who, bought, Preservation::Preserve)?;
		Ok(bought)
	}
	fn swap_weight() -> Weight {
		STEP
	}
	#[cfg(feature = "runtime-benchmarks")]
	fn fund_for_benchmark(who: &AccountId, credits: Credits) {
		set_stable(*who, stable_of(*who) + credits);
		set_stable(POOL, POOL_STABLE.max(credits * 1_000));
		Balances::mint_into(&POOL, POOL_TOKENS).unwrap();
	}
}

pub struct Pay;
impl RegionalPay for Pay {
	fn begin(epoch: EpochIndex) -> u128 {
		regions(|regions| regions.framed.push((true, epoch)));
		TotalWeight::get()
	}
	fn bound() -> RegionId {
		Bound::get()
	}
	fn survey(region: RegionId, terms: &CloseTerms) -> Ppm {
		regions(|regions| {
			regions.calls.push((1, region));
			regions.terms = Some(*terms);
			regions.gaps.get(&region).copied().unwrap_or_default()
		})
	}
	fn appraise(region: RegionId, _: &CloseTerms, gaps: u64) -> Credits {
		regions(|regions| {
			regions.calls.push((2, region));
			regions.told_gaps.push(gaps);
			regions.wants.get(&region).copied().unwrap_or_default()
		})
	}
	fn pay(region: RegionId, epoch: EpochIndex, total: Tokens, wanted: Credits) -> Tokens {
		regions(|regions| {
			regions.calls.push((3, region));
			let want = regions.wants.get(&region).copied().unwrap_or_default();
			let part = mul_div_floor(total, want, wanted).unwrap_or(0);
			let part = if regions.is_greedy { total } else { part };
			regions.paid.insert((epoch, region), part);
			part
		})
	}
	fn finish(epoch: EpochIndex) {
		regions(|regions| regions.framed.push((false, epoch)));
	}
	fn step_weight() -> Weight {
		STEP
	}
	fn frame_weight() -> Weight {
		STEP
	}
}
impl OnEpochPaid for Pay {
	fn epoch_paid(epoch: EpochIndex, tokens: Tokens, weight: u128) {
		regions(|regions| regions.heard.push((epoch, tokens, weight)));
	}
	fn weight() -> Weight {
		STEP
	}
}
impl RegionalDemand for Pay {
	fn paid(region: &Region, epoch: EpochIndex, credits: Credits) {
		assert_eq!(*region, REGION);
		regions(|regions| *regions.demand.entry(epoch).or_default() += credits);
	}
	fn weight() -> Weight {
		STEP
	}
}

pub struct Labour;
impl Earnings<AccountId> for Labour {
	fn earned(provider: &AccountId, epoch: EpochIndex, credits: Credits) -> DispatchResult {
		work(|work| {
			*work.earned.entry((*provider, epoch)).or_default() += credits;
			if work.is_full {
				Err(DispatchError::Other("full"))
			} else {
				Ok(())
			}
		})
	}
	fn attested(_: EpochIndex) -> Ppm {
		WorkMock::get().attested
	}
	fn share(epoch: EpochIndex, validators: Tokens, attestors: Tokens) -> (Tokens, Tokens) {
		work(|work| {
			work.shares.push((epoch, validators, attestors));
			work.idle
		})
	}
	fn settled_until() -> Option<EpochIndex> {
		let lag = WorkMock::get().lag?;
		// The epoch whose close asks is closed as far as others know.
		crate::NextClose::<Test>::get().checked_sub(lag)
	}
	fn weight() -> Weight {
		STEP
	}
}

impl pallet_burn_mint::Config for Test {
	type Currency = Balances;
	type Pricing = Feed;
	type StablePool = Pool;
	type RegionalPay = Pay;
	type RegionalDemand = Pay;
	type Earnings = Labour;
	type OnEpochPaid = Pay;
	type Parameters = TestParameters;
	type Pace = TestPace;
	type Clock = Clock;
	type PurchasesPaused = Paused;
	type RewardsPot = RewardsPot;
	type StablePot = StablePot;
	type Treasury = TreasuryAccount;
	type MaxRequests = MaxRequests;
	type MaxRequestsPerAccount = MaxRequestsPerAccount;
	type MaxRequestsPerBlock = MaxRequestsPerBlock;
	type WeightInfo = ();
}

pub(crate) struct ExtBuilder {
	balances: Vec<(AccountId, Tokens)>,
}

impl Default for ExtBuilder {
	fn default() -> Self {
		let balances = vec![
			(ALICE, FUNDS),
			(BOB, FUNDS),
			(CAROL, FUNDS),
			(REWARDS, ED),
			(POT, ED),
			(TREASURY, ED),
			(POOL, POOL_TOKENS + ED),
		];
		Self { balances }
	}
}

impl ExtBuilder {
	pub(crate) fn balances(self, balances: Vec<(AccountId, Tokens)>) -> Self {
		Self { balances }
	}

	pub(crate) fn build(self) -> sp_io::TestExternalities {
		let storage = RuntimeGenesisConfig {
			balances: pallet_balances::GenesisConfig { balances: self.balances, ..Default::default() },
			..Default::default()
		}
		.build_storage()
		.unwrap();
		let mut ext = sp_io::TestExternalities::from(storage);
		// Events are not kept in the genesis block.
		ext.execute_with(|| System::set_block_number(1));
		ext
	}

	pub(crate) fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			BurnMint::do_try_state().unwrap();
		});
	}
}

#[cfg(feature = "runtime-benchmarks")]
pub(crate) fn new_test_ext() -> sp_io::TestExternalities {
	ExtBuilder::default().build()
}

/// Runs one block whose rest is `weight`.
pub(crate) fn run_block(weight: Weight) {
	let block = System::block_number() + 1;
	System::set_block_number(block);
	BurnMint::on_initialize(block);
	let used = BurnMint::on_idle(block, weight);
	assert!(used.all_lte(weight), "{used} of {weight}");
	BurnMint::do_try_state().unwrap();
}

/// Runs the first block of the next round.
pub(crate) fn run_round() {
	market(|market| market.round += 1);
	run_block(Weight::MAX);
}

pub(crate) fn run_rounds(rounds: u32) {
	for _ in 0..rounds {
		run_round();
	}
}

/// Runs the first block of the next epoch.
pub(crate) fn begin_epoch() {
	Epoch::set(&(Epoch::get() + 1));
	run_block(Weight::MAX);
}

/// Begins an epoch, and runs the rounds after which the last one is closed.
pub(crate) fn end_epoch() {
	begin_epoch();
	run_rounds(FORWARD);
}
