//! `weir-local`: a whole Weir network on this machine, and the table of what it finds.

use anyhow::{Context, Result};
use clap::Parser;
use std::{
	io::{IsTerminal, Write},
	path::PathBuf,
	process::ExitCode,
	time::{Duration, Instant},
};
use tokio::{
	signal::unix::{signal, SignalKind},
	time::timeout,
};
use weir_e2e::{
	check::{self, Extent},
	customers::Customers,
	economy::Economy,
	folder,
	load::Epochs,
	local,
	network::{Network, Programs},
	table,
	verdicts::Verdicts,
};

/// How often the table is drawn.
const REFRESH: Duration = Duration::from_secs(4);
/// How long `--check` waits for the story to be complete.
const CHECK_PATIENCE: Duration = Duration::from_secs(15 * 60);

/// Runs 4 validators, each with an attesting sidecar, and 8 providers on loopback addresses; no root needed. One
/// provider claims more than four times what it delivers. Two customers buy credits, and fetch files through providers' lines.
/// Ctrl-C ends all of it.
#[derive(Debug, Parser)]
#[command(name = "weir-local", version)]
struct Cli {
	/// Stop by itself when every honest provider has three verdicts, one of them has claimed what it earned, credits were
	/// bought, the liar is slashed, and customers have fetched files, or with `first` after one right verdict, a strike, the
	/// purchases and the files. Exit code 0 only if that is so, each honest estimate was within 10 % of its cap, nobody honest
	/// was struck, the liar earned nothing after its strike, what was claimed arrived, credits cost the price of a later round,
	/// the supply added up in every block, and every file was the right one; without `first` also if what customers signed is
	/// what their providers were paid.
	#[arg(long, value_enum, value_name = "EXTENT", num_args = 0..=1, default_missing_value = "whole")]
	check: Option<Extent>,

	/// Folder of data and logs; emptied at each start, and refused if it holds anything else.
	#[arg(long, value_name = "FOLDER")]
	data: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
	match run(Cli::parse()).await {
		Ok(code) => code,
		Err(error) => {
			eprintln!("error: {error:#}");
			ExitCode::FAILURE
		}
	}
}

async fn run(cli: Cli) -> Result<ExitCode> {
	let folder = folder::absolute(&cli.data.map_or_else(default_folder, Ok)?)?;
	let programs = Programs::beside_this()?;
	let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
	let stopped = async {
		tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
	};
	tokio::pin!(stopped);

	let _kept = folder::lock(&folder)?;
	println!("data and logs: {}", folder.display());
	let begun = Instant::now();
	let say = |what: &str| println!("[{:>4} s] {what}", begun.elapsed().as_secs());
	let ended = programs.clear(&folder)?;
	if ended > 0 {
		say(&format!("ended {ended} processes that an interrupted run had left"));
	}
	// Who stops a check does not know how it would have ended.
	let when_stopped = if cli.check.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
	let mut network = tokio::select! {
		network = timeout(CHECK_PATIENCE, Network::start(programs.clone(), local::plan(&folder)?, say)) => {
			network.context("the network did not come into service")??
		},
		() = &mut stopped => {
			// Their handles have sent the signal; only this waits until they are gone.
			programs.end(&folder)?;
			say("stopped before it was in service");
			return Ok(when_stopped);
		},
	};
	let mut customers = Customers::start(&network)?;
	let watched = tokio::select! {
		watched = watch(&mut network, &mut customers, cli.check, begun, say) => watched,
		() = &mut stopped => Ok(when_stopped),
	};
	println!("stopping");
	// Before their providers: what they have signed last can still arrive.
	customers.stop().await;
	network.stop().await?;
	watched
}

fn default_folder() -> Result<PathBuf> {
	let named = |variable| std::env::var_os(variable).map(PathBuf::from);
	let cache = named("XDG_CACHE_HOME").or(named("HOME").map(|home| home.join(".cache")));
	// As scripts/lib.sh finds it.
	let ours = named("WEIR_CACHE").or(cache.map(|cache| cache.join("weir")));
	let ours =
		ours.context("neither WEIR_CACHE nor XDG_CACHE_HOME nor HOME is set: name a folder with --data")?;
	Ok(ours.join("local"))
}

async fn watch(
	network: &mut Network,
	customers: &mut Customers,
	check: Option<Extent>,
	begun: Instant,
	say: impl Fn(&str),
) -> Result<ExitCode> {
	let (mut shown, mut verdicts, mut economy) = (String::new(), Verdicts::default(), Economy::default());
	let mut strains = check.map(|_| Epochs::watch()).transpose()?;
	loop {
		network.ensure_running()?;
		let (epoch, slot, _) = network.chain.clock().await?;
		let providers = network.chain.providers().await?;
		verdicts.collect(&providers);
		economy.follow(&network.chain, network.lines()).await?;
		economy.watch_liars(network.lines(), &verdicts);
		customers.follow(&network.chain).await?;
		let rows = customers.rows();
		let text = table::render((epoch, slot), network.lines(), &providers, &verdicts, &economy, rows);
		draw(&text, &mut shown)?;
		if let Some(strains) = &mut strains {
			strains.count(epoch)?;
		}
		if let Some(extent) = check {
			customers.ensure_running()?;
			economy.act(&network.chain, network.lines()).await?;
			let mut missing = check::missing(extent, network.lines(), &providers, &verdicts);
			missing.extend(economy.missing(extent, network.lines()));
			missing.extend(customers.missing());
			if missing.is_empty() {
				println!("{text}");
				let mut faults = check::faults(extent, network.lines(), &providers, &verdicts);
				faults.extend_from_slice(economy.faults());
				faults.extend(match extent {
					Extent::First => customers.faults(),
					Extent::Whole => customers.settle(network, say).await?,
				});
				if extent == Extent::Whole {
					println!("{}", table::customers(customers.rows()));
				}
				return Ok(verdict(extent, &faults, strains.as_ref(), begun));
			}
			if begun.elapsed() > CHECK_PATIENCE {
				println!(
					"{text}\nnot complete after {} s:\n  {}",
					CHECK_PATIENCE.as_secs(),
					[&missing, economy.faults(), &customers.faults()].concat().join("\n  ")
				);
				return Ok(ExitCode::FAILURE);
			}
		}
		tokio::time::sleep(REFRESH).await;
	}
}

/// Redraws in place on a terminal; elsewhere prints the table once per epoch.
fn draw(text: &str, shown: &mut String) -> Result<()> {
	let mut out = std::io::stdout().lock();
	if out.is_terminal() {
		write!(out, "\x1b[H\x1b[2J{text}")?;
	} else {
		let epoch = text.split(',').next().unwrap_or_default();
		if shown != epoch {
			writeln!(out, "{text}")?;
			*shown = epoch.to_owned();
		}
	}
	out.flush()?;
	Ok(())
}

fn verdict(extent: Extent, faults: &[String], strains: Option<&Epochs>, begun: Instant) -> ExitCode {
	println!("complete after {} s", begun.elapsed().as_secs());
	if faults.is_empty() {
		println!("{}", extent.told());
		return ExitCode::SUCCESS;
	}
	println!("faults:\n  {}", faults.join("\n  "));
	let disturbed: Vec<_> = strains.into_iter().flat_map(Epochs::disturbed).collect();
	if !disturbed.is_empty() {
		println!("an estimate of these epochs may be of this machine and not of the line (run it again when it is quiet):");
		for (epoch, strain) in disturbed {
			println!("  epoch {epoch}: processors in its worst second: {strain}");
		}
	}
	ExitCode::FAILURE
}
