//! The bars of the specification that arithmetic alone can check: how surely a false claim is flagged, and how rarely
//! an honest one is slashed, when a share of the seats is corrupt. Probabilities are exact sums.

use weir_math::{
	committee::quota_kbps,
	estimate::{estimate, Kind, Measurement, Member},
	verdict::{judge, Outcome},
};

const SEATS: u64 = 1_000;
const CORRUPT_SEATS: u64 = 200;
const CLAIM_KBPS: u32 = 500_000;

fn ln_factorial(n: u64) -> f64 {
	(2..=n).map(|i| (i as f64).ln()).sum()
}

fn ln_choose(n: u64, k: u64) -> f64 {
	ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)
}

/// Chance of `corrupt` among `k` seats drawn.
fn drawn(k: u16, corrupt: u16) -> f64 {
	let (k, corrupt) = (u64::from(k), u64::from(corrupt));
	(ln_choose(CORRUPT_SEATS, corrupt) + ln_choose(SEATS - CORRUPT_SEATS, k - corrupt) - ln_choose(SEATS, k))
		.exp()
}

/// Chance that `absent` of `members` are, one in ten.
fn absent(members: u16, absent: u16) -> f64 {
	let (n, k) = (u64::from(members), u64::from(absent));
	ln_choose(n, k).exp() * 0.1f64.powi(absent.into()) * 0.9f64.powi((members - absent).into())
}

/// Chance of at least three in five.
fn three_of_five(p: f64) -> f64 {
	let q = 1.0 - p;
	10.0 * p.powi(3) * q.powi(2) + 5.0 * p.powi(4) * q + p.powi(5)
}

fn is_strike(rates: &[u32], absent: u16, escalation: bool) -> bool {
	let measured = |rate: &u32| {
		Member::Reported(Measurement {
			kind: Kind::Measured,
			down_kbps: *rate,
			up_kbps: *rate,
			rtt_10us: 0,
			loss_pptt: 0,
			liveness: [0; 5],
		})
	};
	let mut members: Vec<Member> = rates.iter().map(measured).collect();
	members.resize(members.len() + usize::from(absent), Member::Absent);
	let result = estimate(&members, CLAIM_KBPS, CLAIM_KBPS);
	judge(&result, members.len() as u16, escalation).0 == Outcome::Strike
}

/// Whether a line at a tenth of its claim, served in the way that suits it best, escapes a strike with `corrupt`
/// friends that report their whole quota.
fn cheat_escapes(k: u16, corrupt: u16) -> bool {
	let capacity = CLAIM_KBPS / 10;
	let honest = u32::from(k - corrupt);
	let quota = quota_kbps(CLAIM_KBPS, k);
	let share = CLAIM_KBPS / u32::from(k);
	// Evenly, or to `favoured` members as much as each level asks and nothing to the rest.
	let levels = [share / 2, share * 3 / 4, share * 4 / 5 + 1, share, quota];
	let evenly = std::iter::once((capacity.checked_div(honest).unwrap_or(0), honest));
	let favouring = levels.into_iter().map(|level| (level, (capacity / level).min(honest)));
	evenly.chain(favouring).any(|(level, favoured)| {
		let mut rates = vec![quota; corrupt.into()];
		rates.extend((0..honest).map(|member| if member < favoured { level } else { 0 }));
		!is_strike(&rates, 0, false)
	})
}

/// Whether `corrupt` liars make a strike of a line that delivers its claim, with `absent` honest members missing.
fn honest_is_struck(k: u16, corrupt: u16, absent: u16, escalation: bool) -> bool {
	let present = k - absent;
	let quota = quota_kbps(CLAIM_KBPS, k);
	// Liars that load the line and deny it, or that withhold their load.
	[present, present - corrupt].into_iter().any(|sharing| {
		let share = CLAIM_KBPS.checked_div(sharing.into()).unwrap_or(0).min(quota);
		let mut rates = vec![0; corrupt.into()];
		rates.resize(present.into(), share);
		is_strike(&rates, absent, escalation)
	})
}

fn chance_honest_is_struck(k: u16, escalation: bool) -> f64 {
	(0..=k)
		.map(|corrupt| {
			let missing =
				(0..=k - corrupt).filter(|missing| honest_is_struck(k, corrupt, *missing, escalation));
			drawn(k, corrupt) * missing.map(|missing| absent(k - corrupt, missing)).sum::<f64>()
		})
		.sum()
}

#[test]
fn cheat_at_a_tenth_should_be_flagged_within_five_tests() {
	for k in [15, 31] {
		let needed = (0..=k).find(|corrupt| cheat_escapes(k, *corrupt)).unwrap();
		let escapes: f64 =
			(0..=k).filter(|corrupt| cheat_escapes(k, *corrupt)).map(|corrupt| drawn(k, corrupt)).sum();
		let flagged = three_of_five(1.0 - escapes);
		println!("cheat k={k}: needs {needed} friends, escapes {escapes:.2e} per test, flagged within five {flagged:.6}");
		assert!(flagged >= 0.999, "k = {k}: {flagged}");
	}
}

#[test]
fn honest_line_should_almost_never_be_slashed() {
	let confirmed = chance_honest_is_struck(51, true);
	for k in [15, 31] {
		let struck = chance_honest_is_struck(k, false);
		let slashed = three_of_five(struck) * confirmed;
		println!("honest k={k}: struck {struck:.2e} per test, confirmed {confirmed:.2e}, slashed {slashed:.2e} per five tests");
		assert!(slashed <= 2e-8, "k = {k}: {slashed}");
	}
}
