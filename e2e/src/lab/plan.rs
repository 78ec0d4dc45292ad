//! Who takes part in the lab: four validators and six more attestors on fast lines, honest lines of 1 to 50 Mbps, and
//! one that claims ten times what it has. Two of the validators can be told to lie.

use crate::{
	lab::{
		ground::{add_machine, address},
		liar::Lie,
	},
	line::Line,
	network::{Plan, Programs, VALIDATORS},
	process::Process,
	site::{Ports, Site, SIDECAR_PORT},
};
use anyhow::{ensure, Context, Result};
use serde_json::json;
use std::{
	ffi::OsString,
	fmt::Write,
	fs,
	path::{Path, PathBuf},
	process::Command,
};

/// Caps of the honest lines, kbps at the IP layer.
pub const CAPS_KBPS: [u32; 7] = [1_000, 2_000, 3_000, 5_000, 10_000, 20_000, 50_000];
/// The liar's cap, and what it claims.
const LIAR_KBPS: (u32, u32) = (2_000, 20_000);
/// Further attestors. With the validators, enough for a committee of which no member is the target.
const ATTESTORS: u8 = 6;
/// What a further attestor's line carries and claims: a fast line that sells a part of itself.
const ATTESTOR_KBPS: (u32, u32) = (1_000_000, 10_000);
/// Committee size: with two liars among them, c ≤ t.
pub const COMMITTEE: u16 = 9;
/// Timing that differs from the local network's. Longer phases, in slots: tests end before their epoch, and a commit that
/// waits for the end of a late test, and for gossip that comes every three seconds, still has its window. A longer lead:
/// members and target learn of T0 while one of two blocks of the same slot still has to prevail. New seats
/// measure as soon as they may, because waiting shows nothing here.
const TIMING: [(&str, u32); 6] = [
	("epochSlots", 36),
	("commitUntil", 12),
	("revealFrom", 12),
	("revealUntil", 23),
	("leadSlots", 3),
	("maturityEpochs", 1),
];
/// Validators that can be told to lie.
pub const LIARS: [usize; 2] = [0, 1];

/// First link of the validators, of the lines, and of the further attestors.
const VALIDATOR_NETS: u8 = 11;
const LINE_NETS: u8 = 21;
const ATTESTOR_NETS: u8 = 41;

/// Builds the machines and says who is where.
pub fn plan(programs: &Programs, folder: &Path) -> Result<Plan> {
	let chain = specification(programs, folder)?;
	let mut lines = Vec::new();
	for (number, cap) in (0..).zip(CAPS_KBPS) {
		lines.push(shaped_line(number, cap, cap)?);
	}
	let liar = u8::try_from(CAPS_KBPS.len())?;
	lines.push(shaped_line(liar, LIAR_KBPS.0, LIAR_KBPS.1)?);
	for number in 0..ATTESTORS {
		let site = machine("attestor", ATTESTOR_NETS + number, None, 0)?;
		let mut line = Line::new(liar + 1 + number, ATTESTOR_KBPS.0, ATTESTOR_KBPS.1, site)?;
		line.is_throttled = false;
		lines.push(line);
	}
	let validator = |number: u8| {
		let is_liar = LIARS.contains(&usize::from(number));
		machine("validator", VALIDATOR_NETS + number, None, u16::from(is_liar))
	};
	let validators = [validator(0)?, validator(1)?, validator(2)?, validator(3)?];
	// Each validator has a loopback of its own there, and none has a source on it: what the lab looks at is measuring. Nor are
	// there customers.
	let (chain, customers) = (chain.display().to_string(), Vec::new());
	Ok(Plan { folder: folder.into(), chain, validators, lines, customers, prices: None, files: None })
}

/// A line that its link shapes, and that measures nobody: what it could carry besides its own test is little.
fn shaped_line(number: u8, cap_kbps: u32, claim_kbps: u32) -> Result<Line> {
	let site = machine("line", LINE_NETS + number, Some(cap_kbps), 0)?;
	let mut line = Line::new(number, cap_kbps, claim_kbps, site)?;
	(line.is_throttled, line.attests) = (false, false);
	Ok(line)
}

/// A namespace with its link. With `detour`, the node looks for its sidecar that many ports further.
fn machine(kind: &str, net: u8, kbps: Option<u32>, detour: u16) -> Result<Site> {
	let name = format!("{kind}{net}");
	add_machine(&name, net, kbps)?;
	let mut ports = Ports::with_offset(0);
	ports.tunnel += detour;
	// Ten measure from this one machine: threads that wake each other for single packets would be most of its work.
	let threads = kbps.is_none().then_some(1);
	Ok(Site { namespace: Some(name), address: address(net), node_address: address(net), ports, threads })
}

/// Link number of a line's machine.
pub fn net(line: &Line) -> u8 {
	line.site.address.octets()[1]
}

/// The local preset with the lab's addresses and larger committees.
fn specification(programs: &Programs, folder: &Path) -> Result<PathBuf> {
	let output = Command::new(&programs.node).args(["export-chain-spec", "--chain=local"]).output()?;
	let reason = String::from_utf8_lossy(&output.stderr);
	ensure!(output.status.success(), "weir-node export-chain-spec: {reason}");
	let mut specification: serde_json::Value = serde_json::from_slice(&output.stdout)?;
	let measuring = specification
		.pointer_mut("/genesis/runtimeGenesis/patch/proofOfBandwidth")
		.context("the local preset has no proofOfBandwidth")?;
	for name in ["committee", "largeCommittee", "escalationCommittee"] {
		measuring["timing"][name] = json!(COMMITTEE);
	}
	for (name, value) in TIMING {
		measuring["timing"][name] = json!(value);
	}
	for number in 0..VALIDATORS.len() {
		let address = address(VALIDATOR_NETS + u8::try_from(number)?).octets();
		measuring["seats"][number][2] = json!({ "V4": { "addr": address, "port": SIDECAR_PORT } });
	}
	specification["id"] = json!("weir_lab");
	specification["name"] = json!("Weir lab");
	let file = folder.join("lab.json");
	fs::write(&file, serde_json::to_vec(&specification)?)?;
	Ok(file)
}

fn orders_file(folder: &Path, liar: usize) -> PathBuf {
	folder.join(format!("{}.orders", VALIDATORS[liar]))
}

/// Tells both liars what to say about which epochs.
pub fn order(folder: &Path, orders: &[(u32, Lie)]) -> Result<()> {
	let mut text = String::new();
	for (epoch, lie) in orders {
		writeln!(text, "{epoch} {}", lie.word())?;
	}
	LIARS.iter().try_for_each(|liar| fs::write(orders_file(folder, *liar), &text))?;
	Ok(())
}

/// Starts what stands between the liars' nodes and sidecars.
pub fn start_liars(plan: &Plan) -> Result<Vec<Process>> {
	let program = std::env::current_exe()?;
	let start = |liar: &usize| {
		let (name, site) = (VALIDATORS[*liar], &plan.validators[*liar]);
		let arguments = [
			"liar".into(),
			format!("--listen=127.0.0.1:{}", site.ports.tunnel).into(),
			format!("--sidecar=127.0.0.1:{}", site.ports.api).into(),
			"--orders".into(),
			orders_file(&plan.folder, *liar).into_os_string(),
		];
		let arguments: [OsString; 5] = arguments;
		Process::start(&format!("{name}-liar"), site, &program, &arguments, &liar_log(&plan.folder, *liar))
	};
	LIARS.iter().map(start).collect()
}

/// Where a liar writes what it did.
pub fn liar_log(folder: &Path, liar: usize) -> PathBuf {
	folder.join(format!("{}-liar.log", VALIDATORS[liar]))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn committees_should_trim_all_liars() {
		assert!(LIARS.len() <= usize::from(weir_math::committee::trim(COMMITTEE)));
	}
}
