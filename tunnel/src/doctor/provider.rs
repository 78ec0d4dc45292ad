//! A provider's own: the account that claims, whether customers are let in, and what others have seen of the line.

use super::{Report, Verdict};
use crate::{
	chain::{bytes32, Account, Registry},
	clock,
	config::Config,
	provide::Switch,
	setup::weir,
};
use weir_primitives::{
	api::{Outcome, ProviderInfo, Reason, VerdictRecord},
	chain::{AccountId, Balance},
	outage::Gap,
};

/// Claims that the account should be able to pay for.
const CLAIMS: Balance = 10;
/// Others who have to have seen the line.
const WITNESSES: u16 = 2;

/// Whether vouchers can be claimed.
pub(super) async fn claim_key(config: &Config, chain: Option<&dyn Registry>, report: &mut Report) {
	const NAME: &str = "claim key";
	let Some(provide) = &config.provide else { return };
	let Some(path) = &provide.claim_key else {
		let detail =
			"provide.claim_key is not set: no customer is served; `weir-tunnel provide init` makes one";
		return report.add(NAME, Verdict::Warning, detail);
	};
	let account = match Account::load(path) {
		Ok(account) => account,
		Err(error) => return report.add(NAME, Verdict::Failed, format!("{error:#}")),
	};
	if config.account().is_ok_and(|node| node == *account.id()) {
		let detail = "is the key of node.account, which is bonded: make another account for claims";
		return report.add(NAME, Verdict::Failed, detail);
	}
	let Some(chain) = chain else {
		return report.add(NAME, Verdict::Ok, format!("{}; what it has cannot be asked now", account.id()));
	};
	match (chain.holding(account.id()).await, chain.claim_fee().await) {
		(Ok(holding), Ok(fee)) => {
			let (verdict, detail) = funds(account.id(), holding.usable, fee);
			report.add(NAME, verdict, detail);
		}
		(Err(error), _) | (_, Err(error)) => report.add(NAME, Verdict::Warning, error.to_string()),
	}
}

fn funds(account: &AccountId, usable: Balance, fee: Balance) -> (Verdict, String) {
	let has = format!("{account} has {}, a claim costs up to {}", weir(usable), weir(fee));
	let wanted = fee.saturating_mul(CLAIMS).saturating_sub(usable);
	match usable {
		_ if usable < fee => {
			(Verdict::Failed, format!("{has}: nothing is claimed; send it {} or more", weir(wanted)))
		}
		_ if wanted > 0 => (Verdict::Warning, format!("{has}; send it {} or more", weir(wanted))),
		_ => (Verdict::Ok, has),
	}
}

/// Whether customers are let in by this machine.
pub(super) fn doors(config: &Config, report: &mut Report) {
	let Some(provide) = &config.provide else { return };
	if Switch::open(&config.node.state).is_paused() {
		let detail = "paused: nobody is let in; `weir-tunnel provide resume` ends that";
		return report.add("customers", Verdict::Warning, detail);
	}
	let Ok(hours) = provide.hours() else { return };
	let (verdict, detail) = match hours.is_open(clock::now()) {
		true => (Verdict::Ok, "let in now, as far as pause and hours go".to_owned()),
		false => (
			Verdict::Warning,
			format!("outside provide.hours (by the clock of {}): nobody is let in now", provide.zone),
		),
	};
	report.add("customers", verdict, detail);
}

/// What the committee of the last test and those who watch have seen.
pub(super) async fn seen(
	provider: &ProviderInfo<AccountId, Balance>,
	chain: Option<&dyn Registry>,
	report: &mut Report,
) {
	if let Some(last) = &provider.last_verdict {
		let (verdict, detail) = by_committee(last);
		report.add("reached by others", verdict, detail);
	} else {
		let detail = "not tested yet: a line that is in service is tested in its next epoch";
		report.add("reached by others", Verdict::Ok, detail);
	}
	if let Some(chain) = chain {
		match chain.outages(provider.index).await {
			Ok((since, gaps)) => {
				let (verdict, detail) = by_watchers(since, &gaps);
				report.add("outages", verdict, detail);
			}
			Err(error) => report.add("outages", Verdict::Warning, error.to_string()),
		}
	}
	for summary in provider.past_verdicts.iter().rev() {
		let detail = format!(
			"epoch {}: {}/{} kbps measured, {:?} ({:?})",
			summary.epoch, summary.down_kbps, summary.up_kbps, summary.outcome, summary.reason
		);
		report.add("earlier test", Verdict::Ok, detail);
	}
}

fn by_committee(last: &VerdictRecord) -> (Verdict, String) {
	let VerdictRecord { epoch, members, present, alive_parts, .. } = last;
	let seen = format!(
		"epoch {epoch}: {present} of {members} members measured it, and it answered in {alive_parts} of the epoch's 40 parts"
	);
	match last.reason {
		Reason::UnreachableByMajority => {
			let fix =
				"have the registered port, UDP and TCP, reach this machine, or register the endpoint it has";
			(Verdict::Failed, format!("{seen}; most got no answer: {fix}"))
		}
		_ if *present < WITNESSES => (
			Verdict::Warning,
			format!("{seen}; fewer than {WITNESSES} others say nothing: wait for the next test"),
		),
		_ => (Verdict::Ok, seen),
	}
}

fn by_watchers(since: Option<u64>, gaps: &[Gap]) -> (Verdict, String) {
	let slots: u64 = gaps.iter().map(|gap| gap.until_slot.saturating_sub(gap.from_slot)).sum();
	let past = format!("{} on record, {slots} slots in all", gaps.len());
	match since {
		Some(slot) => {
			let detail = format!(
				"recorded as down since slot {slot} ({past}): start the sidecar, look at line and router; watchers see that it answers \
				 again by themselves"
			);
			(Verdict::Failed, detail)
		}
		None => (Verdict::Ok, format!("none now; {past}")),
	}
}

/// What to do about a test that ended so.
pub(super) fn after_test(last: &VerdictRecord) -> (Verdict, String) {
	let said = format!(
		"epoch {}: {}/{} kbps measured, {:?} ({:?})",
		last.epoch, last.down_kbps, last.up_kbps, last.outcome, last.reason
	);
	let fix = match last.reason {
		Reason::WithinClaim => return (Verdict::Ok, said),
		Reason::BelowClaim => "pay follows what was measured: claim that, or leave the line to it while it is tested",
		Reason::BelowThreeQuarters | Reason::BelowHalfWithoutMajority | Reason::CommitteeTooSmall => {
			"the claim was lowered: look what else uses the line and at egress_kbps and ingress_kbps before raising it again"
		}
		Reason::BelowHalf => {
			"a strike: claim what the line carries when it is busy; `proofOfBandwidth.requestTest` asks for another test"
		}
		Reason::UnreachableByMajority => "have UDP and TCP of the registered port reach this machine",
		Reason::TooFewMembers => "no fault of yours: too few members were there",
		Reason::NotInService => "it was paused, jailed or without bond when the test was due",
		Reason::NotStarted => "no fault of yours: the chain did not say in time when it began",
	};
	let verdict = match last.outcome {
		Outcome::Good | Outcome::Void => Verdict::Ok,
		Outcome::Strike | Outcome::Unreachable => Verdict::Failed,
		_ => Verdict::Warning,
	};
	(verdict, format!("{said}: {fix}"))
}

/// Whether the registered probe key is this one: with another one receipts count for nothing.
pub(super) fn probe_key(
	provider: &ProviderInfo<AccountId, Balance>,
	probe: Option<[u8; 32]>,
	report: &mut Report,
) {
	let Some(probe) = probe else { return };
	let next = provider.next_probe_key.as_ref().and_then(|next| next.value.clone());
	let is_this = |key: &weir_primitives::ProbeKey| bytes32(key) == probe;
	let (verdict, detail) = match (&provider.probe_key, next) {
		(Some(key), _) if is_this(key) => (Verdict::Ok, "as registered"),
		(_, Some(next)) if is_this(&next) => {
			(Verdict::Warning, "is announced for the next epoch; until then tests count for nothing")
		}
		(None, _) => (Verdict::Failed, "none is registered, so no test counts: `weir-tunnel provide init --yes` registers it"),
		(Some(_), _) => (
			Verdict::Failed,
			"differs from the registered one, so no test counts: use its key file, or `weir-tunnel provide init --yes` registers this \
			 one",
		),
	};
	report.add("registered probe key", verdict, detail);
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::chain::fake::provider;
	use weir_primitives::chain::WEIR;

	fn last() -> VerdictRecord {
		provider(&libp2p::PeerId::random()).last_verdict.unwrap()
	}

	#[test]
	fn claim_account_should_be_told_what_to_send_when_it_has_too_little() {
		let account = AccountId::from([5; 32]);
		let said = |usable| funds(&account, usable, WEIR / 100);
		assert_eq!(said(WEIR / 10).0, Verdict::Ok);
		let (verdict, detail) = said(WEIR / 20);
		assert!(verdict == Verdict::Warning && detail.ends_with("send it 0.05 WEIR or more"), "{detail}");
		let (verdict, detail) = said(0);
		assert!(
			verdict == Verdict::Failed && detail.contains("nothing is claimed; send it 0.1 WEIR"),
			"{detail}"
		);
	}

	#[test]
	fn tests_should_name_the_fix_for_each_reason() {
		for (outcome, reason, expected, said) in [
			(Outcome::Good, Reason::WithinClaim, Verdict::Ok, "WithinClaim"),
			(Outcome::PaidAsMeasured, Reason::BelowClaim, Verdict::Warning, "pay follows"),
			(Outcome::ClaimLowered, Reason::BelowThreeQuarters, Verdict::Warning, "the claim was lowered"),
			(Outcome::Strike, Reason::BelowHalf, Verdict::Failed, "a strike"),
			(Outcome::Unreachable, Reason::UnreachableByMajority, Verdict::Failed, "UDP and TCP"),
			(Outcome::Void, Reason::TooFewMembers, Verdict::Ok, "no fault of yours"),
		] {
			let (verdict, detail) = after_test(&VerdictRecord { outcome, reason, ..last() });
			assert!(verdict == expected && detail.contains(said), "{reason:?}: {verdict:?} {detail}");
		}
	}

	#[test]
	fn line_should_be_reached_when_two_others_have_measured_it_and_nobody_has_it_as_down() {
		assert_eq!(by_committee(&last()).0, Verdict::Ok);
		assert_eq!(by_committee(&VerdictRecord { present: 1, ..last() }).0, Verdict::Warning);
		let (verdict, detail) =
			by_committee(&VerdictRecord { reason: Reason::UnreachableByMajority, ..last() });
		assert!(verdict == Verdict::Failed && detail.contains("reach this machine"), "{detail}");
		let gap = Gap { from_slot: 5, until_slot: 9, is_regional: false };
		let (verdict, detail) = by_watchers(None, &[gap, gap]);
		assert_eq!((verdict, &detail[..]), (Verdict::Ok, "none now; 2 on record, 8 slots in all"));
		let (verdict, detail) = by_watchers(Some(7), &[]);
		assert!(verdict == Verdict::Failed && detail.contains("since slot 7"), "{detail}");
	}

	#[test]
	fn probe_key_should_fail_when_another_one_is_registered() {
		let mut known = provider(&libp2p::PeerId::random());
		let said = |known: &ProviderInfo<AccountId, Balance>| {
			let mut report = Report::default();
			probe_key(known, Some([5; 32]), &mut report);
			report.0[0].verdict
		};
		assert_eq!(said(&known), Verdict::Failed);
		known.probe_key = Some(codec::Decode::decode(&mut &[6; 32][..]).unwrap());
		assert_eq!(said(&known), Verdict::Failed);
		known.probe_key = Some(codec::Decode::decode(&mut &[5; 32][..]).unwrap());
		assert_eq!(said(&known), Verdict::Ok);
	}

	#[test]
	fn doors_should_say_that_the_provider_is_paused_or_outside_its_hours() {
		let folder = tempfile::tempdir().unwrap();
		let config = |more: &str| {
			let text = format!(
				"[node]\naccount = \"0x{}\"\nstate = \"{}\"\n[provide]\nport = 7\n{more}",
				"11".repeat(32),
				folder.path().display()
			);
			Config::parse(std::path::Path::new("x"), &text).unwrap()
		};
		let said = |config: &Config| {
			let mut report = Report::default();
			doors(config, &mut report);
			(report.0[0].verdict, report.0[0].detail.clone())
		};
		assert_eq!(said(&config("")).0, Verdict::Ok);
		// An hour that begins in two, whenever now is.
		let hour = |ahead: u64| (clock::now() / 3_600_000_000 + ahead) % 24;
		let (verdict, detail) = said(&config(&format!("hours = [\"{:02}:00-{:02}:00\"]", hour(2), hour(3))));
		assert!(verdict == Verdict::Warning && detail.contains("outside provide.hours"), "{detail}");
		Switch::open(folder.path()).set(true).unwrap();
		let (verdict, detail) = said(&config(""));
		assert!(verdict == Verdict::Warning && detail.contains("provide resume"), "{detail}");
	}
}
