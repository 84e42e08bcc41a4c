//! Writing to a connection: one thread at a time, what others leave goes along; outside the client's lock, but for few bytes
//! that keep nobody waiting.

use super::Client;
use super::state::{Driver, KEPT_CAPACITY, Phase, State};
use crate::process_lock::MutexGuard;
use crate::session::{PublishRequest, SendQueue, Session};
use crate::transport::Transport;
use std::collections::TryReserveError;
use std::io::{self, ErrorKind, IoSlice};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long destroy waits for a thread that is in the middle of a write.
const DESTROY_PATIENCE: Duration = Duration::from_secs(1);
/// Slices written at a time.
const WRITE_SLICES: usize = 16;

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
    #[inline]
    pub(super) fn write_outbox(
        &self,
        state: &mut MutexGuard<'_, State>,
        now: Instant,
    ) -> io::Result<()> {
        self.end_stream(state);
        match state.outbox.is_empty() {
            true => Ok(()),
            false => self.write_released(state, now),
        }
    }

    #[inline(never)]
    fn write_released(&self, state: &mut MutexGuard<'_, State>, now: Instant) -> io::Result<()> {
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

    /// Sends the packet that consists of what is in `state.head` and the request's rest, under the lock where that keeps
    /// nobody waiting: so not for QoS 1 and 2, whose acknowledgements come to another thread meanwhile. `Err`: the transport
    /// has not taken all of it, what remains is queued for the connection of that number.
    #[inline(always)]
    pub(super) fn send_head(
        &self,
        state: &mut MutexGuard<'_, State>,
        now: Instant,
        request: &PublishRequest<'_>,
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
            return self.send_taken_head(state, now, request.rest());
        };
        let free = !(*sending || link.blocked) && outbox.is_empty();
        let few = request.is_joined();
        let Some(socket) = link.socket.as_ref().filter(|_| quiet && free && few) else {
            return self.send_taken_head(state, now, request.rest());
        };
        // Nobody waits for the lock, and the socket takes the bytes or refuses them at once.
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
        rest: &[u8],
    ) -> Result<(), Option<u64>> {
        let number = state.link_number();
        let head = std::mem::take(&mut state.head);
        let taken = self.send_directly(state, now, &head, rest);
        state.keep_head(head);
        match taken {
            true => Ok(()),
            false => Err(number),
        }
    }

    /// Writes the packet that consists of `head` and `rest` without copying it when nothing is queued before it. `true`: the
    /// transport has taken all of it; otherwise what remains is queued.
    #[inline(always)]
    pub(super) fn send_directly(
        &self,
        state: &mut MutexGuard<'_, State>,
        now: Instant,
        head: &[u8],
        rest: &[u8],
    ) -> bool {
        let State {
            link,
            outbox,
            sending,
            ..
        } = &mut **state;
        let free = !*sending && outbox.is_empty();
        let Some(link) = link.as_ref().filter(|link| free && !link.blocked) else {
            self.queue_packet(state, now, head, rest);
            return false;
        };
        let number = link.number;
        *sending = true;
        let result = match link.socket.clone().filter(|_| rest.is_empty()) {
            Some(socket) => MutexGuard::unlocked(state, || {
                self.flush_trace();
                socket.send(head)
            }),
            None => self.write_unlocked(state, head, rest),
        };
        self.end_sending(state);
        let State {
            session,
            link,
            outbox,
            room_awaited,
            ..
        } = &mut **state;
        let lasts = link.as_ref().is_some_and(|link| link.number == number);
        let taken = matches!(result, Ok(sent) if sent == head.len() + rest.len());
        if lasts && taken && outbox.is_empty() && !*room_awaited {
            session.note_sent(now);
            return true;
        }
        self.settle(state, now, number, head, rest, result)
    }

    #[inline(never)]
    fn write_unlocked(
        &self,
        state: &mut MutexGuard<'_, State>,
        head: &[u8],
        rest: &[u8],
    ) -> io::Result<usize> {
        let Some(link) = &state.link else {
            return Ok(0);
        };
        let transport = Arc::clone(&link.transport);
        let slices = [IoSlice::new(head), IoSlice::new(rest)];
        let slices = &slices[..if rest.is_empty() { 1 } else { 2 }];
        MutexGuard::unlocked(state, || {
            self.flush_trace();
            transport.write(slices)
        })
    }

    #[cold]
    fn queue_packet(
        &self,
        state: &mut MutexGuard<'_, State>,
        now: Instant,
        head: &[u8],
        rest: &[u8],
    ) {
        let State {
            session, outbox, ..
        } = &mut **state;
        match queue_rest(session, outbox, head, rest, 0) {
            Ok(()) => self.flush_at(state, now),
            Err(error) => self.lose_connection(state, &format!("cannot write: {error}")),
        }
    }

    /// Sees to a packet that was written directly. `true`: the transport has taken all of it.
    #[cold]
    fn settle(
        &self,
        state: &mut MutexGuard<'_, State>,
        now: Instant,
        number: u64,
        head: &[u8],
        rest: &[u8],
        mut result: io::Result<usize>,
    ) -> bool {
        let sent = *result.as_ref().unwrap_or(&0);
        let taken = sent == head.len() + rest.len();
        if !taken && state.link_number() == Some(number) {
            let mut queue = SendQueue::default();
            if let Err(error) = queue_rest(&state.session, &mut queue, head, rest, sent) {
                // In the middle of a packet nothing else can follow.
                result = Err(error.into());
            }
            queue.append(&mut state.outbox);
            state.outbox = queue;
        }
        match self.note_written(state, now, number, sent, result.map(|_| ())) {
            Ok(true) if !state.outbox.is_empty() => self.flush_at(state, now),
            Ok(_) => {}
            Err(error) => self.lose_connection(state, &format!("write failed: {error}")),
        }
        taken
    }

    /// Waits while another thread is in the middle of a write (which does not block, but for the trace callback before it).
    pub(super) fn wait_for_writer(
        &self,
        state: &mut MutexGuard<'_, State>,
        number: Option<u64>,
        patience: Instant,
    ) {
        while state.sending && state.link_number() == number && Instant::now() < patience {
            self.changed.wait_until(state, patience);
            self.wait_idle(state);
        }
    }

    /// The client is being destroyed: what was accepted goes to the socket, as far as that takes it now. Nobody is to learn
    /// of an error any more.
    pub(super) fn hand_over_rest(&self, state: &mut MutexGuard<'_, State>) {
        let now = Instant::now();
        let number = state.link_number();
        self.wait_for_writer(state, number, now + DESTROY_PATIENCE);
        let _ = self.write_outbox(state, now);
    }

    #[inline]
    fn end_sending(&self, state: &mut State) {
        state.sending = false;
        // A disconnect or destroy waits for this, or the reason for the end of the connection.
        if state.phase == Phase::Closing || state.busy || state.destroyed {
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
                if state.outbox.is_empty() && std::mem::take(&mut state.room_awaited) {
                    self.changed.notify_all();
                }
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.set_blocked(state, true);
                // A worker goes on when there is room; this thread may have other things to do.
                if state.room_awaited && state.driver == Driver::Caller {
                    self.changed.notify_all();
                }
                Ok(false)
            }
            Err(error) => {
                if state.room_awaited {
                    self.changed.notify_all();
                }
                Err(error)
            }
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
    rest: &[u8],
    sent: usize,
) -> Result<(), TryReserveError> {
    let kept = match rest.is_empty() {
        true => None,
        false => session.kept_packet(head, rest),
    };
    if let Some(packet) = kept {
        queue.push(&packet.slice(sent..));
        return Ok(());
    }
    queue.push_parts(
        &head[sent.min(head.len())..],
        &rest[sent.saturating_sub(head.len())..],
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
