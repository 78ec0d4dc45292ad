//! `weir-node`: command line, service and JSON-RPC of a Weir node. No business rule lives here.

// The SDK's error type is large; it is built once, when the node ends.
#![allow(clippy::result_large_err)]

mod chain_spec;
mod cli;
mod command;
mod rpc;
mod service;
mod sidecar;

fn main() -> polkadot_sdk::sc_cli::Result<()> {
	command::run()
}
