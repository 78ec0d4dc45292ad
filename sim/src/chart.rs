//! Plots over β: lines are exact sums, points with bars simulated rates with their 95 % intervals.

use crate::{
	canvas::{Canvas, Pen},
	config::BETAS,
	stats::{Count, Z_95},
	strategy::SCENARIOS,
	study::Study,
};
use anyhow::{anyhow, Context, Result};
use plotters::prelude::*;
use std::path::Path;

const WIDTH: u32 = 960;
const HEIGHT: u32 = 640;
/// Size of the letters of a legend: drawn as every other small size, but `plotters` sizes the box by it.
const LEGEND_FONT: u32 = 18;
/// Smallest chance shown.
const FLOOR: f64 = 1e-14;
const COLOURS: [RGBColor; 8] = [
	RGBColor(31, 119, 180),
	RGBColor(214, 39, 40),
	RGBColor(44, 160, 44),
	RGBColor(148, 103, 189),
	RGBColor(255, 127, 14),
	RGBColor(23, 146, 160),
	RGBColor(140, 86, 75),
	RGBColor(90, 90, 90),
];

/// One curve.
struct Curve {
	name: String,
	exact: [f64; BETAS.len()],
	simulated: Option<[Count; BETAS.len()]>,
}

/// Draws all plots into a folder that exists.
pub fn write(study: &Study, folder: &Path) -> Result<()> {
	let by_scenario = |takes: fn(usize) -> bool, curve: fn(&Study, usize, usize) -> Curve| -> Vec<Curve> {
		let classes = 0..study.classes.len();
		let pairs = classes.flat_map(|class| (0..SCENARIOS.len()).map(move |scenario| (class, scenario)));
		pairs
			.filter(|(_, scenario)| takes(*scenario))
			.map(|(class, scenario)| curve(study, class, scenario))
			.collect()
	};
	let detection = by_scenario(
		|scenario| matches!(SCENARIOS[scenario].delivers_percent, 10 | 30),
		|study, class, scenario| Curve {
			name: name_of(study, class, scenario),
			exact: study.exact[class][scenario].map(|window| window.missed),
			simulated: Some(study.tallies[class][scenario].map(|tally| tally.miss_rate())),
		},
	);
	let lowered = by_scenario(
		|scenario| matches!(SCENARIOS[scenario].delivers_percent, 50 | 70),
		|study, class, scenario| Curve {
			name: name_of(study, class, scenario),
			exact: study.exact[class][scenario].map(|window| window.not_derated_within_two),
			simulated: Some(study.tallies[class][scenario].map(|tally| {
				let derated = tally.derate_rate();
				Count { hits: derated.trials - derated.hits, trials: derated.trials }
			})),
		},
	);
	let false_slash = by_scenario(
		|scenario| SCENARIOS[scenario].is_honest(),
		|study, class, scenario| Curve {
			name: name_of(study, class, scenario),
			exact: study.exact[class][scenario].map(|window| window.confirmed),
			simulated: Some(study.tallies[class][scenario].map(|tally| tally.confirm_rate())),
		},
	);
	let capture = study.events.iter().filter(|event| event.name.contains("struck")).map(|event| Curve {
		name: format!("{} k={}", event.name.replace(" struck", ""), event.k),
		exact: event.exact,
		simulated: Some(event.drawn),
	});
	for (file, title, curves) in [
		("detection.png", "Cheats not flagged within five tests", detection),
		("lowered.png", "Cheats whose claim stands after two tests", lowered),
		("false-slash.png", "Honest lines flagged and confirmed, per five tests", false_slash),
		("capture.png", "Committees with enough corrupt members", capture.collect()),
	] {
		let path = folder.join(file);
		let mut canvas = Canvas::new(WIDTH, HEIGHT);
		draw(&mut canvas, title, &curves).map_err(|error| anyhow!("cannot draw {file}: {error}"))?;
		canvas.save(&path).with_context(|| format!("cannot write {}", path.display()))?;
	}
	Ok(())
}

fn name_of(study: &Study, class: usize, scenario: usize) -> String {
	let (scenario, k) = (&SCENARIOS[scenario], study.classes[class].k);
	if scenario.is_honest() {
		format!("{} k={k}", scenario.strategy.name())
	} else {
		format!("{}% {} k={k}", scenario.delivers_percent, scenario.strategy.name())
	}
}

fn draw(canvas: &mut Canvas, title: &str, curves: &[Curve]) -> Result<(), Box<dyn std::error::Error>> {
	let root = Pen(canvas).into_drawing_area();
	let last = BETAS[BETAS.len() - 1];
	let mut chart = ChartBuilder::on(&root)
		.caption(title, ("sans-serif", 24))
		.margin(16)
		.x_label_area_size(48)
		.y_label_area_size(88)
		.right_y_label_area_size(0)
		.build_cartesian_2d(-0.01..last + 0.01, (FLOOR..1.0).log_scale())?;
	chart
		.configure_mesh()
		.x_desc("share of corrupt seats (beta)")
		.y_desc("chance")
		.x_labels(9)
		.x_label_formatter(&|beta| format!("{beta:.2}"))
		.y_label_formatter(&|chance| format!("{chance:.0e}"))
		.label_style(("sans-serif", 12))
		.draw()?;
	for (curve, colour) in curves.iter().zip(COLOURS) {
		let points = BETAS.into_iter().zip(curve.exact).filter(|(_, chance)| *chance >= FLOOR);
		chart
			.draw_series(LineSeries::new(points, colour.stroke_width(2)))?
			.label(&curve.name)
			.legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2)));
		let seen = curve.simulated.iter().flat_map(|counts| BETAS.into_iter().zip(counts));
		// Where nothing was seen, the exact line stands alone.
		let seen: Vec<_> = seen.filter(|(_, count)| count.hits > 0).collect();
		chart.draw_series(
			seen.iter().map(|(beta, count)| Circle::new((*beta, count.rate()), 3, colour.filled())),
		)?;
		chart.draw_series(seen.iter().map(|(beta, count)| {
			let (low, high) = count.wilson(Z_95);
			PathElement::new([(*beta, low.max(FLOOR)), (*beta, high)], colour.stroke_width(1))
		}))?;
	}
	chart
		.configure_series_labels()
		.position(SeriesLabelPosition::LowerRight)
		.background_style(WHITE.mix(0.9))
		.border_style(RGBColor(160, 160, 160))
		.label_font(("sans-serif", LEGEND_FONT))
		.draw()?;
	root.present()?;
	Ok(())
}
