//! What lines weigh: verdicts, and what else changes a weight.

use crate::{totals::MOST_ROLLED, *};
use polkadot_sdk::*;

use alloc::vec::Vec;
use frame_support::{traits::Get, weights::Weight};
use weir_math::economy::{
	accrual::Step,
	weight::{self, recorded_uptime, seen_uptime, upper_median, Factors},
};
use weir_primitives::{
	api::{Outcome, VerdictRecord},
	economy::Placed,
	seams::{
		economy::{LineFacts, LineHistory, Placement},
		Bonds, OnProviderChange, OnVerdict, Operators, ProviderFacts, ProviderRegistry,
	},
	Admission, Endpoint, EpochIndex, Kbps, LineKind, ProviderIndex, OWNER_DELAY_EPOCHS,
};

/// When a provider earns, of the epochs in which that is known.
pub(crate) struct Serving<AccountId> {
	/// What is registered of it in the first of them, with the smallest claim of all of them: a bond follows a lowered one
	/// at once, and a weight counts for longer.
	pub facts: ProviderFacts<AccountId>,
	/// The first of them.
	from: EpochIndex,
	/// The first one after it in which it no longer earns, if one is known.
	until: Option<EpochIndex>,
}

impl<T: Config> Pallet<T> {
	/// Epochs in which a weight counts after its test: no more than can be scheduled.
	fn weight_epochs() -> u32 {
		T::Pace::get().weight_epochs.min(HORIZON.saturating_sub(1))
	}

	/// Whether and when the provider is admitted and in service, as far as is known: what its owner says comes into force
	/// [`OWNER_DELAY_EPOCHS`] later.
	pub(crate) fn serving(
		who: &T::AccountId,
		index: ProviderIndex,
		now: EpochIndex,
	) -> Option<Serving<T::AccountId>> {
		let earning = |epoch: EpochIndex| {
			T::Registry::facts_at(index, epoch).filter(|facts| {
				let is_admitted = matches!(facts.admission, Admission::Admitted { since } if since <= epoch);
				facts.account == *who && facts.in_service && is_admitted
			})
		};
		let known = now..=now.saturating_add(OWNER_DELAY_EPOCHS);
		let (from, mut facts) = known.clone().find_map(|epoch| Some((epoch, earning(epoch)?)))?;
		let until = known.clone().filter(|epoch| *epoch > from).find(|epoch| earning(*epoch).is_none());
		let claims = known.filter_map(|epoch| Some(earning(epoch)?.claim));
		facts.claim = claims.min_by_key(|claim| claim.effective_kbps()).unwrap_or(facts.claim);
		Some(Serving { facts, from, until })
	}

	/// What a line weighs before its neighbours count, and why. What was measured of it elsewhere says nothing of where it is.
	pub(crate) fn factors(
		line: &Line,
		history: &LineFacts,
		facts: &ProviderFacts<T::AccountId>,
	) -> Option<Factors> {
		let is_of_here = |test: &&(EpochIndex, Kbps)| test.0 >= line.tests_from;
		let measured: Vec<Kbps> = history.measured.iter().filter(is_of_here).map(|test| test.1).collect();
		let measured_kbps = weight::lower_quintile(&measured)?;
		let outages: Vec<(u64, u64)> = history
			.gaps
			.iter()
			.filter(|gap| !gap.is_regional)
			.map(|gap| (gap.from_slot, gap.until_slot))
			.chain(history.down_since.map(|from| (from, history.slot)))
			.collect();
		let recorded = recorded_uptime(&outages, history.slot, history.epoch_slots);
		let alive: Vec<u8> = line.seen.iter().map(|seen| seen.alive_parts).collect();
		let seen = seen_uptime(&alive);
		let rtts: Vec<u32> =
			line.seen.iter().map(|seen| u32::from(seen.rtt_10us)).filter(|rtt| *rtt > 0).collect();
		let is_hosting = facts.region.kind == LineKind::Hosting || T::Placement::is_hosting(&facts.endpoint);
		let line = weight::Line {
			measured_kbps,
			claimed_kbps: facts.claim.effective_kbps(),
			covered_kbps: T::Bonds::covered_kbps(&facts.account),
			uptime: recorded.0.min(seen.0),
			steadiness: recorded.1.min(seen.1),
			// Nobody got an answer in time.
			rtt_10us: upper_median(&rtts).unwrap_or(u32::MAX),
			reliability: line.reliability.ppm,
			is_hosting,
		};
		Some(line.factors())
	}

	/// What is registered with this index, if it is the line of `who`.
	pub(crate) fn registered(
		who: &T::AccountId,
		index: ProviderIndex,
	) -> Option<ProviderFacts<T::AccountId>> {
		T::Registry::facts(index).filter(|facts| facts.account == *who)
	}

	/// Weighs the line of `who` anew, from now on, and places it. It was settled before. Returns through how many epochs that
	/// rolled totals.
	fn weigh(who: &T::AccountId, line: &mut Line) -> u32 {
		let now = Self::now();
		let operator = T::Operators::operator_of(who);
		let history = T::History::line(line.index);
		if let Some(facts) = Self::registered(who, line.index) {
			Self::note_place(who, line, &operator, &facts);
		}
		let serving = Self::serving(who, line.index, now);
		let is_proven = Self::note_proof(line, history.as_ref(), now);
		let mut steps = Vec::new();
		let mut placed = Placed { region: None, weight: 0 };
		match history.zip(serving).and_then(|(history, serving)| {
			let (raw, from, until) = Self::term(line, &history, &serving, now)?;
			Some((raw, from, until, serving.facts))
		}) {
			Some((raw, from, until, facts)) => {
				placed = T::Placement::place(line.index, &operator, &facts.region, &facts.endpoint, raw);
				line.raw = raw;
				// In no region there is nobody to make room for.
				line.until = if placed.region.is_some() { until } else { now };
				let is_settled = |epoch: EpochIndex| line.settled_from <= epoch;
				if from > now || placed.region.is_none() {
					steps.push(Step::none(now));
				}
				if let Some(region) = placed.region {
					let step = Step {
						from,
						region,
						weight: placed.weight,
						floor: is_settled(from),
						proven: is_proven && is_settled(from),
					};
					steps.extend([step, Step::none(until)]);
				}
			}
			None => {
				Self::displace(who, line);
				steps.push(Step::none(now));
			}
		}
		let old = line.step_at(now);
		let rolled = Self::replace_steps(line, now, &steps);
		Self::tell_weight(who, line, &old, &placed);
		rolled
	}

	/// The raw weight of a line, the first epoch in which it counts, and the first in which it no longer does. None if it is
	/// nothing.
	fn term(
		line: &Line,
		history: &LineFacts,
		serving: &Serving<T::AccountId>,
		now: EpochIndex,
	) -> Option<(u64, EpochIndex, EpochIndex)> {
		// A ban is not scheduled to end: until then the line would take room from its neighbours.
		let is_banned = history.banned_until.is_some_and(|until| until > now);
		if history.is_refuted || is_banned {
			return None;
		}
		let last_test = history.last_test.filter(|epoch| *epoch >= line.tests_from)?;
		let expiry = last_test.saturating_add(Self::weight_epochs()).saturating_add(1);
		let until = serving.until.map_or(expiry, |until| until.min(expiry));
		let from =
			if line.void == Some(now) { serving.from.max(now.saturating_add(1)) } else { serving.from };
		let raw = Self::factors(line, history, &serving.facts)?.weight();
		(raw > 0 && from < until).then_some((raw, from, until))
	}

	/// Takes the line away from where it stands, if it stands anywhere.
	fn displace(who: &T::AccountId, line: &mut Line) {
		if line.raw == 0 {
			return;
		}
		line.raw = 0;
		let endpoint = Self::registered(who, line.index).map_or(Endpoint::RelayOnly, |facts| facts.endpoint);
		T::Placement::place(line.index, &T::Operators::operator_of(who), &line.region, &endpoint, 0);
	}

	/// Notes where the line is. On another site or in another region than before it has other neighbours, perhaps another
	/// class, and nothing was measured of it: it weighs nothing until a test of there has measured something, one of those
	/// that go by what its owner changed.
	///
	/// That begins with the running epoch, however late in it the line moves. A weight counts for a whole epoch: if the old
	/// one stood until the end, an address could be left with the first block of each epoch and used for others; if the new
	/// one counted at once, the last block would choose the neighbours and the class of all the blocks before. Moving back is
	/// a move like any other, so that nothing is gained by it either.
	fn note_place(
		who: &T::AccountId,
		line: &mut Line,
		operator: &T::AccountId,
		facts: &ProviderFacts<T::AccountId>,
	) {
		let site = T::Placement::site(operator, &facts.endpoint);
		if site == line.site && facts.region == line.region {
			return;
		}
		Self::note_region(who, line, facts);
		line.site = site;
		line.begin(Self::now().saturating_add(OWNER_DELAY_EPOCHS));
		let (provider, tests_from) = (line.index, line.tests_from);
		Self::deposit_event(Event::Relocated { who: who.clone(), provider, tests_from });
	}

	/// Notes the region of a line. One that is in another than before starts anew there.
	fn note_region(who: &T::AccountId, line: &mut Line, facts: &ProviderFacts<T::AccountId>) {
		if facts.region == line.region {
			return;
		}
		let now = Self::now();
		let from = now.saturating_add(T::Parameters::get().tenure_epochs);
		let old = core::mem::replace(&mut line.region, facts.region);
		line.settled_from = from;
		line.proven_since = None;
		line.reliability = weight::Reliability::new(from);
		let (provider, new) = (line.index, facts.region);
		Self::deposit_event(Event::Moved { who: who.clone(), provider, old, new, from });
	}

	/// Notes since when location proofs pass, each within a tenure of the one before. Whether they have for a tenure, and still
	/// do. Begun is a tenure by a new proof only, and after a move by one of there.
	fn note_proof(line: &mut Line, history: Option<&LineFacts>, now: EpochIndex) -> bool {
		let Some(history) = history else { return false };
		if history.is_refuted {
			line.proven_since = None;
			// What was proven before begins nothing afterwards.
			line.proof = line.proof.max(history.proof);
			return false;
		}
		let Some(last) = history.proof.filter(|epoch| *epoch >= line.tests_from) else { return false };
		let tenure = T::Parameters::get().tenure_epochs;
		let is_recent = |epoch: EpochIndex, then: EpochIndex| epoch.saturating_add(tenure) >= then;
		if line.proof.is_none_or(|before| before < last) {
			line.proven_since = line
				.proven_since
				.filter(|_| line.proof.is_some_and(|before| is_recent(before, last)))
				.or(Some(now));
			line.proof = Some(last);
		}
		line.proven_since.is_some_and(|since| since.saturating_add(tenure) <= now) && is_recent(last, now)
	}

	fn tell_weight(who: &T::AccountId, line: &Line, old: &Step, placed: &Placed) {
		let now = Self::now();
		let new = line.steps.iter().find(|step| step.from >= now && step.weight > 0);
		let current = line.step_at(now);
		let step = if current.weight > 0 { Some(&current) } else { new };
		let weight = step.map_or(0, |step| step.weight);
		if weight == 0 && old.weight == 0 {
			return;
		}
		Self::deposit_event(Event::Weighed {
			who: who.clone(),
			provider: line.index,
			old: old.weight,
			new: weight,
			region: placed.region.filter(|_| weight > 0),
			from: step.map_or(now, |step| step.from.max(now)),
			until: line.expires(now),
		});
	}

	/// Settles and weighs the line of `who`, if it has one with this index.
	pub(crate) fn reweigh(who: &T::AccountId, index: ProviderIndex) {
		let Some(mut line) = Lines::<T>::get(who).filter(|line| line.index == index) else { return };
		Self::settle_and_tell(who, &mut line);
		Self::weigh(who, &mut line);
		Self::store_line(who, line);
	}

	/// Stores a line, unless nothing of it is needed any more: it weighs nothing, stands nowhere, is not registered, and a
	/// tenure has passed, so that coming back in another region is no way around one.
	pub(crate) fn store_line(who: &T::AccountId, line: Line) {
		let tenure = T::Parameters::get().tenure_epochs;
		let is_idle = line.steps.iter().all(|step| step.weight == 0) && line.raw == 0;
		let is_over = line.reliability.at.max(line.settled_from).saturating_add(tenure) < Self::now();
		if is_idle && is_over && T::Registry::index_of(who).is_none() {
			Lines::<T>::remove(who);
		} else {
			Lines::<T>::insert(who, line);
		}
	}

	/// Takes a line whose weight has expired away from where it stands. One that weighs nothing because of its neighbours
	/// stays: it is one of those who fill their common cap, and each of them gets its part of that.
	pub(crate) fn tidy_line(who: &T::AccountId, line: &mut Line) {
		if line.raw > 0 && line.until <= Self::now() {
			Self::displace(who, line);
		}
	}

	/// The line of `who` with this index, as a verdict on a test of `epoch` is told of it. A new registration has nothing of
	/// the tests of the last one, also if that had the same index ([`Self::end_registration`]).
	fn line_of_index(who: &T::AccountId, index: ProviderIndex, epoch: EpochIndex) -> Option<Line> {
		let known = Lines::<T>::get(who);
		if known.as_ref().is_some_and(|line| line.index == index) {
			return known;
		}
		let facts = Self::registered(who, index);
		let site_of = |facts: &ProviderFacts<T::AccountId>| {
			T::Placement::site(&T::Operators::operator_of(who), &facts.endpoint)
		};
		let Some(mut line) = known else {
			let facts = facts?;
			let new = Line::new(index, facts.region, site_of(&facts), Self::now());
			return Some(Line { tests_from: epoch, ..new });
		};
		Self::displace(who, &mut line);
		line.index = index;
		// The first verdict of the registration. What an index was told of before is of another one.
		line.begin_anew(epoch);
		if let Some(facts) = facts {
			// Where a registration begins is no move. Before it weighs anything it passes three tests, and moves are seen from
			// the verdict on the first one on: the last one is of this place, or does not count.
			Self::note_region(who, &mut line, &facts);
			line.site = site_of(&facts);
		}
		Some(line)
	}

	/// The registration of `who` has ended, out of service for longer than this epoch: tests of later ones are of the next
	/// one, which may have the same index before what was measured is forgotten. Region, site, reliability and tenure stay.
	fn end_registration(who: &T::AccountId) {
		let later = Self::now().saturating_add(1);
		Lines::<T>::mutate_extant(who, |line| line.begin_anew(line.tests_from.max(later)));
	}

	/// Notes what a test showed of the line beside its capacity.
	fn note_test(line: &mut Line, verdict: &VerdictRecord, is_excused: bool) {
		let (now, pace) = (Self::now(), T::Pace::get());
		if is_excused {
			line.reliability = line.reliability.wait(now);
			return;
		}
		if verdict.epoch >= line.tests_from {
			line.see(Seen { alive_parts: verdict.alive_parts, rtt_10us: verdict.rtt_10us });
		}
		let before = line.reliability.ppm;
		line.reliability = match verdict.outcome {
			Outcome::Good | Outcome::PaidAsMeasured | Outcome::ClaimLowered => {
				line.reliability.clean(now, Self::weight_epochs(), pace.epochs_per_day)
			}
			Outcome::Strike => line.reliability.fault(now),
			Outcome::Unreachable | Outcome::Void => line.reliability.wait(now),
		};
		if verdict.outcome == Outcome::Strike {
			let taken = before.saturating_sub(line.reliability.ppm);
			line.struck = Some(Struck { epoch: verdict.epoch, taken });
		}
		if matches!(verdict.outcome, Outcome::Strike | Outcome::Unreachable) {
			line.void = Some(now);
		}
	}
}

impl<T: Config> OnVerdict<T::AccountId> for Pallet<T> {
	fn verdict(who: &T::AccountId, index: ProviderIndex, _: EpochIndex, verdict: &VerdictRecord) -> Weight {
		if verdict.outcome == Outcome::Void {
			return Weight::zero();
		}
		let Some(mut line) = Self::line_of_index(who, index, verdict.epoch) else {
			return T::WeightInfo::verdict(0, 0);
		};
		let is_excused = T::History::line(index).is_some_and(|history| history.is_excused);
		let steps = Self::settle_and_tell(who, &mut line);
		Self::note_test(&mut line, verdict, is_excused);
		let rolled = Self::weigh(who, &mut line);
		Self::store_line(who, line);
		T::WeightInfo::verdict(steps, rolled)
	}

	/// Only a strike can be disputed.
	fn revised(who: &T::AccountId, index: ProviderIndex, epoch: EpochIndex, verdict: &VerdictRecord) {
		let Some(mut line) = Lines::<T>::get(who).filter(|line| line.index == index) else { return };
		Self::settle_and_tell(who, &mut line);
		if verdict.outcome != Outcome::Strike {
			if let Some(struck) = line.struck.take_if(|struck| struck.epoch == epoch) {
				line.reliability = line.reliability.forgiven(struck.taken);
				// Of epochs that are over nothing is taken back.
				line.void = line.void.filter(|void| *void != Self::now());
			}
		}
		Self::weigh(who, &mut line);
		Self::store_line(who, line);
	}

	fn unproven(attestor: &T::AccountId, epoch: EpochIndex) {
		Self::void_attestation(attestor, epoch);
	}

	fn attested(attestor: &T::AccountId, epoch: EpochIndex, assigned: u32, accepted: u32) {
		Self::note_attestation(attestor, epoch, assigned, accepted);
	}

	/// The line's history and its place are in what is measured, each at its dearest.
	fn weight() -> Weight {
		T::WeightInfo::verdict(MAX_STEPS, MOST_ROLLED)
	}

	fn attestor_weight() -> Weight {
		T::WeightInfo::attested().max(T::WeightInfo::unproven())
	}
}

impl<T: Config> OnProviderChange<T::AccountId> for Pallet<T> {
	fn provider_changed(index: ProviderIndex, facts: &ProviderFacts<T::AccountId>) {
		Self::reweigh(&facts.account, index);
	}

	fn provider_left(index: ProviderIndex, who: &T::AccountId) {
		Self::reweigh(who, index);
		if T::Registry::index_of(who).is_none() {
			Self::end_registration(who);
			Self::leave(who);
		}
	}

	fn is_needed(_: ProviderIndex, _: &T::AccountId) -> bool {
		// What a line has earned belongs to its account.
		false
	}

	/// To settle, weigh, place and store a line is what a verdict costs; one whose registration ends is taken leave of beside.
	fn weight() -> Weight {
		T::WeightInfo::provider_left().max(T::WeightInfo::verdict(MAX_STEPS, MOST_ROLLED))
	}

	/// The line is settled, and its regions are up to date.
	fn weight_again() -> Weight {
		T::WeightInfo::verdict(1, 0)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn encumber_for_benchmark(index: ProviderIndex, who: &T::AccountId) {
		benchmarking::encumber::<T>(index, who);
	}
}
