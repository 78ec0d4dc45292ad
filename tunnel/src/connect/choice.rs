//! Whom to buy from: what the chain says of providers, as [`hops`](weir_tunnel_core::hops) draws among them.

use super::money::per_gb;
use crate::{
	advice,
	chain::{bytes32, providers, socket_address, ChainView, Directory},
};
use anyhow::{anyhow, bail, Context, Result};
use std::{net::SocketAddr, str::FromStr};
use weir_primitives::{
	api::{ProviderInfo, RegionFilter},
	chain::{AccountId, Balance},
	ExitClass, Region,
};
use weir_tunnel_core::hops::{draw, score, Candidate, Network, NobodyFits, Wish};

/// Whom the customer asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Whom {
	/// This one.
	Account(AccountId),
	/// Anybody there.
	Anywhere(RegionFilter),
}

/// A provider as it is dialled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Provider {
	/// Its account.
	pub(crate) account: AccountId,
	/// UDP and TCP.
	pub(crate) address: SocketAddr,
	/// Its control-plane identity.
	pub(crate) peer: libp2p::PeerId,
	/// Where it stands.
	pub(crate) region: Region,
	/// What it lets out.
	pub(crate) exit: ExitClass,
}

/// The country of an option: two letters.
pub(crate) fn country(text: &str) -> Result<[u8; 2]> {
	let country = <[u8; 2]>::try_from(text.to_ascii_uppercase().as_bytes()).ok();
	let region = |country| Region { country, kind: weir_primitives::LineKind::Residential };
	country.filter(|country| region(*country).is_valid()).ok_or_else(|| {
		anyhow!("{}: expected the two letters of a country, such as DE", advice::one_line(text))
	})
}

/// The account of an option: an address or 32 bytes of hex.
pub(crate) fn account(text: &str) -> Result<AccountId> {
	AccountId::from_str(text).map_err(|error| {
		anyhow!("{} is neither an address nor 32 bytes of hex ({error})", advice::one_line(text))
	})
}

/// What is dialled of a registration; an error says why it cannot be.
pub(crate) fn provider(info: &ProviderInfo<AccountId, Balance>) -> Result<Provider> {
	let address = socket_address(&info.endpoint).with_context(|| {
		format!("provider {} is reached through others only; take another one", info.account)
	})?;
	let peer = libp2p::PeerId::from_bytes(&info.peer_id)
		.with_context(|| format!("provider {} has registered no PeerId; take another one", info.account))?;
	Ok(Provider { account: info.account.clone(), address, peer, region: info.region, exit: info.exit })
}

/// The registration of a provider.
pub(crate) async fn registered(chain: &(impl ChainView + ?Sized), account: &AccountId) -> Result<Provider> {
	let info = chain.provider(account).await?;
	let info = info.with_context(|| {
		format!("{account} is not registered as a provider (any more); take another one, without --provider")
	})?;
	provider(&info)
}

/// Those who may be drawn in the regions asked for.
pub(crate) async fn candidates(
	directory: &(impl Directory + ?Sized),
	regions: RegionFilter,
) -> Result<Vec<Candidate>> {
	Ok(providers(directory, regions).await?.iter().map(candidate).collect())
}

fn candidate(info: &ProviderInfo<AccountId, Balance>) -> Candidate {
	Candidate {
		account: bytes32(&info.account),
		operator: bytes32(info.operator.as_ref().unwrap_or(&info.account)),
		network: Network::of(&info.endpoint),
		region: info.region,
		exit: info.exit,
		price: info.price_credits_per_gb,
		score: score(info.last_verdict.as_ref(), info.strikes, info.caps.rate_kbps),
		in_service: info.in_service && !info.paused,
	}
}

/// Draws an exit.
pub(crate) fn exit(
	candidates: &[Candidate],
	regions: RegionFilter,
	most_price: u64,
	seed: [u8; 32],
) -> Result<AccountId> {
	let wish = Wish { regions, most_price, is_exit: true };
	match draw(candidates, &wish, &[], seed) {
		Ok(candidate) => Ok(candidate.account.into()),
		Err(NobodyFits::Price { least }) => bail!(
			"every provider there asks for more than {}, the cheapest for {}; raise --max-price or try another region",
			per_gb(most_price),
			per_gb(least)
		),
		Err(error) => Err(error.into()),
	}
}

/// Draws a hop before those of `after`, which traffic need not leave by.
pub(crate) fn carrier(
	candidates: &[Candidate],
	after: &[[u8; 32]],
	most_price: u64,
	seed: [u8; 32],
) -> Result<AccountId> {
	let wish = Wish { regions: RegionFilter::default(), most_price, is_exit: false };
	Ok(draw(candidates, &wish, &named(candidates, after), seed)?.account.into())
}

/// Whether this one of `candidates` could be drawn there.
pub(crate) fn carrier_fits(
	candidates: &[Candidate],
	after: &[[u8; 32]],
	account: &[u8; 32],
	most_price: u64,
) -> bool {
	let wish = Wish { regions: RegionFilter::default(), most_price, is_exit: false };
	let one =
		candidates.iter().filter(|candidate| candidate.account == *account).cloned().collect::<Vec<_>>();
	draw(&one, &wish, &named(candidates, after), [0; 32]).is_ok()
}

fn named<'a>(candidates: &'a [Candidate], accounts: &[[u8; 32]]) -> Vec<&'a Candidate> {
	candidates.iter().filter(|candidate| accounts.contains(&candidate.account)).collect()
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::chain::{fake, ChainError};
	use weir_primitives::{api::Page, Endpoint, ProviderIndex};

	struct Listed(Vec<ProviderInfo<AccountId, Balance>>);

	#[async_trait::async_trait]
	impl Directory for Listed {
		async fn page(
			&self,
			start: ProviderIndex,
			regions: RegionFilter,
		) -> Result<Page<ProviderInfo<AccountId, Balance>>, ChainError> {
			// One at a time, as of a long list, and none twice.
			let rows = self.0.iter().skip(start as usize).take(1).filter(|one| regions.admits(&one.region));
			let next = (start as usize + 1 < self.0.len()).then_some(start + 1);
			Ok(Page { rows: rows.cloned().collect(), next })
		}
	}

	fn listed(n: u8) -> ProviderInfo<AccountId, Balance> {
		let peer = libp2p::identity::Keypair::generate_ed25519().public().to_peer_id();
		ProviderInfo { account: [n; 32].into(), exit: ExitClass::Web, ..fake::provider(&peer) }
	}

	#[tokio::test]
	async fn exit_should_be_drawn_from_all_pages_among_those_in_service() {
		let directory = Listed(vec![listed(1), ProviderInfo { paused: true, ..listed(2) }, listed(3)]);
		let regions = RegionFilter::default();
		let all = candidates(&directory, regions).await.unwrap();
		assert_eq!(all.len(), 3);
		let draws = (0..40u8).map(|n| exit(&all, regions, 50_000, [n; 32]).unwrap());
		let drawn = draws.collect::<std::collections::BTreeSet<_>>();
		assert_eq!(drawn, [[1; 32].into(), [3; 32].into()].into());
		let france = RegionFilter { country: Some(*b"FR"), kind: None };
		assert!(candidates(&directory, france).await.unwrap().is_empty());
	}

	#[test]
	fn error_should_name_both_prices_when_all_are_too_dear() {
		let all = [candidate(&listed(1))];
		let error = exit(&all, RegionFilter::default(), 20_000, [0; 32]).unwrap_err().to_string();
		assert!(error.contains("$0.02 per GB") && error.contains("$0.05 per GB"), "{error}");
		assert!(error.contains("--max-price"), "{error}");
	}

	#[test]
	fn provider_should_say_why_it_cannot_be_dialled() {
		let error = |info| provider(&info).unwrap_err().to_string();
		assert!(error(ProviderInfo { endpoint: Endpoint::RelayOnly, ..listed(1) }).contains("through others"));
		assert!(error(ProviderInfo { peer_id: vec![1], ..listed(1) }).contains("PeerId"));
		assert_eq!(provider(&listed(1)).unwrap().address, "127.0.51.2:1".parse().unwrap());
	}

	#[test]
	fn country_should_be_an_assigned_code_in_either_case() {
		assert_eq!(country("de").unwrap(), *b"DE");
		for text in ["", "D", "DEU", "XX", "D\n"] {
			assert!(country(text).is_err(), "{text:?}");
		}
	}
}
