//! Products of two `u128` divided by a third.

use primitive_types::U256;
use proptest::prelude::*;
use weir_math::economy::wide::{mul_div_ceil, mul_div_floor};

/// By 256 bits throughout.
fn exact(a: u128, b: u128, c: u128) -> (Option<u128>, Option<u128>) {
	if c == 0 {
		return (None, None);
	}
	let (floor, rest) = (U256::from(a) * U256::from(b)).div_mod(c.into());
	let ceil = if rest.is_zero() { floor } else { floor + 1 };
	(u128::try_from(floor).ok(), u128::try_from(ceil).ok())
}

/// Numbers of every length, so that products fit into 128 bits about as often as not.
fn number() -> impl Strategy<Value = u128> {
	(any::<u128>(), 0u32..=128).prop_map(|(value, shift)| value.checked_shr(shift).unwrap_or(0))
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(20_000))]

	#[test]
	fn quotients_should_be_exact_when_products_fit_and_when_not(a in number(), b in number(), c in number()) {
		prop_assert_eq!((mul_div_floor(a, b, c), mul_div_ceil(a, b, c)), exact(a, b, c));
	}
}

#[test]
fn quotients_should_be_exact_at_the_ends() {
	let ends = [0, 1, 2, u64::MAX.into(), 1 << 64, (1 << 64) + 1, u128::MAX - 1, u128::MAX];
	for a in ends {
		for b in ends {
			for c in ends {
				assert_eq!(
					(mul_div_floor(a, b, c), mul_div_ceil(a, b, c)),
					exact(a, b, c),
					"{a} * {b} / {c}"
				);
			}
		}
	}
}
