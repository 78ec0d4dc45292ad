//! A delay line in user space, because a kernel need not have netem: packets go into a TUN device, wait, and come out
//! of it again. Delays per pair of machines are constant, but for the ticks in which packets leave, or swing around
//! their mean; order within a pair is kept.

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
/// In which a delay swings once up, down and back to its mean: slowly enough that no packet overtakes another one.
const SWING: Duration = Duration::from_secs(1);
/// Largest part of itself by which a delay swings, percent.
pub const MOST_JITTER_PERCENT: u32 = 50;
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
	/// How far delays swing to each side, percent.
	jitter_percent: AtomicU32,
	overflowed: AtomicU64,
}

impl Settings {
	fn new() -> Self {
		Self {
			begun: Instant::now(),
			one_way_micros: std::array::from_fn(|_| AtomicU32::new(0)),
			jitter_percent: AtomicU32::new(0),
			overflowed: AtomicU64::new(0),
		}
	}

	/// One-way delay at `at` of the machine behind link `net`. Machines swing one after the other.
	fn one_way(&self, net: u8, at: Instant) -> Duration {
		let mean =
			Duration::from_micros(self.one_way_micros[usize::from(net)].load(Ordering::Relaxed).into());
		let jitter = f64::from(self.jitter_percent.load(Ordering::Relaxed)) / 100.0;
		let elapsed = at.saturating_duration_since(self.begun).as_secs_f64() / SWING.as_secs_f64();
		mean.mul_f64(1.0 + jitter * triangle(elapsed + f64::from(net) / 256.0))
	}

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

/// A wave of period 1 between -1 and 1, which passes 0 upwards at 0.
fn triangle(phase: f64) -> f64 {
	1.0 - 4.0 * ((phase + 0.25).fract() - 0.5).abs()
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
		let settings = Arc::new(Settings::new());
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

	/// Lets every delay swing by so many percent of itself to each side, at most [`MOST_JITTER_PERCENT`].
	pub fn set_jitter(&self, percent: u32) {
		self.settings.jitter_percent.store(percent.min(MOST_JITTER_PERCENT), Ordering::Relaxed);
	}

	/// Packets dropped because too many waited.
	pub fn overflowed(&self) -> u64 {
		self.settings.overflowed.load(Ordering::Relaxed)
	}
}

/// One-way delay of an IPv4 packet between 10.a.x.x and 10.b.x.x that came at `now`; none for other packets.
fn delay_of(packet: &[u8], settings: &Settings, now: Instant) -> Option<Duration> {
	let header = packet.first_chunk::<20>().filter(|header| header[0] >> 4 == 4)?;
	let of = |net| settings.one_way(net, now);
	Some(of(header[13]).max(of(header[17])))
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
		let now = Instant::now();
		let Some(delay) = delay_of(packet, settings, now) else { continue };
		let due = settings.tick(now + delay);
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
		let settings = Settings::new();
		settings.one_way_micros[21].store(50_000, Ordering::Relaxed);
		settings.one_way_micros[22].store(75_000, Ordering::Relaxed);
		settings
	}

	#[test]
	fn delay_should_be_that_of_the_farther_machine() {
		let settings = settings();
		let delay = |from, to| delay_of(&packet(from, to), &settings, settings.begun);
		assert_eq!(delay(11, 21), Some(Duration::from_millis(50)));
		assert_eq!(delay(21, 11), Some(Duration::from_millis(50)));
		assert_eq!(delay(21, 22), Some(Duration::from_millis(75)));
		assert_eq!(delay(11, 12), Some(Duration::ZERO));
	}

	#[test]
	fn delay_should_swing_by_the_jitter_and_never_turn_packets_round() {
		let settings = settings();
		settings.jitter_percent.store(MOST_JITTER_PERCENT, Ordering::Relaxed);
		let arrival = |micros| {
			let now = settings.begun + Duration::from_micros(micros);
			now + settings.one_way(22, now)
		};
		let delays = (0..2_000).map(|millis| {
			let now = settings.begun + Duration::from_millis(millis);
			settings.one_way(22, now).as_micros()
		});
		let delays: Vec<_> = delays.collect();
		let (least, most) = (delays.iter().min().unwrap(), delays.iter().max().unwrap());
		assert!(least.abs_diff(37_500) <= 200 && most.abs_diff(112_500) <= 200, "{least} {most}");
		let mean = delays.iter().sum::<u128>() / delays.len() as u128;
		assert!(mean.abs_diff(75_000) <= 200, "{mean}");
		assert!((0..2_000_000).step_by(100).all(|micros| arrival(micros) < arrival(micros + 100)));
	}

	#[test]
	fn delay_should_be_none_when_the_packet_is_not_ipv4() {
		let mut other = packet(21, 22);
		other[0] = 0x60;
		assert_eq!(delay_of(&other, &settings(), Instant::now()), None);
		assert_eq!(delay_of(&[0x45; 19], &settings(), Instant::now()), None);
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
