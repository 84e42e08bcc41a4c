use std::ffi::CStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;
use tempfile::TempDir;

use super::settings::{Destination, Settings};
use super::tracer::Tracer;
use super::{Callback, Level, queue};

struct Folder(TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("trace")
    }
}

fn to_file(path: &Path, max_lines: u32) -> Settings {
    Settings {
        destination: Destination::File(path.to_owned()),
        level: None,
        max_lines,
    }
}

fn nowhere() -> Settings {
    Settings {
        destination: Destination::Nowhere,
        level: None,
        max_lines: 1000,
    }
}

type Seen = Arc<Mutex<Vec<(Level, String)>>>;

fn recorder() -> (Seen, Callback) {
    let seen = Seen::default();
    let copy = seen.clone();
    let callback: Callback = Arc::new(move |level: Level, text: &CStr| {
        let text = text.to_str().unwrap().to_owned();
        copy.lock().push((level, text));
    });
    (seen, callback)
}

fn lines(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn enabled_levels(tracer: &Tracer) -> Vec<i32> {
    use Level::*;
    [Maximum, Medium, Minimum, Protocol, Error, Severe, Fatal]
        .into_iter()
        .filter(|&level| tracer.enabled(level))
        .map(|level| level as i32)
        .collect()
}

#[test]
fn nothing_is_enabled_until_somebody_listens() {
    let tracer = Tracer::new();
    assert!(enabled_levels(&tracer).is_empty());
    tracer.set_level(1);
    assert!(enabled_levels(&tracer).is_empty());
    tracer.set_callback(Some(recorder().1));
    assert_eq!(enabled_levels(&tracer), [1, 2, 3, 4, 5, 6, 7]);
    tracer.set_callback(None);
    assert!(enabled_levels(&tracer).is_empty());
}

#[test]
fn the_level_is_minimum_at_first_and_zero_acts_like_one() {
    let tracer = Tracer::new();
    tracer.set_callback(Some(recorder().1));
    assert_eq!(enabled_levels(&tracer), [3, 4, 5, 6, 7]);
    for (level, lowest) in [(0, 1), (-1, 1), (5, 5), (7, 7)] {
        tracer.set_level(level);
        assert_eq!(enabled_levels(&tracer), Vec::from_iter(lowest..=7));
    }
    tracer.set_level(i32::MAX);
    assert!(enabled_levels(&tracer).is_empty());
    assert!(tracer.anyone_listening());
}

#[test]
fn stopping_forgets_levels_above_5_and_keeps_the_callback() {
    let tracer = Tracer::new();
    tracer.set_callback(Some(recorder().1));
    tracer.set_level(4);
    tracer.set_level(6);
    assert_eq!(enabled_levels(&tracer), [6, 7]);
    tracer.stop();
    tracer.start(nowhere());
    assert_eq!(enabled_levels(&tracer), [4, 5, 6, 7]);
    tracer.stop();
    assert_eq!(enabled_levels(&tracer), [4, 5, 6, 7]);
}

#[test]
fn the_environment_level_counts_at_each_start() {
    let tracer = Tracer::new();
    tracer.set_callback(Some(recorder().1));
    let errors_only = Settings {
        level: Some(Level::Error),
        ..nowhere()
    };
    tracer.set_level(1);
    tracer.start(errors_only.clone());
    assert_eq!(enabled_levels(&tracer), [5, 6, 7]);
    tracer.set_level(1);
    assert_eq!(enabled_levels(&tracer).len(), 7);
    tracer.stop();
    tracer.start(errors_only);
    assert_eq!(enabled_levels(&tracer), [5, 6, 7]);
    tracer.stop();
    tracer.start(nowhere());
    assert_eq!(enabled_levels(&tracer).len(), 7);
}

#[test]
fn the_environment_asks_for_no_more_than_the_program() {
    let tracer = Tracer::new();
    tracer.set_callback(Some(recorder().1));
    let everything = Settings {
        level: Some(Level::Maximum),
        ..nowhere()
    };
    for level in [5, 7] {
        tracer.set_level(level);
        tracer.start(everything.clone());
        assert_eq!(enabled_levels(&tracer), Vec::from_iter(level..=7));
        tracer.stop();
        tracer.start(everything.clone());
        assert_eq!(enabled_levels(&tracer).len(), 7);
        tracer.stop();
    }
}

#[test]
fn lines_reach_file_and_callback_with_the_time_in_front() {
    let folder = Folder::new();
    let tracer = Tracer::new();
    let (seen, callback) = recorder();
    tracer.set_callback(Some(callback));
    tracer.start(to_file(&folder.file(), 1000));
    queue::push(&tracer, Level::Protocol, "4 cid -> PINGREQ (0)");
    assert_eq!(lines(&folder.file()), [""; 0], "not before the flush");
    queue::flush(&tracer);

    let written = lines(&folder.file());
    assert_eq!(written.len(), 1);
    let (stamp, text) = written[0].split_at(20);
    assert_eq!(text, "4 cid -> PINGREQ (0)");
    for (at, c) in stamp.char_indices() {
        match at {
            8 | 19 => assert_eq!(c, ' '),
            15 => assert_eq!(c, '.'),
            _ => assert!(c.is_ascii_digit(), "{stamp}"),
        }
    }
    assert!(stamp.starts_with("20"), "{stamp}");
    assert_eq!(*seen.lock(), [(Level::Protocol, written[0].clone())]);
}

#[test]
fn text_is_cut_at_256_bytes_between_characters_and_at_a_nul() {
    let tracer = Tracer::new();
    let (seen, callback) = recorder();
    tracer.set_callback(Some(callback));
    queue::push(&tracer, Level::Error, &"x".repeat(300));
    queue::push(&tracer, Level::Error, &format!("{}ää", "x".repeat(253)));
    queue::push(&tracer, Level::Error, "one\0two");
    queue::flush(&tracer);
    let seen = seen.lock();
    assert_eq!(seen[0].1.len(), 20 + 256);
    assert_eq!(seen[1].1.len(), 20 + 255);
    assert!(seen[2].1.ends_with(" one"));
}

#[test]
fn the_header_passes_any_level_and_has_no_time() {
    let folder = Folder::new();
    let tracer = Tracer::new();
    let (seen, callback) = recorder();
    tracer.set_callback(Some(callback));
    tracer.set_level(7);
    tracer.start(to_file(&folder.file(), 1000));
    queue::push_header(
        &tracer,
        &[("Product name", "Some client"), ("Version", "1.2")],
    );
    queue::flush(&tracer);

    let rule = "=".repeat(57);
    let version = fs::read_to_string("/proc/version").unwrap();
    let expected = [
        rule.clone(),
        "                   Trace Output".into(),
        "Product name: Some client".into(),
        "Version: 1.2".into(),
        format!("/proc/version: {version}"),
        rule,
    ];
    let seen = seen.lock();
    assert!(seen.iter().all(|line| line.0 == Level::Minimum));
    let texts: Vec<&str> = seen.iter().map(|line| line.1.as_str()).collect();
    assert_eq!(texts, expected);
    let file = fs::read_to_string(folder.file()).unwrap();
    assert_eq!(file, expected.join("\n") + "\n");
}

#[test]
fn a_full_file_is_renamed_at_once_and_only_two_are_kept() {
    let folder = Folder::new();
    let old = folder.0.path().join("trace.0");
    let tracer = Tracer::new();
    tracer.start(to_file(&folder.file(), 2));
    let emit = |text: &str| {
        queue::push(&tracer, Level::Error, text);
        queue::flush(&tracer);
    };
    emit("a");
    assert!(!old.exists());
    emit("b");
    assert_eq!((lines(&old).len(), lines(&folder.file()).len()), (2, 0));
    for text in ["c", "d", "e"] {
        emit(text);
    }
    assert!(lines(&old)[1].ends_with(" d"));
    assert_eq!(lines(&folder.file()).len(), 1);
    assert_eq!(fs::read_dir(folder.0.path()).unwrap().count(), 2);
}

#[test]
fn starting_again_truncates_the_file() {
    let folder = Folder::new();
    let tracer = Tracer::new();
    for _ in 0..2 {
        tracer.start(to_file(&folder.file(), 1000));
        queue::push(&tracer, Level::Error, "line");
        queue::write_to_sink(&tracer);
        tracer.stop();
        queue::flush(&tracer);
    }
    assert_eq!(lines(&folder.file()).len(), 1);
}

#[test]
fn a_line_written_at_the_stop_is_still_handed_to_the_callback() {
    let folder = Folder::new();
    let tracer = Tracer::new();
    let (seen, callback) = recorder();
    tracer.set_callback(Some(callback));
    tracer.start(to_file(&folder.file(), 1000));
    queue::push(&tracer, Level::Error, "last");
    queue::write_to_sink(&tracer);
    tracer.stop();
    queue::flush(&tracer);
    assert_eq!(lines(&folder.file()).len(), 1);
    assert_eq!(seen.lock().len(), 1);
}

#[test]
fn lines_caused_by_the_callback_go_to_the_file_without_recursion() {
    let folder = Folder::new();
    let tracer = Arc::new(Tracer::new());
    let calls = Arc::new(AtomicUsize::new(0));
    let (inner, count) = (tracer.clone(), calls.clone());
    tracer.set_callback(Some(Arc::new(move |_, _: &CStr| {
        count.fetch_add(1, Ordering::Relaxed);
        queue::push(&inner, Level::Error, "caused by the callback");
        queue::flush(&inner);
        inner.set_level(3);
    })));
    tracer.start(to_file(&folder.file(), 1000));
    queue::push(&tracer, Level::Error, "first");
    queue::flush(&tracer);
    queue::flush(&tracer);
    assert_eq!(calls.load(Ordering::Relaxed), 1, "not later either");
    assert_eq!(lines(&folder.file()).len(), 2);
    tracer.set_callback(None);
}

/// What follows the time.
fn texts(seen: &Seen) -> Vec<String> {
    let seen = seen.lock();
    seen.iter().map(|(_, text)| text[20..].to_owned()).collect()
}

#[test]
fn lines_of_a_thread_that_does_not_flush_go_out_in_order_with_those_of_another() {
    let folder = Folder::new();
    let tracer = Tracer::new();
    let (seen, callback) = recorder();
    tracer.set_callback(Some(callback));
    tracer.start(to_file(&folder.file(), 1000));
    thread::scope(|scope| {
        scope.spawn(|| queue::push(&tracer, Level::Error, "first"));
    });
    queue::push(&tracer, Level::Error, "second");
    queue::flush(&tracer);
    assert_eq!(texts(&seen), ["first", "second"]);
    let written = lines(&folder.file());
    assert!(written[0].ends_with(" first") && written[1].ends_with(" second"));
}

#[test]
fn lines_at_the_stop_reach_the_file_whichever_thread_caused_them() {
    let folder = Folder::new();
    let tracer = Tracer::new();
    tracer.start(to_file(&folder.file(), 1000));
    thread::scope(|scope| {
        scope.spawn(|| queue::push(&tracer, Level::Error, "of a thread"));
    });
    queue::write_to_sink(&tracer);
    tracer.stop();
    assert_eq!(lines(&folder.file()).len(), 1);
}

/// Whether each thread is called back for its own lines, although another one flushes when all are queued.
fn each_thread_hands_out_its_own() -> bool {
    let tracer = Tracer::new();
    let (called, calls) = mpsc::channel();
    let (began, begin) = mpsc::channel();
    let callback = Mutex::new((called, began));
    tracer.set_callback(Some(Arc::new(move |_, _: &CStr| {
        let (called, began) = &*callback.lock();
        called.send(thread::current().id()).unwrap();
        let _ = began.send(());
    })));
    let (own, other) = thread::scope(|scope| {
        let (queued, queue_on) = mpsc::channel();
        queue::push(&tracer, Level::Error, "first");
        let tracer = &tracer;
        let other = scope.spawn(move || {
            queue::push(tracer, Level::Error, "second");
            queued.send(()).unwrap();
            begin.recv().unwrap();
            queue::flush(tracer);
        });
        let other = other.thread().id();
        queue_on.recv().unwrap();
        queue::push(tracer, Level::Error, "third");
        queue::flush(tracer);
        (thread::current().id(), other)
    });
    calls.try_iter().eq([own, other, own])
}

#[test]
fn a_thread_is_called_back_for_lines_of_its_own_while_others_get_to_theirs() {
    // On a busy machine another thread may not get to them.
    assert!((0..20).any(|_| each_thread_hands_out_its_own()));
}

/// Calls `inside` in the callback of the line `first`, which another thread flushes, meanwhile flushes `second` here, and
/// then calls `after`.
fn flush_beside(inside: impl Fn() + Send + Sync + 'static, after: impl FnOnce()) -> Vec<String> {
    let tracer = Tracer::new();
    let (seen, record) = recorder();
    let (entered, entry) = mpsc::channel();
    let entered = Mutex::new(entered);
    tracer.set_callback(Some(Arc::new(move |level, text: &CStr| {
        if text.to_bytes().ends_with(b"first") {
            entered.lock().send(()).unwrap();
            inside();
        }
        record(level, text);
    })));
    thread::scope(|scope| {
        scope.spawn(|| {
            queue::push(&tracer, Level::Error, "first");
            queue::flush(&tracer);
        });
        entry.recv().unwrap();
        queue::push(&tracer, Level::Error, "second");
        queue::flush(&tracer);
        assert!(!queue::has_pending(&tracer));
        let seen = texts(&seen);
        after();
        seen
    })
}

#[test]
fn a_line_waits_for_the_callback_of_the_one_before() {
    let seen = flush_beside(thread::yield_now, || {});
    assert_eq!(seen, ["first", "second"]);
}

#[test]
fn a_callback_that_does_not_return_soon_does_not_hold_up_other_threads() {
    let (go_on, hold) = mpsc::channel::<()>();
    let hold = Mutex::new(hold);
    let inside = move || {
        let _ = hold.lock().recv_timeout(Duration::from_secs(10));
    };
    assert_eq!(flush_beside(inside, || drop(go_on)), ["second"]);
}

#[test]
fn the_macro_formats_only_when_the_level_is_enabled() {
    let formatted = AtomicUsize::new(0);
    let argument = || formatted.fetch_add(1, Ordering::Relaxed);
    super::set_callback(None);
    crate::trace!(Level::Maximum, "{}", argument());
    assert_eq!(formatted.load(Ordering::Relaxed), 0);
}
