//! Calls signed by a hot account: sent once, looked for in finalised blocks, and known by the events they left there.
//!
//! Everything that is sent for one call has one nonce, so that the chain takes one of them at most, however often the
//! endpoint or the runtime changes meanwhile. Each is mortal: when finality has passed its last block, it is void.

use super::{
	client::{check_fields, online, ERA_BLOCKS},
	payments::{handed, Event, MAX_VOUCHERS},
	rules,
	submission::{Encoded, Submission, CHANNELS as PALLET},
	survey::{rpc, timed, Link, RPC_TIMEOUT},
	Account, ChainError, ChainView, Client, Ended, Handed, Opening, Payments,
};
use crate::advice;
use async_trait::async_trait;
use blake2::{digest::consts::U32, Blake2b, Digest};
use std::{sync::Arc, time::Duration};
use subxt::{
	config::{DefaultExtrinsicParamsBuilder, SubstrateConfig},
	error::DispatchError,
	events::Phase,
	rpcs::{rpc_params, Error as RpcError, UserError},
	transactions::StaticPayload,
	utils::{AccountId32, H256},
};
use tokio::time::Instant;
use weir_primitives::{
	chain::AccountId,
	channel::{ChannelId, SignedVoucher},
	channels_api::{AccountChannel, ChannelInfo, OfferInfo, ProviderEarnings, MAX_ROWS},
	economy::Credits,
	economy_api::CreditsInfo,
	EpochIndex,
};

/// The runtime API of payment channels.
const CHANNELS: &str = "ChannelsApi";
/// That of the economy.
const ECONOMY: &str = "EconomyApi";
/// A call of which nothing is known by then is given up. Its era is over long before, unless no block becomes final.
const PATIENCE: Duration = Duration::from_secs(900);
/// Between two looks at what has become final, when nothing says that something has.
const LOOK_EVERY: Duration = Duration::from_secs(3);
/// What was sent and is in no block is sent again after this: a pool forgets, and a runtime upgrade empties it.
const RESEND_EVERY: Duration = Duration::from_secs(30);

/// A transaction as it was sent last.
struct Sent {
	bytes: Vec<u8>,
	spec_version: u32,
	/// Over this connection.
	link: Arc<Link>,
	at: Instant,
}

/// How a pool answered.
enum Answer {
	Taken,
	Refused(String),
	/// Nobody knows whether it came so far.
	Silence(ChainError),
}

fn hash_of(bytes: &[u8]) -> [u8; 32] {
	Blake2b::<U32>::digest(bytes).into()
}

/// Where in a block, as a node shows it, the first transaction of these hashes stands; none if it shows no block. Not by subxt's
/// own type, which reads hex alone: nodes of the newer SDK write transactions and justifications as numbers.
fn find(block: &serde_json::Value, hashes: &[[u8; 32]]) -> Option<Option<usize>> {
	let transactions = block["block"]["extrinsics"].as_array()?;
	let is_one =
		|shown: &serde_json::Value| bytes_of(shown).is_some_and(|bytes| hashes.contains(&hash_of(&bytes)));
	Some(transactions.iter().position(is_one))
}

/// Bytes as a node shows them: in hex, or each as a number.
fn bytes_of(shown: &serde_json::Value) -> Option<Vec<u8>> {
	match shown {
		serde_json::Value::String(hex) => hex::decode(hex.trim_start_matches("0x")).ok(),
		serde_json::Value::Array(numbers) => {
			numbers.iter().map(|number| u8::try_from(number.as_u64()?).ok()).collect()
		}
		_ => None,
	}
}

/// Number and hash of the last finalised block.
async fn finalised(link: &Link) -> Result<(u64, H256), ChainError> {
	let hash = timed(link.methods.chain_get_finalized_head()).await?;
	let header = timed(link.methods.chain_get_header(Some(hash))).await?;
	let header = header.ok_or_else(|| rpc("its finalised block has no header"))?;
	Ok((header.number, hash))
}

/// Hands a transaction to the node's pool.
async fn hand_in(link: &Link, bytes: &[u8]) -> Answer {
	match tokio::time::timeout(RPC_TIMEOUT, link.methods.author_submit_extrinsic(bytes)).await {
		Ok(Ok(_)) => Answer::Taken,
		Ok(Err(RpcError::User(UserError { message, data, .. }))) => {
			let said = data.map_or(message, |data| data.get().trim_matches('"').to_owned());
			Answer::Refused(advice::one_line(&said))
		}
		Ok(Err(error)) => Answer::Silence(rpc(error)),
		Err(_) => Answer::Silence(rpc("no answer within 10 s")),
	}
}

impl Client {
	/// The last finalised block, to ask what is so there.
	async fn finalised_hash(&self) -> Result<Option<[u8; 32]>, ChainError> {
		let link = self.link()?;
		Ok(Some(timed(link.methods.chain_get_finalized_head()).await?.0))
	}

	/// The call as a signed transaction that is good for [`ERA_BLOCKS`] from the block `era` on, with the metadata of now. Its
	/// field names are compared with the runtime's, so that a changed call is never sent in the old shape.
	async fn sign(
		&self,
		link: &Arc<Link>,
		by: &Account,
		nonce: u64,
		era: (u64, H256),
		submission: &Submission,
	) -> Result<Sent, ChainError> {
		let client = online(link).await?;
		let at = timed(client.at_current_block()).await?;
		check_fields(at.metadata_ref(), submission.pallet, submission.call, submission.fields)?;
		let parameters = DefaultExtrinsicParamsBuilder::<SubstrateConfig>::new()
			.mortal_from_unchecked(ERA_BLOCKS, era.0, era.1)
			.nonce(nonce)
			.build();
		let payload =
			StaticPayload::new(submission.pallet, submission.call, Encoded(submission.arguments.clone()));
		let transactions = at.transactions();
		let mut signable = transactions.create_signable_offline(&payload, parameters).map_err(rpc)?;
		let bytes = signable.sign(by.pair()).map_err(rpc)?.into_encoded();
		Ok(Sent { bytes, spec_version: at.spec_version(), link: link.clone(), at: Instant::now() })
	}

	/// Sends a call and waits until it is in a finalised block; what it left there of [`PALLET`]. An error of the call itself
	/// comes with what to do about it.
	pub(super) async fn send_signed(
		&self,
		by: &Account,
		submission: Submission,
	) -> Result<Vec<Event>, ChainError> {
		let call = submission.call;
		let sending = by.sending().await;
		let link = self.link()?;
		let account = AccountId32(super::bytes32(by.id()));
		let reserved = by.reserve(timed(link.methods.system_account_next_index(&account))).await?;
		let era = finalised(&link).await?;
		let mut sent = self.sign(&link, by, reserved.nonce, era, &submission).await?;
		let mut hashes = vec![hash_of(&sent.bytes)];
		match hand_in(&link, &sent.bytes).await {
			Answer::Taken => {}
			Answer::Refused(rule) => return Err(ChainError::Refused { call, rule }),
			// It may be in the pool all the same: from here on it counts as sent.
			Answer::Silence(error) => tracing::debug!(%error, call, "no answer to a transaction"),
		}
		drop(sending);
		let mut finality = self.finalised();
		let (mut looked_until, began) = (era.0, Instant::now());
		loop {
			let link = self.link();
			if let Ok(link) = &link {
				match self.look_for(link, call, &hashes, &mut looked_until).await {
					Ok(Some(events)) => return events,
					Ok(None) if looked_until >= era.0.saturating_add(ERA_BLOCKS) => {
						return Err(ChainError::NotIncluded(call));
					}
					Ok(None) => {}
					Err(error) => tracing::debug!(%error, call, "not looked for yet"),
				}
				if !Arc::ptr_eq(link, &sent.link) || sent.at.elapsed() >= RESEND_EVERY {
					match self.resend(link, by, reserved.nonce, era, &submission, &mut sent).await {
						Ok(()) => {
							let hash = hash_of(&sent.bytes);
							if !hashes.contains(&hash) {
								hashes.push(hash);
							}
						}
						Err(error) => tracing::debug!(%error, call, "not sent again"),
					}
				}
			}
			if began.elapsed() >= PATIENCE {
				return Err(ChainError::Unknown(call));
			}
			// Without a sender there is no news, and the timer alone is left.
			let news = async {
				if finality.changed().await.is_err() {
					std::future::pending::<()>().await;
				}
			};
			let _ = tokio::time::timeout(LOOK_EVERY, news).await;
		}
	}

	/// Sends the same again, signed anew with the same nonce if the runtime is another.
	async fn resend(
		&self,
		link: &Arc<Link>,
		by: &Account,
		nonce: u64,
		era: (u64, H256),
		submission: &Submission,
		sent: &mut Sent,
	) -> Result<(), ChainError> {
		let version = timed(link.methods.state_get_runtime_version(None)).await?.spec_version;
		if version != sent.spec_version {
			*sent = self.sign(link, by, nonce, era, submission).await?;
		}
		(sent.link, sent.at) = (link.clone(), Instant::now());
		match hand_in(link, &sent.bytes).await {
			// Mostly because it knows the transaction already, or has it in a block.
			Answer::Refused(rule) => {
				tracing::debug!(rule, call = submission.call, "not taken again");
				Ok(())
			}
			Answer::Taken => Ok(()),
			Answer::Silence(error) => Err(error),
		}
	}

	/// Looks through the blocks that became final since `looked_until` for one of the transactions; what it left there.
	async fn look_for(
		&self,
		link: &Link,
		call: &'static str,
		hashes: &[[u8; 32]],
		looked_until: &mut u64,
	) -> Result<Option<Result<Vec<Event>, ChainError>>, ChainError> {
		let (last, _) = finalised(link).await?;
		while *looked_until < last {
			let number = looked_until.saturating_add(1);
			let hash = timed(link.methods.chain_get_block_hash(Some(number.into()))).await?;
			let hash = hash.ok_or_else(|| rpc("a finalised block is missing"))?;
			let block = timed(link.client.request("chain_getBlock", rpc_params![hash])).await?;
			let found =
				find(&block, hashes).ok_or_else(|| rpc("a finalised block is missing or no block"))?;
			if let Some(position) = found {
				return self.events_of(link, call, hash, position).await.map(Some);
			}
			*looked_until = number;
		}
		Ok(None)
	}

	/// What a transaction left in its block: events, or why it failed. The outer error says that this is not known yet.
	async fn events_of(
		&self,
		link: &Link,
		call: &'static str,
		block: H256,
		position: usize,
	) -> Result<Result<Vec<Event>, ChainError>, ChainError> {
		let client = online(link).await?;
		let at = timed(client.at_block(block)).await?;
		let all = timed(at.events().fetch()).await?;
		let (mut events, mut is_over) = (vec![], false);
		for event in all.iter() {
			let event = event.map_err(rpc)?;
			match event.phase() {
				Phase::ApplyExtrinsic(index) if usize::try_from(index) == Ok(position) => {}
				_ => continue,
			}
			match (event.pallet_name(), event.event_name()) {
				("System", "ExtrinsicFailed") => {
					let error = DispatchError::decode_from(event.field_bytes(), at.metadata());
					return Ok(Err(failed(call, error.ok())));
				}
				("System", "ExtrinsicSuccess") => is_over = true,
				(PALLET, name) => match Event::read(name, event.field_bytes()) {
					Ok(event) => events.extend(event),
					Err(error) => return Ok(Err(error)),
				},
				_ => {}
			}
		}
		Ok(if is_over { Ok(events) } else { Err(ChainError::Incompatible(call)) })
	}
}

/// Why a call failed, by the names of its rule.
fn failed(call: &'static str, error: Option<DispatchError>) -> ChainError {
	let (rule, advice) = match &error {
		Some(DispatchError::Module(module)) => match module.details() {
			Ok(details) => {
				let (pallet, rule) = (details.pallet.name(), &details.variant.name);
				(format!("{pallet}.{rule}"), rules::advice(pallet, rule))
			}
			Err(_) => ("a rule without a name".into(), rules::advice("", "")),
		},
		Some(error) => (advice::one_line(&error.to_string()), rules::advice("", "")),
		None => ("a reason that cannot be read".into(), rules::advice("", "")),
	};
	ChainError::Failed { call, rule, advice }
}

/// What `find` sees first in the events of a call; the call did not do what this version knows of if there is none.
fn event_of<T>(
	call: &'static str,
	events: &[Event],
	find: impl Fn(&Event) -> Option<T>,
) -> Result<T, ChainError> {
	events.iter().find_map(find).ok_or(ChainError::Incompatible(call))
}

#[async_trait]
impl Payments for Client {
	async fn epoch(&self) -> Result<EpochIndex, ChainError> {
		let at = self.finalised_hash().await?;
		let (epoch, ..): (EpochIndex, u32, u64) =
			self.call_at("ProofOfBandwidthApi", "clock", (), at).await?;
		Ok(epoch)
	}

	async fn channel(&self, channel: ChannelId) -> Result<Option<ChannelInfo<AccountId>>, ChainError> {
		let at = self.finalised_hash().await?;
		self.call_at(CHANNELS, "channel", channel, at).await
	}

	async fn channels(
		&self,
		who: &AccountId,
		after: Option<ChannelId>,
	) -> Result<Vec<AccountChannel<AccountId>>, ChainError> {
		let at = self.finalised_hash().await?;
		self.call_at(CHANNELS, "channels", (who, after, MAX_ROWS), at).await
	}

	async fn offer(&self, provider: &AccountId, boost: u16) -> Result<Option<OfferInfo>, ChainError> {
		let at = self.finalised_hash().await?;
		self.call_at(CHANNELS, "offer", (provider, boost), at).await
	}

	async fn earnings(&self, provider: &AccountId) -> Result<ProviderEarnings, ChainError> {
		let at = self.finalised_hash().await?;
		self.call_at(CHANNELS, "provider_earnings", provider, at).await
	}

	async fn credits(&self, who: &AccountId) -> Result<CreditsInfo, ChainError> {
		let at = self.finalised_hash().await?;
		self.call_at(ECONOMY, "credits", who, at).await
	}

	async fn open(&self, by: &Account, opening: &Opening) -> Result<ChannelId, ChainError> {
		let there = || super::payments::find_channel(self, by.id(), &opening.voucher_key);
		// An earlier attempt may have come through without anybody's having heard of it.
		if let Some(known) = there().await? {
			return Ok(known.id);
		}
		let opened = |event: &Event| match *event {
			Event::Opened { channel } => Some(channel),
			_ => None,
		};
		match self.send_signed(by, Submission::open(opening)).await {
			Ok(events) => event_of("open", &events, opened),
			Err(error @ (ChainError::Unknown(_) | ChainError::Incompatible(_))) => {
				there().await?.map(|known| known.id).ok_or(error)
			}
			Err(error) => Err(error),
		}
	}

	async fn top_up(
		&self,
		by: &Account,
		channel: ChannelId,
		credits: Credits,
	) -> Result<Credits, ChainError> {
		let events = self.send_signed(by, Submission::top_up(channel, credits)).await?;
		event_of("top_up", &events, |event| match *event {
			Event::ToppedUp { deposited } => Some(deposited),
			_ => None,
		})
	}

	async fn close(
		&self,
		by: &Account,
		channel: ChannelId,
		last: Option<&SignedVoucher>,
	) -> Result<Ended, ChainError> {
		let events = self.send_signed(by, Submission::close(channel, last)).await?;
		event_of("close", &events, |event| match *event {
			Event::Closed { paid, returned } => Some(Ended::Closed { paid, returned }),
			Event::CloseRequested { closes_from } => Some(Ended::Until(closes_from)),
			_ => None,
		})
	}

	async fn claim(
		&self,
		by: &Account,
		provider: &AccountId,
		vouchers: &[SignedVoucher],
	) -> Result<Vec<Handed>, ChainError> {
		let batch = vouchers.get(..MAX_VOUCHERS).unwrap_or(vouchers);
		let events = self.send_signed(by, Submission::claim(provider, batch)).await?;
		handed(batch, &events)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::json;

	#[test]
	fn transaction_should_be_found_in_a_block_however_a_node_shows_it() {
		let hashes = [hash_of(&[4, 5]), hash_of(&[6])];
		let block = |extrinsics: &[&str]| {
			json!({
				"block": { "header": { "number": "0x1" }, "extrinsics": extrinsics },
				"justifications": [[[70, 82, 78, 75], [1, 2, 3]]],
			})
		};
		assert_eq!(find(&block(&["0x01", "0x0405", "0x06"]), &hashes), Some(Some(1)));
		let of_numbers = json!({ "block": { "extrinsics": [[1], [256, 4], [4, 5]] } });
		assert_eq!(find(&of_numbers, &hashes), Some(Some(2)));
		assert_eq!(find(&block(&["0x01", "no hex"]), &hashes), Some(None));
		assert_eq!(find(&json!(null), &hashes), None);
	}
}
