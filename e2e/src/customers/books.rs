//! What customers have signed, and what the chain says of it: to the credit.

use super::PURCHASE;
use std::collections::BTreeMap;
use weir_primitives::{
	channel::ChannelId,
	channels_api::{AccountChannel, ProviderEarnings},
	economy::Credits,
	economy_api::CreditsInfo,
};

/// What is known of one customer's money.
pub(super) struct Account {
	/// Its name.
	pub(super) name: String,
	/// Credits that its vouchers say, by its sidecar's last word.
	pub(super) signed: BTreeMap<ChannelId, Credits>,
	/// Its credits on chain.
	pub(super) credits: CreditsInfo,
	/// Its channels there.
	pub(super) channels: Vec<AccountChannel<[u8; 32]>>,
}

/// What a provider of theirs was credited with.
pub(super) struct Credited {
	/// Its name.
	pub(super) name: String,
	/// Its account.
	pub(super) account: [u8; 32],
	/// By the chain.
	pub(super) earnings: ProviderEarnings,
}

impl Account {
	fn sum(&self, of: impl Fn(&AccountChannel<[u8; 32]>) -> Credits) -> Credits {
		self.channels.iter().filter(|row| row.pays).map(of).sum()
	}

	/// What does not add up in one customer's account.
	fn faults(&self) -> Vec<String> {
		let name = &self.name;
		let mut faults = Vec::new();
		let mut law = |holds: bool, told: String| {
			if !holds {
				faults.push(format!("{name}: {told}"));
			}
		};
		law(!self.signed.is_empty(), "its sidecar has not said what its vouchers come to".into());
		for row in self.channels.iter().filter(|row| row.pays) {
			let channel = &row.channel;
			let (id, deposited, paid, left) = (channel.id, channel.deposited, channel.paid, channel.left);
			let signed = self.signed.get(&id).copied().unwrap_or(0);
			law(
				signed == paid,
				format!("its vouchers of channel {id} say {signed} credits, and {paid} were paid"),
			);
			law(
				paid.checked_add(left) == Some(deposited),
				format!(
					"{deposited} credits were put into channel {id}, and {paid} + {left} are paid and left"
				),
			);
		}
		for (id, signed) in &self.signed {
			let is_there = self.channels.iter().any(|row| row.pays && row.channel.id == *id);
			law(
				is_there,
				format!("it has signed for {signed} credits of channel {id}, which is not its own"),
			);
		}
		let CreditsInfo { free, locked, .. } = self.credits;
		let (left, paid) = (self.sum(|row| row.channel.left), self.sum(|row| row.channel.paid));
		law(locked == left, format!("{locked} of its credits are locked, and its channels hold {left}"));
		law(
			[free, locked, paid].iter().try_fold(0, |sum: Credits, part| sum.checked_add(*part))
				== Some(PURCHASE),
			format!("it bought {PURCHASE} credits, and {free} + {locked} + {paid} are free, locked and paid"),
		);
		faults
	}
}

/// What does not add up: in words, none if all does. All vouchers have been handed in, and no fee was claimed.
/// `hops` are those of each account, which has a channel for each.
pub(super) fn broken(accounts: &[Account], providers: &[Credited], hops: &[usize]) -> Vec<String> {
	let mut faults: Vec<_> = accounts.iter().flat_map(Account::faults).collect();
	for (account, hops) in accounts.iter().zip(hops) {
		let channels = account.channels.iter().filter(|row| row.pays && row.channel.paid > 0).count();
		if channels < *hops {
			let name = &account.name;
			faults.push(format!(
				"{name}: {channels} of its channels have paid, and it goes through {hops} providers"
			));
		}
	}
	for Credited { name, account, earnings } in providers {
		let to_it = accounts.iter().flat_map(|account| &account.channels).map(|row| &row.channel);
		let paid: Credits =
			to_it.filter(|channel| channel.provider == *account).map(|channel| channel.paid).sum();
		let credited: Credits = earnings.fee_epochs.iter().map(|epoch| epoch.credits).sum();
		if paid != credited {
			faults.push(format!(
				"{name}: its channels have paid {paid} credits, and it was credited with {credited}"
			));
		}
		if paid == 0 {
			faults.push(format!("{name}: nobody has paid it for traffic"));
		}
	}
	faults
}

#[cfg(test)]
pub(super) mod tests {
	use super::*;
	use weir_primitives::{
		channel::VoucherKey,
		channels_api::{ChannelInfo, ChannelState, ProviderChannels},
		economy_api::{Earned, FeeInfo},
		LineKind, Region,
	};

	const PROVIDER: [u8; 32] = [7; 32];

	pub(crate) fn channel(id: ChannelId, deposited: Credits, paid: Credits) -> AccountChannel<[u8; 32]> {
		let channel = ChannelInfo {
			id,
			state: ChannelState::Open,
			payer: [1; 32],
			customer: [1; 32],
			provider: PROVIDER,
			voucher_key: VoucherKey::Sr25519([2; 32]),
			price: 50_000,
			boost: 100,
			terms_hash: [3; 32],
			region: Region { country: *b"DE", kind: LineKind::Residential },
			from_plan: false,
			deposited,
			paid,
			left: deposited - paid,
			expiry: 9,
			closes_from: 13,
			bytes_down: 0,
			bytes_up: 0,
			sequence: 1,
		};
		AccountChannel { pays: true, uses: true, provides: false, channel }
	}

	fn account() -> Account {
		let credits = CreditsInfo {
			free: PURCHASE - 200_000,
			locked: 199_000,
			last_used: None,
			sweep: None,
			requests: Vec::new(),
		};
		Account {
			name: "customer1".into(),
			signed: BTreeMap::from([(3, 1_000)]),
			credits,
			channels: vec![channel(3, 200_000, 1_000)],
		}
	}

	fn credited(by_epoch: &[Credits]) -> Credited {
		let none = Earned { pending: 0, paid: 0 };
		let fee = |(epoch, credits): (u32, &Credits)| FeeInfo { epoch, credits: *credits, tokens: None };
		let channels = ProviderChannels { open: 1, ending: 0, left: 0, first_close: None, all_counted: true };
		let fee_epochs = (4..).zip(by_epoch).map(fee).collect();
		let earnings = ProviderEarnings { epoch: 5, fees: none, fee_epochs, channels };
		Credited { name: "provider7".into(), account: PROVIDER, earnings }
	}

	#[test]
	fn books_should_be_right_when_all_adds_up() {
		assert_eq!(broken(&[account()], &[credited(&[400, 600])], &[1]), Vec::<String>::new());
	}

	/// What is told when something is changed.
	fn told(change: impl Fn(&mut Account), expected: &[&str]) {
		let mut account = account();
		change(&mut account);
		let paid: Credits = account.channels.iter().map(|row| row.channel.paid).sum();
		let faults = broken(&[account], &[credited(&[paid])], &[1]);
		assert_eq!(faults.len(), expected.len(), "{faults:?}");
		for (fault, expected) in faults.iter().zip(expected) {
			assert!(fault.starts_with("customer1: ") && fault.contains(expected), "{fault}");
		}
	}

	#[test]
	fn books_should_be_wrong_when_a_single_credit_is_missing() {
		told(|account| account.signed.extend([(3, 1_001)]), &["say 1001 credits, and 1000 were paid"]);
		told(|account| account.signed.extend([(4, 1)]), &["signed for 1 credits of channel 4"]);
		told(|account| account.credits.free -= 1, &["are free, locked and paid"]);
		told(
			|account| account.credits.locked += 1,
			&["199001 of its credits are locked, and its channels hold 199000", "it bought"],
		);
		told(
			|account| account.channels[0].channel.left += 1,
			&["200000 credits were put into channel 3", "are locked, and its channels hold 199001"],
		);
		told(|account| account.signed.clear(), &["has not said", "say 0 credits, and 1000 were paid"]);
	}

	#[test]
	fn books_should_be_wrong_when_a_provider_was_not_credited() {
		let faults = broken(&[account()], &[credited(&[999])], &[1]);
		let told = "provider7: its channels have paid 1000 credits, and it was credited with 999";
		let through_two = broken(&[account()], &[credited(&[1_000])], &[2]);
		assert_eq!(through_two, ["customer1: 1 of its channels have paid, and it goes through 2 providers"]);
		assert_eq!(faults, [told]);
		assert_eq!(broken(&[], &[credited(&[])], &[]), ["provider7: nobody has paid it for traffic"]);
	}
}
