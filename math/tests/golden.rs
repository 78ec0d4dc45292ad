//! Pinned outputs for second implementations: one line each in `golden/*.txt`, columns named by the comment above it.
//! `scripts/golden.py` is such an implementation: it computes the same lines by `docs/protocol.md` alone.

use blake2::{digest::consts::U32, Blake2b, Digest};
use weir_math::{
	audit,
	committee::{members, ordinal, seat_permutation, ListKind},
	estimate::{estimate, Kind, Measurement, Member, Void},
	location::distance_km,
	outage::{
		candidates, closes, confirmer_permutation, country_watcher_permutation, decide, is_regional,
		numbers_of, watcher_permutation, ALARM, CONFIRMERS, COUNTRY_WATCHERS, WATCHERS,
	},
	permutation::Permutation,
	region::is_assigned,
	schedule::{runs_in_group, start_slot, submit_offset, Turn},
	verdict::{judge, lowered_kbps, sanction, Sanction},
	Timing,
};

fn lines(text: &'static str) -> Vec<Vec<&'static str>> {
	let lines: Vec<_> = text
		.lines()
		.filter(|line| !line.starts_with('#'))
		.map(|line| line.split_whitespace().collect::<Vec<_>>())
		.collect();
	assert!(lines.len() > 50, "a golden file is truncated");
	lines
}

fn hash(hex: &str) -> [u8; 32] {
	hex::decode(hex).unwrap().try_into().unwrap()
}

fn number<T: core::str::FromStr<Err = core::num::ParseIntError>>(text: &str) -> T {
	text.parse().unwrap()
}

/// Numbers apart by commas; `-` for none.
fn numbers(text: &str) -> Vec<u32> {
	text.split(',').filter(|text| *text != "-").map(number).collect()
}

fn kind(text: &str) -> ListKind {
	match text {
		"test" => ListKind::Test,
		"admission" => ListKind::Admission,
		"escalation" => ListKind::Escalation,
		other => panic!("no list is called {other}"),
	}
}

#[test]
fn permutation_should_match_its_golden_file() {
	for line in lines(include_str!("../golden/permutation.txt")) {
		let domain = hex::decode(line[1].trim_start_matches('-')).unwrap();
		let permutation = Permutation::new(&hash(line[0]), &domain, number(line[2]));
		let (x, image) = (number(line[3]), number(line[4]));
		assert_eq!(permutation.forward(x), Some(image), "{line:?}");
		assert_eq!(permutation.inverse(image), Some(x), "{line:?}");
	}
}

#[test]
fn committee_should_match_its_golden_file() {
	for line in lines(include_str!("../golden/committee.txt")) {
		let (seed, kind, class) = (hash(line[1]), kind(line[2]), number(line[3]));
		match line[0] {
			"ordinal" => {
				let drawn = ordinal(&seed, kind, class, number(line[4]), number(line[5]));
				assert_eq!(drawn, Some(number(line[6])), "{line:?}");
			}
			"members" => {
				let seats = seat_permutation(&seed, kind, class, number(line[4]), number(line[5]));
				let committee: Vec<u32> = members(&seats, number(line[7]), number(line[6])).collect();
				let expected: Vec<u32> = line[8].split(',').map(number).collect();
				assert_eq!(committee, expected, "{line:?}");
			}
			other => panic!("unknown vector {other}"),
		}
	}
}

#[test]
fn schedule_should_match_its_golden_file() {
	for line in lines(include_str!("../golden/schedule.txt")) {
		match line[0] {
			"runs" => {
				let turn = Turn::of_ordinal(kind(line[3]), number(line[4]), number(line[5]));
				let runs = runs_in_group(&hash(line[1]), number(line[2]), turn);
				assert_eq!(runs, line[6] == "1", "{line:?}");
			}
			"start" => {
				let timing = if line[1] == "public" { Timing::public() } else { Timing::local() };
				let turn = Turn::of_ordinal(kind(line[3]), number(line[4]), number(line[5]));
				let slot = start_slot(&timing, number(line[2]), turn);
				assert_eq!(slot, number::<u32>(line[6]), "{line:?}");
			}
			"prefix" => {
				let turn = Turn::of_prefix(&hash(line[1]), &hex::decode(line[2]).unwrap());
				// Where a group has a slot for every ordinal, the slot is the ordinal.
				let timing =
					Timing { group_slots: u32::MAX, measure_from: 0, lead_slots: 0, ..Timing::public() };
				assert_eq!(start_slot(&timing, 0, turn), number::<u32>(line[3]), "{line:?}");
			}
			"prefix-runs" => {
				let turn = Turn::of_prefix(&hash(line[3]), &hex::decode(line[4]).unwrap());
				let runs = runs_in_group(&hash(line[1]), number(line[2]), turn);
				assert_eq!(runs, line[5] == "1", "{line:?}");
			}
			"submit" => {
				let slot = submit_offset((number(line[1]), number(line[2])), &hash(line[3]));
				assert_eq!(slot, number::<u32>(line[4]), "{line:?}");
			}
			other => panic!("unknown vector {other}"),
		}
	}
}

#[test]
fn location_should_match_its_golden_file() {
	let codes: Vec<_> = (0..=u16::MAX).map(u16::to_be_bytes).filter(|code| is_assigned(*code)).collect();
	let code = |text: &str| <[u8; 2]>::try_from(text.as_bytes()).unwrap();
	for line in lines(include_str!("../golden/location.txt")) {
		match line[0] {
			"checksum" => {
				let before = |row: usize| codes[..row].iter().map(move |column| (row, *column));
				let table: Vec<u8> = (0..codes.len())
					.flat_map(before)
					.map(|(row, column)| (distance_km(codes[row], column) / 100) as u8)
					.collect();
				assert_eq!(hex::encode(Blake2b::<U32>::digest(&table)), line[1]);
			}
			"pair" => {
				assert_eq!(distance_km(code(line[1]), code(line[2])), number::<u32>(line[3]), "{line:?}");
			}
			other => panic!("unknown vector {other}"),
		}
	}
}

#[test]
fn audits_should_match_their_golden_file() {
	for line in lines(include_str!("../golden/audit.txt")) {
		match line[0] {
			"seed" => {
				let groups: Vec<(u8, [u8; 32])> = line[1]
					.split(',')
					.filter_map(|group| group.split_once(':'))
					.map(|(group, rho)| (number(group), hash(rho)))
					.collect();
				let drawn = audit::seed(groups.iter().map(|(group, rho)| (*group, rho)));
				assert_eq!(hex::encode(drawn), line[2], "{line:?}");
			}
			"positions" => {
				let (seed, node) = (hash(line[1]), hash(line[2]));
				let drawn: Vec<u32> = audit::positions(&seed, &node, number(line[3])).collect();
				assert_eq!(drawn, numbers(line[4]), "{line:?}");
			}
			other => panic!("unknown vector {other}"),
		}
	}
}

#[test]
fn outages_should_match_their_golden_file() {
	for line in lines(include_str!("../golden/outage.txt")) {
		match line[0] {
			"watchers" => {
				let circle = watcher_permutation(&hash(line[1]), number(line[2]));
				let asked: Vec<u32> = candidates(&circle, number(line[3]), WATCHERS).collect();
				assert_eq!(asked, numbers(line[4]), "{line:?}");
			}
			"country" => {
				let circle = country_watcher_permutation(&hash(line[1]), number(line[2]), number(line[3]));
				let asked: Vec<u32> = candidates(&circle, number(line[4]), COUNTRY_WATCHERS).collect();
				assert_eq!(asked, numbers(line[5]), "{line:?}");
			}
			"watched" => {
				let circle = watcher_permutation(&hash(line[1]), number(line[2]));
				let watched: Vec<u32> =
					numbers_of(&circle, number(line[3]), WATCHERS, number(line[4])).collect();
				assert_eq!(watched, numbers(line[5]), "{line:?}");
			}
			"confirmers" => {
				let circle = confirmer_permutation(&hash(line[1]), number(line[2]), number(line[3]));
				// Whoever raised the alarm is passed over.
				let asked: Vec<u32> = candidates(&circle, 0, CONFIRMERS + ALARM).collect();
				assert_eq!(asked, numbers(line[4]), "{line:?}");
			}
			"votes" => {
				let decision = decide(number(line[1]), number(line[2]), number(line[3]));
				assert_eq!(format!("{decision:?}"), line[4], "{line:?}");
			}
			"ends" => assert_eq!(closes(number(line[1])), number::<u32>(line[2]), "{line:?}"),
			"regional" => {
				let regional = is_regional(number(line[1]), number(line[2]), number(line[3]));
				assert_eq!(regional, line[4] == "1", "{line:?}");
			}
			other => panic!("unknown vector {other}"),
		}
	}
}

/// A member of a committee, as the file's comment says.
fn member(text: &str) -> Member {
	let fields: Vec<&str> = text.split(':').collect();
	let kind = match fields[0] {
		"-" => return Member::Absent,
		"s" => return Member::Silent,
		"m" => Kind::Measured,
		"l" => Kind::Limited,
		"u" => Kind::Unreachable,
		other => panic!("no kind of entry is called {other}"),
	};
	Member::Reported(Measurement {
		kind,
		down_kbps: number(fields[1]),
		up_kbps: number(fields[2]),
		rtt_10us: number(fields[3]),
		loss_pptt: number(fields[4]),
		liveness: hex::decode(fields[5]).unwrap().try_into().unwrap(),
	})
}

/// Members apart by commas; `3*` before one stands for three of it.
fn whole_committee(text: &str) -> Vec<Member> {
	let several = |text: &str| match text.split_once('*') {
		Some((times, text)) => vec![member(text); number(times)],
		None => vec![member(text)],
	};
	text.split(',').flat_map(several).collect()
}

#[test]
fn estimates_should_match_their_golden_file() {
	for line in lines(include_str!("../golden/estimate.txt")) {
		match line[0] {
			"estimate" => {
				let committee = whole_committee(line[4]);
				let result = estimate(&committee, number(line[1]), number(line[2]));
				let escalation = kind(line[3]) == ListKind::Escalation;
				let (outcome, reason) = judge(&result, committee.len() as u16, escalation);
				let found = match result {
					Ok(found) => format!(
						"{} {} {} {} {} {} {}",
						found.present,
						found.down_kbps,
						found.up_kbps,
						found.ratio_ppm,
						found.rtt_10us,
						found.loss_pptt,
						found.alive_parts
					),
					Err(Void::TooFewMembers) => "- - - - - - -".into(),
				};
				assert_eq!(format!("{found} {outcome:?} {reason:?}"), line[5..].join(" "), "{line:?}");
			}
			"lowered" => {
				let claim = lowered_kbps(number(line[1]), number(line[2]));
				assert_eq!(claim, number::<u32>(line[3]), "{line:?}");
			}
			"slash" => {
				let (taken, jailed) = match sanction(number(line[1]), true, number(line[2])) {
					Sanction::None => panic!("a confirmed strike has a price: {line:?}"),
					Sanction::ResetClaim => (0, false),
					Sanction::Slash { parts_per_billion, jail } => (parts_per_billion, jail),
				};
				assert_eq!((taken, jailed), (number::<u32>(line[3]), line[4] == "1"), "{line:?}");
			}
			other => panic!("unknown vector {other}"),
		}
	}
}
