//! Every failure a call can report.

use std::fmt;

/// Why a call on a client failed. The C layer turns each into a return code of the original.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The call failed; what exactly went wrong is in the trace.
    Failure,
    /// There is no connection.
    Disconnected,
    /// All packet identifiers are in use.
    MaxMessagesInflight,
    /// There is no memory for the packet.
    NoMemory,
    /// The store cannot be opened or read; a store of the program's returned this code.
    Persistence(Option<i32>),
    /// The server accepted the connection with this CONNACK, but the program's store returned this code when it was cleared.
    NotCleared(i32, Option<Box<crate::packet::ConnAck>>),
    /// The server refused the connection with this CONNACK.
    Refused(Box<crate::packet::ConnAck>),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Failure => f.write_str("the call failed"),
            Error::Disconnected => f.write_str("not connected"),
            Error::MaxMessagesInflight => f.write_str("all packet identifiers are in use"),
            Error::NoMemory => f.write_str("no memory"),
            Error::Persistence(_) => f.write_str("the message store cannot be used"),
            Error::NotCleared(..) => f.write_str("the message store cannot be cleared"),
            Error::Refused(connack) => {
                write!(f, "the server refused the connection: {}", connack.code.0)
            }
        }
    }
}

impl std::error::Error for Error {}
