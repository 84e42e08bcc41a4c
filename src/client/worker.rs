//! What a worker does for a client: its part of the events, and its deadlines.

use super::drive::earlier;
use super::input::ReadTurn;
use super::state::{Driver, State};
use super::{Client, reactor};
use crate::process_lock::MutexGuard;
use crate::trace::Level;
use rustix::event::epoll;
use std::time::Instant;

/// What has happened on a client's connection and waits to be handled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Work {
    pub(super) readable: bool,
    /// The peer has ended the stream; this shows only behind all that it sent.
    ended: bool,
    writable: bool,
    timer: bool,
    /// The workers are to look after a client without callbacks.
    tend: bool,
}

impl Work {
    /// There may be more to read, and an end that no event will tell again.
    pub(super) const READ_ON: Work = Work {
        readable: true,
        ended: true,
        writable: false,
        timer: false,
        tend: false,
    };
    /// Something is due.
    pub(super) const TIMER: Work = Work {
        readable: false,
        ended: false,
        writable: false,
        timer: true,
        tend: false,
    };
    /// A client without callbacks comes under the workers' care.
    pub(super) const TEND: Work = Work {
        timer: false,
        tend: true,
        ..Work::TIMER
    };

    pub(super) fn from_event(flags: epoll::EventFlags) -> Work {
        use epoll::EventFlags;
        let ended = flags.intersects(EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR);
        Work {
            readable: ended || flags.contains(EventFlags::IN),
            ended,
            writable: flags.contains(EventFlags::OUT),
            timer: false,
            tend: false,
        }
    }

    fn add(&mut self, other: Work) {
        self.readable |= other.readable;
        self.ended |= other.ended;
        self.writable |= other.writable;
        self.timer |= other.timer;
        self.tend |= other.tend;
    }
}

impl Client {
    /// Something has happened on the connection, or is due. While another thread is in the middle of an operation it
    /// is only noted: a worker does not wait for the application's store.
    pub(super) fn handle_work(&self, work: Work) {
        let mut state = match self.state.try_lock() {
            Some(state) => state,
            None => {
                // A call that writes to files may go on for long.
                let _blocking = reactor::Blocking::begin();
                // A publisher whose messages are released is not to be slower for it.
                match work == Work::TIMER {
                    true => self.state.lock_patiently(),
                    false => self.state.lock(),
                }
            }
        };
        if state.busy {
            state.missed.add(work);
            return;
        }
        if work.timer {
            // The deadline has left the reactor's list; another one may have taken its place.
            state.timer = state.timer.filter(|at| *at > Instant::now());
            self.handle_timers(&mut state);
            self.handle_offer_timer(&mut state);
            self.handle_stream_timer(&mut state);
            state.rest_store();
        }
        if work.tend {
            self.tend(&mut state);
        }
        let link = state.link.as_ref();
        let read_goes_on = link.is_some_and(|link| link.transport.read_awaits_output());
        let write_goes_on = link.is_some_and(|link| link.transport.write_awaits_input());
        if work.writable || work.readable && write_goes_on {
            self.handle_writable(&mut state);
        }
        if work.readable || work.writable && read_goes_on {
            self.read_as_worker(&mut state, work.ended, None);
        }
        self.update_timer(&mut state);
        drop(state);
        self.flush_trace();
    }

    /// Puts the connection of a client without callbacks under the workers' care too: while others have callbacks, the
    /// program need not call anything for this one.
    fn tend(&self, state: &mut MutexGuard<'_, State>) {
        let (Driver::Caller, false) = (state.driver, state.is_changing_connection()) else {
            return;
        };
        let Some(client) = self.this.upgrade() else {
            return;
        };
        // What a forked child inherited is still its parent's.
        let link = state.link.as_mut();
        let Some(link) = link.filter(|link| !link.registered && !link.is_inherited()) else {
            return;
        };
        match reactor::add(&client, &*link.transport) {
            Ok(()) => link.registered = true,
            Err(error) => {
                crate::trace!(
                    Level::Error,
                    "Cannot look after client {}: {error}",
                    self.name()
                );
                return;
            }
        }
        if link.blocked {
            link.watch_writable(self.key);
        }
        // The descriptor does not show what a layer has read already.
        self.read_as_worker(state, false, None);
    }

    /// The client can be used again: what came meanwhile is handled.
    pub(super) fn resume_missed(&self, state: &mut State) {
        let missed = std::mem::take(&mut state.missed);
        if missed != Work::default() {
            if let Some(client) = self.this.upgrade() {
                reactor::resume(client, missed);
            }
        }
    }

    /// Reads a turn; what is left goes on after other connections have had theirs.
    pub(super) fn read_as_worker(
        &self,
        state: &mut MutexGuard<'_, State>,
        to_end: bool,
        until: Option<Instant>,
    ) {
        if self.read_turn(state, to_end, until) == ReadTurn::More {
            if let Some(client) = self.this.upgrade() {
                reactor::resume(client, Work::READ_ON);
            }
        }
    }

    /// The application has taken messages, or waits for what lies behind them: reads on if that was waited for.
    #[inline]
    pub(super) fn resume_reading(&self, state: &mut MutexGuard<'_, State>) {
        let link = state.link.as_ref();
        if link.is_some_and(|link| link.paused && link.registered) && !state.wants_pause(true) {
            self.read_as_worker(state, true, None);
        }
    }

    /// Other things are due than before: the connection has begun or ended.
    pub(super) fn restart_timer(&self, state: &mut State) {
        if let Some(at) = state.timer.take() {
            reactor::unschedule(self.key, at);
        }
        if !state.destroyed {
            self.update_timer(state);
        }
    }

    /// Makes the reactor's timer fire in time for whatever is due next. That it fires too early costs less than to move it
    /// each time.
    pub(super) fn update_timer(&self, state: &mut State) {
        if let Some(next) = next_due(state) {
            self.advance_timer(state, next);
        }
    }

    /// Makes the reactor's timer fire for something that is due at `next`, unless it fires before.
    pub(super) fn advance_timer(&self, state: &mut State, next: Instant) {
        if state.timer.is_none_or(|at| next < at) {
            self.set_timer(state, next);
        }
    }

    /// Makes the reactor's timer fire for whatever is due next, and not before.
    pub(super) fn move_timer(&self, state: &mut State) {
        if let Some(next) = next_due(state) {
            self.set_timer(state, next);
        }
    }

    fn set_timer(&self, state: &mut State, next: Instant) {
        if reactor::schedule(self, state.timer, next) {
            state.timer = Some(next);
        }
    }
}

fn next_due(state: &State) -> Option<Instant> {
    let due = earlier(state.session.poll_timeout(), state.offer_again);
    let link = state.link.as_ref();
    let due = earlier(due, link.and_then(|link| link.stream.release_at));
    let rest = state.store.as_ref().and_then(|store| store.rests_at());
    earlier(due, rest)
}
