//! Where records of messages in flight are kept so that a restart loses nothing: none, files, or the application's callbacks.
#![forbid(unsafe_code)]

use std::fmt;

/// The name of a record. `Display` gives the original's text: `s-1`, `sc5-7`, `q-3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// Sent PUBLISH (`s-`, `s5-`), not yet completed.
    Sent {
        /// Record of an MQTT 5 client.
        v5: bool,
        /// Packet identifier.
        id: u16,
    },
    /// Sent PUBREL (`sc-`, `sc5-`).
    PubRel {
        /// Record of an MQTT 5 client.
        v5: bool,
        /// Packet identifier.
        id: u16,
    },
    /// Received QoS 2 PUBLISH (`r-`, `r5-`).
    Received {
        /// Record of an MQTT 5 client.
        v5: bool,
        /// Packet identifier.
        id: u16,
    },
    /// Received message queued for the application (`q-`, `q5-`).
    Queued {
        /// Record of an MQTT 5 client.
        v5: bool,
        /// Sequence number, 0..=999999.
        seq: u32,
    },
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Key::Sent { v5, id } => write!(f, "s{}-{id}", if v5 { "5" } else { "" }),
            Key::PubRel { v5, id } => write!(f, "sc{}-{id}", if v5 { "5" } else { "" }),
            Key::Received { v5, id } => write!(f, "r{}-{id}", if v5 { "5" } else { "" }),
            Key::Queued { v5, seq } => write!(f, "q{}-{seq}", if v5 { "5" } else { "" }),
        }
    }
}

/// Why a store could not do what was asked; the text goes to the trace.
#[derive(Debug)]
pub struct StoreError(pub String);

/// A place for records. Keys are `Key`'s text (a foreign store may list others). All calls come from one thread at a time.
pub trait Store: Send {
    /// Stores the concatenation of `parts` under `key`, replacing what was there. How `parts` is cut is visible to user stores.
    fn put(&mut self, key: &str, parts: &[&[u8]]) -> Result<(), StoreError>;
    /// Reads a record.
    fn get(&mut self, key: &str) -> Result<Vec<u8>, StoreError>;
    /// Removes a record; a missing one is no error.
    fn remove(&mut self, key: &str) -> Result<(), StoreError>;
    /// Lists all record keys.
    fn keys(&mut self) -> Result<Vec<String>, StoreError>;
    /// Whether a record exists.
    fn contains_key(&mut self, key: &str) -> bool;
    /// Removes every record.
    fn clear(&mut self) -> Result<(), StoreError>;
    /// Ends the use of the store (a file store's empty directory is removed).
    fn close(&mut self);
    /// A user's store sees each removal that the original makes, also of keys that do not exist; a file store need not.
    fn sees_every_removal(&self) -> bool {
        false
    }
}
