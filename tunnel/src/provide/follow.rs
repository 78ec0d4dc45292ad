//! Which test is due, as the blocks of the chain say.

use crate::{
	chain::{bytes32, prefix, slot_begins, ChainView},
	clock,
	store::Store,
	tasks::on_disk,
};
use std::{ops::Range, sync::Arc, time::Duration};
use tokio::sync::{broadcast::error::RecvError, watch};
use weir_primitives::{api::TargetTest, chain::AccountId};
use weir_tunnel_core::{
	target::{Assignment, Member},
	Micros, MILLI,
};

/// Times at which a test may begin, by branches of the chain: two blocks of one slot make a second one.
const MAX_STARTS: usize = 4;
/// Before T0 the line is left alone for this long: no block changes T0 any more.
pub(super) const QUIET: Micros = 500 * MILLI;

/// Asks the chain at every best block which test is due, at every other one when it begins there, but while the line is
/// measured; and once per epoch forgets old receipts.
pub(super) async fn follow_tests(
	chain: Arc<dyn ChainView>,
	account: AccountId,
	store: Arc<Store>,
	tests: watch::Sender<Option<Assignment>>,
	mut measured: watch::Receiver<Option<Range<Micros>>>,
) {
	let (mut heads, mut blocks) = (chain.heads(), chain.blocks());
	let mut timing = None;
	let mut pruned = None;
	// The block to ask, none for the best one.
	let mut at = None;
	loop {
		loop {
			let now = clock::now();
			let Some(until) = measured_until(&measured.borrow_and_update(), now) else { break };
			// Not until the clock says so: if it is set back, that is long after the measurement.
			let rest = Duration::from_micros(until.saturating_sub(now));
			tokio::select! {
				() = tokio::time::sleep(rest) => {}
				// Its members may have left for the T0 of another branch.
				changed = measured.changed() => if changed.is_err() { return },
			}
			// The best block knows what those before it said.
			at = None;
			blocks = blocks.resubscribe();
		}
		if timing.is_none() {
			timing =
				chain.timing().await.inspect_err(|error| tracing::warn!(%error, "timing not known")).ok();
		}
		let answers = tokio::join!(chain.target_test(&account, at), chain.clock());
		if let Some(epoch) =
			answers.1.as_ref().ok().map(|clock| clock.epoch).filter(|epoch| pruned != Some(*epoch))
		{
			pruned = Some(epoch);
			let store = store.clone();
			if let Err(error) = on_disk(move || store.prune(epoch)).await {
				tracing::warn!(error = format!("{error:#}"), "old records not removed");
			}
		}
		match (&timing, answers) {
			(Some(timing), (Ok(test), Ok(clock))) => {
				let test = test
					.filter(|test| test.epoch == clock.epoch)
					.map(|test| assignment(test, clock.first_slot, timing.slot_millis));
				tests.send_if_modified(|known| {
					let next = if at.is_none() { merge(test, known) } else { add_branch(test, known) };
					let changed = *known != next;
					if changed {
						let starts = next.as_ref().map_or(0, |test| test.starts.len());
						tracing::info!(epoch = clock.epoch, due = next.is_some(), starts, "target test");
						*known = next;
					}
					changed
				});
			}
			(None, _) => {}
			// A node forgets what the losers of a fork said as soon as it is decided.
			(_, (Err(error), _)) if at.is_some() => tracing::debug!(%error, "block not known any more"),
			(_, (Err(error), _) | (_, Err(error))) => tracing::warn!(%error, "target test not known"),
		}
		at = tokio::select! {
			// The best block first: what others say is added to it.
			biased;
			changed = heads.changed() => match changed {
				Ok(()) => None,
				Err(_) => return,
			},
			block = blocks.recv() => match block {
				Ok(block) => Some(block),
				Err(RecvError::Lagged(_)) => None,
				Err(RecvError::Closed) => return,
			},
		};
	}
}

/// When the measurement that runs at `now` is over. Nothing is asked meanwhile: the answers would come over the line that is
/// measured, and on a slow one be a part of it that shows. Only what the committee has come for counts: a T0 of a branch
/// that nobody follows must not keep the provider from learning the other one.
pub(super) fn measured_until(measurement: &Option<Range<Micros>>, now: Micros) -> Option<Micros> {
	let Range { start, end } = measurement.clone()?;
	(start.saturating_sub(QUIET)..end).contains(&now).then_some(end)
}

/// What the best block says, with the T0s of other branches that are known of the same test.
fn merge(best: Option<Assignment>, known: &Option<Assignment>) -> Option<Assignment> {
	let mut test = best?;
	if let Some(known) = known.as_ref().filter(|known| is_same(known, &test)) {
		let others = known.starts.iter().filter(|start| !test.starts.contains(start)).copied();
		test.starts = test.starts.iter().copied().chain(others).take(MAX_STARTS).collect();
	}
	Some(test)
}

/// What is known, with the T0 of a block of another branch if that has the same test.
fn add_branch(branch: Option<Assignment>, known: &Option<Assignment>) -> Option<Assignment> {
	let mut test = known.clone()?;
	if let Some(branch) = branch.filter(|branch| is_same(branch, &test)) {
		let new = branch.starts.into_iter().filter(|start| !test.starts.contains(start)).collect::<Vec<_>>();
		let room = MAX_STARTS.saturating_sub(new.len());
		test.starts.truncate(room);
		test.starts.extend(new);
	}
	Some(test)
}

fn is_same(one: &Assignment, other: &Assignment) -> bool {
	let of = |test: &Assignment| (test.epoch, test.kind, test.ordinal, test.window);
	of(one) == of(other)
}

fn assignment(test: TargetTest<AccountId>, first_slot: u64, slot_millis: u64) -> Assignment {
	let member = |member: &weir_primitives::api::CommitteeMember<AccountId>| Member {
		account: bytes32(&member.account),
		key: bytes32(&member.key),
		prefix: prefix(&member.endpoint),
	};
	let start = test.start_slot.map(|slot| slot_begins(first_slot, slot_millis, slot));
	Assignment {
		epoch: test.epoch,
		kind: test.kind,
		ordinal: test.ordinal,
		down_kbps: test.quota_down_kbps,
		up_kbps: test.quota_up_kbps,
		window: u64::from(test.window_millis).saturating_mul(MILLI),
		starts: Vec::from_iter(start),
		committee: test.committee.iter().map(member).collect(),
	}
}
