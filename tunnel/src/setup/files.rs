//! Keys and configuration on this machine. What is there is never overwritten; what is made by root belongs to whom the folder
//! belongs, for the sidecar does not run as root.

use super::{
	plan::Keys,
	wish::{InitOptions, Wish},
};
use crate::{
	advice,
	chain::{bytes32, Account},
	config::Config,
	keys,
};
use anyhow::{anyhow, bail, Context, Result};
use std::{
	fs::{self, OpenOptions},
	io::{ErrorKind, Write},
	os::unix::fs::{chown, MetadataExt, OpenOptionsExt},
	path::{Path, PathBuf},
};
use weir_primitives::chain::AccountId;
use zeroize::Zeroizing;

/// Where everything is.
pub(super) struct Files {
	pub(super) config: PathBuf,
	pub(super) state: PathBuf,
}

impl Files {
	pub(super) fn new(options: &InitOptions) -> Self {
		Self { config: options.config.clone(), state: options.state.clone() }
	}

	pub(super) fn identity(&self) -> PathBuf {
		self.state.join("identity.key")
	}

	pub(super) fn probe(&self) -> PathBuf {
		self.state.join("probe.key")
	}

	pub(super) fn claims(&self) -> PathBuf {
		self.state.join("claim.key")
	}

	pub(super) fn token(&self) -> PathBuf {
		self.state.join("token")
	}

	fn all(&self) -> [PathBuf; 5] {
		[self.identity(), self.probe(), self.claims(), self.token(), self.config.clone()]
	}

	/// Those that are made.
	pub(super) fn missing(&self) -> Vec<PathBuf> {
		self.all().into_iter().filter(|file| !file.exists()).collect()
	}

	/// The keys that are there; none if one is missing.
	pub(super) fn keys(&self) -> Result<Option<Keys>> {
		if [self.identity(), self.probe(), self.claims()].iter().any(|file| !file.exists()) {
			return Ok(None);
		}
		let identity = keys::load_identity(&self.identity())?;
		Ok(Some(Keys {
			peer_id: identity.public().to_peer_id().to_bytes(),
			probe: keys::load_probe(&self.probe())?.public(),
			claims: bytes32(Account::load(&self.claims())?.id()),
		}))
	}

	/// Fails if a configuration is there that is not this node's.
	pub(super) fn check_config(&self, account: &AccountId, options: &InitOptions, wish: &Wish) -> Result<()> {
		if !self.config.exists() {
			return Ok(());
		}
		let config = Config::load(&self.config)?;
		let port = config.provide.as_ref().map(|provide| provide.port);
		let differs = |key: &str| {
			anyhow!(
				"{}: is there already, with another {key}; correct it there, name another file with --config, or move it away",
				self.config.display()
			)
		};
		if config.account()? != *account {
			return Err(differs("node.account"));
		}
		if config.node.state != options.state {
			return Err(differs("node.state"));
		}
		if port.is_some() && port != wish.endpoint.port() {
			return Err(differs("provide.port"));
		}
		if port.is_none() {
			bail!(
				"{}: is there already, without [provide]; add that table, or move it away",
				self.config.display()
			);
		}
		Ok(())
	}

	/// Makes what is missing, keys first: a configuration that is there has its keys.
	pub(super) fn make(&self, config: &str) -> Result<()> {
		make_folder(&self.state)?;
		for key in [self.identity(), self.probe(), self.claims()] {
			if !key.exists() {
				keys::generate(&key)?;
				adopt(&key)?;
			}
		}
		let token = self.token();
		if !token.exists() {
			let mut random = Zeroizing::new([0u8; 32]);
			getrandom::getrandom(random.as_mut_slice()).context("the system's randomness")?;
			create(&token, 0o600, &Zeroizing::new(format!("{}\n", hex::encode(*random))))?;
		}
		if !self.config.exists() {
			if let Some(folder) = self.config.parent() {
				fs::create_dir_all(folder).map_err(|error| unwritten(folder, &error))?;
			}
			create(&self.config, 0o640, config)?;
		}
		Ok(())
	}
}

fn unwritten(path: &Path, error: &std::io::Error) -> anyhow::Error {
	anyhow!("{}: cannot be written: {} ({error})", path.display(), advice::file(error))
}

/// A folder that only its owner may look into.
fn make_folder(path: &Path) -> Result<()> {
	use std::os::unix::fs::DirBuilderExt;
	if path.exists() {
		return Ok(());
	}
	let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
	made.map_err(|error| unwritten(path, &error))?;
	adopt(path)
}

/// Writes a file that was not there, whole or not at all: half a configuration would stand in the way of a whole one.
fn create(path: &Path, mode: u32, text: &str) -> Result<()> {
	let mut name = path.file_name().unwrap_or_default().to_owned();
	name.push(".new");
	let fresh = path.with_file_name(name);
	let written = match fs::remove_file(&fresh) {
		Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
		_ => OpenOptions::new().write(true).create_new(true).mode(mode).open(&fresh).and_then(|mut file| {
			file.write_all(text.as_bytes())?;
			file.sync_all()
		}),
	};
	written.map_err(|error| unwritten(&fresh, &error))?;
	adopt(&fresh)?;
	// Fails if the file has come meanwhile.
	let linked = fs::hard_link(&fresh, path);
	// What is left of a failure is harmless, and removed the next time.
	let _ = fs::remove_file(&fresh);
	linked.map_err(|error| unwritten(path, &error))
}

/// Gives what root has made to whom its folder belongs.
fn adopt(path: &Path) -> Result<()> {
	let Some(folder) = path.parent() else { return Ok(()) };
	let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
	let (of, own) = (fs::metadata(folder), fs::metadata(path));
	let (Ok(of), Ok(own)) = (of, own) else { return Ok(()) };
	if own.uid() != 0 || (of.uid(), of.gid()) == (own.uid(), own.gid()) {
		return Ok(());
	}
	chown(path, Some(of.uid()), Some(of.gid())).map_err(|error| unwritten(path, &error))
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
	toml::Value::String(text.to_owned()).to_string()
}

/// The configuration as it is written.
pub(super) fn config(account: &AccountId, options: &InitOptions, wish: &Wish, files: &Files) -> String {
	let path = |path: &Path| quoted(&path.to_string_lossy());
	let list = |texts: &[String]| texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", ");
	let any = if matches!(wish.endpoint, weir_primitives::Endpoint::V6 { .. }) { "::" } else { "0.0.0.0" };
	let bind = options.bind.map_or_else(|| any.to_owned(), |bind| bind.to_string());
	let genesis = options.genesis.as_deref().map(|hash| format!("genesis = {}\n", quoted(hash)));
	format!(
		"# Written by `weir-tunnel provide init`. Every key is explained in docs/sidecar.md.\n\n\
		 [node]\naccount = \"{account}\"\nstate = {state}\nbind = \"{bind}\"\n\n\
		 [chain]\nendpoints = [{endpoints}]\n{genesis}\n\
		 [provide]\n\
		 # As registered on chain: UDP and TCP.\nport = {port}\n\
		 # kbit/s; 0: no cap.\negress_kbps = {cap}\ningress_kbps = {cap}\n\
		 # Customers at once.\nsessions = {sessions}\n\
		 # 10^9 bytes for customers in a calendar month (UTC); 0: no bound.\nmonth_gb = {month_gb}\n\
		 # Hours in which customers are served; none: always.\nhours = [{hours}]\nzone = {zone}\n\
		 # Claims what customers pay. Not the bonded account.\nclaim_key = {claims}\n\n\
		 [api]\nlisten = \"{api}\"\ntoken_file = {token}\n",
		state = path(&files.state),
		endpoints = list(&options.chain),
		genesis = genesis.unwrap_or_default(),
		port = wish.endpoint.port().unwrap_or_default(),
		cap = wish.caps.rate_kbps,
		sessions = options.sessions,
		month_gb = options.month_gb,
		hours = list(&options.hours),
		zone = quoted(&options.zone),
		claims = path(&files.claims()),
		api = options.api,
		token = path(&files.token()),
	)
}

#[cfg(test)]
mod tests {
	use super::{super::wish::tests::options, *};
	use std::os::unix::fs::PermissionsExt;

	fn within(folder: &Path, arguments: &[&str]) -> (InitOptions, Files) {
		let mut options = options(arguments);
		(options.config, options.state) = (folder.join("etc/config.toml"), folder.join("state"));
		let files = Files::new(&options);
		(options, files)
	}

	#[test]
	fn make_should_write_private_keys_and_a_configuration_that_is_valid_and_keep_what_is_there() {
		let folder = tempfile::tempdir().unwrap();
		let arguments =
			["--hours", "22:00-07:00", "--zone", "Europe/Berlin", "--month-gb", "500", "--cap", "100"];
		let (options, files) = within(folder.path(), &arguments);
		let (account, wish) = (AccountId::from([3; 32]), options.wish().unwrap());
		assert!(files.keys().unwrap().is_none());
		assert_eq!(files.missing().len(), 5);
		let text = config(&account, &options, &wish, &files);
		files.make(&text).unwrap();
		assert_eq!(files.missing(), Vec::<PathBuf>::new());
		for (file, mode) in files.all().iter().zip([0o600, 0o600, 0o600, 0o600, 0o640]) {
			let found = fs::metadata(file).unwrap().permissions().mode() & 0o777;
			assert_eq!(found, mode, "{}", file.display());
		}
		assert_eq!(fs::metadata(&files.state).unwrap().permissions().mode() & 0o777, 0o700);
		let read = Config::load(&files.config).unwrap();
		let provide = read.provide.as_ref().unwrap();
		assert_eq!((read.account().unwrap(), provide.port, provide.month_gb), (account.clone(), 40_400, 500));
		assert_eq!((provide.egress_kbps, &provide.hours[..]), (100_000, &["22:00-07:00".to_owned()][..]));
		keys::read_secret(&read.api.as_ref().unwrap().token_file, keys::Secret::Token).unwrap();
		let made = files.keys().unwrap().unwrap();
		// Again, after a crash that lost the probe key.
		fs::remove_file(files.probe()).unwrap();
		files.make("no configuration at all").unwrap();
		let again = files.keys().unwrap().unwrap();
		assert_eq!((&again.peer_id, again.claims), (&made.peer_id, made.claims));
		assert_ne!(again.probe, made.probe);
		assert_eq!(fs::read_to_string(&files.config).unwrap(), text);
		files.check_config(&account, &options, &wish).unwrap();
		let error = files.check_config(&[9; 32].into(), &options, &wish).unwrap_err().to_string();
		assert!(
			error.contains("config.toml: is there already, with another node.account; correct"),
			"{error}"
		);
	}

	#[test]
	fn config_should_be_valid_whatever_paths_and_zones_hold() {
		let folder = tempfile::tempdir().unwrap();
		let (mut options, _) = within(folder.path(), &[]);
		options.endpoint = Some("[2001:db8::1]:7".parse().unwrap());
		options.state = PathBuf::from("/a \"quoted\"\\ folder\n");
		let files = Files::new(&options);
		let text = config(&[3; 32].into(), &options, &options.wish().unwrap(), &files);
		let read = Config::parse(Path::new("x"), &text).unwrap();
		assert_eq!(read.node.state, options.state);
		assert!(read.node.bind.is_ipv6());
	}
}
