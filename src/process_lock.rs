//! Locks of tables that all clients of the process share.
//!
//! They are held over fork, so that no other thread is inside a table while the process is copied, and released in the
//! child too. A lock that hands itself over to the next thread in line, as `parking_lot`'s may, would go to a thread that
//! the child does not have; the standard library's is simply free.
#![forbid(unsafe_code)]

use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// A mutex. A panic of its holder does not close it to others: what the tables hold is whole at every step.
#[derive(Debug, Default)]
pub(crate) struct ProcessMutex<T>(Mutex<T>);

impl<T> ProcessMutex<T> {
    pub(crate) const fn new(value: T) -> Self {
        ProcessMutex(Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A lock for many readers or one writer, otherwise as [`ProcessMutex`].
#[derive(Debug, Default)]
pub(crate) struct ProcessRwLock<T>(RwLock<T>);

impl<T> ProcessRwLock<T> {
    pub(crate) const fn new(value: T) -> Self {
        ProcessRwLock(RwLock::new(value))
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, T> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
