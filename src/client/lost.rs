//! connectionLost and disconnected: told on threads of their own, one at a time for each client, because programs
//! reconnect in them, often in a loop.

use super::Client;
use super::callbacks::Notice;
use super::dispatch::{self, ThreadMark};
use super::link::End;
use super::state::{Driver, State};
use crate::packet::Disconnect;
use crate::process_lock::MutexGuard;
use crate::trace::Level;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long after a loss calls that notice it wait for connectionLost or disconnected to return, as they do in the original
/// for 5 s: programs look behind them for what it noted. One that reconnects may take longer.
const LOSS_PATIENCE: Duration = Duration::from_millis(100);

impl Client {
    /// Tells the application about the end of the connection, after everything received before it.
    pub(super) fn notice_loss(&self, state: &mut MutexGuard<'_, State>, notice: Notice) {
        if state.callbacks.want_loss(&notice) {
            state.loss_untold = Some(Instant::now() + LOSS_PATIENCE);
        }
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
        let wanted = state.callbacks.want_loss(&notice);
        let Some(client) = self.this.upgrade().filter(|_| wanted && !state.destroyed) else {
            return;
        };
        state.losses.push_back(notice);
        if state.loss_thread {
            return;
        }
        state.loss_thread = true;
        if crate::trace::has_pending() {
            // In the callback a program may look there for the reason.
            MutexGuard::unlocked(state, || self.flush_trace());
        }
        if let Err(error) = super::reactor::thread_builder().spawn(move || client.tell_losses()) {
            state.loss_thread = false;
            crate::trace!(
                Level::Error,
                "Cannot start a thread for connectionLost: {error}"
            );
        }
    }

    fn tell_losses(&self) {
        let mut state = self.state.lock();
        while let Some(notice) = state.losses.pop_front() {
            if state.destroyed {
                break;
            }
            let callbacks = Arc::clone(&state.callbacks);
            crate::trace!(
                Level::Minimum,
                "Calling connectionLost for client {}",
                self.name()
            );
            state.telling_loss = Some(ThreadMark::current());
            state.telling_disconnect = matches!(notice, Notice::ServerDisconnect(_));
            MutexGuard::unlocked(&mut state, || self.flush_trace());
            // The program's trace callback may have taken its time.
            if !state.destroyed {
                MutexGuard::unlocked(&mut state, || callbacks.tell_loss(&notice));
            }
            state.telling_loss = None;
            state.loss_untold = None;
            self.changed.notify_all();
        }
        state.loss_thread = false;
        drop(state);
        self.flush_trace();
    }

    /// Before a call ends behind which programs free what their callbacks use: lets connectionLost or disconnected return
    /// first, but not in a thread that may keep it from returning.
    pub(super) fn wait_for_loss_callback(&self, state: &mut MutexGuard<'_, State>) {
        if (state.telling_loss.is_none() && state.loss_untold.is_none()) || self.is_inherited() {
            return;
        }
        let own = Some(ThreadMark::current());
        let limit = Instant::now() + LOSS_PATIENCE;
        while state.telling_loss != own && !dispatch::is_dispatcher() {
            let now = Instant::now();
            let untold = state.loss_untold.is_some_and(|until| until > now);
            // A destroyed client is told nothing more.
            let comes = state.telling_loss.is_some() || (untold && !state.destroyed);
            if !comes || limit <= now {
                return;
            }
            self.changed.wait_until(state, limit);
        }
    }

    /// Before a call tells of a loss: lets its callback come first, but not in a thread that keeps it from running.
    #[cold]
    pub(super) fn wait_for_loss_told(&self, state: &mut MutexGuard<'_, State>) {
        let own = Some(ThreadMark::current());
        while let Some(limit) = state.loss_untold.filter(|limit| *limit > Instant::now()) {
            let inside = state.telling_loss == own || dispatch::is_dispatcher();
            if inside || state.session.is_connected() || state.destroyed || self.is_inherited() {
                return;
            }
            if crate::trace::has_pending() {
                MutexGuard::unlocked(state, || self.flush_trace());
                continue;
            }
            self.changed.wait_until(state, limit);
        }
    }
}
