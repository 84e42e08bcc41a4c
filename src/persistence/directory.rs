//! The directories of records: their names, how they are found, made and locked.

use std::borrow::Cow;
use std::fs::{DirBuilder, File};
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{CWD, Mode, OFlags};
use rustix::process::{Resource, getrlimit};

use super::StoreError;
use super::lock::DirectoryLock;

/// Mode of directories, before the umask.
const DIRECTORY_MODE: u32 = 0o740;

const DIRECTORY_FLAGS: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC);

/// How long to wait for another process that uses the directory and may be about to end.
pub(super) const LOCK_PATIENCE: Duration = Duration::from_secs(1);

/// A lock tells nobody when it is free, but to a thread that could not stop waiting.
const LOCK_INTERVAL: Duration = Duration::from_millis(10);

/// How a store reaches its directory.
#[derive(Debug)]
pub(super) enum Access {
    /// It stays open.
    Open(File),
    /// By its path, because the process has few descriptors left.
    ByPath(PathBuf),
}

impl Access {
    fn new(directory: File, path: &Path) -> Access {
        match is_among_the_last(directory.as_fd()) {
            true => Access::ByPath(path.to_owned()),
            false => Access::Open(directory),
        }
    }

    /// An entry of the directory, as the system's `...at` calls take it.
    pub(super) fn entry<'a>(&'a self, name: &'a str) -> (BorrowedFd<'a>, Cow<'a, Path>) {
        match self {
            Access::Open(directory) => (directory.as_fd(), Path::new(name).into()),
            Access::ByPath(path) => (CWD, path.join(name).into()),
        }
    }

    /// Calls with the open directory.
    pub(super) fn with<T>(&self, operation: impl FnOnce(&File) -> io::Result<T>) -> io::Result<T> {
        match self {
            Access::Open(directory) => operation(directory),
            Access::ByPath(path) => operation(&open_directory(path)?),
        }
    }
}

/// Whether so many descriptors are in use that stores keep none: the original needs one for each client, its socket, and
/// a program may have as many clients as it has descriptors.
pub(super) fn is_among_the_last(descriptor: BorrowedFd<'_>) -> bool {
    let limit = getrlimit(Resource::Nofile).current;
    limit.is_some_and(|limit| descriptor.as_raw_fd() as u64 >= limit / 4)
}

/// `<client id>-<address>` with the address's colons replaced.
pub(super) fn directory_name(client_id: &[u8], address: &[u8]) -> Result<Vec<u8>, StoreError> {
    let mut name = client_id.to_vec();
    name.push(b'-');
    name.extend(address.iter().map(|&byte| match byte {
        b':' => b'-',
        other => other,
    }));
    let refused = if client_id.is_empty() {
        "an empty client identifier"
    } else if name.contains(&b'\\') {
        "a backslash"
    } else if name.split(|&byte| byte == b'/').any(|part| part == b"..") {
        "a component \"..\""
    } else {
        return Ok(name);
    };
    let name = String::from_utf8_lossy(&name);
    Err(StoreError::new(format!(
        "no store for {name}: it has {refused}"
    )))
}

fn open_directory(path: &Path) -> io::Result<File> {
    let directory = rustix::fs::open(path, DIRECTORY_FLAGS, Mode::empty())?;
    Ok(File::from(directory))
}

fn open_or_create_directory(path: &Path) -> io::Result<File> {
    match open_directory(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            create_directories(path)?;
            open_directory(path)
        }
        result => result,
    }
}

/// The directory, created if need be, and its lock.
pub(super) fn open_locked(path: &Path, patience: Duration) -> io::Result<(Access, DirectoryLock)> {
    let deadline = Instant::now() + patience;
    loop {
        let directory = open_or_create_directory(path)?;
        let Some(lock) = DirectoryLock::try_new(&directory)? else {
            if Instant::now() >= deadline {
                return Err(io::Error::other("another process uses it"));
            }
            std::thread::sleep(LOCK_INTERVAL);
            continue;
        };
        // The process that had it may have removed it in between.
        let current = match open_directory(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            current => current?,
        };
        if lock.is_for(current.as_fd()) {
            return Ok((Access::new(directory, path), lock));
        }
    }
}

pub(super) fn create_directories(path: &Path) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(DIRECTORY_MODE)
        .create(path)
}

/// Sees to it that the entries that lead to `path` are on the disk; those that this process may not read are somebody
/// else's concern.
pub(super) fn sync_above(path: &Path) {
    for directory in path.ancestors().skip(1) {
        let _ = open_directory(directory).and_then(|directory| directory.sync_all());
    }
}
