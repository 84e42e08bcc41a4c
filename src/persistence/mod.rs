//! Where records of messages in flight are kept so that a restart loses nothing: none, files, or the application's callbacks.
#![forbid(unsafe_code)]

use std::fmt;
use std::time::Instant;

mod directory;
pub mod file;
pub mod key;
mod lock;
#[cfg(test)]
pub(crate) mod memory;
mod own_directory;
pub mod record;
pub mod restore;
mod scratch;
mod spare;
mod traffic;

pub use file::FileStore;
pub use key::Key;
pub use lock::{ForkGuard, lock_for_fork};
pub use record::{QueueRecord, QueuedMessage};
pub use restore::{Restored, RestoredPublish, restore};

/// Why a store could not do what was asked.
#[derive(Debug)]
pub struct StoreError {
    /// For the trace.
    pub text: String,
    /// What the program's own store returned.
    pub code: Option<i32>,
}

impl StoreError {
    /// An error that the library found itself.
    pub fn new(text: String) -> StoreError {
        StoreError { text, code: None }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for StoreError {}

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
    /// Takes a damaged record out of the way, without destroying it. A store without such a place
    /// leaves it where it is.
    fn set_aside(&mut self, _key: &str) -> Result<(), StoreError> {
        Ok(())
    }
    /// Whether a call may last, for it waits for a disk or runs the program's code. Others then go on meanwhile, which
    /// costs more than a short call.
    fn may_last(&self) -> bool {
        true
    }
    /// Whether somebody will call [`rest`](Store::rest) when [`rests_at`](Store::rests_at) has come. Only then a store may
    /// hold what an idle one must not.
    fn set_attended(&mut self, _attended: bool) {}
    /// When to give back what is held for further records, unless one comes before.
    fn rests_at(&self) -> Option<Instant> {
        None
    }
    /// Gives it back.
    fn rest(&mut self) {}
    /// A user's store sees each removal that the original makes, also of keys that do not exist; a file store need not.
    fn sees_every_removal(&self) -> bool {
        false
    }
}
