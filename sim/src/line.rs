//! What the members of a committee see of a line, and what they say of it.
//!
//! A line gives every flow that loads it the same share, at most its quota. Measuring noise makes shares unequal, but
//! never adds capacity: flows weigh `exp(σ·z)`, and a share is the flow's weight of all weights. In the lab, estimates
//! read some 3 % low because the largest two of nine are trimmed; σ ≈ 0.09 does that.

use crate::config::Absence;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use weir_math::{
	committee::quota_kbps,
	estimate::{Kind, Measurement, Member},
};

/// What a member of a committee is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
	/// Loads its quota and reports what it saw.
	Honest,
	/// Honest, without a standing report.
	Absent,
	/// Plays for the attacker.
	Corrupt,
}

/// One member.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Seat {
	/// What it is.
	pub role: Role,
	/// Weight of its flow down and up; 1 without noise.
	pub weight: [f64; 2],
}

impl Seat {
	/// A member that sees exactly its share.
	pub const fn exact(role: Role) -> Self {
		Self { role, weight: [1.0; 2] }
	}
}

/// Draws the weight of a flow in each direction: `exp(noise·z)`, z normal.
pub fn noisy_weight(rng: &mut ChaCha8Rng, noise: f64) -> [f64; 2] {
	// Box and Muller: one pair of uniform numbers, one pair of normal ones.
	let (radius, angle): (f64, f64) = (1.0 - rng.gen::<f64>(), rng.gen());
	let radius = (-2.0 * radius.ln()).sqrt();
	let (sine, cosine) = (angle * std::f64::consts::TAU).sin_cos();
	[sine, cosine].map(|part| (noise * radius * part).exp())
}

/// A line, the same in both directions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Line {
	/// What its provider claims, kbps.
	pub claim_kbps: u32,
	/// What it carries, kbps.
	pub capacity_kbps: u32,
}

/// What corrupt members write into their entries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lie {
	/// Rates of 0.
	Nothing,
	/// All they were to offer.
	Quota,
}

/// How the target serves honest flows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Service {
	/// Like any line: the same to each.
	Evenly,
	/// All of the line to so many members, nothing to the others. It knows who will be absent.
	Chosen(u16),
}

/// What the corrupt members of one committee do, and with them a corrupt target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Play {
	/// Corrupt members that reveal nothing and so leave the sum.
	pub hidden: u16,
	/// Whether corrupt members load the line, hidden ones included.
	pub loads: bool,
	/// What the others of them report.
	pub lie: Lie,
	/// How the target serves.
	pub service: Service,
}

fn measured([down_kbps, up_kbps]: [u32; 2]) -> Member {
	Member::Reported(Measurement {
		kind: Kind::Measured,
		down_kbps,
		up_kbps,
		rtt_10us: 0,
		loss_pptt: 0,
		liveness: [0; 5],
	})
}

/// Writes into `out` what the chain knows of the committee `seats` after a test of `line`.
pub fn reports(line: &Line, seats: &[Seat], absence: Absence, play: &Play, out: &mut Vec<Member>) {
	let quota = quota_kbps(line.claim_kbps, seats.len() as u16);
	let loads = |seat: &&Seat| match seat.role {
		Role::Honest => true,
		Role::Absent => absence == Absence::Unrevealed,
		Role::Corrupt => play.loads,
	};
	let weights =
		[0, 1].map(|way: usize| seats.iter().filter(loads).map(|seat| seat.weight[way]).sum::<f64>());
	let capacity = f64::from(line.capacity_kbps);
	let (mut hidden, mut served) = (0, 0);
	out.clear();
	out.extend(seats.iter().map(|seat| match (seat.role, play.service) {
		(Role::Absent, _) => Member::Absent,
		(Role::Corrupt, _) if hidden < play.hidden => {
			hidden += 1;
			Member::Absent
		}
		(Role::Corrupt, _) => measured(match play.lie {
			Lie::Nothing => [0; 2],
			Lie::Quota => [quota; 2],
		}),
		(Role::Honest, Service::Evenly) => measured([0, 1].map(|way: usize| {
			// Rounded down, as bytes of a window are.
			((capacity * seat.weight[way] / weights[way]) as u32).min(quota)
		})),
		(Role::Honest, Service::Chosen(members)) => {
			served += 1;
			let rate = if served <= members { line.capacity_kbps / u32::from(members) } else { 0 };
			measured([rate.min(quota); 2])
		}
	}));
}
