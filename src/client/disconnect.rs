//! The orderly end of a connection.

use super::Client;
use super::dispatch::CALLBACK_PATIENCE;
use super::link::End;
use super::state::{Driver, Phase, State};
use crate::packet::{Properties, ReasonCode};
use parking_lot::MutexGuard;
use std::time::{Duration, Instant};

impl Client {
    /// Waits at most `quiesce` (`None`: without limit) for unfinished QoS 1 and 2 exchanges, sends DISCONNECT, and closes
    /// the connection. Without a connection nothing happens. connectionLost is not called; callbacks of this client
    /// that run in another thread have returned, unless they take longer than 10 s.
    pub fn disconnect(
        &self,
        quiesce: Option<Duration>,
        reason: ReasonCode,
        properties: Option<Properties>,
    ) {
        let mut state = self.lock_idle();
        if state.session.is_connected() && !state.is_changing_connection() {
            state.phase = Phase::Disconnecting;
            let number = state.link_number();
            self.quiesce(&mut state, quiesce, number);
            self.wait_idle(&mut state);
            if state.link_number() == number {
                if state.session.disconnect(reason, properties).is_err() {
                    crate::trace!(
                        crate::trace::Level::Error,
                        "Client {}: DISCONNECT is too large to be sent",
                        self.name()
                    );
                }
                let _ = self.drain(&mut state);
                self.flush_last(&mut state, number);
                self.end_link(&mut state, End::Orderly);
            }
            state.phase = Phase::Steady;
            self.changed.notify_all();
        }
        if state.driver == Driver::Workers {
            self.wait_for_callbacks(&mut state, Some(Instant::now() + CALLBACK_PATIENCE));
        }
    }

    fn quiesce(
        &self,
        state: &mut MutexGuard<'_, State>,
        limit: Option<Duration>,
        number: Option<u64>,
    ) {
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        let settled = |state: &State| {
            !state.session.has_unfinished_exchanges() || state.link_number() != number
        };
        if limit != Some(Duration::ZERO) {
            self.wait_for_ack(state, deadline, |state| settled(state).then_some(()));
        }
        // What was acknowledged has been told before this returns, as by the original.
        if state.driver == Driver::Workers && !self.is_in_own_callback(state) {
            let patience = Instant::now() + CALLBACK_PATIENCE;
            while !state.notices.is_empty() || state.running.is_some() {
                if self.changed.wait_until(state, patience).timed_out() {
                    break;
                }
            }
        }
    }
}
