//! How far apart two countries are at least.
//!
//! **Source.** Natural Earth 1:10m, in the public domain: *Admin 0 – Countries* 5.1.1 and *Minor islands*. The script
//! `scripts/distances.py` writes `table.bin` from them, names both files with their SHA-256, and says how it samples
//! borders and coasts. Every step errs towards less, because too large a distance contradicts honest providers:
//!
//! * angles count on a sphere of WGS 84's least radius of curvature, 6335.4 km, which no geodesic undercuts;
//! * 40 km are taken off: 24 km for the sampling of both sides, 8 km for each side's map; then whole 100 km remain;
//! * islets that the data gives to nobody belong to every country around them;
//! * territory under one administration and in use under another code belongs to both: Crimea and the Donbas,
//!   northern Cyprus, Abkhazia, Kosovo (RS and AL), Western Sahara, Palestine, the Spratly Islands, Guantánamo,
//!   Chagos, the sovereign base areas on Cyprus;
//! * territories that ISO 3166-2 lists under a country although they have a code of their own belong to both: HK, MO,
//!   TW (CN); AX (FI); BL, GF, GP, MF, MQ, NC, PF, PM, RE, TF, WF, YT (FR); AW, BQ, CW, SX (NL); SJ (NO); AS, GU, MP,
//!   PR, UM, VI (US). So do BV (NO), TK (NZ), CC and CX (AU), which the data does not keep apart.
//!
//! The price of the last is that a claim of FR, NL or US is rarely contradicted from the Americas, nor one of FR or
//! US from the Pacific. All 249 assigned codes have territory in the data; any other code is at distance 0.

use crate::region::index_of;

/// Assigned codes, pairwise.
const PAIRS: usize = 249 * 248 / 2;
/// What a byte of the table counts, km.
const UNIT_KM: u32 = 100;
/// Row by row, each country against those before it in the order of [`crate::region`].
static TABLE: &[u8; PAIRS] = include_bytes!("table.bin");

/// Lower bound of the distance between the territories of two ISO 3166-1 alpha-2 codes, km, a multiple of 100.
///
/// 0 for neighbours, for a country and itself, and whenever a code is not assigned.
pub fn distance_km(a: [u8; 2], b: [u8; 2]) -> u32 {
	let (Some(a), Some(b)) = (index_of(a), index_of(b)) else { return 0 };
	if a == b {
		return 0;
	}
	let (column, row) = (usize::from(a.min(b)), usize::from(a.max(b)));
	// 0 + 1 + … + (row − 1) entries stand before the row; both are below 249.
	let before = row.saturating_mul(row.saturating_sub(1)) / 2;
	let units = TABLE.get(before.saturating_add(column)).copied().unwrap_or(0);
	u32::from(units).saturating_mul(UNIT_KM)
}
