//! Stands up for the line: posts the receipts that contradict a strike.
//!
//! A member that signed what it measured and reported less is shown by the bilateral receipt this provider kept. Nothing
//! but the receipts is needed, so that no account key is.

use crate::{
	chain::{bytes32, ChainError, ChainView},
	metrics::Metrics,
	store::Store,
	tasks::on_disk,
};
use std::{collections::BTreeMap, sync::Arc};
use weir_math::rate::kbps;
use weir_primitives::{api::EvidenceInfo, chain::AccountId, EpochIndex, SlotOffset, Timing};
use weir_tunnel_core::{wire::Bilateral, MILLI};

/// Slots between two attempts to have the same thing included.
const RETRY_SLOTS: SlotOffset = 5;

/// Runs for ever: after each epoch's verdicts looks for strikes that receipts contradict.
pub(crate) async fn contest_strikes(
	chain: Arc<dyn ChainView>,
	account: AccountId,
	store: Arc<Store>,
	metrics: Arc<Metrics>,
) {
	let mut heads = chain.heads();
	let mut contest = Contest { chain, account, store, metrics, timing: None, tried: BTreeMap::new() };
	while heads.changed().await.is_ok() {
		if let Err(error) = contest.at_block().await {
			tracing::warn!(error = format!("{error:#}"), "strikes not looked at");
		}
	}
}

struct Contest {
	chain: Arc<dyn ChainView>,
	account: AccountId,
	store: Arc<Store>,
	metrics: Arc<Metrics>,
	timing: Option<Timing>,
	/// Strikes by epoch, and when a dispute was last sent: running epoch and slot.
	tried: BTreeMap<EpochIndex, (EpochIndex, SlotOffset)>,
}

impl Contest {
	async fn at_block(&mut self) -> anyhow::Result<()> {
		if self.timing.is_none() {
			self.timing = Some(self.chain.timing().await?);
		}
		let clock = self.chain.clock().await?;
		// Verdicts come when the reveals have closed, and can be disputed in the next epoch, too.
		let Some(timing) = self.timing else { return Ok(()) };
		let judged = clock.slot >= timing.reveal_until;
		if !judged && clock.slot >= timing.commit_until {
			return Ok(());
		}
		self.tried.retain(|epoch, _| epoch.saturating_add(8) > clock.epoch);
		for evidence in self.chain.evidence(&self.account).await? {
			let epoch = evidence.epoch;
			let waits = self
				.tried
				.get(&epoch)
				.is_some_and(|(of, at)| *of == clock.epoch && clock.slot < at.saturating_add(RETRY_SLOTS));
			if waits {
				continue;
			}
			let store = self.store.clone();
			let kept = on_disk(move || store.bilaterals(epoch)).await?;
			let receipts = contradicting(&evidence, &bytes32(&self.account), kept);
			if receipts.is_empty() {
				continue;
			}
			self.tried.insert(epoch, (clock.epoch, clock.slot));
			let (provider, posted) = (evidence.provider, receipts.len());
			match self.chain.dispute(provider, epoch, &receipts).await {
				Ok(()) => tracing::info!(epoch, receipts = posted, "strike disputed"),
				Err(error @ (ChainError::Rpc(_) | ChainError::Refused { .. })) => {
					tracing::warn!(epoch, receipts = posted, %error, "dispute not taken");
					self.metrics.note_refusal(&error.into());
				}
				Err(error) => return Err(error.into()),
			}
		}
		Ok(())
	}
}

/// Receipts that show more than their members are taken to have reported, one each.
fn contradicting(
	evidence: &EvidenceInfo<AccountId>,
	target: &[u8; 32],
	kept: Vec<Bilateral>,
) -> Vec<Bilateral> {
	let window = u64::from(evidence.window_millis).saturating_mul(MILLI);
	let mut receipts: BTreeMap<[u8; 32], Bilateral> = BTreeMap::new();
	for receipt in kept {
		let test = &receipt.test;
		let is_ours = test.target == *target
			&& (test.epoch, test.kind, test.ordinal) == (evidence.epoch, evidence.kind, evidence.ordinal);
		let member = evidence.members.iter().find(|(member, ..)| bytes32(member) == test.attestor);
		let Some((_, down_kbps, up_kbps)) = member.filter(|_| is_ours) else { continue };
		let shows_more =
			kbps(receipt.down_bytes, window) > *down_kbps || kbps(receipt.up_bytes, window) > *up_kbps;
		if shows_more {
			receipts.insert(test.attestor, receipt);
		}
	}
	receipts.into_values().collect()
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::chain::{fake::Fake, Clock};
	use std::time::Duration;
	use weir_primitives::api::TestKind;
	use weir_tunnel_core::wire::Test;

	const ME: [u8; 32] = [1; 32];

	/// Of a line that showed this member 1,000 kbps down and 500 up.
	fn receipt(epoch: EpochIndex, attestor: u8) -> Bilateral {
		let test = Test {
			genesis: [7; 32],
			epoch,
			kind: TestKind::Admission,
			ordinal: 3,
			target: ME,
			attestor: [attestor; 32],
			session: [attestor; 8],
		};
		let (by_target, by_attestor) = ([8; 64], [9; 64]);
		Bilateral { test, seed_hash: [2; 32], down_bytes: 375_000, up_bytes: 187_500, by_target, by_attestor }
	}

	fn evidence(members: &[(u8, u32, u32)]) -> EvidenceInfo<AccountId> {
		EvidenceInfo {
			provider: 4,
			epoch: 5,
			kind: TestKind::Admission,
			ordinal: 3,
			window_millis: 3_000,
			until: 7,
			slash: None,
			due: None,
			appealed: false,
			members: members.iter().map(|(member, down, up)| ([*member; 32].into(), *down, *up)).collect(),
		}
	}

	#[test]
	fn contradicting_should_take_what_shows_more_and_nothing_else() {
		let members = [(10, 1_000, 500), (11, 0, 0), (12, 1_000, 499), (13, 2_000, 500)];
		let kept = vec![
			receipt(5, 10),
			receipt(5, 11),
			receipt(5, 12),
			receipt(5, 13),
			receipt(5, 14),
			receipt(6, 11),
		];
		let found = contradicting(&evidence(&members), &ME, kept.clone());
		assert_eq!(found, [receipt(5, 11), receipt(5, 12)]);
		assert_eq!(contradicting(&evidence(&members), &[2; 32], kept.clone()), []);
		let other = EvidenceInfo { ordinal: 4, ..evidence(&members) };
		assert_eq!(contradicting(&other, &ME, kept), []);
	}

	#[tokio::test]
	async fn strikes_should_be_disputed_once_when_receipts_contradict_them() {
		let folder = tempfile::tempdir().unwrap();
		let store = Arc::new(Store::open(folder.path()).unwrap());
		store.put_bilateral(&[11; 32], &receipt(5, 11)).unwrap();
		let late = Timing::local().reveal_until;
		let chain = Arc::new(Fake::new([Clock { epoch: 6, slot: late, first_slot: 1 }]));
		*chain.evidence.lock().unwrap() = vec![evidence(&[(10, 0, 0), (11, 0, 0)])];
		let task = tokio::spawn(contest_strikes(chain.clone(), ME.into(), store, Arc::default()));
		for _ in 0..40 {
			chain.heads.send_modify(|head| *head += 1);
			tokio::time::sleep(Duration::from_millis(10)).await;
		}
		task.abort();
		assert_eq!(*chain.disputes.lock().unwrap(), [(4, 5, vec![receipt(5, 11)])]);
	}
}
