//! The price of the token, the supply ledger, regions and pay.

use super::{
	accounts::{LedgerSink, RewardsPot, StablePot, TreasuryAccount},
	pool::Pool,
	*,
};
use crate::*;
use frame_support::{
	parameter_types,
	traits::{ConstU128, ConstU32, ConstU64, Get},
	PalletId,
};
use weir_primitives::{economy::Price as TokenPrice, EpochIndex};

parameter_types! {
	/// What a reporter of the price has bonded.
	pub const ReporterBond: Balance = tokens(10_000);
	/// The smallest bounty: it takes a place of few.
	pub const MinBounty: Balance = tokens(100);
	/// What the oracle's own account derives from: it reports nothing.
	pub const OraclePalletId: PalletId = PalletId(*b"weir/orc");
}

/// The month of a plan: as long as a window of changes, 28 days on a public network.
pub struct PlanEpochs;

impl Get<EpochIndex> for PlanEpochs {
	fn get() -> EpochIndex {
		<Governance as Get<weir_primitives::economy::Pace>>::get().change_window_epochs
	}
}

/// Where slashes go: a part is destroyed, a part is the reporter's of the fault, the rest is the treasury's.
pub type Slashed = pallet_node_staking::SplitSink<AccountId, Balances, TreasuryAccount, LedgerSink, Price>;

impl pallet_oracle::Config for Runtime {
	type OnNewData = ();
	type CombineData = pallet_price::FreshMedian<Runtime>;
	type Time = pallet_price::BlockTime<Runtime>;
	type OracleKey = pallet_price::Feed;
	type OracleValue = TokenPrice;
	type PalletId = OraclePalletId;
	type Members = Price;
	type WeightInfo = pallet_oracle::weights::SubstrateWeight<Runtime>;
	type MaxHasDispatchedSize = ConstU32<51>;
	type MaxFeedValues = ConstU32<1>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = ();
}

impl pallet_price::Config for Runtime {
	type Currency = Balances;
	type Pool = Pool;
	type Pace = Governance;
	type Parameters = Governance;
	type Clock = ProofOfBandwidth;
	type SlashSink = Slashed;
	type ReporterOrigin = governance::Upgrade;
	type PostOrigin = governance::Economics;
	type ReporterBond = ReporterBond;
	type EraEpochs = ConstU32<28>;
	type BasePriority = measuring::ReportPriority;
	type WeightInfo = pallet_price::weights::SubstrateWeight<Runtime>;
}

impl pallet_regions::Config for Runtime {
	type Currency = Balances;
	type RegionOrigin = governance::Economics;
	type Clock = ProofOfBandwidth;
	type Pace = Governance;
	type Parameters = Governance;
	type Paused = pallet_governance::RegionPaused<Runtime>;
	type RewardsPot = RewardsPot;
	// A node that carries 250 Mbps: more on one address weighs no more.
	type NodeCap = ConstU64<250_000>;
	type MaxRegions = governance::MaxRegions;
	type MaxHosting = ConstU32<20_000>;
	type MaxBounties = ConstU32<8>;
	type MinBounty = MinBounty;
	// A year.
	type MaxBountyEpochs = ConstU32<1_461>;
	type WeightInfo = pallet_regions::weights::SubstrateWeight<Runtime>;
}

impl pallet_rewards::Config for Runtime {
	type Currency = Balances;
	type Pot = RewardsPot;
	type Clock = ProofOfBandwidth;
	type Pace = Governance;
	type Parameters = Governance;
	type Registry = Providers;
	type Operators = NodeStaking;
	type Bonds = NodeStaking;
	type History = ProofOfBandwidth;
	type Placement = Regions;
	type Terms = Regions;
	type Rates = BurnMint;
	type Supply = BurnMint;
	type WeightInfo = pallet_rewards::weights::SubstrateWeight<Runtime>;
}

/// Tells pay who made a block.
pub struct Authors;

impl pallet_authorship::EventHandler<AccountId, BlockNumber> for Authors {
	fn note_author(author: AccountId) {
		Rewards::note_author(author);
	}
}

impl pallet_burn_mint::Config for Runtime {
	type Currency = Balances;
	type Pricing = Price;
	type StablePool = Pool;
	type RegionalPay = Rewards;
	type RegionalDemand = Regions;
	type Earnings = Rewards;
	type OnEpochPaid = NodeStaking;
	type Parameters = Governance;
	type Pace = Governance;
	type Clock = ProofOfBandwidth;
	type PurchasesPaused = pallet_governance::PurchasesPaused<Runtime>;
	type RewardsPot = RewardsPot;
	type StablePot = StablePot;
	type Treasury = TreasuryAccount;
	type MaxRequests = ConstU32<10_000>;
	type MaxRequestsPerAccount = ConstU32<16>;
	type MaxRequestsPerBlock = ConstU32<50>;
	type WeightInfo = pallet_burn_mint::weights::SubstrateWeight<Runtime>;
}

impl pallet_channels::Config for Runtime {
	type Clock = ProofOfBandwidth;
	type Offers = Providers;
	type Credits = BurnMint;
	type Traffic = BurnMint;
	type Parameters = Governance;
	// A cent.
	type MinDeposit = ConstU128<10_000>;
	type PlanEpochs = PlanEpochs;
	type WeightInfo = pallet_channels::weights::SubstrateWeight<Runtime>;
}
