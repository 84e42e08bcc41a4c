//! MQTT in WebSocket frames (RFC 6455; MQTT 5.0 and 3.1.1, section 6), over whatever carries the frames.
//!
//! The crate `tungstenite` reads and writes frame headers. Its message layer is not used: it keeps whole messages, and
//! takes bytes before the system has them.

mod decoder;
mod encoder;
mod upgrade;

use std::io::{self, ErrorKind, IoSlice};
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use bytes::{Buf, BytesMut};
use parking_lot::Mutex;
use tungstenite::protocol::frame::coding::{CloseCode, Control};

use super::{ServerAddress, Transport};
use crate::thread_storage::{self, Buffer};
use decoder::{Decoder, Item};
use encoder::Encoder;

/// Bytes read from the layer below at a time.
const READ_SIZE: usize = 64 * 1024;
/// After this many reads in a row without payload the owner gets its turn.
const READS_PER_TURN: usize = 16;

thread_local! {
    /// What a read gives: only what is not taken apart at once is kept for a connection.
    static SCRATCH: Buffer = const { Buffer::new(Vec::new()) };
}

/// An upgraded connection.
pub(super) struct WebSocket {
    inner: Arc<dyn Transport>,
    input: Mutex<Input>,
    encoder: Mutex<Encoder>,
    /// Nothing is here, and nothing was there at the last read: the descriptor shows when to read again.
    is_drained: AtomicBool,
    /// Answers wait for the layer below to take them.
    has_held_answers: AtomicBool,
}

#[derive(Default)]
struct Input {
    decoder: Decoder,
    /// Received and not taken apart: the beginning of a frame's header or of a control frame, or what nobody asked for.
    held: BytesMut,
}

/// Asks the server at the other end of `inner` to go over to WebSocket frames.
pub(super) fn connect(
    inner: Arc<dyn Transport>,
    address: &ServerAddress,
    headers: &[(Vec<u8>, Vec<u8>)],
    deadline: Instant,
) -> io::Result<WebSocket> {
    let behind_reply = upgrade::upgrade(&*inner, address, headers, deadline)?;
    Ok(WebSocket::new(inner, &behind_reply))
}

impl WebSocket {
    /// `received`: what came behind the reply to the upgrade.
    fn new(inner: Arc<dyn Transport>, received: &[u8]) -> WebSocket {
        WebSocket {
            inner,
            input: Mutex::new(Input {
                decoder: Decoder::default(),
                held: BytesMut::from(received),
            }),
            encoder: Mutex::default(),
            is_drained: AtomicBool::new(false),
            has_held_answers: AtomicBool::new(false),
        }
    }

    /// Fills `buf` as far as the bytes received go, reading more only if they give nothing.
    fn read_payload(&self, input: &mut Input, buf: &mut [u8]) -> io::Result<usize> {
        self.is_drained.store(false, Ordering::Relaxed);
        if !input.held.is_empty() || input.decoder.has_ended() {
            let held = input.held.split();
            let mut source = &held[..];
            let taken = self.take_apart(&mut input.decoder, &mut source, buf);
            let used = held.len() - source.len();
            input.held = held;
            input.held.advance(used);
            if let Some(filled) = taken? {
                return Ok(filled);
            }
        }
        for _ in 0..READS_PER_TURN {
            let (taken, drained) = thread_storage::lend(&SCRATCH, |scratch| {
                scratch.resize(READ_SIZE, 0);
                // What is held by now is shorter than a header and a control frame.
                let (head, room) = scratch.split_at_mut(input.held.len());
                head.copy_from_slice(&input.held);
                let count = match self.inner.read(room) {
                    Ok(0) => return (Ok(Some(0)), false),
                    Ok(count) => count,
                    Err(error) => {
                        let would_block = error.kind() == ErrorKind::WouldBlock;
                        return (Err(error), would_block && !self.inner.has_buffered_input());
                    }
                };
                let drained = count < room.len() && self.inner.short_read_drains();
                let received = input.held.len() + count;
                let mut source = &scratch[..received];
                let taken = self.take_apart(&mut input.decoder, &mut source, buf);
                input.held = BytesMut::from(source);
                // Behind the payload that filled the buffer there may be more, and an end is told by the next read.
                let is_all = source.is_empty() && !input.decoder.has_ended();
                (taken, drained && is_all)
            });
            self.is_drained.store(drained, Ordering::Relaxed);
            if let Some(filled) = taken? {
                return Ok(filled);
            }
            if drained {
                break;
            }
        }
        Err(ErrorKind::WouldBlock.into())
    }

    /// Fills `buf` with the payload in `source`, and answers control frames. `None`: `source` gives nothing.
    fn take_apart(
        &self,
        decoder: &mut Decoder,
        source: &mut &[u8],
        buf: &mut [u8],
    ) -> io::Result<Option<usize>> {
        let mut filled = 0;
        let mut answered = false;
        let result = loop {
            if filled == buf.len() {
                break Ok(Some(filled));
            }
            match decoder.next(source, &mut buf[filled..]) {
                Ok(Item::Payload(count)) => filled += count,
                Ok(Item::Ping(payload)) => {
                    answered = true;
                    if let Err(error) = self.answer(Control::Pong, &payload) {
                        break Err(error);
                    }
                }
                Ok(Item::Close(payload)) => {
                    // The end counts, whether the server still takes the answer or not.
                    answered = self.answer(Control::Close, &payload).is_ok();
                    break Ok(Some(filled));
                }
                Ok(Item::Ended) => break Ok(Some(filled)),
                Ok(Item::Incomplete) => break Ok((filled > 0).then_some(filled)),
                // What came before it counts.
                Err(_) if filled > 0 => break Ok(Some(filled)),
                Err(violation) => {
                    decoder.end();
                    let code = u16::from(violation.code).to_be_bytes();
                    answered = self.answer(Control::Close, &code).is_ok();
                    break Err(io::Error::new(ErrorKind::InvalidData, violation.what));
                }
            }
        };
        let sent = if answered {
            self.send_answers()
        } else {
            Ok(())
        };
        match result {
            // Any failure shows again, at the next read or write.
            _ if filled > 0 => Ok(Some(filled)),
            Ok(None) => sent.map(|()| None),
            result => result,
        }
    }

    /// Queues an answer to a control frame, and sends answers if there are many.
    fn answer(&self, kind: Control, payload: &[u8]) -> io::Result<()> {
        let mut encoder = self.encoder.lock();
        encoder.push_control(kind, payload)?;
        let many = encoder.has_much_control();
        drop(encoder);
        if many { self.send_answers() } else { Ok(()) }
    }

    /// Sends answers to the server's control frames, as far as they are taken.
    fn send_answers(&self) -> io::Result<()> {
        let mut encoder = self.encoder.lock();
        let result = encoder.flush_control(&*self.inner);
        self.has_held_answers
            .store(encoder.holds_control(), Ordering::Relaxed);
        match result {
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
            _ => Ok(()),
        }
    }
}

impl Transport for WebSocket {
    fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        if self.has_held_answers.load(Ordering::Relaxed) {
            self.send_answers()?;
        }
        self.read_payload(&mut self.input.lock(), buf)
    }

    fn write(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut encoder = self.encoder.lock();
        let result = encoder.write(&*self.inner, bufs);
        self.has_held_answers
            .store(encoder.holds_control(), Ordering::Relaxed);
        result
    }

    fn set_corked(&self, corked: bool) -> io::Result<()> {
        self.inner.set_corked(corked)
    }

    fn acknowledge(&self) {
        self.inner.acknowledge();
    }

    fn shutdown(&self) {
        self.inner.shutdown();
    }

    fn finish(&self) {
        let normal = u16::from(CloseCode::Normal).to_be_bytes();
        let mut encoder = self.encoder.lock();
        // The connection ends now, whether the frame is taken or not.
        let _ = encoder
            .push_control(Control::Close, &normal)
            .and_then(|()| encoder.flush_control(&*self.inner));
        drop(encoder);
        self.inner.finish();
    }

    fn discard(&self, last: Option<Instant>, until: Instant) {
        self.inner.discard(last, until);
    }

    fn descriptor(&self) -> BorrowedFd<'_> {
        self.inner.descriptor()
    }

    fn short_read_drains(&self) -> bool {
        self.is_drained.load(Ordering::Relaxed)
    }

    fn has_buffered_input(&self) -> bool {
        !self.is_drained.load(Ordering::Relaxed)
    }

    fn read_awaits_output(&self) -> bool {
        self.has_held_answers.load(Ordering::Relaxed) || self.inner.read_awaits_output()
    }

    fn write_awaits_input(&self) -> bool {
        self.inner.write_awaits_input()
    }
}

#[cfg(test)]
mod tests;
