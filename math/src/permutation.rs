//! A keyed permutation of `0..n` that is never stored: any element and any preimage in constant work.
//!
//! The numbers `0..n` fill a grid of `a = ⌈√n⌉` columns row by row; the last row may be short, so that the grid has
//! exactly `n` cells. 24 rounds alternate between the two halves of a Feistel network on (row, column):
//!
//! * even rounds rotate each row by an amount that depends on the row: `column ← (column + f(row)) mod width(row)`;
//! * odd rounds rotate each column by an amount that depends on it: `row ← (row + f(column)) mod height(column)`.
//!
//! **Bijection.** A round leaves the half it reads unchanged, and with it the modulus, so a row (a column) is rotated
//! within its own cells and subtracting the same amount undoes it. A composition of bijections of the `n` cells is
//! one. This holds for every key and every `n`: the ragged grid replaces cycle walking over a full rectangle
//! `a·b ≥ n`, where a walk has no useful worst case and stopping one early needs a fallback that cannot be both local
//! and bijective. Nothing walks here; the work is 24 rounds for every input.
//!
//! **Keys.** `blake2b-512("weir/permutation/v1" ‖ seed ‖ domain)` gives eight little-endian words `K0..K7`; round `r` uses
//! `mix(K(r mod 8) xor r)`. The rotation of line `v` in a round with key `K` and modulus `m` is
//! `(mix(K + v·φ) >> 32)·m >> 32`, where `mix` is the output function of SplitMix64 and `φ` its increment.
//!
//! **Rounds.** 24, because tiny grids mix slowly: with uniform rotations the χ² distance from uniform over all orders
//! is greatest for the 720 of `n = 6`, where it is 7·10⁻³ after 12 rounds and 2·10⁻⁶ after 24. Pairs of elements, which
//! is what committees are made of, need far fewer.
//!
//! Seeds are public when a permutation is used. Its quality is statistical; what makes it unpredictable is that the
//! lists it selects over were frozen before the seed was known.

use blake2::{Blake2b512, Digest};

const TAG: &[u8] = b"weir/permutation/v1";
const ROUNDS: usize = 24;
/// 2⁶⁴ divided by the golden ratio: SplitMix64's increment.
const INCREMENT: u64 = 0x9e37_79b9_7f4a_7c15;

/// Output function of SplitMix64 (Steele, Lea, Flood 2014): a bijection of the 64-bit words.
fn mix(word: u64) -> u64 {
	let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
	let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
	word ^ (word >> 31)
}

/// A permutation of `0..len()` fixed by a seed and a domain.
#[derive(Clone, Debug)]
pub struct Permutation {
	keys: [u64; ROUNDS],
	len: u32,
	/// ⌈√n⌉, the width of every row but the last.
	columns: u64,
	/// Number of the last row.
	last_row: u64,
	/// Width of the last row: columns below it are one cell higher than the others.
	last_width: u64,
}

/// Which way a line is rotated.
#[derive(Clone, Copy)]
enum Turn {
	Forth,
	Back,
}

impl Permutation {
	/// The permutation of `0..n` for `seed` in `domain`. Different domains give unrelated permutations.
	pub fn new(seed: &[u8; 32], domain: &[u8], n: u32) -> Self {
		let digest = Blake2b512::new().chain_update(TAG).chain_update(seed).chain_update(domain).finalize();
		let words = digest
			.chunks_exact(8)
			.map(|bytes| bytes.iter().rev().fold(0u64, |word, byte| (word << 8) | u64::from(*byte)));
		let mut keys = [0u64; ROUNDS];
		for ((key, word), round) in keys.iter_mut().zip(words.cycle()).zip(0u64..) {
			*key = mix(word ^ round);
		}

		let cells = u64::from(n);
		let root = cells.isqrt();
		// Saturating, because squares and products of 32-bit numbers stay within 64 bits.
		let columns = if root.saturating_mul(root) < cells { root.saturating_add(1) } else { root };
		let last_row = cells.saturating_sub(1).checked_div(columns).unwrap_or(0);
		let last_width = cells.saturating_sub(last_row.saturating_mul(columns));
		Self { keys, len: n, columns, last_row, last_width }
	}

	/// Number of elements.
	pub fn len(&self) -> u32 {
		self.len
	}

	/// Whether there are none.
	pub fn is_empty(&self) -> bool {
		self.len == 0
	}

	/// Image of `x`; none if `x >= len()`.
	pub fn forward(&self, x: u32) -> Option<u32> {
		let mut cell = self.cell(x)?;
		for (round, key) in self.keys.iter().enumerate() {
			cell = self.turn(round, *key, cell, Turn::Forth)?;
		}
		self.number(cell)
	}

	/// The `x` whose image is `y`; none if `y >= len()`.
	pub fn inverse(&self, y: u32) -> Option<u32> {
		let mut cell = self.cell(y)?;
		for (round, key) in self.keys.iter().enumerate().rev() {
			cell = self.turn(round, *key, cell, Turn::Back)?;
		}
		self.number(cell)
	}

	fn cell(&self, x: u32) -> Option<(u64, u64)> {
		if x >= self.len {
			return None;
		}
		let x = u64::from(x);
		Some((x.checked_div(self.columns)?, x.checked_rem(self.columns)?))
	}

	fn number(&self, (row, column): (u64, u64)) -> Option<u32> {
		row.checked_mul(self.columns)?.checked_add(column)?.try_into().ok()
	}

	fn turn(&self, round: usize, key: u64, (row, column): (u64, u64), turn: Turn) -> Option<(u64, u64)> {
		if round.is_multiple_of(2) {
			let width = if row == self.last_row { self.last_width } else { self.columns };
			Some((row, rotate(key, row, column, width, turn)?))
		} else {
			let height = if column < self.last_width { self.last_row.checked_add(1)? } else { self.last_row };
			Some((rotate(key, column, row, height, turn)?, column))
		}
	}
}

/// Rotates `position` among the `size` cells of `line`.
fn rotate(key: u64, line: u64, position: u64, size: u64, turn: Turn) -> Option<u64> {
	let drawn = mix(key.wrapping_add(line.wrapping_mul(INCREMENT))) >> 32;
	let amount = drawn.checked_mul(size)? >> 32;
	let amount = match turn {
		Turn::Forth => amount,
		Turn::Back => size.checked_sub(amount)?,
	};
	position.checked_add(amount)?.checked_rem(size)
}
