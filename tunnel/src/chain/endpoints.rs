//! Which of several endpoints to work with, from what each has finalised. No I/O: the rounds of questions are asked in
//! `survey`.
//!
//! Every endpoint tells its finalised head. The one furthest ahead then tells which block it has at each other's height.
//! Another block there means two finalised chains: nobody can tell from here which one is right, so none is used. What
//! this finds is an endpoint that lags or sits on a fork; one that lies consistently it cannot find.

/// A finalised block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Finalised {
	/// Its height.
	pub number: u64,
	/// Its hash.
	pub hash: [u8; 32],
}

/// Blocks an endpoint's finalised head may be behind the best one's. A test's start is known three slots ahead.
pub const MAX_LAG: u64 = 3;

/// Two endpoints with different finalised blocks at one height; both are positions in the list of endpoints.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Split {
	/// The height.
	pub number: u64,
	/// An endpoint and its block.
	pub one: (usize, [u8; 32]),
	/// The endpoint furthest ahead and its block.
	pub other: (usize, [u8; 32]),
}

/// What follows from a round.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Choice {
	/// No endpoint answered.
	Nobody,
	/// Work with this one.
	Use(usize),
	/// Work with none.
	Split(Split),
}

/// The endpoint furthest ahead, the first among equals.
pub fn leader(heads: &[Option<Finalised>]) -> Option<(usize, Finalised)> {
	let known = heads.iter().enumerate().filter_map(|(position, head)| Some((position, (*head)?)));
	known.reduce(|best, next| if next.1.number > best.1.number { next } else { best })
}

/// Chooses. `leader_has` holds, for each endpoint, the leader's block at that endpoint's finalised height; none where it
/// did not tell. The one in use stays until it is more than [`MAX_LAG`] behind; then the first in the list that is not
/// is taken. A split that was seen before stands until both its endpoints answer again and agree: that one of them fell
/// silent does not make the other right.
pub fn choose(
	in_use: Option<usize>,
	seen: Option<Split>,
	heads: &[Option<Finalised>],
	leader_has: &[Option<[u8; 32]>],
) -> Choice {
	let answers = |position: usize| heads.get(position).copied().flatten().is_some();
	if let Some(split) = seen.filter(|split| !answers(split.one.0) || !answers(split.other.0)) {
		return Choice::Split(split);
	}
	let Some((leader, furthest)) = leader(heads) else { return Choice::Nobody };
	for (position, head) in heads.iter().enumerate() {
		let theirs = leader_has.get(position).copied().flatten();
		if let (Some(head), Some(theirs)) = (head, theirs) {
			if head.hash != theirs {
				let (one, other) = ((position, head.hash), (leader, theirs));
				return Choice::Split(Split { number: head.number, one, other });
			}
		}
	}
	let keeps_up = |position: &usize| {
		let head = heads.get(*position).copied().flatten();
		head.is_some_and(|head| furthest.number.saturating_sub(head.number) <= MAX_LAG)
	};
	let position = in_use.filter(keeps_up).or_else(|| (0..heads.len()).find(keeps_up)).unwrap_or(leader);
	Choice::Use(position)
}

#[cfg(test)]
mod tests {
	use super::*;

	fn head(number: u64, hash: u8) -> Option<Finalised> {
		Some(Finalised { number, hash: [hash; 32] })
	}

	#[test]
	fn choose_should_find_nobody_when_no_endpoint_answers() {
		assert_eq!(choose(Some(0), None, &[None, None], &[None, None]), Choice::Nobody);
		assert_eq!(choose(None, None, &[], &[]), Choice::Nobody);
	}

	#[test]
	fn choose_should_take_the_first_when_all_keep_up() {
		let heads = [head(10, 1), head(13, 2)];
		assert_eq!(choose(None, None, &heads, &[Some([1; 32]), None]), Choice::Use(0));
		// The one in use stays, even if an earlier one is as good.
		assert_eq!(choose(Some(1), None, &heads, &[Some([1; 32]), None]), Choice::Use(1));
	}

	#[test]
	fn choose_should_leave_an_endpoint_when_it_lags_or_is_gone() {
		let heads = [head(10, 1), head(14, 2), head(14, 2)];
		assert_eq!(choose(Some(0), None, &heads, &[Some([1; 32]), None, Some([2; 32])]), Choice::Use(1));
		assert_eq!(choose(Some(0), None, &[None, head(5, 1)], &[None, None]), Choice::Use(1));
		// A position that does not exist is like one that does not answer.
		assert_eq!(choose(Some(9), None, &heads, &[None, None, None]), Choice::Use(1));
	}

	#[test]
	fn choose_should_use_none_when_finalised_blocks_differ_at_one_height() {
		let heads = [head(10, 1), head(14, 2)];
		let split = Split { number: 10, one: (0, [1; 32]), other: (1, [9; 32]) };
		assert_eq!(choose(Some(1), None, &heads, &[Some([9; 32]), None]), Choice::Split(split));
		// Equal heights, too, and however far behind the other one is.
		let heads = [head(14, 1), head(14, 2), head(1, 3)];
		let split = Split { number: 14, one: (1, [2; 32]), other: (0, [1; 32]) };
		assert_eq!(choose(None, None, &heads, &[None, Some([1; 32]), Some([3; 32])]), Choice::Split(split));
		let split = Split { number: 1, one: (2, [3; 32]), other: (0, [4; 32]) };
		assert_eq!(choose(None, None, &heads, &[None, None, Some([4; 32])]), Choice::Split(split));
	}

	#[test]
	fn choose_should_keep_a_split_until_both_answer_and_agree() {
		let split = Split { number: 10, one: (0, [1; 32]), other: (1, [9; 32]) };
		let (one, other) = (head(20, 3), head(21, 4));
		for heads in [[one, None], [None, other], [None, None]] {
			assert_eq!(choose(None, Some(split), &heads, &[None, None]), Choice::Split(split));
		}
		assert_eq!(choose(None, Some(split), &[one, other], &[Some([3; 32]), None]), Choice::Use(0));
	}

	#[test]
	fn choose_should_not_compare_when_the_leader_does_not_know_the_height() {
		// A node that synced by warp lacks old blocks for a while.
		assert_eq!(choose(None, None, &[head(10, 1), head(900, 2)], &[None, None]), Choice::Use(1));
	}

	#[test]
	fn leader_should_be_the_first_among_equals() {
		assert_eq!(leader(&[None, head(3, 1), head(3, 2)]).map(|(position, _)| position), Some(1));
	}
}
