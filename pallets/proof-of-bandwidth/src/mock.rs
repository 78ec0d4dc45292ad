//! A runtime with this pallet, a clock that tests turn by hand, and fakes behind the seams.

use crate as pallet_proof_of_bandwidth;
use crate::{reports::Step, *};
use polkadot_sdk::*;

use frame_support::{
	derive_impl, parameter_types,
	traits::Hooks,
	weights::{constants::WEIGHT_REF_TIME_PER_SECOND, Weight},
};
use frame_system::limits::BlockWeights;
use sp_core::{sr25519, Pair};
use sp_io::hashing::blake2_256;
use sp_runtime::{traits::BlakeTwo256, BuildStorage, DispatchError, DispatchResult, Perbill, TokenError};
use std::collections::BTreeMap;
use weir_primitives::{
	api::VerdictRecord,
	seams::{
		Bonds, Deposit, Deposits, OnProviderChange, OnSlashDecided, OnVerdict, Operators, ProviderFacts,
		ProviderRegistry, QueuedSlashes, SlashQueue,
	},
	Admission, Claim, Endpoint, EpochIndex, Kbps, LineKind, ProbeKey, ProviderIndex, Region, Role,
	SlashReason, Timing,
};

pub(crate) type AccountId = u64;
pub(crate) type TxExtension = frame_system::AuthorizeCall<Runtime>;
pub(crate) type Extrinsic = sp_runtime::testing::TestXt<RuntimeCall, TxExtension>;
type Block = sp_runtime::generic::Block<sp_runtime::generic::Header<u64, BlakeTwo256>, Extrinsic>;

frame_support::construct_runtime!(
	pub enum Runtime {
		System: frame_system,
		Pob: pallet_proof_of_bandwidth,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Runtime {
	type Block = Block;
	type BlockWeights = Limits;
}

pub(crate) const SEAT_BOND: u64 = 100;
/// Where everybody is unless a test says otherwise.
pub(crate) const COUNTRY: [u8; 2] = *b"DE";

parameter_types! {
	pub static Epoch: EpochIndex = 0;
	pub static Slot: u64 = 0;
	pub static FirstSlot: u64 = 0;
	pub static BondOf: BTreeMap<(AccountId, Role), u64> = BTreeMap::new();
	/// What unbonds.
	pub static Unbonding: BTreeMap<(AccountId, Role), u64> = BTreeMap::new();
	pub static Registered: BTreeMap<ProviderIndex, ProviderFacts<AccountId>> = BTreeMap::new();
	/// First epoch of a pause that was announced, by provider.
	pub static PausedFrom: BTreeMap<ProviderIndex, EpochIndex> = BTreeMap::new();
	pub static Queued: Vec<(AccountId, Perbill, SlashReason)> = Vec::new();
	/// Numbers of the slashes taken back.
	pub static Cancelled: Vec<u32> = Vec::new();
	/// When slashes are due, by their numbers.
	pub static DueOf: BTreeMap<u32, EpochIndex> = BTreeMap::new();
	/// Operators of nodes that have another than themselves.
	pub static OperatorOf: BTreeMap<AccountId, AccountId> = BTreeMap::new();
	/// Keys under receipts of providers that do not sign with their own.
	pub static ReceiptKeys: BTreeMap<ProviderIndex, Vec<ProbeKey>> = BTreeMap::new();
	/// Deposits on hold.
	pub static Held: BTreeMap<AccountId, u32> = BTreeMap::new();
	/// Who forfeited a deposit or paid.
	pub static Taken: Vec<AccountId> = Vec::new();
	/// Attestors that were told of as unproven.
	pub static Unproven: Vec<(AccountId, EpochIndex)> = Vec::new();
	pub static Attested: Vec<(AccountId, EpochIndex, u32, u32)> = Vec::new();
	pub static SlashQueueFull: bool = false;
	pub static RegistryRefuses: bool = false;
	/// What is left of a block for its idle hook.
	pub static Idle: Weight = Weight::MAX;
	/// The slot of the last block whose author's randomness is there: of the parent until the block ends.
	pub static RandomnessOf: u64 = 0;
	pub static BlockRefTime: u64 = WEIGHT_REF_TIME_PER_SECOND;
	pub Limits: BlockWeights = BlockWeights::with_sensible_defaults(
		Weight::from_parts(BlockRefTime::get(), u64::MAX),
		Perbill::from_percent(75),
	);
	pub static Heard: Vec<(AccountId, VerdictRecord)> = Vec::new();
	pub const MinimumSeatBond: u64 = SEAT_BOND;
	pub const BasePriority: u64 = 1_000;
	pub EpochSeed: [u8; 32] = (b"seed", Epoch::get()).using_encoded(blake2_256);
	pub BlockRandomness: [u8; 32] = (b"block", RandomnessOf::get()).using_encoded(blake2_256);
}

use codec::Encode;

pub struct FakeBonds;

impl Bonds<AccountId> for FakeBonds {
	type Balance = u64;

	fn active_bond(who: &AccountId, role: Role) -> u64 {
		BondOf::get().get(&(*who, role)).copied().unwrap_or(0)
	}

	fn slashable_bond(who: &AccountId, role: Role) -> u64 {
		Self::active_bond(who, role) + Unbonding::get().get(&(*who, role)).copied().unwrap_or(0)
	}

	fn is_sufficient(who: &AccountId, role: Role) -> bool {
		Self::active_bond(who, role) > 0
	}

	fn suffices_anew(who: &AccountId, role: Role) -> bool {
		Self::is_sufficient(who, role)
	}

	fn covered_kbps(_: &AccountId) -> u32 {
		u32::MAX
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn bond_for_benchmark(who: &AccountId, role: Role) {
		set_bond(*who, role, SEAT_BOND);
	}
}

/// What telling of one change of the registry costs at most.
pub(crate) const TELLING: Weight = Weight::from_parts(4_000_000, 13);

pub struct FakeRegistry;

impl ProviderRegistry<AccountId> for FakeRegistry {
	fn facts(index: ProviderIndex) -> Option<ProviderFacts<AccountId>> {
		Registered::get().get(&index).cloned()
	}

	fn facts_at(index: ProviderIndex, epoch: EpochIndex) -> Option<ProviderFacts<AccountId>> {
		let paused = PausedFrom::get().get(&index).is_some_and(|from| epoch >= *from);
		Self::facts(index).map(|facts| ProviderFacts { in_service: facts.in_service && !paused, ..facts })
	}

	fn peer_id(index: ProviderIndex) -> Vec<u8> {
		vec![0, index as u8]
	}

	fn receipt_keys(index: ProviderIndex, _: EpochIndex) -> Vec<ProbeKey> {
		let set = ReceiptKeys::get().get(&index).cloned();
		set.unwrap_or_else(|| Self::facts(index).map(|facts| key(facts.account)).into_iter().collect())
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn set_receipt_keys_for_benchmark(index: ProviderIndex, keys: Vec<ProbeKey>) {
		ReceiptKeys::mutate(|all| all.insert(index, keys));
	}

	fn count_in(region: &Region) -> u32 {
		Registered::get().values().filter(|facts| facts.region == *region).count() as u32
	}

	fn index_of(who: &AccountId) -> Option<ProviderIndex> {
		Registered::get().iter().find(|(_, facts)| facts.account == *who).map(|(index, _)| *index)
	}

	fn lower_claim(index: ProviderIndex, measured: Claim) -> DispatchResult {
		if RegistryRefuses::get() {
			return Err(DispatchError::Unavailable);
		}
		change(index, |facts| facts.claim = facts.claim.lowered_to(&measured))
	}

	fn set_admission(index: ProviderIndex, admission: Admission) -> DispatchResult {
		if RegistryRefuses::get() {
			return Err(DispatchError::Unavailable);
		}
		let jailed = matches!(admission, Admission::Jailed { .. });
		Registered::mutate(|all| {
			let facts = all.get_mut(&index).ok_or(DispatchError::CannotLookup)?;
			facts.admission = admission;
			facts.in_service &= !jailed;
			Ok::<(), DispatchError>(())
		})?;
		if let (true, Some(facts)) = (jailed, Self::facts(index)) {
			Pob::provider_left(index, &facts.account);
		}
		Ok(())
	}

	fn reinstate(index: ProviderIndex, claim: Option<Claim>, admission: Admission) -> DispatchResult {
		if RegistryRefuses::get() {
			return Err(DispatchError::Unavailable);
		}
		change(index, |facts| {
			facts.claim = claim.unwrap_or(facts.claim);
			facts.admission = admission;
			facts.in_service = true;
		})
	}

	fn change_weight() -> Weight {
		TELLING
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn register_for_benchmark(who: &AccountId, n: u32, claim: Claim) -> ProviderIndex {
		set_bond(*who, Role::Provider, SEAT_BOND);
		register(n, *who, claim);
		n
	}
}

pub struct FakeOperators;

impl Operators<AccountId> for FakeOperators {
	fn operator_at(node: &AccountId, _: EpochIndex) -> AccountId {
		Self::operator_of(node)
	}

	fn operator_of(node: &AccountId) -> AccountId {
		OperatorOf::get().get(node).copied().unwrap_or(*node)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn declare_for_benchmark(node: &AccountId, operator: &AccountId) {
		OperatorOf::mutate(|all| all.insert(*node, *operator));
	}
}

pub struct FakeSlashes;

impl SlashQueue<AccountId> for FakeSlashes {
	fn queue_reported_slash(
		who: &AccountId,
		_: Role,
		fraction: Perbill,
		reason: SlashReason,
		_: Option<&AccountId>,
	) -> Result<u32, DispatchError> {
		if SlashQueueFull::get() {
			return Err(DispatchError::Exhausted);
		}
		Queued::mutate(|queue| {
			queue.push((*who, fraction, reason));
			let number = queue.len() as u32 - 1;
			let due = Epoch::get() + Pob::timing().slash_delay_epochs;
			DueOf::mutate(|all| all.insert(number, due));
			Ok(number)
		})
	}
}

impl QueuedSlashes for FakeSlashes {
	fn cancel_slash(number: u32) -> DispatchResult {
		let (who, reason) = Queued::get()
			.get(number as usize)
			.map(|(who, _, reason)| (*who, *reason))
			.ok_or(DispatchError::CannotLookup)?;
		Cancelled::mutate(|cancelled| cancelled.push(number));
		Pob::slash_cancelled(&who, &reason);
		Ok(())
	}

	fn due_of(number: u32) -> Option<EpochIndex> {
		DueOf::get().get(&number).copied().filter(|_| !Cancelled::get().contains(&number))
	}
}

/// Deposits of accounts with money: every account but [`POOR`].
pub struct FakeDeposits;

pub(crate) const POOR: AccountId = 199;

impl Deposits<AccountId> for FakeDeposits {
	fn can_hold(who: &AccountId, _: Deposit) -> bool {
		*who != POOR
	}

	fn hold(who: &AccountId, what: Deposit) -> DispatchResult {
		if !Self::can_hold(who, what) {
			return Err(DispatchError::Token(TokenError::FundsUnavailable));
		}
		Held::mutate(|held| *held.entry(*who).or_default() += 1);
		Ok(())
	}

	fn release(who: &AccountId, _: Deposit) {
		Held::mutate(|held| *held.entry(*who).or_default() -= 1);
	}

	fn forfeit(who: &AccountId, what: Deposit) {
		Self::release(who, what);
		Taken::mutate(|taken| taken.push(*who));
	}

	fn charge_test(who: &AccountId) -> DispatchResult {
		if *who == POOR {
			return Err(DispatchError::Token(TokenError::FundsUnavailable));
		}
		Taken::mutate(|taken| taken.push(*who));
		Ok(())
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn fund_for_benchmark(_: &AccountId) {}
}

/// What it costs [`Listener`] to be told of a verdict.
pub(crate) const LISTENING: Weight = Weight::from_parts(7_000_000, 0);
/// What it did cost.
pub(crate) const LISTENED: Weight = Weight::from_parts(6_000_000, 0);
/// What it costs it to be told of an attestor.
pub(crate) const LISTENING_TO_ATTESTORS: Weight = Weight::from_parts(5_000_000, 0);

pub struct Listener;

impl OnVerdict<AccountId> for Listener {
	fn verdict(who: &AccountId, _: ProviderIndex, _: EpochIndex, verdict: &VerdictRecord) -> Weight {
		Heard::mutate(|heard| heard.push((*who, *verdict)));
		LISTENED
	}

	fn revised(who: &AccountId, _: ProviderIndex, _: EpochIndex, verdict: &VerdictRecord) {
		Heard::mutate(|heard| heard.push((*who, *verdict)));
	}

	fn unproven(attestor: &AccountId, epoch: EpochIndex) {
		Unproven::mutate(|all| all.push((*attestor, epoch)));
	}

	fn attested(attestor: &AccountId, epoch: EpochIndex, assigned: u32, accepted: u32) {
		Attested::mutate(|all| all.push((*attestor, epoch, assigned, accepted)));
	}

	fn weight() -> Weight {
		LISTENING
	}

	fn attestor_weight() -> Weight {
		LISTENING_TO_ATTESTORS
	}
}

impl Config for Runtime {
	type SessionIndex = Epoch;
	type CurrentSlot = Slot;
	type EpochStart = FirstSlot;
	type Seed = EpochSeed;
	type BlockRandomness = BlockRandomness;
	type Balance = u64;
	type Bonds = FakeBonds;
	type Registry = FakeRegistry;
	type Operators = FakeOperators;
	type Slashes = FakeSlashes;
	type Deposits = FakeDeposits;
	type OnVerdict = Listener;
	type MinimumSeatBond = MinimumSeatBond;
	type BasePriority = BasePriority;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Clock;
}

#[cfg(feature = "runtime-benchmarks")]
pub struct Clock;

#[cfg(feature = "runtime-benchmarks")]
impl BenchmarkHelper for Clock {
	fn set_clock(epoch: EpochIndex, slot: u32) {
		Epoch::set(epoch);
		FirstSlot::set(u64::from(epoch) * 1_000_000);
		Slot::set(FirstSlot::get() + u64::from(slot));
	}
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

/// A claim of the same rate both ways.
pub(crate) fn symmetric(kbps: Kbps) -> Claim {
	Claim { down_kbps: kbps, up_kbps: kbps }
}

/// The key pair of a node's seat.
pub(crate) fn pair(node: AccountId) -> sr25519::Pair {
	sr25519::Pair::from_seed(&(b"seat", node).using_encoded(blake2_256))
}

pub(crate) fn key(node: AccountId) -> ProbeKey {
	pair(node).public().into()
}

/// A public endpoint whose /16 no other number below 255 shares.
pub(crate) fn endpoint(n: u64) -> Endpoint {
	Endpoint::V4 { addr: [45, n as u8, 7, 1], port: 9_700 }
}

/// As [`endpoint`], of the other address family.
pub(crate) fn endpoint_v6(n: u64) -> Endpoint {
	let [_, _, _, _, _, _, _, n] = n.to_be_bytes();
	Endpoint::V6 { addr: [0x2a, n, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], port: 9_700 }
}

pub(crate) fn set_bond(who: AccountId, role: Role, amount: u64) {
	BondOf::mutate(|bonds| bonds.insert((who, role), amount));
}

pub(crate) fn register(index: ProviderIndex, account: AccountId, claim: Claim) {
	let facts = ProviderFacts {
		account,
		claim,
		endpoint: endpoint(account),
		region: Region { country: COUNTRY, kind: LineKind::Residential },
		probe_key: None,
		admission: Admission::Pending { passed: 0 },
		in_service: true,
		shared: false,
	};
	Registered::mutate(|all| all.insert(index, facts.clone()));
	Pob::provider_changed(index, &facts);
}

/// Changes a registration and tells the pallet, as the registry does.
pub(crate) fn change(
	index: ProviderIndex,
	with: impl FnOnce(&mut ProviderFacts<AccountId>),
) -> DispatchResult {
	let (was_in, facts) = Registered::mutate(|all| {
		let facts = all.get_mut(&index).ok_or(DispatchError::CannotLookup)?;
		let was_in = facts.in_service;
		with(facts);
		Ok::<_, DispatchError>((was_in, facts.clone()))
	})?;
	match (was_in, facts.in_service) {
		(_, true) => Pob::provider_changed(index, &facts),
		(true, false) => Pob::provider_left(index, &facts.account),
		_ => {}
	}
	Ok(())
}

pub(crate) struct ExtBuilder {
	pub(crate) timing: Timing,
	pub(crate) seats: u64,
	pub(crate) uplink_kbps: Kbps,
	pub(crate) private: bool,
	/// The first so many seats are in France.
	pub(crate) french: u64,
}

impl Default for ExtBuilder {
	fn default() -> Self {
		Self { timing: Timing::local(), seats: 8, uplink_kbps: 50_000, private: false, french: 0 }
	}
}

impl ExtBuilder {
	pub(crate) fn seats(mut self, seats: u64) -> Self {
		self.seats = seats;
		self
	}

	pub(crate) fn french(mut self, seats: u64) -> Self {
		self.french = seats;
		self
	}

	pub(crate) fn uplink(mut self, kbps: Kbps) -> Self {
		self.uplink_kbps = kbps;
		self
	}

	pub(crate) fn private(mut self) -> Self {
		self.private = true;
		self
	}

	pub(crate) fn build(self) -> sp_io::TestExternalities {
		Epoch::set(0);
		Slot::set(0);
		FirstSlot::set(0);
		BondOf::set((1..=self.seats).map(|who| ((who, Role::Validator), SEAT_BOND)).collect());
		Unbonding::set(BTreeMap::new());
		Registered::set(BTreeMap::new());
		Queued::set(Vec::new());
		Cancelled::set(Vec::new());
		DueOf::set(BTreeMap::new());
		ReceiptKeys::set(BTreeMap::new());
		OperatorOf::set(BTreeMap::new());
		Held::set(BTreeMap::new());
		Taken::set(Vec::new());
		Unproven::set(Vec::new());
		Attested::set(Vec::new());
		SlashQueueFull::set(false);
		RegistryRefuses::set(false);
		Idle::set(Weight::MAX);
		RandomnessOf::set(0);
		Heard::set(Vec::new());
		let mut storage = frame_system::GenesisConfig::<Runtime>::default().build_storage().unwrap();
		GenesisConfig::<Runtime> {
			timing: self.timing,
			allow_private_endpoints: self.private,
			seats: (1..=self.seats)
				.map(|who| {
					let country = if who <= self.french { *b"FR" } else { COUNTRY };
					(who, key(who), endpoint(who), self.uplink_kbps, country)
				})
				.collect(),
		}
		.assimilate_storage(&mut storage)
		.unwrap();
		let mut ext: sp_io::TestExternalities = storage.into();
		ext.execute_with(|| {
			System::set_block_number(1);
			Pob::on_initialize(1);
		});
		ext
	}

	pub(crate) fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			Pob::do_try_state().unwrap();
		});
	}
}

/// An empty chain with a keystore, for benchmarks as tests.
#[cfg(feature = "runtime-benchmarks")]
pub(crate) fn with_keystore() -> sp_io::TestExternalities {
	let mut ext = ExtBuilder::default().seats(0).build();
	ext.register_extension(sp_keystore::KeystoreExt::new(sp_keystore::testing::MemoryKeystore::new()));
	ext
}

/// Runs the next slot's block.
pub(crate) fn next_slot() {
	let length = u64::from(Pob::timing().epoch_slots);
	Slot::set(Slot::get() + 1);
	if Slot::get() - FirstSlot::get() >= length {
		FirstSlot::set(FirstSlot::get() + length);
		Epoch::set(Epoch::get() + 1);
	}
	let number = System::block_number() + 1;
	System::set_block_number(number);
	Pob::on_initialize(number);
	Pob::on_idle(number, Idle::get());
	// As BABE does, which stands before.
	RandomnessOf::set(Slot::get());
	Pob::on_finalize(number);
}

/// No block comes for the rest of the epoch: the next one is the first of the next epoch.
pub(crate) fn stall() {
	Slot::set(FirstSlot::get() + u64::from(Pob::timing().epoch_slots) - 1);
	next_slot();
}

/// Runs blocks up to a slot of an epoch.
pub(crate) fn run_to(epoch: EpochIndex, slot: u32) {
	use weir_primitives::seams::EpochClock;
	assert!((Pob::epoch(), Pob::slot_in_epoch()) <= (epoch, slot), "the clock does not run backwards");
	while (Pob::epoch(), Pob::slot_in_epoch()) < (epoch, slot) {
		next_slot();
	}
}

/// First slot of a step's window.
pub(crate) fn opens(step: Step) -> u32 {
	Pob::window_of(step).0
}
