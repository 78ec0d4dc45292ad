//! Locations: whether a provider can be in the country it claims, by the round-trip times of its tests.
//!
//! The rule, and what liars can make of it, is in [`weir_math::location`]. Three members suffice to contradict anybody, so
//! a contradiction is recorded, and the test is no location proof; nothing else may follow from it.
//!
//! On a network that allows private endpoints nothing is judged: there, countries are names for addresses of one machine
//! or one house, and light has no way to go.

use crate::{assignment::Test, estimating::Heard, *};

use alloc::vec::Vec;
use weir_math::{
	estimate::{Kind, Member},
	location::{judge_location, LocationFinding, LocationJudgement, Witness},
};
use weir_primitives::{
	api::{LocationFacts, VerdictRecord},
	seams::{Operators, ProviderRegistry},
	EpochIndex, ProviderIndex,
};

impl<T: Config> Pallet<T> {
	/// What is known of a provider that claims to be in `country`: nothing that was found when it claimed another one.
	pub fn location_of(provider: ProviderIndex, country: [u8; 2]) -> LocationFacts {
		Locations::<T>::get(provider)
			.filter(|located| located.country == country)
			.map_or_else(Default::default, |located| located.facts)
	}

	/// Judges where the provider says it is by what the members of a test measured.
	pub(crate) fn note_location(
		test: &Test<T::AccountId>,
		verdict: &VerdictRecord,
		heard: &Heard<T::AccountId>,
	) {
		if PrivateEndpointsAllowed::<T>::get() {
			return;
		}
		let Some(country) = T::Registry::facts(test.provider).map(|facts| facts.region.country) else {
			return;
		};
		let witnesses: Vec<Witness<T::AccountId>> = heard
			.reporters()
			.filter_map(|(node, member)| Self::witness(node, member, verdict.epoch))
			.collect();
		let LocationJudgement { finding, contradicting, supporting } = judge_location(&witnesses, country);
		let mut facts = Self::location_of(test.provider, country);
		match finding {
			LocationFinding::Contradicted => facts.contradicted = Some(verdict.epoch),
			LocationFinding::Proven => {
				facts.proofs = facts.proofs.saturating_add(1);
				facts.last_proof = Some(verdict.epoch);
			}
			LocationFinding::Inconclusive if contradicting == 0 => return,
			LocationFinding::Inconclusive => {}
		}
		if finding != LocationFinding::Inconclusive {
			Locations::<T>::insert(test.provider, Located { country, facts });
		}
		Self::deposit_event(Event::LocationJudged {
			provider: test.provider,
			account: test.account.clone(),
			epoch: verdict.epoch,
			country,
			finding,
			contradicting,
			supporting,
		});
	}

	fn witness(node: &T::AccountId, member: &Member, epoch: EpochIndex) -> Option<Witness<T::AccountId>> {
		let Member::Reported(report) = member else { return None };
		let seat = Seats::<T>::get(node).filter(|_| report.kind != Kind::Unreachable)?;
		Some(Witness {
			operator: T::Operators::operator_at(node, epoch),
			country: seat.country,
			rtt_10us: report.rtt_10us,
			contradicted: Self::is_contradicted(node),
		})
	}

	/// Whether the node is a provider whose own region stands contradicted.
	fn is_contradicted(node: &T::AccountId) -> bool {
		let Some(provider) = T::Registry::index_of(node) else { return false };
		let located = Locations::<T>::get(provider).filter(|located| located.facts.stand_contradicted());
		located.is_some_and(|located| {
			T::Registry::facts(provider).is_some_and(|facts| facts.region.country == located.country)
		})
	}
}
