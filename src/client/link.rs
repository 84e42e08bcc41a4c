//! One connection's transport: moving bytes between it and the session.

use super::callout::CalloutGuard;
use super::state::{Driver, Phase, State};
use super::{Client, dispatch::Notice, pump, reactor, records};
use crate::packet::{ReasonCode, next_frame};
use crate::persistence::{Key, Store, StoreError};
use crate::session::Event;
use crate::session::SendQueue;
use crate::trace::Level;
use crate::transport::Transport;
use bytes::BytesMut;
use parking_lot::MutexGuard;
use std::cell::RefCell;
use std::io::{self, ErrorKind, IoSlice};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Bytes read at a time.
const READ_SIZE: usize = 64 * 1024;
/// After this many reads in a row other connections get their turn.
const READS_PER_TURN: usize = 16;
/// Slices written at a time.
const WRITE_SLICES: usize = 16;
/// Capacity an emptied read buffer keeps.
const KEPT_CAPACITY: usize = 4096;
/// Messages waiting for the application above which nothing more is read.
const PAUSE_ABOVE: usize = 32 * 1024 * 1024;
/// Messages waiting for the application below which reading goes on.
const RESUME_BELOW: usize = PAUSE_ABOVE / 2;

pub(super) struct Link {
    pub(super) transport: Arc<dyn Transport>,
    /// Unique in the process.
    pub(super) number: u64,
    /// Received bytes that are not a whole packet yet; `None` while a thread reads.
    pub(super) input: Option<BytesMut>,
    /// The transport took no more bytes; cleared when it is writable again.
    pub(super) blocked: bool,
    /// A thread that drives the connection waits for it to be writable.
    pub(super) write_watched: bool,
    /// A worker found more to read while another was reading.
    pub(super) read_again: bool,
    /// Too much waits for the application: nothing is read.
    pub(super) paused: bool,
    /// The workers have it in their epoll set.
    pub(super) registered: bool,
    generation: u32,
}

impl Link {
    pub(super) fn new(transport: Arc<dyn Transport>) -> Link {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Link {
            transport,
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            input: Some(BytesMut::new()),
            blocked: false,
            write_watched: false,
            read_again: false,
            paused: false,
            registered: false,
            generation: reactor::generation(),
        }
    }

    /// Whether it was made before this process was forked.
    pub(super) fn is_inherited(&self) -> bool {
        self.generation != reactor::generation()
    }
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// DISCONNECT was sent by the application's wish.
    Orderly,
    /// Anything else.
    Lost,
    /// The client is being destroyed: what is in flight stays in the store.
    Destroyed,
}

/// What a turn of reading came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadTurn {
    /// All that was there has been read.
    Drained,
    /// There may be more.
    More,
    /// Nothing could be read here: the connection is gone, paused, or another thread reads.
    Skipped,
}

/// A record could not be stored, and the operation it protects was taken back.
pub(super) struct StoreFailed;

impl Client {
    /// Carries out what the session asked for: records first, then bytes are released, then events are handled.
    pub(super) fn drain(&self, state: &mut MutexGuard<'_, State>) -> Result<(), StoreFailed> {
        let stored = self.drain_store_ops(state);
        let state_ref = &mut **state;
        state_ref.outbox.append(state_ref.session.send_queue());
        while let Some(event) = state.session.poll_event() {
            self.handle_event(state, event);
        }
        stored
    }

    fn drain_store_ops(&self, state: &mut MutexGuard<'_, State>) -> Result<(), StoreFailed> {
        while let Some(op) = state.session.poll_store_op() {
            let queue_is_empty = state.messages.is_empty();
            let apply = |store: &mut dyn Store| records::apply(store, op, queue_is_empty);
            if self.use_store(state, apply).is_err() && state.session.store_failed() {
                return Err(StoreFailed);
            }
        }
        Ok(())
    }

    /// Removes the record of a message that the application has taken.
    pub(super) fn remove_record(&self, state: &mut MutexGuard<'_, State>, record: Option<Key>) {
        let Some(key) = record else { return };
        state.removals.push(key);
        state.removals_asked += 1;
        let number = state.removals_asked;
        // Whoever uses the store sees to it next. Waiting for the end of a batch of packets would leave the record
        // there all the while, and a message that was taken would come again after a crash.
        while state.busy && state.removals_done < number {
            reactor::prepare_to_block();
            self.changed.wait(state);
        }
        if state.removals_done < number {
            let _ = self.use_store(state, |_| Ok(()));
        }
    }

    /// Works on the store, if there is one, outside the lock: it may be the application's code. Records that wait to be
    /// removed go first. Failures are traced.
    fn use_store(
        &self,
        state: &mut MutexGuard<'_, State>,
        operation: impl FnOnce(&mut dyn Store) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let removals = std::mem::take(&mut state.removals);
        let asked = state.removals_asked;
        let Some(mut store) = state.store.take() else {
            state.removals_done = asked;
            return Ok(());
        };
        state.busy = true;
        let result = MutexGuard::unlocked(state, || {
            reactor::prepare_to_block();
            let _callout = CalloutGuard::enter(self.key);
            for key in removals {
                if let Err(error) = store.remove(&key.to_string()) {
                    self.trace_store_error(&error);
                }
            }
            operation(store.as_mut())
        });
        state.removals_done = asked;
        state.busy = false;
        state.store = Some(store);
        self.changed.notify_all();
        self.resume_missed(state);
        if let Err(error) = &result {
            self.trace_store_error(error);
        }
        result
    }

    fn trace_store_error(&self, error: &StoreError) {
        crate::trace!(
            Level::Error,
            "Persistence error for client {}: {}",
            self.name(),
            error.0
        );
    }

    fn handle_event(&self, state: &mut MutexGuard<'_, State>, event: Event) {
        match event {
            Event::Connected(connack) => {
                state.connect_answer = Some(super::connect::Answer::Accepted(connack))
            }
            Event::Refused(connack) => {
                state.connect_answer = Some(super::connect::Answer::Refused(connack))
            }
            Event::DropQueued => state.drop_messages(),
            Event::Deliver { mut message, seq } => {
                if state.driver == Driver::Caller {
                    // It may wait long for a receive; it must not keep the read buffer it came in alive.
                    message.topic = bytes::Bytes::copy_from_slice(&message.topic);
                    message.payload = bytes::Bytes::copy_from_slice(&message.payload);
                }
                let v5 = state.session.is_v5();
                let record = seq.map(|seq| Key::Queued { v5, seq });
                state.push_message(message, record);
                self.schedule_callbacks(state);
            }
            Event::Completed {
                id,
                packet_type,
                reason,
                properties,
            } => {
                self.notice_completion(
                    state,
                    super::Completed {
                        id,
                        packet_type,
                        reason,
                        properties,
                    },
                );
            }
            Event::Acknowledged(ack) => {
                state.answers.insert(ack.packet_id, ack);
            }
            Event::ServerDisconnect(disconnect) => {
                crate::trace!(
                    Level::Protocol,
                    "DISCONNECT from the server of client {}, reason {}",
                    self.name(),
                    disconnect.reason.0
                );
                self.handle_server_disconnect(state, disconnect);
            }
        }
    }

    /// Writes what is released, as far as the transport takes it now.
    pub(super) fn flush(&self, state: &mut MutexGuard<'_, State>) {
        while !state.sending && !state.outbox.is_empty() {
            let Some(link) = state.link.as_ref().filter(|link| !link.blocked) else {
                return;
            };
            let (transport, number) = (Arc::clone(&link.transport), link.number);
            let mut sending = std::mem::take(&mut state.outbox);
            state.sending = true;
            let (sent, result) = MutexGuard::unlocked(state, || {
                self.flush_trace(); // before another thread can trace the answer
                write_queue(&*transport, &mut sending)
            });
            self.end_sending(state);
            if !self.note_written(state, number, sent, sending, result) {
                return;
            }
        }
    }

    /// Writes `head` and `payload` without copying the payload when nothing is queued before them. `true`: the transport
    /// has taken all of it; otherwise what remains is queued.
    pub(super) fn send_directly(
        &self,
        state: &mut MutexGuard<'_, State>,
        head: &[u8],
        payload: &[u8],
    ) -> bool {
        let free = !state.sending && state.outbox.is_empty();
        let Some(link) = state.link.as_ref().filter(|link| free && !link.blocked) else {
            state.outbox.push_parts(head, payload);
            self.flush(state);
            return false;
        };
        let (transport, number) = (Arc::clone(&link.transport), link.number);
        state.sending = true;
        let result = MutexGuard::unlocked(state, || {
            self.flush_trace();
            write_retrying(&*transport, &[IoSlice::new(head), IoSlice::new(payload)])
        });
        self.end_sending(state);
        let sent = *result.as_ref().unwrap_or(&0);
        let mut rest = SendQueue::default();
        if sent < head.len() + payload.len() {
            rest.push_parts(
                &head[sent.min(head.len())..],
                &payload[sent.saturating_sub(head.len())..],
            );
        }
        let taken = rest.is_empty();
        if self.note_written(state, number, sent, rest, result.map(|_| ())) {
            self.flush(state);
        }
        taken
    }

    fn end_sending(&self, state: &mut State) {
        state.sending = false;
        if state.phase == Phase::Closing {
            self.changed.notify_all();
        }
    }

    /// Books the result of a write outside the lock. `false`: writing cannot go on now.
    fn note_written(
        &self,
        state: &mut MutexGuard<'_, State>,
        number: u64,
        sent: usize,
        mut rest: SendQueue,
        result: io::Result<()>,
    ) -> bool {
        if state.link_number() != Some(number) {
            // The outbox of another connection may have been filled meanwhile; these bytes went with the old one.
            self.changed.notify_all();
            return true;
        }
        rest.append(&mut state.outbox);
        state.outbox = rest;
        if sent > 0 {
            state.session.note_sent(Instant::now());
        }
        match result {
            Ok(()) => {
                if state.outbox.is_empty() {
                    self.changed.notify_all();
                }
                true
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.set_blocked(state, true);
                false
            }
            Err(error) => {
                self.lose_connection(state, &format!("write failed: {error}"));
                false
            }
        }
    }

    fn set_blocked(&self, state: &mut MutexGuard<'_, State>, blocked: bool) {
        state.session.set_blocked(blocked);
        let key = self.key;
        if let Some(link) = &mut state.link {
            link.blocked = blocked;
            if blocked && link.registered && !link.transport.write_awaits_input() {
                reactor::watch_writable(key, &*link.transport);
            }
        }
    }

    /// The transport takes bytes again.
    pub(super) fn handle_writable(&self, state: &mut MutexGuard<'_, State>) {
        if state.link.as_ref().is_some_and(|link| link.blocked) {
            self.set_blocked(state, false);
            self.flush(state);
        }
    }

    /// Reads what is there, hands whole packets to the session, and sends its answers. `to_end`: the peer has ended the
    /// stream, read until that is seen.
    pub(super) fn read_turn(&self, state: &mut MutexGuard<'_, State>, to_end: bool) -> ReadTurn {
        self.wait_idle(state);
        self.update_pause(state);
        let Some(link) = state.link.as_mut() else {
            return ReadTurn::Skipped;
        };
        if link.paused {
            return ReadTurn::Skipped;
        }
        let Some(mut input) = link.input.take() else {
            link.read_again = true;
            return ReadTurn::Skipped;
        };
        let (transport, number) = (Arc::clone(&link.transport), link.number);
        let mut turn = ReadTurn::More;
        for _ in 0..READS_PER_TURN {
            let result = MutexGuard::unlocked(state, || read_into(&*transport, &mut input));
            self.wait_idle(state);
            if state.link_number() != Some(number) {
                return ReadTurn::Skipped;
            }
            let count = match result {
                Ok(0) => {
                    self.lose_connection(state, "the server closed the connection");
                    return ReadTurn::Skipped;
                }
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    turn = ReadTurn::Drained;
                    break;
                }
                Err(error) => {
                    self.lose_connection(state, &format!("read failed: {error}"));
                    return ReadTurn::Skipped;
                }
            };
            if !self.handle_input(state, number, &mut input) {
                return ReadTurn::Skipped;
            }
            self.update_pause(state);
            if state.link.as_ref().is_some_and(|link| link.paused) {
                turn = ReadTurn::Drained;
                break;
            }
            if count < READ_SIZE && !to_end && transport.short_read_drains() {
                turn = ReadTurn::Drained;
                break;
            }
        }
        if input.is_empty() && input.capacity() > KEPT_CAPACITY {
            input = BytesMut::new();
        }
        let key = self.key;
        if let Some(link) = &mut state.link {
            link.input = Some(input);
            if link.registered && transport.read_awaits_output() {
                reactor::watch_writable(key, &*transport);
            }
            if std::mem::take(&mut link.read_again) {
                turn = ReadTurn::More;
            }
        }
        turn
    }

    /// Hands every whole packet in `input` to the session. `false`: this connection is over.
    fn handle_input(
        &self,
        state: &mut MutexGuard<'_, State>,
        number: u64,
        input: &mut BytesMut,
    ) -> bool {
        let now = Instant::now();
        state.session.note_received(now);
        loop {
            let handled = match next_frame(input, state.session.maximum_packet_size()) {
                Ok(Some(frame)) => state.session.handle_frame(now, frame),
                Ok(None) => break,
                Err(malformed) => Err(malformed),
            };
            let failure = match handled {
                Ok(()) => match self.drain(state) {
                    Ok(()) => None,
                    Err(StoreFailed) => Some((
                        ReasonCode::IMPLEMENTATION_SPECIFIC_ERROR,
                        "a record could not be stored",
                    )),
                },
                Err(malformed) => Some((malformed.reason, malformed.detail)),
            };
            if state.link_number() != Some(number) {
                return false;
            }
            if let Some((reason, detail)) = failure {
                state.session.send_disconnect_for(reason);
                let _ = self.drain(state);
                self.flush(state);
                self.lose_connection(state, detail);
                return false;
            }
        }
        self.changed.notify_all();
        self.flush(state);
        self.wait_idle(state);
        state.link_number() == Some(number)
    }

    /// Stops reading while too much waits for the application, unless a call waits for an acknowledgement.
    fn update_pause(&self, state: &mut MutexGuard<'_, State>) {
        let (weight, waiters) = (state.queued_weight, state.ack_waiters);
        let Some(link) = &mut state.link else { return };
        let paused = match link.paused {
            false => weight > PAUSE_ABOVE && waiters == 0,
            true => weight > RESUME_BELOW && waiters == 0,
        };
        if paused != link.paused {
            link.paused = paused;
            state.session.set_reading_paused(paused, Instant::now());
        }
    }

    /// Does what is due by now: pings, resends. Ends the connection if the server is silent.
    pub(super) fn handle_timers(&self, state: &mut MutexGuard<'_, State>) {
        let now = Instant::now();
        if state.session.poll_timeout().is_none_or(|at| at > now) {
            return;
        }
        self.wait_idle(state);
        match state.session.handle_timeout(now) {
            Ok(()) => {
                let _ = self.drain(state);
                self.flush(state);
            }
            Err(_) => {
                let socket = state
                    .link
                    .as_ref()
                    .map_or(-1, |link| super::connect::socket_number(&*link.transport));
                crate::trace!(
                    Level::Protocol,
                    "PINGRESP not received in keepalive interval for client {} on socket {socket}, disconnecting",
                    self.name()
                );
                state
                    .session
                    .send_disconnect_for(ReasonCode::KEEP_ALIVE_TIMEOUT);
                let _ = self.drain(state);
                self.flush(state);
                self.lose_connection(
                    state,
                    "the server did not answer in the keep alive interval",
                );
            }
        }
    }

    /// Ends the connection, if there is one, and lets the session settle.
    pub(super) fn end_link(&self, state: &mut MutexGuard<'_, State>, end: End) {
        let Some(link) = state.link.take() else {
            return;
        };
        match state.driver {
            Driver::Caller => pump::deregister(self.key),
            Driver::Workers => reactor::deregister(self.key, &link),
        }
        match end {
            // The parent process may go on with the connection that a forked child inherited: it is only closed here.
            End::Lost | End::Destroyed if link.is_inherited() => {}
            End::Lost | End::Destroyed => link.transport.shutdown(),
            End::Orderly => {
                link.transport.finish();
                if link.input.is_none() {
                    // A thread waits for input that nobody wants any more.
                    link.transport.shutdown();
                }
            }
        }
        state.outbox.clear();
        state.answers.clear();
        match end {
            End::Orderly | End::Lost => state.session.handle_closed(end == End::Orderly),
            End::Destroyed => state.session.abandon(),
        }
        self.restart_timer(state);
        let _ = self.drain(state);
        crate::trace!(
            Level::Minimum,
            "Removed socket {}",
            super::connect::socket_number(&*link.transport)
        );
        self.changed.notify_all();
    }

    /// The connection broke: ends it and tells the application.
    pub(super) fn lose_connection(&self, state: &mut MutexGuard<'_, State>, why: &str) {
        let number = state.link_number();
        self.wait_idle(state);
        // Behind a DISCONNECT the end is expected, and the thread that sent it sees to it.
        let expected = state.phase == Phase::Closing && !state.session.is_connected();
        if number.is_none() || state.link_number() != number || expected {
            return;
        }
        crate::trace!(
            Level::Minimum,
            "Connection of client {} lost: {why}",
            self.name()
        );
        let was_connected = state.session.is_connected();
        self.end_link(state, End::Lost);
        if was_connected && state.phase != Phase::Connecting {
            self.notice_loss(state, Notice::ConnectionLost);
        }
    }

    /// The client identifier for the trace.
    pub(super) fn name(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.client_id)
    }
}

fn write_retrying(transport: &dyn Transport, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    loop {
        match transport.write(slices) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Writes as much as is taken; returns the number of bytes and what stopped it.
fn write_queue(transport: &dyn Transport, queue: &mut SendQueue) -> (usize, io::Result<()>) {
    let mut total = 0;
    while !queue.is_empty() {
        let mut slices = [IoSlice::new(&[]); WRITE_SLICES];
        let filled = queue.slices(&mut slices);
        match write_retrying(transport, &slices[..filled]) {
            Ok(0) => return (total, Err(ErrorKind::WriteZero.into())),
            Ok(sent) => {
                total += sent;
                queue.advance(sent);
            }
            Err(error) => return (total, Err(error)),
        }
    }
    (total, Ok(()))
}

/// Appends what one read gives to `input`.
fn read_into(transport: &dyn Transport, input: &mut BytesMut) -> io::Result<usize> {
    thread_local! {
        static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    SCRATCH.with_borrow_mut(|scratch| {
        scratch.resize(READ_SIZE, 0);
        loop {
            match transport.read(scratch) {
                Ok(count) => {
                    input.extend_from_slice(&scratch[..count]);
                    return Ok(count);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    })
}
