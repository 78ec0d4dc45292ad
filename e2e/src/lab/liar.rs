//! A lying attestor: stands between a node and its sidecar, and changes what was measured before the node commits to
//! it. Node and sidecar are the real ones and notice nothing, so the chain sees a well-formed lie.

use anyhow::{Context, Result};
use axum::{
	body::{Body, Bytes},
	extract::{Request, State},
	http::{StatusCode, Uri},
	response::{IntoResponse, Response},
	Router,
};
use hyper_util::{
	client::legacy::{connect::HttpConnector, Client},
	rt::TokioExecutor,
};
use std::{fs, net::SocketAddr, path::PathBuf, sync::Arc};
use weir_primitives::{
	report::EntryKind,
	sidecar::{ReportResponse, MAX_BODY_BYTES, REPORTS_PATH},
};

/// What a liar claims to have acknowledged, kbps: more than any quota, so that the quota is what counts.
const INVENTED_KBPS: u32 = 1_000_000;

/// What a liar makes of its measurements.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lie {
	/// Nothing: it reports the truth.
	None,
	/// Every line carried as much as was offered.
	Inflate,
	/// No line carried anything, though it was loaded and every receipt countersigned.
	Deny,
}

impl Lie {
	/// As the file of instructions holds it.
	pub const fn word(self) -> &'static str {
		match self {
			Self::None => "none",
			Self::Inflate => "inflate",
			Self::Deny => "deny",
		}
	}

	fn from_word(word: &str) -> Option<Self> {
		[Self::None, Self::Inflate, Self::Deny].into_iter().find(|lie| lie.word() == word.trim())
	}

	/// Changes `report`; the number of entries changed.
	pub fn tell(self, report: &mut ReportResponse) -> usize {
		let invented = match self {
			Self::None => return 0,
			Self::Inflate => INVENTED_KBPS,
			Self::Deny => 0,
		};
		for entry in &mut report.entries {
			(entry.kind, entry.down_kbps, entry.up_kbps) = (EntryKind::Measured, invented, invented);
		}
		report.entries.len()
	}
}

/// Where a liar stands.
pub struct Place {
	/// Where the node looks for its sidecar.
	pub listen: SocketAddr,
	/// Where the sidecar is.
	pub sidecar: SocketAddr,
	/// File of instructions: one line per epoch to lie in, `EPOCH WORD`.
	pub orders: PathBuf,
}

#[derive(Clone)]
struct Proxy {
	place: Arc<Place>,
	client: Client<HttpConnector, Body>,
}

/// Passes everything on, lying as ordered, until the process ends.
pub async fn serve(place: Place) -> Result<()> {
	let listener = tokio::net::TcpListener::bind(place.listen).await.context("listening for the node")?;
	let client = Client::builder(TokioExecutor::new()).build_http();
	let proxy = Proxy { place: Arc::new(place), client };
	axum::serve(listener, Router::new().fallback(pass).with_state(proxy)).await.context("serving the node")
}

async fn pass(State(proxy): State<Proxy>, request: Request) -> Response {
	match passed(&proxy, request).await {
		Ok(response) => response,
		Err(error) => {
			eprintln!("{error:#}");
			StatusCode::BAD_GATEWAY.into_response()
		}
	}
}

async fn passed(proxy: &Proxy, mut request: Request) -> Result<Response> {
	let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
	*request.uri_mut() = Uri::try_from(format!("http://{}{path}", proxy.place.sidecar))?;
	request.headers_mut().remove("host");
	let response = proxy.client.request(request).await?.map(Body::new);
	let reported = path.strip_prefix(REPORTS_PATH).and_then(|rest| rest.trim_start_matches('/').parse().ok());
	let lie = match reported {
		Some(epoch) => order(&proxy.place, epoch)?,
		None => Lie::None,
	};
	if lie == Lie::None || !response.status().is_success() {
		return Ok(response);
	}
	let (parts, body) = response.into_parts();
	let body: Bytes = axum::body::to_bytes(body, MAX_BODY_BYTES).await?;
	let mut report: ReportResponse = serde_json::from_slice(&body)?;
	let changed = lie.tell(&mut report);
	println!("epoch {}: {} of {changed} entries ({:?})", report.epoch, lie.word(), report.state);
	let mut response = Response::new(Body::from(serde_json::to_vec(&report)?));
	*response.status_mut() = parts.status;
	Ok(response)
}

/// The lie for `epoch`.
fn order(place: &Place, epoch: u32) -> Result<Lie> {
	let orders = fs::read_to_string(&place.orders).context("reading the liar's orders")?;
	let of = |line: &str| {
		let (number, word) = line.split_once(' ')?;
		(number.parse() == Ok(epoch)).then(|| Lie::from_word(word))?
	};
	Ok(orders.lines().find_map(of).unwrap_or(Lie::None))
}

#[cfg(test)]
mod tests {
	use super::*;
	use weir_primitives::{report::Entry, sidecar::ReportState};

	fn report() -> ReportResponse {
		let entry = Entry {
			provider: 1,
			kind: EntryKind::Limited,
			down_kbps: 10,
			up_kbps: 20,
			rtt_10us: 3,
			loss_pptt: 4,
			liveness: [5; 5],
			receipt: [6; 5],
		};
		ReportResponse { epoch: 7, state: ReportState::Ready, entries: vec![entry] }
	}

	#[test]
	fn lie_should_change_rates_alone() {
		let mut told = report();
		assert_eq!(Lie::Deny.tell(&mut told), 1);
		assert_eq!((told.entries[0].down_kbps, told.entries[0].up_kbps), (0, 0));
		assert_eq!(told.entries[0].liveness, [5; 5]);
		assert_eq!(Lie::Inflate.tell(&mut told), 1);
		assert_eq!(told.entries[0].down_kbps, INVENTED_KBPS);
	}

	#[test]
	fn truth_should_be_passed_on() {
		let mut told = report();
		assert_eq!(Lie::None.tell(&mut told), 0);
		assert_eq!(told, report());
	}

	#[test]
	fn order_should_be_that_of_its_epoch() {
		let orders = tempfile::NamedTempFile::new().unwrap();
		fs::write(orders.path(), "9 inflate\n10 deny\n").unwrap();
		let any = SocketAddr::from(([127, 0, 0, 1], 0));
		let place = Place { listen: any, sidecar: any, orders: orders.path().into() };
		assert_eq!(order(&place, 8).unwrap(), Lie::None);
		assert_eq!(order(&place, 9).unwrap(), Lie::Inflate);
		assert_eq!(order(&place, 10).unwrap(), Lie::Deny);
	}
}
