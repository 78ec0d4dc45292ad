//! Tests by topic; every one ends in the invariants.

mod candidates;
mod election;
mod offences;
mod properties;

use crate::mock::*;
use polkadot_sdk::*;
