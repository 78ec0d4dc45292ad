//! A15: an author that owns the last slots before a seed is fixed leaves some of them empty, and picks the best seed.

use super::finding;
use crate::attacks::{Finding, Scenario};
use std::sync::OnceLock;
use weir_sim::{
	config::{classes, Config, BAR_BETA, BETAS},
	exact::Draws,
	grinding::{run, slots_owned, Ground, MAX_SLOTS},
	stats::Z_999,
	world::World,
};

pub(super) const SCENARIOS: [Scenario; 2] = [
	Scenario { id: "A15", title: "seed grinding, the last ℓ slots", run: |()| union_bound() },
	Scenario { id: "A15-window", title: "seed grinding, five tests of a cheat", run: |()| window() },
];

const SEATS: u32 = 10_000;
const TARGETS: u32 = 2_000;
/// Hits from which on a rate says something by itself.
const FREQUENT: f64 = 100.0;
/// Chance that a cheat passes five tests, all of whose seeds were ground.
const MOST_MISSED: f64 = 1e-3;

/// What the simulator finds, once for both scenarios.
fn ground() -> &'static [Ground] {
	static FOUND: OnceLock<Vec<Ground>> = OnceLock::new();
	FOUND.get_or_init(|| {
		let config = Config { grinds: TARGETS, ..Config::new(SEATS, 1, 1) };
		let world = World::new(&config);
		run(&config, &classes(), &world, &Draws::new(SEATS))
	})
}

/// Capture with 2^ℓ seeds to choose from, against 2^ℓ times the chance with one.
fn union_bound() -> anyhow::Result<Finding> {
	let (mut worst, mut compared, mut passed) = (0.0f64, 0u32, true);
	for ground in ground() {
		for slots in 0..=MAX_SLOTS {
			for beta in 0..BETAS.len() {
				let bound = (2f64.powi(slots as i32) * ground.exact[0][beta]).min(1.0);
				let drawn = ground.drawn[slots][beta];
				let (low, _) = drawn.wilson(Z_999);
				// What is expected less than once may be seen a few times.
				let is_rare = bound * (drawn.trials as f64) < 1.0 && drawn.agrees_with(bound, Z_999);
				compared += 1;
				passed &= low <= bound || is_rare;
				if bound * (drawn.trials as f64) >= FREQUENT {
					worst = worst.max(drawn.rate() / bound);
				}
			}
		}
	}
	finding(
		format!(
			"ℓ = 0 to {MAX_SLOTS}, β = 0 to {}, k = 15 and 31, {TARGETS} targets each",
			BETAS[BETAS.len() - 1]
		),
		format!("{compared} rates, at most {worst:.2} of 2^ℓ·p where a hundred or more were expected"),
		"capture ≤ 2^ℓ·p within 99.9 %",
		passed,
	)
}

/// A cheat that friends with a fifth of the slots and of the seats help in every test: fewer than three strikes in five.
fn window() -> anyhow::Result<Finding> {
	let small = ground().first().ok_or_else(|| anyhow::anyhow!("nothing was ground"))?;
	let beta = BETAS[BAR_BETA];
	let averaged = |rate: &dyn Fn(usize) -> f64| -> f64 {
		slots_owned(beta).iter().map(|(slots, chance)| chance * rate(*slots as usize)).sum()
	};
	let once = small.exact[0][BAR_BETA];
	let exact = averaged(&|slots| small.exact[slots][BAR_BETA]);
	let drawn = averaged(&|slots| small.drawn[slots][BAR_BETA].rate());
	let missed = missed_window(exact);
	finding(
		format!("β = {beta}, k = {}, {} of them needed, ℓ by chance", small.k, small.needed),
		format!(
			"one test captured: {:.2} % without, {:.2} % with grinding (drawn: {:.2} %); five tests: {missed:.1e}",
			once * 100.0,
			exact * 100.0,
			drawn * 100.0
		),
		"three of five tests captured in less than 1e-3",
		missed < MOST_MISSED && exact < 2.0 * once,
	)
}

/// Chance that at least three of five tests are captured, each with chance `p`.
fn missed_window(p: f64) -> f64 {
	let q = 1.0 - p;
	10.0 * p.powi(3) * q.powi(2) + 5.0 * p.powi(4) * q + p.powi(5)
}
