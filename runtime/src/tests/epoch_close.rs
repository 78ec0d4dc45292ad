//! The close of an epoch with as many regions as the table may have, on the real runtime with a public network's blocks:
//! what it takes of each, and what it pays.

use super::chain::*;
use crate::*;
use frame_support::{
	assert_ok,
	storage::{with_transaction_unchecked, TransactionOutcome},
	traits::{Get, Hooks},
	weights::Weight,
};
use pallet_proof_of_bandwidth::LastVerdicts;
use sp_keyring::Sr25519Keyring::Alice;
use sp_runtime::traits::Dispatchable;
use std::collections::BTreeMap;
use weir_math::region::is_assigned;
use weir_primitives::{
	api::{Outcome, Reason, TestKind, VerdictRecord},
	economy::{RegionId, PRICE_ONE},
	economy_api::EpochSummary,
	seams::{EpochClock, OnVerdict, ProviderRegistry},
	Admission, Caps, Claim, Endpoint, EpochIndex, ExitClass, LineKind, ProviderIndex, Region, Role, Timing,
};

/// What each line claims: ten of the smallest bonds' Mbps.
const CLAIM: Claim = Claim { down_kbps: 10_000, up_kbps: 10_000 };
/// What each line has bonded, and what it has beside.
const BOND: Balance = 100 * WEIR;
const SPARE: Balance = WEIR;
/// Blocks in which an epoch must be closed, with those that wait for a price.
const MOST_BLOCKS: u32 = 400;
/// Region of a name that a provider may register in.
const HOME: Region = Region { country: *b"DE", kind: LineKind::Residential };

/// Names of as many regions as there may be: every country twice, and a few more, as if some of them had been split.
fn names() -> Vec<Region> {
	let letters = || b'A'..=b'Z';
	let codes = letters().flat_map(|first| letters().map(move |second| [first, second]));
	let (assigned, free): (Vec<_>, Vec<_>) = codes.partition(|code| is_assigned(*code));
	let both = |country| [LineKind::Residential, LineKind::Hosting].map(|kind| Region { country, kind });
	let most = configs::governance::MaxRegions::get();
	assigned.into_iter().chain(free).flat_map(both).take(most.into()).collect()
}

/// Fills the table of regions, past the notice and past the list of countries.
fn fill_table() {
	use pallet_regions::{IdOf, RegionState, Regions};
	let pattern = Regions::<Runtime>::get(0).expect("the preset has regions");
	for region in names() {
		if !IdOf::<Runtime>::contains_key(region) {
			let id = RegionId::try_from(Regions::<Runtime>::count()).expect("few regions");
			Regions::<Runtime>::insert(id, RegionState { region, ..pattern.clone() });
			IdOf::<Runtime>::insert(region, id);
		}
	}
	assert_eq!(Regions::<Runtime>::count(), u32::from(configs::governance::MaxRegions::get()));
}

/// Bonds and registers the `n`-th line, on a network of its own, and admits it.
fn register(n: u32, region: Region) -> (AccountId, ProviderIndex) {
	let who = AccountId::from(sp_io::hashing::blake2_256(&n.to_le_bytes()));
	let dest = Address::from(who.clone());
	assert_ok!(dispatch(Alice, pallet_balances::Call::transfer_keep_alive { dest, value: BOND + SPARE }));
	let mut peer_id = vec![0x00, 0x24, 0x08, 0x01, 0x12, 0x20];
	peer_id.extend_from_slice(who.as_ref());
	let [low, high, ..] = n.to_le_bytes();
	let terms = pallet_providers::Terms {
		endpoint: Endpoint::V4 { addr: [24 + high, low, 0, 1], port: 9_600 },
		peer_id: peer_id.try_into().expect("38 bytes"),
		region: if region.is_valid() { region } else { HOME },
		exit: ExitClass::Web,
		price_credits_per_gb: 50_000,
		caps: Caps { rate_kbps: 0, gb_per_month: 0, sessions: 0 },
	};
	let key = sp_core::sr25519::Public::from_raw(*who.as_ref());
	let calls: [RuntimeCall; 2] = [
		pallet_node_staking::Call::bond { role: Role::Provider, amount: BOND }.into(),
		pallet_providers::Call::register { claim: CLAIM, terms, probe_key: Some(key.into()) }.into(),
	];
	for call in calls {
		assert_ok!(call.dispatch(RuntimeOrigin::signed(who.clone())));
	}
	let index = <Providers as ProviderRegistry<AccountId>>::index_of(&who).expect("it is registered");
	let admission = Admission::Admitted { since: 0 };
	assert_ok!(<Providers as ProviderRegistry<AccountId>>::set_admission(index, admission));
	// Where no provider may register yet.
	pallet_providers::Providers::<Runtime>::mutate(index, |line| {
		line.as_mut().expect("it is registered").terms.region = region;
	});
	(who, index)
}

/// Lets a line weigh what it claims, as if a test had just found all of it.
fn weigh(who: &AccountId, index: ProviderIndex) {
	let verdict = VerdictRecord {
		epoch: 0,
		kind: TestKind::Scheduled,
		claim: CLAIM,
		down_kbps: CLAIM.down_kbps,
		up_kbps: CLAIM.up_kbps,
		ratio_ppm: 1_000_000,
		members: 15,
		present: 15,
		rtt_10us: 5_000,
		loss_pptt: 0,
		alive_parts: 40,
		outcome: Outcome::Good,
		reason: Reason::WithinClaim,
	};
	pallet_proof_of_bandwidth::Verdicts::<Runtime>::insert(index, LastVerdicts::new(verdict));
	<Rewards as OnVerdict<AccountId>>::verdict(who, index, verdict.epoch, &verdict);
}

fn most_of_a_block() -> Weight {
	<Runtime as frame_system::Config>::BlockWeights::get().max_block
}

/// What the hook that closes epochs takes of the block that is being made. What it does is undone: the block itself runs it
/// again, at its end.
fn taken() -> Weight {
	let remaining = most_of_a_block().saturating_sub(System::block_weight().total());
	with_transaction_unchecked(|| {
		let taken = <BurnMint as Hooks<_>>::on_idle(System::block_number(), remaining);
		TransactionOutcome::Rollback(taken)
	})
}

/// How an epoch was closed.
#[derive(Debug)]
struct Closed {
	summary: EpochSummary,
	/// Blocks that the close took, the most that its hook took of any block, and all that it took.
	blocks: u32,
	largest: Weight,
	whole: Weight,
	/// Availability pay and floor, and weight, by region.
	paid: BTreeMap<RegionId, (Balance, u128)>,
}

fn next_close() -> EpochIndex {
	BurnMint::next_close().0
}

/// Blocks until `epoch` is closed. After each of them every token of the cap is accounted for.
fn close(chain: &mut Chain, epoch: EpochIndex) -> Closed {
	assert_eq!(next_close(), epoch);
	let (mut blocks, mut largest, mut whole) = (0, Weight::zero(), Weight::zero());
	let mut paid = BTreeMap::new();
	for _ in 0..MOST_BLOCKS {
		let (mut hook, mut before) = (Weight::zero(), Weight::zero());
		chain.block_with(&|_, _, _| None, || {
			before = System::block_weight().total();
			hook = taken();
		});
		check_supply();
		let idle = System::block_weight().total().saturating_sub(before);
		assert!(hook.all_lte(idle), "the block has {idle:?} of hooks, of which {hook:?} are one's");
		largest = largest.max(hook);
		for record in System::events() {
			match record.event {
				RuntimeEvent::Rewards(pallet_rewards::Event::RegionPaid {
					region,
					epoch: of,
					pay,
					totals,
				}) => {
					assert_eq!(of, epoch);
					let known = paid.insert(region, (pay.availability + pay.floor, totals.weight));
					assert_eq!(known, None, "region {region} was paid twice");
				}
				RuntimeEvent::BurnMint(pallet_burn_mint::Event::CloseHalted { error, .. }) => {
					panic!("the close of epoch {epoch} halted: {error:?}")
				}
				_ => {}
			}
		}
		let is_over = next_close() > epoch;
		if is_over || BurnMint::next_close().1.is_some() {
			blocks += 1;
			whole += hook;
		}
		if is_over {
			let summary = pallet_burn_mint::Summaries::<Runtime>::get(epoch).expect("it is closed");
			return Closed { summary, blocks, largest, whole, paid };
		}
	}
	panic!("epoch {epoch} was not closed within {MOST_BLOCKS} blocks");
}

/// Leaves the rest of the epoch without blocks, and makes the first of the next.
fn next_epoch(chain: &mut Chain) {
	let (epoch, slot, _) = ProofOfBandwidth::clock();
	let rest = ProofOfBandwidth::timing().epoch_slots - slot - 1;
	chain.skip(rest.into());
	chain.block(&|_, _, _| None);
	assert_eq!(ProofOfBandwidth::epoch(), epoch + 1);
}

/// Closes two epochs with so many lines in each region: one in which none weighs anything yet, and one in which all do.
fn two_closes(lines: u32) -> [Closed; 2] {
	genesis(presets::LOCAL).execute_with(|| {
		// A public network's blocks; prices as often as on one machine, so that the test is short.
		pallet_proof_of_bandwidth::NetworkTiming::<Runtime>::put(Timing::public());
		pallet_proof_of_bandwidth::GenesisTiming::<Runtime>::put(Timing::public());
		fill_table();
		let mut chain = Chain::start();
		chain.quote(Some(PRICE_ONE / 25));
		chain.block(&|_, _, _| None);
		let names = names();
		let regions = names.len() as u32;
		let lines: Vec<_> =
			(0..regions * lines).map(|n| register(n, names[(n % regions) as usize])).collect();
		next_epoch(&mut chain);
		for (who, index) in &lines {
			weigh(who, *index);
		}
		let first = close(&mut chain, 0);
		next_epoch(&mut chain);
		let second = close(&mut chain, 1);
		Rewards::do_try_state().expect("invariants of rewards");
		BurnMint::do_try_state().expect("invariants of burn-mint");
		[first, second]
	})
}

#[test]
fn close_should_leave_three_quarters_of_every_block_when_there_are_all_regions() {
	let [empty, full] = two_closes(1);
	let most = most_of_a_public_block();
	for closed in [&empty, &full] {
		// What the hook says of itself, which its meter ends at a quarter. So this holds as long as what a step says is reserved
		// before it is done; whether that is as much as the step takes is for the benchmarks and for `weir-scale --closes`,
		// which holds the time that closes take against the same quarter and against these weights.
		assert!(closed.largest.ref_time() <= most.ref_time() / 4, "{:?} of {most:?}", closed.largest);
		assert!(closed.largest.proof_size() <= most.proof_size() / 4, "{:?} of {most:?}", closed.largest);
		// All at once would be a spike.
		assert!(closed.whole.ref_time() > most.ref_time() / 4 && closed.blocks > 1, "{:?}", closed.whole);
		assert!(closed.summary.price.is_some());
	}

	let regions = configs::governance::MaxRegions::get();
	assert!(empty.paid.values().all(|(pay, _)| *pay == 0));
	assert_eq!(full.paid.keys().copied().collect::<Vec<_>>(), (0..regions).collect::<Vec<_>>());
	assert!(full.paid.values().all(|(pay, weight)| *pay > 0 && *weight > 0), "{:?}", full.paid);
	let (pay, weight) =
		full.paid.values().fold((0, 0), |(pay, weight), region| (pay + region.0, weight + region.1));
	assert_eq!((pay, weight), (full.summary.availability, full.summary.weight));
}

#[test]
fn close_should_weigh_the_same_however_many_lines_there_are() {
	let (few, many) = (two_closes(1), two_closes(4));
	for (few, many) in few.iter().zip(&many) {
		assert_eq!((few.blocks, few.largest, few.whole), (many.blocks, many.largest, many.whole));
	}
	let [_, few] = few;
	let [_, many] = many;
	assert!(
		many.summary.weight > 2 * few.summary.weight,
		"{} and {}",
		many.summary.weight,
		few.summary.weight
	);
}

fn most_of_a_public_block() -> Weight {
	genesis(presets::STAGING).execute_with(most_of_a_block)
}
