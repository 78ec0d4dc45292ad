//! Prints, as Markdown, how far liars can bend the estimate for every committee size: `cargo run --example bounds`.

use weir_math::{
	committee::{quota_kbps, trim, MAX_COMMITTEE},
	estimate::{lower_bound, lower_bound_loaded, upper_bound},
};

/// Large enough for two decimals, small enough that three members can offer it.
const CLAIM_KBPS: u32 = 100_000;
/// Fewest members a test is held with.
const MIN_COMMITTEE: u16 = 3;

fn ratio(kbps: u64) -> String {
	let hundredths = (kbps * 100 + u64::from(CLAIM_KBPS) / 2) / u64::from(CLAIM_KBPS);
	format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn main() {
	println!("Estimate ÷ claim, worst case, for `c` corrupt of `k` present members with `t` trimmed.");
	for k in MIN_COMMITTEE..=MAX_COMMITTEE {
		let quota = quota_kbps(CLAIM_KBPS, k);
		println!("\n### k = {k}, t = {}, quota = {} of the claim\n", trim(k), ratio(u64::from(quota)));
		println!("| c | honest line, liars withhold | honest line, liars load and deny | 0.1 of the claim | 0.25 | 0.5 |");
		println!("|---|---|---|---|---|---|");
		for corrupt in 0..=k {
			println!(
				"| {corrupt} | ≥ {} | ≥ {} | ≤ {} | ≤ {} | ≤ {} |",
				ratio(lower_bound(k, corrupt, quota, CLAIM_KBPS)),
				ratio(lower_bound_loaded(k, corrupt, quota, CLAIM_KBPS)),
				ratio(upper_bound(k, corrupt, quota, CLAIM_KBPS / 10)),
				ratio(upper_bound(k, corrupt, quota, CLAIM_KBPS / 4)),
				ratio(upper_bound(k, corrupt, quota, CLAIM_KBPS / 2)),
			);
		}
	}
}
