//! Outages: who watches a provider, who confirms an alarm, and when so much of a region is gone that it is nobody's
//! fault.
//!
//! Watchers are seats drawn for an epoch: two from the provider's country where that has enough of them, the others from
//! all seats. Three of five that lose their pings within one alarm slot raise an alarm. Whether it is true is for nine
//! other seats to say, drawn by the randomness of a block that nobody knew when the alarm was raised.
//!
//! **What liars can do.** With a share β of corrupt seats an alarm about a provider that is up needs three corrupt
//! watchers, `Σ_{c ≥ 3} C(5, c)·β^c·(1 − β)^(5 − c)`, and then six corrupt confirmers of nine,
//! `Σ_{c ≥ 6} C(9, c)·β^c·(1 − β)^(9 − c)`. To hide an outage they need three watchers of five, or four confirmers of
//! nine in every alarm slot as long as it lasts:
//!
//! | β | alarm raised | and recorded, though up | hidden by the watchers for an epoch | alarm dismissed, though down |
//! |---|---|---|---|---|
//! | 0.10 | 0.0086 | 5.5·10⁻⁷ | 0.0086 | 0.0083 |
//! | 0.20 | 0.058 | 1.8·10⁻⁴ | 0.058 | 0.086 |
//! | 0.25 | 0.104 | 0.0010 | 0.104 | 0.166 |
//!
//! A false alarm that is dismissed costs each of its watchers a deposit.

use crate::permutation::Permutation;

/// Seats that watch a provider for an epoch.
pub const WATCHERS: u32 = 5;
/// Of them, those from the provider's country, if that has [`MIN_COUNTRY_SEATS`].
pub const COUNTRY_WATCHERS: u32 = 2;
/// Seats below which a country has no watchers of its own: its few would watch everybody in it.
pub const MIN_COUNTRY_SEATS: u32 = 50;
/// Watchers whose reports in one alarm slot raise an alarm.
pub const ALARM: u32 = 3;
/// Seats asked whether an alarm is true.
pub const CONFIRMERS: u32 = 9;
/// Confirmers below which nobody is asked: fewer would let one seat decide.
pub const MIN_CONFIRMERS: u32 = 3;
/// Blocks between the one that raises an alarm and the one whose randomness draws its confirmers.
pub const CONFIRMERS_DELAY: u32 = 2;
/// Places looked at beyond the ones needed, where seats drop out: the provider's own, one beside it, one twice.
pub const SPARE: u32 = 4;
/// Providers of a region that must be down at once, and more than these, before it is called regional.
const REGIONAL_OUTAGES: u32 = 4;
/// The same as a share: one in so many.
const REGIONAL_SHARE: u64 = 20;
/// Operators those providers must belong to: one alone must not excuse itself.
pub const REGIONAL_OPERATORS: u32 = 3;

/// Watchers among all seats of an epoch.
pub fn watcher_permutation(seed: &[u8; 32], seats: u32) -> Permutation {
	Permutation::new(seed, &[2, 0, 0, 0], seats)
}

/// Watchers among the seats of a country, by its number.
pub fn country_watcher_permutation(seed: &[u8; 32], country: u8, seats: u32) -> Permutation {
	Permutation::new(seed, &[3, country, 0, 0], seats)
}

/// Confirmers of an alarm about `provider`, drawn by the randomness of a block.
pub fn confirmer_permutation(randomness: &[u8; 32], provider: u32, seats: u32) -> Permutation {
	let [a, b, c, d] = provider.to_le_bytes();
	Permutation::new(randomness, &[4, a, b, c, d], seats)
}

/// Seats that may serve for the `number`-th provider when each needs `width`, in the order in which they are asked:
/// those on `width + SPARE` places of the circle from `number·width` on, each once.
pub fn candidates(seats: &Permutation, number: u32, width: u32) -> impl Iterator<Item = u32> + '_ {
	let circle = u64::from(seats.len());
	let first = u64::from(number).saturating_mul(u64::from(width));
	(0..reach(width).min(circle)).filter_map(move |passed| {
		let place = first.checked_add(passed)?.checked_rem(circle)?;
		seats.inverse(place.try_into().ok()?)
	})
}

/// Numbers below `total` among whose [`candidates`] the seat is, ascending: what a seat has to look at to know whom it
/// watches.
pub fn numbers_of(seats: &Permutation, seat: u32, width: u32, total: u32) -> impl Iterator<Item = u32> {
	let circle = u64::from(seats.len());
	let step = u64::from(width);
	let reach = reach(width).min(circle);
	// Unrolled, the seat sits at p, p + M, p + 2M …; number x asks the places x·width … x·width + reach − 1.
	let places = core::iter::successors(seats.forward(seat).map(u64::from), move |place| {
		place.checked_add(circle).filter(|_| circle > 0)
	});
	let end = u64::from(total).saturating_mul(step).saturating_add(reach);
	places
		.take_while(move |place| *place < end)
		.flat_map(move |place| {
			let last = place.checked_div(step).unwrap_or(0);
			let first = (place.saturating_add(1)).saturating_sub(reach).div_ceil(step.max(1));
			first..last.saturating_add(1)
		})
		.filter_map(move |number| u32::try_from(number).ok().filter(|number| *number < total))
}

fn reach(width: u32) -> u64 {
	u64::from(width.saturating_add(SPARE))
}

/// Votes that decide among `confirmers`: two thirds, 6 of 9.
pub fn confirms(confirmers: u32) -> u32 {
	confirmers.saturating_mul(2).div_ceil(3)
}

/// What the votes on an alarm have decided.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
	/// Enough say that the provider is down.
	Confirmed,
	/// So many say that it is up that not enough are left to say otherwise.
	Dismissed,
	/// Too few votes.
	Open,
}

/// Whether the votes of `down` and `up` among `confirmers` decide.
pub fn decide(confirmers: u32, down: u32, up: u32) -> Decision {
	let needed = confirms(confirmers);
	if needed > 0 && down >= needed {
		Decision::Confirmed
	} else if confirmers.saturating_sub(up) < needed {
		Decision::Dismissed
	} else {
		Decision::Open
	}
}

/// Watchers whose word ends an outage: more than half.
pub fn closes(watchers: u32) -> u32 {
	(watchers / 2).saturating_add(1)
}

/// Whether `down` providers of `operators` operators, of `providers` in the region, are an outage of the region.
pub fn is_regional(down: u32, operators: u32, providers: u32) -> bool {
	down > REGIONAL_OUTAGES
		&& u64::from(down).saturating_mul(REGIONAL_SHARE) > u64::from(providers)
		&& operators >= REGIONAL_OPERATORS
}
