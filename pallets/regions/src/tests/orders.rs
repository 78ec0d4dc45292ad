//! That order says nothing (property 31) and splitting gains nothing (21), at random, on what is stored.

use super::*;
use crate::{Lines, Regions};
use proptest::prelude::*;
use weir_math::economy::groups::{Block, Network};
use weir_primitives::{economy::Tokens, seams::economy::RegionalDemand, LineKind};

/// One of so many regions.
fn region(number: usize) -> Region {
	let kind = if number.is_multiple_of(2) { LineKind::Residential } else { LineKind::Hosting };
	Region { country: *[b"DE", b"FR", b"CH", b"JP", b"NZ"][number / 2], kind }
}

/// What a region is in an epoch: kbps of its lines, what of it is proven, credits paid, and its least weight.
type Shape = (u64, u128, Credits, LineWeight);

fn shape() -> impl Strategy<Value = Shape> {
	(0..100_000u64, 0..2_000_000u128, 0..40_000_000u128, prop_oneof![Just(0), 1..2_000_000u64])
}

/// What three epochs make of regions: `opened` says in which order they are opened and paid for, `asked` in which order each
/// epoch asks for them.
fn outcome(
	shapes: &[Shape],
	opened: &[usize],
	asked: &[usize],
	budget: Credits,
) -> Vec<(RegionRate, u64, Tokens)> {
	let mut found = vec![];
	let names: Vec<Region> = opened.iter().map(|number| region(*number)).collect();
	ExtBuilder::with(&names).build_and_execute(|| {
		let id_of = |number: usize| Table::id_of(&region(number)).unwrap();
		for number in opened {
			let (kbps, _, _, least) = shapes[*number];
			Regions::<Test>::mutate(id_of(*number), |state| state.as_mut().unwrap().least_weight = least);
			people(region(*number), 10 * *number as u32, kbps / 6 + 1);
			let rate = 1 + *number as u128;
			Table::post_bounty(signed(ALICE), region(*number), 5_000, rate, Epoch::get() + 9).unwrap();
		}
		for epoch in 10..13 {
			let terms = CloseTerms { coverage_budget: budget, ..at(epoch) };
			for number in opened {
				<Table as RegionalDemand>::paid(&region(*number), epoch, shapes[*number].2);
			}
			let observed =
				|number: usize| seen(shapes[number].0.into(), shapes[number].1.min(shapes[number].0.into()));
			let gaps = asked
				.iter()
				.map(|number| u64::from(Table::survey(id_of(*number), &observed(*number), &terms)))
				.sum();
			for number in asked.iter().rev() {
				Table::rate(id_of(*number), &observed(*number), &terms, gaps);
			}
			let drawn: Vec<(usize, Tokens)> = asked
				.iter()
				.map(|number| (*number, Table::draw_bounty(id_of(*number), epoch, observed(*number).proven)))
				.collect();
			Table::do_try_state().unwrap();
			for number in 0..shapes.len() {
				let state = Table::region(id_of(number)).unwrap();
				let drawn = drawn.iter().find(|(of, _)| *of == number).unwrap().1;
				found.push((state.rate, state.utilisation, drawn));
			}
		}
	});
	found
}

/// Everything that stands, placed anew until nothing moves: two rounds for each of three levels.
fn settle(lines: &[(ProviderIndex, Endpoint, LineWeight)]) {
	for _ in 0..6 {
		for (provider, at, raw) in lines {
			place(*provider, u64::from(*provider), DE, *at, *raw);
		}
	}
	Table::do_try_state().unwrap();
}

fn weight(counts: impl Fn(ProviderIndex, Block) -> bool) -> u128 {
	Lines::<Test>::iter()
		.filter(|(provider, line)| counts(*provider, line.site.block()))
		.map(|(_, line)| u128::from(line.standing.weight))
		.sum()
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	/// Property 31: regions are worth the same in whatever order they were opened, were paid for and are asked for.
	#[test]
	fn order_of_regions_should_change_nothing_at_random(
		shapes in prop::collection::vec(shape(), 2..10), seeds in any::<[u64; 2]>(), budget in 0..20_000_000u128,
	) {
		let straight: Vec<usize> = (0..shapes.len()).collect();
		let shuffled = |seed: u64| {
			let mut order = straight.clone();
			order.sort_by_key(|number| (*number as u64 + 1).wrapping_mul(seed | 1).rotate_left(29));
			order
		};
		let expected = outcome(&shapes, &straight, &straight, budget);
		prop_assert_eq!(&outcome(&shapes, &straight, &shuffled(seeds[0]), budget), &expected);
		prop_assert_eq!(&outcome(&shapes, &shuffled(seeds[1]), &shuffled(seeds[0]), budget), &expected);
	}

	/// Property 21 on the chain: a line split over addresses, blocks and neighbours of its network lifts neither what the network
	/// weighs nor what the region does.
	#[test]
	fn splitting_should_lift_neither_network_nor_region(
		others in prop::collection::vec((1..4u8, 0..2u8, 0..3u8, 8_000..300_000u64), 0..24),
		parts in prop::collection::vec((1..60_000u64, 0..4u8, 0..3u8), 1..10),
	) {
		let whole: u64 = parts.iter().map(|(raw, ..)| raw).sum();
		prop_assume!(whole <= NODE_CAP);
		let others: Vec<_> = others
			.iter()
			.enumerate()
			.map(|(n, (b, c, d, raw))| (100 + n as u32, v4(*b, *c, *d), *raw))
			.collect();
		let weights = |own: Vec<(ProviderIndex, Endpoint, LineWeight)>| {
			let mut found = (0, 0);
			ExtBuilder::with(&[DE]).build_and_execute(|| {
				settle(&[others.clone(), own].concat());
				found = (weight(|_, block| block.network() == Network::V4([9, 1])), weight(|_, _| true));
			});
			found
		};
		let one = weights(vec![(0, v4(1, 250, 1), whole)]);
		let many = weights(
			parts.iter().enumerate().map(|(n, (raw, c, d))| (n as u32, v4(1, *c, *d), *raw)).collect(),
		);
		// Lines are rounded down at each of three levels.
		let slack = 3 * (others.len() + parts.len()) as u128;
		prop_assert!(many.0 <= one.0 + slack && many.1 <= one.1 + slack, "{many:?} {one:?}");
	}
}
