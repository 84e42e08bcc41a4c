//! The test brokers are themselves tested: by packets of this crate's codec over plain sockets, and by
//! the programs of other MQTT implementations where these are installed.

mod broker;
#[path = "broker_self/client.rs"]
mod client;
#[path = "broker_self/delivery.rs"]
mod delivery;
#[path = "broker_self/foreign.rs"]
mod foreign;
#[path = "broker_self/kept.rs"]
mod kept;
#[path = "broker_self/proxy.rs"]
mod proxy;
#[path = "broker_self/scripted.rs"]
mod scripted;
#[path = "broker_self/sessions.rs"]
mod sessions;
#[path = "broker_self/v5.rs"]
mod v5;
