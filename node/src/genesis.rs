//! The database and the first block in it.

use crate::{
	first_state,
	service::{Executor, FullBackend},
};
use polkadot_sdk::*;
use sc_chain_spec::BuildGenesisBlock;
use sc_client_api::Backend;
use sc_service::{error::Error as ServiceError, Configuration, GenesisBlockBuilder};
use sp_blockchain::HeaderBackend;
use std::sync::Arc;
use weir_runtime::{Block, Hash};

type Builder = GenesisBlockBuilder<Block, FullBackend, Executor>;

/// Opens the database, and prepares the first block for it. A database that begins with another block than the chain
/// specification's is refused: the node would follow the one and advertise the other. `chain` is what `--chain` says.
pub(crate) fn open(
	config: &Configuration,
	chain: &str,
	executor: &Executor,
) -> Result<(Arc<FullBackend>, Builder), ServiceError> {
	let place = config.database.path().map(|path| path.display().to_string()).unwrap_or_default();
	let backend = sc_service::new_db_backend::<Block>(config.db_config())
		.map_err(|error| ServiceError::Other(format!("the database at {place} cannot be opened: {error}")))?;
	let name = config.chain_spec.name();
	let storage = first_state::build(&*config.chain_spec, chain).map_err(ServiceError::Other)?;
	if let Some(found) = backend.blockchain().hash(0)? {
		let builder =
			GenesisBlockBuilder::new_with_storage(storage.clone(), false, backend.clone(), executor.clone())?;
		let (block, _operation): (Block, _) = builder.build_genesis_block()?;
		ensure_same(found, block.header.hash(), &place, name)?;
	}
	let builder = GenesisBlockBuilder::new_with_storage(
		storage,
		!config.no_genesis(),
		backend.clone(),
		executor.clone(),
	)?;
	Ok((backend, builder))
}

fn ensure_same(found: Hash, expected: Hash, place: &str, name: &str) -> Result<(), ServiceError> {
	if found == expected {
		return Ok(());
	}
	Err(ServiceError::Other(format!(
		"foreign genesis: the database at {place} begins with {found:?}, the chain specification '{name}' with \
		{expected:?}; name the --chain it was made with, choose another --base-path, or remove the data with \
		'weir-node purge-chain'"
	)))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn genesis_should_be_refused_when_the_database_begins_with_another() {
		let (ours, theirs) = (Hash::repeat_byte(1), Hash::repeat_byte(2));
		assert!(ensure_same(ours, ours, "/data", "Weir Local").is_ok());
		let refusal = ensure_same(ours, theirs, "/data", "Weir Local").unwrap_err().to_string();
		assert!(refusal.contains("0x0101") && refusal.contains("0x0202"), "{refusal}");
	}
}
