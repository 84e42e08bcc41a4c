//! Every failure a call can report.

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
