//! What reporters of the token's price sign, and where their nodes look it up.
//!
//! A reporter signs [`report_payload`] with a delegated key of the type [`REPORTER_KEY_TYPE`]. Its node keeps the sources of
//! the price, a SCALE-encoded `Vec<PriceSource>`, in the persistent off-chain database under [`PRICE_SOURCES_KEY`].

use crate::economy::{Price, Round};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use core::fmt;
use polkadot_sdk::{
	sp_core::H256,
	sp_runtime::app_crypto::{app_crypto, sr25519, KeyTypeId},
};

/// Keystore type of the key that signs reports of the price: `wrep`.
pub const REPORTER_KEY_TYPE: KeyTypeId = KeyTypeId(*b"wrep");

mod reporter_key {
	use super::*;
	app_crypto!(sr25519, REPORTER_KEY_TYPE);
}

/// Public half of the key that signs a reporter's reports: sr25519.
pub type ReporterKey = reporter_key::Public;
/// Signature by a [`ReporterKey`].
pub type ReporterSignature = reporter_key::Signature;

/// Separates these signatures from every other of the protocol, and one version from the next.
pub const PRICE_DOMAIN: &[u8; 16] = b"weir/price/v1\0\0\0";

/// Key of the sources in the persistent off-chain database.
pub const PRICE_SOURCES_KEY: &[u8] = b"weir/price/sources";
/// Fewest sources of a reporter.
pub const LEAST_SOURCES: usize = 3;
/// Most sources of a reporter.
pub const MOST_SOURCES: usize = 16;
/// Longest address of a source, bytes.
pub const LONGEST_URL: usize = 512;
/// Longest pointer into the answer of a source, bytes.
pub const LONGEST_POINTER: usize = 128;

/// Where loopback addresses begin: plain HTTP is for them only.
const LOOPBACKS: [&[u8]; 3] = [b"http://127.0.0.1", b"http://[::1]", b"http://localhost"];

/// What a reporter's key signs: it binds domain, genesis, reporter, round and price.
pub fn report_payload<AccountId: Encode>(
	genesis: &H256,
	round: Round,
	who: &AccountId,
	price: Price,
) -> Vec<u8> {
	(PRICE_DOMAIN, genesis, round, who, price).encode()
}

/// Where the price is looked up.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct PriceSource {
	/// Address that answers with JSON.
	pub url: Vec<u8>,
	/// JSON pointer (RFC 6901) to the dollars of a token in the answer: a number, or a string with one.
	pub pointer: Vec<u8>,
}

/// Why a source cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BadSource {
	/// The address is longer than [`LONGEST_URL`], or has characters that an address has not.
	Url,
	/// The address is neither HTTPS nor on the loopback.
	NotEncrypted,
	/// The pointer is longer than [`LONGEST_POINTER`], not UTF-8, or neither empty nor begins with a slash.
	Pointer,
}

impl fmt::Display for BadSource {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Url => write!(f, "an address has at most {LONGEST_URL} visible ASCII characters"),
			Self::NotEncrypted => {
				f.write_str("an address begins with https://, or with http:// and is on the loopback")
			}
			Self::Pointer => {
				write!(f, "a pointer has at most {LONGEST_POINTER} bytes of UTF-8 and begins with a slash")
			}
		}
	}
}

impl PriceSource {
	/// Whether the source can be asked.
	pub fn check(&self) -> Result<(), BadSource> {
		if self.url.len() > LONGEST_URL || !self.url.iter().all(u8::is_ascii_graphic) {
			return Err(BadSource::Url);
		}
		let is_loopback = |prefix: &&[u8]| {
			// Followed by the port, the path, or nothing: `http://localhost.example` is elsewhere.
			let rest = self.url.strip_prefix(*prefix);
			rest.is_some_and(|rest| matches!(rest.first(), None | Some(b':' | b'/')))
		};
		let named_after = self.url.strip_prefix(b"https://").is_some_and(|host| !host.is_empty());
		// What stands before an `@` is not the host.
		if !(named_after || LOOPBACKS.iter().any(is_loopback)) || self.url.contains(&b'@') {
			return Err(BadSource::NotEncrypted);
		}
		let is_pointer = self.pointer.is_empty() || self.pointer.starts_with(b"/");
		let is_text = core::str::from_utf8(&self.pointer).is_ok();
		if self.pointer.len() > LONGEST_POINTER || !is_pointer || !is_text {
			return Err(BadSource::Pointer);
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn source(url: &str, pointer: &str) -> PriceSource {
		PriceSource { url: url.into(), pointer: pointer.into() }
	}

	#[test]
	fn payload_should_bind_everything_it_is_about() {
		let genesis = H256([7; 32]);
		let mut payload = b"weir/price/v1\0\0\0".to_vec();
		payload.extend([7; 32]);
		payload.extend([9, 0, 0, 0]);
		payload.extend([3; 32]);
		payload.extend([0, 0, 100, 167, 179, 182, 224, 13, 0, 0, 0, 0, 0, 0, 0, 0]);
		assert_eq!(report_payload(&genesis, 9, &[3u8; 32], 1_000_000_000_000_000_000), payload);
	}

	#[test]
	fn sources_should_encode_as_pairs() {
		let pairs: Vec<(Vec<u8>, Vec<u8>)> = vec![(b"https://a.example/p".to_vec(), b"/price".to_vec())];
		assert_eq!(vec![source("https://a.example/p", "/price")].encode(), pairs.encode());
	}

	#[test]
	fn source_should_be_refused_when_it_is_readable_on_the_way() {
		for good in [
			"https://a.example/p?x=1",
			"http://127.0.0.1:9711/a.json",
			"http://[::1]:9/",
			"http://localhost/a",
		] {
			assert_eq!(source(good, "/a").check(), Ok(()), "{good}");
		}
		for bad in [
			"http://a.example/p",
			"http://127.0.0.1.a.example/",
			"http://localhost@a.example/",
			"http://127.0.0.1:1@a.example/",
			"https://",
			"ftp://127.0.0.1/",
			"",
		] {
			assert_eq!(source(bad, "/a").check(), Err(BadSource::NotEncrypted), "{bad}");
		}
		assert_eq!(source("https://a.example/ä", "/a").check(), Err(BadSource::Url));
		assert_eq!(source("https://a.example/ b", "/a").check(), Err(BadSource::Url));
		assert_eq!(source(&format!("https://{}", "a".repeat(505)), "/a").check(), Err(BadSource::Url));
		assert_eq!(source("https://a.example", "a").check(), Err(BadSource::Pointer));
		assert_eq!(
			source("https://a.example", &format!("/{}", "a".repeat(128))).check(),
			Err(BadSource::Pointer)
		);
		assert_eq!(source("https://a.example", "").check(), Ok(()));
	}
}
