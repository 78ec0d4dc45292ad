//! Tests by topic, and what they share.

mod answers;
mod appeals;
mod audits;
mod busy;
mod clock;
mod conduct;
mod dense_index;
mod disputes;
mod families;
mod faults;
mod following;
mod history;
mod idle;
mod lag;
mod line;
mod lists;
mod locations;
mod misplacement;
mod offchain;
mod offchain_watching;
mod operators;
mod outages;
mod proofs;
mod random;
mod reports;
mod seats;
mod sharing;
mod stories;
mod trouble;
mod unexpected;
mod uplinks;

use crate::{mock::*, reports::Step, *};
use polkadot_sdk::*;

use frame_support::{
	pallet_prelude::{TransactionSource, TransactionValidityError, ValidTransaction},
	traits::{Authorize, ConstU32},
	BoundedVec,
};
use sp_core::{Pair, H256};
use sp_runtime::{traits::Dispatchable, transaction_validity::InvalidTransaction, DispatchError};
use weir_primitives::{
	api::{Task, VerdictRecord},
	report::{commit_payload, commitment, entries_root, Entry, EntryKind, MAX_ENTRIES},
	seams::EpochClock,
	Claim, EpochIndex, Kbps, ProviderIndex,
};

pub(crate) const SALT: [u8; 32] = [7; 32];

/// What a line of this capacity shows one member that shares it fairly.
pub(crate) fn honest(task: &Task<AccountId>, capacity: Claim) -> Option<Entry> {
	let share = |capacity: Kbps, quota: Kbps| quota.min(capacity / u32::from(task.members));
	Some(Entry {
		down_kbps: share(capacity.down_kbps, task.quota_down_kbps),
		up_kbps: share(capacity.up_kbps, task.quota_up_kbps),
		..entry(task.provider)
	})
}

pub(crate) fn entry(provider: ProviderIndex) -> Entry {
	Entry {
		provider,
		kind: EntryKind::Measured,
		down_kbps: 20_000,
		up_kbps: 20_000,
		rtt_10us: 1_200,
		loss_pptt: 10,
		liveness: [0xff; 5],
		receipt: [1; 5],
	}
}

pub(crate) fn unreachable(provider: ProviderIndex) -> Entry {
	Entry {
		kind: EntryKind::Unreachable,
		down_kbps: 0,
		up_kbps: 0,
		rtt_10us: 0,
		loss_pptt: 0,
		..entry(provider)
	}
}

pub(crate) fn bounded(entries: Vec<Entry>) -> BoundedVec<Entry, ConstU32<MAX_ENTRIES>> {
	entries.try_into().unwrap()
}

pub(crate) fn hash_of(epoch: EpochIndex, node: AccountId, entries: &[Entry]) -> H256 {
	commitment(&Pob::genesis_hash(), epoch, &node, &entries_root(entries), &SALT)
}

pub(crate) fn commit_call(epoch: EpochIndex, node: AccountId, entries: &[Entry]) -> Call<Runtime> {
	let commitment = hash_of(epoch, node, entries);
	let signature = pair(node).sign(&commit_payload(&Pob::genesis_hash(), epoch, &node, &commitment)).into();
	Call::commit { epoch, node, commitment, signature }
}

pub(crate) fn reveal_call(epoch: EpochIndex, node: AccountId, entries: &[Entry]) -> Call<Runtime> {
	Call::reveal { epoch, node, entries: bounded(entries.to_vec()), salt: SALT }
}

pub(crate) fn authorize(call: &Call<Runtime>) -> Result<ValidTransaction, TransactionValidityError> {
	let call = RuntimeCall::from(call.clone());
	call.authorize(TransactionSource::External)
		.expect("both calls are authorised")
		.map(|(validity, _)| validity)
}

/// Why the pool does not take a call.
pub(crate) fn refused(call: &Call<Runtime>) -> InvalidTransaction {
	match authorize(call) {
		Err(TransactionValidityError::Invalid(why)) => why,
		other => panic!("{other:?}"),
	}
}

/// The pool does not take a call because of this rule.
pub(crate) fn refused_by(call: &Call<Runtime>, error: Error<Runtime>) {
	let DispatchError::Module(module) = DispatchError::from(error) else { panic!() };
	assert_eq!(refused(call), InvalidTransaction::Custom(module.error[0]));
}

pub(crate) fn dispatch(call: Call<Runtime>) -> Result<(), DispatchError> {
	RuntimeCall::from(call)
		.dispatch(frame_system::RawOrigin::Authorized.into())
		.map(|_| ())
		.map_err(|failed| failed.error)
}

/// What the pool and then the block do with a call.
pub(crate) fn submit(call: Call<Runtime>) {
	authorize(&call).expect("the pool takes it");
	dispatch(call).expect("the block takes it");
}

/// Seats with a task in the running epoch, and their tasks.
pub(crate) fn tasks_of_all() -> Vec<(AccountId, Vec<Task<AccountId>>)> {
	let mut seats: Vec<AccountId> = Seats::<Runtime>::iter_keys().collect();
	seats.sort_unstable();
	seats.into_iter().map(|node| (node, Pob::tasks(&node))).collect()
}

/// Measures the running epoch, and lets its reports be committed and revealed in the next one, where it stops. `None`
/// for a seat: it does not report.
pub(crate) fn report_with(report: impl Fn(AccountId, &[Task<AccountId>]) -> Option<Vec<Entry>>) {
	let epoch = Pob::epoch();
	run_to(epoch, Pob::timing().epoch_slots - 1);
	let reports: Vec<(AccountId, Vec<Entry>)> =
		tasks_of_all().into_iter().filter_map(|(node, tasks)| Some((node, report(node, &tasks)?))).collect();
	run_to(epoch + 1, opens(Step::Commit));
	if epoch >= FIRST_TESTED_EPOCH {
		for (node, entries) in &reports {
			submit(commit_call(epoch, *node, entries));
		}
		run_to(epoch + 1, opens(Step::Reveal));
		for (node, entries) in &reports {
			submit(reveal_call(epoch, *node, entries));
		}
	}
}

/// As [`report_with`], up to the last slot of the next epoch, when the verdicts are there.
pub(crate) fn cycle_with(report: impl Fn(AccountId, &[Task<AccountId>]) -> Option<Vec<Entry>>) {
	report_with(report);
	run_to(Pob::epoch(), Pob::timing().epoch_slots - 1);
	Pob::do_try_state().unwrap();
}

/// As [`cycle_with`]: every seat reports, one entry per task where `measure` gives one.
pub(crate) fn cycle(measure: impl Fn(AccountId, &Task<AccountId>) -> Option<Entry>) {
	cycle_with(|node, tasks| Some(tasks.iter().filter_map(|task| measure(node, task)).collect()));
}

/// As [`cycle`], up to the reveals.
pub(crate) fn report(measure: impl Fn(AccountId, &Task<AccountId>) -> Option<Entry>) {
	report_with(|node, tasks| Some(tasks.iter().filter_map(|task| measure(node, task)).collect()));
}

/// As if every audit of the epoch's reports were answered, where a test's entries have no receipts.
pub(crate) fn spare_audits(epoch: EpochIndex) {
	Reports::<Runtime>::translate_values::<Report, _>(|mut report| {
		report.revealed.iter_mut().for_each(|revealed| revealed.proven = true);
		Some(report)
	});
	assert!(Reports::<Runtime>::iter_prefix(epoch).count() > 0, "nobody reported on {epoch}");
}

pub(crate) fn last_verdict(provider: ProviderIndex) -> VerdictRecord {
	*Verdicts::<Runtime>::get(provider).expect("a verdict").last()
}

pub(crate) fn events() -> Vec<Event<Runtime>> {
	System::events()
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::Pob(event) => Some(event),
			_ => None,
		})
		.collect()
}
