//! Files that others read: plots as PNG, raw figures as CSV.

use std::sync::OnceLock;
use weir_sim::{
	accuracy::DISTORTED,
	canvas::Canvas,
	chart,
	config::{Config, BETAS},
	csv, economy,
	strategy::SCENARIOS,
	study::Study,
};

fn study() -> &'static Study {
	static STUDY: OnceLock<Study> = OnceLock::new();
	let config = Config { committees: 1_000, grinds: 2, noise_draws: 1, ..Config::new(500, 1, 20) };
	STUDY.get_or_init(|| Study::run(config))
}

#[test]
fn files_should_be_complete_when_a_run_is_written() {
	let folder = tempfile::tempdir().unwrap();
	let study = study();
	csv::write(study, folder.path()).unwrap();
	chart::write(study, folder.path()).unwrap();

	for plot in ["detection", "lowered", "false-slash", "capture"] {
		let bytes = std::fs::read(folder.path().join(format!("{plot}.png"))).unwrap();
		assert!(
			bytes.starts_with(b"\x89PNG\r\n\x1a\n") && bytes.ends_with(b"IEND\xae\x42\x60\x82"),
			"{plot}"
		);
	}
	for (file, rows) in [
		("windows", 2 * SCENARIOS.len() * BETAS.len() * 6),
		("time-to-slash", 2 * 2 * BETAS.len()),
		("bounds", 3),
		("accuracy", 2 * DISTORTED.len() * 2 * BETAS.len()),
	] {
		let text = std::fs::read_to_string(folder.path().join(format!("{file}.csv"))).unwrap();
		let columns = |line: &str| line.split(',').count();
		let heading = text.lines().next().unwrap();
		assert_eq!(text.lines().count(), rows + 1, "{file}");
		assert!(text.lines().all(|line| columns(line) == columns(heading)), "{file}");
	}
}

#[test]
fn picture_should_hold_its_pixels_when_saved() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("white.png");
	Canvas::new(3, 2).save(&path).unwrap();
	let bytes = std::fs::read(&path).unwrap();
	// Signature, then the header: length, name, size, 8 bits of RGB.
	assert_eq!(&bytes[8..33], b"\0\0\0\x0dIHDR\0\0\0\x03\0\0\0\x02\x08\x02\0\0\0\x12\x16\xf1\x4d");
	let length = u32::from_be_bytes(bytes[33..37].try_into().unwrap()) as usize;
	let raw = miniz_oxide::inflate::decompress_to_vec_zlib(&bytes[41..41 + length]).unwrap();
	// Two rows: a filter byte, three white pixels.
	let row: Vec<u8> = [0].into_iter().chain([255; 9]).collect();
	assert_eq!(raw, row.repeat(2));
}

#[test]
fn writing_should_fail_with_the_path_when_the_folder_is_missing() {
	let error = csv::write(study(), std::path::Path::new("/nowhere/at/all")).unwrap_err();
	assert!(format!("{error:#}").contains("/nowhere/at/all/capture.csv"), "{error:#}");
}

#[test]
fn files_of_the_economy_should_be_complete_when_a_run_is_written() {
	let folder = tempfile::tempdir().unwrap();
	let study = economy::study::Study::run(1).unwrap();
	economy::csv::write(&study, folder.path()).unwrap();
	economy::chart::write(&study, folder.path()).unwrap();

	let pictures = economy::curves::pictures(&study);
	let shocks = economy::shocks::SHOCKS.map(|(_, file, ..)| file);
	let others = ["regional", "regional-cheap", "cover", "farm", "spoof", "spoof-empty", "spoof-tenure"];
	let files: Vec<&str> = pictures.iter().map(|picture| picture.file).collect();
	assert_eq!(files, [&shocks[..], &others].concat());
	for file in files.into_iter().chain(["late", "pegs", "peg"]) {
		let bytes = std::fs::read(folder.path().join(format!("economy-{file}.png"))).unwrap();
		assert!(
			bytes.starts_with(b"\x89PNG\r\n\x1a\n") && bytes.ends_with(b"IEND\xae\x42\x60\x82"),
			"{file}"
		);
	}
	let shocks = economy::shocks::SHOCKS.len() * economy::chain::DESIGNS.len();
	// Of the others: an empty region by three rules, farms by three designs with and without, three kinds of spoofing
	// at six rates; and seven variants of more demand, which run longer.
	let curves = (shocks + 3 + 6 + 18) * economy::scenario::EPOCHS as usize + 7 * 640;
	for (file, rows) in [
		("peg", economy::peg::CASES.len()),
		("round-trips", economy::peg::TRIPS.len()),
		("shocks", shocks),
		("curves", curves),
		("courses", economy::plant::rules().len() * 900),
		("swings", economy::plant::rules().len() * economy::plant::PLANTS.len()),
		("regional", 7),
		("cover", 3),
		("farm", 3),
		("spoof", 18),
	] {
		let text = std::fs::read_to_string(folder.path().join(format!("{file}.csv"))).unwrap();
		let columns = |line: &str| line.split(',').count();
		let heading = text.lines().next().unwrap();
		assert_eq!(text.lines().count(), rows + 1, "{file}");
		assert!(text.lines().all(|line| columns(line) == columns(heading)), "{file}");
		assert!(!text.contains("NaN") && !text.contains("inf"), "{file}");
	}
	let report = economy::report::text(&study);
	for part in ["A. ", "A2. ", "B. ", "B2. ", "B2b. ", "B3. ", "B4. ", "B5. ", "C. ", "C2. ", "C3. ", "L. "]
	{
		assert!(report.contains(&format!("## {part}")), "{part}");
	}
	assert!(economy::bars::all(&study).len() > 30);
}
