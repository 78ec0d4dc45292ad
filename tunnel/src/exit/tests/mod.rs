//! A customer's stack and an exit, joined by two channels; the Internet is the loopback.

mod abuse;
mod dns;
mod streams;

use super::{counters::Event, policy::Policy, Exit, Limits, Resolver};
use crate::{
	net::{Stack, MTU},
	tasks::Task,
};
use rand::{rngs::StdRng, Rng, SeedableRng};
use std::{
	collections::VecDeque,
	future::Future,
	net::{Ipv4Addr, SocketAddr},
	sync::Arc,
	time::Duration,
};
use tokio::{
	net::{TcpListener, TcpStream},
	sync::mpsc,
	time::Instant,
};
use weir_primitives::ExitClass;

/// Where the Internet is.
const LAB: Ipv4Addr = Ipv4Addr::new(127, 0, 61, 1);
/// The host's own, and not of the Internet.
const OWN: Ipv4Addr = Ipv4Addr::new(127, 0, 62, 1);
const GUEST: Ipv4Addr = Ipv4Addr::new(100, 96, 0, 2);
const OTHER_GUEST: Ipv4Addr = Ipv4Addr::new(100, 96, 0, 3);

fn policy(class: ExitClass) -> Policy {
	let net = |text: &str| text.parse().unwrap();
	Policy::new(class, vec![net("127.0.0.0/8")], [], vec![net("127.0.61.0/24")])
}

/// What lies between the two.
#[derive(Clone, Copy, Default)]
struct Line {
	delay: Duration,
	/// Of a hundred packets, so many are lost.
	loss_percent: u8,
}

struct Pair {
	stack: Stack,
	exit: Arc<Exit>,
	_line: [Task; 2],
}

/// Hands on packets as the line does.
async fn carry(line: Line, seed: u64, mut from: mpsc::Receiver<Vec<u8>>, to: impl AsyncFn(Vec<u8>) -> bool) {
	let mut draw = StdRng::seed_from_u64(seed);
	let mut on_their_way = VecDeque::<(Instant, Vec<u8>)>::new();
	loop {
		let due = on_their_way.front().map(|(due, _)| *due);
		tokio::select! {
			packet = from.recv() => {
				let Some(packet) = packet else { return };
				if draw.gen_range(0..100) >= line.loss_percent {
					on_their_way.push_back((Instant::now() + line.delay, packet));
				}
			}
			() = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
		}
		while on_their_way.front().is_some_and(|(due, _)| *due <= Instant::now()) {
			let (_, packet) = on_their_way.pop_front().unwrap();
			if !to(packet).await {
				return;
			}
		}
	}
}

fn pair_with(policy: Policy, limits: Limits, resolver: Vec<SocketAddr>, line: Line) -> Pair {
	let (to_guests, for_guests) = mpsc::channel(4_096);
	let (to_exit, for_exit) = mpsc::channel(4_096);
	let (to_stack, for_stack) = mpsc::channel(4_096);
	let exit = Arc::new(Exit::start(policy, limits, Resolver::new(resolver).unwrap(), to_guests));
	let out = exit.clone();
	let up = carry(line, 5, for_exit, async move |packet| {
		out.take(packet);
		true
	});
	let down = carry(line, 6, for_guests, async move |packet| to_stack.send(packet).await.is_ok());
	let line = [Task::spawn("up", up), Task::spawn("down", down)];
	Pair { stack: Stack::start(GUEST, MTU, to_exit, for_stack), exit, _line: line }
}

fn pair(line: Line) -> Pair {
	let nobody = SocketAddr::from((LAB, 9));
	pair_with(policy(ExitClass::Open), Limits::default(), vec![nobody], line)
}

/// A server of the lab that does `serve` with each connection.
async fn server<F: Future<Output = ()> + Send + 'static>(
	serve: impl Fn(TcpStream) -> F + Send + 'static,
) -> (SocketAddr, Task) {
	let listener = TcpListener::bind((LAB, 0)).await.unwrap();
	let address = listener.local_addr().unwrap();
	let task = Task::spawn("server", async move {
		loop {
			let (stream, _) = listener.accept().await.unwrap();
			tokio::spawn(serve(stream));
		}
	});
	(address, task)
}

/// Bytes that tell where in a stream they are.
fn bytes(seed: u64, length: usize) -> Vec<u8> {
	let mut bytes = vec![0; length];
	StdRng::seed_from_u64(seed).fill(&mut bytes[..]);
	bytes
}

async fn within<T>(seconds: u64, future: impl Future<Output = T>) -> T {
	tokio::time::timeout(Duration::from_secs(seconds), future).await.expect("in time")
}

/// Waits until `is_so`.
async fn until(what: &str, is_so: impl Fn() -> bool) {
	let began = Instant::now();
	while !is_so() {
		assert!(began.elapsed() < Duration::from_secs(10), "{what}");
		tokio::time::sleep(Duration::from_millis(5)).await;
	}
}

/// How often the exit counted `event`.
fn count(pair: &Pair, event: Event) -> u64 {
	pair.exit.counters().of(event)
}
