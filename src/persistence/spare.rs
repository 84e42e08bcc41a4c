//! Files that are filled again and again with one record after the other, and which of them stay open.

use std::fs::File;
use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};

/// So many of them all stores of a process keep open as long as records come.
const MAX_OPEN_FILES: usize = 64;

/// A file to be filled again and again, with the length of what is in it. Only when nothing else leads to it is it a spare
/// one.
#[derive(Debug)]
pub(super) struct Spare {
    /// Its name in the store's own directory.
    pub(super) number: u64,
    /// In bytes.
    pub(super) length: u64,
    pub(super) file: Option<OpenFile>,
}

/// One of those that a process has open.
#[derive(Debug)]
pub(super) struct OpenFile(File);

/// How many there are.
static OPEN_FILES: AtomicUsize = AtomicUsize::new(0);

impl OpenFile {
    pub(super) fn new(file: File) -> OpenFile {
        OPEN_FILES.fetch_add(1, Ordering::Relaxed);
        OpenFile(file)
    }

    /// Whether it is not one too many.
    pub(super) fn may_stay_open(&self) -> bool {
        OPEN_FILES.load(Ordering::Relaxed) <= MAX_OPEN_FILES
    }
}

impl Deref for OpenFile {
    type Target = File;

    fn deref(&self) -> &File {
        &self.0
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        OPEN_FILES.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Takes the one of `files` to which `length` bytes fit best: they should cover what is in it, and an open one is less work.
pub(super) fn take_best(files: &mut Vec<Spare>, length: u64) -> Option<Spare> {
    let fits = |spare: &Spare| {
        let difference = spare.length.abs_diff(length);
        (spare.length > length, difference, spare.file.is_none())
    };
    let spares = || files.iter().enumerate().rev();
    let best = spares()
        .find(|(_, spare)| spare.length == length && spare.file.is_some())
        .or_else(|| spares().min_by_key(|(_, spare)| fits(spare)));
    let (index, _) = best?;
    Some(files.swap_remove(index))
}
