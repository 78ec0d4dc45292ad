//! The real runtime, block by block.

mod chain;
mod guards;
mod story;
