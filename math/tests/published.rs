//! The bounds printed in docs/protocol.md (section 11 and its appendix) are those of the code.

use std::{collections::BTreeSet, fs};
use weir_math::{
	committee::{quota_kbps, trim, MAX_COMMITTEE},
	estimate::{lower_bound, lower_bound_loaded, upper_bound},
};

const PROTOCOL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/protocol.md");
/// The claim all rows are computed for, kbps.
const CLAIM_KBPS: u32 = 100_000;
/// Fewest members a test is held with.
const MIN_COMMITTEE: u16 = 3;

fn ratio(kbps: u64) -> String {
	let hundredths = (kbps * 100 + u64::from(CLAIM_KBPS) / 2) / u64::from(CLAIM_KBPS);
	format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// How the tables print `corrupt` of `k` members.
fn row(k: u16, corrupt: u16) -> String {
	let quota = quota_kbps(CLAIM_KBPS, k);
	format!(
		"| {k} | {} | {corrupt} | ≥ {} | ≥ {} | ≤ {} | ≤ {} | ≤ {} |",
		trim(k),
		ratio(lower_bound(k, corrupt, quota, CLAIM_KBPS)),
		ratio(lower_bound_loaded(k, corrupt, quota, CLAIM_KBPS)),
		ratio(upper_bound(k, corrupt, quota, CLAIM_KBPS / 10)),
		ratio(upper_bound(k, corrupt, quota, CLAIM_KBPS / 4)),
		ratio(upper_bound(k, corrupt, quota, CLAIM_KBPS / 2)),
	)
}

#[test]
fn protocol_should_print_the_bounds_of_every_committee() {
	let text = fs::read_to_string(PROTOCOL).unwrap();
	let mut printed = BTreeSet::new();
	let is_row = |line: &&str| (line.matches("| ≥ ").count(), line.matches("| ≤ ").count()) == (2, 3);
	for line in text.lines().filter(is_row) {
		let cells: Vec<&str> = line.split('|').map(str::trim).collect();
		let (k, corrupt): (u16, u16) = (cells[1].parse().unwrap(), cells[3].parse().unwrap());
		assert_eq!(line, row(k, corrupt));
		printed.insert((k, corrupt));
	}
	for k in MIN_COMMITTEE..=MAX_COMMITTEE {
		for corrupt in [trim(k), k / 3] {
			assert!(printed.contains(&(k, corrupt)), "missing: {}", row(k, corrupt));
		}
	}
}
