//! Seats, absence, and committees drawn through the real permutation.
//!
//! Every provider holds one seat, and every seat covers every quota. Which seats are corrupt is drawn once: the first
//! ⌊β·M⌉ of a shuffled list, so that a larger β corrupts the same seats and more. Who is absent is drawn per seat and
//! epoch, for then a node is off for all its tests.

use crate::{
	config::{corrupt_seats, Class, Config, BETAS},
	line::{noisy_weight, Role, Seat},
};
use rand::{seq::SliceRandom, Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use weir_math::committee::{
	is_tested, members, ordinal_permutation, seat_permutation, tier_and_size, ListKind, MAX_COMMITTEE,
};
use weir_math::{permutation::Permutation, Timing};

/// What a stream of random numbers is for: no two uses share one.
#[derive(Clone, Copy)]
pub enum Stream {
	/// Which seats are corrupt.
	Corruption,
	/// Seeds and absence of an epoch.
	Epoch(u32),
	/// Noise of a provider's tests.
	Noise(u32),
	/// Seeds of a committee experiment.
	Capture(u32),
	/// Seeds to choose from for a target.
	Grinding(u32),
	/// Random adversaries.
	Bounds(u32),
	/// Noise in a table.
	Table(u32),
}

/// The random numbers of one use, the same on any number of threads.
pub fn random(seed: u64, stream: Stream) -> ChaCha8Rng {
	let (purpose, index) = match stream {
		Stream::Corruption => (0u64, 0),
		Stream::Epoch(epoch) => (1, epoch),
		Stream::Noise(provider) => (2, provider),
		Stream::Capture(batch) => (3, batch),
		Stream::Grinding(target) => (4, target),
		Stream::Bounds(batch) => (5, batch),
		Stream::Table(cell) => (6, cell),
	};
	let mut rng = ChaCha8Rng::seed_from_u64(seed);
	rng.set_stream((purpose << 32) | u64::from(index));
	rng
}

/// A seed as an epoch has it.
pub fn epoch_seed(rng: &mut ChaCha8Rng) -> [u8; 32] {
	let mut seed = [0; 32];
	rng.fill_bytes(&mut seed);
	seed
}

/// All seats, and which of them are corrupt at which share.
#[derive(Clone, Debug)]
pub struct World {
	/// Per seat the position in [`BETAS`] of the smallest share at which it is corrupt, or their number.
	levels: Vec<u8>,
}

impl World {
	/// Draws the corrupt seats.
	pub fn new(config: &Config) -> Self {
		let mut seats: Vec<u32> = (0..config.providers).collect();
		seats.shuffle(&mut random(config.seed, Stream::Corruption));
		let counts = BETAS.map(|beta| corrupt_seats(config.providers, beta));
		let mut levels = vec![BETAS.len() as u8; seats.len()];
		for (rank, seat) in (0u32..).zip(seats) {
			levels[seat as usize] = counts.iter().filter(|count| rank >= **count).count() as u8;
		}
		Self { levels }
	}

	/// Number of seats.
	pub fn seats(&self) -> u32 {
		self.levels.len() as u32
	}
}

/// One list of an epoch: who is tested in it, and by whom.
#[derive(Clone, Debug)]
pub struct List {
	ordinals: Permutation,
	seats: Permutation,
	k: u16,
}

impl List {
	/// The list `kind` of a class among `seats` seats and as many providers.
	pub fn new(seed: &[u8; 32], kind: ListKind, class: &Class, seats: u32) -> Self {
		let k = if kind == ListKind::Escalation { class.escalation_k } else { class.k };
		let (tier, k) = tier_and_size(class.claim_kbps, k, [seats; 4]).unwrap_or((0, k));
		Self {
			ordinals: ordinal_permutation(seed, kind, class.number, seats),
			seats: seat_permutation(seed, kind, class.number, tier, seats),
			k,
		}
	}

	/// Ordinal of a provider.
	pub fn ordinal(&self, provider: u32) -> u32 {
		self.ordinals.forward(provider).unwrap_or_default()
	}

	/// Members of its committees.
	pub fn k(&self) -> u16 {
		self.k
	}

	/// The committee of an ordinal.
	pub fn committee(&self, world: &World, absent: &[bool], ordinal: u32, out: &mut Committee) {
		out.clear();
		for seat in members(&self.seats, ordinal, self.k) {
			let level = world.levels.get(seat as usize).copied().unwrap_or_default();
			out.push(level, absent.get(seat as usize).copied().unwrap_or_default());
		}
		out.sum();
	}
}

/// A committee at all shares of corrupt seats at once.
#[derive(Clone, Debug, Default)]
pub struct Committee {
	/// Level and absence of each member.
	members: Vec<(u8, bool)>,
	/// Weights of their flows.
	weights: Vec<[f64; 2]>,
	/// Corrupt members at each share.
	pub corrupt: [u16; BETAS.len()],
	/// Absent honest ones.
	pub absent: [u16; BETAS.len()],
}

impl Committee {
	/// With room for the largest committee.
	pub fn new() -> Self {
		let room = usize::from(MAX_COMMITTEE);
		Self { members: Vec::with_capacity(room), weights: Vec::with_capacity(room), ..Self::default() }
	}

	fn clear(&mut self) {
		self.members.clear();
		self.weights.clear();
		self.corrupt = [0; BETAS.len()];
		self.absent = [0; BETAS.len()];
	}

	fn push(&mut self, level: u8, is_absent: bool) {
		self.members.push((level, is_absent));
		if let Some(corrupt) = self.corrupt.get_mut(usize::from(level)) {
			*corrupt += 1;
		}
		if is_absent {
			// Honest at all shares below its level.
			self.absent.iter_mut().take(level.into()).for_each(|absent| *absent += 1);
		}
	}

	/// From members per level to members up to each level.
	fn sum(&mut self) {
		let mut sum = 0;
		for corrupt in &mut self.corrupt {
			sum += *corrupt;
			*corrupt = sum;
		}
	}

	/// Draws the weight of each member's flow, see [`noisy_weight`].
	pub fn weigh(&mut self, rng: &mut ChaCha8Rng, noise: f64) {
		self.weights.clear();
		self.weights.extend(self.members.iter().map(|_| noisy_weight(rng, noise)));
	}

	/// The members at the share at `beta` in [`BETAS`].
	pub fn seats(&self, beta: usize, out: &mut Vec<Seat>) {
		out.clear();
		let weights = self.weights.iter().copied().chain(std::iter::repeat([1.0; 2]));
		out.extend(self.members.iter().zip(weights).map(|((level, is_absent), weight)| {
			let role = match (usize::from(*level) <= beta, is_absent) {
				(true, _) => Role::Corrupt,
				(false, true) => Role::Absent,
				(false, false) => Role::Honest,
			};
			Seat { role, weight }
		}));
	}
}

/// One epoch: its lists for each class, and who is off.
#[derive(Clone, Debug)]
pub struct Epoch {
	/// Ordinary tests, then escalations, of each class.
	lists: Vec<(List, List)>,
	absent: Vec<bool>,
}

impl Epoch {
	/// Draws epoch `number`.
	pub fn new(config: &Config, classes: &[Class], number: u32) -> Self {
		let mut rng = random(config.seed, Stream::Epoch(number));
		let seed = epoch_seed(&mut rng);
		let list = |kind, class| List::new(&seed, kind, class, config.providers);
		let lists =
			classes.iter().map(|class| (list(ListKind::Test, class), list(ListKind::Escalation, class)));
		let lists = lists.collect();
		Self { lists, absent: (0..config.providers).map(|_| rng.gen_bool(config.absent)).collect() }
	}

	/// Draws the committee that tests `provider` in this epoch, if it is tested.
	pub fn test(&self, world: &World, class: usize, provider: u32, out: &mut Committee) -> bool {
		let (list, _) = &self.lists[class];
		let ordinal = list.ordinal(provider);
		let tested = is_tested(ordinal, world.seats(), Timing::public().test_every);
		if tested {
			list.committee(world, &self.absent, ordinal, out);
		}
		tested
	}

	/// Draws the committee of the provider's escalation.
	pub fn escalation(&self, world: &World, class: usize, provider: u32, out: &mut Committee) {
		let (_, list) = &self.lists[class];
		list.committee(world, &self.absent, list.ordinal(provider), out);
	}
}
