//! Traces of the ledger, replayed by a second implementation in another language.

use std::{
	path::Path,
	process::{Command, Output},
};
use weir_sim::economy::traces::{write, Options};

fn traces(seed: u64, count: u64, is_shared: bool) -> String {
	let mut text = Vec::new();
	write(&Options { seed, count, is_shared }, &mut text).unwrap();
	String::from_utf8(text).unwrap()
}

/// What `scripts/ledger.py` says to these traces.
fn replay(text: &str) -> Output {
	let file = tempfile::NamedTempFile::new().unwrap();
	std::fs::write(file.path(), text).unwrap();
	let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/ledger.py");
	Command::new("python3").arg(script).arg(file.path()).output().unwrap()
}

#[test]
fn second_implementation_should_agree_to_the_last_grain() {
	for is_shared in [false, true] {
		let output = replay(&traces(3, 2_000, is_shared));
		let (said, complained) =
			(String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
		assert!(output.status.success(), "{said}{complained}");
		assert!(said.starts_with("2000 traces, "), "{said}");
	}
}

#[test]
fn second_implementation_should_object_when_a_single_figure_is_changed() {
	let text = traces(3, 50, false);
	let lines: Vec<&str> = text.lines().collect();
	let settlement = lines
		.iter()
		.position(|line| line.starts_with("settle") && !line.contains("= 0 ") && line.contains(" ; "))
		.unwrap();
	// The last digit of the state, and one of the result.
	let change = |line: &str, at: usize| {
		let digit = (line.as_bytes()[at] - b'0' + 1) % 10;
		format!("{}{digit}{}", &line[..at], &line[at + 1..])
	};
	let line = lines[settlement];
	for at in [line.len() - 1, line.find(" ; ").unwrap() - 1] {
		let changed = change(line, at);
		let mut lines = lines.clone();
		lines[settlement] = &changed;
		let output = replay(&(lines.join("\n") + "\n"));
		assert!(!output.status.success(), "{changed}");
	}
	let cut = lines[..lines.len() - 1].join("\n") + "\n";
	assert!(!replay(&cut).status.success(), "traces without an end");
}
