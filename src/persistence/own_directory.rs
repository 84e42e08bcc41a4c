//! The directories of unfinished files: one for each store, locked while it is in use, in one of the user's.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::fs::{AtFlags, Dir, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

/// What is unfinished concerns the user alone.
const DIRECTORY_MODE: Mode = Mode::from_raw_mode(0o700);

/// Not through a symbolic link: what lies there is removed when its process has died.
const DIRECTORY_FLAGS: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// How often to try again when the cleaning of another store comes in between.
pub(super) const ATTEMPTS: usize = 100;

/// A directory that is locked as long as it is in use.
#[derive(Debug)]
pub(super) struct OwnDirectory {
    pub(super) descriptor: OwnedFd,
    pub(super) name: String,
}

pub(super) fn create_own_directory(parent: &Path) -> io::Result<OwnDirectory> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    for _ in 0..ATTEMPTS {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-{number}", std::process::id());
        let path = parent.join(&name);
        match rustix::fs::mkdir(&path, DIRECTORY_MODE) {
            Err(Errno::EXIST) => continue,
            Err(Errno::NOENT) => match rustix::fs::mkdir(parent, DIRECTORY_MODE) {
                Ok(()) | Err(Errno::EXIST) => continue,
                Err(error) => return Err(error.into()),
            },
            result => result?,
        }
        let descriptor = match rustix::fs::open(&path, DIRECTORY_FLAGS, Mode::empty()) {
            // Taken for a remainder by another store at this moment.
            Err(Errno::NOENT) => continue,
            Err(error) => {
                let _ = rustix::fs::rmdir(&path);
                let _ = rustix::fs::rmdir(parent);
                return Err(error.into());
            }
            Ok(descriptor) => descriptor,
        };
        // As above, a little later.
        let locked = rustix::fs::flock(&descriptor, FlockOperation::NonBlockingLockExclusive);
        if locked != Err(Errno::WOULDBLOCK) {
            return Ok(OwnDirectory { descriptor, name });
        }
    }
    Err(Errno::NOENT.into())
}

/// Removes what processes that died have left: directories that nobody has locked.
pub(super) fn remove_remains(parent: &Path) {
    let Ok(parent_fd) = rustix::fs::open(parent, DIRECTORY_FLAGS, Mode::empty()) else {
        return;
    };
    for name in names(parent_fd.as_fd(), is_directory_name) {
        let name = OsStr::from_bytes(&name);
        let Ok(directory) = rustix::fs::openat(&parent_fd, name, DIRECTORY_FLAGS, Mode::empty())
        else {
            continue;
        };
        if rustix::fs::flock(&directory, FlockOperation::NonBlockingLockExclusive).is_err() {
            continue;
        }
        for file in names(directory.as_fd(), is_number) {
            let _ = rustix::fs::unlinkat(&directory, OsStr::from_bytes(&file), AtFlags::empty());
        }
        let _ = rustix::fs::unlinkat(&parent_fd, name, AtFlags::REMOVEDIR);
    }
    let _ = rustix::fs::rmdir(parent);
}

/// The names in a directory that are of this kind. What cannot be read has none.
fn names(directory: BorrowedFd<'_>, kind: fn(&[u8]) -> bool) -> Vec<Vec<u8>> {
    let Ok(entries) = Dir::read_from(directory) else {
        return Vec::new();
    };
    let names = entries.map_while(Result::ok);
    let names = names.map(|entry| entry.file_name().to_bytes().to_vec());
    names.filter(|name| kind(name)).collect()
}

fn is_number(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(u8::is_ascii_digit)
}

/// `<process>-<number>`.
fn is_directory_name(name: &[u8]) -> bool {
    let mut parts = name.split(|&byte| byte == b'-');
    parts.next().is_some_and(is_number)
        && parts.next().is_some_and(is_number)
        && parts.next().is_none()
}
