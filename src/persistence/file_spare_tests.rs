//! Files that are filled again, and those that could not be removed.

use std::fs;
use std::os::unix::fs::MetadataExt;

use tempfile::TempDir;

use super::tests::{base, names, open, temporary};
use super::*;
use crate::persistence::traffic::DENSE;

/// As if it had written so many records that it keeps the files of further ones.
fn make_dense(store: &mut FileStore) {
    store.put("s-1", &[b"x"]).unwrap();
    store.traffic = Traffic::dense_for_ever();
}

fn inode(path: &Path) -> u64 {
    fs::metadata(path).unwrap().ino()
}

#[test]
fn a_few_records_leave_no_trace_beside_the_directory() {
    let base = base();
    let mut store = open(&base);
    for id in 1..DENSE / 4 {
        store.put(&format!("s-{id}"), &[b"message"]).unwrap();
        store.put(&format!("s-{}", id + 1), &[b"next"]).unwrap();
        store.remove(&format!("s-{id}")).unwrap();
    }
    assert_eq!(names(base.path()), ["cid-127.0.0.1-1883"]);
}

#[test]
fn a_busy_store_fills_files_again_and_keeps_none_when_it_is_calm() {
    let base = base();
    let mut store = open(&base);
    make_dense(&mut store);
    let path = store.path().to_owned();
    let mut file = 0;
    for (old, new) in [
        (&b"a long record"[..], &b"short"[..]),
        (b"short", b"a longer one"),
        (b"", b"x"),
        (b"x", b""),
    ] {
        store.put("s-100", &[old]).unwrap();
        file = inode(&path.join("s-100.msg"));
        store.remove("s-100").unwrap();
        assert!(!store.contains_key("s-100"));
        store.put("s-101", &[new]).unwrap();
        assert_eq!(inode(&path.join("s-101.msg")), file);
        assert_eq!(store.get("s-101").unwrap(), new);
        store.put("s-101", &[b"again"]).unwrap();
        assert_eq!(store.get("s-101").unwrap(), b"again");
        store.remove("s-101").unwrap();
    }
    assert!(file != 0 && temporary(&base).exists());
    store.traffic = Traffic::new();
    store.put("s-1", &[b"x"]).unwrap();
    store.remove("s-1").unwrap();
    assert_eq!(names(&path), [""; 0]);
    assert_eq!(names(base.path()), ["cid-127.0.0.1-1883"]);
    make_dense(&mut store);
    store.put("s-100", &[b"x"]).unwrap();
    store.remove("s-100").unwrap();
    assert!(temporary(&base).exists());
    store.clear().unwrap();
    store.close();
    assert_eq!(names(base.path()), [""; 0]);
}

#[test]
fn a_spare_file_that_somebody_removed_is_not_missed() {
    let base = base();
    let mut store = open(&base);
    make_dense(&mut store);
    for whole_directory in [false, true] {
        store.put("s-100", &[b"old"]).unwrap();
        store.remove("s-100").unwrap();
        for own in fs::read_dir(temporary(&base)).unwrap() {
            let own = own.unwrap().path();
            names(&own)
                .iter()
                .for_each(|name| fs::remove_file(own.join(name)).unwrap());
            if whole_directory {
                fs::remove_dir(own).unwrap();
            }
        }
        store.put("s-100", &[b"new"]).unwrap();
        assert_eq!(store.get("s-100").unwrap(), b"new");
        store.put("s-100", &[b"newer"]).unwrap();
        assert_eq!(store.get("s-100").unwrap(), b"newer");
        store.remove("s-100").unwrap();
    }
}

#[test]
fn what_became_of_a_record_that_somebody_moved_is_not_touched() {
    let base = base();
    let mut store = open(&base);
    make_dense(&mut store);
    let moved = base.path().join("moved");
    store.put("s-100", &[b"moved"]).unwrap();
    fs::rename(store.path().join("s-100.msg"), &moved).unwrap();
    store.remove("s-100").unwrap();
    store.put("s-101", &[b"other"]).unwrap();
    assert_eq!(fs::read(&moved).unwrap(), b"moved");
    assert_eq!(store.get("s-101").unwrap(), b"other");
}

#[test]
fn records_outlast_the_time_and_the_client_in_which_they_were_written() {
    let base = base();
    let mut store = open(&base);
    make_dense(&mut store);
    store.put("s-100", &[b"first"]).unwrap();
    store.traffic = Traffic::new();
    store.put("s-101", &[b"second"]).unwrap();
    assert_eq!(names(base.path()), ["cid-127.0.0.1-1883"]);
    store.traffic = Traffic::dense_for_ever();
    store.put("s-102", &[b"third"]).unwrap();
    store.remove("s-100").unwrap();
    store.put("s-103", &[b"fourth"]).unwrap();
    store.close();
    assert_eq!(names(base.path()), ["cid-127.0.0.1-1883"]);
    let mut store = open(&base);
    for (key, record) in [("s-101", "second"), ("s-102", "third"), ("s-103", "fourth")] {
        assert_eq!(store.get(key).unwrap(), record.as_bytes());
    }
    assert!(!store.contains_key("s-100"));
}

/// Descriptors of this process that lead to somewhere below `directory`'s unfinished files.
fn open_files(base: &TempDir) -> usize {
    let own = temporary(base);
    let descriptors = fs::read_dir("/proc/self/fd").unwrap();
    let files = descriptors.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
    let files = files.filter(|path| path.starts_with(&own) && !path.is_dir());
    files.count()
}

#[test]
fn files_stay_open_only_while_somebody_sees_to_it_that_they_are_closed() {
    let base = base();
    let mut store = open(&base);
    make_dense(&mut store);
    store.put("s-100", &[b"x"]).unwrap();
    assert_eq!((open_files(&base), store.rests_at()), (0, None));
    store.set_attended(true);
    for (key, record) in [("s-101", "a record"), ("s-102", "a longer record")] {
        store.put(key, &[record.as_bytes()]).unwrap();
    }
    store.remove("s-102").unwrap();
    for (key, record) in [
        ("s-103", "short"),
        ("s-104", ""),
        ("s-105", "another record"),
    ] {
        store.put(key, &[record.as_bytes()]).unwrap();
        assert_eq!(store.get(key).unwrap(), record.as_bytes());
        store.remove(key).unwrap();
    }
    assert_eq!(open_files(&base), 2);
    store.traffic = Traffic::new();
    store.traffic.note(Instant::now());
    assert!(store.rests_at().is_some());
    store.rest();
    assert_eq!((open_files(&base), store.rests_at()), (0, None));
    assert_eq!(store.get("s-101").unwrap(), b"a record");
    store.traffic = Traffic::dense_for_ever();
    store.put("s-106", &[b"x"]).unwrap();
    assert_eq!(open_files(&base), 1);
    store.set_attended(false);
    assert_eq!(open_files(&base), 0);
}

/// What another store of the process has moved is the same file still.
#[test]
fn files_that_another_store_may_have_moved_are_not_filled_again() {
    let base = base();
    let (mut store, mut other) = (open(&base), open(&base));
    make_dense(&mut store);
    store.put("s-100", &[b"x"]).unwrap();
    other.set_aside("s-100").unwrap();
    other.put("s-100", &[b"another record"]).unwrap();
    other.close();
    store.remove("s-100").unwrap();
    store.put("s-101", &[b"new"]).unwrap();
    assert_eq!(store.get("s-101").unwrap(), b"new");
    let mut aside = store.path().as_os_str().to_owned();
    aside.push(".damaged/s-100.msg");
    assert_eq!(fs::read(aside).unwrap(), b"x");
}

#[test]
fn a_directory_that_is_removed_beside_spare_files_comes_back() {
    let base = base();
    let mut store = open(&base);
    make_dense(&mut store);
    store.put("s-100", &[b"x"]).unwrap();
    store.remove("s-100").unwrap();
    fs::remove_dir_all(store.path()).unwrap();
    store.put("s-101", &[b"new"]).unwrap();
    assert_eq!(store.keys().unwrap(), ["s-101"]);
    store.remove("s-1").unwrap();
    store.remove("s-101").unwrap();
    store.close();
    assert_eq!(names(base.path()), [""; 0]);
}

/// A PUBREL's record of an earlier message would tell that the new one is done with.
#[test]
fn a_file_that_could_not_be_removed_is_removed_with_the_next_operation() {
    let base = base();
    let mut store = open(&base);
    let path = store.path().join("sc-1.msg");
    // A directory in its place cannot be unlinked, not even by root.
    fs::create_dir(&path).unwrap();
    assert!(store.remove("sc-1").is_err());
    fs::remove_dir(&path).unwrap();
    fs::write(&path, "\x62\x02\0\x01").unwrap();
    store.put("s-1", &[b"new"]).unwrap();
    assert_eq!(store.keys().unwrap(), ["s-1"]);

    fs::remove_file(store.path().join("s-1.msg")).unwrap();
    fs::create_dir(store.path().join("s-1.msg")).unwrap();
    assert!(store.remove("s-1").is_err());
    fs::remove_dir(store.path().join("s-1.msg")).unwrap();
    store.put("s-1", &[b"newer"]).unwrap();
    store.put("s-2", &[b"other"]).unwrap();
    assert_eq!(store.get("s-1").unwrap(), b"newer", "it is not the old one");
}
