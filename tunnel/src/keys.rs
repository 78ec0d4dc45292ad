//! Keys in files: one line of hex, mode 0600.

use anyhow::{bail, Context, Result};
use libp2p::identity::Keypair;
use std::{
	fs::{self, OpenOptions},
	io::Write,
	os::unix::fs::{OpenOptionsExt, PermissionsExt},
	path::Path,
};
use weir_tunnel_core::keys::ProbeKeypair;
use zeroize::Zeroizing;

/// Fails unless only the owner may read `path`.
pub fn check_mode(path: &Path) -> Result<()> {
	let metadata = fs::metadata(path).with_context(|| {
		format!(
			"{}: missing; `weir-tunnel key generate` makes keys, a token is any line of text",
			path.display()
		)
	})?;
	let mode = metadata.permissions().mode() & 0o777;
	if mode & 0o077 != 0 {
		bail!("{}: mode {mode:04o} lets others read it; run `chmod 600 {}`", path.display(), path.display());
	}
	Ok(())
}

/// Reads a secret line from a file only its owner may read.
pub fn read_secret(path: &Path) -> Result<Zeroizing<String>> {
	check_mode(path)?;
	let text = Zeroizing::new(
		fs::read_to_string(path).with_context(|| format!("{}: cannot be read", path.display()))?,
	);
	let line = text.trim();
	if line.is_empty() || line.lines().count() != 1 {
		bail!("{}: expected one line", path.display());
	}
	Ok(Zeroizing::new(line.to_owned()))
}

fn read_seed(path: &Path) -> Result<Zeroizing<[u8; 32]>> {
	let line = read_secret(path)?;
	let mut seed = Zeroizing::new([0; 32]);
	hex::decode_to_slice(line.trim_start_matches("0x"), seed.as_mut_slice())
		.with_context(|| format!("{}: expected 64 hex digits", path.display()))?;
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

/// Makes a key from the system's randomness. Never overwrites one.
pub fn generate(path: &Path) -> Result<()> {
	let mut seed = Zeroizing::new([0u8; 32]);
	getrandom::getrandom(seed.as_mut_slice()).context("the system's randomness")?;
	write_seed(path, &seed)
}

/// Writes a seed as a key file. Never overwrites one.
pub fn write_seed(path: &Path, seed: &[u8; 32]) -> Result<()> {
	if let Some(folder) = path.parent() {
		fs::create_dir_all(folder).with_context(|| format!("{}: cannot be created", folder.display()))?;
	}
	let mut file =
		OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).with_context(|| {
			format!("{}: cannot be created (a key that exists is never overwritten)", path.display())
		})?;
	writeln!(file, "{}", *Zeroizing::new(hex::encode(seed)))
		.with_context(|| format!("{}: disk full?", path.display()))?;
	file.sync_all().with_context(|| format!("{}: disk full?", path.display()))
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
		let error = read_secret(&path).unwrap_err().to_string();
		assert!(error.contains("mode 0640") && error.contains("chmod 600"), "{error}");
		fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
		assert_eq!(read_secret(&path).unwrap().as_str(), "secret");
	}

	#[test]
	fn load_should_name_the_file_when_it_is_missing_or_malformed() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("probe.key");
		let error = |path: &Path| load_probe(path).map(|_| ()).unwrap_err().to_string();
		assert!(error(&path).contains("key generate"));
		write_seed(&path, &[1; 32]).unwrap();
		fs::write(&path, "abc").unwrap();
		assert!(error(&path).contains("64 hex digits"));
	}
}
