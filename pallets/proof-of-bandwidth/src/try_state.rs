//! The pallet's invariants, checked after every test and by try-runtime.

use crate::{
	epochs::{CountryIndices, ProviderIndices, SeatIndices},
	*,
};
use polkadot_sdk::*;

use alloc::{
	collections::{BTreeMap, BTreeSet},
	vec::Vec,
};
use codec::Encode;
use frame_support::ensure;
use sp_runtime::TryRuntimeError;
use weir_math::location::WRONG_REGION_TESTS;
use weir_primitives::{
	api::{Outcome, VerdictSummary},
	seams::{EpochClock, Operators, ProviderRegistry},
	Timing,
};

impl<T: Config> Pallet<T> {
	/// Checks what constants and weights must be to each other. Panics where they do not fit: such a runtime must not
	/// be built.
	pub(crate) fn check_constants() {
		assert!(Timing::public().validate().is_ok(), "the public timing is invalid");
		assert!(Timing::local().validate().is_ok(), "the local timing is invalid");
		assert!(
			weir_math::committee::TIERS_KBPS.len() == TIERS as usize,
			"tiers here and in weir-math differ"
		);
		let share = Self::idle_share();
		let before = Self::weight_of_housekeeping().saturating_add(T::WeightInfo::estimate_open());
		let steps = [
			("a verdict", Self::weight_of_test(MAX_MEMBERS, MAX_MEMBERS)),
			("an audit", Self::weight_of_audit()),
			("a score", Self::weight_of_score()),
			("a conclusion", T::WeightInfo::conclude_epoch()),
		]
		.map(|(step, weight)| (step, before.saturating_add(weight)));
		for (step, weight) in steps {
			assert!(weight.all_lte(share), "{step} of {weight} exceeds the hook's share of a block, {share}");
		}
	}

	/// Checks the numbered invariants of the pallet.
	///
	/// # Errors
	///
	/// Names the first that does not hold.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::check_timing()?;
		Self::check_seats()?;
		Self::check_lists()?;
		Self::check_targets()?;
		Self::check_reports()?;
		Self::check_epochs()?;
		Self::check_outages()?;
		Self::check_conducts()?;
		Self::check_verdicts()?;
		Self::check_evidence()?;
		Self::check_locations()
	}

	fn check_timing() -> Result<(), TryRuntimeError> {
		ensure!(
			NetworkTiming::<T>::get() == GenesisTiming::<T>::get(),
			"1: the timing changed since genesis"
		);
		ensure!(Self::timing().validate().is_ok(), "1: the timing is invalid");
		Ok(())
	}

	/// Who is queued to be forgotten where the sweep will come.
	fn leavers() -> BTreeSet<Vec<u8>> {
		let swept = Swept::<T>::get().leavers;
		Leavers::<T>::iter_keys()
			.filter(|(epoch, _)| *epoch >= swept)
			.map(|(_, leaver)| leaver.encode())
			.collect()
	}

	fn check_seats() -> Result<(), TryRuntimeError> {
		let leavers = Self::leavers();
		let mut wide: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
		let mut operators: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
		let mut count = 0u32;
		for (who, seat) in Seats::<T>::iter() {
			let prefix = seat.endpoint.prefix().ok_or("2: a seat without prefix")?;
			ensure!(SeatOfPrefix::<T>::get(prefix).as_ref() == Some(&who), "2: a prefix names another seat");
			ensure!(SeatOfKey::<T>::get(&seat.key).as_ref() == Some(&who), "2: a key names another seat");
			ensure!(seat.score_ppm <= FULL_SCORE_PPM, "2: a score above its maximum");
			ensure!(
				seat.shortfalls.epoch() <= Self::epoch().saturating_sub(1),
				"2: a seat fell short in an epoch that is not over"
			);
			ensure!(
				!seat.leaving || leavers.contains(&Leaver::Seat(who.clone()).encode()),
				"2: a seat that is leaving is not queued"
			);
			let beside = wide.entry(WidePrefix::of(&prefix).encode()).or_default();
			*beside = beside.saturating_add(1);
			let of_operator = operators.entry(T::Operators::operator_of(&who).encode()).or_default();
			*of_operator = of_operator.saturating_add(1);
			count = count.saturating_add(1);
		}
		ensure!(SeatCount::<T>::get() == count, "2: seats miscounted");
		ensure!(SeatOfKey::<T>::iter().count() == count as usize, "2: a key without seat");
		ensure!(SeatOfPrefix::<T>::iter().count() == count as usize, "2: a prefix without seat");
		let stored: BTreeMap<Vec<u8>, u32> =
			SeatsInWidePrefix::<T>::iter().map(|(prefix, count)| (prefix.encode(), count)).collect();
		ensure!(stored == wide, "2: seats of a wide prefix miscounted");
		let stored: BTreeMap<Vec<u8>, u32> =
			SeatsOfOperator::<T>::iter().map(|(operator, count)| (operator.encode(), count)).collect();
		ensure!(stored == operators, "2: seats of an operator miscounted");
		Ok(())
	}

	fn check_lists() -> Result<(), TryRuntimeError> {
		for tier in 0..TIERS {
			SeatIndices::<T>::check(tier)?;
		}
		for class in 0..CLASSES {
			ProviderIndices::<T>::check(class)?;
		}
		for country in 0..=u8::MAX {
			CountryIndices::<T>::check(country)?;
			ensure!(
				CountryIndices::<T>::queue_len(country) == 0
					|| WaitingCountries::<T>::get().contains(country),
				"3: a country with waiting changes is not known"
			);
		}
		for (who, seat) in Seats::<T>::iter() {
			let covered: BTreeSet<u8> = Self::tiers_of(seat.uplink_kbps).filter(|_| !seat.leaving).collect();
			let wanted: BTreeSet<u8> =
				(0..TIERS).filter(|tier| SeatIndices::<T>::is_wanted(*tier, &who)).collect();
			ensure!(covered == wanted, "3: a seat is not wanted in the tiers it covers");
			let country = weir_math::region::index_of(seat.country).ok_or("3: a seat of no country")?;
			ensure!(
				CountryIndices::<T>::is_wanted(country, &who) != seat.leaving,
				"3: a seat is not wanted in its country"
			);
		}
		Ok(())
	}

	fn check_targets() -> Result<(), TryRuntimeError> {
		let leavers = Self::leavers();
		for (index, target) in Targets::<T>::iter() {
			let known = T::Registry::facts(index).is_some_and(|facts| facts.account == target.account);
			ensure!(
				known || leavers.contains(&Leaver::<T::AccountId>::Provider(index).encode()),
				"4: a provider that is gone is not queued"
			);
			let wanted = (0..CLASSES).filter(|class| ProviderIndices::<T>::is_wanted(*class, &index)).count();
			ensure!(wanted <= 1, "4: a provider is wanted in two classes");
			ensure!(target.terms.is_sorted(), "4: terms out of order");
		}
		for (class, index, place) in ProviderListPlaces::<T>::iter() {
			ensure!(class < CLASSES, "4: a class that does not exist");
			ensure!(
				!place.wanted || Targets::<T>::contains_key(index),
				"4: a listed provider is not followed"
			);
		}
		Ok(())
	}

	fn check_reports() -> Result<(), TryRuntimeError> {
		let swept = Swept::<T>::get().reports;
		let now = Self::epoch();
		ensure!(
			EstimateCursor::<T>::get().is_none_or(|cursor| cursor.epoch < now),
			"5: an epoch is judged before it is over"
		);
		for (epoch, _, _) in Reports::<T>::iter() {
			ensure!(epoch >= swept && epoch < now, "5: a report outside its epochs");
		}
		for (epoch, _, results) in Filings::<T>::iter() {
			ensure!(epoch >= swept && epoch < now, "5: a result outside its epochs");
			let places: BTreeSet<u8> = results.iter().map(|filed| filed.place).collect();
			ensure!(places.len() == results.len(), "5: two entries of one member");
		}
		Ok(())
	}

	fn check_epochs() -> Result<(), TryRuntimeError> {
		let Some(progress) = CurrentProgress::<T>::get() else { return Ok(()) };
		ensure!(Epochs::<T>::contains_key(progress.epoch), "6: the running epoch is not recorded");
		for (epoch, _) in Epochs::<T>::iter() {
			let age = progress.epoch.checked_sub(epoch).ok_or("6: a record of a later epoch")?;
			ensure!(age <= RETAINED_EPOCHS, "6: an old record was kept");
		}
		for (epoch, groups) in Groups::<T>::iter() {
			ensure!(Epochs::<T>::contains_key(epoch), "6: groups of an epoch that is not recorded");
			let ascending = groups.iter().zip(groups.iter().skip(1)).all(|((a, _), (b, _))| a < b);
			ensure!(ascending, "6: groups out of order");
		}
		Ok(())
	}

	fn check_verdicts() -> Result<(), TryRuntimeError> {
		for provider in Verdicts::<T>::iter_keys() {
			let verdicts = Self::verdicts_of(provider);
			ensure!(verdicts.is_sorted_by(|a, b| a.epoch < b.epoch), "8: verdicts out of order");
		}
		Ok(())
	}

	fn check_evidence() -> Result<(), TryRuntimeError> {
		for (provider, epoch, evidence) in Evidences::<T>::iter() {
			let Evidence { verdict, appealed, .. } = &evidence;
			ensure!(verdict.epoch == epoch && verdict.outcome == Outcome::Strike, "8: evidence of no strike");
			let last = Verdicts::<T>::get(provider).map(|verdicts| *verdicts.last());
			ensure!(
				last.is_none_or(|last| last.epoch != epoch || last == *verdict),
				"8: evidence of another verdict"
			);
			match Self::verdicts_of(provider).into_iter().find(|kept| kept.epoch == epoch) {
				Some(kept) => {
					ensure!(kept == VerdictSummary::from(verdict), "8: evidence of another verdict");
				}
				None => ensure!(*appealed, "8: evidence of a strike that has left"),
			}
			let end = evidence.until.saturating_add(1);
			ensure!(
				Leavers::<T>::contains_key(end, Leaver::Evidence(provider, epoch)),
				"8: evidence that stays for ever"
			);
			ensure!(
				evidence.voices.len() == usize::from(evidence.committee.members),
				"8: evidence of another committee"
			);
		}
		for (provider, target) in Targets::<T>::iter() {
			let Some(Cause::Appeal(epoch)) = target.escalation.map(|open| open.cause) else { continue };
			let evidence = Evidences::<T>::get(provider, epoch);
			ensure!(evidence.is_none_or(|evidence| evidence.appealed), "8: an appeal nobody made");
		}
		Ok(())
	}

	fn check_outages() -> Result<(), TryRuntimeError> {
		let (head, tail) = LapseBounds::<T>::get();
		let mut queued = BTreeSet::new();
		let mut place = head;
		while place != tail {
			let (provider, _) = Lapses::<T>::get(place).ok_or("10: the order of alarms has a gap")?;
			queued.insert(provider);
			place = place.wrapping_add(1);
		}
		for (provider, alarm) in Alarms::<T>::iter() {
			let has_enough = alarm.reporters.len() >= weir_math::outage::ALARM as usize;
			ensure!(alarm.raised.is_some() == has_enough, "10: an alarm of too few, or one not raised");
			ensure!(!alarm.reporters.is_empty(), "10: an alarm nobody reported");
			ensure!(queued.contains(&provider), "10: an alarm that never ends");
			ensure!(!Outages::<T>::contains_key(provider), "10: an alarm about an outage");
		}
		let mut down: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
		let mut operators: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
		for (provider, outage) in Outages::<T>::iter() {
			let latest = Targets::<T>::get(provider).and_then(|target| target.terms.latest());
			let is_watched = latest.is_some_and(|terms| terms.standing != Standing::Out);
			ensure!(is_watched, "10: an outage that nobody would see the end of");
			let count = down.entry(outage.region.encode()).or_default();
			*count = count.saturating_add(1);
			let count = operators.entry((outage.region, outage.operator).encode()).or_default();
			*count = count.saturating_add(1);
		}
		let counted: BTreeMap<Vec<u8>, u32> =
			RegionOutages::<T>::iter().map(|(region, state)| (region.encode(), state.down)).collect();
		ensure!(counted == down, "10: outages of a region miscounted");
		let counted: BTreeMap<Vec<u8>, u32> = OperatorOutages::<T>::iter()
			.map(|(region, operator, count)| ((region, operator).encode(), count))
			.collect();
		ensure!(counted == operators, "10: outages of an operator miscounted");
		for (region, state) in RegionOutages::<T>::iter() {
			let of_region = OperatorOutages::<T>::iter_prefix(region).count();
			ensure!(of_region == state.operators as usize, "10: operators of a region miscounted");
		}
		Ok(())
	}

	fn check_locations() -> Result<(), TryRuntimeError> {
		for (provider, Located { country, facts }) in Locations::<T>::iter() {
			ensure!(!PrivateEndpointsAllowed::<T>::get(), "9: a location of a private address");
			ensure!(Targets::<T>::contains_key(provider), "9: a location of nobody");
			ensure!(weir_math::region::is_assigned(country), "9: a location in no country");
			ensure!((facts.proofs > 0) == facts.last_proof.is_some(), "9: proofs without an epoch");
			let last = facts.last_proof.max(facts.contradicted);
			ensure!(last.is_some_and(|epoch| epoch < Self::epoch()), "9: a location found too early");
		}
		Ok(())
	}

	fn check_conducts() -> Result<(), TryRuntimeError> {
		for (who, conduct) in Conducts::<T>::iter() {
			let countries: BTreeSet<_> =
				conduct.misplaced.iter().map(|misplaced| misplaced.country).collect();
			ensure!(countries.len() == conduct.misplaced.len(), "9: a wrong country is kept twice");
			for Misplaced { country, refutations, slash, banned_until, earned_until, .. } in
				&conduct.misplaced
			{
				ensure!(weir_math::region::is_assigned(*country), "9: a wrong country that is none");
				ensure!(*refutations <= WRONG_REGION_TESTS, "9: a row that is longer than one");
				ensure!(*refutations > 0 || banned_until.is_some(), "9: a wrong country without row or ban");
				ensure!(slash.is_none() || banned_until.is_some(), "9: a slash without ban");
				ensure!(earned_until <= banned_until, "9: an earned ban that outlasts the last one");
			}
			let queued = |epoch| Leavers::<T>::contains_key(epoch, Leaver::Conduct(who.clone()));
			ensure!(conduct.review.is_none_or(queued), "7: a review is not queued");
			ensure!(
				conduct.review.is_some() || T::Registry::index_of(&who).is_some(),
				"7: a conduct without registration has no end"
			);
		}
		for (epoch, leaver) in Leavers::<T>::iter_keys() {
			let Leaver::Conduct(who) = leaver else { continue };
			let review = Conducts::<T>::get(who).and_then(|conduct| conduct.review);
			ensure!(review == Some(epoch), "7: a review of nothing");
		}
		Ok(())
	}
}
