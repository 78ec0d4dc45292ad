//! Random proposals over epochs: no law breaks, no parameter moves too far within a window, `lambda` never rises, and no
//! pause outlasts its time.

use crate::{mock::*, *};
use frame_support::BoundedVec;
use proptest::prelude::*;
use std::collections::BTreeMap;
use weir_math::economy::parameters::{ParameterName, MOST_EARNED, MOST_SHARES};
use weir_primitives::{
	economy::{Pace as PaceOf, Parameters as Values, RegionId},
	EpochIndex,
};

#[derive(Clone, Debug)]
enum Step {
	/// By which millionths of its present value each parameter is to move, from below to above.
	Propose(Vec<(ParameterName, i64)>),
	/// As far as it may.
	ProposeMost(ParameterName, bool),
	/// Whatever.
	ProposeAny(Vec<(ParameterName, u64)>),
	Cancel,
	Pause(Option<Option<RegionId>>),
	Resume(Option<Option<RegionId>>),
	Epochs(u32),
}

fn name() -> impl Strategy<Value = ParameterName> {
	prop::sample::select(ParameterName::ALL.to_vec())
}

fn step() -> impl Strategy<Value = Step> {
	let brake = prop::option::of(prop::option::of(0..REGIONS + 1));
	prop_oneof![
		4 => prop::collection::vec((name(), -300_000..300_000i64), 1..4).prop_map(Step::Propose),
		4 => (name(), any::<bool>()).prop_map(|(name, up)| Step::ProposeMost(name, up)),
		1 => prop::collection::vec((name(), any::<u64>()), 0..4).prop_map(Step::ProposeAny),
		1 => Just(Step::Cancel),
		1 => brake.clone().prop_map(Step::Pause),
		1 => brake.prop_map(Step::Resume),
		8 => (1..40u32).prop_map(Step::Epochs),
	]
}

fn brake_of(brake: Option<Option<RegionId>>) -> Brake {
	match brake {
		None => Brake::Purchases,
		Some(None) => Brake::Slashes,
		Some(Some(region)) => Brake::Region(region),
	}
}

fn run(step: Step) {
	let now = |name: ParameterName| Governance::parameters().value(name);
	let emergency = as_(Origin::Emergency);
	// Refusals are part of the sequence: what matters is the state they leave.
	let _ = match step {
		Step::Propose(moves) => {
			let new = |(name, by): (ParameterName, i64)| {
				let value = i128::from(now(name)) * (1_000_000 + i128::from(by)) / 1_000_000;
				(name, u64::try_from(value).unwrap())
			};
			propose(&moves.into_iter().map(new).collect::<Vec<_>>())
		}
		Step::ProposeMost(name, up) => {
			let (value, allowance) = (now(name), name.allowance(now(name)));
			propose(&[(name, if up { value + allowance } else { value.saturating_sub(allowance) })])
		}
		Step::ProposeAny(changes) => {
			Governance::propose_parameters(as_(Origin::Economics), BoundedVec::truncate_from(changes))
		}
		Step::Cancel => Governance::cancel_change(as_(Origin::Economics)),
		Step::Pause(brake) => match brake_of(brake) {
			Brake::Purchases => Governance::pause_purchases(emergency),
			Brake::Slashes => Governance::pause_slashes(emergency),
			Brake::Region(region) => Governance::pause_region(emergency, region),
		},
		Step::Resume(brake) => Governance::resume(emergency, brake_of(brake)),
		Step::Epochs(_) => unreachable!("epochs are entered one by one"),
	};
}

/// What a network saw: the parameters of each epoch, and in which epochs each brake was on.
#[derive(Default)]
struct Seen {
	values: BTreeMap<EpochIndex, Values>,
	pauses: BTreeMap<&'static str, Vec<EpochIndex>>,
}

impl Seen {
	fn note(&mut self) {
		use frame_support::traits::{Contains, Get};
		let epoch = Epoch::get();
		self.values.insert(epoch, Governance::parameters());
		let paused = [
			("purchases", PurchasesPaused::<Test>::get()),
			("slashes", SlashesPaused::<Test>::get()),
			("region", RegionPaused::<Test>::contains(&3)),
		];
		for (what, _) in paused.into_iter().filter(|(_, paused)| *paused) {
			let epochs = self.pauses.entry(what).or_default();
			if epochs.last() != Some(&epoch) {
				epochs.push(epoch);
			}
		}
	}

	/// The laws by themselves, without the code that checks them.
	fn judge(&self, window: EpochIndex) {
		for (epoch, new) in &self.values {
			assert!(new.provider_share + new.attestor_share + new.kappa <= MOST_EARNED);
			assert!(new.provider_share + new.attestor_share + new.treasury_share <= MOST_SHARES);
			assert!(new.quorum > 500_000 && new.availability_least <= new.availability_most);
			for name in ParameterName::ALL {
				let bounds = name.bounds();
				assert!((bounds.least..=bounds.most).contains(&new.value(name)), "{name:?} in {epoch}");
			}
			for old in self.values.range(epoch.saturating_sub(window)..*epoch).map(|(_, old)| old) {
				if old == new {
					continue;
				}
				assert!(new.lambda <= old.lambda);
				for name in ParameterName::ALL {
					let part = if name == ParameterName::ListPrice { 10 } else { 4 };
					let most = (old.value(name) / part).max(name.bounds().step);
					let moved = old.value(name).abs_diff(new.value(name));
					assert!(moved <= most, "{name:?} moved by {moved} of {} up to {epoch}", old.value(name));
				}
			}
		}
		for (what, epochs) in &self.pauses {
			let mut runs: Vec<(EpochIndex, EpochIndex)> = Vec::new();
			for epoch in epochs {
				match runs.last_mut() {
					Some((_, last)) if *last + 1 == *epoch => *last = *epoch,
					_ => runs.push((*epoch, *epoch)),
				}
			}
			for (first, last) in &runs {
				assert!(last - first < 12, "{what} paused from {first} to {last}");
			}
			for (before, after) in runs.iter().zip(runs.iter().skip(1)) {
				assert!(after.0 - before.1 >= 28, "{what} paused again: {before:?}, {after:?}");
			}
		}
	}
}

fn story(pace: PaceOf, steps: Vec<Step>) {
	ExtBuilder::default().pace(pace).build_and_execute(|| {
		let mut seen = Seen::default();
		seen.note();
		for step in steps {
			if let Step::Epochs(count) = step {
				for _ in 0..count {
					enter(Epoch::get() + 1);
					seen.note();
				}
			} else {
				run(step);
				seen.note();
			}
			Governance::do_try_state().unwrap();
		}
		seen.judge(pace.change_window_epochs);
	});
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(96))]

	#[test]
	fn laws_should_hold_after_any_sequence_on_a_public_network(steps in prop::collection::vec(step(), 1..60)) {
		story(PaceOf::public(), steps);
	}

	#[test]
	fn laws_should_hold_after_any_sequence_on_a_local_network(steps in prop::collection::vec(step(), 1..60)) {
		story(PaceOf::local(), steps);
	}
}

/// The same with the greediest of governments: it moves one parameter as far as it may whenever it may, for years.
#[test]
fn parameter_should_not_run_away_faster_than_a_quarter_a_window() {
	for (name, up) in [(ParameterName::AvailabilityMost, true), (ParameterName::ListPrice, false)] {
		ExtBuilder::default().build_and_execute(|| {
			let mut seen = Seen::default();
			for _ in 0..20 * WINDOW {
				let now = Governance::parameters().value(name);
				let most = (1..=name.allowance(now)).rev().step_by(50);
				for by in most {
					if propose(&[(name, if up { now + by } else { now - by })]).is_ok() {
						break;
					}
				}
				enter(Epoch::get() + 1);
				seen.note();
			}
			seen.judge(WINDOW);
			let end = Governance::parameters().value(name);
			let first = seen.values.values().next().unwrap().value(name);
			assert!(if up { end > first * 9 } else { end < first / 3 }, "it moved, from {first} to {end}");
		});
	}
}
