//! The real runtime, block by block.

mod chain;
mod equivocation;
mod guards;
mod story;
mod upgrade;
mod wire;
