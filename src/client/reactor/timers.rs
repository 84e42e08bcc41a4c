//! The timer descriptor: armed for the earliest deadline of all clients.

use super::{Client, Reactor, Timers, Work};
use crate::trace::Level;
use rustix::time::{Itimerspec, TimerfdTimerFlags, Timespec, timerfd_settime};
use std::time::Instant;

impl Reactor {
    /// Replaces the client's deadline.
    pub(super) fn schedule(&self, client: &Client, before: Option<Instant>, at: Instant) {
        let mut timers = self.timers.lock();
        if let Some(before) = before {
            timers.deadlines.remove(&(before, client.key));
        }
        timers
            .deadlines
            .insert((at, client.key), client.this.clone());
        if timers.armed.is_none_or(|armed| at < armed) {
            self.arm(&mut timers, at);
        }
    }

    fn arm(&self, timers: &mut Timers, at: Instant) {
        timers.armed = Some(at);
        let wait = at.saturating_duration_since(Instant::now());
        let wait = wait.max(std::time::Duration::from_nanos(1));
        let value = Timespec {
            tv_sec: wait.as_secs() as i64,
            tv_nsec: i64::from(wait.subsec_nanos()),
        };
        let never = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let spec = Itimerspec {
            it_interval: never,
            it_value: value,
        };
        if let Err(error) = timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &spec) {
            crate::trace!(Level::Severe, "timerfd_settime failed: {error}");
        }
    }

    pub(super) fn fire_timers(&self) {
        let now = Instant::now();
        let mut timers = self.timers.lock();
        timers.armed = None;
        while let Some(first) = timers.deadlines.first_entry() {
            let (at, _) = *first.key();
            if at > now {
                self.arm(&mut timers, at);
                break;
            }
            if let Some(client) = first.remove().upgrade() {
                self.work.lock().push_back((client, Work::TIMER));
            }
        }
    }
}
