//! Byte streams to a server: what lies between the client and the network.
#![forbid(unsafe_code)]

use std::io::{self, IoSlice};
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::Instant;

pub mod address;
mod connect;
mod exchange;
mod proxy;
mod resolve;
pub mod socket;
mod tcp;
#[cfg(test)]
mod testing;
#[cfg(feature = "tls")]
mod tls;
mod unix;
mod wait;
mod websocket;

pub use address::{BadScheme, Scheme, ServerAddress};
pub use connect::{Options, Resumption, connect};
pub use proxy::Proxies;
pub use socket::StreamSocket;
#[cfg(feature = "tls")]
pub use tls::{ErrorReport, PskLookup, TlsOptions};
pub use wait::{Interest, wait_any, wait_ready};

/// A connected, non-blocking byte stream. One thread may read while another writes.
pub trait Transport: Send + Sync {
    /// Reads what is there: `Ok(0)` at end of stream, `WouldBlock` if nothing is there now, or, with
    /// [`has_buffered_input`](Self::has_buffered_input), if enough was read that is nothing for the owner. Never
    /// `Interrupted`.
    fn read(&self, buf: &mut [u8]) -> io::Result<usize>;
    /// Writes as much as the peer takes now, in order; `WouldBlock` if nothing. Never raises SIGPIPE, never
    /// `Interrupted`.
    ///
    /// Bytes count as written when the system has them. What was offered and not written must be offered again by the
    /// next call, more may follow it: a layer may have begun to send it.
    fn write(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize>;
    /// Ends the stream: the peer sees it end, and a thread waiting on the descriptor wakes.
    fn shutdown(&self);
    /// Ends what is sent behind what was written, as far as possible without waiting. The peer may go on.
    fn finish(&self);
    /// Behind [`finish`](Self::finish): throws away what the peer still sends, until it ends the stream too. Not longer than
    /// `until`, and only while something comes: `last` is when something came last, if that is known.
    fn discard(&self, last: Option<Instant>, until: Instant);
    /// The descriptor to wait on.
    fn descriptor(&self) -> BorrowedFd<'_>;
    /// Whether nothing more is there since the last read, if that gave less than it was asked for. Otherwise only
    /// `WouldBlock` says so, and an edge-triggered wait must not begin before that.
    fn short_read_drains(&self) -> bool {
        false
    }
    /// Whether a read takes more from below than it gives: to ask for less saves nothing.
    fn reads_ahead(&self) -> bool {
        true
    }
    /// Whether there is something to read that the descriptor does not show.
    fn has_buffered_input(&self) -> bool {
        false
    }
    /// Whether the layer has to send something of its own, which the next read does once the descriptor is writable.
    fn read_awaits_output(&self) -> bool {
        false
    }
    /// The socket, where nothing lies between: a write of few bytes to it returns at once and calls nothing of the
    /// application's, so that a lock may be held meanwhile.
    fn as_socket(self: Arc<Self>) -> Option<Arc<StreamSocket>> {
        None
    }
    /// Whether the system may hold back what does not fill a segment, for 200 ms at most, to send it together with what
    /// follows (TCP_CORK). What it has held back is sent when that ends. An error where there is no such thing.
    fn set_corked(&self, _corked: bool) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
    /// Has the peer's system learn now that what was read has come, not with the next bytes that are written or some 40 ms
    /// later (TCP_QUICKACK). Nothing happens where there is no such thing.
    fn acknowledge(&self) {}
    /// Whether the write that would block can go on once the descriptor is readable, instead of writable.
    fn write_awaits_input(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests;
