use super::{super::split::split, *};
use bytes::BytesMut;
use proptest::prelude::*;

/// A packet with its checksums.
#[derive(Clone, Debug)]
struct Made {
	v6: bool,
	tcp: bool,
	port: u16,
	sequence: u32,
	flags: u8,
	window: u16,
	payload: Vec<u8>,
	/// How it is spoilt.
	flipped: Option<usize>,
}

impl Made {
	fn tcp(sequence: u32, payload: usize) -> Self {
		let payload = (0..payload).map(|at| at as u8).collect();
		Self { v6: false, tcp: true, port: 5_000, sequence, flags: ACK, window: 512, payload, flipped: None }
	}

	fn udp(payload: usize) -> Self {
		Self { tcp: false, ..Self::tcp(0, payload) }
	}

	fn bytes(&self) -> Vec<u8> {
		let mut transport = Vec::new();
		transport.extend(self.port.to_be_bytes());
		transport.extend(443u16.to_be_bytes());
		if self.tcp {
			transport.extend(self.sequence.to_be_bytes());
			transport.extend([0, 0, 0, 9, 0x80, self.flags]);
			transport.extend(self.window.to_be_bytes());
			// Checksum, urgent pointer; two fillers and a time stamp.
			transport.extend([0, 0, 0, 0, 1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2]);
		} else {
			transport.extend((8 + self.payload.len() as u16).to_be_bytes());
			transport.extend([0, 0]);
		}
		transport.extend(&self.payload);
		let protocol = if self.tcp { TCP } else { UDP };
		let mut ip = vec![];
		if self.v6 {
			ip.extend([0x60, 0, 0, 0]);
			ip.extend((transport.len() as u16).to_be_bytes());
			ip.extend([protocol, 64]);
			ip.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
			ip.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
		} else {
			ip.extend([0x45, 0]);
			ip.extend((20 + transport.len() as u16).to_be_bytes());
			ip.extend([0, 0, 0x40, 0, 64, protocol, 0, 0, 100, 96, 0, 1, 100, 96, 0, 2]);
			let sum = !checksum(&ip, 0);
			ip[10..12].copy_from_slice(&sum.to_be_bytes());
		}
		let addresses = if self.v6 { &ip[8..40] } else { &ip[12..20] };
		let sum = match !checksum(&transport, pseudo_sum(addresses, protocol, transport.len())) {
			0 => 0xffff,
			sum => sum,
		};
		let at = usize::from(if self.tcp { TCP_CHECKSUM_AT } else { UDP_CHECKSUM_AT });
		transport[at..at + 2].copy_from_slice(&sum.to_be_bytes());
		ip.extend(transport);
		if let Some(at) = self.flipped {
			let at = at % ip.len();
			ip[at] ^= 0x55;
		}
		ip
	}
}

/// What the kernel would cut out of what it gets.
fn through_kernel(packets: &[Vec<u8>]) -> Vec<Vec<Vec<u8>>> {
	groups(packets)
		.iter()
		.map(|group| {
			if !group.is_joined() {
				return group.members(packets).map(<[u8]>::to_vec).collect();
			}
			let head = group.head(packets).unwrap();
			let mut raw: Vec<u8> =
				group.gather(&head, packets).iter().flat_map(|part| part.to_vec()).collect();
			let mut parts: Vec<BytesMut> = vec![];
			split(&mut raw, &mut parts).unwrap();
			parts.into_iter().map(Vec::from).collect()
		})
		.collect()
}

fn sizes(packets: &[Made]) -> Vec<usize> {
	let packets: Vec<Vec<u8>> = packets.iter().map(Made::bytes).collect();
	through_kernel(&packets).iter().map(Vec::len).collect()
}

#[test]
fn segments_should_be_joined_when_they_follow_each_other() {
	let made = [Made::tcp(1_000, 500), Made::tcp(1_500, 500), Made::tcp(2_000, 100), Made::tcp(2_100, 100)];
	assert_eq!(sizes(&made), [3, 1], "nothing follows a short one");
	assert_eq!(sizes(&[Made::tcp(1_000, 500), Made::tcp(2_000, 500)]), [1, 1], "a gap");
	assert_eq!(sizes(&[Made::tcp(1_000, 500), Made::tcp(1_500, 501)]), [1, 1], "a longer one");
	let wrapped = [Made::tcp(u32::MAX - 99, 500), Made::tcp(400, 500)];
	assert_eq!(sizes(&wrapped), [2], "sequence numbers wrap");
	assert_eq!(sizes(&[Made::udp(1_200), Made::udp(1_200), Made::udp(30)]), [3]);
}

#[test]
fn segments_should_pass_as_they_are_when_they_differ_or_say_more_than_data() {
	let first = Made::tcp(1_000, 500);
	for (what, second) in [
		("the end of the flow", Made { flags: ACK | 1, ..Made::tcp(1_500, 500) }),
		("a congestion mark", Made { flags: ACK | 0x40, ..Made::tcp(1_500, 500) }),
		("another window", Made { window: 9, ..Made::tcp(1_500, 500) }),
		("another flow", Made { port: 5_001, ..Made::tcp(1_500, 500) }),
		("an acknowledgement alone", Made::tcp(1_500, 0)),
		("a spoilt one", Made { flipped: Some(300), ..Made::tcp(1_500, 500) }),
		("another protocol", Made::udp(500)),
		("another version of IP", Made { v6: true, ..Made::tcp(1_500, 500) }),
	] {
		assert_eq!(sizes(&[first.clone(), second]), [1, 1], "{what}");
	}
	let pushed = Made { flags: ACK | PUSH, ..first };
	assert_eq!(sizes(&[pushed, Made::tcp(1_500, 500)]), [1, 1], "nothing follows what is pushed");
}

#[test]
fn flows_should_be_joined_when_they_alternate_and_keep_their_order() {
	let other = |sequence| Made { port: 5_001, ..Made::tcp(sequence, 500) };
	let made = [Made::tcp(0, 500), other(0), Made::tcp(500, 500), other(500)];
	assert_eq!(sizes(&made), [2, 2]);
	let end = Made { flags: ACK | 1, ..Made::tcp(500, 0) };
	assert_eq!(sizes(&[Made::tcp(0, 500), end, Made::tcp(500, 500)]), [1, 1, 1]);
	// Whose flow a fragment is of cannot be told.
	let mut packets: Vec<Vec<u8>> =
		[Made::tcp(0, 500), Made::udp(9), Made::tcp(500, 500)].iter().map(Made::bytes).collect();
	assert_eq!(through_kernel(&packets).len(), 2);
	packets[1][7] = 1;
	assert_eq!(through_kernel(&packets).len(), 3);
}

#[test]
fn super_packets_should_stay_within_what_a_length_field_holds() {
	let made: Vec<Made> = (0..130).map(|at| Made::tcp(at * 1_368, 1_368)).collect();
	assert_eq!(sizes(&made), [47, 47, 36]);
	let made: Vec<Made> = (0..130).map(|at| Made::tcp(at * 10, 10)).collect();
	assert_eq!(sizes(&made), [64, 64, 2]);
}

fn any_packet() -> impl Strategy<Value = Made> {
	let length = prop_oneof![Just(0usize), Just(100), Just(1_000), 0usize..1_400];
	let flags = prop_oneof![8 => Just(ACK), 1 => Just(ACK | PUSH), 1 => any::<u8>()];
	let sequence = prop_oneof![0u32..20, any::<u32>()];
	let flipped = prop_oneof![12 => Just(None), 1 => any::<usize>().prop_map(Some)];
	(any::<bool>(), any::<bool>(), 0u16..3, sequence, flags, 1u16..3, length, flipped).prop_map(
		|(v6, tcp, port, sequence, flags, window, length, flipped)| {
			let sequence = if sequence < 20 { sequence * 100 } else { sequence };
			let payload = (0..length).map(|at| (at * 7 + usize::from(port)) as u8).collect();
			Made { v6, tcp, port, sequence, flags, window, payload, flipped }
		},
	)
}

proptest! {
	#[test]
	fn packets_should_come_out_as_they_went_in_each_flow_in_its_order(
		made in prop::collection::vec((any_packet(), 1u32..6), 0..30)
	) {
		let mut packets = vec![];
		for (first, count) in &made {
			// A burst of its flow.
			for at in 0..*count {
				let mut next = first.clone();
				next.sequence = first.sequence.wrapping_add(at * first.payload.len() as u32);
				packets.push(next.bytes());
			}
		}
		let mut out: Vec<Vec<u8>> = through_kernel(&packets).into_iter().flatten().collect();
		let flow = |packet: &Vec<u8>| parse(packet).flow.map(|flow| (flow.protocol, flow.addresses, flow.ports));
		let mut expected = packets.clone();
		// The kernel counts identifications up, which of what is never a fragment mean nothing.
		for packet in out.iter_mut() {
			if packet[0] == 0x45 && parse(packet).segment.is_some() {
				packet[4..6].fill(0);
				packet[10..12].fill(0);
				let sum = !checksum(&packet[..20], 0);
				packet[10..12].copy_from_slice(&sum.to_be_bytes());
			}
		}
		let in_order = |packets: &[Vec<u8>]| {
			let mut sorted = packets.to_vec();
			// Stable: within a flow the order stays.
			sorted.sort_by_key(flow);
			sorted
		};
		expected = in_order(&expected);
		prop_assert_eq!(in_order(&out), expected);
	}

	#[test]
	fn nothing_should_panic_whatever_the_bytes_are(
		packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..8),
		mut raw in prop::collection::vec(any::<u8>(), 0..200),
		kind in 0u8..6,
	) {
		let members: usize = groups(&packets).iter().map(|group| group.members(&packets).count()).sum();
		prop_assert_eq!(members, packets.len());
		if raw.len() > VIRTIO_NET_HDR_LEN {
			raw[1] = kind;
			raw[VIRTIO_NET_HDR_LEN] = 0x40 | raw[VIRTIO_NET_HDR_LEN] & 0x2f;
		}
		let mut parts = vec![];
		let _ = split(&mut raw, &mut parts);
	}
}
