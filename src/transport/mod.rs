//! Byte streams to a server: what lies between the client and the network.
#![forbid(unsafe_code)]

use std::io::{self, IoSlice};
use std::os::fd::BorrowedFd;

pub mod address;
mod resolve;
pub mod tcp;

pub use address::{BadScheme, Scheme, ServerAddress};

/// A connected, non-blocking byte stream. One thread may read while another writes.
pub trait Transport: Send + Sync {
    /// Reads what is there: `Ok(0)` at end of stream, `WouldBlock` if nothing is there now.
    fn read(&self, buf: &mut [u8]) -> io::Result<usize>;
    /// Writes as much as the peer takes now, in order; `WouldBlock` if nothing. Never raises SIGPIPE.
    fn write(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize>;
    /// Ends the stream: the peer sees it end, and a thread waiting on the descriptor wakes.
    fn shutdown(&self);
    /// The descriptor to wait on.
    fn descriptor(&self) -> BorrowedFd<'_>;
}
