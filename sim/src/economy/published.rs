//! What the research printed from its own run (economics, section 4.4; five seeds), to stand beside what this one finds.

/// Peg: p50, p95, p99, most, open, most if priced at once; per case of [`super::peg::CASES`].
pub const PEG: [Option<[f64; 6]>; 12] = [
	Some([0.0040, 0.0087, 0.0110, 0.0166, 1.0, 0.018]),
	Some([0.0044, 0.0102, 0.0129, 0.0208, 1.0, 0.018]),
	None,
	Some([0.0044, 0.0090, 0.0109, 0.0165, 1.0, 0.024]),
	Some([0.0040, 0.0088, 0.011, 0.022, 0.993, 0.30]),
	Some([0.0040, 0.0088, 0.011, 0.034, 0.995, 0.31]),
	Some([0.0041, 0.0096, 0.0184, 0.0391, 0.949, 0.19]),
	Some([0.0040, 0.0087, 0.0109, 0.0165, 0.866, 0.020]),
	None,
	Some([0.0029, 0.0069, 0.0088, 0.013, 1.0, 0.018]),
	Some([0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
	None,
];

/// Best round trip of all shocks: by the recommended design, one-sided average, vault, price announced an hour ahead.
pub const ROUND_TRIPS: [f64; 4] = [-0.194, 0.148, 0.435, 0.469];

/// What a dollar of wash traffic brings back at worst: with the multiplier's slope at its limit, without multiplier, and
/// with a multiplier of three on fees.
pub const WASH: [f64; 3] = [0.95, 0.78, 2.25];

/// Gain of nudging with 10, 25, 50 and 100 % of a region.
pub const NUDGE: [[f64; 4]; 5] = [
	[0.0, 0.0, 0.0, 0.0],
	[0.0, 0.0, 0.0, 1.06],
	[1.89, 3.76, 4.38, 4.69],
	[0.74, 0.90, 1.04, 1.35],
	[0.0, 2.06, 8.77, 12.22],
];

/// Gain of withholding with 10, 25, 50, 75 and 100 % of a region: none by the line; by the controller with memory from the
/// first to the last.
pub const WITHHOLD: (f64, [f64; 2]) = (0.0, [0.28, 0.75]);

/// Shocks: (recommended, classic) of income in 7 days, on the worst day, in 30 days, and of nodes; epochs until 95 % of
/// demand is served again.
pub const SHOCKS: [[(f64, f64); 5]; 10] = [
	[(0.0, -0.06), (-0.01, -0.13), (0.01, -0.05), (0.0, 0.0), (0.0, 0.0)],
	[(-0.03, -0.39), (-0.12, -0.51), (-0.04, -0.26), (-0.03, -0.25), (0.0, 0.0)],
	[(-0.13, -0.56), (-0.37, -0.72), (-0.10, -0.43), (-0.16, -0.52), (0.0, 0.0)],
	[(-0.05, -0.39), (-0.21, -0.51), (-0.06, -0.26), (-0.07, -0.25), (0.0, 0.0)],
	[(0.02, 0.92), (0.01, 0.18), (0.03, 0.39), (0.0, 0.35), (0.0, 0.0)],
	[(-0.01, -0.26), (-0.02, -0.38), (0.0, -0.09), (-0.01, -0.10), (0.0, 0.0)],
	[(-0.03, -0.41), (-0.19, -0.51), (-0.05, -0.31), (-0.03, -0.28), (0.0, 0.0)],
	[(0.15, -0.14), (0.09, -0.26), (0.10, -0.11), (0.29, 0.19), (15.0, 16.0)],
	[(0.27, 0.24), (0.07, -0.09), (0.12, 0.05), (-0.23, -0.17), (26.0, 24.0)],
	[(0.40, -0.25), (0.12, -0.35), (0.16, -0.23), (0.05, -0.21), (20.0, 65.0)],
];

/// Most that the default line may add to the swing of utilisation, and what it added.
pub const SWING: (f64, f64) = (0.10, 0.08);

/// Empty expensive region: service on the first day and on day 10, with floors, without, and by the classic design.
pub const COVER: [(f64, f64); 3] = [(0.92, 1.0), (0.08, 0.60), (0.09, 0.09)];

/// Farm-and-dump, recommended and classic: millions of tokens minted in 40 days, sold by mercenaries, trough of the price,
/// service when demand arrives.
pub const FARM: [[f64; 4]; 2] = [[7.3, 6.9, -0.27, 1.0], [20.9, 17.3, -0.59, 0.993]];
/// Honest nodes on day 40 with the farm and without, by the recommended design.
pub const FARM_HONEST: (f64, f64) = (4_156.0, 6_598.0);

/// Spoofing, dollars per node and year accrued and lost, at detection by 2 and by 5 % per epoch.
pub const SPOOF: [(f64, f64); 2] = [(129.0, 132.0), (118.0, 220.0)];

/// Millions of tokens that are emitted at most after 1, 2, 4 and 8 years.
pub const SCHEDULE: [(u32, f64); 4] = [(1, 95.5), (2, 175.7), (4, 300.0), (8, 450.0)];
