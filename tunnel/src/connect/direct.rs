//! The way to a provider that is reached through another one: directly, where the routers let us.

use super::session::Asker;
use crate::{
	engine::side::Side,
	nat::punch::{self, told},
};
use rand::Rng;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use weir_primitives::channel::ChannelId;
use weir_tunnel_core::wire::{Refusal, Request, Response};

/// Waits before the first attempt and those after it. The provider has to have heard of our tunnel, and routers differ in how
/// fast they forget.
const WAITS: [Duration; 6] = [
	Duration::from_millis(250),
	Duration::from_millis(500),
	Duration::from_secs(1),
	Duration::from_secs(4),
	Duration::from_secs(30),
	Duration::from_secs(120),
];

/// Goes around whatever is at `registered` as long as that works; returns when it is of no use.
pub(super) async fn keep_trying(
	asker: Arc<Asker>,
	side: Arc<Side>,
	channel: ChannelId,
	registered: SocketAddr,
) {
	for wait in WAITS {
		tokio::time::sleep(wait).await;
		let token = rand::thread_rng().gen();
		let Some(mut heard) = side.listen(token) else { return };
		let at = match asker.ask(Request::Punch { channel, token }).await.0 {
			Some(Response::Punch { address, port }) => told(address, port),
			// It has not heard of our tunnel yet, or has too much to do.
			Some(Response::Refuse(Refusal::Busy | Refusal::NotJoined)) | None => continue,
			// The registered address is the provider's own.
			Some(_) => return,
		};
		let Some(at) = at else { return };
		let Some(direct) = punch::open(&side, &mut heard, token, at).await else {
			tracing::debug!("no direct way to the provider yet");
			continue;
		};
		side.go_directly(registered, Some(direct));
		tracing::info!("the way to the provider is a direct one");
		punch::hold(&side, &mut heard, token, direct).await;
		side.go_directly(registered, None);
		tracing::info!("the direct way to the provider is gone; its relay carries again");
	}
}
