//! The loopback HTTP interface: tasks in, reports out, metrics. Every path but `/metrics` and
//! `/openapi.json` wants the bearer token.
//!
//! | request | answer |
//! |---|---|
//! | `POST /v1/tasks` with a `TasksRequest` | 204, 400 (foreign genesis, other node), 401, 413, 503 (endpoints disagree) |
//! | `GET /v1/reports/<epoch>` | 200 with a `ReportResponse`, 401, 503 (no chain) |
//! | `POST /v1/watch` with a `WatchRequest` | 200 with a `WatchResponse`, otherwise as for tasks |
//! | `GET /v1/receipts/<epoch>/<prefix>,…` | 200 with a `ReceiptsResponse`, 400, 401, 404 (one is missing), 503 |
//! | `GET /v1/provider` | 200 with how customers are served, 401, 503 (they are not) |
//! | `POST /v1/provider/pause`, `…/resume` | the same, afterwards |
//! | `GET /metrics` | 200, Prometheus text |
//! | `GET /openapi.json` | 200, what is described here in OpenAPI 3.1 |

mod provider;
mod watch;

use crate::{
	advice,
	attest::{Attestor, EpochTasks},
	chain::bytes32,
	metrics::Metrics,
	provide::Switch,
	tasks::Task,
};
use anyhow::{anyhow, bail, Context, Result};
use axum::{
	body::Bytes,
	extract::{DefaultBodyLimit, Path, Request, State},
	http::{header, StatusCode},
	middleware::{self, Next},
	response::{IntoResponse, Response},
	routing::{get, post, MethodRouter},
	Json, Router,
};
use codec::Encode;
use serde::de::DeserializeOwned;
use std::{
	net::SocketAddr,
	sync::{Arc, OnceLock},
};
use tokio::net::TcpListener;
use weir_math::audit::MAX_PROOFS;
use weir_primitives::{
	api,
	chain::AccountId,
	report::MAX_ENTRIES,
	sidecar::{
		to_hex, ReceiptsResponse, ReportResponse, ReportState, TasksRequest, MAX_BODY_BYTES, RECEIPTS_PATH,
		REPORTS_PATH, TASKS_PATH, WATCH_PATH,
	},
};
use zeroize::Zeroizing;

/// The interface in OpenAPI.
const DESCRIPTION: &str = include_str!("../../docs/tunnel-openapi.json");

/// What the handlers share.
pub struct Shared {
	/// The bearer token.
	pub token: Zeroizing<String>,
	/// Hash of the first block.
	pub genesis: [u8; 32],
	/// The node's account.
	pub account: AccountId,
	/// The attestor, once it runs.
	pub attestor: OnceLock<Arc<Attestor>>,
	/// By which customers are let in or not, if they are served.
	pub switch: Option<Arc<Switch>>,
	/// The process's counters.
	pub metrics: Arc<Metrics>,
}

/// Binds a loopback address. Nothing is answered before [`Api::start`].
pub async fn bind(listen: SocketAddr) -> Result<TcpListener> {
	if !listen.ip().is_loopback() {
		bail!("api.listen {listen} is not a loopback address");
	}
	let bound = TcpListener::bind(listen).await;
	bound.map_err(|error| advice::bind("TCP", listen, Some("api.listen"), &error))
}

/// A running interface. Dropped, it stops.
pub struct Api {
	address: SocketAddr,
	_task: Task,
}

impl Api {
	/// Answers on a bound address.
	pub fn start(listener: TcpListener, shared: Arc<Shared>) -> Result<Self> {
		let address = listener.local_addr().context("api")?;
		let (guarded, open) = (guarded(), open());
		let router = guarded
			.router
			.route_layer(middleware::from_fn_with_state(shared.clone(), check_token))
			.merge(open.router)
			.layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
			.layer(middleware::from_fn_with_state(shared.clone(), count_refused))
			.with_state(shared);
		tracing::info!(%address, "API listens");
		let task = Task::spawn("api", async move {
			if let Err(error) = axum::serve(listener, router).await {
				tracing::error!(%error, "API stopped");
			}
		});
		Ok(Self { address, _task: task })
	}

	/// Where it listens.
	pub fn address(&self) -> SocketAddr {
		self.address
	}
}

/// What is served, and a list of it for the test that compares it with its description.
#[derive(Default)]
struct Routes {
	router: Router<Arc<Shared>>,
	#[cfg(test)]
	served: Vec<(&'static str, String)>,
}

impl Routes {
	fn with(mut self, method: &'static str, path: &str, handler: MethodRouter<Arc<Shared>>) -> Self {
		self.router = self.router.route(path, handler);
		#[cfg(test)]
		self.served.push((method, path.to_owned()));
		#[cfg(not(test))]
		let _ = method;
		self
	}
}

/// What wants the token.
fn guarded() -> Routes {
	Routes::default()
		.with("post", TASKS_PATH, post(take_tasks))
		.with("post", WATCH_PATH, post(watch::take))
		.with("get", &format!("{REPORTS_PATH}/{{epoch}}"), get(report))
		.with("get", &format!("{RECEIPTS_PATH}/{{epoch}}/{{prefixes}}"), get(receipts))
		.with("get", "/v1/provider", get(provider::standing))
		.with("post", "/v1/provider/pause", post(provider::pause))
		.with("post", "/v1/provider/resume", post(provider::resume))
}

/// What does not.
fn open() -> Routes {
	Routes::default().with("get", "/metrics", get(metrics)).with(
		"get",
		"/openapi.json",
		get(|| async { ([(header::CONTENT_TYPE, "application/json")], DESCRIPTION) }),
	)
}

/// Compares without telling by time how much was right.
fn equal(a: &[u8], b: &[u8]) -> bool {
	a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

async fn check_token(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
	let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
	let given = given.and_then(|value| value.strip_prefix("Bearer "));
	if given.is_some_and(|given| equal(given.as_bytes(), shared.token.as_bytes())) {
		return next.run(request).await;
	}
	shared.metrics.unauthorised.inc();
	tracing::warn!(
		given = given.is_some(),
		"API request refused: wrong token; node and sidecar must be given the same token file"
	);
	let reason = "wrong token; node and sidecar must be given the same token file";
	(StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")], reason).into_response()
}

/// Counts what is refused by its status, whoever refuses it: the reason is in the answer and, if it is ours, in the log.
async fn count_refused(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
	let response = next.run(request).await;
	let status = response.status();
	if status.is_client_error() || status.is_server_error() {
		shared.metrics.api_refused.inc(status.as_str());
	}
	response
}

fn refuse(status: StatusCode, reason: impl Into<String>) -> Response {
	let reason = advice::one_line(&reason.into());
	tracing::warn!(reason, "API request refused");
	(status, reason).into_response()
}

/// The request in a body, and the attestor it is for; otherwise the answer.
#[allow(clippy::result_large_err)]
fn read<'a, R: DeserializeOwned>(
	shared: &'a Shared,
	body: &[u8],
	what: &str,
) -> Result<(R, &'a Arc<Attestor>), Response> {
	let request = serde_json::from_slice(body).map_err(|error| {
		let reason = format!("not a {what} request: {error}; node and sidecar must be of one version");
		refuse(StatusCode::BAD_REQUEST, reason)
	})?;
	let attestor = attestor(shared)?;
	attestor.agreement().map_err(|error| refuse(StatusCode::SERVICE_UNAVAILABLE, error.to_string()))?;
	Ok((request, attestor))
}

#[allow(clippy::result_large_err)]
fn attestor(shared: &Shared) -> Result<&Arc<Attestor>, Response> {
	shared.attestor.get().ok_or_else(|| {
		let reason = "this process does not attest for a node; set attest.mode = \"node\"";
		refuse(StatusCode::SERVICE_UNAVAILABLE, reason)
	})
}

async fn take_tasks(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
	let (request, attestor) = match read(&shared, &body, "tasks") {
		Ok(read) => read,
		Err(refusal) => return refusal,
	};
	match read_tasks(&shared, attestor, request) {
		Ok(tasks) => {
			attestor.take_tasks(tasks);
			StatusCode::NO_CONTENT.into_response()
		}
		Err(error) => refuse(StatusCode::BAD_REQUEST, error.to_string()),
	}
}

fn account(hex: &str) -> Result<AccountId> {
	let mut bytes = [0u8; 32];
	hex::decode_to_slice(hex.trim_start_matches("0x"), &mut bytes)
		.with_context(|| format!("{hex}: not 32 bytes of hex"))?;
	Ok(bytes.into())
}

/// The seat a request is for, if it is that of this sidecar's node on this sidecar's chain.
fn check_seat(
	shared: &Shared,
	attestor: &Attestor,
	genesis: &str,
	node: &str,
	seat: api::SeatInfo<String>,
) -> Result<api::SeatInfo<AccountId>> {
	if bytes32(&account(genesis)?) != shared.genesis {
		bail!(
			"foreign genesis: the node is on chain {genesis}, this sidecar on 0x{}; give both the same chain",
			hex::encode(shared.genesis)
		);
	}
	if account(node)? != shared.account {
		bail!(
			"the node is {node}, this sidecar is configured for {}; correct node.account or its --tunnel-url",
			shared.account
		);
	}
	let seat = api::SeatInfo {
		account: account(&seat.account)?,
		key: seat.key,
		endpoint: seat.endpoint,
		uplink_kbps: seat.uplink_kbps,
		country: seat.country,
		from_epoch: seat.from_epoch,
		score_ppm: seat.score_ppm,
	};
	attestor.check_seat(&seat).map_err(|reason| anyhow!(reason))?;
	Ok(seat)
}

fn read_tasks(shared: &Shared, attestor: &Attestor, request: TasksRequest) -> Result<EpochTasks> {
	check_seat(shared, attestor, &request.genesis, &request.node, request.seat)?;
	if request.tasks.len() > MAX_ENTRIES as usize {
		bail!("{} tasks are more than a report can hold", request.tasks.len());
	}
	let tasks = request.tasks.into_iter().map(|task| {
		Ok(api::Task {
			provider: task.provider,
			account: account(&task.account)?,
			endpoint: task.endpoint,
			peer_id: task.peer_id,
			probe_key: task.probe_key,
			claim: task.claim,
			kind: task.kind,
			ordinal: task.ordinal,
			members: task.members,
			quota_down_kbps: task.quota_down_kbps,
			quota_up_kbps: task.quota_up_kbps,
			window_millis: task.window_millis,
			start_slot: task.start_slot,
		})
	});
	let tasks = tasks.collect::<Result<_>>()?;
	Ok(EpochTasks { epoch: request.epoch, first_slot: request.epoch_first_slot, tasks })
}

async fn report(State(shared): State<Arc<Shared>>, Path(epoch): Path<u32>) -> Response {
	let attestor = match attestor(&shared) {
		Ok(attestor) => attestor,
		Err(refusal) => return refusal,
	};
	match attestor.report(epoch).await {
		Ok((ready, entries)) => {
			let state = if ready { ReportState::Ready } else { ReportState::Pending };
			Json(ReportResponse { epoch, state, entries }).into_response()
		}
		Err(error) => refuse(StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
	}
}

async fn receipts(
	State(shared): State<Arc<Shared>>,
	Path((epoch, prefixes)): Path<(u32, String)>,
) -> Response {
	let attestor = match attestor(&shared) {
		Ok(attestor) => attestor,
		Err(refusal) => return refusal,
	};
	let prefix = |hex: &str| {
		let mut prefix = [0; 5];
		hex::decode_to_slice(hex, &mut prefix).ok().map(|()| prefix)
	};
	let Some(prefixes) = prefixes.split(',').map(prefix).collect::<Option<Vec<_>>>() else {
		return refuse(StatusCode::BAD_REQUEST, "prefixes are ten hex digits each, with commas between them");
	};
	if prefixes.len() > MAX_PROOFS as usize {
		return refuse(StatusCode::BAD_REQUEST, "more receipts than an audit asks for");
	}
	match attestor.receipts(epoch, prefixes).await {
		Ok(Some(receipts)) => {
			let receipts = receipts.iter().map(|receipt| to_hex(&receipt.encode())).collect();
			Json(ReceiptsResponse { epoch, receipts }).into_response()
		}
		Ok(None) => refuse(StatusCode::NOT_FOUND, "no such receipt in this state folder"),
		Err(error) => refuse(StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
	}
}

async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
	([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], shared.metrics.render()).into_response()
}

#[cfg(test)]
mod tests;
