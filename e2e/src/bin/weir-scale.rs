//! `weir-scale`: what the measuring protocol costs the chain at the size of a public network.

use anyhow::Result;
use clap::Parser;
use std::{process::ExitCode, time::Instant};
use weir_e2e::scale::{regional, run, Size};

/// Runs epochs of 3,600 slots through the real runtime, with what all providers and seats send, and prints what blocks
/// weigh and hold, and what is stored. Exit 1 if a bar of the specification is missed. With `--regional`, runs one event
/// instead, for which there is no bar.
#[derive(Debug, Parser)]
#[command(name = "weir-scale", version)]
struct Cli {
	/// Registered providers.
	#[arg(long, value_name = "NUMBER", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(60..=2_000_000))]
	providers: u32,

	/// How many of them hold a seat; all by default.
	#[arg(long, value_name = "NUMBER")]
	seats: Option<u32>,

	/// How many lines in a hundred claim a gigabit, which takes a committee of 31.
	#[arg(long, value_name = "PERCENT", default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=100))]
	large: u32,

	/// Epochs under load. The first one has no audits to answer, the first two nothing to sweep.
	#[arg(long, value_name = "NUMBER", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=20))]
	epochs: u32,

	/// Look at this many slots of each phase instead of all; for one epoch.
	#[arg(long, value_name = "SLOTS", default_value_t = 0)]
	sample: u32,

	/// How many lines in a hundred go down for an hour each day; 1 by default, and none in a sample.
	#[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(0..=100))]
	outages: Option<u32>,

	/// Instead of epochs under load: so many lines of a region fall silent at once, for an hour.
	#[arg(long, value_name = "LINES", value_parser = clap::value_parser!(u32).range(1..))]
	regional: Option<u32>,

	/// Lines of that region; as many as fall silent by default.
	#[arg(long, value_name = "LINES", requires = "regional")]
	region: Option<u32>,

	/// A small network, to see that this still runs. Its figures mean nothing.
	#[arg(long)]
	check: bool,
}

fn main() -> ExitCode {
	match measure(&Cli::parse()) {
		Ok(true) => ExitCode::SUCCESS,
		Ok(false) => ExitCode::FAILURE,
		Err(error) => {
			eprintln!("error: {error:#}");
			ExitCode::FAILURE
		}
	}
}

fn measure(cli: &Cli) -> Result<bool> {
	let Cli { providers, seats, large: large_percent, epochs, sample, outages, regional, region, check } =
		*cli;
	let outage_percent = outages.unwrap_or(u32::from(sample == 0));
	let size = if check {
		Size::check()
	} else {
		Size { providers, seats: seats.unwrap_or(providers), large_percent, epochs, sample, outage_percent }
	};
	let begun = Instant::now();
	let say = |what: &str| eprintln!("[{:>5} s] {what}", begun.elapsed().as_secs());
	if let Some(silent) = regional {
		let event = regional::Event { silent, lines: region.unwrap_or(silent) };
		print!("{}", regional::run(&size, event, say)?.render());
		return Ok(true);
	}
	let figures = run(&size, say)?;
	print!("{}", figures.render());
	Ok(check || figures.bars().iter().all(|bar| bar.is_met()))
}
