//! Lines that are waiting to be written out, of all threads in the order in which they were caused.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::Level;
use super::line::{c_string, cut, time_stamp};
use super::tracer::Tracer;
use crate::process_lock::ProcessMutex;

/// How long others wait for a thread that has lines to hand to the callback. Then it no longer holds them up.
const PATIENCE: Duration = Duration::from_millis(100);

struct Line {
    level: Level,
    text: String,
    /// Still to be written to the file or to standard output.
    for_sink: bool,
    /// Still to be handed to the callback.
    for_callback: bool,
    /// Which thread caused it, and hands it out, if it gets to that soon.
    cause: usize,
    number: u64,
}

pub(super) struct Queue {
    waiting: ProcessMutex<Waiting>,
    /// A turn has ended.
    ended: Condvar,
    /// Lines queued, or handed to the callback by the thread whose turn it is: while nothing is traced, one look at this
    /// is enough.
    pending: AtomicUsize,
}

pub(super) struct Waiting {
    lines: Vec<Line>,
    /// Lines queued so far.
    pushed: u64,
    /// The thread that hands lines to the callback, unless the others have lost patience.
    turn: Option<Turn>,
    turns: u64,
}

/// One thread hands `lines` lines to the callback.
#[derive(Clone, Copy)]
struct Turn {
    number: u64,
    lines: usize,
}

impl Queue {
    pub(super) const fn new() -> Queue {
        Queue {
            waiting: ProcessMutex::new(Waiting {
                lines: Vec::new(),
                pushed: 0,
                turn: None,
                turns: 0,
            }),
            ended: Condvar::new(),
            pending: AtomicUsize::new(0),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock()
    }

    /// In a forked child: lines and turns are the parent's.
    pub(super) fn reset_in_child(&self, waiting: &mut Waiting) {
        waiting.lines = Vec::new();
        waiting.turn = None;
        self.pending.store(0, Ordering::Relaxed);
    }

    fn push(&self, level: Level, text: String) {
        let mut waiting = self.lock();
        waiting.pushed += 1;
        let line = Line {
            level,
            text,
            for_sink: true,
            // A callback that causes lines would otherwise be called for them without end.
            for_callback: !CALLING_OUT.get(),
            cause: this_thread(),
            number: waiting.pushed,
        };
        waiting.lines.push(line);
        self.pending.fetch_add(1, Ordering::Relaxed);
    }

    /// The first lines for the callback up to that number that this thread has caused, once no other thread has earlier
    /// ones to hand out; behind `limit` whatever is there. `None`: there are no more.
    fn take_turn(&self, last: u64, limit: Instant) -> Option<(Vec<Line>, Turn)> {
        let own = this_thread();
        let mut waiting = self.lock();
        loop {
            let left = limit.saturating_duration_since(Instant::now());
            let is_late = left.is_zero();
            if let Some(turn) = waiting.turn.filter(|_| is_late) {
                self.end_turn(&mut waiting, turn);
            }
            if waiting.turn.is_none() {
                let due = |line: &&Line| !line.for_sink && line.number <= last;
                let first = waiting.lines.first().filter(due)?;
                if is_late || first.cause == own {
                    let lines = waiting.lines.iter().take_while(due);
                    let count = lines
                        .take_while(|line| is_late || line.cause == own)
                        .count();
                    return Some(self.begin_turn(&mut waiting, count));
                }
            }
            let waited = self.ended.wait_timeout(waiting, left);
            waiting = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn begin_turn(&self, waiting: &mut Waiting, count: usize) -> (Vec<Line>, Turn) {
        waiting.turns += 1;
        let turn = Turn {
            number: waiting.turns,
            lines: count,
        };
        waiting.turn = Some(turn);
        (waiting.lines.drain(..count).collect(), turn)
    }

    /// Nobody waits for this turn any more.
    fn end_turn(&self, waiting: &mut Waiting, turn: Turn) {
        if waiting.turn.is_some_and(|now| now.number == turn.number) {
            waiting.turn = None;
            self.pending.fetch_sub(turn.lines, Ordering::Relaxed);
            self.ended.notify_all();
        }
    }
}

thread_local! {
    static CALLING_OUT: Cell<bool> = const { Cell::new(false) };
    static FOR_ANOTHER: Cell<bool> = const { Cell::new(false) };
}

/// No other thread that runs has this number.
fn this_thread() -> usize {
    CALLING_OUT.with(|place| std::ptr::from_ref(place).addr())
}

/// Whether this thread is inside the callback for a line that another thread has caused.
pub(super) fn tells_for_another() -> bool {
    FOR_ANOTHER.get()
}

/// Queues `text` with the time in front.
pub(super) fn push(tracer: &Tracer, level: Level, text: &str) {
    let mut stamped = time_stamp(SystemTime::now());
    stamped.push_str(cut(text));
    tracer.queue.push(level, stamped);
}

/// Queues the lines that open a trace; they have no time and pass any level.
pub(super) fn push_header(tracer: &Tracer, version_info: &[(&str, &str)]) {
    let push = |text| tracer.queue.push(Level::Minimum, text);
    let rule = "=".repeat(57);
    push(rule.clone());
    push(format!("{:19}Trace Output", ""));
    for (name, value) in version_info {
        push(format!("{name}: {value}"));
    }
    // The text ends in a line end, so an empty line follows in the file.
    if let Ok(version) = std::fs::read_to_string("/proc/version") {
        push(format!("/proc/version: {version}"));
    }
    push(rule);
}

/// Whether lines are queued, or handed out by another thread, and may be flushed now.
#[inline]
pub(super) fn has_pending(tracer: &Tracer) -> bool {
    tracer.queue.pending.load(Ordering::Relaxed) != 0 && is_outside()
}

/// Whether this thread is not in the callback: out of line, so that who traces nothing does not look for its own memory.
#[cold]
#[inline(never)]
fn is_outside() -> bool {
    !CALLING_OUT.get()
}

/// Writes the queued lines to the sink only; they stay queued for the callback. The number of the last one.
pub(super) fn write_to_sink(tracer: &Tracer) -> u64 {
    // Held until all is written, and taken first: threads that cause lines meanwhile need not wait for a pipe.
    let mut sink = tracer.lock();
    let mut texts = Vec::new();
    let mut waiting = tracer.queue.lock();
    for line in waiting.lines.iter_mut().filter(|line| line.for_sink) {
        line.for_sink = false;
        texts.push(if line.for_callback {
            line.text.clone()
        } else {
            std::mem::take(&mut line.text)
        });
    }
    let count = waiting.lines.len();
    waiting.lines.retain(|line| line.for_callback);
    let done = count - waiting.lines.len();
    tracer.queue.pending.fetch_sub(done, Ordering::Relaxed);
    let last = waiting.pushed;
    drop(waiting);
    sink.write(texts);
    last
}

/// Writes the queued lines to the sink, then hands those of this thread to the callback with no lock held. When it returns,
/// every line that was queued before has been handed out, but for those of a thread that takes longer than [`PATIENCE`] in
/// the callback. Those of one that does not get there so soon are handed out here.
#[cold]
pub(super) fn flush(tracer: &Tracer) {
    if !has_pending(tracer) {
        return;
    }
    let last = write_to_sink(tracer);
    let patience = tracer.callback().map_or(Duration::ZERO, |_| PATIENCE);
    let limit = Instant::now() + patience;
    while let Some((lines, turn)) = tracer.queue.take_turn(last, limit) {
        let _calling_out = CallingOut::begin(tracer, turn);
        if let Some(callback) = tracer.callback() {
            for line in lines {
                FOR_ANOTHER.set(line.cause != this_thread());
                callback(line.level, &c_string(line.text));
            }
        }
    }
    // What the callback caused.
    write_to_sink(tracer);
}

/// Marks this thread as being inside the callback, also while a panic unwinds.
struct CallingOut<'a> {
    queue: &'a Queue,
    turn: Turn,
}

impl CallingOut<'_> {
    fn begin(tracer: &Tracer, turn: Turn) -> CallingOut<'_> {
        CALLING_OUT.set(true);
        CallingOut {
            queue: &tracer.queue,
            turn,
        }
    }
}

impl Drop for CallingOut<'_> {
    fn drop(&mut self) {
        CALLING_OUT.set(false);
        FOR_ANOTHER.set(false);
        self.queue.end_turn(&mut self.queue.lock(), self.turn);
    }
}
