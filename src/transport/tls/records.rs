//! The stream below TLS, as OpenSSL reads and writes it.

use std::cell::Cell;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::ops::Range;
use std::sync::Arc;

use super::super::Transport;
use crate::thread_storage::Buffer;

/// Bytes waiting to be sent above which OpenSSL is to keep its own.
const WAITING_LIMIT: usize = 128 * 1024;
/// Capacity that an emptied buffer keeps.
const KEPT_CAPACITY: usize = 2048;

/// Bytes read at a time.
const READ_SIZE: usize = 64 * 1024;

thread_local! {
    /// A buffer for whichever connection reads next.
    static SPARE: Buffer = const { Buffer::new(Vec::new()) };
}

/// Reads ahead of OpenSSL, which otherwise costs two system calls for each record; it can do so itself, but then mixes up
/// renegotiations. What it writes is always taken: while a record is stuck in OpenSSL, a key update that the server asks
/// for ends the connection.
pub(super) struct Records {
    transport: Arc<dyn Transport>,
    /// What was read; OpenSSL has not taken the part in `ahead` yet.
    buffer: Vec<u8>,
    ahead: Range<usize>,
    /// Written by OpenSSL, and sent up to `sent`.
    waiting: Vec<u8>,
    sent: usize,
    /// Records are only collected until the next [`send`](Self::send).
    is_collecting: bool,
    /// OpenSSL is to make do with what it has read.
    is_closed: bool,
    /// Nothing was there any more at the last read: the descriptor shows when there is.
    is_drained: bool,
}

impl Records {
    pub(super) fn new(transport: Arc<dyn Transport>) -> Records {
        Records {
            transport,
            buffer: Vec::new(),
            ahead: 0..0,
            waiting: Vec::new(),
            sent: 0,
            is_collecting: false,
            is_closed: false,
            is_drained: false,
        }
    }

    /// From now on there is nothing behind what was read ahead.
    pub(super) fn close(&mut self) {
        self.is_closed = true;
    }

    /// Ends what [`close`](Self::close) began. An idle connection keeps only what it needs.
    pub(super) fn end_reading(&mut self) {
        self.is_closed = false;
        let rest = self.buffer[self.ahead.clone()].to_vec();
        self.ahead = 0..rest.len();
        let buffer = std::mem::replace(&mut self.buffer, rest);
        if buffer.len() == READ_SIZE {
            let _ = SPARE.try_with(|spare| spare.set(buffer));
        }
    }

    /// Whether what is written waits for [`send`](Self::send), to leave together.
    pub(super) fn collect(&mut self, collecting: bool) {
        self.is_collecting = collecting;
    }

    /// Sends what waits; `WouldBlock` if some of it still does.
    pub(super) fn send(&mut self) -> io::Result<()> {
        while self.sent < self.waiting.len() {
            let rest = &self.waiting[self.sent..];
            match self.transport.write(&[IoSlice::new(rest)])? {
                0 => return Err(ErrorKind::WriteZero.into()),
                count => self.sent += count,
            }
        }
        self.sent = 0;
        self.waiting.clear();
        if self.waiting.capacity() > KEPT_CAPACITY {
            self.waiting = Vec::new();
        }
        Ok(())
    }

    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    pub(super) fn is_drained(&self) -> bool {
        self.is_drained
    }
}

impl Read for Records {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.ahead.is_empty() {
            self.read_ahead()?;
        }
        let ahead = &self.buffer[self.ahead.clone()];
        let count = ahead.len().min(buf.len());
        buf[..count].copy_from_slice(&ahead[..count]);
        self.ahead.start += count;
        Ok(count)
    }
}

impl Records {
    fn read_ahead(&mut self) -> io::Result<()> {
        if self.is_closed {
            return Err(ErrorKind::WouldBlock.into());
        }
        if self.buffer.len() != READ_SIZE {
            self.buffer = SPARE.try_with(Cell::take).unwrap_or_default();
            self.buffer.resize(READ_SIZE, 0);
        }
        let result = self.transport.read(&mut self.buffer);
        self.is_drained = match &result {
            Ok(0) => false,
            Ok(count) => *count < READ_SIZE && self.transport.short_read_drains(),
            Err(error) => {
                error.kind() == ErrorKind::WouldBlock && !self.transport.has_buffered_input()
            }
        };
        self.ahead = 0..result?;
        Ok(())
    }
}

impl Write for Records {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if self.waiting.len() - self.sent > WAITING_LIMIT {
            return Err(ErrorKind::WouldBlock.into());
        }
        let mut sent = 0;
        if self.waiting.is_empty() && !self.is_collecting {
            sent = match self.transport.write(&[IoSlice::new(buf)]) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
                result => result?,
            };
        }
        self.waiting.extend_from_slice(&buf[sent..]);
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
