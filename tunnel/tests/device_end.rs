//! A device that ends leaves no error behind. One test in a process of its own: the log is the process's.

use std::{
	net::{IpAddr, Ipv4Addr},
	sync::{Arc, Mutex},
	time::Duration,
};
use tracing_subscriber::fmt::MakeWriter;
use weir_tunnel::engine::{Caps, Engine};

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
	fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
		self.0.lock().unwrap().extend_from_slice(bytes);
		Ok(bytes.len())
	}

	fn flush(&mut self) -> std::io::Result<()> {
		Ok(())
	}
}

impl MakeWriter<'_> for Log {
	type Writer = Self;

	fn make_writer(&self) -> Self {
		self.clone()
	}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn end_should_log_no_error_when_the_device_was_in_use() {
	const A: Ipv4Addr = Ipv4Addr::new(100, 64, 0, 1);
	const B: Ipv4Addr = Ipv4Addr::new(100, 64, 1, 1);
	let loopback = IpAddr::from([127, 0, 0, 1]);
	let log = Log::default();
	tracing_subscriber::fmt()
		.with_max_level(tracing::Level::WARN)
		.with_writer(log.clone())
		.with_ansi(false)
		.init();
	for round in 0..200 {
		let (a, mut from_b) = Engine::start(loopback, 0, Caps::default()).await.unwrap();
		let (b, _from_a) = Engine::start(loopback, 0, Caps::default()).await.unwrap();
		a.add_peer(b.public(), B, None).await.unwrap();
		b.add_peer(a.public(), A, Some((loopback, a.port()).into())).await.unwrap();
		b.send(B, A, b"weir");
		tokio::time::timeout(Duration::from_secs(10), from_b.recv()).await.unwrap().unwrap();
		// While packets are on their way in both directions.
		for _ in 0..20 {
			a.send(A, B, &[1; 1_216]);
			b.send(B, A, &[2; 1_216]);
		}
		match round % 3 {
			0 => {
				tokio::join!(a.stop(), b.stop());
			}
			1 => {
				drop(from_b);
				a.stop().await;
				b.stop().await;
			}
			// As when the task that holds them is aborted.
			_ => drop((a, b)),
		}
	}
	tokio::time::sleep(Duration::from_millis(200)).await;
	let said = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
	assert_eq!(said, "");
}
