//! Weights of `pallet_channels`, measured by `scripts/weights.sh` on 2026-11-23.
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

/// Weight functions needed for `pallet_channels`.
pub trait WeightInfo {
	fn open() -> Weight;
	fn top_up() -> Weight;
	fn extend() -> Weight;
	fn claim(n: u32, ) -> Weight;
	fn close() -> Weight;
	fn close_due() -> Weight;
	fn subscribe() -> Weight;
	fn lapse_plan() -> Weight;
	fn sweep_epoch() -> Weight;
}

/// Measured weights with the runtime's price of storage.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Providers::IndexOf` (r:1 w:0)
	/// Proof: `Providers::IndexOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Providers::Providers` (r:1 w:0)
	/// Proof: `Providers::Providers` (`max_values`: None, `max_size`: Some(588), added: 3063, mode: `MaxEncodedLen`)
	/// Storage: `Channels::NextId` (r:1 w:1)
	/// Proof: `Channels::NextId` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `Channels::Plans` (r:1 w:1)
	/// Proof: `Channels::Plans` (`max_values`: None, `max_size`: Some(92), added: 2567, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::Accounts` (r:1 w:1)
	/// Proof: `BurnMint::Accounts` (`max_values`: None, `max_size`: Some(89), added: 2564, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::SupplyLedger` (r:1 w:1)
	/// Proof: `BurnMint::SupplyLedger` (`max_values`: Some(1), `max_size`: Some(224), added: 719, mode: `MaxEncodedLen`)
	/// Storage: `Channels::OfAccount` (r:0 w:3)
	/// Proof: `Channels::OfAccount` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `MaxEncodedLen`)
	/// Storage: `Channels::Channels` (r:0 w:1)
	/// Proof: `Channels::Channels` (`max_values`: None, `max_size`: Some(256), added: 2731, mode: `MaxEncodedLen`)
	/// Storage: `Channels::Closing` (r:0 w:1)
	/// Proof: `Channels::Closing` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	fn open() -> Weight {
		Weight::from_parts(70_214_000, 4053)
			.saturating_add(T::DbWeight::get().reads(8_u64))
			.saturating_add(T::DbWeight::get().writes(9_u64))
	}
	/// Storage: `Channels::Channels` (r:1 w:1)
	/// Proof: `Channels::Channels` (`max_values`: None, `max_size`: Some(256), added: 2731, mode: `MaxEncodedLen`)
	/// Storage: `Channels::Plans` (r:1 w:1)
	/// Proof: `Channels::Plans` (`max_values`: None, `max_size`: Some(92), added: 2567, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::Accounts` (r:1 w:1)
	/// Proof: `BurnMint::Accounts` (`max_values`: None, `max_size`: Some(89), added: 2564, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::SupplyLedger` (r:1 w:1)
	/// Proof: `BurnMint::SupplyLedger` (`max_values`: Some(1), `max_size`: Some(224), added: 719, mode: `MaxEncodedLen`)
	fn top_up() -> Weight {
		Weight::from_parts(51_460_000, 3721)
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Channels::Channels` (r:1 w:1)
	/// Proof: `Channels::Channels` (`max_values`: None, `max_size`: Some(256), added: 2731, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Channels::Closing` (r:0 w:2)
	/// Proof: `Channels::Closing` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	fn extend() -> Weight {
		Weight::from_parts(18_879_000, 3721)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	/// Storage: `Channels::Channels` (r:64 w:64)
	/// Proof: `Channels::Channels` (`max_values`: None, `max_size`: Some(256), added: 2731, mode: `MaxEncodedLen`)
	/// Storage: `Providers::IndexOf` (r:1 w:0)
	/// Proof: `Providers::IndexOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Providers::Providers` (r:1 w:0)
	/// Proof: `Providers::Providers` (`max_values`: None, `max_size`: Some(588), added: 3063, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	fn claim(n: u32, ) -> Weight {
		Weight::from_parts(35_673_431, 4053)
			.saturating_add(Weight::from_parts(47_367_409, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(4_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2731).saturating_mul(n.into()))
	}
	/// Storage: `Providers::IndexOf` (r:1 w:0)
	/// Proof: `Providers::IndexOf` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
	/// Storage: `Providers::Providers` (r:1 w:0)
	/// Proof: `Providers::Providers` (`max_values`: None, `max_size`: Some(588), added: 3063, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `System::BlockHash` (r:1 w:0)
	/// Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
	/// Storage: `Channels::Channels` (r:1 w:1)
	/// Proof: `Channels::Channels` (`max_values`: None, `max_size`: Some(256), added: 2731, mode: `MaxEncodedLen`)
	/// Storage: `Channels::Plans` (r:1 w:1)
	/// Proof: `Channels::Plans` (`max_values`: None, `max_size`: Some(92), added: 2567, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::Accounts` (r:1 w:1)
	/// Proof: `BurnMint::Accounts` (`max_values`: None, `max_size`: Some(89), added: 2564, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::SupplyLedger` (r:1 w:1)
	/// Proof: `BurnMint::SupplyLedger` (`max_values`: Some(1), `max_size`: Some(224), added: 719, mode: `MaxEncodedLen`)
	/// Storage: `Channels::OfAccount` (r:0 w:3)
	/// Proof: `Channels::OfAccount` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `MaxEncodedLen`)
	/// Storage: `Channels::Closing` (r:0 w:1)
	/// Proof: `Channels::Closing` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	fn close() -> Weight {
		Weight::from_parts(124_864_000, 4053)
			.saturating_add(T::DbWeight::get().reads(9_u64))
			.saturating_add(T::DbWeight::get().writes(8_u64))
	}
	/// Storage: `Channels::Channels` (r:1 w:1)
	/// Proof: `Channels::Channels` (`max_values`: None, `max_size`: Some(256), added: 2731, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Channels::Plans` (r:1 w:1)
	/// Proof: `Channels::Plans` (`max_values`: None, `max_size`: Some(92), added: 2567, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::Accounts` (r:1 w:1)
	/// Proof: `BurnMint::Accounts` (`max_values`: None, `max_size`: Some(89), added: 2564, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::SupplyLedger` (r:1 w:1)
	/// Proof: `BurnMint::SupplyLedger` (`max_values`: Some(1), `max_size`: Some(224), added: 719, mode: `MaxEncodedLen`)
	/// Storage: `Channels::OfAccount` (r:0 w:3)
	/// Proof: `Channels::OfAccount` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `MaxEncodedLen`)
	/// Storage: `Channels::Closing` (r:0 w:1)
	/// Proof: `Channels::Closing` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	fn close_due() -> Weight {
		Weight::from_parts(58_209_000, 3721)
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(8_u64))
	}
	/// Storage: `BurnMint::Accounts` (r:1 w:1)
	/// Proof: `BurnMint::Accounts` (`max_values`: None, `max_size`: Some(89), added: 2564, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Channels::Plans` (r:1 w:1)
	/// Proof: `Channels::Plans` (`max_values`: None, `max_size`: Some(92), added: 2567, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::SupplyLedger` (r:1 w:1)
	/// Proof: `BurnMint::SupplyLedger` (`max_values`: Some(1), `max_size`: Some(224), added: 719, mode: `MaxEncodedLen`)
	/// Storage: `Governance::Parameters` (r:1 w:0)
	/// Proof: `Governance::Parameters` (`max_values`: Some(1), `max_size`: Some(136), added: 631, mode: `MaxEncodedLen`)
	fn subscribe() -> Weight {
		Weight::from_parts(48_437_000, 3557)
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(3_u64))
	}
	/// Storage: `Channels::Plans` (r:1 w:1)
	/// Proof: `Channels::Plans` (`max_values`: None, `max_size`: Some(92), added: 2567, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Governance::Pace` (r:1 w:0)
	/// Proof: `Governance::Pace` (`max_values`: Some(1), `max_size`: Some(56), added: 551, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::Accounts` (r:1 w:1)
	/// Proof: `BurnMint::Accounts` (`max_values`: None, `max_size`: Some(89), added: 2564, mode: `MaxEncodedLen`)
	/// Storage: `System::Account` (r:1 w:1)
	/// Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
	/// Storage: `BurnMint::SupplyLedger` (r:1 w:1)
	/// Proof: `BurnMint::SupplyLedger` (`max_values`: Some(1), `max_size`: Some(224), added: 719, mode: `MaxEncodedLen`)
	fn lapse_plan() -> Weight {
		Weight::from_parts(43_648_000, 3593)
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(4_u64))
	}
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Channels::SweptUntil` (r:1 w:1)
	/// Proof: `Channels::SweptUntil` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Channels::Closing` (r:1 w:0)
	/// Proof: `Channels::Closing` (`max_values`: None, `max_size`: Some(28), added: 2503, mode: `MaxEncodedLen`)
	fn sweep_epoch() -> Weight {
		Weight::from_parts(13_476_000, 3493)
			.saturating_add(T::DbWeight::get().reads(3_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
}

impl WeightInfo for () {
	fn open() -> Weight {
		Weight::from_parts(70_214_000, 4053)
			.saturating_add(ParityDbWeight::get().reads_writes(8_u64, 9_u64))
	}
	fn top_up() -> Weight {
		Weight::from_parts(51_460_000, 3721)
			.saturating_add(ParityDbWeight::get().reads_writes(6_u64, 4_u64))
	}
	fn extend() -> Weight {
		Weight::from_parts(18_879_000, 3721)
			.saturating_add(ParityDbWeight::get().reads_writes(2_u64, 3_u64))
	}
	fn claim(n: u32, ) -> Weight {
		Weight::from_parts(35_673_431, 4053)
			.saturating_add(Weight::from_parts(47_367_409, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(4_u64, 0_u64))
			.saturating_add(ParityDbWeight::get().reads((1_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes((1_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2731).saturating_mul(n.into()))
	}
	fn close() -> Weight {
		Weight::from_parts(124_864_000, 4053)
			.saturating_add(ParityDbWeight::get().reads_writes(9_u64, 8_u64))
	}
	fn close_due() -> Weight {
		Weight::from_parts(58_209_000, 3721)
			.saturating_add(ParityDbWeight::get().reads_writes(6_u64, 8_u64))
	}
	fn subscribe() -> Weight {
		Weight::from_parts(48_437_000, 3557)
			.saturating_add(ParityDbWeight::get().reads_writes(6_u64, 3_u64))
	}
	fn lapse_plan() -> Weight {
		Weight::from_parts(43_648_000, 3593)
			.saturating_add(ParityDbWeight::get().reads_writes(6_u64, 4_u64))
	}
	fn sweep_epoch() -> Weight {
		Weight::from_parts(13_476_000, 3493)
			.saturating_add(ParityDbWeight::get().reads_writes(3_u64, 1_u64))
	}
}
