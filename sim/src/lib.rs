//! A hundred thousand providers on paper: how often a false claim is caught, and how rarely an honest line is harmed,
//! when a share β of the seats is corrupt.
//!
//! Committees, estimates, verdicts and strikes come from `weir-math`, as on the chain; no rule is written down a second
//! time here. What is written here is what the chain cannot know: lines, their sharing among flows, absence, and lies.
//!
//! * [`config`]: what a run is asked for, and the shares and claims it goes through.
//! * [`mod@line`]: what the members of a committee see of a line, and what they say of it.
//! * [`strategy`]: who attacks what, and which plays each attacker may choose from.
//! * [`table`]: the best play against every committee, and what `weir-math` makes of it.
//! * [`exact`]: exact probabilities, summed over the same tables.
//! * [`stats`]: intervals for simulated rates.
//! * [`world`]: seats, absence, and committees drawn through the real permutation.
//! * [`capture`], [`windows`], [`grinding`], [`bounds`]: the four experiments.
//! * [`accuracy`]: how far estimates lie from what lines carry.
//! * [`study`]: all of them in one run.
//! * [`bars`]: what must be reached.
//! * [`traffic`]: what measuring costs the lines, a sum of its own.
//! * [`economy`]: the economy, a simulation of its own.
//! * [`report`], [`csv`], [`chart`], [`canvas`]: tables, raw figures, plots.

pub mod accuracy;
pub mod bars;
pub mod bounds;
pub mod canvas;
pub mod capture;
pub mod chart;
pub mod config;
pub mod csv;
pub mod economy;
pub mod exact;
pub mod grinding;
pub mod line;
pub mod report;
pub mod stats;
pub mod strategy;
pub mod study;
pub mod table;
pub mod traffic;
pub mod windows;
pub mod world;
