//! A price source for networks on this machine: three documents that agree to a thousandth, about a price that wanders.

use anyhow::{Context, Result};
use axum::{
	extract::{Path, State},
	http::StatusCode,
	routing::get,
	Json, Router,
};
use serde_json::{json, Value};
use std::{
	net::{Ipv4Addr, SocketAddr},
	time::{SystemTime, UNIX_EPOCH},
};
use tokio::{net::TcpListener, task::JoinHandle};

/// Where the local network's source listens.
pub const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9_711);
/// Names of its documents, and by how many millionths each is off.
const DOCUMENTS: [(&str, i64); 3] = [("a", 0), ("b", 1_000), ("c", -1_000)];
/// Where the price is in each of them.
const POINTER: &str = "/data/price";
/// The price wanders up and down once in so many seconds.
const PERIOD_SECONDS: f64 = 600.0;

/// What the price does.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Wander {
	/// Around what, dollars per token.
	pub dollars: f64,
	/// How far to each side, percent of it.
	pub swing_percent: f64,
}

/// About what the pool of the presets begins with, so that both agree.
impl Default for Wander {
	fn default() -> Self {
		Self { dollars: 0.04, swing_percent: 0.5 }
	}
}

impl Wander {
	/// The price at a time, as a document shows it that is off by `off_ppm`.
	fn shown(&self, seconds: f64, off_ppm: i64) -> String {
		let swing = (seconds / PERIOD_SECONDS * std::f64::consts::TAU).sin() * self.swing_percent / 100.0;
		let off = off_ppm as f64 / 1_000_000.0;
		format!("{:.12}", self.dollars * (1.0 + swing) * (1.0 + off))
	}
}

/// A running source, ended with the value.
pub struct PriceServer {
	address: SocketAddr,
	served: JoinHandle<()>,
}

impl Drop for PriceServer {
	fn drop(&mut self) {
		self.served.abort();
	}
}

impl PriceServer {
	/// Listens at `address`, where port 0 stands for any that is free.
	pub async fn start(address: SocketAddr, wander: Wander) -> Result<Self> {
		let listener = TcpListener::bind(address)
			.await
			.with_context(|| format!("the local price source cannot listen on {address}"))?;
		let address = listener.local_addr()?;
		let router = Router::new().route("/{document}", get(document)).with_state(wander);
		let served = tokio::spawn(async move {
			if let Err(error) = axum::serve(listener, router).await {
				eprintln!("the local price source ended: {error}");
			}
		});
		Ok(Self { address, served })
	}

	/// Its documents as `--price-source` takes them.
	pub fn sources(&self) -> [String; DOCUMENTS.len()] {
		sources(self.address)
	}
}

/// The documents of a source at `address`, as `--price-source` takes them.
pub fn sources(address: SocketAddr) -> [String; DOCUMENTS.len()] {
	DOCUMENTS.map(|(name, _)| format!("http://{address}/{name}.json#{POINTER}"))
}

async fn document(
	State(wander): State<Wander>,
	Path(document): Path<String>,
) -> Result<Json<Value>, StatusCode> {
	let known = DOCUMENTS.iter().find(|(name, _)| document.strip_suffix(".json") == Some(*name));
	let (_, off_ppm) = known.ok_or(StatusCode::NOT_FOUND)?;
	let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
	Ok(Json(json!({ "data": { "price": wander.shown(now.as_secs_f64(), *off_ppm) } })))
}

#[cfg(test)]
mod tests {
	use super::*;
	use tokio::{
		io::{AsyncReadExt, AsyncWriteExt},
		net::TcpStream,
	};

	async fn fetch(address: SocketAddr, path: &str) -> String {
		let mut stream = TcpStream::connect(address).await.unwrap();
		let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
		stream.write_all(request.as_bytes()).await.unwrap();
		let mut answer = String::new();
		stream.read_to_string(&mut answer).await.unwrap();
		answer
	}

	#[test]
	fn price_should_wander_within_its_swing() {
		let wander = Wander::default();
		assert_eq!(wander.shown(0.0, 0), "0.040000000000");
		assert_eq!(wander.shown(PERIOD_SECONDS / 4.0, 0), "0.040200000000");
		assert_eq!(wander.shown(PERIOD_SECONDS * 0.75, 0), "0.039800000000");
		assert_eq!(wander.shown(0.0, -1_000), "0.039960000000");
	}

	#[tokio::test]
	async fn documents_should_hold_the_price_where_their_sources_point() {
		let any = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0);
		let server = PriceServer::start(any, Wander { dollars: 2.0, swing_percent: 0.0 }).await.unwrap();
		for (source, price) in
			server.sources().iter().zip(["2.000000000000", "2.002000000000", "1.998000000000"])
		{
			let (url, pointer) = source.split_once('#').unwrap();
			let path = url.strip_prefix(&format!("http://{}", server.address)).unwrap();
			let answer = fetch(server.address, path).await;
			let (head, body) = answer.split_once("\r\n\r\n").unwrap();
			assert!(head.starts_with("HTTP/1.1 200"), "{head}");
			let document: Value = serde_json::from_str(body).unwrap();
			assert_eq!(document.pointer(pointer), Some(&json!(price)));
		}
		assert!(fetch(server.address, "/d.json").await.starts_with("HTTP/1.1 404"));
	}
}
