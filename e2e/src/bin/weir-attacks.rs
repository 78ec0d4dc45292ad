//! `weir-attacks`: what liars can send to the chain, and what the chain makes of it.

use clap::Parser;
use std::{process::ExitCode, time::Instant};
use weir_e2e::attacks::{all_passed, chain, render};

/// Carries out the attacks that need no line, in this process, through the real runtime, and prints a table. Exit 1 if
/// one of them succeeds. Those on real sockets are a part of scripts/lab.sh.
#[derive(Debug, Parser)]
#[command(name = "weir-attacks", version)]
struct Cli {
	/// Names of attacks, as `A2` or `A2-control`; all of them without.
	names: Vec<String>,
}

fn main() -> ExitCode {
	let cli = Cli::parse();
	let begun = Instant::now();
	let rows = chain::run(&cli.names, |row| eprintln!("[{:>3} s] {row}", begun.elapsed().as_secs()));
	print!("{}", render(&rows));
	if rows.is_empty() {
		eprintln!("error: there is no such attack");
	}
	if !rows.is_empty() && all_passed(&rows) {
		ExitCode::SUCCESS
	} else {
		ExitCode::FAILURE
	}
}
