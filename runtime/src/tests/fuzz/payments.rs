//! Calls of payment channels that bytes choose: by those who have to do with a channel, mostly, with vouchers that may well be right.

use super::super::chain::*;
use crate::*;
use arbitrary::{Result, Unstructured};
use pallet_channels::{Call, Channel, Channels, NextId, Opening};
use sp_keyring::Sr25519Keyring::{self, Dave};
use weir_math::economy::{channel::LEAST_BOOST_PERCENT, units::DOLLAR};
use weir_primitives::{
	channel::{
		close_payload, voucher_payload, ChannelId, SignedVoucher, Voucher, VoucherKey, VoucherSignature,
	},
	economy::Credits,
	seams::{economy::CreditAccounts, EpochClock},
};

/// A call, and who makes it.
type Due = (Sr25519Keyring, RuntimeCall);

fn genesis_hash() -> [u8; 32] {
	System::block_hash(0).0
}

/// Up to 256 cents.
fn cents(bytes: &mut Unstructured) -> Result<Credits> {
	Ok(Credits::from(bytes.arbitrary::<u8>()?) * DOLLAR / 100)
}

fn opening(bytes: &mut Unstructured) -> Result<Opening<AccountId>> {
	let provider = bytes.choose(&PROVIDERS)?.to_account_id();
	let offer = pallet_channels::Pallet::<Runtime>::offer(&provider, LEAST_BOOST_PERCENT);
	Ok(Opening {
		provider,
		credits: cents(bytes)?,
		voucher_key: VoucherKey::Sr25519(Dave.to_raw_public()),
		expiry: ProofOfBandwidth::epoch() + u32::from(bytes.arbitrary::<u8>()? % 8),
		boost: LEAST_BOOST_PERCENT + u16::from(bytes.arbitrary::<u8>()?),
		terms_hash: offer.map(|offer| offer.terms_hash).unwrap_or_default(),
		from_plan: bytes.int_in_range(0u8..=3)? == 0,
	})
}

/// What is more than was paid, mostly, of the channel.
fn voucher(
	bytes: &mut Unstructured,
	channel: ChannelId,
	record: &Channel<AccountId>,
) -> Result<SignedVoucher> {
	let credits = record.funds.paid + cents(bytes)?;
	let worth = credits.saturating_mul(1_000_000_000) / Credits::from(record.price.max(1));
	let bytes_down = u64::try_from(worth).unwrap_or(u64::MAX).saturating_add(bytes.int_in_range(0..=1)?);
	let sequence = record.last.sequence.saturating_add(1);
	let voucher = Voucher { channel, bytes_down, bytes_up: 1, credits, sequence };
	let signer = if bytes.int_in_range(0u8..=15)? == 0 { Sr25519Keyring::Eve } else { Dave };
	let signature = signer.sign(&voucher_payload(&genesis_hash(), &voucher));
	Ok(SignedVoucher { voucher, signature: VoucherSignature::Sr25519(signature.0) })
}

fn keyring(who: &AccountId) -> Sr25519Keyring {
	Sr25519Keyring::from_account_id(who).unwrap_or(Dave)
}

/// What somebody may do with a channel that is open.
fn with_channel(
	bytes: &mut Unstructured,
	channel: ChannelId,
	record: &Channel<AccountId>,
	someone: Sr25519Keyring,
) -> Result<Due> {
	let (payer, provider) = (keyring(&record.payer), keyring(&record.provider));
	Ok(match bytes.int_in_range(0u8..=12)? {
		0 => (payer, Call::top_up { channel, credits: cents(bytes)? }.into()),
		1 => {
			let expiry = record.expiry.saturating_add(u32::from(bytes.arbitrary::<u8>()? % 4));
			(payer, Call::extend { channel, expiry }.into())
		}
		2 => (
			bytes.choose(&[payer, keyring(&record.customer)]).copied()?,
			Call::close { channel, last: None }.into(),
		),
		3 => {
			let last = Some(voucher(bytes, channel, record)?);
			(bytes.choose(&[provider, someone]).copied()?, Call::close { channel, last }.into())
		}
		4 => {
			let credits = record.funds.paid + cents(bytes)?;
			let signature = provider.sign(&close_payload(&genesis_hash(), channel, credits)).into();
			(payer, Call::close_agreed { channel, credits, signature }.into())
		}
		5 => (someone, Call::close_due { channel }.into()),
		_ => {
			let vouchers: Vec<_> = (0..bytes.int_in_range(1u8..=3)?)
				.map(|_| voucher(bytes, channel, record))
				.collect::<Result<_>>()?;
			let vouchers = vouchers.try_into().unwrap_or_default();
			(someone, Call::claim { provider: record.provider.clone(), vouchers }.into())
		}
	})
}

/// Something with channels and plans. Who has credits begins, mostly: without them nothing goes well.
pub(super) fn due(bytes: &mut Unstructured, someone: Sr25519Keyring) -> Result<Due> {
	let rich = VALIDATORS.into_iter().chain(PROVIDERS).find(|who| BurnMint::free(&who.to_account_id()) > 0);
	let customer = rich.unwrap_or(someone);
	let open = || -> Vec<_> { Channels::<Runtime>::iter().collect() };
	Ok(match bytes.int_in_range(0u8..=15)? {
		0..=3 => (customer, Call::open { opening: opening(bytes)? }.into()),
		4 => {
			let opening = opening(bytes)?;
			(customer, Call::open_for { customer: someone.to_account_id(), opening }.into())
		}
		5 => (customer, Call::subscribe { credits: cents(bytes)? }.into()),
		6 => (someone, Call::lapse_plan { who: customer.to_account_id() }.into()),
		7 => (someone, Call::close_due { channel: NextId::<Runtime>::get() }.into()),
		_ => match bytes.choose(&open()) {
			Ok((channel, record)) => with_channel(bytes, *channel, record, someone)?,
			Err(_) => (customer, Call::open { opening: opening(bytes)? }.into()),
		},
	})
}
