//! The Paho MQTT C client's synchronous API, in Rust.
#![warn(missing_docs)]

pub mod client;
pub mod ffi;
pub mod packet;
pub mod persistence;
mod process_lock;
pub mod session;
mod thread_storage;
pub mod trace;
pub mod transport;
