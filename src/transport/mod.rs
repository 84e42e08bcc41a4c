//! Byte streams to a server: what lies between the client and the network.
#![forbid(unsafe_code)]

use std::io::{self, IoSlice};
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::Instant;

pub mod address;
mod resolve;
pub mod tcp;
mod wait;

pub use address::{BadScheme, Scheme, ServerAddress};
pub use wait::{Interest, wait_any, wait_ready};

/// A connected, non-blocking byte stream. One thread may read while another writes.
pub trait Transport: Send + Sync {
    /// Reads what is there: `Ok(0)` at end of stream, `WouldBlock` if nothing is there now.
    fn read(&self, buf: &mut [u8]) -> io::Result<usize>;
    /// Writes as much as the peer takes now, in order; `WouldBlock` if nothing. Never raises SIGPIPE.
    fn write(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize>;
    /// Ends the stream: the peer sees it end, and a thread waiting on the descriptor wakes.
    fn shutdown(&self);
    /// Ends the stream after what was written, as far as possible without waiting.
    fn finish(&self);
    /// The descriptor to wait on.
    fn descriptor(&self) -> BorrowedFd<'_>;
}

/// Connects to `address`, from name resolution on, until `deadline`.
pub fn connect(address: &ServerAddress, deadline: Instant) -> io::Result<Arc<dyn Transport>> {
    match address.scheme {
        Scheme::Tcp => Ok(Arc::new(tcp::connect(address, deadline)?)),
        Scheme::Tls | Scheme::Ws | Scheme::Wss | Scheme::Unix => Err(io::Error::new(
            io::ErrorKind::Unsupported,
            format!("no transport for {address}"),
        )),
    }
}
