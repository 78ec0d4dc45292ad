//! What is encoded here by hand is what the runtime decodes: `runtime/golden/wire.txt`, pinned by the runtime's tests.

use super::*;
use weir_primitives::{chain::WEIR, LineKind};

fn line(kind: &str, name: &str) -> Vec<&'static str> {
	include_str!("../../../runtime/golden/wire.txt")
		.lines()
		.map(|line| line.split(' ').collect::<Vec<_>>())
		.find(|line| line[..2] == [kind, name])
		.unwrap_or_else(|| panic!("runtime/golden/wire.txt has no {kind} {name}"))
}

fn assert_call(name: &str, Call(bytes): &Call) {
	assert_eq!(hex::encode(bytes), line("call", name)[3], "{name}");
}

/// The second column of an answer, and what it decodes to.
fn answer<T: Decode>(function: &str, arguments: impl Encode) -> (Vec<u8>, T) {
	let golden = line("api", function);
	assert_eq!(golden[2].trim_start_matches('-'), hex::encode(arguments.encode()), "{function}");
	let bytes = hex::decode(golden[3]).unwrap();
	let answer = T::decode(&mut &bytes[..]).unwrap();
	(bytes, answer)
}

fn key() -> ProbeKey {
	ProbeKey::try_from([3; 32].as_slice()).unwrap()
}

const ENDPOINT: Endpoint = Endpoint::V4 { addr: [127, 1, 2, 3], port: 9_600 };

#[test]
fn calls_should_be_encoded_as_the_runtime_decodes_them() {
	let transfer = Call::transfer([1; 32], 2_000 * WEIR);
	let bond = Call::bond(Role::Provider, 1_000 * WEIR);
	assert_call("Balances.transfer_keep_alive", &transfer);
	assert_call("NodeStaking.bond", &bond);
	assert_call("Utility.batch_all", &Call::batch(&[transfer, bond]));
	let claim = Claim { down_kbps: 20_000, up_kbps: 10_000 };
	let region = Region { country: *b"DE", kind: LineKind::Hosting };
	let register = Call::register(claim, ENDPOINT, &[2; 38], region, ExitClass::Web, 50_000, key());
	assert_call("Providers.register", &register);
	assert_call("ProofOfBandwidth.take_seat", &Call::take_seat(key(), ENDPOINT, 20_000, *b"DE"));
	assert_call("BurnMint.request_credits", &Call::request_credits(5_000_000, 140 * WEIR));
	assert_call("Rewards.claim", &Call::claim([7; 32], 64));
}

#[test]
fn answers_should_be_decoded_as_the_runtime_encodes_them() {
	let (bytes, clock) = answer::<(EpochIndex, SlotOffset, u64)>("ProofOfBandwidthApi_clock", ());
	assert_eq!(clock.encode(), bytes);
	let german = RegionFilter { country: Some(*b"DE"), kind: None };
	let (bytes, page) = answer::<Page<Provider>>("ProofOfBandwidthApi_providers", (0u32, 100u32, german));
	assert_eq!(page.rows[0].account, [7; 32]);
	assert_eq!(page.encode(), bytes);
}

#[test]
fn answers_about_the_economy_should_be_decoded_as_the_runtime_encodes_them() {
	let (bytes, price) = answer::<PriceInfo>("EconomyApi_price", ());
	assert_eq!(price.encode(), bytes);
	let (bytes, supply) = answer::<SupplyInfo>("EconomyApi_supply", ());
	assert_eq!(supply.encode(), bytes);
	let (bytes, cost) = answer::<PurchaseQuote>("EconomyApi_quote", 5_000_000_u128);
	assert_eq!(cost.encode(), bytes);
	let (bytes, page) = answer::<Page<RegionInfo<[u8; 32]>>>("EconomyApi_regions", (0u32, 100u32));
	assert_eq!((page.rows[0].bounties[0].sponsor, page.encode()), ([8; 32], bytes));
	let (bytes, rewards) = answer::<RewardsInfo>("EconomyApi_rewards", [7u8; 32]);
	assert_eq!(rewards.encode(), bytes);
	let (bytes, credits) = answer::<CreditsInfo>("EconomyApi_credits", [7u8; 32]);
	assert_eq!(credits.encode(), bytes);
}

#[test]
fn storage_should_be_looked_up_where_the_runtime_keeps_it() {
	use polkadot_sdk::*;
	use weir_runtime::Runtime;
	assert_eq!(storage::total_issuance(), pallet_balances::TotalIssuance::<Runtime>::hashed_key());
	let who = [7; 32];
	assert_eq!(
		storage::account(&who),
		frame_system::Account::<Runtime>::hashed_key_for(weir_runtime::AccountId::from(who))
	);
	let data = pallet_balances::AccountData { free: 5u128, reserved: 3, frozen: 2, ..Default::default() };
	let account = frame_system::AccountInfo { nonce: 1u32, consumers: 2, providers: 3, sufficients: 4, data };
	let (counts, amounts) = <([u32; 4], [Balance; 4])>::decode(&mut &account.encode()[..]).unwrap();
	assert_eq!((counts, amounts[..3].to_vec()), ([1, 2, 3, 4], vec![5, 3, 2]));
}
