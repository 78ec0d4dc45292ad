//! Pinned outputs for second implementations: one line each in `golden/*.txt`, columns named by the comment above it.

use blake2::{digest::consts::U32, Blake2b, Digest};
use weir_math::{
	committee::{members, ordinal, seat_permutation, ListKind},
	location::distance_km,
	permutation::Permutation,
	region::is_assigned,
	schedule::{runs_in_group, start_slot, submit_offset, Turn},
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
