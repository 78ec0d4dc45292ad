//! Keys in files: one line of hex, mode 0600.

use crate::advice;
use anyhow::{anyhow, bail, Context, Result};
use libp2p::identity::Keypair;
use std::{
	fs::{self, OpenOptions},
	io::{self, Write},
	os::unix::fs::{OpenOptionsExt, PermissionsExt},
	path::Path,
};
use weir_tunnel_core::keys::ProbeKeypair;
use zeroize::Zeroizing;

/// What a secret file is for, so that an error can say how to make one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Secret {
	/// Made by `weir-tunnel key generate`.
	Key,
	/// The API's, shared with the node.
	Token,
	/// An account's that pays fees, made by a wallet.
	Account,
}

/// Fails unless only the owner may read `path`.
fn check_mode(path: &Path, secret: Secret) -> Result<()> {
	let metadata = fs::metadata(path).map_err(|error| match (error.kind(), secret) {
		(io::ErrorKind::NotFound, Secret::Key) => {
			let folder = path.parent().unwrap_or(Path::new(".")).display();
			anyhow!(
				"{}: missing; make keys with `weir-tunnel key generate --folder {folder}`, or correct the path",
				path.display()
			)
		}
		(io::ErrorKind::NotFound, Secret::Token) => anyhow!(
			"{}: missing; put one line of random text there, mode 0600, and give the node the same",
			path.display()
		),
		(io::ErrorKind::NotFound, Secret::Account) => anyhow!(
			"{}: missing; put an account's mnemonic or 64 hex digits of its seed there on one line, mode 0600, or \
			 correct the path",
			path.display()
		),
		_ => unreadable(path, &error),
	})?;
	let mode = metadata.permissions().mode() & 0o777;
	if mode & 0o077 != 0 {
		bail!("{}: mode {mode:04o} lets others read it; run `chmod 600 {}`", path.display(), path.display());
	}
	Ok(())
}

fn unreadable(path: &Path, error: &io::Error) -> anyhow::Error {
	anyhow!("{}: cannot be read: {} ({error})", path.display(), advice::file(error))
}

fn unwritten(path: &Path, error: &io::Error) -> anyhow::Error {
	anyhow!("{}: cannot be written: {} ({error})", path.display(), advice::file(error))
}

/// Reads a secret line from a file only its owner may read. No error tells what is in it.
pub fn read_secret(path: &Path, secret: Secret) -> Result<Zeroizing<String>> {
	check_mode(path, secret)?;
	let text = Zeroizing::new(fs::read_to_string(path).map_err(|error| unreadable(path, &error))?);
	let line = text.trim();
	if line.is_empty() || line.lines().count() != 1 {
		bail!("{}: expected one line with the secret and nothing else", path.display());
	}
	Ok(Zeroizing::new(line.to_owned()))
}

fn read_seed(path: &Path) -> Result<Zeroizing<[u8; 32]>> {
	let line = read_secret(path, Secret::Key)?;
	let mut seed = Zeroizing::new([0; 32]);
	// The decoder's own error would show a digit of the key.
	hex::decode_to_slice(line.trim_start_matches("0x"), seed.as_mut_slice()).map_err(|_| {
		anyhow!(
			"{}: expected 64 hex digits; restore the key, or move the file away and make a new one",
			path.display()
		)
	})?;
	Ok(seed)
}

/// The control plane's identity (ed25519).
pub fn load_identity(path: &Path) -> Result<Keypair> {
	let mut seed = read_seed(path)?;
	Keypair::ed25519_from_bytes(seed.as_mut_slice())
		.with_context(|| format!("{}: not an ed25519 seed", path.display()))
}

/// The probe key (sr25519).
pub fn load_probe(path: &Path) -> Result<ProbeKeypair> {
	let seed = read_seed(path)?;
	ProbeKeypair::from_seed(&seed).with_context(|| format!("{}: not an sr25519 seed", path.display()))
}

/// Makes those of a node's two keys in `folder` that are missing. Never overwrites one; with both there it fails.
pub fn generate_missing(folder: &Path) -> Result<()> {
	let files = [folder.join("identity.key"), folder.join("probe.key")];
	if files.iter().all(|file| file.exists()) {
		bail!(
			"{}: holds both keys already; move them away if you mean to replace them (what is registered on chain must \
			 then follow)",
			folder.display()
		);
	}
	files.iter().filter(|file| !file.exists()).try_for_each(|file| generate(file))
}

/// Makes a key from the system's randomness. Never overwrites one.
pub fn generate(path: &Path) -> Result<()> {
	let mut seed = Zeroizing::new([0u8; 32]);
	getrandom::getrandom(seed.as_mut_slice()).context("the system's randomness")?;
	write_seed(path, &seed)
}

/// Writes a seed as a key file. Never overwrites one.
pub fn write_seed(path: &Path, seed: &[u8; 32]) -> Result<()> {
	if let Some(folder) = path.parent() {
		fs::create_dir_all(folder).map_err(|error| unwritten(folder, &error))?;
	}
	let open = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
	let mut file = open.map_err(|error| match error.kind() {
		io::ErrorKind::AlreadyExists => {
			anyhow!("{}: a key that exists is never overwritten; move it away to replace it", path.display())
		}
		_ => unwritten(path, &error),
	})?;
	let written = writeln!(file, "{}", *Zeroizing::new(hex::encode(seed))).and_then(|()| file.sync_all());
	written.map_err(|error| {
		// Half a key would stand in the way of a whole one.
		let _ = fs::remove_file(path);
		unwritten(path, &error)
	})
}

/// A PeerId as the chain stores it: multihash bytes, hex with 0x.
pub fn peer_id_hex(identity: &Keypair) -> String {
	format!("0x{}", hex::encode(identity.public().to_peer_id().to_bytes()))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn generate_should_make_a_private_file_and_never_overwrite() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("keys/probe.key");
		generate(&path).unwrap();
		assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
		let key = load_probe(&path).unwrap().public();
		assert!(generate(&path).is_err());
		assert_eq!(load_probe(&path).unwrap().public(), key);
		load_identity(&path).unwrap();
	}

	#[test]
	fn read_secret_should_fail_when_others_may_read() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("token");
		fs::write(&path, "secret\n").unwrap();
		fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
		let error = read_secret(&path, Secret::Token).unwrap_err().to_string();
		assert!(error.contains("mode 0640") && error.contains("chmod 600"), "{error}");
		fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
		assert_eq!(read_secret(&path, Secret::Token).unwrap().as_str(), "secret");
	}

	#[test]
	fn load_should_name_the_file_and_no_digit_when_it_is_missing_or_malformed() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("probe.key");
		let error = |path: &Path| format!("{:#}", load_probe(path).map(|_| ()).unwrap_err());
		let generate = format!("weir-tunnel key generate --folder {}", folder.path().display());
		assert!(error(&path).contains(&generate), "{}", error(&path));
		write_seed(&path, &[1; 32]).unwrap();
		for text in ["abc", &"q".repeat(64), &format!("{}z", "7".repeat(63))] {
			fs::write(&path, text).unwrap();
			let error = error(&path);
			assert!(error.contains("64 hex digits"), "{error}");
			assert!(!error.replace(path.to_str().unwrap(), "").contains(['q', '7']), "{error}");
		}
	}

	#[test]
	fn generate_missing_should_make_only_what_is_not_there() {
		let folder = tempfile::tempdir().unwrap();
		generate(&folder.path().join("identity.key")).unwrap();
		let identity = fs::read(folder.path().join("identity.key")).unwrap();
		generate_missing(folder.path()).unwrap();
		load_probe(&folder.path().join("probe.key")).unwrap();
		let error = generate_missing(folder.path()).unwrap_err().to_string();
		assert!(error.contains("holds both keys already"), "{error}");
		assert_eq!(fs::read(folder.path().join("identity.key")).unwrap(), identity);
	}
}
