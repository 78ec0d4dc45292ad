//! Paid sessions under strain: many at once, processes killed, bad links, bad partners, a chain that is away.
//!
//! * `remote`: the chain of `tests/connect` as other processes reach it; it can be told to be down.
//! * `roles`: processes of a customer and a provider: this binary, started again.
//! * `kills`, `crowd`, `warm`, `links`, `rogue`, `troubles`, `stock`, `vouchers`: the tests.
//!
//! Each is short here. `scripts/lab.sh sessions` runs them at the length that docs/measurements.md reports.

// Of tests/connect: not all of it is used here.
#[allow(dead_code)]
#[path = "../connect/chain.rs"]
mod chain;
#[allow(dead_code)]
#[path = "../connect/lab.rs"]
mod lab;

mod crowd;
mod kills;
mod links;
mod remote;
mod rogue;
mod roles;
mod stock;
mod troubles;
mod vouchers;
mod warm;

/// How much is done: `short` in the ordinary tests, `long` in the lab.
fn extent<T>(short: T, long: T) -> T {
	if std::env::var_os("WEIR_LAB").is_some() {
		long
	} else {
		short
	}
}
