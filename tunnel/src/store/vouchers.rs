//! A provider's paid channels: what was served, the highest voucher, and the last join.

use super::{Store, TableError};
use anyhow::{Context, Result};
use codec::{Decode, Encode};
use redb::{ReadableDatabase, TableDefinition};
use std::collections::BTreeMap;
use weir_primitives::channel::ChannelId;
use weir_tunnel_core::{session::Record, Micros};

/// channel → what is kept of it.
pub(super) const PAID: TableDefinition<u64, &[u8]> = TableDefinition::new("paid-v1");
/// month → bytes that were carried for customers.
pub(super) const CARRIED: TableDefinition<u32, u64> = TableDefinition::new("carried-v1");

/// What a provider keeps of a channel until the chain has closed it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Encode, Decode)]
pub struct Kept {
	/// When the last join was signed: another one has to be later.
	pub joined: Micros,
	/// What was served and paid.
	pub record: Record,
}

/// Bytes that were carried in a month.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Carried {
	/// The month, by its number.
	pub month: u32,
	/// Bytes, both directions.
	pub bytes: u64,
}

impl Store {
	/// Stores what is to be kept of channels, in their order, all or none; and how much was carried. On an error nothing
	/// waits: what is not on disk counts for nothing.
	pub fn put_kept(&self, rows: &[(ChannelId, Kept)], carried: Carried) -> Result<()> {
		self.write(|transaction| {
			let mut paid = transaction.open_table(PAID)?;
			for (channel, kept) in rows {
				paid.insert(channel, &kept.encode()[..])?;
			}
			let mut months = transaction.open_table(CARRIED)?;
			let known = redb::ReadableTable::get(&months, carried.month)?.map_or(0, |known| known.value());
			months.insert(carried.month, known.max(carried.bytes))?;
			Ok(())
		})
	}

	/// What is kept of each channel.
	pub fn kept(&self) -> Result<BTreeMap<ChannelId, Kept>> {
		let stored = self.with(|database| {
			let transaction = database.begin_read()?;
			let table = match transaction.open_table(PAID) {
				Err(TableError::TableDoesNotExist(_)) => return Ok(vec![]),
				table => table?,
			};
			let rows = redb::ReadableTable::iter(&table)?;
			rows.map(|row| {
				let (channel, kept) = row?;
				Ok((channel.value(), kept.value().to_vec()))
			})
			.collect::<Result<Vec<_>, redb::Error>>()
		})?;
		let decode = |(channel, bytes): (ChannelId, Vec<u8>)| {
			Ok((channel, Kept::decode(&mut &bytes[..]).context("state: damaged voucher")?))
		};
		stored.into_iter().map(decode).collect()
	}

	/// Forgets channels that the chain has closed.
	pub fn forget_kept(&self, channels: &[ChannelId]) -> Result<()> {
		self.write(|transaction| {
			let mut paid = transaction.open_table(PAID)?;
			for channel in channels {
				paid.remove(channel)?;
			}
			Ok(())
		})
	}

	/// Bytes that were carried in a month. Of months before it nothing is kept any more.
	pub fn carried(&self, month: u32) -> Result<u64> {
		let found = self.with(|database| {
			let transaction = database.begin_read()?;
			let table = match transaction.open_table(CARRIED) {
				Err(TableError::TableDoesNotExist(_)) => return Ok(None),
				table => table?,
			};
			Ok(table.get(month)?.map(|bytes| bytes.value()))
		})?;
		self.write(|transaction| {
			let mut months = transaction.open_table(CARRIED)?;
			months.retain(|known, _| known >= month)?;
			Ok(())
		})?;
		Ok(found.unwrap_or(0))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::store::tests::on_disk_that_fills;
	use std::sync::{
		atomic::{AtomicBool, Ordering},
		Arc,
	};
	use weir_primitives::channel::{SignedVoucher, Voucher, VoucherSignature};
	use weir_tunnel_core::wire::Usage;

	fn kept(joined: Micros, credits: u128) -> Kept {
		let voucher = Voucher { channel: 1, bytes_down: 1, bytes_up: 2, credits, sequence: 4 };
		let signature = VoucherSignature::Ed25519([6; 64]);
		let served = Usage { down: 7, up: 8 };
		let voucher = Some(SignedVoucher { voucher, signature });
		Kept { joined, record: Record { served, conceded_bytes: 9, good_windows: 2, voucher } }
	}

	#[test]
	fn kept_should_be_there_when_reopened_until_it_is_forgotten() {
		let folder = tempfile::tempdir().unwrap();
		let store = Store::open(folder.path()).unwrap();
		assert_eq!((store.kept().unwrap(), store.carried(5).unwrap()), (BTreeMap::new(), 0));
		let carried = |month, bytes| Carried { month, bytes };
		store.put_kept(&[(1, kept(1, 1)), (2, kept(2, 2)), (1, kept(3, 3))], carried(5, 50)).unwrap();
		store.put_kept(&[], carried(5, 40)).unwrap();
		drop(store);
		let store = Store::open(folder.path()).unwrap();
		// Of one channel the last one stands, and a count never goes back.
		assert_eq!(store.kept().unwrap(), BTreeMap::from([(1, kept(3, 3)), (2, kept(2, 2))]));
		assert_eq!(store.carried(5).unwrap(), 50);
		store.forget_kept(&[1, 7]).unwrap();
		assert_eq!(store.kept().unwrap(), BTreeMap::from([(2, kept(2, 2))]));
		assert_eq!((store.carried(6).unwrap(), store.carried(5).unwrap()), (0, 0));
	}

	#[test]
	fn vouchers_should_not_wait_in_memory_when_the_disk_is_full() {
		let full = Arc::new(AtomicBool::new(false));
		let store = on_disk_that_fills(full.clone());
		store.put_kept(&[(1, kept(1, 1))], Carried::default()).unwrap();
		full.store(true, Ordering::SeqCst);
		let error = store.put_kept(&[(1, kept(2, 2))], Carried::default()).unwrap_err().to_string();
		assert!(error.contains("free some space"), "{error}");
		full.store(false, Ordering::SeqCst);
		store.put_kept(&[(2, kept(3, 3))], Carried::default()).unwrap();
		assert_eq!(store.kept().unwrap(), BTreeMap::from([(1, kept(1, 1)), (2, kept(3, 3))]));
	}
}
