//! Watching the library at work.

use crate::ffi::boundary::boundary;
use crate::ffi::c_spelling::{MQTTCLIENT_TRACE_LEVELS, TraceCallback};
use crate::ffi::entry;
#[cfg(cbindgen)]
use std::ffi::c_char;

/// How much is traced: each level includes those below it.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceLevelNames {
    /// Everything.
    MQTTCLIENT_TRACE_MAXIMUM = 1,
    /// Much.
    MQTTCLIENT_TRACE_MEDIUM = 2,
    /// Notable events.
    MQTTCLIENT_TRACE_MINIMUM = 3,
    /// Each packet sent and received.
    MQTTCLIENT_TRACE_PROTOCOL = 4,
    /// Failures.
    MQTTCLIENT_TRACE_ERROR = 5,
    /// Failures that impair the library.
    MQTTCLIENT_TRACE_SEVERE = 6,
    /// Failures that end its work.
    MQTTCLIENT_TRACE_FATAL = 7,
}

/// Type of the function that gets the trace, line by line.
///
/// Parameters:
/// - `level`: the level of this line.
/// - `message`: the line, a C string without line end, valid only during the call.
///
/// It runs in the thread that has caused the line, for one line after the other. When a call returns, all that it did
/// has been told. While the function takes longer than 0.1 s, others do not wait for it: then it runs in several threads
/// at the same time, also for lines of other threads.
/// cbindgen:prefix=typedef
#[cfg(cbindgen)]
#[unsafe(no_mangle)]
pub extern "C" fn MQTTClient_traceCallback(level: MQTTCLIENT_TRACE_LEVELS, message: *mut c_char) {}

/// Sets from which level on lines are traced. At first it is MQTTCLIENT_TRACE_MINIMUM.
///
/// May be called at any time, also before the first client is created. 0 counts as MQTTCLIENT_TRACE_MAXIMUM. When the last
/// client is destroyed, MQTTCLIENT_TRACE_SEVERE and MQTTCLIENT_TRACE_FATAL are forgotten, and the level before counts
/// again.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn MQTTClient_setTraceLevel(level: MQTTCLIENT_TRACE_LEVELS) {
    boundary("MQTTClient_setTraceLevel", || {
        entry::trace::set_level(level)
    })
}

/// Sets the function that gets the trace; NULL for none.
///
/// This is independent of the environment variable MQTT_C_CLIENT_TRACE, by which the user of a program can have the
/// trace written to a file or, with the value ON, to standard output. Files have at most MQTT_C_CLIENT_TRACE_MAX_LINES lines
/// (1000); the one before is kept as NAME.0. MQTT_C_CLIENT_TRACE_LEVEL (ERROR, PROTOCOL, MINIMUM, MEDIUM or MAXIMUM) sets
/// the level, for the callback too, unless MQTTClient_setTraceLevel() has asked for less. The variables are read when the
/// first client is created.
#[doc = safety!()]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn MQTTClient_setTraceCallback(callback: TraceCallback) {
    // SAFETY: the caller keeps the pointer rules of this module.
    boundary("MQTTClient_setTraceCallback", || unsafe {
        entry::trace::set_callback(callback)
    })
}
