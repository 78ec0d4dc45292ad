//! Tests by topic; every one ends in the invariants.

mod claims;
mod closing;
mod earnings;
mod gaps;
mod histories;
mod housekeeping;
mod moving;
mod properties;
mod vesting;
mod weighing;
