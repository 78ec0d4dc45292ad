//! A data centre beside a slow line that pretends to be it, and a relay on the way that makes packets smaller.

use super::{
	cheat::{Cheat, Place, Plain},
	flow::{self, PACKET},
	times,
	trial::{Terms, Trial, PORT},
	Bench, Machine, MEMBERS, MOST_GAIN,
};
use crate::{
	attacks::{Finding, Scenario},
	lab::ground::{self, Shape},
};
use anyhow::{Context, Result};
use std::{
	collections::{hash_map::Entry, HashMap},
	io,
	net::SocketAddr,
	sync::Arc,
};
use tokio::{net::UdpSocket, task::JoinHandle};
use weir_math::rate::kbps;
use weir_primitives::report::EntryKind;
use weir_tunnel::clock;
use weir_tunnel_core::{Micros, MILLI};

/// A home line, kbps: fast towards it, slow from it. It claims what it has downwards, both ways.
const DOWN: u32 = 4_000;
const UP: u32 = 1_000;
/// Ports of the controls.
const CONTROL_PORT: u16 = 9_700;
/// How long a control counts, after as long as lines need to fill.
const COUNTED: Micros = 2_000 * MILLI;
const FILLING: Micros = 500 * MILLI;

fn home(bench: &Bench) -> Result<Machine> {
	bench.shaped(Shape::steady(DOWN), Shape::steady(UP))
}

/// Has `home` hand on what comes to its tunnel to `centre`, as it is.
fn hand_on(home: &Machine, centre: &Machine) -> Result<()> {
	ground::forward_packets(&home.name)?;
	// No more than it can hand on, so that nothing small is lost behind what is large.
	let most = UP * 9 / 10 / 8;
	ground::rules(
		Some(&home.name),
		&format!(
			"table ip handed {{\nchain on {{\ntype filter hook prerouting priority -300;\n\
			ip daddr {} udp dport {PORT} ip daddr set {}\n}}\n\
			chain most {{\ntype filter hook forward priority 0;\n\
			udp length > 1000 limit rate over {most} kbytes/second burst 4 kbytes drop\n}}\n}}\n",
			home.address, centre.address
		),
	)
}

/// Has `centre` answer in the name of `home`.
fn pretend(centre: &Machine, home: &Machine) -> Result<()> {
	ground::rules(
		Some(&centre.name),
		&format!(
			"table ip pretends {{\nchain out {{\ntype filter hook postrouting priority 300;\n\
			udp sport {PORT} ip saddr set {}\n}}\n}}\n",
			home.address
		),
	)
}

/// The tunnel of a home line ends in a data centre, which members follow there if they let it move.
pub const HANDED_OVER: Scenario<Bench> = Scenario {
	id: "A6",
	title: "the tunnel moves from a home line to a data centre",
	run: |bench| {
		let (home, centre) = (home(bench)?, bench.machine("centre")?);
		hand_on(&home, &centre)?;
		let trial = Trial::new(bench, home.address, Terms::short(DOWN), bench.seats())?;
		let place = Place { home: &home, tunnel: (&centre, centre.bind) };
		let _cheat = Cheat::start(&trial, place, Plain)?;
		let found = trial.measure()?;
		let [down, up] = found.kbps()?;
		let nobody = found.count(EntryKind::Unreachable);
		Ok(Finding {
			tried: format!("home {DOWN} kbps down, {UP} up; the centre answers from its own address"),
			measured: format!(
				"{down} kbps down, {up} up; {nobody} of {} members found nobody",
				found.entries.len()
			),
			criterion: format!("nobody found by each member; ≤ {MOST_GAIN} of the home line"),
			// An estimate of 0 alone could as well be a test that failed.
			passed: nobody == usize::from(MEMBERS)
				&& times(down, DOWN) <= MOST_GAIN
				&& times(up, UP) <= MOST_GAIN,
		})
	},
};

/// The data centre answers in the name of the home line, which has to hand it what it gets; beside it a test in which a
/// token would be enough.
pub const FORWARDED: Scenario<Bench> = Scenario {
	id: "A6-forward",
	title: "a home line forwards the challenge to a data centre",
	run: |bench| {
		let (home, centre) = (home(bench)?, bench.machine("centre")?);
		hand_on(&home, &centre)?;
		pretend(&centre, &home)?;
		let trial = Trial::new(bench, home.address, Terms::short(DOWN), bench.seats())?;
		let place = Place { home: &home, tunnel: (&centre, centre.bind) };
		let cheat = Cheat::start(&trial, place, Plain)?;
		let [down, up] = trial.measure()?.kbps()?;
		drop(cheat);
		let seat = bench.seats().first().context("no members")?;
		let tokens = tokens(&home, &centre, seat)?;
		Ok(Finding {
			tried: format!("home {DOWN} kbps down, {UP} up; the centre answers in its name"),
			measured: format!(
				"{down} kbps down, {up} up; control, tokens of 16 bytes forwarded: {tokens} up, {:.1} times the line",
				times(tokens, UP)
			),
			criterion: format!("up ≤ {MOST_GAIN} of the home line; the control ≥ 2"),
			passed: (1..=DOWN).contains(&down)
				&& up > 0 && times(up, UP) <= MOST_GAIN
				&& times(tokens, UP) >= 2.0,
		})
	},
};

/// What a test would count whose answers need only a token of each challenge: kbps from the centre.
fn tokens(home: &Machine, centre: &Machine, seat: &Machine) -> Result<u32> {
	let bind = |machine: &Machine, port: u16| {
		let address = machine.bind;
		machine
			.run(async move { Ok::<_, anyhow::Error>(Arc::new(UdpSocket::bind((address, port)).await?)) })?
	};
	let (at_home, at_centre) = (bind(home, CONTROL_PORT)?, bind(centre, CONTROL_PORT)?);
	let asking = bind(seat, 0)?;
	let (to_home, to_centre) =
		(SocketAddr::from((home.address, CONTROL_PORT)), (centre.address, CONTROL_PORT));
	let answers_to = (seat.address, asking.local_addr()?.port());
	let forward = home.spawn(each(at_home, move |packet| packet.truncate(16), to_centre.into()));
	let answer = centre.spawn(each(at_centre, |packet| packet.resize(PACKET, 7), answers_to.into()));
	let from = clock::now() + FILLING;
	let (until, counting) = (from + COUNTED, asking.clone());
	let counted = seat.spawn(async move { flow::count(&counting, from, until).await });
	seat.run(async move { flow::send(&asking, to_home, &[vec![7; PACKET]], DOWN, until).await })??;
	let counted = futures::executor::block_on(counted)??;
	forward.abort();
	answer.abort();
	Ok(kbps(counted, COUNTED))
}

/// Makes something else of each packet and sends it on, until aborted.
async fn each(socket: Arc<UdpSocket>, make: impl Fn(&mut Vec<u8>), to: SocketAddr) {
	let mut buffer = vec![0; 2_048];
	while let Ok(length) = socket.recv(&mut buffer).await {
		let mut packet = buffer[..length].to_vec();
		make(&mut packet);
		// What cannot be sent is lost, as packets are.
		let _ = socket.send_to(&packet, to).await;
	}
}

/// Two ends of a slow line that compress what goes over it. Packets of a flow bear its number.
struct Relay {
	_ends: [JoinHandle<()>; 2],
}

/// What comes to the near end goes over the line; answers come back to whoever asked.
async fn near(outside: UdpSocket, line: UdpSocket, far: SocketAddr) -> io::Result<()> {
	let (mut from_outside, mut from_line) = (vec![0; 2_048], vec![0; 4_096]);
	let (mut flows, mut asking) = (HashMap::new(), Vec::new());
	loop {
		tokio::select! {
			received = outside.recv_from(&mut from_outside) => {
				let (length, source) = received?;
				let flow = *flows.entry(source).or_insert_with(|| {
					asking.push(source);
					asking.len() as u8 - 1
				});
				let _ = line.send_to(&squeezed(flow, &from_outside[..length])?, far).await;
			}
			received = line.recv(&mut from_line) => {
				if let Some((flow, packet)) = unsqueezed(&from_line[..received?]) {
					if let Some(source) = asking.get(usize::from(flow)) {
						let _ = outside.send_to(&packet, *source).await;
					}
				}
			}
		}
	}
}

/// What comes over the line goes to `target` on the same machine, from a port for each flow.
async fn far(line: UdpSocket, target: SocketAddr) -> io::Result<()> {
	let (line, mut flows) = (Arc::new(line), HashMap::new());
	let (mut buffer, mut answers) = (vec![0; 4_096], tokio::task::JoinSet::new());
	loop {
		let (length, near) = line.recv_from(&mut buffer).await?;
		let Some((flow, packet)) = unsqueezed(&buffer[..length]) else { continue };
		let socket = match flows.entry(flow) {
			Entry::Occupied(known) => known.into_mut(),
			Entry::Vacant(new) => {
				let socket = Arc::new(UdpSocket::bind((target.ip(), 0)).await?);
				answers.spawn(back(flow, socket.clone(), line.clone(), near));
				new.insert(socket)
			}
		};
		let _ = socket.send_to(&packet, target).await;
	}
}

/// What is answered in a flow goes back over the line.
async fn back(flow: u8, socket: Arc<UdpSocket>, line: Arc<UdpSocket>, near: SocketAddr) {
	let mut buffer = vec![0; 2_048];
	while let Ok(length) = socket.recv(&mut buffer).await {
		if let Ok(packet) = squeezed(flow, &buffer[..length]) {
			let _ = line.send_to(&packet, near).await;
		}
	}
}

fn squeezed(flow: u8, packet: &[u8]) -> io::Result<Vec<u8>> {
	let mut bytes = zstd::bulk::compress(packet, zstd::DEFAULT_COMPRESSION_LEVEL)?;
	bytes.push(flow);
	Ok(bytes)
}

fn unsqueezed(bytes: &[u8]) -> Option<(u8, Vec<u8>)> {
	let (flow, packet) = bytes.split_last()?;
	Some((*flow, zstd::bulk::decompress(packet, 2_048).ok()?))
}

impl Relay {
	/// Between `port` of `edge` and the same one of `home`.
	fn start(edge: &Machine, home: &Machine, port: u16) -> Result<Self> {
		let (outside, at_home, line) = ((edge.bind, port), home.bind, port + 1);
		let to_home = SocketAddr::from((home.address, line));
		let sockets = async move {
			Ok::<_, io::Error>((UdpSocket::bind(outside).await?, UdpSocket::bind((outside.0, line)).await?))
		};
		let (outside, from_edge) = edge.run(sockets)??;
		let at_line = home.run(async move { UdpSocket::bind((at_home, line)).await })??;
		let ended = |end: io::Result<()>| {
			if let Err(error) = end {
				eprintln!("the relay ended: {error}");
			}
		};
		let near = edge.spawn(async move { ended(near(outside, from_edge, to_home).await) });
		let far = home.spawn(async move { ended(far(at_line, (at_home, port).into()).await) });
		Ok(Self { _ends: [near, far] })
	}
}

/// A relay before the line compresses what goes over it.
pub const COMPRESSED: Scenario<Bench> = Scenario {
	id: "A23",
	title: "a relay compresses what goes over the line",
	run: |bench| {
		let (has, claims) = (1_000, 4_000);
		let (edge, home) = (bench.machine("edge")?, bench.line(has)?);
		let _relay = Relay::start(&edge, &home, PORT)?;
		let trial = Trial::new(bench, edge.address, Terms::short(claims), bench.seats())?;
		let place = Place { home: &edge, tunnel: (&home, home.bind) };
		let cheat = Cheat::start(&trial, place, Plain)?;
		let seen = trial.measure()?.kbps()?;
		drop(cheat);
		let [down, up] = seen.map(|kbps| times(kbps, has));
		let seat = bench.seats().first().context("no members")?;
		let padded = padded(&edge, &home, seat, claims)?;
		Ok(Finding {
			tried: format!("zstd around a line of {has} kbps that claims {claims}"),
			measured: format!(
				"{down:.3} of the line down, {up:.3} up; control, constant padding without a tunnel: {:.2}",
				times(padded, has)
			),
			criterion: format!("≤ {MOST_GAIN} of the line, and not 0; the control ≥ 2"),
			passed: down.max(up) <= MOST_GAIN && down.min(up) > 0.5 && times(padded, has) >= 2.0,
		})
	},
};

/// What arrives behind the relay of packets that are all padding, kbps.
fn padded(edge: &Machine, home: &Machine, seat: &Machine, rate: u32) -> Result<u32> {
	let _relay = Relay::start(edge, home, CONTROL_PORT)?;
	let (at_home, at_seat) = ((home.bind, CONTROL_PORT), (seat.bind, 0u16));
	let sink = home.run(async move { UdpSocket::bind(at_home).await })??;
	let source = seat.run(async move { UdpSocket::bind(at_seat).await })??;
	let from = clock::now() + FILLING;
	let (until, to) = (from + COUNTED, SocketAddr::from((edge.address, CONTROL_PORT)));
	let counted = home.spawn(async move { flow::count(&sink, from, until).await });
	seat.run(async move { flow::send(&source, to, &[vec![7; PACKET]], rate, until).await })??;
	Ok(kbps(futures::executor::block_on(counted)??, COUNTED))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn padding_should_shrink_and_come_back_whole() {
		let packet = vec![7; PACKET];
		let small = squeezed(3, &packet).unwrap();
		assert!(small.len() < 100);
		assert_eq!(unsqueezed(&small), Some((3, packet)));
		assert_eq!(unsqueezed(&[]), None);
	}
}
