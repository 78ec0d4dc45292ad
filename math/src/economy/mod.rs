//! What bandwidth costs and earns: every formula of the economy, each as one pure function.
//!
//! * [`units`]: what the numbers count.
//! * [`wide`]: products of two `u128` divided by a third, with nothing lost between.
//! * [`pace`]: how long rounds are and how long things last, per network.
//! * [`parameters`]: what governance may move, and within which bounds; the laws it may not break.
//! * [`ledger`]: six counters that always add up to the cap, and everything that may move them.
//! * [`emission`]: how much of the reserve an epoch releases.
//! * [`purchase`]: how many credits a round may sell, and how the stable asset is spent.
//! * [`price`]: one price out of many reports and a pool, and when there is none.
//! * [`decimal`]: a price as text, without floats.
//! * [`incentive`]: utilisation, multiplier, coverage floor of a region.
//! * [`groups`]: what neighbours on one address prefix may weigh together.
//! * [`weight`]: what a measured line weighs.
//! * [`accrual`]: pay per weight, epoch by epoch, without a loop over providers.
//! * [`channel`]: what a voucher is worth, what a channel still holds, and when the credits of a plan lapse.
//! * [`vesting`]: a pot that halves every sixty days.
//! * [`slash`]: how a slash is split, and how large a bond must be.
//!
//! Rounding favours the ledger everywhere: burns and charges up, mints and payouts down.

pub mod accrual;
pub mod channel;
pub mod decimal;
pub mod emission;
pub mod groups;
pub mod incentive;
pub mod least_weight;
pub mod ledger;
pub mod pace;
pub mod parameters;
pub mod price;
pub mod purchase;
pub mod slash;
pub mod units;
pub mod vesting;
pub mod weight;
pub mod wide;

pub use ledger::Ledger;
pub use pace::Pace;
pub use parameters::Parameters;
