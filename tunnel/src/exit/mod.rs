//! The way from the tunnel to the Internet: one policy, and two exits that keep to it.
//!
//! * `policy`: where guests may go, as one function. `surroundings`: what is the host's own.
//! * `userspace`: ends guests' TCP and UDP in this process and goes on by the host's sockets; so nothing of a guest's is
//!   ever forwarded, and no packet of one reaches another. `flows`: each connection. `limits`: how much of it.
//! * `kernel`: hands guests' packets to the kernel, in a network namespace of their own. `choice`: which of the two.
//! * `resolver`: DNS on the gateway's address.
//!
//! What is counted and logged says how much and never where to: neither addresses nor names leave these modules.

pub mod choice;
pub mod counters;
mod flows;
pub mod kernel;
pub mod limits;
pub mod policy;
pub mod resolver;
pub mod surroundings;
#[cfg(test)]
mod tests;
mod userspace;

pub use choice::{choose, Choice, Kind, Status, Wanted};
pub use kernel::KernelExit;
pub use limits::Limits;
pub use policy::{Policy, Transport};
pub use resolver::Resolver;
pub use userspace::Exit;
