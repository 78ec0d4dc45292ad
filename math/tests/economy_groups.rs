//! Neighbours: property 21 of research, economics, section 5, and the groups' part of 31.

use proptest::prelude::*;
use std::collections::BTreeMap;
use weir_math::economy::groups::*;

const NODE_CAP: u64 = 250_000;

/// The groups of one region, kept as a pallet keeps them.
#[derive(Clone, Default)]
struct Neighbours {
	lines: BTreeMap<u32, (Site, Standing)>,
	sites: BTreeMap<Site, Group>,
	blocks: BTreeMap<Block, Group>,
	networks: BTreeMap<Network, Group>,
	offered: u128,
}

impl Neighbours {
	fn remove(&mut self, line: u32) {
		let Some((site, standing)) = self.lines.remove(&line) else { return };
		let (block, network) = (site.block(), site.block().network());
		let at = self.sites.get_mut(&site).unwrap();
		*at = at.without(standing.raw, standing.site).unwrap();
		let at = self.blocks.get_mut(&block).unwrap();
		*at = at.without(standing.site, standing.block).unwrap();
		let at = self.networks.get_mut(&network).unwrap();
		*at = at.without(standing.block, standing.weight).unwrap();
		self.offered -= u128::from(standing.block);
	}

	/// Places the line anew; what its network may weigh is checked, for it moves with the region.
	fn place(&mut self, line: u32, site: Site, raw: u64) -> Standing {
		self.remove(line);
		let (block, network) = (site.block(), site.block().network());
		let around = Surroundings {
			site: self.sites.get(&site).copied().unwrap_or_default(),
			block: self.blocks.get(&block).copied().unwrap_or_default(),
			network: self.networks.get(&network).copied().unwrap_or_default(),
			region_offered: self.offered,
		};
		let standing = around.standing(raw, NODE_CAP);
		let cap = network_cap(self.offered + u128::from(standing.block), NODE_CAP);
		assert!(
			standing.weight == 0 || around.network.weight + u128::from(standing.weight) <= cap,
			"lifted above the network's cap"
		);
		self.sites.insert(site, around.site.with(raw, standing.site).unwrap());
		self.blocks.insert(block, around.block.with(standing.site, standing.block).unwrap());
		self.networks.insert(network, around.network.with(standing.block, standing.weight).unwrap());
		self.offered += u128::from(standing.block);
		self.lines.insert(line, (site, standing));
		standing
	}

	fn touch(&mut self, line: u32) {
		let (site, standing) = self.lines[&line];
		self.place(line, site, standing.raw);
	}

	/// Two rounds for each of three levels.
	fn settle(&mut self, order: &[u32]) {
		for _ in 0..6 {
			order.iter().for_each(|line| self.touch(*line));
		}
	}

	fn check(&self) {
		for group in self.sites.values() {
			assert!(group.weight <= u128::from(NODE_CAP));
		}
		for group in self.blocks.values() {
			assert!(group.weight <= block_cap(NODE_CAP));
		}
		for (_, standing) in self.lines.values() {
			let Standing { raw, site, block, weight } = *standing;
			assert!(weight <= block && block <= site && site <= raw);
		}
	}

	fn weights(&self) -> BTreeMap<u32, u64> {
		self.lines.iter().map(|(line, (_, standing))| (*line, standing.weight)).collect()
	}

	fn weight(&self) -> u128 {
		self.lines.values().map(|(_, standing)| u128::from(standing.weight)).sum()
	}

	fn weight_of(&self, network: Network) -> u128 {
		self.networks.get(&network).map_or(0, |group| group.weight)
	}
}

/// Few networks, blocks and sites, so that they are crowded.
fn site() -> impl Strategy<Value = Site> {
	prop_oneof![
		8 => (1..4u8, 0..2u8, 0..3u8).prop_map(|(b, c, d)| Site::of_v4([9, b, c, d])),
		2 => (0..2u8, 0..2u8).prop_map(|(f, g)| {
			Site::of_v6([0x20, 0x01, 0x0a, 0, 0, f, g, 1, 0, 0, 0, 0, 0, 0, 0, 1])
		}),
		1 => (0..8u8).prop_map(|operator| Site::of_relayed([operator; 16])),
	]
}

fn raw() -> impl Strategy<Value = u64> {
	prop_oneof![8_000..300_000u64, 1..10u64, Just(NODE_CAP), Just(u64::MAX / 4)]
}

fn crowd(most: usize) -> impl Strategy<Value = Vec<(Site, u64)>> {
	prop::collection::vec((site(), raw()), 1..most)
}

fn placed(lines: &[(Site, u64)]) -> Neighbours {
	let mut neighbours = Neighbours::default();
	for (line, (site, raw)) in lines.iter().enumerate() {
		neighbours.place(line as u32, *site, *raw);
	}
	neighbours
}

#[test]
fn prefixes_should_be_cut_where_the_table_says() {
	let site = Site::of_v4([198, 51, 100, 7]);
	assert_eq!(site, Site::V4([198, 51, 100, 7]));
	assert_eq!(site.block(), Block::V4([198, 51, 100]));
	assert_eq!(site.block().network(), Network::V4([198, 51]));
	let site = Site::of_v6([0x20, 0x01, 0x0d, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
	assert_eq!(site, Site::V6([0x20, 0x01, 0x0d, 0xb8, 1, 2, 3]));
	assert_eq!(site.block(), Block::V6([0x20, 0x01, 0x0d, 0xb8, 1, 2]));
	assert_eq!(site.block().network(), Network::V6([0x20, 0x01, 0x0d, 0xb8]));
	let site = Site::of_relayed([7; 16]);
	assert_eq!(site, Site::Relayed([7; 16]));
	assert_eq!(site.block(), Block::Relayed);
	assert_eq!(site.block().network(), Network::Relayed);
}

#[test]
fn lone_line_should_weigh_what_it_measures_up_to_the_node_cap() {
	let lone = Surroundings::default();
	assert_eq!(lone.standing(50_000, NODE_CAP).weight, 50_000);
	assert_eq!(lone.standing(1_000_000, NODE_CAP).weight, NODE_CAP);
	assert_eq!(lone.standing(u64::MAX, NODE_CAP).weight, NODE_CAP);
	assert_eq!(lone.standing(0, NODE_CAP), Standing::default());
}

#[test]
fn ten_lines_on_one_address_should_weigh_as_one() {
	let site = Site::of_v4([9, 1, 1, 1]);
	let mut neighbours = placed(&[(site, 100_000); 10]);
	neighbours.settle(&(0..10).collect::<Vec<_>>());
	assert!(neighbours.weights().values().all(|weight| *weight == 25_000));
}

#[test]
fn five_addresses_of_a_block_should_weigh_as_four() {
	let lines = (0..5).map(|d| (Site::of_v4([9, 1, 1, d]), NODE_CAP)).collect::<Vec<_>>();
	let mut neighbours = placed(&lines);
	neighbours.settle(&[0, 1, 2, 3, 4]);
	assert!(neighbours.weights().values().all(|weight| *weight == 200_000));
}

#[test]
fn network_should_weigh_a_fifth_of_a_large_region() {
	// 40 node caps in one network, 60 in others.
	let mut lines = (0..40).map(|c| (Site::of_v4([9, 1, c, 1]), NODE_CAP)).collect::<Vec<_>>();
	lines.extend((0..60).map(|b| (Site::of_v4([10, b, 1, 1]), NODE_CAP)));
	let mut neighbours = placed(&lines);
	neighbours.settle(&(0..100).collect::<Vec<_>>());
	let weights = neighbours.weights();
	assert!((0..40).all(|line| weights[&line] == NODE_CAP / 2), "20 node caps among 40 lines");
	assert!((40..100).all(|line| weights[&line] == NODE_CAP));
}

/// A region of others' lines, 100 node caps, and as many operators without an address as given, a node cap each.
fn with_relayed(operators: u8) -> Neighbours {
	let mut lines = (0..100).map(|b| (Site::of_v4([10, b, 1, 1]), NODE_CAP)).collect::<Vec<_>>();
	lines.extend((0..operators).map(|operator| (Site::of_relayed([operator; 16]), NODE_CAP)));
	let order = (0..lines.len() as u32).collect::<Vec<_>>();
	let mut neighbours = placed(&lines);
	neighbours.settle(&order);
	neighbours.check();
	neighbours
}

#[test]
fn lines_without_an_address_should_share_a_node_cap_by_operator() {
	let mut neighbours = with_relayed(2);
	neighbours.place(102, Site::of_relayed([1; 16]), NODE_CAP);
	neighbours.settle(&[100, 101, 102]);
	let weights = neighbours.weights();
	assert_eq!((weights[&100], weights[&101], weights[&102]), (NODE_CAP, NODE_CAP / 2, NODE_CAP / 2));
}

#[test]
fn operators_without_an_address_should_weigh_four_node_caps_however_many_they_are() {
	for operators in [4, 5, 50, 250] {
		let relayed = with_relayed(operators);
		let weight: u64 = (100..100 + u32::from(operators)).map(|line| relayed.weights()[&line]).sum();
		let dust = u64::from(operators);
		assert!((4 * NODE_CAP - dust..=4 * NODE_CAP).contains(&weight), "{operators}: {weight}");
		// Nobody else loses anything by them.
		assert!((0..100).all(|line| relayed.weights()[&line] == NODE_CAP));
	}
}

#[test]
fn crowd_on_one_address_should_not_push_its_block_out() {
	let mut lines = vec![(Site::of_v4([9, 1, 1, 1]), NODE_CAP); 100];
	lines.push((Site::of_v4([9, 1, 1, 2]), 80_000));
	let mut neighbours = placed(&lines);
	neighbours.settle(&(0..101).collect::<Vec<_>>());
	assert_eq!(neighbours.weights()[&100], 80_000);
}

#[test]
fn sums_should_refuse_what_they_do_not_hold() {
	let group = Group::default().with(5, 4).unwrap();
	assert_eq!(group, Group { lines: 1, offered: 5, weight: 4 });
	assert_eq!(group.without(6, 4), None);
	assert_eq!(group.without(5, 5), None);
	assert_eq!(Group::default().without(0, 0), None);
	assert!(group.without(5, 4).unwrap().is_empty());
	assert_eq!(Group { offered: u128::MAX, ..group }.with(1, 0), None);
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(256))]

	/// No order of coming, moving and leaving lifts a group above its cap, at any moment.
	#[test]
	fn groups_should_never_be_above_their_caps(
		steps in prop::collection::vec((0..24u32, site(), prop_oneof![4 => raw(), 1 => Just(0u64)]), 1..120),
	) {
		let mut neighbours = Neighbours::default();
		for (line, site, raw) in steps {
			match raw {
				0 => neighbours.remove(line),
				raw => drop(neighbours.place(line, site, raw)),
			}
			neighbours.check();
		}
	}

	/// (31) Once every line was placed anew, level by level, nothing remembers who came first.
	#[test]
	fn weights_should_not_depend_on_the_order_after_full_rounds(
		lines in crowd(40), order in any::<prop::sample::Index>(), seed in any::<u64>(),
	) {
		let count = lines.len() as u32;
		let mut shuffled: Vec<u32> = (0..count).collect();
		shuffled.sort_by_key(|line| (u64::from(*line) + 1).wrapping_mul(seed | 1).rotate_left(17));
		let mut rotated: Vec<u32> = (0..count).collect();
		rotated.rotate_left(order.index(count as usize));

		let mut one = placed(&lines);
		one.settle(&shuffled);
		let mut other = Neighbours::default();
		for line in &rotated {
			let (site, raw) = lines[*line as usize];
			other.place(*line, site, raw);
		}
		other.settle(&rotated);
		prop_assert_eq!(one.weights(), other.weights());
		one.check();
		// And nothing moves any more.
		let still = one.weights();
		one.settle(&rotated);
		prop_assert_eq!(one.weights(), still);
	}

	/// (21) A line split into many of its site, or of its block, never lifts what the region weighs, once all are settled.
	#[test]
	fn splitting_should_never_lift_weight(
		lines in crowd(20), parts in prop::collection::vec(1..60_000u64, 1..12), same_site in any::<bool>(), d in 10..200u8,
	) {
		let whole: u64 = parts.iter().sum();
		let own = Site::of_v4([9, 1, 1, d]);
		// Split over addresses, a line must not have been above what one address may weigh.
		prop_assume!(same_site || whole <= NODE_CAP);
		let mut one = placed(&lines);
		one.place(1_000, own, whole);
		let mut order: Vec<u32> = (0..lines.len() as u32).collect();
		order.push(1_000);
		one.settle(&order);

		let mut many = placed(&lines);
		order.pop();
		for (part, raw) in parts.iter().enumerate() {
			let site = if same_site { own } else { Site::of_v4([9, 1, 1, 200 + part as u8]) };
			many.place(1_000 + part as u32, site, *raw);
			order.push(1_000 + part as u32);
			many.check();
		}
		many.settle(&order);
		let own_of = |all: &Neighbours| -> u128 {
			all.weights().into_iter().filter(|(line, _)| *line >= 1_000).map(|(_, weight)| u128::from(weight)).sum()
		};
		// Rounding down happens in smaller parts: neighbours may gain a unit for each.
		let slack = parts.len() as u128;
		prop_assert!(own_of(&many) <= own_of(&one), "{} > {}", own_of(&many), own_of(&one));
		prop_assert!(many.weight() <= one.weight() + slack * lines.len() as u128);
	}

	/// (21) A line split over blocks of its network, its neighbours' blocks and sites among them, lifts neither what the network
	/// weighs nor what the region does. Where blocks have room, nor does it gain beside its neighbours in the network.
	#[test]
	fn splitting_over_blocks_should_never_lift_what_the_network_weighs(
		lines in crowd(40),
		parts in prop::collection::vec((1..60_000u64, prop::option::of((0..2u8, 0..3u8)), 10..200u8), 1..12),
	) {
		let whole: u64 = parts.iter().map(|(raw, ..)| raw).sum();
		prop_assume!(whole <= NODE_CAP);
		let (own, home) = (Site::of_v4([9, 1, 250, 1]), Site::of_v4([9, 1, 250, 1]).block().network());
		let mut order: Vec<u32> = (0..lines.len() as u32).collect();
		let mut one = placed(&lines);
		one.place(1_000, own, whole);
		order.push(1_000);
		one.settle(&order);

		let mut many = placed(&lines);
		order.pop();
		for (part, (raw, beside, c)) in parts.iter().enumerate() {
			let site = match beside {
				Some((c, d)) => Site::of_v4([9, 1, *c, *d]),
				None => Site::of_v4([9, 1, *c, 100 + part as u8]),
			};
			many.place(1_000 + part as u32, site, *raw);
			order.push(1_000 + part as u32);
			many.check();
		}
		many.settle(&order);
		// Lines are rounded down at each of three levels.
		let slack = 3 * order.len() as u128;
		prop_assert!(many.weight_of(home) <= one.weight_of(home) + slack);
		prop_assert!(many.weight() <= one.weight() + slack);
		let own_of = |all: &Neighbours| -> u128 {
			all.weights().into_iter().filter(|(line, _)| *line >= 1_000).map(|(_, weight)| u128::from(weight)).sum()
		};
		let has_room = parts.iter().all(|(_, beside, _)| beside.is_none());
		prop_assert!(!has_room || own_of(&many) <= own_of(&one), "{} > {}", own_of(&many), own_of(&one));
	}

	/// (21) At every level, on whatever site, block or network: the more parts a line of a group is in, the less it weighs, for
	/// each is rounded down, and the group never weighs more.
	#[test]
	fn split_within_any_group_should_weigh_no_more(
		others in (0..4_000_000u128, 0..4_000_000u128),
		parts in prop::collection::vec(0..NODE_CAP, 1..20),
		cap in prop_oneof![Just(u128::from(NODE_CAP)), Just(block_cap(NODE_CAP)), 0..4_000_000u128],
	) {
		// What the others weigh is settled: their part of the cap.
		let settled = |offered: u128, all: u128| if all <= cap { offered } else { offered * cap / all };
		let whole: u64 = parts.iter().sum();
		let offered = others.0 + others.1;
		let all = offered + u128::from(whole);
		let weight_of_others = settled(others.0, all) + settled(others.1, all);
		let group = Group { lines: 2, offered, weight: weight_of_others };
		let as_one = group.share(whole, cap);
		let mut split = Group { offered: all, ..group };
		let mut as_many = 0u128;
		for part in &parts {
			// In a settled group each finds all others there.
			let around = Group { offered: all - u128::from(*part), ..split };
			let share = around.share(*part, cap);
			as_many += u128::from(share);
			split.weight += u128::from(share);
		}
		prop_assert!(as_many <= as_one.into(), "{as_many} > {as_one}");
		prop_assert!(split.weight <= cap.max(group.weight));
	}

	/// A line that measures more never weighs less, in the same surroundings.
	#[test]
	fn weight_should_rise_with_what_is_measured(lines in crowd(20), own in site(), small in raw(), large in raw()) {
		let neighbours = placed(&lines);
		let (small, large) = (small.min(large), small.max(large));
		let weigh = |raw| neighbours.clone().place(1_000, own, raw).weight;
		prop_assert!(weigh(small) <= weigh(large));
	}
}
