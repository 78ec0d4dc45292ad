//! Puts a version into the binary: `0.1.0-<commit>` for a release, `0.1.0-dev` otherwise.
//!
//! The commit comes from the environment and not from the repository: a build that looked at git's HEAD itself would
//! link the node anew after every commit, whether or not a source file changed.

use std::env::var;

/// Set by who builds a release; the same name that other Substrate nodes use, so that packagers know it.
const COMMIT: &str = "SUBSTRATE_CLI_GIT_COMMIT_HASH";

fn main() {
	let commit = var(COMMIT).map(|commit| commit.trim().to_owned()).unwrap_or_default();
	let commit = if commit.is_empty() { "dev" } else { &commit };
	let version = var("CARGO_PKG_VERSION").expect("Cargo sets it for every build script");
	println!("cargo:rerun-if-env-changed={COMMIT}");
	println!("cargo:rustc-env=SUBSTRATE_CLI_IMPL_VERSION={version}-{commit}");
}
