//! `weir-scale`: what the measuring protocol, and the close of an epoch, cost the chain at the size of a public network.

use anyhow::Result;
use clap::Parser;
use std::{process::ExitCode, time::Instant};
use weir_e2e::scale::{closing, figures, most_regions, regional, run, Size};

/// Runs epochs of 3,600 slots through the real runtime, with what all providers and seats send, and prints what blocks
/// weigh and hold, how epochs are closed, and what is stored. Exit 1 if a bar of the specification is missed. With
/// `--closes`, only closes epochs. With `--regional`, runs one event instead, for which there is no bar.
#[derive(Debug, Parser)]
#[command(name = "weir-scale", version)]
struct Cli {
	/// Registered providers.
	#[arg(long, value_name = "NUMBER", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(60..=2_000_000))]
	providers: u32,

	/// How many of them hold a seat; all by default.
	#[arg(long, value_name = "NUMBER")]
	seats: Option<u32>,

	/// Regions that they are in: countries, and homes and data centres in each. There are 498 of them, which is the default.
	#[arg(long, value_name = "NUMBER", default_value_t = most_regions(), value_parser = clap::value_parser!(u32).range(1..))]
	regions: u32,

	/// How many lines in a hundred claim a gigabit, which takes a committee of 31; the others claim half of that or less.
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

	/// Instead of epochs under load: close so many epochs, with nothing else in their blocks. Lines are weighed once, and a weight
	/// lasts for sixteen.
	#[arg(long, value_name = "EPOCHS", value_parser = clap::value_parser!(u32).range(1..=16), conflicts_with = "regional")]
	closes: Option<u32>,

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
	let Cli { providers, seats, regions, large: large_percent, epochs, sample, .. } = *cli;
	let Cli { outages, closes, regional, region, check, .. } = *cli;
	let outage_percent = outages.unwrap_or(u32::from(sample == 0));
	let size = if check {
		Size::check()
	} else {
		let seats = seats.unwrap_or(providers);
		Size { providers, seats, large_percent, regions, epochs, sample, outage_percent }
	};
	let begun = Instant::now();
	let say = |what: &str| eprintln!("[{:>5} s] {what}", begun.elapsed().as_secs());
	if let Some(silent) = regional {
		let event = regional::Event { silent, lines: region.unwrap_or(silent) };
		print!("{}", regional::run(&size, event, say)?.render());
		return Ok(true);
	}
	if let Some(epochs) = closes {
		let closings = closing::run(&size, epochs, say)?;
		let (text, is_met) = figures::of_closings(&closings, &size, begun.elapsed().as_secs_f64());
		print!("{text}");
		return Ok(is_met);
	}
	let figures = run(&size, say)?;
	print!("{}", figures.render());
	Ok(figures.bars().iter().all(|bar| bar.is_met() || (check && !bar.of_any_size)))
}
