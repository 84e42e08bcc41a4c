//! The orderly end of a connection.

use super::Client;
use super::dispatch::{self, ANY_CALLBACK, CALLBACK_PATIENCE};
use super::link::End;
use super::state::{Driver, Phase, State};
use crate::packet::{Properties, ReasonCode};
use crate::process_lock::MutexGuard;
use crate::transport::Transport;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long the server may take to end its side, while messages come from it.
const LEAVE_PATIENCE: Duration = Duration::from_secs(1);

/// As much of that, a disconnect takes beyond its own time.
const LEAVE_ANYHOW: Duration = Duration::from_millis(5);

/// How long a disconnect, if its own time is shorter, lets this client's callbacks wait for their turn.
const TURN_PATIENCE: Duration = Duration::from_secs(1);

impl Client {
    /// Waits at most `quiesce` (`None`: without limit) for unfinished QoS 1 and 2 exchanges, sends DISCONNECT, and closes
    /// the connection. Without a connection nothing happens. connectionLost is not called; callbacks of this client
    /// that run in another thread have returned, unless they take longer than 10 s, connectionLost and disconnected 0.1 s.
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
            let deadline = quiesce.and_then(|limit| Instant::now().checked_add(limit));
            self.quiesce(&mut state, deadline, number);
            state.phase = Phase::Closing;
            self.changed.notify_all();
            self.wait_until_sent(&mut state, deadline, number);
            if state.link_number() == number {
                if state.session.disconnect(reason, properties).is_err() {
                    crate::trace!(
                        crate::trace::Level::Error,
                        "Client {}: DISCONNECT is too large to be sent",
                        self.name()
                    );
                }
                let _ = self.drain(&mut state);
                self.flush(&mut state);
                // Meanwhile something may have come that is being stored.
                self.wait_idle(&mut state);
            }
            let link = state
                .link
                .as_ref()
                .filter(|link| Some(link.number) == number);
            let left = link.map(|link| (Arc::clone(&link.transport), link.last_message));
            if left.is_some() {
                self.end_link(&mut state, End::Orderly);
            }
            state.phase = Phase::Steady;
            self.changed.notify_all();
            if let Some((transport, last)) = left {
                MutexGuard::unlocked(&mut state, || leave(&*transport, last, deadline));
            }
        }
        if state.driver == Driver::Workers {
            self.wait_for_callbacks(&mut state, Some(Instant::now() + CALLBACK_PATIENCE));
        }
        self.wait_for_loss_callback(&mut state);
    }

    fn quiesce(
        &self,
        state: &mut MutexGuard<'_, State>,
        deadline: Option<Instant>,
        number: Option<u64>,
    ) {
        self.wait_for_ack(state, deadline, |state| {
            let settled = !state.session.has_unfinished_exchanges();
            (settled || state.link_number() != number).then_some(())
        });
        // What was acknowledged has been told before this returns, as by the original; not to a thread that itself keeps
        // other callbacks from running.
        if state.driver == Driver::Workers && !dispatch::is_dispatcher() {
            let patience = Instant::now() + CALLBACK_PATIENCE;
            let turn = Instant::now() + TURN_PATIENCE;
            let turn = deadline.map_or(patience, |deadline| deadline.clamp(turn, patience));
            // A destroyed client is told nothing more.
            while !state.destroyed && (!state.notices.is_empty() || state.running.is_some()) {
                // Without one of its own it waits for other clients' callbacks.
                let limit = if state.running.is_some() {
                    patience
                } else {
                    turn
                };
                if limit <= Instant::now() {
                    break;
                }
                self.wait_for_callback(state, ANY_CALLBACK, Some(limit));
            }
        }
    }

    /// DISCONNECT goes behind what was accepted before: waits for a full socket, and while another thread is in the middle
    /// of a write.
    fn wait_until_sent(
        &self,
        state: &mut MutexGuard<'_, State>,
        deadline: Option<Instant>,
        number: Option<u64>,
    ) {
        let patience = Instant::now() + CALLBACK_PATIENCE;
        loop {
            self.wait_idle(state);
            self.wait_for_writer(state, number, patience);
            if state.link_number() != number || state.outbox.is_empty() {
                return;
            }
            let changed = self.wait_for_ack(state, deadline, |state| {
                let ended = state.link_number() != number;
                state.room_awaited |= !ended;
                (ended || state.sending || state.outbox.is_empty()).then_some(())
            });
            if changed.is_none() {
                return self.wait_idle(state);
            }
        }
    }
}

/// Lets the server read up to DISCONNECT, which it may not do if it cannot write meanwhile.
fn leave(transport: &dyn Transport, last_message: Option<Instant>, deadline: Option<Instant>) {
    let now = Instant::now();
    let patience = now + LEAVE_PATIENCE;
    let until = deadline.map_or(patience, |deadline| {
        deadline.clamp(now + LEAVE_ANYHOW, patience)
    });
    transport.discard(last_message, until);
    // Another thread may wait for input that nobody wants any more.
    transport.shutdown();
}
