//! Reading from a connection: one thread at a time, outside the client's lock, whole packets go to the session.

use super::Client;
use super::drain::StoreFailed;
use super::ending::Ending;
use super::read_buffer::ReadBuffer;
use super::state::{Driver, State};
use crate::packet::{Malformed, PacketType, Properties, ReasonCode, ack};
use crate::process_lock::MutexGuard;
use crate::thread_storage::{self, Buffer};
use crate::trace::Level;
use crate::transport::Transport;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Bytes read at a time, but for large packets.
const READ_SIZE: usize = 64 * 1024;
/// Where a large packet was, another one is expected: so much is read to learn its length.
const FIRST_PIECE: usize = 4096;
/// After this many reads in a row other connections get their turn.
const READS_PER_TURN: usize = 16;
/// Bytes of messages waiting for the application above which nothing more is read. With more, the thread that reads and the
/// one that runs callbacks work on different memory, each with a processor's cache of its own.
const PAUSE_ABOVE: usize = READ_SIZE;
/// Messages waiting for the application below which reading goes on.
const RESUME_BELOW: usize = PAUSE_ABOVE / 2;

/// How long records of the same read are stored before their packets are answered: the server may otherwise give the client
/// up before it sees any answer, and begin with the same messages again on the next connection. And before a call looks
/// whether it is to return.
const STORING_TURN: Duration = Duration::from_millis(10);

/// Why the connection ends when a record cannot be written.
const UNSTORED: Malformed = Malformed {
    reason: ReasonCode::IMPLEMENTATION_SPECIFIC_ERROR,
    detail: "a record could not be stored",
};

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

/// A connection that is being read.
struct Reading {
    transport: Arc<dyn Transport>,
    number: u64,
    input: Box<ReadBuffer>,
}

impl State {
    /// Whether calls wait for messages; otherwise callbacks take them.
    #[inline]
    fn hands_messages_to_calls(&self) -> bool {
        self.driver == Driver::Caller
    }

    /// Whether too much waits for the application to read on.
    #[inline]
    pub(super) fn wants_pause(&self, is_paused: bool) -> bool {
        let limit = match is_paused {
            false => PAUSE_ABOVE,
            true => RESUME_BELOW,
        };
        self.queued_weight > limit && self.ack_waiters == 0
    }
}

impl Client {
    /// Reads what is there, hands whole packets to the session, and sends its answers. `to_end`: the peer has ended the
    /// stream, read until that is seen. `until`: when the call that reads is to return; what is left then is left.
    pub(super) fn read_turn(
        &self,
        state: &mut MutexGuard<'_, State>,
        to_end: bool,
        until: Option<Instant>,
    ) -> ReadTurn {
        let Some(mut reading) = self.take_input(state, to_end) else {
            return ReadTurn::Skipped;
        };
        let turn = self.read_repeatedly(state, &mut reading, to_end, until);
        if turn == ReadTurn::Skipped || state.link_number() != Some(reading.number) {
            return ReadTurn::Skipped;
        }
        let turn = self.give_input_back(state, reading, turn);
        if state.is_driven_by_callers() {
            // A call that found the right to read taken goes on with it: this thread may not read again.
            self.changed.notify_all();
        }
        if turn == ReadTurn::Drained && state.session.waits_for_more() {
            self.acknowledge_bytes(state);
        }
        turn
    }

    /// Has the server learn that its bytes have come, without waiting for a packet that would tell it: its system may hold
    /// back the next bytes until then (RFC 1122, section 4.2.3.4), and ours takes its time (section 4.2.3.2).
    #[inline(never)]
    fn acknowledge_bytes(&self, state: &mut MutexGuard<'_, State>) {
        if let Some(link) = &state.link {
            let transport = Arc::clone(&link.transport);
            MutexGuard::unlocked(state, || transport.acknowledge());
        }
    }

    /// Takes the right to read; `None` if there is nothing to read, or another thread has it, which is told to go on.
    #[inline(always)]
    fn take_input(&self, state: &mut MutexGuard<'_, State>, to_end: bool) -> Option<Reading> {
        self.wait_idle(state);
        if self.meets_ending(state) {
            return None;
        }
        self.update_pause(state);
        let link = state.link.as_mut().filter(|link| !link.paused)?;
        let Some(input) = link.input.take() else {
            let others = link.wanted_again.unwrap_or(false);
            link.wanted_again = Some(others || to_end);
            return None;
        };
        Some(Reading {
            transport: Arc::clone(&link.transport),
            number: link.number,
            input,
        })
    }

    /// `Skipped`: this connection is over.
    #[inline(always)]
    fn read_repeatedly(
        &self,
        state: &mut MutexGuard<'_, State>,
        reading: &mut Reading,
        mut to_end: bool,
        until: Option<Instant>,
    ) -> ReadTurn {
        let Reading {
            transport,
            number,
            input,
        } = reading;
        let number = *number;
        for _ in 0..READS_PER_TURN {
            if state.session.is_disconnected() {
                // What has come is for nobody, and more may come until the transport is closed.
                input.clear();
            }
            let result = match input.is_left {
                // As if it had been read only now, and there were more.
                true => Ok((1, false)),
                false => MutexGuard::unlocked(state, || read_into(&**transport, input)),
            };
            self.wait_idle(state);
            if state.link_number() != Some(number) {
                return ReadTurn::Skipped;
            }
            let had_room = match result {
                Ok((0, _)) => {
                    let why = "the server closed the connection".into();
                    self.end_as_server_did(state, Ending::Closed(why));
                    return ReadTurn::Drained;
                }
                Ok((_, had_room)) => had_room,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if let Some(others_to_end) = self.take_wish(state) {
                        to_end |= others_to_end;
                        continue;
                    }
                    return match transport.has_buffered_input() {
                        true => ReadTurn::More,
                        false => ReadTurn::Drained,
                    };
                }
                Err(error) => {
                    let why = format!("read failed: {error}");
                    self.end_as_server_did(state, Ending::Closed(why));
                    return ReadTurn::Drained;
                }
            };
            if !self.handle_input(state, number, input) {
                return ReadTurn::Skipped;
            }
            self.update_pause(state);
            let link = state.link.as_ref();
            if link.is_some_and(|link| link.paused || link.ending.is_some()) {
                return ReadTurn::Drained;
            }
            if input.is_left {
                break;
            }
            if !had_room && input.is_inside_large() {
                if let Some(link) = &mut state.link {
                    link.unwatch(self.key);
                }
            }
            if had_room && !to_end && transport.short_read_drains() {
                match self.take_wish(state) {
                    Some(others_to_end) => to_end = others_to_end,
                    None => return ReadTurn::Drained,
                }
            }
            if until.is_some_and(|until| until <= Instant::now()) {
                break;
            }
        }
        ReadTurn::More
    }

    /// Gives the right to read back, and looks at what came while this thread had it.
    #[inline(always)]
    fn give_input_back(
        &self,
        state: &mut MutexGuard<'_, State>,
        Reading {
            transport, input, ..
        }: Reading,
        mut turn: ReadTurn,
    ) -> ReadTurn {
        let Some(link) = &mut state.link else {
            return turn;
        };
        link.input = Some(input);
        if link.registered && transport.read_awaits_output() {
            link.watch_writable(self.key);
        }
        if link.wanted_again.take().is_some() {
            turn = ReadTurn::More;
        }
        if turn == ReadTurn::Drained && !link.paused {
            link.watch_again(self.key);
        }
        if link.awaits_input && !transport.write_awaits_input() {
            self.handle_writable(state);
        }
        turn
    }

    /// `Some`: another worker was told of more to read meanwhile, and will not be told again; to the end of the stream?
    fn take_wish(&self, state: &mut State) -> Option<bool> {
        state.link.as_mut()?.wanted_again.take()
    }

    /// Hands every whole packet in `input` to the session, or as many as can be stored before long. `false`: this connection
    /// is over.
    fn handle_input(
        &self,
        state: &mut MutexGuard<'_, State>,
        number: u64,
        input: &mut ReadBuffer,
    ) -> bool {
        let now = Instant::now();
        state.session.note_received(now);
        self.end_stream(state);
        input.is_left = false;
        // Whether anything came that a call may wait for.
        let mut awaited = false;
        loop {
            if state.session.hands_on_at_once() {
                loop {
                    let messages = self.take_plain_messages(state, input);
                    let acks = self.take_plain_acks(state, input, now);
                    awaited |= acks || messages && state.hands_messages_to_calls();
                    if !(messages || acks) || input.bytes().is_empty() {
                        break;
                    }
                }
            }
            let handled = self.handle_next(state, input, now, &mut awaited);
            let (failure, ended) = match handled {
                Ok(true) if state.session.output_can_wait() => continue,
                Ok(handled) => (None, !handled),
                Err(malformed) => (Some(malformed), false),
            };
            let failure = self
                .drain(state)
                .err()
                .map(|StoreFailed| UNSTORED)
                .or(failure);
            if state.link_number() != Some(number) {
                return false;
            }
            if let Some(failure) = failure {
                awaited = true;
                self.end_as_server_did(state, Ending::Failed(failure));
            }
            let Some(link) = state.link.as_ref().filter(|link| link.number == number) else {
                return false;
            };
            if ended || link.ending.is_some() {
                break;
            }
            if state.store.is_some() && now.elapsed() > STORING_TURN {
                input.is_left = true;
                break;
            }
        }
        if crate::trace::has_pending() {
            // Before a thread that waits for what came can trace what it does then.
            MutexGuard::unlocked(state, || self.flush_trace());
            self.wait_idle(state);
        }
        if awaited {
            self.changed.notify_all();
        }
        self.send_answers(state, now);
        self.wait_idle(state);
        state.link_number() == Some(number)
    }

    /// Takes messages as long as each needs no more than that and an acknowledgement. `false`: there was none.
    #[inline(always)]
    fn take_plain_messages(&self, state: &mut State, input: &mut ReadBuffer) -> bool {
        let mut taken = false;
        let (version, maximum) = (state.session.version(), state.session.maximum_packet_size());
        while let Some((publish, bytes)) = input.peek_plain(version, maximum) {
            state.session.handle_plain_publish(publish, bytes);
            self.take_message(state, publish.take(bytes), None);
            taken = true;
        }
        if taken {
            state.note_message();
        }
        taken
    }

    /// Takes acknowledgements as long as each ends a message. `false`: there was none.
    #[inline(always)]
    fn take_plain_acks(&self, state: &mut State, input: &mut ReadBuffer, now: Instant) -> bool {
        if (state.session.maximum_packet_size() as usize) < ack::ACK_LENGTH {
            return false;
        }
        let bytes = input.bytes();
        let mut taken = 0;
        while let Some((packet_type, id)) = ack::peek_ack(&bytes[taken..]) {
            if !state.session.finish_at_once(now, packet_type, id) {
                break;
            }
            taken += ack::ACK_LENGTH;
            state.news = true;
            self.notice_completion(state, packet_type as u8, id, || super::Completed {
                id,
                packet_type: packet_type as u8,
                reason: ReasonCode::SUCCESS,
                properties: Properties::new(),
            });
        }
        if taken > 0 {
            input.skip(taken);
        }
        taken > 0
    }

    /// Hands the next packet to the session. `false`: there is no whole one, or none that counts. Sets `awaited` unless it
    /// is one that no call waits for.
    #[inline(always)]
    fn handle_next(
        &self,
        state: &mut State,
        input: &mut ReadBuffer,
        now: Instant,
        awaited: &mut bool,
    ) -> Result<bool, Malformed> {
        let to_receive = state.hands_messages_to_calls();
        let session = &mut state.session;
        if session.is_disconnected() {
            return Ok(false);
        }
        let maximum = session.maximum_packet_size();
        let (packet_type, handled, is_whole) =
            if let Some((packet_type, id)) = input.next_ack(maximum) {
                let handled = session.handle_ack(now, packet_type, id);
                // Of a message that is only half over no call returns: it would wake for nothing each time.
                *awaited |= packet_type != PacketType::PubRec;
                (packet_type as u8, handled, true)
            } else if let Some(frame) = input.next_frame(maximum)? {
                let packet_type = frame.first_byte >> 4;
                *awaited |= to_receive || packet_type != PacketType::Publish as u8;
                (packet_type, session.handle_frame(now, frame), true)
            } else if let Some(first_byte) = input.first_byte() {
                // The rest of what cannot be a packet may never come.
                (first_byte >> 4, session.check_beginning(first_byte), false)
            } else {
                return Ok(false);
            };
        if handled.is_err() {
            crate::trace!(Level::Error, "Bad MQTT packet, type {packet_type}");
        }
        handled.map(|()| is_whole)
    }

    /// Where answers cannot be sent the connection has ended behind what they answer.
    fn send_answers(&self, state: &mut MutexGuard<'_, State>, now: Instant) {
        if let Err(error) = self.write_outbox(state, now) {
            let why = format!("write failed: {error}");
            self.end_as_server_did(state, Ending::Unanswered(why));
        }
    }

    /// Stops reading while too much waits for the application, unless a call waits for an acknowledgement.
    #[inline]
    pub(super) fn update_pause(&self, state: &mut MutexGuard<'_, State>) {
        let Some(was_paused) = state.link.as_ref().map(|link| link.paused) else {
            return;
        };
        let paused = state.wants_pause(was_paused);
        if paused != was_paused {
            if let Some(link) = &mut state.link {
                link.paused = paused;
            }
            state.session.set_reading_paused(paused, Instant::now());
        }
    }
}

/// Appends what one read gives to `input`; how much, and whether there was room for more.
fn read_into(transport: &dyn Transport, input: &mut ReadBuffer) -> io::Result<(usize, bool)> {
    thread_local! {
        static SCRATCH: Buffer = const { Buffer::new(Vec::new()) };
    }
    thread_storage::lend(&SCRATCH, |scratch| {
        if scratch.is_empty() {
            *scratch = vec![0; READ_SIZE];
        }
        let first_piece = match transport.reads_ahead() {
            true => READ_SIZE,
            false => FIRST_PIECE,
        };
        input.fill(scratch, first_piece, |room| transport.read(room))
    })
}
