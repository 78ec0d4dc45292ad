//! Raw figures as comma-separated values; one file per experiment, a heading line first.

use crate::{
	bars::GROSS_PERCENT,
	config::BETAS,
	grinding::MAX_SLOTS,
	stats::{Count, Z_95},
	strategy::{SCENARIOS, VARIED},
	study::Study,
};
use anyhow::{Context, Result};
use std::{fmt::Write, path::Path};

/// Writes all files into a folder that exists.
pub fn write(study: &Study, folder: &Path) -> Result<()> {
	for (name, text) in [
		("capture.csv", capture(study)),
		("windows.csv", windows(study)),
		("exact.csv", exact(study)),
		("time-to-slash.csv", time_to_slash(study)),
		("grinding.csv", grinding(study)),
		("bounds.csv", bounds(study)),
		("accuracy.csv", accuracy(study)),
	] {
		let path = folder.join(name);
		std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
	}
	Ok(())
}

/// `hits,trials,rate,low,high`, the interval of 95 %.
fn counted(count: &Count) -> String {
	let (low, high) = count.wilson(Z_95);
	format!("{},{},{:e},{low:e},{high:e}", count.hits, count.trials, count.rate())
}

/// Adds a line; writing to a string cannot fail.
fn line(text: &mut String, fields: std::fmt::Arguments<'_>) {
	let _ = writeln!(text, "{fields}");
}

fn capture(study: &Study) -> String {
	let mut text = String::from("event,k,needed,beta,hits,committees,rate,low95,high95,exact\n");
	for event in &study.events {
		for ((beta, drawn), exact) in BETAS.iter().zip(&event.drawn).zip(event.exact) {
			let (name, k, needed) = (event.name, event.k, event.needed);
			line(&mut text, format_args!("{name},{k},{needed},{beta},{},{exact:e}", counted(drawn)));
		}
	}
	text
}

fn windows(study: &Study) -> String {
	let mut text =
		String::from("k,delivers_percent,strategy,beta,what,hits,trials,rate,low95,high95,exact\n");
	for ((class, tallies), windows) in study.classes.iter().zip(&study.tallies).zip(&study.exact) {
		for ((scenario, tallies), windows) in SCENARIOS.iter().zip(tallies).zip(windows) {
			for ((beta, tally), window) in BETAS.iter().zip(tallies).zip(windows) {
				for (what, count, exact) in [
					("flagged within five", tally.flag_rate(), window.flagged),
					("confirmed", tally.confirm_rate(), window.confirmed),
					("slashed at first offence", tally.slash_rate(), window.slashed),
					("claim lowered within two", tally.derate_rate(), window.derated_within_two),
					("void test", tally.void_rate(), window.void),
					("strike per test", tally.strike_rate(), window.strike),
				] {
					let (k, percent, strategy) =
						(class.k, scenario.delivers_percent, scenario.strategy.name());
					let counted = counted(&count);
					line(
						&mut text,
						format_args!("{k},{percent},{strategy},{beta},{what},{counted},{exact:e}"),
					);
				}
			}
		}
	}
	text
}

fn exact(study: &Study) -> String {
	let mut text = String::from(
		"assumption,k,delivers_percent,strategy,beta,strike,void,flagged,missed,confirmed,unconfirmed,slashed,not_lowered_within_two\n",
	);
	for variant in &study.variants {
		for (class, windows) in study.classes.iter().zip(&variant.windows) {
			for (scenario, windows) in VARIED.iter().zip(windows) {
				for (beta, window) in BETAS.iter().zip(windows) {
					let (name, k, percent) =
						(variant.name.replace(',', ";"), class.k, scenario.delivers_percent);
					let chances = [
						window.strike,
						window.void,
						window.flagged,
						window.missed,
						window.confirmed,
						window.unconfirmed,
						window.slashed,
						window.not_derated_within_two,
					];
					let chances = chances.map(|chance| format!("{chance:e}")).join(",");
					let strategy = scenario.strategy.name();
					line(&mut text, format_args!("{name},{k},{percent},{strategy},{beta},{chances}"));
				}
			}
		}
	}
	text
}

fn time_to_slash(study: &Study) -> String {
	let mut text = String::from(
		"k,delivers_percent,strategy,beta,windows,flagged,tests_to_flag,exact_tests_to_flag,exact_rounds_to_slash\n",
	);
	for ((class, tallies), windows) in study.classes.iter().zip(&study.tallies).zip(&study.exact) {
		for ((scenario, tallies), windows) in SCENARIOS.iter().zip(tallies).zip(windows) {
			if scenario.delivers_percent != GROSS_PERCENT {
				continue;
			}
			for ((beta, tally), window) in BETAS.iter().zip(tallies).zip(windows) {
				let (k, percent, strategy) = (class.k, scenario.delivers_percent, scenario.strategy.name());
				let counted = format!("{},{},{:e}", tally.windows, tally.flagged, tally.tests_to_flag());
				let (tests, rounds) = (window.tests_to_flag(), window.rounds_to_slash());
				line(
					&mut text,
					format_args!("{k},{percent},{strategy},{beta},{counted},{tests:e},{rounds:e}"),
				);
			}
		}
	}
	text
}

fn grinding(study: &Study) -> String {
	let mut text = String::from("event,k,needed,last_slots,beta,hits,targets,rate,low95,high95,exact\n");
	for ground in &study.grounds {
		for slots in 0..=MAX_SLOTS {
			let pairs = ground.drawn[slots].iter().zip(ground.exact[slots]);
			for (beta, (drawn, exact)) in BETAS.iter().zip(pairs) {
				let (name, k, needed) = (ground.name, ground.k, ground.needed);
				line(
					&mut text,
					format_args!("{name},{k},{needed},{slots},{beta},{},{exact:e}", counted(drawn)),
				);
			}
		}
	}
	text
}

fn bounds(study: &Study) -> String {
	let mut text = String::from("k,trials,violations,with_hidden,below_bound_of_present\n");
	for found in &study.found {
		let (k, trials, violations) = (found.k, found.trials, found.violations);
		line(
			&mut text,
			format_args!("{k},{trials},{violations},{},{}", found.with_hidden, found.below_present),
		);
	}
	text
}

fn accuracy(study: &Study) -> String {
	let mut text = String::from("k,delivers_percent,strategy,committees,beta,low5,median,high95\n");
	for accuracy in &study.accuracy {
		let (k, scenario) = (accuracy.k, accuracy.scenario);
		let (percent, strategy) = (scenario.delivers_percent, scenario.strategy.name());
		for (name, spreads) in [("all", accuracy.all), ("trimmed", accuracy.trimmed)] {
			for (beta, spread) in BETAS.iter().zip(spreads) {
				let (low, median, high) = (spread.low, spread.median, spread.high);
				line(
					&mut text,
					format_args!("{k},{percent},{strategy},{name},{beta},{low:e},{median:e},{high:e}"),
				);
			}
		}
	}
	text
}
