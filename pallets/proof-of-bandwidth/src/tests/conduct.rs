//! How long strikes and offences are remembered.

use super::*;
use weir_math::verdict::StrikeWindow;
use weir_primitives::{seams::OnProviderChange, seams::OnSlashDecided, SlashReason, Timing};

const OWNER: AccountId = 100;
/// 180 days in epochs of 60 hours.
const REMEMBERED: EpochIndex = 72;

/// Long epochs, of which the first blocks are run.
fn with_long_epochs(story: impl FnOnce()) {
	let timing = Timing { slot_millis: 60_000, ..Timing::public() };
	ExtBuilder { timing, ..Default::default() }.build_and_execute(|| {
		assert_eq!(Pob::epochs_in_days(OFFENCE_DAYS), REMEMBERED);
		skip_to(10);
		story();
	});
}

/// Runs the first four blocks of each epoch up to and including `epoch`: enough to sweep what leaves in it.
fn skip_to(epoch: EpochIndex) {
	while Pob::epoch() < epoch {
		Slot::set(FirstSlot::get() + u64::from(Pob::timing().epoch_slots) - 1);
		(0..4).for_each(|_| next_slot());
	}
}

fn enter(index: ProviderIndex) {
	register(index, OWNER, symmetric(50_000));
}

fn leave(index: ProviderIndex) {
	Registered::mutate(|all| all.remove(&index));
	Pob::provider_left(index, &OWNER);
}

fn strike() {
	Conducts::<Runtime>::mutate(OWNER, |stored| {
		let conduct = stored.get_or_insert_default();
		conduct.window.push(0, true, 50_000, 50_000);
		conduct.last_strike = Some(Pob::epoch());
	});
}

fn review() -> Option<EpochIndex> {
	Conducts::<Runtime>::get(OWNER).and_then(|conduct| conduct.review)
}

fn queued_reviews() -> Vec<EpochIndex> {
	let mut epochs: Vec<_> = Leavers::<Runtime>::iter_keys()
		.filter(|(_, leaver)| *leaver == Leaver::Conduct(OWNER))
		.map(|(epoch, _)| epoch)
		.collect();
	epochs.sort_unstable();
	epochs
}

#[test]
fn strikes_should_be_forgotten_180_days_after_the_last_when_the_account_left() {
	with_long_epochs(|| {
		enter(0);
		strike();
		skip_to(20);
		leave(0);
		assert_eq!(review(), Some(10 + REMEMBERED + 1));
		skip_to(10 + REMEMBERED);
		assert_eq!(Pob::strikes(&OWNER), 1);
		skip_to(10 + REMEMBERED + 2);
		assert_eq!(Conducts::<Runtime>::get(OWNER), None);
		assert!(queued_reviews().is_empty());
	});
}

#[test]
fn offences_should_be_forgotten_when_they_no_longer_count() {
	with_long_epochs(|| {
		enter(0);
		let offences = vec![6, 9].try_into().unwrap();
		Conducts::<Runtime>::insert(OWNER, Conduct { offences, ..Default::default() });
		leave(0);
		assert_eq!(queued_reviews(), [9 + REMEMBERED + 1]);
		skip_to(9 + REMEMBERED + 2);
		assert_eq!(Conducts::<Runtime>::get(OWNER), None);
	});
}

#[test]
fn strikes_should_not_be_washed_when_the_account_returns() {
	with_long_epochs(|| {
		enter(0);
		strike();
		strike();
		leave(0);
		skip_to(60);
		enter(1);
		assert_eq!(Pob::strikes(&OWNER), 2);
		// The review comes and finds a registration: everything stays as long as that.
		skip_to(200);
		assert_eq!((Pob::strikes(&OWNER), review()), (2, None));
		assert!(queued_reviews().is_empty());
		strike();
		assert!(Conducts::<Runtime>::get(OWNER).unwrap().window.should_escalate());
		leave(1);
		assert_eq!(queued_reviews(), [200 + REMEMBERED + 1]);
	});
}

#[test]
fn review_should_be_queued_once_however_often_the_account_leaves() {
	with_long_epochs(|| {
		for index in 0..5 {
			enter(index);
			leave(index);
			assert_eq!(Conducts::<Runtime>::get(OWNER), None, "there is nothing to remember");
		}
		enter(5);
		strike();
		for index in 5..12 {
			leave(index);
			assert_eq!(queued_reviews(), [10 + REMEMBERED + 1]);
			enter(index + 1);
		}
		// A new strike puts the review off.
		skip_to(40);
		strike();
		leave(12);
		assert_eq!(queued_reviews(), [40 + REMEMBERED + 1]);
	});
}

#[test]
fn conduct_should_go_at_once_when_nothing_in_it_counts() {
	with_long_epochs(|| {
		enter(0);
		let mut window = StrikeWindow::default();
		window.push(1, false, 50_000, 50_000);
		let offences = vec![10].try_into().unwrap();
		Conducts::<Runtime>::insert(OWNER, Conduct { window, offences, ..Default::default() });
		skip_to(10 + REMEMBERED + 1);
		leave(0);
		assert_eq!(Conducts::<Runtime>::get(OWNER), None);
		assert!(queued_reviews().is_empty());
	});
}

#[test]
fn conduct_should_go_at_its_review_when_its_offence_was_taken_back() {
	with_long_epochs(|| {
		enter(0);
		Conducts::<Runtime>::insert(
			OWNER,
			Conduct { offences: vec![9].try_into().unwrap(), ..Default::default() },
		);
		leave(0);
		Pob::slash_cancelled(&OWNER, &SlashReason::FalseClaim { epoch: 9, ratio_ppm: 1 });
		assert_eq!(queued_reviews(), [9 + REMEMBERED + 1]);
		skip_to(9 + REMEMBERED + 2);
		assert_eq!(Conducts::<Runtime>::get(OWNER), None);
	});
}
