//! A runtime of balances and this pallet; what the seams answer is what a test sets.

#![allow(unreachable_pub, reason = "what a runtime plugs into a Config may not be private")]

use crate as pallet_rewards;
use crate::*;
use frame_support::{
	derive_impl, parameter_types,
	traits::{
		fungible::{Inspect, Mutate},
		tokens::{Fortitude, Precision, Preservation},
		Hooks,
	},
	weights::Weight,
};
use polkadot_sdk::*;
use sp_runtime::{BuildStorage, DispatchError, DispatchResult};
use std::collections::BTreeMap;
use weir_math::economy::groups::Site;
use weir_primitives::{
	api::{Outcome, Reason, TestKind, VerdictRecord},
	economy::{
		CloseTerms, Credits, LineWeight, Pace, Parameters, Placed, Ppm, RegionId, RegionObserved, RegionRate,
		SettlementRate, Tokens, PRICE_ONE,
	},
	seams::{
		economy::{
			LineFacts, LineHistory, Placement, RegionalPay, RegionalTerms, SettlementRates, Supply as Ledger,
		},
		Bonds, EpochClock, OnProviderChange, OnVerdict, Operators, ProviderFacts, ProviderRegistry,
	},
	Admission, Claim, Endpoint, EpochIndex, Kbps, LineKind, ProbeKey, ProviderIndex, Region, Role,
	SlotOffset,
};

pub(crate) type AccountId = u64;
type Block = frame_system::mocking::MockBlock<Test>;

pub(crate) const ALICE: AccountId = 1;
pub(crate) const BOB: AccountId = 2;
pub(crate) const CAROL: AccountId = 3;
pub(crate) const STRANGER: AccountId = 99;
pub(crate) const POT: AccountId = 1_000;
pub(crate) const ED: Tokens = 10;
pub(crate) const START: EpochIndex = 100;
pub(crate) const TOKEN: Tokens = 1_000_000_000_000;

pub(crate) const DE: Region = Region { country: *b"DE", kind: LineKind::Residential };
pub(crate) const FR: Region = Region { country: *b"FR", kind: LineKind::Residential };
pub(crate) const CH: Region = Region { country: *b"CH", kind: LineKind::Hosting };
/// Not in the table.
pub(crate) const AQ: Region = Region { country: *b"AQ", kind: LineKind::Residential };
/// The table: numbers are places.
pub(crate) const TABLE: [Region; 3] = [DE, FR, CH];

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		Balances: pallet_balances,
		Rewards: pallet_rewards,
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
}

parameter_types! {
	pub const ExistentialDeposit: Tokens = ED;
	pub const PotAccount: AccountId = POT;
	pub static Epoch: EpochIndex = START;
	pub static TestPace: Pace = Pace::public();
	pub static TestParameters: Parameters = Parameters::default();
	pub static Registered: BTreeMap<ProviderIndex, ProviderFacts<AccountId>> = BTreeMap::new();
	/// First epoch of a pause, by provider.
	pub static PausedFrom: BTreeMap<ProviderIndex, EpochIndex> = BTreeMap::new();
	/// Another claim, and the first epoch in which it holds, by provider.
	pub static ClaimFrom: BTreeMap<ProviderIndex, (EpochIndex, Claim)> = BTreeMap::new();
	pub static Histories: BTreeMap<ProviderIndex, LineFacts> = BTreeMap::new();
	pub static Covered: BTreeMap<AccountId, Kbps> = BTreeMap::new();
	/// Where lines were placed, with their raw weights.
	pub static Places: BTreeMap<ProviderIndex, (Region, LineWeight)> = BTreeMap::new();
	/// What lines weigh in company, if that is another weight.
	pub static Room: BTreeMap<ProviderIndex, LineWeight> = BTreeMap::new();
	pub static HostingEndpoints: Vec<Endpoint> = vec![];
	/// Nodes with an operator.
	pub static Operated: BTreeMap<AccountId, AccountId> = BTreeMap::new();
	pub static RegionRates: BTreeMap<RegionId, RegionRate> = BTreeMap::new();
	/// What bounties pay, by region.
	pub static Bounties: BTreeMap<RegionId, Tokens> = BTreeMap::new();
	/// Regions, epochs and proven weights for which bounties were drawn.
	pub static Drawn: Vec<(RegionId, EpochIndex, u128)> = vec![];
	pub static Settled: BTreeMap<EpochIndex, SettlementRate> = BTreeMap::new();
	pub static GivenBack: Tokens = 0;
	pub static LedgerRefuses: bool = false;
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

pub struct TestRegistry;
impl ProviderRegistry<AccountId> for TestRegistry {
	fn facts(index: ProviderIndex) -> Option<ProviderFacts<AccountId>> {
		Self::facts_at(index, Epoch::get())
	}
	fn facts_at(index: ProviderIndex, epoch: EpochIndex) -> Option<ProviderFacts<AccountId>> {
		let is_paused = PausedFrom::get().get(&index).is_some_and(|from| *from <= epoch);
		let facts = Registered::get().get(&index).cloned()?;
		let other = ClaimFrom::get().get(&index).filter(|(from, _)| *from <= epoch).map(|(_, claim)| *claim);
		let claim = other.unwrap_or(facts.claim);
		Some(ProviderFacts { in_service: facts.in_service && !is_paused, claim, ..facts })
	}
	fn peer_id(_: ProviderIndex) -> Vec<u8> {
		vec![]
	}
	fn receipt_keys(_: ProviderIndex, _: EpochIndex) -> Vec<ProbeKey> {
		vec![]
	}
	fn count_in(region: &Region) -> u32 {
		Registered::get().values().filter(|facts| facts.region == *region).count() as u32
	}
	fn index_of(who: &AccountId) -> Option<ProviderIndex> {
		Registered::get().iter().find(|(_, facts)| facts.account == *who).map(|(index, _)| *index)
	}
	fn lower_claim(_: ProviderIndex, _: Claim) -> DispatchResult {
		Err(DispatchError::Unavailable)
	}
	fn set_admission(_: ProviderIndex, _: Admission) -> DispatchResult {
		Err(DispatchError::Unavailable)
	}
	fn reinstate(_: ProviderIndex, _: Option<Claim>, _: Admission) -> DispatchResult {
		Err(DispatchError::Unavailable)
	}
	fn change_weight() -> Weight {
		Weight::zero()
	}
	#[cfg(feature = "runtime-benchmarks")]
	fn set_receipt_keys_for_benchmark(_: ProviderIndex, _: Vec<ProbeKey>) {}
	#[cfg(feature = "runtime-benchmarks")]
	fn register_for_benchmark(who: &AccountId, n: u32, claim: Claim) -> ProviderIndex {
		Registered::mutate(|all| all.insert(n, ProviderFacts { claim, ..facts_of(*who, DE) }));
		Covered::mutate(|all| all.insert(*who, claim.effective_kbps()));
		n
	}
}

pub struct TestOperators;
impl Operators<AccountId> for TestOperators {
	fn operator_at(node: &AccountId, _: EpochIndex) -> AccountId {
		Self::operator_of(node)
	}
	fn operator_of(node: &AccountId) -> AccountId {
		Operated::get().get(node).copied().unwrap_or(*node)
	}
	#[cfg(feature = "runtime-benchmarks")]
	fn declare_for_benchmark(_: &AccountId, _: &AccountId) {}
}

pub struct TestBonds;
impl Bonds<AccountId> for TestBonds {
	type Balance = Tokens;
	fn active_bond(_: &AccountId, _: Role) -> Tokens {
		0
	}
	fn slashable_bond(_: &AccountId, _: Role) -> Tokens {
		0
	}
	fn is_sufficient(_: &AccountId, _: Role) -> bool {
		true
	}
	fn suffices_anew(_: &AccountId, _: Role) -> bool {
		true
	}
	fn covered_kbps(who: &AccountId) -> Kbps {
		Covered::get().get(who).copied().unwrap_or(Kbps::MAX)
	}
	#[cfg(feature = "runtime-benchmarks")]
	fn bond_for_benchmark(_: &AccountId, _: Role) {}
}

pub struct TestHistory;
impl LineHistory for TestHistory {
	fn line(provider: ProviderIndex) -> Option<LineFacts> {
		Registered::get().get(&provider)?;
		Histories::get().get(&provider).cloned()
	}
	fn weight() -> Weight {
		Weight::from_parts(7, 7)
	}
	#[cfg(feature = "runtime-benchmarks")]
	fn line_for_benchmark(provider: ProviderIndex, epoch: EpochIndex) {
		Epoch::set(epoch);
		let facts = LineFacts { proof: Some(epoch - 1), ..history(&[50_000; 8]) };
		Histories::mutate(|all| all.insert(provider, facts));
	}
}

pub struct TestPlacement;
impl Placement<AccountId> for TestPlacement {
	fn place(
		provider: ProviderIndex,
		_: &AccountId,
		region: &Region,
		_: &Endpoint,
		raw: LineWeight,
	) -> Placed {
		Places::mutate(|places| match raw {
			0 => places.remove(&provider),
			_ => places.insert(provider, (*region, raw)),
		});
		let id = TABLE.iter().position(|known| known == region).map(|id| id as RegionId);
		let weight = Room::get().get(&provider).copied().filter(|_| raw > 0).unwrap_or(raw);
		Placed { region: id, weight: if id.is_some() { weight } else { 0 } }
	}
	fn site(operator: &AccountId, endpoint: &Endpoint) -> Site {
		match *endpoint {
			Endpoint::V4 { addr, .. } => Site::of_v4(addr),
			Endpoint::V6 { addr, .. } => Site::of_v6(addr),
			Endpoint::RelayOnly => Site::of_relayed(u128::from(*operator).to_le_bytes()),
		}
	}
	fn is_hosting(endpoint: &Endpoint) -> bool {
		HostingEndpoints::get().contains(endpoint)
	}
	fn weight() -> Weight {
		Weight::from_parts(11, 11)
	}
}

pub struct TestTerms;
impl RegionalTerms for TestTerms {
	fn bound() -> RegionId {
		TABLE.len() as RegionId
	}
	fn id_of(region: &Region) -> Option<RegionId> {
		TABLE.iter().position(|known| known == region).map(|id| id as RegionId)
	}
	fn survey(_: RegionId, observed: &RegionObserved, _: &CloseTerms) -> Ppm {
		u32::from(observed.weight > observed.proven)
	}
	fn rate(region: RegionId, _: &RegionObserved, _: &CloseTerms, _: u64) -> RegionRate {
		let usual = RegionRate { multiplier: 1_000_000, floor: 0 };
		RegionRates::get().get(&region).copied().unwrap_or(usual)
	}
	fn draw_bounty(region: RegionId, epoch: EpochIndex, proven: u128) -> Tokens {
		Drawn::mutate(|drawn| drawn.push((region, epoch, proven)));
		let tokens = Bounties::get().get(&region).copied().filter(|_| proven > 0).unwrap_or(0);
		Balances::mint_into(&POT, tokens).unwrap();
		tokens
	}
	fn weight() -> Weight {
		Weight::from_parts(13, 13)
	}
	#[cfg(feature = "runtime-benchmarks")]
	fn open_for_benchmark(region: &Region) -> RegionId {
		// The table of the tests does not grow.
		Self::id_of(region).unwrap_or_default()
	}
}

pub struct TestRates;
impl SettlementRates for TestRates {
	fn rate(epoch: EpochIndex) -> Option<SettlementRate> {
		Settled::get().get(&epoch).copied()
	}
	#[cfg(feature = "runtime-benchmarks")]
	fn set_rate_for_benchmark(epoch: EpochIndex, rate: SettlementRate) {
		Settled::mutate(|all| all.insert(epoch, rate));
	}
}

pub struct TestLedger;
impl Ledger<AccountId> for TestLedger {
	fn give_back(from: &AccountId, tokens: Tokens) -> DispatchResult {
		if LedgerRefuses::get() {
			return Err(DispatchError::Unavailable);
		}
		Balances::burn_from(from, tokens, Preservation::Preserve, Precision::Exact, Fortitude::Polite)?;
		GivenBack::mutate(|all| *all += tokens);
		Ok(())
	}
	#[cfg(feature = "runtime-benchmarks")]
	fn emit_for_benchmark(to: &AccountId, tokens: Tokens) {
		Balances::mint_into(to, tokens).unwrap();
	}
}

impl Config for Test {
	type Currency = Balances;
	type Pot = PotAccount;
	type Clock = TestClock;
	type Pace = TestPace;
	type Parameters = TestParameters;
	type Registry = TestRegistry;
	type Operators = TestOperators;
	type Bonds = TestBonds;
	type History = TestHistory;
	type Placement = TestPlacement;
	type Terms = TestTerms;
	type Rates = TestRates;
	type Supply = TestLedger;
	type WeightInfo = ();
}

/// A chain in epoch [`START`] whose pot holds its existential deposit.
pub(crate) fn new_test_ext() -> sp_io::TestExternalities {
	Epoch::set(START);
	TestPace::set(Pace::public());
	TestParameters::set(Parameters::default());
	Registered::set(BTreeMap::new());
	PausedFrom::set(BTreeMap::new());
	ClaimFrom::set(BTreeMap::new());
	Histories::set(BTreeMap::new());
	Covered::set(BTreeMap::new());
	Places::set(BTreeMap::new());
	Room::set(BTreeMap::new());
	HostingEndpoints::set(vec![]);
	Operated::set(BTreeMap::new());
	RegionRates::set(BTreeMap::new());
	Bounties::set(BTreeMap::new());
	Drawn::set(vec![]);
	Settled::set(BTreeMap::new());
	GivenBack::set(0);
	LedgerRefuses::set(false);
	let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
	pallet_balances::GenesisConfig::<Test> { balances: vec![(POT, ED)], ..Default::default() }
		.assimilate_storage(&mut storage)
		.unwrap();
	let mut ext = sp_io::TestExternalities::new(storage);
	ext.execute_with(|| System::set_block_number(1));
	ext
}

/// Runs the test, then checks the invariants.
pub(crate) fn build_and_execute(test: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		test();
		Rewards::do_try_state().unwrap();
	});
}

pub(crate) fn endpoint(n: u64) -> Endpoint {
	Endpoint::V4 { addr: [45, n as u8, 7, 1], port: 9_700 }
}

/// 50 Mbps, admitted and in service.
pub(crate) fn facts_of(account: AccountId, region: Region) -> ProviderFacts<AccountId> {
	ProviderFacts {
		account,
		claim: Claim { down_kbps: 50_000, up_kbps: 50_000 },
		endpoint: endpoint(account),
		region,
		probe_key: None,
		admission: Admission::Admitted { since: 0 },
		in_service: true,
		shared: false,
	}
}

/// Tests of the last epoch that measured so much.
pub(crate) fn tests(measured: &[Kbps]) -> Vec<(EpochIndex, Kbps)> {
	measured.iter().map(|kbps| (Epoch::get() - 1, *kbps)).collect()
}

/// Tests of the last epoch that measured so much, and no outage.
pub(crate) fn history(measured: &[Kbps]) -> LineFacts {
	LineFacts {
		measured: tests(measured),
		last_test: Some(Epoch::get() - 1),
		gaps: vec![],
		down_since: None,
		slot: u64::from(Epoch::get()) * 3_600,
		epoch_slots: 3_600,
		is_excused: false,
		proof: None,
		is_refuted: false,
		banned_until: None,
	}
}

/// Registers `who` under an index that is its number.
pub(crate) fn register(who: AccountId, region: Region) {
	Registered::mutate(|all| all.insert(who as ProviderIndex, facts_of(who, region)));
}

/// The registry has changed what `who` says of its line, and tells of it.
pub(crate) fn update(who: AccountId, with: impl FnOnce(&mut ProviderFacts<AccountId>)) {
	change(who, with);
	let index = who as ProviderIndex;
	Rewards::provider_changed(index, &Registered::get()[&index]);
}

pub(crate) fn change(who: AccountId, with: impl FnOnce(&mut ProviderFacts<AccountId>)) {
	Registered::mutate(|all| with(all.get_mut(&(who as ProviderIndex)).unwrap()));
}

/// Ends the registration and tells of it.
pub(crate) fn deregister(who: AccountId) {
	Registered::mutate(|all| all.remove(&(who as ProviderIndex)));
	Rewards::provider_left(who as ProviderIndex, &who);
}

pub(crate) fn record(outcome: Outcome) -> VerdictRecord {
	let (reason, kbps) = match outcome {
		Outcome::Good => (Reason::WithinClaim, 50_000),
		Outcome::PaidAsMeasured => (Reason::BelowClaim, 40_000),
		Outcome::ClaimLowered => (Reason::BelowThreeQuarters, 30_000),
		Outcome::Strike => (Reason::BelowHalf, 20_000),
		Outcome::Unreachable => (Reason::UnreachableByMajority, 0),
		Outcome::Void => (Reason::TooFewMembers, 0),
	};
	VerdictRecord {
		epoch: Epoch::get() - 1,
		kind: TestKind::Scheduled,
		claim: Claim { down_kbps: 50_000, up_kbps: 50_000 },
		down_kbps: kbps,
		up_kbps: kbps,
		ratio_ppm: kbps * 20,
		members: 15,
		present: 15,
		rtt_10us: 5_000,
		loss_pptt: 0,
		alive_parts: if outcome == Outcome::Unreachable { 0 } else { 40 },
		outcome,
		reason,
	}
}

/// A verdict on the last epoch is reached.
pub(crate) fn judge(who: AccountId, outcome: Outcome) {
	let record = record(outcome);
	Rewards::verdict(&who, who as ProviderIndex, record.epoch, &record);
}

/// A good test of so many kbps.
pub(crate) fn measure(who: AccountId, kbps: Kbps) {
	Histories::mutate(|all| all.insert(who as ProviderIndex, history(&[kbps; 8])));
	judge(who, Outcome::Good);
}

/// Registers and measures 50 Mbps.
pub(crate) fn serve(who: AccountId, region: Region) {
	register(who, region);
	measure(who, 50_000);
}

pub(crate) fn terms(epoch: EpochIndex) -> CloseTerms {
	CloseTerms { epoch, price: Some(PRICE_ONE), availability: 15_000, coverage_budget: Credits::MAX >> 20 }
}

/// Closes `epoch` with `total` for availability pay, as burn-mint does. Returns what was minted.
pub(crate) fn close(epoch: EpochIndex, total: Tokens) -> Tokens {
	let terms = terms(epoch);
	Rewards::begin(epoch);
	let bound = Rewards::bound();
	let gaps = (0..bound).map(|region| u64::from(Rewards::survey(region, &terms))).sum();
	let wanted = (0..bound).map(|region| Rewards::appraise(region, &terms, gaps)).sum();
	let mut minted = 0;
	for region in 0..bound {
		let tokens = Rewards::pay(region, epoch, total, wanted);
		Balances::mint_into(&POT, tokens).unwrap();
		minted += tokens;
	}
	Rewards::finish(epoch);
	minted
}

/// Closes the running epoch and begins the next one.
pub(crate) fn close_running(total: Tokens) -> Tokens {
	let epoch = Epoch::get();
	Epoch::set(epoch + 1);
	close(epoch, total)
}

/// Settles the fees of `epoch` at so many tokens for all of `credits`.
pub(crate) fn settle_fees(epoch: EpochIndex, credits: Credits, provider_tokens: Tokens) {
	let rate = SettlementRate { credits, provider_tokens, attestor_tokens: 0, treasury_tokens: 0 };
	Settled::mutate(|all| all.insert(epoch, rate));
	Balances::mint_into(&POT, provider_tokens).unwrap();
}

pub(crate) fn account(who: AccountId) -> Account {
	Rewards::account(&who).unwrap_or_default()
}

pub(crate) fn claim(who: AccountId) -> Tokens {
	let before = Balances::total_balance(&who);
	Rewards::claim(RuntimeOrigin::signed(who), who, MAX_CLAIM_EPOCHS).unwrap();
	Balances::total_balance(&who) - before
}

pub(crate) fn weight_of(who: AccountId) -> LineWeight {
	Lines::<Test>::get(who).map_or(0, |line| line.step_at(Epoch::get()).weight)
}

pub(crate) fn idle() -> Weight {
	Rewards::on_idle(System::block_number(), Weight::MAX)
}

pub(crate) fn events() -> Vec<Event<Test>> {
	System::events()
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::Rewards(event) => Some(event),
			_ => None,
		})
		.collect()
}

pub(crate) fn unexpected() -> Vec<Expectation> {
	let expectation = |event| match event {
		Event::Unexpected { expectation } => Some(expectation),
		_ => None,
	};
	events().into_iter().filter_map(expectation).collect()
}
