//! Whether this clock agrees with those of others. The windows of a test are common to a committee; a member whose clock
//! is off measures beside them, and abstains.
//!
//! Asked are the nodes that answer `Clock`: fellow members of the seat's committees that are providers, and the
//! providers the seat has to measure.

use super::watching::Contact;
use crate::{
	chain::{bytes32, socket_address, ChainError, ChainView},
	clock,
	control::Control,
};
use libp2p::PeerId;
use rand::Rng;
use std::{net::SocketAddr, sync::Arc};
use weir_primitives::{api, chain::AccountId, EpochIndex};
use weir_tunnel_core::{
	keys,
	wire::{self, Request, Response},
	Micros, CLOCK_FELLOWS, CLOCK_QUESTIONS, MILLI,
};

/// A clock further from the others' median than this abstains.
pub const MAX_CLOCK_OFFSET: Micros = 50 * MILLI;
/// Others that must answer before their median says anything.
pub const LEAST_ANSWERS: usize = 5;
/// Committees whose members are looked up.
const COMMITTEES: usize = 3;

/// What the others' answers say of this clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClockCheck {
	/// Too few answered: nothing is known, and tests are taken.
	Unknown {
		/// How many did.
		answers: usize,
	},
	/// Within [`MAX_CLOCK_OFFSET`] of the median.
	Agrees {
		/// From the median, µs; positive when this clock is fast.
		offset_micros: i64,
	},
	/// Further away.
	Off {
		/// From the median, µs; positive when this clock is fast.
		offset_micros: i64,
	},
}

/// Judges offsets from each of the others, in µs.
pub fn judge(mut offsets: Vec<i64>) -> ClockCheck {
	let answers = offsets.len();
	offsets.sort_unstable();
	match offsets.get(answers / 2).copied().filter(|_| answers >= LEAST_ANSWERS) {
		None => ClockCheck::Unknown { answers },
		Some(offset_micros) if offset_micros.unsigned_abs() > MAX_CLOCK_OFFSET => {
			ClockCheck::Off { offset_micros }
		}
		Some(offset_micros) => ClockCheck::Agrees { offset_micros },
	}
}

/// Someone who answers `Clock`.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Fellow {
	account: [u8; 32],
	peer: PeerId,
	address: SocketAddr,
	key: [u8; 32],
}

/// What a check needs.
pub(crate) struct Checker {
	pub(crate) chain: Arc<dyn ChainView>,
	pub(crate) control: Control,
	pub(crate) account: AccountId,
}

impl Checker {
	/// Asks and judges. How many were asked, and what follows.
	pub(crate) async fn ask(&self, epoch: EpochIndex, tasks: &[api::Task<AccountId>]) -> (usize, ClockCheck) {
		let fellows = self.fellows(epoch, tasks).await;
		let asks = fellows.iter().map(|fellow| self.offset(fellow));
		let offsets = futures::future::join_all(asks).await.into_iter().flatten().collect();
		(fellows.len(), judge(offsets))
	}

	/// Asks and judges; says so in the log, once.
	pub(super) async fn check(&self, epoch: EpochIndex, tasks: &[api::Task<AccountId>]) -> ClockCheck {
		let (asked, check) = self.ask(epoch, tasks).await;
		match check {
			ClockCheck::Unknown { answers } => tracing::warn!(
				epoch,
				answers,
				asked,
				"fewer than five others told their time; this clock is not checked in this epoch, its tests are taken"
			),
			ClockCheck::Agrees { offset_micros } => {
				tracing::debug!(epoch, offset_micros, asked, "clock checked");
			}
			ClockCheck::Off { offset_micros } => tracing::error!(
				epoch,
				millis = offset_micros / 1_000,
				"this clock is off by more than 50 ms from its fellows'; not measuring in this epoch (set up NTP)"
			),
		}
		check
	}

	async fn fellows(&self, epoch: EpochIndex, tasks: &[api::Task<AccountId>]) -> Vec<Fellow> {
		let mut fellows = vec![];
		for task in tasks.iter().take(COMMITTEES) {
			if let Err(error) = self.add_members(epoch, task.provider, &mut fellows).await {
				tracing::warn!(epoch, %error, "fellow members not known");
				break;
			}
		}
		for task in tasks {
			let reached = Contact::of(task.provider, &task.account, &task.peer_id, &task.endpoint);
			let (Some(key), Some(Contact { account, peer, address, .. })) = (&task.probe_key, reached) else {
				continue;
			};
			let fellow = Fellow { account, peer, address, key: bytes32(key) };
			self.add(&mut fellows, fellow);
		}
		fellows
	}

	async fn add_members(
		&self,
		epoch: EpochIndex,
		provider: u32,
		fellows: &mut Vec<Fellow>,
	) -> Result<(), ChainError> {
		for member in self.chain.assignment(epoch, provider).await? {
			let account = bytes32(&member);
			if fellows.len() >= CLOCK_FELLOWS || fellows.iter().any(|fellow| fellow.account == account) {
				continue;
			}
			// Only a registered provider has an identity to dial.
			let Some(info) = self.chain.provider(&member).await? else { continue };
			let Some(seat) = self.chain.seat(&member).await? else { continue };
			let (peer, address) = (PeerId::from_bytes(&info.peer_id).ok(), socket_address(&info.endpoint));
			if let (Some(peer), Some(address)) = (peer, address) {
				self.add(fellows, Fellow { account, peer, address, key: bytes32(&seat.key) });
			}
		}
		Ok(())
	}

	fn add(&self, fellows: &mut Vec<Fellow>, fellow: Fellow) {
		let known = fellows.iter().any(|known| known.account == fellow.account);
		if !known && fellow.account != bytes32(&self.account) && fellows.len() < CLOCK_FELLOWS {
			fellows.push(fellow);
		}
	}

	/// How far this clock is from a fellow's, µs. None without an answer.
	async fn offset(&self, fellow: &Fellow) -> Option<i64> {
		let mut quickest: Option<(Micros, i64)> = None;
		for _ in 0..CLOCK_QUESTIONS {
			let sent = clock::now();
			let told =
				ask_time(&self.control, fellow.peer, fellow.address, &fellow.account, &fellow.key).await?;
			let round_trip = clock::now().saturating_sub(sent);
			let middle = sent.saturating_add(round_trip / 2);
			let offset = i64::try_from(middle).ok()?.saturating_sub(i64::try_from(told).ok()?);
			if quickest.is_none_or(|(least, _)| round_trip < least) {
				quickest = Some((round_trip, offset));
			}
		}
		quickest.map(|(_, offset)| offset)
	}
}

/// What `peer` says of the time: nonce, time and signature, if it answers this question as `account`. The connection has
/// proven its PeerId.
async fn ask_clock(
	control: &Control,
	peer: PeerId,
	address: SocketAddr,
	account: &[u8; 32],
) -> Option<([u8; 16], Micros, [u8; 64])> {
	let nonce: [u8; 16] = rand::thread_rng().gen();
	match control.ask(peer, Some(address), Request::Clock { nonce }).await? {
		Response::Clock { nonce: told, unix_micros, account: by, signature }
			if told == nonce && by == *account =>
		{
			Some((nonce, unix_micros, signature))
		}
		Response::Clock { .. } => {
			control.count_forged();
			None
		}
		_ => None,
	}
}

/// The time `peer` tells, if it signs as `account`.
pub(super) async fn ask_time(
	control: &Control,
	peer: PeerId,
	address: SocketAddr,
	account: &[u8; 32],
	key: &[u8; 32],
) -> Option<Micros> {
	let (nonce, unix_micros, signature) = ask_clock(control, peer, address, account).await?;
	if !keys::verify(key, &wire::clock_payload(&nonce, unix_micros, account), &signature) {
		control.count_forged();
		return None;
	}
	Some(unix_micros)
}

/// Whether `peer`, whose identity on chain the connection has proven, answers for `account`.
pub(super) async fn is_alive(
	control: &Control,
	peer: PeerId,
	address: SocketAddr,
	account: &[u8; 32],
) -> bool {
	ask_clock(control, peer, address, account).await.is_some()
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{chain::fake::keypair, control};
	use libp2p::identity::Keypair;
	use std::net::IpAddr;

	#[tokio::test]
	async fn forged_answers_should_be_counted_and_not_believed() {
		let (server, address) = (Keypair::generate_ed25519(), IpAddr::from([127, 0, 43, 1]));
		let port = std::net::TcpListener::bind((address, 0)).unwrap().local_addr().unwrap().port();
		let (_serving, mut incoming) = control::serve(&server, address, port).await.unwrap();
		let (asking, _back) = control::connect(&Keypair::generate_ed25519(), [127, 0, 43, 2].into()).unwrap();
		let (peer, key, account) = (server.public().to_peer_id(), keypair(1).public(), [7; 32]);
		let mut told = vec![];
		for forgery in ["another nonce", "another account", "another key", "none"] {
			let answer = async {
				let incoming = incoming.recv().await.unwrap();
				let Request::Clock { nonce } = incoming.request else { panic!("{:?}", incoming.request) };
				let nonce = if forgery == "another nonce" { [0; 16] } else { nonce };
				let account = if forgery == "another account" { [8; 32] } else { account };
				let signer = if forgery == "another key" { keypair(2) } else { keypair(1) };
				let signature = signer.sign(&wire::clock_payload(&nonce, 5, &account));
				incoming.reply.send(Response::Clock { nonce, unix_micros: 5, account, signature }).unwrap();
			};
			let asked = ask_time(&asking, peer, (address, port).into(), &account, &key);
			told.push(tokio::join!(asked, answer).0);
		}
		assert_eq!(told, [None, None, None, Some(5)]);
		let forged = asking.refused().rows().find(|(rule, _)| rule == "ForgedAnswer").unwrap().1;
		assert_eq!(forged, 3);
	}

	#[test]
	fn judge_should_take_the_median_when_five_or_more_answer() {
		assert_eq!(judge(vec![0; 4]), ClockCheck::Unknown { answers: 4 });
		assert_eq!(judge(vec![]), ClockCheck::Unknown { answers: 0 });
		// Two liars of five move nothing.
		assert_eq!(judge(vec![9_000_000, 50_000, 3, -9_000_000, 1]), ClockCheck::Agrees { offset_micros: 3 });
		assert_eq!(judge(vec![50_000; 5]), ClockCheck::Agrees { offset_micros: 50_000 });
		assert_eq!(judge(vec![50_001; 5]), ClockCheck::Off { offset_micros: 50_001 });
		assert_eq!(judge(vec![-50_001; 6]), ClockCheck::Off { offset_micros: -50_001 });
		assert_eq!(judge(vec![i64::MIN; 5]), ClockCheck::Off { offset_micros: i64::MIN });
	}
}
