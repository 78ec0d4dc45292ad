//! A13: providers that are not where they say they are, and members that say so of those that are.
//!
//! Whoever measures is at a known town, and measures what light takes from there, and some more.

use super::{finding, places::*};
use crate::{
	attacks::{Finding, Scenario},
	blocks::{
		genesis::{Genesis, Line},
		reports::Drawn,
		world::{line, Judged, World, CLAIM_KBPS},
	},
};
use pallet_node_staking::Event as Staking;
use pallet_proof_of_bandwidth::Event;
use rand::{rngs::StdRng, Rng, SeedableRng};
use std::{collections::HashMap, ops::RangeInclusive};
use weir_math::location::{
	distance_km, is_far, judge_location, LocationFinding, Witness, CONTRADICTING_MEMBERS, FAR_KM,
};
use weir_primitives::{
	api::{LocationFacts, Outcome, VerdictRecord},
	seams::{Bonds, ProviderRegistry},
	Admission, Claim, ProviderIndex, Role,
};
use weir_runtime::{AccountId, NodeStaking, ProofOfBandwidth, Providers, RuntimeEvent};

pub(super) const SCENARIOS: [Scenario; 8] = [
	Scenario { id: "A13", title: "a provider claims a country 1,000 km away or more", run: |()| abroad() },
	Scenario {
		id: "A13-world",
		title: "the same among seats all over the world",
		run: |()| spoof(seats(&WORLD, SEATS), &FROM_AMONG_SEATS, Expected::Soon),
	},
	Scenario {
		id: "A13-remote",
		title: "the same where few seats are",
		run: |()| spoof(seats(&WORLD, SEATS), &FROM_AFAR, Expected::Seldom),
	},
	Scenario { id: "A13-control", title: "providers are where they say", run: |()| honest() },
	Scenario {
		id: "A13-paper",
		title: "the same, committees drawn at random",
		run: |()| on_paper(LATE, true),
	},
	Scenario {
		id: "A13-early",
		title: "answers that outrun light",
		run: |()| on_paper(LATE_OR_EARLY, false),
	},
	Scenario { id: "A13-delay", title: "a provider delays what would contradict it", run: |()| delay() },
	Scenario { id: "A13-framed", title: "a quarter of the seats contradicts everybody", run: |()| frame() },
];

const SEATS: usize = 120;
const EPOCHS: u32 = 4;
/// Tests by which each spoofer among seats is contradicted.
const SOON: u32 = 3;
/// What a member measures that contradicts a claim 1,000 km away, 10 µs.
const TEN_MILLIS_10US: u16 = 1_000;
/// The shortest round-trip time that is a measurement.
const LEAST_10US: u16 = 1;

/// Where spoofers are, and where they say they are. Many seats are nearer to the one than to the other.
const FROM_AMONG_SEATS: [(Place, Place); 8] = [
	(BERLIN, TOKYO),
	(WARSAW, NAIROBI),
	(LONDON, PRETORIA),
	(ROME, DELHI),
	(ATHENS, WASHINGTON),
	(ANKARA, BRASILIA),
	(CAIRO, BRASILIA),
	(STOCKHOLM, TOKYO),
];
/// Hardly a seat is.
const FROM_AFAR: [(Place, Place); 6] = [
	(BUENOS_AIRES, CAIRO),
	(MEXICO_CITY, LONDON),
	(SINGAPORE, ASTANA),
	(TOKYO, SINGAPORE),
	(CANBERRA, DELHI),
	(PRETORIA, BERLIN),
];

/// A line.
#[derive(Clone, Copy)]
struct Site {
	at: Place,
	claims: Place,
	has_seat: bool,
	is_admitted: bool,
	/// Whether it answers nobody sooner than it could from where it says it is.
	delays: bool,
}

impl Site {
	fn honest(at: Place) -> Self {
		Self { at, claims: at, has_seat: true, is_admitted: true, delays: false }
	}

	/// Without a seat, so that it is no witness itself.
	fn spoofer((at, claims): (Place, Place)) -> Self {
		Self { claims, has_seat: false, ..Self::honest(at) }
	}

	fn newcomer(at: Place) -> Self {
		Self { has_seat: false, is_admitted: false, ..Self::honest(at) }
	}

	fn line(&self, n: u32) -> Line {
		let Line { node, claim, admitted, uplink_kbps } = line(n, self.is_admitted);
		let uplink_kbps = uplink_kbps.filter(|_| self.has_seat);
		Line { node: node.claiming(self.claims.country), claim, admitted, uplink_kbps }
	}

	/// What a member measures, 10 µs. An answer can be late, and never early.
	fn round_trip_10us(&self, member: &Place, rng: &mut StdRng) -> u16 {
		let least = member.round_trip_10us(&self.at, LATE, rng);
		match self.delays {
			true => least.max(member.round_trip_10us(&self.claims, LATE, rng)),
			false => least,
		}
	}
}

/// As many honest lines with a seat, spread evenly over `places`.
fn seats(places: &[Place], count: usize) -> Vec<Site> {
	places.iter().copied().cycle().take(count).map(Site::honest).collect()
}

/// What a member reports of a provider when it measured so much, 10 µs.
type Says<'a> = dyn Fn(usize, usize, u16) -> u16 + 'a;

fn as_measured(_: usize, _: usize, rtt_10us: u16) -> u16 {
	rtt_10us
}

/// A network of lines at known places, by index.
struct Ground {
	world: World,
	sites: Vec<Site>,
	rng: StdRng,
}

impl Ground {
	fn new(sites: Vec<Site>) -> Self {
		let lines = sites.iter().zip(0..).map(|(site, n)| site.line(n)).collect();
		Self { world: World::new(lines), sites, rng: StdRng::seed_from_u64(13) }
	}

	/// The next epoch. Every line delivers what it claims, and every member says so.
	fn epoch(&mut self, says: &Says) -> Judged {
		let Self { world, sites, rng } = self;
		let (epoch, tests) = world.measure();
		let mut reports = world.reports(epoch, &tests, &|test, _| {
			Some(test.share(test.test.claim.down_kbps, test.measuring().count()))
		});
		for (member, (entries, _)) in reports.iter_mut().enumerate() {
			for entry in entries {
				let provider = entry.provider as usize;
				let measured = sites[provider].round_trip_10us(&sites[member].at, rng);
				entry.rtt_10us = says(member, provider, measured);
			}
		}
		world.hand_in(epoch, tests, reports, &|_| true, &|_| true)
	}

	/// What is recorded of a provider.
	fn facts(&mut self, provider: usize) -> LocationFacts {
		let country = self.sites[provider].claims.country;
		self.world.chain.look(|| ProofOfBandwidth::location_of(provider as ProviderIndex, country))
	}
}

/// What was found of each provider of which anything was said.
fn findings(judged: &Judged) -> HashMap<ProviderIndex, LocationFinding> {
	let said = judged.events.iter().filter_map(|event| match event {
		RuntimeEvent::ProofOfBandwidth(Event::LocationJudged { provider, finding, .. }) => {
			Some((*provider, *finding))
		}
		_ => None,
	});
	said.collect()
}

/// Tests that took place.
fn held(judged: &Judged) -> impl Iterator<Item = (&Drawn, &VerdictRecord)> {
	judged.judged().filter(|(_, verdict)| verdict.outcome != Outcome::Void)
}

/// Member, provider and round-trip time of each entry.
fn reported(judged: &Judged) -> impl Iterator<Item = (usize, usize, u16)> + '_ {
	judged.reports.iter().enumerate().flat_map(|(member, (entries, _))| {
		entries.iter().map(move |entry| (member, entry.provider as usize, entry.rtt_10us))
	})
}

fn millis(rtt_10us: u16) -> f64 {
	f64::from(rtt_10us) / 100.0
}

#[derive(Clone, Copy)]
enum Expected {
	/// In each test.
	Always,
	/// Within a few tests.
	Soon,
	/// Proofs are more frequent.
	Seldom,
}

/// Lines in Frankfurt that claim to be abroad, where all seats are in Germany.
fn abroad() -> anyhow::Result<Finding> {
	const SEATS: usize = 60;
	let spoofers = [ALGIERS, TUNIS, TORSHAVN, ANKARA, LISBON, TOKYO].map(|claims| (FRANKFURT, claims));
	for (at, claims) in &spoofers {
		let apart = distance_km(at.country, claims.country);
		anyhow::ensure!(is_far(apart), "{apart} km is less than {FAR_KM}");
	}
	spoof(seats(&GERMANY, SEATS), &spoofers, Expected::Always)
}

/// Lines that say they are elsewhere, and do nothing to hide that they are not.
fn spoof(seats: Vec<Site>, spoofers: &[(Place, Place)], expected: Expected) -> anyhow::Result<Finding> {
	let seated = seats.len();
	let all = seats.into_iter().chain(spoofers.iter().copied().map(Site::spoofer));
	let mut ground = Ground::new(all.collect());
	let (mut contradicted, mut framed, mut slowest) = (0u32, 0u32, 0u16);
	let mut tests = vec![0u32; spoofers.len()];
	let mut caught: Vec<Option<u32>> = vec![None; spoofers.len()];
	for _ in 0..EPOCHS {
		let judged = ground.epoch(&as_measured);
		let found = findings(&judged);
		for (test, _) in held(&judged) {
			let provider = test.test.provider;
			let is_contradicted = found.get(&provider).is_some_and(|finding| finding.is_against());
			let Some(spoofer) = (provider as usize).checked_sub(seated) else {
				framed += u32::from(is_contradicted);
				continue;
			};
			tests[spoofer] += 1;
			contradicted += u32::from(is_contradicted);
			caught[spoofer] = caught[spoofer].or(is_contradicted.then_some(tests[spoofer]));
		}
		let sites = &ground.sites;
		let of_neighbours = reported(&judged).filter(|(member, provider, _)| {
			*provider >= seated && sites[*member].at.country == sites[*provider].at.country
		});
		slowest = of_neighbours.map(|(_, _, rtt_10us)| rtt_10us).fold(slowest, u16::max);
	}
	let facts: Vec<_> = (seated..seated + spoofers.len()).map(|spoofer| ground.facts(spoofer)).collect();
	let standing = facts.iter().filter(|facts| facts.stand_contradicted()).count();
	let proofs: u32 = facts.iter().map(|facts| u32::from(facts.proofs)).sum();
	let last = caught.into_iter().collect::<Option<Vec<_>>>().and_then(|all| all.into_iter().max());
	let held: u32 = tests.iter().sum();
	let (criterion, passed) = match expected {
		Expected::Always => (
			"members in the true country measure less than 10 ms: contradicted in each test, no proof",
			slowest < TEN_MILLIS_10US && contradicted == held && standing == spoofers.len() && proofs == 0,
		),
		Expected::Soon => ("each contradicted by its third test", last.is_some_and(|last| last <= SOON)),
		Expected::Seldom => {
			("mostly proven: three members have to be nearer than the claim", proofs * 2 > held)
		}
	};
	let last = last.map_or("not all of them".into(), |last| format!("each by its test {last}"));
	finding(
		format!("{} of them, {held} tests, {seated} honest seats", spoofers.len()),
		format!(
			"{contradicted} contradicted, {last}; {standing} stand so; {proofs} proofs; members in the true \
			 country measured up to {:.2} ms; {framed} of an honest line contradicted",
			millis(slowest)
		),
		criterion,
		passed && framed == 0 && tests.iter().all(|tests| *tests > 0),
	)
}

/// Lines all over the world that are where they say, with queues of their own for each member.
fn honest() -> anyhow::Result<Finding> {
	let mut ground = Ground::new(seats(&WORLD, SEATS));
	let (mut tests, mut contradicted, mut proven) = (0u32, 0u32, 0u32);
	for _ in 0..EPOCHS {
		let judged = ground.epoch(&as_measured);
		let found = findings(&judged);
		for (test, _) in held(&judged) {
			let finding = found.get(&test.test.provider);
			tests += 1;
			contradicted += u32::from(finding.is_some_and(|finding| finding.is_against()));
			proven += u32::from(finding == Some(&LocationFinding::Proven));
		}
	}
	finding(
		format!("{SEATS} seats at {} places, {tests} tests, up to 30 % on the time of light", WORLD.len()),
		format!("{contradicted} contradicted, {proven} proven"),
		"less than 1 % contradicted, most proven",
		contradicted * 100 < tests && proven * 2 > tests,
	)
}

/// The rule by itself. That possible times contradict nobody says something only because impossible ones do.
fn on_paper(jitter: RangeInclusive<f64>, is_possible: bool) -> anyhow::Result<Finding> {
	const COMMITTEES: u32 = 20_000;
	const MEMBERS: u32 = 15;
	let mut rng = StdRng::seed_from_u64(13);
	let mut contradicted = 0u32;
	for _ in 0..COMMITTEES {
		let at = WORLD[rng.gen_range(0..WORLD.len())];
		let witnesses: Vec<_> = (0..MEMBERS)
			.map(|operator| {
				let member = WORLD[rng.gen_range(0..WORLD.len())];
				let rtt_10us = member.round_trip_10us(&at, jitter.clone(), &mut rng);
				Witness { operator, country: member.country, rtt_10us, contradicted: false }
			})
			.collect();
		let judgement = judge_location(&witnesses, MEMBERS as u16, at.country);
		contradicted += u32::from(judgement.finding.is_against());
	}
	let is_rare = contradicted * 100 < COMMITTEES;
	finding(
		format!(
			"{COMMITTEES} committees of {MEMBERS}, {} to {} of the time of light",
			jitter.start(),
			jitter.end()
		),
		format!("{:.2} % contradicted", f64::from(contradicted) * 100.0 / f64::from(COMMITTEES)),
		if is_possible { "less than 1 %" } else { "more: that no path outruns light is what holds" },
		is_rare == is_possible,
	)
}

/// Lines in Berlin that answer each member as late as they would from the other end of the world.
fn delay() -> anyhow::Result<Finding> {
	let claimed = [TOKYO, CANBERRA, PRETORIA, BRASILIA, WASHINGTON, DELHI];
	let late = claimed.map(|claims| Site { delays: true, ..Site::spoofer((BERLIN, claims)) });
	let mut ground = Ground::new(seats(&WORLD, SEATS).into_iter().chain(late).collect());
	let (mut tests, mut contradicted) = (0u32, 0u32);
	// The shortest times anybody reports of those that claim a country, and of those that are in it.
	let (mut of_late, mut of_honest) = ([u16::MAX; 6], [u16::MAX; 6]);
	for _ in 0..EPOCHS {
		let judged = ground.epoch(&as_measured);
		let found = findings(&judged);
		for (test, _) in held(&judged).filter(|(test, _)| test.test.provider as usize >= SEATS) {
			tests += 1;
			let finding = found.get(&test.test.provider);
			contradicted += u32::from(finding.is_some_and(|finding| finding.is_against()));
		}
		for (_, provider, rtt_10us) in reported(&judged) {
			let site = &ground.sites[provider];
			let shortest = if site.delays { &mut of_late } else { &mut of_honest };
			for (shortest, claims) in shortest.iter_mut().zip(&claimed) {
				if site.claims.country == claims.country {
					*shortest = rtt_10us.min(*shortest);
				}
			}
		}
	}
	let proofs: u32 = (SEATS..SEATS + claimed.len()).map(|late| u32::from(ground.facts(late).proofs)).sum();
	// Whoever is near one end of the way is far from the other.
	let is_half_way =
		|(rtt_10us, claims): (&u16, &Place)| f64::from(*rtt_10us) >= BERLIN.light_10us(claims) / 2.0;
	let all_half_way = of_late.iter().zip(&claimed).all(is_half_way);
	let soonest = of_late.into_iter().fold(u16::MAX, u16::min);
	let honest = of_honest.into_iter().fold(0, u16::max);
	finding(
		format!("{} of them, {tests} tests, {SEATS} honest seats", claimed.len()),
		format!(
			"{contradicted} contradicted, {proofs} proofs; nobody measured less than {:.2} ms, of honest lines in \
			 each of these countries somebody at most {:.2} ms",
			millis(soonest),
			millis(honest)
		),
		"never contradicted, mostly proven: a proof means not refuted; but nobody measures less than half of the way",
		contradicted == 0 && proofs * 2 > tests && all_half_way && honest < TEN_MILLIS_10US,
	)
}

/// Corrupt seats, far from most others, say of every honest line that it is next door.
fn frame() -> anyhow::Result<Finding> {
	const HONEST: usize = 96;
	const CORRUPT: usize = 32;
	const NEWCOMERS: usize = 12;
	let newcomers = WORLD.into_iter().take(NEWCOMERS).map(Site::newcomer);
	let sites = seats(&WORLD, HONEST).into_iter().chain(seats(&[WELLINGTON], CORRUPT)).chain(newcomers);
	let mut ground = Ground::new(sites.collect());
	let is_corrupt = |n: usize| (HONEST..HONEST + CORRUPT).contains(&n);
	let says = |member: usize, provider: usize, measured: u16| {
		if is_corrupt(member) && !is_corrupt(provider) {
			LEAST_10US
		} else {
			measured
		}
	};
	let (mut tests, mut contradicted, mut exceptions) = (0u32, 0u32, 0u32);
	let (mut others, mut slashes, mut admitted) = (0u32, 0u32, 0usize);
	for _ in 0..EPOCHS {
		let judged = ground.epoch(&says);
		let found = findings(&judged);
		for event in &judged.events {
			match event {
				RuntimeEvent::NodeStaking(Staking::SlashQueued { .. }) => slashes += 1,
				RuntimeEvent::ProofOfBandwidth(Event::ProviderAdmitted { .. }) => admitted += 1,
				_ => {}
			}
		}
		for (test, verdict) in held(&judged) {
			others += u32::from(verdict.outcome != Outcome::Good);
			let provider = test.test.provider;
			if is_corrupt(provider as usize) {
				continue;
			}
			let liars = ground.world.measuring(test).filter(|member| is_corrupt(*member)).count();
			let is_contradicted = found.get(&provider).is_some_and(|finding| finding.is_against());
			tests += 1;
			contradicted += u32::from(is_contradicted);
			exceptions += u32::from(is_contradicted != (liars >= CONTRADICTING_MEMBERS));
		}
	}
	let silenced = (0..HONEST).filter(|n| ground.facts(*n).stand_contradicted()).count();
	let seats = HONEST + CORRUPT;
	let unchanged =
		ground.world.chain.look(|| (0..seats).filter(|n| is_unchanged(*n as ProviderIndex)).count());
	finding(
		format!(
			"{CORRUPT} of {seats} seats, {tests} tests of honest lines, of which {NEWCOMERS} are not yet admitted"
		),
		format!(
			"{contradicted} contradicted, {exceptions} exceptions from the rule of three; {silenced} of {HONEST} \
			 honest seats no witnesses any more; {others} verdicts other than good, {slashes} slashes, {unchanged} \
			 of {seats} admitted with claim and bond; {admitted} newcomers admitted"
		),
		"contradicted where three liars measure, and only there, which silences most witnesses; every verdict good, \
		 no slash, no claim, bond or admission changed",
		exceptions == 0
			&& contradicted * 2 > tests
			&& silenced * 2 > HONEST
			&& (others, slashes) == (0, 0)
			&& unchanged == seats
			&& admitted == NEWCOMERS,
	)
}

/// Whether a provider stands as it did when the chain began.
fn is_unchanged(provider: ProviderIndex) -> bool {
	let claim = Claim { down_kbps: CLAIM_KBPS, up_kbps: CLAIM_KBPS };
	<Providers as ProviderRegistry<AccountId>>::facts(provider).is_some_and(|facts| {
		let bond = <NodeStaking as Bonds<AccountId>>::active_bond(&facts.account, Role::Provider);
		let is_admitted = matches!(facts.admission, Admission::Admitted { .. });
		is_admitted && facts.in_service && facts.claim == claim && bond == Genesis::bond_of(&claim)
	})
}
