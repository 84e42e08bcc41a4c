//! The byte stream and control frames to masked frames for the server.

use std::io::{self, ErrorKind, IoSlice};

use rustix::io::Errno;
use rustix::rand::{GetRandomFlags, getrandom};
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::super::Transport;
use crate::thread_storage::{self, Buffer};

/// Payload bytes masked at a time: they stay in the fastest caches, and 32 KiB go with their headers.
const CHUNK: usize = 34 * 1024;
/// Longest header of a frame with a mask (RFC 6455, section 5.2).
const HEADER_SIZE: usize = 14;
/// Control frames that are sent together at most.
const CONTROL_BATCH: usize = 4096;
/// Answers held back above which the server is at fault: it sends pings and reads nothing.
const CONTROL_LIMIT: usize = 64 * 1024;

thread_local! {
    /// Where frames are made: only what the layer below does not take at once is kept for a connection.
    static SCRATCH: Buffer = const { Buffer::new(Vec::new()) };
}

/// Makes frames and sends them. A data frame is begun with the length of what is offered and sent in chunks, so that
/// nothing is held here that was reported as written.
#[derive(Default)]
pub(super) struct Encoder {
    /// Whole control frames, which go out between data frames.
    control: Vec<u8>,
    /// Bytes on the wire that the layer below would not take yet, from `sent` on.
    chunk: Vec<u8>,
    sent: usize,
    /// Payload bytes in `chunk`.
    chunk_payload: usize,
    /// Payload bytes of the data frame under way that are in no chunk yet.
    frame_left: usize,
    /// Mask of the data frame, turned to the next payload byte.
    mask: [u8; 4],
    masks: Masks,
}

impl Encoder {
    /// Writes `bufs` as one frame, or goes on with the frame that was begun by the write before.
    pub(super) fn write(
        &mut self,
        inner: &dyn Transport,
        bufs: &[IoSlice<'_>],
    ) -> io::Result<usize> {
        let offered: usize = bufs.iter().map(|buf| buf.len()).sum();
        let mut written = 0;
        let result = loop {
            if let Err(error) = self.flush_chunk(inner) {
                break Err(error);
            }
            written += std::mem::take(&mut self.chunk_payload);
            let begins = self.frame_left == 0;
            if begins {
                if let Err(error) = self.flush_control(inner) {
                    break Err(error);
                }
                if written > 0 || offered == 0 {
                    break Ok(());
                }
                self.mask = self.masks.next()?;
                self.frame_left = offered;
            }
            if written == offered {
                break Ok(());
            }
            match self.send_chunk(inner, begins.then_some(offered), bufs, written) {
                Ok(payload) => written += payload,
                Err(error) => break Err(error),
            }
        };
        match result {
            Err(error) if written == 0 || error.kind() != ErrorKind::WouldBlock => Err(error),
            _ => Ok(written),
        }
    }

    /// Queues a control frame; [`flush_control`](Self::flush_control) sends it.
    pub(super) fn push_control(&mut self, kind: Control, payload: &[u8]) -> io::Result<()> {
        if self.control.len() > CONTROL_LIMIT {
            let why = "the server reads no answers to its WebSocket pings";
            return Err(io::Error::new(ErrorKind::InvalidData, why));
        }
        let mask = self.masks.next()?;
        let header = header(OpCode::Control(kind), mask);
        append_header(&header, payload.len(), &mut self.control)?;
        let start = self.control.len();
        self.control.resize(start + payload.len(), 0);
        mask_into(&mut self.control[start..], payload, mask);
        Ok(())
    }

    /// Sends queued control frames, unless a data frame is under way.
    pub(super) fn flush_control(&mut self, inner: &dyn Transport) -> io::Result<()> {
        if self.frame_left > 0 || self.chunk_payload > 0 {
            return Ok(());
        }
        // They are sent as a chunk without payload, so that no data frame gets between the halves of one.
        self.flush_chunk(inner)?;
        self.chunk.append(&mut self.control);
        self.flush_chunk(inner)
    }

    /// Whether control frames wait that are worth sending before more are queued.
    pub(super) fn has_much_control(&self) -> bool {
        self.control.len() >= CONTROL_BATCH
    }

    /// Whether control frames wait that can go out now and that no write has to send first.
    pub(super) fn holds_control(&self) -> bool {
        let in_chunk = !self.chunk.is_empty() && self.chunk_payload == 0;
        in_chunk || !self.control.is_empty() && self.frame_left == 0 && self.chunk_payload == 0
    }

    /// Masks and sends the next part of `bufs` behind their first `skip` bytes, behind the header of a frame of `length`
    /// if one begins. Returns the bytes of payload that were sent; what is not taken becomes the chunk.
    fn send_chunk(
        &mut self,
        inner: &dyn Transport,
        length: Option<usize>,
        bufs: &[IoSlice<'_>],
        mut skip: usize,
    ) -> io::Result<usize> {
        thread_storage::lend(&SCRATCH, |scratch| {
            scratch.resize(HEADER_SIZE + CHUNK, 0);
            let mut room = &mut scratch[..];
            if let Some(length) = length {
                let header = header(OpCode::Data(Data::Binary), self.mask);
                append_header(&header, length, &mut room)?;
            }
            let header_len = HEADER_SIZE + CHUNK - room.len();
            let mut payload = 0;
            for buf in bufs {
                let skipped = skip.min(buf.len());
                skip -= skipped;
                let part = &buf[skipped..];
                let part = &part[..part.len().min(self.frame_left).min(CHUNK - payload)];
                let place = &mut scratch[header_len + payload..][..part.len()];
                mask_into(place, part, self.mask);
                self.mask.rotate_left(part.len() % 4);
                self.frame_left -= part.len();
                payload += part.len();
            }
            let chunk = &scratch[..header_len + payload];
            let mut sent = 0;
            while sent < chunk.len() {
                let error = match inner.write(&[IoSlice::new(&chunk[sent..])]) {
                    Ok(0) => ErrorKind::WriteZero.into(),
                    Ok(count) => {
                        sent += count;
                        continue;
                    }
                    Err(error) => error,
                };
                self.chunk.extend_from_slice(&chunk[sent..]);
                self.chunk_payload = payload;
                return Err(error);
            }
            Ok(payload)
        })
    }

    fn flush_chunk(&mut self, inner: &dyn Transport) -> io::Result<()> {
        while self.sent < self.chunk.len() {
            match inner.write(&[IoSlice::new(&self.chunk[self.sent..])])? {
                0 => return Err(ErrorKind::WriteZero.into()),
                count => self.sent += count,
            }
        }
        self.sent = 0;
        // An idle connection keeps no buffer.
        self.chunk = Vec::new();
        Ok(())
    }
}

fn header(opcode: OpCode, mask: [u8; 4]) -> FrameHeader {
    FrameHeader {
        opcode,
        mask: Some(mask),
        ..FrameHeader::default()
    }
}

fn append_header(
    header: &FrameHeader,
    length: usize,
    output: &mut impl io::Write,
) -> io::Result<()> {
    header
        .format(length as u64, output)
        .map_err(io::Error::other)
}

/// Masks nobody can foresee (RFC 6455, section 5.3), asked of the system many at a time.
struct Masks {
    random: [u8; 256],
    used: usize,
}

impl Default for Masks {
    fn default() -> Masks {
        let random = [0; 256];
        Masks {
            used: random.len(),
            random,
        }
    }
}

impl Masks {
    fn next(&mut self) -> io::Result<[u8; 4]> {
        if self.used == self.random.len() {
            fill_random(&mut self.random)?;
            self.used = 0;
        }
        let mut mask = [0; 4];
        mask.copy_from_slice(&self.random[self.used..][..4]);
        self.used += mask.len();
        Ok(mask)
    }
}

/// Fills `bytes` from the system's source of randomness.
pub(super) fn fill_random(bytes: &mut [u8]) -> io::Result<()> {
    let mut filled = 0;
    while filled < bytes.len() {
        match getrandom(&mut bytes[filled..], GetRandomFlags::empty()) {
            Ok(count) => filled += count,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Copies `payload` to `masked`, which is as long, and masks it on the way.
fn mask_into(masked: &mut [u8], payload: &[u8], mask: [u8; 4]) {
    const WORD: usize = size_of::<u64>();
    let word = u32::from_ne_bytes(mask);
    let word = u64::from(word) << 32 | u64::from(word);
    let mut words = payload.chunks_exact(WORD);
    let mut masked_words = masked.chunks_exact_mut(WORD);
    for (to, from) in masked_words.by_ref().zip(words.by_ref()) {
        let mut bytes = [0; WORD];
        bytes.copy_from_slice(from);
        to.copy_from_slice(&(u64::from_ne_bytes(bytes) ^ word).to_ne_bytes());
    }
    let rest = masked_words
        .into_remainder()
        .iter_mut()
        .zip(words.remainder());
    for ((to, from), mask) in rest.zip(mask.iter().cycle()) {
        *to = from ^ mask;
    }
}
