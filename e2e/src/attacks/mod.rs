//! Attacks on the measuring protocol: what was tried, what came of it, and whether that is within what was promised.
//!
//! * [`chain`]: what is sent to the chain, carried out in this process.

pub mod chain;

pub mod net;

use std::{
	any::Any,
	fmt::{self, Write},
	panic::{self, AssertUnwindSafe},
};

/// What came of one attack.
#[derive(Clone, Debug)]
pub struct Finding {
	/// What was tried, in numbers: how many of what, for how long.
	pub tried: String,
	/// What came of it.
	pub measured: String,
	/// What it has to be.
	pub criterion: String,
	/// Whether it is.
	pub passed: bool,
}

/// One attack, run with a context `C`: nothing for those inside this process, a network for those on real sockets.
pub struct Scenario<C = ()> {
	/// Its name: `A2`, or with a suffix for a part or a control, as `A2-control`.
	pub id: &'static str,
	/// What is attacked, in a few words.
	pub title: &'static str,
	/// Carries it out. An error or a panic is a scenario that could not be carried out, and counts as failed.
	pub run: fn(&mut C) -> anyhow::Result<Finding>,
}

impl<C> Clone for Scenario<C> {
	fn clone(&self) -> Self {
		Self { ..*self }
	}
}

impl<C> Scenario<C> {
	/// Carries it out.
	pub fn row(&self, context: &mut C) -> Row {
		let ended = panic::catch_unwind(AssertUnwindSafe(|| (self.run)(context)));
		let told = |panic: Box<dyn Any + Send>| anyhow::anyhow!("it panicked: {}", text_of(panic.as_ref()));
		Row::new(self.id, self.title, ended.map_err(told).flatten())
	}
}

/// What a panic says.
fn text_of(panic: &(dyn Any + Send)) -> &str {
	let text = panic.downcast_ref::<String>().map(String::as_str);
	text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word")
}

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Row {
	/// Name of the scenario.
	pub id: &'static str,
	/// What was attacked.
	pub title: &'static str,
	/// What came of it.
	pub finding: Finding,
}

impl Row {
	/// The line of a scenario; what could not be carried out has failed.
	pub fn new(id: &'static str, title: &'static str, result: anyhow::Result<Finding>) -> Self {
		let failed = |error| Finding {
			tried: "not carried out".into(),
			measured: format!("{error:#}"),
			criterion: "it can be carried out".into(),
			passed: false,
		};
		Self { id, title, finding: result.unwrap_or_else(failed) }
	}
}

/// The table, fit for a terminal and for a page of the handbook.
pub fn render(rows: &[Row]) -> String {
	let mut text =
		"| id | attack | what was tried | measured | criterion | |\n|---|---|---|---|---|---|\n".to_string();
	for Row { id, title, finding } in rows {
		let Finding { tried, measured, criterion, passed } = finding;
		let word = if *passed { "ok" } else { "FAILED" };
		let _ = writeln!(text, "| {id} | {title} | {tried} | {measured} | {criterion} | {word} |");
	}
	text
}

/// Whether all went as it has to.
pub fn all_passed(rows: &[Row]) -> bool {
	rows.iter().all(|row| row.finding.passed)
}

impl fmt::Display for Row {
	fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
		let word = if self.finding.passed { "ok" } else { "FAILED" };
		write!(out, "{word:<7} {} {}: {}", self.id, self.title, self.finding.measured)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const DONE: Scenario = Scenario {
		id: "A0",
		title: "nothing",
		run: |()| {
			Ok(Finding {
				tried: "1 time".into(),
				measured: "0".into(),
				criterion: "≤ 1".into(),
				passed: true,
			})
		},
	};
	const BROKEN: Scenario =
		Scenario { id: "A0-control", title: "nothing", run: |()| anyhow::bail!("no way") };

	#[test]
	fn table_should_name_what_failed() {
		let rows = [DONE.row(&mut ()), BROKEN.row(&mut ())];
		let table = render(&rows);
		assert!(table.contains("| A0 | nothing | 1 time | 0 | ≤ 1 | ok |"), "{table}");
		assert!(table.contains(
			"| A0-control | nothing | not carried out | no way | it can be carried out | FAILED |"
		));
		assert!(all_passed(&rows[..1]));
		assert!(!all_passed(&rows));
	}

	#[test]
	fn row_should_have_failed_when_its_scenario_panics() {
		let plain: Scenario = Scenario { id: "A0", title: "nothing", run: |()| panic!("no way") };
		let made: Scenario = Scenario { run: |()| panic!("{} ways", std::process::id()), ..plain };
		for (scenario, end) in [(plain, "it panicked: no way"), (made, " ways")] {
			let finding = scenario.row(&mut ()).finding;
			assert!(finding.measured.ends_with(end) && !finding.passed, "{finding:?}");
		}
	}
}
