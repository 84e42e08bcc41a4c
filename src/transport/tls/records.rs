//! The stream below TLS, as OpenSSL reads and writes it.

use std::io::{self, IoSlice, Read, Write};
use std::sync::Arc;

use super::super::Transport;

/// Bytes asked of the transport at a time: OpenSSL asks for the five bytes of a record's header first.
const READ_SIZE: usize = 16 * 1024 + 512;

/// Reads ahead of OpenSSL, which otherwise costs two system calls for each record.
pub(super) struct Records {
    transport: Arc<dyn Transport>,
    ahead: Vec<u8>,
    /// Bytes of `ahead` that were read.
    taken: usize,
}

impl Records {
    pub(super) fn new(transport: Arc<dyn Transport>) -> Records {
        Records {
            transport,
            ahead: Vec::new(),
            taken: 0,
        }
    }
}

impl Read for Records {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let ahead = &self.ahead[self.taken..];
        if !ahead.is_empty() {
            let count = ahead.len().min(buf.len());
            buf[..count].copy_from_slice(&ahead[..count]);
            self.taken += count;
            if self.taken == self.ahead.len() {
                // An idle connection keeps no buffer.
                (self.ahead, self.taken) = (Vec::new(), 0);
            }
            return Ok(count);
        }
        let mut received = [0; READ_SIZE];
        let count = self.transport.read(&mut received)?;
        let (given, ahead) = received[..count].split_at(count.min(buf.len()));
        buf[..given.len()].copy_from_slice(given);
        self.ahead.extend_from_slice(ahead);
        Ok(given.len())
    }
}

impl Write for Records {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.transport.write(&[IoSlice::new(buf)])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
