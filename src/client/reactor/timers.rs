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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::ServerAddress;
    use bytes::Bytes;
    use std::sync::Arc;
    use std::time::Duration;

    fn client() -> Arc<Client> {
        let address = ServerAddress::parse(b"tcp://server:1883").unwrap();
        Client::new(address, Bytes::from_static(b"cid"), None, false).0
    }

    fn deadlines(reactor: &Reactor) -> Vec<(Instant, u64)> {
        reactor.timers.lock().deadlines.keys().copied().collect()
    }

    #[test]
    fn a_client_has_one_deadline_the_last_that_was_set() {
        let reactor = Reactor::new().unwrap();
        let (one, other) = (client(), client());
        let at = |ms| Instant::now() + Duration::from_secs(3600) - Duration::from_millis(ms);
        let (first, second, others) = (at(0), at(2), at(1));
        reactor.schedule(&one, None, first);
        reactor.schedule(&other, None, others);
        reactor.schedule(&one, Some(first), second);
        assert_eq!(
            deadlines(&reactor),
            [(second, one.key), (others, other.key)]
        );
        assert_eq!(reactor.timers.lock().armed, Some(second));
        // Nothing is due, and the timer fires for the next one.
        reactor.fire_timers();
        assert_eq!(reactor.timers.lock().armed, Some(second));
        assert!(reactor.work.lock().is_empty());
    }

    #[test]
    fn a_deadline_that_has_come_is_told_once() {
        let reactor = Reactor::new().unwrap();
        let client = client();
        let (now, later) = (Instant::now(), Instant::now() + Duration::from_secs(3600));
        reactor.schedule(&client, None, later);
        reactor.schedule(&client, Some(later), now);
        for _ in 0..2 {
            reactor.fire_timers();
            let work = reactor.work.lock();
            assert_eq!(work.len(), 1);
            assert_eq!((work[0].0.key, work[0].1), (client.key, Work::TIMER));
            drop(work);
            assert_eq!(deadlines(&reactor), []);
        }
    }
}
