//! The MQTT codec: bytes to packets and back, for MQTT 3.1, 3.1.1 and 5; no state, no clock, no I/O.
#![forbid(unsafe_code)]

pub mod publish;
mod types;
pub use publish::decode_record;
pub use types::*;
