//! Worst cases of the call, of what others tell, of each step of a close and of the hook. Clock, registry, history, regions
//! and ledger are the runtime's own.

#![allow(clippy::expect_used, clippy::arithmetic_side_effects)]

use crate::{
	closing::MISSED_PER_CLOSE, earnings::VOIDED_EPOCHS, housekeeping::Effort, pallet::*, totals::MOST_ROLLED,
	types::*, WeightInfo as _,
};
use frame_benchmarking::v2::*;
use frame_support::{
	traits::{fungible::Inspect, Get},
	weights::WeightMeter,
	BoundedVec,
};
use frame_system::RawOrigin;
use polkadot_sdk::*;
use weir_math::economy::{
	accrual::{Accrued, Step, Totals, SCALE},
	units::{PRICE_ONE, TOKEN},
	vesting::Pot,
	weight::Reliability,
};
use weir_primitives::{
	api::{Outcome, Reason, TestKind, VerdictRecord},
	economy::{CloseTerms, RegionId, SettlementRate, Tokens},
	seams::{
		economy::{
			Earnings, LineHistory, Placement, RegionalPay, RegionalTerms, SettlementRates,
			Supply as SupplyLedger,
		},
		EpochClock, OnProviderChange, OnSlashDecided, OnVerdict, Operators, ProviderRegistry,
	},
	Admission, Claim, Endpoint, EpochIndex, LineKind, ProviderIndex, Region, SlashReason,
};

/// Late enough for everything that has a past.
const NOW: EpochIndex = 400;
const CLAIM: Claim = Claim { down_kbps: 100_000, up_kbps: 100_000 };
/// Where the registry puts lines of benchmarks, where the line comes from, and where it was before that.
const HERE: Region = Region { country: *b"DE", kind: LineKind::Residential };
const THERE: Region = Region { country: *b"FR", kind: LineKind::Residential };
const BEFORE: Region = Region { country: *b"CH", kind: LineKind::Hosting };
const WEIGHT: u64 = 1_000;

/// A registered and admitted line that was tested in the last epoch. The running one is [`NOW`].
fn line<T: Config>(n: u32) -> (T::AccountId, ProviderIndex) {
	let who: T::AccountId = account("earner", n, 0);
	let index = T::Registry::register_for_benchmark(&who, n, CLAIM);
	T::History::line_for_benchmark(index, NOW);
	// The registry of a test has admitted it.
	let _ = T::Registry::set_admission(index, Admission::Admitted { since: 0 });
	(who, index)
}

/// A region whose totals are so many epochs behind, with something scheduled for each of them. If it is `closed`, sums of all
/// epochs are there; else each of those becomes a checkpoint.
fn region<T: Config>(region: &Region, now: EpochIndex, behind: EpochIndex, closed: bool) -> RegionId {
	let id = T::Terms::open_for_benchmark(region);
	let totals = Totals { weight: 1 << 40, floor: 1 << 40, proven: 1 << 40 };
	let at = now.saturating_sub(behind);
	let open = if closed { now } else { at };
	Supplies::<T>::insert(id, Supply { since: 1, at, totals, open, closed: totals });
	let one = Totals { weight: 1, floor: 1, proven: 1 };
	for epoch in at + 1..=now {
		Scheduled::<T>::insert(epoch, id, Change { joins: one, leaves: one });
	}
	for epoch in 1..open {
		let per_weight = u128::from(epoch) * SCALE;
		let sums = Accrued { availability: per_weight, floor: per_weight, bounty: per_weight };
		Sums::<T>::insert(id, epoch, sums);
	}
	id
}

/// A line that has moved twice: lately, and before from a region in which it weighed something else in each of so many epochs,
/// and was never settled for them. It stands where it is, as another operator's still: a line that is found elsewhere than it
/// stood is taken away, and placed there by a later verdict at the earliest. To weigh it rolls totals through so many epochs,
/// which no close has reached.
fn moved<T: Config>(who: &T::AccountId, index: ProviderIndex, now: EpochIndex, steps: u32, rolled: u32) {
	let before = region::<T>(&BEFORE, now, HORIZON, true);
	let from = region::<T>(&THERE, now, rolled.div_ceil(2), false);
	region::<T>(&HERE, now, rolled / 2, false);
	// The last of them is open.
	let last = now.saturating_sub(1);
	let steps = steps.min(MAX_STEPS - 2).min(last);
	// Where it stands by now, so that it weighs something here in the epoch in which it did there: dearer than a move, after
	// which it weighs nothing until a later test.
	let endpoint = T::Registry::facts(index).map_or(Endpoint::RelayOnly, |facts| facts.endpoint);
	let former: T::AccountId = account("former", index, 0);
	T::Placement::place(index, &former, &HERE, &endpoint, WEIGHT);
	let site = T::Placement::site(&T::Operators::operator_of(who), &endpoint);
	let mut line = Line::new(index, HERE, site, 1);
	line.raw = WEIGHT;
	line.until = now + 10;
	line.proven_since = Some(1);
	line.proof = Some(now.saturating_sub(1));
	line.reliability = Reliability::new(now);
	(0..8).for_each(|_| line.see(Seen { alive_parts: 40, rtt_10us: 5_000 }));
	let step = |n: u32| Step {
		from: last - steps + n,
		region: if n < steps { before } else { from },
		weight: WEIGHT + u64::from(n),
		floor: true,
		proven: true,
	};
	let all = (0..=steps).map(step).chain([Step::none(now + 10)]);
	line.steps = BoundedVec::truncate_from(all.collect());
	let last = line.step_at(now);
	Scheduled::<T>::insert(now + 10, from, Change { joins: Totals::default(), leaves: (&last).into() });
	Lines::<T>::insert(who, line);
}

/// Locked pay that was granted lately, and tokens for all of it that the ledger knows of.
fn vesting<T: Config>(who: &T::AccountId, now: EpochIndex) {
	let pot = T::Pot::get();
	T::Supply::emit_for_benchmark(&pot, 2_000_000 * TOKEN + T::Currency::minimum_balance());
	Pallet::<T>::with_account(who, |account| {
		account.vesting = Vesting {
			pot: Pot { locked: 1_000 * TOKEN, at: now.saturating_sub(20) },
			granted: 1_000 * TOKEN,
			forfeited: 0,
			since: Some(now.saturating_sub(20)),
			floor: 250 * TOKEN,
		};
	});
}

/// Fees and points of so many epochs, all with a rate and a share.
fn waiting<T: Config>(who: &T::AccountId, fees: u32, points: u32) {
	for epoch in 1..=fees {
		let rate = SettlementRate {
			credits: 2_000_000,
			provider_tokens: 50 * TOKEN,
			attestor_tokens: TOKEN,
			treasury_tokens: TOKEN,
		};
		Pallet::<T>::with_account(who, |account| account.fees.push(epoch));
		Fees::<T>::insert(who, epoch, 1_000_000);
		T::Rates::set_rate_for_benchmark(epoch, rate);
	}
	for epoch in 1..=points {
		let share = Share { validators: 100 * TOKEN, blocks: 10, attestors: 100 * TOKEN, accepted: 10 };
		Pallet::<T>::with_account(who, |account| account.points.push(epoch));
		PointsOf::<T>::insert(who, epoch, Points { blocks: 1, entries: 1 });
		Shares::<T>::insert(epoch, share);
	}
	LastShared::<T>::put(NOW - 1);
}

/// A line with everything that makes its departure dear.
pub(crate) fn encumber<T: Config>(index: ProviderIndex, who: &T::AccountId) {
	let now = T::Clock::epoch();
	moved::<T>(who, index, now, MAX_STEPS, MOST_ROLLED);
	vesting::<T>(who, now);
}

fn verdict() -> VerdictRecord {
	VerdictRecord {
		epoch: NOW - 1,
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
	}
}

fn terms(epoch: EpochIndex) -> CloseTerms {
	CloseTerms { epoch, price: Some(PRICE_ONE), availability: 15_000, coverage_budget: 1 << 60 }
}

/// A region whose first open epoch its totals have not reached, as when nothing has happened in it for long, and of which
/// closes have missed as much as one makes up for.
fn to_close<T: Config>() -> (RegionId, EpochIndex) {
	// Sets the clock.
	let _ = line::<T>(0);
	let id = region::<T>(&HERE, NOW, HORIZON, true);
	let epoch = NOW - 1;
	let open = epoch - MISSED_PER_CLOSE;
	Supplies::<T>::mutate_extant(id, |supply| supply.open = open);
	(open..=epoch).for_each(|missed| Sums::<T>::remove(id, missed));
	(id, epoch)
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn claim(f: Linear<1, MAX_CLAIM_EPOCHS>, p: Linear<1, MAX_CLAIM_EPOCHS>) {
		let (who, index) = line::<T>(0);
		moved::<T>(&who, index, NOW, MAX_STEPS, MOST_ROLLED);
		vesting::<T>(&who, NOW);
		waiting::<T>(&who, f, p);

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), who.clone(), MAX_CLAIM_EPOCHS);

		let account = Accounts::<T>::get(who).expect("it has earned something");
		assert_eq!((account.fees.open, account.points.open), (0, 0));
		assert!(account.paid.fees > 0 && account.paid.authoring > 0 && account.paid.bounty > 0);
	}

	#[benchmark]
	fn note_author() {
		let (who, _) = line::<T>(0);

		#[block]
		{
			Pallet::<T>::note_author(who.clone());
		}

		assert_eq!(PointsOf::<T>::get(who, NOW), Some(Points { blocks: 1, entries: 0 }));
	}

	#[benchmark]
	fn verdict(s: Linear<0, MAX_STEPS>, e: Linear<0, MOST_ROLLED>) {
		let (who, index) = line::<T>(0);
		moved::<T>(&who, index, NOW, s, e);
		vesting::<T>(&who, NOW);
		let told;

		#[block]
		{
			told = <Pallet<T> as OnVerdict<_>>::verdict(&who, index, NOW - 1, &super::verdict());
		}

		// Those that were settled and the open one.
		assert_eq!(told, T::WeightInfo::verdict(s.min(MAX_STEPS - 2) + 1, e));
		let line = Lines::<T>::get(who).expect("it was told of");
		assert!(line.step_at(NOW).weight > 0 && line.region == HERE);
	}

	#[benchmark]
	fn attested() {
		let (who, _) = line::<T>(0);

		#[block]
		{
			<Pallet<T> as OnVerdict<_>>::attested(&who, NOW - 1, 200, 190);
		}

		assert_eq!(Works::<T>::get(NOW + 1).accepted, 190);
	}

	#[benchmark]
	fn unproven() {
		let (who, _) = line::<T>(0);
		<Pallet<T> as OnVerdict<_>>::attested(&who, NOW - 1, 200, 190);

		#[block]
		{
			<Pallet<T> as OnVerdict<_>>::unproven(&who, NOW - 1);
		}

		assert_eq!(Works::<T>::get(NOW + 1).accepted, 0);
	}

	#[benchmark]
	fn provider_left() {
		let who: T::AccountId = account("earner", 0, 0);
		// Nobody is registered with this index: it has left.
		let _ = line::<T>(1);
		let index = 7;
		encumber::<T>(index, &who);

		#[block]
		{
			<Pallet<T> as OnProviderChange<_>>::provider_left(index, &who);
		}

		let account = Accounts::<T>::get(who).expect("it has earned something");
		assert!(account.vesting.forfeited > 0);
	}

	#[benchmark]
	fn slash_applied() {
		let (who, index) = line::<T>(0);
		moved::<T>(&who, index, NOW, MAX_STEPS, MOST_ROLLED);
		vesting::<T>(&who, NOW);
		let reason = SlashReason::WrongRegion { epoch: NOW - 1, country: HERE.country };

		#[block]
		{
			<Pallet<T> as OnSlashDecided<_>>::slash_applied(&who, &reason);
		}

		let account = Accounts::<T>::get(&who).expect("it has earned something");
		assert!(account.vesting.forfeited > 0 && account.vesting.pot.locked == 0);
		// It was weighed anew.
		assert_eq!(Lines::<T>::get(who).map(|line| line.region), Some(HERE));
	}

	#[benchmark]
	fn fined() {
		let (who, index) = line::<T>(0);
		moved::<T>(&who, index, NOW, MAX_STEPS, MOST_ROLLED);
		vesting::<T>(&who, NOW);
		for epoch in NOW - VOIDED_EPOCHS..=NOW + 1 {
			Pallet::<T>::with_account(&who, |account| account.points.push(epoch));
			PointsOf::<T>::insert(&who, epoch, Points { blocks: 1, entries: 1 });
			Works::<T>::insert(epoch, Work { blocks: 1, assigned: 1, accepted: 1 });
		}
		Pallet::<T>::with_account(&who, |account| {
			account.attested = Some(Attested { epoch: NOW - 1, counted: NOW + 1, accepted: 1 });
			account.fined = Some(Fined { epoch: NOW - 9, at: NOW - 4 });
		});
		let reason = SlashReason::FalseReport { epoch: NOW - 5, provider: index };

		#[block]
		{
			<Pallet<T> as OnSlashDecided<_>>::slash_applied(&who, &reason);
		}

		let account = Accounts::<T>::get(who).expect("it has earned something");
		assert!(account.vesting.forfeited > 0 && account.vesting.pot.locked == 0);
		assert_eq!(Works::<T>::get(NOW + 1).accepted, 0);
	}

	#[benchmark]
	fn earned() {
		let (who, _) = line::<T>(0);
		waiting::<T>(&who, 4, 1);

		#[block]
		{
			assert!(<Pallet<T> as Earnings<_>>::earned(&who, NOW, 1_000_000).is_ok());
		}

		assert_eq!(Accounts::<T>::get(who).map(|account| account.fees.open), Some(1));
	}

	#[benchmark]
	fn share() {
		let (who, _) = line::<T>(0);
		Pallet::<T>::note_author(who);

		#[block]
		{
			<Pallet<T> as Earnings<T::AccountId>>::share(NOW, TOKEN, TOKEN);
		}

		assert!(Shares::<T>::contains_key(NOW));
	}

	#[benchmark]
	fn begin(n: Linear<0, 512>) {
		let (_, epoch) = to_close::<T>();
		let like = Supplies::<T>::iter_values().next().expect("it was just made");
		(0..512).for_each(Supplies::<T>::remove);
		// As far behind as one close makes up for.
		let at = epoch - MISSED_PER_CLOSE - 1;
		let one = Totals { weight: 1, floor: 1, proven: 1 };
		for id in 0..n as RegionId {
			Supplies::<T>::insert(id, Supply { at, ..like });
			(at + 1..=epoch).for_each(|epoch| {
				Scheduled::<T>::insert(epoch, id, Change { joins: one, leaves: one });
			});
		}

		#[block]
		{
			// As many as there may be, whatever the table holds.
			let sum = (0..n as RegionId).fold(0u128, |sum, id| sum + Pallet::<T>::payable(id, epoch).weight);
			assert!(n == 0 || sum > 0);
		}
	}

	#[benchmark]
	fn finish() {
		#[block]
		{
			<Pallet<T> as RegionalPay>::finish(NOW);
		}

		assert_eq!(LastClosed::<T>::get(), Some(NOW));
	}

	#[benchmark]
	fn survey() {
		let (id, epoch) = to_close::<T>();

		#[block]
		{
			<Pallet<T> as RegionalPay>::survey(id, &terms(epoch));
		}
	}

	#[benchmark]
	fn appraise() {
		let (id, epoch) = to_close::<T>();
		<Pallet<T> as RegionalPay>::survey(id, &terms(epoch));
		let wanted;

		#[block]
		{
			wanted = <Pallet<T> as RegionalPay>::appraise(id, &terms(epoch), 1_000_000);
		}

		assert!(wanted > 0);
	}

	#[benchmark]
	fn pay() {
		let (id, epoch) = to_close::<T>();
		<Pallet<T> as RegionalPay>::survey(id, &terms(epoch));
		let wanted = <Pallet<T> as RegionalPay>::appraise(id, &terms(epoch), 1_000_000);
		let minted: Tokens;

		#[block]
		{
			minted = <Pallet<T> as RegionalPay>::pay(id, epoch, 1_000 * TOKEN, wanted);
		}

		assert!(minted > 0);
		assert!((epoch - MISSED_PER_CLOSE..=epoch).all(|paid| Sums::<T>::contains_key(id, paid)));
	}

	#[benchmark]
	fn settle_next(f: Linear<0, MAX_CLAIM_EPOCHS>, p: Linear<0, MAX_CLAIM_EPOCHS>) {
		let who: T::AccountId = account("earner", 0, 0);
		let _ = line::<T>(1);
		moved::<T>(&who, 7, NOW, MAX_STEPS, MOST_ROLLED);
		// Its weight has expired.
		Lines::<T>::mutate_extant(&who, |line| {
			line.until = NOW - 1;
			let steps = line.steps.iter().copied().take(MAX_STEPS as usize - 2);
			line.steps = BoundedVec::truncate_from(steps.chain([Step::none(NOW - 1)]).collect());
		});
		vesting::<T>(&who, NOW);
		waiting::<T>(&who, f, p);
		let tour = Pallet::<T>::running_tour().expect("there was none");

		#[block]
		{
			let effort = Effort { fees: f, points: p, displaced: true };
			assert_eq!(Pallet::<T>::settle_next(tour), effort);
		}

		assert_eq!(Lines::<T>::get(who).map(|line| line.raw), Some(0));
	}

	#[benchmark]
	fn prune(n: Linear<1, { crate::housekeeping::SUMS_PER_BLOCK }>) {
		let _ = line::<T>(0);
		// A network begins with few regions.
		let countries = (b'A'..=b'Z').flat_map(|one| (b'A'..=b'Z').map(move |other| [one, other]));
		let regions =
			countries.map(|country| Region { country, kind: LineKind::Hosting }).filter(Region::is_valid);
		for region in regions.take(crate::housekeeping::SUMS_PER_BLOCK as usize) {
			T::Terms::open_for_benchmark(&region);
		}
		let bound = Pallet::<T>::bound();
		let supply = Supply { since: 0, at: NOW, open: NOW, ..Default::default() };
		for id in 0..bound {
			Supplies::<T>::insert(id, supply);
			Sums::<T>::insert(id, 0, Accrued::default());
		}
		SettledUntil::<T>::put(NOW - 1);
		PrunedUntil::<T>::put(Pruned { epoch: 0, region: bound.saturating_sub(n as RegionId) });

		#[block]
		{
			Pallet::<T>::prune(&mut WeightMeter::new());
		}

		// All that were left of the epoch went, and with them what is kept of it as a whole.
		assert_eq!(PrunedUntil::<T>::get(), Pruned { epoch: 1, region: 0 });
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
