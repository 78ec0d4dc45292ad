//! What to do when a signed call fails, by the rule that it breaks: docs/channels.md, section 7.

/// What to do about a rule of a pallet.
pub(super) fn advice(pallet: &str, rule: &str) -> &'static str {
	match (pallet, rule) {
		("Channels", "UnknownChannel") => "there is no such channel any more; open another one",
		("Channels", "NotYours") => "send it from the account that may: only the payer tops up",
		("Channels", "NotInService") => {
			"the provider is not registered, paused, jailed or without bond; take another one"
		}
		("Channels", "TermsChanged") => {
			"the provider's terms have changed; look at the offer and the price again"
		}
		("Channels", "InvalidBoost") => "take a boost class from 100 to 300 per cent",
		("Channels", "InvalidExpiry") => {
			"take an epoch between the running one and the latest expiry of the offer"
		}
		("Channels", "BelowMinimum") => "put more in at once: the offer says the least",
		("Channels", "IsClosing") => "payer or customer have asked for its end; open another one",
		("Channels", "NotDue") => "wait until the challenge or the grace is over",
		("Channels", "Empty") => "there is no voucher to claim",
		("Channels", "NoPlan" | "PlanTooSmall") => "subscribe first, or open without the plan",
		("Channels", "AbovePlanPrice") => "open without the plan, or with a cheaper provider",
		("BurnMint", "InsufficientCredits") => "the account has not so many free credits; buy some",
		("Providers", "InsufficientBond") | ("NodeStaking", "BelowMinimum") => {
			"the bond no longer covers the claim at today's rate; run the same again, it computes the bond anew"
		}
		("Providers", "EndpointTaken") => "another registration has this address and port; take another port",
		("Providers", "PrefixFull") => {
			"the address prefix holds as many registrations as it may; take an address of another one"
		}
		("Providers", "PrivateEndpoint") => "the address is not a public one; name the line's own with --endpoint",
		("Providers", "NotUnicast" | "ZeroPort") => "no single host has this address and port; correct --endpoint",
		("Providers", "InvalidRegion") => "take the two letters of a country, such as DE",
		("Providers", "ClaimTooLow" | "ClaimTooHigh") => "correct --down and --up",
		("Providers", "PriceTooLow" | "PriceTooHigh") => "correct --price",
		("Providers", "AlreadyRegistered") | ("NodeStaking", "AlreadyBonded") => {
			"an earlier run has come through meanwhile; run the same again, it sends what is left"
		}
		("Providers", "AlreadyPaused") => "it is paused already; nothing is left to do",
		("Providers", "NothingToResume") => "it is not paused; nothing is left to do",
		("Providers", "Jailed") => "wait until the jail ends; `weir-tunnel doctor` says when",
		("Providers", _) => "look at docs/sidecar.md, \"Becoming a provider\"",
		("Token" | "Balances", _) => "the account has not enough free tokens",
		_ => "look at docs/channels.md, section 7",
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn advice_should_be_of_one_line_and_send_to_the_document_when_a_rule_is_not_known() {
		assert!(advice("BurnMint", "InsufficientCredits").contains("buy some"));
		assert!(advice("Channels", "NewRule").contains("docs/channels.md"));
		assert_eq!(advice("Channels", "TermsChanged").lines().count(), 1);
	}
}
