//! Raw figures as comma-separated values; one file per layer, a heading line first.

use super::{curves::pictures, study::Study};
use anyhow::{Context, Result};
use std::{fmt::Write, path::Path};

/// Writes all files into a folder that exists.
pub fn write(study: &Study, folder: &Path) -> Result<()> {
	for (name, text) in [
		("peg.csv", pegs(study)),
		("round-trips.csv", trips(study)),
		("attacks.csv", attacks(study)),
		("shocks.csv", shocks(study)),
		("curves.csv", curves(study)),
		("regional.csv", regional(study)),
		("swings.csv", swings(study)),
		("courses.csv", courses(study)),
		("cover.csv", cover(study)),
		("farm.csv", farm(study)),
		("spoof.csv", spoof(study)),
	] {
		let path = folder.join(name);
		std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
	}
	Ok(())
}

/// Adds a line; writing to a string cannot fail. Names hold no commas after this.
fn line(text: &mut String, names: &[&str], figures: impl IntoIterator<Item = f64>) {
	let names = names.iter().map(|name| name.replace(',', ";"));
	let figures = figures.into_iter().map(|figure| format!("{figure:e}"));
	let fields: Vec<String> = names.chain(figures).collect();
	let _ = writeln!(text, "{}", fields.join(","));
}

fn pegs(study: &Study) -> String {
	let mut text = String::from(
		"scenario,p50,p95,p99,most,open,most_at_once,worst_p99,open_outside,longest_wait_minutes\n",
	);
	for peg in &study.pegs {
		let error = peg.error;
		let wait = peg.longest_wait as f64;
		line(
			&mut text,
			&[peg.case.name],
			[
				error.p50,
				error.p95,
				error.p99,
				error.most,
				peg.open,
				peg.instant,
				peg.worst_p99,
				peg.open_outside,
				wait,
			],
		);
	}
	text
}

fn trips(study: &Study) -> String {
	let mut text =
		String::from("shock,chain,one_sided,vault,announced,chain_when_asked,chain_at_execution\n");
	for trip in &study.trips {
		line(
			&mut text,
			&[trip.name],
			[trip.chain, trip.one_sided, trip.vault, trip.announced, trip.asked, trip.hindsight],
		);
	}
	text
}

fn attacks(study: &Study) -> String {
	let mut text = String::from("attack,rules,case,figure\n");
	for washed in &study.washed {
		line(&mut text, &["wash", washed.name, "for ever"], [washed.steady]);
		line(&mut text, &["wash", washed.name, "capacity moves"], [washed.pumped]);
		line(&mut text, &["hop", washed.name, "idle regions"], [washed.hopped]);
	}
	for (name, gains) in &study.withheld {
		for (share, gain) in super::attacks::HIDERS.iter().zip(gains) {
			line(&mut text, &["withhold", name, &share.to_string()], [*gain]);
		}
	}
	for (name, gains) in &study.nudged {
		for (share, gain) in super::attacks::NUDGERS.iter().zip(gains) {
			line(&mut text, &["nudge", name, &share.to_string()], [*gain]);
		}
	}
	for crowd in &study.crowds {
		line(&mut text, &["crowd", crowd.name, "node caps"], [crowd.together]);
	}
	text
}

fn shocks(study: &Study) -> String {
	let mut text = String::from(
		"shock,design,seed,week,worst_day,month,nodes,least_service,recovery,hot_recovery,shortfall,issuance,supply\n",
	);
	for shock in &study.shocks {
		for (seed, outcome) in outcomes(&shock.outcomes) {
			line(&mut text, &[shock.file, shock.design.name(), &seed.to_string()], outcome.figures());
		}
	}
	text
}

fn outcomes<T>(all: &[T]) -> impl Iterator<Item = (usize, &T)> {
	all.iter().enumerate().map(|(index, outcome)| (index + 1, outcome))
}

fn curves(study: &Study) -> String {
	let mut text = String::from("scenario,variant,epoch,price,income,issuance,hot_service\n");
	for picture in pictures(study) {
		for variant in &picture.lines {
			let curves = variant.curves;
			let figures = curves.price.iter().zip(&curves.income).zip(&curves.issuance).zip(&curves.service);
			for (epoch, (((price, income), issuance), service)) in figures.enumerate() {
				line(
					&mut text,
					&[picture.file, &variant.name, &epoch.to_string()],
					[*price, *income, *issuance, *service],
				);
			}
		}
	}
	text
}

fn courses(study: &Study) -> String {
	let mut text = String::from("rule,epoch,multiplier,income,capacity,service,utilisation\n");
	for (name, course) in &study.courses {
		for epoch in 0..course.multiplier.len() {
			let series =
				[&course.multiplier, &course.income, &course.capacity, &course.service, &course.utilisation];
			line(&mut text, &[name, &epoch.to_string()], series.map(|series| series[epoch]));
		}
	}
	text
}

fn regional(study: &Study) -> String {
	let mut text = String::from("variant,seed,recovery\n");
	for row in &study.regional {
		for (seed, recovery) in outcomes(&row.recovery) {
			line(&mut text, &[row.name, &seed.to_string()], [*recovery]);
		}
	}
	text
}

fn swings(study: &Study) -> String {
	let mut text = String::from("rule,delay,elasticity,demand,peak,swing,utilisation\n");
	for (name, swings) in &study.swings {
		for ((delay, elasticity, demand), swing) in super::plant::PLANTS.iter().zip(swings) {
			let plant = [delay.to_string(), elasticity.to_string(), demand.to_string()];
			let [delay, elasticity, demand] = &plant;
			line(&mut text, &[name, delay, elasticity, demand], [swing.peak, swing.swing, swing.utilisation]);
		}
	}
	text
}

fn cover(study: &Study) -> String {
	let mut text = String::from("variant,capacity,first_day,day_10,last_30\n");
	for row in &study.cover {
		line(&mut text, &[row.name], [row.capacity].into_iter().chain(row.service));
	}
	text
}

fn farm(study: &Study) -> String {
	let mut text = String::from("design,minted,dumped,trough,trough_without,honest,honest_without,service\n");
	for row in &study.farm {
		let (trough, honest) = (row.trough, row.honest);
		line(
			&mut text,
			&[row.design.name()],
			[row.minted, row.dumped, trough.0, trough.1, honest.0, honest.1, row.service],
		);
	}
	text
}

fn spoof(study: &Study) -> String {
	let mut text = String::from("attack,detection,accrued,lost,first_day,recovery\n");
	for row in &study.spoof {
		line(&mut text, &[row.name], [row.detection, row.accrued, row.lost, row.first_day, row.recovery]);
	}
	text
}
