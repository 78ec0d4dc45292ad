//! How customers are served, and whether they are.

use super::{refuse, Shared};
use axum::{
	extract::State,
	http::StatusCode,
	response::{IntoResponse, Response},
	Json,
};
use std::sync::Arc;

pub(super) async fn standing(State(shared): State<Arc<Shared>>) -> Response {
	match shared.switch.as_ref().and_then(|switch| switch.standing()) {
		Some(standing) => Json(standing).into_response(),
		None => {
			let reason =
				"no customer is served by this process; it needs [provide] with claim_key, and the chain";
			refuse(StatusCode::SERVICE_UNAVAILABLE, reason)
		}
	}
}

pub(super) async fn pause(state: State<Arc<Shared>>) -> Response {
	set(state, true).await
}

pub(super) async fn resume(state: State<Arc<Shared>>) -> Response {
	set(state, false).await
}

async fn set(State(shared): State<Arc<Shared>>, paused: bool) -> Response {
	if let Some(switch) = &shared.switch {
		let writing = switch.clone();
		if let Err(error) = crate::tasks::on_disk(move || writing.set(paused)).await {
			return refuse(StatusCode::SERVICE_UNAVAILABLE, format!("{error:#}"));
		}
		switch.taken().await;
	}
	standing(State(shared)).await
}

#[cfg(test)]
mod tests {
	use super::super::{bind, tests::ask, tests::http, Api, Shared};
	use crate::provide::Switch;
	use std::sync::{Arc, OnceLock};
	use zeroize::Zeroizing;

	#[tokio::test]
	async fn pause_should_need_the_token_and_a_provider_that_serves() {
		let folder = tempfile::tempdir().unwrap();
		let switch = Arc::new(Switch::open(folder.path()));
		let shared = Shared {
			token: Zeroizing::new("secret".into()),
			genesis: [1; 32],
			account: [2; 32].into(),
			attestor: OnceLock::new(),
			switch: Some(switch.clone()),
			metrics: Arc::default(),
		};
		let api = Api::start(bind("127.0.0.1:0".parse().unwrap()).await.unwrap(), Arc::new(shared)).unwrap();
		let answer = ask(&api, &http("POST /v1/provider/pause", "", "")).await;
		assert!(answer.starts_with("HTTP/1.1 401") && !switch.is_paused(), "{answer}");
		let token = "Authorization: Bearer secret\r\n";
		// Nothing serves yet: it is paused all the same, and stays so when something does.
		let answer = ask(&api, &http("POST /v1/provider/pause", token, "")).await;
		assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("no customer is served"), "{answer}");
		assert!(switch.is_paused());
		ask(&api, &http("POST /v1/provider/resume", token, "")).await;
		assert!(!switch.is_paused());
	}
}
