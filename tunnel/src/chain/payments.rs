//! Payment channels as provider and customer see them: reads over the runtime API, and calls signed by a hot account.

use super::{Account, ChainError};
use async_trait::async_trait;
use codec::{Decode, Encode};
use weir_primitives::{
	chain::AccountId,
	channel::{ChannelId, SignedVoucher, VoucherKey, VoucherRefusal},
	channels_api::{AccountChannel, ChannelInfo, OfferInfo, ProviderEarnings},
	economy::Credits,
	economy_api::CreditsInfo,
	EpochIndex,
};

/// Vouchers that one claim takes at most.
pub const MAX_VOUCHERS: usize = 64;

/// What the opener of a channel asks for, in the order in which the chain reads it.
#[derive(Clone, PartialEq, Eq, Debug, Encode)]
pub struct Opening {
	/// Who is paid: a provider in service.
	pub provider: AccountId,
	/// Credits put into the channel.
	pub credits: Credits,
	/// Signs the vouchers. Another one for each channel: by it a channel is found again.
	pub voucher_key: VoucherKey,
	/// First epoch in which the channel is no longer meant to be used.
	pub expiry: EpochIndex,
	/// Boost class, per cent of the provider's price.
	pub boost: u16,
	/// Hash of the terms that were agreed to.
	pub terms_hash: [u8; 32],
	/// Whether the credits come out of the payer's plan.
	pub from_plan: bool,
}

/// What became of a voucher that was claimed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Handed {
	/// It was paid.
	Paid {
		/// Credits by this voucher.
		credits: Credits,
		/// Credits that the channel has paid in all.
		paid: Credits,
		/// Credits that it still holds.
		left: Credits,
	},
	/// It counts for nothing.
	Refused(VoucherRefusal),
}

/// What `close` came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
	/// The channel is closed.
	Closed {
		/// Credits that it paid in all.
		paid: Credits,
		/// Credits that went back.
		returned: Credits,
	},
	/// The provider has until this epoch to claim what it is owed.
	Until(EpochIndex),
}

/// Channels on chain: the seam that tests replace. Reads are of the last finalised block; a call that succeeds is in one.
#[async_trait]
pub trait Payments: Send + Sync + 'static {
	/// The running epoch, as of the same block as the other reads.
	async fn epoch(&self) -> Result<EpochIndex, ChainError>;
	/// A channel that is not closed.
	async fn channel(&self, channel: ChannelId) -> Result<Option<ChannelInfo<AccountId>>, ChainError>;
	/// Channels of an account, in any part, after the one named: a hundred at most.
	async fn channels(
		&self,
		who: &AccountId,
		after: Option<ChannelId>,
	) -> Result<Vec<AccountChannel<AccountId>>, ChainError>;
	/// What a provider offers in a boost class; none if it is not registered.
	async fn offer(&self, provider: &AccountId, boost: u16) -> Result<Option<OfferInfo>, ChainError>;
	/// What a provider has earned.
	async fn earnings(&self, provider: &AccountId) -> Result<ProviderEarnings, ChainError>;
	/// Credits of an account.
	async fn credits(&self, who: &AccountId) -> Result<CreditsInfo, ChainError>;
	/// Opens a channel, unless one of `by` with this voucher key is there already; its number.
	async fn open(&self, by: &Account, opening: &Opening) -> Result<ChannelId, ChainError>;
	/// Puts credits into a channel; all that was ever put in.
	async fn top_up(&self, by: &Account, channel: ChannelId, credits: Credits)
		-> Result<Credits, ChainError>;
	/// Ends a channel: by its provider at once, with the last voucher; by its payer or customer after a challenge.
	async fn close(
		&self,
		by: &Account,
		channel: ChannelId,
		last: Option<&SignedVoucher>,
	) -> Result<Ended, ChainError>;
	/// Has `provider` paid by vouchers, [`MAX_VOUCHERS`] at most and one of each channel; what became of each. Any account may.
	async fn claim(
		&self,
		by: &Account,
		provider: &AccountId,
		vouchers: &[SignedVoucher],
	) -> Result<Vec<Handed>, ChainError>;
}

/// A channel of `payer` by its voucher key, whatever its state.
pub async fn find_channel(
	chain: &(impl Payments + ?Sized),
	payer: &AccountId,
	key: &VoucherKey,
) -> Result<Option<ChannelInfo<AccountId>>, ChainError> {
	let mut after = None;
	// Every page is after the one before, so that there is an end; this one is far beyond what an account can pay for.
	for _ in 0..1_000 {
		let page = chain.channels(payer, after).await?;
		let Some(last) = page.last() else { return Ok(None) };
		after = Some(last.channel.id);
		if let Some(found) = page.into_iter().find(|row| row.pays && row.channel.voucher_key == *key) {
			return Ok(Some(found.channel));
		}
	}
	Ok(None)
}

/// What a voucher says beside money, as events repeat it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Decode, Encode)]
pub(super) struct SaidUsage {
	bytes_down: u64,
	bytes_up: u64,
	sequence: u64,
}

/// An event of pallet Channels that a call of this program brings about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Event {
	Opened { channel: ChannelId },
	ToppedUp { deposited: Credits },
	Claimed { channel: ChannelId, credits: Credits, paid: Credits, left: Credits },
	Refused { index: u32, reason: VoucherRefusal },
	CloseRequested { closes_from: EpochIndex },
	Closed { paid: Credits, returned: Credits },
}

impl Event {
	/// Reads the fields of an event; none if it is another one. An error if it has another shape than this version knows.
	pub(super) fn read(name: &str, fields: &[u8]) -> Result<Option<Self>, ChainError> {
		fn all<T: Decode>(mut fields: &[u8], event: &'static str) -> Result<T, ChainError> {
			let read = T::decode(&mut fields).ok().filter(|_| fields.is_empty());
			read.ok_or(ChainError::Incompatible(event))
		}
		Ok(Some(match name {
			"Opened" => {
				type Fields = (ChannelId, AccountId, AccountId, AccountId, Credits, u64, EpochIndex);
				let (channel, ..): Fields = all(fields, "Opened")?;
				Self::Opened { channel }
			}
			"ToppedUp" => {
				let (_, _, deposited): (ChannelId, Credits, Credits) = all(fields, "ToppedUp")?;
				Self::ToppedUp { deposited }
			}
			"Claimed" => {
				type Fields = (ChannelId, Credits, Credits, Credits, SaidUsage);
				let (channel, credits, paid, left, _): Fields = all(fields, "Claimed")?;
				Self::Claimed { channel, credits, paid, left }
			}
			"VoucherRefused" => {
				let (index, reason) = all(fields, "VoucherRefused")?;
				Self::Refused { index, reason }
			}
			"CloseRequested" => {
				let (_, closes_from): (ChannelId, EpochIndex) = all(fields, "CloseRequested")?;
				Self::CloseRequested { closes_from }
			}
			"Closed" => {
				let (_, _, paid, returned): (ChannelId, u8, Credits, Credits) = all(fields, "Closed")?;
				Self::Closed { paid, returned }
			}
			_ => return Ok(None),
		}))
	}
}

/// What became of each voucher, by the events of their claim.
pub(super) fn handed(vouchers: &[SignedVoucher], events: &[Event]) -> Result<Vec<Handed>, ChainError> {
	let of = |(position, signed): (usize, &SignedVoucher)| {
		let refused = events.iter().find_map(|event| match event {
			Event::Refused { index, reason } if usize::try_from(*index) == Ok(position) => Some(*reason),
			_ => None,
		});
		if let Some(reason) = refused {
			return Some(Handed::Refused(reason));
		}
		events.iter().find_map(|event| match *event {
			Event::Claimed { channel, credits, paid, left } if channel == signed.voucher.channel => {
				Some(Handed::Paid { credits, paid, left })
			}
			_ => None,
		})
	};
	vouchers.iter().enumerate().map(of).collect::<Option<_>>().ok_or(ChainError::Incompatible("claim"))
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::chain::submission::Submission;
	use weir_primitives::channel::{Voucher, VoucherSignature};

	fn voucher(channel: ChannelId) -> SignedVoucher {
		let voucher = Voucher { channel, bytes_down: 1, bytes_up: 2, credits: 3, sequence: 4 };
		SignedVoucher { voucher, signature: VoucherSignature::Sr25519([6; 64]) }
	}

	#[test]
	fn calls_should_be_encoded_as_the_pallet_decodes_them() {
		let opening = Opening {
			provider: [7; 32].into(),
			credits: 5_000_000,
			voucher_key: VoucherKey::Ed25519([4; 32]),
			expiry: 70,
			boost: 150,
			terms_hash: [5; 32],
			from_plan: true,
		};
		let golden = "07".repeat(32)
			+ "404b4c00000000000000000000000000"
			+ "01" + &"04".repeat(32)
			+ "46000000"
			+ "9600" + &"05".repeat(32)
			+ "01";
		assert_eq!(hex::encode(Submission::open(&opening).arguments), golden);
		assert_eq!(hex::encode(Submission::top_up(258, 5_000_000).arguments), "0904022d3101");
		assert_eq!(hex::encode(Submission::close(258, None).arguments), "090400");
		let signed = voucher(258);
		let bytes = hex::encode(signed.encode());
		assert_eq!(bytes.len(), 2 * 113);
		assert_eq!(hex::encode(Submission::close(258, Some(&signed)).arguments), format!("090401{bytes}"));
		let claim = Submission::claim(&[7; 32].into(), &[signed, signed]);
		assert_eq!(hex::encode(claim.arguments), "07".repeat(32) + "08" + &bytes + &bytes);
	}

	#[test]
	fn events_should_be_read_as_the_pallet_encodes_them() {
		let account = AccountId::from([7; 32]);
		let opened = (258u64, &account, &account, &account, 9u128, 50_000u64, 11u32).encode();
		assert_eq!(opened.len(), 8 + 3 * 32 + 16 + 8 + 4);
		assert_eq!(Event::read("Opened", &opened).unwrap(), Some(Event::Opened { channel: 258 }));
		let claimed = (258u64, 5u128, 6u128, 7u128, (1u64, 2u64, 3u64)).encode();
		let expected = Event::Claimed { channel: 258, credits: 5, paid: 6, left: 7 };
		assert_eq!(Event::read("Claimed", &claimed).unwrap(), Some(expected));
		let refused = (1u32, VoucherRefusal::Drained).encode();
		let expected = Event::Refused { index: 1, reason: VoucherRefusal::Drained };
		assert_eq!(Event::read("VoucherRefused", &refused).unwrap(), Some(expected));
		let closed = (258u64, 2u8, 6u128, 3u128).encode();
		assert_eq!(Event::read("Closed", &closed).unwrap(), Some(Event::Closed { paid: 6, returned: 3 }));
		assert_eq!(Event::read("Subscribed", &[]).unwrap(), None);
		// Of another shape: cut short, or with more behind it.
		for fields in [&claimed[..claimed.len() - 1], &[&claimed[..], &[0]].concat()] {
			assert!(matches!(Event::read("Claimed", fields), Err(ChainError::Incompatible("Claimed"))));
		}
	}

	#[test]
	fn handed_should_say_of_each_voucher_what_became_of_it() {
		let vouchers = [voucher(4), voucher(5), voucher(6)];
		let events = [
			Event::Refused { index: 1, reason: VoucherRefusal::NothingNew },
			Event::Claimed { channel: 6, credits: 1, paid: 2, left: 3 },
			Event::Claimed { channel: 4, credits: 4, paid: 5, left: 6 },
		];
		assert_eq!(
			handed(&vouchers, &events).unwrap(),
			[
				Handed::Paid { credits: 4, paid: 5, left: 6 },
				Handed::Refused(VoucherRefusal::NothingNew),
				Handed::Paid { credits: 1, paid: 2, left: 3 },
			]
		);
		assert!(handed(&vouchers, &events[..2]).is_err(), "one has no answer");
	}
}
