//! connectionLost and disconnected: told on threads of their own, one at a time for each client, because programs
//! reconnect in them, often in a loop.

use super::Client;
use super::dispatch::{Notice, is_in_callback};
use super::link::End;
use super::state::{Driver, State};
use crate::packet::Disconnect;
use crate::trace::Level;
use parking_lot::MutexGuard;
use std::thread;
use std::time::{Duration, Instant};

/// How long destroy waits for a connectionLost or disconnected callback.
const LOSS_PATIENCE: Duration = Duration::from_secs(5);

impl Client {
    /// Tells the application about the end of the connection, after everything received before it.
    pub(super) fn notice_loss(&self, state: &mut MutexGuard<'_, State>, notice: Notice) {
        if state.driver == Driver::Workers
            && (!state.messages.is_empty() || !state.notices.is_empty() || state.running.is_some())
        {
            state.push_notice(notice);
            self.schedule_callbacks(state);
        } else {
            self.start_loss(state, notice);
        }
    }

    /// The server sent DISCONNECT (MQTT 5): the connection is over. With a disconnected callback that is told, with
    /// the reason; otherwise it is a loss.
    pub(super) fn handle_server_disconnect(
        &self,
        state: &mut MutexGuard<'_, State>,
        disconnect: Disconnect,
    ) {
        if state.callbacks.disconnected.is_some() && state.session.is_connected() {
            self.end_link(state, End::Lost);
            self.notice_loss(state, Notice::ServerDisconnect(disconnect));
        } else {
            self.lose_connection(state, "the server sent DISCONNECT");
        }
    }

    pub(super) fn start_loss(&self, state: &mut MutexGuard<'_, State>, notice: Notice) {
        let wanted = match notice {
            Notice::ConnectionLost => state.callbacks.connection_lost.is_some(),
            _ => state.callbacks.disconnected.is_some(),
        };
        let Some(client) = self.this.upgrade().filter(|_| wanted && !state.destroyed) else {
            return;
        };
        state.losses.push_back(notice);
        if state.loss_thread.is_some() {
            return;
        }
        match super::reactor::thread_builder().spawn(move || client.tell_losses()) {
            Ok(thread) => state.loss_thread = Some(thread.thread().id()),
            Err(error) => crate::trace!(
                Level::Error,
                "Cannot start a thread for connectionLost: {error}"
            ),
        }
    }

    /// Waits until a connectionLost or disconnected callback in another thread has returned; programs free what it uses
    /// after destroy. As the original no longer than 5 s, and not inside a callback that one may be waiting for.
    pub(super) fn wait_for_losses(&self, state: &mut MutexGuard<'_, State>) {
        let own = thread::current().id();
        let deadline = Instant::now() + LOSS_PATIENCE;
        while state.loss_thread.is_some_and(|thread| thread != own)
            && !is_in_callback()
            && !self.is_inherited()
        {
            if self.changed.wait_until(state, deadline).timed_out() {
                return;
            }
        }
    }

    fn tell_losses(&self) {
        let mut state = self.state.lock();
        while let Some(notice) = state.losses.pop_front() {
            if state.destroyed {
                break;
            }
            let callbacks = state.callbacks.clone();
            crate::trace!(
                Level::Minimum,
                "Calling connectionLost for client {}",
                self.name()
            );
            MutexGuard::unlocked(&mut state, || {
                self.flush_trace();
                match &notice {
                    Notice::ServerDisconnect(disconnect) => {
                        if let Some(disconnected) = callbacks.disconnected {
                            disconnected(disconnect);
                        }
                    }
                    _ => {
                        if let Some(connection_lost) = callbacks.connection_lost {
                            connection_lost();
                        }
                    }
                }
            });
        }
        state.loss_thread = None;
        self.changed.notify_all();
        drop(state);
        self.flush_trace();
    }
}
