//! `docs/openrpc.json` says what the code says: methods, parameters and results are read out of the trait, the schemas are
//! those of the types, the errors those of [`Error`].

use super::{
	attesting::{Assignment, ReportState, Seat, SeatPage, TargetTest, Task},
	channels::{Channel, ChannelPage, Offer, Plan, ProviderEarnings},
	contesting::{Audit, Evidence},
	earning::{EpochSummaryPage, Rewards},
	error::Error,
	figures::{Bonds, ClaimBond, CloseState, Pots, QuoteList, StablePath},
	inputs::{Account, AccountOrIndex, Blocks, Credits},
	money::{Cost, CreditAccount, Price, Reporter, Supply},
	outages::{BlockOutages, Outages},
	regional::{RegionPage, RegionRow},
	results::{Clock, Provider, ProviderPage, Timing},
	rules::Rules,
	server::DOCUMENT,
	verdicts::BlockVerdicts,
};
use schemars::{generate::SchemaSettings, SchemaGenerator};
use serde_json::{json, Value};
use syn::{
	parse::ParseStream, Attribute, FnArg, GenericArgument, LitStr, Meta, Pat, PathArguments, Token, Type,
};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openrpc.json");
const HANDBOOK: &str = include_str!("../../../../docs/rpc.md");
const DESCRIPTION: &str = "\
The measuring protocol and the economy of Weir for tools that do not speak SCALE. The node serves many methods beside these: rpc_methods \
lists them. Accounts are addresses (SS58) and are taken as hex as well; amounts are decimal strings; keys and hashes are \
hex with 0x; rates are in kbps (1,000 bits per second). Parameters go by position or by name. Where `at` is missing, the \
best block is read. Errors of these methods have the codes 20000 to 20099.";

/// What the trait says of a method or a subscription.
#[derive(Default)]
struct Method {
	name: String,
	docs: Vec<String>,
	/// Name and type, in their order.
	params: Vec<(String, String)>,
	/// What is answered, or what a subscription sends.
	result: String,
	/// Of a subscription: names of the notification and of the method that ends it.
	subscription: Option<(String, String)>,
}

fn trait_of(source: &str) -> Vec<Method> {
	let file = syn::parse_file(source).expect("it compiles");
	let item = file.items.into_iter().find_map(|item| match item {
		syn::Item::Trait(item) => Some(item),
		_ => None,
	});
	let item = item.expect("the file has a trait");
	item.items
		.into_iter()
		.map(|item| match item {
			syn::TraitItem::Fn(function) => method(&function),
			_ => panic!("the trait has methods only"),
		})
		.collect()
}

fn method(function: &syn::TraitItemFn) -> Method {
	let mut method = Method::default();
	if let syn::ReturnType::Type(_, answer) = &function.sig.output {
		method.result = type_name(answer);
	}
	for attribute in &function.attrs {
		if attribute.path().is_ident("doc") {
			method.docs.push(doc(attribute));
		} else {
			attribute.parse_args_with(|input: ParseStream| names(input, &mut method)).expect("names");
		}
	}
	for input in &function.sig.inputs {
		let FnArg::Typed(input) = input else { continue };
		let Pat::Ident(name) = &*input.pat else { panic!("parameters are names") };
		method.params.push((name.ident.to_string(), type_name(&input.ty)));
	}
	method
}

fn doc(attribute: &Attribute) -> String {
	match &attribute.meta {
		Meta::NameValue(syn::MetaNameValue {
			value: syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }),
			..
		}) => text.value().trim().to_owned(),
		_ => panic!("a comment is text"),
	}
}

/// `name = "a" => "b", unsubscribe = "c", item = T` or `name = "a", blocking`.
fn names(input: ParseStream, method: &mut Method) -> syn::Result<()> {
	while !input.is_empty() {
		let key: syn::Ident = input.parse()?;
		if input.parse::<Option<Token![=]>>()?.is_some() {
			if key == "item" {
				method.result = type_name(&input.parse()?);
			} else {
				let value = input.parse::<LitStr>()?.value();
				if key == "unsubscribe" {
					method.subscription.get_or_insert_default().1 = value;
				} else {
					method.name = value;
				}
			}
			if input.parse::<Option<Token![=>]>>()?.is_some() {
				method.subscription.get_or_insert_default().0 = input.parse::<LitStr>()?.value();
			}
		}
		input.parse::<Option<Token![,]>>()?;
	}
	Ok(())
}

/// The type as the table in [`schema`] names it: `RpcResult<Vec<a::Task>>` is `Vec<Task>`.
fn type_name(of: &Type) -> String {
	let path = match of {
		Type::Reference(of) => return type_name(&of.elem),
		Type::Path(of) => &of.path,
		_ => panic!("types are paths"),
	};
	let last = path.segments.last().expect("a path has a name");
	let PathArguments::AngleBracketed(inner) = &last.arguments else { return last.ident.to_string() };
	let Some(GenericArgument::Type(inner)) = inner.args.first() else { panic!("types contain types") };
	match last.ident.to_string().as_str() {
		"RpcResult" => type_name(inner),
		outer => format!("{outer}<{}>", type_name(inner)),
	}
}

fn schema(name: &str, schemas: &mut SchemaGenerator) -> Value {
	macro_rules! table {
		($($known:ty),* $(,)?) => {
			match name {
				"Hash" => json!({ "type": "string", "pattern": "^0x[0-9a-fA-F]{64}$" }),
				"RawValue" => json!({
					"$ref": "https://raw.githubusercontent.com/open-rpc/meta-schema/master/schema.json"
				}),
				$(name if name == stringify!($known).replace(' ', "") => {
					schemas.subschema_for::<$known>().to_value()
				})*
				_ => panic!("add {name} to the types of this test"),
			}
		};
	}
	table!(
		u16,
		u32,
		u64,
		String,
		Account,
		AccountOrIndex,
		Blocks,
		Clock,
		Timing,
		Provider,
		ProviderPage,
		Seat,
		SeatPage,
		Assignment,
		Vec<Task>,
		Option<TargetTest>,
		ReportState,
		Vec<Evidence>,
		Audit,
		BlockVerdicts,
		Outages,
		BlockOutages,
		Credits,
		Price,
		Vec<Reporter>,
		Supply,
		Cost,
		RegionPage,
		RegionRow,
		Rewards,
		CreditAccount,
		EpochSummaryPage,
		Rules,
		QuoteList,
		ClaimBond,
		Bonds,
		StablePath,
		Pots,
		CloseState,
		Channel,
		ChannelPage,
		Option<Plan>,
		Offer,
		ProviderEarnings,
	)
}

fn param(name: &str, of: &str, schemas: &mut SchemaGenerator) -> Value {
	let (of, required) = match of.strip_prefix("Option<").and_then(|of| of.strip_suffix('>')) {
		Some(of) => (of, false),
		None => (of, true),
	};
	json!({ "name": name, "required": required, "schema": schema(of, schemas) })
}

fn described(method: &Method, schemas: &mut SchemaGenerator) -> Vec<Value> {
	let params: Vec<_> = method.params.iter().map(|(name, of)| param(name, of, schemas)).collect();
	let result = schema(&method.result, schemas);
	let mut described = json!({
		"name": method.name,
		"summary": method.docs[0],
		"params": params,
		"paramStructure": "either",
		"result": { "name": "result", "schema": result },
	});
	if method.docs.len() > 1 {
		described["description"] = method.docs[1..].join(" ").into();
	}
	let Some((notification, unsubscribe)) = &method.subscription else { return vec![described] };
	// OpenRPC has no word for subscriptions: the method answers with an id, and what it sends is an extension.
	described["result"] = json!({ "name": "subscription", "schema": { "type": "string" } });
	described["x-subscription"] =
		json!({ "notification": notification, "unsubscribe": unsubscribe, "item": { "schema": result } });
	let end = json!({
		"name": unsubscribe,
		"summary": format!("Ends a subscription made by {}.", method.name),
		"params": [{ "name": "subscription", "required": true, "schema": { "type": "string" } }],
		"paramStructure": "by-position",
		"result": { "name": "ended", "schema": { "type": "boolean" } },
	});
	vec![described, end]
}

fn document() -> String {
	// OpenRPC's schemas are of draft 7. What is null is there as well.
	let settings = SchemaSettings::draft07().for_serialize().with(|settings| {
		settings.definitions_path = "/components/schemas".into();
	});
	let mut schemas = settings.into_generator();
	let methods: Vec<_> =
		trait_of(include_str!("api.rs")).iter().flat_map(|method| described(method, &mut schemas)).collect();
	let errors: serde_json::Map<_, _> = Error::samples()
		.into_iter()
		.map(|error| {
			let (code, name) = error.code();
			(name.into(), json!({ "code": code, "message": error.to_string(), "data": name }))
		})
		.collect();
	let mut document = json!({
		"openrpc": "1.2.6",
		"info": { "title": "Weir", "version": env!("CARGO_PKG_VERSION"), "description": DESCRIPTION },
		"methods": methods,
		"components": { "schemas": schemas.take_definitions(true), "errors": errors },
	});
	// The order of keys would otherwise follow features of serde_json that other crates choose.
	document.sort_all_objects();
	format!("{document:#}\n")
}

#[test]
fn openrpc_document_should_say_what_the_code_says() {
	let current = document();
	if std::env::var_os("UPDATE_OPENRPC").is_some() {
		std::fs::write(FILE, &current).expect("the document can be written");
		return;
	}
	let drift = DOCUMENT.lines().zip(current.lines()).find(|(written, current)| written != current);
	assert!(
		DOCUMENT == current,
		"docs/openrpc.json differs from the code, first here: {drift:#?}\nWrite it anew with UPDATE_OPENRPC=1 cargo test \
		-p weir-node openrpc, and look at what changed: tools depend on it"
	);
}

#[test]
fn handbook_should_name_every_method_and_every_error() {
	for method in trait_of(include_str!("api.rs")) {
		let signature = match method.params.as_slice() {
			[] => format!("`{}`", method.name),
			params => {
				let params: Vec<_> = params.iter().map(|(name, _)| name.as_str()).collect();
				format!("`{}({})`", method.name, params.join(", "))
			}
		};
		assert!(HANDBOOK.contains(&signature), "docs/rpc.md does not name {signature}");
	}
	for error in Error::samples() {
		let (code, name) = error.code();
		let row = format!("| {code} | `{name}` |");
		assert!(HANDBOOK.contains(&row), "docs/rpc.md has no row {row}");
	}
}
