//! What a strike costs a line that earns: the pay of the epoch in which it is found.

use super::chain::*;
use crate::*;
use pallet_proof_of_bandwidth::Event as MeasuringEvent;
use sp_keyring::Sr25519Keyring;
use std::collections::BTreeMap;
use weir_math::economy::{units::PRICE_ONE, weight::LEAST_MEASURED_KBPS};
use weir_primitives::{api::Outcome, seams::EpochClock, EpochIndex, ProviderIndex};

/// The number of the line that lies.
const LIAR: ProviderIndex = 7;
/// What it carries then: less than half of its claim, and enough to weigh something.
const LIE_KBPS: u32 = CLAIM_KBPS * 19 / 40;
/// Blocks within which an epoch is closed in which every line is admitted.
const PATIENCE: u32 = 600;

/// Everybody delivers what it claims, but for the liar from an epoch on.
fn delivery(lies_from: EpochIndex) -> impl Fn(Sr25519Keyring, ProviderIndex, EpochIndex) -> Option<u32> {
	move |_, provider, epoch| {
		let lies = provider == LIAR && epoch >= lies_from;
		Some(share(if lies { LIE_KBPS } else { CLAIM_KBPS + 1_000 }, provider, epoch))
	}
}

/// What a line has been credited with for its capacity, claimed or not, free or not.
fn earned(provider: Sr25519Keyring) -> Balance {
	let account = Rewards::account(&provider.to_account_id()).unwrap_or_default();
	account.owed.availability + account.paid.availability + account.vesting.granted
}

/// What each line had been credited with when an epoch was closed.
#[derive(Default)]
struct Closes(BTreeMap<EpochIndex, [Balance; PROVIDERS.len()]>);

impl Closes {
	/// A block, after which every law holds and what was closed is noted. Whether a strike of the liar was found in it.
	fn block(&mut self, chain: &mut Chain, lies_from: EpochIndex) -> bool {
		chain.block(&delivery(lies_from));
		check_invariants();
		if let Some(closed) = Rewards::last_closed() {
			self.0.entry(closed).or_insert_with(|| PROVIDERS.map(earned));
		}
		let is_strike = |event| {
			let verdict = match event {
				RuntimeEvent::ProofOfBandwidth(MeasuringEvent::VerdictReached {
					provider: LIAR,
					verdict,
					..
				}) => verdict,
				_ => return false,
			};
			verdict.outcome == Outcome::Strike
		};
		System::events().into_iter().any(|record| is_strike(record.event))
	}

	fn has(&self, epoch: EpochIndex) -> bool {
		self.0.contains_key(&epoch)
	}

	/// What each line was paid for an epoch.
	fn pay(&self, epoch: EpochIndex) -> [Balance; PROVIDERS.len()] {
		let (before, after) = (self.0[&(epoch - 1)], self.0[&epoch]);
		core::array::from_fn(|line| after[line] - before[line])
	}
}

#[test]
fn struck_line_should_earn_nothing_for_the_epochs_of_its_strikes() {
	const { assert!(LIE_KBPS > LEAST_MEASURED_KBPS && LIE_KBPS * 2 < CLAIM_KBPS) };
	genesis(presets::LOCAL).execute_with(|| {
		let mut chain = Chain::with_providers();
		chain.quote(Some(PRICE_ONE / 25));
		let (liar, mut closes) = (PROVIDERS[LIAR as usize], Closes::default());
		let mut blocks = 0;
		while earned(liar) == 0 {
			blocks += 1;
			assert!(blocks < PATIENCE, "it is admitted, and earns");
			assert!(!closes.block(&mut chain, EpochIndex::MAX), "it is honest still");
		}

		let lies_from = ProofOfBandwidth::epoch() + 1;
		// Epochs in which strikes were found.
		let mut strikes = Vec::new();
		let mut blocks = 0;
		while !strikes.get(1).is_some_and(|epoch| closes.has(*epoch)) {
			blocks += 1;
			assert!(blocks < PATIENCE, "struck twice, and both epochs are closed: {strikes:?}");
			if closes.block(&mut chain, lies_from) {
				strikes.push(ProofOfBandwidth::epoch());
			}
		}
		assert!(strikes[0] > lies_from && strikes[1] > strikes[0], "{strikes:?}");

		let liar = LIAR as usize;
		let before = closes.pay(strikes[0] - 1);
		assert!(before[liar] > 0, "a lie that nobody has found is paid: {before:?}");
		for epoch in [strikes[0], strikes[1]] {
			let pay = closes.pay(epoch);
			assert_eq!(pay[liar], 0, "epoch {epoch}: {pay:?}");
			let (honest, paid) = (0..liar, |line: &usize| pay[*line] > 0);
			assert!(honest.filter(paid).count() >= liar - 2, "epoch {epoch}: {pay:?}");
		}
	});
}
