//! The real runtime, block by block.

mod chain;
mod channels;
mod credit_fees;
mod economy;
mod economy_reads;
mod epoch_close;
mod equivocation;
mod fees;
mod filters;
mod fuzz;
mod guards;
mod joining;
mod laws;
mod operators;
mod randomness;
mod reads;
mod referenda;
mod repeats;
mod sinks;
mod story;
mod struck;
mod upgrade;
mod wire;
