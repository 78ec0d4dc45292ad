//! A delay line in user space, because a kernel need not have netem: packets go into a TUN device, wait, and come out
//! of it again. Constant delay per pair of machines, but for the ticks in which packets leave; order within a pair is
//! kept.

use crate::lab::ground::DELAY_DEVICE;
use anyhow::{Context, Result};
use std::{
	cmp::Reverse,
	collections::BinaryHeap,
	sync::{
		atomic::{AtomicU32, AtomicU64, Ordering},
		Arc, Condvar, Mutex, PoisonError,
	},
	thread,
	time::{Duration, Instant},
};
use tun_rs::{DeviceBuilder, SyncDevice};

/// Before all other processes of the machine: a real path does not wait for the machines at its ends.
const PRIORITY: i32 = -15;
/// Packets leave at whole ticks: a thread that woke for each of them would need a good part of a processor.
const TICK: Duration = Duration::from_millis(1);
/// Packets that may wait: beyond it the line is overloaded and drops.
const CAPACITY: usize = 50_000;
/// Room for any packet the device hands out.
const PACKET_BYTES: usize = 65_536;

/// A running delay line.
pub struct DelayLine {
	settings: Arc<Settings>,
}

struct Settings {
	/// Ticks are counted from here.
	begun: Instant,
	/// One-way delay of the machine behind each link, in microseconds.
	one_way_micros: [AtomicU32; 256],
	overflowed: AtomicU64,
}

impl Settings {
	/// The first tick at or after `at`.
	fn tick(&self, at: Instant) -> u64 {
		let ticks = at.saturating_duration_since(self.begun).as_nanos().div_ceil(TICK.as_nanos());
		u64::try_from(ticks).unwrap_or(u64::MAX)
	}

	/// When a tick is.
	fn time(&self, tick: u64) -> Instant {
		self.begun + Duration::from_nanos(tick.saturating_mul(TICK.as_nanos() as u64))
	}
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Waiting {
	/// Tick at which it leaves.
	due: u64,
	/// Breaks ties in the order of arrival.
	number: u64,
	packet: Vec<u8>,
}

#[derive(Default)]
struct Queue {
	waiting: Mutex<BinaryHeap<Reverse<Waiting>>>,
	arrived: Condvar,
}

impl DelayLine {
	/// Creates the device and starts to carry what is routed into it.
	pub fn start() -> Result<Self> {
		let device = DeviceBuilder::new().name(DELAY_DEVICE).build_sync().context("creating a TUN device")?;
		let device = Arc::new(device);
		let settings = Arc::new(Settings {
			begun: Instant::now(),
			one_way_micros: std::array::from_fn(|_| AtomicU32::new(0)),
			overflowed: AtomicU64::new(0),
		});
		let queue = Arc::new(Queue::default());
		let (receiving, line, at) = (device.clone(), queue.clone(), settings.clone());
		thread::Builder::new().name("delay-in".into()).spawn(move || receive(&receiving, &line, &at))?;
		let clock = settings.clone();
		thread::Builder::new().name("delay-out".into()).spawn(move || send(&device, &queue, &clock))?;
		Ok(Self { settings })
	}

	/// Sets the round-trip time between the machine behind link `net` and any nearer one. Two delayed machines are as
	/// far apart as the farther of them is from the rest.
	pub fn set_rtt(&self, net: u8, rtt_millis: u32) {
		self.settings.one_way_micros[usize::from(net)].store(rtt_millis * 500, Ordering::Relaxed);
	}

	/// Packets dropped because too many waited.
	pub fn overflowed(&self) -> u64 {
		self.settings.overflowed.load(Ordering::Relaxed)
	}
}

/// One-way delay of an IPv4 packet between 10.a.x.x and 10.b.x.x; none for other packets.
fn delay_of(packet: &[u8], settings: &Settings) -> Option<Duration> {
	let header = packet.first_chunk::<20>().filter(|header| header[0] >> 4 == 4)?;
	let of = |net: u8| settings.one_way_micros[usize::from(net)].load(Ordering::Relaxed);
	Some(Duration::from_micros(of(header[13]).max(of(header[17])).into()))
}

/// Puts this thread before others. Without that the delay line still works, and only a busy machine shows it.
fn hurry() {
	// For Linux a thread is a process here.
	if let Err(error) = rustix::process::setpriority_process(None, PRIORITY) {
		eprintln!("the delay line has no priority: {error}");
	}
}

fn receive(device: &SyncDevice, queue: &Queue, settings: &Settings) {
	hurry();
	let mut buffer = vec![0; PACKET_BYTES];
	for number in 0.. {
		let length = match device.recv(&mut buffer) {
			Ok(length) => length,
			Err(error) => return eprintln!("the delay line can no longer read: {error}"),
		};
		let packet = &buffer[..length];
		let Some(delay) = delay_of(packet, settings) else { continue };
		let due = settings.tick(Instant::now() + delay);
		let mut waiting = queue.waiting.lock().unwrap_or_else(PoisonError::into_inner);
		if waiting.len() >= CAPACITY {
			settings.overflowed.fetch_add(1, Ordering::Relaxed);
			continue;
		}
		// Only one that leaves before all others changes when the sender must wake.
		let is_first = waiting.peek().is_none_or(|Reverse(first)| due < first.due);
		waiting.push(Reverse(Waiting { due, number, packet: packet.to_vec() }));
		if is_first {
			queue.arrived.notify_one();
		}
	}
}

fn send(device: &SyncDevice, queue: &Queue, settings: &Settings) {
	hurry();
	let mut leaving = Vec::new();
	let mut waiting = queue.waiting.lock().unwrap_or_else(PoisonError::into_inner);
	loop {
		let now = Instant::now();
		take_due(&mut waiting, settings, now, &mut leaving);
		if !leaving.is_empty() {
			drop(waiting);
			for packet in leaving.drain(..) {
				// A machine that is gone, or a full link: the packet is lost, as packets are.
				let _ = device.send(&packet);
			}
			waiting = queue.waiting.lock().unwrap_or_else(PoisonError::into_inner);
			continue;
		}
		let due = waiting.peek().map(|Reverse(first)| settings.time(first.due));
		waiting = match due {
			Some(due) => {
				let woken = queue.arrived.wait_timeout(waiting, due.saturating_duration_since(now));
				woken.unwrap_or_else(PoisonError::into_inner).0
			}
			None => queue.arrived.wait(waiting).unwrap_or_else(PoisonError::into_inner),
		};
	}
}

/// Moves what is due at `now` into `leaving`, in the order of time and then of arrival.
fn take_due(
	waiting: &mut BinaryHeap<Reverse<Waiting>>,
	settings: &Settings,
	now: Instant,
	leaving: &mut Vec<Vec<u8>>,
) {
	while waiting.peek().is_some_and(|Reverse(first)| settings.time(first.due) <= now) {
		leaving.extend(waiting.pop().map(|Reverse(first)| first.packet));
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn packet(from: u8, to: u8) -> [u8; 20] {
		let mut packet = [0; 20];
		packet[0] = 0x45;
		packet[12..16].copy_from_slice(&[10, from, 0, 1]);
		packet[16..20].copy_from_slice(&[10, to, 0, 1]);
		packet
	}

	fn settings() -> Settings {
		let settings = Settings {
			begun: Instant::now(),
			one_way_micros: std::array::from_fn(|_| AtomicU32::new(0)),
			overflowed: AtomicU64::new(0),
		};
		settings.one_way_micros[21].store(50_000, Ordering::Relaxed);
		settings.one_way_micros[22].store(75_000, Ordering::Relaxed);
		settings
	}

	#[test]
	fn delay_should_be_that_of_the_farther_machine() {
		let settings = settings();
		assert_eq!(delay_of(&packet(11, 21), &settings), Some(Duration::from_millis(50)));
		assert_eq!(delay_of(&packet(21, 11), &settings), Some(Duration::from_millis(50)));
		assert_eq!(delay_of(&packet(21, 22), &settings), Some(Duration::from_millis(75)));
		assert_eq!(delay_of(&packet(11, 12), &settings), Some(Duration::ZERO));
	}

	#[test]
	fn delay_should_be_none_when_the_packet_is_not_ipv4() {
		let mut other = packet(21, 22);
		other[0] = 0x60;
		assert_eq!(delay_of(&other, &settings()), None);
		assert_eq!(delay_of(&[0x45; 19], &settings()), None);
	}

	#[test]
	fn packets_should_leave_at_their_tick_in_order_of_time_and_then_of_arrival() {
		let settings = settings();
		let tick = settings.tick(settings.begun + Duration::from_micros(1_500));
		assert_eq!(tick, 2);
		let mut heap = BinaryHeap::new();
		for (due, number) in [(tick + 1, 0), (tick, 2), (tick, 1)] {
			heap.push(Reverse(Waiting { due, number, packet: vec![number as u8] }));
		}
		let mut leave = |micros| {
			let mut leaving = Vec::new();
			take_due(&mut heap, &settings, settings.begun + Duration::from_micros(micros), &mut leaving);
			leaving
		};
		assert_eq!(leave(1_999), Vec::<Vec<u8>>::new());
		assert_eq!(leave(2_000), [[1], [2]]);
		assert_eq!(leave(9_000), [[0]]);
	}
}
