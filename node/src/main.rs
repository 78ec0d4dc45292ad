//! `weir-node`: command line, service and JSON-RPC of a Weir node. No business rule lives here.

mod chain_spec;
mod cli;
mod command;
mod rpc;
mod service;
mod sidecar;

fn main() -> polkadot_sdk::sc_cli::Result<()> {
	command::run()
}
