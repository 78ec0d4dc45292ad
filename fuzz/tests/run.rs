//! The runner finds what chance alone does not, and shows it small.

use std::{cell::RefCell, panic::catch_unwind};
use weir_fuzz::Fuzz;

/// How many bytes of a password are right.
fn right(input: &[u8]) -> usize {
	input.iter().zip(b"weir").take_while(|(given, expected)| given == expected).count()
}

#[test]
fn run_should_get_behind_a_check_step_by_step() {
	let ran = Fuzz::new("password", 200_000).longest(8).run(|input| [right(input)]);
	assert!(ran.count(&4) > 0, "{:?}", ran.seen);
	assert_eq!(ran.seen.values().sum::<u64>(), ran.inputs);
}

#[test]
fn run_should_be_the_same_when_it_is_repeated() {
	let inputs = || {
		let seen = RefCell::new(Vec::new());
		Fuzz::new("same", 50).samples([b"sample"]).words([b"word"]).longest(32).run(|input| {
			seen.borrow_mut().push(input.to_vec());
			[input.len()]
		});
		seen.into_inner()
	};
	let first = inputs();
	assert_eq!(first[0], b"sample");
	assert_eq!(first, inputs());
	assert!(first.iter().any(|input| input.windows(4).any(|part| part == b"word")));
}

#[test]
fn run_should_fail_with_a_small_input_when_the_target_panics() {
	let failed = catch_unwind(|| {
		Fuzz::new("panic", 100_000).longest(64).run(|input| {
			assert!(!input.contains(&7), "a seven");
			[()]
		})
	});
	let why = *failed.unwrap_err().downcast::<String>().unwrap();
	assert!(why.ends_with("WEIR_FUZZ_INPUT=07"), "{why}");
}
