//! Which line has which round-trip time, and how lossy all paths are, on each of the epochs in which accuracy is measured.

/// Round-trip times, ms: the range the accuracy is asked for.
pub const RTTS_MILLIS: [u32; 5] = [5, 20, 50, 100, 150];
/// Losses per ten thousand packets and direction: up to 1 %.
pub const LOSSES_PPTT: [u32; 5] = [0, 100, 25, 50, 10];

/// What one path is like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Weather {
	/// Round-trip time, ms.
	pub rtt_millis: u32,
	/// Packets lost per ten thousand, in each direction.
	pub loss_pptt: u32,
}

/// The weather of the `line`-th line on `day`: over five of them each line has every round-trip time once, and all
/// lines every loss once, in another combination for each line. The first two are without loss and with all of it.
pub fn weather(line: usize, day: u32) -> Weather {
	let day = day as usize;
	Weather {
		rtt_millis: RTTS_MILLIS[(line + day) % RTTS_MILLIS.len()],
		loss_pptt: LOSSES_PPTT[day % LOSSES_PPTT.len()],
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::collections::BTreeSet;

	#[test]
	fn every_line_should_have_every_rtt_in_five_days() {
		for line in 0..8 {
			let rtts: BTreeSet<_> = (0..5).map(|day| weather(line, day).rtt_millis).collect();
			assert_eq!(rtts, BTreeSet::from(RTTS_MILLIS));
		}
	}

	#[test]
	fn loss_should_be_the_same_for_all_lines_of_a_day() {
		let losses: BTreeSet<_> = (0..8).map(|line| weather(line, 4).loss_pptt).collect();
		assert_eq!(losses.len(), 1);
	}
}
