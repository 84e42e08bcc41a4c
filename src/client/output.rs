//! Writing to a connection: one thread at a time, what others leave goes along; outside the client's lock, but for few bytes
//! that keep nobody waiting.

use super::Client;
use super::state::{KEPT_CAPACITY, Phase, State};
use crate::process_lock::MutexGuard;
use crate::session::{SendQueue, Session};
use crate::transport::Transport;
use std::collections::TryReserveError;
use std::io::{self, ErrorKind, IoSlice};
use std::sync::Arc;
use std::time::Instant;

/// Slices written at a time.
const WRITE_SLICES: usize = 16;
/// Up to this size, in bytes, a payload is copied behind its head.
const JOINED_PAYLOAD: usize = 4096;

impl Client {
    /// Writes what is released, as far as the transport takes it now.
    pub(super) fn flush(&self, state: &mut MutexGuard<'_, State>) {
        if !state.outbox.is_empty() {
            self.flush_at(state, Instant::now());
        }
    }

    /// [`flush`](Self::flush) for a caller that knows the time.
    pub(super) fn flush_at(&self, state: &mut MutexGuard<'_, State>, now: Instant) {
        if let Err(error) = self.write_outbox(state, now) {
            self.lose_connection(state, &format!("write failed: {error}"));
        }
    }

    /// [`flush_at`](Self::flush_at) for a caller that ends the connection itself if that fails.
    pub(super) fn write_outbox(
        &self,
        state: &mut MutexGuard<'_, State>,
        now: Instant,
    ) -> io::Result<()> {
        self.end_stream(state);
        while !state.sending && !state.outbox.is_empty() {
            let Some(link) = state.link.as_ref().filter(|link| !link.blocked) else {
                return Ok(());
            };
            let (transport, number) = (Arc::clone(&link.transport), link.number);
            let mut sending = state.spare_outbox.take().unwrap_or_default();
            std::mem::swap(&mut *sending, &mut state.outbox);
            state.sending = true;
            let (sent, result) = MutexGuard::unlocked(state, || {
                self.flush_trace(); // before another thread can trace the answer
                write_queue(&*transport, &mut sending)
            });
            self.end_sending(state);
            if !sending.is_empty() {
                if state.link_number() == Some(number) {
                    sending.append(&mut state.outbox);
                    std::mem::swap(&mut *sending, &mut state.outbox);
                }
                sending.clear();
            }
            state.spare_outbox = Some(sending);
            if !self.note_written(state, now, number, sent, result)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Sends the packet that begins with what is in `state.head`, under the lock where that keeps nobody waiting: so not for
    /// QoS 1 and 2, whose acknowledgements come to another thread meanwhile. `Err`: the transport has not taken all of it,
    /// what remains is queued for the connection of that number.
    #[inline(always)]
    pub(super) fn send_head(
        &self,
        state: &mut MutexGuard<'_, State>,
        now: Instant,
        payload: &[u8],
    ) -> Result<(), Option<u64>> {
        let quiet = !MutexGuard::is_sought(state) && !crate::trace::has_pending();
        let State {
            session,
            link: Some(link),
            head,
            outbox,
            sending,
            ..
        } = &mut **state
        else {
            return self.send_taken_head(state, now, payload);
        };
        let free = !(*sending || link.blocked) && outbox.is_empty();
        let few = payload.len() <= JOINED_PAYLOAD;
        let Some(socket) = link.socket.as_ref().filter(|_| quiet && free && few) else {
            return self.send_taken_head(state, now, payload);
        };
        // Nobody waits for the lock, and the socket takes the bytes or refuses them at once.
        head.extend_from_slice(payload);
        let result = socket.send(head);
        if result.as_ref().is_ok_and(|sent| *sent == head.len()) {
            session.note_sent(now);
            if head.capacity() > KEPT_CAPACITY {
                *head = Vec::new();
            }
            return Ok(());
        }
        let (number, head) = (link.number, std::mem::take(head));
        self.settle_partly(state, now, number, &head, result)
    }

    #[cold]
    fn settle_partly(
        &self,
        state: &mut MutexGuard<'_, State>,
        now: Instant,
        number: u64,
        head: &[u8],
        result: io::Result<usize>,
    ) -> Result<(), Option<u64>> {
        match self.settle(state, now, number, head, &[], result) {
            true => Ok(()),
            false => Err(Some(number)),
        }
    }

    #[inline(never)]
    fn send_taken_head(
        &self,
        state: &mut MutexGuard<'_, State>,
        now: Instant,
        payload: &[u8],
    ) -> Result<(), Option<u64>> {
        let number = state.link_number();
        let mut head = std::mem::take(&mut state.head);
        let taken = self.send_directly(state, now, &mut head, payload);
        state.keep_head(head);
        match taken {
            true => Ok(()),
            false => Err(number),
        }
    }

    /// Writes `head` and `payload` without copying the payload when nothing is queued before them. `true`: the transport
    /// has taken all of it; otherwise what remains is queued.
    #[inline(always)]
    pub(super) fn send_directly(
        &self,
        state: &mut MutexGuard<'_, State>,
        now: Instant,
        head: &mut Vec<u8>,
        payload: &[u8],
    ) -> bool {
        let free = !state.sending && state.outbox.is_empty();
        let Some(link) = state.link.as_ref().filter(|link| free && !link.blocked) else {
            let State {
                session, outbox, ..
            } = &mut **state;
            match queue_rest(session, outbox, head, payload, 0) {
                Ok(()) => self.flush_at(state, now),
                Err(error) => self.lose_connection(state, &format!("cannot write: {error}")),
            }
            return false;
        };
        let (transport, number) = (Arc::clone(&link.transport), link.number);
        state.sending = true;
        // For a few bytes one buffer is less work, here and in the kernel, than two.
        let payload = match payload.len() <= JOINED_PAYLOAD {
            true => {
                head.extend_from_slice(payload);
                &[]
            }
            false => payload,
        };
        let slices = [IoSlice::new(head), IoSlice::new(payload)];
        let slices = &slices[..if payload.is_empty() { 1 } else { 2 }];
        let result = MutexGuard::unlocked(state, || {
            self.flush_trace();
            transport.write(slices)
        });
        self.end_sending(state);
        self.settle(state, now, number, head, payload, result)
    }

    /// Sees to the rest of a packet that was written directly. `true`: the transport has taken all of it.
    #[inline(always)]
    fn settle(
        &self,
        state: &mut MutexGuard<'_, State>,
        now: Instant,
        number: u64,
        head: &[u8],
        payload: &[u8],
        mut result: io::Result<usize>,
    ) -> bool {
        let sent = *result.as_ref().unwrap_or(&0);
        let taken = sent == head.len() + payload.len();
        if !taken && state.link_number() == Some(number) {
            let mut rest = SendQueue::default();
            if let Err(error) = queue_rest(&state.session, &mut rest, head, payload, sent) {
                // In the middle of a packet nothing else can follow.
                result = Err(error.into());
            }
            rest.append(&mut state.outbox);
            state.outbox = rest;
        }
        match self.note_written(state, now, number, sent, result.map(|_| ())) {
            Ok(true) if !state.outbox.is_empty() => self.flush_at(state, now),
            Ok(_) => {}
            Err(error) => self.lose_connection(state, &format!("write failed: {error}")),
        }
        taken
    }

    #[inline]
    fn end_sending(&self, state: &mut State) {
        state.sending = false;
        // A disconnect waits for this, or the reason for the end of the connection.
        if state.phase == Phase::Closing || state.busy {
            self.changed.notify_all();
        }
    }

    /// Books the result of a write outside the lock; what it left has been put back. `false`: writing cannot go on now.
    /// `Err`: never again on this connection, which the caller ends.
    #[inline(always)]
    fn note_written(
        &self,
        state: &mut MutexGuard<'_, State>,
        now: Instant,
        number: u64,
        sent: usize,
        result: io::Result<()>,
    ) -> io::Result<bool> {
        if state.link_number() != Some(number) {
            // The outbox of another connection may have been filled meanwhile; these bytes went with the old one.
            self.changed.notify_all();
            return Ok(true);
        }
        if sent > 0 {
            state.session.note_sent(now);
        }
        match result {
            Ok(()) => {
                if state.outbox.is_empty() {
                    self.changed.notify_all();
                }
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.set_blocked(state, true);
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    fn set_blocked(&self, state: &mut MutexGuard<'_, State>, blocked: bool) {
        state.session.set_blocked(blocked);
        let key = self.key;
        if let Some(link) = &mut state.link {
            link.blocked = blocked;
            link.awaits_input = blocked && link.transport.write_awaits_input();
            if blocked && link.registered && !link.awaits_input {
                link.watch_writable(key);
            }
        }
    }

    /// The transport takes bytes again.
    pub(super) fn handle_writable(&self, state: &mut MutexGuard<'_, State>) {
        if state.link.as_ref().is_some_and(|link| link.blocked) {
            self.set_blocked(state, false);
            self.flush(state);
            // A layer's own bytes may have waited for the end of what was under way, and wait for the socket now.
            let link = state.link.as_mut().filter(|link| link.registered);
            if let Some(link) = link.filter(|link| link.transport.read_awaits_output()) {
                link.watch_writable(self.key);
            }
        }
    }
}

/// Queues a packet behind its first `sent` bytes, if there is memory for it. What is kept to be sent again is not copied once
/// more.
fn queue_rest(
    session: &Session,
    queue: &mut SendQueue,
    head: &[u8],
    payload: &[u8],
    sent: usize,
) -> Result<(), TryReserveError> {
    let kept = match payload.len() > JOINED_PAYLOAD {
        true => session.kept_packet(head, payload),
        false => None,
    };
    if let Some(packet) = kept {
        queue.push(&packet.slice(sent..));
        return Ok(());
    }
    queue.push_parts(
        &head[sent.min(head.len())..],
        &payload[sent.saturating_sub(head.len())..],
    )
}

/// Writes as much as is taken; returns the number of bytes and what stopped it.
fn write_queue(transport: &dyn Transport, queue: &mut SendQueue) -> (usize, io::Result<()>) {
    let mut total = 0;
    while !queue.is_empty() {
        let result = match queue.as_single_slice() {
            Some(single) => transport.write(&[IoSlice::new(single)]),
            None => {
                let mut slices = [IoSlice::new(&[]); WRITE_SLICES];
                let filled = queue.slices(&mut slices);
                transport.write(&slices[..filled])
            }
        };
        match result {
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
