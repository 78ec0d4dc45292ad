//! Who attacks what, and which plays each attacker may choose from.

use crate::line::{Lie, Play, Service};
use weir_math::verdict::Outcome;

/// Cheats below are threatened by strikes, the others by a lower claim, percent of the claim.
const HALF_PERCENT: u32 = 50;

/// What corrupt members do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Strategy {
	/// Against an honest line: they load nothing and report 0. Costs nobody anything that could be shown.
	Withhold,
	/// Against an honest line: they load it, countersign, and report 0. The target holds a receipt against each.
	LoadAndDeny,
	/// For a cheat: each reports its full quota; the line serves everybody evenly.
	FullQuota,
	/// Whatever bends this target's verdict most, chosen anew for each committee in the knowledge of who is absent:
	/// some of them may load the line and reveal nothing, and a cheat may serve chosen members.
	Adaptive,
}

/// A target and what the corrupt members make of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scenario {
	/// What the line carries of its claim, percent; 100 is honest.
	pub delivers_percent: u32,
	/// How it is attacked or shielded.
	pub strategy: Strategy,
}

/// Everything that is simulated: an honest line attacked in three ways, four cheats shielded in two.
pub const SCENARIOS: [Scenario; 11] = [
	Scenario { delivers_percent: 100, strategy: Strategy::Withhold },
	Scenario { delivers_percent: 100, strategy: Strategy::LoadAndDeny },
	Scenario { delivers_percent: 100, strategy: Strategy::Adaptive },
	Scenario { delivers_percent: 10, strategy: Strategy::FullQuota },
	Scenario { delivers_percent: 10, strategy: Strategy::Adaptive },
	Scenario { delivers_percent: 30, strategy: Strategy::FullQuota },
	Scenario { delivers_percent: 30, strategy: Strategy::Adaptive },
	Scenario { delivers_percent: 50, strategy: Strategy::FullQuota },
	Scenario { delivers_percent: 50, strategy: Strategy::Adaptive },
	Scenario { delivers_percent: 70, strategy: Strategy::FullQuota },
	Scenario { delivers_percent: 70, strategy: Strategy::Adaptive },
];

/// Those whose windows are also summed under other conditions: the strongest attacks that leave evidence and any at all,
/// and the best shielded of the grossest cheats.
pub const VARIED: [Scenario; 3] = [SCENARIOS[1], SCENARIOS[2], SCENARIOS[4]];

impl Strategy {
	/// As written in tables and files.
	pub const fn name(self) -> &'static str {
		match self {
			Self::Withhold => "withhold",
			Self::LoadAndDeny => "load-and-deny",
			Self::FullQuota => "full-quota",
			Self::Adaptive => "adaptive",
		}
	}
}

impl Scenario {
	/// Whether the target delivers its claim, so that the corrupt members are against it.
	pub const fn is_honest(&self) -> bool {
		self.delivers_percent >= 100
	}

	/// What `corrupt` members may do in a committee with `honest` ones present; never empty.
	pub fn plays(&self, corrupt: u16, honest: u16) -> Vec<Play> {
		let against = |hidden, loads| Play { hidden, loads, lie: Lie::Nothing, service: Service::Evenly };
		let shield = |hidden, service| Play { hidden, loads: false, lie: Lie::Quota, service };
		match (self.strategy, self.is_honest()) {
			(Strategy::Withhold, _) => vec![against(0, false)],
			(Strategy::LoadAndDeny, _) => vec![against(0, true)],
			(Strategy::FullQuota, _) => vec![shield(0, Service::Evenly)],
			(Strategy::Adaptive, true) => std::iter::once(against(0, false))
				.chain((0..=corrupt).map(|hidden| against(hidden, true)))
				.collect(),
			(Strategy::Adaptive, false) => (0..=corrupt)
				.map(|hidden| shield(hidden, Service::Evenly))
				.chain((1..honest).map(|members| shield(0, Service::Chosen(members))))
				.collect(),
		}
	}

	/// How well an outcome serves the corrupt members: the larger the better, ties by the ratio.
	pub fn gain(&self, outcome: Outcome, ratio_ppm: u32) -> (u8, i64) {
		let ratio = i64::from(ratio_ppm);
		if self.is_honest() {
			let harm = match outcome {
				Outcome::Strike => 4,
				Outcome::ClaimLowered => 3,
				Outcome::PaidAsMeasured => 2,
				Outcome::Good => 1,
				Outcome::Unreachable | Outcome::Void => 0,
			};
			(harm, -ratio)
		} else {
			// A void test is not remembered and drawn again. To a gross cheat, whom strikes threaten, that is worth less
			// than a result without one; to a moderate one, whose claim is at stake, more than losing it.
			let void = if self.delivers_percent < HALF_PERCENT { 1 } else { 3 };
			let shelter = match outcome {
				Outcome::Good => 5,
				Outcome::PaidAsMeasured => 4,
				Outcome::Unreachable | Outcome::Void => void,
				Outcome::ClaimLowered => 2,
				Outcome::Strike => 0,
			};
			(shelter, ratio)
		}
	}
}
