//! Who offers what: the list of providers that a customer chooses from.

use super::{client::Client, ChainError};
use async_trait::async_trait;
use weir_primitives::{
	api::{Page, ProviderInfo, RegionFilter},
	chain::{AccountId, Balance},
	ProviderIndex,
};

/// Rows of a page, at most.
const ROWS: u32 = 100;
/// Pages that are read at most: a list without an end is not one of the chain.
const MAX_PAGES: usize = 2_000;

/// The list of providers: the seam that tests replace.
#[async_trait]
pub trait Directory: Send + Sync + 'static {
	/// Providers of the regions asked for, from index `start`: a hundred at most.
	async fn page(
		&self,
		start: ProviderIndex,
		regions: RegionFilter,
	) -> Result<Page<ProviderInfo<AccountId, Balance>>, ChainError>;
}

#[async_trait]
impl Directory for Client {
	async fn page(
		&self,
		start: ProviderIndex,
		regions: RegionFilter,
	) -> Result<Page<ProviderInfo<AccountId, Balance>>, ChainError> {
		self.call_at("ProofOfBandwidthApi", "providers", (start, ROWS, regions), None).await
	}
}

/// All providers of the regions asked for.
pub async fn providers(
	directory: &(impl Directory + ?Sized),
	regions: RegionFilter,
) -> Result<Vec<ProviderInfo<AccountId, Balance>>, ChainError> {
	let mut all = Vec::new();
	let mut start = Some(0);
	for _ in 0..MAX_PAGES {
		let Some(from) = start else { return Ok(all) };
		let page = directory.page(from, regions).await?;
		all.extend(page.rows);
		// An answer that leads back would never end.
		start = page.next.filter(|next| *next > from);
	}
	Ok(all)
}
