//! The economy on paper: the scenarios of the research (economics, section 4), driven through the chain's own ledger,
//! prices, settlement, emission, incentives, accrual and vesting.
//!
//! No rule of the chain is written down here a second time; what is written here is what the chain cannot know: markets,
//! reporters, providers that come and go, users, attackers. Rules that were rejected are here too, to compare with.
//!
//! * [`random`]: streams of random numbers.
//! * Layer A, minutes: [`market`] paths, the [`oracle`] on them, [`peg`] errors and round trips.
//! * Layer B, epochs: [`scenario`], the [`chain`]'s side of an epoch, its [`agents`], one run in [`epochs`], the tables in
//!   [`shocks`]; [`control`] has the multipliers, and [`plant`] a region without agents.
//! * Layer C, closed form: [`attacks`].
//! * [`fuzz`]: the ledger under random operations. [`traces`]: the same for another implementation to replay.
//! * [`study`]: all of it in one run; [`bars`]: what must be reached; [`published`]: what the research found.
//! * [`report`], [`csv`], [`chart`]: tables, raw figures, plots; [`curves`]: what is drawn of layer B.

pub mod agents;
pub mod attacks;
pub mod bars;
pub mod chain;
pub mod chart;
pub mod control;
pub mod csv;
pub mod curves;
pub mod epochs;
pub mod fuzz;
pub mod market;
pub mod oracle;
pub mod peg;
pub mod plant;
pub mod published;
pub mod random;
pub mod report;
pub mod scenario;
pub mod shocks;
pub mod study;
pub mod traces;
