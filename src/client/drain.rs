//! Carrying out what the session asks for: store operations, released bytes, events.

use super::callout::CalloutGuard;
use super::connect::Answer;
use super::ending::Ending;
use super::state::{Driver, Phase, State};
use super::{Client, reactor, records};
use crate::packet::Message;
use crate::persistence::{Key, Store, StoreError};
use crate::process_lock::MutexGuard;
use crate::session::{Event, StoreOp};
use crate::trace::Level;

/// A record could not be stored, and the operation it protects was taken back.
pub(super) struct StoreFailed;

impl Client {
    /// Carries out what the session asked for: records first, then bytes are released, then events are handled.
    pub(super) fn drain(&self, state: &mut MutexGuard<'_, State>) -> Result<(), StoreFailed> {
        debug_assert!(!state.busy, "another thread is in the middle of this");
        // Should it be so all the same, its records come first and none is left out.
        self.wait_idle(state);
        if !state.session.has_output() {
            return Ok(());
        }
        let stored = self.drain_store_ops(state);
        let state_ref = &mut **state;
        if !state_ref.session.send_queue().is_empty() {
            state_ref.outbox.append(state_ref.session.send_queue());
        }
        while let Some(event) = state.session.poll_event() {
            self.handle_event(state, event);
        }
        stored
    }

    fn drain_store_ops(&self, state: &mut MutexGuard<'_, State>) -> Result<(), StoreFailed> {
        let mut stored = Ok(());
        while let Some(op) = state.session.poll_store_op() {
            let queue_is_empty = state.messages.is_empty();
            let of_queue = matches!(op, StoreOp::PutQueued { .. });
            let begins_clean = matches!(op, StoreOp::Clear) && state.phase == Phase::Connecting;
            let apply = |store: &mut dyn Store| records::apply(store, op, queue_is_empty);
            let Err(error) = self.use_store(state, of_queue, apply) else {
                continue;
            };
            if state.session.store_failed() {
                // What may follow now removes what was stored before.
                stored = Err(StoreFailed);
                continue;
            }
            // A file that cannot be removed now is removed later; a store of the program's decides.
            if let Some(code) = error.code.filter(|_| begins_clean) {
                state.connect_answer = Some(Answer::NotCleared(code, None));
            }
        }
        stored
    }

    /// Removes the record of a message that the application has taken.
    #[inline(always)]
    pub(super) fn remove_record(&self, state: &mut MutexGuard<'_, State>, record: Option<Key>) {
        if let Some(key) = record {
            self.remove_key(state, key);
        }
    }

    fn remove_key(&self, state: &mut MutexGuard<'_, State>, key: Key) {
        state.removals.push(key);
        state.removals_asked += 1;
        let number = state.removals_asked;
        // Whoever uses the store sees to it next. Waiting for the end of a batch of packets would leave the record
        // there all the while, and a message that was taken would come again after a crash.
        while state.busy && state.removals_done < number {
            self.wait_as_worker(state);
        }
        if state.removals_done < number {
            let _ = self.use_store(state, true, |_| Ok(()));
        }
    }

    /// Waits until nobody uses the store, and removes the records that other threads have asked to be removed but have not
    /// had their turn for: else messages that were taken would come again with the next client.
    pub(super) fn finish_removals(&self, state: &mut MutexGuard<'_, State>) {
        loop {
            self.wait_idle(state);
            if state.removals.is_empty() {
                return;
            }
            let _ = self.use_store(state, true, |_| Ok(()));
        }
    }

    /// Works on the store, if there is one. Records that wait to be removed go first. Failures are traced. `of_queue`: who
    /// takes messages goes on meanwhile.
    fn use_store(
        &self,
        state: &mut MutexGuard<'_, State>,
        of_queue: bool,
        operation: impl FnOnce(&mut dyn Store) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let removals = std::mem::take(&mut state.removals);
        let asked = state.removals_asked;
        let Some(mut store) = state.store.take() else {
            state.removals_done = asked;
            return Ok(());
        };
        let result = if of_queue || !removals.is_empty() || store.may_last() {
            self.use_unlocked(state, store.as_mut(), removals, asked, operation)
        } else {
            // To let others in, only for them to wait, would cost as much again.
            operation(store.as_mut())
        };
        let rests_at = store.rests_at();
        state.store = Some(store);
        if rests_at.is_some_and(|at| state.timer.is_none_or(|timer| at < timer)) {
            self.update_timer(state);
        }
        self.changed.notify_all();
        self.resume_missed(state);
        if let Err(error) = &result {
            self.trace_store_error(error);
        }
        result
    }

    /// Outside the lock: it may be the application's code, or wait for a disk.
    fn use_unlocked(
        &self,
        state: &mut MutexGuard<'_, State>,
        store: &mut dyn Store,
        removals: Vec<Key>,
        asked: u64,
        operation: impl FnOnce(&mut dyn Store) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        state.busy = true;
        if !removals.is_empty() {
            MutexGuard::unlocked(state, || {
                let _blocking = reactor::Blocking::begin();
                let _callout = CalloutGuard::enter(self.key);
                self.remove_all(store, removals);
            });
            // Who took the message goes on to the next one while the operation is under way.
            state.removals_done = asked;
            self.changed.notify_all();
        }
        let result = MutexGuard::unlocked(state, || {
            let _blocking = reactor::Blocking::begin();
            let _callout = CalloutGuard::enter(self.key);
            operation(store)
        });
        state.busy = false;
        result
    }

    fn remove_all(&self, store: &mut dyn Store, removals: Vec<Key>) {
        for key in removals {
            if let Err(error) = store.remove(&key.to_string()) {
                self.trace_store_error(&error);
            }
        }
    }

    fn trace_store_error(&self, error: &StoreError) {
        crate::trace!(
            Level::Error,
            "Persistence error for client {}: {}",
            self.name(),
            error.text
        );
    }

    fn handle_event(&self, state: &mut MutexGuard<'_, State>, event: Event) {
        state.news |= !matches!(event, Event::ServerDisconnect(_));
        match event {
            Event::Connected(connack) => {
                state.connect_answer = Some(match state.connect_answer.take() {
                    Some(Answer::NotCleared(code, _)) => Answer::NotCleared(code, Some(connack)),
                    _ => Answer::Accepted(connack),
                });
            }
            Event::Refused(connack) => state.connect_answer = Some(Answer::Refused(connack)),
            Event::DropQueued => state.drop_messages(),
            Event::Deliver { message, seq } => {
                let v5 = state.session.is_v5();
                state.note_message();
                self.take_message(state, message, seq.map(|seq| Key::Queued { v5, seq }));
            }
            Event::Completed {
                id,
                packet_type,
                reason,
                properties,
            } => {
                self.notice_completion(state, packet_type, id, || super::Completed {
                    id,
                    packet_type,
                    reason,
                    properties,
                });
            }
            Event::Acknowledged(ack) => {
                let key = (state.link_number(), ack.packet_id);
                state.answers.insert(key, ack);
            }
            Event::ServerDisconnect(disconnect) => {
                crate::trace!(
                    Level::Protocol,
                    "DISCONNECT from the server of client {}, reason {}",
                    self.name(),
                    disconnect.reason.0
                );
                self.end_as_server_did(state, Ending::Disconnected(disconnect));
            }
        }
    }

    /// Queues a message for the application.
    #[inline(always)]
    pub(super) fn take_message(&self, state: &mut State, message: Message, record: Option<Key>) {
        state.news = true;
        match state.driver {
            Driver::Caller => state.keep_message(&message, record),
            Driver::Workers => state.push_message(message, record),
        }
        self.schedule_callbacks(state);
    }
}
