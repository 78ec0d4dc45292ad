//! An account that signs transactions: its key comes out of a file and goes nowhere.

use crate::keys::{read_secret, Secret};
use anyhow::{anyhow, Result};
use std::{
	collections::BTreeSet,
	future::Future,
	path::Path,
	str::FromStr,
	sync::{Arc, Mutex, PoisonError},
};
use subxt_signer::{sr25519::Keypair, SecretUri};
use weir_primitives::chain::AccountId;

/// Nonces of transactions that are on their way.
type Nonces = Arc<Mutex<BTreeSet<u64>>>;

/// A hot account (sr25519). It pays fees and should hold little else.
#[derive(Clone)]
pub struct Account {
	pair: Keypair,
	id: AccountId,
	nonces: Nonces,
	/// Held from the choice of a nonce until the node has its transaction, so that no two choose one.
	sending: Arc<tokio::sync::Mutex<()>>,
}

impl Account {
	/// Reads the account of a file of mode 0600: one line, a mnemonic (a derivation path may follow), or 64 hex digits of a
	/// seed. No error tells what is in it.
	pub fn load(path: &Path) -> Result<Self> {
		let line = read_secret(path, Secret::Account)?;
		let is_seed = line.len() == 64 && line.bytes().all(|byte| byte.is_ascii_hexdigit());
		let prefix = if is_seed { "0x" } else { "" };
		let text = zeroize::Zeroizing::new(format!("{prefix}{}", line.as_str()));
		let unread = || {
			anyhow!(
				"{}: expected a mnemonic or 64 hex digits of a seed; restore the file, or export the account anew",
				path.display()
			)
		};
		// Without a phrase the derivation path would be one of the key that everybody knows.
		if text.starts_with('/') {
			return Err(unread());
		}
		// The parsers' own errors would show words of it.
		let uri = SecretUri::from_str(&text).map_err(|_| unread())?;
		Keypair::from_uri(&uri).map(Self::of).map_err(|_| unread())
	}

	/// The account of a key.
	pub fn of(pair: Keypair) -> Self {
		let id = AccountId::from(pair.public_key().0);
		Self { pair, id, nonces: Arc::default(), sending: Arc::default() }
	}

	/// Its account on chain.
	pub fn id(&self) -> &AccountId {
		&self.id
	}

	pub(super) fn pair(&self) -> &Keypair {
		&self.pair
	}

	/// Nobody else chooses a nonce while this is held.
	pub(super) async fn sending(&self) -> tokio::sync::OwnedMutexGuard<()> {
		self.sending.clone().lock_owned().await
	}

	/// The next nonce: the one that the node says, or the one after the last that is on its way. The node knows of those in
	/// its own pool only, and another one may have been asked before.
	pub(super) async fn reserve<E>(&self, next: impl Future<Output = Result<u64, E>>) -> Result<Reserved, E> {
		let said = next.await?;
		let mut nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
		let after = nonces.last().map_or(0, |last| last.saturating_add(1));
		let nonce = said.max(after);
		nonces.insert(nonce);
		Ok(Reserved { nonce, nonces: self.nonces.clone() })
	}
}

/// A nonce that is in use. Dropped, it is not.
pub(super) struct Reserved {
	pub(super) nonce: u64,
	nonces: Nonces,
}

impl Drop for Reserved {
	fn drop(&mut self) {
		self.nonces.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.nonce);
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::{fs, os::unix::fs::PermissionsExt};

	const MNEMONIC: &str = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";

	fn load(text: &str, mode: u32) -> Result<Account> {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("claim.key");
		fs::write(&path, text).unwrap();
		fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
		Account::load(&path)
	}

	#[test]
	fn load_should_take_a_mnemonic_a_path_and_a_seed() {
		let alice = "0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";
		let seed = "e5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a";
		for text in [&format!("{MNEMONIC}//Alice\n"), seed, &format!("0x{seed}")] {
			let account = load(text, 0o600).unwrap();
			assert_eq!(format!("0x{}", hex::encode(account.id())), alice, "of {} letters", text.len());
		}
		load(MNEMONIC, 0o600).unwrap();
	}

	#[test]
	fn load_should_fail_without_showing_the_secret_when_it_is_malformed_or_public() {
		for text in ["//Alice", "bottom drive", &"q".repeat(64), "0x12", ""] {
			let error = format!("{:#}", load(text, 0o600).map(|_| ()).unwrap_err());
			assert!(error.contains("claim.key: expected") && error.lines().count() == 1, "{error}");
			assert!(!["Alice", "bottom", "qq"].iter().any(|word| error.contains(word)), "{error}");
		}
		let error = load(MNEMONIC, 0o644).map(|_| ()).unwrap_err().to_string();
		assert!(error.contains("chmod 600"), "{error}");
		let error = Account::load(Path::new("/nowhere/claim.key")).map(|_| ()).unwrap_err().to_string();
		assert!(error.contains("missing; put an account's mnemonic"), "{error}");
	}

	#[tokio::test]
	async fn reserve_should_never_give_a_nonce_twice_while_it_is_on_its_way() {
		let account = load(MNEMONIC, 0o600).unwrap();
		let said = |nonce: u64| async move { Ok::<_, ()>(nonce) };
		let first = account.reserve(said(4)).await.unwrap();
		// A node that has not heard of the first.
		let second = account.reserve(said(4)).await.unwrap();
		assert_eq!((first.nonce, second.nonce), (4, 5));
		// Somebody else has used the account.
		assert_eq!(account.reserve(said(9)).await.unwrap().nonce, 9);
		drop((first, second));
		assert_eq!(account.reserve(said(4)).await.unwrap().nonce, 4);
		assert!(account.reserve(async { Err::<u64, _>(()) }).await.is_err());
	}
}
