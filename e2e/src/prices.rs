//! A price source for networks on this machine: three documents that agree to a thousandth, about a price that wanders.
//! While it runs, it can be told to crash, lag, lie and jump: [`CONTROL_HELP`].

mod market;

use anyhow::{ensure, Context, Result};
use axum::{
	extract::{DefaultBodyLimit, Path, State},
	http::StatusCode,
	routing::{get, post},
	Json, Router,
};
use market::{Answer, Market, Order, DOCUMENTS};
use serde_json::{json, Map, Value};
use std::{
	net::{Ipv4Addr, SocketAddr},
	sync::{Arc, Mutex, MutexGuard, PoisonError},
	time::{SystemTime, UNIX_EPOCH},
};
use tokio::{net::TcpListener, task::JoinHandle};

pub use market::{Wander, PRICES};

/// Where the local network's source listens.
pub const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9_711);
/// Where the price is in each of the documents.
const POINTER: &str = "/data/price";
/// Longer than any order.
const MAX_ORDER_BYTES: usize = 1_024;

/// How a running source is told what to do.
pub const CONTROL_HELP: &str = "\
While it runs, each document (a, b, c, or all of them) can be told what to do:
  curl -d 'crash'    127.0.0.1:9711/control/a     answer HTTP 500
  curl -d 'lag 5000' 127.0.0.1:9711/control/b     answer after 5000 milliseconds (60000 at most)
  curl -d 'lie 50'   127.0.0.1:9711/control/c     tell 50 % more than the price (-50: half of it)
  curl -d 'stick'    127.0.0.1:9711/control/b     go on telling what it tells now
  curl -d 'honest'   127.0.0.1:9711/control/b     tell the price again
  curl -d 'jump -20' 127.0.0.1:9711/control/all   the price itself falls by 20 %, for good
  curl -d 'honest'   127.0.0.1:9711/control/all   all tell the price, as if it had never jumped
  curl               127.0.0.1:9711/control       what the price is, and what each document does
An order replaces the one before it; jumps multiply.";

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
	/// Listens at `address`, where port 0 stands for any that is free. On the loopback only: whoever reaches it may
	/// change the price, and nodes read plain HTTP from nowhere else.
	pub async fn start(address: SocketAddr, wander: Wander) -> Result<Self> {
		ensure!(
			address.ip().is_loopback(),
			"the local price source listens on the loopback only, not on {address}"
		);
		let listener = TcpListener::bind(address)
			.await
			.with_context(|| format!("the local price source cannot listen on {address}"))?;
		let address = listener.local_addr()?;
		let router = Router::new()
			.route("/{document}", get(document))
			.route("/control", get(control))
			.route("/control/{document}", post(order))
			.layer(DefaultBodyLimit::max(MAX_ORDER_BYTES))
			.with_state(Shared(Arc::new(Mutex::new(Market::new(wander)))));
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

/// The market, as all requests see it.
#[derive(Clone)]
struct Shared(Arc<Mutex<Market>>);

impl Shared {
	fn market(&self) -> MutexGuard<'_, Market> {
		self.0.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

/// Why a request is not answered, in words.
type Refusal = (StatusCode, String);

async fn document(
	State(shared): State<Shared>,
	Path(document): Path<String>,
) -> Result<Json<Value>, Refusal> {
	let now = seconds()?;
	let answer = document.strip_suffix(".json").and_then(|name| shared.market().answer(name, now));
	match answer {
		None => Err((StatusCode::NOT_FOUND, "there is no such document\n".into())),
		Some(Answer::Failure) => Err((StatusCode::INTERNAL_SERVER_ERROR, "it was told to crash\n".into())),
		Some(Answer::Price { dollars, after }) => {
			tokio::time::sleep(after).await;
			Ok(Json(json!({ "data": { "price": dollars } })))
		}
	}
}

async fn control(State(shared): State<Shared>) -> Result<Json<Value>, Refusal> {
	let now = seconds()?;
	Ok(Json(state(&shared.market(), now)))
}

async fn order(
	State(shared): State<Shared>,
	Path(document): Path<String>,
	order: String,
) -> Result<Json<Value>, Refusal> {
	let now = seconds()?;
	let refusal = |error: String| (StatusCode::BAD_REQUEST, format!("{error}\n"));
	let order: Order = order.parse().map_err(refusal)?;
	let mut market = shared.market();
	market.order(&document, order, now).map_err(refusal)?;
	Ok(Json(state(&market, now)))
}

fn state(market: &Market, seconds: f64) -> Value {
	let documents: Map<String, Value> =
		market.conducts().map(|(name, conduct)| (name.into(), conduct.to_string().into())).collect();
	json!({ "price": market.price(seconds), "documents": documents })
}

fn seconds() -> Result<f64, Refusal> {
	let now = SystemTime::now().duration_since(UNIX_EPOCH);
	let now =
		now.map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, format!("this machine's clock: {error}\n")))?;
	Ok(now.as_secs_f64())
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::time::{Duration, Instant};
	use tokio::{
		io::{AsyncReadExt, AsyncWriteExt},
		net::TcpStream,
	};

	const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
	const TWO_DOLLARS: Wander = Wander { dollars: 2.0, swing_percent: 0.0 };

	/// Status and body.
	async fn ask(address: SocketAddr, method: &str, path: &str, body: &str) -> (u16, String) {
		let mut stream = TcpStream::connect(address).await.unwrap();
		// As curl -d sends it.
		let request = format!(
			"{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
			Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
			body.len()
		);
		stream.write_all(request.as_bytes()).await.unwrap();
		let mut answer = String::new();
		stream.read_to_string(&mut answer).await.unwrap();
		let (head, body) = answer.split_once("\r\n\r\n").unwrap();
		let status = head.split(' ').nth(1).unwrap().parse().unwrap();
		(status, body.to_owned())
	}

	async fn get(server: &PriceServer, path: &str) -> (u16, String) {
		ask(server.address, "GET", path, "").await
	}

	async fn tell(server: &PriceServer, name: &str, order: &str) -> (u16, String) {
		ask(server.address, "POST", &format!("/control/{name}"), order).await
	}

	/// What a document says the price is.
	async fn told(server: &PriceServer, name: &str) -> String {
		let (status, body) = get(server, &format!("/{name}.json")).await;
		assert_eq!(status, 200, "{body}");
		let document: Value = serde_json::from_str(&body).unwrap();
		document.pointer(POINTER).unwrap().as_str().unwrap().to_owned()
	}

	#[tokio::test]
	async fn documents_should_hold_the_price_where_their_sources_point() {
		let server = PriceServer::start(ANY, TWO_DOLLARS).await.unwrap();
		for (source, price) in
			server.sources().iter().zip(["2.000000000000", "2.002000000000", "1.998000000000"])
		{
			let (url, pointer) = source.split_once('#').unwrap();
			let path = url.strip_prefix(&format!("http://{}", server.address)).unwrap();
			let (status, body) = get(&server, path).await;
			assert_eq!(status, 200, "{body}");
			let document: Value = serde_json::from_str(&body).unwrap();
			assert_eq!(document.pointer(pointer), Some(&json!(price)));
		}
		assert_eq!(get(&server, "/d.json").await.0, 404);
		assert_eq!(get(&server, "/a").await.0, 404);
	}

	#[tokio::test]
	async fn source_should_do_as_it_is_told_over_its_control() {
		let server = PriceServer::start(ANY, TWO_DOLLARS).await.unwrap();
		for (name, order) in [("a", "stick"), ("b", "crash"), ("c", "lie 50"), ("all", "jump 100")] {
			assert_eq!(tell(&server, name, order).await.0, 200, "{name} {order}");
		}
		assert_eq!(told(&server, "a").await, "2.000000000000");
		assert_eq!(get(&server, "/b.json").await.0, 500);
		assert_eq!(told(&server, "c").await, "5.994000000000");
		let (status, body) = get(&server, "/control").await;
		assert_eq!(status, 200, "{body}");
		assert_eq!(
			serde_json::from_str::<Value>(&body).unwrap(),
			json!({
				"price": "4.000000000000",
				"documents": { "a": "stick 2.000000000000", "b": "crash", "c": "lie 50" },
			})
		);

		assert_eq!(tell(&server, "all", "honest").await.0, 200);
		assert_eq!(told(&server, "b").await, "2.002000000000");
		assert_eq!(tell(&server, "b", "lag 300").await.0, 200);
		let asked = Instant::now();
		assert_eq!(told(&server, "b").await, "2.002000000000");
		assert!(asked.elapsed() >= Duration::from_millis(300), "{:?}", asked.elapsed());
	}

	#[tokio::test]
	async fn control_should_refuse_what_is_no_order() {
		let server = PriceServer::start(ANY, TWO_DOLLARS).await.unwrap();
		let before = get(&server, "/control").await;
		let (status, says) = tell(&server, "a", "dance").await;
		assert!(status == 400 && says.contains("honest, crash"), "{status}: {says}");
		assert_eq!(tell(&server, "d", "crash").await.0, 400);
		assert_eq!(tell(&server, "a", &"x".repeat(MAX_ORDER_BYTES + 1)).await.0, 413);
		assert_eq!(get(&server, "/control/a").await.0, 405);
		assert_eq!(get(&server, "/control").await, before);
	}

	#[tokio::test]
	async fn source_should_refuse_to_listen_beyond_the_loopback() {
		let everywhere = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0);
		let error = PriceServer::start(everywhere, TWO_DOLLARS).await.err().unwrap();
		assert!(error.to_string().contains("loopback only"), "{error}");
	}

	#[tokio::test]
	async fn help_should_teach_what_works() {
		let server = PriceServer::start(ANY, TWO_DOLLARS).await.unwrap();
		let mut taught = 0;
		for line in CONTROL_HELP.lines().filter(|line| line.contains("curl -d")) {
			let (_, line) = line.split_once("-d '").unwrap();
			let (order, line) = line.split_once('\'').unwrap();
			let (url, _) = line.trim_start().split_once(' ').unwrap();
			let name = url.strip_prefix(&format!("{ADDRESS}/control/")).unwrap();
			let (status, body) = tell(&server, name, order).await;
			assert_eq!(status, 200, "{order}: {body}");
			taught += 1;
		}
		assert_eq!(taught, 7);
	}
}
