//! `weir-lab`: the network behind shaped, slow and lossy links, attacked, killed and revived.

use anyhow::{ensure, Result};
use clap::{Parser, Subcommand};
use std::{net::SocketAddr, path::PathBuf, process::ExitCode, time::Instant};
use tokio::signal::unix::{signal, SignalKind};
use weir_e2e::{
	lab::{
		liar,
		story::{Lab, ALL_WEATHERS},
	},
	network::Programs,
};

/// Runs the network in network namespaces and checks what it must withstand. Takes about 15 minutes. Started by
/// scripts/lab.sh, which gives it namespaces of its own.
#[derive(Debug, Parser)]
#[command(name = "weir-lab", version)]
struct Cli {
	/// Folder of data and logs; emptied at each start.
	#[arg(long, value_name = "FOLDER")]
	data: Option<PathBuf>,

	/// Epochs of 72 s in which accuracy is measured; in 5, each line meets every round-trip time and every loss.
	#[arg(long, value_name = "NUMBER", default_value_t = ALL_WEATHERS, value_parser = clap::value_parser!(u32).range(1..=100))]
	epochs: u32,

	#[command(subcommand)]
	part: Option<Part>,
}

#[derive(Debug, Subcommand)]
enum Part {
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
		(None, Some(folder)) => tokio::select! {
			done = run(&folder, cli.epochs) => done,
			stopped = stopped() => stopped.map(|()| false),
		},
		(None, None) => Err(anyhow::anyhow!("name a folder with --data, or use scripts/lab.sh")),
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

async fn run(folder: &std::path::Path, epochs: u32) -> Result<bool> {
	// Two lines of headings, and the loopback.
	let devices = std::fs::read_to_string("/proc/self/net/dev")?.lines().count().saturating_sub(2);
	ensure!(
		devices == 1,
		"this network namespace has {devices} devices and is not the lab's: use scripts/lab.sh"
	);
	let _kept = Programs::lock(folder)?;
	println!("data and logs: {}", folder.display());
	let begun = Instant::now();
	let say = |what: &str| println!("[{:>4} s] {what}", begun.elapsed().as_secs());
	let findings = Lab::start(folder, epochs, say).await?.run(say).await?;
	println!("\nthe lab found, in {} s:", begun.elapsed().as_secs());
	findings.iter().for_each(|finding| println!("{finding}"));
	Ok(findings.iter().all(|finding| finding.is_good))
}
