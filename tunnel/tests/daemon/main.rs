//! The real `weir-tunnel` binary and its chain client, against chain endpoints that are structs behind real JSON-RPC.

mod bad_input;
mod endpoints;
mod operating;
mod support;
