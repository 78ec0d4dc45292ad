//! What guests reach through either exit, with real packets between real namespaces, and what they do not.
//!
//! Without root, TUN or nft these tests are skipped, and say so; where CI is set, that is a failure.

mod attempts;
mod guests;
mod lab;
mod life;
mod packets;
mod passing;
mod verdicts;

use attempts::attempts;
use guests::{unlimited, Guests, OTHER_GUEST};
use lab::{Capture, Lab, Links, AT_HOME, BEYOND, METADATA, NEIGHBOUR, PRINTER, PUBLIC, SERVER};
use std::{
	net::{Ipv4Addr, UdpSocket},
	thread,
	time::Duration,
};
use weir_primitives::ExitClass;
use weir_tunnel::exit::{counters::Event, Kind};

/// For so long it is listened whether something arrives.
const LISTEN: Duration = Duration::from_millis(120);

/// Whether it is seen when something arrives where nothing should: else the rest would prove nothing.
fn captures_should_see(lab: &Lab, captures: &[(&str, Capture)]) {
	let all = BEYOND.into_iter().chain([
		PRINTER,
		METADATA,
		NEIGHBOUR,
		SERVER,
		AT_HOME,
		PUBLIC,
		Ipv4Addr::LOCALHOST,
	]);
	for there in all {
		lab.host.run(async move {
			UdpSocket::bind("0.0.0.0:0").unwrap().send_to(b"control", (there, 9_999)).unwrap();
		});
		let is_seen = |packet: &Vec<u8>| packets::destination(packet) == Some(there);
		lab::until(&format!("a packet to {there} is seen"), || {
			captures.iter().any(|(_, capture)| capture.take().iter().any(is_seen))
		});
	}
	thread::sleep(LISTEN);
	captures.iter().for_each(|(_, capture)| drop(capture.take()));
}

fn nothing_should_arrive(kind: Kind) {
	if !lab::is_possible("isolation") {
		return;
	}
	let lab = Lab::build();
	let captures = [("host", &lab.host), ("lan", &lab.lan), ("internet", &lab.internet)]
		.map(|(name, node)| (name, Capture::start(node, Links::Others)));
	captures_should_see(&lab, &captures);
	let routes = lab.host.output("ip route show");
	// The widest class: what is refused is refused in every one.
	let guests = Guests::behind(&lab.host, kind, ExitClass::Open, unlimited());
	println!("| attempt, by the exit in {} | packets | arrived |", kind.name());
	for attempt in attempts() {
		let sent = attempt.packets.len();
		guests.send(&lab.host, attempt.packets);
		thread::sleep(LISTEN);
		for (place, capture) in &captures {
			let arrived = capture.take();
			assert!(arrived.is_empty(), "{}: {arrived:02x?} seen by {place}", attempt.name);
		}
		let heard = guests.heard();
		let by_other = heard.iter().filter(|packet| packets::destination(packet) == Some(OTHER_GUEST));
		assert_eq!(by_other.count(), 0, "{}: another guest hears of it", attempt.name);
		println!("| {} | {sent} | 0 |", attempt.name);
	}
	for event in [
		Event::DeniedAddress,
		Event::DeniedOwn,
		Event::DeniedPort,
		Event::ForeignSource,
		Event::Fragment,
		Event::Options,
		Event::OtherProtocol,
	] {
		assert!(guests.count(event) > 0, "{event:?} is counted");
	}
	let went = [Event::TcpFlow, Event::UdpFlow].map(|event| guests.count(event));
	assert_eq!(went, [0, 0], "nothing of it was a flow");
	let now = lab.host.output("ip route show");
	let of_others = |routes: &str| -> Vec<String> {
		routes.lines().filter(|line| !line.contains("weirx")).map(str::to_owned).collect()
	};
	assert_eq!(of_others(&now), of_others(&routes), "no redirect was believed");
	guests.close(&lab.host);
}

#[test]
fn guests_should_reach_nothing_private_when_the_exit_is_in_the_kernel() {
	nothing_should_arrive(Kind::Kernel);
}

#[test]
fn guests_should_reach_nothing_private_when_the_exit_is_in_userspace() {
	nothing_should_arrive(Kind::Userspace);
}
