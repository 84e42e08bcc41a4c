//! Forked processes: the child has a copy of everything but the threads, so nothing it needs may be locked by one.

use super::state::{Driver, Phase, State};
use super::{CalloutGuard, Client, dispatch, pump, reactor};
use crate::process_lock::{MutexGuard, generation};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// In a child, how long to wait for a client's lock. Who still has it after that is a thread of the parent.
const LOCK_PATIENCE: Duration = Duration::from_millis(100);

/// While it lives no other thread is inside a table that all clients share.
pub struct ForkGuard {
    _pump: pump::ForkGuard,
    dispatcher: dispatch::ForkGuard,
    reactor: reactor::ForkGuard,
}

/// To be called before fork, and the result dropped after it in the parent.
pub fn prepare_fork() -> ForkGuard {
    ForkGuard {
        _pump: pump::lock_for_fork(),
        dispatcher: dispatch::lock_for_fork(),
        reactor: reactor::lock_for_fork(),
    }
}

impl ForkGuard {
    /// To be called in the child: clients it connects get new workers.
    pub fn reset_in_child(mut self) {
        dispatch::reset_in_child(&mut self.dispatcher);
        self.reactor.reset_in_child();
    }
}

impl Client {
    /// Whether it was made or last connected before this process was forked.
    pub(super) fn is_inherited(&self) -> bool {
        self.generation.load(Ordering::Relaxed) != generation()
    }

    /// Destroys the copy of a client of the parent process. What the parent's threads have to do with is only let go: the
    /// parent goes on with its connection and its store.
    pub(super) fn destroy_inherited(&self) {
        let Some(mut state) = self.state.try_lock_for(LOCK_PATIENCE) else {
            return;
        };
        state.destroyed = true;
        state.link = None;
        pump::deregister(self.key);
        let of_threads = state.driver == Driver::Workers || state.busy;
        let store = state.store.take();
        self.changed.notify_all();
        // Not locked again: the lock may go to a thread that waited for it when the process was copied.
        drop(state);
        match store {
            // Not closed: that may remove what the parent uses.
            Some(store) if of_threads => std::mem::forget(store),
            Some(mut store) => {
                let _callout = CalloutGuard::enter(self.key);
                store.close();
            }
            None => {}
        }
    }

    /// Makes a client of the parent process this one's. `None`: a thread of the parent was using it.
    pub(super) fn adopt(&self) -> Option<MutexGuard<'_, State>> {
        if !self.is_inherited() {
            return Some(self.lock_idle());
        }
        let mut state = self.state.try_lock_for(LOCK_PATIENCE)?;
        if state.busy {
            return None;
        }
        self.generation.store(generation(), Ordering::Relaxed);
        // The parent goes on with it.
        self.resumption.forget();
        state.phase = Phase::Steady;
        state.sending = false;
        state.running = None;
        state.telling = None;
        state.scheduled = false;
        state.loss_thread = false;
        state.loss_untold = None;
        state.telling_loss = None;
        state.timer = None;
        Some(state)
    }
}
