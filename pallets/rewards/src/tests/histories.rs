//! Random histories of lines: nothing is minted for one without a score that counts (property 18), what is left over in the
//! pot is a grain per rounding at most (19), and pay summed up lazily is the pay of every epoch, to the grain (20), also
//! where closes are so late that a line's steps are joined.

use crate::{mock::*, *};
use frame_support::traits::fungible::{Inspect, Mutate};
use polkadot_sdk::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use weir_math::economy::accrual::{Accrued, Pay, Step, Totals, SCALE};
use weir_primitives::{
	api::Outcome,
	economy::RegionRate,
	seams::{
		economy::{Earnings, LineFacts},
		OnProviderChange, OnVerdict,
	},
	Admission, EpochIndex, ProviderIndex,
};

const OWNERS: std::ops::RangeInclusive<AccountId> = 1..=5;

/// What the tests of a line have shown.
#[derive(Clone, Copy, Debug)]
struct Shown {
	kbps: [u32; 3],
	/// Epochs since the last test that measured something, before the one that is judged; none: there never was one.
	ago: Option<u32>,
	outcome: Outcome,
	is_refuted: bool,
	/// Epochs until the end of a ban.
	ban: Option<u32>,
	is_proven: bool,
}

#[derive(Clone, Debug)]
enum Act {
	Judge(AccountId, Shown),
	Admit(AccountId, Option<u32>),
	Move(AccountId, usize),
	Serve(AccountId, bool),
	/// An announced pause.
	Pause(AccountId),
	Resume(AccountId),
	Deregister(AccountId),
	Epochs(EpochIndex),
	Close(u128),
	Claim(AccountId),
	Earn(AccountId, u128),
	Author(AccountId),
	Attest(AccountId, u32),
	Rate(u16, u32, u32),
	Bounty(u16, u128),
	Idle,
}

fn shown() -> impl Strategy<Value = Shown> {
	let kbps = || prop_oneof![6 => 8_000..300_000u32, 1 => 0..8_000u32, 1 => 7_990..8_010u32];
	let outcomes = [Outcome::Strike, Outcome::Unreachable, Outcome::Void, Outcome::ClaimLowered];
	(
		(kbps(), kbps(), kbps()),
		prop::option::weighted(0.95, prop_oneof![6 => Just(0), 3 => 0..20u32]),
		prop_oneof![6 => Just(Outcome::Good), 2 => prop::sample::select(outcomes.to_vec())],
		prop::bool::weighted(0.05),
		prop::option::weighted(0.05, 0..6u32),
		any::<bool>(),
	)
		.prop_map(|((a, b, c), ago, outcome, is_refuted, ban, is_proven)| Shown {
			kbps: [a, b, c],
			ago,
			outcome,
			is_refuted,
			ban,
			is_proven,
		})
}

fn act() -> impl Strategy<Value = Act> {
	let who = || OWNERS;
	prop_oneof![
		12 => (who(), shown()).prop_map(|(who, shown)| Act::Judge(who, shown)),
		1 => (who(), prop::option::of(0..4u32)).prop_map(|(who, wait)| Act::Admit(who, wait)),
		1 => (who(), 0..4usize).prop_map(|(who, region)| Act::Move(who, region)),
		1 => (who(), any::<bool>()).prop_map(|(who, serves)| Act::Serve(who, serves)),
		1 => who().prop_map(Act::Pause),
		1 => who().prop_map(Act::Resume),
		1 => who().prop_map(Act::Deregister),
		8 => (1..3u32).prop_map(Act::Epochs),
		1 => (3..30u32).prop_map(Act::Epochs),
		12 => (0..10_000 * TOKEN).prop_map(Act::Close),
		2 => who().prop_map(Act::Claim),
		2 => (who(), 1..1_000_000u128).prop_map(|(who, credits)| Act::Earn(who, credits)),
		2 => who().prop_map(Act::Author),
		1 => (who(), 1..100u32).prop_map(|(who, entries)| Act::Attest(who, entries)),
		1 => (0..3u16, 0..3_000_000u32, 0..2_000_000u32).prop_map(|(region, m, f)| Act::Rate(region, m, f)),
		1 => (0..3u16, 0..50 * TOKEN).prop_map(|(region, tokens)| Act::Bounty(region, tokens)),
		1 => Just(Act::Idle),
	]
}

/// Lines that are judged nearly every epoch, and closes that come seldom: more steps than a line has room for.
fn late_act() -> impl Strategy<Value = Act> {
	prop_oneof![
		24 => (OWNERS, shown()).prop_map(|(who, shown)| Act::Judge(who, Shown { outcome: Outcome::Good, ..shown })),
		16 => Just(Act::Epochs(1)),
		2 => (0..10_000 * TOKEN).prop_map(Act::Close),
		1 => OWNERS.prop_map(Act::Claim),
		1 => (OWNERS, 0..4usize).prop_map(|(who, region)| Act::Move(who, region)),
		1 => (0..3u16, 0..3_000_000u32, 0..2_000_000u32).prop_map(|(region, m, f)| Act::Rate(region, m, f)),
	]
}

/// Whether the line may weigh something in an epoch that is running or to come, by what is registered and was measured.
fn may_weigh(who: AccountId, epoch: EpochIndex) -> bool {
	let index = who as ProviderIndex;
	let (Some(facts), Some(history)) =
		(Registered::get().get(&index).cloned(), Histories::get().get(&index).cloned())
	else {
		return false;
	};
	let is_paused = PausedFrom::get().get(&index).is_some_and(|from| *from <= epoch);
	let is_admitted = matches!(facts.admission, Admission::Admitted { since } if since <= epoch);
	let is_fresh = history.last_test.is_some_and(|test| epoch <= test + 16);
	let mut measured: Vec<_> = history.measured.iter().map(|test| test.1).collect();
	measured.sort_unstable();
	// The lowest fifth of three is the lowest.
	let is_fast = measured.first().is_some_and(|kbps| *kbps >= 8_000);
	let is_allowed = !history.is_refuted && history.banned_until.is_none_or(|until| until <= Epoch::get());
	let is_served = facts.in_service && !is_paused && facts.region != AQ;
	is_served && is_admitted && is_fresh && is_fast && is_allowed
}

/// The second account: every epoch by itself.
#[derive(Default)]
struct Watcher {
	next_close: EpochIndex,
	/// What lines weighed when an epoch was over.
	weighed: BTreeMap<EpochIndex, BTreeMap<AccountId, Step>>,
	/// What a unit of weight earned in an epoch.
	grown: BTreeMap<(u16, EpochIndex), Accrued>,
	/// What lines were settled for.
	claimed: BTreeMap<(AccountId, EpochIndex), Step>,
	/// What they were credited with.
	credited: BTreeMap<AccountId, u128>,
	/// Roundings down of what a line was credited with.
	floors: BTreeMap<AccountId, u128>,
	/// Roundings up of what a region was paid.
	ceilings: u128,
	/// Accounts and epochs whose fees or work are converted, each rounded down.
	conversions: BTreeSet<(AccountId, EpochIndex, u8)>,
	credits: BTreeMap<EpochIndex, u128>,
	minted: u128,
	paid_out: u128,
	/// Most epochs that were not closed when a line was judged.
	most_late: EpochIndex,
}

/// The closed epochs of a line that are not settled, by step.
fn unsettled(line: &Line) -> Vec<(Step, EpochIndex)> {
	let mut found = vec![];
	for (place, step) in line.steps.iter().enumerate() {
		let end = line.steps.get(place + 1).map(|next| next.from);
		if step.weight == 0 {
			continue;
		}
		let open = Supplies::<Test>::get(step.region).unwrap().open;
		let until = end.map_or(open, |end| end.min(open));
		if until > step.from {
			found.push((*step, until));
		}
		if end != Some(until) {
			break;
		}
	}
	found
}

/// What a step gets of an epoch, in parts of a grain.
fn part_of(step: &Step, grown: &Accrued) -> u128 {
	let Totals { weight, floor, proven } = step.into();
	weight * grown.availability + floor * grown.floor + proven * grown.bounty
}

impl Watcher {
	fn note_epoch(&mut self) {
		let epoch = Epoch::get();
		let lines = OWNERS.filter_map(|who| {
			let step = Lines::<Test>::get(who)?.step_at(epoch);
			(step.weight > 0).then_some((who, step))
		});
		self.weighed.insert(epoch, lines.collect());
	}

	fn advance(&mut self, epochs: EpochIndex) {
		for _ in 0..epochs {
			self.note_epoch();
			Epoch::mutate(|epoch| *epoch += 1);
		}
	}

	fn close(&mut self, total: u128) {
		let epoch = self.next_close;
		self.next_close += 1;
		if let Some(credits) = self.credits.remove(&epoch) {
			settle_fees(epoch, credits, credits * 3 + 1);
			self.minted += credits * 3 + 1;
		}
		let pot = Balances::balance(&POT);
		close(epoch, total);
		self.minted += Balances::balance(&POT) - pot;
		let back = Rewards::share(epoch, 1_000_003, 500_009);
		let shares = 1_500_012 - back.0 - back.1;
		Balances::mint_into(&POT, shares).unwrap();
		self.minted += shares;
		let lines = &self.weighed[&epoch];
		for region in 0..3 {
			let paid = events().into_iter().find_map(|event| match event {
				Event::RegionPaid { region: of, epoch: at, pay, totals } if (of, at) == (region, epoch) => {
					Some((pay, totals))
				}
				_ => None,
			});
			let here = || lines.values().filter(|step| step.region == region);
			let sum = here().fold(Totals::default(), |sum, step| sum.with(step.into()));
			// Property 18: who weighs nothing lets nothing be minted.
			let Some((pay, totals)) = paid else { continue };
			assert_eq!(totals, sum, "region {region} in {epoch}");
			for (tokens, weight) in
				[(pay.availability, sum.weight), (pay.floor, sum.floor), (pay.bounty, sum.proven)]
			{
				assert!(tokens == 0 || weight > 0);
				self.ceilings += u128::from(tokens > 0);
			}
			let since = Supplies::<Test>::get(region).unwrap().since;
			let after = Sums::<Test>::get(region, epoch).unwrap();
			let before = if epoch > since {
				Sums::<Test>::get(region, epoch - 1).unwrap()
			} else {
				Accrued::default()
			};
			let grown = Accrued {
				availability: after.availability - before.availability,
				floor: after.floor - before.floor,
				bounty: after.bounty - before.bounty,
			};
			self.grown.insert((region, epoch), grown);
		}
	}

	/// Does something, and notes which lines were settled by it, for what, and what they were credited with.
	fn watch(&mut self, act: impl FnOnce(&mut Self)) {
		System::reset_events();
		let before: Vec<(AccountId, Line)> = Lines::<Test>::iter().collect();
		let due: Vec<_> = before.iter().map(|(_, line)| unsettled(line)).collect();
		act(self);
		let mut credited = BTreeMap::<AccountId, Pay>::new();
		for event in events() {
			if let Event::Accrued { who, pay, .. } = event {
				let all = credited.entry(who).or_default();
				*all = all.with(pay);
			}
		}
		for ((who, line), due) in before.iter().zip(due) {
			let is_same = Lines::<Test>::get(who).is_some_and(|now| now.steps.first() == line.steps.first());
			let pay = credited.remove(who);
			if due.is_empty() || (is_same && pay.is_none()) {
				assert_eq!(pay, None, "paid for nothing");
				continue;
			}
			*self.credited.entry(*who).or_default() += pay.unwrap_or_default().total();
			for (step, until) in due {
				*self.floors.entry(*who).or_default() += 1 + u128::from(step.floor) + u128::from(step.proven);
				for epoch in step.from..until {
					assert_eq!(self.claimed.insert((*who, epoch), step), None, "settled twice");
				}
			}
		}
		assert!(credited.is_empty(), "paid without a line");
	}

	fn judge(&mut self, who: AccountId, shown: &Shown) {
		let now = Epoch::get();
		self.most_late = self.most_late.max(now - self.next_close);
		let index = who as ProviderIndex;
		if !Registered::get().contains_key(&index) {
			register(who, TABLE[who as usize % TABLE.len()]);
		}
		if shown.outcome != Outcome::Void {
			let facts = LineFacts {
				last_test: shown.ago.map(|ago| now - 1 - ago),
				is_refuted: shown.is_refuted,
				banned_until: shown.ban.map(|epochs| now + epochs),
				proof: shown.is_proven.then_some(now - 1),
				..history(&shown.kbps)
			};
			Histories::mutate(|all| all.insert(index, facts));
		}
		judge(who, shown.outcome);
	}

	/// Tells of a change of what is registered.
	fn change(&self, who: AccountId, with: impl FnOnce(ProviderIndex)) {
		let index = who as ProviderIndex;
		if Registered::get().contains_key(&index) {
			with(index);
			Rewards::provider_changed(index, &Registered::get()[&index]);
		}
	}

	fn perform(&mut self, act: &Act) {
		let now = Epoch::get();
		match *act {
			Act::Judge(who, ref shown) => self.judge(who, shown),
			Act::Admit(who, wait) => self.change(who, |_| {
				let pending = Admission::Pending { passed: 1 };
				let admission = wait.map_or(pending, |wait| Admission::Admitted { since: now + wait });
				change(who, |facts| facts.admission = admission);
			}),
			Act::Move(who, region) => {
				self.change(who, |_| change(who, |facts| facts.region = [DE, FR, CH, AQ][region]));
			}
			Act::Serve(who, serves) => self.change(who, |_| change(who, |facts| facts.in_service = serves)),
			Act::Pause(who) => self.change(who, |index| {
				PausedFrom::mutate(|all| all.insert(index, now + 2));
			}),
			Act::Resume(who) => self.change(who, |index| {
				PausedFrom::mutate(|all| all.remove(&index));
			}),
			Act::Deregister(who) => {
				if Registered::get().contains_key(&(who as ProviderIndex)) {
					deregister(who);
				}
			}
			Act::Epochs(epochs) => self.advance(epochs),
			Act::Close(total) => {
				if self.next_close < now {
					self.close(total);
				}
			}
			Act::Claim(who) => {
				let before = Balances::balance(&who);
				let _ = Rewards::claim(RuntimeOrigin::signed(STRANGER), who, MAX_CLAIM_EPOCHS);
				self.paid_out += Balances::balance(&who) - before;
			}
			Act::Earn(who, credits) => {
				Rewards::earned(&who, now, credits).unwrap();
				*self.credits.entry(now).or_default() += credits;
				self.conversions.insert((who, now, 0));
			}
			Act::Author(who) => {
				Rewards::note_author(who);
				self.conversions.insert((who, now, 1));
			}
			Act::Attest(who, entries) => {
				<Rewards as OnVerdict<_>>::attested(&who, now - 1, entries, entries);
				self.conversions.insert((who, now + 1, 2));
			}
			Act::Rate(region, multiplier, floor) => {
				RegionRates::mutate(|rates| rates.insert(region, RegionRate { multiplier, floor }));
			}
			Act::Bounty(region, tokens) => {
				Bounties::mutate(|all| all.insert(region, tokens));
			}
			Act::Idle => {
				idle();
			}
		}
	}

	/// Property 18: a line weighs something only where it may, in this epoch and in all to come.
	fn check_weights(&self) {
		let now = Epoch::get();
		for (who, line) in Lines::<Test>::iter() {
			for epoch in now..now + 40 {
				let weight = line.step_at(epoch).weight;
				assert!(weight == 0 || may_weigh(who, epoch), "{who} weighs {weight} in {epoch}: {line:?}");
			}
		}
	}

	/// Everything is closed and settled.
	fn finish(&mut self) {
		self.advance(1);
		while self.next_close < Epoch::get() {
			self.watch(|watcher| watcher.close(1_000 * TOKEN));
		}
		self.watch(|_| {
			for who in OWNERS {
				Rewards::touch(&who, MAX_CLAIM_EPOCHS);
			}
		});
	}

	/// Property 20. What was settled of an epoch is what the line weighed when it was over: exactly, as long as closes were less
	/// late than a line has steps, and never more.
	fn check_lazy_pay(&self) -> u128 {
		let mut lost = 0u128;
		for who in OWNERS {
			let mut exact = 0u128;
			for (epoch, lines) in self.weighed.range(..self.next_close) {
				let none = Step::none(*epoch);
				let weighed = lines.get(&who).copied().unwrap_or(none);
				let claimed = self.claimed.get(&(who, *epoch)).copied().unwrap_or(none);
				let is_joined = self.most_late > MAX_STEPS - 3;
				assert!(
					is_joined || weighed.weighs_as(&claimed),
					"{who} in {epoch}: {weighed:?}, {claimed:?}"
				);
				assert!(Totals::from(&weighed).without((&claimed).into()).is_some(), "{who} in {epoch}");
				assert!(claimed.weight == 0 || claimed.region == weighed.region);
				let grown = |step: &Step| self.grown.get(&(step.region, *epoch)).copied().unwrap_or_default();
				let (of_epoch, of_claim) =
					(part_of(&weighed, &grown(&weighed)), part_of(&claimed, &grown(&claimed)));
				exact += of_claim;
				lost += of_epoch - of_claim;
			}
			let credited = self.credited.get(&who).copied().unwrap_or_default() * SCALE;
			let floors = self.floors.get(&who).copied().unwrap_or_default();
			assert!(credited <= exact, "{who}: {credited} > {exact}");
			assert!(
				exact - credited <= floors * (SCALE - 1),
				"{who}: {credited}, {exact}, {floors} roundings"
			);
		}
		lost
	}

	/// Property 19: of what is left over less than a grain comes from each rounding, and the rest is what joined steps lost.
	fn check_leftover(&self, lost: u128) {
		let pending = Rewards::pending_of_all().unwrap();
		let pot = Rewards::pot_balance();
		assert!(pot >= pending);
		assert_eq!(pot + self.paid_out + GivenBack::get(), self.minted);
		let floors: u128 = self.floors.values().sum();
		let roundings = floors + self.ceilings + self.conversions.len() as u128;
		assert!(
			(pot - pending) * SCALE <= roundings * (SCALE - 1) + lost,
			"{} left over by {roundings} roundings and {lost} lost",
			pot - pending
		);
	}
}

/// Lets all of it happen, closes and settles everything, and compares both accounts.
fn run(acts: &[Act], tenure: u32) {
	new_test_ext().execute_with(|| {
		TestParameters::mutate(|p| (p.tenure_epochs, p.vest_half_life_epochs) = (tenure, 20));
		let mut watcher = Watcher { next_close: START, ..Default::default() };
		for act in acts {
			watcher.watch(|watcher| watcher.perform(act));
			watcher.check_weights();
			Rewards::do_try_state().unwrap();
			assert_eq!(unexpected(), []);
		}
		watcher.finish();
		Rewards::do_try_state().unwrap();
		let lost = watcher.check_lazy_pay();
		watcher.check_leftover(lost);
	});
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(96))]

	/// Properties 18, 19 and 20.
	#[test]
	fn lines_should_be_paid_for_what_was_measured_and_to_the_grain(
		acts in prop::collection::vec(act(), 1..150), tenure in 1..12u32,
	) {
		run(&acts, tenure);
	}

	/// Property 31: whoever is judged, measured, paid or claims first, everybody gets the same, and the same is left.
	#[test]
	fn order_of_lines_and_claims_should_change_nothing(
		kbps in prop::collection::vec((8_000..200_000u32, 0..3usize), 2..9),
		epochs in prop::collection::vec((0..10_000 * TOKEN, any::<bool>()), 1..8),
		order in any::<u64>(), fees in prop::collection::vec(1..1_000_000u128, 8),
	) {
		let run = |shuffle: bool| {
			let mut found = None;
			build_and_execute(|| {
				let mut lines: Vec<usize> = (0..kbps.len()).collect();
				if shuffle {
					lines.sort_by_key(|line| (*line as u64 + 1).wrapping_mul(order | 1).rotate_left(23));
				}
				for line in &lines {
					register(*line as AccountId + 1, TABLE[kbps[*line].1]);
				}
				for (epoch, (total, is_claimed)) in epochs.iter().enumerate() {
					for line in &lines {
						let who = *line as AccountId + 1;
						measure(who, kbps[*line].0 + 1_000 * epoch as u32);
						Rewards::earned(&who, Epoch::get(), fees[*line % 8]).unwrap();
						(0..=*line).for_each(|_| Rewards::note_author(who));
					}
					let credits: u128 = lines.iter().map(|line| fees[*line % 8]).sum();
					settle_fees(Epoch::get(), credits, credits / 3 + 1);
					let epoch = Epoch::get();
					Epoch::set(epoch + 1);
					close(epoch, *total);
					let back = Rewards::share(epoch, 1_000_003, 0);
					Balances::mint_into(&POT, 1_000_003 - back.0).unwrap();
					if *is_claimed {
						for line in &lines {
							claim(*line as AccountId + 1);
						}
					}
				}
				let of = |line: usize| {
					let who = line as AccountId + 1;
					(account(who), Balances::balance(&who), Lines::<Test>::get(who))
				};
				found = Some(((0..kbps.len()).map(of).collect::<Vec<_>>(), Rewards::pot_balance()));
			});
			found.unwrap()
		};
		prop_assert_eq!(run(false), run(true));
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(24))]

	/// The same where closes are so late that steps are joined: what lines lose by that stays in the pot, to the grain.
	#[test]
	fn lines_should_lose_no_more_than_joined_steps_when_closes_are_late(
		acts in prop::collection::vec(late_act(), 300..500), tenure in 1..12u32,
	) {
		run(&acts, tenure);
	}
}
