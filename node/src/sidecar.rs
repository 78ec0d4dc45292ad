//! The node's end of the link to its sidecar: a forwarder on the loopback that adds the bearer token.
//!
//! The runtime's off-chain worker speaks HTTP, but its database and client log what they see at debug level, so the
//! token must be in neither. The worker knows only the forwarder's address. That address carries a random path, drawn
//! anew at each start, so that no other local user can borrow the token through the forwarder.

use crate::cli::SidecarParams;
use axum::{
	body::{Body, Bytes},
	extract::{DefaultBodyLimit, State},
	http::{
		header::{AUTHORIZATION, HOST, TRANSFER_ENCODING},
		request::Parts,
		HeaderValue, Request, StatusCode, Uri,
	},
	response::{IntoResponse, Response},
	Router,
};
use hyper_util::{
	client::legacy::{connect::HttpConnector, Client},
	rt::TokioExecutor,
};
use polkadot_sdk::*;
use sc_service::{error::Error as ServiceError, Configuration, SpawnTaskHandle};
use sp_core::offchain::{OffchainStorage, STORAGE_PREFIX};
use sp_keystore::KeystorePtr;
use std::{net::SocketAddr, os::unix::fs::PermissionsExt, path::Path, time::Duration};
use weir_primitives::{
	sidecar::{to_hex, MAX_BODY_BYTES, URL_KEY},
	SEAT_KEY_TYPE,
};

/// Longer than the off-chain worker waits, so that it is the worker who gives up first.
const UPSTREAM_DEADLINE: Duration = Duration::from_secs(2);

/// A sidecar named on the command line.
pub(crate) struct Sidecar {
	origin: String,
	authorization: HeaderValue,
}

impl Sidecar {
	/// Reads `--tunnel-url` and `--tunnel-token-file`; none if neither is given.
	pub(crate) fn from_params(params: &SidecarParams) -> sc_cli::Result<Option<Self>> {
		let (url, file) = match (&params.tunnel_url, &params.tunnel_token_file) {
			(None, None) => return Ok(None),
			(Some(url), Some(file)) => (url, file),
			(Some(_), None) => {
				return Err("--tunnel-url needs --tunnel-token-file: the file with weir-tunnel's token".into())
			}
			(None, Some(_)) => {
				return Err("--tunnel-token-file needs --tunnel-url, such as http://127.0.0.1:9700".into())
			}
		};
		// The URL is not repeated: who puts a password into it must not find it in a log.
		let origin = loopback_origin(url).map_err(|reason| format!("--tunnel-url: {reason}"))?;
		let token =
			read_token(file).map_err(|reason| format!("--tunnel-token-file {}: {reason}", file.display()))?;
		let mut authorization = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| {
			format!("--tunnel-token-file {}: the token has characters no header may carry", file.display())
		})?;
		authorization.set_sensitive(true);
		Ok(Some(Self { origin, authorization }))
	}

	/// Starts the forwarder and tells the off-chain worker where it listens.
	pub(crate) fn link(
		&self,
		spawner: &SpawnTaskHandle,
		mut storage: impl OffchainStorage,
	) -> Result<(), ServiceError> {
		let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
		listener.set_nonblocking(true)?;
		let path = format!("/{}", to_hex(&rand::random::<[u8; 16]>()));
		let url = format!("http://{}{path}", listener.local_addr()?);
		let router = self.router(&path);
		spawner.spawn("sidecar-forwarder", Some("offchain-worker"), async move {
			let served = match tokio::net::TcpListener::from_std(listener) {
				Ok(listener) => axum::serve(listener, router).await,
				Err(error) => Err(error),
			};
			if let Err(error) = served {
				log::error!(
					"the link to the sidecar ended: {error}; measurements stop until the node is restarted"
				);
			}
		});
		storage.set(STORAGE_PREFIX, URL_KEY, url.as_bytes());
		log::info!("measuring through the sidecar at {}", self.origin);
		Ok(())
	}

	/// The forwarder, under `path` and nowhere else.
	fn router(&self, path: &str) -> Router {
		let forwarder = Forwarder {
			origin: self.origin.clone(),
			authorization: self.authorization.clone(),
			client: Client::builder(TokioExecutor::new()).build_http(),
		};
		Router::new()
			.nest(path, Router::new().fallback(forward).with_state(forwarder))
			.layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
	}
}

#[derive(Clone)]
struct Forwarder {
	origin: String,
	authorization: HeaderValue,
	client: Client<HttpConnector, Body>,
}

/// Hands a request on. 502 and 504 are the forwarder's own, which the worker takes for a sidecar that is down or slow.
///
/// The request is read whole, as only that keeps to the limit of its body. The answer is passed on as it comes: it is
/// the worker who reads no more of it than it may have.
async fn forward(State(forwarder): State<Forwarder>, mut parts: Parts, body: Bytes) -> Response {
	let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
	let Ok(uri) = Uri::try_from(format!("{}{path}", forwarder.origin)) else {
		return StatusCode::BAD_REQUEST.into_response();
	};
	parts.uri = uri;
	for of_this_connection in [HOST, TRANSFER_ENCODING] {
		parts.headers.remove(of_this_connection);
	}
	parts.headers.insert(AUTHORIZATION, forwarder.authorization);
	let request = Request::from_parts(parts, Body::from(body));
	match tokio::time::timeout(UPSTREAM_DEADLINE, forwarder.client.request(request)).await {
		Ok(Ok(response)) => {
			if response.status() == StatusCode::UNAUTHORIZED {
				log::warn!("the sidecar refuses the token: give node and weir-tunnel the same token file");
			}
			response.map(Body::new)
		}
		Ok(Err(error)) => {
			log::debug!("the sidecar at {}: {error}", forwarder.origin);
			StatusCode::BAD_GATEWAY.into_response()
		}
		Err(_) => StatusCode::GATEWAY_TIMEOUT.into_response(),
	}
}

/// Makes the off-chain worker forget the forwarder of an earlier start: another program may have its port by now.
pub(crate) fn unlink(mut storage: impl OffchainStorage) {
	storage.remove(STORAGE_PREFIX, URL_KEY);
}

/// `http://ADDRESS:PORT` of a loopback URL with nothing before or behind that.
fn loopback_origin(url: &str) -> Result<String, String> {
	let uri: Uri = url
		.trim_end_matches('/')
		.parse()
		.map_err(|error| format!("not a URL ({error}): it must look like http://127.0.0.1:9700"))?;
	let authority = uri.authority().map_or("", |authority| authority.as_str());
	// Neither a password nor the zone of an address.
	let is_plain = !authority.contains(['@', '%'])
		&& matches!(uri.path(), "" | "/")
		&& uri.query().is_none()
		// The parser drops a fragment without a word, and with it every path that is put behind it.
		&& !url.contains('#');
	if uri.scheme_str() != Some("http") || uri.port_u16().is_none() || !is_plain {
		return Err(
			"it must look like http://127.0.0.1:9700: scheme, address and port, and nothing else".into()
		);
	}
	// All of the authority: the parser takes a host with something behind its bracket for one.
	let is_named = authority.strip_prefix("localhost:").is_some_and(|port| port.parse::<u16>().is_ok());
	if !is_named && !authority.parse::<SocketAddr>().is_ok_and(|address| address.ip().is_loopback()) {
		return Err(format!("{authority} is no loopback address and port, and the token travels unencrypted: run weir-tunnel beside the node"));
	}
	Ok(url.trim_end_matches('/').into())
}

/// The token in `file`, which only its owner may read.
fn read_token(file: &Path) -> Result<String, String> {
	let mode = std::fs::metadata(file)
		.map_err(|error| {
			format!("{error}; make one with 'openssl rand -hex 32', mode 0600, and give weir-tunnel the same")
		})?
		.permissions()
		.mode();
	if mode & 0o077 != 0 {
		return Err(format!("others may read it (mode {:o}): run chmod 600", mode & 0o777));
	}
	let token = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
	let token = token.trim();
	if token.is_empty() {
		return Err(
			"it is empty: write one line into it, such as the output of 'openssl rand -hex 32'".into()
		);
	}
	Ok(token.into())
}

/// With `--alice` and its like, the keystore also gets that account's seat key, as the development presets name it.
pub(crate) fn insert_dev_seat_key(
	config: &Configuration,
	keystore: &KeystorePtr,
) -> Result<(), ServiceError> {
	if let Some(seed) = &config.dev_key_seed {
		keystore
			.sr25519_generate_new(SEAT_KEY_TYPE, Some(seed))
			.map_err(|error| ServiceError::Other(format!("the seat key could not be stored: {error:?}")))?;
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use axum::{
		body::to_bytes,
		http::{HeaderMap, Method},
	};
	use std::net::IpAddr;

	#[test]
	fn origin_should_be_refused_when_not_on_the_loopback() {
		assert!(loopback_origin("http://192.0.2.1:9700").unwrap_err().contains("loopback"));
		assert!(loopback_origin("https://127.0.0.1:9700").is_err());
		assert!(loopback_origin("http://127.0.0.1").is_err());
		assert!(loopback_origin("http://127.0.0.1:9700/path").is_err());
		assert!(loopback_origin("http://127.0.0.1:9700?query").is_err());
		assert!(loopback_origin("http://127.0.0.1:9700#fragment").is_err());
		assert!(loopback_origin("http://127.0.0.1:99999").is_err());
		assert!(loopback_origin("127.0.0.1:9700").is_err());
		assert!(loopback_origin("http://[::1]27.0.0.1:9700").is_err());
		assert!(loopback_origin("http://[::1%0]:9700").is_err());
	}

	#[test]
	fn refusal_should_not_repeat_a_password_when_the_origin_holds_one() {
		let refusal = loopback_origin("http://me:hunter2@127.0.0.1:9700").unwrap_err();
		assert!(!refusal.contains("hunter2"), "{refusal}");
	}

	#[test]
	fn origin_should_lose_its_trailing_slash() {
		assert_eq!(loopback_origin("http://127.0.0.1:9700/").unwrap(), "http://127.0.0.1:9700");
		assert_eq!(loopback_origin("http://[::1]:9700").unwrap(), "http://[::1]:9700");
	}

	#[test]
	fn fuzz_origin_should_be_on_the_loopback_without_a_password() {
		let samples =
			["http://127.0.0.1:9700", "http://[::1]:9700/", "http://localhost:1", "http://a:b@127.0.0.1:1"];
		let words = ["@", ":", "//", "[", "%00", "127.", "#"];
		let run = weir_fuzz::Fuzz::new("origin", 40_000).samples(samples).words(words).longest(64);
		let ran = run.run(|bytes| {
			let Ok(text) = std::str::from_utf8(bytes) else { return [false] };
			let Ok(origin) = loopback_origin(text) else { return [false] };
			let origin = origin.to_ascii_lowercase();
			let authority = origin.strip_prefix("http://").expect("the scheme");
			let (host, port) = authority.rsplit_once(':').expect("a port");
			let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
			assert!(host == "localhost" || address.is_ok_and(|address| address.is_loopback()), "{origin}");
			assert!(port.parse::<u16>().is_ok(), "{origin}");
			[true]
		});
		assert!(ran.count(&true) > 0 && ran.count(&false) > 0, "{:?}", ran.seen);
	}

	const TOKEN: &str = "5eC4e7token";
	const PATH: &str = "/0x00ff";

	/// Serves `router` on a port of its own.
	async fn serve(router: Router) -> String {
		let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
		let origin = format!("http://{}", listener.local_addr().unwrap());
		tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
		origin
	}

	/// A forwarder to the sidecar at `origin`.
	async fn forwarder_to(origin: &str) -> String {
		let authorization = HeaderValue::from_str(&format!("Bearer {TOKEN}")).unwrap();
		serve(Sidecar { origin: origin.into(), authorization }.router(PATH)).await
	}

	/// Sends a request as the worker does.
	async fn ask(method: Method, url: String, body: impl Into<Body>) -> (StatusCode, String) {
		let client: Client<HttpConnector, Body> = Client::builder(TokioExecutor::new()).build_http();
		let request = Request::builder().method(method).uri(url).body(body.into()).unwrap();
		let response = client.request(request).await.unwrap();
		let status = response.status();
		let body = to_bytes(Body::new(response.into_body()), usize::MAX).await.unwrap();
		(status, String::from_utf8(body.to_vec()).unwrap())
	}

	/// A sidecar that says back what it was asked, and with what token.
	fn echo() -> Router {
		Router::new().fallback(|method: Method, uri: Uri, headers: HeaderMap, body: String| async move {
			let tokens: Vec<_> =
				headers.get_all(AUTHORIZATION).iter().map(|token| token.to_str().unwrap()).collect();
			format!("{method} {uri} {tokens:?} {body}")
		})
	}

	#[tokio::test]
	async fn forwarder_should_add_the_token_and_pass_the_answer_on() {
		let forwarder = forwarder_to(&serve(echo()).await).await;
		let (status, answer) = ask(Method::POST, format!("{forwarder}{PATH}/v1/tasks"), "{}").await;
		assert_eq!(
			(status, answer.as_str()),
			(StatusCode::OK, r#"POST /v1/tasks ["Bearer 5eC4e7token"] {}"#)
		);
		// The worker does not know how long a body will be.
		let parts = futures::stream::iter([Ok::<_, std::io::Error>("{"), Ok("}")]);
		let body = Body::from_stream(parts);
		let (status, answer) = ask(Method::POST, format!("{forwarder}{PATH}/v1/tasks?a=b"), body).await;
		assert_eq!(
			(status, answer.as_str()),
			(StatusCode::OK, r#"POST /v1/tasks?a=b ["Bearer 5eC4e7token"] {}"#)
		);
		let refusing = serve(Router::new().fallback(|| async { (StatusCode::UNAUTHORIZED, "who?") })).await;
		let forwarder = forwarder_to(&refusing).await;
		let (status, answer) = ask(Method::GET, format!("{forwarder}{PATH}/v1/reports/3"), "").await;
		assert_eq!((status, answer.as_str()), (StatusCode::UNAUTHORIZED, "who?"));
	}

	#[tokio::test]
	async fn forwarder_should_lend_the_token_to_nobody_who_does_not_know_its_path() {
		let forwarder = forwarder_to(&serve(echo()).await).await;
		for path in ["/v1/tasks", "/", "/0x00fe/v1/tasks", "/0x00ff0/v1/tasks"] {
			let answer = ask(Method::GET, format!("{forwarder}{path}"), "").await;
			assert_eq!(answer, (StatusCode::NOT_FOUND, String::new()), "{path}");
		}
	}

	#[tokio::test]
	async fn forwarder_should_answer_502_when_the_sidecar_is_down_or_hangs_up() {
		let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
		let origin = format!("http://{}", listener.local_addr().unwrap());
		let forwarder = forwarder_to(&origin).await;
		let url = format!("{forwarder}{PATH}/v1/reports/3");
		let hanging_up = async { drop(listener.accept().await.unwrap()) };
		let (answer, ()) = tokio::join!(ask(Method::GET, url.clone(), ""), hanging_up);
		assert_eq!(answer, (StatusCode::BAD_GATEWAY, String::new()));
		drop(listener);
		assert_eq!(ask(Method::GET, url, "").await, (StatusCode::BAD_GATEWAY, String::new()));
	}

	#[tokio::test]
	async fn forwarder_should_answer_504_when_the_sidecar_does_not_answer_in_time() {
		let silent = serve(Router::new().fallback(std::future::pending::<()>)).await;
		let forwarder = forwarder_to(&silent).await;
		let began = std::time::Instant::now();
		let answer = ask(Method::GET, format!("{forwarder}{PATH}/v1/reports/3"), "").await;
		assert_eq!(answer, (StatusCode::GATEWAY_TIMEOUT, String::new()));
		assert!(began.elapsed() >= UPSTREAM_DEADLINE);
	}

	#[tokio::test]
	async fn forwarder_should_refuse_a_body_that_exceeds_the_limit() {
		let forwarder = forwarder_to(&serve(echo()).await).await;
		let url = format!("{forwarder}{PATH}/v1/tasks");
		let (status, _) = ask(Method::POST, url.clone(), " ".repeat(MAX_BODY_BYTES)).await;
		assert_eq!(status, StatusCode::OK);
		let (status, answer) = ask(Method::POST, url, " ".repeat(MAX_BODY_BYTES + 1)).await;
		assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
		assert!(!answer.contains(TOKEN), "it did not reach the sidecar: {answer}");
	}

	#[tokio::test]
	async fn forwarder_should_leave_it_to_the_worker_to_bound_an_answer() {
		let long = serve(Router::new().fallback(|| async { " ".repeat(4 * MAX_BODY_BYTES) })).await;
		let forwarder = forwarder_to(&long).await;
		let (status, answer) = ask(Method::GET, format!("{forwarder}{PATH}/v1/reports/3"), "").await;
		assert_eq!((status, answer.len()), (StatusCode::OK, 4 * MAX_BODY_BYTES));
	}

	#[test]
	fn token_should_be_refused_when_others_may_read_it() {
		let folder = tempfile::tempdir().unwrap();
		let file = folder.path().join("token");
		std::fs::write(&file, "secret\n").unwrap();
		std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
		assert!(read_token(&file).unwrap_err().contains("chmod 600"));
		std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
		assert_eq!(read_token(&file).unwrap(), "secret");
	}
}
