//! `weir-lab`: the network behind shaped, slow and lossy links, attacked, killed and revived.

use anyhow::{ensure, Context, Result};
use clap::{Parser, Subcommand};
use std::{
	net::SocketAddr,
	path::{Path, PathBuf},
	process::ExitCode,
	thread,
	time::Instant,
};
use tokio::{
	signal::unix::{signal, SignalKind},
	sync::oneshot,
};
use weir_e2e::{
	attacks::{self, net},
	folder,
	lab::{
		delay::MOST_JITTER_PERCENT,
		liar,
		story::{Lab, ALL_WEATHERS},
	},
};

/// Runs the network in network namespaces and checks what it must withstand. Takes about 15 minutes. Started by
/// scripts/lab.sh, which gives it namespaces of its own.
#[derive(Debug, Parser)]
#[command(name = "weir-lab", version)]
struct Cli {
	/// Folder of data and logs; emptied at each start, and refused if it holds anything else.
	#[arg(long, value_name = "FOLDER")]
	data: Option<PathBuf>,

	/// Epochs of 72 s in which accuracy is measured, 5 unless told; in 5, each line meets every round-trip time and every
	/// loss.
	#[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=100))]
	epochs: Option<u32>,

	/// By how much every delay swings around its mean, once a second, to each side; 0 unless told.
	#[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(0..=i64::from(MOST_JITTER_PERCENT)))]
	jitter: Option<u32>,

	#[command(subcommand)]
	part: Option<Part>,
}

#[derive(Debug, Subcommand)]
enum Part {
	/// Attacks tests with real packets, one by one, and prints what came of it. Takes about 2 minutes.
	Attacks {
		/// Only these, by their names, separated by commas.
		#[arg(long, value_name = "ID", value_delimiter = ',', value_parser = clap::builder::PossibleValuesParser::new(net::names()))]
		only: Vec<String>,
	},
	/// Stands between a node and its sidecar, and lies as ordered. Started by the lab itself.
	#[command(hide = true)]
	Liar {
		/// Where the node looks for its sidecar.
		#[arg(long)]
		listen: SocketAddr,
		/// Where the sidecar is.
		#[arg(long)]
		sidecar: SocketAddr,
		/// File of orders.
		#[arg(long)]
		orders: PathBuf,
	},
}

#[tokio::main]
async fn main() -> ExitCode {
	let cli = Cli::parse();
	let done = match (cli.part, cli.data) {
		(Some(Part::Liar { listen, sidecar, orders }), _) => {
			liar::serve(liar::Place { listen, sidecar, orders }).await.map(|()| true)
		}
		(Some(Part::Attacks { .. }), _) if cli.epochs.is_some() || cli.jitter.is_some() => {
			Err(anyhow::anyhow!("attacks have links of their own: leave out --epochs and --jitter"))
		}
		(Some(Part::Attacks { only }), Some(folder)) => tokio::select! {
			done = attack(folder, only) => done,
			stopped = stopped() => stopped.map(|()| false),
		},
		(None, Some(folder)) => tokio::select! {
			done = run(&folder, cli.epochs.unwrap_or(ALL_WEATHERS), cli.jitter.unwrap_or(0)) => done,
			stopped = stopped() => stopped.map(|()| false),
		},
		(_, None) => Err(anyhow::anyhow!("name a folder with --data, or use scripts/lab.sh")),
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

/// Waits for Ctrl-C or an order to end. The first process of a namespace gets neither without asking for it.
async fn stopped() -> Result<()> {
	let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
	tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
	println!("stopped");
	Ok(())
}

/// Fails unless this process has a network namespace of its own, so that nothing leaves it.
fn ensure_own_namespace() -> Result<()> {
	// Two lines of headings, and the loopback.
	let devices = std::fs::read_to_string("/proc/self/net/dev")?.lines().count().saturating_sub(2);
	ensure!(
		devices == 1,
		"this network namespace has {devices} devices and is not the lab's: use scripts/lab.sh"
	);
	Ok(())
}

async fn attack(folder: PathBuf, only: Vec<String>) -> Result<bool> {
	ensure_own_namespace()?;
	let folder = folder::absolute(&folder)?;
	let _kept = folder::lock(&folder)?;
	folder::claim(&folder)?;
	println!("data: {}", folder.display());
	let begun = Instant::now();
	let (told, rows) = oneshot::channel();
	// A thread of its own: whoever stops it must not wait for it.
	thread::Builder::new().name("attacks".into()).spawn(move || told.send(net::run(&folder, &only)))?;
	let rows = rows.await.context("the attacks ended early")??;
	println!("\nattacks, in {} s:\n\n{}", begun.elapsed().as_secs(), attacks::render(&rows));
	Ok(!rows.is_empty() && attacks::all_passed(&rows))
}

async fn run(folder: &Path, epochs: u32, jitter: u32) -> Result<bool> {
	ensure_own_namespace()?;
	let folder = &folder::absolute(folder)?;
	let _kept = folder::lock(folder)?;
	println!("data and logs: {}", folder.display());
	let begun = Instant::now();
	let say = |what: &str| println!("[{:>4} s] {what}", begun.elapsed().as_secs());
	let findings = Lab::start(folder, epochs, jitter, say).await?.run(say).await?;
	println!("\nthe lab found, in {} s:", begun.elapsed().as_secs());
	findings.iter().for_each(|finding| println!("{finding}"));
	Ok(findings.iter().all(|finding| finding.is_good))
}
