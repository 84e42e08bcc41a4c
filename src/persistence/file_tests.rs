use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};

use tempfile::TempDir;

use rustix::fs::FlockOperation;
use rustix::io::Errno;

use super::*;

pub(super) fn base() -> TempDir {
    tempfile::tempdir().unwrap()
}

pub(super) fn open(base: &TempDir) -> FileStore {
    FileStore::open(Some(base.path()), b"cid", b"127.0.0.1:1883").unwrap()
}

/// The names in a directory, sorted.
pub(super) fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Where the user's unfinished files are.
pub(super) fn temporary(base: &TempDir) -> PathBuf {
    let user = rustix::process::geteuid().as_raw();
    base.path().join(format!(".mqtt3c.tmp.{user}"))
}

fn umask() -> u32 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("Umask:"));
    u32::from_str_radix(line.unwrap().trim(), 8).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn directories_have_the_originals_names() {
    let base = base();
    for (client, address, expected) in [
        ("cid", "127.0.0.1:1883", "cid-127.0.0.1-1883"),
        ("a:b", "[::1]:1883", "a:b-[--1]-1883"),
        ("cc", "h:80/p/q", "cc-h-80/p/q"),
        ("cid", "h", "cid-h"),
        ("x/y", "h:80", "x/y-h-80"),
        ("q", "", "q-"),
        ("a b", "h", "a b-h"),
        ("/abs", "h", "abs-h"),
        ("d//e", "h", "d/e-h"),
        ("..f", "h", "..f-h"),
    ] {
        let store = FileStore::open(Some(base.path()), client.as_bytes(), address.as_bytes());
        let store = store.unwrap();
        assert!(base.path().join(expected).is_dir(), "{expected}");
        assert!(store.path().starts_with(base.path()));
    }
}

#[test]
fn a_name_that_leads_elsewhere_is_refused_and_leaves_nothing() {
    let base = base();
    for (client, address) in [
        ("../x", "h"),
        ("a/../b", "h"),
        ("a/..", "h/.."),
        ("cid", "h/../x"),
        ("a\\b", "h"),
        ("", "h"),
        ("a\0b", "h"),
    ] {
        let store = FileStore::open(Some(base.path()), client.as_bytes(), address.as_bytes());
        assert!(store.is_err(), "{client}");
    }
    assert_eq!(names(base.path()), [""; 0]);
}

#[test]
fn missing_levels_of_the_base_are_created_with_the_originals_mode() {
    let base = base();
    let deep = base.path().join("a//b/");
    let mut store = FileStore::open(Some(&deep), b"c", b"h").unwrap();
    store.put("s-1", &[b"x"]).unwrap();
    for directory in ["a", "a/b", "a/b/c-h"] {
        assert_eq!(mode(&base.path().join(directory)), 0o740 & !umask());
    }
    assert_eq!(mode(&base.path().join("a/b/c-h/s-1.msg")), 0o666 & !umask());
    store.put("s-1", &[b"y"]).unwrap();
    assert_eq!(mode(&base.path().join("a/b/c-h/s-1.msg")), 0o666 & !umask());
}

#[test]
fn a_file_in_the_way_fails_and_is_named_in_the_text() {
    let base = base();
    fs::write(base.path().join("cid-h"), "").unwrap();
    let error = FileStore::open(Some(base.path()), b"cid", b"h").unwrap_err();
    assert!(error.text.contains("cid-h"), "{error}");
    assert!(error.text.contains("Not a directory"), "{error}");
    let below = FileStore::open(Some(&base.path().join("cid-h")), b"cid", b"h");
    assert!(below.is_err());
}

#[test]
fn a_record_is_the_parts_joined_and_is_replaced_by_the_next() {
    let base = base();
    let mut store = open(&base);
    let record = [
        &b"\x33\x0e"[..],
        b"\x00\x05",
        b"t/one",
        b"",
        b"\x00\x01",
        b"hello",
    ];
    store.put("s-1", &record).unwrap();
    let path = store.path().join("s-1.msg");
    assert_eq!(
        fs::read(&path).unwrap(),
        b"\x33\x0e\x00\x05t/one\x00\x01hello"
    );
    store.put("s-1", &[b"\x3b"]).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"\x3b");
    store.put("s-2", &[]).unwrap();
    store.put("s-3", &[b"", b""]).unwrap();
    assert_eq!(store.get("s-2").unwrap(), b"");
    assert_eq!(names(store.path()), ["s-1.msg", "s-2.msg", "s-3.msg"]);
    assert!(store.contains_key("s-1"));

    store.remove("s-1").unwrap();
    store.remove("s-1").unwrap();
    assert!(!store.contains_key("s-1"));
    assert!(store.get("s-1").unwrap_err().text.contains("s-1.msg"));
}

#[test]
fn many_parts_are_written_whole() {
    let base = base();
    let mut store = open(&base);
    let parts = vec![&b"part"[..]; 3000];
    store.put("q-1", &parts).unwrap();
    assert!(fs::read(store.path().join("q-1.msg")).unwrap() == parts.concat());
}

#[test]
fn a_write_that_fails_leaves_the_old_record_and_no_remains() {
    let base = base();
    let mut store = open(&base);
    store.put("s-1", &[b"old"]).unwrap();
    // Files where the temporary directories would be.
    let temporary = temporary(&base);
    let other = store.path().join(temporary.file_name().unwrap());
    fs::write(&temporary, "").unwrap();
    fs::write(&other, "").unwrap();
    assert!(store.put("s-1", &[b"new"]).is_err());
    assert_eq!(store.get("s-1").unwrap(), b"old");
    fs::remove_file(&other).unwrap();
    assert_eq!(names(store.path()), ["s-1.msg"]);
}

#[test]
fn a_directory_under_a_records_name_makes_way() {
    let base = base();
    let mut store = open(&base);
    let in_the_way = store.path().join("s-1.msg");
    fs::create_dir(&in_the_way).unwrap();
    fs::write(in_the_way.join("kept"), "x").unwrap();
    store.put("s-1", &[b"x"]).unwrap();
    assert_eq!(store.get("s-1").unwrap(), b"x");
    let aside = base.path().join("cid-127.0.0.1-1883.damaged");
    assert_eq!(names(&aside.join("s-1.msg")), ["kept"]);
}

#[test]
fn only_regular_files_that_end_in_msg_are_records() {
    let base = base();
    let mut store = open(&base);
    store.put("s-1", &[b"x"]).unwrap();
    store.put("foo", &[b"x"]).unwrap();
    let path = store.path().to_owned();
    for name in ["README", ".hidden", "s-3.msg.tmp", "s-1.msg.bak"] {
        fs::write(path.join(name), "x").unwrap();
    }
    fs::write(path.join(OsStr::from_bytes(b"s-\xff.msg")), "x").unwrap();
    fs::create_dir(path.join("s-5.msg")).unwrap();
    symlink("s-1.msg", path.join("s-6.msg")).unwrap();
    let mut keys = store.keys().unwrap();
    keys.sort();
    assert_eq!(keys, ["foo", "s-1"]);
    for key in ["s-5", "s-6"] {
        assert!(!store.contains_key(key));
        assert!(store.get(key).is_err());
    }
}

#[test]
fn clear_removes_the_records_of_this_store_only() {
    let base = base();
    let mut store = open(&base);
    let mut other = FileStore::open(Some(base.path()), b"other", b"h").unwrap();
    for key in ["s-1", "sc-1", "q5-3"] {
        store.put(key, &[b"x"]).unwrap();
        other.put(key, &[b"x"]).unwrap();
    }
    fs::write(store.path().join("README"), "x").unwrap();
    store.clear().unwrap();
    assert_eq!(names(store.path()), ["README"]);
    assert_eq!(other.keys().unwrap().len(), 3);
}

#[test]
fn close_removes_the_directory_if_it_is_empty() {
    let base = base();
    let mut store = open(&base);
    store.put("s-1", &[b"x"]).unwrap();
    store.put("s-1", &[b"y"]).unwrap();
    store.close();
    assert_eq!(names(base.path()), ["cid-127.0.0.1-1883"]);
    assert!(store.put("s-2", &[b"x"]).is_err(), "it is closed");
    assert!(!store.contains_key("s-1"));

    let mut store = open(&base);
    assert_eq!(store.get("s-1").unwrap(), b"y");
    store.remove("s-1").unwrap();
    store.close();
    store.close();
    assert_eq!(names(base.path()), [""; 0]);

    let mut nested = FileStore::open(Some(base.path()), b"x/y", b"h").unwrap();
    nested.close();
    assert_eq!(names(base.path()), ["x"]);
    assert_eq!(names(&base.path().join("x")), [""; 0]);
}

#[test]
fn a_directory_that_another_store_removed_comes_back_with_the_next_record() {
    let base = base();
    let (mut store, mut other) = (open(&base), open(&base));
    other.close();
    assert_eq!(names(base.path()), [""; 0]);
    assert_eq!(store.keys().unwrap(), [""; 0]);
    store.clear().unwrap();
    store.put("s-1", &[b"x"]).unwrap();
    assert_eq!(store.get("s-1").unwrap(), b"x");
}

#[test]
fn a_directory_that_comes_back_is_locked_and_of_this_store_alone() {
    let base = base();
    let mut store = open(&base);
    store.put("s-1", &[b"x"]).unwrap();
    fs::remove_dir_all(store.path()).unwrap();
    store.put("s-2", &[b"y"]).unwrap();
    assert!(store.is_sole());
    let directory = File::open(store.path()).unwrap();
    let try_lock = || rustix::fs::flock(&directory, FlockOperation::NonBlockingLockExclusive);
    assert_eq!(try_lock(), Err(Errno::WOULDBLOCK));
    store.close();
    assert_eq!(try_lock(), Ok(()));
}

#[test]
fn records_set_aside_lie_beside_the_directory_and_replace_nothing() {
    let base = base();
    let mut store = open(&base);
    for record in [b"first", b"other"] {
        store.put("s-1", &[record]).unwrap();
        store.set_aside("s-1").unwrap();
    }
    assert!(store.set_aside("s-1").is_err(), "there is none");
    assert_eq!(store.keys().unwrap(), [""; 0]);
    let aside = base.path().join("cid-127.0.0.1-1883.damaged");
    assert_eq!(names(&aside), ["s-1.msg", "s-1.msg.1"]);
    assert_eq!(fs::read(aside.join("s-1.msg")).unwrap(), b"first");
    store.close();
    assert_eq!(names(base.path()), ["cid-127.0.0.1-1883.damaged"]);
}

#[test]
fn keys_cannot_lead_out_of_the_directory() {
    let base = base();
    let mut store = open(&base);
    assert!(store.put("../s-1", &[b"x"]).is_err());
    assert!(store.get("a/b").is_err());
    assert!(store.remove("../x").is_err());
    assert!(store.put("a\0b", &[b"x"]).is_err());
    assert_eq!(names(base.path()), ["cid-127.0.0.1-1883"]);
}

#[test]
fn descriptors_are_closed_on_exec() {
    let base = base();
    let store = open(&base);
    let flags = store
        .directory()
        .and_then(|access| access.with(|directory| Ok(rustix::io::fcntl_getfd(directory)?)))
        .unwrap();
    assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
}

/// A store of a process that has few descriptors left.
fn open_by_path(base: &TempDir) -> FileStore {
    let mut store = open(base);
    store.directory = Some(Access::ByPath(store.path.clone()));
    store
}

#[test]
fn a_store_without_a_descriptor_of_its_own_keeps_records_all_the_same() {
    let base = base();
    let mut store = open_by_path(&base);
    store.put("s-1", &[b"a ", b"record"]).unwrap();
    store.put("s-2", &[b"x"]).unwrap();
    store.put("s-2", &[b"replaced"]).unwrap();
    assert_eq!(names(store.path()), ["s-1.msg", "s-2.msg"]);
    assert_eq!(store.get("s-1").unwrap(), b"a record");
    assert_eq!(store.get("s-2").unwrap(), b"replaced");
    assert!(store.contains_key("s-1") && !store.contains_key("s-3"));
    store.remove("s-1").unwrap();
    store.remove("s-1").unwrap();
    assert_eq!(store.keys().unwrap(), ["s-2"]);
    store.set_aside("s-2").unwrap();
    assert_eq!(store.keys().unwrap(), [""; 0]);

    fs::remove_dir_all(store.path()).unwrap();
    assert_eq!(store.keys().unwrap(), [""; 0]);
    store.remove("s-1").unwrap();
    store.put("s-4", &[b"y"]).unwrap();
    store.directory = Some(Access::ByPath(store.path.clone()));
    store.clear().unwrap();
    store.close();
    assert_eq!(names(base.path()), ["cid-127.0.0.1-1883.damaged"]);
    assert!(store.put("s-1", &[b"x"]).is_err(), "it is closed");
}

#[test]
fn a_synchronised_store_without_a_descriptor_of_its_own_keeps_records_all_the_same() {
    let base = base();
    let mut store = open_by_path(&base);
    store.sync = true;
    store.scratch = Scratch::new(base.path(), &store.path, true);
    store.put("s-1", &[b"x"]).unwrap();
    assert_eq!(store.get("s-1").unwrap(), b"x");
    store.remove("s-1").unwrap();
    assert_eq!(names(store.path()), [""; 0]);
}

/// What another process does that holds the directory: a lock by another open file description.
fn lock_as_another_process(path: &Path) -> File {
    let directory = File::open(path).unwrap();
    rustix::fs::flock(&directory, FlockOperation::NonBlockingLockExclusive).unwrap();
    directory
}

#[test]
fn a_directory_in_use_by_another_process_is_refused_after_a_second() {
    let base = base();
    let path = base.path().join("cid-h");
    fs::create_dir(&path).unwrap();
    let held = lock_as_another_process(&path);
    let start = Instant::now();
    let error = FileStore::open(Some(base.path()), b"cid", b"h").unwrap_err();
    assert!(start.elapsed() >= LOCK_PATIENCE);
    assert!(error.text.contains("another process uses it"), "{error}");
    drop(held);
    FileStore::open(Some(base.path()), b"cid", b"h").unwrap();
}

#[test]
fn a_process_that_ends_in_time_makes_room_for_the_next() {
    let base = base();
    let path = base.path().join("cid-h");
    fs::create_dir(&path).unwrap();
    let held = lock_as_another_process(&path);
    let waiting = std::thread::spawn({
        let base = base.path().to_owned();
        move || FileStore::open(Some(&base), b"cid", b"h").map(drop)
    });
    // Removed as by the end of a client: the next one gets a directory of its own.
    fs::remove_dir(&path).unwrap();
    drop(held);
    waiting.join().unwrap().unwrap();
}

#[test]
fn the_lock_lasts_until_the_last_store_of_the_process_is_closed() {
    let base = base();
    let (mut first, mut second) = (open(&base), open(&base));
    second.put("s-1", &[b"x"]).unwrap();
    let directory = File::open(first.path()).unwrap();
    let try_lock = || rustix::fs::flock(&directory, FlockOperation::NonBlockingLockExclusive);
    assert_eq!(try_lock(), Err(Errno::WOULDBLOCK));
    first.close();
    assert_eq!(try_lock(), Err(Errno::WOULDBLOCK));
    second.close();
    assert_eq!(try_lock(), Ok(()));
}

#[test]
fn a_huge_file_that_is_no_record_is_not_read() {
    let base = base();
    let mut store = open(&base);
    for (key, beginning) in [
        ("s-1", &b"\x32\x0e\x00\x01t"[..]),
        ("r-2", b""),
        ("sc-3", b"\x62\x02"),
        ("q-4", b"\x01\x00\x00\x00"),
        ("q-5", b"\xff\xff\xff\xff"),
        ("q5-6", b"\xff\xff\xff\x7f"),
    ] {
        let file = File::create(store.path().join(file_name(key).unwrap())).unwrap();
        (&file).write_all(beginning).unwrap();
        file.set_len(1 << 30).unwrap();
        let record = store.get(key).unwrap();
        assert!(record.is_empty() && record.capacity() == 0, "{key}");
    }
}

#[test]
fn large_records_are_read_whole() {
    let base = base();
    let mut store = open(&base);
    let payload = vec![b'p'; 300_000];
    let mut packet = b"\x32\xe4\xa7\x12\x00\x00\x00\x01".to_vec();
    packet.extend(&payload);
    store.put("s-1", &[&packet]).unwrap();
    assert_eq!(store.get("s-1").unwrap(), packet);
    let length = 300_000_i32.to_ne_bytes();
    for (key, properties) in [("q-1", &b""[..]), ("q5-1", b"\x00")] {
        let parts = [&length[..], &payload, &[0; 16], b"t\0", &[0; 4], properties];
        store.put(key, &parts).unwrap();
        assert_eq!(store.get(key).unwrap(), parts.concat());
    }
}

#[test]
fn records_are_replaced_where_the_base_directory_cannot_be_used() {
    let base = base();
    // As good as a directory that may not be written to, which does not stop root.
    fs::write(temporary(&base), "somebody's").unwrap();
    let mut store = open(&base);
    store.put("s-1", &[b"first"]).unwrap();
    store.put("s-1", &[b"second"]).unwrap();
    assert_eq!(store.get("s-1").unwrap(), b"second");
    assert_eq!(names(store.path()), ["s-1.msg"]);
    store.remove("s-1").unwrap();
    let path = store.path().to_owned();
    store.close();
    assert!(!path.exists());
}

#[test]
fn remains_of_replaced_records_are_removed_beside_them() {
    let base = base();
    let mut store = open(&base);
    let remains = store
        .path()
        .join(temporary(&base).file_name().unwrap())
        .join("7-7");
    fs::create_dir_all(&remains).unwrap();
    fs::write(remains.join("0"), "unfinished").unwrap();
    store.put("s-1", &[b"record"]).unwrap();
    store.close();
    let store = open(&base);
    assert_eq!(names(store.path()), ["s-1.msg"]);
}
