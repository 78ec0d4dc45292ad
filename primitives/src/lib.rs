//! Types and seam traits that cross a crate boundary. No FRAME pallet, no I/O.
//!
//! * [`types`]: accounts, regions, endpoints, claims, reasons: the words pallets, node and tools share.
//! * [`seams`]: what one pallet needs of another, named as a trait; the runtime plugs them together.
//! * [`economy`]: prices, rates and weights: the words of the economy.
//! * [`api`]: the runtime APIs by which node, sidecar and explorers read the chain; [`economy_api`]: that of the economy;
//!   [`channels_api`]: that of payment channels.
//! * [`report`]: what an attestor commits to and reveals, byte for byte.
//! * [`receipt`]: what attestor and target signed of one test, byte for byte.
//! * [`channel`]: what customers and providers of a payment channel sign, byte for byte.
//! * [`keys`]: keys that were replaced lately.
//! * [`price`]: what reporters of the token's price sign, and where their nodes look it up.
//! * [`sidecar`]: what node and sidecar say to each other.

#![cfg_attr(not(feature = "std"), no_std)]
#![deny(missing_docs)]
#![cfg_attr(
	not(test),
	deny(
		clippy::unwrap_used,
		clippy::expect_used,
		clippy::indexing_slicing,
		clippy::arithmetic_side_effects
	)
)]

extern crate alloc;

pub mod api;
pub mod chain;
pub mod channel;
pub mod channels_api;
pub mod economy;
pub mod economy_api;
pub mod keys;
pub mod outage;
pub mod price;
pub mod receipt;
pub mod report;
pub mod seams;
pub mod sidecar;
pub mod types;

pub use types::*;
