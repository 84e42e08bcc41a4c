//! Who listens, and from which level on.

use std::ffi::CStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use crate::process_lock::ProcessMutex;
use std::sync::MutexGuard;

use super::Level;
use super::queue::Queue;
use super::settings::Settings;
use super::sink::Sink;

/// Takes one line, without a line end. Called with no lock held, on any thread.
pub type Callback = Arc<dyn Fn(Level, &CStr) + Send + Sync>;

/// Above every level: nobody listens.
const SILENT: i32 = i32::MAX;

/// The state of the trace. One per process; a type of its own for the sake of tests.
pub(super) struct Tracer {
    /// The lowest level that goes anywhere.
    threshold: AtomicI32,
    state: ProcessMutex<State>,
    /// Locked behind `state`.
    pub(super) queue: Queue,
}

pub(super) struct State {
    sink: Sink,
    callback: Option<Callback>,
    level: i32,
    /// The level that the program has set since tracing ended last.
    asked: Option<i32>,
    /// What `level` returns to when tracing starts anew.
    lasting_level: i32,
}

impl Tracer {
    pub(super) const fn new() -> Tracer {
        Tracer {
            threshold: AtomicI32::new(SILENT),
            state: ProcessMutex::new(State {
                sink: Sink::Nowhere,
                callback: None,
                level: Level::Minimum as i32,
                asked: None,
                lasting_level: Level::Minimum as i32,
            }),
            queue: Queue::new(),
        }
    }

    pub(super) fn enabled(&self, level: Level) -> bool {
        level as i32 >= self.threshold.load(Ordering::Relaxed)
    }

    pub(super) fn anyone_listening(&self) -> bool {
        self.threshold.load(Ordering::Relaxed) != SILENT
    }

    /// Opens the sink; of the level of the settings, if any, and that which the program has asked for since the last
    /// [`stop`](Self::stop), the coarser one counts from now on.
    pub(super) fn start(&self, settings: Settings) {
        self.update(|state| {
            state.sink = Sink::open(&settings);
            if let Some(level) = settings.level {
                let level = level as i32;
                state.level = state.asked.map_or(level, |asked| asked.max(level));
            }
        });
    }

    /// Closes the sink and forgets levels above `Error`.
    pub(super) fn stop(&self) {
        self.update(|state| {
            state.sink = Sink::Nowhere;
            state.level = state.lasting_level;
            state.asked = None;
        });
    }

    pub(super) fn set_level(&self, level: i32) {
        self.update(|state| {
            state.level = level;
            state.asked = Some(level);
            if level <= Level::Error as i32 {
                state.lasting_level = level;
            }
        });
    }

    pub(super) fn set_callback(&self, callback: Option<Callback>) {
        // Dropped after the lock is released: its destructor is the caller's code.
        let _previous = self.update(|state| std::mem::replace(&mut state.callback, callback));
    }

    pub(super) fn callback(&self) -> Option<Callback> {
        self.state.lock().callback.clone()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    fn update<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.state.lock();
        let result = change(&mut state);
        let silent = matches!(state.sink, Sink::Nowhere) && state.callback.is_none();
        let threshold = if silent {
            SILENT
        } else {
            state.level.min(SILENT - 1)
        };
        self.threshold.store(threshold, Ordering::Relaxed);
        result
    }
}

impl State {
    /// Writes lines to the sink, in one piece.
    pub(super) fn write(&mut self, lines: Vec<String>) {
        for line in lines {
            self.sink.write_line(&line);
        }
    }
}
