//! The byte stream and control frames to masked frames for the server.

use std::io::{self, ErrorKind, IoSlice};

use rustix::io::Errno;
use rustix::rand::{GetRandomFlags, getrandom};
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::super::Transport;

/// Payload bytes masked at a time.
const CHUNK: usize = 16 * 1024;
/// Answers held back above which the server is at fault: it sends pings and reads nothing.
const CONTROL_LIMIT: usize = 64 * 1024;

/// Makes frames and sends them. A data frame is begun with the length of what is offered and sent in chunks, so that
/// nothing is held here that was reported as written.
#[derive(Default)]
pub(super) struct Encoder {
    /// Whole control frames, which go out between data frames.
    control: Vec<u8>,
    /// Bytes on the wire of the data frame under way, from `sent` on not taken yet.
    chunk: Vec<u8>,
    sent: usize,
    /// Payload bytes in `chunk`.
    chunk_payload: usize,
    /// Payload bytes of the data frame that are in no chunk yet.
    frame_left: usize,
    /// Mask of the data frame, turned to the next payload byte.
    mask: [u8; 4],
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
            if self.frame_left == 0 {
                if let Err(error) = self.flush_control(inner) {
                    break Err(error);
                }
                if written > 0 || offered == 0 {
                    break Ok(());
                }
                self.begin_frame(offered)?;
            }
            self.fill_chunk(bufs, written);
            if self.chunk.is_empty() {
                break Ok(());
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
        let mask = random_mask()?;
        let header = header(OpCode::Control(kind), mask);
        append_header(&header, payload.len(), &mut self.control)?;
        let start = self.control.len();
        self.control.extend_from_slice(payload);
        apply_mask(&mut self.control[start..], mask);
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

    /// Whether control frames wait that can go out now and that no write has to send first.
    pub(super) fn holds_control(&self) -> bool {
        let in_chunk = !self.chunk.is_empty() && self.chunk_payload == 0;
        in_chunk || !self.control.is_empty() && self.frame_left == 0 && self.chunk_payload == 0
    }

    fn begin_frame(&mut self, length: usize) -> io::Result<()> {
        self.mask = random_mask()?;
        let header = header(OpCode::Data(Data::Binary), self.mask);
        append_header(&header, length, &mut self.chunk)?;
        self.frame_left = length;
        Ok(())
    }

    /// Masks the next part of `bufs` behind their first `skip` bytes.
    fn fill_chunk(&mut self, bufs: &[IoSlice<'_>], mut skip: usize) {
        let start = self.chunk.len();
        let mut room = self.frame_left.min(CHUNK);
        for buf in bufs {
            let skipped = skip.min(buf.len());
            skip -= skipped;
            let part = &buf[skipped..];
            let part = &part[..part.len().min(room)];
            room -= part.len();
            self.chunk.extend_from_slice(part);
        }
        let payload = self.chunk.len() - start;
        apply_mask(&mut self.chunk[start..], self.mask);
        self.mask.rotate_left(payload % 4);
        self.chunk_payload = payload;
        self.frame_left -= payload;
    }

    fn flush_chunk(&mut self, inner: &dyn Transport) -> io::Result<()> {
        while self.sent < self.chunk.len() {
            match inner.write(&[IoSlice::new(&self.chunk[self.sent..])])? {
                0 => return Err(ErrorKind::WriteZero.into()),
                count => self.sent += count,
            }
        }
        self.sent = 0;
        self.chunk.clear();
        // An idle connection keeps no buffer.
        if self.frame_left == 0 && self.chunk.capacity() > CHUNK / 8 {
            self.chunk = Vec::new();
        }
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

fn append_header(header: &FrameHeader, length: usize, output: &mut Vec<u8>) -> io::Result<()> {
    header
        .format(length as u64, output)
        .map_err(io::Error::other)
}

/// A mask nobody can foresee (RFC 6455, section 5.3).
fn random_mask() -> io::Result<[u8; 4]> {
    let mut mask = [0; 4];
    fill_random(&mut mask)?;
    Ok(mask)
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

fn apply_mask(bytes: &mut [u8], mask: [u8; 4]) {
    let word = u32::from_ne_bytes(mask);
    let mut words = bytes.chunks_exact_mut(size_of::<u32>());
    for chunk in &mut words {
        let masked = u32::from_ne_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]) ^ word;
        chunk.copy_from_slice(&masked.to_ne_bytes());
    }
    for (byte, mask) in words.into_remainder().iter_mut().zip(mask) {
        *byte ^= mask;
    }
}
