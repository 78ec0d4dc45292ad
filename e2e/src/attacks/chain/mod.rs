//! Attacks that need no line: what liars send to the chain, and what the chain makes of it. All of them go through the
//! real runtime ([`crate::blocks`]), through `weir-math`, or through the simulator that calls it.
//!
//! A new scenario is a file here, and a line in [`scenarios`].

mod censoring;
mod claiming;
mod crediting;
mod deflating;
mod fabricating;
mod grinding;
mod hiding;
mod inflating;
mod outages;
mod places;
mod replaying;
mod sharing;
mod silent;
mod spoofing;
mod sybils;
mod withholding;

use crate::attacks::{Finding, Row, Scenario};
use polkadot_sdk::*;
use sp_runtime::{
	transaction_validity::{InvalidTransaction, TransactionValidityError},
	ApplyExtrinsicResult, DispatchError,
};
use std::collections::BTreeSet;
use weir_runtime::Runtime;

type Rule = pallet_proof_of_bandwidth::Error<Runtime>;

/// All of them, in the order of the matrix.
pub fn scenarios() -> Vec<Scenario> {
	[
		&claiming::SCENARIOS[..],
		&sybils::SCENARIOS,
		&inflating::SCENARIOS,
		&deflating::SCENARIOS,
		&fabricating::SCENARIOS,
		&silent::SCENARIOS,
		&replaying::SCENARIOS,
		&outages::SCENARIOS,
		&hiding::SCENARIOS,
		&spoofing::SCENARIOS,
		&grinding::SCENARIOS,
		&sharing::SCENARIOS,
		&withholding::SCENARIOS,
		&censoring::SCENARIOS,
		&crediting::SCENARIOS,
	]
	.concat()
}

/// What [`run`] takes: the names of all, and of those that have parts.
pub fn names() -> BTreeSet<&'static str> {
	let of = |scenario: &Scenario| {
		let id = scenario.id;
		id.match_indices('-').map(move |(end, _)| &id[..end]).chain([id])
	};
	scenarios().iter().flat_map(of).collect()
}

/// Carries out those whose name begins with one of `wanted`, or all of them.
pub fn run(wanted: &[String], mut say: impl FnMut(&Row)) -> Vec<Row> {
	let is_wanted =
		|scenario: &&Scenario| wanted.is_empty() || wanted.iter().any(|name| is_part_of(scenario.id, name));
	let carry_out = |scenario: &Scenario| {
		let row = scenario.row(&mut ());
		say(&row);
		row
	};
	scenarios().iter().filter(is_wanted).map(carry_out).collect()
}

/// Whether `id` is `name` or a part of it: `A2-control` is one of `A2`, and `A24` is not.
fn is_part_of(id: &str, name: &str) -> bool {
	id.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// A finding in words.
fn finding(tried: String, measured: String, criterion: &str, passed: bool) -> anyhow::Result<Finding> {
	Ok(Finding { tried, measured, criterion: criterion.into(), passed })
}

/// Why a transaction was refused.
fn refusal(applied: ApplyExtrinsicResult) -> Result<(), InvalidTransaction> {
	match applied {
		Err(TransactionValidityError::Invalid(why)) => Err(why),
		_ => Ok(()),
	}
}

/// How the pool is told of a broken rule.
fn broken(rule: Rule) -> InvalidTransaction {
	match DispatchError::from(rule) {
		DispatchError::Module(error) => InvalidTransaction::Custom(error.error[0]),
		other => unreachable!("rules of a pallet are module errors, not {other:?}"),
	}
}

/// What was tried, what it came to, and what it has to come to.
struct Trial {
	name: &'static str,
	came_to: Result<(), InvalidTransaction>,
	has_to: Result<(), InvalidTransaction>,
}

/// One finding of several refusals.
fn refusals(tried: &str, trials: &[Trial]) -> anyhow::Result<Finding> {
	let word = |result: &Result<(), InvalidTransaction>| match result {
		Ok(()) => "taken".to_string(),
		Err(InvalidTransaction::Custom(index)) => rule_name(*index),
		Err(why) => format!("{why:?}"),
	};
	let measured: Vec<_> =
		trials.iter().map(|trial| format!("{}: {}", trial.name, word(&trial.came_to))).collect();
	let passed = trials.iter().all(|trial| trial.came_to == trial.has_to);
	finding(tried.into(), measured.join("; "), "each refused by the rule it breaks", passed)
}

/// Name of a rule by the code the pool gets.
fn rule_name(index: u8) -> String {
	use scale_info::{TypeDef, TypeInfo};
	let TypeDef::Variant(rules) = Rule::type_info().type_def else { return format!("rule {index}") };
	let rule = rules.variants.into_iter().find(|rule| rule.index == index);
	rule.map_or(format!("rule {index}"), |rule| rule.name.to_string())
}

#[cfg(test)]
mod tests {
	use super::*;

	/// One test for each family, so that they run side by side and fail by name.
	macro_rules! families {
		($($test:ident: $family:ident,)*) => {$(
			#[test]
			fn $test() {
				for scenario in &$family::SCENARIOS {
					let row = scenario.row(&mut ());
					assert!(row.finding.passed, "{row}\n{:?}", row.finding);
				}
			}
		)*};
	}

	families! {
		false_claims_should_be_slashed: claiming,
		sybils_should_get_one_seat_per_prefix: sybils,
		inflating_liars_should_stay_below_the_bound: inflating,
		deflating_liars_should_stay_above_the_bound: deflating,
		fabricated_and_copied_reports_should_not_pay: fabricating,
		silent_seats_should_cost_lines_no_more_than_the_bound: silent,
		replays_should_be_refused: replaying,
		outages_should_not_be_invented: outages,
		outages_should_not_be_hidden: hiding,
		spoofed_locations_should_be_contradicted_and_cost_nothing: spoofing,
		ground_seeds_should_stay_within_the_union_bound: grinding,
		identities_of_a_prefix_should_show_their_line_once: sharing,
		withheld_receipts_should_count_nothing: withholding,
		censored_reveals_should_arrive: censoring,
		receipts_of_customers_should_be_refused: crediting,
	}

	#[test]
	fn scenarios_should_have_names_of_their_own() {
		let mut ids: Vec<_> = scenarios().iter().map(|scenario| scenario.id).collect();
		ids.sort_unstable();
		let all = ids.len();
		ids.dedup();
		assert_eq!(ids.len(), all);
		assert!(is_part_of("A2-control", "A2") && !is_part_of("A24", "A2"));
		assert!(names().iter().all(|name| scenarios().iter().any(|scenario| is_part_of(scenario.id, name))));
	}
}
