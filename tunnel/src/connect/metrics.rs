//! What a customer's connection has come to, in Prometheus' text format on the loopback. Without a token: it says no more than the
//! status line, and nothing of where anybody goes.

use super::status::{Phase, Status};
use crate::{advice, tasks::Task};
use anyhow::{bail, Result};
use axum::{http::header, routing::get, Router};
use std::{fmt::Write, net::SocketAddr};
use tokio::{net::TcpListener, sync::watch};

/// Serves `/metrics` until dropped.
pub(super) async fn serve(listen: SocketAddr, status: watch::Receiver<Status>) -> Result<Task> {
	if !listen.ip().is_loopback() {
		bail!("--metrics: {listen} is not a loopback address");
	}
	let bound = TcpListener::bind(listen).await;
	let listener = bound.map_err(|error| advice::bind("TCP", listen, Some("--metrics"), &error))?;
	let show = move || {
		let text = render(&status.borrow());
		async move { ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text) }
	};
	let router = Router::new().route("/metrics", get(show));
	Ok(Task::spawn("customer metrics", async move {
		if let Err(error) = axum::serve(listener, router).await {
			tracing::error!(%error, "metrics stopped");
		}
	}))
}

/// As text. The last hop's, as the status line.
pub(crate) fn render(status: &Status) -> String {
	let credits = |credits: u128| u64::try_from(credits).unwrap_or(u64::MAX);
	let is = |yes: bool| u64::from(yes);
	let rows = [
		("connected", "gauge", "1 while traffic goes through.", is(status.phase == Phase::Connected)),
		(
			"connections",
			"gauge",
			"Programs' connections that are open.",
			crate::metrics::count(status.connections),
		),
		("down_bytes_total", "counter", "Towards here since the channel was opened.", status.bytes_down),
		("up_bytes_total", "counter", "From here since the channel was opened.", status.bytes_up),
		("run_bytes_total", "counter", "Both ways in this run.", status.run_bytes),
		(
			"rtt_micros",
			"gauge",
			"Round trip to the control plane; 0: not known.",
			status.rtt_micros.unwrap_or(0),
		),
		("price_credits_per_gb", "gauge", "Credits per 10^9 bytes.", status.price),
		("spent_credits_total", "counter", "Credits of the channel's vouchers.", credits(status.spent)),
		("run_spent_credits_total", "counter", "Of these, in this run.", credits(status.run_spent)),
		("left_credits", "gauge", "Credits that no voucher has yet.", credits(status.left)),
		("exposure_bytes", "gauge", "Paid ahead and not carried yet.", status.exposure_bytes),
		("exposure_credits", "gauge", "What that costs.", credits(status.exposure_credits)),
		("trusted", "gauge", "1 if the provider serves a window on credit.", is(status.trusted)),
	];
	let mut text = String::new();
	for (name, kind, help, value) in rows {
		let name = format!("weir_tunnel_customer_{name}");
		let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
	}
	text
}

#[cfg(test)]
mod tests {
	use super::*;
	use tokio::io::{AsyncReadExt, AsyncWriteExt};

	#[tokio::test]
	async fn metrics_should_be_served_on_the_loopback_and_nowhere_else() {
		let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
		let (news, status) = watch::channel(Status::default());
		let _serving = serve(free, status).await.unwrap();
		news.send_modify(|status| (status.phase, status.bytes_down) = (Phase::Connected, 7));
		let mut stream = tokio::net::TcpStream::connect(free).await.unwrap();
		stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").await.unwrap();
		let mut answer = String::new();
		stream.read_to_string(&mut answer).await.unwrap();
		for row in ["weir_tunnel_customer_connected 1", "weir_tunnel_customer_down_bytes_total 7"] {
			assert!(answer.lines().any(|line| line == row), "no {row} in {answer}");
		}
		let elsewhere = serve("192.0.2.1:0".parse().unwrap(), watch::channel(Status::default()).1).await;
		assert!(elsewhere
			.unwrap_err()
			.to_string()
			.contains("--metrics: 192.0.2.1:0 is not a loopback address"));
	}
}
