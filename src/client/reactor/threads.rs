//! What a thread is to the workers: one of them or not, held up or not, inside the program's code or not.

use super::Reactor;
use crate::client::{callout, dispatch};
use crate::thread_storage::Lasting;
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

/// Stack of a thread that runs the application's callbacks, where the limit does not say: what the main thread usually has.
const STACK_SIZE: usize = 8 * 1024 * 1024;
/// The library's own part of it, with room to spare.
const LEAST_STACK_SIZE: usize = 256 * 1024;

thread_local! {
    /// Whose worker this thread is, while it works.
    static WORKER_OF: Lasting<Option<Arc<Reactor>>> = const { Lasting::new(None) };
    /// To the end of the thread.
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };
    static IS_BLOCKING: Cell<bool> = const { Cell::new(false) };
    static IS_IN_PROGRAM: Cell<bool> = const { Cell::new(false) };
}

/// From now on this thread is a worker.
pub(super) fn begin_as_worker(reactor: &Arc<Reactor>) {
    IS_WORKER.set(true);
    WORKER_OF.with(|of| of.borrow_mut(|of| *of = Some(Arc::clone(reactor))));
}

/// Its work is done. To [`is_worker`] it stays one: nothing that still runs in it may wait for its end.
pub(super) fn end_as_worker() {
    drop(WORKER_OF.with(Lasting::take));
}

/// In a forked child the thread that forked is no worker, though it may have been one in the parent.
pub(super) fn reset_in_child() {
    // Leaked on purpose: see `ForkGuard`.
    std::mem::forget(WORKER_OF.with(Lasting::take));
    IS_WORKER.set(false);
}

/// A builder for threads that may run the application's code.
pub(in crate::client) fn thread_builder() -> thread::Builder {
    thread::Builder::new()
        .name("MQTTClient_run".to_owned())
        .stack_size(stack_size())
}

/// What `ulimit -s` says, as for the threads of C programs: callbacks may have been written for it.
fn stack_size() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Stack).current;
    let limit = limit.and_then(|limit| usize::try_from(limit).ok());
    limit.map_or(STACK_SIZE, |limit| limit.max(LEAST_STACK_SIZE))
}

/// While it lives the thread may be held up: it runs the application's code or waits for a thread that does. If it is a
/// worker, another one takes over.
pub(in crate::client) struct Blocking {
    worker_of: Option<Arc<Reactor>>,
}

impl Blocking {
    pub(in crate::client) fn begin() -> Blocking {
        let worker_of = WORKER_OF.with(|reactor| reactor.borrow(Option::clone));
        let worker_of = worker_of.filter(|_| !IS_BLOCKING.replace(true));
        if let Some(reactor) = &worker_of {
            if reactor.active.fetch_sub(1, Ordering::SeqCst) == 1 {
                reactor.add_worker();
            }
            let has_work = !reactor.work.lock().is_empty();
            if has_work || dispatch::has_ready() {
                reactor.signal();
            }
        }
        Blocking { worker_of }
    }
}

impl Drop for Blocking {
    fn drop(&mut self) {
        if let Some(reactor) = &self.worker_of {
            reactor.active.fetch_add(1, Ordering::SeqCst);
            IS_BLOCKING.set(false);
        }
    }
}

/// Whose worker the thread is, if it is one.
pub(in crate::client) struct CurrentWorker(Option<Arc<Reactor>>);

impl CurrentWorker {
    pub(in crate::client) fn current() -> CurrentWorker {
        CurrentWorker(WORKER_OF.with(|reactor| reactor.borrow(Option::clone)))
    }

    /// Runs the program's code: nobody may wait for the thread who cannot know what it waits for.
    #[inline]
    pub(in crate::client) fn in_program<T>(&self, work: impl FnOnce() -> T) -> T {
        let _in_program = InProgram::enter(self.0.as_deref());
        work()
    }
}

/// While it lives the thread is inside the program's code.
struct InProgram<'a> {
    /// `None` if it is inside another one too, or the thread is no worker.
    worker_of: Option<&'a Reactor>,
    outermost: bool,
}

impl InProgram<'_> {
    #[inline]
    fn enter(worker_of: Option<&Reactor>) -> InProgram<'_> {
        let outermost = !IS_IN_PROGRAM.replace(true);
        let worker_of = worker_of.filter(|_| outermost);
        if let Some(reactor) = worker_of {
            reactor.leave();
        }
        InProgram {
            worker_of,
            outermost,
        }
    }
}

impl Drop for InProgram<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.outermost {
            IS_IN_PROGRAM.set(false);
        }
        if let Some(reactor) = self.worker_of {
            reactor.inside.fetch_add(1, Ordering::SeqCst);
        }
    }
}

pub(in crate::client) fn is_worker() -> bool {
    IS_WORKER.get()
}

/// Whether this thread is a worker, and at a worker's work: not in a call that the program makes in it.
pub(in crate::client) fn is_working() -> bool {
    is_worker() && !IS_IN_PROGRAM.get() && !callout::is_calling_out()
}

/// Writes out trace lines. The program's trace callback may take its time, and so may a file or a pipe.
#[cold]
pub(in crate::client) fn flush_trace() {
    let _blocking = Blocking::begin();
    CurrentWorker::current().in_program(crate::trace::flush);
}
