//! The supply, recomputed from its counters and from the balances.

use weir_math::economy::units::SUPPLY_CAP;
use weir_primitives::{chain::Balance, economy_api::SupplyInfo};

/// Which laws of the ledger do not hold, given what balances add up to: in words, none if all do.
pub fn broken(supply: &SupplyInfo, total_issuance: Balance) -> Vec<String> {
	let sum = |parts: &[Balance]| parts.iter().try_fold(0, |sum: Balance, part| sum.checked_add(*part));
	let SupplyInfo {
		cap,
		genesis,
		issuance,
		reserve,
		bucket,
		basis,
		buffer,
		destroyed,
		credits,
		pending_credits,
		burned,
		reminted,
		insured,
		emitted,
		recredited,
		balanced,
		..
	} = *supply;
	let mut broken = Vec::new();
	let mut law = |holds: bool, told: String| {
		if !holds {
			broken.push(told);
		}
	};
	law(cap == SUPPLY_CAP, format!("the cap is said to be {cap}, and is {SUPPLY_CAP}"));
	let six = sum(&[issuance, reserve, bucket, basis, buffer, destroyed]);
	law(six == Some(SUPPLY_CAP), format!("the six counters add up to {six:?}, not to the cap"));
	law(issuance == total_issuance, format!("the ledger counts {issuance}, balances {total_issuance}"));
	let exist = sum(&[genesis, emitted, insured, reminted]).and_then(|minted| minted.checked_sub(burned));
	law(exist == Some(issuance), format!("minted less burned is {exist:?}, and {issuance} exist"));
	let gone = sum(&[reminted, basis, buffer, destroyed, recredited]);
	law(gone == Some(burned), format!("of {burned} burned tokens {gone:?} are accounted for"));
	law(credits > 0 || basis == 0, format!("no credits are outstanding, and {basis} stand behind them"));
	law(pending_credits <= credits, format!("{pending_credits} of {credits} credits are pending"));
	law(balanced, "the chain itself says that the ledger does not add up".into());
	broken
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;

	/// A ledger that adds up.
	pub(crate) fn sound() -> SupplyInfo {
		SupplyInfo {
			cap: SUPPLY_CAP,
			genesis: 400,
			issuance: 390,
			total_issuance: 390,
			reserve: SUPPLY_CAP - 440,
			bucket: 5,
			basis: 20,
			buffer: 10,
			destroyed: 15,
			credits: 7,
			pending_credits: 2,
			burned: 70,
			reminted: 20,
			insured: 0,
			emitted: 40,
			recredited: 5,
			balanced: true,
		}
	}

	#[test]
	fn ledger_should_be_found_sound_when_all_of_it_adds_up() {
		assert_eq!(broken(&sound(), 390), Vec::<String>::new());
	}

	#[test]
	fn every_broken_law_should_be_told() {
		let told = |supply: SupplyInfo, issued: Balance| broken(&supply, issued).join("; ");
		assert!(told(sound(), 391).contains("the ledger counts 390, balances 391"));
		assert!(told(SupplyInfo { bucket: 6, ..sound() }, 390).contains("the six counters add up to"));
		assert!(told(SupplyInfo { emitted: 41, ..sound() }, 390).contains("minted less burned"));
		assert!(told(SupplyInfo { recredited: 6, ..sound() }, 390).contains("accounted for"));
		let without = SupplyInfo { credits: 0, pending_credits: 0, ..sound() };
		assert!(told(without, 390).contains("no credits are outstanding"));
		assert!(told(SupplyInfo { pending_credits: 8, ..sound() }, 390).contains("pending"));
		assert!(told(SupplyInfo { balanced: false, ..sound() }, 390).contains("the chain itself"));
		assert!(told(SupplyInfo { cap: 1, ..sound() }, 390).contains("the cap is said to be 1"));
		let huge = SupplyInfo { issuance: Balance::MAX, ..sound() };
		assert!(told(huge, 390).contains("None"));
	}
}
