//! Byte streams: the guest's ends here, and another goes on from here.

use super::{Flow, Queued};
use crate::{
	exit::counters::Event,
	net::{
		connection::{Connection, Incoming},
		MTU,
	},
};
use std::{
	future::Future,
	io,
	net::SocketAddr,
	pin::Pin,
	task::{ready, Context, Poll},
	time::Duration,
};
use tokio::{
	io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf},
	net::TcpStream,
	sync::mpsc::{self, OwnedPermit},
	time::{Instant, Sleep},
};

/// A destination that has not answered by then is not reached. The guest has given up or asks again.
const CONNECT: Duration = Duration::from_secs(20);
/// After so long without a byte or an acknowledgement a stream ends (RFC 5382, REQ-5),
const IDLE: Duration = Duration::from_secs(2 * 3_600 + 240);
/// or one of which an end has said all that it will.
const IDLE_HALF_CLOSED: Duration = Duration::from_secs(300);
/// Packets taken at once.
const BATCH: usize = 64;
/// Rounds before other tasks have their turn.
const ROUNDS: usize = 16;
/// Bytes on their way to the resolver.
const QUESTIONS: usize = 4_096;

/// The other end of a guest's stream.
trait Far: AsyncRead + AsyncWrite + Unpin {
	/// Has it end with a reset, because the guest's did.
	fn break_off(&self);
}

impl Far for TcpStream {
	fn break_off(&self) {
		// If it cannot, it ends in order: no more than that can be done.
		let _ = self.set_zero_linger();
	}
}

impl Far for DuplexStream {
	fn break_off(&self) {}
}

/// Connects first, so that the guest is refused what the destination refuses.
pub(super) async fn to_host(mut flow: Flow) {
	let destination = SocketAddr::V4(flow.key.2);
	match tokio::time::timeout(CONNECT, TcpStream::connect(destination)).await {
		Ok(Ok(far)) => {
			// What the guest sends in pieces has its reasons.
			let _ = far.set_nodelay(true);
			if let Some(pump) = pump(flow, far) {
				pump.await;
			}
		}
		Ok(Err(error)) => {
			// EMFILE and ENFILE have no kind of their own.
			if matches!(error.raw_os_error(), Some(23 | 24)) {
				flow.inside.counters.count(Event::NoSocket);
			}
			flow.refuse();
		}
		Err(_) => {}
	}
}

pub(super) async fn to_resolver(flow: Flow) {
	let inside = flow.inside.clone();
	let (near, far) = tokio::io::duplex(QUESTIONS);
	let Some(pump) = pump(flow, near) else { return };
	let answers = async {
		// Its end is dropped when it returns, and that ends the stream.
		inside.resolver.serve(far, || inside.policy(), &inside.counters).await;
		std::future::pending::<()>().await;
	};
	tokio::select! {
		() = pump => {}
		() = answers => {}
	}
}

/// What moves bytes; refused when there is no memory for it.
fn pump<F: Far>(mut flow: Flow, far: F) -> Option<Pump<F>> {
	let Some(memory) = flow.memory.take_buffers(flow.flows.0, flow.flows.1) else {
		flow.inside.counters.count(Event::NoMemory);
		flow.refuse();
		return None;
	};
	let now = Instant::now();
	let out = flow.inside.to_guests.clone();
	let Ok(near) = Connection::listen(now, flow.key.2, (memory.bytes(), MTU), out) else {
		flow.refuse();
		return None;
	};
	flow.inside.counters.count(Event::TcpFlow);
	Some(Pump {
		near,
		far,
		packets: flow.packets,
		timer: Box::pin(tokio::time::sleep_until(now + IDLE_HALF_CLOSED)),
		room: None,
		near_ended: false,
		far_ended: false,
		is_broken: false,
		moved_at: now,
		_memory: memory,
	})
}

type Room = Pin<Box<dyn Future<Output = Result<OwnedPermit<Vec<u8>>, mpsc::error::SendError<()>>> + Send>>;

/// Moves bytes both ways until both have ended.
struct Pump<F> {
	/// The guest's end.
	near: Connection,
	far: F,
	packets: mpsc::Receiver<Queued>,
	timer: Pin<Box<Sleep>>,
	/// Waits for room in the tunnel.
	room: Option<Room>,
	/// The guest says no more, and the far end knows.
	near_ended: bool,
	/// The far end says no more, and the guest's knows.
	far_ended: bool,
	/// It ends with a reset.
	is_broken: bool,
	/// When something moved.
	moved_at: Instant,
	_memory: crate::net::budget::Share,
}

impl<F: Far> Pump<F> {
	/// Takes the guest's packets. Ready when it has been forgotten.
	fn take_packets(&mut self, context: &mut Context<'_>, now: Instant) -> Poll<()> {
		for _ in 0..BATCH {
			match ready!(self.packets.poll_recv(context)) {
				Some(queued) => {
					self.near.input(now, queued.packet);
					self.moved_at = now;
				}
				None => return Poll::Ready(()),
			}
		}
		// There may be more: so that it is asked again.
		context.waker().wake_by_ref();
		Poll::Pending
	}

	/// Hands on what the guest said. Whether anything moved.
	fn write_far(&mut self, context: &mut Context<'_>) -> io::Result<bool> {
		let mut has_moved = false;
		loop {
			match self.near.incoming() {
				Incoming::Bytes => {
					let far = Pin::new(&mut self.far);
					let write = |bytes: &mut [u8]| match far.poll_write(context, bytes) {
						Poll::Ready(Ok(written)) => (written, Some(Ok(written))),
						Poll::Ready(Err(error)) => (0, Some(Err(error))),
						Poll::Pending => (0, None),
					};
					match self.near.socket().recv(write) {
						Ok(Some(Ok(1..))) => has_moved = true,
						Ok(Some(Err(error))) => return Err(error),
						Ok(None) => return Ok(has_moved),
						Ok(Some(Ok(_))) | Err(_) => return Err(io::ErrorKind::WriteZero.into()),
					}
				}
				Incoming::End if !self.near_ended => match Pin::new(&mut self.far).poll_shutdown(context) {
					Poll::Ready(shut) => {
						shut?;
						self.near_ended = true;
						return Ok(true);
					}
					Poll::Pending => return Ok(has_moved),
				},
				Incoming::Nothing | Incoming::End | Incoming::Broken => return Ok(has_moved),
			}
		}
	}

	/// Hands the guest what the far end said. Whether anything moved.
	fn read_far(&mut self, context: &mut Context<'_>) -> io::Result<bool> {
		let mut has_moved = false;
		while !self.far_ended && self.near.socket().can_send() {
			let far = Pin::new(&mut self.far);
			let read = |room: &mut [u8]| {
				let mut room = ReadBuf::new(room);
				match far.poll_read(context, &mut room) {
					Poll::Ready(Ok(())) => (room.filled().len(), Some(Ok(room.filled().len()))),
					Poll::Ready(Err(error)) => (0, Some(Err(error))),
					Poll::Pending => (0, None),
				}
			};
			match self.near.socket().send(read) {
				Ok(Some(Ok(0))) => {
					self.far_ended = true;
					self.near.socket().close();
				}
				Ok(Some(Ok(_))) => {}
				Ok(Some(Err(error))) => return Err(error),
				Ok(None) | Err(_) => break,
			}
			has_moved = true;
		}
		Ok(has_moved)
	}

	/// Ends the guest's end with a reset.
	fn break_near(&mut self) {
		self.is_broken = true;
		self.near.socket().abort();
	}

	/// Waits for room in the tunnel if it has none. Whether there is some now; an error if there is no tunnel.
	fn poll_room(&mut self, context: &mut Context<'_>) -> Result<bool, ()> {
		if !self.near.is_blocked() {
			self.room = None;
			return Ok(false);
		}
		let near = &self.near;
		let room = self.room.get_or_insert_with(|| Box::pin(near.out().clone().reserve_owned()));
		let Poll::Ready(permit) = room.as_mut().poll(context) else { return Ok(false) };
		self.room = None;
		self.near.give_room(permit.map_err(|_| ())?);
		Ok(true)
	}

	/// Whether it is time to look again.
	fn poll_timer(&mut self, context: &mut Context<'_>, now: Instant) -> bool {
		let idle = if self.near_ended || self.far_ended { IDLE_HALF_CLOSED } else { IDLE };
		let idle_at = self.moved_at + idle;
		if now >= idle_at {
			self.break_near();
		}
		let at = self.near.deadline(now).map_or(idle_at, |at| at.min(idle_at));
		// One that wakes too early is cheaper than setting it anew for every packet.
		if self.timer.is_elapsed() || self.timer.deadline() > at {
			self.timer.as_mut().reset(at);
		}
		self.timer.as_mut().poll(context).is_ready()
	}
}

impl<F: Far> Future for Pump<F> {
	type Output = ();

	fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
		let this = self.get_mut();
		for _ in 0..ROUNDS {
			let now = Instant::now();
			if this.take_packets(context, now).is_ready() {
				return Poll::Ready(());
			}
			let moved = this.write_far(context).and_then(|wrote| Ok(this.read_far(context)? || wrote));
			let has_moved = match moved {
				Ok(has_moved) => has_moved,
				Err(_) => {
					this.break_near();
					false
				}
			};
			if has_moved {
				this.moved_at = now;
			}
			this.near.advance(now);
			if this.near.is_over() {
				match this.near.incoming() {
					// The far end has not taken all of it yet.
					Incoming::Bytes if !this.is_broken => {}
					Incoming::End if !this.is_broken => return Poll::Ready(()),
					_ => {
						this.far.break_off();
						return Poll::Ready(());
					}
				}
			}
			if has_moved {
				continue;
			}
			match this.poll_room(context) {
				Ok(true) => continue,
				Ok(false) => {}
				Err(()) => return Poll::Ready(()),
			}
			if !this.poll_timer(context, now) {
				return Poll::Pending;
			}
		}
		context.waker().wake_by_ref();
		Poll::Pending
	}
}
