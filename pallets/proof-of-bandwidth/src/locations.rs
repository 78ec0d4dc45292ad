//! Locations: whether a provider can be in the country it claims, by the round-trip times of its tests.
//!
//! The rule, and what liars can make of it, is in [`weir_math::location`]. Three members suffice to contradict anybody, so
//! a contradiction is recorded, and the test is no location proof; nothing else follows from it. What follows when majorities
//! refute the claim is in [`misplacement`].
//!
//! On a network that allows private endpoints nothing is judged: there, countries are names for addresses of one machine
//! or one house, and light has no way to go.

use crate::{assignment::Test, estimating::Heard, line::measures, misplacement::Ruling, *};

use alloc::vec::Vec;
use codec::{Decode, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use weir_math::{
	estimate::{Kind, Member},
	location::{judge_location, LocationFinding, LocationJudgement, Witness},
};
use weir_primitives::{
	api::{LocationFacts, VerdictRecord},
	seams::{Operators, ProviderRegistry},
	EpochIndex, ProviderIndex,
};

/// What is known of where a provider is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Located {
	/// The country it claimed: if it claims another one now, nothing is known.
	pub country: [u8; 2],
	/// What was found.
	pub facts: Found,
}

/// What tests found of where a provider is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Found {
	/// Location proofs passed; stays at the largest number.
	pub proofs: u16,
	/// Epoch of the last one.
	pub last_proof: Option<EpochIndex>,
	/// Epoch of the last contradiction.
	pub contradicted: Option<EpochIndex>,
	/// Epoch of the last test that measured something, if it refuted the claim.
	pub refuted: Option<EpochIndex>,
}

impl Found {
	/// Whether no proof has followed the last contradiction.
	pub fn stand_contradicted(&self) -> bool {
		self.contradicted > self.last_proof
	}
}

impl<T: Config> Pallet<T> {
	/// What is known of a registered provider that claims to be in `country`: nothing that was found when it claimed another
	/// one.
	pub fn location_of(provider: ProviderIndex, country: [u8; 2]) -> LocationFacts {
		let Found { proofs, last_proof, contradicted, refuted } = Self::found_of(provider, country);
		let account = T::Registry::facts(provider).map(|facts| facts.account);
		let misplaced = account.and_then(|who| Self::misplaced(&who, country));
		let refutations = misplaced.map_or(0, |misplaced| misplaced.refutations);
		let banned_until = misplaced.and_then(|misplaced| Self::running_ban(&misplaced));
		LocationFacts { proofs, last_proof, contradicted, refuted, refutations, banned_until }
	}

	/// What tests found of a provider that claims to be in `country`.
	pub(crate) fn found_of(provider: ProviderIndex, country: [u8; 2]) -> Found {
		Locations::<T>::get(provider)
			.filter(|located| located.country == country)
			.map_or_else(Default::default, |located| located.facts)
	}

	/// Judges where the provider said it was by what the members of a test measured. Returns what was decided of it.
	pub(crate) fn note_location(
		test: &Test<T::AccountId>,
		verdict: &VerdictRecord,
		heard: &Heard<T::AccountId>,
	) -> Option<Ruling> {
		if PrivateEndpointsAllowed::<T>::get() {
			return None;
		}
		let country = test.country;
		let witnesses: Vec<Witness<T::AccountId>> = heard
			.reporters()
			.filter_map(|(node, member)| Self::witness(node, member, verdict.epoch))
			.collect();
		let LocationJudgement { finding, contradicting, supporting } =
			judge_location(&witnesses, test.committee.members, country);
		let known = Self::found_of(test.provider, country);
		let found = found_by(known, finding, verdict);
		if found != known {
			Locations::<T>::insert(test.provider, Located { country, facts: found });
		}
		if finding != LocationFinding::Inconclusive || contradicting > 0 {
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
		match finding {
			LocationFinding::Refuted => Self::note_refuted(test, verdict.epoch),
			_ if measures(verdict.outcome) => Self::note_unrefuted(test),
			_ => None,
		}
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

/// What is known after one more test.
fn found_by(known: Found, finding: LocationFinding, verdict: &VerdictRecord) -> Found {
	let mut found = known;
	if finding.is_against() {
		found.contradicted = Some(verdict.epoch);
	}
	match finding {
		LocationFinding::Refuted => found.refuted = Some(verdict.epoch),
		LocationFinding::Proven => {
			found.proofs = found.proofs.saturating_add(1);
			found.last_proof = Some(verdict.epoch);
		}
		LocationFinding::Contradicted | LocationFinding::Inconclusive => {}
	}
	if finding != LocationFinding::Refuted && measures(verdict.outcome) {
		found.refuted = None;
	}
	found
}
