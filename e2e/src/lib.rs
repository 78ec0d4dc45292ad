//! Real processes on real sockets: what starts, watches and stops nodes and sidecars. And the real runtime in this process.
//!
//! * [`site`]: where a machine is; [`line`](mod@line): a provider's line, and what it says of itself.
//! * [`process`]: children that die with their parent's work, and what an interrupted run left behind.
//! * [`folder`]: where data and logs are, whose that folder is, and that nothing else is emptied.
//! * [`chain`]: the chain as a wallet sees it.
//! * [`network`]: four validators and their providers, as processes.
//! * [`customers`]: who pays providers for traffic there, and whether what was paid adds up; [`hot`]: accounts in files.
//! * [`local`]: that network on loopback addresses; [`lab`]: in network namespaces, behind shaped links.
//! * [`verdicts`]: what the chain found, kept, and how far it is from what is true.
//! * [`prices`]: what reporters of prices read on a machine without a market.
//! * [`economy`]: what is earned, paid and priced, followed block by block; [`supply`]: whether it adds up.
//! * [`table`]: what the chain says of each provider, beside what is true.
//! * [`blocks`]: the real runtime in this process, block by block; [`scale`]: what it costs with 100,000 providers.
//! * [`attacks`]: what is tried against the measuring protocol, and what comes of it.
//! * [`load`]: how busy the machine was meanwhile.
//! * [`check`]: when the story of the local network is complete, and whether it went as it should.

#![deny(missing_docs)]

pub mod attacks;
pub mod blocks;
pub mod chain;
pub mod check;
pub mod customers;
pub mod economy;
pub mod folder;
pub mod hot;
pub mod lab;
pub mod line;
pub mod load;
pub mod local;
pub mod network;
pub mod prices;
pub mod process;
pub mod scale;
pub mod site;
pub mod supply;
pub mod table;
pub mod verdicts;
