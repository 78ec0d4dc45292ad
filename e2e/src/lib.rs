//! Real processes on real sockets: what starts, watches and stops nodes and sidecars.
//!
//! * [`process`]: children that die with their parent's work, and what an interrupted run left behind.
//! * [`chain`]: the chain as a wallet sees it.
//! * [`local`]: the network on one machine: four validators, eight providers, one of them a liar.
//! * [`table`]: what the chain says of each provider, beside what is true.
//! * [`check`]: when the story is complete, and whether it went as it should.

#![deny(missing_docs)]

pub mod chain;
pub mod check;
pub mod local;
pub mod process;
pub mod table;
