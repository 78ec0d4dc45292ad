//! The Weir sidecar as a library: what the binary runs and the tests drive.

pub mod clock;
pub mod control;
pub mod engine;
pub mod keys;
pub mod tasks;
