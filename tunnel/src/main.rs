//! The Weir sidecar.

fn main() -> std::process::ExitCode {
	weir_tunnel::cli::main()
}
