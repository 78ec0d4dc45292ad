//! Providers that do not play by the rules. Whatever they say, the customer loses no more than it has paid ahead, and is told what
//! to do.

use super::{
	chain::{LabChain, DEPOSIT, PRICE},
	lab::{until, Lab},
};
use std::{
	io::Write,
	net::{Ipv4Addr, TcpListener},
	sync::Arc,
	time::Duration,
};
use tokio::task::JoinHandle;
use weir_math::economy::channel::charge;
use weir_tunnel::{
	connect::{Ending, Phase, Stopped},
	control,
	engine::{Caps, Engine, PacketSender},
	keys,
};
use weir_tunnel_core::wire::{Joined, Refusal, Request, Response, Service, Standing, Usage};

/// What a customer pays ahead when nothing has moved yet.
const AHEAD: u64 = 4 << 20;

/// What is wrong with a provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fault {
	/// It charges for more than moved.
	OverCounts,
	/// It has vouchers that nobody signed.
	MakesVouchersUp,
	/// It refuses vouchers that are good.
	RefusesGood,
	/// It answers a join with something else.
	OddAnswer,
	/// It gives an inner address that is not a customer's.
	OddAddress,
	/// It lets customers in, and answers payments with something else.
	OddReceipts,
	/// It lets customers in, and answers no payment.
	Mute,
	/// It fills the tunnel with noise.
	Noise,
	/// Its tunnel's port leads nowhere.
	NoTunnel,
}

/// A provider that runs; aborted when dropped.
struct Rogue(JoinHandle<()>);

impl Drop for Rogue {
	fn drop(&mut self) {
		self.0.abort();
	}
}

fn standing(charged: Usage, credits: u128) -> Standing {
	Standing {
		charged,
		credits,
		sequence: 1,
		allowance_bytes: 1 << 20,
		window_bytes: AHEAD,
		is_trusted: false,
		service: Service::Full,
	}
}

async fn rogue(lab: &Lab, fault: Fault) -> Rogue {
	let address = lab.provider_address().into();
	let identity = keys::load_identity(&lab.provider_state().join("identity.key")).unwrap();
	let (control, mut incoming) = control::serve(&identity, address, lab.port()).await.unwrap();
	let (engine, _inbound, _guests) =
		Engine::start_serving(address, lab.port(), Caps::default()).await.unwrap();
	Rogue(tokio::spawn(async move {
		let (_control, _held) = (control, (_inbound, _guests));
		let (inner, mut noise) = (Ipv4Addr::new(100, 96, 0, 2), None);
		while let Some(asked) = incoming.recv().await {
			let answer = match asked.request {
				// As it is asked whether it serves.
				Request::Pay { channel: 0, .. } => Response::Refuse(Refusal::NotJoined),
				Request::Join { .. } if fault == Fault::OddAnswer => Response::Noted,
				Request::Join { join, .. } => {
					engine.add_peer(join.wireguard, inner, None).await.unwrap();
					if fault == Fault::Noise {
						noise = Some(tokio::spawn(make_noise(engine.packet_sender(), inner)));
					}
					let address = if fault == Fault::OddAddress { [192, 168, 1, 1] } else { inner.octets() };
					Response::Joined(Joined {
						wireguard: engine.public(),
						// 9 is the port of what is discarded.
						port: if fault == Fault::NoTunnel { 9 } else { engine.port() },
						gateway: [100, 64, 0, 1],
						address,
						mtu: 1_280,
						standing: standing(Usage::default(), 0),
					})
				}
				Request::Pay { voucher, counted, .. } => {
					let credits = voucher.map_or(0, |signed| signed.voucher.credits);
					match fault {
						Fault::OverCounts => {
							let charged = Usage { down: counted.down + (50 << 20), up: counted.up };
							Response::Standing(standing(charged, credits))
						}
						Fault::MakesVouchersUp => Response::Standing(standing(counted, credits + 1_000_000)),
						Fault::RefusesGood => Response::Refuse(Refusal::BadVoucher),
						Fault::OddReceipts => Response::Accept,
						Fault::Mute => continue,
						_ => Response::Standing(standing(counted, credits)),
					}
				}
				_ => Response::Noted,
			};
			let _ = asked.reply.send(answer);
		}
		drop(noise);
	}))
}

/// For some seconds.
async fn make_noise(device: PacketSender, to: Ipv4Addr) {
	for seed in 0..4_000u32 {
		let byte = |at: u32| (seed.wrapping_mul(at).wrapping_mul(0x9e37_79b9) >> 24) as u8;
		let mut packet: Vec<_> = (0..1_000).map(byte).collect();
		// As an IPv4 packet to the customer, or the device would not send it.
		packet[..4].copy_from_slice(&[0x45, 0, 3, 232]);
		packet[16..20].copy_from_slice(&to.octets());
		device.send(packet);
		tokio::time::sleep(Duration::from_millis(1)).await;
	}
}

/// Connects to a provider with a fault, and waits for the end; if there is none, leaves after a while.
async fn ending(base: u8, fault: Fault) -> (Arc<LabChain>, Stopped) {
	let lab = Lab::in_network(40, base).await;
	let chain = Arc::new(LabChain::new(&lab));
	let _rogue = rogue(&lab, fault).await;
	let mut connection = lab.connect(chain.clone()).await.unwrap();
	let (patience, socks) = (Duration::from_secs(4), connection.socks());
	// So that something is on the way up, which the provider needs to find the customer.
	let _dial = (fault == Fault::Noise).then(|| {
		tokio::spawn(async move {
			tokio::time::sleep(Duration::from_millis(500)).await;
			super::lab::try_dial(socks, "198.51.100.1", 80).await.is_ok()
		})
	});
	let stopped = match tokio::time::timeout(patience, connection.ended()).await {
		Ok(stopped) => stopped,
		Err(_) => connection.stop().await,
	};
	println!("{fault:?}: {stopped:?}");
	(chain, stopped)
}

fn assert_little_lost(stopped: &Stopped) {
	for hop in &stopped.hops {
		let most = charge(AHEAD + hop.bytes, 0, PRICE).unwrap();
		assert!(hop.spent <= most && hop.left >= DEPOSIT - most, "{stopped:?}");
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn customer_should_stop_paying_and_say_so_when_its_provider_cheats() {
	for (base, fault, said) in [
		(10, Fault::OverCounts, "the provider counts "),
		(20, Fault::MakesVouchersUp, "the provider says that it has a voucher for "),
		(30, Fault::RefusesGood, "the provider refuses a good voucher"),
	] {
		let (_, stopped) = ending(base, fault).await;
		assert_little_lost(&stopped);
		let Ending::Dispute(reason) = stopped.ending else { panic!("{stopped:?}") };
		assert!(reason.contains(said) && reason.contains("channels close 1 --key FILE"), "{reason}");
		assert_eq!(reason.lines().count(), 1);
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn customer_should_take_another_provider_when_the_answers_are_no_providers() {
	for (base, fault) in [(40, Fault::OddAnswer), (50, Fault::OddAddress)] {
		let (_, stopped) = ending(base, fault).await;
		let Ending::Failed(error) = stopped.ending else { panic!("{stopped:?}") };
		let error = format!("{error:#}");
		assert!(error.contains("take another provider") && error.lines().count() == 1, "{error}");
		assert_eq!(stopped.hops[0].spent, 0);
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn customer_should_lose_no_more_than_a_window_when_receipts_are_odd_or_missing() {
	for (base, fault) in [(60, Fault::OddReceipts), (70, Fault::Mute)] {
		let (_, stopped) = ending(base, fault).await;
		assert_little_lost(&stopped);
		assert!(matches!(stopped.ending, Ending::Asked), "{stopped:?}");
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn customer_should_survive_noise_in_its_tunnel() {
	let (_, stopped) = ending(80, Fault::Noise).await;
	assert!(matches!(stopped.ending, Ending::Asked), "{stopped:?}");
	assert!(stopped.hops[0].bytes > 100_000, "it has arrived: {stopped:?}");
	assert_little_lost(&stopped);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_should_be_paid_when_the_control_plane_is_noise_or_says_nothing() {
	for (base, answer) in
		[(90, &b"HTTP/1.1 200 OK\r\n\r\n"[..]), (100, b""), (110, b"\x13/multistream/1.0.0\n\xff\xff\xff")]
	{
		let lab = Lab::in_network(40, base).await;
		let chain = Arc::new(LabChain::new(&lab));
		let listener = TcpListener::bind((lab.provider_address(), lab.port())).unwrap();
		// It ends with the process.
		std::thread::spawn(move || {
			let held: Vec<_> = listener
				.incoming()
				.map_while(Result::ok)
				.map(|mut stream| {
					let _ = stream.write_all(answer);
					stream
				})
				.collect();
			drop(held);
		});
		let mut connection = lab.connect(chain.clone()).await.unwrap();
		let status = connection.status();
		let stopped =
			tokio::time::timeout(Duration::from_secs(30), connection.ended()).await.expect("it ends");
		let Ending::Failed(error) = stopped.ending else { panic!("{stopped:?}") };
		let error = format!("{error:#}");
		assert!(error.contains("does not answer") && error.lines().count() == 1, "{error}");
		assert_eq!((chain.channels(), status.borrow().phase), (0, Phase::Paying));
	}
}

#[tokio::test(flavor = "multi_thread")]
async fn session_should_be_over_when_the_provider_is_mute_and_packets_are_wanted() {
	assert_told(120, Fault::Mute, "the provider does not answer").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn session_should_begin_anew_when_no_packet_comes_out_of_its_tunnel() {
	assert_told(130, Fault::NoTunnel, "no packet comes back through the tunnel").await;
}

/// Connects, wants something, and waits until the user is told why there is none.
async fn assert_told(base: u8, fault: Fault, said: &str) {
	let lab = Lab::in_network(40, base).await;
	let chain = Arc::new(LabChain::new(&lab));
	let _rogue = rogue(&lab, fault).await;
	let mut connection = lab.connect(chain.clone()).await.unwrap();
	let status = connection.status();
	until("connected", || status.borrow().phase == Phase::Connected).await;
	let socks = connection.socks();
	tokio::spawn(async move {
		// The first may come before the proxy lets anybody out.
		for _ in 0..100 {
			let _ = super::lab::try_dial(socks, "198.51.100.1", 80).await;
			tokio::time::sleep(Duration::from_millis(200)).await;
		}
	});
	until("it is told", || status.borrow().note.is_some()).await;
	let note = status.borrow().note.clone().unwrap();
	assert!(note.contains(said), "{note}");
	let stopped = connection.stop().await;
	assert_little_lost(&stopped);
}
