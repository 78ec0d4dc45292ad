//! What new blocks say. One task reads the events of each block once, however many subscribers there are, and keeps what
//! some subscription shows; without subscribers it reads nothing.

use super::{error::Error, inputs::Blocks};
use crate::service::FullClient;
use codec::DecodeAll;
use futures::StreamExt;
use polkadot_sdk::*;
use sc_client_api::{BlockchainEvents, StorageKey, StorageProvider};
use sc_service::SpawnTaskHandle;
use sp_blockchain::{tree_route, HeaderBackend};
use sp_io::hashing::twox_128;
use std::sync::Arc;
use tokio::sync::broadcast;
use weir_runtime::{
	configs::measuring::{self, Concluded, OutageChange},
	BlockNumber, Hash, RuntimeEvent,
};

/// What a block notes of an event.
type EventRecord = frame_system::EventRecord<RuntimeEvent, Hash>;

/// Steps of the chain that a subscriber may fall behind.
const BACKLOG: usize = 64;
/// Blocks that one step of the chain may bring. As many as the states a node keeps by default: what lies further back
/// could not be read.
const LONGEST_STEP: BlockNumber = 256;

/// What some subscription shows of a block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct BlockNews {
	/// Its hash.
	pub(super) hash: Hash,
	/// Its height.
	pub(super) number: BlockNumber,
	/// Its verdicts.
	pub(super) verdicts: Vec<Concluded>,
	/// Outages that begin or end in it.
	pub(super) outages: Vec<OutageChange>,
}

/// The blocks of one step that say something, oldest first, or why subscribers have to be let go.
pub(super) type Step = Result<Arc<Vec<BlockNews>>, Error>;

/// Where subscribers get their news.
#[derive(Clone)]
pub(crate) struct News {
	finalized: broadcast::Sender<Step>,
	best: broadcast::Sender<Step>,
}

impl News {
	/// Reads the news of every block from now on.
	pub(crate) fn watch(client: Arc<FullClient>, spawner: &SpawnTaskHandle) -> Self {
		let news = Self { finalized: broadcast::Sender::new(BACKLOG), best: broadcast::Sender::new(BACKLOG) };
		let info = client.info();
		let mut finalized = Line { news: news.finalized.clone(), head: info.finalized_hash };
		let mut best = Line { news: news.best.clone(), head: info.best_hash };
		// It reads the database, which has no place among tasks that must not block.
		spawner.spawn_blocking("weir-news", Some("rpc"), async move {
			let mut finality = client.finality_notification_stream();
			let mut imports = client.import_notification_stream();
			loop {
				// A notification keeps the state of its block from being pruned while it lives.
				tokio::select! {
					Some(block) = finality.next() => finalized.follow(&client, block.hash),
					Some(block) = imports.next() => if block.is_new_best {
						best.follow(&client, block.hash)
					},
					else => return,
				}
			}
		});
		news
	}

	/// News of `blocks` from now on.
	pub(super) fn subscribe(&self, blocks: Blocks) -> broadcast::Receiver<Step> {
		match blocks {
			Blocks::Finalized => self.finalized.subscribe(),
			Blocks::Best => self.best.subscribe(),
		}
	}
}

/// One of the chains that are followed.
struct Line {
	news: broadcast::Sender<Step>,
	head: Hash,
}

impl Line {
	/// Goes on to `head`, and tells of all blocks that are new on the way there.
	fn follow(&mut self, client: &FullClient, head: Hash) {
		let from = std::mem::replace(&mut self.head, head);
		if self.news.receiver_count() == 0 {
			return;
		}
		let step = step(client, from, head);
		if !matches!(&step, Ok(news) if news.is_empty()) {
			// Fails when the last subscriber has just left.
			let _ = self.news.send(step);
		}
	}
}

fn step(client: &FullClient, from: Hash, to: Hash) -> Step {
	let height = |hash| client.number(hash)?.ok_or(Error::UnknownBlock(hash));
	// Looked at first: the way through a whole sync would be long to find.
	if height(to)?.abs_diff(height(from)?) > LONGEST_STEP {
		return Err(Error::BlocksSkipped);
	}
	let route = tree_route(client, from, to)?;
	let mut news = Vec::new();
	for block in route.enacted() {
		let events = events(client, block.hash).ok_or(Error::UnreadableBlock(block.hash))?;
		let outages: Vec<_> = events.iter().filter_map(measuring::outage).collect();
		let verdicts: Vec<_> = events.into_iter().filter_map(measuring::concluded).collect();
		if !verdicts.is_empty() || !outages.is_empty() {
			news.push(BlockNews { hash: block.hash, number: block.number, verdicts, outages });
		}
	}
	Ok(Arc::new(news))
}

/// What happened in a block, in the words of the runtime that this node was built with; none if it cannot be read.
pub(crate) fn events(client: &FullClient, hash: Hash) -> Option<Vec<RuntimeEvent>> {
	let key = StorageKey([twox_128(b"System"), twox_128(b"Events")].concat());
	let Some(bytes) = client.storage(hash, &key).ok()? else { return Some(Vec::new()) };
	let records = read(&bytes.0)?;
	Some(records.into_iter().map(|record| record.event).collect())
}

/// What a block noted of its events; none if it is of another release.
fn read(bytes: &[u8]) -> Option<Vec<EventRecord>> {
	DecodeAll::decode_all(&mut &bytes[..]).ok()
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::{Decode, Encode};
	use weir_fuzz::Fuzz;
	use weir_primitives::{
		api::{Outcome, Reason, TestKind, VerdictRecord},
		outage::Gap,
		Claim,
	};
	use weir_runtime::AccountId;

	/// Events of Proof-of-Bandwidth by their indices: a verdict, one that was revised, an outage, and its end.
	const EVENTS: [u8; 4] = [9, 19, 29, 33];

	/// What a block notes in which this happened to provider 3.
	fn noted(variant: u8, what: impl Encode) -> EventRecord {
		let bytes = (53u8, variant, 3u32, AccountId::from([1; 32]), what).encode();
		let event = RuntimeEvent::decode(&mut &bytes[..]).unwrap();
		EventRecord { phase: frame_system::Phase::ApplyExtrinsic(2), event, topics: vec![] }
	}

	#[test]
	fn fuzz_events_should_be_read_as_they_were_written_or_not_at_all() {
		let verdict = VerdictRecord {
			epoch: 4,
			kind: TestKind::Scheduled,
			claim: Claim { down_kbps: 20_000, up_kbps: 10_000 },
			down_kbps: 19_000,
			up_kbps: 9_500,
			ratio_ppm: 950_000,
			members: 15,
			present: 14,
			rtt_10us: 700,
			loss_pptt: 60,
			alive_parts: 39,
			outcome: Outcome::Good,
			reason: Reason::WithinClaim,
		};
		let gap = Gap { from_slot: 40, until_slot: 50, is_regional: true };
		let [reached, revised, recorded, closed] = EVENTS;
		let block = vec![
			noted(reached, verdict),
			noted(revised, verdict),
			noted(recorded, gap.from_slot),
			noted(closed, gap),
		];
		let samples = block.iter().map(|record| vec![record.clone()].encode()).chain([block.encode()]);
		let ran = Fuzz::new("events", 20_000).samples(samples).longest(1_024).run(|bytes| {
			let Some(records) = read(bytes) else { return [None] };
			assert_eq!(read(&records.encode()), Some(records.clone()));
			let outages: Vec<_> =
				records.iter().filter_map(|record| measuring::outage(&record.event)).collect();
			for outage in &outages {
				assert!(outage.gap.is_none_or(|gap| gap.from_slot == outage.from_slot));
			}
			let verdicts =
				records.into_iter().filter_map(|record| measuring::concluded(record.event)).count();
			[Some((verdicts.min(2), outages.len().min(2)))]
		});
		for saw in [None, Some((1, 0)), Some((0, 1)), Some((2, 2))] {
			assert!(ran.count(&saw) > 0, "{saw:?} never came: {:?}", ran.seen);
		}
	}
}
