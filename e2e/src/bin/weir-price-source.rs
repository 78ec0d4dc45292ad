//! `weir-price-source`: something for reporters of prices to read on a machine without a market.

use anyhow::Result;
use clap::Parser;
use std::{net::SocketAddr, process::ExitCode};
use weir_e2e::prices::{PriceServer, Wander, ADDRESS, CONTROL_HELP, PRICES};

/// Serves three JSON documents with a price that wanders around a mean, for development networks. Ctrl-C ends it.
#[derive(Debug, Parser)]
#[command(name = "weir-price-source", version, after_help = CONTROL_HELP)]
struct Cli {
	/// Where to listen, on the loopback.
	#[arg(long, value_name = "ADDRESS:PORT", default_value_t = ADDRESS)]
	listen: SocketAddr,

	/// The mean, dollars per token.
	#[arg(long, value_name = "DOLLARS", default_value_t = Wander::default().dollars, value_parser = positive)]
	dollars: f64,

	/// How far the price wanders to each side within five minutes, percent.
	#[arg(long, value_name = "PERCENT", default_value_t = Wander::default().swing_percent, value_parser = share)]
	swing: f64,
}

fn positive(text: &str) -> Result<f64, String> {
	let dollars: f64 = text.parse().map_err(|_| "it is no number".to_owned())?;
	PRICES
		.contains(&dollars)
		.then_some(dollars)
		.ok_or_else(|| "a price is 0.000000001 to 1000000 dollars".into())
}

fn share(text: &str) -> Result<f64, String> {
	let percent: f64 = text.parse().map_err(|_| "it is no number".to_owned())?;
	(0.0..100.0).contains(&percent).then_some(percent).ok_or_else(|| "it is 0 to less than 100".into())
}

#[tokio::main]
async fn main() -> ExitCode {
	match run(Cli::parse()).await {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			eprintln!("error: {error:#}");
			ExitCode::FAILURE
		}
	}
}

async fn run(cli: Cli) -> Result<()> {
	let server =
		PriceServer::start(cli.listen, Wander { dollars: cli.dollars, swing_percent: cli.swing }).await?;
	println!("a node reads it with:");
	for source in server.sources() {
		println!("  --price-source '{source}'");
	}
	println!("how to make it crash, lag, lie and jump: weir-price-source --help");
	tokio::signal::ctrl_c().await?;
	Ok(())
}
