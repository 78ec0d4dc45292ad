//! `weir-attacks`: what liars can send to the chain, and what the chain makes of it.

use clap::{builder::PossibleValuesParser, Parser};
use std::{process::ExitCode, time::Instant};
use weir_e2e::attacks::{all_passed, chain, render};

/// Carries out the attacks that need no line, in this process, through the real runtime, and prints a table. Exit 1 if
/// one of them succeeds. Those on real sockets are a part of scripts/lab.sh.
#[derive(Debug, Parser)]
#[command(name = "weir-attacks", version)]
struct Cli {
	/// Names of attacks, as `A2` or `A2-control`; all of them without.
	#[arg(value_parser = PossibleValuesParser::new(chain::names()))]
	names: Vec<String>,
}

fn main() -> ExitCode {
	let cli = Cli::parse();
	let begun = Instant::now();
	let rows = chain::run(&cli.names, |row| eprintln!("[{:>3} s] {row}", begun.elapsed().as_secs()));
	print!("{}", render(&rows));
	if !rows.is_empty() && all_passed(&rows) {
		ExitCode::SUCCESS
	} else {
		ExitCode::FAILURE
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn names_should_be_refused_when_one_is_unknown() {
		let parsed = |names: &[&str]| Cli::try_parse_from(["weir-attacks"].iter().chain(names));
		assert_eq!(parsed(&["A2", "A2-control"]).unwrap().names, ["A2", "A2-control"]);
		for unknown in ["A0", "A2-", "a2", "control"] {
			assert!(parsed(&["A2", unknown]).is_err(), "{unknown}");
		}
	}
}
