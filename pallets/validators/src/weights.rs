//! Weights of `pallet_validators`, measured by `scripts/weights.sh` on 2026-11-23.
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

/// Weight functions needed for `pallet_validators`.
pub trait WeightInfo {
	fn validate() -> Weight;
	fn chill() -> Weight;
	fn bond_changed() -> Weight;
	fn new_session(c: u32, ) -> Weight;
	fn start_session(v: u32, ) -> Weight;
	fn on_offence(n: u32, ) -> Weight;
}

/// Measured weights with the runtime's price of storage.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Storage: `Session::NextKeys` (r:1 w:0)
	/// Proof: `Session::NextKeys` (`max_values`: None, `max_size`: None, mode: `Measured`)
	/// Storage: `Validators::Candidates` (r:1 w:1)
	/// Proof: `Validators::Candidates` (`max_values`: Some(1), `max_size`: Some(28002), added: 28497, mode: `MaxEncodedLen`)
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Validators::Excluded` (r:1 w:0)
	/// Proof: `Validators::Excluded` (`max_values`: Some(1), `max_size`: Some(20002), added: 20497, mode: `MaxEncodedLen`)
	/// Storage: `NodeStaking::Ledgers` (r:1 w:0)
	/// Proof: `NodeStaking::Ledgers` (`max_values`: None, `max_size`: Some(730), added: 3205, mode: `MaxEncodedLen`)
	/// Storage: `Validators::NextArrival` (r:1 w:1)
	/// Proof: `Validators::NextArrival` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	fn validate() -> Weight {
		Weight::from_parts(123_802_000, 34392)
			.saturating_add(T::DbWeight::get().reads(6_u64))
			.saturating_add(T::DbWeight::get().writes(2_u64))
	}
	/// Storage: `Validators::Candidates` (r:1 w:1)
	/// Proof: `Validators::Candidates` (`max_values`: Some(1), `max_size`: Some(28002), added: 28497, mode: `MaxEncodedLen`)
	fn chill() -> Weight {
		Weight::from_parts(72_252_000, 29487)
			.saturating_add(T::DbWeight::get().reads(1_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Validators::Candidates` (r:1 w:1)
	/// Proof: `Validators::Candidates` (`max_values`: Some(1), `max_size`: Some(28002), added: 28497, mode: `MaxEncodedLen`)
	/// Storage: `NodeStaking::Ledgers` (r:1 w:0)
	/// Proof: `NodeStaking::Ledgers` (`max_values`: None, `max_size`: Some(730), added: 3205, mode: `MaxEncodedLen`)
	fn bond_changed() -> Weight {
		Weight::from_parts(79_246_000, 29487)
			.saturating_add(T::DbWeight::get().reads(2_u64))
			.saturating_add(T::DbWeight::get().writes(1_u64))
	}
	/// Storage: `Session::Validators` (r:1 w:0)
	/// Proof: `Session::Validators` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Validators::Candidates` (r:1 w:0)
	/// Proof: `Validators::Candidates` (`max_values`: Some(1), `max_size`: Some(28002), added: 28497, mode: `MaxEncodedLen`)
	/// Storage: `Session::NextKeys` (r:100 w:0)
	/// Proof: `Session::NextKeys` (`max_values`: None, `max_size`: None, mode: `Measured`)
	/// Storage: `NodeStaking::Ledgers` (r:100 w:0)
	/// Proof: `NodeStaking::Ledgers` (`max_values`: None, `max_size`: Some(730), added: 3205, mode: `MaxEncodedLen`)
	/// Storage: `Validators::Excluded` (r:1 w:0)
	/// Proof: `Validators::Excluded` (`max_values`: Some(1), `max_size`: Some(20002), added: 20497, mode: `MaxEncodedLen`)
	/// Storage: `Session::QueuedKeys` (r:1 w:0)
	/// Proof: `Session::QueuedKeys` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	fn new_session(c: u32, ) -> Weight {
		Weight::from_parts(525_741_485, 199813)
			.saturating_add(Weight::from_parts(1_509_188, 0).saturating_mul(c.into()))
			.saturating_add(T::DbWeight::get().reads(128_u64))
			.saturating_add(Weight::from_parts(0, 455).saturating_mul(c.into()))
	}
	/// Storage: `Validators::Excluded` (r:1 w:1)
	/// Proof: `Validators::Excluded` (`max_values`: Some(1), `max_size`: Some(20002), added: 20497, mode: `MaxEncodedLen`)
	/// Storage: `ProofOfBandwidth::NetworkTiming` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::NetworkTiming` (`max_values`: Some(1), `max_size`: Some(66), added: 561, mode: `MaxEncodedLen`)
	/// Storage: `Validators::Offences` (r:100 w:100)
	/// Proof: `Validators::Offences` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `MaxEncodedLen`)
	/// Storage: `Historical::StoredRange` (r:1 w:1)
	/// Proof: `Historical::StoredRange` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
	/// Storage: `Session::Validators` (r:1 w:0)
	/// Proof: `Session::Validators` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Session::DisabledValidators` (r:1 w:1)
	/// Proof: `Session::DisabledValidators` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Historical::HistoricalSessions` (r:0 w:1)
	/// Proof: `Historical::HistoricalSessions` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `MaxEncodedLen`)
	fn start_session(v: u32, ) -> Weight {
		Weight::from_parts(173_380_283, 21487)
			.saturating_add(Weight::from_parts(4_544_706, 0).saturating_mul(v.into()))
			.saturating_add(T::DbWeight::get().reads(5_u64))
			.saturating_add(T::DbWeight::get().reads((1_u64).saturating_mul(v.into())))
			.saturating_add(T::DbWeight::get().writes(4_u64))
			.saturating_add(T::DbWeight::get().writes((1_u64).saturating_mul(v.into())))
			.saturating_add(Weight::from_parts(0, 2539).saturating_mul(v.into()))
	}
	/// Storage: `Session::CurrentIndex` (r:1 w:0)
	/// Proof: `Session::CurrentIndex` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `ProofOfBandwidth::NetworkTiming` (r:1 w:0)
	/// Proof: `ProofOfBandwidth::NetworkTiming` (`max_values`: Some(1), `max_size`: Some(66), added: 561, mode: `MaxEncodedLen`)
	/// Storage: `Validators::Offences` (r:100 w:100)
	/// Proof: `Validators::Offences` (`max_values`: None, `max_size`: Some(64), added: 2539, mode: `MaxEncodedLen`)
	/// Storage: `NodeStaking::Ledgers` (r:100 w:100)
	/// Proof: `NodeStaking::Ledgers` (`max_values`: None, `max_size`: Some(730), added: 3205, mode: `MaxEncodedLen`)
	/// Storage: `NodeStaking::NextSlash` (r:1 w:1)
	/// Proof: `NodeStaking::NextSlash` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
	/// Storage: `Validators::Candidates` (r:1 w:1)
	/// Proof: `Validators::Candidates` (`max_values`: Some(1), `max_size`: Some(28002), added: 28497, mode: `MaxEncodedLen`)
	/// Storage: `Validators::Excluded` (r:1 w:1)
	/// Proof: `Validators::Excluded` (`max_values`: Some(1), `max_size`: Some(20002), added: 20497, mode: `MaxEncodedLen`)
	/// Storage: `Session::DisabledValidators` (r:1 w:1)
	/// Proof: `Session::DisabledValidators` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `Session::Validators` (r:1 w:0)
	/// Proof: `Session::Validators` (`max_values`: Some(1), `max_size`: None, mode: `Measured`)
	/// Storage: `NodeStaking::SlashesOf` (r:0 w:100)
	/// Proof: `NodeStaking::SlashesOf` (`max_values`: None, `max_size`: Some(60), added: 2535, mode: `MaxEncodedLen`)
	/// Storage: `NodeStaking::Slashes` (r:0 w:100)
	/// Proof: `NodeStaking::Slashes` (`max_values`: None, `max_size`: Some(111), added: 2586, mode: `MaxEncodedLen`)
	fn on_offence(n: u32, ) -> Weight {
		Weight::from_parts(177_182_839, 38184)
			.saturating_add(Weight::from_parts(40_644_177, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(7_u64))
			.saturating_add(T::DbWeight::get().reads((2_u64).saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(4_u64))
			.saturating_add(T::DbWeight::get().writes((4_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 3205).saturating_mul(n.into()))
	}
}

impl WeightInfo for () {
	fn validate() -> Weight {
		Weight::from_parts(123_802_000, 34392)
			.saturating_add(ParityDbWeight::get().reads_writes(6_u64, 2_u64))
	}
	fn chill() -> Weight {
		Weight::from_parts(72_252_000, 29487)
			.saturating_add(ParityDbWeight::get().reads_writes(1_u64, 1_u64))
	}
	fn bond_changed() -> Weight {
		Weight::from_parts(79_246_000, 29487)
			.saturating_add(ParityDbWeight::get().reads_writes(2_u64, 1_u64))
	}
	fn new_session(c: u32, ) -> Weight {
		Weight::from_parts(525_741_485, 199813)
			.saturating_add(Weight::from_parts(1_509_188, 0).saturating_mul(c.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(128_u64, 0_u64))
			.saturating_add(Weight::from_parts(0, 455).saturating_mul(c.into()))
	}
	fn start_session(v: u32, ) -> Weight {
		Weight::from_parts(173_380_283, 21487)
			.saturating_add(Weight::from_parts(4_544_706, 0).saturating_mul(v.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(5_u64, 4_u64))
			.saturating_add(ParityDbWeight::get().reads((1_u64).saturating_mul(v.into())))
			.saturating_add(ParityDbWeight::get().writes((1_u64).saturating_mul(v.into())))
			.saturating_add(Weight::from_parts(0, 2539).saturating_mul(v.into()))
	}
	fn on_offence(n: u32, ) -> Weight {
		Weight::from_parts(177_182_839, 38184)
			.saturating_add(Weight::from_parts(40_644_177, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads_writes(7_u64, 4_u64))
			.saturating_add(ParityDbWeight::get().reads((2_u64).saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes((4_u64).saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 3205).saturating_mul(n.into()))
	}
}
