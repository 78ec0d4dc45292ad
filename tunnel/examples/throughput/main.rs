//! `throughput`: what an engine of Weir moves between two TUN devices, beside engines of others on the same links in the same run.
//!
//! Two network namespaces with a veth in between, one engine in each, `iperf3` through their tunnel. Rounds go through all engines
//! in turn, so that a machine that grows slower does so for all of them. Started by scripts/lab.sh, which gives it namespaces of its
//! own.

mod ends;
mod figures;
mod ground;

use anyhow::{bail, ensure, Context, Result};
use clap::{Args, Parser, Subcommand};
use ends::Engine;
use figures::Row;
use std::{net::IpAddr, path::PathBuf, process::ExitCode};

/// Compares the throughput of tunnels.
#[derive(Debug, Parser)]
#[command(name = "throughput", version)]
struct Cli {
	#[command(subcommand)]
	part: Part,
}

#[derive(Debug, Subcommand)]
enum Part {
	/// Measures, and prints a table.
	Run(Run),
	/// One end of a tunnel of Weir. Started by the benchmark itself.
	#[command(hide = true)]
	End {
		/// Name of the TUN device.
		#[arg(long)]
		tun: String,
		/// Address of this end on the link.
		#[arg(long)]
		address: IpAddr,
		/// Address of the provider on the link, if this end is the customer's.
		#[arg(long)]
		towards: Option<IpAddr>,
	},
}

#[derive(Debug, Args)]
struct Run {
	/// wireguard-go with offloads of TUN and UDP.
	#[arg(long, value_name = "FILE")]
	wireguard_go: PathBuf,
	/// boringtun-cli.
	#[arg(long, value_name = "FILE")]
	boringtun: PathBuf,
	/// Rounds through all engines.
	#[arg(long, default_value_t = 5)]
	rounds: u32,
	/// Seconds of each measurement, after one that is not counted.
	#[arg(long, default_value_t = 5)]
	seconds: u32,
	/// Only these engines.
	#[arg(long, value_enum, value_delimiter = ',')]
	only: Vec<Engine>,
	/// Flows at a time.
	#[arg(long, value_delimiter = ',', default_value = "1,4")]
	flows: Vec<u32>,
}

fn main() -> ExitCode {
	let done = match Cli::parse().part {
		Part::Run(run) => measure(&run),
		Part::End { tun, address, towards } => ends::serve(&tun, address, towards).map(|()| true),
	};
	match done {
		Ok(true) => ExitCode::SUCCESS,
		Ok(false) => ExitCode::FAILURE,
		Err(error) => {
			eprintln!("error: {error:#}");
			ExitCode::FAILURE
		}
	}
}

fn measure(run: &Run) -> Result<bool> {
	ensure!(run.rounds > 0 && run.seconds > 0, "nothing to measure: --rounds and --seconds are at least 1");
	ground::prepare()?;
	let engines: Vec<Engine> =
		Engine::ALL.into_iter().filter(|engine| run.only.is_empty() || run.only.contains(engine)).collect();
	let mut rows = Vec::new();
	for round in 1..=run.rounds {
		for engine in &engines {
			let tunnel = ends::start(*engine, &run.wireguard_go, &run.boringtun)
				.with_context(|| format!("starting {}", engine.name()))?;
			for flows in &run.flows {
				for is_reverse in [false, true] {
					let sample = tunnel.sample(run.seconds, *flows, is_reverse)?;
					eprintln!(
						"round {round}: {:<14} {flows} flows {}: {:>6.0} Mbit/s, {:.2} CPU-s/GB, {} MB",
						engine.name(),
						if is_reverse { "down" } else { "up" },
						sample.mbps,
						sample.cpu_seconds_per_gb,
						sample.resident_mb
					);
					rows.push(Row { engine: *engine, flows: *flows, is_reverse, round, sample });
				}
			}
		}
	}
	if rows.is_empty() {
		bail!("nothing was measured");
	}
	print!("{}", figures::table(&rows));
	Ok(figures::is_enough(&rows))
}
