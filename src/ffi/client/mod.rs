//! `MQTTClient.h`, in the order in which the header prints it.
//!
//! The functions here hold signature and documentation; what they do is in `src/ffi/entry`.

pub mod callbacks;
pub mod codes;
pub mod connection;
pub mod information;
pub mod lifecycle;
pub mod memory;
pub mod publication;
pub mod reception;
pub mod subscription;
pub mod trace;
pub mod types;

pub use codes::*;
pub use types::*;
