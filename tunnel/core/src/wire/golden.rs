//! Pinned bytes, computed from docs/protocol.md without this code but for the first. A change here is a change of the
//! protocol and needs a new version.

/// Digest of the first receipt in `receipt`'s test.
pub(crate) const RECEIPT_DIGEST: &str = "4c954bc4f4075baef677014cea564faffe4e261cb2a5c08271234b77e4efddd0";
/// Digest of a first receipt without ranges, in the same session.
pub(crate) const EMPTY_RECEIPT_DIGEST: &str =
	"8fd3b709b4ffa38586de1d643104d7fa2e3d9d00976c7a4b019b43682bca3d0b";
/// H(seed) of the seed `07`×32.
pub(crate) const SEED_HASH: &str = "112b0ef166f3797d42a2bf6f639ce59abbc0fdd252cc6835a809391755fe3a71";
/// Its echo key in the session `01`×8.
pub(crate) const ECHO_KEY: &str = "ac0005d88a40aac7469f7b22485b2f7858f3531709670cdcbe9294893554048a";
/// A sequence number.
pub(crate) const SEQUENCE: u32 = 0x000a_0b0c;
/// First and last 16 bytes of its payload under that seed.
pub(crate) const PAYLOAD: [&str; 2] =
	["c6591fe5fba30b6bd23193cc68c02943", "8aa5245cc445d3456b20d2a5fc7579e7"];
/// And of its echo in that session.
pub(crate) const ECHO: [&str; 2] = ["3a76adc97bbdc61cdf47df7cc4926607", "fae5c92393636527b5b9f7a0aa8c038f"];
/// First bytes of blake2-256 of the bilateral receipt in the tests of the messages.
pub(crate) const BILATERAL_PREFIX: &str = "55ff37de23";
