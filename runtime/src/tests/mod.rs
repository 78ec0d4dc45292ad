//! The real runtime, block by block.

mod chain;
mod equivocation;
mod fees;
mod filters;
mod fuzz;
mod guards;
mod joining;
mod operators;
mod randomness;
mod reads;
mod repeats;
mod story;
mod upgrade;
mod wire;
