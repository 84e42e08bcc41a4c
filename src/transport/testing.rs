//! Transports for tests.

use std::io::{self, IoSlice};
use std::os::fd::BorrowedFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::socket::StreamSocket;
use super::{Interest, Transport, wait_ready};

/// A socket and its other end, which blocks.
pub(super) fn pair() -> (StreamSocket, UnixStream) {
    let (near, far) = UnixStream::pair().expect("sockets can be made");
    near.set_nonblocking(true).expect("a socket takes options");
    (StreamSocket::new(near.into()), far)
}

/// A moment that tests do not reach.
pub(super) fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

/// Gives and takes one byte at a time, and nothing every other time.
pub(super) struct Trickle {
    inner: Arc<dyn Transport>,
    read_refuses: AtomicBool,
    write_refuses: AtomicBool,
}

impl Trickle {
    pub(super) fn new(inner: Arc<dyn Transport>) -> Trickle {
        Trickle {
            inner,
            read_refuses: AtomicBool::new(false),
            write_refuses: AtomicBool::new(false),
        }
    }
}

fn every_other_time(refuses: &AtomicBool) -> io::Result<()> {
    match refuses.fetch_xor(true, Ordering::Relaxed) {
        true => Err(io::ErrorKind::WouldBlock.into()),
        false => Ok(()),
    }
}

impl Transport for Trickle {
    fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        every_other_time(&self.read_refuses)?;
        let length = buf.len().min(1);
        self.inner.read(&mut buf[..length])
    }

    fn write(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        every_other_time(&self.write_refuses)?;
        match bufs.iter().find(|buf| !buf.is_empty()) {
            Some(buf) => self.inner.write(&[IoSlice::new(&buf[..1])]),
            None => Ok(0),
        }
    }

    fn shutdown(&self) {
        self.inner.shutdown();
    }

    fn finish(&self) {
        self.inner.finish();
    }

    fn discard(&self, last: Option<Instant>, until: Instant) {
        self.inner.discard(last, until);
    }

    fn descriptor(&self) -> BorrowedFd<'_> {
        self.inner.descriptor()
    }
}

/// Takes as many bytes as it is allowed.
pub(super) struct Limited {
    inner: Arc<dyn Transport>,
    allowed: AtomicUsize,
}

impl Limited {
    pub(super) fn new(inner: Arc<dyn Transport>) -> Limited {
        Limited {
            inner,
            allowed: AtomicUsize::new(0),
        }
    }

    pub(super) fn allow(&self, count: usize) {
        self.allowed.fetch_add(count, Ordering::Relaxed);
    }
}

impl Transport for Limited {
    fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buf)
    }

    fn write(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let allowed = self.allowed.load(Ordering::Relaxed);
        let Some(buf) = bufs.iter().find(|buf| !buf.is_empty()) else {
            return Ok(0);
        };
        if allowed == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = self
            .inner
            .write(&[IoSlice::new(&buf[..buf.len().min(allowed)])])?;
        self.allowed.fetch_sub(count, Ordering::Relaxed);
        Ok(count)
    }

    fn shutdown(&self) {
        self.inner.shutdown();
    }

    fn finish(&self) {
        self.inner.finish();
    }

    fn discard(&self, last: Option<Instant>, until: Instant) {
        self.inner.discard(last, until);
    }

    fn descriptor(&self) -> BorrowedFd<'_> {
        self.inner.descriptor()
    }
}

/// Writes all of `bytes`, as the owner of a transport does: what was not taken is offered again when the transport is
/// writable.
pub(super) fn write_all(transport: &dyn Transport, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        // Cut in two, as packets are.
        let (head, rest) = bytes.split_at(bytes.len().min(7));
        match transport.write(&[IoSlice::new(head), IoSlice::new(rest)]) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) => {
                assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
                wait_ready(transport, Interest::WRITE, Some(soon()));
            }
        }
    }
}

/// Reads until `count` bytes or the end have come.
pub(super) fn read_exactly(transport: &dyn Transport, count: usize) -> Vec<u8> {
    let mut received = Vec::new();
    let mut buf = [0; 4096];
    while received.len() < count {
        match transport.read(&mut buf) {
            Ok(0) => break,
            Ok(count) => received.extend_from_slice(&buf[..count]),
            Err(error) => {
                assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
                wait_ready(transport, Interest::READ, Some(soon()));
            }
        }
    }
    received
}

/// Bytes in which every exchange of two shows.
pub(super) fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at ^ (at >> 8)) as u8).collect()
}
