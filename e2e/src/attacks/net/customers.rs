//! Customers whose traffic is on a line while a committee measures it.

use super::{
	flow::{self, PACKET},
	times,
	trial::{Terms, Trial},
	Bench, Machine, MOST_GAIN,
};
use crate::attacks::{Finding, Scenario};
use anyhow::{bail, Result};
use std::{net::SocketAddr, thread};
use tokio::{net::UdpSocket, task::JoinHandle};
use weir_math::rate::kbps;
use weir_tunnel_core::{second_start, Micros};

/// What the line carries and claims, kbps. A committee offers five quarters of it, so that an estimate can be that high.
const LINE: u32 = 4_000;
/// What customers load each way: a fifth as much as the committee.
const CUSTOMERS: u32 = 1_000;
/// Where both ends of the customers' traffic are, beside the tunnel's port.
const CUSTOMER_PORT: u16 = 9_800;

/// Customers load a line before and during its test; beside it the test of such a line without them.
pub const SERVED: Scenario<Bench> = Scenario {
	id: "A26",
	title: "customers load the line while it is tested",
	run: |bench| {
		let (line, other) = (bench.line(LINE)?, bench.line(LINE)?);
		let customers = bench.machine("customers")?;
		let (served, alone) = thread::scope(|scope| {
			let alone = scope.spawn(|| bench.honest(&other, Terms::short(LINE))?.kbps());
			let served = serve(bench, &line, &customers);
			(served, alone.join().unwrap_or_else(|_| bail!("a test did not end")))
		});
		let ((seen, carried), alone) = (served?, alone?);
		let parts = |rates: [u32; 2]| rates.map(|kbps| times(kbps, LINE));
		let ([down, up], [carried_down, carried_up], [down_alone, up_alone]) =
			(parts(seen), parts(carried), parts(alone));
		Ok(Finding {
			tried: format!(
				"line and claim {LINE} kbps; customers load {CUSTOMERS} each way; another line without any"
			),
			measured: format!(
				"{down:.3} of the line down, {up:.3} up, while customers got {carried_down:.3} and {carried_up:.3}; \
				 without them: {down_alone:.3} down, {up_alone:.3} up"
			),
			criterion: format!(
				"estimate and what customers got together ≤ {MOST_GAIN} of the line: no credit; without them within \
				 10 %, and more"
			),
			passed: [down + carried_down, up + carried_up].iter().all(|sum| *sum <= MOST_GAIN)
				&& carried_down.min(carried_up) >= 0.1
				&& down.min(up) > 0.5
				&& down < down_alone
				&& up < up_alone
				&& [down_alone, up_alone].iter().all(|part| (0.9..=1.1).contains(part)),
		})
	},
};

/// Tests a line that serves customers meanwhile: what the committee makes of it, and what customers got in the same
/// windows, kbps: down, up.
fn serve(bench: &Bench, line: &Machine, customers: &Machine) -> Result<([u32; 2], [u32; 2])> {
	let trial = Trial::new(bench, line.address, Terms::short(LINE), bench.seats())?;
	let provider = trial.provide(line)?;
	let (start, window) = (trial.chain.start(), trial.chain.window());
	let second = second_start(start, window);
	let towards = exchange(line, customers, (start, window), second + window);
	let from = exchange(customers, line, (second, window), second + window);
	let found = trial.measure()?;
	let carried = [futures::executor::block_on(towards)??, futures::executor::block_on(from)??];
	line.run(provider.stop())?;
	Ok((found.kbps()?, carried))
}

/// Loads the way from `here` to `there` until then. What comes here in a window meanwhile, kbps.
fn exchange(
	here: &Machine,
	there: &Machine,
	(from, window): (Micros, Micros),
	until: Micros,
) -> JoinHandle<Result<u32>> {
	let (bind, to) = ((here.bind, CUSTOMER_PORT), SocketAddr::from((there.address, CUSTOMER_PORT)));
	here.spawn(async move {
		let (socket, packets) = (UdpSocket::bind(bind).await?, [vec![7; PACKET]]);
		let sending = flow::send(&socket, to, &packets, CUSTOMERS, until);
		let (_, came) = tokio::try_join!(sending, flow::count(&socket, from, from + window))?;
		Ok::<_, anyhow::Error>(kbps(came, window))
	})
}
