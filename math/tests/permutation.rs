//! The permutation is one, and a fair one.

use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use weir_math::{
	committee::{members, seat_permutation, ListKind},
	permutation::Permutation,
};

fn seed(rng: &mut ChaCha8Rng) -> [u8; 32] {
	let mut seed = [0; 32];
	rng.fill_bytes(&mut seed);
	seed
}

fn assert_bijection(permutation: &Permutation) {
	let n = permutation.len();
	let mut hit = vec![false; n as usize];
	for x in 0..n {
		let y = permutation.forward(x).unwrap();
		assert!(!std::mem::replace(&mut hit[y as usize], true), "{y} is hit twice for n = {n}");
		assert_eq!(permutation.inverse(y), Some(x), "n = {n}");
	}
}

#[test]
fn permutation_should_be_a_bijection_for_every_small_n() {
	let mut rng = ChaCha8Rng::seed_from_u64(1);
	for n in 0..=2_000 {
		assert_bijection(&Permutation::new(&seed(&mut rng), b"all", n));
	}
}

#[test]
fn permutation_should_be_a_bijection_for_large_n() {
	let mut rng = ChaCha8Rng::seed_from_u64(2);
	let edges = [65_535, 65_536, 65_537, 999_999, 1_000_000];
	let random: Vec<u32> = (0..10).map(|_| rng.gen_range(2_000..1_000_000)).collect();
	for n in edges.into_iter().chain(random) {
		assert_bijection(&Permutation::new(&seed(&mut rng), b"large", n));
	}
}

#[test]
fn inverse_should_undo_forward_when_n_is_near_the_type_limit() {
	let mut rng = ChaCha8Rng::seed_from_u64(3);
	for n in [u32::MAX, u32::MAX - 1, 1 << 31, 65_536 * 65_535, 65_535 * 65_535 + 1] {
		let permutation = Permutation::new(&seed(&mut rng), b"limit", n);
		for x in [0, 1, n / 2, n - 2, n - 1].into_iter().chain((0..1_000).map(|_| rng.gen_range(0..n))) {
			let y = permutation.forward(x).unwrap();
			assert!(y < n);
			assert_eq!(permutation.inverse(y), Some(x));
			assert_eq!(permutation.forward(permutation.inverse(x).unwrap()), Some(x));
		}
	}
}

#[test]
fn permutation_should_answer_none_when_out_of_range() {
	let permutation = Permutation::new(&[7; 32], b"range", 10);
	assert_eq!((permutation.forward(10), permutation.inverse(10)), (None, None));
	assert_eq!((permutation.forward(u32::MAX), permutation.inverse(u32::MAX)), (None, None));
	let empty = Permutation::new(&[7; 32], b"range", 0);
	assert!(empty.is_empty());
	assert_eq!((empty.forward(0), empty.inverse(0)), (None, None));
}

#[test]
fn permutation_should_differ_when_seed_or_domain_differs() {
	let images = |seed: u8, domain: &[u8]| {
		let permutation = Permutation::new(&[seed; 32], domain, 1_000);
		(0..1_000).map(|x| permutation.forward(x).unwrap()).collect::<Vec<_>>()
	};
	let reference = images(1, b"a");
	// Two unrelated permutations agree in one place on average.
	for other in [images(2, b"a"), images(1, b"b"), images(1, b"a\0"), images(1, b"")] {
		let agreeing = reference.iter().zip(&other).filter(|(x, y)| x == y).count();
		assert!(agreeing < 10, "{agreeing}");
	}
}

#[test]
fn permutation_should_draw_every_order_evenly_when_n_is_tiny() {
	let mut rng = ChaCha8Rng::seed_from_u64(4);
	for (n, orders) in [(2u32, 2usize), (3, 6), (4, 24), (5, 120), (6, 720)] {
		let trials = 1_000 * orders.max(200);
		let mut counts = std::collections::BTreeMap::<Vec<u32>, u32>::new();
		for _ in 0..trials {
			let permutation = Permutation::new(&seed(&mut rng), b"orders", n);
			*counts.entry((0..n).map(|x| permutation.forward(x).unwrap()).collect()).or_default() += 1;
		}
		let expected = trials as f64 / orders as f64;
		let missing = (orders - counts.len()) as f64 * expected;
		let statistic =
			missing + counts.values().map(|o| (f64::from(*o) - expected).powi(2) / expected).sum::<f64>();
		let freedom = (orders - 1) as f64;
		let limit = freedom + 5.0 * (2.0 * freedom).sqrt();
		println!("orders of {n}: statistic {statistic:.1}, expected {freedom:.0}, limit {limit:.1}");
		assert!(statistic < limit, "n = {n}: {statistic} > {limit}");
	}
}

/// How often each pair of seats met, against how often it should: on average the number of pairs.
struct Meetings {
	seats: usize,
	size: usize,
	trials: usize,
	met: Vec<u32>,
}

impl Meetings {
	fn new(seats: usize, size: usize, trials: usize) -> Self {
		Self { seats, size, trials, met: vec![0; seats * seats] }
	}

	fn observe(&mut self, committee: &mut [u32]) {
		committee.sort_unstable();
		for (position, low) in committee.iter().enumerate() {
			for high in &committee[position + 1..] {
				self.met[*low as usize * self.seats + *high as usize] += 1;
			}
		}
	}

	fn statistic(&self) -> f64 {
		let (n, k) = (self.seats as f64, self.size as f64);
		let chance = k * (k - 1.0) / (n * (n - 1.0));
		let expected = self.trials as f64 * chance;
		let pairs =
			(0..self.seats).flat_map(|low| (low + 1..self.seats).map(move |high| low * self.seats + high));
		pairs.map(|pair| (f64::from(self.met[pair]) - expected).powi(2) / (expected * (1.0 - chance))).sum()
	}
}

fn statistic_of(
	(seats, size, trials): (usize, usize, usize),
	rng: &mut ChaCha8Rng,
	mut draw: impl FnMut(&mut ChaCha8Rng, &mut Vec<u32>),
) -> f64 {
	let mut meetings = Meetings::new(seats, size, trials);
	let mut committee = Vec::with_capacity(size);
	for _ in 0..trials {
		committee.clear();
		draw(rng, &mut committee);
		assert_eq!(committee.len(), size);
		meetings.observe(&mut committee);
	}
	meetings.statistic()
}

/// The statistic's terms depend on each other, so its spread is taken from committees drawn by ideal shuffles. The
/// control, one committee in a hundred always the same, must exceed the limit.
#[test]
fn pairs_of_seats_should_meet_evenly_over_seeds() {
	const SHUFFLES: usize = 40;
	for (seats, size, trials) in [(8, 5, 100_000), (12, 5, 100_000), (100, 15, 50_000), (1_000, 31, 20_000)] {
		let case = (seats, size, trials);
		let mut rng = ChaCha8Rng::seed_from_u64(seats as u64);
		let ideal = |rng: &mut ChaCha8Rng, committee: &mut Vec<u32>| {
			committee.extend(rand::seq::index::sample(rng, seats, size).into_iter().map(|seat| seat as u32));
		};
		let null: Vec<f64> = (0..SHUFFLES).map(|_| statistic_of(case, &mut rng, ideal)).collect();
		let mean = null.iter().sum::<f64>() / SHUFFLES as f64;
		let variance = null.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / (SHUFFLES - 1) as f64;
		let limit = mean + 5.0 * variance.sqrt();

		let mut ordinal = 0;
		let measured = statistic_of(case, &mut rng, |rng, committee| {
			let permutation = seat_permutation(&seed(rng), ListKind::Test, 0, 3, seats as u32);
			committee.extend(members(&permutation, ordinal % 7, size as u16));
			ordinal += 1;
		});
		let biased = statistic_of(case, &mut rng, |rng, committee| {
			if rng.gen_ratio(1, 100) {
				committee.extend(0..size as u32);
			} else {
				ideal(rng, committee);
			}
		});
		println!("pairs of {seats}: statistic {measured:.0}, ideal {mean:.0}, limit {limit:.0}, biased {biased:.0}");
		assert!(measured < limit, "{seats} seats: {measured} > {limit}");
		assert!(biased > limit, "{seats} seats: the limit would accept a biased draw");
	}
}
