//! Whatever the sidecar answers, the off-chain worker goes on, and keeps nothing that is no report.

use super::{
	offchain::{notes, posted_and_in_commit_window, ready, set_notes, with_worker, REPORTED},
	*,
};
use crate::offchain::Trouble;
use weir_fuzz::Fuzz;

#[test]
fn fuzz_answers_of_the_sidecar_should_be_a_report_or_a_reason() {
	with_worker(|outside| {
		posted_and_in_commit_window(&outside);
		let before = notes();
		let pending = format!(r#"{{"epoch":{REPORTED},"state":"pending","entries":[]}}"#);
		let of_another_epoch = format!(r#"{{"epoch":{},"state":"ready","entries":[]}}"#, REPORTED + 1);
		let samples = [
			ready(vec![entry(0)]),
			ready(vec![unreachable(0); MAX_ENTRIES as usize + 1]),
			pending.into_bytes(),
			of_another_epoch.into_bytes(),
		];
		let words = ["null", "-1", "4294967296", "1e99", "\"Limited\"", "[]", "{}", "[[[[", "\\u0000"];
		let ran = Fuzz::new("sidecar", 3_000).samples(samples).words(words).run(|answer| {
			set_notes(&before);
			outside.expect_report(answer.to_vec());
			let outcome = Pob::serve_local_seat();
			let kept = notes().report;
			assert!(outcome.is_ok() || kept.is_none(), "nothing is kept of what is refused");
			assert!(kept.as_ref().is_none_or(|(entries, _)| entries.len() <= MAX_ENTRIES as usize));
			[match outcome {
				Ok(()) if kept.is_some() => "kept",
				Ok(()) => "pending",
				Err(Trouble::Malformed(reason)) => {
					assert!(!reason.contains(char::is_control), "{reason}");
					"malformed"
				}
				Err(Trouble::WrongEpoch(_)) => "of another epoch",
				Err(Trouble::TooManyEntries(_)) => "too many entries",
				Err(trouble) => panic!("{trouble:?}"),
			}]
		});
		for saw in ["kept", "pending", "malformed", "of another epoch", "too many entries"] {
			assert!(ran.count(&saw) > 0, "{saw} never came: {:?}", ran.seen);
		}
		set_notes(&before);
	});
}
