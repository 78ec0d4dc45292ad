//! Random sequences: the invariants hold after each step, and no token appears or vanishes.

use super::*;
use frame_support::traits::fungible::Inspect;
use proptest::prelude::*;
use weir_primitives::{economy::Tokens, seams::economy::RegionalDemand};

#[derive(Clone, Debug)]
enum Step {
	Open(Region, LineWeight),
	Close(Region),
	SetLeast(Region, LineWeight),
	/// By so many millionths of what is asked of it.
	MoveLeast(Region, u64),
	Cancel(Region),
	Place(ProviderIndex, AccountId, Region, Endpoint, LineWeight),
	Paid(Region, u32, Credits),
	Post(AccountId, Region, Tokens, Tokens, u32),
	Reclaim(Region, u32),
	CloseEpoch {
		lost: bool,
		price: u64,
		budget: Credits,
		proven_percent: u8,
	},
	Pause(RegionId),
	Resume,
	Epochs(u32),
}

fn endpoint() -> impl Strategy<Value = Endpoint> {
	prop_oneof![
		8 => (0..5u8, 0..2u8, 0..3u8).prop_map(|(b, c, d)| v4(b, c, d)),
		2 => (0..3u8, 0..2u8).prop_map(|(f, g)| Endpoint::V6 {
			addr: [0x20, 1, 0x0a, 0, 0, f, g, 1, 0, 0, 0, 0, 0, 0, 0, 1], port: 9
		}),
		1 => Just(Endpoint::RelayOnly),
	]
}

fn step() -> impl Strategy<Value = Step> {
	let who = || ALICE..=CAROL;
	let region = || prop_oneof![4 => Just(DE), 2 => Just(FR), 1 => Just(CH)];
	let raw = prop_oneof![4 => 8_000..400_000u64, 1 => Just(0), 1 => Just(u64::MAX)];
	let credits = prop_oneof![0..10_000_000u128, Just(u128::MAX)];
	let tokens = prop_oneof![4 => 50..5_000u128, 1 => Just(FUNDS)];
	prop_oneof![
		1 => (region(), prop_oneof![0..3_000_000u64, Just(u64::MAX)]).prop_map(|(region, least)| Step::Open(region, least)),
		1 => region().prop_map(Step::Close),
		1 => (region(), 0..3_000_000u64).prop_map(|(region, least)| Step::SetLeast(region, least)),
		2 => (region(), 700_000..1_300_000u64).prop_map(|(region, by)| Step::MoveLeast(region, by)),
		1 => region().prop_map(Step::Cancel),
		12 => (0..24u32, who(), region(), endpoint(), raw)
			.prop_map(|(provider, who, region, at, raw)| Step::Place(provider, who, region, at, raw)),
		4 => (region(), 0..12u32, credits).prop_map(|(region, ago, credits)| Step::Paid(region, ago, credits)),
		3 => (who(), region(), tokens, prop_oneof![0..5u128, Just(u128::MAX)], 0..25u32)
			.prop_map(|(who, region, amount, rate, last)| Step::Post(who, region, amount, rate, last)),
		2 => (region(), 0..8u32).prop_map(|(region, back)| Step::Reclaim(region, back)),
		4 => (any::<bool>(), 0..20_000u64, prop_oneof![0..10_000_000u128, Just(u128::MAX)], 0..=100u8).prop_map(
			|(lost, price, budget, proven_percent)| Step::CloseEpoch { lost, price, budget, proven_percent }
		),
		1 => (0..3u16).prop_map(Step::Pause),
		1 => Just(Step::Resume),
		2 => (1..4u32).prop_map(Step::Epochs),
		2 => (20..40u32).prop_map(Step::Epochs),
	]
}

/// What rewards does when an epoch is closed, with weights as they stand.
fn close_epoch(lost: bool, availability: u64, coverage_budget: Credits, proven_percent: u8) {
	let price = (!lost).then_some(PRICE_ONE);
	let terms = CloseTerms { epoch: Epoch::get() - 1, price, availability, coverage_budget };
	let observed = |id: RegionId| {
		let lines = crate::Lines::<Test>::iter_values().filter(|line| line.region == id);
		let weight = lines.map(|line| u128::from(line.standing.weight)).sum::<u128>();
		seen(weight, weight * u128::from(proven_percent) / 100)
	};
	let ids = 0..Table::bound();
	let gaps = ids.clone().map(|id| u64::from(Table::survey(id, &observed(id), &terms))).sum();
	let mut floors = 0u128;
	for id in ids.clone() {
		let (seen, before) = (observed(id), Table::region(id).unwrap());
		let rate = Table::rate(id, &seen, &terms, gaps);
		assert_eq!(rate, Table::rate(id, &seen, &terms, gaps), "asked again it says the same");
		let cost = |rate, weight| {
			let capacity = weir_math::economy::incentive::capacity_bytes(weight, 2_700_000);
			weir_math::economy::incentive::region_want(capacity, availability, rate)
		};
		floors += cost(rate.floor, seen.weight);
		if lost {
			assert!(cost(rate.floor, seen.weight) <= cost(before.rate.floor, before.floor_weight.max(1)));
		}
	}
	assert!(lost || floors <= coverage_budget);
	for id in ids {
		let before = Balances::balance(&POT);
		let drawn = Table::draw_bounty(id, terms.epoch, observed(id).proven);
		assert_eq!(Balances::balance(&POT), before + drawn);
	}
}

fn run(step: Step) {
	// Refusals are part of the sequence: what matters is the state they leave.
	let _ = match step {
		Step::Open(region, least) => Table::open_region(governance(), region, least),
		Step::Close(region) => Table::close_region(governance(), region),
		Step::SetLeast(region, least) => Table::set_least_weight(governance(), region, least),
		Step::MoveLeast(region, by) => {
			let id = crate::IdOf::<Test>::get(region).unwrap_or_default();
			let least = Table::region(id).map_or(0, |state| state.least_weight) * by / 1_000_000;
			Table::set_least_weight(governance(), region, least)
		}
		Step::Cancel(region) => Table::cancel_change(governance(), region),
		Step::Place(provider, who, region, at, raw) => {
			let placed = place(provider, who, region, at, raw);
			assert!(placed.weight <= raw.min(NODE_CAP));
			assert!(placed.weight == 0 || placed.region.is_some());
			Ok(())
		}
		Step::Paid(region, ago, credits) => {
			<Table as RegionalDemand>::paid(&region, Epoch::get().saturating_sub(ago), credits);
			Ok(())
		}
		Step::Post(who, region, amount, rate, last) => {
			Table::post_bounty(signed(who), region, amount, rate, Epoch::get() + last)
		}
		Step::Reclaim(region, back) => {
			let number = crate::NextBounty::<Test>::get().saturating_sub(back);
			Table::reclaim_bounty(signed(ALICE), region, number)
		}
		Step::CloseEpoch { lost, price, budget, proven_percent } => {
			close_epoch(lost, price, budget, proven_percent);
			Ok(())
		}
		Step::Pause(id) => {
			PausedRegions::mutate(|paused| paused.push(id));
			Ok(())
		}
		Step::Resume => {
			PausedRegions::set(vec![]);
			Ok(())
		}
		Step::Epochs(count) => {
			(0..count).for_each(|_| {
				enter(Epoch::get() + 1);
			});
			Ok(())
		}
	};
}

/// What was asked of an open region in an epoch.
type Asked = (EpochIndex, RegionId, LineWeight);

fn note(seen: &mut Vec<Asked>) {
	for (id, state) in Table::regions(0, u16::MAX) {
		if state.open {
			seen.push((Epoch::get(), id, state.least_weight));
		}
	}
	seen.dedup();
}

/// The law by itself, without the code that checks it.
fn judge(seen: &[Asked]) {
	for (place, (now, id, new)) in seen.iter().enumerate() {
		let before = seen[..place].iter().filter(|(epoch, other, _)| other == id && epoch + 112 >= *now);
		for (epoch, _, old) in before {
			let most = (old / 4).max(125_000);
			assert!(old.abs_diff(*new) <= most, "{id}: {old} in {epoch}, {new} in {now}");
		}
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(128))]

	#[test]
	fn invariants_should_hold_after_any_sequence(steps in prop::collection::vec(step(), 1..100)) {
		ExtBuilder::with(&[DE]).build_and_execute(|| {
			let mut seen = Vec::new();
			for step in steps {
				run(step);
				Table::do_try_state().unwrap();
				note(&mut seen);
				let sum: Tokens = [ALICE, BOB, CAROL, POT].iter().map(Balances::total_balance).sum();
				assert_eq!(Balances::total_issuance(), sum);
			}
			judge(&seen);
			let never = |event: &Event<Test>| matches!(event, Event::Unexpected { .. } | Event::ChangeDropped { .. });
			assert!(!events().iter().any(never));
		});
	}
}
