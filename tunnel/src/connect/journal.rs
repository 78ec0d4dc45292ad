//! What a customer must not lose: the voucher keys of its channels, the newest voucher of each, and what it has counted.
//!
//! A key is here before the call is sent that opens its channel, so that credits are never in a channel that nobody can use;
//! and a voucher before it is sent, so that no later one says less. Whoever reads a key can pay the provider of its channel
//! all that is in it, and nobody else.

use crate::store::Store;
use anyhow::{anyhow, bail, Context, Result};
use codec::{Decode, Encode};
use redb::{ReadableDatabase, TableDefinition, TableError};
use std::path::Path;
use weir_primitives::{
	channel::{ChannelId, VoucherKey},
	economy::Credits,
};
use weir_tunnel_core::{keys::ProbeKeypair, session, Micros};
use zeroize::Zeroizing;

type Key = (&'static [u8; 32], &'static [u8; 32]);
/// (genesis, public half of the voucher key) → what is kept of its channel.
const CHANNELS: TableDefinition<Key, &[u8]> = TableDefinition::new("customer-channels-v1");

/// What is kept of a channel.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Kept {
	/// Who is paid.
	pub provider: [u8; 32],
	/// Secret half of the voucher key (sr25519).
	seed: [u8; 32],
	/// Its number, once it was seen on chain.
	pub channel: Option<ChannelId>,
	/// Counts, and the newest voucher.
	pub paid: session::Journal,
	/// When its last join was signed: the next one has to be later.
	pub joined_at: Micros,
}

impl Drop for Kept {
	fn drop(&mut self) {
		zeroize::Zeroize::zeroize(&mut self.seed);
	}
}

impl Kept {
	/// The voucher key.
	pub fn key(&self) -> Result<ProbeKeypair> {
		ProbeKeypair::from_seed(&self.seed).context("state: damaged voucher key")
	}

	/// Credits that were signed away.
	pub fn signed(&self) -> Credits {
		self.paid.voucher.map_or(0, |signed| signed.voucher.credits)
	}
}

/// The records of one chain.
pub struct Journal {
	store: Store,
	genesis: [u8; 32],
}

impl Journal {
	/// Opens or makes them in `folder`, which only its owner may look into.
	pub fn open(folder: &Path, genesis: [u8; 32]) -> Result<Self> {
		Ok(Self { store: Store::open(folder)?, genesis })
	}

	/// Makes a key for a channel to `provider`; what it returns is on disk.
	pub fn new_key(&self, provider: [u8; 32]) -> Result<VoucherKey> {
		let mut seed = Zeroizing::new([0; 32]);
		getrandom::getrandom(seed.as_mut_slice()).context("the system's randomness")?;
		let kept =
			Kept { provider, seed: *seed, channel: None, paid: session::Journal::default(), joined_at: 0 };
		let public = kept.key()?.public();
		self.put(&public, &kept)?;
		Ok(VoucherKey::Sr25519(public))
	}

	/// What is kept of the channel with this voucher key.
	pub fn of(&self, key: &VoucherKey) -> Result<Option<Kept>> {
		let VoucherKey::Sr25519(public) = key else { return Ok(None) };
		let bytes = self.store.with(|database| {
			let transaction = database.begin_read()?;
			let table = match transaction.open_table(CHANNELS) {
				Err(TableError::TableDoesNotExist(_)) => return Ok(None),
				table => table?,
			};
			Ok(table.get((&self.genesis, public))?.map(|row| Zeroizing::new(row.value().to_vec())))
		})?;
		bytes.map(|bytes| decode(&bytes)).transpose()
	}

	/// All voucher keys of this chain with what is kept of their channels.
	pub fn all(&self) -> Result<Vec<(VoucherKey, Kept)>> {
		let rows = self.store.with(|database| {
			let transaction = database.begin_read()?;
			let table = match transaction.open_table(CHANNELS) {
				Err(TableError::TableDoesNotExist(_)) => return Ok(vec![]),
				table => table?,
			};
			let rows = table.range((&self.genesis, &[0; 32])..=(&self.genesis, &[0xff; 32]))?;
			rows.map(|row| {
				let (key, value) = row?;
				Ok((*key.value().1, Zeroizing::new(value.value().to_vec())))
			})
			.collect::<Result<Vec<_>, redb::Error>>()
		})?;
		rows.into_iter().map(|(key, bytes)| Ok((VoucherKey::Sr25519(key), decode(&bytes)?))).collect()
	}

	/// Changes what is kept; it is on disk when this returns. Neither a count nor a voucher is ever replaced by less.
	pub fn update(&self, key: &VoucherKey, change: impl FnOnce(&mut Kept)) -> Result<()> {
		let VoucherKey::Sr25519(public) = key else { bail!("state: no such voucher key") };
		let before = self.of(key)?.ok_or_else(|| anyhow!("state: no such voucher key"))?;
		let mut after = before.clone();
		change(&mut after);
		if after.signed() < before.signed() {
			after.paid.voucher = before.paid.voucher;
		}
		let (counted, least) = (&mut after.paid.counted, before.paid.counted);
		(counted.down, counted.up) = (counted.down.max(least.down), counted.up.max(least.up));
		self.put(public, &after)
	}

	/// Forgets a channel that is closed.
	pub fn forget(&self, key: &VoucherKey) -> Result<()> {
		let VoucherKey::Sr25519(public) = key else { return Ok(()) };
		self.store.write(|transaction| {
			transaction.open_table(CHANNELS)?.remove((&self.genesis, public))?;
			Ok(())
		})
	}

	fn put(&self, public: &[u8; 32], kept: &Kept) -> Result<()> {
		let bytes = Zeroizing::new(kept.encode());
		self.store.write(|transaction| {
			transaction.open_table(CHANNELS)?.insert((&self.genesis, public), &bytes[..])?;
			Ok(())
		})
	}
}

fn decode(mut bytes: &[u8]) -> Result<Kept> {
	Kept::decode(&mut bytes).context("state: damaged channel record")
}

#[cfg(test)]
mod tests {
	use super::*;
	use weir_primitives::channel::{SignedVoucher, Voucher, VoucherSignature};
	use weir_tunnel_core::wire::Usage;

	fn paid(credits: Option<Credits>, down: u64, up: u64) -> session::Journal {
		let voucher = credits.map(|credits| SignedVoucher {
			voucher: Voucher { channel: 9, bytes_down: 1, bytes_up: 2, credits, sequence: 1 },
			signature: VoucherSignature::Sr25519([1; 64]),
		});
		session::Journal { counted: Usage { down, up }, window_bytes: 7, voucher }
	}

	#[test]
	fn records_should_survive_a_restart_and_be_of_one_chain() {
		let folder = tempfile::tempdir().unwrap();
		let journal = Journal::open(folder.path(), [7; 32]).unwrap();
		let (one, other) = (journal.new_key([1; 32]).unwrap(), journal.new_key([2; 32]).unwrap());
		assert_ne!(one, other);
		journal
			.update(&one, |kept| {
				kept.channel = Some(9);
				kept.paid = paid(Some(5), 3, 4);
			})
			.unwrap();
		drop(journal);
		let journal = Journal::open(folder.path(), [7; 32]).unwrap();
		let kept = journal.of(&one).unwrap().unwrap();
		assert_eq!(VoucherKey::Sr25519(kept.key().unwrap().public()), one);
		assert_eq!((kept.provider, kept.channel, kept.paid), ([1; 32], Some(9), paid(Some(5), 3, 4)));
		assert_eq!(journal.all().unwrap().len(), 2);
		journal.forget(&one).unwrap();
		assert!(journal.of(&one).unwrap().is_none() && journal.of(&other).unwrap().is_some());
		drop(journal);
		// Numbers of channels begin anew on another chain.
		let elsewhere = Journal::open(folder.path(), [8; 32]).unwrap();
		assert!(elsewhere.all().unwrap().is_empty() && elsewhere.of(&other).unwrap().is_none());
	}

	#[test]
	fn update_should_keep_the_higher_voucher_and_count() {
		let folder = tempfile::tempdir().unwrap();
		let journal = Journal::open(folder.path(), [7; 32]).unwrap();
		let key = journal.new_key([1; 32]).unwrap();
		let set = |credits, down, up| {
			journal.update(&key, |kept| kept.paid = paid(credits, down, up)).unwrap();
			journal.of(&key).unwrap().unwrap().paid
		};
		assert_eq!(set(Some(10), 100, 5), paid(Some(10), 100, 5));
		assert_eq!(set(Some(9), 50, 7), paid(Some(10), 100, 7));
		assert_eq!(set(None, 0, 0), paid(Some(10), 100, 7));
		assert_eq!(set(Some(11), 101, 8), paid(Some(11), 101, 8));
	}

	#[test]
	fn update_should_fail_when_there_is_no_such_key() {
		let folder = tempfile::tempdir().unwrap();
		let journal = Journal::open(folder.path(), [7; 32]).unwrap();
		assert!(journal.update(&VoucherKey::Sr25519([1; 32]), |_| {}).is_err());
		assert!(journal.of(&VoucherKey::Ed25519([1; 32])).unwrap().is_none());
	}
}
