//! Waiting for something to happen on a connection, and driving it meanwhile when nobody else does.

use super::read_buffer::ReadBuffer;
use super::state::{Driver, Phase, State};
use super::{Client, pump};
use crate::process_lock::MutexGuard;
use crate::transport::{Interest, Transport, wait_ready};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a call waits on its own connection alone before it also serves the other clients without callbacks.
const OWN_TURN: Duration = Duration::from_millis(10);

impl Client {
    /// Waits until `done` gives a value, or until the deadline (`None`: no limit). The lock is released while waiting.
    pub(super) fn wait_until<T>(
        &self,
        state: &mut MutexGuard<'_, State>,
        deadline: Option<Instant>,
        mut done: impl FnMut(&mut State) -> Option<T>,
    ) -> Option<T> {
        let started = Instant::now();
        loop {
            if !state.busy {
                if let Some(value) = done(state) {
                    return Some(value);
                }
            }
            if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                return None;
            }
            if crate::trace::has_pending() {
                MutexGuard::unlocked(state, || self.flush_trace());
                continue;
            }
            if self.is_driven_here(state) {
                self.drive_once(state, deadline, started);
            } else if let Some((transport, number)) = self.take_write_watch(state) {
                self.wait_writable(state, &*transport, number, deadline);
            } else {
                self.wait_changed(state, deadline);
            }
        }
    }

    /// Like [`wait_until`](Self::wait_until) for an acknowledgement: reading goes on however much waits for the
    /// application, since the acknowledgement lies behind it.
    pub(super) fn wait_for_ack<T>(
        &self,
        state: &mut MutexGuard<'_, State>,
        deadline: Option<Instant>,
        done: impl FnMut(&mut State) -> Option<T>,
    ) -> Option<T> {
        state.ack_waiters += 1;
        match state.driver {
            Driver::Workers => self.resume_reading(state),
            Driver::Caller => self.update_pause(state),
        }
        let value = self.wait_until(state, deadline, done);
        state.ack_waiters -= 1;
        value
    }

    pub(super) fn wait_changed(
        &self,
        state: &mut MutexGuard<'_, State>,
        deadline: Option<Instant>,
    ) {
        match deadline {
            Some(deadline) => {
                self.changed.wait_until(state, deadline);
            }
            None => self.changed.wait(state),
        }
    }

    /// Whether this thread should do the connection's I/O now.
    fn is_driven_here(&self, state: &State) -> bool {
        state.is_driven_by_callers()
            && !state.busy
            // Who waits for a write of another thread would not be told inside a wait for input.
            && !state.is_making_room()
            && state.link.as_ref().is_some_and(|link| link.input.is_some())
    }

    /// Waits for the connection, at most until the deadline, and does what there is to do.
    fn drive_once(
        &self,
        state: &mut MutexGuard<'_, State>,
        deadline: Option<Instant>,
        started: Instant,
    ) {
        let now = Instant::now();
        if state.phase != Phase::Connecting
            && now >= started + OWN_TURN
            && pump::others_exist(self.key)
        {
            MutexGuard::unlocked(state, || pump::turn(deadline));
            return;
        }
        let mut until = deadline;
        if pump::others_exist(self.key) {
            until = earlier(until, Some(now + OWN_TURN));
        }
        let Some(watch) = self.take_watch(state) else {
            if state.keeps_ending() {
                // For a thread in `receive`, which has to get the lock.
                self.wait_changed(state, deadline);
            }
            return;
        };
        until = earlier(until, watch.timer);
        let ready = MutexGuard::unlocked(state, || {
            wait_ready(&*watch.transport, watch.interest, until)
        });
        self.finish_watch(state, watch, ready, deadline);
    }

    /// The connection's transport and number, when its driver began to wait for input before the socket was full: this
    /// thread waits for the socket then.
    fn take_write_watch(&self, state: &mut State) -> Option<(Arc<dyn Transport>, u64)> {
        if state.busy || state.driver != Driver::Caller {
            return None;
        }
        let link = state.link.as_mut()?;
        if !link.blocked || link.write_watched {
            return None;
        }
        link.write_watched = true;
        Some((Arc::clone(&link.transport), link.number))
    }

    fn wait_writable(
        &self,
        state: &mut MutexGuard<'_, State>,
        transport: &dyn Transport,
        number: u64,
        deadline: Option<Instant>,
    ) {
        let interest = Interest {
            readable: false,
            writable: true,
        };
        let ready = MutexGuard::unlocked(state, || wait_ready(transport, interest, deadline));
        if let Some(link) = state.link.as_mut().filter(|link| link.number == number) {
            link.write_watched = false;
            if ready.writable {
                self.handle_writable(state);
            }
            self.changed.notify_all();
        }
    }

    /// Takes the right to read, for waiting outside the lock.
    pub(super) fn take_watch(&self, state: &mut MutexGuard<'_, State>) -> Option<Watch> {
        if self.meets_ending(state) {
            return None;
        }
        let mut timer = state.session.poll_timeout();
        let link = state.link.as_mut()?;
        let input = link.input.take()?;
        if input.is_left && !link.paused {
            timer = Some(Instant::now());
        }
        let interest = Interest {
            readable: !link.paused,
            // Though another thread may wait for that too: what it writes then does not wake this one.
            writable: link.blocked,
        };
        link.write_watched |= interest.writable;
        Some(Watch {
            transport: Arc::clone(&link.transport),
            number: link.number,
            input,
            interest,
            timer,
        })
    }

    /// Gives the right to read back and does what the wait found, as far as that can be done until the deadline.
    pub(super) fn finish_watch(
        &self,
        state: &mut MutexGuard<'_, State>,
        watch: Watch,
        mut ready: Interest,
        deadline: Option<Instant>,
    ) {
        if let Some(link) = state
            .link
            .as_mut()
            .filter(|link| link.number == watch.number)
        {
            ready.readable |= watch.input.is_left;
            link.input = Some(watch.input);
            if watch.interest.writable {
                link.write_watched = false;
            }
            // A worker was told of input, and will not be told again.
            ready.readable |= link.wanted_again.take().is_some();
        } else {
            return;
        }
        if state.busy {
            // The thread that uses the store, or whoever waits for it, goes on; others are not to wait for it here.
            self.changed.notify_all();
            return;
        }
        if ready.writable {
            self.handle_writable(state);
        }
        if ready.readable {
            // One turn: the next wait finds what is left, after the caller has looked at what came.
            self.read_as_worker(state, false, deadline);
        }
        self.handle_timers(state);
        self.changed.notify_all();
        self.run_callbacks_here(state);
    }

    /// One look at the connection without waiting, for a call that may last until the deadline.
    pub(super) fn drive_now(&self, state: &mut MutexGuard<'_, State>, deadline: Option<Instant>) {
        if self.is_driven_here(state) {
            self.read_as_worker(state, false, deadline);
            self.handle_writable(state);
            self.handle_timers(state);
            self.run_callbacks_here(state);
        }
    }
}

/// A connection being waited on outside its client's lock.
pub(super) struct Watch {
    pub(super) transport: Arc<dyn Transport>,
    number: u64,
    input: Box<ReadBuffer>,
    pub(super) interest: Interest,
    /// Until when to wait.
    pub(super) timer: Option<Instant>,
}

/// The earlier of two optional moments.
pub(super) fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
