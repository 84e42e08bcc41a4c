//! The default store: one directory per client and server, one file per record.
//!
//! Directory, names and modes are the original's, so that either library can open what the other
//! has left. A record appears under its name complete or not at all, and no other file ever lies
//! in the directory.

use std::collections::{HashMap, VecDeque};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};

use super::directory::{
    Access, LOCK_PATIENCE, create_directories, directory_name, open_locked, sync_above,
};
use super::lock::DirectoryLock;
use super::scratch::{FILE_MODE, Scratch};
use super::spare::Spare;
use super::traffic::Traffic;
use super::{Key, Store, StoreError, record};
use crate::trace;
use crate::trace::Level;

/// What record files end in.
const SUFFIX: &str = ".msg";

/// Set to 1: each record is on the disk, and not only handed to the system, before what depends on it happens.
const SYNC_VARIABLE: &str = "MQTT3C_FSYNC";

/// Bytes that tell whether a longer file can be a record.
const HEAD: u64 = 4096;

/// So many removals that failed are tried again with each operation.
const RETRIES: usize = 16;

/// The records of one client and server, in the directory `<base>/<client id>-<address>`.
#[derive(Debug)]
pub struct FileStore {
    path: PathBuf,
    /// `None` once closed.
    directory: Option<Access>,
    /// `None` once closed, or when the directory came back under another process's lock.
    lock: Option<DirectoryLock>,
    scratch: Scratch,
    sync: bool,
    /// The records whose files can be filled again when they are removed.
    lent: HashMap<String, Spare>,
    traffic: Traffic,
    /// Files that could not be removed. One of them could turn a new message into one that is done with.
    unremoved: VecDeque<String>,
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
        let sync = std::env::var_os(SYNC_VARIABLE).is_some_and(|value| value == "1");
        if sync {
            sync_above(&path);
        }
        let scratch = Scratch::new(&base, &path, sync);
        Ok(FileStore {
            path,
            directory: Some(directory),
            lock: Some(lock),
            scratch,
            sync,
            lent: HashMap::new(),
            traffic: Traffic::new(),
            unremoved: VecDeque::new(),
        })
    }

    /// The directory of the records.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn directory(&self) -> io::Result<&Access> {
        self.directory.as_ref().ok_or_else(closed)
    }

    /// Another process may have taken over the directory since this one was forked, or may still have it: the child of
    /// a program that becomes a daemon goes on with its store, as with the original.
    fn renew_inherited_lock(&mut self) {
        if self.lock.as_ref().is_none_or(DirectoryLock::is_own) {
            return;
        }
        // The files are those of the process that this one was forked from.
        self.lent.clear();
        let directory = self.directory();
        let lock = directory.and_then(|directory| directory.with(DirectoryLock::try_new));
        if let Ok(Some(lock)) = lock {
            self.lock = Some(lock);
        }
    }

    fn write(&mut self, name: &str, parts: &[&[u8]]) -> io::Result<()> {
        let directory = self.directory.as_ref().ok_or_else(closed)?;
        let (at, entry) = directory.entry(name);
        let is_new = self.sync && !is_regular(at, &entry);
        let lend = self.traffic.is_dense() && self.is_sole();
        let spare = self.scratch.write(at, &entry, parts, lend)?;
        if let Err(error) = self.sync_directory() {
            // Nobody has promised to keep it.
            if is_new && self.unlink(name).is_err() {
                self.unremoved.push_back(name.to_owned());
            }
            spare
                .into_iter()
                .for_each(|spare| self.scratch.discard(spare));
            return Err(error);
        }
        let replaced = match spare {
            Some(spare) => self.lent.insert(name.to_owned(), spare),
            None => self.lent.remove(name),
        };
        // It may have been moved instead.
        self.discard(replaced);
        Ok(())
    }

    /// A PUBREL's record counts by its name: on a full disk without anything in it, for the messages that fill the disk
    /// could not be finished otherwise, and their records never be removed.
    fn create_empty(&self, name: &str) -> io::Result<()> {
        let flags = OFlags::CREATE | OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let (at, entry) = self.directory()?.entry(name);
        let file = rustix::fs::openat(at, &*entry, flags, FILE_MODE)?;
        if self.sync {
            File::from(file).sync_all()?;
        }
        self.sync_directory()
    }

    fn discard(&mut self, spare: Option<Spare>) {
        spare
            .into_iter()
            .for_each(|spare| self.scratch.discard(spare));
    }

    fn is_sole(&self) -> bool {
        self.lock.as_ref().is_some_and(DirectoryLock::is_sole)
    }

    fn unlink(&self, name: &str) -> io::Result<()> {
        let (at, entry) = self.directory()?.entry(name);
        Ok(rustix::fs::unlinkat(at, &*entry, AtFlags::empty())?)
    }

    /// Files to be filled again go; those that are records stay that.
    fn clear_scratch(&mut self) {
        if !self.scratch.is_clear() {
            self.lent
                .drain()
                .for_each(|(_, spare)| self.scratch.discard(spare));
            self.scratch.clear();
        }
    }

    fn sync_directory(&self) -> io::Result<()> {
        match self.sync {
            true => self.directory()?.with(File::sync_all),
            false => Ok(()),
        }
    }

    fn take_away(&mut self, name: &str) -> io::Result<()> {
        let spare = self.lent.remove(name);
        let removed = self.unlink(name).and_then(|()| self.sync_directory());
        match spare {
            // Another store may have given it a name that is not known here.
            Some(spare) if removed.is_ok() && self.is_sole() => self.scratch.give_back(spare),
            // Somebody else may have moved it, or it is still there.
            spare => self.discard(spare),
        }
        match removed {
            Err(error) if is_gone(&error) => Ok(()),
            removed => removed,
        }
    }

    /// Removes what could not be removed before. `name` is about to be written or removed anyway.
    fn retry_removals(&mut self, name: &str) {
        if self.unremoved.is_empty() {
            return;
        }
        self.unremoved.retain(|other| other != name);
        for _ in 0..self.unremoved.len().min(RETRIES) {
            let Some(other) = self.unremoved.pop_front() else {
                return;
            };
            if self.take_away(&other).is_err() {
                self.unremoved.push_back(other);
            }
        }
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let directory = self.directory()?;
        let entries = match directory.with(|directory| Ok(Dir::read_from(directory)?)) {
            // Somebody has removed the directory.
            Err(error) if is_gone(&error) => return Ok(Vec::new()),
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
                FileType::Unknown => {
                    let (at, entry) = directory.entry(name);
                    is_regular(at, &entry)
                }
                file_type => file_type == FileType::RegularFile,
            };
            if is_file {
                keys.push(key.to_owned());
            }
        }
        Ok(keys)
    }

    fn read_record(&self, key: &str, name: &str) -> io::Result<Vec<u8>> {
        // Neither a symbolic link nor a wait for the other end of a pipe.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let (at, entry) = self.directory()?.entry(name);
        let file = rustix::fs::openat(at, &*entry, flags, Mode::empty())?;
        let mut file = File::from(file);
        let length = file.metadata()?.len();
        let mut record = Vec::new();
        file.by_ref().take(HEAD).read_to_end(&mut record)?;
        if length > HEAD {
            let key = Key::parse(key);
            if key.is_none_or(|key| !record::may_be_this_long(key, &record, length)) {
                // No record, however much of it is read: as good as an empty one.
                return Ok(Vec::new());
            }
            file.take(length - HEAD).read_to_end(&mut record)?;
        }
        Ok(record)
    }

    /// Moves a directory aside that has the name of a record, which could never be written otherwise.
    fn clear_way(&self, name: &str) -> bool {
        let moved = self.move_aside(name);
        if moved.is_ok() {
            trace!(Level::Error, "{name} is a directory and set aside");
        }
        moved.is_ok()
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
        let (at, entry) = self.directory()?.entry(name);
        Ok(rustix::fs::renameat(at, &*entry, CWD, &target)?)
    }
}

impl Store for FileStore {
    fn put(&mut self, key: &str, parts: &[&[u8]]) -> Result<(), StoreError> {
        let name = file_name(key)?;
        self.renew_inherited_lock();
        self.retry_removals(&name);
        self.traffic.note(Instant::now());
        let mut result = self.write(&name, parts);
        if result.as_ref().is_err_and(is_gone) {
            // Another store of the same client has removed the directory, empty as it was.
            result = open_locked(&self.path, Duration::ZERO).and_then(|(directory, lock)| {
                self.directory = Some(directory);
                self.lock = Some(lock);
                self.write(&name, parts)
            });
        }
        if result.as_ref().is_err_and(is_directory) && self.clear_way(&name) {
            result = self.write(&name, parts);
        }
        let pubrel = matches!(Key::parse(key), Some(Key::PubRel { .. }));
        if pubrel && result.as_ref().is_err_and(is_full) {
            result = self.create_empty(&name);
        }
        if !self.traffic.is_dense() {
            self.clear_scratch();
        }
        result.map_err(|error| failed("write", &self.path.join(name), error))
    }

    fn get(&mut self, key: &str) -> Result<Vec<u8>, StoreError> {
        let name = file_name(key)?;
        self.read_record(key, &name)
            .map_err(|error| failed("read", &self.path.join(name), error))
    }

    fn remove(&mut self, key: &str) -> Result<(), StoreError> {
        let name = file_name(key)?;
        self.renew_inherited_lock();
        self.retry_removals(&name);
        self.take_away(&name).map_err(|error| {
            self.unremoved.push_back(name.clone());
            failed("remove", &self.path.join(name), error)
        })
    }

    /// The names of the regular files that end in `.msg`, without that.
    fn keys(&mut self) -> Result<Vec<String>, StoreError> {
        self.list()
            .map_err(|error| failed("list", &self.path, error))
    }

    fn contains_key(&mut self, key: &str) -> bool {
        match (self.directory(), file_name(key)) {
            (Ok(directory), Ok(name)) => {
                let (at, entry) = directory.entry(&name);
                is_regular(at, &entry)
            }
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
        self.retry_removals("");
        self.clear_scratch();
        if self.directory.take().is_some() {
            // A forked child does not take away what its parent goes on with.
            if self.lock.as_ref().is_some_and(DirectoryLock::is_own) {
                let _ = rustix::fs::rmdir(&self.path);
            }
            self.lock = None;
        }
    }

    fn may_last(&self) -> bool {
        self.sync
    }

    fn set_attended(&mut self, attended: bool) {
        self.scratch.keep_files_open(attended);
        if !attended {
            self.rest();
        }
    }

    fn rests_at(&self) -> Option<Instant> {
        let open = self.scratch.has_open_files();
        self.traffic.calm_at().filter(|_| open)
    }

    fn rest(&mut self) {
        self.scratch.close_files(self.lent.values_mut());
    }

    fn set_aside(&mut self, key: &str) -> Result<(), StoreError> {
        let name = file_name(key)?;
        self.move_aside(&name)
            .map_err(|error| failed("set aside", &self.path.join(name), error))
    }
}

fn file_name(key: &str) -> Result<String, StoreError> {
    if key.contains(['/', '\0']) {
        return Err(StoreError::new(format!("{key:?} is no key of a record")));
    }
    Ok(format!("{key}{SUFFIX}"))
}

fn is_regular(at: BorrowedFd<'_>, entry: &Path) -> bool {
    rustix::fs::statat(at, entry, AtFlags::SYMLINK_NOFOLLOW)
        .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile)
}

fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

fn is_directory(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::IsADirectory
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded
    )
}

fn closed() -> io::Error {
    io::Error::other("the store is closed")
}

fn failed(action: &str, path: &Path, error: io::Error) -> StoreError {
    StoreError::new(format!("cannot {action} {}: {error}", path.display()))
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "file_spare_tests.rs"]
mod spare_tests;
