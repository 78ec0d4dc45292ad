//! What a customer decides by itself while it is connected: whether the exit is where it says, when to take another way to it,
//! and what to pay for more speed.
//!
//! * [`exit_check`]: compares where traffic leaves with what the chain says of the exit.
//! * [`rotation`]: when the hops before the exit are replaced.
//! * [`boost`]: the class that is paid for.

pub mod boost;
pub mod exit_check;
pub mod rotation;
