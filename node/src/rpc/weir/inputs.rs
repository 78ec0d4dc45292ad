//! What goes in: accounts, providers, regions, blocks.

use super::error::Error;
use polkadot_sdk::*;
use serde::Deserialize;
use sp_core::{bytes::from_hex, crypto::Ss58Codec};
use weir_primitives::{api::RegionFilter, LineKind, ProviderIndex, Region};
use weir_runtime::{AccountId, SS58_PREFIX};

/// Characters of an input that an error repeats.
const SHOWN: usize = 80;

/// An account: its address (SS58), or its 32 bytes in hex with `0x`.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Account(String);

impl Account {
	/// The account it names. Addresses of other networks are refused: who gives one has mixed something up.
	pub(super) fn id(&self) -> Result<AccountId, Error> {
		let id = match self.0.strip_prefix("0x") {
			Some(_) => {
				from_hex(&self.0).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()).map(AccountId::from)
			}
			None => AccountId::from_ss58check_with_version(&self.0)
				.ok()
				.filter(|(_, format)| u16::from(*format) == SS58_PREFIX)
				.map(|(id, _)| id),
		};
		id.ok_or_else(|| Error::NotAnAccount(self.shown()))
	}

	/// As an error repeats it.
	pub(super) fn shown(&self) -> String {
		shown(&self.0)
	}
}

/// A provider: its index, or its account (address, or 32 bytes in hex with `0x`).
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "expected the index of a provider or its account")]
pub(crate) enum AccountOrIndex {
	/// Index of the provider.
	Index(ProviderIndex),
	/// Account of the provider.
	Account(Account),
}

/// Credits (micro-dollars): a whole number, or one in decimal as text.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "expected credits: a whole number, or one in decimal as text")]
pub(crate) enum Credits {
	/// As a number.
	Number(u64),
	/// As text, which no tool rounds.
	Text(String),
}

impl Credits {
	/// How many these are.
	pub(super) fn count(&self) -> Result<u128, Error> {
		match self {
			Self::Number(count) => Ok((*count).into()),
			// Digits alone: the parser would take a sign as well.
			Self::Text(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
				text.parse().map_err(|_| Error::NotAnAmount(shown(text)))
			}
			Self::Text(text) => Err(Error::NotAnAmount(shown(text))),
		}
	}
}

/// Which blocks a subscription follows.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) enum Blocks {
	/// Blocks that cannot be undone any more.
	#[default]
	Finalized,
	/// Every block as soon as it is the best one.
	Best,
}

/// The regions that `text` names: a country (`DE`), or one with a kind of line (`DE-res`, `DE-host`).
pub(super) fn regions(text: &str) -> Result<RegionFilter, Error> {
	let (country, kind) = match text.split_once('-') {
		None => (text, Some(None)),
		Some((country, "res")) => (country, Some(Some(LineKind::Residential))),
		Some((country, "host")) => (country, Some(Some(LineKind::Hosting))),
		Some((country, _)) => (country, None),
	};
	let country = <[u8; 2]>::try_from(country.as_bytes())
		.ok()
		.filter(|country| Region { country: *country, kind: LineKind::Residential }.is_valid());
	match (country, kind) {
		(Some(country), Some(kind)) => Ok(RegionFilter { country: Some(country), kind }),
		_ => Err(Error::NotARegion(shown(text))),
	}
}

/// The one region that `text` names: a country with a kind of line.
pub(super) fn region(text: &str) -> Result<Region, Error> {
	match regions(text)? {
		RegionFilter { country: Some(country), kind: Some(kind) } => Ok(Region { country, kind }),
		_ => Err(Error::NotARegion(shown(text))),
	}
}

/// As much of an input as an error repeats.
fn shown(text: &str) -> String {
	text.chars().take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::json;
	use sp_core::crypto::Ss58AddressFormat;
	use weir_fuzz::Fuzz;

	fn account(text: &str) -> Result<AccountId, Error> {
		Account(text.into()).id()
	}

	#[test]
	fn account_should_be_read_when_it_is_an_address_or_hex() {
		let alice = sp_keyring::Sr25519Keyring::Alice.to_account_id();
		assert_eq!(account("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"), Ok(alice.clone()));
		let hex = "0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";
		assert_eq!(account(hex), Ok(alice));
	}

	#[test]
	fn account_should_be_refused_with_its_text_when_it_is_none() {
		let alice = sp_keyring::Sr25519Keyring::Alice.to_account_id();
		let foreign = alice.to_ss58check_with_version(Ss58AddressFormat::custom(0));
		let long = "x".repeat(5_000);
		for text in
			["", "0x", "0x12", "Alice", "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQZ", &foreign, &long]
		{
			assert_eq!(account(text), Err(Error::NotAnAccount(text.chars().take(80).collect())));
		}
	}

	#[test]
	fn provider_should_be_read_when_it_is_an_index_or_an_account() {
		let read = |value| serde_json::from_value::<AccountOrIndex>(value);
		assert!(matches!(read(json!(7)), Ok(AccountOrIndex::Index(7))));
		assert!(matches!(read(json!("5Grw")), Ok(AccountOrIndex::Account(Account(text))) if text == "5Grw"));
		let error = read(json!(-1)).unwrap_err().to_string();
		assert_eq!(error, "expected the index of a provider or its account");
	}

	#[test]
	fn region_should_be_read_when_it_is_a_country_with_or_without_a_kind() {
		let of = |kind| RegionFilter { country: Some(*b"DE"), kind };
		assert_eq!(regions("DE"), Ok(of(None)));
		assert_eq!(regions("DE-res"), Ok(of(Some(LineKind::Residential))));
		assert_eq!(regions("DE-host"), Ok(of(Some(LineKind::Hosting))));
	}

	#[test]
	fn region_should_be_refused_when_country_or_kind_is_none() {
		for text in ["", "de", "XX", "DEU", "DE-", "DE-home", "DE-res-1", "res", "-res"] {
			assert_eq!(regions(text), Err(Error::NotARegion(text.into())));
		}
	}

	#[test]
	fn region_should_be_one_when_one_is_asked_for() {
		assert_eq!(region("NL-host"), Ok(Region { country: *b"NL", kind: LineKind::Hosting }));
		for text in ["NL", "NL-home", ""] {
			assert_eq!(region(text), Err(Error::NotARegion(text.into())));
		}
	}

	#[test]
	fn credits_should_be_read_as_a_number_or_as_text_and_as_nothing_else() {
		let read = |value| serde_json::from_value::<Credits>(value);
		assert_eq!(read(json!(5_000_000)).unwrap().count(), Ok(5_000_000));
		assert_eq!(read(json!(u128::MAX.to_string())).unwrap().count(), Ok(u128::MAX));
		for text in ["", "-1", "+1", "1.5", "0x10", "340282366920938463463374607431768211456"] {
			assert_eq!(read(json!(text)).unwrap().count(), Err(Error::NotAnAmount(text.into())));
		}
		for wrong in [json!(-1), json!(1.5), json!([1])] {
			let error = read(wrong).unwrap_err().to_string();
			assert_eq!(error, "expected credits: a whole number, or one in decimal as text");
		}
	}

	#[test]
	fn fuzz_parameters_should_be_read_or_refused_with_what_was_given() {
		let hex = format!("\"0x{}\"", "11".repeat(32));
		let samples = [
			"7",
			"\"5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY\"",
			&hex,
			"\"DE-res\"",
			"\"best\"",
			"null",
		];
		let words = ["0x", "-host", "\\u0000", "\\ud800", "4294967296", "\"", "[]", "{}"];
		let ran = Fuzz::new("parameters", 40_000).samples(samples).words(words).longest(256).run(|bytes| {
			let blocks = serde_json::from_slice::<Blocks>(bytes).is_ok();
			let text = serde_json::from_slice::<String>(bytes).ok();
			let region = text.as_deref().is_some_and(|text| match regions(text) {
				Ok(filter) => text.starts_with(std::str::from_utf8(&filter.country.unwrap()).unwrap()),
				Err(error) => {
					assert_eq!(error, Error::NotARegion(text.chars().take(SHOWN).collect()));
					false
				}
			});
			let account = match serde_json::from_slice::<AccountOrIndex>(bytes) {
				Ok(AccountOrIndex::Index(_)) => Some(true),
				Ok(AccountOrIndex::Account(account)) => Some(match account.id() {
					Ok(id) => {
						let again =
							Account(id.to_ss58check_with_version(Ss58AddressFormat::custom(SS58_PREFIX)));
						assert_eq!(again.id(), Ok(id));
						true
					}
					Err(error) => {
						assert_eq!(error, Error::NotAnAccount(account.shown()));
						false
					}
				}),
				Err(_) => None,
			};
			[(account, region, blocks)]
		});
		for account in [None, Some(false), Some(true)] {
			assert!(ran.count(&(account, false, false)) > 0, "{:?}", ran.seen);
		}
		assert!(
			ran.seen.keys().any(|(_, region, _)| *region) && ran.seen.keys().any(|(_, _, blocks)| *blocks)
		);
	}
}
