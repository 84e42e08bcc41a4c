//! Publishing: wait for the window, store, send.

use super::state::{Driver, State};
use super::{Client, Error};
use crate::packet::{PacketId, QoS};
use crate::process_lock::MutexGuard;
use crate::session::PublishRequest;
use crate::trace::Level;
use std::time::Instant;

impl Client {
    /// Publishes a message. Waits, without limit, while the in-flight window is full or
    /// the socket has not taken an earlier packet, for QoS 0 too. Success at QoS 1 and 2 means that the message is
    /// stored (with persistence) and will be delivered, on a later connection if this one breaks.
    ///
    /// `note_token` is given the token of a QoS 1 or 2 message, with the lock held and before the message is sent: its
    /// callbacks may run before this returns.
    #[inline(always)]
    pub fn publish(
        &self,
        request: &PublishRequest<'_>,
        note_token: impl FnOnce(PacketId),
    ) -> Result<(), Error> {
        let mut state = self.state.lock();
        self.wait_idle(&mut state);
        if !state.takes_packets() {
            self.wait_for_loss_told(&mut state);
            return Err(Error::Disconnected);
        }
        if state.session.is_window_full() || state.is_backlogged() {
            self.wait_for_room(&mut state)?;
        }
        match request.qos {
            QoS::AtMostOnce => self.publish_at_most_once(&mut state, request),
            _ => self.publish_acknowledged(&mut state, request, note_token),
        }
    }

    #[cold]
    fn wait_for_room(&self, state: &mut MutexGuard<'_, State>) -> Result<(), Error> {
        crate::trace!(
            Level::Minimum,
            "Blocking publish on queue full for client {}",
            self.name()
        );
        let number = state.link_number();
        let room = self.wait_for_ack(state, None, |state| {
            if state.link_number() != number || !state.takes_packets() {
                return Some(Err(Error::Failure));
            }
            let has_room = !state.session.is_window_full() && !state.awaits_room();
            has_room.then_some(Ok(()))
        });
        if let Some(Ok(())) = room {
            crate::trace!(
                Level::Minimum,
                "Resuming publish now queue not full for client {}",
                self.name()
            );
        }
        if let Some(Err(_)) = room {
            self.wait_for_loss_told(state);
        }
        room.unwrap_or(Err(Error::Failure))
    }

    #[inline(never)]
    fn publish_at_most_once(
        &self,
        state: &mut MutexGuard<'_, State>,
        request: &PublishRequest<'_>,
    ) -> Result<(), Error> {
        let State { session, head, .. } = &mut **state;
        head.clear();
        if let Err(error) = session.publish_at_most_once(request, head) {
            return Err(self.trace_refusal(error));
        }
        let now = Instant::now();
        self.note_streamed(state, now, request.payload.len());
        match self.send_head(state, now, request) {
            Ok(()) => Ok(()),
            Err(number) => {
                self.wait_until_taken(state, number);
                if state.link_number() == number {
                    return Ok(());
                }
                self.wait_for_loss_told(state);
                Err(Error::Failure)
            }
        }
    }

    #[inline(never)]
    fn publish_acknowledged(
        &self,
        state: &mut MutexGuard<'_, State>,
        request: &PublishRequest<'_>,
        note_token: impl FnOnce(PacketId),
    ) -> Result<(), Error> {
        let (number, now) = (state.link_number(), Instant::now());
        let State { session, head, .. } = &mut **state;
        head.clear();
        let id = match session.publish(now, request, head) {
            Ok(id) => id,
            Err(error) => return Err(self.trace_refusal(error)),
        };
        // Others make packets of their own while the record is stored and this one is written.
        let head = std::mem::take(head);
        if session.has_output() && self.drain(state).is_err() {
            return Err(Error::Failure);
        }
        note_token(id);
        // While the record was being stored the connection may have ended: then the next one sends the message.
        if state.link_number() == number {
            self.end_stream(state);
            if !self.send_directly(state, now, &head, request.rest()) {
                self.wait_until_taken(state, number);
            }
            if let Some(retry) = state.session.retry_at(now) {
                self.watch_retry(state, retry);
            }
        }
        state.keep_head(head);
        Ok(())
    }

    /// Has a worker send the message again at `retry`: nothing may come that would remind one of it.
    #[cold]
    fn watch_retry(&self, state: &mut State, retry: Instant) {
        if state.driver == Driver::Workers || state.is_tended() {
            self.advance_timer(state, retry);
        }
    }

    /// The socket is full: waits until it has taken everything, or the connection is gone.
    fn wait_until_taken(&self, state: &mut MutexGuard<'_, State>, number: Option<u64>) {
        if state.is_backlogged() {
            self.wait_for_ack(state, None, |state| {
                (state.link_number() != number || !state.awaits_room()).then_some(())
            });
        }
    }
}
