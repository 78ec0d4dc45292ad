//! `weir_*`: the measuring protocol and the economy for tools that do not speak SCALE.
//!
//! * [`api`]: the methods and the subscriptions.
//! * [`inputs`]: what goes in; [`results`], [`attesting`], [`contesting`], [`verdicts`], [`outages`] and [`texts`]: what comes out, as
//!   JSON; of the economy [`money`], [`regional`], [`earning`], [`figures`], [`rules`] and [`channels`].
//! * [`server`]: answers, read through the runtime's API.
//! * [`news`]: what new blocks say, read once for all subscribers; [`subscriptions`] hands it out, to so many subscribers
//!   of a connection as have [`places`].
//! * [`error`]: what is answered instead, by code.
//!
//! `docs/openrpc.json` describes all of it to machines. A test compares it with the code, and `rpc.discover` serves it.

/// Defines a type that is answered with.
macro_rules! result {
	($item:item) => {
		#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
		#[cfg_attr(test, derive(schemars::JsonSchema))]
		#[serde(rename_all = "camelCase")]
		$item
	};
}

mod api;
mod attesting;
mod channels;
mod contesting;
mod earning;
mod error;
mod figures;
mod inputs;
mod money;
mod news;
#[cfg(test)]
mod openrpc;
mod outages;
mod places;
mod regional;
mod results;
mod rules;
mod server;
mod subscriptions;
mod texts;
mod verdicts;

pub(crate) use api::WeirApiServer;
pub(crate) use news::{events, News};
pub(crate) use server::Weir;
