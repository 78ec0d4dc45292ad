//! Accounts that a program signs with by itself: their keys are in files.

use anyhow::Result;
use std::str::FromStr;
use subxt_signer::{sr25519::Keypair, SecretUri, DEV_PHRASE};

/// A development account whose key is given to a program.
pub struct Hot {
	path: String,
	pub(crate) keys: Keypair,
}

impl Hot {
	/// The account of a derivation path, such as `//customer1`, of the phrase that everybody knows.
	pub fn new(path: &str) -> Result<Self> {
		Ok(Self { path: path.into(), keys: Keypair::from_uri(&SecretUri::from_str(path)?)? })
	}

	/// The account.
	pub fn account(&self) -> [u8; 32] {
		self.keys.public_key().0
	}

	/// What the file of its key holds.
	pub fn secret(&self) -> String {
		format!("{DEV_PHRASE}{}", self.path)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn secret_should_be_that_of_the_account_and_of_no_other() {
		let hot = Hot::new("//provider1//claims").unwrap();
		let read = Keypair::from_uri(&SecretUri::from_str(&hot.secret()).unwrap()).unwrap();
		assert_eq!(read.public_key().0, hot.account());
		assert_ne!(Hot::new("//provider1").unwrap().account(), hot.account());
	}
}
