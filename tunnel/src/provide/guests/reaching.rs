//! Guests who are providers behind routers, and customers of one who is: see [`crate::nat`].

use super::{Done, Guests, Job, Reply};
use crate::{
	nat::inbound::{Inbound, MOST_INBOUNDS},
	provide::serving::PeerChange,
};
use futures::FutureExt;
use libp2p::{identity::PublicKey, PeerId};
use std::net::Ipv4Addr;
use tokio::sync::oneshot;
use weir_primitives::{chain::AccountId, channel::ChannelId};
use weir_tunnel_core::wire::{
	nat::{reach_payload, Token},
	Refusal, Response,
};

/// The key of a PeerId that is one, as those of Ed25519 are.
fn key_of(peer: &[u8]) -> Option<PublicKey> {
	let peer = PeerId::from_bytes(peer).ok()?;
	PublicKey::try_decode_protobuf(peer.as_ref().digest()).ok()
}

impl Guests {
	/// The inner address of a channel's open session that `peer` has joined.
	fn open_address(&mut self, channel: ChannelId, peer: &PeerId) -> Option<Ipv4Addr> {
		self.session_of(channel, peer).filter(|session| session.is_open)?;
		self.addresses.get(&channel).copied()
	}

	/// Gives a guest a port, if it is the provider that it says.
	pub(super) fn reach(
		&mut self,
		channel: ChannelId,
		peer: &PeerId,
		(provider, port, signature): ([u8; 32], u16, [u8; 64]),
		reply: Reply,
	) -> Option<Job> {
		let Some(guest) = self.open_address(channel, peer) else {
			return self.refuse(channel, reply, Refusal::NotJoined);
		};
		if !self.parts.behind.may_relay() {
			return self.refuse(channel, reply, Refusal::WrongRole);
		}
		// The one that it had is closed before: it may want the same port again.
		self.inbounds.remove(&guest);
		if self.inbounds.len() >= MOST_INBOUNDS {
			return self.refuse(channel, reply, Refusal::Full);
		}
		let (facts, bind, to_guests) =
			(self.parts.facts.clone(), self.parts.behind.bind, self.parts.to_outlet.clone());
		let payload =
			reach_payload(&self.parts.config.genesis, &self.parts.config.account, &provider, channel);
		Some(
			async move {
				let open = async {
					let registered = facts.provider(&AccountId::from(provider)).await;
					let registered = registered.ok().flatten().ok_or(Refusal::WrongRole)?;
					let key = key_of(&registered.peer_id).ok_or(Refusal::WrongRole)?;
					if !key.verify(&payload, &signature) {
						return Err(Refusal::BadSignature);
					}
					// A port that others are registered at is not had for the asking.
					let own = crate::chain::socket_address(&registered.endpoint);
					let here = facts.registration().and_then(|own| own.address);
					let is_its = own.is_some_and(|own| Some(own.ip()) == here && own.port() == port);
					let port = if is_its { port } else { 0 };
					Inbound::open(bind, port, guest, to_guests).await.map_err(|error| {
						tracing::warn!(port, %error, "no port for a guest");
						Refusal::Full
					})
				};
				Done::Reached { guest, result: open.await.map(Box::new), reply }
			}
			.boxed(),
		)
	}

	/// Keeps a guest's port, if the guest is still there.
	pub(super) fn reached(
		&mut self,
		channel: ChannelId,
		guest: Ipv4Addr,
		result: Result<Box<Inbound>, Refusal>,
		reply: Reply,
	) -> Option<Job> {
		let is_open = self.addresses.get(&channel) == Some(&guest)
			&& self.sessions.get(&guest).is_some_and(|session| session.is_open);
		match result {
			Ok(inbound) if is_open && self.inbounds.len() < MOST_INBOUNDS => {
				tracing::info!(channel, port = inbound.port(), "a provider is reached through this one");
				let port = inbound.port();
				self.inbounds.insert(guest, *inbound);
				// Whoever asked may no longer wait.
				let _ = reply.send(Response::Reached { port });
				None
			}
			Ok(_) => self.refuse(channel, reply, Refusal::Full),
			Err(refusal) => self.refuse(channel, reply, refusal),
		}
	}

	/// Opens a direct way to a customer who came by a relay.
	pub(super) fn punch(
		&mut self,
		channel: ChannelId,
		peer: &PeerId,
		token: Token,
		reply: Reply,
	) -> Option<Job> {
		let session = self.session_of(channel, peer).filter(|session| session.is_open);
		let Some(wireguard) = session.map(|session| session.wireguard) else {
			return self.refuse(channel, reply, Refusal::NotJoined);
		};
		let (peers, behind) = (self.parts.peers.clone(), self.parts.behind.clone());
		Some(
			async move {
				let (done, found) = oneshot::channel();
				let at = match peers.try_send(PeerChange::Find { wireguard, done }) {
					Ok(()) => found.await.ok().flatten(),
					Err(_) => None,
				};
				// Without a handshake nobody knows where it is, nor whether it is there.
				let response = match at {
					Some(at) => behind.punch(at, token),
					None => Response::Refuse(Refusal::Busy),
				};
				Done::Answered { reply, response }
			}
			.boxed(),
		)
	}
}
