//! Lines of one thread that are waiting to be written out.

use std::cell::Cell;
use std::ffi::CString;
use std::fmt::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use super::Level;
use super::tracer::Tracer;
use crate::ffi::local_time::local_time;
use crate::thread_storage::Lasting;

/// Longest text behind the time, in bytes.
const MAXIMUM_TEXT: usize = 256;

struct Line {
    level: Level,
    text: String,
    /// Still to be written to the file or to standard output.
    for_sink: bool,
    /// Still to be handed to the callback.
    for_callback: bool,
}

/// Lines queued on all threads: while nothing is traced, one look at this answers for each of them.
static QUEUED: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static LINES: Lasting<Vec<Line>> = const { Lasting::new(Vec::new()) };
    static CALLING_OUT: Cell<bool> = const { Cell::new(false) };
}

/// Queues `text` with the time in front.
pub(super) fn push(level: Level, text: &str) {
    let mut stamped = time_stamp(SystemTime::now());
    stamped.push_str(cut(text));
    push_line(level, stamped);
}

/// Queues the lines that open a trace; they have no time and pass any level.
pub(super) fn push_header(version_info: &[(&str, &str)]) {
    let rule = "=".repeat(57);
    push_line(Level::Minimum, rule.clone());
    push_line(Level::Minimum, format!("{:19}Trace Output", ""));
    for (name, value) in version_info {
        push_line(Level::Minimum, format!("{name}: {value}"));
    }
    // The text ends in a line end, so an empty line follows in the file.
    if let Ok(version) = std::fs::read_to_string("/proc/version") {
        push_line(Level::Minimum, format!("/proc/version: {version}"));
    }
    push_line(Level::Minimum, rule);
}

fn push_line(level: Level, text: String) {
    let line = Line {
        level,
        text,
        for_sink: true,
        // A callback that causes lines would otherwise be called for them without end.
        for_callback: !CALLING_OUT.get(),
    };
    LINES.with(|lines| lines.borrow_mut(|lines| lines.push(line)));
    QUEUED.fetch_add(1, Ordering::Relaxed);
}

/// Whether lines are queued and may be flushed now.
#[inline]
pub(super) fn has_pending() -> bool {
    QUEUED.load(Ordering::Relaxed) != 0 && has_pending_here()
}

#[cold]
fn has_pending_here() -> bool {
    !CALLING_OUT.get() && !LINES.with(|lines| lines.borrow(Vec::is_empty))
}

/// Writes the queued lines to the sink only; they stay queued for the callback.
pub(super) fn write_to_sink(tracer: &Tracer) {
    let write = |lines: &mut Vec<Line>| {
        if lines.is_empty() {
            return;
        }
        let unwritten = lines.iter().filter(|line| line.for_sink);
        tracer.write(unwritten.map(|line| line.text.as_str()));
        for line in lines.iter_mut() {
            line.for_sink = false;
        }
        let count = lines.len();
        lines.retain(|line| line.for_callback);
        QUEUED.fetch_sub(count - lines.len(), Ordering::Relaxed);
    };
    LINES.with(|lines| lines.borrow_mut(write));
}

/// Writes the queued lines to the sink, then hands them to the callback with no lock held.
#[cold]
pub(super) fn flush(tracer: &Tracer) {
    if !has_pending() {
        return;
    }
    write_to_sink(tracer);
    let lines = LINES.with(Lasting::take);
    QUEUED.fetch_sub(lines.len(), Ordering::Relaxed);
    if lines.is_empty() {
        return;
    }
    let Some(callback) = tracer.callback() else {
        return;
    };
    let calling_out = CallingOut::begin();
    for line in lines {
        callback(line.level, &c_string(line.text));
    }
    drop(calling_out);
    // What the callback caused.
    write_to_sink(tracer);
}

/// Marks this thread as being inside the callback, also while a panic unwinds.
struct CallingOut;

impl CallingOut {
    fn begin() -> CallingOut {
        CALLING_OUT.set(true);
        CallingOut
    }
}

impl Drop for CallingOut {
    fn drop(&mut self) {
        CALLING_OUT.set(false);
    }
}

/// C sees a text up to its first NUL.
fn c_string(text: String) -> CString {
    CString::new(text).unwrap_or_else(|error| {
        let end = error.nul_position();
        let mut bytes = error.into_vec();
        bytes.truncate(end);
        CString::new(bytes).unwrap_or_default()
    })
}

/// `text` without what exceeds the maximum.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(MAXIMUM_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// `YYYYMMDD HHMMSS.mmm ` in local time.
fn time_stamp(now: SystemTime) -> String {
    let since_epoch = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX);
    let time = local_time(seconds).unwrap_or_default();
    let mut stamp = String::with_capacity(20 + MAXIMUM_TEXT);
    let _ = write!(
        stamp,
        "{:04}{:02}{:02} {:02}{:02}{:02}.{:03} ",
        time.year,
        time.month,
        time.day,
        time.hour,
        time.minute,
        time.second,
        since_epoch.subsec_millis()
    );
    stamp
}
