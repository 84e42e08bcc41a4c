//! Trace lines by level, to a file, standard output and the application's callback.
//!
//! Lines are queued by the thread that causes them ([`push`]) and written out, with those that others have queued before,
//! once it holds no lock ([`flush`]), so that the application's callback may call the API.
#![forbid(unsafe_code)]

mod excerpt;
mod line;
mod queue;
mod settings;
mod sink;
mod tracer;

#[cfg(test)]
mod tests;

pub use excerpt::payload_excerpt;
pub use tracer::Callback;

use settings::Settings;
use std::fmt;
use std::sync::MutexGuard;
use tracer::Tracer;

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

static TRACER: Tracer = Tracer::new();

/// Starts tracing as the environment asks (`MQTT_C_CLIENT_TRACE`, `_LEVEL`, `_MAX_LINES`) and queues
/// the header lines, with one line per `(name, value)` of `version_info`.
///
/// Belongs at the first create of a client, and at the first after [`terminate`]. May be called with
/// locks held; the header goes out at the next [`flush`].
pub fn initialise(version_info: &[(&str, &str)]) {
    crate::ffi::local_time::reread_time_zone();
    TRACER.start(Settings::from_environment(|name| std::env::var_os(name)));
    if TRACER.anyone_listening() {
        queue::push_header(&TRACER, version_info);
    }
}

/// Ends tracing to the file or to standard output; the callback stays, and so does the level unless
/// it was above 5. Belongs after the destruction of the last client.
///
/// Lines that are queued still reach the file before it is closed.
pub fn terminate() {
    queue::write_to_sink(&TRACER);
    TRACER.stop();
}

/// Emits lines of this level and above: 1 (maximum) to 7 (fatal); less acts like 1, more emits nothing.
/// Levels above 5 last until [`terminate`] only.
pub fn set_level(level: i32) {
    TRACER.set_level(level);
}

/// Hands each line to `callback` from now on, or to nobody. The previous callback may still be
/// running on another thread when this returns.
pub fn set_callback(callback: Option<Callback>) {
    TRACER.set_callback(callback);
}

/// Whether a line of this level would go anywhere: one relaxed atomic load.
#[inline]
pub fn enabled(level: Level) -> bool {
    TRACER.enabled(level)
}

/// Queues a line, stamped with the time now. Nothing is called or written until [`flush`].
/// What exceeds 256 bytes is cut off.
#[cold]
pub fn push(level: Level, line: fmt::Arguments<'_>) {
    queue::push(&TRACER, level, &line.to_string());
}

/// Whether lines are queued, or handed out by another thread, and [`flush`] would do something now.
#[inline]
pub fn has_pending() -> bool {
    queue::has_pending(&TRACER)
}

/// Writes the queued lines out (file, stdout, callback), or waits for the thread that does, for 0.1 s at most. Call only
/// with no lock held.
///
/// Lines that the callback itself causes go to the file or standard output, not to the callback.
#[inline]
pub fn flush() {
    if has_pending() {
        queue::flush(&TRACER);
    }
}

/// Whether this thread is inside the callback for a line that another thread has caused.
pub fn tells_for_another() -> bool {
    queue::tells_for_another()
}

/// While it lives no thread is writing lines.
pub struct ForkGuard {
    _state: MutexGuard<'static, tracer::State>,
    waiting: MutexGuard<'static, queue::Waiting>,
}

impl ForkGuard {
    /// To be called in the child: the lines that wait are written by the parent.
    pub fn reset_in_child(mut self) {
        TRACER.queue.reset_in_child(&mut self.waiting);
    }
}

/// To be called before fork; the result is to be dropped after it, in parent and child.
pub fn lock_for_fork() -> ForkGuard {
    ForkGuard {
        _state: TRACER.lock(),
        waiting: TRACER.queue.lock(),
    }
}

/// `trace!(Level::Protocol, "{} {} -> PINGREQ (0)", socket, client_id)`: formats only if the level is enabled.
#[macro_export]
macro_rules! trace {
    ($level:expr, $($arg:tt)*) => {
        if $crate::trace::enabled($level) {
            $crate::trace::push($level, format_args!($($arg)*));
        }
    };
}
