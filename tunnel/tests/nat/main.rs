//! Providers behind every kind of router, in network namespaces: each has customers, and takes the rung of the ladder that it
//! should.

#[path = "../connect/chain.rs"]
#[allow(dead_code)]
mod chain;
#[path = "../connect/lab.rs"]
#[allow(dead_code)]
mod kit;
mod lab;
mod net;

use chain::LabChain;
use lab::{fetch, Lab, SERVER};
use net::{Machine, Nat, Net};
use std::{
	net::{Ipv4Addr, SocketAddr},
	sync::Arc,
	time::{Duration, Instant},
};
use tokio::{
	io::AsyncWriteExt,
	net::{TcpStream, UdpSocket},
};
use weir_math::economy::channel::charge;
use weir_tunnel::{
	connect::Phase,
	metrics::Metrics,
	nat::{Kind, Rung},
};

const RELAY: Ipv4Addr = Ipv4Addr::new(203, 0, 10, 1);
const OTHER: Ipv4Addr = Ipv4Addr::new(203, 0, 20, 1);
const CUSTOMER: Ipv4Addr = Ipv4Addr::new(203, 0, 30, 1);
const PROVIDER: Ipv4Addr = Ipv4Addr::new(203, 0, 40, 1);
/// Of every provider.
const PORT: u16 = 40_400;
/// Of the relay, for the provider behind routers.
const DOOR: u16 = 41_000;
const BYTES: u64 = 4 << 20;

/// How customers' packets are to go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Way {
	/// To the registered address; nobody else is paid.
	Registered,
	/// To the port that the router has mapped.
	Mapped,
	/// Around the relay.
	Direct,
	/// Through the relay.
	Relay,
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
	for _ in 0..300 {
		if done() {
			return;
		}
		std::thread::sleep(Duration::from_millis(100));
	}
	panic!("not within 30 s: {what}");
}

fn carried(metrics: &Metrics) -> u64 {
	metrics.paid_down.get() + metrics.paid_up.get()
}

/// A provider behind `routers`, the outermost first, and a customer behind its own if it has one.
fn serves(routers: &[Nat], customers: Option<Nat>, kind: Kind, way: Way) {
	serves_amid(routers, customers, kind, way, false);
}

/// Takes as many connections to `at` as there are, says nothing a provider understands on any, and sends datagrams that are
/// none of WireGuard's.
async fn flood(at: SocketAddr) -> Vec<TcpStream> {
	let mut held = vec![];
	for _ in 0..200 {
		let Ok(Ok(mut stream)) = tokio::time::timeout(Duration::from_secs(1), TcpStream::connect(at)).await
		else {
			continue;
		};
		// A frame that is far too long, on what may be closed already.
		let _ = stream.write_all(&[0xff; 4_096]).await;
		held.push(stream);
	}
	let socket = UdpSocket::bind("0.0.0.0:0").await.unwrap();
	for n in 0..5_000u32 {
		let length = usize::try_from(n % 1_400).unwrap();
		let _ = socket.send_to(&vec![n.to_le_bytes()[0]; length], at).await;
	}
	held
}

/// The same while strangers flood where it is reached.
fn serves_amid(routers: &[Nat], customers: Option<Nat>, kind: Kind, way: Way, flooded: bool) {
	if !net::can_run() {
		return;
	}
	let mut net = Net::new();
	let at = |address: Ipv4Addr, port: u16| SocketAddr::from((address, port));
	let relay_machine = Machine::new(&net.public("relay", RELAY));
	let other_machine = Machine::new(&net.public("other", OTHER));
	let machine = Machine::new(&net.behind("provider", PROVIDER, routers));
	let _router = (way == Way::Mapped).then(|| net.map_ports("provider"));
	let customers_machine = Machine::new(&match customers {
		Some(nat) => net.behind("customer", CUSTOMER, &[nat]),
		None => net.public("customer", CUSTOMER),
	});
	let registered =
		if matches!(way, Way::Registered | Way::Mapped) { at(PROVIDER, PORT) } else { at(RELAY, DOOR) };
	let any = Ipv4Addr::UNSPECIFIED;
	let relay = Lab::new(10, any, PORT, at(RELAY, PORT));
	let other = Lab::new(30, any, PORT, at(OTHER, PORT));
	let lab = Lab::new(50, any, PORT, registered);
	// Its blocks come from a task.
	let chain = relay_machine.run({
		let (relay, other, lab) = (Arc::new(relay), Arc::new(other), Arc::new(lab));
		async move { (Arc::new(LabChain::of(&[&relay, &other, &lab])), relay, other, lab) }
	});
	let (chain, relay, other, lab) = chain;
	let (relaying, relays) = relay.provide(&relay_machine, &chain, None);
	let (telling, _) = other.provide(&other_machine, &chain, None);
	let files = machine.run(async { kit::Files::start(SERVER).await });
	let began = Instant::now();
	let (provider, own) = lab.provide(&machine, &chain, Some(way == Way::Mapped));
	let standpoint = provider.standpoint();
	until("it knows where it stands", || standpoint.borrow().rung != Rung::Unknown);
	let reached = began.elapsed().as_millis();
	until("others have answered", || standpoint.borrow().seen.kind != Kind::Unknown);
	let known = standpoint.borrow().clone();
	assert_eq!(known.seen.kind, kind, "{known:?}");
	let expected = match way {
		Way::Registered => Rung::Registered,
		Way::Mapped => Rung::Mapped { at: registered },
		Way::Direct | Way::Relay => Rung::Relayed { by: relay.provider_account(), at: registered },
	};
	assert_eq!(known.rung, expected);

	let _held = flooded.then(|| other_machine.run(flood(registered)));
	let began = Instant::now();
	let mut connection = lab.connect(&customers_machine, &chain);
	let status = connection.status();
	until("connected", || status.borrow().phase == Phase::Connected);
	let socks = connection.socks();
	fetch(&customers_machine, socks, files.port(), 0, 1);
	let first_byte = began.elapsed().as_millis();
	let before = carried(&relays);
	if way == Way::Direct {
		// What is fetched soon does not touch the relay any more.
		until("the direct way is taken", || {
			let before = carried(&relays);
			fetch(&customers_machine, socks, files.port(), 0, 100_000);
			carried(&relays) - before < 20_000
		});
	} else {
		// As long as it takes to find that there is no direct way.
		std::thread::sleep(Duration::from_secs(6));
	}
	let direct_after = began.elapsed().as_millis();
	let before_all = carried(&relays);
	let took = fetch(&customers_machine, socks, files.port(), 7, BYTES);
	let through = carried(&relays) - before_all;
	match way {
		Way::Registered | Way::Mapped => assert_eq!(through, 0),
		Way::Direct => assert!(through < BYTES / 50, "{through} bytes through the relay"),
		Way::Relay => assert!(through > BYTES, "{through} bytes through the relay"),
	}
	assert!(carried(&own) > BYTES, "the provider has carried them");
	println!(
		"routers {routers:?}, customer {customers:?}: {way:?}; reached after {reached} ms, first byte {first_byte} ms, \
		 measured from {direct_after} ms on: {BYTES} bytes in {took} ms, {through} of them through the relay ({} before)",
		before_all - before
	);
	if way == Way::Relay {
		// By then a voucher covers what was carried.
		std::thread::sleep(Duration::from_secs(16));
	}
	let stopped = customers_machine.run(async move { connection.stop().await });
	assert!(matches!(stopped.ending, weir_tunnel::connect::Ending::Asked), "{stopped:?}");
	machine.run(async move { provider.stop().await });
	relay_machine.run(async move { relaying.stop().await });
	other_machine.run(async move { telling.stop().await });
	let owed = |bytes: u64| charge(bytes, 0, chain::PRICE).unwrap();
	assert!(chain.paid_to(&lab.provider_account()) >= owed(BYTES), "its customer has paid");
	let relayed = chain.paid_to(&relay.provider_account());
	match way {
		Way::Registered | Way::Mapped => assert_eq!(relayed, 0),
		Way::Direct => {}
		Way::Relay => assert!(relayed >= owed(BYTES), "{relayed}: the relay is paid as any hop"),
	}
	assert_eq!(chain.paid_to(&other.provider_account()), 0);
}

#[test]
fn forwarded_port_should_need_nobody_else() {
	serves(&[Nat::Forwarded(PORT)], Some(Nat::Symmetric), Kind::Same, Way::Registered);
}

#[test]
fn port_should_be_mapped_when_the_router_does_so_if_asked() {
	serves(&[Nat::PortRestricted], Some(Nat::Symmetric), Kind::Same, Way::Mapped);
}

#[test]
fn full_cone_should_be_reached_directly_when_the_customer_is_behind_a_symmetric_router() {
	serves(&[Nat::FullCone(PORT)], Some(Nat::Symmetric), Kind::Same, Way::Direct);
}

#[test]
fn port_restricted_should_be_reached_directly_when_the_customer_is_public() {
	serves(&[Nat::PortRestricted], None, Kind::Same, Way::Direct);
}

#[test]
fn port_restricted_should_be_reached_directly_when_the_customer_is_behind_one_as_well() {
	serves(&[Nat::PortRestricted], Some(Nat::PortRestricted), Kind::Same, Way::Direct);
}

#[test]
fn symmetric_should_be_reached_directly_when_the_customer_is_public() {
	serves(&[Nat::Symmetric], None, Kind::Changing, Way::Direct);
}

#[test]
fn symmetric_should_be_reached_by_the_relay_when_the_customer_is_behind_a_router() {
	serves(&[Nat::Symmetric], Some(Nat::PortRestricted), Kind::Changing, Way::Relay);
}

#[test]
fn two_routers_should_be_passed_directly_when_both_have_one_port_for_all() {
	serves(&[Nat::PortRestricted, Nat::PortRestricted], Some(Nat::PortRestricted), Kind::Same, Way::Direct);
}

#[test]
fn two_routers_should_be_passed_by_the_relay_when_the_outer_one_is_symmetric() {
	serves(&[Nat::Symmetric, Nat::PortRestricted], Some(Nat::PortRestricted), Kind::Changing, Way::Relay);
}

#[test]
fn customer_should_be_let_in_when_strangers_flood_the_port_at_the_relay() {
	serves_amid(&[Nat::PortRestricted], Some(Nat::PortRestricted), Kind::Same, Way::Direct, true);
}
