//! Figures, and whether they are good enough.

use crate::ends::Engine;
use std::fmt::Write;

/// Most memory of an end of ours, in MB.
const MOST_RESIDENT_MB: u64 = 64;

/// One measurement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
	/// Received inside the tunnel.
	pub mbps: f64,
	/// Of both ends.
	pub cpu_seconds_per_gb: f64,
	/// Of the end that has more.
	pub resident_mb: u64,
}

/// A measurement, and of what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
	/// Who carried it.
	pub engine: Engine,
	/// Connections at a time.
	pub flows: u32,
	/// From provider to customer.
	pub is_reverse: bool,
	/// In which round.
	pub round: u32,
	/// What was found.
	pub sample: Sample,
}

fn median(mut values: Vec<f64>) -> f64 {
	values.sort_by(f64::total_cmp);
	let middle = values.len() / 2;
	match values.len() {
		0 => f64::NAN,
		odd if odd % 2 == 1 => values[middle],
		_ => (values[middle - 1] + values[middle]) / 2.0,
	}
}

fn kinds(rows: &[Row]) -> Vec<(u32, bool)> {
	let mut kinds: Vec<_> = rows.iter().map(|row| (row.flows, row.is_reverse)).collect();
	kinds.sort_unstable();
	kinds.dedup();
	kinds
}

fn of(rows: &[Row], engine: Engine, kind: (u32, bool)) -> Vec<Row> {
	let is_it = |row: &&Row| row.engine == engine && (row.flows, row.is_reverse) == kind;
	rows.iter().filter(is_it).copied().collect()
}

/// Rate of `engine` over that of `other` in the same round: the median of all rounds.
fn ratio(rows: &[Row], engine: Engine, other: Engine, kind: (u32, bool)) -> Option<f64> {
	let others = of(rows, other, kind);
	let ratios: Vec<f64> = of(rows, engine, kind)
		.iter()
		.filter_map(|row| {
			let theirs = others.iter().find(|theirs| theirs.round == row.round)?;
			Some(row.sample.mbps / theirs.sample.mbps)
		})
		.collect();
	(!ratios.is_empty()).then(|| median(ratios))
}

/// All of it as Markdown.
pub(crate) fn table(rows: &[Row]) -> String {
	let mut text = String::from(
		"| flows | engine | Mbit/s, median (least–most) | of wireguard-go | CPU-s per GB, both ends | most resident, MB |\n\
		|---|---|---|---|---|---|\n",
	);
	for kind in kinds(rows) {
		for engine in Engine::ALL {
			let found = of(rows, engine, kind);
			if found.is_empty() {
				continue;
			}
			let rates: Vec<f64> = found.iter().map(|row| row.sample.mbps).collect();
			let least = rates.iter().copied().fold(f64::INFINITY, f64::min);
			let most = rates.iter().copied().fold(0.0, f64::max);
			let ratio = ratio(rows, engine, Engine::WireguardGo, kind);
			let ratio = ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}"));
			let cpu = median(found.iter().map(|row| row.sample.cpu_seconds_per_gb).collect());
			let resident = found.iter().map(|row| row.sample.resident_mb).max().unwrap_or(0);
			let (flows, way) = (kind.0, if kind.1 { "down" } else { "up" });
			let name = engine.name();
			let rate = median(rates);
			// Writing to a string cannot fail.
			let _ = writeln!(
				text,
				"| {flows} {way} | {name} | {rate:.0} ({least:.0}–{most:.0}) | {ratio} | {cpu:.1} | {resident} |"
			);
		}
	}
	text
}

/// Whether ours is as fast as the others wherever they were measured, and small enough.
pub(crate) fn is_enough(rows: &[Row]) -> bool {
	kinds(rows).into_iter().all(|kind| {
		[Engine::WireguardGo, Engine::Boringtun]
			.into_iter()
			.all(|other| ratio(rows, Engine::Weir, other, kind).is_none_or(|ratio| ratio >= 1.0))
			&& of(rows, Engine::Weir, kind).iter().all(|row| row.sample.resident_mb <= MOST_RESIDENT_MB)
	})
}

#[cfg(test)]
mod tests {
	use super::*;

	fn row(engine: Engine, round: u32, mbps: f64) -> Row {
		let sample = Sample { mbps, cpu_seconds_per_gb: 1.0, resident_mb: 20 };
		Row { engine, flows: 1, is_reverse: false, round, sample }
	}

	#[test]
	fn ratio_should_be_of_the_same_round_when_the_machine_changes_its_pace() {
		let rounds =
			|engine, rates: [f64; 3]| (1..).zip(rates).map(move |(round, mbps)| row(engine, round, mbps));
		let mut rows: Vec<Row> = rounds(Engine::Weir, [110.0, 55.0, 11.0]).collect();
		rows.extend(rounds(Engine::WireguardGo, [100.0, 50.0, 10.0]));
		assert!((ratio(&rows, Engine::Weir, Engine::WireguardGo, (1, false)).unwrap() - 1.1).abs() < 1e-9);
		assert!(is_enough(&rows) && table(&rows).contains("| 1 up | weir | 55 (11–110) | 1.10 | 1.0 | 20 |"));
		rows[0].sample.resident_mb = MOST_RESIDENT_MB + 1;
		assert!(!is_enough(&rows));
	}

	#[test]
	fn figures_should_not_be_enough_when_another_engine_is_faster() {
		let rows = [row(Engine::Weir, 1, 99.0), row(Engine::Boringtun, 1, 100.0)];
		assert!(!is_enough(&rows));
	}
}
