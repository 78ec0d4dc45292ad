//! Seed grinding: a producer that owns the last ℓ slots of the epoch that decides a seed may leave any of them empty,
//! and so picks the best of 2^ℓ seeds for one target.
//!
//! A producer with a share β of the slots owns exactly the last ℓ with chance β^ℓ·(1 − β); a larger ℓ counts
//! as [`MAX_SLOTS`]. The more corrupt members the better for either attack, so the seed with most of them is chosen.
//! Every epoch has a seed of its own, hence every test of a window and the escalation can be ground, each by luck of its own.

use crate::{
	capture::{CHEAT_NOT_STRUCK, HONEST_STRUCK},
	config::{corrupt_seats, Class, Config, BETAS},
	exact::{self, Draws, Odds, Window},
	stats::Count,
	windows::Tables,
	world::{epoch_seed, random, Committee, List, Stream, World},
};
use rayon::prelude::*;
use weir_math::committee::ListKind;

/// Most slots that are simulated.
pub const MAX_SLOTS: usize = 5;
const CHOICES: usize = MAX_SLOTS + 1;

/// Chances of ℓ = 0, 1, … for a producer with a share `beta` of the slots.
pub fn slots_owned(beta: f64) -> Vec<(u32, f64)> {
	(0..CHOICES as u32)
		.map(|slots| {
			let owned = beta.powi(slots as i32);
			(slots, if slots as usize == MAX_SLOTS { owned } else { owned * (1.0 - beta) })
		})
		.collect()
}

/// How often the best of 2^ℓ committees had enough corrupt members.
#[derive(Clone, Debug)]
pub struct Ground {
	/// What they achieve.
	pub name: &'static str,
	/// Members.
	pub k: u16,
	/// Fewest corrupt members that achieve it, nobody absent.
	pub needed: u16,
	/// Per ℓ and share, simulated.
	pub drawn: [[Count; BETAS.len()]; CHOICES],
	/// Per ℓ and share, `1 − (1 − p)^(2^ℓ)`.
	pub exact: [[f64; BETAS.len()]; CHOICES],
}

/// Draws seeds for targets.
pub fn run(config: &Config, classes: &[Class], world: &World, draws: &Draws) -> Vec<Ground> {
	let ground = classes.iter().zip(0u32..).flat_map(|(class, batch)| {
		let most = best_of(config, class, world, batch);
		[&CHEAT_NOT_STRUCK, &HONEST_STRUCK].into_iter().filter_map(move |goal| {
			let table = goal.table(class, ListKind::Test, config);
			let needed = table.fewest_corrupt(goal.reached)?;
			let mut drawn = [[Count::default(); BETAS.len()]; CHOICES];
			for (slots, drawn) in drawn.iter_mut().enumerate() {
				for (beta, drawn) in drawn.iter_mut().enumerate() {
					drawn.trials = most.len() as u64;
					drawn.hits = most.iter().filter(|most| most[slots][beta] >= needed).count() as u64;
				}
			}
			let once =
				BETAS.map(|beta| draws.at_least(corrupt_seats(draws.seats(), beta), table.k(), needed));
			let exact = std::array::from_fn(|slots| {
				once.map(|once| -(2f64.powi(slots as i32) * (-f64::min(once, 1.0)).ln_1p()).exp_m1())
			});
			Some(Ground { name: goal.name, k: table.k(), needed, drawn, exact })
		})
	});
	ground.collect()
}

/// Per target: the most corrupt members among the first 1, 2, 4 … of its seeds.
fn best_of(config: &Config, class: &Class, world: &World, batch: u32) -> Vec<[[u16; BETAS.len()]; CHOICES]> {
	let target = |target: u32| {
		let mut rng = random(config.seed, Stream::Grinding(batch << 28 | target));
		let mut committee = Committee::new();
		let mut most = [[0; BETAS.len()]; CHOICES];
		for number in 0..1usize << MAX_SLOTS {
			let list = List::new(&epoch_seed(&mut rng), ListKind::Test, class, world.seats());
			list.committee(world, &[], list.ordinal(target), &mut committee);
			for (_, most) in most.iter_mut().enumerate().filter(|(slots, _)| number < 1 << slots) {
				for (most, corrupt) in most.iter_mut().zip(committee.corrupt) {
					*most = corrupt.max(*most);
				}
			}
		}
		most
	};
	(0..config.grinds).into_par_iter().map(target).collect()
}

/// The window of a scenario in which every seed is ground by a producer with a share `beta` of slots and seats.
pub fn window(tables: &Tables, pair: usize, draws: &Draws, beta: f64, absent: f64) -> Window {
	let seeds = slots_owned(beta);
	let odds = Odds { corrupt: corrupt_seats(draws.seats(), beta), absent, seeds: &seeds };
	let (ordinary, larger) = &tables.pairs[pair];
	exact::window(&exact::test(draws, ordinary, &odds), &exact::test(draws, larger, &odds))
}
