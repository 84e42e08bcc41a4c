//! Which clients' operations the current thread is in the middle of while it runs the application's code (a store, the
//! trace): calls on those clients fail at once instead of waiting for themselves.

use crate::thread_storage::Lasting;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Guards that live, on all threads: mostly none does, and no thread has to look at its own.
static GUARDS: AtomicUsize = AtomicUsize::new(0);

/// What a thread enters that is at work on no client.
const NO_CLIENT: u64 = u64::MAX;

thread_local! {
    static ENTERED: Lasting<Vec<u64>> = const { Lasting::new(Vec::new()) };
}

/// Marks the thread for as long as it lives.
pub struct CalloutGuard {
    key: u64,
}

impl CalloutGuard {
    /// The thread is about to call out in the middle of an operation on this client.
    pub(super) fn enter(key: u64) -> CalloutGuard {
        ENTERED.with(|entered| entered.borrow_mut(|entered| entered.push(key)));
        GUARDS.fetch_add(1, Ordering::Relaxed);
        CalloutGuard { key }
    }
}

impl Drop for CalloutGuard {
    fn drop(&mut self) {
        GUARDS.fetch_sub(1, Ordering::Relaxed);
        ENTERED.with(|entered| {
            let left = entered.borrow_mut(|entered| {
                if let Some(position) = entered.iter().rposition(|key| *key == self.key) {
                    entered.remove(position);
                }
                entered.len()
            });
            if left == 0 {
                entered.take();
            }
        });
    }
}

/// Whether this thread is inside a call-out of an operation on any client.
pub(super) fn is_calling_out() -> bool {
    GUARDS.load(Ordering::Relaxed) != 0
        && ENTERED.with(|entered| entered.borrow(|entered| !entered.is_empty()))
}

impl super::Client {
    /// Whether this thread is inside a call-out of an operation on this client.
    #[inline]
    pub fn is_calling_out(&self) -> bool {
        GUARDS.load(Ordering::Relaxed) != 0 && self.is_entered()
    }

    #[cold]
    fn is_entered(&self) -> bool {
        // The line of another thread may be about any client, and that thread be waiting for this one's callback.
        crate::trace::tells_for_another()
            || ENTERED.with(|entered| entered.borrow(|entered| entered.contains(&self.key)))
    }

    /// Writes out trace lines; a trace callback that calls this client again gets a failure.
    #[inline]
    pub fn flush_trace(&self) {
        if crate::trace::has_pending() {
            let _callout = CalloutGuard::enter(self.key);
            super::reactor::flush_trace();
        }
    }
}

/// Writes out trace lines where no client is at work.
#[inline]
pub fn flush_trace() {
    if crate::trace::has_pending() {
        let _callout = CalloutGuard::enter(NO_CLIENT);
        super::reactor::flush_trace();
    }
}
