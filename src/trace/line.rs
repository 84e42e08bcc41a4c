//! The text of a line.

use std::ffi::CString;
use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::ffi::local_time::local_time;

/// Longest text behind the time, in bytes.
const MAXIMUM_TEXT: usize = 256;

/// C sees a text up to its first NUL.
pub(super) fn c_string(text: String) -> CString {
    CString::new(text).unwrap_or_else(|error| {
        let end = error.nul_position();
        let mut bytes = error.into_vec();
        bytes.truncate(end);
        CString::new(bytes).unwrap_or_default()
    })
}

/// `text` without what exceeds the maximum.
pub(super) fn cut(text: &str) -> &str {
    let mut end = text.len().min(MAXIMUM_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// `YYYYMMDD HHMMSS.mmm ` in local time.
pub(super) fn time_stamp(now: SystemTime) -> String {
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
