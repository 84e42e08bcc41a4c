//! The server ends a connection. A call reads all that is there, beyond what it waits for, and `receive` hands over one
//! message: the end lies behind the others, and a program that stops at the first error is to have them before.

use super::state::State;
use super::worker::Work;
use super::{Client, reactor};
use crate::packet::{Disconnect, Malformed, ReasonCode};
use crate::process_lock::MutexGuard;
use std::time::{Duration, Instant};

/// How long the reason for the end of a connection waits for a thread that is writing. A write does not block, but a trace
/// callback before it may.
const WRITE_PATIENCE: Duration = Duration::from_millis(100);

/// How the server has ended a connection.
pub(super) enum Ending {
    /// There is nothing more to read, and why.
    Closed(String),
    /// What it sent cannot be answered, and why.
    Unanswered(String),
    /// By something that is not MQTT, or that cannot be stored.
    Failed(Malformed),
    /// By DISCONNECT (MQTT 5).
    Disconnected(Disconnect),
}

impl State {
    /// Whether messages of before the end wait, and `receive` is asked, or may be: a worker reads at any time. What a yield
    /// has read lies before the end of the yield: the next call tells of it, as in the original. So does the `receive` that
    /// takes a message which is the last one, if that cannot be answered.
    fn hands_over(&self, ending: &Ending) -> bool {
        let asked = self.receivers > 0 || self.is_tended() && reactor::is_working();
        let taken = match ending {
            Ending::Unanswered(_) => self.receivers,
            _ => 0,
        };
        asked && self.read_ahead.min(self.messages.len()) > taken
    }

    /// Whether the server has ended the connection, and calls are to notice later.
    pub(super) fn keeps_ending(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.ending.is_some())
    }

    /// Whether a call may have been answered before the end, and is first to see that.
    fn answers_first(&self, ending: &Ending) -> bool {
        let expected = !matches!(ending, Ending::Unanswered(_)) || self.ack_waiters > 0;
        self.news && expected && self.is_driven_by_callers()
    }
}

impl Client {
    /// Ends the connection, or keeps that for a later call. The rest of what the server sent is not read.
    pub(super) fn end_as_server_did(&self, state: &mut MutexGuard<'_, State>, ending: Ending) {
        let hands_over = state.hands_over(&ending);
        if hands_over || state.answers_first(&ending) {
            let Some(link) = &mut state.link else { return };
            link.ending.get_or_insert(Box::new(ending));
            if link.registered && !hands_over {
                // No event will tell a worker again.
                if let Some(client) = self.this.upgrade() {
                    reactor::resume(client, Work::READ_ON);
                }
            }
            return;
        }
        match ending {
            Ending::Closed(why) | Ending::Unanswered(why) => self.lose_connection(state, &why),
            Ending::Failed(Malformed { reason, detail }) => {
                self.say_why(state, reason);
                self.lose_connection(state, detail);
            }
            Ending::Disconnected(disconnect) => self.handle_server_disconnect(state, disconnect),
        }
    }

    /// Tells the server (MQTT 5) why the connection is about to end, behind what another thread is in the middle of writing.
    /// Nothing follows [MQTT-3.14.4-1]: other calls wait meanwhile.
    pub(super) fn say_why(&self, state: &mut MutexGuard<'_, State>, reason: ReasonCode) {
        let number = state.link_number();
        state.session.send_disconnect_for(reason);
        let _ = self.drain(state);
        self.wait_idle(state);
        if state.link_number() != number || state.outbox.is_empty() {
            return;
        }
        let now = Instant::now();
        state.busy = true;
        if state.sending {
            let _blocking = reactor::Blocking::begin();
            let patience = now + WRITE_PATIENCE;
            while state.sending && Instant::now() < patience {
                self.changed.wait_until(state, patience);
            }
        }
        if state.link_number() == number {
            // What the socket does not take is lost with the connection.
            let _ = self.write_outbox(state, now);
        }
        state.busy = false;
        self.changed.notify_all();
        self.resume_missed(state);
    }

    /// Whether the server has ended the connection: nothing is to be read then. An end that was kept is looked at again.
    pub(super) fn meets_ending(&self, state: &mut MutexGuard<'_, State>) -> bool {
        state.news = false;
        let kept = state.link.as_mut().and_then(|link| link.ending.take());
        let Some(ending) = kept else {
            return false;
        };
        self.end_as_server_did(state, *ending);
        true
    }
}
