use super::*;
use crate::{
	attest::{
		alone::Runner,
		liveness::{ask_at, set_part, PARTS},
	},
	chain::{
		fake::{keypair, task, Fake},
		Clock,
	},
};

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 51, 1));
const SLOT: Micros = 1_000 * MILLI;

#[test]
fn set_part_should_number_bits_from_the_first_part() {
	let mut map = [0; 5];
	for part in [0, 9, 39, 40] {
		set_part(&mut map, part);
	}
	assert_eq!(map, [1, 2, 0, 0, 0x80]);
}

#[test]
fn entry_should_saturate_and_carry_the_kind() {
	let outcome = Outcome {
		kind: Kind::Limited,
		down_kbps: 7,
		up_kbps: 8,
		rtt: 5_000_000,
		loss_pptt: 9,
		bilateral: None,
		settle: None,
		fault: None,
	};
	let entry = entry(3, &outcome, [1; 5]);
	assert_eq!((entry.kind, entry.rtt_10us, entry.receipt), (EntryKind::Limited, u16::MAX, [0; 5]));
}

#[test]
fn ask_at_should_stay_in_the_first_half_of_the_part_whatever_the_chain_says() {
	for begins in [0, 1, 1_700_000_000_000_000, u64::MAX - 1, u64::MAX] {
		for part in [0, 1, 2, 540_000_000, u64::MAX] {
			for number in 0..PARTS {
				let (at, until) = ask_at(begins, part, number);
				let from = begins.saturating_add(part.saturating_mul(number.into()));
				assert!(from <= at && at <= from.saturating_add(part / 2) && at <= until);
			}
		}
	}
}

/// Epoch `epoch`, in its slot 1 now.
fn clock_of(epoch: EpochIndex) -> Clock {
	Clock { epoch, slot: 1, first_slot: clock::now() / SLOT - 1 }
}

async fn attestor(chain: Arc<Fake>, folder: &std::path::Path) -> Arc<Attestor> {
	let settings = Settings {
		bind: HERE,
		account: [1; 32].into(),
		probe: keypair(1),
		identity: Keypair::generate_ed25519(),
	};
	let store = Arc::new(Store::open(folder).unwrap());
	Attestor::start(settings, chain, store, Arc::default()).await.unwrap()
}

#[tokio::test]
async fn take_tasks_should_go_on_when_the_chain_says_an_impossible_first_slot() {
	let folder = tempfile::tempdir().unwrap();
	let attestor = attestor(Arc::new(Fake::new([clock_of(5)])), folder.path()).await;
	attestor.take_tasks(EpochTasks { epoch: 5, first_slot: u64::MAX, tasks: vec![task(Some(u32::MAX))] });
	tokio::time::sleep(Duration::from_millis(100)).await;
	let epochs = lock(&attestor.epochs);
	// Both wait for what never comes; neither has panicked.
	let target = &epochs[&5].targets[&3];
	assert!(
		!target._liveness.as_ref().unwrap().is_finished() && !target.test.as_ref().unwrap().is_finished()
	);
}

#[tokio::test]
async fn test_should_end_without_a_result_when_its_process_wakes_after_the_start() {
	let folder = tempfile::tempdir().unwrap();
	let clock = clock_of(5);
	let attestor = attestor(Arc::new(Fake::new([clock])), folder.path()).await;
	let start = slot_begins(clock.first_slot, attestor.timing.slot_millis, 3);
	let tasks = vec![task(Some(3))];
	attestor.take_tasks(EpochTasks { epoch: 5, first_slot: clock.first_slot, tasks });
	assert!(lock(&attestor.epochs)[&5].targets[&3].test.is_some());
	// The only thread: no task of it runs meanwhile.
	let late = start + TOO_LATE + 100 * MILLI;
	std::thread::sleep(Duration::from_micros(late.saturating_sub(clock::now())));
	until(|| lock(&attestor.epochs)[&5].targets[&3].test.as_ref().is_some_and(Task::is_finished)).await;
	assert!(attestor.metrics.render().contains("tests_started_total 0"));
	let (_, entries) = attestor.report(5).await.unwrap();
	assert!(entries.is_empty());
}

#[tokio::test]
async fn take_tasks_should_replace_a_waiting_test_when_the_chain_moves_its_start() {
	let folder = tempfile::tempdir().unwrap();
	let clock = clock_of(5);
	let attestor = attestor(Arc::new(Fake::new([clock])), folder.path()).await;
	let take = |start_slot| {
		let (first_slot, tasks) = (clock.first_slot, vec![task(start_slot)]);
		attestor.take_tasks(EpochTasks { epoch: 5, first_slot, tasks });
		let epochs = lock(&attestor.epochs);
		let target = &epochs[&5].targets[&3];
		(target.start_slot, target.test.as_ref().map(Task::is_finished))
	};
	assert_eq!(take(None), (None, None));
	assert_eq!(take(Some(100)), (Some(100), Some(false)));
	// On the block that prevailed it is not revealed yet.
	assert_eq!(take(None), (None, None));
	assert_eq!(take(Some(4)), (Some(4), Some(false)));
	// Its preparation has begun, but the target does not agree: it may be on the fork of the other T0.
	until(|| attestor.metrics.render().contains("tests_started_total 1")).await;
	assert_eq!(take(Some(5)), (Some(5), Some(false)));
	until(|| attestor.metrics.render().contains("tests_started_total 2")).await;
}

#[tokio::test]
async fn take_tasks_should_follow_the_chain_until_the_loads_of_a_test_are_over() {
	let folder = tempfile::tempdir().unwrap();
	let clock = clock_of(5);
	let attestor = attestor(Arc::new(Fake::new([clock])), folder.path()).await;
	let take = |first_slot, start_slot| {
		attestor.take_tasks(EpochTasks { epoch: 5, first_slot, tasks: vec![task(start_slot)] });
	};
	let start_slot = || lock(&attestor.epochs)[&5].targets[&3].start_slot;
	let agree = || lock(&attestor.epochs)[&5].targets[&3].agreed.store(true, Ordering::Relaxed);
	take(clock.first_slot, Some(100));
	agree();
	take(clock.first_slot, Some(1));
	assert_eq!(start_slot(), Some(1));
	// The target has agreed, and the load has begun: the other members do not load now.
	agree();
	take(clock.first_slot, None);
	assert_eq!(start_slot(), None);
	take(clock.first_slot, Some(2));
	assert_eq!(start_slot(), Some(2));
	// Two windows of three seconds, a second apart, and some: its loads are over.
	let earlier = clock.first_slot - 10;
	take(earlier, Some(3));
	agree();
	take(earlier, Some(40));
	assert_eq!(start_slot(), Some(3));
	take(earlier, None);
	assert_eq!(start_slot(), Some(3));
}

async fn until(mut is: impl FnMut() -> bool) {
	for _ in 0..100 {
		if is() {
			return;
		}
		tokio::time::sleep(Duration::from_millis(50)).await;
	}
	panic!("not within 5 s");
}

#[tokio::test]
async fn at_block_should_take_no_tasks_when_the_epoch_changes_between_two_answers() {
	let folder = tempfile::tempdir().unwrap();
	let chain = Arc::new(Fake::new([clock_of(5), clock_of(6)]));
	*chain.tasks.lock().unwrap() = vec![task(None)];
	let attestor = attestor(chain.clone(), folder.path()).await;
	let mut runner = Runner::new(attestor.clone());
	runner.at_block().await.unwrap();
	assert!(lock(&attestor.epochs).is_empty());
	// And with the next block they are the new epoch's.
	runner.at_block().await.unwrap();
	assert_eq!(lock(&attestor.epochs).keys().copied().collect::<Vec<_>>(), [6]);
}

#[tokio::test]
async fn report_should_hold_what_was_seen_of_liveness_before_a_restart() {
	let folder = tempfile::tempdir().unwrap();
	let see = |attestor: &Attestor, parts: &[u32]| {
		let mut epochs = lock(&attestor.epochs);
		let known = epochs.entry(5).or_default();
		for part in parts {
			set_part(known.alive.entry(3).or_default(), *part);
		}
		known.unsaved = true;
	};
	let chain = Arc::new(Fake::new([clock_of(6)]));
	let first = attestor(chain.clone(), folder.path()).await;
	see(&first, &[0, 9]);
	// The end of a test writes, and so does the end of the process.
	let outcome = Outcome {
		kind: Kind::Unreachable,
		down_kbps: 0,
		up_kbps: 0,
		rtt: 0,
		loss_pptt: 0,
		bilateral: None,
		settle: None,
		fault: None,
	};
	first.conclude(5, 3, [2; 32], outcome).await;
	see(&first, &[10]);
	first.stop().await;
	drop(first);
	let second = attestor(chain, folder.path()).await;
	see(&second, &[39]);
	assert_eq!(second.report(5).await.unwrap().1[0].liveness, [1, 6, 0, 0, 0x80]);
	// What is new is added to what is there.
	second.keep_liveness().await;
	assert_eq!(second.store.liveness(5).unwrap()[&3], [1, 6, 0, 0, 0x80]);
	assert!(!lock(&second.epochs)[&5].unsaved);
}

#[tokio::test]
async fn measure_should_report_nothing_when_its_own_device_failed() {
	let chain = Arc::new(Fake::new([clock_of(5)]));
	let folder = tempfile::tempdir().unwrap();
	let attestor = attestor(chain, folder.path()).await;
	let start = clock::now() + 5 * SLOT;
	let order = attestor.order(5, start, &task(Some(5)), Arc::default()).unwrap();
	let (mut engine, inbound) = crate::engine::Engine::start(HERE, 0, Default::default()).await.unwrap();
	engine.lose_device();
	let drive = measure::drive(&mut engine, inbound, order, keypair(1), &attestor.links);
	let outcome = tokio::time::timeout(Duration::from_secs(2), drive).await.expect("an end at once");
	let error = outcome.map(|outcome| outcome.is_some()).unwrap_err().to_string();
	assert!(error.contains("the WireGuard device failed"), "{error}");
}
