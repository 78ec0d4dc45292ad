//! What neighbours on one address prefix may weigh together. Source: research, economics, section 2.7.
//!
//! A line stands at three levels, each inside the next:
//!
//! | level | IPv4 | IPv6 | no address | may weigh together |
//! |---|---|---|---|---|
//! | [`Site`] | /32 | /56 | an operator's | one node cap |
//! | [`Block`] | /24 | /48 | all | four node caps |
//! | [`Network`], per region | /16 | /32 | all | a fifth of its region, at least four node caps |
//!
//! A network stands in for an autonomous system, which the chain does not know. Lines that are reached only through
//! others have no address: those of an operator are one site, and all of them, in whatever region, one block. Addresses are
//! scarce and operators are not: a share of what the region is offered would rise with every name that somebody offers by,
//! so that only a fixed cap on all of them bounds what names gain.
//!
//! What a level offers to the next is what it let through: a crowd on one address weighs on its block no more than one
//! line could, so it cannot push its neighbours out. At each level a line gets its part of the cap by what all offer
//! ([`Group::share`]), and never more than the room that the others have left. Hence
//!
//! * a group is never above its cap, whatever the order in which lines come;
//! * once nobody moves, a round of all lines brings each of a level to its part or below, and the next one to exactly its
//!   part, in any order: after two rounds per level weights do not depend on the order in which lines came;
//! * a line that is split into many of the same group gains nothing: parts of the cap are linear in what is offered.

use super::{
	units::{Ppm, Weight},
	wide::{mul_div_floor, part_floor},
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Node caps that a block may weigh together, and every network.
pub const BLOCK_CAPS: u64 = 4;
/// Part of its region that a network may weigh.
pub const NETWORK_SHARE: Ppm = 200_000;

macro_rules! prefix_type {
	($item:item) => {
		#[derive(
			Clone,
			Copy,
			PartialEq,
			Eq,
			PartialOrd,
			Ord,
			Debug,
			Encode,
			Decode,
			DecodeWithMemTracking,
			MaxEncodedLen,
			TypeInfo,
		)]
		#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
		$item
	};
}

prefix_type! {
	/// One subscriber's addresses, or what stands for them.
	pub enum Site {
		/// An address.
		#[codec(index = 0)]
		V4([u8; 4]),
		/// A /56.
		#[codec(index = 1)]
		V6([u8; 7]),
		/// The lines of one operator without an address; the first 16 bytes of a hash of its account.
		#[codec(index = 2)]
		Relayed([u8; 16]),
	}
}

prefix_type! {
	/// Addresses of one place.
	pub enum Block {
		/// A /24.
		#[codec(index = 0)]
		V4([u8; 3]),
		/// A /48.
		#[codec(index = 1)]
		V6([u8; 6]),
		/// All lines without an address.
		#[codec(index = 2)]
		Relayed,
	}
}

prefix_type! {
	/// Addresses of one provider of connectivity, as near as the chain can tell.
	pub enum Network {
		/// A /16.
		#[codec(index = 0)]
		V4([u8; 2]),
		/// A /32.
		#[codec(index = 1)]
		V6([u8; 4]),
		/// All lines without an address.
		#[codec(index = 2)]
		Relayed,
	}
}

impl Site {
	/// The site of an IPv4 address.
	pub fn of_v4(address: [u8; 4]) -> Self {
		Self::V4(address)
	}

	/// The site of an IPv6 address.
	pub fn of_v6([a, b, c, d, e, f, g, ..]: [u8; 16]) -> Self {
		Self::V6([a, b, c, d, e, f, g])
	}

	/// The site of an operator's lines without an address.
	pub fn of_relayed(operator: [u8; 16]) -> Self {
		Self::Relayed(operator)
	}

	/// The block that it is in.
	pub fn block(&self) -> Block {
		match *self {
			Self::V4([a, b, c, _]) => Block::V4([a, b, c]),
			Self::V6([a, b, c, d, e, f, _]) => Block::V6([a, b, c, d, e, f]),
			Self::Relayed(_) => Block::Relayed,
		}
	}
}

impl Block {
	/// The network that it is in.
	pub fn network(&self) -> Network {
		match *self {
			Self::V4([a, b, _]) => Network::V4([a, b]),
			Self::V6([a, b, c, d, ..]) => Network::V6([a, b, c, d]),
			Self::Relayed => Network::Relayed,
		}
	}
}

/// Lines that stand together.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Group {
	/// How many they are.
	pub lines: u32,
	/// What they offer together.
	pub offered: u128,
	/// What they weigh together.
	pub weight: u128,
}

impl Group {
	/// What a line that offers `offered` weighs beside these: `min(offered · min(1, cap ÷ all that is offered), cap − what
	/// these weigh)`, rounded down. `self` does not hold the line.
	pub fn share(&self, offered: Weight, cap: u128) -> Weight {
		let all = self.offered.saturating_add(offered.into());
		let part = if all <= cap {
			offered
		} else {
			let part = mul_div_floor(offered.into(), cap, all);
			part.and_then(|part| Weight::try_from(part).ok()).unwrap_or(offered)
		};
		let room = cap.saturating_sub(self.weight);
		part.min(Weight::try_from(room).unwrap_or(Weight::MAX))
	}

	/// The group with a line that offers `offered` and weighs `weight`. None if a sum overflows.
	pub fn with(self, offered: Weight, weight: Weight) -> Option<Self> {
		Some(Self {
			lines: self.lines.checked_add(1)?,
			offered: self.offered.checked_add(offered.into())?,
			weight: self.weight.checked_add(weight.into())?,
		})
	}

	/// The group without such a line. None if it did not hold one.
	pub fn without(self, offered: Weight, weight: Weight) -> Option<Self> {
		Some(Self {
			lines: self.lines.checked_sub(1)?,
			offered: self.offered.checked_sub(offered.into())?,
			weight: self.weight.checked_sub(weight.into())?,
		})
	}

	/// Whether nobody stands here.
	pub fn is_empty(&self) -> bool {
		self.lines == 0
	}
}

/// What the lines of a block may weigh together.
pub fn block_cap(node_cap: Weight) -> u128 {
	u128::from(node_cap).saturating_mul(BLOCK_CAPS.into())
}

/// What the lines of a network may weigh together in a region whose blocks offer `offered`: a fifth, and never less than a
/// block may: a share of a region with few lines says nothing, and would take four fifths of its first line.
pub fn network_cap(offered: u128, node_cap: Weight) -> u128 {
	part_floor(offered, NETWORK_SHARE).max(block_cap(node_cap))
}

/// The groups of one line, without it: its site, its block, its network in its region.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Surroundings {
	/// On its site.
	pub site: Group,
	/// In its block.
	pub block: Group,
	/// In its network, in its region.
	pub network: Group,
	/// What all blocks offer in its region.
	pub region_offered: u128,
}

/// What a line weighs, level by level.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Standing {
	/// As measured: what it offers its site.
	pub raw: Weight,
	/// What its site lets through: what it offers its block.
	pub site: Weight,
	/// What its block lets through: what it offers its network.
	pub block: Weight,
	/// What its network lets through: what it weighs.
	pub weight: Weight,
}

impl Surroundings {
	/// What a line that weighs `raw` by itself weighs here.
	pub fn standing(&self, raw: Weight, node_cap: Weight) -> Standing {
		let site = self.site.share(raw, node_cap.into());
		let block = self.block.share(site, block_cap(node_cap));
		let region = self.region_offered.saturating_add(block.into());
		let weight = self.network.share(block, network_cap(region, node_cap));
		Standing { raw, site, block, weight }
	}
}
