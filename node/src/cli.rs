//! The command line.

use crate::disk::DiskParams;
use polkadot_sdk::*;
use std::path::PathBuf;

/// Runs a Weir node: a validator, a full node, or a tool on its data.
#[derive(Debug, clap::Parser)]
pub(crate) struct Cli {
	#[command(subcommand)]
	pub(crate) subcommand: Option<Subcommand>,

	#[clap(flatten)]
	pub(crate) run: sc_cli::RunCmd,

	#[clap(flatten)]
	pub(crate) disk: DiskParams,

	#[clap(flatten, next_help_heading = "Measuring")]
	pub(crate) sidecar: SidecarParams,

	#[clap(flatten, next_help_heading = "Reporting prices")]
	pub(crate) prices: PriceParams,
}

/// Where the node's off-chain worker finds the sidecar that measures for it.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub(crate) struct SidecarParams {
	/// Address of the weir-tunnel beside this node, such as http://127.0.0.1:9700. Loopback only: the token travels
	/// unencrypted. Needs --tunnel-token-file, and the off-chain worker, which only validators run by default.
	#[arg(long, value_name = "URL")]
	pub(crate) tunnel_url: Option<String>,

	/// File with the token that weir-tunnel expects; readable by its owner alone (mode 0600).
	#[arg(long, value_name = "FILE")]
	pub(crate) tunnel_token_file: Option<PathBuf>,
}

/// Where the node's off-chain worker looks up the token's price, if its operator is a reporter.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub(crate) struct PriceParams {
	/// Where a reporter looks up the price: a URL that answers with JSON, '#', and the JSON pointer of the dollars of one
	/// token in it: `https://example.org/ticker#/last`. Give it 3 to 16 times, best for 3 hosts that do not copy from each
	/// other. Plain http on the loopback only. Needs the off-chain worker, which only validators run by default.
	#[arg(long, value_name = "URL#POINTER", conflicts_with = "price_sources_file")]
	pub(crate) price_source: Vec<String>,

	/// File with price sources, one on each line. Empty lines, and lines that begin with ';', say nothing.
	#[arg(long, value_name = "FILE")]
	pub(crate) price_sources_file: Option<PathBuf>,
}

/// What the node does besides running.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Subcommand {
	/// Key management.
	#[command(subcommand)]
	Key(sc_cli::KeySubcommand),
	/// Print a chain specification (use export-chain-spec in scripts).
	BuildSpec(sc_cli::BuildSpecCmd),
	/// Write the chain specification of a preset.
	ExportChainSpec(sc_cli::ExportChainSpecCmd),
	/// Validate blocks.
	CheckBlock(sc_cli::CheckBlockCmd),
	/// Export blocks.
	ExportBlocks(sc_cli::ExportBlocksCmd),
	/// Export the state of a block as a chain specification.
	ExportState(sc_cli::ExportStateCmd),
	/// Import blocks.
	ImportBlocks(sc_cli::ImportBlocksCmd),
	/// Remove the chain's data.
	PurgeChain(sc_cli::PurgeChainCmd),
	/// Revert the chain to an earlier state.
	Revert(sc_cli::RevertCmd),
	/// Print metadata of the database.
	ChainInfo(sc_cli::ChainInfoCmd),
}
