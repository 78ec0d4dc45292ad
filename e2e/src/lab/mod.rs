//! The lab: the network in network namespaces, behind shaped, slow and lossy links, and what it must withstand.
//!
//! * [`ground`]: namespaces, links, shaping and loss.
//! * [`delay`]: the delay line that every packet between two namespaces passes.
//! * [`weather`]: which line has which round-trip time and loss in which epoch.
//! * [`liar`]: an attestor's lies, told between its sidecar and its node.
//! * [`plan`](mod@plan): who takes part.
//! * [`story`]: the scenarios in their order.
//! * [`findings`]: what they found, and whether it is good enough.

pub mod delay;
pub mod findings;
pub mod ground;
pub mod liar;
pub mod plan;
pub mod story;
pub mod weather;
