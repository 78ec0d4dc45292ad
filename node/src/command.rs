//! From the command line to the work it asks for.

use crate::{
	chain_spec,
	cli::{Cli, Subcommand},
	first_state, preflight, price, service, sidecar,
};
use polkadot_sdk::*;
use sc_cli::SubstrateCli;
use sc_service::{Error as ServiceError, PartialComponents};
use weir_runtime::Block;

impl SubstrateCli for Cli {
	fn impl_name() -> String {
		"Weir Node".into()
	}

	fn impl_version() -> String {
		env!("SUBSTRATE_CLI_IMPL_VERSION").into()
	}

	fn description() -> String {
		"Runs a Weir node: a validator, a full node, or a tool on its data. Handbook: docs/operators.md"
			.into()
	}

	fn author() -> String {
		"The Weir developers".into()
	}

	fn support_url() -> String {
		"see docs/operators.md in the source tree".into()
	}

	fn copyright_start_year() -> i32 {
		2026
	}

	fn load_spec(&self, id: &str) -> Result<Box<dyn sc_service::ChainSpec>, String> {
		chain_spec::load(id)
	}
}

/// What the chain is called on the command line, for errors about it.
fn named(params: &sc_cli::SharedParams) -> String {
	let chain = params.chain_id(params.is_dev());
	if chain.is_empty() {
		return "local".into();
	}
	chain
}

/// Parses the arguments and runs what they name.
pub(crate) fn run() -> sc_cli::Result<()> {
	let cli = Cli::from_args();
	match &cli.subcommand {
		Some(Subcommand::Key(cmd)) => cmd.run(&cli),
		#[allow(deprecated)]
		Some(Subcommand::BuildSpec(cmd)) => {
			let runner = cli.create_runner(cmd)?;
			runner.sync_run(|config| cmd.run(config.chain_spec, config.network))
		}
		Some(Subcommand::ExportChainSpec(cmd)) => {
			let spec = cli.load_spec(&cmd.chain)?;
			cmd.run(spec).map_err(|error| match (error, &cmd.output) {
				(sc_cli::Error::Io(error), Some(path)) => {
					format!("--output {}: {error}", path.display()).into()
				}
				(sc_cli::Error::Service(ServiceError::Other(error)), _) => {
					first_state::refusal(&cmd.chain, &error).into()
				}
				(error, _) => error,
			})
		}
		Some(Subcommand::CheckBlock(cmd)) => {
			let runner = cli.create_runner(cmd)?;
			runner.async_run(|config| {
				let PartialComponents { client, task_manager, import_queue, .. } =
					service::partial(&config, &named(&cmd.shared_params))?;
				Ok((cmd.run(client, import_queue), task_manager))
			})
		}
		Some(Subcommand::ExportBlocks(cmd)) => {
			let runner = cli.create_runner(cmd)?;
			runner.async_run(|config| {
				let PartialComponents { client, task_manager, .. } =
					service::partial(&config, &named(&cmd.shared_params))?;
				Ok((cmd.run(client, config.database), task_manager))
			})
		}
		Some(Subcommand::ExportState(cmd)) => {
			let runner = cli.create_runner(cmd)?;
			runner.async_run(|config| {
				let PartialComponents { client, task_manager, .. } =
					service::partial(&config, &named(&cmd.shared_params))?;
				Ok((cmd.run(client, config.chain_spec), task_manager))
			})
		}
		Some(Subcommand::ImportBlocks(cmd)) => {
			let runner = cli.create_runner(cmd)?;
			runner.async_run(|config| {
				let PartialComponents { client, task_manager, import_queue, .. } =
					service::partial(&config, &named(&cmd.shared_params))?;
				Ok((cmd.run(client, import_queue), task_manager))
			})
		}
		Some(Subcommand::PurgeChain(cmd)) => {
			let runner = cli.create_runner(cmd)?;
			runner.sync_run(|config| cmd.run(config.database))
		}
		Some(Subcommand::Revert(cmd)) => {
			let runner = cli.create_runner(cmd)?;
			runner.async_run(|config| {
				let PartialComponents { client, task_manager, backend, .. } =
					service::partial(&config, &named(&cmd.shared_params))?;
				let revert_consensus =
					Box::new(|client: std::sync::Arc<service::FullClient>, backend, blocks| {
						sc_consensus_babe::revert(client.clone(), backend, blocks)?;
						sc_consensus_grandpa::revert(client, blocks)?;
						Ok(())
					});
				Ok((cmd.run(client, backend, Some(revert_consensus)), task_manager))
			})
		}
		Some(Subcommand::ChainInfo(cmd)) => {
			let runner = cli.create_runner(cmd)?;
			runner.sync_run(|config| cmd.run::<Block>(&config))
		}
		None => {
			let chain = named(&cli.run.shared_params);
			chain_spec::ensure_launchable(&chain)?;
			let links = service::Links {
				sidecar: sidecar::Sidecar::from_params(&cli.sidecar)?,
				prices: price::Sources::from_params(&cli.prices)?,
			};
			let runner = cli.create_runner(&cli.run)?;
			preflight::check(&cli, runner.config())?;
			runner.run_node_until_exit(|config| async move {
				service::full(config, &chain, links, cli.disk).map_err(sc_cli::Error::Service)
			})
		}
	}
}
