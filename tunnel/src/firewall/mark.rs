//! What our own outer sockets are known by: the firewall lets out, beside the tunnel, only what carries the mark, and routing sends it
//! by the line. Setting it takes a privilege, so that other programs cannot pass for us.

use std::sync::atomic::{AtomicBool, Ordering};

/// On packets, connections and in the routing rule.
pub(super) const MARK: u32 = 0x5765;

/// One process has one kill switch, and its sockets are made in many places.
static IS_SET: AtomicBool = AtomicBool::new(false);

/// From now on outer sockets are marked.
pub(super) fn set() {
	IS_SET.store(true, Ordering::Relaxed);
}

/// What to mark an outer socket with; none without a kill switch.
pub(crate) fn outer_mark() -> Option<u32> {
	IS_SET.load(Ordering::Relaxed).then_some(MARK)
}
