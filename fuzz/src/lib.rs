//! Runs fuzz targets inside ordinary tests: no other compiler, profile or program than those of `cargo test`.
//!
//! A target is a function of bytes that panics when something is wrong. It answers with what it saw of the input:
//! whatever tells inputs apart, such as which decoder took them or which error came back. An input that shows something
//! new is kept and mutated further, which finds a way behind checks that chance alone does not pass.
//!
//! In a test run a target gets a fixed number of inputs from a fixed seed, so that the same commit has the same result.
//! For a long run the environment says more:
//!
//! | variable | meaning |
//! |---|---|
//! | `WEIR_FUZZ_SECONDS` | run for so long instead |
//! | `WEIR_FUZZ_SEED` | begin with another seed |
//! | `WEIR_FUZZ_INPUT` | try this input, in hex, before all others |
//!
//! When a target panics, the input is made smaller as long as it still does, and printed.

#![deny(missing_docs)]

mod mutate;

use mutate::Mutator;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::{
	collections::HashMap,
	env,
	hash::Hash,
	panic::{catch_unwind, AssertUnwindSafe},
	time::{Duration, Instant},
};

/// Inputs that are kept because they showed something new.
const KEPT: usize = 512;
/// Attempts at a smaller input once one has failed.
const SHRINKS: usize = 256;
/// Bytes an input has at most unless said otherwise.
const LONGEST: usize = 4_096;

/// A run to be.
#[derive(Clone, Debug)]
pub struct Fuzz {
	name: &'static str,
	inputs: u64,
	longest: usize,
	samples: Vec<Vec<u8>>,
	words: Vec<Vec<u8>>,
}

/// What a run saw.
#[derive(Clone, Debug)]
pub struct Ran<Sight> {
	/// Inputs tried.
	pub inputs: u64,
	/// How many inputs showed each sight.
	pub seen: HashMap<Sight, u64>,
}

impl<Sight: Hash + Eq> Ran<Sight> {
	/// Inputs that showed `sight`.
	pub fn count(&self, sight: &Sight) -> u64 {
		self.seen.get(sight).copied().unwrap_or(0)
	}
}

impl Fuzz {
	/// A target with this name, which gets `inputs` inputs in a test run.
	pub fn new(name: &'static str, inputs: u64) -> Self {
		Self { name, inputs, longest: LONGEST, samples: Vec::new(), words: Vec::new() }
	}

	/// Adds valid inputs to begin with. The first input of a run are these, as they are.
	pub fn samples<Bytes: Into<Vec<u8>>>(mut self, samples: impl IntoIterator<Item = Bytes>) -> Self {
		self.samples.extend(samples.into_iter().map(Into::into));
		self
	}

	/// Adds words that the format knows, to be put in anywhere.
	pub fn words<Bytes: Into<Vec<u8>>>(mut self, words: impl IntoIterator<Item = Bytes>) -> Self {
		self.words.extend(words.into_iter().map(Into::into));
		self
	}

	/// Inputs have at most so many bytes, but for samples.
	pub fn longest(mut self, bytes: usize) -> Self {
		self.longest = bytes;
		self
	}

	/// Runs `target`, and panics when it does.
	pub fn run<Sight, Sights>(self, target: impl Fn(&[u8]) -> Sights) -> Ran<Sight>
	where
		Sight: Hash + Eq,
		Sights: IntoIterator<Item = Sight>,
	{
		let mut ran = Ran { inputs: 0, seen: HashMap::new() };
		let seconds = number("WEIR_FUZZ_SECONDS").map(Duration::from_secs);
		let seed = number("WEIR_FUZZ_SEED").unwrap_or(0);
		let began = Instant::now();
		let mut mutator = Mutator::new(self.samples.clone(), self.words.clone(), self.longest);
		let mut dice = ChaCha8Rng::seed_from_u64(seed ^ fingerprint(self.name));
		let given = env::var("WEIR_FUZZ_INPUT").ok();
		let given = given.map(|input| hex::decode(input.trim()).expect("WEIR_FUZZ_INPUT is hex"));
		for input in given.iter().chain(&self.samples) {
			self.step(input, &target, &mut ran);
		}
		loop {
			let over = match seconds {
				Some(seconds) => began.elapsed() >= seconds,
				None => ran.inputs >= self.inputs,
			};
			if over {
				break;
			}
			let input = mutator.next(&mut dice);
			if self.step(&input, &target, &mut ran) {
				mutator.keep(input, &mut dice, KEPT);
			}
		}
		let (inputs, seen, took) = (ran.inputs, ran.seen.len(), began.elapsed().as_secs_f32());
		println!("fuzz {}: {inputs} inputs, {seen} sights, {took:.1} s, seed {seed}", self.name);
		ran
	}

	/// Tries one input. True if it showed something new.
	fn step<Sight, Sights>(
		&self,
		input: &[u8],
		target: &impl Fn(&[u8]) -> Sights,
		ran: &mut Ran<Sight>,
	) -> bool
	where
		Sight: Hash + Eq,
		Sights: IntoIterator<Item = Sight>,
	{
		let try_once = |input: &[u8]| catch_unwind(AssertUnwindSafe(|| target(input)));
		let sights = match try_once(input) {
			Ok(sights) => sights,
			Err(_) => {
				let small = mutate::shrink(input, SHRINKS, |input| try_once(input).is_err());
				panic!(
					"fuzz {}: input {} of the run fails, see above; made small, it is\n\
					WEIR_FUZZ_INPUT={}",
					self.name,
					ran.inputs,
					hex::encode(&small)
				);
			}
		};
		ran.inputs += 1;
		let mut new = false;
		for sight in sights {
			let count = ran.seen.entry(sight).or_insert(0);
			new |= *count == 0;
			*count += 1;
		}
		new
	}
}

fn number(name: &str) -> Option<u64> {
	env::var(name).ok().map(|text| text.trim().parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// FNV-1a: targets with one seed have inputs of their own.
fn fingerprint(name: &str) -> u64 {
	name.bytes()
		.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
