//! Weir's decisions as pure integer algorithms: no FRAME, no I/O, no floats, no allocation.
//!
//! Whatever chain, sidecar and simulator must compute identically is one function here.
//!
//! * [`timing`]: the clock of a network, from which every phase follows.
//! * [`permutation`]: a keyed permutation of `0..n` and its inverse in constant work.
//! * [`committee`]: who is tested in an epoch, by whom, at which load.
//! * [`schedule`]: when a test runs, for how long, and when a seat submits.
//! * [`estimate`]: what a committee's reports mean, and how far liars can bend them.
//! * [`verdict`]: what follows from an estimate, over several tests, and what it costs.
//! * [`audit`]: which entries an attestor has to prove.
//! * [`score`]: how reliably a seat attests.
//! * [`uplink`]: whether a seat's uplink carries what its tier has to.
//! * [`rate`]: what bytes over a window are worth, and a rate in three bytes.
//! * [`region`]: which country codes exist.
//! * [`outage`]: who watches a provider and who confirms that it is gone.
//! * [`economy`]: what bandwidth costs and earns.
//! * [`location`]: how far apart countries are, and whether a provider can be in the one it claims.
//!
//! `cargo run --example bounds` prints the estimator's bounds for every committee size; `golden/` pins outputs for
//! second implementations, and `scripts/golden.py` computes them by `docs/protocol.md` alone.

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

pub mod audit;
pub mod committee;
pub mod economy;
pub mod estimate;
pub mod location;
pub mod outage;
pub mod permutation;
pub mod rate;
pub mod region;
pub mod schedule;
pub mod score;
pub mod timing;
pub mod uplink;
pub mod verdict;

pub use timing::Timing;
