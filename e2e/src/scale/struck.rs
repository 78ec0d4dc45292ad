//! What is stored of a line after many tests: of an honest one, and of one that was caught: strikes, evidence, an
//! escalation by 51 members, the slash that waits.

use super::{
	figures::{both, own},
	storage::{mean, of, Stored},
};
use crate::blocks::world::{line, World};
use pallet_proof_of_bandwidth::{Event, KEPT_VERDICTS};
use weir_runtime::RuntimeEvent;

/// Providers, each with a seat: enough for an escalation's committee.
const PROVIDERS: u32 = 60;
/// The one that delivers a tenth of what it claims, once as many verdicts as are kept were good.
const LIAR: u32 = 0;
/// Until then, strikes, an escalation, and the delay of the slash.
const EPOCHS: u32 = KEPT_VERDICTS + 8;

/// What is kept of lines that were tested often.
pub struct Kept {
	/// Of an honest one.
	pub steady: Stored,
	/// The most at the end of an epoch of one that is caught, until its slash is due.
	pub struck: Stored,
}

/// Tests a small network until everything that is kept is there.
pub fn kept() -> anyhow::Result<Kept> {
	let mut world = World::new((0..PROVIDERS).map(|n| line(n, true)).collect());
	let (mut struck, mut is_caught) = (Stored::new(), false);
	for number in 0..EPOCHS {
		let judged = world.epoch(
			&|test, _| {
				let claim = test.test.claim.down_kbps;
				let lies = test.test.provider == LIAR && number >= KEPT_VERDICTS;
				let kbps = if lies { claim / 10 } else { claim };
				Some(test.share(kbps, test.measuring().count()))
			},
			&|_| true,
			&|_| true,
		);
		is_caught |= judged.events.iter().any(|event| {
			matches!(
				event,
				RuntimeEvent::ProofOfBandwidth(Event::FalseClaimConfirmed {
					provider: LIAR,
					slash: Some(_),
					..
				})
			)
		});
		let stored = of(&mut world.chain, LIAR, &world.nodes[LIAR as usize]);
		if both(own(&stored)) >= both(own(&struck)) {
			struck = stored;
		}
	}
	anyhow::ensure!(is_caught, "the liar was not caught within {EPOCHS} epochs");
	let honest = (0..PROVIDERS).filter(|n| *n != LIAR);
	let steady = mean(honest.map(|n| of(&mut world.chain, n, &world.nodes[n as usize])));
	Ok(Kept { steady, struck })
}
