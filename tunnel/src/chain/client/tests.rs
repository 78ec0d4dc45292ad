//! What the client sends and reads is what the runtime decodes and encodes: `runtime/golden/wire.txt`, pinned by the
//! runtime's tests.

use super::{super::submission::MEASURING as PALLET, *};
use std::sync::Mutex;
use subxt::rpcs::{
	client::{RawRpcFuture, RawRpcSubscription, RawValue},
	RpcClient, RpcClientT,
};
use weir_primitives::report::EntryKind;

fn line(kind: &str, name: &str) -> Vec<&'static str> {
	include_str!("../../../../runtime/golden/wire.txt")
		.lines()
		.map(|line| line.split(' ').collect::<Vec<_>>())
		.find(|line| line[..2] == [kind, name])
		.unwrap_or_else(|| panic!("runtime/golden/wire.txt has no {kind} {name}"))
}

/// Answers every call of a runtime API with the golden answer, if it comes with the golden arguments.
#[derive(Default)]
struct Node(Mutex<Vec<String>>);

impl RpcClientT for Node {
	fn request_raw<'a>(
		&'a self,
		method: &'a str,
		params: Option<Box<RawValue>>,
	) -> RawRpcFuture<'a, Box<RawValue>> {
		assert_eq!(method, "state_call");
		let params: Vec<Option<String>> = serde_json::from_str(params.unwrap().get()).unwrap();
		let function = params[0].clone().unwrap();
		let golden = line("api", &function);
		let arguments = format!("0x{}", golden[2].trim_start_matches('-'));
		assert_eq!(params[1].as_ref(), Some(&arguments), "{function}");
		self.0.lock().unwrap().push(function);
		let answer = RawValue::from_string(format!("\"0x{}\"", golden[3])).unwrap();
		Box::pin(async { Ok(answer) })
	}

	fn subscribe_raw<'a>(
		&'a self,
		sub: &'a str,
		_: Option<Box<RawValue>>,
		_: &'a str,
	) -> RawRpcFuture<'a, RawRpcSubscription> {
		panic!("nobody asked for {sub}")
	}
}

fn client(node: &Arc<Node>) -> Client {
	let client = RpcClient::new(node.clone());
	let link = Arc::new(Link { methods: Rpc::new(client.clone()), client });
	let (_, state) = watch::channel(State::On(link));
	let (_, heads) = watch::channel(0);
	let (_, finalised) = watch::channel(0);
	let idle = || Task::spawn("idle", async {});
	let blocks = broadcast::channel(1).0;
	Client { genesis: [0; 32], state, heads, finalised, blocks, _tasks: [idle(), idle()] }
}

fn assert_answer(function: &str, answer: impl Encode) {
	assert_eq!(hex::encode(answer.encode()), line("api", function)[3], "{function}");
}

#[tokio::test]
async fn reads_should_ask_and_understand_what_the_runtime_answers() {
	let node = Arc::new(Node::default());
	let chain = client(&node);
	let account = AccountId::from([7; 32]);
	assert_answer("ProofOfBandwidthApi_timing", chain.timing().await.unwrap());
	let Clock { epoch, slot, first_slot } = chain.clock().await.unwrap();
	assert_answer("ProofOfBandwidthApi_clock", (epoch, slot, first_slot));
	assert_answer("ProofOfBandwidthApi_tasks", chain.tasks(&account).await.unwrap());
	assert_answer("ProofOfBandwidthApi_target_test", chain.target_test(&account, None).await.unwrap());
	assert_answer("ProofOfBandwidthApi_seat", chain.seat(&account).await.unwrap());
	assert_answer("ProofOfBandwidthApi_provider", chain.provider(&account).await.unwrap());
	assert_answer("ProofOfBandwidthApi_report_state", chain.report_state(5, &account).await.unwrap());
	assert_answer("ProofOfBandwidthApi_assignment", chain.assignment(5, 6).await.unwrap());
	assert_answer("ProofOfBandwidthApi_watch", chain.watch(&account).await.unwrap());
	assert_eq!(node.0.lock().unwrap().len(), 9, "every read went to the node");
}

fn assert_submission(call: &str, submission: &Submission) {
	let golden = line("call", &format!("{PALLET}.{call}"));
	assert_eq!(submission.call, call);
	assert_eq!(submission.fields.join(","), golden[2], "{call}");
	// Before the arguments stand the indices, which come from the metadata.
	assert_eq!(hex::encode(&submission.arguments), golden[3][4..], "{call}");
}

#[test]
fn submissions_should_be_encoded_as_the_runtime_decodes_them() {
	let account = AccountId::from([7; 32]);
	assert_submission("commit", &Submission::commit(5, &account, [8; 32], [9; 64]));
	let entry = Entry {
		provider: 6,
		kind: EntryKind::Measured,
		down_kbps: 9_000,
		up_kbps: 8_000,
		rtt_10us: 700,
		loss_pptt: 60,
		liveness: [5; 5],
		receipt: [4; 5],
	};
	assert_submission("reveal", &Submission::reveal(5, &account, &[entry], [10; 32]));
	let (down, up) = (Sighting::Down { alarm_slot: 9_000_000 }, Sighting::Up { alarm_slot: 9_000_000 });
	let confirm = Sighting::Confirm { raised: 77, is_down: true };
	for (call, sighting) in [("report_down", down), ("report_up", up), ("confirm", confirm)] {
		assert_submission(call, &Submission::sighting(6, &account, sighting, [9; 64]));
	}
}

#[test]
fn refusal_of_the_pool_should_name_the_rule_when_the_runtime_knows_it() {
	let rules: Vec<_> = line("errors", PALLET)[2].split(',').collect();
	let name_of = |code: u8| rules.get(usize::from(code)).map(|name| (*name).to_owned());
	assert_eq!(broken_rule("Custom error: 26", name_of), "NotDisputable");
	for said in ["Custom error: 255", "Custom error: 256", "Transaction is outdated"] {
		assert_eq!(broken_rule(said, name_of), said);
	}
}
