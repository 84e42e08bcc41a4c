use std::error::Error;
use std::fmt;

use super::ReasonCode;

/// Input that breaks the standard: the connection it came from has to be closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// What an MQTT 5 DISCONNECT would report: `MALFORMED_PACKET`, `PROTOCOL_ERROR`, `PACKET_TOO_LARGE`, ...
    pub reason: ReasonCode,
    /// What is wrong, for the trace.
    pub detail: &'static str,
}

impl Malformed {
    /// The bytes cannot be parsed according to the standard.
    pub(super) const fn packet(detail: &'static str) -> Malformed {
        Malformed {
            reason: ReasonCode::MALFORMED_PACKET,
            detail,
        }
    }

    /// The bytes can be parsed, and say what the standard forbids.
    pub(super) const fn protocol(detail: &'static str) -> Malformed {
        Malformed {
            reason: ReasonCode::PROTOCOL_ERROR,
            detail,
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason, self.detail)
    }
}

impl Error for Malformed {}

/// A field or the packet does not fit the wire format (a string over 65,535 bytes, a packet over 268,435,455).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge;

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field or the packet is too large for MQTT")
    }
}

impl Error for TooLarge {}
