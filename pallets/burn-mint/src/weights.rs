//! Weights of `pallet_burn_mint`, measured by `scripts/weights.sh` on 2026-11-23.
//!
//! Steps 50, repeats 20, host `vm`, processor `Intel(R) Xeon(R) Processor`.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens)]
#![allow(unused_imports)]
#![allow(missing_docs)]
#![allow(clippy::arithmetic_side_effects)]

use core::marker::PhantomData;
use polkadot_sdk::*;
use frame_support::{traits::Get, weights::{constants::ParityDbWeight, Weight}};

/// Weight functions needed for `pallet_burn_mint`.
pub trait WeightInfo {
	fn request_credits() -> Weight;
	fn cancel_request() -> Weight;
	fn buy_with_stable() -> Weight;
	fn notify_inactive() -> Weight;
	fn sweep() -> Weight;
	fn paid(n: u32, ) -> Weight;
	fn on_initialize() -> Weight;
	fn on_idle_base() -> Weight;
	fn quote_requests() -> Weight;
	fn execute_request() -> Weight;
	fn spend_slice() -> Weight;
	fn close_begin() -> Weight;
	fn close_rate() -> Weight;
	fn close_region() -> Weight;
	fn close_shares() -> Weight;
	fn close_finish(n: u32, ) -> Weight;
}

/// Measured weights with the runtime's price of storage.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `Governance::Pauses` (r:1 w:0)
	/// Proof: `Governance::Pauses` (`max_values`: None, `max_size`: Some(15), added: 2490, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `BurnMint::DaySales` (r:1 w:0)
	/// Proof: `BurnMint::DaySales` (`max_values`: Some(1), `max_size`: Some(641), added: 1136, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Parameters` (r:1 w:0)
	/// Proof: `Governance::Parameters` (`max_values`: Some(1), `max_size`: Some(136), added: 631, mode: `MaxEncodedLen`)
	/// Storage: `Price::LatestQuote` (r:1 w:0)
	/// Proof: `Price::LatestQuote` (`max_values`: Some(1), `max_size`: Some(97), added: 592, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::RequestQueue` (r:1 w:1)
	/// Proof: `BurnMint::RequestQueue` (`max_values`: Some(1), `max_size`: Some(44), added: 539, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::RequestsOf` (r:1 w:1)
	/// Proof: `BurnMint::RequestsOf` (`max_values`: None, `max_size`: Some(177), added: 2652, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::Requests` (r:0 w:1)
	/// Proof: `BurnMint::Requests` (`max_values`: None, `max_size`: Some(88), added: 2563, mode: `MaxEncodedLen`)
	fn request_credits() -> Weight {
		Weight::from_parts(78_572_000, 3676)
			.saturating_add(T::DbWeight::get().reads(10_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
	/// Storage: `Governance::Pauses` (r:1 w:0)
	/// Proof: `Governance::Pauses` (`max_values`: None, `max_size`: Some(15), added: 2490, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `Price::LatestQuote` (r:1 w:0)
	/// Proof: `Price::LatestQuote` (`max_values`: Some(1), `max_size`: Some(97), added: 592, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::RequestsOf` (r:1 w:1)
	/// Proof: `BurnMint::RequestsOf` (`max_values`: None, `max_size`: Some(177), added: 2652, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::RequestQueue` (r:1 w:1)
	/// Proof: `BurnMint::RequestQueue` (`max_values`: Some(1), `max_size`: Some(44), added: 539, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::Requests` (r:0 w:1)
	/// Proof: `BurnMint::Requests` (`max_values`: None, `max_size`: Some(88), added: 2563, mode: `MaxEncodedLen`)
	fn cancel_request() -> Weight {
		Weight::from_parts(55_045_000, 3676)
			.saturating_add(T::DbWeight::get().reads(7_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
	/// Storage: `Governance::Pauses` (r:1 w:0)
	/// Proof: `Governance::Pauses` (`max_values`: None, `max_size`: Some(15), added: 2490, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:3 w:2)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Account` (r:3 w:2)
	/// Proof: `Assets::Account` (`max_values`: None, `max_size`: Some(134), added: 2609, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Asset` (r:1 w:1)
	/// Proof: `Assets::Asset` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::SupplyLedger` (r:1 w:1)
	/// Proof: `BurnMint::SupplyLedger` (`max_values`: Some(1), `max_size`: Some(224), added: 719, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::Accounts` (r:1 w:1)
	/// Proof: `BurnMint::Accounts` (`max_values`: None, `max_size`: Some(89), added: 2564, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `BurnMint::StableSpending` (r:1 w:1)
	/// Proof: `BurnMint::StableSpending` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	fn buy_with_stable() -> Weight {
		Weight::from_parts(90_804_000, 8817)
			.saturating_add(T::DbWeight::get().reads(13_u64))
			.saturating_add(T::DbWeight::get().writes(8_u64))
	}
	/// Storage: `BurnMint::Accounts` (r:1 w:1)
	/// Proof: `BurnMint::Accounts` (`max_values`: None, `max_size`: Some(89), added: 2564, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	fn notify_inactive() -> Weight {
		Weight::from_parts(15_025_000, 3554)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `BurnMint::Accounts` (r:1 w:1)
	/// Proof: `BurnMint::Accounts` (`max_values`: None, `max_size`: Some(89), added: 2564, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `BurnMint::SupplyLedger` (r:1 w:1)
	/// Proof: `BurnMint::SupplyLedger` (`max_values`: Some(1), `max_size`: Some(224), added: 719, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	fn sweep() -> Weight {
		Weight::from_parts(24_826_000, 3593)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// Storage: `BurnMint::Accounts` (r:64 w:64)
	/// Proof: `BurnMint::Accounts` (`max_values`: None, `max_size`: Some(89), added: 2564, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `BurnMint::Claims` (r:1 w:1)
	/// Proof: `BurnMint::Claims` (`max_values`: None, `max_size`: Some(92), added: 2567, mode: `MaxEncodedLen`)
	fn paid(n: u32, ) -> Weight {
		Weight::from_parts(9_827_404, 3557)
			.saturating_add(Weight::from_parts(6_735_766, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(1_u64))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2564).saturating_mul(n.into()))
	}
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `BurnMint::RunningEpoch` (r:1 w:1)
	/// Proof: `BurnMint::RunningEpoch` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	fn on_initialize() -> Weight {
		Weight::from_parts(9_297_000, 2236)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `BurnMint::RequestQueue` (r:1 w:0)
	/// Proof: `BurnMint::RequestQueue` (`max_values`: Some(1), `max_size`: Some(44), added: 539, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::SupplyLedger` (r:1 w:0)
	/// Proof: `BurnMint::SupplyLedger` (`max_values`: Some(1), `max_size`: Some(224), added: 719, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::StableSpending` (r:1 w:0)
	/// Proof: `BurnMint::StableSpending` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::RunningClose` (r:1 w:0)
	/// Proof: `BurnMint::RunningClose` (`max_values`: Some(1), `max_size`: Some(568), added: 1063, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::NextClose` (r:1 w:0)
	/// Proof: `BurnMint::NextClose` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	fn on_idle_base() -> Weight {
		Weight::from_parts(14_832_000, 2467)
			.saturating_add(T::DbWeight::get().reads(7_u64))
	}
	/// Storage: `Governance::Pauses` (r:1 w:0)
	/// Proof: `Governance::Pauses` (`max_values`: None, `max_size`: Some(15), added: 2490, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `Price::LatestQuote` (r:1 w:0)
	/// Proof: `Price::LatestQuote` (`max_values`: Some(1), `max_size`: Some(97), added: 592, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::RequestQueue` (r:1 w:1)
	/// Proof: `BurnMint::RequestQueue` (`max_values`: Some(1), `max_size`: Some(44), added: 539, mode: `MaxEncodedLen`)
	fn quote_requests() -> Weight {
		Weight::from_parts(10_006_000, 3480)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `BurnMint::RequestQueue` (r:1 w:1)
	/// Proof: `BurnMint::RequestQueue` (`max_values`: Some(1), `max_size`: Some(44), added: 539, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::Requests` (r:1 w:1)
	/// Proof: `BurnMint::Requests` (`max_values`: None, `max_size`: Some(88), added: 2563, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::RoundSales` (r:1 w:1)
	/// Proof: `BurnMint::RoundSales` (`max_values`: Some(1), `max_size`: Some(20), added: 515, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `BurnMint::DaySales` (r:1 w:1)
	/// Proof: `BurnMint::DaySales` (`max_values`: Some(1), `max_size`: Some(641), added: 1136, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Parameters` (r:1 w:0)
	/// Proof: `Governance::Parameters` (`max_values`: Some(1), `max_size`: Some(136), added: 631, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::RequestsOf` (r:1 w:1)
	/// Proof: `BurnMint::RequestsOf` (`max_values`: None, `max_size`: Some(177), added: 2652, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::SupplyLedger` (r:1 w:1)
	/// Proof: `BurnMint::SupplyLedger` (`max_values`: Some(1), `max_size`: Some(224), added: 719, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::Accounts` (r:1 w:1)
	/// Proof: `BurnMint::Accounts` (`max_values`: None, `max_size`: Some(89), added: 2564, mode: `MaxEncodedLen`)
	fn execute_request() -> Weight {
		Weight::from_parts(102_568_000, 3676)
			.saturating_add(T::DbWeight::get().reads(12_u64))
			.saturating_add(T::DbWeight::get().writes(9_u64))
	}
	/// Storage: `BurnMint::StableSpending` (r:1 w:1)
	/// Proof: `BurnMint::StableSpending` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:2 w:2)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Account` (r:2 w:2)
	/// Proof: `Assets::Account` (`max_values`: None, `max_size`: Some(134), added: 2609, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Asset` (r:1 w:1)
	/// Proof: `Assets::Asset` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `Price::LatestQuote` (r:1 w:0)
	/// Proof: `Price::LatestQuote` (`max_values`: Some(1), `max_size`: Some(97), added: 592, mode: `MaxEncodedLen`)
	/// Storage: `AssetConversion::PoolFees` (r:1 w:0)
	/// Proof: `AssetConversion::PoolFees` (`max_values`: None, `max_size`: Some(30), added: 2505, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::SupplyLedger` (r:1 w:1)
	/// Proof: `BurnMint::SupplyLedger` (`max_values`: Some(1), `max_size`: Some(224), added: 719, mode: `MaxEncodedLen`)
	fn spend_slice() -> Weight {
		Weight::from_parts(140_594_000, 6208)
			.saturating_add(T::DbWeight::get().reads(10_u64))
			.saturating_add(T::DbWeight::get().writes(7_u64))
	}
	/// Storage: `Governance::Parameters` (r:1 w:0)
	/// Proof: `Governance::Parameters` (`max_values`: Some(1), `max_size`: Some(136), added: 631, mode: `MaxEncodedLen`)
	/// Storage: `Regions::CounterForRegions` (r:1 w:0)
	/// Proof: `Regions::CounterForRegions` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Rewards::Supplies` (r:8 w:0)
	/// Proof: `Rewards::Supplies` (`max_values`: None, `max_size`: Some(118), added: 2593, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::SupplyLedger` (r:1 w:1)
	/// Proof: `BurnMint::SupplyLedger` (`max_values`: Some(1), `max_size`: Some(224), added: 719, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::Claims` (r:1 w:0)
	/// Proof: `BurnMint::Claims` (`max_values`: None, `max_size`: Some(92), added: 2567, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::Carried` (r:1 w:1)
	/// Proof: `BurnMint::Carried` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:2 w:2)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::FeeIncome` (r:1 w:1)
	/// Proof: `BurnMint::FeeIncome` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::FirstUnsettled` (r:1 w:0)
	/// Proof: `BurnMint::FirstUnsettled` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::RunningClose` (r:0 w:1)
	/// Proof: `BurnMint::RunningClose` (`max_values`: Some(1), `max_size`: Some(568), added: 1063, mode: `MaxEncodedLen`)
	fn close_begin() -> Weight {
		Weight::from_parts(77_283_000, 21734)
			.saturating_add(T::DbWeight::get().reads(18_u64))
			.saturating_add(T::DbWeight::get().writes(6_u64))
	}
	/// Storage: `BurnMint::Claims` (r:1 w:1)
	/// Proof: `BurnMint::Claims` (`max_values`: None, `max_size`: Some(92), added: 2567, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::FirstUnsettled` (r:0 w:1)
	/// Proof: `BurnMint::FirstUnsettled` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::Rates` (r:0 w:1)
	/// Proof: `BurnMint::Rates` (`max_values`: None, `max_size`: Some(80), added: 2555, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::RunningClose` (r:0 w:1)
	/// Proof: `BurnMint::RunningClose` (`max_values`: Some(1), `max_size`: Some(568), added: 1063, mode: `MaxEncodedLen`)
	fn close_rate() -> Weight {
		Weight::from_parts(11_086_000, 3557)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `BurnMint::LastPriced` (r:1 w:0)
	/// Proof: `BurnMint::LastPriced` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::SupplyLedger` (r:1 w:1)
	/// Proof: `BurnMint::SupplyLedger` (`max_values`: Some(1), `max_size`: Some(224), added: 719, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::RunningClose` (r:0 w:1)
	/// Proof: `BurnMint::RunningClose` (`max_values`: Some(1), `max_size`: Some(568), added: 1063, mode: `MaxEncodedLen`)
	fn close_region() -> Weight {
		Weight::from_parts(26_244_000, 3593)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// Storage: `Rewards::Works` (r:1 w:0)
	/// Proof: `Rewards::Works` (`max_values`: None, `max_size`: Some(36), added: 2511, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:2 w:2)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::SupplyLedger` (r:1 w:1)
	/// Proof: `BurnMint::SupplyLedger` (`max_values`: Some(1), `max_size`: Some(224), added: 719, mode: `MaxEncodedLen`)
	/// Storage: `Rewards::LastShared` (r:1 w:1)
	/// Proof: `Rewards::LastShared` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Rewards::Shares` (r:0 w:1)
	/// Proof: `Rewards::Shares` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::RunningClose` (r:0 w:1)
	/// Proof: `BurnMint::RunningClose` (`max_values`: Some(1), `max_size`: Some(568), added: 1063, mode: `MaxEncodedLen`)
	fn close_shares() -> Weight {
		Weight::from_parts(66_656_000, 6196)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(6_u64))
	}
	/// Storage: `BurnMint::SupplyLedger` (r:1 w:1)
	/// Proof: `BurnMint::SupplyLedger` (`max_values`: Some(1), `max_size`: Some(224), added: 719, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::DestroyedMark` (r:1 w:1)
	/// Proof: `BurnMint::DestroyedMark` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	/// Storage: `Rewards::PaidOut` (r:1 w:0)
	/// Proof: `Rewards::PaidOut` (`max_values`: Some(1), `max_size`: Some(48), added: 543, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `NodeStaking::Rate` (r:1 w:1)
	/// Proof: `NodeStaking::Rate` (`max_values`: Some(1), `max_size`: Some(36), added: 531, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::Carried` (r:1 w:0)
	/// Proof: `BurnMint::Carried` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	/// Storage: `Rewards::SettledUntil` (r:1 w:0)
	/// Proof: `Rewards::SettledUntil` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::FirstRate` (r:1 w:1)
	/// Proof: `BurnMint::FirstRate` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::Rates` (r:4 w:4)
	/// Proof: `BurnMint::Rates` (`max_values`: None, `max_size`: Some(80), added: 2555, mode: `MaxEncodedLen`)
	/// Storage: `Rewards::LastClosed` (r:0 w:1)
	/// Proof: `Rewards::LastClosed` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::NextClose` (r:0 w:1)
	/// Proof: `BurnMint::NextClose` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::LastPriced` (r:0 w:1)
	/// Proof: `BurnMint::LastPriced` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::FirstUnsettled` (r:0 w:1)
	/// Proof: `BurnMint::FirstUnsettled` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::RunningClose` (r:0 w:1)
	/// Proof: `BurnMint::RunningClose` (`max_values`: Some(1), `max_size`: Some(568), added: 1063, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::Summaries` (r:0 w:1)
	/// Proof: `BurnMint::Summaries` (`max_values`: None, `max_size`: Some(273), added: 2748, mode: `MaxEncodedLen`)
	fn close_finish(n: u32, ) -> Weight {
		Weight::from_parts(37_447_651, 2815)
			.saturating_add(Weight::from_parts(2_837_845, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(10_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(11_u64))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 1823).saturating_mul(n.into()))
	}
}

impl WeightInfo for () {
	fn request_credits() -> Weight {
		Weight::from_parts(78_572_000, 3676)
			.saturating_add(ParityDbWeight::get().reads_writes(10_u64, 5_u64))
	}
	fn cancel_request() -> Weight {
		Weight::from_parts(55_045_000, 3676)
			.saturating_add(ParityDbWeight::get().reads_writes(7_u64, 5_u64))
	}
	fn buy_with_stable() -> Weight {
		Weight::from_parts(90_804_000, 8817)
			.saturating_add(ParityDbWeight::get().reads_writes(13_u64, 8_u64))
	}
	fn notify_inactive() -> Weight {
		Weight::from_parts(15_025_000, 3554)
			.saturating_add(ParityDbWeight::get().reads_writes(3_u64, 1_u64))
	}
	fn sweep() -> Weight {
		Weight::from_parts(24_826_000, 3593)
			.saturating_add(ParityDbWeight::get().reads_writes(4_u64, 3_u64))
	}
	fn paid(n: u32, ) -> Weight {
		Weight::from_parts(9_827_404, 3557)
			.saturating_add(Weight::from_parts(6_735_766, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(2_u64, 1_u64))
			.saturating_add(ParityDbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2564).saturating_mul(n.into()))
	}
	fn on_initialize() -> Weight {
		Weight::from_parts(9_297_000, 2236)
			.saturating_add(ParityDbWeight::get().reads_writes(3_u64, 1_u64))
	}
	fn on_idle_base() -> Weight {
		Weight::from_parts(14_832_000, 2467)
			.saturating_add(ParityDbWeight::get().reads_writes(7_u64, 0_u64))
	}
	fn quote_requests() -> Weight {
		Weight::from_parts(10_006_000, 3480)
			.saturating_add(ParityDbWeight::get().reads_writes(4_u64, 1_u64))
	}
	fn execute_request() -> Weight {
		Weight::from_parts(102_568_000, 3676)
			.saturating_add(ParityDbWeight::get().reads_writes(12_u64, 9_u64))
	}
	fn spend_slice() -> Weight {
		Weight::from_parts(140_594_000, 6208)
			.saturating_add(ParityDbWeight::get().reads_writes(10_u64, 7_u64))
	}
	fn close_begin() -> Weight {
		Weight::from_parts(77_283_000, 21734)
			.saturating_add(ParityDbWeight::get().reads_writes(18_u64, 6_u64))
	}
	fn close_rate() -> Weight {
		Weight::from_parts(11_086_000, 3557)
			.saturating_add(ParityDbWeight::get().reads_writes(1_u64, 4_u64))
	}
	fn close_region() -> Weight {
		Weight::from_parts(26_244_000, 3593)
			.saturating_add(ParityDbWeight::get().reads_writes(3_u64, 3_u64))
	}
	fn close_shares() -> Weight {
		Weight::from_parts(66_656_000, 6196)
			.saturating_add(ParityDbWeight::get().reads_writes(5_u64, 6_u64))
	}
	fn close_finish(n: u32, ) -> Weight {
		Weight::from_parts(37_447_651, 2815)
			.saturating_add(Weight::from_parts(2_837_845, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(10_u64, 11_u64))
			.saturating_add(ParityDbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 1823).saturating_mul(n.into()))
	}
}
