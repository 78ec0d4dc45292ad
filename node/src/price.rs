//! Where a reporter of prices looks: from the command line to the off-chain worker, and its key.

use crate::cli::PriceParams;
use axum::http::Uri;
use codec::Encode;
use polkadot_sdk::*;
use sc_service::{error::Error as ServiceError, Configuration};
use sp_core::offchain::{OffchainStorage, STORAGE_PREFIX};
use sp_keystore::KeystorePtr;
use std::{collections::BTreeSet, path::Path};
use weir_primitives::price::{
	PriceSource, LEAST_SOURCES, MOST_SOURCES, PRICE_SOURCES_KEY, REPORTER_KEY_TYPE,
};

/// Where the reporter of this node looks.
pub(crate) struct Sources {
	sources: Vec<PriceSource>,
	/// Whether all of them are of one host, and not on this machine.
	of_one_host: bool,
}

impl Sources {
	/// Reads `--price-source` and `--price-sources-file`; none if neither is given.
	pub(crate) fn from_params(params: &PriceParams) -> sc_cli::Result<Option<Self>> {
		let sources = match &params.price_sources_file {
			None if params.price_source.is_empty() => return Ok(None),
			None => Self::new(&params.price_source, |n| format!("--price-source {n}")),
			Some(file) => {
				let place = file.display();
				let lines = read(file).map_err(|reason| format!("--price-sources-file {place}: {reason}"))?;
				Self::new(&lines, |n| format!("--price-sources-file {place}: source {n}"))
			}
		};
		Ok(Some(sources?))
	}

	/// The sources that `texts` name, of which the `n`-th, from 1, is called `named(n)`.
	fn new(texts: &[String], named: impl Fn(usize) -> String) -> Result<Self, String> {
		let (mut sources, mut hosts) = (Vec::new(), BTreeSet::new());
		for (text, number) in texts.iter().zip(1..) {
			let (source, host) = source(text).map_err(|reason| format!("{}: {reason}", named(number)))?;
			if sources.iter().any(|known: &PriceSource| known.url == source.url) {
				return Err(format!(
					"{}: its URL is given before: one document is one source, whatever is read out of it",
					named(number)
				));
			}
			sources.push(source);
			hosts.insert(host);
		}
		if !(LEAST_SOURCES..=MOST_SOURCES).contains(&sources.len()) {
			return Err(format!(
				"{} price sources: a reporter takes {LEAST_SOURCES} to {MOST_SOURCES}, so that one that errs is outvoted; \
				give more with --price-source, or --price-sources-file",
				sources.len()
			));
		}
		let of_one_host = hosts.len() == 1 && !sources.iter().any(is_local);
		Ok(Self { sources, of_one_host })
	}

	/// Tells the off-chain worker of them.
	pub(crate) fn store(&self, storage: &mut impl OffchainStorage) {
		storage.set(STORAGE_PREFIX, PRICE_SOURCES_KEY, &self.sources.encode());
		log::info!("{} price sources for the reports of this node", self.sources.len());
		if self.of_one_host {
			log::warn!(
				"all price sources are of one host: if it errs, so does every report of this node, and its bond is slashed \
				for what is far from the median; name sources of others as well"
			);
		}
	}
}

/// Makes the off-chain worker forget the sources of an earlier start.
pub(crate) fn forget(storage: &mut impl OffchainStorage) {
	storage.remove(STORAGE_PREFIX, PRICE_SOURCES_KEY);
}

fn is_local(source: &PriceSource) -> bool {
	source.url.starts_with(b"http://")
}

/// The lines of `file` that name a source: neither empty nor a remark, which begins with `;`.
fn read(file: &Path) -> Result<Vec<String>, String> {
	let text = std::fs::read_to_string(file)
		.map_err(|error| format!("{error}; write one URL#POINTER on each line of it"))?;
	let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(';'));
	Ok(lines.map(Into::into).collect())
}

/// The source that `URL#POINTER` names, with its host. What is wrong is told without the URL, which may hold a key.
fn source(text: &str) -> Result<(PriceSource, String), String> {
	const FORM: &str =
		"it must look like https://example.org/ticker#/last: a URL, '#', and the JSON pointer of the price";
	let (url, pointer) = text.split_once('#').ok_or(FORM)?;
	let source = PriceSource { url: url.into(), pointer: pointer.into() };
	source.check().map_err(|reason| format!("{reason}; {FORM}"))?;
	let uri: Uri = url.parse().map_err(|error| format!("{error}; {FORM}"))?;
	let host = uri.host().filter(|host| !host.is_empty()).ok_or(FORM)?;
	// Those that the parser of pointers knows.
	let mut rest = pointer.split('~').skip(1);
	if !rest.all(|escaped| escaped.starts_with(['0', '1'])) {
		return Err("in a JSON pointer, '~' is written ~0 and a '/' in a name ~1".into());
	}
	Ok((source, host.to_ascii_lowercase()))
}

/// With `--alice` and its like, the keystore of a node that has sources also gets that account's key for prices, as the
/// development presets name it; that of a network of one node gets those of all of its reporters.
pub(crate) fn insert_dev_keys(config: &Configuration, keystore: &KeystorePtr) -> Result<(), ServiceError> {
	let Some(seed) = &config.dev_key_seed else { return Ok(()) };
	let alone = config.chain_spec.chain_type() == sc_chain_spec::ChainType::Development;
	for seed in dev_seeds(seed, alone) {
		keystore.sr25519_generate_new(REPORTER_KEY_TYPE, Some(seed)).map_err(|error| {
			ServiceError::Other(format!("the reporter's key could not be stored: {error:?}"))
		})?;
	}
	Ok(())
}

/// Seeds of the keys that a development node reports with.
fn dev_seeds(own: &str, alone: bool) -> Vec<&str> {
	match alone {
		true => vec!["//Alice", "//Bob", "//Charlie"],
		false => vec![own],
	}
}

/// What to say of a node that has sources and no key to sign with, or a key and no sources.
pub(crate) fn warning(has_sources: bool, keystore: &KeystorePtr) -> Option<&'static str> {
	let has_key = !keystore.sr25519_public_keys(REPORTER_KEY_TYPE).is_empty();
	match (has_sources, has_key) {
		(true, false) => Some(
			"there are price sources, but no wrep key in the keystore: this node reports no prices; insert one with \
			'weir-node key insert --key-type wrep --scheme sr25519', or leave --price-source out",
		),
		(false, true) => Some(
			"there is a wrep key in the keystore, but no --price-source: this node reports no prices, and its reporter is \
			not paid",
		),
		_ => None,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::Decode;
	use sp_core::{crypto::Ss58Codec, Pair};
	use std::{fs, sync::Arc};

	fn params(sources: &[&str]) -> PriceParams {
		let price_source = sources.iter().map(|text| (*text).to_owned()).collect();
		PriceParams { price_source, price_sources_file: None }
	}

	fn refusal(sources: &[&str]) -> String {
		match Sources::from_params(&params(sources)) {
			Err(error) => error.to_string(),
			Ok(_) => panic!("taken: {sources:?}"),
		}
	}

	const THREE: [&str; 3] =
		["https://a.example/t#/last", "https://b.example/t?id=1#/data/0/p", "http://127.0.0.1:9711/c#/c"];

	#[test]
	fn sources_should_be_taken_apart_at_the_first_hash() {
		let sources = Sources::from_params(&params(&THREE)).unwrap().unwrap();
		let shown: Vec<_> = sources
			.sources
			.iter()
			.map(|source| {
				let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
				(text(&source.url), text(&source.pointer))
			})
			.collect();
		assert_eq!(shown[0], ("https://a.example/t".into(), "/last".into()));
		assert_eq!(shown[1], ("https://b.example/t?id=1".into(), "/data/0/p".into()));
		assert!(Sources::from_params(&params(&[])).unwrap().is_none());
	}

	#[test]
	fn sources_should_be_stored_as_the_worker_reads_them_and_forgotten() {
		let sources = Sources::from_params(&params(&THREE)).unwrap().unwrap();
		let mut storage = sp_core::offchain::storage::InMemOffchainStorage::default();
		sources.store(&mut storage);
		let bytes = storage.get(STORAGE_PREFIX, PRICE_SOURCES_KEY).unwrap();
		assert_eq!(Vec::<PriceSource>::decode(&mut &bytes[..]).unwrap(), sources.sources);
		forget(&mut storage);
		assert_eq!(storage.get(STORAGE_PREFIX, PRICE_SOURCES_KEY), None);
	}

	#[test]
	fn sources_should_be_refused_when_there_are_too_few_or_too_many() {
		let error = refusal(&THREE[..2]);
		assert!(error.contains("2 price sources") && error.contains("3 to 16"), "{error}");
		let many: Vec<_> = (0..17).map(|n| format!("https://{n}.example/#/p")).collect();
		let many: Vec<_> = many.iter().map(String::as_str).collect();
		assert!(refusal(&many).contains("17 price sources"));
	}

	#[test]
	fn sources_should_be_known_to_be_of_one_host() {
		let of_one_host =
			|sources: &[&str]| Sources::from_params(&params(sources)).unwrap().unwrap().of_one_host;
		assert!(of_one_host(&["https://a.example/1#/p", "https://A.example/2#/p", "https://a.example/3#/p"]));
		assert!(!of_one_host(&THREE));
		assert!(!of_one_host(&["http://localhost/1#/p", "http://localhost/2#/p", "http://localhost/3#/p"]));
	}

	#[test]
	fn sources_should_be_refused_when_one_is_named_twice() {
		let error = refusal(&[THREE[0], THREE[1], "https://a.example/t#/bid"]);
		assert!(
			error.contains("--price-source 3") && error.contains("one document is one source"),
			"{error}"
		);
	}

	#[test]
	fn source_should_be_refused_without_its_url_when_it_cannot_be_asked() {
		for (wrong, says) in [
			("https://a.example/t", "must look like"),
			("http://a.example/t#/p", "loopback"),
			("https://me:hunter2@a.example/t#/p", "must look like"),
			("https:///t#/p", "must look like"),
			("https://:443/t#/p", "must look like"),
			("https://a.example/hunter2#p", "slash"),
			("https://a.example/hunter2#/a~2", "~1"),
			("https://a.example/hunter2#/a~", "~1"),
			("no url#/p", "must look like"),
		] {
			let error = refusal(&[THREE[0], wrong, THREE[1]]);
			assert!(error.contains("--price-source 2: ") && error.contains(says), "{wrong}: {error}");
			assert!(!error.contains("hunter2"), "{error}");
		}
	}

	#[test]
	fn file_should_name_one_source_on_each_line() {
		let folder = tempfile::tempdir().unwrap();
		let file = folder.path().join("sources");
		let of_file = || {
			let params = PriceParams { price_source: vec![], price_sources_file: Some(file.clone()) };
			Sources::from_params(&params)
				.map(|sources| sources.unwrap().sources.len())
				.map_err(|error| error.to_string())
		};
		let error = of_file().unwrap_err();
		assert!(error.contains("--price-sources-file") && error.contains("No such file"), "{error}");
		fs::write(&file, format!("; of three\n\n{}\n  {}\n{}\n", THREE[0], THREE[1], THREE[2])).unwrap();
		assert_eq!(of_file(), Ok(3));
		fs::write(&file, format!("{}\n{}\nftp://c.example#/p\n", THREE[0], THREE[1])).unwrap();
		let error = of_file().unwrap_err();
		assert!(error.contains("source 3") && error.contains("https://"), "{error}");
	}

	#[test]
	fn network_of_one_node_should_have_the_keys_of_all_reporters_of_its_preset() {
		assert_eq!(dev_seeds("//Bob", false), ["//Bob"]);
		let seeds = dev_seeds("//Alice", true);
		let preset = weir_runtime::presets::get_preset(&weir_runtime::presets::DEVELOPMENT.into()).unwrap();
		let preset: serde_json::Value = serde_json::from_slice(&preset).unwrap();
		let reporters: Vec<_> = preset["price"]["reporters"]
			.as_array()
			.unwrap()
			.iter()
			.map(|reporter| reporter[1].as_str().unwrap().to_owned())
			.collect();
		let keys: Vec<_> = seeds
			.iter()
			.map(|seed| sp_core::sr25519::Pair::from_string(seed, None).unwrap().public().to_ss58check())
			.collect();
		assert_eq!(keys, reporters);
	}

	#[test]
	fn warning_should_name_what_is_missing() {
		let keystore: KeystorePtr = Arc::new(sc_keystore::LocalKeystore::in_memory());
		assert!(warning(true, &keystore).unwrap().contains("no wrep key"));
		assert_eq!(warning(false, &keystore), None);
		keystore.sr25519_generate_new(REPORTER_KEY_TYPE, Some("//Alice")).unwrap();
		assert_eq!(warning(true, &keystore), None);
		assert!(warning(false, &keystore).unwrap().contains("no --price-source"));
	}
}
