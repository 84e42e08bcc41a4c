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

use parking_lot::Mutex;
use tungstenite::protocol::frame::coding::{CloseCode, Control};

use super::{ServerAddress, Transport};
use decoder::{Decoder, Item};
use encoder::Encoder;

/// Bytes read from the layer below at a time.
const READ_SIZE: usize = 16 * 1024;

/// An upgraded connection.
pub(super) struct WebSocket {
    inner: Arc<dyn Transport>,
    decoder: Mutex<Decoder>,
    encoder: Mutex<Encoder>,
    /// A read may give something although nothing has come since.
    has_buffered_input: AtomicBool,
    /// Answers wait for the layer below to take them.
    has_held_answers: AtomicBool,
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
            decoder: Mutex::new(Decoder::new(received)),
            encoder: Mutex::default(),
            has_buffered_input: AtomicBool::new(true),
            has_held_answers: AtomicBool::new(false),
        }
    }

    /// Fills `buf` as far as the bytes received go, reading more only if they give nothing.
    fn read_payload(&self, decoder: &mut Decoder, buf: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buf.len() {
            match decoder.next(&mut buf[filled..]) {
                Ok(Item::Payload(count)) => filled += count,
                Ok(Item::Ping(payload)) => self.answer(Control::Pong, &payload)?,
                Ok(Item::Close(payload)) => {
                    // What came before it counts, whether the server still takes the answer or not.
                    let _ = self.answer(Control::Close, &payload);
                    return Ok(filled);
                }
                Ok(Item::Ended) => return Ok(filled),
                Ok(Item::Incomplete) if filled > 0 => return Ok(filled),
                Ok(Item::Incomplete) => {
                    let mut received = [0; READ_SIZE];
                    match self.inner.read(&mut received)? {
                        0 => return Ok(0),
                        count => decoder.push(&received[..count]),
                    }
                }
                Err(violation) => {
                    let code = u16::from(violation.code).to_be_bytes();
                    let _ = self.answer(Control::Close, &code);
                    return Err(io::Error::new(ErrorKind::InvalidData, violation.what));
                }
            }
        }
        Ok(filled)
    }

    fn answer(&self, kind: Control, payload: &[u8]) -> io::Result<()> {
        self.encoder.lock().push_control(kind, payload)?;
        self.send_answers()
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
        let result = self.read_payload(&mut self.decoder.lock(), buf);
        let drained = matches!(&result, Err(error) if error.kind() == ErrorKind::WouldBlock);
        self.has_buffered_input.store(!drained, Ordering::Relaxed);
        result
    }

    fn write(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.encoder.lock().write(&*self.inner, bufs)
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

    fn descriptor(&self) -> BorrowedFd<'_> {
        self.inner.descriptor()
    }

    fn has_buffered_input(&self) -> bool {
        self.has_buffered_input.load(Ordering::Relaxed)
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
