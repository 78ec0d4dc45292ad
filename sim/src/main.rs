//! `weir-sim`: a hundred thousand providers on paper.

use anyhow::{Context, Result};
use clap::{Parser, Subcommand, ValueEnum};
use std::{
	io::{stdout, BufWriter, Write},
	path::{Path, PathBuf},
	process::ExitCode,
	time::Instant,
};
use weir_math::Timing;
use weir_sim::{
	bars::{self, Bar},
	chart,
	config::{Absence, Config, MIN_PROVIDERS},
	csv,
	economy::{self, traces},
	report,
	study::Study,
	traffic,
};

/// Simulates Proof-of-Bandwidth: providers that claim what they have, providers that claim more, and a share β of all
/// seats that lies for one and against the other. Prints, for β from 0 to 0.33, how often cheats are flagged, how often
/// honest lines are flagged and slashed, and how often committees are captured: simulated with a 95 % interval, and
/// beside it the exact sum, because what must almost never happen cannot be seen by trying.
///
/// Committees, estimates, verdicts and strikes are the chain's own code (weir-math). The same seed gives the same
/// figures, on any number of cores.
#[derive(Debug, Parser)]
#[command(
	name = "weir-sim",
	version,
	args_conflicts_with_subcommands = true,
	after_help = "Examples:\n  \
		weir-sim --providers 2000                    a first look, seconds\n  \
		weir-sim --out sim-out --check               the published run with files and plots, minutes\n  \
		weir-sim --epochs 20 --noise 0.09 --check    honest members measure as unequally as in the lab\n  \
		weir-sim traffic --check                     what measuring costs lines, at once\n  \
		weir-sim economy --seeds 40 --check          the economy through every scenario, minutes"
)]
struct Cli {
	/// Providers; each holds one seat.
	#[arg(long, value_name = "NUMBER", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(i64::from(MIN_PROVIDERS)..=1_000_000))]
	providers: u32,

	/// Epochs; a quarter of the providers is tested in each, so that 20 hold about five tests, which is one window.
	#[arg(long, value_name = "NUMBER", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=2_000))]
	epochs: u32,

	/// Every draw follows from it.
	#[arg(long, value_name = "NUMBER", default_value_t = 1)]
	seed: u64,

	/// Standard deviation of what an honest member sees of its share of a line, as a part of the share. 0 compares with
	/// the exact sums; 0.09 makes estimates read as low as in the lab.
	#[arg(long, value_name = "PART", default_value_t = 0.0, value_parser = noise)]
	noise: f64,

	/// What honest members do when they are absent, as one in ten is.
	#[arg(long, value_enum, default_value_t = Absent::Away)]
	absent: Absent,

	/// Folder for raw figures (CSV) and plots (PNG); made if missing.
	#[arg(long, value_name = "FOLDER")]
	out: Option<PathBuf>,

	/// Exit with 1 if a bar is missed.
	#[arg(long)]
	check: bool,

	#[command(subcommand)]
	part: Option<Part>,
}

#[derive(Debug, Subcommand)]
enum Part {
	/// The economy: prices, shocks, attacks and the ledger through every scenario of the research, its figures beside.
	Economy {
		/// Seeds of every scenario; 1 to so many.
		#[arg(long, value_name = "NUMBER", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=1_000))]
		seeds: u64,

		/// Folder for raw figures (CSV) and plots (PNG); made if missing.
		#[arg(long, value_name = "FOLDER")]
		out: Option<PathBuf>,

		/// Exit with 1 if a bar is missed.
		#[arg(long)]
		check: bool,
	},
	/// Random traces of operations on the economy's ledger with its state after each, for scripts/ledger.py to replay.
	Traces {
		/// Every draw follows from it.
		#[arg(long, value_name = "NUMBER", default_value_t = 1)]
		seed: u64,

		/// Traces; twenty operations each in the mean.
		#[arg(long, value_name = "NUMBER", default_value_t = 1_000)]
		count: u64,

		/// Only operations and parameters of the research's model.
		#[arg(long)]
		shared: bool,
	},
	/// What lines carry in a day because they are measured and watched, or measure and watch: a sum by the timing of a
	/// public network, for which nothing is drawn.
	Traffic {
		/// Exit with 1 if a bar is missed.
		#[arg(long)]
		check: bool,
	},
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Absent {
	/// Barred, busy or switched off: neither load nor report.
	Away,
	/// They load the line, but their reports never stand.
	Unrevealed,
}

fn noise(text: &str) -> Result<f64, String> {
	match text.parse() {
		Ok(part) if (0.0..=1.0).contains(&part) => Ok(part),
		_ => Err("a number from 0 to 1".into()),
	}
}

fn main() -> ExitCode {
	match run(&Cli::parse()) {
		Ok(code) => code,
		Err(error) => {
			eprintln!("error: {error:#}");
			ExitCode::FAILURE
		}
	}
}

fn run(cli: &Cli) -> Result<ExitCode> {
	if let Some(Part::Traffic { check }) = cli.part {
		let timing = Timing::public();
		let bars = traffic::bars(&timing);
		print!("{}{}", traffic::text(&timing), report::bars(&bars));
		return Ok(code(check, &bars));
	}
	if let Some(Part::Economy { seeds, out, check }) = &cli.part {
		return economy(*seeds, out.as_deref(), *check);
	}
	if let Some(Part::Traces { seed, count, shared }) = cli.part {
		let mut out = BufWriter::new(stdout().lock());
		traces::write(&traces::Options { seed, count, is_shared: shared }, &mut out)?;
		out.flush()?;
		return Ok(ExitCode::SUCCESS);
	}
	if let Some(folder) = &cli.out {
		// Before minutes of work, not after.
		std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
	}
	let started = Instant::now();
	let study = Study::run(Config {
		noise: cli.noise,
		absence: match cli.absent {
			Absent::Away => Absence::Away,
			Absent::Unrevealed => Absence::Unrevealed,
		},
		..Config::new(cli.providers, cli.seed, cli.epochs)
	});
	let bars = bars::all(&study);
	print!("{}{}", report::text(&study), report::bars(&bars));
	if let Some(folder) = &cli.out {
		csv::write(&study, folder)?;
		chart::write(&study, folder)?;
		println!("\nRaw figures and plots: {}", folder.display());
	}
	// To standard error, so that equal runs print equal tables.
	eprintln!("took {:.0} s", started.elapsed().as_secs_f64());
	Ok(code(cli.check, &bars))
}

fn economy(seeds: u64, out: Option<&Path>, check: bool) -> Result<ExitCode> {
	if let Some(folder) = out {
		std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
	}
	let started = Instant::now();
	let study = economy::study::Study::run(seeds)?;
	let bars = economy::bars::all(&study);
	print!("{}{}", economy::report::text(&study), report::bars(&bars));
	if let Some(folder) = out {
		economy::csv::write(&study, folder)?;
		economy::chart::write(&study, folder)?;
		println!("\nRaw figures and plots: {}", folder.display());
	}
	eprintln!("took {:.0} s", started.elapsed().as_secs_f64());
	Ok(code(check, &bars))
}

fn code(check: bool, bars: &[Bar]) -> ExitCode {
	if check && bars.iter().any(|bar| !bar.met) {
		ExitCode::FAILURE
	} else {
		ExitCode::SUCCESS
	}
}
