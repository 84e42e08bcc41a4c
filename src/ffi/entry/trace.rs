//! The trace settings.

use crate::ffi::c_spelling::{MQTTCLIENT_TRACE_LEVELS, TraceCallback};
use crate::trace::{self, Level};
use std::ffi::CStr;
use std::sync::Arc;

pub(in crate::ffi) fn set_level(level: MQTTCLIENT_TRACE_LEVELS) {
    trace::set_level(level);
}

/// # Safety
///
/// `callback` may be called in any thread until another is set.
pub(in crate::ffi) unsafe fn set_callback(callback: TraceCallback) {
    trace::set_callback(callback.map(|function| -> trace::Callback {
        Arc::new(move |level: Level, line: &CStr| {
            // SAFETY: the caller promises that the function may be called; the line outlives the call. The original
            // hands out a `char *`; nobody writes to it.
            unsafe { function(level as MQTTCLIENT_TRACE_LEVELS, line.as_ptr().cast_mut()) }
        })
    }));
}
