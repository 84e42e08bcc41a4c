//! The MQTT codec: bytes to packets and back, for MQTT 3.1, 3.1.1 and 5; no state, no clock, no I/O.
#![forbid(unsafe_code)]

mod types;
pub use types::*;
