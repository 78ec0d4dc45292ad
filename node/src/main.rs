//! `weir-node`: command line, service and JSON-RPC of a Weir node. No business rule lives here.

// The SDK's error type is large; it is built once, when the node ends.
#![allow(clippy::result_large_err)]

mod chain_spec;
mod cli;
mod clock;
mod command;
mod disk;
mod economy;
mod failure;
mod first_state;
mod genesis;
mod keys;
mod pool;
mod preflight;
mod price;
mod rejected;
mod rpc;
mod service;
mod sidecar;

use std::process::ExitCode;

fn main() -> ExitCode {
	match command::run() {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			eprintln!("error: {}", failure::line(&error));
			ExitCode::FAILURE
		}
	}
}
