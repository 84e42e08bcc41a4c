//! One process at a time uses a directory of records.
//!
//! The lock is on the directory itself, so nothing lies in it that is no record, and it ends with the process however
//! that ends. It does not keep stores of one process apart: those share it, as they share the directory.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::MutexGuard;

use super::directory::is_among_the_last;
use crate::process_lock::{ProcessMutex, generation};
use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::Errno;

/// Device and inode.
type DirectoryId = (u64, u64);

/// A directory that this process has locked.
struct Locked {
    id: DirectoryId,
    /// Used for the lock only: a forked child closes it, and could not if a store went on with it.
    descriptor: OwnedFd,
    stores: usize,
    /// There was a time with more than one.
    shared: bool,
}

/// The locks of this process; a file lock does not tell its own process from others.
static LOCKED: ProcessMutex<Vec<Locked>> = ProcessMutex::new(Vec::new());

/// A store's share in its process's lock.
#[derive(Debug)]
pub(super) struct DirectoryLock {
    /// `None` on a file system without locks, and where the process has no descriptor to spare for one.
    id: Option<DirectoryId>,
    generation: u32,
}

impl DirectoryLock {
    /// Locks a directory without waiting; `None` if another process has it.
    pub(super) fn try_new(directory: &File) -> io::Result<Option<DirectoryLock>> {
        let id = directory_id(directory.as_fd())?;
        let generation = generation();
        let lock = |id| Some(DirectoryLock { id, generation });
        let mut locked = LOCKED.lock();
        if let Some(own) = locked.iter_mut().find(|locked| locked.id == id) {
            own.stores += 1;
            own.shared = true;
            return Ok(lock(Some(id)));
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let descriptor = rustix::fs::openat(directory, ".", flags, Mode::empty())?;
        match rustix::fs::flock(&descriptor, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) if is_among_the_last(descriptor.as_fd()) => {
                unlock(&descriptor);
                Ok(lock(None))
            }
            Ok(()) => {
                locked.push(Locked {
                    id,
                    descriptor,
                    stores: 1,
                    shared: false,
                });
                Ok(lock(Some(id)))
            }
            Err(Errno::WOULDBLOCK) => Ok(None),
            // The file system has none, for directories at least: the original has none anywhere.
            Err(_) => Ok(lock(None)),
        }
    }

    /// Whether it was made by this process, and not by the one this was forked from.
    pub(super) fn is_own(&self) -> bool {
        self.generation == generation()
    }

    /// Whether no other store can have touched the directory since it was locked.
    pub(super) fn is_sole(&self) -> bool {
        let sole = |locked: &Locked| Some(locked.id) == self.id && !locked.shared;
        self.is_own() && LOCKED.lock().iter().any(sole)
    }

    /// Whether it locks this directory.
    pub(super) fn is_for(&self, directory: BorrowedFd<'_>) -> bool {
        self.id
            .is_none_or(|own| directory_id(directory).is_ok_and(|id| id == own))
    }
}

impl Drop for DirectoryLock {
    fn drop(&mut self) {
        let Some(id) = self.id.filter(|_| self.is_own()) else {
            return;
        };
        let mut locked = LOCKED.lock();
        let Some(index) = locked.iter().position(|locked| locked.id == id) else {
            return;
        };
        locked[index].stores -= 1;
        if locked[index].stores == 0 {
            let last = locked.swap_remove(index);
            unlock(&last.descriptor);
        }
    }
}

/// Not by closing alone: a program that was just started may not have closed its copy yet.
fn unlock(descriptor: &OwnedFd) {
    let _ = rustix::fs::flock(descriptor, FlockOperation::Unlock);
}

fn directory_id(directory: BorrowedFd<'_>) -> io::Result<DirectoryId> {
    let stat = rustix::fs::fstat(directory)?;
    Ok((stat.st_dev, stat.st_ino))
}

/// While it lives no other thread is at the locks.
pub struct ForkGuard(MutexGuard<'static, Vec<Locked>>);

/// To be called before fork, and the result dropped after it in the parent.
pub fn lock_for_fork() -> ForkGuard {
    ForkGuard(LOCKED.lock())
}

impl ForkGuard {
    /// To be called in the child. The locks stay the parent's: the child gives its copies back, so that they end with the
    /// parent, and a store that it goes on with locks its directory again when it can.
    pub fn reset_in_child(mut self) {
        self.0.clear();
    }
}
