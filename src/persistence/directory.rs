//! The directories of records: their names, how they are found, made and locked.

use std::fs::{DirBuilder, File};
use std::io::{self, ErrorKind};
use std::os::fd::AsFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};

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
pub(super) fn open_locked(path: &Path, patience: Duration) -> io::Result<(File, DirectoryLock)> {
    let deadline = Instant::now() + patience;
    loop {
        let directory = open_or_create_directory(path)?;
        let Some(lock) = DirectoryLock::try_new(directory.as_fd())? else {
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
            return Ok((directory, lock));
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
