//! Tests by topic; every one ends in the invariants.

mod emergency;
mod enact;
mod genesis;
mod parameters;
mod properties;
mod spending;
