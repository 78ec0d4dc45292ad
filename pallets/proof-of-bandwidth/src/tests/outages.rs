//! Outages: who watches, who confirms, what is recorded, and what a lie costs.

use super::*;
use crate::assignment::Draw;
use frame_support::assert_noop;
use sp_runtime::transaction_validity::InvalidTransaction;
use std::collections::BTreeSet;
use weir_math::outage::{CONFIRMERS, COUNTRY_WATCHERS, MIN_COUNTRY_SEATS, WATCHERS};
use weir_primitives::{
	outage::{sighting_payload, Gap, Sighting},
	Admission, LineKind, ProbeSignature, Region,
};

const LISTED: EpochIndex = FIRST_TESTED_EPOCH;
const TARGET: AccountId = 240;
const HOME: Region = Region { country: COUNTRY, kind: LineKind::Residential };

/// The call that says so under this signature.
fn with_signature(
	provider: ProviderIndex,
	node: AccountId,
	sighting: Sighting,
	signature: ProbeSignature,
) -> Call<Runtime> {
	match sighting {
		Sighting::Down { alarm_slot } => Call::report_down { provider, node, alarm_slot, signature },
		Sighting::Up { alarm_slot } => Call::report_up { provider, node, alarm_slot, signature },
		Sighting::Confirm { raised, is_down } => Call::confirm { provider, node, raised, is_down, signature },
	}
}

fn call(provider: ProviderIndex, node: AccountId, sighting: Sighting) -> Call<Runtime> {
	let payload = sighting_payload(&Pob::genesis_hash(), provider, &node, &sighting);
	with_signature(provider, node, sighting, pair(node).sign(&payload).into())
}

pub(crate) fn down(provider: ProviderIndex, node: AccountId) -> Call<Runtime> {
	call(provider, node, Sighting::Down { alarm_slot: Pob::alarm_slot() })
}

pub(crate) fn up(provider: ProviderIndex, node: AccountId) -> Call<Runtime> {
	call(provider, node, Sighting::Up { alarm_slot: Pob::alarm_slot() })
}

pub(crate) fn vote(provider: ProviderIndex, node: AccountId, is_down: bool) -> Call<Runtime> {
	let raised = Alarms::<Runtime>::get(provider).and_then(|alarm| alarm.raised);
	let raised = raised.map_or(0, |raised| raised.block);
	call(provider, node, Sighting::Confirm { raised, is_down })
}

fn code_of(error: Error<Runtime>) -> u8 {
	let DispatchError::Module(module) = DispatchError::from(error) else { panic!() };
	module.error[0]
}

fn refused_by(call: &Call<Runtime>, error: Error<Runtime>) {
	match authorize(call) {
		Err(TransactionValidityError::Invalid(why)) => {
			assert_eq!(why, InvalidTransaction::Custom(code_of(error)));
		}
		other => panic!("{other:?}"),
	}
}

pub(crate) fn watchers_of(provider: ProviderIndex) -> Vec<AccountId> {
	let Some(draw) = Draw::<Runtime>::of(Pob::epoch()) else { return Vec::new() };
	draw.sight_of(provider).map_or_else(Vec::new, |sight| draw.watchers_of(&sight))
}

pub(crate) fn confirmers_of(provider: ProviderIndex) -> Vec<AccountId> {
	let mut seats: Vec<AccountId> = Seats::<Runtime>::iter_keys().collect();
	seats.sort_unstable();
	let is_asked = |node: &AccountId| Pob::watch(node).alarms.iter().any(|alarm| alarm.provider == provider);
	seats.into_iter().filter(is_asked).collect()
}

/// Providers `0..targets` listed and watched by 30 seats, at the beginning of an alarm slot.
pub(crate) fn watched(targets: u32, test: impl FnOnce()) {
	ExtBuilder::default().seats(30).build_and_execute(|| {
		for target in 0..targets {
			register(target, TARGET - u64::from(target), symmetric(20_000));
		}
		run_to(LISTED, 0);
		test();
	});
}

/// Three watchers raise the alarm; returns those who did, when its confirmers are drawn.
pub(crate) fn raise(provider: ProviderIndex) -> Vec<AccountId> {
	let reporters = watchers_of(provider)[..3].to_vec();
	reporters.iter().for_each(|node| submit(down(provider, *node)));
	run_slots(2);
	reporters
}

fn run_slots(slots: u32) {
	(0..slots).for_each(|_| next_slot());
}

pub(crate) fn break_down(provider: ProviderIndex) {
	raise(provider);
	confirmers_of(provider)[..6].iter().for_each(|node| submit(vote(provider, *node, true)));
}

fn held() -> u32 {
	Held::get().values().sum()
}

#[test]
fn watchers_and_confirmers_should_be_those_who_are_told_to_look() {
	watched(1, || {
		let watches = |node: &AccountId| Pob::watch(node).watched.iter().any(|watched| watched.provider == 0);
		let mut told: Vec<AccountId> = Seats::<Runtime>::iter_keys().filter(watches).collect();
		told.sort_unstable();
		let mut watchers = Pob::watchers(0);
		watchers.sort_unstable();
		assert_eq!(watchers, told);
		assert_eq!((Pob::watchers(9), Pob::confirmers(0)), (vec![], vec![]));
		raise(0);
		let mut confirmers = Pob::confirmers(0);
		confirmers.sort_unstable();
		assert_eq!(confirmers, confirmers_of(0));
	});
}

#[test]
fn an_outage_should_be_recorded_when_watchers_and_confirmers_agree() {
	watched(1, || {
		let watchers = watchers_of(0);
		assert_eq!(watchers.len(), WATCHERS as usize);
		let since = Slot::get();
		submit(down(0, watchers[0]));
		assert!(events().contains(&Event::DownReported { provider: 0, node: watchers[0] }));
		run_slots(2);
		submit(down(0, watchers[1]));
		assert_eq!(held(), 2);
		assert!(Alarms::<Runtime>::get(0).unwrap().raised.is_none());
		submit(down(0, watchers[4]));
		let block = System::block_number() as u32;
		assert!(events().contains(&Event::AlarmRaised { provider: 0, block }));
		// Nobody knows who is asked before the second block after this one is over.
		run_slots(1);
		assert!(confirmers_of(0).is_empty());
		refused_by(&vote(0, 1, true), Error::ConfirmersUnknown);
		run_slots(1);
		let confirmers = confirmers_of(0);
		assert_eq!(confirmers.len(), CONFIRMERS as usize);
		assert!([watchers[0], watchers[1], watchers[4]].iter().all(|node| !confirmers.contains(node)));
		for (n, node) in confirmers[..6].iter().enumerate() {
			assert!(Outages::<Runtime>::get(0).is_none(), "after {n} votes");
			submit(vote(0, *node, true));
			assert!(events().contains(&Event::AlarmVoted { provider: 0, node: *node, is_down: true }));
		}
		assert!(events().contains(&Event::OutageRecorded { provider: 0, account: TARGET, from_slot: since }));
		assert_eq!(Pob::outages(0), (Some(since), vec![]));
		assert_eq!((held(), Taken::get()), (0, vec![]));
		assert!(Alarms::<Runtime>::get(0).is_none());
		assert_eq!(Pob::watch(&watchers[0]).watched[0].down_since, Some(since));
	});
}

#[test]
fn a_false_alarm_should_cost_its_watchers_and_silence_them_for_the_epoch() {
	watched(1, || {
		let liars = raise(0);
		let confirmers = confirmers_of(0);
		confirmers[..2].iter().for_each(|node| submit(vote(0, *node, true)));
		confirmers[2..6].iter().for_each(|node| submit(vote(0, *node, false)));
		assert!(events().contains(&Event::AlarmVoted { provider: 0, node: confirmers[2], is_down: false }));
		assert!(events().contains(&Event::AlarmDismissed { provider: 0 }));
		assert_eq!((held(), Taken::get()), (0, liars.clone()));
		assert!(Outages::<Runtime>::get(0).is_none() && Alarms::<Runtime>::get(0).is_none());
		for node in &liars {
			refused_by(&down(0, *node), Error::AlarmDismissed);
			assert!(Pob::watch(node).watched[0].has_spoken);
		}
		// The other two are heard, and in the next epoch everybody is.
		let honest = watchers_of(0).into_iter().find(|node| !liars.contains(node)).unwrap();
		authorize(&down(0, honest)).unwrap();
		run_to(LISTED + 1, 0);
		authorize(&down(0, watchers_of(0)[0])).unwrap();
	});
}

#[test]
fn an_alarm_should_lapse_when_its_slot_ends_before_three_report() {
	watched(1, || {
		let watchers = watchers_of(0);
		submit(down(0, watchers[0]));
		submit(down(0, watchers[1]));
		run_slots(10);
		// The first reports are of another alarm slot: with a third one they would be an alarm.
		submit(down(0, watchers[2]));
		assert_eq!(Alarms::<Runtime>::get(0).unwrap().reporters.to_vec(), [watchers[2]]);
		assert_eq!(held(), 1);
		run_slots(30);
		assert_eq!((held(), Taken::get()), (0, vec![]));
		assert!(Alarms::<Runtime>::get(0).is_none());
		assert_eq!(Lapses::<Runtime>::iter().count(), 0);
	});
}

#[test]
fn an_alarm_should_lapse_when_too_few_vote() {
	watched(1, || {
		raise(0);
		let confirmers = confirmers_of(0);
		confirmers[..5].iter().for_each(|node| submit(vote(0, *node, true)));
		confirmers[5..8].iter().for_each(|node| submit(vote(0, *node, false)));
		run_slots(8);
		refused_by(&vote(0, confirmers[8], true), Error::VotesClosed);
		// Not cleared yet, and already nobody's matter any more.
		assert!(Alarms::<Runtime>::contains_key(0));
		assert!(watchers_of(0).iter().all(|node| !Pob::watch(node).watched[0].has_spoken));
		run_slots(20);
		assert!(events().contains(&Event::AlarmLapsed { provider: 0 }));
		assert_eq!((held(), Taken::get()), (0, vec![]));
		assert!(Outages::<Runtime>::get(0).is_none());
	});
}

#[test]
fn an_outage_should_end_when_a_majority_of_watchers_sees_the_provider() {
	watched(1, || {
		let since = Slot::get();
		break_down(0);
		submit(up(0, watchers_of(0)[3]));
		submit(up(0, watchers_of(0)[4]));
		// What watchers of the last epoch said does not count.
		run_to(LISTED + 1, 3);
		let watchers = watchers_of(0);
		submit(up(0, watchers[0]));
		submit(up(0, watchers[1]));
		assert!(Outages::<Runtime>::get(0).is_some());
		assert!(Pob::watch(&watchers[0]).watched[0].has_spoken);
		submit(up(0, watchers[2]));
		assert!(events().contains(&Event::UpReported { provider: 0, node: watchers[2] }));
		let gap = Gap { from_slot: since, until_slot: Slot::get(), is_regional: false };
		assert!(events().contains(&Event::OutageClosed { provider: 0, account: TARGET, gap }));
		assert_eq!(Pob::outages(0), (None, vec![gap]));
		assert_eq!(RegionOutages::<Runtime>::iter().count(), 0);
	});
}

#[test]
fn an_outage_should_end_with_the_service() {
	watched(1, || {
		break_down(0);
		change(0, |facts| facts.in_service = false).unwrap();
		assert_eq!(Pob::outages(0).0, None);
		assert_eq!(Gaps::<Runtime>::get(0).to_vec().len(), 1);
	});
}

#[test]
fn an_outage_should_end_with_a_jail() {
	watched(1, || {
		break_down(0);
		change(0, |facts| facts.admission = Admission::Jailed { until: 99 }).unwrap();
		let (down, gaps) = Pob::outages(0);
		assert_eq!((down, gaps.len()), (None, 1));
		assert!(!RegionOutages::<Runtime>::contains_key(HOME));
	});
}

#[test]
fn no_outage_should_begin_when_the_provider_has_said_that_it_leaves() {
	watched(1, || {
		let watchers = watchers_of(0);
		raise(0);
		let confirmers = confirmers_of(0);
		change(0, |facts| facts.in_service = false).unwrap();
		// It is tested for the rest of the epoch, but nobody would see it come back.
		assert!(Targets::<Runtime>::get(0).unwrap().terms.at(LISTED).unwrap().standing != Standing::Out);
		confirmers.iter().for_each(|node| refused_by(&vote(0, *node, true), Error::NotWatched));
		refused_by(&down(0, watchers[4]), Error::AlarmRaised);
		assert!(Pob::watch(&watchers[4]).watched.is_empty());
		run_slots(40);
		assert_eq!((held(), Pob::outages(0)), (0, (None, vec![])));
	});
}

#[test]
fn outages_of_a_region_should_cost_nobody_when_many_are_down_at_once() {
	watched(6, || {
		for provider in 0..6 {
			break_down(provider);
			let tagged = events().iter().any(|event| matches!(event, Event::RegionalOutage { .. }));
			assert_eq!(tagged, provider >= 4, "with {} down", provider + 1);
			Pob::do_try_state().unwrap();
		}
		assert!(events().contains(&Event::RegionalOutage { region: HOME, down: 5, operators: 5 }));
		// Also those that were recorded before it was clear, and that end after it is over.
		for provider in 0..6 {
			watchers_of(provider)[..3].iter().for_each(|node| submit(up(provider, *node)));
			assert!(Gaps::<Runtime>::get(provider).to_vec()[0].is_regional, "{provider}");
		}
		assert_eq!(RegionOutages::<Runtime>::iter().count(), 0);
		// One that begins afterwards is its own.
		run_to(LISTED + 1, 3);
		break_down(0);
		watchers_of(0)[..3].iter().for_each(|node| submit(up(0, *node)));
		assert!(!Gaps::<Runtime>::get(0).to_vec()[1].is_regional);
	});
}

#[test]
fn gaps_should_be_the_last_eight() {
	watched(1, || {
		for n in 0..9 {
			break_down(0);
			watchers_of(0)[..3].iter().for_each(|node| submit(up(0, *node)));
			run_to(LISTED + 1 + n, 0);
		}
		let gaps = Pob::outages(0).1;
		assert_eq!(gaps.len(), KEPT_GAPS as usize);
		assert!(gaps.windows(2).all(|pair| pair[0].until_slot < pair[1].from_slot));
	});
}

#[test]
fn watch_should_tell_each_seat_whom_it_watches() {
	watched(12, || {
		let seats: Vec<AccountId> = Seats::<Runtime>::iter_keys().collect();
		let told: BTreeSet<(AccountId, ProviderIndex)> = seats
			.iter()
			.flat_map(|node| Pob::watch(node).watched.into_iter().map(|watched| (*node, watched.provider)))
			.collect();
		let drawn: BTreeSet<(AccountId, ProviderIndex)> = (0..12)
			.flat_map(|provider| watchers_of(provider).into_iter().map(move |node| (node, provider)))
			.collect();
		assert_eq!(told, drawn);
		assert_eq!(drawn.len(), 12 * WATCHERS as usize);
		// Others are drawn with each epoch.
		run_to(LISTED + 1, 0);
		assert!((0..12)
			.any(|provider| watchers_of(provider).iter().any(|node| !drawn.contains(&(*node, provider)))));
	});
}

#[test]
fn two_watchers_should_be_of_the_country_where_it_has_enough_seats() {
	let country = |provider: ProviderIndex, country: [u8; 2]| {
		let of_it = |node: &&AccountId| Seats::<Runtime>::get(**node).unwrap().country == country;
		watchers_of(provider).iter().filter(of_it).count()
	};
	// One in four seats is French: as many as it takes.
	ExtBuilder::default().seats(200).french(u64::from(MIN_COUNTRY_SEATS)).build_and_execute(|| {
		let mut near = 0;
		for target in 0..20 {
			register(target, TARGET - u64::from(target), symmetric(20_000));
			change(target, |facts| facts.region.country = *b"FR").unwrap();
		}
		run_to(LISTED, 0);
		for target in 0..20 {
			let french = country(target, *b"FR");
			assert!(french >= COUNTRY_WATCHERS as usize, "{target}: {french}");
			near += french;
			assert_eq!(watchers_of(target).len(), WATCHERS as usize);
		}
		// The others are of all seats: a quarter of three.
		assert!((40..75).contains(&near), "{near}");
	});
}

#[test]
fn watchers_should_stay_when_a_line_moves_to_another_country_until_its_tests_go_by_that() {
	ExtBuilder::default().seats(200).french(u64::from(MIN_COUNTRY_SEATS)).build_and_execute(|| {
		let targets = 0..20;
		for target in targets.clone() {
			register(target, TARGET - u64::from(target), symmetric(20_000));
			change(target, |facts| facts.region.country = *b"FR").unwrap();
		}
		run_to(LISTED, 0);
		let french = || {
			let of_it = |node: &AccountId| Seats::<Runtime>::get(*node).unwrap().country == *b"FR";
			targets
				.clone()
				.filter(|target| watchers_of(*target).iter().filter(|node| of_it(node)).count() > 1)
				.count()
		};
		let all = || targets.clone().map(watchers_of).collect::<Vec<_>>();
		let before = all();
		for target in targets.clone() {
			change(target, |facts| facts.region.country = COUNTRY).unwrap();
		}
		assert_eq!(all(), before);
		run_to(LISTED + 1, 0);
		assert_eq!(french(), 20);
		run_to(LISTED + 2, 0);
		assert!(french() < 20);
	});
}

#[test]
fn nobody_should_watch_or_confirm_its_own_line_or_one_beside_it() {
	ExtBuilder::default().seats(9).build_and_execute(|| {
		register(0, 1, symmetric(20_000));
		register(1, TARGET, symmetric(20_000));
		change(1, |facts| facts.endpoint = endpoint(2)).unwrap();
		run_to(LISTED, 0);
		for _ in 0..10 {
			for (provider, barred) in [(0, 1), (1, 2)] {
				assert!(!watchers_of(provider).contains(&barred));
				raise(provider);
				// Of nine seats three have reported and one is barred.
				let confirmers = confirmers_of(provider);
				assert_eq!(confirmers.len(), 5);
				assert!(!confirmers.contains(&barred));
			}
			run_to(Pob::epoch() + 1, 0);
		}
	});
}

#[test]
fn an_alarm_should_come_to_nothing_where_too_few_can_confirm() {
	ExtBuilder::default().seats(5).build_and_execute(|| {
		register(0, TARGET, symmetric(20_000));
		run_to(LISTED, 0);
		raise(0);
		let confirmers = confirmers_of(0);
		assert_eq!(confirmers.len(), 2);
		confirmers.iter().for_each(|node| submit(vote(0, *node, true)));
		run_slots(30);
		assert!(Outages::<Runtime>::get(0).is_none() && Alarms::<Runtime>::get(0).is_none());
		assert_eq!(held(), 0);
	});
}

#[test]
fn confirmers_should_stay_the_same_over_the_end_of_an_epoch() {
	watched(1, || {
		run_to(LISTED, 27);
		raise(0);
		let confirmers = confirmers_of(0);
		confirmers[..3].iter().for_each(|node| submit(vote(0, *node, true)));
		run_to(LISTED + 1, 1);
		assert_eq!(confirmers_of(0), confirmers[3..].to_vec());
		confirmers[3..6].iter().for_each(|node| submit(vote(0, *node, true)));
		assert!(Outages::<Runtime>::get(0).is_some());
	});
}

#[test]
fn reports_should_be_refused_by_the_rule_they_break() {
	watched(2, || {
		let watchers = watchers_of(0);
		let other = (1..=30).find(|node| !watchers.contains(node)).unwrap();
		let slot = Pob::alarm_slot();
		refused_by(&down(0, other), Error::NotAWatcher);
		refused_by(&down(0, 77), Error::NoSeat);
		refused_by(&down(9, watchers[0]), Error::NotWatched);
		for wrong in [slot - 1, slot + 1, 0, u64::MAX] {
			refused_by(&call(0, watchers[0], Sighting::Down { alarm_slot: wrong }), Error::WrongAlarmSlot);
			refused_by(&call(0, watchers[0], Sighting::Up { alarm_slot: wrong }), Error::WrongAlarmSlot);
		}
		refused_by(&up(0, watchers[0]), Error::NotDown);
		refused_by(&vote(0, other, true), Error::NoAlarm);
		submit(down(0, watchers[0]));
		refused_by(&down(0, watchers[0]), Error::SaidAlready);
		submit(down(0, watchers[1]));
		refused_by(&vote(0, other, true), Error::NoAlarm);
		submit(down(0, watchers[2]));
		refused_by(&down(0, watchers[3]), Error::AlarmRaised);
		run_slots(2);
		let confirmers = confirmers_of(0);
		refused_by(&vote(0, watchers[0], true), Error::NotAConfirmer);
		refused_by(&call(0, confirmers[0], Sighting::Confirm { raised: 1, is_down: true }), Error::NoAlarm);
		submit(vote(0, confirmers[0], true));
		refused_by(&vote(0, confirmers[0], true), Error::SaidAlready);
		refused_by(&vote(0, confirmers[0], false), Error::SaidAlready);
		confirmers[1..6].iter().for_each(|node| submit(vote(0, *node, true)));
		refused_by(&down(0, watchers[3]), Error::DownAlready);
		submit(up(0, watchers[0]));
		refused_by(&up(0, watchers[0]), Error::SaidAlready);
		refused_by(&up(0, other), Error::NotAWatcher);
	});
}

/// Asserts that `node` may say so of provider 0, and that only its own signature under exactly that is a proof: not that of
/// `other`, nor its own for another chain, provider or node, nor under one of `others`.
fn assert_bound((node, other): (AccountId, AccountId), sighting: Sighting, others: &[Sighting]) {
	assert!(authorize(&call(0, node, sighting)).is_ok(), "{sighting:?}");
	let genesis = Pob::genesis_hash();
	let right = sighting_payload(&genesis, 0, &node, &sighting);
	let wrong = [
		sighting_payload(&H256([9; 32]), 0, &node, &sighting),
		sighting_payload(&genesis, 1, &node, &sighting),
		sighting_payload(&genesis, 0, &other, &sighting),
	];
	let others = others.iter().map(|word| sighting_payload(&genesis, 0, &node, word));
	let signed = wrong.into_iter().chain(others).map(|payload| pair(node).sign(&payload));
	for signature in signed.chain([pair(other).sign(&right)]) {
		let forged = with_signature(0, node, sighting, signature.into());
		assert_eq!(refused(&forged), InvalidTransaction::BadProof, "{sighting:?}");
	}
}

#[test]
fn signatures_should_bind_chain_provider_node_and_word() {
	watched(2, || {
		let watchers = watchers_of(0);
		let alarm_slot = Pob::alarm_slot();
		let [down, up] = [Sighting::Down { alarm_slot }, Sighting::Up { alarm_slot }];
		let [earlier_down, earlier_up] = {
			let alarm_slot = alarm_slot - 1;
			[Sighting::Down { alarm_slot }, Sighting::Up { alarm_slot }]
		};
		assert_bound((watchers[0], watchers[1]), down, &[up, earlier_down]);

		raise(0);
		let raised = Alarms::<Runtime>::get(0).unwrap().raised.unwrap().block;
		let confirmers = confirmers_of(0);
		let says = |is_down| Sighting::Confirm { raised, is_down };
		let of_the_next = Sighting::Confirm { raised: raised + 1, is_down: true };
		let two = (confirmers[0], confirmers[1]);
		assert_bound(two, says(true), &[says(false), of_the_next, down]);
		assert_bound(two, says(false), &[says(true), down]);

		confirmers[..6].iter().for_each(|node| submit(vote(0, *node, true)));
		assert_eq!(Pob::alarm_slot(), alarm_slot, "it all happened in one alarm slot");
		assert_bound((watchers[0], watchers[1]), up, &[down, earlier_up, says(false)]);
	});
}

#[test]
fn a_watcher_without_the_deposit_should_not_be_heard() {
	ExtBuilder::default().seats(POOR).build_and_execute(|| {
		for target in 0..40 {
			register(target, TARGET - u64::from(target), symmetric(20_000));
		}
		run_to(LISTED, 0);
		let provider = (0..40).find(|provider| watchers_of(*provider).contains(&POOR)).unwrap();
		refused_by(&down(provider, POOR), Error::NoDeposit);
		assert_noop!(dispatch(down(provider, POOR)), Error::<Runtime>::NoDeposit);
	});
}
