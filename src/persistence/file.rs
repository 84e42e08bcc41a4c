//! The default store: one directory per client and server, one file per record.
//!
//! Directory, names and modes are the original's, so that either library can open what the other
//! has left. A record appears under its name complete or not at all, and nothing else ever lies
//! in the directory.

use std::ffi::OsStr;
use std::fs::{DirBuilder, File};
use std::io::{self, IoSlice, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, CWD, Dir, FileType, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::lock::DirectoryLock;
use super::{Store, StoreError};

/// Mode of directories, before the umask.
const DIRECTORY_MODE: u32 = 0o740;

/// Mode of files, before the umask.
const FILE_MODE: Mode = Mode::from_raw_mode(0o666);

const DIRECTORY_FLAGS: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC);

/// What record files end in.
const SUFFIX: &str = ".msg";

/// Where a file gets its contents before it replaces a record: a directory in the base directory,
/// and so on the same file system.
const TEMPORARY_DIRECTORY: &str = ".mqtt3c-tmp";

/// How often to try again when another store removes the temporary directory in between.
const ATTEMPTS: usize = 100;

/// How long to wait for another process that uses the directory and may be about to end.
const LOCK_PATIENCE: Duration = Duration::from_secs(1);

/// A lock tells nobody when it is free, but to a thread that could not stop waiting.
const LOCK_INTERVAL: Duration = Duration::from_millis(10);

/// Set to 1: each record is on the disk, and not only handed to the system, before what depends on it happens.
const SYNC_VARIABLE: &str = "MQTT3C_FSYNC";

/// More bytes than any record can have: a packet of the greatest length and the fields around it.
const MAX_RECORD: u64 = 268_435_456 + 1024;

/// The records of one client and server, in the directory `<base>/<client id>-<address>`.
#[derive(Debug)]
pub struct FileStore {
    base: PathBuf,
    path: PathBuf,
    /// `None` once closed.
    directory: Option<OwnedFd>,
    /// `None` once closed, or when the directory came back under another process's lock.
    lock: Option<DirectoryLock>,
    sync: bool,
    /// Whether new records are written to files without a name first, which leave nothing behind in a
    /// crash; not every file system has them.
    unnamed_files: bool,
    used_temporary_directory: bool,
}

impl FileStore {
    /// Opens the directory, creating it and those above it (mode 0740).
    ///
    /// `base` is the current directory if `None` or empty; `address` is the server URI without its
    /// scheme. A `/` in the identifier or in the address separates directories; `..` between two
    /// of them, a backslash and an empty identifier are refused.
    pub fn open(
        base: Option<&Path>,
        client_id: &[u8],
        address: &[u8],
    ) -> Result<FileStore, StoreError> {
        let base = match base {
            Some(base) if !base.as_os_str().is_empty() => base,
            _ => Path::new("."),
        };
        let base = std::path::absolute(base).map_err(|error| failed("find", base, error))?;
        let mut name = base.clone().into_os_string();
        name.push("/");
        name.push(OsStr::from_bytes(&directory_name(client_id, address)?));
        let path = PathBuf::from(name);
        let (directory, lock) =
            open_locked(&path, LOCK_PATIENCE).map_err(|error| failed("open", &path, error))?;
        remove_remains(&base.join(TEMPORARY_DIRECTORY));
        Ok(FileStore {
            base,
            path,
            directory: Some(directory),
            lock: Some(lock),
            sync: std::env::var_os(SYNC_VARIABLE).is_some_and(|value| value == "1"),
            unnamed_files: true,
            used_temporary_directory: false,
        })
    }

    /// The directory of the records.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn directory(&self) -> io::Result<BorrowedFd<'_>> {
        match &self.directory {
            Some(directory) => Ok(directory.as_fd()),
            None => Err(io::Error::other("the store is closed")),
        }
    }

    /// Another process may have taken over the directory since this one was forked, or may still have it: the child of
    /// a program that becomes a daemon goes on with its store, as with the original.
    fn renew_inherited_lock(&mut self) {
        if self.lock.as_ref().is_none_or(DirectoryLock::is_own) {
            return;
        }
        let lock = self.directory().and_then(DirectoryLock::try_new);
        if let Ok(Some(lock)) = lock {
            self.lock = Some(lock);
        }
    }

    fn replace_record(&mut self, name: &str, parts: &[&[u8]]) -> io::Result<()> {
        self.write_record(name, parts)?;
        self.sync_directory()
    }

    fn sync_directory(&self) -> io::Result<()> {
        match self.sync {
            true => Ok(rustix::fs::fsync(self.directory()?)?),
            false => Ok(()),
        }
    }

    fn write_contents(&self, file: &File, parts: &[&[u8]]) -> io::Result<()> {
        write_parts(file, parts)?;
        match self.sync {
            true => file.sync_all(),
            false => Ok(()),
        }
    }

    fn write_record(&mut self, name: &str, parts: &[&[u8]]) -> io::Result<()> {
        if self.unnamed_files && self.write_unnamed(name, parts).is_ok() {
            return Ok(());
        }
        self.write_temporary(name, parts)?;
        // The other way may work where the first does not.
        self.unnamed_files = false;
        Ok(())
    }

    /// Fills a file without a name and then links it to its own.
    fn write_unnamed(&mut self, name: &str, parts: &[&[u8]]) -> io::Result<()> {
        let directory = self.directory()?;
        let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(directory, ".", flags, FILE_MODE)?);
        self.write_contents(&file, parts)?;
        let unnamed = format!("/proc/self/fd/{}", file.as_raw_fd());
        let follow = AtFlags::SYMLINK_FOLLOW;
        match rustix::fs::linkat(CWD, &unnamed, directory, name, follow) {
            // A link cannot replace a record, a renamed file can.
            Err(Errno::EXIST) => {
                mark_in_use(&file);
                let (path, ()) = self.in_temporary_directory(|path| {
                    rustix::fs::linkat(CWD, &unnamed, CWD, path, follow)
                })?;
                self.rename_to_record(&path, name)
            }
            result => Ok(result?),
        }
    }

    /// Fills a file in the temporary directory and then renames it.
    fn write_temporary(&mut self, name: &str, parts: &[&[u8]]) -> io::Result<()> {
        self.directory()?;
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        let (path, file) =
            self.in_temporary_directory(|path| rustix::fs::open(path, flags, FILE_MODE))?;
        let file = File::from(file);
        mark_in_use(&file);
        if let Err(error) = self.write_contents(&file, parts) {
            let _ = rustix::fs::unlink(&path);
            return Err(error);
        }
        self.rename_to_record(&path, name)
    }

    fn rename_to_record(&self, temporary: &Path, name: &str) -> io::Result<()> {
        rustix::fs::renameat(CWD, temporary, self.directory()?, name).map_err(|error| {
            let _ = rustix::fs::unlink(temporary);
            error.into()
        })
    }

    /// Calls `create` with an unused path in the temporary directory, which it creates if need be.
    fn in_temporary_directory<T>(
        &mut self,
        mut create: impl FnMut(&Path) -> rustix::io::Result<T>,
    ) -> io::Result<(PathBuf, T)> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        self.used_temporary_directory = true;
        let directory = self.base.join(TEMPORARY_DIRECTORY);
        let mut attempts = 0;
        while attempts < ATTEMPTS {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let path = directory.join(format!("{}-{number}", std::process::id()));
            match create(&path) {
                Ok(created) => return Ok((path, created)),
                Err(Errno::EXIST) => {}
                Err(Errno::NOENT) => {
                    attempts += 1;
                    match rustix::fs::mkdir(&directory, Mode::from_raw_mode(DIRECTORY_MODE)) {
                        Ok(()) | Err(Errno::EXIST) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Errno::NOENT.into())
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let directory = self.directory()?;
        let entries = match Dir::read_from(directory) {
            // Somebody has removed the directory.
            Err(Errno::NOENT) => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut keys = Vec::new();
        for entry in entries {
            let entry = entry?;
            let Ok(name) = entry.file_name().to_str() else {
                continue;
            };
            let Some(key) = name.strip_suffix(SUFFIX) else {
                continue;
            };
            let is_file = match entry.file_type() {
                FileType::Unknown => is_regular(directory, name),
                file_type => file_type == FileType::RegularFile,
            };
            if is_file {
                keys.push(key.to_owned());
            }
        }
        Ok(keys)
    }

    fn read_record(&self, name: &str) -> io::Result<Vec<u8>> {
        // Neither a symbolic link nor a wait for the other end of a pipe.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file = rustix::fs::openat(self.directory()?, name, flags, Mode::empty())?;
        let mut record = Vec::new();
        // A longer file is no record: the byte too many shows it.
        File::from(file)
            .take(MAX_RECORD + 1)
            .read_to_end(&mut record)?;
        Ok(record)
    }

    fn unlink(&self, name: &str) -> io::Result<()> {
        match rustix::fs::unlinkat(self.directory()?, name, AtFlags::empty()) {
            Ok(()) => self.sync_directory(),
            Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Moves a file to `<directory>.damaged/`, under a name that is free there.
    fn move_aside(&self, name: &str) -> io::Result<()> {
        let mut aside = self.path.file_name().unwrap_or_default().to_owned();
        aside.push(".damaged");
        let aside = self.path.with_file_name(aside);
        create_directories(&aside)?;
        let mut target = aside.join(name);
        let mut number = 0_u32;
        while target.symlink_metadata().is_ok() {
            number += 1;
            target = aside.join(format!("{name}.{number}"));
        }
        Ok(rustix::fs::renameat(self.directory()?, name, CWD, &target)?)
    }
}

impl Store for FileStore {
    fn put(&mut self, key: &str, parts: &[&[u8]]) -> Result<(), StoreError> {
        let name = file_name(key)?;
        self.renew_inherited_lock();
        let mut result = self.replace_record(&name, parts);
        let gone = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
        if result.as_ref().is_err_and(gone) {
            // Another store of the same client has removed the directory, empty as it was.
            result = open_locked(&self.path, Duration::ZERO).and_then(|(directory, lock)| {
                self.directory = Some(directory);
                self.lock = Some(lock);
                self.replace_record(&name, parts)
            });
        }
        result.map_err(|error| failed("write", &self.path.join(name), error))
    }

    fn get(&mut self, key: &str) -> Result<Vec<u8>, StoreError> {
        let name = file_name(key)?;
        self.read_record(&name)
            .map_err(|error| failed("read", &self.path.join(name), error))
    }

    fn remove(&mut self, key: &str) -> Result<(), StoreError> {
        let name = file_name(key)?;
        self.unlink(&name)
            .map_err(|error| failed("remove", &self.path.join(name), error))
    }

    /// The names of the regular files that end in `.msg`, without that.
    fn keys(&mut self) -> Result<Vec<String>, StoreError> {
        self.list()
            .map_err(|error| failed("list", &self.path, error))
    }

    fn contains_key(&mut self, key: &str) -> bool {
        match (self.directory(), file_name(key)) {
            (Ok(directory), Ok(name)) => is_regular(directory, &name),
            _ => false,
        }
    }

    fn clear(&mut self) -> Result<(), StoreError> {
        let mut result = Ok(());
        for key in self.keys()? {
            result = result.and(self.remove(&key));
        }
        result
    }

    /// Removes the directory if it is empty; those above it stay.
    fn close(&mut self) {
        self.renew_inherited_lock();
        if self.directory.take().is_some() {
            // A forked child does not take away what its parent goes on with.
            if self.lock.as_ref().is_some_and(DirectoryLock::is_own) {
                let _ = rustix::fs::rmdir(&self.path);
            }
            self.lock = None;
            if self.used_temporary_directory {
                let _ = rustix::fs::rmdir(self.base.join(TEMPORARY_DIRECTORY));
            }
        }
    }

    fn set_aside(&mut self, key: &str) -> Result<(), StoreError> {
        let name = file_name(key)?;
        self.move_aside(&name)
            .map_err(|error| failed("set aside", &self.path.join(name), error))
    }
}

/// `<client id>-<address>` with the address's colons replaced.
fn directory_name(client_id: &[u8], address: &[u8]) -> Result<Vec<u8>, StoreError> {
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
    Err(StoreError(format!("no store for {name}: it has {refused}")))
}

fn file_name(key: &str) -> Result<String, StoreError> {
    if key.contains(['/', '\0']) {
        return Err(StoreError(format!("{key:?} is no key of a record")));
    }
    Ok(format!("{key}{SUFFIX}"))
}

fn open_directory(path: &Path) -> io::Result<OwnedFd> {
    let open = || rustix::fs::open(path, DIRECTORY_FLAGS, Mode::empty());
    match open() {
        Err(Errno::NOENT) => {
            create_directories(path)?;
            Ok(open()?)
        }
        result => Ok(result?),
    }
}

/// The directory, created if need be, and its lock.
fn open_locked(path: &Path, patience: Duration) -> io::Result<(OwnedFd, DirectoryLock)> {
    let deadline = Instant::now() + patience;
    loop {
        let directory = open_directory(path)?;
        let Some(lock) = DirectoryLock::try_new(directory.as_fd())? else {
            if Instant::now() >= deadline {
                return Err(io::Error::other("another process uses it"));
            }
            std::thread::sleep(LOCK_INTERVAL);
            continue;
        };
        // The process that had it may have removed it in between.
        let current = rustix::fs::open(path, DIRECTORY_FLAGS, Mode::empty());
        if current.is_ok_and(|current| lock.is_for(current.as_fd())) {
            return Ok((directory, lock));
        }
    }
}

/// A file in the temporary directory that nobody has locked is a remainder.
fn mark_in_use(file: &File) {
    let _ = rustix::fs::flock(file, FlockOperation::NonBlockingLockShared);
}

/// Removes what processes that died have left in the temporary directory, and that too when it is empty.
fn remove_remains(directory: &Path) {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return;
    };
    for entry in entries.flatten() {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let Ok(file) = rustix::fs::open(entry.path(), flags, Mode::empty()) else {
            continue;
        };
        if rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
            let _ = rustix::fs::unlink(entry.path());
        }
    }
    let _ = rustix::fs::rmdir(directory);
}

fn create_directories(path: &Path) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(DIRECTORY_MODE)
        .create(path)
}

fn is_regular(directory: BorrowedFd<'_>, name: &str) -> bool {
    rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)
        .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile)
}

fn write_parts(mut file: &File, parts: &[&[u8]]) -> io::Result<()> {
    let mut slices: Vec<IoSlice<'_>> = parts.iter().map(|part| IoSlice::new(part)).collect();
    let mut slices = slices.as_mut_slice();
    // Drops empty parts at the front, so that 0 bytes written mean no progress.
    IoSlice::advance_slices(&mut slices, 0);
    while !slices.is_empty() {
        match file.write_vectored(slices) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => IoSlice::advance_slices(&mut slices, count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn failed(action: &str, path: &Path, error: io::Error) -> StoreError {
    StoreError(format!("cannot {action} {}: {error}", path.display()))
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
