//! Bonds, validators, providers, and the protocol that measures them.

use super::*;
use crate::*;
use codec::Decode;
use frame_support::{
	parameter_types,
	traits::{ConstU32, ConstU64},
	weights::Weight,
};
use pallet_proof_of_bandwidth::Rejection;
use pallet_providers::Versioned;
use sp_runtime::{traits::BlakeTwo256, transaction_validity::TransactionPriority};
use weir_primitives::{
	api::{Announced, Page, ProviderInfo, RegionFilter, VerdictRecord},
	outage::Gap,
	seams::{Bonds, EpochClock, OnBondChange, OnProviderChange, OnSlashDecided, ProviderFacts, RoleDuty},
	EpochIndex, Kbps, ProviderIndex, Role, SlashReason,
};

parameter_types! {
	/// Least bond of a validator.
	pub const MinValidatorBond: Balance = tokens(10_000);
	/// Least bond of a provider.
	pub const MinProviderBond: Balance = tokens(100);
	/// Least bond per Mbps a provider claims,
	pub const MinBondPerMbps: Balance = tokens(10);
	/// and what a new claim needs at most, whatever a Mbps earns.
	pub const MaxBondPerMbps: Balance = tokens(1_000);
	/// Least bond behind a seat: what makes a quarter of all seats dear.
	pub const MinimumSeatBond: Balance = tokens(100);
	/// Deposit of an appeal: what another committee of 51 costs the network, many times over.
	pub const AppealDeposit: Balance = tokens(50);
	/// Deposit of a watcher's report, lost if the confirmers see the provider.
	pub const AlarmDeposit: Balance = tokens(1);
	/// Price of a test that a provider asks for.
	pub const TestPrice: Balance = tokens(1);
	/// Reports pass before ordinary transactions: a full pool must not silence a seat.
	pub const ReportPriority: TransactionPriority = TransactionPriority::MAX / 4;
}

impl pallet_node_staking::Config for Runtime {
	type Currency = Balances;
	type Timing = NetworkTiming;
	type Clock = ProofOfBandwidth;
	type Duty = Duties;
	type OnBondChange = BondFollowers;
	type OnSlashDecided = SlashFollowers;
	type OnOperatorChange = ProofOfBandwidth;
	type SlashSink = economy::Slashed;
	type Pace = Governance;
	type HeavySlashesPaused = pallet_governance::SlashesPaused<Runtime>;
	type CancelOrigin = governance::Upgrade;
	type MinValidatorBond = MinValidatorBond;
	type MinProviderBond = MinProviderBond;
	type MinBondPerMbps = MinBondPerMbps;
	type MaxBondPerMbps = MaxBondPerMbps;
	type AppealDeposit = AppealDeposit;
	type AlarmDeposit = AlarmDeposit;
	type TestPrice = TestPrice;
	type MaxUnbondingChunks = ConstU32<32>;
	type MaxSlashesPerBlock = ConstU32<16>;
	type WeightInfo = pallet_node_staking::weights::SubstrateWeight<Runtime>;
}

impl pallet_validators::Config for Runtime {
	type Balance = Balance;
	type Bonds = NodeStaking;
	type Slashes = NodeStaking;
	type MaxValidators = consensus::MaxAuthorities;
	type MinValidators = ConstU32<1>;
	type MaxCandidates = ConstU32<500>;
	type ChurnLimit = ConstU32<10>;
	type ExclusionSessions = consensus::ReportSessions;
	type OffenceSessions = consensus::ReportSessions;
	type WeightInfo = pallet_validators::weights::SubstrateWeight<Runtime>;
}

impl pallet_providers::Config for Runtime {
	type Clock = ProofOfBandwidth;
	type Bonds = NodeStaking;
	type OnProviderChange = ProviderFollowers;
	type MaxPerPrefix = ConstU32<8>;
	// A tenth of a cent to a hundred dollars per gigabyte.
	type MinPriceCreditsPerGb = ConstU64<1_000>;
	type MaxPriceCreditsPerGb = ConstU64<100_000_000>;
	type WeightInfo = pallet_providers::weights::SubstrateWeight<Runtime>;
}

/// The running session.
pub struct SessionIndex;

impl Get<EpochIndex> for SessionIndex {
	fn get() -> EpochIndex {
		Session::current_index()
	}
}

/// The slot of the block being built.
pub struct CurrentSlot;

impl Get<u64> for CurrentSlot {
	fn get() -> u64 {
		*Babe::current_slot()
	}
}

/// The first slot of the running epoch.
pub struct EpochStart;

impl Get<u64> for EpochStart {
	fn get() -> u64 {
		*Babe::current_epoch_start()
	}
}

/// Randomness of the running epoch, which BABE collected two epochs ago.
pub struct EpochSeed;

impl Get<[u8; 32]> for EpochSeed {
	fn get() -> [u8; 32] {
		Babe::randomness()
	}
}

/// The VRF output of the block's author, once BABE has finalised the block; until then that of its parent's. Every slot
/// has one (`PrimaryAndSecondaryVRFSlots`); if a later configuration of BABE drops that, slot and epoch randomness stand
/// in, which are unpredictable for outsiders only.
pub struct AuthorRandomness;

impl Get<[u8; 32]> for AuthorRandomness {
	fn get() -> [u8; 32] {
		pallet_babe::AuthorVrfRandomness::<Runtime>::get().unwrap_or_else(|| {
			use sp_runtime::traits::Hash as _;
			BlakeTwo256::hash_of(&(Babe::randomness(), CurrentSlot::get())).0
		})
	}
}

impl pallet_proof_of_bandwidth::Config for Runtime {
	type SessionIndex = SessionIndex;
	type CurrentSlot = CurrentSlot;
	type EpochStart = EpochStart;
	type Seed = EpochSeed;
	type BlockRandomness = AuthorRandomness;
	type Balance = Balance;
	type Bonds = NodeStaking;
	type Registry = Providers;
	type Operators = NodeStaking;
	type Slashes = NodeStaking;
	type Deposits = NodeStaking;
	type OnVerdict = Rewards;
	type MinimumSeatBond = MinimumSeatBond;
	type BasePriority = ReportPriority;
	type WeightInfo = pallet_proof_of_bandwidth::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarking::Clock;
}

/// Which roles are in use: providers and validators each answer for theirs.
pub struct Duties;

impl RoleDuty<AccountId> for Duties {
	fn claimed_kbps(who: &AccountId, role: Role) -> Kbps {
		match role {
			Role::Provider => <Providers as RoleDuty<AccountId>>::claimed_kbps(who, role),
			Role::Validator => <Validators as RoleDuty<AccountId>>::claimed_kbps(who, role),
		}
	}

	fn in_service(who: &AccountId, role: Role) -> bool {
		match role {
			Role::Provider => <Providers as RoleDuty<AccountId>>::in_service(who, role),
			Role::Validator => <Validators as RoleDuty<AccountId>>::in_service(who, role),
		}
	}
}

/// Who follows the bonds: the pallet of the role, then the seats.
pub struct BondFollowers;

impl OnBondChange<AccountId> for BondFollowers {
	fn bond_changed(who: &AccountId, role: Role) {
		match role {
			Role::Provider => <Providers as OnBondChange<AccountId>>::bond_changed(who, role),
			Role::Validator => <Validators as OnBondChange<AccountId>>::bond_changed(who, role),
		}
		<ProofOfBandwidth as OnBondChange<AccountId>>::bond_changed(who, role);
	}

	fn weight() -> Weight {
		let of_role = <Providers as OnBondChange<AccountId>>::weight()
			.max(<Validators as OnBondChange<AccountId>>::weight());
		of_role.saturating_add(<ProofOfBandwidth as OnBondChange<AccountId>>::weight())
	}
}

/// Who hears how a slash ended: the measuring protocol, then pay.
pub struct SlashFollowers;

impl OnSlashDecided<AccountId> for SlashFollowers {
	fn slash_applied(who: &AccountId, reason: &SlashReason) {
		<ProofOfBandwidth as OnSlashDecided<AccountId>>::slash_applied(who, reason);
		<Rewards as OnSlashDecided<AccountId>>::slash_applied(who, reason);
	}

	fn slash_cancelled(who: &AccountId, reason: &SlashReason) {
		<ProofOfBandwidth as OnSlashDecided<AccountId>>::slash_cancelled(who, reason);
		<Rewards as OnSlashDecided<AccountId>>::slash_cancelled(who, reason);
	}

	fn weight() -> Weight {
		<ProofOfBandwidth as OnSlashDecided<AccountId>>::weight()
			.saturating_add(<Rewards as OnSlashDecided<AccountId>>::weight())
	}
}

/// Who follows the registry: the measuring protocol, then pay.
pub struct ProviderFollowers;

impl OnProviderChange<AccountId> for ProviderFollowers {
	fn provider_changed(index: ProviderIndex, facts: &ProviderFacts<AccountId>) {
		<ProofOfBandwidth as OnProviderChange<AccountId>>::provider_changed(index, facts);
		<Rewards as OnProviderChange<AccountId>>::provider_changed(index, facts);
	}

	fn provider_left(index: ProviderIndex, who: &AccountId) {
		<ProofOfBandwidth as OnProviderChange<AccountId>>::provider_left(index, who);
		<Rewards as OnProviderChange<AccountId>>::provider_left(index, who);
	}

	fn leaving_changed(index: ProviderIndex, facts: &ProviderFacts<AccountId>) {
		<ProofOfBandwidth as OnProviderChange<AccountId>>::leaving_changed(index, facts);
		<Rewards as OnProviderChange<AccountId>>::leaving_changed(index, facts);
	}

	fn is_needed(index: ProviderIndex, who: &AccountId) -> bool {
		<ProofOfBandwidth as OnProviderChange<AccountId>>::is_needed(index, who)
			|| <Rewards as OnProviderChange<AccountId>>::is_needed(index, who)
	}

	fn weight() -> Weight {
		<ProofOfBandwidth as OnProviderChange<AccountId>>::weight()
			.saturating_add(<Rewards as OnProviderChange<AccountId>>::weight())
	}

	fn weight_again() -> Weight {
		<ProofOfBandwidth as OnProviderChange<AccountId>>::weight_again()
			.saturating_add(<Rewards as OnProviderChange<AccountId>>::weight_again())
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn encumber_for_benchmark(index: ProviderIndex, who: &AccountId) {
		<ProofOfBandwidth as OnProviderChange<AccountId>>::encumber_for_benchmark(index, who);
		<Rewards as OnProviderChange<AccountId>>::encumber_for_benchmark(index, who);
	}
}

/// What was concluded from a test.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Concluded {
	/// Index of the provider.
	pub provider: ProviderIndex,
	/// Its account.
	pub account: AccountId,
	/// The verdict.
	pub verdict: VerdictRecord,
	/// Whether it takes the place of an earlier one on the same test, which receipts have changed.
	pub revised: bool,
}

/// What `event` says of a test, if it says that one was concluded, or concluded anew.
pub fn concluded(event: RuntimeEvent) -> Option<Concluded> {
	use pallet_proof_of_bandwidth::Event::{VerdictReached, VerdictRevised};
	let RuntimeEvent::ProofOfBandwidth(event) = event else { return None };
	let (provider, account, verdict, revised) = match event {
		VerdictReached { provider, account, verdict } => (provider, account, verdict, false),
		VerdictRevised { provider, account, verdict } => (provider, account, verdict, true),
		_ => return None,
	};
	Some(Concluded { provider, account, verdict, revised })
}

/// An outage that was recorded, or is over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutageChange {
	/// Index of the provider.
	pub provider: ProviderIndex,
	/// Its account.
	pub account: AccountId,
	/// Number of the slot in which a watcher first reported it.
	pub from_slot: u64,
	/// How it ended; none while it lasts.
	pub gap: Option<Gap>,
}

/// What `event` says of an outage, if it says that one was recorded or is over.
pub fn outage(event: &RuntimeEvent) -> Option<OutageChange> {
	use pallet_proof_of_bandwidth::Event::{OutageClosed, OutageRecorded};
	let RuntimeEvent::ProofOfBandwidth(event) = event else { return None };
	let (provider, account, from_slot, gap) = match event {
		OutageRecorded { provider, account, from_slot } => (provider, account, from_slot, None),
		OutageClosed { provider, account, gap } => (provider, account, &gap.from_slot, Some(*gap)),
		_ => return None,
	};
	Some(OutageChange { provider: *provider, account: account.clone(), from_slot: *from_slot, gap })
}

/// The entries of a reveal that do not count, and why, if `event` is of one.
pub fn rejected(event: &RuntimeEvent) -> &[(ProviderIndex, Rejection)] {
	match event {
		RuntimeEvent::ProofOfBandwidth(pallet_proof_of_bandwidth::Event::Revealed { rejected, .. }) => {
			rejected
		}
		_ => &[],
	}
}

/// The rule of the measuring protocol that a transaction breaks, by the code with which it is refused.
pub fn broken_rule(code: u8) -> Option<&'static str> {
	let error = pallet_proof_of_bandwidth::Error::<Runtime>::decode(&mut &[code][..]).ok()?;
	Some(error.into())
}

/// Providers of `regions` from index `start`, as a page shows them.
pub fn providers(
	start: ProviderIndex,
	count: u32,
	regions: RegionFilter,
) -> Page<ProviderInfo<AccountId, Balance>> {
	let page = Providers::page(start, count, |registration| regions.admits(&registration.terms.region));
	let rows = page.rows.into_iter().map(|(index, registration)| info(index, registration)).collect();
	Page { rows, next: page.next }
}

/// One provider, as a page shows it.
pub fn provider(who: &AccountId) -> Option<ProviderInfo<AccountId, Balance>> {
	Providers::registration(who).map(|(index, registration)| info(index, registration))
}

/// The provider with this index, as a page shows it.
pub fn provider_at(index: ProviderIndex) -> Option<ProviderInfo<AccountId, Balance>> {
	pallet_providers::Providers::<Runtime>::get(index).map(|registration| info(index, registration))
}

/// What will count of `versioned`, if that is another value than in epoch `now`.
fn announced<V: Clone + PartialEq>(versioned: &Versioned<V>, now: EpochIndex) -> Option<Announced<V>> {
	let step = versioned.pending(now).filter(|step| step.value != *versioned.at(now))?;
	Some(Announced { from_epoch: step.from, value: step.value.clone() })
}

fn info(
	index: ProviderIndex,
	registration: pallet_providers::Registration<AccountId>,
) -> ProviderInfo<AccountId, Balance> {
	let now = ProofOfBandwidth::epoch();
	let facts = registration.facts_at(now);
	let verdicts = pallet_proof_of_bandwidth::Verdicts::<Runtime>::get(index);
	ProviderInfo {
		index,
		claim: facts.claim,
		endpoint: facts.endpoint,
		peer_id: registration.terms.peer_id.to_vec(),
		region: facts.region,
		exit: registration.terms.exit,
		price_credits_per_gb: registration.terms.price_credits_per_gb,
		caps: registration.terms.caps,
		probe_key: facts.probe_key,
		admission: facts.admission,
		paused: *registration.paused.at(now),
		in_service: facts.in_service,
		next_claim: announced(&registration.claim, now),
		next_probe_key: announced(&registration.probe_key, now),
		next_admission: announced(&registration.admission, now),
		next_paused: announced(&registration.paused, now),
		bond: NodeStaking::active_bond(&facts.account, Role::Provider),
		bond_sufficient: NodeStaking::is_sufficient(&facts.account, Role::Provider),
		strikes: ProofOfBandwidth::strikes(&facts.account),
		last_verdict: verdicts.as_ref().map(|verdicts| *verdicts.last()),
		past_verdicts: verdicts.map(|verdicts| verdicts.past()).unwrap_or_default(),
		location: ProofOfBandwidth::location_of(index, facts.region.country),
		operator: ProofOfBandwidth::operator(&facts.account),
		account: facts.account,
	}
}
