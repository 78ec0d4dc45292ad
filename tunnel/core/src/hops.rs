//! Which providers a customer goes through: drawn among those that fit, by what they may be expected to carry over what they
//! ask for.
//!
//! Not the best one, for all customers would have the same; and not the cheapest, for whoever wants to see much traffic
//! would sell for nothing. So prices below an eighth of the customer's limit count as that, and every further hop is of
//! another operator, network and country than those before it.

use weir_primitives::{
	api::{RegionFilter, VerdictRecord},
	Endpoint, ExitClass, Region,
};

/// Prices below this part of the customer's limit count as it.
const LEAST_PRICE_PART: u64 = 8;
/// Tests that strikes are counted among.
const TESTS: u64 = 5;
/// Parts of an epoch in which a provider is seen alive or not.
const ALIVE_PARTS: u64 = 40;

/// The part of an address that counts as one network here: coarser than a place of the measuring protocol, because who sees
/// a whole network sees both ends of what goes in and out within it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Network {
	/// IPv4 /16.
	V4([u8; 2]),
	/// IPv6 /32.
	V6([u8; 4]),
}

impl Network {
	/// The endpoint's; none for a relayed one.
	pub fn of(endpoint: &Endpoint) -> Option<Self> {
		match *endpoint {
			Endpoint::V4 { addr: [a, b, ..], .. } => Some(Self::V4([a, b])),
			Endpoint::V6 { addr: [a, b, c, d, ..], .. } => Some(Self::V6([a, b, c, d])),
			Endpoint::RelayOnly => None,
		}
	}
}

/// A provider that may be drawn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Candidate {
	/// Its account.
	pub account: [u8; 32],
	/// Who operates it: it itself, if nobody else.
	pub operator: [u8; 32],
	/// Its network; none if it is reached through another provider, and then it is not drawn.
	pub network: Option<Network>,
	/// Country and kind of its line.
	pub region: Region,
	/// What it lets out.
	pub exit: ExitClass,
	/// Credits per 10⁹ bytes.
	pub price: u64,
	/// [`score`].
	pub score: u64,
	/// Whether channels to it may be opened and it is reached at an address of the customer's IP version.
	pub in_service: bool,
}

/// What a customer wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wish {
	/// Where the hop stands.
	pub regions: RegionFilter,
	/// Credits per 10⁹ bytes at most.
	pub most_price: u64,
	/// Whether traffic leaves the network there.
	pub is_exit: bool,
}

/// Why nobody fits. The reasons are looked for in this order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NobodyFits {
	/// Nobody in service there.
	#[error("no provider in service stands there; try another region")]
	Region,
	/// Nobody of them lets traffic out.
	#[error("no provider there lets traffic out to the Internet; try another region")]
	Exit,
	/// All of them ask for more.
	#[error(
		"every provider there asks for more than the limit, the cheapest for {least} micro-dollars per GB"
	)]
	Price {
		/// What the cheapest asks for, credits per 10⁹ bytes.
		least: u64,
	},
	/// All of them are of an operator, a network or a country of the hops before.
	#[error("every provider there shares operator, network or country with another hop; try another region")]
	Apart,
	/// None of them has been measured to carry anything.
	#[error("no provider there has passed a measurement yet; name one with --provider, or try later")]
	Score,
}

/// Kbps that a customer may expect of a provider: its smaller direction as last measured, no more than it sells, less by the
/// part of the epoch in which it was not seen alive, and by a fifth for each strike among its last five tests.
pub fn score(verdict: Option<&VerdictRecord>, strikes: u8, sold_kbps: u32) -> u64 {
	let Some(verdict) = verdict else { return 0 };
	let sold = if sold_kbps == 0 { u32::MAX } else { sold_kbps };
	let carried = u64::from(verdict.measured().effective_kbps().min(sold));
	let alive = u64::from(verdict.alive_parts).min(ALIVE_PARTS);
	let good = TESTS.saturating_sub(strikes.into());
	carried.saturating_mul(alive).saturating_mul(good) / (ALIVE_PARTS * TESTS)
}

/// Draws one of `candidates` for a hop beside those in `before`; with the same `seed` the same one.
pub fn draw<'a>(
	candidates: &'a [Candidate],
	wish: &Wish,
	before: &[&Candidate],
	seed: [u8; 32],
) -> Result<&'a Candidate, NobodyFits> {
	let mut left = candidates.iter().collect::<Vec<_>>();
	keep(&mut left, NobodyFits::Region, |one| {
		one.in_service && one.network.is_some() && wish.regions.admits(&one.region)
	})?;
	keep(&mut left, NobodyFits::Exit, |one| !wish.is_exit || one.exit != ExitClass::Relay)?;
	let least = left.iter().map(|one| one.price).min().unwrap_or(u64::MAX);
	keep(&mut left, NobodyFits::Price { least }, |one| one.price <= wish.most_price)?;
	keep(&mut left, NobodyFits::Apart, |one| before.iter().all(|other| are_apart(one, other)))?;
	keep(&mut left, NobodyFits::Score, |one| one.score > 0)?;
	let total = left.iter().fold(0u128, |sum, one| sum.saturating_add(weight(one, wish)));
	let mut ticket = u128::from_le_bytes(first_half(blake3::derive_key("weir/hop/v1", &seed)))
		.checked_rem(total)
		.unwrap_or(0);
	for one in &left {
		match ticket.checked_sub(weight(one, wish)) {
			Some(rest) => ticket = rest,
			None => return Ok(one),
		}
	}
	// All weights together are the total, so that the ticket ran out before.
	left.last().copied().ok_or(NobodyFits::Score)
}

/// Drops those that do not fit; an error when nobody is left.
fn keep(
	left: &mut Vec<&Candidate>,
	otherwise: NobodyFits,
	fits: impl Fn(&Candidate) -> bool,
) -> Result<(), NobodyFits> {
	left.retain(|one| fits(one));
	if left.is_empty() {
		return Err(otherwise);
	}
	Ok(())
}

/// Whether nobody but a coalition sees what goes into one and comes out of the other.
fn are_apart(one: &Candidate, other: &Candidate) -> bool {
	let is_operated =
		|by: &Candidate, of: &Candidate| by.operator == of.operator || by.account == of.operator;
	!is_operated(one, other)
		&& !is_operated(other, one)
		&& one.account != other.account
		&& one.network != other.network
		&& one.region.country != other.region.country
}

/// Kbps per credit, in 2⁻³².
fn weight(one: &Candidate, wish: &Wish) -> u128 {
	let price = one.price.max(wish.most_price / LEAST_PRICE_PART).max(1);
	// At least 1, so that nobody who fits is never drawn.
	((u128::from(one.score) << 32) / u128::from(price)).max(1)
}

fn first_half([bytes @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _]: [u8; 32]) -> [u8; 16] {
	bytes
}

#[cfg(test)]
mod tests {
	use super::*;
	use weir_primitives::{
		api::{Outcome, Reason, TestKind},
		Claim, LineKind,
	};

	const WISH: Wish = Wish {
		regions: RegionFilter { country: Some(*b"DE"), kind: None },
		most_price: 80_000,
		is_exit: true,
	};

	fn candidate(n: u8) -> Candidate {
		Candidate {
			account: [n; 32],
			operator: [n; 32],
			network: Some(Network::V4([n, 1])),
			region: Region { country: *b"DE", kind: LineKind::Residential },
			exit: ExitClass::Web,
			price: 40_000,
			score: 10_000,
			in_service: true,
		}
	}

	fn seed(n: u32) -> [u8; 32] {
		*blake3::hash(&n.to_le_bytes()).as_bytes()
	}

	/// How often each is drawn in 4,000 draws.
	fn drawn(candidates: &[Candidate]) -> Vec<u32> {
		let mut counts = vec![0; candidates.len()];
		for n in 0..4_000 {
			let one = draw(candidates, &WISH, &[], seed(n)).unwrap();
			counts[candidates.iter().position(|other| other == one).unwrap()] += 1;
		}
		counts
	}

	#[test]
	fn draw_should_follow_score_over_price() {
		let candidates = [
			candidate(1),
			Candidate { score: 20_000, ..candidate(2) },
			Candidate { price: 80_000, ..candidate(3) },
			Candidate { price: 20_000, score: 5_000, ..candidate(4) },
		];
		// 2 : 4 : 1 : 2 of 4,000.
		for (count, expected) in drawn(&candidates).into_iter().zip([889, 1_778, 444, 889]) {
			assert!(u32::abs_diff(count, expected) < 100, "{count} instead of {expected}");
		}
	}

	#[test]
	fn draw_should_favour_nobody_further_who_sells_for_nothing() {
		let candidates =
			[Candidate { price: 10_000, ..candidate(1) }, Candidate { price: 0, ..candidate(2) }];
		let counts = drawn(&candidates);
		assert!(counts[0].abs_diff(counts[1]) < 250, "{counts:?}");
	}

	#[test]
	fn draw_should_be_the_same_for_the_same_seed_and_not_for_all() {
		let candidates = (1..=20).map(candidate).collect::<Vec<_>>();
		let one = draw(&candidates, &WISH, &[], seed(1)).unwrap();
		assert_eq!(draw(&candidates, &WISH, &[], seed(1)).unwrap(), one);
		assert!((2..30).any(|n| draw(&candidates, &WISH, &[], seed(n)).unwrap() != one));
	}

	#[test]
	fn draw_should_say_what_is_missing_when_nobody_fits() {
		let refused = |candidate: Candidate| draw(&[candidate], &WISH, &[], seed(1)).map(|_| ()).unwrap_err();
		let elsewhere = Region { country: *b"FR", kind: LineKind::Residential };
		for (candidate, reason) in [
			(Candidate { in_service: false, ..candidate(1) }, NobodyFits::Region),
			(Candidate { network: None, ..candidate(1) }, NobodyFits::Region),
			(Candidate { region: elsewhere, ..candidate(1) }, NobodyFits::Region),
			(Candidate { exit: ExitClass::Relay, ..candidate(1) }, NobodyFits::Exit),
			(Candidate { price: 80_001, ..candidate(1) }, NobodyFits::Price { least: 80_001 }),
			(Candidate { score: 0, ..candidate(1) }, NobodyFits::Score),
		] {
			assert_eq!(refused(candidate), reason);
		}
		assert_eq!(draw(&[], &WISH, &[], seed(1)), Err(NobodyFits::Region));
		assert!(draw(&[Candidate { price: 80_000, ..candidate(1) }], &WISH, &[], seed(1)).is_ok());
		let relay = Candidate { exit: ExitClass::Relay, ..candidate(1) };
		assert!(draw(&[relay], &Wish { is_exit: false, ..WISH }, &[], seed(1)).is_ok());
	}

	#[test]
	fn further_hop_should_share_neither_operator_network_nor_country() {
		let wish = Wish { regions: RegionFilter::default(), ..WISH };
		let first = candidate(1);
		let france = Region { country: *b"FR", kind: LineKind::Hosting };
		let apart = Candidate { region: france, ..candidate(2) };
		assert_eq!(draw(std::slice::from_ref(&apart), &wish, &[&first], seed(1)), Ok(&apart));
		for close in [
			Candidate { operator: [1; 32], ..apart.clone() },
			Candidate { account: [1; 32], operator: [9; 32], ..apart.clone() },
			Candidate { network: first.network, ..apart.clone() },
			Candidate { region: first.region, ..apart.clone() },
			first.clone(),
		] {
			assert_eq!(
				draw(std::slice::from_ref(&close), &wish, &[&first], seed(1)),
				Err(NobodyFits::Apart),
				"{close:?}"
			);
		}
		// Of two accounts of one operator, one may be the operator.
		let operated = Candidate { operator: [2; 32], ..first };
		assert_eq!(draw(std::slice::from_ref(&apart), &wish, &[&operated], seed(1)), Err(NobodyFits::Apart));
		let networks =
			[Network::of(&Endpoint::V4 { addr: [9, 8, 7, 6], port: 1 }), Network::of(&Endpoint::RelayOnly)];
		assert_eq!(networks, [Some(Network::V4([9, 8])), None]);
	}

	#[test]
	fn score_should_be_what_was_measured_less_what_failed() {
		let claim = Claim { down_kbps: 10_000, up_kbps: 8_000 };
		let verdict = VerdictRecord {
			epoch: 4,
			kind: TestKind::Scheduled,
			claim,
			down_kbps: 20_000,
			up_kbps: 8_000,
			ratio_ppm: 1_000_000,
			members: 9,
			present: 9,
			rtt_10us: 2_000,
			loss_pptt: 0,
			alive_parts: 40,
			outcome: Outcome::Good,
			reason: Reason::WithinClaim,
		};
		assert_eq!(score(Some(&verdict), 0, 0), 8_000);
		assert_eq!(score(Some(&verdict), 0, 4_000), 4_000);
		assert_eq!(score(Some(&verdict), 2, 0), 4_800);
		assert_eq!(score(Some(&VerdictRecord { alive_parts: 20, ..verdict }), 0, 0), 4_000);
		assert_eq!(score(Some(&verdict), 7, 0), 0);
		assert_eq!(score(None, 0, 0), 0);
	}
}
