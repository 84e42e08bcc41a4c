//! The stream below TLS, as OpenSSL reads and writes it.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::sync::Arc;

use super::super::Transport;

/// OpenSSL reads ahead into its own buffer, which otherwise costs two system calls for each record.
pub(super) struct Records {
    transport: Arc<dyn Transport>,
    /// OpenSSL is to make do with what it has read.
    is_closed: bool,
    /// Nothing was there any more at the last read: the descriptor shows when there is.
    is_drained: bool,
}

impl Records {
    pub(super) fn new(transport: Arc<dyn Transport>) -> Records {
        Records {
            transport,
            is_closed: false,
            is_drained: false,
        }
    }

    /// Whether reads are refused, as if nothing were there.
    pub(super) fn close(&mut self, closed: bool) {
        self.is_closed = closed;
    }

    pub(super) fn is_drained(&self) -> bool {
        self.is_drained
    }
}

impl Read for Records {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.is_closed {
            return Err(ErrorKind::WouldBlock.into());
        }
        let result = self.transport.read(buf);
        self.is_drained = match &result {
            Ok(0) => false,
            Ok(count) => *count < buf.len() && self.transport.short_read_drains(),
            Err(error) => {
                error.kind() == ErrorKind::WouldBlock && !self.transport.has_buffered_input()
            }
        };
        result
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
