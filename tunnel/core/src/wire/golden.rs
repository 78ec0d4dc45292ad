//! Pinned bytes. A change here is a change of the protocol and needs a new version.

/// Digest of the first receipt in `receipt`'s test.
pub(crate) const RECEIPT_DIGEST: &str = "4c954bc4f4075baef677014cea564faffe4e261cb2a5c08271234b77e4efddd0";
