//! Where records come into being: a file is filled outside the store's directory, or without a name, and gets its
//! record's name when it is whole.
//!
//! To create a file and to remove it again costs most of what a record costs. So a store with much traffic has files of
//! its own: it fills one, gives it the record's name beside its own one, takes that name away again with the record, and
//! fills it with the next one. A second name costs half of what it costs to move a file. They lie in a directory of the
//! store's own, in one of the user's in the base directory and so on the same file system, and go when the traffic or the
//! client does.

use std::fs::File;
use std::io::{self, IoSlice};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;

use super::own_directory::{OwnDirectory, create_own_directory, remove_remains};
use super::spare::{OpenFile, Spare, take_best};
use crate::process_lock::generation;

/// Mode of records, before the umask.
pub(super) const FILE_MODE: Mode = Mode::from_raw_mode(0o666);

/// How file systems say that a file cannot have a second name, or not there.
const LINKS_UNKNOWN: [Errno; 4] = [Errno::PERM, Errno::XDEV, Errno::NOSYS, Errno::OPNOTSUPP];

/// How they say that nothing can be made in a directory, or moved from it to the records.
const UNUSABLE: [Errno; 5] = [
    Errno::ACCESS,
    Errno::PERM,
    Errno::ROFS,
    Errno::XDEV,
    Errno::NOTDIR,
];

/// Files to be filled again and again. A QoS 2 message has two records for a while, and a file system may search long for
/// room for a new file after many were removed.
const MAX_SPARES: usize = 256;

/// Longer records have files of their own.
const MAX_SPARE_LENGTH: u64 = 16 * 1024;

/// The unfinished and the spare files of one store.
#[derive(Debug)]
pub(super) struct Scratch {
    /// The user's directory in the base directory. No store can have this name, which would have a `-`.
    parent: PathBuf,
    /// Another one among the records, for a base directory that cannot be used: one that may not be written to, or on
    /// another file system than the records. No record is a directory, so it does not disturb the original.
    other_parent: PathBuf,
    own: Option<OwnDirectory>,
    /// The process that uses it, as [`generation`] tells.
    generation: u32,
    spares: Vec<Spare>,
    /// Further ones, which are records now.
    lent: usize,
    next_number: u64,
    /// Whether a file can have two names.
    links: bool,
    keep_open: bool,
    has_open: bool,
    /// Whether files without a name can be made, which leave nothing behind in a crash; not every file system has them.
    unnamed_files: bool,
    /// Whether a record is on the disk before it counts.
    sync: bool,
}

impl Scratch {
    /// Nothing is created before it is needed; what processes that died have left is removed.
    pub(super) fn new(base: &Path, records: &Path, sync: bool) -> Scratch {
        let user = rustix::process::geteuid().as_raw();
        let name = format!(".mqtt3c.tmp.{user}");
        let parent = base.join(&name);
        let other_parent = records.join(&name);
        remove_remains(&parent);
        remove_remains(&other_parent);
        Scratch {
            parent,
            other_parent,
            own: None,
            generation: generation(),
            spares: Vec::new(),
            lent: 0,
            next_number: 0,
            links: true,
            keep_open: false,
            has_open: false,
            unnamed_files: true,
            sync,
        }
    }

    /// Writes a record, replacing what has its name. `lend`: into a file to be filled again, if that can be; it is
    /// to be given back then, or discarded.
    pub(super) fn write(
        &mut self,
        records: BorrowedFd<'_>,
        name: &Path,
        parts: &[&[u8]],
        lend: bool,
    ) -> io::Result<Option<Spare>> {
        self.forget_inherited();
        let result = self.write_from_parent(records, name, parts, lend);
        let unusable =
            |error| Errno::from_io_error(error).is_some_and(|error| UNUSABLE.contains(&error));
        if !result.as_ref().is_err_and(unusable) {
            return result;
        }
        self.change_parent();
        let other_result = self.write_from_parent(records, name, parts, lend);
        if other_result.is_err() {
            self.change_parent();
            return result;
        }
        other_result
    }

    fn change_parent(&mut self) {
        self.clear();
        std::mem::swap(&mut self.parent, &mut self.other_parent);
    }

    fn write_from_parent(
        &mut self,
        records: BorrowedFd<'_>,
        name: &Path,
        parts: &[&[u8]],
        lend: bool,
    ) -> io::Result<Option<Spare>> {
        if lend && self.links {
            if let Ok(lent) = self.write_linked(records, name, parts) {
                return Ok(lent);
            }
        }
        if self.unnamed_files && self.write_unnamed(records, name, parts).is_ok() {
            return Ok(None);
        }
        self.write_named(records, name, parts)?;
        // The other way may work where the first does not.
        self.unnamed_files = false;
        Ok(None)
    }

    /// The file of a removed record can be filled again: nothing but its own name leads to it.
    pub(super) fn give_back(&mut self, spare: Spare) {
        self.forget_inherited();
        self.lent = self.lent.saturating_sub(1);
        if self.own.is_some() {
            self.spares.push(spare);
        }
    }

    /// Whether files that are written stay open for the next record, until [`close_files`](Self::close_files).
    pub(super) fn keep_files_open(&mut self, keep: bool) {
        self.keep_open = keep;
    }

    /// Whether a file may be open.
    pub(super) fn has_open_files(&self) -> bool {
        self.has_open
    }

    /// Closes the files of `lent`, which are all that are records now, and those that are not.
    pub(super) fn close_files<'a>(&mut self, lent: impl Iterator<Item = &'a mut Spare>) {
        lent.for_each(|spare| spare.file = None);
        self.spares.iter_mut().for_each(|spare| spare.file = None);
        self.has_open = false;
    }

    /// A record's file, if it still is one, stays the record's alone.
    pub(super) fn discard(&mut self, spare: Spare) {
        self.forget_inherited();
        self.lent = self.lent.saturating_sub(1);
        self.remove(spare.number);
    }

    /// Whether there is nothing to [`clear`](Self::clear).
    pub(super) fn is_clear(&self) -> bool {
        self.own.is_none()
    }

    /// Removes the spare files and the directory they lie in. The others are to be discarded before.
    pub(super) fn clear(&mut self) {
        self.forget_inherited();
        let Some(own) = self.own.take() else {
            return;
        };
        for spare in self.spares.drain(..) {
            let _ =
                rustix::fs::unlinkat(&own.descriptor, file_name(spare.number), AtFlags::empty());
        }
        let _ = rustix::fs::rmdir(self.parent.join(&own.name));
        // It is the user's: other stores may be using it.
        let _ = rustix::fs::rmdir(&self.parent);
    }

    /// What was there before a fork is the parent's.
    fn forget_inherited(&mut self) {
        if self.generation != generation() {
            self.generation = generation();
            self.own = None;
            self.spares.clear();
            self.lent = 0;
        }
    }

    /// Fills a file in the store's own directory and gives it the record's name beside its own.
    fn write_linked(
        &mut self,
        records: BorrowedFd<'_>,
        name: &Path,
        parts: &[&[u8]],
    ) -> io::Result<Option<Spare>> {
        let length = parts.iter().map(|part| part.len() as u64).sum();
        if length > MAX_SPARE_LENGTH {
            return Err(Errno::FBIG.into());
        }
        let mut spare = self.open_spare(length)?;
        let linked = self.fill(&mut spare, parts).and_then(|()| {
            let own = &self.own.as_ref().ok_or(Errno::NOENT)?.descriptor;
            let path = file_name(spare.number);
            match rustix::fs::linkat(own, &path, records, name, AtFlags::empty()) {
                // A link cannot replace a record, a renamed file can.
                Err(Errno::EXIST) => {
                    rustix::fs::renameat(own, &path, records, name)?;
                    Ok(false)
                }
                Err(error) => {
                    self.links = !LINKS_UNKNOWN.contains(&error);
                    Err(error.into())
                }
                Ok(()) => Ok(true),
            }
        });
        match linked {
            Ok(true) => {
                self.lent += 1;
                Ok(Some(spare))
            }
            Ok(false) => Ok(None),
            Err(error) => {
                self.remove(spare.number);
                Err(error)
            }
        }
    }

    /// A spare file, made if there is none.
    fn open_spare(&mut self, length: u64) -> io::Result<Spare> {
        if let Some(spare) = take_best(&mut self.spares, length) {
            return Ok(spare);
        }
        if self.lent >= MAX_SPARES {
            return Err(Errno::NFILE.into());
        }
        let (number, file) = self.create_file()?;
        let file = Some(OpenFile::new(file));
        Ok(Spare {
            number,
            length: 0,
            file,
        })
    }

    fn fill(&mut self, spare: &mut Spare, parts: &[&[u8]]) -> io::Result<()> {
        let file = match spare.file.take() {
            Some(file) => file,
            None => {
                let own = &self.own.as_ref().ok_or(Errno::NOENT)?.descriptor;
                let flags = OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
                let path = file_name(spare.number);
                OpenFile::new(File::from(rustix::fs::openat(
                    own,
                    path,
                    flags,
                    Mode::empty(),
                )?))
            }
        };
        let written = write_parts(&file, parts)?;
        if spare.length > written {
            file.set_len(written)?;
        }
        spare.length = written;
        self.synchronise(&file)?;
        if self.keep_open && file.may_stay_open() {
            spare.file = Some(file);
            self.has_open = true;
        }
        Ok(())
    }

    /// Fills a file without a name and then links it to its own.
    fn write_unnamed(
        &mut self,
        records: BorrowedFd<'_>,
        name: &Path,
        parts: &[&[u8]],
    ) -> io::Result<()> {
        let above = name.parent().filter(|path| *path != Path::new(""));
        let directory = above.unwrap_or(Path::new("."));
        let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(records, directory, flags, FILE_MODE)?);
        write_parts(&file, parts)?;
        self.synchronise(&file)?;
        let unnamed = format!("/proc/self/fd/{}", file.as_raw_fd());
        let follow = AtFlags::SYMLINK_FOLLOW;
        match rustix::fs::linkat(CWD, &unnamed, records, name, follow) {
            // A link cannot replace a record, a renamed file can.
            Err(Errno::EXIST) => {
                let (number, ()) = self.create(|own, path| {
                    Ok(rustix::fs::linkat(CWD, &unnamed, own, path, follow)?)
                })?;
                self.rename_to_record(number, records, name)
            }
            result => Ok(result?),
        }
    }

    /// Fills a new file in the store's own directory and then renames it.
    fn write_named(
        &mut self,
        records: BorrowedFd<'_>,
        name: &Path,
        parts: &[&[u8]],
    ) -> io::Result<()> {
        let (number, file) = self.create_file()?;
        if let Err(error) = write_parts(&file, parts).and_then(|_| self.synchronise(&file)) {
            self.remove(number);
            return Err(error);
        }
        self.rename_to_record(number, records, name)
    }

    fn rename_to_record(
        &self,
        number: u64,
        records: BorrowedFd<'_>,
        name: &Path,
    ) -> io::Result<()> {
        let own = &self.own.as_ref().ok_or(Errno::NOENT)?.descriptor;
        rustix::fs::renameat(own, file_name(number), records, name).map_err(|error| {
            self.remove(number);
            error.into()
        })
    }

    fn remove(&self, number: u64) {
        if let Some(own) = &self.own {
            let _ = rustix::fs::unlinkat(&own.descriptor, file_name(number), AtFlags::empty());
        }
    }

    fn synchronise(&self, file: &File) -> io::Result<()> {
        match self.sync {
            true => file.sync_all(),
            false => Ok(()),
        }
    }

    fn create_file(&mut self) -> io::Result<(u64, File)> {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        self.create(|own, path| Ok(File::from(rustix::fs::openat(own, path, flags, FILE_MODE)?)))
    }

    /// Calls `create` with the own directory, made if need be, and an unused name in it.
    fn create<T>(
        &mut self,
        mut create: impl FnMut(BorrowedFd<'_>, &str) -> io::Result<T>,
    ) -> io::Result<(u64, T)> {
        let number = self.next_number;
        self.next_number += 1;
        let name = file_name(number);
        let known = self.own.is_some();
        let own = match self.own.take() {
            Some(own) => own,
            None => create_own_directory(&self.parent)?,
        };
        let result = create(own.descriptor.as_fd(), &name);
        self.own = Some(own);
        match result {
            // Somebody has cleaned up here, or the record to move is not there: with a new directory the second is left.
            Err(error) if known && error.kind() == io::ErrorKind::NotFound && self.is_removed() => {
                self.own = None;
                self.spares.clear();
                self.create(create)
            }
            result => Ok((number, result?)),
        }
    }

    fn is_removed(&self) -> bool {
        let own = self
            .own
            .as_ref()
            .map(|own| rustix::fs::fstat(&own.descriptor));
        matches!(own, Some(Ok(status)) if status.st_nlink == 0)
    }
}

fn file_name(number: u64) -> String {
    number.to_string()
}

/// Writes all parts at the beginning and returns how many bytes they have.
pub(super) fn write_parts(file: &File, parts: &[&[u8]]) -> io::Result<u64> {
    let mut slices: Vec<IoSlice<'_>> = parts.iter().map(|part| IoSlice::new(part)).collect();
    let mut slices = slices.as_mut_slice();
    let mut written = 0;
    // Drops empty parts at the front, so that 0 bytes written mean no progress.
    IoSlice::advance_slices(&mut slices, 0);
    while !slices.is_empty() {
        match rustix::io::pwritev(file, slices, written) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => {
                written += count as u64;
                IoSlice::advance_slices(&mut slices, count);
            }
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(written)
}

#[cfg(test)]
#[path = "scratch_tests.rs"]
mod tests;
