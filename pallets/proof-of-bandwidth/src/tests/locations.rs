//! Where providers are, by the round-trip times of their tests.

use super::*;
use weir_math::location::LocationFinding;
use weir_primitives::{api::LocationFacts, seams::OnProviderChange};

/// From Germany to Japan and back takes light in fibre more than 70 ms.
const TOO_FAST: u16 = 3_000;
const FAR: u16 = 20_000;
const ABROAD: [u8; 2] = *b"JP";

/// Five seats in Germany, all of them members of every committee, and a provider that claims to be in Japan.
fn story(test: impl FnOnce()) {
	ExtBuilder::default().seats(5).build_and_execute(|| {
		register(0, 100, symmetric(100_000));
		change(0, |facts| facts.region.country = ABROAD).unwrap();
		run_to(FIRST_TESTED_EPOCH, 0);
		test();
	});
}

fn measure(rtt_10us: impl Fn(AccountId) -> u16) {
	cycle(|node, task| Some(Entry { rtt_10us: rtt_10us(node), ..honest(task, task.claim)? }));
}

fn facts() -> LocationFacts {
	Pob::location_of(0, ABROAD)
}

fn last_judgement() -> Option<Event<Runtime>> {
	events().into_iter().rfind(|event| matches!(event, Event::LocationJudged { .. }))
}

fn judged(finding: LocationFinding, contradicting: u16, supporting: u16) -> Option<Event<Runtime>> {
	Some(Event::LocationJudged {
		provider: 0,
		account: 100,
		epoch: Pob::epoch() - 1,
		country: ABROAD,
		finding,
		contradicting,
		supporting,
	})
}

#[test]
fn region_should_be_proven_when_five_far_members_do_not_contradict() {
	story(|| {
		for proofs in 1..=2 {
			measure(|_| FAR);
			let last_proof = Some(Pob::epoch() - 1);
			assert_eq!(facts(), LocationFacts { proofs, last_proof, ..Default::default() });
			assert_eq!(last_judgement(), judged(LocationFinding::Proven, 0, 5));
		}
	});
}

#[test]
fn region_should_be_contradicted_when_three_members_are_too_close() {
	story(|| {
		measure(|_| FAR);
		measure(|node| if node <= 3 { TOO_FAST } else { FAR });
		let epoch = Pob::epoch() - 1;
		assert_eq!(last_judgement(), judged(LocationFinding::Contradicted, 3, 2));
		let facts = facts();
		assert_eq!((facts.proofs, facts.last_proof, facts.contradicted), (1, Some(epoch - 1), Some(epoch)));
		assert!(facts.stand_contradicted());
		// Recorded, and no more.
		assert_eq!(Queued::get(), []);
		assert!(Registered::get()[&0].in_service);
	});
}

#[test]
fn contradiction_should_stand_until_the_next_proof() {
	story(|| {
		measure(|_| TOO_FAST);
		assert!(facts().stand_contradicted());
		measure(|node| if node == 1 { 0 } else { FAR });
		assert!(facts().stand_contradicted());
		measure(|_| FAR);
		assert!(!facts().stand_contradicted());
		assert_eq!(facts().contradicted, Some(FIRST_TESTED_EPOCH));
	});
}

#[test]
fn two_members_should_be_named_and_decide_nothing() {
	story(|| {
		measure(|node| if node <= 2 { TOO_FAST } else { FAR });
		assert_eq!(last_judgement(), judged(LocationFinding::Inconclusive, 2, 3));
		assert_eq!(facts(), LocationFacts::default());
		assert!(!Locations::<Runtime>::contains_key(0));
	});
}

#[test]
fn nothing_should_be_said_when_nobody_contradicts_and_too_few_could() {
	story(|| {
		measure(|node| if node == 1 { 0 } else { FAR });
		assert_eq!(last_judgement(), None);
	});
}

#[test]
fn unreachable_members_should_be_no_witnesses() {
	story(|| {
		cycle(|node, task| match node {
			1 => Some(Entry { rtt_10us: FAR, ..unreachable(task.provider) }),
			_ => Some(Entry { rtt_10us: FAR, ..honest(task, task.claim)? }),
		});
		assert_eq!(last_verdict(0).present, 5);
		assert_eq!(facts(), LocationFacts::default());
	});
}

#[test]
fn member_should_be_no_witness_when_its_own_region_stands_contradicted() {
	story(|| {
		register(1, 1, symmetric(20_000));
		change(1, |facts| facts.region.country = ABROAD).unwrap();
		run_to(Pob::epoch() + 3, 0);
		let located = |country, contradicted| {
			let facts = Found { contradicted: Some(contradicted), ..Default::default() };
			Locations::<Runtime>::insert(1, Located { country, facts });
		};
		located(ABROAD, 1);
		// Busy seats are no witnesses either: the other provider gets no test.
		change(1, |facts| facts.in_service = false).unwrap();
		run_to(Pob::epoch() + 4, 0);
		measure(|_| FAR);
		assert_eq!(facts(), LocationFacts::default());
		// What was found of another region does not count.
		located(COUNTRY, 1);
		measure(|_| FAR);
		assert_eq!(facts().proofs, 1);
	});
}

#[test]
fn facts_should_begin_anew_when_the_region_changes() {
	story(|| {
		measure(|_| TOO_FAST);
		assert!(facts().stand_contradicted());
		let other = *b"KR";
		change(0, |facts| facts.region.country = other).unwrap();
		assert_eq!(Pob::location_of(0, other), LocationFacts::default());
		// It was drawn for a test in the old one; from the epoch after the next on tests are about the new one.
		measure(|_| FAR);
		assert_eq!((facts().proofs, Pob::location_of(0, other).proofs), (1, 0));
		run_to(Pob::epoch() + 1, 0);
		measure(|_| FAR);
		assert_eq!(Pob::location_of(0, other).proofs, 1);
		assert_eq!(facts(), LocationFacts::default());
	});
}

/// The provider deregisters.
fn depart() {
	change(0, |facts| facts.in_service = false).unwrap();
	Registered::mutate(|all| all.remove(&0));
	Pob::provider_left(0, &100);
}

#[test]
fn facts_should_be_forgotten_with_the_provider() {
	story(|| {
		measure(|_| FAR);
		assert_eq!(facts().proofs, 1);
		depart();
		register(0, 101, symmetric(100_000));
		assert!(!Locations::<Runtime>::contains_key(0));
	});
	story(|| {
		measure(|_| FAR);
		depart();
		assert!(Locations::<Runtime>::contains_key(0));
		run_to(Pob::epoch() + 12, 0);
		assert!(!Locations::<Runtime>::contains_key(0));
	});
}

#[test]
fn proofs_should_stay_at_the_largest_number() {
	story(|| {
		measure(|_| FAR);
		Locations::<Runtime>::mutate_extant(0, |located| located.facts.proofs = u16::MAX);
		measure(|_| FAR);
		assert_eq!(facts().proofs, u16::MAX);
	});
}

#[test]
fn nothing_should_be_judged_where_endpoints_may_be_private() {
	ExtBuilder::default().seats(5).private().build_and_execute(|| {
		register(0, 100, symmetric(100_000));
		change(0, |facts| facts.region.country = ABROAD).unwrap();
		run_to(FIRST_TESTED_EPOCH, 0);
		measure(|_| TOO_FAST);
		assert_eq!(last_judgement(), None);
		assert_eq!(facts(), LocationFacts::default());
	});
}
