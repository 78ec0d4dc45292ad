//! Where lines stand, and what neighbours weigh together.

use crate::{pallet::*, types::Unexpected, Count, Line, LineOf, WeightInfo};
use codec::Encode;
use polkadot_sdk::*;
use sp_io::hashing::blake2_128;
use sp_runtime::{traits::Get, Weight};
use weir_math::economy::groups::{Group, Network, Site, Standing, Surroundings};
use weir_primitives::{
	economy::{LineWeight, Placed, RegionId},
	seams::economy::Placement,
	Endpoint, ProviderIndex, Region,
};

/// The network of an endpoint. Lines without an address are in one, whoever operates them.
fn network_of(endpoint: &Endpoint) -> Network {
	match *endpoint {
		Endpoint::V4 { addr, .. } => Site::of_v4(addr).block().network(),
		Endpoint::V6 { addr, .. } => Site::of_v6(addr).block().network(),
		Endpoint::RelayOnly => Network::Relayed,
	}
}

/// The counts of a region with or without a line, and what changed with it.
struct Recount {
	/// Whether it is another operator than the region had, or has.
	operator: bool,
	/// Whether it is another network.
	network: bool,
	/// What its block lets through.
	offered: LineWeight,
}

impl Count {
	fn with(mut self, change: &Recount) -> Option<Self> {
		let census = &mut self.census;
		census.nodes = census.nodes.checked_add(1)?;
		census.operators = census.operators.checked_add(change.operator.into())?;
		census.networks = census.networks.checked_add(change.network.into())?;
		self.offered = self.offered.checked_add(change.offered.into())?;
		Some(self)
	}

	fn without(mut self, change: &Recount) -> Option<Self> {
		let census = &mut self.census;
		census.nodes = census.nodes.checked_sub(1)?;
		census.operators = census.operators.checked_sub(change.operator.into())?;
		census.networks = census.networks.checked_sub(change.network.into())?;
		self.offered = self.offered.checked_sub(change.offered.into())?;
		Some(self)
	}
}

/// The groups and counts of a line.
struct Neighbourhood {
	around: Surroundings,
	operator_lines: u32,
	count: Count,
}

impl Neighbourhood {
	/// With the line in it.
	fn with(self, standing: &Standing) -> Option<Self> {
		let Standing { raw, site, block, weight } = *standing;
		let change = Recount {
			operator: self.operator_lines == 0,
			network: self.around.network.is_empty(),
			offered: block,
		};
		Some(Self {
			around: Surroundings {
				site: self.around.site.with(raw, site)?,
				block: self.around.block.with(site, block)?,
				network: self.around.network.with(block, weight)?,
				..self.around
			},
			operator_lines: self.operator_lines.checked_add(1)?,
			count: self.count.with(&change)?,
		})
	}

	/// Without the line that is in it.
	fn without(self, standing: &Standing) -> Option<Self> {
		let Standing { raw, site, block, weight } = *standing;
		let around = Surroundings {
			site: self.around.site.without(raw, site)?,
			block: self.around.block.without(site, block)?,
			network: self.around.network.without(block, weight)?,
			..self.around
		};
		let operator_lines = self.operator_lines.checked_sub(1)?;
		let change =
			Recount { operator: operator_lines == 0, network: around.network.is_empty(), offered: block };
		Some(Self { around, operator_lines, count: self.count.without(&change)? })
	}
}

impl<T: Config> Pallet<T> {
	fn neighbourhood(id: RegionId, operator: &T::AccountId, site: &Site) -> Neighbourhood {
		let (block, network) = (site.block(), site.block().network());
		let count = Counts::<T>::get(id);
		Neighbourhood {
			around: Surroundings {
				site: Sites::<T>::get(site),
				block: Blocks::<T>::get(block),
				network: Networks::<T>::get(id, network),
				region_offered: count.offered,
			},
			operator_lines: OperatorLines::<T>::get(id, operator),
			count,
		}
	}

	/// Writes groups and counts back; none is kept without a line.
	fn keep(id: RegionId, operator: &T::AccountId, site: &Site, now: &Neighbourhood) {
		let (block, network) = (site.block(), site.block().network());
		let kept = |group: Group| (!group.is_empty()).then_some(group);
		Sites::<T>::mutate_exists(site, |group| *group = kept(now.around.site));
		Blocks::<T>::mutate_exists(block, |group| *group = kept(now.around.block));
		Networks::<T>::mutate_exists(id, network, |group| *group = kept(now.around.network));
		OperatorLines::<T>::mutate_exists(id, operator, |lines| {
			*lines = (now.operator_lines > 0).then_some(now.operator_lines);
		});
		Counts::<T>::mutate_exists(id, |count| *count = (now.count.census.nodes > 0).then_some(now.count));
	}

	/// Takes a line away from where it stands, if it stands anywhere.
	fn lift(provider: ProviderIndex) {
		let Some(Line { region, operator, site, standing }) = Lines::<T>::take(provider) else { return };
		match Self::neighbourhood(region, &operator, &site).without(&standing) {
			Some(left) => Self::keep(region, &operator, &site, &left),
			None => Self::unexpected(Unexpected::Count),
		}
	}

	/// Puts a line that stands nowhere among its neighbours. Returns what it weighs.
	fn put(
		id: RegionId,
		provider: ProviderIndex,
		operator: &T::AccountId,
		site: Site,
		raw: LineWeight,
	) -> LineWeight {
		let before = Self::neighbourhood(id, operator, &site);
		let standing = before.around.standing(raw, T::NodeCap::get());
		let Some(now) = before.with(&standing) else {
			Self::unexpected(Unexpected::Count);
			return 0;
		};
		Self::keep(id, operator, &site, &now);
		Lines::<T>::insert(provider, LineOf::<T> { region: id, operator: operator.clone(), site, standing });
		standing.weight
	}
}

impl<T: Config> Placement<T::AccountId> for Pallet<T> {
	fn place(
		provider: ProviderIndex,
		operator: &T::AccountId,
		region: &Region,
		endpoint: &Endpoint,
		raw: LineWeight,
	) -> Placed {
		Self::lift(provider);
		match Self::open_id(region) {
			Some(id) if raw > 0 => {
				let site = Self::site(operator, endpoint);
				Placed { region: Some(id), weight: Self::put(id, provider, operator, site, raw) }
			}
			region => Placed { region, weight: 0 },
		}
	}

	fn site(operator: &T::AccountId, endpoint: &Endpoint) -> Site {
		match *endpoint {
			Endpoint::V4 { addr, .. } => Site::of_v4(addr),
			Endpoint::V6 { addr, .. } => Site::of_v6(addr),
			Endpoint::RelayOnly => Site::of_relayed(operator.using_encoded(blake2_128)),
		}
	}

	fn is_hosting(endpoint: &Endpoint) -> bool {
		Hosting::<T>::contains_key(network_of(endpoint))
	}

	/// Asking for the hosting prefix is included.
	fn weight() -> Weight {
		T::WeightInfo::place().saturating_add(T::WeightInfo::is_hosting())
	}
}
