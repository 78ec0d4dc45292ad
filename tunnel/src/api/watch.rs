//! `POST /v1/watch`.

use super::{account, check_seat, read, refuse, Shared};
use crate::{
	attest::{Attestor, WatchOrder},
	chain::prefix,
};
use anyhow::{bail, Result};
use axum::{
	body::Bytes,
	extract::State,
	http::StatusCode,
	response::{IntoResponse, Response},
	Json,
};
use std::sync::Arc;
use weir_primitives::{
	outage::{OpenAlarm, Watch, Watched},
	sidecar::{WatchRequest, WatchResponse},
};
use weir_tunnel_core::watching::{MAX_ALARMS, MAX_WATCHED};

pub(super) async fn take(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
	let (request, attestor) = match read(&shared, &body, "watch") {
		Ok(read) => read,
		Err(refusal) => return refusal,
	};
	match read_watch(&shared, attestor, request) {
		Ok(order) => Json(WatchResponse { sightings: attestor.watch(order) }).into_response(),
		Err(error) => refuse(StatusCode::BAD_REQUEST, error.to_string()),
	}
}

fn read_watch(shared: &Shared, attestor: &Attestor, request: WatchRequest) -> Result<WatchOrder> {
	let seat = check_seat(shared, attestor, &request.genesis, &request.node, request.seat)?;
	let Watch { epoch, alarm_slot, watched, alarms } = request.watch;
	if watched.len() > MAX_WATCHED || alarms.len() > MAX_ALARMS {
		bail!("{} watched and {} alarms are more than a seat has", watched.len(), alarms.len());
	}
	let watched = watched.into_iter().map(|watched| {
		Ok(Watched {
			provider: watched.provider,
			account: account(&watched.account)?,
			endpoint: watched.endpoint,
			peer_id: watched.peer_id,
			down_since: watched.down_since,
			has_spoken: watched.has_spoken,
		})
	});
	let alarms = alarms.into_iter().map(|alarm| {
		Ok(OpenAlarm {
			provider: alarm.provider,
			account: account(&alarm.account)?,
			endpoint: alarm.endpoint,
			peer_id: alarm.peer_id,
			raised: alarm.raised,
			until_slot: alarm.until_slot,
		})
	});
	let (watched, alarms) = (watched.collect::<Result<_>>()?, alarms.collect::<Result<_>>()?);
	Ok(WatchOrder { here: prefix(&seat.endpoint), watch: Watch { epoch, alarm_slot, watched, alarms } })
}

#[cfg(test)]
mod tests;
