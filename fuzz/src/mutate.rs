//! Where inputs come from: mostly from those that showed something, changed in a few places.

use rand::{seq::SliceRandom, Rng, RngCore};

/// One input in this many has nothing to do with those before.
const FRESH: u32 = 8;
/// Changes to one input at most.
const CHANGES: u32 = 6;
/// Numbers at which arithmetic turns.
const NUMBERS: [u64; 14] = [
	0,
	1,
	2,
	63,
	64,
	255,
	256,
	1 << 14,
	u16::MAX as u64,
	1 << 30,
	i32::MAX as u64,
	u32::MAX as u64,
	i64::MAX as u64,
	u64::MAX,
];

pub(crate) struct Mutator {
	known: Vec<Vec<u8>>,
	words: Vec<Vec<u8>>,
	longest: usize,
	/// Samples that are never replaced by what was found.
	samples: usize,
}

impl Mutator {
	pub(crate) fn new(samples: Vec<Vec<u8>>, words: Vec<Vec<u8>>, longest: usize) -> Self {
		Self { samples: samples.len(), known: samples, words, longest }
	}

	/// Keeps an input, in the place of another one when there are `most` beside the samples.
	pub(crate) fn keep(&mut self, input: Vec<u8>, dice: &mut impl RngCore, most: usize) {
		if self.known.len() < self.samples + most {
			self.known.push(input);
		} else {
			let place = dice.gen_range(self.samples..self.known.len());
			self.known[place] = input;
		}
	}

	pub(crate) fn next(&self, dice: &mut impl RngCore) -> Vec<u8> {
		let known = self.known.choose(dice).filter(|_| !dice.gen_ratio(1, FRESH));
		let Some(known) = known else { return self.fresh(dice) };
		let mut input = known.clone();
		for _ in 0..dice.gen_range(1..=CHANGES) {
			self.change(&mut input, dice);
		}
		input.truncate(self.longest.max(known.len()));
		input
	}

	/// Short ones more often than long ones.
	fn fresh(&self, dice: &mut impl RngCore) -> Vec<u8> {
		let most = dice.gen_range(0..=self.longest);
		let mut input = vec![0; dice.gen_range(0..=most)];
		dice.fill_bytes(&mut input);
		input
	}

	fn change(&self, input: &mut Vec<u8>, dice: &mut impl RngCore) {
		let at = dice.gen_range(0..=input.len());
		let to = (at + dice.gen_range(0..=16)).min(input.len());
		match dice.gen_range(0..10) {
			0 | 1 => {
				if let Some(byte) = input.get_mut(at) {
					*byte ^= 1 << dice.gen_range(0..8);
				}
			}
			2 => {
				if let Some(byte) = input.get_mut(at) {
					*byte = dice.gen();
				}
			}
			3 => {
				let number =
					NUMBERS.choose(dice).copied().unwrap_or_default().wrapping_add(dice.gen_range(0..2));
				let width = 1 << dice.gen_range(0..4);
				for (to, from) in input.iter_mut().skip(at).zip(number.to_le_bytes()).take(width) {
					*to = from;
				}
			}
			4 => drop(input.drain(at..to)),
			5 => {
				let mut noise = vec![0; to - at];
				dice.fill_bytes(&mut noise);
				input.splice(at..at, noise);
			}
			6 => {
				let again = input[at..to].to_vec();
				input.splice(at..at, again);
			}
			7 => input.truncate(at),
			8 => {
				if let Some(other) = self.known.choose(dice) {
					let from = dice.gen_range(0..=other.len());
					input.truncate(at);
					input.extend_from_slice(&other[from..]);
				}
			}
			_ => {
				if let Some(word) = self.words.choose(dice) {
					input.splice(at..at, word.iter().copied());
				}
			}
		}
	}
}

/// A smaller input that still `fails`, after so many attempts at most.
pub(crate) fn shrink(input: &[u8], attempts: usize, fails: impl Fn(&[u8]) -> bool) -> Vec<u8> {
	let mut small = input.to_vec();
	let mut left = attempts;
	let mut size = small.len().next_power_of_two() / 2;
	while size > 0 && left > 0 {
		let mut at = 0;
		while at < small.len() && left > 0 {
			let mut smaller = small.clone();
			smaller.drain(at..(at + size).min(small.len()));
			left -= 1;
			if fails(&smaller) {
				small = smaller;
			} else {
				at += size;
			}
		}
		size /= 2;
	}
	small
}
