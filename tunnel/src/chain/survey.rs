//! Asks all endpoints what they have finalised, and keeps the connections.

use super::{
	endpoints::{choose, leader, Choice, Finalised, Split},
	ChainError,
};
use futures::future::join_all;
use std::{sync::Arc, time::Duration};
use subxt::{
	config::{RpcConfigFor, SubstrateConfig},
	rpcs::{methods::LegacyRpcMethods, RpcClient},
};

/// A request without an answer by then has failed.
pub(super) const RPC_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) type Rpc = LegacyRpcMethods<RpcConfigFor<SubstrateConfig>>;

/// A connection to an endpoint.
pub(super) struct Link {
	pub(super) client: RpcClient,
	pub(super) methods: Rpc,
}

/// What a round found.
pub(super) enum Found {
	/// No endpoint answered; why not, of the first.
	Nobody(ChainError),
	/// Work with this connection.
	Use(Arc<Link>),
	/// Work with none.
	Split(ChainError),
}

/// How an endpoint answered.
pub struct Answer {
	/// Its address, without what may be secret in it.
	pub name: String,
	/// Genesis and finalised head.
	pub said: Result<([u8; 32], Finalised), ChainError>,
}

struct Endpoint {
	url: String,
	name: String,
	link: Option<Arc<Link>>,
	/// Whether its last answer was good, so that a change is logged once.
	answers: bool,
}

/// All endpoints.
pub(super) struct Survey {
	endpoints: Vec<Endpoint>,
	/// The chain to work on; without a configured one, that of the first endpoint that answers.
	genesis: Option<[u8; 32]>,
	in_use: Option<usize>,
	/// Not settled yet.
	split: Option<Split>,
}

impl Survey {
	pub(super) fn new(urls: &[String], genesis: Option<[u8; 32]>) -> Self {
		let endpoint =
			|url: &String| Endpoint { url: url.clone(), name: public(url), link: None, answers: true };
		Self { endpoints: urls.iter().map(endpoint).collect(), genesis, in_use: None, split: None }
	}

	/// The chain, once an endpoint has answered or one is configured.
	pub(super) fn genesis(&self) -> Option<[u8; 32]> {
		self.genesis
	}

	/// Asks everybody once. A foreign genesis is an error of that endpoint.
	pub(super) async fn ask(&mut self) -> Vec<Answer> {
		let answers = join_all(self.endpoints.iter_mut().map(Endpoint::ask)).await;
		let mut told = Vec::with_capacity(answers.len());
		for (endpoint, said) in self.endpoints.iter().zip(answers) {
			let said = said.and_then(|(found, head)| match *self.genesis.get_or_insert(found) {
				expected if expected == found => Ok((found, head)),
				expected => Err(ChainError::ForeignGenesis {
					url: endpoint.name.clone(),
					found: hex::encode(found),
					expected: hex::encode(expected),
				}),
			});
			told.push(Answer { name: endpoint.name.clone(), said });
		}
		told
	}

	/// Decides what to work with, from answers of [`Self::ask`].
	pub(super) async fn decide(&mut self, answers: &[Answer]) -> Choice {
		let heads: Vec<_> =
			answers.iter().map(|answer| answer.said.as_ref().ok().map(|said| said.1)).collect();
		let leading = leader(&heads).map(|(position, _)| position);
		let link = leading.and_then(|position| self.endpoints.get(position)?.link.clone());
		let at_heights = heads.iter().enumerate().map(|(position, head)| {
			let link = link.clone().filter(|_| leading != Some(position));
			async move {
				let number = head.as_ref()?.number;
				let hash = timed(link?.methods.chain_get_block_hash(Some(number.into()))).await.ok()?;
				hash.map(|hash| hash.0)
			}
		});
		let leader_has: Vec<_> = join_all(at_heights).await;
		choose(self.in_use, self.split, &heads, &leader_has)
	}

	/// One round. At the start a foreign genesis is an error; later such an endpoint is only left out.
	pub(super) async fn round(&mut self, starting: bool) -> Result<Found, ChainError> {
		let mut answers = self.ask().await;
		let foreign = |answer: &Answer| matches!(answer.said, Err(ChainError::ForeignGenesis { .. }));
		if let Some(position) = answers.iter().position(foreign).filter(|_| starting) {
			return match answers.swap_remove(position).said {
				Err(error) => Err(error),
				Ok(_) => Err(ChainError::Offline),
			};
		}
		let choice = self.decide(&answers).await;
		if choice != Choice::Nobody {
			self.log_changes(&answers);
		}
		if self.split.is_some() && matches!(choice, Choice::Use(_)) {
			tracing::info!("chain endpoints agree again");
		}
		self.split = match choice {
			Choice::Split(split) => Some(split),
			Choice::Nobody | Choice::Use(_) => None,
		};
		Ok(match choice {
			Choice::Nobody => {
				let reason = answers.into_iter().find_map(|answer| answer.said.err());
				Found::Nobody(reason.unwrap_or(ChainError::Offline))
			}
			Choice::Use(position) => {
				let Some(Endpoint { name, link: Some(link), .. }) = self.endpoints.get(position) else {
					return Ok(Found::Nobody(ChainError::Offline));
				};
				if self.in_use != Some(position) {
					tracing::info!(endpoint = name, "chain connected");
				}
				self.in_use = Some(position);
				Found::Use(link.clone())
			}
			Choice::Split(split) => {
				self.in_use = None;
				Found::Split(self.describe(&split))
			}
		})
	}

	pub(super) fn describe(&self, Split { number, one, other }: &Split) -> ChainError {
		let name =
			|position: usize| self.endpoints.get(position).map_or_else(String::new, |e| e.name.clone());
		ChainError::Split {
			number: *number,
			one: name(one.0),
			ones: hex::encode(one.1),
			other: name(other.0),
			others: hex::encode(other.1),
		}
	}

	fn log_changes(&mut self, answers: &[Answer]) {
		for (endpoint, Answer { name, said }) in self.endpoints.iter_mut().zip(answers) {
			match said {
				Ok(_) if !endpoint.answers => tracing::info!(endpoint = name, "chain endpoint answers again"),
				Err(error) if endpoint.answers => {
					tracing::warn!(%error, "chain endpoint left out until it answers as it should");
				}
				_ => {}
			}
			endpoint.answers = said.is_ok();
		}
	}
}

impl Endpoint {
	async fn ask(&mut self) -> Result<([u8; 32], Finalised), ChainError> {
		if let Some(link) = &self.link {
			if let Ok(said) = finality(&link.methods).await {
				return Ok(said);
			}
			self.link = None;
		}
		let at = |error| ChainError::Unreachable { url: self.name.clone(), reason: reason(error) };
		let client = timed(RpcClient::from_insecure_url(&self.url)).await.map_err(at)?;
		let methods = Rpc::new(client.clone());
		let said = finality(&methods).await.map_err(at)?;
		self.link = Some(Arc::new(Link { client, methods }));
		Ok(said)
	}
}

async fn finality(methods: &Rpc) -> Result<([u8; 32], Finalised), ChainError> {
	let genesis = timed(methods.genesis_hash()).await?;
	let hash = timed(methods.chain_get_finalized_head()).await?;
	let header = timed(methods.chain_get_header(Some(hash))).await?;
	let header = header.ok_or_else(|| ChainError::Rpc("its finalised block has no header".into()))?;
	Ok((genesis.0, Finalised { number: header.number, hash: hash.0 }))
}

fn reason(error: ChainError) -> String {
	match error {
		ChainError::Rpc(reason) => reason,
		error => error.to_string(),
	}
}

/// What the client's error says, in one line and without the names of its layers.
pub(super) fn rpc(error: impl std::fmt::Display) -> ChainError {
	let text = error.to_string().replace("RPC error: ", "").replace("client error: ", "");
	ChainError::Rpc(crate::advice::one_line(&text))
}

pub(super) async fn timed<T, E: std::fmt::Display>(
	work: impl std::future::Future<Output = Result<T, E>>,
) -> Result<T, ChainError> {
	match tokio::time::timeout(RPC_TIMEOUT, work).await {
		Ok(result) => result.map_err(rpc),
		Err(_) => Err(ChainError::Rpc("no answer within 10 s".into())),
	}
}

/// An endpoint's address for logs: user, password, path and query may hold a key of its operator.
fn public(url: &str) -> String {
	let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
	let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
	let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
	crate::advice::one_line(&format!("{scheme}://{host}"))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn public_should_show_neither_password_nor_path() {
		assert_eq!(public("wss://user:secret@host:443/secret?key=secret"), "wss://host:443");
		assert_eq!(public("ws://127.0.0.1:9944"), "ws://127.0.0.1:9944");
		assert_eq!(public("ws://[::1]:9944/secret@host"), "ws://[::1]:9944");
	}

	#[test]
	fn rpc_should_be_one_line_without_the_names_of_layers() {
		let error = rpc("RPC error: client error: RPC error: client error: refused\nby peer");
		assert_eq!(error.to_string(), "chain endpoint: refused\\nby peer");
	}
}
