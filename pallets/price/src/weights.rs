//! Weights of `pallet_price`, measured by `scripts/weights.sh` on 2026-11-23.
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

/// Weight functions needed for `pallet_price`.
pub trait WeightInfo {
	fn add_reporter() -> Weight;
	fn remove_reporter() -> Weight;
	fn join() -> Weight;
	fn leave() -> Weight;
	fn withdraw() -> Weight;
	fn set_key() -> Weight;
	fn report() -> Weight;
	fn authorize_report() -> Weight;
	fn post_price() -> Weight;
	fn sample_pool() -> Weight;
	fn begin_round(n: u32, ) -> Weight;
	fn on_idle_base() -> Weight;
	fn judge_reporter() -> Weight;
	fn ask_quote() -> Weight;
}

/// Measured weights with the runtime's price of storage.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `Price::Admitted` (r:1 w:1)
	/// Proof: `Price::Admitted` (`max_values`: Some(1), `max_size`: Some(1633), added: 2128, mode: `MaxEncodedLen`)
	fn add_reporter() -> Weight {
		Weight::from_parts(11_088_000, 3118)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Price::Reporters` (r:1 w:1)
	/// Proof: `Price::Reporters` (`max_values`: None, `max_size`: Some(101), added: 2576, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Price::Standings` (r:1 w:1)
	/// Proof: `Price::Standings` (`max_values`: Some(1), `max_size`: Some(2296), added: 2791, mode: `MaxEncodedLen`)
	/// Storage: `Price::Admitted` (r:1 w:1)
	/// Proof: `Price::Admitted` (`max_values`: Some(1), `max_size`: Some(1633), added: 2128, mode: `MaxEncodedLen`)
	/// Storage: `Oracle::RawValues` (r:0 w:1)
	/// Proof: `Oracle::RawValues` (`max_values`: None, `max_size`: Some(69), added: 2544, mode: `MaxEncodedLen`)
	/// Storage: `Price::ReporterOfKey` (r:0 w:1)
	/// Proof: `Price::ReporterOfKey` (`max_values`: None, `max_size`: Some(80), added: 2555, mode: `MaxEncodedLen`)
	fn remove_reporter() -> Weight {
		Weight::from_parts(58_854_000, 6804)
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().writes(5_u64))
	}
	/// Storage: `Price::Admitted` (r:1 w:0)
	/// Proof: `Price::Admitted` (`max_values`: Some(1), `max_size`: Some(1633), added: 2128, mode: `MaxEncodedLen`)
	/// Storage: `Price::Reporters` (r:1 w:1)
	/// Proof: `Price::Reporters` (`max_values`: None, `max_size`: Some(101), added: 2576, mode: `MaxEncodedLen`)
	/// Storage: `Price::ReporterOfKey` (r:1 w:1)
	/// Proof: `Price::ReporterOfKey` (`max_values`: None, `max_size`: Some(80), added: 2555, mode: `MaxEncodedLen`)
	/// Storage: `Price::Standings` (r:1 w:1)
	/// Proof: `Price::Standings` (`max_values`: Some(1), `max_size`: Some(2296), added: 2791, mode: `MaxEncodedLen`)
	/// Storage: `Price::Era` (r:1 w:0)
	/// Proof: `Price::Era` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	fn join() -> Weight {
		Weight::from_parts(90_697_000, 3781)
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Price::Reporters` (r:1 w:1)
	/// Proof: `Price::Reporters` (`max_values`: None, `max_size`: Some(101), added: 2576, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Price::Standings` (r:1 w:1)
	/// Proof: `Price::Standings` (`max_values`: Some(1), `max_size`: Some(2296), added: 2791, mode: `MaxEncodedLen`)
	/// Storage: `Oracle::RawValues` (r:0 w:1)
	/// Proof: `Oracle::RawValues` (`max_values`: None, `max_size`: Some(69), added: 2544, mode: `MaxEncodedLen`)
	/// Storage: `Price::ReporterOfKey` (r:0 w:1)
	/// Proof: `Price::ReporterOfKey` (`max_values`: None, `max_size`: Some(80), added: 2555, mode: `MaxEncodedLen`)
	fn leave() -> Weight {
		Weight::from_parts(51_176_000, 5182)
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Price::Reporters` (r:1 w:1)
	/// Proof: `Price::Reporters` (`max_values`: None, `max_size`: Some(101), added: 2576, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Price::Standings` (r:1 w:1)
	/// Proof: `Price::Standings` (`max_values`: Some(1), `max_size`: Some(2296), added: 2791, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:2 w:2)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::SupplyLedger` (r:1 w:1)
	/// Proof: `BurnMint::SupplyLedger` (`max_values`: Some(1), `max_size`: Some(224), added: 719, mode: `MaxEncodedLen`)
	fn withdraw() -> Weight {
		Weight::from_parts(129_487_000, 6228)
			.saturating_add(T::DbWeight::get().reads(7_u64))
			.saturating_add(T::DbWeight::get().writes(6_u64))
	}
	/// Storage: `Price::Reporters` (r:1 w:1)
	/// Proof: `Price::Reporters` (`max_values`: None, `max_size`: Some(101), added: 2576, mode: `MaxEncodedLen`)
	/// Storage: `Price::ReporterOfKey` (r:1 w:2)
	/// Proof: `Price::ReporterOfKey` (`max_values`: None, `max_size`: Some(80), added: 2555, mode: `MaxEncodedLen`)
	fn set_key() -> Weight {
		Weight::from_parts(20_847_000, 3566)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `Price::Reporters` (r:1 w:0)
	/// Proof: `Price::Reporters` (`max_values`: None, `max_size`: Some(101), added: 2576, mode: `MaxEncodedLen`)
	/// Storage: `Oracle::RawValues` (r:52 w:1)
	/// Proof: `Oracle::RawValues` (`max_values`: None, `max_size`: Some(69), added: 2544, mode: `MaxEncodedLen`)
	/// Storage: `Price::Standings` (r:1 w:0)
	/// Proof: `Price::Standings` (`max_values`: Some(1), `max_size`: Some(2296), added: 2791, mode: `MaxEncodedLen`)
	/// Storage: `Oracle::Values` (r:1 w:1)
	/// Proof: `Oracle::Values` (`max_values`: None, `max_size`: Some(29), added: 2504, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Parameters` (r:1 w:0)
	/// Proof: `Governance::Parameters` (`max_values`: Some(1), `max_size`: Some(136), added: 631, mode: `MaxEncodedLen`)
	/// Storage: `Price::Admitted` (r:1 w:0)
	/// Proof: `Price::Admitted` (`max_values`: Some(1), `max_size`: Some(1633), added: 2128, mode: `MaxEncodedLen`)
	fn report() -> Weight {
		Weight::from_parts(397_537_000, 133278)
			.saturating_add(T::DbWeight::get().reads(58_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `Price::Reporters` (r:1 w:0)
	/// Proof: `Price::Reporters` (`max_values`: None, `max_size`: Some(101), added: 2576, mode: `MaxEncodedLen`)
	/// Storage: `Oracle::RawValues` (r:1 w:0)
	/// Proof: `Oracle::RawValues` (`max_values`: None, `max_size`: Some(69), added: 2544, mode: `MaxEncodedLen`)
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	fn authorize_report() -> Weight {
		Weight::from_parts(85_157_000, 3566)
			.saturating_add(T::DbWeight::get().reads(4_u64))
	}
	/// Storage: `Price::LatestQuote` (r:1 w:0)
	/// Proof: `Price::LatestQuote` (`max_values`: Some(1), `max_size`: Some(97), added: 592, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `Price::Posted` (r:1 w:1)
	/// Proof: `Price::Posted` (`max_values`: Some(1), `max_size`: Some(20), added: 515, mode: `MaxEncodedLen`)
	fn post_price() -> Weight {
		Weight::from_parts(14_828_000, 1582)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `Price::LastRound` (r:1 w:0)
	/// Proof: `Price::LastRound` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Parameters` (r:1 w:0)
	/// Proof: `Governance::Parameters` (`max_values`: Some(1), `max_size`: Some(136), added: 631, mode: `MaxEncodedLen`)
	/// Storage: `Price::PoolAverages` (r:1 w:0)
	/// Proof: `Price::PoolAverages` (`max_values`: Some(1), `max_size`: Some(289), added: 784, mode: `MaxEncodedLen`)
	/// Storage: `Price::PoolSamples` (r:1 w:1)
	/// Proof: `Price::PoolSamples` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:0)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Account` (r:1 w:0)
	/// Proof: `Assets::Account` (`max_values`: None, `max_size`: Some(134), added: 2609, mode: `MaxEncodedLen`)
	/// Storage: `Assets::Asset` (r:1 w:0)
	/// Proof: `Assets::Asset` (`max_values`: None, `max_size`: Some(210), added: 2685, mode: `MaxEncodedLen`)
	fn sample_pool() -> Weight {
		Weight::from_parts(38_574_000, 3675)
			.saturating_add(T::DbWeight::get().reads(8_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Price::PoolSamples` (r:1 w:0)
	/// Proof: `Price::PoolSamples` (`max_values`: Some(1), `max_size`: Some(28), added: 523, mode: `MaxEncodedLen`)
	/// Storage: `Price::PoolAverages` (r:1 w:1)
	/// Proof: `Price::PoolAverages` (`max_values`: Some(1), `max_size`: Some(289), added: 784, mode: `MaxEncodedLen`)
	/// Storage: `Price::Standings` (r:1 w:1)
	/// Proof: `Price::Standings` (`max_values`: Some(1), `max_size`: Some(2296), added: 2791, mode: `MaxEncodedLen`)
	/// Storage: `Oracle::RawValues` (r:51 w:0)
	/// Proof: `Oracle::RawValues` (`max_values`: None, `max_size`: Some(69), added: 2544, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Parameters` (r:1 w:0)
	/// Proof: `Governance::Parameters` (`max_values`: Some(1), `max_size`: Some(136), added: 631, mode: `MaxEncodedLen`)
	/// Storage: `Price::Admitted` (r:1 w:0)
	/// Proof: `Price::Admitted` (`max_values`: Some(1), `max_size`: Some(1633), added: 2128, mode: `MaxEncodedLen`)
	/// Storage: `Price::LatestQuote` (r:1 w:1)
	/// Proof: `Price::LatestQuote` (`max_values`: Some(1), `max_size`: Some(97), added: 592, mode: `MaxEncodedLen`)
	/// Storage: `Price::Posted` (r:0 w:1)
	/// Proof: `Price::Posted` (`max_values`: Some(1), `max_size`: Some(20), added: 515, mode: `MaxEncodedLen`)
	/// Storage: `Price::Quotes` (r:0 w:1)
	/// Proof: `Price::Quotes` (`max_values`: None, `max_size`: Some(109), added: 2584, mode: `MaxEncodedLen`)
	/// Storage: `Price::LastRound` (r:0 w:1)
	/// Proof: `Price::LastRound` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	fn begin_round(n: u32, ) -> Weight {
		Weight::from_parts(34_076_186, 3781)
			.saturating_add(Weight::from_parts(5_061_682, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(7_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(6_u64))
			.saturating_add(Weight::from_parts(0, 2544).saturating_mul(n.into()))
	}
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Price::Era` (r:1 w:0)
	/// Proof: `Price::Era` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `Price::Standings` (r:1 w:0)
	/// Proof: `Price::Standings` (`max_values`: Some(1), `max_size`: Some(2296), added: 2791, mode: `MaxEncodedLen`)
	fn on_idle_base() -> Weight {
		Weight::from_parts(17_104_000, 4323)
			.saturating_add(T::DbWeight::get().reads(3_u64))
	}
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Price::Era` (r:1 w:0)
	/// Proof: `Price::Era` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `Price::Standings` (r:1 w:1)
	/// Proof: `Price::Standings` (`max_values`: Some(1), `max_size`: Some(2296), added: 2791, mode: `MaxEncodedLen`)
	/// Storage: `Price::Reporters` (r:1 w:1)
	/// Proof: `Price::Reporters` (`max_values`: None, `max_size`: Some(101), added: 2576, mode: `MaxEncodedLen`)
	/// Storage: `Balances::Holds` (r:1 w:1)
	/// Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(211), added: 2686, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:2 w:2)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::SupplyLedger` (r:1 w:1)
	/// Proof: `BurnMint::SupplyLedger` (`max_values`: Some(1), `max_size`: Some(224), added: 719, mode: `MaxEncodedLen`)
	fn judge_reporter() -> Weight {
		Weight::from_parts(103_137_000, 6620)
			.saturating_add(T::DbWeight::get().reads(8_u64))
			.saturating_add(T::DbWeight::get().writes(6_u64))
	}
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `Price::LatestQuote` (r:1 w:0)
	/// Proof: `Price::LatestQuote` (`max_values`: Some(1), `max_size`: Some(97), added: 592, mode: `MaxEncodedLen`)
	/// Storage: `Price::LastRound` (r:1 w:0)
	/// Proof: `Price::LastRound` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Price::Posted` (r:1 w:0)
	/// Proof: `Price::Posted` (`max_values`: Some(1), `max_size`: Some(20), added: 515, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Parameters` (r:1 w:0)
	/// Proof: `Governance::Parameters` (`max_values`: Some(1), `max_size`: Some(136), added: 631, mode: `MaxEncodedLen`)
	/// Storage: `Price::PoolAverages` (r:1 w:0)
	/// Proof: `Price::PoolAverages` (`max_values`: Some(1), `max_size`: Some(289), added: 784, mode: `MaxEncodedLen`)
	fn ask_quote() -> Weight {
		Weight::from_parts(32_343_000, 1774)
			.saturating_add(T::DbWeight::get().reads(6_u64))
	}
}

impl WeightInfo for () {
	fn add_reporter() -> Weight {
		Weight::from_parts(11_088_000, 3118)
			.saturating_add(ParityDbWeight::get().reads_writes(1_u64, 1_u64))
	}
	fn remove_reporter() -> Weight {
		Weight::from_parts(58_854_000, 6804)
			.saturating_add(ParityDbWeight::get().reads_writes(5_u64, 5_u64))
	}
	fn join() -> Weight {
		Weight::from_parts(90_697_000, 3781)
			.saturating_add(ParityDbWeight::get().reads_writes(6_u64, 4_u64))
	}
	fn leave() -> Weight {
		Weight::from_parts(51_176_000, 5182)
			.saturating_add(ParityDbWeight::get().reads_writes(4_u64, 4_u64))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(129_487_000, 6228)
			.saturating_add(ParityDbWeight::get().reads_writes(7_u64, 6_u64))
	}
	fn set_key() -> Weight {
		Weight::from_parts(20_847_000, 3566)
			.saturating_add(ParityDbWeight::get().reads_writes(2_u64, 3_u64))
	}
	fn report() -> Weight {
		Weight::from_parts(397_537_000, 133278)
			.saturating_add(ParityDbWeight::get().reads_writes(58_u64, 2_u64))
	}
	fn authorize_report() -> Weight {
		Weight::from_parts(85_157_000, 3566)
			.saturating_add(ParityDbWeight::get().reads_writes(4_u64, 0_u64))
	}
	fn post_price() -> Weight {
		Weight::from_parts(14_828_000, 1582)
			.saturating_add(ParityDbWeight::get().reads_writes(3_u64, 1_u64))
	}
	fn sample_pool() -> Weight {
		Weight::from_parts(38_574_000, 3675)
			.saturating_add(ParityDbWeight::get().reads_writes(8_u64, 1_u64))
	}
	fn begin_round(n: u32, ) -> Weight {
		Weight::from_parts(34_076_186, 3781)
			.saturating_add(Weight::from_parts(5_061_682, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(7_u64, 6_u64))
			.saturating_add(ParityDbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2544).saturating_mul(n.into()))
	}
	fn on_idle_base() -> Weight {
		Weight::from_parts(17_104_000, 4323)
			.saturating_add(ParityDbWeight::get().reads_writes(3_u64, 0_u64))
	}
	fn judge_reporter() -> Weight {
		Weight::from_parts(103_137_000, 6620)
			.saturating_add(ParityDbWeight::get().reads_writes(8_u64, 6_u64))
	}
	fn ask_quote() -> Weight {
		Weight::from_parts(32_343_000, 1774)
			.saturating_add(ParityDbWeight::get().reads_writes(6_u64, 0_u64))
	}
}
